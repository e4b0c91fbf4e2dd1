"""The replay of a run: one file, the journal's rows and nothing else, drawn offline."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import WIDTHS, PageOf, faults_of_access, faults_of_layout, resize, wait_until
from builders import Main

from analysis.replay.content import replay_content, replay_window
from analysis.replay.page import replay_page
from scenarios.config import load_blueprint
from sim.blueprint.rules import Horizon
from sim.journal import Journal
from sim.simulate import simulate

ORDERS = 120
HOSTILE = "</script><script>alert(1)</script><!--<script>"


@cache
def journal() -> Journal:
    system = load_blueprint("order_to_delivery", ["system.layers=[0,1,3]"])
    return simulate(replace(system, horizon=Horizon(80.0, 240.0)), seed=3)


@cache
def content() -> dict[str, Any]:
    return replay_content(journal(), *replay_window(journal(), ORDERS))


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a replay's file."""
    path = tmp_path_factory.mktemp("replay") / "replay.html"
    path.write_text(replay_page("Replay of a test", "order to delivery", content()), encoding="utf-8")
    return path.as_uri()


def near(values: Any) -> Any:
    """Within the rounding of the page's times."""
    return pytest.approx(values, abs=6e-5, nan_ok=True)


def test_the_window_begins_after_the_warm_up_and_ends_with_the_last_of_the_orders_asked_for():
    since, until = replay_window(journal(), ORDERS)
    rows = journal()["orders"]
    first = np.sort(rows["placed"][rows["placed"] >= 80.0])[:ORDERS]
    mine = np.isin(rows["placed"], first)
    assert since == 80.0
    assert until == np.nanmax(rows["delivered"][mine])
    assert mine.sum() == ORDERS


def test_its_rows_are_those_of_the_journal():
    since, until = content()["since"], content()["until"]
    visits = journal()["visits"]
    chosen = visits[(visits["arrived"] <= until) & ~(visits["ended"] <= since)]
    found = content()["visits"]
    assert len(found) == len(chosen) > 5 * ORDERS
    assert [row[:2] for row in found] == [[int(v["order"]), int(v["stage"])] for v in chosen]
    for column, name in ((3, "arrived"), (4, "began"), (5, "ended")):
        times = np.where(chosen[name] <= until, chosen[name], np.nan)  # what has not happened yet is not told
        assert [np.nan if row[column] is None else row[column] for row in found] == near(list(times))
    orders = journal()["orders"]
    done = orders[(orders["delivered"] > since) & (orders["delivered"] <= until)]
    assert [row[3] for row in content()["orders"]] == near(sorted(done["delivered"]))
    assert sum(row[4] for row in content()["orders"]) == done["errors"].sum()
    handoffs = journal()["handoffs"]
    inside = handoffs[(handoffs["arrived"] > since) & (handoffs["left"] <= until)]
    assert len(content()["handoffs"]) == (inside["arrived"] - inside["left"] > 1e-4).sum() > 0


def test_every_error_made_in_it_is_told_with_its_visit_or_found():
    """Errors per visit and finds add up to the journal's."""
    since, until = content()["since"], content()["until"]
    errors, visits = journal()["errors"], journal()["visits"]
    ended = visits["ended"][errors["visit"]]
    told = (errors["visit"] >= 0) & (ended > since) & (ended <= until) & (errors["made"] <= until)
    assert sum(row[6] for row in content()["visits"]) == told.sum() > 0
    assert len(content()["finds"]) == ((errors["found"] > since) & (errors["found"] <= until)).sum()


def test_errors_of_before_are_carried_into_it():
    """Every find in it takes away an error that was carried or made there: no order has fewer than none."""
    errors, since = journal()["errors"], content()["since"]
    open_then = (errors["made"] <= since) & ~(errors["found"] <= since)
    still_here = np.isin(errors["order"], [row[0] for row in content()["visits"]])
    assert sum(count for _, count in content()["carried"]) == (open_then & still_here).sum() > 0
    left = dict(content()["carried"])
    for row in content()["visits"]:
        left[row[0]] = left.get(row[0], 0) + row[6]
    for order, *_ in content()["finds"]:
        left[order] -= 1
    assert min(left.values()) == 0


def test_it_is_one_small_file_without_any_reference_outside(main: Main, tmp_path: Path):
    code, out, err = main("experiment=animate", "animate.orders=500", "hydra.run.dir=run")
    assert (code, err) == (0, "")
    page = (tmp_path / "run" / "replay.html").read_text(encoding="utf-8")
    assert 100_000 < len(page.encode()) < 700_000
    assert not re.search(r"https?:|//[a-z]|\ssrc=|@import|url\(|import\(|^import |fetch\(", page, re.MULTILINE)
    assert "default-src 'none'" in page
    assert "unsafe" not in page
    told = json.loads((tmp_path / "run" / "results.json").read_text())["replay"]
    assert told["bytes"] == len(page.encode())
    assert told["orders"] >= 500  # those of before that were delivered in it are there, too
    assert out.strip().splitlines()[-1].endswith("replay.html")


def test_the_same_seed_makes_the_same_file(main: Main, tmp_path: Path):
    for folder in ("one", "two"):
        assert main("experiment=animate", "animate.orders=20", f"hydra.run.dir={folder}")[0] == 0
    one, two = ((tmp_path / folder / "replay.html").read_bytes() for folder in ("one", "two"))
    assert one == two


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["animate.orders=0"], "orders"),
        (["animate.orders=20001"], "orders = 20001: must be at most 20000"),
        (["animate.orders=many"], "orders"),
        (["animate.replication=-1"], "replication = -1"),
        (["animate.scenario=do_nothin"], "did you mean do_nothing"),
        (["animate.ordres=5"], "orders"),
        (["journal=summary"], "journal"),
    ],
)
def test_bad_input_is_refused_in_one_line(main: Main, words: list[str], said: str):
    code, out, err = main("experiment=animate", *words, "hydra.run.dir=run")
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_names_cannot_end_the_script(page_of: PageOf, tmp_path: Path):
    hostile = content() | {"stages": [HOSTILE] * len(content()["stages"]), "functions": [HOSTILE]}
    page = replay_page(HOSTILE, f"{HOSTILE} {{{{ 7 * 7 }}}}", hostile)
    assert page.count("</script>") == 2
    assert "<script>alert" not in page
    (tmp_path / "replay.html").write_text(page, encoding="utf-8")
    with page_of((tmp_path / "replay.html").as_uri()) as opened:
        wait_until(opened, "window.gapline")
        assert opened.title() == opened.inner_text("h1") == HOSTILE
        assert opened.inner_text(".lead").endswith("{{ 7 * 7 }}")
        assert opened.evaluate("document.scripts.length") == 2
        assert opened.evaluate("JSON.parse(document.getElementById('data').textContent).stages[0]") == HOSTILE


def test_what_it_shows_at_a_time_is_what_the_journal_has(page_of: PageOf, replay: str):
    visits = journal()["visits"]
    since, until = content()["since"], content()["until"]
    with page_of(replay) as page:
        wait_until(page, "window.gapline")
        for share in (0.05, 0.31, 0.77):
            page.evaluate(
                f"(() => {{ const s = document.getElementById('scrub'); s.value = {share};"
                " s.dispatchEvent(new Event('input')); })()"
            )
            time = page.evaluate("gapline.time")
            assert time == pytest.approx(since + share * (until - since), abs=1e-3)
            here = visits[(visits["arrived"] <= time) & ~(visits["ended"] <= time)]
            begun = set(visits["order"][visits["arrived"] <= time])  # also on the way, and sent back for rework
            orders = begun & set(visits["order"][~(visits["ended"] <= time)])
            waiting = int((~(here["began"] <= time)).sum())
            done = [row for row in content()["orders"] if row[3] <= time]
            text = page.inner_text("#counts")
            assert text.startswith(f"{len(orders)} orders in the system, {waiting} of them waiting; {len(done)} deliv")
            assert f", {sum(row[5] > 0 for row in done)} with an error" in text


def test_it_plays_steps_and_goes_back_by_the_keyboard(page_of: PageOf, replay: str):
    since, until = content()["since"], content()["until"]
    moments = sorted({m for row in content()["visits"] for m in row[3:6] if m is not None and m > since})
    with page_of(replay) as page:
        wait_until(page, "window.gapline")
        press = page.keyboard.press
        time, now = since, "gapline.time"
        for _ in range(3):
            press("ArrowRight")
            time = min(m for m in moments if m > time)
            assert page.evaluate(now) == pytest.approx(time)
        press("ArrowLeft")
        assert page.evaluate(now) == pytest.approx(max(m for m in moments if m < time))
        press("Space")
        wait_until(page, f"gapline.frames > 5 && {now} > {time}")
        press("Space")
        time = page.evaluate(now)
        page.wait_for_timeout(120)
        assert page.evaluate(now) == time
        page.evaluate(f"gapline.goTo({until - 0.01})")
        page.click("#start")  # to the end, where it stops by itself
        wait_until(page, "document.getElementById('start').textContent === 'Start'")
        assert page.evaluate(now) == pytest.approx(until, abs=1e-5)


def test_it_fits_every_screen_and_can_be_read_by_all(page_of: PageOf, replay: str):
    with page_of(replay) as page:
        wait_until(page, "window.gapline")
        page.evaluate(f"gapline.goTo({content()['until'] - 1})")
        assert faults_of_access(page) == []
        for large in (False, True):
            if large:
                page.click("#full")
            for screen in WIDTHS:
                resize(page, screen)
                assert faults_of_layout(page) == [], (screen, large)
