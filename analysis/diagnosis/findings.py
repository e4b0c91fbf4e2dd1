"""What a diagnosis found, as tables: causes, bones of the fishbone, twigs, pairs, the naive count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import spread
from analysis.diagnosis.attribution import (
    against_count,
    attribute,
    contributions,
    crossed,
    interaction_table,
    share_of,
)
from analysis.diagnosis.pareto import origins_of, pareto_table
from analysis.diagnosis.study import FAILURES, Diagnosis

Floats = npt.NDArray[np.float64]
BONE_COLUMNS = ("metric", "bone", "adds", "low", "high", "share", "share_low", "share_high")
TWIG_COLUMNS = ("metric", "bone", "twig", "adds", "low", "high", "share")


@dataclass(frozen=True)
class Findings:
    """The tables of a diagnosis.

    `causes`: `attribution.DIAGNOSIS_COLUMNS`, with the naive count of failures beside the causal share; `levels`:
    metric, mean, low, high as it is and `rest` without all causes; `bones`, `twigs`: what the fishbone draws, in the
    order of the causes and from the largest; `pairs`: interactions; `pareto`: `pareto.PARETO_COLUMNS`.
    `uncounted`: share of the errors that reached customers which the count puts down to no cause (NaN without a count).
    `rounding`: largest distance between the sum of what causes add and the total, relative to the total.
    """

    diagnosis: Diagnosis
    causes: pd.DataFrame
    levels: pd.DataFrame
    bones: pd.DataFrame
    twigs: pd.DataFrame
    pairs: pd.DataFrame
    pareto: pd.DataFrame
    uncounted: float
    rounding: float

    @property
    def metrics(self) -> list[str]:
        return list(self.diagnosis.values)


def findings(d: Diagnosis) -> Findings:
    """All tables of a diagnosis; statistics only, no run is made."""
    causes, levels, bones, twigs, pairs, rounding = [], [], [], [], [], 0.0
    for metric, values in d.values.items():
        causes.append(attribute(d.design, values, metric))
        pairs.append(interaction_table(d.design, values, metric))
        worth = {out: values[0] - value for out, value in values.items()}
        total = worth[d.design.everything]
        added = contributions(d.design, worth)
        size = max(float(np.abs(added).max()), 1e-300)
        rounding = max(rounding, float(np.abs(added.sum(axis=0) - total).max()) / size)
        for bone in dict.fromkeys(c.bone for c in d.causes):
            of_bone = added[[i for i, c in enumerate(d.causes) if c.bone == bone]].sum(axis=0)
            ends = [float(end) for s in (crossed(of_bone), share_of(of_bone, total)) for end in (s.mean, s.low, s.high)]
            bones.append((metric, bone, *ends))
        twigs += _twigs(d, metric, added, total)
        now, rest = spread(values[0]), spread(values[d.design.everything])
        levels.append((metric, *(float(end) for s in (now, rest) for end in (s.mean, s.low, s.high))))
    table = pd.concat(causes, ignore_index=True)
    uncounted = math.nan
    names, counts = list(d.origins), np.array(list(d.origins.values()))
    if len(names) and counts.sum() > 0 and counts.shape[1] == len(d.values[FAILURES][0]):
        counted = _counted(d, names, counts)
        uncounted = float(1.0 - counted[:-1].sum() / counted[-1].sum())
        naive = against_count(d.design, d.values[FAILURES], counted, FAILURES)
        table = table.merge(naive, on=["metric", "cause"], how="left")
    return Findings(
        diagnosis=d,
        causes=table,
        levels=pd.DataFrame(levels, columns=["metric", "mean", "low", "high", "rest", "rest_low", "rest_high"]),
        bones=pd.DataFrame(bones, columns=list(BONE_COLUMNS)),
        twigs=pd.DataFrame(twigs, columns=list(TWIG_COLUMNS)),
        pairs=pd.concat(pairs, ignore_index=True),
        pareto=pareto_table(names, counts),
        uncounted=uncounted,
        rounding=rounding,
    )


def _counted(d: Diagnosis, names: Sequence[str], counts: Floats) -> Floats:
    """Errors that the count puts down to each cause, and in all: shape (causes + 1, replications)."""
    origins = origins_of(names)
    rows = [counts[[c.counted(stage, error) for _, stage, error in origins]].sum(axis=0) for c in d.causes]
    return np.array([*rows, counts.sum(axis=0)])


def _twigs(
    d: Diagnosis, metric: str, added: Floats, total: Floats
) -> list[tuple[str, str, str, float, float, float, float]]:
    """The parts of the bones, from the largest: twigs taken out alone, or else the causes that a bone holds."""
    if d.twigs:
        parts = [(t.bone, t.name, (d.values[metric][0] - d.alone[metric][i])[None]) for i, t in enumerate(d.twigs)]
    elif len({c.bone for c in d.causes}) < len(d.causes):
        parts = [(c.bone, c.name, added[i]) for i, c in enumerate(d.causes)]
    else:
        parts = []
    found = []
    for bone, name, values in parts:
        s, share = crossed(values), float(share_of(values, total).mean)
        found.append((metric, bone, name, float(s.mean), float(s.low), float(s.high), share))
    return sorted(found, key=lambda row: -abs(row[3]))
