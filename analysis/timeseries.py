"""Weekly series of a study: means with bands over replications, differences to the base, and when they begin.

Bands are Student's t intervals at 95 % with replications as units, week by week: each week's band stands alone, so of
many weeks some exclude a true value by chance.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.compare import Floats, Spread, spread
from sim.invalid import unknown_name

RUNNING = 4  # weeks over which a difference is averaged
STAYS = 5  # weeks in a row in which its band must exclude 0: one more than a single week can move
TIMESERIES_COLUMNS = (
    "scenario", "week", "metric", "mean", "low", "high", "n", "difference", "difference_low", "difference_high",
)  # fmt: skip

Weekly = Mapping[str, Floats]


@dataclass(frozen=True)
class WeeklySeries:
    """Weekly values of a study: metric -> shape (scenarios, replications, weeks), scenarios as they are listed."""

    scenarios: tuple[str, ...] = ()
    values: Weekly = field(default_factory=dict)


def timeseries_table(weekly: Weekly, scenarios: Sequence[str], base: str) -> pd.DataFrame:
    """One row per scenario, metric and week of the measured time (the first is week 0): columns TIMESERIES_COLUMNS.

    `weekly` as `scenarios.study.Study.weekly`: metric -> shape (scenarios, replications, weeks). Mean, band and number
    of the replications with a value; the difference to the base is paired by replication. Weeks without any value have
    no row. Raises InvalidInput for an unknown base.
    """
    reference = place_of(base, scenarios)
    parts = [
        _rows(scenarios, metric, over_replications(values), over_replications(values - values[reference]))
        for metric, values in weekly.items()
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(TIMESERIES_COLUMNS))
    order = {name: i for i, name in enumerate(scenarios)}
    return table.sort_values("scenario", key=lambda s: s.map(order), kind="stable", ignore_index=True)


def _rows(scenarios: Sequence[str], metric: str, own: Spread, difference: Spread) -> pd.DataFrame:
    scenario, week = np.nonzero(own.n)
    columns = {
        "scenario": [scenarios[i] for i in scenario.tolist()],
        "week": week,
        "metric": metric,
        "mean": own.mean[scenario, week],
        "low": own.low[scenario, week],
        "high": own.high[scenario, week],
        "n": own.n[scenario, week],
        "difference": difference.mean[scenario, week],
        "difference_low": difference.low[scenario, week],
        "difference_high": difference.high[scenario, week],
    }
    return pd.DataFrame(columns)[list(TIMESERIES_COLUMNS)]


@dataclass(frozen=True)
class FirstEffect:
    """The week from which an effect shows (0 = the first measured), and its `side`: 1 above the base, -1 below it."""

    week: int
    side: int


def first_effects(values: Floats, scenarios: Sequence[str], base: str, side: int = 0) -> dict[str, FirstEffect | None]:
    """Time to first effect on a metric, by scenario other than the base; with `side` only above (1) or below (-1).

    It is the first week from which the band of the paired difference's running mean (`running_mean`, RUNNING weeks)
    excludes 0, on one side, for STAYS weeks in a row. `values`: shape (scenarios, replications, weeks). None: not
    within the run, or fewer than two replications. Every week is another chance to cross: of scenarios without effect,
    with 8 replications and independent weeks, about 1 % are given a time within 24 weeks, 2 % within 96 and 7 %
    within 240 (simulated).
    """
    reference = place_of(base, scenarios)
    found = over_replications(running_mean(values - values[reference], RUNNING))
    sides = np.where(found.low > 0, 1, np.where(found.high < 0, -1, 0))
    if side:
        sides[sides != side] = 0
    return {name: _first_stay(sides[i].tolist()) for i, name in enumerate(scenarios) if i != reference}


def _first_stay(sides: list[int]) -> FirstEffect | None:
    """First of STAYS equal values other than 0 in a row; None where there is none."""
    length = 0
    for week, (before, now) in enumerate(pairwise([0, *sides])):
        length = 0 if now == 0 else length + 1 if now == before else 1
        if length == STAYS:
            return FirstEffect(week - STAYS + 1, now)
    return None


def running_mean(values: Floats, weeks: int) -> Floats:
    """Mean of each week and up to `weeks` - 1 before it, over the last axis; NaN values do not count."""
    padded = np.concatenate([np.full((*values.shape[:-1], weeks - 1), np.nan), values], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, weeks, axis=-1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Mean of empty slice")
        return np.asarray(np.nanmean(windows, axis=-1))


def over_replications(values: Floats) -> Spread:
    """Mean and band over replications of (scenarios, replications, weeks): each of shape (scenarios, weeks)."""
    return spread(np.swapaxes(values, 1, 2))


def place_of(base: str, scenarios: Sequence[str]) -> int:
    """Row of the base among the scenarios. Raises InvalidInput, with the nearest name, where it is not there."""
    if base not in scenarios:
        raise unknown_name("base", base, scenarios, "scenario")
    return list(scenarios).index(base)
