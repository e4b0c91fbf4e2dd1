"""Shares of variance: Sobol' indices (Sobol' 1993; Saltelli et al. 2010), design and estimates by SALib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.sensitivity.contrast import Response, clear, means
from analysis.sensitivity.noise import noise_share
from analysis.sensitivity.screening import places_of, problem_of, salib_seed
from scenarios.parameters import Parameter

Floats = npt.NDArray[np.float64]
Shares = tuple[Floats, Floats, Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class Indices:
    """Shares of the variance of the contrast over the ranges, each with the half-width of a 95 % bootstrap interval.

    `first`: by a parameter alone, `total`: with all it does together with others, `second` (upper triangle, else NaN):
    by a pair beyond what both do alone. `noise`: share of the variance that is replication noise (it counts into
    totals). Of `sampled` points drawn independently over the ranges, `turned` have a 95 % interval wholly on the other
    side of 0 than today's contrast; at `open` the interval includes 0. NaN where the contrast does not vary.
    """

    names: tuple[str, ...]
    first: Floats
    first_half: Floats
    total: Floats
    total_half: Floats
    second: Floats
    second_half: Floats
    noise: float
    turned: int
    open: int
    sampled: int
    blocks: int
    replications: int


def share_out(
    parameters: Sequence[Parameter], response: Response, blocks: int, replications: int, seed: int, today: float
) -> Indices:
    """Saltelli's design: `blocks` (a power of two) of 2 k + 2 points for k parameters. `today`: mean contrast today."""
    from SALib.sample import sobol as design

    problem, k = problem_of(parameters), len(parameters)
    unit = np.asarray(design.sample(problem, blocks, calc_second_order=True, seed=salib_seed(seed)))
    values = response(places_of(parameters, unit), replications, "sensitivity: shares of variance")
    size = 2 * k + 2
    grouped = means(values).reshape(blocks, size)
    whole = ~np.isnan(grouped).any(axis=1)  # a block with a gap is left out
    sides = clear(values).reshape(blocks, size)[whole][:, [0, -1]].ravel()  # a mean of few runs has its sign by chance
    y = grouped[whole].ravel()
    first, first_half, total, total_half, second, second_half = _estimates(problem, y, k, seed)
    return Indices(
        tuple(p.name for p in parameters), first, first_half, total, total_half, second, second_half,
        noise_share(values[np.repeat(whole, size)]), int((sides * np.sign(today) < 0).sum()), int((sides == 0).sum()),
        len(sides), int(whole.sum()), replications,
    )  # fmt: skip


def _estimates(problem: dict[str, object], y: Floats, k: int, seed: int) -> Shares:
    from SALib.analyze import sobol as analysis

    if len(y) < 2 * (2 * k + 2) or np.ptp(y) == 0.0:
        line, square = np.full(k, np.nan), np.full((k, k), np.nan)
        return line, line, line, line, square, square
    found = analysis.analyze(problem, y, calc_second_order=True, num_resamples=200, seed=salib_seed(seed))
    s1, s1_half, st, st_half, s2, s2_half = (
        np.asarray(found[key], dtype=float) for key in ("S1", "S1_conf", "ST", "ST_conf", "S2", "S2_conf")
    )
    return s1, s1_half, st, st_half, s2, s2_half
