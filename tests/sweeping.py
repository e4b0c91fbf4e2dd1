"""Runs for tests of sweeps, importable by worker processes: each leaves a line in a log as it begins."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.invalid import InvalidInput
from sim.journal import Journal

Points = Iterable[tuple[str, int]]


@dataclass(frozen=True)
class Logged:
    """Doubles the replication after `pause` s. Replications named in `kills`, `fails` and so on come to grief."""

    log: Path
    pause: float = 0.0
    kills: tuple[int, ...] = ()
    fails: tuple[int, ...] = ()
    fails_once: tuple[int, ...] = ()
    starves: tuple[int, ...] = ()
    refuses: tuple[int, ...] = ()

    def __call__(self, point: tuple[str, int]) -> dict[str, Any]:
        name, replication = point
        before = self.begun()[replication] if replication in self.fails_once else 0
        with self.log.open("a") as log:
            log.write(f"{os.getpid()} {replication}\n")
        time.sleep(self.pause)
        if replication in self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        if replication in self.fails or (replication in self.fails_once and not before):
            raise ValueError(f"replication {replication}\nis no good")
        if replication in self.refuses:
            raise InvalidInput("system.stages", 3, "is no good")
        if replication in self.starves:
            raise MemoryError
        return {"name": name, "twice": 2 * replication, "pid": os.getpid()}

    def begun(self) -> Counter[int]:
        """How often each replication was begun."""
        return Counter(replication for _, replication in self._lines())

    def workers(self) -> set[int]:
        """Ids of the processes that ran something."""
        return {pid for pid, _ in self._lines()}

    def _lines(self) -> Iterator[tuple[int, int]]:
        if self.log.exists():
            for line in self.log.read_text().splitlines():
                pid, _, replication = line.partition(" ")
                if replication:
                    yield int(pid), int(replication)


@dataclass
class Kept:
    """A writer that remembers what it was given."""

    values: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    calls: int = 0

    def __call__(self, finished: Sequence[tuple[tuple[str, int], dict[str, Any]]]) -> None:
        self.calls += 1
        assert not self.values.keys() & dict(finished).keys(), "given twice"
        self.values.update(finished)

    def without_pids(self) -> dict[tuple[str, int], Any]:
        return {point: {k: v for k, v in values.items() if k != "pid"} for point, values in self.values.items()}


def digest(journal: Journal) -> dict[str, Any]:
    """The whole journal in a few bytes, and the process that made it."""
    return {"journal": hashlib.sha256(journal.to_bytes()).hexdigest(), "pid": os.getpid()}


def expected(points: Points) -> dict[tuple[str, int], Any]:
    """What `Logged` makes of them."""
    return {(name, r): {"name": name, "twice": 2 * r} for name, r in points}


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(happened: Any, seconds: float = 120.0) -> bool:
    """Wait for what a test looks out for; whether it came to pass (the time is only there to end a failed test)."""
    deadline = time.monotonic() + seconds
    while not (found := happened()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(found)
