"""From a system's configuration to its blueprint: fills in what the short form leaves unsaid.

Beyond the fields of `Blueprint` a system may give: `stage_defaults` and `segment_defaults` (laid under every stage
and segment), `pool_defaults` (a stage that names no pool gets one of its own), `route: serial`, and `handoffs` with
`inside` and `border` (values for handoffs within and between functions) and `between.<from>.<to>` for single ones.
A supplier may give its terms (`lead_time`, `defect`, `price`) directly. Pools and shifts: see `scenarios.roster`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from scenarios.build import build
from scenarios.merge import mapping_in, merged
from scenarios.roster import build_pool
from sim.blueprint import DELIVERED, Blueprint, Calendar, Handoff, Segment, StaffPool, Stage, Supplier, Terms
from sim.invalid import InvalidInput, require, require_known, unknown_name
from sim.switches import apply_switches

_SHORT_FORMS = ("stage_defaults", "segment_defaults", "pool_defaults", "handoffs")
_DERIVED = ("stages", "pools", "segments", "route", "first", "suppliers")
_TERMS = tuple(f.name for f in fields(Terms))


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
        plain["suppliers"] = _suppliers(data)
        plain["route"] = route
        plain["first"] = data.get("first") or next(iter(stages))
        blueprint = build(Blueprint, plain)
        apply_switches(blueprint)  # refuses unknown layers and mechanisms
        return blueprint
    except InvalidInput as fault:
        raise fault.under(where) from None


def _stages(data: Mapping[str, Any]) -> dict[str, Stage]:
    defaults = mapping_in(data, "stage_defaults")
    given = mapping_in(data, "stages")
    require(len(given) > 0, "stages", None, "a system needs at least one stage")
    stages = {}
    for name, value in given.items():
        laid = merged(defaults, value, f"stages.{name}")
        teams = laid.get("teams") or ()
        if isinstance(teams, (list, tuple)) and len(teams) > 0:
            pool = laid.setdefault("pool", teams[0])
            require(pool in teams, f"stages.{name}.pool", pool, "give a pool, or teams: the pools that share the work")
        laid.setdefault("pool", name)
        stages[str(name)] = build(Stage, laid, f"stages.{name}")
    return stages


def _pools(data: Mapping[str, Any], stages: Mapping[str, Stage]) -> dict[str, StaffPool]:
    defaults = mapping_in(data, "pool_defaults")
    given = mapping_in(data, "pools")
    serving = dict.fromkeys(pool for stage in stages.values() for pool in stage.pools)
    for name in given:
        if name not in serving:
            raise unknown_name(f"pools.{name}", name, serving, "staff pool: no stage has it")
    own = [name for name, stage in stages.items() if stage.pools == (name,)]
    names = dict.fromkeys([*given, *own])
    calendar = build(Calendar, mapping_in(data, "calendar"), "calendar")
    return {n: build_pool(n, merged(defaults, given.get(n), f"pools.{n}"), calendar) for n in names}


def _suppliers(data: Mapping[str, Any]) -> dict[str, Supplier]:
    """Suppliers by name; what they deliver stands under `terms`, or directly beside the name."""
    suppliers = {}
    for name, value in mapping_in(data, "suppliers").items():
        where = f"suppliers.{name}"
        given = merged({}, value, where)
        require_known(where, given, [*_TERMS, "terms", "partnership"])
        direct = {key: given.pop(key) for key in _TERMS if key in given}
        if direct:
            require("terms" not in given, f"{where}.terms", None, f"stands for {', '.join(direct)} already")
            given["terms"] = direct
        suppliers[str(name)] = build(Supplier, given, where)
    return suppliers


def _segments(data: Mapping[str, Any]) -> dict[str, Segment]:
    defaults = mapping_in(data, "segment_defaults")
    given = mapping_in(data, "segments") or {"customers": {}}
    return {
        str(name): build(Segment, merged(defaults, value, f"segments.{name}"), f"segments.{name}")
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
        ways = {str(s): dict(mapping_in(route, s)) for s in route}
    handoffs = mapping_in(data, "handoffs")
    require_known("handoffs", handoffs, ["inside", "border", "between"])
    between = mapping_in(handoffs, "between")
    for source in between:
        if source not in ways:
            raise unknown_name(f"handoffs.between.{source}", source, ways, "stage")
        for target in mapping_in(between, source):
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
    single = mapping_in(mapping_in(mapping_in(handoffs, "between"), source), target)
    border = single.get("border", own.get("border", stages[source].function != stages[target].function))
    common = mapping_in(handoffs, "border" if border else "inside")
    laid = merged(merged({**common, "border": border}, own, where), single, f"handoffs.between.{source}.{target}")
    return build(Handoff, laid, where)
