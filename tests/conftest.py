"""Before any test: the model is compiled once, on two cores where there are two."""

from __future__ import annotations

from sim.compile_ahead import compile_ahead


def pytest_sessionstart() -> None:
    compile_ahead()
