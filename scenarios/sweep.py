"""Monte Carlo: every point of a study, on several workers, in any order, with equal results."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.execution import Execution, Measured, Outcome, Point, Run, compile_first, run_points
from sim.invalid import InvalidInput

__all__ = ["Measured", "Point", "Run", "compile_first", "sweep"]

_MOST_WARNINGS = 5
_REFUSED = "refused"


def sweep(run: Run, points: Sequence[Point], execution: Execution, label: str, engine: str) -> dict[Point, Measured]:
    """Run all points (name, replication); results come in the order of `points`, whatever finished first.

    `run` uses this engine, returns a small summary and must be picklable where processes run it. Ctrl-C stops the
    sweep; what was finished by then is returned. A point that cannot be run (see `run_points`) is left out, with a
    warning.

    Raises
    ------
    InvalidInput : as soon as a run raises it.
    RuntimeError : where no run of a name could be finished.
    """
    done: dict[Point, Measured] = {}

    def keep(finished: Sequence[tuple[Point, Measured]]) -> None:
        for _, measured in finished:
            if _REFUSED in measured:
                raise measured[_REFUSED]
        done.update(finished)

    compile_first(engine)
    outcome = run_points(_Careful(run), points, len(points), execution, keep, label)
    if outcome.interrupted:
        print(f"stopped after {len(done)} of {len(points)} runs", file=sys.stderr)
    _report(outcome, points, done)
    return {point: done[point] for point in points if point in done}


@dataclass(frozen=True)
class _Careful:
    """A run that hands bad input over as a result: it ends a study at once, unlike faults of single runs."""

    run: Run

    def __call__(self, point: Point) -> Measured:
        try:
            return self.run(point)
        except InvalidInput as fault:
            return {_REFUSED: fault}


def _report(outcome: Outcome, points: Sequence[Point], done: dict[Point, Measured]) -> None:
    """One line for each point that is left out (for the first few)."""
    for (name, replication), why in list(outcome.quarantined.items())[:_MOST_WARNINGS]:
        print(f"warning: replication {replication} of {name} is left out: {why}", file=sys.stderr)
    if len(outcome.quarantined) > _MOST_WARNINGS:
        print(f"warning: and {len(outcome.quarantined) - _MOST_WARNINGS} others", file=sys.stderr)
    asked, failed = Counter(name for name, _ in points), Counter(name for name, _ in outcome.quarantined)
    for (name, _), why in outcome.quarantined.items():
        if failed[name] == asked[name]:
            raise RuntimeError(f"every run of {name} failed: {why}")
