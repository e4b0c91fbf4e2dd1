"""C09: as quality goes up, cost comes down (model.md 2.10, 3; claims E8, E13).

Prevention effort e buys the error rate p(e) = p_min + (p0 - p_min) exp(-e/e0) at every stage. What errors cost -
rework, clarification, complaints, lost customers - comes out of the run; whether less of it pays for the effort is
open: it turns on the price e0 of prevention.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from analysis.claims.claim import Claim, Finding, Floats, Tried, Values
from scenarios.design import Range

WEEKS = 96.0
LOW, MOST = 0.35, 4.0  # efforts beside that for half the error rate, in units of e0; 4: all but 2 % of what can be had
FREE = {  # errors that cost nothing: no time, no money
    "system.rework.rework_time": 0.0,
    "system.information.clarification_time": 0.0,
    "system.costs.complaint_hours": 0.0,
    "system.costs.compensation": 0.0,
}


def optimal_effort(price: float, failure_cost: float, p0: float, p_min: float) -> float:
    """e* = e0 ln(b (p0 - p_min) / e0) where that is positive, else 0 (model.md C09, V29): least of e + b p(e).

    `price` is e0 and `failure_cost` b, what an error rate of 1 would cost; effort is counted in cu a week (a = 1).
    """
    saved = failure_cost * (p0 - p_min)
    return price * math.log(saved / price) if saved > price else 0.0


def effort_for_half(floor: float) -> float:
    """Effort, in units of e0, at which the error rate is p0/2; `floor` is p_min/p0, below one half."""
    return math.log((1.0 - floor) / (0.5 - floor))


def arms(values: Values) -> Mapping[str, Values]:
    """No effort, a little, the effort that halves the error rate, and the most."""
    half = effort_for_half(float(values["floor"]))
    efforts = {"none": 0.0, "low": LOW, "half": half, "most": MOST}
    return {name: at_effort(values, effort) for name, effort in efforts.items()}


def at_effort(values: Values, effort: float) -> Values:
    """The arm with this prevention effort (in units of e0): the share of errors it prevents, and its weekly cost."""
    floor = float(values["floor"])
    inside = "scenarios.prevention.interventions.fail_safing"
    return {
        "scenario": "prevention",
        "system.costs.compensation": values["compensation"],
        "system.layers": [0, 1, 2, 3, 4] if values["customers_leave"] else [0, 1, 2, 3],
        **({} if values["errors_cost"] else FREE),
        f"{inside}.reduction": (1.0 - floor) * (1.0 - math.exp(-effort)),
        f"{inside}.per_week": float(values["price"]) * effort,
    }


def effect(tried: Tried) -> Finding:
    """Quality cost saved by halving the error rate, and where its least lies."""

    def per_order(arm: str, metric: str) -> Floats:
        return tried(arm, metric) / tried(arm, "orders_completed")

    def total(arm: str) -> Floats:
        """Prevention, appraisal and failures; with lost lifetime value where customers can leave (cu/order)."""
        lost = per_order(arm, "lost_lifetime_value") if leave else 0.0
        return per_order(arm, "cost_of_quality") + lost

    leave = "lost_lifetime_value" in tried.runs.metrics and bool(
        np.isfinite(tried("none", "lost_lifetime_value")).any()
    )
    saved = {
        "prevention (spent, so negative)": "cost_prevention",
        "internal failures": "cost_internal_failure",
        "external failures": "cost_external_failure",
        **({"lifetime value of customers lost for cause": "lost_lifetime_value"} if leave else {}),
        "all cost on the books, idle hours included": "cost_total",
    }
    parts = {f"saved: {name}, cu/order": per_order("none", m) - per_order("half", m) for name, m in saved.items()}
    parts["lead time shorter by, h"] = tried("none", "lead_time_mean") - tried("half", "lead_time_mean")
    parts["service quality higher by, points"] = tried("half", "service_quality") - tried("none", "service_quality")
    totals = {arm: total(arm) for arm in tried.arms}
    for arm, efforts in (("low", LOW), ("most", MOST)):
        parts[f"quality cost saved with {efforts:g} units of effort, cu/order"] = totals["none"] - totals[arm]
    means = {arm: float(np.mean(values)) for arm, values in totals.items()}
    best = min(means, key=lambda arm: means[arm])
    place = {
        "none": "no effort",
        "low": f"{LOW:g} units of effort",
        "half": "half the error rate",
        "most": f"{MOST:g} units of effort",
    }[best]
    note = (
        f"Of the efforts tried the least quality cost is at {place} ({means[best]:.2f} cu/order; none: "
        f"{means['none']:.2f}, most: {means['most']:.2f}): zero defects {'pays' if best == 'most' else 'does not pay'}."
    )
    price = float(np.mean(per_order("most", "cost_prevention") - per_order("none", "cost_prevention"))) / MOST
    if price <= 0.0:
        return Finding(totals["none"] - totals["half"], parts, (note,))
    avoidable = (means["none"] - means["most"] + MOST * price) / (1.0 - math.exp(-MOST))
    least = optimal_effort(price, avoidable, 1.0, 0.0) / price
    closed = (
        f"Were failure cost a straight line in the error rate, the {avoidable:.2f} cu/order that can be avoided "
        f"and the price of {price:.2f} would put the least at {least:.2f} units of effort."
    )
    return Finding(totals["none"] - totals["half"], parts, (note, closed))


CLAIM = Claim(
    id="C09",
    statement="As quality goes up, cost comes down",
    quote="As quality goes up, non-value wastes and time related costs come down",
    source="Christopher, Payne & Ballantyne 1991, working paper",
    design=(
        "Prevention effort at every stage: none, 0.35 units, what halves the error rate, 4 units. A unit of effort "
        "divides avoidable errors by 2.72 and costs 670 cu a week at the reference point, as the library's fail-safe "
        "devices would for such a cut. 96 weeks measured."
    ),
    metric="quality cost saved by halving the error rate (prevention, appraisal, failures, lost lifetime value)",
    unit="cu/order",
    sesoi=1.0,
    rule=(
        "Cost comes down if quality cost at half the error rate is lower by at least 1 cu an order (0.3 % of price)."
    ),
    reference="Additive costs e + b p(e): least at e* = e0 ln(b (p0 - p_min)/e0) if positive.",
    structural=(
        "That internal and external failure cost fall as errors fall is built in; whether this pays for prevention is "
        "not."
    ),
    words=(
        "system=order_to_delivery",
        "scenario=[do_nothing]",
        "journal=summary",
        f"system.horizon.measured={WEEKS * 40.0}",
    ),
    reference_point={"price": 670.0, "floor": 0.1, "compensation": 30.0, "customers_leave": True},
    swing={
        "price": Range(70.0, 7000.0, log=True),
        "floor": Range(0.0, 0.4),
        "compensation": Range(10.0, 1000.0, log=True),
        "customers_leave": (False, True),
    },
    switches={"errors_cost": True},
    arms=arms,
    effect=effect,
    null={"price": 0.0, "customers_leave": False, "errors_cost": False},
    exact_null=True,
    null_words="prevention for nothing, errors that cost neither time nor money, customers who do not leave",
    caveats=(
        "Four efforts instead of a full sweep of them; the specification's levels of external cost and of the floor "
        "are swept as ranges.",
    ),
    scenarios={"prevention": {"interventions": {"fail_safing": {"added_time": 0.0, "cost_per_stage": 0.0}}}},
    replications=38,
    robust_replications=4,
)
