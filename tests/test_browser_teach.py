"""The teaching page in a real browser: what it draws and says is what the engine says."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
from browsing import WIDTHS, PageOf, faults_of_access, faults_of_layout, resize, wait_until

from analysis.teaching.api import about, run
from analysis.teaching.server import TeachingServer

SETTLED = 0.3  # h after which no dot glides or leaves any more (flow.js)
# Keeps what is drawn on the canvas in the last frame: middles of dots, and boxes.
KEEP_DRAWN = """
const pen = CanvasRenderingContext2D.prototype;
const { clearRect, arc, roundRect } = pen;
window.drawn = { dots: [], boxes: [] };
pen.clearRect = function (...given) { window.drawn = { dots: [], boxes: [] }; return clearRect.apply(this, given); };
pen.arc = function (...given) { drawn.dots.push(given.slice(0, 2)); return arc.apply(this, given); };
pen.roundRect = function (...given) { drawn.boxes.push(given.slice(0, 4)); return roundRect.apply(this, given); };
"""


@contextmanager
def serving(**options: Any) -> Iterator[TeachingServer]:
    with TeachingServer(0, **options) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as server:
        yield server.address


def ready(page: Any, time: float | None = None) -> Any:
    """The page once it runs, at a time."""
    wait_until(page, "window.gapline")
    if time is not None:
        page.evaluate(f"gapline.goTo({time})")
    return page


def asked(number: int, until: float, *history: Any, seed: int = 1, since: float = 0) -> dict[str, Any]:
    question = {"seed": seed, "since": since, "until": until, "h": json.dumps(list(history) or [[0, {}]])}
    return run(number, {name: str(value) for name, value in question.items()})


def same(page: Any, expected: dict[str, Any]) -> None:
    """The page's own numbers are the server's, but for times in ten-thousandths of an hour."""
    found = page.evaluate("gapline.numbers")
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        rows = zip(found[name], value, strict=True) if name == "stages" else [({name: found[name]}, {name: value})]
        for mine, theirs in rows:
            assert mine == pytest.approx(theirs, abs=1e-3), name


def test_the_numbers_of_lesson_1_are_those_of_the_engine_and_stand_in_its_table(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/1?seed=4&p=0.02") as page:
        ready(page, 150)
        expected = asked(1, 150, [0, {"p": 0.02}], seed=4)
        same(page, expected["numbers"])
        text = page.inner_text("#numbers")
        now, form = expected["numbers"], expected["closed_form"]
        assert f"{100 * now['share']:.2f} %" in text
        assert f"{100 * form['share']:.2f} %" in text
        assert f"{now['errors_per_order']:.4f}" in text
        labels = page.locator("#charts svg").text_content()
        assert f"formula {100 * form['share']:.2f} %" in labels
        assert "printed 11 %" in labels


def test_the_numbers_of_lesson_2_are_those_of_the_engine(page_of: PageOf, address: str):
    settings = {"utilisation": 0.95, "batch": 3, "delay": 2}
    with page_of(f"{address}lesson/2?utilisation=0.95&batch=3&delay=2") as page:
        ready(page, 123.4)
        expected = asked(2, 123.4, [0, settings])["numbers"]
        same(page, expected)
        cells = page.locator("#numbers tbody tr").first.locator("td").all_inner_texts()
        first = expected["stages"][0]
        assert [float(cell) for cell in cells[:5]] == pytest.approx(
            [first[name] for name in ("L", "rate", "W", "rate_W", "wait")], abs=0.0051
        )


def test_the_numbers_of_lesson_3_are_those_of_the_engine_at_the_end_of_the_last_week(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/3") as page:
        ready(page, 610)
        expected = asked(3, 610)
        found = page.evaluate("gapline.numbers")
        assert found["last"] == expected["orders"][-1]
        assert found["orders"] == len(expected["orders"])
        assert found["all"] == asked(3, 600)["numbers"]
        assert f"{found['all']['service_quality']:.1f}" in page.inner_text("#numbers")
        page.fill("#slider-customer", "11")  # another look at the same run
        wait_until(page, "/^Customer 11: [1-9]/.test(document.querySelector('.who').textContent)")
        other = asked(3, 610, [0, {"customer": 11}])
        assert page.evaluate("gapline.time") == 610
        assert page.evaluate("gapline.numbers.last") == other["orders"][-1]
        told = [int(word) for word in re.findall(r"\d+", page.inner_text(".who"))]
        assert told == [11, len(other["orders"]), len(other["moments"])]


def test_the_numbers_of_lesson_4_are_those_of_the_engine(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/4?demand=1.2&weeks=12") as page:
        ready(page, 3)
        expected = asked(4, 3, [0, {"demand": 1.2, "weeks": 12}])["numbers"]
        assert page.evaluate("gapline.numbers") == expected
        mean, low, high = (f"{v:+.1f}".replace("-", "−") for v in expected["contrasts"]["both"]["service_quality"])
        assert f"{mean} [{low}, {high}]" in page.inner_text("#numbers")
        page.fill("#slider-weeks", "24")  # another question, answered from the first replication on
        wait_until(page, "gapline.time === 0 && gapline.numbers")
        assert page.evaluate("gapline.numbers") == asked(4, 1, [0, {"demand": 1.2, "weeks": 24}])["numbers"]


@pytest.mark.parametrize(("number", "slider", "value"), [(1, "p", 0.1), (1, "stages", 20), (2, "utilisation", 1.1)])
def test_a_slider_changes_what_follows_and_nothing_before(
    page_of: PageOf, address: str, number: int, slider: str, value: float
):
    with page_of(f"{address}lesson/{number}") as page:
        ready(page, 60)
        before, after = page.evaluate(f"""(() => {{
            const slider = document.getElementById("slider-{slider}"), before = gapline.shown;
            slider.value = "{value}";
            slider.dispatchEvent(new Event("change", {{ bubbles: true }}));
            return [before, gapline.shown];
        }})()""")
        assert before == after > 0  # who is there does not vanish until the server has answered
        if number == 1:  # and what is expected from now on is seen before the lesson goes on
            share = asked(1, 61, [0, {}], [60, {slider: value}])["closed_form"]["share"]
            wait_until(page, f"document.getElementById('numbers').textContent.includes('= {100 * share:.2f} %')")
        page.evaluate("gapline.goTo(60)")
        assert page.evaluate("gapline.shown") == before
        page.evaluate("gapline.goTo(140)")
        changed = asked(number, 140, [0, {}], [60, {slider: value}])["numbers"]
        same(page, changed)
        assert changed != asked(number, 140)["numbers"]
        assert f"{slider}={value:g}" in page.url


def test_a_slider_can_be_moved_while_it_runs(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/1") as page:
        ready(page, 30)
        for key in ("+", "+", "+"):
            page.keyboard.press(key)
        page.click("#start")
        page.focus("#slider-p")
        for _ in range(3):
            page.wait_for_timeout(60)
            page.keyboard.press("ArrowRight")
        wait_until(page, "gapline.time > 70")
        page.click("#start")
        assert page.is_hidden("#said")
        now = page.evaluate("gapline.numbers")
        assert now["since"] > 30
        assert now["orders"] > 0


def test_the_customer_of_lesson_3_can_be_changed_while_it_runs(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/3") as page:
        ready(page, 400)
        page.click("#start")
        page.focus("#slider-customer")
        page.keyboard.press("ArrowRight")
        wait_until(page, "gapline.time > 401")
        page.click("#start")
        time = page.evaluate("gapline.time")
        expected = asked(3, time, [0, {"customer": 8}])
        wait_until(page, f"gapline.numbers.orders === {len(expected['orders'])}")


def quiet_time(answer: dict[str, Any], low: float, high: float) -> float:
    """A time before which nothing has happened for a while, so that no dot glides, and some orders are on their way."""
    moments = {m for row in answer["visits"] for m in row[3:6]} | {m for row in answer["handoffs"] for m in row[3:5]}
    found = sorted(m for m in moments if m is not None and low <= m <= high)
    quiet = (a + 0.9 * (b - a) for a, b in pairwise(found) if 0.9 * (b - a) > SETTLED)
    return round(next(t for t in quiet if any(row[3] < t < (row[4] or t) for row in answer["handoffs"])), 4)


def test_dots_are_drawn_where_the_journal_has_the_orders(page_of: PageOf, address: str):
    settings = {"utilisation": 0.45, "batch": 3, "delay": 4}
    words = "&".join(f"{name}={value}" for name, value in settings.items())
    time = quiet_time(asked(2, 200, [0, settings]), 60, 200)
    answer = asked(2, time, [0, settings])
    with page_of("about:blank") as page:
        page.add_init_script(KEEP_DRAWN)
        page.goto(f"{address}lesson/2?{words}")
        ready(page, time)
        dots, boxes = page.evaluate("[drawn.dots, drawn.boxes]")
    assert len(boxes) == 5
    inside = [sum(x <= a <= x + w and y <= b <= y + h for a, b in dots) for x, y, w, h in boxes]
    above = [sum(x <= a <= x + w and b < y for a, b in dots) for x, y, w, h in boxes]
    here = [[row for row in answer["visits"] if row[1] == stage and row[5] is None] for stage in range(5)]
    assert inside == [sum(row[4] is not None for row in rows) for rows in here]
    assert above == [sum(row[4] is None for row in rows) for rows in here]
    between = sum(row[3] <= time and (row[4] is None or row[4] > time) for row in answer["handoffs"])
    assert between > 0
    assert len(dots) == sum(inside) + sum(above) + between


def test_every_order_is_drawn_when_queues_are_long(page_of: PageOf, address: str):
    answer = asked(2, 400, [0, {"utilisation": 1.1}])
    present = sum(row["present"] for row in answer["numbers"]["stages"])
    assert present > 50
    with page_of("about:blank") as page:
        page.add_init_script(KEEP_DRAWN)
        page.goto(f"{address}lesson/2?utilisation=1.1")
        ready(page, 400)
        assert page.evaluate("gapline.shown") == present
        assert page.evaluate("drawn.dots.length") == present


def test_dots_glide_only_while_time_goes_by_and_not_for_who_wants_less_motion(page_of: PageOf, address: str):
    """Just after an order went on to the next stage, it is in that stage's box or queue."""
    row = next(row for row in asked(1, 40)["visits"] if row[1] == 5 and row[5] is not None)
    between = """(() => {
        const { dots, boxes } = window.drawn;
        return dots.filter(([x]) => !boxes.some(([left, , width]) => left <= x && x <= left + width)).length;
    })()"""
    for motion in ("reduce", "no-preference"):
        with page_of("about:blank", reduced_motion=motion) as page:
            page.add_init_script(KEEP_DRAWN)
            page.goto(f"{address}lesson/1")
            ready(page, row[3] + 0.06)
            assert page.evaluate(between) == 0  # it stands still
            page.evaluate(f"gapline.goTo({row[3] + 0.001})")
            page.fill("#speed", "0")
            seen = page.evaluate(f"""new Promise((done) => {{
                let most = 0;
                const look = () => {{
                    most = Math.max(most, {between});
                    if (gapline.time > {row[3] + 0.1}) done(most); else requestAnimationFrame(look);
                }};
                document.getElementById("start").click();
                look();
            }})""")
            assert (seen > 0) == (motion == "no-preference")
            page.click("#start")
            assert page.evaluate(between) == 0


def test_at_high_speed_what_is_counted_is_what_is_drawn(page_of: PageOf, address: str):
    """In every frame: orders delivered in table and headline, dots on the picture, and the time beside them."""
    with page_of("about:blank") as page:
        page.add_init_script(KEEP_DRAWN)
        page.goto(f"{address}lesson/1?view=class")
        ready(page, 1)
        page.fill("#speed", "8")
        seen = page.evaluate("""new Promise((done) => {
            const rows = [], text = (selector) => document.querySelector(selector).textContent;
            const look = () => {
                rows.push([gapline.time, text("#numbers tr:last-child td"), text("#headline p:last-child .number"), drawn.dots.length]);
                if (gapline.time > 150) done(rows); else requestAnimationFrame(look);
            };
            document.getElementById("start").click();
            look();
        })""")  # noqa: E501
    answer = asked(1, 400)
    placed = sorted(rows[3] for rows in answer["visits"] if rows[1] == 0)
    for time, told, large, dots in seen:
        done = sum(row[3] <= time for row in answer["orders"])
        assert int(told) == int(large) == done
        assert dots == sum(t <= time for t in placed) - done


def test_the_keyboard_starts_pauses_steps_and_restarts(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/1") as page:
        ready(page)
        press = page.keyboard.press
        press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        press("Space")
        wait_until(page, "gapline.frames > 10 && gapline.time > 0.5")
        assert page.inner_text("#start") == "Pause"
        press("Space")
        frames, time = page.evaluate("[gapline.frames, gapline.time]")
        page.wait_for_timeout(150)
        assert page.evaluate("[gapline.frames, gapline.time]") == [frames, time]
        moments = {m for row in asked(1, round(time + 20, 4))["visits"] for m in row[3:6] if m is not None and m > time}
        for _ in range(3):
            press("ArrowRight")
            wait_until(page, f"gapline.time > {time}")
            expected = min([*(m for m in moments if m > time), time + 0.25])
            time = page.evaluate("gapline.time")
            assert time == pytest.approx(expected)
        said = page.inner_text("#speed-said")
        press("+")
        faster = page.inner_text("#speed-said")
        press("-")
        assert page.inner_text("#speed-said") == said != faster
        press("r")
        assert page.evaluate("gapline.time") == 0
        page.click("#step")  # the arrow works with the focus on a button, too
        wait_until(page, "gapline.time > 0")
        time = page.evaluate("gapline.time")
        press("ArrowRight")
        wait_until(page, f"gapline.time > {time}")


def test_a_setting_is_shared_by_its_address(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/1") as page:
        ready(page)
        page.fill("#seed", "77")
        page.press("#seed", "Tab")
        for slider, key in (("stages", "Home"), ("detection", "End"), ("knock_on", "ArrowRight")):
            page.focus(f"#slider-{slider}")
            page.keyboard.press(key)
        page.click("#class-view")
        shared = page.url
    assert set(shared.split("?")[1].split("&")) == {"stages=1", "detection=1", "knock_on=1.5", "seed=77", "view=class"}
    with page_of(shared) as page:
        ready(page, 90)
        same(page, asked(1, 90, [0, {"stages": 1, "detection": 1, "knock_on": 1.5}], seed=77)["numbers"])
        assert page.evaluate("document.documentElement.classList.contains('class-view')")
        assert page.input_value("#seed") == "77"
        assert page.url == shared


HOSTILE = "<script>alert(1)</script>"


def test_hostile_values_in_an_address_are_refused_and_named(page_of: PageOf, address: str):
    given = {"p": HOSTILE, "stages": "1e999", "knock_on": "NaN", "detection": "-0.1", "seed": "0x", "view": HOSTILE,
             "__proto__": "1", "constructor": "2"}  # fmt: skip
    words = "&".join(f"{name}={quote(value)}" for name, value in given.items()) + "&p=%00&seed=5"
    with page_of(f"{address}lesson/1?{words}#{quote(HOSTILE)}") as page:
        ready(page, 40)
        same(page, asked(1, 40)["numbers"])
        assert page.locator("script").count() == 1  # what is named is text
        said = page.text_content("#said") or ""
        for name in given.keys() - {"view"}:
            assert name in said
        for slider in about(1)["sliders"]:
            assert float(page.input_value(f"#slider-{slider['name']}")) == slider["value"]


def test_a_value_between_two_steps_is_run_as_it_is_shown(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/1?p=0.01234&stages=7.4") as page:
        ready(page, 60)
        assert page.input_value("#slider-p") == "0.012"
        same(page, asked(1, 60, [0, {"p": 0.012, "stages": 7}])["numbers"])


PAGES = {"": 0, "lesson/1": 60, "lesson/2": 60, "lesson/3": 700, "lesson/4": 2}


# Parts that a class has to see without scrolling, and letters in charts that are small beside the text around them.
OUT_OF_SIGHT = """(() => {
    const found = [];
    for (const part of document.querySelectorAll(".bar *, .top > *, .controls *, canvas, figure, svg.chart, .headline *, .sliders, .sliders *")) {
        const box = part.getBoundingClientRect();
        if (part.closest(".slider p, [hidden]") || part.id === "said") continue;
        const there = box.width > 0 && box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth;
        if (!there) found.push(`${part.localName}#${part.id}.${part.getAttribute("class")} at ${Math.round(box.top)} to ${Math.round(box.bottom)}`);
    }
    const size = parseFloat(getComputedStyle(document.body).fontSize);
    for (const chart of document.querySelectorAll("svg.chart")) {
        const letters = 12 * chart.getScreenCTM().a;
        if (letters < 0.7 * size) found.push(`letters of ${letters} px in a chart`);
        if (chart.getBoundingClientRect().height < 6 * size) found.push("a flat chart");
    }
    return found;
})()"""  # noqa: E501


@pytest.mark.parametrize(("path", "time"), PAGES.items())
def test_pages_fit_their_screen_and_can_be_read_by_all(page_of: PageOf, address: str, path: str, time: float):
    with page_of(address + path) as page:
        if time:
            ready(page, time)
            page.click("summary")
        assert faults_of_access(page) == []
        for large in (False, True)[: 2 if time else 1]:
            if large:
                page.click("#class-view")
            for screen in WIDTHS:
                resize(page, screen)
                assert faults_of_layout(page) == [], (screen, large)
        if time:
            assert page.evaluate(OUT_OF_SIGHT) == []
            page.set_viewport_size({"width": 1280, "height": 720})
            wait_until(page, "innerHeight === 720")
            assert [page.evaluate(OUT_OF_SIGHT), faults_of_layout(page)] == [[], []]
        if path == "lesson/1":
            page.fill("#slider-stages", "20")  # two rows of boxes
            wait_until(page, "document.getElementById('numbers').textContent.includes('²⁰')")
            assert [page.evaluate(OUT_OF_SIGHT), faults_of_layout(page)] == [[], []]


def test_the_class_view_has_large_type(page_of: PageOf, address: str):
    with page_of(f"{address}lesson/2?view=class", "projector") as page:
        ready(page)
        size = "parseFloat(getComputedStyle(document.querySelector('.lead')).fontSize)"
        large = page.evaluate(size)
        page.click("#class-view")
        assert large >= 1.25 * page.evaluate(size)
        assert page.get_attribute("#class-view", "aria-pressed") == "false"
        links = "[...document.querySelectorAll('#lessons a')].map((link) => link.search)"
        assert page.evaluate(links) == [""] * 4
        page.click("#class-view")
        assert page.evaluate(links) == ["?view=class"] * 4  # the class stays in it


def test_lessons_are_found_from_the_first_page(page_of: PageOf, address: str):
    with page_of(address) as page:
        links = [link.get_attribute("href") for link in page.locator(".lessons a").all()]
        assert links == [f"/lesson/{n}" for n in (1, 2, 3, 4)]
        page.locator(".lessons a").nth(1).click()
        ready(page)
        assert page.inner_text("h1") == about(2)["title"]
        assert page.inner_text("#look-for") == about(2)["look_for"]
        assert page.locator("[aria-current=page]").inner_text() == "Lesson 2"


def test_while_the_model_is_compiled_the_page_says_so(page_of: PageOf):
    state = {"ready": False}
    with serving(ready=lambda: state["ready"]) as server, page_of(f"{server.address}lesson/1") as page:
        ready(page)
        wait_until(page, "document.getElementById('said').textContent.startsWith('Preparing')")
        assert page.is_visible("#said")
        state["ready"] = True
        wait_until(page, "document.getElementById('said').hidden")
        page.click("#start")
        wait_until(page, "gapline.time > 0.2")
        assert not math.isnan(page.evaluate("gapline.framesPerSecond"))
