"""A small system with every layer on and everything happening often, for tests of money, customers and staff."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders import exponential, rich_system

from sim.blueprint import (
    Attendance,
    Blueprint,
    Costs,
    Distribution,
    Horizon,
    Participation,
    Partnership,
    Recovery,
    Relationship,
    Spending,
    StaffMember,
    StaffPool,
    Stage,
    Supplier,
    Terms,
    WordOfMouth,
)


def living_system(weeks: float = 10.0, **parts: Any) -> Blueprint:
    """`rich_system` with patience, suppliers, shifts, absence, turnover, groups, an inspector, prospects and talk.

    Two weeks of warm-up, then `weeks` measured, 40 h each. Members of the front work 36 h a week and stay to empty the
    queue.
    """
    plain = rich_system(customers=40, interval=60.0)
    inspector = Stage("quality", "quality", exponential(0.2), appraisal=True)
    stages = {
        **plain.stages,
        "intake": replace(plain.stages["intake"], customer_waits=True),
        "work": replace(plain.stages["work"], supplier="parts"),
        "check": inspector,
    }
    route = {
        **plain.route,
        "finish": {"check": plain.route["finish"]["ship"]},
        "check": {"ship": replace(plain.route["finish"]["ship"], batch=2, batch_cost=6.0)},
    }
    shifts = ((0.0, 36.0),)
    front = {"ann": StaffMember(0.9, 0.8, shifts=shifts), "bob": StaffMember(0.6, 0.7, shifts=shifts)}
    pools = {
        "front": StaffPool(front, 0.3, at_close="stay"),
        "back": StaffPool({n: StaffMember(0.7) for n in ("cem", "dia", "eve")}, 0.1, involvement=0.5, participation=2.0,
                          coordination=0.02),
        "quality": StaffPool({"fay": StaffMember()}),
    }  # fmt: skip
    segments = {
        name: replace(segment, patience=exponential(2.0), prospects=1.5) for name, segment in plain.segments.items()
    }
    defaults: dict[str, Any] = {
        "stages": stages,
        "pools": pools,
        "route": route,
        "segments": segments,
        "suppliers": {
            "parts": Supplier(
                Terms(Distribution("gamma", 2.0, 0.6), 0.1, 9.0), Partnership(trust=0.1, break_hazard=20.0)
            )
        },
        "attendance": Attendance(absence=0.1, turnover=2.0),
        "participation": Participation(idea_yield=0.5),
        "relationship": Relationship(retention_slope=20.0),
        "word_of_mouth": WordOfMouth(prospect=0.05),
        "recovery": Recovery(surfacing=0.9, minor_complaint=0.6),
        "costs": Costs(wage=20.0, replacement=500.0, per_recovery=3.0, redelivery=4.0, overtime_rate=1.75),
        "spending": (
            Spending("course", "prevention", start=0.0, one_off=4000.0, per_week=50.0),
            Spending("survey", "market", start=200.0, per_week=30.0),
        ),
        "horizon": Horizon(80.0, 40.0 * weeks),
        "layers": (0, 1, 2, 3, 4),
    }
    return replace(plain, **{**defaults, **parts})
