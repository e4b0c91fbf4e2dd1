"""The shapes that a service blueprint is made of, in points (1/72 inch), y downwards."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.figures.style import INK, text_width

SMALL = 8.0  # type size of everything but names
LINE_HEIGHT = 1.22  # over type size


class StageLoad(NamedTuple):
    """How busy a stage is: orders waiting and share of the staff's time in use (NaN: not known), on average."""

    queue: float = math.nan
    utilisation: float = math.nan

    @property
    def lines(self) -> list[str]:
        """What a box says of it."""
        said = [f"queue {self.queue:.3g}"] if math.isfinite(self.queue) else []
        return [*said, f"in use {100 * self.utilisation:.0f} %"] if math.isfinite(self.utilisation) else said


class Box(NamedTuple):
    """A rectangle in points, y downwards."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def overlaps(self, other: Box, slack: float = 0.05) -> bool:
        """Whether the two share more than their edges."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > slack and down > slack

    def holds(self, other: Box, slack: float = 0.05) -> bool:
        """Whether the other lies inside."""
        return (
            other.left >= self.left - slack
            and other.right <= self.right + slack
            and other.top >= self.top - slack
            and other.bottom <= self.bottom + slack
        )


@dataclass(frozen=True)
class Text:
    """A line of text, vertically centred on y. `align` is left, center or right."""

    text: str
    x: float
    y: float
    size: float = SMALL
    align: str = "left"
    bold: bool = False
    colour: str = INK
    stage: str = ""

    @property
    def box(self) -> Box:
        width, height = text_width(self.text, self.size, self.bold), self.size * LINE_HEIGHT
        left = self.x - {"left": 0.0, "center": width / 2, "right": width}[self.align]
        return Box(left, self.y - height / 2, width, height)


@dataclass(frozen=True)
class Line:
    """A polyline with rounded corners; `share` (of the busiest way's flow, 0 to 1) makes it thick or thin.

    Kinds: flow, loop, delivery, order, contact, interaction, visibility, internal, border.
    """

    points: tuple[tuple[float, float], ...]
    kind: str
    arrow: bool = False
    share: float | None = None


@dataclass
class Layout:
    """Where everything stands."""

    width: float = 0.0
    height: float = 0.0
    stages: dict[str, Box] = field(default_factory=dict)
    fills: dict[str, str] = field(default_factory=dict)
    pills: list[Box] = field(default_factory=list)
    swatches: list[tuple[Box, str]] = field(default_factory=list)
    moments: list[tuple[float, float]] = field(default_factory=list)
    lanes: list[tuple[str, Box]] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
