"""The report of the default study: scenarios against a base."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.figures.blueprint_map import blueprint_map
from analysis.figures.forest import MetricInfo, forest
from analysis.figures.gap_chart import gap_chart
from analysis.figures.lead_time_chart import lead_time_chart
from analysis.figures.style import displayed, inline_svg, records, title_of
from analysis.lead_times import LeadTimes
from analysis.measures import METRICS
from analysis.report.compare_answer import answer, change_of, question
from analysis.report.compare_brief import brief
from analysis.report.explorer import explorer_section
from analysis.report.lead_time_section import lead_time_section
from analysis.report.living_section import customers_section, staff_section
from analysis.report.load_figure import load_figure, loads_of
from analysis.report.money_section import money_section
from analysis.report.numbers import difference, number, with_interval
from analysis.report.page import Figure, Note, ReportPage, Section, Table
from analysis.report.study_table import SHORT, Study
from analysis.report.weekly_section import draw_series, weekly_section
from analysis.starts import Start
from analysis.timeseries import WeeklySeries
from sim.blueprint import Blueprint

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

MAIN_METRICS = (
    "service_quality", "service_quality_of_means", "gap", "failure_share", "lead_time_mean", "share_below_adequate",
    "cost_per_right_order", "profit", "customer_equity", "internal_service_quality",
)  # fmt: skip
FOREST_METRICS = (
    "service_quality", "failure_share", "profit", "cost_per_right_order", "share_below_adequate", "lead_time_mean",
    "customer_equity", "retention", "internal_service_quality",
)  # fmt: skip
_ACROSS = 3  # panels in a row of the forest plot
NO_SERIES = WeeklySeries()
_OF_STAGES = (  # measure, factor, heading; a journal of summaries has utilisation alone
    ("failures", 1.0, "Failures per 1 000"),
    ("waiting_mean", 1.0, "Waiting, h"),
    ("service_mean", 1.0, "Service, h"),
    ("utilisation", 100.0, "Pool in use, %"),
    ("rework_share", 100.0, "Rework, %"),
)
LAYERS = {
    0: "flow, queues and errors",
    1: "information loss, detection, rework, batches",
    2: "staff dynamics",
    3: "expectation and perception",
    4: "relationship and money",
}


def compare_figures(
    *,
    blueprint: Blueprint,
    comparison: pd.DataFrame,
    gaps: pd.DataFrame,
    stages: pd.DataFrame,
    base: str,
    metrics: Mapping[str, MetricInfo] = METRICS,
    series: WeeklySeries = NO_SERIES,
    starts: Sequence[Start] = (),
    lead_times: Sequence[LeadTimes] = (),
    controls: Collection[str] = (),
) -> dict[str, Drawing]:
    """The study's figures by file name, where there is something to draw.

    `differences`, `gaps`, `lead_times`, `weekly`, `blueprint`, and `blueprint_load`: the same with queues and use.
    """
    study = Study(comparison, base, metrics, controls)
    figures: dict[str, Drawing] = {}
    if study.others:
        figures["differences"] = forest(comparison, _in_forest(study), study.ranked, controls=study.controls)
    if len(gaps):
        figures["gaps"] = gap_chart(gaps, [base, *study.ranked[:1]])
    if before_and_after(study, lead_times):
        figures["lead_times"] = lead_time_chart(before_and_after(study, lead_times))
    weekly = draw_series(study, series, starts)
    if weekly is not None:
        figures["weekly"] = weekly
    figures["blueprint"] = blueprint_map(blueprint, _failures(stages, base))
    loads = loads_of(stages, base)
    if loads:
        queues = {name: load.queue for name, load in loads.items()}
        figures["blueprint_load"] = blueprint_map(blueprint, queues, "orders that wait, on average", loads)
    return figures


def compare_page(
    *,
    blueprint: Blueprint,
    comparison: pd.DataFrame,
    gaps: pd.DataFrame,
    stages: pd.DataFrame,
    base: str,
    descriptions: Mapping[str, str],
    seed: int,
    replications: int,
    engine: str,
    metrics: Mapping[str, MetricInfo] = METRICS,
    evidence: Mapping[str, str] = {},
    direct: Mapping[str, Sequence[str]] = {},
    warnings: Sequence[str] = (),
    figures: Mapping[str, Drawing] | None = None,
    series: WeeklySeries = NO_SERIES,
    starts: Sequence[Start] = (),
    lead_times: Sequence[LeadTimes] = (),
    controls: Collection[str] = (),
) -> ReportPage:
    """The report page of `compare`, its question and answer worded from the data.

    `comparison`, `gaps` as from `analysis.compare.compare` and `analysis.gaps.gap_table`; `stages` with the columns
    scenario, stage, metric, value; `descriptions` by scenario; `direct`: the dimensions that a scenario sets directly;
    `warnings`: unstable queues and the like. `figures` as from `compare_figures` (drawn here if not given);
    `series`: the weekly series, if there are any; `starts` of the programmes; `lead_times`: a distribution a scenario.
    """
    study = Study(comparison, base, metrics, controls)
    drawn = figures or compare_figures(
        blueprint=blueprint, comparison=comparison, gaps=gaps, stages=stages, base=base, metrics=metrics, series=series,
        starts=starts, lead_times=lead_times, controls=controls,
    )  # fmt: skip
    sections = [
        _results(study, drawn),
        _scenarios(study, descriptions, evidence),
        _standing(study, blueprint, gaps, direct),
        _gap_section(study, gaps, drawn),
        _gap_sources(study, gaps),
        _blueprint_section(study, blueprint, stages, drawn),
        money_section(study),
        customers_section(study),
        staff_section(study),
        lead_time_section(
            before_and_after(study, lead_times),
            drawn.get("lead_times"),
            f"Curves and bands are means and 95 % intervals over {replications} replications." * (replications > 1),
        ),
        weekly_section(study, series, drawn.get("weekly"), starts),
        explorer_section(study),
        _details(study),
        _dimensions_of_all(study, gaps),
        _method(study, blueprint, seed, replications, engine),
    ]
    return ReportPage(
        title=f"Improvement scenarios for {title_of(blueprint.name)}",
        question=question(study, blueprint),
        answer=answer(study),
        sections=tuple(section for section in sections if section is not None),
        facts=(
            ("System", blueprint.name),
            ("Base", base),
            ("Scenarios", str(len(study.scenarios))),
            ("Replications of each", str(replications)),
            ("Seed", str(seed)),
            ("Engine", engine),
        ),
        warnings=tuple(warnings),
        brief=brief(study, replications),
    )


def _scenarios(study: Study, descriptions: Mapping[str, str], evidence: Mapping[str, str]) -> Section:
    rows = tuple(
        (
            title_of(name) + (" (base)" if name == study.base else ""),
            descriptions.get(name, ""),
            evidence.get(name) or "not graded",
            name,
        )
        for name in study.scenarios
    )
    table = Table(
        "Scenarios compared",
        ("Scenario", "What is done", "Evidence for its size", "Name in the configuration"),
        rows,
        "llll",
    )
    legend = (
        "Grades: V verified in a public source, M from memory of the literature, A assumption. A grade "
        "belongs to the "
        "published figure; turning it into a parameter of this model is always an assumption."
    )
    return Section("What was compared", (legend,), (table,))


def _results(study: Study, drawn: Mapping[str, Drawing]) -> Section:
    shown = [name for name in MAIN_METRICS if name in study.measured]
    table = Table(
        "Means over replications, from the best to the worst scenario",
        ("Scenario", *(study.column(name) for name in shown)),
        tuple((study.named(s), *(study.marked(s, name) for name in shown)) for s in study.in_order),
    )
    if not study.others:
        return Section("Results", (), (table,))
    text = (
        "▲ better and ▼ worse than the base where the 95 % interval of the paired difference excludes 0; "
        "no mark where it "
        "does not. A right order is one that reached the customer without an error."
    )
    figures: tuple[Figure, ...] = ()
    if "differences" in drawn:
        metrics = _in_forest(study)
        caption = f"Difference to {title_of(study.base)}, mean and 95 % interval over paired replications."
        best = study.get(study.ranked[0], study.lead)
        words = f"A panel for each of {len(metrics)} metrics; each scenario's difference to the base. " + (
            f"In {study.metrics[study.lead].label} the best is {title_of(study.ranked[0])}, "
            f"{change_of(best, study.metrics[study.lead].unit)}." if best else ""
        )  # fmt: skip
        rows = tuple((title_of(s), *(_difference(study, s, m.name) for m in metrics)) for s in study.ranked)
        columns = ("Scenario", *(f"{SHORT.get(m.name, m.label)}, {displayed(m.unit)[2]}" for m in metrics))
        svg = inline_svg(drawn["differences"], "differences", caption, words)
        figures = (Figure(svg, caption, words, Table("Differences to the base [95 % interval]", columns, rows)),)
    return Section("Results", (text,), (table,), figures)


def _in_forest(study: Study) -> list[MetricInfo]:
    """Metrics of the forest plot; the last one is left out where it would stand in a row by itself."""
    shown = [study.metrics[name] for name in FOREST_METRICS if name in study.measured]
    return shown[:-1] if len(shown) > 2 * _ACROSS and len(shown) % _ACROSS == 1 else shown


def _difference(study: Study, scenario: str, metric: str) -> str:
    value = study.get(scenario, metric)
    return difference(*value.change, study.metrics[metric].unit) if value else "–"


def _gap_section(study: Study, gaps: pd.DataFrame, drawn: Mapping[str, Drawing]) -> Section | None:
    if not len(gaps) or "gaps" not in drawn:
        return None
    shown = [study.base, *study.ranked[:1]]
    rows = []
    for row in records(gaps[gaps["scenario"].isin(shown)]):
        rows.append(
            (
                title_of(row["dimension"]),
                title_of(row["scenario"]),
                number(float(row["expected"]), 3),
                number(float(row["adequate"]), 3),
                number(float(row["perceived"]), 3),
                with_interval(float(row["gap"]), float(row["gap_low"]), float(row["gap_high"])),
                with_interval(float(row["sq"]), float(row["sq_low"]), float(row["sq_high"]), sign=False),
            )
        )
    order = {title_of(d): i for i, d in enumerate(dict.fromkeys(gaps["dimension"]))}
    rows.sort(key=lambda r: order[r[0]])
    data = Table(
        "Expectation and perception by dimension (levels 0 to 1)",
        ("Dimension", "Scenario", "Desired", "Adequate", "Perceived", "Gap [95 % interval]", "SQ, % [95 % interval]"),
        tuple(rows),
        "llrrrrr",
    )
    against = " and ".join(title_of(s) for s in shown)
    caption = f"Perceived service against the zone of tolerance, by dimension: {against}."
    worst = gaps[(gaps["scenario"] == study.base) & (gaps["dimension"] != "overall")].sort_values("gap").head(1)
    words = (
        "For each dimension a band from the adequate to the desired level, and the perceived level on it. "
        + "".join(
            f"In {title_of(study.base)} the widest gap is that in {title_of(w['dimension'])}, "
            f"{number(float(w['gap']), 3)}."
            for w in records(worst)
        )
    )
    figure = Figure(inline_svg(drawn["gaps"], "gaps", caption, words), caption, words, data)
    text = (
        "Gap = perceived − desired; negative means that service falls short. Service quality SQ = 100 × perceived / "
        "desired: its denominator is the desired level. The interval of the perceived level is that of its gap."
    )
    return Section("Expected and perceived, by dimension", (text, words), (), (figure,))


def _gaps_of_all(study: Study, gaps: pd.DataFrame) -> tuple[Table, ...]:
    """The gap in every dimension and scenario; nothing without perception."""
    if not len(gaps):
        return ()
    cells = {(str(r["scenario"]), str(r["dimension"])): r for r in records(gaps)}
    dimensions = list(dict.fromkeys(dimension for _, dimension in cells))

    def cell(scenario: str, dimension: str) -> str:
        row = cells.get((scenario, dimension))
        if row is None:
            return "–"
        half = (float(row["gap_high"]) - float(row["gap_low"])) / 2
        return f"{number(float(row['gap']), 4)} ± {number(half, 4)}"

    table = Table(
        "Gap (perceived − desired) by dimension and scenario, with the half-width of its 95 % interval",
        ("Scenario", *(title_of(d) for d in dimensions)),
        tuple((title_of(s), *(cell(s, d) for d in dimensions)) for s in study.in_order),
    )
    return (table,)


def _standing(
    study: Study, blueprint: Blueprint, gaps: pd.DataFrame, direct: Mapping[str, Sequence[str]]
) -> Section | None:
    """How much of a change in the gap is true by construction; nothing without perception or without scenarios."""
    if not len(gaps) or not study.others:
        return None
    rows = {(str(r["scenario"]), str(r["dimension"])): r for r in records(gaps)}
    total = sum(s.share for s in blueprint.segments.values())

    def change(scenario: str, dimension: str, weight: float = 1.0) -> str:
        r = rows[scenario, dimension]
        return with_interval(*(weight * float(r[k]) for k in ("difference", "difference_low", "difference_high")))

    cells = []
    for scenario in study.ranked:
        for dimension in direct.get(scenario) or ("",):
            weight = sum(s.share * s.weights.get(dimension, 0.0) for s in blueprint.segments.values()) / total
            part = change(scenario, dimension, weight) if dimension else "–"
            named = title_of(dimension) if dimension else "none"
            cells.append((title_of(scenario), change(scenario, "overall"), named, part))
    table = Table(
        "Change of the gap, and the part of it in dimensions that the programme sets directly",
        ("Scenario", "Change of the gap", "Set directly", "Its weighted change"),
        tuple(cells),
        "lrlr",
    )
    text = (
        "Some programmes set a score of the model directly: skill is what assurance shows, latitude is part of "
        "empathy, an announced wait feels shorter. That part of a change follows from the equations and their assumed "
        "sizes. What comes through queues, errors, detection and rework could have come out either way."
    )
    return Section("What is a finding and what is built in", (text,), (table,))


def _dimensions_of_all(study: Study, gaps: pd.DataFrame) -> Section | None:
    """Expected, perceived, gap and service quality of every scenario and dimension; nothing without perception."""
    if not len(gaps):
        return None

    def row(r: dict[str, Any]) -> tuple[str, ...]:
        change = with_interval(r["difference"], r["difference_low"], r["difference_high"])
        return (
            title_of(r["scenario"]),
            title_of(r["dimension"]),
            number(r["expected"], 3),
            number(r["perceived"], 3),
            with_interval(r["gap"], r["gap_low"], r["gap_high"], sign=False),
            with_interval(r["sq"], r["sq_low"], r["sq_high"], sign=False),
            "base" if r["scenario"] == study.base else change,
        )

    columns = ("Scenario", "Dimension", "Expected", "Perceived", "Gap", "Service quality, %", "Change of the gap")
    rows = sorted(records(gaps), key=lambda r: study.in_order.index(str(r["scenario"])))
    table = Table("Levels from 0 to 1, with 95 % intervals", columns, tuple(row(r) for r in rows), "llrrrrr")
    return Section("Every dimension of every scenario", (), (table,))


def _gap_sources(study: Study, gaps: pd.DataFrame) -> Section | None:
    parts = ("gap1", "gap2", "gap3", "gap_perception")
    heading = "The gap by scenario, and where it comes from"
    if not all(name in study.measured for name in (*parts, "gap4", "gap5")):
        tables = _gaps_of_all(study, gaps)
        return Section(heading, (), tables) if tables else None
    rows, worst = [], 0.0
    for scenario in study.in_order:
        values = [study.get(scenario, name) for name in (*parts, "gap5")]
        if any(v is None for v in values):
            continue
        *terms, customer = (v.mean for v in values if v is not None)
        worst = max(worst, abs(math.fsum(terms) + customer))
        fourth = study.get(scenario, "gap4")
        cells = [number(t, 4) for t in (*terms, -customer)]
        rows.append((title_of(scenario), *cells, number(fourth.mean if fourth else None, 4)))
    table = Table(
        "Where the gap comes from (levels 0 to 1; positive = a loss on the way from desired to perceived)",
        (
            "Scenario", "1 knowledge: desired − management's estimate", "2 standards: estimate − specification",
            "3 delivery: specification − delivered", "perception: delivered − perceived", "sum = desired − perceived",
            "4 communication: promised − delivered",
        ),
        tuple(rows),
    )  # fmt: skip
    text = (
        "Gaps 1 to 3 and the perception gap add up to desired − perceived, which is gap 5 with its sign turned. "
        "Gap 4, what is promised against what is delivered, is not a term of the sum: it acts through expectations."
    )
    exact = "exactly" if worst == 0 else f"to within {worst:.0e}"
    note = Note("True by construction", f"The identity of the gaps; in this study it holds {exact}.")
    return Section(heading, (text,), (*_gaps_of_all(study, gaps), table), (), (note,))


def before_and_after(study: Study, lead_times: Sequence[LeadTimes]) -> list[LeadTimes]:
    """The distributions of the base and of the best scenario."""
    known = {d.scenario: d for d in lead_times}
    return [known[name] for name in study.in_order[:2] if name in known]


def _failures(stages: pd.DataFrame, scenario: str) -> dict[str, float]:
    rows = stages[(stages["scenario"] == scenario) & (stages["metric"] == "failures")]
    values = {str(r["stage"]): float(r["value"]) for r in records(rows)}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _blueprint_section(
    study: Study, blueprint: Blueprint, stages: pd.DataFrame, drawn: Mapping[str, Drawing]
) -> Section:
    failures = {name: value for name, value in _failures(stages, study.base).items() if name in blueprint.stages}
    caption = f"Service blueprint of {title_of(blueprint.name)} in {title_of(study.base)}"
    words = f"{len(blueprint.stages)} stages, from {title_of(blueprint.first)}. "
    if failures:
        caption += "; colour: errors made at the stage that reached a customer, per 1 000 orders."
        most = sorted(failures, key=lambda n: -failures[n])[:3]
        words += f"Most failures start at {', '.join(f'{title_of(n)} ({number(failures[n])})' for n in most)}."
    else:
        caption += "."
        words += "Failures by stage were not kept: the journal held summaries only, or nothing was ordered."
    cells = {(str(r["scenario"]), str(r["stage"]), str(r["metric"])): float(r["value"]) for r in records(stages)}
    best = study.ranked[0] if study.ranked else None
    known = {metric for _, _, metric in cells}
    columns = [column for column in _OF_STAGES if column[0] in known]
    heads = [head for _, _, head in columns]
    rows = []
    for name, stage in blueprint.stages.items():
        seen = "moment of truth" if stage.moment_of_truth else "onstage" if stage.onstage else "backstage"
        measured = [number(factor * cells.get((study.base, name, key), math.nan)) for key, factor, _ in columns]
        if best and "failures" in known:
            measured.insert(1, number(cells.get((best, name, "failures"), math.nan)))
        people = sum(len(blueprint.pools[pool].members) for pool in stage.pools)
        staff = f"{len(stage.teams)} teams ({people})" if stage.teams else f"{title_of(stage.pool)} ({people})"
        rows.append((title_of(name), title_of(stage.function), staff, seen, *measured))
    if best and "failures" in known:
        heads.insert(1, f"with {title_of(best)}")
    table = Table(
        f"Stages in {title_of(study.base)}",
        ("Stage", "Function", "Staff pool (people)", "Seen by the customer", *heads),
        tuple(rows),
        "llll" + "r" * len(heads),
    )
    figures = [Figure(inline_svg(drawn["blueprint"], "blueprint", caption, words), caption, words, table)]
    if "blueprint_load" in drawn:
        figures.append(load_figure(drawn["blueprint_load"], loads_of(stages, study.base), title_of(study.base)))
    return Section("Where errors start" if failures else "The system", (words,), (), tuple(figures))


def _details(study: Study) -> Section | None:
    if not study.others:
        return None
    tables = []
    for name in (n for n in MAIN_METRICS if n in study.measured):
        metric = study.metrics[name]
        factor, unit, change = displayed(metric.unit)
        rows = []
        for scenario in study.in_order:
            value = study.get(scenario, name)
            if value is None:
                continue
            mean = with_interval(factor * value.mean, factor * value.low, factor * value.high, sign=False)
            if scenario == study.base:
                rows.append((title_of(scenario), mean, "base", "", ""))
                continue
            word = study.word(scenario, name)
            saved = "–" if math.isnan(value.variance_reduction) else f"{number(100 * value.variance_reduction, 0)} %"
            rows.append((title_of(scenario), mean, difference(*value.change, metric.unit), word, saved))
        way = f"; {metric.better} is better" if metric.better else ""
        columns = (
            "Scenario", f"Mean, {unit}" if unit else "Mean", f"Difference, {change}" if change else "Difference",
            "Reading", "Variance removed",
        )  # fmt: skip
        tables.append(Table(f"{metric.label}{way}", columns, tuple(rows), "lrrlr"))
    text = (
        "Means and differences with 95 % intervals. Variance removed: the share of the variance of a difference of "
        "independent runs that common random numbers took away."
    )
    return Section("Every main metric", (text,), tuple(tables))


def _method(study: Study, blueprint: Blueprint, seed: int, replications: int, engine: str) -> Section:
    horizon = blueprint.horizon
    layers = ", ".join(f"{n} {LAYERS.get(n, '')}".strip() for n in blueprint.layers)
    off = [name for name, on in blueprint.switches.items() if not on]
    runs = (
        f"Each scenario ran {replications} times (seed {seed}, engine {engine}) with a warm-up of "
        f"{number(horizon.warm_up, 0)} h; "
        f"orders placed in the {number(horizon.measured, 0)} h after it were followed to delivery. Layers "
        f"on: {layers}." + (f" Switched off: {', '.join(off)}." if off else "")
    )
    pairs = (
        "Replication r of every scenario uses the same named random numbers (common random numbers), so "
        "differences are "
        "taken within replications; intervals are Student's t at 95 % with replications as units. Each "
        "interval stands "
        "alone: they are not widened for the number of comparisons or for picking the best scenario afterwards."
    )
    surveyed = [name for name, segment in blueprint.segments.items() if segment.expectations.survey_rows]
    source = (
        f"Desired expectations of {', '.join(title_of(s) for s in surveyed)} are drawn from a survey "
        f"({len(blueprint.segments[surveyed[0]].expectations.survey_rows)} respondents), its scale's ends "
        "taken as 0 and 1."
        if surveyed else "Desired expectations are drawn from the distributions that the system's configuration states."
    )  # fmt: skip
    notes = (
        Note(
            "Finding",
            "What comes through queues, errors, detection and rework, for this system and these parameters: the "
            "differences in failures, lead time, internal quality and cost, and the changes of the gap in dimensions "
            "that a programme does not set directly.",
        ),
        Note(
            "True by construction",
            "An order's service quality is below 100 exactly when its perceived level is below the desired one. Gaps "
            "1 to 3 and the perception gap add up to desired − perceived. Internal failure cost falls when fewer "
            "errors are made. Changes in a dimension that a programme sets directly. No scenario moves the delivered "
            "level of tangibles; halo and assimilation move what is perceived of it.",
        ),
        Note(
            "Assumption",
            "Service quality divides by the desired level; with the predicted level every system would drift to 100. "
            "Levels lie on a ratio scale from 0 to 1. Most behavioural sizes, and the costs of the programmes, are "
            "graded A. Dimension weights: the order is published, the sizes are not re-checked.",
        ),
        Note(
            "Not claimed",
            "That any firm would see these figures. The model says what follows from its mechanisms; it is "
            "not fitted to a firm, "
            "and an interval measures the randomness of the simulation, not the doubt about parameters.",
        ),
    )
    return Section("Method and assumptions", (runs, pairs, source), (), (), notes)
