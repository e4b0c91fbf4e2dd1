"""The page of a report in a real browser: it sorts, draws and tells values by its own script alone, and is whole
without it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browsing import PageOf, faults_of_access, faults_of_layout, resize, wait_until

from analysis.compare import compare
from analysis.figures.forest import forest
from analysis.figures.style import inline_svg
from analysis.measures import METRICS
from analysis.report import Figure, Note, ReportPage, Section, Table, render
from analysis.report.compare_brief import brief
from analysis.report.explorer import explorer_section
from analysis.report.page import data_block, own_script
from analysis.report.study_table import Study

SHOWN = ("service_quality", "failure_share", "profit", "lead_time_mean")
BAD = "</script><script>alert(1)</script>"
EFFECTS = {"do_nothing": 0.0, "training": 1.0, "redesign": -2.0, "placebo": 0.0}


def study(effects: dict[str, float] | None = None) -> Study:
    random = np.random.default_rng(3)
    rows = [
        (scenario, r, metric, level + size * effect + 0.1 * size * random.normal())
        for scenario, effect in (effects or EFFECTS).items()
        for metric, level, size in zip(SHOWN, (80.0, 0.06, 1500.0, 17.0), (1.0, -0.01, 4000.0, 1.0), strict=True)
        for r in range(8)
    ]
    table = pd.DataFrame(rows, columns=["scenario", "replication", "metric", "value"])
    return Study(compare(table, next(iter(effects or EFFECTS))), next(iter(effects or EFFECTS)), METRICS)


def report(found: Study, comparison: pd.DataFrame | None = None) -> ReportPage:
    section = explorer_section(found)
    assert section is not None
    numbers = Table(
        "Numbers as they are printed", ("Name", "Value", "Word"),
        (("a", "▲ −1\u202f200 [−1\u202f300, −1\u202f100]", "x10"), ("b", "–", "x9"), ("c", "+3.5 ± 0.2", "x100"),
         ("d", "0.04", "x1"), ("e", "12\u202f000", "x2")),
        "lrl",
    )  # fmt: skip
    drawn = forest(_rows(found), [METRICS[m] for m in SHOWN], found.ranked)
    figure = Figure(inline_svg(drawn, "forest", "Differences", "In words."), "Differences.", "In words.")
    sections = (Section("Results", (), (numbers,), (figure,)), section)
    return ReportPage("A report", "What?", "That.", sections, brief=brief(found, 8))


def _rows(found: Study) -> pd.DataFrame:
    return pd.DataFrame(
        [(s, m, *v.change) for (s, m), v in found.values.items()],
        columns=["scenario", "metric", "difference", "difference_low", "difference_high"],
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(report(study())), encoding="utf-8")
    return path.as_uri()


def column(page: Any, table: int, cell: int) -> list[str]:
    return list(page.evaluate(f"[...document.querySelectorAll('main table')[{table}].tBodies[0].rows].map((r) => "
                              f"r.cells[{cell}].textContent)"))  # fmt: skip


def press(page: Any, table: int, cell: int) -> str:
    head = page.locator("main table").nth(table).locator("thead th").nth(cell)
    head.locator("button").click()
    return str(head.get_attribute("aria-sort"))


# ------------------------------------------------------------------------------------------------------ without one


def test_the_policy_allows_the_pages_own_script_and_no_other() -> None:
    html = render(report(study()))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert policy is not None
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script.group(1).encode()).digest()).decode()
    allowed = dict(part.split(" ", 1) for part in policy.group(1).replace("&#39;", "'").split("; "))
    assert allowed["script-src"] == f"'sha256-{digest}'"
    assert allowed["default-src"] == "'none'"
    assert "innerHTML" not in own_script()
    assert "</" not in own_script()  # nothing in it ends its element


def test_data_cannot_end_their_element_and_read_back_as_they_were() -> None:
    data = {"name": BAD + "<!-- & \u2028", "value": [1.5, None]}
    block = data_block(data)
    assert not set("<>&\u2028") & set(block)
    assert json.loads(block) == data


def test_the_table_of_the_explorer_is_whole_without_script() -> None:
    section = explorer_section(study())
    assert section is not None
    assert section.explorer is not None
    table = section.explorer.table
    assert [row[0].split(",")[0].split(" (")[0] for row in table.rows] == [
        METRICS[m].label.split(" (")[0].split(",")[0] for m in METRICS if m in SHOWN
    ]
    assert all("[" in cell for row in table.rows for cell in row[1:])


def test_the_explorers_data_are_those_of_the_comparison() -> None:
    found = study()
    section = explorer_section(found)
    assert section is not None
    assert section.explorer is not None
    data = section.explorer.data
    shares = next(m for m in data["metrics"] if m["label"] == METRICS["failure_share"].label)
    for i, scenario in enumerate(found.in_order):
        value = found.get(scenario, "failure_share")
        assert value is not None
        assert shares["levels"][i][:3] == pytest.approx(
            [100 * v for v in (value.mean, value.low, value.high)], rel=1e-5
        )
        assert shares["changes"][i][:3] == pytest.approx([100 * v for v in value.change], rel=1e-5, abs=1e-9)
    assert shares["unit"] == "%"
    assert dict(zip(data["scenarios"], shares["words"], strict=True))["training"] == "better"


def test_the_brief_says_how_sure_what_it_costs_and_what_speaks_against_it() -> None:
    notes = {note.standing: note.text for note in brief(study({"base": 0.0, "a": 1.0, "b": 0.9}), 8)}
    assert list(notes) == ["How sure", "What it costs", "What could overturn it"]
    assert "2 of 2 are clearly better" in notes["How sure"]
    assert "profit of the period" in notes["What it costs"]
    assert "clearly worse than the base in lead time" in notes["What could overturn it"]
    assert brief(study({"base": 0.0}), 8) == ()
    assert brief(study(), 1)[0] == Note("How sure", "Not at all: one replication gives no interval.")


# ------------------------------------------------------------------------------------------------------ with a browser


def test_tables_sort_by_numbers_and_by_words(page_of: PageOf, address: str) -> None:
    with page_of(address) as page:
        assert press(page, 0, 1) == "ascending"
        assert column(page, 0, 0) == ["a", "d", "c", "e", "b"]  # missing values last
        assert press(page, 0, 1) == "descending"
        assert column(page, 0, 0) == ["e", "c", "d", "a", "b"]
        assert press(page, 0, 1) == "None"
        assert column(page, 0, 0) == ["a", "b", "c", "d", "e"]
        assert press(page, 0, 2) == "ascending"
        assert column(page, 0, 2) == ["x1", "x2", "x9", "x10", "x100"]
        assert page.locator("th[aria-sort]").count() == 1


def test_marks_tell_their_values_by_mouse_and_by_keys(page_of: PageOf, address: str) -> None:
    with page_of(address) as page:
        tip = page.locator(".tip-shown")
        marks = page.locator("figure .tip")
        assert marks.count() == 3 * len(SHOWN)
        assert page.locator("figure .tip[tabindex='0']").count() == 1
        marks.nth(4).hover()
        assert tip.text_content() == marks.nth(4).get_attribute("aria-label")
        marks.first.focus()
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == marks.nth(1).get_attribute(
            "aria-label"
        )
        assert tip.text_content() == marks.nth(1).get_attribute("aria-label")
        assert re.fullmatch(r"\w+: [+−0-9].*, (better|worse|unclear)", str(tip.text_content()))
        page.keyboard.press("Escape")
        assert tip.is_hidden()


@pytest.mark.parametrize("screen", ["phone", "laptop", "projector"])
def test_nothing_overlaps_or_leaves_the_page(page_of: PageOf, address: str, screen: str) -> None:
    with page_of(address, screen) as page:
        assert faults_of_layout(page) == []
        assert faults_of_access(page) == []
        edge = page.locator(".explorer svg").bounding_box()
        for text in page.locator(".explorer svg text").all():
            box = text.bounding_box()
            assert box["x"] >= edge["x"] - 1
            assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 1


def test_the_explorer_is_drawn_anew_for_another_screen(page_of: PageOf, address: str) -> None:
    with page_of(address) as page:
        resize(page, "phone")
        wait_until(page, "document.querySelector('.explorer svg').viewBox.baseVal.width < 390")
        size = page.evaluate("getComputedStyle(document.querySelector('.explorer .name')).fontSize")
        scale = page.evaluate("(() => { const s = document.querySelector('.explorer svg'); "
                              "return s.getBoundingClientRect().width / s.viewBox.baseVal.width; })()")  # fmt: skip
        assert float(size.removesuffix("px")) * scale > 12


def test_hostile_names_stay_names(page_of: PageOf, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(
        render(report(study({"base": 0.0, BAD: 1.0, "<img src=x onerror=alert(1)>": -1.0}))), encoding="utf-8"
    )
    with page_of(path.as_uri()) as page:
        assert page.locator("img").count() == 0
        assert BAD[:20] in page.locator(".explorer .name").first.text_content()
