"""Customer segments: what they expect and what they weigh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.blueprint.checks import not_negative, positive, probability, whole, within
from sim.blueprint.distribution import Distribution
from sim.blueprint.flow import Arrivals
from sim.invalid import require, require_known

DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")

# Order of importance: Zeithaml, Parasuraman & Berry 1990 (grade M; the sizes are not re-checked).
WEIGHTS: Mapping[str, float] = dict(zip(DIMENSIONS, (0.32, 0.22, 0.19, 0.16, 0.11), strict=True))


@dataclass(frozen=True)
class Expectations:
    """The three standards of a customer and how they move (model.md 2.1). Levels lie in [0, 1].

    Desired: per customer and dimension normal(`desired_mean`, `desired_sd`) cut to [0.5, 1], or one of
    `survey_rows` (a row per respondent, in the order of DIMENSIONS). Adequate: desired - `tolerance`
    (0.2 / weight) ** `tolerance_exponent`, raised by `alternatives_weight` x (norm - norm_before). Predicted:
    mean of promise, word of mouth and market norm with the given weights; it learns with `learning` from every
    order, desired only upward with `ratchet`, plus `drift` an order.
    """

    desired_mean: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(DIMENSIONS, 0.88))
    desired_sd: float = 0.05
    survey_rows: tuple[tuple[float, ...], ...] = ()
    tolerance: float = 0.18
    tolerance_exponent: float = 0.0
    norm: float = 0.80
    norm_before: float = 0.80
    alternatives_weight: float = 0.5
    word_of_mouth: float = 0.80
    promise_weight: float = 0.4
    word_of_mouth_weight: float = 0.2
    norm_weight: float = 0.4
    learning: float = 0.30
    ratchet: float = 0.05
    drift: float = 0.0

    def __post_init__(self) -> None:
        require_known("desired_mean", self.desired_mean, DIMENSIONS, "dimension")
        for name in DIMENSIONS:
            require(name in self.desired_mean, f"desired_mean.{name}", None, "every dimension needs a level")
            probability(**{f"desired_mean.{name}": self.desired_mean[name]})
        for row in self.survey_rows:
            require(len(row) == len(DIMENSIONS), "survey_rows", row, f"needs {len(DIMENSIONS)} values")
            for value in row:
                probability(survey_rows=value)
        probability(
            tolerance=self.tolerance,
            norm=self.norm,
            norm_before=self.norm_before,
            alternatives_weight=self.alternatives_weight,
            word_of_mouth=self.word_of_mouth,
            learning=self.learning,
            ratchet=self.ratchet,
        )
        not_negative(
            desired_sd=self.desired_sd,
            promise_weight=self.promise_weight,
            word_of_mouth_weight=self.word_of_mouth_weight,
            norm_weight=self.norm_weight,
            drift=self.drift,
        )
        within(0.0, 10.0, tolerance_exponent=self.tolerance_exponent)
        total = self.promise_weight + self.word_of_mouth_weight + self.norm_weight
        require(total > 0, "promise_weight", self.promise_weight, "promise, word of mouth and norm cannot all weigh 0")


@dataclass(frozen=True)
class Segment:
    """A kind of customer.

    `share` of the system's arrivals belongs to the segment (or `arrivals` of its own, then share is unused).
    `priority`: class 0 is served first. `complexity` (m_c) multiplies the system part of the error rate.
    `weights` say how much each dimension counts; they must sum to 1.

    Money: `price` (cu per delivered order), `care_cost` (cu per customer and year), `acquisition_cost` (cu per customer
    won by marketing), `prospects` (people a week who consider becoming customers, beside those who were told of the
    firm). `owner`: somebody named cares for the customer, so that whoever serves knows them.

    `patience` is how long a customer waits at a stage with `customer_waits` before giving up (None: for ever);
    `balk_at`: customers who would be number `balk_at` in that queue do not join it (0: all join).
    """

    share: float = 1.0
    priority: int = 0
    complexity: float = 1.0
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    expectations: Expectations = field(default_factory=Expectations)
    arrivals: Arrivals | None = None
    price: float = 300.0
    care_cost: float = 60.0
    acquisition_cost: float = 300.0
    prospects: float = 0.0
    owner: bool = False
    patience: Distribution | None = None
    balk_at: int = 0

    def __post_init__(self) -> None:
        not_negative(
            price=self.price,
            care_cost=self.care_cost,
            acquisition_cost=self.acquisition_cost,
            prospects=self.prospects,
        )
        whole(0, balk_at=self.balk_at)
        if self.patience is not None:
            positive(**{"patience.mean": self.patience.mean})
        positive(share=self.share, complexity=self.complexity)
        probability(share=self.share)
        whole(0, priority=self.priority)
        require_known("weights", self.weights, DIMENSIONS, "dimension")
        for name in DIMENSIONS:
            not_negative(**{f"weights.{name}": self.weights.get(name, 0.0)})
        total = sum(self.weights.values())
        require(abs(total - 1.0) < 1e-6, "weights", round(total, 6), "the weights of the dimensions must sum to 1")
