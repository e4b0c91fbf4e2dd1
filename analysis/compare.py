"""Scenarios against each other: means with intervals, and differences paired by replication.

Replication r of every scenario uses the same named draws (common random numbers), so differences are taken within
replications. Intervals are Student's t at 95 % with replications as units (Law 2015, Simulation Modeling and
Analysis, 5th ed., sections 9.4 and 10.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.measures import METRICS
from sim.invalid import unknown_name

Floats = npt.NDArray[np.float64]

SUMMARY_COLUMNS = ("scenario", "metric", "mean", "sd", "n", "low", "high")
COMPARISON_COLUMNS = (*SUMMARY_COLUMNS, "difference", "difference_low", "difference_high", "variance_reduction")


@dataclass(frozen=True)
class Results:
    """Values by scenario, metric and replication: shape (scenarios, metrics, replications), NaN where there is none.

    Scenarios stand in the order given, metrics in that of METRICS and then in the order given, replications by number.
    """

    scenarios: tuple[str, ...]
    metrics: tuple[str, ...]
    values: Floats

    def of(self, metric: str) -> Floats:
        """Values of one metric: shape (scenarios, replications); all NaN for a metric that was not measured."""
        if metric not in self.metrics:
            return np.full((self.values.shape[0], self.values.shape[2]), np.nan)
        return np.asarray(self.values[:, self.metrics.index(metric)])

    def place_of(self, scenario: str) -> int:
        """Row of a scenario. Raises InvalidInput, with the nearest name, for one that is not there."""
        if scenario not in self.scenarios:
            raise unknown_name("base", scenario, self.scenarios, "scenario")
        return self.scenarios.index(scenario)


@dataclass(frozen=True)
class Spread:
    """Mean, standard deviation (of a sample), number and 95 % t-interval of values along their last axis.

    Where there is nothing to average the mean is NaN; sd and interval are NaN with fewer than two values.
    """

    mean: Floats
    sd: Floats
    n: npt.NDArray[np.int64]
    low: Floats
    high: Floats


def summarise(kpis: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd, n and 95 % t-interval of every metric in every scenario.

    `kpis` has the columns scenario, replication, metric, value; missing and NaN values do not count. One row per
    scenario and metric with at least one value, columns SUMMARY_COLUMNS.
    """
    results = tabulate(kpis)
    return _frame(results, _summary(results), SUMMARY_COLUMNS)


def compare(kpis: pd.DataFrame, base: str) -> pd.DataFrame:
    """`summarise`, with each metric's difference to the base scenario, paired by replication.

    Adds the mean of the differences over replications that both have, its 95 % t-interval, and `variance_reduction` =
    1 - var(difference) / (var + var of the base): the share of the variance of the difference of independent samples
    that common random numbers removed (negative if they added some; NaN where neither scenario varies). The base
    itself differs by exactly 0. Raises InvalidInput for an unknown base.
    """
    results = tabulate(kpis)
    reference = results.values[results.place_of(base)]
    pairs = results.values - reference
    both = ~np.isnan(pairs)
    difference = spread(pairs)
    one = spread(np.where(both, results.values, np.nan))
    other = spread(np.where(both, reference, np.nan))
    independent = np.square(one.sd) + np.square(other.sd)
    with np.errstate(divide="ignore", invalid="ignore"):
        removed = np.where(independent > 0.0, 1.0 - np.square(difference.sd) / independent, np.nan)
    columns = {
        **_summary(results),
        "difference": difference.mean,
        "difference_low": difference.low,
        "difference_high": difference.high,
        "variance_reduction": removed,
    }
    return _frame(results, columns, COMPARISON_COLUMNS)


def tabulate(kpis: pd.DataFrame) -> Results:
    """The tidy table as an array; the order of its rows only decides the order of scenarios and unknown metrics.

    Raises ValueError where a replication has two values of a metric.
    """
    scenario, scenarios = pd.factorize(kpis["scenario"].astype(str))
    metric, given = pd.factorize(kpis["metric"].astype(str))
    replication, replications = pd.factorize(kpis["replication"], sort=True)
    metrics = [name for name in METRICS if name in set(given)] + [name for name in given if name not in METRICS]
    column = np.array([metrics.index(name) for name in given], dtype=np.int64)
    values = np.full((len(scenarios), len(metrics), len(replications)), np.nan)
    place = np.ravel_multi_index((scenario, column[metric], replication), values.shape) if len(kpis) else scenario
    if len(np.unique(place)) < len(place):
        raise ValueError("kpis: a scenario has two values of one metric in one replication")
    values.flat[place] = kpis["value"].to_numpy(dtype=float)
    return Results(tuple(scenarios), tuple(metrics), values)


def spread(values: Floats) -> Spread:
    """Mean, sd, n and 95 % t-interval over the last axis; NaN values do not count. Equal values have sd exactly 0."""
    there = ~np.isnan(values)
    n = there.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(there, values, 0.0).sum(axis=-1) / n
        lowest = np.where(there, values, np.inf).min(axis=-1, initial=np.inf)
        highest = np.where(there, values, -np.inf).max(axis=-1, initial=-np.inf)
        mean = np.where(lowest == highest, lowest, mean)  # the mean of equal values, but for its rounding
        deviations = np.where(there, values - mean[..., None], 0.0)
        sd = np.where(n > 1, np.sqrt(np.square(deviations).sum(axis=-1) / (n - 1)), np.nan)
        half = t_quantile(n - 1) * sd / np.sqrt(n)
    return Spread(mean, sd, n, mean - half, mean + half)


def t_quantile(freedom: npt.NDArray[np.int64]) -> Floats:
    """97.5 % quantile of Student's t for each number of degrees of freedom; NaN below 1."""
    from scipy.special import stdtrit  # scipy.stats would give the same and takes a second to import

    return np.asarray(stdtrit(np.where(freedom > 0, freedom, np.nan), 0.975), dtype=float)


def _summary(results: Results) -> dict[str, npt.NDArray[Any]]:
    s = spread(results.values)
    return {"mean": s.mean, "sd": s.sd, "n": s.n, "low": s.low, "high": s.high}


def _frame(results: Results, columns: dict[str, npt.NDArray[Any]], order: tuple[str, ...]) -> pd.DataFrame:
    """Rows for what was measured, scenario by scenario."""
    scenario, metric = np.nonzero(columns["n"])
    names = {
        "scenario": [results.scenarios[i] for i in scenario],
        "metric": [results.metrics[i] for i in metric],
    }
    return pd.DataFrame({**names, **{name: column[scenario, metric] for name, column in columns.items()}})[list(order)]
