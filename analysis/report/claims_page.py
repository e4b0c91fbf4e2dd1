"""The report of the claims laboratory: verdicts on one page, and a part for each claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.claims.outcome import FALSE, FINDING, OPEN, TRUE, Outcome
from analysis.claims.robust import RobustTrial
from analysis.claims.verdict import Estimate, estimate
from analysis.figures.claims_chart import EffectRow, SpacePanel, effect_strips, space_chart
from analysis.figures.style import inline_svg, title_of
from analysis.report.numbers import MINUS, number, with_interval
from analysis.report.page import Figure, Note, ReportPage, Section, Table
from scenarios.design import Range

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_PANELS = 2  # parameters that a claim's effect is drawn against


def claims_figures(found: Sequence[Outcome]) -> dict[str, Drawing]:
    """Figures by file name: `verdicts` of all, `c03` of a claim, `c03_space` over its swing parameters."""
    figures = {"verdicts": effect_strips([_row(o) for o in found])}
    for o in found:
        figures[o.claim.id.lower()] = effect_strips([_row(o, of_all=False)])
        if o.robust is not None and math.isfinite(o.robust.share):
            panels = [_panel(o, name) for name in list(o.robust.strength)[:_PANELS]]
            label = f"effect, {o.claim.unit}"
            figures[f"{o.claim.id.lower()}_space"] = space_chart(panels, o.robust.effect.tolist(), o.claim.sesoi, label)
    return figures


def claims_page(
    found: Sequence[Outcome],
    *,
    seed: int,
    engine: str,
    warnings: Sequence[str] = (),
    figures: Mapping[str, Drawing] | None = None,
) -> ReportPage:
    """The page of the claims that were tried. `figures` as from `claims_figures` (drawn here if not given)."""
    drawn = figures or claims_figures(found)
    failed = [o.claim.id for o in found if not o.null_vanishes]
    said = [f"The null of {', '.join(failed)} does not vanish: with the mechanism off there is still an effect, so "
            "nothing follows from the verdict."] if failed else []  # fmt: skip
    return ReportPage(
        title="The claims laboratory",
        question="Which claims of the founding texts hold in this model, which do not, and what would overturn each?",
        answer=_answer(found),
        sections=(_overview(found, drawn), _numbers(found), *(_claim(o, drawn) for o in found), _method(found)),
        facts=(
            ("Claims tried", str(len(found))),
            ("Level", "robust" if any(o.robust for o in found) else "point"),
            ("Seed", str(seed)), ("Engine", engine),
        ),
        warnings=(*said, *warnings),
    )  # fmt: skip


def _answer(found: Sequence[Outcome]) -> str:
    """Counts of findings by verdict; what the equations imply is counted apart."""
    findings = [o for o in found if o.standing == FINDING]
    parts = []
    for word, text in (("supported", "supported"), ("refuted", "refuted")):
        ids = [o.claim.id for o in findings if o.verdict.word == word]
        parts.append(f"{len(ids)} {text}{_listed(ids)}")
    text = f"Of {len(found)} claims tried at the reference point, {', '.join(parts)}"
    given = [f"{o.claim.id} ({o.standing})" for o in found if o.standing in (TRUE, FALSE)]
    if given:
        text += f"; {len(given)} decided by construction and not counted as findings{_listed(given)}"
    unsettled = [o.claim.id for o in found if o.standing == OPEN]
    if unsettled:
        text += f"; {len(unsettled)} undecided or without a sound null{_listed(unsettled)}"
    tried = [o for o in found if o.robust is not None]
    if tried:
        words = ("holds", "fails", "conditional")
        by = {word: [o.claim.id for o in tried if o.robust and o.robust.word == word] for word in words}
        text += ". Over the space of their swing parameters: " + ", ".join(
            f"{len(ids)} {word}{_listed(ids)}" for word, ids in by.items()
        )
    return text + "."


def _listed(ids: Sequence[str]) -> str:
    return f" ({', '.join(ids)})" if ids else ""


def _overview(found: Sequence[Outcome], drawn: Mapping[str, Drawing]) -> Section:
    caption = "Effect of every claim at its reference point, with the interval that its verdict rests on."
    words = (
        "Each strip has a scale of its own. The claim holds in the shaded part; the full line is 0, the mark below the "
        "effect the null. Intervals are adjusted for the number of claims tried."
    )
    svg = inline_svg(drawn["verdicts"], "verdicts", caption, words)
    return Section("Verdicts", (), (), (Figure(svg, caption, words),))


def _numbers(found: Sequence[Outcome]) -> Section:
    columns = (
        "Claim", "Point verdict", "Standing", "Over the space", "Effect [adjusted interval]", "Unit", "Holds from",
        "Null effect",
    )  # fmt: skip
    rows = tuple(
        (
            o.claim.id, o.word, o.standing, _over_space(o.robust), _text(o.verdict.effect), o.claim.unit, _bar(o),
            _text(o.null),
        )
        for o in found
    )  # fmt: skip
    return Section("Verdicts in numbers", (), (Table("Verdicts on the claims", columns, rows, "llllrlrr"),))


def _over_space(robust: RobustTrial | None) -> str:
    if robust is None:
        return "–"
    return f"{robust.word} ({number(100 * robust.share, 0)} %)"


def _claim(o: Outcome, drawn: Mapping[str, Drawing]) -> Section:
    claim, key = o.claim, o.claim.id.lower()
    caption = f"{claim.id}: {claim.metric} ({claim.unit})."
    words = f"Effect {_text(o.verdict.effect)} {claim.unit}, null {_text(o.null)}; the claim holds {_holds_from(o)}."
    figures = [Figure(inline_svg(drawn[key], key, caption, words), caption, words)]
    if o.robust is not None and f"{key}_space" in drawn:
        figures.append(_space_figure(o, drawn[f"{key}_space"]))
    tables = [_parts(o)] if o.point.reference.parts else []
    if o.robust is not None:
        tables.append(_strength(o))
    return Section(
        f"{claim.id} {claim.statement}",
        (
            f"What was said: “{claim.quote}” ({claim.source}).",
            f"What was done: {claim.design} {claim.rule}",
            f"What came out: {_came_out(o)}",
            f"What would overturn it: {_overturn(o)}",
        ),
        tuple(tables),
        tuple(figures),
        _notes(o),
    )


def _came_out(o: Outcome) -> str:
    level = 100 * o.verdict.level
    text = (
        f"{_capital(o.word)}. {_capital(o.claim.metric)}: {_text(o.verdict.effect)} {o.claim.unit} over "
        f"{o.verdict.effect.n} replications ({'four standard errors or ' if o.claim.stated is not None else ''}"
        f"{number(level, 1)} % interval), judged against {_holds_from(o)}."
    )
    if o.robust is not None:
        text += f" Over the swing parameters: {_lower(o.robust.sentence)}"
    return text


def _overturn(o: Outcome) -> str:
    if not o.claim.swing:
        return "nothing within this model: no parameter of it can turn the verdict over, and it is reported as such."
    if o.robust is None:
        return (
            f"to be looked for in {', '.join(_name(p) for p in o.claim.swing)}; claims.level=robust says where the "
            "verdict turns."
        )
    if not o.robust.turned:
        return f"nothing within the stated ranges of {', '.join(_name(p) for p in o.claim.swing)}."
    boundary = o.robust.boundary
    assert boundary is not None
    text = (
        f"{title_of(boundary.rule)}. The rule is right at {number(100 * boundary.accuracy, 0)} % of points that "
        f"it has not seen (always guessing the commoner verdict: {number(100 * boundary.majority, 0)} %)."
    )
    if not boundary.useful:
        text += " It does not beat that guess, so no boundary was found."
    return text


def _notes(o: Outcome) -> tuple[Note, ...]:
    claim = o.claim
    standing = {
        FINDING: "The equations alone do not decide this verdict.",
        OPEN: "The interval includes what the claim is judged against, or the null does not vanish.",
        TRUE: claim.structural,
        FALSE: claim.structural,
    }[o.standing]
    exact = "exactly 0 in every replication" if claim.exact_null else "within four standard errors of 0"
    vanishes = f"vanishes ({exact})" if o.null_vanishes else f"does not vanish (it should be {exact})"
    notes = [Note(_capital(o.standing), standing)]
    if claim.structural and o.standing not in (TRUE, FALSE):
        notes.append(Note("Built into the equations", claim.structural))
    changed = ", ".join(f"{_name(name)} = {_shown(value)}" for name, value in claim.null.items())
    notes.append(Note("Null", f"With {changed} the effect is {_text(o.null)}: it {vanishes}."))
    if claim.reference:
        notes.append(Note("Reference", claim.reference))
    notes += [Note("Beside it", text) for text in o.point.reference.notes]
    return tuple(notes)


def _parts(o: Outcome) -> Table:
    rows = tuple((label, _text(estimate(values))) for label, values in o.point.reference.parts.items())
    return Table(f"{o.claim.id}: further contrasts, with 95 % intervals", ("Contrast", "Mean [95 % interval]"), rows)


def _strength(o: Outcome) -> Table:
    assert o.robust is not None
    rows = tuple(
        (_name(name), _range(o.claim.swing[name]), f"{number(100 * share, 0)} %")
        for name, share in o.robust.strength.items()
    )
    return Table(
        f"{o.claim.id}: what each swing parameter explains of the effect by itself",
        ("Parameter", "Range", "Share of variance (ranks)"), rows, "llr",
    )  # fmt: skip


def _range(swing: Range | tuple[Any, ...]) -> str:
    if isinstance(swing, Range):
        return f"{swing.low:g} to {swing.high:g}{', log scale' if swing.log else ''}"
    return ", ".join(str(value) for value in swing)


def _space_figure(o: Outcome, drawing: Drawing) -> Figure:
    assert o.robust is not None
    names = [_name(name) for name in list(o.robust.strength)[:_PANELS]]
    caption = f"{o.claim.id}: the effect at every point of the swing space, against {' and '.join(names)}."
    words = f"{o.robust.sentence} The dashed line is the smallest effect of interest, the full line 0."
    return Figure(inline_svg(drawing, f"{o.claim.id.lower()}space", caption, words), caption, words)


def _method(found: Sequence[Outcome]) -> Section:
    paragraphs = [
        "Every claim brings its own system, arms and number of replications. Arms of a claim have the same random "
        "numbers, so effects are taken within replications; the replications are the units of all intervals.",
        "Point verdict: supported if the interval of the effect lies at or above the smallest effect of interest, "
        "refuted if below it, otherwise undecided. Intervals have the level of their step in Holm's procedure over the "
        f"{len(found)} claims tried, so that the chance of any wrong verdict is at most 5 %. A claim that states a "
        "figure is judged at four standard errors at least. Tables of contrasts and nulls show plain 95 % intervals.",
        "A verdict counts as a finding only if the equations alone do not decide it and if the effect vanishes with "
        "the mechanism off. All of it holds for this model, and for firms only as far as they resemble it.",
    ]
    if any(o.robust for o in found):
        paragraphs.insert(
            2,
            "Robust verdict: the share of a Latin hypercube of the swing parameters at which the mean effect reaches "
            "the smallest effect of interest; holds from 90 %, fails up to 10 %, conditional between. The boundary is "
            "a classification tree of depth 3 at most, judged by 5-fold cross-validation. What a parameter explains is "
            "the share of the variance of the effect's ranks between eighths of its range (or between its values).",
        )
    return Section("Method", tuple(paragraphs))


# -- words ---------------------------------------------------------------------------------------------------


def _row(o: Outcome, of_all: bool = True) -> EffectRow:
    claim, effect, null = o.claim, o.verdict.effect, o.null
    least, most = claim.sesoi, math.inf
    if claim.stated is not None:
        least, most = claim.stated - claim.sesoi, claim.stated + claim.sesoi
    name = f"{claim.id} {claim.statement}" if of_all else claim.metric
    return EffectRow(
        name, effect.mean, effect.low, effect.high, null.mean, null.low, null.high, least, most, o.verdict.word, o.word,
        claim.unit,
    )  # fmt: skip


def _panel(o: Outcome, name: str) -> SpacePanel:
    assert o.robust is not None
    values, swing = [point[name] for point in o.robust.points], o.claim.swing[name]
    if isinstance(swing, Range):
        return SpacePanel(_name(name), [float(value) for value in values], log=swing.log)
    names = [str(value) for value in swing]
    return SpacePanel(_name(name), [float(names.index(str(value))) for value in values], tuple(names))


def _bar(o: Outcome) -> str:
    text = f"{o.claim.sesoi:g}".replace("-", MINUS)
    return text if o.claim.stated is None else f"{o.claim.stated:g} ± {text}"


def _holds_from(o: Outcome) -> str:
    bar = f"{_bar(o)} {o.claim.unit}"
    return f"at least {bar}" if o.claim.stated is None else f"a stated {bar}"


def _text(found: Estimate) -> str:
    return with_interval(found.mean, found.low, found.high, sign=False)


def _shown(value: object) -> str:
    counts = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:g}" if counts else str(value)


def _name(parameter: str) -> str:
    return title_of(parameter)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
