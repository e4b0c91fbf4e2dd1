"""The runs of a decision study: pilots of the base for the warm-up, then as many replications as precision asks for.

How many replications there are in the end depends on variances alone, never on means: on the half-widths of paired
differences (`analysis.decisions.stopping`) and on the most that the selection could need after its first stage
(`analysis.decisions.selection`). So intervals and comparisons with the best, made on the whole sample, keep the meaning
of a sample of fixed size to the degree that `stopping` checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.decisions.selection import KN, State
from analysis.decisions.settings import NET_BENEFIT, Decide
from analysis.decisions.stopping import Precision, assess, next_size
from analysis.figures.style import displayed
from analysis.measures import METRICS
from scenarios.arms import Arms, Interrupted, Runs
from sim.invalid import InvalidInput

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Everything that was run: `runs` by arm, as in `scenarios` (the base first), and what the study was asked.

    `precisions`: (scenario, metric) -> precision of its paired difference to the base. `state`: how far the selection
    has come; rows as in `scenarios`. `weeks`: length of the measured window. `levels`: the base's mean of each metric
    in the first stage, of which relative half-widths and margins are shares. `interrupted`: Ctrl-C ended the sampling.
    """

    asked: Decide
    scenarios: tuple[str, ...]
    runs: Runs
    weeks: float
    precisions: dict[tuple[str, str], Precision]
    state: State
    levels: Mapping[str, float]
    interrupted: bool = False

    @property
    def n(self) -> int:
        return int(self.runs.values.shape[2])

    @property
    def base(self) -> str:
        return self.scenarios[0]

    @property
    def others(self) -> tuple[str, ...]:
        return self.scenarios[1:]

    def of(self, metric: str) -> Floats:
        """A metric in its own unit, shape (scenarios, n)."""
        return measured(self.runs, metric, "decide.metrics")

    @property
    def merit(self) -> Floats:
        """The criterion such that larger is better, shape (scenarios, n)."""
        return merit_of(self.runs, self.asked, self.weeks)

    @property
    def effects(self) -> Floats:
        """What money buys, in points with larger better, shape (scenarios, n)."""
        return effects_of(self.runs, self.asked)

    @property
    def costs(self) -> Floats:
        """What it costs, shape (scenarios, n); see `costs_of`."""
        return costs_of(self.runs, self.asked, self.weeks)


def sample(arms: Arms, asked: Decide, scenarios: Sequence[str], first: int, weeks: float) -> Sample:
    """Run all scenarios on common random numbers until everything asked for is met, or the cap.

    `scenarios`: the base first; `first`: replications of the first stage; `weeks`: length of the measured window.
    After Ctrl-C the last complete stage is what there is; `Interrupted` is raised if not even the first is. Raises
    `InvalidInput` for a metric that no run measured.
    """
    points = [{"scenario": name} for name in scenarios]
    n, levels = first, dict[str, float]()
    selection = KN(asked.smallest, asked.confidence, first)
    found: Sample | None = None
    while True:
        try:
            runs = arms.run(points, n, "decide")
        except Interrupted:
            if found is None:
                raise
            return replace(found, interrupted=True)
        state = selection.decide(merit_of(runs, asked, weeks))
        effects_of(runs, asked), costs_of(runs, asked, weeks)  # a metric that is not there is found now
        levels = levels or {metric: level_of(runs, metric) for metric in asked.watched}
        precisions = _precisions(runs, _targets(levels, asked), scenarios)
        found = Sample(asked, tuple(scenarios), runs, weeks, precisions, state, levels)
        most = max(n, asked.most_replications)
        wanted = max(next_size(list(precisions.values()), n, most), min(state.most or n, most, 2 * n))
        if wanted <= n:
            return found
        n = wanted


def measured(runs: Runs, metric: str, where: str) -> Floats:
    """A metric of all arms. Raises `InvalidInput` where the system does not have it (a layer that is off)."""
    if metric not in runs.metrics:
        there = "take failure_share, say" if "failure_share" in runs.metrics else ""
        raise InvalidInput(where, metric, "is not measured in this system, with this journal", there)
    return runs.of(metric)


def merit_of(runs: Runs, asked: Decide, weeks: float) -> Floats:
    """The criterion, turned such that larger is better: shape (arms, replications)."""
    if asked.criterion == NET_BENEFIT:
        assert asked.worth is not None
        return asked.worth * effects_of(runs, asked) - costs_of(runs, asked, weeks)
    sign = 1.0 if METRICS[asked.criterion].better == "higher" else -1.0
    return sign * measured(runs, asked.criterion, "decide.criterion")


def effects_of(runs: Runs, asked: Decide) -> Floats:
    """The effect as money buys it, larger is better: shares in percentage points. Shape (arms, replications)."""
    metric = METRICS[asked.effect]
    sign = 1.0 if metric.better == "higher" else -1.0
    return sign * displayed(metric.unit)[0] * measured(runs, asked.effect, "decide.effect")


def costs_of(runs: Runs, asked: Decide, weeks: float) -> Floats:
    """The cost: totals of the window per week, costs per order as they are; profit counts as what is lost of it."""
    metric = METRICS[asked.cost]
    sign = -1.0 if metric.better == "higher" else 1.0
    return sign * measured(runs, asked.cost, "decide.cost") / (weeks if metric.unit == "cu" else 1.0)


def cost_unit(asked: Decide) -> str:
    """Unit of `costs_of`."""
    return "cu a week" if METRICS[asked.cost].unit == "cu" else METRICS[asked.cost].unit


def level_of(runs: Runs, metric: str) -> float:
    """The base's mean of a metric, over the replications that have a value."""
    return float(np.nanmean(measured(runs, metric, "decide.metrics")[0]))


def _targets(levels: Mapping[str, float], asked: Decide) -> dict[str, float]:
    """Half-width wanted of every metric; none where it is a share of a mean that is 0."""
    sizes = {metric: asked.precision_of(metric).of(level) for metric, level in levels.items()}
    return {metric: size for metric, size in sizes.items() if size > 0}


def _precisions(runs: Runs, targets: Mapping[str, float], scenarios: Sequence[str]) -> dict[tuple[str, str], Precision]:
    found = {}
    for metric, target in targets.items():
        values = runs.of(metric)
        for name, precision in zip(scenarios[1:], assess(values[1:] - values[0], target), strict=True):
            found[name, metric] = precision
    return found
