"""Talk about the firm, and the prospects that talk and marketing bring (model.md 2.8)."""

from __future__ import annotations

from sim.draws import HEAR, REFERRAL_DELAY, TALK, TRIAL, child_key, exponential, occasion, uniform
from sim.kernel import kernel
from sim.model.customers import create_customer
from sim.model.ledger import week_now
from sim.model.relationship import logistic
from sim.model.times import on_clock
from sim.tables import ASK_CUSTOMER, WON_REFERRAL, requests, run, segment_state

_REFERRED = 0x5EFE  # kind of key: a customer named by the one who told them
_MOST_HEARERS = 64


@kernel
def first_prediction(segment, heard):  # type: ignore[no-untyped-def]
    """W of somebody new, from the promise now made, what was heard, and the norm of the market (2.1)."""
    return segment.expected_at_first + segment.heard_share * (heard - segment.heard)


@kernel
def tries(rule, segment, key, moment, detail, predicted):  # type: ignore[no-untyped-def]
    """Whether a prospect becomes a customer."""
    chance = logistic(rule.trial_base + rule.trial_slope * (predicted - segment.norm))
    return uniform(key, 0, moment, TRIAL, detail) < chance


@kernel
def ask(world, kind, index, status, delay, hours):  # type: ignore[no-untyped-def]
    """Leave a request for the engine."""
    state = run(world, 0)
    request = requests(world, state.requests)
    state.requests += 1
    request.kind = kind
    request.index = index
    request.status = status
    request.delay = delay
    request.hours = hours


@kernel
def talk(world, person, order, segment, rule):  # type: ignore[no-untyped-def]
    """A customer may tell others of an order; prospects who try become customers."""
    moment = occasion(order.number, 0)
    if rule.talk <= 0.0 or uniform(person.key, 0, moment, TALK, 0) >= rule.talk:
        return
    hearers = 0
    week = week_now(world)
    if order.A <= order.P and order.W <= order.P:
        hearers = int(rule.positive_hearers)
        week.praise += 1
    elif order.P < order.A:
        hearers = int(rule.negative_hearers)
        week.criticism += 1
    if hearers == 0:
        return
    group = segment_state(world, person.segment)
    group.heard += rule.message_weight * (order.P - group.heard)
    predicted = first_prediction(segment, order.P)
    for hearer in range(hearers):
        if uniform(person.key, 0, moment, HEAR, hearer) >= rule.prospect:
            continue
        if tries(rule, segment, person.key, moment, hearer, predicted):
            key = child_key(person.key, _REFERRED, order.number * _MOST_HEARERS + hearer)
            row = create_customer(world, person.segment, key, order.P, WON_REFERRAL)
            delay = rule.referral_delay * exponential(person.key, 0, moment, REFERRAL_DELAY, hearer)
            ask(world, ASK_CUSTOMER, row, 0, on_clock(world, delay), 0.0)
