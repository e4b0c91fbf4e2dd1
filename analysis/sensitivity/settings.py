"""How much a sensitivity analysis runs, and over which ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenarios.build import build
from scenarios.ranges import ParameterRange, ranges_from
from sim.blueprint.checks import whole
from sim.invalid import InvalidInput, require


@dataclass(frozen=True)
class SensitivitySettings:
    """Sizes of the designs, and the user's own `ranges` (given under `decide.ranges`); without `sheet` only these.

    Tornado and first grid: `grid` equally spaced values of each parameter with `tornado_replications`. Reversals:
    `bisections` steps with `reversal_replications`. Screening: `trajectories` of Morris on `levels` levels; Sobol:
    `sobol` blocks (a power of two) on the `strongest` parameters, both with `replications` at every point. The map of a
    pair: `grid` x `grid` values with `tornado_replications`.
    """

    tornado_replications: int = 16
    grid: int = 5
    bisections: int = 3
    reversal_replications: int = 32
    trajectories: int = 8
    levels: int = 4
    strongest: int = 4
    sobol: int = 32
    replications: int = 4
    sheet: bool = True
    ranges: tuple[ParameterRange, ...] = ()

    def __post_init__(self) -> None:
        whole(2, tornado_replications=self.tornado_replications, reversal_replications=self.reversal_replications)
        whole(2, trajectories=self.trajectories, strongest=self.strongest, replications=self.replications)
        whole(0, bisections=self.bisections)
        require(self.sheet or len(self.ranges) > 0, "sheet", False, "leaves nothing to vary; give decide.ranges")
        whole(3, grid=self.grid)
        require(self.levels >= 4 and self.levels % 2 == 0, "levels", self.levels, "must be an even number from 4 on")
        power = self.sobol >= 4 and self.sobol & (self.sobol - 1) == 0
        require(power, "sobol", self.sobol, "must be a power of two from 4 on")
        enough = self.reversal_replications >= self.tornado_replications
        allowed = f"must be at least tornado_replications = {self.tornado_replications}"
        require(enough, "reversal_replications", self.reversal_replications, allowed)


def sensitivity_settings(
    given: object, ranges: object = None, where: str = "decide.sensitivity", where_ranges: str = "decide.ranges"
) -> SensitivitySettings | None:
    """The checked settings: `given` is false (None comes back), true (the usual sizes) or a mapping of sizes.

    Raises `InvalidInput` for unknown names, wrong sizes, and ranges that are none.
    """
    own = ranges_from(ranges, where_ranges)
    if given is None or given is False:
        return None
    if given is True:
        return SensitivitySettings(ranges=own)
    if not isinstance(given, Mapping):
        raise InvalidInput(where, given, "must be true, false or a mapping of sizes, e.g. {trajectories: 16}")
    if "ranges" in given:
        raise InvalidInput(f"{where}.ranges", None, f"ranges stand under {where_ranges}")
    return build(SensitivitySettings, {**given, "ranges": own}, where)
