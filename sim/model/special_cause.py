"""Special causes: a stage wanders out of control and is brought back (model.md 2.6).

Two-state process with exponential stays. Its path is a function of the stage's own name, so no customer and no
scenario that leaves the stage alone can change it.
"""

from __future__ import annotations

import math

from sim.draws import SPECIAL_CAUSE, exponential
from sim.kernel import kernel
from sim.tables import stage_state


@kernel
def is_out_of_control(world, stage, plan, now):  # type: ignore[no-untyped-def]
    """Whether the stage is out of control at `now` (h); moves its state forward to that time."""
    if plan.special_rate <= 0.0:
        return False
    state = stage_state(world, stage)
    if math.isnan(state.next_change):
        state.next_change = exponential(state.key, 0, 0, SPECIAL_CAUSE, 0) / plan.special_rate
    while state.next_change <= now:
        state.out = 1 - state.out
        state.changes += 1
        stay = plan.special_mean_out if state.out == 1 else 1.0 / plan.special_rate
        state.next_change += stay * exponential(state.key, 0, state.changes, SPECIAL_CAUSE, 0)
    return state.out == 1
