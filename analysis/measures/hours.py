"""What staff did with their paid hours: paid = worked + idle + off the line (model.md 2.10, V30)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.journal import Journal

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Pieces:
    """Periods cut at the window's ends and wherever the plan changes.

    Of each piece: `row` of the period it was cut from, `epoch` it lies in, `pool` its staff member belonged to, and
    `hours`; all of shape (pieces,). Only pieces with hours that are paid are kept.
    """

    row: Array
    epoch: Array
    pool: Array
    hours: Array


@dataclass(frozen=True)
class Hours:
    """Paid hours in the measured window.

    `paid` by epoch and pool: shape (epochs, pools), h. `worked` are the pieces of visits (rows of the journal's
    visits), `off_line` those of absences (rows of its absences). Work that a member finishes after having left the
    staff is not paid and does not count, nor does an absence that outlasts the employment.
    """

    paid: Array
    worked: Pieces
    off_line: Pieces

    @property
    def paid_total(self) -> float:
        return float(self.paid.sum())

    @property
    def worked_total(self) -> float:
        return float(self.worked.hours.sum())

    @property
    def off_line_total(self) -> float:
        return float(self.off_line.hours.sum())

    @property
    def idle_total(self) -> float:
        return self.paid_total - self.worked_total - self.off_line_total

    def by_pool(self, pieces: Pieces) -> Array:
        """Hours of some pieces per pool: shape (pools,)."""
        return np.bincount(pieces.pool, weights=pieces.hours, minlength=self.paid.shape[1])


def account_hours(journal: Journal) -> Hours:
    """Account for the paid hours of every staff member in the measured window of a run."""
    start, end = journal.window
    starts = np.array(journal.plan.starts)
    pool_of = journal.plan.rows("staff")["pool"]  # (epochs, members); -1: not on the staff
    edges = np.clip(np.append(starts, np.inf), start, end)
    paid = np.zeros((len(starts), len(journal.plan.pool_names)))
    for epoch, length in enumerate(np.diff(edges)):
        present = pool_of[epoch][pool_of[epoch] >= 0]
        paid[epoch] = np.bincount(present, minlength=paid.shape[1]) * length
    worked, off_line = (_cut(journal[name], edges, starts, pool_of) for name in ("visits", "absences"))
    return Hours(paid, worked, off_line)


def _cut(periods: Array, edges: Array, starts: Array, pool_of: Array) -> Pieces:
    """Cut periods (columns staff, began, ended) at `edges`, the epochs' bounds inside the window: (epochs + 1,)."""
    began, ended = np.clip(periods["began"], edges[0], edges[-1]), np.clip(periods["ended"], edges[0], edges[-1])
    row = np.flatnonzero(ended > began)
    began, ended = began[row], ended[row]
    epoch = np.zeros(len(row), dtype=np.int64)
    if len(starts) > 1:
        epoch = np.searchsorted(starts, began, side="right") - 1
        count = np.searchsorted(starts, ended, side="left") - epoch  # epochs that the period reaches into
        which = np.repeat(np.arange(len(row)), count)
        epoch = epoch[which] + np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        row = row[which]
        began, ended = np.maximum(began[which], edges[epoch]), np.minimum(ended[which], edges[epoch + 1])
    pool = pool_of[epoch, periods["staff"][row]]
    kept = pool >= 0
    if not kept.all():
        row, epoch, pool, began, ended = row[kept], epoch[kept], pool[kept], began[kept], ended[kept]
    return Pieces(row, epoch, pool, ended - began)
