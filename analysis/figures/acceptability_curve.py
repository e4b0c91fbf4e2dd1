"""Over what a point is worth: net benefit against the base, and the probability of each scenario to be the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd

from analysis.figures.style import INK, QUIET, SERIES, WIDTH, fit, house_style, new_figure, quiet_axes, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
_PANEL, _BETWEEN, _FOOT, _LEFT, _ROW = 150.0, 46.0, 42.0, 62.0, 16.0  # points


def acceptability_curve(
    table: pd.DataFrame, scenarios: Sequence[str], changes: Sequence[float], unit: str, effect: str
) -> Figure:
    """Two panels over worth: mean net benefit with its 95 % band, and the probability of the largest net benefit.

    `table`: worth, scenario, probability, benefit, benefit_low, benefit_high; `changes`: worths at which the best
    scenario changes; `unit` of the costs; `effect`: what a point is a point of.
    """
    from matplotlib.lines import Line2D

    with house_style():
        columns = 3
        top = 8.0 + _ROW * -(-len(scenarios) // columns)
        height = top + 2 * _PANEL + _BETWEEN + 18 + _FOOT
        figure = new_figure(WIDTH, height)
        looks = {name: (SERIES[i % len(SERIES)], _STYLES[(i // 2) % len(_STYLES)]) for i, name in enumerate(scenarios)}
        headings = {
            "benefit": f"Net benefit against the base, {unit}",
            "probability": "Probability of the largest net benefit",
        }
        for place, (column, heading) in enumerate(headings.items()):
            y = top + 18 + place * (_PANEL + _BETWEEN)
            axes = figure.add_axes(
                (_LEFT / WIDTH, 1 - (y + _PANEL) / height, (WIDTH - _LEFT - 16) / WIDTH, _PANEL / height)
            )
            _panel(axes, table, looks, column, changes)
            figure.text(6 / WIDTH, 1 - (y - 7) / height, heading, fontsize=9.5, fontweight="bold")
        axes.set_ylim(-0.03, 1.03)
        axes.set_xlabel(fit(f"worth of a point of {effect}, {unit}", WIDTH - 100, 9.5, 1)[0], color=QUIET)
        handles = [
            Line2D([], [], color=colour, linestyle=style, linewidth=2.0, label=fit(title_of(name), 195, 9.5, 1)[0])
            for name, (colour, style) in looks.items()
        ]
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=columns, borderaxespad=0.2,
                      columnspacing=1.6, labelspacing=0.3)  # fmt: skip
    return figure


def _panel(
    axes: Axes, table: pd.DataFrame, looks: Mapping[str, tuple[str, Literal["-", "--", "-.", ":"]]], column: str,
    changes: Sequence[float],
) -> None:  # fmt: skip
    quiet_axes(axes, "y")
    worths = table["worth"].to_numpy(dtype=float)
    for change in changes:
        if worths.min() <= change <= worths.max():
            axes.axvline(change, color=QUIET, linewidth=0.9, linestyle=":", zorder=1)
    if column == "benefit":
        axes.axhline(0.0, color=INK, linewidth=1.0, zorder=1)
    for i, (name, (colour, style)) in enumerate(looks.items()):
        part = table[table["scenario"] == name]
        x, y = part["worth"].to_numpy(dtype=float), part[column].to_numpy(dtype=float)
        if column == "benefit":
            low, high = (part[f"benefit_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
            axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0, zorder=2)
        axes.plot(x, y, color=colour, linestyle=style, linewidth=2.0, zorder=3 + i / 100)
    axes.set_xlim(worths.min(), worths.max())
    axes.locator_params(axis="y", nbins=5)
