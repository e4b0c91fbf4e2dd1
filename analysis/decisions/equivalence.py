"""What a difference that is not significant does not show: equivalence and non-inferiority.

Two one-sided tests (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15) at alpha = 0.05 each on
paired differences; a difference is within the margin exactly where its 90 % t-interval is. Tests by statsmodels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.compare import spread
from analysis.decisions.paired import half_widths
from sim.invalid import require, unknown_name

Floats = npt.NDArray[np.float64]

EQUIVALENT, DIFFERENT, NO_WORSE, WORSE, UNTOLD = "equivalent", "different", "no worse", "worse", "cannot be told"
_ALPHA = 0.05


@dataclass(frozen=True)
class Margin:
    """A mean difference against a margin: 90 % interval, p of what was to be shown, and what was."""

    mean: float
    low: float
    high: float
    n: int
    p: float
    verdict: str


def equivalent(differences: Floats, margin: float) -> Margin:
    """Whether a mean difference lies strictly within +- margin; `differences` shape (n,), NaN does not count.

    "equivalent": shown at 5 %. "different": the whole 90 % interval lies beyond the margin on one side. Otherwise it
    cannot be told, whether or not the difference is significant. Raises InvalidInput for a margin that is not positive.
    """
    values, mean, low, high = _interval(differences, margin)
    p = max(_above(values, -margin), _above(-values, -margin))
    beyond = low > margin or high < -margin
    return Margin(mean, low, high, len(values), p, _verdict(p, EQUIVALENT, beyond, DIFFERENT))


def no_worse(differences: Floats, margin: float, better: str) -> Margin:
    """Whether a mean difference (to the base, say) is worse by less than the margin; `better` is "higher" or "lower".

    "no worse": shown at 5 %, one-sided. "worse": the whole 90 % interval lies beyond the margin on the bad side.
    Raises InvalidInput for a margin that is not positive and another word for `better`.
    """
    if better not in ("higher", "lower"):
        raise unknown_name("better", better, ("higher", "lower"))
    values, mean, low, high = _interval(differences, margin)
    p = _above(values if better == "higher" else -values, -margin)
    beyond = high < -margin if better == "higher" else low > margin
    return Margin(mean, low, high, len(values), p, _verdict(p, NO_WORSE, beyond, WORSE))


def _verdict(p: float, shown: str, beyond: bool, contrary: str) -> str:
    if p <= _ALPHA:
        return shown
    return contrary if beyond else UNTOLD


def _interval(differences: Floats, margin: float) -> tuple[Floats, float, float, float]:
    ok = math.isfinite(margin) and margin > 0
    require(ok, "margin", margin, "must be a number greater than 0")
    values = np.asarray(differences, dtype=float)
    values = values[~np.isnan(values)]
    mean, half = float(spread(values).mean), float(half_widths(values, 1.0 - 2.0 * _ALPHA))
    return values, mean, mean - half, mean + half


def _above(values: Floats, bound: float) -> float:
    """p of the t-test of "the mean is at most `bound`" against "it is above it"."""
    s = spread(values)
    if len(values) < 2:
        return 1.0
    if s.sd == 0.0:
        return 0.0 if float(s.mean) > bound else 1.0
    from statsmodels.stats.weightstats import DescrStatsW

    return float(DescrStatsW(values).ttest_mean(bound, alternative="larger")[1])
