"""The report of a sweep: what was varied, what came of it, and what differs from the base point."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.compare import Spread
from analysis.figures.effects_chart import Panel, effects_chart
from analysis.figures.forest import verdict
from analysis.figures.style import inline_svg, title_of
from analysis.measures import METRICS
from analysis.report.numbers import difference, digits_for, number, with_interval
from analysis.report.page import Figure, Note, ReportPage, Section, Table, sentences
from analysis.report.study_table import SHORT
from analysis.sweeps.names import factor_titles, point_title, unit_of, value_title
from analysis.sweeps.results import SweepResults, ranked
from scenarios.config import Settings
from scenarios.design import SweepSettings, Values

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_MOST_ROWS = 60  # points in a table; all of them stand in points.csv
_MOST_DRAWN = 3  # metrics with a figure of their own
_MOST_FACTORS = 12  # panels of a figure
_MOST_NAMED = 8  # named values that a panel can label
_DESIGNS = {
    "grid": "all combinations of the values",
    "list": "values walked through together",
    "latin_hypercube": "a Latin hypercube: every factor's range is cut into as many strata as there are points, and "
    "each stratum is met once",
}


def sweep_figures(
    points: Sequence[Values], asked: SweepSettings, results: SweepResults, shown: Sequence[str]
) -> dict[str, Drawing]:
    """A figure for each of the first metrics, by file name: main effects for a grid, else a panel of all points."""
    titles = factor_titles(points[0])
    drawn = {}
    for metric in shown[:_MOST_DRAWN]:
        panels = [_panel(points, asked, results, metric, factor, titles[factor]) for factor in list(titles)]
        usable = [panel for panel in panels if panel is not None][:_MOST_FACTORS]
        if usable:
            _, unit, _ = unit_of(metric)
            drawn[metric] = effects_chart(usable, f"{_label(metric)}{f', {unit}' if unit else ''}")
    return drawn


def _panel(
    points: Sequence[Values], asked: SweepSettings, results: SweepResults, metric: str, factor: str, title: str
) -> Panel | None:
    """The panel of a factor; None for one that does not vary, or has more named values than can be labelled."""
    column = results.metrics.index(metric)
    scale, _, _ = unit_of(metric)
    levels = results.levels.get(factor)
    if levels is not None:
        values = [value for value, _ in levels]
        parts = [[scale * float(getattr(s, part)[column]) for _, s in levels] for part in ("mean", "low", "high")]
    else:
        values = [point[factor] for point in points]
        parts = [(scale * getattr(results.means, part)[:, column]).tolist() for part in ("mean", "low", "high")]
    keys = {json.dumps(value): value for value in values}
    if len(keys) < 2:
        return None
    numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    if numeric:
        given = (asked.over or {}).get(factor)
        log = isinstance(given, Mapping) and bool(given.get("log"))
        order = np.argsort(np.array(values, dtype=float), kind="stable")
        places = [float(values[i]) for i in order]
        mean, low, high = ([part[i] for i in order] for part in parts)
        return Panel(title, places, mean, low, high, joined=levels is not None, log=log)
    if len(keys) > _MOST_NAMED:
        return None
    names, place = tuple(value_title(v) for v in keys.values()), {key: i for i, key in enumerate(keys)}
    places = [float(place[json.dumps(value)]) for value in values]
    if levels is None:  # points side by side, in their order
        places = [x + 0.6 * (i / len(values) - 0.5) for i, x in enumerate(places)]
    mean, low, high = parts
    return Panel(title, places, mean, low, high, names=names)


def sweep_page(
    *, points: Sequence[Values], asked: SweepSettings, results: SweepResults, shown: Sequence[str],
    reasons: Mapping[tuple[int, int], str], settings: Settings, warnings: Sequence[str],
    figures: Mapping[str, Drawing], controls: frozenset[int] = frozenset(),
) -> ReportPage:  # fmt: skip
    """The report page. `shown`: metrics, the leading one first; `reasons`: (place of point, replication) -> why not;
    `controls`: places of the points with a negative control."""
    order = ranked(results, shown[0])
    sections = [
        _design(points, asked),
        _results(points, results, shown, order, controls),
        _effects(asked, figures),
        _differences(points, results, shown, order),
        _quarantined(points, reasons),
        _method(asked, results, settings),
    ]
    made = int(results.runs.sum())
    return ReportPage(
        title=f"A sweep over {title_of(settings.system)}",
        question=f"How does {_label(shown[0])[0].lower() + _label(shown[0])[1:]} depend on "
        f"{_listing(list(factor_titles(points[0]).values()))}?",
        answer=answer(points, results, shown[0], order, controls),
        sections=tuple(section for section in sections if section is not None),
        facts=(
            ("System", settings.system), ("Points", str(len(points))),
            ("Replications of each", str(settings.replications)), ("Runs", number(float(made), 0)),
            ("Seed", str(settings.seed)), ("Engine", settings.engine),
        ),
        warnings=tuple(warnings[:20]),
    )  # fmt: skip


def answer(
    points: Sequence[Values], results: SweepResults, metric: str, order: Sequence[int],
    controls: frozenset[int] = frozenset(),
) -> str:  # fmt: skip
    """The best and the worst point, and whether the best is told apart from the base; worded from the data.

    A negative control is there to test the study: it is never the best point, unless there is no other.
    """
    told = [i for i in order if math.isfinite(results.means.mean[i, results.metrics.index(metric)])]
    if not told:
        return "No point has a value of the leading metric."
    best, worst, base = next((i for i in told if i not in controls), told[0]), told[-1], results.base
    text = f"{_label(metric)} is best at {_read(points[best])}: {_mean(results, best, metric)}"
    text += f", and worst at {_read(points[worst])}: {_mean(results, worst, metric)}." if worst != best else "."
    change = ""
    if best != base:
        word = _verdict(results, best, metric)
        shown = _difference(results, best, metric)
        told_apart = "cannot be told apart from it" if word not in ("better", "worse") else f"is {word} than it"
        change = f"The base is {_read(points[base])}; the best point {told_apart} (difference {shown})."
    elif worst != best:
        change = "The best point is the base."
    ahead = f"{_read(points[told[0]])}: {_mean(results, told[0], metric)}"
    control = f"A negative control comes out ahead of it ({ahead}); that is no improvement." if told[0] != best else ""
    return sentences([text, change, control])


def _read(point: Values) -> str:
    """A point in words: "packing error 0.02, scenario hiring"."""
    return ", ".join(f"{title} {value_title(point[factor])}" for factor, title in factor_titles(point).items())


def _design(points: Sequence[Values], asked: SweepSettings) -> Section:
    titles = factor_titles(points[0])
    rows = []
    for factor, title in titles.items():
        values = list({json.dumps(point[factor]): point[factor] for point in points}.values())
        rows.append((title, _summary_of(values), factor))
    table = Table("Factors", ("Factor", "Values", "Path in the configuration"), tuple(rows), "lll")
    text = f"{len(points)} points: {_DESIGNS[asked.design]}. Every point meets the same replications (common random " \
        "numbers)."  # fmt: skip
    return Section("What was varied", (text,), (table,))


def _summary_of(values: list[Any]) -> str:
    if len(values) <= 8:
        return ", ".join(value_title(value) for value in values)
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        return f"{len(values)} values from {value_title(min(values))} to {value_title(max(values))}"
    return f"{', '.join(value_title(value) for value in values[:6])}, ... ({len(values)} values)"


def _results(
    points: Sequence[Values], results: SweepResults, shown: Sequence[str], order: Sequence[int],
    controls: frozenset[int],
) -> Section:  # fmt: skip
    titles = factor_titles(points[0])
    rows = tuple(
        (
            f"{i + 1}{' (base)' if i == results.base else ''}{' (negative control)' if i in controls else ''}",
            *(value_title(points[i][factor]) for factor in titles),
            str(results.runs[i]),
            *(_marked(results, i, metric, i in controls) for metric in shown),
        )
        for i in order[:_MOST_ROWS]
    )
    first = f"the first {_MOST_ROWS} of {len(points)}; all are in points.csv" if len(points) > _MOST_ROWS else "all"
    caption = f"Means over replications ± half their 95 % intervals, from the best to the worst point ({first})"
    columns = ("Point", *titles.values(), "Runs", *(_column(metric) for metric in shown))
    align = "l" + "l" * len(titles) + "r" * (1 + len(shown))
    text = (
        "▲ better and ▼ worse than the base point where the 95 % interval of the paired difference excludes 0; no mark "
        "where it does not."
        + (" What is better under a negative control is no improvement and has no mark." if controls else "")
    )
    return Section("Results", (text,), (Table(caption, columns, rows, align),))


def _effects(asked: SweepSettings, figures: Mapping[str, Drawing]) -> Section | None:
    if not figures:
        return None
    grid = asked.design == "grid"
    drawn = []
    for metric, figure in figures.items():
        what = "mean over all points with that value" if grid else "mean of each point"
        caption = f"{_label(metric)} over the values of each factor: {what}, with 95 % intervals over replications."
        words = f"A panel for each factor; all on one scale. {'' if grid else 'A dot is a point of the sweep. '}" \
            "The values stand in points.csv."  # fmt: skip
        drawn.append(Figure(inline_svg(figure, f"effects-{metric}", caption, words), caption, words))
    text = (
        "A factor's main effect: the mean over everything else that was varied. All values meet the same customers and "
        "mishaps, so what parts two of them is more certain than their intervals, which hold what they share. Where "
        "factors act together, the effect of one depends on the others, and the table above says more."
        if grid
        else "Other factors vary from point to point, so a pattern has to stand out from their scatter."
    )
    return Section("Main effects" if grid else "The points over each factor", (text,), (), tuple(drawn))


def _differences(
    points: Sequence[Values], results: SweepResults, shown: Sequence[str], order: Sequence[int]
) -> Section | None:
    others = [i for i in order if i != results.base]
    if not others:
        return None
    rows = tuple(
        (str(i + 1), _read(points[i]), *(_difference(results, i, metric) for metric in shown))
        for i in others[:_MOST_ROWS]
    )
    columns = ("Point", "Values", *(_column(metric, of_difference=True) for metric in shown))
    caption = f"Differences to point {results.base + 1} ({_read(points[results.base])}) [95 % interval]"
    text = (
        "Paired by replication: both points met the same customers, times and mishaps. With many points some interval "
        "excludes 0 by chance (intervals are not adjusted for their number)."
    )
    return Section("Differences to the base point", (text,), (Table(caption, columns, rows, "ll" + "r" * len(shown)),))


def _quarantined(points: Sequence[Values], reasons: Mapping[tuple[int, int], str]) -> Section | None:
    if not reasons:
        return None
    rows = tuple(
        (str(i + 1), point_title(points[i]), str(replication), reason)
        for (i, replication), reason in list(reasons.items())[:_MOST_ROWS]
    )
    table = Table("Runs given up", ("Point", "Values", "Replication", "Why"), rows, "llll")
    note = Note(
        "Left out",
        f"{len(reasons)} runs could not be finished and are in no mean. If what stopped them depends on their outcome, "
        "the means of their points are biased. sweep.retry=true tries them again.",
    )
    return Section("Quarantined runs", (), (table,), (), (note,))


def _method(asked: SweepSettings, results: SweepResults, settings: Settings) -> Section:
    horizon, week = settings.blueprint.horizon, settings.blueprint.calendar.week
    text = (
        f"Each point ran {settings.replications} times (seed {settings.seed}); as configured before any factor is set, "
        f"a run has {number(horizon.warm_up / week, 1)} weeks of warm-up and {number(horizon.measured / week, 1)} "
        f"weeks measured. Journals: {settings.journal}"
        + ("; metrics that need single orders are left out." if settings.journal == "summary" else ".")
    )
    intervals = "Intervals are Student's t at 95 % with replications as units."
    least, most = int(results.runs.min()), int(results.runs.max())
    unequal = f"Points have from {least} to {most} runs; differences use the replications that both have."
    note = Note(
        "Assumption", "What the model takes as given: see the README. A sweep shows how its answers depend on that."
    )
    paragraphs = (text, intervals, unequal) if least < most else (text, intervals)
    return Section("Method", paragraphs, (), (), (note,))


def _label(metric: str) -> str:
    return SHORT.get(metric, METRICS[metric].label)


def _column(metric: str, of_difference: bool = False) -> str:
    _, unit, unit_of_difference = unit_of(metric)
    shown = unit_of_difference if of_difference else unit
    return f"{_label(metric)}, {shown}" if shown else _label(metric)


def _ends(spread: Spread, point: int, column: int) -> tuple[float, float, float]:
    return float(spread.mean[point, column]), float(spread.low[point, column]), float(spread.high[point, column])


def _mean(results: SweepResults, point: int, metric: str) -> str:
    scale, unit, _ = unit_of(metric)
    mean, low, high = (scale * v for v in _ends(results.means, point, results.metrics.index(metric)))
    return f"{with_interval(mean, low, high, sign=False)} {unit}".rstrip() if math.isfinite(mean) else number(None)


def _marked(results: SweepResults, point: int, metric: str, control: bool) -> str:
    scale, _, _ = unit_of(metric)
    mean, low, high = (scale * v for v in _ends(results.means, point, results.metrics.index(metric)))
    if not math.isfinite(mean):
        return number(None)
    word = _verdict(results, point, metric, control) if point != results.base else ""
    digits = digits_for(mean, low, high)
    half = f" ± {number((high - low) / 2, digits)}" if math.isfinite(high - low) else ""
    return {"better": "▲ ", "worse": "▼ "}.get(word, "") + number(mean, digits) + half


def _difference(results: SweepResults, point: int, metric: str) -> str:
    ends = _ends(results.differences, point, results.metrics.index(metric))
    return difference(*ends, METRICS[metric].unit) if math.isfinite(ends[0]) else number(None)


def _verdict(results: SweepResults, point: int, metric: str, control: bool = False) -> str:
    ends = _ends(results.differences, point, results.metrics.index(metric))
    return verdict(*ends, METRICS[metric].better, control).word


def _listing(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
