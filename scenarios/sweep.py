"""Monte Carlo: every (scenario, replication) of a study, on several processes, in any order, with equal results."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joblib import Parallel, delayed
from tqdm import tqdm

from scenarios.scenario import Scenario, timeline
from sim.blueprint import Blueprint
from sim.journal import Journal
from sim.kernel import is_cached
from sim.simulate import simulate, warm_up

Measured = dict[str, Any]
Measure = Callable[[Journal], Measured]

_TASKS_A_PROCESS = 8  # tasks each process gets at least, so that the slowest does not keep the others waiting


@dataclass(frozen=True)
class Job:
    """What every run of a sweep shares."""

    blueprint: Blueprint
    scenarios: Mapping[str, Scenario]
    facts: Mapping[str, float]
    seed: int
    engine: str
    allow_unstable: bool
    measure: Measure


def run_one(job: Job, scenario: str, replication: int) -> Measured:
    """One replication of one scenario, measured."""
    system = timeline(job.blueprint, job.scenarios[scenario], job.seed, replication, job.facts)
    return job.measure(simulate(system, job.seed, replication, job.engine, job.allow_unstable))


def _run_chunk(job: Job, chunk: Sequence[tuple[str, int]]) -> list[tuple[tuple[str, int], Measured]]:
    return [(point, run_one(job, *point)) for point in chunk]


def sweep(job: Job, points: Sequence[tuple[str, int]], n_jobs: int, label: str) -> dict[tuple[str, int], Measured]:
    """Run all points (scenario, replication); results come in the order of `points`, whatever finished first.

    Ctrl-C stops the sweep; what was finished by then is returned.
    """
    compile_first()
    processes = (os.cpu_count() or 1) if n_jobs < 0 else n_jobs
    processes = max(1, min(processes, len(points)))
    size = max(1, min(50, len(points) // (processes * _TASKS_A_PROCESS)))
    chunks = [points[i : i + size] for i in range(0, len(points), size)]
    done: dict[tuple[str, int], Measured] = {}
    with tqdm(total=len(points), desc=label, unit="run", disable=not sys.stderr.isatty(), leave=False) as bar:
        try:
            for finished in _results(job, chunks, processes):
                done.update(finished)
                bar.update(len(finished))
        except KeyboardInterrupt:
            print(f"stopped after {len(done)} of {len(points)} runs", file=sys.stderr)
    return {point: done[point] for point in points if point in done}


def _results(job: Job, chunks: Sequence[Sequence[tuple[str, int]]], processes: int) -> Any:
    if processes == 1:
        return (_run_chunk(job, chunk) for chunk in chunks)
    pool = Parallel(n_jobs=processes, return_as="generator_unordered")
    return pool(delayed(_run_chunk)(job, chunk) for chunk in chunks)


def compile_first() -> None:
    """Compile the model before any process needs it; says so when that takes a while."""
    if not is_cached() and sys.stderr.isatty():
        print("compiling the model (once, about 20 s)", file=sys.stderr)
    warm_up()
