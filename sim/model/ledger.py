"""The books of a run: weekly sums, totals of the measured orders, and what staff do with their hours.

A member's hours are booked whenever their status changes and at every tick, so the hours of a period are exact:
paid = worked + idle + off the line + absent (V30). Hours outside shifts, and of an empty seat, are not paid; work after
the end of a shift is overtime.
"""

from __future__ import annotations

from sim.kernel import kernel
from sim.model.lookup import member_now, segment_now
from sim.tables import (
    ABSENT,
    BUSY,
    CLOSED,
    IDLE,
    N_DIMENSIONS,
    NOBODY,
    OFF_LINE,
    VACANT,
    errors,
    members,
    pool_hours,
    run,
    segment_state,
    totals,
    weeks,
)


@kernel
def week_now(world):  # type: ignore[no-untyped-def]
    """The row of the present week."""
    return weeks(world, run(world, 0).weeks - 1)


@kernel
def settle(world, member_index, now):  # type: ignore[no-untyped-def]
    """Book a member's hours since their status last changed or was booked."""
    member = members(world, member_index)
    hours = now - member.since
    member.since = now
    if hours <= 0.0 or run(world, 0).closed == 1 or member.status == CLOSED:
        return
    plan = member_now(world, member_index)
    if plan.pool < 0:
        return
    week = week_now(world)
    measured = week.measured
    if member.status == VACANT:
        week.vacant += hours
        member.vacant += measured * hours
        return
    pool = pool_hours(world, plan.pool)
    week.paid += hours
    member.paid += measured * hours
    pool.paid += measured * hours
    if member.status == OFF_LINE:
        week.off_line += hours
        member.off_line += measured * hours
        pool.off_line += measured * hours
        return
    if member.status == ABSENT:
        week.absent += hours
        member.absent += measured * hours
        pool.absent += measured * hours
        return
    member.week_here += hours
    if plan.inspects == 1:
        week.inspection_hours += hours
    if member.status == BUSY:
        member.week_busy += hours
        week.worked += hours
        member.worked += measured * hours
        pool.worked += measured * hours
        if member.on_shift == 0:
            week.overtime += hours
            member.overtime += measured * hours
            pool.overtime += measured * hours
        if plan.inspects == 0:
            week.rework_hours += hours * member.rework_part
            week.clarification_hours += hours * member.clarification_part
            week.checking_hours += hours * member.checking_part
            week.inspection_hours += hours * member.inspection_part


@kernel
def begin_work(world, member_index, visit, rework, inspection, now):  # type: ignore[no-untyped-def]
    """The member is busy with a visit from now on; its parts say how its hours are classed."""
    settle(world, member_index, now)
    member = members(world, member_index)
    member.status = BUSY
    member.jobs += 1
    member.rework_part = 1.0 if rework and not inspection else 0.0
    member.inspection_part = 1.0 if inspection else 0.0
    plain = visit.hours > 0.0 and not rework and not inspection
    member.clarification_part = visit.clarification / visit.hours if plain else 0.0
    member.checking_part = visit.checking / visit.hours if plain else 0.0


@kernel
def end_work(world, member_index, now):  # type: ignore[no-untyped-def]
    """The member is free from now on."""
    settle(world, member_index, now)
    members(world, member_index).status = IDLE


@kernel
def is_measured(world, order):  # type: ignore[no-untyped-def]
    """Whether an order was placed in the measured time."""
    state = run(world, 0)
    return state.warm_up <= order.placed < state.end


@kernel
def count_customers(world, segment, change, now):  # type: ignore[no-untyped-def]
    """Customers of a segment come (+1) or go (-1): book their hours so far, and the cost of care."""
    state = run(world, 0)
    group = segment_state(world, segment)
    if state.closed == 0:
        week = week_now(world)
        hours = group.active * (now - group.since)
        week.customer_hours += hours
        week.care += segment_now(world, segment).care_cost * hours
    group.since = now
    group.active += change
    state.active += change


@kernel
def book_delivery(world, order, rule, now):  # type: ignore[no-untyped-def]
    """An order has been delivered (and judged, where customers judge)."""
    week = week_now(world)
    lead = now - order.placed
    run(world, 0).in_system -= 1
    week.delivered += 1
    week.lead_hours += lead
    week.late += 1 if lead > order.promised else 0
    week.failed += 1 if order.reached > 0 else 0
    week.errors += order.errors
    week.complaining += 1 if order.complaints > 0 else 0
    week.complaints += order.complaints
    week.recovered += order.recovered
    week.reworked += 1 if order.reworks > 0 else 0
    week.materials += rule.materials
    if is_measured(world, order):
        total = totals(world, 0)
        total.delivered += 1
        total.lead_hours += lead
        total.lead_square += lead * lead
        total.late += 1 if lead > order.promised else 0
        total.waited += order.waited
        total.failed += 1 if order.reached > 0 else 0
        total.errors += order.errors
        total.complaining += 1 if order.complaints > 0 else 0
        total.complaints += order.complaints
        total.recovered += order.recovered
        total.reworked += 1 if order.reworks > 0 else 0
        total.information += order.information
        total.materials += rule.materials + order.supplies
        total.transport += order.transport
        total.external_cost += order.external_cost
        index = order.last_error
        while index >= 0:
            error = errors(world, index)
            total.causes[error.cause] += 1
            total.found += 1 if error.found_by != NOBODY else 0
            index = error.previous


@kernel
def book_revenue(world, order, price):  # type: ignore[no-untyped-def]
    """The customer pays for a delivered order."""
    week_now(world).revenue += price
    if is_measured(world, order):
        totals(world, 0).revenue += price


@kernel
def book_judgement(world, order):  # type: ignore[no-untyped-def]
    """The customer has judged a delivered order."""
    week = week_now(world)
    week.judged += 1
    week.desired += order.S
    week.adequate += order.A
    week.predicted += order.W
    week.perceived += order.P
    week.satisfaction += order.satisfaction
    wanting = 1 if order.S > 0.0 else 0  # whoever desires nothing has no ratio
    ratio = 100.0 * order.P / order.S if wanting == 1 else 0.0
    week.wanting += wanting
    week.quality += ratio
    for d in range(N_DIMENSIONS):
        distance = order.desired[d] - order.perceived[d]
        week.shortfall[d] += distance
        week.shortfall_square[d] += distance * distance
    if is_measured(world, order):
        total = totals(world, 0)
        total.judged += 1
        total.S += order.S
        total.A += order.A
        total.W += order.W
        total.X += order.X
        total.P += order.P
        total.wanting += wanting
        total.quality += ratio
        total.satisfaction += order.satisfaction
        total.short += 1 if order.P < order.S else 0
        total.inadequate += 1 if order.P < order.A else 0
        for d in range(N_DIMENSIONS):
            total.desired[d] += order.desired[d]
            total.adequate[d] += order.adequate[d]
            total.predicted[d] += order.predicted[d]
            total.actual[d] += order.actual[d]
            total.perceived[d] += order.perceived[d]


@kernel
def book_abandonment(world, order, rule):  # type: ignore[no-untyped-def]
    """A customer has given up an order; what was bought for it is lost."""
    run(world, 0).in_system -= 1
    week_now(world).abandoned += 1
    if is_measured(world, order):
        total = totals(world, 0)
        total.abandoned += 1
        total.materials += order.supplies
        total.transport += order.transport
        total.external_cost += order.external_cost
