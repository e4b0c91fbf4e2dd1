"""The journal as an event log for process mining, and as one customer's readable journey."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from sim.blueprint import DIMENSIONS, Calendar
from sim.journal import Journal
from sim.tables import CAUSES, ERROR_STATES, FINDERS

Step = dict[str, str | float]
"""A row of a journey: time (h), event, stage, staff, what."""
Row = Callable[..., Step]

MONDAY = datetime(2024, 1, 1)  # days of the run's clock begin at 9:00, or at midnight where they are too long for that
OPENING = 9.0
WORKING_HOURS = Calendar()

COLUMNS = (
    "case:concept:name", "concept:name", "org:resource", "time:timestamp", "lifecycle:transition", "hour", "kind",
    "visit", "customer", "segment", "arrived", "wait", "error", "found_by", "out_of_control",
)  # fmt: skip


def timestamp(hour: float, calendar: Calendar = WORKING_HOURS) -> datetime:
    """The calendar time of an hour of the run's clock (the choice of the first Monday is arbitrary).

    The working-hours clock is laid on Monday to Friday from 9:00 to 17:00, the clock on the wall on all days.
    """
    day, rest = divmod(hour, calendar.day)
    week, weekday = divmod(int(day), round(calendar.week / calendar.day))
    opening = OPENING if OPENING + calendar.day <= 24.0 else 0.0
    return MONDAY + timedelta(days=7 * week + weekday, hours=opening + rest)


def event_log(journal: Journal) -> pd.DataFrame:
    """Every visit as a start and a complete event, in order of time; columns as in `COLUMNS`.

    A case is an order (customer-number). `hour` and `arrived` are hours of the run's clock; `error` and `found_by`
    stand on the complete event of the visit that made the error.
    """
    visits = journal.frame("visits")
    orders = journal["orders"][visits["order"].to_numpy()]
    case = pd.Series([f"{c}-{n}" for c, n in zip(orders["customer"], orders["number"], strict=True)], dtype=object)
    segments = np.array(journal.plan.segment_names, dtype=object)[journal["customers"]["segment"][orders["customer"]]]
    errors = journal.frame("errors").drop_duplicates("visit").set_index("visit")
    common = pd.DataFrame(
        {
            "case:concept:name": case,
            "concept:name": visits["stage"],
            "org:resource": visits["staff"],
            "kind": visits["kind"],
            "visit": visits["number"],
            "customer": orders["customer"],
            "segment": segments,
            "arrived": visits["arrived"],
            "wait": visits["began"] - visits["arrived"],
            "out_of_control": visits["out_of_control"],
        }
    )
    start = common.assign(hour=visits["began"], error="", found_by="", **{"lifecycle:transition": "start"})
    made = {name: errors[name].reindex(common.index).fillna("") for name in ("cause", "found_by")}
    complete = common.assign(
        hour=visits["ended"], error=made["cause"], found_by=made["found_by"], **{"lifecycle:transition": "complete"}
    )
    both = pd.concat([start, complete])
    both["row"] = both.index
    both = both.sort_values(["hour", "row", "lifecycle:transition"], ascending=[True, True, False], kind="stable")
    both["time:timestamp"] = [
        timestamp(hour, journal.blueprint.calendar).isoformat(timespec="milliseconds") for hour in both["hour"]
    ]
    return both[list(COLUMNS)].reset_index(drop=True)


def most_eventful_customer(journal: Journal) -> int:
    """The customer of the measured order with most visits, then most moments of truth, then the earliest."""
    orders = journal["orders"]
    chosen = journal.measured_orders()
    if len(chosen) == 0:
        return 0
    rank = sorted(chosen, key=lambda i: (-orders["visits"][i] - orders["errors"][i], orders["placed"][i]))
    return int(orders["customer"][rank[0]])


def journey(journal: Journal, customer: int) -> list[Step]:
    """One customer's orders as rows {time, event, stage, staff, what}, in order of time (h)."""
    orders = journal["orders"]
    rows: list[Step] = []
    for index in np.flatnonzero(orders["customer"] == customer):
        rows += _order_rows(journal, int(index))
    return sorted(rows, key=lambda row: float(str(row["time"])))


def _order_rows(journal: Journal, index: int) -> list[Step]:
    plan, order = journal.plan, journal["orders"][index]

    def row(time: float, event: str, stage: int = -1, staff: int = -1, what: str = "") -> Step:
        place = plan.stage_names[stage] if stage >= 0 else ""
        who = plan.staff_names[staff] if staff >= 0 else ""
        return {"time": float(time), "event": event, "stage": place, "staff": who, "what": what}

    number = int(order["number"]) + 1
    judged = plan.perception_on
    hopes = f"desires {order['S']:.2f}, predicts {order['W']:.2f}" if judged else ""
    rows = [row(order["placed"], f"order {number} placed", what=hopes)]
    for visit in journal["visits"][journal["visits"]["order"] == index]:
        kind = "rework" if visit["kind"] == 1 else "work"
        waited = visit["began"] - visit["arrived"]
        what = f"{visit['ended'] - visit['began']:.2f} h of {kind} after {waited:.2f} h in the queue"
        if visit["clarified"]:
            what += "; information was missing and had to be asked for"
        rows.append(row(visit["began"], kind, visit["stage"], visit["staff"], what))
    rows += _error_rows(journal, index, row)
    for moment in journal["moments"][journal["moments"]["order"] == index]:
        scores = ", ".join(
            f"{name} {score:.2f}"
            for name, score in zip(DIMENSIONS, moment["seen"], strict=True)
            if not math.isnan(score)
        )
        at = "moment of truth" if moment["stage"] >= 0 else "moment of truth: delivery"
        rows.append(row(moment["time"], at, moment["stage"], moment["staff"], scores))
    if not math.isnan(order["delivered"]):
        what = f"after {order['delivered'] - order['placed']:.2f} h (promised {order['promised']:.2f} h)"
        if judged:
            quality = 100 * order["P"] / order["S"] if order["S"] > 0 else math.nan
            what += f"; perceived {order['P']:.2f} against desired {order['S']:.2f}: service quality {quality:.1f}"
        rows.append(row(order["delivered"], f"order {number} delivered", what=what))
    if not math.isnan(order["abandoned"]):
        what = f"after {order['abandoned'] - order['placed']:.2f} h, tired of waiting"
        rows.append(row(order["abandoned"], f"order {number} given up", what=what))
    return sorted(rows, key=lambda row: (float(str(row["time"])), _rank(str(row["event"]))))


def _rank(event: str) -> int:
    """Which of an order's events at one time to tell first: a visit's outcome before the visit that follows it."""
    return next(
        i for i, word in enumerate(("placed", "error", "moment", "work", "delivered", "given up")) if word in event
    )


def _error_rows(journal: Journal, index: int, row: Row) -> list[Step]:
    names = journal.plan.stage_names
    rows = []
    for error in journal["errors"][journal["errors"]["order"] == index]:
        size, cause = "major" if error["major"] else "minor", CAUSES[error["cause"]]
        rows.append(row(error["made"], f"{size} error", error["stage"], error["staff"], f"cause: {cause}"))
        if not math.isnan(error["found"]):
            finder, state = FINDERS[error["found_by"]], ERROR_STATES[error["state"]]
            what = f"made at {names[error['stage']]}, found by {finder}, {state}"
            rows.append(row(error["found"], "error found", error["found_at"], -1, what.replace("_", " ")))
        if not math.isnan(error["seen"]):
            what = "complained" if error["complained"] else "did not complain"
            what += f", {100 * error['recovered']:.0f} % of the damage recovered" if error["recovered"] > 0 else ""
            rows.append(row(error["seen"], "customer sees the error", error["stage"], -1, what))
    return rows
