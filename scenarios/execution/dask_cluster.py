"""Workers of a Dask cluster: one that runs somewhere already, or one begun on this machine for a sweep.

Tasks go to the cluster through Dask's own executor: joblib's Dask backend (joblib 1.6) waits for ever for a task that
the cluster has given up because its workers died.
"""

from __future__ import annotations

import logging
import socket
import sys
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import ExitStack, suppress
from types import ModuleType
from typing import Any

from scenarios.code_version import code_version
from scenarios.execution.crew import Ended, Futures, Lost
from scenarios.execution.interrupts import hidden_from_children
from scenarios.execution.queue import Points
from scenarios.execution.settings import Execution, Run
from scenarios.execution.task import Done, OtherVersion, Sent, run_sent
from sim.invalid import InvalidInput

_PATIENCE = 10  # s to wait for a scheduler, and for its first worker
_LOOK, _ALARM = 5.0, 30.0  # s between looks at the cluster, and without any worker before a user is told
_UNLIKE = "has a worker without Gapline, or with another version of it, of Python or of a library; install the same"


class Dask(Futures):
    """All workers of a cluster. A worker that dies is the scheduler's business, unless it happens again and again."""

    def __init__(self, run: Run, points: int, execution: Execution) -> None:
        """Raises `InvalidInput` where `distributed` is missing, no scheduler or worker answers, or versions differ."""
        distributed = _distributed()
        self._sent = Sent.of(run)
        self._address = execution.scheduler
        with ExitStack() as opened:
            with hidden_from_children():
                opened.callback(_quiet(logging.getLogger("distributed")))
                client = self._opened_client(distributed, opened, max(1, min(execution.workers, points)))
            try:
                client.wait_for_workers(1, timeout=_PATIENCE)
            except TimeoutError:
                raise self._fault(f"has no worker (waited {_PATIENCE} s)") from None
            self._check_versions(client)
            super().__init__(_threads(client))
            self._executor = client.get_executor(pure=False)
            self._client = client
            self._killed = distributed.KilledWorker
            self._opened = opened.pop_all()

    def _opened_client(self, distributed: ModuleType, opened: ExitStack, workers: int) -> Any:
        if self._address is not None:
            return opened.enter_context(_connected(distributed, self._address))
        cluster = opened.enter_context(_begun_here(distributed, workers))
        return opened.enter_context(distributed.Client(cluster, set_as_default=False))

    def begin(self, task: Points) -> None:
        self.running[self._executor.submit(run_sent, self._sent, task)] = task

    def ended(self) -> Ended:
        """Tasks that have ended since; meanwhile takes note of workers that came or went."""
        idle, threads = 0.0, self.size
        while not wait(self.running, _LOOK, FIRST_COMPLETED).done and self._client.status == "running":
            with suppress(OSError):  # the connection is lost: its tasks will say so
                threads = _threads(self._client)
            self.size = self.ahead = max(1, threads)
            before, idle = idle, 0.0 if threads else idle + _LOOK
            if before < _ALARM <= idle:
                print(f"the cluster has had no worker for {_ALARM:.0f} s; waiting for one", file=sys.stderr)
        return super().ended()

    def result(self, future: Future[Done]) -> Done | Lost:
        try:
            return future.result()
        except self._killed as fault:
            return Lost("killed", fault.allowed_failures + 1)
        except CancelledError:
            raise self._fault("was lost; what had been finished is kept") from None
        except (ImportError, OtherVersion):
            raise self._fault(_UNLIKE) from None

    def leave(self) -> None:
        self._opened.close()

    stop = leave

    def _check_versions(self, client: Any) -> None:
        try:
            found = set(client.run(code_version).values())
        except ImportError:
            raise self._fault(_UNLIKE) from None
        if found != {self._sent.version}:
            raise self._fault(_UNLIKE)

    def _fault(self, what: str) -> InvalidInput:
        return InvalidInput("execution.scheduler", self._address, what)


def _threads(client: Any) -> int:
    """How many tasks the cluster runs at once."""
    return sum(client.nthreads().values())


def _distributed() -> ModuleType:
    try:
        import distributed  # an optional extra, and slow to load
    except ImportError as fault:
        hint = 'install the extra: pip install "gapline[dask]"'
        raise InvalidInput("execution", "dask", f"cannot be used here: {fault}", hint) from None
    return distributed


def _connected(distributed: ModuleType, address: str) -> Any:
    try:
        place = distributed.comm.get_address_host_port(address)
        socket.create_connection(place, _PATIENCE).close()  # a client that fails leaves threads and tracebacks behind
        return distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as fault:
        raise InvalidInput("execution.scheduler", address, f"cannot be reached: {fault}") from None


def _begun_here(distributed: ModuleType, workers: int) -> Any:
    import dask

    # a lost task comes back at once: which of its points is at fault is found out here, as for other workers
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        return distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # of its health check, which is always there
            memory_limit=None, silence_logs=logging.CRITICAL,
        )  # fmt: skip


def _quiet(logger: logging.Logger) -> Any:
    """Silence a logger: what matters to a user is said in one line. Returns how to undo it."""
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    return lambda: logger.setLevel(level)
