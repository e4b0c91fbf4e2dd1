"""What an experiment ran, as the checklist needs it (see `analysis.stress_des.checklist`): systems, arms, replications.

An experiment whose runs are not simply those of the configured system and scenarios hands over a `Ran` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.stress_des import system as words
from scenarios.config import Settings
from scenarios.design import Values
from scenarios.points import Base, built, configured
from scenarios.scenario import build_scenario
from sim.blueprint import Blueprint

NOTHING = "Nothing was simulated."
_ONCE = ("trace", "animate")  # experiments that show one replication of one scenario
_OTHERS = {  # what the settings of these experiments do not say of their runs
    "starting_points": "Only the base runs, from each of the starting points of 1.3.",
    "output_checks": "Only the base runs, and on top of it the units that 1.3 describes.",
    "trace": "Only one of these runs, once (1.3).",
    "animate": "Only one of these runs, once (1.3), longer than 4.2 says where the orders to be shown need it.",
}


@dataclass(frozen=True)
class Part:
    """Arms that are compared with one another.

    Parameters
    ----------
    blueprint : the system of the first arm; `inputs` is its configuration, in lines.
    arms : what each arm is, a line of Markdown each.
    runs : how many replications of which arms, in words.
    journal : what runs record, in words.
    allow_unstable : whether staff may be overloaded.
    name : "" in an experiment of one part.
    """

    blueprint: Blueprint
    inputs: tuple[str, ...]
    arms: tuple[str, ...]
    runs: str
    journal: str
    allow_unstable: bool
    name: str = ""


@dataclass(frozen=True)
class Ran:
    """All that ran: no parts where nothing was simulated. `base`: the scenario that others are compared with ("": there
    is no such scenario); `warm_up`: how the warm-up was chosen ("": not known); `engines`: "" where as in the settings.
    """

    parts: tuple[Part, ...]
    base: str = ""
    warm_up: str = ""
    engines: tuple[str, ...] = ()

    def told(self, tell: Callable[[Part], str]) -> str:
        """What is to be told of every part: once for parts of which the same is told, under their names."""
        if not self.parts:
            return NOTHING
        names: dict[str, list[str]] = {}
        for part in self.parts:
            names.setdefault(tell(part), []).append(part.name)
        if len(names) == 1:
            return next(iter(names))
        return "\n\n".join(f"**{', '.join(of)}**\n\n{text}" for text, of in names.items())


def part_of(
    base: Base, arms: Mapping[str, Values], runs: str, name: str = "", inputs: Sequence[str] | None = None
) -> Part:
    """Arms by name, told by their scenarios and by the values in which they differ.

    `inputs` in place of the whole configuration of the first arm. Raises `InvalidInput` for an arm that is not valid.
    """
    plain = {arm: configured(base, values) for arm, values in arms.items()}
    first = next(iter(plain.values()))
    shared = [path for path in next(iter(arms.values())) if _is_shared(path, arms)]
    told = tuple(_arm(arm, plain[arm]["scenario"], values, shared) for arm, values in arms.items())
    given = words.flat(first["system"], "system") if inputs is None else inputs
    blueprint = built(base, first).blueprint
    return Part(blueprint, tuple(given), told, runs, base.journal, base.allow_unstable, name)


def _is_shared(path: str, arms: Mapping[str, Values]) -> bool:
    return all(path in values and values[path] == next(iter(arms.values()))[path] for values in arms.values())


def _arm(arm: str, chosen: Mapping[str, Any], values: Values, shared: Sequence[str]) -> str:
    scenario = build_scenario(chosen["name"], {k: v for k, v in chosen.items() if k != "name"})
    own = {p: v for p, v in values.items() if p not in shared and p != "scenario" and not p.startswith("scenarios.")}
    text = words.scenario(scenario) if arm == scenario.name else f"`{arm}`: scenario {words.scenario(scenario)}"
    return "; ".join([text, *(line for path, value in own.items() for line in words.flat({path: value}))])


def ran_by(settings: Settings, replications: Mapping[str, Any]) -> Ran:
    """What the settings say: every selected scenario on the configured system. `replications`: asked and finished."""
    asked, finished = replications.get("asked"), replications.get("finished")
    if finished == 0:
        return Ran(())
    runs = f"{asked} replications of every arm asked for, {finished} finished"
    if settings.experiment in _ONCE:
        runs = "One replication of one scenario (1.3)"
    arms = [*map(words.scenario, settings.scenarios)]
    arms += [_OTHERS[settings.experiment]] if settings.experiment in _OTHERS else []
    inputs = words.flat(dict(settings.plain.get("system") or {}), "system")
    part = Part(settings.blueprint, tuple(inputs), tuple(arms), runs, settings.journal, settings.allow_unstable)
    return Ran((part,), settings.base)
