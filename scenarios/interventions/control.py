"""Control of errors: in the process, or by inspection at the end (model.md section 4)."""

from __future__ import annotations

from dataclasses import replace

from scenarios.interventions.edits import change_stages, spend
from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import (
    DELIVERED,
    Blueprint,
    Check,
    Distribution,
    ErrorRate,
    Handoff,
    StaffMember,
    StaffPool,
    Stage,
)
from sim.invalid import require
from sim.traffic import visit_ratios

INSPECTION_STAGE = "final_inspection"
INSPECTORS = "inspectors"
BEYOND_3_SIGMA = 0.0027  # false-alarm rate of a chart with 3-sigma limits (normal limit, model.md 2.9)


@intervention()
def in_process_control(
    blueprint: Blueprint,
    now: InForce,
    *,
    self_check: float = 0.2,
    incoming_check: float = 0.2,
    mean_out: float = 10.0,
    check_time: float = 0.01,
    subgroup: int = 50,
    investigation: float = 1.0,
    per_week: float = 100.0,
) -> Blueprint:
    """Control while the work is done: self-check and receiver find more, and a chart a stage brings a special cause
    back in `mean_out` h. A visit takes `check_time` h longer, plus its share of the chart's false alarms
    (`investigation` h each, one subgroup of `subgroup` visits in 370)."""
    require(0 <= self_check <= 1, "self_check", self_check, "must be a number from 0 to 1")
    require(0 <= incoming_check <= 1, "incoming_check", incoming_check, "must be a number from 0 to 1")
    require(mean_out > 0, "mean_out", mean_out, "must be a number of hours above 0")
    require(check_time >= 0, "check_time", check_time, "must be a number of hours >= 0")
    require(investigation >= 0, "investigation", investigation, "must be a number of hours >= 0")
    require(subgroup >= 1, "subgroup", subgroup, "must be a whole number >= 1")
    b = spend(blueprint, "in-process control", now.start, per_week=per_week, cost_class="appraisal")
    if not now.has_begun:
        return b
    hours = (check_time + BEYOND_3_SIGMA / subgroup * investigation) * now.strength

    def more(check: Check, gain: float) -> Check:
        return replace(check, detection=min(1.0, check.detection + gain * now.strength))

    def controlled(stage: Stage) -> Stage:
        cause = stage.special_cause
        shorter = cause.mean_out + (min(mean_out, cause.mean_out) - cause.mean_out) * now.strength
        return replace(
            stage,
            self_check=more(stage.self_check, self_check),
            incoming_check=more(stage.incoming_check, incoming_check),
            special_cause=replace(cause, mean_out=shorter),
            extra_time=stage.extra_time + hours,
        )

    return change_stages(b, now.stages, controlled)


@intervention()
def final_inspection(
    blueprint: Blueprint,
    now: InForce,
    *,
    detection: float = 0.8,
    false_alarm: float = 0.02,
    time: float = 0.1,
    inspectors: int = 1,
) -> Blueprint:
    """Inspect every order before it meets the customer for the last time: after the last backstage stage, or at the
    very end where the whole chain is onstage or ends backstage. A stage of its own with its own staff, who are
    paid as appraisal. It cannot undo what the customer has seen."""
    require(0 <= detection <= 1, "detection", detection, "must be a number from 0 to 1")
    require(0 <= false_alarm <= 1, "false_alarm", false_alarm, "must be a number from 0 to 1")
    require(time > 0, "time", time, "must be a number of hours above 0")
    require(1 <= inspectors <= 10_000, "inspectors", inspectors, "must be a whole number from 1 to 10000")
    require(INSPECTION_STAGE not in blueprint.stages, "kind", "final_inspection", "can be applied once only")
    if not now.has_begun:
        return blueprint
    exits = _last_ways_before_customer(blueprint)
    function = blueprint.stages[exits[0][0]].function
    stage = Stage(
        INSPECTORS,
        function,
        Distribution("deterministic", time),
        ErrorRate(0.0),
        inspection=Check(detection * now.strength, false_alarm * now.strength),
        appraisal=True,
    )
    members = {f"inspector_{i + 1}": StaffMember() for i in range(inspectors)}
    stages: dict[str, Stage] = {}
    for name, other in blueprint.stages.items():
        stages[name] = other
        if name == exits[-1][0]:
            stages[INSPECTION_STAGE] = stage
    return replace(
        blueprint,
        stages=stages,
        pools={**blueprint.pools, INSPECTORS: StaffPool(members)},
        route=_through_inspection(blueprint, exits),
    )


def _last_ways_before_customer(b: Blueprint) -> list[tuple[str, str]]:
    """The ways (from, to) from a backstage stage to the customer: delivery, or an onstage stage from which no way
    leads backstage again; where there is none, all ways to delivery."""
    reached = b.reached_stages()

    def stays_onstage(name: str, seen: frozenset[str] = frozenset()) -> bool:
        if name == DELIVERED or name in seen:
            return True
        return b.stages[name].onstage and all(stays_onstage(t, seen | {name}) for t in b.route[name])

    ways = [(s, t) for s in b.stages if s in reached for t in b.route[s]]
    found = [(s, t) for s, t in ways if not b.stages[s].onstage and stays_onstage(t)]
    return found or [(s, t) for s, t in ways if t == DELIVERED]


def _through_inspection(b: Blueprint, exits: list[tuple[str, str]]) -> dict[str, dict[str, Handoff]]:
    """The route with those ways led through the inspection stage; what a handoff loses, it loses after it."""
    route = {s: dict(ways) for s, ways in b.route.items()}
    visits = visit_ratios(b)
    flows: dict[str, float] = {}
    onward: dict[str, Handoff] = {}
    for source in dict.fromkeys(s for s, _ in exits):
        ways = b.route[source]
        led = [t for s, t in exits if s == source]
        through = Handoff(min(1.0, sum(ways[t].probability for t in led)))
        # In the place of the first way led through, so that the draws for the ways keep their meaning.
        route[source] = {INSPECTION_STAGE if t == led[0] else t: way for t, way in ways.items() if t not in led[1:]}
        route[source][INSPECTION_STAGE] = through
        for target in led:
            flows[target] = flows.get(target, 0.0) + visits[source] * ways[target].probability
            onward[target] = ways[target]
    total = sum(flows.values())
    share = {t: flow / total if total > 0 else 1.0 / len(flows) for t, flow in flows.items()}
    route[INSPECTION_STAGE] = {t: replace(onward[t], probability=share[t]) for t in flows}
    return route
