"""Strip chart: every replication a dot, per metric and group of runs, with the mean and its interval beneath."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.figures.style import INK, MARKERS, SERIES, WIDTH, fit, house_style, new_figure, quiet_axes, text_width
from analysis.measures.metric import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _HEAD, _FOOT, _TOP = 46.0, 24.0, 24.0, 24.0  # heights in points
_LEVELS = 5  # dots that lie close together are stacked at so many heights


def strip_chart(
    ends: pd.DataFrame,
    means: Mapping[tuple[str, str], tuple[float, float, float]],
    metrics: Sequence[tuple[Metric, str, float]],
    groups: Mapping[str, str],
) -> Figure:
    """A panel per metric (with its heading and the factor to show it), a row of dots per group.

    `ends`: start, replication, metric, value; `means`: (start, metric) -> mean, low, high; `groups`: value of `start`
    -> words at the axis.
    """
    from matplotlib.lines import Line2D

    with house_style():
        tall = _ROW * len(groups)
        down = -(-len(metrics) // 2)
        height = _TOP + down * (tall + _HEAD + _FOOT)
        figure = new_figure(WIDTH, height)
        room = WIDTH / 2
        strip = max(text_width(words, 9.5) for words in groups.values()) + 14
        for place, (metric, heading, factor) in enumerate(metrics):
            row, column = divmod(place, 2)
            top = _TOP + row * (tall + _HEAD + _FOOT) + _HEAD
            left = room * column + strip
            axes = figure.add_axes(
                (left / WIDTH, 1 - (top + tall) / height, (room - strip - 20) / WIDTH, tall / height)
            )
            quiet_axes(axes, "x")
            for i, group in enumerate(groups):
                _dots(axes, ends, means.get((group, metric.name)), metric.name, group, i, factor)
            axes.set_ylim(len(groups) - 0.5, -0.5)
            axes.set_yticks(range(len(groups)))
            axes.set_yticklabels(list(groups.values()))
            axes.locator_params(axis="x", nbins=5)
            line = fit(heading, room - 20, 9.5, 1, bold=True)[0]
            figure.text((room * column + 6) / WIDTH, 1 - (top - 8) / height, line, fontsize=9.5, fontweight="bold")
        handles = [
            Line2D([], [], color=SERIES[i], marker=MARKERS[i], linestyle="none", markersize=5,
                   label=f"{words}, a replication each")
            for i, words in enumerate(groups.values())
        ]  # fmt: skip
        handles.append(Line2D([], [], color=INK, marker="|", markersize=9, label="mean and 95 % interval"))
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
    return figure


def _dots(
    axes: Axes, ends: pd.DataFrame, mean: tuple[float, float, float] | None, metric: str, group: str, row: int,
    factor: float,
) -> None:  # fmt: skip
    values = ends.loc[(ends["metric"] == metric) & (ends["start"] == group), "value"].to_numpy(dtype=float)
    values = np.sort(factor * values[~np.isnan(values)])
    heights = row - 0.08 + 0.11 * (np.arange(len(values)) % _LEVELS - (_LEVELS - 1) / 2)
    axes.plot(values, heights, linestyle="none", marker=MARKERS[row], markersize=4.5, color=SERIES[row], alpha=0.75,
              markeredgecolor="#ffffff", markeredgewidth=0.4, zorder=3)  # fmt: skip
    if mean is None:
        return
    point, low, high = (factor * v for v in mean)
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([low, high], [row + 0.34] * 2, color=INK, linewidth=1.9, zorder=4, solid_capstyle="butt")
    axes.plot([point], [row + 0.34], marker="|", markersize=9, markeredgewidth=1.8, color=INK, zorder=5)
