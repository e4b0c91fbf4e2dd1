"""Changes of the process itself: redesign, simplification, fail-safing, smaller batches (model.md section 4)."""

from __future__ import annotations

from dataclasses import replace

from scenarios.interventions.edits import (
    change_handoffs,
    change_stages,
    lengthen,
    pools_of,
    spend,
    take_off_line,
)
from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import Blueprint, Stage
from sim.invalid import InvalidInput, require, unknown_name


@intervention()
def process_redesign(
    blueprint: Blueprint,
    now: InForce,
    *,
    system_errors: float = 0.5,
    time: float = 0.95,
    spread: float = 0.8,
    dip_weeks: float = 4.0,
    dip: float = 1.2,
    success: float = 0.6,
    cost_per_stage: float = 6000.0,
    hours: float = 40.0,
) -> Blueprint:
    """Redesign the work of each covered stage, a project a stage.

    The system part of its error rate is multiplied by `system_errors`, its mean time by `time`, its cv by `spread`.
    In the first `dip_weeks` after going live errors are multiplied by `dip` instead (learning). A project succeeds
    with chance `success`, drawn once a stage and replication; else nothing changes and the cost is sunk.
    """
    require(0 <= success <= 1, "success", success, "must be a number from 0 to 1")
    for name, value in (("system_errors", system_errors), ("time", time), ("spread", spread), ("dip", dip)):
        require(0 < value <= 10 or (name != "time" and value == 0), name, value, "must be a positive factor up to 10")
    require(dip_weeks >= 0, "dip_weeks", dip_weeks, "must be a number of weeks >= 0")
    require(cost_per_stage >= 0, "cost_per_stage", cost_per_stage, "must be a number of cu >= 0")
    pools = pools_of(blueprint, now.stages)
    b = take_off_line(blueprint, pools, now.start, hours)
    b = spend(b, "process redesign", now.start, one_off=cost_per_stage * len(now.stages))
    if not now.has_begun:
        return b
    won = [stage for stage in now.stages if now.draw(f"success {stage}") < success]
    learning = now.younger_than(dip_weeks * b.calendar.week)

    def redesigned(stage: Stage) -> Stage:
        e = stage.error
        if learning:
            error = e.from_parts(e.system_part * now.toward(dip), e.operator_part * now.toward(dip))
        else:
            error = e.from_parts(e.system_part * now.toward(system_errors), e.operator_part)
        service = stage.service.scaled(now.toward(time)).spread(now.toward(spread))
        return replace(stage, error=error, service=service)

    return change_stages(b, won, redesigned)


@intervention()
def process_simplification(
    blueprint: Blueprint,
    now: InForce,
    *,
    merge: tuple[tuple[str, str], ...] = (),
    time: float = 0.9,
    errors: float = 1.2,
    cost_per_merge: float = 8000.0,
) -> Blueprint:
    """Merge neighbouring stages into one: `time` x the sum of both times, `errors` x the larger error rate, one
    handoff less; the staff of both serve the merged stage, which keeps the first one's name.

    `merge` lists pairs [first, second]; by default the first pair of neighbours backstage in one function.
    """
    require(0 < time <= 10, "time", time, "must be a positive factor up to 10")
    require(0 <= errors <= 100, "errors", errors, "must be a factor from 0 to 100")
    pairs = merge or _first_backstage_pair(blueprint, now.stages)
    b = spend(blueprint, "process simplification", now.start, one_off=cost_per_merge * len(pairs))
    for first, second in pairs:
        _check_pair(b, first, second)
        if now.has_begun:
            b = _merged(b, first, second, time, errors)
    return b


def _first_backstage_pair(b: Blueprint, stages: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    for first in stages:
        ways = b.route[first]
        second = next(iter(ways))
        if len(ways) != 1 or second not in stages:
            continue
        one, two = b.stages[first], b.stages[second]
        if not one.onstage and not two.onstage and one.function == two.function:
            return ((first, second),)
    raise InvalidInput("merge", None, "no two neighbouring backstage stages in one function; name a pair to merge")


def _check_pair(b: Blueprint, first: str, second: str) -> None:
    for name in (first, second):
        if name not in b.stages:
            raise unknown_name("merge", name, b.stages, "stage")
    allowed = "the first stage must lead to the second and nowhere else"
    require(first != second and list(b.route[first]) == [second], "merge", [first, second], allowed)
    one, two = b.stages[first], b.stages[second]
    alike = one.pools == two.pools or (not one.teams and not two.teams)
    require(alike, "merge", [first, second], "stages of teams can be merged only where the same teams serve both")
    supplied = not one.supplier or not two.supplier or one.supplier == two.supplier
    require(supplied, "merge", [first, second], "both stages have a supplier of their own")
    require(first in b.reached_stages(), "merge", [first, second], "no order comes to the first stage (merged away?)")


def _merged(b: Blueprint, first: str, second: str, time: float, errors: float) -> Blueprint:
    """The second stage is bypassed (orders under way still pass it); its staff join the first one's pool."""
    one, two = b.stages[first], b.stages[second]
    both = one.service.scaled(time * (one.service.mean + two.service.mean) / one.service.mean)
    worse = one if one.error.p >= two.error.p else two
    error = worse.error.from_parts(worse.error.system_part * errors, worse.error.operator_part * errors)
    pools = dict(b.pools)
    if one.pool != two.pool:
        joined = pools.pop(two.pool)
        pools[one.pool] = replace(pools[one.pool], members={**pools[one.pool].members, **joined.members})
    stages = {n: replace(s, pool=one.pool) if s.pool == two.pool else s for n, s in b.stages.items()}
    stages[first] = replace(
        stages[first],
        service=both,
        error=replace(error, visible_share=max(one.error.visible_share, two.error.visible_share)),
        onstage=one.onstage or two.onstage,
        moment_of_truth=one.moment_of_truth or two.moment_of_truth,
        extra_time=one.extra_time + two.extra_time,
        supplier=one.supplier or two.supplier,
        customer_waits=one.customer_waits or two.customer_waits,
        configures=one.configures or two.configures,
        tampering=one.tampering or two.tampering,
    )
    route = {**b.route, first: dict(b.route[second])}
    return replace(b, stages=stages, pools=pools, route=route)


@intervention()
def fail_safing(
    blueprint: Blueprint,
    now: InForce,
    *,
    reduction: float = 0.37,
    compliance: float = 1.0,
    added_time: float = 0.02,
    cost_per_stage: float = 2500.0,
    per_week: float = 50.0,
) -> Blueprint:
    """Devices that make errors hard to commit: a share `reduction` x `compliance` of all errors is prevented at
    the covered stages, each visit takes `added_time` h longer. (Pooled risk ratio of checklists .63; a null in
    one province: model.md 2.6.)"""
    require(0 <= reduction <= 1, "reduction", reduction, "must be a number from 0 to 1")
    require(0 <= compliance <= 1, "compliance", compliance, "must be a number from 0 to 1")
    require(added_time >= 0, "added_time", added_time, "must be a number of hours >= 0")
    b = spend(blueprint, "fail-safe devices", now.start, cost_per_stage * len(now.stages), per_week)
    if not now.has_begun:
        return b
    prevented = reduction * compliance * now.strength

    def safer(stage: Stage) -> Stage:
        safe = 1.0 - (1.0 - stage.error.fail_safe) * (1.0 - prevented)
        service = lengthen(stage.service, added_time * now.strength)
        return replace(stage, error=replace(stage.error, fail_safe=safe), service=service)

    return change_stages(b, now.stages, safer)


@intervention()
def batch_reduction(blueprint: Blueprint, now: InForce, *, factor: float = 0.5, setup_cost: float = 500.0) -> Blueprint:
    """Hand over in smaller batches: sizes are multiplied by `factor` (at least 1); a trip costs what it did."""
    require(0 < factor <= 1, "factor", factor, "must be a number above 0 and up to 1")
    covered = [
        (s, t) for s, ways in blueprint.route.items() for t, h in ways.items() if s in now.stages and h.batch > 1
    ]
    require(len(covered) > 0, "stages", None, "no handoff in scope has a batch above 1; there is nothing to reduce")
    b = spend(blueprint, "smaller batches", now.start, one_off=setup_cost * len(covered))
    if not now.has_begun:
        return b
    return change_handoffs(
        b, lambda s, t, h: replace(h, batch=max(1, round(h.batch * now.toward(factor)))) if (s, t) in covered else h
    )
