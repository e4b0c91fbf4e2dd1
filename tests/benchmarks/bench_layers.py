"""`order_to_delivery` with all layers: the compiled engine against our own SimPy engine."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.ours import ALL_LAYERS, runner
from benchmarks.rounds import Found, Probe, ns_a_visit, ratios
from benchmarks.table import Row, Target


def layers(customers: int) -> tuple[list[Probe], Callable[[Found], list[Row]]]:
    """What to measure, and what it says: full journals and summaries, like against like."""
    name = "all layers: {engine} engine, {journal}".format
    probes = [
        ns_a_visit(
            name(engine=engine, journal=journal), runner("order_to_delivery", ALL_LAYERS, engine, journal), customers
        )
        for engine in ("compiled", "simpy")
        for journal in ("full", "summary")
    ]

    def rows(found: Found) -> list[Row]:
        table = []
        for journal in ("full", "summary"):
            ours, reference = name(engine="compiled", journal=journal), name(engine="simpy", journal=journal)
            times = ratios(found, reference, ours)
            table += [
                Row(f"all layers, {journal}: our SimPy engine / compiled", times, "times", Target(40.0, True)),
                Row(ours, found[ours], "ns a visit", Target(500.0)),
                Row(reference, found[reference], "ns a visit"),
            ]
        return table

    return probes, rows
