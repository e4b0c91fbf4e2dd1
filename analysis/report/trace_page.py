"""The report of a trace: one customer's journey, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.figures.style import inline_svg, title_of
from analysis.journey_times import OrderJourney
from analysis.report.numbers import number
from analysis.report.page import Figure, Note, ReportPage, Section, Table, sentences
from sim.blueprint import DIMENSIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_MOST_ROWS = 30  # steps shown without being asked for
_NOTHING = "No event was recorded for this customer."


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
    table = Table("Every step of the journey", columns, rows, "rrllll", folded=len(rows) > _MOST_ROWS)
    facts = Table("The customer", ("Fact", "Value"), tuple((name, text) for name, text in order.items()), "ll")
    note = Note("Example", "One customer of one simulated run: how the model works, not how often things happen.")
    sections = [Section("Step by step", (), (table,), (), (note,))]
    if order:
        sections.insert(0, Section("The customer's orders", (), (facts,)))
    if way is not None and drawn is not None:
        sections.insert(0, _seen(way, drawn))
    sections += of_run
    return ReportPage(
        title=f"One customer's journey through {title_of(system)}",
        question="What happens to one customer, from the first order to the last delivery?",
        answer=_answer(journey, way),
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


def _answer(journey: Sequence[Mapping[str, Any]], way: OrderJourney | None) -> str:
    """What happened to the order that is shown, or how much was recorded where none is."""
    if way is None:
        return f"{len(journey)} events were recorded." if journey else _NOTHING
    several = len(way.all_judged) > 1
    which = f"Order {way.number} of customer {way.customer}" + (
        ", of all of them the most eventful," if several else ""
    )
    return sentences([f"{which} {_in_time(way)}.", _waited(way), _erred(way), _judged(way)])


def _in_time(way: OrderJourney) -> str:
    """Whether and when it was delivered, against the promise."""
    if math.isfinite(way.abandoned):
        return f"was given up by the customer after {number(way.abandoned)} h ({number(way.promised)} h were promised)"
    if not math.isfinite(way.delivered):
        return f"was not delivered within the run ({number(way.promised)} h were promised)"
    late = way.delivered - way.promised
    if late > 0:
        return (
            f"came {number(late)} h late: {number(way.delivered)} h after it was placed, not {number(way.promised)} h"
        )
    return f"came on time: {number(way.delivered)} h after it was placed, within the {number(way.promised)} h promised"


def _waited(way: OrderJourney) -> str:
    """The waits in queues, and the longest of them."""
    if not way.visits:
        return ""
    waits = [visit.began - visit.arrived for visit in way.visits]
    longest = max(range(len(waits)), key=waits.__getitem__)
    text = f"On {len(waits)} visits to stages it waited {number(math.fsum(waits))} h in queues"
    if waits[longest] > 0:
        text += f", longest before {title_of(way.visits[longest].stage)} ({number(waits[longest])} h)"
    return text + "."


def _erred(way: OrderJourney) -> str:
    """The errors made, and how many the customer saw."""
    if not way.errors:
        return "No error was made."
    made = f"{len(way.errors)} errors were made" if len(way.errors) > 1 else "One error was made"
    places = ", ".join(dict.fromkeys(title_of(stage) for _, stage in way.errors if stage))
    seen = f"the customer saw {len(way.shown)} of them" if len(way.errors) > 1 else "the customer saw it"
    if not way.shown:
        seen = "the customer saw none" if len(way.errors) > 1 else "the customer did not see it"
    return f"{made}{f' ({places})' if places else ''}; {seen}."


def _judged(way: OrderJourney) -> str:
    """What was perceived in the end against what was desired and what was adequate."""
    if way.judged is None or not math.isfinite(way.judged.perceived):
        return ""
    j = way.judged
    if j.perceived >= j.desired:
        zone = "all that was desired"
    elif j.perceived >= j.adequate:
        zone = "less than desired, but adequate"
    else:
        zone = "less than adequate"
    return (
        f"The customer perceived {number(j.perceived, 3)} where {number(j.desired, 3)} was desired and "
        f"{number(j.adequate, 3)} adequate (levels 0 to 1): {zone}."
    )
