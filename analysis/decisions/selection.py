"""Which is best: selection with an indifference zone, and comparisons with the best.

KN (Kim & Nelson 2001, ACM Transactions on Modeling and Computer Simulation 11(3), with c = 1): after a first stage of
n0 replications the systems that are clearly beaten are left out, replication by replication, until one is left.
Guarantee: if the best is better than every other by at least delta, it is chosen with probability at least
`confidence`, for independent normal replications, whatever the correlation between systems (the bound is Bonferroni's
over pairs, on variances of differences, so positive correlation only makes it end earlier). Where others are within
delta of the best, the theorem promises nothing; a choice among these matters by less than delta.

Comparisons with the best (Hsu 1984, Annals of Statistics 12; unequal widths as Edwards & Hsu 1983, Journal of the
American Statistical Association 78): intervals of theta_i - max over j != i of theta_j that hold together. Only the
k - 1 one-sided comparisons with the unknown best are needed; here by Bonferroni t of paired differences, which holds
under any correlation (Nelson & Matejcik 1995, Management Science 41, is narrower but assumes that all differences vary
alike). They are for a number of replications fixed in advance. Where `assess` fixed it, from the variances, they hold
as far as its stopping leaves intervals of differences unbiased. At the replications at which KN ended they do not
hold, since that depends on the means: run survivors and eliminated alike to one size first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.compare import spread
from analysis.decisions.paired import complete, t_quantile
from sim.invalid import require

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """How far a selection has come.

    Parameters
    ----------
    surviving : rows not left out yet; more than one at the end only if they are exactly equal.
    eliminated_at : for each row the number of replications at which it was left out, None if it was not.
    best : the surviving row with the largest mean (the first of equals): the choice once `done`, provisional before.
    done : whether the selection has ended.
    n : replications it has used: where it ended, else all there are.
    most : replications after which it ends at the latest; None before the first stage is complete.
    """

    surviving: tuple[int, ...]
    eliminated_at: tuple[int | None, ...]
    best: int
    done: bool
    n: int
    most: int | None


@dataclass(frozen=True)
class KN:
    """Fully sequential selection of the largest mean.

    `delta`: indifference zone, in the unit of the values; `confidence` of correct selection; `first_stage`: n0.
    Raises InvalidInput where these make no sense.
    """

    delta: float
    confidence: float = 0.95
    first_stage: int = 20

    def __post_init__(self) -> None:
        ok = math.isfinite(self.delta) and self.delta > 0
        require(ok, "indifference", self.delta, "must be a number greater than 0")
        require(0.5 <= self.confidence < 1.0, "confidence", self.confidence, "must be at least 0.5 and below 1")
        require(self.first_stage >= 5, "first_stage", self.first_stage, "must be at least 5 replications")

    def decide(self, values: Floats) -> State:
        """The selection on the replications there are, shape (systems, n); larger values are better.

        A function of the values alone: with more replications it goes on as if it had never stopped. Replications
        in which a value is missing do not count. Raises InvalidInput for fewer than one system or replication.
        """
        (table,) = complete(np.asarray(values, dtype=float))
        k, n = table.shape
        require(k >= 1 and n >= 1, "values", table.shape, "must hold a system and a complete replication")
        rows = np.arange(k)
        out: list[int | None] = [None] * k
        if k == 1:
            return State((0,), (None,), 0, True, 0, 0)
        if n < self.first_stage:
            return State(tuple(range(k)), tuple(out), _largest(table.mean(axis=1), rows), False, n, None)
        reach = self._reach(table[:, : self.first_stage])
        most = max(self.first_stage, math.floor(reach.max() / self.delta) + 1)
        totals = np.cumsum(table, axis=1)
        r = self.first_stage
        while True:
            means = totals[:, r - 1] / r
            margin = np.maximum(0.0, (reach[np.ix_(rows, rows)] / r - self.delta) / 2.0)  # W_il(r)
            kept = (means[rows, None] >= means[rows] - margin).all(axis=1)
            for row in rows[~kept]:
                out[row] = r
            rows = rows[kept]
            if len(rows) == 1 or r >= most:
                return State(tuple(rows.tolist()), tuple(out), _largest(means, rows), True, r, most)
            if r == n:
                return State(tuple(rows.tolist()), tuple(out), _largest(means, rows), False, r, most)
            r += 1

    def _reach(self, first: Floats) -> Floats:
        """h^2 S_il^2 / delta of every pair, from the first stage: shape (k, k)."""
        k, n0 = first.shape
        alpha = 1.0 - self.confidence
        h2 = (n0 - 1) * ((2.0 * alpha / (k - 1)) ** (-2.0 / (n0 - 1)) - 1.0)  # 2 c eta (n0 - 1)
        return np.asarray(h2 * np.square(spread(first[:, None] - first[None]).sd) / self.delta)


@dataclass(frozen=True)
class WithBest:
    """theta_i - max over j != i of theta_j: estimate and interval, shape (systems,); `candidates` may be the best.

    `low` is 0 for a system shown to be best, `high` is 0 for one shown not to be better than all others.
    """

    difference: Floats
    low: Floats
    high: Floats
    candidates: tuple[int, ...]


def compared_with_best(values: Floats, confidence: float = 0.95) -> WithBest:
    """Each system against the best of the others, with simultaneous intervals; larger values are better.

    `values`: shape (systems, n), two systems and two complete replications at least (else InvalidInput). All
    intervals hold together with probability `confidence`, under any correlation between systems, on a sample of fixed
    size of independent normal replications.
    """
    (table,) = complete(np.asarray(values, dtype=float))
    k, n = table.shape
    require(k >= 2 and n >= 2, "values", table.shape, "must hold two systems and two complete replications")
    s = spread(table[:, None] - table[None])
    width = t_quantile(1.0 - (1.0 - confidence) / (k - 1), n - 1) * s.sd / math.sqrt(n)
    others = ~np.eye(k, dtype=bool)
    above = np.where(others, s.mean + width, np.inf).min(axis=1)
    candidate = above >= 0.0
    rivals = others & candidate[None, :]
    below = np.where(rivals, s.mean - width, np.inf).min(axis=1)
    best_of_others = np.where(others, s.mean, np.inf).min(axis=1)
    low, high = np.minimum(below, 0.0), np.maximum(above, 0.0)
    return WithBest(best_of_others, low, high, tuple(np.flatnonzero(candidate).tolist()))


def _largest(means: Floats, rows: npt.NDArray[np.int64]) -> int:
    return int(rows[np.argmax(means[rows])])
