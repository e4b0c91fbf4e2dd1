"""Starting points: the same system begun from another state of its customers and its people (model.md 7, point 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sim.blueprint import Blueprint
from sim.blueprint.checks import positive, probability, whole, within
from sim.invalid import require
from sim.plan import Timeline

AT_ONCE = 1e-6  # h; how long the blueprint that sets the starting state is in force

STARTS = ("low", "high")


@dataclass(frozen=True)
class Start:
    """A state at time 0, as distances from where the system would begin by itself.

    `satisfaction`: of the cumulative satisfaction of those who are customers at time 0, from what they predict.
    `morale`: of everybody's morale, from the level of the blueprint. `heard`: the level of service ([0, 1]) that
    others tell of at time 0; None leaves what the system says.
    """

    satisfaction: float = 0.0
    morale: float = 0.0
    heard: float | None = None

    def __post_init__(self) -> None:
        within(-1.0, 1.0, satisfaction=self.satisfaction, morale=self.morale)
        if self.heard is not None:
            probability(heard=self.heard)


@dataclass(frozen=True)
class StartingPoints:
    """Two starts, the `last_weeks` of the run that are compared, and the distance within which they are the same.

    `same_within`: metric -> margin, in the metric's own unit (shares as shares; active customers as a share of them).
    """

    low: Start = field(default_factory=lambda: Start(satisfaction=-0.15, morale=-0.2))
    high: Start = field(default_factory=lambda: Start(satisfaction=0.1, morale=0.15))
    last_weeks: int = 12
    same_within: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        whole(1, last_weeks=self.last_weeks)
        require(self.low != self.high, "high", None, "must differ from low in something")
        for name, margin in self.same_within.items():
            positive(**{f"same_within.{name}": margin})

    def start(self, name: str) -> Start:
        """One of the two, by name."""
        return self.low if name == "low" else self.high


def begun_from(base: Timeline, start: Start) -> Timeline:
    """A timeline whose customers and staff of time 0 are in the state of a start; everything later is as it was.

    A blueprint that sets the state is in force for an instant only: `starting_shift` moves all new customers while it
    holds, and those won later would carry the starting point into every year of the run.
    """
    (begin, first), later = base[0], base[1:]
    return ((begin, _set(first, start)), (begin + AT_ONCE, first), *later)


def _set(blueprint: Blueprint, start: Start) -> Blueprint:
    segments = dict(blueprint.segments)
    if start.heard is not None:
        segments = {
            name: replace(s, expectations=replace(s.expectations, word_of_mouth=start.heard))
            for name, s in segments.items()
        }
    return replace(
        blueprint,
        segments=segments,
        relationship=replace(blueprint.relationship, starting_shift=start.satisfaction),
        morale=replace(blueprint.morale, starting_mood=start.morale),
    )
