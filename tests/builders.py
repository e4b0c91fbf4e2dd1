"""Small blueprints for tests: say only what the test is about, everything else is the simplest there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from sim.blueprint import (
    DELIVERED,
    DIMENSIONS,
    Arrivals,
    Attendance,
    Blueprint,
    Calendar,
    Check,
    Distribution,
    ErrorRate,
    Expectations,
    Handoff,
    Horizon,
    Improvement,
    Information,
    KnockOn,
    Knowledge,
    Load,
    Morale,
    Participation,
    Partnership,
    Perception,
    Practice,
    Promise,
    Recovery,
    Relationship,
    Requirements,
    Rework,
    Segment,
    SpecialCause,
    StaffMember,
    StaffPool,
    Stage,
    Supplier,
    Terms,
    WordOfMouth,
)
from sim.journal import Journal
from sim.simulate import simulate
from sim.world import World

PLENTY = 60  # staff members that stand for "nobody ever waits" at light load
DIRECT = Handoff()
Main = Callable[..., tuple[int, str, str]]  # the fixture `main`: words of the command -> exit code, stdout, stderr


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


def rich_organisation(hours: float = 400.0, customers: int = 24, interval: float = 30.0, **parts: Any) -> Blueprint:
    """The rich system with all layers: teams, shifts, suppliers, patience, a life of the staff and of the relationship
    in which everything happens often."""
    base = rich_system(hours, customers, interval)
    stages = dict(base.stages)
    stages["intake"] = replace(stages["intake"], customer_waits=True, teams=("front", "desk"))
    stages["work"] = replace(stages["work"], configures=True, supplier="steel")
    stages["finish"] = replace(stages["finish"], tampering=True, supplier="parts")
    gives = {"participation": 1.0, "involvement": 0.4, "coordination": 0.05, "pressure": 0.1}
    morning, evening = (tuple((8.0 * d + a, 8.0 * d + b) for d in range(5)) for a, b in ((0.0, 6.0), (2.0, 8.0)))
    crews = {
        "front": StaffPool(
            {
                "ann": StaffMember(0.9, 0.8, shifts=morning),
                "bob": StaffMember(0.6, 0.7, off_line=((20.0, 8.0),), shifts=evening),
            },
            0.3,
            at_close="stay",
            **gives,
        ),
        "desk": StaffPool({"eve": StaffMember(0.7, shifts=morning), "fay": StaffMember(shifts=evening)}, 0.2, **gives),
        "back": StaffPool({"cem": StaffMember(0.7, gain=0.05), "dia": StaffMember(0.8, morale=0.8)}, 0.1, **gives),
    }
    segment = Segment(patience=exponential(1.0), balk_at=3, prospects=4.0)
    partnership = Partnership(promised=2.0, trust=0.3, trust_gain=0.1, trust_loss=0.2, break_hazard=20.0)
    defaults: dict[str, Any] = {
        "stages": stages,
        "pools": crews,
        "segments": {
            "regular": replace(segment, share=0.75, priority=1),
            "key": replace(segment, share=0.25, complexity=1.3, owner=True),
        },
        "suppliers": {
            "steel": Supplier(Terms(Distribution("gamma", 1.0, 0.5), 0.2, 30.0)),
            "parts": Supplier(Terms(exponential(1.5), 0.1, 20.0), partnership),
        },
        "requirements": Requirements(0.05),
        "practice": Practice(learning_rate=0.02, forgetting=0.005, induction_hours=3.0, induction_gain=0.1),
        "load": Load(load_time=2.0, overwork_time=20.0, overload_from=0.5, tipping_from=0.6, tipping=1.0),
        "morale": Morale(morale_weeks=2.0),
        "attendance": Attendance(absence=0.15, turnover=6.0, vacancy=12.0),
        "participation": Participation(idea_yield=0.5, idea_tenure=40.0, follow_up=0.6),
        "knowledge": Knowledge(personal=0.9, shared=0.1),
        "improvement": Improvement(cycle_weeks=1.0, answers=10.0, check_jobs=10.0, team_hours=4.0),
        "relationship": Relationship(retention_base=-5.0, switching_cost=0.5),
        "word_of_mouth": WordOfMouth(talk=0.8, prospect=0.05, referral_delay=10.0),
        "calendar": Calendar(),
        "layers": (0, 1, 2, 3, 4),
    }
    return replace(base, **{**defaults, **parts})


# -- reading journals ----------------------------------------------------------------------------------------


ENGINE = "compiled"  # what `run` uses; the fixture `engine` sets it, in modules marked `both_engines`


def run(system: Any, seed: int = 1, replication: int = 0, journal: str = "full") -> Journal:
    """The journal of a run, also of a queue that no steady state has."""
    return simulate(system, seed, replication, ENGINE, True, journal)


def run_and_look(system: Any, seed: int = 1, journal: str = "full") -> tuple[Journal, World]:
    """A run, and the memory that it leaves: state that no journal keeps."""
    worlds: list[World] = []
    tables = World.journal

    def keep(world: World) -> Any:
        worlds.append(world)
        return tables(world)

    with patch.object(World, "journal", keep):
        kept = run(system, seed, journal=journal)
    return kept, worlds[0]


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
