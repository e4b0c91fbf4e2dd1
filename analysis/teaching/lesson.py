"""What a lesson is, and how its runs are made and remembered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from analysis.teaching.sliders import LONGEST, History, Settings, Slider
from sim.blueprint import Blueprint
from sim.journal import Journal
from sim.simulate import simulate

_BLOCK = 200.0  # h; a run is made to the end of such a block and serves all questions within it
HIGHEST_SEED = 999_999


@dataclass(frozen=True)
class Lesson:
    """A lesson: its texts and sliders, and what it answers.

    `answer` takes (history, seed, since, until) and returns what the page draws: plain data, NaN as None. `blueprint`
    (settings, hours) is the system at one moment of the history; lesson 4 has none and makes its own runs.
    """

    number: int
    title: str
    look_for: str
    sliders: tuple[Slider, ...]
    answer: Callable[[History, int, float, float], dict[str, Any]]

    def about(self) -> dict[str, Any]:
        """What the page shows before anything runs."""
        return {
            "lesson": self.number,
            "title": self.title,
            "look_for": self.look_for,
            "sliders": [slider.described() for slider in self.sliders],
            "seed": {"min": 1, "max": HIGHEST_SEED, "value": 1},
            "longest": LONGEST,
        }


Build = Callable[[Settings, float], Blueprint]


def run(build: Build, history: History, seed: int, until: float) -> Journal:
    """The journal of a history: the same up to any time for every later `until`."""
    hours = min(LONGEST, max(_BLOCK, math.ceil(until / _BLOCK) * _BLOCK))
    frozen = tuple((time, tuple(settings.items())) for time, settings in history)
    return _run(build, frozen, seed, hours)


@lru_cache(maxsize=16)
def _run(
    build: Build, history: tuple[tuple[float, tuple[tuple[str, float], ...]], ...], seed: int, hours: float
) -> Journal:
    timeline = tuple((time, build(dict(settings), hours)) for time, settings in history)
    return simulate(timeline, seed=seed, allow_unstable=True)


def rounded(value: float, digits: int = 4) -> float | None:
    """For JSON: NaN as None, and no more digits than a page can use."""
    return None if math.isnan(value) else round(float(value), digits)
