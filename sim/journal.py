"""What a run leaves behind: typed tables of customers, orders, visits, handoffs, errors, moments and absences.

The same run gives the same bytes on every engine. Columns and codes stand in `sim.tables`; NaN means "has not
happened" or "not scored", -1 "none". Times are hours from the start of the run, money is in cu.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.blueprint import DIMENSIONS, Blueprint
from sim.plan import Plan
from sim.tables import CAUSES, ERROR_STATES, FINDERS, JOURNAL, KINDS, LEVERS, LOST, STATUSES, WON

if TYPE_CHECKING:
    import pandas as pd

_CODES: dict[str, tuple[str, ...]] = {
    "kind": KINDS, "cause": CAUSES, "found_by": FINDERS, "state": ERROR_STATES,
    "reason": STATUSES, "status": STATUSES, "lever": LEVERS,
}  # fmt: skip
_PARTS: dict[str, tuple[str, ...]] = {"won": WON, "lost": LOST, "causes": CAUSES}
_STAGE_COLUMNS = ("stage", "source", "target", "found_at")


@dataclass(frozen=True)
class Journal:
    """The journal of one run.

    `tables` maps each name of `sim.tables.JOURNAL` to a structured array with one row per event; `plan` holds
    the names behind the indices and the blueprints in force; `seed` and `replication` name the run's draws.
    """

    tables: Mapping[str, np.ndarray[Any, Any]]
    plan: Plan
    seed: int
    replication: int
    engine: str
    kept: str = "full"

    def __getitem__(self, table: str) -> np.ndarray[Any, Any]:
        return self.tables[table]

    @property
    def is_full(self) -> bool:
        """Whether orders and visits were kept one by one (not only summaries)."""
        return self.kept == "full"

    @property
    def blueprint(self) -> Blueprint:
        """The blueprint in force at the end of the run."""
        return self.plan.blueprints[-1]

    @property
    def window(self) -> tuple[float, float]:
        """Start and end (h) of the measured part of the run."""
        horizon = self.plan.blueprints[0].horizon
        return horizon.warm_up, horizon.end

    def measured_orders(self) -> np.ndarray[Any, Any]:
        """Rows of the orders placed in the measured window and not given up: shape (n,), indices into the orders."""
        start, end = self.window
        orders = self["orders"]
        placed = orders["placed"]
        return np.flatnonzero((placed >= start) & (placed < end) & np.isnan(orders["abandoned"]))

    def frame(self, table: str) -> pd.DataFrame:
        """A table as a DataFrame with names instead of codes and one column per dimension."""
        import pandas as pd

        array = self[table]
        columns: dict[str, Any] = {}
        for name in array.dtype.names or ():
            values = array[name]
            if values.ndim == 2:
                for label, column in zip(_PARTS.get(name, DIMENSIONS), values.T, strict=True):
                    columns[f"{name}_{label}"] = column
            elif name in _CODES:
                columns[name] = np.array(_CODES[name], dtype=object)[values]
            elif name in _STAGE_COLUMNS:
                columns[name] = np.array([*self.plan.stage_names, ""], dtype=object)[values]
            elif name == "staff":
                columns[name] = np.array([*self.plan.staff_names, ""], dtype=object)[values]
            elif name == "segment":
                columns[name] = np.array(self.plan.segment_names, dtype=object)[values]
            else:
                columns[name] = values
        return pd.DataFrame(columns)

    def to_bytes(self) -> bytes:
        """All tables, byte for byte, in a fixed order (for comparing runs)."""
        return b"".join(name.encode() + self.tables[name].tobytes() for name in JOURNAL)
