"""Money: what the measured window brought and cost, by class (model.md 2.10).

Basis. What belongs to an order - revenue, materials and inputs, transport, external failures - is that of the orders
placed in the window, whenever it fell due; wages, care, acquisition, replacement and exit costs are those of the window
itself. Wages are paid for hours, whatever is done in them, so the paid hours are divided among the classes and every
hour counts once. Profit is revenue less all classes, with nothing left over (V30).
"""

from __future__ import annotations

from collections.abc import Iterable

from analysis.measures.hours import inspectors_idle
from analysis.measures.loss import quadratic_loss
from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, mean, ratio
from sim.blueprint import COST_CLASSES, Spending

QUALITY_CLASSES = ("prevention", "appraisal", "internal_failure", "external_failure")

COST_METRICS = (
    Metric("profit", "Operating profit of the window", "cu", "higher", "cost"),
    Metric("revenue", "Revenue", "cu", "higher", "cost"),
    Metric("cost_per_order", "Cost per order", "cu/order", "lower", "cost"),
    Metric("cost_per_right_order", "Cost per order delivered without error", "cu/order", "lower", "cost"),
    Metric("cost_total", "Cost in the window", "cu", "lower", "cost"),
    Metric("cost_operating", "Operating cost", "cu", "", "cost"),
    Metric("cost_prevention", "Prevention cost", "cu", "", "cost"),
    Metric("cost_appraisal", "Appraisal cost", "cu", "", "cost"),
    Metric("cost_internal_failure", "Internal failure cost", "cu", "lower", "cost"),
    Metric("cost_external_failure", "External failure cost", "cu", "lower", "cost"),
    Metric("cost_capacity", "Capacity cost (idle, absent, overtime premium, replacement)", "cu", "", "cost"),
    Metric("cost_market", "Market cost (acquisition, care)", "cu", "", "cost"),
    Metric("cost_of_quality", "Quality cost (prevention, appraisal, failures)", "cu", "lower", "cost"),
    Metric("cost_of_quality_share", "Quality cost as a share of revenue", "share of revenue", "lower", "cost"),
    Metric("taguchi_loss", "Quadratic loss of lead time", "cu/order", "lower", "cost"),
    Metric("goal_post_loss", "Goal-post loss of lead time", "cu/order", "lower", "cost"),
)


def cost_measures(measured: Measured) -> dict[str, float]:
    """Revenue, cost classes of the measured window (cu), their sum, profit, cost per order, and losses of lead time.

    Prices and programmes are those in force at the end of the run (revenue and materials: at the time). Cost per order
    divides by measured orders delivered; a right order is one that no error reached the customer with. `cost_total` is
    the sum of the classes in the order of COST_CLASSES, `profit` the revenue less that. The quadratic loss needs
    single orders.
    """
    totals, delivered = measured.totals, measured.delivered
    limit = measured.journal.blueprint.costs.loss_at_limit
    classes = cost_classes(measured)
    total, revenue = sum(classes.values()), float(totals["revenue"])
    quality = sum(classes[name] for name in QUALITY_CLASSES)
    return {
        "profit": revenue - total,
        "revenue": revenue,
        "cost_per_order": ratio(total, delivered),
        "cost_per_right_order": ratio(total, delivered - int(totals["failed"])),
        "cost_total": total,
        **{f"cost_{name}": cost for name, cost in classes.items()},
        "cost_of_quality": quality,
        "cost_of_quality_share": ratio(quality, revenue),
        "taguchi_loss": mean(quadratic_loss(measured.lead_times, 0.0, measured.orders["promised"], limit)),
        "goal_post_loss": ratio(limit * totals["late"], delivered),  # each late order loses `limit`
    }


def cost_classes(measured: Measured) -> dict[str, float]:
    """Cost of the measured window by class (cu): wages of all paid hours, and what comes on top of them.

    The premium of overtime, (overtime_rate - 1) wages an hour, is the price of hands that were missing in the shifts,
    so it belongs to capacity; the wage itself goes with the work that was done in the hour.
    """
    blueprint, totals, weeks = measured.journal.blueprint, measured.totals, measured.weeks
    costs = blueprint.costs
    classes = programme_cost(
        blueprint.spending, measured.journal.window, costs.investment_life, blueprint.calendar.week
    )
    for name, hours in hours_by_class(measured).items():
        classes[name] += hours * costs.wage
    classes["operating"] += float(totals["materials"] + totals["transport"])
    classes["prevention"] += float(weeks["exit_cost"].sum())
    classes["external_failure"] += float(totals["external_cost"])
    classes["capacity"] += measured.hours.overtime * (costs.overtime_rate - 1.0) * costs.wage
    classes["capacity"] += float(weeks["replacement"].sum())
    classes["market"] += float(weeks["acquisition"].sum() + weeks["care"].sum())
    return classes


def hours_by_class(measured: Measured) -> dict[str, float]:
    """Paid hours of the window by cost class (h); their sum is all paid hours.

    Off the line is prevention. Appraisal: the hours on the line, idle ones too, of pools that serve appraisal stages
    only; elsewhere the visits to appraisal stages and the checking in other visits. Internal failure: rework visits and
    clarifications. Capacity: all other idle hours, and those of absence. The rest, work that adds value, is operating.
    """
    hours = measured.hours
    appraisal = hours.inspection_hours + hours.checking_hours
    failed = hours.rework_hours + hours.clarification_hours
    capacity = hours.idle - inspectors_idle(measured.journal) + hours.absent
    return {
        "operating": hours.paid - hours.off_line - appraisal - failed - capacity,
        "prevention": hours.off_line,
        "appraisal": appraisal,
        "internal_failure": failed,
        "external_failure": 0.0,
        "capacity": capacity,
        "market": 0.0,
    }


def programme_cost(
    spending: Iterable[Spending], window: tuple[float, float], life: float, week: float
) -> dict[str, float]:
    """What programmes cost in the window, by class (cu); `window` in h, `life` of an investment in weeks of `week` h.

    Weekly money runs from the programme's start, or the window's if that is later, to the window's end. A one-off is
    spread evenly over `life`: the window bears (its weeks / life) of it, at most all. A programme that
    starts after the window costs nothing in it.
    """
    start, end = window
    charged = min(1.0, (end - start) / week / life)
    classes = dict.fromkeys(COST_CLASSES, 0.0)
    for programme in spending:
        if programme.start < end:
            weeks = (end - max(programme.start, start)) / week
            classes[programme.cost_class] += programme.per_week * weeks + programme.one_off * charged
    return classes
