"""A real SERVQUAL survey: cleaned, measured, reported."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.experiments.results import KPI_COLUMNS, write_results
from analysis.past_runs.kept import keep, restore
from analysis.past_runs.redraw import Past, write_redraw
from analysis.run_folder import RunFolder
from analysis.servqual import SurveyResults, survey_results
from scenarios.config import Settings
from scenarios.survey import Survey, read_survey
from scenarios.survey_settings import SurveySettings
from sim.invalid import InvalidInput

_GAP_COLUMNS = ("expectation", "perception", "gap", "ci_low", "ci_high", "sq", "n", "alpha")


def check(settings: Settings) -> None:
    """Read the survey."""
    _read(settings)


def _asked(settings: Settings) -> SurveySettings:
    if settings.survey is None:
        raise InvalidInput("survey.file", None, "give the path of the survey: survey.file=PATH")
    return settings.survey


def _read(settings: Settings) -> Survey:
    return read_survey(_asked(settings))


def run(settings: Settings, folder: RunFolder) -> None:
    """Read, analyse, write and print the survey."""
    present(settings, folder, survey_results(_read(settings)))


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept: figures only, nobody's own answers."""
    present(past.settings, folder, restore(SurveyResults, past.content, "content"))


def present(settings: Settings, folder: RunFolder, results: SurveyResults) -> None:
    """Write and print."""
    asked = _asked(settings)
    source = Path(asked.file).name
    write_redraw(folder, settings, keep(results))
    from analysis.figures.style import save
    from analysis.report.page import render
    from analysis.report.survey_page import survey_figures, survey_page

    figures = survey_figures(results, asked.scale)
    page = survey_page(results, source=source, scale=asked.scale, figures=figures)
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)
    gaps = gap_rows(results)
    folder.write_csv("kpis.csv", _kpis(gaps))
    folder.write_csv("comparison.csv", pd.DataFrame(results["item_gaps"]))
    folder.write_csv("gaps.csv", gaps)
    write_results(folder, settings, pd.DataFrame(), 0, {"survey": results})
    print(summary(results))
    print(f"Report: {folder.path / 'report.html'}")


def gap_rows(results: SurveyResults) -> pd.DataFrame:
    """One row per dimension and one for all answers: expectation, perception, gap with its interval, SQ, n, alpha."""
    rows = []
    for name, group in {**results["dimensions"], "overall": results["overall"]}.items():
        low, high = group["ci"]
        values = {**group, "ci_low": low, "ci_high": high}
        rows.append({"dimension": name, **{column: values.get(column) for column in _GAP_COLUMNS}})
    return pd.DataFrame(rows)


def _kpis(gaps: pd.DataFrame) -> pd.DataFrame:
    """The survey's figures in the tidy form of a run: scenario 'survey', replication 0."""
    rows = [
        ("survey", 0, f"{metric}_{row['dimension']}", row[metric])
        for row in gaps.to_dict("records")
        for metric in ("expectation", "perception", "gap", "sq")
    ]
    return pd.DataFrame(rows, columns=KPI_COLUMNS)


def summary(results: SurveyResults) -> str:
    """A short table for the terminal."""
    lines = [f"{results['respondents']} respondents, {results['items']} items"]
    lines.append(f"{'dimension':<24}{'expected':>10}{'perceived':>11}{'gap':>9}   95 % interval      SQ")
    for row in gap_rows(results).to_dict("records"):
        interval = "-" if row["ci_low"] is None else f"[{row['ci_low']:+.3f}, {row['ci_high']:+.3f}]"
        quality = "-" if row["sq"] is None else f"{row['sq']:.1f}"
        levels = f"{row['expectation']:>10.3f}{row['perception']:>11.3f}{row['gap']:>+9.3f}"
        lines.append(f"{str(row['dimension'])[:23]:<24}{levels}   {interval:<17}{quality:>6}")
    lines += [f"Warning: {warning}" for warning in results["warnings"]]
    return "\n".join(lines)
