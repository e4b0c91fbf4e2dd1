"""Scenarios: named lists of interventions, applied to a base blueprint over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from scenarios.build import build
from scenarios.interventions import InForce, Intervention, all_stages, find
from sim.blueprint import Blueprint
from sim.blueprint.checks import not_negative, probability
from sim.draws import PROGRAMME, child_key, stable_id, uniform
from sim.invalid import InvalidInput, require, require_known, unknown_name
from sim.plan import Timeline

_MOST_STEPS = 5200  # weeks: a century of them


@dataclass(frozen=True)
class Programme:
    """One intervention within a scenario: what, where, when, how fully (model.md section 4).

    `start` counts hours from the end of the warm-up; the effect sets in `delay` h later and approaches its full size
    with time constant `ramp` h (0: at once), then decays with time constant `fade` h (0: never). `adoption` scales
    it; `border_resistance` is lost at every border between functions in scope. `stages`, or else `functions`, replace
    the intervention's own scope; `pools` narrow what is named so, or replace it alone.
    """

    name: str
    kind: str
    start: float = 0.0
    delay: float = 0.0
    ramp: float = 0.0
    fade: float = 0.0
    adoption: float = 1.0
    border_resistance: float = 0.0
    stages: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        not_negative(start=self.start, delay=self.delay, ramp=self.ramp, fade=self.fade)
        probability(adoption=self.adoption, border_resistance=self.border_resistance)

    @property
    def intervention(self) -> Intervention:
        return find(self.kind, "kind")

    def age(self, b: Blueprint, time: float) -> float:
        """Hours since its effect set in at a time of the run; negative before."""
        return time - (b.horizon.warm_up + self.start) - self.delay

    def strength(self, elapsed: float, borders: int) -> float:
        """Share of the full effect that is in place `elapsed` h after it set in, with `borders` borders in scope."""
        return self._grown(elapsed) * max(0.0, self.adoption - self.border_resistance * borders)

    def _grown(self, elapsed: float) -> float:
        if elapsed < 0:
            return 0.0
        grown = 1.0 - math.exp(-elapsed / self.ramp) if self.ramp > 0 else 1.0
        kept = math.exp(-elapsed / self.fade) if self.fade > 0 else 1.0
        return grown * kept

    def same(self, before: float, now: float, asked: Sequence[float]) -> bool:
        """Whether it does the same at two times (h since its effect set in), having `asked` for its age as it did."""
        alike = self._grown(before) == self._grown(now) and (before >= 0) == (now >= 0)
        return alike and all(not math.isnan(hours) and (before < hours) == (now < hours) for hours in asked)

    def scope(self, b: Blueprint) -> tuple[str, ...]:
        """The stages it covers. Raises `InvalidInput` for unknown names or an empty scope."""
        for what, chosen, known in (
            ("stages", self.stages, tuple(b.stages)),
            ("functions", self.functions, tuple({s.function: None for s in b.stages.values()})),
            ("pools", self.pools, tuple(b.pools)),
        ):
            for name in chosen:
                if name not in known:
                    raise unknown_name(what, name, known, what[:-1])
        covered = self.stages or self.intervention.default_scope(b)
        if self.functions and not self.stages:
            covered = tuple(n for n in all_stages(b) if b.stages[n].function in self.functions)
        if self.pools:
            wide = covered if self.stages or self.functions else all_stages(b)
            covered = tuple(n for n in wide if not set(b.stages[n].pools).isdisjoint(self.pools))
        require(len(covered) > 0, "stages", None, f"'{self.kind}' covers no stage of this system; name stages")
        return tuple(dict.fromkeys(covered))


_SCENARIO_KEYS = ("description", "evidence", "interventions")
_TIMING = tuple(f.name for f in fields(Programme) if f.name not in ("name", "parameters"))


@dataclass(frozen=True)
class Scenario:
    """A named, ordered list of programmes; without any it is the base system.

    `evidence` says where its sizes come from (V verified source, M from memory of the literature, A assumption).
    """

    name: str
    description: str = ""
    evidence: str = ""
    programmes: tuple[Programme, ...] = ()

    @property
    def is_control(self) -> bool:
        """A negative control: there to test the study, and nobody's choice, however it comes out."""
        return self.description.startswith("Control:")

    @property
    def needs_facts(self) -> bool:
        return any(p.intervention.needs_facts for p in self.programmes)

    @property
    def sets(self) -> tuple[str, ...]:
        """The SERVQUAL dimensions that its interventions set directly."""
        return tuple(dict.fromkeys(d for p in self.programmes for d in p.intervention.sets))


def build_scenario(name: str, data: object) -> Scenario:
    """A scenario from a plain mapping {description, interventions: {name: {kind, timing..., parameters...}}}."""
    where = f"scenarios.{name}"
    require(isinstance(data, Mapping), where, data, "must be a mapping with description and interventions")
    assert isinstance(data, Mapping)
    require_known(where, data, _SCENARIO_KEYS)
    interventions = data.get("interventions") or {}
    require(isinstance(interventions, Mapping), f"{where}.interventions", interventions, "must be a mapping by name")
    texts = {key: data.get(key) or "" for key in ("description", "evidence")}
    for key, text in texts.items():
        require(isinstance(text, str), f"{where}.{key}", text, "must be text")
    programmes = tuple(
        _build_programme(str(n), values, f"{where}.interventions.{n}") for n, values in interventions.items()
    )
    return Scenario(name, texts["description"], texts["evidence"], programmes)


def _build_programme(name: str, data: object, where: str) -> Programme:
    require(data is None or isinstance(data, Mapping), where, data, "must be a mapping of names to values")
    given: dict[str, Any] = dict(data) if isinstance(data, Mapping) else {}
    kind = given.get("kind", name)
    require(isinstance(kind, str), f"{where}.kind", kind, "must be the name of an intervention")
    found = find(kind, f"{where}.kind" if "kind" in given else where)
    require_known(where, given, (*found.parameters, *_TIMING))
    try:
        parameters = found.arguments({k: v for k, v in given.items() if k in found.parameters})
    except InvalidInput as fault:
        raise fault.under(where) from None
    timing = {k: v for k, v in given.items() if k in _TIMING}
    return build(Programme, {**timing, "name": name, "kind": kind, "parameters": parameters}, where)


class Luck:
    """The random numbers that the programmes of a replication draw, each by its name; remembers whether any was.

    A timeline that asked for none is the same in every replication.
    """

    def __init__(self, seed: int, replication: int) -> None:
        # Named by the programme, not the scenario: a redesign meets the same luck alone and in a combination.
        self._root = child_key(child_key(seed, stable_id("programmes"), seed >> 31), 0, replication)
        self.was_asked = False

    def of(self, programme: str) -> Callable[[str], float]:
        """What a programme calls with the name of a draw."""
        key = child_key(self._root, stable_id(programme), 0)

        def draw(name: str) -> float:
            self.was_asked = True
            return float(uniform(key, stable_id(name), 0, PROGRAMME, 0))

        return draw


def timeline(
    base: Blueprint,
    scenario: Scenario,
    seed: int,
    replication: int,
    facts: Mapping[str, float] | None = None,
    luck: Luck | None = None,
) -> Timeline:
    """The scenario applied to the base: what the system is like from each start on.

    Equal neighbours are merged, so a scenario without interventions is one blueprint. `facts` are needed by
    interventions that build on measurements of the base (`scenarios.pilot`); `luck` is that of this seed and
    replication, for a caller who wants to know whether it was asked. Raises `InvalidInput` with the path of the
    programme.
    """
    if not scenario.programmes:
        return ((0.0, base),)
    luck = luck or Luck(seed, replication)
    entries: list[tuple[float, Blueprint]] = []
    last: tuple[float, ...] = ()  # ages of the programmes at the last blueprint, and what they asked of them
    asked: list[list[float]] = []
    for begin, end in _periods(base, scenario):
        ages = tuple(programme.age(base, 0.5 * (begin + end)) for programme in scenario.programmes)
        if last and all(map(Programme.same, scenario.programmes, last, ages, asked)):
            continue  # most weeks bring nothing new
        blueprint, asked = _at(base, scenario, ages, luck, facts or {})
        last = ages
        if not entries or entries[-1][1] != blueprint:
            entries.append((begin, blueprint))
    return tuple(entries)


def _periods(base: Blueprint, scenario: Scenario) -> list[tuple[float, float]]:
    """Periods in which strengths are held: weekly steps from every point where a programme starts or sets in."""
    horizon, step = base.horizon, base.calendar.week
    allowed = f"with interventions a run lasts at most {_MOST_STEPS * step:.0f} h (times are hours)"
    require(horizon.end <= _MOST_STEPS * step, "system.horizon.measured", horizon.measured, allowed)
    marks = {0.0}
    for programme in scenario.programmes:
        for mark in (horizon.warm_up + programme.start, horizon.warm_up + programme.start + programme.delay):
            steps = math.ceil((horizon.end - mark) / step)
            marks.update(mark + step * i for i in range(max(0, steps)))
    ordered = sorted(mark for mark in marks if mark < horizon.end)
    return list(zip(ordered, [*ordered[1:], horizon.end], strict=True))


def _at(
    base: Blueprint, scenario: Scenario, ages: Sequence[float], luck: Luck, facts: Mapping[str, float]
) -> tuple[Blueprint, list[list[float]]]:
    """The blueprint at one time, with every programme at its strength of that age, in the listed order; and what each
    programme asked of its age."""
    blueprint, asked = base, []
    for programme, age in zip(scenario.programmes, ages, strict=True):
        where = f"scenarios.{scenario.name}.interventions.{programme.name}"
        try:
            stages = programme.scope(blueprint)
            functions = {blueprint.stages[name].function for name in stages}
            now = InForce(
                start=base.horizon.warm_up + programme.start,
                age=age,
                strength=programme.strength(age, len(functions) - 1),
                stages=stages,
                draw=luck.of(programme.name),
                facts=facts,
            )
            blueprint = programme.intervention.function(blueprint, now, **programme.parameters)
            asked.append(now.asked)
        except InvalidInput as fault:
            raise fault.under(where) from None
    return blueprint, asked
