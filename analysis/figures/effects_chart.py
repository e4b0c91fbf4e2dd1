"""Effects chart: one metric over the values of each factor of a sweep, a panel a factor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.style import (
    OKABE_ITO,
    QUIET,
    WIDTH,
    fit,
    house_style,
    logarithmic,
    name_places,
    new_figure,
    quiet_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ACROSS = 3
_HEIGHT, _TOP, _FOOT, _LEFT, _GAP = 150.0, 26.0, 44.0, 62.0, 18.0
_MOST_TICKS = 5  # values that each get a tick of their own
_COLOUR = OKABE_ITO["blue"]


@dataclass(frozen=True)
class Panel:
    """One factor: where its values lie (numbers, or places 0, 1, ... that `names` label), and the metric at each.

    `joined`: values in order are joined by a line, which a grid allows and scattered points do not.
    """

    title: str
    places: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    names: tuple[str, ...] = ()
    joined: bool = True
    log: bool = False


def effects_chart(panels: Sequence[Panel], label: str) -> Figure:
    """The panels in rows of three, all on one scale of the metric, with 95 % intervals."""
    with house_style():
        rows = math.ceil(len(panels) / _ACROSS)
        across = min(_ACROSS, len(panels))
        tall = _TOP + _HEIGHT + _FOOT
        figure = new_figure(WIDTH, rows * tall)
        wide = (WIDTH - _LEFT - 12 - _GAP * (_ACROSS - 1)) / _ACROSS if across > 1 else 0.55 * WIDTH
        for i, panel in enumerate(panels):
            row, column = divmod(i, _ACROSS)
            left = _LEFT + column * (wide + _GAP)
            bottom = (rows - row - 1) * tall + _FOOT
            box = (left / WIDTH, bottom / (rows * tall), wide / WIDTH, _HEIGHT / (rows * tall))
            axes = figure.add_axes(box, sharey=figure.axes[0] if i else None)
            _draw(axes, panel, wide)
            axes.tick_params(labelleft=column == 0)
            if column == 0:
                axes.set_ylabel("\n".join(fit(label, _HEIGHT + 24, 9.0, 2)), color=QUIET, fontsize=9.0)
    return figure


def _draw(axes: Axes, panel: Panel, wide: float) -> None:
    quiet_axes(axes, "y")
    dense = len(panel.places) > 40
    size = 3.0 if dense else 5.5
    for x, low, high in zip(panel.places, panel.low, panel.high, strict=True):
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([x, x], [low, high], color=_COLOUR, linewidth=0.8 if dense else 1.4, alpha=0.5 if dense else 1.0)
    line = "-" if panel.joined and not panel.names else "none"
    axes.plot(panel.places, panel.mean, color=_COLOUR, marker="o", markersize=size, linestyle=line, linewidth=1.0)
    axes.set_title(fit(panel.title, wide, 9.5, 1, bold=True)[0], fontsize=9.5)
    if panel.names:
        name_places(axes, panel.names, wide)
    elif panel.log:
        logarithmic(axes)
    else:
        axes.margins(x=0.08)
        if len(panel.places) <= _MOST_TICKS:
            axes.set_xticks(panel.places, [f"{place:g}" for place in panel.places])
        else:
            axes.locator_params(axis="x", nbins=5)
