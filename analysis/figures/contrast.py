"""Contrast of text against what it stands on (WCAG 2.2, relative luminance and success criterion 1.4.3)."""

from __future__ import annotations

from functools import cache

from analysis.figures.style import PAPER

ENOUGH = 4.5


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white), of a colour "#rrggbb"."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Ratio of contrast of two colours "#rrggbb": 1 (none) to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@cache
def readable(colour: str, paper: str = PAPER) -> str:
    """The colour itself or, where text in it would be too faint on a light paper, the lightest darker shade."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for shade in range(100, -1, -1):
        darker = "#" + "".join(f"{round(part * shade / 100):02x}" for part in parts)
        if contrast(darker, paper) >= ENOUGH:
            return darker
    return "#000000"
