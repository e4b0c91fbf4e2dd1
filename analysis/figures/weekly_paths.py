"""Weekly paths: the mean over replications of a few groups of runs with the band of most replications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd

from analysis.figures.style import QUIET, SERIES, WIDTH, fit, house_style, new_figure, quiet_axes
from analysis.measures.metric import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL, _HEAD, _FOOT, _TOP, _STRIP = 118.0, 24.0, 24.0, 26.0, 46.0  # heights in points, and room for numbers
_STYLES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")


def weekly_paths(
    paths: pd.DataFrame,
    metrics: Sequence[tuple[Metric, str, float]],
    groups: Mapping[str, str],
    compared: tuple[float, float] | None = None,
) -> Figure:
    """A panel per metric (with its heading and the factor to show it), a line and band per group of runs.

    `paths`: start, metric, week, mean, q05, q95; `groups`: value of `start` -> words of the legend; `compared`: the
    weeks to shade.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    with house_style():
        down = -(-len(metrics) // 2)
        height = _TOP + down * (_PANEL + _HEAD + _FOOT) + 14
        figure = new_figure(WIDTH, height)
        room = WIDTH / 2
        for place, (metric, heading, factor) in enumerate(metrics):
            row, column = divmod(place, 2)
            top = _TOP + row * (_PANEL + _HEAD + _FOOT) + _HEAD
            left = room * column + _STRIP
            axes = figure.add_axes(
                (left / WIDTH, 1 - (top + _PANEL) / height, (room - _STRIP - 14) / WIDTH, _PANEL / height)
            )
            _panel(axes, paths[paths["metric"] == metric.name], list(groups), factor, compared)
            line = fit(heading, room - 20, 9.5, 1, bold=True)[0]
            figure.text((room * column + 6) / WIDTH, 1 - (top - 8) / height, line, fontsize=9.5, fontweight="bold")
            if place >= len(metrics) - 2:
                axes.set_xlabel("week, counted from the end of the warm-up", color=QUIET)
        handles = [
            Line2D([], [], color=SERIES[i], linestyle=_STYLES[i], linewidth=2.0, label=words)
            for i, words in enumerate(groups.values())
        ]
        handles.append(Patch(facecolor="#c9d3de", label="middle 90 % of replications"))  # type: ignore[arg-type]
        if compared:
            handles.append(Patch(facecolor="#f3eee2", label="weeks compared"))  # type: ignore[arg-type]
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2,
                      columnspacing=1.4)  # fmt: skip
    return figure


def _panel(
    axes: Axes, paths: pd.DataFrame, groups: Sequence[str], factor: float, compared: tuple[float, float] | None
) -> None:
    quiet_axes(axes, "y")
    if compared:
        axes.axvspan(*compared, color="#f3eee2", linewidth=0, zorder=0)
    for i, group in enumerate(groups):
        part = paths[paths["start"] == group].sort_values("week")
        weeks, mean, low, high = (part[c].to_numpy(dtype=float) for c in ("week", "mean", "q05", "q95"))
        axes.fill_between(weeks, factor * low, factor * high, color=SERIES[i], alpha=0.15, linewidth=0, zorder=2)
        axes.plot(weeks, factor * mean, color=SERIES[i], linestyle=_STYLES[i], linewidth=1.8, zorder=3)
    if len(paths):
        first, last = float(paths["week"].min()), float(paths["week"].max())
        axes.set_xlim(first, last if last > first else first + 1.0)
        if first < 0:
            axes.axvline(0.0, color=QUIET, linewidth=0.8, linestyle=":", zorder=1)
    axes.locator_params(axis="y", nbins=4)
