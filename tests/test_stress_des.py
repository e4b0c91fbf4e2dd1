"""The reporting checklist of a run: complete, true to the settings, and frank about what it cannot know."""

from __future__ import annotations

import re
from functools import cache

import pytest

from analysis.stress_des import UNTOLD, Item, items, stress_des
from scenarios.compose import compose_config
from scenarios.config import Settings, settings_from

MANIFEST = {"command": ["run.py", "seed=7"], "config_digest": "abc", "replications": {"asked": 8, "finished": 5},
            "versions": {"python": "3.12", "numpy": "2.1"}, "platform": "Linux", "seconds": 1.5}  # fmt: skip
NUMBERS = [
    "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.5", "3.1", "3.2", "3.3",
    "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1",
]  # fmt: skip
SYSTEMS = ("order_to_delivery", "ten_stage", "help_desk", "professional_services")


@cache
def settings(*words: str) -> Settings:
    return settings_from(compose_config(["scenario=[do_nothing,frontline_training]", *words]))


def by_number(*words: str) -> dict[str, Item]:
    return {item.number: item for item in items(settings(*words), MANIFEST)}


@pytest.mark.parametrize("system", SYSTEMS)
def test_all_24_items_are_there_and_none_is_empty(system: str) -> None:
    found = items(settings(f"system={system}"), MANIFEST)
    assert [item.number for item in found] == NUMBERS
    assert len(found) == 24
    assert all(item.told.strip() and item.title for item in found)
    text = stress_des(settings(f"system={system}"), MANIFEST)
    assert re.findall(r"^### (\S+) ", text, flags=re.M) == NUMBERS
    assert re.findall(r"^## (\d) ", text, flags=re.M) == list("123456")
    assert "None" not in text
    assert not re.search(r"\{|\}", re.sub(r"```.*?```", "", text, flags=re.S))  # nothing left unformatted


def test_what_cannot_be_known_is_named() -> None:
    found = by_number()
    open_items = {number for number, item in found.items() if item.untold}
    assert open_items == {"1.1", "1.3", "3.1", "3.2", "3.4", "4.1", "5.4", "6.1"}
    assert stress_des(settings(), MANIFEST).count(UNTOLD) == len(open_items)
    assert "provenance" in found["3.1"].untold


def test_it_says_what_the_settings_say() -> None:
    found = {number: item.told for number, item in by_number("seed=7", "engine=simpy", "system.horizon.warm_up=80",
                                                             "allow_unstable=true").items()}  # fmt: skip
    assert "480 customers" in found["2.5.5"]
    assert "exponential, mean 192 h" in found["2.5.5"]
    assert "lognormal, mean 0.6 h, cv 0.6" in found["2.5.2"]
    assert found["2.5.2"].count("moment of truth") == 4
    assert "`pricing` → `scheduling` (retention 0.99)" in found["2.1"]
    assert "batches of 4" in found["2.1"]
    assert "`frontline_training`: frontline_training (from 0 h after the warm-up, delay 80 h" in found["2.3"]
    assert "80 h (2 weeks)" in found["4.1"]
    assert "960 h (24 weeks)" in found["4.2"]
    assert "5 finished; seed 7" in found["4.3"]
    assert "simpy" in found["5.3"]
    assert "system.promise.lead_time = 48.0" in found["3.3"]
    assert "queues may grow" in found["3.4"]
    assert "run.py seed=7" in found["6.1"]


def test_systems_differ_where_they_should_and_nowhere_else() -> None:
    one, other = by_number("system=order_to_delivery"), by_number("system=ten_stage")
    differing = {number for number in NUMBERS if one[number] != other[number]}
    assert {"1.1", "2.1", "2.2", "2.5.1", "2.5.2", "2.5.3", "2.5.5", "3.3", "4.1", "4.2"} <= differing
    assert not {"1.2", "1.3", "2.3", "3.1", "4.3", "5.1", "5.2", "5.3", "6.1"} & differing


def test_priorities_and_patience_are_told_where_they_are_on() -> None:
    plain = by_number("system=order_to_delivery")
    ranked = by_number("system=order_to_delivery", "system.segments.businesses.priority=1")
    assert "priority classes" not in plain["2.5.4"].told
    assert "priority classes 0, 1" in ranked["2.5.4"].told


def test_a_decision_says_what_kind_of_study_it_is() -> None:
    item = by_number("experiment=decide", "decide.study=steady_state")["4.1"]
    assert "steady state" in item.told
    assert "steady state" not in item.untold
