"""Lesson 1, ten stages, one in a hundred: the share of orders with an error goes to 9.56 %, not to 11 %."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from analysis.compounding.closed_forms import errors_latched, share_affected
from analysis.experiments.ten_stage import share_interval
from analysis.teaching.chain import Link, chain
from analysis.teaching.events import (
    delivered_in,
    finds_of,
    handoffs_of,
    orders_of,
    reached_by_order,
    staff_of,
    stage_names,
    visits_of,
)
from analysis.teaching.lesson import Lesson, rounded, run
from analysis.teaching.sliders import History, Settings, Slider
from sim.blueprint import Blueprint

RATE = 2.5  # orders an hour
PRINTED = 0.11  # Christopher, Payne & Ballantyne 1991
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

SLIDERS = (
    Slider("stages", "Stages", 1, 20, 1, 10, "", "How many stages an order passes, one after another.", whole=True),
    Slider("p", "Errors per visit", 0.0, 0.1, 0.001, 0.01, "share", "The chance that a stage makes an error."),
    Slider("knock_on", "Knock-on", 1, 10, 0.5, 1, "times",
           "Once an order carries an error that nobody has found, later stages err so many times as often."),
    Slider("detection", "Found by the next stage", 0.0, 1.0, 0.05, 0.0, "share",
           "The chance that the next stage finds an error and puts it right."),
)  # fmt: skip


def build(settings: Settings, hours: float) -> Blueprint:
    links = [Link() for _ in range(int(settings["stages"]))]
    return chain(
        links, rate=RATE, p=settings["p"], knock_on=settings["knock_on"], detection=settings["detection"], hours=hours
    )


def closed_form(settings: Settings) -> dict[str, Any]:
    """The share of orders in which an error is made, and errors per order, of the settings as they are now.

    The share is 1 - (1 - p)^n whatever the knock-on is: that only adds errors to orders that have one (V5); where
    errors are found and put right, the knock-on acts for a shorter time and errors per order have no closed form here.
    """
    n, p, k = int(settings["stages"]), settings["p"], settings["knock_on"]
    plain = settings["detection"] == 0.0 and k * p <= 1.0
    return {
        "share": share_affected(p, n),
        "errors": errors_latched(p, n, k) if plain else None,
        "printed": PRINTED,
        "formula": f"1 − (1 − {p:g}){str(n).translate(_RAISED)}",
    }


def answer(history: History, seed: int, since: float, until: float) -> dict[str, Any]:
    journal = run(build, history, seed, until)
    return {
        "stages": stage_names(journal),
        "staff": staff_of(journal),
        "visits": visits_of(journal, since, until),
        "handoffs": handoffs_of(journal, since, until),
        "finds": finds_of(journal, since, until),
        "orders": orders_of(journal, since, until),
        "closed_form": closed_form(history[-1][1]),
        "numbers": numbers(history, seed, until),
    }


def numbers(history: History, seed: int, until: float) -> dict[str, Any]:
    """Of the orders placed since the last change and delivered until now: how many, how many of them with an error
    (made, and reaching the customer), the share with its 95 % interval, errors per order."""
    journal = run(build, history, seed, until)
    changed = history[-1][0]
    chosen = delivered_in(journal, 0.0, until)
    chosen = chosen[journal["orders"]["placed"][chosen] >= changed]
    errors = journal["orders"]["errors"][chosen]
    n, affected = len(chosen), int((errors > 0).sum())
    low, high = share_interval(affected, n) if n else (math.nan, math.nan)
    return {
        "since": changed,
        "orders": n,
        "affected": affected,
        "reached": int((reached_by_order(journal)[chosen] > 0).sum()),
        "share": rounded(affected / n if n else math.nan, 6),
        "low": rounded(low, 6),
        "high": rounded(high, 6),
        "errors_per_order": rounded(float(np.mean(errors)) if n else math.nan, 6),
    }


LESSON = Lesson(
    1,
    "Ten stages, one in a hundred",
    "To begin with, each of ten stages errs on one order in a hundred. Watch the share of orders with an error settle: "
    "does it go to the 11 % that was printed in 1991, or to 1\u00a0−\u00a00.99¹⁰ = 9.56\u00a0%?",
    SLIDERS,
    answer,
)
