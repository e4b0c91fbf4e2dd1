"""Every shipped system, with all layers on, keeps the laws of any queueing system: orders are conserved, Little's law
holds, customers and hours add up, and nothing runs away."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import run

from scenarios.compose import CONF
from scenarios.config import load_blueprint
from sim.journal import Journal

pytestmark = pytest.mark.both_engines

SYSTEMS = sorted(path.stem for path in (CONF / "system").glob("*.yaml"))
HOURS = {"professional_services": 7680}  # four years, for as many orders as the others place in six weeks


@cache
def run_of(system: str) -> Journal:
    hours = HOURS.get(system, 240)
    layers = "system.layers=[0,1,2,3,4]"
    return run(load_blueprint(system, [layers, "system.horizon.warm_up=0", f"system.horizon.measured={hours}"]))


@pytest.fixture(scope="module", params=SYSTEMS)
def journal(request: pytest.FixtureRequest, engine: str) -> Journal:
    return run_of(request.param)


def ended(journal: Journal) -> np.ndarray[Any, Any]:
    """When each order was delivered, or given up."""
    orders = journal["orders"]
    return np.where(np.isnan(orders["delivered"]), orders["abandoned"], orders["delivered"])


def served(journal: Journal) -> np.ndarray[Any, Any]:
    """Rows of orders that somebody has worked on: all but those whose customer gave up at the first queue."""
    return np.unique(journal["visits"]["order"])


def in_order(journal: Journal) -> np.ndarray[Any, Any]:
    """The visits, order by order, each in the order of its journey."""
    visits = journal["visits"]
    return visits[np.lexsort((visits["arrived"], visits["began"], visits["order"]))]


def area(came: np.ndarray[Any, Any], went: np.ndarray[Any, Any]) -> float:
    """Integral over time of the number present, from the path itself; it is never negative, and 0 at the end."""
    times = np.concatenate([came, went])
    steps = np.concatenate([np.ones(len(came)), -np.ones(len(went))])
    order = np.lexsort((-steps, times))  # who comes at an instant counts before who goes at it
    present = np.cumsum(steps[order])
    assert present.min() >= 0
    assert present[-1] == 0
    return float((present[:-1] * np.diff(times[order])).sum())


def test_all_layers_are_on_except_where_the_system_is_their_opposite() -> None:
    """Three systems ship with every layer; the paper's ten stages are Layer 0, and run with all of them here."""
    assert {name: load_blueprint(name).layers for name in SYSTEMS} == {
        "help_desk": (0, 1, 2, 3, 4), "order_to_delivery": (0, 1, 2, 3, 4), "professional_services": (0, 1, 2, 3, 4),
        "ten_stage": (0,),
    }  # fmt: skip
    assert {run_of(name).plan.staff_on and run_of(name).plan.relationship_on for name in SYSTEMS} == {True}


def test_every_order_ends_once_and_is_always_somewhere(journal: Journal) -> None:
    """From placement to its end an order is at one stage or on its way to the next, never at two, never lost."""
    orders, visits, end = journal["orders"], in_order(journal), ended(journal)
    assert len(orders) > 400
    assert not np.isnan(end).any()
    assert (np.isnan(orders["delivered"]) != np.isnan(orders["abandoned"])).all()
    unserved = np.setdiff1d(np.arange(len(orders)), served(journal))
    assert np.isnan(orders["delivered"][unserved]).all()  # nothing is delivered without work
    new = np.r_[True, visits["order"][1:] != visits["order"][:-1]]
    last = np.r_[new[1:], True]
    assert (visits["arrived"][new] >= orders["placed"][visits["order"][new]]).all()  # at once, or when supplies are in
    done = ~np.isnan(orders["delivered"][visits["order"][last]])
    assert done.any()
    assert np.array_equal(visits["ended"][last][done], orders["delivered"][visits["order"][last][done]])
    assert (visits["arrived"] <= visits["began"]).all()
    assert (visits["began"] < visits["ended"]).all()
    assert (visits["arrived"][1:][~new[1:]] >= visits["ended"][:-1][~new[1:]]).all()


def test_orders_in_are_orders_out(journal: Journal) -> None:
    """Orders placed = delivered + abandoned + in the system, week after week, in the books and in the table."""
    weeks, orders = journal["weeks"], journal["orders"]
    assert np.array_equal((weeks["placed"] - weeks["delivered"] - weeks["abandoned"]).cumsum(), weeks["in_system"])
    assert weeks["in_system"][-1] == 0
    assert weeks["placed"].sum() == len(orders)
    assert weeks["delivered"].sum() == (~np.isnan(orders["delivered"])).sum()
    assert weeks["abandoned"].sum() == (~np.isnan(orders["abandoned"])).sum()


def test_customers_won_and_lost_are_the_change_of_customers(journal: Journal) -> None:
    weeks = journal["weeks"][:-1]  # the last row, after the end, takes no stock
    change = weeks["won"].sum(axis=1) - weeks["lost"].sum(axis=1)
    before = weeks["active"][0] - change[0]
    population = journal.plan.blueprints[0].arrivals
    assert before == (population.customers if population.process == "population" else 0)
    assert np.array_equal(before + change.cumsum(), weeks["active"])


def test_every_hour_is_accounted_for(journal: Journal) -> None:
    """Paid hours = worked + idle + off the line + absent; worked hours are those of the visits until the end."""
    weeks, members, pools = journal["weeks"], journal["members"], journal["pool_hours"]
    for table in (weeks, members, pools):
        idle = table["paid"] - table["worked"] - table["off_line"] - table["absent"]
        assert (idle > -1e-6).all()
    for column in ("paid", "worked", "off_line", "absent", "overtime"):
        assert members[column].sum() == pytest.approx(weeks[column][:-1].sum(), rel=1e-9)
        assert pools[column].sum() == pytest.approx(weeks[column][:-1].sum(), rel=1e-9)
    visits, end = journal["visits"], journal.plan.end
    inside = np.clip(np.minimum(visits["ended"], end) - visits["began"], 0.0, None)
    assert weeks["worked"][:-1].sum() == pytest.approx(inside.sum(), rel=1e-9)
    assert weeks["absent"].sum() > 0
    blueprint = journal.plan.blueprints[0]
    week = blueprint.calendar.week
    for row, name in zip(members, journal.plan.staff_names, strict=True):
        member = next(p.members[name] for p in blueprint.pools.values() if name in p.members)
        share = sum(b - a for a, b in member.shifts) / week if member.shifts else 1.0
        assert row["paid"] + row["vacant"] - row["overtime"] == pytest.approx(share * end, rel=1e-6)


def test_nothing_runs_away(journal: Journal) -> None:
    """The queue at the end is no longer than in the middle (within chance), and staff and customers are alive."""
    weeks = journal["weeks"][:-1]
    half = len(weeks) // 2
    per_hour = weeks["placed"].sum() / journal.plan.end
    limit = 3 * weeks["in_system"][half // 2 : half + 1].max() + 20 * np.sqrt(per_hour) + 20
    assert weeks["in_system"].max() < limit
    assert ((weeks["morale"] > 0.3) & (weeks["morale"] < 0.9)).all()
    assert (weeks["skill"] > 0.5).all()
    assert weeks["active"][-1] > 0


def test_what_enters_a_stage_leaves_it(journal: Journal) -> None:
    """Flow balance of first work: orders that start there plus handoffs in = handoffs out plus deliveries."""
    visits, handoffs = in_order(journal), journal["handoffs"]
    work = visits[visits["kind"] == 0]
    count = len(journal.plan.stage_names)
    new = np.r_[True, work["order"][1:] != work["order"][:-1]]
    started = np.bincount(work["stage"][new], minlength=count)
    finished = np.bincount(work["stage"][np.r_[new[1:], True]], minlength=count)
    done = np.bincount(work["stage"], minlength=count)
    assert (done > 0).all()
    assert np.array_equal(done, started + np.bincount(handoffs["target"], minlength=count))
    assert np.array_equal(done, finished + np.bincount(handoffs["source"], minlength=count))


def test_littles_law_on_the_sample_path(journal: Journal) -> None:
    """V13: over a drained run L = lambda W exactly, at every stage; stages, ways, waits for supplies and the queue time
    of those who gave up together hold the whole system."""
    orders, visits, end = journal["orders"], in_order(journal), ended(journal)
    span = float(end.max() - orders["placed"].min())
    held = 0.0
    for stage in range(len(journal.plan.stage_names)):
        here = visits[visits["stage"] == stage]
        present = area(here["arrived"], here["ended"])
        mean_number, rate = present / span, len(here) / span
        assert mean_number == pytest.approx(rate * float((here["ended"] - here["arrived"]).mean()), rel=1e-9)
        held += present
    same = visits["order"][1:] == visits["order"][:-1]
    travelling = area(visits["ended"][:-1][same], visits["arrived"][1:][same])
    first = np.r_[True, ~same]
    last = np.r_[~same, True]
    supplied = float((visits["arrived"][first] - orders["placed"][visits["order"][first]]).sum())
    gave_up = float((end[visits["order"][last]] - visits["ended"][last]).sum())
    unserved = np.setdiff1d(np.arange(len(orders)), visits["order"])
    gave_up += float((end[unserved] - orders["placed"][unserved]).sum())
    assert area(orders["placed"], end) == pytest.approx(held + travelling + supplied + gave_up, rel=1e-9)
    assert float(orders["waited"].sum() + (visits["ended"] - visits["began"]).sum()) == pytest.approx(held, rel=1e-9)


# -- what each of them is there to show ----------------------------------------------------------------------


def test_callers_hang_up_where_the_queue_is_long() -> None:
    """Help desk: a few per cent of the calls are abandoned, only ever in the queue; nobody gives up elsewhere."""
    journal = run_of("help_desk")
    orders = journal["orders"]
    given_up = ~np.isnan(orders["abandoned"])
    assert 0.005 < given_up.mean() < 0.10
    visited = np.isin(np.arange(len(orders)), journal["visits"]["order"])
    assert not visited[given_up].any()
    for other in ("order_to_delivery", "professional_services", "ten_stage"):
        assert np.isnan(run_of(other)["orders"]["abandoned"]).all()


def test_calls_come_by_the_hour_and_day() -> None:
    """Counts of calls by hour of the week follow the profile."""
    journal = run_of("help_desk")
    profile = np.array(journal.plan.blueprints[0].arrivals.profile)
    placed = journal["orders"]["placed"]
    counts = np.bincount((placed % 40.0).astype(int), minlength=40)
    expected = profile * counts.sum() / profile.sum()
    assert np.corrcoef(counts, expected)[0, 1] > 0.9


def test_key_accounts_bring_their_share() -> None:
    """Order to delivery: a fifth of the orders, and 31 % of the revenue (465 of 300 cu on average)."""
    journal = run_of("order_to_delivery")
    orders = journal["orders"]
    segment = journal["customers"]["segment"][orders["customer"]]
    key = segment == journal.plan.segment_names.index("key_accounts")
    assert key.mean() == pytest.approx(0.2, abs=0.05)
    assert (orders["supplies"] == 40.0).all()


def test_experts_keep_their_clients() -> None:
    """Professional services: low churn, and a firm of about the size it began with after four years."""
    weeks = run_of("professional_services")["weeks"]
    years = 7680 / 1920
    lost = weeks["lost"][:, :5].sum() / weeks["active"][:-1].mean() / years
    assert 0.0 < lost < 0.25
    assert 40 <= weeks["active"][-2] <= 100
