"""Lead times against the promise: the share of orders delivered within every time, and the share that is late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.style import INK, OKABE_ITO, WIDTH, fit, house_style, new_figure, quiet_axes, title_of
from analysis.lead_times import LeadTimes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES = 3
SHOWN = 0.99  # of the orders; the longest times would squeeze all others
_COLOURS = (INK, OKABE_ITO["blue"], OKABE_ITO["vermilion"])
_DASHES: tuple[Any, ...] = ("solid", (0, (5, 1.5)), (0, (1.2, 1.2)))
_TALL, _HEAD, _LINE, _FOOT, _LEFT, _RIGHT = 210.0, 8.0, 16.0, 42.0, 58.0, 20.0


def lead_time_chart(distributions: Sequence[LeadTimes]) -> Figure:
    """A curve with its 95 % band per distribution (at most MOST_CURVES), the promise as an upright line of its colour.

    The horizontal axis ends where SHOWN of the orders of every curve are delivered, or beyond the last promise.
    """
    shown = distributions[:MOST_CURVES]
    with house_style():
        head = _HEAD + _LINE * len(shown)
        height = head + _TALL + _FOOT
        figure = new_figure(WIDTH, height)
        box = (_LEFT / WIDTH, _FOOT / height, (WIDTH - _LEFT - _RIGHT) / WIDTH, _TALL / height)
        axes = figure.add_axes(box)
        quiet_axes(axes, "y")
        ends = [d.within(SHOWN) for d in shown]
        end = max([t for t in ends if math.isfinite(t)] + [1.12 * d.promised for d in shown])
        for number, distribution in enumerate(shown):
            _curve(axes, distribution, number, 0.006 * end * (number - (len(shown) - 1) / 2))
        axes.set_xlim(0.0, end)
        axes.set_ylim(0.0, 100.0)
        axes.set_xlabel("lead time, h")
        axes.set_ylabel("orders delivered within it, %")
        _legend(figure, shown)
    return figure


def _curve(axes: Axes, d: LeadTimes, number: int, aside: float) -> None:
    """The curve; the stretch that is late stands `aside` of the promise, so that those of equal promises are seen."""
    colour, dashes = _COLOURS[number], _DASHES[number]
    hours = np.concatenate([[0.0], d.hours])
    share, low, high = (100.0 * np.concatenate([[0.0], values]) for values in (d.share, d.low, d.high))
    axes.fill_between(hours, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(hours, share, color=colour, linestyle=dashes, linewidth=1.8, zorder=4)
    within = float(np.interp(d.promised, hours, share))
    axes.plot([d.promised] * 2, [0, within], color=colour, linestyle=dashes, linewidth=1.0, zorder=3)
    late_at = [d.promised + aside] * 2
    axes.plot(late_at, [within, 100], color=colour, linewidth=4.0, alpha=0.6, solid_capstyle="butt", zorder=3)
    axes.plot([d.promised], [within], marker="o", color=colour, markersize=6, markeredgecolor="#ffffff", zorder=5)


def _legend(figure: Figure, shown: Sequence[LeadTimes]) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for number, d in enumerate(shown):
        late = f", {100 * d.late:.3g} % late" if math.isfinite(d.late) else ""
        label = f"{fit(title_of(d.scenario), 300, 9.5, 1)[0]}: promised {d.promised:.3g} h{late}"
        handles.append(Line2D([], [], color=_COLOURS[number], linestyle=_DASHES[number], label=label))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2, handlelength=3.0)
