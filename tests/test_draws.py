"""Named draws: the generator is the published one, the numbers are uniform, and neighbouring names are strangers.

Statistical tests run on fixed names, so their verdict never changes; a p-value of 1e-4 is about 4 standard errors.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import chain, exponential
from scipy import stats

from sim import draws
from sim.blueprint import Distribution
from sim.draws import beta, child_key, gamma, normal_quantile, occasion, philox4x32, stable_id, uniform
from sim.model.times import sample
from sim.plan import compile_plan
from sim.world import World

SURELY = 1e-4
N = 20_000
FROZEN_IDS = {"intake": 1250881585, "s1": 332875624, "s2": 1486031250, "": 921293382}
KEY = child_key(child_key(1, stable_id("seed"), 0), stable_id("replication"), 0)

# One column of names for each part of a name: only that part moves.
NAMES = {
    "customer": lambda i: uniform(child_key(KEY, 7, i), 11, 0, draws.SERVICE, 0),
    "segment": lambda i: uniform(child_key(KEY, i, 7), 11, 0, draws.SERVICE, 0),
    "stage": lambda i: uniform(KEY, i, 0, draws.SERVICE, 0),
    "order": lambda i: uniform(KEY, 11, occasion(i, 0), draws.SERVICE, 0),
    "pass": lambda i: uniform(KEY, 11, occasion(i // 4096, i % 4096), draws.SERVICE, 0),
    "purpose": lambda i: uniform(KEY, 11, 0, 1 + i, 0),
    "detail": lambda i: uniform(KEY, 11, 0, draws.SERVICE, i),
    "replication": lambda i: uniform(child_key(child_key(1, 3, 0), 5, i), 11, 0, draws.SERVICE, 0),
    "seed": lambda i: uniform(child_key(child_key(i, 3, 0), 5, 0), 11, 0, draws.SERVICE, 0),
}


def numbers(part: str, n: int = N, start: int = 0) -> np.ndarray:
    return np.array([NAMES[part](i) for i in range(start, start + n)])


# -- the generator -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "key", "result"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_philox_known_answers(counter, key, result):
    """Ten-round vectors of Random123's kat_vectors (Salmon et al. 2011)."""
    assert tuple(philox4x32(*counter, *key)) == result


def test_uniform_is_built_from_the_first_two_words():
    """52 bits, centred in their cell: ((w0 >> 6) 2**26 + (w1 >> 6) + 1/2) / 2**52."""
    high, low, _, _ = philox4x32(11, 12, 13, 14, KEY & 0xFFFFFFFF, KEY >> 32)
    cell = (high >> 6) * 2**26 + (low >> 6)
    assert uniform(KEY, 11, 12, 13, 14) == (cell + 0.5) / 2**52


def test_the_ends_are_never_drawn():
    """The outermost cells lie inside (0, 1), so a logarithm or a quantile is always finite."""
    lowest, highest = 0.5 / 2**52, (2**52 - 0.5) / 2**52
    assert 0.0 < lowest < highest < 1.0
    assert math.isfinite(normal_quantile(lowest))
    assert math.isfinite(normal_quantile(highest))
    assert 0.0 < -math.log(highest) < -math.log(lowest) < math.inf


# -- uniformity and independence -----------------------------------------------------------------------------


@pytest.mark.parametrize("part", NAMES)
def test_uniformity(part):
    u = numbers(part)
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert stats.kstest(u, "uniform").pvalue > SURELY
    cells = np.bincount((u * 100).astype(int), minlength=100)
    assert stats.chisquare(cells).pvalue > SURELY
    low_bits = np.bincount(((u * 2**40) % 64).astype(int), minlength=64)
    assert stats.chisquare(low_bits).pvalue > SURELY


@pytest.mark.parametrize("part", NAMES)
@pytest.mark.parametrize("lag", [1, 2, 7, 64, 4096])
def test_neighbouring_names_are_uncorrelated(part, lag):
    """Correlation of u(name) with u(name + lag): sd 1/sqrt(n); and a 10 x 10 table of the pairs."""
    u = numbers(part)
    a, b = u[:-lag], u[lag:]
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / math.sqrt(len(a))
    cells = np.bincount((a * 10).astype(int) * 10 + (b * 10).astype(int), minlength=100)
    assert stats.chisquare(cells).pvalue > SURELY


@pytest.mark.parametrize("part", NAMES)
def test_parts_of_a_name_do_not_stand_for_each_other(part):
    """Moving one part by i gives other numbers than moving another part by i, and no correlation with them."""
    u = numbers(part, 4000, start=1)
    for other in NAMES:
        if other != part and {part, other} != {"order", "pass"}:
            v = numbers(other, 4000, start=1)
            assert abs(np.corrcoef(u, v)[0, 1]) < 4.5 / math.sqrt(len(u)), other  # 36 pairs: a wider net
    assert len(np.unique(u)) == len(u)


def test_passes_of_different_orders_have_different_names():
    assert len({occasion(order, number) for order in range(50) for number in range(50)}) == 2500


def test_seeds_and_replications_give_different_numbers():
    """Also seeds beyond 32 bits, and pairs that swap their parts."""
    seeds = [0, 1, 2, 2**31, 2**32, 2**32 + 1, 2**61]
    keys = {
        child_key(child_key(seed, stable_id("seed"), seed >> 31), stable_id("replication"), replication)
        for seed in seeds
        for replication in range(200)
    }
    assert len(keys) == len(seeds) * 200
    assert all(0 <= key < 2**63 for key in keys)
    columns = [[uniform(child_key(key, 1, c), 1, 0, 1, 0) for c in range(50)] for key in sorted(keys)[:100]]
    assert len(np.unique(columns)) == 5000


def test_stable_ids_depend_on_the_name_alone():
    """31-bit ids: frozen values, since a run is reproducible only as long as they stand."""
    assert {n: stable_id(n) for n in ("intake", "s1", "s2", "")} == FROZEN_IDS
    ids = [stable_id(f"stage {i}") for i in range(5000)]
    assert len(set(ids)) == len(ids)
    assert all(0 <= i < 2**31 for i in ids)


def test_purposes_are_all_different():
    names = [n for n in vars(draws) if n.isupper() and (not n.startswith("_") or n.startswith("_FREE"))]
    assert sorted(getattr(draws, n) for n in names) == list(range(len(names)))
    assert (draws.ERROR, draws.SERVICE, draws.MANAGEMENT_SURVEY) == (5, 4, 31)  # part of what a seed means


# -- transformations -----------------------------------------------------------------------------------------


def test_normal_quantile_agrees_with_scipy():
    """Wichura's AS 241: relative error 1e-14 over the whole range a 52-bit uniform can reach."""
    p = np.concatenate([np.linspace(0.001, 0.999, 1998), np.logspace(-16, -3, 500), 1 - np.logspace(-15, -3, 500)])
    ours = np.array([normal_quantile(x) for x in p])
    np.testing.assert_allclose(ours, stats.norm.ppf(p), rtol=1e-14, atol=1e-15)
    assert normal_quantile(0.5) == 0.0


def agree(x: np.ndarray, distribution: stats.rv_continuous) -> None:
    """Mean and variance within 4 standard errors, and the whole shape (Kolmogorov-Smirnov)."""
    n = len(x)
    mean, variance, _, excess = distribution.stats("mvsk")
    assert abs(x.mean() - mean) < 4 * math.sqrt(variance / n)
    assert abs(x.var() - variance) < 4 * variance * math.sqrt((float(excess) + 2) / n)
    assert stats.kstest(x, distribution.cdf).pvalue > SURELY


@pytest.mark.parametrize("shape", [0.3, 0.7, 1.0, 2.7777777777777777, 25.0])
def test_gamma(shape):
    agree(np.array([gamma(KEY, 5, i, draws.SERVICE, 0, shape) for i in range(N)]), stats.gamma(shape))


@pytest.mark.parametrize(("a", "b"), [(0.09, 8.91), (0.19, 18.81), (2.0, 3.0), (0.5, 0.5)])
def test_beta(a, b):
    """Also with the tiny first shape that a rare error with correlated frailty needs (p = .01, rho = .1)."""
    agree(np.array([beta(child_key(KEY, 2, i), 0, 0, draws.FRAILTY, a, b) for i in range(N)]), stats.beta(a, b))


TIMES = {
    "exponential": (exponential(0.6), stats.expon(scale=0.6)),
    "lognormal": (
        Distribution("lognormal", 0.6, 0.6),
        stats.lognorm(math.sqrt(math.log(1.36)), scale=0.6 / math.sqrt(1.36)),
    ),
    "gamma": (Distribution("gamma", 0.6, 0.6), stats.gamma(1 / 0.36, scale=0.6 * 0.36)),
    "wide gamma": (Distribution("gamma", 2.0, 1.5), stats.gamma(1 / 2.25, scale=4.5)),
}


def times(distribution: Distribution, n: int = N) -> np.ndarray:
    """Service times as the model draws them for n customers."""
    plan = compile_plan(((0.0, chain(service=distribution)),))
    world = World(plan, 1, 0)
    record = world.table("stages")[0]["service"]
    return np.array([sample(world.handle, record, child_key(KEY, 3, i), 9, 0, draws.SERVICE) for i in range(n)])


@pytest.mark.parametrize("name", TIMES)
def test_times_follow_their_distribution(name):
    distribution, expected = TIMES[name]
    assert expected.mean() == pytest.approx(distribution.mean, rel=1e-12)
    agree(times(distribution), expected)


def test_deterministic_and_empirical_times():
    """A deterministic time is exact (cv 0 makes any other so); an empirical one takes each value equally often."""
    assert set(times(Distribution("deterministic", 0.7), 50)) == {0.7}
    assert set(times(Distribution("lognormal", 0.7, 0.0), 50)) == {0.7}
    drawn = times(Distribution("empirical", values=(1.0, 2.0, 2.0, 5.0)))
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [1.0, 2.0, 5.0]
    assert stats.chisquare(counts, np.array([1, 2, 1]) / 4 * N).pvalue > SURELY
