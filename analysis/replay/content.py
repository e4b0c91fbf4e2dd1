"""What a replay shows: the rows of a journal in a window of time, and the stages they belong to."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import numpy as np

from analysis.teaching.events import finds_of, handoffs_of, orders_of, stage_names, visits_of
from sim.blueprint.flow import DELIVERED
from sim.journal import Journal


def replay_window(journal: Journal, orders: int) -> tuple[float, float]:
    """From the end of the warm-up until the last of so many orders placed since is delivered, or the run ends (h)."""
    start, end = journal.window
    rows = journal["orders"]
    placed = np.flatnonzero((rows["placed"] >= start) & (rows["placed"] < end))
    chosen = placed[np.argsort(rows["placed"][placed], kind="stable")][:orders]
    delivered = rows["delivered"][chosen]
    there = delivered[~np.isnan(delivered)]
    return start, float(max(there.max(initial=start), rows["placed"][chosen].max(initial=start)))


def replay_content(journal: Journal, since: float, until: float) -> dict[str, Any]:
    """Everything that happens in (since, until], in plain lists as `analysis.teaching.events` makes them.

    All orders are there that are in the system, also those from before: they keep staff busy. Handoffs that take no
    time are left out, for they are not seen. Times are rounded to a ten-thousandth of an hour, for size only.
    """
    visits = visits_of(journal, since, until)
    handoffs = [row for row in handoffs_of(journal, since, until) if row[3] != row[4]]
    return {
        "since": since,
        "until": until,
        "visits": visits,
        "handoffs": handoffs,
        "finds": finds_of(journal, since, until),
        "carried": _carried(journal, since, {row[0] for row in visits}),
        "orders": orders_of(journal, since, until),
        **stages_content(journal),
    }


def _carried(journal: Journal, since: float, orders: Set[int]) -> list[list[int]]:
    """[order, errors made until `since` that nobody has found by then], of these orders, where there are any."""
    rows = journal["errors"]
    there = (rows["made"] <= since) & ~(rows["found"] <= since)
    found = zip(*np.unique(rows["order"][there], return_counts=True), strict=True)
    return [[int(order), int(count)] for order, count in found if order in orders]


def stages_content(journal: Journal) -> dict[str, Any]:
    """Names of the stages in order, what the customer sees of them, their staff, and the ways between them."""
    plan, blueprint = journal.plan, journal.blueprint
    stages = [blueprint.stages.get(name) for name in plan.stage_names]
    return {
        "stages": stage_names(journal),
        "functions": [stage.function if stage else "" for stage in stages],
        "onstage": [bool(stage and stage.onstage) for stage in stages],
        "moments": [bool(stage and stage.moment_of_truth) for stage in stages],
        "members": [
            sum(len(blueprint.pools[pool].members) for pool in stage.pools) if stage else 1 for stage in stages
        ],
        "ways": [
            [plan.stage_names.index(a), plan.stage_names.index(b)] for a, b in plan.edge_names if b != DELIVERED
        ],
    }  # fmt: skip
