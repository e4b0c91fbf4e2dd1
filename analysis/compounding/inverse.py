"""What would have to be true for a stated share: each parameter of a chain changed alone until it is reached (1.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from analysis.compounding.chain import MOST_STAGES, Chain, exact

_NEAR = 1e-12


@dataclass(frozen=True)
class Lever:
    """One parameter and what it does. `share` is the stated one, or with `errors` the mean errors per order.

    `value`: where the stated figure is reached, None if nowhere in the range from `low` to `high`, over which the
    figure goes from `at_low` to `at_high` (`least`, `most`: all it can be). `chain`: the chain with that value.
    """

    name: str
    symbol: str
    low: float
    high: float
    at_low: float
    at_high: float
    value: float | None
    chain: Chain | None
    note: str
    errors: bool = False

    @property
    def least(self) -> float:
        return min(self.at_low, self.at_high)

    @property
    def most(self) -> float:
        return max(self.at_low, self.at_high)


def levers(chain: Chain, target: float, repair_harm: float = 0.1, lost_factor: float = 3.0) -> list[Lever]:
    """Every parameter alone, solved for `target` with the exact recursion (Brent's method; monotone in each).

    `repair_harm` is the chance that a repair does harm where the chain has no repairs but those of false alarms,
    `lost_factor` the factor on later rates after lost information where it has none: neither changes the chain as it
    is. A frailty needs equal rates: it is left out where they differ, and where there is one, so is what makes them
    differ.
    """
    n, p = len(chain.p), chain.mean_rate
    factor = chain.lost_factor if chain.lost_factor > 1 else lost_factor
    highest = 1.0 / max(chain.p) if max(chain.p) > 0 else 0.0
    found = [_rate(chain, target), _stages(chain, target)]
    independent = chain.frailty == 0.0  # a frailty needs equal rates
    if n > 1 and independent:
        found.append(_solved(
            "handoffs that make errors", "h", 0.0, 1.0, lambda h: _at_handoffs(chain, h), target,
            "each handoff adds an error with chance h, independent of the stages",
        ))  # fmt: skip
    if n > 1:
        found.append(_solved(
            "handoffs that lose information", "h", 0.0, 1.0,
            lambda h: replace(chain, handoff_loss=h, lost_factor=factor), target,
            f"a loss is no error itself, but all later rates are {factor:g} times as high",
        ))  # fmt: skip
    if independent:
        found.append(_solved(
            "faulty input", "p0", 0.0, 1.0, lambda x: _first(chain, x), target,
            "the first stage gets a fault with chance p0",
        ))  # fmt: skip
    found.append(_false_alarms(chain, target, repair_harm))
    if chain.equal and 0.0 < p < 1.0:
        found.append(_solved(
            "correlation within an order", "rho", 0.0, 0.9, lambda x: replace(chain, frailty=x), target,
            "orders differ in how error-prone they are; the mean rate stays",
        ))  # fmt: skip
    if highest > 1.0:
        found.append(_solved(
            "knock-on", "k", 1.0, highest, lambda k: replace(chain, knock_on=k), target,
            "an open error multiplies later rates by k",
        ))  # fmt: skip
        found.append(_solved(
            "knock-on, read as errors per order", "k", 1.0, highest, lambda k: replace(chain, knock_on=k), target,
            "another quantity: mean errors per order instead of the share of orders", errors=True,
        ))  # fmt: skip
    return found


def _solved(
    name: str, symbol: str, low: float, high: float, made: Callable[[float], Chain], target: float, note: str,
    errors: bool = False,
) -> Lever:  # fmt: skip
    from scipy.optimize import brentq

    def figure(value: float) -> float:
        found = exact(made(value))
        return found.errors if errors else found.reaching

    at_low, at_high = figure(low), figure(high)
    value = None
    if min(at_low, at_high) - _NEAR <= target <= max(at_low, at_high) + _NEAR and abs(at_high - at_low) > _NEAR:
        value = low if abs(at_low - target) <= _NEAR else high if abs(at_high - target) <= _NEAR else None
        if value is None:
            value = float(brentq(lambda x: figure(x) - target, low, high, xtol=1e-12))
    chain = None if value is None else made(value)
    return Lever(name, symbol, low, high, at_low, at_high, value, chain, note, errors)


def _rate(chain: Chain, target: float) -> Lever:
    """A factor on all rates, told as the mean rate."""
    p, top = chain.mean_rate, max(chain.p)
    if top == 0.0:
        return _solved(
            "error rate", "p", 0.0, 1.0, lambda x: replace(chain, p=(x,) * len(chain.p)), target, "at every stage"
        )  # fmt: skip
    note = "at every stage" if chain.equal else "mean; all rates in proportion"
    return _solved(
        "error rate", "p", 0.0, p / top, lambda x: replace(chain, p=tuple(min(1.0, x * r / p) for r in chain.p)),
        target, note,
    )  # fmt: skip


def _stages(chain: Chain, target: float) -> Lever:
    """How many stages; the number is whole, so the lever is solved by the first that reaches the stated figure."""
    p = chain.mean_rate
    name, symbol = "number of stages", "n"
    at_low = exact(replace(chain, p=(p,))).reaching
    note = "whole: the least number that reaches it" + ("" if chain.equal else "; all at the mean rate")
    low, high, reached = 1, 1, at_low
    while high < MOST_STAGES and reached < target:
        high = min(MOST_STAGES, 2 * high)
        reached = exact(replace(chain, p=(p,) * high)).reaching
    if reached < target or at_low > target:
        return Lever(name, symbol, 1.0, float(high), at_low, reached, None, None, note)
    while high - low > 1:
        middle = (low + high) // 2
        if exact(replace(chain, p=(p,) * middle)).reaching < target:
            low = middle
        else:
            high = middle
    number = low if at_low >= target else high
    best = replace(chain, p=(p,) * number)
    before = exact(replace(chain, p=(p,) * max(1, number - 1))).reaching
    note = f"{note}; {number - 1} give {100 * before:.2f} %" if number > 1 else note
    most = exact(replace(chain, p=(p,) * MOST_STAGES)).reaching
    return Lever(name, symbol, 1.0, float(MOST_STAGES), at_low, most, float(number), best, note)


def _false_alarms(chain: Chain, target: float, repair_harm: float) -> Lever:
    """They harm by repairs that fail. Where errors are found, repairs that fail would be a second change: not made."""
    repaired = bool(chain.self_check or chain.next_check or chain.inspection or chain.false_alarm)
    harm = chain.rework_failure or (0.0 if repaired else repair_harm)
    note = f"makers rework what was right, which does harm with chance {harm:g}"
    if harm == 0.0:
        note = "makers rework what was right; that alone does no harm, since no repair fails here"
    return _solved(
        "false alarms", "a", 0.0, 1.0, lambda a: replace(chain, false_alarm=a, rework_failure=harm), target, note
    )  # fmt: skip


def _at_handoffs(chain: Chain, h: float) -> Chain:
    return replace(chain, p=(chain.p[0], *(1.0 - (1.0 - p) * (1.0 - h) for p in chain.p[1:])))


def _first(chain: Chain, p0: float) -> Chain:
    return replace(chain, p=(1.0 - (1.0 - chain.p[0]) * (1.0 - p0), *chain.p[1:]))
