"""A decision study for results.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.decisions.cost_effectiveness import FRONTIER
from analysis.decisions.study import Evidence, efficient


def results_of(found: Evidence) -> Mapping[str, Any]:
    """For results.json under "decision"."""
    s, asked = found.sample, found.sample.asked
    names, state = s.scenarios, s.state
    metric = asked.criterion_metric
    over = found.with_best
    return {
        "study": asked.study,
        "criterion": {"metric": metric.name, "unit": metric.unit, "better": metric.better},
        "best": names[found.best],
        "controls": list(found.controls),
        "decided": state.done,
        "guarantee": {
            "confidence": asked.confidence, "indifference": asked.smallest, "reached": state.done,
            "used": state.n, "most": state.most,
        },
        "surviving": [names[i] for i in state.surviving],
        "eliminated_at": dict(zip(names, state.eliminated_at, strict=True)),
        "runner_up": None if found.runner_up is None else names[found.runner_up],
        "lead": {"mean": found.lead.mean, "ci": [found.lead.low, found.lead.high]},
        "with_best": {} if over is None else {
            name: {
                "difference": over.difference[i], "ci": [over.low[i], over.high[i]],
                "may_be_best": i in over.candidates,
            }
            for i, name in enumerate(names)
        },
        "replications": {
            "used": s.n,
            "needed": max([s.n, *(p.needed for p in s.precisions.values()), state.most or 0]),
            "precise": all(p.met for p in s.precisions.values()),
        },
        "comparisons": _by_scenario(found.table),
        "cost_effectiveness": {
            "effect": asked.effect, "cost": asked.cost, "table": found.cost_table.to_dict("records"),
            "frontier": [names[p.scenario] for p in found.places if p.status == FRONTIER],
            "pareto": [names[i] for i in efficient(found.places)],
            "pareto_gap": [names[i] for i in found.gap_frontier],
        },
        "worth_thresholds": [
            {"worth": t.worth, "ci": [t.low, t.high], "before": names[t.before], "after": names[t.after],
             "like_base": [names[i] for i in (t.before, t.after) if found.like_base(i)]}
            for t in found.thresholds
        ],
        "acceptability": {
            "worths": found.acceptability.worths.tolist(),
            "probability": {
                names[row]: found.acceptability.probability[i].tolist() for i, row in enumerate(found.distinct)
            },
        },
        "warm_up": {
            w.metric.name: {
                "needed": w.advice.needed, "configured": w.advice.configured, "enough": w.advice.enough,
                "reliable": w.advice.reliable,
            }
            for w in found.settling
        },
        "interrupted": s.interrupted,
    }  # fmt: skip


def _by_scenario(table: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in table.to_dict("records"):
        found.setdefault(str(row.pop("scenario")), {})[str(row.pop("metric"))] = row
    return found
