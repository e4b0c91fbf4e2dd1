"""Decisions: studies whose answer is known by construction, and the experiment from end to end."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import Main
from collecting import quick_collection as quick_collection

from analysis.decisions.cost_effectiveness import DOMINATED, EXTENDEDLY, FRONTIER, SAME
from analysis.decisions.export import results_of
from analysis.decisions.runs import Sample, sample
from analysis.decisions.settings import Decide, decide_settings
from analysis.decisions.study import CONTROL, Evidence
from analysis.decisions.warm_up import measure_weeks, settling
from analysis.experiments.decide import contrast_of, names_of, summary, warnings_of
from analysis.measures import measure, weekly_series
from analysis.report.decide_answer import answer, in_short
from analysis.report.decide_method import findings
from scenarios.arms import Arms, Interrupted, Runs
from scenarios.compose import compose_config
from scenarios.config import load_blueprint, settings_from
from scenarios.points import base_of
from sim.invalid import InvalidInput
from sim.simulate import simulate

pytestmark = pytest.mark.usefixtures("quick_collection")

NAMES = ("base", "cheap", "middle", "dear", "worse", "twin")
EFFECTS = {"base": 0.0, "cheap": 1.0, "middle": 1.2, "dear": 2.0, "worse": -1.0, "twin": 0.0}  # points
COSTS = {"base": 0.0, "cheap": 10.0, "middle": 60.0, "dear": 50.0, "worse": 20.0, "twin": 0.0}  # cu a week
WEEKS = 10.0
METRICS = ("cost_total", "service_quality")


@dataclass
class Known:
    """Stands for `Arms`: normal values with known means, shared by all arms up to a little noise of their own."""

    noise: float = 0.1
    most: int = 10**9
    sizes: list[int] = field(default_factory=list)

    def run(self, arms: list[dict[str, str]], replications: int, label: str) -> Runs:
        if replications > self.most:
            raise Interrupted
        self.sizes.append(replications)
        values = np.empty((len(arms), 2, replications))
        for r in range(replications):
            rng = np.random.default_rng([7, r])
            luck, own = rng.normal(size=2), rng.normal(size=(len(NAMES), 2))
            for i, arm in enumerate(arms):
                name = "base" if arm["scenario"] == "twin" else arm["scenario"]
                part = self.noise * own[NAMES.index(name)]
                values[i, 0, r] = WEEKS * (1000.0 + COSTS[name] + 5.0 * luck[0] + part[0])
                values[i, 1, r] = 80.0 + EFFECTS[name] + luck[1] + part[1]
        return Runs(METRICS, values)


def known(arms: Known | None = None, names: tuple[str, ...] = NAMES, first: int = 20, **asked: object) -> Sample:
    settings = decide_settings({"metrics": ["service_quality", "cost_total"], "resamples": 500, **asked})
    return sample(arms or Known(), settings, names, first, WEEKS)  # type: ignore[arg-type]


def found(controls: tuple[str, ...] = (), **asked: object) -> Evidence:
    return Evidence(known(**asked), (), 1, controls)  # type: ignore[arg-type]


# -- a study whose answer is known -----------------------------------------------------------------------------------


def test_the_best_is_found_and_the_runner_up_with_its_distance():
    evidence = found()
    s = evidence.sample
    assert s.scenarios[evidence.best] == "dear"
    assert s.state.done
    assert [s.scenarios[i] for i in evidence.ranked] == ["dear", "middle", "cheap", "base", "twin", "worse"]
    assert evidence.runner_up == NAMES.index("middle")
    # noise .1 on each side: the mean difference has a standard error of .1 x sqrt(2 / n)
    assert float(evidence.lead.mean) == pytest.approx(0.8, abs=4 * 0.1 * math.sqrt(2 / s.n))
    assert evidence.with_best is not None
    assert evidence.with_best.candidates == (NAMES.index("dear"),)
    assert dict(in_short(evidence))["How sure"].endswith("percentage points behind.")
    assert answer(evidence).startswith("Dear is the best of 6 scenarios in service quality: +2.0")


def test_differences_in_the_family_and_against_their_margins():
    table = found(margins={"service_quality": 1.1, "cost_total": 150.0}).table.set_index(["scenario", "metric"])
    quality, cost = (table.xs(m, level="metric") for m in ("service_quality", "cost_total"))
    assert dict(quality["rejected"]) == {"cheap": True, "middle": True, "dear": True, "worse": True, "twin": False}
    assert tuple(quality.loc["twin", ["difference", "difference_low", "difference_high", "p"]]) == (0.0, 0.0, 0.0, 1.0)
    assert dict(quality["equivalence"]) == {
        "cheap": "equivalent", "middle": "different", "dear": "different", "worse": "equivalent", "twin": "equivalent",
    }  # fmt: skip
    assert set(quality["no_worse"]) == {"no worse"}
    assert dict(cost["no_worse"]) == {
        "cheap": "no worse", "middle": "worse", "dear": "worse", "worse": "worse", "twin": "no worse",
    }  # fmt: skip
    # shared luck of variance 1, own noise .01 a side: 1 - .02 / 2.02 of the variance goes
    assert quality.loc["dear", "variance_reduction"] == pytest.approx(1 - 0.02 / 2.02, abs=0.02)
    assert quality.loc["twin", "variance_reduction"] == 1.0


def test_what_it_costs_dominance_and_the_worth_that_changes_the_answer():
    evidence = found()
    status = {evidence.sample.scenarios[p.scenario]: p.status for p in evidence.places}
    assert status == {"base": FRONTIER, "twin": SAME, "cheap": FRONTIER, "worse": DOMINATED, "dear": FRONTIER,
                      "middle": DOMINATED}  # fmt: skip
    first, second = evidence.thresholds
    assert (NAMES[first.before], NAMES[first.after], NAMES[second.after]) == ("base", "cheap", "dear")
    # 10 cu for the first point, 40 more for the second; a point is known to .1 x sqrt(2 / 20) = .032
    assert first.worth == pytest.approx(10.0, abs=4 * (0.32 + 0.032))
    assert second.worth == pytest.approx(40.0, abs=4 * (1.28 + 0.032))
    assert all(t.low < t.worth < t.high < 2 * t.worth for t in (first, second))
    a = evidence.acceptability_table
    assert set(a["scenario"]) == {"base", "cheap", "middle", "dear", "worse"}  # a twin is the base under another name
    assert a.groupby("worth")["probability"].sum().to_numpy() == pytest.approx(1.0)
    surest = a.loc[a.groupby("worth")["probability"].idxmax()].set_index("worth")["scenario"]
    assert [surest.iloc[0], surest[surest.index.to_series().between(20, 30)].iloc[0], surest.iloc[-1]] == [
        "base", "cheap", "dear",
    ]  # fmt: skip
    told = dict(in_short(evidence))
    assert re.search(r"base at first, cheap from 10\.\d+ \[.*dear from [34]\d\.\d+ \[", told[_WORTH])
    assert EXTENDEDLY not in status.values()


_WORTH = "What could overturn it: the worth of a point"


def test_net_benefit_as_the_criterion_takes_the_worth_into_account():
    for worth, best in ((5.0, "base"), (20.0, "cheap"), (60.0, "dear")):
        evidence = found(criterion="net_benefit", worth=worth, indifference=2.0)
        assert evidence.sample.scenarios[evidence.best] == best
    contrast = contrast_of(evidence)
    assert (contrast.one, contrast.other) == ("dear", "cheap")
    assert contrast.weights == {"service_quality": 60.0, "cost_total": -1.0 / WEEKS}


def test_a_criterion_of_which_less_is_better():
    evidence = found(criterion="cost_total", indifference=50.0, names=("dear", "base", "cheap"))
    assert evidence.sample.scenarios[evidence.best] == "base"
    assert re.search(r"−\d+\.\d \[−\d+\.\d, −\d+\.\d\] cu against dear", answer(evidence))
    assert evidence.gain(evidence.best)[0] == pytest.approx(-50.0 * WEEKS, abs=4 * 0.1 * WEEKS * math.sqrt(2 / 20))


def test_a_control_is_compared_but_never_recommended():
    evidence = found(controls=("middle", "cheap", "twin"))
    s = evidence.sample
    assert evidence.runner_up == NAMES.index("base")  # middle and cheap come before it
    assert evidence.table.set_index(["scenario", "metric"]).loc[("middle", "service_quality"), "rejected"]
    (only,) = evidence.thresholds
    assert (NAMES[only.before], NAMES[only.after]) == ("base", "dear")
    assert only.worth == pytest.approx(25.0, abs=4 * (0.32 + 0.032))  # 50 cu for two points
    status = {s.scenarios[p.scenario]: p.status for p in evidence.places}
    assert [name for name in NAMES if status[name] == CONTROL] == ["cheap", "middle", "twin"]
    assert not {"cheap", "middle"} & set(evidence.acceptability_table["scenario"])
    assert "middle" not in " ".join([answer(evidence), *dict(in_short(evidence)).values()])
    first = found(controls=("dear",))
    assert "it is a negative control and no improvement to recommend: of the others, middle is ahead" in answer(first)


def test_what_scenarios_set_directly_is_said_of_all_of_them():
    evidence = found(controls=("middle",))
    direct = {"cheap": ("assurance",), "middle": ("reliability",), "worse": ("empathy",), "dear": ()}
    notes = findings(evidence, direct, promising=["middle"]).notes
    told = [note.text for note in notes if note.standing == "In part true by construction"]
    assert [text.split()[0] for text in told] == ["Cheap", "Middle", "Worse"]  # dear, the best, sets nothing
    assert "system.perception.assimilation" in told[1]
    assert told[1].endswith("It is a negative control: a gain is no improvement.")


def test_margins_are_the_half_widths_wanted_where_none_are_given():
    table = found(metrics=["service_quality", "cost_total"], indifference=0.05).table
    assert len(set(table["n"])) == 1
    assert table["n"].iloc[0] > 20  # so that the base's mean is another one than in the first stage
    assert (table["margin"] == table["half_width_wanted"]).all()


def test_a_cap_below_the_least_number_is_named_as_what_keeps_precision_from_being_met():
    capped = Evidence(known(first=10, most_replications=10, indifference=1.0), (), 1)
    assert all(p.too_early for p in capped.sample.precisions.values())
    settings = settings_from(compose_config(["experiment=decide"]))
    told = warnings_of(settings, capped)
    assert sum("from 20 replications on" in text for text in told) == 1
    assert not any("not as precise" in text for text in told)


def test_scenarios_that_are_as_good_as_equal_are_called_so():
    told = dict(in_short(found(names=("base", "cheap", "middle"))))
    assert "told apart, but closer than what was said to matter (0.25 percentage points)" in told["How sure"]
    same = found(names=("base", "twin"))
    assert same.runner_up is None
    assert answer(same) == "There is nothing to decide: all scenarios do the same in every replication."
    assert same.thresholds == ()
    alone = found(names=("base", "worse"))
    assert answer(alone).startswith("No scenario is chosen over base")
    assert _WORTH in dict(in_short(alone))


def test_replications_grow_until_precise_enough_and_what_the_cap_leaves_open_is_said():
    arms = Known(noise=1.0)
    wanted = {"indifference": 1.0, "precision": {"service_quality": 0.25, "cost_total": 1000.0}}
    s = known(arms, most_replications=1000, **wanted)
    assert all(p.met for p in s.precisions.values())
    assert arms.sizes[0] == 20
    assert arms.sizes == sorted(set(arms.sizes))
    # t-interval of a difference with sd sqrt 2: 1.96 x sqrt(2 / n) = .25 at n = 123; the sd known to 4 x 6 %
    assert 123 * 0.76**2 < s.n < 123 * 1.24**2 * 1.15
    assert s.n >= (s.state.most or 0)
    capped = Evidence(known(Known(noise=1.0), most_replications=30, **wanted), (), 1)
    assert capped.sample.n == 30
    open_ones = [p for p in capped.sample.precisions.values() if not p.met]
    assert open_ones
    assert all(p.needed > 30 for p in open_ones)
    settings = settings_from(compose_config(["experiment=decide"]))
    sentences = warnings_of(settings, capped)
    assert any("Service quality: the difference to the base is not as precise" in text for text in sentences)
    assert results_of(capped)["replications"]["needed"] == max(
        *(p.needed for p in open_ones), capped.sample.state.most or 0
    )


def test_the_sample_grows_by_variances_not_by_who_is_ahead(monkeypatch: pytest.MonkeyPatch):
    sizes = []
    for effect in (1.0, 1.2, 3.0):  # the same noise around other means
        monkeypatch.setitem(EFFECTS, "cheap", effect)
        arms = Known(noise=1.0)
        known(arms, names=("base", "cheap", "middle"), most_replications=400)
        sizes.append(arms.sizes)
    assert len(sizes[0]) > 1
    assert sizes[0] == sizes[1] == sizes[2]


def test_after_ctrl_c_the_last_complete_stage_is_what_there_is():
    s = known(Known(noise=1.0, most=20), precision={"service_quality": 0.25})
    assert (s.n, s.interrupted) == (20, True)
    with pytest.raises(Interrupted):
        known(Known(most=10))


def test_a_metric_that_the_system_does_not_have_is_named():
    with pytest.raises(InvalidInput, match=r"decide\.criterion = gap: is not measured"):
        known(criterion="gap", indifference=0.1)
    with pytest.raises(InvalidInput, match=r"decide\.metrics = profit"):
        known(metrics=["service_quality", "profit"])


# -- warm-up ----------------------------------------------------------------------------------------------------------


def test_weeks_from_time_0_are_those_of_the_weekly_series():
    blueprint = load_blueprint("order_to_delivery", ["system.horizon={warm_up: 160.0, measured: 320.0}"])
    journal = simulate(((0.0, blueprint),), 1, 0, "compiled", False, "summary")
    values, series = measure_weeks(journal), weekly_series(journal)
    for name in ("service_quality", "lead_time_mean", "failure_share", "utilisation_mean"):
        numbers = sorted(int(key.split("@")[1]) for key in values if key.startswith(f"{name}@"))
        assert numbers == list(range(12))  # four weeks of warm-up, eight measured
        assert [values[f"{name}@{4 + i}"] for i in range(8)] == series[name].tolist()


def test_a_known_start_is_seen_and_a_short_pilot_says_nothing():
    weeks = np.arange(104)
    rng = np.random.default_rng(3)
    path = 10.0 + 20.0 * (weeks < 20) + rng.normal(0.0, 1.0, (8, 104))
    names = tuple(f"lead_time_mean@{w}" for w in weeks)
    (seen,) = settling(Runs(names, path.T[None]), 40.0, 320.0)
    assert seen.advice.reliable
    assert not seen.advice.enough
    assert seen.advice.needed == pytest.approx(20 * 40.0, abs=5 * 40.0)  # to a batch of five weeks
    assert settling(Runs(names[:11], path.T[None, :11]), 40.0, 320.0) == ()
    path[:, 0] = np.nan  # nothing was delivered in the first week
    (gap,) = settling(Runs(names, path.T[None]), 40.0, 320.0)
    assert gap.mean[0] == gap.mean[1]


# -- end to end -------------------------------------------------------------------------------------------------------

TINY = ["experiment=decide", "replications=6", "decide.most_replications=6", "decide.pilot_replications=2",
        "decide.pilot_weeks=14", "decide.resamples=100", "system.horizon={warm_up: 160.0, measured: 320}"]  # fmt: skip
FEW = "scenario=[do_nothing,empowerment,placebo]"


def test_negative_controls_are_not_chosen_and_not_called_improvements(main: Main):
    """A placebo changes nothing, the campaign lifts morale for a few weeks and nothing else, and to promise more is
    neither the best way to service quality nor to profit within half a year (interventions of model.md)."""
    controls = "scenario=[do_nothing,placebo,communication_campaign,overpromising,empowerment]"
    words = ["experiment=decide", controls, "replications=20", "decide.most_replications=20", "decide.pilot_weeks=12",
             "decide.pilot_replications=2", "decide.metrics=[service_quality,profit]"]  # fmt: skip
    code, out, err = main(*words, "n_jobs=1", "hydra.run.dir=here")
    assert (code, err) == (0, "")
    decision = json.loads(Path("here/results.json").read_text())["decision"]
    assert decision["best"] == "empowerment"
    assert decision["decided"]
    assert not any(decision["with_best"][name]["may_be_best"] for name in ("placebo", "overpromising"))
    compared = decision["comparisons"]
    for metric in ("service_quality", "profit"):
        assert compared["placebo"][metric]["difference"] == 0.0
        assert not compared["placebo"][metric]["rejected"]
        assert not compared["communication_campaign"][metric]["rejected"]
    assert compared["overpromising"]["profit"]["difference"] < 0.0
    assert set(decision["controls"]) == {"placebo", "communication_campaign", "overpromising"}
    assert decision["runner_up"] == "do_nothing"
    assert not {x for t in decision["worth_thresholds"] for x in (t["before"], t["after"])} & set(decision["controls"])
    assert compared["empowerment"]["service_quality"]["rejected"]
    assert set(decision["acceptability"]["probability"]) == {"do_nothing", "empowerment"}
    assert "as the chosen" not in out
    page = re.sub(r"<[^>]+>", " ", Path("here/report.html").read_text())
    assert "Overpromising changes what is promised" in page


def test_what_overpromising_gains_is_assimilation_and_nothing_else():
    """With perception that is not drawn towards the prediction, promising more delivers nothing and disappoints: the
    sign of its difference turns (model.md 2.1, 2.3)."""
    words = ["experiment=decide", "scenario=[do_nothing,overpromising]", "n_jobs=1", "decide.most_replications=20"]
    words += ["decide.metrics=[service_quality]", "system.perception.assimilation=0"]
    settings = settings_from(compose_config(words))
    arms = Arms(base_of(settings, [{"scenario": name} for name in names_of(settings)]), measure, settings.execution)
    weeks = settings.blueprint.horizon.measured / settings.blueprint.calendar.week
    taken = sample(arms, decide_settings(settings.decide), names_of(settings), 20, weeks)
    decision = results_of(Evidence(taken, (), settings.seed, settings.controls))
    quality = decision["comparisons"]["overpromising"]["service_quality"]
    assert decision["best"] == "do_nothing"
    assert quality["difference_high"] < 0.0


def test_the_experiment_leaves_everything_it_says(main: Main):
    code, out, err = main(*TINY, FEW, "n_jobs=1", "hydra.run.dir=here")
    assert (code, err) == (0, "")
    assert out.rstrip().endswith(str(Path("here/report.html")))
    folder = Path("here")
    results = json.loads((folder / "results.json").read_text())
    decision = results["decision"]
    assert results["replications"] == decision["replications"]["used"] == 6
    assert set(decision["guarantee"]) == {"confidence", "indifference", "reached", "used", "most"}
    table = pd.read_csv(folder / "decision.csv")
    assert len(table) == 2 * 5
    kpis = pd.read_csv(folder / "kpis.csv")
    one = kpis[kpis["metric"] == "service_quality"].pivot(index="replication", columns="scenario", values="value")
    by_hand = (one["empowerment"] - one["do_nothing"]).mean()
    row = table[(table["scenario"] == "empowerment") & (table["metric"] == "service_quality")].iloc[0]
    assert row["difference"] == pytest.approx(by_hand)
    cost = pd.read_csv(folder / "cost_effectiveness.csv").set_index("scenario")
    total = kpis[kpis["metric"] == "cost_total"].groupby("scenario")["value"].mean()
    assert cost.loc["do_nothing", "cost"] == pytest.approx(total["do_nothing"] / 8)  # eight weeks
    assert cost.loc["placebo", "status"] == CONTROL
    assert len(pd.read_csv(folder / "acceptability.csv")) == 41 * 2
    page = (folder / "report.html").read_text()
    assert page.count("<figure>") == page.count('role="img"') == 4
    assert page.count("The figure in words and numbers") == 4
    assert "nan" not in re.sub(r"<[^>]+>", " ", page).lower().split()
    assert {p.name for p in (folder / "figures").iterdir()} == {
        f"{name}.{kind}" for name in ("differences", "cost_effectiveness", "acceptability", "warm_up")
        for kind in ("svg", "png")
    }  # fmt: skip
    assert "not as precise as wanted" in out  # six replications cannot be
    code, _, _ = main(*TINY, FEW, "n_jobs=2", "execution=threads", "hydra.run.dir=there")
    assert code == 0
    for name in ("results.json", "decision.csv", "acceptability.csv", "kpis.csv", "report.html"):
        assert (folder / name).read_bytes() == (Path("there") / name).read_bytes(), name


def test_ctrl_c_in_the_second_stage_keeps_the_first(main: Main, monkeypatch: pytest.MonkeyPatch):
    whole = Arms.run

    def once(self: Arms, arms: list[dict[str, str]], replications: int, label: str) -> Runs:
        if replications > 6:
            raise Interrupted
        return whole(self, arms, replications, label)

    monkeypatch.setattr(Arms, "run", once)
    words = [word for word in TINY if "most" not in word]
    code, out, _ = main(*words, FEW, "n_jobs=1", "hydra.run.dir=here")
    assert code == 0
    assert "Stopped early: this is what 6 replications of each scenario say." in out
    assert json.loads(Path("here/results.json").read_text())["decision"]["interrupted"] is True


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("decide.criterion=service_qualty", "decide.criterion = service_qualty: unknown metric"),
        ("decide.criterion=cost_operating", "decide.criterion = cost_operating: is neither good nor bad by itself"),
        ("decide.criterion=profit", "decide.indifference: give the smallest difference that matters"),
        ("decide.criterion=net_benefit decide.indifference=5", "decide.worth: give what a point"),
        ("decide.study=steady", "decide.study = steady: allowed: terminating, steady_state"),
        ("decide.cost=failure_share", "decide.cost = failure_share: must be a metric in currency units (cu)"),
        ("decide.metrics=[profit,profit]", "decide.metrics = ('profit', 'profit'): names a metric twice"),
        ("decide.precision={retention:1}", "decide.precision.retention: unknown metric"),
        ("decide.precision={profit:0}", "decide.precision.profit = 0: must be a number above 0"),
        ("decide.margins={profit:{share:0.1}}", "decide.margins.profit.share: unknown parameter"),
        ("decide.confidence=1.0", "decide.confidence = 1.0: must lie above 0.5 and below 1"),
        ("decide.indifference=0", "decide.indifference = 0.0: must be a number > 0"),
        ("decide.worths={low:10,high:5}", "decide.worths.high = 5.0: must be above low = 10"),
        ("decide.most=5", "decide.most: unknown parameter"),
        ("replications=4", "replications = 4: must be a whole number from 5 to 100 (decide.most_replications)"),
        ("scenario=[do_nothing]", "scenario = do_nothing: select at least two scenarios"),
        ("decide.sensitivity=perhaps", "decide.sensitivity = perhaps:"),
        (
            "decide.study=steady_state allow_unstable=true system.arrivals.customers=2000",
            "decide.study = steady_state: there is none in do_nothing: staff pool",
        ),
    ],
)
def test_bad_input_is_one_line(main: Main, words: str, message: str):
    code, out, err = main("experiment=decide", *words.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"gapline: {message}"), err
    assert err.count("\n") == 1


def test_the_summary_has_a_line_for_every_scenario():
    lines = summary(found()).splitlines()
    assert [line.split()[0] for line in lines[1:7]] == ["dear", "middle", "cheap", "base", "twin", "worse"]
    assert "chosen" in lines[1]


def test_distances_are_absolute_or_shares_of_the_base():
    asked = Decide(precision={"profit": {"relative": 0.1}, "service_quality": 0.5}, margins={"service_quality": 1.0})
    assert asked.precision_of("profit").of(-200.0) == 20.0
    assert asked.precision_of("service_quality").of(90.0) == 0.5
    assert (asked.margin_of("service_quality").of(90.0), asked.margin_of("profit").of(100.0)) == (1.0, 10.0)
    assert asked.precision_of("cost_total").of(1000.0) == 5.0
