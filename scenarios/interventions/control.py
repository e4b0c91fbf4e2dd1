"""Control of errors: in the process, or by inspection at the end (model.md section 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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

INSPECTION_STAGE = "final_inspection"
BEFORE = f"{INSPECTION_STAGE}_before_"  # and the target, where there are several
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
    """Inspect every order exactly once: on its way from a backstage stage to the customer for the last time where
    every path to delivery has such a way, else (all onstage, or some orders never go backstage) at delivery.

    A stage of its own for each target of these ways, so that an order goes on to where it was going: named
    `final_inspection`, or `final_inspection_before_<target>` where there are several. It stands in the chain after
    the last of the stages it follows, in that one's function; one pool of inspectors, paid as appraisal, serves
    all. It cannot undo what the customer has seen."""
    require(0 <= detection <= 1, "detection", detection, "must be a number from 0 to 1")
    require(0 <= false_alarm <= 1, "false_alarm", false_alarm, "must be a number from 0 to 1")
    require(time > 0, "time", time, "must be a number of hours above 0")
    require(1 <= inspectors <= 10_000, "inspectors", inspectors, "must be a whole number from 1 to 10000")
    applied = any(s == INSPECTION_STAGE or s.startswith(BEFORE) for s in blueprint.stages)
    require(not applied, "kind", "final_inspection", "can be applied once only")
    if not now.has_begun:
        return blueprint
    cut = _ways_inspected(blueprint)
    last_source = {target: source for source, target in cut}
    names = {t: INSPECTION_STAGE if len(last_source) == 1 else f"{BEFORE}{t}" for t in last_source}
    check = Check(detection * now.strength, false_alarm * now.strength)
    service = Distribution("deterministic", time)
    stages: dict[str, Stage] = {}
    for name, other in blueprint.stages.items():
        stages[name] = other
        for target, source in last_source.items():
            if source == name:
                stages[names[target]] = Stage(
                    INSPECTORS, other.function, service, ErrorRate(0.0), inspection=check, appraisal=True
                )
    members = {f"inspector_{i + 1}": StaffMember() for i in range(inspectors)}
    return replace(
        blueprint,
        stages=stages,
        pools={**blueprint.pools, INSPECTORS: StaffPool(members)},
        route=_through_inspection(blueprint, cut, names),
    )


def _ways_inspected(b: Blueprint) -> list[tuple[str, str]]:
    """The ways (from, to) on which orders are inspected: each order takes exactly one of them, once."""
    last_ways = _last_ways_before_customer(b)
    if DELIVERED not in _places_ahead(b, b.first, last_ways):
        return last_ways
    return [(source, target) for source, target in _ways_taken(b) if target == DELIVERED]


def _last_ways_before_customer(b: Blueprint) -> list[tuple[str, str]]:
    """The ways from a backstage stage to the customer for the last time: to delivery, or to an onstage stage from
    which no way leads backstage again."""

    def stays_onstage(place: str) -> bool:
        return all(s == DELIVERED or b.stages[s].onstage for s in _places_ahead(b, place))

    return [(s, t) for s, t in _ways_taken(b) if not b.stages[s].onstage and stays_onstage(t)]


def _ways_taken(b: Blueprint) -> list[tuple[str, str]]:
    """The ways (from, to) that orders can take, in the order of the chain."""
    reached = b.reached_stages()
    return [(s, t) for s in b.stages if s in reached for t, way in b.route[s].items() if way.probability > 0]


def _places_ahead(b: Blueprint, start: str, closed: Collection[tuple[str, str]] = ()) -> set[str]:
    """`start` and every stage (or delivery) that an order can come to from there without a closed way."""
    seen, todo = {start}, [start]
    while todo:
        source = todo.pop()
        for target, way in b.route.get(source, {}).items():
            if way.probability > 0 and target not in seen and (source, target) not in closed:
                seen.add(target)
                todo.append(target)
    return seen


def _through_inspection(
    b: Blueprint, cut: Collection[tuple[str, str]], names: Mapping[str, str]
) -> dict[str, dict[str, Handoff]]:
    """The route with those ways led through the inspection stages; what a handoff loses, it loses after it."""
    route: dict[str, dict[str, Handoff]] = {}
    for source, ways in b.route.items():
        # Every way keeps its place, so that the draws for the ways keep their meaning.
        route[source] = {
            names[target] if (source, target) in cut else target: Handoff(way.probability)
            if (source, target) in cut
            else way
            for target, way in ways.items()
        }
    for source, target in cut:
        route[names[target]] = {target: replace(b.route[source][target], probability=1.0)}
    return route
