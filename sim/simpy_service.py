"""Staff pools with SimPy: queues, visits, leaves and shifts, and what a change of epoch moves.

The rules of order are written down in `sim.simpy_engine`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.events import NORMAL, Event, Timeout

from sim.model.journey import (
    begin_visit,
    end_visit,
    enter_epoch,
    give_up,
    join_queue,
    leave_hours,
    return_to_work,
    set_status,
)
from sim.simpy_shifts import Shifts
from sim.tables import ABSENT, BUSY, CLOSED, IDLE, OFF_LINE, VACANT
from sim.world import World

WAITING = -1  # a visit's member before it has begun


class Visit(Event):
    """The end of a visit: scheduled when it begins; its value is the model's (stage, hours, batch, requests)."""

    __slots__ = ("arrived", "member", "order", "over", "stage", "team")

    def __init__(self, service: Service, order: int, stage: int, team: float) -> None:
        super().__init__(service.env)
        self.order, self.stage, self.team = order, stage, team
        self.arrived, self.member, self.over = service.env.now, WAITING, False
        self.callbacks.append(service.end)  # before the customer's own process goes on


class Pool:
    """One queue and the idle members of a staff pool. `length`: how many wait (those who gave up left out)."""

    __slots__ = ("idle", "length", "waiting")

    def __init__(self) -> None:
        self.idle: deque[int] = deque()
        self.waiting: list[tuple[int, int, Visit]] = []
        self.length = 0

    def join(self, entry: tuple[int, int, Visit]) -> None:
        heappush(self.waiting, entry)
        self.length += 1

    def next(self) -> Visit | None:
        """The next waiting visit, taken out of the queue; None where nobody waits."""
        while self.waiting:
            visit = heappop(self.waiting)[2]
            if not visit.over:
                self.length -= 1
                return visit
        return None


class Service:
    """All staff pools: starts visits, ends them, and follows leaves, shifts and reorganisations."""

    def __init__(self, env: simpy.Environment, world: World, drain: Callable[[int], None]) -> None:
        self.env, self.world, self.handle, self.drain = env, world, world.handle, drain
        plan = world.plan
        self.pools_of_stage = plan.stage_pools
        self.pool_of_member = plan.rows("staff")["pool"].tolist()
        self.customer_waits = plan.rows("stages")["customer_waits"].tolist()
        self.pools = [Pool() for _ in plan.pool_names]
        self.epoch = 0
        self.tickets = 0
        self.visits = 0
        self.room = 0  # number of visits for which the journal has room
        self.run = world.table("run")[0]
        staff = range(len(plan.staff_names))
        self.busy: set[int] = set()
        self.owed = dict.fromkeys(staff, 0.0)  # hours off the line that a member has yet to take
        self.absent_until = dict.fromkeys(staff, 0.0)
        self.missed = dict.fromkeys(staff, 0.0)  # hours of absence asked for during a visit in hand
        self.vacancy: dict[int, float] = {}  # members who are about to leave for good: h that the seat stays empty
        self.due: set[int] = set()  # members who are to leave when they are free, for one of these three reasons
        self.away: dict[int, tuple[int, float]] = {}  # member -> (what they do, since when)
        self.absences: list[tuple[int, int, float, float]] = []
        self.shifts = Shifts(self)
        for member, pool in enumerate(self.pool_of_member[0]):
            if pool >= 0 and self.shifts.on[member]:
                self.pools[pool].idle.append(member)

    # -- visits ---------------------------------------------------------------------------------------------

    def serve(self, order: int, stage: int, priority: int, team: float) -> Visit:
        """The order joins the queue of a stage; the event fires when its visit there ends, or is given up."""
        visit = Visit(self, order, stage, team)
        pool = self.pools[self._pool(stage, team)]
        if pool.idle:
            self._begin(visit, pool.idle.popleft())
            return visit
        if self.customer_waits[self.epoch][stage]:
            patience = join_queue(self.handle, order, stage, pool.length)
            if patience == 0.0:
                visit._ok, visit._value = True, None
                self.env.schedule(visit, NORMAL, 0.0)
                return visit
            if patience > 0.0:
                Timeout(self.env, patience).callbacks.append(lambda _: self._lose_patience(visit))
        self.tickets += 1
        pool.join((priority, self.tickets, visit))
        return visit

    def _pool(self, stage: int, team: float) -> int:
        pools = self.pools_of_stage[self.epoch][stage]
        return pools[0] if len(pools) == 1 else pools[int(team * len(pools))]

    def _begin(self, visit: Visit, member: int) -> None:
        if self.visits == self.room:
            self.room = self.visits + self.world.room_for_visits(len(self.busy))
        self.visits += 1
        visit.member = member
        self.busy.add(member)
        hours = begin_visit(self.handle, visit.order, visit.stage, member, visit.arrived, self.env.now)
        visit._ok, visit._value = True, None
        self.env.schedule(visit, NORMAL, hours)

    def end(self, visit: Any) -> None:
        """A visit ends: the model's transition, then the staff member is free. (Called by the visit's event.)"""
        if visit.member == WAITING:  # the customer turned away from the queue
            visit._value = give_up(self.handle, visit.order, self.env.now)
            self.drain(visit._value[3])
            return
        visit._value = value = end_visit(self.handle, visit.order, self.env.now)
        if value[3]:
            self.drain(value[3])
        self.busy.discard(visit.member)
        self.release(visit.member, at_work=True)

    def _lose_patience(self, visit: Visit) -> None:
        """The customer gives up, if they still wait: the visit's event happens now, without a visit."""
        if visit.member != WAITING or visit.over:
            return
        visit.over = True
        self.pools[self._pool(visit.stage, visit.team)].length -= 1
        visit._ok = True
        callbacks: Any = visit.callbacks
        visit.callbacks = None  # type: ignore[assignment]
        for callback in callbacks:
            callback(visit)

    def release(self, member: int, at_work: bool = False) -> None:
        """A member is free: they leave if due, take the next waiting visit, or wait idle.

        Only who is `at_work` (a visit has just ended) may go on after the end of their shift.
        """
        if member in self.due and self._leaves(member):
            return
        place = self.pool_of_member[self.epoch][member]
        if place < 0:
            return
        pool = self.pools[place]
        if not self.shifts.on[member] and not (at_work and pool.length and self.shifts.stays(member)):
            self.set_status(member)
            return
        visit = pool.next()
        if visit is None:
            pool.idle.append(member)
        else:
            self._begin(visit, member)

    # -- leaves ---------------------------------------------------------------------------------------------

    def set_status(self, member: int) -> None:
        """Tell the model what a member does now, other than a visit that begins or ends."""
        on = self.shifts.on[member]
        if member in self.away:
            status = self.away[member][0]
            status = status if on or status == VACANT else CLOSED
        elif not on and not (member in self.busy and not self.shifts.suspends(member)):
            status = CLOSED
        else:
            status = BUSY if member in self.busy else IDLE
        set_status(self.handle, member, status, int(on), self.env.now)

    def schedule_leave(self, member: int, start: float, hours: float) -> None:
        Timeout(self.env, start).callbacks.append(lambda _: self.call_away(member, hours))

    def call_away(self, member: int, hours: float) -> None:
        """The member is due elsewhere for some hours: at once if idle, else when they are free."""
        if hours > 0.0 and self.pool_of_member[self.epoch][member] >= 0:
            self.owed[member] += hours
            self._leave_if_idle(member)

    def absent(self, member: int, day: float, hours: float) -> None:
        """The member is absent for a day, from now or the end of the present visit on; an empty seat is not. A visit
        that outlasts the day is followed by the absence: the `hours` of shifts that the day had."""
        if member in self.vacancy or (member in self.away and self.away[member][0] == VACANT):
            return
        if member in self.busy:
            self.missed[member] += hours
        self.absent_until[member] = self.env.now + day
        self._leave_if_idle(member)

    def vacate(self, member: int, hours: float) -> None:
        """The member leaves for good; the seat stays empty for some hours."""
        self.vacancy[member] = hours
        self._leave_if_idle(member)

    def _leave_if_idle(self, member: int) -> None:
        self.due.add(member)
        if member in self.away or member in self.busy:
            return
        place = self.pool_of_member[self.epoch][member]
        if place >= 0 and member in self.pools[place].idle:
            self.pools[place].idle.remove(member)
        self._leaves(member)

    def _leaves(self, member: int) -> bool:
        """Whether a member who is free goes away now: for good, absent, or off the line."""
        now = self.env.now
        if member in self.vacancy:
            # the successor owes nothing
            self.owed[member] = self.absent_until[member] = self.missed[member] = 0.0
            self._go(member, VACANT, self.vacancy.pop(member))
        elif self.absent_until[member] > now:
            self.missed[member] = 0.0
            self._go(member, ABSENT, self.absent_until[member] - now)
        elif self.missed[member] > 0.0:
            hours, self.missed[member] = self.missed[member], 0.0
            self._go(member, ABSENT, leave_hours(self.handle, member, now, hours))
        elif self.owed[member] > 0.0:
            hours, self.owed[member] = self.owed[member], 0.0
            self._go(member, OFF_LINE, leave_hours(self.handle, member, now, hours))
        else:
            self.due.discard(member)
            return False
        return True

    def _go(self, member: int, status: int, hours: float) -> None:
        self.away[member] = (status, self.env.now)
        self.set_status(member)
        Timeout(self.env, hours).callbacks.append(lambda _: self._return(member))

    def _return(self, member: int) -> None:
        status, since = self.away.pop(member)
        if not self.world.summary:
            self.absences.append((member, status, since, self.env.now))
        induction = return_to_work(self.handle, member, self.env.now)
        if not self.shifts.on[member]:
            self.set_status(member)
        if induction > 0.0:
            self.owed[member] += induction
            self.due.add(member)
        self.release(member)

    # -- epochs ---------------------------------------------------------------------------------------------

    def schedule_epoch(self, epoch: int, start: float) -> Event:
        change = Timeout(self.env, start)
        change.callbacks.append(lambda _: self._enter(epoch))
        return change

    def _enter(self, epoch: int) -> None:
        """The plan changes; staff and waiting orders move where their pool has moved, in their present order."""
        old, self.epoch = self.epoch, epoch
        enter_epoch(self.handle, epoch, self.env.now)
        self.shifts.renew()
        same_staff = self.pool_of_member[old] == self.pool_of_member[epoch]
        if same_staff and self.pools_of_stage[old] == self.pools_of_stage[epoch]:
            return
        idle = [member for pool in self.pools for member in pool.idle]
        waiting = sorted((entry for pool in self.pools for entry in pool.waiting), key=lambda entry: entry[:2])
        occupied = self.busy | self.away.keys()
        joining = [m for m, pool in enumerate(self.pool_of_member[old]) if pool < 0 and m not in occupied]
        for pool in self.pools:
            pool.idle, pool.waiting, pool.length = deque(), [], 0
        for entry in waiting:
            if not entry[2].over:
                self.pools[self._pool(entry[2].stage, entry[2].team)].join(entry)
        for member in [*idle, *joining]:
            self.release(member)
