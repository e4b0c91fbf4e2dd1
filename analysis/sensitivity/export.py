"""A sensitivity analysis as tables and as plain data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from analysis.sensitivity.answers import answers, share_turned, side
from analysis.sensitivity.study import Sensitivity


def tables_of(found: Sensitivity) -> dict[str, pd.DataFrame]:
    """File name -> table, for what was finished: parameters, one at a time, reversals, screening, shares, pairs."""
    tables = {"sensitivity_parameters.csv": _parameters(found)}
    if found.curves:
        tables["sensitivity_tornado.csv"] = _curves(found)
    if found.reversals is not None:
        rows = [
            (r.parameter.name, r.parameter.label, r.parameter.today, side(r), r.threshold, r.low, r.high, r.established,
             r.turns, r.replications)
            for r in found.reversals
        ]  # fmt: skip
        columns = ["parameter", "label", "today", "turns_when", "threshold", "threshold_low", "threshold_high",
                   "established", "sign_changes", "replications"]  # fmt: skip
        tables["sensitivity_reversals.csv"] = pd.DataFrame(rows, columns=columns)
    if found.screening is not None:
        s = found.screening
        tables["sensitivity_screening.csv"] = pd.DataFrame(
            {"parameter": s.names, "mu_star": s.mu_star, "mu_star_half": s.mu_star_half, "mu": s.mu, "sigma": s.sigma}
        )
    if found.indices is not None:
        i = found.indices
        tables["sensitivity_indices.csv"] = pd.DataFrame(
            {"parameter": i.names, "first": i.first, "first_half": i.first_half, "total": i.total,
             "total_half": i.total_half}
        )  # fmt: skip
        pairs = [(a, b) for a in range(len(i.names)) for b in range(a + 1, len(i.names))]
        tables["sensitivity_pairs.csv"] = pd.DataFrame(
            [(i.names[a], i.names[b], i.second[a, b], i.second_half[a, b]) for a, b in pairs],
            columns=["one", "other", "second", "second_half"],
        )
    return tables


def results_of(found: Sensitivity) -> dict[str, Any]:
    """For results.json: the contrast as things are, tornado, reversals, indices, and the sentences; None for NaN."""
    c, base = found.contrast, found.base
    result: dict[str, Any] = {
        "contrast": {"one": c.one, "other": c.other, "weights": dict(c.weights), "unit": c.unit, "better": c.better},
        "today": {"mean": _n(base.mean), "ci": [_n(base.low), _n(base.high)], "n": int(base.n)},
        "answers": list(answers(found)),
        "left_out": dict(found.left_out),
        "interrupted": found.interrupted,
        "tornado": {},
    }
    for curve in found.curves:
        s, swing = curve.spread, curve.swing
        result["tornado"][curve.parameter.name] = {
            "low": {"value": _n(curve.x[0]), "mean": _n(s.mean[0]), "ci": [_n(s.low[0]), _n(s.high[0])]},
            "high": {"value": _n(curve.x[-1]), "mean": _n(s.mean[-1]), "ci": [_n(s.low[-1]), _n(s.high[-1])]},
            "swing": {"mean": _n(swing.mean), "ci": [_n(swing.low), _n(swing.high)]},
        }
    if found.reversals is not None:
        result["reversals"] = {
            r.parameter.name: {
                "turns_when": side(r), "threshold": _n(r.threshold),
                "ci": [_n(r.low), _n(r.high)], "today": r.parameter.today, "established": r.established,
            }
            for r in found.reversals
        }  # fmt: skip
    if found.screening is not None:
        s1 = found.screening
        result["screening"] = {
            "noise_floor": _n(s1.floor),
            "mu_star": {n: {"mean": _n(m), "half": _n(h)} for n, m, h in zip(s1.names, s1.mu_star, s1.mu_star_half,
                                                                            strict=True)},
        }  # fmt: skip
    if found.indices is not None:
        i = found.indices
        share = share_turned(i) if i.sampled else (math.nan,) * 3
        result["indices"] = {
            "noise_share": _n(i.noise),
            "first": {
                n: {"mean": _n(v), "half": _n(h)} for n, v, h in zip(i.names, i.first, i.first_half, strict=True)
            },
            "total": {
                n: {"mean": _n(v), "half": _n(h)} for n, v, h in zip(i.names, i.total, i.total_half, strict=True)
            },
            "turned": {"share": _n(share[0]), "ci": [_n(share[1]), _n(share[2])], "open": i.open, "n": i.sampled},
        }
    return result


def _parameters(found: Sensitivity) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = [
        (
            p.name,
            p.label,
            p.range.low,
            p.range.high,
            p.today,
            True,
            p.range.source,
            ", ".join(t.path for t in p.targets),
        )
        for p in found.parameters
    ]
    rows += [(name, "", math.nan, math.nan, None, False, why, "") for name, why in found.left_out.items()]
    columns = ["parameter", "label", "low", "high", "today", "varied", "source", "sets"]
    return pd.DataFrame(rows, columns=columns)


def _curves(found: Sensitivity) -> pd.DataFrame:
    tables = []
    for curve in found.curves:
        s = curve.spread
        tables.append(
            pd.DataFrame(
                {
                    "parameter": curve.parameter.name,
                    "value": curve.x,
                    "difference": s.mean,
                    "low": s.low,
                    "high": s.high,
                    "n": s.n,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _n(value: float | np.floating[Any] | np.ndarray[Any, Any]) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
