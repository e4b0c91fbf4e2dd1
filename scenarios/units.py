"""Units: the same firm many times over, alike in everything but the morale of its people (model.md 7, point 2).

Published correlations between units compare branches, shops or firms that differ in how their people feel. Here every
replication is a unit: its people's morale lies around a level of its own. All draws have names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.blueprint import Blueprint, StaffPool
from sim.blueprint.checks import positive, whole, within
from sim.draws import PROGRAMME, child_key, normal_quantile, stable_id, uniform
from sim.invalid import require
from sim.plan import Timeline


@dataclass(frozen=True)
class OutputChecks:
    """`units` simulated firms; standard deviations of the morale level between units and between people of a unit.

    The spreads are assumptions of the check, and the correlations depend on them. `same_within`: a correlation counts
    as the published one if it comes within this of it (rounding, and spread between studies).
    """

    units: int = 120
    sd_between_units: float = 0.1
    sd_between_people: float = 0.1
    same_within: float = 0.05

    def __post_init__(self) -> None:
        whole(4, units=self.units)
        require(self.units <= 100_000, "units", self.units, "must be at most 100000")
        within(0.0, 0.5, sd_between_units=self.sd_between_units, sd_between_people=self.sd_between_people)
        positive(same_within=self.same_within)
        within(0.0, 0.5, same_within=self.same_within)


def unit_timeline(base: Timeline, asked: OutputChecks, seed: int, unit: int) -> Timeline:
    """The timeline of one unit: the morale level of each seat moved by the unit's draw and by one of its own."""
    key = child_key(child_key(seed, stable_id("units"), seed >> 31), 0, unit)
    of_unit = asked.sd_between_units * normal_quantile(uniform(key, 0, 0, PROGRAMME, 0))
    people = child_key(key, stable_id("people"), 0)

    def moved(pool: StaffPool) -> StaffPool:
        members = {
            name: replace(m, morale=min(1.0, max(0.0, m.morale + of_unit + own(name))))
            for name, m in pool.members.items()
        }
        return replace(pool, members=members)

    def own(name: str) -> float:
        return asked.sd_between_people * float(normal_quantile(uniform(people, stable_id(name), 0, PROGRAMME, 0)))

    def unit_of(blueprint: Blueprint) -> Blueprint:
        return replace(blueprint, pools={name: moved(pool) for name, pool in blueprint.pools.items()})

    return tuple((start, unit_of(blueprint)) for start, blueprint in base)
