"""The measured part of a journal: the orders placed in the measured window, and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from analysis.measures.hours import Hours, hours_of
from sim.journal import Journal

Table = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Measured:
    """Orders placed in the measured window and followed to delivery, and the books of the window.

    `totals`, `weeks` and `hours` are there of every journal. Single `orders`, with their visits, handoffs and errors,
    are structured arrays in the layout of `sim.tables.JOURNAL`, in the journal's order; each is cut out on first use
    and empty where only summaries were kept. An order that never reached its customer is left out.
    """

    journal: Journal

    @cached_property
    def totals(self) -> Any:
        """Sums over the measured orders: the record of `sim.tables.JOURNAL["totals"]`."""
        return self.journal["totals"][0]

    @cached_property
    def delivered(self) -> int:
        """Measured orders that reached their customer."""
        return int(self.totals["delivered"])

    @cached_property
    def weeks(self) -> Table:
        """The weekly books of the window: shape (weeks,); the last week may be a part of one."""
        rows = self.journal["weeks"]
        return np.asarray(rows[rows["measured"] == 1])

    @cached_property
    def hours(self) -> Hours:
        """What staff did with their paid hours in the window."""
        return hours_of(self.weeks)

    @cached_property
    def _chosen(self) -> Table:
        """Whether an order counts: shape (orders of the journal,), bool."""
        rows = self.journal.measured_orders()
        chosen = np.zeros(len(self.journal["orders"]), dtype=bool)
        chosen[rows] = ~np.isnan(self.journal["orders"]["delivered"][rows])
        return chosen

    def _of_orders(self, table: str) -> Table:
        rows = self.journal[table]
        return rows.take(np.flatnonzero(self._chosen[rows["order"]]))  # ten times as fast as a mask on records

    @cached_property
    def orders(self) -> Table:
        return self.journal["orders"].take(np.flatnonzero(self._chosen))

    @cached_property
    def visits(self) -> Table:
        return self._of_orders("visits")

    @cached_property
    def handoffs(self) -> Table:
        return self._of_orders("handoffs")

    @cached_property
    def errors(self) -> Table:
        return self._of_orders("errors")

    @cached_property
    def lead_times(self) -> Table:
        """Hours from placement to delivery: shape (orders,)."""
        return np.asarray(self.orders["delivered"] - self.orders["placed"])
