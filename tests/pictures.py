"""Stand-ins for pictures where a test is about something else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def empty_png(figure: Figure, path: Path) -> None:
    """In place of `style.write_png`: a file that begins like a picture, and holds none."""
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
