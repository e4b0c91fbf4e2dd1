"""Cost-effectiveness plane: what each scenario adds in effect and in cost, with the frontier of the best buys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from analysis.figures.contrast import readable
from analysis.figures.style import (
    INK,
    OKABE_ITO,
    QUIET,
    WIDTH,
    fit,
    house_style,
    new_figure,
    title_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TALL, _FOOT, _LEFT, _LIST, _TOP, _LINE = 300.0, 44.0, 62.0, 250.0, 14.0, 17.0  # points
_MARK = 12.0  # size of a mark in points; marks nearer to one another than this hide numbers
_ON, _OFF = OKABE_ITO["blue"], "#6d7683"


class Increment(NamedTuple):
    """A scenario in the plane: (mean, low, high) of its effect and of its cost against the base; its standing."""

    scenario: str
    effect: tuple[float, float, float]
    cost: tuple[float, float, float]
    on_frontier: bool
    standing: str


def cost_effectiveness_plane(points: Sequence[Increment], effect: str, cost: str) -> Figure:
    """Numbered points with 95 % intervals and a line along the frontier; the list names them, in order of cost.

    `effect` and `cost` label the axes.
    """
    with house_style():
        height = max(_TOP + _TALL + _FOOT, _TOP + 24 + _LINE * 2 * len(points))
        figure = new_figure(WIDTH, height)
        wide = WIDTH - _LEFT - _LIST - 16
        axes = figure.add_axes((_LEFT / WIDTH, 1 - (_TOP + _TALL) / height, wide / WIDTH, _TALL / height))
        axes.grid(True)
        axes.axhline(0.0, color=INK, linewidth=1.0, zorder=1)
        axes.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
        line = [(p.effect[0], p.cost[0]) for p in points if p.on_frontier]
        axes.plot(*zip(*line, strict=True), color=_ON, linewidth=1.8, zorder=2)
        for p in points:
            colour = _ON if p.on_frontier else _OFF
            if all(map(math.isfinite, (*p.effect, *p.cost))):
                axes.plot(p.effect[1:], [p.cost[0]] * 2, color=colour, linewidth=1.4, zorder=3)
                axes.plot([p.effect[0]] * 2, p.cost[1:], color=colour, linewidth=1.4, zorder=3)
            axes.plot([p.effect[0]], [p.cost[0]], marker="o" if p.on_frontier else "s", markersize=_MARK, color=colour,
                      linestyle="none", zorder=4)  # fmt: skip
        axes.margins(0.09)
        axes.set_xlabel(effect, color=QUIET)
        axes.set_ylabel(cost, color=QUIET)
        for x, y, words, ha, va in (
            (0.985, 0.02, "does more, costs less", "right", "bottom"),
            (0.015, 0.98, "does less, costs more", "left", "top"),
        ):
            axes.annotate(words, (x, y), xycoords="axes fraction", ha=ha, va=va, fontsize=8.5, color=QUIET, zorder=2)
        _numbers(axes, points)
        _list(figure, points, height)
    return figure


def _numbers(axes: Axes, points: Sequence[Increment]) -> None:
    """The number of every point in its mark; points that hide one another have one mark with all their numbers."""
    axes.autoscale_view()
    at = 72 / axes.figure.dpi * axes.transData.transform([(p.effect[0], p.cost[0]) for p in points])  # in points
    shared: dict[int, list[int]] = {}
    for i, place in enumerate(at):
        head = next((head for head in shared if math.dist(at[head], place) < _MARK), i)
        shared.setdefault(head, []).append(i)
    for head, members in shared.items():
        front = any(points[i].on_frontier for i in members)
        shape = "round" if front else "square"
        pill = {"boxstyle": f"{shape},pad=0.2", "facecolor": _ON if front else _OFF, "linewidth": 0}
        axes.annotate(
            ", ".join(str(i + 1) for i in members), (points[head].effect[0], points[head].cost[0]), ha="center",
            va="center_baseline", fontsize=8, color="#ffffff", fontweight="bold", zorder=5 + head / 100,
            bbox=pill if len(members) > 1 else None,
        )  # fmt: skip


def _list(figure: Figure, points: Sequence[Increment], height: float) -> None:
    left = WIDTH - _LIST + 6
    figure.text(left / WIDTH, 1 - (_TOP + 8) / height, "In order of cost", fontsize=9.5, fontweight="bold")
    for number, p in enumerate(points, start=1):
        y = _TOP + 8 + 2 * _LINE * number - 8
        colour = _ON if p.on_frontier else _OFF
        name = fit(f"{number}  {title_of(p.scenario)}", _LIST - 14, 9.5, 1, bold=True)[0]
        figure.text(left / WIDTH, 1 - y / height, name, fontsize=9.5, color=readable(colour), fontweight="bold")
        words = fit(p.standing, _LIST - 28, 8.5, 1)[0]
        figure.text((left + 14) / WIDTH, 1 - (y + 13) / height, words, fontsize=8.5, color=QUIET)
