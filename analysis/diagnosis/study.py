"""A diagnosis run: the same customers with every set of causes taken out, and the naive count on the run as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.diagnosis.attribution import Design, design_of
from analysis.diagnosis.causes import Cause, causes_of, parts_of
from analysis.diagnosis.pareto import measure_with_origins, origins_of
from analysis.measures import METRICS, measure
from scenarios.arms import Arms, Interrupted, Runs
from scenarios.build import build
from scenarios.config import Settings
from scenarios.design import Values
from scenarios.execution import compile_first
from scenarios.pilot import measure_facts
from scenarios.points import Base, base_of, built, configured, facts_of, plan_of
from scenarios.scenario import timeline
from scenarios.study import PLACEHOLDERS
from sim.blueprint import Blueprint
from sim.blueprint.checks import whole
from sim.blueprint.customer import DIMENSIONS
from sim.invalid import InvalidInput, require, unknown_name
from sim.simulate import Plan

Floats = npt.NDArray[np.float64]
_MOST_EXACT, _MOST_PERMUTATIONS = 10, 1000
FAILURES = "failure_share"  # the metric that the naive count speaks of


@dataclass(frozen=True)
class Diagnose:
    """What is asked: of which scenario ("": the base), causes grouped how, which metrics (the leading one first).

    `negligible`: share of a metric's level, both ways, within which an interval shows that a cause adds next to none;
    `exact`: up to so many causes, every set of them is run; more are sampled along `permutations` random orders.
    """

    scenario: str = ""
    by: str = "family"
    metrics: tuple[str, ...] = (FAILURES, "lead_time_mean", "gap5", *(f"gap_{name}" for name in DIMENSIONS))
    negligible: float = 0.02
    exact: int = 7
    permutations: int = 12

    def __post_init__(self) -> None:
        allowed = "must be a share of the metric's level, above 0 and below 1"
        require(0 < self.negligible < 1, "negligible", self.negligible, allowed)
        whole(1, exact=self.exact)
        require(self.exact <= _MOST_EXACT, "exact", self.exact, f"must be at most {_MOST_EXACT}: 2^exact sets run")
        whole(4, permutations=self.permutations)
        even = self.permutations % 2 == 0 and self.permutations <= _MOST_PERMUTATIONS
        require(even, "permutations", self.permutations, f"must be an even number up to {_MOST_PERMUTATIONS}")
        require(len(self.metrics) > 0, "metrics", None, "name at least one metric")
        for name in self.metrics:
            if name not in METRICS:
                raise unknown_name("metrics", name, METRICS, "metric")


@dataclass(frozen=True)
class Planned:
    """What is asked, checked: the system under the chosen scenario, the configuration that runs share."""

    asked: Diagnose
    scenario: str
    base: Base
    blueprint: Blueprint


@dataclass(frozen=True)
class Diagnosis:
    """What the runs gave. `values`: metric -> set of causes out -> values by replication; `alone`: metric -> twig ->
    values without it; `origins`: (stage, error class) -> errors that reached a customer per 1000 orders.

    `kept`: the promise that is kept, `promise` the one that is made at the end of the run (level, lead time in h);
    `absent`: causes that this system does not have (taking them out leaves the plan as it is).
    """

    asked: Diagnose
    scenario: str
    causes: tuple[Cause, ...]
    absent: tuple[str, ...]
    design: Design
    twigs: tuple[Cause, ...]
    values: dict[str, dict[int, Floats]]
    alone: dict[str, Floats]
    origins: dict[str, Floats]
    kept: Mapping[str, float]
    promise: tuple[float, float]
    finished: int
    runs: int
    left_out: tuple[str, ...]


def planned(settings: Settings) -> Planned:
    """Check what is asked, and that every cause can be taken out, alone and with all others. Raises `InvalidInput`."""
    asked = build(Diagnose, settings.diagnose, "diagnose")
    scenario = asked.scenario or settings.base
    try:
        base = base_of(settings, [{"scenario": scenario}])
    except InvalidInput as fault:
        where = "diagnose.scenario" if fault.where == "scenario" and asked.scenario else fault.where
        raise InvalidInput(where, fault.value, fault.allowed, fault.hint) from None
    plan = Planned(asked, scenario, base, settings.blueprint)
    causes = causes_of(plan.blueprint, asked.by, {"level": 0.5, "lead_time": 1e6})
    for chosen in ([], *([cause] for cause in causes), causes):
        _plan_without(plan, chosen, PLACEHOLDERS)
    return plan


def diagnose(settings: Settings) -> Diagnosis:
    """Run everything. Raises `InvalidInput`, and KeyboardInterrupt where nothing is complete; what an early end leaves
    is a diagnosis of fewer replications."""
    plan = planned(settings)
    asked = plan.asked
    compile_first(settings.engine)
    facts = facts_of(built(plan.base, configured(plan.base, _arm(plan, []))), plan.base)
    kept = _kept_promise(plan, facts)
    causes, absent = _present(plan, causes_of(plan.blueprint, asked.by, kept), facts)
    parts = parts_of(plan.blueprint, kept) if asked.by == "family" else ()
    twigs = [part for part in _present(plan, parts, facts)[0] if part.programmes]
    design = design_of([cause.name for cause in causes], asked.exact, asked.permutations, settings.seed)
    arms = [_arm(plan, [c for i, c in enumerate(causes) if out >> i & 1]) for out in design.sets]
    arms += [_arm(plan, [twig]) for twig in twigs]
    as_it_is = Arms(replace(plan.base, journal="full"), measure_with_origins, settings.execution)
    without = Arms(plan.base, measure, settings.execution)
    found: tuple[Runs, Runs] | None = None
    finished = 0
    for upto in sorted({math.ceil(settings.replications / 2), settings.replications}):
        try:
            found = as_it_is.run(arms[:1], upto, "diagnose"), without.run(arms, upto, "diagnose")
            finished = upto
        except Interrupted:
            break
    if found is None:
        raise KeyboardInterrupt
    counted, runs = found
    values, alone, left_out = _by_metric(asked, design, twigs, runs)
    if FAILURES in values:
        origins = {metric: counted.of(metric)[0] for metric, _, _ in origins_of(counted.metrics)}
    else:
        origins = {}
    promise = _plan_without(plan, [], facts).blueprints[-1].promise
    return Diagnosis(
        asked=asked, scenario=plan.scenario, causes=causes, absent=absent, design=design, twigs=tuple(twigs),
        values=values, alone=alone, origins=origins, kept=kept, promise=(promise.level, promise.lead_time),
        finished=finished, runs=as_it_is.made + without.made, left_out=left_out,
    )  # fmt: skip


def _arm(plan: Planned, out: Sequence[Cause]) -> Values:
    """The scenario with the causes taken out after all else that it does."""
    removals = {name: given for cause in out for name, given in cause.programmes.items()}
    if not removals:
        return {"scenario": plan.scenario}
    return {"scenario": plan.scenario, f"scenarios.{plan.scenario}.interventions": removals}


def _plan_without(plan: Planned, out: Sequence[Cause], facts: Mapping[str, float]) -> Plan:
    configuration = built(plan.base, configured(plan.base, _arm(plan, out)))
    return plan_of(configuration, plan.base, 0, facts)


def _kept_promise(plan: Planned, facts: Mapping[str, float]) -> dict[str, float]:
    """The promise that is kept: the delivered level and the lead time of four orders in five, from pilot runs."""
    configuration = built(plan.base, configured(plan.base, _arm(plan, [])))
    entries = timeline(configuration.blueprint, configuration.scenario, plan.base.seed, 0, facts)
    measured = measure_facts(entries, plan.base.seed, configuration.engine, plan.base.allow_unstable)
    return {"level": measured["delivered"], "lead_time": measured["lead_time_p80"]}


def _present(
    plan: Planned, causes: Sequence[Cause], facts: Mapping[str, float]
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """The causes without the removals that leave the plan as it is, and the names of those of which nothing is left.

    An absent cause thus has runs that are those of its absence, and what it adds is exactly 0.
    """
    as_it_is = _plan_without(plan, [], facts)

    def changes(name: str, given: Any) -> bool:
        other = _plan_without(plan, [Cause("", "", {name: given}, lambda stage, error: False)], facts)
        return (other.starts, other.blueprints) != (as_it_is.starts, as_it_is.blueprints)

    kept = tuple(replace(c, programmes={n: g for n, g in c.programmes.items() if changes(n, g)}) for c in causes)
    return kept, tuple(c.name for c in kept if not c.programmes)


def _by_metric(
    asked: Diagnose, design: Design, twigs: Sequence[Cause], runs: Runs
) -> tuple[dict[str, dict[int, Floats]], dict[str, Floats], tuple[str, ...]]:
    """Values by set and by twig, of replications in which every arm has the metric; sentences on what is missing."""
    values: dict[str, dict[int, Floats]] = {}
    alone: dict[str, Floats] = {}
    left_out, missing = [], []
    for metric in asked.metrics:
        table = runs.of(metric) if metric in runs.metrics else np.full((1, 1), np.nan)
        whole_rows = np.isfinite(table).all(axis=0)
        if not whole_rows.any():
            missing.append(metric)
            continue
        if not whole_rows.all():
            left_out.append(f"{metric}: {np.sum(~whole_rows)} replications are left out, in which a run lacks it.")
        table = table[:, whole_rows]
        values[metric] = dict(zip(design.sets, table, strict=False))
        alone[metric] = table[len(design.sets) :]
    if missing:
        left_out.append(f"Left out, because not measured in every run: {', '.join(missing)}.")
    require(bool(values), "diagnose.metrics", list(asked.metrics), "none of them was measured in every run")
    return values, alone, tuple(left_out)
