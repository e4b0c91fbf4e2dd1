"""journal="summary": the same run with less kept, and memory that does not grow with simulated time."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import (
    PLENTY,
    chain,
    exponential,
    fixed,
    pool,
    population,
    rich_system,
    run,
    run_and_look,
    stream,
)

from sim.blueprint import (
    Attendance,
    Blueprint,
    Check,
    ErrorRate,
    Improvement,
    Segment,
    StaffMember,
    Supplier,
    Terms,
    WordOfMouth,
)
from sim.invalid import InvalidInput
from sim.journal import Journal
from sim.simulate import simulate
from sim.tables import JOURNAL

pytestmark = pytest.mark.both_engines

KEPT = ("weeks", "totals", "members", "pool_hours", "reviews")
ROUNDED = ("equity", "stay", "regard")  # sums over the table of customers, whose rows stand elsewhere
BY_WEEK = ("weeks", "reviews")  # one row a week or a cycle


def whole_system(hours: float = 700.0, **parts: Any) -> Blueprint:
    """Every layer, with errors, rework, batches, a supplier, patience, talk, marketing and improvement."""
    system = rich_system(hours=hours, customers=25, interval=25.0, layers=(0, 1, 2, 3, 4), **parts)
    stages = {n: replace(s, customer_waits=s.onstage) for n, s in system.stages.items()}
    stages["work"] = replace(stages["work"], supplier="mill")
    segments = {n: replace(s, patience=exponential(1.0), balk_at=9, prospects=4.0) for n, s in system.segments.items()}
    return replace(
        system,
        stages=stages,
        segments=segments,
        suppliers={"mill": Supplier()},
        word_of_mouth=WordOfMouth(prospect=0.02),
        attendance=Attendance(turnover=2.0),
        improvement=Improvement(cycle_weeks=2, check_jobs=20, team_hours=4),
    )


def both(system: Any, seed: int = 1) -> tuple[Journal, Journal]:
    full = run(system, seed)
    return full, run(system, seed, journal="summary")


def assert_same(full: Journal, summary: Journal) -> None:
    for name in KEPT:
        assert len(full[name]) == len(summary[name]), name
        for column in full[name].dtype.names or ():
            a, b = full[name][column], summary[name][column]
            if column in ROUNDED:
                assert a == pytest.approx(b, rel=1e-12, nan_ok=True), column
            else:
                assert a.tobytes() == b.tobytes(), f"{name}.{column}"


@pytest.mark.parametrize("seed", [1, 2])
def test_summary_is_the_full_run_with_less_kept(seed):
    """Weeks, totals, staff and reviews are those of the full run; the other tables are empty."""
    full, summary = both(whole_system(), seed)
    assert_same(full, summary)
    assert (full.is_full, summary.is_full) == (True, False)
    for name in set(JOURNAL) - set(KEPT):
        assert len(full[name]) > 0, f"{name}: nothing to leave out"
        assert len(summary[name]) == 0, name
    weeks, totals = full["weeks"], full["totals"][0]
    for column in ("abandoned", "errors", "reworked", "recovered", "late", "praise", "criticism", "leavers"):
        assert weeks[column].sum() > 0, f"{column}: the test is about more than that"
    assert (weeks["won"].sum(axis=0)[1:] > 0).all()
    assert (weeks["lost"].sum(axis=0)[:2] > 0).all()
    assert totals["causes"].astype(bool).sum() >= 5
    assert len(full["reviews"]) > 3


def test_summary_of_a_stream_with_return():
    """Customers who come, return a few times and are done, so that rows are used again and again."""
    arrivals = stream(exponential(1.5), orders=3, reorder=exponential(10.0))
    full, summary = both(replace(whole_system(), arrivals=arrivals))
    assert full["weeks"]["lost"].sum(axis=0)[5] > 50
    assert_same(full, summary)


def test_summary_over_a_change_of_plan():
    """Epochs move staff, waiting orders and batches; the summary follows."""
    system = whole_system()
    crews = dict(system.pools)
    crews["back"] = replace(crews["back"], members={**crews["back"].members, "eve": StaffMember(entry_skill=0.5)})
    stages = {n: replace(s, error=ErrorRate(0.05, 0.5)) for n, s in system.stages.items()}
    assert_same(*both(((0.0, system), (200.0, replace(system, pools=crews)), (401.0, replace(system, stages=stages)))))


@pytest.mark.parametrize("layers", [(0,), (0, 1), (0, 3), (0, 1, 2, 3)])
def test_summary_of_the_lower_layers(layers):
    assert_same(*both(replace(whole_system(300.0), layers=layers)))


def rows_held(system: Blueprint) -> dict[str, int]:
    """Rows of all tables of a run that keeps summaries only, the engine's own among them, as they are at its end."""
    _, world = run_and_look(system, journal="summary")
    tables = {name: len(table) for name, table in vars(world).items() if isinstance(table, np.ndarray)}
    assert tables.keys() >= JOURNAL.keys()
    return {name: rows for name, rows in tables.items() if name not in BY_WEEK}


def test_memory_does_not_grow_with_simulated_time():
    """Rows depend on how many customers and orders there are at once: four times the hours, the same rows.

    Without the reuse of rows the longer run would need more than 10 000 rows of customers."""
    arrivals = stream(exponential(0.25), orders=2, reorder=exponential(8.0))
    crew = {"p1": pool("p1_", PLENTY), "p2": pool("p2_", PLENTY)}
    system = chain(
        2,
        service=exponential(1.0),
        p=0.2,
        arrivals=arrivals,
        pools=crew,
        hours=700.0,
        layers=(0, 1, 2, 3, 4),
        stages={1: {"customer_waits": True, "onstage": True, "moment_of_truth": True}},
        segments={"all": Segment(prospects=2.0, patience=fixed(0.5))},
    )
    longer = replace(system, horizon=replace(system.horizon, measured=2_800.0))
    short, long = rows_held(system), rows_held(longer)
    placed = run(longer, journal="summary")["totals"]["placed"][0]
    assert placed > 15_000
    assert short == long
    assert max(long[name] for name in ("customers", "orders", "visits", "handoffs", "moments")) < placed / 5


@pytest.mark.parametrize("summary", [False, True])
def test_room_for_all_that_is_under_way(summary):
    """Visits write most rows when they end: with 1 500 at once there is room for all of them (compiled code would
    write beyond the tables without a word)."""
    crowd = chain(
        1,
        p=1.0,
        service=5.0,
        arrivals=population(1_500, fixed(10.0)),
        pools={"p1": pool("p1_", 1_500)},
        hours=95.0,
        layers=(0, 1, 3),
        stages={1: {"onstage": True, "moment_of_truth": True, "self_check": Check(0.5), "supplier": "mill"}},
        suppliers={"mill": Supplier(Terms(fixed(0.0), 1.0))},
    )
    _, world = run_and_look(crowd, journal="summary" if summary else "full")
    counts = world.table("run")[0]
    for name in ("customers", "orders", "visits", "handoffs", "errors", "moments"):
        assert counts[name] <= len(world.table(name)), name
    assert counts["errors"] >= (1_500 if summary else 3_000)


@pytest.mark.no_engine
def test_unknown_kind_of_journal():
    with pytest.raises(InvalidInput, match="sumary"):
        simulate(chain(1, hours=10.0), journal="sumary")


def fingerprint(system: Blueprint) -> str:
    import hashlib

    journal = run(system, 3, journal="summary")
    assert np.isfinite(journal["weeks"]["paid"]).all()
    return hashlib.sha256(journal.to_bytes()).hexdigest()


def test_plain_python_gives_the_same_summary(engine):
    """GAPLINE_JIT=0 runs every rule (and the compiled engine's loop) as plain Python: the same bytes."""
    here = Path(__file__).parent
    code = f"import builders; builders.ENGINE = {engine!r}; from test_summary import *; "
    code += "print(fingerprint(whole_system(120.0)))"
    environment = {**os.environ, "GAPLINE_JIT": "0", "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == fingerprint(whole_system(120.0))
