"""What customers expected and perceived: service quality, satisfaction, and the five gaps (model.md 2.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, mean, ratio
from sim.blueprint import DIMENSIONS
from sim.draws import MANAGEMENT_SURVEY, run_key, uniform

_LEVEL = "level 0-1"
_BY_DIMENSION = {  # metric prefix -> column of the orders table, words, better
    "desired": ("desired", "Desired", ""),
    "adequate": ("adequate", "Adequate", ""),
    "delivered": ("actual", "Delivered", "higher"),
    "perceived": ("perceived", "Perceived", "higher"),
}

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
    means differs from it by -cov(P/S, S)/mean(S). Empty where customers form no perception.
    """
    if not measured.journal.plan.perception_on:
        return {}
    orders = measured.orders
    perceived, desired, predicted = orders["P"], orders["S"], orders["W"]
    wanting = desired > 0.0
    return {
        "service_quality": mean(100.0 * perceived[wanting] / desired[wanting]),
        "service_quality_of_means": 100.0 * ratio(mean(perceived), mean(desired)),
        "share_below_desired": mean(perceived < desired),
        "share_below_adequate": mean(perceived < orders["A"]),
        "gap": mean(perceived - desired),
        "perceived": mean(perceived),
        "desired": mean(desired),
        "predicted": mean(predicted),
        "adequate": mean(orders["A"]),
        "disconfirmation": mean(perceived - predicted),
        "satisfaction": mean(orders["satisfaction"]),
        **five_gaps(measured),
        **_dimensions(orders),
    }


def five_gaps(measured: Measured) -> dict[str, float]:
    """Gaps 1-5 and the perception gap, in points of the [0, 1] scale (Parasuraman, Zeithaml & Berry 1985).

    -gap5 = gap1 + gap2 + gap3 + gap_perception. Gap 4 is not a term: it acts through what customers predict.
    """
    orders = measured.orders
    desired, delivered, perceived = mean(orders["S"]), mean(orders["X"]), mean(orders["P"])
    estimate = management_estimate(measured)
    specification = estimate - measured.journal.blueprint.management.standards_shortfall
    return {
        "gap1": desired - estimate,
        "gap2": estimate - specification,
        "gap3": specification - delivered,
        "gap_perception": delivered - perceived,
        "gap4": mean(orders["promise_level"]) - delivered,
        "gap5": perceived - desired,
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


def _dimensions(orders: np.ndarray[Any, Any]) -> dict[str, float]:
    """Levels and gaps of the five dimensions, means over orders, unweighted."""
    means = {prefix: _columns(orders[column]) for prefix, (column, _, _) in _BY_DIMENSION.items()}
    gaps = _columns(orders["perceived"] - orders["desired"])
    return {
        **{f"gap_{d}": gap for d, gap in zip(DIMENSIONS, gaps, strict=True)},
        **{f"{prefix}_{d}": level for prefix in means for d, level in zip(DIMENSIONS, means[prefix], strict=True)},
    }


def _columns(values: np.ndarray[Any, Any]) -> list[float]:
    """Means over orders of an array (orders, dimensions)."""
    return [mean(values[:, d]) for d in range(len(DIMENSIONS))]
