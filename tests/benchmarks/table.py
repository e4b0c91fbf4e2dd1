"""Figures beside their targets: reported, never asserted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A limit that the median is to keep."""

    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"

    def met(self, figure: float) -> bool:
        return figure >= self.limit if self.at_least else figure <= self.limit


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, its figure in every round, in which unit, against what.

    `note` says why there is no figure.
    """

    work: str
    figures: Sequence[float]
    unit: str
    target: Target | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if not self.figures:
            return f"left out: {self.note}"
        if self.target is None:
            return ""
        return "met" if self.target.met(statistics.median(self.figures)) else "NOT MET"


def render(rows: Sequence[Row]) -> str:
    """The table for a terminal: median and (least .. most) over the rounds, target, verdict."""
    cells = [("work", "median", "(min .. max)", "unit", "target", "verdict")]
    for row in rows:
        target = str(row.target) if row.target else ""
        if not row.figures:
            cells.append((row.work, "-", "", row.unit, target, row.verdict))
            continue
        spread = f"({_short(min(row.figures))} .. {_short(max(row.figures))})"
        cells.append((row.work, _short(statistics.median(row.figures)), spread, row.unit, target, row.verdict))
    wide = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join(
        f"{a:<{wide[0]}}  {b:>{wide[1]}}  {c:<{wide[2]}}  {d:<{wide[3]}}  {e:<{wide[4]}}  {f}".rstrip()
        for a, b, c, d, e, f in cells
    )


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The same for a file, with the figure of every round."""
    return [
        asdict(row)
        | {"median": statistics.median(row.figures) if row.figures else None, "verdict": row.verdict}
        | {"target": str(row.target) if row.target else None}
        for row in rows
    ]


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"
