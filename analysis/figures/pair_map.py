"""Map of a pair: which side a difference speaks for over two parameters varied together, with numbers in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.figures.style import OKABE_ITO, QUIET, fit, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

_WIDE, _TALL = 700.0, 430.0  # points
_LEFT, _FOOT, _TOP, _RIGHT = 96.0, 50.0, 50.0, 20.0
_POSITIVE, _NEGATIVE, _OPEN = "#bfe3d6", "#f6cdb2", "#eceef1"  # light, so that black text stays readable
_TODAY, _BLUE = "X", OKABE_ITO["blue"]


def pair_map(
    x: Floats,
    y: Floats,
    clear: Floats,
    texts: Sequence[Sequence[str]],
    names: tuple[str, str],
    sides: tuple[str, str],
    today: tuple[float | None, float | None],
) -> Figure:
    """`clear` of shape (len(y), len(x)): -1, 0, 1, with a text for each cell; `names` of the parameters across and up.

    `sides`: what 1 and -1 speak for; 0 is open. `today`: where things are, None for no single value.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    with house_style():
        figure = new_figure(_WIDE, _TALL)
        room = _WIDE - _LEFT - _RIGHT
        axes = figure.add_axes((_LEFT / _WIDE, _FOOT / _TALL, room / _WIDE, (_TALL - _FOOT - _TOP) / _TALL))
        axes.pcolormesh(_edges(x), _edges(y), clear, cmap=ListedColormap([_NEGATIVE, _OPEN, _POSITIVE]), vmin=-1.0,
                        vmax=1.0, edgecolors="#ffffff", linewidth=1.5)  # fmt: skip
        handles: list[Patch | Line2D] = [
            Patch(facecolor=_POSITIVE, label=sides[0]), Patch(facecolor=_NEGATIVE, label=sides[1]),
            Patch(facecolor=_OPEN, label="open: the interval includes 0"),
        ]  # fmt: skip
        for row, texts_of in zip(y, texts, strict=True):
            for column, text in zip(x, texts_of, strict=True):
                axes.text(column, row, text, ha="center", va="center", fontsize=9)
        if today[0] is not None and today[1] is not None:
            axes.plot(
                [today[0]], [today[1]], marker=_TODAY, color=_BLUE, markersize=9, markeredgecolor="#ffffff", zorder=5
            )
            handles.append(Line2D([], [], color=_BLUE, marker=_TODAY, markersize=9, linestyle="none", label="today"))
        axes.set_xticks(x, [f"{v:.3g}" for v in x])
        axes.set_yticks(y, [f"{v:.3g}" for v in y])
        axes.set_xlabel(fit(names[0], room, 9.5, 1)[0], color=QUIET)
        axes.set_ylabel("\n".join(fit(names[1], _TALL - _FOOT - _TOP, 9.5, 2)), color=QUIET)
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    return figure


def _edges(centres: Floats) -> Floats:
    step = np.diff(centres) / 2
    return np.concatenate([[centres[0] - step[0]], centres[:-1] + step, [centres[-1] + step[-1]]])
