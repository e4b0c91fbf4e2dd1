"""Shifts and opening hours on the clock of the week."""

from __future__ import annotations

import math

from sim.kernel import kernel
from sim.model.lookup import member_now, rules_now, segment_now
from sim.tables import numbers

_ROUNDING = 1e-9  # h: what ends with a shift or a slot but for rounding does not go on in the next one


@kernel
def through_shifts(world, member_index, now, hours):  # type: ignore[no-untyped-def]
    """Hours on the clock until `hours` of work are done in a member's shifts, from `now` on."""
    plan = member_now(world, member_index)
    if plan.n_shifts == 0 or hours <= 0.0:
        return hours
    week = rules_now(world).week
    base = math.floor(now / week) * week
    left = hours
    while True:
        for i in range(plan.n_shifts):
            begin = max(now, base + numbers(world, plan.shifts + 2 * i).value)
            end = base + numbers(world, plan.shifts + 2 * i + 1).value
            if end > begin:
                if left <= end - begin + _ROUNDING:
                    return begin + left - now
                left -= end - begin
        base += week


@kernel
def shift_hours(world, member_index, start, hours):  # type: ignore[no-untyped-def]
    """Hours of a member's shifts between `start` and `start` + `hours` (within one week)."""
    plan = member_now(world, member_index)
    if plan.n_shifts == 0:
        return hours
    week = rules_now(world).week
    begin = start - math.floor(start / week) * week
    total = 0.0
    for i in range(plan.n_shifts):
        first = numbers(world, plan.shifts + 2 * i).value
        last = numbers(world, plan.shifts + 2 * i + 1).value
        total += max(0.0, min(begin + hours, last) - max(begin, first))
    return total


@kernel
def through_profile(world, segment_index, now, gap):  # type: ignore[no-untyped-def]
    """An interval between arrivals, stretched where few come and shrunk where many do."""
    plan = segment_now(world, segment_index)
    if plan.slots == 0:
        return gap
    week = rules_now(world).week
    width = week / plan.slots
    place = math.floor(now / week) * week
    slot = int((now - place) / width)
    weekly = 0.0
    for i in range(plan.slots):
        weekly += numbers(world, plan.profile + i).value * width
    skipped = max(0.0, math.floor(gap / weekly) - 1.0)  # whole weeks, whatever hour it is
    left = gap - skipped * weekly
    time = now + skipped * week
    place += skipped * week
    while True:
        if slot >= plan.slots:
            slot = 0
            place += week
        end = place + (slot + 1) * width
        rate = numbers(world, plan.profile + slot).value
        if end > time:
            if rate > 0.0 and left <= rate * (end - time) + _ROUNDING:
                return time + left / rate - now
            left -= rate * (end - time)
            time = end
        slot += 1
