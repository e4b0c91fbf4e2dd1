"""Claims C05, C06, C07 and C14: nulls, verdicts either way within the ranges, closed forms, what they rest on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from analysis.claims import c05_threshold as c05
from analysis.claims import c06_expectations as c06
from analysis.claims import c07_halo as c07
from analysis.claims import c14_measurement as c14
from analysis.claims.by_quarter import by_quarter
from analysis.claims.churn import LEVELS, area, cumulative_satisfaction
from analysis.claims.claim import Claim, Floats, Tried
from analysis.claims.logistic import best_log_likelihood
from analysis.claims.verdict import Bar, verdicts
from scenarios.arms import Arms, Runs
from scenarios.compose import compose_config
from scenarios.config import settings_from
from scenarios.execution import Execution
from scenarios.points import base_of
from scenarios.scenario import timeline
from sim.blueprint import DIMENSIONS
from sim.journal import Journal
from sim.simulate import simulate

CLAIMS = (c05.CLAIM, c06.CLAIM, c07.CLAIM, c14.CLAIM)


def tried(
    claim: Claim, replications: int, only: Sequence[str] = (), also: dict[str, Any] | None = None, **changed: Any
) -> Tried:
    """The claim's arms (or only some) at a place that differs from the reference point; `also` are further settings."""
    given = claim.arms(claim.at(changed)).items()
    arms = {name: {**arm, **(also or {})} for name, arm in given if not only or name in only}
    settings = settings_from(compose_config([*claim.words]))
    base = replace(base_of(settings, arms.values(), inline=claim.scenarios), allow_unstable=True)
    return Tried(
        tuple(arms), Arms(base, claim.measure, Execution(n_jobs=1)).run([*arms.values()], replications, claim.id)
    )


@cache
def those_who_stay() -> Tried:
    """C06 with existing customers only."""
    return tried(c06.CLAIM, 4, customers="stay")


@cache
def clearly_worst() -> Tried:
    """C07 at its reference point."""
    return tried(c07.CLAIM, 4)


@cache
def close_call() -> Tried:
    """C07 where what is made worse lies close to another dimension."""
    return tried(c07.CLAIM, 4, halo=0.6, tolerance=0.08, importance=0.5)


def effect(claim: Claim, replications: int, **changed: Any) -> Floats:
    return claim.effect(tried(claim, replications, **changed)).effect


def above(values: Floats, level: float) -> bool:
    """Whether the mean lies more than four standard errors above a level."""
    return bool(values.mean() - level > 4.0 * values.std(ddof=1) / math.sqrt(len(values)))


def below(values: Floats, level: float) -> bool:
    return above(-values, -level)


@pytest.mark.parametrize("claim", [c06.CLAIM, c07.CLAIM, c14.CLAIM], ids=lambda claim: claim.id)
def test_with_the_mechanism_off_nothing_is_left(claim: Claim):
    assert claim.exact_null
    assert (effect(claim, 2, **claim.null) == 0.0).all()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_what_is_swept_reaches_the_arms(claim: Claim):
    assert set(claim.swing) == set(claim.reference_point)
    assert len(claim.quote.split()) <= 20
    at_reference = claim.arms(claim.at())
    for name, extent in claim.swing.items():
        other = extent[-1] if isinstance(extent, tuple) else extent.at(0.93)
        assert claim.arms(claim.at({name: other})) != at_reference, name


def full_run(*words: str) -> Journal:
    settings = settings_from(compose_config(["system=order_to_delivery", "journal=full", *words]))
    return simulate(timeline(settings.blueprint, settings.scenarios[0], 1, 0), 1, 0, "compiled", False, "full")


def test_quarters_are_means_over_the_orders_delivered_in_them():
    journal = full_run()
    orders, start = journal["orders"], journal.window[0]
    first = orders[(orders["delivered"] >= start) & (orders["delivered"] < start + 480.0)]
    values = by_quarter(journal)
    assert values["gap_q1"] == pytest.approx((first["P"] - first["S"]).mean(), abs=1e-12)
    assert values["disconfirmation_q1"] == pytest.approx((first["P"] - first["W"]).mean(), abs=1e-12)
    assert values["failure_share_q1"] == pytest.approx((first["reached"] > 0).mean(), abs=1e-12)


# -- C05 -----------------------------------------------------------------------------------------------------------


def test_where_staying_has_nothing_to_do_with_service_no_flag_is_better():
    values = effect(c05.CLAIM, 16, **c05.CLAIM.null)
    assert not above(values, 0.0)
    assert not below(values, 0.0)


def test_the_best_flag_depends_on_where_the_market_lies_even_under_one_rule():
    modest = {"desired_level": 0.75, "slope": 25.0, "satisfaction_learning": 0.6}
    spoilt = {"desired_level": 0.95, "tolerance": 0.12, "slope": 25.0, "satisfaction_learning": 0.6}
    assert above(effect(c05.CLAIM, 6, **modest), c05.CLAIM.sesoi)
    assert below(effect(c05.CLAIM, 6, **spoilt), 0.0)


def test_with_zones_of_one_width_the_smooth_rules_are_one_rule():
    adequate, desired = (tried(c05.CLAIM, 2, ["market"], rule=rule, halo=0.2) for rule in ("adequate", "desired"))
    for metric in ("auc_desired", "auc_adequate", "auc_predicted", "left"):
        assert adequate("market", metric) == pytest.approx(desired("market", metric), abs=1e-12)
    for answers in c05.ANSWERS:
        names = [adequate("market", f"named_{rule}_{answers}") for rule in ("adequate", "desired")]
        assert names[0] == pytest.approx(names[1], abs=1e-12)


def test_larger_surveys_tell_the_smooth_rules_apart_where_zones_differ():
    named = tried(c05.CLAIM, 4, ["world adequate"])
    assert above(named("world adequate", "named_adequate_1600"), 1.0 / 3.0)
    assert named("world adequate", "named_adequate_1600").mean() > named("world adequate", "named_adequate_100").mean()


def test_area_of_a_flag():
    flag = np.array([True, True, True, False, False, False])
    left = np.array([True, True, False, False, False, True])
    assert area(flag, left) == pytest.approx(0.5 * (1.0 + 2.0 / 3.0 - 1.0 / 3.0))
    assert math.isnan(area(flag, np.zeros(6, dtype=bool)))


def test_cumulative_satisfaction_is_rebuilt_as_the_run_had_it():
    journal = full_run("system.horizon.measured=480")
    orders, learning = journal["orders"], journal.blueprint.relationship.satisfaction_learning
    rebuilt = cumulative_satisfaction(orders, learning)
    delivered = np.flatnonzero(~np.isnan(orders["delivered"]))
    last = delivered[np.argsort(orders["number"][delivered], kind="stable")]
    final = dict(zip(orders["customer"][last], rebuilt[last], strict=True))  # a later order overwrites
    assert len(final) > 400
    for customer, value in final.items():
        assert value == pytest.approx(journal["customers"]["satisfaction"][customer], abs=1e-12)


def test_logistic_likelihood_is_that_of_statsmodels():
    from statsmodels.discrete.discrete_model import Logit  # statsmodels.api imports all the rest

    draws = np.random.default_rng(3)
    x = draws.normal(size=(3, 200))
    y = (draws.random(200) < 1.0 / (1.0 + np.exp(1.0 - x[1]))).astype(float)
    designs = np.stack([np.ones_like(x), x], axis=-1)
    fits = best_log_likelihood(designs, y, np.ones(200))
    assert fits == pytest.approx([Logit(y, design).fit(disp=0).llf for design in designs], abs=1e-6)
    assert fits.argmax() == 1


@pytest.mark.parametrize("bend", [80.0, 100.0])
def test_the_breakpoint_of_churn_is_found_where_it_is(bend: float):
    middles = np.array(LEVELS) + 0.5
    orders = np.where(np.abs(middles - 90.0) < 25.0, 2000.0, 0.0)
    chance = 1.0 / (1.0 + np.exp(3.0 - np.maximum(0.0, bend - middles) / 5.0))
    left = np.random.default_rng(2).binomial(orders.astype(int), chance, size=(10, len(middles)))
    metrics = tuple(f"{what}_sq_{level}" for what in ("orders", "left") for level in LEVELS)
    values = np.concatenate([np.repeat(orders[:, None], 10, axis=1), left.T])[None]
    sentence = c05._bend(Tried(("market",), Runs(metrics, values)))
    assert f"churn in SQ is {bend:.0f} " in sentence
    assert ("does not contain 100" in sentence) == (bend == 80.0)


# -- C06 -----------------------------------------------------------------------------------------------------------


def test_a_lower_promise_is_as_good_only_where_customers_come_for_the_promise():
    """With existing customers the gap to desired stays open; with many new ones, fewer come and staff has time."""
    assert below(c06.CLAIM.effect(those_who_stay()).effect, c06.CLAIM.sesoi)
    for condition in c06.CLAIM.effect(tried(c06.CLAIM, 7, trial_slope=12.0, replacement=3.0)).conditions:
        assert above(condition.effect, condition.least), condition.label


def test_doing_nothing_does_not_pass_for_managing_expectations():
    """The same metrics of another arm stand in for those of the lower promise: nothing fails, half as much passes."""
    runs = those_who_stay()

    def standing_in(share: float) -> list[str]:
        values = runs.runs.values.copy()
        place = {arm: i for i, arm in enumerate(runs.arms)}
        base, better = values[place["as it is"]], values[place["better service"]]
        values[place["lower promise"]] = base + share * (better - base)
        finding = c06.CLAIM.effect(Tried(runs.arms, Runs(runs.runs.metrics, values)))
        [verdict] = verdicts([[c.effect for c in finding.conditions]], [[Bar(c.least) for c in finding.conditions]])
        return [verdict.word, *(one.word for one in verdict.conditions)]

    assert standing_in(0.0) == ["refuted", "undecided", "refuted"]  # exactly 0 has no interval, less than half has
    assert standing_in(0.8) == ["supported"] * 3
    assert standing_in(0.3)[0] == "refuted"


def test_against_what_is_predicted_both_courses_are_equal_since_both_effects_are_gone():
    parts = c06.CLAIM.effect(those_who_stay()).parts
    gone = parts["Disconfirmation raised by lower promise, quarters 5-8"]
    apart = parts["Disconfirmation: lower promise less better service, quarters 5-8 (equivalence within 0.01)"]
    started = parts["Disconfirmation raised by lower promise, quarter 1"]
    assert below(np.abs(apart), 0.01)
    assert above(started, 0.01)
    assert below(gone, 0.01)


@pytest.mark.parametrize("learning", [0.15, 0.3])
def test_what_a_promise_does_to_disconfirmation_decays_as_in_the_closed_form(learning: float):
    """D shrinks by 1 - lam (1 - alpha) an order (V20). Orders of a customer come at random, n a quarter: the mean over
    customers shrinks by exp(-n lam (1 - alpha)) a quarter."""
    runs = tried(
        c06.CLAIM, 8, ["as it is", "lower promise"], {"system.perception.peak_weight": 0.0},
        customers="stay", learning=learning, lateness=0.0, halo=0.0, utilisation=0.65,
    )  # fmt: skip
    change = {
        q: runs("lower promise", f"disconfirmation_q{q}") - runs("as it is", f"disconfirmation_q{q}") for q in (2, 3)
    }
    rate = 2.5 * 0.65 / 0.75  # orders a quarter: fewer where staff is less busy
    factor = math.exp(-rate * learning * 0.8)
    residual = change[3] - factor * change[2]
    assert not above(residual, 0.0)
    assert not below(residual, 0.0)
    assert above(change[2], 0.0)


def test_a_higher_promise_wins_customers_if_promises_draw_them():
    def drawn(slope: float) -> Floats:
        runs = tried(c06.CLAIM, 4, ["as it is", "higher promise"], trial_slope=slope)
        return runs("higher promise", "customers_won") - runs("as it is", "customers_won")

    assert above(drawn(12.0), 0.0)
    assert not above(drawn(0.0), 0.0)


# -- C07 -----------------------------------------------------------------------------------------------------------


def test_a_halo_misleads_where_two_dimensions_lie_close_and_not_where_one_is_clearly_worst():
    assert above(c07.CLAIM.effect(close_call()).effect, c07.CLAIM.sesoi)
    clear = clearly_worst()
    assert (clear("tangibles worse", "named_tangibles") > 0.9).all()
    assert below(c07.CLAIM.effect(clear).effect, c07.CLAIM.sesoi)


def test_both_parts_of_the_claim_and_a_ceiling_are_told():
    notes = " ".join(c07.CLAIM.effect(clearly_worst()).notes)
    assert "First part, drags down the whole: " in notes
    assert "Second part, misleads diagnosis" in notes
    assert "At a ceiling" in notes
    assert "At a ceiling" not in " ".join(c07.CLAIM.effect(close_call()).notes)


def test_second_largest_of_several_means():
    draws = np.random.default_rng(8)
    missed = 0
    for _ in range(400):
        found = c07.second_largest([*draws.normal([[1.0], [2.0], [3.0], [3.0]], 1.0, (4, 15))])
        missed += not found.low <= 3.0 <= found.high
    assert missed / 400 <= 0.05 + 4.0 * math.sqrt(0.05 * 0.95 / 400)
    apart = c07.second_largest([np.array([1.0, 1.1]), np.array([5.0, 5.1]), np.array([9.0, 9.1])])
    assert apart.mean == pytest.approx(5.05)


def test_a_larger_survey_mends_a_close_call():
    close = {"halo": 0.6, "drop": 0.1}
    assert above(effect(c07.CLAIM, 8, answers=50, **close), 0.05)
    assert below(effect(c07.CLAIM, 4, answers=800, **close), c07.CLAIM.sesoi)


def test_only_a_halo_drags_the_others_down():
    with_halo, without = (
        c07.CLAIM.effect(tried(c07.CLAIM, 3, halo=halo, assimilation=0.1)).parts for halo in (0.25, 0.0)
    )
    for d in set(DIMENSIONS) - {"tangibles"}:
        assert above(with_halo[f"Fall of perceived {d}, delivered as before"], 0.0)
        assert (without[f"Fall of perceived {d}, delivered as before"] == 0.0).all()


@pytest.mark.parametrize("dimension", ["tangibles", "empathy", "assurance"])
def test_what_is_made_worse_is_delivered_worse_by_that_much(dimension: str):
    runs = tried(c07.CLAIM, 2, dimension=dimension, drop=0.1)
    before, after, _ = runs.arms
    fall = runs(before, f"delivered_{dimension}") - runs(after, f"delivered_{dimension}")
    assert fall == pytest.approx(0.1, abs=0.001)  # assurance: a visible error halves what is left of it
    shares = np.sum([runs(after, f"named_{d}") for d in DIMENSIONS], axis=0)
    assert shares == pytest.approx(1.0, abs=1e-12)


# -- C14 -----------------------------------------------------------------------------------------------------------


def test_chance_beats_the_survey_where_the_survey_leads_to_levers_that_do_little():
    runs = tried(c14.CLAIM, 24, ["survey", "chance"], team_hours=4.0)
    assert below(runs("survey", "gap_q8") - runs("chance", "gap_q8"), 0.0)


def test_the_survey_beats_a_standing_opinion_where_errors_and_load_are_high():
    place = {"team_hours": 4.0, "trial_success": 0.9, "error": 0.05, "utilisation": 0.8}
    runs = tried(c14.CLAIM, 12, ["survey", "opinion"], **place)
    assert above(runs("survey", "gap_q8") - runs("opinion", "gap_q8"), c14.CLAIM.sesoi)


def test_all_teams_spend_the_same_hours_and_the_error_log_cuts_errors():
    runs = tried(c14.CLAIM, 6, ["no loop", "survey", "error log"], error=0.05, trial_success=0.9)
    for arm in ("survey", "error log"):
        assert runs(arm, "hours_off_line") == pytest.approx(960.0, abs=25.0)
    assert below(runs("error log", "failure_share_q8") - runs("no loop", "failure_share_q8"), 0.0)
