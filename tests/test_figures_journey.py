"""The picture of one customer's journey tells what the journal holds."""

from __future__ import annotations

import dataclasses
import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from extents import faults

from analysis.event_log import most_eventful_customer
from analysis.figures.blueprint_map import blueprint_map
from analysis.figures.journey_chart import MOMENT, REWORK, WORK, journey_chart
from analysis.figures.style import inline_svg
from analysis.journey_times import OrderJourney, order_journey
from analysis.measures import stage_measures
from analysis.measures.measured import Measured
from analysis.report.load_figure import load_figure, loads_of
from analysis.report.numbers import number
from analysis.report.page import render
from analysis.report.trace_page import trace_page
from scenarios.compose import compose_config
from scenarios.config import settings_from
from sim.blueprint import DIMENSIONS
from sim.journal import Journal
from sim.simulate import simulate

pytestmark = pytest.mark.no_engine
SYSTEMS = ("order_to_delivery", "help_desk", "ten_stage", "professional_services")


@cache
def journal(system: str) -> Journal:
    words = [f"system={system}", "system.horizon.warm_up=40", "system.horizon.measured=400"]
    return simulate(((0.0, settings_from(compose_config(words)).blueprint),), 1, 0, "compiled", True)


def journey_of(system: str) -> tuple[Journal, OrderJourney]:
    found = order_journey(journal(system), most_eventful_customer(journal(system)))
    assert found is not None
    return journal(system), found


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_order_is_told_as_it_went(system: str) -> None:
    run, told = journey_of(system)
    orders = run["orders"]
    mine = (orders["customer"] == told.customer) & (orders["number"] == told.number - 1)
    index = int(np.flatnonzero(mine)[0])
    order = orders[index]
    assert len(told.visits) == order["visits"] == (run["visits"]["order"] == index).sum()
    assert len(told.errors) == order["errors"]
    assert sum(v.began - v.arrived for v in told.visits) == pytest.approx(order["waited"])
    assert all(0 <= v.arrived <= v.began <= v.ended <= told.end for v in told.visits)
    assert told.delivered == pytest.approx(order["delivered"] - order["placed"], nan_ok=True)
    of_customer = orders[orders["customer"] == told.customer]
    assert order["visits"] + order["errors"] == (of_customer["visits"] + of_customer["errors"]).max()


@pytest.mark.parametrize("system", SYSTEMS)
def test_scores_are_weighted_means_of_what_was_seen(system: str) -> None:
    run, told = journey_of(system)
    assert (told.judged is None) == (not run.plan.perception_on)
    if told.judged is None:
        return
    segment = run.plan.segment_names[run["customers"]["segment"][told.customer]]
    weights = run.blueprint.segments[segment].weights
    assert told.moments
    for moment in told.moments:
        seen = {d: s for d, s in zip(DIMENSIONS, moment.seen, strict=True) if not math.isnan(s)}
        mean = sum(weights[d] * s for d, s in seen.items()) / sum(weights[d] for d in seen)
        assert moment.score == pytest.approx(mean)
    assert told.judged in told.all_judged
    assert [j.number for j in told.all_judged] == sorted(j.number for j in told.all_judged)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_chart_shows_all_of_it_and_nothing_overlaps(system: str) -> None:
    _, told = journey_of(system)
    figure = journey_chart(told)
    assert not faults(figure)
    assert len(figure.axes) == 1 + (told.judged is not None) + (len(told.all_judged) > 1)
    bars = figure.axes[0].patches
    assert len(bars) == len(told.visits)
    assert sum(bar.get_width() for bar in bars) == pytest.approx(sum(v.ended - v.began for v in told.visits))
    drawn = inline_svg(figure, "journey", "t", "d")
    assert WORK.lower() in drawn
    assert (REWORK.lower() in drawn) == (any(v.rework for v in told.visits) or bool(told.shown and told.judged))
    if told.judged is not None:
        marks = [line for line in figure.axes[1].lines if line.get_marker() == "D"]
        assert [len(line.get_xdata()) for line in marks] == [len(told.moments)]
        assert MOMENT.lower() in drawn


def test_a_customer_without_orders_has_no_journey() -> None:
    run = journal("order_to_delivery")
    assert order_journey(run, len(run["customers"]) + 5) is None


def test_the_report_shows_the_journey_with_the_scores_behind_it() -> None:
    _, told = journey_of("order_to_delivery")
    common = {"system": "s", "scenario": "c", "seed": 1, "replication": 0, "engine": "compiled", "order": {}}
    page = trace_page([], way=told, drawn=journey_chart(told), **common)  # type: ignore[arg-type]
    assert page.sections[0].heading == "The journey at a glance"
    (figure,) = page.sections[0].figures
    assert figure.data is not None
    assert len(figure.data.rows) == len(told.moments)
    assert f"{len(told.visits)} visits" in figure.alternative
    assert "The journey at a glance" in render(page)


def test_the_answer_tells_what_happened_to_the_order() -> None:
    _, told = journey_of("order_to_delivery")
    assert told.judged is not None
    common = {"system": "s", "scenario": "c", "seed": 1, "replication": 0, "engine": "compiled", "order": {}}

    def answer(**changed: object) -> str:
        return trace_page([], way=dataclasses.replace(told, **changed), **common).answer  # type: ignore[arg-type]

    waits = [visit.began - visit.arrived for visit in told.visits]
    assert f"it waited {number(sum(waits))} h in queues" in answer()
    assert f"({number(max(waits))} h)" in answer()
    assert "came 2.50 h late: 12.5 h after it was placed, not 10.0 h" in answer(delivered=12.5, promised=10.0)
    assert "came on time: 9.50 h" in answer(delivered=9.5, promised=10.0)
    assert "was not delivered within the run" in answer(delivered=math.nan)
    assert "was given up by the customer after 3.00 h" in answer(delivered=math.nan, abandoned=3.0)
    assert "No error was made." in answer(errors=(), shown=())
    assert "One error was made (packing); the customer saw it." in answer(errors=((1.0, "packing"),), shown=(2.0,))
    assert "2 errors were made; the customer saw none." in answer(errors=((1.0, ""), (2.0, "")), shown=())
    levels = {"desired": 0.9, "adequate": 0.7}
    for perceived, words in ((0.95, "all that was desired"), (0.8, "but adequate"), (0.6, "less than adequate")):
        judged = dataclasses.replace(told.judged, perceived=perceived, **levels)
        text = f"perceived {perceived:.3f} where 0.900 was desired and 0.700 adequate"
        assert text in answer(judged=judged)
        assert answer(judged=judged).endswith(f"{words}.")
    assert "perceived" not in answer(judged=None)


def test_many_steps_are_folded_and_few_are_not() -> None:
    common = {"system": "s", "scenario": "c", "seed": 1, "replication": 0, "engine": "compiled", "order": {}}
    step = {"time": 1.0, "event": "work", "stage": "", "staff": "", "what": ""}
    for steps, folded in ((30, False), (31, True)):
        html = render(trace_page([step] * steps, **common))  # type: ignore[arg-type]
        assert (f"<summary>Every step of the journey: {steps} rows</summary>" in html) == folded
        assert html.count(">work<") == steps


def test_queues_of_the_report_are_those_of_littles_law() -> None:
    run = journal("help_desk")
    start, end = run.window
    measures = stage_measures(run)
    rows = [("base", stage, name, value) for stage, values in measures.items() for name, value in values.items()]
    loads = loads_of(pd.DataFrame(rows, columns=["scenario", "stage", "metric", "value"]), "base")
    assert set(loads) == {s for s, values in measures.items() if values["flow"] > 0}
    placed = len(Measured(run).orders) / (end - start)
    for stage, load in loads.items():
        assert load.queue == pytest.approx(placed * measures[stage]["flow"] * measures[stage]["waiting_mean"])
    figure = load_figure(blueprint_map(run.blueprint, loads=loads), loads, "base")
    assert figure.data is not None
    assert [row[0] for row in figure.data.rows] == [stage.replace("_", " ") for stage in loads]
