"""Correlations in the output of simulated runs against published ones (model.md 2.3, 2.5 and 7, point 2).

They are outputs: no parameter is set so that they come out, and none of the published figures is an input. A
correlation is no coefficient: it depends on how much the two things vary, on how they are measured and on what else
moves them.

Intervals (95 %): of a correlation over units by Fisher's z, atanh(r) +- 1.96 / sqrt(n - 3) (Fisher 1921, Metron 1);
of correlations within runs Student's t over runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import spread
from analysis.measures.metric import ratio

Floats = npt.NDArray[np.float64]

WITHIN_RUNS, WITHIN_UNITS, OVER_UNITS = "orders within a run", "seats within a unit", "units"
INSIDE, WEAKER, STRONGER, OTHER, NO_SIGN, UNTOLD = (
    "inside", "same sign, weaker", "same sign, stronger", "other sign", "weaker, sign not told", "cannot be told",
)  # fmt: skip
_NORMAL = 1.959963984540054  # 97.5 % quantile


@dataclass(frozen=True)
class Check:
    """A published correlation of `one` with `other`: from `low` to `high`, its source and grade (model.md 0).

    `over` says what is counted once in the simulated correlation.
    """

    name: str
    label: str
    one: str
    other: str
    over: str
    low: float
    high: float
    source: str
    grade: str


_HENARD, _HARTER = "Szymanski & Henard 2001", "Harter, Schmidt & Hayes 2002"
CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check("satisfaction_disconfirmation", "Satisfaction with disconfirmation", "satisfaction", "disconfirmation",
              WITHIN_RUNS, 0.46, 0.46, _HENARD, "M"),
        Check("satisfaction_performance", "Satisfaction with performance", "satisfaction", "perceived", WITHIN_RUNS,
              0.34, 0.34, _HENARD, "M"),
        Check("satisfaction_expectation", "Satisfaction with expectation", "satisfaction", "predicted", WITHIN_RUNS,
              0.27, 0.27, _HENARD, "M"),
        Check("absence_morale", "Absence with morale", "absence", "morale", WITHIN_UNITS, -0.09, -0.09,
              "Hackett & Guion 1985", "V"),
        Check("turnover_morale", "Turnover with morale", "turnover", "morale", OVER_UNITS, -0.36, -0.30, _HARTER,
              "V secondary"),
        Check("satisfaction_morale", "Customer satisfaction with morale", "satisfaction", "morale", OVER_UNITS, 0.32,
              0.33, _HARTER, "V secondary"),
        Check("revenue_morale", "Productivity (revenue a paid hour) with morale", "revenue_per_paid_hour", "morale",
              OVER_UNITS, 0.20, 0.25, _HARTER, "V secondary"),
        Check("output_morale", "Productivity (orders a worked hour) with morale", "orders_per_worked_hour", "morale",
              OVER_UNITS, 0.20, 0.25, _HARTER, "V secondary"),
    )
}  # fmt: skip
"""Every check by name, in the order of presentation."""

UNIT_COLUMNS = ["morale", "turnover", "satisfaction", "revenue_per_paid_hour", "orders_per_worked_hour", "utilisation"]
CHECK_COLUMNS = [
    "check", "over", "n", "correlation", "low", "high", "published_low", "published_high", "source", "grade", "verdict",
]  # fmt: skip


# -- one run -------------------------------------------------------------------------------------------------


def order_correlations(orders: np.ndarray[Any, Any]) -> dict[str, float]:
    """Correlations of satisfaction with disconfirmation P - W, performance P and expectation W over orders."""
    felt = orders["satisfaction"]
    others = {"disconfirmation": orders["P"] - orders["W"], "perceived": orders["P"], "predicted": orders["W"]}
    return {c.name: pearson(felt, others[c.other]) for c in CHECKS.values() if c.over == WITHIN_RUNS}


def seat_correlation(members: np.ndarray[Any, Any], levels: Floats) -> float:
    """Correlation over seats of the share of paid hours absent with the morale that the seat has at the end.

    `levels`: morale level of every seat in the blueprint (plus boosts). Seats that were never paid do not count.
    """
    paid = members["paid"] > 0
    absent = members["absent"][paid] / members["paid"][paid]
    return pearson(absent, np.clip(levels + members["mood"], 0.0, 1.0)[paid])


def unit_values(weeks: np.ndarray[Any, Any], year: float) -> dict[str, float]:
    """What a unit amounts to over some weeks: UNIT_COLUMNS; `year` in hours.

    Morale: mean over filled seats and weeks. Turnover: leavers a year and filled seat. Satisfaction: mean of the orders
    delivered. Revenue a paid hour (cu); orders delivered a worked hour. Utilisation: worked over paid hours.
    """
    filled = weeks["staffed"] * (weeks["ended"] - weeks["began"])
    return {
        "morale": ratio((weeks["morale"] * filled).sum(), filled.sum()),
        "turnover": year * ratio(weeks["leavers"].sum(), filled.sum()),
        "satisfaction": ratio(weeks["satisfaction"].sum(), weeks["judged"].sum()),
        "revenue_per_paid_hour": ratio(weeks["revenue"].sum(), weeks["paid"].sum()),
        "orders_per_worked_hour": ratio(weeks["delivered"].sum(), weeks["worked"].sum()),
        "utilisation": ratio(weeks["worked"].sum(), weeks["paid"].sum()),
    }


# -- correlations and verdicts -------------------------------------------------------------------------------


def pearson(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Product-moment correlation; NaN for fewer than three pairs or where either does not vary."""
    x, y = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    kept = ~(np.isnan(x) | np.isnan(y))
    x, y = x[kept], y[kept]
    if len(x) < 3 or _still(x) or _still(y):
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    r = float((x * y).sum() / math.sqrt(float((x * x).sum()) * float((y * y).sum())))
    return min(1.0, max(-1.0, r))


def _still(values: Floats) -> bool:
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())


def fisher_interval(r: float, n: int) -> tuple[float, float]:
    """95 % interval of a correlation over n independent pairs; NaN for fewer than four, [r, r] at r = +-1."""
    if math.isnan(r) or n < 4:
        return math.nan, math.nan
    if abs(r) == 1.0:
        return r, r
    half = _NORMAL / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def verdict(low: float, high: float, published: tuple[float, float], margin: float) -> str:
    """How a simulated correlation's 95 % interval lies to the published range, widened by the margin.

    inside: excludes 0 and reaches the range; same sign, weaker or stronger: excludes 0 and lies on that side of it;
    other sign: lies on the other side of 0; weaker, sign not told: holds 0 and stops short of the range; cannot be
    told: holds 0 and reaches the range, or there is no interval.
    """
    if math.isnan(low) or math.isnan(high):
        return UNTOLD
    sign = 1.0 if published[0] + published[1] > 0 else -1.0
    low, high = sorted((sign * low, sign * high))
    near, far = sorted(sign * p for p in published)
    near, far = near - margin, far + margin
    reaches = low <= far and high >= near
    if low <= 0.0 <= high:
        return UNTOLD if reaches else NO_SIGN
    if high < 0.0:
        return OTHER
    if reaches:
        return INSIDE
    return WEAKER if high < near else STRONGER


# -- tables --------------------------------------------------------------------------------------------------


def check_table(within: Mapping[str, Sequence[float]], units: pd.DataFrame, margin: float) -> pd.DataFrame:
    """Every check: columns CHECK_COLUMNS.

    `within`: check -> correlation of each run (or unit), for checks within runs and units; `units`: a row per unit with
    UNIT_COLUMNS. A correlation that does not exist (nothing varies) is NaN and its verdict "cannot be told".
    """
    rows = []
    for check in CHECKS.values():
        if check.over == OVER_UNITS:
            pairs = units[[check.one, check.other]].dropna()
            n = len(pairs)
            r = pearson(pairs[check.one], pairs[check.other])
            low, high = fisher_interval(r, n)
        else:
            values = np.asarray(within.get(check.name, ()), dtype=float)
            s = spread(values)
            n, r, low, high = int(s.n), float(s.mean), float(s.low), float(s.high)
        told = verdict(low, high, (check.low, check.high), margin)
        rows.append((check.name, check.over, n, r, low, high, check.low, check.high, check.source, check.grade, told))
    return pd.DataFrame(rows, columns=CHECK_COLUMNS)
