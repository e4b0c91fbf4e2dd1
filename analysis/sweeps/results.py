"""What a sweep amounts to: means per point and differences to the base point, read from the store block by block.

Memory does not grow with the number of runs. Blocks are cut at fixed replications and added up in a fixed order, so
the figures are the same to the last bit whatever order the runs were made in.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.compare import Floats, Spread, t_quantile
from analysis.measures import METRICS
from scenarios.design import Values
from scenarios.store import Block, Store

_BLOCK = 1024  # replications read at a time


@dataclass(frozen=True)
class Swept:
    """The runs of a sweep in the store: `points` in order, and under which number the store knows each."""

    store: Store
    points: tuple[Values, ...]
    configurations: tuple[int, ...]
    replications: int

    @property
    def factors(self) -> tuple[str, ...]:
        return tuple(self.points[0])

    def metrics(self) -> tuple[str, ...]:
        """Every metric that some run has, in the order of METRICS, others after them by name."""
        found = self.store.names(tuple(dict.fromkeys(self.configurations)), self.replications)
        return (*(name for name in METRICS if name in found), *sorted(set(found) - set(METRICS)))


class Moments:
    """Number, mean and sum of squared deviations, column by column, of rows added in blocks (Chan et al. 1983)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.n = np.zeros(shape, dtype=np.int64)
        self.mean = np.zeros(shape)
        self.squares = np.zeros(shape)

    def add(self, place: Any, rows: Floats) -> None:
        """Add rows, shape (rows, columns), to the columns at `place`; NaN values do not count."""
        there = ~np.isnan(rows)
        n = there.sum(axis=0)
        if not n.any():
            return
        first = rows[there.argmax(axis=0), np.arange(rows.shape[1])]  # subtracted, so that equal values stay equal
        shifted = np.where(there, rows - first, 0.0)
        counted = np.maximum(n, 1)
        offset = shifted.sum(axis=0) / counted
        squares = (np.where(there, shifted - offset, 0.0) ** 2).sum(axis=0)
        mean = np.where(n > 0, first + offset, 0.0)
        before, total = self.n[place], np.maximum(self.n[place] + n, 1)
        step = np.where(before > 0, mean - self.mean[place], 0.0)
        self.squares[place] += squares + step**2 * before * n / total
        self.mean[place] = np.where(before > 0, self.mean[place] + step * n / total, mean)
        self.n[place] += n

    def spread(self) -> Spread:
        """Mean, standard deviation and 95 % t-interval; NaN where there are too few values."""
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(self.n > 0, self.mean, np.nan)
            sd = np.where(self.n > 1, np.sqrt(self.squares / (self.n - 1)), np.nan)
            half = t_quantile(self.n - 1) * sd / np.sqrt(self.n)
        return Spread(mean, sd, self.n, mean - half, mean + half)


@dataclass(frozen=True)
class SweepResults:
    """Figures of a sweep.

    `means` and `differences` (to the base point, paired by replication) have shape (points, metrics); `levels` holds
    for each factor and each of its values the means over all points with that value, shape (metrics,).
    """

    metrics: tuple[str, ...]
    base: int
    runs: npt.NDArray[np.int64]
    means: Spread
    differences: Spread
    levels: Mapping[str, tuple[tuple[Any, Spread], ...]]

    def only(self, shown: Sequence[str]) -> SweepResults:
        """The same of some metrics alone."""
        columns = [self.metrics.index(name) for name in shown]
        levels = {
            factor: tuple((value, _columns_of(found, columns)) for value, found in values)
            for factor, values in self.levels.items()
        }
        means, differences = _columns_of(self.means, columns), _columns_of(self.differences, columns)
        return SweepResults(tuple(shown), self.base, self.runs, means, differences, levels)


def _columns_of(found: Spread, columns: Sequence[int]) -> Spread:
    return Spread(*(getattr(found, f.name)[..., columns] for f in fields(Spread)))


def ranked(results: SweepResults, metric: str) -> list[int]:
    """Places of the points, the best in a metric first; those without a value last."""
    column = results.means.mean[:, results.metrics.index(metric)]
    sign = -1.0 if METRICS[metric].better == "higher" else 1.0
    return sorted(range(len(column)), key=lambda i: (bool(np.isnan(column[i])), sign * column[i], i))


def sweep_results(swept: Swept, base: int, over_levels: bool) -> SweepResults:
    """Read the runs of a sweep and add them up. `base`: place of the base point; `over_levels`: also by level."""
    metrics = swept.metrics()
    shape = (len(swept.points), len(metrics))
    values, differences, runs = Moments(shape), Moments(shape), np.zeros(len(swept.points), dtype=np.int64)
    levels = _Levels(swept.points, len(metrics)) if over_levels else None
    for start in range(0, swept.replications, _BLOCK):
        stop = min(start + _BLOCK, swept.replications)
        reference = _spread_out(swept.store.read(swept.configurations[base], start, stop, metrics), start, stop)
        for i, configuration in enumerate(swept.configurations):
            block = swept.store.read(configuration, start, stop, metrics)
            rows = _spread_out(block, start, stop)
            runs[i] += len(block.replications)
            values.add(i, rows)
            differences.add(i, rows - reference)
            if levels is not None:
                levels.take(i, rows)
        if levels is not None:
            levels.end_block()
    found = levels.spreads() if levels is not None else {}
    return SweepResults(metrics, base, runs, values.spread(), differences.spread(), found)


def _spread_out(block: Block, start: int, stop: int) -> Floats:
    """The values of a block with a row for every replication, NaN where there was no run."""
    if len(block.replications) == stop - start:
        return block.values
    rows = np.full((stop - start, len(block.names)), np.nan)
    rows[block.replications - start] = block.values
    return rows


class _Levels:
    """Means over the points that share a value of a factor, replication by replication.

    The unit is the replication, for all points share its random numbers; one that lacks a point does not count.
    """

    def __init__(self, points: Sequence[Values], metrics: int) -> None:
        self._values: dict[str, dict[str, Any]] = {factor: {} for factor in points[0]}
        self._of: list[list[tuple[str, str]]] = []
        for point in points:
            keys = [(factor, json.dumps(value)) for factor, value in point.items()]
            self._of.append(keys)
            for (factor, key), value in zip(keys, point.values(), strict=True):
                self._values[factor].setdefault(key, value)
        self._number = Counter(key for keys in self._of for key in keys)
        self._moments = {key: Moments((metrics,)) for key in self._all()}
        self._sums: dict[tuple[str, str], Floats] = {}

    def _all(self) -> list[tuple[str, str]]:
        return [(factor, key) for factor, values in self._values.items() for key in values]

    def take(self, point: int, rows: Floats) -> None:
        for key in self._of[point]:
            self._sums[key] = self._sums[key] + rows if key in self._sums else rows.copy()

    def end_block(self) -> None:
        for key, sums in self._sums.items():
            self._moments[key].add(slice(None), sums / self._number[key])
        self._sums.clear()

    def spreads(self) -> dict[str, tuple[tuple[Any, Spread], ...]]:
        return {
            factor: tuple((value, self._moments[factor, key].spread()) for key, value in values.items())
            for factor, values in self._values.items()
        }
