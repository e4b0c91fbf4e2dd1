"""Reports: a page is data (`ReportPage`), `render` makes it one self-contained HTML file."""

from analysis.report.page import Figure, Note, ReportPage, Section, Table, render

__all__ = ["Figure", "Note", "ReportPage", "Section", "Table", "render"]
