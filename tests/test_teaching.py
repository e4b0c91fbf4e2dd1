"""The teaching page's server: true answers, a history that holds, and requests that are refused."""

from __future__ import annotations

import http.client
import json
import math
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from builders import Main

from analysis.compounding.closed_forms import share_affected
from analysis.teaching import lesson1, lesson2, lesson4
from analysis.teaching.api import LESSONS, about, run
from analysis.teaching.lesson import run as journal_of
from analysis.teaching.server import HEADERS, HOST, TeachingServer
from analysis.teaching.sliders import history_from
from sim.invalid import InvalidInput

COMPLEX = [[0, {}], [30, {"stages": 5, "p": 0.05}], [60, {"stages": 12, "detection": 0.5, "knock_on": 3}]]


def asked(history: Any = None, **given: object) -> dict[str, str]:
    return {k: str(v) for k, v in given.items()} | ({} if history is None else {"h": json.dumps(history)})


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_moved_slider_changes_nothing_before_it(number: int):
    sliders = LESSONS[number].sliders
    changed = {s.name: s.max for s in sliders if s.name != "customer"}
    one = run(number, asked([[0, {}]], until=80))
    other = run(number, asked([[0, {}], [80, changed]], until=80))
    later = run(number, asked([[0, {}], [80, changed]], until=320))
    unchanged = run(number, asked([[0, {}]], until=320))
    one.pop("numbers"), other.pop("numbers")
    assert one == other
    assert later != unchanged


def test_events_come_once_and_those_under_way_again():
    whole = run(1, asked(COMPLEX, until=100))
    parts = [run(1, asked(COMPLEX, since=since, until=since + 20)) for since in (0, 20, 40, 60, 80)]
    ended = [visit for part in parts for visit in part["visits"] if visit[5] is not None]
    assert sorted(map(tuple, ended)) == sorted(tuple(v) for v in whole["visits"] if v[5] is not None)
    for name in ("orders", "finds"):
        assert [event for part in parts for event in part[name]] == whole[name]
    for part in parts:
        for _, _, member, arrived, began, end, _ in part["visits"]:
            assert arrived <= part["until"]
            assert end is None or arrived <= began <= end <= part["until"]
            assert (member < 0) == (began is None)


def test_the_share_of_lesson_1_goes_to_its_closed_form():
    """Within 4 standard errors, of some 4 700 orders each: knock-on (V5: no change to the share), fewer stages."""
    for settings, n, p in (({"knock_on": 5}, 10, 0.01), ({"stages": 3, "p": 0.05}, 3, 0.05)):
        answer = run(1, asked([[0, settings]], seed=5, until=2000))
        found, expected = answer["numbers"], share_affected(p, n)
        assert answer["closed_form"]["share"] == expected
        assert abs(found["share"] - expected) < 4 * math.sqrt(expected * (1 - expected) / found["orders"])
        assert found["low"] < found["share"] < found["high"]


def test_errors_per_order_of_lesson_1_go_to_their_closed_form():
    answer = run(1, asked([[0, {"knock_on": 3}]], seed=2, until=2000))
    journal = journal_of(lesson1.build, history_from('[[0, {"knock_on": 3}]]', lesson1.SLIDERS, 2000), 2, 2000)
    spread = journal["orders"]["errors"].std()
    expected = answer["closed_form"]["errors"]
    assert expected == pytest.approx(0.1087642, abs=1e-7)  # V3
    assert abs(answer["numbers"]["errors_per_order"] - expected) < 4 * spread / math.sqrt(answer["numbers"]["orders"])


def test_littles_law_holds_in_lesson_2_but_for_who_is_still_there():
    answer = run(2, asked([[0, {"utilisation": 0.9}]], until=2000))
    assert answer["stages"] == [f"stage {n}" for n in range(1, 6)]
    for row in answer["numbers"]["stages"]:
        assert row["L"] == pytest.approx(row["rate_W"], rel=0.05)  # 20 of some 6 000 orders are still there


def test_lesson_2_waits_as_long_as_erlang_c_says():
    """M/M/2 at 0.75: 0.771429 h (V10); the mean of 8 seeds within 4 standard errors."""
    assert lesson2.mean_wait(0.75) == pytest.approx(0.7714286, abs=1e-7)
    waits = [run(2, asked([[0, {}]], seed=s, until=2000))["numbers"]["stages"][0]["wait"] for s in range(1, 9)]
    assert abs(np.mean(waits) - lesson2.mean_wait(0.75)) < 4 * np.std(waits, ddof=1) / math.sqrt(len(waits))


def test_numbers_of_lesson_3_are_those_of_its_journal():
    answer = run(3, asked([[0, {}]], until=400))
    weeks = answer["weeks"]
    n = sum(week["orders"] for week in weeks)
    assert n == answer["numbers"]["orders"]
    for name in ("S", "W", "P"):
        mean = sum(week[name] * week["orders"] for week in weeks) / n
        assert answer["numbers"][name] == pytest.approx(mean, abs=1e-4)
    assert answer["numbers"]["gap"] == pytest.approx(answer["numbers"]["P"] - answer["numbers"]["S"], abs=2e-6)


def test_lesson_4_adds_replications_to_those_there_were():
    two, four = run(4, asked(until=2)), run(4, asked(since=2, until=4))
    assert [row["replication"] for row in two["replications"] + four["replications"]] == [0, 1, 2, 3]
    values = np.array([row["values"] for row in two["replications"] + four["replications"]])
    index = lesson4.METRICS.index("service_quality")
    together = (values[:, 3] - values[:, 0])[:, index]
    mean, low, high = four["numbers"]["contrasts"]["both"]["service_quality"]
    assert mean == pytest.approx(together.mean(), abs=1e-5)
    assert low < mean < high


def test_answers_are_json_and_the_same_twice():
    for number in LESSONS:
        question = asked(seed=3, until=2 if number == 4 else 60)
        assert json.dumps(run(number, question), allow_nan=False) == json.dumps(run(number, question), allow_nan=False)
        json.dumps(about(number), allow_nan=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"until": "nan"}, "until = nan: must be a number"),
        ({"until": "1e3"}, "until"),
        ({"until": "2000.1"}, "until = 2000.1: must be from 0 to 2000"),
        ({"until": "10", "since": "11"}, "since = 11"),
        ({"seed": "1.5"}, "seed = 1.5: must be a whole number"),
        ({"seed": "0"}, "seed = 0"),
        ({"sed": "1"}, "did you mean seed"),
        ({"h": "["}, "h: must be JSON"),
        ({"h": "[" * 19_000}, "h: must be JSON"),
        ({"h": "[]"}, "h: must be a list"),
        ({"h": "{}"}, "h: must be a list"),
        ({"h": "[[1, {}]]"}, "must be 0 in the first entry"),
        ({"h": "[[0, {}], [0, {}]]"}, "later than before"),
        ({"h": '[[0, {"p": 0.2}]]'}, "must be a number from 0 to 0.1"),
        ({"h": '[[0, {"p": NaN}]]'}, "must be a number from 0 to 0.1"),
        ({"h": '[[0, {"p": true}]]'}, "must be a number from 0 to 0.1"),
        ({"h": '[[0, {"stages": 2.5}]]'}, "must be a whole number"),
        ({"h": '[[0, {"stagess": 2}]]'}, "did you mean stages"),
        ({"h": '[[0, {"__class__": 2}]]'}, "unknown slider"),
        ({"h": "[[0, [1]]]"}, "must be a mapping"),
        ({"h": json.dumps([[i, {}] for i in range(51)])}, "1 to 50 entries"),
        ({"h": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_what_is_malformed_or_out_of_range_is_refused_in_one_line(given: dict[str, str], said: str):
    with pytest.raises(InvalidInput) as fault:
        run(1, {"until": "10"} | given)
    assert said in str(fault.value)
    assert "\n" not in str(fault.value)


def test_lesson_4_makes_few_runs_at_once():
    for question in ({"until": "5"}, {"since": "199", "until": "201"}, {"until": "1.5"}):
        with pytest.raises(InvalidInput):
            run(4, question)


@pytest.fixture(scope="module")
def server() -> Iterator[TeachingServer]:
    with TeachingServer(0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def request(
    server: TeachingServer,
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": f"{HOST}:{server.port}"} | (headers or {})).items():
            connection.putheader(name, value)
        connection.endheaders(body.encode() if body else None)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_pages_and_answers_come_with_strict_headers(server: TeachingServer):
    answers = ("/api/lesson/2/about", "/api/lesson/1/run?until=5")
    for path in ("/", *(f"/lesson/{number}" for number in LESSONS), "/static/teach.css", *answers):
        status, headers, content = request(server, path)
        assert status == 200, path
        assert content
        assert HEADERS.items() <= headers.items()
    assert b"http://" not in request(server, "/")[2].replace(b"http://www.w3.org/", b"")  # nothing from elsewhere
    status, _, content = request(server, "/api/lesson/1/run?until=5&h=" + quote(json.dumps(COMPLEX)))
    assert json.loads(content) == run(1, asked(COMPLEX, until=5))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/lesson/5", 404),
        ("/lesson/1/../../api.py", 404),
        ("/static/../api.py", 404),
        ("/static/%2e%2e/api.py", 404),
        ("/static/..%2fapi.py", 404),
        ("/static//etc/passwd", 404),
        ("/static/api.py", 404),
        ("//example.org/", 404),
        ("http://[broken/", 400),
        ("/api/lesson/1/run?until=5&until=6", 400),
        ("/api/lesson/1/run?" + "&".join(f"a{i}=1" for i in range(20)), 400),
        ("/api/lesson/1/run?until=%0d%0aSet-Cookie:x", 400),
        ("/api/lesson/1/run?h=" + "9" * 30_000, 414),
    ],
)
def test_paths_that_lead_nowhere_are_refused(server: TeachingServer, path: str, status: int):
    found, headers, content = request(server, path)
    assert found == status
    assert list(json.loads(content)) == ["error"]
    assert b"Traceback" not in content
    assert "Set-Cookie" not in headers


def test_who_types_a_wrong_address_gets_a_page_with_a_way_back(server: TeachingServer):
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/lesson/5", "/lesson", "/nothing"):
        status, headers, content = request(server, path, headers=browser)
        assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert b'<a href="/">' in content
    assert b"there are lessons 1, 2, 3, 4" in request(server, "/lesson/5", headers=browser)[2]
    assert list(json.loads(request(server, "/api/lesson/5/run", headers=browser)[2])) == ["error"]


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("GET", {"Host": "example.org"}, None, 403),
        ("GET", {"Host": "127.0.0.1"}, None, 403),
        ("GET", {"Origin": "https://example.org"}, None, 403),
        ("GET", {"Origin": "null"}, None, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, None, 403),
        ("GET", {"Content-Length": "5"}, "hello", 413),
        ("GET", {"Transfer-Encoding": "chunked"}, None, 413),
        ("POST", {}, None, 405),
        ("DELETE", {}, None, 405),
        ("OPTIONS", {}, None, 405),
        ("BREW", {}, None, 501),
    ],
)
def test_requests_of_others_are_refused(
    server: TeachingServer, method: str, headers: dict[str, str], body: str | None, status: int
):
    found, answered, content = request(server, "/api/lesson/1/run", method, headers, body)
    assert found == status
    assert list(json.loads(content)) == ["error"]
    assert HEADERS.items() <= answered.items()


def test_its_own_page_may_ask(server: TeachingServer):
    for name in (HOST, "localhost"):
        host = f"{name}:{server.port}"
        own = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert request(server, "/api/ready", headers=own)[0] == 200


def test_it_listens_on_this_machine_only(server: TeachingServer):
    assert server.server_address[0] == "127.0.0.1"
    with pytest.raises(OSError, match="in use"):
        TeachingServer(server.port)


def test_a_port_that_is_taken_is_said_in_one_line(server: TeachingServer, main: Main, tmp_path: Path):
    code, out, err = main("experiment=teach", f"teach.port={server.port}")
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"gapline: teach\.port = {server.port}: cannot be had: [^\n]+; choose another, or 0\n", err)
    assert not list(tmp_path.rglob("*.yaml"))


def test_a_port_can_be_had_again_at_once():
    """Also while the last connection, which the server closed, is remembered by the system."""
    port = 0
    for _ in range(2):
        with TeachingServer(port) as server:
            port = server.port
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            assert request(server, "/nothing")[0] == 404
            server.shutdown()
            thread.join(5)


def test_garbage_ends_the_connection_and_not_the_server(server: TeachingServer):
    for garbage in (b"\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n"):
        with socket.create_connection((HOST, server.port), timeout=30) as connection:
            connection.sendall(garbage)
            connection.recv(100)
    assert request(server, "/api/ready")[0] == 200
