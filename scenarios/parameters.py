"""Ranges laid on a configuration: which values each quantity sets there, and where it stands today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scenarios.design import Values
from scenarios.points import Base, built, configured, plan_of
from scenarios.ranges import SHEET, ParameterRange
from scenarios.scenario import Scenario
from scenarios.study import PLACEHOLDERS
from scenarios.targets import Absent, Target, given_at, targets_of
from sim.blueprint import Blueprint
from sim.invalid import InvalidInput
from sim.switches import is_on, perception_is_on, relationship_is_on, staff_is_on


@dataclass(frozen=True)
class Parameter:
    """A quantity that can be varied here: its range, what it sets, and its value today (None: it has several)."""

    range: ParameterRange
    targets: tuple[Target, ...]
    today: float | None

    @property
    def name(self) -> str:
        return self.range.path

    @property
    def label(self) -> str:
        """What people call it; of a path without a label the last two names."""
        named = [part for part in self.range.path.split(".") if part != "*"]
        return self.range.label or ": ".join(named[-2:]).replace("_", " ")

    def values(self, x: float) -> dict[str, float]:
        """Path -> value, where the quantity is x."""
        return {target.path: target.at(x) for target in self.targets}


@dataclass(frozen=True)
class Parameters:
    """Those that can be varied, and the others with the reason why not (path -> words)."""

    chosen: tuple[Parameter, ...]
    left_out: Mapping[str, str]


_LAYERS = {"staff": staff_is_on, "perception": perception_is_on, "relationship": relationship_is_on}


def parameters_of(
    base: Base,
    blueprint: Blueprint,
    scenarios: Sequence[Scenario],
    own: Sequence[ParameterRange] = (),
    where: str = "ranges",
    sheet: Sequence[ParameterRange] = SHEET,
) -> Parameters:
    """The `sheet` and the user's `own` ranges (which replace lines of the sheet), as far as they exist here.

    `base` holds the configuration (with every scenario's), `blueprint` the system that it describes. A range of the
    sheet is stretched to today's value where that lies outside. The ends of every range are tried: where the system
    cannot have one, the line of the sheet is left out by name; for one of the user's own `InvalidInput` is raised,
    under `where`.
    """
    replaced = {r.path for r in own}
    chosen: list[Parameter] = []
    left_out: dict[str, str] = {}
    for line in (*(r for r in sheet if r.path not in replaced), *own):
        mine = line.path in replaced
        try:
            parameter = _laid(line, base, blueprint, scenarios)
            parameter = parameter if mine else _stretched(parameter)
        except Absent as absent:
            if mine:
                raise InvalidInput(f"{where}.{line.path}", None, f"there is nothing to vary: {absent}") from None
            left_out[line.path] = str(absent)
            continue
        except InvalidInput as fault:
            raise fault.under(f"{where}.{line.path}") from None
        refusal = _refused(parameter, base, scenarios, thoroughly=mine)
        if refusal is None:
            chosen.append(parameter)
        elif mine:
            x, refused = refusal
            inside = "" if refused.where in parameter.name or parameter.name in refused.where else f"{refused.where}: "
            raise InvalidInput(f"{where}.{line.path}", x, f"{inside}{refused.allowed}", refused.hint)
        else:
            left_out[line.path] = str(refusal[1])
    return Parameters(tuple(chosen), left_out)


def _laid(line: ParameterRange, base: Base, blueprint: Blueprint, scenarios: Sequence[Scenario]) -> Parameter:
    """Raises `Absent` for a quantity that does nothing here."""
    if line.needs:
        whole = _LAYERS.get(line.needs)
        if not (whole(blueprint) if whole else is_on(blueprint, line.needs)):
            raise Absent(f"'{line.needs}' is switched off in this system")
    targets = targets_of(line, base, blueprint, scenarios)
    values = [_today(target.path, base, blueprint, scenarios) for target in targets]
    backwards = {
        None if v is None else round(((v - t.offset) / t.factor) ** (1.0 / t.power), 12)
        for t, v in zip(targets, values, strict=True)
        if v is None or t.offset == 0.0
    }
    return Parameter(line, targets, backwards.pop() if len(backwards) == 1 else None)


def _stretched(parameter: Parameter) -> Parameter:
    line, today = parameter.range, parameter.today
    if today is None or line.low <= today <= line.high:
        return parameter
    low, high = min(line.low, today), max(line.high, today)
    return replace(
        parameter, range=replace(line, low=low, high=high, source=f"{line.source}; stretched to today's value")
    )


def _today(path: str, base: Base, blueprint: Blueprint, scenarios: Sequence[Scenario]) -> float | None:
    """What the configuration says at a path: of the system or intervention as built, else as written."""
    parts = path.split(".")
    if parts[0] == "scenarios" and len(parts) == 5:
        for programme in (p for s in scenarios if s.name == parts[1] for p in s.programmes if p.name == parts[3]):
            default = programme.intervention.parameters.get(parts[4], (None, None))[1]
            return _number(programme.parameters.get(parts[4], getattr(programme, parts[4], default)))
    node: Any = blueprint if parts[0] == "system" else None
    if parts[:2] == ["system", "segment_defaults"] and not given_at(base, "system.segments"):
        parts = ["system", "segments", next(iter(blueprint.segments)), *parts[2:]]
    for part in parts[1:]:
        node = node.get(part) if isinstance(node, Mapping) else getattr(node, part, None)
    return _number(node if node is not None else given_at(base, path))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _refused(
    parameter: Parameter, base: Base, scenarios: Sequence[Scenario], thoroughly: bool
) -> tuple[float, InvalidInput] | None:
    """The end of the range that cannot be had, and why; None where both can. `thoroughly`: in every scenario."""
    asked = {path.split(".")[1] for path in (t.path for t in parameter.targets) if path.startswith("scenarios.")}
    concerned = [s for s in scenarios if thoroughly or s.name in asked] or scenarios[:1]
    for x in (parameter.range.low, parameter.range.high):
        for scenario in concerned:
            arm: Values = {"scenario": scenario.name, **parameter.values(x)}
            try:
                configuration = built(base, configured(base, arm))
                if thoroughly or scenario.name in asked:
                    plan_of(configuration, base, 0, PLACEHOLDERS)
            except InvalidInput as fault:
                return x, fault
    return None
