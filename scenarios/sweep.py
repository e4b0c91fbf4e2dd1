"""Monte Carlo: every point of a study, on several processes, in any order, with equal results."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from joblib import Parallel, delayed
from tqdm import tqdm

from sim.compile_ahead import compile_ahead
from sim.kernel import is_cached

Point = tuple[str, int]
Measured = dict[str, Any]
Run = Callable[[Point], Measured]

_TASKS_A_PROCESS = 8  # tasks each process gets at least, so that the slowest does not keep the others waiting
_MOST_A_TASK = 50


def sweep(run: Run, points: Sequence[Point], n_jobs: int, label: str) -> dict[Point, Measured]:
    """Run all points (name, replication); results come in the order of `points`, whatever finished first.

    `run` must be picklable (a function of a module, or a partial of one) and return a small summary. Ctrl-C stops
    the sweep; what was finished by then is returned.
    """
    compile_first()
    processes = (os.cpu_count() or 1) if n_jobs < 0 else n_jobs
    processes = max(1, min(processes, len(points)))
    size = max(1, min(_MOST_A_TASK, len(points) // (processes * _TASKS_A_PROCESS)))
    chunks = [points[i : i + size] for i in range(0, len(points), size)]
    done: dict[Point, Measured] = {}
    with tqdm(total=len(points), desc=label, unit="run", disable=not sys.stderr.isatty(), leave=False) as bar:
        try:
            for finished in _results(run, chunks, processes):
                done.update(finished)
                bar.update(len(finished))
        except KeyboardInterrupt:
            warnings.filterwarnings("ignore", message=".*have been cancelled.*")  # joblib's word for the same
            print(f"stopped after {len(done)} of {len(points)} runs", file=sys.stderr)
    return {point: done[point] for point in points if point in done}


def _run_chunk(run: Run, chunk: Sequence[Point]) -> list[tuple[Point, Measured]]:
    return [(point, run(point)) for point in chunk]


def _results(run: Run, chunks: Sequence[Sequence[Point]], processes: int) -> Iterable[list[tuple[Point, Measured]]]:
    if processes == 1:
        return (_run_chunk(run, chunk) for chunk in chunks)
    pool = Parallel(n_jobs=processes, return_as="generator_unordered")
    results: Iterable[list[tuple[Point, Measured]]] = pool(delayed(_run_chunk)(run, chunk) for chunk in chunks)
    return results


def compile_first() -> None:
    """Compile the model before any process needs it; says so when that takes a while."""
    if not is_cached() and sys.stderr.isatty():
        print("compiling the model (once, about 20 s)", file=sys.stderr)
    compile_ahead()
