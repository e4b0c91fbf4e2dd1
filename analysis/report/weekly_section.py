"""The part of a report that shows the weeks of the measured time, and when a scenario's effect begins to show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analysis.compare import Floats
from analysis.figures.forest import MetricInfo
from analysis.figures.style import displayed, inline_svg, title_of
from analysis.figures.weekly_chart import MOST_LINES, weekly_chart
from analysis.measures import Metric
from analysis.report.numbers import number
from analysis.report.page import Figure, Note, Section, Table
from analysis.report.study_table import Study
from analysis.starts import Start
from analysis.timeseries import RUNNING, STAYS, FirstEffect, WeeklySeries, first_effects, over_replications

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

LEADING = (
    "gap", "morale", "retention", "profit", "failure_share", "lead_time_mean", "active_customers", "customer_equity",
    "skill", "utilisation_mean",
)  # fmt: skip
_LABELS = {  # where a metric's own label speaks of the whole period
    "service_quality": "Service quality",
    "gap": "Gap (perceived − desired)",
    "service_quality_of_means": "Service quality, ratio of means",
    "profit": "Operating profit of the week",
    "active_customers": "Active customers",
    "customer_equity": "Customer equity (sum of lifetime values)",
    "utilisation_mean": "Utilisation of staff on the line",
}
_MOST_PANELS = 8
_QUARTERS = 4
NEVER = "not within the run"


def shown_series(study: Study, series: WeeklySeries) -> list[Metric]:
    """The metrics to draw: the leading one of the study first."""
    names = [name for name in dict.fromkeys((study.lead, *LEADING)) if name in series.values]
    return [_of_weeks(study.metrics[name]) for name in names[:_MOST_PANELS]]


def _of_weeks(metric: MetricInfo) -> Metric:
    return Metric(metric.name, _LABELS.get(metric.name, metric.label), metric.unit, metric.better, "weekly")


def draw_series(study: Study, series: WeeklySeries, starts: Sequence[Start] = ()) -> Drawing | None:
    """The figure of the weekly series; None where there are fewer than two weeks. `starts`: of the programmes."""
    metrics = shown_series(study, series)
    if not metrics or series.values[metrics[0].name].shape[-1] < 2:
        return None
    return weekly_chart(series, metrics, study.in_order, starts)


def weekly_section(
    study: Study, series: WeeklySeries, drawn: Drawing | None, starts: Sequence[Start] = ()
) -> Section | None:
    """Lines of the leading series, when programmes start, and the time to first effect; None: nothing to draw."""
    if drawn is None:
        return None
    metrics, weeks = shown_series(study, series), len(next(iter(series.values.values()))[0, 0])
    text = (
        f"Lines are means over replications of running means (a week and the {RUNNING - 1} before it), bands their "
        "95 % intervals, of shares within 0 and 100 %; week 0 is the first of the measured time. Orders count in the "
        "week of their delivery, stocks stand as at the end of the week; profit is the money taken and spent in the "
        "week, one-off costs spread over their life."
    )
    if len(study.in_order) > MOST_LINES:
        text += f" The base and the best {MOST_LINES - 1} scenarios are drawn; all are in timeseries.csv."
    caption = f"Weekly series over {weeks} weeks, mean and 95 % band over replications."
    words = f"{len(metrics)} panels: {', '.join(metric.label for metric in metrics)}."
    figure = Figure(inline_svg(drawn, "weekly", caption, words), caption, words, _quarters(study, series, metrics))
    if not study.others or study.lead not in series.values:
        return Section("Week by week", (text,), (), (figure,))
    label = _of_weeks(study.metrics[study.lead]).label
    note = Note(
        "Definition",
        f"Time to first effect, {label}: the first week from which the 95 % interval of the paired difference's "
        f"running mean excludes 0, on one side, for {STAYS} weeks in a row. Every week is another chance to cross: of "
        "scenarios without any effect about 1 % are given a time within 24 weeks, and 7 % within 240 (8 replications, "
        "independent weeks). It is counted from the start of the measured time, whenever the programme starts.",
    )
    tables = (_first_effects(study, series), *_starts(study, starts))
    return Section("Week by week", (text,), tables, (figure,), (note,))


def _starts(study: Study, starts: Sequence[Start]) -> tuple[Table, ...]:
    """When programmes start, set in and grow, in weeks, a row for all scenarios that share one; nothing without any."""
    having: dict[tuple[str, ...], list[str]] = {}
    for name in study.in_order:
        for s in starts:
            if s.scenario == name:
                row = (title_of(s.programme), *(number(t, 1) for t in (s.starts, s.sets_in, s.ramp)))
                having.setdefault(row, []).append(title_of(name))
    if not having:
        return ()
    rows = tuple((row[0], ", ".join(scenarios), *row[1:]) for row, scenarios in having.items())
    heads = ("Programme", "In scenarios", "Work starts, week", "Sets in, week", "Grows with time constant, weeks")
    return (Table("When programmes start and set in", heads, rows, "llrrr"),)


def effects_in_time(study: Study, series: WeeklySeries) -> dict[str, dict[str, object]]:
    """For results.json: {scenario: {metric: the leading one, week and direction of its first effect, and the week of
    its first improvement}}; None where there is none within the run."""
    return {
        name: {
            "metric": study.lead,
            "week": effect.week if effect else None,
            "direction": _direction(study, effect) if effect else None,
            "improvement_week": better.week if better else None,
        }
        for name, (effect, better) in _found(study, series).items()
    }


def _found(study: Study, series: WeeklySeries) -> dict[str, tuple[FirstEffect | None, FirstEffect | None]]:
    """Scenario -> first effect and first improvement of the leading metric; empty where it has no series."""
    values = series.values.get(study.lead)
    if values is None:
        return {}
    good = 1 if study.metrics[study.lead].better == "higher" else -1
    first = first_effects(values, series.scenarios, study.base)
    better = first_effects(values, series.scenarios, study.base, good)
    return {name: (first[name], better[name]) for name in first}


def _direction(study: Study, effect: FirstEffect) -> str:
    return "better" if (effect.side > 0) == (study.metrics[study.lead].better == "higher") else "worse"


def _first_effects(study: Study, series: WeeklySeries) -> Table:
    found = _found(study, series)
    rows = []
    for name in study.ranked:
        effect, better = found[name]
        first = NEVER if effect is None else f"from week {effect.week}, for the {_direction(study, effect)}"
        rows.append((title_of(name), first, NEVER if better is None else f"from week {better.week}"))
    columns = ("Scenario", "First effect", "First improvement")
    return Table(f"Time to first effect: {_of_weeks(study.metrics[study.lead]).label}", columns, tuple(rows), "lll")


def _quarters(study: Study, series: WeeklySeries, metrics: list[Metric]) -> Table:
    """Means of each quarter of the measured weeks, for the scenarios that are drawn."""
    rows = []
    for metric in metrics:
        factor, unit, _ = displayed(metric.unit)
        values = factor * series.values[metric.name]
        bounds = [round(i * values.shape[-1] / _QUARTERS) for i in range(_QUARTERS + 1)]
        for name in study.in_order[:MOST_LINES]:
            means = over_replications(values).mean[series.scenarios.index(name)]
            parts = (means[a:b] for a, b in pairwise(bounds))
            label = f"{metric.label}, {unit}" if unit else metric.label
            rows.append((label, title_of(name), *(_mean(part) for part in parts)))
    heads = ("First quarter of the weeks", "Second", "Third", "Last")
    return Table("Means of the weeks", ("Series", "Scenario", *heads), tuple(rows), "llrrrr")


def _mean(values: Floats) -> str:
    there = values[~np.isnan(values)]
    return number(float(there.mean())) if len(there) else "–"
