"""Lesson 4, train or redesign: two programmes in all four combinations, their cost, and what overload does to them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np

from analysis.compare import spread
from analysis.measures import measure
from analysis.teaching.lesson import Lesson, rounded
from analysis.teaching.sliders import History, Slider
from scenarios.compose import compose_config
from scenarios.config import Settings as Study
from scenarios.config import settings_from
from scenarios.scenario import timeline
from sim.blueprint import Blueprint
from sim.simulate import check, simulate

ARMS = ("do_nothing", "frontline_training", "process_redesign", "training_with_redesign")
METRICS = ("service_quality", "gap", "cost_per_order", "profit", "failure_share", "lead_time_mean", "utilisation_mean")
MOST_REPLICATIONS = 200

SLIDERS = (
    Slider("demand", "Demand", 0.7, 1.3, 0.05, 1.0, "times",
           "How many customers there are, against the reference firm: at 1.3 staff are overloaded."),
    Slider("operator_share", "Errors that skill prevents", 0.05, 0.8, 0.05, 0.2, "share",
           "The part of all errors that is people's own; the rest is built into the process."),
    Slider("weeks", "Weeks measured", 12, 48, 12, 24, "weeks", "How long the programmes have to pay.", whole=True),
)  # fmt: skip


@cache
def _study() -> Study:
    return settings_from(compose_config([f"scenario=[{','.join(ARMS)}]", "system=order_to_delivery"]))


def _system(demand: float, operator_share: float, weeks: float) -> Blueprint:
    system = _study().blueprint
    stages = {
        name: replace(stage, error=replace(stage.error, operator_share=operator_share))
        for name, stage in system.stages.items()
    }
    customers = round(system.arrivals.customers * demand)
    hours = weeks * system.calendar.week
    return replace(
        system, stages=stages, arrivals=replace(system.arrivals, customers=customers),
        horizon=replace(system.horizon, measured=hours),
    )  # fmt: skip


@lru_cache(maxsize=2048)
def _replication(arm: int, demand: float, operator_share: float, weeks: float, seed: int, number: int) -> Any:
    study = _study()
    entries = timeline(_system(demand, operator_share, weeks), study.scenarios[arm], seed, number)
    journal = simulate(check(entries, allow_unstable=True), seed, number, journal="summary")
    measured = measure(journal)
    return tuple(float(measured.get(name, float("nan"))) for name in METRICS)


def answer(history: History, seed: int, since: float, until: float) -> dict[str, Any]:
    """Replications `since` to `until` - 1 of the four arms, and what all of them from 0 on say together.

    Only the last settings count: the question is another one after every change.
    """
    settings = history[-1][1]
    place = (settings["demand"], settings["operator_share"], settings["weeks"])
    last = min(int(until), MOST_REPLICATIONS)
    values = np.array(
        [[_replication(arm, *place, seed, r) for r in range(last)] for arm in range(len(ARMS))], dtype=float
    ).reshape(len(ARMS), last, len(METRICS))
    first = min(int(since), last)
    return {
        "arms": [name.replace("_", " ") for name in ARMS],
        "metrics": list(METRICS),
        "replications": [
            {"replication": first + i, "values": [[rounded(v, 6) for v in row] for row in values[:, first + i]]}
            for i in range(last - first)
        ],
        "closed_form": {},
        "numbers": numbers(values),
    }


def numbers(values: Any) -> dict[str, Any]:
    """Means with 95 % intervals of every arm, differences to doing nothing (paired), and the interaction: what both
    together do beyond the sum of each alone. `values`: shape (arms, replications, metrics)."""
    contrasts = {
        "training": values[1] - values[0],
        "redesign": values[2] - values[0],
        "both": values[3] - values[0],
        "interaction": values[3] - values[2] - values[1] + values[0],
    }
    return {
        "replications": int(values.shape[1]),
        "means": [_intervals(arm) for arm in values],
        "contrasts": {name: _intervals(rows) for name, rows in contrasts.items()},
    }


def _intervals(rows: Any) -> dict[str, list[float | None]]:
    """metric -> [mean, low, high]; rows of shape (replications, metrics)."""
    found = spread(rows.T)
    ends = (found.mean, found.low, found.high)
    return {name: [rounded(float(part[i]), 6) for part in ends] for i, name in enumerate(METRICS)}


LESSON = Lesson(
    4,
    "Train or redesign",
    "Each replication is the same stretch in the life of the same firm, lived four times. Which of the two closes the "
    "gap, which pays – and does training gain more where the process is redesigned as well? Then raise demand.",
    SLIDERS,
    answer,
)
