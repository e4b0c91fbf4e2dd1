"""Reports redrawn from the folders of finished runs, and runs side by side."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pictures import empty_png

import run
from analysis import experiments
from analysis.experiments import report as report_experiment
from analysis.figures import style
from analysis.past_runs.kept import Own, keep, restore
from analysis.past_runs.redraw import NAME, REDRAWN, read_kpis, read_past
from analysis.past_runs.side_by_side import COMPARED, paired_difference, set_side_by_side, welch_difference
from analysis.run_folder import RunFolder
from scenarios.compose import compose_config
from scenarios.config import Settings, settings_from
from sim.invalid import InvalidInput

QUICK = ("n_jobs=1", "system.horizon.warm_up=0", "system.horizon.measured=80")
SHORT = ("scenario=[do_nothing,expectation_management]", *QUICK)
RUNS: Mapping[str, tuple[str, ...]] = {
    "compare": (*SHORT, "replications=3"),
    "factorial": ("experiment=factorial", *QUICK, "replications=2"),
    "decide": (
        "experiment=decide", *SHORT, "replications=5", "decide.most_replications=6", "decide.pilot_replications=2",
        "decide.pilot_weeks=14", "decide.resamples=100",
        "decide.sensitivity={trajectories: 2, sobol: 4, replications: 2, tornado_replications: 2, "
        "reversal_replications: 2, bisections: 1, grid: 3, strongest: 2, sheet: false}",
        "decide.ranges={system.perception.halo: {low: 0.0, high: 0.6}, "
        "system.recovery.recovered_damage: {low: 0.0, high: 1.0}}",
    ),
    "diagnose": (
        "experiment=diagnose", *QUICK, "replications=2", "diagnose.exact=1", "diagnose.permutations=4",
        "diagnose.metrics=[failure_share,gap5]",
    ),
    "claims": ("experiment=claims", "claim=[C01]", "claims.replications=10", "n_jobs=1", "claims.store=@/c.sqlite"),
    "starting_points": (
        "experiment=starting_points", *QUICK, "system.horizon.measured=160", "system.arrivals.customers=60",
        "starting_points.last_weeks=1", "replications=2",
    ),
    "output_checks": (
        "experiment=output_checks", *QUICK, "system.arrivals.customers=60", "replications=2", "output_checks.units=4",
    ),
    "ten_stage": (
        "experiment=ten_stage", "n_jobs=1", "replications=2", "ten_stage.orders=2000", "ten_stage.grid_orders=400",
    ),
    "compounding": (
        "experiment=compounding", "n_jobs=1", "replications=3", "compounding.stages=3", "compounding.orders=600",
        "compounding.check_orders=300",
    ),
    "survey": ("experiment=survey", "survey.file=@/answers.csv", "survey.weights={reliability: 60, empathy: 40}"),
    "trace": (
        "experiment=trace", *QUICK, "scenario=[do_nothing,expectation_management]",
        "trace.scenario=expectation_management",
    ),
    "sweep": (
        "experiment=sweep", *QUICK, "replications=2", "sweep.store=@/s.sqlite", "sweep.export=@/all.parquet",
        "sweep.over={system.stages.order_entry.error: [0.005, 0.02], scenario: [do_nothing, process_redesign]}",
    ),
}  # fmt: skip
HOSTILE = "<script>alert(1)</script>"
ANSWERS = """respondent,item,dimension,expectation,perception
Ann,prompt,reliability,5,4
Ann,right,reliability,4,4
Ann,kind,empathy,5,3
Bob,prompt,reliability,5,2
Bob,right,reliability,3,4
Bob,kind,empathy,4,4
Cid,prompt,reliability,9,4
Cid,right,reliability,4,3
"""


def play(*words: str) -> None:
    """`run.main()`; pictures are drawn in full for one experiment, the others' have what makes them in their SVG."""
    with pytest.MonkeyPatch.context() as patch:
        if "experiment=survey" not in words and not any(word.endswith("/survey") for word in words):
            patch.setattr(style, "write_png", empty_png)
        patch.setattr(sys, "argv", ["run.py", *words])
        run.main()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of each experiment that can be redrawn, and one of compare with another seed and promise."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "answers.csv").write_text(ANSWERS)
    for name, words in RUNS.items():
        play(*(word.replace("@", str(folder)) for word in words), f"hydra.run.dir={folder / name}")
    for used in ("answers.csv", "c.sqlite", "s.sqlite", "all.parquet"):  # none of which redrawing needs
        (folder / used).unlink()
    play(*SHORT, "replications=4", "seed=2", "system.promise.level=0.8", f"hydra.run.dir={folder / 'other'}")
    return folder


# --------------------------------------------------------------------------------------------------------- redrawing


@pytest.mark.parametrize("name", RUNS)
def test_a_redrawn_run_is_the_run(folders: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Report, figures, tables and results to the byte: they follow from what is kept, and nothing is run."""
    play("experiment=report", f"run={folders / name}", f"hydra.run.dir={tmp_path / 'again'}")
    assert f"Report: {tmp_path / 'again' / 'report.html'}" in capsys.readouterr().out
    told = {"manifest.json", "stress_des.md"}  # when and by which command
    for path in sorted((folders / name).rglob("*")):
        if path.is_file() and ".hydra" not in path.parts and path.name not in told:
            other = tmp_path / "again" / path.relative_to(folders / name)
            assert other.read_bytes() == path.read_bytes(), path.name
    assert not (folders / "s.sqlite").exists()
    assert not (folders / "all.parquet").exists()


def test_every_experiment_with_a_redraw_is_listed_and_tried() -> None:
    modules = {m.name: import_module(f"analysis.experiments.{m.name}") for m in iter_modules(experiments.__path__)}
    assert {name for name, module in modules.items() if hasattr(module, "redraw")} == set(REDRAWN) == set(RUNS)


def test_of_a_survey_figures_are_kept_and_nobodys_answers(folders: Path) -> None:
    kept = json.loads((folders / "survey" / NAME).read_text())["content"]
    assert kept["respondents"] == 3
    assert not any(name in json.dumps(kept) for name in ("Ann", "Bob", "Cid"))


def test_data_that_a_past_run_has_lost_is_left_out(folders: Path, tmp_path: Path) -> None:
    folder = copied(folders, tmp_path, "sweep")
    redraw(folder, tmp_path)
    assert (tmp_path / "new" / "report.html").read_bytes() == (folders / "sweep" / "report.html").read_bytes()
    assert not (tmp_path / "new" / "points.csv").exists()
    (folder / "points.csv").symlink_to(folders / "sweep" / "points.csv")
    with pytest.raises(InvalidInput, match="no regular file"):
        redraw(folder, tmp_path)


def test_a_swept_survey_is_not_read_again(folders: Path, tmp_path: Path) -> None:
    folder = copied(folders, tmp_path, "sweep")
    whole = json.loads((folder / NAME).read_text())
    points = [{**point, "expectations.survey": "/nowhere/answers.csv"} for point in whole["content"]["points"]]
    change(folder, "content/points", points)
    change(folder, "content/results/levels", {})
    redraw(folder, tmp_path)
    assert "/nowhere/answers.csv" in (tmp_path / "new" / "results.json").read_text()


def test_a_run_is_not_redrawn_over_itself(folders: Path) -> None:
    settings = settings_from(compose_config(["experiment=report", f"run={folders / 'compare'}"]))
    with pytest.raises(InvalidInput, match="is the run itself"):
        report_experiment.run(settings, RunFolder(folders / "compare", []))


def copied(folders: Path, tmp_path: Path, run_of: str = "compare") -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in (NAME, "kpis.csv", "results.json"):
        if (folders / run_of / name).exists():
            shutil.copy(folders / run_of / name, folder / name)
    return folder


def change(folder: Path, path: str, value: Any) -> None:
    whole = json.loads((folder / NAME).read_text())
    *parents, last = path.split("/")
    node = whole
    for part in parents:
        node = node[int(part) if isinstance(node, list) else part]
    node[int(last) if isinstance(node, list) else last] = value
    (folder / NAME).write_text(json.dumps(whole))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("schema", 99, "not one that this version writes"),
        ("experiment", "teach", "experiment that can be redrawn"),
        ("experiment", "../compare", "experiment that can be redrawn"),
        ("experiment", ["compare"], "experiment that can be redrawn"),
        ("experiment", "factorial", "names two experiments"),
        ("config", [], "must be a mapping"),
        ("config/seed", "${oc.env:HOME}", "refers to something outside"),
        ("config/seed", -1, "configuration is refused: seed"),
        ("config/system/horizon", 3, "configuration is refused"),
        ("survey_rows", "x", "rows of numbers"),
        ("content", None, "other contents"),
        ("content/finished", 7, "3 replications in kpis.csv where 7"),
        ("content/finished", "7", "must be of type int"),
        ("content/facts", {"delivered": "high"}, "must be a number"),
        ("content/weekly", {"gap": {"shape": [2, 2], "dtype": "float64", "values": [1]}}, "must have 4 values"),
        ("content/weekly", {"gap": {"shape": [1], "dtype": "float64", "values": [1]}}, "other scenarios"),
        ("content/weekly", {"gap": {"shape": [1], "dtype": "object", "values": ["os"]}}, "must be an array"),
        ("content/stages", {"scenario": ["a"], "stage": []}, "columns of equal length"),
        ("content/stages", {"scenario": ["a"]}, "must have scenario, stage, metric and value"),
    ],
)
def test_a_folder_that_was_tampered_with_is_refused_in_one_line(
    folders: Path, tmp_path: Path, path: str, value: Any, words: str
) -> None:
    folder = copied(folders, tmp_path)
    change(folder, path, value)
    refused(folder, tmp_path, words)


def refused(folder: Path, tmp_path: Path, words: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        redraw(folder, tmp_path)
    assert words in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("content", [None, 7, "x", [], {}, [[[]]], {"a": {"b": 1}}])
def test_contents_that_are_none_are_refused_in_one_line(
    folders: Path, tmp_path: Path, name: str, content: object
) -> None:
    folder = copied(folders, tmp_path, name)
    change(folder, "content", content)
    refused(folder, tmp_path, "")


@pytest.mark.parametrize(
    ("name", "path", "value", "words"),
    [
        ("starting_points", "content/ends", {"start": ["low"], "metric": []}, "columns of equal length"),
        ("starting_points", "content/ends/value/0", "much", "does not fit together"),
        ("starting_points", "content/paths", {}, "does not fit together"),
        ("output_checks", "content/bases/0/0", "first", "must be of type int"),
        ("output_checks", "content/firms/0/1/morale", "high", "must be a number"),
        ("output_checks", "content/firms/0/1", {}, "does not fit together"),
        ("ten_stage", "content/0/1/orders", 0.5, "must be of type int"),
        ("ten_stage", "content/0/1/affected", [], "must be a number"),
        ("ten_stage", "content/0/1/affected", {"shape": [1], "dtype": "int64", "values": [1]}, "other points"),
        ("ten_stage", "content/0/0", ["elsewhere", 0], "other points"),
        ("compounding", "content/chain/p", [0.1, 7], "must be"),
        ("compounding", "content/simulated/errors", {"shape": [1], "dtype": "float64", "values": [1]}, "replications"),
        ("survey", "content/overall/gap", "wide", "must be a number"),
        ("survey", "content/overall/ci", [], "does not fit together"),
        ("survey", "content/item_gaps/0", {}, "lacks something"),
        ("survey", "config/survey/file", None, "configuration is refused: survey.file"),
        ("trace", "content/lead_times", {"shape": [1], "dtype": "float64", "values": [1]}, "other bins"),
        ("trace", "content/way/visits", [{}], "lacks something"),
        ("trace", "content/stages", {"a": [1]}, "does not fit together"),
        ("sweep", "content/points", [], "other points or metrics"),
        ("sweep", "content/points/0", {"scenario": "do_nothing"}, "other points or metrics"),
        ("sweep", "content/points/0/scenario", "../hiring", "unknown scenario"),
        ("sweep", "content/results/base", -1, "other points or metrics"),
        ("sweep", "content/results/metrics/0", "<b>", "other points or metrics"),
        ("sweep", "content/results/levels", {"scenario": []}, "other points or metrics"),
        ("sweep", "content/given_up", [[[9, 0], "why"]], "does not fit together"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(
    folders: Path, tmp_path: Path, name: str, path: str, value: Any, words: str
) -> None:
    folder = copied(folders, tmp_path, name)
    change(folder, path, value)
    refused(folder, tmp_path, words)


def redraw(folder: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "write_png", empty_png)
        report_experiment.run(replace(asked(), run=str(folder)), RunFolder(tmp_path / "new", []))


@cache
def asked() -> Settings:
    return settings_from(compose_config(["experiment=report"]))


def test_other_files_than_ours_are_refused(folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(folders, tmp_path)
    with pytest.raises(InvalidInput, match="is no folder"):
        read_past(str(folder / NAME), "run")
    with pytest.raises(InvalidInput, match=r"has no redraw\.json"):
        read_past(str(tmp_path), "run")
    (folder / NAME).write_text("{" * 100_000)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_past(str(folder), "run")
    (folder / NAME).unlink()
    (folder / NAME).symlink_to(folders / "compare" / NAME)
    with pytest.raises(InvalidInput, match="no regular file"):
        read_past(str(folder), "run")
    monkeypatch.setattr("analysis.past_runs.redraw._LARGEST", 1000)
    with pytest.raises(InvalidInput, match="is larger than"):
        read_past(str(folders / "compare"), "run")


@pytest.mark.parametrize(
    "text",
    [
        "", "\x00\xff", "scenario,replication,metric,value\n", "a,b\n1,2\n",
        "scenario,replication,metric,value\ndo_nothing,x,gap,1\n",
        "scenario,replication,metric,value\ndo_nothing,0,gap,1\ndo_nothing,0,gap,2\n",
    ],
)  # fmt: skip
def test_metrics_that_are_no_table_are_refused(folders: Path, tmp_path: Path, text: str) -> None:
    folder = copied(folders, tmp_path)
    (folder / "kpis.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidInput, match=r"kpis\.csv"):
        read_kpis(read_past(str(folder), "run"))


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("compare", {"config/system/name": HOSTILE}),
        ("survey", {"content/cleaning/0/check": HOSTILE, "content/warnings": [HOSTILE]}),
        ("trace", {"content/steps/0/what": HOSTILE, "content/order/Orders": HOSTILE}),
        ("sweep", {"content/warnings": [HOSTILE], "content/given_up": [[[0, 0], HOSTILE]]}),
    ],
)
def test_hostile_names_in_a_folder_stay_text(folders: Path, tmp_path: Path, name: str, changed: dict[str, Any]) -> None:
    folder = copied(folders, tmp_path, name)
    for path, value in changed.items():
        change(folder, path, value)
    redraw(folder, tmp_path)
    html = (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert") >= len(changed)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name the folder of a finished run"),
        (("report.compare=[a]",), "from 2 to 6"),
        (("run=a", "report.compare=[a,b]"), "is for one run"),
        (("report.compare=[a,b]",), "report.compare[0] = a: is no folder"),
    ],
)
def test_what_is_asked_is_checked(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        report_experiment.check(settings_from(compose_config(["experiment=report", *words])))
    assert told in str(fault.value)


# -------------------------------------------------------------------------------------------------------- side by side


def side(folders: Path, *names: str) -> Any:
    pasts = [read_past(str(folders / name), "run") for name in names]
    return set_side_by_side([(past, read_kpis(past)) for past in pasts])


def test_runs_of_one_seed_are_paired_and_those_of_others_are_not(folders: Path) -> None:
    found = side(folders, "compare", "decide", "other")
    kinds = found.differences.groupby("run")["interval"].unique().map(list).to_dict()
    assert kinds == {"B": ["paired"], "C": ["Welch"]}
    same = found.differences[found.differences["run"] == "B"]
    assert set(same["n"]) == {3}  # those that both have
    assert (same[["difference", "difference_low", "difference_high"]] == 0.0).all(axis=None)  # the very same runs
    paths = [row[0] for row in found.settings]
    assert {"seed", "system.promise.level", "experiment"} <= set(paths)
    assert "n_jobs" not in paths
    assert next(row for row in found.settings if row[0] == "system.promise.level")[1:] == ("0.85", "0.85", "0.8")


def test_differences_are_those_of_the_textbook() -> None:
    from scipy import stats

    random = np.random.default_rng(2)
    one, other = random.normal(5, 1, 9), random.normal(6, 3, 14)
    mean, low, high, n, freedom = welch_difference(one, other)
    known = stats.ttest_ind(other, one, equal_var=False)
    interval = known.confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((other.mean() - one.mean(), interval.low, interval.high))
    assert freedom == pytest.approx(known.df)
    assert n == 9
    paired = stats.ttest_rel(other[:9], one)
    interval = paired.confidence_interval(0.95)
    assert paired_difference(one, other[:9])[1:3] == pytest.approx((interval.low, interval.high))
    assert np.isnan(welch_difference(one[:1], other)[1])


def test_runs_without_metrics_by_replication_are_refused_and_those_that_can_be_compared_are_named(
    folders: Path,
) -> None:
    for name in sorted({*RUNS, "teach"} - set(COMPARED)):
        folder = folders / name
        if name == "teach":  # which leaves no run to redraw
            folder.mkdir()
            (folder / "results.json").write_text('{"experiment": "teach"}')
        both = {"compare": [str(folders / "compare"), str(folder)]}
        with pytest.raises(InvalidInput) as fault:
            report_experiment.check(replace(asked(), report=both))
        assert str(fault.value) == (
            f"report.compare[1] = {folder}: is a run of {name}, which cannot be set side by side; "
            f"these can: {', '.join(COMPARED)}"
        )


def test_every_run_that_can_be_compared_has_means(folders: Path) -> None:
    found = side(folders, *COMPARED)
    shared = found.means[found.means["metric"] == "failure_share"]
    assert list(dict.fromkeys(shared["run"])) == ["A", "B", "C", "D", "E"]


def test_the_page_side_by_side(folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(
        "experiment=report", f"report.compare=[{folders / 'compare'},{folders / 'other'}]",
        f"hydra.run.dir={tmp_path / 'both'}",
    )  # fmt: skip
    out = capsys.readouterr().out
    assert "Welch's, of independent runs." in out
    html = (tmp_path / "both" / "report.html").read_text(encoding="utf-8")
    assert "system.promise.level" in html
    assert str(folders) not in html
    results = json.loads((tmp_path / "both" / "results.json").read_text())["side_by_side"]
    assert [run["seed"] for run in results["runs"].values()] == [1, 2]
    table = pd.read_csv(tmp_path / "both" / "differences.csv")
    assert set(table["scenario"]) == {"do_nothing", "expectation_management"}


# --------------------------------------------------------------------------------------------------------------- kept


@dataclass(frozen=True)
class Inner:
    values: np.ndarray[Any, Any]
    size: float
    name: str | None = None


@dataclass(frozen=True)
class Outer:
    parts: tuple[Inner, ...]
    by: Mapping[tuple[str, int], float]
    table: pd.DataFrame
    either: int | float | str


def test_what_is_kept_comes_back_to_the_bit() -> None:
    inner = Inner(np.array([[0.1, np.nan], [np.inf, -1e-300]]), float("nan"))
    table = pd.DataFrame({"a": ["x", "nan"], "b": [0.1, np.nan], "c": [1, 2]})
    outer = Outer((inner, Inner(np.array([True, False]), 2.0, "n")), {("a", 1): 0.3}, table, "word")
    back = restore(Outer, json.loads(json.dumps(keep(outer), allow_nan=False)), "content")
    np.testing.assert_array_equal(back.parts[0].values, inner.values)
    assert np.isnan(back.parts[0].size)
    assert back.parts[1].values.dtype == bool
    assert back.parts[1].name == "n"
    assert back.by == outer.by
    assert back.either == "word"
    assert back.table["b"].dtype == float
    np.testing.assert_array_equal(back.table["b"], table["b"])


def test_what_does_not_fit_is_refused_and_functions_are_found_by_name() -> None:
    data = keep(Inner(np.zeros(2), 1.0))
    for wrong in ({**data, "size": "os.system"}, {**data, "more": 1}, {"values": data["values"]}, [], None):
        with pytest.raises(InvalidInput):
            restore(Inner, wrong, "content")
    with pytest.raises(TypeError):
        keep(len)
    own = {Inner: Own(lambda inner: inner.name, lambda name: Inner(np.zeros(0), 0.0, name))}
    assert restore(tuple[Inner, ...], keep((Inner(np.zeros(1), 1.0, "n"),), own), "content", own)[0].name == "n"
