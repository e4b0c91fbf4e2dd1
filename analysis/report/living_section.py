"""The parts of a report on customers as a stock and on staff; there where layers 4 and 2 are on."""

from __future__ import annotations

from analysis.figures.style import displayed, title_of
from analysis.report.page import Section, Table
from analysis.report.study_table import Study
from sim.tables import LOST

_CUSTOMERS = {
    "active_customers": "Active",
    "retention": "Retention a year, %",
    "customers_won": "Won",
    "customers_lost": "Lost",
    "abandoned_share": "Orders given up, %",
    "satisfaction_cumulative": "Cumulative satisfaction",
    "lifetime_value": "Lifetime value, cu",
    "customer_equity": "Customer equity, cu",
    "lost_lifetime_value": "Lifetime value lost, cu",
}
_REASONS = {
    "failure": "A failure that hurt",
    "abandoned": "Order given up",
    "lateness": "Late order",
    "shortfall": "Below adequate",
    "other": "None of these",
    "finished": "All orders had",
}
_STAFF = {
    "morale": "Morale",
    "skill": "Skill",
    "service_skill": "Service skill",
    "absence": "Absence, %",
    "turnover": "Leave a year and seat",
    "overtime": "Overtime, h",
    "utilisation_mean": "In use, %",
    "ideas": "Ideas",
    "ideas_used": "taken up",
}


def customers_section(study: Study) -> Section | None:
    """Customers who stay, come and go in every scenario; None where layer 4 is off."""
    if "retention" not in study.measured:
        return None
    reasons = {f"customers_lost_{reason}": _REASONS[reason] for reason in LOST}
    tables = (
        _table(study, "Customers in the measured period; stocks as at its end", _CUSTOMERS),
        _table(study, "Customers lost, by the first reason that held at their last order", reasons),
    )
    text = (
        "Retention is the share of customers whom a year at the rates of the period would leave. Customer equity is "
        "the sum of lifetime values; what goes with customers who leave for cause is an opportunity lost and no part "
        "of profit. ▲ better and ▼ worse than the base, where the 95 % interval excludes 0."
    )
    return Section("Customers who stay and go", (text,), tables)


def staff_section(study: Study) -> Section | None:
    """Staff in every scenario; None where layer 2 is off."""
    if "morale" not in study.measured:
        return None
    text = (
        "Levels from 0 to 1 are means over weeks and people; absence is the share of hours due on the line that were "
        "missed; in use are the hours worked over the hours paid and spent on the line."
    )
    return Section("Staff", (text,), (_table(study, "Staff in the measured period", _STAFF),))


def _table(study: Study, caption: str, columns: dict[str, str]) -> Table:
    """A table of means with their marks; a column in which every scenario has 0 is left out."""
    names = [name for name in columns if any(_mean(study, s, name) != 0.0 for s in study.scenarios)]
    rows = tuple((title_of(s), *(_cell(study, s, name) for name in names)) for s in study.in_order)
    return Table(caption, ("Scenario", *(columns[name] for name in names)), rows)


def _mean(study: Study, scenario: str, name: str) -> float:
    value = study.get(scenario, name)
    return value.mean if value else 0.0


def _cell(study: Study, scenario: str, name: str) -> str:
    unit = study.metrics[name].unit
    digits = 0 if unit in ("cu", "h") else 1 if unit in ("customers", "ideas") else None
    if digits is None and displayed(unit)[0] == 100.0:
        digits = 2 if name == "absence" else 1
    return study.marked(scenario, name) if digits is None else study.marked(scenario, name, digits)
