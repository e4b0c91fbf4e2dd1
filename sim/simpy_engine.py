"""The reference engine: time and queues with SimPy. It decides when things happen and who is next, never what.

Order of events, the same for every engine:

* An event is a real moment: a change of epoch, a leave or return of a staff member, an arrival, the end of a
  visit, the arrival of an order (or of a full batch) at the next stage. No event has zero delay for convenience.
* Events run by time; events of equal time run in the order in which they were scheduled. At time 0 these are
  scheduled first: changes of epoch, leaves (by roster), then the segments in blueprint order (a stream's first
  arrival; a population's customers one by one).
* When a visit ends: the model's transition, then the staff member leaves if due or takes the next waiting visit,
  then the order goes on. When a stream's customer arrives: the next arrival is scheduled, then the customer orders.
* A pool serves by priority class, then first come, first served. A visit goes to the member idle for longest
  (at the start: in roster order).
* A member of a population whose first interval is zero orders before the other events of time 0.
* When the epoch changes: staff and waiting orders move, then batches that a smaller size makes full leave.
* When no customer will order any more and every order that is left waits for its batch, the batches travel as they
  are, in the order of handoffs, each as long as its last order to come.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from simpy.events import Event, Timeout

from sim.model.journey import arrival_gap, first_order_gap, new_customer, place_order
from sim.plan import Plan
from sim.plan_rows import effective_arrivals
from sim.simpy_service import Service
from sim.tables import JOURNAL
from sim.world import World

Journey = Generator[Event, Any, None]


class Simulation:
    """One run: customers as processes, around the shared service and the batches of handoffs."""

    def __init__(self, plan: Plan, seed: int, replication: int) -> None:
        self.plan = plan
        self.env = simpy.Environment()
        self.world = World(plan, seed, replication)
        self.handle = self.world.handle
        self.service = Service(self.env, self.world)
        self.first_stage = plan.rows("rules")["first"][:, 0].tolist()
        self.batch_size = plan.rows("edges")["batch"].tolist()
        self.priority = plan.rows("segments")["priority"].tolist()
        self.batches: dict[int, tuple[list[Event], float]] = {}
        self.live = 0  # streams still open, and customers with an order that is not waiting for its batch or to come
        self.orders = self.customers = 0
        self.room = {name: self.world.room_for(name, 256) for name in ("orders", "customers")}

    def run(self) -> World:
        for epoch, start in enumerate(self.plan.starts[1:], start=1):
            change = self.service.schedule_epoch(epoch, start)
            change.callbacks.append(lambda _: self._send_full())
        self._schedule_leaves()
        for segment in range(len(self.plan.segment_names)):
            self._open(segment)
        self.env.run()
        return self.world

    def _schedule_leaves(self) -> None:
        number = {name: i for i, name in enumerate(self.plan.staff_names)}
        leaves: dict[tuple[int, float, float], None] = {}
        for blueprint in self.plan.blueprints:
            for pool in blueprint.pools.values():
                for name, member in pool.members.items():
                    for start, hours in member.off_line:
                        if start < self.plan.end:
                            leaves[number[name], start, hours] = None
        for leave in sorted(leaves):
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
            gap = arrival_gap(self.handle, segment, index)
            if self.env.now + gap >= self.plan.end:
                self._rest()
                return
            yield self.env.timeout(gap)
            self.live += 1
            self.env.process(self._journey(self._new_customer(segment, index), segment, 0.0))
            index += 1

    def _journey(self, customer: int, segment: int, pause: float) -> Journey:
        """A customer's orders, one after the other, each from stage to stage until it is delivered."""
        env, service = self.env, self.service
        while pause >= 0.0:
            if pause > 0.0:
                yield env.timeout(pause)
            order = self._place_order(customer)
            priority = self.priority[service.epoch][segment]
            stage = self.first_stage[service.epoch]
            while stage >= 0:
                stage, pause, batch = yield service.serve(order, stage, priority)
                if batch >= 0:
                    yield self._join_batch(batch, pause)
                elif stage >= 0 and pause > 0.0:
                    yield env.timeout(pause)
        self._rest()

    def _new_customer(self, segment: int, index: int) -> int:
        if self.customers == self.room["customers"]:
            self.room["customers"] = self.world.room_for("customers", self.customers + 1)
        self.customers += 1
        return int(new_customer(self.handle, segment, index, self.env.now))

    def _place_order(self, customer: int) -> int:
        if self.orders == self.room["orders"]:
            self.room["orders"] = self.world.room_for("orders", self.orders + 1)
        self.orders += 1
        return int(place_order(self.handle, customer, self.env.now))

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


def run_simpy(plan: Plan, seed: int, replication: int) -> dict[str, Any]:
    """Run a plan; returns the journal tables, cut to what was written."""
    simulation = Simulation(plan, seed, replication)
    world = simulation.run()
    counts = world.table("run")[0]
    tables = {name: world.table(name)[: counts[name]] for name in JOURNAL if name != "absences"}
    tables["absences"] = _absence_table(simulation.service.absences)
    return tables


def _absence_table(absences: list[tuple[int, float, float]]) -> Any:
    return np.array(sorted(absences), dtype=JOURNAL["absences"])
