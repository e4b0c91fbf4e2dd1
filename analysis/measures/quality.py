"""Errors: how many orders and customers they hit, where they come from, what is caught (model.md 1.7, 2.6, 2.2.5)."""

from __future__ import annotations

from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, ratio
from sim.tables import CAUSES

QUALITY_METRICS = (
    Metric("failure_share", "Orders reaching the customer with an error", "share", "lower", "quality"),
    Metric("errors_per_order", "Errors made per order", "per order", "lower", "quality"),
    Metric("attempts", "Failed attempts per good output", "per good order", "lower", "quality"),
    Metric("rework_share", "Orders that needed rework", "share", "lower", "quality"),
    Metric("detected_share", "Errors detected before delivery", "share of errors", "higher", "quality"),
    Metric("complaint_share", "Orders with a complaint", "share", "lower", "quality"),
    Metric("recovered_share", "Complaints answered with a recovery", "share of complaints", "higher", "quality"),
    *(
        Metric(f"errors_{cause}", f"Errors per order: {cause.replace('_', ' ')}", "per order", "lower", "quality")
        for cause in CAUSES
    ),
)


def quality_measures(measured: Measured) -> dict[str, float]:
    """Shares (0-1) of orders and errors, and errors per order in all and by cause; NaN where nothing can be said.

    An order fails when at least one of its errors reaches the customer, noticed or not. `attempts` is F/(1 - F), the
    failures per good output (1.7 M2). Detected means found by the maker, the next stage or an inspector; a recovery is
    counted against complaints, of which an order may have several.
    """
    totals, count = measured.totals, measured.delivered
    return {
        "failure_share": ratio(totals["failed"], count),
        "errors_per_order": ratio(totals["errors"], count),
        "attempts": ratio(totals["failed"], count - int(totals["failed"])),
        "rework_share": ratio(totals["reworked"], count),
        "detected_share": ratio(totals["found"], totals["errors"]),
        "complaint_share": ratio(totals["complaining"], count),
        "recovered_share": ratio(totals["recovered"], totals["complaints"]),
        **{f"errors_{cause}": ratio(totals["causes"][code], count) for code, cause in enumerate(CAUSES)},
    }
