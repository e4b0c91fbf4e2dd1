"""What a class may change while a lesson runs, and the history of what it did change."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sim.invalid import InvalidInput, require, unknown_name

Settings = Mapping[str, float]
History = tuple[tuple[float, Settings], ...]
"""((time h, settings from then on), ...), the first at time 0, times increasing; every slider in every entry."""

LONGEST = 2000.0  # h of simulated time
MOST_CHANGES = 50
_LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Slider:
    """A bounded number. `whole`: only whole numbers. `help` says in a sentence what it does."""

    name: str
    label: str
    min: float
    max: float
    step: float
    value: float
    unit: str = ""
    help: str = ""
    whole: bool = False

    def check(self, given: object, where: str) -> float:
        """The value, checked. Raises `InvalidInput`."""
        allowed = f"must be a number from {self.min:g} to {self.max:g}"
        number = isinstance(given, (int, float)) and not isinstance(given, bool)
        require(number and math.isfinite(float(given)), where, given, allowed)  # type: ignore[arg-type]
        value = float(given)  # type: ignore[arg-type]
        require(self.min <= value <= self.max, where, given, allowed)
        require(not self.whole or value == round(value), where, given, "must be a whole number")
        return value

    def described(self) -> dict[str, Any]:
        return asdict(self)


def history_from(text: str, sliders: Sequence[Slider], until: float) -> History:
    """A history as the page sends it: JSON [[time, {slider: value, ...}], ...]. Raises `InvalidInput`.

    A slider that an entry leaves out keeps the value that it had before; changes after `until` are left out.
    """
    require(len(text) <= _LONGEST_TEXT, "h", None, f"must be at most {_LONGEST_TEXT} characters")
    try:
        given = json.loads(text) if text else [[0, {}]]
    except (ValueError, RecursionError):
        raise InvalidInput("h", None, "must be JSON: [[time, {slider: value}], ...]") from None
    allowed = f"must be a list of 1 to {MOST_CHANGES} entries [time, {{slider: value}}], the first at time 0"
    require(isinstance(given, list) and 0 < len(given) <= MOST_CHANGES, "h", None, allowed)
    known = {slider.name: slider for slider in sliders}
    settings: dict[str, float] = {slider.name: slider.value for slider in sliders}
    history: list[tuple[float, Settings]] = []
    for i, entry in enumerate(given):
        require(isinstance(entry, list) and len(entry) == 2, f"h[{i}]", None, "must be [time, {slider: value}]")
        time, changed = entry
        number = isinstance(time, (int, float)) and not isinstance(time, bool) and math.isfinite(time)
        require(number and 0.0 <= time <= LONGEST, f"h[{i}][0]", time, f"must be a time from 0 to {LONGEST:g} h")
        follows = time > history[-1][0] if history else time == 0
        require(follows, f"h[{i}][0]", time, "must be 0 in the first entry, later than before in others")
        require(isinstance(changed, dict), f"h[{i}][1]", None, "must be a mapping slider: value")
        for name, value in changed.items():
            if name not in known:
                raise unknown_name(f"h[{i}][1]", name, known, "slider")
            settings[name] = known[name].check(value, f"h[{i}][1].{name}")
        if time < until or not history:
            history.append((float(time), dict(settings)))
    return tuple(history)
