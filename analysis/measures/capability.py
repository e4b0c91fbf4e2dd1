"""Process capability of lead times against the promise (model.md 2.9)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def capability(lead_times: Array, promised: Array) -> float:
    """One-sided capability C_pu = (USL - mean) / (3 sd) of lead times (h) against the promised ones (h): shape (n,).

    Each order has a limit of its own, so what is judged is the deviation (lead time - promise) with USL = 0: C_pu is
    minus its mean over three of its standard deviations (of a sample). 1 means that the limit lies three standard
    deviations above the mean. NaN for fewer than two orders, or if they deviate alike (to within rounding, 1e-9 of
    the largest time). Raises ValueError where the shapes differ.
    """
    times, limits = np.asarray(lead_times, dtype=float), np.asarray(promised, dtype=float)
    if times.shape != limits.shape:
        raise ValueError(f"lead times have shape {times.shape}, promises {limits.shape}")
    if len(times) < 2:
        return math.nan
    deviation = times - limits
    sd = float(deviation.std(ddof=1))
    if sd <= 1e-9 * max(float(np.abs(times).max()), float(np.abs(limits).max())):
        return math.nan
    return -float(deviation.mean()) / (3.0 * sd)


def late_if_normal(c_pu: float) -> float:
    """Share of orders later than promised if deviations were normal: P(Z > 3 C_pu). NaN of NaN.

    Lead times have a longer tail to the right than normal values; the share really late is the metric `late_share`.
    """
    return 0.5 * math.erfc(3.0 * c_pu / math.sqrt(2.0))
