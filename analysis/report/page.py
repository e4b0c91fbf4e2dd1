"""What a report page is made of, and how it becomes HTML: one file, no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Table:
    """A table; the first cell of every row heads that row. `align` holds l or r per column (default: l, then r)."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str = ""

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
class Section:
    """A part of a page under its own heading, shown in the order of the fields."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class ReportPage:
    """A whole report: question and answer first, then `facts` of the run, `warnings`, and the sections."""

    title: str
    question: str
    answer: str
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    language: str = "en"


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
    return environment.get_template("report.html.j2").render(page=page, css=css)


def sentences(parts: Sequence[str]) -> str:
    """Sentences joined with a blank; empty ones are dropped."""
    return " ".join(part for part in parts if part)
