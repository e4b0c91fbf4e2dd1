"""Behavioural parameters that hold for the whole system, in the groups of model.md section 2.

Field names are unique over all groups: the plan copies them into one flat record.
Defaults are those of model.md with its evidence grades; every default without a source there is an assumption (A).
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.blueprint.checks import not_negative, one_of, positive, probability, within
from sim.invalid import require


@dataclass(frozen=True)
class Promise:
    """What is promised: a `level` of service (C, [0, 1]) and a `lead_time` (T*, h)."""

    level: float = 0.85
    lead_time: float = 24.0

    def __post_init__(self) -> None:
        probability(level=self.level)
        positive(lead_time=self.lead_time)


@dataclass(frozen=True)
class KnockOn:
    """How an error breeds others (2.6): `knock_on` (k) multiplies the rate once an undetected error is on the
    order (`latched`) or if the previous visit erred (`markov`). `frailty` (rho) is the intra-class correlation
    of an order's error rate over stages (beta-distributed). k = 1 is off; model.md's value beyond Layer 0 is 3."""

    knock_on: float = 1.0
    rule: str = "latched"
    frailty: float = 0.0

    def __post_init__(self) -> None:
        not_negative(knock_on=self.knock_on)
        one_of("latched", "markov", rule=self.rule)
        within(0.0, 0.99, frailty=self.frailty)


@dataclass(frozen=True)
class Information:
    """What lost information does (2.7): error factor 1 + `error_factor` (chi) x (1 - I); with chance 1 - I a
    clarification of `clarification_time` h and, across a border, a wait of mean `callback_delay` h."""

    error_factor: float = 1.0
    clarification_time: float = 0.25
    callback_delay: float = 4.0

    def __post_init__(self) -> None:
        not_negative(
            error_factor=self.error_factor,
            clarification_time=self.clarification_time,
            callback_delay=self.callback_delay,
        )


@dataclass(frozen=True)
class Rework:
    """Putting errors right (2.6): time = `rework_time` x service time x (1 + `per_stage` x stages travelled);
    it fails with `failure` (b). With `until_right` a failure is noticed and repeated."""

    rework_time: float = 1.0
    per_stage: float = 0.5
    failure: float = 0.05
    until_right: bool = False
    travel_delay: float = 2.0

    def __post_init__(self) -> None:
        not_negative(rework_time=self.rework_time, per_stage=self.per_stage, travel_delay=self.travel_delay)
        within(0.0, 0.95, failure=self.failure)


@dataclass(frozen=True)
class SkillEffects:
    """Skill acts on operator errors by exp(-`on_errors` (a - ref)) and on time by exp(-`on_time` (a - ref)) (2.5)."""

    reference_skill: float = 0.75
    on_errors: float = 2.4
    on_time: float = 0.5

    def __post_init__(self) -> None:
        probability(reference_skill=self.reference_skill)
        not_negative(on_errors=self.on_errors, on_time=self.on_time)


@dataclass(frozen=True)
class Perception:
    """From events to a perceived level (2.2, 2.3). Times in hours, everything else in [0, 1] unless said."""

    lateness: float = 0.5
    wait_half: float = 32.0
    wait_bias: float = 1.36
    error_on_assurance: float = 0.5
    empathy_base: float = 0.70
    empathy_morale: float = 0.5
    empathy_discretion: float = 0.10
    empathy_knowledge: float = 0.05
    tangibles_level: float = 0.80
    peak_weight: float = 0.2
    end_weight: float = 0.0
    halo: float = 0.25
    assimilation: float = 0.2
    disconfirmation: float = 0.4
    loss_aversion: float = 2.0
    recovery_paradox: float = 0.0

    def __post_init__(self) -> None:
        positive(wait_half=self.wait_half)
        not_negative(
            lateness=self.lateness,
            wait_bias=self.wait_bias,
            empathy_morale=self.empathy_morale,
            empathy_discretion=self.empathy_discretion,
            empathy_knowledge=self.empathy_knowledge,
            disconfirmation=self.disconfirmation,
            loss_aversion=self.loss_aversion,
            recovery_paradox=self.recovery_paradox,
        )
        probability(
            error_on_assurance=self.error_on_assurance,
            empathy_base=self.empathy_base,
            tangibles_level=self.tangibles_level,
            peak_weight=self.peak_weight,
            end_weight=self.end_weight,
            halo=self.halo,
            assimilation=self.assimilation,
        )
        probability(**{"peak_weight + end_weight": self.peak_weight + self.end_weight})


@dataclass(frozen=True)
class Recovery:
    """Failures seen by the customer, complaints, and what is put right (2.2.5). Delays in hours."""

    minor_severity: float = 0.15
    major_severity: float = 0.5
    major_share: float = 0.2
    surfacing: float = 0.5
    minor_complaint: float = 0.25
    major_complaint: float = 0.6
    recovery_offered: float = 0.7
    recovery_delay: float = 16.0
    on_the_spot_delay: float = 1.0
    recovered_damage: float = 0.8
    recovery_half_scale: float = 16.0
    repeat_penalty: float = 0.5
    memory: float = 1920.0

    def __post_init__(self) -> None:
        not_negative(
            minor_severity=self.minor_severity,
            major_severity=self.major_severity,
            recovery_delay=self.recovery_delay,
            on_the_spot_delay=self.on_the_spot_delay,
            memory=self.memory,
        )
        positive(recovery_half_scale=self.recovery_half_scale)
        probability(
            major_share=self.major_share,
            surfacing=self.surfacing,
            minor_complaint=self.minor_complaint,
            major_complaint=self.major_complaint,
            recovery_offered=self.recovery_offered,
            recovered_damage=self.recovered_damage,
            repeat_penalty=self.repeat_penalty,
        )


@dataclass(frozen=True)
class InternalService:
    """What an internal customer rates at a handoff (2.4): information, timeliness, freedom from error."""

    information_weight: float = 0.4
    on_time_weight: float = 0.3
    error_free_weight: float = 0.3
    internal_desired: float = 0.9
    internal_learning: float = 0.3

    def __post_init__(self) -> None:
        probability(
            information_weight=self.information_weight,
            on_time_weight=self.on_time_weight,
            error_free_weight=self.error_free_weight,
            internal_learning=self.internal_learning,
        )
        positive(internal_desired=self.internal_desired)
        probability(internal_desired=self.internal_desired)
        total = self.information_weight + self.on_time_weight + self.error_free_weight
        probability(**{"sum of the internal service weights": round(total, 9)})


@dataclass(frozen=True)
class Management:
    """What managers believe customers want (2.3, gaps 1 and 2): a survey of `survey_answers` answers that is
    `survey_lag` h old and off by `survey_bias`; they set the standard `standards_shortfall` below it."""

    survey_answers: int = 100
    survey_lag: float = 160.0
    survey_bias: float = 0.0
    standards_shortfall: float = 0.02

    def __post_init__(self) -> None:
        within(1, 1e6, survey_answers=self.survey_answers)
        not_negative(survey_lag=self.survey_lag)
        within(-1.0, 1.0, survey_bias=self.survey_bias, standards_shortfall=self.standards_shortfall)


@dataclass(frozen=True)
class Requirements:
    """Customers change what they want at rate `change_rate` (1/h) while an order is under way: where it has been
    configured already (`Stage.configures`), that stage has to do it again (model.md R22)."""

    change_rate: float = 0.0

    def __post_init__(self) -> None:
        within(0.0, 10.0, change_rate=self.change_rate)


@dataclass(frozen=True)
class Costs:
    """Prices in currency units (2.10). A one-off is spread over `investment_life` weeks. An hour of overtime costs
    `overtime_rate` wages; filling a seat again costs `replacement` (21 % of a year's pay: Boushey & Glynn 2012).

    `redelivery` is paid for an error complained of at delivery, `per_recovery` for every recovery made.

    `loss_at_limit` is the Taguchi loss of an order whose lead time equals the promise (2.9)."""

    wage: float = 25.0
    materials: float = 40.0
    complaint_hours: float = 0.5
    compensation: float = 30.0
    compensation_severity: float = 0.5
    redelivery: float = 0.0
    per_recovery: float = 0.0
    loss_at_limit: float = 30.0
    investment_life: float = 96.0
    overtime_rate: float = 1.5
    replacement: float = 10080.0

    def __post_init__(self) -> None:
        not_negative(
            wage=self.wage,
            materials=self.materials,
            complaint_hours=self.complaint_hours,
            compensation=self.compensation,
            redelivery=self.redelivery,
            per_recovery=self.per_recovery,
            loss_at_limit=self.loss_at_limit,
            overtime_rate=self.overtime_rate,
            replacement=self.replacement,
        )
        positive(compensation_severity=self.compensation_severity, investment_life=self.investment_life)


@dataclass(frozen=True)
class Horizon:
    """Clock of a run: orders placed in the `measured` hours after `warm_up` are followed to delivery.

    `grid` > 0 rounds every duration up to a multiple of it (a coarse clock; simultaneous events then abound).
    """

    warm_up: float = 160.0
    measured: float = 960.0
    grid: float = 0.0

    def __post_init__(self) -> None:
        not_negative(warm_up=self.warm_up, grid=self.grid)
        require(self.grid == 0 or self.grid >= 1e-6, "grid", self.grid, "must be 0 or at least 1e-6 h")
        positive(measured=self.measured)

    @property
    def end(self) -> float:
        return self.warm_up + self.measured
