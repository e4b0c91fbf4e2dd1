"""The same questions asked of each stage: flow, errors by origin, waiting, work (model.md 2.0, 2.4, 2.6)."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.measures.hours import stage_utilisation
from analysis.measures.internal import handoff_quality
from analysis.measures.measured import Measured
from sim.tables import FIRST_WORK, REWORK

Array = np.ndarray[Any, Any]


def measures_of_stages(measured: Measured) -> dict[str, dict[str, float]]:
    """Stage name -> measure -> value, in the order of the chain; NaN where nothing can be said (a stage not visited).

    flow: visits per measured order. failures: errors made at the stage that reached a customer, per 1000 orders.
    errors_per_visit: errors made there per visit. queue_mean: of the measured orders, those that wait there on average
    over the window, by Little's law (visits an hour x waiting). waiting_mean, service_mean: h per visit. utilisation:
    of the pools that serve the stage at the end of the run, over the whole window. rework_share: rework among its
    visits.
    out_of_control_share: first-work visits begun while a special cause acted. isq: internal service quality (%) of
    what it receives, mean over its suppliers. All but utilisation over measured orders; of a journal of summaries
    there is utilisation alone.
    """
    names, utilisation = measured.journal.plan.stage_names, stage_utilisation(measured.journal)
    if not measured.journal.is_full:
        return {name: {"utilisation": float(utilisation[i])} for i, name in enumerate(names)}
    visits, errors, orders = measured.visits, measured.errors, measured.orders
    stage, first = visits["stage"], visits["kind"] == FIRST_WORK

    def count(of: Array, weights: Array | None = None) -> Array:
        return np.bincount(of, weights=weights, minlength=len(names))

    made, done = count(errors["stage"]), count(stage)
    waited = count(stage, visits["began"] - visits["arrived"])
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "flow": done / np.float64(len(orders)),
            "failures": 1000.0 * count(errors["stage"][errors["reached"] > 0]) / np.float64(len(orders)),
            "errors_per_visit": made / done,
            "queue_mean": waited / (measured.journal.window[1] - measured.journal.window[0]),
            "waiting_mean": waited / done,
            "service_mean": count(stage, visits["ended"] - visits["began"]) / done,
            "utilisation": utilisation,
            "rework_share": count(stage[visits["kind"] == REWORK]) / done,
            "out_of_control_share": count(stage[first], visits["out_of_control"][first]) / count(stage[first]),
            "isq": _received_quality(measured),
        }
    return {name: {key: float(column[i]) for key, column in columns.items()} for i, name in enumerate(names)}


def _received_quality(measured: Measured) -> Array:
    """ISQ (%) of each stage as a receiver, mean over the handoffs that lead to it: shape (stages,), NaN for none."""
    received: list[list[float]] = [[] for _ in measured.journal.plan.stage_names]
    for (_, target), quality in handoff_quality(measured).items():
        received[target].append(quality)
    return np.array([np.mean(levels) if levels else np.nan for levels in received])
