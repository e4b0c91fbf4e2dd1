"""What a worker does in a sweep: build a point once, then run its replications."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from scenarios.design import Values
from scenarios.execution import Point
from scenarios.points import Base, Configuration, built, configured, facts_of, plan_of
from scenarios.scenario import Luck
from sim.journal import Journal
from sim.plan import Plan
from sim.simulate import simulate

_one_at_a_time = Lock()  # threads share what is kept
_KEPT = 8  # points of which a worker keeps what does not change between replications


@dataclass(frozen=True)
class _Prepared:
    """A point built; `plan` where all its replications have the same, else None."""

    configuration: Configuration
    facts: dict[str, float]
    plan: Plan | None


@dataclass(frozen=True)
class PointRuns:
    """Called with (name of a point, replication), it runs and measures it. A point's name holds all its values."""

    base: Base
    measure: Callable[[Journal], dict[str, Any]]
    _kept: dict[str, _Prepared] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, point: Point) -> dict[str, Any]:
        name, replication = point
        prepared = self._kept.get(name) or self._prepare(name)
        plan = prepared.plan
        if plan is None:
            plan = plan_of(prepared.configuration, self.base, replication, prepared.facts)
        base = self.base
        journal = simulate(
            plan, base.seed, replication, prepared.configuration.engine, base.allow_unstable, base.journal
        )
        return self.measure(journal)

    def _prepare(self, name: str) -> _Prepared:
        configuration = built(self.base, configured(self.base, values_of(name)))
        facts = facts_of(configuration, self.base)
        luck = Luck(self.base.seed, 0)
        plan = plan_of(configuration, self.base, 0, facts, luck)
        prepared = _Prepared(configuration, facts, None if luck.was_asked else plan)
        with _one_at_a_time:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[name] = prepared
        return prepared


def name_of(values: Values) -> str:
    """The name of a point: its values as one line of JSON, from which a worker can build it."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


def values_of(name: str) -> dict[str, Any]:
    """The values that a name holds."""
    values: dict[str, Any] = json.loads(name)
    return values
