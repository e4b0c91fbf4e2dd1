"""The report of two starting points: whether the start is forgotten, and the distribution over replications."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.figures.strip_chart import strip_chart
from analysis.figures.style import displayed, inline_svg, title_of
from analysis.figures.weekly_paths import weekly_paths
from analysis.measures.metric import Metric
from analysis.report.numbers import number, signed
from analysis.report.page import Figure, Note, ReportPage, Section, Table, sentences
from analysis.report.start_results import Results
from analysis.starting_points import (
    FORGOTTEN,
    GROWING,
    LASTS,
    NO_SPREAD,
    QUANTILES,
    SHRINKING,
    TWO,
    TWO_MODES,
    UNTOLD,
)
from scenarios.starts import STARTS
from sim.blueprint import Horizon

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_GROUPS = {"low": "low start", "high": "high start"}
_VERDICTS = {FORGOTTEN: "the starting point is forgotten", LASTS: "it lasts", UNTOLD: "cannot be told"}


def start_figures(found: Results) -> dict[str, Drawing]:
    """The figures by file name: `ends`, every replication's value of the last weeks, and `paths`, week by week."""
    shown = [(m, found.column(m), displayed(m.unit)[0]) for m in found.metrics]
    means = {
        (start, m.name): (
            float(found.spread(start, m.name)["mean"]),
            float(found.spread(start, m.name)["low"]),
            float(found.spread(start, m.name)["high"]),
        )
        for m in found.metrics
        for start in STARTS
    }
    last = float(found.paths["week"].max()) if len(found.paths) else 0.0
    return {
        "ends": strip_chart(found.ends, means, shown, _GROUPS),
        "paths": weekly_paths(found.paths, shown, _GROUPS, (last - found.asked.last_weeks, last)),
    }


def starting_points_page(
    found: Results,
    *,
    system: str,
    scenario: str,
    seed: int,
    replications: int,
    engine: str,
    horizon: Horizon,
    week: float,
    figures: Mapping[str, Drawing] | None = None,
) -> ReportPage:
    """The page. `figures` as from `start_figures` (drawn here if not given); `week` in hours."""
    drawn = figures or start_figures(found)
    weeks = horizon.measured / week
    return ReportPage(
        title=f"Two starting points of {title_of(system)}",
        question=f"After {number(weeks, 0)} weeks, does it still matter where {title_of(system)} began, and does it "
        "settle in one regime or in two?",
        answer=answer(found),
        sections=(
            _starts(found),
            _ends(found),
            _spread(found, drawn["ends"]),
            _paths(found, drawn["paths"]),
            _findings(found),
            _method(found, seed, replications, engine, horizon, week),
        ),
        facts=(
            ("System", system), ("Scenario", scenario), ("Replications of each start", str(replications)),
            ("Weeks measured", number(weeks, 0)), ("Weeks compared", f"the last {found.asked.last_weeks}"),
            ("Seed", str(seed)), ("Engine", engine),
        ),
        warnings=found.idle,
    )  # fmt: skip


def answer(found: Results) -> str:
    """Whether the start is forgotten, metric by metric, and the line on one regime or two; worded from the data."""
    if not found.certain:
        return "Nothing can be concluded from one replication: a difference without an interval."
    by_word: dict[str, list[Metric]] = {}
    for metric in found.metrics:
        by_word.setdefault(str(found.row(metric.name)["verdict"]), []).append(metric)
    parts = []
    if FORGOTTEN in by_word:
        parts.append(f"The starting point is forgotten in {_names(found, by_word[FORGOTTEN])}.")
    if LASTS in by_word:
        told = [f"{found.label(m).lower()} ({found.gap(m, with_unit=True)}{_course(found, m)})" for m in by_word[LASTS]]
        parts.append(f"It lasts in {_joined(told)}.")
    if UNTOLD in by_word:
        parts.append(f"It cannot be told for {_names(found, by_word[UNTOLD])}.")
    return sentences([*parts, regime_line(found)])


def regime_line(found: Results) -> str:
    """One regime or two, from the distribution over the replications of both starts."""
    rows = {m: found.row(m.name)["regimes"] for m in found.metrics}
    spread_out = [m for m, word in rows.items() if word != NO_SPREAD]
    if not spread_out:
        return "One regime or two cannot be asked: the replications do not differ, or are too few."
    hints = [m for m in spread_out if rows[m] == TWO]
    if not hints:
        return (
            "One regime or two: over the replications of both starts the bimodality coefficient hints at two in none "
            f"of {len(spread_out)} metrics."
        )
    return (
        "One regime or two: over the replications of both starts the bimodality coefficient hints at two in "
        f"{_names(found, hints)}, and not in the other {len(spread_out) - len(hints)} of {len(spread_out)} metrics. A "
        "lop-sided distribution with one mode gives the same hint; the dots tell them apart."
    )


def _course(found: Results, metric: Metric) -> str:
    word = found.row(metric.name)["course"]
    if word == SHRINKING:
        return ", smaller than half-way through"
    return ", larger than half-way through" if word == GROWING else ""


def _names(found: Results, metrics: Sequence[Metric]) -> str:
    return _joined([found.label(m).lower() for m in metrics])


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _starts(found: Results) -> Section:
    low, high = (found.asked.start(name) for name in STARTS)

    def level(value: float | None) -> str:
        return "as in the system" if value is None else number(value, 2)

    table = Table(
        "State at time 0",
        ("What", "Low start", "High start"),
        (
            ("Cumulative satisfaction of the customers of time 0, distance from what they predict",
             signed(low.satisfaction, 2), signed(high.satisfaction, 2)),
            ("Morale of everybody on the staff, distance from the level of the system",
             signed(low.morale, 2), signed(high.morale, 2)),
            ("Level of service that others tell of", level(low.heard), level(high.heard)),
        ),
    )  # fmt: skip
    text = (
        "Nothing but the state at time 0 differs between the two: customers who come later and staff who join later "
        "begin as in any other run, and both starts use the same named random numbers."
    )
    return Section("Where the runs begin", (text,), (table,))


def _ends(found: Results) -> Section:
    table = Table(
        f"The last {found.asked.last_weeks} weeks, means over replications [95 % interval]",
        ("Metric", "Low start", "High start", "High − low", "Margin", "Verdict"),
        tuple(
            (
                found.column(m), found.mean("low", m), found.mean("high", m), found.gap(m), found.margin(m),
                _VERDICTS[str(found.row(m.name)["verdict"])],
            )
            for m in found.metrics
        ),
        "lrrrrl",
    )  # fmt: skip
    course = Table(
        "The same differences half-way through the run, and what became of them",
        ("Metric", "High − low half-way; since then", "High above low, % of replications", "Equal, %"),
        tuple(
            (
                found.column(m), found.course(m), number(100 * float(found.row(m.name)["share_above"]), 0),
                number(100 * float(found.row(m.name)["share_equal"]), 0),
            )
            for m in found.metrics
        ),
    )  # fmt: skip
    text = (
        "The starting point is forgotten where the interval of the difference lies within the margin, a distance that "
        "is taken not to matter; it lasts where the interval lies beyond it. Where the interval reaches over the edge "
        "of the margin it cannot be told from these replications."
    )
    care = (
        "A stock forgets slowly: customers who left in the first months are missed for years. A difference that lasts "
        "but shrinks is on its way to being forgotten, and by itself no second regime."
    )
    return Section(f"The last {found.asked.last_weeks} weeks", (text, care), (table, course))


def _spread(found: Results, drawn: Drawing) -> Section:
    rows = []
    for metric in found.metrics:
        factor, _, _ = displayed(metric.unit)
        for start in STARTS:
            row = found.spread(start, metric.name)
            digits = _digits(factor * float(row["q95"] - row["q05"]), factor * float(row["q50"]))
            rows.append((
                f"{found.column(metric)}: {start}", str(row["n"]),
                *(number(factor * float(row[q]), digits) for q in QUANTILES), number(float(row["bimodality"]), 2),
            ))  # fmt: skip
    quantiles = Table(
        "Quantiles over replications, and the bimodality coefficient of each start",
        ("Metric and start", "n", *(f"{100 * q:.0f} %" for q in QUANTILES.values()), "Bimodality"),
        tuple(rows),
    )
    both = Table(
        "Both starts together",
        ("Metric", "Distance of the distributions (KS)", "Bimodality", "Regimes"),
        tuple(
            (
                found.column(m), number(float(found.row(m.name)["ks"]), 2),
                number(float(found.row(m.name)["bimodality_both"]), 2), str(found.row(m.name)["regimes"]),
            )
            for m in found.metrics
        ),
        "lrrl",
    )  # fmt: skip
    text = (
        "KS is the Kolmogorov-Smirnov statistic, the largest distance between the two distribution functions: 0 for "
        "equal ones, 1 where every replication of the one start lies above all of the other. No test is made of it, "
        "since the two starts share their random numbers."
    )
    modes = (
        f"The bimodality coefficient of a uniform distribution is {number(TWO_MODES, 3)}, of a normal one about a "
        "third; a value above 5/9 hints at two modes, and so does a lop-sided distribution with one. It is an "
        "indication and no test, and with few replications it strays: look at the dots."
    )
    caption = f"Every replication's value of the last {found.asked.last_weeks} weeks."
    words = (
        f"A panel for each of {len(found.metrics)} metrics with a row of dots for each start, a dot a replication; "
        "the heights of the dots within a row mean nothing. The quantiles stand in the table."
    )
    svg = inline_svg(drawn, "ends", caption, words)
    return Section(
        "Distribution over replications", (text, modes), (quantiles, both), (Figure(svg, caption, words),)
    )  # fmt: skip


def _digits(width: float, size: float) -> int:
    """Decimals that show two figures of a distribution's width, or three of its level where it has none."""
    known = width if width > 0 else abs(size) / 10
    return min(6, max(0, 1 - math.floor(math.log10(known)))) if known > 0 else 0


def _paths(found: Results, drawn: Drawing) -> Section:
    caption = "Mean over replications of each start, week by week, with the middle 90 % of replications."
    words = (
        f"A panel for each of {len(found.metrics)} metrics with two lines, one for each start, from the first week of "
        "the warm-up to the last week measured. The values stand in paths.csv."
    )
    return Section("Week by week", (), (), (Figure(inline_svg(drawn, "paths", caption, words), caption, words),))


def _findings(found: Results) -> Section:
    notes = []
    for metric in found.metrics:
        row, label = found.row(metric.name), found.label(metric)
        if not math.isfinite(row["difference_low"]):
            notes.append(Note("Says nothing either way", f"{label}: one replication gives no interval."))
            continue
        gap = f"{found.gap(metric)}, margin {found.margin(metric)}"
        excludes = row["difference_low"] > 0 or row["difference_high"] < 0
        if row["difference_low"] == row["difference_high"] == 0:
            text = f"{label}: the starting point is forgotten; in every replication the difference is exactly 0."
            notes.append(Note("Finding", text))
        elif row["verdict"] == FORGOTTEN:
            remains = ", though it is not 0" if excludes else ""
            text = f"{label}: the starting point is forgotten; the difference lies within the margin{remains} ({gap})."
            notes.append(Note("Finding", text))
        elif row["verdict"] == LASTS:
            text = f"{label}: it lasts; the difference lies beyond the margin ({gap}){_course(found, metric)}."
            notes.append(Note("Finding", text))
        else:
            known = "there is a difference, but whether it matters" if excludes else "whether there is one that matters"
            text = f"{label}: {known} cannot be told ({gap}){_course(found, metric)}."
            notes.append(Note("Says nothing either way", text))
    line = Note("Indication", regime_line(found))
    text = (
        "Each interval stands alone, not adjusted for the number of metrics. The bimodality coefficient is an "
        "indication: of many coefficients some exceed 5/9 by chance."
    )
    return Section("What is a finding and what is not", (text,), (), (), (*notes, line))


def _method(
    found: Results, seed: int, replications: int, engine: str, horizon: Horizon, week: float
) -> Section:  # fmt: skip
    runs = (
        f"Each start ran {replications} times (seed {seed}, engine {engine}) with a warm-up of "
        f"{number(horizon.warm_up / week, 1)} weeks and {number(horizon.measured / week, 0)} weeks measured. The state "
        "is set at time 0, so the warm-up belongs to what has to be forgotten. Replication r of both starts uses the "
        "same named random numbers."
    )
    measured = (
        "Service quality is the mean of the ratios of the orders delivered in the weeks; active customers the average "
        "over the time; retention exp(−customers lost a year and customer), without those who had all the orders they "
        "came for; morale the mean over filled seats at the ends of the weeks; late orders those delivered after the "
        "promised lead time. Values of every replication stand in ends.csv."
    )
    notes = (
        Note(
            "Assumption",
            "The margins: what difference does not matter. They are settings (starting_points.same_within).",
        ),
        Note(
            "Assumption",
            "Two starting points stand for all. A regime that neither of them leads to would not be seen.",
        ),
        Note(
            "Not claimed",
            "That any firm would see these figures. An interval measures the randomness of the simulation, not the "
            "doubt about parameters.",
        ),
    )
    return Section("Method and assumptions", (runs, measured), (), (), notes)
