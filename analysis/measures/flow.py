"""Time: lead times of orders, and the hours of staff (model.md 2.0, 2.10)."""

from __future__ import annotations

import math

import numpy as np

from analysis.measures.capability import capability
from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, ratio

FLOW_METRICS = (
    Metric("lead_time_mean", "Lead time, mean", "h", "lower", "flow"),
    Metric("lead_time_p95", "Lead time, 95th percentile", "h", "lower", "flow"),
    Metric("lead_time_sd", "Lead time, standard deviation", "h", "lower", "flow"),
    Metric("late_share", "Orders later than promised", "share", "lower", "flow"),
    Metric("capability", "Capability of lead time (C_pu)", "", "higher", "flow"),
    Metric("waiting_time_mean", "Time in queues per order", "h", "lower", "flow"),
    Metric("utilisation_mean", "Utilisation of staff on the line", "share", "", "flow"),
    Metric("orders_completed", "Orders completed", "orders", "higher", "flow"),
    Metric("hours_paid", "Hours paid", "h", "", "flow"),
    Metric("hours_worked", "Hours worked", "h", "", "flow"),
    Metric("hours_off_line", "Hours off the line", "h", "", "flow"),
    Metric("hours_absent", "Hours absent", "h", "", "flow"),
    Metric("hours_idle", "Hours idle", "h", "", "flow"),
    Metric("overtime", "Hours of overtime (part of hours worked)", "h", "", "flow"),
)
_ROUNDING = 1e-10  # share of the squared mean below which a variance from sums is rounding


def flow_measures(measured: Measured) -> dict[str, float]:
    """Lead and queueing times (h) of measured orders, and staff hours inside the measured window.

    Lead time runs from placement to delivery. The standard deviation is that of a sample, from sums; the percentile
    interpolates between order statistics; percentile and capability need single orders. Utilisation is hours worked
    over hours paid less those off the line and absent, all staff and the whole window together, so it is right while
    capacity changes. hours_paid = hours_worked + hours_idle + hours_off_line + hours_absent.
    """
    totals, lead, hours, count = measured.totals, measured.lead_times, measured.hours, measured.delivered
    return {
        "lead_time_mean": ratio(totals["lead_hours"], count),
        "lead_time_p95": float(np.percentile(lead, 95)) if len(lead) else math.nan,
        "lead_time_sd": sd_from_sums(count, float(totals["lead_hours"]), float(totals["lead_square"])),
        "late_share": ratio(totals["late"], count),
        "capability": capability(lead, measured.orders["promised"]),
        "waiting_time_mean": ratio(totals["waited"], count),
        "utilisation_mean": hours.utilisation,
        "orders_completed": float(count),
        "hours_paid": hours.paid,
        "hours_worked": hours.worked,
        "hours_off_line": hours.off_line,
        "hours_absent": hours.absent,
        "hours_idle": hours.idle,
        "overtime": hours.overtime,
    }


def sd_from_sums(count: int, total: float, square: float) -> float:
    """Standard deviation of a sample from its sum and sum of squares; NaN below two values, 0 where all are equal."""
    if count < 2:
        return math.nan
    variance = square / count - (total / count) ** 2
    if variance <= _ROUNDING * square / count:
        return 0.0
    return math.sqrt(variance * count / (count - 1))
