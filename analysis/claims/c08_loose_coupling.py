"""C08: without an end-to-end owner loosely coupled chains fail and vary more; teams cure it (model.md 2.7, 3; E3, E4).

Borders lose information and time; teams and case owners mend borders and pay for it in breadth of skill and in hours
of agreeing. Regrouping is paid for in money, not in hours off the line, so that it is the structures that are compared.

Teams of four wait less on average than pairs of specialists, and yet the times of their orders spread more, which the
specification does not foresee. An order meets the queue of its one team ten times over, so its waits rise and fall
together (ten queues even each other out); customers fall to teams by lot, so some teams have more of them for good; and
hours of agreeing and slower all-rounders leave less slack when somebody is absent. Hence the number of teams, and of
customers at the same demand, are swept as well as who shares work in departments.

The variability of demand has no counterpart: orders of many customers are a Poisson stream however their own intervals
spread. The spread of service times is swept in its place.
"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.claims.claim import Claim, Condition, Finding, Floats, Tried, Values, joint
from analysis.claims.ratio import ratio_of_means
from scenarios.design import Range

SESOI = 0.05
TOLERANCE = 0.02  # rise of cost per right order that the claim may bring
DEPARTMENTS = {  # function -> its stages, as in conf/system/order_to_delivery.yaml; two people a stage
    "front_office": ("enquiry", "order_entry"),
    "order_processing": ("credit_check", "pricing", "scheduling"),
    "fulfilment": ("picking", "packing", "dispatch"),
    "delivery": ("delivery", "after_sale"),
}
ORDER_RATE = 2.5  # 1/h, whatever the number of customers
PEOPLE, WAGE, LIFE = 20, 25.0, 96.0  # -, cu/h, weeks over which a one-off is spread
_SERVICE = 0.6 / 0.75  # h of work per stage and unit of utilisation
_OWNER, _TEAM = "scenarios.owner.interventions.case_owner", "scenarios.teams.interventions.cross_functional_team"


def arms(values: Values) -> Mapping[str, Values]:
    """Departments as they are, with case owners, and cross-functional teams; the same people in all three."""
    kept, breadth, agreeing = (float(values[n]) for n in ("border_retention", "breadth", "coordination"))
    system = {
        "system.handoffs.border": {"retention": kept, "delay": {"kind": "exponential", "mean": values["border_delay"]}},
        "system.handoffs.inside.retention": values["inside_retention"],
        "system.handoffs.between.dispatch.delivery.batch": values["batch"],
        "system.stage_defaults.service.mean": _SERVICE * float(values["utilisation"]),
        "system.stage_defaults.service.cv": values["spread"],
        "system.arrivals.customers": values["customers"],
        "system.arrivals.interval": {**values["interval"], "mean": float(values["customers"]) / ORDER_RATE},
        "system.layers": values["layers"],
        "system.stage_defaults.special_cause.rate": values["special_rate"],
        "system.requirements.change_rate": values["change_rate"],
        **(_departments() if values["pooled"] == "department" else {}),
    }
    found, paid = float(values["found"]), float(values["regrouping"])
    return {
        "departments": {"scenario": "do_nothing", **system},
        "owner": {
            "scenario": "owner",
            **system,
            f"{_OWNER}.coordination": 0.6 * agreeing,  # .03 where teams take .05, as in the library
            f"{_OWNER}.detection": found,
            f"{_OWNER}.per_week": paid * PEOPLE * 8.0 * WAGE / LIFE,
        },
        "teams": {
            "scenario": "teams",
            **system,
            f"{_TEAM}.teams": values["teams"],
            f"{_TEAM}.skill_loss": breadth,
            f"{_TEAM}.coordination": agreeing,
            f"{_TEAM}.detection": found,
            f"{_TEAM}.retention": values["team_retention"],
            f"{_TEAM}.cost": paid * (10_000.0 + PEOPLE * 40.0 * WAGE),
        },
    }


def _departments() -> Values:
    """Everybody of a department shares its work, instead of two specialists a stage."""
    pool_of = {stage: function for function, stages in DEPARTMENTS.items() for stage in stages}
    return {
        "system.pools": {function: {"size": 2 * len(stages)} for function, stages in DEPARTMENTS.items()},
        **{f"system.stages.{stage}.pool": function for stage, function in pool_of.items()},
    }


def effect(tried: Tried) -> Finding:
    """The three conditions that the claim needs, and everything they are made of."""

    def cut(arm: str, metric: str) -> Floats:
        """How much lower than in departments, as a share of their mean."""
        usual = tried("departments", metric)
        return ratio_of_means(usual - tried(arm, metric), usual)

    parts: dict[str, Floats] = {}
    for arm, name in (("teams", "teams"), ("owner", "case owners")):
        parts[f"failures cut by {name}, share"] = cut(arm, "failure_share")
        parts[f"spread of lead time cut by {name}, share"] = cut(arm, "lead_time_sd")
        parts[f"mean lead time cut by {name}, share"] = cut(arm, "lead_time_mean")
        parts[f"rise of cost per right order with {name}, share"] = -cut(arm, "cost_per_right_order")
        parts[f"service quality with {name} higher by, points"] = tried(arm, "service_quality") - tried(
            "departments", "service_quality"
        )
        parts[f"hours paid with {name} against departments, share"] = -cut(arm, "hours_paid")
    conditions = (
        Condition("failures cut", parts["failures cut by teams, share"], SESOI),
        Condition("spread of lead time cut", parts["spread of lead time cut by teams, share"], SESOI),
        Condition("cost per right order cut", cut("teams", "cost_per_right_order"), -TOLERANCE),
    )
    return joint(conditions, SESOI, parts)


CLAIM = Claim(
    id="C08",
    statement="Without an end-to-end owner loosely coupled chains fail and vary more; cross-functional teams cure it",
    quote="no one person in the chain is responsible for overall performance",
    source="Christopher, Payne & Ballantyne 1991, working paper",
    design=(
        "Departments, departments with case owners, cross-functional teams: the same twenty people and demand, with "
        "staff dynamics and perception on, customers neither lost nor won. Regrouping is paid for in money. 96 weeks "
        "measured."
    ),
    metric="what teams cut against departments: failures, spread of lead time, cost per right order",
    unit="share of the level in departments",
    sesoi=SESOI,
    rule=(
        "Teams have failures and standard deviation of lead time lower by at least 5 %, and cost per right order "
        "higher by at most 2 %; all three are needed."
    ),
    reference=(
        "Pooling (Erlang C): 20 people in one pool wait 0.0193 h a visit, in pools of two 0.7714 h, at utilisation .75 "
        "and 0.6 h of exponential work."
    ),
    structural=(
        "That mended borders lose less information and time is built in, and so is the price in skill and hours; which "
        "of them weighs more is not."
    ),
    words=(
        "system=order_to_delivery",
        "scenario=[do_nothing]",
        "journal=summary",
        "system.layers=[0,1,2,3]",
        "system.horizon.measured=3840.0",
    ),
    reference_point={
        "border_retention": 0.95,
        "border_delay": 2.0,
        "breadth": 0.05,
        "coordination": 0.05,
        "utilisation": 0.75,
        "spread": 0.6,
        "pooled": "stage",
        "teams": 5,
        "customers": 480,
    },
    swing={
        "border_retention": Range(0.80, 0.99),
        "border_delay": Range(0.0, 8.0),
        "breadth": Range(0.0, 0.15),
        "coordination": Range(0.02, 0.10),
        "utilisation": Range(0.65, 0.85),
        "spread": Range(0.3, 1.2),
        "pooled": ("stage", "department"),
        "teams": (2, 5, 10),
        "customers": (480, 4800),
    },
    switches={
        "inside_retention": 0.99,
        "batch": 4,
        "layers": [0, 1, 2, 3],
        "special_rate": 0.002,
        "change_rate": 0.001,
        "found": 0.1,
        "team_retention": 0.995,
        "regrouping": 1.0,
        "interval": {"kind": "exponential"},
    },
    arms=arms,
    effect=effect,
    exact_null=True,
    null_words=(
        "lossless handoffs without delay or batches, no price in skill or hours, no staff dynamics, no special causes "
        "or changed requirements, work so short that nobody waits for anybody, and so many customers that nobody "
        "orders twice before the first order has come"
    ),
    caveats=(
        "Regrouping people changes the queues whatever the borders are: with lossless handoffs at utilisation .75 two "
        "large teams still spread less than departments. The null therefore has no queues either.",
        "Why the spread of lead time rises although teams wait less on average: an order meets the queue of its one "
        "team ten times over, so its waits rise and fall together, where ten queues even each other out; customers "
        "fall to teams by lot, so some teams have more of them for good; and hours of agreeing and slower all-rounders "
        "leave less slack when somebody is absent. The specification does not foresee it.",
        "The variability of demand has no counterpart: orders of many customers are a Poisson stream however their own "
        "intervals spread. The spread of service times, the number of teams and of customers are swept instead.",
    ),
    null={
        "border_retention": 1.0,
        "border_delay": 0.0,
        "inside_retention": 1.0,
        "batch": 1,
        "breadth": 0.0,
        "coordination": 0.0,
        "layers": [0, 1, 3],
        "special_rate": 0.0,
        "change_rate": 0.0,
        "found": 0.0,
        "team_retention": 1.0,
        "regrouping": 0.0,
        "utilisation": 0.0001,  # no queues: who shares them with whom cannot matter
        # No customer orders again before the last order has come, whatever the lead time: the same orders in all arms.
        "customers": 4800,
        "interval": {"kind": "gamma", "cv": 0.5},
        "teams": 2,
    },
    scenarios={
        "owner": {"interventions": {"case_owner": {"delay": 0.0, "hours": 0.0}}},
        "teams": {"interventions": {"cross_functional_team": {"delay": 0.0, "hours": 0.0}}},
    },
    replications=44,
    robust_replications=6,
)
