"""From a system's configuration to its blueprint: fills in what the short form leaves unsaid.

Beyond the fields of `Blueprint` a system may give: `stage_defaults` and `segment_defaults` (laid under every stage
and segment), `pool_defaults` (a stage that names no pool gets one of its own), `route: serial`, and `handoffs` with
`inside` and `border` (values for handoffs within and between functions) and `between.<from>.<to>` for single ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from scenarios.build import build, convert
from sim.blueprint import DELIVERED, Blueprint, Handoff, Segment, StaffMember, StaffPool, Stage
from sim.invalid import InvalidInput, require, require_known, unknown_name
from sim.switches import apply_switches

_SHORT_FORMS = ("stage_defaults", "segment_defaults", "pool_defaults", "handoffs")
_MEMBER_FIELDS = tuple(f.name for f in fields(StaffMember))
_DERIVED = ("stages", "pools", "segments", "route", "first")


def build_blueprint(data: Mapping[str, Any], where: str = "system") -> Blueprint:
    """The blueprint described by a plain mapping. Raises `InvalidInput` with the path of the first fault."""
    try:
        known = [f.name for f in fields(Blueprint) if f.name != "spending"]
        require_known("", data, [*known, *_SHORT_FORMS])
        stages = _stages(data)
        route = _route(data, stages)
        plain: dict[str, Any] = {k: v for k, v in data.items() if k in known and k not in _DERIVED and v is not None}
        plain["stages"] = stages
        plain["pools"] = _pools(data, stages)
        plain["segments"] = _segments(data)
        plain["route"] = route
        plain["first"] = data.get("first") or next(iter(stages))
        blueprint = build(Blueprint, plain)
        apply_switches(blueprint)  # refuses unknown layers and mechanisms
        return blueprint
    except InvalidInput as fault:
        raise fault.under(where) from None


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    if value is None:
        return {}
    require(isinstance(value, Mapping), key, value, "must be a mapping of names to values")
    return value  # type: ignore[no-any-return]


def _merged(under: Mapping[str, Any], over: Any, where: str) -> dict[str, Any]:
    """Two nested mappings, the second laid over the first."""
    if over is None:
        over = {}
    require(isinstance(over, Mapping), where, over, "must be a mapping of names to values")
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(below, value, f"{where}.{key}") if both and below is not None else value
    return merged


def _stages(data: Mapping[str, Any]) -> dict[str, Stage]:
    defaults = _mapping(data, "stage_defaults")
    given = _mapping(data, "stages")
    require(len(given) > 0, "stages", None, "a system needs at least one stage")
    stages = {}
    for name, value in given.items():
        merged = _merged(defaults, value, f"stages.{name}")
        merged.setdefault("pool", name)
        stages[str(name)] = build(Stage, merged, f"stages.{name}")
    return stages


def _pools(data: Mapping[str, Any], stages: Mapping[str, Stage]) -> dict[str, StaffPool]:
    defaults = _mapping(data, "pool_defaults")
    given = _mapping(data, "pools")
    serving = dict.fromkeys(s.pool for s in stages.values())
    for name in given:
        if name not in serving:
            raise unknown_name(f"pools.{name}", name, serving, "staff pool: no stage has it")
    own = [name for name, stage in stages.items() if stage.pool == name]
    names = dict.fromkeys([*given, *own])
    return {name: _pool(name, _merged(defaults, given.get(name), f"pools.{name}")) for name in names}


def _pool(name: str, data: dict[str, Any]) -> StaffPool:
    """`size` members with the pool's levels, or the `members` listed by name (laid over those levels)."""
    where = f"pools.{name}"
    require_known(where, data, ["size", "discretion", "members", *_MEMBER_FIELDS])
    levels = {key: value for key, value in data.items() if key in _MEMBER_FIELDS}
    size = convert(int, data.get("size", 1), f"{where}.size")
    require(1 <= size <= 10_000, f"{where}.size", size, "must be a whole number from 1 to 10000")
    listed = _mapping(data, "members") or {f"{name}_{i + 1}": {} for i in range(size)}
    members = {
        str(member): build(
            StaffMember, _merged(levels, values, f"{where}.members.{member}"), f"{where}.members.{member}"
        )
        for member, values in listed.items()
    }
    chosen = {"discretion": data["discretion"]} if "discretion" in data else {}
    return build(StaffPool, {"members": members, **chosen}, where)


def _segments(data: Mapping[str, Any]) -> dict[str, Segment]:
    defaults = _mapping(data, "segment_defaults")
    given = _mapping(data, "segments") or {"customers": {}}
    return {
        str(name): build(Segment, _merged(defaults, value, f"segments.{name}"), f"segments.{name}")
        for name, value in given.items()
    }


def _route(data: Mapping[str, Any], stages: Mapping[str, Stage]) -> dict[str, dict[str, Handoff]]:
    route = data.get("route", "serial")
    if route == "serial":
        names = [*stages, DELIVERED]
        ways: dict[str, dict[str, Any]] = {a: {b: {}} for a, b in pairwise(names)}
    else:
        require(
            isinstance(route, Mapping),
            "route",
            route,
            "must be 'serial' or a mapping stage -> next stage -> probability",
        )
        ways = {str(s): dict(_mapping(route, s)) for s in route}
    handoffs = _mapping(data, "handoffs")
    require_known("handoffs", handoffs, ["inside", "border", "between"])
    between = _mapping(handoffs, "between")
    for source in between:
        if source not in ways:
            raise unknown_name(f"handoffs.between.{source}", source, ways, "stage")
        for target in _mapping(between, source):
            if target not in ways[source]:
                raise unknown_name(f"handoffs.between.{source}.{target}", target, ways[source], "next stage")
    return {s: {t: _handoff(s, t, way, handoffs, stages) for t, way in targets.items()} for s, targets in ways.items()}


def _handoff(source: str, target: str, way: Any, handoffs: Mapping[str, Any], stages: Mapping[str, Stage]) -> Handoff:
    """One handoff: what holds inside or across functions, then what is said of this one."""
    where = f"route.{source}.{target}"
    if source not in stages:
        raise unknown_name(f"route.{source}", source, stages, "stage")
    if target != DELIVERED and target not in stages:
        raise unknown_name(where, target, [*stages, DELIVERED], "stage")
    own = way if isinstance(way, Mapping) else {"probability": way}
    if target == DELIVERED:
        return build(Handoff, own, where)
    single = _mapping(_mapping(_mapping(handoffs, "between"), source), target)
    border = single.get("border", own.get("border", stages[source].function != stages[target].function))
    common = _mapping(handoffs, "border" if border else "inside")
    merged = _merged(_merged({**common, "border": border}, own, where), single, f"handoffs.between.{source}.{target}")
    return build(Handoff, merged, where)
