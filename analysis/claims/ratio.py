"""Ratios of means with the sampling error of both (the delta method, replication by replication)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def ratio_of_means(above: Floats, below: Floats) -> Floats:
    """One value a replication whose mean is mean(above) / mean(below) and whose spread holds the error of both.

    To first order r + (x - r y) / mean(y), with r = mean(x) / mean(y) (Cochran 1977, Sampling Techniques, section 6.4;
    Law 2015, section 9.5). Exactly 0 where all of `above` is 0; NaN where the mean of `below` is not above 0. A
    replication that lacks one of the two lacks the ratio.
    """
    there = ~(np.isnan(above) | np.isnan(below))
    found = np.full(np.shape(above), np.nan)
    if not there.any():
        return found
    x, y = above[there], below[there]
    if not x.any():
        found[there] = 0.0
        return found
    level = float(y.mean())
    if level > 0.0:
        ratio = float(x.mean()) / level
        found[there] = ratio + (x - ratio * y) / level
    return found
