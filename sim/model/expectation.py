"""What customers expect: desired, adequate and predicted service, and how experience moves them (model.md 2.1)."""

from __future__ import annotations

from sim.draws import DESIRED, SURVEY_ROW, normal_quantile, uniform
from sim.kernel import kernel
from sim.tables import N_DIMENSIONS, numbers


@kernel
def form_expectations(world, customer, segment, promise_level, heard):  # type: ignore[no-untyped-def]
    """A new customer's desired and predicted levels; `heard` is what word of mouth says of the firm."""
    predicted = segment.expected_at_first + segment.heard_share * (heard - segment.heard)
    first = 0
    if segment.survey >= 0:
        row = int(uniform(customer.key, 0, 0, SURVEY_ROW, 0) * segment.survey_rows)
        first = segment.survey + row * N_DIMENSIONS
    for d in range(N_DIMENSIONS):
        if segment.survey >= 0:
            customer.desired[d] = numbers(world, first + d).value
        elif segment.desired_sd > 0.0:
            u = uniform(customer.key, 0, 0, DESIRED, d)
            p = segment.desired_from[d] + u * (segment.desired_to[d] - segment.desired_from[d])
            level = segment.desired_mean[d] + segment.desired_sd * normal_quantile(p)
            customer.desired[d] = min(1.0, max(0.5, level))
        else:
            customer.desired[d] = segment.desired_mean[d]
        customer.predicted[d] = predicted
    customer.promise = promise_level


@kernel
def hear_promise(customer, segment, promise_level):  # type: ignore[no-untyped-def]
    """A changed promise moves what a customer predicts by its weight among the sources."""
    if promise_level != customer.promise:
        for d in range(N_DIMENSIONS):
            level = customer.predicted[d] + segment.promise_share * (promise_level - customer.promise)
            customer.predicted[d] = min(1.0, max(0.0, level))
        customer.promise = promise_level


@kernel
def learned_prediction(predicted, perceived, learning):  # type: ignore[no-untyped-def]
    """W after an experience: a share of the surprise is learned."""
    return predicted + learning * (perceived - predicted)


@kernel
def ratcheted_desire(desired, perceived, ratchet, drift):  # type: ignore[no-untyped-def]
    """S after an experience: it follows upward only."""
    return min(1.0, min(1.0, desired + ratchet * max(0.0, perceived - desired)) + drift)


@kernel
def learn(customer, segment, perceived):  # type: ignore[no-untyped-def]
    """Experience moves both standards of a customer, dimension by dimension."""
    for d in range(N_DIMENSIONS):
        customer.predicted[d] = learned_prediction(customer.predicted[d], perceived[d], segment.learning)
        customer.desired[d] = ratcheted_desire(customer.desired[d], perceived[d], segment.ratchet, segment.drift)
