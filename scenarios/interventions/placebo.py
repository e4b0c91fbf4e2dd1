"""The negative control of the experiment itself (model.md section 4)."""

from __future__ import annotations

from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import Blueprint


@intervention()
def placebo(blueprint: Blueprint, now: InForce, *, draws: int = 3) -> Blueprint:
    """Draws random numbers and changes nothing: the paired difference to doing nothing must be exactly zero."""
    for number in range(draws):
        now.draw(f"placebo {number}")
    return blueprint
