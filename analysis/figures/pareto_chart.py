"""Pareto chart of counted errors by origin, and the count against the causal shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.style import (
    INK,
    OKABE_ITO,
    QUIET,
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

_ROW, _TOP, _FOOT = 19.0, 30.0, 40.0
_BAR, _LINE = OKABE_ITO["orange"], OKABE_ITO["blue"]
MOST_ROWS = 15


def pareto_chart(table: pd.DataFrame) -> Figure:
    """Errors that reached a customer per 1000 orders by stage and class, from the top, and their cumulative share.

    `table`: columns stage, class, per_1000, low, high, cumulative, the most frequent first; MOST_ROWS are shown.
    """
    rows = records(table)[:MOST_ROWS]
    with house_style():
        labels = [f"{title_of(r['stage'])}: {title_of(r['class'])}" for r in rows]
        strip = min(max((text_width(label, 9.5) for label in labels), default=0.0), 230.0) + 14
        tall = _ROW * max(1, len(rows))
        height = _TOP + tall + _FOOT
        figure = new_figure(WIDTH, height)
        box = (strip / WIDTH, _FOOT / height, (WIDTH - strip - 16) / WIDTH, tall / height)
        axes = figure.add_axes(box)
        quiet_axes(axes, "x")
        for y, row in enumerate(rows):
            axes.barh(y, float(row["per_1000"]), height=0.66, color=_BAR, zorder=2)
            low, high = float(row["low"]), float(row["high"])
            if math.isfinite(low) and math.isfinite(high):
                axes.plot([low, high], [y, y], color=INK, linewidth=1.1, zorder=3)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([fit(label, strip - 12, 9.5, 1)[0] for label in labels])
        axes.set_xlim(left=0.0)
        axes.set_xlabel("errors that reached a customer, per 1000 orders (bars, 95 % interval)", color=QUIET)
        shares = axes.twiny()
        shares.spines["bottom"].set_visible(False)
        shares.spines["left"].set_visible(False)
        shares.plot([100 * float(r["cumulative"]) for r in rows], range(len(rows)), color=_LINE, marker="o",
                    markersize=4.0, linewidth=1.3, zorder=5)  # fmt: skip
        shares.set_xlim(0.0, 105.0)
        shares.tick_params(axis="x", colors=_LINE, labeltop=True, labelbottom=False)
        shares.set_title("cumulative share of all such errors, % (line)", color=_LINE, fontsize=9.0, loc="right")
    return figure


@dataclass(frozen=True)
class Pair:
    """One cause: the share that the count puts down to it and its causal share, each (mean, low, high) in per cent."""

    name: str
    counted: tuple[float, float, float]
    causal: tuple[float, float, float]


def count_chart(pairs: Sequence[Pair]) -> Figure:
    """The count (diamonds) against what is gained without the cause (dots), with 95 % intervals."""
    from matplotlib.lines import Line2D

    row = 30.0
    with house_style():
        strip = min(max((text_width(title_of(p.name), 9.5) for p in pairs), default=0.0), 230.0) + 14
        tall = row * max(1, len(pairs))
        height = 26.0 + tall + _FOOT
        figure = new_figure(WIDTH, height)
        axes = figure.add_axes((strip / WIDTH, _FOOT / height, (WIDTH - strip - 16) / WIDTH, tall / height))
        quiet_axes(axes, "x")
        axes.axvline(0.0, color=INK, linewidth=1.1, zorder=1)
        for y, pair in enumerate(pairs):
            drawn = ((pair.counted, -0.17, "D", _BAR), (pair.causal, 0.17, "o", _LINE))
            for (mean, low, high), shift, marker, colour in drawn:
                if math.isfinite(low) and math.isfinite(high):
                    axes.plot([low, high], [y + shift] * 2, color=colour, linewidth=1.9, zorder=3)
                if math.isfinite(mean):
                    axes.plot([mean], [y + shift], color=colour, marker=marker, linestyle="none", zorder=4)
        axes.set_ylim(len(pairs) - 0.5, -0.5)
        axes.set_yticks(range(len(pairs)))
        axes.set_yticklabels([fit(title_of(p.name), strip - 12, 9.5, 1)[0] for p in pairs])
        axes.set_xlabel("share, %", color=QUIET)
        handles = [
            Line2D([], [], color=_BAR, marker="D", label="counted: share of errors that reached a customer"),
            Line2D([], [], color=_LINE, marker="o", label="causal: share of failures that go without it"),
        ]
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    return figure
