"""Range checks shared by the blueprint's dataclasses. Each names the field it judges."""

from __future__ import annotations

from sim.invalid import InvalidInput, require

LARGEST = 1e9  # hours, money, factors: far beyond any service system, and time still moves when it is added


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def probability(**fields: float) -> None:
    """Each value lies in [0, 1]."""
    for name, value in fields.items():
        require(_is_number(value) and 0 <= value <= 1, name, value, "must be a number from 0 to 1")


def not_negative(**fields: float) -> None:
    """Each value is a finite number >= 0."""
    for name, value in fields.items():
        require(_is_number(value) and value >= 0, name, value, f"must be a number >= 0 (at most {LARGEST:g})")


def positive(**fields: float) -> None:
    """Each value is a finite number > 0."""
    for name, value in fields.items():
        require(_is_number(value) and value > 0, name, value, f"must be a number > 0 (at most {LARGEST:g})")


def within(low: float, high: float, **fields: float) -> None:
    """Each value lies in [low, high]."""
    for name, value in fields.items():
        require(_is_number(value) and low <= value <= high, name, value, f"must be a number from {low:g} to {high:g}")


def whole(low: int, **fields: int) -> None:
    """Each value is a whole number >= low."""
    for name, value in fields.items():
        ok = _is_whole(value) and low <= value < 2**31
        require(ok, name, value, f"must be a whole number >= {low}")


def one_of(*allowed: str, **fields: str) -> None:
    """Each value is one of the allowed words."""
    for name, value in fields.items():
        if value not in allowed:
            raise InvalidInput(name, value, f"allowed: {', '.join(allowed)}")
