"""The last sections of a decision report: the standing of its statements, and how the runs were made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from analysis.decisions.settings import NET_BENEFIT
from analysis.decisions.study import Evidence
from analysis.figures.style import title_of
from analysis.measures import METRICS
from analysis.report.compare_answer import capital
from analysis.report.decide_answer import label_of, listed, smallest
from analysis.report.numbers import number
from analysis.report.page import Note, Section
from sim.blueprint import Horizon

_PERCEIVED = ("perception", "gaps", "dimensions")  # groups of metrics that rest on what customers perceive


def findings(found: Evidence, direct: Mapping[str, Sequence[str]], promising: Collection[str] = ()) -> Section:
    """What is a finding, what follows from the equations, what was assumed. `promising`: scenarios that change what is
    promised."""
    s = found.sample
    notes = _by_construction(found, direct, promising)
    for name, metric in found.pairs:
        if metric == s.asked.watched[0] and not found.difference(name, metric).any():
            text = f"{capital(title_of(name))} differs from the base in nothing: 0 in every replication."
            notes.append(Note("True by construction", text))
    told = "All that is not named above: differences, their order and their intervals, for the system as configured."
    notes.append(Note("Finding of these runs", told))
    notes.append(Note(
        "Assumption",
        f"That {smallest(found)} is the smallest difference that matters (decide.indifference), the margins and the "
        "half-widths: they are settings, and decide what counts as good enough.",
    ))  # fmt: skip
    if s.asked.criterion == NET_BENEFIT:
        notes.append(Note("Assumption", f"A point is worth {number(s.asked.worth)} (decide.worth)."))
    notes.append(Note(
        "Not claimed",
        "That any firm would see these figures. Intervals and probabilities measure the randomness of the "
        "simulation, not the doubt about parameters.",
    ))  # fmt: skip
    return Section("What is a finding and what is not", (), (), (), tuple(notes))


def _by_construction(found: Evidence, direct: Mapping[str, Sequence[str]], promising: Collection[str]) -> list[Note]:
    """A note for every scenario that sets dimensions of the perceived service directly."""
    s, notes = found.sample, list[Note]()
    touched = [label_of(METRICS[m]) for m in (*s.asked.watched, s.asked.effect) if METRICS[m].group in _PERCEIVED]
    if not touched:
        return notes
    what = listed(list(dict.fromkeys(touched)))
    for name in s.others:
        dimensions = listed([title_of(d) for d in direct.get(name, ())])
        if name in promising:
            text = (
                f"{capital(title_of(name))} changes what is promised. A promise moves what customers predict in every "
                "dimension, and the model draws perception towards the prediction (system.perception.assimilation): "
                f"that part of its difference in {what} is built into the equations and no service that was rendered."
            )
        elif dimensions:
            text = (
                f"{capital(title_of(name))} sets {dimensions} of the model directly. That part of its difference in "
                f"{what} follows from the equations and their assumed sizes; what comes through queues, errors and "
                "rework could have come out either way."
            )
        else:
            continue
        if name in found.controls:
            text += " It is a negative control: a gain is no improvement."
        notes.append(Note("In part true by construction", text))
    return notes


def method(found: Evidence, engine: str, horizon: Horizon, week: float) -> Section:
    """How the runs were made; `week` in hours."""
    s = found.sample
    runs = (
        f"Each of {len(s.scenarios)} scenarios ran {s.n} times (seed {found.seed}, engine {engine}) with a warm-up "
        f"of {horizon.warm_up / week:g} weeks and {horizon.measured / week:g} weeks measured. "
        "Replication r of every scenario uses the same named random numbers, and all differences are taken within "
        "replications."
    )
    guarantees = (
        "The guarantees hold for replications that are independent and normal; the figures of a replication are "
        "means over many orders, which makes them nearly so. Comparisons with the base, comparisons with the best "
        "and the selection are three procedures, each with a guarantee of its own; together they may err more "
        "often than one of them."
    )
    files = (
        "decision.csv has every comparison, cost_effectiveness.csv and acceptability.csv the money, kpis.csv every "
        "metric of every run, results.json all of it in one file."
    )
    return Section("Method", (runs, guarantees, files))
