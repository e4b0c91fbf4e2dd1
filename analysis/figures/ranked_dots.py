"""Ranked dots: a row per name, one or two series of values with intervals, and lines to read them against."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.style import (
    INK,
    MARKERS,
    QUIET,
    SERIES,
    WIDTH,
    fit,
    house_style,
    new_figure,
    quiet_axes,
    text_width,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW, _TOP, _FOOT, _RIGHT = 22.0, 30.0, 44.0, 16.0  # points
_MOST_STRIP = 300.0


@dataclass(frozen=True)
class Dots:
    """One series: value, low and high of every row; low and high may be NaN."""

    name: str
    value: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def ranked_dots(
    rows: Sequence[str],
    series: Sequence[Dots],
    label: str,
    lines: Mapping[str, float] | None = None,
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> Figure:
    """The rows from top to bottom; `lines` are vertical ones, words -> where. `label` says what the axis shows.

    Nothing is drawn beyond `limits`.
    """
    from matplotlib.lines import Line2D

    lines = lines or {}
    with house_style():
        height = _TOP + _ROW * len(rows) + _FOOT
        figure = new_figure(WIDTH, height)
        strip = min(_MOST_STRIP, max(text_width(row, 9.5) for row in rows) + 18)
        box = (strip / WIDTH, _FOOT / height, (WIDTH - strip - _RIGHT) / WIDTH, _ROW * len(rows) / height)
        axes = figure.add_axes(box)
        quiet_axes(axes, "x")
        axes.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
        for at in lines.values():
            axes.axvline(at, color=QUIET, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
        for i, dots in enumerate(series):
            shift = 0.0 if len(series) == 1 else (i - 0.5 * (len(series) - 1)) * 0.34
            for row, (value, low, high) in enumerate(zip(dots.value, dots.low, dots.high, strict=True)):
                if math.isfinite(low) and math.isfinite(high):
                    axes.plot([low, high], [row + shift] * 2, color=SERIES[i], linewidth=1.6, zorder=3)
                axes.plot([value], [row + shift], marker=MARKERS[i], color=SERIES[i], markersize=5.5, zorder=4,
                          markerfacecolor=SERIES[i] if i == 0 else "#ffffff", linestyle="none")  # fmt: skip
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([fit(row, strip - 14, 9.5, 1)[0] for row in rows])
        low, high = axes.get_xlim()
        axes.set_xlim(max(low, limits[0]), min(high, limits[1]))
        axes.locator_params(axis="x", nbins=6)
        axes.set_xlabel(label, color=QUIET)
        handles = [
            Line2D([], [], color=SERIES[i], marker=MARKERS[i], label=dots.name,
                   markerfacecolor=SERIES[i] if i == 0 else "#ffffff")
            for i, dots in enumerate(series)
        ]  # fmt: skip
        handles += [Line2D([], [], color=QUIET, linestyle=(0, (4, 3)), label=words) for words in lines]
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
    return figure
