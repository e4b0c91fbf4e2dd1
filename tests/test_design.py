"""Designs of sweeps: which points there are, in which order, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from scenarios.design import MOST_POINTS, SweepSettings, design_points, sweep_settings
from sim.invalid import InvalidInput


def points(seed: int = 1, **section: Any) -> tuple[Any, ...]:
    return design_points(sweep_settings(section), seed)


def test_a_grid_has_every_combination_and_varies_its_last_factor_fastest():
    found = points(over={"a": [1, 2], "b": ["x", "y", "z"]})
    assert [(p["a"], p["b"]) for p in found] == [(a, b) for a in (1, 2) for b in "xyz"]


def test_a_list_is_walked_together_or_given_point_by_point():
    walked = points(over={"a": [1, 2], "b": ["x", "y"]}, design="list")
    assert walked == ({"a": 1, "b": "x"}, {"a": 2, "b": "y"})
    assert points(points=[{"a": 1, "b": "x"}, {"b": "y", "a": 2}], design="list") == walked


@pytest.mark.parametrize("seed", [1, 2, 2**40])
def test_a_latin_hypercube_meets_every_stratum_of_every_factor_once(seed: int):
    """McKay et al. (1979): of n points exactly one lies in each of n equal parts of a range, on its own scale."""
    n = 40
    over = {
        "linear": {"low": -1.0, "high": 3.0}, "log": {"low": 0.001, "high": 10.0, "log": True},
        "whole": {"low": 2, "high": 5, "whole": True}, "named": ["x", "y"],
    }  # fmt: skip
    found = points(seed, over=over, design="latin_hypercube", size=n)
    linear = [(p["linear"] + 1.0) / 4.0 for p in found]
    log = [(math.log10(p["log"]) + 3.0) / 4.0 for p in found]
    for shares in (linear, log):
        assert sorted(math.floor(n * share) for share in shares) == list(range(n))
    assert {k: sum(p["whole"] == k for p in found) for k in range(1, 7)} == {1: 0, 2: 10, 3: 10, 4: 10, 5: 10, 6: 0}
    assert sum(p["named"] == "x" for p in found) == n / 2
    assert abs(np.corrcoef(linear, log)[0, 1]) < 4 / math.sqrt(n)  # four standard errors of no correlation


def test_the_seed_of_the_study_draws_the_hypercube():
    asked = {"over": {"a": {"low": 0.0, "high": 1.0}}, "design": "latin_hypercube", "size": 9}
    assert points(3, **asked) == points(3, **asked) != points(4, **asked)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({}, "sweep.over: name what to vary"),
        ({"over": {"a": 1}}, "sweep.over.a = 1: must be a list"),
        ({"over": {"a": []}}, r"sweep.over.a = \[\]: must be a list"),
        ({"over": {"a": {"low": 0, "high": 1}}}, "sweep.over.a = .*a range is for sweep.design=latin_hypercube"),
        ({"over": {"a": [1]}, "design": "grit"}, "sweep.design = grit: unknown design.*did you mean grid"),
        ({"over": {"a": [1, 2], "b": [1]}, "design": "list"}, "sweep.over.b: has 1 values, a 2"),
        ({"over": {"a": [1]}, "points": [{"a": 1}], "design": "list"}, "sweep.points: stand for sweep.over"),
        ({"points": [{"a": 1}]}, "sweep.points: are for sweep.design=list"),
        ({"points": [{"a": 1}, {"b": 1}], "design": "list"}, r"sweep.points\[1\]: must name the same values"),
        ({"points": [], "design": "list"}, "sweep.points: must be a list of 1"),
        ({"points": [{}], "design": "list"}, r"sweep.points\[0\]: names no value"),
        ({"points": [3], "design": "list"}, r"sweep.points\[0\] = 3: must be a mapping"),
        ({"over": {"a": [1]}, "base": 2}, "sweep.base = 2: must be the number of a point, from 1 to 1"),
        ({"over": {"a": [1]}, "size": 0}, "sweep.size = 0"),
        ({"over": {"a": [1]}, "store": ""}, "sweep.store"),
        ({"over": {"a": [1]}, "retri": True}, "sweep.retri: unknown parameter.*did you mean retry"),
        ({"over": {name: [0, 1] for name in "abcdefghijklmnopqrst"}}, f"has 1048576 combinations; .* is {MOST_POINTS}"),
    ],
)
def test_what_makes_no_design_is_refused_in_one_line(section: dict[str, Any], message: str):
    with pytest.raises(InvalidInput, match=message):
        points(**section)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"low": 1.0, "high": 1.0}, "high = 1.0: must be above low"),
        ({"low": 0.0, "high": 1.0, "log": True}, "low = 0.0: must be a number > 0"),
        ({"low": 0.5, "high": 3, "whole": True}, "whole = True: needs whole ends"),
        ({"low": 1, "high": 3, "whole": True, "log": True}, "whole = True: is not for log"),
        ({"low": 1}, "high: is missing"),
        ({"low": 1, "high": 2, "lag": True}, "lag: unknown parameter.*did you mean log"),
    ],
)
def test_a_range_that_is_none_is_refused_with_its_factor(given: dict[str, Any], message: str):
    with pytest.raises(InvalidInput, match=f"sweep.over.a.{message}"):
        points(over={"a": given}, design="latin_hypercube")


def test_where_a_value_was_given_can_be_told():
    assert sweep_settings({"over": {"a.b": [1]}}).where(0, "a.b") == "sweep.over.a.b"
    assert SweepSettings(points=({"a.b": 1},), design="list").where(0, "a.b") == "sweep.points[0].a.b"
