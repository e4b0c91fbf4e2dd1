"""How much of what varies between points is replication noise: a two-way layout of points and replications."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def residual_variance(values: Floats) -> float:
    """Variance of what neither point nor replication explains, of single runs; `values` (points, replications).

    What a replication does to all points alike (common random numbers) does not blur differences between points, so
    it does not count. Points with a gap are left out; NaN without two points and two replications.
    """
    y = values[~np.isnan(values).any(axis=1)]
    points, replications = y.shape
    if points < 2 or replications < 2:
        return float("nan")
    residual = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0, keepdims=True) + y.mean()
    return float(np.square(residual).sum() / ((points - 1) * (replications - 1)))


def noise_share(values: Floats) -> float:
    """Share of the variance between the points' means that is replication noise, in [0, 1]; NaN where nothing varies.

    The residual variance of a mean over the replications, divided by the variance of the means.
    """
    y = values[~np.isnan(values).any(axis=1)]
    if len(y) < 2:
        return float("nan")
    between = float(y.mean(axis=1).var(ddof=1))
    return min(1.0, residual_variance(y) / y.shape[1] / between) if between > 0.0 else float("nan")
