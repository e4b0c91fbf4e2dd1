"""The loop: the first event of the agenda happens, until there is none or a table needs more room."""

from __future__ import annotations

from sim.compiled.agenda import (
    ARRIVAL,
    BATCH,
    BOUNDARY,
    CALL_AWAY,
    END,
    EPOCH,
    FIRST_PROSPECT,
    FIRST_TICK,
    OPEN_DOORS,
    OPEN_SHIFTS,
    ORDER,
    PATIENCE,
    PROSPECT,
    REACH,
    REACH_FIRST,
    RETURN,
    TICK,
    TURN_AWAY,
    close_hole,
    free_row,
    schedule,
    take_first,
)
from sim.compiled.attendance import call_away
from sim.compiled.epochs import enter
from sim.compiled.journeys import (
    arrive,
    begin_order,
    consider,
    end,
    lose_patience,
    open_doors,
    open_to_prospects,
    reach,
    reach_first,
    send_full,
    start_waiting,
    tick_clock,
    turn_away,
    unload,
)
from sim.compiled.service import come_back
from sim.compiled.shifts import open_shifts, schedule_boundary, turn
from sim.kernel import kernel, transition
from sim.model.journey import open_run
from sim.tables import clock, events, run

DONE, ROOM = 0, 1


@transition("int64, float64, int64, int64, int64, float64")
def book(world, time, kind, a, b, x):  # type: ignore[no-untyped-def]
    """Put an event of the plan on the agenda."""
    schedule(world, time, kind, a, b, x)


@transition("int64")
def go(world):  # type: ignore[no-untyped-def]
    """Run events until there are none (DONE), or until a table needs more room (ROOM)."""
    state, books = clock(world, 0), run(world, 0)
    while state.events > 0:
        short = (
            (state.visits >= state.room_visits)
            | (books.orders >= state.room_orders)
            | (books.customers >= state.room_customers)
            | (state.events >= state.room_events)
            | (state.absences >= state.room_absences)
        )
        if short:
            return ROOM
        slot = take_first(world)
        event = events(world, slot)
        kind, a, b, x = event.kind, event.a, event.b, event.x
        free_row(world, slot)
        if kind == END:
            end(world, a)
        elif kind == REACH:
            reach(world, a)
        else:
            _happen(world, kind, a, b, x)
        if state.starts > 0:
            start_waiting(world)
        close_hole(world)
    return DONE


@kernel
def _happen(world, kind, a, b, x):  # type: ignore[no-untyped-def]
    """An event of the rarer kinds."""
    if kind == ORDER:
        begin_order(world, a)
    elif kind == ARRIVAL:
        arrive(world, a, b)
    elif kind == REACH_FIRST:
        reach_first(world, a)
    elif kind == BATCH:
        unload(world, a, b)
    elif kind == PATIENCE:
        lose_patience(world, a, b)
    elif kind == TURN_AWAY:
        turn_away(world, a)
    elif kind == TICK:
        tick_clock(world)
    elif kind == CALL_AWAY:
        call_away(world, a, x)
    elif kind == RETURN:
        come_back(world, a)
    elif kind == BOUNDARY:
        if a == clock(world, 0).boundary:  # not overtaken by a change of plan
            turn(world, x)
            schedule_boundary(world)
    elif kind == PROSPECT:
        consider(world, a, b)
    elif kind == EPOCH:
        enter(world, a)
        send_full(world)
    else:
        _open(world, kind, a, b)


@kernel
def _open(world, kind, a, b):  # type: ignore[no-untyped-def]
    """What opens the run."""
    if kind == OPEN_SHIFTS:
        open_shifts(world)
    elif kind == FIRST_TICK:
        open_run(world)
        tick_clock(world)
    elif kind == OPEN_DOORS:
        open_doors(world, a, b)
    elif kind == FIRST_PROSPECT:
        open_to_prospects(world, a)
