"""The base system from two starting points: is the start forgotten, and is there one regime or are there two?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import compare
from analysis.experiments.results import write_results
from analysis.figures.style import records
from analysis.past_runs.kept import keep, restore
from analysis.past_runs.redraw import Past, write_redraw
from analysis.report.numbers import MINUS
from analysis.report.start_results import Results
from analysis.run_folder import RunFolder
from analysis.starting_points import END_METRICS, MARGINS, differences, distributions, measures_of, paths, weeks_until
from scenarios.build import build
from scenarios.config import Settings
from scenarios.scenario import Scenario, timeline
from scenarios.starts import STARTS, StartingPoints, begun_from
from scenarios.study import check_scenarios
from scenarios.sweep import Measured, Point, sweep
from sim.blueprint import Blueprint
from sim.invalid import InvalidInput, require, require_known
from sim.simulate import check as check_timeline
from sim.simulate import simulate
from sim.switches import is_on, perception_is_on, relationship_is_on, staff_is_on

_PLAIN = str.maketrans({"×": "x", MINUS: "-", "\u202f": " ", "–": "-"})  # what every terminal can show


def check(settings: Settings) -> None:
    """Check the two starts, the horizon and the base scenario. Raises `InvalidInput`."""
    chosen(settings)
    check_scenarios(settings, {})
    asked, base = chosen(settings), base_of(settings)
    for name in STARTS:
        try:
            check_timeline(begun_from(timeline(settings.blueprint, base, settings.seed, 0), asked.start(name)), True)
        except InvalidInput as fault:
            raise fault.under(f"starting_points.{name}") from None


def chosen(settings: Settings) -> StartingPoints:
    """The two starting points as configured. Raises `InvalidInput`."""
    asked = build(StartingPoints, settings.starting_points, "starting_points")
    require_known("starting_points.same_within", asked.same_within, END_METRICS, "metric")
    weeks = settings.blueprint.horizon.measured / settings.blueprint.calendar.week
    allowed = f"must be at most the {weeks:g} weeks that the run measures (system.horizon.measured)"
    require(asked.last_weeks <= weeks, "starting_points.last_weeks", asked.last_weeks, allowed)
    base = base_of(settings)
    require(not base.needs_facts, "base", settings.base, "needs measurements of the base itself; choose another base")
    return replace(asked, same_within={**MARGINS, **asked.same_within})


def base_of(settings: Settings) -> Scenario:
    """The scenario that is begun from two starting points."""
    return next(s for s in settings.scenarios if s.name == settings.base)


@dataclass(frozen=True)
class Runs:
    """What every run shares; called with (start, replication), it runs and measures it."""

    blueprint: Blueprint
    scenario: Scenario
    asked: StartingPoints
    seed: int
    engine: str
    allow_unstable: bool
    journal: str

    def __call__(self, point: Point) -> Measured:
        name, replication = point
        system = begun_from(timeline(self.blueprint, self.scenario, self.seed, replication), self.asked.start(name))
        journal = simulate(system, self.seed, replication, self.engine, self.allow_unstable, self.journal)
        calendar, horizon = self.blueprint.calendar, self.blueprint.horizon
        on: dict[str, bool] = {
            "perception": perception_is_on(self.blueprint),
            "staff": staff_is_on(self.blueprint),
            "relationship": relationship_is_on(self.blueprint),
        }
        weeks = journal["weeks"]
        length = self.asked.last_weeks * calendar.week
        halfway = horizon.warm_up + round(horizon.measured / 2 / calendar.week) * calendar.week
        last, middle = weeks_until(weeks, horizon.end, length), weeks_until(weeks, halfway, length)
        early = len(middle) < self.asked.last_weeks or halfway > horizon.end - length + 1e-6
        during = weeks[weeks["ended"] <= horizon.end + 1e-6]
        return {
            "ends": measures_of(last, calendar.year, **on),
            "halfway": {} if early else measures_of(middle, calendar.year, **on),
            "weeks": (during["ended"] - horizon.warm_up) / calendar.week,
            "paths": [measures_of(during[i : i + 1], calendar.year, **on) for i in range(len(during))],
        }


def run(settings: Settings, folder: RunFolder) -> None:
    """Simulate both starts, compare, write and print."""
    check(settings)
    asked = chosen(settings)
    runs = Runs(
        settings.blueprint, base_of(settings), asked, settings.seed, settings.engine, settings.allow_unstable,
        settings.journal,
    )  # fmt: skip
    points = [(name, r) for r in range(settings.replications) for name in STARTS]
    results = sweep(runs, points, settings.execution, settings.experiment, settings.engine)
    complete = [r for r in range(settings.replications) if all((name, r) in results for name in STARTS)]
    if not complete:
        raise KeyboardInterrupt
    kept = {(name, r): results[name, r] for name in STARTS for r in complete}
    present(settings, folder, Tables(_tidy(kept, "ends"), _tidy(kept, "halfway"), paths(_weekly(kept))))


@dataclass(frozen=True)
class Tables:
    """What the runs come to: start, replication, metric, value of the last weeks and of as many half-way; and the
    weeks' means over replications (`analysis.starting_points.paths`), for every single week would be much."""

    ends: pd.DataFrame
    halfway: pd.DataFrame
    paths: pd.DataFrame


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    present(past.settings, folder, restore(Tables, past.content, "content"))


def present(settings: Settings, folder: RunFolder, tables: Tables) -> None:
    """Compare, write and print."""
    write_redraw(folder, settings, keep(tables))
    asked, ends = chosen(settings), tables.ends
    found = Results(
        asked, ends, distributions(ends), differences(ends, tables.halfway, asked.same_within), tables.paths,
        idle=without_effect(settings.blueprint, asked),
    )  # fmt: skip
    finished = int(ends["replication"].nunique())
    _write(settings, folder, found, finished)
    print(summary(found))
    for sentence in found.idle:
        print(f"Warning: {sentence}")
    if finished < settings.replications:
        print(f"Stopped early: {finished} of {settings.replications} replications.")
    print(f"Report: {folder.path / 'report.html'}")


def without_effect(blueprint: Blueprint, asked: StartingPoints) -> tuple[str, ...]:
    """A sentence for every part of the starting points that nothing in this system listens to."""
    listens = {
        "satisfaction": relationship_is_on(blueprint)
        and any(is_on(blueprint, name) for name in ("retention", "purchase_pace")),
        "morale": is_on(blueprint, "morale"),
        "heard": perception_is_on(blueprint),
    }
    return tuple(
        f"The starting points differ in {name}, but what it acts through is switched off in this system: that part has "
        "no effect here."
        for name, heard in listens.items()
        if not heard and getattr(asked.low, name) != getattr(asked.high, name)
    )


def _tidy(kept: Mapping[Point, Measured], part: str) -> pd.DataFrame:
    rows = [(start, r, name, value) for (start, r), found in kept.items() for name, value in found[part].items()]
    return pd.DataFrame(rows, columns=["start", "replication", "metric", "value"])


def _weekly(kept: Mapping[Point, Measured]) -> pd.DataFrame:
    rows = [
        (start, r, name, float(np.round(week, 6)), value)
        for (start, r), found in kept.items()
        for week, values in zip(found["weeks"], found["paths"], strict=True)
        for name, value in values.items()
    ]
    return pd.DataFrame(rows, columns=["start", "replication", "metric", "week", "value"])


def _write(settings: Settings, folder: RunFolder, found: Results, finished: int) -> None:
    from analysis.figures.style import save
    from analysis.report.page import render
    from analysis.report.starting_points_page import start_figures, starting_points_page

    kpis = found.ends.rename(columns={"start": "scenario"})
    comparison = compare(kpis, "low")
    folder.write_csv("ends.csv", found.ends)
    folder.write_csv("distribution.csv", found.distribution)
    folder.write_csv("differences.csv", found.difference)
    folder.write_csv("paths.csv", found.paths)
    folder.write_csv("comparison.csv", comparison)
    figures = start_figures(found)
    page = starting_points_page(
        found,
        system=settings.system,
        scenario=settings.base,
        seed=settings.seed,
        replications=finished,
        engine=settings.engine,
        horizon=settings.blueprint.horizon,
        week=settings.blueprint.calendar.week,
        figures=figures,
    )
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)
    extra = {"starting_points": results_of(found)}
    write_results(folder, settings, comparison, finished, extra, base="low")


def results_of(found: Results) -> dict[str, Any]:
    """For results.json: the starts, and {metric: difference, margin, verdict, ...}."""
    differences_of = {
        str(row["metric"]): {
            "difference": {"mean": row["difference"], "ci": [row["difference_low"], row["difference_high"]]},
            "halfway": row["halfway"],
            "change": {"mean": row["change"], "ci": [row["change_low"], row["change_high"]]},
            **{k: row[k] for k in ("n", "margin", "verdict", "course", "share_above", "share_equal", "ks",
                                   "bimodality_both", "regimes")},
        }
        for row in records(found.difference)
    }  # fmt: skip
    spreads: dict[str, Any] = {}
    for row in records(found.distribution):
        cell = {k: v for k, v in row.items() if k not in ("start", "metric")}
        spreads.setdefault(str(row["start"]), {})[str(row["metric"])] = cell
    starts = {
        name: {part: getattr(found.asked.start(name), part) for part in ("satisfaction", "morale", "heard")}
        for name in STARTS
    }
    return {
        "starts": starts, "last_weeks": found.asked.last_weeks, "distribution": spreads, "differences": differences_of,
    }  # fmt: skip


def summary(found: Results) -> str:
    """A short table for the terminal: both starts, the difference with interval, and what it says."""
    rows = [[f"last {found.asked.last_weeks} weeks", "low start", "high start", "high - low", "start", "regimes"]]
    for metric in found.metrics:
        row = found.row(metric.name)
        cells = [
            found.column(metric), found.mean("low", metric), found.mean("high", metric), found.gap(metric),
            str(row["verdict"]), str(row["regimes"]),
        ]  # fmt: skip
        rows.append([cell.translate(_PLAIN) for cell in cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    text.append("Means over replications [95 % interval]; differences paired by replication.")
    text.append("Start: forgotten if the interval lies within the margin, lasts if beyond it. Regimes: an indication.")
    return "\n".join(text)
