"""Growth: time a visit and peak memory with a hundred times the customers, and with ten times the stages.

Each measurement has a process of its own (for its memory), which prints nanoseconds a visit and mebibytes at the peak.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.chain_model import ERROR, MEMBERS, RATE, SERVICE
from benchmarks.ours import blueprint_runner
from benchmarks.rounds import Figures, Found, Probe, fastest, ratios
from benchmarks.table import Row, Target

ROOT = Path(__file__).resolve().parents[2]
MANY = 100  # times the customers


def growth(customers: int) -> tuple[list[Probe], Callable[[Found], list[Row]]]:
    """What to measure, and what it says."""
    sizes = ((10, customers), (10, MANY * customers), (100, customers))
    probes = [
        Probe(_name(stages, count, journal), _in_a_process(stages, count, journal))
        for journal in ("full", "summary")
        for stages, count in sizes
    ]

    def rows(found: Found) -> list[Row]:
        table = []
        for journal in ("full", "summary"):
            small, long, wide = (_name(*size, journal) for size in sizes)
            table += [
                Row(f"growth, {journal}: {MANY} x the customers", ratios(found, long, small), "times", Target(1.3)),
                Row(f"growth, {journal}: 10 x the stages", ratios(found, wide, small), "times", Target(2.0)),
                *(Row(name, found[name], "ns a visit") for name in (small, long, wide)),
                *(Row(_peak(name), found[_peak(name)], "MiB") for name in (small, long, wide)),
            ]
        return table

    return probes, rows


def _name(stages: int, customers: int, journal: str) -> str:
    return f"growth, {journal}: {stages} stages, {customers:,} customers"


def _peak(name: str) -> str:
    return f"{name}, peak"


def _in_a_process(stages: int, customers: int, journal: str) -> Callable[[], Figures]:
    def measure() -> Figures:
        words = [sys.executable, "-m", "benchmarks.bench_growth", str(stages), str(customers), journal]
        paths = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
        said = subprocess.run(words, env=paths, check=True, capture_output=True, text=True).stdout.split()
        name = _name(stages, customers, journal)
        return {name: float(said[0]), _peak(name): float(said[1])}

    return measure


def _measure(stages: int, customers: int, journal: str) -> tuple[float, float]:
    """ns a visit, and MiB at the peak."""
    from builders import chain, stream

    from sim.blueprint import Distribution

    service, gaps = Distribution("exponential", SERVICE), Distribution("exponential", 1.0 / RATE)
    blueprint = chain(stages, service=service, p=ERROR, members=MEMBERS, arrivals=stream(gaps))
    run = blueprint_runner(blueprint, "compiled", journal)
    run(100)
    return fastest(run, customers), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(*_measure(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
