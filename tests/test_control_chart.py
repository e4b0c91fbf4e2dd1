"""Control charts and capability: limits against enumeration, run lengths (V26), charts of runs, the trace's files."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import chain, plain_rules, rich_system, run, stream
from scipy import stats

from analysis.control_charts.chart import COLUMNS, Signals, control_charts, count_signals
from analysis.control_charts.limits import (
    ALPHA,
    Binomial,
    Counts,
    Limits,
    Poisson,
    average_run_length,
    exact_limits,
    normal_run_length,
    sigma_limits,
    signal_probability,
)
from analysis.event_log import event_log
from analysis.experiments import run_experiment
from analysis.figures.control_charts import ORDERS
from analysis.figures.control_charts import control_charts as draw
from analysis.figures.style import inline_svg
from analysis.measures import METRICS, measure
from analysis.measures.capability import capability, late_if_normal
from analysis.report.control_section import TOO_FEW, control_section, counted
from analysis.report.numbers import number
from analysis.run_folder import RunFolder
from scenarios.compose import compose_config
from scenarios.config import settings_from
from sim.blueprint import SpecialCause
from sim.journal import Journal

CASES = [(50, 0.001), (50, 0.02), (50, 0.1), (50, 0.5), (50, 0.97), (100, 0.1), (200, 0.05), (300, 0.2), (1, 0.3)]
MEANS = [0.001, 0.5, 1.0, 2.5, 7.5, 30.0, 120.0]


@cache
def binomial_weights(n: int, p: float) -> list[float]:
    """P(X = k) for k = 0 ... n, in exact fractions of the binary number p."""
    share = Fraction(p)
    return [float(math.comb(n, k) * share**k * (1 - share) ** (n - k)) for k in range(n + 1)]


def poisson_weights(mean: float) -> list[float]:
    """P(X = k) for k as far as it matters."""
    return [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(int(mean + 20 * mean**0.5) + 40)]


def enumerated_limits(weights: list[float], alpha: float) -> tuple[int, int]:
    """The highest lower and the lowest upper limit with at most alpha/2 beyond: all candidates, one by one."""
    lows = [low for low in range(len(weights)) if math.fsum(weights[:low]) <= alpha / 2]
    highs = [high for high in range(len(weights)) if math.fsum(weights[high + 1 :]) <= alpha / 2]
    return max(lows), min(highs)


# -- limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "p"), CASES)
@pytest.mark.parametrize("alpha", [ALPHA, 0.05, 1e-6])
def test_exact_limits_of_shares_are_those_of_enumeration(n: int, p: float, alpha: float):
    limits = exact_limits(Binomial(n, p), alpha)
    assert (limits.low, limits.high) == enumerated_limits(binomial_weights(n, p), alpha)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("alpha", [ALPHA, 0.05, 1e-6])
def test_exact_limits_of_rates_are_those_of_enumeration(mean: float, alpha: float):
    limits = exact_limits(Poisson(mean), alpha)
    assert (limits.low, limits.high) == enumerated_limits(poisson_weights(mean), alpha)


@pytest.mark.parametrize(
    ("counts", "weights"),
    [*((Binomial(n, p), binomial_weights(n, p)) for n, p in CASES), *((Poisson(m), poisson_weights(m)) for m in MEANS)],
)
def test_tails_and_moments_are_those_of_enumeration(counts: Counts, weights: list[float]):
    ks = np.arange(len(weights))
    assert counts.mean == pytest.approx(float(ks @ weights), rel=1e-9)
    assert counts.sd**2 == pytest.approx(float((ks - counts.mean) ** 2 @ weights), rel=1e-8)
    for k in range(0, len(weights), max(1, len(weights) // 15)):
        assert counts.at_most(k) == pytest.approx(math.fsum(weights[: k + 1]), rel=1e-9)
        assert counts.above(k) == pytest.approx(math.fsum(weights[k + 1 :]), rel=1e-8, abs=1e-15)
    assert (counts.at_most(-1), counts.above(-1)) == (0.0, 1.0)


def test_three_sigma_limits_by_hand():
    """Montgomery's formulas: p -+ 3 sqrt(p (1 - p) / n) times n, and u -+ 3 sqrt(u / n) times n."""
    assert sigma_limits(Binomial(100, 0.1)) == Limits(1.0, 19.0)  # 10 -+ 3 sqrt(9)
    assert sigma_limits(Binomial(50, 0.5)).high == pytest.approx(25 + 3 * math.sqrt(12.5), abs=1e-8)
    assert sigma_limits(Poisson(16.0)) == Limits(4.0, 28.0)
    assert sigma_limits(Poisson(4.0)) == Limits(0.0, 10.0)  # -2 is no count
    assert sigma_limits(Binomial(10, 0.9)).high == 10.0
    assert sigma_limits(Poisson(16.0), sigmas=1.0) == Limits(12.0, 20.0)


def test_a_point_on_a_limit_is_in_control():
    limits = Limits(1.0, 19.0)
    assert [limits.signals(count) for count in (0, 1, 10, 19, 20)] == [True, False, False, False, True]


def test_no_lower_limit_where_even_no_error_is_likely():
    """P(X = 0) is .98^50 = .364: fewer errors than expected are no news, and the unused half is not moved over."""
    counts = Binomial(50, 0.02)
    limits = exact_limits(counts)
    assert limits.low == 0.0
    assert counts.above(int(limits.high)) <= ALPHA / 2 < counts.above(int(limits.high) - 1)
    assert average_run_length(Binomial(50, 0.0), limits) == math.inf  # the chart cannot see perfection


@pytest.mark.parametrize("counts", [Binomial(50, 0.0), Binomial(50, 1.0), Poisson(0.0)])
def test_a_process_without_variation_never_signals(counts: Counts):
    for limits in (exact_limits(counts), sigma_limits(counts)):
        assert limits == Limits(counts.mean, counts.mean)
        assert average_run_length(counts, limits) == math.inf
        assert limits.signals(counts.mean + 1)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_alpha_is_a_probability(alpha: float):
    with pytest.raises(ValueError, match="alpha"):
        exact_limits(Binomial(50, 0.1), alpha)


@pytest.mark.parametrize(("n", "p"), [(0, 0.5), (5, -0.1), (5, 1.1), (5, math.nan)])
def test_counts_have_a_size_and_a_probability(n: int, p: float):
    with pytest.raises(ValueError, match="must be"):
        Binomial(n, p)


@pytest.mark.parametrize("mean", [-1.0, math.inf, math.nan])
def test_a_mean_count_is_a_number(mean: float):
    with pytest.raises(ValueError, match="must be"):
        Poisson(mean)


# -- run lengths (V26) ---------------------------------------------------------------------------------------


def test_run_length_of_normal_values():
    """V26: 1 / P(|Z| > 3) = 370.4."""
    assert normal_run_length() == pytest.approx(370.4, abs=0.05)
    assert normal_run_length(1.959963984540054) == pytest.approx(20.0, rel=1e-12)


@pytest.mark.parametrize(("n", "p"), CASES)
def test_run_length_in_control_is_that_of_enumeration(n: int, p: float):
    """V26: 1 over the exact binomial probability of a point outside, for both kinds of limits."""
    weights, counts = binomial_weights(n, p), Binomial(n, p)
    centre, spread = n * p, 3 * math.sqrt(n * p * (1 - p))
    inside = [k for k in range(n + 1) if abs(k - centre) <= spread + 1e-9]
    outside = math.fsum(w for k, w in enumerate(weights) if k not in inside)
    expected = 1 / outside if outside else math.inf
    assert average_run_length(counts, sigma_limits(counts)) == pytest.approx(expected, rel=1e-8)
    low, high = enumerated_limits(weights, ALPHA)
    outside = math.fsum(weights[:low]) + math.fsum(weights[high + 1 :])
    found = average_run_length(counts, exact_limits(counts))
    assert found == pytest.approx(1 / outside if outside else math.inf, rel=1e-8)
    assert found >= 1 / ALPHA


def test_many_items_come_near_the_normal_run_length():
    """The binomial becomes normal: at 10^8 items a point, its steps no longer matter."""
    counts = Binomial(10**8, 0.5)
    assert average_run_length(counts, sigma_limits(counts)) == pytest.approx(normal_run_length(), rel=2e-3)


def test_three_sigma_gives_false_alarms_where_errors_are_rare():
    """n p = 1: a false alarm every 56 points, not every 370 (model.md 2.9: use exact limits)."""
    counts = Binomial(50, 0.02)
    shewhart, exact = (average_run_length(counts, limits(counts)) for limits in (sigma_limits, exact_limits))
    assert shewhart == pytest.approx(1 / math.fsum(binomial_weights(50, 0.02)[4:]))
    assert shewhart < 60 < 1 / ALPHA < exact


def test_run_length_out_of_control_is_that_of_enumeration_and_falls_with_the_shift():
    limits = exact_limits(Binomial(50, 0.1))
    lengths = []
    for p in (0.1, 0.15, 0.2, 0.3, 0.5, 1.0):
        weights = binomial_weights(50, p)
        outside = math.fsum(w for k, w in enumerate(weights) if limits.signals(k))
        lengths.append(average_run_length(Binomial(50, p), limits))
        assert lengths[-1] == pytest.approx(1 / outside, rel=1e-9)
        assert signal_probability(Binomial(50, p), limits) == pytest.approx(outside, rel=1e-9)
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] == 1.0


@pytest.mark.parametrize(("limits_of", "p"), [(sigma_limits, 0.1), (exact_limits, 0.1), (exact_limits, 0.2)])
def test_run_lengths_drawn_by_chance(limits_of: Any, p: float):
    """Monte Carlo: points until the signal, in and out of control, within 4 standard errors of the closed form."""
    limits = limits_of(Binomial(50, 0.1))
    points = np.random.default_rng(20261122).binomial(50, p, 4_000_000)
    signals = np.flatnonzero((points < limits.low) | (points > limits.high))
    lengths = np.diff(np.concatenate([[-1], signals]))
    assert len(lengths) > 1000
    error = lengths.std(ddof=1) / math.sqrt(len(lengths))
    assert lengths.mean() == pytest.approx(average_run_length(Binomial(50, p), limits), abs=4 * error)


# -- capability ----------------------------------------------------------------------------------------------


def test_capability_by_hand():
    """Deviations -6, -2, -1: mean -3, sd sqrt(7), so C_pu = 3 / (3 sqrt(7))."""
    lead, promised = np.array([4.0, 18.0, 9.0]), np.array([10.0, 20.0, 10.0])
    assert capability(lead, promised) == pytest.approx(1 / math.sqrt(7), rel=1e-14)
    assert capability(lead + 3, promised) == pytest.approx(0.0, abs=1e-15)  # half of normal lead times would be late
    assert capability(lead + 6, promised) == pytest.approx(-1 / math.sqrt(7), rel=1e-14)


def test_capability_at_one_promise_is_the_textbooks():
    """(USL - mean) / (3 sd), whatever the unit of time."""
    lead = np.random.default_rng(3).gamma(4.0, 2.0, 500)
    expected = (24.0 - lead.mean()) / (3 * lead.std(ddof=1))
    assert capability(lead, np.full(500, 24.0)) == pytest.approx(expected, rel=1e-12)
    assert capability(60 * lead, np.full(500, 1440.0)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("lead", "promised"),
    [([], []), ([3.0], [4.0]), ([3.0, 3.0], [4.0, 4.0]), ([0.1 + 0.2, 0.3], [1.0, 1.0]), ([0.0, 0.0], [0.0, 0.0])],
)
def test_capability_needs_spread(lead: list[float], promised: list[float]):
    assert math.isnan(capability(np.array(lead), np.array(promised)))


def test_every_lead_time_has_a_promise():
    with pytest.raises(ValueError, match="shape"):
        capability(np.ones(3), np.ones(2))


def test_the_share_late_of_normal_lead_times():
    lead = np.random.default_rng(4).normal(20.0, 2.0, 400_000)
    c_pu = capability(lead, np.full(len(lead), 23.0))
    late = (lead > 23.0).mean()
    assert c_pu == pytest.approx(0.5, abs=0.005)
    assert late_if_normal(c_pu) == pytest.approx(late, abs=4 * math.sqrt(late / len(lead)))
    assert late_if_normal(0.0) == 0.5
    assert math.isnan(late_if_normal(math.nan))


def test_capability_is_a_metric():
    journal = rich()
    orders = journal["orders"][journal.measured_orders()]
    expected = capability(orders["delivered"] - orders["placed"], orders["promised"])
    assert math.isfinite(expected)
    assert measure(journal)["capability"] == expected
    metric = METRICS["capability"]
    assert (metric.label, metric.unit, metric.better, metric.group) == (
        "Capability of lead time (C_pu)", "", "higher", "flow",
    )  # fmt: skip
    assert "capability" not in measure(run(chain(1, arrivals=stream(5.0), hours=50.0)))  # all take equally long


# -- charts of a run -----------------------------------------------------------------------------------------


@cache
def rich() -> Journal:
    return run(rich_system(hours=400.0))


@cache
def wandering() -> Journal:
    """One stage, an order an hour, 4 % errors; ten times as many while a special cause is there (mean 400 h)."""
    causes = {1: {"special_cause": SpecialCause(0.0005, 10.0, 400.0)}}
    system = chain(
        1, service=0.5, p=0.04, arrivals=stream(1.0), hours=12_000.0, stages=causes, layers=(0, 1), **plain_rules()
    )
    return run(system, seed=2)


def test_charts_of_a_small_system_by_hand():
    """Orders at 2, 4, ... 18 h, s1 never errs, s2 always; charts of 3 items from 6 h on."""
    journal = run(chain(2, service=1.0, p=[0.0, 1.0], arrivals=stream(2.0), hours=14.0, warm_up=6.0))
    charts = control_charts(journal, size=3)
    assert tuple(charts.columns) == COLUMNS
    # s1 ends at 7, 9, ... 19 h, s2 and delivery at 6, 8, ... 18 h: seven items each in [6, 20), two charts of two.
    expected = [
        ("s1", "p", 1, 11.0, 3, 0, 0.0), ("s1", "p", 2, 17.0, 3, 0, 0.0),
        ("s2", "p", 1, 10.0, 3, 3, 1.0), ("s2", "p", 2, 16.0, 3, 3, 1.0),
        ("", "u", 1, 10.0, 3, 3, 1.0), ("", "u", 2, 16.0, 3, 3, 1.0),
    ]  # fmt: skip
    assert list(charts[list(COLUMNS[:7])].itertuples(index=False, name=None)) == expected
    limits = charts[["stage", "centre", "low", "high", "low_3sigma", "high_3sigma"]].drop_duplicates()
    high = 3 + 3 * math.sqrt(3)  # and P(X > 9) = .0011, P(X > 8) = .0038 at 3 errors a subgroup
    assert list(limits.itertuples(index=False, name=None)) == [
        ("s1", 0.0, 0.0, 0.0, 0.0, 0.0),
        ("s2", 1.0, 1.0, 1.0, 1.0, 1.0),
        ("", 1.0, 0.0, pytest.approx(9 / 3), 0.0, pytest.approx(high / 3)),
    ]
    assert not charts["signal"].any()
    assert (charts["out_of_control"] == 0).all()


def test_charts_say_what_the_event_log_says():
    """The p-charts once more, from the event log: first work only, in order of its end, errors of every cause."""
    journal, size = rich(), 10
    charts = control_charts(journal, size)
    log = event_log(journal)
    log = log[(log["lifecycle:transition"] == "complete") & (log["kind"] == "first_work")]
    start, end = journal.window
    log = log[(log["hour"] >= start) & (log["hour"] < end)]
    assert list(charts["stage"].unique()) == [*journal.plan.stage_names, ""]
    for stage in journal.plan.stage_names:
        mine, chart = log[log["concept:name"] == stage], charts[charts["stage"] == stage]
        assert len(chart) == len(mine) // size > 2
        for i, row in enumerate(chart.to_dict("records")):
            part = mine.iloc[i * size : (i + 1) * size]
            assert (row["subgroup"], row["time"], row["n"]) == (i + 1, part["hour"].iloc[-1], size)
            assert row["count"] == (part["error"] != "").sum()
            assert row["out_of_control"] == pytest.approx(part["out_of_control"].mean())


def test_the_u_chart_counts_all_errors_of_delivered_orders():
    journal, size = rich(), 10
    chart = control_charts(journal, size).query("chart == 'u'")
    orders = journal.frame("orders")
    start, end = journal.window
    orders = orders[(orders["delivered"] >= start) & (orders["delivered"] < end)].sort_values("delivered")
    visits = journal.frame("visits").query("kind == 'first_work'")
    for i, row in enumerate(chart.to_dict("records")):
        part = orders.iloc[i * size : (i + 1) * size]
        assert row["count"] == part["errors"].sum()
        assert row["value"] == pytest.approx(part["errors"].mean())
        assert row["time"] == part["delivered"].iloc[-1]
        mine = visits[visits["order"].isin(part.index)]
        assert row["out_of_control"] == pytest.approx(mine["out_of_control"].mean())
    assert len(chart) == len(orders) // size > 2
    assert chart["centre"].iloc[0] == pytest.approx(chart["count"].sum() / chart["n"].sum())


def test_limits_of_a_chart_are_those_of_its_centre():
    for _, chart in control_charts(rich(), 25).groupby(["stage", "chart"]):
        first, n = chart.iloc[0], 25
        centre = chart["count"].sum() / (n * len(chart))
        model = Binomial(n, centre) if first["chart"] == "p" else Poisson(n * centre)
        exact, shewhart = exact_limits(model), sigma_limits(model)
        for name, limit in (
            ("centre", n * centre), ("low", exact.low), ("high", exact.high),
            ("low_3sigma", shewhart.low), ("high_3sigma", shewhart.high),
        ):  # fmt: skip
            assert (n * chart[name]).to_numpy() == pytest.approx(limit)
        assert chart["signal"].tolist() == [exact.signals(count) for count in chart["count"]]


def test_a_chart_finds_a_special_cause():
    """Ten times the errors move a point far beyond its limits: no false alarm, and hardly a full point is missed."""
    charts = control_charts(wandering())
    chart = charts[charts["chart"] == "p"]
    found = count_signals(chart)
    assert found.points == 239
    assert found.out_of_control > 20
    assert (chart["signal"] & (chart["out_of_control"] == 0)).sum() == found.signals - found.true_signals <= 1
    full = chart[chart["out_of_control"] == 1]
    assert len(full) > 15
    chance = signal_probability(Binomial(50, 0.4), Limits(*(50 * chart[["low", "high"]].iloc[0])))
    assert full["signal"].mean() == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / len(full)) + 1e-9)
    null = replace(wandering().blueprint, layers=(0,))
    assert count_signals(control_charts(run(null, seed=2)).query("chart == 'p'")).out_of_control == 0


def test_fewer_than_two_subgroups_make_no_chart():
    journal = run(chain(1, arrivals=stream(1.0), service=0.5, hours=99.0))
    empty = control_charts(journal)
    assert tuple(empty.columns) == COLUMNS
    assert empty.empty
    assert empty.to_csv(index=False) == ",".join(COLUMNS) + "\n"
    assert count_signals(empty) == Signals(0, 0, 0, 0)
    assert counted(empty) == TOO_FEW
    section = control_section(empty, {}, None)
    assert (section.paragraphs, section.figures, section.notes) == ((TOO_FEW,), (), ())
    nothing = control_charts(run(chain(1, arrivals=stream(50.0), hours=10.0)))
    assert nothing.equals(empty)


def test_signals_are_counted():
    charts = pd.DataFrame({"signal": [True, True, False, False], "out_of_control": [0.5, 0.0, 0.1, 0.0]})
    assert count_signals(charts) == Signals(points=4, signals=2, out_of_control=2, true_signals=1)


# -- figure and report ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("copies", [1, 5, 13])
def test_the_figure_has_a_panel_per_chart(copies: int):
    chart = control_charts(wandering())
    chart = chart[chart["chart"] == "p"]
    named = [chart.assign(stage=f"a_stage_with_$a_long_name$_{i}") for i in range(copies)]
    figure = draw(pd.concat(named), (0.0, 12_000.0))
    assert len(figure.axes) == copies
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(set(titles)) == copies or all(title.endswith("…") for title in titles)
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert [len(line.get_xdata()) for line in marks] == [chart["signal"].sum()]
    assert len(figure.axes[0].patches) == (chart["out_of_control"] > 0).sum()
    assert "<svg" in inline_svg(figure, "c", "t", "d")


def test_the_section_says_how_many_signals_were_true():
    charts = control_charts(wandering())
    section = control_section(charts, {"capability": 0.5, "late_share": 0.1}, draw(charts, (0.0, 12_000.0)))
    found = count_signals(charts[charts["chart"] == "p"])
    assert f"Of 239 points {found.signals} signalled, {found.true_signals} of them truly" in section.paragraphs[1]
    rate = float(charts.loc[charts["chart"] == "p", "centre"].iloc[0])
    outside = 1.0 - stats.binom(50, rate).cdf(stats.binom(50, rate).isf(0.00135))  # no lower limit at this rate
    assert f"once in {number(1.0 / outside, 0)} points on average" in section.paragraphs[2]
    assert "for normal values 370.4" in section.paragraphs[2]
    assert f"for at least a part of {found.out_of_control} points." in section.paragraphs[1]
    assert counted(charts.assign(signal=False)).startswith("None of 239 points signalled")
    assert "C_pu = 0.50" in section.paragraphs[3]
    assert "6.68\u00a0% of orders; 10.0\u00a0% were" in section.paragraphs[3]
    [figure] = section.figures
    assert figure.data is not None
    assert [row[0] for row in figure.data.rows] == ["s1", ORDERS]
    assert figure.data.rows[0][4:] == (str(found.signals), str(found.out_of_control), str(found.true_signals))


# -- the experiment ------------------------------------------------------------------------------------------


def trace(folder: Path, measured: int) -> str:
    words = ["experiment=trace", "system.horizon.warm_up=0", f"system.horizon.measured={measured}", "seed=7"]
    run_experiment(settings_from(compose_config(words)), RunFolder(folder, ["test"]))
    return (folder / "report.html").read_text()


def test_a_trace_writes_its_control_charts(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    html = trace(tmp_path, 90)
    charts = pd.read_csv(tmp_path / "control_charts.csv", keep_default_na=False)
    assert tuple(charts.columns) == COLUMNS
    assert charts["stage"].nunique() == 11  # ten stages and the orders
    assert (charts.groupby(["stage", "chart"]).size() >= 2).all()
    assert charts["signal"].dtype == bool
    assert (tmp_path / "figures" / "control_charts.svg").exists()
    assert (tmp_path / "figures" / "control_charts.png").exists()
    assert html.count('aria-labelledby="control-charts-title') == 1
    assert "Is every stage in control?" in html
    said = counted(charts)
    assert said in html
    assert f"Control charts: {said}" in capsys.readouterr().out
    assert "C_pu" in html


def test_a_short_trace_says_that_there_is_too_little(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    html = trace(tmp_path, 20)
    assert (tmp_path / "control_charts.csv").read_text() == ",".join(COLUMNS) + "\n"
    assert not (tmp_path / "figures" / "control_charts.svg").exists()
    assert TOO_FEW in html
    assert f"Control charts: {TOO_FEW}" in capsys.readouterr().out
