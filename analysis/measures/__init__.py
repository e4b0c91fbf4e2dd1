"""What a run amounts to: a journal in, named numbers out.

Everything counts orders *placed in the measured window*, all of which are followed to their end; hours, customers
and staff are those of the window itself (money: see `analysis.measures.cost`). Numbers come from the books of the run
wherever these have them, so a journal of summaries gives the same numbers, only fewer.
"""

from __future__ import annotations

import math

from analysis.measures.cost import COST_METRICS, cost_measures
from analysis.measures.flow import FLOW_METRICS, flow_measures
from analysis.measures.internal import INTERNAL_METRICS, internal_measures
from analysis.measures.measured import Measured
from analysis.measures.metric import Metric
from analysis.measures.perception import PERCEPTION_METRICS, perception_measures
from analysis.measures.quality import QUALITY_METRICS, quality_measures
from analysis.measures.relationship import RELATIONSHIP_METRICS, relationship_measures
from analysis.measures.staff import STAFF_METRICS, staff_measures
from analysis.measures.stages import measures_of_stages
from analysis.measures.weekly import weekly_series
from sim.journal import Journal

__all__ = ["METRICS", "Metric", "measure", "stage_measures", "weekly_series"]

METRICS: dict[str, Metric] = {
    metric.name: metric
    for group in (
        QUALITY_METRICS,
        PERCEPTION_METRICS,
        INTERNAL_METRICS,
        RELATIONSHIP_METRICS,
        STAFF_METRICS,
        FLOW_METRICS,
        COST_METRICS,
    )
    for metric in group
}
"""Every metric by name, in the order of presentation."""

_THEMES = (
    quality_measures,
    perception_measures,
    internal_measures,
    relationship_measures,
    staff_measures,
    flow_measures,
    cost_measures,
)


def measure(journal: Journal) -> dict[str, float]:
    """The metrics of one run, by name and in the order of METRICS.

    A metric that means nothing in this run is left out: the share of complaints recovered when nobody complained,
    perception when layer 3 is off. So is what needs single orders, where the journal holds summaries only: percentiles,
    capability, quadratic loss, internal service quality, gaps 1 to 4.
    """
    measured = Measured(journal)
    values = {name: value for theme in _THEMES for name, value in theme(measured).items()}
    return {name: float(values[name]) for name in METRICS if not math.isnan(values.get(name, math.nan))}


def stage_measures(journal: Journal) -> dict[str, dict[str, float]]:
    """Measures of every stage, by name of the stage: see `analysis.measures.stages.measures_of_stages`."""
    return measures_of_stages(Measured(journal))
