"""A study: scenarios x replications on one system, as tidy tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.config import Settings
from scenarios.pilot import measure_facts
from scenarios.scenario import Luck, Scenario, timeline
from scenarios.sweep import Measured, Point, compile_first, sweep
from sim.blueprint import Blueprint
from sim.invalid import InvalidInput, unknown_name
from sim.journal import Journal
from sim.plan import Plan
from sim.simulate import check, simulate
from sim.traffic import require_bounded

Measure = Callable[[Journal], Measured]
Series = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """Results of a study.

    `kpis`: scenario, replication, metric, value; `stages`: scenario, stage, metric, value (means over replications);
    `blueprints`: each scenario's system at the end of the run; `facts`: what pilot runs measured on the base;
    `finished`: replications that every scenario completed (fewer than asked for after Ctrl-C); `weekly`: metric ->
    its value week by week, shape (scenarios in the order of `blueprints`, replications, weeks), NaN for none; `counts`:
    name -> what was counted in bins, shape (scenarios, replications, bins).
    """

    kpis: pd.DataFrame
    stages: pd.DataFrame
    blueprints: Mapping[str, Blueprint]
    facts: Mapping[str, float]
    finished: int
    weekly: Mapping[str, Series] = field(default_factory=dict)
    counts: Mapping[str, Series] = field(default_factory=dict)


@dataclass(frozen=True)
class Runs:
    """What every run of a study shares; called with a point, it runs and measures it."""

    blueprint: Blueprint
    scenarios: Mapping[str, Scenario]
    facts: Mapping[str, float]
    seed: int
    engine: str
    allow_unstable: bool
    measure: Measure
    journal: str = "full"
    _plans: dict[str, Plan] = field(default_factory=dict, repr=False, compare=False)  # of which all replications share

    def __call__(self, point: Point) -> Measured:
        name, replication = point
        plan = self._plans.get(name) or self._plan(name, replication)
        return self.measure(simulate(plan, self.seed, replication, self.engine, self.allow_unstable, self.journal))

    def _plan(self, name: str, replication: int) -> Plan:
        """The plan of a run; remembered where it is the same in every replication."""
        luck = Luck(self.seed, replication)
        entries = timeline(self.blueprint, self.scenarios[name], self.seed, replication, self.facts, luck)
        plan = check(entries, self.allow_unstable)
        if not luck.was_asked:
            self._plans[name] = plan
        return plan


def selected(settings: Settings, name: str, where: str) -> Scenario:
    """The selected scenario of that name. Raises `InvalidInput` naming `where` it was asked for."""
    scenarios = {s.name: s for s in settings.scenarios}
    if name not in scenarios:
        raise unknown_name(where, name, scenarios, "scenario among the selected")
    return scenarios[name]


def check_scenarios(settings: Settings, facts: Mapping[str, float]) -> dict[str, Blueprint]:
    """Apply and check every scenario before anything runs; returns each one's final blueprint."""
    finals = {}
    try:
        require_bounded(settings.blueprint)
    except InvalidInput as fault:
        raise fault.under("system") from None
    for scenario in settings.scenarios:
        entries = timeline(settings.blueprint, scenario, settings.seed, 0, facts)
        try:
            check(entries, settings.allow_unstable)
        except InvalidInput as fault:
            where = "system" if scenario.name == settings.base else f"scenarios.{scenario.name}"
            raise fault.under(where) from None
        finals[scenario.name] = entries[-1][1]
    return finals


PLACEHOLDERS = {"delivered": 0.5, "lead_time_p80": 1.0}  # for checking scenarios before the pilot runs


def pilot_facts(settings: Settings) -> dict[str, float]:
    """Measurements of the base for the scenarios that build on them; empty where none does."""
    if not any(scenario.needs_facts for scenario in settings.scenarios):
        return {}
    base = next(s for s in settings.scenarios if s.name == settings.base)
    if base.needs_facts:
        raise InvalidInput("base", settings.base, "needs measurements of the base itself; choose another base")
    entries = timeline(settings.blueprint, base, settings.seed, 0)
    try:
        check(entries, settings.allow_unstable)
    except InvalidInput as fault:
        raise fault.under("system") from None
    compile_first(settings.engine)
    return measure_facts(entries, settings.seed, settings.engine, settings.allow_unstable)


def run_study(settings: Settings, measure: Measure) -> Study:
    """Run every scenario and replication.

    `measure` returns {"metrics": {...}, "stages": {stage: {...}}} and, if it likes, "weeks": {metric: values by week}
    and "counts": {name: numbers by bin}.
    """
    facts = pilot_facts(settings)
    blueprints = check_scenarios(settings, facts)
    runs = Runs(
        blueprint=settings.blueprint,
        scenarios={s.name: s for s in settings.scenarios},
        facts=facts,
        seed=settings.seed,
        engine=settings.engine,
        allow_unstable=settings.allow_unstable,
        measure=measure,
        journal=settings.journal,
    )
    points = [(s.name, r) for r in range(settings.replications) for s in settings.scenarios]
    results = sweep(runs, points, settings.execution, settings.experiment, settings.engine)
    complete = [r for r in range(settings.replications) if all((s.name, r) in results for s in settings.scenarios)]
    if not complete:
        raise KeyboardInterrupt
    kept = {(s.name, r): results[s.name, r] for s in settings.scenarios for r in complete}
    weekly, counts = (_series(kept, part, list(blueprints), complete) for part in ("weeks", "counts"))
    return Study(_kpis(kept), _stages(kept), blueprints, facts, len(complete), weekly, counts)


def _kpis(results: Mapping[tuple[str, int], Measured]) -> pd.DataFrame:
    rows: list[tuple[str, int, str, Any]] = [
        (scenario, replication, metric, value)
        for (scenario, replication), measured in results.items()
        for metric, value in measured["metrics"].items()
    ]
    return pd.DataFrame(rows, columns=["scenario", "replication", "metric", "value"])


def _stages(results: Mapping[tuple[str, int], Measured]) -> pd.DataFrame:
    rows = [
        (scenario, stage, metric, value)
        for (scenario, _), measured in results.items()
        for stage, values in measured["stages"].items()
        for metric, value in values.items()
    ]
    frame = pd.DataFrame(rows, columns=["scenario", "stage", "metric", "value"])
    return frame.groupby(["scenario", "stage", "metric"], sort=False, as_index=False).mean()


def _series(
    results: Mapping[tuple[str, int], Measured], part: str, scenarios: list[str], replications: list[int]
) -> dict[str, Series]:
    """Rows of numbers by name, in the order in which the runs name them; NaN where a run has none."""
    series = {point: measured.get(part, {}) for point, measured in results.items()}
    lengths = {len(values) for of_run in series.values() for values in of_run.values()}
    names = dict.fromkeys(name for of_run in series.values() for name in of_run)
    tables = {n: np.full((len(scenarios), len(replications), max(lengths, default=0)), np.nan) for n in names}
    for (scenario, replication), of_run in series.items():
        for name, values in of_run.items():
            tables[name][scenarios.index(scenario), replications.index(replication), : len(values)] = values
    return tables
