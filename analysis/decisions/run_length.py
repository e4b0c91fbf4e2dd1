"""Warm-up: where the start of a run stops showing.

MSER-5 (White 1997, Simulation 69; White, Cobb & Spratt 2000, Winter Simulation Conference): of all beginnings that
could be left out, the one that leaves the mean of the rest with the smallest standard error, on means of five.
Welch's plot (Welch 1983; Law 2015, Simulation Modeling and Analysis, 5th ed., section 9.5.1) is there for the eye.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.invalid import require

Floats = npt.NDArray[np.float64]

_LAST = 5  # batches that are never cut down to: over a few the statistic is erratic (Hoad, Robinson & Davies 2010)
_FEWEST = 10  # batches below which nothing is said to be reliable


@dataclass(frozen=True)
class Truncation:
    """`cut`: observations to leave out at the beginning. `statistic`: MSER at that cut. `reliable`: see `mser`."""

    cut: int
    statistic: float
    reliable: bool


@dataclass(frozen=True)
class Advice:
    """Warm-up `needed` (h) beside the one `configured` (h); `sentence` says it in words."""

    needed: float
    configured: float
    enough: bool
    reliable: bool
    sentence: str


def mser(series: Floats, batch: int = 5) -> Truncation:
    """MSER-5 of a series, shape (n,).

    Unreliable is a cut in the second half of the series (White, Cobb & Spratt 2000: it is too short to tell) and any
    cut in a series of fewer than ten batches. Observations left over at the end do not count. Raises InvalidInput for
    missing values or fewer than two batches.
    """
    values = np.asarray(series, dtype=float)
    require(values.ndim == 1 and not np.isnan(values).any(), "series", None, "must be one row of numbers")
    k = len(values) // batch
    require(k >= 2, "series", len(values), f"must have at least {2 * batch} observations for batches of {batch}")
    means = values[: k * batch].reshape(k, batch).mean(axis=1)
    cuts = np.arange(max(1, k - _LAST))
    statistics = np.array([np.square(means[d:] - means[d:].mean()).sum() / (k - d) ** 2 for d in cuts])
    best = int(np.argmin(statistics))  # the first of equals: leave out as little as possible
    return Truncation(best * batch, float(statistics[best]), k >= _FEWEST and best <= k // 2)


def welch(series: Floats, window: int) -> Floats:
    """Moving average of the mean over replications, shape (replications, n) -> (n - window,).

    Observation i is averaged with `window` neighbours on each side; near the beginning with as many as there are.
    Raises InvalidInput for a window that is longer than a quarter of the series.
    """
    mean = np.asarray(series, dtype=float).mean(axis=0)
    n = len(mean)
    require(0 <= window <= n // 4, "window", window, f"must lie between 0 and {n // 4}, a quarter of the series")
    reach = np.minimum(np.arange(n - window), window)
    total = np.concatenate(([0.0], np.cumsum(mean)))
    at = np.arange(n - window)
    return np.asarray((total[at + reach + 1] - total[at - reach]) / (2 * reach + 1))


def warm_up_advice(series: Floats, period: float, configured: float, batch: int = 5) -> Advice:
    """Warm-up that MSER-5 asks for on the mean over replications, against the configured one (h).

    `series`, shape (replications, n): values in periods of `period` h from time 0 on, warm-up included. Periods that
    are missing in a replication do not count in the mean; periods missing in all are InvalidInput.
    """
    table = np.asarray(series, dtype=float)
    there = ~np.isnan(table)
    require(bool(there.any(axis=0).all()), "series", None, "must have a value of every period in some replication")
    found = mser(np.where(there, table, 0.0).sum(axis=0) / there.sum(axis=0), batch)
    needed = found.cut * period
    enough = found.reliable and needed <= configured
    if not found.reliable:
        told = f"{table.shape[1] * period:g} h are too short to tell when the start stops showing (MSER-{batch})"
    elif enough:
        told = f"the configured warm-up of {configured:g} h is enough: MSER-{batch} would leave out {needed:g} h"
    else:
        told = f"the configured warm-up of {configured:g} h is too short: MSER-{batch} would leave out {needed:g} h"
    return Advice(needed, float(configured), enough, found.reliable, told)
