"""The compounding laboratory: closed forms, the exact recursion, the inverse question, and their simulation."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.compounding.chain import Chain, closed_form, effective_stages, exact, generating
from analysis.compounding.closed_forms import readings
from analysis.compounding.inverse import Lever, levers
from analysis.experiments import check_experiment, run_experiment
from analysis.experiments.compounding import (
    CompoundingSettings,
    Found,
    Simulated,
    answer_record,
    compute,
    distance,
    record,
)
from analysis.report.compounding_page import compounding_page
from analysis.run_folder import RunFolder
from scenarios.compose import compose_config
from scenarios.config import Settings, settings_from
from sim.invalid import InvalidInput

TEN = Chain((0.01,) * 10)
UNEQUAL = Chain((0.02, 0.0, 0.05, 0.01))


def settings(*words: str) -> Settings:
    return settings_from(compose_config(["experiment=compounding", "n_jobs=1", *words]))


# -- theory --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "share", "errors"),
    [  # the values of model.md 1.7 and its verification ladder
        ({}, 0.0956179250, 0.1),
        ({"frailty": 0.1}, 0.0678029, 0.1),
        ({"frailty": 0.01}, 0.09171, 0.1),
        ({"frailty": 0.5}, 0.02894, 0.1),
        ({"knock_on": 3.0}, 0.0956179250, 0.1087642),
        ({"knock_on": 5.0, "rule": "markov"}, 0.0956179250, 0.1037326),
        ({"knock_on": 20.0, "rule": "markov"}, 0.0956179250, 0.1205609),
        ({"handoff_loss": 0.05, "lost_factor": 3.0}, 0.1297371, None),
        ({"inspection": 0.8}, 0.0198210, 0.1),
        ({"inspection": 0.8, "knock_on": 3.0}, 0.0211934, None),
        ({"inspection": 0.8, "knock_on": 10.0}, 0.0257705, None),
        ({"inspection": 0.5, "knock_on": 5.0}, 0.0529338, None),
        ({"self_check": 0.8, "knock_on": 5.0}, 0.0198210, None),
        ({"false_alarm": 0.016, "rework_failure": 0.1}, 0.11, None),
    ],
)
def test_the_recursion_gives_the_published_values_and_the_closed_form(
    changed: dict[str, Any], share: float, errors: float | None
):
    chain = replace(TEN, **changed)
    found, closed = exact(chain), closed_form(chain)
    assert found.reaching == pytest.approx(share, abs=2e-5 if "false_alarm" in changed else 5.1e-6)
    assert errors is None or found.errors == pytest.approx(errors, abs=1e-7)
    assert closed is not None
    assert closed.reaching == pytest.approx(found.reaching, abs=1e-9)
    assert closed.errors is None or closed.errors == pytest.approx(found.errors, abs=1e-9)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"knock_on": 4.0},
        {"self_check": 0.4, "rework_failure": 0.1},
        {"self_check": 0.4, "next_check": 0.3, "rework_failure": 0.2},
        {"next_check": 0.3, "inspection": 0.6},
        {"self_check": 0.4, "false_alarm": 0.1, "rework_failure": 0.2},
        {"self_check": 0.4, "knock_on": 4.0, "rework_failure": 0.1},
    ],
)
def test_closed_forms_hold_for_unequal_rates(changed: dict[str, Any]):
    chain = replace(UNEQUAL, **changed)
    found, closed = exact(chain), closed_form(chain)
    assert closed is not None
    assert closed.reaching == pytest.approx(found.reaching, abs=1e-12)
    assert closed.errors == pytest.approx(found.errors, abs=1e-12)


@pytest.mark.parametrize(
    "changed",
    [
        {"knock_on": 3.0, "frailty": 0.1},
        {"knock_on": 3.0, "next_check": 0.3},
        {"frailty": 0.1, "self_check": 0.3},
        {"knock_on": 200.0},
        {"next_check": 0.3, "inspection": 0.5, "rework_failure": 0.1},
    ],
)
def test_combinations_without_a_closed_form_are_said_to_have_none(changed: dict[str, Any]):
    found = closed_form(replace(TEN, **changed))
    assert found is None or found.errors is None


def test_a_tiny_correlation_is_no_other_case_than_none():
    shares = [exact(replace(TEN, frailty=rho)).reaching for rho in (0.0, 1e-4, 9e-4, 1.1e-3)]
    assert shares == sorted(shares, reverse=True)
    for rho, share in zip((1e-4, 9e-4, 1.1e-3), shares[1:], strict=True):
        closed = closed_form(replace(TEN, frailty=rho))
        assert closed is not None
        assert share == pytest.approx(closed.reaching, abs=1e-5)


def test_the_generating_function_is_one_of_a_distribution():
    assert generating(0.01, 10, 3.0, 1.0) == pytest.approx(1.0, abs=1e-14)
    assert generating(0.01, 10, 3.0, 0.0) == pytest.approx(0.904382, abs=1e-6)
    slope = (generating(0.01, 10, 3.0, 1.0) - generating(0.01, 10, 3.0, 1 - 1e-6)) / 1e-6
    assert slope == pytest.approx(0.108764, abs=1e-5)


def test_effective_stages():
    assert effective_stages(exact(TEN).reaching, 0.01) == pytest.approx(10.0)
    assert effective_stages(0.11, 0.01) == pytest.approx(11.595, abs=1e-3)
    assert effective_stages(0.0, 0.01) == 0.0
    assert math.isnan(effective_stages(1.0, 0.01))
    assert math.isnan(effective_stages(0.1, 0.0))


# -- the inverse question ------------------------------------------------------------------------------------


@cache
def solved(chain: Chain = TEN) -> dict[str, Lever]:
    return {lever.name: lever for lever in levers(chain, 0.11)}


@pytest.mark.parametrize(
    ("name", "value"),
    [  # model.md 1.7, M4 to M17
        ("error rate", 0.011586),
        ("number of stages", 12.0),
        ("handoffs that make errors", 0.00178),
        ("handoffs that lose information", 0.0194),
        ("faulty input", 0.01590),
        ("false alarms", 0.0160),
        ("knock-on, read as errors per order", 3.282),
    ],
)
def test_what_it_takes_for_eleven_percent(name: str, value: float):
    lever = solved()[name]
    assert lever.value == pytest.approx(value, rel=4e-3)
    assert lever.chain is not None
    found = exact(lever.chain)
    if name == "number of stages":
        assert found.reaching > 0.11 > exact(Chain((0.01,) * 11)).reaching
    else:
        assert (found.errors if lever.errors else found.reaching) == pytest.approx(0.11, abs=1e-9)


def test_what_cannot_give_eleven_percent():
    for name in ("knock-on", "correlation within an order"):
        lever = solved()[name]
        assert (lever.value, lever.chain) == (None, None)
        assert lever.most < 0.11
    assert {r["mechanism"] for r in readings([0.01] * 10, 0.11) if not r["with_parameter"]} >= {
        "errors correlated within an order"
    }


def test_levers_of_a_chain_above_the_stated_share_go_down():
    chain = Chain((0.03,) * 10, knock_on=2.0)
    found = solved(chain)
    rate, rho = found["error rate"], found["correlation within an order"]
    assert rate.value is not None
    assert rate.value < 0.03
    assert rho.value is not None
    assert rho.chain is not None
    assert exact(rho.chain).reaching == pytest.approx(0.11, abs=1e-6)
    assert found["faulty input"].value is None


@pytest.mark.parametrize("changed", [{}, {"next_check": 0.3}, {"self_check": 0.4, "rework_failure": 0.2}])
def test_false_alarms_are_changed_alone(changed: dict[str, Any]):
    """Without a false alarm the chain is the one of today: no repairs that fail come with the lever."""
    chain = replace(TEN, knock_on=3.0, **changed)
    lever = solved(chain)["false alarms"]
    assert lever.at_low == pytest.approx(exact(chain).reaching, abs=1e-14)
    reached = lever.value is not None
    assert reached == (changed != {"next_check": 0.3})  # repairs that never fail do no harm, however many
    assert lever.most == pytest.approx(lever.at_low) or reached


def test_rates_are_changed_in_proportion():
    found = solved(UNEQUAL)
    chain = found["error rate"].chain
    assert chain is not None
    assert np.array(chain.p) / chain.mean_rate == pytest.approx(np.array(UNEQUAL.p) / UNEQUAL.mean_rate)
    assert "correlation within an order" not in found


# -- simulation ----------------------------------------------------------------------------------------------

MANY = {"knock_on": 4.0, "handoff_loss": 0.05, "self_check": 0.2, "next_check": 0.2, "inspection": 0.3,
        "false_alarm": 0.05, "rework_failure": 0.2, "frailty": 0.05}  # fmt: skip


def simulated(*words: str) -> Found:
    return compute(settings("replications=10", "compounding.orders=20000", "compounding.check_orders=4000", *words))


@pytest.mark.parametrize(
    "words",
    [
        ("compounding.p=[0.05,0.02,0.1]", "compounding.knock_on=3", "compounding.rule=markov"),
        (
            "compounding.p=0.03",
            "compounding.stages=6",
            *(f"compounding.{name}={value}" for name, value in MANY.items()),
        ),
    ],
)
def test_simulation_and_theory_agree(words: tuple[str, ...]):
    """The recursion is exact for every combination: ten or so figures, none more than five standard errors away."""
    found = simulated(*words)
    assert found.furthest < 5.0  # of up to twenty; nine degrees of freedom
    assert abs(distance(found.simulated.reaching, found.exact.reaching)) < 4.0
    assert len(found.curve) == len(found.chain.p) + 1
    assert found.curve[-1][1] == found.exact.reaching


def test_distance():
    values = np.array([0.0, 2.0, 0.0, 2.0])
    assert distance(values, 1.0) == 0.0
    assert distance(values, 0.0) == pytest.approx(math.sqrt(3.0))
    assert distance(np.ones(3), 1.0) == 0.0
    assert distance(np.ones(3), 0.5) == math.inf


def test_a_program_that_disagrees_is_told():
    off = Simulated(np.array([0.2, 0.21, 0.2]), np.array([0.1, 0.11, 0.09]))
    curve = ((0, 0.0, 0.0), (10, 0.1, 0.1))
    found = Found(CompoundingSettings(), TEN, exact(TEN), closed_form(TEN), off, curve, ())
    assert record(found)["program_agrees"] is False
    page = compounding_page(found, system="s", seed=1, replications=3, engine="compiled", figures=_drawn(found))
    assert "disagree" in page.warnings[0]


def _drawn(found: Found) -> dict[str, Any]:
    from analysis.figures.compounding_lab import Reach, chain_curve, reach_chart

    return {
        "chain": chain_curve(found.curve, 0.2, 0.19, 0.21, 0.11),
        "inverse": reach_chart([Reach("x", 0, 1, True)], 0.11),
    }


def test_the_experiment_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ("replications=4", "compounding.orders=2000", "compounding.check_orders=800", "compounding.knock_on=3",
             "compounding.next_check=0.3")  # fmt: skip
    contents = []
    for name in ("first", "again"):
        run_experiment(settings(*words), RunFolder(tmp_path / name, ["test"]))
        out = capsys.readouterr().out.splitlines()
        assert out[-1] == f"Report: {tmp_path / name / 'report.html'}"
        contents.append((tmp_path / name / "results.json").read_bytes())
    assert contents[0] == contents[1]
    found = json.loads(contents[0])["compounding"]
    assert found["closed_form"] is None
    assert "none for this combination" in "\n".join(out)
    assert found["effective_stages"] < 10
    assert found["simulated"]["share"]["n"] == 4
    with (tmp_path / "first" / "inverse.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["lever"] for row in rows] == [row["lever"] for row in found["inverse"]]
    html = (tmp_path / "first" / "report.html").read_text()
    assert "no closed form" in html
    assert (tmp_path / "first" / "figures" / "inverse.svg").exists()


def test_records_of_levers_without_a_solution():
    from analysis.experiments.compounding import Answer

    row = answer_record(Answer(solved()["knock-on"], None))
    assert (row["value"], row["simulated"], row["standard_errors"]) == (None, None, None)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["compounding.p=2"], "compounding.p"),
        (["compounding.p=[0.1,x]"], "compounding.p"),
        (["compounding.p=[0.1,0.2]", "compounding.stages=3"], "compounding.p"),
        (["compounding.p=[0.1,0.2]", "compounding.frailty=0.1"], "compounding.frailty"),
        (["compounding.stages=101"], "compounding.stages"),
        (["compounding.rule=latchd"], "compounding.rule"),
        (["compounding.stated=1"], "compounding.stated"),
        (["compounding.knockon=2"], "compounding.knockon"),
        (["compounding.next_check=1.1"], "compounding.next_check"),
        (["replications=1"], "replications"),
        (["system=order_to_delivery"], "system.layers"),
    ],
)
def test_what_the_experiment_refuses(words: list[str], where: str):
    with pytest.raises(InvalidInput) as fault:
        check_experiment(settings(*words))
    assert fault.value.where == where
