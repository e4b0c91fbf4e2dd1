"""The intervention library (model.md section 4): one theme a file, found by name."""

from scenarios.interventions.registry import (
    InForce,
    Intervention,
    all_stages,
    find,
    intervention,
    known_interventions,
    moments_of_truth,
)

__all__ = [
    "InForce", "Intervention", "all_stages", "find", "intervention", "known_interventions", "moments_of_truth",
]  # fmt: skip
