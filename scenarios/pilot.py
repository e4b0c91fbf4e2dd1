"""Facts about the base system that an intervention may build on, measured in pilot runs of their own."""

from __future__ import annotations

import numpy as np

from sim.plan import Timeline
from sim.simulate import simulate

PILOT_RUNS = 2
_FIRST = 2**30  # replication numbers that no study uses


def measure_facts(base: Timeline, seed: int, engine: str, allow_unstable: bool) -> dict[str, float]:
    """`delivered`: mean delivered level X ([0, 1]); `lead_time_p80`: 80th percentile of the lead time (h)."""
    levels, times = [], []
    for number in range(PILOT_RUNS):
        journal = simulate(base, seed, _FIRST + number, engine, allow_unstable)
        orders = journal["orders"][journal.measured_orders()]
        levels.append(orders["X"])
        times.append(orders["delivered"] - orders["placed"])
    lead_times = np.concatenate(times)
    if len(lead_times) == 0:  # nothing was ordered: keep the promise as it is
        promise = base[-1][1].promise
        return {"delivered": promise.level, "lead_time_p80": promise.lead_time}
    return {
        "delivered": float(np.concatenate(levels).mean()),
        "lead_time_p80": max(1e-6, float(np.quantile(lead_times, 0.8))),
    }
