"""Comparison of scenarios and the gap table: worked by hand, paired by replication, and safe where data are thin."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.compare import COMPARISON_COLUMNS, SUMMARY_COLUMNS, compare, summarise
from analysis.gaps import GAP_COLUMNS, gap_table
from analysis.measures import METRICS
from sim.blueprint import DIMENSIONS
from sim.invalid import InvalidInput

T2 = 0.95 / math.sqrt(2 * 0.975 * 0.025)  # 97.5 % quantile of Student's t with 2 degrees of freedom: 4.3027


def kpis(values: dict[str, dict[str, list[float]]]) -> pd.DataFrame:
    """A tidy table from {scenario: {metric: [value of replication 0, 1, ...]}}."""
    rows = [
        (scenario, replication, metric, value)
        for scenario, metrics in values.items()
        for metric, series in metrics.items()
        for replication, value in enumerate(series)
    ]
    return pd.DataFrame(rows, columns=["scenario", "replication", "metric", "value"])


def row(table: pd.DataFrame, scenario: str, **key: str) -> pd.Series:
    chosen = table[table["scenario"] == scenario]
    for column, name in key.items():
        chosen = chosen[chosen[column] == name]
    assert len(chosen) == 1
    return chosen.iloc[0]


TWO = kpis({"base": {"lead_time_mean": [10.0, 12.0, 14.0]}, "new": {"lead_time_mean": [9.0, 10.0, 14.0]}})


def test_summary_worked_by_hand():
    table = summarise(TWO)
    assert tuple(table.columns) == SUMMARY_COLUMNS
    base = row(table, "base")
    assert (base["mean"], base["sd"], base["n"]) == (12.0, 2.0, 3)
    assert base["low"] == pytest.approx(12.0 - T2 * 2.0 / math.sqrt(3), rel=1e-12)
    assert base["high"] == pytest.approx(12.0 + T2 * 2.0 / math.sqrt(3), rel=1e-12)


def test_paired_difference_worked_by_hand():
    """Differences -1, -2, 0: mean -1, sd 1; variances 4 and 7 of the scenarios, 1 of the difference."""
    table = compare(TWO, "base")
    assert tuple(table.columns) == COMPARISON_COLUMNS
    new = row(table, "new")
    assert new["difference"] == -1.0
    assert new["difference_low"] == pytest.approx(-1.0 - T2 / math.sqrt(3), rel=1e-12)
    assert new["difference_high"] == pytest.approx(-1.0 + T2 / math.sqrt(3), rel=1e-12)
    assert new["variance_reduction"] == pytest.approx(1.0 - 1.0 / 11.0, rel=1e-12)


def test_interval_agrees_with_the_paired_t_test():
    rng = np.random.default_rng(3)
    common = rng.normal(size=20)
    a, b = common + rng.normal(size=20), common + rng.normal(size=20) + 0.3
    new = row(compare(kpis({"a": {"x": list(a)}, "b": {"x": list(b)}}), "a"), "b")
    expected = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert (new["difference_low"], new["difference_high"]) == pytest.approx((expected.low, expected.high))
    own = stats.t.interval(0.95, 19, b.mean(), stats.sem(b))
    assert (new["low"], new["high"]) == pytest.approx(own)


def test_the_same_results_under_two_names_differ_by_exactly_nothing():
    """V31: what changes no draw changes no number."""
    values = {name: list(np.random.default_rng(i).normal(size=7)) for i, name in enumerate(METRICS)}
    table = compare(kpis({"do_nothing": values, "placebo": values}), "do_nothing")
    assert len(table) == 2 * len(METRICS)
    assert (table[["difference", "difference_low", "difference_high"]] == 0.0).all(axis=None)
    assert (table["variance_reduction"] == 1.0).all()


def test_opposite_results_add_variance():
    opposite = kpis({"base": {"x": [1.0, 2.0, 3.0]}, "new": {"x": [3.0, 2.0, 1.0]}})
    assert row(compare(opposite, "base"), "new")["variance_reduction"] == pytest.approx(-1.0)


def test_constants_have_no_variance_to_reduce():
    table = compare(kpis({"base": {"x": [0.1] * 3}, "new": {"x": [0.3] * 3}}), "base")
    new = row(table, "new")
    assert (new["mean"], new["sd"], new["low"], new["high"]) == (0.3, 0.0, 0.3, 0.3)
    assert new["difference"] == new["difference_low"] == new["difference_high"] == 0.3 - 0.1
    assert table["variance_reduction"].isna().all()


def test_one_replication_has_no_interval():
    table = compare(kpis({"base": {"x": [1.0]}, "new": {"x": [3.0]}}), "base")
    new = row(table, "new")
    assert (new["mean"], new["n"], new["difference"]) == (3.0, 1, 2.0)
    assert new[["sd", "low", "high", "difference_low", "difference_high", "variance_reduction"]].isna().all()


@pytest.mark.filterwarnings("error")
def test_missing_values_do_not_count():
    """Replication 1 of the new scenario has no value: its own mean drops it, and so does the pairing."""
    values = {
        "base": {"x": [1.0, 50.0, 3.0], "only_here": [1.0, 2.0, 3.0]},
        "new": {"x": [2.0, math.nan, 6.0], "never": [math.nan] * 3},
    }
    table = compare(kpis(values), "base")
    new = row(table, "new", metric="x")
    assert (new["mean"], new["n"]) == (4.0, 2)
    assert new["difference"] == 2.0  # of 1 and 3
    assert new["variance_reduction"] == pytest.approx(1.0 - 2.0 / (8.0 + 2.0))
    assert list(zip(table["scenario"], table["metric"], strict=True)) == [
        ("base", "x"),
        ("base", "only_here"),
        ("new", "x"),
    ]
    pd.testing.assert_frame_equal(table, compare(kpis(values).dropna(), "base"))
    swapped = compare(kpis(values), "new")
    assert row(swapped, "base", metric="x")["variance_reduction"] == new["variance_reduction"]
    assert row(swapped, "base", metric="only_here")[["difference", "variance_reduction"]].isna().all()


def test_rows_stand_in_a_fixed_order():
    values = {
        name: {"zeta": [1.0, 2.0], "cost_total": [1.1, 2.7], "failure_share": [0.1, 0.3], "alpha": [0.7, 0.1]}
        for name in ("second", "first")
    }
    table = compare(kpis(values), "first")
    assert list(table["scenario"]) == ["second"] * 4 + ["first"] * 4
    assert list(table["metric"]) == ["failure_share", "cost_total", "zeta", "alpha"] * 2


def test_replications_may_come_in_any_order():
    rng = np.random.default_rng(11)
    table = kpis({name: {"x": list(rng.normal(size=50)), "y": list(rng.normal(size=50))} for name in "abc"})
    shuffled = table.sort_values("replication", ascending=False, kind="stable")
    pd.testing.assert_frame_equal(compare(table, "a"), compare(shuffled, "a"), check_exact=True)


def test_a_result_given_twice_is_refused():
    with pytest.raises(ValueError, match="two values"):
        summarise(pd.concat([TWO, TWO]))


def test_unknown_base_names_the_nearest():
    for analyse in (compare, gap_table):
        with pytest.raises(InvalidInput, match=r"base = bas: unknown scenario.*did you mean base\?"):
            analyse(TWO, "bas")


def test_nothing_measured_gives_empty_tables():
    nothing = TWO.iloc[:0]
    assert summarise(nothing).empty
    assert tuple(summarise(nothing).columns) == SUMMARY_COLUMNS
    assert gap_table(TWO, "base").empty  # no perception was measured
    assert tuple(gap_table(TWO, "base").columns) == GAP_COLUMNS


# ----------------------------------------------------------------------------------------------------- gap table
def judged(desired: list[float], perceived: list[float], suffix: str = "") -> dict[str, list[float]]:
    return {
        f"desired{suffix}": desired,
        f"adequate{suffix}": [0.5] * len(desired),
        f"perceived{suffix}": perceived,
        f"gap{suffix}": [p - s for p, s in zip(perceived, desired, strict=True)],
    }


GAPS = kpis(
    {
        "base": {**judged([0.8, 0.9, 0.7], [0.6, 0.7, 0.8]), **judged([0.5, 1.0, 0.5], [0.5] * 3, "_empathy")},
        "new": {**judged([0.8, 0.9, 0.7], [0.7, 0.9, 0.8]), **judged([1.0] * 3, [0.9, 0.9, 0.9], "_empathy")},
        "blind": {"failure_share": [0.1, 0.2, 0.3]},
    }
)


def test_gap_table_worked_by_hand():
    table = gap_table(GAPS, "base")
    assert tuple(table.columns) == GAP_COLUMNS
    assert list(zip(table["scenario"], table["dimension"], strict=True)) == [
        ("base", "empathy"), ("base", "overall"), ("new", "empathy"), ("new", "overall"),
    ]  # fmt: skip
    base = row(table, "base", dimension="overall")  # gaps -0.2, -0.2, 0.1
    assert (base["expected"], base["adequate"], base["perceived"]) == pytest.approx((0.8, 0.5, 0.7))
    assert base["gap"] == pytest.approx(-0.1)
    half = T2 * math.sqrt(0.03) / math.sqrt(3)  # sd of the gaps is sqrt(0.03)
    assert (base["gap_low"], base["gap_high"]) == pytest.approx((-0.1 - half, -0.1 + half))
    new = row(table, "new", dimension="overall")  # gaps -0.1, 0, 0.1; differences to the base 0.1, 0.2, 0
    assert new["difference"] == pytest.approx(0.1)
    half = T2 * 0.1 / math.sqrt(3)
    assert (new["difference_low"], new["difference_high"]) == pytest.approx((0.1 - half, 0.1 + half))
    assert row(gap_table(GAPS, "new"), "base", dimension="overall")["difference"] == -new["difference"]


def test_sq_is_a_ratio_of_means_with_the_spread_of_ratios():
    base = row(gap_table(GAPS, "base"), "base", dimension="empathy")
    assert base["sq"] == pytest.approx(75.0)  # 100 x 0.5 / (2/3), where the ratios 100, 50, 100 have mean 83.3
    half = T2 * np.std([100.0, 50.0, 100.0], ddof=1) / math.sqrt(3)
    assert (base["sq_low"], base["sq_high"]) == pytest.approx((75.0 - half, 75.0 + half))


def test_gap_table_keeps_the_order_of_dimensions_and_the_base_differs_by_nothing():
    scenario = {}
    for suffix in ("", *(f"_{d}" for d in reversed(DIMENSIONS))):
        scenario |= judged([0.8, 0.9], [0.7, 0.5], suffix)
    table = gap_table(kpis({"base": scenario}), "base")
    assert list(table["dimension"]) == [*DIMENSIONS, "overall"]
    assert (table[["difference", "difference_low", "difference_high"]] == 0.0).all(axis=None)


def test_gap_table_of_one_replication_has_no_intervals():
    table = gap_table(kpis({"base": judged([0.8], [0.7])}), "base")
    intervals = [f"{name}_{end}" for name in ("gap", "sq", "difference") for end in ("low", "high")]
    assert table[intervals].isna().all(axis=None)
    assert table["sq"].tolist() == pytest.approx([87.5])
