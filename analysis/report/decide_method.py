"""The last sections of a decision report: the standing of its statements, and how the runs were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.decision_settings import NET_BENEFIT
from analysis.decision_study import Evidence
from analysis.figures.style import title_of
from analysis.report.compare_answer import capital
from analysis.report.decide_answer import listed, smallest
from analysis.report.numbers import number
from analysis.report.page import Note, Section
from sim.blueprint import Horizon


def findings(found: Evidence, direct: Mapping[str, Sequence[str]]) -> Section:
    """What is a finding, what follows from the equations, what was assumed."""
    s = found.sample
    best = s.scenarios[found.best]
    notes = []
    if found.best != 0 and direct.get(best):
        notes.append(Note(
            "In part true by construction",
            f"{capital(title_of(best))} sets {listed([title_of(d) for d in direct[best]])} of the model directly. "
            "That part of its effect follows from the equations and their assumed sizes; what comes through "
            "queues, errors and rework could have come out either way.",
        ))  # fmt: skip
    for name, metric in found.pairs:
        if metric == s.asked.watched[0] and not found.difference(name, metric).any():
            text = f"{capital(title_of(name))} differs from the base in nothing: 0 in every replication."
            notes.append(Note("True by construction", text))
    told = "All other differences, their order and their intervals, for the system as configured."
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
