"""What became of a claim: verdicts, standing, and the words and numbers in which they are reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.claims.claim import Claim, Condition, Finding
from analysis.claims.laboratory import PointTrial
from analysis.claims.robust import RobustTrial
from analysis.claims.verdict import (
    REFUTED,
    REMAINS,
    SUPPORTED,
    UNSHOWN,
    VANISHES,
    Bar,
    Estimate,
    Verdict,
    estimate,
    null_word,
    verdicts,
)

FINDING, TRUE, FALSE, OPEN = "finding", "true by construction", "false by construction", "nothing follows"
OPPOSITE = "refuted: the opposite"


@dataclass(frozen=True)
class Outcome:
    """A claim with its trials and verdicts; `robust` is None where only the reference point was tried."""

    point: PointTrial
    verdict: Verdict
    robust: RobustTrial | None = None

    @property
    def claim(self) -> Claim:
        return self.point.claim

    @property
    def word(self) -> str:
        """The point verdict, said in full where the effect is the other way round."""
        return OPPOSITE if self.verdict.opposite else self.verdict.word

    @property
    def bar(self) -> Bar:
        """What the effect is judged against: that of the condition which decides."""
        return self.verdict.conditions[self.verdict.decisive].bar

    @property
    def deciding(self) -> str:
        """The condition that decides, where the claim needs several; else ""."""
        return self.labels[self.verdict.decisive] if self.labels else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """What a claim that needs several conditions needs."""
        return tuple(condition.label for condition in self.point.reference.conditions)

    @property
    def failing(self) -> tuple[str, ...]:
        """Those of the conditions that are refuted."""
        judged = self.verdict.conditions
        return tuple(label for label, one in zip(self.labels, judged, strict=False) if one.word == REFUTED)

    @property
    def nulls(self) -> tuple[Estimate, ...]:
        """The effect of every condition with the mechanism off, with its 95 % interval."""
        return tuple(estimate(condition.effect) for condition in _conditions(self.claim, self.point.null))

    @property
    def null(self) -> Estimate:
        """The effect that decides with the mechanism off, with its 95 % interval."""
        return self.nulls[min(self.verdict.decisive, len(self.nulls) - 1)]

    @property
    def null_word(self) -> str:
        """Whether the effect vanishes with the mechanism off: all conditions that the null switches off must."""
        claim = self.claim
        words = [
            null_word(condition.effect, claim.exact_null, claim.sesoi)
            for condition in _conditions(claim, self.point.null)
            if condition.off_in_null
        ]
        return next((word for word in (REMAINS, UNSHOWN) if word in words), VANISHES)

    @property
    def null_vanishes(self) -> bool:
        return self.null_word == VANISHES

    @property
    def standing(self) -> str:
        """What the verdict is worth. One that the equations decide is no finding; with a null that fails none is."""
        if not self.null_vanishes or self.verdict.word not in (SUPPORTED, REFUTED):
            return OPEN
        if self.claim.by_construction:
            return TRUE if self.verdict.word == SUPPORTED else FALSE
        return FINDING

    @property
    def seconds(self) -> float:
        return self.point.seconds + (self.robust.seconds if self.robust else 0.0)

    def record(self) -> dict[str, Any]:
        """For claims.json. `seconds` is what this session took; runs found in the store take none."""
        verdict, robust, null = self.verdict, self.robust, self.null
        return {
            "id": self.claim.id,
            "statement": self.claim.statement,
            "point_verdict": verdict.word,
            "opposite": verdict.opposite,
            "robust_verdict": robust.word if robust else None,
            "standing": self.standing,
            "structural": self.claim.structural,
            "by_construction": self.claim.by_construction,
            "metric": self.claim.metric,
            "unit": self.claim.unit,
            "sesoi": self.bar.sesoi,
            "stated": self.claim.stated,
            "effect": verdict.effect.mean,
            "ci": list(verdict.usual.interval),
            "ci_adjusted": list(verdict.effect.interval),
            "level_adjusted": verdict.level,
            "p_adjusted": verdict.p_adjusted,
            "replications": verdict.effect.n,
            "null_effect": null.mean,
            "null_ci": list(null.interval),
            "null_vanishes": self.null_vanishes,
            "null_word": self.null_word,
            "deciding": self.deciding or None,
            "conditions": {
                label: {
                    "mean": one.effect.mean,
                    "ci_adjusted": list(one.effect.interval),
                    "least": one.bar.sesoi,
                    "verdict": one.word,
                }
                for label, one in zip(self.labels, self.verdict.conditions, strict=False)
            },
            "caveats": list(self.claim.caveats),
            "parts": {label: _plain(estimate(values)) for label, values in self.point.reference.parts.items()},
            "notes": list(self.point.reference.notes),
            "robust": None if robust is None else _robust_record(robust),
            "boundary": robust.boundary.rule if robust and robust.boundary else None,
            "seconds": round(self.seconds, 3),
        }


def outcomes(trials: Sequence[tuple[PointTrial, RobustTrial | None]]) -> list[Outcome]:
    """Outcomes of the claims that were tried, with Holm's correction over all of them."""
    needed = [_conditions(point.claim, point.reference) for point, _ in trials]
    found = verdicts(
        [[condition.effect for condition in conditions] for conditions in needed],
        [
            [Bar(condition.least, point.claim.stated, point.claim.limits) for condition in conditions]
            for conditions, (point, _) in zip(needed, trials, strict=True)
        ],
    )
    return [Outcome(point, verdict, robust) for (point, robust), verdict in zip(trials, found, strict=True)]


def _conditions(claim: Claim, finding: Finding) -> tuple[Condition, ...]:
    return finding.conditions or (Condition("", finding.effect, claim.sesoi),)


def _plain(found: Estimate) -> dict[str, Any]:
    return {"mean": found.mean, "ci": list(found.interval), "n": found.n}


def _robust_record(robust: RobustTrial) -> dict[str, Any]:
    boundary = robust.boundary
    return {
        "points": len(robust.points), "replications": robust.replications, "holds_share": robust.share,
        "positive_share": robust.positive, "uncertain_points": robust.uncertain, "points_without_result": robust.lost,
        "turned_over": robust.turned, "strength": dict(robust.strength),
        "tree": None if boundary is None else {
            "rule": boundary.rule, "accuracy": boundary.accuracy, "majority": boundary.majority,
            "useful": boundary.useful, "parameters": list(boundary.parameters),
            "leaves": [
                {"conditions": list(leaf.conditions), "holds": leaf.holds, "points": leaf.points,
                 "agreeing": leaf.agreeing}
                for leaf in boundary.leaves
            ],
        },
    }  # fmt: skip
