"""What happened to one order, as times and levels to draw: visits, waits, moments of truth, errors, the judgement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.blueprint import DIMENSIONS
from sim.journal import Journal
from sim.tables import REWORK

Rows = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Visit:
    """A stage's work on the order: it arrives, waits, work begins and ends (h since it was placed)."""

    stage: str
    staff: str
    rework: bool
    arrived: float
    began: float
    ended: float


@dataclass(frozen=True)
class Moment:
    """A moment of truth: when (h since the order was placed), where ("" at the delivery), its scores (0 to 1).

    `score` is the mean of the scored dimensions by the customer's weights; NaN in `seen`: not scored.
    """

    time: float
    stage: str
    score: float
    seen: tuple[float, ...]


@dataclass(frozen=True)
class Judged:
    """An order's levels (0 to 1): desired, adequate, predicted when it was placed, perceived in the end (NaN: none)."""

    number: int
    desired: float
    adequate: float
    predicted: float
    perceived: float


@dataclass(frozen=True)
class OrderJourney:
    """One order of a customer; times in h since it was placed, NaN for what did not happen.

    `errors`: (time, stage) of those made at it; `shown`: times at which the customer saw one; `judged`: its own levels
    (None without perception); `all_judged`: those of every order of the customer, in order of time.
    """

    customer: int
    number: int
    promised: float
    delivered: float
    abandoned: float
    visits: tuple[Visit, ...]
    moments: tuple[Moment, ...]
    errors: tuple[tuple[float, str], ...]
    shown: tuple[float, ...]
    judged: Judged | None
    all_judged: tuple[Judged, ...]

    @property
    def end(self) -> float:
        """The last time of anything (h)."""
        times = [self.delivered, self.abandoned, *(v.ended for v in self.visits), *(m.time for m in self.moments)]
        return max((t for t in times if math.isfinite(t)), default=0.0)


def order_journey(journal: Journal, customer: int) -> OrderJourney | None:
    """The customer's most eventful order (visits and errors, then the earliest); None for one without orders."""
    rows = np.flatnonzero(journal["orders"]["customer"] == customer)
    if len(rows) == 0:
        return None
    orders = journal["orders"]
    index = min(rows.tolist(), key=lambda i: (-orders["visits"][i] - orders["errors"][i], orders["placed"][i]))
    order, plan = orders[index], journal.plan
    placed = float(order["placed"])

    def stage(code: int) -> str:
        return plan.stage_names[code] if code >= 0 else ""

    def of(table: str) -> Rows:
        rows: Rows = journal[table][journal[table]["order"] == index]
        return rows

    visits = tuple(
        Visit(
            stage(v["stage"]), plan.staff_names[v["staff"]] if v["staff"] >= 0 else "", bool(v["kind"] == REWORK),
            *(float(v[name]) - placed for name in ("arrived", "began", "ended")),
        )
        for v in of("visits")
    )  # fmt: skip
    weights = _weights(journal, customer)
    moments = tuple(
        Moment(float(m["time"]) - placed, stage(m["stage"]), _score(m["seen"], weights), tuple(m["seen"].tolist()))
        for m in of("moments")
    )
    errors = of("errors")
    judged = tuple(_judged(orders[i]) for i in rows) if plan.perception_on else ()
    return OrderJourney(
        customer=customer,
        number=int(order["number"]) + 1,
        promised=float(order["promised"]),
        delivered=float(order["delivered"]) - placed,
        abandoned=float(order["abandoned"]) - placed,
        visits=visits,
        moments=moments,
        errors=tuple((float(e["made"]) - placed, stage(e["stage"])) for e in errors),
        shown=tuple(float(e["seen"]) - placed for e in errors if not math.isnan(e["seen"])),
        judged=_judged(order) if plan.perception_on else None,
        all_judged=judged,
    )


def _judged(order: np.void) -> Judged:
    return Judged(int(order["number"]) + 1, *(float(order[name]) for name in ("S", "A", "W", "P")))


def _weights(journal: Journal, customer: int) -> Rows:
    name = journal.plan.segment_names[journal["customers"]["segment"][customer]]
    weights = journal.blueprint.segments[name].weights
    return np.array([weights.get(d, 0.0) for d in DIMENSIONS])


def _score(seen: Rows, weights: Rows) -> float:
    there = ~np.isnan(seen)
    total = float(weights[there].sum())
    return float((weights[there] * seen[there]).sum()) / total if total > 0 else math.nan
