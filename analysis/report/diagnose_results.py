"""The findings of a diagnosis, looked up by metric and cause and worded for a page or the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.diagnosis.findings import Findings
from analysis.diagnosis.study import FAILURES
from analysis.figures.forest import MetricInfo
from analysis.figures.style import displayed, records, title_of
from analysis.measures import METRICS
from analysis.report.numbers import MINUS, number, with_interval
from analysis.report.study_table import SHORT

_SHORT = {**SHORT, "gap5": f"Gap 5 (perceived {MINUS} desired)"}
Row = Mapping[str, Any]
_FEW = 10  # replications below which a reader is warned


def column(metric: str, metrics: Mapping[str, MetricInfo]) -> str:
    """How a metric heads a column: its short label and unit."""
    _, unit, _ = displayed(metrics[metric].unit)
    label = _SHORT.get(metric, metrics[metric].label)
    return f"{label}, {unit}" if unit and not unit.startswith("level") else label


def cell(row: Row, name: str, metric: str, metrics: Mapping[str, MetricInfo], *, sign: bool = True) -> str:
    """A value of a row with its interval, in the unit of the metric (`name`, and its ends as the tables call them)."""
    factor, _, _ = displayed(metrics[metric].unit)
    low, high = ("low", "high") if name in ("adds", "mean", "interaction") else (f"{name}_low", f"{name}_high")
    return with_interval(factor * row[name], factor * row[low], factor * row[high], sign=sign)


def level_text(level: Row, metric: str) -> str:
    factor, unit, _ = displayed(METRICS[metric].unit)
    shown = "" if unit.startswith("level") else unit
    return f"{number(factor * level['mean'], digits(level, factor))}\u00a0{shown}".rstrip()


def twig_label(twig: Row, metric: str) -> str:
    factor, _, _ = displayed(METRICS[metric].unit)
    return f"{title_of(twig['twig'])} {number(factor * twig['adds'], digits(twig, factor))}"


def digits(row: Row, factor: float) -> int:
    """Decimals that the interval of a value can bear."""
    width = factor * (row["high"] - row["low"])
    return min(6, max(0, 1 - math.floor(math.log10(width)))) if width > 0 and math.isfinite(width) else 2


def causes_in(found: Findings, metric: str) -> list[Row]:
    rows: list[Row] = [r for r in records(found.causes[found.causes["metric"] == metric]) if r["cause"] != "all"]
    return rows


def ranked(found: Findings, metric: str) -> list[Row]:
    return sorted(causes_in(found, metric), key=lambda r: -abs(r["adds"]))


def ranked_bones(found: Findings, metric: str) -> list[Row]:
    return sorted(records(found.bones[found.bones["metric"] == metric]), key=lambda r: -abs(r["adds"]))


def total_of(found: Findings, metric: str) -> Row:
    table = found.causes
    return records(table[(table["metric"] == metric) & (table["cause"] == "all")])[0]


def level_of(found: Findings, metric: str) -> Row:
    return records(found.levels[found.levels["metric"] == metric])[0]


def has_count(found: Findings) -> bool:
    return FAILURES in found.metrics and "naive" in found.causes.columns


def is_clear(row: Row, low: str, high: str) -> bool:
    return bool(row[low] > 0 or row[high] < 0)


def is_negligible(found: Findings, row: Row) -> bool:
    """Whether the interval of what a cause adds lies within the share of the metric's level that is negligible."""
    most = found.diagnosis.asked.negligible * abs(level_of(found, str(row["metric"]))["mean"])
    return bool(-most < row["low"] and row["high"] < most)


def cautions(found: Findings) -> tuple[str, ...]:
    """What a reader must know before believing the answer."""
    d = found.diagnosis
    few = f"Only {d.finished} replications: the intervals rest on few values; read them with care."
    return (*d.left_out, *([few] if d.finished < _FEW else []))


def percent(row: Row, name: str) -> str:
    if not math.isfinite(row[name]):
        return "–"
    return with_interval(
        100 * row[name], 100 * row[f"{name}_low"], 100 * row[f"{name}_high"], sign=name == "difference"
    )


def label_of(metric: str) -> str:
    return _SHORT.get(metric, METRICS[metric].label)


def lowered(metric: str) -> str:
    text = label_of(metric)
    return text[:1].lower() + text[1:]


def joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
