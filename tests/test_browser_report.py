"""Reports in a real browser: offline, at every width, by keyboard, without script, on paper."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import WIDTHS, PageOf, faults_of_access, faults_of_layout, resize, wait_until
from PIL import Image

import run
from analysis.report.page import ReportPage, Section, Table, render

QUICK = ("n_jobs=1", "replications=2", "system.horizon.warm_up=0", "system.horizon.measured=80")
STUDIES = {
    "compare": (*QUICK, "scenario=[do_nothing,frontline_training,empowerment,process_redesign]"),
    "ten_stage": ("experiment=ten_stage", "ten_stage.orders=2000", "ten_stage.grid_orders=400"),
    "trace": ("experiment=trace", *QUICK),
}
PAPER = {"width": 718, "height": 1047}  # px; A4 within margins of 10 mm


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of small studies, as the program leaves them."""
    folder = tmp_path_factory.mktemp("reports")
    for name, words in STUDIES.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["run.py", *words, f"hydra.run.dir={folder / name}"])
            run.main()
    return {name: folder / name / "report.html" for name in STUDIES}


@pytest.mark.parametrize("study", STUDIES)
def test_a_report_opens_offline_fits_every_screen_and_can_be_read_by_all(
    page_of: PageOf, reports: dict[str, Path], study: str
):
    with page_of(reports[study].as_uri()) as page:
        assert page.title() == page.inner_text("h1")
        assert faults_of_access(page) == []
        for unfolded in (False, True):
            if unfolded:
                page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
            for screen in WIDTHS:
                resize(page, screen)
                assert faults_of_layout(page) == [], (screen, unfolded)


def test_the_page_is_found_to_be_at_fault_where_it_is(page_of: PageOf, tmp_path: Path):
    """The checks of these tests see what they are for."""
    bad = """<!doctype html><html><title></title><main><h1>A</h1><h3>B</h3><img src="data:,"><button></button>
    <p style="color:#999">pale</p><div style="width:3000px">wide</div><table><tr><td>1</td></tr></table>
    <h4 style="position:absolute;top:8px">over</h4></main></html>"""
    (tmp_path / "bad.html").write_text(bad, encoding="utf-8")
    with page_of((tmp_path / "bad.html").as_uri()) as page:
        access, layout = "; ".join(faults_of_access(page)), "; ".join(faults_of_layout(page))
    for word in (
        "no language",
        "no title",
        "contrast of 2.85",
        "img",
        "button",
        "follows a heading of level 1",
        "head",
    ):
        assert word in access
    assert "wide on a screen of 1200" in layout
    assert 'h1 "A" overlaps h4 "over"' in layout
    for source in ("<img src='http://198.51.100.7/x.png'>", "<script>console.error('said')</script>"):
        (tmp_path / "bad.html").write_text(f"<!doctype html><title>x</title>{source}", encoding="utf-8")
        with pytest.raises(AssertionError), page_of((tmp_path / "bad.html").as_uri()):
            pass


def first_table(page: Any) -> Any:
    return page.locator("main table").filter(has=page.locator("th button")).first


def edges_of(frame: Any) -> tuple[float, float]:
    """How light the first and the last pixels of a frame are, at their darkest (0 to 1)."""
    picture = np.asarray(Image.open(io.BytesIO(frame.screenshot())).convert("L"), dtype=float) / 255
    columns = np.median(picture, axis=0)
    return float(columns[:3].min()), float(columns[-3:].min())


def test_what_goes_on_beyond_the_edge_is_shadowed_on_a_screen(page_of: PageOf, reports: dict[str, Path]):
    with page_of(reports["compare"].as_uri(), "phone") as page:
        frames = page.locator("main .scroll:visible")
        wide = "(e) => e.scrollWidth > e.clientWidth"
        for kind in ("table", "svg"):
            frame = next(f for f in frames.filter(has=page.locator(f":scope > {kind}")).all() if f.evaluate(wide))
            left, right = edges_of(frame)
            assert (left > 0.97, right < 0.9) == (True, True)
            frame.evaluate("(e) => { e.scrollLeft = e.scrollWidth; }")
            left, right = edges_of(frame)
            assert (left < 0.9, right > 0.97) == (True, True)
        page.emulate_media(media="print")
        assert frames.first.evaluate("(e) => getComputedStyle(e).backgroundImage") == "none"


def test_an_interval_goes_to_the_next_line_before_a_table_is_cut(page_of: PageOf, tmp_path: Path):
    cells = tuple(f"{n}2 345 [−{n}1 234, {n}3 456]" for n in range(1, 7))
    table = Table("caption", ("Scenario", *(f"Metric {n}" for n in range(1, 7))), (("base", *cells),))
    (tmp_path / "wide.html").write_text(render(ReportPage("t", "q?", "a.", (Section("h", (), (table,)),))))
    with page_of((tmp_path / "wide.html").as_uri(), "laptop") as page:
        frame = page.locator("main .scroll").first
        assert frame.evaluate("(e) => e.scrollWidth <= e.clientWidth")
        assert page.locator("main td").first.text_content() == cells[0]
        heights = page.locator("main td").evaluate_all("(all) => all.map((e) => e.clientHeight)")
        assert max(heights) < 60  # px: two lines


def test_tables_sort_by_the_mouse_and_the_keyboard(page_of: PageOf, reports: dict[str, Path]):
    def cells(table: Any, column: int) -> list[str]:
        return [row.locator("th, td").nth(column).inner_text() for row in table.locator("tbody tr").all()]

    def numbers(table: Any, column: int) -> list[float]:
        return [float(re.sub(r"[^\d.+-]", "", cell.replace("−", "-"))) for cell in cells(table, column)]

    with page_of(reports["compare"].as_uri()) as page:
        table = first_table(page)
        before = cells(table, 0)
        head = table.locator("thead th").nth(3)
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        assert numbers(table, 3) == sorted(numbers(table, 3))
        head.locator("button").press("Enter")
        assert head.get_attribute("aria-sort") == "descending"
        assert numbers(table, 3) == sorted(numbers(table, 3), reverse=True)
        assert len(set(numbers(table, 3))) == len(before) == 4
        head.locator("button").press("Space")
        assert head.get_attribute("aria-sort") is None
        assert cells(table, 0) == before
        table.locator("thead button").first.click()
        assert cells(table, 0) == sorted(before)


def drawn(page: Any) -> dict[str, str]:
    """What the explorer's figure says: scenario -> value."""
    names = page.locator(".explorer svg text.name").all_text_contents()
    return dict(zip(names, page.locator(".explorer svg text.value").all_text_contents(), strict=True))


def test_the_explorer_draws_the_metric_and_scenarios_that_are_chosen(page_of: PageOf, reports: dict[str, Path]):
    with page_of(reports["compare"].as_uri()) as page:
        data = json.loads(page.locator(".explorer script").text_content())
        table = page.locator("details.all tbody tr")
        rows = {row[0]: row[1:] for row in (r.locator("th, td").all_text_contents() for r in table.all())}
        assert len(rows) == len(data["metrics"]) > 50
        pictures = set()
        for label in (data["metrics"][data["first"]]["label"], "Lead time, mean", "Utilisation, mean over staff"):
            index = next((i for i, m in enumerate(data["metrics"]) if m["label"] == label), 0)
            page.locator(".explorer select").select_option(str(index))
            changes = {n: c[3] for n, c in zip(data["scenarios"], data["metrics"][index]["changes"], strict=True)}
            shown = drawn(page)
            assert shown == {name: changes[name] for name in data["scenarios"][1:]}
            whole = next(cells for name, cells in rows.items() if name.startswith(data["metrics"][index]["label"]))
            for name, value in shown.items():
                assert whole[data["scenarios"].index(name)].endswith(value)  # as in the table
            pictures.add(page.locator(".explorer svg").inner_html())
        assert len(pictures) == 3
        page.get_by_label(data["scenarios"][1], exact=True).uncheck()
        assert set(drawn(page)) == set(data["scenarios"][2:])
        assert "2 of 4 scenarios" in page.inner_text(".explorer [role=status]")
        page.get_by_label("values", exact=True).check()
        assert set(drawn(page)) == {data["scenarios"][0], *data["scenarios"][2:]}
        for name in (data["scenarios"][0] + " (base)", *data["scenarios"][2:]):
            page.get_by_label(name, exact=True).uncheck()
        assert "Nothing to draw" in page.inner_text(".explorer")
        assert faults_of_access(page) == []


def test_marks_tell_their_values(page_of: PageOf, reports: dict[str, Path]):
    with page_of(reports["compare"].as_uri()) as page:
        marks = page.locator(".explorer svg .tip")
        told = page.locator(".tip-shown")
        marks.first.scroll_into_view_if_needed()
        assert told.is_hidden()
        marks.first.hover()
        assert told.inner_text() == marks.first.get_attribute("aria-label")
        marks.first.focus()
        page.keyboard.press("ArrowDown")
        assert told.inner_text() == marks.nth(1).get_attribute("data-tip") != marks.first.get_attribute("data-tip")
        page.keyboard.press("Escape")
        assert told.is_hidden()


@pytest.mark.parametrize("study", STUDIES)
def test_a_report_is_complete_without_script(page_of: PageOf, reports: dict[str, Path], study: str):
    with page_of(reports[study].as_uri(), java_script_enabled=False) as page:
        assert page.locator("main button, main select, main input").count() == 0
        while folded := page.locator("details:not([open]) > summary").all():
            folded[0].click()
        hidden = [
            part for part in page.locator("main h2, main table, main figure svg, main p").all() if not part.is_visible()
        ]
        assert hidden == []
        assert page.locator("main table tbody tr").count() > 3
        assert page.locator("main figure").count() > 0


def test_nothing_is_cut_on_paper(page_of: PageOf, reports: dict[str, Path]):
    with page_of(reports["compare"].as_uri()) as page:
        page.set_viewport_size(PAPER)
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
        figures = page.locator("main figure svg").all()
        assert len(figures) > 5
        for figure in figures:
            box = figure.bounding_box()
            assert box["height"] <= PAPER["height"]
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PAPER["width"]
        kept = "[...document.querySelectorAll('main figure')].map((f) => getComputedStyle(f).breakInside)"
        assert set(page.evaluate(kept)) == {"avoid"}
        assert page.locator(".controls").first.is_hidden()
        assert page.locator("nav").is_hidden()
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        wait_until(page, "!document.querySelector('details:not([open])')")
        assert all(table.is_visible() for table in page.locator("main table").all())
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        wait_until(page, "!document.querySelector('details[open]')")
