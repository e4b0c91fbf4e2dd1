"""A study: the same numbers whatever the number of processes, the order, or the company a scenario keeps."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import chain, rich_system, stream

import scenarios.pilot
import scenarios.study
from analysis.experiments import check_experiment
from scenarios.compose import compose_config
from scenarios.config import Settings, settings_from
from scenarios.execution import Execution
from scenarios.scenario import Scenario, build_scenario, timeline
from scenarios.study import Runs, Study, check_scenarios, pilot_facts, run_study
from scenarios.sweep import sweep
from sim.blueprint import Blueprint, Horizon, KnockOn
from sim.invalid import InvalidInput
from sim.journal import Journal
from sim.simulate import simulate

TINY = rich_system(60.0, customers=6, interval=20.0, knock_on=KnockOn(2.0))
KNOWN = {
    "do_nothing": {},
    "placebo": {"placebo": {}},
    "redesign": {"process_redesign": {"dip_weeks": 0.0, "hours": 0.0}},
    "training": {"frontline_training": {"delay": 8.0}},
    "promises": {"expectation_management": {}},
}


def measure(journal: Journal) -> dict[str, Any]:
    """A measure that worker processes can import: a few numbers that tell runs apart."""
    orders, visits = journal["orders"], journal["visits"]
    time = visits["ended"] - visits["began"]
    stages = {n: {"time": float(time[visits["stage"] == i].sum())} for i, n in enumerate(journal.plan.stage_names)}
    return {
        "metrics": {"orders": float(len(orders)), "time": float(time.sum()), "perceived": float(orders["P"].sum())},
        "stages": stages,
    }


def scenario(name: str) -> Scenario:
    return build_scenario(name, {"interventions": KNOWN[name]})


def settings(
    *names: str, replications: int = 3, n_jobs: int = 1, seed: int = 1, blueprint: Blueprint = TINY
) -> Settings:
    chosen = tuple(scenario(name) for name in names)
    return Settings(
        experiment="compare", system="tiny", blueprint=blueprint, scenarios=chosen, base=names[0], seed=seed,
        replications=replications, execution=Execution(n_jobs=n_jobs), engine="simpy", allow_unstable=True,
    )  # fmt: skip


@cache
def studied(*names: str, **given: Any) -> Study:
    return run_study(settings(*names, **given), measure)


ALL = ("do_nothing", "placebo", "redesign", "training")


def rows(study: Study, name: str) -> pd.DataFrame:
    return study.kpis[study.kpis["scenario"] == name].reset_index(drop=True)


# -- equal tables --------------------------------------------------------------------------------------------


def test_tables_hold_every_run():
    study = studied(*ALL)
    assert list(study.kpis.columns) == ["scenario", "replication", "metric", "value"]
    assert len(study.kpis) == 4 * 3 * 3
    assert not study.kpis.duplicated(["scenario", "replication", "metric"]).any()
    assert list(study.kpis["scenario"].unique()) == list(ALL)
    assert study.finished == 3
    assert list(study.blueprints) == list(ALL)
    spread = rows(study, "do_nothing").query("metric == 'time'")["value"]
    assert spread.nunique() == 3  # replications differ
    total = study.stages.query("scenario == 'do_nothing'")["value"].sum()
    assert total == pytest.approx(spread.mean())  # stages: means over replications


def test_two_processes_give_the_same_tables():
    one, two = studied(*ALL), studied(*ALL, n_jobs=2)
    pd.testing.assert_frame_equal(one.kpis, two.kpis, check_exact=True)
    pd.testing.assert_frame_equal(one.stages, two.stages, check_exact=True)


def test_more_replications_leave_the_first_as_they_were():
    few, many = studied(*ALL, replications=2), studied(*ALL)
    first = many.kpis[many.kpis["replication"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(few.kpis, first, check_exact=True)


def test_other_seeds_give_other_runs():
    assert not studied("do_nothing").kpis.equals(studied("do_nothing", seed=2).kpis)


def test_every_run_is_the_scenario_of_its_replication():
    for replication in range(3):
        entries = timeline(TINY, scenario("redesign"), 1, replication)
        expected = measure(simulate(entries, 1, replication, allow_unstable=True))["metrics"]
        measured = rows(studied(*ALL), "redesign").query("replication == @replication")
        assert dict(zip(measured["metric"], measured["value"], strict=True)) == expected
    finals = [timeline(TINY, scenario("redesign"), 1, replication)[-1][1] for replication in range(3)]
    assert any(final != finals[0] for final in finals)  # other projects succeed


def test_order_of_the_runs_does_not_matter():
    given = settings(*ALL)
    runs = Runs(given.blueprint, {s.name: s for s in given.scenarios}, {}, 1, "simpy", True, measure)
    points = [(s.name, r) for r in range(3) for s in given.scenarios]
    forward, backward = (sweep(runs, p, Execution(n_jobs=1), "", "compiled") for p in (points, points[::-1]))
    assert forward == backward
    assert list(forward) == points
    assert list(backward) == points[::-1]


@pytest.mark.parametrize("company", [("do_nothing", "redesign"), ("redesign", "training"), ("placebo", "redesign")])
def test_a_scenario_is_the_same_in_any_company(company: tuple[str, ...]):
    together = studied(*ALL)
    for name in company:
        pd.testing.assert_frame_equal(rows(studied(*company), name), rows(together, name), check_exact=True)


def test_equal_systems_have_equal_numbers():
    """Common random numbers: a scenario's name alone changes nothing (V31)."""
    study = studied(*ALL)
    assert rows(study, "placebo")["value"].tolist() == rows(study, "do_nothing")["value"].tolist()
    assert rows(study, "training")["value"].tolist() != rows(study, "do_nothing")["value"].tolist()
    pair = scenario("training"), replace(scenario("training"), name="the_same")
    twice = run_study(replace(settings("do_nothing"), scenarios=pair, base="the_same"), measure)
    assert rows(twice, "the_same")["value"].tolist() == rows(twice, "training")["value"].tolist()


def test_the_final_blueprint_is_kept_for_each_scenario():
    blueprints = studied(*ALL).blueprints
    assert blueprints["do_nothing"] == blueprints["placebo"] == TINY
    assert blueprints["training"].pools["front"].members["ann"].gain > 0


# -- measurements of the base --------------------------------------------------------------------------------


def test_facts_are_measured_only_where_they_are_needed(monkeypatch: pytest.MonkeyPatch):
    calls: Counter[str] = Counter()
    real = scenarios.study.measure_facts

    def counted(*arguments: Any) -> dict[str, float]:
        calls["pilot"] += 1
        return real(*arguments)

    monkeypatch.setattr(scenarios.study, "measure_facts", counted)
    assert run_study(settings("do_nothing", "training", replications=1), measure).facts == {}
    assert calls["pilot"] == 0
    facts = run_study(settings("do_nothing", "promises", replications=1), measure).facts
    assert calls["pilot"] == 1
    assert 0 < facts["delivered"] <= 1
    assert 0 < facts["lead_time_p80"] < 60


def test_facts_are_the_base_s_own():
    few = studied("do_nothing", "promises", replications=1)
    many = studied("do_nothing", "training", "promises", replications=2)
    assert few.facts == many.facts == pilot_facts(settings("placebo", "promises", replications=7))
    assert few.facts != pilot_facts(settings("do_nothing", "promises", seed=2))
    promise = few.blueprints["promises"].promise
    assert (promise.level, promise.lead_time) == pytest.approx((few.facts["delivered"], few.facts["lead_time_p80"]))


def test_pilot_runs_are_no_replications_of_the_study(monkeypatch: pytest.MonkeyPatch):
    numbers = []
    real = scenarios.pilot.simulate

    def noted(system: Any, seed: int, replication: int, *more: Any) -> Journal:
        numbers.append(replication)
        return real(system, seed, replication, *more)

    monkeypatch.setattr(scenarios.pilot, "simulate", noted)
    pilot_facts(settings("do_nothing", "promises"))
    assert len(set(numbers)) == len(numbers) == scenarios.pilot.PILOT_RUNS
    assert min(numbers) > 1_000_000  # more than any study may ask for


def test_facts_of_a_system_without_orders_are_its_promise():
    empty = replace(TINY, arrivals=stream(1e5))
    assert pilot_facts(settings("do_nothing", "promises", blueprint=empty)) == {
        "delivered": TINY.promise.level, "lead_time_p80": TINY.promise.lead_time,
    }  # fmt: skip


def test_the_base_cannot_need_facts_of_itself():
    with pytest.raises(InvalidInput, match="base = promises: needs measurements of the base itself"):
        run_study(settings("promises", "do_nothing"), measure)


# -- stopping and refusing -----------------------------------------------------------------------------------


def interrupted_after(count: int) -> Any:
    left = iter(range(count))

    def stop(journal: Journal) -> dict[str, Any]:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return measure(journal)

    return stop


@pytest.mark.parametrize(("count", "finished"), [(12, 4), (7, 2), (6, 2), (3, 1)])
def test_ctrl_c_keeps_the_complete_replications(count: int, finished: int):
    names = ("do_nothing", "placebo", "training")
    study = run_study(settings(*names, replications=5), interrupted_after(count))
    assert study.finished == finished
    whole = studied(*names, replications=5).kpis
    kept = whole[whole["replication"] < finished].reset_index(drop=True)
    pd.testing.assert_frame_equal(study.kpis, kept, check_exact=True)


@pytest.mark.parametrize("count", [0, 2])
def test_ctrl_c_before_anything_is_complete(count: int):
    with pytest.raises(KeyboardInterrupt):
        run_study(settings("do_nothing", "placebo", "training"), interrupted_after(count))


def unstable(**given: Any) -> Settings:
    crowded = chain(2, service=[0.5, 3.0], arrivals=stream(1.0), hours=20.0)
    return replace(settings("do_nothing", blueprint=crowded), allow_unstable=False, **given)


def test_faults_are_found_before_anything_runs():
    def never(journal: Journal) -> dict[str, Any]:
        raise AssertionError("ran")

    with pytest.raises(InvalidInput, match=r"^system\.stages\.s2: unstable queue.*utilisation 3\.000"):
        run_study(unstable(), never)
    slower = scenario("do_nothing"), build_scenario("slow", {"interventions": {"fail_safing": {"added_time": 9.0}}})
    calm = replace(settings("do_nothing"), scenarios=slower, allow_unstable=False)
    calm = replace(calm, blueprint=chain(2, service=0.5, arrivals=stream(1.0), hours=20.0))
    with pytest.raises(InvalidInput, match=r"^scenarios\.slow\.stages\.s1: unstable queue"):
        run_study(calm, never)
    endless = replace(settings("do_nothing", "training"), blueprint=replace(TINY, horizon=Horizon(0.0, 1e9)))
    with pytest.raises(InvalidInput, match=r"^system\.horizon\.measured = 10{9}\.0: the run would take"):
        check_scenarios(endless, {})


def test_an_unstable_system_runs_if_told_so():
    assert run_study(replace(unstable(), allow_unstable=True), measure).finished == 3


# -- full and summary journals -------------------------------------------------------------------------------


def composed(*overrides: str) -> Settings:
    return settings_from(compose_config(["scenario=[do_nothing]", *overrides]))


def test_a_study_passes_on_what_the_journal_is_to_hold():
    kept = []

    def look(journal: Journal) -> dict[str, Any]:
        kept.append((journal.is_full, len(journal["orders"]) > 0))
        return {"metrics": {}, "stages": {}}

    for journal in ("full", "summary"):
        run_study(replace(settings("do_nothing", replications=1), journal=journal), look)
    assert kept == [(True, True), (False, False)]
    assert composed().journal == "full"
    assert composed("journal=summary").journal == "summary"


def test_an_unknown_kind_of_journal_is_refused_with_the_nearest():
    with pytest.raises(InvalidInput, match=r"^journal = summery: .*did you mean summary"):
        composed("journal=summery")
    with pytest.raises(InvalidInput, match=r"^journal = 3"):
        composed("journal=3")


@pytest.mark.parametrize("experiment", ["trace", "ten_stage"])
def test_experiments_that_look_at_single_orders_need_a_full_journal(experiment: str):
    check_experiment(composed(f"experiment={experiment}"))
    message = f"^journal = summary: must be full: experiment={experiment} looks at single orders"
    with pytest.raises(InvalidInput, match=message):
        check_experiment(composed(f"experiment={experiment}", "journal=summary"))


def test_weekly_values_of_a_study_are_arrays():
    """Runs may have more or fewer weeks and metrics; what is missing is NaN."""
    runs = iter([{"gap": [1.0, 2.0]}, {"gap": [3.0], "profit": [9.0, 8.0]}, {}, {"gap": [5.0, 6.0]}])

    def weeks(journal: Journal) -> dict[str, Any]:
        return {"metrics": {}, "stages": {}, "weeks": next(runs)}

    found = run_study(settings("do_nothing", "placebo", replications=2), weeks).weekly
    nan = float("nan")
    np.testing.assert_array_equal(found["gap"], [[[1.0, 2.0], [nan, nan]], [[3.0, nan], [5.0, 6.0]]])
    np.testing.assert_array_equal(found["profit"], [[[nan, nan], [nan, nan]], [[9.0, 8.0], [nan, nan]]])
    assert studied("do_nothing").weekly == {}
