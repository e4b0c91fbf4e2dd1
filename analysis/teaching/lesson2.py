"""Lesson 2, queues and handoffs: work waits where it varies, and where it crosses a border."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from analysis.teaching.chain import MEMBERS, SERVICE, Link, chain
from analysis.teaching.events import handoffs_of, orders_of, staff_of, stage_names, visits_of
from analysis.teaching.lesson import Lesson, rounded, run
from analysis.teaching.sliders import History, Settings, Slider
from sim.blueprint import Blueprint
from sim.blueprint.distribution import NO_TIME, Distribution
from sim.blueprint.flow import Handoff

FRONT, BACK = "front office", "back office"
FUNCTIONS = (FRONT, FRONT, BACK, BACK, BACK)

SLIDERS = (
    Slider("utilisation", "Utilisation", 0.3, 1.1, 0.01, 0.75, "share",
           "Share of their time that staff would be busy: above 1 the queues grow without end."),
    Slider("cv", "Variability of the work", 0.0, 2.0, 0.1, 1.0, "",
           "Standard deviation of the time of a visit over its mean: 0 is always the same."),
    Slider("batch", "Batch at the border", 1, 10, 1, 1, "orders",
           "So many orders are collected before they cross from front to back office.", whole=True),
    Slider("delay", "Delay at the border", 0.0, 8.0, 0.25, 0.0, "h",
           "Hours that a batch takes to cross, on average."),
)  # fmt: skip


def build(settings: Settings, hours: float) -> Blueprint:
    mean = settings["delay"]
    delay = Distribution("exponential", mean) if mean > 0 else NO_TIME
    border = Handoff(delay=delay, batch=int(settings["batch"]), border=True)
    links = [
        Link(function, border if i + 1 < len(FUNCTIONS) and FUNCTIONS[i + 1] != function else Handoff())
        for i, function in enumerate(FUNCTIONS)
    ]
    return chain(links, rate=settings["utilisation"] * MEMBERS / SERVICE, cv=settings["cv"], hours=hours)


def mean_wait(rho: float) -> float:
    """Mean wait (h) in a stage's queue when arrivals are Poisson and times exponential: M/M/2 (model.md 2.0, V10)."""
    if rho >= 1.0:
        return math.inf
    load = MEMBERS * rho
    busy = load**MEMBERS / math.factorial(MEMBERS) / (1 - rho)
    chance = busy / (sum(load**i / math.factorial(i) for i in range(MEMBERS)) + busy)
    return chance * SERVICE / (MEMBERS * (1 - rho))


def closed_form(settings: Settings) -> dict[str, Any]:
    """M/M/2 where the work is exponential and nothing waits for a batch; else None (there is none for this chain)."""
    plain = settings["cv"] == 1.0 and settings["batch"] == 1 and settings["utilisation"] < 1.0
    wait = mean_wait(settings["utilisation"]) if plain else math.nan
    rate = settings["utilisation"] * MEMBERS / SERVICE
    return {"wait": rounded(wait), "present": rounded(rate * (wait + SERVICE)), "batch_wait": rounded(_batch(settings))}


def _batch(settings: Settings) -> float:
    """Mean wait for a batch to be complete: (B - 1) / (2 lambda) (model.md 2.7, V15)."""
    return (settings["batch"] - 1) / (2 * settings["utilisation"] * MEMBERS / SERVICE)


def answer(history: History, seed: int, since: float, until: float) -> dict[str, Any]:
    journal = run(build, history, seed, until)
    return {
        "stages": stage_names(journal),
        "functions": list(FUNCTIONS),
        "staff": staff_of(journal),
        "visits": visits_of(journal, since, until),
        "handoffs": handoffs_of(journal, since, until),
        "orders": orders_of(journal, since, until),
        "closed_form": closed_form(history[-1][1]),
        "numbers": numbers(history, seed, until),
    }


def numbers(history: History, seed: int, until: float) -> dict[str, Any]:
    """Per stage, from time 0 until now: orders present on average (L, by area), arrivals an hour (lambda), and the mean
    sojourn W (h) of the visits that have ended. Little's law says L = lambda W; what is still there makes the
    difference, and it fades as time goes on."""
    visits = run(build, history, seed, until)["visits"]
    rows = []
    for stage in range(len(FUNCTIONS)):
        mine = visits[(visits["stage"] == stage) & (visits["arrived"] <= until)]
        ended = mine["ended"] <= until
        area = float(np.sum(np.where(ended, mine["ended"], until) - mine["arrived"]))
        sojourn = mine["ended"][ended] - mine["arrived"][ended]
        waits = mine["began"][ended] - mine["arrived"][ended]
        hours = until or math.nan
        mean = float(sojourn.mean()) if len(sojourn) else math.nan
        rows.append({
            "L": rounded(area / hours), "rate": rounded(len(mine) / hours), "W": rounded(mean),
            "rate_W": rounded(len(mine) / hours * mean),
            "wait": rounded(float(waits.mean()) if len(waits) else math.nan),
            "present": int((~ended).sum()), "waiting": int((~(mine["began"] <= until)).sum()),
        })  # fmt: skip
    return {"stages": rows}


LESSON = Lesson(
    2,
    "Queues and handoffs",
    "Push utilisation from 0.75 to 0.95 and wait: the queues grow far more than the work does. Then let the work vary "
    "less, or let orders cross the border one at a time.",
    SLIDERS,
    answer,
)
