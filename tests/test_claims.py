"""The claims laboratory: registry, verdicts, boundaries, the store, the experiment, and claims C01 and C02."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from collecting import quick_collection as quick_collection
from pictures import empty_png

from analysis.claims import c02_position, registry
from analysis.claims.boundary import boundary_of, strength
from analysis.claims.claim import Claim, Condition, Finding, Tried, joint
from analysis.claims.laboratory import Bench, PointTrial, try_at_point
from analysis.claims.outcome import FALSE, FINDING, OPEN, OPPOSITE, TRUE, outcomes
from analysis.claims.ratio import ratio_of_means
from analysis.claims.registry import claim_of, claims_of
from analysis.claims.robust import CONDITIONAL, FAILS, HOLDS, UNKNOWN, hypercube, judged, try_over_space
from analysis.claims.verdict import (
    REFUTED,
    REMAINS,
    SUPPORTED,
    UNDECIDED,
    UNSHOWN,
    VANISHES,
    Bar,
    estimate,
    null_word,
    verdicts,
)
from analysis.compare import spread
from analysis.compounding.closed_forms import share_of
from analysis.experiments import check_experiment, run_experiment
from analysis.experiments import claims as claims_experiment
from analysis.figures import style
from analysis.report.claims_page import claims_page
from analysis.run_folder import RunFolder
from scenarios.arms import Interrupted
from scenarios.compose import compose_config
from scenarios.config import Settings, settings_from
from scenarios.execution import Execution
from scenarios.store import Store
from sim.invalid import InvalidInput

SERIAL = Execution(n_jobs=1)


@pytest.fixture(autouse=True)
def no_png(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn once, as SVG."""
    monkeypatch.setattr(style, "write_png", empty_png)


def settings(*words: str) -> Settings:
    return settings_from(compose_config(["experiment=claims", "n_jobs=1", *words]))


def around(mean: float, sd: float = 1.0, n: int = 100) -> np.ndarray:
    """Values with exactly this mean and standard deviation."""
    values = np.resize([-1.0, 1.0], n)
    return mean + sd * values / values.std(ddof=1)


def made(effect: np.ndarray, null: np.ndarray | None = None, **changed: Any) -> PointTrial:
    """A trial of C02 with these effects."""
    claim = replace(claim_of("C02"), **changed)
    return PointTrial(claim, Finding(effect), Finding(np.zeros(3) if null is None else null), 1.0)


# -- the registry --------------------------------------------------------------------------------------------


def test_every_claim_is_found_by_its_id():
    found = claims_of(None)
    ids = [claim.id for claim in found]
    assert ids == sorted(set(ids))
    assert {"C01", "C02"} <= set(ids)
    for claim in found:
        assert claim.quote
        assert len(claim.quote.split()) <= 20
        assert set(claim.swing) <= set(claim.reference_point)
        assert set(claim.null) <= {*claim.reference_point, *claim.switches}
        assert claim.structural or not claim.by_construction


def test_claims_are_selected_once_and_in_order():
    assert [c.id for c in claims_of(["C02", "c01", "C02"])] == ["C01", "C02"]


def test_an_unknown_claim_is_told_with_the_nearest():
    with pytest.raises(InvalidInput) as fault:
        claims_of(["C01", "C0x2"])
    assert fault.value.where == "claim[1]"
    assert "C02" in str(fault.value)


def test_modules_that_are_not_there_are_not_missed(monkeypatch: pytest.MonkeyPatch):
    only = {"C01": registry.modules()["C01"]}
    monkeypatch.setattr(registry, "modules", lambda: only)
    assert [c.id for c in claims_of(None)] == ["C01"]


# -- verdicts ------------------------------------------------------------------------------------------------


def one(effect: Sequence[float] | np.ndarray, sesoi: float, stated: float | None = None) -> Any:
    return verdicts([np.asarray(effect, dtype=float)], [Bar(sesoi, stated)])[0]


@pytest.mark.parametrize(
    ("mean", "word", "opposite"),
    [(2.0, SUPPORTED, False), (1.1, UNDECIDED, False), (0.5, REFUTED, False), (-2.0, REFUTED, True)],
)
def test_the_word_follows_the_interval(mean: float, word: str, opposite: bool):
    found = one(around(mean), 1.0)
    assert (found.word, found.opposite) == (word, opposite)
    plain = spread(around(mean))
    assert found.effect.interval == pytest.approx((plain.low, plain.high))  # one claim: Holm changes nothing


@pytest.mark.parametrize(("mean", "word"), [(0.11, SUPPORTED), (0.096, REFUTED), (0.1025, UNDECIDED), (0.13, REFUTED)])
def test_a_stated_figure_needs_four_standard_errors(mean: float, word: str):
    effect = around(mean, sd=0.01)  # standard error 0.001
    found = one(effect, 0.005, stated=0.11)
    assert found.word == word
    assert found.effect.high - found.effect.low == pytest.approx(8 * 0.001)
    assert one(around(0.1015, sd=0.01), 0.005, stated=0.11).word == UNDECIDED  # 3.5 standard errors from its edge


def test_an_effect_without_variation():
    """Equal values are certain of nothing but by the exact binomial bound, between the limits of what can be."""
    assert one(np.full(500, 0.0), 0.1).word == UNDECIDED  # it could be anything once in a while
    share = Bar(0.1, limits=(-1.0, 1.0))
    words, p = {}, {}
    for n in (30, 34, 36, 80):
        [found] = verdicts([np.zeros(n)], [share])
        q = 1.0 - 0.025 ** (1.0 / n)
        assert found.effect.interval == pytest.approx((-q, q))
        assert found.p == pytest.approx(2.0 * 0.9**n)
        words[n], p[n] = found.word, found.p
    assert words == {30: UNDECIDED, 34: UNDECIDED, 36: REFUTED, 80: REFUTED}
    assert all((p[n] < 0.05) is (words[n] == REFUTED) for n in words)
    assert verdicts([np.ones(80)], [Bar(0.9, limits=(-1.0, 1.0))])[0].word == SUPPORTED
    assert one([3.0], 1.0).word == UNDECIDED
    assert one([np.nan, np.nan], 1.0).word == UNDECIDED


@pytest.mark.usefixtures("quick_collection")
def test_holm_and_intervals_agree():
    """Over many families the intervals exclude the bar exactly where Holm's adjusted p is below 5 %."""
    from statsmodels.stats.multitest import multipletests

    generator = np.random.default_rng(3)
    words = set()
    for _ in range(6):  # statsmodels collects garbage each time
        effects = [generator.normal(generator.choice([0.0, 0.3, 0.6]), 1.0, size) for size in (20, 30, 40, 50)]
        judged_all = verdicts(effects, [Bar(0.0)] * 4)
        expected = multipletests([v.p for v in judged_all], method="holm")[1]
        assert [v.p_adjusted for v in judged_all] == pytest.approx(list(expected))
        for found in judged_all:
            assert (found.p_adjusted < 0.05) is (found.word != UNDECIDED)
            assert found.p_adjusted >= found.p
            words.add(found.word)
    assert {SUPPORTED, UNDECIDED} <= words


def test_holm_takes_the_smallest_first():
    effects = [around(0.5), around(0.26), around(0.05)]
    found = verdicts(effects, [Bar(0.0)] * 3)
    assert [round(1 - v.level, 6) for v in found] == [round(0.05 / 3, 6), 0.025, 0.05]
    assert [v.word for v in found] == [SUPPORTED, SUPPORTED, UNDECIDED]
    assert verdicts(effects, [Bar(0.0)] * 3)[1].effect.low > estimate(effects[1], 2.7).low


def test_the_chance_of_any_wrong_verdict():
    """All effects lie at their bars: any word but undecided is wrong. At most 5 % of families, plus 4 s.e."""
    generator = np.random.default_rng(11)
    families = 300
    wrong = 0
    for _ in range(families):
        shared = generator.normal(size=20)  # claims are correlated: they may share random numbers
        effects = [0.7 * shared + generator.normal(size=20) for _ in range(5)]
        wrong += any(v.word != UNDECIDED for v in verdicts(effects, [Bar(0.0)] * 5))
    assert wrong / families <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / families)


def test_nulls():
    assert null_word(np.zeros(5), exact=True) == VANISHES
    assert null_word(np.array([0.0, 1e-12]), exact=True) == REMAINS
    assert null_word(around(0.35), exact=False) == VANISHES
    assert null_word(around(0.45), exact=False) == REMAINS  # 4.5 standard errors
    assert null_word(np.array([np.nan]), exact=True) == REMAINS


def test_a_null_that_is_not_exact_has_to_lie_within_the_smallest_effect():
    """Half-width of its 95 % interval about .2: near 0, but an effect of .25 is not excluded at a mean of .1."""
    assert null_word(around(0.1), exact=False, sesoi=0.31) == VANISHES
    assert null_word(around(0.1), exact=False, sesoi=0.25) == UNSHOWN
    assert null_word(around(-0.1), exact=False, sesoi=0.25) == UNSHOWN
    [found] = outcomes([(made(around(2.0), around(0.1), sesoi=0.25), None)])
    assert (found.verdict.word, found.standing, found.null_vanishes) == (SUPPORTED, OPEN, False)
    page = claims_page([found], seed=1, engine="compiled")
    assert "C02, its null is not shown to vanish" in page.answer
    assert any("is not shown to vanish" in warning for warning in page.warnings)
    assert any(note.text == "The null is not shown to vanish." for s in page.sections for note in s.notes)


# -- several conditions --------------------------------------------------------------------------------------


def needing(*means: float, sd: float = 1.0) -> Finding:
    return joint([Condition(f"part {i}", around(mean, sd), 0.5) for i, mean in enumerate(means)], 0.5, {})


@pytest.mark.parametrize(
    ("means", "word", "opposite", "decisive"),
    [
        ((2.0, 1.5), SUPPORTED, False, 1),
        ((2.0, 0.6), UNDECIDED, False, 1),  # no claim wins by one of its conditions
        ((2.0, -1.0), REFUTED, False, 1),  # nor is the opposite true where one fails
        ((0.45, 0.0, 2.0), REFUTED, False, 1),
        ((-1.0, -2.0), REFUTED, True, 1),
    ],
)
def test_a_claim_needs_all_of_its_conditions(means: tuple[float, ...], word: str, opposite: bool, decisive: int):
    null = joint([Condition(f"part {i}", np.zeros(3), 0.5) for i in range(len(means))], 0.5, {})
    trial = replace(made(np.zeros(3), sesoi=0.5), reference=needing(*means), null=null)
    [found] = outcomes([(trial, None)])
    assert (found.verdict.word, found.verdict.opposite, found.verdict.decisive) == (word, opposite, decisive)
    assert (found.word == OPPOSITE) is opposite
    assert found.deciding == f"part {decisive}"
    assert found.record()["effect"] == pytest.approx(means[decisive])
    assert [c["mean"] for c in found.record()["conditions"].values()] == pytest.approx(list(means))
    assert trial.reference.effect.mean() == pytest.approx(min(means))  # what counts over the space
    failed = [f"part {i}" for i, mean in enumerate(means) if mean < 0.2]
    assert list(found.failing) == failed
    page = claims_page([found], seed=1, engine="compiled")
    text = " ".join(p for s in page.sections for p in s.paragraphs)
    assert f"failed: {', '.join(failed) or 'none'}." in text


def test_the_condition_with_the_better_mean_may_decide():
    """Its interval is wide: picked by its mean it would not have been looked at."""
    sure, loose = around(0.6, sd=0.1), around(0.7, sd=2.0)
    trial = replace(
        made(np.zeros(3), sesoi=0.5),
        reference=joint([Condition("sure", sure, 0.5), Condition("loose", loose, 0.5)], 0.5, {}),
    )
    [found] = outcomes([(trial, None)])
    assert (found.verdict.word, found.deciding) == (UNDECIDED, "loose")


def test_conditions_do_not_raise_the_chance_of_a_wrong_verdict():
    """Two conditions at their bars: supported at most half of 5 %, refuted at most 5 %, plus 4 s.e."""
    generator = np.random.default_rng(17)
    families = 400
    words = [verdicts([list(generator.normal(size=(2, 20)))], [[Bar(0.0), Bar(0.0)]])[0].word for _ in range(families)]
    assert words.count(UNDECIDED) < families  # something happens
    assert (families - words.count(UNDECIDED)) / families <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / families)


def test_a_ratio_of_means_knows_the_error_of_both():
    generator = np.random.default_rng(4)
    x, y = generator.normal(3.0, 0.5, (2000, 30)), generator.normal(6.0, 1.5, (2000, 30))
    ratios = np.array([ratio_of_means(a, b) for a, b in zip(x, y, strict=True)])
    assert ratios.mean(axis=1) == pytest.approx(x.mean(axis=1) / y.mean(axis=1))
    errors = ratios.std(axis=1, ddof=1) / np.sqrt(30)
    true = np.std(x.mean(axis=1) / y.mean(axis=1))
    assert errors.mean() == pytest.approx(true, rel=0.05)  # of 2 000 experiments: s.e. of `true` 1.6 %
    assert errors.mean() > 1.5 * 0.5 / 6.0 / np.sqrt(30)  # that of a known denominator
    assert (ratio_of_means(np.zeros(4), np.array([1.0, 2.0, 0.0, 0.0])) == 0.0).all()
    assert np.isnan(ratio_of_means(np.ones(4), -np.ones(4))).all()


def test_standing():
    null = around(0.0)
    good, bad = made(around(2.0), null, sesoi=1.0), made(around(-2.0), null, sesoi=1.0)
    shut = {"by_construction": True, "structural": "because"}
    trials = [
        good, bad, made(around(1.0), null, sesoi=1.0), made(around(2.0), around(1.0), sesoi=1.0),
        made(around(2.0), null, sesoi=1.0, **shut), made(around(-2.0), null, sesoi=1.0, **shut),
    ]  # fmt: skip
    found = outcomes([(trial, None) for trial in trials])
    assert [o.standing for o in found] == [FINDING, FINDING, OPEN, OPEN, TRUE, FALSE]
    assert found[1].word == OPPOSITE
    page = claims_page(found, seed=1, engine="compiled")
    assert "1 supported" in page.answer
    assert "1 refuted" in page.answer
    assert "2 decided by construction" in page.answer
    assert "2 open (C02, undecided; C02, its null does not vanish)" in page.answer
    assert any("does not vanish" in warning for warning in page.warnings)


# -- over the space ------------------------------------------------------------------------------------------


def space(size: int = 256) -> list[dict[str, Any]]:
    generator = np.random.default_rng(5)
    kinds = ("red", "green", "blue")
    return [
        {"x": float(x), "y": float(y), "kind": kinds[i % 3]} for i, (x, y) in enumerate(generator.random((size, 2)))
    ]


def effects_of(holds: np.ndarray, noise: float = 0.1) -> np.ndarray:
    generator = np.random.default_rng(6)
    return np.where(holds, 1.0, -1.0)[:, None] + generator.normal(0.0, noise, (len(holds), 4))


def test_a_boundary_is_recovered():
    points = space()
    holds = np.array([p["x"] > 0.6 and p["kind"] != "red" for p in points])
    found = judged(points, effects_of(holds), 0.0)
    assert found.word == CONDITIONAL
    assert found.share == pytest.approx(holds.mean())
    assert found.boundary is not None
    assert found.boundary.accuracy > 0.97
    assert found.boundary.useful
    assert set(found.boundary.parameters) == {"x", "kind"}
    [leaf] = [leaf for leaf in found.boundary.leaves if leaf.holds]
    assert "kind is not red" in leaf.conditions
    cut = next(float(c.split("> ")[1]) for c in leaf.conditions if c.startswith("x > "))
    assert cut == pytest.approx(0.6, abs=0.02)
    assert leaf.points == holds.sum()


def test_no_boundary_where_there_is_none():
    generator = np.random.default_rng(9)
    found = boundary_of(space(), generator.random(256) < 0.3)
    assert not found.useful
    assert found.accuracy < found.majority + 0.03


def test_a_choice_of_two_is_told_by_name():
    points = [{"source": ("input", "process")[i % 2], "x": i / 60} for i in range(60)]
    found = boundary_of(points, np.array([p["source"] == "input" for p in points]))
    assert found.rule == "holds where source is input"


@pytest.mark.parametrize(
    ("share", "word"), [(0.95, HOLDS), (0.9, HOLDS), (0.5, CONDITIONAL), (0.1, FAILS), (0.0, FAILS)]
)
def test_the_word_follows_the_share(share: float, word: str):
    holds = np.arange(100) < 100 * share
    found = judged(space(100), effects_of(holds), 0.0)
    assert (found.word, found.share, found.uncertain) == (word, pytest.approx(share), 0)
    assert found.turned is (0 < share < 1)
    assert ("turned it over" in found.sentence) is not found.turned


def test_uncertain_and_lost_points_are_counted():
    effects = effects_of(np.arange(40) < 20)
    effects[:3] = [-5.0, 5.0, -5.0, 6.0]
    effects[-2:] = np.nan
    found = judged(space(40), effects, 0.0)
    assert (found.uncertain, found.lost) == (3, 2)
    assert found.share == pytest.approx(20 / 38)
    assert judged(space(4), np.full((4, 2), np.nan), 0.0).word == UNKNOWN


def test_strength_finds_what_matters():
    points = space()
    found = strength(points, np.array([np.sin(3 * p["x"]) + 0.2 * p["y"] for p in points]))
    assert list(found)[:2] == ["x", "y"]
    assert found["x"] > 0.7
    assert found["kind"] < 0.05


def test_the_hypercube_fills_the_ranges():
    claim = claim_of("C02")
    points = hypercube(claim, 64, 1)
    assert points == hypercube(claim, 64, 1)
    assert points != hypercube(claim, 64, 2)
    costs = sorted(np.log10([p["external_cost"] for p in points]))
    assert np.all(np.floor((np.array(costs) - 1.0) / 2.0 * 64) == np.arange(64))
    assert {p["source"] for p in points} == {"process", "input"}


# -- a small claim, run --------------------------------------------------------------------------------------


def _arms(values: Any) -> dict[str, dict[str, Any]]:
    return {"base": {}, "worse": {"system.stages.stage_01.error.p": 0.01 + values["extra"]}}


def _effect(tried: Tried) -> Finding:
    return Finding(tried("worse", "errors_per_order") - tried("base", "errors_per_order"))


@cache
def small() -> Claim:
    from scenarios.design import Range

    return replace(
        claim_of("C02"), id="C99", arms=_arms, effect=_effect, swing={"extra": Range(0.0, 0.2)},
        reference_point={"extra": 0.1}, null={"extra": 0.0}, exact_null=True, sesoi=0.05, replications=6,
        robust_replications=2,
        words=("system=ten_stage", "scenario=[do_nothing]", "journal=summary", "system.horizon.measured=200"),
    )  # fmt: skip


def test_a_trial_and_its_null():
    trial = try_at_point(Bench(1, "compiled", SERIAL), small())
    assert np.all(trial.null.effect == 0.0)  # the same random numbers
    s = spread(trial.reference.effect)
    assert abs(s.mean - 0.1) < 4 * s.sd / np.sqrt(6)
    again = try_at_point(Bench(2, "compiled", SERIAL), small(), replications=3)
    assert again.reference.effect.shape == (3,)
    assert not np.array_equal(again.reference.effect, trial.reference.effect[:3])


def test_a_claim_goes_on_from_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = try_over_space(Bench(1, "compiled", SERIAL), small(), 12)
    assert whole is not None
    with Store(tmp_path / "store.sqlite") as store:
        bench = Bench(1, "compiled", SERIAL, store)
        try_over_space(bench, small(), 12, 1)  # as if it had been stopped half way
    with Store(tmp_path / "store.sqlite") as store:
        resumed = try_over_space(Bench(1, "compiled", SERIAL, store), small(), 12)
    assert resumed is not None
    np.testing.assert_array_equal(resumed.effect, whole.effect)
    assert replace(resumed, effect=0, low=0, high=0, seconds=0) == replace(whole, effect=0, low=0, high=0, seconds=0)

    def refuse(*_: Any) -> None:
        raise AssertionError("a run was made again")

    monkeypatch.setattr("scenarios.arms.Arms._make", refuse)
    with Store(tmp_path / "store.sqlite") as store:
        read = try_over_space(Bench(1, "compiled", SERIAL, store), small(), 12)
    assert read is not None
    np.testing.assert_array_equal(read.effect, whole.effect)


def test_a_claim_without_swing_has_no_robust_verdict():
    assert try_over_space(Bench(1, "compiled", SERIAL), claim_of("C01"), 8) is None


# -- the experiment ------------------------------------------------------------------------------------------


def test_the_experiment_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = (
        "claim=[c02,C01]", "claims.level=robust", "claims.points=6", "claims.replications=2",
        "claims.robust_replications=2", f"claims.store={tmp_path / 'kept' / 'store.sqlite'}",
    )  # fmt: skip
    tables = []
    for name in ("first", "again"):
        run_experiment(settings(*words), RunFolder(tmp_path / name, ["test"]))
        out = capsys.readouterr().out.splitlines()
        assert out[-1] == f"Report: {tmp_path / name / 'report.html'}"
        found = json.loads((tmp_path / name / "claims.json").read_text())
        for record in found:
            assert record.pop("seconds") >= 0
        tables.append(found)
    assert tables[0] == tables[1]
    first, second = tables[0]
    assert (first["id"], second["id"]) == ("C01", "C02")
    keys = {"statement", "point_verdict", "robust_verdict", "structural", "effect", "ci", "null_effect", "boundary"}
    assert keys <= set(first)
    assert (first["robust_verdict"], first["by_construction"], first["null_effect"]) == (None, True, 0.0)
    assert second["robust_verdict"] in (HOLDS, FAILS, CONDITIONAL)
    assert (second["robust"]["points"], second["robust"]["replications"]) == (6, 2)
    assert {e.name for e in (tmp_path / "first").iterdir()} >= {
        "report.html", "results.json", "claims.json", "claims.csv", "points.csv", "manifest.json", "figures",
    }  # fmt: skip
    with (tmp_path / "first" / "claims.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["effect"]) for row in rows] == [first["effect"], second["effect"]]
    html = (tmp_path / "first" / "report.html").read_text()
    for text in ("What was said", "What was done", "What came out", "What would overturn it"):
        assert html.count(f"{text}:") == 2


@pytest.mark.parametrize(
    ("word", "where"),
    [
        ("claim=[C77]", "claim[0]"),
        ("claim=[]", "claim"),
        ("claims.level=rubust", "claims.level"),
        ("claims.points=1", "claims.points"),
        ("claims.replications=1", "claims.replications"),
        ("claims.typo=1", "claims.typo"),
        ("system=help_desk", "system"),
        ("replications=50", "replications"),
        ("scenario=[hiring]", "scenario"),
    ],
)
def test_what_the_experiment_refuses(word: str, where: str):
    with pytest.raises(InvalidInput) as fault:
        check_experiment(settings(word, *(["base=hiring"] if "hiring" in word else [])))
    assert fault.value.where == where


def test_a_store_that_is_none(tmp_path: Path):
    (tmp_path / "store").write_text("no store" * 2000)
    with pytest.raises(InvalidInput) as fault:
        run_experiment(settings("claim=C01", f"claims.store={tmp_path / 'store'}"), RunFolder(tmp_path / "out", []))
    assert fault.value.where == "claims.store"


def test_ctrl_c_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def stop(bench: Bench, claim: Claim, replications: int | None = None) -> PointTrial:
        if claim.id == "C02":
            raise Interrupted
        return try_at_point(bench, claim, replications)

    monkeypatch.setattr(claims_experiment, "try_at_point", stop)
    store = f"claims.store={tmp_path / 'store.sqlite'}"
    run_experiment(settings("claim=[C01,C02]", "claims.replications=2", store), RunFolder(tmp_path / "out", []))
    assert "Stopped early: 1 of 2 claims" in capsys.readouterr().out
    assert [r["id"] for r in json.loads((tmp_path / "out" / "claims.json").read_text())] == ["C01"]
    with pytest.raises(KeyboardInterrupt):
        run_experiment(settings("claim=[C02]", store), RunFolder(tmp_path / "none", []))


# -- C01 and C02 ---------------------------------------------------------------------------------------------


def test_c01_agrees_with_arithmetic_and_is_refuted():
    trial = try_at_point(Bench(1, "compiled", SERIAL), claim_of("C01"), 10)
    s = spread(trial.reference.effect)
    assert abs(s.mean - share_of([0.01] * 10)) < 4 * s.sd / np.sqrt(10)
    [found] = outcomes([(trial, None)])
    assert (found.verdict.word, found.standing, found.null_vanishes) == (REFUTED, FALSE, True)


def tried_c02(changed: dict[str, Any], replications: int = 10, detections: float | None = None) -> Finding:
    claim = claim_of("C02")
    place = claim.at(changed if detections is None else {**changed, "d_next": detections, "d_self": detections})
    [tried] = Bench(1, "compiled", SERIAL).tried(claim, [place], replications, "test")
    return claim.effect(tried)


def test_c02_position_does_not_matter_to_the_number_of_errors_of_a_worse_stage():
    """E[M] = k sum(p) + (1 - k) F whatever the order of the rates: equal first and last, and as the formula says."""
    found = tried_c02({"k": 5.0}, detections=0.0)
    ten, worse = [0.01] * 10, [0.06] + [0.01] * 9
    gain = 5 * 0.05 - 4 * (share_of(worse) - share_of(ten))
    for label, truth in (("source at 1 less source at 10", 0.0), ("source at 10 less none", gain)):
        s = spread(found.parts[f"errors per order, {label}"])
        assert abs(s.mean - truth) < 4 * s.sd / np.sqrt(10)


def test_c02_a_faulty_input_breeds_more_the_earlier_it_comes():
    """A fault in 5 % of orders at stage i adds .05 [1 + (k-1) q^(i-1) (1 - q^(N-i+1))]: it precedes the stage's own."""
    k, q = 10.0, 0.99
    found = tried_c02({"k": k, "source": "input"}, detections=0.0)

    def gain(i: int) -> float:
        return float(0.05 * (1 + (k - 1) * q ** (i - 1) * (1 - q ** (11 - i))))

    s = spread(found.parts["errors per order, source at 1 less source at 10"])
    assert abs(s.mean - (gain(1) - gain(10))) < 4 * s.sd / np.sqrt(10)
    assert s.mean > 4 * s.sd / np.sqrt(10)


def test_c02_can_be_turned_over():
    """Where a failure outside is dear and later stages look, a late source costs more; where cheap, an early one."""
    claim = claim_of("C02")
    dear = tried_c02({"external_cost": 1000.0, "d_next": 0.5, "cost_growth": 0.1}, 6)
    cheap = tried_c02({"external_cost": 10.0, "d_next": 0.5, "cost_growth": 2.0}, 6)
    for effect, bar, sign in ((dear.effect, 0.0, -1), (cheap.effect, claim.sesoi, 1)):
        s = spread(effect)
        assert sign * (s.mean - bar) > 4 * s.sd / np.sqrt(6)


def test_c02_with_nothing_found_and_nothing_bred_position_is_nothing():
    trial = try_at_point(Bench(1, "compiled", SERIAL), claim_of("C02"), 3)
    assert len(trial.null.effect) == 12  # four times as many: it has to lie within the smallest effect of interest
    assert null_word(trial.null.effect, exact=False) == VANISHES
    assert c02_position.POSITIONS == (1, 3, 5, 8, 10)
