"""Figures: well-formed, self-contained, deterministic, nothing overlapping, safe with any name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from extents import faults, texts_of
from matplotlib.figure import Figure

from analysis.figures import style
from analysis.figures.blueprint_layout import layout
from analysis.figures.blueprint_map import blueprint_map
from analysis.figures.blueprint_route import columns, flows
from analysis.figures.blueprint_shapes import Box, Layout, StageLoad
from analysis.figures.compounding import compounding
from analysis.figures.cost_effectiveness_plane import Increment, cost_effectiveness_plane
from analysis.figures.forest import _ticks, forest, verdict
from analysis.figures.gap_chart import gap_chart
from analysis.figures.survey_chart import survey_chart
from analysis.figures.weekly_chart import MOST_LINES, weekly_chart
from analysis.measures import METRICS
from analysis.starts import Start
from analysis.timeseries import WeeklySeries
from sim.blueprint import DELIVERED, DIMENSIONS, Blueprint, Handoff, Segment, StaffMember, StaffPool, Stage
from sim.traffic import visit_ratios

HOSTILE = ("<script>alert(1)</script>", "$x^2$ & more_\\frac", 'quote " and \x07 bell')


def pools(*names: str, size: int = 2) -> dict[str, StaffPool]:
    return {name: StaffPool({f"{name}_{i}": StaffMember() for i in range(size)}) for name in names}


def serial(names: Sequence[str]) -> Blueprint:
    """A chain: the ends onstage, one appraisal stage, borders, a batch."""
    n = len(names)
    stages = {
        name: Stage(
            pool=f"{name}_team", function="front_office" if i < 2 else "order_processing_and_fulfilment",
            onstage=i < 2 or i >= n - 2, moment_of_truth=i < 1 or i >= n - 2, appraisal=n > 4 and i == n // 2,
        )
        for i, name in enumerate(names)
    }  # fmt: skip
    route = {
        name: {names[i + 1]: Handoff(border=i == 1, batch=5 if i == 3 else 1)} if i + 1 < n else {DELIVERED: Handoff()}
        for i, name in enumerate(names)
    }
    return Blueprint(stages, pools(*(f"{n}_team" for n in names)), {"all": Segment()}, route, names[0])


def routed() -> Blueprint:
    """Branches, a stack of stages in one column, a skip, a loop over two stages and a loop on one."""
    onstage = {"onstage": True, "moment_of_truth": True}
    stages = {
        "first_line": Stage(pool="agents", **onstage),
        "second_line": Stage(pool="specialists", **onstage),
        "chat": Stage(pool="agents", **onstage),
        "third_line": Stage(pool="engineers", function="development"),
        "quality_check": Stage(pool="checkers", function="quality", appraisal=True),
        "field_visit": Stage(pool="technicians", onstage=True),
    }
    route = {
        "first_line": {
            DELIVERED: Handoff(0.6), "second_line": Handoff(0.25), "chat": Handoff(0.1), "field_visit": Handoff(0.05),
        },
        "second_line": {DELIVERED: Handoff(0.6), "third_line": Handoff(0.35, border=True), "first_line": Handoff(0.05)},
        "chat": {DELIVERED: Handoff(0.8), "third_line": Handoff(0.2)},
        "third_line": {"quality_check": Handoff(0.9, batch=3), "third_line": Handoff(0.1)},
        "quality_check": {DELIVERED: Handoff(0.7), "third_line": Handoff(0.1), "field_visit": Handoff(0.2)},
        "field_visit": {DELIVERED: Handoff()},
    }  # fmt: skip
    staff = pools("agents", "specialists", "engineers", "checkers", "technicians")
    return Blueprint(stages, staff, {"all": Segment()}, route, "first_line")


def dense(n: int = 9) -> Blueprint:
    """Every stage may go on to every later one and back to the first."""
    names = [f"step_{i}" for i in range(n)]
    stages = {name: Stage(pool="all", onstage=i % 2 == 0) for i, name in enumerate(names)}
    route = {}
    for i, name in enumerate(names):
        ways = [*names[i + 1 :], DELIVERED, *names[:1]]
        route[name] = {way: Handoff(1 / len(ways)) for way in ways}
    return Blueprint(stages, pools("all"), {"all": Segment()}, route, names[0])


def generated(n: int, seed: int) -> Blueprint:
    """A routed system of n stages drawn at random: branches, skips, loops, borders, batches, teams of functions."""
    rng = np.random.default_rng(seed)
    names = [f"{'a_rather_long_' * int(rng.integers(2))}step_{i}" for i in range(n)]
    stages = {}
    for i, name in enumerate(names):
        onstage = bool(rng.random() < 0.4)
        stages[name] = Stage(
            pool=f"team_{i % 4}", function=f"function_{i % 3}", onstage=onstage,
            moment_of_truth=onstage and bool(rng.random() < 0.7), appraisal=bool(rng.random() < 0.15),
        )  # fmt: skip
    route: dict[str, dict[str, Handoff]] = {}
    for i, name in enumerate(names):
        later = names[i + 1 : i + 6]
        ways = list(rng.choice(later, size=min(len(later), int(rng.integers(1, 4))), replace=False)) if later else []
        ways = list(dict.fromkeys([*names[i + 1 : i + 2], *map(str, ways)]))
        if i == n - 1 or rng.random() < 0.2:
            ways.append(DELIVERED)
        if i and rng.random() < 0.25:
            ways.append(str(rng.choice(names[: i + 1])))
        shares = rng.dirichlet(np.ones(len(ways)) * 2)
        route[name] = {
            way: Handoff(float(share))
            if way == DELIVERED
            else Handoff(float(share), border=bool(rng.random() < 0.3), batch=int(rng.choice([1, 1, 4])))
            for way, share in zip(ways, shares, strict=True)
        }
    return Blueprint(stages, pools(*(f"team_{i}" for i in range(4))), {"all": Segment()}, route, names[0])


SYSTEMS = {
    **{f"serial {n}": serial([f"stage_{i}" for i in range(n)]) for n in (5, 17)},
    **{f"random {n}": generated(n, seed) for n, seed in ((3, 1), (5, 2), (10, 3), (17, 4), (24, 5), (30, 6))},
    "3": serial(["order", "make", "deliver"]),
    "10": serial([f"an_awkwardly_long_stage_name_{i}" for i in range(10)]),
    "30": serial([f"stage_{i}" for i in range(30)]),
    "1": serial(["all_in_one"]),
    "routed": routed(),
    "dense": dense(),
    "hostile": serial([*HOSTILE, "w" * 60]),
}


@pytest.fixture(params=SYSTEMS)
def blueprint(request: pytest.FixtureRequest) -> Blueprint:
    return SYSTEMS[request.param]


@pytest.fixture
def plan(blueprint: Blueprint) -> Layout:
    values = {name: 7.3 * i for i, name in enumerate(blueprint.stages)}
    return layout(blueprint, values, loads={name: StageLoad(1.7 * i, 0.5) for i, name in enumerate(values)})


def comparison(scenarios: Sequence[str]) -> pd.DataFrame:
    rows = [
        {"scenario": s, "metric": m, "mean": 0.5, "sd": 0.1, "n": 20, "low": 0.4, "high": 0.6, "difference": 0.01 * i,
         "difference_low": 0.01 * i - 0.015, "difference_high": 0.01 * i + 0.015, "variance_reduction": 0.8}
        for i, s in enumerate(scenarios)
        for m in ("service_quality", "failure_share", "lead_time_mean", "cost_per_right_order")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def gap_rows(scenarios: Sequence[str]) -> pd.DataFrame:
    rows = [
        {"scenario": s, "dimension": d, "expected": 0.88, "adequate": 0.7, "perceived": 0.75, "gap": -0.13,
         "gap_low": -0.14, "gap_high": -0.12, "sq": 85.2, "sq_low": 84.0, "sq_high": 86.4, "difference": 0.0,
         "difference_low": 0.0, "difference_high": 0.0}
        for s in scenarios
        for d in (*DIMENSIONS, "overall")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def texts(svg: str) -> str:
    """All text of an SVG; lines joined by blanks."""
    root = ElementTree.fromstring(svg)
    return " ".join(" ".join(root.itertext()).split())


def drawings(names: Sequence[str]) -> dict[str, Figure]:
    metrics = [METRICS[m] for m in ("service_quality", "failure_share", "lead_time_mean", "cost_per_right_order")]
    group = {"expectation": 4.4, "perception": 3.6, "gap": -0.8, "ci": [-0.9, -0.7]}
    row = {"p": 0.01, "stages": 10, "simulated": 0.0957, "low": 0.09, "high": 0.101, "closed_form": 0.0956}
    drawn = {
        "forest": forest(comparison(names), metrics, names),
        "gaps": gap_chart(gap_rows(names), names),
        "survey": survey_chart({**dict.fromkeys(names, group), "alone": {**group, "ci": [None, None]}}, (1, 5)),
        "map": blueprint_map(serial(list(names)), dict.fromkeys(names, 3.0)),
        "compounding": compounding([row], 0.11, 10, 0.0956),
    }
    values = 90.0 + np.random.default_rng(2).normal(size=(len(names), 6, 12))
    series = WeeklySeries(tuple(names), {"service_quality": values, "lead_time_mean": -1e6 * values})
    starts = [Start(name, "programme", 0.0, 3.0 * i, 2.0) for i, name in enumerate(names[1:])]
    drawn["weekly"] = weekly_chart(series, metrics, names, starts)
    return drawn


def figures(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name, figure in drawings(names).items():
        yield name, style.inline_svg(figure, name, f"title {name}", "described")


# ------------------------------------------------------------------------------------------------------ blueprint


def test_texts_as_they_are_set_neither_overlap_nor_leave_the_canvas(blueprint: Blueprint) -> None:
    values = {name: 7.3 * i for i, name in enumerate(blueprint.stages)}
    assert not faults(blueprint_map(blueprint, values, loads={n: StageLoad(0.5, 0.5) for n in values}))


def test_lines_are_as_thick_as_their_flow() -> None:
    drawn = layout(routed()).lines
    shares = {line.share for line in drawn if line.share is not None}
    assert max(shares) == 1.0  # first line to delivery, 60 % of the orders
    passes = flows(routed())
    assert passes["first_line", DELIVERED] == max(passes.values())
    for (source, target), passed in passes.items():
        assert passed == pytest.approx(visit_ratios(routed())[source] * routed().route[source][target].probability)
    assert sum(passed for (_, target), passed in passes.items() if target == DELIVERED) == pytest.approx(1.0)
    assert not any(line.share for line in layout(serial(["order", "make", "deliver"])).lines)  # all flows are equal


def test_queues_and_use_are_written_on_request() -> None:
    loads = {"chat": StageLoad(2.5, 0.85), "field_visit": StageLoad(utilisation=0.4)}
    said = texts(style.inline_svg(blueprint_map(routed(), {"chat": 12.5}, loads=loads), "m", "t", "d"))
    for word in ("queue 2.5", "in use 85 %", "in use 40 %", "12.5 per 1 000", "line of interaction"):
        assert word in said
    assert "queue" not in texts(style.inline_svg(blueprint_map(routed(), {"chat": 12.5}), "m", "t", "d"))


def test_stages_do_not_overlap_and_lie_on_the_page(plan: Layout) -> None:
    page = Box(0, 0, plan.width, plan.height)
    boxes = [*plan.stages.values(), *plan.pills]
    assert all(page.holds(box) for box in boxes)
    assert not [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)]


def test_texts_do_not_overlap_and_lie_on_the_page(plan: Layout) -> None:
    page = Box(0, 0, plan.width, plan.height)
    assert all(page.holds(text.box) for text in plan.texts)
    clashes = [(a.text, b.text) for a, b in combinations(plan.texts, 2) if a.box.overlaps(b.box, slack=0.3)]
    assert not clashes


def test_texts_of_a_stage_lie_inside_it_and_others_outside(plan: Layout) -> None:
    for text in plan.texts:
        if text.stage:
            assert plan.stages[text.stage].holds(text.box)
        else:
            assert not [name for name, box in plan.stages.items() if box.overlaps(text.box)]


def test_lines_cross_no_stage(plan: Layout) -> None:
    for line in plan.lines:
        for (ax, ay), (bx, by) in zip(line.points, line.points[1:], strict=False):
            stretch = Box(min(ax, bx), min(ay, by), abs(bx - ax), abs(by - ay))
            for box in plan.stages.values():
                inside = (
                    min(stretch.right, box.right) - max(stretch.left, box.left) > -0.01
                    and min(stretch.bottom, box.bottom) - max(stretch.top, box.top) > -0.01
                )
                touches = (ax, ay) in _rim(box, ax, ay) or (bx, by) in _rim(box, bx, by)
                assert not inside or touches, (line.kind, line.points)


def _rim(box: Box, x: float, y: float) -> list[tuple[float, float]]:
    on_side = abs(x - box.left) < 0.01 or abs(x - box.right) < 0.01
    on_edge = abs(y - box.top) < 0.01 or abs(y - box.bottom) < 0.01
    return [(x, y)] if on_side or on_edge else []


def test_what_the_customer_does_is_named_and_no_line_crosses_it(plan: Layout) -> None:
    lanes = [box for lane, box in plan.lanes if lane == "customer"]
    said = [text for text in plan.texts if text.align == "center" and any(lane.holds(text.box) for lane in lanes)]
    judged = [text for text in said if text.text.startswith("judges")]
    columns_of = {line.points[0][0] for line in plan.lines if line.kind == "contact"}  # of stages that are judged
    assert len({(text.x, text.y) for text in judged}) == sum(line.kind == "contact" for line in plan.lines)
    assert {text.x for text in judged} == columns_of
    for text in (t for t in said if t.text not in ("orders", "receives")):
        for line in plan.lines:
            for (ax, ay), (bx, by) in zip(line.points, line.points[1:], strict=False):
                stretch = Box(min(ax, bx), min(ay, by), max(abs(bx - ax), 0.1), max(abs(by - ay), 0.1))
                assert not stretch.overlaps(text.box), (text.text, line.kind)


def test_moments_of_truth_of_a_column_are_judged_together() -> None:
    said = " ".join(text.text for text in layout(routed()).texts if not text.stage)
    for words in ("judges first line", "judges second line, chat"):
        assert words in said


def test_columns_follow_the_route_and_loops_go_back() -> None:
    depth, back = columns(routed())
    assert depth == {
        "first_line": 0, "second_line": 1, "chat": 1, "third_line": 2, "quality_check": 3, "field_visit": 4,
    }  # fmt: skip
    assert back == {("second_line", "first_line"), ("third_line", "third_line"), ("quality_check", "third_line")}


def test_a_map_says_lanes_probabilities_batches_and_values() -> None:
    svg = style.inline_svg(blueprint_map(routed(), {"chat": 12.5}), "m", "t", "d")
    said = texts(svg)
    for word in ("Customer", "Onstage", "Backstage", "Support", "60 %", "5 %", "×3", "12.5 per 1 000", "goes back",
                 "line of visibility", "moment of truth", "agents (2)"):  # fmt: skip
        assert word in said
    for name in routed().stages:
        assert name.replace("_", " ") in said


def test_a_map_without_values_has_no_colour_bar() -> None:
    assert "Colour" not in texts(style.inline_svg(blueprint_map(routed()), "m", "t", "d"))


# -------------------------------------------------------------------------------------------------------- general


@pytest.mark.parametrize(
    "names", [("do_nothing", "process_redesign"), HOSTILE, tuple(f"long_{'x' * 40}_{i}" for i in range(5))]
)
def test_labels_neither_overlap_nor_leave_the_canvas(names: tuple[str, ...]) -> None:
    assert not [fault for figure in drawings(names).values() for fault in faults(figure)]


def test_overlapping_and_lost_labels_are_found() -> None:
    figure = style.new_figure(200, 100)
    figure.text(0.1, 0.5, "one label")
    figure.text(0.12, 0.5, "another label")
    figure.text(0.95, 0.1, "beyond the edge")
    words = " ".join(faults(figure))
    assert "'one label' overlaps 'another label'" in words
    assert "'beyond the edge' leaves the canvas" in words
    assert len(faults(figure)) == 2


def test_a_weekly_chart_marks_the_start_of_every_programme() -> None:
    values = np.random.default_rng(3).normal(size=(3, 4, 20))
    series = WeeklySeries(("base", "one", "two"), {"profit": values, "failure_share": values})
    starts = [Start("one", "training", 2.0, 6.0, 0.0), Start("two", "hiring", 1.0, 90.0, 0.0)]
    figure = weekly_chart(series, [METRICS["profit"], METRICS["failure_share"]], series.scenarios, starts)
    assert "work starts" in texts(style.inline_svg(figure, "weekly", "t", "d"))
    panels, strips = figure.axes[::2], figure.axes[1::2]  # each panel of the first row has its strip of starts
    onsets = [[line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]] for axes in panels]
    assert onsets == [[6.0], [6.0]]  # the second sets in after the end
    for strip in strips:
        marks = sorted(line.get_xdata()[0] for line in strip.lines if line.get_marker() == ">")
        assert marks == [1.0, 2.0, 6.0]


def test_the_programmes_of_a_weekly_chart_have_one_key() -> None:
    values = np.random.default_rng(3).normal(size=(3, 4, 20))
    series = WeeklySeries(("base", "one", "two"), {"profit": values, "failure_share": values})
    starts = [Start(name, "training", 2.0, 6.0, 0.0) for name in ("one", "two")]
    figure = weekly_chart(series, [METRICS["profit"], METRICS["failure_share"]], series.scenarios, starts)
    assert texts(style.inline_svg(figure, "weekly", "t", "d")).count("Programmes:") == 1


def test_bands_of_shares_stay_within_0_and_100_percent() -> None:
    values = np.full((1, 3, 20), 0.99)
    values[0, 0] = 0.01  # an interval far beyond both ends
    series = WeeklySeries(("base",), {"retention": values, "profit": values})
    figure = weekly_chart(series, [METRICS["retention"], METRICS["profit"]], series.scenarios)
    share, money = (axes.collections[0].get_paths()[0].vertices[:, 1] for axes in figure.axes)
    assert (share.min(), share.max()) == (0.0, 100.0)
    assert money.min() < 0
    assert money.max() > 1


@pytest.mark.parametrize("scale", [1.0, 0.013, 12_345.0, 4e6])
def test_the_numbers_of_a_forest_plot_stay_in_their_own_panels(scale: float) -> None:
    table = comparison(("one", "two", "three"))
    changes = ["difference", "difference_low", "difference_high"]
    table[changes] *= 70 * scale
    for name, shift in (("failure_share", -0.02), ("lead_time_mean", 0.9)):  # intervals that end near a round value
        table.loc[table["metric"] == name, changes] += shift * scale
    metrics = [METRICS[m] for m in ("service_quality", "lead_time_mean", "cost_per_right_order", "failure_share")]
    figure = forest(table, metrics, ("one", "two", "three"))
    boxes = {id(text): box for text, box in texts_of(figure)}
    for axes in figure.axes:
        panel = axes.get_window_extent()
        numbers = [box for label in axes.get_xticklabels() if (box := boxes.get(id(label)))]
        assert len(numbers) >= 2
        assert all(panel.x0 - 1 <= box.x0 and box.x1 <= panel.x1 + 1 for box in numbers)
        assert all(b.x0 - a.x1 > 3 for a, b in pairwise(numbers))


@pytest.mark.parametrize("wide", [60.0, 90.0, 190.0])
def test_numbers_of_an_axis_do_not_touch_however_narrow_it_is(wide: float) -> None:
    for low, high in ((-0.00012, 0.00031), (-123_456.0, 98_765.0), (-1.0, 12.0), (-4.2e6, 0.3e6)):
        values = _ticks(low, high, wide)
        places = [wide * (value - low) / (high - low) for value in values]
        halves = [style.text_width(style.tick_label(value), 9.0) / 2 for value in values]
        assert 0.0 in values
        assert places[0] >= halves[0]
        assert places[-1] + halves[-1] <= wide
        assert all(b - a > p + q for (a, p), (b, q) in pairwise(zip(places, halves, strict=True)))


def test_points_of_a_plane_that_hide_one_another_share_a_mark() -> None:
    def point(name: str, effect: float, cost: float, front: bool = False) -> Increment:
        return Increment(name, (effect, effect - 0.1, effect + 0.1), (cost, cost - 9, cost + 9), front, "standing")

    points = [point("base", 0, 0, True), point("plan", 1, 80, True), point("placebo", 0, 0), point("near", 0.01, 0.5),
              point("far", -2, 400)]  # fmt: skip
    figure = cost_effectiveness_plane(points, "effect", "cost")
    marks = [text.get_text() for text in figure.axes[0].texts if text.get_fontweight() == "bold"]
    assert marks == ["1, 3, 4", "2", "5"]
    assert not faults(figure)


def test_every_figure_is_self_contained_and_named() -> None:
    for name, svg in figures(("do_nothing", "process_redesign", "frontline_training")):
        root = ElementTree.fromstring(svg)
        assert root.tag == "svg"
        assert root.get("role") == "img"
        assert [child.tag for child in root[:2]] == ["title", "desc"]
        assert root.get("aria-labelledby") == f"{name}-title {name}-desc"
        assert "http" not in svg
        assert "<script" not in svg
        assert "<image" not in svg
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert all(str(i).startswith(f"{name}-") for i in ids)
        if name != "compounding":
            for shown in ("do nothing", "process redesign", "frontline training"):
                assert shown in texts(svg)
        if name == "gaps":
            assert all(dimension in texts(svg) for dimension in (*DIMENSIONS, "overall"))


def test_a_weekly_chart_has_a_panel_a_metric_and_a_few_lines() -> None:
    names = tuple(f"plan_{i}" for i in range(MOST_LINES + 2))
    values = np.random.default_rng(3).normal(size=(len(names), 4, 20))
    values[:, :, 7] = np.nan  # a week without any value
    series = WeeklySeries(names, {"failure_share": values / 100, "profit": 1e5 * values})
    metrics = [METRICS[m] for m in ("failure_share", "service_quality", "profit")]
    figure = weekly_chart(series, metrics, names)
    assert len(figure.axes) == 2  # a metric without a series has no panel
    assert [len(axes.lines) for axes in figure.axes] == [MOST_LINES, MOST_LINES]
    drawn = figure.axes[0].lines[1].get_ydata()
    assert drawn[10] == pytest.approx(100 * np.nanmean(values[1, :, 7:11] / 100, axis=1).mean())  # %, running mean
    said = texts(style.inline_svg(figure, "weekly", "t", "d"))
    assert "plan 4" in said
    assert "plan 5" not in said
    assert "Operating profit of the window, cu" in said


def test_hostile_names_are_text() -> None:
    for _, svg in figures(HOSTILE):
        assert "<script" not in svg
        ElementTree.fromstring(svg)


def test_equal_figures_give_equal_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        style.save(forest(comparison(["x", "y"]), [METRICS["service_quality"]], ["x", "y"]), tmp_path / folder, "f")
    for ending in ("svg", "png"):
        assert (tmp_path / "a" / f"f.{ending}").read_bytes() == (tmp_path / "b" / f"f.{ending}").read_bytes()
    assert b"<text" in (tmp_path / "a" / "f.svg").read_bytes()


def test_the_style_leaves_the_readers_settings_alone() -> None:
    import matplotlib

    before = matplotlib.rcParams["font.size"]
    with style.house_style():
        assert matplotlib.rcParams["text.parse_math"] is False
    assert matplotlib.rcParams["font.size"] == before


@pytest.mark.parametrize(
    ("low", "high", "better", "word"),
    [
        (1, 2, "higher", "better"),
        (1, 2, "lower", "worse"),
        (-2, -1, "lower", "better"),
        (-1, 1, "higher", "unclear"),
        (0, 1, "higher", "unclear"),
        (1, 2, "", "changed"),
        (0, 0, "higher", "no change"),
        (float("nan"), float("nan"), "higher", "unclear"),
    ],
)
def test_a_difference_is_judged_by_its_interval(low: float, high: float, better: str, word: str) -> None:
    assert verdict((low + high) / 2, low, high, better).word == word


def test_text_is_broken_to_fit() -> None:
    assert style.fit("short", 100, 9, 2) == ["short"]
    rows = style.fit("a rather long name of a stage " + "w" * 40, 60, 9, 2)
    assert len(rows) == 2
    assert rows[-1].endswith("…")
    assert all(style.text_width(row, 9) <= 60 for row in rows)
