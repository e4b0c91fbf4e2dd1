"""What an improvement costs: incremental cost-effectiveness and net benefit.

Drummond, Sculpher, Claxton, Stoddart & Torrance 2015, Methods for the Economic Evaluation of Health Care Programmes,
4th ed., chapters 4 and 11; net benefit: Stinnett & Mullahy 1998, Medical Decision Making 18; acceptability: Van Hout et
al. 1994, Health Economics 3, and Fenwick, Claxton & Sculpher 2001, Health Economics 10.

`effects` and `costs` have the shape (scenarios, n), by replication; row 0 is the base, larger effects are better,
larger costs worse. Replications in which a value is missing do not count. Bootstraps draw whole replications, the same
ones for every scenario, so pairs stay together. They show the uncertainty that comes from the number of replications,
which more of them take away; they say nothing of the uncertainty about the parameters of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.compare import Spread, spread
from analysis.decisions.paired import complete
from sim.invalid import require

Floats = npt.NDArray[np.float64]

FRONTIER, DOMINATED, EXTENDEDLY, SAME = "frontier", "dominated", "extendedly dominated", "same as another"
_CHUNK = 2_000_000  # weights of replications held at a time


@dataclass(frozen=True)
class Place:
    """A scenario in the cost-effectiveness table.

    Parameters
    ----------
    scenario : its row in the input.
    effect, cost : means.
    status : FRONTIER; DOMINATED (`by` costs no more and does no less, and is better in one); EXTENDEDLY (two
        others mixed are better; `by` is the next on the frontier); SAME (equal to `by`, which stands before it).
    icer : cost of one more unit of effect, against the frontier's next cheaper scenario; NaN for its first and
        for those that are not on it.
    by : a scenario because of which it is not on the frontier, else None.
    """

    scenario: int
    effect: float
    cost: float
    status: str
    icer: float
    by: int | None


@dataclass(frozen=True)
class Threshold:
    """A worth of one unit of effect at which the best scenario changes, with its 95 % bootstrap interval.

    `high` is infinite where more than one resample in forty has no such worth: `after` may never be the better one.
    """

    worth: float
    low: float
    high: float
    before: int
    after: int


@dataclass(frozen=True)
class Acceptability:
    """Probability that each scenario has the largest mean net benefit: shape (scenarios, worths).

    `error`: Monte Carlo standard error of the probabilities, the same shape; `best`: row with the largest mean net
    benefit at each worth, shape (worths,).
    """

    worths: Floats
    probability: Floats
    error: Floats
    best: npt.NDArray[np.int64]


def increments(effects: Floats, costs: Floats) -> tuple[Spread, Spread]:
    """Effect and cost of each scenario less those of the base, within replications, with 95 % t-intervals."""
    effect, cost = complete(effects, costs)
    return spread(effect - effect[0]), spread(cost - cost[0])


def table(effects: Floats, costs: Floats) -> tuple[Place, ...]:
    """Every scenario in order of mean cost, with dominance and incremental ratios on mean values."""
    effect, cost = _means(effects, costs)
    order = sorted(range(len(effect)), key=lambda i: (cost[i], -effect[i], i))
    status: dict[int, str] = {}
    by: dict[int, int] = {}
    hull: list[int] = []
    for i in order:
        if hull and effect[i] <= effect[hull[-1]]:  # costs no less and does no more: strict dominance, or equality
            same = effect[i] == effect[hull[-1]] and cost[i] == cost[hull[-1]]
            status[i], by[i] = (SAME if same else DOMINATED), hull[-1]
            continue
        while len(hull) > 1 and _ratio(effect, cost, hull[-2], hull[-1]) >= _ratio(effect, cost, hull[-1], i):
            beaten = hull.pop()
            status[beaten], by[beaten] = EXTENDEDLY, i
        hull.append(i)
    for beaten in (i for i, s in status.items() if s == EXTENDEDLY):
        by[beaten] = next(i for i in hull if cost[i] >= cost[beaten] and effect[i] > effect[beaten])
    icer = {after: _ratio(effect, cost, before, after) for before, after in pairwise(hull)}
    return tuple(
        Place(i, float(effect[i]), float(cost[i]), status.get(i, FRONTIER), icer.get(i, np.nan), by.get(i))
        for i in order
    )


def net_benefit(effects: Floats, costs: Floats, worth: float) -> Floats:
    """worth x effect - cost of each scenario and replication, in the unit of the costs: shape (scenarios, n)."""
    return np.asarray(worth * np.asarray(effects, dtype=float) - np.asarray(costs, dtype=float))


def net_benefits(effects: Floats, costs: Floats, worth: float) -> Spread:
    """Net benefit of each scenario less that of the base, within replications, with 95 % t-intervals."""
    effect, cost = complete(effects, costs)
    benefit = net_benefit(effect, cost, worth)
    return spread(benefit - benefit[0])


def acceptability(
    effects: Floats, costs: Floats, worths: Floats, resamples: int = 2000, seed: int = 1
) -> Acceptability:
    """How sure the best scenario is at each worth of a unit of effect, by bootstrap; equal scenarios share.

    Raises InvalidInput for fewer than two complete replications, or negative worths.
    """
    grid = np.asarray(worths, dtype=float)
    require(bool((grid >= 0).all()), "worths", grid.min(initial=0.0), "must not be negative")
    effect, cost = _means(effects, costs)
    drawn_effect, drawn_cost = _resampled(effects, costs, resamples, seed)
    probability = np.empty((len(effect), len(grid)))
    for j, worth in enumerate(grid):
        benefit = worth * drawn_effect - drawn_cost
        winners = benefit >= benefit.max(axis=0)
        probability[:, j] = (winners / winners.sum(axis=0)).mean(axis=1)
    error = np.sqrt(probability * (1.0 - probability) / resamples)
    best = np.argmax(grid[None, :] * effect[:, None] - cost[:, None], axis=0)
    return Acceptability(grid, probability, error, best)


def thresholds(effects: Floats, costs: Floats, resamples: int = 2000, seed: int = 1) -> tuple[Threshold, ...]:
    """Worths at which the scenario with the largest mean net benefit changes: the frontier's incremental ratios.

    The interval of each is that of the pair's own ratio over resamples (percentiles). A resample in which `after` does
    no more has no worth from which it is better, which counts as infinite; one in which it does more and costs
    no more, 0.
    """
    hull = [place for place in table(effects, costs) if place.status == FRONTIER]
    if len(hull) < 2:
        return ()
    effect, cost = _resampled(effects, costs, resamples, seed)
    found = []
    for before, after in pairwise(hull):
        gain = effect[after.scenario] - effect[before.scenario]
        price = np.maximum(cost[after.scenario] - cost[before.scenario], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = np.where(gain > 0, price / gain, np.inf)
        low, high = np.quantile(worth, (0.025, 0.975), method="inverted_cdf")
        found.append(Threshold(after.icer, float(low), float(high), before.scenario, after.scenario))
    return tuple(found)


def _ratio(effect: Floats, cost: Floats, before: int, after: int) -> float:
    return float((cost[after] - cost[before]) / (effect[after] - effect[before]))


def _means(effects: Floats, costs: Floats) -> tuple[Floats, Floats]:
    effect, cost = complete(np.asarray(effects, dtype=float), np.asarray(costs, dtype=float))
    require(effect.shape[1] >= 1, "replications", effect.shape[1], "must include a complete one")
    return spread(effect).mean, spread(cost).mean


def _resampled(effects: Floats, costs: Floats, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """Means of effects and costs over replications drawn with replacement: each shape (scenarios, resamples)."""
    effect, cost = complete(np.asarray(effects, dtype=float), np.asarray(costs, dtype=float))
    n = effect.shape[1]
    require(n >= 2, "replications", n, "must include two complete ones")
    require(resamples >= 1, "resamples", resamples, "must be at least 1")
    rng = np.random.default_rng(seed)
    # Equal rows are summed once, so that scenarios which are the same are not told apart by their rounding.
    both, place = np.unique(np.vstack([effect, cost]), axis=0, return_inverse=True)
    parts, block = [], max(1, _CHUNK // n)
    for start in range(0, resamples, block):
        weights = rng.multinomial(n, np.full(n, 1.0 / n), size=min(block, resamples - start))
        parts.append(both @ weights.T / n)
    means = np.concatenate(parts, axis=1)[place.ravel()]
    return means[: len(effect)], means[len(effect) :]
