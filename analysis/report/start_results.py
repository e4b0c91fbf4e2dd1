"""The results of two starting points, looked up by start and metric and worded for a page or the terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from analysis.figures.style import displayed, records
from analysis.measures.metric import Metric
from analysis.report.numbers import difference, number, signed, with_interval
from analysis.starting_points import END_METRICS, known_metrics
from scenarios.starts import StartingPoints

SHORT = {
    "service_quality": "Service quality",
    "cumulative_satisfaction": "Cumulative satisfaction",
    "failure_share": "Orders with failures",
    "late_share": "Late orders",
}


@dataclass(frozen=True)
class Results:
    """Tables of `analysis.starting_points`; `idle`: a sentence for every part of the starts without effect."""

    asked: StartingPoints
    ends: pd.DataFrame
    distribution: pd.DataFrame
    difference: pd.DataFrame
    paths: pd.DataFrame
    idle: tuple[str, ...] = field(default=())

    @cached_property
    def metrics(self) -> list[Metric]:
        """What was measured from both starts, in order of presentation."""
        return list(known_metrics(self.difference))

    @cached_property
    def _differences(self) -> dict[str, dict[str, Any]]:
        return {str(row["metric"]): row for row in records(self.difference)}

    @cached_property
    def _spreads(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(str(row["start"]), str(row["metric"])): row for row in records(self.distribution)}

    @property
    def certain(self) -> bool:
        """Whether there are intervals at all (two replications or more)."""
        return any(math.isfinite(row["difference_low"]) for row in self._differences.values())

    def row(self, metric: str) -> dict[str, Any]:
        """The difference between the starts in a metric."""
        return self._differences[metric]

    def spread(self, start: str, metric: str) -> dict[str, Any]:
        """The distribution of a metric over the replications of a start."""
        return self._spreads[start, metric]

    def label(self, metric: Metric) -> str:
        return SHORT.get(metric.name, END_METRICS[metric.name].label)

    def column(self, metric: Metric) -> str:
        """A metric's short name and unit."""
        _, unit, _ = displayed(metric.unit)
        return f"{self.label(metric)}, {unit}" if unit else self.label(metric)

    def mean(self, start: str, metric: Metric) -> str:
        """Mean over replications with its interval."""
        factor, _, _ = displayed(metric.unit)
        row = self.spread(start, metric.name)
        return with_interval(*(factor * float(row[c]) for c in ("mean", "low", "high")), sign=False)

    def gap(self, metric: Metric, *, with_unit: bool = False) -> str:
        """High minus low with its interval."""
        row = self.row(metric.name)
        point, low, high = (float(row[c]) for c in ("difference", "difference_low", "difference_high"))
        return difference(point, low, high, metric.unit, with_unit=with_unit)

    def course(self, metric: Metric) -> str:
        """The difference half-way through the run, and the word for what has become of it."""
        row = self.row(metric.name)
        if not math.isfinite(row["halfway"]):
            return number(None)
        factor, _, _ = displayed(metric.unit)
        return f"{signed(factor * row['halfway'])}; {row['course']}"

    def margin(self, metric: Metric) -> str:
        factor, _, _ = displayed(metric.unit)
        return number(factor * self.row(metric.name)["margin"])
