"""What would change the decision, in sentences."""

from __future__ import annotations

import math

from analysis.figures.style import title_of
from analysis.report.compare_answer import capital
from analysis.report.numbers import MINUS, difference, number, with_interval
from analysis.sensitivity.indices import Indices
from analysis.sensitivity.reversal import Reversal
from analysis.sensitivity.study import Sensitivity
from scenarios.ranges import ParameterRange

_MOST = 5  # reversals told in sentences; the others stand in the table


def answers(found: Sensitivity) -> tuple[str, ...]:
    """First what holds as things are, then each value at which that would turn, then what happens when several things
    are otherwise at once. A sentence each, with intervals."""
    told = [as_things_are(found)]
    if found.reversals is None:
        return (*told, "The search for what would turn it was stopped early.")
    sure = [r for r in found.reversals if r.established]
    open_ = [r for r in found.reversals if not r.established]
    told += [reversal_text(r, found) for r in sure[:_MOST]]
    if len(sure) > _MOST:
        told.append(f"{len(sure) - _MOST} other parameters turn it as well, at values farther from today's.")
    n = len(found.parameters)
    if not sure:
        among = f"Of {n} parameters" if n != 1 else "The one parameter"
        what = "turns it" if found.decided else "changes the sign"
        told.append(f"{among}, each varied alone over its range, none {what} with a clear interval.")
    if open_:
        some = [f"{r.parameter.label} ({side(r)} {threshold_text(r)})" for r in open_[:_MOST]]
        more = f" and {len(open_) - _MOST} others" if len(open_) > _MOST else ""
        told.append(f"Perhaps these would, which the runs leave open: {'; '.join(some)}{more}.")
    if found.indices is not None and found.indices.sampled and float(found.base.mean) != 0.0:
        told.append(_together(found.indices, bool(found.decided)))
    return tuple(told)


def as_things_are(found: Sensitivity) -> str:
    """The contrast today and what it says."""
    c, base = found.contrast, found.base
    one, other = title_of(c.one), title_of(c.other)
    size = difference(float(base.mean), float(base.low), float(base.high), c.unit, with_unit=True)
    verdict = {
        1: f"that speaks for {one}",
        -1: f"that speaks for {other}",
        0: "the interval does not exclude 0, so that the choice between the two is open as things are",
    }[found.decided]
    return f"As things are, {one} less {other} in {c.label} is {size}: {verdict}."


def side(reversal: Reversal) -> str:
    """On which side of the threshold the decision turns."""
    return "above" if reversal.above else "below"


def threshold_text(reversal: Reversal) -> str:
    """Threshold and interval: "4.2 [3.6, 5.1]"."""
    return with_interval(reversal.threshold, reversal.low, reversal.high, sign=False)


def plain_number(value: float | None) -> str:
    """A value of a parameter as people write it: 0.2, 14.6, 1000; a dash for none."""
    if value is None or not math.isfinite(value):
        return "–"
    shown = f"{value:.4g}"
    return number(value, 0) if "e+" in shown else shown.replace("-", MINUS)


def range_text(extent: ParameterRange) -> str:
    """The ends of a range in words."""
    return f"{plain_number(extent.low)} to {plain_number(extent.high)}"


def today_text(reversal: Reversal) -> str:
    """Today's value and the range that was looked at."""
    extent, today = reversal.parameter.range, reversal.parameter.today
    now = "several values today" if today is None else f"today {plain_number(today)}"
    return f"{now}; range {range_text(extent)}"


def reversal_text(reversal: Reversal, found: Sensitivity) -> str:
    """One reversal as a sentence, saying who wins beyond the threshold."""
    one, other = found.contrast.one, found.contrast.other
    winner, loser = (one, other) if reversal.sign * found.contrast.direction > 0 else (other, one)
    several = f" (the sign changes {reversal.turns} times along the range)" if reversal.turns > 1 else ""
    return (
        f"{capital(reversal.parameter.label)}: {side(reversal)} {threshold_text(reversal)} ({today_text(reversal)}), "
        f"everything else as today, {title_of(winner)} is the better of the two, not {title_of(loser)}{several}."
    )


def share_turned(indices: Indices) -> tuple[float, float, float]:
    """Share of sampled combinations that are clearly of the other sign, with Wilson's 95 % interval."""
    from scipy.stats import binomtest

    test = binomtest(indices.turned, indices.sampled)
    interval = test.proportion_ci(0.95, method="wilson")
    return indices.turned / indices.sampled, float(interval.low), float(interval.high)


def _together(indices: Indices, decided: bool) -> str:
    share, low, high = (100.0 * v for v in share_turned(indices))
    what = "it clearly turns" if decided else "the sign is clearly not that of the mean today"
    return (
        f"With the {len(indices.names)} strongest parameters varied together, evenly over their ranges, "
        f"{what} in {indices.turned} of {indices.sampled} combinations ({number(share, 0)} % "
        f"[{number(low, 0)}, {number(high, 0)}]); in {indices.open} the {indices.replications} replications leave the "
        "sign open."
    )
