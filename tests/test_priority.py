"""Priority without interruption (V28): who is served next, and what it costs the others (model.md section 4).

Cobham 1954: W_k = R0 / ((1 - s_{k-1}) (1 - s_k)), s_k the load of classes up to k, R0 = lambda E[tau^2] / 2. With
several exponential servers R0 is C/(c mu), C being Erlang's chance of delay. Kleinrock's conservation law: the sum of
rho_k W_k does not depend on the order of service.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from builders import chain, exponential, fixed, rich_system, run
from test_theory import agrees, erlang_c, replicate

from sim.blueprint import Arrivals, Blueprint, Distribution, Segment
from sim.journal import Journal

pytestmark = pytest.mark.both_engines


def classes(*rates: float, equal: bool = False) -> dict[str, Segment]:
    """Poisson streams, the first being served first (or all alike)."""
    return {
        f"class{k}": Segment(priority=0 if equal else k, arrivals=Arrivals("stream", exponential(1 / rate)))
        for k, rate in enumerate(rates)
    }


def queue(
    *rates: float, service: Distribution | None = None, servers: int = 1, hours: float = 2_000.0, equal: bool = False
) -> Blueprint:
    segments = classes(*rates, equal=equal)
    time = service or exponential(1.0)
    return chain(1, service=time, members=servers, segments=segments, hours=hours, warm_up=300)


def waits(journal: Journal) -> list[float]:
    """Mean wait of every class, then the mean work and the rate of orders."""
    orders = journal["orders"][journal.measured_orders()]
    kind = journal["customers"]["segment"][orders["customer"]]
    span = journal.window[1] - journal.window[0]
    means = [orders["waited"][kind == k].mean() for k in range(len(journal.plan.segment_names))]
    return [*means, orders["worked"].mean(), len(orders) / span]


def cobham(loads: tuple[float, ...], residual: float) -> list[float]:
    sums = np.cumsum([0.0, *loads])
    return [residual / ((1 - a) * (1 - b)) for a, b in pairwise(sums)]


@pytest.mark.parametrize(
    ("rates", "servers", "service", "moment"),
    [
        ((0.2, 0.25, 0.3), 1, fixed(1.0), 1.0),
        ((0.6, 0.9), 2, exponential(1.0), 2.0),
    ],
    ids=["three classes, M/D/1", "two servers"],
)
def test_v28_priority(rates, servers, service, moment):
    """Waits of every class, and the conservation law."""
    total = sum(rates)
    residual = total * moment / 2 if servers == 1 else erlang_c(servers, total) / servers
    expected = cobham(tuple(rate / servers for rate in rates), residual)
    fifo = residual / (1 - total / servers)
    found = replicate(queue(*rates, servers=servers, service=service), 20, waits)
    controls = [(found[:, -1], total)]
    if service.kind != "deterministic":
        controls.append((found[:, -2], 1.0))
    for k, wait in enumerate(expected):
        agrees(f"class {k}", found[:, k], wait, *controls, unlike=fifo)
    weights = np.array(rates) / total
    assert weights @ expected == pytest.approx(fifo, rel=1e-12)
    agrees("conserved", found[:, : len(rates)] @ weights, fifo, *controls, unlike=expected[0])


def test_key_customers_in_an_overloaded_system():
    """Where the others' queue grows without end, a key customer still waits E[tau^2]/(2 E[tau]) / (1 - rho_K)."""
    key = replicate(queue(0.4, 0.9, hours=1_500.0), 20, waits)
    agrees("key", key[:, 0], 1.0 / (1 - 0.4), (key[:, 2], 1.0), unlike=0.4 / (1 - 0.4))
    assert key[:, 1].min() > 50.0


def test_work_is_conserved_exactly():
    """Same customers, same work: priority changes who waits, never when the server is busy."""
    journals = [run(queue(0.3, 0.4, hours=1_500.0, equal=equal)) for equal in (False, True)]

    def busy_periods(journal: Journal) -> np.ndarray:
        visits = np.sort(journal["visits"], order="began")
        gaps = visits["began"][1:] > visits["ended"][:-1]
        return np.concatenate([visits["began"][1:][gaps], visits["ended"][:-1][gaps]])

    first, second = (busy_periods(journal) for journal in journals)
    assert len(first) > 100
    assert first == pytest.approx(second, abs=1e-9)
    for journal in journals:
        assert journal["weeks"]["worked"] == pytest.approx(journals[0]["weeks"]["worked"], abs=1e-9)
    assert waits(journals[0])[0] < waits(journals[1])[0] < waits(journals[0])[1]


def test_who_is_next():
    """By class, then first come, first served; a visit in hand is never interrupted."""

    def alone(at: float, priority: int) -> Segment:
        return Segment(priority=priority, arrivals=Arrivals("stream", fixed(at)))

    arrivals = {"a": (1.5, 2), "b": (1.6, 2), "c": (1.7, 1), "d": (1.8, 0), "e": (1.9, 1), "f": (2.0, 2), "g": (2.1, 0)}
    segments = {name: alone(*given) for name, given in arrivals.items()}
    system = chain(1, service=1.0, segments=segments, hours=2.9)
    began = dict(zip(segments, np.sort(run(system)["visits"], order="order")["began"].tolist(), strict=True))
    assert sorted(began, key=began.__getitem__) == ["a", "d", "g", "c", "e", "b", "f"]
    assert list(began.values()) == pytest.approx([1.5, 6.5, 4.5, 2.5, 5.5, 7.5, 3.5], abs=1e-12)


def test_one_class_is_no_class():
    """Null configuration: everybody in the same class, whichever it is, gives the same run."""
    system = rich_system(customers=60, layers=(0, 1, 2, 3, 4))

    def with_priority(**given: Any) -> bytes:
        return run(replace(system, segments={n: replace(s, **given) for n, s in system.segments.items()})).to_bytes()

    assert with_priority(priority=0) == with_priority(priority=5)
    assert with_priority(priority=0) != run(system).to_bytes()
