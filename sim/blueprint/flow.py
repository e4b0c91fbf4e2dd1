"""How customers come in and how orders move between stages."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.blueprint.checks import not_negative, one_of, positive, probability, whole
from sim.blueprint.distribution import NO_TIME, Distribution
from sim.invalid import require

DELIVERED = "delivered"


@dataclass(frozen=True)
class Handoff:
    """One way out of a stage: where to, how likely, and what is lost or delayed on the way (model.md 2.7).

    `retention` is the share of the information that survives, `corruption` the chance that all of it is lost,
    `delay` the transfer time once the batch is complete, `batch` the number of orders that travel together.
    `border` marks a handoff between functions. `batch_cost` (cu) is the price of a trip; every
    order bears its share of a full batch.
    """

    probability: float = 1.0
    retention: float = 1.0
    corruption: float = 0.0
    delay: Distribution = NO_TIME
    batch: int = 1
    border: bool = False
    batch_cost: float = 0.0

    def __post_init__(self) -> None:
        probability(probability=self.probability, retention=self.retention, corruption=self.corruption)
        whole(1, batch=self.batch)
        not_negative(batch_cost=self.batch_cost)


@dataclass(frozen=True)
class Arrivals:
    """Where orders come from.

    `stream`: new customers at intervals drawn from `interval` (segments with shares get independent streams of
    their own, which is exact for exponential intervals); each places `orders` orders, a further one
    `reorder` hours after the placement of the last (or on its delivery, whichever is later).
    `population`: `customers` customers exist from the start; each orders again and again at intervals drawn
    from `interval` (from placement to placement, not before delivery).

    `profile` gives the rate of arrivals over the week, as multiples of the mean, in equal slots (their mean must be
    1): opening hours, rush hours. Intervals are stretched and shrunk accordingly (exact for a Poisson stream).
    """

    process: str = "stream"
    interval: Distribution = field(default_factory=lambda: Distribution("exponential", 0.4))
    customers: int = 0
    orders: int = 1
    reorder: Distribution = field(default_factory=lambda: Distribution("exponential", 192.0))
    profile: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for value in self.profile:
            not_negative(profile=value)
        level = sum(self.profile) / len(self.profile) if self.profile else 1.0
        require(abs(level - 1.0) < 1e-3, "profile", round(level, 4), "the mean of the slots must be 1")
        one_of("stream", "population", process=self.process)
        positive(**{"interval.mean": self.interval.mean, "reorder.mean": self.reorder.mean})
        whole(1, orders=self.orders)
        whole(0, customers=self.customers)
        needed = self.process == "stream" or self.customers >= 1
        require(needed, "customers", self.customers, "a population needs at least one customer")

    @property
    def order_rate(self) -> float:
        """Long-run orders per hour (of a population: while no order waits for the one before)."""
        if self.process == "population":
            return self.customers / self.interval.mean
        return self.orders / self.interval.mean
