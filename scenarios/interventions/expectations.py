"""What is promised: managing expectations, and promising too much (model.md section 4).

A promise moves the prediction in every dimension, and perception is drawn towards it (sections 2.1 and 2.3): so these
interventions set all of them directly.
"""

from __future__ import annotations

from dataclasses import replace

from scenarios.interventions.edits import spend
from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import Blueprint
from sim.blueprint.customer import DIMENSIONS
from sim.invalid import require


@intervention(needs_facts=True, sets=DIMENSIONS)
def expectation_management(
    blueprint: Blueprint,
    now: InForce,
    *,
    margin: float = 0.0,
    announced_wait_bias: float = 1.0,
    cost: float = 2000.0,
    per_week: float = 50.0,
) -> Blueprint:
    """Promise what is delivered: level = delivered level + `margin`, lead time = 80th percentile of the lead times
    (both measured on the base system beforehand), and announce waits, so that they no longer feel longer than
    they are."""
    require(-1 <= margin <= 1, "margin", margin, "must be a number from -1 to 1")
    require(0 <= announced_wait_bias <= 10, "announced_wait_bias", announced_wait_bias, "must be a factor from 0 to 10")
    b = spend(blueprint, "expectation management", now.start, cost, per_week)
    if not now.has_begun:
        return b
    level = min(1.0, max(0.0, now.facts["delivered"] + margin))
    promise = replace(
        b.promise,
        level=b.promise.level + (level - b.promise.level) * now.strength,
        lead_time=b.promise.lead_time + (now.facts["lead_time_p80"] - b.promise.lead_time) * now.strength,
    )
    bias = b.perception.wait_bias + (announced_wait_bias - b.perception.wait_bias) * now.strength
    return replace(b, promise=promise, perception=replace(b.perception, wait_bias=bias))


@intervention(sets=DIMENSIONS)
def overpromising(
    blueprint: Blueprint, now: InForce, *, level: float = 0.08, lead_time: float = 0.8, per_week: float = 100.0
) -> Blueprint:
    """Negative control: promise a higher level (+ `level`) and a shorter lead time (x `lead_time`) than before,
    and change nothing in the delivery."""
    require(-1 <= level <= 1, "level", level, "must be a number from -1 to 1")
    require(0 < lead_time <= 10, "lead_time", lead_time, "must be a positive factor up to 10")
    b = spend(blueprint, "advertising", now.start, per_week=per_week, cost_class="market")
    if not now.has_begun:
        return b
    promised = min(1.0, max(0.0, b.promise.level + level * now.strength))
    return replace(b, promise=replace(b.promise, level=promised, lead_time=b.promise.lead_time * now.toward(lead_time)))
