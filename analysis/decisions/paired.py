"""Values of scenarios in the same replications: what may be compared, and Student's t at any level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.compare import spread

Floats = npt.NDArray[np.float64]


def complete(*tables: Floats) -> tuple[Floats, ...]:
    """The replications (last axis) in which nothing is missing in any of the tables, each shape (rows, n)."""
    kept = np.logical_and.reduce([~np.isnan(table).any(axis=0) for table in tables])
    return tuple(table[:, kept] for table in tables)


def half_widths(values: Floats, level: npt.ArrayLike = 0.95) -> Floats:
    """Half of the width of the two-sided t-interval over the last axis at each level; NaN with fewer than two values.

    NaN values do not count; `level` broadcasts over the other axes.
    """
    s = spread(values)
    return np.asarray(t_quantile(0.5 + np.asarray(level) / 2.0, s.n - 1) * s.sd / np.sqrt(s.n))


def t_quantile(probability: npt.ArrayLike, freedom: npt.ArrayLike) -> Floats:
    """Quantile of Student's t; NaN below one degree of freedom."""
    from scipy.special import stdtrit  # scipy.stats would give the same and takes a second to import

    df = np.asarray(freedom, dtype=float)
    with np.errstate(invalid="ignore"):
        return np.asarray(stdtrit(np.where(df > 0, df, np.nan), np.asarray(probability, dtype=float)), dtype=float)
