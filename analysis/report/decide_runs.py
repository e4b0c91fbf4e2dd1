"""Sections of a decision report: how many replications it took, and how long the system takes to settle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from analysis.decisions.stopping import LEAST, Precision
from analysis.decisions.study import Evidence
from analysis.figures.style import displayed, inline_svg, records, title_of
from analysis.measures import METRICS
from analysis.report.compare_answer import capital
from analysis.report.decide_answer import label_of, listed
from analysis.report.decide_scenarios import column
from analysis.report.numbers import number
from analysis.report.page import Figure, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def precision_section(found: Evidence) -> Section | None:
    s = found.sample
    if not s.others:
        return None
    rows = []
    for metric in s.asked.watched:
        factor = displayed(METRICS[metric].unit)[0]
        of_metric = {name: p for (name, m), p in s.precisions.items() if m == metric}
        if of_metric:
            name, worst = max(of_metric.items(), key=lambda item: (item[1].needed, item[1].half_width))
            rows.append((
                column(metric), number(factor * worst.target), number(factor * worst.half_width),
                number(factor * worst.safe_half_width), title_of(name), str(worst.needed), _met(of_metric.values()),
            ))  # fmt: skip
    table = Table(
        "Half-width of the 95 % intervals of the differences to the base: that of the least precise scenario",
        ("Metric", "Wanted", "Reached", "Safe", "In scenario", "Replications needed", "Met by all"), tuple(rows),
        "lrrrlrl",
    )  # fmt: skip
    removed = {(r["scenario"], r["metric"]): 100 * float(r["variance_reduction"]) for r in records(found.table)}
    common = Table(
        "Variance of the difference to the base that common random numbers removed, %",
        ("Scenario", *(capital(label_of(METRICS[m])) for m in s.asked.watched)),
        tuple((title_of(n), *(number(removed[n, m], 1) for m in s.asked.watched)) for n in s.others),
    )  # fmt: skip
    met = all(p.met for p in s.precisions.values()) and s.state.done
    told = (
        "Replications were added until every half-width was as small as wanted and stayed so over the following ones "
        "(Hoad, Robinson and Davies 2010), and the selection had all that it could need"
        if met
        else "Replications were added as far as allowed; not everything is as precise as wanted"
    )
    text = (
        f"{told}: {s.n} of at most {max(s.n, s.asked.most_replications)}. Their number depends on variances only, not "
        f"on which scenario is ahead. Nothing counts as met with fewer than {LEAST} replications, however narrow it is."
    )
    safe = (
        "Stopping at a narrow interval favours samples that look less variable than they are. In trial studies the "
        "interval of the reached half-width covered in 94.2 to 94.6 %, that of the safe one (the wanted half-width, "
        "once it is met) in 95 % or more."
    )
    crn = (
        "Variance removed is 1 − var(difference) / (sum of the two variances): the share of the variance of a "
        "difference of independent runs that common random numbers took away."
    )
    return Section("How many replications", (text, safe, crn), (table, common))


def _met(precisions: Iterable[Precision]) -> str:
    """Whether all targets are met; if nothing but the least number of replications is lacking, that."""
    short = [p for p in precisions if not p.met]
    if not short:
        return "yes"
    return f"not before {LEAST} replications" if all(p.too_early for p in short) else "no"


def warm_up_section(found: Evidence, drawn: Mapping[str, Drawing], week: float) -> Section | None:
    if "warm_up" not in drawn:
        return None
    asked = found.sample.asked
    rows = tuple(
        (
            w.metric.label, number(w.advice.configured / week, 0),
            number(w.advice.needed / week, 0) if w.advice.reliable else "cannot be told",
            "yes" if w.advice.enough else "no",
        )
        for w in found.settling
    )  # fmt: skip
    table = Table("Warm-up in weeks", ("Series", "Configured", "By MSER-5", "Enough for a steady state"), rows, "lrrl")
    moving = [label_of(w.metric) for w in found.settling if w.advice.reliable and not w.advice.enough]
    untold = [label_of(w.metric) for w in found.settling if not w.advice.reliable]
    left = [f"it is not gone in {listed(moving)}"] if moving else []
    left += [f"for {listed(untold)} even the pilot runs are too short to tell"] if untold else []
    if asked.study == "terminating":
        text = (
            "This is a terminating study: the question begins where the warm-up ends, with the system as it is "
            "then, and ends with the horizon. The warm-up is part of the question and cannot be too short for it."
        )
        if left:
            text += (
                f" What the start of the run leaves behind need not be gone by then: {'; '.join(left)}. The results "
                "hold for this stretch of time and are no statement on the long run."
            )
    else:
        text = (
            "This is a steady-state study: what the start of the run leaves behind must be gone when measuring begins. "
            + (f"{capital('; '.join(left))}." if left else "In every series the configured warm-up is enough.")
        )
    pilots = (
        f"{asked.pilot_replications} pilot runs of the base over {asked.pilot_weeks} weeks from time 0. MSER-5 "
        "(White, Cobb and Spratt 2000) leaves out the beginning without which the mean is known best; a cut in the "
        "second half of the series says that it is too short to tell."
    )
    caption = "The base from time 0, week by week: mean over pilot runs and Welch's moving average."
    words = f"A panel for each of {len(found.settling)} series. {text}"
    svg = inline_svg(drawn["warm_up"], "warm_up", caption, words)
    return Section("Warm-up", (text, pilots), (), (Figure(svg, caption, words, table),))
