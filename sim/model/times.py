"""How long things take: sampling of distributions, speed of a staff member, the coarse clock."""

from __future__ import annotations

import math

from sim.draws import exponential, gamma, normal_quantile, uniform
from sim.kernel import kernel
from sim.tables import numbers, run

DETERMINISTIC, EXPONENTIAL, LOGNORMAL, GAMMA, EMPIRICAL = range(5)


@kernel
def sample(world, time, key, place, moment, purpose):  # type: ignore[no-untyped-def]
    """One time (h) from a distribution record; the plan holds its parameters ready to use."""
    if time.kind == DETERMINISTIC:
        return float(time.hours)
    if time.kind == EXPONENTIAL:
        return time.hours * exponential(key, place, moment, purpose, 0)
    if time.kind == LOGNORMAL:
        return math.exp(time.a + time.b * normal_quantile(uniform(key, place, moment, purpose, 0)))
    if time.kind == GAMMA:
        return time.b * gamma(key, place, moment, purpose, 0, time.a)
    return numbers(world, time.offset + int(uniform(key, place, moment, purpose, 0) * time.count)).value


@kernel
def on_clock(world, hours):  # type: ignore[no-untyped-def]
    """`hours`, rounded up to the clock's grid where there is one."""
    grid = run(world, 0).grid
    return math.ceil(hours / grid) * grid if grid > 0.0 else hours


@kernel
def speed_factor(rule, skill):  # type: ignore[no-untyped-def]
    """Factor on the service time of a staff member (g_skill, model.md 2.5)."""
    return math.exp(-rule.on_time * (skill - rule.reference_skill))
