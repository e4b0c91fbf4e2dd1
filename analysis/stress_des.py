"""The STRESS-DES checklist of a run, filled from its settings: what a reader needs to repeat and judge the study.

Monks, Currie, Onggo, Robinson, Kunc & Taylor 2019, "Strengthening the reporting of empirical simulation studies:
introducing the STRESS guidelines", Journal of Simulation 13(1), 55-67: 24 items in six sections. What the settings
cannot tell - why the study is made, where data come from - is named, for the author of the study to add.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from analysis import stress_system as words
from analysis.measures import METRICS
from scenarios.code_version import code_version
from scenarios.config import Settings

AIMS = {
    "compare": "compares scenarios with the base on all outputs",
    "factorial": "takes a scenario apart: every combination of its members",
    "starting_points": "compares places to begin with one another and over time",
    "output_checks": "compares correlations in the output with published ones",
    "ten_stage": "checks a published figure on compounding errors against theory and simulation",
    "survey": "computes gap scores of a survey and compares them with those simulated",
    "trace": "follows single orders and weeks through one run",
    "sweep": "runs a design of many configurations",
    "decide": "asks which scenario is best, how surely, at what cost",
    "diagnose": "asks where a gap comes from",
    "claims": "puts claims of the literature to a test",
    "compounding": "looks at how errors compound over stages",
}
SECTIONS = {
    "1": "Objectives", "2": "Logic", "3": "Data", "4": "Experimentation", "5": "Implementation", "6": "Code access",
}  # fmt: skip
UNTOLD = "Not recorded, to be added by the author: "


@dataclass(frozen=True)
class Item:
    """An item of the checklist: its number and title there, what the settings say, and what they cannot say."""

    number: str
    title: str
    told: str
    untold: str = ""


def stress_des(settings: Settings, manifest: Mapping[str, Any]) -> str:
    """The checklist as Markdown. `manifest`: the content of manifest.json."""
    parts = [
        f"# STRESS-DES checklist: {settings.experiment} on {settings.system}",
        "Filled from the settings of the run (Monks et al. 2019, Journal of Simulation 13(1), 55-67). It describes the "
        "base system; arms of an experiment change what 2.3 and 1.3 say they change.",
    ]
    for section, found in groupby(items(settings, manifest), lambda item: item.number[0]):
        parts.append(f"## {section} {SECTIONS[section]}")
        for item in found:
            parts += [f"### {item.number} {item.title}", item.told]
            parts += [f"*{UNTOLD}{item.untold}.*"] if item.untold else []
    return "\n\n".join(parts) + "\n"


def items(settings: Settings, manifest: Mapping[str, Any]) -> tuple[Item, ...]:
    """The 24 items in their order."""
    return (
        *_objectives(settings), *_logic(settings), *_components(settings), *_data(settings, manifest),
        *_experimentation(settings, manifest), *_implementation(settings, manifest),
    )  # fmt: skip


def _objectives(s: Settings) -> tuple[Item, ...]:
    by_group: dict[str, list[str]] = {}
    for metric in METRICS.values():
        by_group.setdefault(metric.group, []).append(f"{metric.label} ({metric.unit})" if metric.unit else metric.label)
    b = s.blueprint
    purpose = (
        f"A model of the service delivery system `{s.system}` ({len(b.stages)} stages in "
        f"{len({x.function for x in b.stages.values()})} functions, {len(b.pools)} staff pools): how errors, queues, "
        "staff and information make the gap between what customers expect and what they perceive, and at what cost."
    )
    own = words.flat(dict(s.plain.get(s.experiment) or {}), s.experiment)
    aims = f"The experiment `{s.experiment}` {AIMS.get(s.experiment, 'is described in its report')}. Base: `{s.base}`."
    return (
        Item("1.1", "Purpose of the model", purpose, "the question behind the study, who decides and on what"),
        Item("1.2", "Model outputs", "Per run, over orders placed in the measured time; definitions are those of the "
             "report.\n\n" + words.listed(f"{group}: {'; '.join(names)}" for group, names in by_group.items())),
        Item("1.3", "Experimentation aims", aims + ("\n\n" + words.listed(own) if own else ""),
             "hypotheses stated before the runs"),
    )  # fmt: skip


def _logic(s: Settings) -> tuple[Item, ...]:
    b = s.blueprint
    journey = (
        "An order goes from stage to stage: it queues, a staff member serves it, an error may be made, found and "
        "repaired, the customer may form an impression, and it is handed over. After delivery the customer judges, may "
        "complain, learns what to expect, and stays or leaves, as far as these are on:"
    )
    algorithms = (
        "Errors by chance per visit, multiplied by what is on (skill, load, earlier errors, lost information, special "
        "causes). Events that fall on the same instant happen in the order in which they "
        "were scheduled. The rules are the functions of `sim/model/`, with their equations in the docstrings."
    )
    return (
        Item("2.1", "Base model overview diagram", f"Orders begin at `{b.first}`.\n\n{words.handoffs(b)}\n\nReports of "
             "compare show the blueprint as a map."),
        Item("2.2", "Base model logic", f"{journey}\n\n{words.mechanisms(b)}"),
        Item("2.3", "Scenario logic", words.listed(map(words.scenario, s.scenarios))),
        Item("2.4", "Algorithms", algorithms),
    )  # fmt: skip


def _components(s: Settings) -> tuple[Item, ...]:
    b = s.blueprint
    entities = words.listed(["orders", "customers, in segments:"]) + "\n"
    entities += "\n".join(f"  - {words.segment(name, segment)}" for name, segment in b.segments.items())
    return (
        Item("2.5.1", "Entities", entities),
        Item("2.5.2", "Activities", words.activities(b)),
        Item("2.5.3", "Resources", words.listed(words.pool(name, pool, b) for name, pool in b.pools.items())),
        Item("2.5.4", "Queues", words.queue_rule(b)),
        Item("2.5.5", "Entry and exit points", f"{words.arrivals(b)} {words.exits(b)}"),
    )


def _data(s: Settings, manifest: Mapping[str, Any]) -> tuple[Item, ...]:
    surveyed = (s.plain.get("expectations") or {}).get("survey")
    sources = ["parameters: the configuration of the system; comments in its file may say where a number comes from"]
    sources += [f"survey of gap scores: {s.survey.file}"] if s.survey else []
    sources += [f"desired expectations: survey {surveyed}"] if surveyed else []
    prepared = "No data were processed: parameters are used as configured."
    if s.survey or surveyed:
        prepared = "Answers are mapped linearly from the survey's scale to 0-1."
    if s.survey and s.survey.drop_straight_lining:
        prepared += " Respondents with the same answer throughout are left out."
    given = "\n".join(words.flat(dict(s.plain.get("system") or {}), "system"))
    inputs = "As configured (defaults, where nothing is said, are those of the code); digest of all settings "
    inputs += f"`{manifest.get('config_digest')}`.\n\n```text\n{given}\n```"
    week = s.blueprint.calendar.week
    assumed = words.listed([
        f"time runs in hours of a calendar of {week:g} h a week; money in currency units (cu)",
        "a mechanism that is off (2.2) has no effect",
        "service times, errors and choices are independent but for what the mechanisms of 2.2 say",
        "staff members of a pool share one queue and are alike but for their levels",
        "overload is allowed: queues may grow without end" if s.allow_unstable else "no staff pool is overloaded: runs "
        "with one are refused",
    ])  # fmt: skip
    return (
        Item("3.1", "Data sources", words.listed(sources), "provenance, dates, samples and quality of the data behind "
             "the parameters, and who agreed to assumptions"),
        Item("3.2", "Data preparation", prepared, "what was done to data before they came into the configuration"),
        Item("3.3", "Input parameters", inputs),
        Item("3.4", "Assumptions", assumed, "assumptions of the author about the real system, and its validation"),
    )  # fmt: skip


def _experimentation(s: Settings, manifest: Mapping[str, Any]) -> tuple[Item, ...]:
    h, week, made = s.blueprint.horizon, s.blueprint.calendar.week, manifest.get("replications") or {}
    start = f"Every run starts without orders. The first {h.warm_up:g} h ({h.warm_up / week:g} weeks) are warm-up: "
    start += "simulated, but not measured." if h.warm_up else "there is none, all is measured."
    grid = f" Durations are rounded up to multiples of {h.grid:g} h." if h.grid else ""
    study = str(s.decide.get("study") or "") if s.experiment == "decide" else ""
    start += f" The study is of the kind: {study.replace('_', ' ')}." if study else ""
    untold = "how the warm-up was chosen"
    untold = untold if study else f"whether the study is of a terminating system or of a steady state, and {untold}"
    estimation = (
        f"{made.get('asked')} replications a scenario asked for, {made.get('finished')} finished; seed {s.seed}. "
        "Replication r of every scenario uses the same named random numbers (common random numbers), and differences "
        "are taken within replications. Intervals are Student's t at 95 % with replications as units, unless the "
        "report says otherwise. Experiments that choose their own number of replications say so in their results."
    )
    return (
        Item("4.1", "Initialisation", start, untold),
        Item("4.2", "Run length", f"{h.measured:g} h ({h.measured / week:g} weeks) measured, {h.end:g} h in all; "
             f"orders placed in the measured time are followed to their end.{grid}"),
        Item("4.3", "Estimation approach", estimation),
    )  # fmt: skip


def _implementation(s: Settings, manifest: Mapping[str, Any]) -> tuple[Item, ...]:
    versions = manifest.get("versions") or {}
    software = ", ".join(f"{name} {v}" for name, v in versions.items() if v[:1].isdigit()) or "versions not found"
    engines = {"compiled": "one event loop in machine code", "simpy": "SimPy processes (the reference engine)"}
    execution = (
        f"Engine `{s.engine}`: {engines.get(s.engine, '')}; next-event time advance. Both engines give the same "
        f"journal. Simultaneous events happen in the order of scheduling. Journal: {s.journal}."
    )
    sampling = (
        "Philox4x32-10 (Salmon et al. 2011), counter-based: every random number is a function of its name "
        f"(seed, replication, customer or stage, order and pass, purpose), so there are no streams. Seed {s.seed}."
    )
    system = f"{manifest.get('platform', 'unknown platform')}; {s.execution.backend} execution with n_jobs = "
    system += f"{s.execution.n_jobs} (-1: one worker a core); {manifest.get('seconds')} s in all."
    command = " ".join(map(str, manifest.get("command") or ())) or "unknown"
    return (
        Item("5.1", "Software or programming language", f"Gapline: {software}."),
        Item("5.2", "Random sampling", sampling),
        Item("5.3", "Model execution", execution),
        Item("5.4", "System specification", system, "processor and memory"),
        Item("6.1", "Computer model sharing statement", "The code is under the MIT licence; digest of its sources "
             f"`{code_version()}`. This run: `{command}`; its settings stand in `.hydra/config.yaml` beside this file.",
             "where this version of the code, own systems and data can be had (address, DOI)"),
    )  # fmt: skip
