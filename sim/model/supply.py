"""Suppliers and changing requirements (model.md 2.7, R5, R22)."""

from __future__ import annotations

import math

from sim.draws import BREAK, CHANGE, SUPPLY_DEFECT, SUPPLY_TIME, exponential, occasion, uniform
from sim.kernel import kernel
from sim.model.ledger import week_now
from sim.model.lookup import rules_now, stage_now, supplier_now
from sim.model.times import sample
from sim.tables import orders, passes, run, supplier_state


@kernel
def purchase(world, order_index, stage):  # type: ignore[no-untyped-def]
    """Call for the input of a stage the order is on its way to; hours until it is there."""
    place = stage_now(world, stage)
    if place.supplier < 0:
        return 0.0
    order = orders(world, order_index)
    terms = supplier_now(world, place.supplier)
    state = supplier_state(world, place.supplier)
    moment = occasion(order.number, int(passes(world, order_index * run(world, 0).n_stages + stage).work))
    broken = terms.partner == 1 and state.partner == 0
    u = uniform(order.key, place.id, moment, SUPPLY_DEFECT, 0)
    if broken:
        hours = sample(world, terms.late_lead, order.key, place.id, moment, SUPPLY_TIME)
        order.defective = 1 if u < terms.late_defect else 0
        price = terms.late_price
    else:
        hours = sample(world, terms.lead, order.key, place.id, moment, SUPPLY_TIME)
        order.defective = 1 if u < terms.defect else 0
        price = terms.price
    order.supplies += price
    week_now(world).materials += price
    if state.partner == 1:
        if hours <= terms.promised and order.defective == 0:
            state.trust += terms.trust_gain * (1.0 - state.trust)
        else:
            state.trust -= terms.trust_loss * state.trust
    return hours


@kernel
def start_partnerships(world):  # type: ignore[no-untyped-def]
    """Partnerships that the plan names begin with their trust; those it no longer names are over."""
    for index in range(run(world, 0).n_suppliers):
        plan = supplier_now(world, index)
        state = supplier_state(world, index)
        if plan.partner == 1 and state.joined == 0:
            state.joined = 1
            state.partner = 1
            state.trust = plan.trust
            state.broken = math.nan
        elif plan.partner == 0:
            state.joined = 0
            state.partner = 0


@kernel
def review_partnerships(world, now):  # type: ignore[no-untyped-def]
    """Once a week a partnership may break, the sooner the less trust there is."""
    state = run(world, 0)
    rule = rules_now(world)
    for index in range(state.n_suppliers):
        plan = supplier_now(world, index)
        partner = supplier_state(world, index)
        if partner.partner == 1:
            rate = plan.break_hazard * (1.0 - partner.trust) * (1.0 - partner.trust) * rule.week / rule.year
            if uniform(state.key, plan.id, state.weeks, BREAK, 0) < 1.0 - math.exp(-rate):
                partner.partner = 0
                partner.broken = now
                week_now(world).exit_cost += plan.exit_cost


@kernel
def follow_changes(order, stage, plan, rule, now):  # type: ignore[no-untyped-def]
    """The order is configured here, or the customer has changed what they want since: back to configuration."""
    if order.changed == 0 and rule.change_rate > 0.0:
        if order.change_of_mind < 0.0:  # drawn once an order
            order.change_of_mind = exponential(order.key, 0, occasion(order.number, 0), CHANGE, 0)
        change = order.placed + order.change_of_mind / rule.change_rate
        if change <= now:
            order.changed = 1
            if order.configured > 0 and order.configured_at < change and order.alarm < 0:
                order.alarm = order.configured - 1
    if plan.configures == 1:
        order.configured = stage + 1
        order.configured_at = now
