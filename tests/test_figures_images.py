"""Figures look as they did: pictures of the shipped systems and of a few charts against those in tests/expected.

Where a figure is meant to look different, draw the pictures anew, look at them, and keep them:

    REFRESH_FIGURES=1 python -m pytest -n0 tests/test_figures_images.py

Pictures are compared as means over blocks of a few pixels, so that another way of smoothing edges passes and a label,
line or colour that moved does not.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.figure import Figure
from PIL import Image
from test_figures import gap_rows

from analysis.figures.blueprint_map import blueprint_map
from analysis.figures.blueprint_shapes import StageLoad
from analysis.figures.compounding import compounding
from analysis.figures.gap_chart import gap_chart
from analysis.figures.journey_chart import journey_chart
from analysis.figures.lead_time_chart import lead_time_chart
from analysis.figures.style import house_style
from analysis.journey_times import Judged, Moment, OrderJourney, Visit
from analysis.lead_times import count_lead_times, lead_times
from scenarios.compose import compose_config
from scenarios.config import settings_from

EXPECTED = Path(__file__).parent / "expected"
DPI, BLOCK, COLOURS, MOST_BYTES = 72, 6, 48, 60_000
MEAN, WORST = 0.004, 0.10  # of the range from black to white: over all blocks, and of a single one
SHIPPED = ("ten_stage", "order_to_delivery", "help_desk", "professional_services")


def system(name: str) -> Figure:
    """The blueprint with values and loads that do not depend on a run."""
    blueprint = settings_from(compose_config([f"system={name}"])).blueprint
    stages = list(blueprint.stages)
    values = {stage: 3.1 * i for i, stage in enumerate(stages)}
    return blueprint_map(blueprint, values, loads={s: StageLoad(1.5 * i, 0.5 + 0.03 * i) for i, s in enumerate(stages)})


def journey() -> OrderJourney:
    """An order with rework, an error that the customer sees, and a delivery after the promise."""
    names = ("enquiry", "pricing", "picking", "delivery")
    visits = [Visit(name, "ann", False, 10.0 * i, 10.0 * i + 4, 10.0 * i + 6) for i, name in enumerate(names)]
    visits.append(Visit("pricing", "bob", True, 21.0, 23.0, 28.0))
    moments = tuple(Moment(t, s, v, (v,) * 5) for t, s, v in ((6.0, "enquiry", 0.85), (36.0, "", 0.6)))
    judged = [Judged(i + 1, 0.88, 0.7, 0.8, p) for i, p in enumerate((0.85, 0.8, 0.66))]
    return OrderJourney(3, 3, 30.0, 36.0, math.nan, tuple(visits), moments, ((16.0, "pricing"),), (36.0,), judged[-1],
                        tuple(judged))  # fmt: skip


def lead_time_figure() -> Figure:
    rng = np.random.default_rng(5)
    counts = [np.array([count_lead_times(rng.lognormal(m, 0.4, 4000)) for _ in range(5)]) for m in (3.0, 2.8)]
    return lead_time_chart([lead_times("do_nothing", counts[0], 30.0, 0.16), lead_times("plan", counts[1], 24.0, 0.17)])


def rates() -> Figure:
    rows = [
        {"p": p, "stages": n, "simulated": 1 - (1 - p) ** n, "low": 1 - (1 - p) ** n - 0.01,
         "high": 1 - (1 - p) ** n + 0.01}
        for p in (0.005, 0.01, 0.02) for n in (1, 5, 10, 20)
    ]  # fmt: skip
    return compounding(rows, 0.11, 10, 0.0956)


FIGURES: dict[str, Callable[[], Figure]] = {
    **{f"blueprint_{name}": (lambda name=name: system(name)) for name in SHIPPED},  # type: ignore[misc]
    "gaps": lambda: gap_chart(gap_rows(["do_nothing", "frontline_training"]), ["do_nothing", "frontline_training"]),
    "lead_times": lead_time_figure,
    "journey": lambda: journey_chart(journey()),
    "compounding": rates,
}


def drawn(figure: Figure) -> bytes:
    """A PNG of the figure in few colours, which keeps it small."""
    raster, small = io.BytesIO(), io.BytesIO()
    with house_style():
        figure.savefig(raster, format="png", dpi=DPI)
    Image.open(raster).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()


def blocks(picture: bytes) -> npt.NDArray[np.float64]:
    """Means over blocks of BLOCK x BLOCK pixels, shape (rows, columns, 3), 0 to 1; what is left at the edges is not."""
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=float) / 255
    rows, columns = (n // BLOCK * BLOCK for n in pixels.shape[:2])
    return pixels[:rows, :columns].reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK, 3).mean(axis=(1, 3))


def alike(one: bytes, other: bytes) -> bool:
    a, b = blocks(one), blocks(other)
    if a.shape != b.shape:
        return False
    apart = np.abs(a - b)
    return bool(apart.mean() <= MEAN and apart.max() <= WORST)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_looks_as_it_did(name: str, tmp_path: Path) -> None:
    now, kept = drawn(FIGURES[name]()), EXPECTED / f"{name}.png"
    if os.environ.get("REFRESH_FIGURES"):
        EXPECTED.mkdir(exist_ok=True)
        kept.write_bytes(now)
        pytest.skip(f"{kept} drawn anew: look at it")
    (tmp_path / f"{name}.png").write_bytes(now)
    assert alike(now, kept.read_bytes()), f"{tmp_path / name}.png differs from {kept}; see this module's first lines"


def test_a_small_change_is_noticed() -> None:
    blueprint = settings_from(compose_config(["system=help_desk"])).blueprint
    values = dict.fromkeys(blueprint.stages, 1.0)
    before = drawn(blueprint_map(blueprint, values))
    assert alike(before, drawn(blueprint_map(blueprint, values)))
    assert not alike(before, drawn(blueprint_map(blueprint, values | {"third_line": 0.0})))  # one box in another colour
    moved = lead_time_chart([lead_times("a", count_lead_times(np.linspace(1, 40, 400))[np.newaxis], 30.0, 0.25)])
    aside = lead_time_chart([lead_times("a", count_lead_times(np.linspace(1, 40, 400))[np.newaxis], 31.0, 0.25)])
    assert not alike(drawn(moved), drawn(aside))  # a promise an hour later


def test_the_kept_pictures_are_few_and_small() -> None:
    kept = sorted(EXPECTED.glob("*.png"))
    assert [path.stem for path in kept] == sorted(FIGURES)
    assert all(path.stat().st_size <= MOST_BYTES for path in kept)
