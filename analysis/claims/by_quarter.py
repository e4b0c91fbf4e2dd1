"""Gaps and failures of a run quarter by quarter: what claims about lasting effects look at."""

from __future__ import annotations

from analysis.claims.quarters import quarters
from analysis.measures.metric import ratio
from sim.journal import Journal

_SUMS = ("judged", "desired", "predicted", "perceived", "delivered", "failed")


def by_quarter(journal: Journal) -> dict[str, float]:
    """`gap_q1` (perceived - desired), `disconfirmation_q1` (perceived - predicted), `failure_share_q1`, `gap_q2`, ...

    Of the orders *delivered* in each whole quarter of the measured window (levels in [0, 1], share); NaN where there
    are none.
    """
    values = {}
    for number, weeks in enumerate(quarters(journal), 1):
        judged, desired, predicted, perceived, delivered, failed = (float(weeks[name].sum()) for name in _SUMS)
        values[f"gap_q{number}"] = ratio(perceived - desired, judged)
        values[f"disconfirmation_q{number}"] = ratio(perceived - predicted, judged)
        values[f"failure_share_q{number}"] = ratio(failed, delivered)
    return values
