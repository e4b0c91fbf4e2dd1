"""Speed of the SimPy engine against idiomatic SimPy and Ciw, in one interleaved run.

    python tests/benchmarks/bench_engine.py [--rounds 5] [--customers 10000] [--json FILE]

The model: ten stages in series, two members each, Poisson arrivals, exponential service, utilisation 0.8, every visit
recorded. Ciw is left out where it is not installed (pip install ciw). Prints microseconds a visit (median over the
rounds) and the ratio to our Layer 0; the order of the rounds alternates, so that a drift of the machine's speed hits
all alike. Timings are reported, never asserted.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import simpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scenarios.config import load_blueprint
from sim.compile_ahead import compile_ahead
from sim.plan import Plan
from sim.simulate import check, simulate

STAGES, MEMBERS, RATE, UTILISATION = 10, 2, 2.5, 0.8
SERVICE = UTILISATION * MEMBERS / RATE
ALL_LAYERS = "system.layers=[0,1,2,3,4]"


def idiomatic_simpy(customers: int) -> int:
    """A process per customer, a Resource per stage, a tuple per visit; returns the number of visits."""
    generator = random.Random(1)
    env = simpy.Environment()
    stages = [simpy.Resource(env, MEMBERS) for _ in range(STAGES)]
    log: list[tuple[int, int, float, float, float, bool]] = []

    def customer(number: int):
        for index, stage in enumerate(stages):
            arrived = env.now
            with stage.request() as request:
                yield request
                began = env.now
                yield env.timeout(generator.expovariate(1.0 / SERVICE))
            log.append((number, index, arrived, began, env.now, generator.random() < 0.01))

    def source():
        for number in range(customers):
            yield env.timeout(generator.expovariate(RATE))
            env.process(customer(number))

    env.process(source())
    env.run()
    return len(log)


def ciw_network(customers: int) -> int:
    """The same in Ciw."""
    import ciw

    routing = [[1.0 if j == i + 1 else 0.0 for j in range(STAGES)] for i in range(STAGES)]
    arrivals = [ciw.dists.Exponential(RATE), *([None] * (STAGES - 1))]
    network = ciw.create_network(
        arrival_distributions=arrivals,
        service_distributions=[ciw.dists.Exponential(1.0 / SERVICE)] * STAGES,
        number_of_servers=[MEMBERS] * STAGES,
        routing=routing,
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers, method="Finish")
    return len(simulation.get_all_records())


def gapline_runner(system: str, *overrides: str, journal: str = "full") -> Callable[[int], int]:
    """Ours: a shipped system for as long as it takes so many orders to come. Compiled to a plan outside the timing."""
    blueprint = load_blueprint(system, overrides)

    @cache
    def plan(customers: int) -> Plan:
        horizon = replace(blueprint.horizon, warm_up=0.0, measured=customers / RATE)
        return check(((0.0, replace(blueprint, horizon=horizon)),))

    def run(customers: int) -> int:
        tables = simulate(plan(customers), allow_unstable=True, journal=journal)
        return int(tables["members"]["jobs"].sum())

    return run


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--customers", type=int, default=10_000)
    options.add_argument("--json", type=Path)
    asked = options.parse_args()
    peers: dict[str, Callable[[int], int]] = {
        "gapline, Layer 0": gapline_runner("ten_stage", f"system.stage_defaults.service.mean={SERVICE}"),
        "idiomatic SimPy": idiomatic_simpy,
        "same system, Layer 0": gapline_runner("order_to_delivery", "system.layers=[0]"),
        "gapline, layers 0 1 3": gapline_runner("order_to_delivery", "system.layers=[0,1,3]"),
        "gapline, all layers": gapline_runner("order_to_delivery", ALL_LAYERS),
        "all layers, summary": gapline_runner("order_to_delivery", ALL_LAYERS, journal="summary"),
    }
    if find_spec("ciw"):
        peers["Ciw"] = ciw_network
    compile_ahead()
    for run in peers.values():
        run(100)
    times: dict[str, list[float]] = {name: [] for name in peers}
    for number in range(asked.rounds):
        for name in list(peers) if number % 2 == 0 else list(reversed(peers)):
            began = time.perf_counter()
            visits = peers[name](asked.customers)
            times[name].append((time.perf_counter() - began) / visits * 1e6)
    ours = times["gapline, Layer 0"]
    print(f"{'':24}{'us/visit':>10}{'ratio to Layer 0 (min .. median .. max)':>44}")
    table = {}
    for name, values in times.items():
        ratios = sorted(a / b for a, b in zip(values, ours, strict=True))
        middle = statistics.median(ratios)
        table[name] = {"us_per_visit": values, "ratio": {"min": ratios[0], "median": middle, "max": ratios[-1]}}
        print(f"{name:24}{statistics.median(values):10.2f}{ratios[0]:24.2f} .. {middle:.2f} .. {ratios[-1]:.2f}")
    if asked.json:
        asked.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
