"""Forest plot: what each scenario changes against the base, with 95 % intervals, a panel per metric."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pandas as pd

from analysis.figures.style import (
    BETTER,
    INK,
    QUIET,
    UNCLEAR,
    WIDTH,
    WORSE,
    displayed,
    fit,
    house_style,
    new_figure,
    quiet_axes,
    records,
    tell,
    text_width,
    tick_label,
    title_of,
)
from analysis.report.numbers import difference

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CHANGE = ("difference", "difference_low", "difference_high")
_ROW, _HEAD, _FOOT, _TOP = 21.0, 44.0, 38.0, 26.0  # heights in points
_BETWEEN = 16.0  # from panel to panel, in points
_TICK, _APART = 9.0, 6.0  # type size of the axes' numbers and the room between them, in points


class MetricInfo(Protocol):
    """What a figure needs to know of a metric; `better` is "higher", "lower" or ""."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def better(self) -> str: ...


class Verdict(NamedTuple):
    """How a difference reads and is drawn."""

    word: str
    colour: str
    marker: str
    filled: bool


VERDICTS = {
    "better": Verdict("better", BETTER, "^", True),
    "worse": Verdict("worse", WORSE, "v", True),
    "changed": Verdict("changed", INK, "D", True),
    "unclear": Verdict("unclear", UNCLEAR, "o", False),
    "none": Verdict("no change", UNCLEAR, "o", False),
    "control": Verdict("a gain of a negative control, no improvement", UNCLEAR, "D", True),
}


def verdict(difference: float, low: float, high: float, better: str, control: bool = False) -> Verdict:
    """Better or worse if the interval excludes 0 (changed, for a metric without direction); otherwise unclear.

    What is better under a negative control (`control`) is no improvement, and is not drawn as one.
    """
    if difference == 0 and low == 0 and high == 0:
        return VERDICTS["none"]
    if not (low > 0 or high < 0):
        return VERDICTS["unclear"]
    if better not in ("higher", "lower"):
        return VERDICTS["changed"]
    if (low > 0) == (better == "higher"):
        return VERDICTS["control" if control else "better"]
    return VERDICTS["worse"]


class Wording(NamedTuple):
    """What a forest plot calls its values, and what its legend calls good and bad ones; `widest`: names, in points."""

    value: str
    better: str
    worse: str
    widest: float


DIFFERENCES = Wording("difference", "better than the base", "worse", 190.0)
EFFECTS = Wording("effect", "for the better", "for the worse", 260.0)


def forest(
    comparison: pd.DataFrame,
    metrics: Sequence[MetricInfo],
    scenarios: Sequence[str],
    wording: Wording = DIFFERENCES,
    controls: Collection[str] = (),
) -> Figure:
    """Differences to the base for a few metrics; `scenarios` from top to bottom (without the base).

    `controls`: those of them that are negative controls.
    """
    with house_style():
        names = max((text_width(title_of(s), 9.5) for s in scenarios), default=0.0)
        strip = min(names, wording.widest) + 14
        across = max(1, min(len(metrics), 3))
        down = -(-len(metrics) // across)
        panel = _HEAD + _ROW * len(scenarios) + _FOOT
        height = _TOP + down * panel
        figure = new_figure(WIDTH, height)
        room = (WIDTH - strip - 10) / across
        for position, metric in enumerate(metrics):
            row, column = divmod(position, across)
            left, top = strip + room * column, _TOP + row * panel + _HEAD
            tall = _ROW * len(scenarios)
            wide = room - _BETWEEN
            axes = figure.add_axes((left / WIDTH, 1 - (top + tall) / height, wide / WIDTH, tall / height))
            names_room = strip if column == 0 else 0.0
            _panel(axes, comparison, metric, scenarios, names_room, wide, wording.value, controls)
            _heading(figure, metric, left / WIDTH, height, top, wide)
        _legend(figure, height, wording, not set(controls).isdisjoint(scenarios))
    return figure


def _panel(
    axes: Axes,
    comparison: pd.DataFrame,
    metric: MetricInfo,
    scenarios: Sequence[str],
    strip: float,
    wide: float,
    value: str,
    controls: Collection[str],
) -> None:
    factor, _, unit = displayed(metric.unit)
    rows = {row["scenario"]: row for row in records(comparison[comparison["metric"] == metric.name])}
    quiet_axes(axes, "x")
    axes.axvline(0.0, color=INK, linewidth=1.1, zorder=1)
    reach = 0.0
    for y, name in enumerate(scenarios):
        if name not in rows:
            continue
        values = rows[name]
        point, low, high = (factor * float(values[c]) for c in _CHANGE)
        look = verdict(point, low, high, metric.better, name in controls)
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([low, high], [y, y], color=look.colour, linewidth=1.9, zorder=3, solid_capstyle="butt")
        (mark,) = axes.plot(
            [point], [y], marker=look.marker, color=look.colour, zorder=4, linestyle="none",
            markerfacecolor=look.colour if look.filled else "#ffffff",
        )  # fmt: skip
        told = difference(point / factor, low / factor, high / factor, metric.unit, with_unit=True)
        tell(mark, f"{title_of(name)}: {told}, {look.word}")
        reach = max([reach, *(abs(v) for v in (point, low, high) if math.isfinite(v))])
    axes.set_ylim(len(scenarios) - 0.5, -0.5)
    axes.set_yticks(range(len(scenarios)))
    size = 9.5
    labels = [fit(title_of(s), strip - 12, size, 1)[0] if strip else "" for s in scenarios]
    axes.set_yticklabels(labels)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, -0.08 * reach or -1.0), max(high, 0.08 * reach or 1.0))
    places = _ticks(*axes.get_xlim(), wide)
    axes.set_xticks(places, [tick_label(x) for x in places])
    axes.set_xlabel(f"{value}, {unit}" if unit else value, color=QUIET)


def _ticks(low: float, high: float, wide: float) -> list[float]:
    """Round values from `low` to `high` whose labels stay apart, and within the `wide` points of their own panel."""
    from matplotlib.ticker import MaxNLocator

    def fitting(count: int) -> list[float]:
        values = map(float, MaxNLocator(nbins=count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
        labels = [(wide * (x - low) / (high - low), text_width(tick_label(x), _TICK) / 2, x) for x in values]
        kept = [(place, half, x) for place, half, x in labels if half <= place <= wide - half]
        apart = all(q - p >= a + b + _APART for (p, a, _), (q, b, _) in pairwise(kept))
        return [x for *_, x in kept] if apart else []

    return max((fitting(count) for count in (4, 3, 5, 2, 6)), key=lambda kept: min(len(kept), 4))


def _heading(figure: Figure, metric: MetricInfo, x: float, height: float, top: float, room: float) -> None:
    """Name of the metric in at most two lines, and which way is good."""
    way = {"higher": "higher is better →", "lower": "← lower is better"}.get(metric.better, "no better direction")
    lines = fit(metric.label, room, 9.5, 2, bold=True)
    for number, line in enumerate(lines):
        y = top - 19 - 12 * (len(lines) - 1 - number)
        figure.text(x, 1 - y / height, line, fontsize=9.5, fontweight="bold", va="baseline")
    figure.text(x, 1 - (top - 6) / height, way, fontsize=8.5, color=QUIET, va="baseline")


def _legend(figure: Figure, height: float, wording: Wording, controls: bool) -> None:
    from matplotlib.lines import Line2D

    shown = [("better", wording.better), ("worse", wording.worse), ("unclear", "interval includes 0")]
    if controls:
        shown.append(("control", "gain of a negative control"))
    handles = [
        Line2D([], [], color=VERDICTS[key].colour, marker=VERDICTS[key].marker, label=text,
               markerfacecolor=VERDICTS[key].colour if VERDICTS[key].filled else "#ffffff")
        for key, text in shown
    ]  # fmt: skip
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2)
