"""C14: does a gap that nobody measures get closed? (model.md section 4 continuous_improvement, section 3.)

The same improvement loop four times, only its eyes differ: a customer survey, the internal error log, chance, or one
standing opinion of management. What a finding can be acted on with is part of the model (an assumption): a survey that
names assurance leads to the errors of a moment of truth, which hardly move assurance; chance also hits upon time and
information, which the log and an opinion never do. And a trial takes the hours of a team of two: where these are busy,
orders wait, and working on one stage for ever (log, opinion) widens the gap more than the trials close it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from analysis.claims.by_quarter import by_quarter
from analysis.claims.claim import Claim, Condition, Finding, Tried, Values, joint
from analysis.measures import measure as usual_measure
from scenarios.design import Range
from sim.journal import Journal

_TARGETS = {"survey": "survey", "error log": "error_log", "chance": "chance", "opinion": "opinion"}
_QUARTERS = 8
_SESOI = 0.01


def with_quarters(journal: Journal) -> dict[str, float]:
    """The usual metrics and those of every quarter."""
    return {**usual_measure(journal), **by_quarter(journal)}


def arms(values: Values) -> Mapping[str, Values]:
    """No loop, and the loop with each way of choosing where to work."""
    shared = {
        "system.segment_defaults.expectations.drift": values["drift"],
        "system.perception.halo": values["halo"],
        "system.stage_defaults.error": {"p": values["error"]},
        "system.arrivals.interval.mean": 144.0 / values["utilisation"],  # h: 480 customers, 0.6 h, two a stage
    }
    loop = "scenarios.measured_improvement.interventions.continuous_improvement"
    work = {
        f"{loop}.answers": float(values["answers"]),
        f"{loop}.survey_delay": float(values["lag_weeks"]),
        f"{loop}.answer_noise": values["answer_noise"],
        f"{loop}.trial_success": values["trial_success"],
        f"{loop}.team_hours": values["team_hours"],
    }
    chosen = {
        arm: {"scenario": "measured_improvement", **shared, **work, f"{loop}.choose_by": target}
        for arm, target in _TARGETS.items()
    }
    return {"no loop": {"scenario": "do_nothing", **shared}, **chosen}


def effect(tried: Tried) -> Finding:
    """Last quarter's gap (perceived - desired) with the survey less that with chance and with opinion: both count."""
    last = f"gap_q{_QUARTERS}"
    gaps = {arm: tried(arm, last) for arm in tried.arms}
    conditions = [
        Condition(f"against {rival}", gaps["survey"] - gaps[rival], _SESOI) for rival in ("chance", "opinion")
    ]
    parts = {
        f"Gap closed in 96 weeks, survey less {arm}": gaps["survey"] - gap
        for arm, gap in gaps.items()
        if arm != "survey"
    }
    for arm in tried.arms:
        if arm != "no loop":
            parts[f"Failures of the last quarter, {arm} less no loop (share)"] = tried(
                arm, f"failure_share_q{_QUARTERS}"
            ) - tried("no loop", f"failure_share_q{_QUARTERS}")
            parts[f"Hours off the line, {arm}"] = tried(arm, "hours_off_line")
    return joint(conditions, _SESOI, parts, (_half_lives(tried),))


def _half_lives(tried: Tried) -> str:
    """How fast the failure rate fell against that without the loop, from the first quarter to the last (84 weeks)."""
    words = []
    for arm in _TARGETS:
        first, last = (
            float(np.nanmean(tried(arm, f"failure_share_q{q}")) / np.nanmean(tried("no loop", f"failure_share_q{q}")))
            for q in (1, _QUARTERS)
        )
        months = 84.0 / 4.0 * math.log(2.0) / math.log(first / last) if 0.0 < last < first else math.inf
        words.append(f"{arm}: " + (f"{months:.0f} months" if months < 240.0 else "none to speak of"))
    return "Half-life of the share of failures, measured against no loop, as it came out: " + ", ".join(words) + "."


CLAIM = Claim(
    id="C14",
    statement="An unmeasured gap does not get closed",
    quote="to close the quality gap if these two key variables are not defined and measured",
    source="Christopher, Payne & Ballantyne 1991",
    design="A team of the stage concerned spends the same hours every four weeks on one trial, for 96 weeks after "
    "twelve to settle; only how it finds its target differs: the largest gap of a customer survey, the stage that the "
    "error log blames most, chance, or one standing opinion. Customers neither come nor go (layer 4 is off), so "
    "that success does not overload the staff.",
    metric="Gap (perceived - desired) in the last quarter: survey less chance, survey less opinion",
    unit="level (0 to 1)",
    sesoi=_SESOI,
    rule="The survey-led gap is smaller than that of chance and of opinion by at least 0.01.",
    reference="Half-lives of improvement of 1 to 22 months by complexity (Schneiderman 1988, from memory); here they "
    "emerge and are printed.",
    words=("system=order_to_delivery", "journal=summary", "system.layers=[0,1,2,3]", "system.horizon.warm_up=480",
           "system.horizon.measured=3840"),
    reference_point={
        "answers": 100, "lag_weeks": 1, "answer_noise": 0.0, "drift": 0.0, "halo": 0.25, "error": 0.01,
        "utilisation": 0.75, "trial_success": 0.5, "team_hours": 40.0,
    },
    swing={
        "answers": (25, 100, 400),
        "lag_weeks": (1, 4, 12),
        "answer_noise": Range(0.0, 0.3),
        "drift": Range(0.0, 0.002),  # of the desired level, an order: .02 a year at ten orders
        "halo": Range(0.0, 0.6),
        "error": Range(0.001, 0.05, log=True),  # chance per visit: how much reliability weighs in the gap
        "utilisation": Range(0.60, 0.80),  # by design: how much waiting weighs in the gap
        "trial_success": Range(0.2, 0.9),
        "team_hours": Range(4.0, 40.0),  # h off the line a cycle, from the capacity of the stage concerned
    },
    arms=arms,
    effect=effect,
    null={"trial_success": 0.0, "team_hours": 0.0},
    exact_null=True,
    null_words="trials that never succeed and take no hours",
    caveats=(
        "What a finding can be acted on with is part of the model (an assumption): a survey that names assurance leads "
        "to the errors of a moment of truth, which hardly move assurance; chance also hits upon time and information, "
        "which the log and an opinion never do.",
        "A trial takes the hours of a team of two; where these are busy orders wait, and working on one stage for ever "
        "(log, opinion) widens the gap more than the trials close it. Levels are swept as ranges.",
    ),
    scenarios={"measured_improvement": {"interventions": {"continuous_improvement": {}}}},
    replications=30,
    robust_replications=4,
    measure=with_quarters,
)  # fmt: skip
