"""The teaching page: how soon it shows something, and how smoothly it moves.

    python tests/benchmarks/bench_teach.py [--rounds 3] [--seconds 5]

Lesson 2 with more work than staff can do, at the time from which on at least 200 orders are in the system: frames a
second of the running page in headless Chromium, and the time between frames that 99 of 100 keep. First result: seconds
from the command `run.py experiment=teach` to its printed address, to the first answer, to numbers on the page; the
model is compiled already. Nothing is asserted. Needs Chromium and `pip install .[test]`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.table import Row, Target, render  # noqa: E402
from browsing import ARGUMENTS, CHROMIUM, wait_until  # noqa: E402

MOVING = 200
UTILISATION = 1.1
SPEED = "2"  # place of the speed's slider: 1 h a second
# Times between frames while the page runs for so many seconds.
MEASURE = """(seconds) => new Promise((done) => {
  const gaps = [];
  let last = performance.now();
  const end = last + 1000 * seconds, before = gapline.frames;
  const look = (now) => {
    gaps.push(now - last);
    last = now;
    if (now < end) return requestAnimationFrame(look);
    done({ gaps: gaps.slice(1), drawn: gapline.frames - before, shown: gapline.shown });
  };
  requestAnimationFrame(look);
})"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=5.0)
    asked = options.parse_args()
    if CHROMIUM is None:
        sys.exit("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    from sim.compile_ahead import compile_ahead

    compile_ahead("compiled")
    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for _ in range(asked.rounds):
            for name, value in _round(browser, asked.seconds).items():
                found.setdefault(name, []).append(value)
        browser.close()
    rows = [
        Row("command to printed address", found["address"], "s"),
        Row("command to first answer", found["answer"], "s"),
        Row("command to numbers on the page", found["page"], "s"),
        Row("page alone: address to numbers", found["page_alone"], "s"),
        Row("orders in the system while it runs", found["shown"], "orders", Target(MOVING, at_least=True)),
        Row("frames drawn a second", found["frames"], "1/s", Target(30, at_least=True)),
        Row("time between frames, 99th percentile", found["gap_99"], "ms"),
    ]
    print(render(rows))


def _round(browser: Any, seconds: float) -> dict[str, float]:
    began = time.perf_counter()
    command = [sys.executable, "run.py", "experiment=teach", "teach.minutes=5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as teaching:
        try:
            assert teaching.stdout is not None
            address = teaching.stdout.readline().split()[2]
            found = {"address": time.perf_counter() - began}
            _get(f"{address}api/lesson/1/run?until=20")
            found["answer"] = time.perf_counter() - began
            opened = time.perf_counter()
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto(f"{address}lesson/2?utilisation={UTILISATION}")
            wait_until(page, "window.gapline && document.querySelector('#numbers td')")
            found["page_alone"] = time.perf_counter() - opened
            found["page"] = time.perf_counter() - began
            page.fill("#speed", SPEED)
            page.evaluate(f"gapline.goTo({_crowded(address)})")
            page.click("#start")
            seen = page.evaluate(MEASURE, seconds)
            page.close()
        finally:
            teaching.terminate()
    gaps = sorted(seen["gaps"])
    found |= {"shown": seen["shown"], "frames": 1000 * seen["drawn"] / sum(gaps), "gap_99": gaps[int(0.99 * len(gaps))]}
    return found


def _crowded(address: str) -> float:
    """A time (h) with enough orders in the system."""
    history = f"[[0,%7B%22utilisation%22:{UTILISATION}%7D]]"
    for until in range(200, 2000, 100):
        stages = _get(f"{address}api/lesson/2/run?since={until}&until={until}&h={history}")["numbers"]["stages"]
        if sum(stage["present"] for stage in stages) >= MOVING + 10:
            return until
    raise RuntimeError(f"never {MOVING} orders in the system")


def _get(address: str) -> Any:
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
