"""Suppliers (model.md 2.7): defects (M9), lead times, money, and the trust of a partnership."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import (
    PLENTY,
    chain,
    exponential,
    fixed,
    plain_rules,
    population,
    rich_system,
    rows,
    run,
    run_and_look,
    stream,
)
from test_theory import agrees, failure_share, fits

from sim.blueprint import Blueprint, Distribution, Handoff, Partnership, Supplier, Terms
from sim.journal import Journal
from sim.plan import compile_plan
from sim.tables import CAUSE_SUPPLIER

pytestmark = pytest.mark.both_engines

FREE = Terms(fixed(0.0), 0.0, 0.0)


def supplied(
    n: int = 1, at: int = 1, terms: Terms = FREE, partner: Partnership | None = None, **parts: Any
) -> Blueprint:
    """A chain of n stages in which nobody waits; stage `at` has a supplier."""
    defaults: dict[str, Any] = {"members": PLENTY, "layers": (0, 1), **plain_rules()}
    stages = {at: {"supplier": "mill"}}
    return chain(n, stages=stages, suppliers={"mill": Supplier(terms, partner)}, **{**defaults, **parts})


# -- defects, time and money ---------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 3])
def test_m9_defects_of_the_input(at):
    """Failure share 1 - (1 - p0) q^N: a bad input is one more chance to fail, wherever it comes in."""
    n, p, p0 = 5, 0.02, 0.06
    journal = run(supplied(n, at, replace(FREE, defect=p0), service=0.01, p=p, arrivals=stream(0.1), hours=2_000.0))
    failed = journal["orders"]["reached"] > 0
    agrees("M9", failed, 1 - (1 - p0) * (1 - p) ** n, unlike=failure_share([p] * n))
    errors = journal["errors"]
    bought = errors["order"][errors["cause"] == CAUSE_SUPPLIER]
    assert len(set(bought)) == len(bought)
    assert set(errors["stage"][errors["cause"] == CAUSE_SUPPLIER]) == {at - 1}
    agrees("defects", np.isin(np.arange(len(failed)), bought), p0, unlike=p)


@pytest.mark.parametrize(
    ("at", "delay", "expected"),
    [(1, 0.0, 2.5 + 3.0), (2, 0.0, 2.5 + 3.0), (2, 1.0, 2.5 + 3.0), (2, 4.0, 4.0 + 3.0), (1, 4.0, 2.5 + 4.0 + 3.0)],
)
def test_lead_time_adds_exactly(at, delay, expected):
    """Three stages of 1 h; the input is called for when the order sets out for its stage, and both must be there."""
    way = [Handoff(delay=fixed(delay)), Handoff(), Handoff()]
    terms = replace(FREE, lead_time=fixed(2.5))
    journal = run(supplied(3, at, terms, handoff=way, arrivals=stream(7.0), hours=50.0))
    orders = journal["orders"]
    assert len(orders) == 7
    assert orders["delivered"] - orders["placed"] == pytest.approx(expected, abs=1e-12)
    assert not orders["waited"].any()


def test_lead_time_is_drawn_anew_for_every_order():
    terms = replace(FREE, lead_time=Distribution("gamma", 2.0, 0.6))
    orders = run(supplied(1, 1, terms, arrivals=stream(0.5), hours=1_500.0))["orders"]
    lead = orders["delivered"] - orders["placed"] - 1.0
    agrees("mean", lead, 2.0, unlike=2.2)
    agrees("variance", (lead - 2.0) ** 2, 1.44, unlike=2.0)


def test_prices():
    """Inputs are paid when bought; the orders of the measured time carry theirs."""
    terms = Terms(fixed(30.0), 0.0, 12.5)
    journal = run(supplied(2, 2, terms, arrivals=stream(10.0), hours=160.0, warm_up=40.0))
    orders, weeks, totals = journal["orders"], journal["weeks"], journal["totals"][0]
    assert (orders["supplies"] == 12.5).all()
    # placed every 10 h, bought an hour later (from 11 h on), delivered 32 h after placement
    delivered = weeks["delivered"].tolist()
    assert delivered == [0, 4, 4, 4, 4, 3]
    assert weeks["materials"].tolist() == [12.5 * 3, *(12.5 * 4 + 40.0 * n for n in delivered[1:5]), 40.0 * 3]
    assert totals["placed"] == 16
    assert totals["materials"] == 16 * (40.0 + 12.5)


def test_every_visit_to_the_stage_needs_its_input():
    """An order that comes to the stage again buys again; rework does not."""
    route = {"s1": {"s2": Handoff()}, "s2": {"s1": Handoff(0.5), "delivered": Handoff(0.5)}}
    journal = run(supplied(2, 1, replace(FREE, price=1.0), route=route, arrivals=stream(1.0), hours=300.0))
    passes = np.bincount(journal["visits"]["order"][journal["visits"]["stage"] == 0])
    assert passes.max() > 3
    assert journal["orders"]["supplies"].tolist() == passes.tolist()


# -- trust ---------------------------------------------------------------------------------------------------

GOOD = Partnership(promised=4.0, trust=0.7, trust_gain=0.1, trust_loss=0.2, break_hazard=0.0)


def state(system: Blueprint, seed: int = 1) -> tuple[Journal, Any]:
    """A run and the state of its supplier at the end."""
    journal, world = run_and_look(system, seed)
    return journal, world.table("supplier_state")[0]


@pytest.mark.parametrize(
    ("lead", "defect", "kept"), [(4.0, 0.0, True), (4.5, 0.0, False), (1.0, 1.0, False), (9.0, 1.0, False)]
)
def test_trust_by_hand(lead, defect, kept):
    """A promise kept closes a tenth of the distance to 1, one broken (late, or faulty) costs a fifth of the trust."""
    system = supplied(1, 1, Terms(fixed(lead), defect, 0.0), GOOD, arrivals=stream(10.0), hours=75.0)
    trust = 0.7
    for _ in range(7):
        trust = trust + 0.1 * (1 - trust) if kept else trust - 0.2 * trust
    assert state(system)[1]["trust"] == pytest.approx(trust, abs=1e-12)


def test_trust_follows_the_deliveries_one_by_one():
    """Lead times that vary: trust is rebuilt from the journal in the order of purchase."""
    terms = Terms(exponential(4.0), 0.1, 1.0)
    journal, end = state(supplied(1, 1, terms, GOOD, arrivals=stream(1.0), hours=200.0))
    orders, errors = journal["orders"], journal["errors"]
    defective = np.isin(np.arange(len(orders)), errors["order"])
    lead = orders["delivered"] - orders["placed"] - 1.0
    trust = 0.7
    for hours, bad in zip(lead, defective, strict=True):
        trust = trust + 0.1 * (1 - trust) if hours <= 4.0 and not bad else trust - 0.2 * trust
    assert 0 < defective.sum() < len(orders)
    assert end["trust"] == pytest.approx(trust, abs=1e-9)


def broken_at(journal: Journal) -> float:
    """The hour at which the partnership broke (its exit cost is booked in the week that begins then)."""
    weeks = journal["weeks"]
    hours = weeks["began"][weeks["exit_cost"] > 0]
    assert len(hours) <= 1, "a partnership breaks once"
    return float(hours[0]) if len(hours) else math.inf


def test_time_to_break():
    """At constant trust t the weeks until the break are geometric with chance 1 - exp(-h (1-t)^2 / 48)."""
    hazard, trust = 20.0, 0.3
    partner = replace(GOOD, trust=trust, trust_gain=0.0, trust_loss=0.0, break_hazard=hazard)
    system = supplied(1, 1, FREE, partner, arrivals=stream(20.0), hours=4_000.0)
    plan = compile_plan(((0.0, system),))
    weeks = np.array([broken_at(run(plan, 11, r)) / 40.0 for r in range(400)])
    chance = 1 - math.exp(-hazard * (1 - trust) ** 2 / 48)
    assert np.isfinite(weeks).all()
    agrees("weeks", weeks, 1 / chance, unlike=1 / (1 - math.exp(-hazard * (1 - trust) / 48)))
    fits("geometric", np.bincount(weeks.astype(int))[1:].tolist(), [chance * (1 - chance) ** n for n in range(12)])


def test_full_trust_never_breaks():
    partner = replace(GOOD, trust=1.0, break_hazard=1e6)
    assert broken_at(run(supplied(1, 1, FREE, partner, arrivals=stream(20.0), hours=2_000.0))) == math.inf


def test_terms_after_the_break():
    """Once broken: the fallback's time and defects, `fallback_price` times its price, and the exit cost once."""
    fallback = Terms(fixed(3.0), 1.0, 10.0)
    partner = Partnership(4.0, 0.5, 0.0, 0.0, 1e6, 5_000.0, fallback, 2.0)
    system = supplied(1, 1, Terms(fixed(1.0), 0.0, 7.0), partner, arrivals=stream(15.0), hours=160.0)
    journal = run(system)
    assert broken_at(journal) == 40.0
    assert journal["weeks"]["exit_cost"].sum() == 5_000.0
    assert rows(journal, "orders", "placed", "delivered", "supplies", "errors") == [
        (15.0, 17.0, 7.0, 0),
        (30.0, 32.0, 7.0, 0),
        *((15.0 * n, 15.0 * n + 4.0, 20.0, 1) for n in range(3, 11)),
    ]
    _, end = state(system)
    assert (end["partner"], end["joined"], end["broken"]) == (0, 1, 40.0)


def test_a_partnership_that_a_programme_begins():
    """It starts with its own trust when the plan names it, and does not come back by itself once broken."""
    before = supplied(1, 1, replace(FREE, price=1.0), arrivals=stream(15.0), hours=400.0)
    partner = Partnership(4.0, 0.5, 0.0, 0.0, 1e6, 100.0, replace(FREE, price=3.0), 2.0)
    after = replace(before, suppliers={"mill": Supplier(replace(FREE, price=2.0), partner)})
    journal = run(((0.0, before), (90.0, after), (200.0, after)))
    paid = dict(rows(journal, "orders", "placed", "supplies"))
    assert broken_at(journal) == 120.0
    # at 90 h the change of plan comes first, at 120 h the tick of the week
    assert paid == {15.0 * n: 1.0 if n < 6 else 2.0 if n < 8 else 6.0 for n in range(1, 27)}


def test_without_suppliers_nothing_changes():
    """A supplier that gives at once, for nothing and without fault, none at all, or the mechanism off
    (what is bought still has its price): the same run."""
    system = rich_system()
    plain = run(system).to_bytes()

    def bought(terms: Terms, **switches: bool) -> bytes:
        stages = {n: replace(s, supplier="mill") for n, s in system.stages.items()}
        suppliers = {"mill": Supplier(terms, Partnership())}
        return run(replace(system, stages=stages, suppliers=suppliers, switches=switches)).to_bytes()

    assert bought(FREE) == plain
    assert bought(Terms(price=0.0), suppliers=False) == plain
    assert bought(Terms(price=0.0)) != plain
    assert run(replace(system, suppliers={"idle": Supplier()})).to_bytes() == plain


def test_a_supplier_leaves_other_draws_alone():
    """Customers come as before, and every visit is as long; the input only delays and costs."""
    arrivals = population(30, exponential(30.0))
    slow = supplied(2, 1, Terms(), service=exponential(1.0), arrivals=arrivals, hours=100.0)
    plain = replace(slow, switches={"suppliers": False})
    first = [journal["orders"][journal["orders"]["number"] == 0] for journal in (run(slow), run(plain))]
    assert first[0]["placed"].tolist() == first[1]["placed"].tolist()
    assert first[0]["worked"].tolist() == first[1]["worked"].tolist()
    assert (first[0]["delivered"] > first[1]["delivered"]).all()
