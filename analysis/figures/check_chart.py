"""Check chart: simulated correlations with their intervals against the published values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.style import (
    INK,
    OKABE_ITO,
    QUIET,
    RULE,
    WIDTH,
    fit,
    house_style,
    new_figure,
    quiet_axes,
    records,
    text_width,
)
from analysis.output_checks import CHECKS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW, _TOP, _FOOT = 32.0, 30.0, 40.0
_PUBLISHED, _SIMULATED = OKABE_ITO["orange"], OKABE_ITO["blue"]


def check_chart(table: pd.DataFrame) -> Figure:
    """A row per check: the published range as a bar with a mark, the simulated correlation as a dot with interval."""
    from matplotlib.lines import Line2D

    rows = records(table)
    with house_style():
        labels = [CHECKS[str(row["check"])].label for row in rows]
        strip = min(max((text_width(label, 9.5) for label in labels), default=0.0), 290.0) + 14
        tall = _ROW * len(rows)
        height = _TOP + tall + _FOOT
        figure = new_figure(WIDTH, height)
        axes = figure.add_axes((strip / WIDTH, _FOOT / height, (WIDTH - strip - 16) / WIDTH, tall / height))
        quiet_axes(axes, "x")
        axes.axvline(0.0, color=INK, linewidth=1.1, zorder=1)
        for y, row in enumerate(rows):
            if y and row["over"] != rows[y - 1]["over"]:
                axes.axhline(y - 0.5, color=RULE, linewidth=0.9, zorder=0)
            published = [float(row["published_low"]), float(row["published_high"])]
            axes.plot(published, [y - 0.18] * 2, color=_PUBLISHED, linewidth=6.0, solid_capstyle="butt", zorder=2)
            axes.plot([sum(published) / 2], [y - 0.18], color=_PUBLISHED, marker="D", markersize=6.5, zorder=3)
            point, low, high = (float(row[c]) for c in ("correlation", "low", "high"))
            if math.isfinite(low) and math.isfinite(high):
                axes.plot([low, high], [y + 0.18] * 2, color=_SIMULATED, linewidth=2.0, zorder=4)
            if math.isfinite(point):
                axes.plot([point], [y + 0.18], color=_SIMULATED, marker="o", linestyle="none", zorder=5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(-1.0, 1.0)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([fit(label, strip - 12, 9.5, 1)[0] for label in labels])
        axes.set_xlabel("correlation", color=QUIET)
        handles = [
            Line2D([], [], color=_PUBLISHED, marker="D", linewidth=6.0, label="published value or range"),
            Line2D([], [], color=_SIMULATED, marker="o", label="simulated, with 95 % interval"),
        ]
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    return figure
