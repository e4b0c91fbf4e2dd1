"""Failures that the customer sees: complaint, recovery, and the damage that remains (model.md 2.2.5)."""

from __future__ import annotations

import math

from sim.draws import COMPLAINT, ON_THE_SPOT, RECOVERY_OFFER, uniform
from sim.kernel import kernel
from sim.model.ledger import week_now
from sim.model.lookup import error_name
from sim.tables import customers, errors, orders, stage_state


@kernel
def recovered_share(rule, delay, failed_before):  # type: ignore[no-untyped-def]
    """Share of the damage that a recovery after `delay` hours makes good (rho)."""
    share = rule.recovered_damage * math.exp(-delay / rule.recovery_half_scale)
    return share * (1.0 - rule.repeat_penalty) if failed_before else share


@kernel
def show_error(world, error_index, plan_id, moment, discretion, at_delivery, rule, now):  # type: ignore[no-untyped-def]
    """The customer sees an error: they may complain, and may be compensated. Adds what remains to the damage."""
    error = errors(world, error_index)
    order = orders(world, error.order)
    customer = customers(world, order.customer)
    error.seen = now
    stage_state(world, error.stage).noticed += 1.0
    failed_before = now - customer.last_failure <= rule.memory
    customer.last_failure = now
    chance = rule.major_complaint if error.major == 1 else rule.minor_complaint
    detail = error_name(world, error)
    if uniform(order.key, plan_id, moment, COMPLAINT, detail) < chance:
        error.complained = 1
        order.complaints += 1
        error.external_cost += rule.complaint_hours * rule.wage
        if at_delivery:
            error.external_cost += rule.redelivery
        delay = -1.0
        if uniform(order.key, plan_id, moment, ON_THE_SPOT, detail) < discretion:
            delay = rule.on_the_spot_delay
        elif uniform(order.key, plan_id, moment, RECOVERY_OFFER, detail) < rule.recovery_offered:
            delay = rule.recovery_delay
        if delay >= 0.0:
            order.recovered += 1
            error.recovered = recovered_share(rule, delay, failed_before)
            error.external_cost += rule.compensation * error.severity / rule.compensation_severity + rule.per_recovery
    order.external_cost += error.external_cost
    week_now(world).external_cost += error.external_cost
    order.damage += error.severity * (1.0 - error.recovered)
