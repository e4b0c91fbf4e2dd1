"""Who knows the customer: a person, or everybody through a shared file (model.md 2.2.1 K_jc, 2.7 K_share, I15)."""

from __future__ import annotations

from sim.draws import KNOW_PERSONAL, KNOW_SHARED, uniform
from sim.kernel import kernel
from sim.tables import contacts, customers, members, run


@kernel
def knows_customer(world, customer_index, function, member_index, plan_level, owned):  # type: ignore[no-untyped-def]
    """K: 1 where a named owner, the shared file or this very person knows the customer, else the plan's level."""
    state = run(world, 0)
    if owned == 1 or customers(world, customer_index).shared == 1:
        return 1.0
    contact = contacts(world, customer_index * state.n_functions + function)
    if contact.staff == member_index + 1 and contact.person == members(world, member_index).person:
        return 1.0
    return plan_level


@kernel
def remember_contact(world, order, function, member_index, plan_id, moment, rule):  # type: ignore[no-untyped-def]
    """A contact leaves its trace: with the person, and perhaps in the shared file."""
    state = run(world, 0)
    personal = rule.personal
    if personal > 0.0 and (personal >= 1.0 or uniform(order.key, plan_id, moment, KNOW_PERSONAL, 0) < personal):
        contact = contacts(world, order.customer * state.n_functions + function)
        contact.staff = member_index + 1
        contact.person = members(world, member_index).person
    customer = customers(world, order.customer)
    if customer.shared == 0 and rule.shared > 0.0:
        customer.shared = 1 if uniform(order.key, plan_id, moment, KNOW_SHARED, 0) < rule.shared else 0


@kernel
def forget_customer(world, customer_index):  # type: ignore[no-untyped-def]
    """Nobody has met this customer yet."""
    state = run(world, 0)
    for function in range(state.n_functions):
        contact = contacts(world, customer_index * state.n_functions + function)
        contact.staff = 0
        contact.person = 0
