"""What a claim is: who said it, how it is tried, what would count for and against it (model.md section 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.measures import measure as usual_measure
from scenarios.arms import Measure, Runs
from scenarios.design import Range

Floats = npt.NDArray[np.float64]
Values = Mapping[str, Any]
"""For arms: path of a value in the configuration -> value. For swing parameters: their short name -> value."""


@dataclass(frozen=True)
class Tried:
    """The runs of a claim's arms at one place in the space of its swing parameters."""

    arms: tuple[str, ...]
    runs: Runs

    def __call__(self, arm: str, metric: str) -> Floats:
        """One metric of one arm: shape (replications,). The same place is the same replication in every arm."""
        return np.asarray(self.runs.of(metric)[self.arms.index(arm)])


@dataclass(frozen=True)
class Condition:
    """One of several things that a claim needs at once: `effect` (replications,) has to be at least `least`.

    `off_in_null`: the null switches off what it rests on. Where it cannot, the effect in the null is told, not judged.
    """

    label: str
    effect: Floats
    least: float
    off_in_null: bool = True


@dataclass(frozen=True)
class Finding:
    """What came out. `effect`: one value a replication, positive as the claim has it, shape (replications,).

    `parts` are further contrasts for the claim's page (label -> the same shape), `notes` sentences with figures.
    `conditions`: see `joint`.
    """

    effect: Floats
    parts: Mapping[str, Floats] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


def joint(
    conditions: Sequence[Condition], sesoi: float, parts: Mapping[str, Floats], notes: tuple[str, ...] = ()
) -> Finding:
    """The finding of a claim that needs all of these conditions, which have one unit.

    At the reference point every condition is tested (an intersection-union test, `analysis.claims.verdict`). Over the
    space a point counts by its means: `effect` is that of the condition whose mean is furthest short of what it needs,
    moved so that it needs `sesoi`.
    """

    def mean_margin(condition: Condition) -> float:
        there = condition.effect[~np.isnan(condition.effect)]
        return float(there.mean()) - condition.least if len(there) else -np.inf

    least = min(conditions, key=mean_margin)
    return Finding(least.effect - least.least + sesoi, parts, notes, tuple(conditions))


@dataclass(frozen=True)
class Claim:
    """A claim and its trial.

    Parameters
    ----------
    id, statement : as in model.md ("C03").
    quote, source : at most twenty words of the founding text, and which text.
    design : what is done, in sentences.
    metric, unit : what `effect` is.
    sesoi : smallest effect of interest, in `unit`; the claim holds where the effect is at least that.
    rule : the decision rule, in a sentence.
    reference : closed form or published figure to see it beside; "" if there is none.
    structural : which part of the verdict the equations alone imply; "" if none does.
    by_construction : the equations alone decide the verdict, for the reason in `structural`. Such a verdict is labelled
        true (or false) by construction and never counted as a finding.
    words : the configuration, as on the command line.
    reference_point : short name of every swing parameter -> its value at the reference point.
    swing : short name -> the range it is swept over (model.md section 6), or a list of values.
    arms : values of the swing parameters -> {arm: values to set in the configuration}.
    effect : the runs of these arms -> what came out.
    null : values of swing parameters (or of `switches`) under which the mechanism is off and the effect must vanish.
    exact_null : whether the null effect is exactly 0 in every replication (else its interval must hold 0 and stay
        within the smallest effect of interest).
    null_words : what is off in the null, in words.
    null_factor : replications of the null for each at the reference point.
    caveats : what to read the verdict with: departures from the design in model.md, and why it came out as it did.
    limits : the least and the largest value that `effect` can have in one replication, if there are such.
    scenarios : scenarios that stand in no file: name -> what a file would say.
    replications, robust_replications : at the reference point, and at each of the points of the robust run.
    switches : further values that `arms` understands, with their defaults; never swept.
    measure : what is kept of a run.
    stated : a figure that the claim states. Then `effect` is that figure as measured, and the claim holds where it lies
        within `sesoi` of the stated one (how exactly it was stated); both are judged at four standard errors.
    """

    id: str
    statement: str
    quote: str
    source: str
    design: str
    metric: str
    unit: str
    sesoi: float
    rule: str
    reference: str
    words: tuple[str, ...]
    reference_point: Mapping[str, Any]
    swing: Mapping[str, Range | tuple[Any, ...]]
    arms: Callable[[Values], Mapping[str, Values]]
    effect: Callable[[Tried], Finding]
    null: Values
    exact_null: bool = False
    null_words: str = ""
    null_factor: int = 1
    caveats: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    structural: str = ""
    by_construction: bool = False
    scenarios: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    replications: int = 60
    robust_replications: int = 20
    switches: Values = field(default_factory=dict)
    measure: Measure = usual_measure
    stated: float | None = None

    def at(self, changed: Values | None = None) -> Values:
        """Every swing parameter and switch: the reference point, with some values changed."""
        return {**self.reference_point, **self.switches, **(changed or {})}
