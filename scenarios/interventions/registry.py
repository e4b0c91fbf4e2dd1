"""How an intervention is declared, found by name, and told when and where it is in force.

An intervention is a function `f(blueprint, now, *, parameters...) -> Blueprint` decorated with `@intervention`.
It returns the blueprint as it is when the programme has the strength `now.strength`, including the hours off the
line and the money it costs. Dropping a module with such a function into this folder is all it takes.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_type_hints

from scenarios.build import convert
from sim.blueprint import Blueprint
from sim.invalid import require, require_known, unknown_name

Scope = Callable[[Blueprint], tuple[str, ...]]


@dataclass(frozen=True)
class InForce:
    """A programme at one time of a run.

    `start`: when it begins (h from the start of the run: hours and money are spent from here); `strength`: share of the
    effect in place, in [0, 1]; `stages`: the stages it covers; `draw(name)`: a named uniform number of this programme
    and replication; `facts`: what was measured on the base system beforehand. Of `age`, the hours since its effect set
    in (negative before), an intervention learns by `has_begun`, `younger_than` or `elapsed`; `asked` remembers what it
    wanted to know, so that a blueprint serves for as long as the answers stay the same.
    """

    start: float
    age: float
    strength: float
    stages: tuple[str, ...]
    draw: Callable[[str], float] = field(repr=False, compare=False)
    facts: Mapping[str, float] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list, repr=False, compare=False)

    @property
    def has_begun(self) -> bool:
        """Whether the effect has set in, and is taken up at all."""
        return self.age >= 0.0 and self.strength > 0.0

    @property
    def elapsed(self) -> float:
        """Hours since the effect set in (negative before)."""
        self.asked.append(math.nan)  # an answer that never stays the same
        return self.age

    def younger_than(self, hours: float) -> bool:
        """Whether the effect set in less than so many hours ago."""
        self.asked.append(hours)
        return self.age < hours

    def toward(self, factor: float) -> float:
        """A factor on its way from 1 to `factor`, as far as the strength has come."""
        return 1.0 + (factor - 1.0) * self.strength


@dataclass(frozen=True)
class Intervention:
    """A registered intervention: its function, parameters with defaults, default scope, whether it needs facts.

    `sets` names the SERVQUAL dimensions whose score the model's equations let it set directly: a change there is true
    by construction, not a finding.
    """

    name: str
    function: Callable[..., Blueprint]
    parameters: Mapping[str, tuple[Any, Any]]
    default_scope: Scope
    needs_facts: bool
    sets: tuple[str, ...] = ()

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Checked keyword arguments. Raises `InvalidInput` for unknown or missing names and wrong types."""
        require_known("", given, self.parameters)
        for name, (_, default) in self.parameters.items():
            require(default is not inspect.Parameter.empty or name in given, name, None, "is missing")
        return {name: convert(self.parameters[name][0], value, name) for name, value in given.items()}


def all_stages(blueprint: Blueprint) -> tuple[str, ...]:
    """Every working stage (inspection stages aside) that orders come to."""
    reached = blueprint.reached_stages()
    return tuple(n for n, s in blueprint.stages.items() if n in reached and not s.appraisal)


def moments_of_truth(blueprint: Blueprint) -> tuple[str, ...]:
    """The stages at which the customer sees and judges."""
    return tuple(n for n in all_stages(blueprint) if blueprint.stages[n].moment_of_truth)


_REGISTRY: dict[str, Intervention] = {}


def intervention(
    scope: Scope = all_stages, needs_facts: bool = False, sets: tuple[str, ...] = ()
) -> Callable[[Callable[..., Blueprint]], Callable[..., Blueprint]]:
    """Register a function as the intervention of its own name."""

    def register(function: Callable[..., Blueprint]) -> Callable[..., Blueprint]:
        hints = get_type_hints(function)
        parameters = {
            name: (hints.get(name, Any), parameter.default)
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }
        name = function.__name__
        _REGISTRY[name] = Intervention(name, function, parameters, scope, needs_facts, sets)
        return function

    return register


@cache
def _load_all() -> None:
    package = importlib.import_module("scenarios.interventions")
    for module in pkgutil.iter_modules(package.__path__, "scenarios.interventions."):
        importlib.import_module(module.name)


def known_interventions() -> Mapping[str, Intervention]:
    """All registered interventions by name."""
    _load_all()
    return dict(_REGISTRY)


def find(name: str, where: str) -> Intervention:
    """The intervention of that name. Raises `InvalidInput` with the nearest name."""
    known = known_interventions()
    if name not in known:
        raise unknown_name(where, name, known, "intervention")
    return known[name]
