"""Starts: `python run.py experiment=ten_stage` with compiled code on disk, and compiling everything with none."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.rounds import Figures, Found, Probe
from benchmarks.table import Row, Target

ROOT = Path(__file__).resolve().parents[2]
WARM, COLD = "start: run.py experiment=ten_stage, warm", "start: compile everything, cold"
_COMPILE = """
import time
from sim.compile_ahead import compile_ahead
began = time.perf_counter()
compile_ahead()
print(time.perf_counter() - began)
"""


def start(customers: int) -> tuple[list[Probe], Callable[[Found], list[Row]]]:
    """What to measure, and what it says; the number of customers plays no part."""
    probes = [Probe(WARM, _warm), Probe(COLD, _cold, most_rounds=1)]

    def rows(found: Found) -> list[Row]:
        return [
            Row(WARM, found[WARM], "s", Target(4.0)),
            Row(COLD, found[COLD], "s", Target(30.0)),
        ]

    return probes, rows


def _warm() -> Figures:
    """From the command to the finished report; what is compiled is on disk already."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "run.py", "experiment=ten_stage", f"hydra.run.dir={folder}/run"]
        began = time.perf_counter()
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
        took = time.perf_counter() - began
        if not (Path(folder) / "run" / "report.html").exists():
            raise RuntimeError("the run left no report behind")
    return {WARM: took}


def _cold() -> Figures:
    """The compiling alone, into an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run(
            [sys.executable, "-c", _COMPILE],
            cwd=ROOT, check=True, capture_output=True, text=True, env=os.environ | {"GAPLINE_CACHE": folder},
        )  # fmt: skip
    return {COLD: float(said.stdout)}
