"""The report of the default study: scenarios against a base."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.blueprint_map import blueprint_map
from analysis.figures.forest import MetricInfo, forest, verdict
from analysis.figures.gap_chart import gap_chart
from analysis.figures.style import displayed, inline_svg, records, title_of
from analysis.measures import METRICS
from analysis.report.numbers import difference, number, quantity, with_interval
from analysis.report.page import Figure, Note, ReportPage, Section, Table, sentences
from sim.blueprint import COST_CLASSES, Blueprint

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

MAIN_METRICS = (
    "service_quality", "gap", "failure_share", "lead_time_mean", "share_below_adequate", "cost_per_right_order",
    "internal_service_quality",
)  # fmt: skip
FOREST_METRICS = (
    "service_quality", "failure_share", "cost_per_right_order", "share_below_adequate", "lead_time_mean",
    "internal_service_quality",
)  # fmt: skip
SHORT = {
    "service_quality": "Service quality",
    "gap": "Gap",
    "failure_share": "Failures reaching the customer",
    "lead_time_mean": "Lead time",
    "share_below_adequate": "Below adequate",
    "cost_per_right_order": "Cost per right order",
    "internal_service_quality": "Internal service quality",
}

# Where the size of each shipped intervention comes from (grades: V verified in a public source, M from memory of the
# literature, A assumption). A grade belongs to the published figure; its translation into the model is always A.
EVIDENCE = {
    "do_nothing": "nothing is changed",
    "placebo": "nothing is changed; control of the random numbers",
    "frontline_training": "effect on behaviour and its fading V; translation A",
    "whole_chain_training": "effect on behaviour and its fading V; translation A",
    "process_redesign": "sizes A",
    "process_simplification": "fewer stages: exact; sizes A",
    "fail_safing": "risk ratio V, and a null result V; costs A",
    "in_process_control": "control-chart theory exact; effects A",
    "final_inspection": "detection: rule of thumb, origin doubtful; the rest A",
    "batch_reduction": "waiting exact; costs A",
    "expectation_management": "direction V, sizes A",
    "overpromising": "direction V, sizes A (negative control)",
    "empowerment": "direction V, sizes A",
    "hiring": "ramp and costs A",
    "training_with_redesign": "as training and redesign",
}
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
) -> dict[str, Drawing]:
    """The study's figures by file name: `differences`, `gaps` (with perception only), `blueprint`."""
    study = _Study(comparison, base, metrics)
    figures: dict[str, Drawing] = {}
    if study.others:
        shown = [metrics[name] for name in FOREST_METRICS if name in study.measured]
        figures["differences"] = forest(comparison, shown, study.ranked)
    if len(gaps):
        figures["gaps"] = gap_chart(gaps, [base, *study.ranked[:1]])
    figures["blueprint"] = blueprint_map(blueprint, _failures(stages, base))
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
    evidence: Mapping[str, str] = EVIDENCE,
    warnings: Sequence[str] = (),
    figures: Mapping[str, Drawing] | None = None,
) -> ReportPage:
    """The report page of `compare`, its question and answer worded from the data.

    `comparison`, `gaps` as from `analysis.compare.compare` and `analysis.gaps.gap_table`; `stages` with the columns
    scenario, stage, metric, value; `descriptions` by scenario; `warnings` are unstable queues and the like. `figures`
    as from `compare_figures` (drawn here if not given).
    """
    study = _Study(comparison, base, metrics)
    drawn = figures or compare_figures(
        blueprint=blueprint, comparison=comparison, gaps=gaps, stages=stages, base=base, metrics=metrics
    )
    sections = [
        _scenarios(study, descriptions, evidence),
        _results(study, drawn),
        _gap_section(study, gaps, drawn),
        _gap_sources(study, gaps),
        _blueprint_section(study, blueprint, stages, drawn),
        _costs(study),
        _details(study),
        _method(study, blueprint, seed, replications, engine),
    ]
    return ReportPage(
        title=f"Improvement scenarios for {title_of(blueprint.name)}",
        question=_question(study, blueprint),
        answer=_answer(study),
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
    )


@dataclass(frozen=True)
class _Value:
    """One row of the comparison."""

    mean: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    variance_reduction: float

    @property
    def change(self) -> tuple[float, float, float]:
        return self.difference, self.difference_low, self.difference_high

    @property
    def clear(self) -> bool:
        return self.difference_low > 0 or self.difference_high < 0


class _Study:
    """The comparison, by scenario and metric."""

    def __init__(self, comparison: pd.DataFrame, base: str, metrics: Mapping[str, MetricInfo]) -> None:
        names = list(_Value.__dataclass_fields__)
        self.base, self.metrics = base, metrics
        self.values = {
            (str(row["scenario"]), str(row["metric"])): _Value(*(float(row[name]) for name in names))
            for row in records(comparison)
        }
        self.scenarios = list(dict.fromkeys(str(s) for s in comparison["scenario"]))
        self.measured = {str(m) for m in comparison["metric"] if m in metrics}
        self.others = [s for s in self.scenarios if s != base]
        self.lead = "service_quality" if "service_quality" in self.measured else "failure_share"
        self.ranked = sorted(self.others, key=self._merit, reverse=True)

    def _merit(self, scenario: str) -> float:
        value = self.values.get((scenario, self.lead))
        if value is None or math.isnan(value.difference):
            return -math.inf
        return value.difference if self.metrics[self.lead].better == "higher" else -value.difference

    @property
    def in_order(self) -> list[str]:
        """Base first, then from the best to the worst of the leading metric."""
        return [self.base, *self.ranked]

    def get(self, scenario: str, metric: str) -> _Value | None:
        return self.values.get((scenario, metric))

    def mean(self, scenario: str, metric: str, digits: int | None = None) -> str:
        value = self.get(scenario, metric)
        factor, _, _ = displayed(self.metrics[metric].unit)
        return number(factor * value.mean, digits) if value else "–"

    def column(self, metric: str) -> str:
        _, unit, _ = displayed(self.metrics[metric].unit)
        label = SHORT.get(metric, self.metrics[metric].label)
        return f"{label}, {unit}" if unit else label

    def marked(self, scenario: str, metric: str) -> str:
        """The mean after ▲ (better), ▼ (worse) or nothing (not told apart from the base)."""
        value = self.get(scenario, metric)
        factor, _, _ = displayed(self.metrics[metric].unit)
        largest = max(factor * abs(self.values[s, metric].mean) for s in self.scenarios if (s, metric) in self.values)
        digits = max(0, 3 - math.floor(math.log10(largest))) if largest > 0 else 0
        text = self.mean(scenario, metric, min(digits, 4))
        if value is None or scenario == self.base:
            return text
        word = verdict(*value.change, self.metrics[metric].better).word
        return {"better": "▲ ", "worse": "▼ "}.get(word, "") + text


# ------------------------------------------------------------------------------------------- question and answer


def _question(study: _Study, blueprint: Blueprint) -> str:
    if not study.others:
        return f"How well does {title_of(blueprint.name)} serve its customers?"
    what = "narrows the gap between what customers expect and what they perceive"
    if study.lead != "service_quality":
        what = "keeps errors from reaching the customer"
    many = f"Which of {len(study.others)} improvement scenarios {what}" if len(study.others) > 1 else (
        f"Does {title_of(study.others[0])} improve on the base: is it one that {what}"
    )  # fmt: skip
    return f"{many}, and at what cost?"


def _answer(study: _Study) -> str:
    if study.get(study.base, study.lead) is None:
        return "Nothing was measured."
    return sentences([_effect(study), _price(study)])


def _effect(study: _Study) -> str:
    """First sentence: the best scenario, or that none can be told apart."""
    lead, base = study.metrics[study.lead], study.get(study.base, study.lead)
    assert base is not None
    named = (
        "service quality"
        if study.lead == "service_quality"
        else "the share of orders reaching the customer with an error"
    )
    if not study.others:
        return f"In {title_of(study.base)}, {named} is {quantity(base.mean, lead.unit)}{_desired(study)}."
    best = study.ranked[0]
    value = study.get(best, study.lead)
    if value is None:
        return f"No scenario measured {named}."
    change = _change(value, lead.unit)
    word = verdict(*value.change, lead.better).word
    if word == "better":
        verb = "raises" if lead.better == "higher" else "lowers"
        most = f"{verb} {named} most" if len(study.others) > 1 else f"{verb} {named}"
        levels = f"from {quantity(base.mean, lead.unit)} to {quantity(value.mean, lead.unit)}{_desired(study)}"
        return f"{_capital(title_of(best))} {most}, {levels}: {change}, an interval that excludes 0."
    if word == "worse":
        return f"No scenario improves {named}: even {title_of(best)}, which comes closest, makes it worse, {change}."
    if word == "no change":
        return f"No scenario improves {named}; {title_of(best)} leaves it exactly as it is."
    others = "No scenario can be told apart from the base as an improvement" if len(study.others) > 1 else (
        f"{_capital(title_of(best))} cannot be told apart from the base"
    )  # fmt: skip
    largest = (
        f"the most favourable difference, that of {title_of(best)}," if len(study.others) > 1 else "the difference"
    )
    return f"{others} in {named}: {largest} is {change}, an interval that includes 0."


def _desired(study: _Study) -> str:
    return " of what customers desire" if study.lead == "service_quality" else ""


def _price(study: _Study) -> str:
    """Second sentence: cost per right order and the share below adequate."""
    if not study.others:
        below = study.get(study.base, "share_below_adequate")
        return (
            f"{quantity(below.mean, 'share')} of orders are perceived below what customers find adequate."
            if below
            else ""
        )
    best, parts = study.ranked[0], []
    cost = study.get(best, "cost_per_right_order")
    if cost is not None and math.isfinite(cost.difference):
        size = with_interval(abs(cost.difference), *_absolute(cost), sign=False)
        if cost.clear:
            more = "dearer" if cost.difference > 0 else "cheaper"
            parts.append(f"an order delivered right is {more} by {size} cu")
        elif cost.difference == 0 and cost.difference_low == 0:
            parts.append("an order delivered right costs the same")
        else:
            parts.append(f"the cost of an order delivered right is not clearly different ({_change(cost, 'cu')})")
    below, before = study.get(best, "share_below_adequate"), study.get(study.base, "share_below_adequate")
    if below is not None and before is not None:
        then, now = quantity(before.mean, "share"), quantity(below.mean, "share")
        share = "the share of orders perceived below what customers find adequate"
        if below.clear:
            parts.append(f"{share} {'falls' if below.difference < 0 else 'rises'} from {then} to {now}")
        else:
            parts.append(f"{share} does not clearly change ({then} against {now})")
    return f"With it, {', and '.join(parts)}." if parts else ""


def _absolute(value: _Value) -> tuple[float, float]:
    low, high = sorted((abs(value.difference_low), abs(value.difference_high)))
    return low, high


def _change(value: _Value, unit: str) -> str:
    return difference(*value.change, unit, with_unit=True)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ------------------------------------------------------------------------------------------------------ sections


def _scenarios(study: _Study, descriptions: Mapping[str, str], evidence: Mapping[str, str]) -> Section:
    rows = tuple(
        (
            title_of(name) + (" (base)" if name == study.base else ""),
            descriptions.get(name, ""),
            evidence.get(name, "the user's own; not graded"),
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


def _results(study: _Study, drawn: Mapping[str, Drawing]) -> Section:
    shown = [name for name in MAIN_METRICS if name in study.measured]
    table = Table(
        "Means over replications, from the best to the worst scenario",
        ("Scenario", *(study.column(name) for name in shown)),
        tuple((title_of(s), *(study.marked(s, name) for name in shown)) for s in study.in_order),
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
        metrics = [study.metrics[name] for name in FOREST_METRICS if name in study.measured]
        caption = f"Difference to {title_of(study.base)}, mean and 95 % interval over paired replications."
        best = study.get(study.ranked[0], study.lead)
        words = f"A panel for each of {len(metrics)} metrics; each scenario's difference to the base. " + (
            f"In {study.metrics[study.lead].label} the best is {title_of(study.ranked[0])}, "
            f"{_change(best, study.metrics[study.lead].unit)}." if best else ""
        )  # fmt: skip
        rows = tuple((title_of(s), *(_difference(study, s, m.name) for m in metrics)) for s in study.ranked)
        columns = ("Scenario", *(f"{SHORT.get(m.name, m.label)}, {displayed(m.unit)[2]}" for m in metrics))
        svg = inline_svg(drawn["differences"], "differences", caption, words)
        figures = (Figure(svg, caption, words, Table("Differences to the base [95 % interval]", columns, rows)),)
    return Section("Results", (text,), (table,), figures)


def _difference(study: _Study, scenario: str, metric: str) -> str:
    value = study.get(scenario, metric)
    return difference(*value.change, study.metrics[metric].unit) if value else "–"


def _gap_section(study: _Study, gaps: pd.DataFrame, drawn: Mapping[str, Drawing]) -> Section | None:
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


def _gaps_of_all(study: _Study, gaps: pd.DataFrame) -> tuple[Table, ...]:
    """The gap in every dimension and scenario; nothing without perception."""
    if not len(gaps):
        return ()
    cells = {(str(r["scenario"]), str(r["dimension"])): float(r["gap"]) for r in records(gaps)}
    dimensions = list(dict.fromkeys(dimension for _, dimension in cells))
    table = Table(
        "Gap (perceived − desired) by dimension and scenario",
        ("Scenario", *(title_of(d) for d in dimensions)),
        tuple((title_of(s), *(number(cells.get((s, d)), 3) for d in dimensions)) for s in study.in_order),
    )
    return (table,)


def _gap_sources(study: _Study, gaps: pd.DataFrame) -> Section | None:
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
        "Gaps 1 to 3 and the perception gap add up to desired − perceived, which is gap 5 with its sign turned "
        f"(largest deviation here: {worst:.0e}). Gap 4, what is promised against what is delivered, is not "
        "a term of the "
        "sum: it acts through expectations."
    )
    note = Note("True by construction", "The identity of the gaps.")
    return Section(heading, (text,), (*_gaps_of_all(study, gaps), table), (), (note,))


def _failures(stages: pd.DataFrame, scenario: str) -> dict[str, float]:
    rows = stages[(stages["scenario"] == scenario) & (stages["metric"] == "failures")]
    values = {str(r["stage"]): float(r["value"]) for r in records(rows)}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _blueprint_section(
    study: _Study, blueprint: Blueprint, stages: pd.DataFrame, drawn: Mapping[str, Drawing]
) -> Section:
    failures = {name: value for name, value in _failures(stages, study.base).items() if name in blueprint.stages}
    caption = (
        f"Service blueprint of {title_of(blueprint.name)} in {title_of(study.base)}; colour: errors made at "
        "the stage that "
        "reached a customer, per 1 000 orders."
    )
    words = f"{len(blueprint.stages)} stages, from {title_of(blueprint.first)}. " + (
        "Most failures start at " + ", ".join(
            f"{title_of(n)} ({number(failures[n])})" for n in sorted(failures, key=lambda n: -failures[n])[:3]
        ) + "." if failures else ""
    )  # fmt: skip
    cells = {(str(r["scenario"]), str(r["stage"]), str(r["metric"])): float(r["value"]) for r in records(stages)}
    best = study.ranked[0] if study.ranked else None
    columns = [
        ("failures", 1.0),
        ("waiting_mean", 1.0),
        ("service_mean", 1.0),
        ("utilisation", 100.0),
        ("rework_share", 100.0),
    ]
    heads = ["Failures per 1 000", "Waiting, h", "Service, h", "Pool in use, %", "Rework, %"]
    rows = []
    for name, stage in blueprint.stages.items():
        seen = "moment of truth" if stage.moment_of_truth else "onstage" if stage.onstage else "backstage"
        measured = [number(factor * cells.get((study.base, name, key), math.nan)) for key, factor in columns]
        if best:
            measured.insert(1, number(cells.get((best, name, "failures"), math.nan)))
        staff = f"{title_of(stage.pool)} ({len(blueprint.pools[stage.pool].members)})"
        rows.append((title_of(name), title_of(stage.function), staff, seen, *measured))
    if best:
        heads.insert(1, f"with {title_of(best)}")
    table = Table(
        f"Stages in {title_of(study.base)}",
        ("Stage", "Function", "Staff pool (people)", "Seen by the customer", *heads),
        tuple(rows),
        "llll" + "r" * len(heads),
    )
    svg = inline_svg(drawn["blueprint"], "blueprint", caption, words)
    return Section("Where errors start", (words,), (), (Figure(svg, caption, words, table),))


def _costs(study: _Study) -> Section | None:
    names = [f"cost_{name}" for name in COST_CLASSES if f"cost_{name}" in study.measured]
    if not names:
        return None
    shown = [*names, *(n for n in ("cost_total", "cost_per_order", "cost_per_right_order") if n in study.measured)]
    heads = {f"cost_{name}": _capital(name.replace("_", " ")) for name in COST_CLASSES}
    heads |= {"cost_total": "Total", "cost_per_order": "Per order", "cost_per_right_order": "Per right order"}

    def cell(scenario: str, name: str) -> str:
        return study.mean(scenario, name, 2 if "per" in name.split("_") else 0)

    table = Table(
        "Cost of the measured period by class, currency units",
        ("Scenario", *(heads[name] for name in shown)),
        tuple((title_of(s), *(cell(s, name) for name in shown)) for s in study.in_order),
    )
    text = (
        "Prevention: training, projects and devices, hours off the line included. Appraisal: inspection "
        "and checking. "
        "Internal failure: rework and clarification. External failure: complaints, recovery and compensation. "
        "Operating: all other paid hours, idle ones too, and materials."
    )
    return Section("What it costs", (text,), (table,))


def _details(study: _Study) -> Section | None:
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
            word = verdict(*value.change, metric.better).word
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


def _method(study: _Study, blueprint: Blueprint, seed: int, replications: int, engine: str) -> Section:
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
            "Finding", "The signs and sizes of the differences between scenarios, for this system and these parameters."
        ),
        Note(
            "True by construction",
            "Service quality is below 100 exactly when the gap is negative. Gaps 1 to 3 and the perception "
            "gap add up to "
            "desired − perceived. Internal failure cost falls when fewer errors are made. No scenario "
            "moves tangibles: "
            "nothing operational acts on them.",
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
