"""What is run, where, and what came of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.compile_ahead import compile_ahead, is_compiled
from sim.invalid import require, unknown_name

Point = tuple[str, int]
"""(name of the configuration, replication)."""
Measured = dict[str, Any]
Run = Callable[[Point], Measured]
Keep = Callable[[Sequence[tuple[Point, Measured]]], None]
GiveUp = Callable[[Point, str], None]

BACKENDS = ("auto", "processes", "threads", "dask")


@dataclass(frozen=True)
class Execution:
    """Where runs are computed.

    Parameters
    ----------
    backend : "processes" (joblib's process pool, loky), "threads" (one process; compiled runs only gain from it, since
        they let go of Python's lock), "dask", or "auto": two runs are made here, and what is left goes to threads
        where it would be done before processes have started, else to processes.
    n_jobs : workers; -1 = one per core. 1 runs everything in this process. A Dask scheduler at an address has its
        own workers, and all of them are used.
    scheduler : for "dask": address of a running scheduler (tcp://HOST:8786); None starts a cluster on this machine
        for the run. The same version of Gapline must be installed where its workers run; that is checked.
    """

    backend: str = "processes"
    n_jobs: int = -1
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise unknown_name("backend", self.backend, BACKENDS, "backend")
        allowed = "must be a number of workers from 1 to 1024, or -1 for one per core"
        require(self.n_jobs == -1 or 1 <= self.n_jobs <= 1024, "n_jobs", self.n_jobs, allowed)
        given = self.scheduler
        require(given is None or self.backend == "dask", "scheduler", given, "is only for execution=dask")

    @property
    def workers(self) -> int:
        """How many workers this machine is to run."""
        return (os.cpu_count() or 1) if self.n_jobs < 0 else self.n_jobs


@dataclass(frozen=True)
class Outcome:
    """What came of a sweep.

    `finished`: points that were run and kept; `quarantined`: point -> why it was given up, in one line;
    `interrupted`: Ctrl-C ended it early.
    """

    finished: int
    quarantined: Mapping[Point, str] = field(default_factory=dict)
    interrupted: bool = False


def compile_first(engine: str = "compiled") -> None:
    """Compile the model for an engine before any worker needs it; says so when that takes a while."""
    if not is_compiled(engine) and sys.stderr.isatty():
        print("compiling the model (once, about 20 s)", file=sys.stderr)
    compile_ahead(engine)
