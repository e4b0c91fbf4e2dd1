"""Many comparisons at once: Holm's step-down procedure (Holm 1979, Scandinavian Journal of Statistics 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.compare import spread
from analysis.decisions.paired import half_widths

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Adjusted:
    """k differences, each array shape (k,).

    Parameters
    ----------
    mean, low, high : of each difference; the interval at its own `level`.
    n : pairs of replications.
    p, p_adjusted : of the two-sided paired t-test, alone and in the family.
    rejected : whether "no difference" is rejected in the family.
    level : of the interval, 1 - alpha / (k - step + 1).
    """

    mean: Floats
    low: Floats
    high: Floats
    n: npt.NDArray[np.int64]
    p: Floats
    p_adjusted: Floats
    rejected: npt.NDArray[np.bool_]
    level: Floats


def holm(differences: Floats, confidence: float = 0.95) -> Adjusted:
    """Two-sided paired t-tests of k differences, shape (k, n), by replication; NaN differences do not count.

    Guaranteed: with probability `confidence` no difference is rejected that is none, however many are none and however
    the differences hang together (normal replications, a number of them fixed in advance). The interval of a rejected
    difference is at the level of the step that rejected it, those of the others at the level of the step where the
    procedure ended, so that an interval leaves out 0 exactly where the test rejects. None is narrower than the one at
    `confidence`, so each by itself covers at least that often; that all of them cover at once is not guaranteed.

    A difference that is 0 in every replication has p = 1 and the interval [0, 0]; one that is the same in every
    replication, p = 0. One with fewer than two pairs has p = 1 and no interval, and counts in the family.
    """
    table = np.asarray(differences, dtype=float)
    s = spread(table)
    p = _two_sided(s.mean, s.sd, s.n)
    if not len(p):
        none = np.empty(0)
        return Adjusted(s.mean, none, none, s.n, p, none, none.astype(bool), none)
    from statsmodels.stats.multitest import multipletests

    alpha = 1.0 - confidence
    rejected, adjusted = multipletests(p, alpha, method="holm")[:2]
    steps = np.empty(len(p), dtype=np.int64)
    steps[np.argsort(p, kind="stable")] = np.arange(len(p))
    level = 1.0 - alpha / (len(p) - np.minimum(steps, rejected.sum()))
    half = half_widths(table, level)
    return Adjusted(s.mean, s.mean - half, s.mean + half, s.n, p, np.asarray(adjusted), np.asarray(rejected), level)


def _two_sided(mean: Floats, sd: Floats, n: npt.NDArray[np.int64]) -> Floats:
    """p of Student's t-test against 0."""
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(sd > 0, np.abs(mean) / (sd / np.sqrt(n)), np.where(mean == 0, 0.0, np.inf))
        p = 2.0 * stdtr(np.maximum(n - 1, 1).astype(float), -t)
    return np.where(n > 1, p, 1.0)
