"""The reporting checklist of a run: complete, true to the settings, and frank about what it cannot know."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from collecting import quick_collection as quick_collection
from pictures import empty_png

from analysis.experiments import run_experiment
from analysis.figures import style
from analysis.run_folder import RunFolder
from analysis.stress_des.checklist import AIMS, UNTOLD, Item, items, stress_des
from analysis.stress_des.ran import NOTHING
from scenarios.compose import compose_config
from scenarios.config import EXPERIMENTS, Settings, settings_from

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


def test_every_experiment_has_an_aim() -> None:
    assert set(AIMS) == set(EXPERIMENTS)


def test_where_nothing_was_simulated_no_system_is_described() -> None:
    found = items(settings("experiment=report"), {**MANIFEST, "replications": {"asked": 8, "finished": 0}})
    told = {item.number: item.told for item in found}
    assert [item.number for item in found] == NUMBERS
    assert {told[number] for number in ("1.1", "2.1", "2.2", "2.3", "2.5.2", "3.4", "4.1", "4.2", "5.3")} == {NOTHING}


# -- experiments whose runs are not those of the configured system and scenarios ------------------------------


def ran(folder: Path, *chosen: str) -> dict[str, str]:
    """Items of stress_des.md after a small run of an experiment; its figures are left blank."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "_draw", lambda figure: '<svg xmlns="http://www.w3.org/2000/svg"/>')
        patch.setattr(style, "write_png", empty_png)
        run_experiment(settings_from(compose_config(["n_jobs=1", *chosen])), RunFolder(folder, ["test"]))
    parts = re.split(r"^### (\S+) ", (folder / "stress_des.md").read_text(), flags=re.M)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert list(found) == NUMBERS
    assert "None" not in "".join(text for number, text in found.items() if number != "3.3")
    return found


def test_claims_tell_of_each_claim_what_it_ran(tmp_path: Path) -> None:
    found = ran(tmp_path / "run", "experiment=claims", "claim=[C01,C10]", "claims.replications=2",
                f"claims.store={tmp_path / 'store.sqlite'}")  # fmt: skip
    for number in ("1.1", "2.1", "2.2", "2.3", "2.5.2", "3.3", "3.4", "4.1", "4.2"):
        one, other = found[number].split("**C10**")
        assert "**C01**" in one, number
        assert one.strip() not in other
    one, other = found["2.3"].split("**C10**")
    assert "system.switches.frailty = True; system.knock_on.frailty = 0.2" in one
    assert "at the null: p = 0.0" in one
    assert "`press`: scenario `pressure`: pressure (" in other
    assert "160 h (4 weeks)" in found["4.1"]
    assert "480 h (12 weeks)" in found["4.1"]
    assert "2400 h (60 weeks)" in found["4.2"]
    assert "3840 h (96 weeks)" in found["4.2"]
    assert "runs with one are refused" in found["3.4"].split("**C10**")[0]
    assert "overload is allowed" in found["3.4"].split("**C10**")[1]
    assert "2 replications of every arm" in found["4.3"]
    assert "claims.replications = 2" in found["1.3"]
    assert "Base:" not in found["1.3"]


def test_compounding_tells_the_chain_that_ran(tmp_path: Path) -> None:
    found = ran(tmp_path, "experiment=compounding", "replications=2", "compounding.orders=1000", "compounding.stages=6",
                "compounding.check_orders=400", "compounding.next_check=0.3", "compounding.p=0.03")  # fmt: skip
    on, off = found["2.2"].split("Mechanisms off:")
    assert "Mechanisms on: detection\n" in on
    assert "frailty" in off
    assert "6 stages" in found["1.1"]
    assert "| `stage_06` | service | exponential, mean 0.6 h | 0.03 |" in found["2.5.2"]
    assert "200 h (5 weeks) measured" in found["4.2"]  # 1000 orders, 2.5 an hour, over two replications
    assert "next_check = 0.3" in found["2.3"]
    answers = json.loads((tmp_path / "results.json").read_text())["compounding"]["inverse"]
    solved = {row["lever"] for row in answers if row["value"] is not None}
    assert solved == set(re.findall(r"changed in one thing, (.*): \S+ = ", found["2.3"]))
    assert len(solved) > 1
    assert found["2.3"].count("; 80 h measured") == len(solved)


def test_diagnose_names_what_is_taken_out(tmp_path: Path) -> None:
    found = ran(tmp_path, "experiment=diagnose", "replications=2", "system=help_desk", "system.horizon.measured=80",
                "diagnose.exact=1", "diagnose.permutations=4", "diagnose.metrics=[failure_share]")  # fmt: skip
    assert "without people: remove_operator_errors" in found["2.3"]
    assert "sampled sets of causes" in found["2.3"]
    assert "2 replications of every arm" in found["4.3"]
    assert "full where nothing is taken out" in found["5.3"]


@pytest.mark.usefixtures("quick_collection")
def test_decide_says_how_the_warm_up_was_checked(tmp_path: Path) -> None:
    found = ran(tmp_path, "experiment=decide", "scenario=[do_nothing,frontline_training]", "replications=5",
                "decide.most_replications=5", "decide.pilot_replications=2", "decide.pilot_weeks=30",
                "decide.resamples=100", "system.horizon.measured=160")  # fmt: skip
    assert "2 pilot runs of the base from time 0, of 30 weeks" in found["4.1"]
    assert "MSER-5" in found["4.1"]
    assert UNTOLD not in found["4.1"]
    assert "5 replications of every scenario in the first stage, 5 in the end" in found["4.3"]
    assert "Base: `do_nothing`" in found["1.3"]


def test_a_sweep_names_its_points_and_engines(tmp_path: Path) -> None:
    found = ran(tmp_path / "run", "experiment=sweep", "replications=2", "system=ten_stage", "execution=local",
                "system.horizon.measured=80", f"sweep.store={tmp_path / 'store.sqlite'}", "sweep.base=2",
                "sweep.over={system.stage_defaults.error.p: [0.01, 0.05], engine: [compiled, simpy]}")  # fmt: skip
    base = "- `point 2 (base)`: scenario `do_nothing`: no intervention; system.stage_defaults.error.p = 0.01; engine = "
    assert f"{base}simpy" in found["2.3"]
    assert found["2.3"].count("- `point ") == 4
    assert "engine `simpy`" in found["5.3"]
    assert "engine `compiled`" in found["5.3"]
    assert "2 replications of each of 4 points asked for, at least 2 finished" in found["4.3"]


def test_ten_stage_names_its_chains(tmp_path: Path) -> None:
    found = ran(tmp_path, "experiment=ten_stage", "replications=2", "ten_stage.orders=1000",
                "ten_stage.grid_orders=500", "ten_stage.p=[0.02]", "ten_stage.stages=[2,3]")  # fmt: skip
    assert "200 h (5 weeks) measured" in found["4.2"]
    assert "`p=0.02`: 3 stages like the first, p = 0.02; 100 h measured" in found["2.3"]
    assert "`knock_on=3`: 10 stages" in found["2.3"]
