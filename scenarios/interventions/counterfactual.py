"""Counterfactuals: one cause of trouble taken out, everything else (and everybody's luck) left as it is.

They cost nothing and nobody could buy them: they are there to ask what a cause does (`experiment=diagnose`). Like any
programme they follow start, ramp, fade and adoption. With `throughout: true` they hold instead from the first hour of
the run, warm-up included, and in full: another world, with the same named draws. Without the cause, or
with its layer off, they change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scenarios.interventions.edits import change_handoffs, change_members, change_stages
from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import NO_TIME, Blueprint, Distribution, Handoff, SpecialCause, StaffMember, Stage, Supplier, Terms
from sim.blueprint.customer import DIMENSIONS
from sim.invalid import require, unknown_name


def every_stage(blueprint: Blueprint) -> tuple[str, ...]:
    """All stages, inspections among them: errors are removed wherever they could be made."""
    return tuple(blueprint.stages)


def _left(now: InForce, throughout: bool) -> float:
    """Share of the cause that is left."""
    if throughout:
        return 0.0
    return 1.0 - now.strength if now.has_begun else 1.0


def _shorter(time: Distribution, left: float) -> Distribution:
    return time.scaled(left) if left > 0.0 else NO_TIME


@intervention(scope=every_stage)
def remove_operator_errors(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """The operator part of errors at the covered stages is gone, and with it what skill and load do to it."""
    left = _left(now, throughout)

    def change(stage: Stage) -> Stage:
        error = stage.error
        if left == 1.0 or error.operator_part == 0.0:
            return stage
        return replace(stage, error=error.from_parts(error.system_part, error.operator_part * left))

    return change_stages(blueprint, now.stages, change)


@intervention(scope=every_stage)
def remove_system_errors(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """The system part of errors at the covered stages is gone."""
    left = _left(now, throughout)

    def change(stage: Stage) -> Stage:
        error = stage.error
        if left == 1.0 or error.system_part == 0.0:
            return stage
        return replace(stage, error=error.from_parts(error.system_part * left, error.operator_part))

    return change_stages(blueprint, now.stages, change)


@intervention(scope=every_stage)
def remove_special_causes(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """The covered stages do not drift out of control."""
    left = _left(now, throughout)

    def change(stage: Stage) -> Stage:
        cause = stage.special_cause
        return replace(stage, special_cause=replace(cause, rate=cause.rate * left) if left > 0 else SpecialCause())

    return change_stages(blueprint, now.stages, change)


@intervention()
def remove_rework_failures(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """What is put right is right: rework never fails, anywhere."""
    left = _left(now, throughout)
    return replace(blueprint, rework=replace(blueprint.rework, failure=blueprint.rework.failure * left))


@intervention()
def remove_skill_gaps(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """Nobody on the staff is below the reference skill, newcomers included, and nobody forgets."""
    left = _left(now, throughout)
    level = blueprint.skill_effects.reference_skill

    def lifted(skill: float) -> float:
        return skill if skill >= level else level + (skill - level) * left

    def change(m: StaffMember) -> StaffMember:
        return replace(m, skill=lifted(m.skill), service_skill=lifted(m.service_skill))

    practice = blueprint.practice
    practice = replace(practice, newcomer_skill=lifted(practice.newcomer_skill), forgetting=practice.forgetting * left)
    return replace(change_members(blueprint, blueprint.pools, change), practice=practice)


@intervention()
def remove_low_morale(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """Nothing pulls anybody's morale below the level of the system: neither overload, nor what colleagues hand over,
    nor how it was at time 0."""
    left = _left(now, throughout)
    m = blueprint.morale
    morale = replace(
        m,
        overload_on_morale=m.overload_on_morale * left,
        internal_on_morale=m.internal_on_morale * left,
        starting_mood=max(m.starting_mood, m.starting_mood * left),
    )
    return replace(blueprint, morale=morale)


@intervention()
def remove_absence(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """Nobody is ever absent, and nobody leaves."""
    left = _left(now, throughout)
    a = blueprint.attendance
    return replace(blueprint, attendance=replace(a, absence=a.absence * left, turnover=a.turnover * left))


@intervention(scope=every_stage)
def remove_information_loss(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """Handoffs into the covered stages lose no information."""
    left = _left(now, throughout)

    def change(source: str, target: str, way: Handoff) -> Handoff:
        if target not in now.stages or left == 1.0:
            return way
        return replace(way, retention=1.0 - (1.0 - way.retention) * left, corruption=way.corruption * left)

    return change_handoffs(blueprint, change)


@intervention(scope=every_stage)
def remove_handoff_delays(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """Handoffs into the covered stages take no time (what waits for its batch still does)."""
    left = _left(now, throughout)

    def change(source: str, target: str, way: Handoff) -> Handoff:
        if target not in now.stages or left == 1.0:
            return way
        return replace(way, delay=_shorter(way.delay, left))

    return change_handoffs(blueprint, change)


@intervention(scope=every_stage)
def remove_batching(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """Into the covered stages orders travel one by one, each at its share of the price of a full batch (so that only
    the waiting goes, not the money). Done or not, whatever the strength."""
    if _left(now, throughout) == 1.0:
        return blueprint

    def change(source: str, target: str, way: Handoff) -> Handoff:
        if target not in now.stages or way.batch == 1:
            return way
        return replace(way, batch=1, batch_cost=way.batch_cost / way.batch)

    return change_handoffs(blueprint, change)


@intervention()
def remove_supplier_defects(
    blueprint: Blueprint, now: InForce, *, supplier: str = "", throughout: bool = False
) -> Blueprint:
    """What `supplier` (by default every one) delivers has no fault."""
    left = _left(now, throughout)
    return _supplied(blueprint, supplier, lambda t: replace(t, defect=t.defect * left))


@intervention()
def remove_supply_time(
    blueprint: Blueprint, now: InForce, *, supplier: str = "", throughout: bool = False
) -> Blueprint:
    """`supplier` (by default every one) delivers at once."""
    left = _left(now, throughout)
    return _supplied(
        blueprint, supplier, lambda t: t if left == 1.0 else replace(t, lead_time=_shorter(t.lead_time, left))
    )


@intervention()
def remove_load_effects(blueprint: Blueprint, now: InForce, *, throughout: bool = False) -> Blueprint:
    """How busy somebody is changes neither their pace, nor their errors, nor their empathy. Queues stay: to wait for
    somebody who is busy is a matter of capacity, not of what being busy does to people."""
    left = _left(now, throughout)
    x = blueprint.load
    parts = {name: getattr(x, name) * left for name in ("speed_up", "slow_down", "tipping", "empathy_load")}
    return replace(blueprint, load=replace(x, **parts))


@intervention(sets=DIMENSIONS)
def remove_over_promise(
    blueprint: Blueprint, now: InForce, *, level: float = 0.75, lead_time: float = 48.0, throughout: bool = False
) -> Blueprint:
    """The promise is no more than what is delivered: at most `level` of service, and no sooner than `lead_time` h
    (a diagnosis measures both beforehand; the defaults are assumptions)."""
    require(0 <= level <= 1, "level", level, "must be a number from 0 to 1")
    require(lead_time > 0, "lead_time", lead_time, "must be a number of hours above 0")
    left, p = _left(now, throughout), blueprint.promise
    if left == 1.0:
        return blueprint
    kept = replace(
        p,
        level=min(p.level, level + (p.level - level) * left),
        lead_time=max(p.lead_time, lead_time + (p.lead_time - lead_time) * left),
    )
    return replace(blueprint, promise=kept)


def _supplied(blueprint: Blueprint, supplier: str, change: Callable[[Terms], Terms]) -> Blueprint:
    """The chosen suppliers on other terms, also on those they fall back on when a partnership breaks."""
    if supplier and supplier not in blueprint.suppliers:
        raise unknown_name("supplier", supplier, blueprint.suppliers, "supplier")

    def changed(s: Supplier) -> Supplier:
        partner = s.partnership and replace(s.partnership, fallback=change(s.partnership.fallback))
        return Supplier(change(s.terms), partner)

    chosen = {n: changed(s) if supplier in ("", n) else s for n, s in blueprint.suppliers.items()}
    return replace(blueprint, suppliers=chosen)
