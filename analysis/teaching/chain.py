"""Plain chains of stages for lessons: two members each, one queue each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sim.blueprint import Blueprint
from sim.blueprint.customer import Segment
from sim.blueprint.distribution import Distribution
from sim.blueprint.flow import DELIVERED, Arrivals, Handoff
from sim.blueprint.rules import Horizon, KnockOn
from sim.blueprint.staff import StaffMember, StaffPool
from sim.blueprint.stage import Check, ErrorRate, Stage

MEMBERS = 2
SERVICE = 0.6  # h, mean time of a visit


@dataclass(frozen=True)
class Link:
    """A stage of a chain, and the handoff that follows it."""

    function: str = "service"
    handoff: Handoff = field(default_factory=Handoff)


def chain(
    links: Sequence[Link], *, rate: float, cv: float = 1.0, p: float = 0.0, knock_on: float = 1.0,
    detection: float = 0.0, hours: float,
) -> Blueprint:  # fmt: skip
    """A serial chain: Poisson arrivals at `rate` an hour, service of `SERVICE` h with coefficient of variation `cv`
    (1: exponential, 0: always the same), errors with chance `p`, found by the next stage with chance `detection`."""
    names = [f"stage_{i + 1:02d}" for i in range(len(links))]
    kind = "exponential" if cv == 1.0 else "deterministic" if cv == 0.0 else "lognormal"
    service = Distribution(kind, SERVICE, cv)
    stages = {
        name: Stage(
            pool=name, function=link.function, service=service, error=ErrorRate(p=p),
            incoming_check=Check(detection=detection),
        )
        for name, link in zip(names, links, strict=True)
    }  # fmt: skip
    pools = {name: StaffPool({f"{name}_{i + 1}": StaffMember() for i in range(MEMBERS)}) for name in names}
    ways = zip(names, [*names[1:], DELIVERED], links, strict=True)
    return Blueprint(
        stages=stages,
        pools=pools,
        segments={"customers": Segment()},
        route={a: {b: link.handoff} for a, b, link in ways},
        first=names[0],
        arrivals=Arrivals(interval=Distribution("exponential", 1.0 / rate)),
        knock_on=KnockOn(knock_on=knock_on),
        horizon=Horizon(0.0, hours),
        layers=(0, 1),
        name="lesson",
    )
