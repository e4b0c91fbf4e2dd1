"""How the factors and points of a sweep read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from analysis.figures.style import displayed, plain
from analysis.measures import METRICS
from scenarios.design import Values

_GROUPS = {"system", "stages", "pools", "segments", "suppliers", "scenarios", "interventions"}


def factor_titles(factors: Iterable[str]) -> dict[str, str]:
    """A short title for each path: `system.stages.packing.error.p` as "packing error p"; the path where two agree."""
    factors = list(factors)
    short = {factor: " ".join(dict.fromkeys(p for p in factor.split(".") if p not in _GROUPS)) for factor in factors}
    taken = list(short.values())
    return {f: plain(title).replace("_", " ") if taken.count(title) == 1 else f for f, title in short.items()}


def value_title(value: Any) -> str:
    """A value of a factor: numbers with up to four significant digits, names without underscores."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str):
        return plain(value).replace("_", " ")
    return json.dumps(value, ensure_ascii=False)


def point_title(point: Values) -> str:
    """A point as the user would write it: `scenario=hiring, system.promise.level=0.9`."""
    return ", ".join(
        f"{factor}={value if isinstance(value, str) else json.dumps(value)}" for factor, value in point.items()
    )


def unit_of(metric: str) -> tuple[float, str, str]:
    """(factor, unit of a value, unit of a difference) with which a metric is shown."""
    return displayed(METRICS[metric].unit)
