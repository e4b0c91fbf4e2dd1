"""The metrics of a run week by week, from its weekly books (model.md 2.10, issue 3)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from analysis.measures.cost import programme_cost
from analysis.measures.hours import hours_of
from analysis.measures.measured import Measured
from analysis.measures.metric import ratio
from analysis.measures.relationship import customers_of, may_give_up
from analysis.measures.staff import staff_of
from sim.journal import Journal
from sim.tables import LOST

Array = np.ndarray[Any, Any]

_OF_CUSTOMERS = (
    "retention", "active_customers", "customers_won", "customers_lost", "customer_equity", "lifetime_value",
    "satisfaction_cumulative", *(f"customers_lost_{reason}" for reason in LOST),
)  # fmt: skip
_OF_STAFF = ("morale", "skill", "service_skill", "absence", "turnover", "ideas_used")
_PART = 1e-9  # of a week; shorter by more than this, a week is a part of one


def weekly_series(journal: Journal) -> dict[str, Array]:
    """Metric -> its values in the whole weeks of the measured window, shape (weeks,); NaN where nothing can be said.

    Names and units are those of `METRICS`. What counts orders counts those *delivered* in the week (given up: of those
    that came to their end in it), whenever placed; stocks are those at the end of the week. Retention and turnover are
    yearly rates of a single week. `profit` is the week's money: what was taken and paid in it, but a one-off of a
    programme is spread over its life. A part of a week at the end of the window is left out, as are metrics that mean
    nothing in the run.
    """
    measured = Measured(journal)
    week = journal.blueprint.calendar.week
    rows = measured.weeks
    rows = rows[rows["ended"] - rows["began"] > (1.0 - _PART) * week]
    values = [_of_week(measured, rows[i : i + 1]) for i in range(len(rows))]
    names = dict.fromkeys(name for of_week in values for name in of_week)
    table = {name: np.array([of_week.get(name, math.nan) for of_week in values]) for name in names}
    return {name: column for name, column in table.items() if not np.isnan(column).all()}


def _of_week(measured: Measured, row: Array) -> dict[str, float]:
    """The metrics of one row of the weekly books, shape (1,)."""
    plan, year = measured.journal.plan, measured.journal.blueprint.calendar.year
    week, hours = row[0], hours_of(row)
    delivered, judged = int(week["delivered"]), int(week["judged"])
    values = {
        "service_quality": ratio(week["quality"], week["wanting"]),
        "service_quality_of_means": 100.0 * ratio(week["perceived"], week["desired"]),
        "gap": ratio(week["perceived"] - week["desired"], judged),
        "satisfaction": ratio(week["satisfaction"], judged),
        "failure_share": ratio(week["failed"], delivered),
        "lead_time_mean": ratio(week["lead_hours"], delivered),
        "late_share": ratio(week["late"], delivered),
        "rework_share": ratio(week["reworked"], delivered),
        "complaint_share": ratio(week["complaining"], delivered),
        "recovered_share": ratio(week["recovered"], week["complaints"]),
        "orders_completed": float(delivered),
    }
    if may_give_up(measured):
        values["abandoned_share"] = ratio(week["abandoned"], delivered + int(week["abandoned"]))
    if plan.relationship_on:
        customers = customers_of(row, year)
        values |= {name: customers[name] for name in _OF_CUSTOMERS}
    if plan.staff_on:
        staff = staff_of(row, year)
        values |= {name: staff[name] for name in _OF_STAFF}
    return {
        **values,
        "utilisation_mean": hours.utilisation,
        "overtime": hours.overtime,
        "revenue": float(week["revenue"]),
        "profit": _money(measured, row),
    }


def _money(measured: Measured, row: Array) -> float:
    """Revenue less all that was spent in a week (cu).

    A one-off is spread over its life, or the window if that is longer, from the week in which its programme starts.
    """
    blueprint, (start, end) = measured.journal.blueprint, measured.journal.window
    costs, length = blueprint.costs, blueprint.calendar.week
    week, hours = row[0], hours_of(row)
    life = max(costs.investment_life, (end - start) / length)
    programmes = programme_cost(blueprint.spending, (float(week["began"]), float(week["ended"])), life, length)
    wages = (hours.paid + (costs.overtime_rate - 1.0) * hours.overtime) * costs.wage
    goods = week["materials"] + week["transport"] + week["external_cost"]
    others = week["care"] + week["acquisition"] + week["replacement"] + week["exit_cost"]
    return float(week["revenue"] - wages - goods - others - sum(programmes.values()))
