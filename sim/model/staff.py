"""Staff as people: practice and disuse, load, morale (model.md 2.5).

Skills and morale are kept as deviations from the level that the blueprint gives a member, so with the mechanism off
they stay exactly there, and a scenario that changes the level moves everybody along.
"""

from __future__ import annotations

import math

from sim.kernel import kernel


@kernel
def skill_level(plan, member):  # type: ignore[no-untyped-def]
    """Technical skill in use: level, practice, and what training adds at present to those who were there."""
    gain = plan.gain if member.joined < plan.trained_at else 0.0
    return min(1.0, max(0.0, plan.skill + member.technical) + gain)


@kernel
def service_skill_level(plan, member):  # type: ignore[no-untyped-def]
    """Service skill in use."""
    gain = plan.service_gain if member.joined < plan.trained_at else 0.0
    return min(1.0, max(0.0, plan.service_skill + member.service) + gain)


@kernel
def morale_level(plan, member):  # type: ignore[no-untyped-def]
    """Morale now."""
    return min(1.0, max(0.0, plan.morale + member.mood + plan.boost))


@kernel
def after_disuse(offset, kept, rule):  # type: ignore[no-untyped-def]
    """A skill's deviation after idle hours: of its height over the floor a share is `kept`."""
    height = offset + rule.disuse_loss
    return height * kept - rule.disuse_loss if height > 0.0 else offset


@kernel
def after_job(offset, rule):  # type: ignore[no-untyped-def]
    """A skill's deviation after one more job: a share of the distance to the ceiling is learned."""
    return offset + rule.learning_rate * max(0.0, rule.headroom - offset)


@kernel
def forget(member, rule, now):  # type: ignore[no-untyped-def]
    """What disuse since the last job has cost."""
    hours = now - member.idle_from
    member.idle_from = now
    if hours > 0.0 and rule.forgetting > 0.0:
        kept = math.exp(-rule.forgetting * hours)
        member.technical = after_disuse(member.technical, kept, rule)
        member.service = after_disuse(member.service, kept, rule)


@kernel
def practise(member, rule, now):  # type: ignore[no-untyped-def]
    """One more job done."""
    member.technical = after_job(member.technical, rule)
    member.service = after_job(member.service, rule)
    member.idle_from = now


@kernel
def _excess(level, start, begin, end, hours, faded, calmed, rule):  # type: ignore[no-untyped-def]
    """Integral over [begin, end] of (u(s) - overload_from) exp(-(hours - s) / T) / T, where u(s) = level + start
    exp(-s / tau). `faded` is exp(-hours / T), `calmed` exp(-hours / tau); where the period begins or ends within the
    hours, u crosses overload_from, so exp(-s / tau) is known there."""
    tau, span = rule.load_time, rule.overwork_time
    rate = 1.0 / span - 1.0 / tau
    late, at_end = 1.0, calmed
    if end < hours:
        late = math.exp(-(hours - end) / span)
        at_end = late * (rule.overload_from - level) / start
    early, at_begin = faded, faded
    if begin > 0.0:
        early = math.exp(-(hours - begin) / span)
        at_begin = early * (rule.overload_from - level) / start
    return (level - rule.overload_from) * (late - early) + start / span * (at_end - at_begin) / rate


@kernel
def carry_load(member, busy, pressure, rule, now):  # type: ignore[no-untyped-def]
    """Load and overwork after a period at work on (busy = 1) or off (0) a job; exact for the two exponentials.

    Load u is felt: utilisation, and the pool's pressure on top (a norm is felt also between jobs; A). So work that goes
    faster by the norm, and leaves more time between jobs, is felt as more load all the same.
    """
    hours = now - member.load_at
    member.load_at = now
    if hours <= 0.0:
        return
    level = busy + pressure
    start = member.load - level
    tau = rule.load_time
    edge = rule.overload_from
    begin, end = 0.0, 0.0  # the part of the period above the edge
    if member.load >= edge:
        end = hours
        if level < edge:
            end = min(hours, tau * math.log(start / (edge - level)))
    elif level > edge:
        begin = min(hours, tau * math.log(-start / (level - edge)))
        end = hours
    faded, calmed = math.exp(-hours / rule.overwork_time), math.exp(-hours / tau)
    member.overwork *= faded
    if end > begin:
        member.overwork += _excess(level, start, begin, end, hours, faded, calmed, rule)
    member.load = level + start * calmed


@kernel
def load_time_factor(load, overwork, rule):  # type: ignore[no-untyped-def]
    """g_load: speed-up under load now, slow-down after sustained overwork."""
    return max(rule.fastest, 1.0 - rule.speed_up * (load - rule.usual_load)) * (1.0 + rule.slow_down * overwork)


@kernel
def load_error_factor(load, rule):  # type: ignore[no-untyped-def]
    """m_u: factor on operator errors beyond the tipping point."""
    return 1.0 + rule.tipping * min(1.0, max(0.0, load - rule.tipping_from) / rule.tipping_width)


@kernel
def morale_target(plan, member, follow_up_gap, rule):  # type: ignore[no-untyped-def]
    """What a member's morale deviation moves to, from the week that is over."""
    busy = member.week_busy / member.week_here if member.week_here > 0.0 else 0.0
    strain = max(0.0, busy + plan.pressure - rule.overload_from)
    quality = member.ratings / member.rated / rule.internal_desired if member.rated > 0.0 else 1.0
    return (
        rule.involvement_on_morale * plan.involvement
        + rule.discretion_on_morale * plan.discretion
        - rule.overload_on_morale * strain
        + rule.internal_on_morale * (quality - 1.0)
        + rule.follow_up_on_morale * follow_up_gap
    )


@kernel
def absence_chance(morale, rule):  # type: ignore[no-untyped-def]
    """Chance of being absent on a day."""
    return min(1.0, rule.absence * math.exp(-rule.absence_morale * (morale - 0.6)))


@kernel
def leaving_rate(morale, rule):  # type: ignore[no-untyped-def]
    """Rate of leaving, a year."""
    return rule.turnover * math.exp(-rule.turnover_morale * (morale - 0.6))
