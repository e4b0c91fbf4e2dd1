"""Cost-effectiveness: dominance on an example worked by hand, net benefit, and what the bootstrap says."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from analysis.decisions.cost_effectiveness import (
    DOMINATED,
    EXTENDEDLY,
    FRONTIER,
    SAME,
    acceptability,
    increments,
    net_benefit,
    net_benefits,
    table,
    thresholds,
)
from sim.invalid import InvalidInput

Floats = npt.NDArray[np.float64]

# base, b, c, d, e, f, g: ordered by cost b(90, 9) base(100, 10) g(100, 10) c(150, 11) d(160, 14) e(170, 13) f(300, 15).
EFFECTS = np.array([10.0, 9.0, 11.0, 14.0, 13.0, 15.0, 10.0])
COSTS = np.array([100.0, 90.0, 150.0, 160.0, 170.0, 300.0, 100.0])


def spreading(means: Floats, sd: float, n: int, seed: int) -> Floats:
    """Values around means, shape (scenarios, n), with these very means and common luck."""
    noise = np.random.default_rng(seed).standard_normal(n)
    own = np.random.default_rng(seed + 1).standard_normal((len(means), n))
    own -= own.mean(axis=1, keepdims=True)
    return means[:, None] + sd * (noise - noise.mean()) + 0.5 * sd * own


def test_dominance_by_hand() -> None:
    """b to base 10 a unit; base to c 50, but base to d 60/4 = 15: c is extendedly dominated; d to f 140."""
    places = {p.scenario: p for p in table(EFFECTS[:, None], COSTS[:, None])}
    assert list(places) == [1, 0, 6, 2, 3, 4, 5]
    assert [places[i].status for i in range(7)] == [FRONTIER, FRONTIER, EXTENDEDLY, FRONTIER, DOMINATED, FRONTIER, SAME]
    assert [places[i].by for i in (2, 4, 6)] == [3, 3, 0]
    assert [places[i].icer for i in (0, 3, 5)] == [10.0, 15.0, 140.0]
    assert all(math.isnan(places[i].icer) for i in (1, 2, 4, 6))


def test_extended_dominance_goes_back_more_than_one_step() -> None:
    """0 (0, 0), 1 (1, 10), 2 (2, 19), 3 (10, 30): ratios 10, 9, 1.4; in the end only 0 and 3, at 3 a unit."""
    places = table(np.array([[0.0], [1.0], [2.0], [10.0]]), np.array([[0.0], [10.0], [19.0], [30.0]]))
    assert [p.status for p in places] == [FRONTIER, EXTENDEDLY, EXTENDEDLY, FRONTIER]
    assert (places[1].by, places[2].by, places[3].icer) == (3, 3, 3.0)


def test_the_frontier_is_what_is_best_at_some_worth() -> None:
    rng = np.random.default_rng(41)
    for _ in range(50):
        effects, costs = rng.uniform(0.0, 10.0, (2, 8, 1))
        hull = [p for p in table(effects, costs) if p.status == FRONTIER]
        edges = [0.0, *(p.icer for p in hull[1:]), 2.0 * hull[-1].icer + 1.0 if len(hull) > 1 else 1.0]
        assert edges == sorted(edges)
        for place, (low, high) in zip(hull, pairwise(edges), strict=True):
            assert int(np.argmax(net_benefit(effects, costs, (low + high) / 2.0))) == place.scenario


def test_increments_and_net_benefits_are_paired() -> None:
    effects, costs = spreading(EFFECTS[:3], 1.0, 20, 42), spreading(COSTS[:3], 5.0, 20, 43)
    costs[1, 4] = math.nan
    kept = np.delete(np.arange(20), 4)
    effect, cost = increments(effects, costs)
    assert effect.n.tolist() == cost.n.tolist() == [19, 19, 19]
    assert (effect.mean[0], effect.low[0], cost.high[0]) == (0.0, 0.0, 0.0)
    np.testing.assert_allclose(cost.mean[2], (costs[2] - costs[0])[kept].mean())
    gain = net_benefits(effects, costs, 7.0)
    difference = 7.0 * (effects[2] - effects[0]) - (costs[2] - costs[0])
    assert gain.mean[2] == pytest.approx(difference[kept].mean())
    assert gain.sd[2] == pytest.approx(difference[kept].std(ddof=1))


def test_acceptability_is_what_normal_theory_says() -> None:
    """Two scenarios: the other is better in a resample with probability Phi(mean / standard error), n large."""
    effects, costs = spreading(np.array([10.0, 11.0]), 1.0, 400, 44), spreading(np.array([100.0, 120.0]), 60.0, 400, 45)
    found = acceptability(effects, costs, np.array([0.0, 15.0, 20.0, 40.0]), 4000)
    for j, worth in enumerate(found.worths):
        difference = np.diff(net_benefit(effects, costs, worth), axis=0)[0]
        z = difference.mean() / (difference.std() / math.sqrt(400))
        expected = 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))
        # 4 Monte Carlo standard errors, and the skewness of the mean of 400 values (third of it: below .01)
        assert found.probability[1, j] == pytest.approx(expected, abs=4 * 0.5 / math.sqrt(4000) + 0.01)
    np.testing.assert_allclose(found.probability.sum(axis=0), 1.0)
    np.testing.assert_allclose(found.error[1], np.sqrt(found.probability[0] * found.probability[1] / 4000))
    assert found.best.tolist() == [0, 0, 1, 1] or found.best.tolist() == [0, 0, 0, 1]  # at 20 they are level


def test_equal_scenarios_share_and_seeds_repeat() -> None:
    effects, costs = spreading(EFFECTS, 1.0, 30, 46), spreading(COSTS, 5.0, 30, 47)
    effects[6], costs[6] = effects[0], costs[0]
    grid = np.linspace(0.0, 200.0, 9)
    one, again, other = (acceptability(effects, costs, grid, 500, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.probability, again.probability)
    assert not np.array_equal(one.probability, other.probability)
    np.testing.assert_array_equal(one.probability[6], one.probability[0])
    assert one.probability[0, 0] == one.probability[6, 0] <= 0.5


def test_threshold_intervals_cover() -> None:
    """True worth 20 = 20 / 1; 300 studies of 40 replications each, 400 resamples: 95 % but for the bootstrap's
    shortfall, which for a mean of n values is about that of z for t and of sd by n for by n - 1: 93.7 %."""
    rng, studies, covered = np.random.default_rng(48), 300, 0
    for s in range(studies):
        noise = rng.standard_normal((2, 40))
        effects = np.vstack([np.zeros(40), 1.0 + 0.5 * noise[0]])
        costs = np.vstack([np.zeros(40), 20.0 + 6.0 * noise[1]])
        (found,) = thresholds(effects, costs, 400, s)
        assert (found.before, found.after) == (0, 1)
        covered += found.low <= 20.0 <= found.high
    assert covered / studies == pytest.approx(0.937, abs=4 * math.sqrt(0.937 * 0.063 / studies))


def test_a_threshold_that_may_not_exist_has_no_end() -> None:
    rng = np.random.default_rng(49)
    effects = np.vstack([np.zeros(30), rng.standard_normal(30)])
    effects[1] += 0.1 - effects[1].mean()
    (found,) = thresholds(effects, np.vstack([np.zeros(30), np.full(30, 5.0)]))
    assert found.worth == pytest.approx(50.0)
    assert 0.0 < found.low < 50.0
    assert found.high == math.inf
    assert thresholds(effects[:1], effects[:1]) == ()


def test_bad_input() -> None:
    with pytest.raises(InvalidInput, match="worths"):
        acceptability(np.ones((2, 5)), np.ones((2, 5)), np.array([-1.0]))
    with pytest.raises(InvalidInput, match="replications"):
        thresholds(np.array([[0.0, 1.0], [2.0, math.nan]]), np.array([[0.0, 1.0], [2.0, 3.0]]))
