"""Every shipped system keeps the laws of any queueing system: orders are conserved, and Little's law holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scenarios.compose import CONF
from scenarios.config import load_blueprint
from sim.journal import Journal
from sim.simulate import simulate

SYSTEMS = sorted(path.stem for path in (CONF / "system").glob("*.yaml"))


@pytest.fixture(scope="module", params=SYSTEMS)
def journal(request: pytest.FixtureRequest) -> Journal:
    return simulate(load_blueprint(request.param, ["system.horizon.warm_up=0", "system.horizon.measured=240"]))


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


def test_every_order_is_delivered_once_and_is_always_somewhere(journal: Journal) -> None:
    """From placement to delivery an order is at one stage or on its way to the next, never at two, never lost."""
    orders, visits = journal["orders"], in_order(journal)
    assert len(orders) > 400
    assert not np.isnan(orders["delivered"]).any()
    assert np.array_equal(np.unique(visits["order"]), np.arange(len(orders)))
    new = np.r_[True, visits["order"][1:] != visits["order"][:-1]]
    last = np.r_[new[1:], True]
    assert np.array_equal(visits["arrived"][new], orders["placed"])
    assert np.array_equal(visits["ended"][last], orders["delivered"])
    assert (visits["arrived"] <= visits["began"]).all()
    assert (visits["began"] < visits["ended"]).all()
    assert (visits["arrived"][1:][~new[1:]] >= visits["ended"][:-1][~new[1:]]).all()


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
    """V13: over a drained run L = lambda W exactly, at every stage; stages and ways together hold the whole system."""
    orders, visits = journal["orders"], in_order(journal)
    span = float(orders["delivered"].max() - orders["placed"].min())
    held = 0.0
    for stage in range(len(journal.plan.stage_names)):
        here = visits[visits["stage"] == stage]
        present = area(here["arrived"], here["ended"])
        mean_number, rate = present / span, len(here) / span
        assert mean_number == pytest.approx(rate * float((here["ended"] - here["arrived"]).mean()), rel=1e-9)
        held += present
    same = visits["order"][1:] == visits["order"][:-1]
    travelling = area(visits["ended"][:-1][same], visits["arrived"][1:][same])
    assert area(orders["placed"], orders["delivered"]) == pytest.approx(held + travelling, rel=1e-9)
    assert float(orders["waited"].sum() + orders["worked"].sum()) == pytest.approx(held, rel=1e-9)
