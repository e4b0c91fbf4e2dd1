"""The two engines write the same journals, byte for byte: on every shipped system and scenario, and on random systems.

Where they differ, one of them breaks the order of events that `sim.simpy_engine` lays down. More random systems than
CI looks at: GAPLINE_EXAMPLES=5000 python -m pytest tests/test_engines_agree.py -k random
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import rich_organisation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_blueprints import timelines

from scenarios.compose import CONF, compose_config
from scenarios.config import Settings, settings_from
from scenarios.scenario import Scenario, timeline
from scenarios.study import PLACEHOLDERS
from sim.blueprint import Blueprint, Horizon
from sim.invalid import InvalidInput
from sim.journal import Journal
from sim.plan import Plan
from sim.simulate import check, simulate
from sim.tables import ABSENT, OFF_LINE, REWORK, VACANT

SEEDS = range(1, 21)
LONGER = {7}  # the seeds that run for longer, and also with summaries only
HOURS = {  # of warm-up, of the measured time, and of the longer one (which has weeks)
    "help_desk": (0.5, 2.0, 44.0),
    "order_to_delivery": (2.0, 6.0, 86.0),
    "professional_services": (40.0, 60.0, 800.0),
    "ten_stage": (4.0, 16.0, 84.0),
}
GRIDS = {"help_desk": 0.25, "order_to_delivery": 0.5, "professional_services": 8.0, "ten_stage": 0.5}
NOT_FOR = {  # scenarios that need what a system does not have: a batch, a supplier, staff whom the customer meets, ...
    "help_desk": {
        "acquisition", "batch_reduction", "everything", "postponement", "process_simplification", "relationships_first",
        "supplier_partnership",
    },
    "order_to_delivery": set(),
    "professional_services": {"batch_reduction"},
    "ten_stage": {
        "acquisition", "batch_reduction", "empowerment", "everything", "expectations_first", "frontline_training",
        "key_account_priority", "people_first", "postponement", "relationships_first", "supplier_partnership",
        "training_with_redesign",
    },
}  # fmt: skip
STAFF = {"off_line", "absent", "vacant", "leavers", "ideas", "reviews", "plan changes", "waits", "ties"}
HAPPENS = {  # what must be seen in some run of a system; else the sameness of its journals would say little
    "help_desk": STAFF - {"ideas"} | {"reworked", "clarified", "abandoned", "overtime", "referral"},
    "order_to_delivery": STAFF | {"reworked", "clarified", "batches", "changed", "lost", "marketing"},
    "professional_services": STAFF | {"reworked", "clarified", "changed", "marketing"},
    "ten_stage": {"plan changes", "waits", "ties", "off_line"},
}
EXAMPLES = int(os.environ.get("GAPLINE_EXAMPLES", "0"))


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (Path(CONF) / group).glob("*.yaml"))


def happenings(journal: Journal) -> set[str]:
    """What an engine had to do with in a run."""
    plan, visits, weeks, handoffs = journal.plan, journal["visits"], journal["weeks"], journal["handoffs"]
    counted = ("abandoned", "reworked", "leavers", "ideas", "overtime")
    waited = visits["began"] > visits["arrived"]
    seen = {
        **{name: weeks[name].any() for name in counted},
        **{n: (journal["absences"]["reason"] == r).any() for n, r in
           (("off_line", OFF_LINE), ("absent", ABSENT), ("vacant", VACANT))},
        "marketing": weeks["won"][:, 1].any(),
        "referral": weeks["won"][:, 2].any(),
        "lost": weeks["lost"].any(),
        "reviews": len(journal["reviews"]),
        "clarified": visits["clarified"].any(),
        "changed": journal["orders"]["changed"].any(),
        "suspended": (visits["ended"] - visits["began"] > visits["hours"] + 1e-6).any(),
        "waits": waited.any(),
        "overtaken": (waited & (visits["kind"] == REWORK)).any(),
        "batches": (plan.tables["edges"]["batch"] > 1).any() and len(handoffs),
        "teams": any(len(pools) > 1 for epoch in plan.stage_pools for pools in epoch),
        "shifts": plan.tables["staff"]["n_shifts"].any(),
        "priorities": len(np.unique(plan.tables["segments"]["priority"])) > 1,
        "plan changes": len(plan.starts) > 1,
        "ties": len(np.unique(visits["ended"])) < len(visits),
    }  # fmt: skip
    return {name for name, value in seen.items() if value}


def differences(plan: Plan, seed: int, journal: str = "full") -> tuple[list[str], Journal]:
    """The tables that are not the same, and the journal of the SimPy engine."""
    one, other = (simulate(plan, seed, 0, engine, True, journal) for engine in ("simpy", "compiled"))
    if one.to_bytes() == other.to_bytes():
        return [], one
    return [name for name, table in one.tables.items() if table.tobytes() != other[name].tobytes()] or ["lengths"], one


# -- shipped systems -------------------------------------------------------------------------------------------


def early(scenario: Scenario, hours: float) -> Scenario:
    """The scenario with programmes that set in within `hours`, so that short runs see them at work."""
    return replace(scenario, programmes=tuple(replace(p, delay=min(p.delay, hours)) for p in scenario.programmes))


def plan_of(system: Blueprint, scenario: Scenario, grid: float, longer: bool) -> Plan:
    warm_up, short, long = HOURS[system.name]
    timed = replace(system, horizon=Horizon(warm_up, long if longer else short, grid))
    return check(timeline(timed, early(scenario, short / 4.0), 1, 0, PLACEHOLDERS), True)


@pytest.fixture(scope="module")
def shipped() -> dict[str, Settings]:
    """Every shipped system with every scenario."""
    scenarios = ",".join(names("scenario"))
    return {name: settings_from(compose_config([f"system={name}", f"scenario=[{scenarios}]"])) for name in HOURS}


def test_every_shipped_system_is_here(shipped):
    assert set(HOURS) == set(names("system"))
    assert [s.name for s in shipped["ten_stage"].scenarios] == names("scenario")


@pytest.mark.parametrize("system", sorted(HOURS))
def test_shipped_systems_and_scenarios(system, shipped):
    """20 seeds of every scenario that applies, on continuous times and on a clock so coarse that events tie."""
    found: Counter[str] = Counter()
    left_out = set()
    for scenario in shipped[system].scenarios:
        try:
            plans = {
                (grid, longer): plan_of(shipped[system].blueprint, scenario, grid, longer)
                for grid in (0.0, GRIDS[system])
                for longer in (False, True)
            }
        except InvalidInput:
            left_out.add(scenario.name)
            continue
        for seed in SEEDS:
            for grid in (0.0, GRIDS[system]):
                plan = plans[grid, seed in LONGER]
                different, journal = differences(plan, seed)
                assert not different, f"{scenario.name}, grid {grid}, seed {seed}: {different}"
                found.update(happenings(journal))
                if seed in LONGER:
                    assert not differences(plan, seed, "summary")[0], f"{scenario.name}, grid {grid}, seed {seed}"
    print(system, dict(found))
    assert left_out == NOT_FOR[system]
    assert set(found) >= HAPPENS[system]


# -- random systems --------------------------------------------------------------------------------------------


def test_random_systems():
    """Small systems of everything that an engine has to order, with changes of plan (see `random_blueprints`)."""
    found: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES or 80,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(timelines(), st.integers(0, 1_000))
    def agree(system, seed):
        plan = check(system, True)
        different, journal = differences(plan, seed)
        assert not different
        assert not differences(plan, seed, "summary")[0]
        found.update(happenings(journal))

    agree()
    print(dict(found))
    everything = STAFF.union(*HAPPENS.values()) | {"suspended", "overtaken", "teams", "shifts", "priorities"}
    assert {name for name in everything if not found[name]} == set()


# -- threads ---------------------------------------------------------------------------------------------------


def test_runs_in_two_threads_at_once():
    """The compiled loop lets other threads run and shares nothing with them."""
    plan = check(((0.0, rich_organisation(1_000.0)),), True)

    def digest(seed: int) -> bytes:
        return simulate(plan, seed, 0, "compiled", True).to_bytes()

    alone = [digest(seed) for seed in range(12)]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(digest, range(12))) == alone
    assert len(set(alone)) == 12


def test_a_plan_with_more_events_than_the_engine_makes_room_for_at_first():
    """Hundreds of changes of the plan and thousands of leaves, before a population comes in one event."""
    first = replace(rich_organisation(40.0), horizon=Horizon(0.0, 40.0))
    crew = {
        name: replace(pool, members={n: replace(m, off_line=tuple((0.01 * i, 0.001) for i in range(1, 1500)))
                                     for n, m in pool.members.items()})
        for name, pool in first.pools.items()
    }  # fmt: skip
    system = replace(first, pools=crew)
    plan = check(tuple((0.1 * i, system) for i in range(200)), allow_unstable=True)
    assert len(plan.leaves()) > 4000
    one, other = (simulate(plan, 3, 0, engine, True).to_bytes() for engine in ("simpy", "compiled"))
    assert one == other
