"""How staff live (model.md 2.5): practice, load, morale, attendance, participation, knowledge of customers.

Field names are unique over all rule groups. Defaults are those of model.md with its grades; sources stand there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.blueprint.checks import not_negative, one_of, positive, probability, within
from sim.invalid import require


@dataclass(frozen=True)
class Practice:
    """Skill moves around the level of the blueprint by practice and disuse.

    After each job it closes the share `learning_rate` of its distance to level + `headroom`; per idle working hour (of
    1 920 a year; on a clock with a longer year the rate is smaller) it loses the share `forgetting` of its height over
    level - `disuse_loss` (half-life 6.5 months: Tatel & Ackerman 2025). Newcomers start at `newcomer_skill` (technical
    and service), raised by `induction_gain`, after `induction_hours` off the line. `headroom` is set so that practice
    and disuse balance near the level itself (A).
    """

    learning_rate: float = 0.002
    headroom: float = 0.02
    disuse_loss: float = 0.25
    forgetting: float = 6.7e-4
    newcomer_skill: float = 0.55
    induction_hours: float = 0.0
    induction_gain: float = 0.0

    def __post_init__(self) -> None:
        probability(
            learning_rate=self.learning_rate,
            headroom=self.headroom,
            disuse_loss=self.disuse_loss,
            forgetting=self.forgetting,
            newcomer_skill=self.newcomer_skill,
            induction_gain=self.induction_gain,
        )
        not_negative(induction_hours=self.induction_hours)


@dataclass(frozen=True)
class Load:
    """What a member's own utilisation u does (exponentially weighted over `load_time` h, plus the pool's `pressure`).

    Time: x max(`fastest`, 1 - `speed_up` (u - `usual_load`)) (1 + `slow_down` O), O the excess of u over
    `overload_from`, weighted over `overwork_time` h. Operator errors: x 1 + `tipping` once u has passed
    `tipping_from` by `tipping_width`. Empathy: - `empathy_load` x excess. (KC & Terwiesch 2009; Kuntz et al. 2015.)
    """

    load_time: float = 4.0
    overwork_time: float = 80.0
    usual_load: float = 0.75
    overload_from: float = 0.85
    speed_up: float = 0.2
    fastest: float = 0.7
    slow_down: float = 1.0
    tipping_from: float = 0.925
    tipping_width: float = 0.05
    tipping: float = 0.167
    empathy_load: float = 1.0

    def __post_init__(self) -> None:
        positive(load_time=self.load_time, overwork_time=self.overwork_time, tipping_width=self.tipping_width)
        require(
            self.load_time != self.overwork_time, "overwork_time", self.overwork_time, "must differ from load_time"
        )
        probability(usual_load=self.usual_load, overload_from=self.overload_from, tipping_from=self.tipping_from)
        require(self.overload_from < 1, "overload_from", self.overload_from, "must be below 1")
        not_negative(
            speed_up=self.speed_up,
            fastest=self.fastest,
            slow_down=self.slow_down,
            tipping=self.tipping,
            empathy_load=self.empathy_load,
        )


@dataclass(frozen=True)
class Morale:
    """Morale moves every week by 1/`morale_weeks` of its distance to a target (0 weeks: it stays).

    Target = level of the blueprint + involvement, discretion, - overload of the week, + internal service quality
    received, + (follow-up on ideas - `staff_promise`), each with its weight. `starting_mood` is everybody's distance
    from the blueprint's level at time 0.
    """

    morale_weeks: float = 8.0
    involvement_on_morale: float = 0.12
    discretion_on_morale: float = 0.08
    overload_on_morale: float = 0.8
    internal_on_morale: float = 0.2
    follow_up_on_morale: float = 0.05
    staff_promise: float = 0.8
    starting_mood: float = 0.0

    def __post_init__(self) -> None:
        not_negative(
            morale_weeks=self.morale_weeks,
            involvement_on_morale=self.involvement_on_morale,
            discretion_on_morale=self.discretion_on_morale,
            overload_on_morale=self.overload_on_morale,
            internal_on_morale=self.internal_on_morale,
            follow_up_on_morale=self.follow_up_on_morale,
        )
        ok = self.morale_weeks == 0 or self.morale_weeks >= 1
        require(ok, "morale_weeks", self.morale_weeks, "must be 0 or at least 1")
        probability(staff_promise=self.staff_promise)
        within(-1.0, 1.0, starting_mood=self.starting_mood)


@dataclass(frozen=True)
class Attendance:
    """Absence a day: `absence` x exp(-`absence_morale` (m - 0.6)). Leaving: `turnover` a year x exp(-`turnover_morale`
    (m - 0.6)), asked once a week; the seat stays empty (unpaid) for `vacancy` h (A), then a newcomer takes it."""

    absence: float = 0.03
    absence_morale: float = 0.6
    turnover: float = 0.20
    turnover_morale: float = 2.0
    vacancy: float = 80.0

    def __post_init__(self) -> None:
        probability(absence=self.absence)
        not_negative(
            absence_morale=self.absence_morale,
            turnover=self.turnover,
            turnover_morale=self.turnover_morale,
            vacancy=self.vacancy,
        )


@dataclass(frozen=True)
class Participation:
    """Problem-solving groups: an hour in a group has an idea at rate `idea_yield` (less for newcomers: tenure counts
    with time constant `idea_tenure` working hours). The share `follow_up` of ideas is taken up; each multiplies the
    system errors by `idea_effect` at the stage that seems to err most. Voice falls where follow-up is below
    `voice_floor`. A member whose week was busier than `participation_limit` has no time to come."""

    idea_yield: float = 0.02
    idea_effect: float = 0.95
    idea_tenure: float = 960.0
    follow_up: float = 0.8
    voice_floor: float = 0.5
    participation_limit: float = 0.95

    def __post_init__(self) -> None:
        not_negative(idea_yield=self.idea_yield, idea_tenure=self.idea_tenure)
        probability(
            idea_effect=self.idea_effect,
            follow_up=self.follow_up,
            voice_floor=self.voice_floor,
            participation_limit=self.participation_limit,
        )


@dataclass(frozen=True)
class Knowledge:
    """Who knows the customer (K_jc): the person who met them last at the stage's function with chance `personal`; the
    shared file, after each contact with chance `shared` (K_share). A person who leaves takes theirs along."""

    personal: float = 1.0
    shared: float = 0.3

    def __post_init__(self) -> None:
        probability(personal=self.personal, shared=self.shared)


IMPROVEMENT_TARGETS = ("survey", "error_log", "opinion", "chance")


@dataclass(frozen=True)
class Improvement:
    """The plan-do-check-act loop of management (model.md 4, continuous_improvement); 0 `cycle_weeks` is off.

    Every cycle: measure, choose (`choose_by`), try (succeeds with `trial_success`: errors, time or information loss of
    that element x `trial_effect`), check on `check_jobs` jobs, keep what looks better. A survey asks `answers`
    customers about the weeks up to `survey_delay` weeks ago, with answer noise of sd `answer_noise`. The team of the
    element spends `team_hours` h a cycle.
    """

    cycle_weeks: float = 0.0
    choose_by: str = "survey"
    answers: float = 100.0
    survey_delay: float = 1.0
    answer_noise: float = 0.0
    trial_success: float = 0.5
    trial_effect: float = 0.85
    check_jobs: float = 200.0
    team_hours: float = 40.0

    def __post_init__(self) -> None:
        not_negative(
            cycle_weeks=self.cycle_weeks,
            survey_delay=self.survey_delay,
            answer_noise=self.answer_noise,
            team_hours=self.team_hours,
        )
        whole_weeks = self.cycle_weeks == int(self.cycle_weeks) and self.survey_delay == int(self.survey_delay)
        require(whole_weeks, "cycle_weeks", self.cycle_weeks, "cycle_weeks and survey_delay must be whole weeks")
        one_of(*IMPROVEMENT_TARGETS, choose_by=self.choose_by)
        positive(answers=self.answers, check_jobs=self.check_jobs, trial_effect=self.trial_effect)
        probability(trial_success=self.trial_success)
