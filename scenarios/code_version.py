"""The version of the code that makes a run: a digest of its sources and of what they are compiled with."""

from __future__ import annotations

import hashlib
import platform
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("numpy", "numba", "llvmlite", "simpy")  # simpy: for the engine of that name
# Sources under scenarios/ that only decide when and where runs are made, or which. A new file counts until it is named.
_WITHOUT_EFFECT = (
    "execution", "arms.py", "store.py", "code_version.py", "design.py", "sweep.py", "study.py", "starts.py", "units.py",
)  # fmt: skip


@cache
def code_version() -> str:
    """Digest (32 hexadecimal digits) of every source and library that the values of a run may depend on.

    The configuration files are no part of it: what they say is part of a configuration's own digest.
    """
    text = hashlib.sha256(f"{sys.version_info[:2]} {platform.machine()}".encode())
    for name in _PACKAGES:
        text.update(f"{name} {version(name)}\n".encode())
    for folder in ("sim", "scenarios", "analysis/measures"):
        for source in sorted((_ROOT / folder).rglob("*.py")):
            inside = source.relative_to(_ROOT / folder)
            if folder != "scenarios" or inside.parts[0] not in _WITHOUT_EFFECT:
                text.update(f"{folder}/{inside.as_posix()}\n".encode())
                text.update(source.read_bytes())
    return text.hexdigest()[:32]
