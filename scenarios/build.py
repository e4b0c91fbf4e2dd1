"""From plain mappings (as read from YAML) to frozen dataclasses, checked field by field.

Only values are read; nothing in a configuration can name code to run.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from sim.invalid import InvalidInput, require, require_known

T = TypeVar("T")


def build(cls: type[T], data: object, where: str = "") -> T:
    """An instance of dataclass `cls` from a mapping. Raises `InvalidInput` with the path of the first fault."""
    require(isinstance(data, Mapping), where, data, "must be a mapping of names to values")
    assert isinstance(data, Mapping)
    hints = _hints(cls)  # type: ignore[arg-type]
    try:
        require_known("", data, hints)
        for field in fields(cls):  # type: ignore[arg-type]
            needed = field.default is MISSING and field.default_factory is MISSING
            require(not needed or field.name in data, field.name, None, "is missing")
        values = {name: convert(hints[name], value, name) for name, value in data.items()}
        return cls(**values)
    except InvalidInput as fault:
        raise (fault.under(where) if where else fault) from None


def convert(kind: Any, value: object, where: str) -> Any:
    """`value` as the annotated type `kind`: number, text, flag, tuple, mapping or dataclass."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return convert(next(a for a in arguments if a is not type(None)), value, where)
    if is_dataclass(kind):
        return value if isinstance(value, kind) else build(kind, value, where)  # type: ignore[arg-type]
    if origin is tuple:
        require(isinstance(value, (list, tuple)), where, value, "must be a list")
        assert isinstance(value, (list, tuple))
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        require(len(kinds) == len(value), where, value, f"must be a list of {len(kinds)} values")
        return tuple(convert(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(kinds, value, strict=True)))
    if origin is not None and issubclass(origin, Mapping):
        require(isinstance(value, Mapping), where, value, "must be a mapping of names to values")
        assert isinstance(value, Mapping)
        return {str(k): convert(arguments[1], v, f"{where}.{k}") for k, v in value.items()}
    return _scalar(kind, value, where)


def _scalar(kind: Any, value: object, where: str) -> Any:
    if kind is bool:
        require(isinstance(value, bool), where, value, "must be true or false")
        return value
    if kind is float:
        require(isinstance(value, (int, float)) and not isinstance(value, bool), where, value, "must be a number")
        assert isinstance(value, (int, float))
        require(abs(value) < 1e300, where, value, "must be a finite number")
        return float(value)
    if kind is int:
        require(isinstance(value, int) and not isinstance(value, bool), where, value, "must be a whole number")
        return value
    if kind is str:
        require(isinstance(value, str), where, value, "must be text")
        return value
    return value


@cache
def _hints(cls: type) -> dict[str, Any]:
    names = {field.name for field in fields(cls)}
    return {name: hint for name, hint in get_type_hints(cls).items() if name in names}
