"""Counterfactuals: every random number has a name, so a change changes only what it must (common random numbers)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import PLENTY, chain, exponential, plain_rules, pool, population, rich_system, run, stream

from sim.blueprint import (
    DELIVERED,
    NO_TIME,
    Blueprint,
    Check,
    ErrorRate,
    Handoff,
    Information,
    InternalService,
    KnockOn,
    Segment,
    SpecialCause,
    StaffMember,
    StaffPool,
    Stage,
)
from sim.draws import stable_id
from sim.journal import Journal
from sim.switches import MECHANISMS
from sim.tables import CAUSE_OPERATOR, FIRST_WORK, JOURNAL

# Columns that hold row numbers (or, for staff, who of many equal members happened to be free).
ROW_NUMBERS = {"customer", "order", "visit", "handoff", "previous", "last_error", "staff"}
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


def story(journal: Journal, customers: set[int]) -> dict[str, list[bytes]]:
    """Every row about the given customers (keys), in order and byte for byte, without the row numbers."""
    keys = journal["customers"]["key"]
    of_order = keys[journal["orders"]["customer"]]
    told = {}
    for table, dtype in JOURNAL.items():
        rows = journal[table]
        if table == "absences":
            continue
        owner = keys if table == "customers" else of_order if table == "orders" else of_order[rows["order"]]
        columns = [name for name in dtype.names or () if name not in ROW_NUMBERS]
        kept = rows[np.isin(owner, list(customers))]
        packed = [np.ascontiguousarray(kept[name]).reshape(len(kept), -1).view(np.uint8) for name in columns]
        told[table] = sorted(row.tobytes() for row in np.hstack(packed))
    return told


def keys_of(journal: Journal) -> set[int]:
    return set(journal["customers"]["key"].tolist())


# -- one customer more ---------------------------------------------------------------------------------------


def test_one_more_customer_changes_nothing_for_the_others():
    """With staff for all, the others' whole history is the same to the last bit."""
    few = run(endless(segments={"all": Segment()}))
    more = run(endless(segments={"all": Segment()}, arrivals=replace(few.blueprint.arrivals, customers=13)))
    others = keys_of(few)
    assert len(keys_of(more) - others) == 1
    assert others < keys_of(more)
    assert len(few["orders"]) > 60
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
def test_one_more_segment_changes_nothing_for_the_others(arrivals):
    """The new segment stands first, so every row number of the old one may move."""
    own = Segment(arrivals=population(8, exponential(50.0)))
    alone = run(endless(segments={"old": own}))
    new = Segment(priority=0, arrivals=arrivals)
    both = run(endless(segments={"new": new, "old": own}))
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


@pytest.mark.parametrize("place", [0, 1, 3])
def test_inserting_a_stage_leaves_the_others_alone(place):
    """A stage is named by its name, not by its position."""
    names = ["a", "b", "c"]

    def line(stages: list[str]) -> Blueprint:
        return Blueprint(
            stages={n: Stage(n, service=exponential(0.5), error=ErrorRate(0.2, 0.3)) for n in stages},
            pools={n: pool(n, 2) for n in stages},
            segments={"all": Segment()},
            route={s: {t: Handoff()} for s, t in zip(stages, [*stages[1:], DELIVERED], strict=True)},
            first=stages[0],
            arrivals=stream(exponential(1.0)),
            layers=(0,),
        )

    longer = [*names[:place], "new", *names[place:]]
    before, after = (run(line(stages)) for stages in (names, longer))
    assert before["orders"]["placed"].tobytes() == after["orders"]["placed"].tobytes()
    old, new = hours_and_errors(before), hours_and_errors(after)
    assert len(new) - len(old) == len(before["orders"])
    assert sum(erred for _, erred in old.values()) > 300
    assert_same_draws(old, new, old)


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


# -- mechanisms and layers -----------------------------------------------------------------------------------

ALL_OFF = dict.fromkeys(MECHANISMS, False)


def probe(switches: dict[str, bool], layers: tuple[int, ...] = (0, 1, 3)) -> Journal:
    """The rich system, batches included, with staff for all."""
    system = endless(arrivals=stream(exponential(4.0)), segments={"all": Segment()})
    return run(replace(system, route=rich_system().route, layers=layers, switches=switches))


@pytest.fixture(scope="module")
def all_off() -> Journal:
    return probe(ALL_OFF)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_switching_a_mechanism_on_leaves_untouched_draws(mechanism, all_off):
    """Arrivals, the hours of work and the errors of common cause stay; only what the mechanism is about changes."""
    journal = probe({**ALL_OFF, mechanism: True})
    assert journal["orders"]["placed"].tobytes() == all_off["orders"]["placed"].tobytes()
    old, new = hours_and_errors(all_off, common_causes=True), hours_and_errors(journal, common_causes=True)
    both = old.keys() & new.keys()
    assert len(both) > 250
    if mechanism == "skill":  # everyone is as skilled as the other: one factor for all, here none
        level = journal.blueprint.skill_effects.reference_skill
        assert all(m.skill == level for crew in journal.blueprint.pools.values() for m in crew.members.values())
    if mechanism == "frailty":
        for name in both:
            assert old[name][0] == pytest.approx(new[name][0], abs=EPS)
        assert {name for name in both if old[name][1]} != {name for name in both if new[name][1]}
        return
    assert_same_draws(old, new, both)
    assert old.keys() == new.keys()


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
    for table in ("visits", "handoffs"):
        assert journal[table].tobytes() == all_off[table].tobytes()


PERCEPTION = {"desired", "adequate", "predicted", "actual", "perceived", "scored", "actual_sum", "seen_sum", "extreme"}
PERCEPTION |= {"last", "S", "A", "W", "X", "P", "satisfaction", "moments", "last_contact", "promise"}
RECOVERY = {"complaints", "recovered", "damage", "complained", "external_cost"}


def same_but(a: Journal, b: Journal, without: set[str]) -> None:
    for table, dtype in JOURNAL.items():
        if table == "moments":
            continue
        for column in dtype.names or ():
            if column not in without:
                assert a[table][column].tobytes() == b[table][column].tobytes(), f"{table}.{column}"


@pytest.mark.parametrize("layers", [(0,), (0, 1)])
def test_v32_perception_on_or_off(layers):
    """Under load, with repeat orders: layer 3 changes the columns of perception and recovery, exactly nothing else."""
    system = rich_system(200.0, customers=20)
    off, on = (run(replace(system, layers=which)) for which in (layers, (*layers, 3)))
    assert len(off["errors"]) > 15
    assert len(on["moments"]) > 100
    assert len(off["moments"]) == 0
    assert off["orders"]["P"].tobytes() != on["orders"]["P"].tobytes()
    same_but(off, on, PERCEPTION | RECOVERY)


def neutral_system() -> Blueprint:
    """The rich system with the neutral value in every parameter of layers 1 and 3, put in by hand."""
    system = rich_system(200.0, customers=20)
    nothing = {"self_check": Check(), "incoming_check": Check(), "inspection": Check(), "special_cause": SpecialCause()}
    return replace(
        system,
        stages={
            name: replace(stage, error=replace(stage.error, visible_share=0.0), **nothing)
            for name, stage in system.stages.items()
        },
        route={
            source: {t: Handoff(way.probability, border=way.border) for t, way in ways.items()}
            for source, ways in system.route.items()
        },
        pools={
            name: StaffPool({n: replace(m, skill=0.75, gain=0.0) for n, m in crew.members.items()}, crew.discretion)
            for name, crew in system.pools.items()
        },
        knock_on=KnockOn(1.0),
        information=replace(system.information, clarification_time=0.0, callback_delay=0.0),
        rework=replace(system.rework, failure=0.0, travel_delay=0.0),
        perception=replace(
            system.perception, halo=0.0, assimilation=0.0, peak_weight=0.0, end_weight=0.0, wait_bias=1.0
        ),
        recovery=replace(system.recovery, recovered_damage=0.0, minor_complaint=0.0, major_complaint=0.0),
    )


def test_v32_layer_0_is_the_neutral_system():
    """Layers off, all switches off and neutral parameters by hand give the same bytes."""
    by_hand = run(neutral_system())
    switched = run(replace(rich_system(200.0, customers=20), switches=ALL_OFF))
    assert switched.to_bytes() == by_hand.to_bytes()
    independent = {"knock_on": False, "frailty": False}  # which belong to layer 0
    layer_0 = run(replace(rich_system(200.0, customers=20), layers=(0,), switches=independent))
    assert layer_0.to_bytes() == run(replace(neutral_system(), layers=(0,))).to_bytes()
    same_but(layer_0, by_hand, PERCEPTION)
    assert run(replace(neutral_system(), layers=(0, 1))).to_bytes() == layer_0.to_bytes()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_switch_is_its_neutral_parameters_and_nothing_more(mechanism):
    """Off by switch = off by hand; and the mechanism matters at all in this system."""
    system = rich_system(200.0, customers=20)
    neutral = neutral_system()
    by_hand = {
        "skill": {"pools": neutral.pools},
        "knock_on": {"knock_on": replace(system.knock_on, knock_on=1.0)},
        "frailty": {"knock_on": replace(system.knock_on, frailty=0.0)},
        "special_causes": {"stages": _stages(system, special_cause=SpecialCause())},
        "information": {"route": _ways(system, retention=1.0, corruption=0.0)},
        "clarification": {"information": neutral.information},
        "border_delay": {"route": _ways(system, delay=NO_TIME), "rework": replace(system.rework, travel_delay=0.0)},
        "batching": {"route": _ways(system, batch=1)},
        "detection": {"stages": _stages(system, self_check=Check(), incoming_check=Check())},
        "inspection": {"stages": _stages(system, inspection=Check())},
        "rework_failure": {"rework": replace(system.rework, failure=0.0)},
        "visible_errors": {
            "stages": {n: replace(s, error=replace(s.error, visible_share=0.0)) for n, s in system.stages.items()}
        },
        "halo": {"perception": replace(system.perception, halo=0.0)},
        "assimilation": {"perception": replace(system.perception, assimilation=0.0)},
        "sequence": {"perception": replace(system.perception, peak_weight=0.0, end_weight=0.0)},
        "wait_bias": {"perception": replace(system.perception, wait_bias=1.0)},
        "recovery": {"recovery": replace(system.recovery, recovered_damage=0.0)},
        "complaints": {"recovery": replace(system.recovery, minor_complaint=0.0, major_complaint=0.0)},
    }
    off = run(replace(system, switches={mechanism: False})).to_bytes()
    assert off == run(replace(system, **by_hand[mechanism])).to_bytes()
    assert off != run(system).to_bytes()


def _stages(system: Blueprint, **fields: Any) -> dict[str, Stage]:
    return {name: replace(stage, **fields) for name, stage in system.stages.items()}


def _ways(system: Blueprint, **fields: Any) -> dict[str, dict[str, Handoff]]:
    return {s: {t: replace(way, **fields) for t, way in ways.items()} for s, ways in system.route.items()}
