"""The service blueprint with queues and use of staff, as a part of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.blueprint_shapes import StageLoad
from analysis.figures.style import inline_svg, records, title_of
from analysis.report.numbers import number
from analysis.report.page import Figure, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def loads_of(stages: pd.DataFrame, scenario: str) -> dict[str, StageLoad]:
    """Queue and utilisation of every stage where both were measured; `stages`: scenario, stage, metric, value."""
    rows = records(stages[stages["scenario"] == scenario])
    cells = {(str(row["stage"]), str(row["metric"])): float(row["value"]) for row in rows}

    def of(name: str, metric: str) -> float:
        return cells.get((name, metric), math.nan)

    loads = {name: StageLoad(of(name, "queue_mean"), of(name, "utilisation")) for name, _ in cells}
    return {name: load for name, load in loads.items() if math.isfinite(load.queue + load.utilisation)}


def load_figure(drawn: Drawing, loads: Mapping[str, StageLoad], where: str) -> Figure:
    """The figure with its words and table."""
    caption = f"Queues and staff in {where}: orders that wait at a stage, and the share of its staff's time in use."
    longest = max(loads, key=lambda name: loads[name].queue)
    words = (
        f"The longest queue stands at {title_of(longest)}: {number(loads[longest].queue)} orders on average. Queues "
        "are those of the orders placed in the measured time; use counts the pools that serve the stage."
    )
    rows = tuple((title_of(n), number(load.queue), number(100 * load.utilisation)) for n, load in loads.items())
    table = Table("Queue and use by stage", ("Stage", "Orders that wait", "Staff in use, %"), rows)
    return Figure(inline_svg(drawn, "blueprint-load", caption, words), caption, words, table)
