"""Welch's plot: the weekly mean over pilot runs from time 0, smoothed, with the warm-up configured and needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.figures.contrast import readable
from analysis.figures.style import (
    OKABE_ITO,
    QUIET,
    WIDTH,
    displayed,
    fit,
    house_style,
    new_figure,
    quiet_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.measures import Metric

Panel = tuple["Metric", npt.NDArray[np.float64], npt.NDArray[np.float64], float, bool]
_PANEL, _HEAD, _FOOT, _TOP, _STRIP = 112.0, 24.0, 30.0, 26.0, 46.0  # heights in points, and room for numbers
_WEEKLY, _SMOOTH, _NEEDED = "#9fb3c6", OKABE_ITO["blue"], OKABE_ITO["vermilion"]


def welch_plot(panels: Sequence[Panel], configured: float) -> Figure:
    """A panel per series: (metric, weekly mean, Welch's average, cut of MSER-5 in weeks, whether it is reliable).

    `configured`: warm-up in weeks.
    """
    from matplotlib.lines import Line2D

    with house_style():
        down = -(-len(panels) // 2)
        height = _TOP + down * (_PANEL + _HEAD + _FOOT)
        figure = new_figure(WIDTH, height)
        room = WIDTH / 2
        for place, panel in enumerate(panels):
            row, column = divmod(place, 2)
            top, left = _TOP + row * (_PANEL + _HEAD + _FOOT) + _HEAD, room * column + _STRIP
            axes = figure.add_axes(
                (left / WIDTH, 1 - (top + _PANEL) / height, (room - _STRIP - 14) / WIDTH, _PANEL / height)
            )
            _panel(axes, panel, configured)
            metric = panel[0]
            unit = displayed(metric.unit)[1]
            heading = fit(f"{metric.label}, {unit}" if unit else metric.label, room - 20, 9.5, 1, bold=True)[0]
            figure.text((room * column + 6) / WIDTH, 1 - (top - 8) / height, heading, fontsize=9.5, fontweight="bold")
            if place >= len(panels) - 2:
                axes.set_xlabel("week, counted from time 0", color=QUIET)
        handles = [
            Line2D([], [], color=_WEEKLY, linewidth=1.0, label="weekly mean"),
            Line2D([], [], color=_SMOOTH, linewidth=2.0, label="Welch's moving average"),
            Line2D([], [], color=QUIET, linewidth=1.2, linestyle=":", label="warm-up configured"),
            Line2D([], [], color=_NEEDED, linewidth=1.4, linestyle="--", label="warm-up by MSER-5"),
        ]
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2,
                      columnspacing=1.4)  # fmt: skip
    return figure


def _panel(axes: Axes, panel: Panel, configured: float) -> None:
    metric, mean, smooth, cut, reliable = panel
    factor = displayed(metric.unit)[0]
    quiet_axes(axes, "y")
    axes.plot(np.arange(len(mean)) + 0.5, factor * mean, color=_WEEKLY, linewidth=1.0, zorder=2)
    axes.plot(np.arange(len(smooth)) + 0.5, factor * smooth, color=_SMOOTH, linewidth=2.0, zorder=3)
    axes.axvline(configured, color=QUIET, linewidth=1.2, linestyle=":", zorder=4)
    if reliable:
        axes.axvline(cut, color=_NEEDED, linewidth=1.4, linestyle="--", zorder=4)
    else:
        axes.annotate("MSER-5: cannot be told", (0.98, 0.06), xycoords="axes fraction", ha="right", fontsize=8.5,
                      color=readable(_NEEDED),
                      bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.5})  # fmt: skip
    axes.set_xlim(0, len(mean))
    axes.locator_params(axis="y", nbins=4)
