"""The naive diagnosis: count the errors that reached customers, by the stage and the class that made them.

It is what a firm with perfect records could do: every error knows its origin. What would have happened without the
cause, it cannot know: another error might have reached the same customer, and waiting leaves no error behind.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import spread
from analysis.measures import measure
from analysis.measures.measured import Measured
from sim.journal import Journal
from sim.tables import CAUSES

Floats = npt.NDArray[np.float64]
_MARK = "reached"
PARETO_COLUMNS = ("stage", "class", "per_1000", "low", "high", "share", "cumulative")


def measure_with_origins(journal: Journal) -> dict[str, float]:
    """The metrics of a run, and errors that reached a customer per 1000 measured orders, by origin: "reached
    <stage> <class>". Needs a full journal."""
    measured = Measured(journal)
    errors = measured.errors
    reached = errors[errors["reached"] > 0]
    counts = np.zeros((len(journal.plan.stage_names), len(CAUSES)))
    np.add.at(counts, (reached["stage"], reached["cause"]), 1.0)
    per_1000 = 1000.0 * counts / max(1, len(measured.orders))
    names = journal.plan.stage_names
    origins = {
        f"{_MARK} {stage} {cause}": float(per_1000[i, j])
        for i, stage in enumerate(names)
        for j, cause in enumerate(CAUSES)
    }
    return {**measure(journal), **origins}


def origins_of(metrics: Sequence[str]) -> list[tuple[str, str, str]]:
    """(metric, stage, class) of those metrics that count errors by origin, in the order of stages and classes given."""
    found = []
    for metric in metrics:
        if metric.startswith(f"{_MARK} "):
            stage, cause = metric.removeprefix(f"{_MARK} ").rsplit(" ", 1)
            found.append((metric, stage, cause))
    return found


def pareto_table(metrics: Sequence[str], values: Floats) -> pd.DataFrame:
    """Errors that reached a customer by stage and class, the most frequent first; classes that never occurred left out.

    `values`: shape (metrics, replications). `share` and `cumulative` are of all such errors (0 to 1); columns
    PARETO_COLUMNS.
    """
    rows = []
    for metric, stage, cause in origins_of(metrics):
        s = spread(values[list(metrics).index(metric)])
        if s.mean > 0:
            rows.append((stage, cause, float(s.mean), float(s.low), float(s.high)))
    rows.sort(key=lambda row: -row[2])
    table = pd.DataFrame(rows, columns=list(PARETO_COLUMNS[:5]))
    table["share"] = table["per_1000"] / table["per_1000"].sum()
    table["cumulative"] = table["share"].cumsum()
    return table
