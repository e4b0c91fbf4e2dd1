"""What follows the answer of a comparison at once: how sure it is, what it costs, what could overturn it."""

from __future__ import annotations

import math

from analysis.figures.style import title_of
from analysis.report.compare_answer import QUALITY, capital, change_of
from analysis.report.page import Note, sentences
from analysis.report.study_table import SHORT, Study

_WEIGHED = ("failure_share", "cost_per_right_order", "profit", "lead_time_mean", "internal_service_quality")


def brief(study: Study, replications: int) -> tuple[Note, ...]:
    """Nothing without scenarios to compare, or where the leading metric was not measured."""
    best = study.ranked[0] if study.ranked else None
    if best is None or study.get(best, study.lead) is None or study.get(study.base, study.lead) is None:
        return ()
    notes = [Note("How sure", _sure(study, best, replications)), Note("What it costs", _costs(study, best))]
    notes.append(Note("What could overturn it", _overturn(study, best)))
    return tuple(note for note in notes if note.text)


def _sure(study: Study, best: str, replications: int) -> str:
    if replications < 2:
        return "Not at all: one replication gives no interval."
    words = [study.word(s, study.lead) for s in study.others]
    named = QUALITY.get(study.lead, "failures")
    count = f"Over {replications} paired replications of each scenario, {words.count('better')} of {len(words)} are "
    count += f"clearly better than the base in {named}, {words.count('worse')} clearly worse"
    count += f", {open_} cannot be told apart." if (open_ := words.count("unclear")) else "."
    return sentences([count, _second(study, best)])


def _second(study: Study, best: str) -> str:
    """Whether the best and the second stand apart, as far as two intervals against the base can say."""
    if len(study.ranked) < 2 or study.ranked[1] in study.controls or study.word(best, study.lead) != "better":
        return ""
    second = study.ranked[1]
    one, other = study.get(best, study.lead), study.get(second, study.lead)
    if one is None or other is None or not other.certain:
        return ""
    apart = one.difference_low > other.difference_high or one.difference_high < other.difference_low
    if apart:
        return f"Its interval lies beyond that of {title_of(second)}, the second."
    return (
        f"Its interval overlaps that of {title_of(second)}, the second: that the one is better than the other is not "
        "shown here (experiment=decide compares them)."
    )


def _costs(study: Study, best: str) -> str:
    parts = []
    for name, label in (("cost_total", "all costs of the period"), ("profit", "profit of the period")):
        value = study.get(best, name)
        if value is None or not math.isfinite(value.difference):
            continue
        change = change_of(value, study.metrics[name].unit)
        parts.append(
            f"{label} {change}" + ("" if value.clear or not value.certain else ", an interval that includes 0")
        )
    return f"{capital(title_of(best))} against the base: {'; '.join(parts)}." if parts else ""


def _overturn(study: Study, best: str) -> str:
    """Metrics that point the other way, and what the intervals do not cover."""
    worse = [metric for metric in _WEIGHED if study.word(best, metric) == "worse"]
    against = ""
    if worse:
        told = " and in ".join(SHORT[m].lower() for m in worse)
        against = f"It is clearly worse than the base in {told}: whoever weighs that more chooses otherwise."
    return sentences([
        against,
        "Intervals cover the chance of the simulation alone. Whether other values of the parameters would reverse the "
        "order was not asked here: experiment=decide with decide.sensitivity=true moves them through their ranges.",
    ])  # fmt: skip
