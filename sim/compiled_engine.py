"""The fast engine: fills the tables of `sim.compiled` from the plan, starts its loop, and makes room where asked to."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.agenda import CALL_AWAY, EPOCH, FIRST_PROSPECT, FIRST_TICK, OPEN_DOORS, OPEN_SHIFTS
from sim.compiled.attendance import LEAVE, STAY, SUSPEND
from sim.compiled.loop import ROOM, book, go
from sim.compiled.queues import NONE
from sim.plan import Plan
from sim.plan_rows import effective_arrivals
from sim.tables import TABLES
from sim.world import World

_BEFORE = -1.0  # the time of what opens the run
_AT_CLOSE = {"leave": LEAVE, "stay": STAY, "suspend": SUSPEND}
_LINKS = ("idle_first", "idle_last", "before", "after", "idle", "away", "first", "last", "vacancy")
_AT_ONCE = 8192  # visits to make room for at least
_MOST_BROUGHT = 128  # customers and orders that one event can bring, besides those it releases


class CompiledRun:
    """One run."""

    def __init__(self, plan: Plan, seed: int, replication: int, summary: bool) -> None:
        self.plan = plan
        self.world = World(plan, seed, replication, summary)
        self.people = [self._population(segment) for segment in range(len(plan.segment_names))]
        largest_batch = int(plan.tables["edges"]["batch"].max())
        self.margin = _MOST_BROUGHT + 4 * len(plan.staff_names) + 2 * len(plan.edge_names) + largest_batch
        self._open_tables()
        self.clock = self.world.table("clock")[0]
        self.books = self.world.table("run")[0]
        self.planned = self._bookings()
        self._make_room(sum(max(0, count) for count in self.people), len(self.planned))

    def _population(self, segment: int) -> int:
        """Members of a segment that is a population; -1 for a stream."""
        blueprint = self.plan.blueprints[0]
        arrivals = effective_arrivals(blueprint, blueprint.segments[self.plan.segment_names[segment]])
        return arrivals.customers if arrivals.process == "population" else -1

    def _open_tables(self) -> None:
        plan, world = self.plan, self.world
        classes = sorted({int(p) for p in plan.tables["segments"]["priority"]})
        crews: list[tuple[int, int]] = []
        crew_pools: list[tuple[int]] = []
        for epoch in plan.stage_pools:
            for pools in epoch:  # the pool itself, or where the pools of the teams begin
                crews.append((len(pools), pools[0] if len(pools) == 1 else len(crew_pools)))
                crew_pools += [(pool,) for pool in pools] if len(pools) > 1 else []
        closings = [
            (_AT_CLOSE[next((p.at_close for p in b.pools.values() if name in p.members), "leave")],)
            for b in plan.blueprints
            for name in plan.staff_names
        ]
        rows = {"crews": crews, "crew_pools": crew_pools, "closings": closings, "classes": [(c,) for c in classes]}
        for name, values in rows.items():
            world.open(name, np.array(values, TABLES[name]))
        n_pools, n_staff = len(plan.pool_names), len(plan.staff_names)
        sizes = {
            "clock": 1, "agenda": 0, "events": 0, "places": 0, "queues": n_pools, "lanes": n_pools * len(classes),
            "desks": n_staff, "movers": n_staff, "batches": len(plan.edge_names),
            "starts": len(world.table("requests")),
        }  # fmt: skip
        for name, size in sizes.items():
            table = np.zeros(size, TABLES[name])
            for column in _LINKS:
                if column in (table.dtype.names or ()):
                    table[column] = NONE
            world.open(name, table)
        clock = world.table("clock")[0]
        clock["free"] = NONE
        clock["n_lanes"], clock["n_pools"] = len(classes), n_pools
        clock["has_teams"] = bool(crew_pools)
        clock["has_shifts"] = bool((plan.tables["staff"]["n_shifts"] > 0).any())

    def _bookings(self) -> list[tuple[float, int, int, int, float]]:
        """What stands on the agenda before the run: (time, kind, a, b, x), in the order of scheduling."""
        plan = self.plan
        prospects = plan.rows("segments")["most_prospects"][0].tolist()
        return [
            *((start, EPOCH, epoch, 0, 0.0) for epoch, start in enumerate(plan.starts[1:], start=1)),
            *((start, CALL_AWAY, member, 0, hours) for member, start, hours in plan.leaves()),
            (_BEFORE, OPEN_SHIFTS, 0, 0, 0.0),
            (_BEFORE, FIRST_TICK, 0, 0, 0.0),
            *((_BEFORE, OPEN_DOORS, segment, count, 0.0) for segment, count in enumerate(self.people)),
            *((_BEFORE, FIRST_PROSPECT, segment, 0, 0.0) for segment, most in enumerate(prospects) if most > 0.0),
        ]

    def run(self) -> dict[str, Any]:
        """Run to the end; returns the journal tables."""
        world = self.world.handle
        for booking in self.planned:
            book(world, *booking)
        while go(world) == ROOM:
            self._make_room()
        tables = self.world.journal()
        if not self.world.summary:
            rows = self.world.table("absences")[: self.clock["absences"]]
            tables["absences"] = np.sort(np.asarray(rows), order=["staff", "reason", "began", "ended"])
        return tables

    def _make_room(self, people: int = 0, planned: int = 0) -> None:
        """Room for what the next events may leave behind; at the start also for the people of the populations, who
        come in one event, and for the events that the plan books."""
        books, clock, world, margin = self.books, self.clock, self.world, self.margin
        if clock["room_customers"] <= books["customers"] + people:
            room = world.room_for("customers", int(books["customers"]) + people + 2 * margin)
            clock["room_customers"] = room - margin
        if clock["room_orders"] <= books["orders"] + people:
            room = world.room_for("orders", int(books["orders"]) + people + 2 * margin)
            world.enlarge("places", room)
            clock["room_orders"] = room - margin
        if clock["room_events"] <= clock["events"] + people + planned:
            room = max(2 * len(world.table("agenda")), int(clock["events"]) + people + planned + 4 * margin)
            world.enlarge("agenda", room)
            world.enlarge("events", room)
            clock["room_events"] = room - margin
        if world.summary:
            clock["room_absences"] = 1
        elif clock["room_absences"] <= clock["absences"]:
            room = max(2 * len(world.table("absences")), int(clock["absences"]) + 4 * margin)
            world.enlarge("absences", room)
            clock["room_absences"] = room - margin
        if clock["room_visits"] <= clock["visits"]:
            under_way = len(self.plan.staff_names)
            room = world.room_for_visits(under_way, max(2 * margin, _AT_ONCE))
            clock["room_visits"] = int(clock["visits"]) + room - margin


def run_compiled(plan: Plan, seed: int, replication: int, summary: bool = False) -> dict[str, Any]:
    """Run a plan; returns the journal tables, cut to what was written."""
    return CompiledRun(plan, seed, replication, summary).run()
