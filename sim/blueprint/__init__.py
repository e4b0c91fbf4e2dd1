"""Frozen description of a service delivery system."""

from sim.blueprint.calendar import Calendar
from sim.blueprint.customer import DIMENSIONS, WEIGHTS, Expectations, Segment
from sim.blueprint.distribution import NO_TIME, Distribution
from sim.blueprint.flow import DELIVERED, Arrivals, Handoff
from sim.blueprint.organisation import (
    IMPROVEMENT_TARGETS,
    Attendance,
    Improvement,
    Knowledge,
    Load,
    Morale,
    Participation,
    Practice,
)
from sim.blueprint.relationship import RETENTION_RULES, Relationship, WordOfMouth
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
    Requirements,
    Rework,
    SkillEffects,
)
from sim.blueprint.staff import StaffMember, StaffPool
from sim.blueprint.stage import Check, ErrorRate, SpecialCause, Stage
from sim.blueprint.supplier import Partnership, Supplier, Terms
from sim.blueprint.system import COST_CLASSES, Blueprint, Spending

__all__ = [
    "COST_CLASSES",
    "DELIVERED",
    "DIMENSIONS",
    "IMPROVEMENT_TARGETS",
    "NO_TIME",
    "RETENTION_RULES",
    "WEIGHTS",
    "Arrivals",
    "Attendance",
    "Blueprint",
    "Calendar",
    "Check",
    "Costs",
    "Distribution",
    "ErrorRate",
    "Expectations",
    "Handoff",
    "Horizon",
    "Improvement",
    "Information",
    "InternalService",
    "KnockOn",
    "Knowledge",
    "Load",
    "Management",
    "Morale",
    "Participation",
    "Partnership",
    "Perception",
    "Practice",
    "Promise",
    "Recovery",
    "Relationship",
    "Requirements",
    "Rework",
    "Segment",
    "SkillEffects",
    "SpecialCause",
    "Spending",
    "StaffMember",
    "StaffPool",
    "Stage",
    "Supplier",
    "Terms",
    "WordOfMouth",
]
