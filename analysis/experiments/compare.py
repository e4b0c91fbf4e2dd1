"""The main job: improvement scenarios against the base, with common random numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.experiments.results import write_results, write_tables
from analysis.lead_times import LEAD_TIME_COLUMNS, LeadTimes, count_lead_times, lead_times
from analysis.measures import METRICS, measure, stage_measures, weekly_series
from analysis.measures.measured import Measured
from analysis.past_runs.kept_study import keep_study, study_again
from analysis.past_runs.redraw import Past, write_redraw
from analysis.report.study_table import Study as StudyTable
from analysis.report.weekly_section import effects_in_time
from analysis.run_folder import RunFolder
from analysis.starts import starts_of
from analysis.timeseries import WeeklySeries, timeseries_table
from scenarios.config import Settings
from scenarios.study import PLACEHOLDERS, Study, check_scenarios, run_study
from sim.journal import Journal
from sim.traffic import utilisation

SHOWN = ("failure_share", "cost_per_right_order", "profit")  # as many as a terminal is wide


def measure_run(journal: Journal) -> dict[str, Any]:
    """What a worker sends back of a run."""
    counts = {"lead_times": count_lead_times(Measured(journal).lead_times)} if journal.is_full else {}
    metrics, stages, weeks = measure(journal), stage_measures(journal), weekly_series(journal)
    return {"metrics": metrics, "stages": stages, "weeks": weeks, "counts": counts}


def check(settings: Settings) -> None:
    """Apply and check every scenario."""
    check_scenarios(settings, PLACEHOLDERS)


def run(settings: Settings, folder: RunFolder) -> None:
    """Simulate, compare, write and print."""
    present(settings, folder, run_study(settings, measure_run))


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    present(past.settings, folder, study_again(past, past.settings))


def present(settings: Settings, folder: RunFolder, study: Study) -> None:
    """Compare, write and print."""
    write_redraw(folder, settings, keep_study(study))
    comparison, gaps = write_tables(folder, study.kpis, settings.base)
    series = WeeklySeries(tuple(study.blueprints), study.weekly)
    folder.write_csv("timeseries.csv", timeseries_table(series.values, series.scenarios, settings.base))
    distributions = lead_times_of(study, comparison)
    folder.write_csv("lead_times.csv", lead_time_table(distributions))
    _write_report(settings, folder, study, comparison, gaps, series, distributions)
    table = StudyTable(comparison, settings.base, METRICS, settings.controls)
    extra: dict[str, Any] = {"time_to_first_effect": effects_in_time(table, series)}
    write_results(folder, settings, comparison, study.finished, extra | ({"facts": study.facts} if study.facts else {}))
    print(summary(comparison, settings.base, table.lead))
    for warning in [*overloaded(study), *ratio_warnings(table)]:
        print(f"Warning: {warning}")
    if study.finished < settings.replications:
        print(f"Stopped early: {study.finished} of {settings.replications} replications.")
    print(f"Report: {folder.path / 'report.html'}")


def lead_times_of(study: Study, comparison: pd.DataFrame) -> tuple[LeadTimes, ...]:
    """The distribution of lead times in every scenario; none where the journal held summaries only."""
    counts = study.counts.get("lead_times")
    if counts is None:
        return ()
    late = comparison[comparison["metric"] == "late_share"].set_index("scenario")["mean"]
    return tuple(
        lead_times(name, counts[place], blueprint.promise.lead_time, float(late.get(name, math.nan)))
        for place, (name, blueprint) in enumerate(study.blueprints.items())
        if counts[place].sum() > 0
    )


def lead_time_table(distributions: Sequence[LeadTimes]) -> pd.DataFrame:
    """All distributions below each other: columns LEAD_TIME_COLUMNS."""
    if not distributions:
        return pd.DataFrame(columns=list(LEAD_TIME_COLUMNS))
    return pd.concat([d.table() for d in distributions], ignore_index=True)


def overloaded(study: Study) -> list[str]:
    """A sentence for every staff pool of a scenario that cannot keep up with the orders."""
    return [
        f"Unstable queue in {scenario}: staff pool {pool} has utilisation {value:.2f}; its figures grow with the time "
        "simulated and describe no steady state."
        for scenario, blueprint in study.blueprints.items()
        for pool, value in utilisation(blueprint).items()
        if value >= 1.0
    ]


def ratio_warnings(table: StudyTable) -> list[str]:
    """A sentence where mean of ratios and ratio of means tell different stories (model.md 2.3: print both)."""
    return [
        f"In {scenario} the mean of the customers' ratios is {mean:.1f}, the ratio of the means {ratio:.1f}: customers "
        "who desire very little have very large ratios. The ratio of the means leads here."
        for scenario, mean, ratio in table.ratios_apart()[:1]
    ]


def descriptions(settings: Settings, study: Study) -> dict[str, str]:
    """What each scenario does; where it builds on pilot runs of the base, with what they measured."""
    measured = ""
    if study.facts:
        level, hours = study.facts["delivered"], study.facts["lead_time_p80"]
        measured = f" (measured on the base in pilot runs, then fixed: level {level:.3f}, lead time {hours:.1f} h)"
    return {s.name: s.description + (measured if s.needs_facts else "") for s in settings.scenarios}


def _write_report(
    settings: Settings,
    folder: RunFolder,
    study: Study,
    comparison: pd.DataFrame,
    gaps: pd.DataFrame,
    series: WeeklySeries,
    distributions: Sequence[LeadTimes],
) -> None:
    from analysis.figures.style import save
    from analysis.report.compare_page import compare_figures, compare_page
    from analysis.report.page import render

    blueprint = study.blueprints[settings.base]
    starts = starts_of(settings.scenarios, blueprint.calendar.week)
    figures = compare_figures(
        blueprint=blueprint,
        comparison=comparison,
        gaps=gaps,
        stages=study.stages,
        base=settings.base,
        metrics=METRICS,
        series=series,
        starts=starts,
        lead_times=distributions,
        controls=settings.controls,
    )
    page = compare_page(
        blueprint=blueprint,
        comparison=comparison,
        gaps=gaps,
        stages=study.stages,
        base=settings.base,
        descriptions=descriptions(settings, study),
        direct={s.name: s.sets for s in settings.scenarios},
        evidence={s.name: s.evidence for s in settings.scenarios},
        seed=settings.seed,
        replications=study.finished,
        engine=settings.engine,
        metrics=METRICS,
        warnings=[*overloaded(study), *ratio_warnings(StudyTable(comparison, settings.base, METRICS))],
        figures=figures,
        series=series,
        starts=starts,
        lead_times=distributions,
        controls=settings.controls,
    )
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)


def summary(comparison: pd.DataFrame, base: str, lead: str) -> str:
    """A short table for the terminal: the base's means, every other scenario's paired differences with intervals."""
    shown = [name for name in dict.fromkeys((lead, *SHOWN)) if name in set(comparison["metric"])]
    table = comparison[comparison["metric"].isin(shown)].set_index(["scenario", "metric"])
    scenarios = list(dict.fromkeys(comparison["scenario"]))
    rows = [["scenario", *shown]]
    for scenario in scenarios:
        cells = [scenario if scenario != base else f"{base} (base)"]
        for name in shown:
            if (scenario, name) not in table.index:
                cells.append("-")
                continue
            row = table.loc[(scenario, name)]
            size = abs(float(row["mean"]))
            digits = 4 if size < 1 else 2 if size < 10_000 else 0
            if scenario == base:
                cells.append(f"{row['mean']:.{digits}f}")
            else:
                low, high = row["difference_low"], row["difference_high"]
                cells.append(f"{row['difference']:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]")
        rows.append(cells)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "Differences to the base, 95 % intervals, paired by replication."])
