"""Workers that are processes of this machine: joblib's pool (loky)."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from joblib.externals.loky import BrokenProcessPool, get_reusable_executor

from scenarios.execution.crew import Futures, Lost
from scenarios.execution.interrupts import hidden_from_children
from scenarios.execution.queue import Points
from scenarios.execution.settings import Run
from scenarios.execution.task import Done, OtherVersion, Sent, run_sent
from sim.invalid import InvalidInput

_TAKEN = 1.0  # s within which the pool's thread has taken every task, unless it is dead
_IDLE = 300  # s after which a worker without work leaves; until then other sweeps of this process may use it


class Processes(Futures):
    """When one of the processes dies, all tasks in flight are lost, and the next task begins a new pool."""

    def __init__(self, run: Run, size: int) -> None:
        super().__init__(size)
        self._sent = Sent.of(run)
        self._pool: Any = None

    def begin(self, task: Points) -> None:
        with hidden_from_children():
            # the same pool as before, also that of an earlier sweep, unless it is broken
            self._pool = get_reusable_executor(
                self.size, timeout=_IDLE, initializer=watch_parent, initargs=(os.getpid(),)
            )
            try:
                future = self._pool.submit(run_sent, self._sent, task)
            except BrokenProcessPool as fault:
                future = Future()
                future.set_exception(fault)
        self.running[future] = task

    def result(self, future: Future[Done]) -> Done | Lost:
        try:
            return future.result()
        except BrokenProcessPool as fault:
            return Lost(_exit_codes(fault))
        except OtherVersion:
            what = "a new worker found other sources than this process: they were edited meanwhile; start again"
            raise InvalidInput("execution", "processes", what) from None

    def narrow(self) -> None:
        self.size = 1

    def leave(self) -> None:
        pass

    def stop(self) -> None:
        if self._pool is not None:
            # A task that the pool's thread has not taken yet would make it stumble, loudly, over being killed.
            last = time.monotonic() + _TAKEN
            while time.monotonic() < last and not all(f.running() or f.done() for f in self.running):
                time.sleep(0.001)
            with _unheard():
                self._pool.shutdown(wait=True, kill_workers=True)


@contextmanager
def _unheard() -> Iterator[None]:
    """The pool's thread stumbles (KeyError) over a task that waited for room when its workers were killed. Nobody needs
    to know: the workers are dead by then, as they should be."""
    before = threading.excepthook

    def hook(fault: threading.ExceptHookArgs) -> None:
        if not type(fault.thread).__module__.startswith("joblib.externals.loky"):
            before(fault)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def _exit_codes(fault: BrokenProcessPool) -> str:
    found = re.search(r"exit codes of the workers are \{(.*?)\}", str(fault))
    return found.group(1) if found else "exit code unknown"


def watch_parent(parent: int) -> None:
    """End this worker soon after its parent is gone: a parent that was killed outright cannot tell its workers.

    (Windows never gives an orphan another parent; there a worker leaves after its time without work.)
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.25)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
