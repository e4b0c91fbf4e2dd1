"""From blueprints to the flat arrays that every engine reads.

A *timeline* is a sequence of (start, blueprint): the system as it is from each start (h) on. Stages, handoffs, staff
and segments keep one index over the whole run; what a blueprint of the timeline lacks is filled from its
neighbours (an order under way may still need it) and is not reached by new orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.blueprint import Blueprint
from sim.draws import stable_id
from sim.invalid import require
from sim.plan_rows import PlanRows
from sim.switches import apply_switches, perception_is_on, relationship_is_on, staff_is_on

Timeline = tuple[tuple[float, Blueprint], ...]


@dataclass(frozen=True)
class Plan:
    """The flat plan of a run and the names behind its indices.

    `tables` holds the arrays of `sim.tables.PLAN`; `starts` the start of each epoch (h); `blueprints` the
    timeline's blueprints after layers and switches; `stage_pools[epoch][stage]` the pools that serve a stage, by team.
    """

    tables: Mapping[str, np.ndarray[Any, Any]]
    starts: tuple[float, ...]
    blueprints: tuple[Blueprint, ...]
    stage_names: tuple[str, ...]
    pool_names: tuple[str, ...]
    staff_names: tuple[str, ...]
    segment_names: tuple[str, ...]
    edge_names: tuple[tuple[str, str], ...]
    supplier_names: tuple[str, ...]
    function_names: tuple[str, ...]
    stage_pools: tuple[tuple[tuple[int, ...], ...], ...]
    perception_on: bool
    staff_on: bool
    relationship_on: bool

    @property
    def end(self) -> float:
        return self.blueprints[-1].horizon.end

    def leaves(self) -> list[tuple[int, float, float]]:
        """(member, start h, hours) of every period off the line that the timeline names, by roster and start."""
        number = {name: i for i, name in enumerate(self.staff_names)}
        return sorted(
            {
                (number[name], start, hours)
                for blueprint in self.blueprints
                for pool in blueprint.pools.values()
                for name, member in pool.members.items()
                for start, hours in member.off_line
                if start < self.end
            }
        )

    def rows(self, table: str) -> np.ndarray[Any, Any]:
        """A plan table as (epochs, rows per epoch)."""
        array = self.tables[table]
        return array.reshape(len(self.starts), len(array) // len(self.starts))


def compile_plan(timeline: Timeline) -> Plan:
    """Flat arrays for a timeline; what starts after the end of the horizon is left out.

    Raises `InvalidInput` where two names share a stable id or segments differ over the run.
    """
    timeline = tuple(entry for i, entry in enumerate(timeline) if i == 0 or entry[0] < entry[1].horizon.end)
    starts = tuple(start for start, _ in timeline)
    require(starts[0] == 0.0 and list(starts) == sorted(set(starts)), "timeline", starts, "must start at 0 and ascend")
    blueprints = tuple(apply_switches(blueprint) for _, blueprint in timeline)
    first = blueprints[0]
    for blueprint in blueprints[1:]:
        same = list(blueprint.segments) == list(first.segments) and blueprint.horizon == first.horizon
        same = same and blueprint.calendar == first.calendar
        require(same, "timeline", None, "segments, calendar and horizon must be the same over the whole run")
    stage_names = _union([list(b.stages) for b in blueprints])
    pool_names = _union([list(b.pools) for b in blueprints])
    staff_names = _union([[m for pool in b.pools.values() for m in pool.members] for b in blueprints])
    edge_names = _edge_names(blueprints, stage_names)
    segment_names = tuple(first.segments)
    supplier_names = _union([list(b.suppliers) for b in blueprints])
    for what, names in (
        ("stages", stage_names),
        ("staff", staff_names),
        ("segments", segment_names),
        ("suppliers", supplier_names),
    ):
        _require_unique_ids(what, names)
    for blueprint in blueprints:
        _require_equal_rates_with_frailty(blueprint)
    rows = PlanRows(blueprints, stage_names, pool_names, staff_names, edge_names, supplier_names)
    return Plan(
        tables=rows.tables(),
        starts=starts,
        blueprints=blueprints,
        stage_names=stage_names,
        pool_names=pool_names,
        staff_names=staff_names,
        segment_names=segment_names,
        edge_names=edge_names,
        supplier_names=supplier_names,
        function_names=tuple(rows.functions),
        stage_pools=tuple(tuple(rows.pools_of_stage(e, name) for name in stage_names) for e in range(len(starts))),
        perception_on=perception_is_on(first),
        staff_on=staff_is_on(first),
        relationship_on=relationship_is_on(first),
    )


def _union(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All names, each newcomer standing behind the name it first follows."""
    merged: list[str] = []
    for names in lists:
        place = 0
        for name in names:
            if name in merged:
                place = merged.index(name) + 1
            else:
                merged.insert(place, name)
                place += 1
    return tuple(merged)


def _edge_names(blueprints: Sequence[Blueprint], stage_names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """All ways out, stage by stage; a way that takes another's place stands there, so that route draws keep meaning."""
    return tuple(
        (source, target)
        for source in stage_names
        for target in _union([list(b.route.get(source, {})) for b in blueprints])
    )


def _require_unique_ids(what: str, names: Sequence[str]) -> None:
    ids: dict[int, str] = {}
    for name in names:
        other = ids.setdefault(stable_id(name), name)
        require(other == name, f"{what}.{name}", None, f"has the same stable id as '{other}': rename one of them")


def _require_equal_rates_with_frailty(blueprint: Blueprint) -> None:
    """A shared frailty is a beta-distributed rate of one mean: stages of unequal rates would not keep theirs."""
    rates = {stage.error.p for stage in blueprint.stages.values() if not stage.appraisal}
    allowed = "a shared frailty needs the same error rate p at every stage"
    require(blueprint.knock_on.frailty == 0 or len(rates) <= 1, "knock_on.frailty", blueprint.knock_on.frailty, allowed)
