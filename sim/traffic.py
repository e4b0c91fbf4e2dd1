"""What queueing theory says before anything runs: order flow and utilisation of every pool."""

from __future__ import annotations

import numpy as np

from sim.blueprint import DELIVERED, Blueprint, StaffMember, StaffPool
from sim.invalid import InvalidInput, require


def order_rate(blueprint: Blueprint) -> float:
    """Orders per hour that enter the system in the long run."""
    return sum(
        (s.arrivals or blueprint.arrivals).order_rate * (s.share if s.arrivals is None else 1.0)
        for s in blueprint.segments.values()
    )


def visit_ratios(blueprint: Blueprint) -> dict[str, float]:
    """Expected visits of an order to each stage (rework aside), from the traffic equations v = e + P'v."""
    names = list(blueprint.stages)
    index = {name: i for i, name in enumerate(names)}
    routing = np.zeros((len(names), len(names)))
    for source, ways in blueprint.route.items():
        for target, way in ways.items():
            if target != DELIVERED:
                routing[index[source], index[target]] = way.probability
    entry = np.zeros(len(names))
    entry[index[blueprint.first]] = 1.0
    try:
        ratios = np.linalg.solve(np.eye(len(names)) - routing.T, entry)
    except np.linalg.LinAlgError:  # a closed loop that no order ever enters
        ratios = np.linalg.lstsq(np.eye(len(names)) - routing.T, entry, rcond=None)[0]
    return {name: float(max(0.0, ratios[i])) for i, name in enumerate(names)}


def expected_traffic(blueprint: Blueprint) -> tuple[float, float]:
    """Orders and visits (rework aside) to be expected over the whole run."""
    orders = order_rate(blueprint) * blueprint.horizon.end
    return orders, orders * max(1.0, sum(visit_ratios(blueprint).values()))


def hours_a_week(blueprint: Blueprint, member: StaffMember) -> float:
    """Hours of a member's shifts in a week of the run's clock."""
    return sum(end - start for start, end in member.shifts) if member.shifts else blueprint.calendar.week


def on_shift(blueprint: Blueprint, pool: StaffPool) -> float:
    """Members of a pool at work on average over the week."""
    return sum(hours_a_week(blueprint, m) for m in pool.members.values()) / blueprint.calendar.week


def utilisation(blueprint: Blueprint) -> dict[str, float]:
    """Offered work of each pool over its staff on shift: arrival rate x visits x mean service time / members.

    Teams share the work of their stage. Rework, clarification, skill and hours off the line are left out: it is the
    load by design.
    """
    rate = order_rate(blueprint)
    ratios = visit_ratios(blueprint)
    load = dict.fromkeys(blueprint.pools, 0.0)
    for name, stage in blueprint.stages.items():
        for pool in stage.pools:
            load[pool] += rate * ratios[name] * (stage.service.mean + stage.extra_time) / len(stage.pools)
    return {name: load[name] / max(1e-12, on_shift(blueprint, pool)) for name, pool in blueprint.pools.items()}


def require_stable(blueprint: Blueprint) -> None:
    """Raise `InvalidInput`, naming pool, stages and utilisation, where staff cannot keep up with the orders."""
    for pool, value in utilisation(blueprint).items():
        if value >= 1.0:
            stages = [name for name, stage in blueprint.stages.items() if pool in stage.pools]
            raise InvalidInput(
                f"stages.{stages[0]}" if stages else f"pools.{pool}",
                None,
                f"unstable queue: staff pool '{pool}' (stages {', '.join(stages)}) has utilisation {value:.3f}, "
                "allowed below 1",
                "add staff, shorten service or lower arrivals; allow_unstable=true runs it all the same",
            )


MOST_VISITS = 5e7
MOST_PASSES = 100.0  # an order's passes have 4096 names


def require_bounded(blueprint: Blueprint) -> None:
    """Raise `InvalidInput` where a run would take more than `MOST_VISITS` visits (a slip of a unit, usually)."""
    for name, ratio in visit_ratios(blueprint).items():
        allowed = f"an order would pass this stage {ratio:.3g} times on average, allowed up to {MOST_PASSES:g}"
        require(ratio <= MOST_PASSES, f"route.{name}", None, allowed)
    _, expected = expected_traffic(blueprint)
    people = sum((s.arrivals or blueprint.arrivals).customers for s in blueprint.segments.values())
    if not expected <= MOST_VISITS or people > MOST_VISITS:
        raise InvalidInput(
            "horizon.measured",
            blueprint.horizon.measured,
            f"the run would take about {max(expected, people):.2g} visits, allowed up to {MOST_VISITS:.0e}",
            "check the units: times are hours",
        )
