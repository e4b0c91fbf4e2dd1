"""Figures of the compounding laboratory: the share by length of the chain, and how far each parameter could take it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.style import BETTER, INK, QUIET, SERIES, UNCLEAR, WIDTH, fit, house_style, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 300.0
_ROW, _TOP, _FOOT, _LEFT = 26.0, 30.0, 40.0, 236.0


def chain_curve(
    curve: Sequence[tuple[int, float, float]], mean: float, low: float, high: float, stated: float
) -> Figure:
    """`curve`: (stages, share in this chain, share of independent stages); the simulated share stands at its end."""
    from matplotlib.ticker import MaxNLocator

    with house_style():
        figure = new_figure(WIDTH, _HEIGHT)
        axes = figure.add_axes((54 / WIDTH, 42 / _HEIGHT, (WIDTH - 74) / WIDTH, (_HEIGHT - 74) / _HEIGHT))
        quiet_axes(axes, "y")
        stages = [row[0] for row in curve]
        axes.plot(stages, [100 * row[2] for row in curve], color=SERIES[1], linestyle=(0, (2, 2)), marker="D",
                  markersize=4, label="independent, unchecked stages")  # fmt: skip
        axes.plot(stages, [100 * row[1] for row in curve], color=SERIES[0], marker="o", markersize=4,
                  label="this chain, exact")  # fmt: skip
        axes.errorbar([stages[-1]], [100 * mean], [[100 * (mean - low)], [100 * (high - mean)]], color=INK, marker="s",
                      markersize=6, markerfacecolor="none", capsize=4, linestyle="none", label="simulated")  # fmt: skip
        axes.axhline(100 * stated, color=INK, linewidth=1.2, linestyle=(0, (5, 3)), label=f"stated: {100 * stated:g} %")
        axes.set_ylim(bottom=0.0)
        axes.set_xlim(0, stages[-1] * 1.04)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("stages so far")
        axes.set_ylabel("orders with an error at the end, %")
        figure.legend(loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2, columnspacing=1.4)
    return figure


@dataclass(frozen=True)
class Reach:
    """How far one parameter takes the figure over its range, and whether the stated figure lies in it."""

    name: str
    low: float
    high: float
    reached: bool


def reach_chart(rows: Sequence[Reach], stated: float) -> Figure:
    """Bars from the least to the most that each parameter alone can make of the share, on a logarithmic scale."""
    with house_style():
        height = _TOP + _ROW * len(rows) + _FOOT
        figure = new_figure(WIDTH, height)
        box = (_LEFT / WIDTH, _FOOT / height, (WIDTH - _LEFT - 20) / WIDTH, _ROW * len(rows) / height)
        axes = figure.add_axes(box)
        quiet_axes(axes, "x")
        axes.set_xscale("log")
        for y, row in enumerate(rows):
            colour = BETTER if row.reached else UNCLEAR
            low = max(row.low, 0.002)
            axes.plot([100 * low, 100 * max(row.high, low)], [y, y], color=colour, linewidth=6.0, alpha=0.55,
                      solid_capstyle="butt")  # fmt: skip
            marker = "D" if row.reached else "|"
            at = stated if row.reached else row.high
            axes.plot([100 * at], [y], marker=marker, color=colour, markersize=7, linestyle="none", zorder=4)
        axes.axvline(100 * stated, color=INK, linewidth=1.2, linestyle=(0, (5, 3)), zorder=1)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)), [fit(row.name, _LEFT - 16, 9.5, 1)[0] for row in rows])
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        axes.set_xlabel("what the parameter alone can make of it, % (log scale)", color=QUIET)
        most = max((row.high for row in rows if math.isfinite(row.high)), default=1.0)
        axes.set_xlim(0.2, max(130.0 * most, 120.0 * stated))
        _legend(figure, stated)
    return figure


def _legend(figure: Figure, stated: float) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=BETTER, marker="D", linewidth=5, alpha=0.7, label=f"comes to {100 * stated:g} %"),
        Line2D([], [], color=UNCLEAR, marker="|", linewidth=5, alpha=0.7, label="does not"),
        Line2D([], [], color=INK, linewidth=1.2, linestyle=(0, (5, 3)), label=f"stated: {100 * stated:g} %"),
    ]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
