"""Before any test the model is compiled, on two cores where there are two; both engines for the modules that ask for
them; and `main`, the program as a function."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import builders
import pytest
from browsing import browser as browser
from browsing import page_of as page_of
from builders import Main
from pictures import empty_png

import run
from analysis.figures import style
from sim.compile_ahead import compile_ahead, is_compiled
from sim.simulate import ENGINES

LONGEST = (  # what takes a minute and more, the longest first
    "readme", "cli", "sweep", "guides", "dask", "engines_agree", "report_experiment", "browser_teach",
    "claims_03_04_08_09", "claims", "claims_c05_c06_c07_c14", "browser_report", "bad_input", "diagnose",
    "claims_c10_c13", "execution", "decide", "configs", "teaching", "theory",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_engines: the tests of the module run on each engine")
    config.addinivalue_line("markers", "no_engine: a test in such a module that simulates nothing")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: many tests wait for other processes. At most as pyproject.toml says."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules begin first (a module stays on one process), so that no process ends long after the rest."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem.removeprefix("test_"), len(order)))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile both engines, in two processes where there are two cores, before the processes that test begin."""
    if hasattr(session.config, "workerinput"):
        return
    helper = None
    if (os.cpu_count() or 1) > 1 and not is_compiled("simpy"):
        words = "from sim.compile_ahead import compile_ahead; compile_ahead('simpy')"
        helper = subprocess.Popen([sys.executable, "-c", words], cwd=Path(run.__file__).parent)
    try:
        compile_ahead("compiled")
    finally:
        if helper:
            helper.wait()
    compile_ahead("simpy")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marked = metafunc.definition.get_closest_marker
    if marked("both_engines") and not marked("no_engine"):
        metafunc.parametrize("engine", sorted(ENGINES), indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The engine that `builders.run` uses; what the module has cached is of one engine only. A fixture of the module
    that keeps a run has to ask for this one."""
    before = builders.ENGINE
    builders.ENGINE = getattr(request, "param", before)
    yield builders.ENGINE
    builders.ENGINE = before
    for function in vars(request.module).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Main:
    """`run.main()` in this process and an empty working folder; returns the exit code, stdout and stderr.

    Figures are drawn once, as SVG; in place of their PNG, a third of the time of a small run, there is an empty one.
    """
    monkeypatch.setattr(style, "write_png", empty_png)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr(run, "_faults", [])

    def called(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["run.py", *words])
        code: Any = 0
        try:
            run.main()
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capsys.readouterr()
        return int(code), out, err

    return called
