"""Gap chart: what customers perceive against what they desire and what they would just accept, per dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.style import (
    INK,
    MARKERS,
    SERIES,
    WIDTH,
    fit,
    house_style,
    new_figure,
    quiet_axes,
    records,
    text_width,
    title_of,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW, _BETWEEN, _FOOT = 19.0, 12.0, 44.0
ZONE = "#d6e6f2"


def gap_chart(gaps: pd.DataFrame, scenarios: Sequence[str]) -> Figure:
    """Zone of tolerance (adequate to desired) as a band, perceived level with the 95 % interval of its gap.

    One group of rows per dimension, one row per scenario. Levels lie on the [0, 1] scale.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    dimensions = list(dict.fromkeys(gaps["dimension"]))
    group = _ROW * len(scenarios) + _BETWEEN
    with house_style():
        head = 12.0 + 16.0 * ((len(scenarios) + 3) // 2)
        strip = max((text_width(title_of(d), 9.5) for d in dimensions), default=0.0) + 16
        height = head + group * len(dimensions) + _FOOT
        figure = new_figure(WIDTH, height)
        tall = group * len(dimensions)
        axes = figure.add_axes((strip / WIDTH, _FOOT / height, (WIDTH - strip - 18) / WIDTH, tall / height))
        quiet_axes(axes, "x")
        rows = {(row["scenario"], row["dimension"]): row for row in records(gaps)}
        for place, dimension in enumerate(dimensions):
            for number, scenario in enumerate(scenarios):
                if (scenario, dimension) not in rows:
                    continue
                columns = ["expected", "adequate", "gap_low", "gap_high", "perceived"]
                values = rows[scenario, dimension]
                expected, adequate, low, high, perceived = (float(values[c]) for c in columns)
                y = place * group + _BETWEEN / 2 + _ROW * (number + 0.5)
                axes.fill_between([adequate, expected], y - 0.36 * _ROW, y + 0.36 * _ROW, color=ZONE, linewidth=0)
                axes.plot([expected] * 2, [y - 0.36 * _ROW, y + 0.36 * _ROW], color=INK, linewidth=2.0)
                colour = SERIES[number % len(SERIES)]
                if math.isfinite(low) and math.isfinite(high):
                    axes.plot([expected + low, expected + high], [y, y], color=colour, linewidth=2.0)
                axes.plot([perceived], [y], marker=MARKERS[number % len(MARKERS)], color=colour, linestyle="none",
                          markeredgecolor="#ffffff", markeredgewidth=0.6, zorder=4)  # fmt: skip
        for place in range(1, len(dimensions)):
            axes.axhline(place * group, color="#e6e9ed", linewidth=0.8, zorder=0)
        axes.set_ylim(tall, 0)
        axes.set_yticks([(place + 0.5) * group for place in range(len(dimensions))])
        axes.set_yticklabels([title_of(d) for d in dimensions])
        axes.set_xlabel("level of service (0 = total failure, 1 = nothing left to wish for)")
        handles = [
            Line2D([], [], color=SERIES[i % len(SERIES)], marker=MARKERS[i % len(MARKERS)],
                   label=f"perceived: {fit(title_of(s), 190, 9.5, 1)[0]}")
            for i, s in enumerate(scenarios)
        ]  # fmt: skip
        handles.append(Line2D([], [], color=INK, linewidth=2.0, label="desired (what is expected)"))
        band = Patch(facecolor=ZONE, label="zone of tolerance: adequate to desired")
        figure.legend(
            handles=[*handles, band], loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2,
            columnspacing=1.6,
        )  # fmt: skip
    return figure
