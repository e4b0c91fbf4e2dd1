"""Profit to the cent, customers and staff from the books, and the same numbers from a journal of summaries."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import chain, exponential, run, stream
from living import living_system

from analysis.measures import METRICS, measure, stage_measures
from analysis.measures.cost import QUALITY_CLASSES
from analysis.measures.flow import sd_from_sums
from analysis.measures.relationship import customers_of
from analysis.measures.staff import staff_of
from scenarios.config import load_blueprint
from sim.blueprint import COST_CLASSES, Blueprint, Horizon
from sim.journal import Journal
from sim.tables import JOURNAL, LOST

pytestmark = pytest.mark.both_engines

SHIPPED = sorted(path.stem for path in (Path(__file__).parent.parent / "conf" / "system").glob("*.yaml"))
NEEDS_ORDERS = {
    "gap1", "gap2", "gap3", "gap4", "internal_service_quality", "internal_service_quality_min", "lead_time_p95",
    "capability", "taguchi_loss",
}  # fmt: skip


@cache
def system(name: str) -> Blueprint:
    """A shipped system with all layers on for a short time, or the living one."""
    if name == "living":
        return living_system()
    shipped = load_blueprint(name)
    week = shipped.calendar.week
    return replace(shipped, layers=(0, 1, 2, 3, 4), horizon=Horizon(week, 3.25 * week))


@cache
def journal(name: str, kept: str = "full") -> Journal:
    return run(system(name), seed=3, journal=kept)


@pytest.fixture(params=["living", *SHIPPED])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# ------------------------------------------------------------------------------------------------------- money
def test_profit_is_revenue_less_everything_paid(name):
    """V30, to the rounding of a cent: profit worked out again from single orders, hours and the weekly books."""
    kept, v = journal(name), measure(journal(name))
    costs, (start, end) = kept.blueprint.costs, kept.window
    assert v["profit"] == v["revenue"] - sum(v[f"cost_{c}"] for c in COST_CLASSES)
    orders = kept["orders"]
    placed = (orders["placed"] >= start) & (orders["placed"] < end)
    segment = kept["customers"]["segment"][orders["customer"]]
    prices = np.array([s.price for s in kept.blueprint.segments.values()])
    done = placed & ~np.isnan(orders["delivered"]) & np.isnan(orders["abandoned"])
    brought = prices[segment[done]].sum()
    goods = costs.materials * done.sum() + sum(orders[placed][c].sum() for c in ("supplies", "transport"))
    external = kept["errors"]["external_cost"][placed[kept["errors"]["order"]]].sum()
    members = kept["members"]
    wages = costs.wage * (members["paid"].sum() + (costs.overtime_rate - 1.0) * members["overtime"].sum())
    weeks = kept["weeks"][kept["weeks"]["measured"] == 1]
    others = sum(weeks[c].sum() for c in ("care", "acquisition", "replacement", "exit_cost"))
    length = kept.blueprint.calendar.week
    programmes = sum(
        p.per_week * (end - max(p.start, start)) / length + p.one_off * (end - start) / length / costs.investment_life
        for p in kept.blueprint.spending
    )
    assert v["profit"] == pytest.approx(brought - goods - external - wages - others - programmes, abs=0.005)
    assert v["cost_of_quality"] == pytest.approx(sum(v[f"cost_{c}"] for c in QUALITY_CLASSES), rel=1e-12)


def test_every_class_costs_something_in_the_living_system():
    v = measure(journal("living"))
    assert list(v) == list(METRICS)  # every metric means something here
    assert min(v[f"cost_{c}"] for c in COST_CLASSES) > 0.0
    assert min(v[n] for n in ("overtime", "hours_absent", "turnover", "abandoned_share", "lost_lifetime_value")) > 0.0
    assert v["cost_capacity"] > system("living").costs.wage * v["hours_absent"]


def test_paid_hours_are_worked_idle_off_the_line_or_absent(name):
    """V30, in the weekly books, by member and by pool alike."""
    v, kept = measure(journal(name)), journal(name)
    parts = sum(v[f"hours_{part}"] for part in ("worked", "idle", "off_line", "absent"))
    assert v["hours_paid"] == pytest.approx(parts, rel=1e-12)
    for table in ("members", "pool_hours"):
        for column, metric in (("paid", "hours_paid"), ("worked", "hours_worked"), ("off_line", "hours_off_line"),
                               ("absent", "hours_absent"), ("overtime", "overtime")):  # fmt: skip
            assert kept[table][column].sum() == pytest.approx(v[metric], rel=1e-9, abs=1e-6)
    assert 0.0 < v["utilisation_mean"] <= 1.0


def test_utilisation_is_right_while_capacity_changes():
    """Staff doubled half-way: the same work over the hours there were, not the mean of two utilisations."""
    few = chain(1, service=exponential(0.4), members=1, arrivals=stream(exponential(1.0)), hours=4000.0)
    many = replace(few, pools={"p1": chain(1, members=2).pools["p1"]})
    kept = run(((0.0, few), (2000.0, many)), seed=2)
    v = measure(kept)
    visits = kept["visits"]
    worked = (np.minimum(visits["ended"], 4000.0) - visits["began"]).clip(0.0).sum()
    assert v["hours_paid"] == 2000.0 + 2 * 2000.0
    assert v["utilisation_mean"] == pytest.approx(worked / 6000.0, rel=1e-9)
    assert stage_measures(kept)["s1"]["utilisation"] == pytest.approx(v["utilisation_mean"], rel=1e-9)
    assert v["utilisation_mean"] == pytest.approx(0.4 * 4000 / 6000, rel=0.1)


# --------------------------------------------------------------------------------------------------- summaries
def test_a_summary_gives_the_same_numbers(name):
    full, summary = measure(journal(name)), measure(journal(name, "summary"))
    assert set(full) - set(summary) == NEEDS_ORDERS & set(full)
    assert list(summary) == [n for n in full if n in summary]
    different = {
        n: (full[n], v) for n, v in summary.items() if not math.isclose(full[n], v, rel_tol=1e-9, abs_tol=1e-9)
    }
    assert different == {}
    of_stages = stage_measures(journal(name, "summary"))
    assert {s: values["utilisation"] for s, values in of_stages.items()} == pytest.approx(
        {s: values["utilisation"] for s, values in stage_measures(journal(name)).items()}, rel=1e-9, nan_ok=True
    )


def test_standard_deviation_from_sums():
    values = np.random.default_rng(3).gamma(3.0, 5.0, 1000)
    sums = float(values.sum()), float(np.square(values).sum())
    assert sd_from_sums(1000, *sums) == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert sd_from_sums(3, 0.3, 0.1**2 * 3) == 0.0
    assert math.isnan(sd_from_sums(1, 2.0, 4.0))


# ---------------------------------------------------------------------------------------- customers and staff
def week(**given: Any) -> np.ndarray[Any, Any]:
    row = np.zeros(1, JOURNAL["weeks"])
    for column, value in given.items():
        row[column] = value
    return row


def test_customers_worked_by_hand():
    """Two weeks of a 1920 h year: 96 customers for 40 h are 2 customer-years a week."""
    first = week(customer_hours=3840.0, lost=(1, 0, 2, 0, 0, 5), won=(0, 3, 1), lost_equity=70.0, active=90, praise=4)
    second = week(customer_hours=3840.0, lost=(0, 1, 0, 0, 0, 0), active=80, equity=4000.0, regard=0.7, criticism=1)
    v = customers_of(np.concatenate([first, second]), 1920.0)
    assert v["retention"] == pytest.approx(math.exp(-4 / 4))  # the five who had finished do not count
    assert (v["active_customers"], v["customers_won"], v["customers_lost"]) == (80, 4, 9)
    assert [v[f"customers_lost_{reason}"] for reason in LOST] == [1, 1, 2, 0, 0, 5]
    assert (v["customer_equity"], v["lifetime_value"], v["lost_lifetime_value"]) == (4000.0, 50.0, 70.0)
    assert (v["satisfaction_cumulative"], v["praise"], v["criticism"]) == (0.7, 4, 1)


def test_staff_worked_by_hand():
    first = week(began=0, ended=40, staffed=48, morale=0.6, skill=0.7, paid=1000, off_line=200, absent=40, leavers=1)
    second = week(began=40, ended=80, staffed=48, morale=0.5, skill=0.8, paid=1000, absent=50, ideas=3, ideas_used=2)
    empty = week(began=80, ended=120)  # nobody there: no level to average
    v = staff_of(np.concatenate([first, second, empty]), 1920.0)
    assert v["morale"] == pytest.approx(0.55)
    assert v["skill"] == pytest.approx(0.75)
    assert v["absence"] == 90 / 1800
    assert v["turnover"] == 1 / 2  # 48 seats for two weeks are two years
    assert (v["ideas"], v["ideas_used"]) == (3, 2)


def test_customers_won_less_lost_is_the_change_of_active_ones(name):
    kept = journal(name)
    v = measure(kept)
    before = kept["weeks"][kept["weeks"]["ended"] == kept.window[0]][0]  # the last week of warm-up
    assert v["active_customers"] - before["active"] == v["customers_won"] - v["customers_lost"]
    assert v["customers_lost"] == sum(v[f"customers_lost_{reason}"] for reason in LOST)


def test_what_means_nothing_is_left_out():
    groups = {n: {m for m in METRICS if METRICS[m].group == n} for n in ("relationship", "staff")}
    for layers, absent in (
        ((0, 1, 3), groups["relationship"] | groups["staff"]),
        ((0, 1, 2, 3), groups["relationship"]),
        ((0, 1, 3, 4), groups["staff"]),
    ):
        values = measure(run(replace(system("living"), layers=layers), seed=3))
        assert not absent & set(values)
        assert (groups["relationship"] | groups["staff"]) - absent <= set(values)
    patient = replace(system("living"), layers=(0, 1), switches={"patience": True})
    values = measure(run(patient, seed=3))
    assert values["abandoned_share"] > 0.0  # patience alone: orders are given up, but nobody judges or leaves
    assert "retention" not in values
