"""Which customers are served first, and which are won (model.md section 4)."""

from __future__ import annotations

from dataclasses import replace

from scenarios.interventions.edits import spend
from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import Blueprint
from sim.invalid import require, unknown_name


@intervention()
def key_account_priority(
    blueprint: Blueprint, now: InForce, *, segment: str = "", care_cost: float = 300.0
) -> Blueprint:
    """Key accounts first: the customers of `segment` (by default those who pay the highest price) are served before
    all others (non-pre-emptive), and a named owner knows each of them. Care of each costs `care_cost` a year more.

    Priority and ownership are there or not, whatever the strength; only the cost follows it.
    """
    require(care_cost >= 0, "care_cost", care_cost, "must be a number of cu >= 0")
    segments = blueprint.segments
    if segment and segment not in segments:
        raise unknown_name("segment", segment, segments, "customer segment")
    require(len(segments) > 1, "segment", segment or None, "all customers are of one segment; nobody can go before")
    chosen = segment or max(segments, key=lambda name: segments[name].price)
    if not now.has_begun:
        return blueprint
    served = {
        name: replace(s, priority=0, owner=True, care_cost=s.care_cost + care_cost * now.strength)
        if name == chosen
        else replace(s, priority=s.priority + 1)
        for name, s in segments.items()
    }
    return replace(blueprint, segments=served)


@intervention()
def acquisition(
    blueprint: Blueprint, now: InForce, *, factor: float = 1.5, per_week: float = 1000.0, segment: str = ""
) -> Blueprint:
    """Marketing: `factor` times as many prospects consider the firm, in all segments or one of them."""
    require(0 <= factor <= 100, "factor", factor, "must be a factor from 0 to 100")
    segments = blueprint.segments
    if segment and segment not in segments:
        raise unknown_name("segment", segment, segments, "customer segment")
    chosen = [name for name in segments if name == segment or not segment]
    sought = any(segments[name].prospects > 0 for name in chosen)
    require(sought, "segment", segment or None, "has no prospects to multiply (segments.<name>.prospects)")
    b = spend(blueprint, "marketing", now.start, per_week=per_week, cost_class="market")
    if not now.has_begun:
        return b
    wooed = {n: replace(s, prospects=s.prospects * now.toward(factor)) for n, s in segments.items() if n in chosen}
    return replace(b, segments={**segments, **wooed})
