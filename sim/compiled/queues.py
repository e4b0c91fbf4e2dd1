"""Queues of waiting orders and of idle members, as linked lists: joining and leaving anywhere takes the same time."""

from __future__ import annotations

from sim.kernel import kernel
from sim.tables import clock, desks, lanes, places, queues

NONE = -1


@kernel
def enqueue(world, order, pool, lane):  # type: ignore[no-untyped-def]
    """An order joins the end of a lane (a priority class) of a pool's queue."""
    place = places(world, order)
    line = lanes(world, pool * clock(world, 0).n_lanes + lane)
    place.lane = lane
    place.pool = pool
    place.after = NONE
    place.before = line.last
    if line.last >= 0:
        places(world, line.last).after = order
    else:
        line.first = order
    line.last = order
    queues(world, pool).length += 1


@kernel
def dequeue(world, order):  # type: ignore[no-untyped-def]
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
    place.pool = NONE


@kernel
def next_waiting(world, pool):  # type: ignore[no-untyped-def]
    """The order that is next in a pool's queue, taken out of it; -1 for none."""
    if queues(world, pool).length == 0:
        return NONE
    count = clock(world, 0).n_lanes
    for lane in range(count):
        order = int(lanes(world, pool * count + lane).first)
        if order >= 0:
            dequeue(world, order)
            return order
    return NONE


@kernel
def make_idle(world, member, pool):  # type: ignore[no-untyped-def]
    """A member waits for work, behind those idle for longer."""
    desk = desks(world, member)
    queue = queues(world, pool)
    desk.idle = pool
    desk.after = NONE
    desk.before = queue.idle_last
    if queue.idle_last >= 0:
        desks(world, queue.idle_last).after = member
    else:
        queue.idle_first = member
    queue.idle_last = member


@kernel
def take_from_idle(world, member):  # type: ignore[no-untyped-def]
    """An idle member does something else."""
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
    desk.idle = NONE
