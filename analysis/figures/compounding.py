"""Share of orders with an error against the number of stages: closed form, simulation, and the stated figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.contrast import readable
from analysis.figures.style import INK, MARKERS, QUIET, SERIES, WIDTH, house_style, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 330.0


def compounding(rows: Sequence[Mapping[str, Any]], stated: float, stages: int, closed_form: float) -> Figure:
    """Curves 1 - (1 - p)^n, simulated points with 95 % intervals (`rows`: p, stages, simulated, low, high, ...).

    The stated figure is a horizontal line; a ring marks (`stages`, `closed_form`), the system it was stated for.
    """
    rates = sorted({float(row["p"]) for row in rows}, reverse=True)
    longest = max([stages, *(int(row["stages"]) for row in rows)])
    curve = np.linspace(0.0, longest, 241)
    with house_style():
        figure = new_figure(WIDTH, _HEIGHT)
        axes = figure.add_axes((54 / WIDTH, 42 / _HEIGHT, (WIDTH - 200) / WIDTH, (_HEIGHT - 56) / _HEIGHT))
        quiet_axes(axes, "y")
        ends: list[tuple[float, str, str]] = []
        for number, rate in enumerate(rates):
            colour, marker = SERIES[number % len(SERIES)], MARKERS[number % len(MARKERS)]
            share = 100 * (1 - (1 - rate) ** curve)
            axes.plot(curve, share, color=colour, linewidth=1.5)
            for row in (r for r in rows if float(r["p"]) == rate):
                n = int(row["stages"])
                axes.plot([n, n], [100 * float(row["low"]), 100 * float(row["high"])], color=colour, linewidth=2.2)
                axes.plot([n], [100 * float(row["simulated"])], marker=marker, color=colour, linestyle="none",
                          markeredgecolor="#ffffff", markeredgewidth=0.6, zorder=4)  # fmt: skip
            ends.append((float(share[-1]), f"p = {100 * rate:.4g} % a stage", colour))
        axes.axhline(100 * stated, color=INK, linewidth=1.3, linestyle=(0, (5, 3)), zorder=1)
        exact = 100 * closed_form
        axes.plot([stages], [exact], marker="o", markersize=14, markerfacecolor="none", color=INK, linestyle="none",
                  markeredgewidth=1.2, zorder=5)  # fmt: skip
        axes.set_xlim(0, longest * 1.02)
        top = max([e[0] for e in ends] + [100 * stated, exact]) * 1.08
        axes.set_ylim(0, top)
        ends.append((100 * stated, f"stated: {100 * stated:.4g} %", INK))
        step = top * 14 / (_HEIGHT - 56)
        for y, text, colour in _apart(ends, step):
            axes.text(longest * 1.04, y, text, color=readable(colour), va="center_baseline", fontsize=9.5,
                      fontweight="bold")  # fmt: skip
        axes.annotate(
            f"{stages} stages: {exact:.4g} %", xy=(stages, exact), xytext=(stages + 0.1 * longest, exact * 0.5),
            va="center", color=INK, arrowprops={"arrowstyle": "-", "color": QUIET, "shrinkB": 8, "relpos": (0.0, 0.5)},
        )  # fmt: skip
        axes.set_xlabel("stages in the chain")
        axes.set_ylabel("orders with at least one error, %")
        axes.set_xticks(sorted({int(row["stages"]) for row in rows} | {0}))
        _thin_ticks(axes.get_xticks().tolist(), axes, longest)
    return figure


def _thin_ticks(ticks: list[float], axes: Any, longest: int) -> None:
    """Leave out labels that would touch their left neighbour."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or tick - kept[-1] >= longest * 0.03:
            kept.append(tick)
    axes.set_xticks(kept)


def _apart(labels: list[tuple[float, str, str]], step: float) -> list[tuple[float, str, str]]:
    """Labels moved up just enough that none touches the one below."""
    placed: list[tuple[float, str, str]] = []
    for y, text, colour in sorted(labels):
        placed.append((max(y, placed[-1][0] + step) if placed else y, text, colour))
    return placed
