"""Suppliers of a stage's input (model.md 2.7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.blueprint.checks import not_negative, probability
from sim.blueprint.distribution import Distribution


@dataclass(frozen=True)
class Terms:
    """What a supplier delivers: `lead_time` (h) from call to delivery, a share `defect` faulty, at `price` (cu)."""

    lead_time: Distribution = field(default_factory=lambda: Distribution("gamma", 2.0, 0.6))
    defect: float = 0.02
    price: float = 40.0

    def __post_init__(self) -> None:
        probability(defect=self.defect)
        not_negative(price=self.price)


@dataclass(frozen=True)
class Partnership:
    """A partnership that may break (model.md 2.7, all A).

    `trust` in [0, 1] gains `trust_gain` of its distance to 1 with every kept promise (delivered within `promised` h,
    no defect) and loses `trust_loss` of itself with every broken one. It breaks at the rate `break_hazard` a year x
    (1 - trust)^2, asked weekly: then the `fallback` terms hold at `fallback_price` times their price, and `exit_cost`
    (cu) is due.
    """

    promised: float = 4.0
    trust: float = 0.7
    trust_gain: float = 0.02
    trust_loss: float = 0.05
    break_hazard: float = 0.5
    exit_cost: float = 5000.0
    fallback: Terms = field(default_factory=Terms)
    fallback_price: float = 2.0

    def __post_init__(self) -> None:
        not_negative(
            promised=self.promised,
            break_hazard=self.break_hazard,
            exit_cost=self.exit_cost,
            fallback_price=self.fallback_price,
        )
        probability(trust=self.trust, trust_gain=self.trust_gain, trust_loss=self.trust_loss)


@dataclass(frozen=True)
class Supplier:
    """A supplier at arm's length, or (with `partnership`) a partner. `terms` are those in force now."""

    terms: Terms = field(default_factory=Terms)
    partnership: Partnership | None = None
