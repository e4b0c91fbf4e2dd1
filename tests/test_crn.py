"""Counterfactuals: every random number has a name, so a change changes only what it must (common random numbers)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import (
    PLENTY,
    chain,
    exponential,
    fixed,
    plain_rules,
    pool,
    population,
    rich_organisation,
    rich_system,
    run,
    stream,
)

from scenarios.scenario import build_scenario, timeline
from sim import switches
from sim.blueprint import (
    DELIVERED,
    NO_TIME,
    Blueprint,
    Check,
    ErrorRate,
    Handoff,
    Information,
    InternalService,
    Recovery,
    Segment,
    SpecialCause,
    StaffMember,
    Stage,
    Supplier,
    Terms,
)
from sim.draws import stable_id
from sim.journal import Journal
from sim.switches import MECHANISMS
from sim.tables import ABSENT, CAUSE_OPERATOR, CAUSE_SUPPLIER, CAUSE_SYSTEM, FIRST_WORK, JOURNAL, WON_ARRIVAL

# Columns that hold row numbers (or who of many equal members happened to be free, and how busy that one had been).
ROW_NUMBERS = {"before", "after", "customer", "order", "visit", "handoff", "previous", "last_error", "staff", "load"}
# Tables that are about one customer each; the others are sums, or about staff.
PERSONAL = ("customers", "orders", "visits", "handoffs", "errors", "moments")
EPS = 1e-9  # hours read off a clock as a difference of times carry its rounding error


def endless(**parts: Any) -> Blueprint:
    """The rich system with so many members that nobody waits, and no ties between orders (batches, absences).

    The internal customer's expectation is shared by all orders, so its learning is off.
    """
    system = rich_system(400.0, customers=12, interval=40.0)
    route = {s: {t: replace(way, batch=1) for t, way in ways.items()} for s, ways in system.route.items()}
    crews = {name: pool(name, PLENTY, discretion=0.3) for name in system.pools}
    internal = InternalService(internal_learning=0.0)
    return replace(system, route=route, pools=crews, internal_service=internal, **parts)


def endless_organisation(**parts: Any) -> Blueprint:
    """The rich organisation, all layers on, with staff for all, and without what customers share.

    That is: batches, the wear and tear of staff and morale, a person's memory of a customer, the funnel at a tampered
    stage, trust between partners, what a segment hears of the firm, and what groups and management improve.
    """
    system = rich_organisation(400.0, customers=12, interval=20.0)
    crews = {
        name: replace(crew, members=pool(name, PLENTY).members, at_close="leave") for name, crew in system.pools.items()
    }
    partner = replace(system.suppliers["parts"].partnership, trust_gain=0.0, trust_loss=0.0, break_hazard=0.0)
    defaults: dict[str, Any] = {
        "pools": crews,
        "route": {s: {t: replace(way, batch=1) for t, way in ways.items()} for s, ways in system.route.items()},
        "suppliers": {**system.suppliers, "parts": replace(system.suppliers["parts"], partnership=partner)},
        "internal_service": InternalService(internal_learning=0.0),
        "knowledge": replace(system.knowledge, personal=0.0),
        "participation": replace(system.participation, idea_effect=1.0),
        "word_of_mouth": replace(system.word_of_mouth, message_weight=0.0),
        "switches": dict.fromkeys(("practice", "load", "morale", "tampering", "improvement"), False),
    }
    return replace(system, **{**defaults, **parts})


ENDLESS = {"lower layers": endless, "all layers": endless_organisation}


def story(journal: Journal, customers: set[int]) -> dict[str, list[bytes]]:
    """Every row about the given customers (keys), in order and byte for byte, without the row numbers."""
    keys = journal["customers"]["key"]
    of_order = keys[journal["orders"]["customer"]]
    told = {}
    for table in PERSONAL:
        written = journal[table]
        owner = keys if table == "customers" else of_order if table == "orders" else of_order[written["order"]]
        columns = [name for name in JOURNAL[table].names or () if name not in ROW_NUMBERS]
        kept = written[np.isin(owner, list(customers))]
        packed = [np.ascontiguousarray(kept[name]).reshape(len(kept), -1).view(np.uint8) for name in columns]
        told[table] = sorted(row.tobytes() for row in np.hstack(packed))
    return told


def keys_of(journal: Journal) -> set[int]:
    return set(journal["customers"]["key"].tolist())


# -- one customer more ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", ENDLESS)
def test_one_more_customer_changes_nothing_for_the_others(layers):
    """With staff for all, the others' whole history is the same to the last bit (and of those whom they bring)."""
    segments = {"all": ENDLESS[layers]().segments["regular"]}
    segments = {"all": replace(segments["all"], share=1.0, patience=None)}
    few = run(ENDLESS[layers](segments=segments))
    more = run(ENDLESS[layers](segments=segments, arrivals=replace(few.blueprint.arrivals, customers=13)))
    others = keys_of(few)
    new = keys_of(more) - others
    assert len(new) >= 1
    assert (more["customers"]["won"][np.isin(more["customers"]["key"], list(new))] == WON_ARRIVAL).sum() == 1
    assert others < keys_of(more)
    assert len(few["orders"]) > 60
    if layers == "all layers":
        assert few["weeks"]["won"].sum(axis=0).min() == 0  # none arrive: they have been customers all along
        assert (few["weeks"]["won"].sum(axis=0)[1:] > 3).all()
        assert few["weeks"]["lost"].sum() > 3
    assert len(few["errors"]) > 30
    assert len(more["visits"]) > len(few["visits"])
    before, after = story(few, others), story(more, others)
    for table in before:
        assert before[table] == after[table], table


@pytest.mark.parametrize(
    "arrivals",
    [stream(exponential(25.0), orders=3, reorder=exponential(30.0)), population(5, exponential(25.0))],
    ids=["stream", "population"],
)
@pytest.mark.parametrize("build", ENDLESS.values(), ids=ENDLESS)
def test_one_more_segment_changes_nothing_for_the_others(build, arrivals):
    """The new segment stands first, so every row number of the old one may move."""
    own = Segment(arrivals=population(8, exponential(50.0)))
    alone = run(build(segments={"old": own}))
    new = Segment(priority=0, arrivals=arrivals)
    both = run(build(segments={"new": new, "old": own}))
    others = keys_of(alone)
    assert others < keys_of(both)
    before, after = story(alone, others), story(both, others)
    for table in before:
        # The column `segment` is a row number here: the new one stands first.
        if table != "customers":
            assert before[table] == after[table], table


def test_one_more_customer_under_load_changes_only_the_waits():
    """With few members the newcomer takes time from others, but no work, error or route of theirs changes."""
    parts: dict[str, Any] = {"service": exponential(0.8), "p": 0.2, "hours": 300}
    few = run(chain(3, arrivals=population(10, exponential(12.0)), **parts))
    more = run(chain(3, arrivals=population(11, exponential(12.0)), **parts))
    before, after = (first_orders(j) for j in (few, more))
    assert set(before) < set(after)
    assert all(before[name][1] == after[name][1] for name in before)
    for name in before:
        assert before[name][0] == pytest.approx(after[name][0], abs=EPS)
    others = np.array(sorted(keys_of(few)))
    waited = [j["orders"]["waited"][np.isin(j["orders"]["key"], others)].sum() for j in (few, more)]
    assert waited[0] != waited[1]


def first_orders(journal: Journal) -> dict[tuple[int, str], tuple[float, int]]:
    """(customer, stage) -> hours of work and number of errors of the customer's first order there."""
    orders, visits, errors = journal["orders"], journal["visits"], journal["errors"]
    found = np.bincount(errors["visit"], minlength=len(visits))
    names = journal.plan.stage_names
    told = {}
    for i, visit in enumerate(visits):
        order = orders[visit["order"]]
        if order["number"] == 0 and visit["number"] == 0:
            told[int(order["key"]), names[visit["stage"]]] = (visit["ended"] - visit["began"], int(found[i]))
    return told


# -- one staff member more -----------------------------------------------------------------------------------


def absent_days(journal: Journal) -> dict[str, list[float]]:
    """Ends of the days on which each member was absent."""
    away = journal["absences"][journal["absences"]["reason"] == ABSENT]
    names = journal.plan.staff_names
    return {name: away["ended"][away["staff"] == i].tolist() for i, name in enumerate(names)}


def with_one_more(system: Blueprint, crew: str) -> Blueprint:
    """The newcomer stands first in the roster, so every row number may move."""
    members = {"gil": StaffMember(0.5), **system.pools[crew].members}
    return replace(system, pools={**system.pools, crew: replace(system.pools[crew], members=members)})


@pytest.mark.parametrize("crew", ["front", "desk", "back"])
def test_one_more_member_changes_no_draw_of_the_others(crew):
    """Absences and leaving of the colleagues stay where they are, whoever is hired; morale would move them, rightly."""
    for other, asked in (("turnover", absent_days), ("absence", leavers)):
        system = rich_organisation(800.0, switches={"morale": False, other: False})
        system = replace(system, stages={n: replace(s, service=exponential(0.2)) for n, s in system.stages.items()})
        before, after = (asked(run(s)) for s in (system, with_one_more(system, crew)))
        assert after.pop("gil")
        assert after == before
        assert sum(bool(found) for found in before.values()) >= 5


def leavers(journal: Journal) -> dict[str, int]:
    return dict(zip(journal.plan.staff_names, journal["members"]["leavers"].tolist(), strict=True))


def test_one_more_member_changes_no_work_of_the_others():
    """A second member shortens waits; hours of work and errors stay as they were."""
    parts: dict[str, Any] = {"service": exponential(0.8), "p": 0.2, "hours": 300, "arrivals": population(10, 12.0)}
    few, more = (first_orders(run(chain(3, members=n, **parts))) for n in (1, 2))
    assert few.keys() == more.keys()
    for name in few:
        assert few[name][1] == more[name][1]
        assert few[name][0] == pytest.approx(more[name][0], abs=EPS)


# -- another structure ---------------------------------------------------------------------------------------


def passes(journal: Journal) -> dict[tuple[int, ...], int]:
    """(customer, order number, stage id, kind of work, pass of that kind) -> row of the visit."""
    orders, visits = journal["orders"], journal["visits"]
    ids = [stable_id(name) for name in journal.plan.stage_names]
    placed = orders[visits["order"]]
    columns = (placed["key"], placed["number"], np.array(ids)[visits["stage"]], visits["kind"], visits["number"])
    return {tuple(map(int, name)): i for i, name in enumerate(zip(*columns, strict=True))}


def hours_and_errors(journal: Journal, common_causes: bool = False) -> dict[Any, tuple[float, bool]]:
    """For every pass of first work: its hours beside clarification and checking, and whether it erred."""
    visits, errors = journal["visits"], journal["errors"]
    counted = errors[errors["cause"] <= CAUSE_OPERATOR] if common_causes else errors
    erred = set(counted["visit"].tolist())
    work = visits["ended"] - visits["began"] - visits["clarification"] - visits["checking"]
    return {
        name: (float(work[i]), i in erred) for name, i in passes(journal).items() if visits["kind"][i] == FIRST_WORK
    }


def assert_same_draws(a: dict[Any, tuple[float, bool]], b: dict[Any, tuple[float, bool]], names: Any) -> None:
    for name in names:
        assert a[name][1] == b[name][1], name
        assert a[name][0] == pytest.approx(b[name][0], abs=EPS), name


@pytest.mark.parametrize("layers", [(0,), (0, 1, 2, 3, 4)], ids=["layer 0", "all layers"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_inserting_a_stage_leaves_the_others_alone(place, layers):
    """A stage is named by its name, not by its position. (Wear and tear of staff would feel the new work, rightly.)"""
    names = ["a", "b", "c"]
    life = rich_organisation()

    def line(stages: list[str]) -> Blueprint:
        return Blueprint(
            stages={n: Stage(n, service=exponential(0.5), error=ErrorRate(0.2, 0.3)) for n in stages},
            pools={n: pool(n, 2) for n in stages},
            segments={"all": Segment()},
            route={s: {t: Handoff()} for s, t in zip(stages, [*stages[1:], DELIVERED], strict=True)},
            first=stages[0],
            arrivals=stream(exponential(1.0)),
            attendance=life.attendance,
            relationship=life.relationship,
            layers=layers,
            switches=dict.fromkeys(("practice", "load", "morale", "word_of_mouth"), False),
        )

    longer = [*names[:place], "new", *names[place:]]
    before, after = (run(line(stages)) for stages in (names, longer))
    assert before["orders"]["placed"].tobytes() == after["orders"]["placed"].tobytes()
    old, new = hours_and_errors(before), hours_and_errors(after)
    assert len(new) - len(old) == len(before["orders"])
    assert sum(erred for _, erred in old.values()) > 300
    assert_same_draws(old, new, old)
    if 2 in layers:
        absent = absent_days(after)
        assert {name: absent[name] for name in absent_days(before)} == absent_days(before)
        assert sum(map(len, absent.values())) > 40


def test_removing_a_way_leaves_the_draws_of_the_others():
    """Routing asks one draw of the stage it leaves; with another split the stages passed in both runs agree."""
    split = [endless(), endless()]
    route = dict(split[1].route)
    route["work"] = {"finish": Handoff(0.5), "ship": Handoff(0.5)}
    split[1] = replace(split[1], route=route)
    old, new = (hours_and_errors(run(replace(s, layers=(0,), arrivals=stream(exponential(4.0))))) for s in split)
    both = old.keys() & new.keys()
    assert len(both) > 200
    assert old.keys() != new.keys()
    assert_same_draws(old, new, both)


def test_rework_elsewhere_does_not_shift_a_handoff():
    """Errors of s1 found at s2 cause rework of s1 and nothing else: every handoff loses and delays the same."""
    way = Handoff(retention=0.9, corruption=0.2, delay=exponential(1.0), border=True)
    parts: dict[str, Any] = {"handoff": way, "members": PLENTY, "hours": 2_000, "layers": (0, 1)}
    parts |= {"service": exponential(1.0), "stages": {2: {"incoming_check": Check(1.0)}}}
    rules = plain_rules(information=Information(0.0, 0.5, 4.0))
    quiet, loud = (run(chain(4, p=[p, 0, 0, 0], **parts, **rules)) for p in (0.0, 0.5))
    assert loud["orders"]["reworks"].sum() > 50
    assert not quiet["orders"]["reworks"].any()

    def ways(journal: Journal) -> dict[Any, Any]:
        orders, rows = journal["orders"], journal["handoffs"]
        gaps = rows["arrived"] - rows["left"]
        names = zip(orders["key"][rows["order"]], rows["source"], strict=True)
        return dict(zip([(int(k), int(s)) for k, s in names], zip(gaps, rows["information"], strict=True), strict=True))

    before, after = ways(quiet), ways(loud)
    assert before.keys() == after.keys()
    for name, (gap, information) in before.items():
        assert after[name] == (pytest.approx(gap, abs=EPS), information)
    clarified = [j["visits"]["clarified"][j["visits"]["kind"] == FIRST_WORK].sum() for j in (quiet, loud)]
    assert clarified[0] == clarified[1] > 50
    old, new = hours_and_errors(quiet), hours_and_errors(loud)
    assert old.keys() == new.keys()
    assert all(old[name][0] == pytest.approx(new[name][0], abs=EPS) for name in old)


def test_two_errors_of_one_visit_are_two():
    """The input is faulty and the work errs, at every visit: how severe and how visible the two are has two draws."""
    parts: dict[str, Any] = {"suppliers": {"mill": Supplier(Terms(fixed(0.0), defect=1.0))}, "p": 1.0}
    rules = plain_rules(recovery=Recovery(major_share=0.5, surfacing=0.5))
    stages = {1: {"supplier": "mill", "inspection": Check(0.5)}}
    errors = run(chain(1, stages=stages, service=0.1, layers=(0, 1), hours=4_000, **parts, **rules))["errors"]
    bought, made = (errors[errors["cause"] == cause] for cause in (CAUSE_SUPPLIER, CAUSE_SYSTEM))
    assert bought["order"].tolist() == made["order"].tolist() == list(range(399))
    for column in (lambda e: e["major"] == 1, lambda e: np.isnan(e["found"]), lambda e: np.isnan(e["seen"])):
        both = column(bought) & column(made)
        a, b = column(bought).mean(), column(made).mean()
        assert abs(both.mean() - a * b) < 4 * np.sqrt(a * (1 - a) * b * (1 - b) / 399)


# -- mechanisms and layers -----------------------------------------------------------------------------------

ALL_OFF = dict.fromkeys(MECHANISMS, False)
ALL_LAYERS = (0, 1, 2, 3, 4)


def probe(switched: dict[str, bool], layers: tuple[int, ...] = ALL_LAYERS) -> Journal:
    """The rich organisation, with staff for all; customers come, order three times at most, and go."""
    arrivals = stream(exponential(8.0), orders=3, reorder=exponential(40.0))
    system = rich_organisation(400.0, arrivals=arrivals, segments=dict(rich_organisation().segments))
    crews = {name: replace(crew, members=pool(name, PLENTY).members) for name, crew in system.pools.items()}
    return run(
        replace(
            system,
            pools=crews,
            load=replace(system.load, slow_down=0.0),  # what is left of the factor stands in the visit's load
            improvement=replace(system.improvement, choose_by="error_log"),
            layers=layers,
            switches=switched,
        )
    )


@pytest.fixture(scope="module")
def all_off() -> Journal:
    return probe(ALL_OFF)


def first_placed(journal: Journal) -> dict[int, float]:
    """When the customers of the stream placed their first orders."""
    orders, people = journal["orders"], journal["customers"]
    mine = orders[(orders["number"] == 0) & (people["won"][orders["customer"]] == WON_ARRIVAL)]
    return dict(zip(mine["key"].tolist(), mine["placed"].tolist(), strict=True))


# Whom these bring or lose, they bring or lose: the visits of the two runs are not the same.
MOVES_CUSTOMERS = {"patience", "retention", "purchase_pace", "word_of_mouth", "acquisition"}


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_switching_a_mechanism_on_leaves_untouched_draws(mechanism, all_off):
    """Arrivals, the hours of work and the errors of common cause stay; only what the mechanism is about changes."""
    journal = probe({**ALL_OFF, mechanism: True})
    assert first_placed(journal) == first_placed(all_off)
    old, new = hours_and_errors(all_off, common_causes=True), hours_and_errors(journal, common_causes=True)
    both = old.keys() & new.keys()
    assert len(both) > 250
    if mechanism not in MOVES_CUSTOMERS:
        assert old.keys() == new.keys()
    if mechanism == "skill":  # everyone is as skilled as the other: one factor for all, here none
        level = journal.blueprint.skill_effects.reference_skill
        assert all(m.skill == level for crew in journal.blueprint.pools.values() for m in crew.members.values())
    expected = {name: (old[name][0] * factor, old[name][1]) for name, factor in pace(mechanism, journal, old).items()}
    if mechanism in ("frailty", "participation", "improvement", "practice"):  # they act on common causes
        before, after = ({name for name in both if t[name][1]} for t in (expected, new))
        assert before != after
        if mechanism in ("participation", "improvement"):
            assert after < before
        expected = {name: (hours, new[name][1]) for name, (hours, _) in expected.items()}
    assert_same_draws(expected, new, both)


def pace(mechanism: str, journal: Journal, before: dict[Any, tuple[float, bool]]) -> dict[Any, float]:
    """The factor on the hours of every visit that the mechanism must have, worked out from the journal alone."""
    factors = dict.fromkeys(before, 1.0)
    names = {name: i for name, i in passes(journal).items() if name in before}
    visits, system = journal["visits"], journal.blueprint
    if mechanism == "pressure":
        return dict.fromkeys(before, 1.0 / 1.1)
    if mechanism == "load":
        rule = system.load
        for name, i in names.items():
            factors[name] = max(rule.fastest, 1.0 - rule.speed_up * (visits["load"][i] - rule.usual_load))
        assert len(set(factors.values())) > 20
    if mechanism == "practice":  # who served when, from the beginning: practice and disuse of each member
        skill = dict.fromkeys(range(len(journal.plan.staff_names)), 0.0)
        last = dict.fromkeys(skill, 0.0)
        rule = system.practice
        of_row = {i: name for name, i in names.items()}
        for i in np.argsort(visits["began"], kind="stable").tolist():
            who = int(visits["staff"][i])
            floor = rule.disuse_loss
            skill[who] = (skill[who] + floor) * np.exp(-rule.forgetting * (visits["began"][i] - last[who])) - floor
            if i in of_row:
                factors[of_row[i]] = float(np.exp(-system.skill_effects.on_time * skill[who]))
            skill[who] += rule.learning_rate * max(0.0, rule.headroom - skill[who])
            last[who] = visits["ended"][i]
        assert max(skill.values()) - min(skill.values()) > 0.05
    if mechanism == "tampering":  # the setting moves by the whole deviation of the last job at the stage
        place = journal.plan.stage_names.index("finish")
        mean, setting = system.stages["finish"].service.mean, 0.0
        for name, i in sorted(names.items(), key=lambda item: item[1]):
            if visits["stage"][i] == place and visits["kind"][i] == FIRST_WORK:
                shown = before[name][0] + setting
                setting -= shown - mean
                factors[name] = max(0.0, shown) / before[name][0]
        assert sum(factor != 1.0 for factor in factors.values()) > 20
    if mechanism == "discretion_spread":
        factors.update(_spread(journal, before, names))
    return factors


def _spread(journal: Journal, before: dict[Any, tuple[float, bool]], names: dict[Any, int]) -> dict[Any, float]:
    """Log-normal times keep their mean and their normal deviate, with cv x (1 + .3 discretion); exponential ones stay;
    of gamma times (a draw by rejection) only the change is known."""
    after, factors = hours_and_errors(journal), {}
    for name, i in names.items():
        stage = journal.blueprint.stages[journal.plan.stage_names[journal["visits"]["stage"][i]]]
        hours = before[name][0]
        if stage.service.kind == "lognormal":
            cv = stage.service.cv * (1.0 + 0.3 * journal.blueprint.pools[stage.pools[0]].discretion)
            (m0, s0), (m1, s1) = (_log(stage.service.mean, spread) for spread in (stage.service.cv, cv))
            factors[name] = float(np.exp(m1 + s1 * (np.log(hours) - m0) / s0)) / hours
        elif stage.service.kind == "gamma":
            factors[name] = after[name][0] / hours
    assert sum(abs(factor - 1.0) > 0.01 for factor in factors.values()) > 100
    return factors


def _log(mean: float, cv: float) -> tuple[float, float]:
    variance = np.log(1.0 + cv * cv)
    return np.log(mean) - variance / 2, np.sqrt(variance)


def test_skill_scales_the_same_draws():
    """Skill multiplies every time by exp(-b (a - ref)) and makes errors a subset or a superset of those before."""
    for skill, fewer in ((0.95, True), (0.5, False)):
        crew = {"p1": pool("p1_", PLENTY, StaffMember(skill))}
        parts: dict[str, Any] = {"service": exponential(1.0), "p": ErrorRate(0.3, 0.6), "hours": 2_000}
        average = run(chain(1, members=PLENTY, layers=(0, 1), **parts, **plain_rules()))
        other = run(chain(1, pools=crew, layers=(0, 1), **parts, **plain_rules()))
        old, new = hours_and_errors(average), hours_and_errors(other)
        factor = np.exp(-0.5 * (skill - 0.75))
        assert all(new[name][0] == pytest.approx(factor * old[name][0], abs=1e-8) for name in old)
        before, after = ({name for name in t if t[name][1]} for t in (old, new))
        assert after < before if fewer else before < after


@pytest.mark.parametrize("mechanism", [m for m, (layer, _) in MECHANISMS.items() if layer == 3])
def test_mechanisms_of_perception_never_touch_the_work(mechanism, all_off):
    """Layer 3 judges: with any of its mechanisms on, visits and handoffs are the same bytes."""
    journal = probe({**ALL_OFF, mechanism: True})
    for table in ("visits", "handoffs", "absences", "members", "pool_hours"):
        assert journal[table].tobytes() == all_off[table].tobytes(), table


PERCEPTION = {"desired", "adequate", "predicted", "actual", "perceived", "scored", "actual_sum", "seen_sum", "extreme"}
PERCEPTION |= {"last", "S", "A", "W", "X", "P", "satisfaction", "moments", "last_contact", "promise", "shared", "stay"}
PERCEPTION |= {"judged", "quality", "shortfall", "shortfall_square", "short", "inadequate", "equity", "regard"}
PERCEPTION |= {"wanting"}
RECOVERY = {"complaints", "complaining", "recovered", "damage", "complained", "external_cost"}
RECORD_OF_LOAD = {"load", "overwork", "load_at", "idle_from"}


def same_but(a: Journal, b: Journal, without: set[str], more_ticks: bool = False) -> None:
    """Equal to the last bit; hours of staff, where one run cuts them into more pieces, up to the rounding of sums."""
    for table, dtype in JOURNAL.items():
        if table == "moments":
            continue
        for column in dtype.names or ():
            one, two = a[table][column], b[table][column]
            if column in without:
                continue
            if more_ticks and table in ("weeks", "members", "pool_hours") and one.dtype.kind == "f":
                assert np.allclose(one, two, rtol=0.0, atol=1e-8, equal_nan=True), f"{table}.{column}"
            else:
                assert one.tobytes() == two.tobytes(), f"{table}.{column}"


def organisation(**parts: Any) -> Blueprint:
    """The rich organisation under load, with repeat orders, whose management listens to the error log."""
    system = rich_organisation(200.0)
    return replace(system, improvement=replace(system.improvement, choose_by="error_log"), **parts)


@pytest.mark.parametrize("layers", [(0,), (0, 1), (0, 2), (0, 1, 2)])
def test_v32_perception_on_or_off(layers):
    """Layer 3 changes the columns of perception and recovery, exactly nothing else."""
    off, on = (run(organisation(layers=which)) for which in (layers, (*layers, 3)))
    assert len(off["errors"]) > 15
    assert len(on["moments"]) > 100
    assert len(off["moments"]) == 0
    assert off["orders"]["P"].tobytes() != on["orders"]["P"].tobytes()
    same_but(off, on, PERCEPTION | RECOVERY)


@pytest.mark.parametrize("higher", [(1,), (2,), (3,), (4,), (2, 3, 4), (1, 2, 3, 4)])
def test_v32_layer_0_draws_stay_whatever_layers_are_on(higher):
    """The first orders of a stream come at the same times, and the draws of their work are the same numbers.

    Hours are compared where no layer above acts on the pace of work (staff alike, wear and tear of layer 2 off).
    """
    acting = dict.fromkeys(("practice", "load", "pressure", "tampering", "discretion_spread", "participation"), False)
    acting |= dict.fromkeys(("improvement", "knock_on", "frailty", "skill"), False)
    bare, full = (probe(acting, layers) for layers in ((0,), (0, *higher)))
    assert first_placed(bare) == first_placed(full)
    old, new = (hours_and_errors(journal, common_causes=True) for journal in (bare, full))
    both = old.keys() & new.keys()
    assert len(both) > 250
    assert_same_draws(old, new, both)
    if 4 not in higher:
        assert old.keys() == new.keys()


NO_CHECKS = {"self_check": Check(), "incoming_check": Check(), "inspection": Check()}


def neutral_parts(system: Blueprint) -> dict[str, dict[str, Any]]:
    """For each mechanism the fields of the blueprint with its neutral values put in by hand."""

    def crews(**fields: Any) -> dict[str, Any]:
        return {"pools": {name: replace(crew, **fields) for name, crew in system.pools.items()}}

    def members(**fields: Any) -> dict[str, Any]:
        everybody = {
            name: {n: replace(m, **fields) for n, m in crew.members.items()} for name, crew in system.pools.items()
        }
        return {"pools": {name: replace(crew, members=everybody[name]) for name, crew in system.pools.items()}}

    def people(**fields: Any) -> dict[str, Any]:
        return {"segments": {name: replace(s, **fields) for name, s in system.segments.items()}}

    def errors(**fields: Any) -> dict[str, Any]:
        return {"stages": {n: replace(s, error=replace(s.error, **fields)) for n, s in system.stages.items()}}

    def group(name: str, **fields: Any) -> dict[str, Any]:
        return {name: replace(getattr(system, name), **fields)}

    return {
        "skill": members(skill=0.75, gain=0.0),
        "knock_on": group("knock_on", knock_on=1.0),
        "frailty": group("knock_on", frailty=0.0),
        "special_causes": {"stages": _stages(system, special_cause=SpecialCause())},
        "information": {"route": _ways(system, retention=1.0, corruption=0.0)},
        "clarification": group("information", clarification_time=0.0, callback_delay=0.0),
        "border_delay": {"route": _ways(system, delay=NO_TIME), "rework": replace(system.rework, travel_delay=0.0)},
        "batching": {
            "route": {
                source: {t: replace(h, batch=1, batch_cost=h.batch_cost / h.batch) for t, h in ways.items()}
                for source, ways in system.route.items()
            }
        },
        "detection": {"stages": _stages(system, self_check=Check(), incoming_check=Check())},
        "inspection": {"stages": _stages(system, inspection=Check())},
        "rework_failure": group("rework", failure=0.0),
        "visible_errors": errors(visible_share=0.0),
        "suppliers": {
            "suppliers": {n: Supplier(Terms(NO_TIME, 0.0, s.terms.price)) for n, s in system.suppliers.items()}
        },
        "requirement_changes": group("requirements", change_rate=0.0),
        "tampering": {"stages": _stages(system, tampering=False)},
        "practice": group("practice", learning_rate=0.0, forgetting=0.0, newcomer_skill=1.0),
        "load": group("load", speed_up=0.0, slow_down=0.0, tipping=0.0, empathy_load=0.0),
        "morale": group("morale", morale_weeks=0.0),
        "absence": group("attendance", absence=0.0),
        "turnover": group("attendance", turnover=0.0),
        "participation": crews(participation=0.0, involvement=0.0),
        "coordination": crews(coordination=0.0),
        "pressure": crews(pressure=0.0),
        "knowledge": group("knowledge", personal=0.0, shared=0.0),
        "improvement": group("improvement", cycle_weeks=0.0),
        "halo": group("perception", halo=0.0),
        "assimilation": group("perception", assimilation=0.0),
        "sequence": group("perception", peak_weight=0.0, end_weight=0.0),
        "wait_bias": group("perception", wait_bias=1.0),
        "recovery": group("recovery", recovered_damage=0.0),
        "complaints": group("recovery", minor_complaint=0.0, major_complaint=0.0),
        "patience": people(patience=None, balk_at=0),
        "retention": group("relationship", rule="keep"),
        "purchase_pace": group("relationship", purchase_effect=0.0),
        "word_of_mouth": group("word_of_mouth", talk=0.0),
        "acquisition": people(prospects=0.0),
    }


def neutral_system() -> Blueprint:
    """The rich organisation with the neutral value in every parameter of every layer, put in by hand."""
    system = rich_organisation(200.0)
    for mechanism in neutral_parts(system):
        system = replace(system, **neutral_parts(system)[mechanism])
    return system


@pytest.fixture
def plain_discretion(monkeypatch):
    """Discretion that does not widen times: the one mechanism without a parameter in the blueprint."""
    monkeypatch.setattr(switches, "SPREAD_OF_DISCRETION", 0.0)


def test_every_mechanism_has_a_neutral_value():
    assert neutral_parts(rich_organisation()).keys() == MECHANISMS.keys() - {"discretion_spread"}


@pytest.mark.usefixtures("plain_discretion")
def test_v32_layer_0_is_the_neutral_system():
    """Layers off, all switches off and neutral parameters by hand give the same bytes.

    With layers 2 and 4 on, load and loyalty are recorded, though nothing follows from them.
    """
    system, by_hand = rich_organisation(200.0), run(neutral_system())
    assert len(by_hand["errors"]) > 15
    assert len(by_hand["orders"]) > 60
    switched = run(replace(system, switches=ALL_OFF))
    same_but(switched, by_hand, RECORD_OF_LOAD | {"satisfaction", "stay", "equity", "regard"}, more_ticks=True)
    without_staff = run(replace(neutral_system(), layers=(0, 1, 3)))
    assert switched.to_bytes() == without_staff.to_bytes()
    independent = {"knock_on": False, "frailty": False}  # which belong to layer 0
    layer_0 = run(replace(system, layers=(0,), switches=independent))
    same_but(layer_0, switched, PERCEPTION)
    for layers in ((0,), (0, 1), (0, 1, 4)):  # nobody is lost or won by how they are served without judging it
        assert run(replace(neutral_system(), layers=layers)).to_bytes() == layer_0.to_bytes()


@pytest.fixture(scope="module")
def everything_on() -> bytes:
    return run(rich_organisation(200.0)).to_bytes()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_switch_is_its_neutral_parameters_and_nothing_more(mechanism, everything_on, monkeypatch):
    """Off by switch = off by hand; and the mechanism matters at all in this system."""
    system = rich_organisation(200.0)
    off = run(replace(system, switches={mechanism: False})).to_bytes()
    assert off != everything_on
    if mechanism == "discretion_spread":
        monkeypatch.setattr(switches, "SPREAD_OF_DISCRETION", 0.0)
        assert off == run(system).to_bytes()
    else:
        assert off == run(replace(system, **neutral_parts(system)[mechanism])).to_bytes()


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_a_layer_is_all_its_switches(layer):
    """Leaving a layer out = switching off every mechanism of it (layer 3 also leaves out that customers judge)."""
    system = rich_organisation(200.0)
    switched = {name: False for name, (of, _) in MECHANISMS.items() if of == layer}
    if layer == 3:
        switched |= {name: False for name, (of, _) in MECHANISMS.items() if of == 4}
    layers = tuple(n for n in ALL_LAYERS if n != layer)
    without, off = (run(replace(system, **parts)) for parts in ({"layers": layers}, {"switches": switched}))
    if layer == 3:
        system = organisation(knowledge=replace(system.knowledge, personal=0.0, shared=0.0))
        without, off = (run(replace(system, **parts)) for parts in ({"layers": (0, 1, 2)}, {"switches": switched}))
        same_but(without, off, PERCEPTION)
    else:
        assert without.to_bytes() == off.to_bytes()


def test_v31_placebo_changes_nothing_with_all_layers_on():
    """Byte for byte, so that every paired difference is exactly 0."""
    base = rich_organisation(200.0)
    placebo = build_scenario("control", {"interventions": {"placebo": {"draws": 5}}})
    for replication in range(3):
        with_it, without = (run(s, 3, replication) for s in (timeline(base, placebo, 3, replication), base))
        assert with_it.to_bytes() == without.to_bytes()
        assert len(without["orders"]) > 60


def test_a_change_of_plan_that_changes_nothing_changes_nothing():
    """The same blueprint from 100 h on: the same run, up to the rounding of sums of hours cut in two."""
    base = rich_organisation(200.0)
    once, twice = run(base), run(((0.0, base), (101.3, base)))
    same_but(once, twice, set(), more_ticks=True)
    assert once["moments"].tobytes() == twice["moments"].tobytes()


def _stages(system: Blueprint, **fields: Any) -> dict[str, Stage]:
    return {name: replace(stage, **fields) for name, stage in system.stages.items()}


def _ways(system: Blueprint, **fields: Any) -> dict[str, dict[str, Handoff]]:
    return {s: {t: replace(way, **fields) for t, way in ways.items()} for s, ways in system.route.items()}
