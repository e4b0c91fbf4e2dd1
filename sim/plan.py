"""From blueprints to the flat arrays that every engine reads.

A *timeline* is a sequence of (start, blueprint): the system as it is from each start (h) on. Stages, handoffs, staff
and segments keep one index over the whole run; what a blueprint of the timeline lacks is filled from its
neighbours (an order under way may still need it) and is not reached by new orders.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sim.blueprint import DELIVERED, DIMENSIONS, Arrivals, Blueprint, Distribution, Handoff, Segment
from sim.draws import stable_id
from sim.invalid import require
from sim.model.times import DETERMINISTIC, EMPIRICAL, EXPONENTIAL, GAMMA, LOGNORMAL
from sim.switches import apply_switches, perception_is_on
from sim.tables import DELIVERED_STAGE, PLAN, RULE_GROUPS

Timeline = tuple[tuple[float, Blueprint], ...]

STANDARD_SERVICE_TIMES = 3.0  # "on time" for an internal customer where the stage names no standard


@dataclass(frozen=True)
class Plan:
    """The flat plan of a run and the names behind its indices.

    `tables` holds the arrays of `sim.tables.PLAN`; `starts` the start of each epoch (h); `blueprints` the
    timeline's blueprints after layers and switches.
    """

    tables: Mapping[str, np.ndarray[Any, Any]]
    starts: tuple[float, ...]
    blueprints: tuple[Blueprint, ...]
    stage_names: tuple[str, ...]
    pool_names: tuple[str, ...]
    staff_names: tuple[str, ...]
    segment_names: tuple[str, ...]
    edge_names: tuple[tuple[str, str], ...]
    perception_on: bool

    @property
    def end(self) -> float:
        return self.blueprints[-1].horizon.end

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
        require(same, "timeline", None, "segments and horizon must be the same over the whole run")
    stage_names = _union([list(b.stages) for b in blueprints])
    pool_names = _union([list(b.pools) for b in blueprints])
    staff_names = _union([[m for pool in b.pools.values() for m in pool.members] for b in blueprints])
    edge_names = _edge_names(blueprints, stage_names)
    segment_names = tuple(first.segments)
    for what, names in (("stages", stage_names), ("staff", staff_names), ("segments", segment_names)):
        _require_unique_ids(what, names)
    for blueprint in blueprints:
        _require_equal_rates_with_frailty(blueprint)
    builder = _Builder(blueprints, stage_names, pool_names, staff_names, edge_names)
    tables = builder.build()
    on = perception_is_on(first)
    return Plan(tables, starts, blueprints, stage_names, pool_names, staff_names, segment_names, edge_names, on)


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
    names: dict[tuple[str, str], None] = {}
    for source in stage_names:
        for blueprint in blueprints:
            for target in blueprint.route.get(source, {}):
                names[source, target] = None
    return tuple(names)


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


def _nearest(blueprints: Sequence[Blueprint], epoch: int, holds: Any) -> Blueprint:
    """The blueprint of the nearest epoch (earlier ones first) for which `holds` is true."""
    order = sorted(range(len(blueprints)), key=lambda e: (abs(e - epoch), e > epoch))
    return next(blueprints[e] for e in order if holds(blueprints[e]))


class _Builder:
    """Fills the plan tables; `numbers` collects the values of empirical distributions and surveys."""

    def __init__(
        self,
        blueprints: Sequence[Blueprint],
        stage_names: Sequence[str],
        pool_names: Sequence[str],
        staff_names: Sequence[str],
        edge_names: Sequence[tuple[str, str]],
    ) -> None:
        self.blueprints = blueprints
        self.stages = {name: i for i, name in enumerate(stage_names)}
        self.pools = {name: i for i, name in enumerate(pool_names)}
        self.staff_names = staff_names
        self.edge_names = edge_names
        functions = [s.function for b in blueprints for s in b.stages.values()]
        self.functions = {name: i for i, name in enumerate(dict.fromkeys(functions))}
        self.numbers: list[float] = []
        self.offsets: dict[tuple[float, ...], int] = {}

    def build(self) -> dict[str, np.ndarray[Any, Any]]:
        epochs = range(len(self.blueprints))
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PLAN}
        for epoch in epochs:
            rows["rules"].append(self._rules(epoch))
            rows["stages"] += [self._stage(epoch, name) for name in self.stages]
            rows["edges"] += self._edges(epoch)
            rows["staff"] += [self._member(epoch, name) for name in self.staff_names]
            rows["segments"] += [self._segment(epoch, name) for name in self.blueprints[0].segments]
        rows["numbers"] = [{"value": value} for value in self.numbers] or [{"value": 0.0}]
        return {name: _table(PLAN[name], rows[name]) for name in PLAN}

    def _store(self, values: tuple[float, ...]) -> int:
        if values not in self.offsets:
            self.offsets[values] = len(self.numbers)
            self.numbers.extend(values)
        return self.offsets[values]

    def _time(self, d: Distribution) -> tuple[Any, ...]:
        """Row of a distribution: kind, mean, two ready parameters, place of its values."""
        if d.kind == "empirical":
            return EMPIRICAL, d.mean, 0.0, 0.0, self._store(d.values), len(d.values)
        if d.kind == "exponential" and d.mean > 0:
            return EXPONENTIAL, d.mean, 0.0, 0.0, 0, 0
        if d.kind == "lognormal" and d.mean > 0 and d.cv > 0:
            variance = math.log(1.0 + d.cv * d.cv)
            return LOGNORMAL, d.mean, math.log(d.mean) - 0.5 * variance, math.sqrt(variance), 0, 0
        if d.kind == "gamma" and d.mean > 0 and d.cv > 0:
            return GAMMA, d.mean, 1.0 / (d.cv * d.cv), d.mean * d.cv * d.cv, 0, 0
        return DETERMINISTIC, d.mean, 0.0, 0.0, 0, 0

    def _rules(self, epoch: int) -> dict[str, Any]:
        b = self.blueprints[epoch]
        row: dict[str, Any] = {}
        for name, group in RULE_GROUPS.items():
            values = getattr(b, name)
            row.update({f.name: float(getattr(values, f.name)) for f in fields(group) if f.name != "rule"})
        working = [s.error.p for s in b.stages.values() if not s.appraisal]
        mean = sum(working) / len(working) if working else 0.0
        rho = b.knock_on.frailty
        on = rho > 0 and 0 < mean < 1
        row["markov"] = float(b.knock_on.rule == "markov")
        row["mean_error"] = mean if on else 0.0
        row["frailty_a"] = mean * (1 - rho) / rho if on else 0.0
        row["frailty_b"] = (1 - mean) * (1 - rho) / rho if on else 0.0
        row["first"] = self.stages[b.first]
        return row

    def _stage(self, epoch: int, name: str) -> dict[str, Any]:
        stage = _nearest(self.blueprints, epoch, lambda b: name in b.stages).stages[name]
        edges = [i for i, (source, _) in enumerate(self.edge_names) if source == name]
        return {
            "id": stable_id(name),
            "pool": self.pools[stage.pool],
            "function": self.functions[stage.function],
            "position": self.stages[name],
            "service": self._time(stage.service),
            "extra_time": stage.extra_time,
            "system_part": stage.error.system_part,
            "operator_part": stage.error.operator_part,
            "fail_safe": stage.error.fail_safe,
            "visible_share": stage.error.visible_share,
            "self_detection": stage.self_check.detection,
            "self_alarm": stage.self_check.false_alarm,
            "incoming_detection": stage.incoming_check.detection,
            "incoming_alarm": stage.incoming_check.false_alarm,
            "inspection_detection": stage.inspection.detection,
            "inspection_alarm": stage.inspection.false_alarm,
            "special_rate": stage.special_cause.rate,
            "special_factor": stage.special_cause.factor,
            "special_mean_out": stage.special_cause.mean_out,
            "internal_standard": stage.internal_standard or STANDARD_SERVICE_TIMES * stage.service.mean,
            "moment": int(stage.moment_of_truth),
            "edge": edges[0],
            "edges": len(edges),
        }

    def _edges(self, epoch: int) -> list[dict[str, Any]]:
        rows, passed = [], dict.fromkeys(self.stages, 0.0)
        for source, target in self.edge_names:
            now = self.blueprints[epoch].route.get(source, {}).get(target)
            if now is None and source not in self.blueprints[epoch].route:  # a stage of another epoch keeps its ways
                now = self._handoff_nearby(epoch, source, target)
            passed[source] += now.probability if now else 0.0
            way = now or self._handoff_nearby(epoch, source, target)
            rows.append(
                {
                    "id": stable_id(f"{source}>{target}"),
                    "source": self.stages[source],
                    "target": DELIVERED_STAGE if target == DELIVERED else self.stages[target],
                    "up_to": passed[source],
                    "retention": way.retention,
                    "corruption": way.corruption,
                    "delay": self._time(way.delay),
                    "batch": way.batch,
                    "border": int(way.border),
                }
            )
        return rows

    def _handoff_nearby(self, epoch: int, source: str, target: str) -> Handoff:
        return _nearest(self.blueprints, epoch, lambda b: target in b.route.get(source, {})).route[source][target]

    def _member(self, epoch: int, name: str) -> dict[str, Any]:
        """A member's row; one who is not employed now has no pool, but may still end a visit as who they were."""
        employed = any(name in pool.members for pool in self.blueprints[epoch].pools.values())
        b = _nearest(self.blueprints, epoch, lambda b: any(name in pool.members for pool in b.pools.values()))
        place, pool = next((n, p) for n, p in b.pools.items() if name in p.members)
        member = pool.members[name]
        return {
            "id": stable_id(name),
            "pool": self.pools[place] if employed else -1,
            "skill": min(1.0, member.skill + member.gain),
            "service_skill": min(1.0, member.service_skill + member.service_gain),
            "morale": member.morale,
            "knows_customer": member.knows_customer,
            "discretion": pool.discretion,
        }

    def _segment(self, epoch: int, name: str) -> dict[str, Any]:
        b = self.blueprints[epoch]
        segment = b.segments[name]
        e = segment.expectations
        arrivals = effective_arrivals(b, segment)
        total = e.promise_weight + e.word_of_mouth_weight + e.norm_weight
        first = e.promise_weight * b.promise.level + e.word_of_mouth_weight * e.word_of_mouth + e.norm_weight * e.norm
        means = [e.desired_mean[d] for d in DIMENSIONS]
        spread = e.desired_sd or 1.0
        rows = e.survey_rows
        return {
            "id": stable_id(name),
            "priority": segment.priority,
            "complexity": segment.complexity,
            "weight": tuple(segment.weights.get(d, 0.0) for d in DIMENSIONS),
            "desired_mean": tuple(means),
            "desired_sd": e.desired_sd,
            "desired_from": tuple(_normal_probability((0.5 - m) / spread) for m in means),
            "desired_to": tuple(_normal_probability((1.0 - m) / spread) for m in means),
            "tolerance": tuple(
                _tolerance(e.tolerance, e.tolerance_exponent, segment.weights.get(d, 0.0)) for d in DIMENSIONS
            ),
            "adequate_shift": e.alternatives_weight * (e.norm - e.norm_before),
            "expected_at_first": first / total,
            "promise_share": e.promise_weight / total,
            "learning": e.learning,
            "ratchet": e.ratchet,
            "drift": e.drift,
            "survey": self._store(tuple(v for row in rows for v in row)) if rows else -1,
            "survey_rows": len(rows),
            "orders": arrivals.orders,
            "reorder": self._time(arrivals.reorder),
            "interval": self._time(arrivals.interval),
            "population": int(arrivals.process == "population"),
        }


def effective_arrivals(blueprint: Blueprint, segment: Segment) -> Arrivals:
    """The arrivals of one segment: its own, or its share of the system's."""
    if segment.arrivals is not None:
        return segment.arrivals
    common = blueprint.arrivals
    if common.process == "population":
        count = max(1, round(common.customers * segment.share))
        return Arrivals(common.process, common.interval, count, common.orders, common.reorder)
    return Arrivals(common.process, common.interval.scaled(1.0 / segment.share), 0, common.orders, common.reorder)


def _tolerance(width: float, exponent: float, weight: float) -> float:
    """Width of the zone of tolerance, narrower for more important dimensions (model.md 2.1); at most 1."""
    if exponent == 0.0:
        return width
    return min(1.0, width * (0.2 / weight) ** exponent) if weight > 0 else 1.0


def _normal_probability(z: float) -> float:
    return min(1.0 - 1e-16, max(1e-16, 0.5 * math.erfc(-z / math.sqrt(2.0))))


def _table(dtype: np.dtype[Any], rows: Sequence[dict[str, Any]]) -> np.ndarray[Any, Any]:
    table = np.zeros(len(rows), dtype)
    for name in dtype.names or ():
        if rows and name in rows[0]:
            missing = np.zeros((), dtype[name])[()]
            table[name] = [row.get(name, missing) for row in rows]
    return table
