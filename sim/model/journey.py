"""The transitions: what an engine may ask the model. Engines call nothing else.

`new_customer`, `arrival_gap`, `first_order_gap`, `prospect_gap` and `new_prospect` bring customers in; `place_order`,
`join_queue`, `give_up`, `begin_visit` and `end_visit` carry an order through the system; `tick` is the clock;
`set_status`, `return_to_work` and `enter_epoch` tell the model what became of staff and plan. They read the plan,
change the state and write the journal; *when* they are called, and which order is next at a free staff member, is
the engine's affair (see `sim.simpy_engine`). What the model wants of the engine it leaves in the table `requests`.
"""

from __future__ import annotations

import math

from sim.draws import (
    ARRIVAL_GAP,
    FIRST_ORDER,
    PATIENCE,
    PROSPECT_GAP,
    PROSPECT_SHARE,
    REORDER_GAP,
    REWORK_TIME,
    SERVICE,
    SURFACING,
    TEAM,
    child_key,
    exponential,
    occasion,
    uniform,
)
from sim.kernel import kernel, transition
from sim.model.calendar import through_profile, through_shifts
from sim.model.checks import check_incoming, check_own_work, inspect, repair, rework_distance, rework_place
from sim.model.customers import create_customer, free_customer, free_order, new_order_row
from sim.model.errors import frailty_factor, make_error, record_error
from sim.model.expectation import hear_promise, learn
from sim.model.handoff import choose_edge, hand_over, rate_handoff, receive, send_back
from sim.model.knowledge import remember_contact
from sim.model.ledger import (
    begin_work,
    book_abandonment,
    book_delivery,
    book_judgement,
    book_revenue,
    count_customers,
    end_work,
    is_measured,
    settle,
    week_now,
)
from sim.model.lookup import edge_now, error_name, member_now, rules_now, segment_now, stage_now
from sim.model.perception import delivery_moment, judge, moment_of_truth
from sim.model.recovery import show_error
from sim.model.relationship import experience, finish, join, order_pace
from sim.model.staff import carry_load, forget, load_time_factor, practise, skill_level
from sim.model.supply import follow_changes, purchase, start_partnerships
from sim.model.tick import tick as tick_now
from sim.model.times import on_clock, sample, speed_factor
from sim.model.word_of_mouth import first_prediction, talk, tries
from sim.tables import (
    AWAITING,
    BUSY,
    CAUSE_SUPPLIER,
    DELIVERED_STAGE,
    FIRST_WORK,
    IDLE,
    LOST_ABANDONED,
    LOST_FAILURE,
    LOST_LATENESS,
    LOST_OTHER,
    LOST_SHORTFALL,
    N_DIMENSIONS,
    OPEN,
    REWORK,
    VACANT,
    WON_ARRIVAL,
    WON_MARKETING,
    customers,
    errors,
    members,
    orders,
    passes,
    run,
    segment_state,
    stage_state,
    totals,
    visits,
)

WAITS_FOR_EVER = -1.0
_PROSPECTS = 1 << 40  # prospects have numbers of their own




# -- customers come ------------------------------------------------------------------------------------------


@transition("int64, int64, int64, float64")
def arrival_gap(world, segment, index, now):  # type: ignore[no-untyped-def]
    """Hours between customer `index` of a stream and the one before; named by the customer to come."""
    plan = segment_now(world, segment)
    key = child_key(run(world, 0).key, plan.id, index)
    gap = sample(world, plan.interval, key, 0, 0, ARRIVAL_GAP)
    return on_clock(world, through_profile(world, segment, now, gap))


@transition("int64, int64, int64, float64")
def new_customer(world, segment, index, now):  # type: ignore[no-untyped-def]
    """Customer `index` of a segment comes into being; returns the row."""
    plan = segment_now(world, segment)
    key = child_key(run(world, 0).key, plan.id, index)
    row = create_customer(world, segment, key, segment_state(world, segment).heard, WON_ARRIVAL)
    person = customers(world, row)
    person.last_placed = now
    if plan.population == 1:  # they have been customers all along
        join(world, row, -1, now)
    return row


@transition("int64, int64")
def first_order_gap(world, customer):  # type: ignore[no-untyped-def]
    """Hours until a member of a population places its first order."""
    row = customers(world, customer)
    plan = segment_now(world, row.segment)
    gap = sample(world, plan.interval, row.key, 0, 0, FIRST_ORDER)
    return on_clock(world, through_profile(world, row.segment, 0.0, gap))


@transition("int64, int64, int64")
def prospect_gap(world, segment, index):  # type: ignore[no-untyped-def]
    """Hours between prospect `index` of a segment and the one before, at the highest rate of the whole run."""
    plan = segment_now(world, segment)
    key = child_key(run(world, 0).key, plan.id, _PROSPECTS + index)
    return on_clock(world, rules_now(world).week / plan.most_prospects * exponential(key, 0, 0, PROSPECT_GAP, 0))


@transition("int64, int64, int64, float64")
def new_prospect(world, segment, index, now):  # type: ignore[no-untyped-def]
    """Prospect `index` considers the firm: the row of a new customer, or -1."""
    plan = segment_now(world, segment)
    rule = rules_now(world)
    key = child_key(run(world, 0).key, plan.id, _PROSPECTS + index)
    if uniform(key, 0, 0, PROSPECT_SHARE, 0) * plan.most_prospects >= plan.prospects:
        return -1
    heard = segment_state(world, segment).heard
    if not tries(rule, plan, key, 0, 0, first_prediction(plan, heard)):
        return -1
    row = create_customer(world, segment, key, heard, WON_MARKETING)
    customers(world, row).last_placed = now
    return row


@transition("int64, int64")
def team_of(world, customer):  # type: ignore[no-untyped-def]
    """A number in [0, 1) that says which of several teams a customer belongs to."""
    return uniform(customers(world, customer).key, 0, 0, TEAM, 0)


# -- an order's journey --------------------------------------------------------------------------------------


@transition("int64, int64, float64")
def place_order(world, customer, now):  # type: ignore[no-untyped-def]
    """A customer places an order; returns (row, hours until it can join the first queue)."""
    state = run(world, 0)
    rule = rules_now(world)
    person = customers(world, customer)
    segment = segment_now(world, person.segment)
    row = new_order_row(world)
    order = orders(world, row)
    order.customer = customer
    order.number = person.orders
    order.key = person.key
    order.placed = now
    order.delivered = math.nan
    order.abandoned = math.nan
    order.promised = rule.lead_time
    order.promise_level = rule.level
    order.last_contact = now
    order.failed_before = 1 if now - person.last_failure <= rule.memory else 0
    order.information = 1.0
    order.edge = -1
    order.handoff = -1
    order.last_error = -1
    order.alarm = -1
    order.change_of_mind = -1.0
    order.frailty = frailty_factor(rule, order.key, occasion(order.number, 0))
    order.free = -1
    if math.isnan(person.joined):
        join(world, customer, person.won, now)
        if person.won == WON_MARKETING:
            week_now(world).acquisition += segment.acquisition_cost
    person.orders += 1
    person.last_placed = now
    if state.perception_on == 1:
        hear_promise(person, segment, rule.level)
        for d in range(N_DIMENSIONS):
            order.desired[d] = person.desired[d]
            order.predicted[d] = person.predicted[d]
            order.adequate[d] = person.desired[d] - segment.tolerance[d] + segment.adequate_shift
    state.in_system += 1
    week_now(world).placed += 1
    if is_measured(world, order):
        totals(world, 0).placed += 1
    return row, on_clock(world, purchase(world, row, rule.first))


@transition("int64, int64, int64, int64")
def join_queue(world, order_index, stage, waiting):  # type: ignore[no-untyped-def]
    """An order comes to a queue of `waiting` others: hours of patience, 0 for balking, -1 for waiting however long."""
    order = orders(world, order_index)
    plan = stage_now(world, stage)
    segment = segment_now(world, customers(world, order.customer).segment)
    if order.awaiting > 0 or order.alarm >= 0:  # the firm's own rework: the customer is not in this queue
        return WAITS_FOR_EVER
    if segment.balk_at > 0 and waiting + 1 >= segment.balk_at:
        return 0.0
    if segment.patient == 0:
        return WAITS_FOR_EVER
    number = int(passes(world, order_index * run(world, 0).n_stages + stage).work)
    hours = sample(world, segment.patience, order.key, plan.id, occasion(order.number, number), PATIENCE)
    return on_clock(world, max(1e-9, hours))


@transition("int64, int64, float64")
def give_up(world, order_index, now):  # type: ignore[no-untyped-def]
    """The customer abandons an order in a queue. Returns (-1, hours until the next order or -1, -1, requests)."""
    rule = rules_now(world)
    order = orders(world, order_index)
    order.abandoned = now
    person = customers(world, order.customer)
    segment = segment_now(world, person.segment)
    stays = True
    book_abandonment(world, order, rule)
    if run(world, 0).relationship_on == 1:
        order.S = 0.0
        order.A = 0.0
        for d in range(N_DIMENSIONS):
            order.S += segment.weight[d] * order.desired[d]
            order.A += segment.weight[d] * order.adequate[d]
        stays = experience(world, person, order, segment, rule, rule.abandoned_satisfaction, LOST_ABANDONED, now)
    wait = _next_order(world, order.customer, person, segment, rule, now) if stays else _gone(world, order.customer)
    free_order(world, order_index)
    return DELIVERED_STAGE, wait, -1, run(world, 0).requests


@transition("int64, int64, int64, int64, float64, float64")
def begin_visit(world, order_index, stage, member_index, arrived, now):  # type: ignore[no-untyped-def]
    """A staff member starts on an order that reached the queue at `arrived`; returns the hours until it ends."""
    state = run(world, 0)
    rule = rules_now(world)
    plan = stage_now(world, stage)
    place = stage_state(world, stage)
    order = orders(world, order_index)
    count = passes(world, order_index * state.n_stages + stage)
    reworking = order.awaiting > 0 or order.alarm >= 0
    number = int(count.rework) if reworking else int(count.work)
    moment = occasion(order.number, number)
    row = order_index
    if state.summary == 0:
        row = state.visits
        state.visits += 1
    visit = visits(world, row)
    visit.order = order_index
    visit.stage = stage
    visit.staff = member_index
    visit.number = number
    visit.clarified = 0
    visit.clarification = 0.0
    visit.checking = 0.0
    visit.arrived = arrived
    visit.began = now
    visit.ended = math.nan
    order.visit = row
    order.visits += 1
    order.waited += now - arrived
    place.waited += now - arrived
    speed = _speed(world, member_index, visit, rule, now) * place.time_factor
    if reworking:
        count.rework += 1
        visit.kind = REWORK
        order.reworks += 1
        hours = sample(world, plan.service, order.key, plan.id, moment, REWORK_TIME) * speed * rule.rework_time
        hours *= 1.0 + rule.per_stage * rework_distance(world, order, stage)
    else:
        count.work += 1
        visit.kind = FIRST_WORK
        hours = sample(world, plan.service, order.key, plan.id, moment, SERVICE)
        if plan.tampering == 1:
            hours = _tampered(place, hours, plan)
        hours *= speed
        if order.handoff >= 0:
            receive(world, order, arrived)
            if order.clarify == 1:
                visit.clarified = 1
                visit.clarification = rule.clarification_time
                hours += rule.clarification_time
        visit.checking = plan.extra_time
        hours += plan.extra_time
    visit.hours = on_clock(world, hours)
    place.jobs += 1.0
    place.hours += visit.hours
    begin_work(world, member_index, visit, reworking, plan.appraisal == 1, now)
    if member_now(world, member_index).suspends == 1:
        return through_shifts(world, member_index, now, visit.hours)
    return visit.hours


@kernel
def _speed(world, member_index, visit, rule, now):  # type: ignore[no-untyped-def]
    """Factor on the time of whoever starts now: skill, load, and the pool's pressure."""
    member = members(world, member_index)
    plan = member_now(world, member_index)
    visit.load = 0.0
    if run(world, 0).staff_on == 0:
        return speed_factor(rule, skill_level(plan, member))
    forget(member, rule, now)
    carry_load(member, 0.0, 0.0 if plan.n_shifts > 0 else plan.pressure, rule, now)  # not felt at home
    visit.load = member.load
    factor = speed_factor(rule, skill_level(plan, member)) / (1.0 + plan.pressure)
    return factor * load_time_factor(member.load, member.overwork, rule)


@kernel
def _tampered(place, hours, plan):  # type: ignore[no-untyped-def]
    """Deming's funnel, rule 2: the setting is moved by the whole deviation of the last result from its target."""
    shown = hours + place.adjustment
    place.adjustment -= shown - plan.service.hours
    return max(0.0, shown)


@transition("int64, int64, float64")
def end_visit(world, order_index, now):  # type: ignore[no-untyped-def]
    """A visit ends: errors, checks, perception, and where the order goes.

    Returns (stage, hours, batch, requests): the next stage, or -1 when the order is delivered; the hours until it gets
    there (delivered: until the customer orders again, -1 for never); the edge at which it first waits for its batch
    to fill, or -1; and the number of requests left for the engine.
    """
    rule = rules_now(world)
    order = orders(world, order_index)
    visit = visits(world, order.visit)
    visit.ended = now
    order.worked += visit.hours
    stage = visit.stage
    plan = stage_now(world, stage)
    moment = occasion(order.number, visit.number)
    _end_of_work(world, visit.staff, visit, rule, now)
    if visit.kind == REWORK:
        repair(world, order_index, stage, plan, moment, rule, now)
    else:
        _end_first_work(world, order_index, stage, plan, moment, rule, now)
    place = rework_place(world, order)
    if place >= 0:
        return place, send_back(world, order, plan, place, moment, visit.kind, rule), -1, 0
    edge = order.edge
    if edge_now(world, edge).target == DELIVERED_STAGE:
        return DELIVERED_STAGE, _deliver(world, order_index, rule, now), -1, run(world, 0).requests
    target, hours, batch = hand_over(world, order_index, edge, now)
    return target, hours, batch, 0


@kernel
def _end_of_work(world, member_index, visit, rule, now):  # type: ignore[no-untyped-def]
    """The member is free: hours are booked, skill is practised, load carried on."""
    end_work(world, member_index, now)
    if run(world, 0).staff_on == 1:
        member = members(world, member_index)
        pressure = member_now(world, member_index).pressure
        if now - visit.hours > member.load_at:  # the visit was suspended over closed hours: these were rest
            carry_load(member, 0.0, pressure, rule, now - visit.hours)
        carry_load(member, 1.0, pressure, rule, now)
        practise(member, rule, now)


@kernel
def _end_first_work(world, order_index, stage, plan, moment, rule, now):  # type: ignore[no-untyped-def]
    """Own error and checks, the receiver's rating, the moment of truth, the way out (not yet taken)."""
    order = orders(world, order_index)
    visit = visits(world, order.visit)
    member = member_now(world, visit.staff)
    segment = segment_now(world, customers(world, order.customer).segment)
    if order.defective == 1:
        order.defective = 0
        record_error(world, order_index, stage, plan.id, moment, rule, CAUSE_SUPPLIER, now)
    noticed = check_incoming(world, order_index, stage, plan, moment, now)
    seen_before = order.reached
    error = make_error(world, order_index, stage, plan, member, segment.complexity, moment, rule, now)
    check_own_work(world, order_index, stage, plan, error, member.discretion, moment, rule, now)
    if order.handoff >= 0:
        rate_handoff(world, order, noticed, rule)
    if plan.moment == 1 and run(world, 0).perception_on == 1:
        erred = order.reached > seen_before
        moment_of_truth(world, order_index, stage, plan, visit.staff, member, erred, segment.owner, rule, now)
        remember_contact(world, order, plan.function, visit.staff, plan.id, moment, rule)
    if plan.appraisal == 0:
        order.met = plan.moment  # whether the customer was met at the end of the work so far
    inspect(world, order_index, stage, plan, moment, now)
    follow_changes(order, stage, plan, rule, now)
    order.edge = choose_edge(world, plan, order.key, moment)
    order.leaving = moment  # names the handoff's draws, whatever rework comes before it
    order.stage_arrived = visit.arrived


@kernel
def _deliver(world, order_index, rule, now):  # type: ignore[no-untyped-def]
    """The order reaches the customer, who judges it, learns, talks, stays or not, and may order again; hours until
    then, or -1."""
    state = run(world, 0)
    order = orders(world, order_index)
    order.delivered = now
    person = customers(world, order.customer)
    segment = segment_now(world, person.segment)
    visit = visits(world, order.visit)
    _let_surface(world, order, visit.staff, rule, now)
    book_delivery(world, order, rule, now)
    book_revenue(world, order, segment.price)
    stays = True
    if state.perception_on == 1:
        delivery_moment(world, order_index, visit.staff, rule, now)
        delighted = order.recovered > 0 and order.failed_before == 0
        judge(world, order_index, segment, rule.recovery_paradox if delighted else 0.0, rule)
        learn(person, segment, order.perceived)
        book_judgement(world, order)
        if state.relationship_on == 1:
            if state.closed == 0:
                talk(world, person, order, segment, rule)
            stays = experience(
                world, person, order, segment, rule, order.satisfaction, _reason(order, now), now
            )
    wait = _next_order(world, order.customer, person, segment, rule, now) if stays else _gone(world, order.customer)
    free_order(world, order_index)
    return wait


@kernel
def _reason(order, now):  # type: ignore[no-untyped-def]
    """Why a customer would leave after this order: the first of the reasons that holds."""
    if order.damage > 0.0:
        return LOST_FAILURE
    if now - order.placed > order.promised:
        return LOST_LATENESS
    return LOST_SHORTFALL if order.P < order.A else LOST_OTHER


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
def _gone(world, customer):  # type: ignore[no-untyped-def]
    """A lost customer places no further order."""
    free_customer(world, customer)
    return -1.0


@kernel
def _next_order(world, customer, person, segment, rule, now):  # type: ignore[no-untyped-def]
    """Hours until this customer's next order; -1 when there is none before the end of the run."""
    state = run(world, 0)
    if segment.population == 0 and person.orders >= segment.orders:
        finish(world, customer, now)
        return _gone(world, customer)
    moment = occasion(person.orders, 0)
    if segment.population == 1:
        gap = sample(world, segment.interval, person.key, 0, moment, REORDER_GAP)
    else:
        gap = sample(world, segment.reorder, person.key, 0, moment, REORDER_GAP)
    if state.relationship_on == 1:
        gap /= order_pace(rule, person.satisfaction)
    gap = through_profile(world, person.segment, person.last_placed, gap)
    wait = max(0.0, person.last_placed + on_clock(world, gap) - now)
    return wait if now + wait < state.end else -1.0


# -- staff and plan ------------------------------------------------------------------------------------------


@transition("int64, float64")
def tick(world, now):  # type: ignore[no-untyped-def]
    """What the clock brings at `now`; returns (hours until the next tick or -1 after the last, requests)."""
    hours = tick_now(world, now)
    return hours, run(world, 0).requests


@transition("int64, int64, int64, int64, float64")
def set_status(world, member_index, status, on_shift, now):  # type: ignore[no-untyped-def]
    """What a member does from now on, other than work on a visit (which may be suspended, though, and resumed)."""
    settle(world, member_index, now)
    member = members(world, member_index)
    if run(world, 0).staff_on == 1 and (member.status == BUSY or status == BUSY):
        worked = 1.0 if member.status == BUSY else 0.0
        carry_load(member, worked, member_now(world, member_index).pressure, rules_now(world), now)
    member.status = status
    member.on_shift = on_shift


@transition("int64, int64, float64, float64")
def leave_hours(world, member_index, now, hours):  # type: ignore[no-untyped-def]
    """Hours on the clock until a member has spent `hours` of their shifts off the line."""
    return through_shifts(world, member_index, now, hours)


@transition("int64, int64, float64")
def return_to_work(world, member_index, now):  # type: ignore[no-untyped-def]
    """A member is back; after a vacancy it is a newcomer. Returns the hours of induction that come first."""
    settle(world, member_index, now)
    member = members(world, member_index)
    newcomer = member.status == VACANT
    member.status = IDLE
    if not newcomer:
        return 0.0
    rule = rules_now(world)
    plan = member_now(world, member_index)
    member.person += 1
    _start(member, plan, rule.newcomer_skill + rule.induction_gain, rule.newcomer_skill + rule.induction_gain, now)
    return rule.induction_hours


@kernel
def _start(member, plan, skill, service_skill, now):  # type: ignore[no-untyped-def]
    """Somebody starts on the job, at most at the level of the seat."""
    member.technical = min(0.0, skill - plan.skill)
    member.service = min(0.0, service_skill - plan.service_skill)
    member.mood = 0.0
    member.voice = 1.0
    member.load = 0.0
    member.overwork = 0.0
    member.load_at = now
    member.idle_from = now
    member.joined = now


@transition("int64, int64, float64")
def enter_epoch(world, epoch, now):  # type: ignore[no-untyped-def]
    """The plan changes: hours and care so far are booked under the old one; who joins starts at their entry level."""
    state = run(world, 0)
    for index in range(state.n_staff):
        settle(world, index, now)
    for segment in range(state.n_segments):
        count_customers(world, segment, 0, now)
    old = state.epoch
    for index in range(state.n_staff):
        state.epoch = old
        was_here = member_now(world, index).pool >= 0
        state.epoch = epoch
        plan = member_now(world, index)
        if plan.pool >= 0 and not was_here:
            skill = plan.entry if plan.entry > 0.0 else plan.skill
            service_skill = plan.entry_service if plan.entry_service > 0.0 else plan.service_skill
            _start(members(world, index), plan, skill, service_skill, now)
    state.epoch = epoch
    start_partnerships(world)


@transition("int64")
def open_run(world):  # type: ignore[no-untyped-def]
    """Before the first event: partnerships that stand from the start, and beginners among the staff."""
    start_partnerships(world)
    for index in range(run(world, 0).n_staff):
        plan = member_now(world, index)
        if plan.pool >= 0 and plan.entry > 0.0:
            skill = plan.entry_service if plan.entry_service > 0.0 else plan.service_skill
            _start(members(world, index), plan, plan.entry, skill, 0.0)
