"""Weekly series as small multiples: one panel a metric, a line and a band for each scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.compare import Floats
from analysis.figures.forest import MetricInfo
from analysis.figures.style import (
    INK,
    QUIET,
    SERIES,
    WIDTH,
    displayed,
    fit,
    house_style,
    new_figure,
    quiet_axes,
    tick_label,
    title_of,
)
from analysis.starts import Start
from analysis.timeseries import RUNNING, WeeklySeries, over_replications, running_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 5  # more cannot be told apart
_DASHES: tuple[Any, ...] = ("solid", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 2.5)))
_COLOURS = (INK, *SERIES[:4])
_TALL, _TITLE, _FOOT, _LEFT, _RIGHT, _LINE = 104.0, 34.0, 40.0, 58.0, 16.0, 16.0
_START, _CAPTION = 11.0, 22.0  # height of a scenario's row of starts, and of the words above the rows


def weekly_chart(
    series: WeeklySeries, metrics: Sequence[MetricInfo], scenarios: Sequence[str], starts: Sequence[Start] = ()
) -> Figure:
    """Running means over RUNNING weeks, mean and 95 % band over replications; at most MOST_LINES scenarios, base first.

    A panel per metric that has a series, two in a row; the horizontal axis counts weeks from the end of the warm-up.
    Above the panels a row per drawn scenario says when its programmes start and set in; upright lines repeat the
    latter in the panels.
    """
    shown = [metric for metric in metrics if metric.name in series.values]
    names = list(scenarios[:MOST_LINES])
    begun = [start for start in starts if start.scenario in names]
    with house_style():
        legend = 2.0 + _LINE * -(-len(names) // 3)
        strip = _CAPTION + _START * len({start.scenario for start in begun}) if begun else 0.0
        head = legend + strip
        rows = -(-len(shown) // 2)
        height = head + rows * (_TALL + _TITLE) + _FOOT
        figure = new_figure(WIDTH, height)
        room = WIDTH / 2
        for place, metric in enumerate(shown):
            row, column = divmod(place, 2)
            bottom = height - head - (row + 1) * (_TALL + _TITLE)
            inner = room - _LEFT - _RIGHT
            axes = figure.add_axes(((column * room + _LEFT) / WIDTH, bottom / height, inner / WIDTH, _TALL / height))
            last = place + 2 >= len(shown)
            _panel(axes, series, metric, names)
            _heading(figure, metric, column * room / WIDTH, (bottom + _TALL) / height, height, room - _RIGHT)
            axes.tick_params(axis="x", labelbottom=last)
            if last:
                axes.set_xlabel("week")
            _onsets(axes, begun, names)
            if row == 0 and begun:
                low = (height - legend - strip) / height
                bounds = ((column * room + _LEFT) / WIDTH, low, inner / WIDTH, (strip - _CAPTION) / height)
                _starts(figure, bounds, begun, names, axes.get_xlim())
        _legend(figure, names)
        if begun:
            key, y = "Programmes: ▷ work starts, ▶ it sets in", height - legend - _CAPTION + 7
            figure.text(0, y / height, key, fontsize=8.5, color=QUIET)
    return figure


def _onsets(axes: Axes, starts: Sequence[Start], names: Sequence[str]) -> None:
    for start in starts:
        if 0 <= start.sets_in <= axes.get_xlim()[1]:
            colour = _COLOURS[names.index(start.scenario)]
            axes.axvline(start.sets_in, color=colour, linewidth=0.9, linestyle=(0, (2, 2)), alpha=0.7, zorder=1)


def _starts(
    figure: Figure,
    bounds: tuple[float, float, float, float],
    starts: Sequence[Start],
    names: Sequence[str],
    weeks: tuple[float, float],
) -> None:
    """A row per scenario with programmes: hollow where work on one starts, full where it sets in."""
    axes = figure.add_axes(bounds)
    rows = [name for name in names if any(start.scenario == name for start in starts)]
    axes.set_xlim(*weeks)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_axis_off()
    for start in starts:
        y, colour = rows.index(start.scenario), _COLOURS[names.index(start.scenario)]
        last = min(start.sets_in, weeks[1])
        if start.starts > weeks[1]:
            continue
        axes.plot([start.starts, last], [y, y], color=colour, linewidth=1.2)
        axes.plot([start.starts], [y], marker=">", markersize=5.5, color=colour, markerfacecolor="#ffffff",
                  clip_on=False, zorder=4)  # fmt: skip
        if start.sets_in <= weeks[1]:
            axes.plot([start.sets_in], [y], marker=">", markersize=5.5, color=colour, clip_on=False, zorder=5)


def _panel(axes: Axes, series: WeeklySeries, metric: MetricInfo, names: Sequence[str]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    quiet_axes(axes, "y")
    factor, _, _ = displayed(metric.unit)
    values: Floats = factor * series.values[metric.name]
    band = over_replications(running_mean(values, RUNNING))
    bounds = (0.0, factor) if metric.unit.startswith("share") else (-np.inf, np.inf)  # an interval may go beyond
    low, high = (np.clip(ends, *bounds) for ends in (band.low, band.high))
    weeks = np.arange(values.shape[-1])
    for number, name in enumerate(names):
        row = series.scenarios.index(name)
        colour = _COLOURS[number]
        axes.fill_between(weeks, low[row], high[row], color=colour, alpha=0.13, linewidth=0)
        axes.plot(
            weeks, band.mean[row], color=colour, linestyle=_DASHES[number], linewidth=1.5, zorder=5 - number * 0.1
        )
    axes.set_xlim(0, max(1, len(weeks) - 1))
    axes.margins(y=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 4, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_label(value)))


def _heading(figure: Figure, metric: MetricInfo, x: float, y: float, height: float, room: float) -> None:
    _, unit, _ = displayed(metric.unit)
    text = f"{metric.label}, {unit}" if unit else metric.label
    figure.text(x, y + 9 / height, fit(text, room, 9.5, 1, bold=True)[0], fontsize=9.5, fontweight="bold")


def _legend(figure: Figure, names: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=_COLOURS[i], linestyle=_DASHES[i], label=fit(title_of(name), 190, 9.5, 1)[0])
        for i, name in enumerate(names)
    ]
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2, columnspacing=1.6,
        handlelength=3.0,
    )  # fmt: skip
