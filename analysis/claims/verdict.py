"""Point verdicts: effects against the smallest effect of interest, with Holm's correction over the claims tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SUPPORTED, REFUTED, UNDECIDED = "supported", "refuted", "undecided"
ALPHA = 0.05  # chance that any one of the verdicts is wrong
_ENOUGH = 10  # replications from which an effect that is the same in all of them is taken for certain
LIMIT = 4.0  # standard errors: for figures that are stated, and for nulls


@dataclass(frozen=True)
class Bar:
    """What an effect is judged against: it has to be at least `sesoi`; or, with `stated`, within `sesoi` of that."""

    sesoi: float
    stated: float | None = None

    def nearest(self, value: float) -> float:
        """The edge of what the claim allows that lies nearest to a value."""
        if self.stated is None:
            return self.sesoi
        return self.stated - self.sesoi if value < self.stated else self.stated + self.sesoi

    def word(self, low: float, high: float) -> str:
        """The verdict on an interval."""
        if self.stated is None:
            least, most = self.sesoi, np.inf
        else:
            least, most = self.stated - self.sesoi, self.stated + self.sesoi
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
class Verdict:
    """The verdict on one claim.

    `effect` has the interval at the level of the claim's step in Holm's procedure, so that interval and verdict
    agree; `usual` the 95 % interval of the claim on its own. `opposite`: the whole interval lies below 0.
    """

    word: str
    effect: Estimate
    usual: Estimate
    level: float
    p: float
    p_adjusted: float
    opposite: bool


def verdicts(effects: Sequence[Floats], bars: Sequence[Bar]) -> list[Verdict]:
    """Verdicts on claims, in order; all together are wrong with a chance of at most 5 % (Holm 1979).

    Parameters
    ----------
    effects : one array of shape (replications,) a claim, NaN where a run is missing; their sizes may differ.
    bars : what each is judged against.

    Tested is whether the mean effect equals the smallest effect of interest (two-sided t-test over replications);
    where that is rejected, the side on which the mean lies is the verdict. An effect without variation is judged by its
    value, from 10 replications on. A claim that states a figure needs four standard errors where Holm asks for less.
    """
    from scipy.special import stdtrit

    usual = [estimate(effect) for effect in effects]
    p = np.array([_p_value(effect, bar) for effect, bar in zip(effects, bars, strict=True)])
    adjusted = _holm(p)
    levels = _step_levels(p)
    found = []
    for effect, bar, plain, alpha, own, corrected in zip(effects, bars, usual, levels, p, adjusted, strict=True):
        quantile = float(stdtrit(max(1, plain.n - 1), 1.0 - alpha / 2.0))
        if bar.stated is not None:
            quantile = max(quantile, LIMIT)
        wide = estimate(effect, quantile)
        certain = plain.n > 1 and (wide.low < wide.high or plain.n >= _ENOUGH)
        word = bar.word(wide.low, wide.high) if certain else UNDECIDED
        opposite = bar.stated is None and word != UNDECIDED and wide.high < 0.0
        found.append(Verdict(word, wide, plain, 1.0 - alpha, float(own), float(corrected), opposite))
    return found


def estimate(values: Floats, quantile: float | None = None) -> Estimate:
    """Mean and interval: that of Student's t at 95 %, or `quantile` standard errors to each side."""
    from analysis.compare import spread

    s = spread(np.asarray(values, dtype=float))
    mean, n = float(s.mean), int(s.n)
    if quantile is None or n < 2:
        return Estimate(mean, float(s.low), float(s.high), n)
    half = quantile * float(s.sd) / float(np.sqrt(n))
    return Estimate(mean, mean - half, mean + half, n)


def vanishes(values: Floats, exact: bool) -> bool:
    """Whether a null effect is none: 0 in every replication (`exact`), or within four standard errors of 0."""
    there = values[~np.isnan(values)]
    if len(there) == 0:
        return False
    if exact:
        return bool(np.all(there == 0.0))
    found = estimate(values, LIMIT)
    return bool(found.low <= 0.0 <= found.high) if found.n > 1 else bool(found.mean == 0.0)


def _p_value(effect: Floats, bar: Bar) -> float:
    from scipy.special import stdtr

    there = np.asarray(effect)[~np.isnan(effect)]
    if len(there) < 2:
        return 1.0
    mean = float(there.mean())
    if np.ptp(there) == 0.0:
        return 0.0 if len(there) >= _ENOUGH and there[0] != bar.nearest(there[0]) else 1.0
    distance = (mean - bar.nearest(mean)) / (float(there.std(ddof=1)) / np.sqrt(len(there)))
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
