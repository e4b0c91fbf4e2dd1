"""Which values of a configuration a quantity sets: the paths that a pattern stands for, and quantities of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.points import Base
from scenarios.ranges import ParameterRange
from scenarios.scenario import Scenario
from sim.blueprint import DIMENSIONS, Blueprint
from sim.invalid import InvalidInput
from sim.traffic import utilisation


@dataclass(frozen=True)
class Target:
    """One value that a quantity x sets: `offset` + `factor` x ** `power` at `path`."""

    path: str
    offset: float = 0.0
    factor: float = 1.0
    power: float = 1.0

    def at(self, x: float) -> float:
        return float(self.offset + self.factor * x**self.power)


class Absent(Exception):
    """A quantity that this system or these scenarios do not have."""


def targets_of(
    line: ParameterRange, base: Base, blueprint: Blueprint, scenarios: Sequence[Scenario]
) -> tuple[Target, ...]:
    """What the quantity of a range sets. Raises `Absent` where there is nothing, `InvalidInput` for no path at all."""
    special = _SPECIAL.get(line.path)
    return special(base, blueprint) if special else tuple(map(Target, _expanded(line, base, blueprint, scenarios)))


def given_at(base: Base, path: str) -> Any:
    node: Any = base.plain
    for part in path.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _expanded(line: ParameterRange, base: Base, blueprint: Blueprint, scenarios: Sequence[Scenario]) -> list[str]:
    """The paths that a pattern stands for. Raises `Absent` where there is none, `InvalidInput` for no path at all."""
    parts = line.path.split(".")
    if parts[0] == "scenarios" and len(parts) == 5 and parts[2] == "interventions":
        kind, parameter = parts[3:]
        found = [
            f"scenarios.{s.name}.interventions.{p.name}.{parameter}"
            for s in scenarios
            for p in s.programmes
            if parts[1] in ("*", s.name) and (p.kind == kind if parts[1] == "*" else p.name == kind)
        ]
        if not found:
            raise Absent(f"no compared scenario has the intervention '{kind}'")
        return found
    if line.path == "system.handoffs.border.retention":
        _require_borders(blueprint)
    if "*" not in parts:
        return [line.path]
    if parts[0] != "system" or parts[2] != "*" or parts[1] not in ("stages", "segments", "pools", "suppliers"):
        allowed = "'*' stands for a name in system.stages, system.segments, system.pools, system.suppliers, scenarios"
        raise InvalidInput("", None, allowed)
    names: Iterable[str] = getattr(blueprint, parts[1])
    if parts[1] == "stages":
        names = [n for n, stage in blueprint.stages.items() if not line.among or getattr(stage, line.among)]
    if parts[1] == "segments":
        return [".".join([_segment(base, name), *parts[3:]]) for name in names]
    found = [".".join([*parts[:2], name, *parts[3:]]) for name in names]
    if not found:
        raise Absent(f"this system has no {line.among} {parts[1]}".replace("  ", " "))
    return found


def _segment(base: Base, name: str) -> str:
    """The path of a segment; of the segments' defaults where the configuration names none."""
    return f"system.segments.{name}" if given_at(base, "system.segments") else "system.segment_defaults"


def _require_borders(blueprint: Blueprint) -> None:
    if not any(way.border for ways in blueprint.route.values() for way in ways.values()):
        raise Absent("no handoff of this system crosses a border between functions")


def _utilisation(base: Base, blueprint: Blueprint) -> tuple[Target, ...]:
    """Intervals between orders shrink as utilisation grows; `utilisation` is the load of the busiest pool by design."""
    now = max(utilisation(blueprint).values())
    found = []
    if any(s.arrivals is None for s in blueprint.segments.values()):
        found.append(("system.arrivals.interval.mean", blueprint.arrivals.interval.mean))
    for name, segment in blueprint.segments.items():
        if segment.arrivals is not None:
            found.append((f"system.segments.{name}.arrivals.interval.mean", segment.arrivals.interval.mean))
    if any(given_at(base, path) is None for path, _ in found):
        raise Absent("the configuration gives no interval between orders")
    return tuple(Target(path, factor=mean * now, power=-1.0) for path, mean in found)


def _acquisition_to_care(base: Base, blueprint: Blueprint) -> tuple[Target, ...]:
    """Cost of acquisition as so many times a year of care, which stays as it is."""
    costly = {name: s.care_cost for name, s in blueprint.segments.items() if s.care_cost > 0}
    if not costly:
        raise Absent("caring for customers costs nothing in this system")
    return tuple(Target(f"{_segment(base, name)}.acquisition_cost", factor=cost) for name, cost in costly.items())


def _weight_of_reliability(base: Base, blueprint: Blueprint) -> tuple[Target, ...]:
    found = []
    for name, segment in blueprint.segments.items():
        rest = 1.0 - segment.weights.get("reliability", 0.0)
        if rest <= 0.0:
            raise Absent("only reliability has a weight in this system")
        for dimension in DIMENSIONS:
            share = segment.weights.get(dimension, 0.0) / rest
            path = f"{_segment(base, name)}.weights.{dimension}"
            found.append(Target(path) if dimension == "reliability" else Target(path, share, -share))
    return tuple(t for t in found if t.factor != 0.0)


_SPECIAL: dict[str, Callable[[Base, Blueprint], tuple[Target, ...]]] = {
    "utilisation": _utilisation,
    "acquisition_to_care": _acquisition_to_care,
    "weight_of_reliability": _weight_of_reliability,
}
