"""What customers expect, perceive and do about failures: hand-worked cases and exact identities (model.md 2.1-2.3)."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import chain, exponential, level_expectations, plain_rules, population, rich_system, run, stream, weights
from scipy import stats

from sim.blueprint import (
    DIMENSIONS,
    Blueprint,
    Costs,
    ErrorRate,
    Expectations,
    Perception,
    Promise,
    Recovery,
    Segment,
    StaffMember,
    StaffPool,
)
from sim.journal import Journal
from sim.model.expectation import learned_prediction, ratcheted_desire
from sim.model.perception import (
    assurance_score,
    empathy_score,
    reliability_score,
    responsiveness_score,
    satisfaction,
    sequence_score,
)
from sim.model.recovery import recovered_share
from sim.plan import compile_plan
from sim.world import World

pytestmark = pytest.mark.both_engines

REL, RES, ASS, EMP, TAN = range(5)
EXACT = {"rel": 0.0, "abs": 1e-12}
SEEN = {"onstage": True, "moment_of_truth": True}


@cache
def world_of(perception: Perception = Perception(), recovery: Recovery = Recovery()) -> World:  # noqa: B008
    return World(compile_plan(((0.0, chain(perception=perception, recovery=recovery, layers=(0, 1, 3))),)), 1, 0)


def rule(perception: Perception = Perception(), recovery: Recovery = Recovery()) -> Any:  # noqa: B008
    """The rules record of a plan with these groups."""
    return world_of(perception, recovery).table("rules")[0]


def shop(expectations: Expectations | None = None, **parts: Any) -> Blueprint:
    """One onstage stage of an hour at which everything is seen."""
    segment = Segment(expectations=expectations or level_expectations(), **parts.pop("segment", {}))
    defaults: dict[str, Any] = {"service": 1.0, "stages": {1: SEEN}, "layers": (0, 1, 3), **plain_rules()}
    return chain(1, segments={"all": segment}, **{**defaults, **parts})


# -- scores --------------------------------------------------------------------------------------------------


@pytest.mark.no_engine
def test_reliability():
    """exp(-damage) exp(-phi_L max(0, T - T*)/T*)."""
    assert reliability_score(rule(), 0.0, 20.0, 24.0) == 1.0
    assert reliability_score(rule(), 0.3, 36.0, 24.0) == pytest.approx(math.exp(-0.3 - 0.25), **EXACT)
    assert reliability_score(rule(), 0.0, 36.0, 24.0) == pytest.approx(math.exp(-0.25), **EXACT)


@pytest.mark.parametrize(("wait", "score"), [(0.0, 1.0), (32.0, 0.5), (64.0, 0.25), (16.0, math.sqrt(0.5))])
@pytest.mark.no_engine
def test_responsiveness_halves_every_32_hours(wait, score):
    assert responsiveness_score(rule(), wait) == pytest.approx(score, **EXACT)


@pytest.mark.no_engine
def test_assurance_and_empathy():
    assert assurance_score(rule(), 0.8, False) == 0.8
    assert assurance_score(rule(), 0.8, True) == pytest.approx(0.4, **EXACT)
    assert empathy_score(rule(), 0.6, 0.0, 0.0, 0.0) == pytest.approx(0.70, **EXACT)
    assert empathy_score(rule(), 0.8, 0.5, 1.0, 0.0) == pytest.approx(0.70 + 0.10 + 0.05 + 0.05, **EXACT)
    assert empathy_score(rule(), 0.6, 0.0, 0.0, 1.05) == pytest.approx(0.70, **EXACT)  # load is layer 2
    warm = rule(Perception(empathy_base=0.9, empathy_morale=2.0))
    assert empathy_score(warm, 1.0, 1.0, 1.0, 0.0) == 1.0
    assert empathy_score(warm, 0.0, 0.0, 0.0, 0.0) == 0.0


@pytest.mark.no_engine
def test_load_takes_empathy_away():
    """One for one above .85."""
    loaded = World(compile_plan(((0.0, chain(layers=(0, 1, 2, 3))),)), 1, 0).table("rules")[0]
    assert empathy_score(loaded, 0.6, 0.0, 0.0, 0.85) == pytest.approx(0.70, **EXACT)
    assert empathy_score(loaded, 0.6, 0.0, 0.0, 1.05) == pytest.approx(0.50, **EXACT)
    assert empathy_score(loaded, 0.6, 0.0, 0.0, 3.0) == 0.0


@pytest.mark.no_engine
def test_sequence():
    """(1 - th_p - th_e) mean + th_p extreme + th_e last."""
    record = rule(Perception(peak_weight=0.2, end_weight=0.1))
    assert sequence_score(record, 0.8, 0.3, 0.9) == pytest.approx(0.7 * 0.8 + 0.2 * 0.3 + 0.1 * 0.9, **EXACT)


@pytest.mark.parametrize(
    ("perceived", "predicted", "paradox", "felt"),
    [
        (0.8, 0.7, 0.0, 0.8 + 0.4 * 0.1),
        (0.7, 0.8, 0.0, 0.7 - 0.4 * 2 * 0.1),  # a shortfall counts twice
        (0.8, 0.8, 0.05, 0.85),
        (0.99, 0.5, 0.0, 1.0),
        (0.1, 0.9, 0.0, 0.0),
    ],
)
@pytest.mark.no_engine
def test_satisfaction(perceived, predicted, paradox, felt):
    """SAT = clip(P + beta [max(0, D) - LA max(0, -D)], 0, 1), beta .4, LA 2."""
    assert satisfaction(rule(), perceived, predicted, paradox) == pytest.approx(felt, **EXACT)


@pytest.mark.no_engine
def test_no_loss_aversion_is_symmetric():
    even = rule(Perception(loss_aversion=1.0))
    up, down = satisfaction(even, 0.7, 0.6, 0.0) - 0.7, 0.7 - satisfaction(even, 0.7, 0.8, 0.0)
    assert up == pytest.approx(down, **EXACT)
    assert up == pytest.approx(0.04, **EXACT)


@pytest.mark.no_engine
def test_recovered_share():
    """rho0 exp(-D/D0), halved for a customer who has met a failure before; never above rho0 <= 1."""
    assert recovered_share(rule(), 0.0, False) == pytest.approx(0.8, **EXACT)
    assert recovered_share(rule(), 16.0, False) == pytest.approx(0.8 / math.e, **EXACT)
    assert recovered_share(rule(), 16.0, True) == pytest.approx(0.4 / math.e, **EXACT)


@pytest.mark.no_engine
def test_learning_and_ratchet():
    assert learned_prediction(0.8, 0.6, 0.3) == pytest.approx(0.74, **EXACT)
    assert ratcheted_desire(0.8, 0.9, 0.05, 0.0) == pytest.approx(0.805, **EXACT)
    assert ratcheted_desire(0.8, 0.2, 0.05, 0.0) == 0.8
    assert ratcheted_desire(0.8, 0.2, 0.05, 0.01) == pytest.approx(0.81, **EXACT)
    assert ratcheted_desire(1.0, 1.0, 0.05, 0.01) == 1.0


# -- a whole judgement, by hand --------------------------------------------------------------------------------


def test_two_customers_meet_the_firm_twice():
    """Both order at 2; s1 (onstage) and s2 (backstage) take an hour; lead time promised 2 h, taken 2 h and 3 h."""
    perception = Perception(end_weight=0.1)  # peak .2, halo .25, assimilation .2, wait bias 1.36
    system = chain(
        2,
        service=1.0,
        stages={1: SEEN},
        segments={"all": Segment(expectations=level_expectations(0.9))},
        arrivals=population(2, 2.0),
        hours=2.5,
        layers=(0, 1, 3),
        **plain_rules(perception=perception, promise=Promise(0.85, 2.0)),
    )
    journal = run(system)
    assert journal["orders"]["delivered"].tolist() == [4.0, 5.0]
    moments = journal["moments"][journal["moments"]["order"] == 1]
    assert moments["stage"].tolist() == [0, -1]
    assert moments["time"].tolist() == [4.0, 5.0]
    assert moments["wait"].tolist() == [1.0, 1.0]
    real, felt, late = 2 ** (-1 / 32), 2 ** (-1.36 / 32), math.exp(-0.5 * (3 - 2) / 2)
    none = math.nan
    expected = [[1.0, real, 0.75, 0.70, 0.80], [late, real, none, none, none]]
    np.testing.assert_allclose(moments["actual"], expected, rtol=0, atol=1e-12)
    expected = [[1.0, felt, 0.75, 0.70, 0.80], [late, felt, none, none, none]]
    np.testing.assert_allclose(moments["seen"], expected, rtol=0, atol=1e-12)

    order = journal["orders"][1]
    predicted = 0.4 * 0.85 + 0.2 * 0.8 + 0.4 * 0.8
    adequate = 0.9 - 0.18
    # Reliability: the score farthest from .82 is the first (1), the last is the late delivery.
    in_sequence = np.array([0.7 * (1 + late) / 2 + 0.2 * 1 + 0.1 * late, felt, 0.75, 0.70, 0.80])
    after_halo = in_sequence - 0.25 * (adequate - 0.70)  # empathy is worst and below adequate
    after_halo[EMP] = 0.70
    perceived = 0.8 * after_halo + 0.2 * predicted
    np.testing.assert_allclose(order["perceived"], perceived, rtol=0, atol=1e-12)
    np.testing.assert_allclose(order["actual"], [(1 + late) / 2, real, 0.75, 0.70, 0.80], rtol=0, atol=1e-12)
    w = np.array([0.32, 0.22, 0.19, 0.16, 0.11])
    for column, value in (
        ("P", perceived @ w),
        ("X", order["actual"] @ w),
        ("S", 0.9),
        ("A", adequate),
        ("W", predicted),
    ):
        assert order[column] == pytest.approx(value, **EXACT), column
    surprise = perceived @ w - predicted
    felt_in_all = surprise if surprise > 0 else 2 * surprise
    assert order["satisfaction"] == pytest.approx(perceived @ w + 0.4 * felt_in_all, **EXACT)


@pytest.mark.parametrize(
    ("last", "scored"),
    [
        ({}, True),  # worked on backstage: the customer waited
        ({"appraisal": True}, False),  # inspected only: the work ended with the customer
        ({"onstage": True, "moment_of_truth": True}, False),
        ({"onstage": True}, True),  # in sight, but nobody met the customer
    ],
)
def test_delivery_is_judged_for_responsiveness_unless_the_customer_was_just_met(last, scored):
    front = {"onstage": True, "moment_of_truth": True}
    journal = run(chain(2, stages={1: front, 2: last}, hours=50.0, layers=(0, 1, 3), **plain_rules()))
    moments = journal["moments"]
    delivery = moments["actual"][moments["stage"] == -1]
    assert len(delivery) > 3
    assert (~np.isnan(delivery[:, 1])).tolist() == [scored] * len(delivery)
    assert not np.isnan(delivery[:, 0]).any()


def test_halo_spares_the_worst_and_needs_a_shortfall():
    """x'_d = x_d - h max(0, A - min x): each dimension but the worst falls by the same; nothing if all is adequate."""
    for level, shortfall in ((0.3, 0.72 - 0.3), (0.72, 0.0), (0.8, 0.0)):
        told = [
            run(shop(arrivals=stream(4.0), hours=5, perception=replace(bare(tangibles_level=level), halo=h)))["orders"][
                0
            ]
            for h in (0.0, 0.5)
        ]
        drop = told[0]["perceived"] - told[1]["perceived"]
        expected = np.full(5, 0.5 * shortfall)
        expected[TAN if level < 0.7 else EMP] = 0.0
        if level >= 0.7:  # then empathy (.70) is the worst, .02 short of adequate
            expected[[REL, RES, ASS, TAN]] = 0.5 * 0.02
        np.testing.assert_allclose(drop, expected, rtol=0, atol=1e-12)


def bare(**changed: Any) -> Perception:
    """Scores as they are: no sequence weights, halo, assimilation or wait bias."""
    neutral = {"wait_bias": 1.0, "peak_weight": 0.0, "end_weight": 0.0, "halo": 0.0, "assimilation": 0.0}
    return Perception(**{**neutral, **changed})


@pytest.mark.parametrize("alpha", [0.0, 0.2, 1.0])
def test_assimilation(alpha):
    """P = (1 - alpha) x + alpha W, in every dimension."""
    order = run(shop(arrivals=stream(4.0), hours=5, perception=bare(assimilation=alpha)))["orders"][0]
    x = np.array([1.0, 1.0, 0.75, 0.70, 0.80])
    np.testing.assert_allclose(order["perceived"], (1 - alpha) * x + alpha * 0.82, rtol=0, atol=1e-12)


# -- V20: expectations that learn ------------------------------------------------------------------------------


@pytest.mark.parametrize(("learning", "alpha"), [(0.3, 0.2), (0.3, 0.0), (0.05, 0.2), (0.6, 0.4)])
def test_v20_disconfirmation_fades_geometrically(learning, alpha):
    """Constant score X: W_t - X = r^t (W_0 - X), D_t = -(1-alpha) r^t (W_0 - X), r = 1 - lam (1-alpha) (.76)."""
    system = shop(
        level_expectations(learning=learning),
        segment={"weights": weights(tangibles=1.0)},
        perception=bare(assimilation=alpha, tangibles_level=0.6),
        arrivals=stream(10.0, orders=9, reorder=5.0),
        hours=65.0,
    )
    journal = run(system)
    mine = journal["orders"][journal["orders"]["customer"] == 0]
    assert mine["number"].tolist() == list(range(9))
    assert mine["placed"].tolist() == [10.0 + 5 * t for t in range(9)]
    ratio = 1 - learning * (1 - alpha)
    if (learning, alpha) == (0.3, 0.2):
        assert ratio == pytest.approx(0.76, **EXACT)
    for t, order in enumerate(mine):
        assert order["W"] - 0.6 == pytest.approx(ratio**t * (0.82 - 0.6), **EXACT)
        assert order["P"] - order["W"] == pytest.approx(-(1 - alpha) * ratio**t * (0.82 - 0.6), **EXACT)
        assert order["S"] == pytest.approx(0.9, **EXACT)  # only the desired level keeps a lasting gap
    half_life = math.log(0.5) / math.log(ratio)
    assert ratio**half_life == pytest.approx(0.5, **EXACT)


def test_desired_level_ratchets_upward_only():
    """Tangibles at 1 pull the desired level up by 5 % of the distance each time; at .6 they leave it."""
    for level, pulled in ((1.0, [1 - 0.1 * 0.95**t for t in range(5)]), (0.6, [0.9] * 5)):
        system = shop(
            level_expectations(ratchet=0.05),
            perception=bare(tangibles_level=level),
            arrivals=stream(10.0, orders=5, reorder=5.0),
            hours=31,
        )
        journal = run(system)
        mine = journal["orders"][journal["orders"]["customer"] == 0]
        np.testing.assert_allclose(mine["desired"][:, TAN], pulled, rtol=0, atol=1e-12)


def test_a_new_promise_moves_what_is_predicted_by_its_weight():
    """W <- W + w_p (C_new - C_old), w_p = .4 of all sources, once; newcomers form theirs from the new promise."""
    parts: dict[str, Any] = {"arrivals": stream(10.0, orders=4, reorder=5.0), "hours": 26.0, "perception": bare()}
    expect = level_expectations(learning=0.0)
    old, new = (shop(expect, promise=Promise(level), **parts) for level in (0.85, 0.95))
    orders = run(((0.0, old), (17.0, new)))["orders"]
    first, second = (orders[orders["customer"] == c] for c in (0, 1))
    assert first["placed"].tolist() == [10.0, 15.0, 20.0, 25.0]
    np.testing.assert_allclose(first["W"], [0.82, 0.82, 0.86, 0.86], rtol=0, atol=1e-12)
    np.testing.assert_allclose(second["W"], [0.4 * 0.95 + 0.6 * 0.8] * len(second), rtol=0, atol=1e-12)
    assert first["promise_level"].tolist() == [0.85, 0.85, 0.95, 0.95]


def test_first_prediction_weighs_its_sources():
    """W_0 = (w_p C + w_m M + w_n X_n) / (w_p + w_m + w_n), also when the weights do not sum to 1."""
    sources = level_expectations(
        promise_weight=1.0, word_of_mouth_weight=3.0, norm_weight=4.0, word_of_mouth=0.5, norm=0.7
    )
    order = run(shop(sources, promise=Promise(0.9), arrivals=stream(4.0), hours=5))["orders"][0]
    assert order["W"] == pytest.approx((0.9 + 3 * 0.5 + 4 * 0.7) / 8, **EXACT)


# -- levels of new customers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "sd"), [(0.88, 0.05), (0.6, 0.1), (0.95, 0.2), (0.5, 0.05)])
def test_desired_levels_are_truncated_normal(mean, sd):
    """N(mu, sigma) cut to [.5, 1], dimensions independent: mean, and the whole distribution."""
    expectations = level_expectations(mean, desired_sd=sd)
    system = shop(expectations, service=0.01, arrivals=stream(1.0), hours=3000.5)
    desired = run(system)["customers"]["desired"]
    cut = stats.truncnorm((0.5 - mean) / sd, (1.0 - mean) / sd, mean, sd)
    assert desired.min() >= 0.5
    assert desired.max() <= 1.0
    for d in range(5):
        assert abs(desired[:, d].mean() - cut.mean()) < 4 * cut.std() / math.sqrt(len(desired))
        assert stats.kstest(desired[:, d], cut.cdf).pvalue > 1e-4
    off_diagonal = np.corrcoef(desired.T) - np.eye(5)
    assert np.abs(off_diagonal).max() < 4.5 / math.sqrt(len(desired))


def test_desired_levels_from_a_survey():
    """Each customer takes one respondent's whole row; all rows equally often."""
    rows = ((0.9, 0.8, 0.7, 0.6, 0.5), (1.0, 1.0, 1.0, 1.0, 1.0), (0.4, 0.5, 0.6, 0.7, 0.8))
    system = shop(level_expectations(survey_rows=rows), service=0.01, arrivals=stream(1.0), hours=3000.5)
    desired = run(system)["customers"]["desired"]
    found, counts = np.unique(desired, axis=0, return_counts=True)
    assert sorted(map(tuple, found)) == sorted(rows)
    assert stats.chisquare(counts).pvalue > 1e-4


def test_adequate_level():
    """A = S - Z0 (0.2/w)^eta + kappa (norm - norm_before)."""
    base = {"arrivals": stream(4.0), "hours": 5.0}
    plain = run(shop(**base))["orders"][0]
    np.testing.assert_allclose(plain["adequate"], np.full(5, 0.9 - 0.18), rtol=0, atol=1e-12)
    importance = dict(zip(DIMENSIONS, (0.4, 0.2, 0.2, 0.1, 0.1), strict=True))
    expect = level_expectations(tolerance_exponent=0.5, norm=0.86, norm_before=0.8)
    shaped = run(shop(expect, segment={"weights": importance}, **base))["orders"][0]
    zone = 0.18 * np.sqrt(0.2 / np.array([0.4, 0.2, 0.2, 0.1, 0.1]))
    np.testing.assert_allclose(shaped["adequate"], 0.9 - zone + 0.5 * 0.06, rtol=0, atol=1e-12)
    assert shaped["A"] == pytest.approx(float(shaped["adequate"] @ np.array([0.4, 0.2, 0.2, 0.1, 0.1])), **EXACT)


# -- failure, complaint, recovery ------------------------------------------------------------------------------


def failing(discretion: float = 0.0, **recovery: Any) -> Journal:
    """A repeat customer (orders at 10, 15, ...) whose every order fails before their eyes: major, complained of."""
    always = {"major_share": 1.0, "major_complaint": 1.0, "recovery_offered": 0.0, "surfacing": 1.0}
    system = shop(
        p=ErrorRate(1.0, 0.0, visible_share=1.0),
        pools={"p1": StaffPool({"ann": StaffMember(service_skill=0.8)}, discretion)},
        perception=bare(),
        recovery=Recovery(**{**always, **recovery}),
        arrivals=stream(10.0, orders=2, reorder=5.0),
        hours=16.0,
        costs=Costs(per_recovery=7.0, redelivery=99.0),
    )
    return run(system)


def test_visible_failure_without_recovery():
    """The error is seen at the stage: damage .5, assurance halved; a complaint costs half an hour."""
    journal = failing()
    errors, orders, moment = journal["errors"], journal["orders"], journal["moments"][0]
    assert errors["seen"].tolist() == [11.0, 16.0]
    assert errors["complained"].tolist() == [1, 1]
    assert errors["recovered"].tolist() == [0.0, 0.0]
    assert errors["external_cost"].tolist() == [12.5, 12.5]  # no redelivery: it was not found at delivery
    assert orders["damage"].tolist() == [0.5, 0.5]
    assert orders["failed_before"].tolist() == [0, 1]
    np.testing.assert_allclose(moment["actual"][[REL, ASS]], [math.exp(-0.5), 0.4], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("discretion", "offered", "delay"), [(1.0, 0.0, 1.0), (0.0, 1.0, 16.0), (1.0, 1.0, 1.0), (0.0, 0.0, None)]
)
def test_recovery(discretion, offered, delay):
    """On the spot (1 h) if there is discretion, else later if offered (16 h); half as good the second time."""
    journal = failing(discretion, recovery_offered=offered)
    rho = 0.0 if delay is None else 0.8 * math.exp(-delay / 16)
    paid = 0.0 if delay is None else 30.0 * 0.5 / 0.5 + 7.0
    np.testing.assert_allclose(journal["errors"]["recovered"], [rho, rho / 2], rtol=0, atol=1e-12)
    np.testing.assert_allclose(journal["orders"]["damage"], [0.5 * (1 - rho), 0.5 * (1 - rho / 2)], rtol=0, atol=1e-12)
    np.testing.assert_allclose(journal["errors"]["external_cost"], 12.5 + paid, rtol=0, atol=1e-12)
    assert journal["orders"]["recovered"].tolist() == [int(delay is not None)] * 2


def test_an_old_failure_is_forgotten():
    """Beyond the memory (here 3 h) the second failure is a first one again."""
    journal = failing(1.0, memory=3.0)
    recovered = journal["errors"]["recovered"]
    assert recovered[0] == recovered[1] > 0
    assert journal["orders"]["failed_before"].tolist() == [0, 0]


def test_paradox_needs_a_recovery_and_a_first_failure():
    """Off by default; on, it adds to satisfaction once: not for the customer who has failed before."""
    base = failing(1.0)
    plan = base.blueprint
    paradox = run(replace(plan, perception=replace(plan.perception, recovery_paradox=0.1)))
    gain = paradox["orders"]["satisfaction"] - base["orders"]["satisfaction"]
    np.testing.assert_allclose(gain, [0.1, 0.0], rtol=0, atol=1e-12)
    unrecovered = failing(0.0)
    plan = unrecovered.blueprint
    same = run(replace(plan, perception=replace(plan.perception, recovery_paradox=0.1)))
    assert same["orders"]["satisfaction"].tolist() == unrecovered["orders"]["satisfaction"].tolist()


def test_hidden_failure_surfaces_at_delivery():
    """Unseen at the stage, the error reaches the customer with the delivery and costs a redelivery."""
    plan = failing().blueprint
    hidden = {"s1": replace(plan.stages["s1"], error=ErrorRate(1.0, 0.0, visible_share=0.0))}
    journal = run(replace(plan, stages=hidden))
    assert journal["errors"]["external_cost"].tolist() == [12.5 + 99.0] * 2
    stage, delivery = journal["moments"][:2]
    assert stage["actual"][REL] == 1.0
    assert stage["actual"][ASS] == 0.8
    assert delivery["actual"][REL] == pytest.approx(math.exp(-0.5), **EXACT)
    unnoticed = run(replace(plan, stages=hidden, recovery=replace(plan.recovery, surfacing=0.0)))
    assert unnoticed["errors"]["reached"].tolist() == [1, 1]
    assert np.isnan(unnoticed["errors"]["seen"]).all()
    assert unnoticed["orders"]["damage"].tolist() == [0.0, 0.0]


def test_complaint_and_severity_rates():
    """20 % major; complaints .6 and .25; on the spot .3, else offered .7."""
    system = shop(
        p=ErrorRate(1.0, 0.0, visible_share=1.0),
        service=0.01,
        pools={"p1": StaffPool({"ann": StaffMember()}, 0.3)},
        recovery=Recovery(),
        arrivals=stream(1.0),
        hours=6000.5,
    )
    errors = run(system)["errors"]

    def share(hits: Any, expected: float) -> None:
        assert abs(np.mean(hits) - expected) < 4 * math.sqrt(expected * (1 - expected) / len(hits))

    major = errors["major"] == 1
    complained = errors["complained"] == 1
    share(major, 0.2)
    share(complained[major], 0.6)
    share(complained[~major], 0.25)
    rho = errors["recovered"][complained]
    at_once, later = 0.8 * math.exp(-1 / 16), 0.8 * math.exp(-1)
    share(np.isclose(rho, at_once), 0.3)
    share(np.isclose(rho, later), 0.7 * 0.7)
    assert not errors["recovered"][~complained].any()
    assert set(errors["severity"]) == {0.15, 0.5}


# -- identities ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rich(engine: str) -> np.ndarray:
    arrivals = stream(exponential(2.0), orders=3, reorder=exponential(20.0))
    system = rich_system(300.0, arrivals=arrivals, layers=(0, 1, 3))
    pools = {
        name: replace(crew, members={f"{name}{i}": StaffMember() for i in range(30)})
        for name, crew in system.pools.items()
    }
    wide = Segment(expectations=Expectations(desired_mean=dict.fromkeys(DIMENSIONS, 0.75), desired_sd=0.15))
    return run(replace(system, pools=pools, segments={"all": wide}))["orders"]


def test_v22_service_quality_below_100_is_a_negative_gap(rich):
    """SQ < 100 <=> P - S < 0, order by order; both signs occur."""
    quality, gap = 100 * rich["P"] / rich["S"], rich["P"] - rich["S"]
    assert ((quality < 100) == (gap < 0)).all()
    assert 0.05 < (gap < 0).mean() < 0.99


def test_v22_mean_of_ratios_against_ratio_of_means(rich):
    """mean(P/S) - mean(P)/mean(S) = -cov(P/S, S)/mean(S)."""
    p, s = rich["P"], rich["S"]
    difference = (p / s).mean() - p.mean() / s.mean()
    covariance = np.cov(p / s, s, bias=True)[0, 1]
    assert difference == pytest.approx(-covariance / s.mean(), **EXACT)
    assert abs(difference) > 1e-4


def test_v21_the_perception_gap_comes_from_perception_alone():
    """X - P, the part of S - P that no delivery explains, vanishes order by order without perception effects.

    With biased waiting as the only effect it comes from responsiveness alone. (The sum of gaps 1, 2, 3 and this one
    is an identity of the measures and is tested there.)
    """
    system = rich_system(200.0, customers=20)
    for bias in (1.0, 1.36):
        perception = bare(wait_bias=bias)
        orders = run(replace(system, perception=perception))["orders"]
        gap = orders["actual"] - orders["perceived"]
        np.testing.assert_allclose(np.delete(gap, RES, axis=1), 0.0, rtol=0, atol=1e-12)
        assert (gap[:, RES] > 1e-3).any() == (bias > 1)
        np.testing.assert_allclose(orders["X"] - orders["P"], 0.22 * gap[:, RES], rtol=0, atol=1e-12)


def test_overall_levels_are_weighted_sums_and_levels_stay_on_the_scale(rich):
    w = np.array([0.32, 0.22, 0.19, 0.16, 0.11])
    for overall, each in (("S", "desired"), ("A", "adequate"), ("W", "predicted"), ("X", "actual"), ("P", "perceived")):
        np.testing.assert_allclose(rich[overall], rich[each] @ w, rtol=0, atol=1e-12)
    for column in ("desired", "predicted", "actual", "perceived", "satisfaction"):
        assert rich[column].min() >= 0.0
        assert rich[column].max() <= 1.0
