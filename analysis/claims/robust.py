"""The robust verdict: the same contrast over a Latin hypercube of the swing parameters, and where it turns over.

model.md section 3: a claim holds where it does at 90 % of the points or more, fails where at 10 % or fewer, and is
conditional between; then the boundary in the swing parameters is the result.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.claims.boundary import Boundary, boundary_of, strength
from analysis.claims.claim import Claim, Values
from analysis.claims.laboratory import Bench
from analysis.compare import spread
from scenarios.design import Range, SweepSettings, design_points

Floats = npt.NDArray[np.float64]

HOLDS, FAILS, CONDITIONAL, UNKNOWN = "holds", "fails", "conditional", "unknown"
MOST, FEWEST = 0.9, 0.1  # shares of the space from which and up to which a claim holds and fails


@dataclass(frozen=True)
class RobustTrial:
    """A claim over the space of its swing parameters.

    `effect`, `low`, `high`: mean effect at every point with its own 95 % interval, NaN where no run could be made.
    `strength`: share of the variance of the effect's ranks that a parameter explains alone, strongest first.
    """

    word: str
    points: tuple[Values, ...]
    effect: Floats
    low: Floats
    high: Floats
    share: float
    positive: float
    uncertain: int
    lost: int
    turned: bool
    boundary: Boundary | None
    strength: Mapping[str, float]
    replications: int
    seconds: float

    @property
    def sentence(self) -> str:
        """The share of the space in which the claim holds, and how much of that is uncertain."""
        n = len(self.effect) - self.lost
        text = f"It holds at {100 * self.share:.0f} % of {n} points ({self.word})"
        text += f"; the effect is above 0 at {100 * self.positive:.0f} %"
        text += f"; at {self.uncertain} points the interval of the effect includes the smallest effect of interest"
        if self.lost:
            text += f"; at {self.lost} further points no run could be made"
        if not self.turned:
            text += ". Nothing within the stated ranges turned it over"
        return text + "."


def hypercube(claim: Claim, size: int, seed: int) -> tuple[Values, ...]:
    """Points that fill the claim's ranges evenly (McKay, Beckman & Conover 1979), drawn with the study's seed."""
    over = {name: asdict(r) if isinstance(r, Range) else list(r) for name, r in claim.swing.items()}
    return design_points(SweepSettings(over=over, design="latin_hypercube", size=size), seed)


def try_over_space(bench: Bench, claim: Claim, size: int, replications: int | None = None) -> RobustTrial | None:
    """Run a claim over its swing space; None for a claim without swing parameters.

    `replications` at each point in place of the claim's own number. What the bench's store has is not run again.
    """
    if not claim.swing:
        return None
    began = time.perf_counter()
    points = hypercube(claim, size, bench.seed)
    each = replications or claim.robust_replications
    tried = bench.tried(claim, [claim.at(point) for point in points], each, f"{claim.id} robust", unstable=True)
    effects = np.array([_effect(claim, of_point) for of_point in tried])
    return judged(points, effects, claim.sesoi, time.perf_counter() - began)


def judged(points: Sequence[Values], effects: Floats, sesoi: float, seconds: float = 0.0) -> RobustTrial:
    """The verdict on effects of shape (points, replications): a point counts by its mean effect against `sesoi`."""
    s = spread(effects)
    there = ~np.isnan(s.mean)
    chosen = [point for point, kept in zip(points, there, strict=True) if kept]
    holds = s.mean[there] >= sesoi
    share = float(holds.mean()) if there.any() else float("nan")
    positive = float((s.mean[there] > 0.0).mean()) if there.any() else float("nan")
    uncertain = int(np.sum((s.low < sesoi) & (s.high >= sesoi)))
    word = HOLDS if share >= MOST else FAILS if share <= FEWEST else CONDITIONAL
    word = word if there.any() else UNKNOWN
    turned = bool(holds.any() and not holds.all())
    boundary = boundary_of(chosen, holds) if turned else None
    return RobustTrial(
        word, tuple(points), s.mean, s.low, s.high, share, positive, uncertain, int(np.sum(~there)), turned, boundary,
        strength(chosen, s.mean[there]), effects.shape[1], seconds,
    )  # fmt: skip


def _effect(claim: Claim, tried: Any) -> Floats:
    return np.asarray(claim.effect(tried).effect, dtype=float)
