"""A journal's rows as the page draws them: plain lists, times in hours, rounded to a third of a second."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.journal import Journal

Floats = npt.NDArray[np.float64]
_DIGITS = 4


def _between(times: Floats, since: float, until: float) -> npt.NDArray[np.bool_]:
    return (times > since) & (times <= until) if since > 0 else times <= until


def _time(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), _DIGITS)


def visits_of(journal: Journal, since: float, until: float) -> list[list[Any]]:
    """[order, stage, member, arrived, began, ended, errors made] of visits that ended in (since, until].

    A visit that waits or is under way at `until` is among them, with None for what has not happened yet: the page
    draws it now, and gets it again when it has ended.
    """
    rows = journal["visits"]
    made = errors_by_visit(journal, until)
    ended = np.where(rows["ended"] <= until, rows["ended"], np.nan)
    began = np.where(rows["began"] <= until, rows["began"], np.nan)
    open_now = np.isnan(ended) & (rows["arrived"] <= until)
    chosen = np.flatnonzero(_between(rows["ended"], since, until) | open_now)
    return [
        [
            int(rows["order"][i]), int(rows["stage"][i]), -1 if np.isnan(began[i]) else int(rows["staff"][i]),
            _time(rows["arrived"][i]), _time(began[i]), _time(ended[i]),
            0 if np.isnan(ended[i]) else int(made[i]),
        ]
        for i in chosen
    ]  # fmt: skip


def errors_by_visit(journal: Journal, until: float) -> npt.NDArray[np.int64]:
    """Errors made in every visit until then: shape (visits,)."""
    errors = journal["errors"]
    there = (errors["visit"] >= 0) & (errors["made"] <= until)
    return np.bincount(errors["visit"][there], minlength=len(journal["visits"]))


def finds_of(journal: Journal, since: float, until: float) -> list[list[Any]]:
    """[order, stage where it was found, time] of errors found in (since, until], in order of time."""
    rows = journal["errors"]
    chosen = np.flatnonzero(_between(rows["found"], since, until))
    chosen = chosen[np.argsort(rows["found"][chosen], kind="stable")]
    return [[int(rows["order"][i]), int(rows["found_at"][i]), _time(rows["found"][i])] for i in chosen]


def handoffs_of(journal: Journal, since: float, until: float) -> list[list[Any]]:
    """[order, from stage, to stage, left, reached] of handoffs that began or ended in (since, until]."""
    rows = journal["handoffs"]
    under_way = (rows["left"] <= until) & (~(rows["arrived"] <= until))
    chosen = np.flatnonzero(_between(rows["arrived"], since, until) | under_way)
    return [
        [int(rows["order"][i]), int(rows["source"][i]), int(rows["target"][i]), _time(rows["left"][i]),
         _time(rows["arrived"][i])]
        for i in chosen
    ]  # fmt: skip


def delivered_in(journal: Journal, since: float, until: float) -> npt.NDArray[np.int64]:
    """Rows of the orders delivered in (since, until], in order of delivery."""
    times = journal["orders"]["delivered"]
    chosen = np.flatnonzero(_between(times, since, until))
    return np.asarray(chosen[np.argsort(times[chosen], kind="stable")])


def orders_of(journal: Journal, since: float, until: float) -> list[list[Any]]:
    """[order, customer, placed, delivered, errors made, errors that reached the customer, lead time]."""
    rows = journal["orders"]
    reached = reached_by_order(journal)
    return [
        [int(i), int(rows["customer"][i]), _time(rows["placed"][i]), _time(rows["delivered"][i]),
         int(rows["errors"][i]), int(reached[i]), _time(rows["delivered"][i] - rows["placed"][i])]
        for i in delivered_in(journal, since, until)
    ]  # fmt: skip


def reached_by_order(journal: Journal) -> npt.NDArray[np.int64]:
    """Errors of every order that reached the customer: shape (orders,)."""
    errors = journal["errors"]
    return np.bincount(errors["order"][errors["reached"] == 1], minlength=len(journal["orders"]))


def stage_names(journal: Journal) -> list[str]:
    """As people write them: "stage 1" for stage_01."""
    return [re.sub(r" 0+(?=\d)", " ", name.replace("_", " ")) for name in journal.plan.stage_names]


def staff_of(journal: Journal) -> list[dict[str, Any]]:
    """Every member with the stage whose pool it is in (the first, where a pool serves several)."""
    places: dict[str, int] = {}
    for blueprint in journal.plan.blueprints:
        for name, stage in blueprint.stages.items():
            for pool in stage.pools:
                for member in blueprint.pools[pool].members:
                    places.setdefault(member, journal.plan.stage_names.index(name))
    return [{"name": name, "stage": places.get(name, 0)} for name in journal.plan.staff_names]
