"""Where along its range a parameter turns the decision: the value at which the contrast changes its sign.

A grid with few replications finds out which parameters may turn it; on these the first crossing from today's value is
closed in on by bisection with more replications. The threshold is where the mean, interpolated linearly between the
last two values, is 0. Its interval holds the values at which the 95 % interval of the contrast includes 0 (inversion
of the t-test, as in Fieller's theorem): by what was simulated, the decision may turn anywhere in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.compare import spread
from analysis.sensitivity.contrast import Response, clear
from analysis.sensitivity.one_at_a_time import Curve, along
from scenarios.parameters import Parameter

Floats = npt.NDArray[np.float64]

_STEPS = 400  # of the range, for the ends of the interval


@dataclass(frozen=True)
class Reversal:
    """The decision turns at `threshold` of a parameter, in its interval [low, high] (ends of the range included).

    `above`: it turns where the parameter is above the threshold (else below); `sign` is that of the mean there.
    `established`: at some value beyond the threshold the interval of the contrast lies wholly on that side of 0.
    `turns`: sign changes of the mean along the range; of several the threshold is the one nearest to today's value.
    """

    parameter: Parameter
    threshold: float
    low: float
    high: float
    above: bool
    sign: int
    established: bool
    turns: int
    replications: int


def crossings(curve: Curve) -> list[tuple[int, int]]:
    """Places (i, j) of neighbouring points whose means have opposite signs; a mean of 0 or none is passed over."""
    signs = np.sign(curve.spread.mean)
    there = [i for i, sign in enumerate(signs) if sign in (-1.0, 1.0)]
    return [(i, j) for i, j in pairwise(there) if signs[i] != signs[j]]


def nearest(curve: Curve, start: float) -> tuple[int, int] | None:
    """The crossing nearest to `start`; None where there is none."""
    found = crossings(curve)
    return min(found, key=lambda ij: abs(0.5 * (curve.x[ij[0]] + curve.x[ij[1]]) - start), default=None)


def may_turn(curve: Curve, today: Floats) -> bool:
    """Whether a closer look is worth it: the mean changes its sign, and where today's contrast is not clear of 0 (any
    noise would do that) there are values with intervals on both sides of 0."""
    if not crossings(curve):
        return False
    both = {-1, 1} <= set(clear(curve.values).tolist())
    return both or bool(clear(today[None, :])[0] != 0)


def find_reversals(
    curves: Sequence[Curve], today: Floats, response: Response, bisections: int, replications: int
) -> tuple[Reversal, ...]:
    """Reversals among `curves`, by the share of the range that lies between today's value and the threshold.

    `today`: values of the contrast as things are, shape (replications of the curves,).
    """
    label = "sensitivity: reversals"
    open_ = [c for c in curves if may_turn(c, today)]
    if not open_:
        return ()
    closer = along([c.parameter for c in open_], [c.x for c in open_], response, replications, label)
    for _ in range(bisections):
        brackets = [nearest(c, _start(c.parameter)) for c in closer]
        middles = [
            np.array([]) if ij is None else np.array([0.5 * (c.x[ij[0]] + c.x[ij[1]])])
            for c, ij in zip(closer, brackets, strict=True)
        ]
        added = along([c.parameter for c in closer], middles, response, replications, label)
        closer = [_joined(c, more) for c, more in zip(closer, added, strict=True)]
    found = [reversal for curve in closer if (reversal := _reversal(curve, replications)) is not None]
    return tuple(sorted(found, key=lambda r: (not r.established, _distance(r))))


def _start(parameter: Parameter) -> float:
    """Where a search starts: today's value, or the middle of the range where there is no single one."""
    return parameter.today if parameter.today is not None else 0.5 * (parameter.range.low + parameter.range.high)


def _distance(reversal: Reversal) -> float:
    extent = reversal.parameter.range
    return abs(reversal.threshold - _start(reversal.parameter)) / (extent.high - extent.low)


def _joined(curve: Curve, more: Curve) -> Curve:
    order = np.argsort(np.concatenate([curve.x, more.x]), kind="stable")
    values = np.concatenate([curve.values, more.values.reshape(len(more.x), -1)])
    return Curve(curve.parameter, np.concatenate([curve.x, more.x])[order], values[order])


def _reversal(curve: Curve, replications: int) -> Reversal | None:
    start = _start(curve.parameter)
    bracket = nearest(curve, start)
    if bracket is None:
        return None
    (left, right), mean = bracket, curve.spread.mean
    threshold = float(curve.x[left] - mean[left] * (curve.x[right] - curve.x[left]) / (mean[right] - mean[left]))
    above = 0.5 * float(curve.x[left] + curve.x[right]) >= start
    beyond = slice(right, None) if above else slice(0, left + 1)
    sign = int(np.sign(mean[right] if above else mean[left]))
    established = bool((clear(curve.values[beyond]) == sign).any())
    low, high = _interval(curve, threshold)
    return Reversal(
        curve.parameter, threshold, low, high, above, sign, established, len(crossings(curve)), replications
    )


def _interval(curve: Curve, threshold: float) -> tuple[float, float]:
    """The values around the threshold at which the interval of the contrast includes 0."""
    x = np.union1d(np.union1d(np.linspace(curve.x[0], curve.x[-1], _STEPS + 1), curve.x), [threshold])
    s = spread(curve.between(x))
    scale = float(np.nanmax(np.abs(s.mean)))
    rounding = 1e-12 * scale
    inside = (s.low <= rounding) & (s.high >= -rounding)
    at = int(np.searchsorted(x, threshold))
    if not inside[at]:
        return math.nan, math.nan  # one replication, or gaps
    low = high = at
    while low > 0 and inside[low - 1]:
        low -= 1
    while high < len(x) - 1 and inside[high + 1]:
        high += 1
    return float(x[low]), float(x[high])
