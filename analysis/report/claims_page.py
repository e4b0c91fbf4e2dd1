"""The report of the claims laboratory: verdicts on one page, and a part for each claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.claims.boundary import Boundary
from analysis.claims.names import condition_in_words, name_of, value_of
from analysis.claims.outcome import FALSE, FINDING, OPEN, TRUE, Outcome
from analysis.claims.robust import RobustTrial
from analysis.claims.verdict import REMAINS, SUPPORTED, UNDECIDED, UNSHOWN, Bar, Estimate, estimate
from analysis.figures.claims_chart import EffectRow, SpacePanel, effect_strips, space_chart
from analysis.figures.style import inline_svg
from analysis.report.numbers import MINUS, number, with_interval
from analysis.report.page import Figure, Note, ReportPage, Section, Table
from scenarios.design import Range

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_ASKED, _ASKED_SPACE = 200, 20  # replications that model.md section 3 asks for
_PANELS = 2  # parameters that a claim's effect is drawn against


def claims_figures(found: Sequence[Outcome]) -> dict[str, Drawing]:
    """Figures by file name: `verdicts` of all, `c03` of a claim, `c03_space` over its swing parameters."""
    figures = {"verdicts": effect_strips([_row(o) for o in found])}
    for o in found:
        figures[o.claim.id.lower()] = effect_strips(_rows(o))
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
    failed = [o.claim.id for o in found if o.null_word == REMAINS]
    wide = [o.claim.id for o in found if o.null_word == UNSHOWN]
    said = []
    if failed:
        said.append(
            f"The null of {', '.join(failed)} does not vanish: with the mechanism off there is still an effect, so "
            "nothing follows from the verdict."
        )
    if wide:
        said.append(
            f"The null of {', '.join(wide)} is not shown to vanish: its interval reaches the smallest effect of "
            "interest. More replications would tell; until then nothing follows from the verdict."
        )
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
    given = [f"{o.claim.id}, {o.standing}" for o in found if o.standing in (TRUE, FALSE)]
    if given:
        text += f"; {len(given)} decided by construction and not counted as findings{_listed(given, '; ')}"
    unsettled = [
        f"{o.claim.id}, {'undecided' if o.null_vanishes else f'its null {o.null_word}'}"
        for o in found
        if o.standing == OPEN
    ]
    if unsettled:
        text += f"; {len(unsettled)} open{_listed(unsettled, '; ')}"
    tried = [o for o in found if o.robust is not None]
    if tried:
        words = ("holds", "fails", "conditional")
        by = {word: [o.claim.id for o in tried if o.robust and o.robust.word == word] for word in words}
        text += ". Over the space of their swing parameters: " + ", ".join(
            f"{len(ids)} {word}{_listed(ids)}" for word, ids in by.items()
        )
    return text + "."


def _listed(ids: Sequence[str], between: str = ", ") -> str:
    return f" ({between.join(ids)})" if ids else ""


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
        "Claim", "Point verdict", "Standing", "Over the space", "Effect, adjusted interval", "Holds from", "Unit",
        "Null",
    )  # fmt: skip
    rows = tuple(
        (
            o.claim.id, o.word, o.standing, _over_space(o.robust), _text(o.verdict.effect), _bar(o.bar), o.claim.unit,
            o.null_word,
        )
        for o in found
    )  # fmt: skip
    several = [o for o in found if o.labels]
    tables = [Table("Verdicts on the claims", columns, rows, "lllllrll")]
    if several:
        conditions = tuple(row for o in several for row in _condition_rows(o))
        needs = ("Claim and condition", "Verdict", "Effect, adjusted interval", "Holds from", "Null, 95 %")
        tables.append(Table("Claims that need several conditions at once", needs, conditions, "lllrl"))
    return Section("Verdicts in numbers", (), tuple(tables))


def _condition_rows(o: Outcome) -> list[tuple[str, ...]]:
    return [
        (f"{o.claim.id}: {label}", one.word, _text(one.effect), _bar(one.bar), _text(null))
        for label, one, null in zip(o.labels, o.verdict.conditions, o.nulls, strict=False)
    ]


def _over_space(robust: RobustTrial | None) -> str:
    if robust is None:
        return "–"
    return f"{robust.word} ({number(100 * robust.share, 0)} %)"


def _claim(o: Outcome, drawn: Mapping[str, Drawing]) -> Section:
    claim, key = o.claim, o.claim.id.lower()
    caption = f"{claim.id}: {claim.metric} ({claim.unit})."
    words = f"{_effects(o)} The claim holds {_holds_from(o)}."
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


def _effects(o: Outcome) -> str:
    """The effect in words, or that of every condition, with the null."""
    if not o.labels:
        return f"Effect {_text(o.verdict.effect)} {o.claim.unit}, null {_text(o.null)}."
    each = (
        f"{_capital(label)}: {_text(one.effect)}, needed {_bar(one.bar)} (null {_text(null)})"
        for label, one, null in zip(o.labels, o.verdict.conditions, o.nulls, strict=False)
    )
    return f"{'; '.join(each)}. Unit: {o.claim.unit}."


def _came_out(o: Outcome) -> str:
    level = 100 * o.verdict.level
    of = f" ({o.deciding})" if o.deciding else ""
    text = (
        f"{_capital(o.word)}. {_capital(o.claim.metric)}{of}: {_text(o.verdict.effect)} {o.claim.unit} over "
        f"{o.verdict.effect.n} replications ({'four standard errors or ' if o.claim.stated is not None else ''}"
        f"{number(level, 1)} % interval). The claim holds {_holds_from(o)}."
    )
    if o.labels:
        met = [label for label, one in zip(o.labels, o.verdict.conditions, strict=False) if one.word == SUPPORTED]
        text += f" Of the {len(o.labels)} conditions, all needed, met: {', '.join(met) or 'none'}"
        text += f"; failed: {', '.join(o.failing) or 'none'}."
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
        f"{_rule(boundary)}. The rule is right at {number(100 * boundary.accuracy, 0)} % of points that "
        f"it has not seen (always guessing the commoner verdict: {number(100 * boundary.majority, 0)} %)."
    )
    if not boundary.useful:
        text += " It does not beat that guess, so no boundary was found."
    return text


def _notes(o: Outcome) -> tuple[Note, ...]:
    claim = o.claim
    standing = {
        FINDING: "The equations alone do not decide this verdict.",
        OPEN: _why_open(o),
        TRUE: claim.structural,
        FALSE: claim.structural,
    }[o.standing]
    exact = "exactly 0 in every replication"
    if not claim.exact_null:
        exact = "within four standard errors of 0, and its interval within the smallest effect of interest"
    notes = [Note(_capital(o.standing), standing)]
    if claim.structural and o.standing not in (TRUE, FALSE):
        notes.append(Note("Built into the equations", claim.structural))
    should = f"({exact})" if o.null_vanishes else f"(it should be {exact})"
    nulls = ", ".join(_text(null) for null in o.nulls)
    notes.append(
        Note("Null", f"With the mechanism off ({claim.null_words}) the effect is {nulls}: it {o.null_word} {should}.")
    )
    if claim.reference:
        notes.append(Note("Reference", claim.reference))
    notes += [Note("Beside it", text) for text in o.point.reference.notes]
    notes += [Note("Read with care", text) for text in (*claim.caveats, _replications(o))]
    return tuple(notes)


def _why_open(o: Outcome) -> str:
    """Which of the two reasons it is that nothing follows."""
    why = []
    if o.verdict.word == UNDECIDED:
        bar = "the edge of what the claim states" if o.claim.stated is not None else "what the claim needs at least"
        why.append(f"the interval includes {bar}")
    if not o.null_vanishes:
        why.append(f"the null {o.null_word}")
    return f"{_capital(' and '.join(why))}."


def _replications(o: Outcome) -> str:
    """The specification asks for more replications; what that costs shows in the intervals."""
    text = f"The specification asks for {_ASKED} replications at the reference point; here are {o.verdict.effect.n}"
    if o.robust is not None:
        text += f", and {o.robust.replications} instead of {_ASKED_SPACE} at each point of the swing space"
    return f"{text}. The intervals show what that costs."


def _rule(boundary: Boundary) -> str:
    """The rule in words, with names as they read."""
    held = [leaf for leaf in boundary.leaves if leaf.holds]
    if not held or not boundary.parameters:
        return "no shallow rule in the swing parameters"
    return "holds where " + "; or where ".join(
        " and ".join(condition_in_words(condition) for condition in leaf.conditions) for leaf in held
    )


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
        return f"{value_of(swing.low)} to {value_of(swing.high)}{', log scale' if swing.log else ''}"
    return ", ".join(value_of(value) for value in swing)


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
        "A claim that needs m conditions is supported only if all of them are and refuted if one is, each at an m-th "
        "of that level; shown is the one that decides. Effects relative to a mean have intervals that include the "
        "error of that mean (delta method).",
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


def _row(o: Outcome) -> EffectRow:
    """A claim among others: by the condition that decides."""
    name = f"{o.claim.id} {o.claim.statement}" + (f" ({o.deciding})" if o.deciding else "")
    return replace(_strip(o, o.verdict.decisive, name, o.word), note="" if o.standing == FINDING else o.standing)


def _rows(o: Outcome) -> list[EffectRow]:
    """A claim by itself: a row for every condition."""
    labels = o.labels or (o.claim.metric,)
    words = [o.word] if not o.labels else [one.word for one in o.verdict.conditions]
    return [_strip(o, i, label, word) for i, (label, word) in enumerate(zip(labels, words, strict=False))]


def _strip(o: Outcome, place: int, name: str, shown: str) -> EffectRow:
    one = o.verdict.conditions[place]
    null = o.nulls[min(place, len(o.nulls) - 1)]
    effect = one.effect
    return EffectRow(
        name, effect.mean, effect.low, effect.high, null.mean, null.low, null.high, *one.bar.allowed, one.word, shown,
        o.claim.unit,
    )  # fmt: skip


def _panel(o: Outcome, name: str) -> SpacePanel:
    assert o.robust is not None
    values, swing = [point[name] for point in o.robust.points], o.claim.swing[name]
    if isinstance(swing, Range):
        return SpacePanel(_name(name), [float(value) for value in values], log=swing.log)
    names = [str(value) for value in swing]
    places = [float(names.index(str(value))) for value in values]
    return SpacePanel(_name(name), places, tuple(value_of(value) for value in swing))


def _bar(bar: Bar) -> str:
    text = f"{bar.sesoi:g}".replace("-", MINUS)
    return text if bar.stated is None else f"{bar.stated:g} ± {text}"


def _holds_from(o: Outcome) -> str:
    text = f"{_bar(o.bar)} ({o.claim.unit})"
    return f"from {text} on" if o.claim.stated is None else f"within {text}"


def _text(found: Estimate) -> str:
    return with_interval(found.mean, found.low, found.high, sign=False)


def _name(parameter: str) -> str:
    return name_of(parameter)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
