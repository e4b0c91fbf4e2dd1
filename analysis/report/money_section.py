"""The part of a report on money: cost by class, quality cost, and profit (model.md 2.10)."""

from __future__ import annotations

from analysis.figures.style import title_of
from analysis.report.compare_answer import capital
from analysis.report.numbers import difference
from analysis.report.page import Section, Table
from analysis.report.study_table import Study
from sim.blueprint import COST_CLASSES

_RESULT = ("revenue", "cost_total", "profit", "cost_of_quality", "cost_of_quality_share")
_HEADS = {
    "revenue": "Revenue",
    "cost_total": "All costs",
    "profit": "Profit",
    "cost_of_quality": "Quality cost",
    "cost_of_quality_share": "in % of revenue",
    "cost_per_order": "Cost per order",
    "cost_per_right_order": "per right order",
}


def money_section(study: Study) -> Section | None:
    """Cost classes of every scenario, and what is left of revenue; None where no cost was measured."""
    classes = [f"cost_{name}" for name in COST_CLASSES if f"cost_{name}" in study.measured]
    if not classes:
        return None
    heads = {f"cost_{name}": capital(name.replace("_", " ")) for name in COST_CLASSES}
    heads["cost_total"] = "All"
    shown = [*classes, *(n for n in ("cost_total",) if n in study.measured)]
    tables = [
        Table(
            "Cost of the measured period by class, currency units",
            ("Scenario", *(heads[name] for name in shown)),
            tuple((title_of(s), *(study.mean(s, name, 0) for name in shown)) for s in study.in_order),
        )
    ]
    results = [name for name in (*_RESULT, "cost_per_order", "cost_per_right_order") if name in study.measured]
    if results:
        tables.append(_result(study, results))
    texts = (
        "Operating: hours of work that adds value, materials, inputs, transport. Prevention: training, projects and "
        "devices, hours off the line, ended partnerships. Appraisal: inspection and checking, inspectors' idle hours "
        "included. Internal failure: rework and clarification. External failure: complaints, recovery and "
        "compensation. Capacity: other idle hours, absence, the premium of overtime, replacing those who leave. "
        "Market: winning and caring for customers.",
        "Profit is revenue less all classes; quality cost is prevention, appraisal and failures. Revenue, materials, "
        "transport and external failures are those of the orders placed in the period, all else is that of the period.",
    )
    return Section("Money", texts if results and "profit" in results else texts[:1], tuple(tables))


def _result(study: Study, names: list[str]) -> Table:
    columns = ["Scenario", *(_HEADS[name] for name in names)]
    rows = [[title_of(s), *(_cell(study, s, name) for name in names)] for s in study.in_order]
    if "profit" in names and study.others:
        columns.insert(names.index("profit") + 2, "against the base")
        for scenario, row in zip(study.in_order, rows, strict=True):
            value = study.get(scenario, "profit")
            base = scenario == study.base or value is None
            row.insert(names.index("profit") + 2, "base" if base else difference(*value.change))  # type: ignore[union-attr]
    caption = "Revenue, cost and profit of the measured period, currency units"
    return Table(caption, tuple(columns), tuple(tuple(row) for row in rows))


def _cell(study: Study, scenario: str, name: str) -> str:
    digits = {"cost_of_quality_share": 1, "cost_per_order": 2, "cost_per_right_order": 2}.get(name, 0)
    return study.marked(scenario, name, digits) if name == "profit" else study.mean(scenario, name, digits)
