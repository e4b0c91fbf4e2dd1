"""A timeline asks its programmes anew only when an answer may differ: same blueprints, fewer of them made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import chain

from scenarios.compose import CONF, compose_config
from scenarios.config import Settings, settings_from
from scenarios.interventions import InForce
from scenarios.scenario import Luck, Programme, Scenario, timeline
from sim.invalid import InvalidInput

FACTS = {"delivered": 0.8, "lead_time_p80": 40.0}
NAMES = sorted(Path(path).stem for path in (CONF / "scenario").glob("*.yaml"))
SETTLED = ("system.horizon.warm_up=80", "system.horizon.measured=960")


@pytest.fixture(scope="module", params=["order_to_delivery", "help_desk"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return settings_from(compose_config([f"system={request.param}", f"scenario=[{','.join(NAMES)}]", *SETTLED]))


def never(programme: Programme, before: float, now: float, asked: Sequence[float]) -> bool:
    return False


def test_no_shipped_scenario_loses_a_week_in_which_something_changes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """Every scenario, two replications, against the timeline that asks every programme in every week."""
    compared = 0
    for scenario in settings.scenarios:
        for replication in (0, 5):
            try:
                quick = timeline(settings.blueprint, scenario, 3, replication, FACTS)
            except InvalidInput:  # a programme that makes no sense in this system
                continue
            with monkeypatch.context() as patched:
                patched.setattr(Programme, "same", never)
                assert timeline(settings.blueprint, scenario, 3, replication, FACTS) == quick, scenario.name
            compared += len(quick) > 1
    assert compared > 20


def test_luck_that_nobody_asks_for_is_known(settings: Settings):
    """Scenarios that draw nothing have one timeline for all replications; the redesign draws."""
    drawn = set()
    for scenario in settings.scenarios:
        luck = Luck(3, 0)
        try:
            first = timeline(settings.blueprint, scenario, 3, 0, FACTS, luck)
        except InvalidInput:
            continue
        if luck.was_asked:
            drawn.add(scenario.name)
        else:
            assert timeline(settings.blueprint, scenario, 3, 9, FACTS) == first
    assert {"process_redesign", "placebo"} <= drawn
    assert "frontline_training" not in drawn


def test_a_programme_that_looks_at_its_age_is_asked_every_week():
    """By `elapsed` in every week, by `younger_than(h)` once the answer changes, else never after it set in."""
    programme = Programme("p", "placebo")
    asked = InForce(0.0, 5.0, 1.0, (), lambda name: 0.5)
    assert asked.has_begun
    assert programme.same(5.0, 45.0, asked.asked)
    assert asked.younger_than(50.0)
    assert programme.same(5.0, 45.0, asked.asked)
    assert not programme.same(5.0, 85.0, asked.asked)
    assert not programme.same(-5.0, 5.0, [])
    assert asked.elapsed == 5.0
    assert not programme.same(5.0, 45.0, asked.asked)
    assert not replace(programme, ramp=100.0).same(5.0, 45.0, [])
    assert not replace(programme, fade=100.0).same(5.0, 45.0, [])
    assert math.isnan(asked.asked[-1])


def test_a_scenario_without_programmes_asks_for_no_luck():
    luck = Luck(1, 0)
    base: Any = chain(1)
    assert timeline(base, Scenario("s"), 1, 0, luck=luck) == ((0.0, base),)
    assert not luck.was_asked
