"""Tornado: a difference at the low and the high end of every parameter, the widest bar on top, with 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.style import INK, OKABE_ITO, QUIET, WIDTH, fit, house_style, new_figure, quiet_axes, text_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW, _TOP, _FOOT, _RIGHT = 27.0, 46.0, 44.0, 16.0  # points
_LOW, _HIGH = OKABE_ITO["blue"], OKABE_ITO["vermilion"]
_MOST_STRIP = 300.0


@dataclass(frozen=True)
class Bar:
    """One parameter: the values at its ends (words), and mean, low, high of the difference at each."""

    label: str
    ends: tuple[str, str]
    at_low: tuple[float, float, float]
    at_high: tuple[float, float, float]


def tornado(bars: Sequence[Bar], today: float, label: str) -> Figure:
    """The bars in the order given; `today` is the difference as things are, `label` says what is drawn, with unit."""
    from matplotlib.lines import Line2D

    with house_style():
        height = _TOP + _ROW * len(bars) + _FOOT
        figure = new_figure(WIDTH, height)
        strip = min(_MOST_STRIP, max(text_width(bar.label, 9.5) for bar in bars) + 18)
        box = (strip / WIDTH, _FOOT / height, (WIDTH - strip - _RIGHT) / WIDTH, _ROW * len(bars) / height)
        axes = figure.add_axes(box)
        quiet_axes(axes, "x")
        axes.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
        axes.axvline(today, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        for row, bar in enumerate(bars):
            left, right = sorted((bar.at_low[0], bar.at_high[0]))
            axes.barh([row], [right - left], left=[left], height=0.5, color="#dfe4ea", zorder=2)
            for (mean, low, high), colour, filled, shift in (
                (bar.at_low, _LOW, False, -0.13), (bar.at_high, _HIGH, True, 0.13),
            ):  # fmt: skip
                if math.isfinite(low) and math.isfinite(high):
                    axes.plot([low, high], [row + shift] * 2, color=colour, linewidth=1.6, zorder=3)
                axes.plot([mean], [row + shift], marker="D" if filled else "o", color=colour, markersize=5.5, zorder=4,
                          markerfacecolor=colour if filled else "#ffffff", linestyle="none")  # fmt: skip
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.set_yticks([])
        for row, bar in enumerate(bars):  # each line on its own: browsers set narrower type than was measured
            for text, shift, colour in ((bar.label, -0.2, INK), (f"{bar.ends[0]} to {bar.ends[1]}", 0.26, QUIET)):
                line = fit(text, strip - 14, 9.0, 1)[0]
                at = (-8 / (WIDTH - strip - _RIGHT), row + shift)
                axes.text(
                    *at, line, transform=axes.get_yaxis_transform(), fontsize=9.0, color=colour, ha="right", va="center"
                )
        axes.locator_params(axis="x", nbins=6)
        axes.set_xlabel(label, color=QUIET)
        handles = [
            Line2D([], [], color=_LOW, marker="o", markerfacecolor="#ffffff", label="at the low end"),
            Line2D([], [], color=_HIGH, marker="D", label="at the high end"),
            Line2D([], [], color=QUIET, linestyle=(0, (4, 3)), label="as things are"),
            Line2D([], [], color=INK, linewidth=1.0, label="no difference: the decision turns"),
        ]
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2)
    return figure
