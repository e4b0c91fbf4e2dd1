"""Staff members and the pools they work in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.blueprint.checks import not_negative, probability
from sim.invalid import require


@dataclass(frozen=True)
class StaffMember:
    """One server. All levels lie in [0, 1] (model.md 2.5).

    `skill` is technical (speed and errors), `service_skill` is what the customer sees (assurance). The `gain`
    fields hold what training adds at present. `off_line` lists periods away from the work as (start, hours),
    start in hours from the beginning of the run; the hours are paid.
    """

    skill: float = 0.75
    service_skill: float = 0.75
    gain: float = 0.0
    service_gain: float = 0.0
    morale: float = 0.6
    knows_customer: float = 0.0
    off_line: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        probability(
            skill=self.skill, service_skill=self.service_skill, morale=self.morale, knows_customer=self.knows_customer
        )
        probability(gain=self.gain, service_gain=self.service_gain)
        for period in self.off_line:
            require(len(period) == 2, "off_line", period, "each period is [start, hours]")
            not_negative(**{"off_line.start": period[0], "off_line.hours": period[1]})


@dataclass(frozen=True)
class StaffPool:
    """A group of staff members that share one queue; it may serve several stages.

    `discretion` (delta, in [0, 1]) is the latitude to put things right on the spot.
    """

    members: Mapping[str, StaffMember] = field(default_factory=dict)
    discretion: float = 0.2

    def __post_init__(self) -> None:
        probability(discretion=self.discretion)
        require(len(self.members) > 0, "members", None, "a pool needs at least one member (size: 1)")
