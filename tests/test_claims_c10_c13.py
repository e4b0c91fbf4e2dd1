"""Claims C10 to C13: nulls, both verdicts within the ranges, closed forms, and what they are computed from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.claims import c10_participation as c10
from analysis.claims import c11_internal_quality as c11
from analysis.claims import c12_happy_employees as c12
from analysis.claims import c13_keeping as c13
from analysis.claims.claim import Claim, Floats, Tried
from analysis.claims.quarters import margin, quarters
from analysis.measures import weekly_series
from scenarios.arms import Arms
from scenarios.compose import compose_config
from scenarios.config import settings_from
from scenarios.execution import Execution
from scenarios.points import base_of, built, configured, plan_of
from sim.simulate import simulate

CLAIMS = (c10.CLAIM, c11.CLAIM, c12.CLAIM, c13.CLAIM)


def tried(claim: Claim, replications: int, only: Sequence[str] = (), **changed: Any) -> Tried:
    """The claim's arms (or only some) at a place that differs from the reference point."""
    arms = {name: arm for name, arm in claim.arms(claim.at(changed)).items() if not only or name in only}
    base = base_of(settings_from(compose_config([*claim.words])), arms.values(), inline=claim.scenarios)
    runs = Arms(base, claim.measure, Execution(n_jobs=1)).run([*arms.values()], replications, claim.id)
    return Tried(tuple(arms), runs)


def effect(claim: Claim, replications: int, **changed: Any) -> Floats:
    return claim.effect(tried(claim, replications, **changed)).effect


def above(values: Floats, level: float) -> bool:
    """Whether the mean lies more than four standard errors above a level."""
    return bool(values.mean() - level > 4.0 * values.std(ddof=1) / math.sqrt(len(values)))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_with_the_mechanism_off_nothing_is_left(claim: Claim):
    assert claim.exact_null
    assert (effect(claim, 2, **claim.null) == 0.0).all()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_what_is_swept_reaches_the_arms(claim: Claim):
    assert set(claim.swing) == set(claim.reference_point)
    assert len(claim.quote.split()) <= 20
    for name, spread in claim.swing.items():
        other = spread[-1] if isinstance(spread, tuple) else spread.at(0.93)
        arms = claim.arms(claim.at({name: other}))
        at_reference = claim.arms(claim.at())
        assert any(arms[arm] != at_reference[arm] for arm in arms), name


# -- C10 -----------------------------------------------------------------------------------------------------------


def test_pressing_wins_where_involvement_does_not_lift_morale_and_inviting_where_overwork_slows():
    cold = {"involvement_on_morale": 0.0, "turnover": 0.05, "idea_yield": 0.0, "slow_down": 0.0}
    assert above(-_margin_ahead(6, **cold), 0.0)
    assert above(_margin_ahead(4, slow_down=3.0), c10.CLAIM.sesoi)


def _margin_ahead(replications: int, **changed: Any) -> Floats:
    there = tried(c10.CLAIM, replications, ("press", "invite"), **changed)
    return c10.cumulated(there, "margin", "invite", "press")[-1]


def test_ideas_prevent_failures():
    """What groups do to failures by their ideas alone: with many against with none."""
    many = tried(c10.CLAIM, 4, ("base", "invite"), idea_yield=0.1, operator_share=0.06)
    none = tried(c10.CLAIM, 4, ("base", "invite"), idea_yield=0.0, operator_share=0.06)
    saved = (many("base", "failure_share") - many("invite", "failure_share")) - (
        none("base", "failure_share") - none("invite", "failure_share")
    )
    assert above(saved, 0.0)


def test_margin_of_a_quarter_is_the_profit_of_its_weeks():
    arm = c10.arms(c10.CLAIM.at())["press"]  # a programme that costs nothing
    base = base_of(settings_from(compose_config([*c10.CLAIM.words])), [arm])
    configuration = built(base, configured(base, {**arm, "system.horizon.measured": 1200.0}))
    journal = simulate(plan_of(configuration, base, 0, {}), base.seed, 0, "compiled", True, "summary")
    profits = weekly_series(journal)["profit"]
    parts = quarters(journal)
    assert [len(part) for part in parts] == [12, 12]  # of 30 weeks
    costs = journal.blueprint.costs
    expected = [profits[:12].sum(), profits[12:24].sum()]
    assert [margin(part, costs) for part in parts] == pytest.approx(expected, rel=1e-9)


def test_crossing():
    def of(*means: float) -> int:
        return c10.crossing(np.array(means)[:, None] + np.array([-1.0, 1.0]))

    assert of(-2, -1, 1, 2) == 3
    assert of(1, 2, 3, 4) == 1
    assert of(1, -1, 2, 3) == 3  # it counts where it stays ahead
    assert of(1, 2, 3, 0) == 0


# -- C11 -----------------------------------------------------------------------------------------------------------


def test_better_handoffs_raise_internal_quality_even_where_customers_do_not_notice():
    there = tried(c11.CLAIM, 2, **c11.CLAIM.null)
    assert (there("better", "internal_service_quality") - there("base", "internal_service_quality") > 1.0).all()
    assert (there("better", "service_quality") == there("base", "service_quality")).all()


def test_internal_quality_matters_where_the_line_is_busy_and_not_where_nobody_has_to_call_back():
    assert above(_per_sd(demand=0.1, internal_on_morale=0.5), c11.CLAIM.sesoi)
    assert above(-_per_sd(clarification_time=0.0, callback_delay=0.0, demand=-0.27), -c11.CLAIM.sesoi)


def _per_sd(**changed: Any) -> Floats:
    """Service quality for one standard deviation of internal quality."""
    there = tried(c11.CLAIM, 6, ("base", "better"), **changed)
    rise = there("better", "internal_service_quality") - there("base", "internal_service_quality")
    return (there("better", "service_quality") - there("base", "service_quality")) / rise.mean() * c11.FIRM_SD


def test_firms_compared_show_more_than_handoffs_cause():
    found = c11.CLAIM.effect(tried(c11.CLAIM, 3))
    sd = found.parts["standard deviation of ISQ between firms (points)"]
    assert abs(sd.mean() - c11.FIRM_SD) < max(4.0 * sd.std(ddof=1) / math.sqrt(3), 0.3)
    assert above(found.parts["what comparing firms says (points)"] - found.effect, 0.0)
    costs = found.parts["cost of prevention, better handoffs - coaching (cu)"]
    assert np.abs(costs).max() < 0.05 * 3200.0  # equal but for hours of people who have left


def test_slope_with_other_things_held_constant():
    rng = np.random.default_rng(1)
    other = rng.normal(size=(50, 1))
    x = other + rng.normal(size=(50, 2))
    y = 2.0 * x + 3.0 * other
    assert c11._slopes(x, y, other) == pytest.approx([2.0, 2.0])
    assert (c11._slopes(x, y) > 2.5).all()


def test_firms_differ_within_their_ranges():
    firms = c11.firms()
    assert len({tuple(firm.values()) for firm in firms}) == c11.FIRMS
    for name, (low, high) in c11._FIRM_RANGES.items():
        levels = [firm[name] for firm in firms]
        assert low <= min(levels) < low + (high - low) / c11.FIRMS
        assert high - (high - low) / c11.FIRMS < max(levels) <= high


# -- C12 -----------------------------------------------------------------------------------------------------------

CALM = {"demand": -0.2, "halo": 0.0}
SHOCKS = ("up", "down")


def _change(there: Tried) -> Floats:
    return (there("up", "quality_q1") - there("down", "quality_q1")) / 2.0


def test_empathy_path_has_its_closed_form():
    """100 (1 - alpha) w e_m .15 / S: with alpha 0 nothing is learned, with the halo off nothing spreads."""
    there = tried(c12.CLAIM, 10, SHOCKS, **CALM, assimilation=0.0, absence_morale=0.0, turnover_morale=0.0)
    change = _change(there)
    expected = 100.0 * 0.16 * 0.5 * 0.15 / 0.88
    error = change.std(ddof=1) / math.sqrt(len(change))
    # A few per cent of the quarter's orders had met the front office before the shock.
    assert 0.94 * expected - 4.0 * error < change.mean() < expected * 1.01 + 4.0 * error


def test_other_paths_help_but_less_than_a_point():
    """Nobody's empathy shows: what absence and turnover do at their strongest."""
    strongest = {"absence_morale": 1.2, "turnover_morale": 4.0, "turnover": 0.5, "demand": 0.1}
    change = _change(tried(c12.CLAIM, 10, SHOCKS, empathy_morale=0.0, **strongest))
    assert above(change, 0.0)
    assert above(-change, -c12.CLAIM.sesoi)
    assert above(_change(tried(c12.CLAIM, 4, SHOCKS)), c12.CLAIM.sesoi)


def test_shock_lasts_a_quarter():
    claim = replace(
        c12.CLAIM, words=(*c12.CLAIM.words, "system.morale.morale_weeks=0", "system.attendance.turnover=0.0")
    )
    there = tried(claim, 1, SHOCKS, turnover=0.0)
    morale = there("up", "morale") - there("down", "morale")
    assert morale == pytest.approx([c12.SHOCK], abs=0.03)  # .30 for half of the 24 weeks, give or take a week's end


def test_cross_lag_tells_who_leads():
    rng = np.random.default_rng(2)
    cause = np.convolve(rng.normal(size=400), np.ones(3), "valid")
    later = np.concatenate([rng.normal(size=4), cause[:-4]]) + 0.1 * rng.normal(size=len(cause))
    assert c12.cross_lag(cause, later, 4) > 0.8
    assert c12.cross_lag(later, cause, 4) < -0.8
    assert math.isnan(c12.cross_lag(np.ones(50), cause[:50], 4))


# -- C13 -----------------------------------------------------------------------------------------------------------


def test_keeping_wins_where_the_line_is_full_and_getting_where_there_is_room_and_regard_matters_little():
    assert above(effect(c13.CLAIM, 3), c13.CLAIM.sesoi)
    assert above(-effect(c13.CLAIM, 4, demand=-0.35, budget=500.0, retention_slope=3.0), 0.0)


def test_both_cost_the_budget():
    there = tried(c13.CLAIM, 1, ("get", "keep"))
    assert there("get", "spent") == pytest.approx([48.0 * 1000.0])
    assert there("keep", "spent") == pytest.approx([48.0 * 1000.0])
    assert there("get", "to_come") == pytest.approx([0.0])  # nobody pays again for customers once won
    assert there("keep", "to_come") == pytest.approx(48000.0 * c13.life(float(there("keep", "stay")[0]), 0.1))


def test_elasticity_of_lifetime_value():
    assert c13.elasticity(0.8, 0.1) == pytest.approx(3.6667, abs=1e-4)
    assert c13.elasticity(0.9, 0.1) == pytest.approx(5.5)
    step = 1e-6
    slope = math.log(c13.life(0.8 * (1 + step), 0.1) / c13.life(0.8, 0.1)) / math.log1p(step)
    assert slope == pytest.approx(c13.elasticity(0.8, 0.1), rel=1e-4)


def test_run_has_the_elasticity_of_the_formula_where_all_customers_are_alike():
    """With a slope of 0 everybody stays with the same chance: lifetime values differ by life and the mix of margins."""
    there = tried(c13.CLAIM, 8, ("base", "retention"), retention_slope=0.0, demand=-0.2)
    before, after = there("base", "stay"), there("retention", "stay")
    assert before == pytest.approx(np.full(8, 0.8), abs=1e-9)
    growth = np.log(there("retention", "lifetime_value") / there("base", "lifetime_value"))
    expected = math.log(c13.life(float(after[0]), 0.1) / c13.life(0.8, 0.1))
    assert expected == pytest.approx(c13.elasticity(0.8, 0.1) * math.log(after[0] / 0.8), rel=0.03)
    assert abs(growth.mean() - expected) < 4.0 * growth.std(ddof=1) / math.sqrt(8)
    assert above(growth, 0.0)


def test_returns_to_a_budget_decrease():
    assert c13.returns(1e-6, 300.0, 2000.0) == pytest.approx(1e-6 / 300.0)
    assert c13.returns(1e9, 300.0, 2000.0) == pytest.approx(2000.0 / 300.0)
    assert c13.returns(0.0, 300.0, 2000.0) == 0.0
