"""Control charts as small multiples: one panel a stage, the limits, the signals, and when causes really were there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.figures.style import (
    INK,
    QUIET,
    SERIES,
    WIDTH,
    WORSE,
    fit,
    house_style,
    new_figure,
    quiet_axes,
    title_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORDERS = "errors per 100 orders"
CHARTED = SERIES[0]
_TITLE, _HEAD, _FOOT, _LEFT, _RIGHT = 26.0, 38.0, 40.0, 40.0, 18.0
_FAINT, _STRONG = np.array((0xFD, 0xEB, 0xCB)), np.array((0xF4, 0xBB, 0x62))  # little and all of a subgroup


def control_charts(charts: pd.DataFrame, window: tuple[float, float]) -> Figure:
    """Panels of `analysis.control_charts.chart.control_charts`, one per chart, over the measured window (h).

    Values are per 100 visits or orders. A limit is drawn half a count beyond the last count in control, so that no
    point lies on it. Shading says which share of a subgroup was out of control in truth.
    """
    panels = list(panels_of(charts))
    columns = 1 if len(panels) == 1 else 2 if len(panels) <= 12 else 3
    rows = -(-len(panels) // columns)
    with house_style():
        tall = 92.0 if columns > 1 else 150.0
        height = _HEAD + rows * (tall + _TITLE) + _FOOT
        figure = new_figure(WIDTH, height)
        room = WIDTH / columns
        for place, (name, chart) in enumerate(panels):
            row, column = divmod(place, columns)
            bottom = height - _HEAD - (row + 1) * (tall + _TITLE)
            inner = room - _LEFT - _RIGHT
            axes = figure.add_axes(((column * room + _LEFT) / WIDTH, bottom / height, inner / WIDTH, tall / height))
            axes.set_title(fit(name, inner, 10.5, 1, bold=True)[0], pad=5)
            _panel(axes, chart, window)
            last = place + columns >= len(panels)
            axes.tick_params(axis="x", labelbottom=last)
            if last:
                axes.set_xlabel("time, h")
        _legend(figure)
    return figure


def panels_of(charts: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """(title, rows) of every chart, in their order."""
    for (stage, chart), rows in charts.groupby(["stage", "chart"], sort=False):
        yield title_of(stage) if chart == "p" else ORDERS, rows


def _panel(axes: Axes, chart: pd.DataFrame, window: tuple[float, float]) -> None:
    from matplotlib.ticker import MaxNLocator

    quiet_axes(axes, "y")
    time, value = chart["time"].to_numpy(), 100 * chart["value"].to_numpy()
    begins = np.concatenate([[window[0]], time[:-1]])
    for begin, end, share in zip(begins, time, chart["out_of_control"], strict=True):
        if share > 0:
            axes.axvspan(begin, end, color=tuple((_FAINT + share * (_STRONG - _FAINT)) / 255), linewidth=0, zorder=0)
    n, centre, low, high = (float(chart[name].iloc[0]) for name in ("n", "centre", "low", "high"))
    above, below = 100 * (high + 0.5 / n), 100 * (low - 0.5 / n)
    axes.axhline(100 * centre, color=QUIET, linewidth=0.9)
    for limit in (below, above) if low > 0 else (above,):
        axes.axhline(limit, color=INK, linewidth=1.1, linestyle=(0, (5, 3)))
    size = 4.2 if len(chart) <= 60 else 3.0 if len(chart) <= 150 else 1.8
    axes.plot(time, value, color=CHARTED, linewidth=0.9, marker="o", markersize=size, markeredgewidth=0, clip_on=False)
    out = chart["signal"].to_numpy(dtype=bool)
    axes.plot(time[out], value[out], **_SIGNAL, markersize=size + 3.3)  # type: ignore[arg-type]
    axes.set_xlim(*window)
    axes.set_ylim(0, 1.12 * max(above, float(value.max())))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))


_SIGNAL = {
    "color": WORSE, "marker": "D", "linestyle": "none", "markeredgecolor": "#ffffff",
    "markeredgewidth": 0.8, "zorder": 5, "clip_on": False,
}  # fmt: skip


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], color=CHARTED, linewidth=0.9, marker="o", markersize=4.2, label="faulty visits, %"),
        Line2D([], [], label="signal", markersize=7.5, **_SIGNAL),  # type: ignore[arg-type]
        Line2D([], [], color=QUIET, linewidth=0.9, label="centre: mean of all points"),
        Line2D([], [], color=INK, linewidth=1.1, linestyle=(0, (5, 3)), label="exact limits (beyond them: a signal)"),
        Patch(facecolor=tuple(_STRONG / 255), label="truly out of control (paler: part of the time)"),
    ]
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2, columnspacing=1.6
    )
