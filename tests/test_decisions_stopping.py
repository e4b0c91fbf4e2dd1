"""Stopping by precision, and warm-up: what they promise on samples whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from analysis.compare import spread
from analysis.decisions.run_length import mser, warm_up_advice, welch
from analysis.decisions.stopping import LEAST, Precision, assess, look_ahead, next_size
from sim.invalid import InvalidInput

Floats = npt.NDArray[np.float64]


def stopped(values: Floats, target: float, most: int) -> tuple[int, Precision]:
    """The procedure as a study uses it: 20 replications, then as many as it asks for."""
    n = 20
    while True:
        (precision,) = assess(values[None, :n], [target])
        more = next_size([precision], n, most)
        if more == n:
            return n, precision
        n = more


@pytest.mark.parametrize("target", [0.45, 0.3])
def test_stopping_by_precision_covers(target: float) -> None:
    """1500 studies: not below 95 % by more than 4 standard errors for the t-interval; the safe one covers in 95 %."""
    rng, studies = np.random.default_rng(21), 1500
    plain, safe = 0, 0
    for _ in range(studies):
        values = rng.standard_normal(500)
        n, precision = stopped(values, target, 500)
        assert precision.met
        assert precision.half_width <= target
        miss = abs(values[:n].mean())
        plain, safe = plain + (miss <= precision.half_width), safe + (miss <= precision.safe_half_width)
    assert plain / studies >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / studies)
    assert safe / studies >= 0.95


def test_met_means_met_at_every_size_of_the_look_ahead() -> None:
    rng = np.random.default_rng(22)
    values = rng.standard_normal(60)
    widths = [float((s := spread(values[:n])).high - s.mean) for n in range(2, 61)]
    for n in range(6, 61):
        for target in (0.3, 0.35):
            lasting = all(w <= target for w in widths[n - 2 - look_ahead(n) : n - 1])
            (precision,) = assess(values[None, :n], target)
            assert precision.met == (lasting and n >= LEAST)
            assert precision.half_width == pytest.approx(widths[n - 2])
    assert (look_ahead(100), look_ahead(101), look_ahead(400)) == (5, 6, 20)


def test_the_estimate_of_what_is_needed_is_about_right() -> None:
    """sd known from 2000 values: half-width .1 takes (1.96 / .1)^2 = 385 replications and 5 % to look ahead."""
    values = np.random.default_rng(23).standard_normal((1, 2000))
    assert assess(values[:, :300], 0.1)[0].needed == pytest.approx(406 * spread(values[0, :300]).sd ** 2, rel=0.02)
    assert [p.needed for p in assess(np.vstack([values, values]), [0.1, 10.0])] == [2000, 2000]


def test_next_size_follows_the_greediest_pair_up_to_twice_and_the_cap() -> None:
    values = np.random.default_rng(24).standard_normal((2, 30))
    found = assess(values, [0.1, 5.0])
    assert [p.met for p in found] == [False, True]
    assert next_size(found, 30, 1000) == 60
    assert next_size(found, 30, 40) == 40
    assert next_size(found[1:], 30, 1000) == 30


def test_missing_values_do_not_count_and_equal_ones_are_precise() -> None:
    values = np.random.default_rng(25).standard_normal((1, 40))
    gaps = values.copy()
    gaps[0, 3:13] = np.nan
    (precision,) = assess(gaps, 0.5)
    assert precision.n == 30
    assert precision.half_width == pytest.approx(assess(np.delete(values, range(3, 13), axis=1), 0.5)[0].half_width)
    assert assess(np.full((1, 20), 0.3), 0.01)[0].met
    assert not assess(np.full((1, 20), np.nan), 0.01)[0].met
    with pytest.raises(InvalidInput, match="precision"):
        assess(values, 0.0)


# -- warm-up -------------------------------------------------------------------------------------------------


def noisy(rng: np.random.Generator, n: int, rho: float = 0.5) -> Floats:
    """A stationary first-order autoregression with standard deviation 1."""
    x = np.empty(n)
    x[0] = rng.standard_normal()
    for i in range(1, n):
        x[i] = rho * x[i - 1] + math.sqrt(1 - rho * rho) * rng.standard_normal()
    return x


def test_mser_finds_a_known_transient() -> None:
    """A start 5 sd off that decays with a time constant of 40. Left in, it biases the mean by 200/2000 = .1; from 50 on
    by less than 200 exp(-50/40)/1950 = .03, below the standard error of the mean, sqrt(3/2000) = .04."""
    rng = np.random.default_rng(26)
    at = np.arange(2000)
    cuts = []
    for _ in range(40):
        found = mser(noisy(rng, 2000) + 5.0 * np.exp(-at / 40.0))
        assert found.reliable
        cuts.append(found.cut)
    assert 50 <= np.median(cuts) <= 250
    steps = [mser(noisy(rng, 2000) + np.where(at < 300, 4.0, 0.0)).cut for _ in range(10)]
    assert np.median(steps) == pytest.approx(300, abs=15)


def test_mser_leaves_a_settled_series_and_calls_a_drift_unreliable() -> None:
    rng = np.random.default_rng(27)
    assert np.median([mser(noisy(rng, 2000)).cut for _ in range(40)]) <= 200
    assert not mser(np.linspace(0.0, 1.0, 400)).reliable
    assert mser(np.ones(100)).cut == 0
    assert not mser(np.ones(20)).reliable  # four batches tell nothing
    with pytest.raises(InvalidInput, match="at least 10"):
        mser(np.ones(9))


def test_mser_statistic_is_whites() -> None:
    values = np.random.default_rng(28).standard_normal(60) + np.where(np.arange(60) < 10, 9.0, 0.0)
    means = values.reshape(12, 5).mean(axis=1)
    by_hand = [((means[d:] - means[d:].mean()) ** 2).sum() / (12 - d) ** 2 for d in range(7)]
    found = mser(values)
    assert found.cut == 5 * int(np.argmin(by_hand)) == 10
    assert found.statistic == pytest.approx(min(by_hand))


def test_welch_averages_neighbours_and_shrinks_at_the_beginning() -> None:
    series = np.array([[0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 30.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(welch(series, 2), [0.0, 1.0, 2.0, 3.0, 4.0, (3 + 4 + 5 + 6 + 15) / 5])
    np.testing.assert_allclose(welch(series, 0), series.mean(axis=0))
    with pytest.raises(InvalidInput, match="window"):
        welch(series, 3)


def test_warm_up_advice() -> None:
    rng = np.random.default_rng(29)
    series = rng.standard_normal((8, 400)) + 6.0 * np.exp(-np.arange(400) / 10.0)
    series[0, 0] = np.nan  # nothing happened in the first period of one run
    short, long = warm_up_advice(series, 40.0, 40.0), warm_up_advice(series, 40.0, 4000.0)
    assert 10 * 40 <= short.needed == long.needed <= 100 * 40
    assert (short.enough, long.enough) == (False, True)
    assert short.reliable
    assert "too short" in short.sentence
    assert "is enough" in long.sentence
    drift = warm_up_advice(np.linspace(0.0, 1.0, 100)[None], 40.0, 400.0)
    assert not drift.enough
    assert not drift.reliable
    assert "too short to tell" in drift.sentence
