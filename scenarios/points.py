"""A point of a sweep: the composed configuration with some values set, its digest, and the system it describes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from scenarios.compose import CONF, NAMED, compose_config
from scenarios.config import Settings, with_survey
from scenarios.design import Values
from scenarios.merge import merged
from scenarios.pilot import measure_facts
from scenarios.scenario import Luck, Scenario, build_scenario, timeline
from scenarios.system import build_blueprint
from sim.blueprint import Blueprint
from sim.invalid import InvalidInput, require, unknown_name
from sim.plan import Plan
from sim.simulate import ENGINES, check
from sim.traffic import require_bounded

_SECTIONS = ("system", "scenarios", "expectations")
_SHORT = {"error": "p"}  # a number stands for this part of what is configured under that name


@dataclass(frozen=True)
class Base:
    """What the points of a sweep share: the composed configuration as plain data, and how runs are made.

    `scenario` is that of points which name none; `base` the scenario on which others measure facts.
    """

    plain: Mapping[str, Any]
    scenario: str
    base: str
    seed: int
    engine: str
    journal: str
    allow_unstable: bool


@dataclass(frozen=True)
class Configuration:
    """A point built: the system, its scenario, the scenario of pilot runs (None without), the engine."""

    blueprint: Blueprint
    scenario: Scenario
    pilot: Scenario | None
    engine: str


def base_of(
    settings: Settings, points: Iterable[Values], inline: Mapping[str, Mapping[str, Any]] | None = None
) -> Base:
    """What the points share, with the configuration of every scenario that one of them names.

    `inline` are scenarios that stand in no file: name -> what a file would say.

    Raises `InvalidInput` for an unknown scenario, and where a point cannot tell which of several scenarios it means.
    """
    inline = inline or {}
    selected = [scenario.name for scenario in settings.scenarios]
    named: dict[str, None] = {}
    for point in points:
        if "scenario" not in point and len(selected) > 1:
            names = ", ".join(selected)
            raise InvalidInput("scenario", names, f"is several: name them in the sweep, {{scenario: [{names}]}}")
        name = point.get("scenario", selected[0])
        if not isinstance(name, str) or name not in named:
            _require_scenario(name, [*selected, *inline])
            named[name] = None
    plain = {key: settings.plain.get(key) or {} for key in _SECTIONS}
    plain["scenarios"] = {**plain["scenarios"], **inline}
    missing = [name for name in named if name not in plain["scenarios"]]
    if missing:
        composed = OmegaConf.to_container(compose_config([f"scenario=[{','.join(missing)}]"]).scenarios, resolve=True)
        assert isinstance(composed, dict)
        plain["scenarios"] = {**plain["scenarios"], **{name: composed[name] for name in missing}}
    return Base(
        plain, selected[0], settings.base, settings.seed, settings.engine, settings.journal, settings.allow_unstable
    )


def controls_of(base: Base, points: Sequence[Values]) -> frozenset[int]:
    """Places of the points whose scenario is a negative control."""
    scenarios = [str(point.get("scenario", base.scenario)) for point in points]
    controls = {name for name in set(scenarios) if build_scenario(name, base.plain["scenarios"][name]).is_control}
    return frozenset(i for i, name in enumerate(scenarios) if name in controls)


def _require_scenario(name: object, selected: list[str]) -> None:
    known = list(dict.fromkeys([*selected, *sorted(path.stem for path in (CONF / "scenario").glob("*.yaml"))]))
    if name not in known:
        raise unknown_name("scenario", name, known, "scenario")


def configured(base: Base, point: Values) -> dict[str, Any]:
    """The configuration of a point as plain data, no more than its runs depend on.

    Two points that differ in nothing that matters (say in a parameter of a scenario that neither uses) have the same.
    Raises `InvalidInput` for a path that leads nowhere.
    """
    plain: dict[str, Any] = {key: deepcopy(dict(base.plain[key])) for key in _SECTIONS}
    scenario, engine = base.scenario, base.engine
    for path, value in point.items():
        if path == "scenario":
            scenario = str(value)
        elif path == "engine":
            if not isinstance(value, str) or value not in ENGINES:
                raise unknown_name("engine", value, ENGINES, "engine")
            engine = value
        else:
            _set(plain, path, value)
    chosen = plain["scenarios"][scenario]
    measured_first = build_scenario(scenario, chosen).needs_facts
    return {
        "system": plain["system"],
        "expectations": plain["expectations"],
        "scenario": {"name": scenario, **chosen},
        "base": {"name": base.base, **plain["scenarios"][base.base]} if measured_first else None,
        "engine": engine,
        "journal": base.journal,
    }


def digest_text(base: Base, plain: Mapping[str, Any]) -> str:
    """What the runs of a configured point depend on, apart from code, seed and replication: one line of JSON.

    The engine is part of it, although engines agree to the last bit: so one can sweep over both and compare. Order
    counts (stages follow one another), and a survey counts with its content, not its name.
    """
    content = {**plain}
    survey = (plain["expectations"] or {}).get("survey")
    if survey:
        content["survey"] = hashlib.sha256(Path(survey).read_bytes()).hexdigest()
        content["expectations"] = {k: v for k, v in plain["expectations"].items() if k != "survey"}
    for part in ("scenario", "base"):
        if content[part] is not None:
            content[part] = content[part].get("interventions") or {}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def built(base: Base, plain: Mapping[str, Any]) -> Configuration:
    """The system and scenario of a configured point. Raises `InvalidInput`."""
    scenario, pilot = _scenario(plain["scenario"]), None
    if scenario.needs_facts:
        pilot = _scenario(plain["base"])
        allowed = "needs measurements of the base itself; choose another base"
        require(not pilot.needs_facts, "base", pilot.name, allowed)
    return Configuration(_blueprint(plain), scenario, pilot, plain["engine"])


def _blueprint(plain: Mapping[str, Any]) -> Blueprint:
    blueprint = with_survey(build_blueprint(plain["system"]), plain["expectations"])
    try:
        require_bounded(blueprint)
    except InvalidInput as fault:
        raise fault.under("system") from None
    return blueprint


def _scenario(given: Mapping[str, Any]) -> Scenario:
    return build_scenario(given["name"], {k: v for k, v in given.items() if k != "name"})


def plan_of(
    configuration: Configuration,
    base: Base,
    replication: int,
    facts: Mapping[str, float],
    luck: Luck | None = None,
) -> Plan:
    """The plan of one replication. Raises `InvalidInput`, also for an unstable queue unless these are allowed."""
    entries = timeline(configuration.blueprint, configuration.scenario, base.seed, replication, facts, luck)
    try:
        return check(entries, base.allow_unstable)
    except InvalidInput as fault:
        where = f"scenarios.{configuration.scenario.name}" if configuration.scenario.programmes else "system"
        raise fault.under(where) from None


def facts_of(configuration: Configuration, base: Base) -> dict[str, float]:
    """What pilot runs of the base measure for a scenario that builds on it; nothing for others."""
    if configuration.pilot is None:
        return {}
    entries = timeline(configuration.blueprint, configuration.pilot, base.seed, 0)
    return measure_facts(entries, base.seed, configuration.engine, base.allow_unstable)


def _set(plain: dict[str, Any], path: str, value: object) -> None:
    parts = path.split(".")
    if parts[0] not in _SECTIONS or len(parts) < 2:
        known = ["scenario", "engine", *(f"{section}." for section in _SECTIONS)]
        raise unknown_name(path, parts[0], known, "value to sweep over")
    node: Any = plain
    for i, part in enumerate(parts):
        where = ".".join(parts[:i])
        require(isinstance(node, dict), path, None, f"'{where}' is a value and has no parts")
        if part not in node and (where in NAMED or where.endswith(".interventions")):
            raise _unknown(path, part, node)
        if i < len(parts) - 1:
            if node.get(part) is None:
                node[part] = {}
            node = node[part]
    last = parts[-1]
    if last in _SHORT and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = {_SHORT[last]: value}
    both = isinstance(value, Mapping) and isinstance(node.get(last), Mapping)
    node[last] = merged(node[last], value, path) if both else value


def _unknown(path: str, name: str, known: Iterable[str]) -> InvalidInput:
    """A name that is not there; where it is a part of one that is, that one is meant (entry: order_entry)."""
    names = [str(k) for k in known]
    fault = unknown_name(path, name, names)
    containing = [other for other in names if name in other]
    hint = f"did you mean {containing[0]}?" if containing else fault.hint
    return InvalidInput(path, None, fault.allowed, hint)
