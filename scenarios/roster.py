"""The short form of staff pools: how many, who, and when they are at work.

A pool is `size` members of one kind, or the `members` listed by name, or `shifts` by name, each with a `size` of its
own. Levels (skill, morale, ...) of the pool hold for everybody who does not say otherwise. Working time is given by
`hours`: periods [start, end] of the week, or, with `days`, of the day, repeated on the days listed (1 is the first day
of the week). A period may run over midnight, and over the end of the week.

    agents: {discretion: 0.3, shifts: {early: {size: 3, hours: [[8, 16]], days: [1, 2, 3, 4, 5]}, night: {...}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from scenarios.build import build, convert
from scenarios.merge import mapping_in, merged
from sim.blueprint import Calendar, StaffMember, StaffPool
from sim.invalid import InvalidInput, require, require_known

Periods = tuple[tuple[float, float], ...]

_TIME = ("hours", "days")
_MEMBER_FIELDS = tuple(f.name for f in fields(StaffMember))
_POOL_FIELDS = tuple(f.name for f in fields(StaffPool) if f.name != "members")
_MOST = 10_000


def build_pool(name: str, data: Mapping[str, Any], calendar: Calendar) -> StaffPool:
    """The pool that a short form describes. Raises `InvalidInput` with the path of the first fault."""
    where = f"pools.{name}"
    require_known(where, data, ["size", "members", *_POOL_FIELDS, *_MEMBER_FIELDS, *_TIME])
    levels = {k: v for k, v in data.items() if k in (*_MEMBER_FIELDS, *_TIME) and v is not None}
    listed = {str(m): (f"{where}.members.{m}", value) for m, value in mapping_in(data, "members").items()}
    if isinstance(levels.get("shifts"), Mapping):
        require(not listed, f"{where}.shifts", None, "give members by name, or shifts with sizes, not both")
        require(data.get("size") is None, f"{where}.size", data.get("size"), "every shift has a size of its own")
        listed = _by_shift(name, levels.pop("shifts"), f"{where}.shifts")
    elif not listed:
        listed = {f"{name}_{i + 1}": (f"{where}.members.{name}_{i + 1}", {}) for i in range(_size(data, where))}
    members = {}
    for member, (place, value) in listed.items():
        given = merged(levels, value, place)
        if given.get("hours") is not None or given.get("days") is not None:
            given["shifts"] = _shifts(given, calendar, place)
        members[member] = build(StaffMember, {k: v for k, v in given.items() if k not in _TIME}, place)
    chosen = {key: data[key] for key in _POOL_FIELDS if data.get(key) is not None}
    return build(StaffPool, {"members": members, **chosen}, where)


def _by_shift(pool: str, shifts: Mapping[str, Any], where: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """The members of every shift: name -> (path of the shift, what it says of them)."""
    require(len(shifts) > 0, where, None, "a pool with shifts needs at least one")
    listed = {}
    for shift, value in shifts.items():
        place = f"{where}.{shift}"
        data = merged({}, value, place)
        require_known(place, data, ["size", *_MEMBER_FIELDS, *_TIME])
        given = {key: level for key, level in data.items() if key != "size"}
        for number in range(_size(data, place)):
            listed[f"{pool}_{shift}_{number + 1}"] = (place, given)
    return listed


def _size(data: Mapping[str, Any], where: str) -> int:
    size: int = convert(int, 1 if data.get("size") is None else data["size"], f"{where}.size")
    require(1 <= size <= _MOST, f"{where}.size", size, f"must be a whole number from 1 to {_MOST}")
    return size


def _shifts(data: Mapping[str, Any], calendar: Calendar, where: str) -> Periods:
    """Periods of the week at work, in order, from `hours` and `days`."""
    require(not data.get("shifts"), f"{where}.shifts", data.get("shifts"), "give hours (and days), or shifts, not both")
    require(data.get("hours") is not None, f"{where}.hours", None, "days need hours: [[8, 16]]")
    periods: Periods = convert(tuple[tuple[float, float], ...], data["hours"], f"{where}.hours")
    require(len(periods) > 0, f"{where}.hours", None, "at least one period [start, end] is needed")
    length = calendar.week
    if data.get("days") is not None:
        length = calendar.day
        most = round(calendar.week / calendar.day)
        days: tuple[int, ...] = convert(tuple[int, ...], data["days"], f"{where}.days")
        require(len(days) > 0, f"{where}.days", None, "at least one day is needed")
        for day in days:
            require(1 <= day <= most, f"{where}.days", day, f"must be a day of the week, 1 to {most}")
    for start, end in periods:
        allowed = f"a period is [start, end], start from 0 to {length:g}, end after it and at most {length:g} h later"
        require(0 <= start < length and start < end <= start + length, f"{where}.hours", [start, end], allowed)
    if data.get("days") is not None:
        offsets = [(day - 1) * calendar.day for day in sorted(set(days))]
        periods = tuple((start + begin, end + begin) for begin in offsets for start, end in periods)
    return _in_order(periods, calendar.week, f"{where}.hours")


def _in_order(periods: Periods, week: float, where: str) -> Periods:
    """Within the week and in order; what runs over its end goes on at its beginning, what touches is one."""
    cut = [(start, min(end, week)) for start, end in periods]
    cut += [(0.0, end - week) for _, end in periods if end > week]
    joined: list[tuple[float, float]] = []
    for start, end in sorted(cut):
        if joined and start < joined[-1][1]:
            raise InvalidInput(where, [start, end], "periods of the week overlap")
        if joined and start == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
