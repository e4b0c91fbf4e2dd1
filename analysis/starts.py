"""When the programmes of scenarios start and set in, in weeks from the end of the warm-up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scenarios.scenario import Scenario


@dataclass(frozen=True)
class Start:
    """A programme of a scenario: work on it `starts`, it `sets_in`, then grows with time constant `ramp` (weeks)."""

    scenario: str
    programme: str
    starts: float
    sets_in: float
    ramp: float


def starts_of(scenarios: Iterable[Scenario], week: float) -> tuple[Start, ...]:
    """Every programme in the order given; `week`: hours of a week."""
    return tuple(
        Start(s.name, p.name, p.start / week, (p.start + p.delay) / week, p.ramp / week)
        for s in scenarios
        for p in s.programmes
    )
