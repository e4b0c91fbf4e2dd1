"""Layers and mechanisms that can be switched off: each is set to where its effect is exactly nil.

Switching off means putting the neutral value in (a retention of 1, a detection of 0, ...), so no rule of the
model asks whether it is on, and since draws have names nothing else is disturbed (model.md section 0, layers).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from sim.blueprint import (
    NO_TIME,
    Blueprint,
    Check,
    Handoff,
    Segment,
    SpecialCause,
    StaffMember,
    StaffPool,
    Stage,
    Supplier,
    Terms,
)
from sim.invalid import InvalidInput, unknown_name


class _Draft:
    """The parts of a blueprint while mechanisms are being switched off: checked once, when it is a blueprint again."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._parts = {f.name: getattr(blueprint, f.name) for f in fields(Blueprint)}
        self._changed: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return self._parts[name]

    def put(self, **parts: Any) -> None:
        self._parts.update(parts)
        self._changed.update(parts)

    def finish(self, blueprint: Blueprint) -> Blueprint:
        return replace(blueprint, **{name: self._parts[name] for name in self._changed})


def _stages(b: _Draft, change: Callable[[Stage], Stage]) -> None:
    b.put(stages={name: change(stage) for name, stage in b.stages.items()})


def _handoffs(b: _Draft, change: Callable[[Handoff], Handoff]) -> None:
    b.put(route={s: {t: change(h) for t, h in ways.items()} for s, ways in b.route.items()})


def _members(b: _Draft, change: Callable[[StaffMember], StaffMember]) -> None:
    _pools(b, lambda pool: replace(pool, members={n: change(m) for n, m in pool.members.items()}))


def _pools(b: _Draft, change: Callable[[StaffPool], StaffPool]) -> None:
    b.put(pools={name: change(pool) for name, pool in b.pools.items()})


def _segments(b: _Draft, change: Callable[[Segment], Segment]) -> None:
    b.put(segments={name: change(segment) for name, segment in b.segments.items()})


def _rules(**groups: dict[str, Any]) -> Callable[[_Draft], None]:
    """Neutral values of parameters, by group."""

    def off(b: _Draft) -> None:
        b.put(**{name: replace(getattr(b, name), **values) for name, values in groups.items()})

    return off


def _no_detection(b: _Draft) -> None:
    _stages(b, lambda s: replace(s, self_check=Check(), incoming_check=Check()))


def _ideal_suppliers(b: _Draft) -> None:
    """They deliver at once and without fault, at their price."""
    b.put(suppliers={n: Supplier(Terms(NO_TIME, 0.0, s.terms.price)) for n, s in b.suppliers.items()})


def _no_border_delay(b: _Draft) -> None:
    _rules(rework={"travel_delay": 0.0})(b)
    _handoffs(b, lambda h: replace(h, delay=NO_TIME))


def _average_skill(b: _Draft) -> None:
    level = b.skill_effects.reference_skill
    _members(b, lambda m: replace(m, skill=level, gain=0.0))


MECHANISMS: dict[str, tuple[int, Callable[[_Draft], None]]] = {
    "skill": (1, _average_skill),
    "knock_on": (0, _rules(knock_on={"knock_on": 1.0})),
    "frailty": (0, _rules(knock_on={"frailty": 0.0})),
    "special_causes": (1, lambda b: _stages(b, lambda s: replace(s, special_cause=SpecialCause()))),
    "information": (1, lambda b: _handoffs(b, lambda h: replace(h, retention=1.0, corruption=0.0))),
    "clarification": (1, _rules(information={"clarification_time": 0.0, "callback_delay": 0.0})),
    "border_delay": (1, _no_border_delay),
    "batching": (1, lambda b: _handoffs(b, lambda h: replace(h, batch=1, batch_cost=h.batch_cost / h.batch))),
    "detection": (1, _no_detection),
    "inspection": (1, lambda b: _stages(b, lambda s: replace(s, inspection=Check()))),
    "rework_failure": (1, _rules(rework={"failure": 0.0})),
    "visible_errors": (
        1,
        lambda b: _stages(b, lambda s: replace(s, error=replace(s.error, visible_share=0.0))),
    ),
    "suppliers": (1, _ideal_suppliers),
    "requirement_changes": (1, _rules(requirements={"change_rate": 0.0})),
    "tampering": (1, lambda b: _stages(b, lambda s: replace(s, tampering=False))),
    "practice": (2, _rules(practice={"learning_rate": 0.0, "forgetting": 0.0, "newcomer_skill": 1.0})),
    "load": (2, _rules(load={"speed_up": 0.0, "slow_down": 0.0, "tipping": 0.0, "empathy_load": 0.0})),
    "morale": (2, _rules(morale={"morale_weeks": 0.0, "starting_mood": 0.0})),
    "absence": (2, _rules(attendance={"absence": 0.0})),
    "turnover": (2, _rules(attendance={"turnover": 0.0})),
    "participation": (2, lambda b: _pools(b, lambda p: replace(p, participation=0.0, involvement=0.0))),
    "coordination": (2, lambda b: _pools(b, lambda p: replace(p, coordination=0.0))),
    "pressure": (2, lambda b: _pools(b, lambda p: replace(p, pressure=0.0))),
    "knowledge": (2, _rules(knowledge={"personal": 0.0, "shared": 0.0})),
    "improvement": (2, _rules(improvement={"cycle_weeks": 0.0})),
    "discretion_spread": (2, lambda b: None),  # see discretion_spread()
    "halo": (3, _rules(perception={"halo": 0.0})),
    "assimilation": (3, _rules(perception={"assimilation": 0.0})),
    "sequence": (3, _rules(perception={"peak_weight": 0.0, "end_weight": 0.0})),
    "wait_bias": (3, _rules(perception={"wait_bias": 1.0})),
    "recovery": (3, _rules(recovery={"recovered_damage": 0.0})),
    "complaints": (3, _rules(recovery={"minor_complaint": 0.0, "major_complaint": 0.0})),
    "patience": (4, lambda b: _segments(b, lambda s: replace(s, patience=None, balk_at=0))),
    "retention": (4, _rules(relationship={"rule": "keep"})),
    "purchase_pace": (4, _rules(relationship={"purchase_effect": 0.0})),
    "word_of_mouth": (4, _rules(word_of_mouth={"talk": 0.0})),
    "acquisition": (4, lambda b: _segments(b, lambda s: replace(s, prospects=0.0))),
}
"""name -> (layer it belongs to, how it is switched off)."""

LAYERS = (0, 1, 2, 3, 4)


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
    draft = _Draft(blueprint)
    for name, (_, off) in MECHANISMS.items():
        if not is_on(blueprint, name):
            off(draft)
    return draft.finish(blueprint)


def is_on(blueprint: Blueprint, mechanism: str) -> bool:
    """Whether a mechanism is on: as its switch says, else as its layer is."""
    return blueprint.switches.get(mechanism, MECHANISMS[mechanism][0] in blueprint.layers)


def _any_on(blueprint: Blueprint, layer: int) -> bool:
    return any(is_on(blueprint, name) for name, (of, _) in MECHANISMS.items() if of == layer)


def staff_is_on(blueprint: Blueprint) -> bool:
    """Whether any staff dynamics (layer 2) is on."""
    return _any_on(blueprint, 2)


def relationship_is_on(blueprint: Blueprint) -> bool:
    """Whether customers stay or leave by how they are served (layer 4; nobody can without judging, layer 3)."""
    return _any_on(blueprint, 4) and perception_is_on(blueprint)


SPREAD_OF_DISCRETION = 0.3  # model.md 2.5


def discretion_spread(blueprint: Blueprint) -> float:
    """By how much discretion widens handling times: cv x (1 + this x delta)."""
    return SPREAD_OF_DISCRETION if is_on(blueprint, "discretion_spread") else 0.0


def perception_is_on(blueprint: Blueprint) -> bool:
    """Whether customers form expectations and judge (layer 3)."""
    return 3 in blueprint.layers
