"""Staff members and the pools they work in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.blueprint.checks import not_negative, one_of, probability, within
from sim.invalid import require


@dataclass(frozen=True)
class StaffMember:
    """One server. All levels lie in [0, 1] (model.md 2.5).

    `skill` is technical (speed and errors), `service_skill` is what the customer sees (assurance). The `gain`
    fields hold what training adds at present. `off_line` lists periods away from the work as (start, hours),
    start in hours from the beginning of the run; the hours are paid. Who takes the seat after `trained_at` (h) does
    not have the gain.

    `morale_boost` is added to morale at present (a campaign, a shock). `entry_skill` and `entry_service_skill`: levels
    at which somebody starts who joins in the middle of a run and grows by practice (0: at their own level). `shifts`
    lists the periods (start, end) of the week at work, in hours; empty: always.
    """

    skill: float = 0.75
    service_skill: float = 0.75
    gain: float = 0.0
    service_gain: float = 0.0
    morale: float = 0.6
    knows_customer: float = 0.0
    off_line: tuple[tuple[float, float], ...] = ()
    morale_boost: float = 0.0
    entry_skill: float = 0.0
    entry_service_skill: float = 0.0
    shifts: tuple[tuple[float, float], ...] = ()
    trained_at: float = 0.0

    def __post_init__(self) -> None:
        probability(
            skill=self.skill, service_skill=self.service_skill, morale=self.morale, knows_customer=self.knows_customer
        )
        probability(gain=self.gain, service_gain=self.service_gain)
        for period in self.off_line:
            require(len(period) == 2, "off_line", period, "each period is [start, hours]")
            not_negative(**{"off_line.start": period[0], "off_line.hours": period[1]})
        probability(entry_skill=self.entry_skill, entry_service_skill=self.entry_service_skill)
        not_negative(trained_at=self.trained_at)
        within(-1.0, 1.0, morale_boost=self.morale_boost)
        last = 0.0
        for number, (start, end) in enumerate(self.shifts):
            ordered = 0 <= start < end and (start > last or number == 0)
            require(ordered, "shifts", [start, end], "periods [start, end] in hours of the week, in order and apart")
            last = end


@dataclass(frozen=True)
class StaffPool:
    """A group of staff members that share one queue; it may serve several stages.

    `discretion` (delta, in [0, 1]) is the latitude to put things right on the spot. `involvement` (INV, in [0, 1]) and
    `participation` (h per member and week in problem-solving groups), `coordination` (share of the hours spent
    agreeing with colleagues), `pressure` (speed norm: 0.1 = a tenth faster, felt as that much more load).

    `at_close`, when a member's shift ends: `leave` after the visit in hand, `stay` until the queue is empty (both
    paid as overtime), or `suspend` the visit in hand until the next shift.
    """

    members: Mapping[str, StaffMember] = field(default_factory=dict)
    discretion: float = 0.2
    involvement: float = 0.0
    participation: float = 0.0
    coordination: float = 0.0
    pressure: float = 0.0
    at_close: str = "leave"

    def __post_init__(self) -> None:
        probability(discretion=self.discretion, involvement=self.involvement)
        not_negative(participation=self.participation)
        within(0.0, 0.9, coordination=self.coordination)
        within(0.0, 1.0, pressure=self.pressure)
        one_of("leave", "stay", "suspend", at_close=self.at_close)
        require(len(self.members) > 0, "members", None, "a pool needs at least one member (size: 1)")
