"""C11: internal service quality drives external service quality (model.md section 3, 2.4, 2.7).

Internal service quality (ISQ) is what the receivers of the handoffs say. It is moved here by what happens at the
handoffs between functions: less information lost, less delay. A set of firms that differ in handoffs, load, skill
and error rate shows what somebody would see who only compares firms. The set is made at the reference point only; what
one standard deviation of ISQ is elsewhere is taken from there (`FIRM_SD`; a test compares). It depends on how much
firms are assumed to differ, and the verdict with it.

What the runs say: information acts by the call-backs it costs, which load the line and delay orders; by errors (chi,
knock-on) it hardly acts, since few orders fail. So what a call-back costs is swept too, beside the parameters that the
specification lists: where call-backs cost nothing, the claim fails.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from analysis.claims.claim import Claim, Finding, Floats, Tried, Values
from analysis.claims.ratio import ratio_of_means
from analysis.claims.verdict import Estimate, estimate
from analysis.measures.cost import cost_measures
from analysis.measures.internal import internal_measures
from analysis.measures.measured import Measured
from analysis.measures.metric import ratio
from analysis.report.numbers import with_interval
from scenarios.design import Range
from sim.journal import Journal

FIRMS = 40
FIRM_SD = 5.4  # points of ISQ between firms that differ as `_FIRM_RANGES` says
SHARE = 0.9  # of the information lost, and of the delay, that better handoffs take away: about one FIRM_SD
_RETENTION, _DELAY = 0.95, 2.0
_FIRM_RANGES = {  # how firms differ (A): places, and the range within which each lies
    "retention": (0.85, 0.99),
    "delay": (0.5, 6.0),
    "demand": (-0.3, 0.05),
    "skill": (0.6, 0.9),
    "error": (0.005, 0.02),
}

_MONEY_FOR_NOTHING = {  # so that better handoffs cost what coaching costs, hours off the line included
    "description": "The cost of front-line training without its effect",
    "evidence": "a control",
    "interventions": {"frontline_training": {"delay": 80.0, "gain": 0.0, "hours": 16.0, "fee": 400.0}},
}


@cache
def firms(count: int = FIRMS) -> tuple[Mapping[str, float], ...]:
    """A Latin hypercube of firms: what differs -> its value."""
    from scipy.stats import qmc

    lows, highs = zip(*_FIRM_RANGES.values(), strict=True)
    points = qmc.scale(qmc.LatinHypercube(len(lows), rng=11).random(count), lows, highs)
    return tuple(dict(zip(_FIRM_RANGES, map(float, point), strict=True)) for point in points)


def measure(journal: Journal) -> dict[str, float]:
    """Internal measures, service quality (%), utilisation, and money."""
    measured = Measured(journal)
    return {
        **internal_measures(measured),
        **cost_measures(measured),
        "service_quality": ratio(measured.totals["quality"], measured.totals["wanting"]),
        "utilisation_mean": measured.hours.utilisation,
    }


def _handoffs(retention: float, delay: float) -> Values:
    return {"system.handoffs.border.retention": retention, "system.handoffs.border.delay.mean": delay}


def arms(values: Values) -> dict[str, Values]:
    """As it is; better handoffs; these paid for; the same money for coaching at the moments of truth; other firms."""
    information = values["information_weight"]
    rest = (1.0 - information) / 0.6
    system: dict[str, Any] = {
        "system.arrivals.customers": round(480 * (1.0 + values["demand"])),
        "system.information.error_factor": values["error_factor"],
        "system.information.clarification_time": values["clarification_time"],
        "system.information.callback_delay": values["callback_delay"],
        "system.knock_on.knock_on": values["knock_on"],
        "system.internal_service.information_weight": information,
        "system.internal_service.on_time_weight": 0.3 * rest,
        "system.internal_service.error_free_weight": 0.3 * rest,
        "system.stages.order_entry.moment_of_truth": values["moments"] == 4,
        "system.stages.after_sale.moment_of_truth": values["moments"] == 4,
        "system.morale.internal_on_morale": values["internal_on_morale"],
    }
    kept = _RETENTION + SHARE * (1.0 - _RETENTION)
    better = _handoffs(kept, (1.0 - SHARE) * _DELAY if values["shorten"] else _DELAY)
    chosen: dict[str, Values] = {
        "base": {**system, "scenario": "do_nothing"},
        "better": {**system, **better, "scenario": "do_nothing"},
        "less loss": {**system, **_handoffs(kept, _DELAY), "scenario": "do_nothing"},
        "better, paid": {**system, **better, "scenario": "money_for_nothing"},
        "coached": {**system, "scenario": "frontline_training"},
    }
    if values == CLAIM.at():
        chosen |= {f"firm {i}": {**system, **_of_firm(firm)} for i, firm in enumerate(firms())}
    return chosen


def _of_firm(firm: Mapping[str, float]) -> Values:
    return {
        "scenario": "do_nothing",
        **_handoffs(firm["retention"], firm["delay"]),
        "system.arrivals.customers": round(480 * (1.0 + firm["demand"])),
        "system.pool_defaults.skill": firm["skill"],
        "system.pool_defaults.service_skill": firm["skill"],
        "system.stage_defaults.error.p": firm["error"],
        "system.horizon.warm_up": 160.0,
        "system.horizon.measured": 480.0,
    }


def effect(tried: Tried) -> Finding:
    """Points of service quality for one standard deviation of ISQ between firms, and what comparing firms would say."""
    isq, quality = "internal_service_quality", "service_quality"

    def more(arm: str, other: str, metric: str = quality) -> Floats:
        return tried(arm, metric) - tried(other, metric)

    rise = more("better", "base", isq)
    causal = ratio_of_means(more("better", "base"), rise) * FIRM_SD
    parts = {
        "ISQ, better handoffs - as it is (points)": rise,
        "service quality, better handoffs - as it is (points)": more("better", "base"),
        "service quality, less information lost - as it is (points)": more("less loss", "base"),
        "service quality, better handoffs - coaching of the same cost (points)": more("better, paid", "coached"),
        "cost of prevention, better handoffs - coaching (cu)": more("better, paid", "coached", "cost_prevention"),
    }
    if "firm 0" not in tried.arms:
        return Finding(causal, parts)
    x = np.array([tried(f"firm {i}", isq) for i in range(FIRMS)])
    y = np.array([tried(f"firm {i}", quality) for i in range(FIRMS)])
    others = np.array([[firm[name] for name in ("demand", "skill", "error")] for firm in firms()])
    seen = _slopes(x, y) * FIRM_SD
    held = _slopes(x, y, others) * FIRM_SD
    correlation = float(np.corrcoef(x.mean(axis=1), y.mean(axis=1))[0, 1])
    low, high = np.tanh(np.arctanh(correlation) + np.array([-1.96, 1.96]) / math.sqrt(FIRMS - 3))
    confounded = estimate(100.0 * (1.0 - ratio_of_means(causal, seen)))
    turns = estimate(ratio_of_means(rise, more("better", "base")))
    return Finding(
        causal,
        {
            **parts,
            "what comparing firms says (points)": seen,
            "the same with load, skill and error rate held constant (points)": held,
            "standard deviation of ISQ between firms (points)": np.std(x, axis=0, ddof=1),
        },
        (
            f"Over {FIRMS} firms ISQ and service quality correlate {correlation:.2f} [{low:.2f}, {high:.2f}] (interval "
            "over firms, Fisher).",
            f"Of the slope between firms {with_interval(*_of(confounded), sign=False)} % is confounding: load, skill "
            "and errors move both.",
            f"A point of service quality takes {with_interval(*_of(turns), sign=False)} points of internal service "
            f"quality; firms are assumed to differ by {FIRM_SD:g}. Were they to differ by less than a point takes, the "
            "claim would fail.",
        ),
    )


def _of(found: Estimate) -> tuple[float, float, float]:
    return found.mean, found.low, found.high


def _slopes(x: Floats, y: Floats, others: Floats | None = None) -> Floats:
    """Least-squares slope of y on x over firms, `others` held constant; x, y: (firms, replications)."""
    fixed = np.ones((len(x), 1)) if others is None else np.column_stack([np.ones(len(x)), others])
    columns = (np.column_stack([x[:, r], fixed]) for r in range(x.shape[1]))
    return np.array([np.linalg.lstsq(c, y[:, r], rcond=None)[0][0] for r, c in enumerate(columns)])


CLAIM = Claim(
    id="C11",
    statement="Internal service quality drives external service quality",
    quote="the quality of relationships within the company are critical to the success of marketing plans",
    source="Christopher, Payne & Ballantyne 1991",
    design=(
        "Nine tenths of the information lost and of the delay at handoffs between functions are taken away, nothing "
        f"else; the change in service quality is put per standard deviation of ISQ between firms ({FIRM_SD:g} points "
        "for the differences assumed). Beside it: the same money and hours spent on coaching at the moments of truth, "
        f"and what comparing {FIRMS} firms (12 runs of 12 weeks each) says that differ in handoffs, load, skill and "
        "error rate. 24 weeks after a warm-up of 8: ISQ needs single orders, which cost time."
    ),
    metric="service quality for one standard deviation of internal service quality",
    unit="points",
    sesoi=1.0,
    rule="One standard deviation of ISQ, brought about by better handoffs, moves service quality by 1 point or more.",
    reference="Published links of internal and external quality are mixed (model.md 2.4); no size is given.",
    structural=(
        "The sign: by the equations (2.6, 2.7) lost information and delay only ever do harm. The size against 1 point, "
        "and how much of what firms show beside each other is confounding, can come out either way; but that size is "
        "per standard deviation between firms, which is assumed."
    ),
    words=("scenario=do_nothing", "journal=full", "allow_unstable=true", "system.horizon.warm_up=320.0",
           "system.horizon.measured=960.0"),
    reference_point={
        "error_factor": 1.0, "knock_on": 3.0, "information_weight": 0.4, "internal_on_morale": 0.2, "demand": 0.0,
        "moments": 4, "clarification_time": 0.25, "callback_delay": 4.0,
    },
    swing={
        "error_factor": Range(0.0, 4.0),
        "knock_on": Range(1.0, 10.0),
        "information_weight": Range(0.2, 0.8),
        "internal_on_morale": Range(0.0, 0.5),
        "demand": Range(-0.27, 0.1),
        "moments": (4, 2),
        "clarification_time": Range(0.0, 0.5),
        "callback_delay": Range(0.0, 8.0),
    },
    arms=arms,
    effect=effect,
    null={
        "shorten": False, "clarification_time": 0.0, "callback_delay": 0.0, "error_factor": 0.0,
        "internal_on_morale": 0.0,
    },
    exact_null=True,
    null_words="delays as they are, and lost information costs no call-back, no error and no morale",
    caveats=(
        "The specification asks for 500 firms over 96 weeks; here they are 40, over 12 weeks each, and the trial "
        "itself takes 24 weeks after a warm-up of 8: internal service quality needs single orders, which cost time.",
        "What one standard deviation of internal service quality is was found at the reference point and is used "
        "everywhere. Information acts by the call-backs it costs, hardly by errors; so what a call-back costs is "
        "swept, beside the parameters that the specification lists.",
    ),
    switches={"shorten": True},
    scenarios={"money_for_nothing": _MONEY_FOR_NOTHING},
    replications=12,
    robust_replications=8,
    measure=measure,
)  # fmt: skip
