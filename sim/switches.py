"""Layers and mechanisms that can be switched off: each maps a blueprint to one where its effect is exactly nil.

Switching off means putting the neutral value in (a retention of 1, a detection of 0, ...), so no rule of the
model asks whether it is on, and since draws have names nothing else is disturbed (model.md section 0, layers).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sim.blueprint import NO_TIME, Blueprint, Check, Handoff, SpecialCause, StaffMember, Stage
from sim.invalid import InvalidInput, unknown_name


def _stages(b: Blueprint, change: Callable[[Stage], Stage]) -> Blueprint:
    return replace(b, stages={name: change(stage) for name, stage in b.stages.items()})


def _handoffs(b: Blueprint, change: Callable[[Handoff], Handoff]) -> Blueprint:
    return replace(b, route={s: {t: change(h) for t, h in ways.items()} for s, ways in b.route.items()})


def _members(b: Blueprint, change: Callable[[StaffMember], StaffMember]) -> Blueprint:
    pools = {
        name: replace(pool, members={n: change(m) for n, m in pool.members.items()}) for name, pool in b.pools.items()
    }
    return replace(b, pools=pools)


def _rules(**groups: dict[str, Any]) -> Callable[[Blueprint], Blueprint]:
    """Neutral values of parameters, by group."""

    def off(b: Blueprint) -> Blueprint:
        return replace(b, **{name: replace(getattr(b, name), **values) for name, values in groups.items()})

    return off


def _no_detection(b: Blueprint) -> Blueprint:
    return _stages(b, lambda s: replace(s, self_check=Check(), incoming_check=Check()))


def _average_skill(b: Blueprint) -> Blueprint:
    level = b.skill_effects.reference_skill
    return _members(b, lambda m: replace(m, skill=level, gain=0.0))


MECHANISMS: dict[str, tuple[int, Callable[[Blueprint], Blueprint]]] = {
    "skill": (1, _average_skill),
    "knock_on": (0, _rules(knock_on={"knock_on": 1.0})),
    "frailty": (0, _rules(knock_on={"frailty": 0.0})),
    "special_causes": (1, lambda b: _stages(b, lambda s: replace(s, special_cause=SpecialCause()))),
    "information": (1, lambda b: _handoffs(b, lambda h: replace(h, retention=1.0, corruption=0.0))),
    "clarification": (1, _rules(information={"clarification_time": 0.0, "callback_delay": 0.0})),
    "border_delay": (
        1,
        lambda b: _rules(rework={"travel_delay": 0.0})(_handoffs(b, lambda h: replace(h, delay=NO_TIME))),
    ),
    "batching": (1, lambda b: _handoffs(b, lambda h: replace(h, batch=1))),
    "detection": (1, _no_detection),
    "inspection": (1, lambda b: _stages(b, lambda s: replace(s, inspection=Check()))),
    "rework_failure": (1, _rules(rework={"failure": 0.0})),
    "visible_errors": (
        1,
        lambda b: _stages(b, lambda s: replace(s, error=replace(s.error, visible_share=0.0))),
    ),
    "halo": (3, _rules(perception={"halo": 0.0})),
    "assimilation": (3, _rules(perception={"assimilation": 0.0})),
    "sequence": (3, _rules(perception={"peak_weight": 0.0, "end_weight": 0.0})),
    "wait_bias": (3, _rules(perception={"wait_bias": 1.0})),
    "recovery": (3, _rules(recovery={"recovered_damage": 0.0})),
    "complaints": (3, _rules(recovery={"minor_complaint": 0.0, "major_complaint": 0.0})),
}
"""name -> (layer it belongs to, how it is switched off)."""

LAYERS = (0, 1, 3)


def apply_switches(blueprint: Blueprint) -> Blueprint:
    """The blueprint with every mechanism neutralised that its layers or switches turn off.

    A mechanism is on if its layer is, unless `switches` says otherwise. Raises `InvalidInput` for unknown names.
    """
    for layer in blueprint.layers:
        if layer not in LAYERS:
            raise InvalidInput("layers", layer, f"allowed: {', '.join(map(str, LAYERS))}")
    for name in blueprint.switches:
        if name not in MECHANISMS:
            raise unknown_name(f"switches.{name}", name, MECHANISMS, "mechanism")
    changed = blueprint
    for name, (layer, off) in MECHANISMS.items():
        if not blueprint.switches.get(name, layer in blueprint.layers):
            changed = off(changed)
    return changed


def perception_is_on(blueprint: Blueprint) -> bool:
    """Whether customers form expectations and judge (layer 3)."""
    return 3 in blueprint.layers
