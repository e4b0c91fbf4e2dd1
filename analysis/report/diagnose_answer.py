"""What a diagnosis answers, in sentences: the largest causes, and what a count of errors would say."""

from __future__ import annotations

from analysis.diagnosis.findings import Findings
from analysis.diagnosis.study import FAILURES
from analysis.figures.style import displayed, title_of
from analysis.measures import METRICS
from analysis.report.diagnose_results import (
    Row,
    causes_in,
    cell,
    has_count,
    is_clear,
    joined,
    label_of,
    level_of,
    level_text,
    lowered,
    percent,
    ranked,
)
from analysis.report.numbers import number
from analysis.report.page import sentences


def answer(found: Findings) -> str:
    """The largest cause of the leading metric, and whether a count would name another."""
    if found.diagnosis.finished < 2:
        return "Nothing can be concluded from one replication: shares without intervals."
    metric = found.metrics[0]
    clear, now = _clear(found, metric), level_text(level_of(found, metric), metric)
    what = "orders that reach their customer with an error" if metric == FAILURES else lowered(metric)
    if not clear:
        return f"No cause adds to {what} ({now}) with an interval that excludes 0."
    first = clear[0]
    close = [title_of(r["cause"]) for r in clear[1:] if _overlap(first, r)]
    told = f"The largest cause of {what} is {title_of(first['cause'])}: {cell(first, 'adds', metric, METRICS)} of {now}"
    told += f"; the interval of {joined(close)} overlaps its own." if close else "."
    counted = (
        max(causes_in(found, metric), key=lambda r: r["naive"]) if has_count(found) and metric == FAILURES else first
    )
    other = counted["cause"] != first["cause"]
    return sentences([told, f"A count of errors would name {title_of(counted['cause'])}." if other else ""])


def _clear(found: Findings, metric: str) -> list[Row]:
    return [row for row in ranked(found, metric) if is_clear(row, "low", "high")]


def _overlap(one: Row, other: Row) -> bool:
    return bool(one["low"] <= other["high"] and other["low"] <= one["high"])


def adds_up(found: Findings, metric: str) -> str:
    """The level of a metric, what its three largest causes bring, and what is left without all of them."""
    level = level_of(found, metric)
    clear = _clear(found, metric)
    now = level_text(level, metric)
    start = (
        f"{now} of orders reach their customer with an error."
        if metric == FAILURES
        else f"{label_of(metric)} is {now} on average."
    )
    if not clear:
        return f"{start} No cause brings a part of it with an interval that excludes 0."
    named = joined([f"{title_of(r['cause'])} {cell(r, 'adds', metric, METRICS)}" for r in clear[:3]])
    unit = displayed(METRICS[metric].unit)[2]
    named += f" {unit}" if unit and not unit.startswith("level") else ""
    more = len(clear) - 3
    others = f" ({more} {'other clearly adds' if more == 1 else 'others clearly add'} less)" if more > 0 else ""
    rest = cell(level, "rest", metric, METRICS, sign=False)
    return f"{start} The largest parts: {named}{others}; without all causes {rest} would be left."


def count_line(found: Findings) -> str:
    """Where the naive count and the causal shares disagree, with intervals."""
    if not has_count(found):
        return ""
    rows = [r for r in causes_in(found, FAILURES) if is_clear(r, "difference_low", "difference_high")]
    if not rows:
        return "For no cause does the interval of the difference between a count of errors and taking it out exclude 0."
    rows.sort(key=lambda r: -abs(r["difference"]))
    told = [
        f"{title_of(r['cause'])} {number(100 * r['naive'], 0)}\u00a0% by count and "
        f"{number(100 * r['share'], 0)}\u00a0% by taking it out (difference {percent(r, 'difference')} points)"
        for r in rows[:3]
    ]
    causes = _number_of(len(rows))
    return f"A count of the errors that reached customers has other shares for {causes}: {joined(told)}."


def _number_of(n: int) -> str:
    return "one cause" if n == 1 else f"{n} causes"
