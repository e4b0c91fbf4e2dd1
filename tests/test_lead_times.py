"""Distributions of lead time: counted in bins, exact at their edges, with bands over replications."""

from __future__ import annotations

import math

import numpy as np
import pytest
from extents import faults

from analysis.compare import spread
from analysis.figures.lead_time_chart import lead_time_chart
from analysis.lead_times import EDGES, LEAD_TIME_COLUMNS, LeadTimes, count_lead_times, lead_times
from analysis.report.lead_time_section import lead_time_section
from analysis.report.page import ReportPage, render


def times(replications: int = 6, orders: int = 800) -> list[np.ndarray]:  # type: ignore[type-arg]
    rng = np.random.default_rng(11)
    return [rng.gamma(3.0, 8.0, orders) for _ in range(replications)]


def test_shares_at_the_edges_are_those_of_the_orders_themselves() -> None:
    runs = times()
    found = lead_times("base", np.array([count_lead_times(t) for t in runs]), 24.0, 0.3)
    for place in (290, 330, 345, 400):
        shares = np.array([(t <= EDGES[place]).mean() for t in runs])
        truth = spread(shares)
        assert found.share[place] == pytest.approx(float(truth.mean))
        assert found.low[place] == pytest.approx(max(0.0, float(truth.low)))
        assert found.high[place] == pytest.approx(min(1.0, float(truth.high)))


def test_percentiles_are_within_a_bin_of_the_orders_own() -> None:
    runs = times()
    found = lead_times("base", np.array([count_lead_times(t) for t in runs]), 24.0, 0.3)
    for share in (0.05, 0.5, 0.9, 0.99):
        exact = float(np.quantile(np.concatenate(runs), share))
        assert found.within(share) == pytest.approx(exact, rel=EDGES[1] / EDGES[0] - 1)
    assert found.within(0.5) < found.within(0.9)


def test_the_shortest_the_longest_and_edges_are_counted_once() -> None:
    counts = count_lead_times(np.array([0.0, EDGES[0], EDGES[5], EDGES[-1], 1e9]))
    assert counts.shape == (len(EDGES) + 1,)
    assert counts.sum() == 5
    assert (counts[0], counts[5], counts[len(EDGES) - 1], counts[-1]) == (2, 1, 1, 1)
    found = lead_times("base", counts[np.newaxis], 1.0, 0.0)
    assert found.share[-1] == pytest.approx(0.8)
    assert math.isnan(found.within(0.9))


def test_replications_without_orders_do_not_count() -> None:
    some = count_lead_times(np.array([1.0, 2.0]))
    both = lead_times("base", np.array([some, np.zeros_like(some), np.full_like(some, np.nan)]), 1.0, 0.0)
    assert both.share == pytest.approx(lead_times("base", some[np.newaxis], 1.0, 0.0).share)


def test_a_table_holds_all_that_is_drawn() -> None:
    found = lead_times("base", np.array([count_lead_times(t) for t in times()]), 24.0, 0.3)
    table = found.table()
    assert (table["share"].iloc[0], table["share"].iloc[-1]) == (0.0, pytest.approx(1.0))
    assert len(table) < 250
    read = (table[name].to_numpy(dtype=float) for name in LEAD_TIME_COLUMNS[1:])
    again = LeadTimes("base", *read, 24.0, 0.3)
    for share in (0.1, 0.5, 0.99):
        assert again.within(share) == pytest.approx(found.within(share))


def test_the_chart_says_what_is_promised_and_late() -> None:
    counts = np.array([count_lead_times(t) for t in times()])
    shown = [lead_times("do_nothing", counts, 24.0, 0.412), lead_times("<b>plan</b>", counts[:1], 30.0, math.nan)]
    drawn = lead_time_chart(shown)
    assert not faults(drawn)
    section = lead_time_section(shown, drawn, "Six replications.")
    assert section is not None
    page = render(ReportPage("t", "q", "a", (section,)))
    for words in ("do nothing: promised 24 h, 41.2 % late", "90 % within, h", "41.2", "Six replications."):
        assert words in page
    assert "<b>plan" not in page
    axes = drawn.axes[0]
    assert 24.0 in [line.get_xdata()[0] for line in axes.lines]
    assert axes.get_xlim()[1] >= shown[0].within(0.99)
    assert lead_time_section([], None) is None
