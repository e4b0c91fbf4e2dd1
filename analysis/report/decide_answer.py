"""The answer of a decision study in sentences: which scenario, how sure, at what cost, what could overturn it."""

from __future__ import annotations

import math

from analysis.compare import spread
from analysis.decisions.cost_effectiveness import FRONTIER, Threshold
from analysis.decisions.runs import cost_unit
from analysis.decisions.study import Evidence
from analysis.figures.forest import verdict
from analysis.figures.style import displayed, title_of
from analysis.measures import METRICS, Metric
from analysis.report.compare_answer import capital
from analysis.report.numbers import difference, number, quantity, with_interval
from analysis.report.study_table import SHORT


def answer(found: Evidence) -> str:
    """Which scenario is best, in one sentence."""
    if found.runner_up is None:
        return "There is nothing to decide: all scenarios do the same in every replication."
    return which(found)


def in_short(found: Evidence) -> tuple[tuple[str, str], ...]:
    """(what is asked, its answer): how sure, at what cost, what else, and what a point must be worth."""
    if found.runner_up is None:
        return ()
    parts = (
        ("How sure", how_sure(found)), ("What it costs", at_what_cost(found)),
        ("What else it does", side_effects(found)), ("What could overturn it: the worth of a point", worths(found)),
    )  # fmt: skip
    return tuple((name, text) for name, text in parts if text)


def which(found: Evidence) -> str:
    """Which scenario is best, or that it is not decided."""
    s = found.sample
    metric = s.asked.criterion_metric
    best, label = title_of(s.scenarios[found.best]), label_of(metric)
    if not s.state.done:
        left = [title_of(s.scenarios[i]) for i in s.state.surviving]
        return (
            f"After {s.n} replications it is not decided which scenario is best in {label}: {listed(left)} are "
            f"still in the race, with {best} ahead."
        )
    if found.best == 0:
        return (
            f"No scenario is chosen over {best}: it is itself the best of {len(s.scenarios)} in {label}, or within "
            f"{smallest(found)} of it."
        )
    change, clear = _change(found)
    told = f"{change} against {title_of(s.base)}{_levels(found)}"
    if found.best not in found.options:
        assert found.runner_up is not None
        return (
            f"{capital(best)} comes out first of {len(s.scenarios)} in {label} ({told}), but it is a negative control "
            f"and no improvement to recommend: of the others, {title_of(s.scenarios[found.runner_up])} is ahead."
        )
    if not clear:
        of = f"comes out best of {len(s.scenarios)} in {label}"
        return f"{capital(best)} {of}, but not clearly better than the base: {told}."
    return f"{capital(best)} is the best of {len(s.scenarios)} scenarios in {label}: {told}."


def how_sure(found: Evidence) -> str:
    """The guarantee of the selection, and how far the runner-up is behind."""
    s, zone = found.sample, smallest(found)
    assert found.runner_up is not None
    behind = f"The runner-up, {title_of(s.scenarios[found.runner_up])}, is {lead(found)} behind"
    if not s.state.done:
        return f"{behind}; the selection would end after {s.state.most} replications at the latest."
    told = (
        f"A scenario that beats every other by at least {zone} is chosen with a probability of at least "
        f"{100 * s.asked.confidence:g} %."
    )
    if float(found.lead.mean) >= s.asked.smallest:
        return f"{told} {behind}."
    clear = "told apart, but closer" if float(found.lead.low) > 0 else "not told apart, and closer"
    either = "so either is a good choice by this measure"
    return f"{told} {behind}: {clear} than what was said to matter ({zone}), {either}."


def at_what_cost(found: Evidence) -> str:
    """What the best scenario costs against the base, and for each point."""
    if found.best == 0:
        return ""
    effect, cost = found.increments
    mean, low, high = (float(part[found.best]) for part in (cost.mean, cost.low, cost.high))
    unit = cost_unit(found.sample.asked)
    money = METRICS[found.sample.asked.cost]
    subject = "It costs" if money.better == "lower" else "Counting what it earns, it costs"
    if low > 0 or (mean == low == high and mean > 0):
        gain = float(effect.mean[found.best])
        each = f", {number(mean / gain)} for each point of {effect_name(found)}" if gain > 0 else ""
        return f"{subject} {with_interval(mean, low, high, sign=False)} {unit} more than the base{each}."
    if high < 0:
        return f"{subject} {with_interval(-mean, -high, -low, sign=False)} {unit} less than the base."
    if mean == low == high == 0:
        return f"{subject} as much as the base."
    return f"What it costs is not clearly different from the base ({with_interval(mean, low, high)} {unit})."


def side_effects(found: Evidence) -> str:
    """The other metrics in which the best scenario is clearly better or worse than the base."""
    if found.best == 0:
        return ""
    name = found.sample.scenarios[found.best]
    told: dict[str, list[str]] = {"better": [], "worse": []}
    for metric in found.sample.asked.watched:
        if metric in (found.sample.asked.criterion, found.sample.asked.cost):
            continue
        ends = found.interval(name, metric)
        word = verdict(*ends, METRICS[metric].better).word
        if word in told:
            change = difference(*ends, METRICS[metric].unit, with_unit=True)
            told[word].append(f"{label_of(METRICS[metric])} ({change})")
    parts = [f"{word} than the base in {listed(metrics)}" for word, metrics in told.items() if metrics]
    return f"It is {', and '.join(parts)}." if parts else ""


def worths(found: Evidence) -> str:
    """At which worth of a point the best buy changes."""
    names = [buy(found, i) for i in range(len(found.sample.scenarios))]
    point, unit = f"a point of {effect_name(found)}", cost_unit(found.sample.asked)
    if not found.thresholds:
        only = next(p for p in found.places if p.status == FRONTIER)
        return f"Whatever {point} is worth, {names[only.scenario]} is the best buy on average."
    first = found.thresholds[0]
    if len(found.thresholds) == 1:
        told = f"{names[first.before]} below {threshold_text(first)} {unit}, {names[first.after]} above"
    else:
        steps = [f"{names[t.after]} from {threshold_text(t)} {unit}" for t in found.thresholds]
        told = listed([f"{names[first.before]} at first", *steps])
    return f"The best buy depends on what {point} is worth: {told}."


def buy(found: Evidence, row: int) -> str:
    """A best buy by name: the base where that is all that can be said."""
    s = found.sample
    name = title_of(s.scenarios[row])
    return f"{title_of(s.base)} ({name} is not told apart from it in effect or cost)" if found.like_base(row) else name


def threshold_text(t: Threshold) -> str:
    """A worth with its interval, which may have no upper end."""
    if math.isfinite(t.high):
        return with_interval(t.worth, t.low, t.high, sign=False)
    return f"{number(t.worth)} [{number(t.low)}, no upper end]"


def lead(found: Evidence) -> str:
    """Best less runner-up in the criterion with its interval."""
    unit = found.sample.asked.criterion_metric.unit
    ends = (float(found.lead.mean), float(found.lead.low), float(found.lead.high))
    factor, _, shown = displayed(unit)
    return f"{with_interval(*(factor * end for end in ends), sign=False)} {shown}".rstrip()


def smallest(found: Evidence) -> str:
    """The indifference zone with its unit."""
    factor, _, unit = displayed(found.sample.asked.criterion_metric.unit)
    return f"{factor * found.sample.asked.smallest:g} {unit}".rstrip()


def effect_name(found: Evidence) -> str:
    """What a point is a point of, in plain words."""
    metric = METRICS[found.sample.asked.effect]
    return label_of(metric) if metric.better == "higher" else f"lower {label_of(metric)}"


def label_of(metric: Metric) -> str:
    """A metric in a sentence: without its formula."""
    return SHORT.get(metric.name, metric.label.split(" (")[0]).lower()


def listed(words: list[str]) -> str:
    """One, two and three."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _change(found: Evidence) -> tuple[str, bool]:
    """The best scenario's difference to the base in the criterion as text, and whether its interval leaves out 0."""
    mean, low, high = found.gain(found.best)
    unit = found.sample.asked.criterion_metric.unit
    return difference(mean, low, high, unit, with_unit=True), low > 0 or high < 0


def _levels(found: Evidence) -> str:
    metric = found.sample.asked.criterion_metric
    if metric.name not in METRICS:
        return ""
    means = spread(found.sample.of(metric.name)).mean.tolist()
    return f", from {quantity(means[0], metric.unit)} to {quantity(means[found.best], metric.unit)}"
