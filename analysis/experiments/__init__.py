"""The experiments of conf/experiment/: each runs a study, writes its tables and report, and prints a summary."""

from __future__ import annotations

from analysis.run_folder import RunFolder
from scenarios.config import Settings


def run_experiment(settings: Settings, folder: RunFolder) -> None:
    """Run the experiment that the settings name. Imports only what it needs: figures load slowly."""
    if settings.experiment == "compare":
        from analysis.experiments.compare import run
    elif settings.experiment == "ten_stage":
        from analysis.experiments.ten_stage import run
    elif settings.experiment == "survey":
        from analysis.experiments.survey import run
    else:
        from analysis.experiments.trace import run
    run(settings, folder)
