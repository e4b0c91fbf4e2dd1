"""Arms of an experiment: configurations side by side on common random numbers, run as far as somebody needs them.

What has been run is never run again: it stays in memory, or in a results store, from which also a later session
goes on. A decision, a diagnosis and a claim differ in what they ask next, not in how it is run.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios.code_version import code_version
from scenarios.design import Values
from scenarios.execution import Execution, Measured, Point, compile_first, run_points
from scenarios.point_runs import PointRuns, name_of
from scenarios.points import Base, configured, digest_text
from scenarios.store import Store
from sim.journal import Journal

Floats = npt.NDArray[np.float64]
Measure = Callable[[Journal], dict[str, Any]]

_BLOCK = 64  # replications of an arm that are run one after another, while a worker has it at hand
_MOST_WARNINGS = 5


@dataclass(frozen=True)
class Runs:
    """Values by arm, metric and replication: shape (arms, metrics, replications), NaN where there is none."""

    metrics: tuple[str, ...]
    values: Floats

    def of(self, metric: str) -> Floats:
        """One metric: shape (arms, replications). Raises KeyError for a metric that no run has."""
        if metric not in self.metrics:
            raise KeyError(f"{metric}: no run measured it; there are {', '.join(self.metrics)}")
        return np.asarray(self.values[:, self.metrics.index(metric)])


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended `Arms.run` early. What is finished is kept: in the store, where there is one."""


class Arms:
    """Runs arms and remembers.

    Parameters
    ----------
    base : what the arms share (`scenarios.points.base_of`); each arm sets some values in it.
    measure : what is kept of a run: a flat dict of floats. A function of a module (workers import it).
    execution : where runs are made.
    store : None keeps runs in memory only.
    """

    def __init__(self, base: Base, measure: Measure, execution: Execution, store: Store | None = None) -> None:
        self._base, self._execution, self._store = base, execution, store
        self._runs = PointRuns(base, measure)
        self._measured_by = _source_of(measure)
        self._texts: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._kept: dict[Point, Measured] = {}
        self.made = 0  # runs made by this object

    def run(self, arms: Sequence[Values], replications: int, label: str) -> Runs:
        """Replications 0 to `replications` - 1 of every arm; only those that are not there yet are made.

        `label` names the progress bar. Runs that cannot be made (see `run_points`) are NaN, with a warning. Raises
        `Interrupted` after Ctrl-C, `InvalidInput` for an arm that is no valid configuration.
        """
        names = [name_of(arm) for arm in arms]
        for name, arm in zip(names, arms, strict=True):
            if name not in self._texts:
                self._texts[name] = digest_text(self._base, configured(self._base, arm)) + self._measured_by
        first_of = {self._texts[name]: name for name in reversed(names)}  # one name for arms that are the same
        missing = {name: self._missing(name, replications) for name in first_of.values()}
        total = sum(map(len, missing.values()))
        if total:
            self._make(missing, total, replications, label)
        return self._collect([first_of[self._texts[name]] for name in names], replications)

    def _make(self, missing: dict[str, list[int]], total: int, replications: int, label: str) -> None:
        def points() -> Iterator[Point]:
            for start in range(0, replications, _BLOCK):
                for name, numbers in missing.items():
                    yield from ((name, r) for r in numbers if start <= r < start + _BLOCK)

        compile_first(self._base.engine)
        outcome = run_points(self._runs, points(), total, self._execution, self._keep, label)
        self.made += outcome.finished
        for (name, replication), why in list(outcome.quarantined.items())[:_MOST_WARNINGS]:
            print(f"warning: replication {replication} of {name} is left out: {why}", file=sys.stderr)
        if outcome.interrupted:
            raise Interrupted

    def _keep(self, finished: Sequence[tuple[Point, Measured]]) -> None:
        if self._store is None:
            self._kept.update(finished)
        else:
            self._store.add((self._number(name), replication, values) for (name, replication), values in finished)

    def _missing(self, name: str, replications: int) -> list[int]:
        if self._store is None:
            return [r for r in range(replications) if (name, r) not in self._kept]
        return self._store.missing(self._number(name), 0, replications)

    def _collect(self, names: Sequence[str], replications: int) -> Runs:
        if self._store is not None:
            numbers = [self._number(name) for name in names]
            metrics = self._store.names(tuple(dict.fromkeys(numbers)), replications)
            values = np.full((len(names), len(metrics), replications), np.nan)
            for i, number in enumerate(numbers):
                block = self._store.read(number, 0, replications, metrics)
                values[i][:, block.replications] = block.values.T
            return Runs(metrics, values)
        found = {m for name in dict.fromkeys(names) for r in range(replications) for m in self._kept.get((name, r), ())}
        metrics = tuple(sorted(found))
        values = np.full((len(names), len(metrics), replications), np.nan)
        for i, name in enumerate(names):
            for r in range(replications):
                measured = self._kept.get((name, r), {})
                values[i, :, r] = [measured.get(metric, np.nan) for metric in metrics]
        return Runs(metrics, values)

    def _number(self, name: str) -> int:
        assert self._store is not None
        if name not in self._numbers:
            self._numbers[name] = self._store.configuration(self._texts[name], code_version(), self._base.seed)
        return self._numbers[name]


def _source_of(measure: Measure) -> str:
    """What tells runs apart that another function measured; the usual one counts in the version of the code."""
    module = measure.__module__
    if module.startswith("analysis.measures"):
        return ""
    source = Path(inspect.getfile(measure)).read_bytes()
    return f"\n{module}.{measure.__qualname__} {hashlib.sha256(source).hexdigest()[:16]}"
