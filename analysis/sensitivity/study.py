"""The whole analysis, in the order of what it tells: tornado, reversals, screening, shares of variance, a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.compare import Spread, spread
from analysis.measures import measure
from analysis.sensitivity.contrast import Contrast, Response, Simulated, require_two
from analysis.sensitivity.indices import Indices, share_out
from analysis.sensitivity.one_at_a_time import Curve, along, grid_of, with_today
from analysis.sensitivity.pair import PairMap, map_pair, strongest_pair
from analysis.sensitivity.reversal import Reversal, find_reversals
from analysis.sensitivity.screening import Screening, screen
from analysis.sensitivity.settings import SensitivitySettings
from scenarios.arms import Arms
from scenarios.config import Settings
from scenarios.parameters import Parameter, Parameters, parameters_of
from scenarios.points import Base, base_of
from scenarios.ranges import SHEET
from scenarios.scenario import Scenario, build_scenario
from scenarios.store import Store
from sim.invalid import require

Floats = npt.NDArray[np.float64]
Inline = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Sensitivity:
    """What came out. After Ctrl-C `interrupted` is true and what was not finished is None (reversals: None as well).

    `today`: values of the contrast as things are, shape (replications,); `curves`: the contrast along every parameter.
    """

    contrast: Contrast
    asked: SensitivitySettings
    parameters: tuple[Parameter, ...]
    left_out: Mapping[str, str]
    today: Floats
    curves: tuple[Curve, ...] = ()
    reversals: tuple[Reversal, ...] | None = None
    screening: Screening | None = None
    indices: Indices | None = None
    pair: PairMap | None = None
    interrupted: bool = False

    @property
    def base(self) -> Spread:
        """Mean and 95 % interval of the contrast as things are."""
        return spread(self.today)

    @property
    def decided(self) -> int:
        """1 where the contrast as things are is clearly in favour of `one`, -1 of `other`, 0 where it is not clear."""
        base = self.base
        side = 1 if base.low > 0 else -1 if base.high < 0 else 0
        return side * self.contrast.direction


def check(
    settings: Settings, names: Sequence[str], asked: SensitivitySettings | None, inline: Inline | None = None
) -> None:
    """Check the ranges against the system and the scenarios `names` before anything runs. Raises `InvalidInput`."""
    if asked is not None and asked.ranges:
        base, scenarios = _prepared(settings, names, inline)
        parameters_of(base, settings.blueprint, scenarios, asked.ranges, "decide.ranges", sheet=())


def study(
    settings: Settings,
    contrast: Contrast,
    asked: SensitivitySettings,
    inline: Inline | None = None,
    store: Store | None = None,
) -> Sensitivity:
    """Run the analysis of `contrast` on the system of `settings`, with staff that may be overloaded in places.

    `inline` describes scenarios that stand in no file; ranges of the scenarios' own parameters concern the two of the
    contrast. Raises `InvalidInput`; KeyboardInterrupt only where nothing is finished.
    """
    names = (contrast.one, contrast.other)
    require_two(contrast, [*(s.name for s in settings.scenarios), *(inline or {})])
    base, scenarios = _prepared(settings, names, inline)
    used = tuple(r for r in asked.ranges if _concerns(r.path, scenarios))
    sheet = SHEET if asked.sheet else ()
    found = parameters_of(base, settings.blueprint, scenarios, used, "decide.ranges", sheet)
    unused = {r.path: "neither of the two scenarios compared has it" for r in asked.ranges if r not in used}
    found = replace(found, left_out={**found.left_out, **unused})
    arms = Arms(base, measure, settings.execution, store)
    response = Simulated(arms, contrast, {p.name: p for p in found.chosen})
    return analysed(contrast, found, response, asked, settings.seed)


def analysed(
    contrast: Contrast, found: Parameters, response: Response, asked: SensitivitySettings, seed: int
) -> Sensitivity:
    """The analysis of any response. After Ctrl-C what is finished comes back; before that KeyboardInterrupt goes on."""
    parameters = found.chosen
    today = response([{}], asked.reversal_replications, "sensitivity: as things are")[0]
    allowed = "no run of both could be made, so that there is nothing to compare"
    require(not np.isnan(today).all(), "scenario", f"{contrast.one}, {contrast.other}", allowed)
    result = Sensitivity(contrast, asked, parameters, found.left_out, today)
    if not parameters:
        return replace(result, reversals=())
    try:
        grids = [with_today(grid_of(p, asked.grid), p) for p in parameters]
        curves = along(parameters, grids, response, asked.tornado_replications, "sensitivity: tornado")
        result = replace(result, curves=tuple(curves))
        turned = find_reversals(curves, today, response, asked.bisections, asked.reversal_replications)
        result = replace(result, reversals=turned)
        screening = screen(parameters, response, asked.trajectories, asked.levels, asked.replications, seed)
        result = replace(result, screening=screening)
        named = {p.name: p for p in parameters}
        strongest = [named[name] for name in screening.ranking[: asked.strongest]]
        if len(strongest) < 2:
            return result
        mean = float(result.base.mean)
        indices = share_out(strongest, response, asked.sobol, asked.replications, seed, mean)
        result = replace(result, indices=indices)
        pair = strongest_pair(indices)
        if pair is not None:
            one, other, interacting = pair
            drawn = map_pair(named[one], named[other], interacting, response, asked.grid, asked.tornado_replications)
            result = replace(result, pair=drawn)
    except KeyboardInterrupt:
        return replace(result, interrupted=True)
    return result


def _prepared(settings: Settings, names: Sequence[str], inline: Inline | None) -> tuple[Base, list[Scenario]]:
    base = base_of(settings, [{"scenario": name} for name in names], inline)
    selected = {s.name: s for s in settings.scenarios}
    scenarios = [selected.get(name) or build_scenario(name, base.plain["scenarios"][name]) for name in names]
    return replace(base, allow_unstable=True), scenarios


def _concerns(path: str, scenarios: Sequence[Scenario]) -> bool:
    """Whether a path belongs to the system, or to an intervention of one of the scenarios."""
    parts = path.split(".")
    if parts[0] != "scenarios" or len(parts) != 5:
        return True
    return any(parts[1] in ("*", s.name) and parts[3] in (p.name, p.kind) for s in scenarios for p in s.programmes)
