"""V29: the optimal effort for prevention (C09), found by the simulator and by hand.

Effort e (cu an order) buys an error rate p(e) = p_min + (p0 - p_min) exp(-e/e0); an order that fails costs b. The sum
a e + b p(e) is least at e* = e0 ln(b (p0 - p_min) / (a e0)), or at 0 where that is negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from builders import PLENTY, chain, plain_rules, run, stream

from sim.blueprint import Costs, Recovery
from sim.journal import Journal

pytestmark = pytest.mark.both_engines

ORDERS = 6_000
HOURS_APART = 0.5
STEP = 6.0  # of the grid of efforts: neighbours of the best are then told apart by 4 standard errors


@dataclass(frozen=True)
class Market:
    """What an order costs: `a` a unit of effort, `b` a failure; and what effort does to the error rate."""

    b: float
    a: float = 1.0
    p0: float = 0.2
    p_min: float = 0.0
    e0: float = 5.0

    def p(self, effort: float) -> float:
        return self.p_min + (self.p0 - self.p_min) * math.exp(-effort / self.e0)

    def cost(self, effort: float) -> float:
        """Expected prevention and failure cost of an order."""
        return self.a * effort + self.b * self.p(effort)

    @property
    def best(self) -> float:
        return max(0.0, self.e0 * math.log(self.b * (self.p0 - self.p_min) / (self.a * self.e0)))


def journal_at(p: float, redelivery: float) -> Journal:
    """Every failure comes out at delivery and is complained of: it costs its redelivery, and nothing else."""
    rules = plain_rules(
        recovery=Recovery(major_share=0.0, surfacing=1.0, minor_complaint=1.0, recovery_offered=0.0),
        costs=Costs(redelivery=redelivery, complaint_hours=0.0, materials=0.0),
    )
    return run(
        chain(
            1,
            service=0.1,
            p=p,
            members=PLENTY,
            arrivals=stream(HOURS_APART),
            hours=HOURS_APART * (ORDERS + 1),
            layers=(0, 1, 3),
            **rules,
        ),
        seed=29,
    )


@cache
def failures(p: float) -> np.ndarray:
    """Which orders fail at an error rate; the same draws whatever the rate (common random numbers)."""
    journal = journal_at(p, 1.0)
    cost = journal["orders"]["external_cost"]
    assert len(cost) == ORDERS
    assert set(cost) <= {0.0, 1.0}
    assert (cost > 0).sum() == (journal["orders"]["reached"] > 0).sum()
    return cost


def sweep(market: Market, grid: np.ndarray) -> np.ndarray:
    """Cost of every order at every effort of the grid: (efforts, orders)."""
    return np.array([market.a * e + market.b * failures(round(market.p(e), 12)) for e in grid])


MARKETS = [Market(100.0), Market(400.0), Market(400.0, p_min=0.02), Market(1_000.0, a=2.0), Market(20.0)]


@pytest.mark.parametrize("market", MARKETS, ids=lambda m: f"b={m.b:g}, a={m.a:g}, p_min={m.p_min:g}")
def test_v29_optimal_effort(market):
    """The grid point with the least simulated cost is the one nearest e*, and every cost is the expected one."""
    grid = np.arange(0.0, 27.0, STEP) + market.best % STEP
    grid = np.unique(np.round(np.concatenate([[0.0], grid]), 9))
    costs = sweep(market, grid)
    best = int(np.argmin(costs.mean(axis=1)))
    nearest = int(np.argmin(abs(grid - market.best)))
    print(f"e* {market.best:.4g}, grid {grid.round(2).tolist()}, found {grid[best]:.4g}")
    assert best == nearest
    for e, row in zip(grid, costs, strict=True):
        tolerance = 4 * market.b * math.sqrt(market.p(e) * (1 - market.p(e)) / ORDERS)
        assert abs(row.mean() - market.cost(e)) <= tolerance
    for other in range(len(grid)):
        if other != best:
            more = costs[other] - costs[best]
            error = more.std(ddof=1) / math.sqrt(ORDERS)
            assert more.mean() > 4 * error, f"effort {grid[other]:g} cannot be told from {grid[best]:g}"


def test_no_prevention_where_failures_are_cheap():
    """b (p0 - p_min) below a e0: every effort costs more than it saves."""
    market = Market(20.0)
    assert 5.0 * math.log(20.0 * 0.2 / 5.0) < 0.0
    assert market.best == 0.0
    means = sweep(market, np.array([0.0, 2.0, 5.0, 10.0])).mean(axis=1)
    assert (np.diff(means) > 0).all()


def test_the_optimum_moves_to_fewer_errors_as_failures_cost_more():
    """C09: ten times the cost of a failure adds e0 ln 10 to the effort, and divides the errors that remain by ten."""
    grid = np.arange(0.0, 31.0, 5.0)
    found = [grid[np.argmin(sweep(Market(b), grid).mean(axis=1))] for b in (50.0, 500.0)]
    assert Market(500.0).best - Market(50.0).best == pytest.approx(5.0 * math.log(10.0), rel=1e-12)
    assert found[0] < found[1]
    assert abs(found[0] - Market(50.0).best) <= 2.5
    assert Market(500.0).p(Market(500.0).best) == pytest.approx(Market(50.0).p(Market(50.0).best) / 10, rel=1e-9)


def test_c09_internal_waste_falls_always_the_total_does_not():
    """Failures fall with every unit of effort, order by order; the total is U-shaped."""
    market = Market(100.0)
    grid = np.array([0.0, 4.0, 8.0, 16.0, 32.0])
    failing = np.array([failures(round(market.p(e), 12)) for e in grid])
    assert (np.diff(failing, axis=0) <= 0).all(), "with common random numbers effort never breaks what was right"
    assert (np.diff(failing.sum(axis=1)) < 0).all()
    change = np.diff(sweep(market, grid).mean(axis=1))
    assert change[0] < 0 < change[-1]


def test_failures_in_the_books():
    """The weekly books carry what the sweep added up: failures at their price in the week they came out."""
    journal = journal_at(0.2, 100.0)
    orders, weeks = journal["orders"], journal["weeks"]
    assert weeks["external_cost"].sum() == pytest.approx(100.0 * (orders["reached"] > 0).sum(), rel=1e-12)
    assert journal["totals"]["external_cost"][0] == pytest.approx(orders["external_cost"].sum(), rel=1e-12)
    week = np.floor(orders["delivered"] / 40.0).astype(int)
    by_week = np.bincount(week, weights=orders["external_cost"], minlength=len(weeks))
    assert weeks["external_cost"] == pytest.approx(by_week[: len(weeks)], abs=1e-9)
