"""The legend below a service blueprint: what its lines, marks and colours mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from analysis.figures.blueprint_shapes import SMALL, Box, Layout, Line, Text
from analysis.figures.style import HEAT, QUIET, text_width

_SYMBOLS = {"batch": "×n", "share": "25 %", "staff": "(2)", "queue": "queue", "in use": "in use"}
_STEP = 15.0  # from line to line, in points


@dataclass(frozen=True)
class Shown:
    """What a map shows besides stages, staff and the lines of interaction and visibility."""

    moments: bool
    support: bool
    borders: bool
    batches: bool
    shares: bool
    loops: bool
    flows: bool
    loads: bool

    @property
    def entries(self) -> list[tuple[str, str]]:
        """(symbol, meaning) in the order of the legend."""
        wanted = (
            (self.moments, "moment", "moment of truth"),
            (True, "interaction", "line of interaction"),
            (True, "visibility", "line of visibility"),
            (self.support, "internal", "line of internal interaction"),
            (self.borders, "border", "handoff between functions"),
            (self.batches, "batch", "orders move in batches of n"),
            (self.shares, "share", "share of orders that go this way"),
            (self.flows, "thickness", "few or many orders"),
            (self.loops, "loop", "goes back"),
            (True, "staff", "staff in the pool"),
            (self.loads, "queue", "orders that wait, on average"),
            (self.loads, "in use", "share of the staff's time"),
        )
        return [(symbol, meaning) for there, symbol, meaning in wanted if there]


def draw_legend(out: Layout, shown: Shown, values: Mapping[str, float], measure: str) -> None:
    """Add the entries in lines below the map, and the colour bar where there are values; `out` grows."""
    x, y = 8.0, out.height + 14
    for kind, text in shown.entries:
        wide = text_width(_SYMBOLS[kind], SMALL, bold=True) if kind in _SYMBOLS else 8.0 if kind == "moment" else 18.0
        needed = wide + 5 + text_width(text, SMALL) + 16
        if x > 8 and x + needed > out.width:
            x, y = 8.0, y + _STEP
        _symbol(out, kind, x, y)
        out.texts.append(Text(text, x + wide + 5, y, SMALL, colour=QUIET))
        x += needed
    if values:
        y = _colour_bar(out, values, measure, y + 19)
    out.height = y + 12


def _symbol(out: Layout, kind: str, x: float, y: float) -> None:
    if kind in _SYMBOLS:
        out.texts.append(Text(_SYMBOLS[kind], x, y, SMALL, bold=True))
    elif kind == "moment":
        out.moments.append((x + 4, y))
    elif kind == "border":
        out.lines.append(Line(((x, y), (x + 18, y)), "flow"))
        for shift in (-1.2, 1.2):
            out.lines.append(Line(((x + 9 + shift, y - 4), (x + 9 + shift, y + 4)), "border"))
    elif kind == "thickness":
        for shift, share in ((-2.5, 0.0), (2.5, 1.0)):
            out.lines.append(Line(((x, y + shift), (x + 18, y + shift)), "flow", share=share))
    else:
        out.lines.append(Line(((x, y), (x + 18, y)), kind))


def _colour_bar(out: Layout, values: Mapping[str, float], measure: str, y: float) -> float:
    """One swatch a class, with the class's limits beside it; returns the height of its last line."""
    caption = Text(f"Colour: {measure}", 8.0, y, SMALL, bold=True)
    out.texts.append(caption)
    x = 8.0 + caption.box.width + 14
    top = max(values.values())
    edges = [top * i / len(HEAT) for i in range(len(HEAT) + 1)]
    for (low, high), colour in zip(pairwise(edges), HEAT, strict=True):
        words = f"{short(low)}–{short(high)}"
        if x + 18 + text_width(words, SMALL) > out.width:
            x, y = 8.0, y + _STEP
        out.swatches.append((Box(x, y - 5.5, 14, 11), colour))
        out.texts.append(Text(words, x + 18, y, SMALL, colour=QUIET))
        x += 18 + text_width(words, SMALL) + 10
    return y


def short(value: float) -> str:
    """A value in few characters."""
    return f"{value:.0f}" if value >= 100 or value == 0 else f"{value:.3g}" if value < 1 else f"{value:.1f}"
