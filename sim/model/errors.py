"""Errors: how likely, of what cause, and the record that each one leaves (model.md 2.6)."""

from __future__ import annotations

import math

from sim.draws import ERROR, FRAILTY, SEVERITY, beta, uniform
from sim.kernel import kernel
from sim.model.special_cause import is_out_of_control
from sim.model.staff import load_error_factor, skill_level
from sim.tables import (
    CAUSE_INFORMATION,
    CAUSE_KNOCK_ON,
    CAUSE_LOAD,
    CAUSE_OPERATOR,
    CAUSE_SPECIAL,
    CAUSE_SUPPLIER,
    CAUSE_SYSTEM,
    NOBODY,
    OPEN,
    errors,
    members,
    orders,
    run,
    stage_state,
    visits,
)


@kernel
def frailty_factor(rule, key, moment):  # type: ignore[no-untyped-def]
    """An order's own multiplier of the error rate: beta-distributed rate over its mean (1.7 M7); 1 when off."""
    if rule.frailty <= 0.0 or rule.mean_error <= 0.0:
        return 1.0
    return beta(key, 0, moment, FRAILTY, rule.frailty_a, rule.frailty_b) / rule.mean_error


@kernel
def operator_factor(rule, skill):  # type: ignore[no-untyped-def]
    """Factor on the operator part of the error rate."""
    return math.exp(-rule.on_errors * (skill - rule.reference_skill))


@kernel
def is_primed(rule, order):  # type: ignore[no-untyped-def]
    """U of the knock-on rule: an undetected error is on the order (latched) or the last visit erred (Markov)."""
    return order.previous_erred == 1 if rule.markov > 0.0 else order.open > 0


@kernel
def cause_of_error(rule, stage, improved, skill, load, order, complexity, out, u):  # type: ignore[no-untyped-def]
    """The cause class of the error that the uniform number `u` makes at this visit, or -1 for none.

    The factors are stacked in a fixed order - system, operator, load, special cause, information, knock-on - and the
    cause is the layer in which `u` falls: what that layer adds is what its absence would have prevented.
    `improved` is what improvement inside the run has made of the system part.
    """
    safe = 1.0 - stage.fail_safe
    system = stage.system_part * improved * complexity * order.frailty
    operator = stage.operator_part * operator_factor(rule, skill) * order.frailty
    common = system + operator
    loaded = system + operator * load_error_factor(load, rule)
    special = loaded * stage.special_factor if out else loaded
    informed = special * (1.0 + rule.error_factor * (1.0 - order.information))
    total = informed * rule.knock_on if is_primed(rule, order) else informed
    if u >= min(1.0, total) * safe:
        return -1
    if u < system * safe:
        return CAUSE_SYSTEM
    if u < common * safe:
        return CAUSE_OPERATOR
    if u < loaded * safe:
        return CAUSE_LOAD
    if u < special * safe:
        return CAUSE_SPECIAL
    if u < informed * safe:
        return CAUSE_INFORMATION
    return CAUSE_KNOCK_ON


@kernel
def _error_row(world):  # type: ignore[no-untyped-def]
    state = run(world, 0)
    index = state.free_error
    if index >= 0:
        state.free_error = errors(world, index).previous
    else:
        index = state.errors
        state.errors += 1
    return index


@kernel
def record_error(world, order_index, stage, stage_id, moment, rule, cause, now):  # type: ignore[no-untyped-def]
    """Write an open error of the present visit into the journal; returns its row."""
    index = _error_row(world)
    order = orders(world, order_index)
    visit = visits(world, order.visit)
    error = errors(world, index)
    error.order = order_index
    error.number = visit.number
    error.kind = visit.kind
    error.reached = 0
    error.complained = 0
    error.recovered = 0.0
    error.internal_cost = 0.0
    error.external_cost = 0.0
    error.visit = order.visit
    error.previous = order.last_error
    error.stage = stage
    error.staff = visit.staff
    error.found_at = -1
    error.cause = cause
    error.found_by = NOBODY
    detail = 2 if cause == CAUSE_SUPPLIER else int(visit.kind)
    error.major = 1 if uniform(order.key, stage_id, moment, SEVERITY, detail) < rule.major_share else 0
    error.severity = rule.major_severity if error.major == 1 else rule.minor_severity
    error.state = OPEN
    error.made = now
    error.seen = math.nan
    error.found = math.nan
    order.last_error = index
    order.errors += 1
    order.open += 1
    return index


@kernel
def make_error(world, order_index, stage, plan, member, complexity, moment, rule, now):  # type: ignore[no-untyped-def]
    """The error of this visit, if there is one: its journal row, or -1. `member` is the plan's row of who works."""
    order = orders(world, order_index)
    visit = visits(world, order.visit)
    out = is_out_of_control(world, stage, plan, now)
    visit.out_of_control = 1 if out else 0
    u = uniform(order.key, plan.id, moment, ERROR, 0)
    place = stage_state(world, stage)
    skill = skill_level(member, members(world, visit.staff))
    cause = cause_of_error(rule, plan, place.error_factor, skill, visit.load, order, complexity, out, u)
    order.previous_erred = 1 if cause >= 0 else 0
    if cause < 0:
        return -1
    place.erred += 1.0
    return record_error(world, order_index, stage, plan.id, moment, rule, cause, now)
