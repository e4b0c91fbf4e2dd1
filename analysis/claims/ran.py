"""What the claims laboratory ran, for the reporting checklist: claims have systems, arms and lengths of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.claims.outcome import Outcome
from analysis.stress_des import system as words
from analysis.stress_des.ran import Part, Ran, part_of
from scenarios.compose import compose_config
from scenarios.config import settings_from
from scenarios.points import base_of


def ran_of(found: Sequence[Outcome], seed: int, engine: str) -> Ran:
    """A part for every claim: its arms at the reference point; the null and the robust run as far as they differ."""
    return Ran(tuple(_part(outcome, seed, engine) for outcome in found))


def _part(outcome: Outcome, seed: int, engine: str) -> Part:
    claim, trial = outcome.claim, outcome.point
    arms = dict(claim.arms(claim.at()))
    settings = settings_from(compose_config([*claim.words, f"seed={seed}", f"engine={engine}"]))
    base = base_of(settings, arms.values(), inline=claim.scenarios)
    inputs = [*claim.words, *words.flat(next(iter(arms.values())))]
    runs = f"{len(trial.reference.effect)} replications of every arm, {len(trial.null.effect)} at the null"
    told = [f"All these arms once more at the null: {', '.join(words.flat(claim.null))}."]
    if (robust := outcome.robust) is not None:
        runs += f", {robust.replications} at each of the {len(robust.points)} points over the space"
        told.append(
            f"All these arms at each of {len(robust.points)} points of a space of {', '.join(claim.swing)} (points.csv "
            "has their values); there staff may be overloaded."
        )
    part = part_of(base, arms, runs, claim.id, inputs)
    return replace(part, arms=(*part.arms, *told))
