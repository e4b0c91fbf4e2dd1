"""The flat tables of a run: plan (read only), state, and the journal. Layout only; no behaviour.

Both engines and every transition work on these structured arrays. Plan tables hold one block of rows per
*epoch*: a period in which the blueprint does not change. Columns of the journal are 8 bytes wide: there is no
padding, so equal runs are equal bytes. Times are in hours from the start of the run; NaN means "has not happened";
an index of -1 means "none".
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from sim.blueprint import (
    DIMENSIONS,
    Costs,
    Information,
    InternalService,
    KnockOn,
    Perception,
    Promise,
    Recovery,
    Rework,
    SkillEffects,
)
from sim.kernel import row_of

N_DIMENSIONS = len(DIMENSIONS)
DELIVERED_STAGE = -1

# Codes of the journal's columns.
KINDS = ("first_work", "rework")
FIRST_WORK, REWORK = range(2)
CAUSES = ("system", "operator", "special_cause", "information", "knock_on", "rework")
CAUSE_SYSTEM, CAUSE_OPERATOR, CAUSE_SPECIAL, CAUSE_INFORMATION, CAUSE_KNOCK_ON, CAUSE_REWORK = range(6)
FINDERS = ("nobody", "self_check", "next_stage", "inspector")
NOBODY, BY_SELF, BY_RECEIVER, BY_INSPECTOR = range(4)
ERROR_STATES = ("open", "awaiting_rework", "repaired")
OPEN, AWAITING, REPAIRED = range(3)

RULE_GROUPS: dict[str, type] = {
    "promise": Promise,
    "knock_on": KnockOn,
    "information": Information,
    "rework": Rework,
    "skill_effects": SkillEffects,
    "perception": Perception,
    "recovery": Recovery,
    "internal_service": InternalService,
    "costs": Costs,
}
_RULE_NAMES = [f.name for group in RULE_GROUPS.values() for f in fields(group) if f.name != "rule"]
assert len(_RULE_NAMES) == len(set(_RULE_NAMES)), "parameter names must be unique over all groups"

_TIME_FIELDS = [("kind", "i8"), ("hours", "f8"), ("a", "f8"), ("b", "f8"), ("offset", "i8"), ("count", "i8")]
TIME = np.dtype(_TIME_FIELDS, align=True)


def _dtype(*columns: Any) -> np.dtype[Any]:
    return np.dtype(list(columns), align=True)


def _per_dimension(name: str) -> tuple[str, str, tuple[int]]:
    return (name, "f8", (N_DIMENSIONS,))


PLAN: dict[str, np.dtype[Any]] = {
    "rules": _dtype(*((name, "f8") for name in _RULE_NAMES), ("markov", "f8"), ("frailty_a", "f8"), ("frailty_b", "f8"),
                    ("mean_error", "f8"), ("first", "i8")),
    "stages": _dtype(
        ("id", "i8"), ("pool", "i8"), ("function", "i8"), ("position", "i8"), ("service", TIME), ("extra_time", "f8"),
        ("system_part", "f8"), ("operator_part", "f8"), ("fail_safe", "f8"), ("visible_share", "f8"),
        ("self_detection", "f8"), ("self_alarm", "f8"), ("incoming_detection", "f8"), ("incoming_alarm", "f8"),
        ("inspection_detection", "f8"), ("inspection_alarm", "f8"), ("special_rate", "f8"), ("special_factor", "f8"),
        ("special_mean_out", "f8"), ("internal_standard", "f8"), ("moment", "i8"), ("appraisal", "i8"),
        ("edge", "i8"), ("edges", "i8"),
    ),
    "edges": _dtype(
        ("id", "i8"), ("source", "i8"), ("target", "i8"), ("up_to", "f8"), ("retention", "f8"), ("corruption", "f8"),
        ("delay", TIME), ("batch", "i8"), ("border", "i8"),
    ),
    "staff": _dtype(
        ("id", "i8"), ("pool", "i8"), ("skill", "f8"), ("service_skill", "f8"), ("morale", "f8"),
        ("knows_customer", "f8"), ("discretion", "f8"),
    ),
    "segments": _dtype(
        ("id", "i8"), ("priority", "i8"), ("complexity", "f8"), _per_dimension("weight"),
        _per_dimension("desired_mean"), ("desired_sd", "f8"), _per_dimension("desired_from"),
        _per_dimension("desired_to"), _per_dimension("tolerance"), ("adequate_shift", "f8"),
        ("expected_at_first", "f8"), ("promise_share", "f8"), ("learning", "f8"), ("ratchet", "f8"), ("drift", "f8"),
        ("survey", "i8"), ("survey_rows", "i8"), ("orders", "i8"), ("reorder", TIME), ("interval", TIME),
        ("population", "i8"),
    ),
    "numbers": _dtype(("value", "f8")),
}  # fmt: skip

STATE: dict[str, np.dtype[Any]] = {
    "run": _dtype(
        ("key", "i8"), ("epoch", "i8"), ("n_stages", "i8"), ("n_edges", "i8"), ("n_staff", "i8"), ("n_segments", "i8"),
        ("customers", "i8"), ("orders", "i8"), ("visits", "i8"), ("handoffs", "i8"), ("errors", "i8"),
        ("moments", "i8"), ("end", "f8"), ("grid", "f8"), ("perception_on", "i8"),
    ),
    "stage_state": _dtype(("key", "i8"), ("out", "i8"), ("changes", "i8"), ("next_change", "f8")),
    "edge_state": _dtype(("expected", "f8")),
    "passes": _dtype(("work", "u2"), ("rework", "u2")),
}  # fmt: skip

JOURNAL: dict[str, np.dtype[Any]] = {
    "customers": _dtype(
        ("key", "i8"), ("segment", "i8"), ("orders", "i8"), ("last_placed", "f8"), ("promise", "f8"),
        ("last_failure", "f8"), _per_dimension("desired"), _per_dimension("predicted"),
    ),
    "orders": _dtype(
        ("customer", "i8"), ("number", "i8"), ("key", "i8"), ("placed", "f8"), ("delivered", "f8"), ("promised", "f8"),
        ("promise_level", "f8"), ("visit", "i8"), ("edge", "i8"), ("handoff", "i8"), ("last_error", "i8"),
        ("errors", "i8"), ("open", "i8"), ("awaiting", "i8"), ("alarm", "i8"), ("previous_erred", "i8"),
        ("failed_before", "i8"), ("recovered", "i8"), ("leaving", "i8"), ("stage_arrived", "f8"),
        ("reached", "i8"), ("complaints", "i8"), ("visits", "i8"), ("reworks", "i8"), ("information", "f8"),
        ("frailty", "f8"), ("waited", "f8"), ("worked", "f8"), ("last_contact", "f8"), ("damage", "f8"),
        ("clarify", "i8"), ("met", "i8"), ("moments", "i8"), _per_dimension("scored"), _per_dimension("actual_sum"),
        _per_dimension("seen_sum"),
        _per_dimension("extreme"), _per_dimension("last"), _per_dimension("desired"), _per_dimension("adequate"),
        _per_dimension("predicted"), _per_dimension("actual"), _per_dimension("perceived"), ("S", "f8"), ("A", "f8"),
        ("W", "f8"), ("X", "f8"), ("P", "f8"), ("satisfaction", "f8"),
    ),
    "visits": _dtype(
        ("order", "i8"), ("stage", "i8"), ("staff", "i8"), ("number", "i8"), ("kind", "i8"), ("clarified", "i8"),
        ("out_of_control", "i8"), ("arrived", "f8"), ("began", "f8"), ("ended", "f8"), ("clarification", "f8"),
        ("checking", "f8"),
    ),
    "handoffs": _dtype(
        ("order", "i8"), ("source", "i8"), ("target", "i8"), ("border", "i8"), ("on_time", "i8"), ("noticed", "i8"),
        ("began", "f8"), ("left", "f8"), ("arrived", "f8"), ("information", "f8"), ("rating", "f8"), ("expected", "f8"),
    ),
    "errors": _dtype(
        ("order", "i8"), ("visit", "i8"), ("previous", "i8"), ("stage", "i8"), ("staff", "i8"), ("found_at", "i8"),
        ("cause", "i8"), ("found_by", "i8"), ("major", "i8"), ("reached", "i8"), ("state", "i8"), ("complained", "i8"),
        ("made", "f8"), ("seen", "f8"), ("found", "f8"), ("severity", "f8"), ("recovered", "f8"),
        ("internal_cost", "f8"), ("external_cost", "f8"),
    ),
    "moments": _dtype(
        ("order", "i8"), ("stage", "i8"), ("staff", "i8"), ("time", "f8"), ("wait", "f8"), _per_dimension("actual"),
        _per_dimension("seen"),
    ),
    "absences": _dtype(("staff", "i8"), ("began", "f8"), ("ended", "f8")),
}  # fmt: skip

TABLES: dict[str, np.dtype[Any]] = {**PLAN, **STATE, **JOURNAL}
SLOT = {name: slot for slot, name in enumerate(TABLES)}


def _row(name: str) -> Any:
    return row_of(name, SLOT[name], TABLES[name])


# rules(world, i), stages(world, i), ...: row i of the table of that name.
rules, stages, edges, staff, segments, numbers = (_row(name) for name in PLAN)
run, stage_state, edge_state, passes = (_row(name) for name in STATE)
customers, orders, visits, handoffs, errors, moments, absences = (_row(name) for name in JOURNAL)
