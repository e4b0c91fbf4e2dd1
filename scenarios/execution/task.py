"""What a worker does: the points of one task, one after another."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cloudpickle

from scenarios.code_version import code_version
from scenarios.execution.settings import Measured, Point, Run
from sim.invalid import InvalidInput

LONGEST = 1.0  # s after which a worker begins no other point of its task: what is finished shall be kept soon


@dataclass(frozen=True)
class Done:
    """What a worker did with a task.

    `measured` and `failed` (point, reason) are the points it tried, `starved` those for which memory did not
    suffice, and `left` those that it did not begin for lack of time. `seconds` is the time it took; `interrupted`
    says that Ctrl-C ended it early.
    """

    measured: tuple[tuple[Point, Measured], ...]
    failed: tuple[tuple[Point, str], ...]
    starved: tuple[tuple[Point, str], ...]
    left: tuple[Point, ...]
    seconds: float
    interrupted: bool = False


class OtherVersion(RuntimeError):
    """A worker of another version would slip in results that nobody could repeat."""


@dataclass(frozen=True)
class Sent:
    """A run as bytes, and the version of the code that is to run it.

    A worker unpacks it once, so that what the run remembers serves all tasks of that worker.
    """

    content: bytes
    version: str

    @classmethod
    def of(cls, run: Run) -> Sent:
        return cls(cloudpickle.dumps(run), code_version())


@lru_cache(maxsize=1)
def _unpacked(sent: Sent) -> Run:
    run: Run = cloudpickle.loads(sent.content)
    return run


def run_sent(sent: Sent, points: tuple[Point, ...]) -> Done:
    """Run the points of a task in a worker process.

    Raises `OtherVersion` where the worker has other code: it started after an edit, or runs on another machine.
    """
    if code_version() != sent.version:
        raise OtherVersion
    return run_task(_unpacked(sent), points)


def run_task(run: Run, points: tuple[Point, ...]) -> Done:
    """Run the points of a task, and once more where a run fails: a fault that passes shall cost nothing."""
    measured: list[tuple[Point, Measured]] = []
    failed: list[tuple[Point, str]] = []
    starved: list[tuple[Point, str]] = []
    began = time.perf_counter()
    tried, interrupted = 0, False
    for point in points:
        if tried and time.perf_counter() - began > LONGEST:
            break
        tried += 1
        try:
            measured.append((point, _twice(run, point)))
        except MemoryError as fault:
            starved.append((point, reason(fault)))
        except KeyboardInterrupt:
            interrupted = True
            break
        except (Exception, SystemExit) as fault:
            failed.append((point, reason(fault)))
    seconds = time.perf_counter() - began
    return Done(tuple(measured), tuple(failed), tuple(starved), points[tried:], seconds, interrupted)


def _twice(run: Run, point: Point) -> Measured:
    try:
        return run(point)
    except Exception:
        return run(point)


def reason(fault: BaseException) -> str:
    """A fault in one line; where it is the program's own and no bad input, with the place that raised it."""
    if isinstance(fault, InvalidInput):
        return str(fault)
    text = " ".join(f"{type(fault).__name__}: {fault}".split()).rstrip(": ")
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{text} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else text
