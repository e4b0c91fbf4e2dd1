"""Distributions of lead time: counts that a run sends back, and the share delivered within every time.

A run counts its lead times in fixed bins, so runs can be added up whatever their length, and the share delivered
within a bin's edge is exact. Between edges, which lie 2.3 % apart, shares are read off a straight line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.compare import Floats, spread

SHORTEST, LONGEST, BINS_A_DECADE = 1e-2, 1e5, 100  # h
EDGES: Floats = np.geomspace(SHORTEST, LONGEST, 7 * BINS_A_DECADE + 1)
"""Upper edges of the bins (h); what took longer than the last is counted behind it."""
LEAD_TIME_COLUMNS = ("scenario", "hours", "share", "low", "high")


def count_lead_times(lead_times: Floats) -> Floats:
    """Orders by lead time (h): shape (edges + 1,). Place i counts those above edge i - 1 and up to edge i."""
    return np.bincount(np.searchsorted(EDGES, lead_times, side="left"), minlength=len(EDGES) + 1).astype(float)


@dataclass(frozen=True)
class LeadTimes:
    """The share of orders delivered within `hours` (shape (edges,)): mean over replications and 95 % t-interval.

    `promised` (h) is what customers are promised at the end of the run, `late` the share later than what their own
    promise was. NaN: no interval with one replication, no `late` where it was not measured.
    """

    scenario: str
    hours: Floats
    share: Floats
    low: Floats
    high: Floats
    promised: float
    late: float

    def within(self, share: float) -> float:
        """Hours within which a share of the orders, 0 < share < 1, is delivered; NaN beyond the last edge."""
        place = int(np.searchsorted(self.share, share))
        if place >= len(self.share):
            return float("nan")
        before = (0.0, 0.0) if place == 0 else (self.share[place - 1], self.hours[place - 1])
        return float(np.interp(share, (before[0], self.share[place]), (before[1], self.hours[place])))

    def table(self) -> pd.DataFrame:
        """Columns LEAD_TIME_COLUMNS, from the last edge without an order below it to the first with all."""
        first = max(0, int(np.searchsorted(self.share, 0.0, side="right")) - 1)
        last = int(np.searchsorted(self.share, 1.0 - 1e-12)) + 1
        rows = slice(first, last)
        columns = (self.scenario, self.hours[rows], self.share[rows], self.low[rows], self.high[rows])
        return pd.DataFrame(dict(zip(LEAD_TIME_COLUMNS, columns, strict=True)))


def lead_times(scenario: str, counts: Floats, promised: float, late: float) -> LeadTimes:
    """The distribution of a scenario's lead times; `counts` by `count_lead_times`, shape (replications, edges + 1).

    Replications without an order do not count; at least one must have some.
    """
    counts = counts[counts.sum(axis=1) > 0]
    shares = np.cumsum(counts, axis=1)[:, :-1] / counts.sum(axis=1, keepdims=True)
    found = spread(shares.T)
    low, high = np.clip(found.low, 0.0, 1.0), np.clip(found.high, 0.0, 1.0)
    return LeadTimes(scenario, EDGES, found.mean, low, high, promised, late)
