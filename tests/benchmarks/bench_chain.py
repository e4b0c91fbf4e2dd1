"""Ten stages, two members each, Layer 0, every visit recorded: our engines against peers and the practical limit."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.chain_model import SERVICE
from benchmarks.ours import runner
from benchmarks.peers import idiomatic_simpy, optional_peers
from benchmarks.recursion import event_free
from benchmarks.rounds import Found, Probe, ns_a_visit, ratios
from benchmarks.table import Row, Target

OURS = "chain: compiled engine, full journal"
SUMMARY = "chain: compiled engine, summary"
REFERENCE = "chain: our SimPy engine"
LIMIT = "chain: event-free recursion, compiled"
PEERS = {"idiomatic SimPy": 60.0, "Ciw": 200.0, "cimba": 5.0}  # name -> how many times faster we are to be


def chain(customers: int) -> tuple[list[Probe], Callable[[Found], list[Row]]]:
    """What to measure, and what it says."""
    system = ("ten_stage", (f"system.stage_defaults.service.mean={SERVICE}",))
    peers, missing = optional_peers()
    runs = {
        OURS: runner(*system, "compiled", "full"),
        SUMMARY: runner(*system, "compiled", "summary"),
        REFERENCE: runner(*system, "simpy", "full"),
        LIMIT: event_free,
        "chain: idiomatic SimPy": idiomatic_simpy,
        **{f"chain: {name}": run for name, run in peers.items()},
    }

    def rows(found: Found) -> list[Row]:
        table = []
        for name, least in PEERS.items():
            times = ratios(found, f"chain: {name}", OURS)
            table.append(Row(f"{name} / ours", times, "times", Target(least, at_least=True), missing.get(name, "")))
        return [
            *table,
            Row("ours / event-free recursion", ratios(found, OURS, LIMIT), "times", Target(5.0)),
            Row("our SimPy engine / ours", ratios(found, REFERENCE, OURS), "times"),
            *(Row(name, found[name], "ns a visit") for name in runs),
        ]

    return [ns_a_visit(name, run, customers) for name, run in runs.items()], rows
