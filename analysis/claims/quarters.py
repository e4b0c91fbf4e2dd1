"""A run's weekly books by quarter, for claims about what comes first and what comes later."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.blueprint import Costs
from sim.journal import Journal

Array = np.ndarray[Any, Any]

WEEKS = 12  # of a quarter: a year has 48
QUARTER = 480.0  # h


def quarters(journal: Journal) -> list[Array]:
    """The weekly books of each whole quarter of the measured window, in order: records of `sim.tables`, shape (12,)."""
    rows = journal["weeks"]
    measured = rows[rows["measured"] == 1]
    return [measured[i : i + WEEKS] for i in range(0, len(measured) - WEEKS + 1, WEEKS)]


def margin(weeks: Array, costs: Costs) -> float:
    """Money taken less money paid in some weeks (cu); what programmes cost on top of hours is not in it."""
    wages = (weeks["paid"].sum() + (costs.overtime_rate - 1.0) * weeks["overtime"].sum()) * costs.wage
    paid = ("materials", "transport", "external_cost", "care", "acquisition", "replacement", "exit_cost")
    return float(weeks["revenue"].sum() - wages - sum(weeks[name].sum() for name in paid))


def service_quality(weeks: Array) -> float:
    """Mean of 100 x perceived / desired over the orders delivered in some weeks (%); NaN without any."""
    wanting = weeks["wanting"].sum()
    return float(weeks["quality"].sum() / wanting) if wanting else float("nan")
