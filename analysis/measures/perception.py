"""What customers expected and perceived: service quality, satisfaction, and the five gaps (model.md 2.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, mean, ratio
from sim.blueprint import DIMENSIONS
from sim.draws import MANAGEMENT_SURVEY, run_key, uniform

_LEVEL = "level 0-1"
_BY_DIMENSION = {  # metric prefix -> column of the totals, words, better
    "desired": ("desired", "Desired", ""),
    "adequate": ("adequate", "Adequate", ""),
    "delivered": ("actual", "Delivered", "higher"),
    "perceived": ("perceived", "Perceived", "higher"),
}
_LEVELS = {"perceived": "P", "desired": "S", "predicted": "W", "adequate": "A"}  # metric -> column of the totals

PERCEPTION_METRICS = (
    Metric("service_quality", "Service quality (100 x perceived / desired)", "%", "higher", "perception"),
    Metric("service_quality_of_means", "Service quality, ratio of means", "%", "higher", "perception"),
    Metric("share_below_desired", "Orders perceived below desired", "share", "lower", "perception"),
    Metric("share_below_adequate", "Orders perceived below adequate", "share", "lower", "perception"),
    Metric("gap", "Gap: perceived - desired", _LEVEL, "higher", "perception"),
    Metric("perceived", "Perceived service", _LEVEL, "higher", "perception"),
    Metric("desired", "Desired service", _LEVEL, "", "perception"),
    Metric("predicted", "Predicted service", _LEVEL, "", "perception"),
    Metric("adequate", "Adequate service", _LEVEL, "", "perception"),
    Metric("disconfirmation", "Disconfirmation: perceived - predicted", _LEVEL, "higher", "perception"),
    Metric("satisfaction", "Satisfaction", _LEVEL, "higher", "perception"),
    Metric("gap1", "Gap 1, knowledge: desired - management's estimate", _LEVEL, "", "gaps"),
    Metric("gap2", "Gap 2, standards: management's estimate - specification", _LEVEL, "", "gaps"),
    Metric("gap3", "Gap 3, delivery: specification - delivered", _LEVEL, "lower", "gaps"),
    Metric("gap_perception", "Perception gap: delivered - perceived", _LEVEL, "lower", "gaps"),
    Metric("gap4", "Gap 4, communication: promised - delivered", _LEVEL, "", "gaps"),
    Metric("gap5", "Gap 5, customer: perceived - desired", _LEVEL, "higher", "gaps"),
    *(Metric(f"gap_{d}", f"Gap in {d}", _LEVEL, "higher", "dimensions") for d in DIMENSIONS),
    *(
        Metric(f"{prefix}_{d}", f"{word} {d}", _LEVEL, better, "dimensions")
        for prefix, (_, word, better) in _BY_DIMENSION.items()
        for d in DIMENSIONS
    ),
)


def perception_measures(measured: Measured) -> dict[str, float]:
    """Means over measured orders, on the [0, 1] scale of performance; service quality in percent.

    Service quality is the mean of the customers' own ratios, over orders with a desired level above 0; the ratio of
    means differs from it by -cov(P/S, S)/mean(S). Empty where customers form no perception. Gaps 1 to 4 need single
    orders.
    """
    if not measured.journal.plan.perception_on:
        return {}
    totals, count = measured.totals, int(measured.totals["judged"])
    levels = {name: ratio(totals[column], count) for name, column in _LEVELS.items()}
    perceived, desired = levels["perceived"], levels["desired"]
    return {
        "service_quality": ratio(totals["quality"], totals["wanting"]),
        "service_quality_of_means": 100.0 * ratio(perceived, desired),
        "share_below_desired": ratio(totals["short"], count),
        "share_below_adequate": ratio(totals["inadequate"], count),
        "gap": perceived - desired,
        **levels,
        "disconfirmation": perceived - levels["predicted"],
        "satisfaction": ratio(totals["satisfaction"], count),
        **five_gaps(measured, desired, ratio(totals["X"], count), perceived),
        **_dimensions(totals, count),
    }


def five_gaps(measured: Measured, desired: float, delivered: float, perceived: float) -> dict[str, float]:
    """Gaps 1-5 and the perception gap, in points of the [0, 1] scale (Parasuraman, Zeithaml & Berry 1985).

    -gap5 = gap1 + gap2 + gap3 + gap_perception. Gap 4 is not a term: it acts through what customers predict. Of a
    summary, which has no orders to survey and none of what was promised, there are only the perception gap and gap 5.
    """
    orders = measured.orders
    gaps = {"gap_perception": delivered - perceived, "gap5": perceived - desired}
    if not len(orders):
        return gaps
    estimate = management_estimate(measured)
    specification = estimate - measured.journal.blueprint.management.standards_shortfall
    return {
        **gaps,
        "gap1": desired - estimate,
        "gap2": estimate - specification,
        "gap3": specification - delivered,
        "gap4": mean(orders["promise_level"]) - delivered,
    }


def management_estimate(measured: Measured) -> float:
    """Management's estimate of the desired level, [0, 1]: the mean of a customer survey, plus its bias.

    The survey asks `survey_answers` measured orders, drawn with replacement from those delivered at least
    `survey_lag` h before the window's end; answer i is a draw with a name of its own. If there are no more of them
    than that, each is asked once. If there is none - no survey is in yet - all measured orders stand in.
    """
    journal, orders = measured.journal, measured.orders
    settings = journal.blueprint.management
    answers = orders["S"][orders["delivered"] <= journal.window[1] - settings.survey_lag]
    if not len(answers):
        answers = orders["S"]
    elif len(answers) > settings.survey_answers:
        key = run_key(journal.seed, journal.replication)
        draws = (uniform(key, 0, i, MANAGEMENT_SURVEY, 0) for i in range(settings.survey_answers))
        chosen = np.fromiter(draws, dtype=float, count=settings.survey_answers) * len(answers)
        answers = answers[chosen.astype(np.int64)]
    return mean(answers) + settings.survey_bias


def _dimensions(totals: Any, count: int) -> dict[str, float]:
    """Levels and gaps of the five dimensions, means over orders, unweighted."""
    sums = {f"gap_{d}": totals["perceived"][i] - totals["desired"][i] for i, d in enumerate(DIMENSIONS)}
    for prefix, (column, _, _) in _BY_DIMENSION.items():
        sums |= {f"{prefix}_{d}": totals[column][i] for i, d in enumerate(DIMENSIONS)}
    return {name: ratio(total, count) for name, total in sums.items()}
