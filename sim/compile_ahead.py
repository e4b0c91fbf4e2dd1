"""Compile what an engine calls before it is needed.

It takes some 20 s of computing an engine, once: the results are kept on disk (see `sim.kernel`).
"""

from __future__ import annotations

import gc
from collections.abc import Iterable

import sim.compiled.loop
import sim.model.journey  # noqa: F401  (both declare transitions)
from sim.kernel import TRANSITIONS, is_cached

_LOOP = ("go", "book")


def needed(engine: str) -> tuple[str, ...]:
    """The transitions that an engine calls from Python."""
    return _LOOP if engine == "compiled" else tuple(name for name in TRANSITIONS if name not in _LOOP)


def is_compiled(engine: str) -> bool:
    """Whether nothing is left to compile for an engine."""
    return is_cached(needed(engine))


def compile_ahead(engine: str = "compiled") -> None:
    """Compile for one engine what is not on disk yet. Does nothing twice."""
    if not is_compiled(engine):
        _compile(needed(engine))


def _compile(names: Iterable[str]) -> None:
    collecting = gc.isenabled()
    gc.disable()  # the compiler makes many objects that live on: looking through them again and again saves nothing
    try:
        for name in names:
            compiled, arguments = TRANSITIONS[name]
            compiled.compile(arguments)
    finally:
        if collecting:
            gc.enable()
