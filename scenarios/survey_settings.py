"""How a SERVQUAL survey is to be read: what a configuration says of the file, checked before it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.invalid import require, require_known

COLUMNS = ("respondent", "item", "dimension", "expectation", "perception")
ANSWERS = COLUMNS[3:]
_LARGEST = 1e9  # far beyond any rating scale; keeps every mean and variance finite


@dataclass(frozen=True)
class SurveySettings:
    """Where a survey lies and how to read it.

    `file`: a CSV text in UTF-8, separated by comma, semicolon or tab. `scale`: lowest and highest possible answer.
    `columns` (long form, one row per respondent and item): our names in COLUMNS -> the file's column names.
    `wide` (one row per respondent): item name -> {dimension: its name, expectation: column, perception: column};
    the optional key `respondent` names the column of ids (else the row number, from 1). `weights`: importance of
    every dimension, any positive total (100 points shared out, for example). Raises InvalidInput.
    """

    file: str
    scale: tuple[float, float] = (1, 5)
    columns: Mapping[str, str] = field(default_factory=dict)
    wide: Mapping[str, Any] | None = None
    weights: Mapping[str, float] | None = None
    drop_straight_lining: bool = False

    def __post_init__(self) -> None:
        require(bool(str(self.file or "").strip()), "survey.file", None, "name the survey's CSV file")
        _check_scale(self.scale)
        require(isinstance(self.columns, Mapping), "survey.columns", self.columns, "must map our names to columns")
        require_known("survey.columns", self.columns, COLUMNS, "column")
        for name, column in self.columns.items():
            _check_text(f"survey.columns.{name}", column)
        names = [self.columns.get(name, name) for name in COLUMNS]
        for name in names:
            require(names.count(name) == 1, "survey.columns", name, "one column cannot serve two purposes")
        switch = self.drop_straight_lining
        require(isinstance(switch, bool), "survey.drop_straight_lining", switch, "must be true or false")
        if self.wide:
            renamed = {ours: theirs for ours, theirs in self.columns.items() if ours != theirs}
            require(not renamed, "survey.columns", renamed or None, "cannot be combined with survey.wide")
            _check_wide(self.wide)
        if self.weights is not None:
            _check_weights(self.weights)


def _is_number(value: object) -> bool:
    # Compared, not math.isfinite: a whole number of 400 digits would raise there.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _check_scale(scale: Any) -> None:
    pair = isinstance(scale, (tuple, list)) and len(scale) == 2 and all(_is_number(end) for end in scale)
    require(pair, "survey.scale", scale, f"must be two numbers within +-{_LARGEST:g}, lowest and highest answer")
    low, high = scale
    require(low < high, "survey.scale", [low, high], "the lowest answer must be below the highest")


def _check_text(where: str, value: object) -> None:
    """A name; whole numbers are accepted, for YAML reads an item called 12 as a number."""
    named = isinstance(value, (str, int)) and not isinstance(value, bool) and bool(str(value).strip())
    require(named, where, value, "must be a name")


def _check_wide(wide: object) -> None:
    require(isinstance(wide, Mapping), "survey.wide", wide, "must map items to {dimension, expectation, perception}")
    assert isinstance(wide, Mapping)
    keys = ("dimension", *ANSWERS)
    for item, entry in wide.items():
        where = f"survey.wide.{item}"
        _check_text("survey.wide", item)
        if item == "respondent" and isinstance(entry, str):
            _check_text(where, entry)
            continue
        require(isinstance(entry, Mapping), where, entry, "must give dimension, expectation and perception")
        require_known(where, entry, keys, "key")
        for key in keys:
            require(key in entry, f"{where}.{key}", None, "is required")
            _check_text(f"{where}.{key}", entry[key])
        require(
            str(entry["expectation"]) != str(entry["perception"]),
            where,
            entry["perception"],
            "needs two different columns",
        )
    require(any(isinstance(entry, Mapping) for entry in wide.values()), "survey.wide", None, "names no item")


def _check_weights(weights: object) -> None:
    require(isinstance(weights, Mapping), "survey.weights", weights, "must map dimensions to importance weights")
    assert isinstance(weights, Mapping)
    for name, weight in weights.items():
        ok = _is_number(weight) and weight >= 0
        require(ok, f"survey.weights.{name}", weight, f"must be a number from 0 to {_LARGEST:g}")
    total = sum(weights.values())
    require(total > 1e-9, "survey.weights", total, "the weights of the dimensions cannot all be 0")
