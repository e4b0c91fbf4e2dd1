"""Finished runs side by side: means of each, differences between them with intervals, and the settings that differ.

Runs with the same seed have the same named draws, so their differences are taken within replications that both have;
runs with other seeds are independent, and their differences have Welch's interval (Welch 1947, Biometrika 34, 28-35).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import SUMMARY_COLUMNS, Results, spread, summarise, tabulate
from analysis.measures import METRICS
from analysis.past_runs.redraw import Past, read_kpis, read_past, require_run_of
from sim.invalid import InvalidInput

Floats = npt.NDArray[np.float64]
PAIRED, WELCH = "paired", "Welch"
COMPARED = ("compare", "factorial", "decide", "ten_stage", "compounding")  # those with metrics by replication
DIFFERENCE_COLUMNS = (
    "run", "scenario", "metric", "difference", "difference_low", "difference_high", "interval", "n", "freedom",
)  # fmt: skip
_ASIDE = ("n_jobs", "execution", "journal", "run", "report")  # settings that leave results as they are
_ABSENT = "–"


@dataclass(frozen=True)
class Side:
    """One of the runs: its letter, where it lies, its settings and every metric of every replication."""

    letter: str
    name: str
    past: Past
    kpis: pd.DataFrame

    @property
    def seed(self) -> int:
        return self.past.settings.seed

    @property
    def replications(self) -> int:
        return int(self.kpis["replication"].nunique())


@dataclass(frozen=True)
class SideBySide:
    """Several runs. `means`: run and SUMMARY_COLUMNS; `differences`: DIFFERENCE_COLUMNS, each run less the first, for
    scenarios and metrics that both have; `settings`: (path, value in each run) where these are not all the same."""

    sides: tuple[Side, ...]
    means: pd.DataFrame
    differences: pd.DataFrame
    settings: tuple[tuple[str, ...], ...]

    @property
    def common(self) -> list[str]:
        """Scenarios that every run has, in the order of the first."""
        return [s for s in self.scenarios(self.sides[0]) if all(s in self.scenarios(side) for side in self.sides)]

    def scenarios(self, side: Side) -> list[str]:
        return list(dict.fromkeys(side.kpis["scenario"]))

    def results(self) -> dict[str, Any]:
        """For results.json."""
        return {
            "runs": {
                side.letter: {
                    "folder": side.name, "experiment": side.past.settings.experiment, "seed": side.seed,
                    "replications": side.replications,
                }
                for side in self.sides
            },
            "settings": [list(row) for row in self.settings],
            "differences": self.differences.to_dict("records"),
        }  # fmt: skip


def read_side(given: object, where: str) -> tuple[Past, pd.DataFrame]:
    """A run to set beside others. Raises `InvalidInput` where it is none, or keeps no metrics by replication."""
    require_run_of(given, where, COMPARED, "set side by side")
    past = read_past(given, where)
    try:
        return past, read_kpis(past)
    except InvalidInput as fault:
        raise InvalidInput(where, fault.value, fault.allowed, fault.hint) from None


def set_side_by_side(read: Sequence[tuple[Past, pd.DataFrame]]) -> SideBySide:
    """Means, differences to the first, and what the settings differ in."""
    sides = tuple(
        Side("ABCDEFGHIJ"[i], "/".join(past.path.parts[-2:]), past, kpis) for i, (past, kpis) in enumerate(read)
    )
    means = [summarise(side.kpis).assign(run=side.letter) for side in sides]
    rows = [row for side in sides[1:] for row in _differences(sides[0], side)]
    return SideBySide(
        sides,
        pd.concat(means, ignore_index=True)[["run", *SUMMARY_COLUMNS]],
        pd.DataFrame(rows, columns=list(DIFFERENCE_COLUMNS)),
        tuple(_settings([side.past.settings.plain for side in sides])),
    )


def _differences(first: Side, other: Side) -> Iterator[tuple[Any, ...]]:
    one, two = tabulate(first.kpis), tabulate(other.kpis)
    paired = first.seed == other.seed
    both = np.intersect1d(first.kpis["replication"], other.kpis["replication"])
    places = [np.searchsorted(np.unique(side.kpis["replication"]), both) for side in (first, other)]
    for scenario in (s for s in one.scenarios if s in two.scenarios):
        for metric in (m for m in one.metrics if m in two.metrics and m in METRICS):
            a, b = _values(one, scenario, metric), _values(two, scenario, metric)
            found = paired_difference(a[places[0]], b[places[1]]) if paired else welch_difference(a, b)
            if np.isfinite(found[0]):
                yield other.letter, scenario, metric, *found[:3], PAIRED if paired else WELCH, *found[3:]


def _values(results: Results, scenario: str, metric: str) -> Floats:
    return np.asarray(results.of(metric)[results.scenarios.index(scenario)])


def paired_difference(one: Floats, other: Floats) -> tuple[float, float, float, int, float]:
    """other - one within replications, shape (n,) each: mean, 95 % t-interval, number, degrees of freedom."""
    s = spread(other - one)
    return float(s.mean), float(s.low), float(s.high), int(s.n), float(max(0, int(s.n) - 1))


def welch_difference(one: Floats, other: Floats) -> tuple[float, float, float, int, float]:
    """Mean of other - mean of one, of independent samples: with Welch's 95 % interval, the smaller number, and his
    degrees of freedom. NaN values do not count; the interval is NaN where a sample has fewer than two."""
    from scipy.special import stdtrit

    a, b = spread(one), spread(other)
    difference = float(b.mean - a.mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.array([np.square(a.sd) / a.n, np.square(b.sd) / b.n])
        error2 = parts.sum()
        freedom = np.square(error2) / (np.square(parts) / (np.array([a.n, b.n]) - 1)).sum()
    if error2 == 0.0:
        return difference, difference, difference, int(min(a.n, b.n)), float("nan")
    half = float(stdtrit(freedom, 0.975) * np.sqrt(error2))
    return difference, difference - half, difference + half, int(min(a.n, b.n)), float(freedom)


def _settings(nodes: Sequence[Any], path: str = "") -> Iterator[tuple[str, ...]]:
    """Path and every run's value, for the highest places at which configurations differ or one has nothing."""
    if all(isinstance(node, Mapping) and node for node in nodes):
        names = dict.fromkeys(name for node in nodes for name in node)
        for name in (n for n in names if path or n not in _ASIDE):
            yield from _settings([node.get(name) for node in nodes], f"{path}.{name}" if path else str(name))
    elif any(node != nodes[0] for node in nodes):
        yield path, *(_text(node) for node in nodes)


def _text(node: Any) -> str:
    if node is None:
        return _ABSENT
    if isinstance(node, Mapping):
        return "configured" if node else "nothing configured"
    return node if isinstance(node, str) else json.dumps(node, ensure_ascii=False, default=str)
