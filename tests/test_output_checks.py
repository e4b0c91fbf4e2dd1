"""Output checks: correlations and verdicts worked out by hand, null cases, and the experiment from end to end."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import Main, chain, exponential, population

from analysis.experiments.output_checks import of_base, of_unit, summary, without_effect
from analysis.figures.check_chart import check_chart
from analysis.output_checks import (
    CHECKS,
    INSIDE,
    NO_SIGN,
    OTHER,
    OVER_UNITS,
    STRONGER,
    UNIT_COLUMNS,
    UNTOLD,
    WEAKER,
    check_table,
    fisher_interval,
    order_correlations,
    pearson,
    seat_correlation,
    unit_values,
    verdict,
)
from analysis.report.output_checks_page import answer, output_checks_page
from analysis.report.page import render
from scenarios.units import OutputChecks, unit_timeline
from sim.blueprint import Attendance, Blueprint, Horizon, Morale, Perception
from sim.simulate import simulate
from sim.tables import JOURNAL

# -- correlations and verdicts ---------------------------------------------------------------------------------


def test_a_correlation_worked_out_by_hand():
    # x - mean: -1, 0, 1; y - mean: -2, 1, 1: sum of products 3; sqrt(2 x 6)
    assert pearson([1, 2, 3], [0, 3, 3]) == pytest.approx(3 / math.sqrt(12))
    assert pearson([1, 2, 3], [-2, -4, -6]) == pytest.approx(-1.0)
    assert pearson([1, 2, math.nan, 3], [0, 3, 99, 3]) == pearson([1, 2, 3], [0, 3, 3])
    for x, y in (([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [0.1, 0.1, 0.1]), ([], [])):
        assert math.isnan(pearson(x, y))


def test_fishers_interval():
    # r = .5, n = 28: atanh .5 = .549306, half-width 1.959964 / 5 = .391993
    assert fisher_interval(0.5, 28) == pytest.approx((math.tanh(0.157313), math.tanh(0.941299)), abs=1e-6)
    low, high = fisher_interval(-0.3, 103)
    assert fisher_interval(0.3, 103) == pytest.approx((-high, -low))
    assert fisher_interval(1.0, 10) == (1.0, 1.0)
    assert all(math.isnan(v) for v in (*fisher_interval(math.nan, 10), *fisher_interval(0.5, 3)))


def test_fishers_interval_covers():
    """Of 400 samples from a correlation of .3 about 95 % of the intervals hold it (4 standard errors: 4.4 points)."""
    random = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        x, e = random.normal(size=(2, 60))
        low, high = fisher_interval(pearson(x, 0.3 * x + math.sqrt(1 - 0.09) * e), 60)
        held += low <= 0.3 <= high
    assert abs(held / 400 - 0.95) < 0.044


@pytest.mark.parametrize(
    ("interval", "published", "word"),
    [
        ((0.28, 0.36), (0.32, 0.33), INSIDE),
        ((0.10, 0.28), (0.32, 0.33), INSIDE),  # within the margin of .05
        ((0.05, 0.26), (0.32, 0.33), WEAKER),
        ((0.39, 0.60), (0.32, 0.33), STRONGER),
        ((-0.40, -0.10), (0.32, 0.33), OTHER),
        ((-0.10, 0.50), (0.32, 0.33), UNTOLD),
        ((-0.10, 0.10), (0.32, 0.33), NO_SIGN),
        ((-0.50, -0.20), (-0.36, -0.30), INSIDE),
        ((-0.20, -0.10), (-0.36, -0.30), WEAKER),
        ((-0.90, -0.50), (-0.36, -0.30), STRONGER),
        ((0.10, 0.20), (-0.36, -0.30), OTHER),
        ((-0.10, 0.10), (-0.36, -0.30), NO_SIGN),
        ((-0.40, 0.10), (-0.36, -0.30), UNTOLD),
        ((math.nan, math.nan), (0.1, 0.2), UNTOLD),
    ],
)
def test_the_verdict_follows_the_interval(
    interval: tuple[float, float], published: tuple[float, float], word: str
):  # fmt: skip
    assert verdict(*interval, published, 0.05) == word
    mirrored = (-interval[1], -interval[0])
    assert verdict(*mirrored, (-published[1], -published[0]), 0.05) == word


def test_correlations_of_orders_seats_and_units_worked_out_by_hand():
    orders = np.zeros(3, JOURNAL["orders"])
    orders["satisfaction"], orders["P"], orders["W"] = [1.0, 2.0, 3.0], [0.0, 3.0, 3.0], [0.0, 1.0, 2.0]
    found = order_correlations(orders)
    assert found["satisfaction_performance"] == pytest.approx(3 / math.sqrt(12))
    assert found["satisfaction_expectation"] == pytest.approx(1.0)
    assert found["satisfaction_disconfirmation"] == pytest.approx(pearson([1, 2, 3], [0, 2, 1]))
    members = np.zeros(4, JOURNAL["members"])
    members["paid"], members["absent"] = [100.0, 100.0, 200.0, 0.0], [0.0, 30.0, 60.0, 0.0]
    members["mood"] = [0.0, 0.1, 0.2, 0.9]
    assert seat_correlation(members, np.array([0.1, 0.1, 0.1, 0.1])) == pytest.approx(3 / math.sqrt(12))
    weeks = np.zeros(2, JOURNAL["weeks"])
    weeks["ended"], weeks["began"] = [40.0, 80.0], [0.0, 40.0]
    weeks["staffed"], weeks["morale"], weeks["leavers"] = [10, 30], [0.5, 0.7], [1, 3]
    weeks["judged"], weeks["satisfaction"] = [5, 15], [4.0, 8.0]
    weeks["revenue"], weeks["paid"], weeks["worked"], weeks["delivered"] = [100, 300], [10, 10], [8, 8], [4, 12]
    assert unit_values(weeks, 1600.0) == pytest.approx(
        {
            "morale": 0.65, "turnover": 4.0, "satisfaction": 0.6, "revenue_per_paid_hour": 20.0,
            "orders_per_worked_hour": 1.0, "utilisation": 0.8,
        }
    )  # fmt: skip


def units_of(n: int = 40) -> pd.DataFrame:
    random = np.random.default_rng(3)
    morale = random.normal(0.6, 0.1, n)
    return pd.DataFrame(
        {
            "unit": range(n), "morale": morale, "turnover": -morale, "satisfaction": random.normal(size=n),
            "revenue_per_paid_hour": morale + random.normal(0, 0.1, n), "orders_per_worked_hour": 1.0,
            "utilisation": random.normal(0.8, 0.1, n), "absence_morale": -0.1,
        }
    )  # fmt: skip


def table_of() -> pd.DataFrame:
    within = {"satisfaction_performance": [0.34, 0.35, 0.36], "absence_morale": [0.1, 0.2, 0.3],
              "satisfaction_expectation": [0.2]}  # fmt: skip
    return check_table(within, units_of(), 0.05)


def test_the_table_of_checks():
    table = table_of().set_index("check")
    assert list(table.index) == list(CHECKS)
    row = table.loc["satisfaction_performance"]
    assert (row["n"], row["correlation"], row["verdict"]) == (3, pytest.approx(0.35), INSIDE)
    assert table.loc["satisfaction_expectation", "verdict"] == UNTOLD  # one run: no interval
    assert table.loc["satisfaction_disconfirmation", "n"] == 0
    assert table.loc["turnover_morale", "correlation"] == pytest.approx(-1.0)
    assert table.loc["turnover_morale", "verdict"] == STRONGER
    assert (table.loc["output_morale", "verdict"], table.loc["output_morale", "n"]) == (UNTOLD, 40)  # does not vary
    units = units_of()
    expected = fisher_interval(pearson(units["revenue_per_paid_hour"], units["morale"]), 40)
    assert tuple(table.loc["revenue_morale", ["low", "high"]]) == pytest.approx(expected)


def test_published_figures_are_those_of_the_specification():
    """model.md 2.3 and 2.5: nothing here is used by the simulation."""
    published = {name: (c.low, c.high, c.grade) for name, c in CHECKS.items()}
    assert published == {
        "satisfaction_disconfirmation": (0.46, 0.46, "M"), "satisfaction_performance": (0.34, 0.34, "M"),
        "satisfaction_expectation": (0.27, 0.27, "M"), "absence_morale": (-0.09, -0.09, "V"),
        "turnover_morale": (-0.36, -0.30, "V secondary"), "satisfaction_morale": (0.32, 0.33, "V secondary"),
        "revenue_morale": (0.20, 0.25, "V secondary"), "output_morale": (0.20, 0.25, "V secondary"),
    }  # fmt: skip


# -- units -----------------------------------------------------------------------------------------------------


def firm(**parts: Any) -> Blueprint:
    """Six people in two stages who meet their customers, with lively absence and turnover."""
    defaults: dict[str, Any] = {
        "arrivals": population(12, exponential(20.0)),
        "attendance": Attendance(absence=0.1, absence_morale=4.0, turnover=2.0, turnover_morale=6.0, vacancy=8.0),
    }
    meets = {"onstage": True, "moment_of_truth": True}
    return chain(2, service=exponential(1.0), members=3, hours=800.0, every=meets, layers=(0, 1, 2, 3, 4),
                 **{**defaults, **parts})  # fmt: skip


def test_units_differ_in_morale_by_draws_of_their_own_names():
    base = ((0.0, firm()), (40.0, firm()))
    asked = OutputChecks(sd_between_units=0.08, sd_between_people=0.04)
    ((_, one), (_, later)), ((_, other), _) = (unit_timeline(base, asked, 1, u) for u in (0, 1))
    assert one == later != other
    levels = np.array(
        [
            [m.morale for pool in unit_timeline(base, asked, 1, u)[0][1].pools.values() for m in pool.members.values()]
            for u in range(500)
        ]
    )
    own = levels - levels.mean(axis=1, keepdims=True)
    assert levels.mean() == pytest.approx(0.6, abs=4 * 0.08 / math.sqrt(500))
    assert levels.mean(axis=1).var(ddof=1) == pytest.approx(
        0.08**2 + 0.04**2 / 6, rel=4 * math.sqrt(2 / 499)
    )  # of six people
    assert own.var() * 6 / 5 == pytest.approx(0.04**2, rel=4 * math.sqrt(2 / 2500))
    plain = OutputChecks(sd_between_units=0.0, sd_between_people=0.0)
    assert unit_timeline(base, plain, 1, 7) == base
    larger = firm(stages={2: {"pool": "p1"}})  # other people do not change what these ones draw
    assert unit_timeline(((0.0, larger),), asked, 1, 0)[0][1].pools["p1"] == one.pools["p1"]


def correlations(blueprint: Blueprint, units: int = 60) -> pd.DataFrame:
    asked = OutputChecks(units=units, sd_between_units=0.15, sd_between_people=0.15)
    runs = [
        of_unit(simulate(unit_timeline(((0.0, blueprint),), asked, 1, u), 1, u, allow_unstable=True, journal="summary"))
        for u in range(units)
    ]
    within = {"absence_morale": [found["absence_morale"] for found in runs]}
    return check_table(within, pd.DataFrame(runs), 0.05).set_index("check")


def test_what_morale_does_shows_and_what_it_does_not_do_does_not():
    """Without an effect of morale on absence, leaving and attention nothing goes with it (4 standard errors)."""
    busy = correlations(firm())
    assert busy.loc["absence_morale", "high"] < 0.0
    assert busy.loc["turnover_morale", "high"] < 0.0
    assert busy.loc["satisfaction_morale", "low"] > 0.0
    attendance = Attendance(absence=0.1, absence_morale=0.0, turnover=2.0, turnover_morale=0.0, vacancy=8.0)
    deaf = Perception(empathy_morale=0.0)
    still = correlations(firm(attendance=attendance, perception=deaf, morale=Morale(morale_weeks=0.0)))
    for name, check in CHECKS.items():
        if check.over == OVER_UNITS:
            assert abs(math.atanh(still.loc[name, "correlation"])) < 4 / math.sqrt(60 - 3)
    seats = still.loc["absence_morale"]
    assert abs(seats["correlation"]) < 4 * (seats["high"] - seats["low"]) / 4
    none = correlations(firm(switches={"absence": False, "turnover": False}), 6)
    assert none.loc[["absence_morale", "turnover_morale"], "verdict"].tolist() == [UNTOLD, UNTOLD]


def test_a_run_of_the_base_correlates_its_delivered_orders():
    journal = simulate(firm())
    found = of_base(journal)
    orders = journal["orders"][journal.measured_orders()]
    assert found["satisfaction_performance"] == pytest.approx(np.corrcoef(orders["satisfaction"], orders["P"])[0, 1])
    assert of_base(simulate(replace(firm(), layers=(0, 1, 2)))) == {}
    told = without_effect(replace(firm(), layers=(0, 1)), OutputChecks(sd_between_units=0.0))
    assert len(told) == 4
    assert without_effect(firm(), OutputChecks()) == ()


# -- the page --------------------------------------------------------------------------------------------------


def test_the_page_stands_alone_and_follows_the_data():
    table, units = table_of(), units_of()
    page = output_checks_page(
        table, units, asked=OutputChecks(units=40), system="workshop", scenario="do_nothing", seed=1, runs=3,
        engine="simpy", horizon=Horizon(0.0, 80.0), week=40.0, seats=6, warnings=("<b>",), figure=check_chart(table),
    )  # fmt: skip
    html = render(page)
    assert not re.search(r"<script[^>]*src=|@import|https?://", html)
    assert "&lt;b&gt;" in html
    assert ">nan<" not in html
    for words in ("A correlation is not a coefficient", "Harter, Schmidt &amp; Hayes 2002 (V secondary)", "True by"):
        assert words in html
    rows = table.to_dict("records")
    assert "Inside: satisfaction with performance" in page.answer
    assert "not fitted" in page.answer
    flipped = [{**row, "verdict": OTHER} for row in rows]
    assert answer(flipped).startswith("8 correlations were compared. Other sign: satisfaction with disconfirmation,")
    text = summary(table)
    assert "-0.36 to -0.30" in text
    assert text.isascii()


# -- from the command line -------------------------------------------------------------------------------------

TINY = (
    "replications=2", "n_jobs=1", "system.horizon.warm_up=0", "system.horizon.measured=120", "seed=7",
    "output_checks.units=5", "system.arrivals.customers=120",
)  # fmt: skip


def test_a_run_leaves_its_checks(main: Main, tmp_path: Path):
    code, out, err = main("experiment=output_checks", *TINY, "hydra.run.dir=here")
    assert (code, err) == (0, "")
    here = tmp_path / "here"
    assert {entry.name for entry in here.iterdir()} == {
        "report.html", "results.json", "checks.csv", "units.csv", "kpis.csv", "manifest.json", "stress_des.md",
        "redraw.json", "figures", ".hydra",
    }  # fmt: skip
    assert sorted(p.name for p in (here / "figures").iterdir()) == ["checks.png", "checks.svg"]
    assert Path(out.splitlines()[-1].removeprefix("Report: ")).resolve() == here / "report.html"
    table, units = pd.read_csv(here / "checks.csv").set_index("check"), pd.read_csv(here / "units.csv")
    assert list(units.columns) == ["unit", *UNIT_COLUMNS, "absence_morale"]
    assert (list(table.index), len(units)) == (list(CHECKS), 5)
    assert table.loc["satisfaction_morale", "correlation"] == pytest.approx(
        np.corrcoef(units["satisfaction"], units["morale"])[0, 1]
    )
    kpi = pd.read_csv(here / "kpis.csv")
    mean = kpi[kpi["metric"] == "correlation_satisfaction_performance"]["value"].mean()
    assert table.loc["satisfaction_performance", "correlation"] == pytest.approx(mean)
    results = json.loads((here / "results.json").read_text())
    assert (results["experiment"], results["output_checks"]["units"]) == ("output_checks", 5)
    cell = results["output_checks"]["checks"]["satisfaction_performance"]
    assert cell["correlation"] == pytest.approx(mean)
    assert cell["published"] == [0.34, 0.34]


def test_without_perception_the_run_says_what_cannot_be_told(main: Main, tmp_path: Path):
    code, out, _ = main("experiment=output_checks", *TINY, "system.layers=[0,1,2]", "hydra.run.dir=here")
    assert code == 0
    assert "Warning: Customers form no perception" in out
    table = pd.read_csv(tmp_path / "here/checks.csv").set_index("check")
    assert table.loc["satisfaction_performance", "verdict"] == UNTOLD
    assert "nan" not in (tmp_path / "here/report.html").read_text()


BAD = {
    "output_checks.units=3": "output_checks.units = 3: must be a whole number >= 4",
    "+output_checks.unit=9": "did you mean units?",
    "output_checks.sd_between_units=0.9": "output_checks.sd_between_units = 0.9: must be",
    "output_checks.same_within=0": "output_checks.same_within = 0.0: must be",
    "journal=summary": "journal = summary",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(main: Main, tmp_path: Path, words: str):
    code, out, err = main("experiment=output_checks", *words.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"gapline: [^\n]+\n", err)
    assert BAD[words] in err
    assert list(tmp_path.iterdir()) == []
