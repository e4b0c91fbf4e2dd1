"""Two starting points: verdicts and distributions worked out by hand, and the experiment from end to end."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import Main, rich_organisation

from analysis.compare import t_quantile
from analysis.report.page import render
from analysis.report.start_results import Results
from analysis.report.starting_points_page import answer, regime_line, start_figures, starting_points_page
from analysis.starting_points import (
    END_METRICS,
    FORGOTTEN,
    LASTS,
    MARGINS,
    NO_SPREAD,
    ONE,
    SHRINKING,
    TWO,
    TWO_MODES,
    UNTOLD,
    bimodality,
    course,
    differences,
    distributions,
    ks_distance,
    measures_of,
    paths,
    regimes,
    verdict,
    weeks_until,
)
from scenarios.starts import AT_ONCE, Start, StartingPoints, begun_from
from sim.blueprint import Horizon
from sim.simulate import simulate
from sim.tables import JOURNAL

# -- verdicts and statistics -----------------------------------------------------------------------------------


def test_the_verdict_follows_the_interval_and_the_margin():
    assert verdict(-0.5, 0.9, 1.0) == FORGOTTEN
    assert verdict(0.1, 0.9, 1.0) == FORGOTTEN  # there is a difference, and it does not matter
    assert verdict(0.0, 0.0, 1.0) == FORGOTTEN
    assert verdict(1.1, 2.0, 1.0) == verdict(-2.0, -1.1, 1.0) == LASTS
    assert verdict(0.5, 1.5, 1.0) == verdict(-1.5, 0.2, 1.0) == verdict(-3.0, 3.0, 1.0) == UNTOLD
    assert verdict(math.nan, math.nan, 1.0) == UNTOLD
    assert (course(-2.0, -1.0), course(-1.0, 1.0)) == (SHRINKING, "cannot be told")
    assert course(0.5, 1.0) == "growing"
    assert course(math.nan, math.nan) == "cannot be told"


def test_the_distance_of_two_distributions():
    assert ks_distance(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])) == 0.0
    assert ks_distance(np.array([1.0, 2.0]), np.array([5.0, 4.0, 3.0])) == 1.0
    # F of (1, 3) and G of (2, 3, 4, 5): at 1 .5 - 0, at 2 .5 - .25, at 3 1 - .5
    assert ks_distance(np.array([3.0, 1.0]), np.array([2.0, 3.0, 4.0, 5.0])) == 0.5


def test_the_bimodality_coefficient_of_samples_worked_out_by_hand():
    # -1, -1, 1, 1: skewness 0; m4 / m2^2 = 1; excess kurtosis 3 / (2 x 1) x (5 x (1 - 3) + 6) = -6; b = 1 / (-6 + 27/2)
    assert bimodality(np.array([-1.0, -1.0, 1.0, 1.0])) == pytest.approx(1 / 7.5)
    # 0, 0, 0, 0, 1: m2 = .16, m3 = .096, m4 = .0832; skewness 1.5 x sqrt(20) / 3 = sqrt 5; kurtosis
    # 4 / (3 x 2) x (6 x .25 + 6) = 5; b = (5 + 1) / (5 + 3 x 16 / 6)
    assert bimodality(np.array([0.0, 0.0, 0.0, 0.0, 1.0])) == pytest.approx(6 / 13)
    two = np.concatenate([np.linspace(0, 1, 200), np.linspace(9, 10, 200)])
    assert bimodality(two) > 0.9
    assert bimodality(np.linspace(0.0, 1.0, 20001)) == pytest.approx(TWO_MODES, abs=1e-3)
    normal = np.random.default_rng(1).normal(size=40_000)
    assert bimodality(normal) == pytest.approx(1 / 3, abs=4 * 0.0075 / 3)  # sd of the kurtosis sqrt(24 / n) / 9
    assert math.isnan(bimodality(np.array([1.0, 2.0, 3.0])))
    assert math.isnan(bimodality(np.full(9, 0.1)))
    assert [regimes(b) for b in (0.5, 0.6, math.nan)] == [ONE, TWO, NO_SPREAD]
    assert bimodality(7.0 + 3.0 * two) == pytest.approx(bimodality(two))


def ends_of(low: dict[str, list[float]], high: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        (start, r, metric, value)
        for start, metrics in (("low", low), ("high", high))
        for metric, values in metrics.items()
        for r, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["start", "replication", "metric", "value"])


def test_differences_are_paired_and_their_course_is_told():
    low, high = [80.0, 84.0, 82.0], [81.0, 84.0, 85.0]
    ends = ends_of({"service_quality": low}, {"service_quality": high})
    half = ends_of({"service_quality": low}, {"service_quality": [85.0, 89.0, 86.0]})
    (row,) = differences(ends, half, MARGINS).to_dict("records")
    d = np.array([1.0, 0.0, 3.0])
    reach = t_quantile(np.array([2]))[0] * d.std(ddof=1) / math.sqrt(3)
    assert row["difference"] == pytest.approx(4 / 3)
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((4 / 3 - reach, 4 / 3 + reach))
    assert (row["n"], row["margin"], row["verdict"]) == (3, 1.0, UNTOLD)
    assert (row["share_above"], row["share_equal"]) == pytest.approx((2 / 3, 1 / 3))
    assert row["halfway"] == pytest.approx(14 / 3)
    assert row["change"] == pytest.approx(-10 / 3)  # -4, -5, -1
    mirrored, halved = (t.assign(start=t["start"].map({"low": "high", "high": "low"})) for t in (ends, half))
    (other,) = differences(mirrored, halved, MARGINS).to_dict("records")
    assert other["difference"] == pytest.approx(-4 / 3)
    assert other["change"] == pytest.approx(-10 / 3)  # towards 0, from whichever side


def test_the_margin_of_a_stock_is_a_share_of_it():
    ends = ends_of({"active_customers": [200.0, 200.0]}, {"active_customers": [209.0, 209.5]})
    (row,) = differences(ends, ends, MARGINS).to_dict("records")
    assert row["margin"] == 10.0


def test_a_replication_counts_where_both_starts_have_a_value():
    ends = ends_of({"morale": [0.5, math.nan, 0.6, 0.7]}, {"morale": [0.6, 0.7, math.nan, 0.9]})
    (row,) = differences(ends, ends, MARGINS).to_dict("records")
    assert row["n"] == 2
    assert row["difference"] == pytest.approx(0.15)
    none = differences(ends, ends.iloc[:0], MARGINS).iloc[0]
    assert np.isnan(none["halfway"])
    assert none["course"] == "cannot be told"
    spread = distributions(ends).set_index("start")
    assert spread["n"].to_dict() == {"low": 3, "high": 3}
    assert spread.loc["low", "q50"] == 0.6


def test_measures_of_weeks_worked_out_by_hand():
    weeks = np.zeros(2, JOURNAL["weeks"])
    weeks["began"], weeks["ended"] = [0.0, 40.0], [40.0, 80.0]
    weeks["delivered"], weeks["wanting"], weeks["quality"] = [10, 30], [10, 30], [900.0, 2400.0]
    weeks["failed"], weeks["late"] = [1, 3], [0, 4]
    weeks["customer_hours"], weeks["active"], weeks["regard"] = [4000.0, 3000.0], [90, 70], [0.7, 0.9]
    weeks["lost"] = [[1, 0, 1, 0, 0, 50], [0, 2, 0, 0, 3, 50]]  # the last reason is no loss
    weeks["morale"], weeks["staffed"] = [0.6, 0.3], [20, 10]
    on = {"perception": True, "staff": True, "relationship": True}
    assert measures_of(weeks, 1000.0, **on) == pytest.approx(
        {
            "service_quality": 82.5, "cumulative_satisfaction": 0.8, "active_customers": 87.5,
            "retention": math.exp(-1.0), "morale": 0.5, "failure_share": 0.1, "late_share": 0.1,
        }
    )  # fmt: skip
    off = measures_of(weeks, 1000.0, perception=False, staff=False, relationship=False)
    assert set(off) == {"active_customers", "failure_share", "late_share"}
    empty = measures_of(weeks[:0], 1000.0, **on)
    assert all(math.isnan(value) for value in empty.values())
    weeks["measured"] = [0, 1]
    assert weeks_until(weeks, 80.0, 80.0)["began"].tolist() == [40.0]
    assert weeks_until(weeks, 40.0, 40.0)["began"].tolist() == []


# -- the starting state ----------------------------------------------------------------------------------------


def test_only_the_state_at_time_0_is_set():
    base = rich_organisation(hours=120.0)
    start = Start(satisfaction=-0.3, morale=0.2, heard=0.5)
    timeline = begun_from(((0.0, base),), start)
    assert [time for time, _ in timeline] == [0.0, AT_ONCE]
    assert timeline[1][1] == base
    # Nothing is set: the run is the run of the system itself.
    usual = simulate(base, journal="summary", allow_unstable=True)
    again = simulate(begun_from(((0.0, base),), Start()), journal="summary", allow_unstable=True)
    assert again["weeks"].tobytes() == usual["weeks"].tobytes()
    # Those who come later carry nothing of it, as they would if the shift stood for the whole run.
    base = replace(base, word_of_mouth=replace(base.word_of_mouth, referral_delay=1000.0, prospect=0.2))
    full = {
        name: simulate(system, allow_unstable=True)["customers"]
        for name, system in {
            "start": begun_from(((0.0, base),), Start(satisfaction=-0.3)),
            "for ever": replace(base, relationship=replace(base.relationship, starting_shift=-0.3)),
            "usual": base,
        }.items()
    }
    # Referred, and not yet a customer at the end: as they begin, before any experience.
    begins = {name: c[np.isnan(c["joined"])] for name, c in full.items()}
    assert all((c["won"] == 2).all() and len(c) > 2 for c in begins.values())
    predicted = {name: c["predicted"][:, 0] for name, c in begins.items()}
    shift = {name: c["satisfaction"] - predicted[name] for name, c in begins.items()}
    assert shift["start"] == pytest.approx(0.0, abs=1e-12)
    assert shift["usual"] == pytest.approx(0.0, abs=1e-12)
    assert shift["for ever"] == pytest.approx(-0.3, abs=1e-12)


def test_morale_starts_where_it_is_told_to():
    base = rich_organisation(hours=80.0)
    slow = replace(base, attendance=replace(base.attendance, turnover=0.0))
    first = {}
    for shift in (-0.2, 0.0, 0.15):
        system = begun_from(((0.0, slow),), Start(morale=shift))
        first[shift] = simulate(system, allow_unstable=True, journal="summary")["weeks"]["morale"][0]
    assert first[-0.2] < first[0.0] < first[0.15]
    assert first[0.0] - first[-0.2] == pytest.approx(0.2, abs=0.02)


# -- the page --------------------------------------------------------------------------------------------------


def results(low: dict[str, list[float]], high: dict[str, list[float]], gap: float = 1.0) -> Results:
    ends = ends_of(low, high)
    half = ends.assign(value=ends["value"] + gap * (ends["start"] == "high"))
    weekly = pd.concat([ends.assign(week=w) for w in (-1.0, 0.0, 1.0)])
    asked = StartingPoints(last_weeks=1, same_within=MARGINS)
    return Results(asked, ends, distributions(ends), differences(ends, half, MARGINS), paths(weekly))


def page_of(found: Results) -> str:
    page = starting_points_page(
        found, system="workshop", scenario="do_nothing", seed=1, replications=3, engine="simpy",
        horizon=Horizon(40.0, 80.0), week=40.0,
    )  # fmt: skip
    assert page.answer == answer(found)
    return render(page)


NEAR, FAR = [80.0, 81.0, 82.0, 83.0], [80.1, 81.0, 82.1, 83.1]


def test_the_answer_follows_the_data():
    assert "forgotten in service quality." in answer(results({"service_quality": NEAR}, {"service_quality": FAR}))
    lasts = answer(results({"service_quality": NEAR}, {"service_quality": [90.1, 91.0, 92.1, 93.0]}))
    assert "It lasts in service quality (+10.05 [" in lasts
    assert "smaller than half-way through" in lasts
    wide = answer(results({"service_quality": NEAR}, {"service_quality": [70.0, 91.0, 72.0, 95.0]}))
    assert "cannot be told for service quality" in wide
    assert "Nothing can be concluded" in answer(results({"morale": [0.5]}, {"morale": [0.6]}))
    same = results({"morale": [0.5] * 4}, {"morale": [0.5] * 4}, 0.0)
    assert "do not differ" in regime_line(same)
    apart = results({"morale": [0.1, 0.1001, 0.1, 0.1002] * 5}, {"morale": [0.9, 0.9001, 0.9, 0.9002] * 5})
    assert "hints at two in morale of staff" in regime_line(apart)
    assert "in none of 1 metrics" in regime_line(results({"service_quality": NEAR * 5}, {"service_quality": FAR * 5}))


def test_the_page_stands_alone():
    found = results(
        {"service_quality": NEAR, "late_share": [0.1, 0.2, 0.1, 0.1], "morale": [0.5] * 4},
        {"service_quality": FAR, "late_share": [0.4, 0.5, 0.4, 0.5], "morale": [0.5] * 4},
    )
    html = page_of(found)
    assert not re.search(r"<script[^>]*src=|@import|https?://", html)
    assert ">nan<" not in html
    for words in ("exactly 0", "Indication", "Not claimed", "the starting point is forgotten", "it lasts", "5/9"):
        assert words in html
    assert list(start_figures(found)) == ["ends", "paths"]
    assert page_of(found) == html
    assert ">nan<" not in page_of(results({"service_quality": [80.0]}, {"service_quality": [81.0]}))


# -- from the command line -------------------------------------------------------------------------------------

TINY = (
    "replications=2", "n_jobs=1", "system.horizon.warm_up=40", "system.horizon.measured=160", "seed=7",
    "starting_points.last_weeks=2", "system.arrivals.customers=120",
)  # fmt: skip


def test_a_run_leaves_its_distributions(main: Main, tmp_path: Path):
    code, out, err = main("experiment=starting_points", *TINY, "hydra.run.dir=here")
    assert (code, err) == (0, "")
    here = tmp_path / "here"
    assert {entry.name for entry in here.iterdir()} == {
        "report.html", "results.json", "ends.csv", "distribution.csv", "differences.csv", "paths.csv",
        "comparison.csv", "manifest.json", "redraw.json", "stress_des.md", "figures", ".hydra",
    }  # fmt: skip
    assert sorted(p.name for p in (here / "figures").iterdir()) == ["ends.png", "ends.svg", "paths.png", "paths.svg"]
    assert Path(out.splitlines()[-1].removeprefix("Report: ")).resolve() == here / "report.html"
    ends, table = pd.read_csv(here / "ends.csv"), pd.read_csv(here / "differences.csv").set_index("metric")
    assert list(ends.columns) == ["start", "replication", "metric", "value"]
    assert set(ends["metric"]) == set(END_METRICS) == set(table.index)
    wide = ends.pivot_table(index="replication", columns=["metric", "start"], values="value")
    assert len(wide) == 2
    for metric in END_METRICS:
        expected = (wide[metric]["high"] - wide[metric]["low"]).mean()
        assert table.loc[metric, "difference"] == pytest.approx(expected, abs=1e-12)
    assert table.loc["morale", "difference"] > 0.1  # four weeks are no time
    assert table.loc["cumulative_satisfaction", "difference"] > 0.02
    weekly = pd.read_csv(here / "paths.csv")
    assert sorted(set(weekly["week"])) == [0.0, 1.0, 2.0, 3.0, 4.0]
    results_json = json.loads((here / "results.json").read_text())
    assert (results_json["experiment"], results_json["base"]) == ("starting_points", "low")
    cell = results_json["starting_points"]["differences"]["morale"]
    assert cell["difference"]["mean"] == pytest.approx(table.loc["morale", "difference"])
    assert results_json["starting_points"]["starts"]["low"] == {"satisfaction": -0.15, "morale": -0.2, "heard": None}


def test_without_what_remembers_the_start_there_is_no_difference(main: Main, tmp_path: Path):
    """With retention, buying more and morale off nothing listens to where customers and staff begin."""
    off = "system.switches={retention:false,purchase_pace:false,morale:false}"
    code, out, _ = main("experiment=starting_points", *TINY, off, "hydra.run.dir=here")
    assert code == 0
    table = pd.read_csv(tmp_path / "here/differences.csv").set_index("metric")
    for metric in set(END_METRICS) - {"cumulative_satisfaction"}:  # which is the state itself, learned away
        assert table.loc[metric, ["difference", "difference_low", "difference_high"]].tolist() == [0.0, 0.0, 0.0]
        assert table.loc[metric, "share_equal"] == 1.0
    assert table.loc["cumulative_satisfaction", "difference"] > 0.0
    assert out.count("has no effect here") == 2
    alive = pd.read_csv(tmp_path / "here/ends.csv").set_index(["metric", "start"])["value"]
    assert set(alive["retention"]) == {1.0}
    assert alive["morale"].to_numpy() == pytest.approx(0.6)


BAD = {
    "starting_points.low.moral=0.1": "did you mean morale?",
    "starting_points.low.satisfaction=2": "starting_points.low.satisfaction = 2.0: must be",
    "starting_points.low={satisfaction:0.1,morale:0.15}": "starting_points.high: must differ from low in something",
    "starting_points.last_weeks=0": "starting_points.last_weeks = 0: must be a whole number >= 1",
    "starting_points.last_weeks=97": "starting_points.last_weeks = 97: must be at most the 96 weeks that the run",
    "+starting_points.same_within.qualty=1": "unknown metric",
    "starting_points.same_within.morale=0": "starting_points.same_within.morale = 0.0: must be",
    "starting_points.high.heard=1.5": "starting_points.high.heard = 1.5: must be",
    "+starting_points.lo=1": "did you mean low?",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(main: Main, tmp_path: Path, words: str):
    code, out, err = main("experiment=starting_points", *words.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"gapline: [^\n]+\n", err)
    assert BAD[words] in err
    assert list(tmp_path.iterdir()) == []
