"""Time: lead times of orders, and the hours of staff (model.md 2.0, 2.10)."""

from __future__ import annotations

import math

import numpy as np

from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, mean, ratio

FLOW_METRICS = (
    Metric("lead_time_mean", "Lead time, mean", "h", "lower", "flow"),
    Metric("lead_time_p95", "Lead time, 95th percentile", "h", "lower", "flow"),
    Metric("lead_time_sd", "Lead time, standard deviation", "h", "lower", "flow"),
    Metric("late_share", "Orders later than promised", "share", "lower", "flow"),
    Metric("waiting_time_mean", "Time in queues per order", "h", "lower", "flow"),
    Metric("utilisation_mean", "Utilisation of staff on the line", "share", "", "flow"),
    Metric("orders_completed", "Orders completed", "orders", "higher", "flow"),
    Metric("hours_paid", "Hours paid", "h", "", "flow"),
    Metric("hours_worked", "Hours worked", "h", "", "flow"),
    Metric("hours_off_line", "Hours off the line", "h", "", "flow"),
    Metric("hours_idle", "Hours idle", "h", "", "flow"),
)


def flow_measures(measured: Measured) -> dict[str, float]:
    """Lead and queueing times (h) of measured orders, and staff hours inside the measured window.

    Lead time runs from placement to delivery. The standard deviation is that of a sample; the percentile
    interpolates between order statistics. Utilisation is hours worked over hours paid less hours off the line, all
    staff and the whole window together. hours_paid = hours_worked + hours_idle + hours_off_line.
    """
    orders, lead, hours = measured.orders, measured.lead_times, measured.hours
    return {
        "lead_time_mean": mean(lead),
        "lead_time_p95": float(np.percentile(lead, 95)) if len(lead) else math.nan,
        "lead_time_sd": float(lead.std(ddof=1)) if len(lead) > 1 else math.nan,
        "late_share": mean(lead > orders["promised"]),
        "waiting_time_mean": mean(orders["waited"]),
        "utilisation_mean": ratio(hours.worked_total, hours.paid_total - hours.off_line_total),
        "orders_completed": float(len(orders)),
        "hours_paid": hours.paid_total,
        "hours_worked": hours.worked_total,
        "hours_off_line": hours.off_line_total,
        "hours_idle": hours.idle_total,
    }
