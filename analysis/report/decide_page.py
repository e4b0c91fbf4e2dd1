"""The report of a decision study: the answer, its evidence, and how it was found. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.decisions.runs import cost_unit
from analysis.decisions.study import Evidence
from analysis.figures.acceptability_curve import acceptability_curve
from analysis.figures.cost_effectiveness_plane import cost_effectiveness_plane
from analysis.figures.forest import forest
from analysis.figures.style import title_of
from analysis.figures.welch_plot import welch_plot
from analysis.measures import METRICS
from analysis.report.decide_answer import (
    answer,
    effect_name,
    in_short,
    label_of,
    worths,
)
from analysis.report.decide_method import findings, method
from analysis.report.decide_money import contenders, effect_label, increments, price_section, worth_section
from analysis.report.decide_runs import precision_section, warm_up_section
from analysis.report.decide_scenarios import base_section, selection_section
from analysis.report.page import Note, ReportPage, Section, sentences
from sim.blueprint import Horizon

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_IN_SHORT = 3  # sentences of the sensitivity analysis at the top


def decide_figures(found: Evidence, week: float, warm_up: float) -> dict[str, Drawing]:
    """The figures by file name; those that would be empty are left out. `week` and `warm_up` in hours."""
    drawn: dict[str, Drawing] = {}
    names = found.sample.scenarios
    if found.sample.others:
        shown = [METRICS[m] for m in found.sample.asked.watched]
        drawn["differences"] = forest(
            found.table, shown, [names[i] for i in found.ranked if i != 0], controls=found.controls
        )
        effect, cost = effect_label(found), f"cost against the base, {cost_unit(found.sample.asked)}"
        drawn["cost_effectiveness"] = cost_effectiveness_plane(increments(found), effect, cost)
        drawn["acceptability"] = acceptability_curve(
            found.acceptability_table, contenders(found), [t.worth for t in found.thresholds],
            cost_unit(found.sample.asked), effect_name(found),
        )  # fmt: skip
    if found.settling:
        panels = [(w.metric, w.mean, w.smooth, w.advice.needed / week, w.advice.reliable) for w in found.settling]
        drawn["warm_up"] = welch_plot(panels, warm_up / week)
    return drawn


def decide_page(
    found: Evidence,
    *,
    system: str,
    descriptions: Mapping[str, str],
    evidence: Mapping[str, str],
    direct: Mapping[str, Sequence[str]],
    promising: Collection[str] = (),
    engine: str,
    horizon: Horizon,
    week: float,
    warnings: Sequence[str] = (),
    figures: Mapping[str, Drawing] | None = None,
    overturn: Sequence[str] = (),
    sensitivity: Sequence[Section] = (),
) -> ReportPage:
    """The page.

    `descriptions`, `evidence`, `direct` by scenario: what is done, the grade of its size, the dimensions it sets;
    `promising`: scenarios that change what is promised. `week` in hours. `figures` as from `decide_figures` (drawn here
    if not given). `overturn`, `sensitivity`: sentences and sections of the sensitivity analysis.
    """
    drawn = decide_figures(found, week, horizon.warm_up) if figures is None else figures
    s = found.sample
    sections = [
        _in_short(found, overturn),
        selection_section(found, descriptions, evidence),
        base_section(found, drawn),
        price_section(found, drawn),
        worth_section(found, drawn),
        _overturn(found, bool(sensitivity)),
        *sensitivity,
        precision_section(found),
        warm_up_section(found, drawn, week),
        findings(found, direct, promising),
        method(found, engine, horizon, week),
    ]
    label = label_of(s.asked.criterion_metric)
    return ReportPage(
        title=f"A decision for {title_of(system)}",
        question=f"Which of {len(s.scenarios)} scenarios is best in {label}, how sure is that, what does it cost, and "
        "what would change the answer?",
        answer=answer(found),
        sections=tuple(section for section in sections if section is not None),
        facts=(
            ("System", system), ("Base", s.base), ("Scenarios", str(len(s.scenarios))),
            ("Replications of each", str(s.n)), ("Study", s.asked.study.replace("_", " ")),
            ("Seed", str(found.seed)), ("Engine", engine),
        ),
        warnings=tuple(warnings),
    )  # fmt: skip


def _in_short(found: Evidence, overturn: Sequence[str]) -> Section | None:
    notes = [Note(name, text) for name, text in in_short(found)]
    if overturn:
        notes.append(Note("What could overturn it: parameters", sentences(overturn[:_IN_SHORT])))
    return Section("In short", (), (), (), tuple(notes)) if notes else None


def _overturn(found: Evidence, asked: bool) -> Section | None:
    if not found.sample.others:
        return None
    parameters = (
        "Which values of parameters would turn it stands in the next sections."
        if asked
        else "Whether another value of a parameter would reverse the decision was not asked here: with "
        "decide.sensitivity=true the parameters are moved through their ranges."
    )
    return Section("What would change the answer", (worths(found), parameters))
