"""One customer's journey: an order's waits and visits stage by stage, the moments of truth, and how it was judged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.gap_chart import ZONE
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
    text_width,
    title_of,
)
from analysis.journey_times import Judged, OrderJourney

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

WORK, REWORK, MOMENT = OKABE_ITO["blue"], OKABE_ITO["vermilion"], OKABE_ITO["blue"]
_ROW, _LEVELS, _LINE, _TITLE, _FOOT, _RIGHT = 17.0, 120.0, 16.0, 26.0, 42.0, 20.0
_ENTRIES = 6  # of the legend, in a line
_BETWEEN = 52.0  # between the order's panels and the customer's orders
MOST_ORDERS = 30


def journey_chart(journey: OrderJourney) -> Figure:
    """Panels: the order's way through the stages; its score at every moment of truth; every order of the customer.

    The second is left out without perception, the third for a customer of one order; of more than MOST_ORDERS the
    last ones are drawn.
    """
    stages = list(dict.fromkeys(v.stage for v in journey.visits))
    scored = journey.judged is not None and len(journey.moments) > 0
    several = len(journey.all_judged) > 1
    with house_style():
        names = max((text_width(title_of(s), 9.5) for s in stages), default=0.0)
        left = max(58.0, min(names, 170.0) + 14)
        way = _ROW * max(1, len(stages))
        handles = _entries(journey)
        head = 8.0 + _LINE * -(-len(handles) // _ENTRIES)
        height = head + _TITLE + way + (_TITLE + _LEVELS) * scored + _FOOT + (_BETWEEN + _LEVELS) * several
        figure = new_figure(WIDTH, height)

        def panel(top: float, tall: float) -> Axes:
            return figure.add_axes(
                (left / WIDTH, 1 - (top + tall) / height, (WIDTH - left - _RIGHT) / WIDTH, tall / height)
            )

        top = head + _TITLE
        axes = panel(top, way)
        _heading(figure, f"Order {journey.number}: visits and waits", top, height)
        _way(axes, journey, stages, left)
        if scored:
            axes.tick_params(labelbottom=False)
            top += way + _TITLE
            axes = panel(top, _LEVELS)
            _heading(figure, "Score at every moment of truth", top, height)
            _scores(axes, journey)
            top += _LEVELS
        else:
            top += way
        axes.set_xlabel("hours since the order was placed")
        if several:
            top += _BETWEEN + 6
            axes = panel(top, _LEVELS - 6)
            _heading(figure, "Every order of the customer", top, height)
            _orders(axes, journey.all_judged[-MOST_ORDERS:], journey.number)
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=_ENTRIES, borderaxespad=0.2,
                      columnspacing=1.2, handlelength=1.8)  # fmt: skip
    return figure


def _heading(figure: Figure, text: str, top: float, height: float) -> None:
    figure.text(6 / WIDTH, 1 - (top - 8) / height, text, fontsize=9.5, fontweight="bold")


def _span(journey: OrderJourney) -> float:
    return max(journey.end, journey.promised) * 1.03 or 1.0


def _way(axes: Axes, journey: OrderJourney, stages: list[str], left: float) -> None:
    quiet_axes(axes, "x")
    for visit in journey.visits:
        y = stages.index(visit.stage)
        axes.plot([visit.arrived, visit.began], [y, y], color="#8a929e", linewidth=1.6, solid_capstyle="butt", zorder=2)
        colour = REWORK if visit.rework else WORK
        axes.barh(y, visit.ended - visit.began, left=visit.began, height=0.6, color=colour, linewidth=0, zorder=3)
        # Short work would vanish: a stroke of fixed width keeps it in sight.
        axes.plot([visit.began] * 2, [y - 0.3, y + 0.3], color=colour, linewidth=1.5, solid_capstyle="butt", zorder=3)
    for time, stage in journey.errors:
        if stage in stages:
            axes.plot([time], [stages.index(stage)], marker="X", color=INK, markersize=7, markeredgecolor="#ffffff",
                      zorder=5, clip_on=False)  # fmt: skip
    axes.axvline(journey.promised, color=INK, linewidth=1.2, linestyle=(0, (5, 3)), zorder=1)
    axes.set_xlim(0, _span(journey))
    axes.set_ylim(max(1, len(stages)) - 0.5, -0.5)
    axes.set_yticks(range(len(stages)))
    axes.set_yticklabels([fit(title_of(s), left - 12, 9.5, 1)[0] for s in stages])


def _scores(axes: Axes, journey: OrderJourney) -> None:
    quiet_axes(axes, "y")
    judged = journey.judged
    assert judged is not None
    end = _span(journey)
    axes.fill_between([0, end], judged.adequate, judged.desired, color=ZONE, linewidth=0)
    axes.plot([0, end], [judged.desired] * 2, color=INK, linewidth=1.6)
    axes.plot([0, end], [judged.predicted] * 2, color=QUIET, linewidth=1.2, linestyle=(0, (1.2, 1.6)))
    times, scores = [m.time for m in journey.moments], [m.score for m in journey.moments]
    axes.plot(times, scores, color=MOMENT, linewidth=1.2, marker="D", markeredgecolor="#ffffff", zorder=4)
    for time in journey.shown:
        axes.axvline(time, color=REWORK, linewidth=1.0, linestyle=(0, (1.5, 1.5)), zorder=2)
    if math.isfinite(judged.perceived) and math.isfinite(journey.delivered):
        axes.plot([journey.delivered], [judged.perceived], marker="o", markersize=11, markerfacecolor="none", color=INK,
                  markeredgewidth=1.6, zorder=5, clip_on=False)  # fmt: skip
    axes.set_xlim(0, end)
    _level_axis(axes, [*scores, judged.perceived, judged.desired, judged.adequate, judged.predicted])


def _orders(axes: Axes, orders: tuple[Judged, ...], drawn: int) -> None:
    quiet_axes(axes, "y")
    numbers = np.array([o.number for o in orders])
    for name, colour, width, dashes in (
        ("desired", INK, 1.6, "solid"), ("predicted", QUIET, 1.2, (0, (1.2, 1.6))),
    ):  # fmt: skip
        axes.step(numbers, [getattr(o, name) for o in orders], where="mid", color=colour, linewidth=width,
                  linestyle=dashes)  # fmt: skip
    adequate, desired = ([getattr(o, name) for o in orders] for name in ("adequate", "desired"))
    axes.fill_between(numbers, adequate, desired, step="mid", color=ZONE, linewidth=0)
    axes.plot(numbers, [o.perceived for o in orders], color=MOMENT, linewidth=1.2, marker="o", markersize=6.5,
              markerfacecolor="none", markeredgewidth=1.6, zorder=4)  # fmt: skip
    axes.axvspan(drawn - 0.5, drawn + 0.5, color=RULE, alpha=0.45, linewidth=0, zorder=0)
    axes.set_xlim(numbers[0] - 0.5, numbers[-1] + 0.5)
    axes.locator_params(axis="x", integer=True, nbins=12)
    axes.set_xlabel("number of the order (shaded: the one drawn above)")
    _level_axis(axes, [v for o in orders for v in (o.perceived, o.desired, o.adequate, o.predicted)])


def _level_axis(axes: Axes, levels: list[float]) -> None:
    known = [level for level in levels if math.isfinite(level)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    axes.set_ylim(max(0.0, low - 0.06), min(1.02, high + 0.06))
    axes.set_ylabel("level, 0–1")
    axes.locator_params(axis="y", nbins=4)


def _entries(journey: OrderJourney) -> list[Patch | Line2D]:
    """What the legend explains: only what is drawn."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Patch | Line2D] = [
        Line2D([], [], color="#8a929e", linewidth=1.6, label="waits"),
        Patch(facecolor=WORK, label="work"),
    ]
    if any(v.rework for v in journey.visits):
        handles.append(Patch(facecolor=REWORK, label="rework"))
    if journey.errors:
        handles.append(Line2D([], [], color=INK, marker="X", linestyle="none", label="error made"))
    handles.append(Line2D([], [], color=INK, linewidth=1.2, linestyle=(0, (5, 3)), label="promised"))
    if journey.judged is not None:
        if journey.moments:
            handles.append(Line2D([], [], color=MOMENT, marker="D", linewidth=1.2, label="moment of truth"))
        if journey.shown:
            handles.append(Line2D([], [], color=REWORK, linestyle=(0, (1.5, 1.5)), linewidth=1.0, label="error seen"))
        handles += [
            Line2D([], [], color=INK, marker="o", markersize=9, markerfacecolor="none", linestyle="none",
                   label="perceived in the end"),
            Patch(facecolor=ZONE, label="zone of tolerance"),
            Line2D([], [], color=INK, linewidth=1.6, label="desired"),
            Line2D([], [], color=QUIET, linewidth=1.2, linestyle=(0, (1.2, 1.6)), label="predicted"),
        ]  # fmt: skip
    return handles
