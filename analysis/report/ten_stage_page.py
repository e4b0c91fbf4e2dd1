"""The report on a stated share of outputs that errors affect along a chain of stages; the paper's is 11 %."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.compounding.closed_forms import as_in_paper
from analysis.figures.compounding import compounding
from analysis.figures.style import inline_svg, title_of
from analysis.report.numbers import number
from analysis.report.page import Figure, Note, ReportPage, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

QUOTE = "occurs at each stage on one in a hundred occasions, then 11% of the final output will be affected"
YES, WITH, NO = "yes", "only with the parameter in the note", "no"


def ten_stage_figures(claim: Mapping[str, Any]) -> dict[str, Drawing]:
    """The figure of the claim by file name: `compounding`."""
    return {
        "compounding": compounding(
            claim["grid"], float(claim["stated"]), int(claim["stages"]), float(claim["closed_form"])
        )
    }


def ten_stage_page(
    claim: Mapping[str, Any],
    *,
    system: str,
    seed: int,
    replications: int,
    engine: str,
    warnings: Sequence[str] = (),
    figures: Mapping[str, Drawing] | None = None,
) -> ReportPage:
    """The page of a claim. `figures` as from `ten_stage_figures`.

    `claim`: id, stages, p (their mean rate), rates, stated, closed_form, simulated {mean, ci, n}, refuted,
    program_agrees, standard_errors_from_stated, standard_errors_from_closed_form, verdict; readings [{id, mechanism,
    formula, value, gives_11_percent, with_parameter, note}]; grid [{p, stages, n, simulated, low, high, closed_form,
    z}]; dependence [{name, share, low, high, closed_form, errors_per_order, errors_closed_form}].
    """
    drawn = figures or ten_stage_figures(claim)
    return ReportPage(
        title=f"Do {_chain(claim)} spoil {_stated(claim)} of the output?",
        question=f"The founding paper says that if an error “{QUOTE}”. Is that so?"
        if _printed(claim)
        else f"It is stated that {_chain(claim)} affect {_stated(claim)} of the output. Is that so?",
        answer=_answer(claim),
        sections=tuple(
            s
            for s in (_verdict(claim), _curve(claim, drawn), _readings(claim), _dependence(claim), _method(claim))
            if s is not None
        ),
        facts=(
            ("System", system), ("Claim", str(claim["id"])), ("Seed", str(seed)),
            ("Replications", str(replications)), ("Engine", engine),
        ),
        warnings=tuple(warnings),
    )  # fmt: skip


def _printed(claim: Mapping[str, Any]) -> bool:
    return as_in_paper(claim["rates"], float(claim["stated"]))


def _equal(claim: Mapping[str, Any]) -> bool:
    return len(set(claim["rates"])) == 1


def _rate(claim: Mapping[str, Any]) -> str:
    return f"{100 * float(claim['p']):g}\u00a0%"


def _stated(claim: Mapping[str, Any]) -> str:
    return f"{100 * float(claim['stated']):g}\u00a0%"


def _chain(claim: Mapping[str, Any]) -> str:
    often = f"{_rate(claim)} of the time" if _equal(claim) else f"at unequal rates (mean {_rate(claim)})"
    return f"{claim['stages']} stages that fail {often}"


def _formula(claim: Mapping[str, Any]) -> str:
    if _equal(claim):
        return f"1 − (1 − {claim['p']:g})^{claim['stages']}"
    return "1 − the product of (1 − p) over the unequal rates"


def _percent(share: float | None, digits: int = 3) -> str:
    return "–" if share is None else f"{number(100 * float(share), digits)}\u00a0%"


def _answer(claim: Mapping[str, Any]) -> str:
    exact, simulated, stated = _percent(claim["closed_form"]), claim["simulated"], _stated(claim)
    low, high = simulated["ci"]
    from_closed, from_stated = (
        number(abs(float(claim[f"standard_errors_from_{what}"])), 1) for what in ("closed_form", "stated")
    )
    formula = "the formula printed beside it" if _printed(claim) else _formula(claim)
    if not claim["program_agrees"]:
        first = (
            f"Undecided: the program disagrees with the closed form, so what it simulated says nothing about {stated}; "
            f"{formula} gives {exact}."
        )
    elif claim["refuted"]:
        first = f"No: {formula} gives {exact}, not {stated}."
    else:
        first = (
            f"Not refuted: what was simulated lies {from_stated} standard errors from {stated}, and it takes more than "
            f"four to refute it; {formula} gives {exact}."
        )
    return (
        f"{first} Simulated: {_percent(simulated['mean'])} [{_percent(low)}, {_percent(high)}] of "
        f"{number(float(simulated['n']), 0)} orders (95 % interval), {from_closed} standard errors from the formula "
        f"and {from_stated} from {stated}."
    )


def _verdict(claim: Mapping[str, Any]) -> Section:
    exact, simulated = float(claim["closed_form"]), claim["simulated"]
    low, high = simulated["ci"]
    notes = (
        Note(
            "Arithmetic (needs no simulation)",
            f"The chance that at least one of {claim['stages']} independent stages errs is {_formula(claim)} = "
            f"{_percent(exact, 4)}. Whatever the dependence between stages, it cannot exceed the sum of their chances, "
            f"{_percent(min(1.0, sum(claim['rates'])), 2)}.",
        ),
        Note(
            "Simulated",
            f"{_percent(simulated['mean'])} of {number(float(simulated['n']), 0)} orders carried at least "
            "one error, 95 % interval "
            f"{_percent(low)} to {_percent(high)}. This tests the program against the formula, not the formula.",
        ),
        Note(
            f"What would read {_stated(claim)}",
            _counted(claim),
        ),
    )  # fmt: skip
    return Section("Verdict", (str(claim["verdict"]),), (), (), notes)


def _counted(claim: Mapping[str, Any]) -> str:
    """How many readings give the stated figure, give it with a further parameter, and do not give it."""
    found: dict[str, list[str]] = {YES: [], WITH: [], NO: []}
    for r in claim["readings"]:
        found[_gives(r)].append(f"{r['id']} {r['mechanism']}")
    yes, only, no = (len(group) or "none" for group in found.values())
    listed = f" ({'; '.join(found[YES])})" if found[YES] else ""
    text = (
        f"Of {len(claim['readings'])} readings, {yes} {'give' if len(found[YES]) > 1 else 'gives'} it from the inputs "
        f"as stated{listed}, {only} only with a further parameter, and {no} not at all."
    )
    return text + (" Which of them, if any, the authors meant is not known." if _printed(claim) else "")


def _gives(reading: Mapping[str, Any]) -> str:
    if reading["gives_11_percent"]:
        return YES
    return WITH if reading["with_parameter"] else NO


def _curve(claim: Mapping[str, Any], drawn: Mapping[str, Drawing]) -> Section:
    caption = (
        "Orders with at least one error against the number of stages: curves are the closed form, points the "
        "simulation with 95 % intervals."
    )
    words = (
        f"Curves rise from 0 with the number of stages and flatten. For {_chain(claim)} "
        f"the formula gives {_percent(claim['closed_form'])} (ring); the dashed line is the stated {_stated(claim)}."
    )
    rows = tuple(
        (
            f"{number(100 * float(r['p']), 4)} %", str(r["stages"]), number(float(r["n"]), 0), _percent(r["simulated"]),
            f"[{_percent(r['low'])}, {_percent(r['high'])}]", _percent(r["closed_form"]), number(r["z"], 2),
        )
        for r in claim["grid"]
    )  # fmt: skip
    columns = (
        "Error rate a stage",
        "Stages",
        "Orders",
        "Simulated",
        "95 % interval",
        "Closed form",
        "Standard errors apart",
    )
    data = Table("Simulated share against the closed form", columns, rows)
    svg = inline_svg(drawn["compounding"], "compounding", caption, words)
    return Section("Share affected by length of the chain", (words,), (), (Figure(svg, caption, words, data),))


def _readings(claim: Mapping[str, Any]) -> Section:
    rows = tuple(
        (
            str(r["id"]), str(r["mechanism"]), str(r["formula"]), _value(r["value"]),
            _gives(r), str(r.get("note", "") or ""),
        )
        for r in claim["readings"]
    )  # fmt: skip
    columns = ("Reading", "Mechanism", "Formula", "Value", f"Gives {_stated(claim)}", "Note")
    text = "Each reading is a way to arrive at a figure from the number of stages and their rate. This is arithmetic."
    if not _equal(claim):
        text += " M4, M5, M7 and M14 to M17 take every stage at the mean of the unequal rates."
    return Section(
        f"Readings that do and do not give {_stated(claim)}", (text,), (Table("Readings", columns, rows, "lllrll"),)
    )


def _value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "–" if value is None else str(value)
    return _percent(float(value)) if abs(value) < 1 else number(float(value), 3)


def _dependence(claim: Mapping[str, Any]) -> Section | None:
    if not claim.get("dependence"):
        return None
    rows = tuple(
        (
            title_of(r["name"]), _percent(r["share"]), f"[{_percent(r['low'])}, {_percent(r['high'])}]",
            _percent(r["closed_form"]), number(r["errors_per_order"], 4), number(r["errors_closed_form"], 4),
        )
        for r in claim["dependence"]
    )  # fmt: skip
    columns = (
        "Dependence",
        "Share affected",
        "95 % interval",
        "Closed form",
        "Errors per order",
        "Closed form, errors",
    )
    text = (
        "Errors that breed errors change how many errors an affected order carries, not how many orders "
        "are affected. "
        "Orders that differ in how error-prone they are (shared frailty) lower the share."
    )
    if not _equal(claim):
        text += f" Every stage is taken at the mean of the unequal rates, {_rate(claim)}."
    return Section("If stages depend on each other", (text,), (Table("Dependence between stages", columns, rows),))


def _method(claim: Mapping[str, Any]) -> Section:
    text = (
        "Only flow and errors are simulated here: no detection, no rework, no perception. Intervals are at "
        "95 %. The program "
        "would have failed its own test if a simulated share had been more than four standard errors from "
        "the closed form, and the stated figure is refuted if it lies more than four standard errors from "
        "the simulated share."
    )
    furthest = max((abs(float(r["z"])) for r in claim["grid"] if r["z"] is not None), default=0.0)
    note = Note(
        "Simulated", f"The furthest of {len(claim['grid'])} points lies {number(furthest, 2)} standard errors away."
    )
    return Section("Method", (text,), (), (), (note,))
