"""What staff did with their paid hours: paid = worked + idle + off the line + absent (model.md 2.10, V30)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from analysis.measures.metric import ratio
from sim.journal import Journal

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Hours:
    """Paid hours of some period, in h.

    `overtime` is a part of `worked`. Of the hours on the line, `inspection_hours` are the idle and worked hours of
    pools that only inspect and the visits of others to appraisal stages; `checking_hours`, `rework_hours` and
    `clarification_hours` are parts of what the other pools worked.
    """

    paid: float
    worked: float
    off_line: float
    absent: float
    overtime: float
    rework_hours: float
    clarification_hours: float
    checking_hours: float
    inspection_hours: float

    @property
    def idle(self) -> float:
        return self.paid - self.worked - self.off_line - self.absent

    @property
    def utilisation(self) -> float:
        """Hours worked over hours paid and spent on the line; NaN where there are none."""
        return ratio(self.worked, self.paid - self.off_line - self.absent)


def hours_of(weeks: Array) -> Hours:
    """The hours of some rows of the weekly books, summed."""
    return Hours(**{field.name: float(weeks[field.name].sum()) for field in fields(Hours)})


def stage_utilisation(journal: Journal) -> Array:
    """Utilisation of the pools (by team) that serve each stage at the end of the run, together: shape (stages,)."""
    worked, on_line = _on_line(journal)
    serving = [list(pools) for pools in journal.plan.stage_pools[-1]]
    return np.array([ratio(worked[pools].sum(), on_line[pools].sum()) for pools in serving])


def _on_line(journal: Journal) -> tuple[Array, Array]:
    pools = journal["pool_hours"]
    return pools["worked"], pools["paid"] - pools["off_line"] - pools["absent"]


def inspectors_idle(journal: Journal) -> float:
    """Idle hours, in the measured window, of pools that serve appraisal stages and no others (h).

    The books have a pool's idle hours of the whole window. A pool that turns into one of inspectors on the way is taken
    to have been as idle before as after: the share of its seats' time after counts.
    """
    pools = journal["pool_hours"]
    idle = pools["paid"] - pools["worked"] - pools["off_line"] - pools["absent"]
    return float((idle * _inspecting_share(journal)).sum())


def _inspecting_share(journal: Journal) -> Array:
    """Share of the seats' time in the window in which a pool only inspects: shape (pools,); 0 or 1 unless it turns."""
    staff, n_pools = journal.plan.rows("staff"), len(journal.plan.pool_names)
    edges = np.clip([*journal.plan.starts, np.inf], *journal.window)
    seats, inspecting = np.zeros(n_pools), np.zeros(n_pools)
    for epoch, length in enumerate(np.diff(edges)):
        here = staff[epoch][staff[epoch]["pool"] >= 0]
        seats += length * np.bincount(here["pool"], minlength=n_pools)
        inspecting += length * np.bincount(here["pool"], weights=here["inspects"], minlength=n_pools)
    return np.divide(inspecting, seats, out=np.zeros(n_pools), where=seats > 0.0)
