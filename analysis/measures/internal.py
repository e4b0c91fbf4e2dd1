"""Internal service quality: what internal customers get at the handoffs against what they need (model.md 2.4)."""

from __future__ import annotations

import numpy as np

from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, mean

INTERNAL_METRICS = (
    Metric("internal_service_quality", "Internal service quality (ISQ), mean of handoffs", "%", "higher", "internal"),
    Metric("internal_service_quality_min", "Internal service quality, weakest handoff", "%", "higher", "internal"),
    Metric("information_at_delivery", "Information left at delivery", "share", "higher", "internal"),
)


def internal_measures(measured: Measured) -> dict[str, float]:
    """ISQ in percent, over handoffs from stage to stage each counting once, and the information (0-1) that is left.

    Empty where no handoff was rated (a single stage, say).
    """
    quality = handoff_quality(measured)
    if not quality:
        return {}
    levels = list(quality.values())
    return {
        "internal_service_quality": float(np.mean(levels)),
        "internal_service_quality_min": min(levels),
        "information_at_delivery": mean(measured.orders["information"]),
    }


def handoff_quality(measured: Measured) -> dict[tuple[int, int], float]:
    """ISQ of every rated handoff, in percent: (source, target), indices of stages, -> 100 mean(rating) / desired."""
    handoffs = measured.handoffs
    rating = handoffs["rating"]
    rated = ~np.isnan(rating)
    count = len(measured.journal.plan.stage_names)
    way = handoffs["source"][rated] * count + handoffs["target"][rated]  # a rated handoff leads to a stage
    number = np.bincount(way)
    total = np.bincount(way, weights=rating[rated])
    desired = measured.journal.blueprint.internal_service.internal_desired
    return {
        (int(w) // count, int(w) % count): float(100.0 * total[w] / number[w] / desired) for w in np.flatnonzero(number)
    }
