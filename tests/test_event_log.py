"""The event log for process mining and one customer's journey, on systems small enough to write down whole."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import chain, plain_rules, rich_system, run, stream

from analysis.event_log import COLUMNS, event_log, journey, most_eventful_customer, timestamp
from analysis.experiments.trace import order_facts
from sim.blueprint import Check, ErrorRate
from sim.journal import Journal


@cache
def micro() -> Journal:
    """Orders at 4, 8 and 12 h; 3 h at s1, then 5 h at s2, which always errs: a queue grows before s2."""
    return run(chain(2, service=[3.0, 5.0], p=[0.0, 1.0], arrivals=stream(4.0), hours=13.0))


@cache
def rich() -> Journal:
    return run(rich_system(hours=200.0))


@cache
def repaired() -> Journal:
    """One order: s1 always errs, the next stage always finds it and sends it back, rework always works."""
    stages = {1: {"error": ErrorRate(1.0, 0.0)}, 2: {"incoming_check": Check(1.0)}}
    system = chain(2, service=2.0, arrivals=stream(8.0), hours=9.0, stages=stages, layers=(0, 1), **plain_rules())
    return run(system)


# -- calendar ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (0.0, "2024-01-01T09:00:00"),  # Monday
        (7.75, "2024-01-01T16:45:00"),
        (8.0, "2024-01-02T09:00:00"),  # the next day's first hour
        (12.5, "2024-01-02T13:30:00"),
        (39.5, "2024-01-05T16:30:00"),  # Friday
        (40.0, "2024-01-08T09:00:00"),  # Monday again
        (40 * 52 + 9.0, "2024-12-31T10:00:00"),
    ],
)
def test_working_hours_are_laid_on_days_of_eight_hours(hour: float, expected: str):
    assert timestamp(hour).isoformat() == expected


def test_the_calendar_never_runs_backwards_nor_leaves_working_time():
    days = np.arange(8.0, 200.0, 8.0)
    hours = np.sort(np.concatenate([np.arange(0, 200, 0.37), days, days - 1e-9]))
    times = [timestamp(float(hour)) for hour in hours]
    assert times == sorted(times)
    assert {time.weekday() for time in times} == {0, 1, 2, 3, 4}
    assert all(9 <= (time - replace_midnight(time)).total_seconds() / 3600 <= 17 for time in times)


def replace_midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


# -- the log -------------------------------------------------------------------------------------------------


def test_the_whole_log_of_a_small_system():
    """Ties at 7 h and 12 h: what ends comes before what begins, orders in the order of their visits."""
    log = event_log(micro())
    assert tuple(log.columns) == COLUMNS
    assert tuple(COLUMNS[:5]) == (
        "case:concept:name", "concept:name", "org:resource", "time:timestamp", "lifecycle:transition",
    )  # fmt: skip
    days = {1: "2024-01-01T", 2: "2024-01-02T", 3: "2024-01-03T"}
    expected = [  # case, stage, staff, day, time, transition, hour, customer, arrived, wait, error
        ("0-0", "s1", "p1_0", 1, "13:00", "start", 4.0, 0, 4.0, 0.0, ""),
        ("0-0", "s1", "p1_0", 1, "16:00", "complete", 7.0, 0, 4.0, 0.0, ""),
        ("0-0", "s2", "p2_0", 1, "16:00", "start", 7.0, 0, 7.0, 0.0, ""),
        ("1-0", "s1", "p1_0", 2, "09:00", "start", 8.0, 1, 8.0, 0.0, ""),
        ("1-0", "s1", "p1_0", 2, "12:00", "complete", 11.0, 1, 8.0, 0.0, ""),
        ("0-0", "s2", "p2_0", 2, "13:00", "complete", 12.0, 0, 7.0, 0.0, "system"),
        ("1-0", "s2", "p2_0", 2, "13:00", "start", 12.0, 1, 11.0, 1.0, ""),
        ("2-0", "s1", "p1_0", 2, "13:00", "start", 12.0, 2, 12.0, 0.0, ""),
        ("2-0", "s1", "p1_0", 2, "16:00", "complete", 15.0, 2, 12.0, 0.0, ""),
        ("1-0", "s2", "p2_0", 3, "10:00", "complete", 17.0, 1, 11.0, 1.0, "system"),
        ("2-0", "s2", "p2_0", 3, "10:00", "start", 17.0, 2, 15.0, 2.0, ""),
        ("2-0", "s2", "p2_0", 3, "15:00", "complete", 22.0, 2, 15.0, 2.0, "system"),
    ]
    rows = [
        (case, stage, staff, f"{days[day]}{time}:00.000", transition, hour, "first_work", 0, customer, "all", arrived,
         wait, error, "nobody" if error else "", 0)
        for case, stage, staff, day, time, transition, hour, customer, arrived, wait, error in expected
    ]  # fmt: skip
    assert list(log.itertuples(index=False, name=None)) == rows


def test_a_customer_who_orders_again_is_a_new_case():
    journal = run(chain(1, service=2.0, arrivals=stream(38.0, orders=2, reorder=5.0), hours=50.0))
    log = event_log(journal)
    assert log["case:concept:name"].tolist() == ["0-0", "0-0", "0-1", "0-1"]
    assert log["time:timestamp"].str[:16].tolist() == [
        "2024-01-05T15:00", "2024-01-08T09:00", "2024-01-08T12:00", "2024-01-08T14:00",
    ]  # fmt: skip
    assert log["customer"].tolist() == [0, 0, 0, 0]


def test_rework_is_an_event_of_its_own_and_the_error_stands_where_it_was_made():
    log = event_log(repaired())
    complete = log[log["lifecycle:transition"] == "complete"]
    rows = complete[["concept:name", "kind", "visit", "error", "found_by"]].itertuples(index=False, name=None)
    assert list(rows) == [
        ("s1", "first_work", 0, "system", "next_stage"),
        ("s2", "first_work", 0, "", ""),
        ("s1", "rework", 0, "", ""),  # visits are numbered within stage and kind
    ]


@pytest.mark.parametrize("journal", [micro, rich], ids=["micro", "rich"])
def test_every_visit_starts_and_completes_in_order_of_time(journal: Any):
    journal = journal()
    log = event_log(journal)
    assert len(log) == 2 * len(journal["visits"])
    assert log["hour"].is_monotonic_increasing
    assert log["time:timestamp"].is_monotonic_increasing
    for _, case in log.groupby("case:concept:name"):
        visits = case.groupby(["concept:name", "kind", "visit"], sort=False)["lifecycle:transition"].agg(list)
        assert all(steps == ["start", "complete"] for steps in visits)
    for transition, column in (("start", "began"), ("complete", "ended")):
        part = log[log["lifecycle:transition"] == transition]
        assert sorted(part["hour"]) == sorted(journal["visits"][column].tolist())


def test_every_error_stands_on_the_visit_that_made_it():
    journal = rich()
    errors, visits = journal.frame("errors"), journal.frame("visits")
    assert len(errors) > 10
    log = event_log(journal)
    marked = log[log["error"] != ""]
    assert set(marked["lifecycle:transition"]) == {"complete"}
    made = errors.drop_duplicates("visit")
    expected = zip(visits["ended"][made["visit"]], made["stage"], made["cause"], made["found_by"], strict=True)
    found = zip(marked["hour"], marked["concept:name"], marked["error"], marked["found_by"], strict=True)
    assert sorted(found) == sorted(expected)


def test_a_segment_is_its_customers_own():
    journal = rich()
    log, customers = event_log(journal), journal.frame("customers")
    assert set(log["segment"]) == {"regular", "key"}
    assert (log["segment"].to_numpy() == customers["segment"].to_numpy()[log["customer"]]).all()


def test_pandas_reads_the_log_back():
    log = event_log(rich())
    back = pd.read_csv(io.StringIO(log.to_csv(index=False)), parse_dates=["time:timestamp"], keep_default_na=False)
    assert list(back.columns) == list(COLUMNS)
    for column in COLUMNS:
        if column != "time:timestamp":
            assert back[column].tolist() == log[column].tolist(), column
    assert back["time:timestamp"].tolist() == [pd.Timestamp(text) for text in log["time:timestamp"]]


def test_a_run_without_orders_has_an_empty_log():
    log = event_log(run(chain(1, arrivals=stream(50.0), hours=10.0)))
    assert tuple(log.columns) == COLUMNS
    assert log.empty


# -- the journey ---------------------------------------------------------------------------------------------


def told(journal: Journal, customer: int) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in journey(journal, customer)]


def test_the_whole_journey_of_one_customer():
    assert list(journey(micro(), 1)[0]) == ["time", "event", "stage", "staff", "what"]
    assert told(micro(), 1) == [
        (8.0, "order 1 placed", "", "", ""),
        (8.0, "work", "s1", "p1_0", "3.00 h of work after 0.00 h in the queue"),
        (12.0, "work", "s2", "p2_0", "5.00 h of work after 1.00 h in the queue"),
        (17.0, "minor error", "s2", "p2_0", "cause: system"),
        (17.0, "order 1 delivered", "", "", "after 9.00 h (promised 24.00 h)"),
    ]
    assert told(micro(), 99) == []


def test_a_visits_outcome_is_told_before_the_visit_that_follows():
    events = [(time, event, stage) for time, event, stage, *_ in told(repaired(), 0)]
    assert events[:3] == [(8.0, "order 1 placed", ""), (8.0, "work", "s1"), (10.0, "minor error", "s1")]
    found = [event for _, event, _ in events].index("error found")
    assert events[found - 1 : found + 1] == [(10.0, "work", "s2"), (12.0, "error found", "s2")]
    assert events[found + 1][1] == "rework"
    assert events[-1][1] == "order 1 delivered"
    [what] = [what for *_, event, _, _, what in told(repaired(), 0) if event == "error found"]
    assert what == "made at s1, found by next stage, repaired"


def test_journeys_are_in_order_and_leave_nothing_out():
    journal = rich()
    orders, visits = journal.frame("orders"), journal.frame("visits")
    errors, moments = journal.frame("errors"), journal.frame("moments")
    total = 0
    for customer in range(len(journal["customers"])):
        rows = journey(journal, customer)
        total += len(rows)
        own = orders.index[orders["customer"] == customer]
        times = [float(str(row["time"])) for row in rows]
        assert times == sorted(times)
        events = pd.Series([str(row["event"]) for row in rows], dtype=object)
        assert events.str.endswith(" placed").sum() == events.str.endswith(" delivered").sum() == len(own)
        assert events.isin(["work", "rework"]).sum() == visits["order"].isin(own).sum()
        mine = errors[errors["order"].isin(own)]
        assert events.isin(["minor error", "major error"]).sum() == len(mine)
        assert (events == "error found").sum() == mine["found"].notna().sum()
        assert (events == "customer sees the error").sum() == mine["seen"].notna().sum()
        assert events.str.startswith("moment of truth").sum() == moments["order"].isin(own).sum()
    extra = errors["found"].notna().sum() + errors["seen"].notna().sum()
    assert total == 2 * len(orders) + len(visits) + len(errors) + extra + len(moments)


def test_the_most_eventful_customer_has_the_order_with_most_events():
    journal = rich()
    orders = journal.frame("orders").loc[journal.measured_orders()]
    events = orders["visits"] + orders["errors"]
    assert most_eventful_customer(journal) in set(orders["customer"][events == events.max()])
    assert most_eventful_customer(micro()) == 0  # all alike: the earliest
    empty = run(chain(1, arrivals=stream(50.0), hours=10.0))
    assert most_eventful_customer(empty) == 0


# -- facts ---------------------------------------------------------------------------------------------------


def test_order_facts():
    assert order_facts(micro(), 1) == {
        "Customer": "1",
        "Orders": "1",
        "Lead time, mean": "9.00 h (promised 24.00 h)",
        "Waiting in queues, mean": "1.00 h",
        "Errors made / reached the customer": "1 / 1",
    }
    assert order_facts(micro(), 99) == {"Customer": "99", "Orders": "0"}


def test_order_facts_with_perception():
    journal = rich()
    customer = most_eventful_customer(journal)
    facts = order_facts(journal, customer)
    own = journal.frame("orders").query("customer == @customer")
    assert facts["Orders"] == str(len(own))
    assert facts["Perceived / desired, mean"] == f"{own['P'].mean():.3f} / {own['S'].mean():.3f}"
    assert facts["Service quality by order"] == ", ".join(f"{100 * p / s:.1f}" for p, s in own[["P", "S"]].to_numpy())
    assert facts["Errors made / reached the customer"] == f"{own['errors'].sum()} / {own['reached'].sum()}"


def test_customers_whose_orders_are_under_way_have_no_times_yet():
    journal = micro()
    tables = {**journal.tables, "orders": journal["orders"].copy()}
    tables["orders"]["delivered"] = np.nan
    waiting = replace(journal, tables=tables)
    assert order_facts(waiting, 1) == {"Customer": "1", "Orders": "1"}
    assert told(waiting, 1)[-1][1] == "minor error"
