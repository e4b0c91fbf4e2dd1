"""The one exception for input that cannot be used: what, where, the value, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class InvalidInput(ValueError):
    """Bad input, said in one line.

    Parameters
    ----------
    where : path of the value as a user would write it (``system.stages.entry.error.p``).
    value : the offending value, or ``None`` when there is none to show.
    allowed : what would have been accepted.
    hint : nearest valid name, or another next step.
    """

    def __init__(self, where: str, value: object, allowed: str, hint: str = "") -> None:
        self.where, self.value, self.allowed, self.hint = where, value, allowed, hint
        super().__init__(where, value, allowed, hint)

    def __str__(self) -> str:
        shown = "" if self.value is None else f" = {_short(self.value)}"
        hint = f" ({self.hint})" if self.hint else ""
        return " ".join(f"{self.where}{shown}: {self.allowed}{hint}".split())

    def under(self, parent: str) -> InvalidInput:
        """The same fault, seen from one level up in the configuration."""
        where = f"{parent}.{self.where}" if self.where else parent
        return InvalidInput(where, self.value, self.allowed, self.hint)


def unknown_name(where: str, name: object, known: Iterable[str], what: str = "name") -> InvalidInput:
    """An error for a name that is not among the known ones, with the nearest of them."""
    names = sorted(map(str, known))
    near = get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else ""
    listed = ", ".join(names[:25]) + (", ..." if len(names) > 25 else "")
    return InvalidInput(where, name, f"unknown {what}; allowed: {listed or 'none'}", hint)


def require(ok: bool, where: str, value: object, allowed: str) -> None:
    """Raise `InvalidInput` unless `ok`."""
    if not ok:
        raise InvalidInput(where, value, allowed)


def require_known(where: str, given: Mapping[str, object], known: Iterable[str], what: str = "parameter") -> None:
    """Raise for the first key of `given` that is not among `known`."""
    allowed = list(known)
    for key in given:
        if key not in allowed:
            fault = unknown_name(where, key, allowed, what)
            raise InvalidInput(f"{where}.{key}" if where else str(key), None, fault.allowed, fault.hint)


def _short(value: object) -> str:
    text = str(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
