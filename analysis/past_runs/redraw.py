"""What a finished run leaves for redrawing its report, and how it is read back. A run folder may come from anyone.

`redraw.json` holds the configuration and the results, before any statistics where these are small enough; tables,
figures and page are made from them anew. Nothing in a folder is executed; links, other than regular files, and what is
too large are refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from analysis.run_folder import SCHEMA, RunFolder
from scenarios.config import Settings, settings_from
from sim.blueprint import Blueprint
from sim.invalid import InvalidInput, require, unknown_name

NAME = "redraw.json"
REDRAWN = (  # the experiments that have a `redraw`
    "compare", "factorial", "starting_points", "output_checks", "ten_stage", "compounding", "survey", "trace", "sweep",
    "decide", "diagnose", "claims",
)  # fmt: skip
_LARGEST = 256 * 2**20  # bytes of a file
_KPIS: dict[str, Any] = {"scenario": str, "replication": "int64", "metric": str, "value": str}


@dataclass(frozen=True)
class Past:
    """A finished run: its folder, its settings as they were, and what its experiment kept in `content`."""

    path: Path
    settings: Settings
    content: Any

    def refuse(self, allowed: str) -> InvalidInput:
        """A fault of the folder, in one line."""
        return InvalidInput("run", str(self.path), allowed)


def write_redraw(folder: RunFolder, settings: Settings, content: Any) -> None:
    """Write what redrawing needs; `content` as `past_runs.kept.keep` makes it. A survey is kept with its answers."""
    rows = next((s.expectations.survey_rows for s in settings.blueprint.segments.values()), ())
    plain = {name: value for name, value in settings.plain.items() if name != "expectations"}
    whole = {
        "schema": SCHEMA, "experiment": settings.experiment, "config": plain, "survey_rows": rows or [],
        "content": content,
    }  # fmt: skip
    folder.write_text(NAME, json.dumps(whole, separators=(",", ":"), allow_nan=False) + "\n")


def read_past(given: object, where: str) -> Past:
    """The run in a folder. Raises `InvalidInput` with the path `where` for anything that is not a whole run."""
    require(isinstance(given, str) and given != "", where, given, "must be the folder of a finished run")
    path = Path(str(given))
    require(path.is_dir(), where, str(path), "is no folder; give that of a finished run, e.g. outputs/compare/...")
    whole = _json(path, NAME, where)
    shaped = isinstance(whole, dict) and {"schema", "experiment", "config", "survey_rows", "content"} == set(whole)
    require(shaped and whole["schema"] == SCHEMA, where, str(path), f"{NAME} is not one that this version writes")
    if whole["experiment"] not in REDRAWN:
        raise unknown_name(where, whole["experiment"], REDRAWN, "experiment that can be redrawn")
    return Past(path, _settings(whole, where, path), whole["content"])


def require_run_of(given: object, where: str, able: Sequence[str], what: str) -> None:
    """Raise `InvalidInput` for the folder of another experiment than those `able`, as far as its results.json says."""
    try:
        found = _json(Path(str(given)), "results.json", where)
    except InvalidInput:
        return  # which is told better by `read_past`
    named = found.get("experiment") if isinstance(found, dict) else None
    if isinstance(named, str) and named not in able:
        raise InvalidInput(where, given, f"is a run of {named}, which cannot be {what}; these can: {', '.join(able)}")


def take_over(past: Past, folder: RunFolder, *names: str) -> None:
    """Copy files of a past run that hold data and nothing drawn; one that is not there is left out."""
    for name in names:
        path = past.path / name
        if path.exists() or path.is_symlink():
            folder.write_bytes(name, _regular(past.path, name, "run").read_bytes())


def read_kpis(past: Past) -> pd.DataFrame:
    """kpis.csv of a past run: scenario, replication, metric, value, to the last bit. Raises `InvalidInput`."""
    path = _file(past.path, "kpis.csv", "run")
    try:
        table = pd.read_csv(path, dtype=_KPIS, keep_default_na=False)
        table["value"] = [float(value) if value else math.nan for value in table["value"]]  # exact, as no parser is
    except (ValueError, KeyError, UnicodeError, OverflowError, pd.errors.ParserError):
        raise past.refuse("its kpis.csv must hold scenario, replication, metric and value") from None
    if list(table.columns) != list(_KPIS) or not len(table):
        raise past.refuse("kpis.csv must hold scenario, replication, metric and value")
    if table.duplicated(["scenario", "replication", "metric"]).any():
        raise past.refuse("kpis.csv has a value twice")
    return table


def _settings(whole: Mapping[str, Any], where: str, path: Path) -> Settings:
    """The run's settings, checked as any others; what the configuration would read from elsewhere is not read."""
    config = whole["config"]
    require(isinstance(config, dict), where, str(path), "its configuration must be a mapping")
    require(not _refers(config), where, str(path), "its configuration refers to something outside it (${...})")
    require(config.get("experiment") == whole["experiment"], where, str(path), f"{NAME} names two experiments")
    try:
        settings = settings_from(OmegaConf.create({**config, "expectations": None}))
    except InvalidInput as fault:
        raise InvalidInput(where, str(path), f"its configuration is refused: {fault}") from None
    rows = whole["survey_rows"]
    numbers = isinstance(rows, list) and all(
        isinstance(row, list) and all(v is None or isinstance(v, (int, float)) for v in row) for row in rows
    )
    require(numbers, where, str(path), "its survey must be rows of numbers")
    return replace(settings, blueprint=_surveyed(settings.blueprint, rows)) if rows else settings


def _surveyed(blueprint: Blueprint, rows: list[list[float]]) -> Blueprint:
    answers = tuple(tuple(row) for row in rows)
    segments = {
        name: replace(s, expectations=replace(s.expectations, survey_rows=answers))
        for name, s in blueprint.segments.items()
    }
    return replace(blueprint, segments=segments)


def _refers(node: Any) -> bool:
    if isinstance(node, dict):
        return any(_refers(part) for pair in node.items() for part in pair)
    if isinstance(node, list):
        return any(_refers(part) for part in node)
    return isinstance(node, str) and "${" in node


def _json(folder: Path, name: str, where: str) -> Any:
    path = _file(folder, name, where)
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refused)
    except (ValueError, RecursionError):
        raise InvalidInput(where, str(folder), f"its {name} cannot be read") from None


def _refused(word: str) -> None:
    raise ValueError(word)


def _regular(folder: Path, name: str, where: str) -> Path:
    """A regular file of the folder itself. Raises `InvalidInput`."""
    path = folder / name
    require(
        path.exists() or path.is_symlink(), where, str(folder), f"has no {name}: no finished run, or none to redraw"
    )
    require(path.is_file() and not path.is_symlink(), where, str(folder), f"its {name} is no regular file")
    return path


def _file(folder: Path, name: str, where: str) -> Path:
    """A regular file that is not too large to be read as a whole. Raises `InvalidInput`."""
    path = _regular(folder, name, where)
    require(path.stat().st_size <= _LARGEST, where, str(folder), f"its {name} is larger than {_LARGEST >> 20} MB")
    return path
