"""The front door of the simulator: a blueprint (or a timeline of blueprints) in, a journal out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.blueprint import Blueprint
from sim.compiled_engine import run_compiled
from sim.invalid import require, unknown_name
from sim.journal import Journal
from sim.plan import Plan, Timeline, compile_plan
from sim.simpy_engine import run_simpy
from sim.traffic import require_bounded, require_stable

__all__ = ["ENGINES", "JOURNALS", "Plan", "check", "simulate"]

ENGINES: dict[str, Callable[[Plan, int, int, bool], dict[str, Any]]] = {
    "compiled": run_compiled,
    "simpy": run_simpy,
}
JOURNALS = ("full", "summary")


def simulate(
    system: Blueprint | Timeline | Plan,
    seed: int = 1,
    replication: int = 0,
    engine: str = "compiled",
    allow_unstable: bool = False,
    journal: str = "full",
) -> Journal:
    """Run one replication and return its journal.

    Parameters
    ----------
    system : a blueprint, a timeline ((start h, blueprint), ...), or a plan compiled from one (already checked).
    seed, replication : names of the run's draws; whole numbers >= 0.
    engine : one of `ENGINES`.
    allow_unstable : run even where some staff pool cannot keep up.
    journal : "full", or "summary": only weekly sums, totals and staff are kept, so that memory does not grow with the
        orders simulated.

    Raises
    ------
    InvalidInput : for an unknown engine, an unstable queue, or a run of absurd length.
    """
    if engine not in ENGINES:
        raise unknown_name("engine", engine, ENGINES, "engine")
    require(0 <= seed < 2**62, "seed", seed, "must be a whole number from 0 to 2**62 - 1")
    require(0 <= replication < 2**62, "replication", replication, "must be a whole number from 0 to 2**62 - 1")
    if isinstance(system, Plan):
        plan = system
    else:
        plan = check(((0.0, system),) if isinstance(system, Blueprint) else system, allow_unstable)
    if journal not in JOURNALS:
        raise unknown_name("journal", journal, JOURNALS, "kind of journal")
    tables = ENGINES[engine](plan, seed, replication, journal == "summary")
    return Journal(tables, plan, seed, replication, engine, journal)


def check(timeline: Timeline, allow_unstable: bool = False) -> Plan:
    """Compile a timeline into a plan. Raises `InvalidInput` where it makes no sense, is absurdly long, or (unless
    allowed) has an unstable queue at the end of the run."""
    for _, blueprint in timeline:
        require_bounded(blueprint)
    if not allow_unstable:
        require_stable(timeline[-1][1])
    return compile_plan(timeline)
