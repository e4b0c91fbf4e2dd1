"""Shapley values: how much of a total each of several members brings, when what one brings depends on the others.

A coalition is a whole number whose bit i says whether member i is in it. The Shapley value of a member is what it adds
to those who are there already, averaged over all orders in which members can join (Shapley 1953). It is the only rule
under which values add up to the total, alike members get alike, a member who adds nothing gets 0, and values of a sum
of games add up - so it can be taken replication by replication.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def shapley_values(worth: Floats) -> Floats:
    """What each member brings: shape (n, ...), from the worth of every coalition: shape (2^n, ...)."""
    n = _members(worth)
    values = np.zeros((n, *worth.shape[1:]))
    for coalition in range(len(worth)):
        size = coalition.bit_count()
        for i in range(n):
            if not coalition >> i & 1:
                share = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
                values[i] += share * (worth[coalition | 1 << i] - worth[coalition])
    return values


def interactions(worth: Floats) -> Floats:
    """The interaction index of every pair: shape (n, n, ...), 0 on the diagonal; worth as in `shapley_values`.

    By how much the presence of one member changes what the other adds, averaged over the coalitions of the rest with
    Shapley's weights (Grabisch & Roubens 1999). Positive: together they bring more than the sum.
    """
    n = _members(worth)
    found = np.zeros((n, n, *worth.shape[1:]))
    for i in range(n):
        for j in range(i):
            one, other = 1 << i, 1 << j
            for rest in range(len(worth)):
                if not rest & (one | other):
                    size = rest.bit_count()
                    share = math.factorial(size) * math.factorial(n - size - 2) / math.factorial(n - 1)
                    alone = worth[rest | one] - worth[rest]
                    beside = worth[rest | one | other] - worth[rest | other]
                    found[i, j] += share * (beside - alone)
            found[j, i] = found[i, j]
    return found


def sampled_orders(members: int, pairs: int, seed: int) -> Ints:
    """Random orders of joining in pairs, the second of which is the first backwards: shape (pairs, 2, members).

    Who is early in one is late in the other, which takes out much of the chance (antithetic; Mitchell et al. 2022).
    """
    draws = np.random.default_rng(seed)
    first = np.array([draws.permutation(members) for _ in range(pairs)], dtype=np.int64).reshape(pairs, members)
    return np.stack([first, first[:, ::-1]], axis=1)


def coalitions_along(order: Sequence[int]) -> tuple[int, ...]:
    """The coalitions that arise as members join in this order: from nobody to everybody."""
    coalitions = [0]
    for member in order:
        coalitions.append(coalitions[-1] | 1 << int(member))
    return tuple(coalitions)


def sampled_values(worth: Mapping[int, Floats], orders: Ints) -> Floats:
    """What each member adds, mean over the two orders of each pair: shape (n, pairs, ...).

    `worth`: of every coalition along these orders. The mean over pairs is an unbiased estimate of the Shapley value.
    """
    pairs, both, n = orders.shape
    shape = next(iter(worth.values())).shape
    values = np.zeros((n, pairs, *shape))
    for p in range(pairs):
        for order in orders[p]:
            along = coalitions_along(order.tolist())
            for member, before, after in zip(order.tolist(), along, along[1:], strict=False):
                values[member, p] += (worth[after] - worth[before]) / both
    return values


def _members(worth: Floats) -> int:
    n = len(worth).bit_length() - 1
    if len(worth) != 1 << n:
        raise ValueError(f"{len(worth)} coalitions: needs a power of 2")
    return n
