"""The run folder: everything a run leaves on disk, each file written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from analysis.stress_des.checklist import stress_des
from analysis.stress_des.ran import Ran
from scenarios.config import Settings
from sim.invalid import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
_PACKAGES = ("gapline", "simpy", "numpy", "pandas", "scipy", "matplotlib", "hydra-core", "joblib", "numba")


class RunFolder:
    """Writes the files of one run. Raises `InvalidInput` where the folder cannot be written."""

    def __init__(self, path: Path, command: Sequence[str]) -> None:
        self.path, self.command = path, list(command)
        self._began = time.time()
        try:
            path.mkdir(parents=True, exist_ok=True)
            probe = path / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as fault:
            raise unwritable(path, fault) from None

    def discard_if_empty(self) -> None:
        """Remove the folder, if it is still there, where nothing but Hydra's own record was written to it."""
        record = self.path / ".hydra"
        if self.path.is_dir() and all(entry == record for entry in self.path.iterdir()):
            shutil.rmtree(record, ignore_errors=True)
            self.path.rmdir()

    def write_bytes(self, name: str, content: bytes) -> Path:
        target = self.path / name
        partial = target.with_name(target.name + ".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(content)
            os.replace(partial, target)
        except OSError as fault:
            partial.unlink(missing_ok=True)
            raise unwritable(target, fault) from None
        return target

    def write_text(self, name: str, content: str) -> Path:
        return self.write_bytes(name, content.encode())

    def write_json(self, name: str, content: Mapping[str, Any]) -> Path:
        return self.write_text(name, json.dumps(json_ready(content), indent=2, allow_nan=False) + "\n")

    def write_csv(self, name: str, table: pd.DataFrame) -> Path:
        return self.write_text(name, table.to_csv(index=False, lineterminator="\n"))

    def write_manifest(self, settings: Settings, finished: int | None = None, ran: Ran | None = None) -> Path:
        """Command, configuration digest, seed, engine, versions and times of the run; with them stress_des.md.

        `ran` : what ran, where the settings alone do not say it.
        """
        asked = settings.replications
        content = {
            "schema": SCHEMA,
            "command": self.command,
            "experiment": settings.experiment,
            "config_digest": digest(settings.plain),
            "seed": settings.seed,
            "replications": {"asked": asked, "finished": asked if finished is None else finished},
            "engine": settings.engine,
            "versions": {"python": platform.python_version(), **versions()},
            "platform": platform.platform(),
            "began": datetime.fromtimestamp(self._began, UTC).isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.time() - self._began, 3),
        }
        self.write_text("stress_des.md", stress_des(settings, content, ran))
        return self.write_json("manifest.json", content)


def unwritable(path: Path, fault: OSError) -> InvalidInput:
    """A folder or file that cannot be written, in one line."""
    reason = fault.strerror or type(fault).__name__
    return InvalidInput("hydra.run.dir", str(path), f"cannot be written: {reason}")


def digest(plain: Mapping[str, Any]) -> str:
    """SHA-256 of a configuration, the order of its parts included: stages, pools and programmes stand in an order."""
    text = json.dumps(plain, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def versions() -> MappingProxyType[str, str]:
    """Versions of the packages that results may depend on."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # the project itself, when run from its folder
            found[name] = "not installed"
    return MappingProxyType(found)


def json_ready(value: Any) -> Any:
    """The same content in JSON's own types: NaN and infinities become null, NumPy numbers plain ones."""
    if isinstance(value, Mapping):
        return {str(k): json_ready(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def command_line() -> list[str]:
    """The command as typed, with the program's name alone (no path of this machine)."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
