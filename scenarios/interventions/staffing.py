"""Changes in staff and their latitude (model.md section 4)."""

from __future__ import annotations

from dataclasses import replace

from scenarios.interventions.edits import change_stages, pools_of, take_off_line
from scenarios.interventions.registry import InForce, intervention, moments_of_truth
from sim.blueprint import Blueprint, Spending, StaffMember
from sim.invalid import require, unknown_name
from sim.switches import is_on
from sim.traffic import utilisation

_LEAST = 1e-9  # skill of somebody who can do nothing


@intervention(scope=moments_of_truth, sets=("empathy",))
def empowerment(
    blueprint: Blueprint,
    now: InForce,
    *,
    discretion: float = 0.7,
    spread: float = 1.1,
    compensation: float = 1.2,
    per_recovery: float = 30.0,
    hours: float = 8.0,
) -> Blueprint:
    """Let the staff of the covered stages put things right on the spot: their discretion rises to `discretion`
    (recovery after 1 h instead of 16 h, more empathy), handling times spread more, recoveries cost more. The dearer
    compensation holds for every recovery of the system, not only for those made in scope.

    The cv of times is multiplied by `spread` only where the mechanism `discretion_spread` (layer 2) is off: where it
    is on, discretion itself widens times, and the effect would count twice."""
    require(0 <= discretion <= 1, "discretion", discretion, "must be a number from 0 to 1")
    require(0 <= spread <= 10, "spread", spread, "must be a factor from 0 to 10")
    require(compensation >= 0, "compensation", compensation, "must be a factor >= 0")
    require(per_recovery >= 0, "per_recovery", per_recovery, "must be a number of cu >= 0")
    pools = pools_of(blueprint, now.stages)
    b = take_off_line(blueprint, pools, now.start, hours)
    if not now.has_begun:
        return b
    freer = {
        name: replace(pool, discretion=pool.discretion + max(0.0, discretion - pool.discretion) * now.strength)
        if name in pools
        else pool
        for name, pool in b.pools.items()
    }
    b = replace(b, pools=freer)
    if not is_on(b, "discretion_spread"):
        b = change_stages(b, now.stages, lambda s: replace(s, service=s.service.spread(now.toward(spread))))
    costs = replace(
        b.costs,
        compensation=b.costs.compensation * now.toward(compensation),
        per_recovery=b.costs.per_recovery + per_recovery * now.strength,
    )
    return replace(b, costs=costs)


@intervention(sets=("assurance",))
def hiring(
    blueprint: Blueprint,
    now: InForce,
    *,
    count: int = 1,
    pool: str = "",
    skill: float = 0.55,
    service_skill: float = 0.55,
    entry_cost: float = 10080.0,
) -> Blueprint:
    """Hire `count` people into `pool` (by default the one with the highest utilisation by design). They start with
    the given skills; their pay runs by the hour like everybody's. Attitude first: skill 0.45, service_skill 0.65.

    Where the mechanism `practice` (layer 2) is on, they grow by practice towards the level of their colleagues; where
    it is off, as the strength rises (set `ramp`). They work the hours of the pool's members in turn."""
    require(1 <= count <= 10_000, "count", count, "must be a whole number from 1 to 10000")
    for name, value in (("skill", skill), ("service_skill", service_skill)):
        require(0 <= value <= 1, name, value, "must be a number from 0 to 1")
    load = utilisation(blueprint)
    place = pool or max(pools_of(blueprint, now.stages), key=lambda name: load[name])
    if place not in blueprint.pools:
        raise unknown_name("pool", place, blueprint.pools, "staff pool")
    require(entry_cost >= 0, "entry_cost", entry_cost, "must be a number of cu >= 0")
    entry = Spending(f"hiring for {place}", "capacity", now.start, one_off=entry_cost * count)
    b = replace(blueprint, spending=(*blueprint.spending, entry))
    if not now.has_begun:
        return b
    group = b.pools[place]
    colleagues = list(group.members.values())
    usual = sum(m.skill for m in colleagues) / len(colleagues)
    usual_service = sum(m.service_skill for m in colleagues) / len(colleagues)
    morale = sum(m.morale for m in colleagues) / len(colleagues)
    if is_on(b, "practice"):
        newcomer = StaffMember(
            usual,
            usual_service,
            morale=morale,
            entry_skill=max(_LEAST, skill),  # 0 would stand for "at their own level"
            entry_service_skill=max(_LEAST, service_skill),
        )
    else:
        newcomer = StaffMember(
            skill + (usual - skill) * now.strength,
            service_skill + (usual_service - service_skill) * now.strength,
            morale=morale,
        )
    added = {
        f"{place}_new_{i + 1}": replace(newcomer, shifts=colleagues[i % len(colleagues)].shifts) for i in range(count)
    }
    clash = next((name for name in added if name in group.members), None)
    require(clash is None, "pool", place, f"already has a member called {clash}")
    return replace(b, pools={**b.pools, place: replace(group, members={**group.members, **added})})
