"""Survey chart: expectation against perception per dimension, and the gap between them with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.figures.style import (
    INK,
    OKABE_ITO,
    QUIET,
    WIDTH,
    fit,
    house_style,
    new_figure,
    quiet_axes,
    text_width,
    title_of,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPECTED, PERCEIVED = INK, OKABE_ITO["blue"]
_ROW, _HEAD, _FOOT = 27.0, 48.0, 42.0


def survey_chart(groups: Mapping[str, Mapping[str, Any]], scale: tuple[float, float]) -> Figure:
    """`groups`: name -> expectation, perception, gap, ci (as `survey_results` gives dimensions and overall)."""
    from matplotlib.lines import Line2D

    names = list(groups)
    with house_style():
        size = 9.5
        strip = min(max((text_width(title_of(n), size) for n in names), default=0.0), 190.0) + 14
        tall = _ROW * len(names)
        height = _HEAD + tall + _FOOT
        figure = new_figure(WIDTH, height)
        room = (WIDTH - strip - 12) / 2
        levels, gaps = (
            figure.add_axes(((strip + room * i + 12 * i) / WIDTH, _FOOT / height, (room - 18) / WIDTH, tall / height))
            for i in range(2)
        )
        for axes in (levels, gaps):
            quiet_axes(axes, "x")
            axes.set_ylim(len(names) - 0.5, -0.5)
            axes.set_yticks(range(len(names)))
        levels.set_yticklabels([fit(title_of(n), strip - 12, size, 1)[0] for n in names])
        gaps.set_yticklabels([])
        gaps.axvline(0.0, color=INK, linewidth=1.1)
        for y, group in enumerate(groups.values()):
            expectation, perception = float(group["expectation"]), float(group["perception"])
            levels.plot([expectation, perception], [y, y], color=QUIET, linewidth=1.4, zorder=2)
            levels.plot([expectation], [y], marker="|", markersize=13, markeredgewidth=2.2, color=EXPECTED, zorder=3)
            levels.plot([perception], [y], marker="o", color=PERCEIVED, zorder=4)
            low, high = group["ci"]
            if low is not None and high is not None:
                gaps.plot([low, high], [y, y], color=PERCEIVED, linewidth=2.0)
            gaps.plot([float(group["gap"])], [y], marker="o", color=PERCEIVED, zorder=4)
        low, high = scale
        levels.set_xlabel(f"mean answer on the scale {low:g} to {high:g}", color=QUIET)
        gaps.set_xlabel("gap = perception − expectation, scale points", color=QUIET)
        figure.text(strip / WIDTH, 1 - (_HEAD - 8) / height, "Expectation and perception", fontweight="bold")
        figure.text((strip + room + 12) / WIDTH, 1 - (_HEAD - 8) / height, "Gap with 95 % interval", fontweight="bold")
        handles = [
            Line2D([], [], color=EXPECTED, marker="|", markersize=12, markeredgewidth=2.2, linestyle="none",
                   label="expectation"),
            Line2D([], [], color=PERCEIVED, marker="o", linestyle="none", label="perception, and gap"),
        ]  # fmt: skip
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    return figure
