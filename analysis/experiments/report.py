"""A finished run once more: its report redrawn from what its folder keeps, or several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from analysis.experiments.results import write_results
from analysis.past_runs.redraw import REDRAWN, Past, read_past, require_run_of
from analysis.past_runs.side_by_side import SideBySide, read_side, set_side_by_side
from analysis.run_folder import RunFolder
from scenarios.build import build
from scenarios.config import Settings
from sim.invalid import InvalidInput, require

_MOST = 6  # runs side by side


@dataclass(frozen=True)
class Report:
    """The section `report`: folders of runs to set side by side; None to redraw the one that `run` names."""

    compare: tuple[str, ...] | None = None


def check(settings: Settings) -> None:
    """Check that the folders hold whole runs. Raises `InvalidInput`."""
    several = _several(settings)
    if several:
        require(settings.run is None, "run", settings.run, "is for one run: leave it out, or report.compare")
        for i, given in enumerate(several):
            read_side(given, f"report.compare[{i}]")
    else:
        _past(settings)


def run(settings: Settings, folder: RunFolder) -> None:
    """Redraw, or compare, and print."""
    several = _several(settings)
    if several:
        _compare(settings, folder, several)
        return
    past = _past(settings)
    at = folder.path.resolve()
    require(
        at != past.path.resolve(), "hydra.run.dir", str(folder.path), "is the run itself: redraw into another folder"
    )
    module = import_module(f"analysis.experiments.{past.settings.experiment}")
    try:
        module.redraw(past, folder)
    except (InvalidInput, KeyboardInterrupt):
        raise
    except OSError:
        raise
    except Exception as fault:  # whatever a foreign folder holds, it ends in one line
        what = f"{type(fault).__name__}: {fault}".splitlines()[0][:160]
        raise past.refuse(f"what it keeps does not fit together ({what})") from None


def _several(settings: Settings) -> tuple[str, ...]:
    asked = build(Report, settings.report, "report").compare
    if asked is None:
        return ()
    require(2 <= len(asked) <= _MOST, "report.compare", list(asked), f"must name from 2 to {_MOST} folders of runs")
    return asked


def _past(settings: Settings) -> Past:
    allowed = "name the folder of a finished run: run=outputs/compare/..., or report.compare=[DIR1,DIR2]"
    require(settings.run is not None, "run", None, allowed)
    require_run_of(settings.run, "run", REDRAWN, "redrawn")
    return read_past(settings.run, "run")


def _compare(settings: Settings, folder: RunFolder, given: Sequence[str]) -> None:
    from analysis.figures.style import save
    from analysis.report.page import render
    from analysis.report.side_by_side_page import side_by_side_figures, side_by_side_page, summary

    found: SideBySide = set_side_by_side([read_side(name, f"report.compare[{i}]") for i, name in enumerate(given)])
    figures = side_by_side_figures(found)
    folder.write_csv("means.csv", found.means)
    folder.write_csv("differences.csv", found.differences)
    folder.write_text("report.html", render(side_by_side_page(found, figures)))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)
    write_results(folder, settings, found.means.iloc[:0], 0, {"side_by_side": found.results()})
    print(summary(found))
    print(f"Report: {folder.path / 'report.html'}")
