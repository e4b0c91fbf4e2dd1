"""The part of a report that shows control charts and the capability of lead time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from analysis.control_charts.chart import FEWEST, SUBGROUP, count_signals
from analysis.control_charts.limits import (
    ALPHA,
    Binomial,
    average_run_length,
    exact_limits,
    normal_run_length,
    sigma_limits,
)
from analysis.figures.control_charts import panels_of
from analysis.figures.style import inline_svg
from analysis.measures.capability import late_if_normal
from analysis.report.numbers import number, quantity
from analysis.report.page import Figure, Note, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

TOO_FEW = f"Too few visits for a control chart: no stage has {FEWEST * SUBGROUP} visits in the measured time."


def control_section(charts: pd.DataFrame, metrics: Mapping[str, float], drawn: Drawing | None) -> Section:
    """Charts as from `analysis.control_charts.chart.control_charts`, their figure (None: no chart), and capability."""
    paragraphs = [meaning(), counted(charts), run_lengths(charts)] if (charts["chart"] == "p").any() else [TOO_FEW]
    figures: tuple[Figure, ...] = ()
    notes: tuple[Note, ...] = ()
    if drawn is not None:
        caption = "Control charts of every stage and of the orders, over the measured time"
        svg = inline_svg(drawn, "control-charts", caption, counted(charts))
        figures = (Figure(svg, caption + ".", " ".join(paragraphs), _table(charts)),)
        notes = (
            Note(
                "Assumption",
                "The limits are exact for errors that come independently, all at one rate. Errors that lead to others, "
                "and a scenario that changes the system while it runs, move points as well.",
            ),
        )
    if {"capability", "late_share"} <= set(metrics):
        paragraphs.append(_capability(metrics["capability"], metrics["late_share"]))
    return Section("Is every stage in control?", tuple(paragraphs), (), figures, notes)


def meaning() -> str:
    """What a signal means, as a sentence."""
    return (
        f"Each point is {SUBGROUP} visits of a stage in a row, and a point beyond the limits is a signal: the stage "
        f"has probably changed, because one that stays as it is gives at most {100 * ALPHA:g} % such points."
    )


def run_lengths(charts: pd.DataFrame) -> str:
    """How long the chart of the middlemost stage runs until a signal, in control and when errors double, in words."""
    centres = charts[charts["chart"] == "p"].groupby("stage")["centre"].first().sort_values()
    p = float(centres.iloc[len(centres) // 2])
    limits, shewhart = exact_limits(Binomial(SUBGROUP, p)), sigma_limits(Binomial(SUBGROUP, p))
    false, plain = (average_run_length(Binomial(SUBGROUP, p), found) for found in (limits, shewhart))
    seen = average_run_length(Binomial(SUBGROUP, min(1.0, 2.0 * p)), limits)
    usual = f"with limits at 3 sigma once in {number(plain, 0)}; for normal values {number(normal_run_length(), 1)}"
    return (
        f"At {quantity(p, 'share')} errors a visit such a chart has a false signal once in {number(false, 0)} points "
        f"on average ({usual}), and sees a rate that has doubled after {number(seen, 0)} points."
    )


def counted(charts: pd.DataFrame) -> str:
    """How many signals of the stages' charts were true, as a sentence; that there is no chart, if there is none."""
    stages = charts[charts["chart"] == "p"]
    if stages.empty:
        return TOO_FEW
    found = count_signals(stages)
    if found.signals == 0:
        return (
            f"None of {found.points} points signalled; the stage really was out of control for at least a part of "
            f"{found.out_of_control} of them."
        )
    return (
        f"Of {found.points} points {found.signals} signalled, {found.true_signals} of them truly: the stage really was "
        f"out of control, as it was for at least a part of {found.out_of_control} points."
    )


def _capability(c_pu: float, late: float) -> str:
    return (
        f"The capability of lead time against the promise is C_pu = {number(c_pu, 2)}: normally distributed, lead "
        f"times of this mean and spread would be late for {quantity(late_if_normal(c_pu), 'share')} of orders; "
        f"{quantity(late, 'share')} were."
    )


def _table(charts: pd.DataFrame) -> Table:
    rows = []
    for name, chart in panels_of(charts):
        found, first = count_signals(chart), chart.iloc[0]
        centre, low, high = (number(100 * float(first[column]), 2) for column in ("centre", "low", "high"))
        counts = (found.signals, found.out_of_control, found.true_signals)
        rows.append((name, str(found.points), centre, f"{low} to {high}", *(str(count) for count in counts)))
    columns = ("Chart", "Points", "Centre, %", "In control, %", "Signals", "Truly out of control", "Both")
    return Table("Control charts, values per 100 visits or orders", columns, tuple(rows))
