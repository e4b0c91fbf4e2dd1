"""Two starting points over replications: distributions, differences, and whether the start is forgotten.

The same named draws serve both starts (common random numbers), so differences are taken within replications.

- *Forgotten*: the 95 % interval of the difference lies within the margin (an equivalence test by inclusion of the
  interval: Schuirmann 1987, J Pharmacokinet Biopharm 15(6)). *Lasts*: it lies beyond the margin as a whole. Otherwise
  it cannot be told.
- A stock such as the number of customers forgets slowly, so the difference is also taken half-way and its change
  reported: a difference that shrinks is on its way to being forgotten.
- *Two-sample distance*: the Kolmogorov-Smirnov statistic. Only the statistic: its tables are for independent samples.
- *Bimodality coefficient* b = (skewness^2 + 1) / (kurtosis + 3 (n-1)^2 / ((n-2)(n-3))), with the bias-corrected sample
  skewness and excess kurtosis (SAS Institute; Pfister, Schwarz, Janczyk, Dale & Freeman 2013, Frontiers in Psychology
  4:700). A uniform distribution has 5/9; larger values hint at two modes, but skewness alone also raises it: it is an
  indication and no test.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import spread
from analysis.measures.metric import Metric, ratio

Floats = npt.NDArray[np.float64]
Weeks = np.ndarray[Any, Any]  # rows of the journal's table of that name

_LEVEL, _GROUP = "level 0-1", "regime"
END_METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("service_quality", "Service quality (100 x perceived / desired)", "%", "higher", _GROUP),
        Metric("cumulative_satisfaction", "Cumulative satisfaction of active customers", _LEVEL, "higher", _GROUP),
        Metric("active_customers", "Active customers", "customers", "higher", _GROUP),
        Metric("retention", "Retention", "share a year", "higher", _GROUP),
        Metric("morale", "Morale of staff", _LEVEL, "higher", _GROUP),
        Metric("failure_share", "Orders with failures reaching the customer", "share", "lower", _GROUP),
        Metric("late_share", "Orders delivered late", "share", "lower", _GROUP),
    )
}
MARGINS = {  # defaults of same_within (A)
    "service_quality": 1.0, "cumulative_satisfaction": 0.01, "active_customers": 0.05, "retention": 0.02,
    "morale": 0.02, "failure_share": 0.01, "late_share": 0.02,
}  # fmt: skip
RELATIVE = ("active_customers",)  # margins of these are shares of the low start's mean
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q95": 0.95}
TWO_MODES = 5.0 / 9.0

FORGOTTEN, LASTS, UNTOLD = "forgotten", "lasts", "cannot be told"
SHRINKING, GROWING, STEADY = "shrinking", "growing", "cannot be told"
ONE, TWO, NO_SPREAD = "no hint of two", "hint of two", "no spread"

DISTRIBUTION_COLUMNS = ["start", "metric", "n", "mean", "sd", "low", "high", *QUANTILES, "bimodality"]
DIFFERENCE_COLUMNS = [
    "metric", "n", "difference", "difference_low", "difference_high", "margin", "verdict", "halfway", "change",
    "change_low", "change_high", "course", "share_above", "share_equal", "ks", "bimodality_both", "regimes",
]  # fmt: skip


# -- one run -------------------------------------------------------------------------------------------------


def measures_of(weeks: Weeks, year: float, *, perception: bool, staff: bool, relationship: bool) -> dict[str, float]:
    """END_METRICS over some weeks of one run, NaN where there is nothing to average; `year` in hours.

    The flags say which mechanisms the run had; without them a metric means nothing and is left out. Service quality
    is the mean of the orders' own ratios. Retention is exp(-year x customers lost / customer hours); those who had all
    the orders they came for are not lost.
    """
    orders, active = float(weeks["delivered"].sum()), weeks["active"] > 0
    hours = float(weeks["customer_hours"].sum())
    values = {}
    if perception:
        values["service_quality"] = ratio(weeks["quality"].sum(), weeks["wanting"].sum())
    if perception and relationship:
        values["cumulative_satisfaction"] = float(weeks["regard"][active].mean()) if active.any() else math.nan
    values["active_customers"] = ratio(hours, (weeks["ended"] - weeks["began"]).sum())
    if relationship:
        lost = float(weeks["lost"].sum() - weeks["lost"][:, -1].sum())  # the last reason is "finished"
        values["retention"] = math.exp(-year * ratio(lost, hours))
    if staff:
        values["morale"] = ratio((weeks["morale"] * weeks["staffed"]).sum(), weeks["staffed"].sum())
    values["failure_share"] = ratio(weeks["failed"].sum(), orders)
    values["late_share"] = ratio(weeks["late"].sum(), orders)
    return values


def weeks_until(weeks: Weeks, end: float, length: float) -> Weeks:
    """The measured weeks that lie within the `length` hours before `end` (h)."""
    slack = 1e-6 * max(1.0, length)
    inside = (weeks["began"] >= end - length - slack) & (weeks["ended"] <= end + slack)
    return weeks.take(np.flatnonzero((weeks["measured"] == 1) & inside))


# -- over replications ---------------------------------------------------------------------------------------


def distributions(ends: pd.DataFrame) -> pd.DataFrame:
    """Of every start and metric: mean with 95 % t-interval, quantiles, bimodality; columns DISTRIBUTION_COLUMNS.

    `ends`: start, replication, metric, value. NaN values do not count; a metric without values is left out.
    """
    rows = []
    for metric, start, values in _groups(ends):
        s = spread(values)
        quantiles = [float(np.quantile(values, q)) for q in QUANTILES.values()]
        rows.append((start, metric, len(values), float(s.mean), float(s.sd), float(s.low), float(s.high), *quantiles,
                     bimodality(values)))  # fmt: skip
    return pd.DataFrame(rows, columns=DISTRIBUTION_COLUMNS)


def _groups(ends: pd.DataFrame) -> list[tuple[str, str, Floats]]:
    found = []
    for (metric, start), part in ends.groupby(["metric", "start"], sort=False):
        values = part["value"].to_numpy(dtype=float)
        values = values[~np.isnan(values)]
        if len(values):
            found.append((str(metric), str(start), values))
    return found


def differences(ends: pd.DataFrame, halfway: pd.DataFrame, margins: Mapping[str, float]) -> pd.DataFrame:
    """High start minus low start, paired by replication: columns DIFFERENCE_COLUMNS, one row per metric.

    `ends` and `halfway`: start, replication, metric, value, of the last weeks and of as many half-way through the run.
    """
    rows = []
    for metric in dict.fromkeys(ends["metric"].astype(str)):
        pairs = paired(ends, metric)
        if len(pairs) == 0:
            continue
        low, high = pairs.T
        gap = spread(high - low)
        point, ends_of = float(gap.mean), (float(gap.low), float(gap.high))
        margin = margins[metric] * (abs(float(low.mean())) if metric in RELATIVE else 1.0)
        earlier, (change, change_low, change_high) = _course(ends, halfway, metric)
        both = bimodality(np.concatenate([low, high]))
        rows.append((
            metric, len(pairs), point, *ends_of, margin, verdict(*ends_of, margin), earlier, change, change_low,
            change_high, course(change_low, change_high), float((high > low).mean()), float((high == low).mean()),
            ks_distance(low, high), both, regimes(both),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)


def paired(table: pd.DataFrame, metric: str) -> Floats:
    """Values (low, high) of the replications that have both: shape (replications, 2)."""
    wide = table[table["metric"] == metric].pivot(index="replication", columns="start", values="value")
    if not {"low", "high"} <= set(wide.columns):
        return np.empty((0, 2))
    return np.asarray(wide[["low", "high"]].dropna().to_numpy(dtype=float))


def _course(ends: pd.DataFrame, halfway: pd.DataFrame, metric: str) -> tuple[float, tuple[float, float, float]]:
    """Mean difference half-way; and by how much it has moved away from 0 since, with its interval."""
    wide = pd.concat({"end": ends, "half": halfway}, names=["when"]).reset_index()
    wide = wide[wide["metric"] == metric].pivot(index="replication", columns=["when", "start"], values="value")
    needed = [(when, start) for when in ("end", "half") for start in ("low", "high")]
    if not set(needed) <= set(wide.columns):
        return math.nan, (math.nan, math.nan, math.nan)
    end_low, end_high, half_low, half_high = wide[needed].dropna().to_numpy(dtype=float).T
    if len(end_low) == 0:
        return math.nan, (math.nan, math.nan, math.nan)
    before, after = half_high - half_low, end_high - end_low
    moved = spread((after - before) * (np.sign(before.mean()) or 1.0))
    return float(before.mean()), (float(moved.mean), float(moved.low), float(moved.high))


def verdict(low: float, high: float, margin: float) -> str:
    """Whether the start is forgotten, from the 95 % interval of the difference and the margin."""
    if low >= -margin and high <= margin:
        return FORGOTTEN
    if low > margin or high < -margin:
        return LASTS
    return UNTOLD


def course(low: float, high: float) -> str:
    """Whether the difference moves to 0 or away from it, from the interval of its change."""
    if high < 0:
        return SHRINKING
    return GROWING if low > 0 else STEADY


def ks_distance(one: Floats, other: Floats) -> float:
    """Two-sample Kolmogorov-Smirnov statistic: the largest distance between the two distribution functions."""
    a, b = np.sort(one), np.sort(other)
    points = np.concatenate([a, b])
    share = [np.searchsorted(values, points, side="right") / len(values) for values in (a, b)]
    return float(np.abs(share[0] - share[1]).max())


def bimodality(values: Floats) -> float:
    """The bimodality coefficient of the module's docstring; NaN for fewer than four values or without spread."""
    n = len(values)
    if n < 4 or float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max()):
        return math.nan
    deviation = values - values.mean()
    second, third, fourth = (float((deviation**k).mean()) for k in (2, 3, 4))
    skewness = third / second**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (fourth / second**2 - 3.0) + 6.0)
    return float(skewness**2 + 1.0) / (kurtosis + 3.0 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def regimes(coefficient: float) -> str:
    """What the bimodality coefficient hints at."""
    if math.isnan(coefficient):
        return NO_SPREAD
    return TWO if coefficient > TWO_MODES else ONE


# -- paths ---------------------------------------------------------------------------------------------------

PATH_COLUMNS = ["start", "metric", "week", "n", "mean", "low", "high", "q05", "q95"]


def paths(weekly: pd.DataFrame) -> pd.DataFrame:
    """Mean over replications with 95 % t-interval, and 5 and 95 % quantiles, of every week: columns PATH_COLUMNS.

    `weekly`: start, replication, metric, week (number of the week's end, counted from the end of the warm-up), value.
    """
    rows = []
    for (start, metric, week), part in weekly.groupby(["start", "metric", "week"], sort=False):
        values = part["value"].to_numpy(dtype=float)
        values = values[~np.isnan(values)]
        if len(values):
            s = spread(values)
            band = np.quantile(values, [0.05, 0.95])
            rows.append((start, metric, week, len(values), float(s.mean), float(s.low), float(s.high), *band.tolist()))
    return pd.DataFrame(rows, columns=PATH_COLUMNS)


def known_metrics(table: pd.DataFrame) -> Sequence[Metric]:
    """The metrics of a table, in the order of END_METRICS."""
    given = set(table["metric"])
    return [metric for name, metric in END_METRICS.items() if name in given]
