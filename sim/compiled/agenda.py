"""The agenda: events to come, by time and then in the order in which they were scheduled.

A heap with four children to a node (they share a cache line) holds (time, tag); what the event is stands in a row of
its own, so that little is moved. The tag is the number of the event in the order of scheduling, times 2^26, plus its
row. While an event is under way its place at the top is a hole: the first event that it schedules, mostly the only
one, takes that place and sinks, which saves half the work.
"""

from __future__ import annotations

from sim.kernel import kernel
from sim.tables import agenda, clock, events

# Kinds of events.
(
    OPEN_SHIFTS, FIRST_TICK, OPEN_DOORS, FIRST_PROSPECT, EPOCH, CALL_AWAY, BOUNDARY, RETURN, TICK, ARRIVAL, PROSPECT,
    ORDER, REACH_FIRST, REACH, END, TURN_AWAY, PATIENCE, BATCH,
) = range(18)  # fmt: skip
ROWS = 1 << 26  # rows of events that a tag can tell apart: more than the customers that a run may have


@kernel
def schedule(world, delay, kind, a, b, x):  # type: ignore[no-untyped-def]
    """Something will happen in `delay` hours; the meaning of a, b and x is the kind's own."""
    state = clock(world, 0)
    slot = state.free
    if slot >= 0:
        state.free = events(world, slot).a
    else:
        slot = state.slots
        state.slots += 1
    event = events(world, slot)
    event.kind = kind
    event.a = a
    event.b = b
    event.x = x
    state.numbered += 1
    tag = state.numbered * ROWS + slot
    time = state.now + delay
    if state.hole == 1:
        state.hole = 0
        _sink(world, state.events, time, tag)
    else:
        state.events += 1
        _rise(world, state.events - 1, time, tag)


@kernel
def _rise(world, place, time, tag):  # type: ignore[no-untyped-def]
    """From the end of the heap upwards; what was scheduled earlier goes first."""
    while place > 0:
        parent = (place - 1) >> 2
        other = agenda(world, parent)
        if other.time <= time:
            break
        here = agenda(world, place)
        here.time = other.time
        here.tag = other.tag
        place = parent
    here = agenda(world, place)
    here.time = time
    here.tag = tag


@kernel
def _sink(world, size, time, tag):  # type: ignore[no-untyped-def]
    """From the top of the heap downwards."""
    place = 0
    while True:
        child = 4 * place + 1
        if child >= size:
            break
        best = child
        best_time = agenda(world, child).time
        best_tag = agenda(world, child).tag
        for other in range(child + 1, min(child + 4, size)):
            row = agenda(world, other)
            if (row.time < best_time) | ((row.time == best_time) & (row.tag < best_tag)):
                best = other
                best_time = row.time
                best_tag = row.tag
        if (time < best_time) | ((time == best_time) & (tag < best_tag)):
            break
        here = agenda(world, place)
        here.time = best_time
        here.tag = best_tag
        place = best
    here = agenda(world, place)
    here.time = time
    here.tag = tag


@kernel
def take_first(world):  # type: ignore[no-untyped-def]
    """Begin the first event: the clock moves to its time, and its row is returned (and is free from now on)."""
    state = clock(world, 0)
    first = agenda(world, 0)
    state.now = max(0.0, first.time)  # what opens the run stands on the agenda before time 0
    slot = first.tag & (ROWS - 1)
    state.hole = 1
    return slot


@kernel
def free_row(world, slot):  # type: ignore[no-untyped-def]
    """The row of an event that has been read may be used again."""
    state = clock(world, 0)
    events(world, slot).a = state.free
    state.free = slot


@kernel
def close_hole(world):  # type: ignore[no-untyped-def]
    """The event is over and has scheduled nothing: the last one takes its place."""
    state = clock(world, 0)
    if state.hole == 1:
        state.hole = 0
        state.events -= 1
        last = agenda(world, state.events)
        if state.events > 0:
            _sink(world, state.events, last.time, last.tag)
