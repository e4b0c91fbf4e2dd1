"""Two parameters varied together: the contrast over the rectangle of both ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.compare import Spread, spread
from analysis.sensitivity.contrast import Response
from analysis.sensitivity.indices import Indices
from analysis.sensitivity.one_at_a_time import grid_of
from scenarios.parameters import Parameter

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairMap:
    """The contrast where `across` has the values `x` and `up` the values `y`: `values` (len(y), len(x), replications).

    `interacting`: the pair was chosen because the interval of its second-order share excludes 0; else it is that of
    the two largest total shares.
    """

    across: Parameter
    up: Parameter
    x: Floats
    y: Floats
    values: Floats
    interacting: bool

    @property
    def spread(self) -> Spread:
        """Mean and 95 % interval, each of shape (len(y), len(x))."""
        return spread(self.values)


def strongest_pair(indices: Indices) -> tuple[str, str, bool] | None:
    """The pair with the largest second-order share whose interval excludes 0, else the two largest totals.

    None where the contrast does not vary.
    """
    if np.isnan(indices.total).all():
        return None
    lower = np.nan_to_num(indices.second - indices.second_half, nan=-np.inf)
    i, j = (int(k) for k in np.unravel_index(int(np.argmax(np.where(lower > 0, indices.second, -np.inf))), lower.shape))
    if lower[i, j] > 0:
        return indices.names[i], indices.names[j], True
    i, j = (int(k) for k in np.argsort(-indices.total, kind="stable")[:2])
    return indices.names[i], indices.names[j], False


def map_pair(
    across: Parameter, up: Parameter, interacting: bool, response: Response, size: int, replications: int
) -> PairMap:
    """The contrast on `size` x `size` equally spaced values."""
    x, y = grid_of(across, size), grid_of(up, size)
    places = [{across.name: float(a), up.name: float(b)} for b in y for a in x]
    values = response(places, replications, "sensitivity: strongest pair")
    return PairMap(across, up, x, y, values.reshape(size, size, -1), interacting)
