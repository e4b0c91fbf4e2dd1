"""Opening hours: who is at work when, what is left for tomorrow, what is paid; and arrivals that follow the clock."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import chain, exponential, fixed, pool, population, rows, run, stream

from analysis.measures.hours import stage_utilisation
from sim.blueprint import Arrivals, Attendance, Blueprint, Calendar, Load, Segment, StaffMember, StaffPool
from sim.tables import IDLE

pytestmark = pytest.mark.both_engines

DAILY = Calendar(day=24.0, week=24.0, year=8_064.0)  # the same shifts every day
VISIT = ("order", "staff", "arrived", "began", "ended", "hours")
HOURS = ("paid", "worked", "off_line", "absent", "overtime", "vacant")


def desk(*shifts: tuple[float, float], at_close: str = "leave", members: int = 1, **parts: Any) -> Blueprint:
    """One stage, members m0, m1, ... with the same shifts every day."""
    crew = StaffPool(pool("m", members, StaffMember(shifts=shifts)).members, 0.0, at_close=at_close)
    return chain(1, **{"pools": {"p1": crew}, "calendar": DAILY, **parts})


def visits(journal: Any) -> list[Any]:
    return rows(journal, "visits", *VISIT)


# -- the end of the day --------------------------------------------------------------------------------------

CLOSING = {
    # After the visit in hand, home: the rest waits for the morning (128).
    "leave": ([(104, 107), (107, 110), (110, 113), (128, 131), (131, 134)], 1.0),
    # Until the queue is empty.
    "stay": ([(104, 107), (107, 110), (110, 113), (113, 116), (116, 119)], 7.0),
    # At the stroke of 16:00 (112); the visit goes on at 128.
    "suspend": ([(104, 107), (107, 110), (110, 129), (129, 132), (132, 135)], 0.0),
}


@pytest.mark.parametrize("at_close", CLOSING)
def test_closing_time(at_close):
    """Five orders of 3 h come at 100 (4 in the morning); the shift is 8 to 16 (104 to 112, 128 to 136)."""
    spans, overtime = CLOSING[at_close]
    journal = run(desk((8.0, 16.0), at_close=at_close, service=3.0, arrivals=population(5, 100.0), hours=150.0))
    assert visits(journal) == [(i, "m0", 100.0, float(b), float(e), 3.0) for i, (b, e) in enumerate(spans)]
    assert rows(journal, "orders", "placed", "delivered", "waited", "worked") == [
        (100.0, float(e), float(b) - 100.0, 3.0) for b, e in spans
    ]
    # Six shifts of 8 h begin before 150.
    assert rows(journal, "members", *HOURS) == [(48.0 + overtime, 15.0, 0.0, 0.0, overtime, 0.0)]
    assert rows(journal, "pool_hours", *HOURS[:5]) == [(48.0 + overtime, 15.0, 0.0, 0.0, overtime)]
    weeks = journal["weeks"]
    assert weeks["paid"].tolist() == [8.0, 8.0, 8.0, 8.0, 8.0 + overtime, 8.0, 0.0, 0.0]
    assert weeks["overtime"].sum() == overtime


def test_closing_and_opening_to_the_minute():
    """An order of 8:00 is begun at 8:00; one of 16:00 waits for tomorrow; one of 15:00 is ended in overtime."""
    for interval, spans in ((8.0, [(8, 10), (32, 34), (34, 36)]), (15.0, [(15, 17)])):
        journal = run(desk((8.0, 16.0), service=2.0, arrivals=stream(interval), hours=25.0))
        assert [(b, e) for _, _, _, b, e, _ in visits(journal)] == spans


def test_the_night_queue_is_served_in_the_morning_by_all():
    """Three orders wait from 5 on: m0 and m1 come at 8 in roster order, m2 of the late shift at 9."""
    crew = {"m0": (8.0, 16.0), "m1": (8.0, 16.0), "m2": (9.0, 17.0)}
    pools = {"p1": StaffPool({name: StaffMember(shifts=(shift,)) for name, shift in crew.items()})}
    system = chain(1, pools=pools, calendar=DAILY, service=2.0, arrivals=population(4, 5.0), hours=9.5)
    assert visits(run(system)) == [
        (0, "m0", 5.0, 8.0, 10.0, 2.0),
        (1, "m1", 5.0, 8.0, 10.0, 2.0),
        (2, "m2", 5.0, 9.0, 11.0, 2.0),
        (3, "m0", 5.0, 10.0, 12.0, 2.0),
    ]


def test_nobody_comes_back_to_work_at_night():
    """Absent from 0 to midnight; the order of 5 waits until 8 the next morning though everybody stays late here."""
    for at_close in CLOSING:
        sick = Attendance(absence=1.0, absence_morale=0.0, turnover=0.0)
        parts: dict[str, Any] = {"at_close": at_close, "service": 2.0, "arrivals": stream(5.0), "hours": 9.0}
        journal = run(desk((8.0, 16.0), **parts, attendance=sick, layers=(0, 2), switches={"load": False}))
        assert [row[2:5] for row in visits(journal)] == [(5.0, 32.0, pytest.approx(34.0, abs=0.1))]
        assert rows(journal, "absences", "reason", "began", "ended") == [("absent", 0.0, 24.0)]
        assert rows(journal, "members", "paid", "absent") == [(1.0, 1.0)]  # only 8 to 9 was on shift


def test_hours_off_the_line_are_hours_of_the_shift():
    """Ten hours of a course from 10 on: 10 to 16 and 8 to 12 the next day; paid as shifts, not at night."""
    course = StaffMember(shifts=((8.0, 16.0),), off_line=((10.0, 10.0),))
    pools = {"p1": StaffPool({"m0": course})}
    journal = run(chain(1, pools=pools, calendar=DAILY, service=1.0, arrivals=stream(11.0), hours=40.0))
    assert rows(journal, "absences", "reason", "began", "ended") == [("off_line", 10.0, 36.0)]
    assert visits(journal) == [
        (0, "m0", 11.0, 36.0, 37.0, 1.0),
        (1, "m0", 22.0, 37.0, 38.0, 1.0),
        (2, "m0", 33.0, 38.0, 39.0, 1.0),
    ]
    assert rows(journal, "members", *HOURS) == [(16.0, 3.0, 10.0, 0.0, 0.0, 0.0)]


def test_a_night_shift_over_the_turn_of_the_week():
    """At work from 20 to 4: two periods of the day; a visit goes on over midnight without overtime."""
    system = desk((0.0, 4.0), (20.0, 24.0), service=5.0, arrivals=stream(22.0), hours=45.0)
    journal = run(system)
    assert visits(journal) == [(0, "m0", 22.0, 22.0, 27.0, 5.0), (1, "m0", 44.0, 44.0, 49.0, 5.0)]
    assert rows(journal, "members", *HOURS) == [(4.0 + 8.0 + 1.0, 6.0, 0.0, 0.0, 0.0, 0.0)]


def test_suspended_visits_over_several_days():
    """A visit of 20 h takes shifts of 8, 8 and 4 h."""
    journal = run(desk((8.0, 16.0), at_close="suspend", service=20.0, arrivals=stream(8.0), hours=9.0))
    assert visits(journal) == [(0, "m0", 8.0, 8.0, 60.0, 20.0)]
    assert journal["orders"]["worked"].tolist() == [20.0]


def test_nights_are_rest_also_in_the_middle_of_a_visit():
    """The load that the next visit (at 60) begins with has fallen at night and risen in the three spells of work."""
    parts: dict[str, Any] = {"service": 20.0, "arrivals": stream(8.0), "hours": 17.0, "layers": (0, 2)}
    parts |= {"load": Load(speed_up=0.0, slow_down=0.0), "switches": dict.fromkeys(("practice", "absence"), False)}
    journal = run(desk((8.0, 16.0), at_close="suspend", **parts))
    level = 0.75
    for busy, hours in ((0, 8), (1, 8), (0, 16), (1, 8), (0, 16), (1, 4)):
        level = busy + (level - busy) * math.exp(-hours / 4.0)
    assert journal["visits"]["began"].tolist() == [8.0, 60.0]
    assert journal["visits"]["load"][1] == pytest.approx(level, abs=1e-12)


def test_a_visit_as_long_as_the_day_ends_with_it():
    """Eighty tenths of an hour from 8:00 on: what rounding leaves over does not wait for the morning."""
    service = sum([0.1] * 80)
    assert service != 8.0
    system = desk((8.0, 16.0), at_close="suspend", service=service + 1e-11, arrivals=population(2, 3.3), hours=4.0)
    assert [row[3:5] for row in visits(run(system))] == [(8.0, pytest.approx(16.0)), (32.0, pytest.approx(40.0))]


@pytest.mark.parametrize("at_close", CLOSING)
def test_what_is_in_the_system_at_the_end_is_finished(at_close):
    """Overloaded and closed at the end (20:00): every order is delivered in the days that follow, in shifts only."""
    parts: dict[str, Any] = {"service": exponential(1.0), "arrivals": stream(exponential(0.3)), "hours": 68.0}
    journal = run(desk((8.0, 16.0), at_close=at_close, members=2, **parts))
    orders, done = journal["orders"], journal["visits"]
    assert len(orders) > 150
    assert not np.isnan(orders["delivered"]).any()
    assert orders["delivered"].max() > (96 if at_close == "stay" else 120)
    if at_close != "stay":
        assert (done["began"] % 24 >= 8 - 1e-9).all()
        assert (done["began"] % 24 <= 16 + 1e-9).all()
    if at_close == "suspend":
        assert (done["ended"] % 24 <= 16 + 1e-9).all()


# -- changes of plan -----------------------------------------------------------------------------------------


def test_new_shifts_from_the_middle_of_a_day():
    """At 58 (10:00 of the third day) the shift moves from 8-16 to 12-20: home after the visit, back at 60."""
    early, late = (
        desk(shift, service=2.0, arrivals=population(3, 57.0), hours=100.0) for shift in ((8.0, 16.0), (12.0, 20.0))
    )
    journal = run(((0.0, early), (58.0, late)))
    assert [row[3:5] for row in visits(journal)] == [(57.0, 59.0), (60.0, 62.0), (62.0, 64.0)]
    # 8 + 8 + 2, an hour of overtime, 60 to 68 and 84 to 92
    assert rows(journal, "members", *HOURS) == [(35.0, 6.0, 0.0, 0.0, 1.0, 0.0)]


def test_who_is_hired_at_night_comes_in_the_morning():
    one, two = (desk((8.0, 16.0), members=n, service=4.0, arrivals=population(3, 70.0), hours=95.0) for n in (1, 2))
    journal = run(((0.0, one), (75.0, two)))
    assert [row[1:5] for row in visits(journal)] == [
        ("m0", 70.0, 80.0, 84.0),
        ("m1", 70.0, 80.0, 84.0),
        ("m0", 70.0, 84.0, 88.0),
    ]
    assert rows(journal, "members", *HOURS) == [(32.0, 8.0, 0.0, 0.0, 0.0, 0.0), (8.0, 4.0, 0.0, 0.0, 0.0, 0.0)]


def test_who_is_not_employed_has_no_shifts():
    """Fay leaves for good at 10, so 16 is no closing time for her. Eve and Gus are hired at 16, when his shift begins:
    both are free at that moment, in roster order."""
    crew = {"ann": StaffMember(), "fay": StaffMember(shifts=((8.0, 16.0),))}
    later = {"ann": StaffMember(), "eve": StaffMember(), "gus": StaffMember(shifts=((16.0, 24.0),))}
    parts: dict[str, Any] = {"service": 4.0, "arrivals": population(3, 15.0), "hours": 17.0, "calendar": DAILY}
    first, second, third = (
        chain(1, pools={"p1": StaffPool(members)}, **parts) for members in (crew, {"ann": StaffMember()}, later)
    )
    journal = run(((0.0, first), (10.0, second), (16.0, third)))
    assert visits(journal) == [
        (0, "ann", 15.0, 15.0, 19.0, 4.0),
        (1, "eve", 15.0, 16.0, 20.0, 4.0),
        (2, "gus", 15.0, 16.0, 20.0, 4.0),
    ]
    fay = journal["members"][journal.plan.staff_names.index("fay")]
    assert (fay["status"], fay["on_shift"], fay["paid"]) == (IDLE, 1, 2.0)


# -- utilisation ---------------------------------------------------------------------------------------------


def test_utilisation_when_capacity_changes():
    """Paid hours count while they are paid: hired at 50.5, one at a course for 10 h, one dismissed at 90.25.

    One order an hour of .5 h; the course takes m0 away at 20.5 (after a visit). The second half of the visit that m0
    has in hand when dismissed is neither paid nor worked.
    """
    course = StaffMember(off_line=((20.5, 10.0),))
    crews = [{"m0": course}, {"m0": course, "m1": StaffMember()}, {"m1": StaffMember()}]
    parts: dict[str, Any] = {"service": 0.5, "arrivals": stream(1.0), "hours": 100.0}
    plan = tuple(
        (start, chain(1, pools={"p1": StaffPool(crew)}, **parts))
        for start, crew in zip((0.0, 50.5, 90.25), crews, strict=True)
    )
    journal = run(plan)
    m0, m1 = 90.25, 49.5
    assert journal["members"]["paid"].tolist() == [m0, m1]
    assert journal["pool_hours"]["paid"][0] == m0 + m1
    assert journal["pool_hours"]["off_line"][0] == 10.0
    assert journal["pool_hours"]["worked"][0] == pytest.approx(99 * 0.5 - 0.25)
    assert journal["weeks"]["paid"].tolist() == [40.0, 40.0 + 29.5, 10.25 + 20.0, 0.0]
    assert stage_utilisation(journal)[0] == pytest.approx(49.25 / (m0 + m1 - 10.0))


def test_utilisation_by_the_hours_of_the_day():
    """One member all day and two more from 10 to 12: 14 h a day, of which 16 orders of half an hour take 8."""
    crew = {"all": StaffMember(shifts=((8.0, 18.0),))}
    crew |= {name: StaffMember(shifts=((10.0, 12.0),)) for name in ("b", "c")}
    profile = tuple(24.0 / 4.0 * (h in (9, 10, 11, 12)) for h in range(24))
    system = chain(
        1, pools={"p1": StaffPool(crew)}, calendar=DAILY, service=0.5, hours=240.0,
        arrivals=Arrivals("stream", fixed(1.5), profile=profile),
    )  # fmt: skip
    journal = run(system)
    assert len(journal["orders"]) == 160
    row = journal["pool_hours"][0]
    assert (row["paid"], row["worked"], row["overtime"]) == (140.0, pytest.approx(80.0), 0.0)
    assert stage_utilisation(journal)[0] == pytest.approx(80 / 140)


# -- arrivals that follow the clock --------------------------------------------------------------------------


def with_profile(profile: tuple[float, ...], interval: Any, hours: float, **parts: Any) -> Any:
    arrivals = Arrivals("stream", interval, profile=profile)
    return run(chain(1, service=1e-3, members=30, arrivals=arrivals, hours=hours, calendar=DAILY, **parts))


@pytest.mark.parametrize("profile", [(2.0, 0.0), (1.5, 0.5), (0.0, 0.0, 3.0), (0.5, 1.0, 2.0, 0.5)])
@pytest.mark.parametrize("interval", [5.0, 3.0, 0.7, 60.0])
def test_deterministic_intervals_follow_the_profile(profile, interval):
    """The n-th order comes when the rate has added up to n intervals."""
    placed = with_profile(profile, fixed(interval), 480.0)["orders"]["placed"]
    corners = np.arange(20 * len(profile) + 1) * 24.0 / len(profile)
    added = np.concatenate([[0.0], np.cumsum(np.tile(profile, 20) * 24.0 / len(profile))])
    count = len(placed)
    assert count >= 7
    # Where nobody comes the sum stands still: the order comes at the first time it is reached.
    expected = [corners[i - 1] + (n * interval - added[i - 1]) / ((added[i] - added[i - 1]) / (24.0 / len(profile)))
                for n in range(1, count + 1)
                for i in [int(np.searchsorted(added, n * interval - 1e-9))]]  # fmt: skip
    assert placed == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.parametrize("profile", [(0.2, 0.2, 2.0, 1.6), (0.0, 3.0, 0.0)])
def test_poisson_arrivals_follow_the_profile(profile):
    """Counts by slot of the day within 4 standard errors of their means; counts of days are Poisson too."""
    placed = with_profile(profile, exponential(0.1), 24.0 * 60)["orders"]["placed"]
    slots = ((placed % 24.0) * len(profile) / 24.0).astype(int)
    counts = np.bincount(slots, minlength=len(profile))
    means = np.array(profile) * 24.0 / len(profile) / 0.1 * 60
    assert (np.abs(counts - means) <= 4 * np.sqrt(means)).all()
    days = np.bincount((placed / 24.0).astype(int), minlength=60)
    assert 0.4 < days.var() / 240.0 < 1.75  # 4 standard errors of a variance of 60
    gaps = np.diff(placed)
    assert gaps.std() / gaps.mean() > 0.9


def test_very_long_intervals_follow_the_profile():
    """An order every 1 000 days, also where the mean of the profile is not quite 1."""
    journal = with_profile((0.0, 2.0), fixed(24_000.0), 24.0 * 3_500)
    assert journal["orders"]["placed"] == pytest.approx(24_000.0 * np.arange(1, 4))
    journal = with_profile((0.0, 2.001), fixed(24_012.0), 24.0 * 3_000)
    assert journal["orders"]["placed"][0] == pytest.approx(24_000.0)


def test_members_of_a_population_follow_the_profile():
    """Orders are placed in the first half of the day only; five hours of it lie between two orders."""
    arrivals = Arrivals("population", fixed(5.0), customers=1, profile=(2.0, 0.0))
    journal = run(chain(1, service=0.1, arrivals=arrivals, hours=50.0, calendar=DAILY))
    # The rate is 2: an interval is 2.5 h of the 12 of a day.
    assert journal["orders"]["placed"] == pytest.approx([2.5, 5, 7.5, 10, 24.5, 27, 29.5, 32, 34.5, 49.0])


def test_a_flat_profile_changes_nothing():
    flat, plain = (with_profile(profile, exponential(0.7), 200.0) for profile in ((1.0, 1.0, 1.0), ()))
    assert flat["orders"]["placed"] == pytest.approx(plain["orders"]["placed"], abs=1e-9)
    one = with_profile((1.0,), exponential(0.7), 200.0, segments={"all": replace(Segment(), priority=1)})
    assert one["orders"]["placed"] == pytest.approx(plain["orders"]["placed"], abs=1e-9)
