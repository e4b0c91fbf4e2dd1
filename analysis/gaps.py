"""The gap between expected and perceived service, by dimension and scenario (model.md 2.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compare import Floats, Results, spread, tabulate
from sim.blueprint import DIMENSIONS

OVERALL = "overall"
GAP_COLUMNS = (
    "scenario", "dimension", "expected", "adequate", "perceived", "gap", "gap_low", "gap_high",
    "sq", "sq_low", "sq_high", "difference", "difference_low", "difference_high",
)  # fmt: skip


def gap_table(kpis: pd.DataFrame, base: str) -> pd.DataFrame:
    """Expected (desired), adequate and perceived levels, their gap and SQ: a row per scenario and dimension.

    `kpis` as in `analysis.compare`; columns GAP_COLUMNS, dimensions in the order of DIMENSIONS, then "overall" (their
    weighted mean). Levels and gap = perceived - expected lie on the [0, 1] scale, means over replications; sq is 100 x
    mean perceived / mean expected, in percent. Intervals are 95 % t over replications: of sq, around it with the
    standard error of the replications' own ratios; of the difference (the gap less the base's), paired. Scenarios
    without perception have no rows. Raises InvalidInput for an unknown base.
    """
    results = tabulate(kpis)
    reference = results.place_of(base)
    tables = {name: _of_dimension(results, name, reference) for name in (*DIMENSIONS, OVERALL)}
    rows = [
        {"scenario": scenario, "dimension": name, **{key: float(column[i]) for key, column in table.items()}}
        for i, scenario in enumerate(results.scenarios)
        for name, table in tables.items()
        if not np.isnan(table["gap"][i])
    ]
    return pd.DataFrame(rows, columns=list(GAP_COLUMNS))


def _of_dimension(results: Results, dimension: str, base: int) -> dict[str, npt.NDArray[np.float64]]:
    """Columns of one dimension: each of shape (scenarios,)."""
    suffix = "" if dimension == OVERALL else f"_{dimension}"
    desired, adequate, perceived, gap = (
        results.of(name + suffix) for name in ("desired", "adequate", "perceived", "gap")
    )
    expected, seen, distance, change = (spread(values) for values in (desired, perceived, gap, gap - gap[base]))
    sq = _percent(seen.mean, expected.mean)
    ratios = spread(_percent(perceived, desired))
    return {
        "expected": expected.mean,
        "adequate": spread(adequate).mean,
        "perceived": seen.mean,
        "gap": distance.mean,
        "gap_low": distance.low,
        "gap_high": distance.high,
        "sq": sq,
        "sq_low": sq + (ratios.low - ratios.mean),
        "sq_high": sq + (ratios.high - ratios.mean),
        "difference": change.mean,
        "difference_low": change.low,
        "difference_high": change.high,
    }


def _percent(perceived: Floats, desired: Floats) -> Floats:
    """100 x perceived / desired; NaN where nothing is desired."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(desired > 0.0, 100.0 * perceived / desired, np.nan)
