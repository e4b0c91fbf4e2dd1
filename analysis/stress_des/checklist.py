"""The STRESS-DES checklist of a run, filled from its settings: what a reader needs to repeat and judge the study.

Monks, Currie, Onggo, Robinson, Kunc & Taylor 2019, "Strengthening the reporting of empirical simulation studies:
introducing the STRESS guidelines", Journal of Simulation 13(1), 55-67: 24 items in six sections. What the settings
cannot tell - why the study is made, where data come from - is named, for the author of the study to add.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from analysis.measures import METRICS
from analysis.stress_des import system as words
from analysis.stress_des.ran import Part, Ran, ran_by
from analysis.stress_des.runs import Item, experimentation, implementation
from scenarios.config import Settings
from sim.blueprint import Blueprint

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
    "report": "redraws the report of a finished run, or sets runs side by side",
    "teach": "serves live lessons in the browser",
    "animate": "replays one run as a film for slides",
}
SECTIONS = {
    "1": "Objectives", "2": "Logic", "3": "Data", "4": "Experimentation", "5": "Implementation", "6": "Code access",
}  # fmt: skip
UNTOLD = "Not recorded, to be added by the author: "


def stress_des(settings: Settings, manifest: Mapping[str, Any], ran: Ran | None = None) -> str:
    """The checklist as Markdown. `manifest`: the content of manifest.json; `ran`: what ran, where the settings alone
    do not say it."""
    ran = ran or ran_by(settings, manifest.get("replications") or {})
    systems = ", ".join(dict.fromkeys(part.blueprint.name for part in ran.parts))
    parts = [
        f"# STRESS-DES checklist: {settings.experiment}{f' on {systems}' if systems else ''}",
        "Filled from the settings of the run and from what ran (Monks et al. 2019, Journal of Simulation 13(1), "
        "55-67). It describes the system of the first arm; other arms change what 2.3 says they change.",
    ]
    for section, found in groupby(items(settings, manifest, ran), lambda item: item.number[0]):
        parts.append(f"## {section} {SECTIONS[section]}")
        for item in found:
            parts += [f"### {item.number} {item.title}", item.told]
            parts += [f"*{UNTOLD}{item.untold}.*"] if item.untold else []
    return "\n\n".join(parts) + "\n"


def items(settings: Settings, manifest: Mapping[str, Any], ran: Ran | None = None) -> tuple[Item, ...]:
    """The 24 items in their order; arguments as for `stress_des`."""
    ran = ran or ran_by(settings, manifest.get("replications") or {})
    return (
        *_objectives(settings, ran), *_logic(ran), *_components(ran), *_data(settings, manifest, ran),
        *experimentation(settings, ran), *implementation(settings, manifest, ran),
    )  # fmt: skip


def _objectives(s: Settings, ran: Ran) -> tuple[Item, ...]:
    by_group: dict[str, list[str]] = {}
    for metric in METRICS.values():
        by_group.setdefault(metric.group, []).append(f"{metric.label} ({metric.unit})" if metric.unit else metric.label)
    outputs = (
        "What the model measures in a run, over orders placed in the measured time; the report says which of it the "
        "experiment uses, and how it is defined."
    )
    measured = [f"{group}: {'; '.join(names)}" for group, names in by_group.items()]
    own = words.flat(dict(s.plain.get(s.experiment) or {}), s.experiment)
    aims = f"The experiment `{s.experiment}` {AIMS.get(s.experiment, 'is described in its report')}."
    aims += f" Base: `{ran.base}`." if ran.base else ""
    return (
        Item("1.1", "Purpose of the model", ran.told(_purpose),
             "the question behind the study, who decides and on what"),
        Item("1.2", "Model outputs", f"{outputs}\n\n{words.listed(measured)}"),
        Item("1.3", "Experimentation aims", aims + ("\n\n" + words.listed(own) if own else ""),
             "hypotheses stated before the runs"),
    )  # fmt: skip


def _purpose(part: Part) -> str:
    b = part.blueprint
    return (
        f"A model of the service delivery system `{b.name}` ({len(b.stages)} stages in "
        f"{len({x.function for x in b.stages.values()})} functions, {len(b.pools)} staff pools): how errors, queues, "
        "staff and information make the gap between what customers expect and what they perceive, and at what cost."
    )


def _logic(ran: Ran) -> tuple[Item, ...]:
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
        Item("2.1", "Base model overview diagram", ran.told(lambda part: f"Orders begin at `{part.blueprint.first}`."
             f"\n\n{words.handoffs(part.blueprint)}\n\nReports of compare show the blueprint as a map.")),
        Item("2.2", "Base model logic", ran.told(lambda part: f"{journey}\n\n{words.mechanisms(part.blueprint)}")),
        Item("2.3", "Scenario logic", ran.told(lambda part: words.listed(part.arms))),
        Item("2.4", "Algorithms", algorithms),
    )  # fmt: skip


def _components(ran: Ran) -> tuple[Item, ...]:
    def of(tell: Callable[[Blueprint], str]) -> str:
        return ran.told(lambda part: tell(part.blueprint))

    return (
        Item("2.5.1", "Entities", of(_entities)),
        Item("2.5.2", "Activities", of(words.activities)),
        Item("2.5.3", "Resources", of(lambda b: words.listed(words.pool(n, pool, b) for n, pool in b.pools.items()))),
        Item("2.5.4", "Queues", of(words.queue_rule)),
        Item("2.5.5", "Entry and exit points", of(lambda b: f"{words.arrivals(b)} {words.exits(b)}")),
    )


def _entities(b: Blueprint) -> str:
    text = words.listed(["orders", "customers, in segments:"]) + "\n"
    return text + "\n".join(f"  - {words.segment(name, segment)}" for name, segment in b.segments.items())


def _data(s: Settings, manifest: Mapping[str, Any], ran: Ran) -> tuple[Item, ...]:
    surveyed = (s.plain.get("expectations") or {}).get("survey")
    sources = ["parameters: the configuration of the system; comments in its file may say where a number comes from"]
    sources += [f"survey of gap scores: {s.survey.file}"] if s.survey else []
    sources += [f"desired expectations: survey {surveyed}"] if surveyed else []
    prepared = "No data were processed: parameters are used as configured."
    if s.survey or surveyed:
        prepared = "Answers are mapped linearly from the survey's scale to 0-1."
    if s.survey and s.survey.drop_straight_lining:
        prepared += " Respondents with the same answer throughout are left out."
    inputs = "As configured (defaults, where nothing is said, are those of the code); digest of all settings "
    inputs += f"`{manifest.get('config_digest')}`.\n\n"
    return (
        Item("3.1", "Data sources", words.listed(sources), "provenance, dates, samples and quality of the data behind "
             "the parameters, and who agreed to assumptions"),
        Item("3.2", "Data preparation", prepared, "what was done to data before they came into the configuration"),
        Item("3.3", "Input parameters", inputs + ran.told(_inputs)),
        Item("3.4", "Assumptions", ran.told(_assumed),
             "assumptions of the author about the real system, and its validation"),
    )  # fmt: skip


def _inputs(part: Part) -> str:
    lines = "\n".join(part.inputs)
    return f"```text\n{lines}\n```"


def _assumed(part: Part) -> str:
    return words.listed([
        f"time runs in hours of a calendar of {part.blueprint.calendar.week:g} h a week; money in currency units (cu)",
        "a mechanism that is off (2.2) has no effect",
        "service times, errors and choices are independent but for what the mechanisms of 2.2 say",
        "staff members of a pool share one queue and are alike but for their levels",
        "overload is allowed: queues may grow without end" if part.allow_unstable else "no staff pool is overloaded: "
        "runs with one are refused",
    ])  # fmt: skip
