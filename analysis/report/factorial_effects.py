"""The effects of a factorial, looked up by metric, kind and members and worded for a page or the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.factorial import PLUS, joined
from analysis.figures.forest import MetricInfo, verdict
from analysis.figures.style import displayed, records, title_of
from analysis.report.numbers import difference, number, with_interval
from analysis.report.study_table import SHORT

SHOWN = ("gap", "cost_per_right_order", "profit", "failure_share")  # after the leading metric
LABELS = {**SHORT, "service_quality_of_means": "Service quality (ratio of means)"}
MARKS = {"better": "▲ ", "worse": "▼ ", "changed": "◆ "}


@dataclass(frozen=True)
class Effect:
    """One row of the effects: its mean and 95 % interval (NaN with one replication)."""

    mean: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether there is an interval at all (two replications or more)."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def word(self, better: str) -> str:
        """better, worse or changed if the interval excludes 0; unclear; or "no change" where it is exactly 0."""
        return verdict(self.mean, self.low, self.high, better).word


class Effects:
    """The table of `analysis.factorial.effects`, by metric, kind and members.

    `lead` is the leading metric (`analysis.report.study_table.Study.lead`), `shown` it and those of SHOWN that were
    measured, `full` the name of the whole programme.
    """

    def __init__(
        self, table: pd.DataFrame, members: Sequence[str], lead: str, metrics: Mapping[str, MetricInfo]
    ) -> None:
        self.table, self.members, self.lead, self.metrics = table, list(members), lead, metrics
        self.full = joined(members)
        key, value = ("metric", "kind", "members"), ("mean", "low", "high")
        self.values = {tuple(str(r[c]) for c in key): Effect(*(float(r[c]) for c in value)) for r in records(table)}
        measured = set(table["metric"])
        self.shown = [m for m in dict.fromkeys((lead, *SHOWN)) if m in measured and m in metrics]

    def get(self, metric: str, kind: str, members: str) -> Effect:
        return self.values[metric, kind, members]

    def of(self, kind: str) -> list[str]:
        """The members of every effect of a kind, in order."""
        return list(dict.fromkeys(self.table.loc[self.table["kind"] == kind, "members"].astype(str)))

    def label(self, metric: str) -> str:
        """The short name of a metric."""
        return LABELS.get(metric, self.metrics[metric].label)

    def column(self, metric: str, *, of_values: bool = False) -> str:
        """Heading for effects on a metric, or for its values: its short name and the unit."""
        _, value, change = displayed(self.metrics[metric].unit)
        unit = value if of_values else change
        return f"{self.label(metric)}, {unit}" if unit else self.label(metric)

    def text(self, metric: str, kind: str, members: str) -> str:
        """An effect with its interval, marked where the interval excludes 0."""
        effect = self.get(metric, kind, members)
        word = effect.word(self.metrics[metric].better) if effect.certain else ""
        return MARKS.get(word, "") + effect_text(effect, metric, self.metrics)

    def share(self, metric: str, kind: str, members: str) -> str:
        """A share of the variance as a percentage with its interval; a dash where there is nothing to share out.

        That is where the combinations do not differ, or no main or pairwise effect has an interval that excludes 0:
        the squares of chance would be shared out.
        """
        better = self.metrics[metric].better
        pieces = [e for (m, k, _), e in self.values.items() if m == metric and k in ("main", "pairwise")]
        if not any(e.certain and e.word(better) in MARKS for e in pieces):
            return number(None)
        effect = self.get(metric, kind, members)
        return with_interval(100 * effect.mean, 100 * effect.low, 100 * effect.high, sign=False)


def effect_text(effect: Effect, metric: str, metrics: Mapping[str, MetricInfo]) -> str:
    """An effect in the unit in which differences of the metric are shown: "+1.20 [0.90, 1.50]"."""
    return difference(effect.mean, effect.low, effect.high, metrics[metric].unit)


def name_of(members: str) -> str:
    """How an effect's members read: "frontline training × process redesign"."""
    return " × ".join(title_of(name) for name in members.split(PLUS))
