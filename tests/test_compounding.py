"""Claim C01: the closed forms of model.md 1.7 to the printed digits, the judge of the claim, and a small run of it."""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.compounding.closed_forms import (
    errors_latched,
    errors_markov,
    readings,
    share_affected,
    share_affected_frailty,
    share_latent_loss,
)
from analysis.experiments import check_experiment, run_experiment, ten_stage
from analysis.experiments.ten_stage import (
    Claim,
    cells_of,
    distance,
    homogeneous_chain,
    judge,
    run_cell,
    share_interval,
    verdict,
)
from analysis.run_folder import RunFolder
from scenarios.compose import compose_config
from scenarios.config import Settings, load_blueprint, settings_from
from sim.blueprint import Blueprint
from sim.invalid import InvalidInput
from sim.simulate import simulate

N, P, STATED = 10, 0.01, 0.11


@cache
def table() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in readings([P] * N, STATED)}


def taken(number: int) -> list[float]:
    """The numbers that a reading's note gives, in order; percentages as shares, the stated figure left out."""
    note = table()[f"M{number}"]["note"].replace("11 %", "").replace("formula", "")
    found = re.findall(r"(?<![\w'])(\d+(?:\.\d+)?)( %)?", re.sub(r"M\d+", "", note))
    return [float(value) / (100 if percent else 1) for value, percent in found]


# -- closed forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (share_affected(P, N), "0.0956179250"),  # M0, V1
        (share_affected(P, 11), "0.10466"),  # M5
        (share_affected(P, 12), "0.11362"),
        (share_affected(0.011586, N), "0.1100"),  # M4
        (share_affected_frailty(P, N, 0.01), "0.09171"),  # M7
        (share_affected_frailty(P, N, 0.05), "0.07913"),
        (share_affected_frailty(P, N, 0.1), "0.0678029"),  # V7
        (share_affected_frailty(P, N, 0.2), "0.05261"),
        (share_affected_frailty(P, N, 0.5), "0.02894"),
        (errors_latched(P, N, 1), "0.10"),  # M15
        (errors_latched(P, N, 2), "0.10438"),
        (errors_latched(P, N, 3), "0.1087642"),  # V3
        (errors_latched(P, N, 5), "0.11753"),
        (errors_latched(P, N, 10), "0.13944"),
        (errors_latched(P, N, 3.282), "0.1100"),
        (errors_markov(P, N, 5), "0.1037326"),  # M16, V4
        (errors_markov(P, N, 20), "0.1205609"),
        (errors_markov(P, N, 11.11), "0.1100"),
        (share_latent_loss(P, N, 3, 0.05), "0.1297371"),  # M17, V8
        (share_latent_loss(P, N, 2, 0.0399), "0.1100"),
        (share_latent_loss(P, N, 3, 0.0194), "0.1100"),
        (share_latent_loss(P, N, 5, 0.0100), "0.1100"),
    ],
)
def test_closed_forms_to_the_printed_digits(value: float, printed: str):
    assert f"{value:.{len(printed) - 2}f}" == printed


def test_special_cases_of_the_closed_forms():
    f = share_affected(P, N)
    assert share_affected_frailty(P, N, 0.0) == f
    assert share_affected_frailty(P, N, 1e-7) == pytest.approx(f, rel=1e-5)
    assert errors_markov(P, N, 1.0) == errors_latched(P, N, 1.0) == N * P
    assert errors_markov(P, N, 1 + 1e-9) == pytest.approx(N * P, rel=1e-8)
    assert share_latent_loss(P, N, 7.0, 0.0) == pytest.approx(f, abs=1e-15)
    assert share_latent_loss(P, N, 1.0, 0.3) == pytest.approx(f, abs=1e-15)
    assert share_latent_loss(0.5, 3, 4.0, 1.0) == pytest.approx(1.0)  # k p above 1 is 1: lost once, wrong ever after
    assert share_affected(0.0, N) == 0.0
    assert share_affected(1.0, N) == 1.0


# -- readings ------------------------------------------------------------------------------------------------


def test_only_failed_attempts_read_11_percent():
    assert list(table()) == [f"M{i}" for i in range(18)]
    assert [key for key, row in table().items() if row["gives_11_percent"]] == ["M2"]
    shown = {key: f"{100 * row['value']:.3f}" for key, row in table().items() if row["value"] is not None}
    assert shown == {"M0": "9.562", "M1": "10.000", "M2": "10.573", "M3": "10.462"}
    with_parameter = [key for key, row in table().items() if row["with_parameter"]]
    assert with_parameter == [f"M{i}" for i in (4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)]


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (4, ["0.011586"]),
        (5, ["11.595"]),
        (6, ["0.0956", "0.1000"]),
        (7, ["0.0791", "0.05", "0.0678", "0.1", "0.0526", "0.2"]),
        (8, ["0.00178"]),
        (9, ["0.01590"]),
        (10, ["0.1383"]),
        (11, ["0.00160"]),
        (13, ["0.1595"]),
        (14, ["0.159"]),
        (15, ["0.0956", "3.282"]),
        (16, ["11.11"]),
        (17, ["2", "0.0399", "3", "0.0194", "5", "0.0100"]),
    ],
)
def test_what_the_other_readings_take(number: int, printed: list[str]):
    """Rounded as model.md prints it."""
    digits = [len(text.partition(".")[2]) for text in printed]
    found = taken(number)
    assert [f"{value:.{d}f}" for value, d in zip(found, digits, strict=True)] == printed


def test_readings_invert_their_formulas():
    h, p0, loops, harm = (taken(i)[0] for i in (8, 9, 10, 11))
    q = 1 - P
    assert 1 - q**N * (1 - h) ** (N - 1) == pytest.approx(STATED, abs=1e-5)
    assert 1 - (1 - p0) * q**N == pytest.approx(STATED, abs=1e-5)
    assert 1 - ((1 - loops) * q / (1 - loops * q)) ** N == pytest.approx(STATED, abs=1e-5)
    assert 1 / (1 - loops) == pytest.approx(1.160, abs=5e-4)
    assert share_affected(P + q * harm, N) == pytest.approx(STATED, abs=1e-5)


@pytest.mark.parametrize(
    ("p", "n", "stated"),
    [
        (0.01, 10, 0.05),
        (0.3, 10, 0.11),
        (0.0, 10, 0.11),
        (1.0, 3, 0.5),
        (0.01, 1, 0.11),
        (0.01, 10, 1.0),
        (0.5, 4, 0.9),
    ],
)
def test_readings_of_other_inputs_say_what_cannot_be_reached(p: float, n: int, stated: float):
    rows = readings([p] * n, stated)
    assert len(rows) == 18
    assert not any(math.isnan(row["value"]) for row in rows if row["value"] is not None)
    if share_affected(p, n) > stated:
        assert "cannot be reached" in rows[8]["note"]
    for row in rows:
        assert not (row["with_parameter"] and "cannot be reached" in row["note"])
        assert "paper" not in row["note"]
        assert "11 %" not in row["note"] or stated == 0.11


def test_readings_of_a_larger_rate_find_what_lowers_it():
    rows = {row["id"]: row for row in readings([0.02] * N, STATED)}
    assert [key for key, row in rows.items() if row["with_parameter"]] == ["M4", "M5", "M7", "M12"]
    assert (rows["M4"]["mechanism"], rows["M5"]["mechanism"]) == ("a smaller error rate", "fewer stages")
    rho, caught = (float(rows[key]["note"].split("takes")[1].split("where")[0].split()[-1]) for key in ("M7", "M12"))
    assert share_affected_frailty(0.02, N, rho) == pytest.approx(STATED, abs=1e-5)
    assert share_affected(0.02 * (1 - caught), N) == pytest.approx(STATED, abs=1e-5)


def test_readings_of_unequal_rates_use_their_product():
    rates = [0.05, 0.01, 0.0]
    rows = {row["id"]: row for row in readings(rates, 0.06)}
    assert rows["M0"]["value"] == pytest.approx(1 - 0.95 * 0.99)
    assert rows["M0"]["formula"] == "1 - prod(1-p_i)"
    assert rows["M1"]["value"] == pytest.approx(0.06)
    assert rows["M2"]["value"] == pytest.approx(1 / (0.95 * 0.99) - 1)
    assert rows["M3"]["value"] == pytest.approx(1.05 * 1.01 - 1)
    assert [key for key, row in rows.items() if "(1-p)^n" in row["formula"]] == ["M5"]  # equal stages, mean rate
    p0 = float(rows["M9"]["note"].split()[-1])
    assert 1 - (1 - p0) * 0.95 * 0.99 == pytest.approx(0.06, abs=1e-5)


@pytest.mark.parametrize(("stated", "ids"), [(0.0956, ["M0"]), (0.1, ["M0", "M1", "M3"]), (0.106, ["M2"])])
def test_a_reading_gives_the_figure_to_the_digits_it_is_stated_to(stated: float, ids: list[str]):
    assert [row["id"] for row in readings([P] * N, stated) if row["gives_11_percent"]] == ids


# -- judging -------------------------------------------------------------------------------------------------


@cache
def ten_stages() -> Blueprint:
    return load_blueprint("ten_stage")


def counts(claim: Claim, p: float, orders: int = 1_000_000) -> dict[tuple[str, int], dict[str, Any]]:
    """Results as if the simulation hit every closed form, in two replications."""

    def part(shares: list[float], errors: float) -> dict[str, Any]:
        affected = np.array([round(orders * share) for share in shares])
        return {"orders": orders, "affected": affected, "errors": round(orders * errors), "lead_time": 2.0 * orders}

    longest = max(claim.stages)
    cells = {"reference": part([share_affected(p, i + 1) for i in range(N)], N * p)}
    for value in claim.p:
        cells[f"p={value:g}"] = part([share_affected(value, i + 1) for i in range(longest)], longest * value)
    for rho in claim.frailty:
        cells[f"frailty={rho:g}"] = part([share_affected_frailty(p, i + 1, rho) for i in range(N)], N * p)
    k = claim.knock_on
    cells[f"knock_on={k:g}"] = part([share_affected(p, i + 1) for i in range(N)], errors_latched(p, N, k))
    return {(name, r): cell for name, cell in cells.items() for r in range(2)}


def with_rate(p: float) -> Blueprint:
    system = ten_stages()
    return replace(system, stages={k: replace(s, error=replace(s.error, p=p)) for k, s in system.stages.items()})


def test_the_claim_is_refuted_at_one_in_a_hundred():
    judged = judge(ten_stages(), Claim(), counts(Claim(), P))
    assert judged["verdict"].startswith("Refuted as printed. Arithmetic: 1 - (1 - p)^n at p = 0.01, n = 10 is 9.56 %.")
    assert judged["program_agrees"] is True
    assert judged["refuted"] is True
    assert judged["verdict"].endswith("(The paper prints 11 %; the formula it prints beside it gives 9.56 %.)")
    assert judged["simulated"]["n"] == 2_000_000
    assert judged["simulated"]["mean"] == pytest.approx(0.095618)
    assert judged["closed_form"] == pytest.approx(0.0956179250, abs=1e-10)
    assert judged["attempts_per_good_output"] == pytest.approx(0.10573, abs=5e-6)
    assert judged["standard_errors_from_stated"] == pytest.approx(-69.16, abs=0.01)
    assert judged["lead_time_mean"] == 2.0
    assert len(judged["grid"]) == 28
    assert [row["closed_form"] for row in judged["dependence"]] == pytest.approx([0.07913, 0.05261, 0.09562], abs=5e-6)
    assert judged["dependence"][2]["errors_closed_form"] == pytest.approx(0.1087642, abs=5e-8)


def test_the_claim_is_not_refuted_where_it_is_true():
    judged = judge(with_rate(0.011586), Claim(), counts(Claim(), 0.011586))
    assert judged["verdict"].startswith("Not refuted. Arithmetic: 1 - (1 - p)^n at p = 0.011586, n = 10 is 11.00 %.")
    assert judged["refuted"] is False
    assert judged["program_agrees"] is True


@pytest.mark.parametrize("cell", ["reference", "p=0.01", "frailty=0.05", "knock_on=3"])
def test_a_wrong_program_is_reported_as_such(cell: str):
    claim, results = Claim(), counts(Claim(), P)
    results[cell, 1] = {**results[cell, 1], "affected": results[cell, 1]["affected"] + 3000}
    judged = judge(ten_stages(), claim, results)
    assert judged["program_agrees"] is False
    assert judged["refuted"] is False
    assert judged["verdict"].startswith("The program is wrong")
    assert "Refuted" not in judged["verdict"]


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_error_rates_at_the_ends_are_judged_too(p: float):
    claim = Claim(knock_on=1.0)
    judged = judge(with_rate(p), claim, counts(claim, p))
    assert judged["verdict"].startswith("Refuted. ")
    assert "mechanism" not in judged["verdict"]
    assert judged["program_agrees"] is True
    assert judged["closed_form"] == p


def test_unequal_stages_are_judged_by_their_own_closed_form():
    """V2: p = (.1, 0, ...): 10 % of orders."""
    system, claim = with_rate(0.0), Claim(p=(0.1,), frailty=())
    first = system.stages["stage_01"]
    stages = {**system.stages, "stage_01": replace(first, error=replace(first.error, p=0.1))}
    judged = judge(replace(system, stages=stages), claim, counts(claim, 0.1))
    assert judged["closed_form"] == pytest.approx(0.1, abs=1e-15)
    assert judged["p"] == pytest.approx(0.01)
    assert judged["rates"] == [0.1] + [0.0] * 9
    assert "unequal rates" in judged["statement"]
    assert "1 - prod(1 - p_i), 10 stages of unequal rates, is 10.00 %" in judged["verdict"]
    assert "paper" not in json.dumps([judged["verdict"], judged["readings"]])


def test_the_limit_is_four_standard_errors():
    def said(from_stated: float, from_closed: float) -> str:
        return verdict([P] * N, STATED, 0.0956, (0.095, 0.0962), from_stated, from_closed).split(".")[0]

    assert said(-3.9, 3.9) == "Not refuted"
    assert said(4.1, -3.9) == "Refuted as printed"
    assert said(9.0, -4.1).startswith("The program is wrong")


@pytest.mark.parametrize(("p", "n", "stated"), [(0.02, 10, 0.11), (0.01, 9, 0.11), (0.01, 10, 0.12)])
def test_other_inputs_than_the_papers_are_not_the_papers(p: float, n: int, stated: float):
    text = verdict([p] * n, stated, 0.1, (0.09, 0.11), 9.0, 0.0)
    assert text.startswith(f"Refuted. Arithmetic: 1 - (1 - p)^n at p = {p:g}, n = {n} is ")
    assert f"from the stated {100 * stated:g} %." in text
    assert "paper" not in text
    assert "print" not in text


def test_share_intervals_and_distances():
    n, share, z = 1000, 0.1, 1.959963984540054
    middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    expected = [(middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)]
    assert share_interval(100, n) == pytest.approx(expected, abs=1e-12)
    assert share_interval(0, 50)[0] == 0.0
    assert share_interval(50, 50)[1] == 1.0
    assert distance(110, 1000, 0.1) == pytest.approx(0.01 / math.sqrt(0.09 / 1000))
    assert distance(0, 1000, 0.0) == distance(1000, 1000, 1.0) == 0.0
    assert distance(1, 1000, 0.0) == math.inf
    assert distance(0, 0, 0.5) == 0.0


def test_the_reference_point_is_as_precise_as_asked():
    """A 95 % interval no wider than .002 with the orders of conf/, even if four standard deviations fewer come."""
    claim = Claim(**{k: tuple(v) if isinstance(v, list) else v for k, v in settings().ten_stage.items()})
    assert claim == Claim()
    orders = round(claim.orders - 4 * math.sqrt(claim.orders))
    low, high = share_interval(round(share_affected(P, N) * orders), orders)
    assert high - low <= 0.002


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"stated": 0.0}, "stated"),
        ({"stated": 1.5}, "stated"),
        ({"orders": 0}, "orders"),
        ({"stages": ()}, "stages"),
        ({"stages": (0,)}, "stages"),
        ({"stages": (101,)}, "stages"),
        ({"p": ()}, "p"),
        ({"p": (1.1,)}, "p"),
        ({"frailty": (1.0,)}, "frailty"),
        ({"knock_on": -1.0}, "knock_on"),
    ],
)
def test_impossible_claims_are_refused(changed: dict[str, Any], where: str):
    with pytest.raises(InvalidInput) as fault:
        Claim(**changed)
    assert fault.value.where == where


# -- simulation ----------------------------------------------------------------------------------------------


def test_a_homogeneous_chain_is_the_system_with_other_numbers():
    chain = homogeneous_chain(ten_stages(), 0.02, 12, 500)
    assert len(chain.stages) == len(chain.pools) == 12
    assert {stage.error.p for stage in chain.stages.values()} == {0.02}
    assert {stage.service for stage in chain.stages.values()} == {ten_stages().stages["stage_01"].service}
    assert {len(pool.members) for pool in chain.pools.values()} == {2}
    assert len({member for pool in chain.pools.values() for member in pool.members}) == 24
    assert list(chain.route) == list(chain.stages)
    assert chain.horizon.measured == pytest.approx(500 * 0.4)
    names = list(chain.stages)
    assert [list(ways) for ways in chain.route.values()] == [[name] for name in [*names[1:], "delivered"]]


def test_the_first_stages_of_a_long_chain_are_the_short_chain():
    """Exactly: one run gives the whole curve over the number of stages."""
    chains = {str(n): homogeneous_chain(ten_stages(), 0.05, n, 200) for n in (4, 9)}
    short, long = (simulate(chains[n], 3) for n in ("4", "9"))
    assert len(short["errors"]) > 20
    for name, columns in {
        "visits": ("order", "stage", "staff", "arrived", "began", "ended"),
        "errors": ("order", "stage", "cause", "made"),
    }.items():
        rows = []
        for journal in (short, long):
            part = journal[name][journal[name]["stage"] < 4]
            rows.append(sorted(zip(*(part[c].tolist() for c in columns), strict=True)))
        assert rows[0] == rows[1]
    few, many = (run_cell(chains, 3, "simpy", (n, 0)) for n in ("4", "9"))
    assert few["orders"] == many["orders"]
    assert few["affected"].tolist() == many["affected"][:4].tolist()
    assert (np.diff(many["affected"]) >= 0).all()


def test_counts_of_a_cell_are_those_of_its_journal():
    chain = homogeneous_chain(ten_stages(), 0.05, 5, 150)
    chain = replace(chain, horizon=replace(chain.horizon, warm_up=20.0))
    cell, journal = run_cell({"x": chain}, 5, "simpy", ("x", 2)), simulate(chain, 5, 2)
    orders, errors = journal.frame("orders"), journal.frame("errors")
    measured = orders.index[orders["placed"] >= 20.0]
    names = list(chain.stages)
    affected = [errors[errors["stage"].isin(names[: i + 1])]["order"].unique() for i in range(5)]
    assert cell["orders"] == len(measured) < len(orders)
    assert cell["affected"].tolist() == [len(set(found) & set(measured)) for found in affected]
    assert cell["errors"] == errors["order"].isin(measured).sum()
    assert cell["lead_time"] == pytest.approx((orders["delivered"] - orders["placed"])[measured].sum())


# -- the experiment ------------------------------------------------------------------------------------------

SMALL = (
    "experiment=ten_stage", "replications=2", "n_jobs=1", "system.horizon.warm_up=0", "ten_stage.orders=3000",
    "ten_stage.grid_orders=600", "ten_stage.stages=[1,5,12]", "ten_stage.p=[0.01,0.05]", "ten_stage.frailty=[0.2]",
)  # fmt: skip


def settings(*overrides: str) -> Settings:
    return settings_from(compose_config(overrides or ["experiment=ten_stage"]))


def test_the_experiment_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run_experiment(settings(*SMALL), RunFolder(tmp_path, ["test"]))
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == f"Report: {tmp_path / 'report.html'}"
    results = json.loads((tmp_path / "results.json").read_text())
    claim = results["claim"]
    assert out[-2] == claim["verdict"]
    assert (claim["id"], claim["stated"]) == ("C01", 0.11)
    assert claim["simulated"]["n"] == pytest.approx(3000, abs=250)
    low, high = claim["simulated"]["ci"]
    assert low < claim["simulated"]["mean"] < high
    assert claim["program_agrees"] is True
    assert claim["refuted"] is claim["verdict"].startswith("Refuted")
    assert [(row["p"], row["stages"]) for row in claim["grid"]] == [(p, n) for p in (0.01, 0.05) for n in (1, 5, 12)]
    with (tmp_path / "compounding.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["simulated"]) for row in rows] == [row["simulated"] for row in claim["grid"]]
    metrics = results["scenarios"]["do_nothing"]["metrics"]
    assert set(metrics) == {"failure_share", "errors_per_order", "lead_time_mean", "orders_completed"}
    assert 2 * metrics["orders_completed"]["mean"] == claim["simulated"]["n"]


def test_too_few_orders_are_bad_input(tmp_path: Path):
    with pytest.raises(InvalidInput, match="none was placed"):
        run_experiment(settings(*SMALL, "ten_stage.orders=1", "system.arrivals.interval.kind=deterministic"),
                       RunFolder(tmp_path, []))  # fmt: skip


def test_an_interrupted_claim_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ten_stage, "sweep", lambda run, points, execution, label, engine: {points[0]: {}})
    with pytest.raises(KeyboardInterrupt):
        run_experiment(settings(*SMALL), RunFolder(tmp_path, []))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("override", "where"),
    [
        ("system=order_to_delivery", "system.layers"),
        ("system=help_desk", "system.route"),
        ("ten_stage.p=[2]", "ten_stage.p"),
        ("ten_stage.typo=1", "ten_stage.typo"),
        ("system.arrivals.interval.mean=0.2", "system.stages.stage_01"),
    ],
)
def test_systems_that_the_claim_is_not_about(override: str, where: str):
    with pytest.raises(InvalidInput) as fault:
        check_experiment(settings("experiment=ten_stage", override))
    assert fault.value.where == where


def test_orders_are_split_over_replications():
    cells = cells_of(ten_stages(), Claim(orders=1000, grid_orders=200), 4)
    assert cells["reference"].horizon.measured == pytest.approx(250 * 0.4)
    assert cells["p=0.02"].horizon.measured == pytest.approx(50 * 0.4)
    assert cells["frailty=0.2"].knock_on.frailty == 0.2
    assert cells["knock_on=3"].knock_on.knock_on == 3.0
    assert len(cells) == 8
