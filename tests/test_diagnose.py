"""The diagnosis: counterfactuals, causes, the count, and the experiment from command to report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import Main, chain, exponential, rich_organisation, run, stream
from matplotlib.backends.backend_agg import FigureCanvasAgg
from pictures import empty_png
from test_interventions import FIRM, at, over_time

from analysis.diagnosis import study
from analysis.diagnosis.attribution import Design, attribute
from analysis.diagnosis.causes import FAMILIES, KINDS, causes_of, parts_of
from analysis.diagnosis.pareto import measure_with_origins, origins_of, pareto_table
from analysis.figures import style
from analysis.figures.fishbone import MOST_TWIGS, Bone, Twig, fishbone
from analysis.measures import measure
from analysis.report.diagnose_results import is_negligible
from scenarios.arms import Arms, Interrupted
from scenarios.compose import compose_config
from scenarios.config import settings_from
from scenarios.scenario import build_scenario, timeline
from sim.blueprint import Blueprint, ErrorRate, Partnership, Promise, SpecialCause, Supplier, Terms
from sim.invalid import InvalidInput

KEPT = {"level": 1.0, "lead_time": 1e-6}  # a promise that nobody goes beyond
BARE = chain(2, arrivals=stream(exponential(4.0)), hours=200.0, layers=(0, 1), service=exponential(1.0))


def without(base: Blueprint, removals: Mapping[str, Mapping[str, Any]], replication: int = 0) -> Any:
    """The timeline of a system with these removals in force."""
    scenario = build_scenario("test", {"interventions": removals})
    return timeline(base, scenario, 1, replication)


def everything(base: Blueprint) -> dict[str, Any]:
    return {name: given for c in causes_of(base, "family", KEPT) for name, given in c.programmes.items()}


# -- counterfactuals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cause_that_is_not_there_changes_no_byte(family: str):
    """No errors, nothing lost, no supplier, a promise that is kept; staff, load and morale off with their layer."""
    [cause] = [c for c in causes_of(BARE, "family", KEPT) if c.name == family]
    journal = run(BARE)
    assert len(journal["orders"]) > 20
    assert run(without(BARE, cause.programmes)).to_bytes() == journal.to_bytes()


@pytest.mark.parametrize("replication", range(3))
def test_without_any_cause_nothing_fails(replication: int):
    """Also where checks raise false alarms, requirements change and partnerships break."""
    base = rich_organisation()
    assert measure(run(base, replication=replication))["failure_share"] > 0.2
    ideal = run(without(base, everything(base), replication), replication=replication)
    assert measure(ideal)["failure_share"] == 0.0
    assert len(ideal["errors"]) == 0


def test_each_kind_takes_out_its_own():
    b = at("remove_operator_errors", FIRM, stages=("s1", "s3"))
    assert [s.error.p for s in b.stages.values()] == pytest.approx([0.008, 0.02, 0.032, 0.01])
    assert b.stages["s1"].error.operator_part == 0.0
    b = at("remove_system_errors", FIRM, strength=0.5)
    assert b.stages["s1"].error.system_part == pytest.approx(0.004)
    assert b.stages["s1"].error.operator_part == pytest.approx(0.002)
    b = at("remove_special_causes", FIRM, stages=("s2",))
    assert (b.stages["s2"].special_cause, b.stages["s1"]) == (SpecialCause(), FIRM.stages["s1"])
    b = at("remove_information_loss", FIRM, stages=("s2",))
    assert (b.route["s1"]["s2"].retention, b.route["s3"]["s4"].retention) == (1.0, 0.95)
    b = at("remove_batching", FIRM)
    assert (b.route["s2"]["s3"].batch, b.route["s2"]["s3"].batch_cost) == (1, 2.0)  # the same price an order
    b = at("remove_handoff_delays", FIRM, strength=0.25)
    assert b.route["s1"]["s2"].delay.mean == pytest.approx(0.75)
    assert at("remove_rework_failures", FIRM).rework.failure == 0.0
    assert at("remove_absence", FIRM).attendance == replace(FIRM.attendance, absence=0.0, turnover=0.0)


def test_a_removal_of_people_s_weaknesses_makes_nobody_weaker():
    practice = at("remove_skill_gaps", FIRM).practice
    assert (practice.newcomer_skill, practice.forgetting) == (FIRM.skill_effects.reference_skill, 0.0)
    able = replace(FIRM, practice=replace(FIRM.practice, newcomer_skill=0.9))
    assert at("remove_skill_gaps", able).practice.newcomer_skill == 0.9
    for mood, left in ((-0.2, 0.0), (0.2, 0.2)):
        begun = replace(FIRM, morale=replace(FIRM.morale, starting_mood=mood))
        assert at("remove_low_morale", begun).morale.starting_mood == left


def test_the_promise_comes_down_to_what_is_kept_and_never_goes_up():
    modest = replace(FIRM, promise=Promise(0.6, 100.0))
    assert at("remove_over_promise", modest, level=0.8, lead_time=50.0) == modest
    bold = replace(FIRM, promise=Promise(0.9, 10.0))
    assert at("remove_over_promise", bold, level=0.8, lead_time=50.0).promise == Promise(0.8, 50.0)
    half = at("remove_over_promise", bold, strength=0.5, level=0.8, lead_time=50.0).promise
    assert (half.level, half.lead_time) == pytest.approx((0.85, 30.0))


def test_suppliers_also_where_a_partnership_breaks():
    partner = Supplier(Terms(exponential(1.0), 0.1), Partnership(fallback=Terms(exponential(3.0), 0.3)))
    base = replace(FIRM, suppliers={"mill": partner, "other": Supplier()})
    both = at("remove_supplier_defects", at("remove_supply_time", base, supplier="mill"), supplier="mill")
    assert both.suppliers["other"] == Supplier()
    mill = both.suppliers["mill"]
    assert mill.partnership is not None
    assert [(t.defect, t.lead_time.mean) for t in (mill.terms, mill.partnership.fallback)] == [(0.0, 0.0)] * 2
    with pytest.raises(InvalidInput, match="did you mean mill"):
        at("remove_supply_time", FIRM, supplier="mil")


def test_throughout_means_from_the_first_hour():
    [(start, b)] = over_time({"remove_system_errors": {"throughout": True, "adoption": 0.0}}, FIRM)
    assert (start, b.stages["s1"].error.system_part) == (0.0, 0.0)
    entries = over_time({"remove_system_errors": {}}, FIRM)
    assert [begin for begin, _ in entries] == [0.0, FIRM.horizon.warm_up]


def test_without_it_come_the_same_customers():
    base = rich_organisation(layers=(0, 1, 2, 3), arrivals=stream(exponential(4.0)))
    removals = {"remove_operator_errors": {"throughout": True}, "remove_absence": {"throughout": True}}
    as_it_is, other = run(base), run(without(base, removals))
    for name in ("placed", "customer", "S"):
        a, b = (j["orders"][name] for j in (as_it_is, other))
        assert len(a) > 50
        assert (a == b).all()
    assert as_it_is.to_bytes() != other.to_bytes()


# -- causes --------------------------------------------------------------------------------------------------


def test_groupings_hold_the_same_removals_in_other_bundles():
    base = rich_organisation()
    kinds = {kind.removal for kind in KINDS}
    families, stages, elements = (causes_of(base, by, KEPT) for by in ("family", "stage", "element"))
    assert [c.name for c in families] == list(FAMILIES)
    assert {g["kind"] for c in families for g in c.programmes.values()} == kinds
    assert {g["kind"] for c in elements for g in c.programmes.values()} == kinds
    assert [c.name for c in stages] == list(base.stages)
    assert {g["kind"] for g in stages[1].programmes.values()} == {k.removal for k in KINDS if k.place != "whole"}
    for causes in (families, stages, elements):
        assert all(g["throughout"] for c in causes for g in c.programmes.values())
    parts = parts_of(base, KEPT)
    assert len({p.name for p in parts}) == len(parts)


def test_the_count_puts_every_error_down_to_one_cause_at_most():
    base = rich_organisation()
    origins = origins_of(tuple(measure_with_origins(run(base, replication=1))))
    for by in ("family", "stage", "element"):
        causes = causes_of(base, by, KEPT)
        for _, stage, error in origins:
            times = sum(c.counted(stage, error) for c in causes)
            uncounted = error == "knock_on" and by != "stage"
            known = error != "supplier" or base.stages[stage].supplier or by != "element"
            received = error != "information" or by != "element" or stage in {t for w in base.route.values() for t in w}
            assert times == (0 if uncounted or not known or not received else 1), (by, stage, error)


def test_pareto_counts_what_reached_customers():
    journal = run(rich_organisation(), replication=2)
    measured = measure_with_origins(journal)
    orders, errors = journal["orders"], journal["errors"]
    delivered = np.flatnonzero(~np.isnan(orders["delivered"]))
    reached = np.isin(errors["order"], delivered) & (errors["reached"] > 0)
    origins = origins_of(tuple(measured))
    total = sum(measured[name] for name, _, _ in origins)
    assert total == pytest.approx(1000 * reached.sum() / len(delivered))
    table = pareto_table(tuple(measured), np.array([list(measured.values())]).T)
    assert table["per_1000"].is_monotonic_decreasing
    assert table["cumulative"].iloc[-1] == pytest.approx(1.0)
    assert (table["per_1000"] > 0).all()


# -- a system with known answers -----------------------------------------------------------------------------


def test_two_stages_alike_get_alike_and_a_third_cause_nothing():
    """p = .2 at both of two stages without checks: .36 fail, .2 without either; so each adds (.16 + .2) / 2 = .18."""
    base = chain(2, p=[ErrorRate(0.2, 0.0)] * 2, hours=1000.0, arrivals=stream(exponential(4.0)))
    removals: list[dict[str, Any]] = [
        {"s1": {"kind": "remove_system_errors", "stages": ["s1"], "throughout": True}},
        {"s2": {"kind": "remove_system_errors", "stages": ["s2"], "throughout": True}},
        {"none": {"kind": "remove_supplier_defects", "throughout": True}},
    ]
    design = Design(("s1", "s2", "none"), None)
    values = {}
    for out in design.sets:
        chosen = {k: v for i, r in enumerate(removals) if out >> i & 1 for k, v in r.items()}
        runs = (run(without(base, chosen, r) if chosen else base, replication=r) for r in range(10))
        values[out] = np.array([measure(journal)["failure_share"] for journal in runs])
    table = attribute(design, values, "failure_share").set_index("cause")
    for name in ("s1", "s2"):
        error = (table["high"] - table["low"])[name] / 2 / 2.262  # t with 9 degrees of freedom
        assert abs(table["adds"][name] - 0.18) < 4 * error
        assert 0 < error < 0.02
    assert table.loc["none", ["adds", "low", "high", "alone", "last"]].tolist() == [0.0] * 5
    assert table["adds"].iloc[:-1].sum() == pytest.approx(table["adds"]["all"], abs=1e-12)


# -- the experiment ------------------------------------------------------------------------------------------

TINY = ("system.horizon.warm_up=0", "system.horizon.measured=80", "replications=2", "n_jobs=1")
DESK = ("system=help_desk", *TINY)  # four stages: fewer arms


def results(path: Path) -> Any:
    return json.loads((path / "results.json").read_text())


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    from analysis.experiments.diagnose import run as run_experiment
    from analysis.run_folder import RunFolder

    path = tmp_path_factory.mktemp("families")
    settings = settings_from(compose_config(["experiment=diagnose", *TINY]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "write_png", empty_png)
        run_experiment(settings, RunFolder(path, []))
    return path, results(path)["diagnosis"]


def test_from_command_to_report(families: tuple[Path, Any]):
    path, found = families
    assert found["by"] == "family"
    assert not found["sampled"]
    failures = found["metrics"]["failure_share"]
    assert failures["without_all"] == {"mean": 0.0, "ci": [0.0, 0.0]}
    assert failures["as_it_is"]["mean"] > 0.01
    for metric in found["metrics"].values():
        adds = {name: cause["adds"]["mean"] for name, cause in metric["causes"].items()}
        assert sum(adds.values()) - adds["all"] == pytest.approx(adds["all"], abs=1e-12)
        change = metric["as_it_is"]["mean"] - metric["without_all"]["mean"]
        assert adds["all"] == pytest.approx(change, abs=1e-12)
    table = pd.read_csv(path / "diagnosis.csv")
    assert set(table["cause"]) == {*FAMILIES, "all"}
    assert {"diagnosis.csv", "pareto.csv", "fishbone.csv", "interactions.csv", "manifest.json"} <= {
        p.name for p in path.iterdir()
    }
    page = (path / "report.html").read_text()
    for words in ("orders reach their customer with an error", "What a count would say", "True by construction"):
        assert words in page
    assert page.count("<svg") == 3 + 5 + 2  # fishbones of every metric and dimension, Pareto, count
    assert "Only 2 replications" in page
    assert "nan" not in page.lower().split("</style>")[1].replace("finan", "")


def test_the_same_bytes_with_more_workers(families: tuple[Path, Any], main: Main, tmp_path: Path):
    """And the same runs are not made twice: what the count is made of is all that is run in full."""
    words = [w for w in TINY if not w.startswith("n_jobs")]
    code, out, err = main("experiment=diagnose", *words, "n_jobs=2", "execution.backend=threads", "hydra.run.dir=there")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"Report: {tmp_path / 'there' / 'report.html'}"
    for name in ("diagnosis.csv", "fishbone.csv", "pareto.csv", "results.json", "report.html"):
        assert (tmp_path / "there" / name).read_bytes() == (families[0] / name).read_bytes()


def test_elements_of_a_scenario_sampled(main: Main):
    words = ("diagnose.by=element", "diagnose.permutations=4", "diagnose.scenario=overpromising", "system.layers=[0,3]",
             "diagnose.metrics=[failure_share,gap5]")  # fmt: skip
    code, out, err = main("experiment=diagnose", *DESK, *words, "hydra.run.dir=here")
    assert (code, err) == (0, "")
    found = results(Path("here"))["diagnosis"]
    assert (found["scenario"], found["sampled"]) == ("overpromising", True)
    causes = found["metrics"]["failure_share"]["causes"]
    adds = {name: cause["adds"]["mean"] for name, cause in causes.items()}
    assert sum(adds.values()) == pytest.approx(2 * adds["all"], abs=1e-12)
    assert "promises" not in found["absent"]
    assert "overpromising" in out


def test_an_interval_around_0_shows_that_a_cause_is_negligible_only_where_it_is_narrow():
    levels = pd.DataFrame([("failure_share", 0.055)], columns=["metric", "mean"])
    found: Any = SimpleNamespace(diagnosis=SimpleNamespace(asked=study.Diagnose()), levels=levels)

    def row(low: float, high: float) -> dict[str, Any]:
        return {"metric": "failure_share", "low": low, "high": high}

    assert is_negligible(found, row(-0.00021, 0.00016))  # 2 % of .055 is .0011
    assert not is_negligible(found, row(-0.00021, 0.0012))
    assert not is_negligible(found, row(-0.02, 0.01))


def test_absent_causes_add_exactly_nothing(main: Main):
    """The ten stages of the founding paper: layer 0 only, no checks, nothing lost, no supplier, nobody who judges."""
    words = ("system=ten_stage", "system.horizon.measured=40", "replications=2", "n_jobs=1")
    code, out, err = main("experiment=diagnose", *words, "hydra.run.dir=here")
    assert (code, err) == (0, "")
    found = results(Path("here"))["diagnosis"]
    assert set(found["absent"]) >= {"handoffs", "suppliers", "load"}
    for name in found["absent"]:
        cause = found["metrics"]["failure_share"]["causes"][name]
        assert cause["adds"] == {"mean": 0.0, "ci": [0.0, 0.0]}
    assert "Left out, because not measured in every run: gap5, gap_reliability, " in out


def test_an_early_end_leaves_what_is_finished(monkeypatch: pytest.MonkeyPatch):
    settings = settings_from(compose_config(["experiment=diagnose", *DESK, "diagnose.by=stage", "replications=3"]))
    made = Arms.run

    def stopped(self: Arms, arms: Any, replications: int, label: str) -> Any:
        if replications > 2:
            raise Interrupted
        return made(self, arms, replications, label)

    monkeypatch.setattr(Arms, "run", stopped)
    found = study.diagnose(settings)
    assert found.finished == 2
    assert len(found.values["failure_share"][0]) == 2
    with pytest.raises(KeyboardInterrupt):
        study.diagnose(replace(settings, replications=5))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("diagnose.by=familly", "did you mean family?"),
        ("diagnose.metrics=[failure_shar]", "did you mean failure_share?"),
        ("diagnose.metrics=[]", "diagnose.metrics"),
        ("diagnose.scenario=do_nothin", "diagnose.scenario = do_nothin: unknown scenario"),
        ("diagnose.negligible=1", "diagnose.negligible = 1.0: must be a share"),
        ("diagnose.exact=20", "diagnose.exact = 20: must be at most 10"),
        ("diagnose.permutations=5", "must be an even number"),
        ("+diagnose.stages=3", "diagnose.stages"),
        ("diagnose.metrics=[lead_time_p95]", "none of them was measured"),
    ],
)
def test_bad_input_is_one_line(main: Main, word: str, told: str):
    words = (*DESK, "diagnose.by=stage", word, "replications=1")
    code, out, err = main("experiment=diagnose", *words, "hydra.run.dir=here")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert told in err


# -- figures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 6, 7])
def test_nothing_overlaps_in_a_fishbone(count: int):
    twigs = tuple(Twig(f"lost information on its way into the place number {i} 0.123", 0.9 - 0.3 * i) for i in range(5))
    bones = [Bone(f"family of causes {i}", "72 %: +4.19 [3.83, 4.55]", 0.7 - 0.2 * i, twigs) for i in range(count)]
    figure = fishbone(bones, "Failures that reach the customer in the end", "5.68 %")
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert len(boxes) >= count * (2 + MOST_TWIGS) + 3  # bones, twigs, head, key
    assert all(not a.overlaps(b) for a, b in combinations(boxes, 2))
    width, height = figure.get_size_inches() * figure.dpi
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= width and b.y1 <= height for b in boxes)
