"""A study of twelve scenarios on `order_to_delivery` with all layers: milliseconds a run, summaries only."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.ours import ALL_LAYERS
from benchmarks.rounds import Figures, Found, Probe
from benchmarks.table import Row, Target

from analysis.experiments.compare import measure_run
from scenarios.compose import compose_config
from scenarios.config import settings_from
from scenarios.scenario import timeline
from scenarios.study import pilot_facts
from sim.simulate import check, simulate

SCENARIOS = (
    "do_nothing", "frontline_training", "process_redesign", "in_process_control", "final_inspection",
    "expectation_management", "empowerment", "hiring", "supplier_partnership", "continuous_improvement",
    "cross_functional_team", "employee_involvement",
)  # fmt: skip
WHOLE = "study of twelve: a run, one core"
PARTS = ("plan", "simulate", "measure")
MOST = 20.0  # ms: twelve scenarios at 1 000 replications in two minutes on two cores


def study(customers: int) -> tuple[list[Probe], Callable[[Found], list[Row]]]:
    """What to measure, and what it says; the system's own horizon says how many customers come."""
    words = [f"scenario=[{','.join(SCENARIOS)}]", "engine=compiled", "journal=summary", *ALL_LAYERS]
    settings = settings_from(compose_config(words))
    facts = pilot_facts(settings)

    def measure() -> Figures:
        spent = dict.fromkeys(PARTS, 0.0)
        for scenario in settings.scenarios:
            began = time.perf_counter()
            plan = check(timeline(settings.blueprint, scenario, settings.seed, 0, facts), allow_unstable=True)
            planned = time.perf_counter()
            journal = simulate(plan, settings.seed, 0, "compiled", True, "summary")
            simulated = time.perf_counter()
            measure_run(journal)
            measured = time.perf_counter()
            for part, hours in zip(PARTS, (planned - began, simulated - planned, measured - simulated), strict=True):
                spent[part] += hours * 1000 / len(settings.scenarios)
        return {WHOLE: sum(spent.values())} | {f"{WHOLE}: {part}": value for part, value in spent.items()}

    measure()  # imports and compiles

    def rows(found: Found) -> list[Row]:
        parts = [Row(f"{WHOLE}: {part}", found[f"{WHOLE}: {part}"], "ms") for part in PARTS]
        return [Row(WHOLE, found[WHOLE], "ms", Target(MOST)), *parts]

    return [Probe(WHOLE, measure)], rows
