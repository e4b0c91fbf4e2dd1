"""Who gets the credit: what each cause adds to a metric, with intervals, beside the naive count.

The game: the worth of a set of causes is the metric as it is minus the metric of the same customers without them. All
is taken within replications (Shapley values are linear), so intervals are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import Spread, spread, t_quantile
from analysis.diagnosis.shapley import Ints, interactions, sampled_orders, sampled_values, shapley_values
from analysis.diagnosis.shapley import coalitions_along as along

Floats = npt.NDArray[np.float64]

DIAGNOSIS_COLUMNS = (
    "metric", "cause", "adds", "low", "high", "share", "share_low", "share_high",
    "alone", "alone_low", "alone_high", "last", "last_low", "last_high",
)  # fmt: skip
INTERACTION_COLUMNS = ("metric", "cause", "other", "interaction", "low", "high")


@dataclass(frozen=True)
class Design:
    """Which sets of causes are taken out: all of them (`orders` None), or those along some orders of taking out.

    `orders`: shape (pairs, 2, causes). A set is a whole number whose bit i says that cause i is out.
    """

    causes: tuple[str, ...]
    orders: Ints | None

    @property
    def everything(self) -> int:
        return (1 << len(self.causes)) - 1

    @property
    def sets(self) -> tuple[int, ...]:
        """The sets to run: none, all, and each cause alone and all but each first; each once."""
        n = len(self.causes)
        single = [1 << i for i in range(n)]
        first = [0, self.everything, *single, *(self.everything ^ one for one in single)]
        walks = (
            range(1 << n) if self.orders is None else (s for o in self.orders.reshape(-1, n) for s in along(o.tolist()))
        )
        return tuple(dict.fromkeys([*first, *walks]))


def design_of(causes: Sequence[str], exact: int, permutations: int, seed: int) -> Design:
    """Every subset of up to `exact` causes, else those along `permutations` random orders (an even number)."""
    few = len(causes) <= exact
    return Design(tuple(causes), None if few else sampled_orders(len(causes), permutations // 2, seed))


def attribute(design: Design, values: Mapping[int, Floats], metric: str) -> pd.DataFrame:
    """What each cause adds to one metric, DIAGNOSIS_COLUMNS, in the order of the causes; last a row "all".

    `values`: set of causes taken out -> the metric, shape (replications,). `share` is of what all causes together add;
    its interval is that of a ratio of means (linearised), NaN where the interval of the total includes 0.
    """
    worth = {out: values[0] - value for out, value in values.items()}
    total = worth[design.everything]
    rows = []
    for i, cause in enumerate(design.causes):
        added = contributions(design, worth)[i]
        one, others = 1 << i, design.everything ^ 1 << i
        cells = (crossed(added), share_of(added, total), spread(worth[one]), spread(total - worth[others]))
        rows.append((metric, cause, *_ends(cells)))
    whole = spread(total)
    rows.append((metric, "all", *_ends((whole, share_of(total[None], total), whole, whole))))
    return pd.DataFrame(rows, columns=list(DIAGNOSIS_COLUMNS))


def contributions(design: Design, worth: Mapping[int, Floats]) -> Floats:
    """Shapley values by cause, pair of orders (one where all sets were run) and replication."""
    if design.orders is not None:
        return sampled_values(worth, design.orders)
    return shapley_values(np.array([worth[out] for out in range(design.everything + 1)]))[:, None]


def interaction_table(design: Design, values: Mapping[int, Floats], metric: str) -> pd.DataFrame:
    """The interaction index of every pair of causes, INTERACTION_COLUMNS; empty where only a sample was run.

    Of causes as they are present: by how much the one changes what the other adds. (Presence and taking out are dual
    games: Shapley values are the same in both, interactions have opposite signs.)
    """
    if design.orders is not None:
        return pd.DataFrame(columns=list(INTERACTION_COLUMNS))
    found = interactions(np.array([values[out] for out in range(design.everything + 1)]))
    rows = [
        (metric, one, other, *_ends((spread(found[i, j]),)))
        for i, one in enumerate(design.causes)
        for j, other in enumerate(design.causes)
        if i < j
    ]
    return pd.DataFrame(rows, columns=list(INTERACTION_COLUMNS))


def crossed(values: Floats) -> Spread:
    """Mean and 95 % interval over pairs of orders and replications: shape (pairs, replications).

    The same orders serve all replications, so both are random and crossed. var(mean) is at most the sum of the
    variances of the two kinds of means, each over its number (their interaction counts twice: a little too wide);
    degrees of freedom are those of the smaller number. With one pair (nothing was sampled) a t-interval over
    replications.
    """
    pairs, replications = values.shape
    by_replication, by_pair = spread(values.mean(axis=0)), spread(values.mean(axis=1))
    if pairs == 1:
        return by_replication
    error = np.sqrt(by_replication.sd**2 / replications + by_pair.sd**2 / pairs)
    n = np.array(min(pairs, replications))
    half = t_quantile(n - 1) * error
    mean = by_replication.mean
    return Spread(mean, error * np.sqrt(n), n, mean - half, mean + half)


def share_of(added: Floats, total: Floats) -> Spread:
    """A ratio of means with its interval: `added` (pairs, replications) over `total` (replications,).

    By linearisation: the values ratio + (added - ratio x total) / mean(total) have the ratio as mean and its variance.
    """
    return crossed(ratio_values(added, total))


def ratio_values(added: Floats, total: Floats) -> Floats:
    """The values whose mean is the ratio of the means; NaN where the interval of the total includes 0."""
    whole = spread(total)
    if not (whole.low > 0 or whole.high < 0):
        return np.full_like(added, np.nan)
    ratio = added.mean() / whole.mean
    return np.asarray(ratio + (added - ratio * total) / whole.mean)


def against_count(design: Design, values: Mapping[int, Floats], counted: Floats, metric: str) -> pd.DataFrame:
    """The naive count beside the causal share: naive share, and causal - naive, with intervals paired by replication.

    `counted`: errors that the count puts down to each cause, and in all: shape (causes + 1, replications). Columns
    metric, cause, naive, naive_low, naive_high, difference, difference_low, difference_high.
    """
    worth = {out: values[0] - value for out, value in values.items()}
    total, added = worth[design.everything], contributions(design, worth)
    rows = []
    for i, cause in enumerate(design.causes):
        naive = ratio_values(counted[i][None], counted[-1])
        rows.append((metric, cause, *_ends((crossed(naive), crossed(ratio_values(added[i], total) - naive)))))
    columns = ["metric", "cause", *(f"{n}{end}" for n in ("naive", "difference") for end in ("", "_low", "_high"))]
    return pd.DataFrame(rows, columns=columns)


def _ends(cells: Sequence[Spread]) -> list[float]:
    return [float(end) for s in cells for end in (s.mean, s.low, s.high)]
