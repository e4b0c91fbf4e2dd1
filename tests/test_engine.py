"""The engine: whole logs of micro-cases worked out by hand, the order of simultaneous events, laws of conservation."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import (
    chain,
    exponential,
    fixed,
    plain_rules,
    pool,
    population,
    rich_organisation,
    rich_system,
    rows,
    run,
    stream,
)

from sim.blueprint import Check, Handoff, Rework, Segment, StaffMember, StaffPool
from sim.journal import Journal
from sim.tables import ABSENT, CAUSES, JOURNAL, OFF_LINE, VACANT

pytestmark = pytest.mark.both_engines

VISIT = ("order", "stage", "staff", "number", "kind", "arrived", "began", "ended")
HANDOFF = ("order", "source", "target", "left", "arrived", "on_time", "noticed")
ERROR = ("order", "stage", "cause", "found_by", "found_at", "state", "made", "found", "reached")
ORDER = ("placed", "delivered", "visits", "reworks", "errors", "reached", "waited", "worked")
ABSENCE = ("staff", "began", "ended")
WORK, AGAIN = "first_work", "rework"


# -- micro-cases ---------------------------------------------------------------------------------------------


def test_two_orders_through_two_stages():
    """Orders at 1 and 2; stage s1 takes 2 h, s2 takes 3 h, one member each."""
    journal = run(chain(2, service=[2.0, 3.0], arrivals=stream(1.0), hours=2.5))
    assert rows(journal, "visits", *VISIT) == [
        (0, "s1", "p1_0", 0, WORK, 1.0, 1.0, 3.0),
        (1, "s1", "p1_0", 0, WORK, 2.0, 3.0, 5.0),
        (0, "s2", "p2_0", 0, WORK, 3.0, 3.0, 6.0),
        (1, "s2", "p2_0", 0, WORK, 5.0, 6.0, 9.0),
    ]
    assert rows(journal, "handoffs", *HANDOFF) == [(0, "s1", "s2", 3.0, 3.0, 1, 0), (1, "s1", "s2", 5.0, 5.0, 1, 0)]
    assert rows(journal, "orders", *ORDER) == [(1.0, 6.0, 2, 0, 0, 0, 0.0, 5.0), (2.0, 9.0, 2, 0, 0, 0, 2.0, 5.0)]
    assert [len(journal[table]) for table in ("customers", "errors", "moments", "absences")] == [2, 0, 0, 0]


def test_shared_pool_with_priorities():
    """Members m0, m1 serve both stages (2 h, 1 h); orders 0, 1, 3 are slow class 1, order 2 (at 2.5) is class 0.

    At 5.0 both members end: m0 (began first) takes order 3, which waits for longest; then order 2 joins the queue
    of s2 and, being class 0, is taken by m1 before order 1.
    """
    segments = {"slow": Segment(priority=1, arrivals=stream(1.0)), "key": Segment(priority=0, arrivals=stream(2.5))}
    system = chain(2, service=[2.0, 1.0], every={"pool": "m"}, pools={"m": pool("m", 2)}, segments=segments, hours=3.5)
    journal = run(system)
    assert rows(journal, "visits", *VISIT) == [
        (0, "s1", "m0", 0, WORK, 1.0, 1.0, 3.0),
        (1, "s1", "m1", 0, WORK, 2.0, 2.0, 4.0),
        (2, "s1", "m0", 0, WORK, 2.5, 3.0, 5.0),
        (0, "s2", "m1", 0, WORK, 3.0, 4.0, 5.0),
        (3, "s1", "m0", 0, WORK, 3.0, 5.0, 7.0),
        (2, "s2", "m1", 0, WORK, 5.0, 5.0, 6.0),
        (1, "s2", "m1", 0, WORK, 4.0, 6.0, 7.0),
        (3, "s2", "m0", 0, WORK, 7.0, 7.0, 8.0),
    ]
    assert rows(journal, "orders", "customer", "placed", "delivered", "waited") == [
        (0, 1.0, 5.0, 1.0),
        (1, 2.0, 7.0, 2.0),
        (2, 2.5, 6.0, 0.5),
        (3, 3.0, 8.0, 2.0),
    ]


def test_batch_of_two_with_one_left_over():
    """Orders leave s1 at 3, 5 and 7 and travel .5 h in twos; the third waits until order 1 is done (7.5), then goes."""
    ways = [Handoff(batch=2, delay=fixed(0.5)), Handoff()]
    system = chain(2, service=1.0, arrivals=stream(2.0), hours=6.5, layers=(0, 1), handoff=ways, **plain_rules())
    journal = run(system)
    assert rows(journal, "visits", *VISIT)[:-1] == [
        (0, "s1", "p1_0", 0, WORK, 2.0, 2.0, 3.0),
        (1, "s1", "p1_0", 0, WORK, 4.0, 4.0, 5.0),
        (0, "s2", "p2_0", 0, WORK, 5.5, 5.5, 6.5),
        (2, "s1", "p1_0", 0, WORK, 6.0, 6.0, 7.0),
        (1, "s2", "p2_0", 0, WORK, 5.5, 6.5, 7.5),
    ]
    # Late by the sender's standard of three service times: order 0 took 3.5 h to the next stage.
    assert rows(journal, "handoffs", *HANDOFF)[:-1] == [
        (0, "s1", "s2", 3.0, 5.5, 0, 0),
        (1, "s1", "s2", 5.0, 5.5, 1, 0),
    ]
    assert rows(journal, "visits", *VISIT)[-1] == (2, "s2", "p2_0", 0, WORK, 8.0, 8.0, 9.0)
    assert rows(journal, "handoffs", *HANDOFF)[-1] == (2, "s1", "s2", 7.0, 8.0, 1, 0)


def test_smaller_batches_from_now_on():
    """Two orders wait for a third when the batch shrinks at 6: they leave at once and arrive at 6.5."""

    def with_batch(size: int) -> Any:
        ways = [Handoff(batch=size, delay=fixed(0.5)), Handoff()]
        return chain(2, service=1.0, arrivals=stream(2.0), hours=8.5, layers=(0, 1), handoff=ways, **plain_rules())

    for size in (1, 2):
        journal = run(((0.0, with_batch(3)), (6.0, with_batch(size))))
        second = [row[1:] for row in rows(journal, "visits", "stage", "order", "arrived", "began") if row[0] == "s2"]
        last = [(2, 7.5, 8.5), (3, 9.5, 9.5)] if size == 1 else [(2, 9.5, 9.5), (3, 9.5, 10.5)]
        assert second == [(0, 6.5, 6.5), (1, 6.5, 7.5), *last]


def test_error_found_downstream_travels_back():
    """s1 always errs, s3 notices; rework takes half the time of work, doubled by each of two stages travelled."""
    rework = Rework(rework_time=0.5, per_stage=1.0, failure=0.0, travel_delay=2.0)
    stages = {3: {"incoming_check": Check(1.0)}}
    rules = plain_rules(rework=rework)
    journal = run(
        chain(3, service=1.0, p=[1.0, 0, 0], arrivals=stream(1.0), hours=1.5, layers=(0, 1), stages=stages, **rules)
    )
    assert rows(journal, "visits", *VISIT) == [
        (0, "s1", "p1_0", 0, WORK, 1.0, 1.0, 2.0),
        (0, "s2", "p2_0", 0, WORK, 2.0, 2.0, 3.0),
        (0, "s3", "p3_0", 0, WORK, 3.0, 3.0, 4.0),
        (0, "s1", "p1_0", 0, AGAIN, 4.0, 4.0, 5.5),
    ]
    assert rows(journal, "handoffs", *HANDOFF) == [(0, "s1", "s2", 2.0, 2.0, 1, 0), (0, "s2", "s3", 3.0, 3.0, 1, 1)]
    assert rows(journal, "errors", *ERROR) == [(0, "s1", "system", "next_stage", "s3", "repaired", 2.0, 4.0, 0)]
    assert rows(journal, "errors", "internal_cost", "external_cost") == [(1.5 * 25.0, 0.0)]
    assert rows(journal, "orders", *ORDER) == [(1.0, 5.5, 4, 1, 1, 0, 0.0, 4.5)]


def test_error_found_in_the_middle_then_the_order_goes_on():
    """s2 notices at the end of its own work; after the rework at s1 the order goes on to s3, not to s2 again."""
    stages = {2: {"incoming_check": Check(1.0)}}
    journal = run(
        chain(3, p=[1.0, 0, 0], arrivals=stream(1.0), hours=1.5, layers=(0, 1), stages=stages, **plain_rules())
    )
    assert [(v[1], v[4]) for v in rows(journal, "visits", *VISIT)] == [
        ("s1", WORK),
        ("s2", WORK),
        ("s1", AGAIN),
        ("s3", WORK),
    ]
    assert rows(journal, "handoffs", *HANDOFF) == [(0, "s1", "s2", 2.0, 2.0, 1, 1), (0, "s2", "s3", 4.0, 4.0, 1, 0)]


def test_self_detected_errors_join_the_end_of_the_queue():
    """Each order errs at s1 and is reworked there (half an hour), behind the order that waits already."""
    rework = Rework(rework_time=0.5, per_stage=1.0, failure=0.0, travel_delay=2.0)
    stages = {1: {"self_check": Check(1.0)}}
    rules = plain_rules(rework=rework)
    journal = run(
        chain(2, service=1.0, p=[1.0, 0.0], arrivals=stream(1.0), hours=2.5, layers=(0, 1), stages=stages, **rules)
    )
    assert rows(journal, "visits", *VISIT) == [
        (0, "s1", "p1_0", 0, WORK, 1.0, 1.0, 2.0),
        (1, "s1", "p1_0", 0, WORK, 2.0, 2.0, 3.0),
        (0, "s1", "p1_0", 0, AGAIN, 2.0, 3.0, 3.5),
        (1, "s1", "p1_0", 0, AGAIN, 3.0, 3.5, 4.0),
        (0, "s2", "p2_0", 0, WORK, 3.5, 3.5, 4.5),
        (1, "s2", "p2_0", 0, WORK, 4.0, 4.5, 5.5),
    ]
    assert rows(journal, "errors", *ERROR) == [
        (0, "s1", "system", "self_check", "s1", "repaired", 2.0, 2.0, 0),
        (1, "s1", "system", "self_check", "s1", "repaired", 3.0, 3.0, 0),
    ]
    assert rows(journal, "orders", *ORDER) == [(1.0, 4.5, 3, 1, 1, 0, 1.0, 2.5), (2.0, 5.5, 3, 1, 1, 0, 1.0, 2.5)]


def test_false_alarm_of_the_inspector():
    """Nothing is wrong, the inspector at s2 sends the order back to s1, where it is reworked once and delivered."""
    stages = {2: {"inspection": Check(0.0, 1.0)}}
    rules = plain_rules(rework=Rework(0.5, 1.0, 0.0, False, 0.0))
    journal = run(chain(2, service=1.0, arrivals=stream(1.0), hours=1.5, layers=(0, 1), stages=stages, **rules))
    assert rows(journal, "visits", *VISIT) == [
        (0, "s1", "p1_0", 0, WORK, 1.0, 1.0, 2.0),
        (0, "s2", "p2_0", 0, WORK, 2.0, 2.0, 3.0),
        (0, "s1", "p1_0", 0, AGAIN, 3.0, 3.0, 3.5),
    ]
    assert len(journal["errors"]) == 0
    assert rows(journal, "orders", *ORDER) == [(1.0, 3.5, 3, 1, 0, 0, 0.0, 2.5)]


def test_rework_between_functions_takes_travel_time():
    """Travel back is exponential with the given mean; inside a function it takes no time."""
    stages = {2: {"incoming_check": Check(1.0), "function": "other"}}
    parts: dict[str, Any] = {"arrivals": stream(1.0), "hours": 60.5, "layers": (0, 1), "members": 40, "service": 0.1}
    rules = plain_rules(rework=Rework(1.0, 0.0, 0.0, False, 2.0))
    for where, between in ((stages, True), ({2: {"incoming_check": Check(1.0)}}, False)):
        visits = run(chain(2, p=[1.0, 0.0], stages=where, **parts, **rules))["visits"]
        back = visits["arrived"][visits["kind"] == 1] - visits["ended"][visits["stage"] == 1]
        assert bool((back > 0).all()) is between
        assert 1.0 < back.mean() < 3.0 if between else not back.any()


def test_member_off_the_line():
    """Ann is called away at .5 while idle (1 h) and at 3.0 while busy: she leaves at 3.5, for 2 h."""
    crew = StaffPool({"ann": StaffMember(off_line=((0.5, 1.0), (3.0, 2.0)))})
    journal = run(chain(1, service=2.0, arrivals=stream(1.0), hours=3.5, pools={"p1": crew}))
    assert rows(journal, "visits", *VISIT) == [
        (0, "s1", "ann", 0, WORK, 1.0, 1.5, 3.5),
        (1, "s1", "ann", 0, WORK, 2.0, 5.5, 7.5),
        (2, "s1", "ann", 0, WORK, 3.0, 7.5, 9.5),
    ]
    assert rows(journal, "absences", *ABSENCE) == [("ann", 0.5, 1.5), ("ann", 3.5, 5.5)]
    assert rows(journal, "orders", *ORDER) == [
        (1.0, 3.5, 1, 0, 0, 0, 0.5, 2.0),
        (2.0, 7.5, 1, 0, 0, 0, 3.5, 2.0),
        (3.0, 9.5, 1, 0, 0, 0, 4.5, 2.0),
    ]


def test_calls_add_up_while_busy_or_away():
    """Two calls during one visit, then one during the absence: 1 + 2 hours, and 1 more on return."""
    crew = StaffPool({"ann": StaffMember(off_line=((4.5, 1.0), (5.0, 2.0), (7.0, 1.0)))})
    journal = run(chain(1, service=2.0, arrivals=stream(4.0), hours=7.5, pools={"p1": crew}))
    assert rows(journal, "visits", "began", "ended") == [(4.0, 6.0)]
    assert rows(journal, "absences", *ABSENCE) == [("ann", 6.0, 9.0), ("ann", 9.0, 10.0)]


def test_reorganisation_with_a_hired_member():
    """At 3.5 both pools become one team with a third member, who takes the order that waits at s1 at once."""
    first = chain(2, service=2.0, arrivals=stream(1.0), hours=4.5)
    members = dict.fromkeys(("p1_0", "p2_0", "new"), StaffMember())
    parts: dict[str, Any] = {"arrivals": stream(1.0), "hours": 4.5}
    second = chain(2, service=2.0, every={"pool": "team"}, pools={"team": StaffPool(members)}, **parts)
    journal = run(((0.0, first), (3.5, second)))
    assert rows(journal, "visits", *VISIT) == [
        (0, "s1", "p1_0", 0, WORK, 1.0, 1.0, 3.0),
        (1, "s1", "p1_0", 0, WORK, 2.0, 3.0, 5.0),
        (0, "s2", "p2_0", 0, WORK, 3.0, 3.0, 5.0),
        (2, "s1", "new", 0, WORK, 3.0, 3.5, 5.5),
        (3, "s1", "p1_0", 0, WORK, 4.0, 5.0, 7.0),
        (1, "s2", "p2_0", 0, WORK, 5.0, 5.0, 7.0),
        (2, "s2", "new", 0, WORK, 5.5, 5.5, 7.5),
        (3, "s2", "p1_0", 0, WORK, 7.0, 7.0, 9.0),
    ]
    assert rows(journal, "orders", "placed", "delivered", "waited") == [
        (1.0, 5.0, 0.0),
        (2.0, 7.0, 1.0),
        (3.0, 7.5, 0.5),
        (4.0, 9.0, 1.0),
    ]


def test_a_member_who_leaves_the_firm_ends_the_visit():
    """From 2.5 on b is gone: the visit under way ends at 4, then a serves alone; at 5.25 b is back."""
    both = {"a": StaffMember(), "b": StaffMember()}
    parts: dict[str, Any] = {"service": 2.0, "arrivals": stream(1.0), "hours": 5.5}
    two = chain(1, pools={"p1": StaffPool(both)}, **parts)
    one = chain(1, pools={"p1": StaffPool({"a": StaffMember()})}, **parts)
    journal = run(((0.0, two), (2.5, one), (5.25, two)))
    assert rows(journal, "visits", "order", "staff", "arrived", "began", "ended") == [
        (0, "a", 1.0, 1.0, 3.0),
        (1, "b", 2.0, 2.0, 4.0),
        (2, "a", 3.0, 3.0, 5.0),
        (3, "a", 4.0, 5.0, 7.0),
        (4, "b", 5.0, 5.25, 7.25),
    ]


def test_new_rules_hold_for_visits_that_begin_after_the_change():
    """A faster service from 3.5 on leaves the visit under way as it is; new expectations of time hold at once."""
    slow, fast = (chain(1, service=s, arrivals=stream(1.0), hours=3.75) for s in (2.0, 0.5))
    visits = rows(run(((0.0, slow), (3.5, fast))), "visits", "began", "ended")
    assert visits == [(1.0, 3.0), (3.0, 5.0), (5.0, 5.5)]


# -- ties ----------------------------------------------------------------------------------------------------


def test_tie_arrival_was_scheduled_before_the_end_of_the_visit():
    """At 3 a visit ends and a class-0 order arrives: the arrival was scheduled at 0, the end at 1, so it goes first.

    The order of class 1 that has waited since 2 is therefore passed over.
    """
    segments = {"slow": Segment(priority=1, arrivals=stream(1.0)), "key": Segment(priority=0, arrivals=stream(3.0))}
    journal = run(chain(1, service=2.0, segments=segments, hours=3.5))
    segment = journal["customers"]["segment"][journal["orders"]["customer"]]
    visits = rows(journal, "visits", "order", "arrived", "began")
    assert [(int(segment[order]), arrived, began) for order, arrived, began in visits] == [
        (0, 1.0, 1.0),
        (1, 3.0, 3.0),
        (0, 2.0, 5.0),
        (0, 3.0, 7.0),
    ]


def test_tie_end_of_the_visit_was_scheduled_before_the_arrival():
    """The same with the end at 3 scheduled at 1 and the class-0 arrival of 3 at 1.5: the waiting order is not passed.

    Two members: m0 has the class-1 order of 1, m1 the class-0 order of 1.5; at 3 m0 takes the class-1 order of 2.
    """
    segments = {"slow": Segment(priority=1, arrivals=stream(1.0)), "key": Segment(priority=0, arrivals=stream(1.5))}
    journal = run(chain(1, service=2.0, segments=segments, hours=3.25, members=2))
    segment = journal["customers"]["segment"][journal["orders"]["customer"]]
    visits = rows(journal, "visits", "order", "staff", "arrived", "began")
    assert [(int(segment[order]), *rest) for order, *rest in visits] == [
        (0, "p1_0", 1.0, 1.0),
        (1, "p1_1", 1.5, 1.5),
        (0, "p1_0", 2.0, 3.0),
        (1, "p1_1", 3.0, 3.5),
        (0, "p1_0", 3.0, 5.0),
    ]


def test_tie_streams_in_blueprint_order():
    segments = {name: Segment(arrivals=stream(1.0)) for name in ("b", "a", "c")}
    journal = run(chain(1, service=0.1, segments=segments, hours=3.5))
    segment = journal["customers"]["segment"][journal["orders"]["customer"]]
    assert segment.tolist() == [0, 1, 2] * 3
    assert journal["visits"]["order"].tolist() == list(range(9))


def test_tie_population_one_by_one():
    journal = run(chain(1, service=0.5, arrivals=population(3, 2.0), hours=5.0))
    assert rows(journal, "orders", "customer", "number", "placed", "waited") == [
        (0, 0, 2.0, 0.0),
        (1, 0, 2.0, 0.5),
        (2, 0, 2.0, 1.0),
        (0, 1, 4.0, 0.0),
        (1, 1, 4.0, 0.5),
        (2, 1, 4.0, 1.0),
    ]


def test_tie_epoch_then_leave_then_arrival():
    """All at 1: the new member b joins, then a (roster order) and b are called away, then the order comes and waits."""
    away = StaffMember(off_line=((1.0, 2.0),))
    parts: dict[str, Any] = {"service": 1.0, "arrivals": stream(1.0), "hours": 1.5}
    one = chain(1, pools={"p1": StaffPool({"a": away})}, **parts)
    two = chain(1, pools={"p1": StaffPool({"a": away, "b": away})}, **parts)
    journal = run(((0.0, one), (1.0, two)))
    assert rows(journal, "absences", *ABSENCE) == [("a", 1.0, 3.0), ("b", 1.0, 3.0)]
    assert rows(journal, "visits", "staff", "arrived", "began") == [("a", 1.0, 3.0)]


def test_tie_leave_at_the_end_of_a_visit():
    """The call at 3 was scheduled at 0, before the end at 3: the member leaves and the waiting order waits on."""
    crew = StaffPool({"a": StaffMember(off_line=((3.0, 1.0),))})
    journal = run(chain(1, service=2.0, arrivals=stream(1.0), hours=3.5, pools={"p1": crew}))
    assert rows(journal, "absences", *ABSENCE) == [("a", 3.0, 4.0)]
    assert rows(journal, "visits", "arrived", "began") == [(1.0, 1.0), (2.0, 4.0), (3.0, 6.0)]


def test_tie_two_visits_end_together():
    """Both end at 3; the one begun first goes on first, and the longest idle member serves first."""
    journal = run(chain(2, service=[2.0, 1.0], members=[2, 1], arrivals=population(2, 1.0), hours=1.5))
    assert rows(journal, "visits", "order", "stage", "staff", "arrived", "began") == [
        (0, "s1", "p1_0", 1.0, 1.0),
        (1, "s1", "p1_1", 1.0, 1.0),
        (0, "s2", "p2_0", 3.0, 3.0),
        (1, "s2", "p2_0", 3.0, 4.0),
    ]


def test_longest_idle_member_serves_next():
    journal = run(chain(1, service=0.5, members=3, arrivals=stream(1.0), hours=6.5))
    assert [staff for (staff,) in rows(journal, "visits", "staff")] == ["p1_0", "p1_1", "p1_2"] * 2


def test_tie_batch_members_arrive_in_the_order_in_which_they_joined():
    ways = [Handoff(batch=3), Handoff()]
    system = chain(2, service=1.0, arrivals=stream(1.0), hours=3.5, layers=(0, 1), handoff=ways, **plain_rules())
    second = [r for r in rows(run(system), "visits", "order", "stage", "arrived", "began") if r[1] == "s2"]
    assert second == [(0, "s2", 4.0, 4.0), (1, "s2", 4.0, 5.0), (2, "s2", 4.0, 6.0)]


def test_coarse_clock_rounds_every_duration_up():
    journal = run(chain(2, service=exponential(1.0), arrivals=stream(exponential(2.0)), hours=200, grid=0.25))
    for table, columns in (("visits", ("arrived", "began", "ended")), ("orders", ("placed", "delivered"))):
        for column in columns:
            assert not (journal[table][column] % 0.25).any()
    smooth = run(chain(2, service=exponential(1.0), arrivals=stream(exponential(2.0)), hours=200))
    hours, exact = (j["visits"]["ended"] - j["visits"]["began"] for j in (journal, smooth))
    names, exact_names = (j["visits"][["order", "stage"]].tolist() for j in (journal, smooth))
    exact_hours = dict(zip(exact_names, exact, strict=True))
    rounded = [(h, exact_hours[name]) for name, h in zip(names, hours, strict=True) if name in exact_hours]
    assert len(rounded) > 100
    assert all(-1e-9 < h - e < 0.25 for h, e in rounded)


# -- laws ----------------------------------------------------------------------------------------------------


def busy_system(grid: float) -> Any:
    """The rich system under load (waits, priorities, rework, batches, an absence), with or without a coarse clock."""
    system = rich_system(160.0, customers=24, interval=24.0)
    return replace(system, horizon=replace(system.horizon, grid=grid))


@pytest.fixture(scope="module", params=[0.0, 0.25], ids=["continuous", "grid"])
def busy(request: pytest.FixtureRequest, engine: str) -> Journal:
    return run(busy_system(request.param), 3)


def test_the_busy_system_is_busy(busy):
    """Else the laws below would hold for want of cases."""
    visits = busy["visits"]
    assert len(visits) > 400
    assert (visits["began"] > visits["arrived"]).sum() > 50
    assert (visits["kind"] == 1).sum() > 30
    assert len(busy["absences"]) == 1


def test_orders_are_conserved(busy):
    """All that is placed is delivered, every visit ends, and every order's counts agree with the tables."""
    orders, visits, errors = busy["orders"], busy["visits"], busy["errors"]
    assert not np.isnan(orders["delivered"]).any()
    assert not np.isnan(visits["ended"]).any()
    assert not np.isnan(busy["handoffs"]["arrived"]).any()
    n = len(orders)
    assert np.bincount(visits["order"], minlength=n).tolist() == orders["visits"].tolist()
    assert np.bincount(visits["order"], visits["kind"] == 1, n).tolist() == orders["reworks"].tolist()
    assert np.bincount(errors["order"], minlength=n).tolist() == orders["errors"].tolist()
    assert np.bincount(errors["order"], errors["reached"], n).tolist() == orders["reached"].tolist()
    assert np.bincount(errors["order"], errors["state"] == 0, n).tolist() == orders["open"].tolist()
    assert not orders["awaiting"].any()
    assert (orders["alarm"] == -1).all()
    assert np.bincount(orders["customer"]).tolist() == busy["customers"]["orders"].tolist()
    assert (errors["reached"][errors["state"] == 0] == 1).all()  # what is never repaired reaches the customer


def test_times_of_an_order_add_up(busy):
    """Lead time = waits + work + journeys; journeys without rework are those in the handoffs."""
    orders, visits, handoffs = busy["orders"], busy["visits"], busy["handoffs"]
    for i, order in enumerate(orders):
        mine = visits[visits["order"] == i]
        waits, work = (mine["began"] - mine["arrived"]).sum(), (mine["ended"] - mine["began"]).sum()
        gaps = mine["arrived"][1:] - mine["ended"][:-1]
        assert (gaps >= 0).all()
        assert (mine["arrived"][0], mine["ended"][-1]) == (order["placed"], order["delivered"])
        assert waits + work + gaps.sum() == pytest.approx(order["delivered"] - order["placed"], abs=1e-9)
        assert (waits, work) == (pytest.approx(order["waited"], abs=1e-9), pytest.approx(order["worked"], abs=1e-9))
        moved = handoffs[handoffs["order"] == i]
        assert (moved["arrived"] >= moved["left"]).all()
        first_work = mine[mine["kind"] == 0]
        assert moved["arrived"].tolist() == first_work["arrived"][1:].tolist()
        assert moved["began"].tolist() == first_work["arrived"][:-1].tolist()
        assert moved["target"].tolist() == first_work["stage"][1:].tolist()


def test_no_member_serves_two_at_once(busy):
    for member in range(len(busy.plan.staff_names)):
        spans = [(v["began"], v["ended"]) for v in busy["visits"] if v["staff"] == member]
        spans += [(a["began"], a["ended"]) for a in busy["absences"] if a["staff"] == member]
        spans.sort()
        assert all(after[0] >= before[1] for before, after in pairwise(spans))


def test_no_member_idles_while_someone_waits(busy):
    """Every member of the pool is at work or away during the whole of every wait."""
    visits, absences = busy["visits"], busy["absences"]
    pool_of_stage = busy.plan.rows("stages")["pool"][0]
    pool_of_member = busy.plan.rows("staff")["pool"][0]
    taken: dict[int, list[tuple[float, float]]] = {m: [] for m in range(len(pool_of_member))}
    for table in (visits, absences):
        for row in table:
            taken[int(row["staff"])].append((row["began"], row["ended"]))
    for visit in visits[visits["began"] > visits["arrived"]]:
        start, end = visit["arrived"], visit["began"]
        for member in np.flatnonzero(pool_of_member == pool_of_stage[visit["stage"]]):
            covered = sum(max(0.0, min(e, end) - max(b, start)) for b, e in taken[int(member)])
            assert covered == pytest.approx(end - start, abs=1e-9)


def test_first_come_first_served_within_a_class(busy):
    """In each pool the visits of one class begin in the order of their arrival; no lower class passes a higher one."""
    visits = busy["visits"]
    priority = busy.plan.rows("segments")["priority"][0]
    segment = busy["customers"]["segment"][busy["orders"]["customer"]]
    classes = priority[segment[visits["order"]]]
    pools = busy.plan.rows("stages")["pool"][0][visits["stage"]]
    assert set(classes) == {0, 1}
    for crew in set(pools):
        for level in (0, 1):
            mine = visits[(pools == crew) & (classes == level)]
            assert (np.diff(mine["arrived"]) >= 0).all()
            assert (np.diff(mine["began"]) >= 0).all()
        first = visits[(pools == crew) & (classes == 0)]
        for visit in visits[(pools == crew) & (classes == 1)]:
            assert not ((first["arrived"] < visit["began"]) & (visit["began"] < first["began"])).any()


# -- sameness ------------------------------------------------------------------------------------------------


def digest(journal: Journal) -> str:
    return hashlib.sha256(journal.to_bytes()).hexdigest()


def test_same_name_same_bytes_other_name_other_bytes():
    names = [(1, 0), (1, 1), (2, 0), (2, 1), (2**40, 0)]
    digests = [digest(run(rich_system(), *name)) for name in names]
    assert digests == [digest(run(rich_system(), *name)) for name in names]
    assert len(set(digests)) == len(names)
    placed = [run(rich_system(), *name)["orders"]["placed"][0] for name in names]
    assert len(set(placed)) == len(names)


def busy_organisation(grid: float, journal: str = "full", hours: float = 200.0) -> Journal:
    """All layers, under load, with a change of plan: halfway desk and front become one team, and somebody joins."""
    before = rich_organisation(hours)
    before = replace(before, horizon=replace(before.horizon, grid=grid, warm_up=10.0))
    hired = StaffPool({**before.pools["back"].members, "gil": StaffMember(entry_skill=0.5)}, 0.1)
    team = replace(before.pools["front"], members={**before.pools["front"].members, **before.pools["desk"].members})
    intake = replace(before.stages["intake"], teams=())
    after = replace(before, stages={**before.stages, "intake": intake}, pools={"front": team, "back": hired})
    return run(((0.0, before), (hours / 2, after)), 5, journal=journal)


def all_runs() -> list[str]:
    """Digests of runs with and without higher layers, of the clock's two kinds, of both kinds of journal."""
    runs = [run(busy_system(0.25), 5), busy_organisation(0.0, hours=100.0)]
    runs += [busy_organisation(0.25, "summary", hours=100.0)]
    return [digest(journal) for journal in runs]


def test_the_busy_organisation_is_busy():
    """Else the sameness of its runs would say little: every table is written, everything happens."""
    journal = busy_organisation(0.0)
    assert {name for name in JOURNAL if len(journal[name]) == 0} == set()
    assert (np.bincount(journal["errors"]["cause"], minlength=len(CAUSES)) > 3).all()
    weeks = journal["weeks"]
    for column in ("abandoned", "leavers", "ideas", "ideas_used", "criticism", "complaints", "recovered", "overtime"):
        assert weeks[column].sum() > 0, column
    assert (weeks["won"].sum(axis=0)[1:] > 0).all()
    assert weeks["lost"].sum() > 10
    assert set(journal["absences"]["reason"]) == {OFF_LINE, ABSENT, VACANT}
    assert (journal["reviews"]["kept"] == 1).any()
    assert journal["orders"]["changed"].sum() > 10


def test_plain_python_gives_the_same_bytes(engine):
    """GAPLINE_JIT=0 runs every rule (and the compiled engine's loop) as plain Python: the journals are the same to the
    last bit."""
    here = Path(__file__).parent
    code = f"import builders; builders.ENGINE = {engine!r}; from test_engine import *; print(*all_runs())"
    environment = {**os.environ, "GAPLINE_JIT": "0", "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    digests = all_runs()
    assert len(set(digests)) == len(digests)
    assert done.stdout.split() == digests
