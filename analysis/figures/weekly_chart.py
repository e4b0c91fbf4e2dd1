"""Weekly series as small multiples: one panel a metric, a line and a band for each scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.compare import Floats
from analysis.figures.forest import MetricInfo
from analysis.figures.style import (
    INK,
    SERIES,
    WIDTH,
    displayed,
    fit,
    house_style,
    new_figure,
    quiet_axes,
    title_of,
)
from analysis.timeseries import RUNNING, WeeklySeries, over_replications, running_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 5  # more cannot be told apart
_DASHES: tuple[Any, ...] = ("solid", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 2.5)))
_COLOURS = (INK, *SERIES[:4])
_TALL, _TITLE, _FOOT, _LEFT, _RIGHT, _LINE = 104.0, 34.0, 40.0, 58.0, 16.0, 16.0


def weekly_chart(series: WeeklySeries, metrics: Sequence[MetricInfo], scenarios: Sequence[str]) -> Figure:
    """Running means over RUNNING weeks, mean and 95 % band over replications; at most MOST_LINES scenarios, base first.

    A panel per metric that has a series, two in a row; the horizontal axis counts weeks from the end of the warm-up.
    """
    shown = [metric for metric in metrics if metric.name in series.values]
    names = list(scenarios[:MOST_LINES])
    with house_style():
        head = 2.0 + _LINE * -(-len(names) // 3)
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
        _legend(figure, names)
    return figure


def _panel(axes: Axes, series: WeeklySeries, metric: MetricInfo, names: Sequence[str]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    quiet_axes(axes, "y")
    factor, _, _ = displayed(metric.unit)
    values: Floats = factor * series.values[metric.name]
    band = over_replications(running_mean(values, RUNNING))
    weeks = np.arange(values.shape[-1])
    for number, name in enumerate(names):
        row = series.scenarios.index(name)
        colour = _COLOURS[number]
        axes.fill_between(weeks, band.low[row], band.high[row], color=colour, alpha=0.13, linewidth=0)
        axes.plot(
            weeks, band.mean[row], color=colour, linestyle=_DASHES[number], linewidth=1.5, zorder=5 - number * 0.1
        )
    axes.set_xlim(0, max(1, len(weeks) - 1))
    axes.margins(y=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 4, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))


def _tick(value: float) -> str:
    """A tick's label: thousands set apart, M for millions."""
    if abs(value) >= 999_999.5:
        return f"{value / 1e6:,.4g} M".replace("-", "\u2212")
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"
    return text.replace(",", "\u202f").replace("-", "\u2212")


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
