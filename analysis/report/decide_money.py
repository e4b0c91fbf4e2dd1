"""Sections of a decision report: what the scenarios cost, and what a point must be worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.decisions.cost_effectiveness import DOMINATED, EXTENDEDLY, FRONTIER, Place
from analysis.decisions.runs import cost_unit
from analysis.decisions.study import CONTROL, Evidence
from analysis.figures.cost_effectiveness_plane import Increment
from analysis.figures.style import displayed, inline_svg, records, title_of
from analysis.measures import METRICS
from analysis.report.compare_answer import capital
from analysis.report.decide_answer import buy, effect_name, label_of, listed, threshold_text, worths
from analysis.report.numbers import number, with_interval
from analysis.report.page import Figure, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_NEVER = 0.02  # probability below which a scenario is not drawn in the acceptability curve


def price_section(found: Evidence, drawn: Mapping[str, Drawing]) -> Section | None:
    if "cost_effectiveness" not in drawn:
        return None
    s, unit = found.sample, cost_unit(found.sample.asked)
    rows: tuple[tuple[str, ...], ...] = tuple(
        (
            title_of(r["scenario"]), with_interval(r["effect_increment"], r["effect_low"], r["effect_high"]),
            with_interval(r["cost_increment"], r["cost_low"], r["cost_high"]), standing(found, p), number(r["icer"]),
            "yes" if r["gap_frontier"] else "no",
        )
        for r, p in zip(records(found.cost_table), found.places, strict=True)
    )  # fmt: skip
    columns = [
        "Scenario", f"{capital(effect_name(found))}, {displayed(METRICS[s.asked.effect].unit)[2]}", f"Cost, {unit}",
        "Standing", "Cost of one more point", "On the frontier of gap and cost",
    ]  # fmt: skip
    if not found.gap_frontier:
        columns, rows = columns[:-1], tuple(row[:-1] for row in rows)
    table = Table("Increments against the base [95 % interval], in order of cost", tuple(columns), rows, "lrrlrl")
    front = [title_of(s.scenarios[p.scenario]) for p in found.places if p.status == FRONTIER]
    caption = (
        "What each scenario adds in effect and in cost; the line joins the best buys. Scenarios that lie on one "
        "another share a mark."
    )
    words = (
        f"{len(s.scenarios)} scenarios by {effect_label(found)} and cost. On the frontier: {listed(front)}. The "
        "farther right and down, the better the buy. Negative controls are shown, but nobody's buy."
    )
    cost = METRICS[s.asked.cost]
    counted = "taken as what is lost of it" if cost.better == "higher" else "all classes and the programmes included"
    counted = (
        f"Cost is {label_of(cost)}, {counted}, in {unit}. Programmes bear the part of their one-off spending that "
        "falls into the measured time."
    )
    text = (
        "Dominated: another scenario does as much or more for as little or less. Dominated by mixtures: a mixture "
        "of two others would. The cost of one more point is that against the next cheaper scenario on the "
        "frontier, on mean values (Drummond et al. 2015)."
    )
    svg = inline_svg(drawn["cost_effectiveness"], "cost_effectiveness", caption, words)
    return Section("What it costs", (counted, text), (), (Figure(svg, caption, words, table),))


def worth_section(found: Evidence, drawn: Mapping[str, Drawing]) -> Section | None:
    if "acceptability" not in drawn:
        return None
    s, unit, a = found.sample, cost_unit(found.sample.asked), found.acceptability
    shown = contenders(found)
    rows_of = [found.distinct.index(s.scenarios.index(name)) for name in shown]
    picked = range(0, len(a.worths), max(1, (len(a.worths) - 1) // 10))
    rows = tuple(
        (number(float(a.worths[j])), title_of(s.scenarios[found.distinct[int(a.best[j])]]),
         *(number(100 * float(a.probability[row, j]), 0) for row in rows_of))
        for j in picked
    )  # fmt: skip
    data = Table(
        "Probability of the largest net benefit, % (every worth: acceptability.csv)",
        (f"Worth, {unit}", "Best on average", *(title_of(name) for name in shown)), rows, "rl" + "r" * len(shown),
    )  # fmt: skip
    changes = Table(
        "Where the best buy changes",
        (f"Worth of a point, {unit} [95 % interval]", "Below", "Above"),
        tuple(
            (threshold_text(t), buy(found, t.before), buy(found, t.after))
            for t in found.thresholds
        ),
        "lll",
    )  # fmt: skip
    caption = f"Net benefit and the probability to be the best buy, over what a point of {effect_name(found)} is worth."
    words = (
        f"Two panels over the worth of a point, from {number(float(a.worths[0]))} to {number(float(a.worths[-1]))} "
        f"{unit}. {worths(found)} Scenarios with less than {100 * _NEVER:g} % everywhere are not drawn."
    )
    text = (
        "Net benefit is worth × effect − cost, less that of the base; its band is the paired 95 % interval. The "
        f"probability comes from {s.asked.resamples} bootstrap samples of whole replications, so pairs stay "
        f"together (Monte Carlo standard error at most {number(100 * float(a.error.max()), 1)} percentage points). "
        "It is the doubt that comes from the number of replications: it vanishes with more of them, unlike the "
        "doubt about parameters."
    )
    svg = inline_svg(drawn["acceptability"], "acceptability", caption, words)
    tables = (changes,) if changes.rows else ()
    return Section("What a point is worth", (text,), tables, (Figure(svg, caption, words, data),))


def effect_label(found: Evidence) -> str:
    """The effect axis: what changes, with its unit, for the better."""
    metric = METRICS[found.sample.asked.effect]
    unit = displayed(metric.unit)[2]
    return f"{effect_name(found)} against the base{', ' + unit if unit else ''}"


def contenders(found: Evidence) -> list[str]:
    """Scenarios that are the best buy somewhere with a probability worth showing, and the base."""
    most = found.acceptability.probability.max(axis=1)
    return [found.sample.scenarios[row] for i, row in enumerate(found.distinct) if row == 0 or most[i] >= _NEVER]


def standing(found: Evidence, place: Place) -> str:
    """A scenario's place in the incremental table, in words."""
    by = "" if place.by is None else title_of(found.sample.scenarios[place.by])
    if place.status == CONTROL:
        return CONTROL
    if place.status == FRONTIER:
        if found.like_base(place.scenario):
            return "frontier, not told apart from the base"
        return "frontier" if math.isnan(place.icer) else f"frontier, {number(place.icer)} a point"
    if place.by is not None and found.like_base(place.by) and place.scenario == 0:
        return f"not told apart from {by}"
    words = {DOMINATED: f"dominated by {by}", EXTENDEDLY: f"dominated by mixtures with {by}"}
    return words.get(place.status, f"the same as {by}")


def increments(found: Evidence) -> list[Increment]:
    """The points of the plane in order of cost."""
    effect, cost = found.increments

    def ends(part: object, row: int) -> tuple[float, float, float]:
        mean, low, high = (float(getattr(part, name)[row]) for name in ("mean", "low", "high"))
        return mean, low, high

    return [
        Increment(found.sample.scenarios[p.scenario], ends(effect, p.scenario), ends(cost, p.scenario),
                  p.status == FRONTIER, standing(found, p))
        for p in found.places
    ]  # fmt: skip
