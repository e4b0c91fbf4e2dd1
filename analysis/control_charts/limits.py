"""Limits of control charts of counts, and how long such a chart runs until it signals (model.md 2.9, V26).

A p-chart plots the share of faulty items, a u-chart errors per item; both are counts per subgroup over its size.
Shewhart's limits lie three standard deviations off the centre, as if counts were normal. Exact (probability) limits
come from the binomial or Poisson tails themselves (Montgomery 2013, Introduction to Statistical Quality Control, 7th
ed., chapter 7). Everything here is in counts; a chart divides them by the size of its subgroups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

ALPHA = 0.0027  # chance of a signal per point in control, both sides: that of 3 sigma of a normal value, rounded
SIGMAS = 3.0


class Counts(Protocol):
    """How the count of a subgroup is distributed: its mean, its standard deviation, and both tails."""

    @property
    def mean(self) -> float: ...

    @property
    def sd(self) -> float: ...

    @property
    def most(self) -> float: ...

    def at_most(self, k: int) -> float: ...

    def above(self, k: int) -> float: ...


@dataclass(frozen=True)
class Binomial:
    """Faulty items among `n` independent ones, each faulty with probability `p` (p-chart)."""

    n: int
    p: float

    def __post_init__(self) -> None:
        if self.n < 1 or not 0.0 <= self.p <= 1.0:
            raise ValueError(f"n = {self.n}, p = {self.p}: n must be at least 1 and p in [0, 1]")

    @property
    def mean(self) -> float:
        return self.n * self.p

    @property
    def sd(self) -> float:
        return math.sqrt(self.n * self.p * (1.0 - self.p))

    @property
    def most(self) -> float:
        return float(self.n)

    def at_most(self, k: int) -> float:
        """P(X <= k)."""
        from scipy.special import bdtr

        return float(bdtr(min(k, self.n), self.n, self.p)) if k >= 0 else 0.0

    def above(self, k: int) -> float:
        """P(X > k)."""
        from scipy.special import bdtrc

        return float(bdtrc(min(k, self.n), self.n, self.p)) if k >= 0 else 1.0


@dataclass(frozen=True)
class Poisson:
    """Errors in a subgroup of items, `mean` of them on average (u-chart)."""

    mean: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.mean < math.inf:
            raise ValueError(f"mean = {self.mean}: must be a number >= 0")

    @property
    def sd(self) -> float:
        return math.sqrt(self.mean)

    @property
    def most(self) -> float:
        return math.inf

    def at_most(self, k: int) -> float:
        """P(X <= k)."""
        from scipy.special import pdtr

        return float(pdtr(k, self.mean)) if k >= 0 else 0.0

    def above(self, k: int) -> float:
        """P(X > k)."""
        from scipy.special import pdtrc

        return float(pdtrc(k, self.mean)) if k >= 0 else 1.0


@dataclass(frozen=True)
class Limits:
    """Counts from `low` to `high`, both included, are in control; the limits themselves need not be whole."""

    low: float
    high: float

    def signals(self, count: float) -> bool:
        """Whether a count is a signal: it lies outside."""
        return bool(count < self.low or count > self.high)


def sigma_limits(counts: Counts, sigmas: float = SIGMAS) -> Limits:
    """Mean -+ `sigmas` standard deviations, cut off where no count can lie.

    A lower limit of 0 cannot be crossed. Rounded to 1e-9, so that a limit that is a whole number is exactly one.
    """
    low, high = (round(counts.mean + side * sigmas * counts.sd, 9) for side in (-1, 1))
    return Limits(max(0.0, low), min(counts.most, high))


def exact_limits(counts: Counts, alpha: float = ALPHA) -> Limits:
    """The tightest whole limits that leave at most alpha/2 outside on each side.

    Where even the count 0 is likelier than alpha/2, the lower limit is 0 and only the upper side can signal. It keeps
    its alpha/2 all the same: the unused half is not moved over, so that the chart never signals more often than asked
    for. Such a chart cannot see an improvement; larger subgroups can. Raises ValueError unless 0 < alpha < 1.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha = {alpha}: must lie between 0 and 1")
    tail = alpha / 2
    high = math.floor(counts.mean)  # not beyond the median, so that more than the tail lies at it and above
    while counts.above(high) > tail:
        high += 1
    low = math.ceil(counts.mean) + 1
    while low > 0 and counts.at_most(low - 1) > tail:
        low -= 1
    return Limits(float(low), float(high))


def signal_probability(counts: Counts, limits: Limits) -> float:
    """Chance that one point lies outside the limits."""
    return counts.at_most(math.ceil(limits.low) - 1) + counts.above(math.floor(limits.high))


def average_run_length(counts: Counts, limits: Limits) -> float:
    """Points until the first signal, on average, that one included: 1 / P(outside); infinite where none can come.

    Points are independent. With the counts that the limits were made for it is the run length in control (how long
    until a false alarm), with any others the run length out of control (how long until the change is seen).
    """
    outside = signal_probability(counts, limits)
    return 1.0 / outside if outside > 0.0 else math.inf


def normal_run_length(sigmas: float = SIGMAS) -> float:
    """Average run length in control of normal values with limits at `sigmas`: 370.4 at 3."""
    return 1.0 / math.erfc(sigmas / math.sqrt(2.0))
