"""From events to perceived service: scores at moments of truth, sequence, halo, assimilation (model.md 2.2, 2.3)."""

from __future__ import annotations

import math

from sim.kernel import kernel
from sim.model.knowledge import knows_customer
from sim.model.staff import morale_level, service_skill_level
from sim.tables import N_DIMENSIONS, members, moments, orders, run, visits

LN_2 = 0.6931471805599453
RELIABILITY, RESPONSIVENESS, ASSURANCE, EMPATHY, TANGIBLES = range(5)


@kernel
def reliability_score(rule, damage, lead_time, promised):  # type: ignore[no-untyped-def]
    """Falls with the damage of visible errors and with lateness relative to the promised lead time."""
    score = math.exp(-damage) if damage > 0.0 else 1.0
    late = lead_time - promised
    return score * math.exp(-rule.lateness * late / promised) if late > 0.0 else score


@kernel
def responsiveness_score(rule, wait):  # type: ignore[no-untyped-def]
    """Halves with every `wait_half` hours of waiting (exp, because compilers turn pow(2, x) into exp2)."""
    return math.exp(-LN_2 * wait / rule.wait_half) if wait != 0.0 else 1.0


@kernel
def _felt(rule, wait, score):  # type: ignore[no-untyped-def]
    """Responsiveness as the customer feels it: waits seem longer (or, announced, shorter) than they are."""
    return responsiveness_score(rule, rule.wait_bias * wait) if rule.wait_bias != 1.0 else score


@kernel
def assurance_score(rule, service_skill, erred_visibly):  # type: ignore[no-untyped-def]
    """The skill shown, less what a visible error of this staff member takes away."""
    return service_skill * (1.0 - (rule.error_on_assurance if erred_visibly else 0.0))


@kernel
def empathy_score(rule, morale, discretion, knows, load):  # type: ignore[no-untyped-def]
    """Individual attention: morale, latitude, knowledge of the customer, and a workload that leaves time for it."""
    level = (
        rule.empathy_base
        + rule.empathy_morale * (morale - 0.6)
        + rule.empathy_discretion * discretion
        + rule.empathy_knowledge * knows
        - rule.empathy_load * max(0.0, load - rule.overload_from)
    )
    return min(1.0, max(0.0, level))


@kernel
def _take_in(order, moment, d, actual, seen):  # type: ignore[no-untyped-def]
    """Add one dimension's score of a moment of truth: `actual`, and as `seen` by the customer."""
    moment.actual[d] = actual
    moment.seen[d] = seen
    if order.scored[d] == 0.0 or abs(seen - order.predicted[d]) > abs(order.extreme[d] - order.predicted[d]):
        order.extreme[d] = seen
    order.scored[d] += 1.0
    order.actual_sum[d] += actual
    order.seen_sum[d] += seen
    order.last[d] = seen


@kernel
def _new_moment(world, order_index, stage, member, wait, now):  # type: ignore[no-untyped-def]
    state = run(world, 0)
    row = order_index
    if state.summary == 0:
        row = state.moments
        state.moments += 1
    moment = moments(world, row)
    orders(world, order_index).moments += 1
    moment.order = order_index
    moment.stage = stage
    moment.staff = member
    moment.time = now
    moment.wait = wait
    for d in range(N_DIMENSIONS):
        moment.actual[d] = math.nan
        moment.seen[d] = math.nan
    return moment


@kernel
def moment_of_truth(world, order_index, stage, plan, member_index, member, erred_visibly, owned, rule, now):  # type: ignore[no-untyped-def]
    """The customer meets the firm at the end of an onstage visit and scores all five dimensions."""
    order = orders(world, order_index)
    person = members(world, member_index)
    visit = visits(world, order.visit)
    wait = visit.began - order.last_contact
    moment = _new_moment(world, order_index, stage, member_index, wait, now)
    reliability = reliability_score(rule, order.damage, 0.0, order.promised)
    _take_in(order, moment, RELIABILITY, reliability, reliability)
    responsiveness = responsiveness_score(rule, wait)
    _take_in(order, moment, RESPONSIVENESS, responsiveness, _felt(rule, wait, responsiveness))
    assurance = assurance_score(rule, service_skill_level(member, person), erred_visibly)
    _take_in(order, moment, ASSURANCE, assurance, assurance)
    knows = knows_customer(world, order.customer, plan.function, member_index, member.knows_customer, owned)
    empathy = empathy_score(rule, morale_level(member, person), member.discretion, knows, visit.load)
    _take_in(order, moment, EMPATHY, empathy, empathy)
    _take_in(order, moment, TANGIBLES, rule.tangibles_level, rule.tangibles_level)
    order.last_contact = now


@kernel
def delivery_moment(world, order_index, member_index, rule, now):  # type: ignore[no-untyped-def]
    """Delivery is judged for reliability (errors, lateness) and, where the customer was not met at the end of the
    work (inspection aside), for responsiveness."""
    order = orders(world, order_index)
    wait = now - order.last_contact
    moment = _new_moment(world, order_index, -1, member_index, wait, now)
    reliability = reliability_score(rule, order.damage, now - order.placed, order.promised)
    _take_in(order, moment, RELIABILITY, reliability, reliability)
    if order.met == 0:
        responsiveness = responsiveness_score(rule, wait)
        _take_in(order, moment, RESPONSIVENESS, responsiveness, _felt(rule, wait, responsiveness))


@kernel
def sequence_score(rule, mean, extreme, last):  # type: ignore[no-untyped-def]
    """One score from a sequence of moments: mean, the one farthest from expectation, and the last."""
    return (1.0 - rule.peak_weight - rule.end_weight) * mean + rule.peak_weight * extreme + rule.end_weight * last


@kernel
def satisfaction(rule, perceived, predicted, paradox):  # type: ignore[no-untyped-def]
    """Perceived level plus disconfirmation, shortfalls counting `loss_aversion` times (2.3)."""
    surprise = perceived - predicted
    felt = max(0.0, surprise) - rule.loss_aversion * max(0.0, -surprise)
    return min(1.0, max(0.0, perceived + rule.disconfirmation * felt + paradox))


@kernel
def judge(world, order_index, segment, paradox, rule):  # type: ignore[no-untyped-def]
    """The customer's final perception of an order, per dimension and overall; writes it into the order."""
    order = orders(world, order_index)
    worst = 0
    for d in range(N_DIMENSIONS):
        if order.scored[d] > 0.0:
            order.actual[d] = order.actual_sum[d] / order.scored[d]
            mean = order.seen_sum[d] / order.scored[d]
            order.perceived[d] = sequence_score(rule, mean, order.extreme[d], order.last[d])
        else:  # no contact, no evidence: the expectation stands
            order.actual[d] = order.predicted[d]
            order.perceived[d] = order.predicted[d]
        if order.perceived[d] < order.perceived[worst]:
            worst = d
    shadow = rule.halo * max(0.0, order.adequate[worst] - order.perceived[worst])
    order.S = 0.0
    order.A = 0.0
    order.W = 0.0
    order.X = 0.0
    order.P = 0.0
    for d in range(N_DIMENSIONS):
        level = order.perceived[d] if d == worst else max(0.0, order.perceived[d] - shadow)
        order.perceived[d] = (1.0 - rule.assimilation) * level + rule.assimilation * order.predicted[d]
        weight = segment.weight[d]
        order.S += weight * order.desired[d]
        order.A += weight * order.adequate[d]
        order.W += weight * order.predicted[d]
        order.X += weight * order.actual[d]
        order.P += weight * order.perceived[d]
    order.satisfaction = satisfaction(rule, order.P, order.W, paradox)
