"""The reference engine: time and queues with SimPy. It decides when things happen and who is next, never what.

Order of events, the same for every engine:

* An event is a real moment: a change of epoch, a tick of the clock, a boundary of shifts, a leave or return of a staff
  member, an arrival, the end of a visit, a customer's turning away from a queue, the arrival of an order (or of a full
  batch) at the next stage. No event has zero delay for convenience.
* Events run by time; events of equal time run in the order in which they were scheduled. At time 0 these are
  scheduled first: changes of epoch, leaves (by roster), the next boundary of shifts, what the tick of time 0 asks for,
  the next tick, then the segments in blueprint order (a stream's first arrival; a population's customers one by one),
  then the first prospect of every segment that has any.
* When a visit ends: the model's transition, then what it asks for (referred customers), then the staff member leaves if
  due or takes the next waiting visit, then the order goes on. When a stream's customer arrives: the next arrival is
  scheduled, then the customer orders. When the clock ticks: what the model asks for, in its order, then the next tick.
* Who is due to leave goes in this order: for good, absent, off the line. An absence that a visit in hand outlasts is
  taken after it. At a boundary of shifts first those go whose shift ends, then those come whose shift begins, in
  roster order; who is not employed at the time has no shifts.
* A customer who balks turns away in an event of the same time; one who loses patience does so at that time if still
  waiting.
* A pool serves by priority class, then first come, first served. A visit goes to the member idle for longest
  (at the start: in roster order).
* A member of a population whose first interval is zero orders before the other events of time 0.
* When the epoch changes: staff and waiting orders move, then batches that a smaller size makes full leave.
* When no customer will order any more and every order that is left waits for its batch, the batches travel as they
  are, in the order of handoffs, each as long as its last order to come.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy
from simpy.events import Event, Timeout

from sim.model.journey import (
    arrival_gap,
    first_order_gap,
    new_customer,
    new_prospect,
    open_run,
    place_order,
    prospect_gap,
    team_of,
    tick,
)
from sim.plan import Plan
from sim.plan_rows import effective_arrivals
from sim.simpy_service import Service
from sim.tables import ASK_CUSTOMER, ASK_LEAVE, ASK_LEAVE_UNTIL, ASK_VACATE, JOURNAL
from sim.world import World

Journey = Generator[Event, Any, None]
_MOST_REFERRED = 64  # customers that one delivery can bring


class Simulation:
    """One run: customers as processes, around the shared service and the batches of handoffs."""

    def __init__(self, plan: Plan, seed: int, replication: int, summary: bool) -> None:
        self.plan = plan
        self.env = simpy.Environment(0.0)  # a float from the start, or transitions compile twice
        self.world = World(plan, seed, replication, summary)
        self.handle = self.world.handle
        self.state = self.world.table("run")[0]
        self.service = Service(self.env, self.world, self._drain)
        self.has_teams = any(len(pools) > 1 for epoch in plan.stage_pools for pools in epoch)
        self.first_stage = plan.rows("rules")["first"][:, 0].tolist()
        self.batch_size = plan.rows("edges")["batch"].tolist()
        self.priority = plan.rows("segments")["priority"].tolist()
        self.batches: dict[int, tuple[list[Event], float]] = {}
        self.live = 0  # streams still open, and customers with an order that is not waiting for its batch or to come
        self.room = {name: self.world.room_for(name, 256) for name in ("orders", "customers")}

    def run(self) -> World:
        for epoch, start in enumerate(self.plan.starts[1:], start=1):
            change = self.service.schedule_epoch(epoch, start)
            change.callbacks.append(lambda _: self._send_full())
        self._schedule_leaves()
        self.service.shifts.start()
        open_run(self.handle)
        self._tick()
        for segment in range(len(self.plan.segment_names)):
            self._open(segment)
        for segment, most in enumerate(self.plan.rows("segments")["most_prospects"][0]):
            if most > 0.0:
                self.live += 1
                self.env.process(self._prospects(segment))
        self.env.run()
        return self.world

    def _tick(self, _: Any = None) -> None:
        """The clock ticks: what the model asks for, then the next tick."""
        hours, asked = tick(self.handle, self.env.now)
        self._drain(asked)
        if hours >= 0.0:
            Timeout(self.env, hours).callbacks.append(self._tick)

    def _drain(self, asked: int) -> None:
        """Do what the model has asked for."""
        if asked == 0:
            return
        for request in self.world.table("requests")[:asked].tolist():
            kind, index, _status, delay, hours = request
            if kind == ASK_CUSTOMER:
                self.live += 1
                self.env.process(self._journey(index, self._segment(index), delay))
            elif kind == ASK_LEAVE:
                self._later(delay, self.service.call_away, index, hours)
            elif kind == ASK_LEAVE_UNTIL:
                self.service.absent(index, delay, hours)
            elif kind == ASK_VACATE:
                self.service.vacate(index, hours)
        self.state["requests"] = 0
        self._make_room_for_customers()

    def _later(self, delay: float, do: Callable[[int, float], None], index: int, hours: float) -> None:
        if delay > 0.0:
            Timeout(self.env, delay).callbacks.append(lambda _: do(index, hours))
        else:
            do(index, hours)

    def _schedule_leaves(self) -> None:
        for leave in self.plan.leaves():
            self.service.schedule_leave(*leave)

    # -- customers ------------------------------------------------------------------------------------------

    def _open(self, segment: int) -> None:
        blueprint = self.plan.blueprints[0]
        arrivals = effective_arrivals(blueprint, blueprint.segments[self.plan.segment_names[segment]])
        if arrivals.process == "stream":
            self.live += 1
            self.env.process(self._stream(segment))
            return
        for index in range(arrivals.customers):
            customer = self._new_customer(segment, index)
            gap = first_order_gap(self.handle, customer)
            if gap < self.plan.end:
                self.live += 1
                self.env.process(self._journey(customer, segment, gap))

    def _stream(self, segment: int) -> Journey:
        """New customers of a segment, one after the other, until the end of the measured time."""
        index = 0
        while True:
            gap = arrival_gap(self.handle, segment, index, self.env.now)
            if self.env.now + gap >= self.plan.end:
                self._rest()
                return
            yield self.env.timeout(gap)
            self.live += 1
            self.env.process(self._journey(self._new_customer(segment, index), segment, 0.0))
            index += 1

    def _prospects(self, segment: int) -> Journey:
        """People who consider becoming customers, one after the other, until the end of the measured time."""
        index = 0
        while True:
            gap = prospect_gap(self.handle, segment, index)
            if self.env.now + gap >= self.plan.end:
                self._rest()
                return
            yield self.env.timeout(gap)
            self._make_room_for_customers()
            customer = new_prospect(self.handle, segment, index, self.env.now)
            if customer >= 0:
                self.live += 1
                self.env.process(self._journey(int(customer), segment, 0.0))
            index += 1

    def _segment(self, customer: int) -> int:
        return int(self.world.table("customers")[customer]["segment"])

    def _journey(self, customer: int, segment: int, pause: float) -> Journey:
        """A customer's orders, one after the other, each from stage to stage until it is delivered."""
        env, service = self.env, self.service
        team = team_of(self.handle, customer) if self.has_teams else 0.0
        while pause >= 0.0:
            if pause > 0.0:
                yield env.timeout(pause)
            if env.now >= self.plan.end:  # somebody referred who decided too late
                break
            order, pause = self._place_order(customer)
            if pause > 0.0:
                yield env.timeout(pause)
            priority = self.priority[service.epoch][segment]
            stage = self.first_stage[service.epoch]
            while stage >= 0:
                stage, pause, batch, _ = yield service.serve(order, stage, priority, team)
                if batch >= 0:
                    yield self._join_batch(batch, pause)
                elif stage >= 0 and pause > 0.0:
                    yield env.timeout(pause)
        self._rest()

    def _new_customer(self, segment: int, index: int) -> int:
        self._make_room_for_customers()
        return int(new_customer(self.handle, segment, index, self.env.now))

    def _make_room_for_customers(self) -> None:
        """Room for a customer to come, and for those that the next delivery may bring."""
        if self.state["customers"] + _MOST_REFERRED >= self.room["customers"]:
            self.room["customers"] = self.world.room_for("customers", int(self.state["customers"]) + 2 * _MOST_REFERRED)

    def _place_order(self, customer: int) -> tuple[int, float]:
        if self.state["orders"] + 1 >= self.room["orders"]:
            self.room["orders"] = self.world.room_for("orders", int(self.state["orders"]) + 2)
        order, pause = place_order(self.handle, customer, self.env.now)
        return int(order), pause

    # -- batches --------------------------------------------------------------------------------------------

    def _join_batch(self, edge: int, hours: float) -> Event:
        """The event of this order's arrival with its batch; the order that fills the batch sets the travel time."""
        waiting, _ = self.batches.get(edge, ([], 0.0))
        place = Event(self.env)
        waiting.append(place)
        self.batches[edge] = (waiting, hours)
        if len(waiting) >= self.batch_size[self.service.epoch][edge]:
            self._send(edge)
        self._rest()
        return place

    def _send(self, edge: int) -> None:
        travellers, hours = self.batches.pop(edge)
        self.live += len(travellers)

        def arrive(_: Event) -> None:
            for place in travellers:
                place._ok, place._value = True, None
                callbacks: Any = place.callbacks
                place.callbacks = None  # type: ignore[assignment]
                for callback in callbacks:
                    callback(place)

        Timeout(self.env, hours).callbacks.append(arrive)

    def _send_full(self) -> None:
        """After a change of epoch: what the new batch size makes a full batch leaves, in the order of handoffs."""
        size = self.batch_size[self.service.epoch]
        for edge in sorted(self.batches):
            if len(self.batches[edge][0]) >= size[edge]:
                self._send(edge)

    def _rest(self) -> None:
        """A stream is over, a customer is done, or an order waits for its batch; where nothing else moves, send all."""
        self.live -= 1
        if self.live == 0:
            for edge in sorted(self.batches):
                self._send(edge)


def run_simpy(plan: Plan, seed: int, replication: int, summary: bool = False) -> dict[str, Any]:
    """Run a plan; returns the journal tables, cut to what was written."""
    simulation = Simulation(plan, seed, replication, summary)
    tables = simulation.run().journal()
    if not summary:
        tables["absences"] = np.array(sorted(simulation.service.absences), dtype=JOURNAL["absences"])
    return tables
