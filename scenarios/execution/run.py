"""Many points, finished one way or another."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from tqdm import tqdm

from scenarios.execution.crew import Alone, Crew, Lost, Threads
from scenarios.execution.dask_cluster import Dask
from scenarios.execution.interrupts import interrupts_wait
from scenarios.execution.processes import Processes
from scenarios.execution.queue import Points, Tasks
from scenarios.execution.settings import Execution, GiveUp, Keep, Outcome, Point, Run
from scenarios.execution.task import Done
from sim.invalid import InvalidInput

_MOST_DEATHS = 3  # of workers on one point, before it is given up
_WORTH_PROCESSES = 8.0  # s of work; to start processes takes some three
_DEAD_ON_ARRIVAL = 20  # tasks lost before any was finished: no worker can run anything


def run_points(
    run: Run,
    points: Iterable[Point],
    total: int,
    execution: Execution,
    keep: Keep,
    label: str,
    give_up: GiveUp = lambda point, reason: None,
) -> Outcome:
    """Run every point and hand what is finished to `keep`, in any order.

    Parameters
    ----------
    run : measures one point. Workers in other processes get a copy of it (cloudpickle); its results must be small.
    points : taken one after another as workers need them, never held all at once. Read in the calling thread.
    total : how many there will be (for the progress bar and the size of tasks; a wrong number does no harm).
    execution : where.
    keep : called in this process and thread, once per finished task of about a quarter of a second. What it raises
        ends the sweep.
    label : of the progress bar, which a terminal shows and a pipe does not.
    give_up : called like `keep`, for each point that is quarantined, with the reason.

    The model should have been compiled before (`compile_first`), or every worker does it.

    A run that raises an exception is tried once more, then its point is quarantined. When a worker dies, the tasks in
    flight are cut up into single points and repeated; a single point that was in flight when a worker died waits until
    the end, where such points run one at a time, and is quarantined when workers died on it three times. Ctrl-C ends
    the sweep early and keeps what is finished. With `n_jobs=1` everything runs in this process, and a run that kills
    it ends the sweep.

    Raises
    ------
    InvalidInput : for a Dask scheduler that cannot be used, and where workers die before they finish anything.
    """
    with tqdm(total=total, desc=label, unit="run", disable=not sys.stderr.isatty(), leave=False) as bar:
        sweep = Sweep(keep, bar.update, give_up)
        interrupted = False
        try:
            left = iter(points)
            if execution.backend == "auto":
                execution = replace(execution, backend=_backend_for(sweep, run, left, total))
            with _crew(run, total, execution) as crew:
                sweep.all(crew, left, total)
        except KeyboardInterrupt:
            interrupted = True
    return Outcome(sweep.finished, sweep.quarantined, interrupted)


def _backend_for(sweep: Sweep, run: Run, points: Iterator[Point], total: int) -> str:
    """What suits the rest, from two runs made here; the first of them still loads the compiled model."""
    seconds = 0.0
    for point in islice(points, 2):
        began = time.perf_counter()
        sweep.all(Alone(run), [point], 1)
        seconds = time.perf_counter() - began
    return "threads" if seconds * (total - 2) < _WORTH_PROCESSES else "processes"


@contextmanager
def _crew(run: Run, points: int, execution: Execution) -> Iterator[Crew]:
    """The workers for a sweep of so many points."""
    crew: Crew
    size = max(1, min(execution.workers, points))
    if execution.backend == "dask":
        crew = Dask(run, points, execution)
    elif execution.workers == 1:
        crew = Alone(run)
    else:
        crew = Threads(run, size) if execution.backend == "threads" else Processes(run, size)
    try:
        yield crew
    except BaseException:
        crew.stop()
        raise
    crew.leave()


class Sweep:
    """What has become of the points so far. `advance` is told how many more are done with."""

    def __init__(
        self,
        keep: Keep,
        advance: Callable[[int], object] = lambda count: None,
        give_up: GiveUp = lambda point, reason: None,
    ) -> None:
        self.finished = 0
        self.quarantined: dict[Point, str] = {}
        self._keep, self._advance, self._give_up = keep, advance, give_up
        self._suspects: list[Point] = []
        self._deaths: dict[Point, int] = {}
        self._tasks_done = self._tasks_lost = 0

    def all(self, crew: Crew, points: Iterable[Point], total: int) -> None:
        """Run all points, and those that may have killed a worker once more, one at a time."""
        self._work(crew, Tasks(points, total, crew.size), most=None)
        if self._suspects:
            crew.narrow()
        while self._suspects:
            suspects, self._suspects = self._suspects, []
            self._work(crew, Tasks(suspects, 0, 1), most=1)

    def _work(self, crew: Crew, tasks: Tasks, most: int | None) -> None:
        """All tasks: at most so many at once, or as many as keep the crew busy."""
        out = 0
        while True:
            while out < (most or crew.size + crew.ahead) and (task := tasks.next()):
                crew.begin(task)
                out += 1
            if out == 0:
                return
            ended = crew.ended()
            out -= len(ended)
            alone = most == 1 or crew.ahead == 0
            with interrupts_wait():  # what has ended is kept
                for task, result in ended:
                    if isinstance(result, Lost):
                        self._lost(task, result, tasks, alone)
                    else:
                        self._done(task, result, tasks, alone)
            if any(isinstance(result, Done) and result.interrupted for _, result in ended):
                raise KeyboardInterrupt

    def _done(self, task: Points, done: Done, tasks: Tasks, alone: bool) -> None:
        self._tasks_done += 1
        tasks.put_back(done.left)
        tasks.took(len(task) - len(done.left), done.seconds)
        if done.measured:
            self._keep(done.measured)
            self.finished += len(done.measured)
            for point, _ in done.measured:
                self._deaths.pop(point, None)
        self._quarantine(done.failed)
        if alone:
            self._quarantine(done.starved)
        else:
            self._suspects += [point for point, _ in done.starved]
        self._advance(len(done.measured) + len(done.failed) + (len(done.starved) if alone else 0))

    def _quarantine(self, given_up: Iterable[tuple[Point, str]]) -> None:
        for point, reason in given_up:
            self.quarantined[point] = reason
            self._give_up(point, reason)

    def _lost(self, task: Points, lost: Lost, tasks: Tasks, alone: bool) -> None:
        self._tasks_lost += 1
        if self._tasks_done == 0 and self._tasks_lost >= _DEAD_ON_ARRIVAL:
            raise InvalidInput("execution", None, f"workers die before they finish a single run ({lost.reason})")
        for point in task:
            deaths = self._deaths[point] = self._deaths.get(point, 0) + lost.deaths
            if len(task) > 1:
                tasks.put_back((point,))
            elif alone and deaths >= _MOST_DEATHS:
                self._quarantine([(point, f"{deaths} workers died running it ({lost.reason})")])
                self._advance(1)
            else:
                self._suspects.append(point)
