"""The factorial: exact contrasts on tables made by hand, its identities, a small run, bad input."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import Main
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.compare import compare, t_quantile
from analysis.factorial import (
    EFFECTS,
    SHARES,
    combinations_of,
    contrasts,
    effects,
    joined,
    kind_of,
    sizes,
    subsets,
    variance_shares,
    whole_from,
)
from analysis.measures import METRICS
from analysis.report.factorial_effects import Effects, name_of
from analysis.report.factorial_page import answer, factorial_figures, factorial_page, identity_error
from analysis.report.page import render
from scenarios.compose import compose_config
from scenarios.config import settings_from
from scenarios.scenario import Programme, Scenario, timeline
from sim.blueprint import Horizon

ABC = ("a", "b", "c")
Cell = Callable[[tuple[str, ...]], float]


def kpis(y: Cell, members: tuple[str, ...] = ABC, shifts: tuple[float, ...] = (0.0, 4.0, 16.0)) -> pd.DataFrame:
    """Every combination's value in replications that differ by a shift, as common random numbers would have it."""
    rows = [
        (joined(chosen), r, "gap", y(chosen) + shift)
        for r, shift in enumerate(shifts)
        for chosen in subsets(members)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["scenario", "replication", "metric", "value"])


def by_kind(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(row.kind, row.members): row.mean for row in table.itertuples()}


# -- the design ------------------------------------------------------------------------------------------------


def test_combinations_in_standard_order_keep_the_programmes():
    programmes = tuple(Programme(name, "placebo") for name in ("z", "y", "x"))
    cells = combinations_of(Scenario("all", programmes=programmes))
    assert [s.name for s in cells] == ["none", "z", "y", "z+y", "x", "z+x", "y+x", "z+y+x"]
    assert cells[0].programmes == ()
    assert cells[-1].programmes == programmes
    assert cells[5].programmes == (programmes[0], programmes[2])
    assert list(sizes(3)) == [0, 1, 1, 2, 1, 2, 2, 3] == [len(s) for s in subsets(ABC)]
    assert [kind_of(s) for s in ("a", "ab", "abc", "abcd")] == ["main", "pairwise", "higher", "higher"]


# -- tables made by hand ---------------------------------------------------------------------------------------

ADDED = {"a": 3.0, "b": -0.5, "c": 8.0}


def additive(chosen: tuple[str, ...]) -> float:
    return 7.0 + sum(ADDED[m] for m in chosen)


def test_what_adds_up_has_its_numbers_as_main_effects_and_no_interaction():
    table = effects(kpis(additive), ABC)
    found = by_kind(table)
    for kind in ("main", "alone", "last"):
        assert {m: found[kind, m] for m in ABC} == ADDED
    for members in ("a+b", "a+c", "b+c"):
        assert found["pairwise", members] == 0.0
    assert found["higher", "a+b+c"] == 0.0
    assert found["whole", "a+b+c"] == found["sum_alone", "a+b+c"] == 10.5
    assert found["synergy", "a+b+c"] == 0.0
    shown = table[table["kind"].isin(EFFECTS)]
    assert (shown["low"] == shown["mean"]).all()  # equal in every replication: the shifts cancel
    assert (shown["high"] == shown["mean"]).all()
    assert set(table["n"]) == {3}
    squares = {m: v**2 for m, v in ADDED.items()}
    for m in ABC:
        assert found["index_first", m] == pytest.approx(squares[m] / sum(squares.values()), abs=1e-15)
        assert found["index_total", m] == pytest.approx(found["index_first", m], abs=1e-15)
    assert found["share_main", "a+b+c"] == pytest.approx(1.0)
    assert found["share_pairwise", "a+b+c"] == found["share_higher", "a+b+c"] == 0.0


def test_factors_that_multiply_two():
    """y = 10 x 3^a x 5^b: none 10, a 30, b 50, ab 150."""
    table = effects(kpis(lambda c: 10 * 3.0 ** ("a" in c) * 5.0 ** ("b" in c), ("a", "b")), ("a", "b"))
    found = by_kind(table)
    assert (found["alone", "a"], found["alone", "b"]) == (20, 40)
    assert (found["last", "a"], found["last", "b"]) == (100, 120)
    assert (found["main", "a"], found["main", "b"]) == (60, 80)
    assert found["pairwise", "a+b"] == (150 - 50) - (30 - 10) == 80
    assert (found["whole", "a+b"], found["sum_alone", "a+b"], found["synergy", "a+b"]) == (140, 60, 80)
    # Means of the four cells 10, 30, 50, 150: mean 60, variance (50^2 + 30^2 + 10^2 + 90^2) / 4 = 2900.
    assert found["index_first", "a"] == pytest.approx(60**2 / 4 / 2900)
    assert found["index_first", "b"] == pytest.approx(80**2 / 4 / 2900)
    assert found["share_pairwise", "a+b"] == pytest.approx(80**2 / 16 / 2900)
    assert found["index_total", "a"] == pytest.approx((60**2 / 4 + 80**2 / 16) / 2900)
    assert ("higher", "a+b") not in found


def test_factors_that_multiply_three():
    """y = 2^a x 3^b x 5^c: e(S) = product over S of (f - 1) and over the others of (f + 1) / 2."""
    factor = {"a": 2.0, "b": 3.0, "c": 5.0}
    table = effects(kpis(lambda c: float(np.prod([factor[m] for m in c] or [1.0])), ABC), ABC)
    found = by_kind(table)
    for size in (1, 2, 3):
        for chosen in combinations(ABC, size):
            expected = np.prod([factor[m] - 1 if m in chosen else (factor[m] + 1) / 2 for m in ABC])
            assert found[kind_of(chosen), joined(chosen)] == expected
    assert found["synergy", "a+b+c"] == 29 - (1 + 2 + 4)
    main = sum(found["main", m] for m in ABC)
    assert found["whole", "a+b+c"] == 29 == main + found["higher", "a+b+c"] / 4


# -- identities ------------------------------------------------------------------------------------------------

VALUES = st.floats(-1000, 1000, allow_subnormal=False)


@given(st.integers(1, 5).flatmap(lambda k: arrays(float, (2**k, 2), elements=VALUES)))
@settings(max_examples=60, deadline=None)
def test_identities_of_any_table(values: np.ndarray[Any, Any]):
    e = contrasts(values)
    k = len(values).bit_length() - 1
    assert e[0] == pytest.approx(values.mean(axis=0), abs=1e-9)
    assert whole_from(e) == pytest.approx(values[-1] - values[0], abs=1e-9)
    code = np.array([[(c >> i & 1) - 0.5 for i in range(k)] for c in range(2**k)])  # -1/2 out, +1/2 in
    back = sum(e[s] * np.prod(code[:, [i for i in range(k) if s >> i & 1]], axis=1)[:, None] for s in range(2**k))
    assert back == pytest.approx(values, abs=1e-9)
    part = np.square(e[:, 0]) / 4.0 ** sizes(k)
    assert part[1:].sum() == pytest.approx(values[:, 0].var(), rel=1e-9, abs=1e-9)
    for shares in variance_shares(e, np.abs(values).max()).T:
        assert np.isnan(shares).all() or shares.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("k", [2, 3])
def test_main_lies_between_alone_and_last(k: int):
    members = ABC[:k]
    noise = np.random.default_rng(3).normal(size=2**k)
    found = by_kind(effects(kpis(lambda c: noise[subsets(members).index(c)], members), members))
    for m in members:
        distance = found["last", m] - found["alone", m]
        pairs = [found["pairwise", joined(p)] for p in combinations(members, 2) if m in p]
        assert distance == pytest.approx(sum(pairs))
        if k == 2:
            assert found["main", m] == pytest.approx((found["last", m] + found["alone", m]) / 2)
            assert found["synergy", "a+b"] == pytest.approx(found["pairwise", "a+b"])


# -- replications ----------------------------------------------------------------------------------------------


def noisy(replications: int, members: tuple[str, ...] = ABC, metric: str = "gap") -> pd.DataFrame:
    random = np.random.default_rng(8)
    rows = [
        (joined(chosen), r, metric, additive(chosen) + random.normal(0, 0.3))
        for r in range(replications)
        for chosen in subsets(members)
    ]
    return pd.DataFrame(rows, columns=["scenario", "replication", "metric", "value"])


def test_intervals_are_students_t_over_replications():
    table = noisy(5)
    wide = table.pivot(index="replication", columns="scenario", values="value")
    main = ((wide["a"] - wide["none"]) + (wide["a+b"] - wide["b"]) + (wide["a+c"] - wide["c"])) / 4
    main += (wide["a+b+c"] - wide["b+c"]) / 4
    row = effects(table, ABC).set_index(["kind", "members"]).loc[("main", "a")]
    half = t_quantile(np.array([4]))[0] * main.std(ddof=1) / np.sqrt(5)
    assert (row["mean"], row["low"], row["high"]) == pytest.approx(
        (main.mean(), main.mean() - half, main.mean() + half)
    )


def test_shares_have_jackknife_intervals_within_0_and_1():
    found = effects(noisy(6), ABC)
    shares = found[found["kind"].isin(SHARES)]
    assert len(shares) == 3 + 2 * 3
    assert (shares["low"] >= 0).all()
    assert (shares["high"] <= 1).all()
    assert (shares["low"] <= shares["mean"]).all()
    assert (shares["mean"] <= shares["high"]).all()
    total = shares[shares["kind"].str.startswith("share_")]["mean"].sum()
    assert total == pytest.approx(1.0)


def test_a_replication_counts_where_every_combination_has_a_value():
    table = noisy(4)
    holed = table[~((table["scenario"] == "a+b") & (table["replication"] == 2))]
    found, whole = effects(holed, ABC), effects(table[table["replication"] != 2], ABC)
    assert set(found["n"]) == {3}
    pd.testing.assert_frame_equal(found, whole)
    nowhere = table.assign(value=table["value"].where(table["scenario"] != "a+b"))
    assert effects(nowhere, ABC).empty


def test_one_replication_has_no_intervals_and_no_effect_no_shares():
    one = effects(noisy(1), ABC)
    assert one["low"].isna().all()
    assert one["mean"].notna().all()
    none = effects(kpis(lambda _: 0.1), ABC)
    assert (none.loc[none["kind"].isin(EFFECTS), "mean"] == 0).all()
    assert none.loc[none["kind"].isin(SHARES), ["mean", "low", "high"]].isna().all(axis=None)


# -- the page --------------------------------------------------------------------------------------------------


def page_of(table: pd.DataFrame, members: tuple[str, ...] = ABC) -> tuple[Any, Effects]:
    found = Effects(effects(table, members), members, "service_quality", METRICS)
    page = factorial_page(
        found, scenario="all_of_it", kinds=dict.fromkeys(members, "placebo"), direct={"a": ("assurance",)},
        comparison=compare(table, "none"), system="workshop", seed=1, replications=3, engine="simpy",
        horizon=Horizon(0.0, 40.0), warnings=("<b>",),
    )  # fmt: skip
    return page, found


def two_metrics(y: Cell, members: tuple[str, ...] = ABC, spread: float = 0.0, replications: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(2)
    rows = [
        (joined(chosen), r, metric, sign * y(chosen) + random.normal(0, spread))
        for r in range(replications)
        for chosen in subsets(members)
        for metric, sign in (("service_quality", 1.0), ("cost_per_right_order", -1.0), ("lead_time_mean", 1.0))
    ]
    return pd.DataFrame(rows, columns=["scenario", "replication", "metric", "value"])


def test_the_answer_follows_the_data():
    def words(y: Cell, spread: float = 0.001, **more: int) -> str:
        table = effects(two_metrics(y, spread=spread, **more), ABC)
        return answer(Effects(table, ABC, "service_quality", METRICS))

    squared: Cell = lambda c: float(len(c) ** 2)  # noqa: E731
    assert "For 3 of 3 pairs" in words(squared)
    assert "excludes 0: together they do better than the sum" in words(squared)
    assert "excludes 0: together they do worse than the sum" in words(lambda c: float(len(c) ** 0.5))
    assert "includes 0, which says nothing either way" in words(lambda c: float(len(c)), 1.0)
    assert "exactly nothing" in words(lambda c: float(len(c)), 0.0)
    assert words(squared, replications=1).startswith("Nothing can be concluded from one replication")


def test_the_page_stands_alone_and_says_what_is_a_finding():
    table = two_metrics(lambda c: float(len(c) ** 2) - 9 * ("c" in c), spread=0.4)
    page, found = page_of(table)
    html = render(page)
    assert not re.search(r"<script[^>]*src=|@import|https?://", html)
    assert "&lt;b&gt;" in html
    assert ">nan<" not in html
    for words in (
        "a × b", "Finding", "True by construction", "Assumption", "Not claimed", "assurance",
        "says nothing either way", "not adjusted for their number", "a quarter of those of three",
    ):  # fmt: skip
        assert words in html
    assert found.shown == ["service_quality", "cost_per_right_order"]
    assert "[" in found.share("service_quality", "share_pairwise", "a+b+c")
    chance = two_metrics(lambda c: 50.0, spread=0.4, replications=2)
    mirrored = chance["value"].where(chance["replication"] == 0, 100.1 - chance["value"].shift(chance.shape[0] // 2))
    _, denied = page_of(chance.assign(value=mirrored))  # what the one replication says, the other denies
    assert denied.share("service_quality", "share_pairwise", "a+b+c") == "–"
    assert identity_error(found) < 1e-12
    assert list(factorial_figures(found)) == ["effects"]
    again, _ = page_of(table)
    assert render(again) == html


def test_the_page_of_one_replication_and_of_two_members():
    page, found = page_of(two_metrics(lambda c: float(len(c)), ABC[:2], replications=1), ABC[:2])
    html = render(page)
    assert ">nan<" not in html
    assert "one replication gives no interval" in html
    assert "the synergy is their pairwise effect" in html
    assert answer(found) == page.answer
    assert name_of("front_line+x") == "front line × x"


# -- from the command line -------------------------------------------------------------------------------------

TINY = ("replications=2", "n_jobs=1", "system.horizon.warm_up=0", "system.horizon.measured=160", "seed=7")


def test_a_run_leaves_its_effects(main: Main, tmp_path: Path):
    code, out, err = main("experiment=factorial", *TINY, "hydra.run.dir=here")
    assert (code, err) == (0, "")
    here = tmp_path / "here"
    assert {entry.name for entry in here.iterdir()} == {
        "report.html", "results.json", "kpis.csv", "comparison.csv", "gaps.csv", "effects.csv", "manifest.json",
        "redraw.json", "stress_des.md", "figures", ".hydra",
    }  # fmt: skip
    assert sorted(p.name for p in (here / "figures").iterdir()) == ["effects.png", "effects.svg"]
    assert Path(out.splitlines()[-1].removeprefix("Report: ")).resolve() == here / "report.html"
    a, b = "frontline_training", "process_redesign"
    kpi, table = pd.read_csv(here / "kpis.csv"), pd.read_csv(here / "effects.csv")
    assert list(dict.fromkeys(kpi["scenario"])) == ["none", a, b, f"{a}+{b}"]
    assert list(table.columns) == ["metric", "kind", "members", "mean", "low", "high", "n"]
    quality = kpi[kpi["metric"] == "service_quality"].groupby("scenario")["value"].mean()
    found = by_kind(table[table["metric"] == "service_quality"])
    assert found["whole", f"{a}+{b}"] == pytest.approx(quality[f"{a}+{b}"] - quality["none"])
    assert found["pairwise", f"{a}+{b}"] == pytest.approx(
        quality[f"{a}+{b}"] - quality[a] - quality[b] + quality["none"]
    )
    assert found["whole", f"{a}+{b}"] == pytest.approx(found["main", a] + found["main", b])
    results = json.loads((here / "results.json").read_text())
    assert (results["experiment"], results["base"]) == ("factorial", "none")
    assert results["factorial"]["members"] == [a, b]
    cell: Mapping[str, Any] = results["factorial"]["effects"]["service_quality"]["main"][a]
    assert cell["mean"] == pytest.approx(found["main", a])
    compared = pd.read_csv(here / "comparison.csv").set_index(["scenario", "metric"])
    assert compared.loc[(a, "service_quality"), "difference"] == pytest.approx(found["alone", a])


def test_a_member_has_the_same_luck_in_every_combination():
    config = compose_config(["experiment=factorial"])
    study = settings_from(config)
    _, _, redesign, both = combinations_of(study.scenarios[1])
    seen = []
    for replication in range(6):
        alone, joint = (
            {n: stage.error for n, stage in timeline(study.blueprint, s, 3, replication)[-1][1].stages.items()}
            for s in (redesign, both)
        )
        assert alone == joint
        seen.append(alone)
    assert any(other != seen[0] for other in seen)  # the redesign succeeds in some replications only


BAD = {
    "factorial.scenario=training_with_redesing": "factorial.scenario = training_with_redesing: unknown scenario among "
    "the selected; allowed: do_nothing, training_with_redesign (did you mean training_with_redesign?)",
    "factorial.scenario=do_nothing": "factorial.scenario = do_nothing: must have from 2 to 6 interventions "
    "(factorial.largest): all combinations run; it has 0",
    "scenario=[do_nothing,hiring] factorial.scenario=hiring": "it has 1",
    "factorial.largest=1": "factorial.largest = 1: must be a whole number >= 2",
    "factorial.largest=11": "factorial.largest = 11: must be at most 10 members",
    "factorial.larges=3": "did you mean largest?",
    "base=training_with_redesign": "base = training_with_redesign: must be a scenario without interventions",
    "+scenarios.training_with_redesign.interventions.none={kind:placebo}": "interventions.none: in a factorial no",
    "+scenarios.training_with_redesign.interventions.x={kind:placebo} "
    "+scenarios.training_with_redesign.interventions.y={kind:placebo} factorial.largest=3": "from 2 to 3 interventions "
    "(factorial.largest): all combinations run; it has 4",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(main: Main, tmp_path: Path, words: str):
    code, out, err = main("experiment=factorial", *words.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"gapline: [^\n]+\n", err)
    assert BAD[words] in err
    assert list(tmp_path.iterdir()) == []
