"""Sections of a decision report: which scenario is best, and all of them against the base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.decisions.study import Evidence
from analysis.figures.style import displayed, inline_svg, records, title_of
from analysis.measures import METRICS
from analysis.report.compare_answer import capital
from analysis.report.decide_answer import label_of, listed, smallest
from analysis.report.numbers import difference, number, with_interval
from analysis.report.page import Figure, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def selection_section(found: Evidence, descriptions: Mapping[str, str], evidence: Mapping[str, str]) -> Section:
    s, over = found.sample, found.with_best
    factor, _, unit = displayed(s.asked.criterion_metric.unit)
    rows = []
    for i in found.ranked:
        name, out = s.scenarios[i], s.state.eliminated_at[i]
        against = "–"
        if over is not None:
            against = with_interval(*(factor * float(part[i]) for part in (over.difference, over.low, over.high)))
        fate = f"left out after {out}" if out else ("chosen" if s.state.done and i == found.best else "still in")
        fate = "the same as the chosen" if s.state.done and found.twin(i) else fate
        may = "–" if over is None else ("yes" if i in over.candidates else "no")
        mark = " (base)" if i == 0 else "" if i in found.options else " (negative control)"
        rows.append((title_of(name) + mark, against, may, fate, descriptions.get(name, ""),
                     evidence.get(name) or "not graded"))  # fmt: skip
    table = Table(
        "Every scenario against the best of the others, best first",
        ("Scenario", f"Difference, {unit}" if unit else "Difference", "May be the best", "Selection", "What is done",
         "Evidence for its size"),
        tuple(rows), "lrlll" + "l",
    )  # fmt: skip
    ended = f"It ended after {s.state.n} replications" if s.state.done else f"It has not ended after {s.n} replications"
    selection = (
        f"Selection (Kim and Nelson 2001) leaves out scenarios that are clearly beaten until one is left. {ended}; "
        f"{s.state.most} would have been the most. If one scenario beats every other by at least {smallest(found)}, "
        f"it is the one chosen with a probability of at least {100 * s.asked.confidence:g} %. About scenarios "
        "closer than that to the best nothing is promised; the choice between them matters less than was said to "
        "matter."
    )
    compared = (
        f"Comparisons with the best (Hsu 1984), on all {s.n} replications: the differences to the best of the "
        f"others, whose intervals hold together with {100 * s.asked.confidence:g} %. An interval that lies below 0 "
        "or ends there is that of a scenario which is not the best. Larger is better throughout."
    )
    return Section("Which is best", (selection, compared), (table,))


def base_section(found: Evidence, drawn: Mapping[str, Drawing]) -> Section | None:
    if "differences" not in drawn:
        return None
    s = found.sample
    rows = {(r["scenario"], r["metric"]): r for r in records(found.table)}
    ordered = [s.scenarios[i] for i in found.ranked if i != 0]

    def cell(scenario: str, metric: str) -> str:
        r = rows[scenario, metric]
        return difference(r["difference"], r["difference_low"], r["difference_high"], METRICS[metric].unit)

    def held(scenario: str, metric: str) -> str:
        r = rows[scenario, metric]
        words = [r["no_worse"] or r["equivalence"] or "–"]
        return words[0] + (", equivalent" if r["equivalence"] == "equivalent" and r["no_worse"] else "")

    columns = ("Scenario", *(column(m) for m in s.asked.watched))
    family = Table(
        "Differences to the base, with the intervals of Holm's procedure",
        columns, tuple((title_of(n), *(cell(n, m) for m in s.asked.watched)) for n in ordered),
    )  # fmt: skip
    margins = ["Margin"]
    for metric in s.asked.watched:
        factor, _, unit = displayed(METRICS[metric].unit)
        of_metric = [float(r["margin"]) for (_, m), r in rows.items() if m == metric]
        margins.append(f"{number(factor * of_metric[0])} {unit}".rstrip())
    equivalence = Table(
        "Is it no worse than the base by more than the margin? Is it equivalent to it?",
        ("Scenario", *(capital(label_of(METRICS[m])) for m in s.asked.watched)),
        (tuple(margins), *((title_of(n), *(held(n, m) for m in s.asked.watched)) for n in ordered)),
        "l" * len(columns),
    )  # fmt: skip
    best = title_of(ordered[0])
    caption = f"Difference to {title_of(s.base)}, paired by replication, with the intervals of Holm's procedure."
    if controls := [title_of(name) for name in found.controls if name in ordered]:
        which = "is a negative control" if len(controls) == 1 else "are negative controls"
        caption += f" {capital(listed(controls))} {which}: a gain there is no improvement."
    clear = sum(bool(r["rejected"]) for r in rows.values())
    words = (
        f"A panel for each of {len(s.asked.watched)} metrics, a row for each scenario, best first ({best}). {clear} of "
        f"{len(rows)} intervals leave out 0."
    )
    text = (
        f"{len(rows)} comparisons are one family: with a probability of 95 % no difference is called clear that is "
        "none (Holm 1979). An interval leaves out 0 exactly where the difference is clear in the family."
    )
    margin = (
        "No worse: shown, at 5 %, that it is not worse by as much as the margin. Equivalent: shown at 5 % that it "
        "lies within the margin on either side (two one-sided tests, Schuirmann 1987). Worse, different: the "
        "whole 90 % interval lies beyond the margin. These tests are not adjusted for their number."
    )
    svg = inline_svg(drawn["differences"], "differences", caption, words)
    return Section("Against the base", (text, margin), (equivalence,), (Figure(svg, caption, words, family),))


def column(metric: str) -> str:
    unit = displayed(METRICS[metric].unit)[2]
    label = capital(label_of(METRICS[metric]))
    return f"{label}, {unit}" if unit else label
