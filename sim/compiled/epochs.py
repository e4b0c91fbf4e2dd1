"""A change of epoch: staff and waiting orders move where their pool has moved, in their present order."""

from __future__ import annotations

from sim.compiled.attendance import HERE
from sim.compiled.queues import NONE, enqueue
from sim.compiled.service import pool_of, release
from sim.compiled.shifts import renew_shifts
from sim.kernel import kernel
from sim.model.journey import enter_epoch
from sim.model.lookup import member_now
from sim.tables import clock, crew_pools, crews, desks, lanes, movers, places, queues, run


@kernel
def enter(world, epoch):  # type: ignore[no-untyped-def]
    """The plan changes."""
    state = run(world, 0)
    old = state.epoch
    moved = _pools_differ(world, old, epoch)
    enter_epoch(world, epoch, clock(world, 0).now)
    renew_shifts(world)
    if moved:
        joining = _who_joins(world, old)
        _move_waiting(world)
        _move_free(world, joining)


@kernel
def _pool_in(world, member, epoch):  # type: ignore[no-untyped-def]
    """The pool that a member belongs to in another epoch."""
    state = run(world, 0)
    present = state.epoch
    state.epoch = epoch
    pool = member_now(world, member).pool
    state.epoch = present
    return pool


@kernel
def _pools_differ(world, old, new):  # type: ignore[no-untyped-def]
    """Whether any stage or member belongs to other pools in the two epochs."""
    state = run(world, 0)
    for stage in range(state.n_stages):
        one, other = crews(world, old * state.n_stages + stage), crews(world, new * state.n_stages + stage)
        if one.pools != other.pools or (one.pools == 1 and one.first != other.first):
            return True
        if one.pools > 1:
            for i in range(one.pools):
                if crew_pools(world, one.first + i).pool != crew_pools(world, other.first + i).pool:
                    return True
    return _staff_differs(world, old, new)


@kernel
def _staff_differs(world, old, new):  # type: ignore[no-untyped-def]
    differs = False
    for member in range(run(world, 0).n_staff):
        differs = differs or _pool_in(world, member, old) != _pool_in(world, member, new)
    return differs


@kernel
def _who_joins(world, old):  # type: ignore[no-untyped-def]
    """Note the members who had no pool and are neither busy nor away; returns how many."""
    count = 0
    for member in range(run(world, 0).n_staff):
        desk = desks(world, member)
        free = desk.busy == 0 and desk.away == HERE
        if free and _pool_in(world, member, old) < 0:
            movers(world, count).member = member
            count += 1
    return count


@kernel
def _move_waiting(world):  # type: ignore[no-untyped-def]
    """All waiting orders, class by class in the order of their tickets, join the queues of the new plan."""
    time = clock(world, 0)
    for pool in range(time.n_pools):
        queues(world, pool).length = 0
    for lane in range(time.n_lanes):
        first = _merge(world, lane)
        while first >= 0:
            order = first
            place = places(world, order)
            first = place.after
            enqueue(world, order, pool_of(world, place.stage, place.team), lane)


@kernel
def _merge(world, lane):  # type: ignore[no-untyped-def]
    """Take the orders of a lane out of all pools; returns the first of them, linked by ticket."""
    time = clock(world, 0)
    first, last = NONE, NONE
    while True:
        best, best_pool = NONE, NONE
        for pool in range(time.n_pools):
            order = int(lanes(world, pool * time.n_lanes + lane).first)
            if order >= 0 and (best < 0 or places(world, order).ticket < places(world, best).ticket):
                best, best_pool = order, pool
        if best < 0:
            return first
        line = lanes(world, best_pool * time.n_lanes + lane)
        line.first = places(world, best).after
        if line.first < 0:
            line.last = NONE
        places(world, best).after = NONE
        if last >= 0:
            places(world, last).after = best
        else:
            first = best
        last = best


@kernel
def _move_free(world, joining):  # type: ignore[no-untyped-def]
    """Who is idle, pool by pool in their order, is free in the new plan; then who joins."""
    count = joining
    for pool in range(clock(world, 0).n_pools):
        queue = queues(world, pool)
        member = queue.idle_first
        while member >= 0:
            movers(world, count).member = member
            count += 1
            member = desks(world, member).after
        queue.idle_first = NONE
        queue.idle_last = NONE
    for index in range(joining, count):
        desks(world, movers(world, index).member).idle = NONE
    for index in range(joining, count):
        release(world, movers(world, index).member, False)
    for index in range(joining):
        release(world, movers(world, index).member, False)
