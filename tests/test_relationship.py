"""How customers stay, talk and come (model.md 2.8): V23, V24, and every rule by hand on a firm without surprises.

In that firm one dimension counts (assurance), so what every customer perceives is the service skill of the staff.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import (
    PLENTY,
    chain,
    exponential,
    fixed,
    level_expectations,
    plain_rules,
    pool,
    population,
    rich_system,
    run,
    stream,
    weights,
)
from test_theory import agrees, fits, replicate

from sim.blueprint import Blueprint, Horizon, Perception, Promise, Relationship, Segment, StaffMember, WordOfMouth
from sim.journal import Journal
from sim.model.relationship import lifetime_value
from sim.tables import (
    LOST_ABANDONED,
    LOST_FAILURE,
    LOST_FINISHED,
    LOST_LATENESS,
    LOST_OTHER,
    LOST_SHORTFALL,
    WON_ARRIVAL,
    WON_MARKETING,
    WON_REFERRAL,
)

pytestmark = pytest.mark.both_engines

DESIRED, ADEQUATE = 0.9, 0.9 - 0.18
FIRST = 0.4 * 0.85 + 0.2 * 0.8 + 0.4 * 0.8  # predicted at first: promise, word of mouth, norm
CALM = Perception(wait_bias=1.0, peak_weight=0.0, halo=0.0, assimilation=0.0, disconfirmation=0.0)
STEADY = Relationship("keep", satisfaction_learning=1.0, purchase_effect=0.0)
SILENT = WordOfMouth(talk=0.0)


def firm(
    perceived: float = 0.9,
    relationship: Relationship = STEADY,
    talk: WordOfMouth = SILENT,
    *,
    segment: dict[str, Any] | None = None,
    perception: Perception = CALM,
    expectations: dict[str, Any] | None = None,
    stage: dict[str, Any] | None = None,
    **parts: Any,
) -> Blueprint:
    """One moment of truth, 0.01 h of work, and nobody ever waits; P = `perceived`, and satisfaction = P too."""
    customer = {
        "weights": weights(assurance=1.0),
        "expectations": level_expectations(DESIRED, learning=0.0, **(expectations or {})),
        **(segment or {}),
    }
    defaults: dict[str, Any] = {
        "service": 0.01,
        "stages": {1: {"onstage": True, "moment_of_truth": True, **(stage or {})}},
        "pools": {"p1": pool("p1_", PLENTY, StaffMember(service_skill=perceived))},
        "segments": {"all": Segment(**customer)},
        "layers": (0, 3, 4),
        "relationship": relationship,
        "word_of_mouth": talk,
    }
    return chain(1, **plain_rules(perception=perception), **{**defaults, **parts})


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


# -- lifetime value and customer life ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("r", "d", "value", "elasticity"),
    [(0.9, 0.1, 4.5, 5.5), (0.8, 0.1, 0.8 / 0.3, 11 / 3), (0.85, 0.1, 3.4, 4.4), (0.95, 0.0, 19.0, 20.0)],
)
@pytest.mark.no_engine
def test_v23_lifetime_value(r, d, value, elasticity):
    """CLV = m r / (1 + d - r), the sum of m r^t / (1 + d)^t; its elasticity in r is (1 + d) / (1 + d - r)."""
    assert lifetime_value(1.0, r, d) == pytest.approx(value, rel=1e-12)
    assert sum((r / (1 + d)) ** t for t in range(1, 2_000)) == pytest.approx(value, rel=1e-12)
    step = 1e-6
    up, down = (lifetime_value(110.0, r * math.exp(h), d) for h in (step, -step))
    assert (math.log(up) - math.log(down)) / (2 * step) == pytest.approx(elasticity, rel=1e-6)


@pytest.mark.parametrize(("r", "orders_a_year", "customers"), [(0.9, 10, 400), (0.9, 2, 1_500), (0.5, 4, 2_000)])
def test_v24_geometric_customer_life(r, orders_a_year, customers):
    """Years that a customer begins: geometric, mean 1/(1-r) = 10 at .9; orders: mean 1/(1 - r^(1/nu))."""
    years = math.log(1e-6) / math.log(r)
    system = firm(
        relationship=replace(STEADY, rule="step", stay_above=r, stay_below=0.0),
        arrivals=population(customers, fixed(1920.0 / orders_a_year)),
        hours=1920.0 * years,
    )
    journal = run(system)
    orders = journal["customers"]["orders"]
    begun = np.ceil(orders / orders_a_year)
    agrees("life", begun, 1 / (1 - r), unlike=1 / (1 - r ** (1 / 2)))
    agrees("orders", orders, 1 / (1 - r ** (1 / orders_a_year)), unlike=1 / (1 - r))
    fits("years", np.bincount(begun.astype(int))[1:].tolist(), [r**n * (1 - r) for n in range(6)])
    served = journal["customers"]["left"] - orders * 1920.0 / orders_a_year  # all come at once: some wait a little
    assert 0.0 < served.min() <= served.max() < 1.0


# -- staying -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("perceived", [0.65, 0.75, 0.95])
def test_retention_rules(perceived):
    """r at a known CS: logistic around the adequate or the desired level, a step at the adequate one, or 1."""
    given = {"satisfaction_learning": 1.0, "retention_base": 0.2, "retention_slope": 10.0, "switching_cost": 0.3}
    expected = {
        "adequate": logistic(0.2 + 10 * (perceived - ADEQUATE) + 0.3),
        "desired": logistic(0.2 + 10 * (perceived - DESIRED) + 0.3),
        "step": 0.93 if perceived >= ADEQUATE else 0.44,
        "keep": 1.0,
    }
    for rule, stay in expected.items():
        relationship = Relationship(rule, stay_above=0.93, stay_below=0.44, **given)
        system = firm(perceived, relationship, arrivals=population(20, fixed(30.0)), hours=200.0)
        customers = run(system)["customers"]
        assert customers["satisfaction"] == pytest.approx(perceived, abs=1e-12)
        assert customers["stay"] == pytest.approx(stay, abs=1e-12), rule


@pytest.mark.parametrize("rule", ["adequate", "desired", "step"])
def test_share_that_stays(rule):
    """After an order the customer stays with chance r^(1/nu)."""
    system = firm(
        0.8,
        Relationship(rule, satisfaction_learning=1.0, stay_above=0.3),
        arrivals=population(4_000, fixed(960.0)),  # two orders a year
        hours=1_000.0,
    )
    journal = run(system)
    stay = {"adequate": logistic(14.6 * 0.08), "desired": logistic(-14.6 * 0.1), "step": 0.3}[rule]
    agrees("stays", journal["customers"]["lost"] < 0, math.sqrt(stay), unlike=stay)


def test_cumulative_satisfaction_prediction_and_pace_by_hand():
    """One customer, four orders: W learns, satisfaction is P plus disconfirmation, CS follows, the pace follows CS."""
    perceived, learning = 0.7, 0.3
    system = firm(
        perceived,
        Relationship("keep", satisfaction_learning=0.4, purchase_effect=2.0, starting_shift=0.05),
        perception=replace(CALM, disconfirmation=0.4),
        segment={"expectations": level_expectations(DESIRED, learning=learning)},
        arrivals=population(1, fixed(100.0)),
        hours=600.0,
    )
    journal = run(system)
    orders, customer = journal["orders"], journal["customers"][0]
    predicted, regard, placed = FIRST, FIRST + 0.05, 100.0
    for order in orders:
        assert order["placed"] == pytest.approx(placed, abs=1e-9)
        assert order["W"] == pytest.approx(predicted, abs=1e-12)
        felt = perceived + 0.4 * (max(0.0, perceived - predicted) - 2 * max(0.0, predicted - perceived))
        assert order["satisfaction"] == pytest.approx(felt, abs=1e-12)
        regard += 0.4 * (felt - regard)
        predicted += learning * (perceived - predicted)
        placed += 100.0 / (1 + 2.0 * (regard - 0.8))
    assert len(orders) >= 4
    assert customer["satisfaction"] == pytest.approx(regard, abs=1e-12)
    assert customer["orders"] == len(orders)
    assert placed > 600.0


def test_pace_has_a_floor():
    """However unhappy, a customer who stays comes a tenth as often as usual at least."""
    relationship = replace(STEADY, purchase_effect=2.0, purchase_level=1.0)
    journal = run(firm(0.1, relationship, arrivals=population(1, fixed(10.0)), hours=250.0))
    assert np.diff(journal["orders"]["placed"]) == pytest.approx(100.0, abs=1e-9)


def test_what_customers_desire_ratchets_and_drifts():
    """Desired: up by a share of what exceeds it, never down, plus the drift of every order; at most 1."""
    given = {"ratchet": 0.5, "drift": 0.01}
    desired = {0.9: [0.8, 0.86, 0.89, 0.905, 0.915], 0.6: [0.8, 0.81, 0.82, 0.83, 0.84]}
    for perceived, expected in desired.items():
        segment = {"expectations": level_expectations(0.8, **given)}
        journal = run(firm(perceived, segment=segment, arrivals=population(1, fixed(10.0)), hours=55.0))
        assert journal["orders"]["S"] == pytest.approx(expected, abs=1e-12)
        assert journal["orders"]["A"] == pytest.approx(np.array(expected) - 0.18, abs=1e-12)
    segment = {"expectations": level_expectations(0.99, **given)}
    journal = run(firm(0.9, segment=segment, arrivals=population(1, fixed(10.0)), hours=55.0))
    assert journal["orders"]["S"].max() == 1.0


# -- leaving -------------------------------------------------------------------------------------------------

NOBODY_STAYS = replace(STEADY, rule="step", stay_above=0.0, stay_below=0.0)
HURRY = {"promise": Promise(lead_time=0.005)}
REASONS: dict[str, tuple[int, Blueprint]] = {
    "failure comes first": (LOST_FAILURE, firm(0.5, NOBODY_STAYS, p=1.0, **HURRY)),
    "then lateness": (LOST_LATENESS, firm(0.5, NOBODY_STAYS, **HURRY)),
    "then the shortfall": (LOST_SHORTFALL, firm(0.5, NOBODY_STAYS)),
    "or no reason of ours": (LOST_OTHER, firm(0.9, NOBODY_STAYS)),
    "giving up": (
        LOST_ABANDONED,
        firm(
            0.9,
            NOBODY_STAYS,
            segment={"patience": fixed(0.005)},
            stage={"customer_waits": True},
            pools={"p1": pool("p1_", 1, StaffMember(off_line=((0.0, 5_000.0),)))},
        ),
    ),
    "all they came for": (LOST_FINISHED, firm(0.9, arrivals=stream(5.0))),
}


@pytest.mark.parametrize("name", list(REASONS))
def test_reasons_of_loss(name):
    """The first reason that holds is booked; lifetime value is lost where the firm gave cause."""
    reason, system = REASONS[name]
    if reason != LOST_FINISHED:
        system = replace(system, arrivals=population(5, fixed(50.0)))
    journal = run(system)
    customers, weeks = journal["customers"], journal["weeks"]
    assert len(customers) >= 5
    assert (customers["lost"] == reason).all()
    assert weeks["lost"].sum(axis=0).tolist() == [len(customers) * (reason == code) for code in range(6)]
    ended = np.fmax(journal["orders"]["delivered"], journal["orders"]["abandoned"])
    assert customers["left"] == pytest.approx(ended, abs=0)
    # a customer is worth as much as they were before the order
    margin = (300.0 - 40.0 - 25.0 * 0.01) * 1920.0 / 50.0
    stay = 1.0 if reason == LOST_FINISHED else 0.0
    lost = 0.0 if reason >= LOST_OTHER else len(customers) * lifetime_value(margin, stay, 0.1)
    assert weeks["lost_equity"].sum() == pytest.approx(lost, rel=1e-12)


def test_lifetime_value_that_is_lost():
    """Who leaves for cause takes along their CLV as it stood before the last order."""
    step = replace(STEADY, rule="step", satisfaction_learning=0.0, stay_above=0.9, stay_below=0.0)
    starts_well = {"word_of_mouth": 0.9}  # first CS .84 is adequate and never moves: r = .9
    system = firm(0.5, step, expectations=starts_well, arrivals=population(300, fixed(480.0)), hours=500.0)
    journal = run(system)
    left = (journal["customers"]["lost"] == LOST_SHORTFALL).sum()
    value = lifetime_value((300.0 - 40.0 - 25.0 * 0.01) * 4, 0.9, 0.1)
    assert left > 0
    assert journal["weeks"]["lost_equity"].sum() == pytest.approx(left * value, rel=1e-12)


def test_an_order_given_up_is_an_experience():
    """CS moves towards the level of an abandoned order; the customer may leave for it."""
    system = replace(
        REASONS["giving up"][1],
        relationship=Relationship("adequate", purchase_effect=0.0, abandoned_satisfaction=0.2),
        arrivals=population(40, fixed(150.0)),
        horizon=Horizon(0.0, 400.0),
    )
    customers = run(system)["customers"]
    expected = FIRST + (0.2 - FIRST) * (1 - 0.7 ** customers["orders"])
    assert customers["satisfaction"] == pytest.approx(expected, abs=1e-12)
    assert customers["stay"] == pytest.approx([logistic(14.6 * (cs - ADEQUATE)) for cs in expected], abs=1e-12)
    assert (customers["lost"] == LOST_ABANDONED).any()


# -- word of mouth -------------------------------------------------------------------------------------------


def trial(heard: float, told: WordOfMouth) -> float:
    """Chance that a prospect tries who has heard of a level."""
    return logistic(told.trial_base + told.trial_slope * (FIRST + 0.2 * (heard - 0.8) - 0.8))


@pytest.mark.parametrize(("perceived", "kind"), [(0.9, "praise"), (0.5, "criticism"), (0.75, "nothing")])
def test_word_of_mouth(perceived, kind):
    """Talk a delivered order: chance `talk`; customers won: talk x hearers x prospects x those who try."""
    told = WordOfMouth(talk=0.3, prospect=0.04, referral_delay=10.0, message_weight=0.01)
    hearers = {"praise": 5, "criticism": 10, "nothing": 0}[kind]
    system = firm(perceived, talk=told, arrivals=stream(exponential(1.0)), hours=1_500.0)

    def measure(journal: Journal) -> list[float]:
        weeks, customers = journal["weeks"], journal["customers"]
        referred = customers["won"] == WON_REFERRAL
        delivered = weeks["delivered"][:-1].sum()  # the firm closes with the run
        both = [weeks["praise"].sum(), weeks["criticism"].sum()]
        assert both[kind == "praise"] == 0
        assert weeks["won"].sum(axis=0)[WON_REFERRAL] == (referred & ~np.isnan(customers["joined"])).sum()
        return [sum(both) / delivered, referred.sum() / delivered]

    found = replicate(system, 12, measure)
    if kind == "nothing":
        assert not found.any(), "adequate, but less than predicted: nothing to tell"
        return
    agrees("talks", found[:, 0], 0.3, unlike=0.28)
    expected = 0.3 * hearers * 0.04 * trial(perceived, told)
    agrees("refers", found[:, 1], expected, unlike=0.3 * (15 - hearers) * 0.04 * trial(perceived, told))


def test_referred_customers_by_hand():
    """Everybody talks, all who hear are prospects, and all try: five new customers, each with a name of their own, who
    are none of ours before their first order."""
    told = WordOfMouth(talk=1.0, prospect=1.0, trial_base=20.0, referral_delay=1e7)
    journal = run(firm(talk=told, arrivals=population(3, fixed(60.0)), hours=70.0))
    customers, weeks = journal["customers"], journal["weeks"]
    assert (customers["won"] == WON_REFERRAL).sum() == 15
    assert len(set(customers["key"])) == 18
    assert np.isnan(customers["joined"][3:]).all()
    assert weeks["active"][-2] == 3
    assert weeks["won"].sum() == 0
    # what they predict: promise, norm, and the level that their friend perceived
    assert customers["predicted"][3:] == pytest.approx(FIRST + 0.2 * (0.9 - 0.8), abs=1e-12)
    soon = replace(told, referral_delay=5.0)
    journal = run(firm(talk=soon, arrivals=stream(60.0), hours=70.0))
    joined = journal["customers"]["joined"][journal["customers"]["won"] == WON_REFERRAL]
    known = joined[~np.isnan(joined)]
    assert len(known) >= 5
    assert (known > 60.01).all()
    assert (known < 70.0).all()
    assert (journal["weeks"]["won"].sum(axis=0) == [1, 0, len(known)]).all()


def test_referral_delay():
    """Who was told decides after an exponential time, counted from the order that was told of."""
    told = WordOfMouth(talk=1.0, positive_hearers=1, prospect=1.0, trial_base=20.0, referral_delay=0.4)
    crew = {"p1": pool("p1_", 1_500, StaffMember(service_skill=0.9))}
    journal = run(firm(talk=told, arrivals=population(1_500, fixed(10.0)), pools=crew, hours=10.41))
    referred = journal["customers"][1_500:3_000]  # all told at 10.01 h
    assert (referred["won"] == WON_REFERRAL).all()
    agrees("decided within .4 h", ~np.isnan(referred["joined"]), 1 - math.exp(-1.0), unlike=0.5)


def test_talk_brings_new_names_and_leaves_the_others_alone():
    """Common random numbers: with or without referred customers, all the others have the same orders."""
    told = WordOfMouth(talk=0.5, prospect=0.2, message_weight=0.0, referral_delay=20.0)
    given: dict[str, Any] = {
        "relationship": Relationship("adequate"),
        "arrivals": stream(exponential(10.0), orders=5, reorder=exponential(40.0)),
        "hours": 400.0,
        "service": exponential(0.01),
        "segment": {"expectations": level_expectations(DESIRED, desired_sd=0.05)},
    }
    quiet, loud = run(firm(talk=SILENT, **given)), run(firm(talk=told, **given))

    def orders_of_arrivals(journal: Journal) -> np.ndarray:
        columns = ["key", "number", "placed", "delivered", "worked", "S", "W", "P", "satisfaction"]
        came = journal["customers"]["won"][journal["orders"]["customer"]] == WON_ARRIVAL
        return np.sort(journal["orders"][columns][came], order=["key", "number"])

    referred = loud["customers"]["won"] == WON_REFERRAL
    assert referred.sum() > 10
    assert len(set(loud["customers"]["key"])) == len(loud["customers"])
    assert orders_of_arrivals(quiet).tolist() == orders_of_arrivals(loud).tolist()


def test_what_is_heard_of_the_firm():
    """Every message moves what others hear by `message_weight` of the distance; it colours their first prediction."""
    told = WordOfMouth(talk=1.0, prospect=0.0, message_weight=0.1)
    orders = run(firm(0.9, talk=told, arrivals=stream(10.0), hours=205.0))["orders"]
    heard = 0.9 + (0.8 - 0.9) * 0.9 ** np.arange(len(orders))  # customer k comes after k messages
    assert len(orders) == 20
    assert orders["W"] == pytest.approx(FIRST + 0.2 * (heard - 0.8), abs=1e-12)


# -- acquisition ---------------------------------------------------------------------------------------------


def test_marketing():
    """Prospects come as a Poisson stream at the rate in force; those who try are won and cost `acquisition_cost`."""
    system = firm(segment={"prospects": 3.0}, arrivals=stream(1e6), hours=8_000.0)
    busier = firm(segment={"prospects": 8.0}, arrivals=stream(1e6), hours=8_000.0)
    chance = trial(0.8, SILENT)

    def measure(journal: Journal) -> list[float]:
        weeks, customers = journal["weeks"], journal["customers"]
        assert (customers["won"] == WON_MARKETING).all()
        assert weeks["won"].sum(axis=0)[WON_MARKETING] == len(customers)
        assert weeks["acquisition"].tolist() == (300.0 * weeks["won"][:, WON_MARKETING]).tolist()
        before = (customers["joined"] < 4_000.0).sum()
        return [before / 100, (len(customers) - before) / 100]

    one = replicate(system, 20, measure)
    agrees("a week", one.mean(axis=1), 3.0 * chance, unlike=3.0)
    assert 1 - 4 * math.sqrt(2 / 39) < (one * 100).var(ddof=1) / (300 * chance) < 1 + 4 * math.sqrt(2 / 39), "Poisson"
    two = np.array([measure(run(((0.0, system), (4_000.0, busier)), 7, r)) for r in range(20)])
    agrees("a week, before", two[:, 0], 3.0 * chance, unlike=8.0 * chance)
    agrees("a week, after", two[:, 1], 8.0 * chance, unlike=3.0 * chance)


# -- books ---------------------------------------------------------------------------------------------------


def busy_firm(**more: Any) -> Blueprint:
    """Customers come, are told, stay or leave; nobody's order is under way at the end of the run."""
    given: dict[str, Any] = {
        "relationship": Relationship("adequate", switching_cost=-1.0),
        "talk": WordOfMouth(talk=0.5, prospect=0.05),
        "segment": {"prospects": 1.0, "expectations": level_expectations(DESIRED, desired_sd=0.05)},
        "arrivals": stream(exponential(8.0), orders=30, reorder=exponential(96.0)),
        "hours": 1_310.0,
        "warm_up": 50.0,
    }
    return firm(0.87, **{**given, **more})


@pytest.mark.parametrize("arrivals", [None, population(80, exponential(96.0))], ids=["stream", "population"])
def test_books_of_customers(arrivals):
    """Rebuilt from the table of customers: active = at first + won - lost, hours, cost of care, and the equity."""
    journal = run(busy_firm(**({"arrivals": arrivals} if arrivals else {})))
    weeks, customers = journal["weeks"], journal["customers"]
    joined, left = customers["joined"], np.where(np.isnan(customers["left"]), np.inf, customers["left"])
    change = weeks["won"].sum(axis=1) - weeks["lost"].sum(axis=1)
    assert (np.cumsum(change) + (80 if arrivals else 0) == weeks["active"])[:-1].all()
    assert min(weeks["won"].sum(axis=0)[1:]) > 0
    for week in weeks[:-1]:
        inside = np.clip(left, week["began"], week["ended"]) - np.clip(joined, week["began"], week["ended"])
        hours = np.nansum(inside)
        assert week["customer_hours"] == pytest.approx(hours, rel=1e-9)
        assert week["care"] == pytest.approx(60.0 / 1920.0 * hours, rel=1e-9)
        assert week["active"] == ((joined < week["ended"]) & (left >= week["ended"])).sum()
    end = weeks[-2]
    assert end["ended"] == journal.window[1]
    assert end["in_system"] == 0, "else the customers of the end are not those of the last week"
    active = customers[(joined >= 0) & (customers["lost"] < 0)]
    margin, segment = 300.0 - 40.0 - 25.0 * 0.01, journal.plan.rows("segments")[0, 0]
    if arrivals:
        pace = (1920.0 / 96.0) * (1 + 0.5 * (active["satisfaction"] - 0.8))
        equity = (margin * pace * active["stay"] / (1.1 - active["stay"])).sum()
    else:  # they come for some orders only
        stay, left = active["stay"] ** (1.0 / segment["orders_a_year"]), segment["orders"] - active["orders"]
        to_come = [sum(s**k for k in range(1, n + 1)) for s, n in zip(stay, left.tolist(), strict=True)]
        equity = margin * sum(to_come)
    assert end["equity"] == pytest.approx(equity, rel=1e-12)
    assert end["stay"] == pytest.approx(active["stay"].mean(), rel=1e-12)
    assert end["regard"] == pytest.approx(active["satisfaction"].mean(), rel=1e-12)


def test_care_is_billed_at_the_rate_of_its_time():
    """60 cu a year until hour 100, 360 from then on, also in the middle of a week."""
    before = firm(arrivals=population(80, exponential(96.0)), hours=200.0)
    dearer = {name: replace(s, care_cost=360.0) for name, s in before.segments.items()}
    journal = run(((0.0, before), (100.0, replace(before, segments=dearer))))
    assert journal["weeks"]["care"][:5] == pytest.approx([100.0, 100.0, 350.0, 600.0, 600.0], rel=1e-12)


# -- two starting points and null configurations -------------------------------------------------------------


def test_two_starting_points():
    """The starting shift moves the first CS (within [0, 1]), and nothing else."""
    settled = replace(STEADY, satisfaction_learning=0.0)
    shifts = {-1.0: 0.0, -0.2: FIRST - 0.2, 0.0: FIRST, 0.1: FIRST + 0.1, 1.0: 1.0}
    journals = {s: run(firm(relationship=replace(settled, starting_shift=s), hours=80.0)) for s in shifts}
    for shift, first in shifts.items():
        assert journals[shift]["customers"]["satisfaction"] == pytest.approx(first, abs=1e-12)
        for table in ("orders", "visits", "moments"):
            assert journals[shift][table].tobytes() == journals[0.0][table].tobytes()
        for column in ("desired", "predicted", "joined", "orders"):
            assert (journals[shift]["customers"][column] == journals[0.0]["customers"][column]).all()


MECHANISMS = ("patience", "retention", "purchase_pace", "word_of_mouth", "acquisition")


def whole(**switches: bool) -> Blueprint:
    system = rich_system(hours=400.0, customers=30, interval=40.0, layers=(0, 1, 3, 4), switches=switches)
    stages = {n: replace(s, customer_waits=s.onstage) for n, s in system.stages.items()}
    segments = {n: replace(s, patience=exponential(2.0), prospects=3.0) for n, s in system.segments.items()}
    told = WordOfMouth(prospect=0.05)
    return replace(system, stages=stages, segments=segments, word_of_mouth=told)


def test_layer_off_is_layer_absent():
    """All five mechanisms off one by one: the run of the lower layers, byte for byte."""
    off = run(whole(**dict.fromkeys(MECHANISMS, False)))
    assert off.to_bytes() == run(replace(whole(), layers=(0, 1, 3))).to_bytes()
    assert off.to_bytes() != run(whole()).to_bytes()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_null_configurations(mechanism):
    """Switched off is the neutral value, byte for byte; on it makes a difference."""
    system = whole()
    segments = system.segments
    neutral = {
        "patience": {"segments": {n: replace(s, patience=None) for n, s in segments.items()}},
        "retention": {"relationship": Relationship("keep")},
        "purchase_pace": {"relationship": Relationship(purchase_effect=0.0)},
        "word_of_mouth": {"word_of_mouth": replace(system.word_of_mouth, talk=0.0)},
        "acquisition": {"segments": {n: replace(s, prospects=0.0) for n, s in segments.items()}},
    }[mechanism]
    off = run(whole(**{mechanism: False})).to_bytes()
    assert off == run(replace(system, **neutral)).to_bytes()
    assert off != run(system).to_bytes()
