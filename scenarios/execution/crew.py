"""The workers: how tasks get to them and how results come back. Here those that live in this process."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from scenarios.execution.queue import Points
from scenarios.execution.settings import Run
from scenarios.execution.task import Done, run_task


@dataclass(frozen=True)
class Lost:
    """A task whose worker died. `deaths`: how many did, one after another."""

    reason: str
    deaths: int = 1


Ended = list[tuple[Points, Done | Lost]]


class Crew(Protocol):
    """Some workers. `size` is how many tasks run at once, `ahead` how many more shall lie ready for them."""

    size: int
    ahead: int

    def begin(self, task: Points) -> None: ...

    def ended(self) -> Ended:
        """Tasks that have ended since; waits for one."""

    def narrow(self) -> None:
        """Do with a single worker from now on, where that spares the start of others."""

    def leave(self) -> None:
        """All tasks have ended."""

    def stop(self) -> None:
        """End at once; tasks in flight are of no interest any more."""


class Alone:
    """No workers: a task runs in this very thread, as soon as it begins."""

    size, ahead = 1, 0

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ended: Ended = []

    def begin(self, task: Points) -> None:
        self._ended.append((task, run_task(self._run, task)))

    def ended(self) -> Ended:
        ended, self._ended = self._ended, []
        return ended

    def narrow(self) -> None: ...

    def leave(self) -> None: ...

    def stop(self) -> None: ...


class Futures:
    """What crews have in common that hand tasks to an executor."""

    def __init__(self, size: int) -> None:
        self.size, self.ahead = size, size
        self.running: dict[Future[Done], Points] = {}

    def ended(self) -> Ended:
        finished, _ = wait(self.running, return_when=FIRST_COMPLETED)
        return [(self.running.pop(future), self.result(future)) for future in finished]

    def result(self, future: Future[Done]) -> Done | Lost:
        return future.result()

    def narrow(self) -> None: ...


class Threads(Futures):
    """Threads of this process. On Ctrl-C the runs in flight end first: a thread cannot be killed."""

    def __init__(self, run: Run, size: int) -> None:
        super().__init__(size)
        self._run = run
        self._pool = ThreadPoolExecutor(size)

    def begin(self, task: Points) -> None:
        self.running[self._pool.submit(run_task, self._run, task)] = task

    def leave(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    stop = leave
