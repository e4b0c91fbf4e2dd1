"""Causes of disappointment that can be taken out of a run, and how they are grouped: families, stages, elements.

A cause is a list of counterfactual interventions (`scenarios.interventions.counterfactual`) in force throughout. The
families are the bones of a fishbone diagram (Ishikawa 1986), with those of a chain of people serving customers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.blueprint import DELIVERED, Blueprint
from sim.invalid import unknown_name
from sim.tables import CAUSES

FAMILIES = ("people", "process", "handoffs", "suppliers", "promises", "load")
GROUPINGS = ("family", "stage", "element")
NO_FAMILY = "knock-on"  # errors that follow others: no cause of their own that could be taken out

STAGE, HANDOFF, SUPPLIER, WHOLE = "stage", "handoff", "supplier", "whole"


@dataclass(frozen=True)
class Kind:
    """A kind of cause: the intervention that removes it, its family, how it is called, and what it is bound to."""

    removal: str
    family: str
    words: str
    place: str


KINDS = (
    Kind("remove_operator_errors", "people", "operator errors", STAGE),
    Kind("remove_skill_gaps", "people", "gaps in skill", WHOLE),
    Kind("remove_low_morale", "people", "low morale", WHOLE),
    Kind("remove_absence", "people", "absence and turnover", WHOLE),
    Kind("remove_system_errors", "process", "system errors", STAGE),
    Kind("remove_special_causes", "process", "special causes", STAGE),
    Kind("remove_rework_failures", "process", "failed rework", WHOLE),
    Kind("remove_information_loss", "handoffs", "lost information", HANDOFF),
    Kind("remove_handoff_delays", "handoffs", "delay", HANDOFF),
    Kind("remove_batching", "handoffs", "batching", HANDOFF),
    Kind("remove_supplier_defects", "suppliers", "defects", SUPPLIER),
    Kind("remove_supply_time", "suppliers", "supply time", SUPPLIER),
    Kind("remove_over_promise", "promises", "promise beyond delivery", WHOLE),
    Kind("remove_load_effects", "load", "effects of load", WHOLE),
)

_FAMILY_OF = {
    "system": "process", "special_cause": "process", "rework": "process", "operator": "people", "load": "load",
    "information": "handoffs", "supplier": "suppliers",
}  # fmt: skip
assert set(_FAMILY_OF) | {"knock_on"} == set(CAUSES)


@dataclass(frozen=True)
class Cause:
    """Something to take out. `bone`: where it hangs in the fishbone; `programmes`: what takes it out, as a scenario
    file would say it; `counted(stage, error class)`: whether the naive count puts such an error down to it."""

    name: str
    bone: str
    programmes: Mapping[str, Mapping[str, Any]]
    counted: Callable[[str, str], bool]


def causes_of(blueprint: Blueprint, by: str, kept: Mapping[str, float]) -> tuple[Cause, ...]:
    """The causes of a system, grouped `by` family, stage or element; `kept`: the promise that is kept (`level`,
    `lead_time`). Raises `InvalidInput` for an unknown grouping."""
    if by not in GROUPINGS:
        raise unknown_name("diagnose.by", by, GROUPINGS, "grouping")
    return {"family": _families, "stage": _stages, "element": _elements}[by](blueprint, kept)


def parts_of(blueprint: Blueprint, kept: Mapping[str, float]) -> tuple[Cause, ...]:
    """Every kind of cause at every place by itself: the twigs of the families' fishbone."""
    parts = []
    for kind in KINDS:
        for place in _places(blueprint, kind):
            name = kind.words + _at(kind, place)
            parts.append(Cause(name, kind.family, _removals([kind], kept, place), _nothing))
    return tuple(parts)


def _families(blueprint: Blueprint, kept: Mapping[str, float]) -> tuple[Cause, ...]:
    def family(name: str) -> Cause:
        kinds = [kind for kind in KINDS if kind.family == name]
        return Cause(name, name, _removals(kinds, kept), lambda stage, error: _FAMILY_OF.get(error) == name)

    return tuple(family(name) for name in FAMILIES)


def _stages(blueprint: Blueprint, kept: Mapping[str, float]) -> tuple[Cause, ...]:
    """A stage: what is done wrong there, what gets lost and delayed on the way to it, and what it is supplied with."""

    def stage(name: str) -> Cause:
        removals: dict[str, Mapping[str, Any]] = {}
        for kind in KINDS:
            place = blueprint.stages[name].supplier if kind.place == SUPPLIER else name
            if kind.place != WHOLE and place:
                removals |= _removals([kind], kept, place)
        return Cause(name, blueprint.stages[name].function, removals, lambda where, error: where == name)

    return tuple(stage(name) for name in blueprint.stages)


def _elements(blueprint: Blueprint, kept: Mapping[str, float]) -> tuple[Cause, ...]:
    """Errors of each stage, each handoff, each supplier, and what belongs to no place."""
    of_place = {place: [k for k in KINDS if k.place == place] for place in (STAGE, HANDOFF, SUPPLIER)}
    made = ("system", "operator", "special_cause")

    def errors(name: str) -> Cause:
        return Cause(
            f"errors at {name}", "errors of stages", _removals(of_place[STAGE], kept, name),
            lambda where, error: where == name and error in made,
        )  # fmt: skip

    def handoff(name: str) -> Cause:
        return Cause(
            f"handoff into {name}", "handoffs", _removals(of_place[HANDOFF], kept, name),
            lambda where, error: where == name and error == "information",
        )  # fmt: skip

    def supplier(name: str) -> Cause:
        fed = [n for n, s in blueprint.stages.items() if s.supplier == name]
        return Cause(
            f"supplier {name}", "suppliers", _removals(of_place[SUPPLIER], kept, name),
            lambda where, error: where in fed and error == "supplier",
        )  # fmt: skip

    staff = [k for k in KINDS if k.place == WHOLE and k.family == "people"]
    rework = [k for k in KINDS if k.removal == "remove_rework_failures"]
    load = [k for k in KINDS if k.family == "load"]
    promises = [k for k in KINDS if k.family == "promises"]
    return (
        *(errors(name) for name in blueprint.stages),
        *(handoff(name) for name in _receivers(blueprint)),
        *(supplier(name) for name in blueprint.suppliers),
        Cause("skill, morale, absence", "staff", _removals(staff, kept), _nothing),
        Cause("failed rework", "rework", _removals(rework, kept), lambda where, error: error == "rework"),
        Cause("promises", "promises", _removals(promises, kept), _nothing),
        Cause("load", "load", _removals(load, kept), lambda where, error: error == "load"),
    )


def _nothing(stage: str, error: str) -> bool:
    return False


def _receivers(blueprint: Blueprint) -> tuple[str, ...]:
    targets = {target for ways in blueprint.route.values() for target in ways if target != DELIVERED}
    return tuple(name for name in blueprint.stages if name in targets)


def _places(blueprint: Blueprint, kind: Kind) -> tuple[str, ...]:
    places = {
        STAGE: tuple(blueprint.stages), HANDOFF: _receivers(blueprint), SUPPLIER: tuple(blueprint.suppliers),
        WHOLE: ("",),
    }  # fmt: skip
    return places[kind.place]


def _at(kind: Kind, place: str) -> str:
    return {STAGE: f" at {place}", HANDOFF: f" into {place}", SUPPLIER: f" of {place}", WHOLE: ""}[kind.place]


def _removals(kinds: Sequence[Kind], kept: Mapping[str, float], place: str = "") -> dict[str, Mapping[str, Any]]:
    """The interventions that remove these kinds of causes, everywhere or at one place."""
    removals: dict[str, Mapping[str, Any]] = {}
    for kind in kinds:
        given: dict[str, Any] = {"kind": kind.removal, "throughout": True}
        if kind.removal == "remove_over_promise":
            given |= kept
        if place and kind.place in (STAGE, HANDOFF):
            given["stages"] = [place]
        if place and kind.place == SUPPLIER:
            given["supplier"] = place
        name = (
            f"diagnosis {kind.removal}{_at(kind, place) if place else ''}"  # no programme of a scenario has this name
        )
        removals[name] = given
    return removals
