"""How staff live: morale, skill, absence, turnover, ideas (model.md 2.5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, mean, ratio

Array = np.ndarray[Any, Any]

STAFF_METRICS = (
    Metric("morale", "Morale of staff", "level 0-1", "higher", "staff"),
    Metric("skill", "Technical skill of staff", "level 0-1", "higher", "staff"),
    Metric("service_skill", "Service skill of staff", "level 0-1", "higher", "staff"),
    Metric("absence", "Absence of staff", "share of hours", "lower", "staff"),
    Metric("turnover", "Staff who leave for good", "a year and seat", "lower", "staff"),
    Metric("ideas", "Ideas from problem-solving groups", "ideas", "higher", "staff"),
    Metric("ideas_used", "Ideas taken up", "ideas", "higher", "staff"),
)


def staff_measures(measured: Measured) -> dict[str, float]:
    """Staff in the window; empty where layer 2 is off."""
    if not measured.journal.plan.staff_on:
        return {}
    return staff_of(measured.weeks, measured.journal.blueprint.calendar.year)


def staff_of(weeks: Array, year: float) -> dict[str, float]:
    """Staff in some rows of the weekly books, a year having `year` h.

    Levels are means over weeks of the mean over filled seats at the end of the week. Absence is the share of the hours
    due on the line (paid less off the line) that were missed; turnover the number who left over the years of filled
    seats (seats at the end of each week x its length).
    """
    filled = weeks["staffed"] > 0
    due = weeks["paid"].sum() - weeks["off_line"].sum()
    years = (weeks["staffed"] * (weeks["ended"] - weeks["began"])).sum() / year
    return {
        **{name: mean(weeks[name][filled]) for name in ("morale", "skill", "service_skill")},
        "absence": ratio(weeks["absent"].sum(), due),
        "turnover": ratio(weeks["leavers"].sum(), years),
        "ideas": float(weeks["ideas"].sum()),
        "ideas_used": float(weeks["ideas_used"].sum()),
    }
