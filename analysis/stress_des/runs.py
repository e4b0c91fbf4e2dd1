"""Items of the reporting checklist on the runs: sections 4 to 6 of STRESS-DES (see `analysis.stress_des.checklist`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.stress_des.ran import NOTHING, Part, Ran
from scenarios.code_version import code_version
from scenarios.config import Settings

_EXPERIMENTATION = ("Initialisation", "Run length", "Estimation approach")


@dataclass(frozen=True)
class Item:
    """An item of the checklist: its number and title there, what the settings say, and what they cannot say."""

    number: str
    title: str
    told: str
    untold: str = ""


def experimentation(s: Settings, ran: Ran) -> tuple[Item, ...]:
    """Section 4: how runs begin, how long they are, how many there are."""
    study = str(s.decide.get("study") or "") if s.experiment == "decide" else ""
    begin = ran.told(_begin) + (f" {ran.warm_up}" if ran.warm_up else "")
    begin += f" The study is of the kind: {study.replace('_', ' ')}." if study else ""
    open_questions = [] if study else ["whether the study is of a terminating system or of a steady state"]
    open_questions += [] if ran.warm_up else ["how the warm-up was chosen"]
    estimation = (
        f"{ran.told(lambda part: f'{part.runs}; seed {s.seed}.')}\n\n"
        "Replication r of every arm uses the same named random numbers (common random numbers), and differences "
        "are taken within replications. Intervals are Student's t at 95 % with replications as units, unless the "
        "report says otherwise."
    )
    if not ran.parts:
        return tuple(Item(n, title, NOTHING) for n, title in zip(("4.1", "4.2", "4.3"), _EXPERIMENTATION, strict=True))
    return (
        Item("4.1", _EXPERIMENTATION[0], begin, ", and ".join(open_questions)),
        Item("4.2", _EXPERIMENTATION[1], ran.told(_length)),
        Item("4.3", _EXPERIMENTATION[2], estimation),
    )


def _begin(part: Part) -> str:
    h, week = part.blueprint.horizon, part.blueprint.calendar.week
    if not h.warm_up:
        return "Every run starts without orders; there is no warm-up, all is measured."
    warm_up = f"The first {h.warm_up:g} h ({h.warm_up / week:g} weeks) are warm-up: simulated, but not measured."
    return f"Every run starts without orders. {warm_up}"


def _length(part: Part) -> str:
    h, week = part.blueprint.horizon, part.blueprint.calendar.week
    grid = f" Durations are rounded up to multiples of {h.grid:g} h." if h.grid else ""
    return (
        f"{h.measured:g} h ({h.measured / week:g} weeks) measured, {h.end:g} h in all, but for arms of which 2.3 says "
        f"otherwise; orders placed in the measured time are followed to their end.{grid}"
    )


def implementation(s: Settings, manifest: Mapping[str, Any], ran: Ran) -> tuple[Item, ...]:
    """Sections 5 and 6: what it was run with, and where that is to be had."""
    versions = manifest.get("versions") or {}
    software = ", ".join(f"{name} {v}" for name, v in versions.items() if v[:1].isdigit()) or "versions not found"
    engines = {"compiled": "one event loop in machine code", "simpy": "SimPy processes (the reference engine)"}
    used = "; ".join(f"engine `{name}`: {engines.get(name, '')}" for name in ran.engines or (s.engine,))
    execution = (
        f"Run by {used}; next-event time advance. Both engines give the same journal. Simultaneous events happen in "
        f"the order of scheduling.\n\n{ran.told(lambda part: f'Journal: {part.journal}.')}"
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
        Item("5.3", "Model execution", execution if ran.parts else NOTHING),
        Item("5.4", "System specification", system, "processor and memory"),
        Item("6.1", "Computer model sharing statement", "The code is under the MIT licence; digest of its sources "
             f"`{code_version()}`. This run: `{command}`; its settings stand in `.hydra/config.yaml` beside this file.",
             "where this version of the code, own systems and data can be had (address, DOI)"),
    )  # fmt: skip
