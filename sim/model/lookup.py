"""The plan's rows that are in force now (the present epoch)."""

from __future__ import annotations

from sim.kernel import kernel
from sim.tables import CAUSE_SUPPLIER, edges, rules, run, segments, staff, stages, suppliers


@kernel
def rules_now(world):  # type: ignore[no-untyped-def]
    return rules(world, run(world, 0).epoch)


@kernel
def stage_now(world, stage):  # type: ignore[no-untyped-def]
    state = run(world, 0)
    return stages(world, state.epoch * state.n_stages + stage)


@kernel
def edge_now(world, edge):  # type: ignore[no-untyped-def]
    state = run(world, 0)
    return edges(world, state.epoch * state.n_edges + edge)


@kernel
def member_now(world, member):  # type: ignore[no-untyped-def]
    state = run(world, 0)
    return staff(world, state.epoch * state.n_staff + member)


@kernel
def segment_now(world, segment):  # type: ignore[no-untyped-def]
    state = run(world, 0)
    return segments(world, state.epoch * state.n_segments + segment)


@kernel
def supplier_now(world, supplier):  # type: ignore[no-untyped-def]
    state = run(world, 0)
    return suppliers(world, state.epoch * state.n_suppliers + supplier)


@kernel
def error_name(world, error):  # type: ignore[no-untyped-def]
    """A name of the error among those of its order (for draws): where and at which visit it was made, and whether it
    came with the input (a visit may make an error of its own beside it)."""
    bought = 1 << 30 if error.cause == CAUSE_SUPPLIER else 0
    return stage_now(world, error.stage).id + 2 * error.number + error.kind + bought
