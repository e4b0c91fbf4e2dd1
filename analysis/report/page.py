"""What a report page is made of, and how it becomes HTML: one file, complete without script, nothing loaded.

The page's own script (templates/*.js, written into it and allowed by its hash alone) only adds to what is there:
tables sort, marks tell their values, the explorer draws any metric. Data reach it as JSON that nothing executes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = ("sort.js", "marks.js", "explorer.js", "paper.js")


@dataclass(frozen=True)
class Table:
    """A table; the first cell of every row heads that row. `align` holds l or r per column (default: l, then r).

    A `folded` one is shown on request; on paper it is complete.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str = ""
    folded: bool = False

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.caption}: every row needs {len(self.columns)} cells")
        if not self.align:
            object.__setattr__(self, "align", "l" + "r" * (len(self.columns) - 1))


@dataclass(frozen=True)
class Figure:
    """An inline SVG (as `analysis.figures.style.inline_svg` makes it), its caption, the same in words and numbers."""

    svg: str
    caption: str
    alternative: str
    data: Table | None = None


@dataclass(frozen=True)
class Note:
    """A sentence with the standing of what it says: finding, true by construction, assumption, ..."""

    standing: str
    text: str


@dataclass(frozen=True)
class Explorer:
    """A chart for the reader to choose: `data` as templates/explorer.js reads it, `table` the same in full."""

    data: Mapping[str, Any]
    table: Table


@dataclass(frozen=True)
class Section:
    """A part of a page under its own heading, shown in the order of the fields."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[Note, ...] = ()
    explorer: Explorer | None = None


@dataclass(frozen=True)
class ReportPage:
    """A whole report: question and answer, `brief` (how sure, what it costs, what could overturn it), `facts` of the
    run, `warnings`, and the sections."""

    title: str
    question: str
    answer: str
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    language: str = "en"
    brief: tuple[Note, ...] = ()


def render(page: ReportPage) -> str:
    """The page as a self-contained HTML document. All texts are escaped; only the figures' SVG is taken as it is."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    css = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    script = own_script()
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.filters["data"] = data_block
    environment.filters["bound"] = bound
    return environment.get_template("report.html.j2").render(page=page, css=css, script=script, allowed=allowed)


def bound(cell: str) -> str:
    """A mark stays on the line of its value."""
    for mark in "▲▼◆":
        cell = cell.replace(f"{mark} ", f"{mark}\u00a0")
    return cell


def own_script() -> str:
    """The script of a page, as it stands between its tags."""
    parts = [(_TEMPLATES / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return '"use strict";\n' + "".join(f"{{\n{part}}}\n" for part in parts)


def data_block(data: Mapping[str, Any]) -> str:
    """JSON that can stand in a <script type="application/json">: no character in it can end the element."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def sentences(parts: Sequence[str]) -> str:
    """Sentences joined with a blank; empty ones are dropped."""
    return " ".join(part for part in parts if part)
