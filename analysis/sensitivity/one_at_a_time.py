"""Each parameter varied alone over its range, everything else as today: the ends are the tornado, the rest a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.compare import Spread, spread
from analysis.sensitivity.contrast import Response
from scenarios.parameters import Parameter

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The contrast along one parameter: `x` increasing, shape (points,); `values`, shape (points, replications)."""

    parameter: Parameter
    x: Floats
    values: Floats

    @property
    def spread(self) -> Spread:
        """Mean and 95 % interval at every point."""
        return spread(self.values)

    @property
    def swing(self) -> Spread:
        """What the whole range does: the contrast at its high end less that at its low end, paired by replication."""
        return spread(self.values[-1] - self.values[0])

    def between(self, x: Floats) -> Floats:
        """Values interpolated within replications, shape (len(x), replications)."""
        right = np.clip(np.searchsorted(self.x, x, side="left"), 1, len(self.x) - 1)
        share = ((x - self.x[right - 1]) / (self.x[right] - self.x[right - 1]))[:, None]
        # At a point itself its own values: what is unknown at the next one does not matter there.
        below, above = self.values[right - 1], self.values[right]
        return np.where(share == 0.0, below, np.where(share == 1.0, above, (1.0 - share) * below + share * above))


def along(
    parameters: Sequence[Parameter], points: Sequence[Floats], response: Response, replications: int, label: str
) -> list[Curve]:
    """The curve of each parameter at its `points`, all run together."""
    places = [{p.name: float(x)} for p, xs in zip(parameters, points, strict=True) for x in xs]
    values = response(places, replications, label)
    ends = np.cumsum([len(xs) for xs in points])
    return [
        Curve(p, np.asarray(xs, dtype=float), values[end - len(xs) : end])
        for p, xs, end in zip(parameters, points, ends, strict=True)
    ]


def grid_of(parameter: Parameter, size: int) -> Floats:
    """`size` equally spaced values from the low to the high end of the range."""
    return np.linspace(parameter.range.low, parameter.range.high, size)


def with_today(grid: Floats, parameter: Parameter) -> Floats:
    """The grid and today's value, where there is one within the range."""
    today = parameter.today
    inside = today is not None and parameter.range.low <= today <= parameter.range.high
    return np.union1d(grid, [today]) if inside else grid
