"""The charts of a sensitivity analysis, and how what they show is called."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.figures.effects_chart import Panel, effects_chart
from analysis.figures.pair_map import pair_map
from analysis.figures.ranked_dots import Dots, ranked_dots
from analysis.figures.style import INK, displayed, fit, title_of
from analysis.figures.tornado import Bar, tornado
from analysis.report.numbers import number
from analysis.sensitivity.answers import plain_number
from analysis.sensitivity.indices import Indices
from analysis.sensitivity.one_at_a_time import Curve
from analysis.sensitivity.screening import Screening
from analysis.sensitivity.study import Sensitivity

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Floats = npt.NDArray[np.float64]

BARS = 14  # rows of the tornado
OPEN = "°"  # marks a cell whose interval includes 0
_PANELS = 6  # curves


def sensitivity_figures(found: Sensitivity) -> dict[str, Drawing]:
    """Figures by file name, of what was finished: tornado, curves, screening, shares, pair."""
    figures: dict[str, Drawing] = {}
    factor, _, unit = displayed(found.contrast.unit)
    label = axis_label(found)
    if found.curves:
        bars = [_bar(curve, factor) for curve in by_swing(found)[:BARS]]
        figures["sensitivity_tornado"] = tornado(bars, factor * float(found.base.mean), label)
        figures["sensitivity_curves"] = _curves(found, factor, label)
    if found.screening is not None and math.isfinite(found.screening.floor):
        figures["sensitivity_screening"] = _screening_chart(found, found.screening, factor, unit)
    if found.indices is not None and not np.isnan(found.indices.total).all():
        figures["sensitivity_shares"] = _shares_chart(found, found.indices)
    if found.pair is not None:
        pair, s = found.pair, found.pair.spread
        c = found.contrast
        sides = (c.one, c.other) if c.direction > 0 else (c.other, c.one)
        figures["sensitivity_pair"] = pair_map(
            pair.x, pair.y, np.where(s.low > 0, 1.0, np.where(s.high < 0, -1.0, 0.0)), cells_of(found),
            (pair.across.label, pair.up.label),
            (f"{title_of(sides[0])} is better", f"{title_of(sides[1])} is better"),
            (pair.across.today, pair.up.today),
        )  # fmt: skip
    return figures


def _shown(found: Sensitivity) -> list[Curve]:
    """The curves of parameters that turn the decision, then those with the widest swing."""
    turning = [r.parameter.name for r in found.reversals or ()]
    first = [c for name in turning for c in found.curves if c.parameter.name == name]
    return [*first, *(c for c in by_swing(found) if c.parameter.name not in turning)][:_PANELS]


def _curves(found: Sensitivity, factor: float, label: str) -> Drawing:
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    panels = []
    for curve in _shown(found):
        s = curve.spread
        panels.append(
            Panel(
                curve.parameter.label, list(curve.x), list(factor * s.mean), list(factor * s.low), list(factor * s.high)
            )
        )
    figure = effects_chart(panels, label)
    for axes, panel in zip(figure.axes, panels, strict=True):
        wide = 72.0 * figure.get_size_inches()[0] * axes.get_position().width
        title = "\n".join(fit(panel.title, wide, 8.5, 2, bold=True))
        axes.set_title(title, fontsize=8.5, loc="left", fontweight="bold", color=INK)
        axes.axhline(0.0, color=INK, linewidth=1.0, zorder=1)
        axes.xaxis.set_major_locator(MaxNLocator(5))  # today's value may lie close to one of the grid
        axes.xaxis.set_major_formatter(ScalarFormatter())
    return figure


def by_swing(found: Sensitivity) -> list[Curve]:
    """The curves, the largest change from the low to the high end first."""
    return sorted(found.curves, key=lambda c: -abs(np.nan_to_num(float(c.swing.mean))))


def _bar(curve: Curve, factor: float) -> Bar:
    s = curve.spread
    at = [(factor * float(s.mean[i]), factor * float(s.low[i]), factor * float(s.high[i])) for i in (0, -1)]
    return Bar(curve.parameter.label, (plain_number(curve.x[0]), plain_number(curve.x[-1])), at[0], at[1])


def labels_of(found: Sensitivity) -> dict[str, str]:
    """Name of a parameter -> what it is called."""
    return {p.name: p.label for p in found.parameters}


def _screening_chart(found: Sensitivity, s: Screening, factor: float, unit: str) -> Drawing:
    labels, place = labels_of(found), {name: i for i, name in enumerate(s.names)}
    order = [place[name] for name in s.ranking]
    mu, half, sigma = factor * s.mu_star[order], factor * s.mu_star_half[order], factor * s.sigma[order]
    nothing = np.full(len(order), np.nan)
    series = [
        Dots("size of the effect (mu*), 95 % interval", list(mu), list(np.maximum(0.0, mu - half)), list(mu + half)),
        Dots("spread of the effect (sigma)", list(sigma), list(nothing), list(nothing)),
    ]
    words = f"Effect of the whole range, {unit}" if unit else "Effect of the whole range"
    return ranked_dots([labels[s.names[i]] for i in order], series, words, {"noise alone": factor * s.floor})


def _shares_chart(found: Sensitivity, i: Indices) -> Drawing:
    """Shares lie between 0 and 1: estimates beyond are drawn at the edge."""
    labels = labels_of(found)
    order = np.argsort(-i.total, kind="stable")
    series = [
        Dots(words, list(np.clip(mean[order], 0.0, 1.0)), *_around(mean[order], half[order]))
        for words, mean, half in (
            ("total, with others", i.total, i.total_half),
            ("alone", i.first, i.first_half),
        )
    ]
    return ranked_dots(
        [labels[i.names[k]] for k in order], series, "Share of the variance of the difference", limits=(-0.05, 1.05)
    )


def _around(value: Floats, half: Floats) -> tuple[list[float], list[float]]:
    return list(np.clip(value - half, 0.0, 1.0)), list(np.clip(value + half, 0.0, 1.0))


def cells_of(found: Sensitivity) -> list[list[str]]:
    """The means over the pair's rectangle, a list for each value up; `OPEN` marks those that are not clear of 0."""
    assert found.pair is not None
    factor, s = displayed(found.contrast.unit)[0], found.pair.spread
    biggest = factor * float(np.nanmax(np.abs(s.mean)))
    digits = 0 if biggest >= 100 else 1 if biggest >= 10 else 2
    return [
        [
            number(factor * float(s.mean[r, c]), digits) + ("" if s.low[r, c] > 0 or s.high[r, c] < 0 else OPEN)
            for c in range(s.mean.shape[1])
        ]
        for r in range(s.mean.shape[0])
    ]


def axis_label(found: Sensitivity) -> str:
    """What the contrast is, with its unit."""
    c, unit = found.contrast, displayed(found.contrast.unit)[2]
    what = f"{title_of(c.one)} less {title_of(c.other)}, {c.label}"
    return f"{what}, {unit}" if unit else what
