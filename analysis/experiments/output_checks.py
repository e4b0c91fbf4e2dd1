"""Output checks: correlations in the simulated output against published ones; reported, never fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import compare
from analysis.experiments.results import KPI_COLUMNS, write_results
from analysis.figures.style import records
from analysis.measures.measured import Measured as MeasuredPart
from analysis.output_checks import (
    CHECKS,
    UNIT_COLUMNS,
    WITHIN_RUNS,
    check_table,
    order_correlations,
    seat_correlation,
    unit_values,
)
from analysis.past_runs.kept import keep, restore
from analysis.past_runs.redraw import Past, write_redraw
from analysis.report.numbers import MINUS
from analysis.report.output_checks_page import output_checks_page, published, simulated
from analysis.run_folder import RunFolder
from scenarios.build import build
from scenarios.config import Settings, require_full_journal
from scenarios.scenario import Scenario, timeline
from scenarios.study import check_scenarios
from scenarios.sweep import Measured, Point, sweep
from scenarios.units import OutputChecks, unit_timeline
from sim.blueprint import Blueprint
from sim.invalid import require
from sim.journal import Journal
from sim.simulate import simulate
from sim.switches import is_on, perception_is_on, staff_is_on

BASE, UNIT = "base", "unit"  # names of the two kinds of run
_PLAIN = str.maketrans({"×": "x", MINUS: "-", "\u202f": " ", "–": "-"})  # what every terminal can show


def check(settings: Settings) -> None:
    """Check the settings of the checks and the base scenario. Raises `InvalidInput`."""
    chosen(settings)
    require_full_journal(settings)
    base = base_of(settings)
    require(not base.needs_facts, "base", settings.base, "needs measurements of the base itself; choose another base")
    check_scenarios(settings, {})


def chosen(settings: Settings) -> OutputChecks:
    """The settings of the checks. Raises `InvalidInput`."""
    return build(OutputChecks, settings.output_checks, "output_checks")


def base_of(settings: Settings) -> Scenario:
    """The scenario whose output is checked."""
    return next(s for s in settings.scenarios if s.name == settings.base)


@dataclass(frozen=True)
class Runs:
    """What every run shares; called with ("base" or "unit", number), it runs and measures it.

    Units have numbers of their own in the names of their draws, so no unit repeats a run of the base.
    """

    blueprint: Blueprint
    scenario: Scenario
    asked: OutputChecks
    seed: int
    engine: str
    allow_unstable: bool
    first_unit: int

    def __call__(self, point: Point) -> Measured:
        kind, number = point
        if kind == BASE:
            system = timeline(self.blueprint, self.scenario, self.seed, number)
            return of_base(simulate(system, self.seed, number, self.engine, self.allow_unstable))
        replication = self.first_unit + number
        system = timeline(self.blueprint, self.scenario, self.seed, replication)
        unit = unit_timeline(system, self.asked, self.seed, number)
        return of_unit(simulate(unit, self.seed, replication, self.engine, self.allow_unstable, "summary"))


def of_base(journal: Journal) -> Measured:
    """Correlations over the delivered orders that were placed in the measured time of a run."""
    return order_correlations(MeasuredPart(journal).orders) if journal.plan.perception_on else {}


def of_unit(journal: Journal) -> Measured:
    """What a unit amounts to in its measured time, and the correlation over its seats."""
    weeks = journal["weeks"][journal["weeks"]["measured"] == 1]
    values = unit_values(weeks, journal.blueprint.calendar.year)
    if not journal.plan.perception_on:
        values["satisfaction"] = float("nan")
    staff = journal.plan.rows("staff")[-1]
    return {**values, "absence_morale": seat_correlation(journal["members"], staff["morale"] + staff["boost"])}


def run(settings: Settings, folder: RunFolder) -> None:
    """Simulate the base and the units, correlate, write and print."""
    check(settings)
    asked = chosen(settings)
    runs = Runs(
        settings.blueprint, base_of(settings), asked, settings.seed, settings.engine, settings.allow_unstable,
        settings.replications,
    )  # fmt: skip
    points = [(BASE, r) for r in range(settings.replications)] + [(UNIT, u) for u in range(asked.units)]
    results = sweep(runs, points, settings.execution, settings.experiment, settings.engine)
    bases = {n: found for (kind, n), found in results.items() if kind == BASE}
    firms = {n: found for (kind, n), found in results.items() if kind == UNIT}
    if not bases or not firms:
        raise KeyboardInterrupt
    present(settings, folder, Finished(bases, firms))


@dataclass(frozen=True)
class Finished:
    """Number of a run of the base, or of a unit -> what was measured of it (`of_base`, `of_unit`)."""

    bases: Mapping[int, Mapping[str, float]]
    firms: Mapping[int, Mapping[str, float]]


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    present(past.settings, folder, restore(Finished, past.content, "content"))


def present(settings: Settings, folder: RunFolder, finished: Finished) -> None:
    """Correlate, write and print."""
    write_redraw(folder, settings, keep(finished))
    asked, bases, firms = chosen(settings), finished.bases, finished.firms
    within, units = _within(bases, firms), _units(firms)
    table = check_table(within, units, asked.same_within)
    warnings = without_effect(settings.blueprint, asked)
    _write(settings, folder, asked, bases, units, table, warnings)
    print(summary(table))
    for sentence in warnings:
        print(f"Warning: {sentence}")
    if len(bases) < settings.replications or len(firms) < asked.units:
        print(f"Stopped early: {len(bases)} runs of the base and {len(firms)} units.")
    print(f"Report: {folder.path / 'report.html'}")


def without_effect(blueprint: Blueprint, asked: OutputChecks) -> tuple[str, ...]:
    """Sentences for what cannot come out in this system, because what it needs is switched off."""
    found = []
    if not perception_is_on(blueprint):
        found.append("Customers form no perception (layer 3 is off): correlations with satisfaction do not exist.")
    for name in ("absence", "turnover"):
        if not is_on(blueprint, name) or not staff_is_on(blueprint):
            found.append(f"There is no {name} in this system (it is switched off): its correlation does not exist.")
    if asked.sd_between_units == 0:
        found.append("Units do not differ in their level of morale (output_checks.sd_between_units is 0).")
    return tuple(found)


def _within(
    bases: Mapping[int, Mapping[str, float]], firms: Mapping[int, Mapping[str, float]]
) -> dict[str, list[float]]:
    runs: dict[str, list[float]] = {}
    for name, check_of in CHECKS.items():
        source = bases if check_of.over == WITHIN_RUNS else firms
        runs[name] = [float(found.get(name, np.nan)) for found in source.values()]
    return runs


def _units(firms: Mapping[int, Mapping[str, float]]) -> pd.DataFrame:
    rows = [(n, *(found[c] for c in UNIT_COLUMNS), found["absence_morale"]) for n, found in firms.items()]
    return pd.DataFrame(rows, columns=["unit", *UNIT_COLUMNS, "absence_morale"])


def _write(
    settings: Settings, folder: RunFolder, asked: OutputChecks, bases: Mapping[int, Mapping[str, float]],
    units: pd.DataFrame, table: pd.DataFrame, warnings: tuple[str, ...],
) -> None:  # fmt: skip
    from analysis.figures.check_chart import check_chart
    from analysis.figures.style import save
    from analysis.report.page import render

    kpis = pd.DataFrame(
        [
            (settings.base, r, f"correlation_{name}", value)
            for r, found in bases.items()
            for name, value in found.items()
        ],
        columns=KPI_COLUMNS,
    )
    comparison = compare(kpis, settings.base) if len(kpis) else pd.DataFrame()
    folder.write_csv("checks.csv", table)
    folder.write_csv("units.csv", units)
    folder.write_csv("kpis.csv", kpis)
    figure = check_chart(table)
    page = output_checks_page(
        table,
        units,
        asked=asked,
        system=settings.system,
        scenario=settings.base,
        seed=settings.seed,
        runs=len(bases),
        engine=settings.engine,
        horizon=settings.blueprint.horizon,
        week=settings.blueprint.calendar.week,
        seats=sum(len(pool.members) for pool in settings.blueprint.pools.values()),
        warnings=warnings,
        figure=figure,
    )
    folder.write_text("report.html", render(page))
    save(figure, folder.path / "figures", "checks")
    write_results(folder, settings, comparison, len(bases), {"output_checks": results_of(table, asked, len(units))})


def results_of(table: pd.DataFrame, asked: OutputChecks, units: int) -> dict[str, Any]:
    """For results.json: the assumptions, and {check: correlation, published, source, grade, verdict}."""
    checks = {
        str(row["check"]): {
            "correlation": row["correlation"], "ci": [row["low"], row["high"]], "n": row["n"], "over": row["over"],
            "published": [row["published_low"], row["published_high"]], "source": row["source"],
            "grade": row["grade"], "verdict": row["verdict"],
        }
        for row in records(table)
    }  # fmt: skip
    return {
        "units": units, "sd_between_units": asked.sd_between_units, "sd_between_people": asked.sd_between_people,
        "same_within": asked.same_within, "checks": checks,
    }  # fmt: skip


def summary(table: pd.DataFrame) -> str:
    """A short table for the terminal: simulated with interval, published, and the word for how they compare."""
    rows = [["correlation of", "simulated [95 % interval]", "published", "source", "verdict"]]
    for row in records(table):
        source, label = f"{row['source']} ({row['grade']})", CHECKS[str(row["check"])].label.lower()
        cells = [label, simulated(row), published(row), source, str(row["verdict"])]
        rows.append([cell.translate(_PLAIN) for cell in cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    text.append("Outputs of the model, not fitted to the published figures; a correlation is no coefficient.")
    return "\n".join(text)
