"""Handoffs: the way out of a stage, what is lost on it, and what the receiver thinks of it (model.md 2.4, 2.7)."""

from __future__ import annotations

import math

from sim.draws import CALLBACK, CLARIFICATION, CORRUPTION, HANDOFF_DELAY, REWORK_TRAVEL, ROUTE, exponential, uniform
from sim.kernel import kernel
from sim.model.ledger import week_now
from sim.model.lookup import edge_now, rules_now, stage_now
from sim.model.supply import purchase
from sim.model.times import on_clock, sample
from sim.tables import edge_state, handoffs, members, orders, run, visits


@kernel
def choose_edge(world, plan, key, moment):  # type: ignore[no-untyped-def]
    """The way out of a stage, by its routing probabilities."""
    edge = plan.edge
    if plan.edges > 1:
        u = uniform(key, plan.id, moment, ROUTE, 0)
        last = plan.edge + plan.edges - 1
        while edge < last and u >= edge_now(world, edge).up_to:
            edge += 1
    return edge


@kernel
def hand_over(world, order_index, edge_index, now):  # type: ignore[no-untyped-def]
    """The order leaves a stage: (target stage, hours on the way, edge if it has to wait for its batch, else -1)."""
    rule = rules_now(world)
    edge = edge_now(world, edge_index)
    order = orders(world, order_index)
    moment = order.leaving
    if edge.corruption > 0.0 and uniform(order.key, edge.id, moment, CORRUPTION, 0) < edge.corruption:
        order.information = 0.0
    passing = edge_state(world, edge_index)
    # exactly the plan's retention while improvement has not touched it
    kept = edge.retention if passing.loss_factor == 1.0 else 1.0 - (1.0 - edge.retention) * passing.loss_factor
    order.information *= kept
    passing.passed += 1.0
    passing.kept += order.information
    order.transport += edge.trip_share
    week_now(world).transport += edge.trip_share
    delay = sample(world, edge.delay, order.key, edge.id, moment, HANDOFF_DELAY)
    order.clarify = 0
    if order.information < 1.0 and uniform(order.key, edge.id, moment, CLARIFICATION, 0) < 1.0 - order.information:
        order.clarify = 1
        if edge.border == 1:
            delay += rule.callback_delay * exponential(order.key, edge.id, moment, CALLBACK, 0)
    delay = max(delay, purchase(world, order_index, edge.target))
    state = run(world, 0)
    index = order_index
    if state.summary == 0:
        index = state.handoffs
        state.handoffs += 1
    row = handoffs(world, index)
    row.order = order_index
    row.source = edge.source
    row.target = edge.target
    row.border = edge.border
    row.began = order.stage_arrived
    row.left = now
    row.arrived = math.nan
    row.information = order.information
    row.rating = math.nan
    row.expected = passing.expected
    order.handoff = index
    order.edge = edge_index
    return edge.target, on_clock(world, delay), edge_index if edge.batch > 1 else -1


@kernel
def receive(world, order, arrived):  # type: ignore[no-untyped-def]
    """The order has reached the next stage's queue: was it on time by the sender's internal standard?"""
    handoff = handoffs(world, order.handoff)
    handoff.arrived = arrived
    standard = stage_now(world, handoff.source).internal_standard
    handoff.on_time = 1 if arrived - handoff.began <= standard else 0


@kernel
def rate_handoff(world, order, noticed, rule):  # type: ignore[no-untyped-def]
    """Internal service quality as the receiver perceives it (Pint), and what they expect next time (Eint)."""
    handoff = handoffs(world, order.handoff)
    handoff.noticed = 1 if noticed else 0
    handoff.rating = (
        rule.information_weight * handoff.information
        + rule.on_time_weight * handoff.on_time
        + rule.error_free_weight * (1 - handoff.noticed)
    )
    state = edge_state(world, order.edge)
    handoff.expected = state.expected
    state.expected += rule.internal_learning * (handoff.rating - state.expected)
    receiver = members(world, visits(world, order.visit).staff)
    receiver.ratings += handoff.rating
    receiver.rated += 1.0


@kernel
def send_back(world, order, plan, place, moment, kind, rule):  # type: ignore[no-untyped-def]
    """Hours an order takes to the place of its rework: none inside a function, a border delay between two."""
    if stage_now(world, place).function == plan.function or rule.travel_delay <= 0.0:
        return 0.0
    detail = 2 * stage_now(world, place).id + kind
    delay = rule.travel_delay * exponential(order.key, plan.id, moment, REWORK_TRAVEL, detail)
    return on_clock(world, delay)
