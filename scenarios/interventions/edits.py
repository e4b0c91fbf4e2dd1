"""Small edits of a blueprint that interventions are made of. Each returns a new blueprint."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from sim.blueprint import Blueprint, Distribution, Handoff, Spending, StaffMember, StaffPool, Stage
from sim.invalid import require

SESSION = 8.0  # working hours: off-line hours come in sessions of a working day


def month(b: Blueprint) -> float:
    """Hours of a month on the run's clock."""
    return b.calendar.year / 12.0


def change_stages(b: Blueprint, names: Iterable[str], change: Callable[[Stage], Stage]) -> Blueprint:
    """Apply `change` to the named stages."""
    chosen = set(names)
    return replace(b, stages={n: change(s) if n in chosen else s for n, s in b.stages.items()})


def change_handoffs(b: Blueprint, change: Callable[[str, str, Handoff], Handoff]) -> Blueprint:
    """Apply `change(from, to, handoff)` to every way out of every stage."""
    return replace(b, route={s: {t: change(s, t, h) for t, h in ways.items()} for s, ways in b.route.items()})


def change_members(b: Blueprint, pools: Iterable[str], change: Callable[[StaffMember], StaffMember]) -> Blueprint:
    """Apply `change` to every member of the named pools."""

    def changed(pool: StaffPool) -> StaffPool:
        return replace(pool, members={n: change(m) for n, m in pool.members.items()})

    return change_pools(b, pools, changed)


def pools_of(b: Blueprint, stages: Iterable[str]) -> tuple[str, ...]:
    """The staff pools that serve the named stages, each once."""
    return tuple(dict.fromkeys(pool for name in stages for pool in b.stages[name].pools))


def change_pools(b: Blueprint, names: Iterable[str], change: Callable[[StaffPool], StaffPool]) -> Blueprint:
    """Apply `change` to the named pools."""
    chosen = set(names)
    return replace(b, pools={n: change(p) if n in chosen else p for n, p in b.pools.items()})


def coordinate(b: Blueprint, pools: Iterable[str], share: float) -> Blueprint:
    """The members of the pools spend a further `share` of their hours agreeing with colleagues (at most .9 in all)."""
    return change_pools(b, pools, lambda p: replace(p, coordination=min(0.9, p.coordination + share)))


def head_count(b: Blueprint, pools: Iterable[str]) -> int:
    return sum(len(b.pools[name].members) for name in pools)


def take_off_line(b: Blueprint, pools: Iterable[str], start: float, hours: float) -> Blueprint:
    """Every member of the pools is away for `hours` from `start` on, in sessions of a day, one a week.

    Members of a pool go on different days of the week, so that a pool is not emptied at once (assumption).
    """
    require(hours >= 0, "hours", hours, "must be a number of hours >= 0")
    if hours == 0 or start >= b.horizon.end:
        return b
    week, day = b.calendar.week, b.calendar.day
    days = max(1, round(week / day))
    within = min(hours, SESSION * math.ceil((b.horizon.end - start) / week))  # sessions of weeks that begin in the run

    def periods(turn: int) -> tuple[tuple[float, float], ...]:
        whole, rest = divmod(within, SESSION)
        lengths = [SESSION] * int(whole) + ([rest] if rest > 1e-9 else [])
        first = start + turn % days * day
        return tuple((first + number * week, length) for number, length in enumerate(lengths))

    def send(pool: StaffPool) -> StaffPool:
        members = {
            name: replace(member, off_line=member.off_line + periods(turn))
            for turn, (name, member) in enumerate(pool.members.items())
        }
        return replace(pool, members=members)

    return change_pools(b, pools, send)


def spend(
    b: Blueprint,
    label: str,
    start: float,
    one_off: float = 0.0,
    per_week: float = 0.0,
    cost_class: str = "prevention",
) -> Blueprint:
    """Add what a programme costs beside hours (cu)."""
    if one_off == 0.0 and per_week == 0.0:
        return b
    return replace(b, spending=(*b.spending, Spending(label, cost_class, start, one_off, per_week)))


def lengthen(time: Distribution, hours: float) -> Distribution:
    """A service time whose mean is `hours` longer, of the same shape."""
    return time.scaled((time.mean + hours) / time.mean)
