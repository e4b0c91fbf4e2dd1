"""Who is here: members called away, absent, gone for good, and what the model is told of it."""

from __future__ import annotations

from sim.compiled.agenda import RETURN, schedule
from sim.compiled.queues import take_from_idle
from sim.kernel import kernel
from sim.model.journey import leave_hours, set_status
from sim.model.lookup import member_now
from sim.tables import ABSENT, BUSY, CLOSED, IDLE, OFF_LINE, VACANT, clock, closings, desks, run

HERE = -1  # a desk's `away` when the member is not away
LEAVE, STAY, SUSPEND = range(3)  # what a pool does at the end of a shift


@kernel
def closing(world, member):  # type: ignore[no-untyped-def]
    """What the member's pool does at the end of a shift."""
    state = run(world, 0)
    return closings(world, state.epoch * state.n_staff + member).rule


@kernel
def tell_status(world, member):  # type: ignore[no-untyped-def]
    """Tell the model what a member does now, other than a visit that begins or ends."""
    desk = desks(world, member)
    if desk.away != HERE:
        status = desk.away if desk.on == 1 or desk.away == VACANT else CLOSED
    elif desk.on == 0 and not (desk.busy == 1 and closing(world, member) != SUSPEND):
        status = CLOSED
    else:
        status = BUSY if desk.busy == 1 else IDLE
    set_status(world, member, status, desk.on, clock(world, 0).now)


@kernel
def leaves(world, member):  # type: ignore[no-untyped-def]
    """Whether a member who is free goes away now: for good, absent, or off the line."""
    desk = desks(world, member)
    now = clock(world, 0).now
    if desk.vacancy >= 0.0:
        hours = desk.vacancy
        desk.vacancy = -1.0
        desk.owed = 0.0  # the successor owes nothing
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
        desk.due = 0
        return False
    return True


@kernel
def _go(world, member, status, hours):  # type: ignore[no-untyped-def]
    desk = desks(world, member)
    desk.away = status
    desk.since = clock(world, 0).now
    tell_status(world, member)
    schedule(world, hours, RETURN, member, 0, 0.0)


@kernel
def _leave_if_idle(world, member):  # type: ignore[no-untyped-def]
    desk = desks(world, member)
    desk.due = 1
    if desk.away != HERE or desk.busy == 1:
        return
    if member_now(world, member).pool >= 0 and desk.idle >= 0:
        take_from_idle(world, member)
    leaves(world, member)


@kernel
def call_away(world, member, hours):  # type: ignore[no-untyped-def]
    """The member is due elsewhere for some hours: at once if idle, else when they are free."""
    if hours > 0.0 and member_now(world, member).pool >= 0:
        desks(world, member).owed += hours
        _leave_if_idle(world, member)


@kernel
def be_absent(world, member, day, hours):  # type: ignore[no-untyped-def]
    """The member is absent for a day; an empty seat is not. A visit that outlasts the day is followed by the absence:
    the `hours` of shifts that the day had."""
    desk = desks(world, member)
    if desk.vacancy >= 0.0 or desk.away == VACANT:
        return
    if desk.busy == 1:
        desk.missed += hours
    desk.absent_until = clock(world, 0).now + day
    _leave_if_idle(world, member)


@kernel
def vacate(world, member, hours):  # type: ignore[no-untyped-def]
    """The member leaves for good; the seat stays empty for some hours."""
    desks(world, member).vacancy = hours
    _leave_if_idle(world, member)
