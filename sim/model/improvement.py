"""Management's plan-do-check-act loop inside the run (model.md section 4 continuous_improvement, C14).

Every few weeks: end the trial that is on (keep it if its check looks better, standardise; else undo it), then measure,
choose where to work, and try. What a survey complains of leads to a lever: reliability to the errors of the stage that
seems to err most, responsiveness to the time of the stage where orders wait longest, assurance to the errors of the
moment of truth that seems to err most (all A). Empathy and tangibles have no lever here - errors, times and information
are in neither's equation - so management acts on the largest gap among the other three.
"""

from __future__ import annotations

import math

from sim.draws import ANSWERS, CHOICE, OPINION, TRIAL_WORKS, normal_quantile, uniform
from sim.kernel import kernel
from sim.model.lookup import edge_now, member_now, stage_now
from sim.model.word_of_mouth import ask
from sim.tables import (
    ASK_LEAVE,
    DELIVERED_STAGE,
    LEVER_ERRORS,
    LEVER_INFORMATION,
    LEVER_NONE,
    LEVER_TIME,
    OFF_LINE,
    VACANT,
    edge_state,
    loop,
    members,
    reviews,
    run,
    stage_state,
    weeks,
)

BY_SURVEY, BY_ERROR_LOG, BY_OPINION, BY_CHANCE = range(4)  # in the order of IMPROVEMENT_TARGETS
_RELIABILITY, _RESPONSIVENESS, _ASSURANCE, _EMPATHY = range(4)


@kernel
def _largest_gap(world, rule, cycle):  # type: ignore[no-untyped-def]
    """The dimension with the largest shortfall in a survey of the customers of some weeks back; -1 for none."""
    state = run(world, 0)
    last = state.weeks - 2 - int(rule.survey_delay)  # the last row is the week that has just begun
    first = max(0, last - int(rule.cycle_weeks) + 1)
    worst, largest = -1, -math.inf
    for d in range(_EMPATHY):  # those that have a lever
        count, total, square = 0.0, 0.0, 0.0
        for index in range(first, last + 1):
            week = weeks(world, index)
            count += week.judged
            total += week.shortfall[d]
            square += week.shortfall_square[d]
        if count > 0.0:
            level = total / count
            spread = max(0.0, square / count - level * level) + rule.answer_noise * rule.answer_noise
            error = normal_quantile(uniform(loop(world, 0).key, cycle, 0, ANSWERS, d))
            estimate = level + error * math.sqrt(spread / min(rule.answers, count))
            if estimate > largest:
                worst, largest = d, estimate
    return worst


@kernel
def _most_noticed(world, onstage_only):  # type: ignore[no-untyped-def]
    """The (moment of truth) stage that the error log blames most."""
    worst = -1
    for stage in range(run(world, 0).n_stages):
        asked = not onstage_only or stage_now(world, stage).moment == 1
        if asked and (worst < 0 or stage_state(world, stage).noticed > stage_state(world, worst).noticed):
            worst = stage
    return max(0, worst)


@kernel
def _longest_wait(world):  # type: ignore[no-untyped-def]
    """The stage where orders have waited most since the run began."""
    worst = 0
    for stage in range(run(world, 0).n_stages):
        if stage_state(world, stage).waited > stage_state(world, worst).waited:
            worst = stage
    return worst


@kernel
def _any_handoff(world, u):  # type: ignore[no-untyped-def]
    """The handoff between stages that the uniform number `u` picks (delivery is none); -1 where there is none."""
    count = 0
    for edge in range(run(world, 0).n_edges):
        count += 1 if edge_now(world, edge).target != DELIVERED_STAGE else 0
    left = int(u * count)
    for edge in range(run(world, 0).n_edges):
        if edge_now(world, edge).target != DELIVERED_STAGE:
            if left == 0:
                return edge
            left -= 1
    return -1


@kernel
def _choose(world, rule, cycle):  # type: ignore[no-untyped-def]
    """(dimension or -1, lever, stage or handoff) to work on in this cycle."""
    state = run(world, 0)
    key = loop(world, 0).key
    if rule.choose_by == BY_ERROR_LOG:
        return -1, LEVER_ERRORS, _most_noticed(world, False)
    if rule.choose_by == BY_OPINION:  # one conviction for the whole run
        return -1, LEVER_ERRORS, int(uniform(key, 0, 0, OPINION, 0) * state.n_stages)
    if rule.choose_by == BY_CHANCE:
        lever = 1 + int(uniform(key, cycle, 0, CHOICE, 0) * 3)
        u = uniform(key, cycle, 0, CHOICE, 1)
        if lever == LEVER_INFORMATION:
            edge = _any_handoff(world, u)
            return -1, lever if edge >= 0 else LEVER_NONE, max(0, edge)
        return -1, lever, int(u * state.n_stages)
    dimension = _largest_gap(world, rule, cycle)
    if dimension == _RELIABILITY:
        return dimension, LEVER_ERRORS, _most_noticed(world, False)
    if dimension == _RESPONSIVENESS:
        return dimension, LEVER_TIME, _longest_wait(world)
    if dimension == _ASSURANCE:
        return dimension, LEVER_ERRORS, _most_noticed(world, True)
    return dimension, LEVER_NONE, 0


@kernel
def _mark(world):  # type: ignore[no-untyped-def]
    """Note the counters of every element, so that what comes after can be told from what was before."""
    state = run(world, 0)
    for index in range(state.n_stages):
        stage = stage_state(world, index)
        stage.marked_jobs = stage.jobs
        stage.marked_erred = stage.erred
        stage.marked_hours = stage.hours
    for index in range(state.n_edges):
        edge = edge_state(world, index)
        edge.marked_passed = edge.passed
        edge.marked_kept = edge.kept


@kernel
def _level(world, lever, place):  # type: ignore[no-untyped-def]
    """(jobs, level) of an element since the mark: errors or hours a job, or information lost; NaN without jobs."""
    if lever == LEVER_INFORMATION:
        edge = edge_state(world, place)
        jobs = edge.passed - edge.marked_passed
        amount = jobs - (edge.kept - edge.marked_kept)
    else:
        stage = stage_state(world, place)
        jobs = stage.jobs - stage.marked_jobs
        amount = stage.erred - stage.marked_erred
        if lever == LEVER_TIME:
            amount = stage.hours - stage.marked_hours
    return jobs, amount / jobs if jobs > 0.0 else math.nan


@kernel
def _apply(world, lever, place, factor):  # type: ignore[no-untyped-def]
    if lever == LEVER_ERRORS:
        stage_state(world, place).error_factor *= factor
    elif lever == LEVER_TIME:
        stage_state(world, place).time_factor *= factor
    elif lever == LEVER_INFORMATION:
        edge_state(world, place).loss_factor *= factor


@kernel
def _check_trial(world, rule, now):  # type: ignore[no-untyped-def]
    """Keep what looks better than before, undo the rest. True when the trial is over.

    A trial with too few jobs goes on, unless no work comes there any more (a stage that was merged away, say).
    """
    state = loop(world, 0)
    row = reviews(world, state.review)
    jobs, after = _level(world, state.lever, state.place)
    stalled = jobs == row.checked and now - row.time >= rule.cycle_weeks * rule.week
    row.checked = jobs
    enough = jobs >= rule.check_jobs
    if not enough and not stalled:
        return False
    row.after = after
    row.ended = now
    row.kept = 1 if enough and after < state.before else 0
    if row.kept == 0:
        _apply(world, state.lever, state.place, 1.0 / state.factor)
    state.trying = 0
    return True


@kernel
def _send_team(world, rule, lever, place):  # type: ignore[no-untyped-def]
    """The members who work at the element share the team's hours."""
    stage = edge_now(world, place).source if lever == LEVER_INFORMATION else place
    crew = stage_now(world, stage).pool  # of teams the first
    size = 0
    for index in range(run(world, 0).n_staff):
        size += 1 if member_now(world, index).crew == crew else 0
    for index in range(run(world, 0).n_staff):
        if member_now(world, index).crew == crew and members(world, index).status != VACANT:
            ask(world, ASK_LEAVE, index, OFF_LINE, (index % 5) * rule.week / 5.0, rule.team_hours / size)


@kernel
def review(world, rule, now):  # type: ignore[no-untyped-def]
    """A week's turn of the loop."""
    run_state = run(world, 0)
    state = loop(world, 0)
    if rule.cycle_weeks <= 0.0 or now < run_state.warm_up:
        return
    if state.trying == 1 and not _check_trial(world, rule, now):
        return
    weeks_on = int((now - run_state.warm_up) / rule.week + 0.5)
    if weeks_on % int(rule.cycle_weeks) != 0:
        return
    state.cycle += 1
    dimension, lever, place = _choose(world, rule, state.cycle)
    row = reviews(world, run_state.reviews)
    row.time = now
    row.choose_by = int(rule.choose_by)
    row.dimension = dimension
    row.lever = lever
    row.place = place
    row.works = 0
    row.before = math.nan
    row.after = math.nan
    row.checked = 0.0
    row.ended = math.nan
    row.kept = -1
    if lever != LEVER_NONE:
        _, state.before = _level(world, lever, place)  # of the cycle that is over
        row.before = state.before
        row.works = 1 if uniform(state.key, state.cycle, 0, TRIAL_WORKS, 0) < rule.trial_success else 0
        state.factor = rule.trial_effect if row.works == 1 else 1.0
        state.lever = lever
        state.place = place
        state.review = run_state.reviews
        state.trying = 1
        _apply(world, lever, place, state.factor)
        _send_team(world, rule, lever, place)
    _mark(world)
    run_state.reviews += 1
