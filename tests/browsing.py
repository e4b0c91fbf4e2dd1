"""A real browser for tests: Chromium, driven by Playwright. Where there is none, the tests that need it skip."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = {"phone": (390, 844), "laptop": (1200, 900), "projector": (1920, 1080)}
# No other machine has a name, so that nothing leaves this one whatever a page asks for.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
_CHECKS = (Path(__file__).parent / "browsing.js").read_text(encoding="utf-8")
PageOf = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window. Of a module, not of the session: Playwright's loop must not outlive its tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page_of(browser: Any) -> PageOf:
    """`with page_of(address) as page`: fails at its end on anything on the console, and on any request to elsewhere."""

    @contextmanager
    def opened(address: str, screen: str = "laptop", **options: Any) -> Iterator[Any]:
        width, height = WIDTHS[screen]
        context = browser.new_context(viewport={"width": width, "height": height}, service_workers="block", **options)
        faults: list[str] = []

        def look(request: Any) -> None:
            if not _is_here(request.url):
                faults.append(f"asked for {request.url[:200]}")

        context.on("request", look)
        context.on("console", lambda said: faults.append(f"{said.type}: {said.text}") if said.type != "log" else None)
        context.on("weberror", lambda error: faults.append(f"error: {error.error}"))
        context.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page = context.new_page()
        page.set_default_timeout(20_000)
        try:
            page.goto(address)
            yield page
        finally:
            context.close()
        assert not faults

    return opened


def _is_here(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("file", "data", "blob") or parts.hostname == "127.0.0.1"


def resize(page: Any, screen: str) -> None:
    """Another screen, and the page has drawn itself again."""
    width, height = WIDTHS[screen]
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def wait_until(page: Any, condition: str) -> None:
    """Until an expression of the page is true. (Playwright's own waiting needs eval, which our policy forbids.)"""
    page.evaluate(f"""new Promise((done, fail) => {{
        const end = performance.now() + 20000;
        const look = () => {{
            if ({condition}) done();
            else if (performance.now() > end) fail(new Error("waited too long"));
            else setTimeout(look, 10);
        }};
        look();
    }})""")


def faults_of_layout(page: Any) -> list[str]:
    """What is wider than the screen, and headings, figures, tables, controls and labels in charts that overlap."""
    return list(page.evaluate(f"({_CHECKS}).layout()"))


def faults_of_access(page: Any) -> list[str]:
    """Pictures and controls without a name, headings out of order, ids used twice, headless tables, low contrast."""
    return list(page.evaluate(f"({_CHECKS}).access()"))
