"""A stage of the service delivery system and what can go wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.blueprint.checks import not_negative, positive, probability, within
from sim.blueprint.distribution import Distribution
from sim.invalid import require


@dataclass(frozen=True)
class ErrorRate:
    """How often a visit errs at reference conditions (model.md 2.6).

    `p` is the chance per visit; `operator_share` (psi) is the part that skill acts on, the rest belongs to the
    system; `fail_safe` (fs) removes that share of all errors; `visible_share` (v) of the errors that the
    self-check misses are seen by the customer on the spot.
    """

    p: float = 0.01
    operator_share: float = 0.2
    fail_safe: float = 0.0
    visible_share: float = 0.0

    def __post_init__(self) -> None:
        probability(
            p=self.p, operator_share=self.operator_share, fail_safe=self.fail_safe, visible_share=self.visible_share
        )

    @property
    def system_part(self) -> float:
        return (1.0 - self.operator_share) * self.p

    @property
    def operator_part(self) -> float:
        return self.operator_share * self.p

    def from_parts(self, system: float, operator: float) -> ErrorRate:
        """The same rate with its two parts replaced; their sum is capped at 1."""
        p = min(1.0, system + operator)
        share = operator / (system + operator) if system + operator > 0 else self.operator_share
        return ErrorRate(p, min(1.0, share), self.fail_safe, self.visible_share)


@dataclass(frozen=True)
class Check:
    """A look for errors: `detection` is the chance to find one that is there, `false_alarm` to see one that is not."""

    detection: float = 0.0
    false_alarm: float = 0.0

    def __post_init__(self) -> None:
        probability(detection=self.detection, false_alarm=self.false_alarm)


@dataclass(frozen=True)
class SpecialCause:
    """A stage drifts out of control at `rate` per hour, then errs `factor` times as often for `mean_out` hours."""

    rate: float = 0.0
    factor: float = 5.0
    mean_out: float = 80.0

    def __post_init__(self) -> None:
        within(0.0, 10.0, rate=self.rate)
        not_negative(factor=self.factor)
        within(0.01, 1e9, mean_out=self.mean_out)


@dataclass(frozen=True)
class Stage:
    """One step of the blueprint.

    `function` is the department that owns it (a handoff between functions is a border), `pool` the staff pool
    that serves it. `onstage` stages lie before the line of visibility; at a `moment_of_truth` the customer
    forms a momentary perception. `incoming_check` is made by the receiver on work done upstream, `self_check`
    on the stage's own error, `inspection` on everything that is still open when the visit ends. `extra_time`
    (h per visit) is spent on checking and charged as appraisal. `internal_standard` (h from arrival at this
    stage to arrival at the next) defines "on time" for the internal customer; 0 means three mean service times.
    `appraisal` marks a stage that only inspects.

    `supplier` names the supplier of the stage's input (ordered when the order is handed over to the stage).
    `teams` lists parallel pools instead of `pool`: each customer belongs to one of them. `customer_waits`: the
    customer waits on the spot and may give up (see `Segment.patience`). `configures`: the order gets its final form
    here. `tampering`: after every visit the pace is adjusted by the deviation just seen (Deming's funnel, rule 2).
    """

    pool: str
    function: str = "service"
    service: Distribution = field(default_factory=lambda: Distribution("exponential", 0.6))
    error: ErrorRate = field(default_factory=ErrorRate)
    onstage: bool = False
    moment_of_truth: bool = False
    self_check: Check = field(default_factory=Check)
    incoming_check: Check = field(default_factory=Check)
    inspection: Check = field(default_factory=Check)
    special_cause: SpecialCause = field(default_factory=SpecialCause)
    extra_time: float = 0.0
    internal_standard: float = 0.0
    appraisal: bool = False
    supplier: str = ""
    teams: tuple[str, ...] = ()
    customer_waits: bool = False
    configures: bool = False
    tampering: bool = False

    @property
    def pools(self) -> tuple[str, ...]:
        """The pools that serve the stage, by team; one where there are no teams."""
        return self.teams or (self.pool,)

    def __post_init__(self) -> None:
        positive(**{"service.mean": self.service.mean})
        not_negative(extra_time=self.extra_time, internal_standard=self.internal_standard)
        require(
            self.onstage or not self.moment_of_truth,
            "moment_of_truth",
            self.moment_of_truth,
            "only an onstage stage can be a moment of truth (set onstage: true)",
        )
