"""Visits: an order finds a member, or waits; a member who is free finds an order, or waits."""

from __future__ import annotations

from sim.compiled.agenda import END, PATIENCE, TURN_AWAY, schedule
from sim.compiled.attendance import HERE, STAY, closing, leaves, tell_status
from sim.compiled.queues import NONE, enqueue, make_idle, next_waiting, take_from_idle
from sim.kernel import kernel
from sim.model.journey import begin_visit, join_queue, return_to_work
from sim.model.lookup import member_now, stage_now
from sim.tables import absences, clock, crew_pools, crews, desks, places, queues, run


@kernel
def pool_of(world, stage, team):  # type: ignore[no-untyped-def]
    """The pool that serves a stage for a team, now."""
    state = run(world, 0)
    crew = crews(world, state.epoch * state.n_stages + stage)
    if crew.pools == 1:
        return crew.first
    return crew_pools(world, crew.first + int(team * crew.pools)).pool


@kernel
def serve(world, order, stage, lane):  # type: ignore[no-untyped-def]
    """The order joins the queue of a stage, or is served at once, or turns away."""
    state = clock(world, 0)
    place = places(world, order)
    place.stage = stage
    place.arrived = state.now
    pool = pool_of(world, stage, place.team)
    queue = queues(world, pool)
    member = queue.idle_first
    if member >= 0:
        take_from_idle(world, member)
        _begin(world, order, member)
        return
    if stage_now(world, stage).customer_waits == 1:
        patience = join_queue(world, order, stage, queue.length)
        if patience == 0.0:
            schedule(world, 0.0, TURN_AWAY, order, 0, 0.0)
            return
        if patience > 0.0:
            schedule(world, patience, PATIENCE, order, state.tickets + 1, 0.0)
    state.tickets += 1
    place.ticket = state.tickets
    enqueue(world, order, pool, lane)


@kernel
def _begin(world, order, member):  # type: ignore[no-untyped-def]
    state = clock(world, 0)
    place = places(world, order)
    place.member = member
    place.ticket = NONE
    desks(world, member).busy = 1
    state.visits += 1
    hours = begin_visit(world, order, place.stage, member, place.arrived, state.now)
    schedule(world, hours, END, order, 0, 0.0)


@kernel
def release(world, member, at_work):  # type: ignore[no-untyped-def]
    """A member is free: they leave if due, take the next waiting visit, or wait idle.

    Only who is `at_work` (a visit has just ended) may go on after the end of their shift.
    """
    desk = desks(world, member)
    if desk.due == 1 and leaves(world, member):
        return
    pool = member_now(world, member).pool
    if pool < 0:
        return
    if desk.on == 0:
        stays = at_work and closing(world, member) == STAY and queues(world, pool).length > 0
        if not stays:
            tell_status(world, member)
            return
    order = next_waiting(world, pool)
    if order >= 0:
        _begin(world, order, member)
    else:
        make_idle(world, member, pool)


@kernel
def come_back(world, member):  # type: ignore[no-untyped-def]
    """A leave is over."""
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
        tell_status(world, member)
    if induction > 0.0:
        desk.owed += induction
        desk.due = 1
    release(world, member, False)
