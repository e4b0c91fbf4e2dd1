"""C06: managing expectations against performing better (model.md 2.1, 2.3, section 3).

Two gaps are called "the gap". Against what customers *predict* (W) both courses fade alike, because W learns from what
is experienced: D_t = -(1 - alpha) (1 - lam_W (1 - alpha))^t (W_0 - X) is the same whether W_0 is lowered or X raised.
So the equivalence test on disconfirmation that model.md names is passed by two effects that are both gone: it is
reported as a part. The verdict is on the gap to what customers *desire* (S), which W does not enter; there a lower
promise acts only through assimilation (alpha W, downwards) and through the promised lead time (lateness). A margin in
points would be vacuous there, since better service itself closes little of that gap: so what counts is how much of the
effect of better service the lower promise keeps, and that it does better than doing nothing.

Better service keeps and draws customers while the staff stays what it is: orders wait longer and the gain is largely
eaten up. Where customers neither come nor go the whole gain stays, so the verdict turns on that and on spare capacity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from analysis.claims.by_quarter import by_quarter
from analysis.claims.claim import Claim, Condition, Finding, Floats, Tried, Values, joint
from analysis.measures import measure as usual_measure
from scenarios.design import Range
from sim.journal import Journal

_LEVEL = 0.08  # points by which the promised level falls or rises
_LEAD_TIME = 0.8  # x on the promised lead time of the higher promise; the lower one is made by its reciprocal
_ASSURANCE = 0.19  # weight of the dimension in which the better service is better
_IN_USE = 0.97  # of a skill that is trained anew every month: mean share in use (Saks & Belcourt curve)
_STAY = 0.80  # yearly retention that the replacement of customers is scaled from
_COME_AND_GO = ("retention", "purchase_pace", "word_of_mouth", "acquisition")
_LATE = ("q5", "q6", "q7", "q8")
KEPT = 0.5  # share of the effect of better service that "as well as" needs at least (A)
SESOI = 0.001  # a tenth of a point of service quality: below that nothing is closed


def with_quarters(journal: Journal) -> dict[str, float]:
    """The usual metrics and those of every quarter."""
    return {**usual_measure(journal), **by_quarter(journal)}


def arms(values: Values) -> Mapping[str, Values]:
    """Four courses with the same draws; `size` scales all of them (0: nothing is changed)."""
    size = values["size"]
    stay = _STAY ** values["replacement"]
    shared = {
        "system.segment_defaults.expectations.learning": values["learning"],
        "system.segment_defaults.expectations.ratchet": values["ratchet"],
        "system.perception.assimilation": values["assimilation"],
        "system.perception.halo": values["halo"],
        "system.perception.lateness": values["lateness"],
        "system.promise.lead_time": values["promised_hours"],
        "system.arrivals.interval.mean": 144.0 / values["utilisation"],  # h: 480 customers, 0.6 h, two a stage
        "system.word_of_mouth.trial_slope": values["trial_slope"],
        "system.segments.key_accounts.prospects": 0.72 * values["replacement"],
        "system.segments.businesses.prospects": 3.0 * values["replacement"],
        "system.relationship.retention_base": _logit(stay) - _logit(_STAY),
    }
    if values["customers"] == "stay":
        shared |= {f"system.switches.{mechanism}": False for mechanism in _COME_AND_GO}
    gain = size * _LEVEL * 0.4 / (_ASSURANCE * _IN_USE)  # moves X by what the promise moves W: its weight is 0.4
    return {
        "as it is": {"scenario": "do_nothing", **shared},
        "lower promise": {"scenario": "lower_promise", **shared, **_promise("lower_promise", -size, 1 / _LEAD_TIME)},
        "better service": {
            "scenario": "better_service", **shared, "scenarios.better_service.interventions.training.gain": gain,
        },
        "higher promise": {"scenario": "higher_promise", **shared, **_promise("higher_promise", size, _LEAD_TIME)},
    }  # fmt: skip


def _promise(scenario: str, size: float, lead_time: float) -> Values:
    where = f"scenarios.{scenario}.interventions.promise"
    return {f"{where}.level": size * _LEVEL, f"{where}.lead_time": lead_time ** abs(size)}


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def effect(tried: Tried) -> Finding:
    """What the lower promise closes of the gap, by itself and beside half of the better service (level in [0, 1])."""

    def change(arm: str, metric: str) -> Floats:
        return tried(arm, metric) - tried("as it is", metric)

    def late(arm: str, metric: str) -> Floats:
        return np.asarray(np.mean([change(arm, f"{metric}_{quarter}") for quarter in _LATE], axis=0))

    parts: dict[str, Floats] = {}
    for arm in ("lower promise", "better service"):
        parts[f"Gap to desired closed by {arm}, quarters 5-8"] = late(arm, "gap")
        parts[f"Disconfirmation raised by {arm}, quarter 1"] = change(arm, "disconfirmation_q1")
        parts[f"Disconfirmation raised by {arm}, quarters 5-8"] = late(arm, "disconfirmation")
    parts["Disconfirmation: lower promise less better service, quarters 5-8 (equivalence within 0.01)"] = late(
        "lower promise", "disconfirmation"
    ) - late("better service", "disconfirmation")
    for arm in ("lower promise", "better service", "higher promise"):
        parts[f"Customer equity, {arm} (cu)"] = change(arm, "customer_equity")
        parts[f"Customers won, {arm}"] = change(arm, "customers_won")
        parts[f"Active customers at the end, {arm}"] = change(arm, "active_customers")
        parts[f"Lead time, {arm} (h)"] = change(arm, "lead_time_mean")
    lower, better = late("lower promise", "gap"), late("better service", "gap")
    parts["Gap to desired closed, lower promise less better service, quarters 5-8"] = lower - better
    conditions = (
        Condition("closes some of the gap at all", lower, SESOI),
        Condition("closes at least half as much as better service", lower - KEPT * better, 0.0),
    )
    return joint(conditions, SESOI, parts, _notes(tried))


def _notes(tried: Tried) -> tuple[str, ...]:
    changes = [
        float(np.mean(tried("lower promise", f"disconfirmation_q{q}") - tried("as it is", f"disconfirmation_q{q}")))
        for q in range(1, 9)
    ]
    course = ", ".join(f"{1000.0 * value:+.1f}" for value in changes).replace("-", "\N{MINUS SIGN}")
    return (
        f"The lower promise moves disconfirmation by {course} thousandths of a point in quarters 1 to 8.",
        "Neither course is charged any cost, so equity here is no reckoning of what pays.",
    )


CLAIM = Claim(
    id="C06",
    statement="Managing expectations closes the gap as well as performing better",
    quote="are customers gaining expectations which are out of line with the organisation's ability to perform?",
    source="Christopher, Payne & Ballantyne 1991",
    design="After twelve weeks to settle, three courses are taken and followed for 96 weeks (eight quarters): the "
    "promise is lowered (level by 0.08, lead time a quarter longer); the service gets better by as much as the "
    "promise's level moves what customers predict (assurance: service skill, kept up by monthly training; "
    "technical skill has no effect, so that nothing else changes); the promise is raised (level by 0.08, lead "
    "time a fifth shorter). All against the same system as it is, on the same draws.",
    metric="Gap to the desired level closed by the lower promise, by itself and less half of better service's",
    unit="level (0 to 1)",
    sesoi=SESOI,
    rule="As well as: the lower promise closes at least 0.001 of the gap, and at least half of what better service "
    "closes (an assumption); both are needed. Equivalence of disconfirmation within 0.01 and the effect of the higher "
    "promise on customer equity are reported as parts.",
    reference="With scores constant, what a promise does to disconfirmation shrinks by 1 - lam_W (1 - alpha) an order: "
    "half of it is left after 2.5 orders.",
    words=("system=order_to_delivery", "journal=summary", "system.horizon.warm_up=480",
           "system.horizon.measured=3840", "system.switches={skill: false}"),
    reference_point={
        "learning": 0.30, "ratchet": 0.05, "assimilation": 0.2, "halo": 0.25, "lateness": 0.5,
        "promised_hours": 48.0, "trial_slope": 6.0, "replacement": 1.0, "utilisation": 0.75,
        "customers": "come and go",
    },
    swing={
        "learning": Range(0.05, 0.6),
        "ratchet": Range(0.0, 0.2),
        "assimilation": Range(0.0, 0.4),
        "halo": Range(0.0, 0.6),
        "lateness": Range(0.0, 1.0),  # phi_L
        "promised_hours": Range(24.0, 60.0),
        "customers": ("come and go", "stay"),  # existing customers only: nobody leaves, nobody joins
        "trial_slope": Range(0.0, 12.0),  # t1
        "utilisation": Range(0.60, 0.80),  # by design, without absence and overload
        "replacement": Range(0.25, 3.0, log=True),  # share of new customers: times the usual churn, and prospects
    },
    arms=arms,
    effect=effect,
    null={"size": 0.0},
    null_words="all courses of size 0: nothing is promised or done",
    caveats=(
        "The specification's equivalence test on disconfirmation is passed by two effects that are both gone, because "
        "predictions learn from experience; so it is a part, and the verdict is on the gap to what customers desire.",
        "Better service keeps and draws customers while the staff stays what it is: orders wait longer, and much of "
        "the gain is eaten up. The levels of the design are swept as ranges.",
    ),
    exact_null=True,
    scenarios={
        "lower_promise": {"interventions": {"promise": {"kind": "overpromising", "per_week": 0.0}}},
        "higher_promise": {"interventions": {"promise": {"kind": "overpromising", "per_week": 0.0}}},
        "better_service": {"interventions": {"training": {"kind": "frontline_training", "hours": 0.0, "fee": 0.0,
                                                          "every_months": 1.0}}},
    },
    replications=30,
    robust_replications=4,
    switches={"size": 1.0},
    measure=with_quarters,
)  # fmt: skip
