"""The chain of `chain_model` in other tools, each as its users would write it, every visit recorded.

Each function takes a number of customers and returns the number of visits recorded.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

import simpy
from benchmarks.chain_model import ERROR, MEMBERS, RATE, SERVICE, STAGES

Peer = Callable[[int], int]


def idiomatic_simpy(customers: int) -> int:
    """SimPy: a process per customer, a Resource per stage, a tuple per visit."""
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
            log.append((number, index, arrived, began, env.now, generator.random() < ERROR))

    def source():
        for number in range(customers):
            yield env.timeout(generator.expovariate(RATE))
            env.process(customer(number))

    env.process(source())
    env.run()
    return len(log)


def ciw_network(customers: int) -> int:
    """Ciw: a network of nodes, its own record of every visit (it knows no errors)."""
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


def cimba_line() -> Peer:
    """cimba, in a process of its own: it compiles only where numba has compiled nothing else before."""
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE
    words = [sys.executable, "-m", "benchmarks.peer_cimba"]
    child = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=paths)

    def run(customers: int) -> int:
        print(customers, file=child.stdin, flush=True)
        if answer := child.stdout.readline():
            return int(answer)
        raise RuntimeError((child.stderr.read().strip() or "it ended without a word").splitlines()[-1])

    return run


def optional_peers() -> tuple[dict[str, Peer], dict[str, str]]:
    """Peers that are installed only for the benchmark (the extra `bench`), and why those that are missing are."""
    peers: dict[str, Peer] = {}
    missing: dict[str, str] = {}
    for package, name, start in (("ciw", "Ciw", lambda: ciw_network), ("cimba", "cimba", cimba_line)):
        if find_spec(package) is None:
            missing[name] = f"not installed (pip install {package})"
            continue
        try:
            peer = start()
            peer(10)
            peers[name] = peer
        except Exception as fault:  # whatever an optional package may raise where it does not run
            missing[name] = f"does not run here: {fault}"
    return peers, missing
