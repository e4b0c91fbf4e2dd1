"""How customers stay, talk and come (model.md 2.8). Field names are unique over all rule groups."""

from __future__ import annotations

from dataclasses import dataclass

from sim.blueprint.checks import not_negative, one_of, probability, within

RETENTION_RULES = ("keep", "adequate", "desired", "step")


@dataclass(frozen=True)
class Relationship:
    """Cumulative satisfaction CS, staying, and buying more.

    CS closes the share `satisfaction_learning` of its distance to each experience. A customer stays a year with
    chance r = logistic(`retention_base` + `retention_slope` (CS - anchor) + `switching_cost`): anchor adequate level
    (`rule: adequate`) or desired level (`desired`); `step`: `stay_above` where CS >= adequate, else `stay_below`;
    `keep`: everybody stays. After each order the customer stays with chance r ** (1 / orders a year). Intervals
    between orders shrink by 1 + `purchase_effect` (CS - `purchase_level`). An order given up while waiting counts as
    an experience of `abandoned_satisfaction` (A). New customers' CS starts at what they predict, moved by
    `starting_shift` (of everybody who comes while it is in force). `discount` a year is used for lifetime value.
    """

    rule: str = "adequate"
    satisfaction_learning: float = 0.3
    retention_base: float = 0.0
    retention_slope: float = 14.6
    switching_cost: float = 0.0
    stay_above: float = 0.9
    stay_below: float = 0.5
    purchase_effect: float = 0.5
    purchase_level: float = 0.8
    abandoned_satisfaction: float = 0.3
    starting_shift: float = 0.0
    discount: float = 0.10

    def __post_init__(self) -> None:
        one_of(*RETENTION_RULES, rule=self.rule)
        probability(
            satisfaction_learning=self.satisfaction_learning,
            stay_above=self.stay_above,
            stay_below=self.stay_below,
            purchase_level=self.purchase_level,
            abandoned_satisfaction=self.abandoned_satisfaction,
        )
        within(-20.0, 20.0, retention_base=self.retention_base, switching_cost=self.switching_cost)
        within(-1.0, 1.0, starting_shift=self.starting_shift)
        within(0.0, 2.0, purchase_effect=self.purchase_effect)
        within(0.001, 1.0, discount=self.discount)
        not_negative(retention_slope=self.retention_slope)


@dataclass(frozen=True)
class WordOfMouth:
    """After an order a customer talks with chance `talk`: to `positive_hearers` if perceived >= predicted and adequate,
    to `negative_hearers` if perceived < adequate, else not at all. A hearer is a prospect with chance `prospect`, who
    decides after `referral_delay` h on average; prospects try with logistic(`trial_base` + `trial_slope` (predicted -
    norm)). Messages move what others hear of the firm with weight `message_weight` each (A).
    """

    talk: float = 0.3
    positive_hearers: float = 5.0
    negative_hearers: float = 10.0
    prospect: float = 0.005
    referral_delay: float = 80.0
    trial_base: float = 0.0
    trial_slope: float = 6.0
    message_weight: float = 0.01

    def __post_init__(self) -> None:
        probability(talk=self.talk, prospect=self.prospect, message_weight=self.message_weight)
        within(0.0, 50.0, positive_hearers=self.positive_hearers, negative_hearers=self.negative_hearers)
        not_negative(referral_delay=self.referral_delay, trial_slope=self.trial_slope)
        within(-20.0, 20.0, trial_base=self.trial_base)
