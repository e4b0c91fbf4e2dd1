"""Customers as a stock: who stays, who comes, why they leave, and what they are worth (model.md 2.8)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, ratio
from sim.tables import LOST, LOST_FINISHED

Array = np.ndarray[Any, Any]

_REASONS = {
    "failure": "after a failure that hurt",
    "abandoned": "after an order given up",
    "lateness": "after a late order",
    "shortfall": "after an order below adequate",
    "other": "with no complaint",
    "finished": "all orders had",
}
RELATIONSHIP_METRICS = (
    Metric("abandoned_share", "Orders given up while waiting", "share", "lower", "relationship"),
    Metric("retention", "Retention of customers a year", "share", "higher", "relationship"),
    Metric("active_customers", "Active customers at the end", "customers", "higher", "relationship"),
    Metric("customers_won", "Customers won", "customers", "higher", "relationship"),
    Metric("customers_lost", "Customers lost (those who had all their orders among them)", "customers", "",
           "relationship"),
    *(
        Metric(f"customers_lost_{reason}", f"Customers lost {_REASONS[reason]}", "customers",
               "" if reason in ("other", "finished") else "lower", "relationship")
        for reason in LOST
    ),
    Metric("customer_equity", "Customer equity at the end (sum of lifetime values)", "cu", "higher", "relationship"),
    Metric("lifetime_value", "Lifetime value of a customer", "cu", "higher", "relationship"),
    Metric("lost_lifetime_value", "Lifetime value lost with customers who left for cause", "cu", "lower",
           "relationship"),
    Metric("satisfaction_cumulative", "Cumulative satisfaction at the end", "level 0-1", "higher", "relationship"),
    Metric("praise", "Customers who spoke well of the firm", "talks", "higher", "relationship"),
    Metric("criticism", "Customers who spoke ill of the firm", "talks", "lower", "relationship"),
)  # fmt: skip


def may_give_up(measured: Measured) -> bool:
    """Whether customers may give up waiting: some are impatient, or some have."""
    segments = [s for blueprint in measured.journal.plan.blueprints for s in blueprint.segments.values()]
    impatient = any(segment.patience is not None or segment.balk_at > 0 for segment in segments)
    return bool(impatient or measured.totals["abandoned"] > 0)


def relationship_measures(measured: Measured) -> dict[str, float]:
    """Customers of the window; empty where layer 4 is off, but for orders given up where somebody may.

    `abandoned_share` is of the orders placed in the window; the rest is `customers_of` the window's books. Lost
    lifetime value is an opportunity, not cash: it is no part of profit.
    """
    plan, totals = measured.journal.plan, measured.totals
    values = {}
    if may_give_up(measured):
        values["abandoned_share"] = ratio(totals["abandoned"], totals["placed"])
    if plan.relationship_on:
        values |= customers_of(measured.weeks, measured.journal.blueprint.calendar.year)
    return values


def customers_of(weeks: Array, year: float) -> dict[str, float]:
    """Customers in some rows of the weekly books (one at least), a year having `year` h.

    Stocks - active customers, equity, cumulative satisfaction - are those at the end of the last row. Retention is
    exp(-(customers lost / customer-years)), with those left out who had come for a number of orders and have had them:
    it is a yearly share however long the period. Lost customers are counted by the first reason of LOST that held.
    """
    last = weeks[-1]
    lost = weeks["lost"].sum(axis=0)
    active = int(last["active"])
    rate = ratio(lost.sum() - lost[LOST_FINISHED], weeks["customer_hours"].sum() / year)
    return {
        "retention": math.exp(-rate),
        "active_customers": float(active),
        "customers_won": float(weeks["won"].sum()),
        "customers_lost": float(lost.sum()),
        **{f"customers_lost_{reason}": float(lost[code]) for code, reason in enumerate(LOST)},
        "customer_equity": float(last["equity"]),
        "lifetime_value": ratio(last["equity"], active),
        "lost_lifetime_value": float(weeks["lost_equity"].sum()),
        "satisfaction_cumulative": float(last["regard"]) if active else math.nan,
        "praise": float(weeks["praise"].sum()),
        "criticism": float(weeks["criticism"].sum()),
    }
