"""The blueprint: a whole service delivery system, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.blueprint.calendar import Calendar
from sim.blueprint.checks import not_negative, one_of
from sim.blueprint.customer import Segment
from sim.blueprint.flow import DELIVERED, Arrivals, Handoff
from sim.blueprint.organisation import Attendance, Improvement, Knowledge, Load, Morale, Participation, Practice
from sim.blueprint.relationship import Relationship, WordOfMouth
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
from sim.blueprint.staff import StaffPool
from sim.blueprint.stage import Stage
from sim.blueprint.supplier import Supplier
from sim.invalid import InvalidInput, require, unknown_name

COST_CLASSES = ("operating", "prevention", "appraisal", "internal_failure", "external_failure", "capacity", "market")


@dataclass(frozen=True)
class Spending:
    """Money a programme costs, beside hours: once, or per week from `start` (h from the start of the run)."""

    label: str
    cost_class: str = "prevention"
    start: float = 0.0
    one_off: float = 0.0
    per_week: float = 0.0

    def __post_init__(self) -> None:
        one_of(*COST_CLASSES, cost_class=self.cost_class)
        not_negative(start=self.start, one_off=self.one_off, per_week=self.per_week)


@dataclass(frozen=True)
class Blueprint:
    """A service delivery system as it stands at one time.

    `stages` keeps the order of the chain (used for the distance an error travels and in figures); `route` maps
    each stage to its handoffs by target, `DELIVERED` being the way out; orders start at `first`. `layers` and
    `switches` say which mechanisms are on (see `sim.switches`).

    Raises `InvalidInput` for dangling names, probabilities that do not sum, or a route that never ends.
    """

    stages: Mapping[str, Stage]
    pools: Mapping[str, StaffPool]
    segments: Mapping[str, Segment]
    route: Mapping[str, Mapping[str, Handoff]]
    first: str
    arrivals: Arrivals = field(default_factory=Arrivals)
    promise: Promise = field(default_factory=Promise)
    knock_on: KnockOn = field(default_factory=KnockOn)
    information: Information = field(default_factory=Information)
    rework: Rework = field(default_factory=Rework)
    skill_effects: SkillEffects = field(default_factory=SkillEffects)
    perception: Perception = field(default_factory=Perception)
    recovery: Recovery = field(default_factory=Recovery)
    internal_service: InternalService = field(default_factory=InternalService)
    management: Management = field(default_factory=Management)
    costs: Costs = field(default_factory=Costs)
    requirements: Requirements = field(default_factory=Requirements)
    practice: Practice = field(default_factory=Practice)
    load: Load = field(default_factory=Load)
    morale: Morale = field(default_factory=Morale)
    attendance: Attendance = field(default_factory=Attendance)
    participation: Participation = field(default_factory=Participation)
    knowledge: Knowledge = field(default_factory=Knowledge)
    improvement: Improvement = field(default_factory=Improvement)
    relationship: Relationship = field(default_factory=Relationship)
    word_of_mouth: WordOfMouth = field(default_factory=WordOfMouth)
    suppliers: Mapping[str, Supplier] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)
    horizon: Horizon = field(default_factory=Horizon)
    layers: tuple[int, ...] = (0, 1, 3)
    switches: Mapping[str, bool] = field(default_factory=dict)
    spending: tuple[Spending, ...] = ()
    name: str = "system"

    def __post_init__(self) -> None:
        require(len(self.stages) > 0, "stages", None, "a system needs at least one stage")
        require(len(self.segments) > 0, "segments", None, "a system needs at least one customer segment")
        require(DELIVERED not in self.stages, f"stages.{DELIVERED}", None, "this name is kept for the way out")
        for name, stage in self.stages.items():
            for pool in stage.pools:
                if pool not in self.pools:
                    raise unknown_name(f"stages.{name}.pool", pool, self.pools, "staff pool")
            if stage.supplier and stage.supplier not in self.suppliers:
                raise unknown_name(f"stages.{name}.supplier", stage.supplier, self.suppliers, "supplier")
        if self.first not in self.stages:
            raise unknown_name("first", self.first, self.stages, "stage")
        self._check_members()
        self._check_route()
        self._check_shares()

    def _check_members(self) -> None:
        place: dict[str, str] = {}
        for pool, staff in self.pools.items():
            for member in staff.members:
                where = f"pools.{pool}.members.{member}"
                require(member not in place, where, None, f"is a member of pool '{place.get(member)}' already")
                place[member] = pool
                for period in staff.members[member].shifts:
                    allowed = f"shifts must end within the week ({self.calendar.week:g} h)"
                    require(period[1] <= self.calendar.week, f"{where}.shifts", list(period), allowed)

    def _check_route(self) -> None:
        for source, ways in self.route.items():
            if source not in self.stages:
                raise unknown_name(f"route.{source}", source, self.stages, "stage")
            for target in ways:
                if target != DELIVERED and target not in self.stages:
                    raise unknown_name(f"route.{source}.{target}", target, [*self.stages, DELIVERED], "stage")
            self._check_way_out(source, ways)
            total = sum(way.probability for way in ways.values())
            allowed = "the probabilities of the ways out of a stage must sum to 1"
            require(abs(total - 1.0) < 1e-9, f"route.{source}", round(total, 9), allowed)
        for name in self.stages:
            require(name in self.route, f"route.{name}", None, "every stage needs a way out")
        trapped = self.reached_stages() - self._leading_out()
        if trapped:
            raise InvalidInput(
                f"route.{sorted(trapped)[0]}", None, "the route never ends: no way to 'delivered' from here"
            )

    def _check_way_out(self, source: str, ways: Mapping[str, Handoff]) -> None:
        """Delivery is no handoff: nothing is lost, delayed or batched on the way to the customer."""
        out = ways.get(DELIVERED)
        plain = out is None or out == Handoff(out.probability)
        where = f"route.{source}.{DELIVERED}"
        require(plain, where, None, "only a probability can be given here; delivery is not a handoff to a stage")

    def reached_stages(self) -> set[str]:
        """Names of the stages that an order can come to (one that was merged away no longer is)."""
        seen, todo = {self.first}, [self.first]
        while todo:
            for target, way in self.route[todo.pop()].items():
                if way.probability > 0 and target != DELIVERED and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    def _leading_out(self) -> set[str]:
        sources: dict[str, list[str]] = {}
        for source, ways in self.route.items():
            for target, way in ways.items():
                if way.probability > 0:
                    sources.setdefault(target, []).append(source)
        out, todo = {DELIVERED}, [DELIVERED]
        while todo:
            new = [source for source in sources.get(todo.pop(), ()) if source not in out]
            out.update(new)
            todo += new
        return out

    def _check_shares(self) -> None:
        shares = [s.share for s in self.segments.values() if s.arrivals is None]
        if shares:
            total = sum(shares)
            allowed = "the shares of the segments must sum to 1"
            require(abs(total - 1.0) < 1e-6, "segments.*.share", round(total, 6), allowed)
