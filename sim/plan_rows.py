"""The rows of the plan tables: what each blueprint of a timeline says, as flat records ready for the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from sim.blueprint import (
    DELIVERED,
    DIMENSIONS,
    IMPROVEMENT_TARGETS,
    NO_TIME,
    RETENTION_RULES,
    Arrivals,
    Blueprint,
    Distribution,
    Handoff,
    Segment,
    Terms,
)
from sim.draws import stable_id
from sim.model.times import DETERMINISTIC, EMPIRICAL, EXPONENTIAL, GAMMA, LOGNORMAL
from sim.switches import discretion_spread
from sim.tables import DELIVERED_STAGE, PLAN, RULE_GROUPS, WORDS
from sim.traffic import hours_a_week, visit_ratios

WORKING_YEAR = 1920.0  # h, to which rates of disuse and tenure refer (model.md section 0)
SMALLEST_CV = 1e-3  # below it a time does not vary
STANDARD_SERVICE_TIMES = 3.0  # "on time" for an internal customer where the stage names no standard


def _nearest(blueprints: Sequence[Blueprint], epoch: int, holds: Any) -> Blueprint:
    """The blueprint of the last epoch so far for which `holds` is true; where there was none yet, of the next one.

    What is yet to come must not change what happens now.
    """
    order = sorted(range(len(blueprints)), key=lambda e: (e > epoch, abs(e - epoch)))
    return next(blueprints[e] for e in order if holds(blueprints[e]))


class PlanRows:
    """Fills the plan tables; `numbers` collects the values of empirical distributions and surveys."""

    def __init__(
        self,
        blueprints: Sequence[Blueprint],
        stage_names: Sequence[str],
        pool_names: Sequence[str],
        staff_names: Sequence[str],
        edge_names: Sequence[tuple[str, str]],
        supplier_names: Sequence[str] = (),
    ) -> None:
        self.blueprints = blueprints
        self.stages = {name: i for i, name in enumerate(stage_names)}
        self.pools = {name: i for i, name in enumerate(pool_names)}
        self.staff_names = staff_names
        self.edge_names = edge_names
        self.suppliers = {name: i for i, name in enumerate(supplier_names)}
        functions = [s.function for b in blueprints for s in b.stages.values()]
        self.functions = {name: i for i, name in enumerate(dict.fromkeys(functions))}
        self.numbers: list[float] = []
        self.offsets: dict[tuple[float, ...], int] = {}

    def tables(self) -> dict[str, np.ndarray[Any, Any]]:
        epochs = range(len(self.blueprints))
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PLAN}
        for epoch in epochs:
            rows["rules"].append(self._rules(epoch))
            rows["stages"] += [self._stage(epoch, name) for name in self.stages]
            rows["edges"] += self._edges(epoch)
            rows["staff"] += [self._member(epoch, name) for name in self.staff_names]
            rows["suppliers"] += [self._supplier(epoch, name) for name in self.suppliers]
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
        if d.cv < SMALLEST_CV and d.kind in ("lognormal", "gamma"):
            return DETERMINISTIC, d.mean, 0.0, 0.0, 0, 0
        if d.kind == "lognormal" and d.mean > 0:
            variance = math.log(1.0 + d.cv * d.cv)
            return LOGNORMAL, d.mean, math.log(d.mean) - 0.5 * variance, math.sqrt(variance), 0, 0
        if d.kind == "gamma" and d.mean > 0:
            return GAMMA, d.mean, 1.0 / (d.cv * d.cv), d.mean * d.cv * d.cv, 0, 0
        return DETERMINISTIC, d.mean, 0.0, 0.0, 0, 0

    def _rules(self, epoch: int) -> dict[str, Any]:
        b = self.blueprints[epoch]
        row: dict[str, Any] = {}
        for name, group in RULE_GROUPS.items():
            values = getattr(b, name)
            row.update({f.name: float(getattr(values, f.name)) for f in fields(group) if f.name not in WORDS})
        working = [s.error.p for s in b.stages.values() if not s.appraisal]
        mean = sum(working) / len(working) if working else 0.0
        rho = b.knock_on.frailty
        on = rho > 0 and 0 < mean < 1
        row["markov"] = float(b.knock_on.rule == "markov")
        row["mean_error"] = mean if on else 0.0
        row["frailty_a"] = mean * (1 - rho) / rho if on else 0.0
        row["frailty_b"] = (1 - mean) * (1 - rho) / rho if on else 0.0
        clock = WORKING_YEAR / b.calendar.year  # per working hour, on the run's clock
        row["forgetting"] *= clock
        row["idea_tenure"] /= clock
        row["first"] = self.stages[b.first]
        row["retention_rule"] = RETENTION_RULES.index(b.relationship.rule)
        row["choose_by"] = IMPROVEMENT_TARGETS.index(b.improvement.choose_by)
        return row

    def _stage(self, epoch: int, name: str) -> dict[str, Any]:
        stage = _nearest(self.blueprints, epoch, lambda b: name in b.stages).stages[name]
        edges = [i for i, (source, _) in enumerate(self.edge_names) if source == name]
        return {
            "id": stable_id(name),
            "pool": self.pools[stage.pools[0]],
            "function": self.functions[stage.function],
            "position": self.stages[name],
            "service": self._time(self._service(epoch, name)),
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
            "appraisal": int(stage.appraisal),
            "edge": edges[0],
            "edges": len(edges),
            "supplier": self.suppliers[stage.supplier] if stage.supplier else -1,
            "customer_waits": int(stage.customer_waits),
            "configures": int(stage.configures),
            "tampering": int(stage.tampering),
        }

    def pools_of_stage(self, epoch: int, name: str) -> tuple[int, ...]:
        """The pools that serve a stage in an epoch, by team."""
        stage = _nearest(self.blueprints, epoch, lambda b: name in b.stages).stages[name]
        present = self.blueprints[epoch].pools
        # A stage of another epoch keeps its pool; where that is gone too, nobody can be sent there any more.
        return tuple(self.pools[p] for p in stage.pools if p in present) or (self.pools[stage.pools[0]],)

    def _crew(self, epoch: int, pool: str) -> int:
        """What pools that work side by side as teams have in common: the first pool of their stage."""
        stages = self.blueprints[epoch].stages.values()
        return self.pools[next((s.pools[0] for s in stages if pool in s.pools), pool)]

    def _service(self, epoch: int, name: str) -> Distribution:
        """Service time, more spread where staff may decide for themselves (cv x (1 + 0.3 delta), 2.5)."""
        b = _nearest(self.blueprints, epoch, lambda b: name in b.stages)
        stage = b.stages[name]
        spread = discretion_spread(b) * b.pools[stage.pools[0]].discretion
        return stage.service.spread(1.0 + spread) if spread > 0.0 else stage.service

    def _supplier(self, epoch: int, name: str) -> dict[str, Any]:
        supplier = _nearest(self.blueprints, epoch, lambda b: name in b.suppliers).suppliers[name]
        partner = supplier.partnership
        late = partner.fallback if partner else Terms(NO_TIME)
        return {
            "id": stable_id(name),
            "lead": self._time(supplier.terms.lead_time),
            "defect": supplier.terms.defect,
            "price": supplier.terms.price,
            "partner": int(partner is not None),
            "promised": partner.promised if partner else 0.0,
            "trust": partner.trust if partner else 0.0,
            "trust_gain": partner.trust_gain if partner else 0.0,
            "trust_loss": partner.trust_loss if partner else 0.0,
            "break_hazard": partner.break_hazard if partner else 0.0,
            "exit_cost": partner.exit_cost if partner else 0.0,
            "late_lead": self._time(late.lead_time),
            "late_defect": late.defect,
            "late_price": late.price * (partner.fallback_price if partner else 1.0),
        }

    def _edges(self, epoch: int) -> list[dict[str, Any]]:
        rows, passed = [], dict.fromkeys(self.stages, 0.0)
        for source, target in self.edge_names:
            # a stage of another epoch keeps the ways that it had there
            now = _nearest(self.blueprints, epoch, lambda b, s=source: s in b.route).route[source].get(target)
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
                    "trip_share": way.batch_cost / way.batch,
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
        served = [s.appraisal for s in self.blueprints[epoch].stages.values() if place in s.pools]
        shifts = tuple(hour for period in member.shifts for hour in period)
        return {
            "id": stable_id(name),
            "pool": self.pools[place] if employed else -1,
            "crew": self._crew(epoch, place) if employed else -1,
            "skill": member.skill,
            "service_skill": member.service_skill,
            "gain": member.gain,
            "service_gain": member.service_gain,
            "trained_at": member.trained_at,
            "morale": member.morale,
            "boost": member.morale_boost,
            "entry": member.entry_skill,
            "entry_service": member.entry_service_skill,
            "knows_customer": member.knows_customer,
            "discretion": pool.discretion,
            "involvement": pool.involvement,
            "group_hours": pool.participation,
            "coordination_hours": pool.coordination * hours_a_week(b, member),
            "pressure": pool.pressure,
            "inspects": int(bool(served) and all(served)),
            "shifts": self._store(shifts) if shifts else 0,
            "n_shifts": len(member.shifts),
            "suspends": int(pool.at_close == "suspend" and bool(shifts)),
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
            "price": segment.price,
            "care_cost": segment.care_cost / b.calendar.year,
            "acquisition_cost": segment.acquisition_cost,
            "prospects": segment.prospects,
            "most_prospects": max(other.segments[name].prospects for other in self.blueprints),
            "owner": int(segment.owner),
            "patience": self._time(segment.patience or NO_TIME),
            "patient": int(segment.patience is not None),
            "balk_at": segment.balk_at,
            "norm": e.norm,
            "heard_share": e.word_of_mouth_weight / total,
            "heard": e.word_of_mouth,
            "orders_a_year": orders_a_year(b, arrivals),
            "margin": margin(b, segment),
            "profile": self._store(arrivals.profile) if arrivals.profile else 0,
            "slots": len(arrivals.profile),
        }


def orders_a_year(b: Blueprint, arrivals: Arrivals) -> float:
    """Orders of one customer a year, at their usual pace."""
    return b.calendar.year / (arrivals.interval if arrivals.process == "population" else arrivals.reorder).mean


def margin(b: Blueprint, segment: Segment) -> float:
    """Contribution (cu) of an order: price less materials, inputs and the wage of the work by design (2.10)."""
    ratios = visit_ratios(b)
    work = sum(ratios[n] * (s.service.mean + s.extra_time) for n, s in b.stages.items())
    inputs = sum(ratios[n] * b.suppliers[s.supplier].terms.price for n, s in b.stages.items() if s.supplier)
    return segment.price - b.costs.materials - inputs - b.costs.wage * work


def effective_arrivals(blueprint: Blueprint, segment: Segment) -> Arrivals:
    """The arrivals of one segment: its own, or its share of the system's."""
    if segment.arrivals is not None:
        return segment.arrivals
    common = blueprint.arrivals
    if common.process == "population":
        count = max(1, round(common.customers * segment.share))
        return replace(common, customers=count)
    return replace(common, interval=common.interval.scaled(1.0 / segment.share), customers=0)


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
