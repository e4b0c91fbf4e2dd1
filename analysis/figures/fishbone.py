"""Fishbone: what adds to a metric, by families of causes, as bones of a spine (Ishikawa 1986)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.style import INK, OKABE_ITO, QUIET, RULE, WIDTH, fit, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEAD, _RISE, _LEAN, _LABEL, _EDGE, _KEY = 128.0, 142.0, 52.0, 34.0, 6.0, 24.0  # points
_WORSE, _BETTER = OKABE_ITO["vermilion"], OKABE_ITO["blue"]
MOST_TWIGS = 4


@dataclass(frozen=True)
class Twig:
    """A part of a bone: its label (with its number), and its size on the scale of the bones."""

    label: str
    size: float


@dataclass(frozen=True)
class Bone:
    """A family of causes: its name, its numbers in words, its size (negative: it makes up for others), its twigs."""

    name: str
    text: str
    size: float
    twigs: tuple[Twig, ...] = ()


def fishbone(bones: Sequence[Bone], head: str, value: str) -> Figure:
    """The bones, the largest next to the head; `head` names the effect and `value` its size.

    The coloured part of a bone is as long as its size, from the spine outwards; twigs are on the same scale.
    """
    with house_style():
        columns = max(1, math.ceil(len(bones) / 2))
        height = 2 * (_RISE + _LABEL + _EDGE) + _KEY
        figure = new_figure(WIDTH, height)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0.0, WIDTH)
        axes.set_ylim(0.0, height)
        spine = _KEY + _RISE + _LABEL + _EDGE
        room = (WIDTH - _HEAD - 12) / columns
        _spine(axes, spine, head, value)
        sizes = [abs(b.size) for b in bones] + [abs(t.size) for b in bones for t in b.twigs]
        scale = math.hypot(_RISE, _LEAN) / max([*sizes, 1e-12])
        for place, bone in enumerate(sorted(bones, key=lambda b: -abs(b.size))):
            column, below = divmod(place, 2)
            foot = WIDTH - _HEAD - 14 - column * room
            _bone(axes, bone, foot, spine, -1.0 if below else 1.0, scale, room)
        _key(axes, any(b.size < 0 or any(t.size < 0 for t in b.twigs) for b in bones))
    return figure


def _spine(axes: Axes, y: float, head: str, value: str) -> None:
    from matplotlib.patches import Polygon

    left, right = WIDTH - _HEAD, WIDTH - _EDGE
    axes.plot([_EDGE, left], [y, y], color=INK, linewidth=2.6, solid_capstyle="round")
    tall = 42.0
    corners = [(left, y - tall), (right - 16, y - tall), (right, y), (right - 16, y + tall), (left, y + tall)]
    axes.add_patch(Polygon(corners, closed=True, facecolor="#f2f4f7", edgecolor=INK, linewidth=1.2))
    lines = fit(head, _HEAD - 36, 9.5, 3, bold=True)
    step = 12.5
    top = y + step * len(lines) / 2
    for number, line in enumerate(lines):
        axes.text(left + 9, top - step * number, line, fontsize=9.5, fontweight="bold", va="center")
    shown = fit(value, _HEAD - 36, 9.0, 2)
    for number, line in enumerate(shown):
        axes.text(left + 9, top - step * (len(lines) + number), line, fontsize=9.0, va="center", color=QUIET)


def _bone(axes: Axes, bone: Bone, foot: float, spine: float, side: float, scale: float, room: float) -> None:
    def at(share: float) -> tuple[float, float]:
        return foot - _LEAN * share, spine + side * _RISE * share

    (x, y), (end_x, end_y) = at(0.0), at(1.0)
    axes.plot([x, end_x], [y, end_y], color=RULE, linewidth=2.2, solid_capstyle="round", zorder=1)
    part = min(1.0, abs(bone.size) * scale / math.hypot(_RISE, _LEAN))
    if part > 0:
        tip = at(part)
        colour = _WORSE if bone.size > 0 else _BETTER
        axes.plot([x, tip[0]], [y, tip[1]], color=colour, linewidth=5.0, solid_capstyle="butt", zorder=3)
    labels = [(fit(bone.name, room - 8, 10.0, 1, bold=True)[0], 10.0, "bold", INK)]
    labels.append((fit(bone.text, room - 8, 8.5, 1)[0], 8.5, "normal", QUIET))
    for number, (text, size, weight, colour) in enumerate(labels):
        lift = 21.0 - 12.5 * number if side > 0 else -9.0 - 12.5 * number
        centre = max(end_x, room / 2 - 40)
        axes.text(centre, end_y + lift, text, fontsize=size, fontweight=weight, color=colour, ha="center", va="center")
    for number, twig in enumerate(bone.twigs[:MOST_TWIGS]):
        _twig(axes, twig, at(0.9 - 0.22 * number), scale, room)


def _twig(axes: Axes, twig: Twig, joint: tuple[float, float], scale: float, room: float) -> None:
    x, y = joint
    length = min(room - 26, x - _EDGE, abs(twig.size) * scale)
    colour = _WORSE if twig.size > 0 else _BETTER
    axes.plot([x - 14, x], [y, y], color=RULE, linewidth=1.2, zorder=1)
    axes.plot([x - length, x], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt", zorder=2)
    axes.text(
        x - 9, y + 7.0, fit(twig.label, min(room - 34, x - 9 - _EDGE), 8.0, 1)[0], fontsize=8.0, ha="right", va="center"
    )


def _key(axes: Axes, both: bool) -> None:
    entries = [("adds to it", _WORSE)] + ([("makes up for others", _BETTER)] if both else [])
    x = _EDGE
    for text, colour in entries:
        axes.plot([x, x + 18], [10, 10], color=colour, linewidth=5.0, solid_capstyle="butt")
        axes.text(x + 23, 10, text, fontsize=8.5, va="center", color=QUIET)
        x += 150
