"""One house style for all figures: colours, type, and how a figure becomes a file or a part of a page.

Colours are those of Okabe & Ito (2008), told apart by readers with any colour vision; no figure relies on colour
alone. matplotlib is imported late (it is slow) and without pyplot, so no global figure is left behind.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary
from xml.etree import ElementTree

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OKABE_ITO = {
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "black": "#000000",
}
INK, QUIET, RULE, PAPER = "#1c2430", "#566070", "#d5d9df", "#ffffff"
BETTER, WORSE, UNCLEAR = OKABE_ITO["green"], OKABE_ITO["vermilion"], QUIET
SERIES = tuple(OKABE_ITO[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky", "black"))
MARKERS = ("o", "D", "s", "^", "v", "P", "X")
HEAT = ("#ffffff", "#fdf0d5", "#f9d48c", "#f0ab45", "#e27f22")  # light to dark; black text stays readable on all

WIDTH = 760.0  # points; about the width of the page, so that type keeps its size

MEASURED_FONT = "DejaVu Sans"  # ships with matplotlib: layouts are the same on every computer
# What a browser shows. All are narrower than the measured font or as wide, so nothing can run over.
SHOWN_FONTS = "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"

_TIP_MARK = "tip: "  # begins the id of a mark that tells its value
_TIP = re.compile(rf'<g id="{_TIP_MARK}([^"]*)">')

_RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": [MEASURED_FONT],
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,  # names may hold $
    "axes.edgecolor": "#8a929e",
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.use_mathtext": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9.5,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "lines.markersize": 6.5,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "gapline",
}


@contextmanager
def house_style() -> Iterator[None]:
    """matplotlib's settings for drawing and writing; the reader's own settings are set aside and put back."""
    import matplotlib.style

    with matplotlib.style.context(_RC, after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of the given size in points (1/72 inch)."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / 72, height / 72))


def save(figure: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Write `name`.svg and `name`.png into `folder`; equal figures give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    vector, raster = folder / f"{name}.svg", folder / f"{name}.png"
    vector.write_text(_svg(figure), encoding="utf-8", newline="\n")
    write_png(figure, raster)
    return vector, raster


def write_png(figure: Figure, path: Path) -> None:
    """The figure in 150 dots an inch."""
    with house_style():
        # packing harder takes longer than drawing, for a tenth of the bytes
        figure.savefig(path, format="png", dpi=150, metadata={"Software": None}, pil_kwargs={"compress_level": 3})


def inline_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as an <svg> element for a page: no namespaces, ids of its own, a title and a description.

    `name` must differ between the figures of a page (it prefixes every id).
    """
    root = ElementTree.fromstring(_svg(figure))
    _localise(root)
    _own_ids(root, name)
    for child in list(root):
        if child.tag in ("metadata", "defs") and not any(part.get("id") for part in child.iter()):
            root.remove(child)
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = plain(text)
        root.insert(position, element)
    labels = f"{name}-title {name}-desc"
    root.attrib.update({"role": "img", "aria-labelledby": labels, "class": "figure", "stroke-linejoin": "round"})
    return ElementTree.tostring(root, encoding="unicode")


def plain(name: object) -> str:
    """A name on one line without characters that have no place in a figure or a page."""
    text = " ".join(str(name).split())
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co"))


def title_of(name: object) -> str:
    """How a configured name reads: `frontline_training` as "frontline training"."""
    return plain(name).replace("_", " ")


@cache
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line of text in points, in the measured font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family=MEASURED_FONT, size=size, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def fit(text: str, width: float, size: float, lines: int, bold: bool = False) -> list[str]:
    """Break a text into at most `lines` lines of `width` points; what does not fit ends in an ellipsis."""
    words = [part for word in text.split() for part in _break_word(word, width, size, bold)]
    rows: list[str] = []
    for word in words:
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and text_width(longer, size, bold) <= width:
            rows[-1] = longer
        else:
            rows.append(word)
    if len(rows) > lines:
        rows = rows[:lines]
        while rows[-1] and text_width(rows[-1] + "…", size, bold) > width:
            rows[-1] = rows[-1][:-1].rstrip()
        rows[-1] += "…"
    return rows


def tell(artist: Artist, text: str) -> None:
    """Let a mark tell its value: as its <title>, which browsers show under the mouse and the page's script by keys."""
    artist.set_gid(_TIP_MARK + plain(text))


def quiet_axes(axes: Axes, grid: str = "x") -> None:
    """Light grid, no frame but the axis that carries numbers."""
    axes.grid(True, axis="x" if grid == "x" else "y")
    axes.spines["left" if grid == "x" else "bottom"].set_visible(grid != "x")


def tick_label(value: float) -> str:
    """A number at an axis: thousands set apart, M for millions."""
    if abs(value) >= 999_999.5:
        return f"{value / 1e6:,.4g} M".replace("-", "\u2212")
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"
    return text.replace(",", "\u202f").replace("-", "\u2212")


def name_places(axes: Axes, names: Sequence[str], wide: float) -> None:
    """Names, in up to two lines, at 0, 1, 2, ... of the horizontal axis; `wide`: its width in points."""
    axes.set_xticks(range(len(names)))
    room = wide / len(names) - 6
    axes.set_xticklabels(["\n".join(fit(name, room, 8.5, 2)) for name in names], fontsize=8.5)
    axes.set_xlim(-0.5, len(names) - 0.5)


def logarithmic(axes: Axes) -> None:
    """A logarithmic horizontal axis with plain numbers, at its main ticks alone."""
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.xaxis.set_minor_formatter(lambda x, _: "")


def _break_word(word: str, width: float, size: float, bold: bool) -> list[str]:
    parts: list[str] = []
    while text_width(word, size, bold) > width and len(word) > 1:
        end = len(word) - 1
        while end > 1 and text_width(word[:end], size, bold) > width:
            end -= 1
        parts.append(word[:end])
        word = word[end:]
    return [*parts, word]


_DRAWN: WeakKeyDictionary[Figure, str] = WeakKeyDictionary()


def _svg(figure: Figure) -> str:
    """The figure as text: drawn once, for the page and for the file. Nobody changes a figure after that."""
    if figure not in _DRAWN:
        _DRAWN[figure] = _draw(figure)
    return _DRAWN[figure]


def _draw(figure: Figure) -> str:
    buffer = io.BytesIO()
    nothing = {"Creator": None, "Date": None, "Format": None, "Type": None}
    with house_style():
        figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue().decode("utf-8").replace("\r\n", "\n")
    text = _TIP.sub(r'<g class="tip"><title>\1</title>', text)
    return text.replace(f"'{MEASURED_FONT}'", SHOWN_FONTS)


def _localise(root: ElementTree.Element) -> None:
    """Drop namespaces: inside HTML an <svg> needs none."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in list(element.attrib):
            if "}" in key:
                element.attrib[key.rpartition("}")[2]] = element.attrib.pop(key)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("metadata", "style"):
                parent.remove(child)


def _own_ids(root: ElementTree.Element, name: str) -> None:
    """Keep only ids that something refers to, and make them the figure's own."""
    reference = re.compile(r"url\(#([^)]+)\)")
    used = {value[1:] for e in root.iter() for key, value in e.attrib.items() if key == "href" and value[:1] == "#"}
    used |= {found for e in root.iter() for value in e.attrib.values() for found in reference.findall(value)}
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                if value in used:
                    element.attrib[key] = f"{name}-{value}"
                else:
                    del element.attrib[key]
            elif key == "href" and value.startswith("#"):
                element.attrib[key] = f"#{name}-{value[1:]}"
            elif "url(#" in value:
                element.attrib[key] = reference.sub(lambda m: f"url(#{name}-{m.group(1)})", value)


def displayed(unit: str) -> tuple[float, str, str]:
    """(factor, unit of a value, unit of a difference) with which a metric is shown: shares as percentages."""
    if unit.startswith("share"):
        return 100.0, "%" + unit.removeprefix("share"), "percentage points"
    if unit == "%":
        return 1.0, "%", "percentage points"
    return 1.0, unit, unit


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as mappings."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
