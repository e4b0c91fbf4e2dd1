"""Interventions: what each one does to a blueprint, when, where and at what cost (model.md section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import chain, fixed, pool, rich_system, run, stream

import scenarios.interventions
from scenarios.interventions import InForce, find, intervention, registry
from scenarios.interventions.training import share_in_use
from scenarios.scenario import Scenario, build_scenario, timeline
from sim.blueprint import (
    DELIVERED,
    DIMENSIONS,
    Blueprint,
    Calendar,
    Check,
    Costs,
    Distribution,
    ErrorRate,
    Handoff,
    Horizon,
    Perception,
    Promise,
    Segment,
    SpecialCause,
    Spending,
    StaffMember,
    StaffPool,
    Stage,
    Supplier,
)
from sim.invalid import InvalidInput
from sim.tables import FIRST_WORK, JOURNAL
from sim.traffic import visit_ratios

LOGNORMAL = Distribution("lognormal", 1.0, 0.5)
BACK = {"function": "office"}
FRONT = {"function": "desk", "onstage": True, "moment_of_truth": True}
FACTS = {"delivered": 0.7, "lead_time_p80": 12.0}
MONTH = 160.0


def shop(**parts: Any) -> Blueprint:
    """s1 (front), s2, s3 (backstage, one function), s4 (front again): two members each, room for all."""
    border = Handoff(retention=0.95, delay=fixed(1.0), border=True)
    defaults: dict[str, Any] = {
        "service": [LOGNORMAL] * 4,
        "p": [ErrorRate(p, 0.2) for p in (0.01, 0.02, 0.04, 0.01)],
        "members": 2,
        "handoff": [border, Handoff(retention=0.99, batch=5, batch_cost=10.0), border, Handoff()],
        "stages": {1: FRONT, 2: BACK, 3: BACK, 4: FRONT},
        "every": {
            "special_cause": SpecialCause(0.002, 5.0, 80.0),
            "self_check": Check(0.3),
            "incoming_check": Check(0.9),
        },
        "layers": (0, 1, 3),
        "hours": 2000.0,
        "warm_up": 40.0,
    }
    return chain(4, **{**defaults, **parts})


SHOP = shop()


def firm(**parts: Any) -> Blueprint:
    """The shop with something for every intervention to work on: key accounts, prospects, a supplier, late changes."""
    stages = {1: FRONT, 2: {**BACK, "supplier": "mill", "configures": True}, 3: BACK, 4: FRONT}
    segments = {"many": Segment(share=0.8, prospects=2.0), "key": Segment(share=0.2, price=500.0, prospects=1.0)}
    given: dict[str, Any] = {"stages": stages, "segments": segments, "suppliers": {"mill": Supplier()}}
    return shop(**{**given, "layers": (0, 1, 2, 3, 4), **parts})


FIRM = firm()


def at(
    kind: str,
    b: Blueprint = SHOP,
    *,
    strength: float = 1.0,
    elapsed: float = 1000.0,
    start: float = 40.0,
    stages: tuple[str, ...] = (),
    draw: Any = lambda name: 0.5,
    **parameters: Any,
) -> Blueprint:
    """The blueprint under one intervention at one time."""
    found = find(kind, "kind")
    now = InForce(start, elapsed, strength, stages or found.default_scope(b), draw, FACTS)
    return found.function(b, now, **found.arguments(parameters))


def scenario(interventions: Mapping[str, Any], name: str = "test") -> Scenario:
    return build_scenario(name, {"description": "", "interventions": interventions})


def over_time(interventions: Mapping[str, Any], b: Blueprint = SHOP, replication: int = 0) -> Any:
    return timeline(b, scenario(interventions), 1, replication, FACTS)


def bare(b: Blueprint) -> Blueprint:
    """The blueprint without what programmes cost: money, and hours off the line."""

    def present(crew: StaffPool) -> StaffPool:
        return replace(crew, members={name: replace(m, off_line=()) for name, m in crew.members.items()})

    return replace(b, pools={name: present(crew) for name, crew in b.pools.items()}, spending=())


def members(b: Blueprint, name: str) -> list[StaffMember]:
    return list(b.pools[name].members.values())


def away(b: Blueprint, name: str) -> list[tuple[tuple[float, float], ...]]:
    return [m.off_line for m in members(b, name)]


def time_of(stage: Stage) -> tuple[float, float]:
    """Mean and cv, to the accuracy of a test."""
    return round(stage.service.mean, 12), round(stage.service.cv, 12)


def changed_stages(b: Blueprint, base: Blueprint = SHOP) -> set[str]:
    return {name for name, stage in b.stages.items() if stage != base.stages.get(name)}


ALL = sorted(find(name, "") and name for name in registry.known_interventions())

# -- no effect yet, or none at all ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("elapsed", [-1.0, 1.0, 1000.0])
def test_without_strength_only_hours_and_money_are_spent(kind: str, elapsed: float):
    assert bare(at(kind, FIRM, strength=0.0, elapsed=elapsed)) == FIRM


# What these cost is part of what they change: inspectors' pay, meetings, a team's hours, care; or they just do harm.
PAID_OTHERWISE = {
    "continuous_improvement", "employee_involvement", "final_inspection", "key_account_priority", "pressure",
    "tampering",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(ALL) - {"placebo"}))
def test_at_full_strength_the_system_is_another(kind: str):
    changed = at(kind, FIRM)
    assert bare(changed) != FIRM
    hours = any(m.off_line for crew in changed.pools.values() for m in crew.members.values())
    free = kind in PAID_OTHERWISE or kind.startswith("remove_")  # a counterfactual is no programme: nobody pays for it
    assert bool(changed.spending or hours) == (not free)


@pytest.mark.parametrize("kind", sorted(set(ALL) - {"placebo"}))
def test_nothing_happens_before_it_sets_in(kind: str):
    early, late = (len(over_time({kind: {"delay": d}}, firm(hours=200.0))) for d in (1e6, 80.0))
    assert early == 1
    assert late >= 2
    entries = over_time({kind: {"delay": 80.0}}, firm(hours=200.0))
    assert bare(entries[0][1]) == firm(hours=200.0)
    assert entries[1][0] == 120.0  # warm-up 40 h + delay


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.both_engines
def test_a_run_survives_its_start_in_the_middle(kind: str):
    """Orders under way are delivered or given up, and every hour is accounted for."""
    base = firm(hours=120.0, warm_up=0.0)
    journal = run(over_time({kind: {"delay": 60.0}}, base))
    orders, weeks = journal["orders"], journal["weeks"]
    assert len(orders) > 10
    assert (np.isnan(orders["delivered"]) == ~np.isnan(orders["abandoned"])).all()
    assert weeks["placed"].sum() == weeks["delivered"].sum() + weeks["abandoned"].sum()
    hours = journal["members"]
    idle = hours["paid"] - hours["worked"] - hours["off_line"] - hours["absent"]
    assert (idle > -1e-9).all()


def test_hours_and_money_count_from_the_start_even_before_the_effect():
    (_, first), *_ = over_time({"frontline_training": {"start": 100.0, "delay": 500.0}})
    assert {spending.start for spending in first.spending} == {140.0}
    assert away(first, "p1")[0] == ((140.0, 8.0), (180.0, 8.0))


# -- training ------------------------------------------------------------------------------------------------


def test_frontline_training_at_full_strength():
    b = at("frontline_training", elapsed=0.0)
    for name in ("p1", "p4"):
        assert [(m.skill, m.gain, m.service_gain) for m in members(b, name)] == [(0.75, 0.074, 0.074)] * 2
        # 16 h a person: two days in two weeks, colleagues on different days
        assert away(b, name) == [((40.0, 8.0), (80.0, 8.0)), ((48.0, 8.0), (88.0, 8.0))]
    for name in ("p2", "p3"):
        assert b.pools[name] == SHOP.pools[name]
    assert b.spending == (Spending("front-line training", "prevention", 40.0, one_off=4 * 400.0),)
    assert (b.stages, b.route) == (SHOP.stages, SHOP.route)


def test_whole_chain_training_reaches_everybody_and_their_handoffs():
    b = at("whole_chain_training", elapsed=0.0, strength=0.5)
    assert {m.gain for name in b.pools for m in members(b, name)} == {0.037}
    kept = [b.route[s][t].retention for s, t in (("s1", "s2"), ("s2", "s3"), ("s3", "s4"))]
    assert kept == pytest.approx([0.95, 0.9925, 0.95])
    assert b.spending[0].one_off == 8 * 400.0
    keeps = shop(handoff=[Handoff(retention=0.999)] * 4)
    assert at("whole_chain_training", keeps).route["s1"]["s2"].retention == 1.0


@pytest.mark.parametrize(("months", "share"), [(0, 0.62), (6, 0.44), (12, 0.34)])
def test_share_of_training_in_use(months: int, share: float):
    """V18: 62, 44 and 34 % at 0, 6 and 12 months, two digits printed."""
    assert share_in_use(months) == pytest.approx(share, abs=0.0005)
    gain = members(at("frontline_training", elapsed=months * MONTH), "p1")[0].gain
    assert gain == pytest.approx(0.074 * share / 0.62, abs=1e-4)


def test_months_and_weeks_follow_the_calendar():
    """On the clock on the wall (a week of 168 h, a year of 8 064 h) half a year is 4 032 h, and a session is a week."""
    wall = shop(calendar=Calendar(24.0, 168.0, 8064.0), hours=8000.0)
    later = members(at("frontline_training", wall, elapsed=4032.0), "p1")[0].gain
    assert later == pytest.approx(members(at("frontline_training", elapsed=6 * MONTH), "p1")[0].gain)
    assert away(at("frontline_training", wall), "p1")[:2] == [
        ((40.0, 8.0), (208.0, 8.0)), ((64.0, 8.0), (232.0, 8.0)),
    ]  # fmt: skip
    at_four_weeks = [at("process_redesign", wall, elapsed=168.0 * weeks).stages["s1"].error.p for weeks in (3.9, 4.1)]
    assert at_four_weeks == pytest.approx([0.012, 0.006])
    starts = [start for start, _ in over_time({"fail_safing": {"ramp": 1000.0}}, wall)]
    assert set(np.diff(starts[1:])) == {168.0}


def test_training_repeated_starts_afresh():
    def gain(elapsed: float, **given: Any) -> float:
        return members(at("frontline_training", elapsed=elapsed, **given), "p1")[0].gain

    half_year = 6 * MONTH
    assert gain(half_year - 1, every_months=6.0) == gain(half_year - 1) < 0.06
    assert gain(half_year + 80, every_months=6.0) == pytest.approx(gain(80.0)) == pytest.approx(0.0717, abs=1e-4)
    b = at("frontline_training", every_months=6.0)  # 40, 1000 and 1960 of 2040 h
    assert [start for start, _ in away(b, "p1")[0]] == [40.0, 80.0, 1000.0, 1040.0, 1960.0, 2000.0]
    assert [s.start for s in b.spending] == [40.0, 1000.0, 1960.0]


@pytest.mark.parametrize("hours", [3.0, 8.0, 20.0, 40.0])
@pytest.mark.parametrize("kind", ["frontline_training", "whole_chain_training", "process_redesign", "empowerment"])
def test_hours_off_the_line_are_in_full_and_in_days(kind: str, hours: float):
    for periods in away(at(kind, hours=hours), "p1"):
        assert sum(length for _, length in periods) == pytest.approx(hours)
        assert max(length for _, length in periods) <= 8.0
        assert set(np.diff([start for start, _ in periods])) <= {40.0}


@pytest.mark.both_engines
def test_hours_off_the_line_are_capacity_lost():
    base = shop(hours=200.0, warm_up=0.0, layers=(0,))
    journal = run(over_time({"whole_chain_training": {}}, base))
    absent = journal["absences"]["ended"] - journal["absences"]["began"]
    assert absent.sum() == pytest.approx(8 * 16.0)
    assert (absent == 8.0).all()


# -- processes -----------------------------------------------------------------------------------------------


def test_process_redesign_after_the_dip():
    b = at("process_redesign", elapsed=160.0)
    error = b.stages["s2"].error  # .02: system .016 -> .008, operator .004
    assert (error.p, error.operator_share) == (pytest.approx(0.012), pytest.approx(1 / 3))
    assert time_of(b.stages["s2"]) == (0.95, 0.4)
    assert b.spending == (Spending("process redesign", "prevention", 40.0, one_off=4 * 6000.0),)
    assert [len(periods) for periods in away(b, "p3")] == [5, 5]  # 40 h a person
    half = at("process_redesign", strength=0.5).stages["s2"]
    assert half.error.p == pytest.approx(0.016)
    assert time_of(half) == (0.975, 0.45)


def test_process_redesign_in_the_dip():
    b = at("process_redesign", elapsed=159.0)
    assert [s.error.p for s in b.stages.values()] == pytest.approx([0.012, 0.024, 0.048, 0.012])
    assert b.stages["s1"].error.operator_share == pytest.approx(0.2)
    half = at("process_redesign", elapsed=159.0, strength=0.5)
    assert half.stages["s1"].error.p == pytest.approx(0.011)


def test_process_redesign_succeeds_by_stage():
    b = at("process_redesign", draw=lambda name: {"success s2": 0.59}.get(name, 0.61))
    assert changed_stages(b) == {"s2"}
    assert b.spending[0].one_off == 24000.0  # the others' cost is sunk
    assert changed_stages(at("process_redesign", success=1.0, draw=lambda name: 0.999999)) == set(SHOP.stages)
    assert changed_stages(at("process_redesign", success=0.0, draw=lambda name: 1e-9)) == set()


def test_success_is_drawn_for_each_stage_and_replication():
    base = shop(hours=40.0, warm_up=0.0)
    runs = [over_time({"process_redesign": {"dip_weeks": 0.0}}, base, r)[-1][1] for r in range(400)]
    won = np.array([[name in changed_stages(b, base) for name in base.stages] for b in runs])
    assert won.mean() == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / won.size))
    assert won.mean(axis=0) == pytest.approx([0.6] * 4, abs=4 * np.sqrt(0.24 / 400))
    assert (np.abs(np.corrcoef(won.T) - np.eye(4)) < 4 / np.sqrt(400)).all()
    again = over_time({"process_redesign": {"dip_weeks": 0.0}}, base, 7)[-1][1]
    assert again == runs[7]


def test_success_does_not_change_over_a_run():
    entries = over_time({"process_redesign": {"ramp": 400.0}})
    touched = {frozenset(changed_stages(b)) for _, b in entries[1:]}
    assert len(touched) == 1


def test_process_simplification_merges_the_first_backstage_pair():
    b = at("process_simplification")
    assert b.reached_stages() == {"s1", "s2", "s4"}
    assert list(b.route["s2"]) == ["s4"]
    assert b.route["s2"]["s4"] == SHOP.route["s3"]["s4"]
    merged = b.stages["s2"]
    assert merged.service.mean == pytest.approx(1.8)  # .9 (1 + 1)
    assert merged.service.cv == 0.5
    assert (merged.error.p, merged.error.operator_share) == (pytest.approx(0.048), pytest.approx(0.2))  # 1.2 x .04
    assert set(b.pools) == {"p1", "p2", "p4"}
    assert b.pools["p2"].members == {**SHOP.pools["p2"].members, **SHOP.pools["p3"].members}
    assert b.stages["s3"].pool == "p2"  # orders under way
    assert b.spending == (Spending("process simplification", "prevention", 40.0, one_off=8000.0),)
    assert b.route["s1"] == SHOP.route["s1"]


def test_simplification_keeps_what_either_stage_showed_and_took():
    base = shop(stages={1: FRONT, 2: {**BACK, "extra_time": 0.1}, 3: {**FRONT, "extra_time": 0.2}, 4: FRONT})
    merged = at("process_simplification", base, merge=[["s2", "s3"]]).stages["s2"]
    assert (merged.onstage, merged.moment_of_truth, merged.extra_time) == (True, True, pytest.approx(0.3))


def test_simplification_of_three_stages_in_two_steps():
    base = chain(5, service=fixed(1.0), p=0.01, handoff=Handoff())
    b = at("process_simplification", base, merge=[["s1", "s2"], ["s1", "s3"]])
    assert b.reached_stages() == {"s1", "s4", "s5"}
    assert b.stages["s1"].service.mean == pytest.approx(0.9 * (1.8 + 1.0))
    assert b.stages["s1"].error.p == pytest.approx(0.0144)


MERGE_REFUSED = [
    ([["s1", "s3"]], "must lead to the second"),
    ([["s2", "s2"]], "must lead to the second"),
    ([["s4", DELIVERED]], "unknown stage"),
    ([["s2", "s33"]], "did you mean s3?"),
    ([["s1", "s2"], ["s2", "s3"]], "merged away"),
    ([["s1", "s2"], ["s1", "s2"]], "must lead to the second"),
]


@pytest.mark.parametrize(("merge", "said"), MERGE_REFUSED)
def test_what_cannot_be_merged(merge: list[list[str]], said: str):
    with pytest.raises(InvalidInput, match="merge") as caught:
        at("process_simplification", merge=merge)
    assert said in str(caught.value)


def test_simplification_needs_neighbours_backstage_in_one_function():
    for stages in ({1: FRONT, 2: BACK, 3: {"function": "yard"}, 4: FRONT}, dict.fromkeys((1, 2, 3, 4), FRONT)):
        with pytest.raises(InvalidInput, match="no two neighbouring backstage stages"):
            at("process_simplification", shop(stages=stages))


@pytest.mark.both_engines
def test_orders_pass_a_merge_in_the_middle_of_a_run():
    base = shop(hours=300.0, warm_up=0.0)
    journal = run(over_time({"process_simplification": {"delay": 100.0}}, base))
    orders = journal["orders"]
    assert not np.isnan(orders["delivered"]).any()
    late = np.flatnonzero(orders["placed"] > 100.0)
    third = journal.plan.stage_names.index("s3")
    assert not np.isin(journal["visits"]["order"][journal["visits"]["stage"] == third], late).any()


def test_fail_safing():
    b = at("fail_safing", compliance=0.5)
    for name, stage in b.stages.items():
        assert stage.error == replace(SHOP.stages[name].error, fail_safe=stage.error.fail_safe)
        assert stage.error.fail_safe == pytest.approx(0.185)
        assert time_of(stage) == (1.02, 0.5)
    assert b.spending == (Spending("fail-safe devices", "prevention", 40.0, 4 * 2500.0, 50.0),)
    assert at("fail_safing").stages["s1"].error.fail_safe == pytest.approx(0.37)
    twice = at("fail_safing", at("fail_safing")).stages["s1"].error.fail_safe
    assert twice == pytest.approx(1 - 0.63**2)


def test_batch_reduction():
    sizes = {n: at("batch_reduction", factor=f).route["s2"]["s3"].batch for n, f in enumerate((1.0, 0.6, 0.5, 0.01))}
    assert sizes == {0: 5, 1: 3, 2: 2, 3: 1}
    b = at("batch_reduction")
    assert b.route["s2"]["s3"] == replace(SHOP.route["s2"]["s3"], batch=2)  # a trip costs what it did
    assert b.spending == (Spending("smaller batches", "prevention", 40.0, one_off=500.0),)
    assert {s: b.route[s] for s in ("s1", "s3", "s4")} == {s: SHOP.route[s] for s in ("s1", "s3", "s4")}


# -- control -------------------------------------------------------------------------------------------------


def test_in_process_control():
    b = at("in_process_control")
    for stage in b.stages.values():
        assert (stage.self_check.detection, stage.incoming_check.detection) == (pytest.approx(0.5), 1.0)
        assert stage.special_cause == SpecialCause(0.002, 5.0, 10.0)
        # .01 h a visit and one false alarm (1 h) in 370 subgroups of 50
        assert stage.extra_time == pytest.approx(0.01 + 0.0027 / 50)
    assert b.spending == (Spending("in-process control", "appraisal", 40.0, 0.0, 100.0),)
    half = at("in_process_control", strength=0.5).stages["s1"]
    assert (half.self_check.detection, half.special_cause.mean_out) == (pytest.approx(0.4), 45.0)
    quick = shop(every={"special_cause": SpecialCause(0.002, 5.0, 4.0)})
    assert at("in_process_control", quick).stages["s1"].special_cause.mean_out == 4.0


def test_final_inspection_before_the_last_contact():
    b = at("final_inspection")
    assert list(b.stages) == ["s1", "s2", "s3", "final_inspection", "s4"]
    stage = b.stages["final_inspection"]
    assert (stage.service, stage.inspection, stage.appraisal) == (fixed(0.1), Check(0.8, 0.02), True)
    assert (stage.function, stage.onstage, stage.error.p) == ("office", False, 0.0)
    assert b.route["s3"] == {"final_inspection": Handoff()}
    assert b.route["final_inspection"] == {"s4": SHOP.route["s3"]["s4"]}  # the border lies behind it
    assert len(b.pools["inspectors"].members) == 1
    assert {n: b.route[n] for n in ("s1", "s2", "s4")} == {n: SHOP.route[n] for n in ("s1", "s2", "s4")}
    assert at("final_inspection", strength=0.5).stages["final_inspection"].inspection == Check(0.4, 0.01)
    with pytest.raises(InvalidInput, match="once only"):
        at("final_inspection", b)


@pytest.mark.parametrize("place", [FRONT, BACK])
def test_final_inspection_at_the_very_end(place: dict[str, Any]):
    """A chain that is onstage throughout, or backstage to its end."""
    b = at("final_inspection", shop(stages=dict.fromkeys((1, 2, 3, 4), place)))
    assert list(b.stages)[-1] == "final_inspection"
    assert (list(b.route["s4"]), list(b.route["final_inspection"])) == (["final_inspection"], [DELIVERED])


def desk() -> Blueprint:
    """Three lines of support: first (onstage), second and third backstage, a closing call."""
    names = {1: FRONT, 2: BACK, 3: BACK, 4: FRONT}
    route = {
        "s1": {DELIVERED: Handoff(0.6), "s2": Handoff(0.4)},
        "s2": {"s4": Handoff(0.75), "s3": Handoff(0.25)},
        "s3": {"s4": Handoff(0.9), "s2": Handoff(0.1)},
        "s4": {DELIVERED: Handoff()},
    }
    return shop(stages=names, route=route)


def test_final_inspection_of_a_help_desk():
    """Most calls never go backstage: the ways from there would not do, so all are inspected at delivery."""
    b = at("final_inspection", desk())
    assert b.route["s1"] == {"final_inspection": Handoff(0.6), "s2": Handoff(0.4)}
    assert b.route["s4"] == {"final_inspection": Handoff()}
    assert b.route["final_inspection"] == {DELIVERED: Handoff()}
    assert {s: b.route[s] for s in ("s2", "s3")} == {s: desk().route[s] for s in ("s2", "s3")}
    # in the place of the way led through: the draw that picks a way means what it meant
    assert list(b.route["s1"]) == ["final_inspection", "s2"]


def two_ends() -> Blueprint:
    """s1 -> s2 (1 in 4) or s3; both backstage, only the one with a front stage after it."""
    route = {
        "s1": {"s2": Handoff(0.25), "s3": Handoff(0.75)},
        "s2": {"s4": Handoff(retention=0.9)},
        "s3": {DELIVERED: Handoff()},
        "s4": {DELIVERED: Handoff()},
    }
    return shop(route=route)


def test_final_inspection_lets_every_order_go_where_it_was_going():
    b = at("final_inspection", two_ends())
    before_s4, before_delivery = "final_inspection_before_s4", "final_inspection_before_delivered"
    assert list(b.stages) == ["s1", "s2", before_s4, "s3", before_delivery, "s4"]
    assert {b.stages[name].pool for name in (before_s4, before_delivery)} == {"inspectors"}
    assert (b.route["s2"], b.route["s3"]) == ({before_s4: Handoff()}, {before_delivery: Handoff()})
    assert b.route[before_s4] == {"s4": Handoff(retention=0.9)}
    assert b.route[before_delivery] == {DELIVERED: Handoff()}
    with pytest.raises(InvalidInput, match="once only"):
        at("final_inspection", b)


def test_one_source_of_two_targets_keeps_its_ways():
    """s2 -> s3 or s4, both onstage: the chance and the place of each way stay."""
    route = {
        "s1": {"s2": Handoff()},
        "s2": {"s4": Handoff(0.25), "s3": Handoff(0.75)},
        "s3": {DELIVERED: Handoff()},
        "s4": {DELIVERED: Handoff()},
    }
    b = at("final_inspection", shop(stages={1: FRONT, 2: BACK, 3: FRONT, 4: FRONT}, route=route))
    ways = {name: way.probability for name, way in b.route["s2"].items()}
    assert list(ways.items()) == [("final_inspection_before_s4", 0.25), ("final_inspection_before_s3", 0.75)]


def short_cut() -> Blueprint:
    """s1 -> s2 (backstage) or s3 (onstage), then s4 (onstage): half the orders never go backstage."""
    route = {
        "s1": {"s2": Handoff(0.5), "s3": Handoff(0.5)},
        "s2": {"s4": Handoff()},
        "s3": {"s4": Handoff()},
        "s4": {DELIVERED: Handoff()},
    }
    return shop(stages={1: FRONT, 2: BACK, 3: FRONT, 4: FRONT}, route=route)


ALL_ONSTAGE = shop(stages=dict.fromkeys((1, 2, 3, 4), FRONT))
INSPECTED = {"chain": SHOP, "onstage": ALL_ONSTAGE, "desk": desk(), "two ends": two_ends(), "short cut": short_cut()}


@pytest.mark.parametrize("system", INSPECTED.values(), ids=INSPECTED)
@pytest.mark.both_engines
def test_every_order_is_inspected_exactly_once(system: Blueprint):
    b = at("final_inspection", replace(system, horizon=Horizon(0.0, 1500.0)), detection=0.8, false_alarm=0.1)
    inspections = [name for name, stage in b.stages.items() if stage.appraisal]
    visits = visit_ratios(b)
    assert sum(visits[name] for name in inspections) == pytest.approx(1.0, abs=1e-12)
    others = visit_ratios(system)
    assert {n: visits[n] for n in others} == pytest.approx(others)
    journal = run(b)
    rows, names = journal["visits"], np.array(journal.plan.stage_names)
    chosen = np.isin(names[rows["stage"]], inspections) & (rows["kind"] == FIRST_WORK)
    times = np.bincount(rows["order"][chosen], minlength=len(journal["orders"]))
    delivered = ~np.isnan(journal["orders"]["delivered"])
    assert delivered.sum() > 100
    assert (times[delivered] == 1).all()


@pytest.mark.parametrize("hours", [1e-6, 0.1, 5.0])
@pytest.mark.both_engines
def test_inspection_at_the_end_is_no_wait_for_the_customer(hours: float):
    """All onstage and faultless: however long the inspection, no score of responsiveness moves."""
    base = shop(stages=dict.fromkeys((1, 2, 3, 4), FRONT), p=0.0)
    inspected = at("final_inspection", base, false_alarm=0.0, time=hours, inspectors=20)
    before, after = (run(b)["orders"] for b in (base, inspected))
    assert len(before) > 100
    assert (after["delivered"] > before["delivered"]).all()
    responsiveness = DIMENSIONS.index("responsiveness")
    for column in ("scored", "actual_sum", "seen_sum", "extreme", "last", "actual"):
        assert before[column][:, responsiveness].tobytes() == after[column][:, responsiveness].tobytes(), column


def test_inspection_leaves_out_what_is_no_work():
    """Training and redesign cover neither inspectors nor stages that were merged away."""
    inspected = at("final_inspection", at("process_simplification"))
    both = scenario({"process_redesign": {"functions": ["office"]}}).programmes[0].scope(inspected)
    assert both == ("s2",)
    assert find("whole_chain_training", "").default_scope(inspected) == ("s1", "s2", "s4")


# -- promises ------------------------------------------------------------------------------------------------


def test_expectation_management_promises_what_was_measured():
    base = shop(promise=Promise(0.9, 24.0), perception=Perception(wait_bias=1.36))
    b = at("expectation_management", base, margin=0.05)
    assert (b.promise.level, b.promise.lead_time) == (pytest.approx(0.75), 12.0)
    assert b.perception == Perception(wait_bias=1.0)
    assert b.spending == (Spending("expectation management", "prevention", 40.0, 2000.0, 50.0),)
    half = at("expectation_management", base, strength=0.5)
    assert (half.promise.level, half.promise.lead_time) == pytest.approx((0.8, 18.0))
    assert half.perception.wait_bias == pytest.approx(1.18)
    assert find("expectation_management", "").needs_facts
    assert scenario({"expectation_management": {}}).needs_facts
    assert not scenario({"overpromising": {}}).needs_facts


def test_overpromising_only_promises():
    base = shop(promise=Promise(0.85, 24.0))
    b = at("overpromising", base)
    assert b == replace(base, promise=b.promise, spending=b.spending)
    assert (b.promise.level, b.promise.lead_time) == pytest.approx((0.93, 19.2))
    assert b.spending == (Spending("advertising", "market", 40.0, 0.0, 100.0),)
    assert at("overpromising", base, level=0.5).promise.level == 1.0


# -- staff ---------------------------------------------------------------------------------------------------


def test_empowerment_of_those_whom_the_customer_meets():
    crews = {name: replace(p, discretion=0.2) for name, p in SHOP.pools.items()}
    base = shop(pools=crews, costs=Costs(compensation=30.0))
    b = at("empowerment", base)
    assert [b.pools[name].discretion for name in ("p1", "p2", "p3", "p4")] == pytest.approx([0.7, 0.2, 0.2, 0.7])
    assert time_of(b.stages["s1"]) == (1.0, 0.55)
    assert b.stages["s2"] == base.stages["s2"]
    assert (b.costs.compensation, b.costs.per_recovery) == (pytest.approx(36.0), 30.0)
    assert away(b, "p1") == [((40.0, 8.0),), ((48.0, 8.0),)]
    assert away(b, "p2") == [(), ()]


def test_hiring_at_the_bottleneck():
    busy = shop(service=[LOGNORMAL, LOGNORMAL, Distribution("lognormal", 1.9, 0.5), LOGNORMAL])
    for crew, b in (("p3", at("hiring", busy, strength=0.5)), ("p2", at("hiring", busy, strength=0.5, pool="p2"))):
        new = b.pools[crew].members[f"{crew}_new_1"]
        assert (new.skill, new.service_skill) == (pytest.approx(0.65), pytest.approx(0.65))  # from .55 to .75
        assert {n: len(p.members) for n, p in b.pools.items() if len(p.members) != 2} == {crew: 3}
        assert b.spending == (Spending(f"hiring for {crew}", "capacity", 40.0, one_off=10080.0),)
    two = at("hiring", busy, count=2, skill=0.45, service_skill=0.65, strength=1e-9)
    newcomers = [m for n, m in two.pools["p3"].members.items() if "_new_" in n]
    assert [(round(m.skill, 6), round(m.service_skill, 6)) for m in newcomers] == [(0.45, 0.65)] * 2
    assert two.spending[0].one_off == 20160.0
    with pytest.raises(InvalidInput, match="already has a member"):
        at("hiring", two, pool="p3")


def test_newcomers_grow_by_practice_where_there_is_practice():
    """With layer 2 the plan holds what they grow to, and where they start; the strength does not move it."""
    for strength in (1e-9, 0.5, 1.0):
        new = at("hiring", FIRM, strength=strength, pool="p2", skill=0.45, service_skill=0.65).pools["p2"].members
        member = new["p2_new_1"]
        assert (member.skill, member.service_skill) == (0.75, 0.75)
        assert (member.entry_skill, member.entry_service_skill) == (0.45, 0.65)
    off = replace(FIRM, switches={"practice": False})
    member = at("hiring", off, strength=0.5, pool="p2").pools["p2"].members["p2_new_1"]
    assert (member.skill, member.entry_skill) == (pytest.approx(0.65), 0.0)
    assert at("hiring", FIRM, pool="p2", skill=0.0).pools["p2"].members["p2_new_1"].entry_skill > 0.0


@pytest.mark.both_engines
def test_a_newcomer_s_skill_in_the_run():
    """They start at their entry level and close the distance to the level + headroom job by job."""
    busy = firm(hours=400.0, warm_up=0.0, arrivals=stream(2.0))
    journal = run(over_time({"hiring": {"pool": "p2", "skill": 0.55, "delay": 1.0}}, busy))
    row = journal["members"][journal.plan.staff_names.index("p2_new_1")]
    assert row["jobs"] > 50
    assert -0.2 < row["technical"] < -0.1  # below colleagues by .2 at the start


def test_newcomers_work_the_hours_of_their_colleagues():
    early, late = StaffMember(shifts=((0.0, 8.0),)), StaffMember(shifts=((8.0, 16.0),))
    base = shop(pools={**SHOP.pools, "p2": StaffPool({"ann": early, "bob": late})})
    new = at("hiring", base, pool="p2", count=3).pools["p2"].members
    hours = [new[f"p2_new_{i}"].shifts for i in (1, 2, 3)]
    assert hours == [early.shifts, late.shifts, early.shifts]


def test_empowerment_does_not_widen_times_twice():
    """Where discretion itself widens times (layer 2), the intervention leaves their spread to it."""
    assert time_of(at("empowerment", FIRM).stages["s1"]) == (1.0, 0.5)
    off = replace(FIRM, switches={"discretion_spread": False})
    assert time_of(at("empowerment", off).stages["s1"]) == (1.0, 0.55)


# -- controls ------------------------------------------------------------------------------------------------


def test_doing_nothing_is_the_base_itself():
    assert timeline(SHOP, scenario({}), 1, 0) == ((0.0, SHOP),)
    assert timeline(SHOP, scenario({}), 1, 0)[0][1] is SHOP


@pytest.mark.both_engines
def test_placebo_draws_and_changes_nothing():
    """V31: the same journal to the last byte, so that every paired difference is exactly 0."""
    base = rich_system(150.0)
    drawn = []
    at("placebo", base, draws=2, draw=lambda name: drawn.append(name) or 0.5)
    assert drawn == ["placebo 0", "placebo 1"]
    for replication in range(4):
        entries = over_time({"placebo": {"draws": 5}}, base, replication)
        assert entries == ((0.0, base),)
        with_it, without = (run(s, 3, replication) for s in (entries, base))
        assert with_it.to_bytes() == without.to_bytes()
        assert len(without["orders"]) > 20
        for table in JOURNAL:
            for column in with_it[table].dtype.names or ():
                kept = with_it[table][column]
                assert np.array_equal(kept, without[table][column], equal_nan=kept.dtype.kind == "f")


# -- scope, adoption, time -----------------------------------------------------------------------------------

SCOPES = [
    ({}, {"s1", "s2", "s3", "s4"}),
    ({"stages": ["s3"]}, {"s3"}),
    ({"stages": ["s3", "s3"]}, {"s3"}),
    ({"functions": ["desk"]}, {"s1", "s4"}),
    ({"pools": ["p2", "p4"]}, {"s2", "s4"}),
    ({"functions": ["office"], "pools": ["p2", "p4"]}, {"s2"}),
    ({"stages": ["s1", "s3"], "functions": ["office"]}, {"s1", "s3"}),
]


@pytest.mark.parametrize(("scope", "covered"), SCOPES)
def test_scope(scope: dict[str, Any], covered: set[str]):
    final = over_time({"fail_safing": scope})[-1][1]
    assert changed_stages(final) == covered
    assert final.spending[0].one_off == 2500.0 * len(covered)


def test_scope_of_training_is_staff():
    final = over_time({"frontline_training": {"stages": ["s2"]}})[-1][1]
    assert {name for name in final.pools if members(final, name)[0].gain > 0} == {"p2"}


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"stages": ["s5"]}, "interventions.fail_safing.stages = s5: unknown stage"),
        ({"functions": ["offices"]}, "did you mean office?"),
        ({"pools": ["q1"]}, "interventions.fail_safing.pools = q1: unknown pool"),
        ({"functions": ["desk"], "pools": ["p2"]}, "covers no stage"),
    ],
)
def test_scope_of_nothing(scope: dict[str, Any], said: str):
    with pytest.raises(InvalidInput) as caught:
        over_time({"fail_safing": scope})
    assert said in str(caught.value)


def prevented(entries: Any) -> list[float]:
    return [b.stages["s1"].error.fail_safe for _, b in entries]


@pytest.mark.parametrize(
    ("given", "strength"),
    [
        ({"adoption": 0.5}, 0.5),
        ({"border_resistance": 0.1}, 0.9),  # desk and office: one border
        ({"border_resistance": 0.1, "adoption": 0.6, "stages": ["s1", "s2"]}, 0.5),
        ({"border_resistance": 0.1, "stages": ["s1", "s4"]}, 1.0),
        ({"border_resistance": 1.0}, 0.0),
    ],
)
def test_adoption(given: dict[str, Any], strength: float):
    assert prevented(over_time({"fail_safing": given}))[-1] == pytest.approx(0.37 * strength)


def test_ramp_and_fade_are_followed_week_by_week():
    base = shop(hours=400.0)
    given = {"start": 20.0, "delay": 60.0, "ramp": 100.0, "fade": 300.0}
    entries = over_time({"fail_safing": given}, base)
    assert [start for start, _ in entries][:4] == [0.0, 120.0, 140.0, 160.0]
    ends = [start for start, _ in entries[2:]] + [440.0]
    for (start, _), end, value in zip(entries[1:], ends, prevented(entries)[1:], strict=True):
        middle = 0.5 * (start + end) - 120.0  # since it set in: warm-up 40 + start 20 + delay 60
        assert value == pytest.approx(0.37 * (1 - np.exp(-middle / 100)) * np.exp(-middle / 300))
    assert prevented(entries)[0] == 0.0


def test_equal_neighbours_in_time_are_merged():
    starts = [start for start, _ in over_time({"fail_safing": {"delay": 80.0}})]
    assert starts == [0.0, 120.0]
    starts = [start for start, _ in over_time({"process_redesign": {"delay": 320.0, "success": 1.0}})]
    assert starts == [0.0, 360.0, 520.0]  # set in, learned
    entries = over_time({"frontline_training": {"ramp": 100.0}})
    assert all(a[1] != b[1] for a, b in pairwise(entries))
    assert len(entries) > 40


def test_interventions_apply_in_the_order_given():
    base = shop(warm_up=0.0)
    inspected = over_time({"final_inspection": {}, "hiring": {"pool": "inspectors"}}, base)[-1][1]
    assert len(inspected.pools["inspectors"].members) == 2
    with pytest.raises(InvalidInput, match=r"scenarios\.test\.interventions\.hiring\.pool = inspectors"):
        over_time({"hiring": {"pool": "inspectors"}, "final_inspection": {}}, base)
    labels = {"overpromising": "advertising", "fail_safing": "fail-safe devices"}
    for order in (list(labels), list(labels)[::-1]):
        final = over_time({name: {} for name in order})[-1][1]
        assert [s.label for s in final.spending] == [labels[name] for name in order]
    # a redesigned stage is merged, or a merged stage is redesigned
    merge, redo = {"process_simplification": {"errors": 1.0}}, {"process_redesign": {"success": 1.0, "dip_weeks": 0.0}}
    assert over_time({**redo, **merge})[-1][1].spending[0].one_off == 24000.0
    assert over_time({**merge, **redo})[-1][1].spending[1].one_off == 18000.0


def test_factors_commute_and_add_up():
    both = over_time({"a": {"kind": "fail_safing"}, "b": {"kind": "fail_safing", "reduction": 0.5}})[-1][1]
    swapped = over_time({"b": {"kind": "fail_safing", "reduction": 0.5}, "a": {"kind": "fail_safing"}})[-1][1]
    assert both.stages["s1"].error.fail_safe == pytest.approx(1 - 0.63 * 0.5)
    assert swapped.stages["s1"].error.fail_safe == pytest.approx(both.stages["s1"].error.fail_safe)


def test_a_century_is_enough_for_programmes():
    base = replace(SHOP, horizon=Horizon(0.0, 1e9))
    assert timeline(base, scenario({}), 1, 0) == ((0.0, base),)
    with pytest.raises(InvalidInput, match="horizon"):
        over_time({"fail_safing": {}}, base)


# -- interventions of one's own ------------------------------------------------------------------------------


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registry.known_interventions()
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))
    yield
    registry._load_all.cache_clear()


@pytest.mark.usefixtures("own_registry")
def test_a_function_of_one_s_own_is_an_intervention():
    @intervention(scope=lambda b: ("s2",))
    def new_chairs(blueprint: Blueprint, now: InForce, *, comfort: float = 0.1, colour: str = "blue") -> Blueprint:
        crew = blueprint.pools["p2"]
        happier = {n: replace(m, morale=m.morale + comfort * now.strength) for n, m in crew.members.items()}
        return replace(blueprint, pools={**blueprint.pools, "p2": replace(crew, members=happier)})

    assert new_chairs.__name__ in registry.known_interventions()
    entries = over_time({"new_chairs": {"comfort": 0.2, "adoption": 0.5, "delay": 10.0}})
    assert [[m.morale for m in members(b, "p2")] for _, b in entries] == [[0.6, 0.6], [pytest.approx(0.7)] * 2]
    refused = [({"comfrot": 1}, "did you mean comfort?"), ({"comfort": "much"}, "comfort = much: must be a number")]
    for wrong, said in refused:
        with pytest.raises(InvalidInput) as caught:
            scenario({"new_chairs": wrong})
        assert said in str(caught.value)
        assert str(caught.value).startswith("scenarios.test.interventions.new_chairs.comf")


@pytest.mark.usefixtures("own_registry")
def test_parameters_without_default_or_type_are_fine():
    @intervention()
    def bare_bones(blueprint, now, *, needed, loose=3):  # type: ignore[no-untyped-def]
        return replace(blueprint, name=f"{needed}{loose}")

    assert over_time({"bare_bones": {"needed": "x"}})[-1][1].name == "x3"
    with pytest.raises(InvalidInput, match=r"bare_bones\.needed: is missing"):
        scenario({"bare_bones": {}})


@pytest.mark.usefixtures("own_registry")
def test_a_module_dropped_into_the_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "house_rules.py").write_text(
        "from dataclasses import replace\n"
        "from scenarios.interventions import InForce, intervention\n"
        "from sim.blueprint import Blueprint\n\n"
        "@intervention()\n"
        "def rename(blueprint: Blueprint, now: InForce, *, to: str = 'other') -> Blueprint:\n"
        "    return replace(blueprint, name=to) if now.has_begun else blueprint\n"
    )
    package = scenarios.interventions
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    registry._load_all.cache_clear()
    assert over_time({"rename": {"to": "mine"}})[-1][1].name == "mine"


@pytest.mark.both_engines
def test_pool_of_hired_people_serves():
    """A newcomer takes visits in the run, from the day they come."""
    base = chain(1, service=fixed(1.9), members=2, pools={"p1": pool("p1_", 2)}, hours=100.0, stages={1: FRONT})
    busy = replace(base, arrivals=replace(base.arrivals, interval=fixed(1.0)))
    journal = run(over_time({"hiring": {"delay": 50.0}}, busy))
    staff = np.array(journal.plan.staff_names)[journal["visits"]["staff"]]
    began = journal["visits"]["began"][staff == "p1_new_1"]
    assert len(began) > 5
    assert began.min() >= 50.0
