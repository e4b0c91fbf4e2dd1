"""The report on the compounding figure: as the paper has it, ten stages that each fail one time in a hundred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.figures.compounding import compounding
from analysis.figures.style import inline_svg, title_of
from analysis.report.numbers import number
from analysis.report.page import Figure, Note, ReportPage, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

QUOTE = "occurs at each stage on one in a hundred occasions, then 11% of the final output will be affected"


def ten_stage_figures(claim: Mapping[str, Any]) -> dict[str, Drawing]:
    """The figure of the claim by file name: `compounding`."""
    return {"compounding": compounding(claim["grid"], float(claim["stated"]), int(claim["stages"]), float(claim["p"]))}


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

    `claim`: id, stages, p, stated, closed_form, simulated {mean, ci, n}, verdict; readings [{id, mechanism, formula,
    value, gives_11_percent, note}]; grid [{p, stages, n, simulated, low, high, closed_form, z}]; dependence [{name,
    share, low, high, closed_form, errors_per_order, errors_closed_form}].
    """
    drawn = figures or ten_stage_figures(claim)
    return ReportPage(
        title=f"Do {claim['stages']} stages that fail {_rate(claim)} of the time spoil {_stated(claim)} of the output?",
        question=f"The founding paper says that if an error “{QUOTE}”. Is that so?",
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


def _rate(claim: Mapping[str, Any]) -> str:
    return f"{100 * float(claim['p']):g} %"


def _stated(claim: Mapping[str, Any]) -> str:
    return f"{100 * float(claim['stated']):g} %"


def _percent(share: float | None, digits: int = 3) -> str:
    return "–" if share is None else f"{number(100 * float(share), digits)}\u00a0%"


def _answer(claim: Mapping[str, Any]) -> str:
    stated, exact, simulated = float(claim["stated"]), float(claim["closed_form"]), claim["simulated"]
    low, high = (float(v) for v in simulated["ci"])
    printed = _percent(stated, 0)
    if low <= stated <= high:
        first = (
            f"The printed {printed} cannot be told apart from what was simulated; the formula gives {_percent(exact)}."
        )
    else:
        first = f"No: the formula printed beside it gives {_percent(exact)}, not {printed}."
    within = "includes the formula's value" if low <= exact <= high else "does not include the formula's value"
    out = "and excludes" if not low <= stated <= high else "and includes"
    return (
        f"{first} Simulated: {_percent(simulated['mean'])} [{_percent(low)}, {_percent(high)}] of "
        f"{number(float(simulated['n']), 0)} orders, a 95 % interval that {within} {out} {printed}."
    )


def _verdict(claim: Mapping[str, Any]) -> Section:
    exact, simulated = float(claim["closed_form"]), claim["simulated"]
    low, high = simulated["ci"]
    gives = [r for r in claim["readings"] if r["gives_11_percent"]]
    listed = "; ".join(f"{r['id']} {r['mechanism']}" for r in gives)
    notes = (
        Note(
            "Arithmetic (needs no simulation)",
            f"The chance that at least one of {claim['stages']} independent stages errs is 1 − (1 − {claim['p']:g})^"
            f"{claim['stages']} = {_percent(exact, 4)}. Whatever the dependence between stages, it cannot exceed the "
            f"sum of their chances, {_percent(min(1.0, claim['stages'] * claim['p']), 2)}.",
        ),
        Note(
            "Simulated",
            f"{_percent(simulated['mean'])} of {number(float(simulated['n']), 0)} orders carried at least "
            "one error, 95 % interval "
            f"{_percent(low)} to {_percent(high)}. This tests the program against the formula, not the formula.",
        ),
        Note(
            f"What would read {_stated(claim)}",
            f"{len(gives)} of {len(claim['readings'])} readings do: {listed}. Which of them, if any, the "
            "authors meant is not known."
            if gives else "None of the readings below does.",
        ),
    )  # fmt: skip
    return Section("Verdict", (str(claim["verdict"]),), (), (), notes)


def _curve(claim: Mapping[str, Any], drawn: Mapping[str, Drawing]) -> Section:
    caption = (
        "Orders with at least one error against the number of stages: curves are the closed form, points the "
        "simulation with 95 % intervals."
    )
    words = (
        f"Curves rise from 0 with the number of stages and flatten. At {claim['stages']} stages and {_rate(claim)} a "
        f"stage the formula gives {_percent(claim['closed_form'])}; the dashed line is the printed {_stated(claim)}."
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
            "yes" if r["gives_11_percent"] else "no", str(r.get("note", "") or ""),
        )
        for r in claim["readings"]
    )  # fmt: skip
    columns = ("Reading", "Mechanism", "Formula", "Value", f"Gives {_stated(claim)}", "Note")
    text = "Each reading is a way to arrive at a figure from the number of stages and their rate. This is arithmetic."
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
    return Section("If stages depend on each other", (text,), (Table("Dependence between stages", columns, rows),))


def _method(claim: Mapping[str, Any]) -> Section:
    text = (
        "Only flow and errors are simulated here: no detection, no rework, no perception. Intervals are at "
        "95 %. The program "
        "would have failed its own test if a simulated share had been more than four standard errors from "
        "the closed form."
    )
    furthest = max((abs(float(r["z"])) for r in claim["grid"] if r["z"] is not None), default=0.0)
    note = Note(
        "Simulated", f"The furthest of {len(claim['grid'])} points lies {number(furthest, 2)} standard errors away."
    )
    return Section("Method", (text,), (), (), (note,))
