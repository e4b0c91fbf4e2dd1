"""Sweeps on processes and threads: the same results everywhere, and what happens when things go wrong.

Workers and parents are killed when a run, or a finished task, is seen: never after some time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from builders import rich_system
from sweeping import Kept, Logged, digest, expected, is_alive, wait_until

import scenarios.execution.task
from scenarios.compose import compose_config
from scenarios.config import settings_from
from scenarios.execution import Execution, Measured, Point, run_points
from scenarios.execution.crew import Alone, Ended, Lost
from scenarios.execution.queue import Points, Tasks
from scenarios.execution.run import Sweep
from scenarios.execution.task import run_task
from scenarios.scenario import build_scenario
from scenarios.study import Runs
from scenarios.sweep import sweep
from sim.blueprint import KnockOn
from sim.invalid import InvalidInput

ROOT = Path(__file__).resolve().parent.parent
SERIAL, TWO, THREADS = Execution(n_jobs=1), Execution(n_jobs=2), Execution("threads", 2)
EVERYWHERE = pytest.mark.parametrize("execution", [SERIAL, TWO, THREADS], ids=["serial", "processes", "threads"])
posix = pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL and /proc")


def numbered(count: int) -> list[Point]:
    return [("a", r) for r in range(count)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


# -- the same results everywhere -----------------------------------------------------------------------------


def runs(engine: str) -> Runs:
    system = rich_system(60.0, customers=6, interval=20.0, knock_on=KnockOn(2.0))
    chosen = {
        "do_nothing": build_scenario("do_nothing", {}),
        "training": build_scenario("training", {"interventions": {"frontline_training": {"delay": 8.0}}}),
    }
    return Runs(system, chosen, {}, 1, engine, True, digest)


POINTS: list[Point] = [(name, r) for r in range(20) for name in ("do_nothing", "training")]


@cache
def serial() -> dict[Point, Any]:
    kept = Kept()
    run_points(runs("simpy"), POINTS, len(POINTS), SERIAL, kept, "")
    return kept.without_pids()


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@EVERYWHERE
def test_journals_are_equal_whatever_runs_them_and_in_which_order(execution: Execution, engine: str):
    """Byte for byte: on one process, two, or threads; forwards and backwards; on either engine."""
    for points in (POINTS, POINTS[::-1]):
        kept = Kept()
        outcome = run_points(runs(engine), iter(points), len(points), execution, kept, "")
        assert (outcome.finished, outcome.quarantined, outcome.interrupted) == (len(POINTS), {}, False)
        assert kept.without_pids() == serial()
    pids = {values["pid"] for values in kept.values.values()}
    assert (pids == {os.getpid()}) is (execution != TWO)


def test_a_sweep_stopped_and_resumed_has_the_results_of_an_undisturbed_one():
    kept = Kept()

    def stop_later(finished: Sequence[tuple[Point, Measured]]) -> None:
        kept(finished)
        os.kill(os.getpid(), signal.SIGINT)

    outcome = run_points(runs("compiled"), POINTS, len(POINTS), TWO, stop_later, "")
    assert outcome.interrupted
    assert 1 <= outcome.finished == len(kept.values) < len(POINTS)
    left = [point for point in POINTS if point not in kept.values]
    assert run_points(runs("compiled"), left, len(left), TWO, kept, "").finished == len(left)
    assert kept.without_pids() == serial()


# -- handing out points --------------------------------------------------------------------------------------


@EVERYWHERE
def test_points_are_taken_as_they_are_needed_and_kept_by_one_writer(execution: Execution):
    """Of 100 000 points only some tasks' worth are ever taken and not yet kept; all calls come in this thread."""
    taken, most, kept = 0, 0, 0
    here = threading.get_ident()

    def points() -> Iterator[Point]:
        nonlocal taken
        for point in numbered(100_000):
            assert threading.get_ident() == here
            taken += 1
            yield point

    def keep(finished: Sequence[tuple[Point, Measured]]) -> None:
        nonlocal kept, most
        assert threading.get_ident() == here
        most = max(most, taken - kept)
        kept += len(finished)

    assert run_points(nothing, points(), 100_000, execution, keep, "").finished == taken == kept == 100_000
    assert most <= 4 * 4096


def nothing(point: Point) -> Measured:
    return {}


def test_tasks_grow_until_they_last_long_enough_and_shrink_near_the_end():
    tasks = Tasks(numbered(10_000), 10_000, 2)
    sizes = []
    while task := tasks.next():
        sizes.append(len(task))
        tasks.took(len(task), 0.001 * len(task))  # 1 ms a point
    assert sum(sizes) == 10_000
    assert sizes[:4] == [1, 8, 64, 250]
    assert 200 <= sizes[10] <= 250
    assert min(sizes[4:-1]) >= 40  # 50 ms at least


def test_tasks_of_slow_points_hold_one_point_and_those_of_fast_ones_are_bounded():
    for cost, size in ((3.0, 1), (0.0, 1), (1e-9, 4096)):
        tasks = Tasks(numbered(100_000), 100_000, 2)
        for _ in range(8):
            task = tasks.next()
            tasks.took(len(task), cost * len(task))
        assert len(task) == size


def test_what_comes_back_is_handed_out_first():
    tasks = Tasks(numbered(5), 5, 1)
    first = tasks.next()
    tasks.put_back(first)
    tasks.put_back(())
    assert tasks.next() == first
    assert tasks.next() == (("a", 1),)


def test_a_worker_begins_nothing_more_after_a_second(monkeypatch: pytest.MonkeyPatch):
    """Points that it left come back and are run by the next task."""
    assert run_task(nothing, tuple(numbered(3))).left == ()
    monkeypatch.setattr(scenarios.execution.task, "LONGEST", -1.0)
    done = run_task(nothing, tuple(numbered(3)))
    assert [point for point, _ in done.measured] == numbered(1)
    assert done.left == tuple(numbered(3)[1:])
    kept = Kept()
    assert run_points(nothing, numbered(50), 50, SERIAL, kept, "").finished == 50
    assert kept.calls == 50


# -- faults of single points ---------------------------------------------------------------------------------


@EVERYWHERE
def test_points_that_fail_are_tried_again_and_then_named(execution: Execution, log: Path):
    """One that fails once costs nothing; others are quarantined with the reason in one line; the rest goes on."""
    run = Logged(log, fails=(3, 17), fails_once=(5,), starves=(8,))
    kept = Kept()
    outcome = run_points(run, numbered(30), 30, execution, kept, "")
    assert set(outcome.quarantined) == {("a", 3), ("a", 17), ("a", 8)}
    assert outcome.quarantined["a", 3].startswith("ValueError: replication 3 is no good (sweeping.py, line ")
    assert outcome.quarantined["a", 8].startswith("MemoryError (sweeping.py, line ")
    assert kept.without_pids() == expected(p for p in numbered(30) if p not in outcome.quarantined)
    assert outcome.finished == 27
    begun = run.begun()
    assert (begun[3], begun[5], begun[17]) == (2, 2, 2)
    assert begun[8] == (2 if execution == SERIAL else 4)  # where others run, once more alone
    assert {begun[r] for r in range(30) if r not in (3, 5, 8, 17)} == {1}


def test_bad_input_is_a_fault_like_any_other():
    def refuse(point: Point) -> Measured:
        raise InvalidInput("system.stages", 3, "is no good")

    outcome = run_points(refuse, numbered(1), 1, SERIAL, Kept(), "")
    assert outcome.quarantined == {("a", 0): "system.stages = 3: is no good"}


@pytest.mark.parametrize("execution", [SERIAL, THREADS])
def test_what_the_writer_raises_ends_the_sweep(execution: Execution, log: Path):
    """(On processes: `test_a_study_ends_at_bad_input`, whose writer raises what a run has handed over.)"""
    run = Logged(log, pause=0.001)

    def full(finished: Sequence[tuple[Point, Measured]]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run_points(run, numbered(100_000), 100_000, execution, full, "")
    assert len(run.begun()) < 1000


# -- workers that die ----------------------------------------------------------------------------------------


@posix
def test_a_worker_killed_costs_only_the_tasks_in_flight(log: Path):
    """kill -9 of a worker as soon as the sixth task is kept: all results are there, nothing kept is repeated."""
    run = Logged(log, pause=0.005)
    kept = Kept()
    before: set[int] = set()
    killed: list[int] = []

    def kill(finished: Sequence[tuple[Point, Measured]]) -> None:
        kept(finished)
        if kept.calls == 6:
            before.update(r for _, r in kept.values)
            killed.append(finished[0][1]["pid"])
            os.kill(killed[0], signal.SIGKILL)

    outcome = run_points(run, numbered(600), 600, TWO, kill, "")
    assert (outcome.finished, outcome.quarantined, outcome.interrupted) == (600, {}, False)
    assert kept.without_pids() == expected(numbered(600))
    begun = run.begun()
    assert 0 < len(before) < 600
    assert {begun[r] for r in before} == {1}
    assert not is_alive(killed[0])
    assert run.workers() - set(killed)


@posix
def test_a_point_that_kills_its_workers_is_isolated_and_named(log: Path):
    run = Logged(log, pause=0.002, kills=(41,))
    kept = Kept()
    outcome = run_points(run, numbered(150), 150, TWO, kept, "")
    assert list(outcome.quarantined) == [("a", 41)]
    assert "workers died running it (SIGKILL(-9))" in outcome.quarantined["a", 41]
    assert kept.without_pids() == expected(p for p in numbered(150) if p != ("a", 41))
    assert 3 <= run.begun()[41] <= 4
    assert outcome.finished == 149


class Fragile(Alone):
    """Two workers that die on some points, without the cost of real ones; `alone` lists what ran by itself."""

    size, ahead = 2, 2

    def __init__(self, run: Callable[[Point], Measured], deadly: set[Point]) -> None:
        super().__init__(run)
        self.deadly, self.at_once, self.alone = deadly, 0, [numbered(0)]
        self.flight: list[Points] = []

    def begin(self, task: Points) -> None:
        self.flight.append(task)
        self.at_once = max(self.at_once, len(self.flight))

    def ended(self) -> Ended:
        if len(self.flight) == 1 and len(self.flight[0]) == 1:
            self.alone.append(list(self.flight[0]))
        task = self.flight[0]
        if self.deadly & set(task):
            lost, self.flight = self.flight, []
            return [(t, Lost("killed")) for t in lost]
        self.flight.remove(task)
        super().begin(task)
        return super().ended()


def laboured(deadly: set[Point], points: int) -> tuple[Sweep, Kept, Fragile]:
    kept = Kept()
    found, crew = Sweep(kept), Fragile(nothing, deadly)
    found.all(crew, numbered(points), points)
    return found, kept, crew


@pytest.mark.parametrize("deadly", [{0}, {99}, {5, 6}, {0, 1, 2, 3}, {3, 30, 31, 32, 33, 34, 60, 99}])
def test_whatever_points_are_deadly_the_others_are_finished(deadly: set[int]):
    """Those and only those are quarantined, after three deaths at least one of them alone."""
    found, kept, crew = laboured({("a", r) for r in deadly}, 100)
    assert {r for _, r in found.quarantined} == deadly
    assert set(kept.values) == {point for point in numbered(100) if point not in found.quarantined}
    assert crew.at_once == 4
    for point in found.quarantined:
        assert crew.alone.count([point]) >= 1
        assert int(found.quarantined[point].split()[0]) >= 3


def test_workers_that_finish_nothing_end_the_sweep():
    with pytest.raises(InvalidInput, match=r"^execution: workers die before they finish a single run"):
        laboured(set(numbered(1000)), 1000)


@posix
def test_workers_do_not_outlive_a_parent_that_is_killed(log: Path):
    """kill -9 of the parent once two workers are at work: both are gone soon after, in the middle of their runs."""
    program = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path; from sweeping import Logged, Kept; from scenarios.execution import *\n"
        "points = [('a', r) for r in range(10**6)]\n"
        "run_points(Logged(Path(sys.argv[3]), pause=0.05), points, 10**6, Execution(n_jobs=2), Kept(), '')\n"
    )
    run = Logged(log)
    parent = subprocess.Popen([sys.executable, "-c", program, str(ROOT), str(ROOT / "tests"), str(log)])
    try:
        assert wait_until(lambda: len(run.workers()) == 2)
        workers = run.workers()
        assert all(map(is_alive, workers))
    finally:
        parent.kill()
        parent.wait()
    assert wait_until(lambda: not any(map(is_alive, workers)))


def test_a_worker_with_other_sources_is_refused(monkeypatch: pytest.MonkeyPatch):
    """A worker that starts after an edit would mix two versions of the model."""
    monkeypatch.setattr(scenarios.execution.task, "code_version", lambda: "another")
    with pytest.raises(InvalidInput, match=r"^execution = processes: .*other sources than this process"):
        run_points(nothing, numbered(3), 3, TWO, Kept(), "")


# -- Ctrl-C --------------------------------------------------------------------------------------------------


@posix
@EVERYWHERE
def test_ctrl_c_keeps_what_is_finished_and_ends_the_workers(execution: Execution, log: Path):
    """It comes while the third task is written: that is finished, nothing is written after it, no worker is left."""
    run = Logged(log, pause=0.005)
    kept, whole = Kept(), []

    def interrupt(finished: Sequence[tuple[Point, Measured]]) -> None:
        if kept.calls == 2:
            os.kill(os.getpid(), signal.SIGINT)
        kept(finished)
        whole.append(len(finished))

    outcome = run_points(run, numbered(10_000), 10_000, execution, interrupt, "")
    assert outcome.interrupted
    assert outcome.quarantined == {}
    assert 3 <= kept.calls <= 4  # two tasks may end together
    assert outcome.finished == len(kept.values) == sum(whole) < 10_000
    if execution == TWO:
        assert wait_until(lambda: not any(map(is_alive, run.workers())))


def test_ctrl_c_in_a_run_of_this_process_keeps_the_runs_before_it():
    kept = Kept()

    def stop(point: Point) -> Measured:
        if point[1] == 7:
            raise KeyboardInterrupt
        return {}

    outcome = run_points(stop, numbered(1000), 1000, SERIAL, kept, "")
    assert outcome.interrupted
    assert list(kept.values) == numbered(7)


# -- studies -------------------------------------------------------------------------------------------------


@EVERYWHERE
def test_a_study_ends_at_bad_input(execution: Execution, log: Path):
    run = Logged(log, pause=0.001, refuses=(9,))
    with pytest.raises(InvalidInput, match=r"^system\.stages = 3: is no good$"):
        sweep(run, numbered(100_000), execution, "", "compiled")
    assert 9 < len(run.begun()) < 1000
    if execution == TWO:
        assert wait_until(lambda: not any(map(is_alive, run.workers())))


def test_a_study_leaves_out_what_fails_and_says_so(log: Path, capsys: pytest.CaptureFixture[str]):
    found = sweep(Logged(log, fails=tuple(range(2, 9))), numbered(20), SERIAL, "", "compiled")
    assert list(found) == [("a", r) for r in (0, 1, *range(9, 20))]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 6
    assert said[0].startswith("warning: replication 2 of a is left out: ValueError: replication 2 is no good")
    assert said[-1] == "warning: and 2 others"


def test_a_study_of_which_nothing_can_be_run_fails(log: Path):
    points = [*numbered(3), ("b", 7), ("b", 8)]
    with pytest.raises(RuntimeError, match="every run of b failed: ValueError: replication 7 is no good"):
        sweep(Logged(log, fails=(7, 8)), points, SERIAL, "", "compiled")


# -- configuration -------------------------------------------------------------------------------------------


def configured(*overrides: str) -> Execution:
    return settings_from(compose_config(overrides)).execution


def test_where_runs_are_made_is_a_group_of_the_configuration():
    assert configured() == configured("execution=local") == Execution("auto", -1)
    assert configured("execution=processes") == configured("experiment=sweep") == Execution("processes", -1)
    assert configured("execution=threads", "n_jobs=3") == Execution("threads", 3)
    assert configured("execution=dask") == Execution("dask", -1)
    given = configured("execution=dask", "execution.scheduler=tcp://host:8786")
    assert given == Execution("dask", -1, "tcp://host:8786")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("execution=dusk", r"^execution = dusk: unknown execution.*did you mean dask\?"),
        ("execution.backend=proceses", r"^execution\.backend = proceses: unknown backend.*did you mean processes\?"),
        ("execution.backend=3", r"^execution\.backend = 3: must be text"),
        ("execution.workers=3", r"^execution\.workers: unknown parameter; allowed: backend, scheduler"),
        ("execution.scheduler=tcp://host:1", r"^execution\.scheduler = tcp://host:1: is only for execution=dask"),
    ],
)
def test_faults_in_the_configuration_are_one_line(override: str, message: str):
    with pytest.raises(InvalidInput, match=message):
        configured(override)
