"""Customers who turn away: Erlang A and finite queues against exact formulas, and small cases with a whole log.

Erlang A is M/M/c with exponential patience (Palm 1957; Garnett, Mandelbaum & Reiman 2002, "Designing a call center
with impatient customers"). Its number in system is a birth-death process: up with lambda, down with
min(n, c) mu + max(0, n - c) theta; everything below follows from its stationary distribution by hand.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import chain, exponential, fixed, plain_rules, rich_system, rows, run, stream
from test_theory import agrees, erlang_c, replicate, waiting_time

from sim.blueprint import Arrivals, Blueprint, Check, Segment, StaffMember, StaffPool
from sim.journal import Journal

pytestmark = pytest.mark.both_engines

ON = {"patience": True}
HERE = {1: {"customer_waits": True}}


def impatient(segment: Segment, rate: float, servers: int, orders: int = 2_000, **parts: Any) -> Blueprint:
    """A Poisson stream to `servers` exponential servers of rate 1, at which customers may turn away."""
    return chain(
        1,
        service=exponential(1.0),
        members=servers,
        arrivals=stream(exponential(1 / rate)),
        segments={"all": segment},
        hours=orders / rate,
        warm_up=30.0,
        stages=HERE,
        switches=ON,
        **parts,
    )


def stationary(rate: float, servers: int, theta: float, most: int = 2_000) -> np.ndarray:
    """Chances of n in the system, n = 0..most, for service rate 1."""
    n = np.arange(1, most + 1)
    down = np.minimum(n, servers) + np.maximum(0, n - servers) * theta
    logs = np.concatenate([[0.0], np.cumsum(np.log(rate / down))])
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def erlang_a(rate: float, servers: int, theta: float) -> dict[str, float]:
    """Chances of delay and of giving up, and mean waits of all and of the served.

    Who finds k waiting moves up at rate c + j theta while j are ahead and gives up at rate theta, so is served with
    chance c / (c + (k + 1) theta), after a mean of sum_j 1 / (c + (j + 1) theta), j = 0..k.
    """
    p = stationary(rate, servers, theta)
    waiting = np.maximum(0, np.arange(len(p)) - servers)
    queue = float(p @ waiting)
    k = np.arange(len(p) - servers)
    served = servers / (servers + (k + 1) * theta)
    time = np.cumsum(1.0 / (servers + (k + 1) * theta))
    delayed = p[servers:]
    abandons = theta * queue / rate
    return {
        "delay": float(delayed.sum()),
        "abandon": abandons,
        "abandon, state by state": float(delayed @ (1.0 - served)),
        "wait": queue / rate,
        "wait of served": float(delayed @ (served * time)) / (1.0 - abandons),
    }


def waits(journal: Journal) -> tuple[np.ndarray, np.ndarray]:
    """Hours in the queue of a single stage and whether the customer gave up, by measured order."""
    orders = journal["orders"]
    visits = journal["visits"]
    wait = orders["abandoned"] - orders["placed"]
    wait[visits["order"]] = visits["began"] - visits["arrived"]
    start, end = journal.window
    measured = (orders["placed"] >= start) & (orders["placed"] < end)
    return wait[measured], ~np.isnan(orders["abandoned"][measured])


# -- exact formulas ------------------------------------------------------------------------------------------


@pytest.mark.no_engine
def test_erlang_a_formulas_agree_with_each_other():
    """Two ways to the chance of giving up; theta = mu is M/M/infinity; theta -> 0 is Erlang C."""
    for rate, servers, theta in ((1.5, 2, 0.5), (3.0, 2, 1.0), (12.0, 10, 2.0)):
        exact = erlang_a(rate, servers, theta)
        assert exact["abandon"] == pytest.approx(exact["abandon, state by state"], abs=1e-12)
    poisson = [math.exp(-3.0) * 3.0**n / math.factorial(n) for n in range(12)]
    assert stationary(3.0, 2, 1.0)[:12] == pytest.approx(poisson, abs=1e-12)
    patient = erlang_a(1.5, 2, 1e-9)
    assert patient["delay"] == pytest.approx(erlang_c(2, 1.5), abs=1e-6)
    assert patient["wait"] == pytest.approx(waiting_time(2, 1.5, 1.0), abs=1e-5)


@pytest.mark.parametrize(
    ("rate", "servers", "theta"),
    [(1.5, 2, 0.5), (3.0, 2, 1.0), (9.0, 10, 0.25), (12.0, 10, 2.0)],
    ids=["light", "overload 1.5", "many servers", "many servers, overload 1.2"],
)
def test_erlang_a(rate, servers, theta):
    """Delay, giving up and waits of M/M/c+M, below and above utilisation 1."""
    exact, other = erlang_a(rate, servers, theta), erlang_a(rate, servers, 1.5 * theta)

    def measure(journal: Journal) -> list[float]:
        wait, gone = waits(journal)
        placed = journal["orders"]["placed"]
        return [
            (wait > 0).mean(),
            gone.mean(),
            wait.mean(),
            wait[~gone].mean(),
            journal["orders"]["worked"][~np.isnan(journal["orders"]["delivered"])].mean(),
            np.diff(placed).mean(),
        ]

    found = replicate(impatient(Segment(patience=exponential(1 / theta)), rate, servers), 20, measure)
    controls = ((found[:, 4], 1.0), (found[:, 5], 1 / rate))
    for column, name in enumerate(("delay", "abandon", "wait", "wait of served")):
        agrees(name, found[:, column], exact[name], *controls, unlike=other[name])


@pytest.mark.parametrize(("rate", "servers", "balk_at"), [(1.5, 2, 4), (2.0, 2, 1), (3.0, 2, 3)])
def test_finite_queue(rate, servers, balk_at):
    """M/M/c/K: who would be number `balk_at` in the queue turns away, so K = c + balk_at - 1 (1: Erlang's loss)."""
    weights = [1.0]
    for n in range(1, servers + balk_at):
        weights.append(weights[-1] * rate / min(n, servers))
    p = np.array(weights) / sum(weights)
    longer = np.append(weights, weights[-1] * rate / servers)
    queue = float(p @ np.maximum(0, np.arange(len(p)) - servers))

    def measure(journal: Journal) -> list[float]:
        wait, gone = waits(journal)
        return [gone.mean(), wait.mean(), np.diff(journal["orders"]["placed"]).mean()]

    found = replicate(impatient(Segment(balk_at=balk_at), rate, servers), 20, measure)
    control = (found[:, 2], 1 / rate)
    agrees("blocked", found[:, 0], p[-1], control, unlike=longer[-1] / longer.sum())
    if balk_at > 1:
        agrees("wait", found[:, 1], queue / rate, control, unlike=0.0)
    else:
        assert not found[:, 1].any()


def test_loss_system_does_not_care_for_the_distribution():
    """Erlang's loss formula holds for every distribution of service times (insensitivity)."""
    rate, servers = 2.0, 2
    blocked = (rate**2 / 2) / (1 + rate + rate**2 / 2)
    system = impatient(Segment(balk_at=1), rate, servers)
    system = replace(system, stages={n: replace(s, service=fixed(1.0)) for n, s in system.stages.items()})
    found = replicate(system, 20, lambda j: waits(j)[1].mean())
    agrees("blocked", found, blocked, unlike=2 / 3)


# -- small cases ---------------------------------------------------------------------------------------------


def log(journal: Journal) -> list[tuple[float, float | None, float | None, float | None]]:
    """(placed, work began, delivered, abandoned) of every order."""
    began = dict(rows(journal, "visits", "order", "began"))
    table = rows(journal, "orders", "placed", "delivered", "abandoned")
    return [(placed, began.get(i), done, gone) for i, (placed, done, gone) in enumerate(table)]


def test_deterministic_patience():
    """One server, 3 h each; one customer an hour, who waits 4.5 h at most; all come twice, 10 h apart."""
    system = chain(
        1,
        service=3.0,
        arrivals=stream(1.0, orders=2, reorder=10.0),
        segments={"all": Segment(patience=fixed(4.5))},
        hours=6.0,
        stages=HERE,
        switches=ON,
    )
    journal = run(system)
    assert log(journal) == [
        (1.0, 1.0, 4.0, None),
        (2.0, 4.0, 7.0, None),
        (3.0, 7.0, 10.0, None),
        (4.0, None, None, 8.5),
        (5.0, None, None, 9.5),
    ]
    again = run(replace(system, horizon=replace(system.horizon, measured=14.5)))
    # 16 h: the second order of the customer of 1 h was placed at 11 h, that of the customer of 4 h at 14 h
    placed = [row[0] for row in log(again)]
    assert placed.count(14.0) == 2, "somebody who gave up comes again as planned"


def alone(at: float, **fields: Any) -> Segment:
    """A segment of one customer who comes at a time after 1.3 h, in a run of less than twice that."""
    return Segment(arrivals=Arrivals("stream", fixed(at)), **fields)


def test_patience_that_ends_when_a_server_frees():
    """Of two events at one time the one scheduled first is first: an end of work that was on its way when the customer
    came serves them; one that began later comes too late."""
    segments = {
        "first": alone(1.5),
        "served": alone(2.0, patience=fixed(1.5)),
        "gone": alone(2.5, patience=fixed(3.0)),
    }
    system = chain(1, service=2.0, segments=segments, hours=2.9, grid=0.5, stages=HERE, switches=ON)
    assert log(run(system)) == [
        (1.5, 1.5, 3.5, None),
        (2.0, 3.5, 5.5, None),
        (2.5, None, None, 5.5),
    ]


def test_balking_counts_those_who_wait():
    """With balk_at 2 one customer may wait; a place that somebody gave up is free again."""
    segments = {
        "first": alone(1.5, balk_at=2),
        "waits": alone(1.75, balk_at=2, patience=fixed(0.5)),  # until 2.25
        "balks": alone(2.0, balk_at=2),
        "joins": alone(2.5, balk_at=2),
    }
    system = chain(1, service=2.0, segments=segments, hours=2.9, stages=HERE, switches=ON)
    assert log(run(system)) == [
        (1.5, 1.5, 3.5, None),
        (1.75, None, None, 2.25),
        (2.0, None, None, 2.0),
        (2.5, 3.5, 5.5, None),
    ]


def test_patience_and_priority():
    """Key customers overtake; who is overtaken may run out of patience."""
    segments = {
        "first": alone(1.5, priority=1),
        "plain": alone(1.75, priority=1, patience=fixed(3.0)),  # until 4.75
        "key": alone(2.0, priority=0, patience=fixed(3.0)),
        "late": alone(2.5, priority=1, patience=fixed(3.5)),  # until 6
    }
    system = chain(1, service=2.0, segments=segments, hours=2.9, stages=HERE, switches=ON)
    assert log(run(system)) == [
        (1.5, 1.5, 3.5, None),
        (1.75, None, None, 4.75),
        (2.0, 3.5, 5.5, None),
        (2.5, 5.5, 7.5, None),
    ]
    equal = {name: replace(s, priority=0) for name, s in segments.items()}
    served = [row[1] for row in log(run(replace(system, segments=equal)))]
    assert served == [1.5, 3.5, None, 5.5], "first come, first served: now the key customer has waited too long (5 h)"


def test_patience_goes_on_where_the_queue_moves():
    """A reorganisation moves who waits to another pool; they still give up when their time is over, and the place that
    they leave in the new queue is free."""
    segments = {
        "first": alone(1.5),
        "gives up": alone(1.75, patience=fixed(1.0)),  # until 2.75
        "stays": alone(2.0, balk_at=3),
        "comes": alone(2.8, balk_at=2),
    }
    system = chain(1, service=2.0, segments=segments, hours=3.0, stages=HERE, switches=ON)
    other = StaffPool({"away": StaffMember(off_line=((0.0, 4.0),))})
    before = replace(system, pools={**system.pools, "other": other})
    after = replace(before, stages={"s1": replace(before.stages["s1"], pool="other")})
    # In the new pool nobody is there until 4 h: "stays" and, if the count is wrong, "comes" would be number 3.
    journal = run(((0.0, before), (2.5, after)))
    assert log(journal) == [
        (1.5, 1.5, 3.5, None),
        (1.75, None, None, 2.75),
        (2.0, 4.0, 6.0, None),
        (2.8, None, None, 2.8),
    ]
    wider = {**segments, "comes": replace(segments["comes"], balk_at=3)}
    joined = run(((0.0, replace(before, segments=wider)), (2.5, replace(after, segments=wider))))
    assert log(joined)[-1] == (2.8, 6.0, 8.0, None)


def test_nobody_gives_up_while_the_firm_reworks():
    """Patience holds for the first work; who waits for rework has a job half done and stays."""
    system = chain(
        1,
        service=1.0,
        p=1.0,
        arrivals=stream(0.75),
        segments={"all": Segment(patience=fixed(0.8), balk_at=4)},
        hours=30.0,
        stages={1: {"customer_waits": True, "self_check": Check(1.0)}},
        layers=(0, 1),
        switches=ON,
        **plain_rules(),
    )
    journal = run(system)
    visits = journal["visits"]
    longest = (visits["began"] - visits["arrived"])[visits["kind"] == 1].max()
    gone = ~np.isnan(journal["orders"]["abandoned"])
    assert longest > 0.8
    assert gone.any()
    assert not journal["orders"]["visits"][gone].any()
    assert (journal["orders"]["reworks"][~gone] == 1).all()


# -- null configurations and conservation --------------------------------------------------------------------


def test_endless_patience_is_no_patience():
    """Patience longer than any wait, patience switched off, or nobody waiting on the spot: the same run, byte for
    byte."""
    patient = impatient(Segment(), 1.5, 2, 300)
    plain = run(patient).to_bytes()
    hurried = replace(patient, segments={"all": Segment(patience=exponential(0.1), balk_at=2)})
    off_the_spot = {n: replace(s, customer_waits=False) for n, s in hurried.stages.items()}
    assert run(replace(patient, segments={"all": Segment(patience=fixed(1e9), balk_at=10**6)})).to_bytes() == plain
    assert run(replace(hurried, switches={})).to_bytes() == plain
    assert run(replace(hurried, stages=off_the_spot)).to_bytes() == plain
    assert run(hurried).to_bytes() != plain


def test_patience_leaves_other_draws_alone():
    """Customers come and are served as long as before; only who is served, and when, differs."""
    patient = impatient(Segment(), 1.5, 2, 300)
    a, b = run(patient), run(replace(patient, segments={"all": Segment(patience=exponential(0.5))}))
    assert (a["orders"]["placed"] == b["orders"]["placed"]).all()
    stayed = np.isnan(b["orders"]["abandoned"])
    assert 0 < stayed.sum() < len(stayed)
    assert a["orders"]["worked"][stayed] == pytest.approx(b["orders"]["worked"][stayed], abs=0)


def test_abandoned_orders_are_counted_once():
    """Orders placed = delivered + abandoned + in the system, at every week's end and in total."""
    system = rich_system(hours=300.0, customers=30, interval=20.0, layers=(0, 1, 3, 4))
    stages = {n: replace(s, customer_waits=s.onstage) for n, s in system.stages.items()}
    segments = {n: replace(s, patience=exponential(0.3), balk_at=6) for n, s in system.segments.items()}
    system = replace(system, stages=stages, segments=segments, switches={"retention": False})
    journal = run(system)
    orders, weeks, totals = journal["orders"], journal["weeks"], journal["totals"][0]
    gone, done = ~np.isnan(orders["abandoned"]), ~np.isnan(orders["delivered"])
    assert (gone ^ done).all()
    assert min(gone.sum(), done.sum()) > 20
    in_system = np.cumsum(weeks["placed"] - weeks["delivered"] - weeks["abandoned"])
    assert (in_system[:-1] == weeks["in_system"][:-1]).all()
    assert in_system[-1] == 0
    assert (totals["placed"], totals["delivered"], totals["abandoned"]) == (len(orders), done.sum(), gone.sum())
    assert weeks["abandoned"].sum() == gone.sum()
    assert np.isin(np.flatnonzero(gone), journal["visits"]["order"]).any(), "some give up later than at the first stage"
