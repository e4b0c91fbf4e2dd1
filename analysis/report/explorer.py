"""The explorer of a comparison: every metric of every scenario, drawn as the reader chooses, and in full as a table."""

from __future__ import annotations

import math
from typing import Any

from analysis.figures.style import displayed, plain, title_of
from analysis.report.numbers import difference, with_interval
from analysis.report.page import Explorer, Section, Table
from analysis.report.study_table import Study

_TEXT = (
    "Choose a metric and scenarios; marks tell their values under the mouse, or with the arrow keys. Each interval "
    "stands alone: of twenty that nothing happened to, about one excludes 0."
)


def explorer_section(study: Study) -> Section | None:
    """Any metric, any scenario; None where there is nothing to choose."""
    names = [name for name in study.metrics if name in study.measured]
    if not names:
        return None
    ways = {"higher": " (higher is better)", "lower": " (lower is better)"}
    rows = []
    for name in names:
        metric = study.metrics[name]
        _, unit, _ = displayed(metric.unit)
        label = plain(metric.label) + (f", {unit}" if unit else "") + ways.get(metric.better, "")
        rows.append((label, *(_cell(study, scenario, name) for scenario in study.in_order)))
    table = Table(
        f"All {len(names)} metrics of every scenario: the base's mean, the others' difference to it [95 % interval]"
        if study.others else f"All {len(names)} metrics: mean [95 % interval]",
        ("Metric", *(title_of(s) + (" (base)" if s == study.base else "") for s in study.in_order)),
        tuple(rows),
    )  # fmt: skip
    data = {
        "scenarios": [title_of(s) for s in study.in_order],
        "base": 0,
        "first": names.index(study.lead) if study.lead in names else 0,
        "metrics": [_metric(study, name) for name in names],
    }
    return Section("Any metric, any scenario", (_TEXT,), explorer=Explorer(data, table))


def _metric(study: Study, name: str) -> dict[str, Any]:
    """A metric as templates/explorer.js reads it: values in the unit shown, [mean, low, high, text] by scenario."""
    metric = study.metrics[name]
    factor, unit, change = displayed(metric.unit)
    levels: list[list[float | str | None]] = []
    changes: list[list[float | str | None]] = []
    words = []
    for scenario in study.in_order:
        value = study.get(scenario, name)
        if value is None:
            levels.append([None, None, None, "–"])
            changes.append([None, None, None, "–"])
            words.append("")
            continue
        level = [factor * v for v in (value.mean, value.low, value.high)]
        levels.append([*map(_finite, level), with_interval(level[0], level[1], level[2], sign=False)])
        changes.append([*(_finite(factor * v) for v in value.change), difference(*value.change, metric.unit)])
        words.append("base" if scenario == study.base else study.word(scenario, name))
    return {
        "label": plain(metric.label), "group": plain(getattr(metric, "group", "")), "unit": unit, "change": change,
        "better": metric.better, "levels": levels, "changes": changes, "words": words,
    }  # fmt: skip


def _cell(study: Study, scenario: str, name: str) -> str:
    value, unit = study.get(scenario, name), study.metrics[name].unit
    if value is None:
        return "–"
    if scenario != study.base:
        return study.mark(scenario, name) + difference(*value.change, unit)
    factor, _, _ = displayed(unit)
    return with_interval(factor * value.mean, factor * value.low, factor * value.high, sign=False)


def _finite(value: float) -> float | None:
    """Six figures are enough for a place in a chart; its text is made from the whole value."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
