"""Sweeps: the store is extended, never mixed; what comes out does not depend on how the runs were made.

Only a sweep that is to be killed outright is a process of its own; PNG pictures are drawn in one test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import Main
from pictures import empty_png
from scipy import stats

import analysis.experiments.compare as compare
import analysis.experiments.sweep as experiment
import run
from analysis.figures import style
from analysis.measures import measure
from analysis.sweeps.results import Moments, Swept, sweep_results
from scenarios.config import load_blueprint
from scenarios.scenario import build_scenario, timeline
from scenarios.store import Store
from sim.blueprint import Blueprint
from sim.journal import Journal
from sim.simulate import simulate

ROOT = Path(__file__).resolve().parent.parent
RUNS = ("system.horizon.warm_up=0", "system.horizon.measured=40", "seed=7", "engine=compiled")
ONE = "sweep.metrics=[service_quality]"  # one figure is drawn sooner than three
ISSUE = "sweep.over={system.stages.order_entry.error: [0.005, 0.01, 0.02], scenario: [do_nothing, process_redesign]}"
OVER = "sweep.over={system.stages.order_entry.error: [0.005, 0.01, 0.02]}"
STABLE = ("points.csv", "effects.csv", "runs.parquet", "results.json", "report.html")
COLD = 300  # s, enough to compile the model on a slow machine


DRAWN = style.write_png  # for the one test that has PNG pictures drawn


def words(over: str = OVER, replications: int = 4, *more: str, n_jobs: int = 1, store: str = "s.sqlite") -> list[str]:
    asked = ("experiment=sweep", over, f"replications={replications}", f"sweep.store={store}", f"n_jobs={n_jobs}")
    return [*asked, *RUNS, ONE, *more]


def into(folder: str) -> str:
    return f"hydra.run.dir={folder}"


def must(main: Main, *given: str) -> str:
    code, out, err = main(*given)
    assert (code, err) == (0, "")
    return out


def play(folder: Path, *given: str) -> None:
    """The program in this process, for a run that several tests look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "write_png", empty_png)
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["run.py", *given])
        run.main()


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in STABLE}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep, `one`, its store, and another store with a part of it in another order."""
    folder = tmp_path_factory.mktemp("ran")
    play(folder, *words(), into("one"))
    backwards = OVER.replace("0.005, 0.01, 0.02", "0.02, 0.005")
    play(folder, *words(backwards, 1, store="other.sqlite"))
    return folder


@pytest.fixture
def first(ran: Path, tmp_path: Path) -> dict[str, bytes]:
    """The test's folder has the store of that sweep; what the sweep wrote."""
    shutil.copy(ran / "s.sqlite", tmp_path)
    return contents(ran / "one")


# -- what is run, and what is said of it -----------------------------------------------------------------------


def test_a_sweep_leaves_tables_a_report_and_every_run(main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(style, "write_png", DRAWN)
    out = must(main, *words(ISSUE), into("out"))
    folder = tmp_path / "out"
    assert out.splitlines()[0] == "6 points, 4 replications each; 24 runs made now."
    assert out.splitlines()[-1] == f"Report: {folder / 'report.html'}"
    files = {"points.csv", "effects.csv", "runs.parquet", "report.html", "results.json", "manifest.json"}
    files |= {"stress_des.md", "redraw.json"}
    assert {entry.name for entry in folder.iterdir()} == files | {"figures", ".hydra"}
    pictures = list((folder / "figures").glob("*.png"))
    assert pictures
    assert all(picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 1000 for picture in pictures)
    points = pd.read_csv(folder / "points.csv")
    errors, scenarios = points["system.stages.order_entry.error"].tolist(), points["scenario"].tolist()
    assert errors == [0.005, 0.005, 0.01, 0.01, 0.02, 0.02]
    assert scenarios == ["do_nothing", "process_redesign"] * 3
    html = (folder / "report.html").read_text()
    assert not re.search("https?://", html)
    assert "order entry error" in html
    results = json.loads((folder / "results.json").read_text())
    assert results["experiment"] == "sweep"
    assert [p["runs"] for p in results["sweep"]["points"]] == [4] * 6


def test_every_row_is_the_run_that_its_point_describes(main: Main, tmp_path: Path):
    """Each row of the export against a run made here from the configuration: equal to the last bit."""
    must(main, *words(ISSUE, 2), into("out"))
    rows = pd.read_parquet(tmp_path / "out" / "runs.parquet")
    assert len(rows) == 12
    for _, row in rows.iterrows():
        error, name = row["system.stages.order_entry.error"], row["scenario"]
        scenario = build_scenario(name, composed_scenario(name))
        system = timeline(composed_system(error), scenario, 7, int(row["replication"]))
        expected = measure(simulate(system, 7, int(row["replication"]), "compiled", journal="summary"))
        found = row.drop(["point", "replication", "scenario", "system.stages.order_entry.error"]).dropna()
        assert dict(found) == expected


@cache
def composed_system(error: float) -> Blueprint:
    return load_blueprint("order_to_delivery", [f"system.stages.order_entry.error.p={error}", *RUNS[:2]])


@cache
def composed_scenario(name: str) -> Any:
    from omegaconf import OmegaConf

    from scenarios.compose import compose_config

    return OmegaConf.to_container(compose_config([f"scenario=[{name}]"]).scenarios[name], resolve=True)


def test_means_and_differences_are_those_of_the_runs(main: Main, tmp_path: Path):
    """Student's t intervals by scipy over the exported runs; differences paired by replication with the base point."""
    must(main, *words(replications=6), "sweep.base=3", into("out"))
    runs = pd.read_parquet(tmp_path / "out" / "runs.parquet")
    points = pd.read_csv(tmp_path / "out" / "points.csv", index_col="point")
    effects = pd.read_csv(tmp_path / "out" / "effects.csv").set_index(["point", "metric"])
    for metric in ("service_quality", "failure_share", "profit", "lead_time_mean"):
        values = runs.pivot(index="replication", columns="point", values=metric)
        for point in values:
            low, high = stats.t.interval(0.95, 5, values[point].mean(), stats.sem(values[point]))
            told = points.loc[point, [metric, f"{metric}_low", f"{metric}_high"]].to_numpy(dtype=float)
            np.testing.assert_allclose(told, [values[point].mean(), low, high], rtol=1e-9)
            pairs = values[point] - values[3]
            row = effects.loc[(point, metric)]
            assert row["difference"] == pytest.approx(pairs.mean(), rel=1e-9, abs=1e-9)
            if point == 3:
                assert (row["difference"], row["low"], row["high"]) == (0.0, 0.0, 0.0)
            elif pairs.std() > 0:
                ends = stats.t.interval(0.95, 5, pairs.mean(), stats.sem(pairs))
                np.testing.assert_allclose([row["low"], row["high"]], ends, rtol=1e-7)


def test_a_negative_control_is_never_the_best_point(main: Main, tmp_path: Path):
    """Overpromising comes out ahead (perception is drawn towards the promise), is named, and is not chosen."""
    over = "sweep.over={scenario: [do_nothing, overpromising, hiring]}"
    out = must(main, *words(over, 3), "system.horizon.measured=160", into("out"))
    best = out.splitlines()[1]
    assert best.split()[0] == "2"
    assert best.endswith("scenario=overpromising (negative control)")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Service quality is best at scenario do nothing" in page or "is best at scenario hiring" in page
    assert "A negative control comes out ahead of it (scenario overpromising: " in page
    row = page[page.index("2 (negative control)") :].split("</tr>")[0]
    assert "▲" not in row
    assert "(negative control)" not in page[page.index("Differences to point") :]


def test_main_effects_are_means_over_all_points_with_a_value(tmp_path: Path):
    """Hand-made runs: value = 10 a + b + replication; the level of a factor averages the other, replications differ."""
    points = tuple({"a": a, "b": b} for a in (1, 2) for b in (0, 4))
    with Store(tmp_path / "s") as store:
        numbers = tuple(store.configuration(str(i), "v", 1) for i in range(4))
        for number, point in zip(numbers, points, strict=True):
            store.add((number, r, {"m": 10.0 * point["a"] + point["b"] + r}) for r in range(3))
        results = sweep_results(Swept(store, points, numbers, 3), 0, over_levels=True)
    levels = {f: {value: s.mean.tolist() + s.sd.tolist() for value, s in found} for f, found in results.levels.items()}
    assert levels == {"a": {1: [13.0, 1.0], 2: [23.0, 1.0]}, "b": {0: [16.0, 1.0], 4: [20.0, 1.0]}}
    assert results.differences.mean[:, 0].tolist() == [0.0, 4.0, 10.0, 14.0]
    assert results.differences.sd[:, 0].tolist() == [0.0] * 4


def test_moments_added_in_blocks_are_those_of_all_rows():
    """Against NumPy on all rows at once, with gaps, far from 0; equal values have no spread at all."""
    generator = np.random.default_rng(3)
    rows = 1e9 + generator.normal(size=(1000, 3))
    rows[generator.random(rows.shape) < 0.2] = np.nan
    rows[:, 2] = 0.1
    moments = Moments((1, 3))
    for block in np.array_split(rows, 7):
        moments.add(0, block)
    moments.add(0, np.full((5, 3), np.nan))
    found = moments.spread()
    assert found.n[0].tolist() == (~np.isnan(rows)).sum(axis=0).tolist()
    np.testing.assert_allclose(found.mean[0], np.nanmean(rows, axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.sd[0, :2], np.nanstd(rows[:, :2] - 1e9, axis=0, ddof=1), rtol=1e-6)
    assert found.sd[0, 2] == 0.0


def test_both_engines_are_told_apart_in_the_store_and_agree(main: Main, tmp_path: Path):
    """The engine is a factor like others; paired differences between engines are exactly 0."""
    out = must(main, *words("sweep.over={engine: [simpy, compiled]}", 2), into("out"))
    assert "2 points, 2 replications each; 4 runs made now." in out
    effects = pd.read_csv(tmp_path / "out" / "effects.csv")
    assert len(effects) > 50
    assert (effects["difference"] == 0.0).all()


def test_a_scenario_that_measures_first_gets_what_compare_gets(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The pilot runs are those of `compare`: equal values for equal systems, base and seed."""
    monkeypatch.setattr(compare, "_write_report", lambda *_: None)  # only its table is of interest
    over = "sweep.over={scenario: [do_nothing, expectation_management]}"
    must(main, *words(over, 2), into("out"))
    must(main, "scenario=[do_nothing,expectation_management]", "replications=2", "n_jobs=1", *RUNS, into("other"))
    kpis = pd.read_csv(tmp_path / "other" / "kpis.csv")
    kpis = kpis.set_index(["scenario", "replication", "metric"])["value"]
    for _, row in pd.read_parquet(tmp_path / "out" / "runs.parquet").iterrows():
        for metric in ("service_quality", "promise_kept", "failure_share", "profit"):
            if metric in row:
                assert row[metric] == pytest.approx(kpis[row["scenario"], row["replication"], metric], rel=1e-12)


def test_a_latin_hypercube_and_a_list_of_points_run(main: Main, tmp_path: Path):
    over = "sweep.over={system.promise.level: {low: 0.7, high: 0.9}, system.pools.picking.size: [2, 3]}"
    out = must(main, *words(over, 2, "sweep.design=latin_hypercube", "sweep.size=5"), into("lhs"))
    assert "5 points, 2 replications each; 10 runs made now." in out
    assert pd.read_csv(tmp_path / "lhs" / "points.csv")["system.promise.level"].between(0.7, 0.9).all()
    first = "{system.promise.level: 0.7, scenario: do_nothing}"
    listed = f"sweep.points=[{first}, {{system.promise.level: 0.8, scenario: hiring}}]"
    out = must(main, *words(listed, 2, "sweep.design=list"), into("list"))
    assert "2 points, 2 replications each; 4 runs made now." in out


def test_points_that_come_to_the_same_are_run_once(main: Main, tmp_path: Path):
    """A parameter of a scenario changes nothing where that scenario is not chosen."""
    over = "sweep.over={scenarios.hiring.interventions.hiring.count: [1, 2], scenario: [do_nothing, hiring]}"
    out = must(main, *words(over, 3), "scenario=[do_nothing,hiring]", into("out"))
    assert "4 points, 3 replications each; 9 runs made now." in out
    rows = pd.read_parquet(tmp_path / "out" / "runs.parquet")
    one, same = (rows[rows["point"] == i].drop(columns=["point", rows.columns[1]]) for i in (1, 3))
    assert one.reset_index(drop=True).equals(same.reset_index(drop=True))


# -- extending a store ----------------------------------------------------------------------------------------


def test_a_rerun_runs_nothing_and_more_replications_or_points_only_what_is_new(
    main: Main, tmp_path: Path, first: dict[str, bytes]
):
    assert "; 0 runs made now." in must(main, *words(), into("again"))
    assert first == contents(tmp_path / "again")
    assert "; 6 runs made now." in must(main, *words(replications=6), into("more"))
    wider = OVER.replace("0.02]", "0.02, 0.04]")
    assert "; 6 runs made now." in must(main, *words(wider, 6), into("wider"))
    assert "; 0 runs made now." in must(main, *words(), into("back"))
    assert first == contents(tmp_path / "back")
    must(main, *words(wider, 6, store="fresh.sqlite"), into("fresh"))
    assert contents(tmp_path / "wider") == contents(tmp_path / "fresh")


@pytest.mark.usefixtures("first")
def test_another_seed_or_system_shares_nothing(main: Main):
    assert "; 12 runs made now." in must(main, *words(), "seed=8")
    assert "; 12 runs made now." in must(main, *words(), "system.promise.level=0.8")


def test_another_version_of_the_code_is_kept_but_not_used(
    main: Main, tmp_path: Path, first: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(experiment, "code_version", lambda: "another")
    out = must(main, *words(), into("second"))
    assert out.splitlines()[0].startswith("12 runs in the store are of another version of the code: kept, and not used")
    assert "; 12 runs made now." in out
    assert first["points.csv"] == (tmp_path / "second" / "points.csv").read_bytes()


@pytest.mark.parametrize(
    "how",
    [
        ("n_jobs=2", "execution=processes"),
        ("n_jobs=2", "execution=threads"),
        ("n_jobs=1", "sweep.export=deep/all.parquet"),
    ],
)
def test_the_way_of_running_does_not_show(main: Main, tmp_path: Path, ran: Path, how: Sequence[str]):
    shutil.copy(ran / "other.sqlite", tmp_path)  # has a part, made in another order
    assert "; 10 runs made now." in must(main, *words(store="other.sqlite"), *how, into("two"))
    one = contents(ran / "one")
    assert one == contents(tmp_path / "two")
    if (tmp_path / "deep").exists():
        assert (tmp_path / "deep" / "all.parquet").read_bytes() == one["runs.parquet"]


# -- runs that fail -------------------------------------------------------------------------------------------


def failing(journal: Journal) -> dict[str, float]:
    if journal.replication == 2 and journal.blueprint.stages["order_entry"].error.p == 0.01:
        raise RuntimeError("bad luck")
    return measure(journal)


def test_a_run_that_fails_is_quarantined_and_named_and_the_rest_goes_on(
    main: Main, tmp_path: Path, ran: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(experiment, "measure", failing)
    out = must(main, *words(), into("out"))
    assert "; 11 runs made now." in out
    said = "Quarantined: point 2 (system.stages.order_entry.error=0.01), replication 2: RuntimeError: bad luck"
    assert said in out
    assert "bad luck" in (tmp_path / "out" / "report.html").read_text()
    monkeypatch.setattr(experiment, "measure", measure)
    assert "; 0 runs made now." in must(main, *words())
    status = must(main, *words(), "sweep.status=true")
    assert "    2  3/4, 1 quarantined  system.stages.order_entry.error=0.01" in status.splitlines()
    assert "; 1 runs made now." in must(main, *words(), "sweep.retry=true", into("mended"))
    assert contents(tmp_path / "mended") == contents(ran / "one")


def test_a_sweep_of_which_no_run_succeeds_says_why(main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(journal: Journal) -> dict[str, float]:
        raise RuntimeError("bad luck")

    monkeypatch.setattr(experiment, "measure", broken)
    code, _, err = main(*words(), into("out"))
    assert code == 2
    assert err.startswith("gapline: sweep: no run could be finished: RuntimeError: bad luck")
    assert not (tmp_path / "out").exists()


# -- status, and what is refused -------------------------------------------------------------------------------


def test_status_says_what_is_there_also_while_a_sweep_writes_and_leaves_no_trace(main: Main, tmp_path: Path):
    asked = [*words(), "sweep.status=true", into("status")]
    assert "0 of 12 runs are in s.sqlite." in must(main, *asked)
    assert list(tmp_path.iterdir()) == []
    must(main, *words(replications=3), into("out"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    out = must(main, *asked).splitlines()
    assert out[0] == "    1  3/4  system.stages.order_entry.error=0.005"
    assert out[-1] == "9 of 12 runs are in s.sqlite."
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    with Store(tmp_path / "s.sqlite"):
        assert must(main, *asked).splitlines() == out


REFUSED = {  # what is swept over -> what is said of it
    "system.stages.entry.error: [0.1]": "system.stages.entry.error = 0.1: unknown name; allowed: after_sale",
    "system.stages.packing.error: [0.1, 2]": "system.stages.packing.error = 2: system.stages.packing.error.p: must be",
    "system.stages.packing.errors: [0.1]": "system.stages.packing.errors = 0.1: unknown parameter",
    "system.promise.level.x: [0.1]": "system.promise.level.x = 0.1: 'system.promise.level' is a value",
    "scenario: [do_nothing, hirring]": "scenario = hirring: unknown scenario",
    "scenario: [[do_nothing]]": "scenario = ['do_nothing']: unknown scenario",
    "scenarios.hiring.interventions.hiring.count: [1]": "scenarios.hiring.interventions.hiring.count = 1: unknown",
    "engine: [warp]": "engine = warp: unknown engine",
    "seed: [1, 2]": "seed = 1: unknown value to sweep over",
    "system.arrivals.customers: [480, 4800]": "system.arrivals.customers = 4800: system",
}


@pytest.mark.parametrize("over", REFUSED)
def test_a_bad_value_is_named_before_anything_runs(main: Main, tmp_path: Path, over: str):
    code, out, err = main(*words(f"sweep.over={{{over}}}"))
    assert (code, out) == (2, "")
    assert err.startswith(f"gapline: sweep.over.{REFUSED[over]}")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_nearest_name_of_a_stage_is_the_one_that_holds_the_word(main: Main):
    _, _, err = main(*words("sweep.over={system.stages.entry.error: [0.1]}"))
    assert err.endswith("(did you mean order_entry?)\n")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ("sweep.points=[{system.promise.level: 0.5}, {system.promise.level: 5}]", "sweep.design=list"),
            "sweep.points[1].system.promise.level = 5: ",
        ),
        ((OVER, "scenario=[do_nothing,hiring]"), "scenario = do_nothing, hiring: is several: name them in the sweep"),
        ((OVER, "sweep.metrics=[profits]"), "sweep.metrics = profits: unknown metric"),
        ((OVER, "sweep.speed=fast"), "sweep.speed"),
        ((OVER, "sweep.store=."), "sweep.store = .: must be the path of a file"),
        ((OVER, "sweep.export=."), "sweep.export = .: must be the path of a file"),
        ((OVER, "sweep.store=s.sqlite", "sweep.export=s.sqlite"), "sweep.export = s.sqlite: must not be the results"),
    ],
)
def test_other_faults_are_named_too(main: Main, given: tuple[str, ...], message: str):
    code, _, err = main(*words(*given[:1]), *given[1:])
    assert code == 2
    assert err.startswith(f"gapline: {message}")


def test_a_store_that_is_none_is_refused_and_nothing_is_left(main: Main, tmp_path: Path):
    (tmp_path / "s.sqlite").write_text("diary " * 1000)
    code, _, err = main(*words(), into("out"))
    assert (code, err) == (2, "gapline: sweep.store = s.sqlite: is no results store (not a SQLite file)\n")
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "s.sqlite").read_text() == "diary " * 1000


# -- kill -9 --------------------------------------------------------------------------------------------------

ALL = 500  # runs
TWO_POINTS = "sweep.over={system.stages.order_entry.error: [0.005, 0.01]}"
LONG = words(TWO_POINTS, ALL // 2, "execution=processes", n_jobs=2)  # more than a second on two processes
ALONE = words(TWO_POINTS, ALL // 2)  # the same on this one


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    play(folder, *ALONE, into("out"))
    return contents(folder / "out")


def started(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "run.py"), *LONG, into("out")]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def rows_in(store: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as file:
            return int(file.execute("SELECT COUNT(*) FROM runs").fetchone()[0])
    except sqlite3.Error:  # not made yet
        return 0


def await_rows(store: Path, rows: int, runs: Callable[[], bool]) -> None:
    """Wait until a running sweep has stored that many rows."""
    while rows_in(store) < rows:
        assert runs(), "the sweep ended before it could be disturbed"
        time.sleep(0.005)


def children(parent: int) -> Iterator[int]:
    """Worker processes of a sweep (of Linux, where /proc tells them)."""
    for entry in Path("/proc").iterdir():
        try:
            after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
            worker = b"loky" in command and b"resource_tracker" not in command
        except (OSError, ValueError):
            continue
        if int(after_name[1]) == parent and worker and after_name[0] != "Z":
            yield int(entry.name)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX")
def test_a_sweep_killed_outright_goes_on_to_the_same_bytes(main: Main, tmp_path: Path, undisturbed: dict[str, bytes]):
    """kill -9 of the parent on observed progress; the rerun keeps what was stored and ends as if nothing had been."""
    store = tmp_path / "s.sqlite"
    with started(tmp_path) as sweep:
        await_rows(store, 1, lambda: sweep.poll() is None)
        sweep.kill()
    kept = rows_in(store)
    assert 1 <= kept < ALL
    assert f"; {ALL - kept} runs made now." in must(main, *ALONE, into("out"))
    assert contents(tmp_path / "out") == undisturbed


@pytest.mark.skipif(sys.platform != "linux", reason="finds workers under /proc")
def test_a_worker_killed_outright_costs_nothing_but_time(main: Main, tmp_path: Path, undisturbed: dict[str, bytes]):
    """A thread watches the store while the sweep runs here, and kills a worker in the middle."""
    store, ended = tmp_path / "s.sqlite", threading.Event()
    left: list[int] = []

    def kill() -> None:
        await_rows(store, 30, lambda: not ended.is_set())
        os.kill(next(children(os.getpid())), signal.SIGKILL)
        left.append(ALL - rows_in(store))

    watch = threading.Thread(target=kill)
    watch.start()
    try:
        out = must(main, *LONG, into("out"))
    finally:
        ended.set()
        watch.join()
    assert 0 < left[0] < ALL
    assert f"; {ALL} runs made now." in out
    assert contents(tmp_path / "out") == undisturbed


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_a_disk_that_fills_up_is_said_and_what_was_stored_is_used(
    main: Main, tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
):
    """A limit on the size of files stands for the full disk: a write of SQLite fails in the middle of the sweep."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        code, _, err = main(*ALONE, into("out"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 2
    assert err.startswith("gapline: sweep.store = s.sqlite: ")
    assert len(err.splitlines()) == 1
    kept = rows_in(tmp_path / "s.sqlite")
    assert 0 < kept < ALL
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(run, "_faults", [])  # what was told is told
    assert f"; {ALL - kept} runs made now." in must(main, *ALONE, into("out"))
    assert contents(tmp_path / "out") == undisturbed


def test_two_sweeps_on_one_store_the_second_is_refused(main: Main, tmp_path: Path):
    with Store(tmp_path / "s.sqlite"):
        code, _, err = main(*words(), into("out"))
        assert code == 2
        assert err.startswith("gapline: sweep.store = s.sqlite: is used by another sweep")
        assert len(err.splitlines()) == 1
        assert not (tmp_path / "out").exists()
