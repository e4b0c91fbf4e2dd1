"""Internal service quality: what internal customers get at the handoffs against what they need (model.md 2.4)."""

from __future__ import annotations

import numpy as np

from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, ratio

INTERNAL_METRICS = (
    Metric("internal_service_quality", "Internal service quality (ISQ), mean of handoffs", "%", "higher", "internal"),
    Metric("internal_service_quality_min", "Internal service quality, weakest handoff", "%", "higher", "internal"),
    Metric("information_at_delivery", "Information left at delivery", "share", "higher", "internal"),
)


def internal_measures(measured: Measured) -> dict[str, float]:
    """ISQ in percent, over handoffs from stage to stage each counting once, and the information (0-1) that is left.

    Empty where the route has no handoff (a single stage, say). ISQ needs single orders.
    """
    if not _current_ways(measured):
        return {}
    values = {"information_at_delivery": ratio(measured.totals["information"], measured.delivered)}
    levels = list(handoff_quality(measured).values())
    if levels:
        values |= {
            "internal_service_quality": float(np.mean(levels)),
            "internal_service_quality_min": min(levels),
        }
    return values


def handoff_quality(measured: Measured) -> dict[tuple[int, int], float]:
    """ISQ of every rated handoff, in percent: (source, target), indices of stages, -> 100 mean(rating) / desired.

    Only handoffs of the route as it is at the end of the run: one that an intervention did away with is no part of
    the chain whose quality is asked for.
    """
    handoffs = measured.handoffs
    rating = handoffs["rating"]
    rated = ~np.isnan(rating)
    count = len(measured.journal.plan.stage_names)
    way = handoffs["source"][rated] * count + handoffs["target"][rated]  # a rated handoff leads to a stage
    number = np.bincount(way)
    total = np.bincount(way, weights=rating[rated])
    desired = measured.journal.blueprint.internal_service.internal_desired
    current = _current_ways(measured)
    found = ((int(w) // count, int(w) % count, w) for w in np.flatnonzero(number))
    return {(s, t): float(100.0 * total[w] / number[w] / desired) for s, t, w in found if (s, t) in current}


def _current_ways(measured: Measured) -> set[tuple[int, int]]:
    """The handoffs (source, target) that orders can take at the end of the run, as indices of stages."""
    blueprint, names = measured.journal.blueprint, measured.journal.plan.stage_names
    place = {name: i for i, name in enumerate(names)}
    return {
        (place[source], place[target])
        for source in blueprint.reached_stages()
        for target, way in blueprint.route[source].items()
        if way.probability > 0 and target in place
    }
