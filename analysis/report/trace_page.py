"""The report of a trace: one customer's journey, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.figures.style import title_of
from analysis.report.numbers import number
from analysis.report.page import Note, ReportPage, Section, Table


def trace_page(
    journey: Sequence[Mapping[str, Any]],
    *,
    order: Mapping[str, str],
    system: str,
    scenario: str,
    seed: int,
    replication: int,
    engine: str,
    control: Section | None = None,
    warnings: Sequence[str] = (),
) -> ReportPage:
    """The page of a journey: rows with time (h), event, stage, staff, what, in order of time.

    `order` holds what to tell about the order as (name, text), such as lead time, promised, perceived and desired;
    `control` is a section about the run as a whole (`analysis.report.control_section`), which comes last.
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
    if control is not None:
        sections.append(control)
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


def _answer(journey: Sequence[Mapping[str, Any]], stages: Sequence[str]) -> str:
    if not journey:
        return "No event was recorded for this customer."
    took = float(journey[-1]["time"]) - float(journey[0]["time"])
    placed = sum(str(row["event"]).endswith("placed") for row in journey)
    orders = f"{placed} orders" if placed != 1 else "One order"
    passed = f"{len(stages)} stages" if len(stages) != 1 else "one stage"
    return f"{orders} in {number(took, 2)} h, through {passed}: {len(journey)} events."
