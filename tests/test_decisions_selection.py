"""Selection of the best: how often it is right where that is promised, and comparisons with the best."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from analysis.decisions.selection import KN, compared_with_best
from sim.invalid import InvalidInput

Floats = npt.NDArray[np.float64]


def correlated(rng: np.random.Generator, rows: int, n: int, rho: float) -> Floats:
    return math.sqrt(rho) * rng.standard_normal(n) + math.sqrt(1.0 - rho) * rng.standard_normal((rows, n))


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_kn_selects_the_best_of_the_slippage_configuration(rho: float) -> None:
    """The hardest case it promises anything for: all others worse by just delta = sd / 2; 500 studies of 5 systems."""
    rng, studies = np.random.default_rng(31), 500
    means = np.array([0.0, 0.0, 0.5, 0.0, 0.0])[:, None]
    right, used = 0, []
    for _ in range(studies):
        state = KN(0.5, 0.95, 12).decide(correlated(rng, 5, 700, rho) + means)
        assert state.done
        right += state.best == 2
        used.append(state.n)
    assert right / studies >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / studies)
    assert np.mean(used) < (60 if rho else 150)  # common luck makes differences vary less, and it sees that


def test_kn_is_not_right_by_chance_alone() -> None:
    """Without a difference it cannot know: the same procedure then picks the favourite no more often than others."""
    rng, studies = np.random.default_rng(32), 300
    right = sum(KN(0.5, 0.95, 12).decide(rng.standard_normal((3, 400))).best == 1 for _ in range(studies))
    assert right / studies == pytest.approx(1 / 3, abs=4 * math.sqrt(2 / 9 / studies))


def test_kn_goes_on_as_if_it_had_never_stopped() -> None:
    values = np.random.default_rng(33).standard_normal((4, 400)) + np.array([0.0, 0.3, 0.6, 0.2])[:, None]
    procedure = KN(0.3, 0.9, 10)
    whole = procedure.decide(values)
    assert whole.done
    before = procedure.decide(values[:, :9])
    assert (before.done, before.most, before.surviving) == (False, None, (0, 1, 2, 3))
    for n in range(10, whole.n):
        state = procedure.decide(values[:, :n])
        assert not state.done
        assert state.n == n
        for now, later in zip(state.eliminated_at, whole.eliminated_at, strict=True):
            assert now == (later if later is not None and later <= n else None)
    assert procedure.decide(values[:, : whole.n]) == whole


def test_kn_follows_its_formulas() -> None:
    """Two systems: eta, h^2 and the triangle of Kim & Nelson 2001, section 2, written out again."""
    values = np.random.default_rng(34).standard_normal((2, 300))
    delta, n0 = 0.4, 10
    eta = 0.5 * ((2 * 0.05 / 1) ** (-2 / (n0 - 1)) - 1)
    h2 = 2 * eta * (n0 - 1)
    difference = values[0] - values[1]
    s2 = difference[:n0].var(ddof=1)
    for r in range(n0, 300):
        w = max(0.0, delta / (2 * r) * (h2 * s2 / delta**2 - r))
        if abs(difference[:r].mean()) > w:
            break
    state = KN(delta, 0.95, n0).decide(values)
    assert (state.done, state.n, state.best) == (True, r, int(difference[:r].mean() < 0))
    assert state.most == max(n0, math.floor(h2 * s2 / delta**2) + 1)


def test_kn_on_equal_systems_missing_values_and_bad_input() -> None:
    one = np.random.default_rng(35).standard_normal(40)
    state = KN(0.2, 0.95, 10).decide(np.vstack([one - 1.0, one, one]))
    assert (state.surviving, state.best, state.done, state.n) == ((1, 2), 1, True, 10)
    assert state.eliminated_at == (10, None, None)
    gap = np.insert(np.vstack([one - 1.0, one, one]), 5, np.nan, axis=1)
    assert KN(0.2, 0.95, 10).decide(gap) == state
    assert KN(0.2).decide(one[None]).best == 0
    with pytest.raises(InvalidInput, match="indifference"):
        KN(0.0)
    with pytest.raises(InvalidInput, match="confidence"):
        KN(1.0, 95.0)
    with pytest.raises(InvalidInput, match="first_stage"):
        KN(1.0, 0.95, 2)


@pytest.mark.parametrize("means", [(0.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.9, -0.5)])
@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_comparisons_with_the_best_hold_together(means: tuple[float, ...], rho: float) -> None:
    rng, studies, theta = np.random.default_rng(36), 1500, np.array(means)
    true = np.array([theta[i] - np.delete(theta, i).max() for i in range(4)])
    held = 0
    for _ in range(studies):
        found = compared_with_best(correlated(rng, 4, 12, rho) + theta[:, None])
        held += bool(((found.low <= true) & (true <= found.high)).all())
    assert held / studies >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / studies)


def test_comparisons_with_the_best_of_two_systems_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, standard error 1/sqrt(3), t(.95, 2) = 2.919986; so at most 3.686, at least .314."""
    found = compared_with_best(np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]))
    width = 2.919986 / math.sqrt(3)
    np.testing.assert_allclose(found.difference, [2.0, -2.0])
    np.testing.assert_allclose(found.high, [2.0 + width, 0.0], rtol=1e-6)
    np.testing.assert_allclose(found.low, [0.0, -2.0 - width], rtol=1e-6)
    assert found.candidates == (0,)  # shown to be best: its lower bound is 0
    equal = compared_with_best(np.ones((2, 3)))
    assert equal.candidates == (0, 1)
    assert equal.low.tolist() == equal.high.tolist() == [0.0, 0.0]
