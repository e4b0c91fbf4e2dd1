"""Money: what the measured window cost, by class (prevention, appraisal, failure), and Taguchi's loss (2.9, 2.10).

Wages are paid for hours, whatever is done in them, so the paid hours are divided among the classes and every hour
counts once; materials, external failures and programmes come on top.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from analysis.measures.hours import Pieces
from analysis.measures.measured import Measured
from analysis.measures.metric import Metric, mean, ratio
from sim.blueprint import COST_CLASSES, Spending
from sim.journal import Journal
from sim.tables import REWORK

HOURS_PER_WEEK = 40.0

COST_METRICS = (
    Metric("cost_per_order", "Cost per order", "cu/order", "lower", "cost"),
    Metric("cost_per_right_order", "Cost per order delivered without error", "cu/order", "lower", "cost"),
    Metric("cost_total", "Cost in the window", "cu", "lower", "cost"),
    Metric("cost_operating", "Operating cost", "cu", "", "cost"),
    Metric("cost_prevention", "Prevention cost", "cu", "", "cost"),
    Metric("cost_appraisal", "Appraisal cost", "cu", "", "cost"),
    Metric("cost_internal_failure", "Internal failure cost", "cu", "lower", "cost"),
    Metric("cost_external_failure", "External failure cost", "cu", "lower", "cost"),
    Metric("taguchi_loss", "Quadratic loss of lead time", "cu/order", "lower", "cost"),
    Metric("goal_post_loss", "Goal-post loss of lead time", "cu/order", "lower", "cost"),
)


def cost_measures(measured: Measured) -> dict[str, float]:
    """Cost classes of the measured window (cu), their sum, cost per order, and mean losses from lead time (cu).

    Prices and programmes are those in force at the end of the run. Orders are the measured ones; a right order is one
    that no error reached the customer with. `cost_total` is the sum of the classes in the order of COST_CLASSES.
    """
    orders, costs = measured.orders, measured.journal.blueprint.costs
    classes = cost_classes(measured)
    total = sum(classes.values())
    return {
        "cost_per_order": ratio(total, len(orders)),
        "cost_per_right_order": ratio(total, int((orders["reached"] == 0).sum())),
        "cost_total": total,
        **{f"cost_{name}": cost for name, cost in classes.items()},
        "taguchi_loss": mean(quadratic_loss(measured.lead_times, 0.0, orders["promised"], costs.loss_at_limit)),
        "goal_post_loss": mean(goal_post_loss(measured.lead_times, orders["promised"], costs.loss_at_limit)),
    }


def cost_classes(measured: Measured) -> dict[str, float]:
    """Cost of the measured window by class (cu): wages of all paid hours, materials, external failures, programmes."""
    blueprint = measured.journal.blueprint
    costs = blueprint.costs
    classes = programme_cost(blueprint.spending, measured.journal.window, costs.investment_life)
    for name, hours in hours_by_class(measured).items():
        classes[name] += hours * costs.wage
    classes["operating"] += costs.materials * len(measured.orders) + transport_cost(measured.journal)
    classes["external_failure"] += float(measured.errors["external_cost"].sum())
    return classes


def transport_cost(journal: Journal) -> float:
    """Cost of the batches handed over in the window (cu): every order bears its share of a full batch's trip."""
    start, end = journal.window
    starts = np.array(journal.plan.starts)
    handoffs = journal["handoffs"]
    epoch = np.searchsorted(starts, handoffs["left"], side="right") - 1
    names = journal.plan.stage_names
    total = 0.0
    for number, blueprint in enumerate(journal.plan.blueprints):
        for source, ways in blueprint.route.items():
            for target, way in ways.items():
                if way.batch_cost > 0.0:
                    here = (epoch == number) & (handoffs["left"] >= start) & (handoffs["left"] < end)
                    here &= handoffs["source"] == names.index(source)
                    total += (
                        float((here & (handoffs["target"] == names.index(target))).sum()) * way.batch_cost / way.batch
                    )
    return total


def hours_by_class(measured: Measured) -> dict[str, float]:
    """Paid hours of the window by cost class (h); their sum is all paid hours.

    Off the line is prevention. Appraisal: all other hours, idle ones too, of pools that serve appraisal stages only;
    elsewhere the visits to appraisal stages and the checking in other visits. Internal failure: rework visits and
    clarifications. The rest, idle time included, is operating.
    """
    journal, hours = measured.journal, measured.hours
    inspecting = inspecting_pools(journal)
    off_line, worked = hours.off_line, hours.worked
    inspectors_off = off_line.hours[inspecting[off_line.epoch, off_line.pool]].sum()
    checked, failed = _visits_by_class(journal, worked, ~inspecting[worked.epoch, worked.pool])
    prevention = hours.off_line_total
    appraisal = float(hours.paid[inspecting].sum() - inspectors_off) + checked
    return {
        "operating": hours.paid_total - prevention - appraisal - failed,
        "prevention": prevention,
        "appraisal": appraisal,
        "internal_failure": failed,
        "external_failure": 0.0,
    }


def _visits_by_class(journal: Journal, worked: Pieces, chosen: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Hours of the chosen pieces of visits that are appraisal, and that are internal failure.

    A piece of a visit holds its share of that visit's checking and clarification.
    """
    row, hours = worked.row[chosen], worked.hours[chosen]
    visits = journal["visits"]
    inspection = appraisal_stages(journal)[visits["stage"][row]]
    rework = (visits["kind"][row] == REWORK) & ~inspection
    first = ~(inspection | rework)
    part = hours / (visits["ended"][row] - visits["began"][row])
    checking = (visits["checking"][row] * part)[first].sum()
    clarification = (visits["clarification"][row] * part)[first].sum()
    return float(hours[inspection].sum() + checking), float(hours[rework].sum() + clarification)


def appraisal_stages(journal: Journal) -> np.ndarray[Any, Any]:
    """Whether a stage only inspects: shape (stages,), bool."""
    stages = {name: stage for blueprint in journal.plan.blueprints for name, stage in blueprint.stages.items()}
    return np.array([stages[name].appraisal for name in journal.plan.stage_names], dtype=bool)


def inspecting_pools(journal: Journal) -> np.ndarray[Any, Any]:
    """Whether a pool serves appraisal stages and no others: shape (epochs, pools), bool."""
    serves = np.zeros((2, len(journal.plan.starts), len(journal.plan.pool_names)), dtype=bool)  # other, appraisal
    place = {name: i for i, name in enumerate(journal.plan.pool_names)}
    for epoch, blueprint in enumerate(journal.plan.blueprints):
        for stage in blueprint.stages.values():
            serves[int(stage.appraisal), epoch, place[stage.pool]] = True
    return np.asarray(serves[1] & ~serves[0])


def programme_cost(spending: Iterable[Spending], window: tuple[float, float], life: float) -> dict[str, float]:
    """What programmes cost in the window, by class (cu); `window` in h, `life` of an investment in weeks.

    Weekly money runs from the programme's start, or the window's if that is later, to the window's end. A one-off is
    spread evenly over `life`: the window bears (its weeks / life) of it, at most all. A programme that
    starts after the window costs nothing in it.
    """
    start, end = window
    charged = min(1.0, (end - start) / HOURS_PER_WEEK / life)
    classes = dict.fromkeys(COST_CLASSES, 0.0)
    for programme in spending:
        if programme.start < end:
            weeks = (end - max(programme.start, start)) / HOURS_PER_WEEK
            classes[programme.cost_class] += programme.per_week * weeks + programme.one_off * charged
    return classes


def quadratic_loss(
    y: np.ndarray[Any, Any], target: float, limit: np.ndarray[Any, Any] | float, loss_at_limit: float
) -> np.ndarray[Any, Any]:
    """Taguchi's loss k_T (y - target)^2 with k_T = loss_at_limit / limit^2 (cu; shape of y; model.md 2.9).

    `limit` is how far from the target the loss amounts to `loss_at_limit`. The mean is k_T (sigma^2 + (mu - target)^2).
    """
    return np.asarray(loss_at_limit / np.square(limit) * np.square(y - target))


def goal_post_loss(
    y: np.ndarray[Any, Any], limit: np.ndarray[Any, Any] | float, loss_at_limit: float
) -> np.ndarray[Any, Any]:
    """The step loss of a tolerance: nothing up to the limit, `loss_at_limit` beyond it (cu; shape of y; 2.9)."""
    return np.where(y > limit, loss_at_limit, 0.0)
