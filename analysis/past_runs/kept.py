"""What a report was made of, as JSON: dataclasses, arrays and tables out, and back by the types that the code declares.

The file only holds values. Which classes they become is said by the hints of the class asked for, never by the file:
nothing in it is executed or imported, and whatever does not fit its hint is refused. NaN and infinities stand as words.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, Union

import numpy as np
import pandas as pd

from sim.invalid import InvalidInput

_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_DTYPES = ("float64", "int64", "bool")
_DEPTH = 30


class Own(NamedTuple):
    """How a class that holds functions is kept: by `keep` as plain values, and found again from them by `restore`."""

    keep: Callable[[Any], Any]
    restore: Callable[[Any], Any]


def keep(value: Any, own: Mapping[type, Own] = types.MappingProxyType({})) -> Any:
    """A value in JSON's types. Raises TypeError for what has none."""
    if type(value) in own:
        return own[type(value)].keep(value)
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, np.generic):
        return keep(value.item())
    if isinstance(value, np.ndarray):
        flat = [keep(v) for v in value.ravel().tolist()]
        return {"shape": list(value.shape), "dtype": str(value.dtype), "values": flat}
    if isinstance(value, pd.DataFrame):
        return {str(name): [keep(v) for v in value[name].tolist()] for name in value.columns}
    if is_dataclass(value):
        return {f.name: keep(getattr(value, f.name), own) for f in fields(value)}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: keep(v, own) for key, v in value.items()}
        return [[keep(key, own), keep(v, own)] for key, v in value.items()]
    if isinstance(value, (list, tuple)):
        return [keep(v, own) for v in value]
    raise TypeError(f"{type(value).__name__} cannot be kept")


def restore(hint: Any, data: Any, where: str, own: Mapping[type, Own] = types.MappingProxyType({})) -> Any:
    """The value of type `hint` that `keep` wrote. Raises `InvalidInput` with the path `where` of what does not fit."""
    return _Restorer(own).value(hint, data, where, 0)


class _Restorer:
    def __init__(self, own: Mapping[type, Own]) -> None:
        self.own = own

    def value(self, hint: Any, data: Any, where: str, depth: int) -> Any:
        if depth > _DEPTH:
            raise InvalidInput(where, None, "is nested too deeply")
        if isinstance(hint, type) and hint in self.own:
            return self.own[hint].restore(data)
        if isinstance(hint, type) and is_dataclass(hint):
            return self._dataclass(hint, data, where, depth)
        if typing.is_typeddict(hint):
            return self._typed_dict(hint, data, where, depth)
        if hint in (bool, str, int, float, None, type(None), Any):
            return _plain(hint, data, where)
        if hint is pd.DataFrame:
            return _table(data, where)
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if hint is np.ndarray or origin is np.ndarray:
            return _array(data, where)
        if origin in (Union, types.UnionType):
            return self._either(inner, data, where, depth)
        if origin is tuple and not (len(inner) == 2 and inner[1] is Ellipsis):
            _require(isinstance(data, list) and len(data) == len(inner), where, f"must be {len(inner)} values")
            return tuple(
                self.value(h, d, f"{where}[{i}]", depth + 1) for i, (h, d) in enumerate(zip(inner, data, strict=True))
            )
        if origin in (tuple, list, Sequence):
            _require(isinstance(data, list), where, "must be a list")
            made = [self.value(inner[0], d, f"{where}[{i}]", depth + 1) for i, d in enumerate(data)]
            return made if origin is list else tuple(made)
        if origin in (dict, Mapping):
            pairs = data.items() if isinstance(data, dict) else data
            _require(isinstance(data, (dict, list)), where, "must be a mapping")
            return dict(self._pair(inner, pair, where, depth) for pair in pairs)
        raise InvalidInput(where, None, "cannot be read back")

    def _pair(self, inner: Sequence[Any], pair: Any, where: str, depth: int) -> tuple[Any, Any]:
        _require(isinstance(pair, (tuple, list)) and len(pair) == 2, where, "must be pairs of a name and a value")
        key = self.value(inner[0], pair[0], where, depth + 1)
        return key, self.value(inner[1], pair[1], f"{where}.{key}", depth + 1)

    def _dataclass(self, cls: type, data: Any, where: str, depth: int) -> Any:
        names = [f.name for f in fields(cls)]
        return cls(**self._named(cls, names, data, where, depth))

    def _typed_dict(self, cls: type, data: Any, where: str, depth: int) -> dict[str, Any]:
        found = self._named(cls, list(_hints(cls)), data, where, depth)
        return {name: found[name] for name in data}  # in the order kept, which tables and results have too

    def _named(self, cls: type, names: Sequence[str], data: Any, where: str, depth: int) -> dict[str, Any]:
        hints = _hints(cls)
        _require(isinstance(data, dict), where, "must be a mapping")
        wrong = sorted(set(names) ^ set(data))
        _require(not wrong, where, f"has too much or lacks something: {', '.join(wrong[:5])}")
        return {name: self.value(hints[name], data[name], f"{where}.{name}", depth + 1) for name in names}

    def _either(self, hints: Sequence[Any], data: Any, where: str, depth: int) -> Any:
        if data is None and type(None) in hints:
            return None
        fault: InvalidInput | None = None
        for hint in hints:
            if hint is type(None) or (hint is float and isinstance(data, int) and int in hints):
                continue
            try:
                return self.value(hint, data, where, depth + 1)
            except InvalidInput as found:
                fault = found
        raise fault or InvalidInput(where, None, "must not be empty")


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _plain(hint: Any, data: Any, where: str) -> Any:
    if hint is Any:
        return data
    if hint is float:
        value = _WORDS.get(data, data) if isinstance(data, str) else data
        _require(isinstance(value, (int, float)) and not isinstance(value, bool), where, "must be a number")
        return value
    kind = type(None) if hint is None else hint
    _require(type(data) is kind, where, f"must be of type {kind.__name__}")
    return data


def _array(data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        return np.float64(_plain(float, data, where))
    shape, dtype, values = (data.get(name) for name in ("shape", "dtype", "values"))
    whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape) and isinstance(values, list)
    _require(whole and dtype in _DTYPES and len(data) == 3, where, "must be an array")
    assert isinstance(shape, list)
    assert isinstance(values, list)
    _require(math.prod(shape) == len(values), where, f"must have {math.prod(shape)} values")
    numbers = [bool(v) if dtype == "bool" else _plain(float, v, where) for v in values]
    try:
        return np.array(numbers, dtype=dtype).reshape(shape)
    except (ValueError, OverflowError):
        raise InvalidInput(where, None, "must be an array of numbers") from None


def _table(data: Any, where: str) -> pd.DataFrame:
    columns = isinstance(data, dict) and all(isinstance(column, list) for column in data.values())
    _require(columns and len({len(c) for c in data.values()}) <= 1, where, "must be columns of equal length")
    scalars = all(v is None or isinstance(v, (str, int, float)) for c in data.values() for v in c)
    _require(scalars, where, "must hold numbers and texts")
    return pd.DataFrame({name: _column(column) for name, column in data.items()})


def _column(values: list[Any]) -> list[Any]:
    """Numbers again where a column of numbers holds words for NaN and infinities."""
    if any(isinstance(v, float) for v in values) and all(not isinstance(v, str) or v in _WORDS for v in values):
        return [_WORDS.get(v, v) if isinstance(v, str) else v for v in values]
    return [math.nan if v == "nan" else v for v in values]


def _require(fits: bool, where: str, allowed: str) -> None:
    if not fits:
        raise InvalidInput(where, None, allowed)
