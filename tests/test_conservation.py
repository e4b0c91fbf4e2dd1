"""The books of a long run balance, week by week and with every layer on: orders, customers, hours, money (V30)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import rich_organisation, run

from scenarios.compose import CONF
from scenarios.config import load_blueprint
from sim.blueprint import Blueprint, Horizon, StaffMember, StaffPool
from sim.journal import Journal
from sim.simulate import JOURNALS
from sim.tables import ABSENT, OFF_LINE, VACANT, WON_ARRIVAL, WON_MARKETING

pytestmark = pytest.mark.both_engines

SYSTEMS = ("organisation", *sorted(path.stem for path in (CONF / "system").glob("*.yaml")))
HOURS = ("paid", "worked", "off_line", "absent", "overtime")
SUMS = {"rtol": 1e-11, "atol": 1e-7}  # sums of thousands of hours (or of a million of cu), taken in two orders


def organisation() -> Any:
    """Two years of the rich organisation: at 1 000.5 h somebody is hired, at 2 000 h half of the staff is dismissed."""
    system = replace(rich_organisation(), horizon=Horizon(50.0, 3_840.0))
    hired = StaffPool({**system.pools["back"].members, "gil": StaffMember(entry_skill=0.5)}, 0.1)
    fewer = {name: replace(c, members=dict(list(c.members.items())[:1])) for name, c in system.pools.items()}
    more = replace(system, pools={**system.pools, "back": hired})
    return (0.0, system), (1_000.5, more), (2_000.0, replace(system, pools=fewer))


@cache
def long_run(system: str, journal: str = "full") -> Journal:
    """A long run with all layers on."""
    plan = organisation()
    if system != "organisation":
        hours = 190 if system == "help_desk" else 600  # many short calls, on the clock on the wall
        shipped = load_blueprint(system, ["system.horizon.warm_up=200", f"system.horizon.measured={hours}"])
        plan = replace(shipped, layers=(0, 1, 2, 3, 4))
    return run(plan, 11, journal=journal)


both_journals = pytest.mark.parametrize("kept", JOURNALS)
all_systems = pytest.mark.parametrize("system", SYSTEMS)


def by_week(journal: Journal, times: np.ndarray) -> np.ndarray:
    """How many of the given times lie in each week; an event at the very boundary comes before the books close."""
    weeks = journal["weeks"]
    place = np.searchsorted(weeks["began"], times[~np.isnan(times)], side="left") - 1
    return np.bincount(np.maximum(0, place), minlength=len(weeks))


# -- orders and customers ------------------------------------------------------------------------------------


@all_systems
@both_journals
def test_orders_in_are_delivered_or_given_up_or_in_the_system(system, kept):
    """At the end of every week; and none is left when the run is over."""
    journal = long_run(system, kept)
    weeks, total = journal["weeks"], journal["totals"][0]
    assert len(weeks) > 4
    assert weeks["placed"].sum() > 50
    inside = np.cumsum(weeks["placed"] - weeks["delivered"] - weeks["abandoned"])
    assert weeks["in_system"][:-1].tolist() == inside[:-1].tolist()
    assert (inside >= 0).all()
    assert inside[-1] == 0
    assert weeks["placed"][-1] == 0  # nobody orders after the end
    assert total["placed"] == total["delivered"] + total["abandoned"]
    assert total["placed"] == weeks["placed"][weeks["measured"] == 1].sum()
    assert np.array_equal(weeks["began"][1:], weeks["ended"][:-1])


@all_systems
def test_weekly_counts_are_those_of_the_orders(system):
    journal = long_run(system)
    orders, weeks = journal["orders"], journal["weeks"]
    for column, times in (
        ("placed", orders["placed"]), ("delivered", orders["delivered"]), ("abandoned", orders["abandoned"]),
    ):  # fmt: skip
        assert by_week(journal, times).tolist() == weeks[column].tolist()
    over = ~np.isnan(orders["delivered"])
    assert (over ^ ~np.isnan(orders["abandoned"])).all()
    assert weeks["lead_hours"].sum() == pytest.approx((orders["delivered"] - orders["placed"])[over].sum())
    assert weeks["errors"].sum() == orders["errors"][over].sum()


@all_systems
@both_journals
def test_customers_won_less_lost_is_the_change_of_active(system, kept):
    weeks, people = (long_run(system, k)[t] for k, t in ((kept, "weeks"), ("full", "customers")))
    population = long_run(system).plan.rows("segments")["population"][0][people["segment"]]
    first = ((people["won"] == WON_ARRIVAL) & (population == 1)).sum()  # they have been customers all along
    change = weeks["won"].sum(axis=1) - weeks["lost"].sum(axis=1)
    assert (first + np.cumsum(change))[:-1].tolist() == weeks["active"][:-1].tolist()
    assert weeks["active"].min() >= 0
    assert weeks["won"].sum() + weeks["lost"].sum() > 0 or system != "organisation"


@all_systems
def test_weekly_customers_are_those_of_the_journal(system):
    journal = long_run(system)
    weeks, people = journal["weeks"], journal["customers"]
    for reason, lost in enumerate(weeks["lost"].T):
        assert by_week(journal, people["left"][people["lost"] == reason]).tolist() == lost.tolist()
    assert (people["lost"][~np.isnan(people["left"])] >= 0).all()
    assert (people["left"] >= people["joined"])[~np.isnan(people["left"])].all()
    end = journal.window[1]
    hours = np.fmin(people["left"], end) - people["joined"]
    assert weeks["customer_hours"].sum() == pytest.approx(np.nansum(hours))
    assert np.bincount(journal["orders"]["customer"], minlength=len(people)).tolist() == people["orders"].tolist()
    assert ((people["orders"] == 0) | ~np.isnan(people["joined"])).all()


# -- hours ---------------------------------------------------------------------------------------------------


@all_systems
@both_journals
def test_hours_by_member_by_pool_and_by_week_agree(system, kept):
    """Paid hours hold the worked, off the line and absent ones; the rest, never negative, is idle."""
    journal = long_run(system, kept)
    weeks = journal["weeks"]
    measured = weeks[weeks["measured"] == 1]
    for column in HOURS:
        total = measured[column].sum()
        assert np.isclose(journal["members"][column].sum(), total, **SUMS), column
        assert np.isclose(journal["pool_hours"][column].sum(), total, **SUMS), column
    assert np.isclose(journal["members"]["vacant"].sum(), measured["vacant"].sum(), **SUMS)
    for table in ("weeks", "members", "pool_hours"):
        rows = journal[table]
        assert (rows["paid"] - rows["worked"] - rows["off_line"] - rows["absent"] > -1e-7).all()
        assert (rows["overtime"] <= rows["worked"] + 1e-9).all()
    parts = sum(weeks[part] for part in ("rework_hours", "clarification_hours", "checking_hours"))
    assert (parts <= weeks["worked"] + 1e-7).all()
    assert weeks["worked"].sum() > 500


def at_work(system: Blueprint, name: str, end: float) -> tuple[list[float], list[float]]:
    """A member's hours on shift up to a time, as the corners of a broken line."""
    shifts = next(c.members[name].shifts for c in system.pools.values() if name in c.members)
    corners, hours = [0.0], [0.0]
    for week in range(int(end / system.calendar.week) + 1):
        for begin, finish in shifts or ((0.0, system.calendar.week),):
            base = week * system.calendar.week
            corners += [base + begin, base + finish]
            hours += [hours[-1], hours[-1] + finish - begin]
    return corners, hours


def test_hours_of_the_books_are_those_of_the_journal():
    """Week by week from visits, absences, shifts and employment: paid = on shift and employed - vacant + overtime.

    And worked, off the line, absent and overtime one by one, so that the idle rest is right too.
    """
    journal = long_run("organisation")
    weeks, plan = journal["weeks"][:-1], journal.plan
    first, last = weeks["began"], weeks["ended"]
    shown = {column: np.zeros(len(weeks)) for column in (*HOURS, "vacant")}
    employed = plan.rows("staff")["pool"] >= 0
    for member, name in enumerate(plan.staff_names):
        system = next(b for b in plan.blueprints if any(name in c.members for c in b.pools.values()))
        corners, hours = at_work(system, name, plan.end)

        def on_shift(begin: Any, finish: Any, corners: Any = corners, hours: Any = hours) -> Any:
            return np.interp(finish, corners, hours) - np.interp(begin, corners, hours)

        for epoch, start in enumerate(plan.starts):
            if not employed[epoch, member]:
                continue
            stop = [*plan.starts[1:], plan.end][epoch]
            low, high = np.clip(start, first, last), np.clip(stop, first, last)
            shown["paid"] += on_shift(low, high)
            for table, reasons in (("visits", [None]), ("absences", [OFF_LINE, ABSENT, VACANT])):
                rows = journal[table][journal[table]["staff"] == member]
                for reason in reasons:
                    mine = rows if reason is None else rows[rows["reason"] == reason]
                    b = np.clip(mine["began"][:, None], low, high)
                    e = np.clip(mine["ended"][:, None], low, high)
                    inside, whole = on_shift(b, e).sum(axis=0), (e - b).sum(axis=0)
                    if reason is None:
                        shown["worked"] += whole
                        shown["overtime"] += whole - inside
                        shown["paid"] += whole - inside
                    elif reason == VACANT:
                        shown["vacant"] += whole
                        shown["paid"] -= inside
                    else:
                        shown["off_line" if reason == OFF_LINE else "absent"] += inside
    for column, hours in shown.items():
        assert hours.sum() > 10, column
        assert np.allclose(weeks[column], hours, rtol=0.0, atol=1e-7), column


@all_systems
def test_jobs_and_leavers_are_counted_once(system):
    journal = long_run(system)
    members = journal["members"]
    assert np.bincount(journal["visits"]["staff"], minlength=len(members)).tolist() == members["jobs"].tolist()
    gone = journal["absences"][journal["absences"]["reason"] == VACANT]
    assert np.bincount(gone["staff"], minlength=len(members)).tolist() == members["leavers"].tolist()
    assert members["leavers"].sum() == journal["weeks"]["leavers"].sum()
    assert members["person"].tolist() == members["leavers"].tolist()


# -- money ---------------------------------------------------------------------------------------------------


@all_systems
def test_money_of_the_books_is_that_of_the_journal(system):
    """V30: every sum over the weeks is the sum over what it was paid for, to the cent of rounding."""
    journal = long_run(system)
    weeks, orders, people = (journal[table] for table in ("weeks", "orders", "customers"))
    segments = journal.plan.rows("segments")[0]
    segment = people["segment"][orders["customer"]]
    delivered = ~np.isnan(orders["delivered"])
    rules = journal.plan.rows("rules")[0, 0]
    won = people[~np.isnan(people["joined"])]
    marketing = won["segment"][won["won"] == WON_MARKETING]
    expected = {
        "revenue": segments["price"][segment[delivered]].sum(),
        "materials": rules["materials"] * delivered.sum() + orders["supplies"].sum(),
        "transport": orders["transport"].sum(),
        "external_cost": orders["external_cost"].sum(),
        "acquisition": segments["acquisition_cost"][marketing].sum(),
        "replacement": rules["replacement"] * weeks["leavers"].sum(),
    }
    for column, money in expected.items():
        assert weeks[column].sum() == pytest.approx(money, abs=0.005), column
    hours = np.fmin(people["left"], journal.window[1]) - people["joined"]
    care = np.nansum(hours * segments["care_cost"][people["segment"]])
    assert weeks["care"].sum() == pytest.approx(care, abs=0.005)


# -- summaries -----------------------------------------------------------------------------------------------


@all_systems
def test_summaries_are_those_of_the_whole_journal(system):
    """Counts, hours and money are the same to the last bit; sums over customers, in another order, to rounding."""
    full, short = (long_run(system, kept) for kept in JOURNALS)
    for table in ("weeks", "totals", "members", "pool_hours", "reviews"):
        for column in full[table].dtype.names or ():
            one, two = full[table][column], short[table][column]
            if column in ("equity", "stay", "regard"):
                assert np.allclose(one, two, rtol=1e-9)
            else:
                assert one.tobytes() == two.tobytes(), f"{table}.{column}"
    assert all(len(short[table]) == 0 for table in ("customers", "orders", "visits", "handoffs", "errors", "moments"))
