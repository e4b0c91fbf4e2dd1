"""Small blueprints for tests: say only what the test is about, everything else is the simplest there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sim.blueprint import (
    DELIVERED,
    DIMENSIONS,
    Arrivals,
    Blueprint,
    Check,
    Distribution,
    ErrorRate,
    Expectations,
    Handoff,
    Horizon,
    Information,
    KnockOn,
    Perception,
    Promise,
    Recovery,
    Rework,
    Segment,
    SpecialCause,
    StaffMember,
    StaffPool,
    Stage,
)
from sim.journal import Journal
from sim.simulate import simulate

PLENTY = 60  # staff members that stand for "nobody ever waits" at light load
DIRECT = Handoff()


def fixed(hours: float) -> Distribution:
    """A time that never varies."""
    return Distribution("deterministic", hours)


def exponential(mean: float) -> Distribution:
    return Distribution("exponential", mean)


def stream(interval: Distribution | float, orders: int = 1, reorder: Distribution | float = 100.0) -> Arrivals:
    """New customers at fixed intervals, or at intervals drawn from a distribution."""
    return Arrivals("stream", _time(interval), orders=orders, reorder=_time(reorder))


def population(customers: int, interval: Distribution | float) -> Arrivals:
    return Arrivals("population", _time(interval), customers=customers)


def pool(name: str, members: int = 1, member: StaffMember | None = None, discretion: float = 0.0) -> StaffPool:
    """Members `name`0, `name`1, ... all alike."""
    return StaffPool({f"{name}{i}": member or StaffMember() for i in range(members)}, discretion)


def chain(
    n: int = 1,
    *,
    service: Any = 1.0,
    p: Any = 0.0,
    members: Any = 1,
    handoff: Any = DIRECT,
    arrivals: Arrivals | None = None,
    hours: float = 100.0,
    warm_up: float = 0.0,
    grid: float = 0.0,
    stages: Mapping[int, Mapping[str, Any]] | None = None,
    every: Mapping[str, Any] | None = None,
    layers: Sequence[int] = (0,),
    **parts: Any,
) -> Blueprint:
    """Stages s1, s2, ... sn in a row, each with a pool of its own (p1: members p1_0, p1_1, ...).

    `service`, `p`, `members` and `handoff` (out of a stage) hold for all stages or list one value a stage; a plain
    number of hours is deterministic, a plain `p` is all system error. `every` adds fields to all stages and `stages`
    to some (by position, from 1). The other keywords go to the blueprint.
    """
    names = [f"s{i}" for i in range(1, n + 1)]
    rows = zip(names, _each(service, n), _each(p, n), strict=True)
    built = {
        name: replace(
            Stage(f"p{name[1:]}", service=_time(time), error=_error(rate)),
            **{**(every or {}), **(stages or {}).get(int(name[1:]), {})},
        )
        for name, time, rate in rows
    }
    needed = {stage.pool for stage in built.values()}
    pools = {f"p{i}": pool(f"p{i}_", k) for i, k in zip(range(1, n + 1), _each(members, n), strict=True)}
    ways = [*zip(names, names[1:], _each(handoff, n), strict=False), (names[-1], DELIVERED, Handoff())]
    defaults: dict[str, Any] = {
        "pools": {name: p for name, p in pools.items() if name in needed},
        "segments": {"all": Segment()},
        "route": {source: {target: way} for source, target, way in ways},
        "first": names[0],
        "arrivals": arrivals or stream(10.0),
        "horizon": Horizon(warm_up, hours, grid),
        "layers": tuple(layers),
    }
    return Blueprint(stages=built, **{**defaults, **parts})


def plain_rules(**changed: Any) -> dict[str, Any]:
    """Layers 1 and 3 reduced to the bare mechanism: no knock-on, no clarification, rework that works, no bias."""
    neutral: dict[str, Any] = {
        "knock_on": KnockOn(1.0),
        "information": Information(0.0, 0.0, 0.0),
        "rework": Rework(1.0, 0.0, 0.0, False, 0.0),
        "perception": Perception(wait_bias=1.0, peak_weight=0.0, end_weight=0.0, halo=0.0, assimilation=0.0),
        "recovery": Recovery(major_share=0.0, surfacing=1.0, minor_complaint=0.0, major_complaint=0.0),
    }
    return {**neutral, **changed}


def level_expectations(desired: float = 0.9, **changed: Any) -> Expectations:
    """Every customer desires the same level in every dimension, and keeps desiring it."""
    constant = {"desired_mean": dict.fromkeys(DIMENSIONS, desired), "desired_sd": 0.0, "ratchet": 0.0}
    return Expectations(**{**constant, **changed})


def weights(**given: float) -> dict[str, float]:
    return {**dict.fromkeys(DIMENSIONS, 0.0), **given}


def rich_system(hours: float = 120.0, customers: int = 12, interval: float = 30.0, **parts: Any) -> Blueprint:
    """A small system in which every mechanism of every layer is at work, and often."""
    common = {
        "self_check": Check(0.3, 0.05),
        "incoming_check": Check(0.3, 0.05),
        "special_cause": SpecialCause(0.02, 3.0, 20.0),
    }

    def stage(crew: str, function: str, kind: str, *, onstage: bool = False, **more: Any) -> Stage:
        service = Distribution(kind, 0.6, 0.6)
        error = ErrorRate(0.15, 0.4, 0.1, 0.4)
        moment = {"onstage": onstage, "moment_of_truth": onstage}
        return Stage(crew, function, service, error, **{**common, **moment, **more})

    built = {
        "intake": stage("front", "sales", "exponential", onstage=True),
        "work": stage("back", "plant", "lognormal", extra_time=0.1),
        "finish": stage("back", "plant", "gamma"),
        "ship": stage("front", "sales", "lognormal", onstage=True, inspection=Check(0.7, 0.1)),
    }
    border = Handoff(retention=0.9, corruption=0.05, delay=exponential(1.0), border=True)
    route = {
        "intake": {"work": border},
        "work": {"finish": Handoff(0.7, 0.98, batch=2), "work": Handoff(0.1), "ship": replace(border, probability=0.2)},
        "finish": {"ship": border},
        "ship": {DELIVERED: Handoff()},
    }
    crews = {
        "front": StaffPool({"ann": StaffMember(0.9, 0.8), "bob": StaffMember(0.6, 0.7, off_line=((20.0, 8.0),))}, 0.3),
        "back": StaffPool({"cem": StaffMember(0.7, gain=0.05), "dia": StaffMember(0.8, morale=0.8)}, 0.1),
    }
    arrivals = population(customers, interval)
    defaults: dict[str, Any] = {
        "segments": {
            "regular": Segment(share=0.75, priority=1),
            "key": Segment(share=0.25, priority=0, complexity=1.3),
        },
        "arrivals": replace(arrivals, interval=exponential(interval)),
        "knock_on": KnockOn(2.0, frailty=0.1),
        "rework": Rework(failure=0.2),
        "promise": Promise(lead_time=6.0),
        "horizon": Horizon(0.0, hours),
        "layers": (0, 1, 3),
    }
    return Blueprint(built, crews, route=route, first="intake", **{**defaults, **parts})


# -- reading journals ----------------------------------------------------------------------------------------


def run(system: Any, seed: int = 1, replication: int = 0) -> Journal:
    """The journal of a run, also of a queue that no steady state has."""
    return simulate(system, seed, replication, allow_unstable=True)


def rows(journal: Journal, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a table as tuples, with names for stages and staff and None for "has not happened"."""
    frame = journal.frame(table)
    wanted = [frame[c].tolist() for c in columns]
    return [tuple(_plain(v) for v in row) for row in zip(*wanted, strict=True)]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def _time(value: Distribution | float) -> Distribution:
    return value if isinstance(value, Distribution) else fixed(float(value))


def _error(value: ErrorRate | float) -> ErrorRate:
    return value if isinstance(value, ErrorRate) else ErrorRate(float(value), 0.0)


def _each(value: Any, n: int) -> list[Any]:
    if isinstance(value, (list, tuple, np.ndarray)):
        assert len(value) == n, f"one value for each of {n} stages"
        return list(value)
    return [value] * n
