"""Which points go to a worker next, and how many at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from scenarios.execution.settings import Point

Points = tuple[Point, ...]

_LONG_ENOUGH = 0.25  # s a task shall last: far more than it costs to hand over, little to lose
_AT_LEAST = 0.05  # s, near the end, where smaller tasks let all workers finish together
_MOST = 4096  # points in a task
_GROWTH = 8  # times a task may be larger than the one before


class Tasks:
    """The points still to do, cut into tasks that last about as long as they should.

    Points are taken from the iterable only when they are needed. What comes back (from a worker that died or ran
    out of time) is handed out again first.
    """

    def __init__(self, points: Iterable[Point], total: int, workers: int) -> None:
        self._points: Iterator[Point] = iter(points)
        self._back: deque[Points] = deque()
        self._unknown = total  # points not handed out yet, as far as the caller knows
        self._workers = workers
        self._size = 1
        self._cost = 0.0  # s a point, lately

    def next(self) -> Points:
        """The next task; empty when there is none."""
        if self._back:
            return self._back.popleft()
        task = tuple(islice(self._points, self._wanted()))
        self._unknown -= len(task)
        return task

    def put_back(self, points: Points) -> None:
        if points:
            self._back.append(points)

    def took(self, points: int, seconds: float) -> None:
        """A task of so many points lasted so long: the next ones are made larger or smaller."""
        if points > 0:
            cost = seconds / points
            self._cost = 0.5 * (self._cost + cost) if self._cost else cost

    def _wanted(self) -> int:
        if self._cost <= 0:
            return 1
        share = self._unknown // (4 * self._workers)
        size = max(min(_LONG_ENOUGH / self._cost, share), _AT_LEAST / self._cost)
        self._size = max(1, min(int(size), self._size * _GROWTH, _MOST))
        return self._size
