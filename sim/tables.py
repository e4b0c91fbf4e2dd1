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
    Attendance,
    Calendar,
    Costs,
    Improvement,
    Information,
    InternalService,
    KnockOn,
    Knowledge,
    Load,
    Morale,
    Participation,
    Perception,
    Practice,
    Promise,
    Recovery,
    Relationship,
    Requirements,
    Rework,
    SkillEffects,
    WordOfMouth,
)
from sim.kernel import row_of

N_DIMENSIONS = len(DIMENSIONS)
DELIVERED_STAGE = -1

# Codes of the journal's columns.
KINDS = ("first_work", "rework")
FIRST_WORK, REWORK = range(2)
CAUSES = ("system", "operator", "special_cause", "information", "knock_on", "rework", "load", "supplier")
(
    CAUSE_SYSTEM, CAUSE_OPERATOR, CAUSE_SPECIAL, CAUSE_INFORMATION, CAUSE_KNOCK_ON, CAUSE_REWORK, CAUSE_LOAD,
    CAUSE_SUPPLIER,
) = range(8)  # fmt: skip
FINDERS = ("nobody", "self_check", "next_stage", "inspector")
NOBODY, BY_SELF, BY_RECEIVER, BY_INSPECTOR = range(4)
ERROR_STATES = ("open", "awaiting_rework", "repaired")
OPEN, AWAITING, REPAIRED = range(3)
# What a staff member is doing with the clock running.
STATUSES = ("idle", "busy", "off_line", "absent", "vacant", "closed")
IDLE, BUSY, OFF_LINE, ABSENT, VACANT, CLOSED = range(6)
# Why customers are lost, the first that holds.
LOST = ("failure", "abandoned", "lateness", "shortfall", "other", "finished")
LOST_FAILURE, LOST_ABANDONED, LOST_LATENESS, LOST_SHORTFALL, LOST_OTHER, LOST_FINISHED = range(6)
WON = ("arrival", "marketing", "referral")
WON_ARRIVAL, WON_MARKETING, WON_REFERRAL = range(3)
# What the model asks of the engine (requests).
ASK_LEAVE, ASK_LEAVE_UNTIL, ASK_VACATE, ASK_CUSTOMER = range(4)
# What the improvement loop works on.
LEVERS = ("none", "errors", "time", "information")
LEVER_NONE, LEVER_ERRORS, LEVER_TIME, LEVER_INFORMATION = range(4)

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
    "requirements": Requirements,
    "practice": Practice,
    "load": Load,
    "morale": Morale,
    "attendance": Attendance,
    "participation": Participation,
    "knowledge": Knowledge,
    "improvement": Improvement,
    "relationship": Relationship,
    "word_of_mouth": WordOfMouth,
    "calendar": Calendar,
}
WORDS = ("rule", "choose_by")  # fields that are words: the plan holds them as numbers of its own
_RULE_NAMES = [f.name for group in RULE_GROUPS.values() for f in fields(group) if f.name not in WORDS]
assert len(_RULE_NAMES) == len(set(_RULE_NAMES)), "parameter names must be unique over all groups"

_TIME_FIELDS = [("kind", "i8"), ("hours", "f8"), ("a", "f8"), ("b", "f8"), ("offset", "i8"), ("count", "i8")]
TIME = np.dtype(_TIME_FIELDS, align=True)


def _dtype(*columns: Any) -> np.dtype[Any]:
    return np.dtype(list(columns), align=True)


def _per_dimension(name: str) -> tuple[str, str, tuple[int]]:
    return (name, "f8", (N_DIMENSIONS,))


PLAN: dict[str, np.dtype[Any]] = {
    "rules": _dtype(*((name, "f8") for name in _RULE_NAMES), ("markov", "f8"), ("frailty_a", "f8"), ("frailty_b", "f8"),
                    ("mean_error", "f8"), ("first", "i8"), ("retention_rule", "i8"), ("choose_by", "i8")),
    "stages": _dtype(
        ("id", "i8"), ("pool", "i8"), ("function", "i8"), ("position", "i8"), ("service", TIME), ("extra_time", "f8"),
        ("system_part", "f8"), ("operator_part", "f8"), ("fail_safe", "f8"), ("visible_share", "f8"),
        ("self_detection", "f8"), ("self_alarm", "f8"), ("incoming_detection", "f8"), ("incoming_alarm", "f8"),
        ("inspection_detection", "f8"), ("inspection_alarm", "f8"), ("special_rate", "f8"), ("special_factor", "f8"),
        ("special_mean_out", "f8"), ("internal_standard", "f8"), ("moment", "i8"), ("appraisal", "i8"),
        ("edge", "i8"), ("edges", "i8"), ("supplier", "i8"), ("customer_waits", "i8"), ("configures", "i8"),
        ("tampering", "i8"),
    ),
    "edges": _dtype(
        ("id", "i8"), ("source", "i8"), ("target", "i8"), ("up_to", "f8"), ("retention", "f8"), ("corruption", "f8"),
        ("delay", TIME), ("batch", "i8"), ("border", "i8"), ("trip_share", "f8"),
    ),
    "staff": _dtype(
        ("id", "i8"), ("pool", "i8"), ("crew", "i8"), ("skill", "f8"), ("service_skill", "f8"), ("gain", "f8"),
        ("service_gain", "f8"), ("trained_at", "f8"), ("morale", "f8"), ("boost", "f8"), ("entry", "f8"),
        ("entry_service", "f8"),
        ("knows_customer", "f8"), ("discretion", "f8"), ("involvement", "f8"), ("group_hours", "f8"),
        ("coordination_hours", "f8"), ("pressure", "f8"), ("inspects", "i8"), ("shifts", "i8"), ("n_shifts", "i8"),
        ("suspends", "i8"),
    ),
    "suppliers": _dtype(
        ("id", "i8"), ("lead", TIME), ("defect", "f8"), ("price", "f8"), ("partner", "i8"), ("promised", "f8"),
        ("trust", "f8"), ("trust_gain", "f8"), ("trust_loss", "f8"), ("break_hazard", "f8"), ("exit_cost", "f8"),
        ("late_lead", TIME), ("late_defect", "f8"), ("late_price", "f8"),
    ),
    "segments": _dtype(
        ("id", "i8"), ("priority", "i8"), ("complexity", "f8"), _per_dimension("weight"),
        _per_dimension("desired_mean"), ("desired_sd", "f8"), _per_dimension("desired_from"),
        _per_dimension("desired_to"), _per_dimension("tolerance"), ("adequate_shift", "f8"),
        ("expected_at_first", "f8"), ("promise_share", "f8"), ("learning", "f8"), ("ratchet", "f8"), ("drift", "f8"),
        ("survey", "i8"), ("survey_rows", "i8"), ("orders", "i8"), ("reorder", TIME), ("interval", TIME),
        ("population", "i8"), ("price", "f8"), ("care_cost", "f8"), ("acquisition_cost", "f8"), ("prospects", "f8"),
        ("owner", "i8"), ("most_prospects", "f8"), ("patience", TIME), ("patient", "i8"), ("balk_at", "i8"),
        ("norm", "f8"), ("heard_share", "f8"), ("heard", "f8"), ("orders_a_year", "f8"), ("margin", "f8"),
        ("profile", "i8"), ("slots", "i8"),
    ),
    "numbers": _dtype(("value", "f8")),
}  # fmt: skip

STATE: dict[str, np.dtype[Any]] = {
    "run": _dtype(
        ("key", "i8"), ("epoch", "i8"), ("n_stages", "i8"), ("n_edges", "i8"), ("n_staff", "i8"), ("n_segments", "i8"),
        ("n_suppliers", "i8"), ("n_functions", "i8"),
        ("customers", "i8"), ("orders", "i8"), ("visits", "i8"), ("handoffs", "i8"), ("errors", "i8"),
        ("moments", "i8"), ("weeks", "i8"), ("reviews", "i8"), ("requests", "i8"), ("end", "f8"), ("warm_up", "f8"),
        ("grid", "f8"), ("perception_on", "i8"), ("relationship_on", "i8"), ("staff_on", "i8"), ("summary", "i8"),
        ("free_order", "i8"), ("free_error", "i8"), ("free_customer", "i8"), ("first_active", "i8"),
        ("last_active", "i8"), ("closed", "i8"), ("active", "i8"), ("in_system", "i8"),
        ("next_day", "f8"), ("next_week", "f8"), ("days", "i8"),
    ),
    "stage_state": _dtype(
        ("key", "i8"), ("out", "i8"), ("changes", "i8"), ("next_change", "f8"), ("error_factor", "f8"),
        ("time_factor", "f8"), ("adjustment", "f8"), ("jobs", "f8"), ("erred", "f8"), ("hours", "f8"), ("waited", "f8"),
        ("noticed", "f8"), ("marked_jobs", "f8"), ("marked_erred", "f8"), ("marked_hours", "f8"),
    ),
    "edge_state": _dtype(("expected", "f8"), ("loss_factor", "f8"), ("passed", "f8"), ("kept", "f8"),
                         ("marked_passed", "f8"), ("marked_kept", "f8")),
    "supplier_state": _dtype(("partner", "i8"), ("joined", "i8"), ("trust", "f8"), ("broken", "f8")),
    "segment_state": _dtype(("heard", "f8"), ("active", "i8"), ("since", "f8")),
    "loop": _dtype(
        ("key", "i8"), ("cycle", "i8"), ("trying", "i8"), ("review", "i8"), ("lever", "i8"), ("place", "i8"),
        ("factor", "f8"), ("before", "f8"),
    ),
    "passes": _dtype(("work", "u2"), ("rework", "u2")),
    "contacts": _dtype(("staff", "i4"), ("person", "i4")),
    "requests": _dtype(("kind", "i8"), ("index", "i8"), ("status", "i8"), ("delay", "f8"), ("hours", "f8")),
}  # fmt: skip

JOURNAL: dict[str, np.dtype[Any]] = {
    "customers": _dtype(
        ("key", "i8"), ("segment", "i8"), ("orders", "i8"), ("last_placed", "f8"), ("promise", "f8"),
        ("last_failure", "f8"), _per_dimension("desired"), _per_dimension("predicted"), ("won", "i8"), ("lost", "i8"),
        ("joined", "f8"), ("left", "f8"), ("satisfaction", "f8"), ("stay", "f8"), ("shared", "i8"),
        ("free", "i8"), ("before", "i8"), ("after", "i8"),  # before, after: among the active customers
    ),
    "orders": _dtype(
        ("customer", "i8"), ("number", "i8"), ("key", "i8"), ("placed", "f8"), ("delivered", "f8"), ("abandoned", "f8"),
        ("promised", "f8"),
        ("promise_level", "f8"), ("visit", "i8"), ("edge", "i8"), ("handoff", "i8"), ("last_error", "i8"),
        ("errors", "i8"), ("open", "i8"), ("awaiting", "i8"), ("alarm", "i8"), ("previous_erred", "i8"),
        ("failed_before", "i8"), ("recovered", "i8"), ("leaving", "i8"), ("stage_arrived", "f8"),
        ("reached", "i8"), ("complaints", "i8"), ("visits", "i8"), ("reworks", "i8"), ("information", "f8"),
        ("frailty", "f8"), ("waited", "f8"), ("worked", "f8"), ("last_contact", "f8"), ("damage", "f8"),
        ("clarify", "i8"), ("met", "i8"), ("moments", "i8"), ("configured", "i8"), ("configured_at", "f8"),
        ("change_of_mind", "f8"), ("changed", "i8"), ("defective", "i8"), ("supplies", "f8"), ("transport", "f8"),
        ("external_cost", "f8"),
        _per_dimension("scored"), _per_dimension("actual_sum"), _per_dimension("seen_sum"),
        _per_dimension("extreme"), _per_dimension("last"), _per_dimension("desired"), _per_dimension("adequate"),
        _per_dimension("predicted"), _per_dimension("actual"), _per_dimension("perceived"), ("S", "f8"), ("A", "f8"),
        ("W", "f8"), ("X", "f8"), ("P", "f8"), ("satisfaction", "f8"), ("free", "i8"),
    ),
    "visits": _dtype(
        ("order", "i8"), ("stage", "i8"), ("staff", "i8"), ("number", "i8"), ("kind", "i8"), ("clarified", "i8"),
        ("out_of_control", "i8"), ("arrived", "f8"), ("began", "f8"), ("ended", "f8"), ("hours", "f8"),
        ("clarification", "f8"), ("checking", "f8"), ("load", "f8"),
    ),
    "handoffs": _dtype(
        ("order", "i8"), ("source", "i8"), ("target", "i8"), ("border", "i8"), ("on_time", "i8"), ("noticed", "i8"),
        ("began", "f8"), ("left", "f8"), ("arrived", "f8"), ("information", "f8"), ("rating", "f8"), ("expected", "f8"),
    ),
    "errors": _dtype(
        ("order", "i8"), ("visit", "i8"), ("previous", "i8"), ("stage", "i8"), ("staff", "i8"), ("number", "i8"),
        ("kind", "i8"), ("found_at", "i8"),
        ("cause", "i8"), ("found_by", "i8"), ("major", "i8"), ("reached", "i8"), ("state", "i8"), ("complained", "i8"),
        ("made", "f8"), ("seen", "f8"), ("found", "f8"), ("severity", "f8"), ("recovered", "f8"),
        ("internal_cost", "f8"), ("external_cost", "f8"),
    ),
    "moments": _dtype(
        ("order", "i8"), ("stage", "i8"), ("staff", "i8"), ("time", "f8"), ("wait", "f8"), _per_dimension("actual"),
        _per_dimension("seen"),
    ),
    "absences": _dtype(("staff", "i8"), ("reason", "i8"), ("began", "f8"), ("ended", "f8")),
    # One row per period between two weekly ticks, counted from the end of the warm-up; the last row is what came
    # after the end of the measured time. Counts and sums of the period, except where a comment says "at its end".
    "weeks": _dtype(
        ("began", "f8"), ("ended", "f8"), ("measured", "i8"),
        ("placed", "i8"), ("delivered", "i8"), ("abandoned", "i8"), ("in_system", "i8"),  # in_system: at its end
        ("lead_hours", "f8"), ("late", "i8"), ("failed", "i8"), ("errors", "i8"), ("complaining", "i8"),
        ("complaints", "i8"), ("recovered", "i8"), ("reworked", "i8"),
        ("judged", "i8"), ("desired", "f8"), ("adequate", "f8"), ("predicted", "f8"), ("perceived", "f8"),
        ("satisfaction", "f8"), ("wanting", "i8"), ("quality", "f8"),  # wanting: who desired more than nothing
        _per_dimension("shortfall"), _per_dimension("shortfall_square"),  # desired - perceived
        ("won", "i8", (3,)), ("lost", "i8", (6,)), ("active", "i8"), ("customer_hours", "f8"),  # active: at its end
        ("equity", "f8"), ("stay", "f8"), ("regard", "f8"),  # at its end, over active customers: CLV, mean r, mean CS
        ("praise", "i8"), ("criticism", "i8"), ("lost_equity", "f8"),
        ("staffed", "i8"), ("skill", "f8"), ("service_skill", "f8"), ("morale", "f8"), ("load", "f8"),  # at its end
        ("paid", "f8"), ("worked", "f8"), ("off_line", "f8"), ("absent", "f8"), ("vacant", "f8"), ("overtime", "f8"),
        ("rework_hours", "f8"), ("clarification_hours", "f8"), ("checking_hours", "f8"), ("inspection_hours", "f8"),
        ("leavers", "i8"), ("ideas", "i8"), ("ideas_used", "i8"),
        ("revenue", "f8"), ("materials", "f8"), ("transport", "f8"), ("external_cost", "f8"), ("care", "f8"),
        ("acquisition", "f8"), ("replacement", "f8"), ("exit_cost", "f8"),
    ),
    # One row: the orders placed in the measured time, whenever they were delivered.
    "totals": _dtype(
        ("placed", "i8"), ("delivered", "i8"), ("abandoned", "i8"), ("lead_hours", "f8"), ("lead_square", "f8"),
        ("late", "i8"), ("waited", "f8"), ("failed", "i8"), ("errors", "i8"), ("causes", "i8", (8,)), ("found", "i8"),
        ("reworked", "i8"), ("complaining", "i8"), ("complaints", "i8"), ("recovered", "i8"), ("information", "f8"),
        ("judged", "i8"), ("S", "f8"), ("A", "f8"), ("W", "f8"), ("X", "f8"), ("P", "f8"), ("wanting", "i8"),
        ("quality", "f8"),
        ("satisfaction", "f8"), ("short", "i8"), ("inadequate", "i8"),
        _per_dimension("desired"), _per_dimension("adequate"), _per_dimension("predicted"), _per_dimension("actual"),
        _per_dimension("perceived"),
        ("revenue", "f8"), ("materials", "f8"), ("transport", "f8"), ("external_cost", "f8"),
    ),
    # One row per seat: state at the end of the run, and hours of the measured time by what was done with them.
    "members": _dtype(
        ("key", "i8"), ("person", "i8"), ("joined", "f8"), ("status", "i8"), ("since", "f8"), ("on_shift", "i8"),
        ("technical", "f8"), ("service", "f8"), ("mood", "f8"), ("load", "f8"), ("overwork", "f8"), ("load_at", "f8"),
        ("idle_from", "f8"), ("voice", "f8"),
        ("week_busy", "f8"), ("week_here", "f8"), ("ratings", "f8"), ("rated", "f8"), ("in_groups", "f8"),
        ("rework_part", "f8"), ("clarification_part", "f8"), ("checking_part", "f8"), ("inspection_part", "f8"),
        ("paid", "f8"), ("worked", "f8"), ("off_line", "f8"), ("absent", "f8"), ("vacant", "f8"), ("overtime", "f8"),
        ("jobs", "i8"), ("leavers", "i8"),
    ),
    # Hours of the measured time by pool (members count where they belong at the time).
    "pool_hours": _dtype(
        ("paid", "f8"), ("worked", "f8"), ("off_line", "f8"), ("absent", "f8"), ("overtime", "f8"),
    ),
    # One row per cycle of the improvement loop.
    "reviews": _dtype(
        ("time", "f8"), ("choose_by", "i8"), ("dimension", "i8"), ("lever", "i8"), ("place", "i8"), ("works", "i8"),
        ("before", "f8"), ("after", "f8"), ("checked", "f8"), ("kept", "i8"), ("ended", "f8"),
    ),
}  # fmt: skip

# What the compiled engine works with: its clock, the events to come, and where everybody is.
ENGINE: dict[str, np.dtype[Any]] = {
    "clock": _dtype(
        ("now", "f8"), ("numbered", "i8"), ("events", "i8"), ("hole", "i8"), ("free", "i8"), ("slots", "i8"),
        ("tickets", "i8"), ("live", "i8"), ("boundary", "i8"), ("starts", "i8"), ("absences", "i8"),
        ("n_lanes", "i8"), ("n_pools", "i8"), ("has_shifts", "i8"), ("has_teams", "i8"), ("visits", "i8"),
        ("room_visits", "i8"), ("room_orders", "i8"), ("room_customers", "i8"), ("room_events", "i8"),
        ("room_absences", "i8"),
    ),
    "agenda": _dtype(("time", "f8"), ("tag", "i8")),
    "events": _dtype(("kind", "i8"), ("a", "i8"), ("b", "i8"), ("x", "f8")),
    "starts": _dtype(("customer", "i8"), ("pause", "f8")),
    "movers": _dtype(("member", "i8"),),
    "queues": _dtype(("length", "i8"), ("idle_first", "i8"), ("idle_last", "i8")),
    "lanes": _dtype(("first", "i8"), ("last", "i8")),
    "places": _dtype(
        ("before", "i8"), ("after", "i8"), ("lane", "i8"), ("pool", "i8"), ("ticket", "i8"), ("stage", "i8"),
        ("member", "i8"), ("arrived", "f8"), ("team", "f8"),
    ),
    "desks": _dtype(
        ("before", "i8"), ("after", "i8"), ("idle", "i8"), ("busy", "i8"), ("away", "i8"), ("on", "i8"), ("due", "i8"),
        ("since", "f8"), ("owed", "f8"), ("absent_until", "f8"), ("missed", "f8"), ("vacancy", "f8"),
    ),
    "batches": _dtype(("first", "i8"), ("last", "i8"), ("count", "i8"), ("hours", "f8")),
    "closings": _dtype(("rule", "i8"),),
    "crews": _dtype(("pools", "i8"), ("first", "i8")),
    "crew_pools": _dtype(("pool", "i8"),),
    "classes": _dtype(("priority", "i8"),),
}  # fmt: skip

TABLES: dict[str, np.dtype[Any]] = {**PLAN, **STATE, **JOURNAL, **ENGINE}
SLOT = {name: slot for slot, name in enumerate(TABLES)}


def _row(name: str) -> Any:
    return row_of(name, SLOT[name], TABLES[name])


# rules(world, i), stages(world, i), ...: row i of the table of that name.
rules, stages, edges, staff, suppliers, segments, numbers = (_row(name) for name in PLAN)
(
    run, stage_state, edge_state, supplier_state, segment_state, loop, passes, contacts, requests,
) = (_row(name) for name in STATE)  # fmt: skip
(
    customers, orders, visits, handoffs, errors, moments, absences, weeks, totals, members, pool_hours, reviews,
) = (_row(name) for name in JOURNAL)  # fmt: skip
(
    clock, agenda, events, starts, movers, queues, lanes, places, desks, batches, closings, crews, crew_pools, classes,
) = (_row(name) for name in ENGINE)  # fmt: skip
