"""How numbers read in a report. Digits follow the size of the interval where there is one."""

from __future__ import annotations

import math

from analysis.figures.style import displayed

MINUS = "−"


def number(value: float | None, digits: int | None = None) -> str:
    """A number with a true minus sign; a dash for none. Without `digits`: about three significant figures."""
    if value is None or not math.isfinite(value):
        return "–"
    places = _places(value) if digits is None else digits
    text = f"{value:,.{places}f}".replace(",", "\u202f")
    if float(f"{value:.{places}f}") == 0.0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float | None, digits: int | None = None) -> str:
    """As `number`, with a plus sign where it is positive."""
    text = number(value, digits)
    positive = value is not None and math.isfinite(value) and value > 0 and any(c in "123456789" for c in text)
    return f"+{text}" if positive else text


def quantity(value: float, unit: str) -> str:
    """A value with its unit: a share of .062 as "6.20 %"."""
    factor, shown, _ = displayed(unit)
    return f"{number(factor * value)}\u00a0{shown}".rstrip()


def difference(value: float, low: float, high: float, unit: str = "", *, with_unit: bool = False) -> str:
    """A difference and its 95 % interval: "+1.20 [0.90, 1.50]"."""
    factor, _, shown = displayed(unit)
    text = with_interval(factor * value, factor * low, factor * high)
    return f"{text} {shown}".rstrip() if with_unit else text


def with_interval(value: float, low: float | None, high: float | None, *, sign: bool = True) -> str:
    """A value and its interval with digits to match the interval's width."""
    digits = digits_for(value, low, high)
    shown = signed(value, digits) if sign else number(value, digits)
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return shown
    return f"{shown} [{number(low, digits)}, {number(high, digits)}]"


def digits_for(value: float, low: float | None, high: float | None) -> int:
    """Decimals such that the interval's width shows two significant figures; no more than the value can bear."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return _places(value)
    sensible = _places(value) + 1
    return min(6, sensible, max(0, 1 - math.floor(math.log10(high - low))))


def _places(value: float) -> int:
    size = abs(value)
    if size < 1e-9 or not math.isfinite(size):
        return 0
    return min(6, max(0, 2 - math.floor(math.log10(size))))
