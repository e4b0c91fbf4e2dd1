"""What a decision study says: the statistics of `analysis.decisions` on one sample of paired runs. Runs nothing.

Rows are scenarios with the base first. Everything is taken on the replications that all scenarios have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import Spread, compare, spread
from analysis.decisions import cost_effectiveness as ce
from analysis.decisions.equivalence import equivalent, no_worse
from analysis.decisions.multiplicity import Adjusted, holm
from analysis.decisions.runs import Sample
from analysis.decisions.selection import WithBest, compared_with_best
from analysis.decisions.warm_up import Settling
from analysis.measures import METRICS

Floats = npt.NDArray[np.float64]

FAMILY = 0.95  # confidence of the family of comparisons with the base
CONTROL = "negative control"  # place of a scenario that is there to test the study, not to be bought


@dataclass(frozen=True)
class Evidence:
    """The sample and what follows from it. `seed`: of the bootstrap; `settling`: of the pilot runs of the base.

    `controls`: scenarios that are negative controls. They are compared like all others, but never recommended: they
    are neither runner-up nor best buy as long as there is anything else.
    """

    sample: Sample
    settling: tuple[Settling, ...]
    seed: int
    controls: tuple[str, ...] = ()

    @cached_property
    def kpis(self) -> pd.DataFrame:
        """Every metric of every run: scenario, replication, metric, value."""
        return tidy(self.sample.runs.metrics, self.sample.runs.values, self.sample.scenarios)

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """`analysis.compare.compare` of all metrics: unadjusted intervals, variance reduction."""
        return compare(self.kpis, self.sample.base)

    @property
    def best(self) -> int:
        """Row of the selected scenario (provisional while the selection has not ended)."""
        return self.sample.state.best

    @cached_property
    def ranked(self) -> tuple[int, ...]:
        """Rows from the largest to the smallest mean of the criterion; the selected one first, equals in order."""
        means = spread(self.sample.merit).mean
        order = sorted(range(len(means)), key=lambda i: (-means[i], i))
        return (self.best, *(i for i in order if i != self.best))

    def twin(self, row: int) -> bool:
        """Whether a scenario does exactly what the selected one does, in every replication."""
        merit = self.sample.merit
        return row != self.best and bool((merit[row] == merit[self.best]).all())

    @cached_property
    def options(self) -> tuple[int, ...]:
        """Rows of what may be recommended: the base and all scenarios that are no negative controls."""
        return tuple(i for i, name in enumerate(self.sample.scenarios) if i == 0 or name not in self.controls)

    @cached_property
    def runner_up(self) -> int | None:
        """Row of the best of those that differ from the selected one, a control only where there is nothing else; None
        if there is none."""
        others = [i for i in self.ranked[1:] if not self.twin(i)]
        return next((i for i in others if i in self.options), others[0] if others else None)

    @cached_property
    def lead(self) -> Spread:
        """Selected less runner-up in the criterion (larger is better), within replications."""
        merit = self.sample.merit
        other = self.best if self.runner_up is None else self.runner_up
        return spread(merit[self.best] - merit[other])

    @cached_property
    def with_best(self) -> WithBest | None:
        """Comparisons with the best; None for a single scenario."""
        if len(self.sample.scenarios) < 2:
            return None
        return compared_with_best(self.sample.merit, self.sample.asked.confidence)

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(scenario, metric) of the comparisons with the base: one family."""
        return tuple((s, m) for m in self.sample.asked.watched for s in self.sample.others)

    @cached_property
    def adjusted(self) -> Adjusted:
        """Holm's procedure over `pairs`."""
        return holm(np.array([self.difference(*pair) for pair in self.pairs]).reshape(len(self.pairs), -1), FAMILY)

    def difference(self, scenario: str, metric: str) -> Floats:
        """A scenario less the base, in the metric's unit: shape (n,)."""
        values = self.sample.of(metric)
        return np.asarray(values[self.sample.scenarios.index(scenario)] - values[0])

    def interval(self, scenario: str, metric: str) -> tuple[float, float, float]:
        """Mean, low, high of a difference to the base in its family."""
        i = self.pairs.index((scenario, metric))
        return tuple(float(part[i]) for part in (self.adjusted.mean, self.adjusted.low, self.adjusted.high))  # type: ignore[return-value]

    def gain(self, row: int) -> tuple[float, float, float]:
        """A scenario less the base in the criterion, in its own unit and sign: mean and 95 % interval.

        The interval is that of the family where the criterion is compared in it.
        """
        name = self.sample.asked.criterion
        if name in METRICS and row != 0:
            return self.interval(self.sample.scenarios[row], name)
        s = spread(self.sample.merit[row] - self.sample.merit[0])
        return float(s.mean), float(s.low), float(s.high)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per scenario and metric: difference in its family, against its margin, precision, variance removed."""
        removed = self.comparison.set_index(["scenario", "metric"])["variance_reduction"]
        rows = []
        for i, (scenario, metric) in enumerate(self.pairs):
            a, asked = self.adjusted, self.sample.asked
            row: dict[str, Any] = {
                "scenario": scenario, "metric": metric, "n": int(a.n[i]), "difference": a.mean[i],
                "difference_low": a.low[i], "difference_high": a.high[i], "level": a.level[i], "p": a.p[i],
                "p_adjusted": a.p_adjusted[i], "rejected": bool(a.rejected[i]),
            }  # fmt: skip
            margin = asked.margin_of(metric).of(self.sample.levels[metric])
            row |= self._against_margin(scenario, metric, margin)
            precision = self.sample.precisions.get((scenario, metric))
            row |= {
                "half_width": precision.half_width if precision else math.nan,
                "half_width_safe": precision.safe_half_width if precision else math.nan,
                "half_width_wanted": precision.target if precision else math.nan,
                "needed": precision.needed if precision else math.nan,
                "precise": precision.met if precision else None,
                "variance_reduction": removed.get((scenario, metric), math.nan),
            }
            rows.append(row)
        return pd.DataFrame(rows)

    def _against_margin(self, scenario: str, metric: str, margin: float) -> dict[str, Any]:
        better = METRICS[metric].better
        none = {"margin": margin, "no_worse": "", "no_worse_p": math.nan, "equivalence": "", "equivalence_p": math.nan}
        if not margin > 0:
            return none
        same = equivalent(self.difference(scenario, metric), margin)
        none |= {"equivalence": same.verdict, "equivalence_p": same.p}
        if better:
            held = no_worse(self.difference(scenario, metric), margin, better)
            none |= {"no_worse": held.verdict, "no_worse_p": held.p}
        return none

    @cached_property
    def increments(self) -> tuple[Spread, Spread]:
        """Effect (points) and cost of each scenario less the base's: each shape (scenarios,)."""
        return ce.increments(self.sample.effects, self.sample.costs)

    def like_base(self, row: int) -> bool:
        """Whether neither the effect nor the cost of a scenario can be told apart from the base's, at 95 % each."""
        return row != 0 and all(bool(part.low[row] <= 0.0 <= part.high[row]) for part in self.increments)

    @cached_property
    def places(self) -> tuple[ce.Place, ...]:
        """The cost-effectiveness table, in order of cost; controls have no standing in it."""
        effect, cost = spread(self.sample.effects).mean, spread(self.sample.costs).mean
        ranked = self._placed(self.sample.effects, self.sample.costs)
        others = [
            ce.Place(i, float(effect[i]), float(cost[i]), CONTROL, math.nan, None)
            for i in range(len(effect))
            if i not in self.options
        ]
        return tuple(sorted([*ranked, *others], key=lambda p: p.cost)) if others else ranked

    def _placed(self, effects: Floats, costs: Floats) -> tuple[ce.Place, ...]:
        rows = list(self.options)
        return tuple(
            replace(p, scenario=rows[p.scenario], by=None if p.by is None else rows[p.by])
            for p in ce.table(effects[rows], costs[rows])
        )

    @cached_property
    def gap_frontier(self) -> tuple[int, ...]:
        """Rows that no other beats in gap and cost at once, in order of cost; nothing without perception."""
        if "gap" not in self.sample.runs.metrics:
            return ()
        return efficient(self._placed(self.sample.of("gap"), self.sample.costs))

    @cached_property
    def thresholds(self) -> tuple[ce.Threshold, ...]:
        """Worths of a point at which the best scenario changes."""
        rows, s = list(self.options), self.sample
        found = ce.thresholds(s.effects[rows], s.costs[rows], s.asked.resamples, self.seed)
        return tuple(replace(t, before=rows[t.before], after=rows[t.after]) for t in found)

    @cached_property
    def distinct(self) -> tuple[int, ...]:
        """The options without those that have the effect and the cost of an earlier one in every replication."""
        both = np.stack([self.sample.effects, self.sample.costs])
        rows: list[int] = []
        for i in self.options:
            if not any(np.array_equal(both[:, i], both[:, j], equal_nan=True) for j in rows):
                rows.append(i)
        return tuple(rows)

    @cached_property
    def acceptability(self) -> ce.Acceptability:
        """Probability of being best over the grid of worths; its rows are those of `distinct`."""
        asked = self.sample.asked
        high = asked.worths.high or self._far_enough()
        grid = np.linspace(asked.worths.low, max(high, asked.worths.low + 1.0), asked.worths.steps)
        rows = list(self.distinct)
        return ce.acceptability(self.sample.effects[rows], self.sample.costs[rows], grid, asked.resamples, self.seed)

    def _far_enough(self) -> float:
        """A worth beyond every change of the best scenario, rounded up to two figures."""
        known = [t.worth for t in self.thresholds] + ([self.sample.asked.worth] if self.sample.asked.worth else [])
        effect, cost = self.increments
        largest = np.abs(effect.mean).max(initial=0.0)
        known = known or ([float(np.abs(cost.mean).max()) / float(largest)] if largest > 0 else [])
        wanted = 2.5 * max(known, default=1.0)
        if wanted <= 0:
            return 1.0
        unit = 10.0 ** (math.floor(math.log10(wanted)) - 1)
        return math.ceil(wanted / unit) * unit

    @cached_property
    def cost_table(self) -> pd.DataFrame:
        """A row per scenario in order of cost: effect, cost, increments, dominance, incremental ratio."""
        effect, cost = self.increments
        names = self.sample.scenarios
        rows = [
            {
                "scenario": names[p.scenario], "effect": p.effect, "cost": p.cost,
                "effect_increment": effect.mean[p.scenario], "effect_low": effect.low[p.scenario],
                "effect_high": effect.high[p.scenario], "cost_increment": cost.mean[p.scenario],
                "cost_low": cost.low[p.scenario], "cost_high": cost.high[p.scenario], "status": p.status,
                "by": "" if p.by is None else names[p.by], "icer": p.icer,
                "like_base": self.like_base(p.scenario), "gap_frontier": p.scenario in self.gap_frontier,
            }
            for p in self.places
        ]  # fmt: skip
        return pd.DataFrame(rows)

    @cached_property
    def acceptability_table(self) -> pd.DataFrame:
        """By worth and scenario: probability of the largest net benefit, its Monte Carlo error, whether it is best on
        average; net benefit less the base's with its 95 % interval."""
        a, names = self.acceptability, self.sample.scenarios
        rows_of = dict(enumerate(self.distinct))
        benefits = [ce.net_benefits(self.sample.effects, self.sample.costs, float(worth)) for worth in a.worths]
        rows = [
            (
                float(worth), names[row], float(a.probability[i, j]), float(a.error[i, j]), bool(a.best[j] == i),
                float(benefits[j].mean[row]), float(benefits[j].low[row]), float(benefits[j].high[row]),
            )
            for j, worth in enumerate(a.worths)
            for i, row in rows_of.items()
        ]  # fmt: skip
        columns = ["worth", "scenario", "probability", "error", "best", "benefit", "benefit_low", "benefit_high"]
        return pd.DataFrame(rows, columns=columns)


def efficient(places: Sequence[ce.Place]) -> tuple[int, ...]:
    """Rows on the Pareto frontier: those of the incremental table that no single other one dominates."""
    return tuple(p.scenario for p in places if p.status in (ce.FRONTIER, ce.EXTENDEDLY))


def tidy(metrics: Sequence[str], values: Floats, scenarios: Sequence[str]) -> pd.DataFrame:
    """`values` shape (scenarios, metrics, replications) as scenario, replication, metric, value; no NaN.

    Metrics stand in the order of METRICS.
    """
    known = [name for name in METRICS if name in metrics]
    columns = [metrics.index(name) for name in known]
    table = values[:, columns].transpose(0, 2, 1)
    scenario, replication, metric = np.nonzero(~np.isnan(table))
    return pd.DataFrame(
        {
            "scenario": np.array(scenarios, dtype=object)[scenario],
            "replication": replication,
            "metric": np.array(known, dtype=object)[metric],
            "value": table[scenario, replication, metric],
        }
    )
