"""Point verdicts: effects against the smallest effect of interest, with Holm's correction over the claims tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SUPPORTED, REFUTED, UNDECIDED = "supported", "refuted", "undecided"
VANISHES, REMAINS, UNSHOWN = "vanishes", "does not vanish", "is not shown to vanish"
ALPHA = 0.05  # chance that any one of the verdicts is wrong
LIMIT = 4.0  # standard errors: for figures that are stated, and for nulls


@dataclass(frozen=True)
class Bar:
    """What an effect is judged against: it has to be at least `sesoi`; or, with `stated`, within `sesoi` of that.

    `limits`: the least and the largest value that it can have in one replication, if there are such.
    """

    sesoi: float
    stated: float | None = None
    limits: tuple[float, float] | None = None

    @property
    def allowed(self) -> tuple[float, float]:
        """Within what the mean effect has to lie."""
        if self.stated is None:
            return self.sesoi, float(np.inf)
        return self.stated - self.sesoi, self.stated + self.sesoi

    def nearest(self, value: float) -> float:
        """The edge of what the claim allows that lies nearest to a value."""
        least, most = self.allowed
        return least if self.stated is None or value < self.stated else most

    def word(self, low: float, high: float) -> str:
        """The verdict on an interval."""
        least, most = self.allowed
        if low >= least and high <= most:
            return SUPPORTED
        return REFUTED if high < least or low > most else UNDECIDED


@dataclass(frozen=True)
class Estimate:
    """A mean over replications and its interval; NaN where there is none."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        return self.low, self.high


@dataclass(frozen=True)
class Judged:
    """The verdict on one condition of a claim; `usual` is its 95 % interval on its own."""

    word: str
    effect: Estimate
    usual: Estimate
    bar: Bar


@dataclass(frozen=True)
class Verdict:
    """The verdict on one claim.

    `effect` has the interval at the level of the claim's step in Holm's procedure, so that interval and verdict
    agree; `usual` the 95 % interval of the claim on its own. Both are those of the condition that decides, number
    `decisive` of `conditions`. `opposite`: refuted, and every condition's whole interval lies below 0.
    """

    word: str
    effect: Estimate
    usual: Estimate
    level: float
    p: float
    p_adjusted: float
    opposite: bool
    conditions: tuple[Judged, ...]
    decisive: int


def verdicts(effects: Sequence[Floats | Sequence[Floats]], bars: Sequence[Bar | Sequence[Bar]]) -> list[Verdict]:
    """Verdicts on claims, in order; all together are wrong with a chance of at most 5 % (Holm 1979).

    Parameters
    ----------
    effects : one array of shape (replications,) a claim, NaN where a run is missing; their sizes may differ. For a
        claim that needs several conditions, one array each.
    bars : what each is judged against.

    Tested is whether the mean effect equals the smallest effect of interest (two-sided t-test over replications);
    where that is rejected, the side on which the mean lies is the verdict. A claim of m conditions is supported if all
    of them are and refuted if one is (intersection-union test, Berger 1982), each with an m-th of the claim's share of
    5 %; shown is the one that is refuted, or else the one with the least lower bound against its bar. An effect without
    variation has no t-interval: it is decided only where its values have limits (`bounded`). A claim that states a
    figure needs four standard errors where Holm asks for less.
    """
    asked = [
        [(np.asarray(effect, dtype=float), bar)]
        if isinstance(bar, Bar)
        else [(np.asarray(one, dtype=float), each) for one, each in zip(effect, bar, strict=True)]
        for effect, bar in zip(effects, bars, strict=True)
    ]
    p = np.array([_joint_p(claim) for claim in asked])
    found = []
    for claim, alpha, own, corrected in zip(asked, _step_levels(p), p, _holm(p), strict=True):
        share = alpha / len(claim)
        judged = tuple(_judge(effect, bar, share) for effect, bar in claim)
        words = [condition.word for condition in judged]
        word = REFUTED if REFUTED in words else SUPPORTED if set(words) == {SUPPORTED} else UNDECIDED
        decisive = min(
            (i for i, each in enumerate(words) if word != REFUTED or each == REFUTED),
            key=lambda i: np.nan_to_num(judged[i].effect.low - judged[i].bar.sesoi, nan=-np.inf),
        )
        below = all(c.bar.stated is None and c.effect.high < 0.0 for c in judged)
        shown, opposite = judged[decisive], word == REFUTED and below
        p_own, p_adjusted = float(own), float(corrected)
        found.append(
            Verdict(word, shown.effect, shown.usual, 1.0 - share, p_own, p_adjusted, opposite, judged, decisive)
        )
    return found


def _judge(effect: Floats, bar: Bar, alpha: float) -> Judged:
    """One condition at its own level."""
    from scipy.special import stdtrit

    plain = estimate(effect)
    if plain.n > 1 and plain.low == plain.high:
        wide = bounded(plain, bar, alpha)
        word = bar.word(*wide.interval) if bar.limits else UNDECIDED
        return Judged(word, wide, bounded(plain, bar, ALPHA), bar)
    quantile = float(stdtrit(max(1, plain.n - 1), 1.0 - alpha / 2.0))
    wide = estimate(effect, max(quantile, LIMIT) if bar.stated is not None else quantile)
    return Judged(bar.word(*wide.interval) if plain.n > 1 else UNDECIDED, wide, plain, bar)


def bounded(same: Estimate, bar: Bar, alpha: float) -> Estimate:
    """Interval of a mean where all n values are the same but could lie anywhere within the bar's limits.

    By the exact binomial bound at most a share q = 1 - (alpha/2)^(1/n) of replications differs (Clopper & Pearson
    1934), and these lie within the limits. Without limits the interval is the value itself.
    """
    if bar.limits is None:
        return same
    q = 1.0 - (alpha / 2.0) ** (1.0 / same.n)
    low, high = bar.limits
    return Estimate(same.mean, same.mean + q * (low - same.mean), same.mean + q * (high - same.mean), same.n)


def estimate(values: Floats, quantile: float | None = None) -> Estimate:
    """Mean and interval: that of Student's t at 95 %, or `quantile` standard errors to each side."""
    from analysis.compare import spread

    s = spread(np.asarray(values, dtype=float))
    mean, n = float(s.mean), int(s.n)
    if quantile is None or n < 2:
        return Estimate(mean, float(s.low), float(s.high), n)
    half = quantile * float(s.sd) / float(np.sqrt(n))
    return Estimate(mean, mean - half, mean + half, n)


def null_word(values: Floats, exact: bool, sesoi: float = np.inf) -> str:
    """Whether a null effect is none: 0 in every replication (`exact`), or near 0 as far as can be told.

    Near 0: within four standard errors of 0, and its 95 % interval narrower than the smallest effect of interest to
    both sides; otherwise it is not shown to vanish.
    """
    there = values[~np.isnan(values)]
    if exact or len(there) < 2:
        return VANISHES if len(there) and bool(np.all(there == 0.0)) else REMAINS
    wide, plain = estimate(values, LIMIT), estimate(values)
    if not wide.low <= 0.0 <= wide.high:
        return REMAINS
    return VANISHES if max(abs(plain.low), abs(plain.high)) <= abs(sesoi) else UNSHOWN


def _joint_p(claim: Sequence[tuple[Floats, Bar]]) -> float:
    """All conditions met: the largest p of theirs; else the least of those not met. Times their number (Bonferroni)."""
    p = [_p_value(effect, bar) for effect, bar in claim]
    means = [estimate(effect).mean for effect, _ in claim]
    met = [bar.allowed[0] <= mean <= bar.allowed[1] for mean, (_, bar) in zip(means, claim, strict=True)]
    decides = max(p) if all(met) else min(one for one, good in zip(p, met, strict=True) if not good)
    return min(1.0, len(claim) * decides)


def _p_value(effect: Floats, bar: Bar) -> float:
    from scipy.special import stdtr

    there = np.asarray(effect)[~np.isnan(effect)]
    if len(there) < 2:
        return 1.0
    mean = float(there.mean())
    edge = bar.nearest(mean)
    if np.ptp(there) == 0.0:
        if bar.limits is None or mean == edge:
            return 1.0
        reach = bar.limits[1] - mean if edge > mean else mean - bar.limits[0]
        return min(1.0, 2.0 * max(0.0, 1.0 - abs(edge - mean) / reach) ** len(there)) if reach > 0.0 else 0.0
    distance = (mean - edge) / (float(there.std(ddof=1)) / np.sqrt(len(there)))
    return float(2.0 * stdtr(len(there) - 1, -abs(distance)))


def _holm(p: Floats) -> Floats:
    """Holm's adjusted p-values (statsmodels has them too, and collects garbage for a fifth of a second each time)."""
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    adjusted = np.empty(len(p))
    adjusted[order] = stepped
    return adjusted


def _step_levels(p: Floats) -> list[float]:
    """The level of each claim's step: 5 % over the number of claims left; from the first that fails on it stays."""
    levels = np.empty(len(p))
    alpha, failed = ALPHA, False
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        if not failed:
            alpha = ALPHA / (len(p) - rank)
            failed = p[i] > alpha
        levels[i] = alpha
    return levels.tolist()
