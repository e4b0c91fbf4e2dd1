"""Control charts of a run: the share of faulty visits of every stage, and errors per order (model.md 2.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.control_charts.limits import ALPHA, Binomial, Counts, Poisson, exact_limits, sigma_limits
from sim.journal import Journal
from sim.tables import FIRST_WORK

Array = np.ndarray[Any, Any]

SUBGROUP = 50  # visits or orders of a point
FEWEST = 2  # full subgroups that make a chart

COLUMNS = (
    "stage", "chart", "subgroup", "time", "n", "count", "value", "centre", "low", "high", "low_3sigma", "high_3sigma",
    "signal", "out_of_control",
)  # fmt: skip


def control_charts(journal: Journal, size: int = SUBGROUP, alpha: float = ALPHA) -> pd.DataFrame:
    """A p-chart of every stage, in the order of stages, then a u-chart of orders: one row per subgroup, `COLUMNS`.

    The p-chart (chart "p") takes a stage's first-work visits that end in the measured window, in order of their end,
    `size` at a time; `count` are those in which an error was made, found or not. The u-chart (chart "u", stage "")
    takes the orders delivered in the window, in order of delivery; `count` are all errors made on them. The last,
    incomplete subgroup is left out, and so is a chart of fewer than `FEWEST` subgroups.

    `subgroup` counts from 1, `time` (h) is when its last item ended, `value` is count / n. `centre` is the mean of
    *all* points: the chart looks back on a finished run, as a first-phase chart does, so periods out of control count
    in it too and make it a little slow to signal. `low` and `high` are exact limits of binomial or Poisson counts
    at `alpha` (see `exact_limits`), beyond which a point signals; `low_3sigma` and `high_3sigma` are Shewhart's.
    `out_of_control` is what no chart in a real firm can show: the share of the subgroup's visits (u-chart: of all
    first-work visits of its orders) during which a special cause really was at work.
    """
    charts = [_stage_chart(journal, stage, size, alpha) for stage in range(len(journal.plan.stage_names))]
    filled = [chart for chart in (*charts, _order_chart(journal, size, alpha)) if len(chart)]
    return pd.concat(filled, ignore_index=True) if filled else _chart("", "p", np.empty((4, 0)), size, alpha)


@dataclass(frozen=True)
class Signals:
    """Points of charts, signals among them, points truly out of control for a while, and those that are both."""

    points: int
    signals: int
    out_of_control: int
    true_signals: int


def count_signals(charts: pd.DataFrame) -> Signals:
    """How often charts (rows as from `control_charts`) signalled, and how often they were right to."""
    signal, out = charts["signal"].to_numpy(dtype=bool), charts["out_of_control"].to_numpy(dtype=float) > 0
    return Signals(len(charts), int(signal.sum()), int(out.sum()), int((signal & out).sum()))


def _stage_chart(journal: Journal, stage: int, size: int, alpha: float) -> pd.DataFrame:
    """The p-chart of a stage."""
    visits = journal["visits"]
    faulty = np.zeros(len(visits), dtype=bool)
    faulty[journal["errors"]["visit"]] = True
    mine = (visits["stage"] == stage) & (visits["kind"] == FIRST_WORK)
    rows = _in_window(journal, visits["ended"], mine)
    ones = np.ones(len(rows))
    items = np.array([visits["ended"][rows], faulty[rows], visits["out_of_control"][rows], ones])
    return _chart(journal.plan.stage_names[stage], "p", items, size, alpha)


def _order_chart(journal: Journal, size: int, alpha: float) -> pd.DataFrame:
    """The u-chart of all orders."""
    orders, visits = journal["orders"], journal["visits"]
    errors = np.bincount(journal["errors"]["order"], minlength=len(orders))
    first = visits[visits["kind"] == FIRST_WORK]
    made = np.bincount(first["order"], minlength=len(orders))
    out = np.bincount(first["order"], weights=first["out_of_control"], minlength=len(orders))
    rows = _in_window(journal, orders["delivered"], np.ones(len(orders), dtype=bool))
    return _chart("", "u", np.array([orders["delivered"][rows], errors[rows], out[rows], made[rows]]), size, alpha)


def _in_window(journal: Journal, time: Array, wanted: Array) -> Array:
    """Rows of the wanted items whose time (h) lies in the measured window, in order of time, then of row."""
    start, end = journal.window
    rows = np.flatnonzero(wanted & (time >= start) & (time < end))
    return rows[np.argsort(time[rows], kind="stable")]


def _chart(stage: str, chart: str, items: Array, size: int, alpha: float) -> pd.DataFrame:
    """One chart of items: shape (4, items) with time (h), errors, visits out of control, visits. May be empty."""
    groups = items.shape[1] // size
    groups = groups if groups >= FEWEST else 0
    time, errors, out, made = items[:, : groups * size].reshape(4, groups, size)
    count, visits = errors.sum(axis=1), made.sum(axis=1)
    centre = float(count.sum()) / max(1, groups * size)
    model: Counts = Binomial(size, centre) if chart == "p" else Poisson(size * centre)
    exact, shewhart = exact_limits(model, alpha), sigma_limits(model)
    return pd.DataFrame(
        {
            "stage": np.full(groups, stage, dtype=object),
            "chart": np.full(groups, chart, dtype=object),
            "subgroup": np.arange(1, groups + 1),
            "time": time[:, -1],
            "n": np.full(groups, size),
            "count": count.astype(np.int64),
            "value": count / size,
            "centre": centre,
            "low": exact.low / size,
            "high": exact.high / size,
            "low_3sigma": shewhart.low / size,
            "high_3sigma": shewhart.high / size,
            "signal": np.array([exact.signals(c) for c in count], dtype=bool),
            "out_of_control": np.divide(out.sum(axis=1), visits, out=np.zeros(groups), where=visits > 0),
        },
        columns=list(COLUMNS),
    )
