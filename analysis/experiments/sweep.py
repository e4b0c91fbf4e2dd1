"""Many configurations, many replications: run what the store lacks, then describe what it has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.experiments.results import write_results
from analysis.measures import METRICS, measure
from analysis.past_runs.kept import keep, restore
from analysis.past_runs.redraw import Past, take_over, write_redraw
from analysis.report.numbers import with_interval
from analysis.run_folder import RunFolder
from analysis.stress_des.ran import Ran, part_of
from analysis.sweeps.export import export_runs, require_writable
from analysis.sweeps.names import point_title, unit_of
from analysis.sweeps.results import SweepResults, Swept, ranked, sweep_results
from scenarios.code_version import code_version
from scenarios.config import Settings
from scenarios.design import SweepSettings, Values, design_points, sweep_settings
from scenarios.execution import Measured, Outcome, Point, compile_first, interrupts_wait, run_points
from scenarios.point_runs import PointRuns, name_of
from scenarios.points import Base, base_of, built, configured, controls_of, digest_text, plan_of
from scenarios.store import Store
from scenarios.study import PLACEHOLDERS
from sim.invalid import InvalidInput, unknown_name
from sim.traffic import utilisation

POINTS, EFFECTS, RUNS = "points.csv", "effects.csv", "runs.parquet"
SHOWN = ("service_quality", "failure_share", "cost_per_right_order", "profit", "lead_time_mean")
_BLOCK = 64  # replications of a point that are run one after another, while a worker has it at hand
_MOST_EXPORTED = 100_000  # runs up to which the run folder gets them all
_MOST_IN_FULL = 2000  # points of which effects.csv has every metric
_MOST_LINES = 6
_MOST_TOLD = 20  # points that the reporting checklist names, beside the base point


@dataclass(frozen=True)
class Planned:
    """A sweep whose every point was built and checked. `texts`: what each point's runs depend on."""

    asked: SweepSettings
    base: Base
    points: tuple[Values, ...]
    texts: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What a report tells of a sweep.

    `results`: those of the metrics shown, the leading one first (of all they would be as large as the tables);
    `given_up`: (place of the point, replication) -> why it is not tried again; `code`: the version of the code that
    made the runs; `interrupted`: whether Ctrl-C stopped it.
    """

    points: tuple[Values, ...]
    results: SweepResults
    given_up: Mapping[tuple[int, int], str]
    warnings: tuple[str, ...]
    code: str
    interrupted: bool


_planned: dict[str, Planned] = {}  # the last one: checking thousands of points twice would take a while


def check(settings: Settings) -> None:
    """Build and check every point. Raises `InvalidInput`."""
    planned(settings)


def planned(settings: Settings) -> Planned:
    """The points of the sweep, built and checked. Raises `InvalidInput` naming the value at fault."""
    key = json.dumps(settings.plain, default=str)  # in order: that of the factors counts
    if key not in _planned:
        _planned.clear()
        _planned[key] = _plan(settings)
    return _planned[key]


def _plan(settings: Settings) -> Planned:
    asked = sweep_settings(settings.sweep)
    for name in asked.metrics or ():
        if name not in METRICS:
            raise unknown_name("sweep.metrics", name, METRICS, "metric")
    points = design_points(asked, settings.seed)
    try:
        base = base_of(settings, points)
    except InvalidInput as fault:
        at = next((i for i, point in enumerate(points) if point.get("scenario", point) == fault.value), None)
        raise (fault if at is None else _at_factor(fault, asked, points, at)) from None
    texts: list[str] = []
    warnings: dict[str, None] = {}
    seen: set[str] = set()
    for i, point in enumerate(points):
        try:
            plain = configured(base, point)
            texts.append(digest_text(base, plain))
            if texts[-1] not in seen:
                seen.add(texts[-1])
                configuration = built(base, plain)
                final = plan_of(configuration, base, 0, PLACEHOLDERS).blueprints[-1]
                if base.allow_unstable:
                    overloaded = [pool for pool, share in utilisation(final).items() if share >= 1.0]
                    warnings |= {f"Point {i + 1}: staff pool {pool} cannot keep up.": None for pool in overloaded}
        except InvalidInput as fault:
            raise _at_factor(fault, asked, points, i) from None
    return Planned(asked, base, points, tuple(texts), tuple(warnings))


def _at_factor(fault: InvalidInput, asked: SweepSettings, points: Sequence[Values], at: int) -> InvalidInput:
    """A fault of a point, told of the value that the user gave."""
    point = points[at]

    def concerns(factor: str) -> bool:
        if factor == "scenario":
            return fault.where == factor or fault.where.startswith(f"scenarios.{point[factor]}")
        return fault.where == factor or fault.where.startswith(f"{factor}.") or factor.startswith(f"{fault.where}.")

    concerned = [factor for factor in point if concerns(factor)] or (list(point) if len(point) == 1 else [])
    if not concerned:
        return InvalidInput("sweep.over", None, f"at {point_title(point)}: {fault}")
    factor = next((f for f in concerned if f != "scenario"), concerned[0])
    inside = "" if fault.where == factor else f"{fault.where}: "
    value = fault.value if fault.where == "scenario" else point[factor]
    return InvalidInput(asked.where(at, factor), value, f"{inside}{fault.allowed}", fault.hint)


def run(settings: Settings, folder: RunFolder) -> None:
    """Run what is missing, then write and print what the store has of this sweep."""
    plan = planned(settings)
    path = Path(plan.asked.store)
    if plan.asked.status:
        from analysis.experiments.sweep_status import print_status

        print_status(plan.points, plan.texts, path, settings.replications, settings.seed)
        folder.discard_if_empty()
        return
    if plan.asked.export is not None:
        require_writable(Path(plan.asked.export), path)
    with Store(path) as store:
        numbers = {text: store.configuration(text, code_version(), settings.seed) for text in plan.texts}
        swept = Swept(store, plan.points, tuple(numbers[text] for text in plan.texts), settings.replications)
        if plan.asked.retry:
            for number in numbers.values():
                store.release(number)
        _tell_others(store, plan, settings.seed)
        outcome = _run_missing(settings, plan, swept)
        results = sweep_results(swept, plan.asked.base - 1, over_levels=plan.asked.design == "grid")
        if not results.runs.any():
            raise (
                KeyboardInterrupt
                if outcome.interrupted
                else InvalidInput(
                    "sweep",
                    None,
                    f"no run could be finished: {next(iter(_reasons(swept).values()), 'none was asked for')}",
                )
            )
        with suppress(KeyboardInterrupt), interrupts_wait():  # everything is computed: half a folder helps nobody
            shown = shown_metrics(plan, results)
            _write_tables(folder, plan, swept, results, shown)
            seen = Seen(
                swept.points, results.only(shown), _reasons(swept), plan.warnings, code_version(), outcome.interrupted
            )
            ran = ran_of(settings, plan.base, seen.points, seen.results)
            controls = controls_of(plan.base, plan.points)
            present(settings, folder, plan.asked, seen, ran, controls, outcome.finished)


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept; its tables are taken over as they are."""
    settings, seen = past.settings, restore(Seen, past.content, "content")
    asked = sweep_settings(settings.sweep)
    if not _fits(seen, asked):
        raise past.refuse("its results are of other points or metrics")
    # The checklist builds points again, but what a survey's file says by now is not asked.
    points = [{f: v for f, v in point.items() if not f.startswith("expectations.")} for point in seen.points]
    take_over(past, folder, POINTS, EFFECTS, RUNS)
    base = base_of(settings, points)
    ran = ran_of(settings, base, points, seen.results)
    present(settings, folder, asked, seen, ran, controls_of(base, points))


def _fits(seen: Seen, asked: SweepSettings) -> bool:
    results, factors = seen.results, list(seen.points[0]) if seen.points else []
    shape: tuple[int, ...] = (len(seen.points), len(results.metrics))
    spreads = [(s, shape) for s in (results.means, results.differences)]
    spreads += [(s, shape[1:]) for values in results.levels.values() for _, s in values]
    return (
        factors != []
        and all(list(point) == factors for point in seen.points)
        and results.base == asked.base - 1 < len(seen.points)
        and results.runs.shape == shape[:1]
        and results.metrics != ()
        and set(results.metrics) <= set(METRICS)
        and list(results.levels) in ([], factors)
        and all(getattr(s, f.name).shape == wanted for s, wanted in spreads for f in fields(s))
    )


def _tell_others(store: Store, plan: Planned, seed: int) -> None:
    others = sum(store.other_versions(text, code_version(), seed) for text in dict.fromkeys(plan.texts))
    if others:
        print(f"{others} runs in the store are of another version of the code: kept, and not used here.")


def _run_missing(settings: Settings, plan: Planned, swept: Swept) -> Outcome:
    """Run and store what the store lacks; a task that comes back is stored at once, in one transaction."""
    names = {name_of(point): number for point, number in zip(swept.points, swept.configurations, strict=True)}
    first_of: dict[int, str] = {}  # one name for points that are the same
    for name, number in names.items():
        first_of.setdefault(number, name)
    there = sum(swept.store.count(number, settings.replications) for number in first_of)
    there += sum(len(swept.store.quarantined(number, settings.replications)) for number in first_of)
    total = len(first_of) * settings.replications - there
    if total == 0:
        return Outcome(0)

    def missing() -> Iterator[Point]:
        for start in range(0, settings.replications, _BLOCK):
            stop = min(start + _BLOCK, settings.replications)
            for number, name in first_of.items():
                yield from ((name, r) for r in swept.store.missing(number, start, stop))

    def keep(finished: Sequence[tuple[Point, Measured]]) -> None:
        swept.store.add((names[name], replication, values) for (name, replication), values in finished)

    def give_up(point: Point, reason: str) -> None:
        swept.store.quarantine([(names[point[0]], point[1], reason)])

    for engine in sorted({str(point.get("engine", settings.engine)) for point in swept.points}):
        compile_first(engine)
    runs = PointRuns(plan.base, measure)
    return run_points(runs, missing(), total, settings.execution, keep, settings.experiment, give_up)


def _reasons(swept: Swept) -> dict[tuple[int, int], str]:
    """(place of the point, replication) -> why it is not tried again."""
    return {
        (i, replication): reason
        for i, number in enumerate(swept.configurations)
        for replication, reason in swept.store.quarantined(number, swept.replications).items()
    }


def shown_metrics(plan: Planned, results: SweepResults) -> list[str]:
    """The metrics to show, the leading one first."""
    chosen = [name for name in plan.asked.metrics or SHOWN if name in results.metrics]
    return chosen or list(results.metrics[:1])


def _write_tables(
    folder: RunFolder, plan: Planned, swept: Swept, results: SweepResults, shown: Sequence[str]
) -> None:  # fmt: skip
    folder.write_csv(POINTS, points_table(swept, results))
    folder.write_csv(EFFECTS, effects_table(swept, results, shown))
    if swept.replications * len(swept.points) <= _MOST_EXPORTED:
        export_runs(swept, folder.path / RUNS)
    if plan.asked.export is not None:
        export_runs(swept, Path(plan.asked.export))


def present(
    settings: Settings, folder: RunFolder, asked: SweepSettings, seen: Seen, ran: Ran, controls: frozenset[int],
    made: int | None = None,
) -> None:  # fmt: skip
    """Write and print what is made of the results. `controls`: places of the points with a negative control; `made`:
    runs that were made for it (None: it is drawn again)."""
    write_redraw(folder, settings, keep(seen))
    _write(settings, folder, asked, seen, ran, controls)
    _print(folder, seen, settings.replications, controls, made)


def _write(
    settings: Settings, folder: RunFolder, asked: SweepSettings, seen: Seen, ran: Ran, controls: frozenset[int]
) -> None:  # fmt: skip
    from analysis.figures.style import save
    from analysis.report.page import render
    from analysis.report.sweep_page import sweep_figures, sweep_page

    results, shown = seen.results, seen.results.metrics
    figures = sweep_figures(seen.points, asked, results, shown)
    page = sweep_page(
        points=seen.points, asked=asked, results=results, shown=shown, reasons=seen.given_up,
        settings=settings, warnings=seen.warnings, figures=figures, controls=controls,
    )  # fmt: skip
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)
    extra = {
        "sweep": {
            "design": asked.design,
            "factors": list(seen.points[0]),
            "base_point": results.base + 1,
            "code_version": seen.code,
            "points": _point_results(seen.points, results),
            "quarantined": [
                {"point": i + 1, "replication": r, "reason": reason} for (i, r), reason in seen.given_up.items()
            ],
        }
    }
    write_results(folder, settings, pd.DataFrame(), int(results.runs.min()), extra, ran=ran)


def ran_of(settings: Settings, base: Base, points: Sequence[Values], results: SweepResults) -> Ran:
    """What ran, for the reporting checklist. `base`: what the points share."""
    first, fewest = results.base, int(results.runs.min())
    others = [i for i in range(len(points)) if i != first]
    arms = {f"point {first + 1} (base)": points[first]}
    arms |= {f"point {i + 1}": points[i] for i in others[:_MOST_TOLD]}
    runs = f"{settings.replications} replications of each of {len(points)} points asked for, at least {fewest} "
    part = part_of(base, arms, f"{runs}finished")
    more = len(others) - _MOST_TOLD
    told = (*part.arms, *([f"and {more} more, with their values in points.csv"] if more > 0 else []))
    engines = dict.fromkeys(str(point.get("engine", settings.engine)) for point in points)
    return Ran((replace(part, arms=told),), engines=tuple(engines))


def _point_results(points: Sequence[Values], results: SweepResults) -> list[dict[str, Any]]:
    return [
        {
            "values": dict(point),
            "runs": int(results.runs[i]),
            "metrics": {
                name: {
                    "mean": results.means.mean[i, j], "sd": results.means.sd[i, j], "n": int(results.means.n[i, j]),
                    "ci": [results.means.low[i, j], results.means.high[i, j]],
                    "difference": {
                        "mean": results.differences.mean[i, j],
                        "ci": [results.differences.low[i, j], results.differences.high[i, j]],
                    },
                }
                for j, name in enumerate(results.metrics)
            },
        }
        for i, point in enumerate(points)
    ]  # fmt: skip


def points_table(swept: Swept, results: SweepResults) -> pd.DataFrame:
    """A row per point: its factors, its number of runs, and mean, lower and upper end of every metric."""
    columns: dict[str, Any] = {"point": range(1, len(swept.points) + 1)}
    columns |= {factor: [point[factor] for point in swept.points] for factor in swept.factors}
    columns["runs"] = results.runs
    for j, name in enumerate(results.metrics):
        spread = results.means
        columns |= {name: spread.mean[:, j], f"{name}_low": spread.low[:, j], f"{name}_high": spread.high[:, j]}
    return pd.DataFrame(columns)


def effects_table(swept: Swept, results: SweepResults, shown: Sequence[str]) -> pd.DataFrame:
    """A row per point and metric: the difference to the base point, paired by replication.

    Of very many points only the metrics in `shown`: the table would not fit in memory.
    """
    chosen = np.array([len(swept.points) <= _MOST_IN_FULL or name in shown for name in results.metrics])
    rows, columns = ((results.differences.n > 0) & chosen).nonzero()
    spread = results.differences
    table: dict[str, Any] = {"point": rows + 1}
    table |= {factor: [swept.points[i][factor] for i in rows] for factor in swept.factors}
    table["metric"] = [results.metrics[j] for j in columns]
    parts: Mapping[str, Any] = {
        "difference": spread.mean, "low": spread.low, "high": spread.high, "sd": spread.sd, "pairs": spread.n
    }  # fmt: skip
    return pd.DataFrame({**table, **{name: part[rows, columns] for name, part in parts.items()}})


def _print(folder: RunFolder, seen: Seen, replications: int, controls: frozenset[int], made: int | None) -> None:
    points, results = seen.points, seen.results
    asked, lead = len(points) * replications, results.metrics[0]
    now = "" if made is None else f"; {made} runs made now"
    print(f"{len(points)} points, {replications} replications each{now}.")
    for i in ranked(results, lead)[:_MOST_LINES]:
        control = " (negative control)" if i in controls else ""
        print(f"  {i + 1:>5}  {_value(results, i, lead)}  {point_title(points[i])}{control}")
    if len(points) > _MOST_LINES:
        print(f"  and {len(points) - _MOST_LINES} more in points.csv")
    for (i, replication), reason in list(seen.given_up.items())[:_MOST_LINES]:
        print(f"Quarantined: point {i + 1} ({point_title(points[i])}), replication {replication}: {reason}")
    for warning in seen.warnings[:_MOST_LINES]:
        print(f"Warning: {warning}")
    if seen.interrupted:
        print(f"Stopped early: {int(results.runs.sum())} of {asked} runs; the same command goes on from here.")
    print(f"Report: {folder.path / 'report.html'}")


def _value(results: SweepResults, point: int, metric: str) -> str:
    j = results.metrics.index(metric)
    factor, unit, _ = unit_of(metric)
    ends = (float(factor * part[point, j]) for part in (results.means.mean, results.means.low, results.means.high))
    shown = with_interval(*ends, sign=False).replace("−", "-").replace("\u202f", " ")
    return f"{METRICS[metric].label} {shown} {unit}".rstrip()
