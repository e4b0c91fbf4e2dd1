"""The question of a study and its answer in two sentences, worded from the data."""

from __future__ import annotations

import math

from analysis.figures.forest import VERDICTS
from analysis.figures.style import title_of
from analysis.report.numbers import difference, quantity, with_interval
from analysis.report.page import sentences
from analysis.report.study_table import Study, Value
from sim.blueprint import Blueprint

QUALITY = {"service_quality": "service quality", "service_quality_of_means": "service quality (ratio of means)"}

CONTROL = VERDICTS["control"].word


def question(study: Study, blueprint: Blueprint) -> str:
    if not study.others:
        return f"How well does {title_of(blueprint.name)} serve its customers?"
    what = "narrows the gap between what customers expect and what they perceive"
    if study.lead not in QUALITY:
        what = "keeps errors from reaching the customer"
    many = f"Which of {len(study.others)} improvement scenarios {what}" if len(study.others) > 1 else (
        f"Does {title_of(study.others[0])} improve on the base: is it one that {what}"
    )  # fmt: skip
    return f"{many}, and at what cost?"


def answer(study: Study) -> str:
    if study.get(study.base, study.lead) is None:
        return "Nothing was measured."
    return sentences([_effect(study), _control(study), _price(study)])


def _effect(study: Study) -> str:
    """First sentence: the best scenario, or that none can be told apart."""
    lead, base = study.metrics[study.lead], study.get(study.base, study.lead)
    assert base is not None
    named = QUALITY.get(study.lead, "the share of orders reaching the customer with an error")
    if not study.others:
        return f"In {title_of(study.base)}, {named} is {quantity(base.mean, lead.unit)}{_desired(study)}."
    best = study.ranked[0]
    value = study.get(best, study.lead)
    if value is None:
        return f"No scenario measured {named}."
    change = change_of(value, lead.unit)
    if not value.certain:
        return (
            f"Nothing can be concluded from one replication: the most favourable difference in {named}, that of "
            f"{title_of(best)}, is {change} without an interval."
        )
    word = study.word(best, study.lead)
    if best in study.controls and word != "worse":
        return _controls_only(study, named)
    if word == "better":
        verb = "raises" if lead.better == "higher" else "lowers"
        most = f"{verb} {named} most" if len(study.others) > 1 else f"{verb} {named}"
        levels = f"from {quantity(base.mean, lead.unit)} to {quantity(value.mean, lead.unit)}{_desired(study)}"
        return f"{capital(title_of(best))} {most}, {levels}: {change}, an interval that excludes 0."
    if word == "worse":
        return f"No scenario improves {named}: even {title_of(best)}, which comes closest, makes it worse, {change}."
    if word == "no change":
        return f"No scenario improves {named}; {title_of(best)} leaves it exactly as it is."
    others = "No scenario can be told apart from the base as an improvement" if len(study.others) > 1 else (
        f"{capital(title_of(best))} cannot be told apart from the base"
    )  # fmt: skip
    largest = (
        f"the most favourable difference, that of {title_of(best)}," if len(study.others) > 1 else "the difference"
    )
    return f"{others} in {named}: {largest} is {change}, an interval that includes 0."


def _controls_only(study: Study, named: str) -> str:
    """First sentence where nothing was compared that one could choose."""
    first = study.ranked[0]
    value = study.get(first, study.lead)
    assert value is not None
    what = "negative controls were" if len(study.others) > 1 else "a negative control was"
    change = change_of(value, study.metrics[study.lead].unit)
    return f"Only {what} compared: {title_of(first)} changes {named} by {change}, and a gain would be no improvement."


def _control(study: Study) -> str:
    """A sentence on a negative control that gains more than the best of the options, for nobody to choose it."""
    lead = study.metrics[study.lead]
    best = study.get(study.ranked[0], study.lead) if study.ranked else None
    if best is None or study.ranked[0] in study.controls:
        return ""
    sign = 1.0 if lead.better == "higher" else -1.0
    for name in study.ranked:
        value = study.get(name, study.lead)
        gains = name in study.controls and study.word(name, study.lead) == CONTROL
        if gains and value is not None and sign * value.difference > sign * best.difference:
            change = change_of(value, lead.unit)
            return f"{capital(title_of(name))}, a negative control, gains more ({change}): that is no improvement."
    return ""


def _desired(study: Study) -> str:
    return " of what customers desire" if study.lead in QUALITY else ""


def _price(study: Study) -> str:
    """Second sentence: cost per right order and the share below adequate."""
    if study.others and not any(v.certain for (_, metric), v in study.values.items() if metric == study.lead):
        return ""
    if not study.others:
        below = study.get(study.base, "share_below_adequate")
        return (
            f"{quantity(below.mean, 'share')} of orders are perceived below what customers find adequate."
            if below
            else ""
        )
    best, parts = study.ranked[0], []
    change = study.get(best, study.lead)
    cost = study.get(best, "cost_per_right_order")
    if cost is not None and math.isfinite(cost.difference):
        size = with_interval(abs(cost.difference), *_absolute(cost), sign=False)
        if cost.clear:
            more = "dearer" if cost.difference > 0 else "cheaper"
            parts.append(f"an order delivered right is {more} by {size} cu")
        elif cost.difference == 0 and cost.difference_low == 0:
            parts.append("an order delivered right costs the same")
        else:
            parts.append(f"the cost of an order delivered right is not clearly different ({change_of(cost, 'cu')})")
    below, before = study.get(best, "share_below_adequate"), study.get(study.base, "share_below_adequate")
    if below is not None and before is not None:
        then, now = quantity(before.mean, "share"), quantity(below.mean, "share")
        share = "the share of orders perceived below what customers find adequate"
        if below.clear:
            parts.append(f"{share} {'falls' if below.difference < 0 else 'rises'} from {then} to {now}")
        else:
            parts.append(f"{share} does not clearly change ({then} against {now})")
    subject = "With it" if change is not None and change.clear else f"With {title_of(best)}"
    return f"{subject}, {', and '.join(parts)}." if parts else ""


def _absolute(value: Value) -> tuple[float, float]:
    low, high = sorted((abs(value.difference_low), abs(value.difference_high)))
    return low, high


def change_of(value: Value, unit: str) -> str:
    return difference(*value.change, unit, with_unit=True)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
