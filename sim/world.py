"""The memory of one run: plan, state and journal tables, and the address by which compiled code finds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.draws import child_key, run_key, stable_id
from sim.kernel import JIT
from sim.plan import Plan
from sim.tables import JOURNAL, SLOT, TABLES

_ERRORS_PER_VISIT = 2  # an error of the visit itself and one made by needless rework
_MOMENTS_PER_VISIT = 2  # a moment of truth and the delivery


class World:
    """All tables of one run, as attributes. Grows as the run goes on; an engine calls `make_room` first."""

    def __init__(self, plan: Plan, seed: int, replication: int) -> None:
        self.plan = plan
        self._contents = np.zeros(len(TABLES), np.int64)
        for name, table in plan.tables.items():
            self._place(name, table)
        n_stages, n_epochs = len(plan.stage_names), len(plan.starts)
        for name, size in (("run", 1), ("stage_state", n_stages), ("edge_state", len(plan.edge_names)), ("passes", 0)):
            self._place(name, np.zeros(size, TABLES[name]))
        for name in JOURNAL:
            self._place(name, np.zeros(0, TABLES[name]))
        run = self.table("run")[0]
        run["key"] = run_key(seed, replication)
        run["n_stages"], run["n_edges"] = n_stages, len(plan.edge_names)
        run["n_staff"], run["n_segments"] = len(plan.staff_names), len(plan.segment_names)
        run["end"], run["grid"] = plan.end, plan.blueprints[0].horizon.grid
        run["perception_on"] = plan.perception_on
        for i, name in enumerate(plan.stage_names):
            self.table("stage_state")[i]["key"] = child_key(int(run["key"]), stable_id("stage"), stable_id(name))
        self.table("stage_state")["next_change"] = np.nan
        self.table("edge_state")["expected"] = plan.blueprints[0].internal_service.internal_desired
        self._room = {"customers": 0, "orders": 0, "visits": 0}
        assert n_epochs == len(plan.blueprints)

    @property
    def handle(self) -> Any:
        """What transitions take: the address of the table of contents, or the world itself in plain Python."""
        return int(self._contents.ctypes.data) if JIT else self

    def table(self, name: str) -> np.ndarray[Any, Any]:
        return self.__dict__[name]  # type: ignore[no-any-return]

    def _place(self, name: str, table: np.ndarray[Any, Any]) -> None:
        self.__dict__[name] = table if JIT else table.view(np.recarray)
        self._contents[SLOT[name]] = table.ctypes.data

    def _grow(self, name: str, size: int) -> None:
        old = self.table(name)
        new = np.zeros(size, TABLES[name])
        new[: len(old)] = old
        self._place(name, new)

    def room_for(self, what: str, count: int) -> int:
        """Make room for at least `count` rows of "customers", "orders" or "visits"; returns the new capacity."""
        size = max(count, 2 * self._room[what], 256)
        self._room[what] = size
        self._grow(what, size)
        if what == "orders":
            self._grow("passes", size * len(self.plan.stage_names))
        if what == "visits":
            self._grow("handoffs", size)
            self._grow("errors", size * _ERRORS_PER_VISIT)
            self._grow("moments", size * _MOMENTS_PER_VISIT)
        return size
