"""Looking for errors - self-check, receiver, inspector - and putting right what was found (model.md 2.6)."""

from __future__ import annotations

from sim.draws import (
    FALSE_ALARM,
    INCOMING_CHECK,
    INSPECTION,
    INSPECTION_ALARM,
    REWORK_FAILURE,
    SELF_CHECK,
    VISIBLE,
    uniform,
)
from sim.kernel import kernel
from sim.model.errors import record_error
from sim.model.lookup import error_name, stage_now
from sim.model.recovery import show_error
from sim.tables import (
    AWAITING,
    BY_INSPECTOR,
    BY_RECEIVER,
    BY_SELF,
    CAUSE_REWORK,
    OPEN,
    REPAIRED,
    errors,
    handoffs,
    orders,
    stage_state,
    visits,
)


@kernel
def _mark_found(world, order, error, finder, stage, now):  # type: ignore[no-untyped-def]
    stage_state(world, error.stage).noticed += 1.0  # the internal error log
    error.state = AWAITING
    error.found_by = finder
    error.found_at = stage
    error.found = now
    order.open -= 1
    order.awaiting += 1


@kernel
def _raise_alarm(order, stage):  # type: ignore[no-untyped-def]
    """Send the order back to `stage` although nothing is wrong (one alarm at a time)."""
    if order.alarm < 0:
        order.alarm = stage


@kernel
def _search(world, order_index, stage, plan, moment, detection, purpose, finder, now):  # type: ignore[no-untyped-def]
    """Look at every open error of the order; returns how many were found."""
    order = orders(world, order_index)
    found = 0
    index = order.last_error
    while index >= 0:
        error = errors(world, index)
        if error.state == OPEN and uniform(order.key, plan.id, moment, purpose, error_name(world, error)) < detection:
            _mark_found(world, order, error, finder, stage, now)
            found += 1
        index = error.previous
    return found


@kernel
def previous_stage(world, order, stage):  # type: ignore[no-untyped-def]
    """The stage that handed this order over, or the stage itself at the start of the route."""
    return handoffs(world, order.handoff).source if order.handoff >= 0 else stage


@kernel
def check_incoming(world, order_index, stage, plan, moment, now):  # type: ignore[no-untyped-def]
    """The receiver looks at the work of the stages before; whether anything was noticed."""
    order = orders(world, order_index)
    if order.open > 0 and plan.incoming_detection > 0.0:
        detection = plan.incoming_detection
        return _search(world, order_index, stage, plan, moment, detection, INCOMING_CHECK, BY_RECEIVER, now) > 0
    alarming = order.open == 0 and plan.incoming_alarm > 0.0 and order.handoff >= 0
    if alarming and uniform(order.key, plan.id, moment, FALSE_ALARM, 1) < plan.incoming_alarm:
        _raise_alarm(order, previous_stage(world, order, stage))
        return True
    return False


@kernel
def check_own_work(world, order_index, stage, plan, error_index, discretion, moment, rule, now):  # type: ignore[no-untyped-def]
    """Self-check of this visit's error (row, or -1). What it misses the customer may see on the spot."""
    order = orders(world, order_index)
    if error_index < 0:
        if plan.self_alarm > 0.0 and uniform(order.key, plan.id, moment, FALSE_ALARM, 0) < plan.self_alarm:
            _raise_alarm(order, stage)
        return
    error = errors(world, error_index)
    if plan.self_detection > 0.0 and uniform(order.key, plan.id, moment, SELF_CHECK, 0) < plan.self_detection:
        _mark_found(world, order, error, BY_SELF, stage, now)
    elif plan.visible_share > 0.0 and uniform(order.key, plan.id, moment, VISIBLE, 0) < plan.visible_share:
        error.reached = 1
        order.reached += 1
        show_error(world, error_index, plan.id, moment, discretion, False, rule, now)


@kernel
def inspect(world, order_index, stage, plan, moment, now):  # type: ignore[no-untyped-def]
    """Inspection of all that is open; a false alarm sends the order back to the stage before."""
    order = orders(world, order_index)
    if order.open > 0:
        if plan.inspection_detection > 0.0:
            detection = plan.inspection_detection
            _search(world, order_index, stage, plan, moment, detection, INSPECTION, BY_INSPECTOR, now)
        return
    chance = plan.inspection_alarm
    if chance > 0.0 and uniform(order.key, plan.id, moment, INSPECTION_ALARM, 0) < chance:
        _raise_alarm(order, previous_stage(world, order, stage))


@kernel
def rework_place(world, order):  # type: ignore[no-untyped-def]
    """Where the order has to go for rework next: the origin of its oldest found error, or of a false alarm; or -1."""
    place = -1
    if order.awaiting > 0:
        index = order.last_error
        while index >= 0:
            error = errors(world, index)
            if error.state == AWAITING:
                place = error.stage
            index = error.previous
    elif order.alarm >= 0:
        place = order.alarm
    return place


@kernel
def rework_distance(world, order, stage):  # type: ignore[no-untyped-def]
    """How many stages the errors to be repaired here have travelled (the farthest of them)."""
    farthest = 0
    here = stage_now(world, stage).position
    index = order.last_error
    while index >= 0:
        error = errors(world, index)
        if error.state == AWAITING and error.stage == stage:
            farthest = max(farthest, stage_now(world, error.found_at).position - here)
        index = error.previous
    return farthest


@kernel
def repair(world, order_index, stage, plan, moment, rule, now):  # type: ignore[no-untyped-def]
    """End of a rework visit: found errors that were made here are repaired, or not; a false alarm may do harm."""
    order = orders(world, order_index)
    visit = visits(world, order.visit)
    due = 0
    index = order.last_error
    while index >= 0:
        due += 1 if errors(world, index).state == AWAITING and errors(world, index).stage == stage else 0
        index = errors(world, index).previous
    index = order.last_error
    while index >= 0:
        error = errors(world, index)
        if error.state == AWAITING and error.stage == stage:
            error.internal_cost += visit.hours * rule.wage / due
            failed = uniform(order.key, plan.id, moment, REWORK_FAILURE, error_name(world, error)) < rule.failure
            if not failed:
                error.state = REPAIRED
                order.awaiting -= 1
            elif rule.until_right <= 0.0:  # the failure goes unnoticed: the error is open again
                error.state = OPEN
                order.awaiting -= 1
                order.open += 1
        index = error.previous
    if due == 0 and order.alarm == stage:
        order.alarm = -1
        if uniform(order.key, plan.id, moment, REWORK_FAILURE, 0) < rule.failure:
            record_error(world, order_index, stage, plan.id, moment, rule, CAUSE_REWORK, now)
