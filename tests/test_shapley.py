"""Shapley values: games with known values, the axioms, sampling, intervals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest

from analysis.diagnosis.attribution import Design, attribute, crossed, design_of, interaction_table, share_of
from analysis.diagnosis.shapley import (
    coalitions_along,
    interactions,
    sampled_orders,
    sampled_values,
    shapley_values,
)


def random_worth(n: int, runs: int = 3, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(1 << n, runs))


def worth_of(game: Callable[[int], float], members: int) -> np.ndarray:
    """The worth of all 2^n coalitions of a game given as a function: shape (2^n,)."""
    return np.array([game(coalition) for coalition in range(1 << members)], dtype=float)


def test_the_glove_game():
    """One left glove, two right ones; a pair is worth 1: the left one gets 2/3 (Shapley & Shubik 1969)."""
    worth = worth_of(lambda s: float(bool(s & 1) and bool(s & 6)), 3)
    assert shapley_values(worth) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    # with 2 the pair 0, 1 is worth nothing more than 0 alone: 1/2 - 1/2; the two right gloves replace each other
    assert interactions(worth) == pytest.approx(np.array([[0, 0.5, 0.5], [0.5, 0, -0.5], [0.5, -0.5, 0]]))


def test_an_additive_game_pays_everybody_their_own():
    weights = [2.0, -1.0, 0.5, 7.0]
    worth = worth_of(lambda s: sum(w for i, w in enumerate(weights) if s >> i & 1), 4)
    assert shapley_values(worth) == pytest.approx(weights)
    assert interactions(worth) == pytest.approx(np.zeros((4, 4)), abs=1e-12)


def test_unanimity():
    """Nothing without all three: equal shares, and a pair meets the third in half of the cases."""
    worth = worth_of(lambda s: float(s == 7), 3)
    assert shapley_values(worth) == pytest.approx([1 / 3] * 3)
    assert interactions(worth)[0, 1] == pytest.approx(0.5)


@pytest.mark.parametrize("n", [1, 2, 5, 7])
def test_efficiency_dummy_and_symmetry(n: int):
    worth = random_worth(n)
    assert np.abs(shapley_values(worth).sum(axis=0) - (worth[-1] - worth[0])).max() < 1e-12
    with_dummy = np.concatenate([worth, worth])  # a further member who changes nothing
    assert (shapley_values(with_dummy)[-1] == 0.0).all()
    assert (interactions(with_dummy)[-1] == 0.0).all()
    assert shapley_values(with_dummy)[:-1] == pytest.approx(shapley_values(worth))
    alike = worth_of(lambda s: np.sin(s.bit_count() + np.arange(3.0)), n)
    assert shapley_values(alike) == pytest.approx(np.tile((alike[-1] - alike[0]) / n, (n, 1)))


def test_the_average_over_all_orders():
    worth = random_worth(4)
    orders = np.array(list(permutations(range(4))))[:, None, :]
    each = sampled_values(dict(enumerate(worth)), orders)
    assert each.mean(axis=1) == pytest.approx(shapley_values(worth))
    assert each.sum(axis=0) == pytest.approx(np.tile(worth[-1] - worth[0], (24, 1)))  # efficient in every order


def test_sampling_is_unbiased_and_leaves_a_dummy_out():
    worth = random_worth(6, runs=1)
    with_dummy = np.concatenate([worth, worth])
    values = sampled_values(dict(enumerate(with_dummy)), sampled_orders(7, 400, 3))[..., 0]
    error = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
    exact = shapley_values(with_dummy)[:, 0]
    assert (np.abs(values.mean(axis=1) - exact)[:-1] < 4 * error[:-1]).all()
    assert (values[-1] == 0.0).all()


def test_orders_come_in_pairs_and_are_the_same_for_a_seed():
    orders = sampled_orders(9, 5, 8)
    assert (np.sort(orders, axis=-1) == np.arange(9)).all()
    assert (orders[:, 0] == orders[:, 1, ::-1]).all()
    assert (orders == sampled_orders(9, 5, 8)).all()
    assert (orders != sampled_orders(9, 5, 9)).any()
    assert coalitions_along([2, 0, 1]) == (0, 4, 5, 7)


def test_a_wrong_number_of_coalitions_is_refused():
    with pytest.raises(ValueError, match="power of 2"):
        shapley_values(np.zeros(6))


# -- designs and tables --------------------------------------------------------------------------------------


def test_a_design_holds_every_set_or_those_along_orders():
    few = design_of(("a", "b", "c"), 3, 12, 1)
    assert few.orders is None
    assert sorted(few.sets) == list(range(8))
    many = design_of(tuple("abcdefgh"), 3, 6, 1)
    assert many.orders is not None
    assert many.orders.shape == (3, 2, 8)
    assert {0, 255, *(1 << i for i in range(8)), *(255 ^ 1 << i for i in range(8))} <= set(many.sets)
    assert len(many.sets) == len(set(many.sets)) <= 2 + 6 * 7 + 2 * 8


def test_a_table_of_failures_removed():
    """The metric is what is there: 10 + 4 with a + 6 with b, + 2 with both; nothing of it without."""
    level = {0: 22.0, 1: 16.0, 2: 14.0, 3: 10.0}  # a out: b alone is left
    noise = np.array([0.0, 1.0, 5.0])
    table = attribute(Design(("a", "b"), None), {out: v + noise for out, v in level.items()}, "m").set_index("cause")
    assert table["adds"].to_dict() == {"a": 5.0, "b": 7.0, "all": 12.0}
    assert table["alone"].to_dict() == {"a": 6.0, "b": 8.0, "all": 12.0}
    assert table["last"].to_dict() == {"a": 4.0, "b": 6.0, "all": 12.0}
    assert (table["low"] == table["adds"]).all()  # common noise cancels
    assert table["share"].to_dict() == pytest.approx({"a": 5 / 12, "b": 7 / 12, "all": 1.0})
    pairs = interaction_table(Design(("a", "b"), None), {o: v + noise for o, v in level.items()}, "m")
    assert pairs["interaction"].tolist() == pytest.approx([2.0])  # present together they add 2 more


def test_shares_of_a_total_that_may_be_nothing_are_left_empty():
    total = np.array([1.0, -1.0, 0.5, -0.4])
    assert np.isnan(share_of(total[None], total).mean)


def test_a_constant_share_is_certain():
    total = np.array([3.0, 4.0, 5.0])
    share = share_of(0.25 * total[None], total)
    assert (share.mean, share.low, share.high) == pytest.approx((0.25, 0.25, 0.25))


def test_crossed_intervals_cover():
    """Effects of orders, of replications and of both together: the interval covers at least as often as it says."""
    draws = np.random.default_rng(5)
    tries, covered = 600, 0
    for _ in range(tries):
        values = draws.normal(size=(6, 1)) + draws.normal(size=(1, 10)) + draws.normal(size=(6, 10))
        s = crossed(values)
        covered += bool(s.low <= 0 <= s.high)
    assert covered / tries > 0.95 - 3 * np.sqrt(0.95 * 0.05 / tries)
    one = draws.normal(size=(1, 10))
    assert crossed(one).sd == pytest.approx(one.std(ddof=1))
