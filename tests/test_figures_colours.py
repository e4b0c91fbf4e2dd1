"""Colours that stand side by side are told apart by every reader, and text stands out from what it is written on.

Colour vision deficiencies after Machado, Oliveira & Fernandes (2009, IEEE TVCG 15(6), severity 1.0), applied to linear
RGB; distances in CIELAB (1976). Every pair also differs in marker or dashes, so the least distance is that of patches
that lie apart, about seven just noticeable differences (2.3).
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pytest
from extents import texts_of
from matplotlib.colors import to_hex

from analysis.figures import cost_effectiveness_plane, journey_chart, lead_time_chart, weekly_chart
from analysis.figures.compounding import compounding
from analysis.figures.contrast import ENOUGH, contrast, readable
from analysis.figures.style import BETTER, HEAT, INK, MARKERS, OKABE_ITO, PAPER, QUIET, SERIES, UNCLEAR, WORSE

LEAST = 15.0
STEP = 9.0  # of neighbours in a scale from light to dark, which also says its numbers in words
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
TOGETHER = {
    "series": SERIES,
    "weeks": weekly_chart._COLOURS,
    "verdicts": (BETTER, WORSE, UNCLEAR, INK),
    "lead times": lead_time_chart._COLOURS,
    "journey": (journey_chart.WORK, journey_chart.REWORK, INK, "#8a929e"),
    "frontier": (cost_effectiveness_plane._ON, cost_effectiveness_plane._OFF),
}


def lab(colour: str, vision: str) -> npt.NDArray[np.float64]:
    """CIELAB (D65) of a colour as it is seen: shape (3,)."""
    code = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISION[vision]) @ linear, 0.0, 1.0)
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
    relative = to_xyz @ seen / np.array([0.95047, 1.0, 1.08883])
    root = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def distance(one: str, other: str, vision: str) -> float:
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


@pytest.mark.parametrize("vision", VISION)
def test_colours_used_together_are_told_apart(vision: str) -> None:
    close = [
        (name, a, b, round(distance(a, b, vision), 1))
        for name, colours in TOGETHER.items()
        for a, b in combinations(colours, 2)
        if distance(a, b, vision) < LEAST
    ]
    assert not close
    lightness = [lab(colour, vision)[0] for colour in HEAT]
    assert lightness == sorted(lightness, reverse=True)
    assert all(distance(a, b, vision) > STEP for a, b in pairwise(HEAT))


def test_the_measure_tells_apart_what_it_should() -> None:
    assert lab("#ffffff", "normal") == pytest.approx([100, 0, 0], abs=0.02)
    assert lab("#ff0000", "normal") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)  # published CIELAB of sRGB red
    assert distance("#b02020", "#383800", "protanopia") < LEAST  # a red and an olive, as no palette should have
    assert distance("#b02020", "#383800", "normal") > 4 * LEAST


def test_series_differ_in_more_than_colour() -> None:
    assert len(set(MARKERS)) == len(MARKERS) >= len(SERIES)
    assert len(set(map(str, weekly_chart._DASHES))) == len(weekly_chart._DASHES) >= weekly_chart.MOST_LINES


def test_text_stands_out_from_what_it_is_written_on() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert all(contrast(INK, paper) >= ENOUGH for paper in (PAPER, *HEAT))
    lanes = ("#eef3f8", "#fafbfc", "#f1f2f4")
    assert all(contrast(QUIET, paper) >= ENOUGH for paper in (PAPER, *lanes))
    for marker in (cost_effectiveness_plane._ON, cost_effectiveness_plane._OFF):  # numbers stand in them in white
        assert contrast("#ffffff", marker) >= ENOUGH


def test_a_readable_shade_is_the_lightest_that_is_enough() -> None:
    assert readable(OKABE_ITO["blue"]) == OKABE_ITO["blue"].lower()
    for colour in OKABE_ITO.values():
        shade = readable(colour)
        assert contrast(shade, PAPER) >= ENOUGH
        assert shade == colour.lower() or contrast(shade, PAPER) < 1.05 * ENOUGH


def test_words_in_the_colour_of_a_curve_are_readable() -> None:
    rows = [{"p": p, "stages": 10, "simulated": 0.1, "low": 0.09, "high": 0.11} for p in (0.01, 0.02, 0.03, 0.04)]
    texts = [text for text, _ in texts_of(compounding(rows, 0.11, 10, 0.0956))]
    assert len(texts) > 10
    assert all(contrast(to_hex(text.get_color()), PAPER) >= ENOUGH for text in texts)
