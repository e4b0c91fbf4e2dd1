"""Sweeps on a real Dask scheduler with two workers, on 127.0.0.1 and free ports; and on a cluster begun for them.

The tests of a running cluster share one. They come in an order in which each finds the workers that it needs; what
was killed is begun again only where it is missed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import distributed
import pandas as pd
import pytest
from builders import Main
from sweeping import Kept, Logged, expected, is_alive, wait_until
from test_execution import POINTS, numbered, posix, runs, serial

import analysis.experiments.compare
import scenarios.execution.dask_cluster
import scenarios.execution.task
from scenarios.execution import Execution, Measured, Outcome, Point, run_points
from sim.invalid import InvalidInput

ROOT = Path(__file__).resolve().parent.parent


class Cluster:
    """A scheduler and workers, each a process of its own with one thread; `address` is the scheduler's."""

    def __init__(self, folder: Path) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        self.folder, self.address = folder, ""

    def have(self, workers: int) -> None:
        """Begin what is missing, and wait until as many workers as that are there (or more, from before)."""
        if not self.processes or self.scheduler.poll() is not None:
            self.stop()
            self._start_scheduler()
        for _ in range(workers - len(self.workers)):
            self.add_worker()
        with distributed.Client(self.address, set_as_default=False) as client:
            if self.workers:
                client.wait_for_workers(len(self.workers), timeout=120)

    def _start_scheduler(self) -> None:
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        place = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        self._start("dask_scheduler", *place, "--scheduler-file", file)
        address = re.compile(r'"address": "(tcp://127\.0\.0\.1:\d+)"')
        assert wait_until(lambda: file.exists() and address.search(file.read_text()))
        self.address = address.findall(file.read_text())[0]

    def add_worker(self) -> None:
        words = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", self.folder)
        self._start("dask_worker", self.address, *words)

    @property
    def scheduler(self) -> subprocess.Popen[bytes]:
        return self.processes[0]

    @property
    def workers(self) -> list[subprocess.Popen[bytes]]:
        """Those that run."""
        return [worker for worker in self.processes[1:] if worker.poll() is None]

    def _start(self, program: str, *words: object) -> None:
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        with (self.folder / "log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.{program}", *map(str, words)],
                    env={**os.environ, "PYTHONPATH": path}, stdout=log, stderr=log, cwd=self.folder,
                )
            )  # fmt: skip

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.processes.clear()


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        cluster.have(0)
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_in(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def on(cluster: Cluster) -> Execution:
    return Execution("dask", scheduler=cluster.address)


@posix
def test_workers_of_another_version_get_no_work(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither those that are there at the start, nor one that joins later."""
    cluster.have(1)
    run = Logged(tmp_path / "log of runs")
    monkeypatch.setattr(scenarios.execution.task, "code_version", lambda: "another")
    message = r"^execution\.scheduler = tcp.*: has a worker without Gapline, or with another version"
    with pytest.raises(InvalidInput, match=message):
        run_points(run, numbered(3), 3, on(cluster), Kept(), "")
    monkeypatch.setattr(scenarios.execution.dask_cluster.Dask, "_check_versions", lambda self, client: None)
    with pytest.raises(InvalidInput, match=message):
        run_points(run, numbered(3), 3, on(cluster), Kept(), "")
    assert not run.begun()


@posix
def test_one_cluster_serves_sweep_after_sweep_and_whoever_joins(
    cluster: Cluster, main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A study from the command line has the tables of a local one; a worker that joins during a sweep gets work too."""
    cluster.have(1)
    words = ("replications=2", "system=ten_stage", "system.horizon.measured=20", "scenario=[do_nothing,placebo]")
    with monkeypatch.context() as patch:
        patch.setattr(analysis.experiments.compare, "_write_report", lambda *_: None)  # only its table is compared
        assert main(*words, "n_jobs=1", "hydra.run.dir=here")[0] == 0
    there = ("execution=dask", f"execution.scheduler={cluster.address}", f"hydra.run.dir={tmp_path / 'there'}")
    command = [sys.executable, str(ROOT / "run.py"), *words, *there]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")
    tables = [(tmp_path / name / "kpis.csv").read_bytes() for name in ("here", "there")]
    assert tables[0] == tables[1]
    assert len(pd.read_csv(tmp_path / "there" / "kpis.csv")) > 10

    run = Logged(tmp_path / "log of runs", pause=0.01)
    kept = Kept()
    before = len(cluster.workers)

    def join(finished: Sequence[tuple[Point, Measured]]) -> None:
        kept(finished)
        if len(cluster.workers) == before:
            cluster.add_worker()

    def points() -> Iterator[Point]:  # as many as it takes until all have worked
        while len(run.workers()) <= before and len(kept.values) < 20_000:
            yield "a", next(numbers)

    numbers = iter(range(100_000))
    outcome = run_points(run, points(), 1000, on(cluster), join, "")
    assert run.workers() == {worker.pid for worker in cluster.workers}
    assert len(run.workers()) == before + 1
    assert kept.without_pids() == expected(numbered(outcome.finished))


@posix
def test_a_worker_killed_halfway_changes_nothing(cluster: Cluster):
    """kill -9 of one of two workers when half of the runs are kept: the other has done the rest in the end.

    All results are those of one process without a cluster, byte for byte, and nothing that was kept is run again.
    """
    cluster.have(2)
    workers, kept, killed = cluster.workers, Kept(), []

    def kill(finished: Sequence[tuple[Point, Measured]]) -> None:
        kept(finished)
        seen = {values["pid"] for values in kept.values.values()}
        if not killed and len(kept.values) >= len(POINTS) // 2 and len(seen) == 2:
            killed.append(finished[-1][1]["pid"])
            os.kill(killed[0], signal.SIGKILL)

    outcome = run_points(runs("simpy"), POINTS, len(POINTS), on(cluster), kill, "")
    assert killed[0] in {worker.pid for worker in workers}
    assert wait_until(lambda: [worker.poll() for worker in workers].count(None) == 1)  # dying takes a moment
    assert outcome == Outcome(len(POINTS))
    assert kept.without_pids() == serial()


@posix
def test_a_scheduler_that_is_killed_ends_the_sweep_in_one_line(cluster: Cluster, tmp_path: Path):
    """What was kept before stays; the program says what happened."""
    cluster.have(1)
    kept = Kept()

    def kill(finished: Sequence[tuple[Point, Measured]]) -> None:
        kept(finished)
        if kept.calls == 3:
            cluster.scheduler.kill()

    run = Logged(tmp_path / "log of runs", pause=0.005)
    with pytest.raises(InvalidInput, match=r"^execution\.scheduler = tcp.*: was lost; what had been finished is"):
        run_points(run, numbered(10_000), 10_000, on(cluster), kill, "")
    assert kept.calls >= 3
    assert kept.without_pids() == expected(kept.values)


def test_a_scheduler_without_workers_or_without_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scenarios.execution.dask_cluster, "_PATIENCE", 1)
    with cluster_in(tmp_path) as cluster, pytest.raises(InvalidInput, match=r"has no worker \(waited 1 s\)"):
        run_points(Logged(tmp_path), numbered(1), 1, on(cluster), Kept(), "")
    for address in (cluster.address, "nowhere", "tcp://127.0.0.1:many"):
        with pytest.raises(InvalidInput, match=rf"^execution\.scheduler = {address}: cannot be reached: "):
            run_points(Logged(tmp_path), numbered(1), 1, Execution("dask", scheduler=address), Kept(), "")


def test_without_the_extra_the_program_says_what_to_install(main: Main, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    words = ("system=ten_stage", "scenario=[do_nothing]", "replications=2", "system.horizon.measured=20")
    code, out, err = main(*words, "execution=dask", "hydra.run.dir=here")
    assert (code, out) == (2, "")
    assert re.fullmatch(r'gapline: execution = dask: .* \(install the extra: pip install "gapline\[dask\]"\)\n', err)
    assert not Path("here").exists()


# -- a cluster begun for the sweep ---------------------------------------------------------------------------


def children() -> set[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True)
    return {pid for pid in map(int, found.stdout.split()) if is_alive(pid)}


@posix
def test_a_cluster_begun_here_is_gone_afterwards(tmp_path: Path):
    """Two workers do everything but the point that kills them, which is named; then no process is left."""
    before = children()
    run = Logged(tmp_path / "log", pause=0.002, kills=(33,), fails=(50,))
    kept = Kept()
    outcome = run_points(run, numbered(100), 100, Execution("dask", 2), kept, "")
    assert set(outcome.quarantined) == {("a", 33), ("a", 50)}
    assert "workers died running it" in outcome.quarantined["a", 33]
    assert kept.without_pids() == expected(p for p in numbered(100) if p[1] not in (33, 50))
    assert len(run.workers()) >= 2
    assert run.begun()[33] == 3
    assert wait_until(lambda: not any(map(is_alive, run.workers())))
    assert wait_until(lambda: not children() - before - tracker())


def tracker() -> set[Any]:
    """The helper process of multiprocessing, which stays as long as this one."""
    from multiprocessing import resource_tracker

    return {resource_tracker._resource_tracker._pid}  # type: ignore[attr-defined]


@posix
def test_a_cluster_begun_here_does_not_outlive_a_parent_that_is_killed(tmp_path: Path):
    program = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path; from sweeping import Logged, Kept; from scenarios.execution import *\n"
        "if __name__ == '__main__':\n"
        "    points = [('a', r) for r in range(10**6)]\n"
        "    run_points(Logged(Path(sys.argv[3]), pause=0.05), points, 10**6, Execution('dask', 2), Kept(), '')\n"
    )
    log, script = tmp_path / "log", tmp_path / "program.py"
    script.write_text(program)
    run = Logged(log)
    parent = subprocess.Popen([sys.executable, str(script), str(ROOT), str(ROOT / "tests"), str(log)])
    try:
        assert wait_until(lambda: len(run.workers()) == 2)
        workers = run.workers()
        assert all(map(is_alive, workers))
    finally:
        parent.kill()
        parent.wait()
    assert wait_until(lambda: not any(map(is_alive, workers)))


@posix
def test_ctrl_c_ends_a_cluster_begun_here(tmp_path: Path):
    run, kept = Logged(tmp_path / "log", pause=0.005), Kept()

    def interrupt(finished: Sequence[tuple[Point, Measured]]) -> None:
        kept(finished)
        if kept.calls == 3:
            os.kill(os.getpid(), signal.SIGINT)

    outcome = run_points(run, numbered(10_000), 10_000, Execution("dask", 1), interrupt, "")
    assert outcome.interrupted
    assert 0 < outcome.finished == len(kept.values) < 10_000
    assert wait_until(lambda: not any(map(is_alive, run.workers())))
