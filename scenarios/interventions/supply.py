"""Suppliers, and where in the chain an order gets its final form (model.md 2.7, section 4)."""

from __future__ import annotations

from dataclasses import replace

from scenarios.interventions.edits import change_stages, spend
from scenarios.interventions.registry import InForce, all_stages, intervention
from sim.blueprint import Blueprint, Partnership, Supplier, Terms
from sim.invalid import require, unknown_name
from sim.traffic import visit_ratios


@intervention()
def supplier_partnership(
    blueprint: Blueprint,
    now: InForce,
    *,
    supplier: str = "",
    lead_time: float = 0.8,
    spread: float = 0.5,
    defect: float = 0.4,
    price: float = 1.02,
    promised: float = 2.0,
    fallback_price: float = 2.0,
    per_week: float = 200.0,
    exit_cost: float = 5000.0,
) -> Blueprint:
    """A partnership with `supplier` (by default all at arm's length): factors on mean lead time, its cv, the share of
    defects and the price. A promise is kept when delivered within `promised` mean lead times of before, without defect.

    Where trust breaks, the terms of before hold at `fallback_price` times their price, and `exit_cost` is due
    (`sim.blueprint.Partnership`). `per_week` is spent for each partner, also after a break.
    """
    for name, value in (("lead_time", lead_time), ("spread", spread), ("defect", defect), ("price", price)):
        require(0 <= value <= 10, name, value, "must be a factor from 0 to 10")
    if supplier and supplier not in blueprint.suppliers:
        raise unknown_name("supplier", supplier, blueprint.suppliers, "supplier")
    chosen = [
        name
        for name, s in blueprint.suppliers.items()
        if s.partnership is None
        and supplier in ("", name)
        and any(stage.supplier == name for stage in blueprint.stages.values())
    ]
    require(len(chosen) > 0, "supplier", supplier or None, "there is no supplier at arm's length to become a partner")
    b = spend(blueprint, "supplier partnership", now.start, per_week=per_week * len(chosen))
    if not now.has_begun:
        return b

    def allied(before: Terms) -> Supplier:
        terms = Terms(
            lead_time=before.lead_time.scaled(now.toward(lead_time)).spread(now.toward(spread)),
            defect=min(1.0, before.defect * now.toward(defect)),
            price=before.price * now.toward(price),
        )
        partnership = Partnership(
            promised=promised * before.lead_time.mean,
            exit_cost=exit_cost,
            fallback=before,
            fallback_price=fallback_price,
        )
        return Supplier(terms, partnership)

    return replace(b, suppliers={n: allied(s.terms) if n in chosen else s for n, s in b.suppliers.items()})


@intervention()
def postponement(
    blueprint: Blueprint, now: InForce, *, to: str = "", time: float = 0.05, cost: float = 5000.0
) -> Blueprint:
    """Configure late: an order gets its final form at the stage `to` (by default the last backstage stage that every
    order passes) instead of an earlier one, so that fewer changes of mind come too late. A visit there takes `time` h
    longer; making the parts fit for it costs `cost` (sizes A)."""
    require(time >= 0, "time", time, "must be a number of hours >= 0")
    if to and to not in blueprint.stages:
        raise unknown_name("to", to, blueprint.stages, "stage")
    order = list(blueprint.stages)
    early = [name for name in order if blueprint.stages[name].configures]
    require(len(early) > 0, "to", to or None, "no stage configures orders (set configures: true); nothing to postpone")
    place = to or _last_backstage(blueprint)
    allowed = f"must come after the stage that configures now ({early[-1]})"
    require(order.index(place) > order.index(early[-1]), "to", place, allowed)
    b = spend(blueprint, "postponement", now.start, cost)
    if not now.has_begun:
        return b
    b = change_stages(b, early, lambda s: replace(s, configures=False))
    added = time * now.strength
    return change_stages(b, [place], lambda s: replace(s, configures=True, extra_time=s.extra_time + added))


def _last_backstage(b: Blueprint) -> str:
    passes = visit_ratios(b)
    passed = [name for name in all_stages(b) if passes[name] >= 1.0 - 1e-9]
    return next((name for name in reversed(passed) if not b.stages[name].onstage), passed[-1])
