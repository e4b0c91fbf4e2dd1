"""Interventions on the living organisation: teams, owners, involvement, key accounts, suppliers, loops, marketing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import chain, exponential, fixed, pool, population, run, stream
from test_interventions import BACK, FIRM, FRONT, LOGNORMAL, SHOP, at, away, firm, members, over_time, shop

from sim.blueprint import (
    NO_TIME,
    Blueprint,
    Calendar,
    Distribution,
    Handoff,
    Improvement,
    Knowledge,
    Participation,
    Partnership,
    Requirements,
    Segment,
    Spending,
    StaffMember,
    StaffPool,
    Stage,
    Supplier,
    Terms,
)
from sim.invalid import InvalidInput
from sim.traffic import utilisation


def refused(kind: str, base: Blueprint = FIRM, **parameters: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        at(kind, base, **parameters)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- cross-functional teams ----------------------------------------------------------------------------------


def test_teams_instead_of_departments():
    b = at("cross_functional_team")
    teams = ("team_1", "team_2")  # eight people: two teams of four
    assert set(b.pools) == set(teams)
    for name, stage in b.stages.items():
        before = SHOP.stages[name]
        assert stage == replace(before, pool="team_1", teams=teams, incoming_check=stage.incoming_check)
        assert stage.incoming_check.detection == pytest.approx(1.0)  # from .9
    # dealt one after the other: each team gets one of every department
    assert [list(b.pools[t].members) for t in teams] == [
        ["p1_0", "p2_0", "p3_0", "p4_0"], ["p1_1", "p2_1", "p3_1", "p4_1"],
    ]  # fmt: skip
    assert [m.skill for t in teams for m in members(b, t)] == pytest.approx([0.70] * 8)
    assert {m.service_skill for t in teams for m in members(b, t)} == {0.75}
    assert {b.pools[t].coordination for t in teams} == {0.05}
    assert b.spending == (Spending("cross-functional teams", "prevention", 40.0, one_off=10000.0),)
    assert [len(m.off_line) for t in teams for m in members(b, t)] == [5] * 8  # 40 h a person
    # what was a border is one no more; what was inside a department stays as it was
    assert b.route["s1"]["s2"] == Handoff(retention=b.route["s1"]["s2"].retention, delay=NO_TIME, border=False)
    assert b.route["s1"]["s2"].retention == pytest.approx(0.995)
    assert b.route["s2"]["s3"] == SHOP.route["s2"]["s3"]


def test_teams_by_halves():
    b = at("cross_functional_team", strength=0.5)
    way = b.route["s1"]["s2"]
    assert (way.retention, way.delay, way.border) == (pytest.approx(0.9725), fixed(0.5), False)
    assert members(b, "team_1")[0].skill == pytest.approx(0.725)
    assert b.pools["team_1"].coordination == pytest.approx(0.025)
    better = shop(handoff=Handoff(retention=0.999, border=True))  # nothing is made worse
    assert at("cross_functional_team", better).route["s1"]["s2"].retention == 0.999


@pytest.mark.parametrize(("teams", "sizes"), [(0, [4, 4]), (2, [4, 4]), (3, [3, 3, 2]), (8, [1] * 8)])
def test_people_are_dealt_evenly(teams: int, sizes: list[int]):
    b = at("cross_functional_team", teams=teams)
    assert [len(crew.members) for crew in b.pools.values()] == sizes
    dealt = [name for crew in b.pools.values() for name in crew.members]
    assert sorted(dealt) == sorted(name for crew in SHOP.pools.values() for name in crew.members)
    work = utilisation(b)
    assert sum(work[t] * len(b.pools[t].members) for t in work) == pytest.approx(
        sum(utilisation(SHOP)[p] * 2 for p in SHOP.pools)
    )


def test_a_team_s_habits_are_the_mean_of_its_members_():
    crews = {name: replace(crew, discretion=level) for (name, crew), level in
             zip(SHOP.pools.items(), (0.2, 0.2, 0.4, 0.8), strict=True)}  # fmt: skip
    b = at("cross_functional_team", shop(pools=crews))
    assert b.pools["team_2"].discretion == pytest.approx(0.4)


def test_teams_of_a_part_of_the_chain():
    """s2 and s3 share teams; the border behind s1 stays one, and s1 and s4 keep their people."""
    b = at("cross_functional_team", stages=("s2", "s3"))
    assert set(b.pools) == {"p1", "p4", "team_1", "team_2"}
    assert (b.stages["s1"], b.route["s1"], b.route["s3"]) == (SHOP.stages["s1"], SHOP.route["s1"], SHOP.route["s3"])
    assert b.stages["s2"].teams == ("team_1", "team_2")
    shared = shop(stages={1: {**FRONT, "pool": "p2"}, 2: BACK, 3: BACK, 4: FRONT})
    along = at("cross_functional_team", shared, stages=("s2",))  # whoever serves s2 serves s1, so it goes along
    assert (along.stages["s1"].teams, along.stages["s3"].teams) == (("team_1", "team_2"), ())


def test_what_teams_cannot_be():
    assert "teams = 9: must be 0 or a number from 2 to 8" in refused("cross_functional_team", SHOP, teams=9)
    assert "teams = 1" in refused("cross_functional_team", SHOP, teams=1)
    assert "two people or more" in refused("cross_functional_team", chain(1))
    assert "once only" in refused("cross_functional_team", at("cross_functional_team"))
    for name in ("retention", "detection", "skill_loss", "coordination"):
        assert f"{name} = 2" in refused("cross_functional_team", **{name: 2.0})


@pytest.mark.both_engines
def test_in_a_run_an_order_stays_with_its_team():
    base = firm(hours=400.0, warm_up=0.0, arrivals=population(40, exponential(60.0)))
    journal = run(over_time({"cross_functional_team": {"delay": 100.0}}, base))
    late = np.flatnonzero(journal["orders"]["placed"] > 130.0)
    teams = {name: team for team, crew in journal.plan.blueprints[-1].pools.items() for name in crew.members}
    team_of = np.array([int(teams[name][-1]) for name in journal.plan.staff_names])
    visits = journal["visits"][np.isin(journal["visits"]["order"], late)]
    seen: dict[int, set[int]] = {}
    for order, staff in zip(visits["order"].tolist(), visits["staff"].tolist(), strict=True):
        customer = int(journal["orders"]["customer"][order])
        seen.setdefault(customer, set()).add(int(team_of[staff]))
    assert len(seen) > 20
    assert {len(found) for found in seen.values()} == {1}
    assert set.union(*seen.values()) == {1, 2}
    assert (journal["handoffs"]["border"][np.isin(journal["handoffs"]["order"], late)] == 0).all()


def test_merging_keeps_what_a_pool_is_like():
    """Staff who join a merged stage's pool join its habits; stages of different teams cannot be merged."""
    crews = {n: replace(p, discretion=0.4, coordination=0.1, at_close="stay") for n, p in FIRM.pools.items()}
    merged = at("process_simplification", firm(pools=crews)).pools["p2"]
    assert len(merged.members) == 4
    assert (merged.discretion, merged.coordination, merged.at_close) == (0.4, 0.1, "stay")
    kept = at("process_simplification", FIRM).stages["s2"]
    assert (kept.supplier, kept.configures) == ("mill", True)
    inside = at("process_simplification", at("cross_functional_team", FIRM))
    assert len(inside.reached_stages()) == 3
    part = at("cross_functional_team", FIRM, stages=("s2",))
    assert "stages of teams can be merged only" in refused("process_simplification", part, merge=[["s2", "s3"]])


# -- owners and shared files ---------------------------------------------------------------------------------


def test_case_owner_keeps_the_case_together():
    b = at("case_owner", FIRM, presence=0.8)
    # r + (1 - r) presence at borders; nothing inside a department
    assert b.route["s1"]["s2"].retention == pytest.approx(0.95 + 0.05 * 0.8)
    assert replace(b.route["s1"]["s2"], retention=0.95) == FIRM.route["s1"]["s2"]
    assert b.route["s2"] == FIRM.route["s2"]
    assert {p.coordination for p in b.pools.values()} == {0.03}
    assert b.stages["s1"].incoming_check.detection == pytest.approx(1.0)
    assert [len(periods) for periods in away(b, "p1")] == [1, 1]  # 8 h a person
    part = at("case_owner", FIRM, strength=0.5, stages=("s4",), detection=0.05)
    assert part.route["s3"]["s4"].retention == pytest.approx(0.95 + 0.05 * 0.4)
    assert part.route["s1"] == FIRM.route["s1"]
    assert part.stages["s4"].incoming_check.detection == pytest.approx(0.925)
    assert {n: p.coordination for n, p in part.pools.items()} == {"p1": 0, "p2": 0, "p3": 0, "p4": pytest.approx(0.015)}
    assert "presence = 2" in refused("case_owner", presence=2.0)


def test_coordination_has_a_ceiling():
    busy = firm(pools={n: replace(p, coordination=0.88) for n, p in FIRM.pools.items()})
    assert {p.coordination for p in at("case_owner", busy).pools.values()} == {0.9}


def test_shared_knowledge():
    b = at("shared_knowledge", FIRM)
    assert b == replace(FIRM, knowledge=b.knowledge, spending=b.spending)
    assert (b.knowledge.personal, b.knowledge.shared) == (1.0, pytest.approx(0.9))
    assert b.spending == (Spending("shared customer file", "prevention", 40.0, 5000.0, 100.0),)
    assert at("shared_knowledge", FIRM, strength=0.5).knowledge.shared == pytest.approx(0.6)  # from .3
    assert at("shared_knowledge", FIRM, shared=0.1).knowledge.shared == 0.3  # never less than before


@pytest.mark.both_engines
def test_a_shared_file_lets_strangers_know_the_customer():
    """Nobody remembers, but there is a file: most later contacts know the customer, so empathy is higher."""
    base = chain(
        1, service=1.0, members=4, stages={1: FRONT}, layers=(0, 1, 2, 3), hours=400.0,
        arrivals=population(20, fixed(7.0)), knowledge=Knowledge(0.0, 0.0),
    )  # fmt: skip
    alone, together = (np.nanmean(run(b)["moments"]["actual"][:, 3]) for b in (base, at("shared_knowledge", base)))
    assert together > alone + 0.02


# -- staff ---------------------------------------------------------------------------------------------------


def test_employee_involvement():
    b = at("employee_involvement", FIRM, strength=0.5, idea_yield=0.1, idea_effect=0.9, follow_up=0.6)
    assert {(p.involvement, p.participation) for p in b.pools.values()} == {(0.5, 1.0)}
    assert b.participation == Participation(idea_yield=0.1, idea_effect=0.9, follow_up=0.6)
    assert b.spending == ()
    full = at("employee_involvement", FIRM, stages=("s1",))
    assert {n: (p.involvement, p.participation) for n, p in full.pools.items()} == {
        "p1": (1.0, 2.0), "p2": (0, 0), "p3": (0, 0), "p4": (0, 0),
    }  # fmt: skip
    assert "follow_up = 2" in refused("employee_involvement", follow_up=2.0)
    assert "participation = 99" in refused("employee_involvement", participation=99.0)


@pytest.mark.both_engines
def test_involvement_takes_hours_and_lifts_morale():
    base = firm(hours=800.0, warm_up=0.0, switches={"absence": False, "turnover": False})
    before, after = (run(b)["weeks"] for b in (base, at("employee_involvement", base, idea_yield=0.5)))
    assert before["off_line"].sum() == 0.0
    # two hours a week for each of eight people, from the second week on
    assert after["off_line"].sum() == pytest.approx(8 * 2.0 * 19, rel=0.06)
    assert after["morale"][-2] > before["morale"][-2] + 0.05
    assert after["ideas"].sum() > 10
    assert before["ideas"].sum() == 0


def test_communication_campaign_fades():
    b = at("communication_campaign", FIRM, stages=("s1",))
    assert {n: {m.morale_boost for m in p.members.values()} for n, p in b.pools.items()} == {
        "p1": {0.05}, "p2": {0.0}, "p3": {0.0}, "p4": {0.0},
    }  # fmt: skip
    assert b.spending == (Spending("communication campaign", "prevention", 40.0, one_off=3000.0),)
    entries = over_time({"communication_campaign": {"fade": 160.0}}, firm(hours=400.0))
    boosts = [members(blueprint, "p2")[0].morale_boost for _, blueprint in entries[1:]]
    weeks = np.arange(len(boosts))
    assert boosts == pytest.approx(list(0.05 * np.exp(-(weeks + 0.5) * 40.0 / 160.0)))
    down = at("communication_campaign", FIRM, boost=-0.15)
    assert members(down, "p1")[0].morale_boost == -0.15


@pytest.mark.both_engines
def test_pressure_is_speed_for_a_price():
    b = at("pressure", FIRM, strength=0.5, stages=("s2",))
    assert {n: p.pressure for n, p in b.pools.items()} == {"p1": 0, "p2": 0.05, "p3": 0, "p4": 0}
    base = firm(hours=1500.0, warm_up=0.0, arrivals=stream(1.2), switches={"absence": False, "turnover": False})
    calm, driven = (run(x)["visits"] for x in (base, at("pressure", base)))
    assert driven["hours"].mean() < calm["hours"].mean() / 1.05
    assert calm["load"].max() <= 1.0 < driven["load"].max() <= 1.1
    assert "norm = 2" in refused("pressure", norm=2.0)


# -- customers -----------------------------------------------------------------------------------------------


def test_key_accounts_go_first():
    b = at("key_account_priority", FIRM)
    assert b.segments == {
        "many": replace(FIRM.segments["many"], priority=1),
        "key": replace(FIRM.segments["key"], priority=0, owner=True, care_cost=360.0),  # the dearest, by default
    }
    assert replace(b, segments=FIRM.segments) == FIRM
    chosen = at("key_account_priority", FIRM, strength=0.5, segment="many").segments
    assert (chosen["many"].owner, chosen["many"].care_cost, chosen["key"].priority) == (True, 210.0, 1)
    three = {"a": Segment(0.2, 1), "b": Segment(0.3, 2), "c": Segment(0.5, 0, price=900.0)}
    served = at("key_account_priority", firm(segments=three)).segments
    assert {name: s.priority for name, s in served.items()} == {"a": 2, "b": 3, "c": 0}


def test_nobody_goes_first_where_all_are_alike():
    assert "all customers are of one segment" in refused("key_account_priority", SHOP)
    assert "did you mean key?" in refused("key_account_priority", segment="kez")


@pytest.mark.both_engines
def test_priority_moves_waiting_from_one_class_to_the_other():
    """From the middle of a run on key accounts wait less than the others, and before as long."""
    base = firm(
        hours=6000.0, warm_up=0.0, arrivals=stream(exponential(0.6)), layers=(0,), service=exponential(1.0), p=0.0,
        handoff=Handoff(),
    )  # fmt: skip
    journal = run(over_time({"key_account_priority": {"start": 3000.0}}, base))
    visits, orders = journal["visits"], journal["orders"]
    segment = journal["customers"]["segment"][orders["customer"][visits["order"]]]
    wait = visits["began"] - visits["arrived"]
    key = journal.plan.segment_names.index("key")
    early, late = visits["arrived"] < 3000.0, visits["arrived"] >= 3000.0
    means = {(when, who): wait[mask & (segment == i)].mean()
             for when, mask in (("before", early), ("after", late))
             for who, i in (("key", key), ("many", 1 - key))}  # fmt: skip
    assert means["after", "key"] < 0.5 * means["after", "many"]
    assert 0.8 < means["before", "key"] / means["before", "many"] < 1.25


def test_acquisition():
    b = at("acquisition", FIRM, strength=0.5, factor=2.0)
    assert {n: s.prospects for n, s in b.segments.items()} == {"many": 3.0, "key": 1.5}
    assert b.spending == (Spending("marketing", "market", 40.0, per_week=1000.0),)
    one = at("acquisition", FIRM, factor=2.0, segment="key").segments
    assert {n: s.prospects for n, s in one.items()} == {"many": 2.0, "key": 2.0}
    assert list(one) == list(FIRM.segments)
    assert "has no prospects to multiply" in refused("acquisition", SHOP)
    assert "did you mean many?" in refused("acquisition", segment="mny")


@pytest.mark.both_engines
def test_marketing_wins_customers_from_its_start_on():
    base = firm(hours=2000.0, warm_up=0.0, arrivals=population(20, exponential(200.0)))
    weeks = run(over_time({"acquisition": {"start": 1000.0, "factor": 4.0}}, base))["weeks"]
    won = weeks["won"][:, 1]
    before, after = (won[weeks["began"] < 1000.0].sum(), won[weeks["began"] >= 1000.0].sum())
    assert before > 10
    assert after > 2.5 * before


# -- suppliers and forms -------------------------------------------------------------------------------------


def test_supplier_partnership():
    old = Terms(Distribution("gamma", 2.0, 0.6), 0.02, 40.0)
    b = at("supplier_partnership", FIRM)
    new = b.suppliers["mill"]
    assert (new.terms.lead_time.kind, new.terms.lead_time.mean) == ("gamma", pytest.approx(1.6))
    assert (new.terms.lead_time.cv, new.terms.defect, new.terms.price) == pytest.approx((0.3, 0.008, 40.8))
    assert new.partnership == Partnership(promised=4.0, exit_cost=5000.0, fallback=old, fallback_price=2.0)
    assert b.spending == (Spending("supplier partnership", "prevention", 40.0, per_week=200.0),)
    half = at("supplier_partnership", FIRM, strength=0.5).suppliers["mill"].terms
    assert (half.lead_time.mean, half.lead_time.cv, half.defect, half.price) == pytest.approx((1.8, 0.45, 0.014, 40.4))


def test_which_suppliers_become_partners():
    stages = {1: FRONT, 2: {**BACK, "supplier": "mill"}, 3: {**BACK, "supplier": "forge"}, 4: FRONT}
    suppliers = {"mill": Supplier(), "forge": Supplier(), "unused": Supplier()}
    two = firm(stages=stages, suppliers=suppliers)
    b = at("supplier_partnership", two)
    assert {n for n, s in b.suppliers.items() if s.partnership} == {"mill", "forge"}
    assert b.spending[0].per_week == 400.0
    one = at("supplier_partnership", two, supplier="forge")
    assert {n for n, s in one.suppliers.items() if s.partnership} == {"forge"}
    assert {n for n, s in at("supplier_partnership", one).suppliers.items() if s.partnership} == {"mill", "forge"}
    for base, given, said in (
        (SHOP, {}, "there is no supplier at arm's length"),
        (b, {}, "there is no supplier at arm's length"),
        (two, {"supplier": "unused"}, "there is no supplier at arm's length"),
        (two, {"supplier": "mil"}, "did you mean mill?"),
        (two, {"defect": -1.0}, "defect = -1"),
        (two, {"exit_cost": -1.0}, "exit_cost = -1"),
    ):
        assert said in refused("supplier_partnership", base, **given)


@pytest.mark.both_engines
def test_a_partner_is_paid_as_agreed_from_the_start_on():
    """Materials bought (price of the order's input): 40 before, 40.8 after; faster, and fewer faulty."""
    base = firm(hours=3000.0, warm_up=0.0, arrivals=stream(1.5), p=0.0)
    journal = run(over_time({"supplier_partnership": {"start": 1500.0}}, base))
    orders = journal["orders"]
    assert set(orders["supplies"][orders["placed"] < 1400.0]) == {40.0}
    assert set(np.round(orders["supplies"][orders["placed"] > 1600.0], 9)) == {40.8}
    supplied = journal["errors"][journal["errors"]["cause"] == 7]  # CAUSE_SUPPLIER
    late = (supplied["made"] > 1500.0).sum()
    assert len(supplied) - late > late > 0


def test_postponement():
    b = at("postponement", FIRM)
    assert {name: s.configures for name, s in b.stages.items()} == {"s1": False, "s2": False, "s3": True, "s4": False}
    assert b.stages["s3"].extra_time == 0.05
    assert b.spending == (Spending("postponement", "prevention", 40.0, one_off=5000.0),)
    assert at("postponement", FIRM, to="s4", strength=0.5).stages["s4"].extra_time == 0.025
    for base, given, said in (
        (SHOP, {}, "no stage configures orders"),
        (FIRM, {"to": "s2"}, "to = s2: must come after the stage that configures now (s2)"),
        (FIRM, {"to": "s1"}, "must come after"),
        (FIRM, {"to": "s33"}, "did you mean s3?"),
        (b, {}, "must come after the stage that configures now (s3)"),
        (FIRM, {"time": -1.0}, "time = -1"),
    ):
        assert said in refused("postponement", base, **given)


@pytest.mark.both_engines
def test_late_forms_are_redone_less_often():
    stages = {1: {**FRONT, "configures": True}, 2: BACK, 3: BACK, 4: FRONT}
    base = firm(
        stages=stages, hours=4000.0, warm_up=0.0, arrivals=stream(3.0), p=0.0, requirements=Requirements(0.02),
        every={}, switches={"suppliers": False},
    )  # fmt: skip
    early, late = (run(b)["visits"]["kind"].sum() for b in (base, at("postponement", base, to="s3")))
    assert early > 100
    assert late < 0.6 * early


# -- loops ---------------------------------------------------------------------------------------------------


def test_continuous_improvement_is_the_loop_of_the_blueprint():
    given = {
        "cycle_weeks": 2.0, "choose_by": "error_log", "answers": 50.0, "survey_delay": 2.0, "answer_noise": 0.1,
        "trial_success": 0.8, "trial_effect": 0.9, "check_jobs": 100.0, "team_hours": 8.0,
    }  # fmt: skip
    b = at("continuous_improvement", FIRM, strength=0.5, **given)
    assert b == replace(FIRM, improvement=Improvement(**{**given, "trial_success": 0.4}))
    assert at("continuous_improvement", FIRM, per_week=10.0).spending[0].per_week == 10.0
    usual = at("continuous_improvement", FIRM).improvement
    assert usual == Improvement(cycle_weeks=4.0)
    for wrong in ({"cycle_weeks": 0.0}, {"cycle_weeks": 1.5}, {"choose_by": "gut"}, {"trial_success": 2.0}):
        assert next(iter(wrong)) in refused("continuous_improvement", **wrong)


@pytest.mark.both_engines
def test_the_loop_starts_with_its_programme():
    base = firm(hours=1200.0, warm_up=0.0, arrivals=stream(2.0))
    given = {"start": 400.0, "check_jobs": 20.0, "choose_by": "error_log"}
    reviews = run(over_time({"continuous_improvement": given}, base))["reviews"]
    assert reviews["time"].min() >= 400.0
    assert len(reviews) >= 3
    assert set(np.diff(reviews["time"]) % 160.0) == {0.0}


@pytest.mark.both_engines
def test_tampering_doubles_the_variance_of_what_was_in_control():
    b = at("tampering", FIRM, stages=("s2",))
    assert {name: s.tampering for name, s in b.stages.items()} == {"s1": False, "s2": True, "s3": False, "s4": False}
    assert (b.spending, at("tampering", FIRM, strength=0.0)) == ((), FIRM)
    base = chain(1, service=Distribution("gamma", 5.0, 0.1), members=20, layers=(0, 1), hours=40000.0,
                 arrivals=stream(4.0))  # fmt: skip
    steady, meddled = (run(x)["visits"]["hours"].var() for x in (base, at("tampering", base)))
    assert meddled / steady == pytest.approx(2.0, abs=0.2)  # V27; 10 000 visits


# -- the clock -----------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_programmes_on_the_clock_on_the_wall():
    """Day and night shifts, sessions a (wall-clock) week apart, strengths renewed every 168 h: hours add up."""
    day, night = StaffMember(shifts=((8.0, 20.0), (32.0, 44.0))), StaffMember(shifts=((20.0, 30.0), (56.0, 66.0)))
    crews = {n: StaffPool({f"{n}_day": day, f"{n}_night": night}) for n in SHOP.pools}
    base = firm(
        pools=crews, calendar=Calendar(24.0, 168.0, 8064.0), hours=1680.0, warm_up=0.0, arrivals=stream(20.0),
        service=[LOGNORMAL] * 4,
    )  # fmt: skip
    programme: Mapping[str, Any] = {
        "whole_chain_training": {"ramp": 200.0}, "employee_involvement": {}, "case_owner": {}, "hiring": {"pool": "p2"},
    }  # fmt: skip
    journal = run(over_time(programme, base))
    hours = journal["weeks"]
    idle = hours["paid"] - hours["worked"] - hours["off_line"] - hours["absent"]
    assert (idle >= -1e-9).all()
    assert hours["off_line"].sum() > 100.0
    assert not np.isnan(journal["orders"]["delivered"]).any()
    assert (np.diff(journal.plan.starts)[1:] == 168.0).all()


def test_stages_that_interventions_build_on_are_the_blueprint_s():
    """A guard of this file: the firm has what its interventions need, and nothing of them already."""
    assert isinstance(FIRM.stages["s2"], Stage)
    assert not any(s.tampering or s.teams for s in FIRM.stages.values())
    assert not any(p.participation or p.pressure or p.coordination for p in FIRM.pools.values())
    assert pool("p1_", 2).members.keys() == FIRM.pools["p1"].members.keys()
