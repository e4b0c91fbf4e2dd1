"""Our own engines as benchmarks run them: a plan compiled beforehand, simulated for a number of customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from benchmarks.chain_model import RATE

from scenarios.config import load_blueprint
from sim.blueprint import Blueprint
from sim.plan import Plan
from sim.simulate import check, simulate

ALL_LAYERS = ("system.layers=[0,1,2,3,4]",)


def lasting(blueprint: Blueprint, hours: float) -> Blueprint:
    """The same, measured from the start for so many hours."""
    return replace(blueprint, horizon=replace(blueprint.horizon, warm_up=0.0, measured=hours))


def runner(system: str, overrides: Sequence[str], engine: str, journal: str) -> Callable[[int], int]:
    """A shipped system, for as long as it takes so many customers to come (2.5 an hour); returns the visits."""
    blueprint = load_blueprint(system, overrides)
    return blueprint_runner(blueprint, engine, journal)


def blueprint_runner(blueprint: Blueprint, engine: str, journal: str) -> Callable[[int], int]:
    """The same for any blueprint to which 2.5 customers an hour come."""

    @cache
    def plan(customers: int) -> Plan:
        return check(((0.0, lasting(blueprint, customers / RATE)),), allow_unstable=True)

    def run(customers: int) -> int:
        kept = simulate(plan(customers), engine=engine, allow_unstable=True, journal=journal)
        return int(kept["members"]["jobs"].sum())

    return run
