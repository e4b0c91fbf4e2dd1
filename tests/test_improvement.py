"""Management's loop inside the run (C14): measure, choose, try, check, keep or undo (continuous_improvement).

Except where a test says so, nothing else happens: no queues, no other staff dynamics, constant perceptions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import PLENTY, chain, exponential, plain_rules, pool, rich_system, run, run_and_look, stream, weights
from scipy import stats
from test_theory import agrees, fits

from sim.blueprint import (
    DIMENSIONS,
    Blueprint,
    Check,
    Expectations,
    Handoff,
    Horizon,
    Improvement,
    Perception,
    Segment,
    StaffMember,
)
from sim.journal import Journal
from sim.plan import Plan, compile_plan
from sim.tables import LEVER_ERRORS, LEVER_INFORMATION, LEVER_NONE, LEVER_TIME

pytestmark = pytest.mark.both_engines

RELIABILITY, RESPONSIVENESS, ASSURANCE = range(3)
WEEKLY = Improvement(1, "error_log", survey_delay=0, check_jobs=1, team_hours=0, trial_success=0)
ON = {"improvement": True}


def looped(n: int, loop: Improvement, **parts: Any) -> Blueprint:
    """A chain in which errors are found at once, and management tries to do better."""
    defaults: dict[str, Any] = {
        "members": PLENTY,
        "layers": (0, 1),
        "switches": ON,
        "every": {"self_check": Check(1.0)},
        "service": 0.1,
        **plain_rules(),
    }
    return chain(n, improvement=loop, **{**defaults, **parts})


def surveyed(loop: Improvement, shortfall: dict[str, float], **parts: Any) -> Blueprint:
    """One moment of truth that everybody perceives alike: a known shortfall of some dimensions, a surplus of others."""
    perceived = {"reliability": 1.0, "responsiveness": 1.0, "assurance": 0.75, "empathy": 1.0, "tangibles": 0.8}
    desired = {d: perceived[d] + shortfall[d] if d in shortfall else 0.5 for d in DIMENSIONS}
    defaults: dict[str, Any] = {
        "layers": (0, 3),
        "every": {"onstage": True, "moment_of_truth": True},
        "segments": {"all": Segment(expectations=Expectations(desired_mean=desired, desired_sd=0.0, ratchet=0.0))},
    }
    rules = plain_rules(
        perception=Perception(1e-9, 32.0, 1.0, empathy_base=1.0, peak_weight=0.0, halo=0.0, assimilation=0.0)
    )
    return looped(1, loop, **{**defaults, **rules, **parts})


def reviews(system: Blueprint | Plan, count: int) -> np.ndarray:
    """The first review of each of `count` replications."""
    plan = system if isinstance(system, Plan) else compile_plan(((0.0, system),))
    return np.concatenate([run(plan, 5, r)["reviews"][:1] for r in range(count)])


# -- where to work -------------------------------------------------------------------------------------------


def test_error_log_picks_the_worst_stage():
    """The Pareto cause: the stage whose errors were noticed most of late."""
    system = looped(4, WEEKLY, p=[0.1, 0.1, 0.4, 0.1], arrivals=stream(0.5), hours=1_000.0)
    found = run(system)["reviews"]
    assert len(found) == 24
    assert (found["lever"] == LEVER_ERRORS).all()
    assert (found["place"] == 2).all()
    assert (found["dimension"] == -1).all()


def test_error_log_forgets():
    """The log fades: a stage that has become bad is found although another has the longer record."""
    before = looped(2, WEEKLY, p=[0.4, 0.0], arrivals=stream(0.5), hours=1_600.0)
    after = replace(before, stages={**before.stages, **looped(2, WEEKLY, p=[0.0, 0.4]).stages})
    place = run(((0.0, before), (1_000.0, after)))["reviews"]["place"]
    assert place[0] == 0
    assert place[-1] == 1
    change = int(np.argmax(place))  # the old record decays by exp(-1/12) a week: equal after 12 ln 2 weeks
    assert (np.diff(place) >= 0).all()
    assert change + 1 - 25 == pytest.approx(12 * math.log(2), abs=2.5)


def test_a_large_survey_finds_the_largest_shortfall():
    """400 answers with noise of sd .1 tell -.10 from -.15 (7 standard errors)."""
    loop = replace(WEEKLY, choose_by="survey", answers=400, answer_noise=0.1)
    known = {"responsiveness": -0.10, "assurance": -0.15}
    found = run(surveyed(loop, known, arrivals=stream(0.1), hours=810.0))["reviews"]
    assert len(found) == 20
    assert (found["dimension"] == RESPONSIVENESS).all()
    assert (found["lever"] == LEVER_TIME).all()
    assert (found["kept"][:-1] >= 0).all()


@pytest.mark.parametrize(("answers", "noise"), [(4, 0.2), (16, 0.2), (100, 0.2)])
def test_a_small_survey_errs(answers, noise):
    """Two estimates with standard error noise/sqrt(n) swap order with chance Phi(-difference / (sqrt(2) se))."""
    loop = replace(WEEKLY, choose_by="survey", answers=answers, answer_noise=noise)
    known = {"responsiveness": -0.10, "assurance": -0.15}
    weeks = min(400, 20_000 // answers)
    journal = run(surveyed(loop, known, arrivals=stream(40.0 / (answers + 1)), hours=weeks * 40.0 + 10.0))
    found = journal["reviews"]
    assert set(found["dimension"]) <= {RESPONSIVENESS, ASSURANCE}
    wrong = found["dimension"] == ASSURANCE
    theory = float(stats.norm.cdf(-0.05 / (math.sqrt(2.0) * noise / math.sqrt(answers))))
    one_answer = float(stats.norm.cdf(-0.05 / (math.sqrt(2.0) * noise)))
    agrees(f"wrong with {answers} answers", wrong, theory, unlike=0.5 if answers == 4 else one_answer)


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_a_survey_is_late(delay):
    """What changes at 200 h (week 5 begins) shows in the review that looks at week 5: after 6 + delay weeks."""
    loop = replace(WEEKLY, choose_by="survey", survey_delay=delay)
    before = surveyed(loop, {"responsiveness": -0.10, "assurance": -0.15}, arrivals=stream(1.0), hours=610.0)
    worse = {"p1": pool("p1_", PLENTY, StaffMember(service_skill=0.5))}
    found = run(((0.0, before), (200.0, replace(before, pools=worse))))["reviews"]
    seen = [(round(time / 40.0), d) for time, d in zip(found["time"], found["dimension"], strict=True)]
    expected = [(k, -1 if k <= delay else RESPONSIVENESS if k < 6 + delay else ASSURANCE) for k in range(1, 16)]
    assert seen == expected


LEVERS = {
    "reliability": (LEVER_ERRORS, 2),  # errs most
    "responsiveness": (LEVER_TIME, 1),  # longest queue
    "assurance": (LEVER_ERRORS, 0),  # the moment of truth that errs most
}


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_from_complaint_to_lever(dimension):
    """What a survey complains of leads to the element that seems to cause it; where there is none, to another's."""
    loop = replace(WEEKLY, choose_by="survey")
    desired = {d: 1.0 if d == dimension else 0.0 for d in DIMENSIONS}
    only = Segment(weights=weights(**{dimension: 1.0}), expectations=Expectations(desired, desired_sd=0.0, ratchet=0.0))
    onstage = {"onstage": True, "moment_of_truth": True}
    system = looped(
        4,
        loop,
        p=[0.2, 0.05, 0.5, 0.1],
        service=[0.1, 0.45, 0.1, 0.1],
        members=[9, 1, 9, 9],
        handoff=[Handoff(retention=0.99), Handoff(retention=0.9), Handoff(retention=0.95), Handoff()],
        stages={1: onstage, 4: onstage},
        segments={"all": only},
        arrivals=stream(exponential(1.0)),
        layers=(0, 1, 3),
        hours=410.0,
    )
    found = run(system)["reviews"]
    assert len(found) >= 5
    chosen = [DIMENSIONS[d] for d in found["dimension"]]
    assert set(chosen) == {dimension} if dimension in LEVERS else set(chosen) <= set(LEVERS)
    assert found[["lever", "place"]].tolist() == [LEVERS[d] for d in chosen]


def test_opinion_is_one_conviction_for_the_whole_run():
    """The same stage in every cycle, whatever the log says; over runs all stages alike."""
    system = looped(
        4, replace(WEEKLY, choose_by="opinion"), p=[0.0, 0.0, 0.5, 0.0], members=2, arrivals=stream(2.0), hours=170.0
    )
    plan = compile_plan(((0.0, system),))
    places = [run(plan, 3, r)["reviews"]["place"] for r in range(160)]
    assert all(len(set(place)) == 1 for place in places)
    fits("convictions", np.bincount([place[0] for place in places], minlength=4).tolist(), [0.25] * 3)


def test_chance_uses_all_levers_and_never_gets_stuck():
    """Errors, time and information alike, at any stage or handoff (delivery is none), in every cycle."""
    system = looped(4, replace(WEEKLY, choose_by="chance"), p=0.1, arrivals=stream(4.0), hours=40.0 * 600 + 5.0)
    found = run(system)["reviews"]
    assert len(found) == 600
    fits("levers", np.bincount(found["lever"], minlength=4)[1:].tolist(), [1 / 3, 1 / 3])
    fits("handoffs", np.bincount(found["place"][found["lever"] == LEVER_INFORMATION]).tolist(), [1 / 3, 1 / 3])
    fits("stages", np.bincount(found["place"][found["lever"] == LEVER_TIME]).tolist(), [0.25] * 3)
    alone = run(looped(1, replace(WEEKLY, choose_by="chance"), arrivals=stream(4.0), hours=1_000.0))["reviews"]
    assert set(alone["lever"]) == {LEVER_NONE, LEVER_ERRORS, LEVER_TIME}, "no handoff to work on"


# -- try, check, keep or undo --------------------------------------------------------------------------------


def timed(loop: Improvement, **parts: Any) -> Blueprint:
    """Customers complain of the waiting, so the loop works on the time of the only stage."""
    system = surveyed(loop, {}, arrivals=stream(1.0), **{"service": 1.0, **parts})
    only = replace(
        system.segments["all"].expectations, desired_mean=dict.fromkeys(DIMENSIONS, 0.5) | {"responsiveness": 1.0}
    )
    segment = replace(system.segments["all"], expectations=only)
    return replace(system, segments={"all": segment}, perception=replace(system.perception, wait_half=10.0))


def hours_by_week(journal: Journal) -> list[set[float]]:
    visits = journal["visits"]
    return [
        set(visits["hours"][np.floor(visits["began"] / 40.0) == week])
        for week in range(int(visits["began"].max() / 40) + 1)
    ]


def test_a_trial_that_works_multiplies_exactly():
    """Each week's visits take .85 of those of the week before; every trial is checked after a week, and kept."""
    journal = run(timed(replace(WEEKLY, choose_by="survey", trial_success=1.0), hours=210.0))
    times = [1.0]
    for _ in range(5):
        times.append(times[-1] * 0.85)
    assert [sorted(week) for week in hours_by_week(journal)] == [[pytest.approx(t, rel=1e-15)] for t in times]
    found = journal["reviews"]
    assert found["kept"].tolist() == [1, 1, 1, 1, -1]
    assert found["works"].tolist() == [1] * 5
    assert found["before"] == pytest.approx(times[:5], rel=1e-12)
    assert found["after"][:4] == pytest.approx(times[1:5], rel=1e-12)
    assert found["ended"][:4].tolist() == [80.0, 120.0, 160.0, 200.0]


def test_a_rejected_trial_is_undone_exactly():
    """A change for the worse is seen, and undone at the check; every other cycle (2 weeks), a week on trial."""
    worse = replace(WEEKLY, choose_by="survey", trial_success=1.0, trial_effect=1.25, cycle_weeks=2)
    journal = run(timed(worse, hours=330.0))
    assert [sorted(week) for week in hours_by_week(journal)] == [
        [1.0], [1.0], [1.25], [1.0], [1.25], [1.0], [1.25], [1.0], [1.25],
    ]  # fmt: skip
    assert journal["reviews"]["kept"].tolist() == [0, 0, 0, -1]
    assert journal["reviews"]["time"].tolist() == [80.0, 160.0, 240.0, 320.0]


def test_nothing_looks_better_when_nothing_varies():
    """A trial without effect on constant times is never kept."""
    journal = run(timed(replace(WEEKLY, choose_by="survey"), hours=210.0))
    assert hours_by_week(journal) == [{1.0}] * 6
    assert journal["reviews"]["kept"].tolist() == [0, 0, 0, 0, -1]


@pytest.mark.parametrize("works", [0.0, 1.0])
def test_false_keeps_and_false_rejections(works):
    """Times are exponential: the check compares two gamma sums, so it keeps with P(effect F < 1), F by Fisher.

    Before: the 39 jobs begun in week 0 (customers at 1, 2, ..., 39 h); after: the 40 of week 1. Nothing changed (no
    effect): about one half is kept all the same. .85 of the time: about one quarter is rejected by mistake.
    """
    loop = replace(WEEKLY, choose_by="survey", trial_success=works, check_jobs=40)
    system = timed(loop, service=exponential(1.0), members=12, hours=100.0)
    found = reviews(system, 400)
    assert (found["lever"] == LEVER_TIME).all()
    assert (found["works"] == works).all()
    assert set(found["checked"]) == {40.0}
    effect = 0.85 if works else 1.0
    theory = float(stats.f.cdf(1 / effect, 80, 78))
    agrees("kept", found["kept"], theory, unlike=0.5 if works else 0.6)


def test_success_of_trials():
    loop = replace(WEEKLY, trial_success=0.3)
    found = run(looped(2, loop, p=0.2, arrivals=stream(8.0), hours=40.0 * 800 + 1.0))["reviews"]
    assert len(found) == 800
    agrees("works", found["works"], 0.3, unlike=0.4)


@pytest.mark.parametrize("choose_by", ["error_log", "chance"])
def test_factors_follow_the_reviews(choose_by):
    """The factors at the end are the product of what was kept, and of the trial that is on."""
    loop = replace(WEEKLY, choose_by=choose_by, trial_success=0.6, trial_effect=0.9)
    way = Handoff(retention=0.9)
    journal, world = run_and_look(
        looped(3, loop, p=0.2, service=exponential(0.1), handoff=way, arrivals=stream(2.0), hours=1_610.0)
    )
    expected: dict[int, list[float]] = {lever: [1.0] * 4 for lever in (LEVER_ERRORS, LEVER_TIME, LEVER_INFORMATION)}
    found = journal["reviews"]
    assert {0, 1} <= set(found["kept"])
    for row in found:
        if row["works"] and row["kept"] != 0 and row["lever"] != LEVER_NONE:
            expected[int(row["lever"])][int(row["place"])] *= 0.9
    factors = [world.table("stage_state")[name] for name in ("error_factor", "time_factor")]
    for lever, column in zip(expected, [*factors, world.table("edge_state")["loss_factor"]], strict=True):
        assert column == pytest.approx(expected[lever][: len(column)], rel=1e-12)
    assert min(min(column) for column in factors) < 1.0


def test_a_trial_where_no_work_comes_any_more_is_given_up():
    """A stage on trial leaves the route: the trial ends, undone, and the loop goes on elsewhere."""
    loop = replace(WEEKLY, check_jobs=100_000)
    before = looped(3, loop, p=[0.0, 0.5, 0.1], arrivals=stream(1.0), hours=600.0)
    after = replace(before, route={**before.route, "s1": {"s3": Handoff(), "s2": Handoff(0.0)}})
    found = run(((0.0, before), (210.0, after)))["reviews"]
    assert found["place"][:2].tolist() == [1, 1]
    assert found["ended"][0] == 280.0  # the first week without a job there
    assert found["kept"][0] == 0
    assert found["checked"][0] >= 165.0, "jobs of 40 h to 210 h, and their rework"
    assert len(run(before)["reviews"]) == 1, "with too few jobs the trial goes on"


# -- hours, long runs, null configuration --------------------------------------------------------------------


def test_team_hours_are_taken_from_the_line():
    """8 h a trial, shared by the members of the pool concerned; nobody else is missed."""
    loop = replace(WEEKLY, team_hours=8.0, cycle_weeks=2)
    system = looped(2, loop, p=[0.0, 0.3], members=[3, 4], arrivals=stream(4.0), hours=435.0)
    journal = run(system)
    started = len(journal["reviews"])
    assert started == 5
    assert journal["weeks"]["off_line"].sum() == pytest.approx(8.0 * started, abs=1e-9)
    assert journal["pool_hours"]["off_line"] == pytest.approx([0.0, 8.0 * started], abs=1e-9)
    assert journal["members"]["off_line"] == pytest.approx([0.0] * 3 + [2.0 * started] * 4, abs=1e-9)
    away = journal["absences"]
    assert len(away) == 4 * started
    assert away["ended"] - away["began"] == pytest.approx(2.0, abs=1e-9)


def test_a_leave_of_no_hours_is_no_leave():
    """A team that spends no time, or a meeting of 0 h, takes nobody from the line."""
    system = looped(1, WEEKLY, members=1, arrivals=stream(4.0), hours=90.0)
    nothing = replace(system, pools={"p1": pool("p1_", 1, StaffMember(off_line=((5.0, 0.0), (50.0, 0.0))))})
    for journal in (run(system), run(nothing)):
        assert len(journal["absences"]) == 0
        assert journal["orders"]["delivered"] - journal["orders"]["placed"] == pytest.approx(0.1, abs=1e-12)


def shares(journal: Journal, weeks: Sequence[int]) -> np.ndarray:
    """Whether the orders of some weeks failed (0 or 1)."""
    orders = journal["orders"]
    return (orders["errors"] > 0)[np.isin(np.floor(orders["placed"] / 40.0), weeks)]


def test_two_years_of_improvement_that_always_works():
    """Where every trial works, errors fall as the factors say; without the loop they stay."""
    loop = Improvement(2, "error_log", trial_success=1.0, check_jobs=60, team_hours=0)
    rates = [0.1, 0.15, 0.2]
    system = looped(3, loop, p=rates, arrivals=stream(1.0), hours=40.0 * 96 + 1.0)
    journal, world = run_and_look(system)
    first, last = shares(journal, range(12)), shares(journal, range(84, 96))
    error = math.hypot(first.std() / math.sqrt(len(first)), last.std() / math.sqrt(len(last)))
    print(f"share with errors: {first.mean():.3f} -> {last.mean():.3f} +- {error:.3f}")
    assert first.mean() - last.mean() > 4 * error
    kept = (journal["reviews"]["kept"] == 1).sum()
    assert kept > 10
    factors = world.table("stage_state")["error_factor"]
    start = 1 - math.prod(1 - p for p in rates)
    end = 1 - math.prod(1 - p * f for p, f in zip(rates, factors, strict=True))
    assert end < 0.7 * start
    agrees("at the end", shares(journal, range(92, 96)), end, unlike=start)
    without = shares(run(replace(system, switches={})), range(84, 96))
    agrees("without", without, start, unlike=end)


def test_off_is_absent():
    """Cycle 0, the mechanism off, or a loop that begins after the run: the same run, byte for byte."""
    loop = Improvement(2, "error_log", check_jobs=10)
    system = rich_system(hours=300.0, layers=(0, 1, 2, 3, 4), improvement=loop)
    off = run(replace(system, switches={"improvement": False})).to_bytes()
    assert off == run(replace(system, improvement=Improvement())).to_bytes()
    assert off == run(replace(system, improvement=replace(loop, cycle_weeks=50))).to_bytes()
    assert off != run(system).to_bytes()


def test_a_loop_that_tries_in_vain_changes_nothing_else():
    """Trials without effect and without team hours leave every order as it was (placebo)."""
    loop = Improvement(1, "chance", trial_success=0.0, check_jobs=5, team_hours=0)
    system = rich_system(hours=300.0, layers=(0, 1, 2, 3, 4))
    plain, vain = run(system), run(replace(system, improvement=loop))
    assert len(vain["reviews"]) > 4
    for table in ("orders", "visits", "errors", "weeks", "members"):
        assert plain[table].tobytes() == vain[table].tobytes(), table


def test_nothing_is_measured_in_the_warm_up():
    """The first review is at the end of the warm-up, and looks at what was before."""
    system = looped(2, replace(WEEKLY, cycle_weeks=4), p=[0.1, 0.5], arrivals=stream(1.0))
    found = run(replace(system, horizon=Horizon(100.0, 500.0)))["reviews"]
    assert found["time"].tolist() == [100.0, 260.0, 420.0, 580.0]
    assert found["place"].tolist() == [1] * 4
