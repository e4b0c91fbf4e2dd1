"""The comparison of scenarios, looked up by scenario and metric and worded for a page."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.figures.forest import MetricInfo, verdict
from analysis.figures.style import displayed, records, title_of
from analysis.report.numbers import number

SHORT = {
    "service_quality": "Service quality",
    "service_quality_of_means": "the same, ratio of means",
    "gap": "Gap",
    "failure_share": "Failures reaching the customer",
    "lead_time_mean": "Lead time",
    "share_below_adequate": "Below adequate",
    "cost_per_right_order": "Cost per right order",
    "internal_service_quality": "Internal service quality",
    "profit": "Profit",
    "customer_equity": "Customer equity",
    "retention": "Retention a year",
}

RATIOS_APART = 2.0  # points of service quality beyond which its two definitions tell different stories


@dataclass(frozen=True)
class Value:
    """One row of the comparison."""

    mean: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    variance_reduction: float

    @property
    def change(self) -> tuple[float, float, float]:
        return self.difference, self.difference_low, self.difference_high

    @property
    def certain(self) -> bool:
        """Whether there is an interval at all (two replications or more)."""
        return math.isfinite(self.difference_low) and math.isfinite(self.difference_high)

    @property
    def clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.difference_low > 0 or self.difference_high < 0


class Study:
    """The comparison, by scenario and metric. `controls`: the negative controls among the scenarios; they rank last."""

    def __init__(
        self, comparison: pd.DataFrame, base: str, metrics: Mapping[str, MetricInfo], controls: Collection[str] = ()
    ) -> None:
        names = list(Value.__dataclass_fields__)
        self.base, self.metrics = base, metrics
        self.controls = frozenset(controls)
        self.values = {
            (str(row["scenario"]), str(row["metric"])): Value(*(float(row[name]) for name in names))
            for row in records(comparison)
        }
        self.scenarios = list(dict.fromkeys(str(s) for s in comparison["scenario"]))
        self.measured = {str(m) for m in comparison["metric"] if m in metrics}
        self.others = [s for s in self.scenarios if s != base]
        self.lead = "service_quality" if "service_quality" in self.measured else "failure_share"
        if self.ratios_apart():
            self.lead = "service_quality_of_means"
        self.ranked = sorted(self.others, key=self._merit, reverse=True)

    def ratios_apart(self) -> list[tuple[str, float, float]]:
        """Scenarios whose mean of ratios and ratio of means differ by more than `RATIOS_APART` points, with both."""
        found = []
        for scenario in self.scenarios:
            mean, ratio = (self.get(scenario, m) for m in ("service_quality", "service_quality_of_means"))
            if mean is not None and ratio is not None and abs(mean.mean - ratio.mean) > RATIOS_APART:
                found.append((scenario, mean.mean, ratio.mean))
        return found

    def _merit(self, scenario: str) -> tuple[bool, bool, float]:
        """No negative controls, then clear improvements of the leading metric first, then by size."""
        option = scenario not in self.controls
        value = self.values.get((scenario, self.lead))
        if value is None or math.isnan(value.difference):
            return option, False, -math.inf
        size = value.difference if self.metrics[self.lead].better == "higher" else -value.difference
        return option, self.word(scenario, self.lead) == "better", size

    def word(self, scenario: str, metric: str) -> str:
        """How a difference to the base reads ("better", "worse", ...; see `analysis.figures.forest.verdict`)."""
        value = self.get(scenario, metric)
        if value is None:
            return ""
        return verdict(*value.change, self.metrics[metric].better, scenario in self.controls).word

    @property
    def in_order(self) -> list[str]:
        """Base first, then from the best to the worst of the leading metric."""
        return [self.base, *self.ranked]

    def get(self, scenario: str, metric: str) -> Value | None:
        return self.values.get((scenario, metric))

    def mean(self, scenario: str, metric: str, digits: int | None = None) -> str:
        value = self.get(scenario, metric)
        factor, _, _ = displayed(self.metrics[metric].unit)
        return number(factor * value.mean, digits) if value else "–"

    def column(self, metric: str) -> str:
        _, unit, _ = displayed(self.metrics[metric].unit)
        label = SHORT.get(metric, self.metrics[metric].label)
        return f"{label}, {unit}" if unit else label

    def marked(self, scenario: str, metric: str, digits: int | None = None) -> str:
        """The mean after its `mark`; without `digits` as many as the largest of the scenarios' means can bear."""
        if digits is None:
            factor, _, _ = displayed(self.metrics[metric].unit)
            largest = max(
                factor * abs(self.values[s, metric].mean) for s in self.scenarios if (s, metric) in self.values
            )
            digits = min(4, max(0, 3 - math.floor(math.log10(largest)))) if largest > 0 else 0
        return self.mark(scenario, metric) + self.mean(scenario, metric, digits)

    def mark(self, scenario: str, metric: str) -> str:
        """ "▲ " (better), "▼ " (worse), or nothing: not told apart from the base."""
        if scenario == self.base:
            return ""
        return {"better": "▲ ", "worse": "▼ "}.get(self.word(scenario, metric), "")

    def named(self, scenario: str) -> str:
        """The scenario's name, with what it is where it is no option."""
        return title_of(scenario) + (" (negative control)" if scenario in self.controls else "")
