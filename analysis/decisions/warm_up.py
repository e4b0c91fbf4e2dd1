"""How long the system takes to settle: weekly series of pilot runs from time 0.

The weekly books of a run begin at time 0; what counts orders counts those delivered in the week.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.decisions.run_length import Advice, warm_up_advice, welch
from analysis.measures import METRICS, Metric
from analysis.measures.hours import hours_of
from analysis.measures.metric import ratio
from scenarios.arms import Runs
from sim.journal import Journal
from sim.switches import perception_is_on

Floats = npt.NDArray[np.float64]

SERIES = ("service_quality", "lead_time_mean", "failure_share", "utilisation_mean")
_AT = "@"  # metric@week
_FEWEST = 12  # weeks; MSER-5 needs two batches of five, Welch's window a quarter of the series
_WINDOW = 4  # weeks on either side in Welch's plot


@dataclass(frozen=True)
class Settling:
    """One metric week by week from time 0.

    `mean`: over replications, shape (weeks,); `smooth`: Welch's moving average of it, shape (weeks - window,).
    """

    metric: Metric
    mean: Floats
    smooth: Floats
    advice: Advice


def measure_weeks(journal: Journal) -> dict[str, float]:
    """SERIES of every whole week from time 0 to the end of the measured window: {"metric@week": value}."""
    blueprint = journal.blueprint
    weeks = journal["weeks"]
    whole = weeks["ended"] - weeks["began"] > (1.0 - 1e-9) * blueprint.calendar.week
    rows = weeks[whole & (weeks["ended"] <= blueprint.horizon.end + 1e-6)]
    perceived = perception_is_on(blueprint)
    return {
        f"{name}{_AT}{number}": value
        for number in range(len(rows))
        for name, value in _of_week(rows[number : number + 1], perceived).items()
        if not math.isnan(value)
    }


def _of_week(row: np.ndarray[Any, Any], perceived: bool) -> dict[str, float]:
    week, delivered = row[0], int(row[0]["delivered"])
    values = {
        "lead_time_mean": ratio(week["lead_hours"], delivered),
        "failure_share": ratio(week["failed"], delivered),
        "utilisation_mean": hours_of(row).utilisation,
    }
    return {"service_quality": ratio(week["quality"], week["wanting"]), **values} if perceived else values


def settling(runs: Runs, week: float, configured: float) -> tuple[Settling, ...]:
    """Of every series in the pilot runs (one arm): Welch's average and advice; `week` and `configured` in hours.

    A week in which no replication has a value (nothing was delivered yet) takes the nearest week's. Series of fewer
    than 12 weeks say nothing and are left out.
    """
    found = []
    for name in SERIES:
        series = _series(runs.metrics, runs.values[0], name)
        if series.shape[1] >= _FEWEST and not np.isnan(series).all():
            smooth = welch(_mean(series), min(_WINDOW, series.shape[1] // 4))
            advice = warm_up_advice(_mean(series), week, configured)
            found.append(Settling(METRICS[name], _mean(series)[0], smooth, advice))
    return tuple(found)


def _series(metrics: Sequence[str], values: Floats, name: str) -> Floats:
    """Shape (replications, weeks), NaN where there is none."""
    places = {int(key.split(_AT)[1]): at for at, key in enumerate(metrics) if key.startswith(name + _AT)}
    series = np.full((values.shape[1], max(places, default=-1) + 1), np.nan)
    for number, at in places.items():
        series[:, number] = values[at]
    return series


def _mean(series: Floats) -> Floats:
    """Mean over the replications that have a value, shape (1, weeks); empty weeks as the nearest ones."""
    there = ~np.isnan(series)
    count = there.sum(axis=0)
    weeks = np.arange(series.shape[1])
    known = count > 0
    mean = np.where(there, series, 0.0).sum(axis=0)[known] / count[known]
    return np.asarray(np.interp(weeks, weeks[known], mean)[None, :])
