"""Reading and cleaning a SERVQUAL survey: a file of answers in, a tidy table and a cleaning report out.

A respondent answers each item twice: what an excellent provider should give (expectation) and what this one gives
(perception); items belong to dimensions (Parasuraman, Zeithaml & Berry 1988). Scale, items and dimensions are free.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scenarios.survey_settings import ANSWERS, COLUMNS, SurveySettings
from sim.blueprint.customer import DIMENSIONS
from sim.invalid import InvalidInput, require, unknown_name

_LABELS = COLUMNS[:3]
_MISSING = frozenset(("", "na", "n/a", "nan", "<na>", "null", "none", "-", ".", "?"))

# Checks that drop a pair of answers, in the order they are applied; a pair counts under the first that hits it.
_DROPPING = {
    "unnamed": "dropped: the row lacks a respondent, an item or a dimension",
    "missing": "dropped as a pair: a gap needs both expectation and perception",
    "non-numeric": "dropped as a pair: an answer is not a number",
    "out of scale": "dropped as a pair: an answer lies outside the scale",
    "duplicate": "dropped: the respondent's first usable answer to the item is kept",
}


@dataclass(frozen=True)
class CleaningStep:
    """One check of the cleaning report: how many pairs of answers (or respondents) it hit, and what was done."""

    check: str
    count: int
    action: str


@dataclass(frozen=True, eq=False)
class Survey:
    """A cleaned survey.

    `answers`: one row per respondent and item, unique; respondent, item, dimension as text, expectation and
    perception as numbers on `scale` (lowest, highest). `weights` sum to 1 over the dimensions, or are None.
    """

    answers: pd.DataFrame
    scale: tuple[float, float]
    cleaning: tuple[CleaningStep, ...]
    warnings: tuple[str, ...] = ()
    weights: Mapping[str, float] | None = None


def read_survey(settings: SurveySettings) -> Survey:
    """Read a survey file and clean it.

    A pair of answers is dropped when either side is missing, not a number or off the scale (a gap needs both);
    of repeated answers the first usable one is kept; respondents who give one answer throughout are reported, and
    dropped only with `drop_straight_lining`. Raises InvalidInput, and nothing else, whatever the file holds.
    """
    table = _read_table(str(settings.file))
    rows = _from_wide(table, settings.wide) if settings.wide else _from_long(table, settings.columns)
    rows = rows.assign(**{name: _map_text(rows[name], _label) for name in _LABELS})
    _check_one_dimension_per_item(rows)
    answers, steps, warnings = _usable(rows, settings)
    answers, more_steps, more_warnings = _straight_lining(answers, settings.drop_straight_lining)
    steps += more_steps
    if answers.empty:
        dropped = ", ".join(f"{step.count} {step.check}" for step in steps if step.count)
        raise InvalidInput("survey.file", settings.file, "no valid answer is left after cleaning", f"hit: {dropped}")
    steps.append(_incomplete(answers))
    lost = [name for name in _unique(rows["dimension"]) if name and name not in set(answers["dimension"])]
    warnings += more_warnings + _lowest_desired(answers, settings.scale[0])
    warnings += [f"Dimension {name} has no valid answer and is left out." for name in lost]
    weights = _shares(settings.weights, _unique(answers["dimension"]), lost)
    low, high = settings.scale
    return Survey(answers, (float(low), float(high)), tuple(steps), tuple(warnings), weights)


def desired_rows(
    survey: Survey,
    dimensions: Sequence[str] = DIMENSIONS,
    mapping: Mapping[str, str | None] | None = None,
) -> tuple[tuple[float, ...], ...]:
    """Each respondent's desired expectation per dimension, in [0, 1]: shape (respondents, dimensions).

    The mean answer x becomes (x - low) / (high - low). That the scale's ends are total failure (0) and nothing left
    to wish for (1) is an assumption: the answers themselves carry no true zero. `mapping` gives the dimension of the
    model for a dimension of the survey, or None to leave it out; names equal but for capitals need no entry, and
    survey dimensions that share a target are pooled. A respondent without an answer on a dimension takes the
    survey's mean. Raises InvalidInput for dimensions unknown to either side or lacking.
    """
    targets = _targets(_unique(survey.answers["dimension"]), dimensions, mapping or {})
    answers = survey.answers.assign(dimension=survey.answers["dimension"].map(targets)).dropna(subset=["dimension"])
    lacking = [name for name in dimensions if name not in set(answers["dimension"])]
    require(not lacking, "expectations.survey", ", ".join(lacking) or None, "the survey has no answer on this")
    means = answers.groupby(["respondent", "dimension"], sort=False)["expectation"].mean().unstack()
    low, high = survey.scale
    everyone = pd.Index(_unique(survey.answers["respondent"]))
    unit = ((means - low) / (high - low)).clip(0.0, 1.0).reindex(index=everyone, columns=list(dimensions))
    return tuple(tuple(float(value) for value in row) for row in unit.fillna(unit.mean()).to_numpy(dtype=float))


# --- weights ----------------------------------------------------------------------------------------------------


def _shares(weights: Mapping[str, float] | None, dimensions: list[str], lost: list[str]) -> dict[str, float] | None:
    """Importance weights scaled to sum to 1, in the survey's order of dimensions."""
    if weights is None:
        return None
    by_name = {str(name): float(weight) for name, weight in weights.items()}
    for name in by_name:
        require(name not in lost, "survey.weights", name, "the survey has no valid answer on this dimension")
        if name not in dimensions:
            raise unknown_name("survey.weights", name, map(_brief, dimensions), "dimension of the survey")
    for name in dimensions:
        require(name in by_name, "survey.weights", name, "every dimension of the survey needs a weight")
    total = sum(by_name.values())
    return {name: by_name[name] / total for name in dimensions}


# --- reading ----------------------------------------------------------------------------------------------------


def _read_bytes(file: str) -> bytes:
    try:
        path = Path(file).expanduser()
        if path.is_dir():
            raise InvalidInput("survey.file", file, "is a folder; name a CSV file")
        # Only a regular file: a pipe or a device could keep the reader waiting for ever.
        if not path.is_file():
            raise InvalidInput(
                "survey.file", file, "not a regular file" if path.exists() else "no such file", _nearest_file(path)
            )
        return path.read_bytes()
    except (OSError, RuntimeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else "cannot be opened"
        raise InvalidInput("survey.file", file, f"cannot be read: {reason}") from None


def _nearest_file(path: Path) -> str:
    try:
        return _nearest(path.name, (other.name for other in path.parent.iterdir() if other.is_file()))
    except (OSError, ValueError):
        return ""


def _read_table(file: str) -> pd.DataFrame:
    """The file as a table of text cells under its own (trimmed) header."""
    raw = _read_bytes(file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        hint = "export the spreadsheet as CSV" if raw.startswith(b"PK") else "save it as CSV UTF-8"
        raise InvalidInput("survey.file", file, "is not a CSV text in UTF-8", hint) from None
    require("\0" not in text, "survey.file", file, "is not a CSV text: it holds binary data")
    require(bool(text.strip()), "survey.file", file, "is empty")
    separator = _separator(text)
    try:
        # The header is read as a plain row: pandas would silently rename repeated columns.
        cells = pd.read_csv(StringIO(text), sep=separator, header=None, dtype=str, na_filter=False)
    except (ValueError, OverflowError) as fault:  # pandas' parser and empty-data errors are ValueErrors
        raise InvalidInput("survey.file", file, f"is not a CSV table: {_brief(str(fault), 160)}") from None
    cells = cells.fillna("")
    require(len(cells) > 1, "survey.file", file, "holds a header but no answers")
    table = cells.iloc[1:].reset_index(drop=True)
    table.columns = pd.Index([_label(str(name)) for name in cells.iloc[0]])
    if separator != ",":  # where lists are separated by semicolons, decimals often have commas
        table = table.apply(lambda column: column.str.replace(r"^\s*(-?\d+),(\d+)\s*$", r"\1.\2", regex=True))
    return table


def _separator(text: str) -> str:
    header = text.lstrip().splitlines()[0]
    return max(",;\t", key=header.count)


def _column(table: pd.DataFrame, where: str, name: str) -> pd.Series:
    names = list(table.columns)
    wanted = _label(str(name))
    if wanted not in names:
        listed = ", ".join(_brief(other) for other in names[:12]) + (", ..." if len(names) > 12 else "")
        raise InvalidInput(where, wanted, f"no such column; the file has: {listed}", _nearest(wanted, names))
    require(names.count(wanted) == 1, where, wanted, "the file has this column more than once")
    return table.iloc[:, names.index(wanted)]


def _from_long(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({our: _column(table, f"survey.columns.{our}", columns.get(our, our)) for our in COLUMNS})


def _from_wide(table: pd.DataFrame, wide: Mapping[str, Any]) -> pd.DataFrame:
    """One row per respondent and item, respondent by respondent, items in the order of the mapping."""
    ids = pd.Series([str(row + 1) for row in range(len(table))], index=table.index)
    if isinstance(wide.get("respondent"), str):
        ids = _column(table, "survey.wide.respondent", wide["respondent"])
    parts = []
    for item, entry in wide.items():
        if isinstance(entry, Mapping):
            pair = {side: _column(table, f"survey.wide.{item}.{side}", entry[side]) for side in ANSWERS}
            names = {"item": str(item), "dimension": str(entry["dimension"])}
            parts.append(pd.DataFrame({"respondent": ids, **names, **pair}))
    rows = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return rows[list(COLUMNS)]


# --- cleaning ---------------------------------------------------------------------------------------------------


def _label(text: str) -> str:
    """A name as one printable line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _number(text: str) -> float:
    """The number an answer stands for; NaN when it is none."""
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def _map_text(cells: pd.Series, function: Any) -> pd.Series:
    return cells.map({text: function(text) for text in cells.unique()})


def _check_one_dimension_per_item(rows: pd.DataFrame) -> None:
    named = rows[(rows["item"] != "") & (rows["dimension"] != "")].drop_duplicates(["item", "dimension"])
    twice = named[named.duplicated("item", keep=False)]
    if not twice.empty:
        item = twice["item"].iloc[0]
        both = twice.loc[twice["item"] == item, "dimension"].iloc[:2]
        listed = " and ".join(_brief(name) for name in both)
        raise InvalidInput("survey.file", item, f"this item belongs to two dimensions: {listed}")


def _usable(rows: pd.DataFrame, settings: SurveySettings) -> tuple[pd.DataFrame, list[CleaningStep], list[str]]:
    """Complete, numeric, in-scale, unrepeated answers; the steps and the warnings."""
    low, high = settings.scale
    numbers = pd.DataFrame({side: _map_text(rows[side], _number).astype(float) for side in ANSWERS})
    blank = pd.DataFrame({side: _map_text(rows[side], _is_missing).astype(bool) for side in ANSWERS})
    hits = [
        (rows[list(_LABELS)] == "").any(axis=1),
        blank.any(axis=1),
        numbers.isna().any(axis=1),
        ((numbers < low) | (numbers > high)).any(axis=1),
    ]
    fault = pd.Series(np.select(hits, list(_DROPPING)[:4], ""), index=rows.index)
    answers = rows.assign(**{side: numbers[side] for side in ANSWERS})[fault == ""]
    repeated = answers.duplicated(["respondent", "item"])
    counts = {**fault.value_counts().to_dict(), "duplicate": int(repeated.sum())}
    steps = [CleaningStep(check, int(counts.get(check, 0)), action) for check, action in _DROPPING.items()]
    kept = answers[~repeated].reset_index(drop=True)
    off_scale = numbers[fault == "out of scale"]
    return kept, steps, _usable_warnings(steps, len(rows), answers, kept, off_scale, (low, high))


def _is_missing(text: str) -> bool:
    return text.strip().casefold() in _MISSING


def _usable_warnings(
    steps: list[CleaningStep],
    total: int,
    answers: pd.DataFrame,
    kept: pd.DataFrame,
    off_scale: pd.DataFrame,
    scale: tuple[float, float],
) -> list[str]:
    low, high = scale
    found = []
    hit = [f"{step.count} {step.check}" for step in steps if step.count]
    if hit:
        found.append(f"{total - len(kept)} of {total} pairs of answers were dropped ({', '.join(hit)}).")
    if not off_scale.empty:
        smallest, largest = float(off_scale.min().min()), float(off_scale.max().max())
        found.append(
            f"Dropped answers lie outside the scale {low:g} to {high:g} (smallest {smallest:g}, largest {largest:g})"
            ": check survey.scale."
        )
    conflicting = len(answers.drop_duplicates(["respondent", "item", *ANSWERS])) - len(kept)
    if conflicting:
        found.append(f"{conflicting} repeated answers differ from the first: do two respondents share an id?")
    if not kept.empty and float(kept[list(ANSWERS)].max().max()) < high:
        top = float(kept[list(ANSWERS)].max().max())
        found.append(f"No answer exceeds {top:g} on a scale that ends at {high:g}: SQ depends on the scale's ends.")
    return found


def _straight_lining(answers: pd.DataFrame, drop: bool) -> tuple[pd.DataFrame, list[CleaningStep], list[str]]:
    """Respondents who gave one and the same answer to all of their (two or more) items."""
    by_respondent = answers.groupby("respondent", sort=False)
    several = by_respondent["item"].size() > 1
    same = {side: several & (by_respondent[side].nunique() == 1) for side in ANSWERS}
    action = "respondents dropped" if drop else "respondents kept"
    steps = [CleaningStep(f"same {side} throughout", int(same[side].sum()), action) for side in ANSWERS]
    found = [
        f"{int(same[side].sum())} of {len(several)} respondents gave one and the same {side} throughout "
        f"(straight-lining, or an honest end of the scale); they are {'dropped' if drop else 'kept'}."
        for side in ANSWERS
        if same[side].any()
    ]
    if drop:
        either = same["expectation"] | same["perception"]
        answers = answers[~answers["respondent"].isin(either.index[either])].reset_index(drop=True)
    return answers, steps, found


def _lowest_desired(answers: pd.DataFrame, low: float) -> list[str]:
    highest = answers.groupby(["respondent", "dimension"])["expectation"].max()
    count = highest[highest == low].index.get_level_values("respondent").nunique()
    return [
        f"{count} respondents expect only the lowest answer of the scale on a whole dimension: "
        "their desired level there is 0, and a ratio to it does not exist."
    ] * (count > 0)


def _incomplete(answers: pd.DataFrame) -> CleaningStep:
    sizes = answers.groupby("respondent", sort=False).size()
    count = int((sizes < answers["item"].nunique()).sum())
    return CleaningStep("incomplete", count, "respondents kept: means are over the items they answered")


# --- dimensions and names ---------------------------------------------------------------------------------------


def _targets(found: list[str], dimensions: Sequence[str], mapping: Mapping[str, str | None]) -> dict[str, str | None]:
    """Dimension of the survey -> dimension of the model, or None where it is left out."""
    for name, target in mapping.items():
        if name not in found:
            raise unknown_name("expectations.mapping", name, map(_brief, found), "dimension of the survey")
        if target is not None and target not in dimensions:
            raise unknown_name(f"expectations.mapping.{_brief(name)}", target, dimensions, "dimension")
    own = {name.casefold(): name for name in dimensions}
    unknown = [name for name in found if name not in mapping and name.casefold() not in own]
    if unknown:
        allowed = f"unknown dimension of the survey; map it to one of {', '.join(dimensions)}, or to null"
        raise InvalidInput("expectations.survey", ", ".join(unknown), allowed, _nearest(unknown[0], dimensions))
    return {name: mapping[name] if name in mapping else own[name.casefold()] for name in found}


def _unique(labels: pd.Series) -> list[str]:
    """Distinct labels in order of appearance."""
    return [str(label) for label in labels.unique()]


def _nearest(name: str, known: Iterable[str]) -> str:
    by_folded = {other.casefold(): other for other in known}
    near = get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.5)
    return f"did you mean {_brief(by_folded[near[0]])}?" if near else ""


def _brief(text: str, limit: int = 40) -> str:
    line = _label(text)
    return line if len(line) <= limit else line[: limit - 3] + "..."
