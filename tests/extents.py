"""Where the texts of a drawn figure really stand: from their extents, as matplotlib sets them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from analysis.figures.style import house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import BboxBase

DPI = 72.0
SLACK = 1.0  # points by which two lines of text may touch: their boxes hold room above capitals and below the line


def texts_of(figure: Figure) -> list[tuple[Text, BboxBase]]:
    """Every text that is seen, with its box in points from the lower left corner."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    with house_style():
        figure.set_dpi(DPI)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        hidden = {
            id(text)
            for axes in figure.axes
            for axis in (axes.xaxis, axes.yaxis)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
            for text in (tick.label1, tick.label2)
            if not _shown(axes, axis, tick, text)
        }
        found = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible() and id(t) not in hidden]
        return [(text, text.get_window_extent(renderer)) for text in found]


def _shown(axes, axis, tick, text) -> bool:  # type: ignore[no-untyped-def]
    """Whether the label of a tick is drawn: matplotlib keeps those outside the limits, unseen."""
    if not (axes.axison and axis.get_visible() and text.get_visible() and tick.get_visible()):
        return False
    low, high = sorted(axis.get_view_interval())
    room = 1e-9 * max(1.0, abs(high - low))
    return low - room <= tick.get_loc() <= high + room


def faults(figure: Figure) -> list[str]:
    """Texts that leave the canvas or overlap, in words; empty for a figure as it should be."""
    boxes = texts_of(figure)
    width, height = figure.get_size_inches() * DPI
    found = []
    for text, box in boxes:
        if box.x0 < -SLACK or box.y0 < -SLACK or box.x1 > width + SLACK or box.y1 > height + SLACK:
            found.append(f"'{text.get_text()}' leaves the canvas: {box.extents.round(1)} of {width:.0f} x {height:.0f}")
    for (one, a), (other, b) in combinations(boxes, 2):
        across, down = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > SLACK and down > 2 * SLACK:
            found.append(f"'{one.get_text()}' overlaps '{other.get_text()}' by {across:.1f} x {down:.1f}")
    return found
