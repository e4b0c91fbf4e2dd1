"""All claims by id: each is a module `cNN_name` of this package with a `CLAIM`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sim.invalid import unknown_name

if TYPE_CHECKING:
    from analysis.claims.claim import Claim


@cache
def modules() -> MappingProxyType[str, str]:
    """Id of a claim -> its module, in order of the ids; nothing is imported yet."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("c[0-9][0-9]_*.py"))
    return MappingProxyType({name[:3].upper(): f"{__package__}.{name}" for name in names})


def claim_of(name: str, where: str = "claim") -> Claim:
    """A claim by its id ("C03", also in small letters). Raises `InvalidInput` with the nearest id."""
    if name.upper() not in modules():
        raise unknown_name(where, name, modules(), "claim")
    claim: Claim = import_module(modules()[name.upper()]).CLAIM
    return claim


def claims_of(names: Sequence[str] | None) -> tuple[Claim, ...]:
    """These claims in the order of their ids, each once; all for None. Raises `InvalidInput`."""
    asked = [claim_of(name, f"claim[{i}]").id for i, name in enumerate(names)] if names is not None else list(modules())
    return tuple(claim_of(name) for name in sorted(set(asked)))
