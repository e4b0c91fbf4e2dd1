"""The second clock: time and queues in one compiled loop, with the same order of events as `sim.simpy_engine`.

Nothing of the model is written here: the loop calls the same transitions. What `sim.simpy_engine` says with processes
and events stands here as a heap of events (time, number), linked lists of waiting orders and idle members, and what
an order or a member does next. The loop stops where a table is about to be full; Python makes room and goes on.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.kernel import kernel, transition
from sim.model.journey import (
    arrival_gap,
    begin_visit,
    end_visit,
    enter_epoch,
    first_order_gap,
    give_up,
    join_queue,
    leave_hours,
    new_customer,
    new_prospect,
    open_run,
    place_order,
    prospect_gap,
    return_to_work,
    set_status,
    team_of,
    tick,
)
from sim.model.lookup import edge_now, member_now, rules_now, segment_now, stage_now
from sim.plan import Plan
from sim.plan_rows import effective_arrivals
from sim.tables import (
    ABSENT,
    ASK_CUSTOMER,
    ASK_LEAVE,
    ASK_LEAVE_UNTIL,
    ASK_VACATE,
    BUSY,
    CLOSED,
    IDLE,
    OFF_LINE,
    TABLES,
    VACANT,
    absences,
    agenda,
    batches,
    clock,
    crews,
    customers,
    desks,
    lanes,
    numbers,
    orders,
    places,
    queues,
    ranks,
    requests,
    roster,
    run,
    starts,
)
from sim.world import World

# Kinds of events.
(
    OPEN_SHIFTS, FIRST_TICK, OPEN_DOORS, FIRST_PROSPECT, EPOCH, CALL_AWAY, BOUNDARY, RETURN, TICK, ARRIVAL, PROSPECT,
    ORDER, REACH, END, TURN_AWAY, PATIENCE, BATCH,
) = range(17)  # fmt: skip
NOBODY = -1
HERE = -1  # a desk's `away` when the member is not away
LEAVE, STAY, SUSPEND = range(3)  # what a pool does at the end of a shift
DONE, ROOM = 0, 1
_MOST_REFERRED = 64
_BEFORE = -1.0  # the time of what opens the run


# -- the agenda ----------------------------------------------------------------------------------------------


@kernel
def _copy(to, event):  # type: ignore[no-untyped-def]
    to.time = event.time
    to.seq = event.seq
    to.kind = event.kind
    to.a = event.a
    to.b = event.b
    to.x = event.x


@kernel
def _schedule(world, delay, kind, a, b, x):  # type: ignore[no-untyped-def]
    """Put an event on the heap, ordered by time and then by the order of scheduling."""
    state = clock(world, 0)
    time = state.now + delay
    state.seq += 1
    place = state.events
    state.events += 1
    while place > 0:
        parent = (place - 1) >> 1
        other = agenda(world, parent)
        if other.time <= time:  # what was scheduled earlier goes first
            break
        _copy(agenda(world, place), other)
        place = parent
    event = agenda(world, place)
    event.time = time
    event.seq = state.seq
    event.kind = kind
    event.a = a
    event.b = b
    event.x = x


@kernel
def _drop_first(world):  # type: ignore[no-untyped-def]
    """Take the first event off the heap."""
    state = clock(world, 0)
    state.events -= 1
    size = state.events
    if size == 0:
        return
    last = agenda(world, size)
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        best = agenda(world, child)
        if child + 1 < size:
            other = agenda(world, child + 1)
            if other.time < best.time or (other.time == best.time and other.seq < best.seq):
                child += 1
                best = other
        if last.time < best.time or (last.time == best.time and last.seq < best.seq):
            break
        _copy(agenda(world, place), best)
        place = child
    _copy(agenda(world, place), last)


# -- queues and idle members ---------------------------------------------------------------------------------


@kernel
def _enqueue(world, order, pool, lane):  # type: ignore[no-untyped-def]
    """An order joins the end of a lane (a priority class) of a pool's queue."""
    place = places(world, order)
    line = lanes(world, pool * clock(world, 0).n_lanes + lane)
    place.lane = lane
    place.pool = pool
    place.after = NOBODY
    place.before = line.last
    if line.last >= 0:
        places(world, line.last).after = order
    else:
        line.first = order
    line.last = order
    queues(world, pool).length += 1


@kernel
def _dequeue(world, order):  # type: ignore[no-untyped-def]
    """An order leaves its queue, wherever it stands."""
    place = places(world, order)
    line = lanes(world, place.pool * clock(world, 0).n_lanes + place.lane)
    if place.before >= 0:
        places(world, place.before).after = place.after
    else:
        line.first = place.after
    if place.after >= 0:
        places(world, place.after).before = place.before
    else:
        line.last = place.before
    queues(world, place.pool).length -= 1
    place.pool = NOBODY


@kernel
def _next_waiting(world, pool):  # type: ignore[no-untyped-def]
    """The order that is next in a pool's queue, taken out of it; -1 for none."""
    count = clock(world, 0).n_lanes
    if queues(world, pool).length == 0:
        return NOBODY
    for lane in range(count):
        order = lanes(world, pool * count + lane).first
        if order >= 0:
            _dequeue(world, order)
            return order
    return NOBODY


@kernel
def _make_idle(world, member, pool):  # type: ignore[no-untyped-def]
    desk = desks(world, member)
    queue = queues(world, pool)
    desk.idle = pool
    desk.after = NOBODY
    desk.before = queue.idle_last
    if queue.idle_last >= 0:
        desks(world, queue.idle_last).after = member
    else:
        queue.idle_first = member
    queue.idle_last = member


@kernel
def _take_from_idle(world, member):  # type: ignore[no-untyped-def]
    desk = desks(world, member)
    queue = queues(world, desk.idle)
    if desk.before >= 0:
        desks(world, desk.before).after = desk.after
    else:
        queue.idle_first = desk.after
    if desk.after >= 0:
        desks(world, desk.after).before = desk.before
    else:
        queue.idle_last = desk.before
    desk.idle = NOBODY


# -- visits --------------------------------------------------------------------------------------------------


@kernel
def _pool_of(world, stage, team):  # type: ignore[no-untyped-def]
    """The pool that serves a stage for a team, now."""
    state = run(world, 0)
    crew = crews(world, state.epoch * state.n_stages + stage)
    if crew.pools == 1:
        return crew.first
    return int(ranks(world, crew.first + int(team * crew.pools)).rank)


@kernel
def _serve(world, order, stage, lane):  # type: ignore[no-untyped-def]
    """The order joins the queue of a stage, or is served at once, or turns away."""
    state = clock(world, 0)
    place = places(world, order)
    place.stage = stage
    place.arrived = state.now
    place.member = NOBODY
    pool = _pool_of(world, stage, place.team)
    queue = queues(world, pool)
    if queue.idle_first >= 0:
        member = queue.idle_first
        _take_from_idle(world, member)
        _begin(world, order, member)
        return
    if stage_now(world, stage).customer_waits == 1:
        patience = join_queue(world, order, stage, queue.length)
        if patience == 0.0:
            _schedule(world, 0.0, TURN_AWAY, order, 0, 0.0)
            return
        if patience > 0.0:
            _schedule(world, patience, PATIENCE, order, state.tickets + 1, 0.0)
    state.tickets += 1
    place.ticket = state.tickets
    _enqueue(world, order, pool, lane)


@kernel
def _begin(world, order, member):  # type: ignore[no-untyped-def]
    state = clock(world, 0)
    place = places(world, order)
    place.member = member
    place.ticket = NOBODY
    desks(world, member).busy = 1
    state.visits += 1
    hours = begin_visit(world, order, place.stage, member, place.arrived, state.now)
    _schedule(world, hours, END, order, 0, 0.0)


@kernel
def _release(world, member, at_work):  # type: ignore[no-untyped-def]
    """A member is free: they leave if due, take the next waiting visit, or wait idle.

    Only who is `at_work` (a visit has just ended) may go on after the end of their shift.
    """
    if _leaves(world, member):
        return
    pool = member_now(world, member).pool
    if pool < 0:
        return
    if desks(world, member).on == 0:
        stays = at_work and _closing(world, member) == STAY and queues(world, pool).length > 0
        if not stays:
            _tell_status(world, member)
            return
    order = _next_waiting(world, pool)
    if order >= 0:
        _begin(world, order, member)
    else:
        _make_idle(world, member, pool)


# -- leaves --------------------------------------------------------------------------------------------------


@kernel
def _closing(world, member):  # type: ignore[no-untyped-def]
    state = run(world, 0)
    return roster(world, state.epoch * state.n_staff + member).closing


@kernel
def _tell_status(world, member):  # type: ignore[no-untyped-def]
    """Tell the model what a member does now, other than a visit that begins or ends."""
    desk = desks(world, member)
    if desk.away != HERE:
        status = desk.away if desk.on == 1 or desk.away == VACANT else CLOSED
    elif desk.on == 0 and not (desk.busy == 1 and _closing(world, member) != SUSPEND):
        status = CLOSED
    else:
        status = BUSY if desk.busy == 1 else IDLE
    set_status(world, member, status, desk.on, clock(world, 0).now)


@kernel
def _leaves(world, member):  # type: ignore[no-untyped-def]
    """Whether a member who is free goes away now: for good, absent, or off the line."""
    desk = desks(world, member)
    now = clock(world, 0).now
    if desk.vacancy >= 0.0:
        hours = desk.vacancy
        desk.vacancy = -1.0
        desk.owed = 0.0
        desk.absent_until = 0.0
        desk.missed = 0.0
        _go(world, member, VACANT, hours)
    elif desk.absent_until > now:
        desk.missed = 0.0
        _go(world, member, ABSENT, desk.absent_until - now)
    elif desk.missed > 0.0:
        hours = desk.missed
        desk.missed = 0.0
        _go(world, member, ABSENT, leave_hours(world, member, now, hours))
    elif desk.owed > 0.0:
        hours = desk.owed
        desk.owed = 0.0
        _go(world, member, OFF_LINE, leave_hours(world, member, now, hours))
    else:
        return False
    return True


@kernel
def _go(world, member, status, hours):  # type: ignore[no-untyped-def]
    desk = desks(world, member)
    desk.away = status
    desk.since = clock(world, 0).now
    _tell_status(world, member)
    _schedule(world, hours, RETURN, member, 0, 0.0)


@kernel
def _leave_if_idle(world, member):  # type: ignore[no-untyped-def]
    desk = desks(world, member)
    if desk.away != HERE or desk.busy == 1:
        return
    if member_now(world, member).pool >= 0 and desk.idle >= 0:
        _take_from_idle(world, member)
    _leaves(world, member)


@kernel
def _call_away(world, member, hours):  # type: ignore[no-untyped-def]
    if hours > 0.0 and member_now(world, member).pool >= 0:
        desks(world, member).owed += hours
        _leave_if_idle(world, member)


@kernel
def _absent(world, member, day, hours):  # type: ignore[no-untyped-def]
    """The member is absent for a day; an empty seat is not."""
    desk = desks(world, member)
    if desk.vacancy >= 0.0 or desk.away == VACANT:
        return
    if desk.busy == 1:
        desk.missed += hours
    desk.absent_until = clock(world, 0).now + day
    _leave_if_idle(world, member)


@kernel
def _return(world, member):  # type: ignore[no-untyped-def]
    state = clock(world, 0)
    desk = desks(world, member)
    if run(world, 0).summary == 0:
        row = absences(world, state.absences)
        state.absences += 1
        row.staff = member
        row.reason = desk.away
        row.began = desk.since
        row.ended = state.now
    desk.away = HERE
    induction = return_to_work(world, member, state.now)
    if desk.on == 0:
        _tell_status(world, member)
    if induction > 0.0:
        desk.owed += induction
    _release(world, member, False)


# -- shifts --------------------------------------------------------------------------------------------------


@kernel
def _is_on(world, member, hour):  # type: ignore[no-untyped-def]
    plan = member_now(world, member)
    if plan.n_shifts == 0:
        return 1
    for i in range(plan.n_shifts):
        if numbers(world, plan.shifts + 2 * i).value <= hour < numbers(world, plan.shifts + 2 * i + 1).value:
            return 1
    return 0


@kernel
def _hour(world):  # type: ignore[no-untyped-def]
    now, week = clock(world, 0).now, rules_now(world).week
    return now - math.floor(now / week) * week


@kernel
def _schedule_boundary(world):  # type: ignore[no-untyped-def]
    """The next boundary of shifts, as long as there is work or customers may still come."""
    state, now = run(world, 0), clock(world, 0).now
    timer = clock(world, 0)
    timer.timer += 1
    if now >= state.end and state.in_system == 0:
        return
    here, week = _hour(world), rules_now(world).week
    ahead, first = math.inf, math.inf
    for member in range(state.n_staff):
        plan = member_now(world, member)
        for i in range(2 * plan.n_shifts):
            hour = numbers(world, plan.shifts + i).value % week
            first = min(first, hour)
            if hour > here + 1e-9:
                ahead = min(ahead, hour)
    if first == math.inf:
        return
    base = now - here
    hour = ahead if ahead < math.inf else first
    start = base if ahead < math.inf else base + week
    _schedule(world, start + hour - now, BOUNDARY, timer.timer, 0, hour)


@kernel
def _turn_one(world, member, present):  # type: ignore[no-untyped-def]
    desk = desks(world, member)
    desk.on = present
    pool = member_now(world, member).pool
    if present == 0 and pool >= 0 and desk.idle >= 0:
        _take_from_idle(world, member)
    _tell_status(world, member)
    if pool >= 0 and desk.busy == 0 and desk.away == HERE:
        _release(world, member, False)


@kernel
def _turn(world, hour):  # type: ignore[no-untyped-def]
    """Those go whose shift ends, then those come whose shift begins, in roster order."""
    for present in range(2):
        for member in range(run(world, 0).n_staff):
            if _is_on(world, member, hour) == present and desks(world, member).on != present:
                _turn_one(world, member, present)


# -- epochs --------------------------------------------------------------------------------------------------


@kernel
def _enter(world, epoch):  # type: ignore[no-untyped-def]
    """The plan changes; staff and waiting orders move where their pool has moved, in their present order."""
    state, timer = run(world, 0), clock(world, 0)
    old = state.epoch
    moved = _pools_differ(world, old, epoch)
    enter_epoch(world, epoch, timer.now)
    if timer.has_shifts == 1:
        _turn(world, _hour(world))
        _schedule_boundary(world)
    if not moved:
        return
    count = 0
    state.epoch = old
    for member in range(state.n_staff):
        desk = desks(world, member)
        if member_now(world, member).pool < 0 and desk.busy == 0 and desk.away == HERE and desk.idle < 0:
            starts(world, count).customer = member
            count += 1
    state.epoch = epoch
    _move_everybody(world, count)


@kernel
def _pools_differ(world, old, epoch):  # type: ignore[no-untyped-def]
    """Whether any stage or member belongs to other pools in the two epochs."""
    state = run(world, 0)
    for stage in range(state.n_stages):
        one, other = crews(world, old * state.n_stages + stage), crews(world, epoch * state.n_stages + stage)
        if one.pools != other.pools:
            return True
        if one.pools == 1:
            if one.first != other.first:
                return True
        else:
            for i in range(one.pools):
                if ranks(world, one.first + i).rank != ranks(world, other.first + i).rank:
                    return True
    for member in range(state.n_staff):
        state.epoch = epoch
        after = member_now(world, member).pool
        state.epoch = old
        if member_now(world, member).pool != after:
            return True
    return False


@kernel
def _move_everybody(world, joiners):  # type: ignore[no-untyped-def]
    state, timer = run(world, 0), clock(world, 0)
    # who is idle, pool by pool in their order; then who joins
    count = joiners
    for pool in range(timer.n_pools):
        queue = queues(world, pool)
        member = queue.idle_first
        while member >= 0:
            starts(world, count).customer = member
            count += 1
            member = desks(world, member).after
        queue.idle_first = NOBODY
        queue.idle_last = NOBODY
    for index in range(joiners, count):
        desks(world, starts(world, index).customer).idle = NOBODY
    # all waiting orders by class and ticket: merge the lanes of all pools
    for lane in range(timer.n_lanes):
        moved_first, moved_last = NOBODY, NOBODY
        while True:
            best, best_pool = NOBODY, NOBODY
            for pool in range(timer.n_pools):
                order = lanes(world, pool * timer.n_lanes + lane).first
                if order >= 0 and (best < 0 or places(world, order).ticket < places(world, best).ticket):
                    best, best_pool = order, pool
            if best < 0:
                break
            line = lanes(world, best_pool * timer.n_lanes + lane)
            line.first = places(world, best).after
            if line.first < 0:
                line.last = NOBODY
            places(world, best).after = NOBODY
            if moved_last >= 0:
                places(world, moved_last).after = best
            else:
                moved_first = best
            moved_last = best
        for pool in range(timer.n_pools):
            if lane == 0:
                queues(world, pool).length = 0
        order = moved_first
        while order >= 0:
            following = places(world, order).after
            place = places(world, order)
            _enqueue(world, order, _pool_of(world, place.stage, place.team), lane)
            order = following
    for index in range(joiners, count):
        _release(world, starts(world, index).customer, False)
    for index in range(joiners):
        _release(world, starts(world, index).customer, False)


# -- journeys ------------------------------------------------------------------------------------------------


@kernel
def _start_journey(world, customer, pause):  # type: ignore[no-untyped-def]
    if pause > 0.0:
        _schedule(world, pause, ORDER, customer, 0, 0.0)
    else:
        _order(world, customer)


@kernel
def _order(world, customer):  # type: ignore[no-untyped-def]
    """A customer orders; the order goes to the first stage, perhaps after a wait for supplies."""
    now = clock(world, 0).now
    if now >= run(world, 0).end:  # somebody referred who decided too late
        _rest(world)
        return
    order, pause = place_order(world, customer, now)
    place = places(world, order)
    place.team = team_of(world, customer) if clock(world, 0).has_teams == 1 else 0.0
    place.stage = NOBODY
    if pause > 0.0:
        _schedule(world, pause, REACH, order, 1, 0.0)
    else:
        _reach_first(world, order)


@kernel
def _reach_first(world, order):  # type: ignore[no-untyped-def]
    segment = segment_now(world, customers(world, orders(world, order).customer).segment)
    places(world, order).lane = _lane(world, segment.priority)
    _serve(world, order, rules_now(world).first, places(world, order).lane)


@kernel
def _lane(world, priority):  # type: ignore[no-untyped-def]
    """The rank of a priority class among those of the plan."""
    for rank in range(clock(world, 0).n_lanes):
        if ranks(world, rank).rank == priority:
            return rank
    return 0


@kernel
def _go_on(world, order, customer, lane, stage, pause, batch):  # type: ignore[no-untyped-def]
    """After a visit: to the batch, to the next stage, or (delivered or given up) to the customer's next order."""
    if batch >= 0:
        places(world, order).stage = stage
        places(world, order).lane = lane
        _join_batch(world, order, batch, pause)
    elif stage >= 0:
        places(world, order).lane = lane
        if pause > 0.0:
            places(world, order).stage = stage
            _schedule(world, pause, REACH, order, 0, 0.0)
        else:
            _serve(world, order, stage, lane)
    elif pause > 0.0:
        _schedule(world, pause, ORDER, customer, 0, 0.0)
    elif pause == 0.0:
        _order(world, customer)
    else:
        _rest(world)


@kernel
def _join_batch(world, order, edge, hours):  # type: ignore[no-untyped-def]
    batch = batches(world, edge)
    places(world, order).after = NOBODY
    if batch.count > 0:
        places(world, batch.last).after = order
    else:
        batch.first = order
    batch.last = order
    batch.count += 1
    batch.hours = hours
    if batch.count >= edge_now(world, edge).batch:
        _send(world, edge)
    _rest(world)


@kernel
def _send(world, edge):  # type: ignore[no-untyped-def]
    batch = batches(world, edge)
    clock(world, 0).live += batch.count
    _schedule(world, batch.hours, BATCH, batch.first, batch.count, 0.0)
    batch.count = 0


@kernel
def _rest(world):  # type: ignore[no-untyped-def]
    """A stream is over, a customer is done, or an order waits for its batch; where nothing else moves, send all."""
    state = clock(world, 0)
    state.live -= 1
    if state.live == 0:
        for edge in range(run(world, 0).n_edges):
            if batches(world, edge).count > 0:
                _send(world, edge)


@kernel
def _drain(world, asked):  # type: ignore[no-untyped-def]
    """Do what the model has asked for; customers who come start after the present event."""
    state = clock(world, 0)
    for index in range(asked):
        request = requests(world, index)
        if request.kind == ASK_CUSTOMER:
            state.live += 1
            begin = starts(world, state.starts)
            state.starts += 1
            begin.customer = request.index
            begin.pause = request.delay
        elif request.kind == ASK_LEAVE:
            if request.delay > 0.0:
                _schedule(world, request.delay, CALL_AWAY, request.index, 0, request.hours)
            else:
                _call_away(world, request.index, request.hours)
        elif request.kind == ASK_LEAVE_UNTIL:
            _absent(world, request.index, request.delay, request.hours)
        elif request.kind == ASK_VACATE:
            desks(world, request.index).vacancy = request.hours
            _leave_if_idle(world, request.index)
    run(world, 0).requests = 0


@kernel
def _start_pending(world):  # type: ignore[no-untyped-def]
    """Journeys that the event has brought begin, in their order."""
    state = clock(world, 0)
    index = 0
    while index < state.starts:  # a journey that begins may bring no others: deliveries are events of their own
        begin = starts(world, index)
        _start_journey(world, begin.customer, begin.pause)
        index += 1
    state.starts = 0


@kernel
def _tick(world):  # type: ignore[no-untyped-def]
    hours, asked = tick(world, clock(world, 0).now)
    _drain(world, asked)
    if hours >= 0.0:
        _schedule(world, hours, TICK, 0, 0, 0.0)


@kernel
def _next_arrival(world, segment, index):  # type: ignore[no-untyped-def]
    state = clock(world, 0)
    gap = arrival_gap(world, segment, index, state.now)
    if state.now + gap >= run(world, 0).end:
        _rest(world)
    else:
        _schedule(world, gap, ARRIVAL, segment, index, 0.0)


@kernel
def _next_prospect(world, segment, index):  # type: ignore[no-untyped-def]
    state = clock(world, 0)
    gap = prospect_gap(world, segment, index)
    if state.now + gap >= run(world, 0).end:
        _rest(world)
    else:
        _schedule(world, gap, PROSPECT, segment, index, 0.0)


@kernel
def _end(world, order):  # type: ignore[no-untyped-def]
    customer = orders(world, order).customer
    place = places(world, order)
    member, lane = place.member, place.lane
    stage, pause, batch, asked = end_visit(world, order, clock(world, 0).now)
    if asked > 0:
        _drain(world, asked)
    desks(world, member).busy = 0
    _release(world, member, True)
    _go_on(world, order, customer, lane, stage, pause, batch)


@kernel
def _abandon(world, order):  # type: ignore[no-untyped-def]
    customer = orders(world, order).customer
    stage, pause, batch, asked = give_up(world, order, clock(world, 0).now)
    _drain(world, asked)
    _go_on(world, order, customer, 0, stage, pause, batch)


@kernel
def _open_shifts(world):  # type: ignore[no-untyped-def]
    """Before the first event: who is at work, idle members in roster order, the next boundary of shifts."""
    state = run(world, 0)
    for member in range(state.n_staff):
        desks(world, member).on = _is_on(world, member, 0.0)
        pool = member_now(world, member).pool
        if pool >= 0 and desks(world, member).on == 1:
            _make_idle(world, member, pool)
    for member in range(state.n_staff):
        if desks(world, member).on == 0:
            _tell_status(world, member)
    if clock(world, 0).has_shifts == 1:
        _schedule_boundary(world)


@kernel
def _open_doors(world, segment, count):  # type: ignore[no-untyped-def]
    """A segment's customers: the first of a stream (count < 0), or all members of a population."""
    state = clock(world, 0)
    if count < 0:
        state.live += 1
        _next_arrival(world, segment, 0)
        return
    for index in range(count):
        customer = new_customer(world, segment, index, state.now)
        gap = first_order_gap(world, customer)
        if gap < run(world, 0).end:
            state.live += 1
            _start_journey(world, customer, gap)


@kernel
def _happen(world, kind, a, b, x):  # type: ignore[no-untyped-def]
    """One event."""
    state = clock(world, 0)
    if kind == END:
        _end(world, a)
    elif kind == REACH:
        if b == 1:
            _reach_first(world, a)
        else:
            _serve(world, a, places(world, a).stage, places(world, a).lane)
    elif kind == ORDER:
        _order(world, a)
    elif kind == ARRIVAL:
        state.live += 1
        customer = new_customer(world, a, b, state.now)
        _next_arrival(world, a, b + 1)
        _start_journey(world, customer, 0.0)
    elif kind == BATCH:
        order = a
        for _ in range(b):
            following = places(world, order).after
            _serve(world, order, places(world, order).stage, places(world, order).lane)
            order = following
    elif kind == PATIENCE:
        if places(world, a).ticket == b:
            places(world, a).ticket = NOBODY
            _dequeue(world, a)
            _abandon(world, a)
    elif kind == TURN_AWAY:
        _abandon(world, a)
    elif kind == TICK:
        _tick(world)
    elif kind == CALL_AWAY:
        _call_away(world, a, x)
    elif kind == RETURN:
        _return(world, a)
    elif kind == BOUNDARY:
        if a == state.timer:
            _turn(world, x)
            _schedule_boundary(world)
    elif kind == PROSPECT:
        customer = new_prospect(world, a, b, state.now)
        if customer >= 0:
            state.live += 1
        _next_prospect(world, a, b + 1)
        if customer >= 0:
            _start_journey(world, customer, 0.0)
    elif kind == OPEN_DOORS:
        _open_doors(world, a, b)
    elif kind == OPEN_SHIFTS:
        _open_shifts(world)
    elif kind == FIRST_TICK:
        open_run(world)
        _tick(world)
    elif kind == FIRST_PROSPECT:
        state.live += 1
        _next_prospect(world, a, 0)
    elif kind == EPOCH:
        _enter(world, a)
        for edge in range(run(world, 0).n_edges):
            if batches(world, edge).count >= max(1, edge_now(world, edge).batch):
                _send(world, edge)
    _start_pending(world)


@transition("int64")
def go(world):  # type: ignore[no-untyped-def]
    """Run events until there are none (DONE), or until a table needs more room (ROOM)."""
    state, books = clock(world, 0), run(world, 0)
    while state.events > 0:
        short = (
            state.visits >= state.room_visits
            or books.orders >= state.room_orders
            or books.customers >= state.room_customers
            or state.events >= state.room_events
            or state.absences >= state.room_absences
        )
        if short:
            return ROOM
        event = agenda(world, 0)
        state.now = max(0.0, event.time)  # what opens the run stands on the agenda before time 0
        kind, a, b, x = event.kind, event.a, event.b, event.x
        _drop_first(world)
        _happen(world, kind, a, b, x)
    return DONE


@transition("int64, float64, int64, int64, int64, float64")
def book(world, time, kind, a, b, x):  # type: ignore[no-untyped-def]
    """Put an event of the plan on the agenda."""
    _schedule(world, time, kind, a, b, x)


# -- the driver ----------------------------------------------------------------------------------------------


class CompiledRun:
    """One run: fills the engine's tables from the plan, and makes room while the loop runs."""

    def __init__(self, plan: Plan, seed: int, replication: int, summary: bool) -> None:
        self.plan = plan
        self.world = World(plan, seed, replication, summary)
        self.people = [self._population(segment) for segment in range(len(plan.segment_names))]
        everybody = sum(max(0, count) for count in self.people)
        self.margin = 1024 + 8 * len(plan.staff_names) + len(plan.edge_names)
        sizes = {
            "clock": 1, "agenda": 0, "starts": self.margin, "queues": len(plan.pool_names), "places": 0,
            "desks": len(plan.staff_names), "batches": len(plan.edge_names),
        }  # fmt: skip
        for name, size in sizes.items():
            self.world.open(name, np.zeros(size, TABLES[name]))
        self._open_tables()
        self.clock = self.world.table("clock")[0]
        self.books = self.world.table("run")[0]
        self._make_room(everybody)

    def _population(self, segment: int) -> int:
        """Members of a segment that is a population; -1 for a stream."""
        blueprint = self.plan.blueprints[0]
        arrivals = effective_arrivals(blueprint, blueprint.segments[self.plan.segment_names[segment]])
        return arrivals.customers if arrivals.process == "population" else -1

    def _open_tables(self) -> None:
        plan, world = self.plan, self.world
        classes = sorted({int(p) for p in plan.tables["segments"]["priority"]})
        listed = list(classes)
        rows = []
        for epoch in plan.stage_pools:
            for pools in epoch:
                rows.append((len(pools), pools[0] if len(pools) == 1 else len(listed)))
                listed += pools if len(pools) > 1 else []
        world.open("crews", np.array(rows, TABLES["crews"]))
        world.open("ranks", np.array([(value,) for value in listed], TABLES["ranks"]))
        nobody = np.full(2 * len(plan.pool_names) * len(classes), NOBODY, np.int64)
        world.open("lanes", nobody.view(TABLES["lanes"]))
        words = {"leave": LEAVE, "stay": STAY, "suspend": SUSPEND}
        closing = [
            words[next((p.at_close for p in b.pools.values() if name in p.members), "leave")]
            for b in plan.blueprints
            for name in plan.staff_names
        ]
        world.open("roster", np.array([(value,) for value in closing], TABLES["roster"]))
        clock = world.table("clock")[0]
        clock["n_lanes"] = len(classes)
        clock["n_pools"] = len(plan.pool_names)
        clock["has_teams"] = any(len(pools) > 1 for epoch in plan.stage_pools for pools in epoch)
        clock["has_shifts"] = bool((plan.tables["staff"]["n_shifts"] > 0).any())
        for name in ("queues", "desks", "batches"):
            table = world.table(name)
            for column in ("idle_first", "idle_last", "before", "after", "idle", "away", "first", "last", "vacancy"):
                if column in (table.dtype.names or ()):
                    table[column] = NOBODY

    def run(self) -> dict[str, Any]:
        world, plan = self.world.handle, self.plan
        for epoch, start in enumerate(plan.starts[1:], start=1):
            book(world, start, EPOCH, epoch, 0, 0.0)
        for member, start, hours in plan.leaves():
            book(world, start, CALL_AWAY, member, 0, hours)
        book(world, _BEFORE, OPEN_SHIFTS, 0, 0, 0.0)
        book(world, _BEFORE, FIRST_TICK, 0, 0, 0.0)
        for segment, count in enumerate(self.people):
            book(world, _BEFORE, OPEN_DOORS, segment, count, 0.0)
        for segment, most in enumerate(plan.rows("segments")["most_prospects"][0]):
            if most > 0.0:
                book(world, _BEFORE, FIRST_PROSPECT, segment, 0, 0.0)
        while go(world) == ROOM:
            self._make_room(0)
        tables = self.world.journal()
        if not self.world.summary:
            rows = self.world.table("absences")[: self.clock["absences"]]
            tables["absences"] = np.sort(np.asarray(rows), order=["staff", "reason", "began", "ended"])
        return tables

    def _make_room(self, people: int) -> None:
        """Room for what the next events may leave behind."""
        books, clock, world = self.books, self.clock, self.world
        margin, staff = self.margin, len(self.plan.staff_names)
        if books["customers"] + people + margin >= clock["room_customers"]:
            size = world.room_for("customers", int(books["customers"]) + people + 2 * margin)
            clock["room_customers"] = size - _MOST_REFERRED - 8
        if books["orders"] + people + margin >= clock["room_orders"]:
            size = world.room_for("orders", int(books["orders"]) + people + 2 * margin)
            world.enlarge("places", size)
            clock["room_orders"] = size - margin
        if clock["events"] + people + margin >= clock["room_events"]:
            size = max(2 * len(world.table("agenda")), int(clock["events"]) + people + 4 * margin)
            world.enlarge("agenda", size)
            clock["room_events"] = size - margin
        if clock["absences"] + margin >= clock["room_absences"] and not world.summary:
            size = max(2 * len(world.table("absences")), int(clock["absences"]) + 4 * margin)
            world.enlarge("absences", size)
            clock["room_absences"] = size - margin
        if world.summary:
            clock["room_absences"] = 1
        if clock["visits"] >= clock["room_visits"]:
            clock["room_visits"] = int(clock["visits"]) + world.room_for_visits(staff, staff + 512) - staff


def run_compiled(plan: Plan, seed: int, replication: int, summary: bool = False) -> dict[str, Any]:
    """Run a plan; returns the journal tables, cut to what was written."""
    return CompiledRun(plan, seed, replication, summary).run()
