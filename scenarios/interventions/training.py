"""Training: a gain in skill that is transferred in part and fades (model.md 2.5)."""

from __future__ import annotations

import math
from dataclasses import replace

from scenarios.interventions.edits import (
    change_handoffs,
    change_members,
    head_count,
    month,
    pools_of,
    spend,
    take_off_line,
)
from scenarios.interventions.registry import InForce, all_stages, intervention, moments_of_truth
from sim.blueprint import Blueprint, StaffMember
from sim.invalid import require


def share_in_use(months: float) -> float:
    """Tr(t): share of what was learned that is used t months later.

    Exponential with a floor through 62 %, 44 %, 34 % at 0, 6, 12 months (trainers' estimates in 150 organisations,
    Saks & Belcourt 2006; the curve is the fit of model.md 2.5).
    """
    return 0.215 + 0.405 * math.exp(-months / 10.2)


def _train(
    b: Blueprint, now: InForce, gain: float, hours: float, fee: float, every_months: float, label: str
) -> Blueprint:
    often = every_months == 0 or every_months * month(b) >= b.calendar.week
    require(often, "every_months", every_months, "must be 0 (once) or at least 0.25 months (a week)")
    require(0 <= gain <= 1, "gain", gain, "must be a number from 0 to 1")
    require(hours >= 0, "hours", hours, "must be a number of hours >= 0")
    require(fee >= 0, "fee", fee, "must be a number of cu >= 0")
    period = every_months * month(b)
    pools = pools_of(b, now.stages)
    begin = now.start
    while begin < b.horizon.end:
        b = take_off_line(b, pools, begin, hours)
        b = spend(b, label, begin, one_off=fee * head_count(b, pools))
        begin += period if period > 0 else math.inf
    if not now.has_begun:
        return b
    since = now.elapsed % period if period > 0 else now.elapsed
    level = gain * now.strength * share_in_use(since / month(b)) / share_in_use(0.0)
    last = now.start + now.elapsed - since  # who comes after the course has not been to it

    def trained(m: StaffMember) -> StaffMember:
        at = max(m.trained_at, last)
        return replace(m, gain=m.gain + level, service_gain=m.service_gain + level, trained_at=at)

    return change_members(b, pools, trained)


@intervention(scope=moments_of_truth, sets=("assurance",))
def frontline_training(
    blueprint: Blueprint,
    now: InForce,
    *,
    gain: float = 0.074,
    hours: float = 16.0,
    fee: float = 400.0,
    every_months: float = 0.0,
) -> Blueprint:
    """Train the staff whom the customer meets: technical and service skill rise by `gain` and fade."""
    return _train(blueprint, now, gain, hours, fee, every_months, "front-line training")


@intervention(scope=all_stages, sets=("assurance",))
def whole_chain_training(
    blueprint: Blueprint,
    now: InForce,
    *,
    gain: float = 0.074,
    hours: float = 16.0,
    fee: float = 400.0,
    every_months: float = 0.0,
    retention_gain: float = 0.005,
) -> Blueprint:
    """The same for everybody; a common language also keeps more information inside functions."""
    require(0 <= retention_gain <= 1, "retention_gain", retention_gain, "must be a number from 0 to 1")
    b = _train(blueprint, now, gain, hours, fee, every_months, "whole-chain training")
    added = retention_gain * now.strength
    return change_handoffs(
        b, lambda s, t, h: h if h.border else replace(h, retention=min(1.0, max(0.0, h.retention + added)))
    )
