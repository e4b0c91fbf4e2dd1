"""The report of a trace: one customer's journey, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.figures.style import inline_svg, title_of
from analysis.journey_times import OrderJourney
from analysis.report.numbers import number
from analysis.report.page import Figure, Note, ReportPage, Section, Table
from sim.blueprint import DIMENSIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def trace_page(
    journey: Sequence[Mapping[str, Any]],
    *,
    order: Mapping[str, str],
    system: str,
    scenario: str,
    seed: int,
    replication: int,
    engine: str,
    way: OrderJourney | None = None,
    drawn: Drawing | None = None,
    of_run: Sequence[Section] = (),
    warnings: Sequence[str] = (),
) -> ReportPage:
    """The page of a journey: rows with time (h), event, stage, staff, what, in order of time.

    `order` holds what to tell about the order as (name, text), such as lead time, promised, perceived and desired;
    `way` is the journey of the order that `drawn` shows; `of_run` are sections about the run as a whole, which come
    last.
    """
    start = float(journey[0]["time"]) if journey else 0.0
    rows = tuple(
        (
            number(float(row["time"]), 2), number(float(row["time"]) - start, 2), title_of(row["event"]),
            title_of(row["stage"] or ""), title_of(row["staff"] or ""), str(row["what"] or ""),
        )
        for row in journey
    )  # fmt: skip
    columns = ("Clock, h", "Since the start, h", "Event", "Stage", "Staff member", "What happened")
    table = Table("Journey", columns, rows, "rrllll")
    facts = Table("The customer", ("Fact", "Value"), tuple((name, text) for name, text in order.items()), "ll")
    note = Note("Example", "One customer of one simulated run: how the model works, not how often things happen.")
    sections = [Section("Step by step", (), (table,), (), (note,))]
    if order:
        sections.insert(0, Section("The customer's orders", (), (facts,)))
    if way is not None and drawn is not None:
        sections.insert(0, _seen(way, drawn))
    sections += of_run
    stages = list(dict.fromkeys(title_of(row["stage"]) for row in journey if row["stage"]))
    return ReportPage(
        title=f"One customer's journey through {title_of(system)}",
        question="What happens to one customer, from the first order to the last delivery?",
        answer=_answer(journey, stages),
        sections=tuple(sections),
        facts=(
            ("System", system), ("Scenario", scenario), ("Seed", str(seed)), ("Replication", str(replication)),
            ("Engine", engine),
        ),
        warnings=tuple(warnings),
    )  # fmt: skip


def _seen(way: OrderJourney, drawn: Drawing) -> Section:
    """The order's journey as a figure, with the scores of its moments of truth as the table behind it."""
    caption = f"Order {way.number} of customer {way.customer}: where it waited, was worked on, and how it was judged."
    waited = sum(v.began - v.arrived for v in way.visits)
    words = f"{len(way.visits)} visits with {number(waited)} h of waiting, {number(way.promised)} h promised"
    if math.isfinite(way.delivered):
        words += f", delivered after {number(way.delivered)} h"
    words += f"; {len(way.errors)} errors made, of which the customer saw {len(way.shown)}."
    if way.judged is not None and math.isfinite(way.judged.perceived):
        words += f" Perceived in the end: {number(way.judged.perceived, 3)}; desired: {number(way.judged.desired, 3)}."
    text = (
        "The order with most visits and errors. The score of a moment of truth is the mean of the dimensions that the "
        "customer scored there, by the customer's own weights; what is perceived in the end also counts the extreme "
        "and the last moment, and how dimensions colour each other."
    )
    scores = Table(
        "Scores of the moments of truth (levels 0 to 1)",
        ("Moment", "Hours since placed", *(title_of(d) for d in DIMENSIONS), "Score"),
        tuple(
            (title_of(m.stage) or "delivery", number(m.time, 2), *(number(s, 3) for s in m.seen), number(m.score, 3))
            for m in way.moments
        ),
    )
    figure = Figure(inline_svg(drawn, "journey", caption, words), caption, words, scores if way.moments else None)
    return Section("The journey at a glance", (text,) if way.moments else (), (), (figure,))


def _answer(journey: Sequence[Mapping[str, Any]], stages: Sequence[str]) -> str:
    if not journey:
        return "No event was recorded for this customer."
    took = float(journey[-1]["time"]) - float(journey[0]["time"])
    placed = sum(str(row["event"]).endswith("placed") for row in journey)
    orders = f"{placed} orders" if placed != 1 else "One order"
    passed = f"{len(stages)} stages" if len(stages) != 1 else "one stage"
    return f"{orders} in {number(took, 2)} h, through {passed}: {len(journey)} events."
