"""What a metric is, and the two quotients that metrics are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Metric:
    """One number per run: its `name` in tables, its `label` for people, its `unit` and the `group` it is shown in.

    `better` says which way is good: "lower", "higher", or "" where neither is (a size, or a balance of two things).
    """

    name: str
    label: str
    unit: str
    better: str
    group: str


def mean(values: np.ndarray[Any, Any]) -> float:
    """Arithmetic mean; NaN of nothing."""
    return float(values.mean()) if len(values) else math.nan


def ratio(part: float, whole: float) -> float:
    """part / whole; NaN where the whole is 0."""
    return float(part) / float(whole) if whole else math.nan
