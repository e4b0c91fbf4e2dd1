"""The report of the compounding laboratory: one chain of stages, three ways, and what the stated share would take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.compare import spread
from analysis.experiments.compounding import LIMIT, Found, answer_record, distance
from analysis.figures.compounding_lab import Reach, chain_curve, reach_chart
from analysis.figures.style import inline_svg
from analysis.report.numbers import number, signed
from analysis.report.page import Figure, Note, ReportPage, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_INPUTS = (
    ("frailty", "correlation of an order's error rate over stages", 0.0),
    ("knock_on", "knock-on factor", 1.0),
    ("handoff_loss", "chance that a handoff loses the information", 0.0),
    ("lost_factor", "factor on later rates after such a loss", 1.0),
    ("self_check", "chance that the maker finds an error", 0.0),
    ("next_check", "chance that a later stage finds it", 0.0),
    ("inspection", "chance that the last inspection finds it", 0.0),
    ("false_alarm", "chance of a false alarm", 0.0),
    ("rework_failure", "chance that a repair fails", 0.0),
)  # fmt: skip


def compounding_figures(found: Found) -> dict[str, Drawing]:
    """Figures by file name: `chain`, the share by length; `inverse`, how far each parameter could take it."""
    s = spread(found.simulated.reaching)
    rows = [Reach(a.lever.name, *_reach(found, i), a.lever.value is not None) for i, a in enumerate(found.answers)]
    return {
        "chain": chain_curve(found.curve, float(s.mean), float(s.low), float(s.high), found.asked.stated),
        "inverse": reach_chart(rows, found.asked.stated),
    }


def _reach(found: Found, i: int) -> tuple[float, float]:
    lever = found.answers[i].lever
    return lever.least, lever.most


def compounding_page(
    found: Found,
    *,
    system: str,
    seed: int,
    replications: int,
    engine: str,
    figures: Mapping[str, Drawing] | None = None,
) -> ReportPage:
    """The page of a chain. `figures` as from `compounding_figures` (drawn here if not given)."""
    drawn = figures or compounding_figures(found)
    n, stated = len(found.chain.p), _percent(found.asked.stated, 3)
    apart = (
        "Simulation and theory disagree: a figure lies more than four standard errors from theory, so the program or "
        "the theory is wrong and nothing follows."
    )
    return ReportPage(
        title="The compounding laboratory",
        question=f"What do the errors of {n} stages at {_rate(found)} amount to, and what would make it {stated}?",
        answer=_answer(found),
        sections=(_chain(found), _three_ways(found, drawn), _inverse(found, drawn), _method(found)),
        facts=(
            ("System", system), ("Stages", str(n)), ("Seed", str(seed)), ("Replications", str(replications)),
            ("Engine", engine),
        ),
        warnings=() if found.furthest <= LIMIT else (apart,),
    )  # fmt: skip


def _rate(found: Found) -> str:
    return f"{'' if found.chain.equal else 'a mean rate of '}{_percent(found.chain.mean_rate, 3)}"


def _answer(found: Found) -> str:
    s, stated = spread(found.simulated.reaching), _percent(found.asked.stated, 3)
    reached = [a.lever.name for a in found.answers if a.lever.value is not None and not a.lever.errors]
    never = [a.lever.name for a in found.answers if a.lever.value is None and not a.lever.errors]
    text = (
        f"{_percent(found.exact.reaching)} of orders are delivered with an error (simulated: "
        f"{_percent(float(s.mean))} [{_percent(float(s.low))}, {_percent(float(s.high))}]), as many as "
        f"{number(found.effective, 2)} independent, unchecked stages would give. {len(reached)} of "
        f"{len(reached) + len(never)} parameters, each alone, could make it {stated}"
    )
    return f"{text}; {_or(never)} could not." if never else f"{text}."


def _or(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _chain(found: Found) -> Section:
    chain = found.chain
    rates = f"{100 * chain.p[0]:g}\u00a0%" if chain.equal else ", ".join(f"{100 * p:g}\u00a0%" for p in chain.p)
    rows = [("stages", str(len(chain.p))), ("chance of an error a stage", rates)]
    for name, text, neutral in _INPUTS:
        value = getattr(chain, name)
        if value != neutral:
            rule = f" ({chain.rule})" if name == "knock_on" else ""
            rows.append((f"{text}{rule}", f"{value:g}"))
    silent = [text for name, text, neutral in _INPUTS if getattr(chain, name) == neutral and name != "lost_factor"]
    said = f"Switched off: {', '.join(silent)}." if silent else "Every mechanism is on."
    return Section("The chain", (said,), (Table("What was put in", ("Input", "Value"), tuple(rows)),))


def _three_ways(found: Found, drawn: Mapping[str, Drawing]) -> Section:
    closed = found.closed
    share, errors = spread(found.simulated.reaching), spread(found.simulated.errors)
    none = "none for this combination"
    rows = (
        (
            "Closed form", none if closed is None else _percent(closed.reaching, 4),
            "–" if closed is None else number(closed.errors, 6), "–",
        ),
        ("Exact recursion", _percent(found.exact.reaching, 4), number(found.exact.errors, 6), "–"),
        (
            "Simulated [95 % interval]",
            f"{_percent(float(share.mean))} [{_percent(float(share.low))}, {_percent(float(share.high))}]",
            f"{number(float(errors.mean), 5)} [{number(float(errors.low), 5)}, {number(float(errors.high), 5)}]",
            f"{signed(distance(found.simulated.reaching, found.exact.reaching), 2)}; "
            f"{signed(distance(found.simulated.errors, found.exact.errors), 2)}",
        ),
    )  # fmt: skip
    columns = ("Way", "Orders delivered with an error", "Errors made per order", "Standard errors apart")
    by = (
        f"The closed form is that of {closed.name}."
        if closed is not None
        else "This combination of mechanisms has no closed form. The recursion follows the number of open errors on an "
        "order from stage to stage; it is exact, but it is no formula."
    )
    text = (
        f"An error is made in {_percent(found.exact.affected)} of orders. The share delivered with one is that of "
        f"{number(found.effective, 2)} independent, unchecked stages at the same mean rate: n such that "
        "1 − (1 − p)^n is the share."
    )
    caption = (
        "Orders with an error at the end, by the number of stages so far: this chain, independent stages, simulated."
    )
    svg = inline_svg(drawn["chain"], "chain", caption, text)
    curve = tuple((str(n), _percent(a, 4), _percent(b, 4)) for n, a, b in found.curve)
    data = Table("Share by length", ("Stages", "This chain", "Independent stages"), curve)
    note = Note(
        "Arithmetic and simulation",
        "The recursion and the formula need no simulation; the simulation tests the program (and the recursion) "
        "against them.",
    )
    return Section(
        "Three ways to the share", (by, text), (Table("The chain, three ways", columns, rows),),
        (Figure(svg, caption, text, data),), (note,),
    )  # fmt: skip


def _inverse(found: Found, drawn: Mapping[str, Drawing]) -> Section:
    stated = _percent(found.asked.stated, 3)
    rows = []
    for answer in found.answers:
        row = answer_record(answer)
        shown = _errors if answer.lever.errors else _percent
        value = f"{row['symbol']} = {row['value']:.4g}" if row["value"] is not None else "cannot be reached"
        end = shown(row["figure_at_to"])
        checked, z = "–", "–"
        if row["simulated"] is not None:
            checked = f"{shown(row['simulated'])} [{shown(row['low'])}, {shown(row['high'])}]"
            z = signed(row["standard_errors"], 2)
        rows.append(
            (str(row["lever"]), value, f"{shown(row['figure_at_from'])} to {end}", checked, z, str(row["note"]))
        )
    columns = (
        "Changed alone", f"Takes, for {stated}", "Figure over its range", "Simulated there [95 % interval]",
        "Standard errors from theory", "Meaning",
    )  # fmt: skip
    text = (
        f"Each parameter is changed alone, everything else as above, until the chain comes to {stated}; then a chain "
        "with that value is simulated. Solutions are arithmetic; whether such values are likely is another question."
    )
    caption = f"How far each parameter alone could take the figure, and whether {stated} lies within."
    words = "Bars run from the least to the most; a diamond marks where the stated figure is reached."
    svg = inline_svg(drawn["inverse"], "inverse", caption, words)
    notes = []
    total = math.fsum(found.chain.p)
    fixed = found.chain.knock_on == 1.0 and found.chain.handoff_loss == 0.0 and found.chain.false_alarm == 0.0
    if fixed and total < found.asked.stated:
        notes.append(Note(
            "Bound",
            "Whatever the dependence between the stages, the share with an error cannot exceed the sum of their "
            f"chances, {_percent(total)} (Boole), as long as these chances are what they are. So no "
            f"correlation comes to {stated}.",
        ))  # fmt: skip
    return Section(
        f"What would have to be true for {stated}", (text,),
        (Table("Each parameter alone", columns, tuple(rows), "llrrrl"),), (Figure(svg, caption, words),), tuple(notes),
    )  # fmt: skip


def _method(found: Found) -> Section:
    text = (
        f"Simulated: {number(float(found.asked.orders), 0)} orders of the chain and "
        f"{number(float(found.asked.check_orders), 0)} for every answer, split over independent replications, "
        "which are the units of the intervals. Staff, queues and times have no influence on errors here. A visit "
        "begins with the receiver's check, then the error is drawn, then the maker looks; repairs follow. An error "
        "counts as delivered if it is open at the end."
    )
    note = Note("Simulated", f"The furthest figure lies {number(found.furthest, 2)} standard errors from theory.")
    return Section("Method", (text,), (), (), (note,))


def _errors(value: float) -> str:
    return number(value, 4)


def _percent(share: float, digits: int = 3) -> str:
    if abs(100 * share - round(100 * share, 2)) < 1e-12:
        return f"{100 * share:g}\u00a0%"
    return f"{number(100 * share, digits)}\u00a0%"
