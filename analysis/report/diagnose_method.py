"""Sections of a diagnosis about how it was made: what taking out means, the method and its assumptions."""

from __future__ import annotations

from analysis.diagnosis.causes import KINDS
from analysis.diagnosis.findings import Findings
from analysis.diagnosis.study import FAILURES
from analysis.report.diagnose_results import level_of
from analysis.report.numbers import number
from analysis.report.page import Note, Section, Table
from scenarios.interventions import find
from sim.blueprint import Horizon


def taken_out_section(found: Findings) -> Section:
    rows = tuple(
        (
            kind.family,
            kind.words,
            " ".join((find(kind.removal, "").function.__doc__ or "").replace("`", "").split()),
            kind.removal,
        )
        for kind in KINDS
    )
    kept, (level, hours) = found.diagnosis.kept, found.diagnosis.promise
    promised = (
        f"The promise that is kept was measured in pilot runs with random numbers of their own: level "
        f"{number(kept['level'], 3)} (promised here: {number(level, 3)}), and a lead time that four orders in five "
        f"meet, {number(kept['lead_time'], 1)} h (promised: {number(hours, 1)} h). Taking the over-promise out lowers "
        "the one and lengthens the other where the promise goes beyond, and never the reverse."
    )
    text = (
        "A cause is a list of counterfactual interventions, in force from the first hour of the run (warm-up "
        "included), after all that the scenario does. They cost nothing: this is a diagnosis, no programme that could "
        "be bought. What no cause covers stays: queues for busy staff, service times, changes of mind."
    )
    by = {
        "family": "",
        "stage": "A stage here holds the causes that are bound to it: its errors and special causes, the handoff into "
        "it, its supplier (one that serves two stages counts at both). Staff, rework, promises and load belong to no "
        "stage and are not among the causes.",
        "element": "An element here is the errors and special causes of a stage, the handoff into a stage, a supplier, "
        "or what belongs to no place.",
    }[found.diagnosis.asked.by]
    columns = ("Family", "Kind", "What is taken out", "Intervention")
    table = Table("Causes and what taking them out means", columns, rows, "llll")
    return Section("What is taken out", tuple(p for p in (text, by, promised) if p), (table,))


def method_section(found: Findings, seed: int, engine: str, horizon: Horizon) -> Section:
    d = found.diagnosis
    runs = (
        f"Each of {len(d.design.sets)} sets of causes"
        + (f" and {len(d.twigs)} twigs" if d.twigs else "")
        + f" was run {d.finished} times (seed {seed}, engine {engine}): {number(horizon.measured, 0)} h after a "
        f"warm-up of {number(horizon.warm_up, 0)} h. Every draw has a name, so replication r without a cause "
        "meets the same customers, with the same luck, as replication r with it; all is taken within replications."
    )
    if d.design.orders is None:
        credit = (
            "All sets were run, so Shapley values (Shapley 1953) are exact within each replication; intervals are "
            "Student's t at 95 % over replications. Interactions: Grabisch & Roubens 1999."
        )
    else:
        credit = (
            f"Shapley values are means over {2 * len(d.design.orders)} random orders of taking out (pairs of one order "
            "and its reverse, the same for all replications). Intervals count both the orders and the replications as "
            "random (crossed, 95 %, on the safe side)."
        )
    shares = (
        "Shares are ratios of means with linearised intervals, left empty where the interval of the total includes 0."
    )
    notes = [
        Note(
            "True by construction",
            "What the causes add sums up to what all of them add: Shapley values divide the total. Here to within a "
            f"relative {found.rounding:.0e}.",
        ),
        Note(
            "True by construction",
            "Lost information, load and special causes act on errors as factors. Once operator and system errors are "
            "out, there is nothing left for them to multiply, and they add nothing as the last.",
        ),
        Note(
            "Assumption",
            "The average over all orders of taking out is a rule of fair division, one of several; First and Last show "
            "how far it matters.",
        ),
        Note(
            "Assumption", "What the model's equations say that each cause does; their sizes are graded in the system."
        ),
        Note(
            "Not claimed",
            "That any firm would see these figures. An interval measures the randomness of the simulation, not the "
            "doubt about parameters.",
        ),
    ]
    rest = level_of(found, FAILURES) if FAILURES in found.metrics else None
    if rest is not None and rest["rest"] == rest["rest_high"] == 0.0:
        text = "Without all causes no order fails, in any replication: no source of errors is left."
        notes.insert(1, Note("True by construction", text))
    return Section("Method and assumptions", (runs, credit, shares), (), (), tuple(notes))
