"""Figures of the claims laboratory: effects against what they are judged by, and effects over the swing space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.contrast import readable
from analysis.figures.style import (
    BETTER,
    INK,
    PAPER,
    QUIET,
    RULE,
    UNCLEAR,
    WIDTH,
    WORSE,
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

_ROW, _TOP, _FOOT = 58.0, 30.0, 8.0  # heights in points
_LEFT, _RIGHT = 232.0, 116.0
_LOOKS = {"supported": (BETTER, "^", True), "refuted": (WORSE, "v", True), "undecided": (UNCLEAR, "o", False)}


@dataclass(frozen=True)
class EffectRow:
    """One claim: its name, effect with interval, null effect with interval, and what it is judged against.

    `least` and `most` bound what the claim allows (`most` is infinite but for claims that state a figure); `word` is
    "supported", "refuted" or "undecided", `shown` how that is written, `note` what stands below it in small type.
    """

    name: str
    mean: float
    low: float
    high: float
    null: float
    null_low: float
    null_high: float
    least: float
    most: float
    word: str
    shown: str
    unit: str
    note: str = ""


def effect_strips(rows: Sequence[EffectRow]) -> Figure:
    """A strip a claim, each on a scale of its own: effect, null, and (shaded) where the claim holds."""
    with house_style():
        height = _TOP + _ROW * len(rows) + _FOOT
        figure = new_figure(WIDTH, height)
        for i, row in enumerate(rows):
            top = _TOP + i * _ROW
            box = (_LEFT / WIDTH, 1 - (top + 30) / height, (WIDTH - _LEFT - _RIGHT) / WIDTH, 30 / height)
            axes = figure.add_axes(box)
            _strip(axes, row)
            lines = fit(row.name, _LEFT - 18, 9.5, 4)
            for number, line in enumerate(lines):
                y = top + 15 + 12.5 * (number - (len(lines) - 1) / 2)
                figure.text(0.0, 1 - y / height, line, fontsize=9.5, va="center")
            colour = readable(_LOOKS[row.word][0])
            x = (WIDTH - _RIGHT + 12) / WIDTH
            told = fit(row.shown, _RIGHT - 12, 9.5, 2, bold=True)
            for number, line in enumerate(told):
                y = top + 11 + 12.5 * number
                figure.text(x, 1 - y / height, line, fontsize=9.5, fontweight="bold", color=colour, va="center")
            for line in fit(row.note, _RIGHT - 12, 8.5, 1):
                y = top + 11 + 12.5 * len(told)
                figure.text(x, 1 - y / height, line, fontsize=8.5, color=QUIET, va="center")
        _legend(figure)
    return figure


def _strip(axes: Axes, row: EffectRow) -> None:
    quiet_axes(axes, "x")
    shown = [row.mean, row.low, row.high, row.null, row.null_low, row.null_high, row.least, 0.0]
    finite = [value for value in (*shown, row.most) if math.isfinite(value)]
    low, high = min(finite), max(finite)
    room = 0.08 * (high - low or 1.0)
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(1.0, 0.0)
    axes.axvspan(row.least, min(row.most, high + room), color="#e3f2ec", linewidth=0, zorder=0)
    axes.axvline(row.least, color=BETTER, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    if math.isfinite(row.most):
        axes.axvline(row.most, color=BETTER, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    axes.axvline(0.0, color=INK, linewidth=1.1, zorder=1)
    colour, marker, filled = _LOOKS[row.word]
    if math.isfinite(row.low):
        axes.plot([row.low, row.high], [0.33, 0.33], color=colour, linewidth=2.0, solid_capstyle="butt", zorder=3)
    axes.plot([row.mean], [0.33], marker=marker, color=colour, linestyle="none", zorder=4,
              markerfacecolor=colour if filled else PAPER)  # fmt: skip
    if math.isfinite(row.null_low):
        axes.plot([row.null_low, row.null_high], [0.76, 0.76], color=QUIET, linewidth=1.2, zorder=3)
    axes.plot([row.null], [0.76], marker="|", color=QUIET, linestyle="none", markersize=7, zorder=4)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=5)
    axes.tick_params(labelsize=8.5)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.10g}".replace(",", "\u202f").replace("-", "\u2212"))
    axes.text(
        1.0,
        1.03,
        fit(row.unit, WIDTH - _LEFT - _RIGHT, 8.5, 1)[0],
        transform=axes.transAxes,
        ha="right",
        va="bottom",
        fontsize=8.5,
        color=QUIET,
    )


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, marker=marker, label=word, markerfacecolor=colour if filled else PAPER)
        for word, (colour, marker, filled) in _LOOKS.items()
    ]
    handles.append(Line2D([], [], color=QUIET, marker="|", linewidth=1.2, label="null (mechanism off)"))
    handles.append(Patch(facecolor="#e3f2ec", edgecolor=BETTER, linestyle="--", label="the claim holds"))
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=5, borderaxespad=0.2, columnspacing=1.3
    )


@dataclass(frozen=True)
class SpacePanel:
    """One swing parameter: its value at every point (places 0, 1, ... where `names` are given), strongest first."""

    title: str
    places: Sequence[float]
    names: tuple[str, ...] = ()
    log: bool = False


def space_chart(panels: Sequence[SpacePanel], effect: Sequence[float], sesoi: float, label: str) -> Figure:
    """The effect at every point of the swing space against its strongest parameters, holds and not told apart."""
    with house_style():
        height, top, foot, left, gap = 226.0, 46.0, 40.0, 62.0, 20.0
        figure = new_figure(WIDTH, height)
        wide = (WIDTH - left - 12 - gap * (len(panels) - 1)) / max(2, len(panels))
        for i, panel in enumerate(panels):
            box = ((left + i * (wide + gap)) / WIDTH, foot / height, wide / WIDTH, (height - top - foot) / height)
            axes = figure.add_axes(box, sharey=figure.axes[0] if i else None)
            _scatter(axes, panel, effect, sesoi, wide)
            axes.tick_params(labelleft=i == 0)
            if i == 0:
                _open_out(axes, effect, sesoi)
                axes.set_ylabel("\n".join(fit(label, height - top - foot + 20, 9.0, 2)), color=QUIET, fontsize=9.0)
        _space_legend(figure)
    return figure


def _scatter(axes: Axes, panel: SpacePanel, effect: Sequence[float], sesoi: float, wide: float) -> None:
    quiet_axes(axes, "y")
    axes.axhline(sesoi, color=BETTER, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    axes.axhline(0.0, color=INK, linewidth=1.0, zorder=1)
    for holds, colour, marker in ((True, BETTER, "^"), (False, WORSE, "v")):
        chosen = [i for i, value in enumerate(effect) if math.isfinite(value) and (value >= sesoi) == holds]
        # names stand apart: their points are spread out evenly, in the order of the points
        shift = [((i * 0.618) % 1.0 - 0.5) * 0.6 if panel.names else 0.0 for i in chosen]
        x = [panel.places[i] + s for i, s in zip(chosen, shift, strict=True)]
        axes.plot(x, [effect[i] for i in chosen], linestyle="none", marker=marker, markersize=4.0, color=colour,
                  markeredgewidth=0.4, markeredgecolor=PAPER, markerfacecolor=colour, zorder=3)  # fmt: skip
    axes.set_xlabel(fit(panel.title, wide, 9.5, 1)[0])
    if panel.names:
        name_places(axes, panel.names, wide)
    elif panel.log:
        logarithmic(axes)
    else:
        axes.locator_params(axis="x", nbins=5)


def _open_out(axes: Axes, effect: Sequence[float], sesoi: float) -> None:
    """Where effects are far larger than what matters, a scale that is linear about 0 and logarithmic beyond."""
    from matplotlib.ticker import NullLocator

    largest = max((abs(value) for value in effect if math.isfinite(value)), default=0.0)
    if sesoi != 0.0 and largest > 20.0 * abs(sesoi):
        axes.set_yscale("symlog", linthresh=4.0 * abs(sesoi), linscale=0.8)
        axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}".replace("-", "\u2212"))
        axes.yaxis.set_minor_locator(NullLocator())


def _space_legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=BETTER, marker="^", linestyle="none", label="holds there"),
        Line2D([], [], color=WORSE, marker="v", linestyle="none", label="does not"),
        Line2D([], [], color=BETTER, linestyle=(0, (4, 3)), linewidth=1.1, label="smallest effect of interest"),
        Line2D([], [], color=RULE, linewidth=0.0, label="one mark a point of the hypercube"),
    ]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2)
