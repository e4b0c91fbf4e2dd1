"""Measurements in rounds: the order alternates, so that a drift of the machine's speed hits all alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Figures = Mapping[str, float]  # what a measurement found: name -> figure
Found = Mapping[str, list[float]]  # name -> its figure in every round

_AT_LEAST = 0.5  # s that a measurement is repeated for


@dataclass(frozen=True)
class Probe:
    """One measurement. `most_rounds`: how often at most, for what takes long (None: in every round)."""

    name: str
    measure: Callable[[], Figures]
    most_rounds: int | None = None


def ns_a_visit(name: str, run: Callable[[int], int], customers: int) -> Probe:
    """A probe for a run that takes a number of customers and returns its number of visits; once unmeasured first."""
    run(100)  # compiles, imports and caches what is made once
    return Probe(name, lambda: {name: fastest(run, customers)})


def fastest(run: Callable[[int], int], customers: int) -> float:
    """ns a visit: the fastest of the runs that fit into half a second, but of two at least.

    The first one is there to be slow: a virtual machine gives memory that has been free for a while back to its host,
    and to touch it anew costs some 3 ns a byte, ten times what it costs afterwards.
    """
    times: list[float] = []
    until = time.perf_counter() + _AT_LEAST
    while len(times) < 2 or time.perf_counter() < until:
        gc.collect()
        began = time.perf_counter()
        visits = run(customers)
        times.append((time.perf_counter() - began) / visits * 1e9)
    return min(times)


def interleave(probes: Sequence[Probe], rounds: int, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Measure everything once a round, in turn and then in reverse turn."""
    found: dict[str, list[float]] = {}
    for number in range(rounds):
        for probe in probes if number % 2 == 0 else list(reversed(probes)):
            if probe.most_rounds is None or number < probe.most_rounds:
                say(f"round {number + 1} of {rounds}: {probe.name}")
                for name, figure in probe.measure().items():
                    found.setdefault(name, []).append(figure)
    return found


def ratios(found: Found, over: str, under: str) -> list[float]:
    """Round by round; empty where either was not measured."""
    return [a / b for a, b in zip(found.get(over, ()), found.get(under, ()), strict=False)]
