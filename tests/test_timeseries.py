"""Weekly series: the weeks of a run add up to its metrics, bands and first effects are what they say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from living import living_system
from scipy import stats

from analysis.experiments.compare import measure_run
from analysis.measures import METRICS, measure, weekly_series
from analysis.measures.measured import Measured
from analysis.timeseries import TIMESERIES_COLUMNS, FirstEffect, first_effects, running_mean, timeseries_table
from scenarios.config import Settings
from scenarios.execution import Execution
from scenarios.scenario import build_scenario
from scenarios.study import run_study
from sim.blueprint import Horizon
from sim.invalid import InvalidInput
from sim.journal import Journal
from sim.simulate import simulate


@cache
def journal(**parts: Any) -> Journal:
    return simulate(living_system(**parts), seed=3, allow_unstable=True)


# ------------------------------------------------------------------------------------------- the weeks of a run
def test_weeks_add_up_to_the_window():
    """Counts and hours of the weeks sum to the metric; stocks end at it; money differs by orders under way only."""
    kept, weeks = journal(), weekly_series(journal())
    v = measure(kept)
    assert {len(column) for column in weeks.values()} == {10}
    for name in ("customers_won", "customers_lost", "overtime", "ideas_used"):
        assert weeks[name].sum() == pytest.approx(v[name], rel=1e-12)
    for name in ("active_customers", "customer_equity", "lifetime_value", "satisfaction_cumulative"):
        assert weeks[name][-1] == v[name]
    for name in ("morale", "skill", "service_skill"):
        assert weeks[name].mean() == pytest.approx(v[name], rel=1e-12)
    assert set(weeks) <= set(METRICS)
    rows, totals = Measured(kept).weeks, kept["totals"][0]
    basis = sum(rows[n].sum() * sign - totals[n] * sign for n, sign in
                (("revenue", 1), ("materials", -1), ("transport", -1), ("external_cost", -1)))  # fmt: skip
    # the survey of the spending starts inside a week and within the window: both count its weeks alike
    assert weeks["profit"].sum() == pytest.approx(v["profit"] + basis, abs=0.01)
    assert abs(basis) > 1.0, "orders under way at either end should make the two differ"


def test_the_value_of_a_week_by_a_walk_through_its_orders():
    kept, weeks = journal(), weekly_series(journal())
    orders, (start, _) = kept["orders"], kept.window
    for number in (0, 4, 9):
        began, ended = start + 40.0 * number, start + 40.0 * (number + 1)
        done = orders[(orders["delivered"] >= began) & (orders["delivered"] < ended)]
        given_up = ((orders["abandoned"] >= began) & (orders["abandoned"] < ended)).sum()
        assert weeks["orders_completed"][number] == len(done)
        assert weeks["lead_time_mean"][number] == pytest.approx((done["delivered"] - done["placed"]).mean())
        assert weeks["failure_share"][number] == (done["reached"] > 0).mean()
        assert weeks["service_quality"][number] == pytest.approx((100 * done["P"] / done["S"]).mean())
        assert weeks["gap"][number] == pytest.approx((done["P"] - done["S"]).mean())
        assert weeks["abandoned_share"][number] == given_up / (given_up + len(done))


def test_a_summary_has_the_same_weeks():
    brief = weekly_series(simulate(living_system(), seed=3, allow_unstable=True, journal="summary"))
    full = weekly_series(journal())
    assert list(brief) == list(full)
    for name, values in full.items():
        np.testing.assert_allclose(brief[name], values, rtol=1e-9, err_msg=name)


def test_a_part_of_a_week_is_left_out():
    kept = simulate(replace(living_system(), horizon=Horizon(80.0, 100.0)), seed=3, allow_unstable=True)
    assert len(weekly_series(kept)["profit"]) == 2
    short = simulate(replace(living_system(), horizon=Horizon(80.0, 30.0)), seed=3, allow_unstable=True)
    assert weekly_series(short) == {}


def test_what_means_nothing_has_no_series():
    plain = set(weekly_series(simulate(replace(living_system(), layers=(0, 1)), seed=3, allow_unstable=True)))
    assert {"failure_share", "profit", "utilisation_mean"} <= plain
    assert not {"service_quality", "retention", "morale", "abandoned_share"} & plain


# ------------------------------------------------------------------------------------------------- over a study
WEEKLY = {
    "gap": np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, np.nan]], [[2.0, 2.0], [4.0, 5.0], [6.0, 1.0]]]),
}  # two scenarios, three replications, two weeks


def test_bands_and_paired_differences_worked_by_hand():
    table = timeseries_table(WEEKLY, ["base", "new"], "base")
    assert tuple(table.columns) == TIMESERIES_COLUMNS
    assert table[["scenario", "week"]].to_numpy().tolist() == [["base", 0], ["base", 1], ["new", 0], ["new", 1]]
    first = table.iloc[0]
    half = stats.t.ppf(0.975, 2) * 2.0 / np.sqrt(3)
    assert (first["mean"], first["n"], first["difference"]) == (3.0, 3, 0.0)
    assert (first["low"], first["high"]) == pytest.approx((3.0 - half, 3.0 + half))
    new = table.iloc[2]
    assert (new["difference"], new["difference_low"], new["difference_high"]) == (1.0, 1.0, 1.0)
    last = table.iloc[3]
    assert last["difference"] == 0.5  # of the two replications that both have
    assert last["difference_high"] - 0.5 == pytest.approx(stats.t.ppf(0.975, 1) * np.sqrt(0.5) / np.sqrt(2))
    with pytest.raises(InvalidInput, match="bas"):
        timeseries_table(WEEKLY, ["base", "new"], "bass")
    assert timeseries_table({}, ["base"], "base").empty


def test_running_mean():
    values = np.array([[4.0, 2.0, np.nan, 6.0, 8.0]])
    assert running_mean(values, 2).tolist() == [[4.0, 3.0, 2.0, 6.0, 7.0]]
    assert np.isnan(running_mean(np.array([[np.nan, 1.0]]), 2)[0, 0])


def stepping(week: int, weeks: int = 30, replications: int = 8, size: float = 5.0) -> np.ndarray[Any, Any]:
    """A base of noise, and a scenario that is `size` above it from a week on: shape (2, replications, weeks)."""
    rng = np.random.default_rng(4)
    base = rng.normal(size=(replications, weeks))
    step = np.where(np.arange(weeks) >= week, size, 0.0)
    return np.stack([base, base + step + 0.1 * rng.normal(size=base.shape)])


def test_time_to_first_effect_finds_a_step():
    names = ["base", "new"]
    assert first_effects(stepping(0), names, "base") == {"new": FirstEffect(0, 1)}
    assert first_effects(stepping(12), names, "base") == {"new": FirstEffect(12, 1)}
    assert first_effects(-stepping(12), names, "base") == {"new": FirstEffect(12, -1)}
    fall_and_rise = stepping(0, size=-5.0) + np.array([0.0, 1.0])[:, None, None] * np.where(np.arange(30) >= 15, 9.0, 0)
    assert first_effects(fall_and_rise, names, "base") == {"new": FirstEffect(0, -1)}
    rise = first_effects(fall_and_rise, names, "base", side=1)["new"]
    assert rise is not None
    assert 16 <= rise.week <= 18  # the running mean still holds weeks below
    assert first_effects(stepping(99), names, "base") == {"new": None}
    assert first_effects(stepping(27), names, "base") == {"new": None}  # three weeks do not show that it stays
    assert first_effects(stepping(0, replications=1), names, "base") == {"new": None}  # no band
    blip = stepping(99)
    blip[1, :, 10] += 50.0  # moves four running means: not long enough
    assert first_effects(blip, names, "base") == {"new": None}
    to_and_fro = stepping(99)
    to_and_fro[1] += np.tile([9.0, 9.0, 9.0, -9.0, -9.0, -9.0], 5)  # excludes 0 nearly always, but on either side
    assert first_effects(to_and_fro, names, "base") == {"new": None}


def test_scenarios_without_effect_are_given_a_time_as_often_as_stated():
    """The docstring's share, 7 % of scenarios over 240 weeks, to within 4 standard errors."""
    noise = np.random.default_rng(1).normal(size=(1501, 8, 240))
    noise[0] = 0.0
    found = first_effects(noise, [str(i) for i in range(1501)], "0")
    share = np.mean([week is not None for week in found.values()])
    assert abs(share - 0.07) < 4 * np.sqrt(0.07 * 0.93 / 1500)


def study(n_jobs: int, journal: str = "full") -> Any:
    scenarios = tuple(build_scenario(n, {"interventions": i}) for n, i in
                      (("do_nothing", {}), ("training", {"frontline_training": {"delay": 8.0}})))  # fmt: skip
    return run_study(
        Settings(
            experiment="compare", system="living", blueprint=living_system(4.0), scenarios=scenarios, base="do_nothing",
            seed=1, replications=3, execution=Execution(n_jobs=n_jobs), engine="simpy", allow_unstable=True,
            journal=journal,
        ),
        measure_run,
    )  # fmt: skip


def test_a_study_collects_the_weeks_of_every_run():
    one, two, brief = study(1), study(2), study(1, "summary")
    assert one.weekly["service_quality"].shape == (2, 3, 4)
    assert list(one.weekly) == list(two.weekly) == list(brief.weekly)
    for name, values in one.weekly.items():
        np.testing.assert_array_equal(values, two.weekly[name])
        np.testing.assert_allclose(values, brief.weekly[name], rtol=1e-9)
    single = weekly_series(simulate(living_system(4.0), 1, 2, allow_unstable=True))
    np.testing.assert_array_equal(one.weekly["profit"][0, 2], single["profit"])
    assert set(brief.kpis["metric"]) < set(one.kpis["metric"])
