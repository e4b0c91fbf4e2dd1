"""Intervals and tests of differences: how often they cover, reject and agree, on normal samples and on the simulator.

Rates are over independent seeded studies; tolerance: 4 binomial standard errors of the nominal rate.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from collecting import quick_collection as quick_collection
from scipy import stats

from analysis.compare import spread
from analysis.decisions.equivalence import DIFFERENT, EQUIVALENT, NO_WORSE, UNTOLD, WORSE, equivalent, no_worse
from analysis.decisions.multiplicity import holm
from analysis.measures.measured import Measured
from analysis.measures.quality import quality_measures
from scenarios.config import load_blueprint
from sim.invalid import InvalidInput
from sim.simulate import check, simulate

Floats = npt.NDArray[np.float64]

STUDIES, REPLICATIONS = 200, 8
F1, F2 = 1.0 - 0.99**10, 1.0 - 0.98**10  # orders with an error (model.md 1.7)


def tolerance(rate: float, studies: int) -> float:
    return 4.0 * math.sqrt(rate * (1.0 - rate) / studies)


def correlated(rng: np.random.Generator, rows: int, n: int, rho: float) -> Floats:
    """Standard normal values of systems that share part of their luck: shape (rows, n), correlation rho."""
    return math.sqrt(rho) * rng.standard_normal(n) + math.sqrt(1.0 - rho) * rng.standard_normal((rows, n))


# -- the simulator -------------------------------------------------------------------------------------------


@cache
def failure_shares() -> Floats:
    """Share of failed orders, p = .01 and .02 a stage: shape (2, studies, replications). 40 h, about 100 orders.

    In layer 0 an error changes no time, so whichever orders are counted, the expected share is exact.
    """
    short = ["system.horizon.warm_up=0", "system.horizon.measured=40"]
    shares = np.empty((2, STUDIES, REPLICATIONS))
    for i, p in enumerate((0.01, 0.02)):
        plan = check(((0.0, load_blueprint("ten_stage", [*short, f"system.stage_defaults.error.p={p}"])),))
        for s in range(STUDIES):
            for r in range(REPLICATIONS):
                measured = Measured(simulate(plan, 1000 + s, r, journal="summary"))
                shares[i, s, r] = quality_measures(measured)["failure_share"]
    return shares


def test_intervals_of_the_simulator_cover_the_closed_form_as_often_as_they_say() -> None:
    s = spread(failure_shares()[0])
    covered = ((s.low <= F1) & (s.high >= F1)).mean()
    assert covered == pytest.approx(0.95, abs=tolerance(0.95, STUDIES))
    everything = failure_shares()[0].ravel()
    assert everything.mean() == pytest.approx(F1, abs=4 * everything.std() / math.sqrt(everything.size))


def test_paired_intervals_of_the_simulator_cover_the_closed_form_as_often_as_they_say() -> None:
    low, high = failure_shares()
    s = spread(high - low)
    covered = ((s.low <= F2 - F1) & (s.high >= F2 - F1)).mean()
    assert covered == pytest.approx(0.95, abs=tolerance(0.95, STUDIES))
    assert np.corrcoef(low.ravel(), high.ravel())[0, 1] > 0.3  # pairs do share their luck


# -- normal samples ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_paired_intervals_cover_as_often_as_they_say(rho: float) -> None:
    rng = np.random.default_rng(11)
    shared = math.sqrt(rho) * rng.standard_normal((1, 20_000, 10))
    base, other = shared + math.sqrt(1.0 - rho) * rng.standard_normal((2, 20_000, 10))
    s = spread(other + 0.5 - base)
    assert ((s.low <= 0.5) & (s.high >= 0.5)).mean() == pytest.approx(0.95, abs=tolerance(0.95, 20_000))


@pytest.mark.usefixtures("quick_collection")
def test_holm_keeps_the_family_wise_error_rate_where_nothing_differs() -> None:
    rng = np.random.default_rng(12)
    any_alone, any_in_family = 0, 0
    for _ in range(1500):
        values = correlated(rng, 7, 10, 0.6)
        found = holm(values[1:] - values[0])
        any_alone += bool((found.p <= 0.05).any())
        any_in_family += bool(found.rejected.any())
    assert any_in_family / 1500 <= 0.05 + tolerance(0.05, 1500)
    assert any_alone / 1500 > 0.10 + tolerance(0.10, 1500)  # without it, it would not have been kept


@pytest.mark.usefixtures("quick_collection")
def test_holm_keeps_it_beside_differences_that_are_there() -> None:
    rng = np.random.default_rng(13)
    wrong, right = 0, 0
    for _ in range(1500):
        values = correlated(rng, 7, 12, 0.5)
        rejected = holm(values[1:] - values[0] + np.array([3.0, 3.0, 3.0, 0.0, 0.0, 0.0])[:, None]).rejected
        wrong, right = wrong + bool(rejected[3:].any()), right + int(rejected[:3].sum())
    assert wrong / 1500 <= 0.05 + tolerance(0.05, 1500)
    assert right > 0.9 * 3 * 1500


@pytest.mark.usefixtures("quick_collection")
def test_holm_is_the_textbook_procedure_and_its_intervals_agree_with_it() -> None:
    rng = np.random.default_rng(14)
    for _ in range(200):
        differences = rng.standard_normal((5, 8)) + rng.uniform(0.0, 1.5, (5, 1))
        found = holm(differences)
        p = stats.ttest_1samp(differences, 0.0, axis=1).pvalue
        np.testing.assert_allclose(found.p, p, rtol=1e-9)
        rejected, going = np.zeros(5, bool), True
        for step, i in enumerate(np.argsort(p)):
            going = going and p[i] <= 0.05 / (5 - step)
            rejected[i] = going
        np.testing.assert_array_equal(found.rejected, rejected)
        np.testing.assert_array_equal(found.p_adjusted <= 0.05, rejected)
        np.testing.assert_array_equal((found.low > 0) | (found.high < 0), rejected)
        plain = spread(differences)
        assert (found.low <= plain.low + 1e-12).all()
        assert (found.high >= plain.high - 1e-12).all()


@pytest.mark.usefixtures("quick_collection")
def test_holm_on_differences_without_variance() -> None:
    nan = math.nan
    found = holm(np.array([[0.0, 0.0, 0.0], [0.1, 0.1, 0.1], [5.0, nan, nan], [1.0, 2.0, -2.0]]))
    assert found.p[:3].tolist() == [1.0, 0.0, 1.0]
    assert (found.low[0], found.high[0]) == (0.0, 0.0)
    assert found.rejected.tolist() == [False, True, False, False]
    assert (found.low[1], found.high[1]) == (0.1, 0.1)
    assert math.isnan(found.low[2])
    assert holm(np.empty((0, 5))).rejected.shape == (0,)


def test_equivalence_is_rarely_shown_at_the_margin_and_mostly_within() -> None:
    rng = np.random.default_rng(15)
    samples = rng.standard_normal((1000, 20))
    at_margin = np.mean([equivalent(x + 1.0, 1.0).verdict == EQUIVALENT for x in samples])
    assert at_margin == pytest.approx(0.05, abs=tolerance(0.05, 1000))  # the other side plays no part this far off
    assert np.mean([equivalent(x, 1.0).verdict == EQUIVALENT for x in samples]) > 0.9


@pytest.mark.parametrize(("better", "sign"), [("higher", -1.0), ("lower", 1.0)])
def test_no_worse_is_rarely_said_at_the_margin(better: str, sign: float) -> None:
    samples = np.random.default_rng(16).standard_normal((1000, 12))
    said = np.mean([no_worse(x + sign * 0.5, 0.5, better).verdict == NO_WORSE for x in samples])
    assert said == pytest.approx(0.05, abs=tolerance(0.05, 1000))


def test_verdicts_agree_with_the_interval() -> None:
    samples = np.random.default_rng(17).standard_normal((300, 10)) + np.linspace(-2.0, 2.0, 300)[:, None]
    said = [equivalent(x, 0.8) for x in samples]
    assert {m.verdict for m in said} == {EQUIVALENT, DIFFERENT, UNTOLD}
    for m in said:
        assert (m.verdict == EQUIVALENT) == (m.low > -0.8 and m.high < 0.8)
        assert (m.verdict == DIFFERENT) == (m.low > 0.8 or m.high < -0.8)
    for m in (no_worse(x, 0.8, "higher") for x in samples):
        assert (m.verdict == NO_WORSE) == (m.low > -0.8)
        assert (m.verdict == WORSE) == (m.high < -0.8)


def test_margins_of_differences_without_variance_and_bad_input() -> None:
    assert equivalent(np.zeros(5), 0.1).verdict == EQUIVALENT
    assert equivalent(np.full(5, 0.1), 0.1).verdict == UNTOLD  # at the margin is not within it
    assert no_worse(np.full(5, -0.2), 0.1, "higher").verdict == WORSE
    assert equivalent(np.array([0.0, math.nan]), 0.1).verdict == UNTOLD
    with pytest.raises(InvalidInput, match="margin"):
        equivalent(np.zeros(5), 0.0)
    with pytest.raises(InvalidInput, match="higher"):
        no_worse(np.zeros(5), 0.1, "high")
