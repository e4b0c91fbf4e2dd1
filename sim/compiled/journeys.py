"""Journeys: customers order, orders go from stage to stage or wait for their batch, the model's requests are met."""

from __future__ import annotations

from sim.compiled.agenda import ARRIVAL, BATCH, CALL_AWAY, ORDER, PROSPECT, REACH, REACH_FIRST, TICK, schedule
from sim.compiled.attendance import be_absent, call_away, vacate
from sim.compiled.queues import NONE, dequeue
from sim.compiled.service import release, serve
from sim.kernel import kernel
from sim.model.journey import (
    arrival_gap,
    end_visit,
    first_order_gap,
    give_up,
    new_customer,
    new_prospect,
    place_order,
    prospect_gap,
    team_of,
    tick,
)
from sim.model.lookup import edge_now, rules_now, segment_now
from sim.tables import (
    ASK_CUSTOMER,
    ASK_LEAVE,
    ASK_LEAVE_UNTIL,
    ASK_VACATE,
    batches,
    classes,
    clock,
    customers,
    desks,
    orders,
    places,
    requests,
    run,
    starts,
)

# -- customers come ------------------------------------------------------------------------------------------


@kernel
def open_doors(world, segment, count):  # type: ignore[no-untyped-def]
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
def arrive(world, segment, index):  # type: ignore[no-untyped-def]
    """Customer `index` of a stream is here; the next one is on the way."""
    state = clock(world, 0)
    state.live += 1
    customer = new_customer(world, segment, index, state.now)
    _next_arrival(world, segment, index + 1)
    begin_order(world, customer)


@kernel
def _next_arrival(world, segment, index):  # type: ignore[no-untyped-def]
    state = clock(world, 0)
    gap = arrival_gap(world, segment, index, state.now)
    if state.now + gap >= run(world, 0).end:
        _rest(world)
    else:
        schedule(world, gap, ARRIVAL, segment, index, 0.0)


@kernel
def open_to_prospects(world, segment):  # type: ignore[no-untyped-def]
    """The first prospect of a segment is on the way."""
    clock(world, 0).live += 1
    _next_prospect(world, segment, 0)


@kernel
def consider(world, segment, index):  # type: ignore[no-untyped-def]
    """Prospect `index` of a segment considers the firm; the next one is on the way."""
    state = clock(world, 0)
    customer = new_prospect(world, segment, index, state.now)
    if customer >= 0:
        state.live += 1
    _next_prospect(world, segment, index + 1)
    if customer >= 0:
        begin_order(world, customer)


@kernel
def _next_prospect(world, segment, index):  # type: ignore[no-untyped-def]
    state = clock(world, 0)
    gap = prospect_gap(world, segment, index)
    if state.now + gap >= run(world, 0).end:
        _rest(world)
    else:
        schedule(world, gap, PROSPECT, segment, index, 0.0)


# -- an order's journey --------------------------------------------------------------------------------------


@kernel
def _start_journey(world, customer, pause):  # type: ignore[no-untyped-def]
    if pause > 0.0:
        schedule(world, pause, ORDER, customer, 0, 0.0)
    else:
        begin_order(world, customer)


@kernel
def begin_order(world, customer):  # type: ignore[no-untyped-def]
    """It is time for an order of a customer: it goes to the first stage, perhaps after a wait for supplies."""
    now = clock(world, 0).now
    if now >= run(world, 0).end:  # somebody referred who decided too late
        _rest(world)
        return
    order, pause = place_order(world, customer, now)
    place = places(world, order)
    place.team = team_of(world, customer) if clock(world, 0).has_teams == 1 else 0.0
    if pause > 0.0:
        schedule(world, pause, REACH_FIRST, order, 0, 0.0)
    else:
        reach_first(world, order)


@kernel
def reach_first(world, order):  # type: ignore[no-untyped-def]
    """An order reaches its first stage; from here on its priority class is known."""
    place = places(world, order)
    place.lane = 0
    if clock(world, 0).n_lanes > 1:
        segment = segment_now(world, customers(world, orders(world, order).customer).segment)
        place.lane = _lane(world, segment.priority)
    serve(world, order, rules_now(world).first, place.lane)


@kernel
def _lane(world, priority):  # type: ignore[no-untyped-def]
    """The rank of a priority class among those of the plan."""
    for rank in range(clock(world, 0).n_lanes):
        if classes(world, rank).priority == priority:
            return rank
    return 0


@kernel
def reach(world, order):  # type: ignore[no-untyped-def]
    """An order reaches its next stage."""
    place = places(world, order)
    serve(world, order, place.stage, place.lane)


@kernel
def end(world, order):  # type: ignore[no-untyped-def]
    """A visit ends: the model's transition, what it asks for, the member, the order."""
    customer = orders(world, order).customer
    member = places(world, order).member
    stage, pause, batch, asked = end_visit(world, order, clock(world, 0).now)
    if asked > 0:
        drain(world, asked)
    desks(world, member).busy = 0
    release(world, member, True)
    _go_on(world, order, customer, stage, pause, batch)


@kernel
def lose_patience(world, order, ticket):  # type: ignore[no-untyped-def]
    """Patience has run out, if the order still waits on the same ticket."""
    place = places(world, order)
    if place.ticket == ticket:
        place.ticket = NONE
        dequeue(world, order)
        turn_away(world, order)


@kernel
def turn_away(world, order):  # type: ignore[no-untyped-def]
    """The customer gives the order up."""
    customer = orders(world, order).customer
    stage, pause, batch, asked = give_up(world, order, clock(world, 0).now)
    drain(world, asked)
    _go_on(world, order, customer, stage, pause, batch)


@kernel
def _go_on(world, order, customer, stage, pause, batch):  # type: ignore[no-untyped-def]
    """After a visit: to the batch, to the next stage, or (delivered or given up) to the customer's next order."""
    if batch >= 0:
        places(world, order).stage = stage
        _join_batch(world, order, batch, pause)
    elif stage >= 0:
        place = places(world, order)
        if pause > 0.0:
            place.stage = stage
            schedule(world, pause, REACH, order, 0, 0.0)
        else:
            serve(world, order, stage, place.lane)
    elif pause > 0.0:
        schedule(world, pause, ORDER, customer, 0, 0.0)
    elif pause == 0.0:
        begin_order(world, customer)
    else:
        _rest(world)


# -- batches -------------------------------------------------------------------------------------------------


@kernel
def _join_batch(world, order, edge, hours):  # type: ignore[no-untyped-def]
    """The order waits for its batch; the order that fills the batch sets the travel time."""
    batch = batches(world, edge)
    places(world, order).after = NONE
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
    schedule(world, batch.hours, BATCH, batch.first, batch.count, 0.0)
    batch.count = 0


@kernel
def send_full(world):  # type: ignore[no-untyped-def]
    """After a change of epoch: what the new batch size makes a full batch leaves, in the order of handoffs."""
    for edge in range(run(world, 0).n_edges):
        if batches(world, edge).count >= max(1, edge_now(world, edge).batch):
            _send(world, edge)


@kernel
def unload(world, first, count):  # type: ignore[no-untyped-def]
    """A batch is there: its orders join the queue in the order in which they joined the batch."""
    order = first
    for _ in range(count):
        following = places(world, order).after
        reach(world, order)
        order = following


@kernel
def _rest(world):  # type: ignore[no-untyped-def]
    """A stream is over, a customer is done, or an order waits for its batch; where nothing else moves, send all."""
    state = clock(world, 0)
    state.live -= 1
    if state.live == 0:
        for edge in range(run(world, 0).n_edges):
            if batches(world, edge).count > 0:
                _send(world, edge)


# -- what the model asks for ---------------------------------------------------------------------------------


@kernel
def tick_clock(world):  # type: ignore[no-untyped-def]
    """The clock ticks: what the model asks for, then the next tick."""
    hours, asked = tick(world, clock(world, 0).now)
    drain(world, asked)
    if hours >= 0.0:
        schedule(world, hours, TICK, 0, 0, 0.0)


@kernel
def drain(world, asked):  # type: ignore[no-untyped-def]
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
                schedule(world, request.delay, CALL_AWAY, request.index, 0, request.hours)
            else:
                call_away(world, request.index, request.hours)
        elif request.kind == ASK_LEAVE_UNTIL:
            be_absent(world, request.index, request.delay, request.hours)
        elif request.kind == ASK_VACATE:
            vacate(world, request.index, request.hours)
    run(world, 0).requests = 0


@kernel
def start_waiting(world):  # type: ignore[no-untyped-def]
    """Journeys that the event has brought begin, in their order (they bring no others: deliveries are events)."""
    state = clock(world, 0)
    for index in range(state.starts):
        begin = starts(world, index)
        _start_journey(world, begin.customer, begin.pause)
    state.starts = 0
