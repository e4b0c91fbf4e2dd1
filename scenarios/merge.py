"""Plain mappings laid one over the other: what a short form is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.invalid import require


def mapping_in(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The mapping under `key`; empty where there is none. Raises `InvalidInput` for anything else."""
    value = data.get(key)
    if value is None:
        return {}
    require(isinstance(value, Mapping), key, value, "must be a mapping of names to values")
    return value  # type: ignore[no-any-return]


def merged(under: Mapping[str, Any], over: Any, where: str) -> dict[str, Any]:
    """Two nested mappings, the second laid over the first. Raises `InvalidInput` with the path `where`."""
    if over is None:
        over = {}
    require(isinstance(over, Mapping), where, over, "must be a mapping of names to values")
    laid = dict(under)
    for key, value in over.items():
        below = laid.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        laid[key] = merged(below, value, f"{where}.{key}") if both and below is not None else value
    return laid
