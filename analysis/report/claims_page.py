"""The report of the claims laboratory: verdicts on one page, and a part for each claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.claims.names import name_of, value_of
from analysis.claims.outcome import FALSE, FINDING, OPEN, TRUE, Outcome
from analysis.claims.robust import RobustTrial
from analysis.claims.verdict import REMAINS, UNSHOWN
from analysis.figures.claims_chart import EffectRow, SpacePanel, effect_strips, space_chart
from analysis.figures.style import inline_svg
from analysis.report.claim_section import PANELS, bar_text, claim_section, interval_text
from analysis.report.numbers import number
from analysis.report.page import Figure, ReportPage, Section, Table
from scenarios.design import Range

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def claims_figures(found: Sequence[Outcome]) -> dict[str, Drawing]:
    """Figures by file name: `verdicts` of all, `c03` of a claim, `c03_space` over its swing parameters."""
    figures = {"verdicts": effect_strips([_row(o) for o in found])}
    for o in found:
        figures[o.claim.id.lower()] = effect_strips(_rows(o))
        if o.robust is not None and math.isfinite(o.robust.share):
            panels = [_panel(o, name) for name in list(o.robust.strength)[:PANELS]]
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
        sections=(_overview(found, drawn), _numbers(found), *(claim_section(o, drawn) for o in found), _method(found)),
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
            o.claim.id, o.word, o.standing, _over_space(o.robust), interval_text(o.verdict.effect), bar_text(o.bar),
            o.claim.unit, o.null_word,
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
        (f"{o.claim.id}: {label}", one.word, interval_text(one.effect), bar_text(one.bar), interval_text(null))
        for label, one, null in zip(o.labels, o.verdict.conditions, o.nulls, strict=False)
    ]


def _over_space(robust: RobustTrial | None) -> str:
    if robust is None:
        return "–"
    return f"{robust.word} ({number(100 * robust.share, 0)} %)"


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
        return SpacePanel(name_of(name), [float(value) for value in values], log=swing.log)
    names = [str(value) for value in swing]
    places = [float(names.index(str(value))) for value in values]
    return SpacePanel(name_of(name), places, tuple(value_of(value) for value in swing))
