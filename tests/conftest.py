"""Before any test the model is compiled, on two cores where there are two; and `main`, the program as a function."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from builders import Main

import run
from sim.compile_ahead import compile_both


def pytest_sessionstart() -> None:
    compile_both()


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Main:
    """`run.main()` in this process and an empty working folder; returns the exit code, stdout and stderr."""
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
