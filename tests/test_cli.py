"""The command line from outside: real runs, the contract of the run folder, bad input, Ctrl-C."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from datetime import datetime
from difflib import ndiff
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import Main
from omegaconf import OmegaConf
from pictures import empty_png

import run
from analysis.figures import style
from analysis.measures import METRICS

ROOT = Path(__file__).resolve().parent.parent
TINY = ("replications=2", "system.horizon.warm_up=0", "system.horizon.measured=40", "seed=7")
TWO = ("scenario=[do_nothing,frontline_training]", *TINY)
Start = Callable[..., subprocess.CompletedProcess[str]]
COLD = 300  # s, enough to compile the model on a slow machine
STABLE = ("kpis.csv", "comparison.csv", "gaps.csv", "results.json", "report.html")
REQUIRED_METRICS = {
    "failure_share", "errors_per_order", "service_quality", "share_below_desired", "share_below_adequate", "perceived",
    "desired", "gap", "gap1", "gap2", "gap3", "gap4", "gap5", "internal_service_quality", "lead_time_mean",
    "lead_time_p95", "waiting_time_mean", "utilisation_mean", "rework_share", "orders_completed", "cost_per_order",
    "cost_per_right_order",
}  # fmt: skip


def call(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`python run.py ...` with pipes for its output, as a script or a scheduler would run it."""
    command = [sys.executable, str(ROOT / "run.py"), *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=COLD, stdin=subprocess.DEVNULL)


def must(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    done = call(*words, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def here(*words: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which spares the imports."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["run.py", *words])
        run.main()
    return subprocess.CompletedProcess(words, 0, out.getvalue(), err.getvalue())


class Run:
    """A finished run: its output and its folder."""

    def __init__(self, path: Path, *words: str, start: Start = here) -> None:
        self.path, self.words = path, [*words, f"hydra.run.dir={path}"]
        self.done = start(*self.words)


@pytest.fixture(scope="module")
def compare(folder: Path) -> Run:
    return Run(folder / "compare", *TWO, "n_jobs=1", start=must)  # the one that is a process with pipes


@pytest.fixture(scope="module")
def ten_stage(folder: Path) -> Run:
    words = ("experiment=ten_stage", "replications=2", "system.horizon.warm_up=0", "ten_stage.orders=2000")
    return Run(folder / "ten stage", *words, "ten_stage.grid_orders=400", "n_jobs=1")  # a blank in the path


@pytest.fixture(scope="module")
def survey(folder: Path) -> Run:
    generator = np.random.default_rng(5)
    answers = [
        (f"r{i}", f"q{j}", ("reliability", "empathy")[j % 2], *generator.integers((3, 1), (6, 6)))
        for i in range(12)
        for j in range(6)
    ]
    names = ["respondent", "item", "dimension", "expectation", "perception"]
    pd.DataFrame(answers, columns=names).to_csv(folder / "answers.csv", index=False)
    return Run(folder / "survey", "experiment=survey", f"survey.file={folder / 'answers.csv'}")


@pytest.fixture(scope="module")
def trace(folder: Path) -> Run:
    return Run(folder / "trace", "experiment=trace", "system.horizon.warm_up=0", "system.horizon.measured=40", "seed=7")


@pytest.fixture(params=["compare", "ten_stage", "survey", "trace"])
def any_run(request: pytest.FixtureRequest) -> tuple[str, Run]:
    return request.param, request.getfixturevalue(request.param)


def results(path: Path) -> dict[str, Any]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    loaded: dict[str, Any] = json.loads((path / "results.json").read_text(), parse_constant=refuse)
    return loaded


# -- the run folder ------------------------------------------------------------------------------------------

FILES = {
    "report.html", "results.json", "kpis.csv", "comparison.csv", "gaps.csv", "manifest.json", "stress_des.md",
    "redraw.json", "figures", ".hydra",
}  # fmt: skip
MORE = {
    "compare": {"timeseries.csv", "lead_times.csv"}, "ten_stage": {"compounding.csv"}, "survey": set(),
    "trace": {"event_log.csv", "journey.csv", "control_charts.csv"},
}  # fmt: skip


def test_every_run_leaves_the_files_of_the_contract(any_run: tuple[str, Run]):
    name, run = any_run
    assert {entry.name for entry in run.path.iterdir()} == FILES | MORE[name]
    assert {entry.name for entry in (run.path / ".hydra").iterdir()} == {"config.yaml", "hydra.yaml", "overrides.yaml"}
    pictures = sorted(entry.name for entry in (run.path / "figures").iterdir())
    stems = {Path(picture).stem for picture in pictures}
    assert stems
    assert pictures == sorted(f"{stem}.{kind}" for stem in stems for kind in ("svg", "png"))
    for stem in stems:
        assert (run.path / "figures" / f"{stem}.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert "<svg" in (run.path / "figures" / f"{stem}.svg").read_text()[:2000]


def test_the_terminal_ends_by_naming_the_report_and_a_pipe_gets_no_progress_bar(any_run: tuple[str, Run]):
    _, run = any_run
    assert run.done.stdout.splitlines()[-1] == f"Report: {run.path / 'report.html'}"
    assert run.done.stderr == ""
    assert "\r" not in run.done.stdout


def test_the_report_stands_alone(any_run: tuple[str, Run]):
    html = (any_run[1].path / "report.html").read_text()
    assert html.startswith("<!DOCTYPE html>")
    assert not re.search(r"<script[^>]*src=|@import|url\((?!#|[\"']?data:)|https?://", html)
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:)", html)
    assert str(any_run[1].path) not in html


def test_results_have_the_keys_of_the_contract(any_run: tuple[str, Run]):
    name, run = any_run
    found = results(run.path)
    keys = {"schema", "experiment", "system", "seed", "replications", "engine", "base", "scenarios"}
    extras = {"compare": {"time_to_first_effect"}, "ten_stage": {"claim"}, "survey": {"survey"}, "trace": {"trace"}}
    extra = extras[name]
    assert set(found) == keys | extra
    assert (found["schema"], found["experiment"], found["engine"], found["base"]) == (1, name, "compiled", "do_nothing")
    for scenario in found["scenarios"].values():
        assert set(scenario) == {"metrics"}
        for metric in scenario["metrics"].values():
            assert set(metric) == {"mean", "sd", "n", "ci", "difference"}
            assert set(metric["difference"]) == {"mean", "ci"}
            assert len(metric["ci"]) == len(metric["difference"]["ci"]) == 2


def test_the_manifest_says_how_to_repeat_the_run(any_run: tuple[str, Run]):
    name, run = any_run
    manifest = json.loads((run.path / "manifest.json").read_text())
    assert manifest["command"] == ["run.py", *run.words]
    assert (manifest["experiment"], manifest["engine"]) == (name, "compiled")
    assert manifest["seed"] == results(run.path)["seed"]
    assert re.fullmatch("[0-9a-f]{64}", manifest["config_digest"])
    assert {"python", "simpy", "numpy", "pandas", "numba", "hydra-core"} <= set(manifest["versions"])
    assert manifest["versions"]["numpy"] == np.__version__
    began, ended = (datetime.fromisoformat(manifest[key]) for key in ("began", "ended"))
    assert began <= ended
    assert 0 <= manifest["seconds"] < COLD
    assert OmegaConf.load(run.path / ".hydra" / "config.yaml")["experiment"] == name
    assert list(OmegaConf.load(run.path / ".hydra" / "overrides.yaml")) == [
        word for word in run.words if not word.startswith("hydra.")
    ]


def test_tables_of_compare_agree_with_its_results(compare: Run):
    kpis = pd.read_csv(compare.path / "kpis.csv")
    comparison = pd.read_csv(compare.path / "comparison.csv").set_index(["scenario", "metric"])
    gaps = pd.read_csv(compare.path / "gaps.csv")
    found = results(compare.path)
    assert (found["system"], found["seed"], found["replications"]) == ("order_to_delivery", 7, 2)
    assert list(kpis.columns) == ["scenario", "replication", "metric", "value"]
    assert list(found["scenarios"]) == ["do_nothing", "frontline_training"]
    means = kpis.groupby(["scenario", "metric"])["value"].mean()
    for scenario, part in found["scenarios"].items():
        assert set(part["metrics"]) >= REQUIRED_METRICS
        for metric, row in part["metrics"].items():
            if row["mean"] is not None:
                assert row["mean"] == pytest.approx(means[scenario, metric])
                assert row["mean"] == pytest.approx(comparison.loc[(scenario, metric), "mean"])
            if scenario == "do_nothing" and row["n"] == 2:
                assert row["difference"] == {"mean": 0.0, "ci": [0.0, 0.0]}
    assert set(gaps["scenario"]) == set(found["scenarios"])
    assert set(gaps["dimension"]) == {
        "tangibles", "reliability", "responsiveness", "assurance", "empathy", "overall",
    }  # fmt: skip
    nobody_can_give_up = {"abandoned_share"}  # no customer of this system waits in person
    assert set(METRICS) - nobody_can_give_up <= set(comparison.index.get_level_values("metric"))
    assert "frontline_training" in compare.done.stdout


def test_the_claim_of_ten_stage(ten_stage: Run):
    found = results(ten_stage.path)
    claim = found["claim"]
    assert {"id", "stated", "closed_form", "simulated", "verdict", "readings"} <= set(claim)
    assert set(claim["simulated"]) == {"mean", "ci", "n"}
    assert len(claim["readings"]) == 18
    assert claim["verdict"] in ten_stage.done.stdout
    assert claim["verdict"].split(".")[0] in {"Refuted as printed", "Not refuted"}
    assert found["system"] == "ten_stage"
    assert found["scenarios"]["do_nothing"]["metrics"]["failure_share"]["n"] == 2
    curve = pd.read_csv(ten_stage.path / "compounding.csv")
    assert len(curve) == 28


def test_the_survey(survey: Run):
    found = results(survey.path)["survey"]
    assert {"respondents", "items", "dimensions", "overall", "warnings"} <= set(found)
    assert (found["respondents"], found["items"]) == (12, 6)
    assert list(found["dimensions"]) == ["reliability", "empathy"]
    for part in found["dimensions"].values():
        assert {"expectation", "perception", "gap", "ci", "sq", "n", "alpha"} <= set(part)
        assert part["gap"] == pytest.approx(part["perception"] - part["expectation"])
    answers = pd.read_csv(survey.path.parent / "answers.csv")
    gap = (answers["perception"] - answers["expectation"]).mean()
    assert found["overall"]["gap"] == pytest.approx(gap)
    table = pd.read_csv(survey.path / "gaps.csv").set_index("dimension")
    assert table.loc["overall", "gap"] == pytest.approx(gap)
    assert len(pd.read_csv(survey.path / "comparison.csv")) == 6


def test_the_trace(trace: Run):
    log = pd.read_csv(trace.path / "event_log.csv")
    assert list(log.columns)[:5] == [
        "case:concept:name", "concept:name", "org:resource", "time:timestamp", "lifecycle:transition",
    ]  # fmt: skip
    found = results(trace.path)
    assert found["replications"] == 1
    assert found["trace"]["events"] == len(log) > 100
    steps = pd.read_csv(trace.path / "journey.csv")
    assert list(steps.columns) == ["time", "event", "stage", "staff", "what"]
    assert steps["time"].is_monotonic_increasing
    assert f"Customer {found['trace']['customer']}" in trace.done.stdout
    done = found["scenarios"]["do_nothing"]["metrics"]["orders_completed"]["mean"]
    assert log["case:concept:name"].nunique() == done  # nothing before the measured time, everything delivered


# -- the same numbers, whatever the machine does -------------------------------------------------------------


def contents(path: Path) -> dict[str, bytes]:
    files = [path / name for name in STABLE] + sorted((path / "figures").glob("*.svg"))
    return {file.name: file.read_bytes() for file in files}


def test_a_multirun_with_two_workers_repeats_a_run_with_one_and_another_seed_differs(
    compare: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(style, "write_png", empty_png)  # vector graphics are compared
    words = [word for word in TWO if not word.startswith("seed=")]
    done = here("--multirun", *words, "seed=7,8", "n_jobs=2", f"hydra.sweep.dir={folder / 'sweep'}")
    assert done.stderr == ""
    runs = sorted(path for path in (folder / "sweep").iterdir() if path.is_dir())
    assert [path.name for path in runs] == ["0", "1"]
    assert [results(path)["seed"] for path in runs] == [7, 8]
    assert contents(runs[0]) == contents(compare.path)
    other = contents(runs[1])
    assert all(other[name] != content for name, content in contents(compare.path).items() if name in STABLE)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("Report: ")] == [f"Report: {p / 'report.html'}" for p in runs]
    table = compare.done.stdout.splitlines()[:-1]
    assert lines[: len(table)] == table


# -- bad input -----------------------------------------------------------------------------------------------


BAD = {
    "system=order_to_delivry": "did you mean order_to_delivery?",
    "system=": "system",
    "scenario=[do_nothing,frontline_trainin]": "did you mean frontline_training?",
    "scenario=[]": "select at least one",
    "base=placebo": "one of the selected scenarios",
    "experiment=nothing": "unknown experiment",
    "engine=fast": "unknown engine",
    "system.stages.packng.error.p=0.1": "did you mean packing?",
    "system.stages.packing.error.q=0.1": "system.stages.packing.error.q: unknown parameter",
    "scenarios.frontline_training.interventions.frontline_training.gian=1": "did you mean gain?",
    "+unknown=1": "unknown: unknown parameter",
    "unknown=1": "unknown: unknown name",
    "replications=-1": "replications = -1",
    "replications=1,2": "--multirun",
    "seed=abc": "seed = abc: must be a whole number",
    "n_jobs=0": "n_jobs = 0",
    "system.stages.packing.service.mean=-1": "system.stages.packing.service.mean = -1",
    "system.stages.packing.error.p=nan": "system.stages.packing.error.p = nan",
    "system.stages.packing.error.p=1.5": "system.stages.packing.error.p = 1.5",
    "system.horizon.measured=0": "system.horizon.measured = 0",
    "system.arrivals.interval.mean=100": "unstable queue",
    "experiment=survey": "survey.file=PATH",
    "experiment=survey survey.file=nowhere.csv": "survey.file = nowhere.csv: no such file",
    "expectations.survey=nowhere.csv": "expectations.survey = nowhere.csv: no such file",
    "experiment=trace trace.scenario=placebo": "trace.scenario = placebo",
    "experiment=ten_stage ten_stage.p=[2]": "ten_stage.p",
    "replications": "replications",
    "replications={a": "viable",
    "scenario=[do_nothing": "'[do_nothing'",
    "=3": "override",
    "seed=${nothing}": "nothing",
    "seed=???": "seed",
    "hydra.nonsense=1": "hydra.nonsense",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(main: Main, tmp_path: Path, words: str):
    code, out, err = main(*words.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"gapline: [^\n]+\n", err)
    assert "Traceback" not in err
    assert BAD[words] in err
    assert list(tmp_path.iterdir()) == []


def test_what_only_the_run_can_tell_is_bad_input_too(main: Main, tmp_path: Path):
    tiny = ("system.horizon.warm_up=0", "system.horizon.measured=40")
    code, out, err = main("experiment=trace", "trace.customer=99999", *tiny, "hydra.run.dir=here")
    assert (code, out) == (2, "")
    assert re.fullmatch(
        r"gapline: trace.customer = 99999: must be the row of one of the 4\d\d customers\n", err
    )  # 480 at the start, and who was won
    assert list(tmp_path.iterdir()) == []


def test_a_run_leaves_the_record_that_hydra_itself_would_leave(main: Main, tmp_path: Path):
    """A setting of Hydra's own makes the run go through `hydra.main`; then all but that setting is the same."""
    words = ("experiment=compounding", "compounding.orders=400", "compounding.check_orders=400", "compounding.stages=2",
             "replications=2", "n_jobs=1", "system.stages.stage_01.error.p=0.03")  # fmt: skip
    for folder, more in (("here", ()), ("hydras", ("hydra.job.num=7",))):
        assert main(*words, f"hydra.run.dir={folder}", *more)[0] == 0
    here, hydras = tmp_path / "here" / ".hydra", tmp_path / "hydras" / ".hydra"
    for name in ("config.yaml", "overrides.yaml"):
        assert (here / name).read_text() == (hydras / name).read_text()
    one, other = ((folder / "hydra.yaml").read_text().replace(folder.parent.name, "x") for folder in (here, hydras))
    differ = [line.strip() for line in ndiff(one.splitlines(), other.splitlines()) if line[0] in "+-"]
    assert differ == ["+     - hydra.job.num=7", "+     - hydra.mode=RUN", "-     num: ???", "+     num: 7"]


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_folder_that_cannot_be_written(main: Main, tmp_path: Path, below: str):
    (tmp_path / "file").write_text("kept")
    code, out, err = main(*TINY, "n_jobs=1", f"hydra.run.dir=file{below}")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"gapline: hydra\.run\.dir = file(/below)?: cannot be written: [^\n]+\n", err)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("words", ["--multirun system=xxx,yyy", "--cfg job system=xxx"])
def test_wrong_names_with_flags(main: Main, words: str):
    code, _, err = main(*words.split())
    assert code == 2
    assert "unknown system" in err
    assert len(err.splitlines()) == 1


def test_bad_input_from_outside(tmp_path: Path):
    """The same through a real process, for the exit code that a shell sees and what imports may print."""
    done = call("system=order_to_delivry", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"gapline: system = order_to_delivry: [^\n]+\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_help_and_configuration(main: Main, tmp_path: Path):
    code, out, err = main("--help")
    assert (code, err) == (0, "")
    assert "order_to_delivery" in out
    code, out, err = main("--cfg", "job", "replications=3")
    assert (code, err) == (0, "")
    shown = OmegaConf.create(out)
    assert (shown.replications, shown.experiment, shown.system.name) == (3, "compare", "order_to_delivery")
    assert list(tmp_path.iterdir()) == []


def test_the_console_script_is_run_py(tmp_path: Path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["scripts"] == {"gapline": "run:main"}
    assert "run" in project["tool"]["setuptools"]["py-modules"]
    module, name = project["project"]["scripts"]["gapline"].split(":")
    assert getattr(importlib.import_module(module), name) is run.main
    script = f"import sys; sys.path[0] = {str(ROOT)!r}; sys.argv[0] = 'gapline'; from {module} import {name}; {name}()"
    words = ["--cfg", "job", "seed=3"]
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=COLD)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == here(*words).stdout


# -- Ctrl-C --------------------------------------------------------------------------------------------------


def left_behind(group: int) -> list[str]:
    """Processes of a group that still run (Linux: zombies that nobody has collected do not count)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = entry.read_text().rpartition(")")
        except OSError:
            continue
        state, _, its_group = rest.split()[:3]
        if int(its_group) == group and state not in "ZX":
            found.append(name)
    return found


def interrupted(words: Sequence[str], when: int) -> tuple[int, str, str]:
    """Run in a terminal of its own and press Ctrl-C there when the progress bar shows at least `when` runs."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 100))
    command = [sys.executable, "run.py", *words]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        shown, sent = "", False
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not part:
                break
            shown += part.decode(errors="replace")
            counts = re.findall(r"(\d+)/\d+ \[", shown)
            if not sent and counts and int(counts[-1]) >= when:
                os.killpg(process.pid, signal.SIGINT)
                sent = True
        out, _ = process.communicate(timeout=COLD)
        assert sent, shown
        deadline = time.monotonic() + 30
        while left_behind(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left_behind(process.pid) == []
        return process.returncode, out.decode(), shown
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        os.close(ours)


needs_terminal = pytest.mark.skipif(sys.platform != "linux", reason="a terminal and /proc")
LONG = ("system=ten_stage", "scenario=[do_nothing,placebo]", "system.horizon.warm_up=0")


@needs_terminal
def test_ctrl_c_keeps_what_is_finished(folder: Path):
    target = folder / "stopped"
    words = [*LONG, "system.horizon.measured=30", "replications=20000", "n_jobs=2", f"hydra.run.dir={target}"]
    code, out, shown = interrupted(words, when=150)  # by then both processes are at work
    assert code == 0, shown
    assert "Traceback" not in shown
    found = results(target)
    assert 1 <= found["replications"] < 20000
    assert f"Stopped early: {found['replications']} of 20000 replications." in out.splitlines()
    assert out.splitlines()[-1] == f"Report: {target / 'report.html'}"
    kpis = pd.read_csv(target / "kpis.csv")
    assert kpis.groupby("scenario")["replication"].nunique().to_dict() == dict.fromkeys(
        ("do_nothing", "placebo"), found["replications"]
    )
    manifest = json.loads((target / "manifest.json").read_text())
    assert manifest["replications"] == {"asked": 20000, "finished": found["replications"]}


@needs_terminal
def test_ctrl_c_before_anything_is_finished(folder: Path):
    target = folder / "nothing"
    words = [*LONG, "system.horizon.measured=100000", "replications=20", "n_jobs=1", f"hydra.run.dir={target}"]
    code, out, shown = interrupted(words, when=0)
    assert (code, out) == (130, "")
    assert "nothing was written" in shown
    assert "Traceback" not in shown
    assert not target.exists()


@pytest.mark.parametrize("experiment", ["compare", "ten_stage", "trace"])
def test_an_interrupt_in_any_experiment_leaves_no_folder(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, experiment: str
):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run_experiment", stop)
    code, out, err = main(f"experiment={experiment}", "hydra.run.dir=here")
    assert (code, out) == (130, "")
    assert err == "stopped before any replication was complete; nothing was written\n"
    assert list(tmp_path.iterdir()) == []
