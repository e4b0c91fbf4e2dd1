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
from sim.tables import CAUSES, ERROR_STATES, FINDERS, JOURNAL, KINDS

if TYPE_CHECKING:
    import pandas as pd

_CODES: dict[str, tuple[str, ...]] = {"kind": KINDS, "cause": CAUSES, "found_by": FINDERS, "state": ERROR_STATES}
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

    def __getitem__(self, table: str) -> np.ndarray[Any, Any]:
        return self.tables[table]

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
        """Rows of the orders placed in the measured window: shape (n,), indices into the orders table."""
        start, end = self.window
        placed = self["orders"]["placed"]
        return np.flatnonzero((placed >= start) & (placed < end))

    def frame(self, table: str) -> pd.DataFrame:
        """A table as a DataFrame with names instead of codes and one column per dimension."""
        import pandas as pd

        array = self[table]
        columns: dict[str, Any] = {}
        for name in array.dtype.names or ():
            values = array[name]
            if values.ndim == 2:
                for d, dimension in enumerate(DIMENSIONS):
                    columns[f"{name}_{dimension}"] = values[:, d]
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
