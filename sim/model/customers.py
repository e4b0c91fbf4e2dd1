"""Rows of customers and orders: made, and (where only summaries are kept) used again."""

from __future__ import annotations

import math

from sim.kernel import kernel
from sim.model.expectation import form_expectations
from sim.model.knowledge import forget_customer
from sim.model.lookup import rules_now, segment_now
from sim.model.relationship import yearly_retention
from sim.tables import N_DIMENSIONS, customers, errors, orders, passes, run


@kernel
def create_customer(world, segment, key, heard, won):  # type: ignore[no-untyped-def]
    """A customer who has heard the level `heard` of the firm comes into being; returns the row."""
    state = run(world, 0)
    plan = segment_now(world, segment)
    if state.free_customer >= 0:
        row = state.free_customer
        state.free_customer = customers(world, row).free
    else:
        row = state.customers
        state.customers += 1
    customer = customers(world, row)
    customer.key = key
    customer.segment = segment
    customer.orders = 0
    customer.last_placed = 0.0
    customer.last_failure = -math.inf
    customer.won = won
    customer.lost = -1
    customer.joined = math.nan
    customer.left = math.nan
    customer.shared = 0
    customer.free = -1
    customer.before = -1
    customer.after = -1
    forget_customer(world, row)
    if state.perception_on == 1:
        rule = rules_now(world)
        form_expectations(world, customer, plan, rule.level, heard)
        _first_regard(customer, plan, rule)
    return row


@kernel
def _first_regard(customer, segment, rule):  # type: ignore[no-untyped-def]
    """Cumulative satisfaction of somebody new: what they predict, moved by the starting shift."""
    predicted, desired, adequate = 0.0, 0.0, 0.0
    for d in range(N_DIMENSIONS):
        predicted += segment.weight[d] * customer.predicted[d]
        desired += segment.weight[d] * customer.desired[d]
        adequate += segment.weight[d] * (customer.desired[d] - segment.tolerance[d] + segment.adequate_shift)
    customer.satisfaction = min(1.0, max(0.0, predicted + rule.starting_shift))
    customer.stay = yearly_retention(rule, customer.satisfaction, adequate, desired)


@kernel
def free_customer(world, row):  # type: ignore[no-untyped-def]
    """A customer is gone for good; with summaries only, their row is used again."""
    state = run(world, 0)
    if state.summary == 1:
        customers(world, row).free = state.free_customer
        state.free_customer = row


@kernel
def new_order_row(world):  # type: ignore[no-untyped-def]
    """A row for an order, with its counters at nought."""
    state = run(world, 0)
    if state.free_order < 0:
        row = state.orders
        state.orders += 1
        return row
    row = state.free_order
    order = orders(world, row)
    state.free_order = order.free
    for stage in range(state.n_stages):
        count = passes(world, row * state.n_stages + stage)
        count.work = 0
        count.rework = 0
    order.errors = 0
    order.open = 0
    order.awaiting = 0
    order.previous_erred = 0
    order.recovered = 0
    order.reached = 0
    order.complaints = 0
    order.visits = 0
    order.reworks = 0
    order.waited = 0.0
    order.worked = 0.0
    order.damage = 0.0
    order.clarify = 0
    order.met = 0
    order.moments = 0
    order.configured = 0
    order.changed = 0
    order.defective = 0
    order.supplies = 0.0
    order.transport = 0.0
    order.external_cost = 0.0
    for d in range(N_DIMENSIONS):
        order.scored[d] = 0.0
        order.actual_sum[d] = 0.0
        order.seen_sum[d] = 0.0
    return row


@kernel
def free_order(world, row):  # type: ignore[no-untyped-def]
    """An order is over; with summaries only, its row and those of its errors are used again."""
    state = run(world, 0)
    if state.summary == 0:
        return
    order = orders(world, row)
    index = order.last_error
    while index >= 0:
        error = errors(world, index)
        before = error.previous
        error.previous = state.free_error
        state.free_error = index
        index = before
    order.free = state.free_order
    state.free_order = row
