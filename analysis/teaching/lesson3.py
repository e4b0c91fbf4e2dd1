"""Lesson 3, moments of truth: perception rises and falls with what a customer meets, and expectation follows it."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from analysis.teaching.events import delivered_in, stage_names
from analysis.teaching.lesson import Lesson, rounded, run
from analysis.teaching.sliders import LONGEST, History, Settings, Slider
from scenarios.config import load_blueprint
from sim.blueprint import DIMENSIONS, Blueprint
from sim.blueprint.rules import Horizon
from sim.journal import Journal

WEEK = 40.0  # h

SLIDERS = (
    Slider("promise", "Promised level", 0.6, 1.0, 0.01, 0.85, "",
           "What customers are told to expect (0 to 1). It moves what they predict, not what they get."),
    Slider("lead_time", "Promised lead time", 12, 72, 1, 36, "h", "Later than this counts as late.", whole=True),
    Slider("error", "Errors per visit", 0.0, 0.05, 0.001, 0.01, "share", "The chance that a stage makes an error."),
    Slider("time", "Time of a visit", 0.5, 1.2, 0.05, 1.0, "times", "Below 1 the same work is done faster."),
    Slider("customer", "Customer", 0, 479, 1, 7, "", "Whose perception is drawn. It changes nothing.", whole=True),
)  # fmt: skip


@cache
def _system() -> Blueprint:
    return load_blueprint("order_to_delivery", ["system.layers=[0,1,3]"])


def build(settings: Settings, hours: float) -> Blueprint:
    system = _system()
    stages = {
        name: replace(
            stage, error=replace(stage.error, p=settings["error"]), service=stage.service.scaled(settings["time"])
        )
        for name, stage in system.stages.items()
    }
    promise = replace(system.promise, level=settings["promise"], lead_time=settings["lead_time"])
    return replace(system, stages=stages, promise=promise, horizon=Horizon(0.0, hours))


def _runs_of(history: History) -> History:
    """The history without the choice of whom to look at: that makes no other run."""
    return tuple((time, {k: v for k, v in s.items() if k != "customer"}) for time, s in history)


def answer(history: History, seed: int, since: float, until: float) -> dict[str, Any]:
    journal = run(build, _runs_of(history), seed, until)
    customer = int(history[-1][1]["customer"])
    return {
        "stages": stage_names(journal),
        "dimensions": list(DIMENSIONS),
        "customer": customer,
        "orders": _orders(journal, customer, since, until),
        "moments": _moments(journal, customer, since, until),
        "weeks": weeks(journal, until),
        "closed_form": {},
        "numbers": numbers(history, seed, until),
    }


def _orders(journal: Journal, customer: int, since: float, until: float) -> list[dict[str, Any]]:
    """The customer's orders delivered in (since, until]: levels per dimension, and the weighted ones."""
    rows = journal["orders"]
    late = rows["delivered"] - rows["placed"] > rows["promised"]
    return [
        {
            "order": int(i), "placed": rounded(rows["placed"][i]), "delivered": rounded(rows["delivered"][i]),
            "errors": int(rows["errors"][i]), "late": bool(late[i]),
            **{name: [rounded(v) for v in rows[name][i]] for name in ("desired", "adequate", "predicted", "perceived")},
            "S": rounded(rows["S"][i]), "W": rounded(rows["W"][i]), "P": rounded(rows["P"][i]),
        }
        for i in delivered_in(journal, since, until) if rows["customer"][i] == customer
    ]  # fmt: skip


def _moments(journal: Journal, customer: int, since: float, until: float) -> list[dict[str, Any]]:
    """The customer's moments of truth in (since, until]: when, where (-1: the delivery), and what was seen."""
    rows = journal["moments"]
    mine = journal["orders"]["customer"][rows["order"]] == customer
    inside = (rows["time"] <= until) & ((rows["time"] > since) | (since == 0))
    chosen = np.flatnonzero(mine & inside)
    chosen = chosen[np.argsort(rows["time"][chosen], kind="stable")]
    return [
        {"time": rounded(rows["time"][i]), "order": int(rows["order"][i]), "stage": int(rows["stage"][i]),
         "wait": rounded(rows["wait"][i]), "seen": [rounded(v) for v in rows["seen"][i]]}
        for i in chosen
    ]  # fmt: skip


def weeks(journal: Journal, until: float) -> list[dict[str, Any]]:
    """Means over all customers, by week of delivery: desired S, predicted W, perceived P."""
    rows = journal["orders"]
    chosen = delivered_in(journal, 0.0, until)
    chosen = chosen[~np.isnan(rows["P"][chosen])]
    week = (rows["delivered"][chosen] // WEEK).astype(int)
    return [
        {"week": int(w), "orders": int((week == w).sum()),
         **{name: rounded(float(rows[name][chosen][week == w].mean())) for name in ("S", "W", "P")}}
        for w in np.unique(week)
    ]  # fmt: skip


def numbers(history: History, seed: int, until: float) -> dict[str, Any]:
    """Over the orders of all customers placed since the last change: service quality (ratio of means), the gap to what
    is desired and the surprise over what was predicted."""
    journal = run(build, _runs_of(history), seed, until)
    rows = journal["orders"]
    chosen = delivered_in(journal, 0.0, until)
    chosen = chosen[(rows["placed"][chosen] >= history[-1][0]) & ~np.isnan(rows["P"][chosen])]
    means = {k: float(rows[k][chosen].mean()) if len(chosen) else math.nan for k in ("S", "W", "P")}
    too_long = (rows["delivered"] - rows["placed"] > rows["promised"])[chosen]
    late = float(too_long.mean()) if len(chosen) else math.nan
    return {
        "since": history[-1][0], "orders": len(chosen), **{k: rounded(v, 6) for k, v in means.items()},
        "gap": rounded(means["P"] - means["S"], 6), "surprise": rounded(means["P"] - means["W"], 6),
        "service_quality": rounded(100 * means["P"] / means["S"], 4), "late": rounded(late, 6),
    }  # fmt: skip


assert LONGEST >= 40 * WEEK
LESSON = Lesson(
    3,
    "Moments of truth",
    "Promise less and customers are pleasantly surprised – for a while, since what they predict follows what they get. "
    "Do the same work in 0.7 of the time instead, and look which of the two still narrows the gap to what is desired.",
    SLIDERS,
    answer,
)
