"""A programme taken apart by a full factorial: what each member does, and what members do to each other.

A scenario with k members (interventions) is run in all 2^k combinations with common random numbers, and every effect
is taken within replications. The value of a metric in the combination T is y(T). Conventions (Box, Hunter & Hunter
2005, Statistics for Experimenters, 2nd ed., chapter 5, but for one factor of 2):

- effect e(S) of the members in S: the |S|-fold difference "with - without", averaged over the 2^(k-|S|) settings of
  the other members. One member: its *main* effect, the mean of y(with) - y(without). Two members A and B: their
  *pairwise* effect, the mean over the others of [y(AB) - y(B)] - [y(A) - y(none)]: by how much the presence of B
  changes the effect of A, and that of A the effect of B. Box, Hunter & Hunter print *half* of this difference of
  differences; whole, it is the part of the joint effect of two members that neither brings alone.
- *alone*: y(A) - y(none); *last*: y(all) - y(all but A); *whole*: y(all) - y(none); *synergy*: whole - sum of alone.

With every member coded -1/2 (out) or +1/2 (in), y is the sum of e(S) times the product of the codes in S. So

    whole = sum over S of odd size of e(S) / 2^(|S| - 1):

the main effects and a quarter of those of three members, a sixteenth of those of five, and so on; effects of even
order cancel. With two members whole = sum of the main effects, and synergy = the pairwise effect.

The codes are orthogonal, so the variance between the 2^k combinations is the sum of V(S) = e(S)^2 / 4^|S|. Its shares
are the Sobol indices of a model with k independent inputs that are in or out with equal chance (Sobol' 1993; Homma &
Saltelli 1996): first-order V(A) / V, total for A the sum of V(S) / V over all S with A in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import spread, tabulate
from scenarios.scenario import Scenario

Floats = npt.NDArray[np.float64]
Row = tuple[str, str, float, float, float, int]

NONE, PLUS = "none", "+"  # name of the combination without any member, and what joins the names of members
EFFECT_COLUMNS = ["metric", "kind", "members", "mean", "low", "high", "n"]
EFFECTS = ("whole", "sum_alone", "synergy", "main", "alone", "last", "pairwise", "higher")
SHARES = ("share_main", "share_pairwise", "share_higher", "index_first", "index_total")
_ROUNDING = 1e-12  # combinations whose means differ by less than this, relative to their size, do not differ


def joined(members: Sequence[str]) -> str:
    """The name of a combination: "none", "a", "a+b"."""
    return PLUS.join(members) or NONE


def kind_of(members: Sequence[str]) -> str:
    """The kind of effect of some members: main, pairwise, or higher for three and more."""
    return {1: "main", 2: "pairwise"}.get(len(members), "higher")


def subsets(members: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """All combinations in Yates's standard order: none, a, b, ab, c, ac, bc, abc, ...; bit i is member i."""
    return tuple(tuple(m for i, m in enumerate(members) if code >> i & 1) for code in range(2 ** len(members)))


def combinations_of(scenario: Scenario) -> tuple[Scenario, ...]:
    """The 2^k scenarios with some of the programmes, in standard order; members stay in the order listed.

    Programmes keep their names, and with them their luck: a redesign that succeeds in a replication does so in
    every combination.
    """
    programmes = {p.name: p for p in scenario.programmes}
    return tuple(
        replace(scenario, name=joined(chosen), programmes=tuple(programmes[name] for name in chosen))
        for chosen in subsets(list(programmes))
    )


def contrasts(values: Floats) -> Floats:
    """e(S) of every combination, in standard order, from y in that order: shape (2^k, ...); e(none) is the mean.

    Yates's algorithm: for each member in turn, pairs without and with it become their mean and their difference.
    """
    found = np.asarray(values, dtype=float)
    step = 1
    while step < len(found):
        pairs = found.reshape(-1, 2, step, *found.shape[1:])
        without, with_it = pairs[:, 0], pairs[:, 1]
        found = np.stack([(without + with_it) / 2, with_it - without], axis=1).reshape(found.shape)
        step *= 2
    return found


def sizes(k: int) -> npt.NDArray[np.int64]:
    """Number of members of every combination, in standard order."""
    return np.array([code.bit_count() for code in range(2**k)], dtype=np.int64)


def whole_from(effect: Floats) -> Floats:
    """The effect of the whole programme from e(S) in standard order: the identity of the module's docstring."""
    size = sizes(len(effect).bit_length() - 1)
    return np.asarray(np.tensordot(np.where(size % 2 == 1, 0.5 ** (size - 1.0), 0.0), effect, axes=1))


def effects(kpis: pd.DataFrame, members: Sequence[str]) -> pd.DataFrame:
    """Every effect and share of every metric: columns EFFECT_COLUMNS, one row per metric, kind and members.

    `kpis`: scenario, replication, metric, value, with the scenarios named as by `combinations_of`. A replication
    counts for a metric if every combination has a value in it; n is their number, and a metric without one is left
    out. Effects (kinds EFFECTS, in the metric's unit) are means over replications with 95 % t-intervals of the paired
    values. Shares (kinds SHARES, 0 to 1, of the variance between the combinations' means) have intervals by the
    jackknife: t with n - 1 degrees of freedom over the pseudo-values, cut at 0 and 1; NaN where all means are equal.
    """
    results = tabulate(kpis)
    places = [results.scenarios.index(joined(chosen)) for chosen in subsets(members)]
    rows: list[tuple[str, *Row]] = []
    for metric in results.metrics:
        values = results.of(metric)[places]
        values = values[:, ~np.isnan(values).any(axis=0)]
        if values.shape[1]:
            found = [*_effects(values, members), *_shares(values, members)]
            rows += [(metric, *row) for row in found]
    return pd.DataFrame(rows, columns=EFFECT_COLUMNS)


def _effects(values: Floats, members: Sequence[str]) -> Iterator[Row]:
    effect = contrasts(values)
    k, none, everything = len(members), values[0], values[-1]
    full = joined(members)
    single = [1 << i for i in range(k)]
    alone = [values[code] - none for code in single]
    last = [everything - values[len(values) - 1 - code] for code in single]
    whole, sum_alone = everything - none, np.sum(alone, axis=0)
    yield _row("whole", full, whole)
    yield _row("sum_alone", full, sum_alone)
    yield _row("synergy", full, whole - sum_alone)
    for kind, parts in (("main", effect[single]), ("alone", alone), ("last", last)):
        yield from (_row(kind, name, part) for name, part in zip(members, parts, strict=True))
    for size in range(2, k + 1):
        for chosen in combinations(range(k), size):
            named = [members[i] for i in chosen]
            yield _row(kind_of(named), joined(named), effect[sum(1 << i for i in chosen)])


def _row(kind: str, members: str, values: Floats) -> Row:
    s = spread(values)
    return kind, members, float(s.mean), float(s.low), float(s.high), int(s.n)


def _shares(values: Floats, members: Sequence[str]) -> Iterator[Row]:
    k, n = len(members), values.shape[1]
    effect = contrasts(values)
    mean = spread(effect).mean[:, None]
    left_out = (n * mean - effect) / (n - 1) if n > 1 else np.full_like(effect, np.nan)
    share = variance_shares(np.hstack([mean, left_out]), float(np.abs(values).max()))
    size, codes = sizes(k), np.arange(2**k)
    groups = [
        ("share_main", joined(members), size == 1),
        ("share_pairwise", joined(members), size == 2),
        ("share_higher", joined(members), size > 2),
        *(("index_first", name, codes == 1 << i) for i, name in enumerate(members)),
        *(("index_total", name, (codes >> i & 1) == 1) for i, name in enumerate(members)),
    ]
    for kind, name, chosen in groups:
        point, without = share[chosen, 0].sum(), share[chosen, 1:].sum(axis=0)
        pseudo = spread(n * point - (n - 1) * without)
        half = (float(pseudo.high) - float(pseudo.low)) / 2
        low, high = np.clip([point - half, point + half], 0.0, 1.0)  # NaN stays NaN
        yield kind, name, float(point), float(low), float(high), n


def variance_shares(effect: Floats, size: float) -> Floats:
    """V(S) / V from e(S), both in standard order: shape (2^k, columns).

    NaN where the combinations are equal but for rounding, `size` being the largest |y|.
    """
    part = np.square(effect) / 4.0 ** sizes(len(effect).bit_length() - 1)[:, None]
    part[0] = 0.0
    whole = part.sum(axis=0)
    return np.asarray(part / np.where(whole > (_ROUNDING * size) ** 2, whole, np.nan))
