"""Staff pools with SimPy: queues, visits, leaves, and what a change of epoch moves.

The rules of order are written down in `sim.simpy_engine`.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.events import NORMAL, Event, Timeout

from sim.model.journey import begin_visit, end_visit
from sim.world import World


class Visit(Event):
    """The end of a visit: scheduled when it begins; its value is `end_visit`'s (stage, hours, batch)."""

    __slots__ = ("arrived", "member", "order", "stage")

    def __init__(self, service: Service, order: int, stage: int) -> None:
        super().__init__(service.env)
        self.order, self.stage, self.arrived, self.member = order, stage, service.env.now, -1
        self.callbacks.append(service.end)  # before the customer's own process goes on


class Pool:
    """One queue and the idle members of a staff pool."""

    __slots__ = ("idle", "waiting")

    def __init__(self) -> None:
        self.idle: deque[int] = deque()
        self.waiting: list[tuple[int, int, Visit]] = []


class Service:
    """All staff pools: starts visits, ends them, and follows leaves and reorganisations."""

    def __init__(self, env: simpy.Environment, world: World) -> None:
        self.env, self.world, self.handle = env, world, world.handle
        plan = world.plan
        self.pool_of_stage = plan.rows("stages")["pool"].tolist()
        self.pool_of_member = plan.rows("staff")["pool"].tolist()
        self.pools = [Pool() for _ in plan.pool_names]
        self.epoch = 0
        self.tickets = 0
        self.visits = 0
        self.room = world.room_for("visits", 1024)
        self.busy: set[int] = set()
        self.owed = dict.fromkeys(range(len(plan.staff_names)), 0.0)
        self.away: dict[int, float] = {}
        self.absences: list[tuple[int, float, float]] = []
        for member, pool in enumerate(self.pool_of_member[0]):
            if pool >= 0:
                self.pools[pool].idle.append(member)

    # -- visits ---------------------------------------------------------------------------------------------

    def serve(self, order: int, stage: int, priority: int) -> Visit:
        """The order joins the queue of a stage; the event fires when its visit there ends."""
        visit = Visit(self, order, stage)
        pool = self.pools[self.pool_of_stage[self.epoch][stage]]
        if pool.idle:
            self._begin(visit, pool.idle.popleft())
        else:
            self.tickets += 1
            heappush(pool.waiting, (priority, self.tickets, visit))
        return visit

    def _begin(self, visit: Visit, member: int) -> None:
        if self.visits == self.room:
            self.room = self.world.room_for("visits", self.visits + 1)
        self.visits += 1
        visit.member = member
        self.busy.add(member)
        hours = begin_visit(self.handle, visit.order, visit.stage, member, visit.arrived, self.env.now)
        visit._ok, visit._value = True, None
        self.env.schedule(visit, NORMAL, hours)

    def end(self, visit: Any) -> None:
        """A visit ends: the model's transition, then the staff member is free. (Called by the visit's event.)"""
        visit._value = end_visit(self.handle, visit.order, self.env.now)
        self.busy.discard(visit.member)
        self._release(visit.member)

    def _release(self, member: int) -> None:
        """A member is free: they leave if due, take the next waiting visit, or wait idle."""
        if self.owed[member] > 0.0:
            self._leave(member)
            return
        place = self.pool_of_member[self.epoch][member]
        if place < 0:
            return
        pool = self.pools[place]
        if pool.waiting:
            self._begin(heappop(pool.waiting)[2], member)
        else:
            pool.idle.append(member)

    # -- leaves ---------------------------------------------------------------------------------------------

    def schedule_leave(self, member: int, start: float, hours: float) -> None:
        Timeout(self.env, start).callbacks.append(lambda _: self._call_away(member, hours))

    def _call_away(self, member: int, hours: float) -> None:
        """The member is due elsewhere for some hours: at once if idle, else after the present visit."""
        self.owed[member] += hours
        place = self.pool_of_member[self.epoch][member]
        if place >= 0 and member in self.pools[place].idle:
            self.pools[place].idle.remove(member)
            self._leave(member)
        elif place < 0:
            self.owed[member] = 0.0

    def _leave(self, member: int) -> None:
        hours, self.owed[member] = self.owed[member], 0.0
        self.away[member] = self.env.now
        Timeout(self.env, hours).callbacks.append(lambda _: self._return(member))

    def _return(self, member: int) -> None:
        self.absences.append((member, self.away.pop(member), self.env.now))
        self._release(member)

    # -- epochs ---------------------------------------------------------------------------------------------

    def schedule_epoch(self, epoch: int, start: float) -> Event:
        change = Timeout(self.env, start)
        change.callbacks.append(lambda _: self._enter(epoch))
        return change

    def _enter(self, epoch: int) -> None:
        """The plan changes; staff and waiting orders move where their pool has moved, in their present order."""
        old, self.epoch = self.epoch, epoch
        self.world.table("run")[0]["epoch"] = epoch
        same_staff = self.pool_of_member[old] == self.pool_of_member[epoch]
        if same_staff and self.pool_of_stage[old] == self.pool_of_stage[epoch]:
            return
        idle = [member for pool in self.pools for member in pool.idle]
        waiting = sorted((entry for pool in self.pools for entry in pool.waiting), key=lambda entry: entry[:2])
        occupied = self.busy | self.away.keys()
        joining = [m for m, pool in enumerate(self.pool_of_member[old]) if pool < 0 and m not in occupied]
        for pool in self.pools:
            pool.idle, pool.waiting = deque(), []
        for entry in waiting:
            heappush(self.pools[self.pool_of_stage[epoch][entry[2].stage]].waiting, entry)
        for member in [*idle, *joining]:
            self._release(member)
