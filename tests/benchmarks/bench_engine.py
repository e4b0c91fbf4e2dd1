"""Speed of the engines against peers, limits and targets, in one interleaved run.

    python tests/benchmarks/bench_engine.py [--only chain,layers] [--rounds 5] [--customers 10000] [--json FILE]

Groups: chain (ten stages against SimPy, Ciw, cimba and the event-free recursion), layers (all layers against our SimPy
engine), growth (customers, stages, memory), start (warm and cold), study (a run of a twelve-scenario study). The order
alternates from round to round; the table says the median over the rounds of each figure (of ratios: of the ratios
within a round), the least and the most, and whether the median keeps its target. Nothing is asserted. Ciw and cimba
come with `pip install .[bench]`; a peer that is missing is named and left out. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.rounds import interleave  # noqa: E402
from benchmarks.table import as_json, render  # noqa: E402

GROUPS = ("chain", "layers", "growth", "start", "study")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default=",".join(GROUPS), help="groups, separated by commas")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--customers", type=int, default=10_000)
    options.add_argument("--json", type=Path, help="write all figures of all rounds to this file")
    asked = options.parse_args()
    chosen = asked.only.split(",")
    if unknown := [name for name in chosen if name not in GROUPS]:
        options.error(f"no group {unknown[0]!r}; there are {', '.join(GROUPS)}")
    from sim.compile_ahead import compile_ahead

    _say("compiling where needed")
    compile_ahead()
    # imported when asked for: a group's peers and libraries take a second or two
    groups = [getattr(import_module(f"benchmarks.bench_{name}"), name)(asked.customers) for name in chosen]
    found = interleave([probe for probes, _ in groups for probe in probes], asked.rounds, _say)
    rows = [row for _, tell in groups for row in tell(found)]
    _say("")
    print(render(rows))
    if asked.json:
        report = {"machine": _machine(), "rounds": asked.rounds, "customers": asked.customers, "rows": as_json(rows)}
        asked.json.write_text(json.dumps(report, indent=2) + "\n")


def _say(text: str) -> None:
    """Progress, on a terminal in one line."""
    ends = ("\r\033[K", "") if sys.stderr.isatty() else ("", "\n")
    print(f"{ends[0]}{text}", end=ends[1], file=sys.stderr, flush=True)


def _machine() -> dict[str, object]:
    import numba
    import numpy as np

    versions = {"python": platform.python_version(), "numba": numba.__version__, "numpy": np.__version__}
    return {"cores": os.cpu_count(), "system": platform.platform(), "load": os.getloadavg(), **versions}


if __name__ == "__main__":
    main()
