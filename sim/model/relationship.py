"""Staying, buying again, and lifetime value (model.md 2.8)."""

from __future__ import annotations

import math

from sim.draws import STAY, occasion, uniform
from sim.kernel import kernel
from sim.model.ledger import count_customers, week_now
from sim.model.lookup import segment_now
from sim.tables import LOST_FINISHED, LOST_OTHER, customers, run

KEEP, ADEQUATE, DESIRED_LEVEL, STEP = range(4)  # the retention rules, in the order of RETENTION_RULES


@kernel
def logistic(x):  # type: ignore[no-untyped-def]
    """1 / (1 + exp(-x))."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    grown = math.exp(x)
    return grown / (1.0 + grown)


@kernel
def yearly_retention(rule, satisfaction, adequate, desired):  # type: ignore[no-untyped-def]
    """Chance that a customer stays another year, by the rule that the plan selects."""
    if rule.retention_rule == KEEP:
        return 1.0
    if rule.retention_rule == STEP:
        return rule.stay_above if satisfaction >= adequate else rule.stay_below
    anchor = adequate if rule.retention_rule == ADEQUATE else desired
    return logistic(rule.retention_base + rule.retention_slope * (satisfaction - anchor) + rule.switching_cost)


@kernel
def lifetime_value(margin, retention, discount):  # type: ignore[no-untyped-def]
    """CLV = m r / (1 + d - r): margin m a year at year end, retention r, discount d."""
    return margin * retention / (1.0 + discount - retention)


@kernel
def order_pace(rule, satisfaction):  # type: ignore[no-untyped-def]
    """How much faster than usual a customer orders again."""
    return max(0.1, 1.0 + rule.purchase_effect * (satisfaction - rule.purchase_level))


@kernel
def value_of(person, segment, rule):  # type: ignore[no-untyped-def]
    """Lifetime value (cu) of a customer as they are now; of one who comes for some orders only, of those to come."""
    if segment.population == 0:
        return segment.margin * expected_orders(person.stay, segment.orders_a_year, segment.orders - person.orders)
    margin = segment.margin * segment.orders_a_year * order_pace(rule, person.satisfaction)
    return lifetime_value(margin, person.stay, rule.discount)


@kernel
def expected_orders(retention, orders_a_year, left):  # type: ignore[no-untyped-def]
    """Orders to expect of a customer who has `left` more in mind: sum of s^k, s = r ** (1 / orders a year)."""
    if left <= 0 or retention <= 0.0:
        return 0.0
    if retention >= 1.0:
        return float(left)
    stay = math.exp(math.log(retention) / orders_a_year)
    return stay * (1.0 - math.exp(left * math.log(stay))) / (1.0 - stay)


@kernel
def join(world, customer, won, now):  # type: ignore[no-untyped-def]
    """A customer becomes active; `won` < 0: they have been one from the start."""
    state = run(world, 0)
    person = customers(world, customer)
    person.joined = now
    person.before = state.last_active
    person.after = -1
    if state.last_active >= 0:
        customers(world, state.last_active).after = customer
    else:
        state.first_active = customer
    state.last_active = customer
    count_customers(world, person.segment, 1, now)
    if won >= 0:
        week_now(world).won[won] += 1


@kernel
def leave(world, customer, reason, value, now):  # type: ignore[no-untyped-def]
    """A customer is lost, for a reason of `LOST`; `value` is the lifetime value that goes."""
    state = run(world, 0)
    person = customers(world, customer)
    if person.before >= 0:
        customers(world, person.before).after = person.after
    else:
        state.first_active = person.after
    if person.after >= 0:
        customers(world, person.after).before = person.before
    else:
        state.last_active = person.before
    person.lost = reason
    person.left = now
    count_customers(world, person.segment, -1, now)
    week = week_now(world)
    week.lost[reason] += 1
    if reason < LOST_OTHER:
        week.lost_equity += value


@kernel
def experience(world, person, order, segment, rule, satisfaction, reason, now):  # type: ignore[no-untyped-def]
    """An order is over: cumulative satisfaction, and whether the customer stays. Returns True if they do."""
    value = value_of(person, segment, rule)
    person.satisfaction += rule.satisfaction_learning * (satisfaction - person.satisfaction)
    person.stay = yearly_retention(rule, person.satisfaction, order.A, order.S)
    if person.stay >= 1.0:
        return True
    chance = math.exp(math.log(person.stay) / segment.orders_a_year) if person.stay > 0.0 else 0.0
    if uniform(person.key, 0, occasion(order.number, 0), STAY, 0) < chance:
        return True
    leave(world, order.customer, reason, value, now)
    return False


@kernel
def finish(world, customer, now):  # type: ignore[no-untyped-def]
    """A customer has had all the orders they came for."""
    leave(world, customer, LOST_FINISHED, 0.0, now)


@kernel
def take_stock(world, rule):  # type: ignore[no-untyped-def]
    """Customer equity (cu), and the sums of retention and cumulative satisfaction over active customers."""
    equity, stay, regard = 0.0, 0.0, 0.0
    if run(world, 0).perception_on == 0:  # nobody has an opinion that could be worth anything
        return equity, stay, regard
    customer = run(world, 0).first_active
    while customer >= 0:
        person = customers(world, customer)
        equity += value_of(person, segment_now(world, person.segment), rule)
        stay += person.stay
        regard += person.satisfaction
        customer = person.after
    return equity, stay, regard
