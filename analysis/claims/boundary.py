"""Where a verdict turns over: a shallow classification tree on the swing parameters, as a rule one can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.claims.claim import Values

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_DEPTH, _LEAF_SHARE, _LEAST_LEAF = 3, 0.03, 5
_FOLDS = 5
_BINS = 8  # of a number's range, for the share of variance that it explains


@dataclass(frozen=True)
class Leaf:
    """A part of the space: `conditions` that all have to be met, the verdict there, and the points it rests on."""

    conditions: tuple[str, ...]
    holds: bool
    points: int
    agreeing: int


@dataclass(frozen=True)
class Boundary:
    """The tree's leaves; how often it is right on points it has not seen, beside always guessing the commoner verdict.

    `useful`: it beats that guess by more than a standard error of the accuracy. `parameters` that the tree asks for.
    """

    leaves: tuple[Leaf, ...]
    accuracy: float
    majority: float
    parameters: tuple[str, ...]
    useful: bool

    @property
    def rule(self) -> str:
        """The rule in words."""
        held = [" and ".join(leaf.conditions) for leaf in self.leaves if leaf.holds]
        if not held or not self.parameters:
            return "no shallow rule in the swing parameters"
        return "holds where " + "; or where ".join(held)


def boundary_of(points: Sequence[Values], holds: Flags) -> Boundary:
    """Fit the tree (scikit-learn; depth 3 at most) to whether the claim holds at each point. Both verdicts must occur.

    The accuracy is that of stratified 5-fold cross-validation with a fixed seed.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    columns, labels = _columns(points)
    leaf = max(_LEAST_LEAF, round(_LEAF_SHARE * len(holds)))
    model = DecisionTreeClassifier(max_depth=_DEPTH, min_samples_leaf=leaf, random_state=0)
    tree = model.fit(columns, holds).tree_
    majority = float(max(holds.mean(), 1.0 - holds.mean()))
    folds = min(_FOLDS, int(min(holds.sum(), (~holds).sum())))
    accuracy = float("nan")
    if folds > 1:
        split = StratifiedKFold(folds, shuffle=True, random_state=0)
        accuracy = float(cross_val_score(model, columns, holds, cv=split).mean())
    error = np.sqrt(majority * (1.0 - majority) / len(holds))
    leaves = tuple(_leaves(tree, labels, 0, {}))
    conditions = [condition for found in leaves for condition in found.conditions]
    used = dict.fromkeys(label.name for label in labels if any(map(label.used, conditions)))
    return Boundary(leaves, accuracy, majority, tuple(used), bool(accuracy > majority + error))


@dataclass(frozen=True)
class _Label:
    """What a column of the tree's table stands for: a number, or (with `choice`) whether a parameter has a value.

    `other` is the value that it has otherwise, where there are only two.
    """

    name: str
    choice: str = ""
    other: str = ""

    def used(self, condition: str) -> bool:
        return condition.startswith(f"{self.name} ")


def _columns(points: Sequence[Values]) -> tuple[Floats, list[_Label]]:
    """The points as numbers, a column a number or a choice of names."""
    columns: list[Floats] = []
    labels: list[_Label] = []
    for name in points[0]:
        values = [point[name] for point in points]
        if _is_numeric(values):
            columns.append(np.array(values, dtype=float))
            labels.append(_Label(name))
            continue
        choices = sorted({str(value) for value in values})
        for choice in choices[1:] if len(choices) == 2 else choices:
            columns.append(np.array([str(value) == choice for value in values], dtype=float))
            labels.append(_Label(name, choice, choices[0] if len(choices) == 2 else ""))
    return np.column_stack(columns), labels


def _is_numeric(values: Sequence[Any]) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _leaves(tree: Any, labels: Sequence[_Label], node: int, bounds: dict[int, tuple[float, float]]) -> list[Leaf]:
    """Leaves below a node; parts that come to the same verdict are one. `bounds`: column -> (above, at most)."""
    counts = np.asarray(tree.value[node][0]) * tree.n_node_samples[node]
    points, agreeing = int(tree.n_node_samples[node]), round(float(counts.max()))
    here = Leaf(_conditions(labels, bounds), bool(counts[1] > counts[0]), points, agreeing)
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    if left < 0:
        return [here]
    column, cut = int(tree.feature[node]), float(tree.threshold[node])
    above, most = bounds.get(column, (-np.inf, np.inf))
    low = _leaves(tree, labels, left, {**bounds, column: (above, min(most, cut))})
    high = _leaves(tree, labels, right, {**bounds, column: (max(above, cut), most)})
    both = [*low, *high]
    return [here] if len({leaf.holds for leaf in both}) == 1 else both


def _conditions(labels: Sequence[_Label], bounds: dict[int, tuple[float, float]]) -> tuple[str, ...]:
    found = []
    for column, (above, most) in bounds.items():
        label = labels[column]
        if label.choice:
            not_it = label.other or f"not {label.choice}"
            found.append(f"{label.name} is {label.choice if above > 0 else not_it}")
        elif np.isfinite(above) and np.isfinite(most):
            found.append(f"{label.name} from {above:.3g} to {most:.3g}")
        else:
            found.append(f"{label.name} > {above:.3g}" if np.isfinite(above) else f"{label.name} ≤ {most:.3g}")
    return tuple(found)


def strength(points: Sequence[Values], effect: Floats) -> dict[str, float]:
    """Share of the variance of the effect's ranks that each parameter explains alone, strongest first.

    Epsilon squared of Kelley (1935) over eighths of a range or over the choices: a correlation ratio without its bias,
    at least 0; about 0 for a parameter that does nothing alone.
    """
    from scipy.stats import rankdata

    if len(effect) < 2 * _BINS or np.ptp(effect) == 0.0:
        return dict.fromkeys(points[0] if points else (), 0.0)
    ranks = rankdata(effect)
    found = {name: _explained(_groups([point[name] for point in points]), ranks) for name in points[0]}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _groups(values: Sequence[Any]) -> npt.NDArray[np.int64]:
    if not _is_numeric(values) or len(set(values)) <= _BINS:
        choices = sorted({str(value) for value in values})
        return np.array([choices.index(str(value)) for value in values])
    from scipy.stats import rankdata

    return np.asarray((rankdata(values) - 1.0) * _BINS / len(values), dtype=np.int64)


def _explained(groups: npt.NDArray[np.int64], ranks: Floats) -> float:
    kinds = np.unique(groups)
    within = sum(float(np.square(ranks[groups == k] - ranks[groups == k].mean()).sum()) for k in kinds)
    total = float(np.square(ranks - ranks.mean()).sum())
    spare = len(ranks) - len(kinds)
    return max(0.0, 1.0 - within / spare * (len(ranks) - 1) / total) if spare > 0 and total > 0 else 0.0
