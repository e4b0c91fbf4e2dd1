"""A local web server for the teaching page: 127.0.0.1 only, nothing from outside, nothing kept.

The standard library's server is enough: it answers in a fraction of a second after the command and needs no package,
where Streamlit and marimo take seconds and megabytes (and Streamlit reports its use by default).
"""

from __future__ import annotations

import html
import json
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sim.invalid import InvalidInput

HOST = "127.0.0.1"
WEB = Path(__file__).parent / "web"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_LONGEST_ADDRESS = 24_000
_AT_ONCE = 8  # questions worked on at a time; a class of browsers waits its turn
_PATIENCE = 20.0  # s for a client to say what it wants
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def lessons() -> ModuleType:
    """What answers: loaded when it is first asked for, so that the page has its address a moment sooner."""
    return import_module("analysis.teaching.api")


class Refused(Exception):
    """A request that is not answered: status and one line."""

    def __init__(self, status: HTTPStatus, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


class TeachingServer(ThreadingHTTPServer):
    """Serves until told to stop. `port` 0 takes a free one; `ready` says whether the model is compiled.

    Raises OSError where the port cannot be had.
    """

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # so that a port can be had again at once; elsewhere it would share it

    def __init__(self, port: int, ready: Callable[[], bool] = lambda: True) -> None:
        super().__init__((HOST, port), Handler)
        self.port = int(self.server_address[1])
        self.ready = ready
        self.last_request = time.monotonic()
        self.turns = threading.BoundedSemaphore(_AT_ONCE)
        self.files = {path.name: path.read_bytes() for path in sorted(WEB.iterdir()) if path.suffix in _TYPES}

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no news."""


class Handler(BaseHTTPRequestHandler):
    """One request. Only GET, only to this host, only what is known."""

    server: TeachingServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Gapline", ""
    timeout = _PATIENCE

    def do_GET(self) -> None:
        self.server.last_request = time.monotonic()
        try:
            self._check()
            kind, content = self._answer()
            self._send(HTTPStatus.OK, kind, content)
        except Refused as refused:
            self._send(refused.status, *self._refusal(refused.said))
        except InvalidInput as fault:
            self._send(HTTPStatus.BAD_REQUEST, "application/json", _json({"error": str(fault)}))

    def _check(self) -> None:
        """The host must be ours, so that no name of another site leads here; and so must be the page that asks."""
        ours = {f"{name}:{self.server.port}" for name in (HOST, "localhost")}
        if self.headers.get("Host") not in ours:
            raise Refused(HTTPStatus.FORBIDDEN, "this page is only for this machine")
        origin, site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site", "none")
        if origin is not None and origin not in {f"http://{name}" for name in ours}:
            raise Refused(HTTPStatus.FORBIDDEN, "another site's page may not ask here")
        if site not in ("none", "same-origin"):
            raise Refused(HTTPStatus.FORBIDDEN, "another site's page may not ask here")
        if len(self.path) > _LONGEST_ADDRESS:
            raise Refused(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long")
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a question has no body")

    def _answer(self) -> tuple[str, bytes]:
        try:
            parts = urlsplit(self.path)
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, "no such address") from None
        path = parts.path
        if path == "/":
            return self._file("index.html")
        if path == "/favicon.ico":
            return "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
        if path == "/api/ready":
            return "application/json", _json({"ready": self.server.ready()})
        if found := re.fullmatch(r"/lesson/([1-9])", path):
            _lesson(found[1])
            return self._file("lesson.html")
        if found := re.fullmatch(r"/static/([a-z0-9_.-]{1,40})", path):
            return self._file(found[1])
        if found := re.fullmatch(r"/api/lesson/([1-9])/(about|run)", path):
            number = _lesson(found[1])
            if found[2] == "about":
                return "application/json", _json(lessons().about(number))
            with self.server.turns:
                return "application/json", _json(lessons().run(number, _query(parts.query)))
        raise Refused(HTTPStatus.NOT_FOUND, "there is no such page")

    def _file(self, name: str) -> tuple[str, bytes]:
        content = self.server.files.get(name)
        if content is None:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such file")
        return _TYPES[Path(name).suffix] + "; charset=utf-8", content

    def _refusal(self, said: str) -> tuple[str, bytes]:
        """A page for who typed the address of one, JSON for scripts."""
        if "text/html" not in self.headers.get("Accept", "") or self.path.startswith("/api/"):
            return "application/json", _json({"error": said})
        kind, page = self._file("refused.html")
        return kind, page.replace(b"<!-- said -->", html.escape(said).encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        if status != HTTPStatus.OK:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses (unknown methods, malformed requests), in our form."""
        self._send(HTTPStatus(code), "application/json", _json({"error": message or HTTPStatus(code).phrase}))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are nobody's business."""


def _refuse_method(handler: Handler) -> None:
    handler._send(HTTPStatus.METHOD_NOT_ALLOWED, "application/json", _json({"error": "only GET"}))


for _method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"):
    setattr(Handler, f"do_{_method}", _refuse_method)


def _lesson(text: str) -> int:
    known = lessons().LESSONS
    if int(text) not in known:
        raise Refused(HTTPStatus.NOT_FOUND, f"there are lessons {', '.join(map(str, known))}")
    return int(text)


def _query(text: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=8)
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "the question is malformed") from None
    if len(dict(pairs)) < len(pairs):
        raise Refused(HTTPStatus.BAD_REQUEST, "a part of the question is there twice")
    return dict(pairs)


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
