"""Shifts with SimPy: who is at work when, by the hours of the week."""

from __future__ import annotations

import math
from typing import Any

from simpy.events import Timeout


class Shifts:
    """Members come to work and go home; without any shifts in the plan everybody is always at work.

    At a boundary of shifts first those go whose shift ends, then those come whose shift begins, in roster order.
    """

    def __init__(self, service: Any) -> None:
        """`service`: the `sim.simpy_service.Service` that these shifts belong to (not imported: it imports this)."""
        self.service, self.env = service, service.env
        plan = service.world.plan
        names = plan.staff_names
        self.week = plan.blueprints[0].calendar.week
        self.periods = [[_shifts(b, name) for name in names] for b in plan.blueprints]
        self.closing = [[_closing(b, name) for name in names] for b in plan.blueprints]
        self.needed = any(any(row) for row in self.periods)
        self._timer = 0
        self.on = [self._is_on(member, 0.0) for member in range(len(names))]

    def start(self) -> None:
        """Before the first event."""
        for member, on in enumerate(self.on):
            if not on:
                self.service.set_status(member)
        if self.needed:
            self._schedule()

    def stays(self, member: int) -> bool:
        return bool(self.closing[self.service.epoch][member] == "stay")

    def suspends(self, member: int) -> bool:
        return bool(self.closing[self.service.epoch][member] == "suspend")

    def renew(self) -> None:
        """The plan has changed: bring everybody's shift up to date, and look for the next boundary anew."""
        if self.needed:
            self._turn(self._hour())
            self._schedule()

    def _is_on(self, member: int, hour: float) -> bool:
        periods = self.periods[self.service.epoch][member]
        return not periods or any(start <= hour < end for start, end in periods)

    def _hour(self) -> float:
        return float(self.env.now - math.floor(self.env.now / self.week) * self.week)

    def _schedule(self) -> None:
        """The next boundary of the week, as long as there is work or customers may still come."""
        self._timer += 1
        service, timer = self.service, self._timer
        if self.env.now >= service.run["end"] and service.run["in_system"] == 0:
            return
        periods = self.periods[service.epoch]
        hours = sorted({hour % self.week for row in periods for period in row for hour in period})
        if not hours:
            return
        here = self._hour()
        base = self.env.now - here
        ahead = next((h for h in hours if h > here + 1e-9), None)
        hour, start = (ahead, base) if ahead is not None else (hours[0], base + self.week)
        Timeout(self.env, start + hour - self.env.now).callbacks.append(lambda _: self._boundary(timer, hour))

    def _boundary(self, timer: int, hour: float) -> None:
        if timer == self._timer:  # not overtaken by a change of plan
            self._turn(hour)
            self._schedule()

    def _turn(self, hour: float) -> None:
        service = self.service
        present = [self._is_on(member, hour) for member in range(len(self.on))]
        changed = [m for m, on in enumerate(present) if on != self.on[m]]
        for member in [*(m for m in changed if not present[m]), *(m for m in changed if present[m])]:
            self.on[member] = present[member]
            place = service.pool_of_member[service.epoch][member]
            if not present[member] and place >= 0 and member in service.pools[place].idle:
                service.pools[place].idle.remove(member)
            service.set_status(member)
            if place >= 0 and member not in service.busy and member not in service.away:
                service.release(member)


def _member(blueprint: Any, name: str) -> tuple[Any, Any]:
    return next(((p, p.members[name]) for p in blueprint.pools.values() if name in p.members), (None, None))


def _shifts(blueprint: Any, name: str) -> tuple[tuple[float, float], ...]:
    member = _member(blueprint, name)[1]
    return member.shifts if member else ()


def _closing(blueprint: Any, name: str) -> str:
    pool = _member(blueprint, name)[0]
    return pool.at_close if pool else "leave"
