"""Screening by elementary effects (Morris 1991; Campolongo, Cariboni & Saltelli 2007), designs and indices by SALib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.sensitivity.contrast import Place, Response, means
from analysis.sensitivity.noise import residual_variance
from scenarios.parameters import Parameter

Floats = npt.NDArray[np.float64]
Problem = dict[str, object]


@dataclass(frozen=True)
class Screening:
    """Elementary effects in units of the contrast per whole range of a parameter, in the order of the parameters.

    `mu_star`: mean size of the effects, `mu_star_half` the half-width of its 95 % interval (bootstrap over
    trajectories), `mu` their mean, `sigma` their standard deviation (interaction or curvature). `floor`: the
    `mu_star` that replication noise alone makes where a parameter changes nothing but which random events happen.
    `trajectories`: those complete.
    """

    names: tuple[str, ...]
    mu_star: Floats
    mu_star_half: Floats
    mu: Floats
    sigma: Floats
    floor: float
    trajectories: int
    replications: int

    @property
    def ranking(self) -> tuple[str, ...]:
        """The parameters, the largest `mu_star` first."""
        order = np.argsort(-np.nan_to_num(self.mu_star), kind="stable")
        return tuple(self.names[i] for i in order)


def problem_of(parameters: Sequence[Parameter]) -> Problem:
    """SALib's description of the unit cube: ranges are scaled here, so that effects are per whole range."""
    return {
        "num_vars": len(parameters),
        "names": [p.name for p in parameters],
        "bounds": [[0.0, 1.0]] * len(parameters),
    }


def places_of(parameters: Sequence[Parameter], unit: Floats) -> list[Place]:
    """Points of the unit cube, shape (points, parameters), as values of the parameters."""
    return [
        {p.name: p.range.low + float(u) * (p.range.high - p.range.low) for p, u in zip(parameters, row, strict=True)}
        for row in unit
    ]


def screen(
    parameters: Sequence[Parameter], response: Response, trajectories: int, levels: int, replications: int, seed: int
) -> Screening:
    """Morris's design of `trajectories`, each with as many points as there are parameters and one more."""
    from SALib.analyze import morris as analysis
    from SALib.sample import morris as design

    problem, block = problem_of(parameters), len(parameters) + 1
    unit = np.asarray(design.sample(problem, trajectories, num_levels=levels, seed=salib_seed(seed)))
    values = response(places_of(parameters, unit), replications, "sensitivity: screening")
    y = means(values)
    whole = np.repeat(~np.isnan(y.reshape(-1, block)).any(axis=1), block)  # a trajectory with a gap is left out
    names = tuple(p.name for p in parameters)
    complete = int(whole.sum()) // block
    if complete < 2:
        nothing = np.full(len(parameters), np.nan)
        return Screening(names, nothing, nothing, nothing, nothing, math.nan, complete, replications)
    found = analysis.analyze(
        problem, unit[whole], y[whole], num_levels=levels, num_resamples=500, seed=salib_seed(seed)
    )
    step = levels / (2.0 * (levels - 1.0))
    # |N(0, 2 s^2)| / step has mean sqrt(2 / pi) sqrt(2) s / step, s^2 the residual variance of a mean.
    floor = math.sqrt(2.0 / math.pi) * math.sqrt(2.0 * residual_variance(values[whole]) / replications) / step
    column = {key: np.asarray(found[key], dtype=float) for key in ("mu_star", "mu_star_conf", "mu", "sigma")}
    return Screening(
        names, column["mu_star"], column["mu_star_conf"], column["mu"], column["sigma"], floor, complete, replications
    )


def salib_seed(seed: int) -> int:
    """A seed for SALib, where 0 would mean none."""
    return seed % (2**31 - 1) + 1
