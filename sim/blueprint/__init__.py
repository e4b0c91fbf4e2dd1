"""Frozen description of a service delivery system."""

from sim.blueprint.customer import DIMENSIONS, WEIGHTS, Expectations, Segment
from sim.blueprint.distribution import NO_TIME, Distribution
from sim.blueprint.flow import DELIVERED, Arrivals, Handoff
from sim.blueprint.rules import (
    Costs,
    Horizon,
    Information,
    InternalService,
    KnockOn,
    Management,
    Perception,
    Promise,
    Recovery,
    Rework,
    SkillEffects,
)
from sim.blueprint.staff import StaffMember, StaffPool
from sim.blueprint.stage import Check, ErrorRate, SpecialCause, Stage
from sim.blueprint.system import COST_CLASSES, Blueprint, Spending

__all__ = [
    "COST_CLASSES",
    "DELIVERED",
    "DIMENSIONS",
    "NO_TIME",
    "WEIGHTS",
    "Arrivals",
    "Blueprint",
    "Check",
    "Costs",
    "Distribution",
    "ErrorRate",
    "Expectations",
    "Handoff",
    "Horizon",
    "Information",
    "InternalService",
    "KnockOn",
    "Management",
    "Perception",
    "Promise",
    "Recovery",
    "Rework",
    "Segment",
    "SkillEffects",
    "SpecialCause",
    "Spending",
    "StaffMember",
    "StaffPool",
    "Stage",
]
