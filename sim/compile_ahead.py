"""Compile every transition before it is needed, in two processes where the machine has two cores.

It takes some 30 s of computing, once: the results are kept on disk (see `sim.kernel`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import sim.model.journey  # noqa: F401  (declares the transitions)
from sim.kernel import TRANSITIONS, is_cached

_OTHERS_SHARE = ("end_visit", "give_up")  # about half of the work
_COMMAND = "import sys; sys.path.insert(0, sys.argv[1]); from sim.compile_ahead import compile_share; compile_share()"


def compile_ahead() -> None:
    """Compile what is not on disk yet; does nothing twice."""
    if is_cached():
        return
    helper = None
    if (os.cpu_count() or 1) > 1:
        root = str(Path(__file__).resolve().parents[1])
        quiet = subprocess.DEVNULL
        helper = subprocess.Popen([sys.executable, "-c", _COMMAND, root], stdout=quiet, stderr=quiet)
    try:
        _compile(name for name in TRANSITIONS if name not in _OTHERS_SHARE)
        if helper:
            helper.wait()
    finally:
        if helper and helper.poll() is None:
            helper.kill()
    _compile(TRANSITIONS)  # what the helper has made is read from disk


def compile_share() -> None:
    """The helper's part."""
    _compile(_OTHERS_SHARE)


def _compile(names: Iterable[str]) -> None:
    for name in names:
        compiled, arguments = TRANSITIONS[name]
        compiled.compile(arguments)
