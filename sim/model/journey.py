"""The transitions: what an engine may ask the model. Engines call nothing else.

`new_customer`, `arrival_gap`, `first_order_gap` bring customers in; `place_order`, `begin_visit` and `end_visit`
carry an order through the system. They read the plan, change the state and write the journal; *when* they are
called, and which order is next at a free staff member, is the engine's affair (see `sim.simpy_engine`).
"""

from __future__ import annotations

import math

from sim.draws import (
    ARRIVAL_GAP,
    FIRST_ORDER,
    REORDER_GAP,
    REWORK_TIME,
    SERVICE,
    SURFACING,
    child_key,
    occasion,
    uniform,
)
from sim.kernel import kernel, transition
from sim.model.checks import check_incoming, check_own_work, inspect, repair, rework_distance, rework_place
from sim.model.errors import frailty_factor, make_error
from sim.model.expectation import form_expectations, hear_promise, learn
from sim.model.handoff import choose_edge, hand_over, rate_handoff, receive, send_back
from sim.model.lookup import edge_now, error_name, member_now, rules_now, segment_now, stage_now
from sim.model.perception import delivery_moment, judge, moment_of_truth
from sim.model.recovery import show_error
from sim.model.times import on_clock, sample, speed_factor
from sim.tables import (
    AWAITING,
    DELIVERED_STAGE,
    FIRST_WORK,
    N_DIMENSIONS,
    OPEN,
    REWORK,
    customers,
    errors,
    orders,
    passes,
    run,
    visits,
)


@transition
def arrival_gap(world, segment, index):  # type: ignore[no-untyped-def]
    """Hours between customer `index` of a stream and the one before; named by the customer to come."""
    plan = segment_now(world, segment)
    key = child_key(run(world, 0).key, plan.id, index)
    return on_clock(world, sample(world, plan.interval, key, 0, 0, ARRIVAL_GAP))


@transition
def new_customer(world, segment, index, now):  # type: ignore[no-untyped-def]
    """Customer `index` of a segment comes into being; returns its row."""
    state = run(world, 0)
    plan = segment_now(world, segment)
    row = state.customers
    state.customers += 1
    customer = customers(world, row)
    customer.key = child_key(state.key, plan.id, index)
    customer.segment = segment
    customer.last_placed = now
    customer.last_failure = -math.inf
    if state.perception_on == 1:
        form_expectations(world, customer, plan, rules_now(world).level)
    return row


@transition
def first_order_gap(world, customer):  # type: ignore[no-untyped-def]
    """Hours until a member of a population places its first order."""
    row = customers(world, customer)
    plan = segment_now(world, row.segment)
    return on_clock(world, sample(world, plan.interval, row.key, 0, 0, FIRST_ORDER))


@transition
def place_order(world, customer, now):  # type: ignore[no-untyped-def]
    """A customer places an order; returns its row."""
    state = run(world, 0)
    rule = rules_now(world)
    person = customers(world, customer)
    segment = segment_now(world, person.segment)
    row = state.orders
    state.orders += 1
    order = orders(world, row)
    order.customer = customer
    order.number = person.orders
    order.key = person.key
    order.placed = now
    order.delivered = math.nan
    order.promised = rule.lead_time
    order.promise_level = rule.level
    order.last_contact = now
    order.failed_before = 1 if now - person.last_failure <= rule.memory else 0
    order.information = 1.0
    order.edge = -1
    order.handoff = -1
    order.last_error = -1
    order.alarm = -1
    order.frailty = frailty_factor(rule, order.key, occasion(order.number, 0))
    person.orders += 1
    person.last_placed = now
    if state.perception_on == 1:
        hear_promise(person, segment, rule.level)
        for d in range(N_DIMENSIONS):
            order.desired[d] = person.desired[d]
            order.predicted[d] = person.predicted[d]
            order.adequate[d] = person.desired[d] - segment.tolerance[d] + segment.adequate_shift
    return row


@transition
def begin_visit(world, order_index, stage, member_index, arrived, now):  # type: ignore[no-untyped-def]
    """A staff member starts on an order that reached the queue at `arrived`; returns the hours it takes."""
    state = run(world, 0)
    rule = rules_now(world)
    plan = stage_now(world, stage)
    order = orders(world, order_index)
    count = passes(world, order_index * state.n_stages + stage)
    reworking = order.awaiting > 0 or order.alarm >= 0
    number = int(count.rework) if reworking else int(count.work)
    moment = occasion(order.number, number)
    visit = visits(world, state.visits)
    visit.order = order_index
    visit.stage = stage
    visit.staff = member_index
    visit.number = number
    visit.arrived = arrived
    visit.began = now
    visit.ended = math.nan
    order.visit = state.visits
    state.visits += 1
    order.visits += 1
    order.waited += now - arrived
    speed = speed_factor(rule, member_now(world, member_index).skill)
    if reworking:
        count.rework += 1
        visit.kind = REWORK
        order.reworks += 1
        hours = sample(world, plan.service, order.key, plan.id, moment, REWORK_TIME) * speed * rule.rework_time
        hours *= 1.0 + rule.per_stage * rework_distance(world, order, stage)
        return on_clock(world, hours)
    count.work += 1
    visit.kind = FIRST_WORK
    hours = sample(world, plan.service, order.key, plan.id, moment, SERVICE) * speed
    if order.handoff >= 0:
        receive(world, order, arrived)
        if order.clarify == 1:
            visit.clarified = 1
            visit.clarification = rule.clarification_time
            hours += rule.clarification_time
    visit.checking = plan.extra_time
    return on_clock(world, hours + plan.extra_time)


@transition
def end_visit(world, order_index, now):  # type: ignore[no-untyped-def]
    """A visit ends: errors, checks, perception, and where the order goes.

    Returns (stage, hours, batch): the next stage, or -1 when the order is delivered; the hours until it gets
    there (delivered: until the customer orders again, -1 for never); and the edge at which it first waits for
    its batch to fill, or -1.
    """
    rule = rules_now(world)
    order = orders(world, order_index)
    visit = visits(world, order.visit)
    visit.ended = now
    order.worked += now - visit.began
    stage = visit.stage
    plan = stage_now(world, stage)
    moment = occasion(order.number, visit.number)
    if visit.kind == REWORK:
        repair(world, order_index, stage, plan, moment, rule, now)
    else:
        _end_first_work(world, order_index, stage, plan, moment, rule, now)
    place = rework_place(world, order)
    if place >= 0:
        return place, send_back(world, order, plan, place, moment, visit.kind, rule), -1
    edge = order.edge
    if edge_now(world, edge).target == DELIVERED_STAGE:
        return DELIVERED_STAGE, _deliver(world, order_index, rule, now), -1
    return hand_over(world, order_index, edge, now)


@kernel
def _end_first_work(world, order_index, stage, plan, moment, rule, now):  # type: ignore[no-untyped-def]
    """Own error and checks, the receiver's rating, the moment of truth, the way out (not yet taken)."""
    order = orders(world, order_index)
    visit = visits(world, order.visit)
    member = member_now(world, visit.staff)
    complexity = segment_now(world, customers(world, order.customer).segment).complexity
    noticed = check_incoming(world, order_index, stage, plan, moment, now)
    seen_before = order.reached
    error = make_error(world, order_index, stage, plan, member, complexity, moment, rule, now)
    check_own_work(world, order_index, stage, plan, error, member.discretion, moment, rule, now)
    if order.handoff >= 0:
        rate_handoff(world, order, noticed, rule)
    if plan.moment == 1 and run(world, 0).perception_on == 1:
        moment_of_truth(world, order_index, stage, visit.staff, member, order.reached > seen_before, rule, now)
    if plan.appraisal == 0:
        order.met = plan.moment  # whether the customer was met at the end of the work so far
    inspect(world, order_index, stage, plan, moment, now)
    order.edge = choose_edge(world, plan, order.key, moment)
    order.leaving = moment  # names the handoff's draws, whatever rework comes before it
    order.stage_arrived = visit.arrived


@kernel
def _deliver(world, order_index, rule, now):  # type: ignore[no-untyped-def]
    """The order reaches the customer, who judges it, learns from it and may order again; hours until then, or -1."""
    order = orders(world, order_index)
    order.delivered = now
    person = customers(world, order.customer)
    segment = segment_now(world, person.segment)
    visit = visits(world, order.visit)
    _let_surface(world, order, visit.staff, rule, now)
    if run(world, 0).perception_on == 1:
        delivery_moment(world, order_index, visit.staff, rule, now)
        delighted = order.recovered > 0 and order.failed_before == 0
        judge(world, order_index, segment, rule.recovery_paradox if delighted else 0.0, rule)
        learn(person, segment, order.perceived)
    return _next_order(world, person, segment, now)


@kernel
def _let_surface(world, order, member_index, rule, now):  # type: ignore[no-untyped-def]
    """Errors still open reach the customer; some of them are noticed."""
    moment = occasion(order.number, 0)
    index = order.last_error
    while index >= 0:
        error = errors(world, index)
        if error.state == OPEN or error.state == AWAITING:
            if error.reached == 0:
                error.reached = 1
                order.reached += 1
            if math.isnan(error.seen):
                name = error_name(world, error)
                if uniform(order.key, 0, moment, SURFACING, name) < rule.surfacing:
                    discretion = member_now(world, member_index).discretion
                    show_error(world, index, 0, moment, discretion, True, rule, now)
        index = error.previous


@kernel
def _next_order(world, person, segment, now):  # type: ignore[no-untyped-def]
    """Hours until this customer's next order; -1 when there is none before the end of the run."""
    if segment.population == 0 and person.orders >= segment.orders:
        return -1.0
    moment = occasion(person.orders, 0)
    if segment.population == 1:
        gap = sample(world, segment.interval, person.key, 0, moment, REORDER_GAP)
    else:
        gap = sample(world, segment.reorder, person.key, 0, moment, REORDER_GAP)
    wait = max(0.0, person.last_placed + on_clock(world, gap) - now)
    return wait if now + wait < run(world, 0).end else -1.0
