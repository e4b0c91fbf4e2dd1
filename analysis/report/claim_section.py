"""The part of a report about one claim: what was said, done and found, and what would overturn it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.claims.boundary import Boundary
from analysis.claims.names import condition_in_words, name_of, value_of
from analysis.claims.outcome import FALSE, FINDING, OPEN, TRUE, Outcome
from analysis.claims.verdict import SUPPORTED, UNDECIDED, Bar, Estimate, estimate
from analysis.figures.style import inline_svg
from analysis.report.numbers import MINUS, number, with_interval
from analysis.report.page import Figure, Note, Section, Table
from scenarios.design import Range

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_ASKED, _ASKED_SPACE = 200, 20  # replications that model.md section 3 asks for
PANELS = 2  # parameters that a claim's effect is drawn against


def claim_section(o: Outcome, drawn: Mapping[str, Drawing]) -> Section:
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
        return f"Effect {interval_text(o.verdict.effect)} {o.claim.unit}, null {interval_text(o.null)}."
    each = (
        f"{_capital(label)}: {interval_text(one.effect)}, needed {bar_text(one.bar)} (null {interval_text(null)})"
        for label, one, null in zip(o.labels, o.verdict.conditions, o.nulls, strict=False)
    )
    return f"{'; '.join(each)}. Unit: {o.claim.unit}."


def _came_out(o: Outcome) -> str:
    level = 100 * o.verdict.level
    of = f" ({o.deciding})" if o.deciding else ""
    text = (
        f"{_capital(o.word)}. {_capital(o.claim.metric)}{of}: {interval_text(o.verdict.effect)} {o.claim.unit} over "
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
            f"to be looked for in {', '.join(name_of(p) for p in o.claim.swing)}; claims.level=robust says where the "
            "verdict turns."
        )
    if not o.robust.turned:
        return f"nothing within the stated ranges of {', '.join(name_of(p) for p in o.claim.swing)}."
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
    nulls = ", ".join(interval_text(null) for null in o.nulls)
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
    rows = tuple((label, interval_text(estimate(values))) for label, values in o.point.reference.parts.items())
    return Table(f"{o.claim.id}: further contrasts, with 95 % intervals", ("Contrast", "Mean [95 % interval]"), rows)


def _strength(o: Outcome) -> Table:
    assert o.robust is not None
    rows = tuple(
        (name_of(name), _range(o.claim.swing[name]), f"{number(100 * share, 0)} %")
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
    names = [name_of(name) for name in list(o.robust.strength)[:PANELS]]
    caption = f"{o.claim.id}: the effect at every point of the swing space, against {' and '.join(names)}."
    words = f"{o.robust.sentence} The dashed line is the smallest effect of interest, the full line 0."
    return Figure(inline_svg(drawing, f"{o.claim.id.lower()}space", caption, words), caption, words)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def bar_text(bar: Bar) -> str:
    text = f"{bar.sesoi:g}".replace("-", MINUS)
    return text if bar.stated is None else f"{bar.stated:g} ± {text}"


def _holds_from(o: Outcome) -> str:
    text = f"{bar_text(o.bar)} ({o.claim.unit})"
    return f"from {text} on" if o.claim.stated is None else f"within {text}"


def interval_text(found: Estimate) -> str:
    return with_interval(found.mean, found.low, found.high, sign=False)
