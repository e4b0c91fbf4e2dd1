"""Management that measures and acts, and management that meddles (model.md section 4, claims C14 and E10)."""

from __future__ import annotations

from dataclasses import replace

from scenarios.interventions.edits import change_stages, spend
from scenarios.interventions.registry import InForce, intervention
from sim.blueprint import Blueprint
from sim.invalid import require


@intervention()
def continuous_improvement(
    blueprint: Blueprint,
    now: InForce,
    *,
    cycle_weeks: float = 4.0,
    choose_by: str = "survey",
    answers: float = 100.0,
    survey_delay: float = 1.0,
    answer_noise: float = 0.0,
    trial_success: float = 0.5,
    trial_effect: float = 0.85,
    check_jobs: float = 200.0,
    team_hours: float = 40.0,
    per_week: float = 0.0,
) -> Blueprint:
    """Plan, do, check, act, inside the run: every `cycle_weeks` management measures, chooses where to work, tries,
    checks on `check_jobs` jobs and keeps what looks better (see `sim.blueprint.Improvement`).

    `choose_by`: survey, error_log, opinion or chance. A trial succeeds with chance `trial_success` x strength. It costs
    `team_hours` of the people concerned a cycle; it looks at the whole system, whatever its scope.
    """
    require(cycle_weeks >= 1, "cycle_weeks", cycle_weeks, "must be a whole number of weeks, at least 1")
    require(0 <= trial_success <= 1, "trial_success", trial_success, "must be a number from 0 to 1")
    b = spend(blueprint, "continuous improvement", now.start, per_week=per_week)
    loop = replace(
        b.improvement,
        cycle_weeks=cycle_weeks,
        choose_by=choose_by,
        answers=answers,
        survey_delay=survey_delay,
        answer_noise=answer_noise,
        trial_success=trial_success * now.strength,
        trial_effect=trial_effect,
        check_jobs=check_jobs,
        team_hours=team_hours,
    )
    return replace(b, improvement=loop) if now.has_begun else b


@intervention()
def tampering(blueprint: Blueprint, now: InForce) -> Blueprint:
    """Negative control: after every visit the pace is corrected by the deviation just seen, as if it were more than
    chance. In a process under control that doubles the variance (Deming's funnel, rule 2). It is done or not, whatever
    the strength, and costs nothing but what it does."""
    if not now.has_begun:
        return blueprint
    return change_stages(blueprint, now.stages, lambda s: replace(s, tampering=True))
