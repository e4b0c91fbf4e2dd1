"""Probability distributions of times."""

from __future__ import annotations

from dataclasses import dataclass

from sim.blueprint.checks import not_negative, one_of, within
from sim.invalid import require

KINDS = ("deterministic", "exponential", "lognormal", "gamma", "empirical")


@dataclass(frozen=True)
class Distribution:
    """A distribution of a non-negative time.

    `mean` is in hours (of an empirical distribution: derived from `values`), `cv` is the coefficient of
    variation, used by `lognormal` and `gamma` only. `empirical` draws one of `values` with equal chance.
    """

    kind: str = "exponential"
    mean: float = 0.0
    cv: float = 1.0
    values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        one_of(*KINDS, kind=self.kind)
        not_negative(mean=self.mean)
        within(0.0, 20.0, cv=self.cv)
        if self.kind == "empirical":
            require(
                len(self.values) > 0, "values", list(self.values), "an empirical distribution needs at least one value"
            )
            for value in self.values:
                not_negative(values=value)
            object.__setattr__(self, "mean", sum(self.values) / len(self.values))
        else:
            require(not self.values, "values", list(self.values), "only kind: empirical takes values")

    def scaled(self, factor: float) -> Distribution:
        """The same shape with every time multiplied by `factor`."""
        return Distribution(self.kind, self.mean * factor, self.cv, tuple(v * factor for v in self.values))

    def spread(self, factor: float) -> Distribution:
        """The same mean with the coefficient of variation multiplied by `factor`.

        Only a log-normal or gamma time has a cv of its own; the others are returned unchanged.
        """
        return Distribution(self.kind, self.mean, self.cv * factor, self.values)


NO_TIME = Distribution("deterministic", 0.0)
