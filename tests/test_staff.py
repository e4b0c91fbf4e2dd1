"""The life of staff (layer 2): practice, load, morale, absence, turnover, participation, pressure, knowledge."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import chain, exponential, plain_rules, pool, population, rows, run, stream

from scenarios.scenario import build_scenario, timeline
from sim.blueprint import (
    Attendance,
    Blueprint,
    Calendar,
    Distribution,
    ErrorRate,
    Knowledge,
    Load,
    Morale,
    Participation,
    Practice,
    Rework,
    StaffMember,
    StaffPool,
)
from sim.draws import ERROR, occasion, stable_id, uniform
from sim.model.staff import carry_load, load_error_factor, load_time_factor
from sim.plan import compile_plan
from sim.switches import MECHANISMS
from sim.tables import ABSENT, CAUSE_LOAD
from sim.world import World

pytestmark = pytest.mark.both_engines

EXACT = {"rel": 1e-12, "abs": 1e-12}
ABSENCE = ("staff", "reason", "began", "ended")
ASSURANCE, EMPATHY = 2, 3
SEEN = {"onstage": True, "moment_of_truth": True}
STAFF = [name for name, (layer, _) in MECHANISMS.items() if layer == 2]


def only(*mechanisms: str) -> dict[str, bool]:
    """Switches that leave on these mechanisms of layer 2 and no other."""
    return {name: name in mechanisms for name in STAFF}


def shop(*mechanisms: str, n: int = 1, **parts: Any) -> Blueprint:
    """A plain chain whose staff have these mechanisms of layer 2 and no other."""
    return chain(n, layers=(0, 1, 2, 3), switches=only(*mechanisms), **{**plain_rules(), **parts})


def worked(journal: Any) -> np.ndarray:
    """Hours of every visit, in the order in which they began."""
    return journal["visits"]["ended"] - journal["visits"]["began"]


def within_4_se(count: float, trials: float, chance: float) -> bool:
    return bool(abs(count - trials * chance) < 4 * math.sqrt(trials * chance * (1 - chance)))


# -- practice and disuse -------------------------------------------------------------------------------------


def test_v18_training_in_use():
    """62, 44 and 34 % of the training is in use 0, 6 and 12 months later: in the plan and in what customers see."""
    base = shop(service=0.5, members=2, arrivals=stream(40.0), hours=2_000.0, stages={1: SEEN})
    course = build_scenario("course", {"interventions": {"frontline_training": {"gain": 0.1}}})
    plan = timeline(base, course, 1, 0)
    journal = run(plan)
    seen = {row["time"]: row["actual"][ASSURANCE] for row in journal["moments"] if row["stage"] == 0}
    for month, share in ((0, 0.62), (6, 0.44), (12, 0.34)):
        start, blueprint = next(entry for entry in reversed(plan) if entry[0] <= 160.0 * month)
        gains = {m.gain for crew in blueprint.pools.values() for m in crew.members.values()}
        assert start == 160.0 * month
        gain = gains.pop()
        assert not gains
        months = month + 20.0 / 160.0  # a week has the gain of its middle
        assert gain == pytest.approx(0.1 * (0.215 + 0.405 * math.exp(-months / 10.2)) / 0.62, **EXACT)
        assert gain == pytest.approx(0.1 * share / 0.62, abs=0.001)
        # The customer of the week sees it; in the first week staff are at the course.
        moment = min(time for time in seen if time > start)
        assert seen[moment] == pytest.approx(0.75 + gain, abs=0.004 if month == 0 else 1e-12)


@pytest.mark.parametrize(("forgetting", "half_life"), [(math.log(2) / 1040, 1040.0), (6.7e-4, 1034.5)])
def test_v19_forgetting(forgetting, half_life):
    """Half of the height over the floor is lost in 6.5 months without a job, seen in the time of the next one."""
    practice = Practice(learning_rate=0.0, forgetting=forgetting)
    journal = run(shop("practice", arrivals=stream(half_life), hours=2.5 * half_life, practice=practice))
    hours = worked(journal)
    heights = -np.log(hours) / 0.5 + 0.25  # service time exp(-.5 x deviation), floor .25 below the level
    assert heights[0] == pytest.approx(0.125, abs=1e-5)
    assert heights[1] == pytest.approx(heights[0] * math.exp(-forgetting * (half_life - hours[0])), **EXACT)
    assert journal["members"]["technical"][0] == pytest.approx(heights[1] - 0.25, **EXACT)
    assert journal["members"]["service"][0] == pytest.approx(heights[1] - 0.25, **EXACT)


def test_practice_closes_half_the_distance_in_346_jobs():
    practice = Practice(forgetting=0.0)
    journal = run(shop("practice", service=0.5, arrivals=stream(1.0), hours=346.5, practice=practice))
    deviations = -np.log(worked(journal) / 0.5) / 0.5
    expected = 0.02 * (1 - 0.998 ** np.arange(346))
    assert deviations == pytest.approx(expected, abs=1e-12)
    assert journal["members"]["technical"][0] == pytest.approx(0.01, abs=1e-5)


def test_practice_and_disuse_balance():
    """Jobs every h hours: the deviation settles where what a job teaches is what the idle time costs."""
    practice = Practice(learning_rate=0.01, forgetting=0.001)
    journal = run(shop("practice", service=1e-6, arrivals=stream(5.0), hours=10_000.0, practice=practice))
    kept = math.exp(-0.005)
    # x -> y = (x + .25) kept - .25 -> y + .01 (.02 - y) = x
    fixed_point = (0.99 * 0.25 * (kept - 1) + 0.01 * 0.02) / (1 - 0.99 * kept)
    assert journal["members"]["technical"][0] == pytest.approx(fixed_point, abs=1e-6)
    assert fixed_point < -0.05


def test_newcomer_ramp_up_and_induction():
    """Whoever joins in mid-run starts at the entry level and closes the distance to level + headroom job by job."""
    practice = Practice(learning_rate=0.01, forgetting=0.0)
    parts: dict[str, Any] = {"service": 0.5, "arrivals": stream(1.0), "hours": 90.5, "practice": practice}
    first = shop("practice", **parts, pools={"p1": StaffPool({"old": StaffMember(off_line=((30.0, 100.0),))})})
    new = StaffMember(entry_skill=0.5, entry_service_skill=0.6)
    second = replace(first, pools={"p1": StaffPool({**first.pools["p1"].members, "new": new})})
    journal = run(((0.0, first), (30.25, second)))
    mine = journal["visits"]["staff"] == 1
    deviations = -np.log(worked(journal)[mine] / 0.5) / 0.5
    jobs = np.arange(len(deviations))
    assert len(jobs) == 61
    assert deviations == pytest.approx(0.02 - 0.27 * 0.99**jobs, abs=1e-12)
    assert journal["members"]["service"][1] == pytest.approx(0.02 - 0.17 * 0.99**61, abs=1e-12)


# -- load ----------------------------------------------------------------------------------------------------


def member_and_rules(**load: float) -> tuple[Any, Any, World]:
    world = World(compile_plan(((0.0, chain(layers=(0, 2), load=Load(**load))),)), 1, 0)
    return world.table("members")[0], world.table("rules")[0], world


def integrate(u: float, o: float, busy: float, hours: float, rule: Any, step: float = 1e-3) -> tuple[float, float]:
    """du/dt = (busy - u)/tau, dO/dt = ((u - edge)+ - O)/T by the classical Runge-Kutta method."""
    tau, span, edge = float(rule["load_time"]), float(rule["overwork_time"]), float(rule["overload_from"])
    n = max(1, math.ceil(hours / step))
    h = hours / n

    def slope(u: float, o: float) -> tuple[float, float]:
        return (busy - u) / tau, (max(0.0, u - edge) - o) / span

    for _ in range(n):
        a = slope(u, o)
        b = slope(u + h / 2 * a[0], o + h / 2 * a[1])
        c = slope(u + h / 2 * b[0], o + h / 2 * b[1])
        d = slope(u + h * c[0], o + h * c[1])
        u += h / 6 * (a[0] + 2 * b[0] + 2 * c[0] + d[0])
        o += h / 6 * (a[1] + 2 * b[1] + 2 * c[1] + d[1])
    return u, o


@pytest.mark.parametrize("pressure", [0.0, 0.2])
@pytest.mark.parametrize("edge", [0.85, 0.3])
@pytest.mark.no_engine
def test_load_and_overwork_solve_their_equations(pressure, edge):
    """Over spells at and off work of all lengths, above, below and across the edge."""
    member, rule, _ = member_and_rules(overload_from=edge, overwork_time=20.0)
    u, o, now = float(member["load"]), 0.0, 0.0
    crossed = set()
    for busy, hours in ((1, 0.5), (1, 12), (0, 0.2), (0, 3), (1, 1), (0, 9), (0, 7), (1, 2), (1, 4), (0, 0.7), (1, 30)):
        start = u
        u, o = integrate(u, o, busy + pressure, hours, rule)
        now += hours
        carry_load(member, float(busy), pressure, rule, now)
        crossed.add((start >= edge, u >= edge))
        assert member["load"] == pytest.approx(u, abs=1e-9)
        assert member["overwork"] == pytest.approx(o, abs=1e-6)
    assert crossed == {(False, False), (False, True), (True, False), (True, True)}


@pytest.mark.no_engine
def test_what_load_does_at_known_points():
    _, rule, _ = member_and_rules()
    for load, overwork, factor in (
        (0.75, 0.0, 1.0), (1.0, 0.0, 0.95), (0.0, 0.0, 1.15), (3.0, 0.0, 0.7),
        (0.75, 0.1, 1.1), (1.0, 0.15, 0.95 * 1.15),
    ):  # fmt: skip
        assert load_time_factor(load, overwork, rule) == pytest.approx(factor, **EXACT)
    for load, factor in ((0.0, 1.0), (0.925, 1.0), (0.95, 1.0835), (0.975, 1.167), (1.5, 1.167)):
        assert load_error_factor(load, rule) == pytest.approx(factor, **EXACT)


@pytest.mark.parametrize("pressure", [0.0, 0.2])
def test_load_slows_and_speeds_work_in_the_engine(pressure):
    """Every visit of a run against the equations integrated by hand over its member's spells."""
    crew = {"p1": StaffPool(pool("m").members, pressure=pressure)}
    load = Load(overload_from=0.4, overwork_time=10.0, slow_down=3.0)
    arrivals = stream(exponential(1.1))
    journal = run(shop("load", "pressure", service=1.0, pools=crew, arrivals=arrivals, hours=60.0, load=load))
    rule = journal.plan.rows("rules")[0, 0]
    u, o, now = 0.75, 0.0, 0.0
    for visit in journal["visits"]:
        u, o = integrate(u, o, pressure, visit["began"] - now, rule)
        factor = max(0.7, 1 - 0.2 * (u - 0.75)) * (1 + 3.0 * o) / (1 + pressure)
        assert visit["load"] == pytest.approx(u, abs=1e-9)
        assert visit["ended"] - visit["began"] == pytest.approx(factor, abs=1e-5)
        u, o = integrate(u, o, 1.0 + pressure, visit["ended"] - visit["began"], rule)
        now = visit["ended"]
    assert o > 0.05
    assert len(journal["visits"]) > 40


@pytest.mark.parametrize(("service", "factor"), [(1.0, 1.167), (0.1, 1.0)])
def test_errors_beyond_the_tipping_point(service, factor):
    """A member who is never idle makes .167 more operator errors; one with room makes no more."""
    load = Load(speed_up=0.0, slow_down=0.0)
    p = ErrorRate(0.3, 1.0)
    journal = run(shop("load", service=service, p=p, arrivals=stream(1.0), hours=8_000.0, load=load))
    late = journal["visits"]["began"] > 30.0  # the load has risen to its level
    erred = late[journal["errors"]["visit"]]
    assert within_4_se(erred.sum(), late.sum(), 0.3 * factor)
    by_load = journal["errors"]["cause"][erred] == CAUSE_LOAD
    assert within_4_se(by_load.sum(), late.sum(), 0.3 * (factor - 1)) if factor > 1 else not by_load.any()


# -- morale --------------------------------------------------------------------------------------------------


def morale_by_week(journal: Any) -> np.ndarray:
    return journal["weeks"]["morale"][:-1]


def test_morale_goes_geometrically_to_its_fixed_point():
    crew = {"p1": StaffPool(pool("m").members, discretion=0.25, involvement=0.5)}
    morale = Morale()
    journal = run(
        shop("morale", "participation", service=1e-3, pools=crew, arrivals=stream(39.0), hours=4_000, morale=morale)
    )
    levels = morale_by_week(journal)
    target = 0.12 * 0.5 + 0.08 * 0.25
    # The books close before the week changes anything.
    assert levels == pytest.approx(0.6 + target * (1 - (7 / 8) ** np.arange(len(levels))), abs=1e-12)
    assert levels[-1] == pytest.approx(0.6 + target, abs=1e-4)


def test_overwork_and_pressure_wear_morale_down():
    """Busy all the time, with a speed norm of a tenth: strain = busy + .1 - .85."""
    crew = {"p1": StaffPool(pool("m").members, discretion=0.0, pressure=0.1)}
    journal = run(shop("morale", "pressure", service=1.1, pools=crew, arrivals=stream(1.0), hours=400))
    mood, expected = 0.0, []
    for busy in (39 / 40, *[1.0] * 9):
        expected.append(0.6 + mood)
        mood += (-0.8 * (busy + 0.1 - 0.85) - mood) / 8
    assert morale_by_week(journal) == pytest.approx(expected, abs=1e-9)
    assert expected[-1] < 0.5


def test_broken_promises_to_staff_and_good_colleagues_move_morale():
    """Follow-up .5 instead of the .8 promised; what is received from colleagues (rating 1) is above the .9 desired."""
    crews = {f"p{i}": StaffPool(pool(f"m{i}").members, discretion=0.0, participation=1.0) for i in (1, 2)}
    follow = Participation(idea_yield=0.0, follow_up=0.5)
    system = shop(
        "morale", "participation", n=2, service=0.1, pools=crews, arrivals=stream(13.0), hours=200, participation=follow
    )
    levels = morale_by_week(run(system))
    n = np.arange(len(levels))
    targets = -0.3 * 0.05, -0.3 * 0.05 + 0.2 * (1 / 0.9 - 1)
    assert levels == pytest.approx(0.6 + np.mean(targets) * (1 - (7 / 8) ** n), abs=1e-12)


# -- absence and turnover ------------------------------------------------------------------------------------


@pytest.mark.parametrize("morale", [0.6, 0.9, 0.2])
def test_days_of_absence_are_binomial(morale):
    crew = {"p1": pool("m", 40, StaffMember(morale=morale))}
    journal = run(shop("absence", service=1e-3, pools=crew, arrivals=stream(100.0), hours=2_000))
    chance = 0.03 * math.exp(-0.6 * (morale - 0.6))
    days = len(journal["absences"])
    assert within_4_se(days, 40 * 250, chance)
    assert set(journal["absences"]["reason"]) == {ABSENT}
    assert journal["absences"]["ended"] - journal["absences"]["began"] == pytest.approx(np.full(days, 8.0), abs=0.002)
    assert journal["weeks"]["absent"].sum() == pytest.approx(8.0 * days, abs=0.01)
    assert journal["weeks"]["paid"].sum() == pytest.approx(40 * 2_000)  # absence is paid
    each = np.bincount(journal["absences"]["staff"], minlength=40)
    assert 0.4 < each.var() / (250 * chance * (1 - chance)) < 2.0  # 4 standard errors of a variance of 40


def test_absence_in_the_middle_of_a_visit():
    """Absent every day: at 0 at once; at 8 the day is over and the waiting order begun before the new day is called
    off, so the member leaves at the end of the visit (10). After the end of the run (13) nobody is absent any more."""
    sick = Attendance(absence=1.0, absence_morale=0.0)
    journal = run(shop("absence", service=2.0, arrivals=stream(3.0), hours=13.0, attendance=sick))
    assert rows(journal, "visits", "order", "arrived", "began", "ended") == [
        (0, 3.0, 8.0, 10.0),
        (1, 6.0, 16.0, 18.0),
        (2, 9.0, 18.0, 20.0),
        (3, 12.0, 20.0, 22.0),
    ]
    assert rows(journal, "absences", *ABSENCE) == [("p1_0", "absent", 0.0, 8.0), ("p1_0", "absent", 10.0, 16.0)]
    assert rows(journal, "members", "paid", "worked", "absent", "off_line", "vacant") == [(13.0, 2.0, 11.0, 0.0, 0.0)]


def test_who_is_due_for_two_reasons_is_absent_first():
    """As before, and called off the line at 9 for an hour: at the end of the visit (10) the rest of the day is absence,
    and the hour comes after it."""
    sick = Attendance(absence=1.0, absence_morale=0.0)
    crew = {"p1": StaffPool({"ann": StaffMember(off_line=((9.0, 1.0),))}, 0.0)}
    journal = run(shop("absence", service=2.0, pools=crew, arrivals=stream(3.0), hours=13.0, attendance=sick))
    assert rows(journal, "visits", "began", "ended") == [(8.0, 10.0), (17.0, 19.0), (19.0, 21.0), (21.0, 23.0)]
    assert rows(journal, "absences", *ABSENCE) == [
        ("ann", "off_line", 16.0, 17.0),
        ("ann", "absent", 0.0, 8.0),
        ("ann", "absent", 10.0, 16.0),
    ]


def test_a_vacancy_and_the_newcomer():
    """Everybody leaves every week: at 40 the member has just begun (the arrival was scheduled first) and goes at 42;
    the seat is empty for 8 h, then the newcomer (skill .55 + .1) spends 3 h on induction and works a little slower."""
    go = Attendance(turnover=1e9, turnover_morale=0.0, vacancy=8.0)
    learn = Practice(learning_rate=0.0, forgetting=0.0, induction_hours=3.0, induction_gain=0.1)
    parts: dict[str, Any] = {"service": 2.0, "arrivals": stream(10.0), "hours": 60.0}
    journal = run(shop("turnover", "practice", **parts, attendance=go, practice=learn))
    slower = 2.0 * math.exp(0.5 * 0.1)
    assert rows(journal, "visits", "order", "arrived", "began", "ended") == [
        (0, 10.0, 10.0, 12.0),
        (1, 20.0, 20.0, 22.0),
        (2, 30.0, 30.0, 32.0),
        (3, 40.0, 40.0, 42.0),
        (4, 50.0, 53.0, 53.0 + slower),
    ]
    assert rows(journal, "absences", *ABSENCE) == [("p1_0", "off_line", 50.0, 53.0), ("p1_0", "vacant", 42.0, 50.0)]
    assert rows(journal, "members", "person", "leavers", "technical", "vacant", "off_line", "paid") == [
        (1, 1, pytest.approx(-0.1), 8.0, 3.0, 52.0)
    ]
    assert journal["weeks"]["replacement"].sum() == 10_080.0


def test_the_successor_is_not_absent_for_the_predecessor():
    """Everybody is absent every day and leaves every week; who fills the seat is at work for the rest of the day.

    First: leaving at 40, a day's beginning. Then: leaving decided at 10, in the visit (8 to 12) at whose beginning the
    member was called off for the day.
    """
    life = Attendance(absence=1.0, absence_morale=0.0, turnover=1e9, turnover_morale=0.0, vacancy=3.0)
    parts: dict[str, Any] = {"service": 4.0, "attendance": life}
    journal = run(shop("absence", "turnover", arrivals=stream(100.0), hours=43.5, **parts))
    days = [("p1_0", "absent", 8.0 * d, 8.0 * d + 8) for d in range(5)]
    assert rows(journal, "absences", *ABSENCE) == [*days, ("p1_0", "vacant", 40.0, 43.0)]
    journal = run(shop("absence", "turnover", arrivals=stream(7.0), hours=5.5, warm_up=10.0, **parts))
    assert rows(journal, "visits", "arrived", "began", "ended") == [(7.0, 8.0, 12.0), (14.0, 15.0, 19.0)]
    assert rows(journal, "absences", *ABSENCE) == [("p1_0", "absent", 0.0, 8.0), ("p1_0", "vacant", 12.0, 15.0)]


def test_lives_of_seats_are_memoryless():
    """2 a year: the chance to leave in a week is 1 - exp(-2/48), for old hands and newcomers alike."""
    n, life = 300, Attendance(turnover=2.0, vacancy=80.0)
    journal = run(shop("turnover", service=1e-3, members=n, arrivals=stream(100.0), hours=2_000, attendance=life))
    gone, weeks = journal["absences"], journal["weeks"]
    chance = 1 - math.exp(-2.0 / 48)
    asked = weeks["staffed"][:-2].sum()  # at the end of the run nobody is asked
    assert within_4_se(weeks["leavers"].sum(), asked, chance)
    first = [gone["began"][gone["staff"] == m].min(initial=math.inf) for m in range(n)]
    assert within_4_se(np.sum(np.array(first) > 981.0), n, math.exp(-2.0 * 24 / 48))
    old = np.isfinite(first).sum()
    old_asked = sum(math.floor(min(t, 1_960.5) / 40) for t in first)
    assert within_4_se(old, old_asked, chance)
    assert within_4_se(len(gone) - old, asked - old_asked, chance)
    assert gone["ended"] - gone["began"] == pytest.approx(np.full(len(gone), 80.0))
    assert weeks["vacant"].sum() == pytest.approx((np.minimum(gone["ended"], 2_000) - gone["began"]).sum())
    assert weeks["paid"].sum() == pytest.approx(n * 2_000 - weeks["vacant"].sum())
    assert weeks["replacement"].sum() == 10_080.0 * weeks["leavers"].sum()


@pytest.mark.parametrize("morale", [0.4, 0.8])
def test_the_unhappy_leave_sooner(morale):
    crew = {"p1": pool("m", 300, StaffMember(morale=morale))}
    life = Attendance(turnover=1.0, vacancy=0.0)
    journal = run(shop("turnover", service=1e-3, pools=crew, arrivals=stream(100.0), hours=2_000, attendance=life))
    chance = 1 - math.exp(-math.exp(-2.0 * (morale - 0.6)) / 48)
    assert within_4_se(journal["weeks"]["leavers"].sum(), 300 * 49, chance)
    assert (journal["weeks"]["staffed"][:-1] == 300).all()


# -- participation, coordination, pressure, discretion -------------------------------------------------------


def test_meetings_take_their_hours():
    """2 h of groups and 5 % of 40 h to agree: 4 h a week from the first week's end on, spread over the days."""
    crew = {"p1": StaffPool(pool("m", 3).members, participation=2.0, coordination=0.05)}
    system = shop("participation", "coordination", service=1.0, pools=crew, arrivals=stream(39.5), hours=100.0)
    journal = run(system)
    assert rows(journal, "absences", *ABSENCE) == [
        ("m0", "off_line", 40.5, 44.5),  # the visit in hand first
        ("m0", "off_line", 80.0, 84.0),
        ("m1", "off_line", 48.0, 52.0),
        ("m1", "off_line", 88.0, 92.0),
        ("m2", "off_line", 56.0, 60.0),
        ("m2", "off_line", 96.0, 100.0),
    ]
    assert rows(journal, "visits", "staff", "arrived", "began", "ended") == [
        ("m0", 39.5, 39.5, 40.5),
        ("m0", 79.0, 79.0, 80.0),  # back since 44.5, before the others
    ]
    assert journal["weeks"]["off_line"].tolist() == [0.0, 12.0, 12.0, 0.0]


def test_coordination_is_a_share_of_the_hours_on_shift():
    """A member with a shift of 4 h a day gives a tenth of 20 h, in shift hours: from 40 to 42."""
    shifts = tuple((8.0 * d, 8.0 * d + 4.0) for d in range(5))
    crew = {"p1": StaffPool({"half": StaffMember(shifts=shifts), "full": StaffMember()}, coordination=0.1)}
    journal = run(shop("coordination", service=1e-3, pools=crew, arrivals=stream(30.0), hours=79.0))
    assert rows(journal, "absences", *ABSENCE) == [("half", "off_line", 40.0, 42.0), ("full", "off_line", 48.0, 52.0)]


def test_ideas_improve_the_system_exactly():
    """Each idea that is taken up makes the system errors 5 % rarer: visit by visit against the named draws."""
    weeks, n = 60, 10
    crew = {"p1": StaffPool(pool("m", n).members, participation=1.0)}
    groups = Participation(idea_yield=0.1)
    parts: dict[str, Any] = {"service": 1e-3, "p": 0.5, "arrivals": stream(1.0), "hours": 40.0 * weeks}
    journal = run(shop("participation", pools=crew, participation=groups, **parts))
    books = journal["weeks"]
    assert books["off_line"].sum() == pytest.approx(n * (weeks - 1), abs=1e-9)
    asked = n * (weeks - 2)  # groups meet from the second week on; the end of the run asks no more
    chance = 1 - math.exp(-0.1)
    assert within_4_se(books["ideas"].sum(), asked, chance)
    assert within_4_se(books["ideas_used"].sum(), books["ideas"].sum(), 0.8)
    used = np.cumsum(books["ideas_used"])
    orders, visits = journal["orders"], journal["visits"]
    erred = set(journal["errors"]["visit"].tolist())
    for i, visit in enumerate(visits):
        order = orders[visit["order"]]
        u = uniform(int(order["key"]), stable_id("s1"), occasion(0, 0), ERROR, 0)
        week = np.searchsorted(books["began"], visit["ended"], side="right") - 1
        assert (u < 0.5 * 0.95 ** used[week]) == (i in erred)
    assert used[-1] > 20


def test_newcomers_have_fewer_ideas_and_silence_spreads():
    """Tenure T counts 1 - exp(-T/960); below a follow-up of .5 voice falls by an eighth of the distance a week."""
    weeks, n = 25, 400
    groups = Participation(idea_yield=0.5, follow_up=0.25)
    parts: dict[str, Any] = {"service": 1e-3, "arrivals": stream(30.0), "hours": 40.0 * weeks}
    start = shop("participation", participation=groups, **parts)
    crew = {"p1": StaffPool({**start.pools["p1"].members, **pool("m", n).members}, participation=1.0)}
    journal = run(((0.0, start), (0.5, replace(start, pools=crew))))
    voice, expected, spread = 1.0, 0.0, 0.0
    for week in range(1, weeks):
        if week > 1:
            tenure = 1 - math.exp(-(40.0 * week - 0.5) / 960)
            chance = 1 - math.exp(-0.5 * voice * tenure)
            expected += n * chance
            spread += n * chance * (1 - chance)
        voice += (0.5 - voice) / 8
    assert abs(journal["weeks"]["ideas"].sum() - expected) < 4 * math.sqrt(spread) + 1.0  # + the one old hand
    assert journal["members"]["voice"][-1] == pytest.approx(voice, **EXACT)


def test_who_is_too_busy_does_not_come():
    crew = {"p1": StaffPool(pool("m").members, participation=1.0)}
    busy, free = (
        run(shop("participation", service=s, pools=crew, arrivals=stream(1.0), hours=200)) for s in (1.0, 0.9)
    )
    assert busy["weeks"]["off_line"].tolist()[:2] == [0.0, 0.0]
    assert free["weeks"]["off_line"].sum() > 3


def test_pressure_speeds_work_up():
    crews = ({"p1": StaffPool(pool("m").members, pressure=p)} for p in (0.0, 0.25))
    plain, hurried = (run(shop("pressure", service=exponential(1.0), hours=500, pools=crew)) for crew in crews)
    assert worked(hurried) == pytest.approx(worked(plain) / 1.25, abs=1e-9)
    assert len(plain["visits"]) > 40


@pytest.mark.parametrize("kind", ["lognormal", "gamma"])
@pytest.mark.no_engine
def test_discretion_widens_times(kind):
    """cv x (1 + .3 delta), the mean unchanged: exactly in the plan."""
    crew = {"p1": StaffPool(pool("m").members, discretion=0.4)}
    time = Distribution(kind, 2.0, 0.5)
    wide, narrow = (
        compile_plan(((0.0, shop(*on, service=time, pools=crew)),)).rows("stages")["service"][0, 0]
        for on in (("discretion_spread",), ())
    )
    assert wide["hours"] == narrow["hours"] == 2.0
    for row, cv in ((wide, 0.5 * 1.12), (narrow, 0.5)):
        shown = math.sqrt(math.exp(row["b"] ** 2) - 1) if kind == "lognormal" else math.sqrt(1 / row["a"])
        assert shown == pytest.approx(cv, **EXACT)


# -- knowing the customer, and having time for them ----------------------------------------------------------


@pytest.mark.parametrize(
    ("leaving", "personal", "shared", "known"),
    [
        (0.0, 1.0, 0.0, [0, 1, 1]),  # the same person every time
        (1e9, 1.0, 0.0, [0, 0, 0]),  # who leaves takes it along
        (1e9, 0.0, 1.0, [0, 1, 1]),  # the file stays
        (0.0, 0.0, 0.0, [0, 0, 0]),
    ],
)
def test_who_knows_the_customer(leaving, personal, shared, known):
    """Orders at 30, 60 and 90, a new person in the seat after 48 and 88."""
    journal = run(
        shop(
            "turnover", "knowledge", service=0.5, arrivals=population(1, 30.0), hours=95.0, stages={1: SEEN},
            attendance=Attendance(turnover=leaving, turnover_morale=0.0, vacancy=8.0),
            knowledge=Knowledge(personal, shared), pools={"p1": pool("m")},
        )
    )  # fmt: skip
    met = journal["moments"]["stage"] == 0
    assert journal["moments"]["actual"][met, EMPATHY] == pytest.approx([0.70 + 0.05 * k for k in known], **EXACT)


def test_knowledge_is_of_one_member_and_function():
    """Two members serve in turn: the one who meets the customer for the first time does not know them."""
    system = shop(
        "knowledge", service=0.5, arrivals=population(1, 10.0), hours=45.0, stages={1: SEEN}, members=2,
        knowledge=Knowledge(1.0, 0.0),
    )  # fmt: skip
    journal = run(system)
    met = journal["moments"]["stage"] == 0
    # The last contact counts: with two in turn nobody is ever the one who was met last.
    assert rows(journal, "visits", "staff") == [("p1_0",), ("p1_1",), ("p1_0",), ("p1_1",)]
    assert journal["moments"]["actual"][met, EMPATHY] == pytest.approx([0.70] * 4, **EXACT)


def test_the_busy_have_no_time_for_people():
    """Always at work: load at the start of a visit counts above .85; skill, morale and latitude stay."""
    crew = {"p1": StaffPool(pool("m", 1, StaffMember(morale=0.7)).members, discretion=0.5)}
    journal = run(shop("load", service=1.0, pools=crew, arrivals=stream(0.5), hours=50.0, stages={1: SEEN}))
    met = journal["moments"]["stage"] == 0
    load = journal["visits"]["load"]
    expected = 0.70 + 0.5 * 0.1 + 0.1 * 0.5 - np.maximum(0.0, load - 0.85)
    assert journal["moments"]["actual"][met, EMPATHY] == pytest.approx(expected, abs=1e-12)
    assert load.max() > 0.99


# -- everything off ------------------------------------------------------------------------------------------


def test_nothing_happens_to_staff_while_everything_is_off():
    """Layer 2 on with no mechanism: hours, skills and the journal of the layers below are those without the layer."""
    parts: dict[str, Any] = {"service": exponential(0.8), "p": 0.2, "hours": 400.0, "rework": Rework()}
    parts["stages"] = {1: SEEN}
    parts["pools"] = {"p1": StaffPool(pool("m", 2).members, 0.5, 0.5, 2.0, 0.1, 0.2)}
    off, without = run(shop(**parts)), run(replace(shop(**parts), layers=(0, 1, 3), switches={}))
    assert off.to_bytes() == without.to_bytes()
    assert len(off["orders"]) > 30
    assert not journal_of_staff(off)
    assert journal_of_staff(run(replace(shop(**parts), switches={})))


def journal_of_staff(journal: Any) -> bool:
    """Whether anything has happened to staff."""
    members = journal["members"]
    moved = any(members[column].any() for column in ("technical", "service", "mood", "leavers", "overwork"))
    return moved or len(journal["absences"]) > 0


# -- what belongs to the person, and what to the clock ---------------------------------------------------------


def test_training_leaves_with_the_person():
    """Who takes the seat after the course does not have its gain; in the next course they are trained too."""
    trained = {"p1": StaffPool({"m": StaffMember(gain=0.1, service_gain=0.1)})}
    leaving = Attendance(turnover=1e9, turnover_morale=0.0, vacancy=1.0)
    parts: dict[str, Any] = {"pools": trained, "attendance": leaving, "service": 0.5, "arrivals": stream(20.0)}
    weeks = run(shop("turnover", hours=121.0, **parts))["weeks"]
    assert weeks["skill"][:3].tolist() == pytest.approx([0.85, 0.75, 0.75], **EXACT)
    assert weeks["service_skill"][:3].tolist() == pytest.approx([0.85, 0.75, 0.75], **EXACT)
    first = shop("turnover", hours=121.0, **parts)
    again = replace(first, pools={"p1": StaffPool({"m": StaffMember(gain=0.1, trained_at=60.0)})})
    weeks = run(((0.0, first), (60.0, again)))["weeks"]
    assert weeks["skill"][1] == pytest.approx(0.85, **EXACT)  # the successor of hour 41 was at the course of hour 60


@pytest.mark.no_engine
def test_disuse_counts_working_hours():
    """On the clock of the wall, with 4.2 times the hours in a year, an hour costs so much less skill."""
    on_the_wall = Calendar(24.0, 168.0, 8064.0)
    systems = [chain(calendar=calendar, layers=(0, 2)) for calendar in (Calendar(), on_the_wall)]
    rules = [compile_plan(((0.0, system),)).rows("rules")[0, 0] for system in systems]
    assert rules[0]["forgetting"] == 6.7e-4
    assert rules[1]["forgetting"] == pytest.approx(6.7e-4 / 4.2, rel=1e-12)
    assert rules[1]["idea_tenure"] == pytest.approx(960.0 * 4.2, rel=1e-12)


@pytest.mark.parametrize(("at_close", "hours"), [("leave", 0.5), ("suspend", 0.5), ("suspend", 20.0)])
def test_absence_is_as_frequent_on_the_clock_of_the_wall(at_close, hours):
    """Three of a hundred paid hours, whatever the length of the work and wherever the night falls."""
    nine_to_five = tuple((24.0 * day + 9.0, 24.0 * day + 17.0) for day in range(5))
    crew = {"p1": StaffPool(pool("m", 20, StaffMember(shifts=nine_to_five)).members, at_close=at_close)}
    system = shop(
        "absence", service=hours, pools=crew, arrivals=stream(hours), hours=168.0 * 40,
        calendar=Calendar(24.0, 168.0, 8064.0), attendance=Attendance(absence_morale=0.0),
    )  # fmt: skip
    members = run(system)["members"]
    assert members["paid"].sum() > 0.9 * 20 * 40 * 40
    days, absent = 20 * 40 * 5, members["absent"].sum() / 8.0
    # a day is shorter where a visit in hand is finished first, by half an hour at most
    assert within_4_se(absent, days, 0.03) or within_4_se(absent * 8.0 / 7.5, days, 0.03)
