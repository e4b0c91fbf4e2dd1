"""What the store has of a sweep, point by point, also while another process runs it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from analysis.sweeps.names import point_title
from scenarios.code_version import code_version
from scenarios.design import Values
from scenarios.store import Store


def print_status(points: Sequence[Values], texts: Sequence[str], path: Path, asked: int, seed: int) -> None:
    """Print a line per point; nothing is run and nothing written. Raises `InvalidInput`."""
    opened = Store(path, read_only=True) if path.exists() else nullcontext()
    done_in_all = 0
    with opened as store:
        for i, (point, text) in enumerate(zip(points, texts, strict=True), start=1):
            number = store.find(text, code_version(), seed) if store is not None else None
            done = refused = others = 0
            reasons: dict[int, str] = {}
            if store is not None:
                others = store.other_versions(text, code_version(), seed)
                if number is not None:
                    done, reasons = store.count(number, asked), store.quarantined(number, asked)
                    refused = len(reasons)
            done_in_all += done
            state = f"{done}/{asked}"
            state += f", {refused} quarantined" if refused else ""
            state += f", {others} of other versions" if others else ""
            print(f"{i:>5}  {state}  {point_title(point)}")
            for replication, reason in reasons.items():
                print(f"       replication {replication}: {reason}")
    print(f"{done_in_all} of {asked * len(points)} runs are in {path}.")
