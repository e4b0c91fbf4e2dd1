"""The report of a diagnosis: what disappoints customers, by causes that were taken out, and what a count would say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.diagnosis.findings import Findings
from analysis.diagnosis.study import FAILURES
from analysis.figures.fishbone import MOST_TWIGS, Bone, Twig, fishbone
from analysis.figures.pareto_chart import MOST_ROWS, Pair, count_chart, pareto_chart
from analysis.figures.style import inline_svg, records, title_of
from analysis.measures import METRICS
from analysis.report.compare_answer import capital
from analysis.report.diagnose_answer import adds_up, answer, count_line
from analysis.report.diagnose_method import method_section, taken_out_section
from analysis.report.diagnose_results import (
    Row,
    causes_in,
    cautions,
    cell,
    column,
    has_count,
    is_clear,
    is_negligible,
    joined,
    label_of,
    level_of,
    level_text,
    lowered,
    percent,
    ranked,
    ranked_bones,
    total_of,
    twig_label,
)
from analysis.report.numbers import number
from analysis.report.page import Figure, Note, ReportPage, Section, Table
from sim.blueprint import Horizon

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_MOST_PAIRS = 6


def diagnose_figures(found: Findings) -> dict[str, Drawing]:
    """The figures by file name: a fishbone for each metric, Pareto chart, count against causes."""
    figures = {f"fishbone_{metric}": _fishbone(found, metric) for metric in found.metrics}
    if len(found.pareto):
        figures["pareto"] = pareto_chart(found.pareto)
    if has_count(found):
        figures["count"] = count_chart([_pair(row) for row in causes_in(found, FAILURES)])
    return figures


def diagnose_page(
    found: Findings,
    *,
    system: str,
    seed: int,
    engine: str,
    horizon: Horizon,
    figures: Mapping[str, Drawing] | None = None,
) -> ReportPage:
    """The page. `figures` as from `diagnose_figures` (drawn here if not given)."""
    drawn = figures or diagnose_figures(found)
    d = found.diagnosis
    sections = [_in_short(found), _fishbones(found, drawn), _shares(found)]
    if "pareto" in drawn:
        sections.append(_count(found, drawn))
    sections += [
        _together(found),
        _findings(found),
        taken_out_section(found),
        method_section(found, seed, engine, horizon),
    ]
    return ReportPage(
        title=f"Why customers of {title_of(system)} are disappointed",
        question=f"Which causes bring about failures, waiting and gaps in {title_of(system)}, and what would really "
        "change without them?",
        answer=answer(found),
        sections=tuple(section for section in sections if section is not None),
        facts=(
            ("System", system), ("Scenario", d.scenario), ("Causes, by", d.asked.by),
            ("Sets of causes taken out", str(len(d.design.sets))), ("Replications", str(d.finished)),
            ("Runs", number(d.runs, 0)), ("Seed", str(seed)), ("Engine", engine),
        ),
        warnings=cautions(found),
    )  # fmt: skip


def _in_short(found: Findings) -> Section | None:
    if found.diagnosis.finished < 2:
        return None
    notes = [Note(capital(label_of(metric)), adds_up(found, metric)) for metric in found.metrics[:2]]
    if has_count(found):
        notes.append(Note("What a count would say", count_line(found)))
    return Section("In short", (), (), (), tuple(notes))


# -- sections ------------------------------------------------------------------------------------------------


def _fishbones(found: Findings, drawn: Mapping[str, Drawing]) -> Section:
    figures = []
    for metric in found.metrics:
        caption = f"What adds to {lowered(metric)}: the causes as bones, the strongest parts of each as twigs."
        bones = ranked_bones(found, metric)
        words = "; ".join(f"{title_of(b['bone'])} {cell(b, 'adds', metric, METRICS)}" for b in bones)
        name = f"fishbone_{metric}"
        figures.append(Figure(inline_svg(drawn[name], name, caption, words), caption, words))
    twigs = (
        "Twigs are kinds of causes at single places, each taken out alone, so they need not add up to their bone"
        if found.diagnosis.twigs
        else "Twigs are the causes that a bone holds; they add up to it"
    )
    parts = len(found.diagnosis.twigs)
    chance = f" (of {parts} parts, {number(0.05 * parts, 0)} would by chance alone)" if parts >= 20 else ""
    text = (
        "The coloured part of a bone is as long as what the cause adds (its Shapley value), from the spine outwards; "
        f"the largest stands next to the head. {twigs}; at most {MOST_TWIGS} are drawn, and only those whose 95 % "
        f"interval excludes 0{chance}. All lengths of a figure are on one scale. The values stand in fishbone.csv."
    )
    return Section("The fishbone", (text,), (), tuple(figures))


def _shares(found: Findings) -> Section:
    tables = []
    for metric in found.metrics:
        level = level_of(found, metric)
        rows = [
            (
                title_of(r["cause"]), cell(r, "adds", metric, METRICS), percent(r, "share"),
                cell(r, "alone", metric, METRICS), cell(r, "last", metric, METRICS),
            )
            for r in [*ranked(found, metric), total_of(found, metric)]
        ]  # fmt: skip
        caption = (
            f"{column(metric, METRICS)}: {cell(level, 'mean', metric, METRICS, sign=False)} as it is, "
            f"{cell(level, 'rest', metric, METRICS, sign=False)} without all causes [95 % interval]"
        )
        tables.append(Table(caption, ("Cause", "Adds", "Share, %", "First", "Last"), tuple(rows)))
    text = (
        "Adds: what the metric loses when the cause is taken out, averaged over all orders in which causes can be "
        "taken out; with a negative sign it makes the metric smaller (a gap wider). Share: of what all causes add "
        "together. First: when it is the only one taken out. Last: when all others are out already. Where First and "
        "Last differ, causes work through each other, and no single number is what the cause does."
    )
    return Section("What each cause adds", (text,), tuple(tables))


def _count(found: Findings, drawn: Mapping[str, Drawing]) -> Section:
    rows = found.pareto
    caption = "Errors that reached a customer, by the stage and the class that made them."
    half = int((rows["cumulative"] < 0.5).sum()) + 1
    words = f"{half} of {len(rows)} origins make half of the errors that reached a customer. All stand in pareto.csv."
    figures = [Figure(inline_svg(drawn["pareto"], "pareto", caption, words), caption, words)]
    tables = []
    text = (
        "A firm that recorded every error with its origin could count: this is the naive Pareto chart"
        + (f" ({MOST_ROWS} of {len(rows)} origins are drawn). " if len(rows) > MOST_ROWS else ". ")
        + "It cannot know what would have happened instead. Without the cause another error may have reached the same "
        "order; an error that primes others is counted once; and waiting, morale and promises leave no error behind. "
        "Errors of the class knock-on, which follow others, are put down to no family"
        + (f" ({number(100 * found.uncounted, 0)}\u00a0% fall to no cause here)." if found.uncounted > 0 else ".")
    )
    if "count" in drawn:
        caption = "The count against the causal shares of failures."
        words = count_line(found)
        figures.append(Figure(inline_svg(drawn["count"], "count", caption, words), caption, words))
        tables.append(
            Table(
                "Failures: share by count, share by taking out, and their difference in points [95 % interval]",
                ("Cause", "Counted, %", "Causal, %", "Causal − counted"),
                tuple(
                    (title_of(r["cause"]), percent(r, "naive"), percent(r, "share"), percent(r, "difference"))
                    for r in causes_in(found, FAILURES)
                ),
            )
        )
    return Section("What a count would say", (text, count_line(found)), tuple(tables), tuple(figures))


def _together(found: Findings) -> Section:
    if found.diagnosis.design.orders is not None:
        text = (
            "With so many causes only a sample of the sets was run, which gives no interaction of single pairs; First "
            "and Last of each cause tell how far it works through others."
        )
        return Section("Causes that work through each other", (text,))
    tables = []
    for metric in found.metrics[:2]:
        pairs = records(found.pairs[found.pairs["metric"] == metric])
        pairs.sort(key=lambda r: -abs(r["interaction"]))
        rows = tuple(
            (f"{title_of(r['cause'])} × {title_of(r['other'])}", cell(r, "interaction", metric, METRICS))
            for r in pairs[:_MOST_PAIRS]
        )
        if rows:
            tables.append(Table(f"Largest interactions on {column(metric, METRICS)}", ("Pair", "Interaction"), rows))
    text = (
        "Interaction: by how much the presence of one cause changes what the other adds (Shapley interaction index). "
        "With the sign of what both add, they make each other worse, as factors do; with the opposite sign they "
        "overlap, as two delays do of which only the longer counts. All pairs stand in interactions.csv."
    )
    return Section("Causes that work through each other", (text,), tuple(tables))


def _findings(found: Findings) -> Section:
    notes = []
    absent = set(found.diagnosis.absent)
    share = f"±{100 * found.diagnosis.asked.negligible:g}\u00a0%"
    for metric in found.metrics:
        rows = ranked(found, metric)
        clear = [r for r in rows if is_clear(r, "low", "high")]
        nil = [r for r in rows if r["low"] == r["high"] == 0.0 and r["cause"] not in absent]
        rest = [r for r in rows if r not in clear and r not in nil and r["cause"] not in absent]
        small = [r for r in rest if is_negligible(found, r)]
        open_ = [r for r in rest if r not in small]
        for standing, chosen, text in (
            ("Finding", clear, "the interval excludes 0 for"),
            ("Finding", nil, "exactly 0 in every replication for"),
            ("Finding", small, f"next to nothing, the interval lies within {share} of the level, for"),
            ("Says nothing either way", open_, "the interval includes 0 for"),
        ):
            if chosen:
                told = "; ".join(f"{title_of(r['cause'])} {cell(r, 'adds', metric, METRICS)}" for r in chosen)
                notes.append(Note(standing, f"{column(metric, METRICS)}: {text} {told}."))
    if has_count(found):
        differs = any(is_clear(r, "difference_low", "difference_high") for r in causes_in(found, FAILURES))
        notes.append(Note("Finding" if differs else "Says nothing either way", count_line(found)))
    if absent:
        names = joined([title_of(name) for name in found.diagnosis.absent])
        text = f"This system has nothing of these causes, so taking them out changes no run: {names}."
        notes.append(Note("True by construction", text))
    text = (
        "Shares hold for this system with these parameters. Each interval stands alone, not adjusted for their number; "
        f"that a cause adds next to nothing is shown where its interval lies within {share} of the metric's level "
        "(diagnose.negligible, an assumption), and only there."
    )
    return Section("What is a finding and what is not", (text,), (), (), tuple(notes))


# -- figures --------------------------------------------------------------------------------------------------


def _fishbone(found: Findings, metric: str) -> Drawing:
    """Bones and twigs as shares of the total, or where that is not known as parts of the largest."""
    total = total_of(found, metric)
    level, rest = level_of(found, metric), total_of(found, metric)["adds"]
    unit = abs(total["adds"]) or 1.0
    sign = math.copysign(1.0, rest or 1.0)
    twigs = records(found.twigs[found.twigs["metric"] == metric])
    bones = []
    for row in ranked_bones(found, metric):
        parts = [t for t in twigs if t["bone"] == row["bone"] and is_clear(t, "low", "high")][:MOST_TWIGS]
        text = cell(row, "adds", metric, METRICS)
        if math.isfinite(row["share"]):
            text = f"{number(100 * row['share'], 0)} %: {text}"
        bones.append(
            Bone(
                title_of(row["bone"]).capitalize(), text, sign * row["adds"] / unit,
                tuple(Twig(twig_label(t, metric), sign * t["adds"] / unit) for t in parts),
            )
        )  # fmt: skip
    return fishbone(bones, label_of(metric), level_text(level, metric))


def _pair(row: Row) -> Pair:
    def ends(name: str) -> tuple[float, float, float]:
        return 100 * row[name], 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]

    return Pair(str(row["cause"]), ends("naive"), ends("share"))
