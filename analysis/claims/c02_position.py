"""Claim C02 (model.md sections 1.7, 2.6 and 3): early errors are worse, because they are compounded downstream.

Two things can be meant by a source of errors at a stage. `process`: the stage itself errs more often (5 points more),
and whatever multiplies its rate multiplies that as well. `input`: 5 % of orders get a faulty input there, whatever was
on them before. For a process, as long as nothing is found, position makes *no* difference to the number of errors:
E[M] = k sum(p_i) + (1 - k) F (model.md M15, for unequal rates) does not ask in which order the rates stand. The early
stage breeds more, the late one is bred more, and the two are exactly equal. The factor 1 + (k - 1)(1 - q^(N - i)) of
model.md 1.7 is that of an error in an order which was clean before; nearest to it is the `input`. What else tells
positions apart is detection: an early error has more chances to be found, and a repair from afar costs more.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.claims.claim import Claim, Finding, Floats, Tried, Values
from analysis.claims.ratio import ratio_of_means
from scenarios.design import Range

POSITIONS = (1, 3, 5, 8, 10)
EXTRA = 0.05  # of orders: what the source adds
_INPUT = "faulty_input"


def arms(values: Values) -> Mapping[str, Values]:
    """The chain without the source, and with it at each of five stages."""
    common = {
        "system.knock_on.knock_on": values["k"],
        "system.stage_defaults.incoming_check.detection": values["d_next"],
        "system.stage_defaults.self_check.detection": values["d_self"],
        "system.rework.per_stage": values["cost_growth"],
        "system.costs.redelivery": values["external_cost"],
    }
    return {"none": common, **{f"at {i}": {**common, **_source(i, values)} for i in POSITIONS}}


def _source(i: int, values: Values) -> Values:
    stage = f"system.stages.stage_{i:02d}"
    if values["source"] == "process":
        return {f"{stage}.error.p": 0.01 + EXTRA}
    free = {"lead_time": {"kind": "deterministic", "mean": 0.0}, "defect": EXTRA, "price": 0.0}
    return {"system.suppliers": {_INPUT: free}, f"{stage}.supplier": _INPUT}


def effect(tried: Tried) -> Finding:
    """How much more the source costs at the first stage than at the last, relative to the last.

    What it costs: internal and external failure cost per order above that of the chain without it.
    """
    cost = {i: _cost(tried, f"at {i}") - _cost(tried, "none") for i in POSITIONS}
    relative = ratio_of_means(cost[1] - cost[10], cost[10])
    parts: dict[str, Floats] = {"failure cost per order, slope per stage (cu)": _slope(cost)}
    for name, metric in (("errors per order", "errors_per_order"), ("share reaching the customer", "failure_share")):
        parts[f"{name}, source at 1 less source at 10"] = tried("at 1", metric) - tried("at 10", metric)
        parts[f"{name}, source at 10 less none"] = tried("at 10", metric) - tried("none", metric)
    parts |= {f"failure cost per order, source at {i} (cu)": values for i, values in cost.items()}
    return Finding(relative, parts)


def _cost(tried: Tried, arm: str) -> Floats:
    cost = tried(arm, "cost_internal_failure") + tried(arm, "cost_external_failure")
    return np.asarray(cost / tried(arm, "orders_completed"))


def _slope(by_position: Mapping[int, Floats]) -> Floats:
    """Least squares over positions, in each replication."""
    x = np.array(list(by_position), dtype=float)
    x -= x.mean()
    return np.asarray(np.tensordot(x, np.stack(list(by_position.values())), axes=1) / np.square(x).sum())


CLAIM = Claim(
    id="C02",
    statement="Early errors are worse: they are compounded downstream",
    quote="can quickly be compounded by errors in the warehouse, accounts department or elsewhere",
    source="Christopher, Payne & Ballantyne 1991, working paper",
    design="Ten equal stages with knock-on, self-check, check by the receiver, rework and complaints, nothing else. "
    "A source of errors that adds 5 points is put at stage 1, 3, 5, 8 or 10. Compared is what it adds to failure cost "
    "(rework, complaints, redelivery) per order, at the first stage against the last.",
    metric="failure cost that the source adds at stage 1, above that at stage 10",
    unit="share of that at stage 10",
    sesoi=0.1,
    rule="Holds if a source at the first stage costs at least a tenth more than one at the last.",
    reference="Without detection a raised rate makes the same number of errors at every stage, k sum(p) + (1 - k) F. "
    "One error in a clean order is followed by (k - 1)(1 - q^(N - i)) more than otherwise.",
    words=(
        "system=ten_stage", "scenario=[do_nothing]", "journal=summary", "system.horizon.measured=2000",
        "system.switches={knock_on: true, detection: true, rework_failure: true, complaints: true, suppliers: true}",
        "system.rework.travel_delay=0",
    ),
    reference_point={
        "k": 3.0, "d_next": 0.3, "d_self": 0.3, "cost_growth": 0.5, "external_cost": 100.0, "source": "process",
    },
    swing={
        "k": Range(1.0, 10.0),
        "d_next": Range(0.0, 0.6),
        "cost_growth": Range(0.0, 2.0),
        "external_cost": Range(10.0, 1000.0, log=True),
        "source": ("process", "input"),
    },
    arms=arms,
    effect=effect,
    null={"k": 1.0, "d_next": 0.0},
    null_words="no knock-on and no check by the receiver",
    null_factor=4,
    caveats=(
        "The design of the specification judges mean errors and the slope over positions; here the cost of failures at "
        "the first stage against the last decides, and the slope and the errors stand in the table.",
        "Position makes no difference to the number of errors of a worse stage: an early one breeds more, a late one "
        "is bred more, and the two are equal by the closed form. What tells positions apart is that early errors have "
        "more chances to be found, and that a repair from afar costs more.",
    ),
    replications=40,
    robust_replications=6,
)  # fmt: skip
