"""The memory of one run: plan, state and journal tables, and the address by which compiled code finds them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.draws import child_key, run_key, stable_id
from sim.kernel import JIT
from sim.plan import Plan
from sim.tables import JOURNAL, SLOT, TABLES
from sim.traffic import expected_traffic

_ERRORS_PER_VISIT = 3  # of the visit, of needless rework, of a supplier
_MOMENTS_PER_VISIT = 2  # a moment of truth and the delivery
_AT_LEAST = 256  # visits to make room for at a time
_GROWING = ("customers", "orders", "visits", "handoffs", "errors", "moments", "absences")


class World:
    """All tables of one run, as attributes. Grows as the run goes on; an engine calls `room_for` first.

    With `summary` rows of orders and of lost customers are used again, and visits, handoffs and moments have one row
    an order, so that memory grows with the orders and customers of the moment only.
    """

    def __init__(self, plan: Plan, seed: int, replication: int, summary: bool = False) -> None:
        self.plan = plan
        self.summary = summary
        self._contents = np.zeros(len(TABLES), np.int64)
        for name, table in plan.tables.items():
            self._place(name, table)
        for name, size in self._sizes().items():
            self._place(name, np.zeros(size, TABLES[name]))
        self._room = {"customers": 0, "orders": 0}
        self._foreseen = expected_traffic(plan.blueprints[0])
        self._start(seed, replication)

    def _sizes(self) -> dict[str, int]:
        """Rows of every table of state and journal before the run."""
        plan, horizon = self.plan, self.plan.blueprints[0].horizon
        week = plan.blueprints[0].calendar.week
        n_weeks = math.ceil(horizon.warm_up / week) + math.ceil(horizon.measured / week) + 4
        return {
            "run": 1,
            "stage_state": len(plan.stage_names),
            "edge_state": len(plan.edge_names),
            "supplier_state": len(plan.supplier_names),
            "segment_state": len(plan.segment_names),
            "loop": 1,
            "passes": 0,
            "contacts": 0,
            "requests": 128 + 4 * len(plan.staff_names),
            **dict.fromkeys(_GROWING, 0),
            "weeks": n_weeks,
            "totals": 1,
            "members": len(plan.staff_names),
            "pool_hours": len(plan.pool_names),
            "reviews": n_weeks,
        }

    def _start(self, seed: int, replication: int) -> None:
        plan, first = self.plan, self.plan.blueprints[0]
        run = self.table("run")[0]
        key = run_key(seed, replication)
        run["key"] = key
        run["n_stages"], run["n_edges"] = len(plan.stage_names), len(plan.edge_names)
        run["n_staff"], run["n_segments"] = len(plan.staff_names), len(plan.segment_names)
        run["n_suppliers"] = len(plan.supplier_names)
        run["n_functions"] = len(plan.function_names)
        run["end"], run["warm_up"], run["grid"] = plan.end, first.horizon.warm_up, first.horizon.grid
        run["perception_on"], run["staff_on"] = plan.perception_on, plan.staff_on
        run["relationship_on"], run["summary"] = plan.relationship_on, self.summary
        for name in ("free_order", "free_error", "free_customer", "first_active", "last_active"):
            run[name] = -1
        week = first.calendar.week
        run["next_week"] = first.horizon.warm_up - math.floor(first.horizon.warm_up / week) * week or week
        run["weeks"] = 1
        self.table("weeks")[0]["ended"] = np.nan
        self.table("weeks")[0]["measured"] = first.horizon.warm_up <= 0.0 < plan.end
        for i, name in enumerate(plan.stage_names):
            self.table("stage_state")[i]["key"] = child_key(key, stable_id("stage"), stable_id(name))
        self.table("stage_state")["next_change"] = np.nan
        self.table("stage_state")["error_factor"] = self.table("stage_state")["time_factor"] = 1.0
        self.table("edge_state")["expected"] = first.internal_service.internal_desired
        self.table("edge_state")["loss_factor"] = 1.0
        self.table("supplier_state")["broken"] = np.nan
        self.table("segment_state")["heard"] = plan.rows("segments")["heard"][0]
        self.table("loop")[0]["key"] = child_key(key, stable_id("improvement"), 0)
        members = self.table("members")
        for i, name in enumerate(plan.staff_names):
            members[i]["key"] = child_key(key, stable_id("staff"), stable_id(name))
        members["joined"], members["on_shift"], members["voice"] = -np.inf, 1, 1.0
        members["mood"] = first.morale.starting_mood
        if plan.staff_on:  # the load at which people are used to work
            members["load"] = first.load.usual_load

    @property
    def handle(self) -> Any:
        """What transitions take: the address of the table of contents, or the world itself in plain Python."""
        return int(self._contents.ctypes.data) if JIT else self

    def table(self, name: str) -> np.ndarray[Any, Any]:
        return self.__dict__[name]  # type: ignore[no-any-return]

    def _place(self, name: str, table: np.ndarray[Any, Any]) -> None:
        self.__dict__[name] = table if JIT else table.view(np.recarray)
        self._contents[SLOT[name]] = table.ctypes.data

    def open(self, name: str, table: np.ndarray[Any, Any]) -> None:
        """Put a table of the engine's own in its place."""
        self._place(name, table)

    def enlarge(self, name: str, size: int) -> None:
        """The same table with more rows."""
        self._grow(name, size)

    def _grow(self, name: str, size: int) -> None:
        """The same table with more rows. What is new is nought, and takes no memory before it is written."""
        old, new = self.table(name), np.zeros(size, TABLES[name])
        used = len(old) * old.itemsize
        new.view(np.uint8)[:used] = old.view(np.uint8)  # as bytes: NumPy would copy records column by column
        self._place(name, new)

    def room_for(self, what: str, count: int) -> int:
        """Make room for at least `count` rows of "customers" or "orders"; returns the capacity."""
        size = max(count, 2 * self._room[what], 256, 0 if self.summary else int(1.2 * self._foreseen[0]))
        self._room[what] = size
        self._grow(what, size)
        if what == "customers":
            self._grow("contacts", size * len(self.plan.function_names))
        if what == "orders":
            self._grow("passes", size * len(self.plan.stage_names))
            if self.summary:
                for name in ("visits", "handoffs", "moments"):
                    self._grow(name, size)
        return size

    def room_for_visits(self, under_way: int, at_least: int = _AT_LEAST) -> int:
        """Make room for what the next visits may leave behind; returns how many visits there is room for.

        Visits that are `under_way` have room already, but write most of their rows only when they end.
        """
        kept = {"errors": _ERRORS_PER_VISIT}
        if not self.summary:
            kept |= {"visits": 1, "handoffs": 1, "moments": _MOMENTS_PER_VISIT}
        run = self.table("run")[0]
        for name, each in kept.items():
            used = int(run[name]) + each * under_way
            if used + each * at_least > len(self.table(name)):
                foreseen = 0 if self.summary else int(1.2 * self._foreseen[1])
                self._grow(name, max(2 * used, used + 4 * each * at_least, foreseen))
        return min((len(self.table(name)) - int(run[name])) // each for name, each in kept.items()) - under_way

    def journal(self) -> dict[str, np.ndarray[Any, Any]]:
        """The journal tables, cut to what was written; with summaries only, what grows is left empty."""
        run = self.table("run")[0]
        tables = {}
        for name in JOURNAL:
            table = self.table(name)
            if name in _GROWING and (self.summary or name == "absences"):
                table = table[:0]
            elif name in run.dtype.names:
                table = table[: run[name]]
            tables[name] = table
        return tables
