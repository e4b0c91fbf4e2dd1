"""Which scenario is best, how sure is that, what does it cost, and what would change the answer?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analysis import sensitivity
from analysis.decisions.export import results_of
from analysis.decisions.runs import Sample, sample
from analysis.decisions.settings import NET_BENEFIT, Decide, decide_settings
from analysis.decisions.stopping import LEAST
from analysis.decisions.study import Evidence
from analysis.decisions.warm_up import measure_weeks, settling
from analysis.experiments.compare import ratio_warnings
from analysis.experiments.results import write_results
from analysis.figures.style import displayed, title_of
from analysis.measures import METRICS, measure
from analysis.past_runs.kept import Own, keep, restore
from analysis.past_runs.redraw import Past, write_redraw
from analysis.report.compare_answer import capital
from analysis.report.decide_answer import answer, in_short, label_of, listed
from analysis.report.numbers import MINUS, difference
from analysis.report.page import sentences
from analysis.report.study_table import Study as StudyTable
from analysis.run_folder import RunFolder
from analysis.sensitivity import Contrast, Sensitivity
from analysis.stress_des.ran import Ran, part_of
from scenarios.arms import Arms, Interrupted
from scenarios.config import Settings
from scenarios.execution import interrupts_wait
from scenarios.points import Base, base_of
from scenarios.study import PLACEHOLDERS, check_scenarios
from sim.invalid import InvalidInput, require
from sim.traffic import utilisation

if TYPE_CHECKING:
    from analysis.sensitivity import SensitivitySettings

_FIRST = 5  # replications of the first stage at least: from fewer no variance can be told
_PROMISES = ("overpromising", "expectation_management")  # interventions that change what is promised
_PLAIN = str.maketrans({"×": "x", MINUS: "-", "\u202f": " ", "\u00a0": " ", "–": "-"})  # what every terminal can show


@dataclass(frozen=True)
class Outcome:
    """Everything that goes into the report. `sensitivity` is None where it was not asked for or not finished."""

    found: Evidence
    warnings: tuple[str, ...]
    sensitivity: Sensitivity | None = None
    overturn: tuple[str, ...] = field(default=())


def check(settings: Settings) -> None:
    """Check the settings, every scenario, and that there is a steady state where one is asked for."""
    asked, names = chosen(settings), names_of(settings)
    allowed = "select at least two scenarios: a decision is between them"
    require(len(names) > 1, "scenario", ", ".join(names), allowed)
    fits = _FIRST <= settings.replications <= asked.most_replications
    allowed = f"must be a whole number from {_FIRST} to {asked.most_replications} (decide.most_replications)"
    require(fits, "replications", settings.replications, allowed)
    finals = check_scenarios(settings, PLACEHOLDERS)
    base = next(s for s in settings.scenarios if s.name == settings.base)
    require(not base.needs_facts, "base", settings.base, "needs measurements of the base itself; choose another base")
    for scenario, blueprint in finals.items():
        for pool, share in utilisation(blueprint).items():
            if asked.study == "steady_state" and share >= 1.0:
                told = f"there is none in {scenario}: staff pool {pool} has utilisation {share:.2f}, its queue grows"
                raise InvalidInput("decide.study", asked.study, told, "take terminating, or more staff")
    if (further := asked_sensitivity(settings)) is not None:
        sensitivity.check(settings, names, further)


def chosen(settings: Settings) -> Decide:
    """The section `decide`, checked."""
    return decide_settings(settings.decide)


def names_of(settings: Settings) -> list[str]:
    """The scenarios, the base first."""
    return [settings.base, *(s.name for s in settings.scenarios if s.name != settings.base)]


def asked_sensitivity(settings: Settings) -> SensitivitySettings | None:
    """Settings of the sensitivity analysis; None where none is asked for."""
    return sensitivity.sensitivity_settings(settings.decide.get("sensitivity", False), settings.decide.get("ranges"))


def run(settings: Settings, folder: RunFolder) -> None:
    """Pilot runs, replications by precision, evidence and, if asked for, sensitivity; write and print."""
    asked, names = chosen(settings), names_of(settings)
    base = base_of(settings, [{"scenario": name} for name in names])
    horizon, week = settings.blueprint.horizon, settings.blueprint.calendar.week
    pilots = pilot_runs(settings, asked, base)
    taken = sample(
        Arms(base, measure, settings.execution), asked, names, settings.replications, horizon.measured / week
    )
    found = Evidence(taken, settling(pilots, week, horizon.warm_up), settings.seed, settings.controls)
    present(settings, folder, _with_sensitivity(settings, Outcome(found, tuple(warnings_of(settings, found)))))


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    present(past.settings, folder, restore(Outcome, past.content, "content", _own(past.settings)))


def _own(settings: Settings) -> dict[type, Own]:
    """The section `decide` is not kept twice: it is in the configuration."""
    return {Decide: Own(lambda asked: None, lambda data: chosen(settings))}


def present(settings: Settings, folder: RunFolder, outcome: Outcome) -> None:
    """Write the tables and the report, and print."""
    found = outcome.found
    with suppress(KeyboardInterrupt), interrupts_wait():  # everything is computed: half a folder helps nobody
        _write(settings, folder, outcome)
        print(summary(found))
        for sentence in (*outcome.overturn, *(f"Warning: {warning}" for warning in outcome.warnings)):
            print(sentence.translate(_PLAIN))
        print(f"Report: {folder.path / 'report.html'}")


def pilot_runs(settings: Settings, asked: Decide, base: Base) -> Any:
    """Weekly series of the base from time 0, over the pilots' own length (that of the study, if it is longer)."""
    horizon, week = settings.blueprint.horizon, settings.blueprint.calendar.week
    measured = max(asked.pilot_weeks * week, horizon.end) - horizon.warm_up
    arm = {"scenario": settings.base, "system.horizon.measured": measured}
    return Arms(base, measure_weeks, settings.execution).run([arm], asked.pilot_replications, "warm-up")


def contrast_of(found: Evidence) -> Contrast:
    """What the sensitivity analysis looks at: the best against the runner-up, or against the base where these two are
    as good as equal (closer than the difference that matters)."""
    s, asked = found.sample, found.sample.asked
    assert found.runner_up is not None
    open_choice = float(found.lead.mean) < asked.smallest and found.best != 0
    other = s.base if open_choice else s.scenarios[found.runner_up]
    metric, label = asked.criterion_metric, label_of(asked.criterion_metric)
    factor, _, unit = displayed(metric.unit)
    if asked.criterion != NET_BENEFIT:
        return Contrast(s.scenarios[found.best], other, {metric.name: factor}, label, unit, metric.better)
    effect, cost = METRICS[asked.effect], METRICS[asked.cost]
    per_point = (1.0 if effect.better == "higher" else -1.0) * displayed(effect.unit)[0] * float(asked.worth or 0.0)
    per_cost = (1.0 if cost.better == "higher" else -1.0) / (s.weeks if cost.unit == "cu" else 1.0)
    weights = {effect.name: per_point}
    weights[cost.name] = weights.get(cost.name, 0.0) + per_cost
    return Contrast(s.scenarios[found.best], other, weights, label, unit, "higher")


def _with_sensitivity(settings: Settings, outcome: Outcome) -> Outcome:
    asked, found = asked_sensitivity(settings), outcome.found
    if asked is None or found.sample.interrupted or found.runner_up is None:
        return outcome
    stopped = (*outcome.warnings, "Stopped early: the sensitivity analysis is not complete.")
    try:
        result = sensitivity.study(settings, contrast_of(found), asked)
    except Interrupted:
        return Outcome(found, stopped)
    return Outcome(found, stopped if result.interrupted else outcome.warnings, result, sensitivity.answers(result))


def warnings_of(settings: Settings, found: Evidence) -> list[str]:
    """What a reader must know before believing the answer."""
    s, asked, told = found.sample, found.sample.asked, []
    if s.interrupted:
        told.append(f"Stopped early: this is what {s.n} replications of each scenario say.")
    if any(p.too_early for p in s.precisions.values()):
        told.append(
            f"Precision counts as reached from {LEAST} replications on, however narrow the intervals are "
            f"(decide.most_replications = {asked.most_replications})."
        )
    told += [
        f"{capital(label_of(METRICS[m]))}: the difference to the base is not as precise as wanted in "
        f"{listed(names)}; about {needed} replications would do (decide.most_replications = "
        f"{asked.most_replications})."
        for m, names, needed in _imprecise(s)
    ]
    if not s.state.done:
        told.append(
            f"The selection has not ended: {s.state.most} replications would be enough in any case "
            f"(decide.most_replications = {asked.most_replications})."
        )
    if asked.study == "steady_state":
        told += [f"{capital(label_of(w.metric))}: {w.advice.sentence}." for w in found.settling if not w.advice.enough]
        if not found.settling:
            told.append("The pilot runs are too short to say anything about the warm-up (decide.pilot_weeks).")
    for scenario, blueprint in check_scenarios(settings, PLACEHOLDERS).items():
        told += [
            f"Unstable queue in {scenario}: staff pool {pool} has utilisation {share:.2f}; its figures grow with "
            "the time simulated."
            for pool, share in utilisation(blueprint).items()
            if share >= 1.0
        ]
    return told + ratio_warnings(StudyTable(found.comparison, s.base, METRICS))


def _imprecise(s: Sample) -> list[tuple[str, list[str], int]]:
    """Metrics that the cap left imprecise: with the scenarios and the replications it would take."""
    found = []
    for metric in s.asked.watched:
        short = {n: p for (n, m), p in s.precisions.items() if m == metric and not (p.met or p.too_early)}
        if short:
            found.append((metric, [title_of(n) for n in short], max(p.needed for p in short.values())))
    return found


def _write(settings: Settings, folder: RunFolder, outcome: Outcome) -> None:
    from analysis.figures.style import save
    from analysis.report.decide_page import decide_figures, decide_page
    from analysis.report.page import Section, render

    found, blueprint = outcome.found, settings.blueprint
    write_redraw(folder, settings, keep(outcome, _own(settings)))
    week = blueprint.calendar.week
    tables = {
        "decision.csv": found.table, "cost_effectiveness.csv": found.cost_table,
        "acceptability.csv": found.acceptability_table, "comparison.csv": found.comparison, "kpis.csv": found.kpis,
    }  # fmt: skip
    figures = decide_figures(found, week, blueprint.horizon.warm_up)
    drawn, sections = dict(figures), tuple[Section, ...]()
    if outcome.sensitivity is not None:
        from analysis.report.sensitivity_section import sensitivity_figures, sensitivity_sections

        more = sensitivity_figures(outcome.sensitivity)
        sections = sensitivity_sections(outcome.sensitivity, more)
        drawn |= more
        tables |= sensitivity.tables_of(outcome.sensitivity)
    for name, table in tables.items():
        folder.write_csv(name, table)
    page = decide_page(
        found,
        system=settings.system,
        descriptions={s.name: s.description for s in settings.scenarios},
        evidence={s.name: s.evidence for s in settings.scenarios},
        direct={s.name: s.sets for s in settings.scenarios},
        promising=[s.name for s in settings.scenarios if any(p.kind in _PROMISES for p in s.programmes)],
        engine=settings.engine,
        horizon=blueprint.horizon,
        week=week,
        warnings=outcome.warnings,
        figures=figures,
        overturn=outcome.overturn,
        sensitivity=sections,
    )
    folder.write_text("report.html", render(page))
    for name, figure in drawn.items():
        save(figure, folder.path / "figures", name)
    extra: dict[str, Any] = {"decision": results_of(found)}
    if outcome.sensitivity is not None:
        extra["sensitivity"] = sensitivity.results_of(outcome.sensitivity)
    write_results(folder, settings, found.comparison, found.sample.n, extra, ran=ran_of(settings, outcome))


def ran_of(settings: Settings, outcome: Outcome) -> Ran:
    """What ran, for the reporting checklist."""
    s, settled = outcome.found.sample, outcome.found.settling
    arms = {name: {"scenario": name} for name in s.scenarios}
    runs = f"{settings.replications} replications of every scenario in the first stage, {s.n} in the end"
    if s.interrupted:
        runs += " (stopped early)"
    if outcome.sensitivity is not None:
        runs += "; the sensitivity analysis ran further configurations, with numbers of its own (results.json)"
    warm_up = (
        f"The warm-up was set beforehand and checked: {s.asked.pilot_replications} pilot runs of the base from time 0, "
        f"of {s.asked.pilot_weeks} weeks or the length of the study where that is longer, and MSER-5."
    )
    advice = [f"{capital(label_of(w.metric))}: {w.advice.sentence}." for w in settled]
    part = part_of(base_of(settings, arms.values()), arms, runs)
    return Ran((part,), s.base, sentences([warm_up, *(advice or ["The pilot runs are too short to tell."])]))


def summary(found: Evidence) -> str:
    """For the terminal: the answer, and a line per scenario with its differences to the base."""
    s = found.sample
    shown = [m for m in s.asked.watched if m in (s.asked.watched[0], s.asked.cost)]
    rows = [["scenario", *shown, "selection"]]
    for i in found.ranked:
        name, out = s.scenarios[i], s.state.eliminated_at[i]
        cells = [name + (" (base)" if i == 0 else "" if i in found.options else " (control)")]
        for metric in shown:
            unit = METRICS[metric].unit
            cells.append("" if i == 0 else difference(*found.interval(name, metric), unit))
        fate = f"out after {out}" if out else ("chosen" if i == found.best and s.state.done else "still in")
        rows.append([cell.translate(_PLAIN) for cell in (*cells, "as the chosen" if found.twin(i) else fate)])
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.append(f"Differences to the base, {s.n} paired replications, intervals by Holm's procedure.")
    told = sentences([answer(found), *(text for _, text in in_short(found))])
    return "\n".join([*lines, told.translate(_PLAIN)])
