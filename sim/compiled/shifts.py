"""Shifts: who is at work when, by the hours of the week."""

from __future__ import annotations

import math

from sim.compiled.agenda import BOUNDARY, schedule
from sim.compiled.attendance import HERE, tell_status
from sim.compiled.queues import make_idle, take_from_idle
from sim.compiled.service import release
from sim.kernel import kernel
from sim.model.lookup import member_now, rules_now
from sim.tables import clock, desks, numbers, run


@kernel
def _is_on(world, member, hour):  # type: ignore[no-untyped-def]
    plan = member_now(world, member)
    if plan.n_shifts == 0 or plan.pool < 0:  # who is not employed has no shifts
        return 1
    for i in range(plan.n_shifts):
        if numbers(world, plan.shifts + 2 * i).value <= hour < numbers(world, plan.shifts + 2 * i + 1).value:
            return 1
    return 0


@kernel
def _hour(world):  # type: ignore[no-untyped-def]
    """Hour of the week."""
    now, week = clock(world, 0).now, rules_now(world).week
    return now - math.floor(now / week) * week


@kernel
def schedule_boundary(world):  # type: ignore[no-untyped-def]
    """The next boundary of shifts, as long as there is work or customers may still come."""
    state, time = run(world, 0), clock(world, 0)
    time.boundary += 1  # one that was scheduled before counts no more
    if time.now >= state.end and state.in_system == 0:
        return
    here, week = _hour(world), rules_now(world).week
    ahead, first = math.inf, math.inf
    for member in range(state.n_staff):
        plan = member_now(world, member)
        for i in range(2 * plan.n_shifts if plan.pool >= 0 else 0):
            hour = numbers(world, plan.shifts + i).value % week
            first = min(first, hour)
            if hour > here + 1e-9:
                ahead = min(ahead, hour)
    if first == math.inf:
        return
    base = time.now - here
    hour = ahead if ahead < math.inf else first
    start = base if ahead < math.inf else base + week
    schedule(world, start + hour - time.now, BOUNDARY, time.boundary, 0, hour)


@kernel
def _turn_one(world, member, present):  # type: ignore[no-untyped-def]
    desk = desks(world, member)
    desk.on = present
    pool = member_now(world, member).pool
    if present == 0 and pool >= 0 and desk.idle >= 0:
        take_from_idle(world, member)
    tell_status(world, member)
    if pool >= 0 and desk.busy == 0 and desk.away == HERE:
        release(world, member, False)


@kernel
def turn(world, hour):  # type: ignore[no-untyped-def]
    """Those go whose shift ends, then those come whose shift begins, in roster order."""
    for present in range(2):
        for member in range(run(world, 0).n_staff):
            if _is_on(world, member, hour) == present and desks(world, member).on != present:
                _turn_one(world, member, present)


@kernel
def renew_shifts(world):  # type: ignore[no-untyped-def]
    """The plan has changed: bring everybody's shift up to date, and look for the next boundary anew."""
    if clock(world, 0).has_shifts == 1:
        turn(world, _hour(world))
        schedule_boundary(world)


@kernel
def open_shifts(world):  # type: ignore[no-untyped-def]
    """Before the first event: who is at work, idle members in roster order, the next boundary of shifts."""
    state = run(world, 0)
    for member in range(state.n_staff):
        desks(world, member).on = _is_on(world, member, 0.0)
        pool = member_now(world, member).pool
        if pool >= 0 and desks(world, member).on == 1:
            make_idle(world, member, pool)
    for member in range(state.n_staff):
        if desks(world, member).on == 0:
            tell_status(world, member)
    if clock(world, 0).has_shifts == 1:
        schedule_boundary(world)
