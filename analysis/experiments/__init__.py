"""The experiments of conf/experiment/: each runs a study, writes its tables and report, and prints a summary."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from analysis.run_folder import RunFolder
from scenarios.config import Settings


def _module(settings: Settings) -> Any:
    """The experiment's module; imported only when it is run, because figures load slowly."""
    return import_module(f"analysis.experiments.{settings.experiment}")


def check_experiment(settings: Settings) -> None:
    """Find bad input before anything runs or is written. Raises `InvalidInput`."""
    _module(settings).check(settings)


def run_experiment(settings: Settings, folder: RunFolder) -> None:
    """Run the experiment that the settings name. Raises `InvalidInput`, or KeyboardInterrupt if nothing finished."""
    _module(settings).run(settings, folder)
