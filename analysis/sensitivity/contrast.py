"""What is asked of every point: by how much one scenario beats another, paired by replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from analysis.compare import spread
from scenarios.arms import Arms, Runs
from scenarios.parameters import Parameter
from sim.blueprint.checks import one_of
from sim.invalid import InvalidInput, unknown_name

Floats = npt.NDArray[np.float64]
Place = Mapping[str, float]
"""Name of a parameter -> its value; what is not named stays as it is today."""


@dataclass(frozen=True)
class Contrast:
    """`one` - `other` on a criterion: a weighted sum of metrics. `better` says which way is good: higher or lower."""

    one: str
    other: str
    weights: Mapping[str, float]
    label: str
    unit: str = ""
    better: str = "higher"

    def __post_init__(self) -> None:
        one_of("higher", "lower", better=self.better)

    @property
    def direction(self) -> int:
        """+1 where a positive difference speaks for `one`, else -1."""
        return 1 if self.better == "higher" else -1


class Response(Protocol):
    """Values of the contrast, paired by replication: shape (places, replications), NaN where a run is missing.

    Replication r is the same luck at every place (common random numbers).
    """

    def __call__(self, places: Sequence[Place], replications: int, label: str) -> Floats: ...


@dataclass(frozen=True)
class Simulated:
    """The response of the model itself."""

    arms: Arms
    contrast: Contrast
    parameters: Mapping[str, Parameter]

    def __call__(self, places: Sequence[Place], replications: int, label: str) -> Floats:
        settings = [self._values(place) for place in places]
        names = (self.contrast.one, self.contrast.other)
        runs = self.arms.run(
            [{"scenario": name, **values} for name in names for values in settings], replications, label
        )
        merit = sum(weight * _of(runs, metric) for metric, weight in self.contrast.weights.items())
        assert isinstance(merit, np.ndarray)
        return np.asarray(merit[: len(places)] - merit[len(places) :])

    def _values(self, place: Place) -> dict[str, float]:
        values: dict[str, float] = {}
        for name, x in place.items():
            values.update(self.parameters[name].values(x))
        return values


def _of(runs: Runs, metric: str) -> Floats:
    if metric not in runs.metrics:
        raise unknown_name("decide.criterion", metric, runs.metrics, "metric of these runs")
    return runs.of(metric)


def means(values: Floats) -> Floats:
    """Mean over the replications of each place that are there; NaN where none is."""
    return spread(values).mean


def clear(values: Floats) -> npt.NDArray[np.int64]:
    """For each place -1 or 1 where the 95 % interval of its mean lies on that side of 0, else 0."""
    s = spread(values)
    return np.where(s.low > 0, 1, np.where(s.high < 0, -1, 0))


def require_two(contrast: Contrast, known: Sequence[str]) -> None:
    """Raise `InvalidInput` unless the contrast names two different scenarios of those known."""
    for name in (contrast.one, contrast.other):
        if name not in known:
            raise unknown_name("scenario", name, known, "scenario")
    if contrast.one == contrast.other:
        raise InvalidInput("scenario", contrast.one, "a contrast needs two different scenarios")
