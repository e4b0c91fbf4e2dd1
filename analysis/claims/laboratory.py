"""The claims laboratory: runs a claim's arms at places in the space of its swing parameters.

At the reference point and at the null this gives the point verdict (`analysis.claims.verdict`), over the whole space
the robust one (`analysis.claims.robust`). Every arm has the same named draws (common random numbers).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.claims.claim import Claim, Finding, Tried, Values
from scenarios.arms import Arms, Runs
from scenarios.compose import compose_config
from scenarios.config import settings_from
from scenarios.execution import Execution
from scenarios.points import base_of
from scenarios.store import Store


@dataclass(frozen=True)
class Bench:
    """Where claims are tried: seed and engine of the study, where runs are made, and the store that keeps them."""

    seed: int
    engine: str
    execution: Execution
    store: Store | None = None

    def tried(
        self, claim: Claim, places: Sequence[Values], replications: int, label: str, unstable: bool = False
    ) -> list[Tried]:
        """The runs of a claim's arms at each place, `replications` of each; what the store has is not run again.

        `places` give every swing parameter and switch (`Claim.at`). `unstable`: also run where staff cannot keep up,
        as within swept ranges they sometimes cannot. Raises `InvalidInput` and `scenarios.arms.Interrupted`.
        """
        arms = [claim.arms(place) for place in places]
        flat = [values for of_place in arms for values in of_place.values()]
        settings = settings_from(compose_config([*claim.words, f"seed={self.seed}", f"engine={self.engine}"]))
        base = base_of(settings, flat, inline=claim.scenarios)
        base = replace(base, allow_unstable=base.allow_unstable or unstable)
        runs = Arms(base, claim.measure, self.execution, self.store).run(flat, replications, label)
        return _by_place(arms, runs)


def _by_place(arms: Sequence[Mapping[str, Values]], runs: Runs) -> list[Tried]:
    ends = np.cumsum([len(of_place) for of_place in arms])
    return [
        Tried(tuple(of_place), Runs(runs.metrics, runs.values[end - len(of_place) : end]))
        for of_place, end in zip(arms, ends, strict=True)
    ]


@dataclass(frozen=True)
class PointTrial:
    """A claim tried at its reference point and at its null, and the seconds that took."""

    claim: Claim
    reference: Finding
    null: Finding
    seconds: float


def try_at_point(bench: Bench, claim: Claim, replications: int | None = None) -> PointTrial:
    """Run a claim at its reference point and its null; `replications` in place of the claim's own number."""
    began = time.perf_counter()
    each = replications or claim.replications
    if claim.null_factor == 1:
        reference, null = bench.tried(claim, [claim.at(), claim.at(claim.null)], each, f"{claim.id} point")
    else:
        [reference] = bench.tried(claim, [claim.at()], each, f"{claim.id} point")
        [null] = bench.tried(claim, [claim.at(claim.null)], claim.null_factor * each, f"{claim.id} null")
    return PointTrial(claim, claim.effect(reference), claim.effect(null), time.perf_counter() - began)
