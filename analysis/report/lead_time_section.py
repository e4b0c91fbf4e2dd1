"""The part of a report that shows lead times against what was promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures.lead_time_chart import SHOWN
from analysis.figures.style import inline_svg, title_of
from analysis.lead_times import LeadTimes
from analysis.report.numbers import number, quantity
from analysis.report.page import Figure, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_SHARES = (0.1, 0.5, 0.8, 0.9, 0.95, 0.99)


def lead_time_section(distributions: Sequence[LeadTimes], drawn: Drawing | None, runs: str = "") -> Section | None:
    """Curves and their percentiles; None where no single orders were kept. `runs`: what the curves are means of."""
    if drawn is None or not distributions:
        return None
    caption = "Share of orders delivered within every lead time, and the promise (upright line)."
    words = " ".join(_in_words(d) for d in distributions)
    heads = (*(f"{100 * share:g} % within, h" for share in _SHARES), "Promised, h", "Late")
    rows = tuple(
        (title_of(d.scenario), *(number(d.within(share)) for share in _SHARES), number(d.promised), _late(d))
        for d in distributions
    )
    table = Table("Lead times and the promise", ("Scenario", *heads), rows)
    text = (
        f"A curve crosses its promise at the share of orders that come in time; the thick stretch above is the share "
        f"that is late. The axis ends where {100 * SHOWN:g} % of orders are delivered. Late is every order that took "
        "longer than what it was promised when it was placed; the line is the promise at the end of the run. "
        f"{runs}".rstrip()
    )
    figure = Figure(inline_svg(drawn, "lead-times", caption, words), caption, words, table)
    return Section("Lead times and the promise", (text,), (), (figure,))


def _late(d: LeadTimes) -> str:
    return quantity(d.late, "share")


def _in_words(d: LeadTimes) -> str:
    return (
        f"In {title_of(d.scenario)} half of the orders are delivered within {number(d.within(0.5))} h and nine in ten "
        f"within {number(d.within(0.9))} h; {number(d.promised)} h are promised and {_late(d)} of orders are late."
    )
