"""The tables and results.json that every experiment leaves in the same form (the contract of the run folder)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.compare import compare
from analysis.gaps import gap_table
from analysis.run_folder import SCHEMA, RunFolder
from analysis.stress_des.ran import Ran
from scenarios.config import Settings

KPI_COLUMNS = ["scenario", "replication", "metric", "value"]


def write_tables(folder: RunFolder, kpis: pd.DataFrame, base: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """kpis.csv, comparison.csv and gaps.csv; returns the comparison and the gap table."""
    comparison, gaps = compare(kpis, base), gap_table(kpis, base)
    folder.write_csv("kpis.csv", kpis[KPI_COLUMNS])
    folder.write_csv("comparison.csv", comparison)
    folder.write_csv("gaps.csv", gaps)
    return comparison, gaps


def write_results(
    folder: RunFolder,
    settings: Settings,
    comparison: pd.DataFrame,
    finished: int | None = None,
    extra: Mapping[str, Any] | None = None,
    base: str | None = None,
    ran: Ran | None = None,
) -> None:
    """manifest.json and results.json (last, so that its presence says that the run is whole).

    `ran` : what ran, where the settings alone do not say it (for stress_des.md).
    """
    folder.write_manifest(settings, finished, ran)
    folder.write_json(
        "results.json",
        {
            "schema": SCHEMA,
            "experiment": settings.experiment,
            "system": settings.system,
            "seed": settings.seed,
            "replications": settings.replications if finished is None else finished,
            "engine": settings.engine,
            "base": base or settings.base,
            "scenarios": scenario_results(comparison),
            **(extra or {}),
        },
    )


def scenario_results(comparison: pd.DataFrame) -> dict[str, Any]:
    """{scenario: {"metrics": {metric: {mean, sd, n, ci, difference: {mean, ci}}}}}."""
    results: dict[str, Any] = {}
    for row in comparison.to_dict("records"):
        metrics = results.setdefault(str(row["scenario"]), {"metrics": {}})["metrics"]
        metrics[str(row["metric"])] = {
            "mean": row["mean"],
            "sd": row["sd"],
            "n": row["n"],
            "ci": [row["low"], row["high"]],
            "difference": {"mean": row["difference"], "ci": [row["difference_low"], row["difference_high"]]},
        }
    return results
