"""The clock's ticks: what happens once a day (absence) and once a week (morale, turnover, groups, partners, books).

Weeks are counted from the end of the warm-up, days from time 0. A tick leaves requests for the engine: who is to leave
the line, and for how long.
"""

from __future__ import annotations

import math

from sim.draws import ABSENCE, IDEA, IDEA_USED, TURNOVER, uniform
from sim.kernel import kernel
from sim.model.calendar import shift_hours
from sim.model.improvement import review
from sim.model.ledger import count_customers, settle, week_now
from sim.model.lookup import member_now, rules_now
from sim.model.relationship import take_stock
from sim.model.staff import (
    absence_chance,
    leaving_rate,
    morale_level,
    morale_target,
    service_skill_level,
    skill_level,
)
from sim.model.supply import review_partnerships
from sim.model.word_of_mouth import ask
from sim.tables import (
    ABSENT,
    ASK_LEAVE,
    ASK_LEAVE_UNTIL,
    ASK_VACATE,
    OFF_LINE,
    VACANT,
    members,
    run,
    stage_state,
    weeks,
)

_LOG_MEMORY = 12.0  # weeks over which the error log forgets (A)
_DAYS = 5  # sessions of a week are spread over so many days, so that a pool is not emptied at once


@kernel
def open_week(world, now):  # type: ignore[no-untyped-def]
    """Begin a new row of the weekly books."""
    state = run(world, 0)
    week = weeks(world, state.weeks)
    state.weeks += 1
    week.began = now
    week.ended = math.nan
    week.measured = 1 if state.warm_up - 1e-6 <= now < state.end else 0  # weeks are counted from the warm-up's end


@kernel
def close_week(world, now):  # type: ignore[no-untyped-def]
    """Write down what stands at the end of the week."""
    state = run(world, 0)
    rule = rules_now(world)
    for segment in range(state.n_segments):
        count_customers(world, segment, 0, now)
    week = week_now(world)
    week.ended = now
    week.in_system = state.in_system
    week.active = state.active
    week.equity, week.stay, week.regard = take_stock(world, rule)
    if state.active > 0:
        week.stay /= state.active
        week.regard /= state.active
    for index in range(state.n_staff):
        plan = member_now(world, index)
        member = members(world, index)
        if plan.pool >= 0 and member.status != VACANT:
            week.staffed += 1
            week.skill += skill_level(plan, member)
            week.service_skill += service_skill_level(plan, member)
            week.morale += morale_level(plan, member)
            week.load += member.week_busy / member.week_here if member.week_here > 0.0 else 0.0
    if week.staffed > 0:
        week.skill /= week.staffed
        week.service_skill /= week.staffed
        week.morale /= week.staffed
        week.load /= week.staffed


@kernel
def _group_ideas(world, member_index, plan, member, rule, now):  # type: ignore[no-untyped-def]
    """Ideas of the week's group hours; one that is taken up improves the stage that seems to err most."""
    if member.in_groups > 0.0 and rule.idea_yield > 0.0:
        state = run(world, 0)
        tenure = 1.0
        if rule.idea_tenure > 0.0:
            tenure = 1.0 - math.exp(-(now - member.joined) / rule.idea_tenure)
        chance = 1.0 - math.exp(-rule.idea_yield * member.in_groups * member.voice * tenure)
        if uniform(member.key, 0, state.weeks, IDEA, 0) < chance:
            week = week_now(world)
            week.ideas += 1
            if uniform(member.key, 0, state.weeks, IDEA_USED, 0) < rule.follow_up:
                week.ideas_used += 1
                stage_state(world, worst_stage(world)).error_factor *= rule.idea_effect
    heard = 1.0 if rule.follow_up >= rule.voice_floor else rule.follow_up / rule.voice_floor
    member.voice += (heard - member.voice) / 8.0


@kernel
def worst_stage(world):  # type: ignore[no-untyped-def]
    """The stage with the most noticed errors of late, as the error log shows them."""
    worst = 0
    for stage in range(run(world, 0).n_stages):
        if stage_state(world, stage).noticed > stage_state(world, worst).noticed:
            worst = stage
    return worst


@kernel
def _week_of_member(world, index, rule, now):  # type: ignore[no-untyped-def]
    """Morale, ideas, leaving, and the meetings of the week to come."""
    state = run(world, 0)
    plan = member_now(world, index)
    member = members(world, index)
    if plan.pool < 0 or member.status == VACANT:
        member.in_groups = 0.0
        return
    if rule.morale_weeks > 0.0:
        gap = rule.follow_up - rule.staff_promise if plan.group_hours > 0.0 else 0.0
        member.mood += (morale_target(plan, member, gap, rule) - member.mood) / rule.morale_weeks
    _group_ideas(world, index, plan, member, rule, now)
    busy = member.week_busy / member.week_here if member.week_here > 0.0 else 0.0
    member.in_groups = 0.0
    if rule.turnover > 0.0:
        rate = leaving_rate(morale_level(plan, member), rule) * rule.week / rule.year
        if uniform(member.key, member.person, state.weeks, TURNOVER, 0) < 1.0 - math.exp(-rate):
            week = week_now(world)
            week.leavers += 1
            week.replacement += rule.replacement
            member.leavers += 1
            ask(world, ASK_VACATE, index, VACANT, 0.0, rule.vacancy)
            return
    hours = plan.coordination_hours
    if plan.group_hours > 0.0 and busy <= rule.participation_limit:
        member.in_groups = plan.group_hours
        hours += plan.group_hours
    if hours > 0.0:
        ask(world, ASK_LEAVE, index, OFF_LINE, (index % _DAYS) * rule.week / _DAYS, hours)


@kernel
def _begin_week(member):  # type: ignore[no-untyped-def]
    """A member's sums of the week start afresh."""
    member.week_busy = 0.0
    member.week_here = 0.0
    member.ratings = 0.0
    member.rated = 0.0


@kernel
def tick(world, now):  # type: ignore[no-untyped-def]
    """What the clock brings at `now`; returns the hours until the next tick, or -1 after the last."""
    state = run(world, 0)
    rule = rules_now(world)
    for index in range(state.n_staff):
        settle(world, index, now)
    if now >= state.end:
        close_week(world, now)
        open_week(world, now)
        state.closed = 1
        return -1.0
    if now >= state.next_week:
        state.next_week += rule.week
        close_week(world, now)
        open_week(world, now)
        if state.staff_on == 1:
            for index in range(state.n_staff):
                _week_of_member(world, index, rule, now)
        for index in range(state.n_staff):
            _begin_week(members(world, index))
        review_partnerships(world, now)
        fading = math.exp(-1.0 / _LOG_MEMORY)
        for stage in range(state.n_stages):
            stage_state(world, stage).noticed *= fading
        review(world, rule, now)
    if now >= state.next_day:
        state.next_day += rule.day
        state.days += 1
        if rule.absence > 0.0 and state.staff_on == 1:
            for index in range(state.n_staff):
                plan = member_now(world, index)
                member = members(world, index)
                if plan.pool >= 0 and member.status != VACANT:
                    chance = absence_chance(morale_level(plan, member), rule)
                    due = shift_hours(world, index, now, rule.day)
                    if due > 0.0 and uniform(member.key, 0, state.days, ABSENCE, 0) < chance:
                        ask(world, ASK_LEAVE_UNTIL, index, ABSENT, rule.day, due)
    upcoming = min(state.next_week, state.end)
    if state.staff_on == 1:
        upcoming = min(upcoming, state.next_day)
    return upcoming - now
