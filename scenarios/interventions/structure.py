"""Who works with whom: cross-functional teams, an owner for the whole order, a file shared by all (model.md 2.7, 4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from scenarios.interventions.edits import (
    change_handoffs,
    change_members,
    change_stages,
    coordinate,
    head_count,
    pools_of,
    spend,
    take_off_line,
)
from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import DELIVERED, NO_TIME, Blueprint, Handoff, StaffPool, Stage
from sim.invalid import require

TEAM = "team_"
SMALLEST_TEAM = 4  # people; by default there are as many teams of at least that size as can be made


@intervention()
def cross_functional_team(
    blueprint: Blueprint,
    now: InForce,
    *,
    teams: int = 0,
    retention: float = 0.995,
    detection: float = 0.1,
    skill_loss: float = 0.05,
    coordination: float = 0.05,
    cost: float = 10000.0,
    hours: float = 40.0,
) -> Blueprint:
    """Teams with all skills instead of departments: each customer belongs to one, whose members do all the stages.

    Everybody who serves a covered stage is dealt into `teams` pools of equal size (0: as many as have four people
    each, at least two); other stages that these people serve go along. Handoffs between the team's stages are no
    borders any more: they keep `retention` of the information and take no time; the receiver finds more; technical
    skill is broader and lower; `coordination` is the share of hours spent agreeing. The regrouping itself is done
    or not, whatever the strength. A team's latitude and habits are the mean of its members'.
    """
    for name, value in (("retention", retention), ("detection", detection), ("skill_loss", skill_loss)):
        require(0 <= value <= 1, name, value, "must be a number from 0 to 1")
    require(0 <= coordination <= 0.9, "coordination", coordination, "must be a share from 0 to 0.9")
    require(cost >= 0, "cost", cost, "must be a number of cu >= 0")
    pools = pools_of(blueprint, now.stages)
    count = _number_of_teams(head_count(blueprint, pools), teams)
    applied = any(name.startswith(TEAM) for name in blueprint.pools)
    require(not applied, "kind", "cross_functional_team", "can be applied once only")
    b = spend(take_off_line(blueprint, pools, now.start, hours), "cross-functional teams", now.start, cost)
    if not now.has_begun:
        return b
    inside = {name for name, stage in b.stages.items() if not set(stage.pools).isdisjoint(pools)}
    b = change_members(b, pools, lambda m: replace(m, skill=max(0.0, m.skill - skill_loss * now.strength)))
    b = _dealt(coordinate(b, pools, coordination * now.strength), pools, count)
    names = tuple(f"{TEAM}{i + 1}" for i in range(count))

    def teamed(stage: Stage) -> Stage:
        found = min(1.0, stage.incoming_check.detection + detection * now.strength)
        check = replace(stage.incoming_check, detection=found)
        return replace(stage, pool=names[0], teams=names, incoming_check=check)

    def close(source: str, target: str, way: Handoff) -> Handoff:
        if target == DELIVERED or not way.border or source not in inside or target not in inside:
            return way
        kept = max(way.retention, way.retention + (retention - way.retention) * now.strength)
        delay = way.delay.scaled(1.0 - now.strength) if now.strength < 1.0 else NO_TIME
        return replace(way, retention=kept, delay=delay, border=False)

    return change_handoffs(change_stages(b, inside, teamed), close)


def _number_of_teams(people: int, wanted: int) -> int:
    require(wanted == 0 or 2 <= wanted <= people, "teams", wanted, f"must be 0 or a number from 2 to {people} (people)")
    require(people >= 2, "teams", wanted, "two teams need two people or more; cover more stages")
    return wanted or max(2, people // SMALLEST_TEAM)


def _dealt(b: Blueprint, pools: Collection[str], count: int) -> Blueprint:
    """The members of the pools dealt out, one after the other, so that every team gets people of every kind."""
    people = [(member, name) for name in pools for member in b.pools[name].members]
    dealt = {name: pool for name, pool in b.pools.items() if name not in pools}
    for team in range(count):
        chosen = people[team::count]
        homes = [b.pools[home] for _, home in chosen]

        def mean(field: str, homes: list[StaffPool] = homes) -> float:
            levels = [getattr(home, field) for home in homes]
            return levels[0] if len(set(levels)) == 1 else float(sum(levels)) / len(levels)

        dealt[f"{TEAM}{team + 1}"] = replace(
            homes[0],
            members={member: b.pools[home].members[member] for member, home in chosen},
            discretion=mean("discretion"),
            involvement=mean("involvement"),
            participation=mean("participation"),
            coordination=mean("coordination"),
            pressure=mean("pressure"),
        )
    serving = {name: stage for name, stage in b.stages.items() if not set(stage.pools).isdisjoint(pools)}
    names = tuple(dealt)[-count:]
    stages = {n: replace(s, pool=names[0], teams=names) if n in serving else s for n, s in b.stages.items()}
    return replace(b, stages=stages, pools=dealt)


@intervention()
def case_owner(
    blueprint: Blueprint,
    now: InForce,
    *,
    presence: float = 0.8,
    detection: float = 0.1,
    coordination: float = 0.03,
    hours: float = 8.0,
    per_week: float = 0.0,
) -> Blueprint:
    """Somebody owns the order from end to end, in the functional organisation as it is (claim E4; all sizes A).

    At a border into a covered stage the owner is there with chance `presence` and brings along what would be lost:
    retention r becomes r + (1 - r) x presence. Receivers find more errors, and everybody concerned spends the share
    `coordination` of the hours on talking to owners.
    """
    for name, value in (("presence", presence), ("detection", detection)):
        require(0 <= value <= 1, name, value, "must be a number from 0 to 1")
    require(0 <= coordination <= 0.9, "coordination", coordination, "must be a share from 0 to 0.9")
    pools = pools_of(blueprint, now.stages)
    b = spend(take_off_line(blueprint, pools, now.start, hours), "case owners", now.start, per_week=per_week)
    if not now.has_begun:
        return b

    def watched(stage: Stage) -> Stage:
        check = stage.incoming_check
        return replace(stage, incoming_check=replace(check, detection=min(1.0, check.detection + gained)))

    def kept(source: str, target: str, way: Handoff) -> Handoff:
        if not way.border or target not in now.stages:
            return way
        return replace(way, retention=min(1.0, way.retention + (1.0 - way.retention) * presence * now.strength))

    gained = detection * now.strength
    b = change_handoffs(change_stages(b, now.stages, watched), kept)
    return coordinate(b, pools, coordination * now.strength)


@intervention()
def shared_knowledge(
    blueprint: Blueprint, now: InForce, *, shared: float = 0.9, cost: float = 5000.0, per_week: float = 100.0
) -> Blueprint:
    """A file of customers that everybody keeps and reads: what is learned of a customer is shared with chance `shared`
    (K_share, 2.7), instead of staying with the person who met them (claim I15; sizes A)."""
    require(0 <= shared <= 1, "shared", shared, "must be a number from 0 to 1")
    b = spend(blueprint, "shared customer file", now.start, cost, per_week)
    if not now.has_begun:
        return b
    level = b.knowledge.shared
    return replace(b, knowledge=replace(b.knowledge, shared=level + max(0.0, shared - level) * now.strength))
