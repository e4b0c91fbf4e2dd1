"""The design of a sweep: which values are tried together.

A *factor* is the path of a value in the configuration (or `scenario`, `engine`), a *point* one value for each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from scenarios.build import build
from sim.blueprint.checks import positive, whole
from sim.invalid import InvalidInput, require, unknown_name

DESIGNS = ("grid", "list", "latin_hypercube")
MOST_POINTS = 20_000
Values = Mapping[str, Any]


@dataclass(frozen=True)
class SweepSettings:
    """The section `sweep` of a configuration (`conf/experiment/sweep.yaml` says what each setting means)."""

    over: Mapping[str, Any] | None = None
    design: str = "grid"
    points: tuple[Mapping[str, Any], ...] | None = None
    size: int = 64
    base: int = 1
    metrics: tuple[str, ...] | None = None
    store: str = "outputs/sweep.sqlite"
    export: str | None = None
    status: bool = False
    retry: bool = False

    def __post_init__(self) -> None:
        if self.design not in DESIGNS:
            raise unknown_name("design", self.design, DESIGNS, "design")
        whole(1, size=self.size, base=self.base)
        require(self.size <= MOST_POINTS, "size", self.size, f"must be at most {MOST_POINTS}")
        require(self.store != "", "store", self.store, "must be the path of a file")
        listed = self.points is None or self.design == "list"
        require(listed, "points", None, "are for sweep.design=list; give sweep.over, or sweep.size for their number")
        require(self.points is None or not self.over, "points", None, "stand for sweep.over: give one of the two")

    def where(self, point: int, factor: str) -> str:
        """The path under which a user gave the value of a factor; points count from 0."""
        return f"sweep.over.{factor}" if self.points is None else f"sweep.points[{point}].{factor}"


@dataclass(frozen=True)
class Range:
    """An interval that a Latin hypercube fills evenly: on a log scale with `log`, in whole numbers with `whole`."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        require(self.low < self.high, "high", self.high, f"must be above low = {self.low:g}")
        if self.log:
            positive(low=self.low)
            require(not self.whole, "whole", True, "is not for log: true")
        if self.whole:
            ends = self.low.is_integer() and self.high.is_integer()
            require(ends, "whole", True, f"needs whole ends, not {self.low:g} and {self.high:g}")

    def at(self, share: float) -> float | int:
        """The value that lies at this share of the interval, in [0, 1)."""
        if self.log:
            return math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        if self.whole:
            return int(self.low) + math.floor(share * (self.high - self.low + 1.0))
        return self.low + share * (self.high - self.low)


def sweep_settings(section: Values) -> SweepSettings:
    """The checked section `sweep`. Raises `InvalidInput`."""
    return build(SweepSettings, section, "sweep")


def design_points(asked: SweepSettings, seed: int) -> tuple[Values, ...]:
    """The points of a sweep in order, each a mapping factor -> value. Raises `InvalidInput`.

    A grid varies its last factor fastest. A Latin hypercube is drawn with the study's seed.
    """
    if asked.points is not None:
        points = _listed(asked.points)
    elif not asked.over:
        raise InvalidInput("sweep.over", None, "name what to vary: 'sweep.over={scenario: [do_nothing, hiring]}'")
    elif asked.design == "latin_hypercube":
        points = _latin_hypercube(asked.over, asked.size, seed)
    else:
        lists = {factor: _values(factor, given) for factor, given in asked.over.items()}
        points = _grid(lists) if asked.design == "grid" else _walked(lists)
    allowed = f"must be the number of a point, from 1 to {len(points)}"
    require(asked.base <= len(points), "sweep.base", asked.base, allowed)
    return points


def _grid(lists: Mapping[str, list[Any]]) -> tuple[Values, ...]:
    number = math.prod(len(values) for values in lists.values())
    require(number <= MOST_POINTS, "sweep.over", None, f"has {number} combinations; the most is {MOST_POINTS}")
    return tuple(dict(zip(lists, chosen, strict=True)) for chosen in product(*lists.values()))


def _walked(lists: Mapping[str, list[Any]]) -> tuple[Values, ...]:
    first, number = next((factor, len(values)) for factor, values in lists.items())
    for factor, values in lists.items():
        allowed = f"has {len(values)} values, {first} {number}: with sweep.design=list all lists are as long"
        require(len(values) == number, f"sweep.over.{factor}", None, allowed)
    return tuple(dict(zip(lists, chosen, strict=True)) for chosen in zip(*lists.values(), strict=True))


def _listed(points: tuple[Values, ...]) -> tuple[Values, ...]:
    require(0 < len(points) <= MOST_POINTS, "sweep.points", None, f"must be a list of 1 to {MOST_POINTS} points")
    factors = list(points[0])
    require(len(factors) > 0, "sweep.points[0]", None, "names no value")
    for i, point in enumerate(points):
        same = set(point) == set(factors)
        require(same, f"sweep.points[{i}]", None, f"must name the same values as the first: {', '.join(factors)}")
    return tuple({factor: point[factor] for factor in factors} for point in points)


def _latin_hypercube(over: Values, size: int, seed: int) -> tuple[Values, ...]:
    """McKay, Beckman & Conover (1979): every factor's range is cut into `size` strata, and each is met once."""
    from scipy.stats.qmc import LatinHypercube

    shares = LatinHypercube(d=len(over), rng=seed).random(size)
    columns: dict[str, list[Any]] = {}
    for (factor, given), column in zip(over.items(), shares.T, strict=True):
        if isinstance(given, Mapping):
            extent = build(Range, given, f"sweep.over.{factor}")
            columns[factor] = [extent.at(float(share)) for share in column]
        else:
            values = _values(factor, given)
            columns[factor] = [values[int(share * len(values))] for share in column]
    return _walked(columns)


def _values(factor: str, given: object) -> list[Any]:
    if isinstance(given, Mapping) and {"low", "high"} <= set(given):
        raise InvalidInput(f"sweep.over.{factor}", given, "a range is for sweep.design=latin_hypercube; list values")
    allowed = "must be a list of values, e.g. [0.01, 0.02]"
    require(isinstance(given, (list, tuple)) and len(given) > 0, f"sweep.over.{factor}", given, allowed)
    assert isinstance(given, (list, tuple))
    return list(given)
