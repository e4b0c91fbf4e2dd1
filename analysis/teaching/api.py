"""Questions of the page, checked, and their answers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from analysis.teaching import lesson1, lesson2, lesson3, lesson4
from analysis.teaching.lesson import HIGHEST_SEED, Lesson
from analysis.teaching.sliders import LONGEST, history_from
from sim.invalid import InvalidInput, require, unknown_name

LESSONS: Mapping[int, Lesson] = {m.LESSON.number: m.LESSON for m in (lesson1, lesson2, lesson3, lesson4)}
_MOST_AT_ONCE = 4  # replications of lesson 4 in one answer
_NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{1,9})?")
_QUESTIONS = ("seed", "since", "until", "h")


def about(number: int) -> dict[str, Any]:
    """Texts and sliders of a lesson."""
    return LESSONS[number].about()


def run(number: int, asked: Mapping[str, str]) -> dict[str, Any]:
    """What a lesson has to say about (since, until]. Raises `InvalidInput` for anything malformed or out of range."""
    for name in asked:
        if name not in _QUESTIONS:
            raise unknown_name("question", name, _QUESTIONS, "part of a question")
    seed = _number(asked, "seed", 1.0, 1.0, HIGHEST_SEED)
    require(seed == int(seed), "seed", asked.get("seed"), "must be a whole number")
    until = _number(asked, "until", 0.0, 0.0, LONGEST)
    since = _number(asked, "since", 0.0, 0.0, until)
    if number == 4:
        for name, value in (("since", since), ("until", until)):
            require(value == int(value), name, asked.get(name), "must be a whole number of replications")
        allowed = f"must be at most {_MOST_AT_ONCE} above since, and {lesson4.MOST_REPLICATIONS}"
        require(until <= min(since + _MOST_AT_ONCE, lesson4.MOST_REPLICATIONS), "until", asked.get("until"), allowed)
    lesson = LESSONS[number]
    history = history_from(asked.get("h", ""), lesson.sliders, math.inf if number == 4 else until)
    return {"lesson": number, "seed": int(seed), "since": since, "until": until} | lesson.answer(
        history, int(seed), since, until
    )


def _number(asked: Mapping[str, str], name: str, usual: float, low: float, high: float) -> float:
    text = asked.get(name)
    if text is None:
        return usual
    if not _NUMBER.fullmatch(text):
        raise InvalidInput(name, text[:40], f"must be a number from {low:g} to {high:g}")
    value = float(text)
    require(low <= value <= high, name, text, f"must be from {low:g} to {high:g}")
    return value
