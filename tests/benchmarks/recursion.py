"""The practical limit: the chain without any events, compiled.

First come, first served through two members has a closed recursion: sort a stage's customers by arrival, and each
starts when they have come and the earlier of the two members is free. Nothing else of a simulator is left; what remains
is more than half the drawing of random numbers.
"""

from __future__ import annotations

import numba
import numpy as np
from benchmarks.chain_model import ERROR, MEMBERS, RATE, SERVICE, STAGES

assert MEMBERS == 2  # the recursion names both


@numba.njit(cache=True)
def _pass(customers, who, arrived, began, ended, erred):  # type: ignore[no-untyped-def]
    """Fill the visits, arrays of shape (stages, customers), each stage in the order of arrival."""
    now = 0.0
    for i in range(customers):
        now += np.random.exponential(1.0 / RATE)  # noqa: NPY002 (the generator that numba compiles)
        arrived[0, i] = now
        who[0, i] = i
    for stage in range(STAGES):
        one, other = 0.0, 0.0  # when the members are free, the earlier one first
        for i in range(customers):
            start = max(arrived[stage, i], one)
            end = start + np.random.exponential(SERVICE)  # noqa: NPY002
            began[stage, i] = start
            ended[stage, i] = end
            erred[stage, i] = np.random.random() < ERROR  # noqa: NPY002
            one, other = min(end, other), max(end, other)
            if stage + 1 < STAGES:  # sort by insertion: they leave almost in the order in which they came
                j = i
                while j > 0 and arrived[stage + 1, j - 1] > end:
                    arrived[stage + 1, j] = arrived[stage + 1, j - 1]
                    who[stage + 1, j] = who[stage + 1, j - 1]
                    j -= 1
                arrived[stage + 1, j] = end
                who[stage + 1, j] = who[stage, i]


def event_free(customers: int) -> int:
    """Run it; returns the number of visits recorded."""
    shape = (STAGES, customers)
    arrived, began, ended = np.empty(shape), np.empty(shape), np.empty(shape)
    _pass(customers, np.empty(shape, np.int64), arrived, began, ended, np.empty(shape, np.bool_))
    return ended.size
