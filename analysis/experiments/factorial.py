"""A programme taken apart: its members in all 2^k combinations, and what each and each pair of them does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.experiments.compare import measure_run, overloaded, ratio_warnings
from analysis.experiments.results import write_results, write_tables
from analysis.factorial import NONE, PLUS, combinations_of, effects
from analysis.figures.style import records
from analysis.measures import METRICS
from analysis.past_runs.kept_study import keep_study, study_again
from analysis.past_runs.redraw import Past, write_redraw
from analysis.report.factorial_effects import Effects, effect_text, name_of
from analysis.report.numbers import MINUS
from analysis.report.study_table import Study as StudyTable
from analysis.run_folder import RunFolder
from scenarios.build import build
from scenarios.config import Settings
from scenarios.scenario import Scenario
from scenarios.study import PLACEHOLDERS, Study, check_scenarios, run_study
from sim.blueprint.checks import whole
from sim.invalid import require, unknown_name

_MOST = 10  # members; 1024 combinations
_PAIRS_SHOWN = 6  # in the terminal
_PLAIN = str.maketrans({"×": "x", MINUS: "-", "\u202f": " ", "–": "-"})  # what every terminal can show


@dataclass(frozen=True)
class Factorial:
    """The programme to take apart (one of the selected scenarios), and the most members it may have."""

    scenario: str = "training_with_redesign"
    largest: int = 6

    def __post_init__(self) -> None:
        whole(2, largest=self.largest)
        require(self.largest <= _MOST, "largest", self.largest, f"must be at most {_MOST} members")


def check(settings: Settings) -> None:
    """Check the programme, the selected scenarios and every combination. Raises `InvalidInput`."""
    combined = combined_settings(settings, chosen(settings))
    check_scenarios(settings, PLACEHOLDERS)  # first, so that a fault has the path that the user wrote
    check_scenarios(combined, PLACEHOLDERS)


def chosen(settings: Settings) -> Scenario:
    """The programme to take apart. Raises `InvalidInput` for an unknown one and for too few or many members."""
    asked = build(Factorial, settings.factorial, "factorial")
    scenarios = {s.name: s for s in settings.scenarios}
    if asked.scenario not in scenarios:
        raise unknown_name("factorial.scenario", asked.scenario, scenarios, "scenario among the selected")
    scenario = scenarios[asked.scenario]
    k = len(scenario.programmes)
    allowed = f"must have from 2 to {asked.largest} interventions (factorial.largest): all combinations run"
    require(2 <= k <= asked.largest, "factorial.scenario", asked.scenario, f"{allowed}; it has {k}")
    for programme in scenario.programmes:
        usable = programme.name != NONE and PLUS not in programme.name
        where = f"scenarios.{scenario.name}.interventions.{programme.name}"
        require(usable, where, None, f"in a factorial no intervention is named '{NONE}' or has '{PLUS}' in its name")
    base = scenarios[settings.base]
    allowed = "must be a scenario without interventions: a factorial measures its effects against none"
    require(not base.programmes, "base", settings.base, allowed)
    return scenario


def combined_settings(settings: Settings, scenario: Scenario) -> Settings:
    """The same study of the 2^k combinations of a scenario's programmes, with `none` as the base."""
    return replace(settings, scenarios=combinations_of(scenario), base=NONE)


def run(settings: Settings, folder: RunFolder) -> None:
    """Simulate every combination, work out the effects, write and print."""
    present(settings, folder, run_study(combined_settings(settings, chosen(settings)), measure_run))


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    combined = combined_settings(past.settings, chosen(past.settings))
    present(past.settings, folder, study_again(past, combined))


def present(settings: Settings, folder: RunFolder, study: Study) -> None:
    """Work out the effects, write and print."""
    scenario = chosen(settings)
    combined = combined_settings(settings, scenario)
    write_redraw(folder, settings, keep_study(study))
    comparison, _ = write_tables(folder, study.kpis, NONE)
    members = [p.name for p in scenario.programmes]
    table = effects(study.kpis, members)
    folder.write_csv("effects.csv", table)
    lead = StudyTable(comparison, NONE, METRICS)
    found = Effects(table, members, lead.lead, METRICS)
    warnings = [*overloaded(study), *ratio_warnings(lead)]
    _write_report(settings, folder, study, scenario, comparison, found, warnings)
    extra: dict[str, Any] = {"factorial": results_of(scenario, found)}
    write_results(folder, combined, comparison, study.finished, extra | ({"facts": study.facts} if study.facts else {}))
    print(summary(scenario.name, found))
    for warning in warnings:
        print(f"Warning: {warning}")
    if study.finished < settings.replications:
        print(f"Stopped early: {study.finished} of {settings.replications} replications.")
    print(f"Report: {folder.path / 'report.html'}")


def results_of(scenario: Scenario, found: Effects) -> dict[str, Any]:
    """For results.json: {scenario, members, effects: {metric: {kind: {members: {mean, ci, n}}}}}, shown metrics."""
    effect: dict[str, Any] = {}
    for row in records(found.table[found.table["metric"].isin(found.shown)]):
        kind = effect.setdefault(str(row["metric"]), {}).setdefault(str(row["kind"]), {})
        kind[str(row["members"])] = {"mean": row["mean"], "ci": [row["low"], row["high"]], "n": row["n"]}
    return {"scenario": scenario.name, "members": found.members, "effects": effect}


def _write_report(
    settings: Settings, folder: RunFolder, study: Study, scenario: Scenario,
    comparison: pd.DataFrame, found: Effects, warnings: list[str],
) -> None:  # fmt: skip
    from analysis.figures.style import save
    from analysis.report.factorial_page import factorial_figures, factorial_page
    from analysis.report.page import render

    figures = factorial_figures(found)
    page = factorial_page(
        found,
        scenario=scenario.name,
        kinds={p.name: p.kind for p in scenario.programmes},
        direct={p.name: p.intervention.sets for p in scenario.programmes},
        comparison=comparison,
        system=settings.system,
        seed=settings.seed,
        replications=study.finished,
        engine=settings.engine,
        horizon=settings.blueprint.horizon,
        warnings=warnings,
        figures=figures,
    )
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)


def summary(scenario: str, found: Effects) -> str:
    """A short table for the terminal: the whole, each member, the largest pairs and the synergy, with intervals."""
    pairs = sorted(found.of("pairwise"), key=lambda name: -abs(found.get(found.lead, "pairwise", name).mean))
    lines = [("whole", found.full), *(("main", m) for m in found.members)]
    lines += [("pairwise", name) for name in pairs[:_PAIRS_SHOWN]]
    lines += [("synergy", found.full)]
    rows = [[f"effects in {scenario}", *(found.column(m) for m in found.shown)]]
    for kind, name in lines:
        title = f"{kind}: {name_of(name)}" if kind in ("main", "pairwise") else kind
        cells = [title, *(effect_text(found.get(m, kind, name), m, METRICS) for m in found.shown)]
        rows.append([cell.translate(_PLAIN) for cell in cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if len(pairs) > _PAIRS_SHOWN:
        text.append(f"The {_PAIRS_SHOWN} largest of {len(pairs)} pairs; the others are in effects.csv.")
    text.append("main: with - without, averaged over the others; pairwise: what the one changes in the other's effect.")
    text.append("synergy: whole - sum of what each does alone. 95 % intervals, paired by replication, each on its own.")
    return "\n".join(text)
