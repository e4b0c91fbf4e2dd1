"""How staff are led: involved, spoken to, or driven (model.md section 4; Oliva & Sterman 2001 for pressure)."""

from __future__ import annotations

from dataclasses import replace

from scenarios.interventions.edits import change_members, change_pools, pools_of, spend
from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import Blueprint
from sim.invalid import require


@intervention()
def employee_involvement(
    blueprint: Blueprint,
    now: InForce,
    *,
    involvement: float = 1.0,
    participation: float = 2.0,
    idea_yield: float = 0.02,
    idea_effect: float = 0.95,
    follow_up: float = 0.8,
) -> Blueprint:
    """Problem-solving groups: everybody in scope meets for `participation` h a week and feels involved.

    An hour in a group has an idea at rate `idea_yield`; the share `follow_up` is taken up, each idea multiplies system
    errors by `idea_effect` at the stage that seems to err most. These rules hold for the whole system. Where less
    than half is followed up, people stop speaking (see `sim.blueprint.Participation`). It costs hours only.
    """
    require(0 <= involvement <= 1, "involvement", involvement, "must be a number from 0 to 1")
    require(0 <= participation <= 40, "participation", participation, "must be a number of hours a week from 0 to 40")
    if not now.has_begun:
        return blueprint
    rules = replace(blueprint.participation, idea_yield=idea_yield, idea_effect=idea_effect, follow_up=follow_up)
    return change_pools(
        replace(blueprint, participation=rules),
        pools_of(blueprint, now.stages),
        lambda p: replace(
            p,
            involvement=p.involvement + max(0.0, involvement - p.involvement) * now.strength,
            participation=p.participation + participation * now.strength,
        ),
    )


@intervention()
def communication_campaign(
    blueprint: Blueprint, now: InForce, *, boost: float = 0.05, cost: float = 3000.0
) -> Blueprint:
    """Negative control: a campaign lifts the morale of staff by `boost` and changes nothing else. The lift fades with
    the programme's time constant (set `fade`)."""
    require(-1 <= boost <= 1, "boost", boost, "must be a number from -1 to 1")
    b = spend(blueprint, "communication campaign", now.start, cost)
    if not now.has_begun:
        return b

    def lifted(level: float) -> float:
        return min(1.0, max(-1.0, level + boost * now.strength))

    pools = pools_of(b, now.stages)
    return change_members(b, pools, lambda m: replace(m, morale_boost=lifted(m.morale_boost)))


@intervention()
def pressure(blueprint: Blueprint, now: InForce, *, norm: float = 0.1, per_week: float = 0.0) -> Blueprint:
    """The policy opposite to involvement: a speed norm. Work goes a share `norm` faster and is felt as that much more
    load, with what load does to errors, empathy and morale."""
    require(0 <= norm <= 1, "norm", norm, "must be a number from 0 to 1")
    b = spend(blueprint, "speed norm", now.start, per_week=per_week, cost_class="operating")
    if not now.has_begun:
        return b
    pools = pools_of(b, now.stages)
    return change_pools(b, pools, lambda p: replace(p, pressure=min(1.0, p.pressure + norm * now.strength)))
