"""The service blueprint of Shostack (1984, Harvard Business Review 62(1)): who does what where the customer sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from analysis.figures.blueprint_layout import layout
from analysis.figures.blueprint_shapes import Layout, Line, StageLoad
from analysis.figures.style import INK, OKABE_ITO, QUIET, house_style, new_figure
from sim.blueprint import Blueprint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOP = OKABE_ITO["vermilion"]
MOMENT = OKABE_ITO["blue"]


def blueprint_map(
    blueprint: Blueprint,
    values: Mapping[str, float] | None = None,
    measure: str = "failures per 1 000 orders",
    loads: Mapping[str, StageLoad] | None = None,
) -> Figure:
    """Draw the blueprint: boxes coloured by `values` per stage (none: all white), lines as thick as their flow.

    `loads`, on request: queue and utilisation, written into the boxes of the stages that it names.
    """
    plan = layout(blueprint, values, measure, loads)
    with house_style():
        figure = new_figure(plan.width, plan.height)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, plan.width)
        axes.set_ylim(plan.height, 0)
        axes.set_axis_off()
        _draw(axes, plan)
    return figure


class _Stroke(NamedTuple):
    colour: str
    width: float
    dashes: tuple[float, ...] | None = None


_STROKES = {
    "flow": _Stroke(INK, 1.1),
    "loop": _Stroke(LOOP, 1.3, (4, 2)),
    "delivery": _Stroke(QUIET, 1.1),
    "order": _Stroke(INK, 1.1),
    "contact": _Stroke(MOMENT, 1.1, (1, 1.5)),
    "visibility": _Stroke(INK, 1.5, (6, 3)),
    "interaction": _Stroke(QUIET, 0.9, (1.5, 2)),
    "internal": _Stroke(QUIET, 0.9, (6, 2, 1.5, 2)),
    "border": _Stroke(INK, 1.2),
}


def _draw(axes: Axes, plan: Layout) -> None:
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
    from matplotlib.path import Path

    for lane, box in plan.lanes:
        shade = {"customer": "#eef3f8", "onstage": "#fafbfc"}.get(lane, "#f1f2f4")
        axes.add_artist(Rectangle((box.left, box.top), box.width, box.height, facecolor=shade, linewidth=0, zorder=0))
    for line in plan.lines:
        vertices, codes = _rounded(line.points)
        stroke, width = _STROKES[line.kind], _width(line)
        head = max(1.0, 0.5 * width + 0.55)
        style = f"-|>,head_length={3.6 * head:.3f},head_width={2 * head:.3f}" if line.arrow else "-"
        axes.add_artist(
            FancyArrowPatch(
                path=Path(vertices, codes), arrowstyle=style, mutation_scale=1.0, capstyle="butt", zorder=2,
                color=stroke.colour, linewidth=width, linestyle=(0, stroke.dashes) if stroke.dashes else "-",
            )
        )  # fmt: skip
    for name, box in plan.stages.items():
        axes.add_artist(
            FancyBboxPatch(
                (box.left, box.top), box.width, box.height, boxstyle="round,pad=0,rounding_size=4",
                facecolor=plan.fills[name], edgecolor=INK, linewidth=0.9, zorder=3,
            )
        )  # fmt: skip
    for box in plan.pills:
        axes.add_artist(
            FancyBboxPatch(
                (box.left, box.top), box.width, box.height, boxstyle="round,pad=0,rounding_size=8",
                facecolor="#ffffff", edgecolor=INK, linewidth=0.9, zorder=3,
            )
        )  # fmt: skip
    for box, colour in plan.swatches:
        axes.add_artist(
            Rectangle((box.left, box.top), box.width, box.height, facecolor=colour, edgecolor=INK, linewidth=0.6)
        )
    for x, y in plan.moments:
        axes.plot([x], [y], marker="D", markersize=5.2, color=MOMENT, markeredgecolor="#ffffff", markeredgewidth=0.6,
                  zorder=5, clip_on=False)  # fmt: skip
    for text in plan.texts:
        axes.text(
            text.x, text.y, text.text, fontsize=text.size, ha=text.align, va="center_baseline", color=text.colour,
            fontweight="bold" if text.bold else "normal", zorder=6,
        )  # fmt: skip


def _width(line: Line) -> float:
    """Thickness in points: by flow where a line has one, otherwise that of its kind."""
    return _STROKES[line.kind].width if line.share is None else 0.6 + 1.7 * line.share


def _rounded(points: Sequence[tuple[float, float]], radius: float = 5.0) -> tuple[list[tuple[float, float]], list[int]]:
    """The polyline as a path whose corners are quarter arcs."""
    from matplotlib.path import Path

    vertices, codes = [points[0]], [int(Path.MOVETO)]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _toward(corner, before, radius), _toward(corner, after, radius)
        vertices += [near, corner, far]
        codes += [int(Path.LINETO), int(Path.CURVE3), int(Path.CURVE3)]
    return [*vertices, points[-1]], [*codes, int(Path.LINETO)]


def _toward(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    """The point `distance` from start on the way to end, at most half-way."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = abs(dx) + abs(dy)
    step = min(distance, length / 2)
    return (start[0] + dx / length * step, start[1] + dy / length * step) if length else start
