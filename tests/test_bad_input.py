"""Bad input is one line: where, the value, what is allowed, and the nearest name. Never a traceback, never a hang."""

from __future__ import annotations

import pickle
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from analysis.experiments import check_experiment
from scenarios.compose import CONF, compose_config
from scenarios.config import Settings, settings_from
from scenarios.scenario import timeline
from scenarios.study import check_scenarios, run_study
from scenarios.system import build_blueprint
from sim.blueprint import DIMENSIONS
from sim.invalid import InvalidInput
from sim.simulate import simulate
from sim.switches import MECHANISMS
from sim.traffic import order_rate, visit_ratios

FACTS = {"delivered": 0.8, "lead_time_p80": 20.0}
SCENARIOS = sorted(path.stem for path in (CONF / "scenario").glob("*.yaml"))
FUZZ = settings(
    deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True,
    phases=(Phase.generate, Phase.shrink),
)  # fmt: skip


def checked(config: Any) -> Settings:
    """All that happens before anything runs."""
    given_settings = settings_from(config)
    check_scenarios(given_settings, FACTS)
    return given_settings


def fault_of(*overrides: str) -> str:
    """The one line with which overrides are refused."""
    with pytest.raises(InvalidInput) as caught:
        checked(compose_config(overrides))
    return one_line(caught.value)


def one_line(fault: InvalidInput) -> str:
    text = str(fault)
    assert text
    assert len(text.splitlines()) == 1
    assert len(text) < 1000
    assert str(pickle.loads(pickle.dumps(fault))) == text  # it may come from another process
    return text


@cache
def plain(system: str, scenario: str = "do_nothing") -> Any:
    return OmegaConf.to_container(compose_config([f"system={system}", f"scenario=[do_nothing,{scenario}]"]))


def with_values(changes: dict[str, Any], system: str = "order_to_delivery", scenario: str = "do_nothing") -> Any:
    """The configuration with values set by path, as overrides would (but faster)."""
    data = deepcopy(plain(system, scenario))
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = data
        for name in parents:
            node = node.setdefault(name, {})
        node[last] = value
    return OmegaConf.create(data)


def refused(changes: dict[str, Any], system: str = "order_to_delivery", scenario: str = "do_nothing") -> str:
    with pytest.raises(InvalidInput) as caught:
        checked(with_values(changes, system, scenario))
    return one_line(caught.value)


# -- names ---------------------------------------------------------------------------------------------------

TRAINING = "scenarios.frontline_training.interventions.frontline_training"
REDESIGN = "scenarios.process_redesign.interventions.process_redesign"
NAMES = [
    (["system=order_to_delivry"], "system = order_to_delivry: unknown system", "did you mean order_to_delivery?"),
    (["scenario=[do_nothing,fail_save]"], "scenario = fail_save: unknown scenario", "did you mean fail_safing?"),
    (["scenario=placebos"], "scenario = placebos: unknown scenario", "did you mean placebo?"),
    (["experiment=ten_stages"], "experiment = ten_stages: unknown experiment", "did you mean ten_stage?"),
    (["engine=simpi"], "engine = simpi: unknown engine", "did you mean simpy?"),
    (["+unknown=1"], "unknown: unknown", "allowed: "),
    (["unknown=1"], "unknown: unknown", "allowed: "),
    (["replicaitons=2"], "replicaitons: unknown", "did you mean replications?"),
    (["system.horizn.measured=3"], "system.horizn: unknown parameter", "did you mean horizon?"),
    (["system.stages.paking.error.p=0.1"], "system.stages.paking: unknown", "did you mean packing?"),
    (["system.stages.packing.eror.p=0.1"], "system.stages.packing.eror: unknown parameter", "did you mean error?"),
    (["system.stages.packing.error.shre=0.1"], "system.stages.packing.error.shre: unknown", "allowed: "),
    (["system.segments.key_acounts.share=1"], "system.segments.key_acounts: unknown", "did you mean key_accounts?"),
    (["system.suppliers.wholesale.price=1"], "system.suppliers.wholesale: unknown", "did you mean wholesaler?"),
    (["system=help_desk", "system.pools.agnets.size=9"], "system.pools.agnets", "did you mean agents?"),
    (["system=help_desk", "system.stages.first_lin.error.p=0"], "system.stages.first_lin: ",
     "did you mean first_line?"),
    (["system.pool_defaults.skil=0.5"], "system.pools.enquiry.skil: unknown parameter", "did you mean skill?"),
    (["+system.switches.hallo=false"], "system.switches.hallo = hallo: unknown mechanism", "did you mean halo?"),
    (["+system.segments.key_accounts.weights={reliabilty:1}"], "weights.reliabilty: ", "did you mean reliability?"),
    (["scenarios.frontline_trainin.interventions={}"], "scenarios.frontline_trainin: ",
     "did you mean frontline_training?"),
    ([f"{TRAINING}.hors=8"], f"{TRAINING}.hors: unknown parameter", "did you mean hours?"),
    ([f"{TRAINING}.rampp=8"], f"{TRAINING}.rampp: unknown parameter", "did you mean ramp?"),
    ([f"{TRAINING}.stages=[enquriy]"], f"{TRAINING}.stages = enquriy: unknown stage", "did you mean enquiry?"),
    (["+scenarios.own.intervention.hiring={}"], "scenarios.own.intervention: unknown", "did you mean interventions?"),
    (["+scenarios.own.interventions.hirring={}"], "scenarios.own.interventions.hirring = hirring: unknown intervention",
     "did you mean hiring?"),
    (["+scenarios.own.interventions.x={kind:hirring}"],
     "scenarios.own.interventions.x.kind = hirring: unknown intervention", "did you mean hiring?"),
    (["base=process_redesing"], "base = process_redesing: must be one of the selected scenarios", "process_redesign"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "where", "hint"), NAMES, ids=lambda value: None)
def test_wrong_names(overrides: list[str], where: str, hint: str):
    said = fault_of(*overrides)
    assert where in said
    assert hint in said


COMMAND_LINES = [
    ["system=null"], ["experiment=null"], ["~system"], ["scenario=[]"], ["system="], ["system=[help_desk,ten_stage]"],
    ["="], [""], ["word"], ["base='"], ["a=b=c"], ["base=\x00"], ["base=a\nb"], ["system.name.part=1"], ["+base=2"],
    ["~base"], ["hydra.nothing=1"], ["hydra/launcher=none"], ["base=${base}"], ["system.name=${system}"],
    ["base=${nothing:1}"], ["base=${oc.env:NO_SUCH_VARIABLE}"], ["seed=${oc.env:HOME}"], ["base=???"],
    ["system.stages.packing=${system.stages}"], ["+system.stages.packing=${now:%Y}"], ["system@here=help_desk"],
]  # fmt: skip


@pytest.mark.parametrize("overrides", COMMAND_LINES, ids=ascii)
def test_what_cannot_be_composed(overrides: list[str]):
    fault_of(*overrides)


# -- values --------------------------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
P = "system.stages.packing.error.p"
FROM_0_TO_1 = "must be a number from 0 to 1"
VALUES: list[tuple[dict[str, Any], str]] = [
    ({P: -0.1}, f"{P} = -0.1: {FROM_0_TO_1}"),
    ({P: 1.5}, f"{P} = 1.5: {FROM_0_TO_1}"),
    ({P: NAN}, f"{P} = nan: must be a finite number"),
    ({P: INF}, f"{P} = inf: must be a finite number"),
    ({P: 10**400}, f"{P} = 10000"),
    ({P: "often"}, f"{P} = often: must be a number"),
    ({P: None}, f"{P}: must be a number"),
    ({P: True}, f"{P} = True: must be a number"),
    ({P: [0.1]}, f"{P} = [0.1]: must be a number"),
    ({P: {"value": 0.1}}, f"{P} = {{'value': 0.1}}: must be a number"),
    ({"system.stages.packing": 3}, "system.stages.packing = 3: must be a mapping"),
    ({"system.stages": [1]}, "system.stages = [1]: must be a mapping"),
    ({"system": "help_desk"}, "system = help_desk: must be a mapping"),
    ({"system.stages": {}}, "system.stages: a system needs at least one stage"),
    ({"system.stages.delivered": {}}, "system.stages.delivered: this name is kept"),
    ({"system.segments.key_accounts.share": 0.5}, "share = 1.3: the shares of the segments must sum to 1"),
    ({"system.segments.key_accounts.share": -1}, "system.segments.key_accounts.share = -1.0: must be a number > 0"),
    ({"system.segments.key_accounts.weights": {"reliability": 0.9}}, "weights = 1.58: the weights of the dimensions"),
    ({"system.segments.key_accounts.expectations.desired_mean": {"reliability": 7}}, "desired_mean.reliability = 7"),
    ({"system.stages.packing.service.mean": 0}, "system.stages.packing.service.mean = 0.0: must be a number > 0"),
    ({"system.stages.packing.service.kind": "gama"}, "service.kind = gama: allowed: deterministic, exponential"),
    ({"system.stages.packing.service": {"kind": "empirical"}}, "service.values = []: an empirical distribution needs"),
    ({"system.stages.packing.service": {"kind": "empirical", "values": [1, -2]}}, "service.values = -2.0: "),
    ({"system.stages.packing.moment_of_truth": True}, "moment_of_truth = True: only an onstage stage"),
    ({"system.stages.packing.onstage": 1}, "system.stages.packing.onstage = 1: must be true or false"),
    ({"system.stages.packing.pool": "nobody"}, "system.stages.packing.pool = nobody: unknown staff pool"),
    ({"system.pools": {"packing": {"size": 0}}}, "system.pools.packing.size = 0: must be a whole number from 1"),
    ({"system.pools": {"packing": {"size": 1.5}}}, "system.pools.packing.size = 1.5: must be a whole number"),
    ({"system.pools": {"packing": {"size": 10**9}}}, "system.pools.packing.size = 1000000000: must be"),
    ({"system.pools": {"packing": {"members": {"ann": {"skill": 2}}}}}, f"members.ann.skill = 2.0: {FROM_0_TO_1}"),
    ({"system.handoffs.border.retention": 1.2}, f"retention = 1.2: {FROM_0_TO_1}"),
    ({"system.handoffs.between.dispatch.delivery.batch": 0}, "batch = 0: must be a whole number >= 1"),
    ({"system.handoffs.between.dispatch": {"enquiry": {}}}, "between.dispatch.enquiry = enquiry: unknown next stage"),
    ({"system.handoffs.between.x": {}}, "system.handoffs.between.x = x: unknown stage"),
    ({"system.rework.failure": 1}, "system.rework.failure = 1.0: must be a number from 0 to 0.95"),
    ({"system.knock_on.rule": "latch"}, "system.knock_on.rule = latch: allowed: latched, markov"),
    ({"system.promise.lead_time": 0}, "system.promise.lead_time = 0.0: must be a number > 0"),
    ({"system.costs.wage": -1}, "system.costs.wage = -1.0: must be a number >= 0"),
    ({"system.layers": [0, 9]}, "system.layers = 9: allowed: 0, 1, 2, 3, 4"),
    ({"system.layers": "all"}, "system.layers = all: must be a list"),
    ({"system.horizon.measured": 0}, "system.horizon.measured = 0.0: must be a number > 0"),
    ({"system.horizon.measured": -5}, "system.horizon.measured = -5.0: must be a number > 0"),
    ({"system.horizon.measured": 1e9}, "system.horizon.measured = 1000000000.0: the run would take about"),
    ({"system.horizon.measured": 1e9, "system.arrivals.interval.mean": 1e9,
      "scenarios.do_nothing.interventions": {"hiring": {}}},
     "system.horizon.measured = 1000000000.0: with interventions a run lasts at most"),
    ({"system.arrivals.process": "flow"}, "system.arrivals.process = flow: allowed: stream, population"),
    ({"system.arrivals.customers": 0}, "system.arrivals.customers = 0: a population needs at least one"),
    ({"system.arrivals.customers": 10**10}, "system.arrivals.customers = 10000000000"),
    ({"system.arrivals.interval.mean": 0}, "system.arrivals.interval.mean = 0.0: must be a number > 0"),
    ({"system.arrivals.interval.mean": 1e-300}, "the run would take about"),
    ({"system.first": "nowhere"}, "system.first = nowhere: unknown stage"),
    ({"system.route": "parallel"}, "system.route = parallel: must be 'serial' or a mapping"),
    ({"replications": 0}, "replications = 0: must be a whole number from 1 to"),
    ({"replications": 10**9}, "replications = 1000000000: must be a whole number from 1 to"),
    ({"replications": 2.5}, "replications = 2.5: must be a whole number"),
    ({"seed": -1}, "seed = -1: must be a whole number from 0"),
    ({"n_jobs": 0}, "n_jobs = 0: must be a number of workers"),
    ({"n_jobs": -2}, "n_jobs = -2: must be"),
    ({"allow_unstable": "yes"}, "allow_unstable = yes: must be true or false"),
    ({"base": None}, "base = None: must be one of the selected scenarios: do_nothing"),
    ({"scenarios": {}}, "scenario: select at least one"),
    ({"scenarios": None}, "scenario: select at least one"),
    ({"scenarios.do_nothing": 4}, "scenarios.do_nothing = 4: must be a mapping"),
    ({"scenarios.do_nothing.interventions": [1]}, "scenarios.do_nothing.interventions = [1]: must be a mapping"),
    ({"scenarios.do_nothing.description": 4}, "scenarios.do_nothing.description = 4: must be text"),
    ({"ten_stage": 3}, "ten_stage = 3: must be a mapping"),
    ({"claim": 3}, "claim = 3: must be a list of ids"),
    ({"trace": [3]}, "trace = [3]: must be a mapping"),
    ({"expectations": 3}, "expectations = 3: must be a mapping"),
    ({"survey": 3}, "survey = 3: must be a mapping"),
    ({"survey": {"file": None}}, "survey.file"),
    ({"survey": {"file": "x.csv", "scale": 5}}, "survey.scale = 5: must be a list"),
    ({"survey": {"file": "x.csv", "scale": [5, 1]}}, "survey.scale = [5, 1]: the lowest answer must be below"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), VALUES, ids=lambda value: value[:40] if isinstance(value, str) else None)
def test_wrong_values(changes: dict[str, Any], said: str):
    assert said in refused(changes)


def interventions(**given: Any) -> list[tuple[str, str, Any]]:
    return [(kind, name, value) for kind, values in given.items() for name, value in values]


SIZES = interventions(
    frontline_training=[("gain", 2), ("hours", -1), ("fee", -1), ("every_months", 0.001), ("start", -1),
                        ("adoption", 2)],
    whole_chain_training=[("retention_gain", 5), ("border_resistance", -0.1), ("every_months", -6), ("ramp", INF)],
    process_redesign=[("success", 1.1), ("time", 0), ("spread", -1), ("dip", 99), ("hours", -1), ("dip_weeks", -1),
                      ("cost_per_stage", -1), ("delay", NAN)],
    process_simplification=[("merge", [["packing"]]), ("merge", "packing"), ("time", 0), ("errors", -1),
                            ("merge", [["packing", "pricing"]])],
    fail_safing=[("reduction", 1.5), ("compliance", -1), ("added_time", -1), ("per_week", -5), ("pools", ["x"])],
    in_process_control=[("self_check", 2), ("mean_out", 0), ("subgroup", 0), ("subgroup", 1.5), ("check_time", -1)],
    final_inspection=[("detection", 2), ("false_alarm", -1), ("time", 0), ("inspectors", 0), ("inspectors", 10**9)],
    cross_functional_team=[("retention", 2), ("detection", -1), ("skill_loss", 2), ("coordination", 1), ("cost", -1),
                           ("teams", 1), ("teams", 99)],
    case_owner=[("presence", 2), ("detection", -1), ("coordination", 1)],
    shared_knowledge=[("shared", 2)],
    employee_involvement=[("involvement", 2), ("participation", 99), ("follow_up", 2)],
    communication_campaign=[("boost", 2), ("cost", -1)],
    pressure=[("norm", 2)],
    key_account_priority=[("care_cost", -1), ("segment", "key_account")],
    acquisition=[("factor", -1), ("segment", "nobody")],
    supplier_partnership=[("lead_time", -1), ("defect", 99), ("supplier", "wholesale")],
    postponement=[("time", -1), ("to", "picing"), ("to", "enquiry")],
    continuous_improvement=[("cycle_weeks", 0), ("choose_by", "guess"), ("trial_success", 2), ("trial_effect", 0)],
    batch_reduction=[("factor", 0), ("factor", 2), ("setup_cost", -1), ("stages", ["enquiry"])],
    expectation_management=[("margin", 3), ("announced_wait_bias", -1), ("cost", -1), ("per_week", "50")],
    overpromising=[("level", 2), ("lead_time", 0), ("per_week", -1)],
    empowerment=[("discretion", 2), ("spread", -1), ("compensation", -1), ("hours", -1), ("per_recovery", -1)],
    hiring=[("count", 0), ("pool", "pakcing"), ("pool", 3), ("skill", 2), ("entry_cost", -1), ("functions", "all")],
    placebo=[("draws", 1.5)],
)  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "value"), SIZES)
def test_wrong_sizes_of_interventions(kind: str, name: str, value: Any):
    said = refused({f"scenarios.{kind}.interventions.{kind}.{name}": value}, scenario=kind)
    assert said.startswith(f"scenarios.{kind}.interventions.{kind}.")
    assert ": " in said


@pytest.mark.parametrize("kind", ["frontline_training", "process_redesign", "empowerment"])
def test_absurdly_long_absences_are_no_trouble(kind: str):
    config = with_values({f"scenarios.{kind}.interventions.{kind}.hours": 1e12}, scenario=kind)
    final = check_scenarios(settings_from(config), FACTS)[kind]
    away = final.pools["enquiry"].members["enquiry_1"].off_line
    assert len(away) == final.horizon.measured / 40  # a day in every week that is measured


# Values with which a run would not end, or end in a traceback: the blueprint has a bound for each.
EXTREMES = [
    ("ten_stage", {"system.arrivals.interval": {"kind": "gamma", "mean": 0.4, "cv": 1e10}}),  # gaps of 0, endlessly
    ("ten_stage", {"system.horizon.grid": 1e-300}),  # a negative delay
    ("order_to_delivery", {"system.segment_defaults.expectations.tolerance_exponent": 1e200}),  # overflow
    ("order_to_delivery", {"system.stage_defaults.special_cause": {"rate": 1e9, "mean_out": 1e-9}}),  # 1e9 changes an h
    ("order_to_delivery", {"system.information.clarification_time": 1e299}),  # time stands still at 1e299 h
    ("order_to_delivery", {"system.handoffs.border.delay": {"kind": "exponential", "mean": 1e299}}),
    ("help_desk", {"system.route.first_line": {"delivered": 1e-5, "first_line": 0.99999},
                   "system.stages.first_line.service.mean": 1e-6,
                   "system.arrivals.interval.mean": 10.0}),  # draws repeat after 4096 passes
    ("help_desk", {"system.pools.agents.members": {"ann": {}}, "system.pools.specialists.members": {"ann": {}},
                   "allow_unstable": True}),  # one name, two people: the second pool has no staff
]  # fmt: skip


@pytest.mark.parametrize(("system", "changes"), EXTREMES)
def test_values_that_no_run_survives(system: str, changes: dict[str, Any]):
    refused(changes, system)


@pytest.mark.parametrize("kind", ["gamma", "lognormal"])
def test_a_time_that_hardly_varies_is_fixed(kind: str):
    """1 / cv^2 would overflow: below a cv of 0.001 every visit takes the mean."""
    changes = {"system.stage_defaults.service": {"kind": kind, "mean": 0.4, "cv": 1e-170}}
    horizon = {"system.horizon": {"warm_up": 0.0, "measured": 16.0}}
    visits = simulate(checked(with_values({**changes, **horizon}, system="ten_stage")).blueprint)["visits"]
    assert len(visits) > 50
    assert np.allclose(visits["ended"] - visits["began"], 0.4, atol=1e-12)


@pytest.mark.parametrize("change", ["knock_on=3.0", "frailty=0.2"])
def test_the_claim_needs_independent_errors(change: str):
    config = compose_config(["experiment=ten_stage", f"system.knock_on.{change}"])
    with pytest.raises(InvalidInput, match=r"^system\.knock_on: the claim needs independent errors"):
        check_experiment(settings_from(config))


# -- routes --------------------------------------------------------------------------------------------------

ROUTES = [
    ({"a": {"b": 0.5, "delivered": 0.4}, "b": {"delivered": 1}}, "system.route.a = 0.9: the probabilities"),
    ({"a": {"b": 1}, "b": {"c": 1}}, "system.route.b.c = c: unknown stage"),
    ({"a": {"b": 1}, "b": {"delivred": 1}}, "did you mean delivered?"),
    ({"a": {"b": 1}}, "system.route.b: every stage needs a way out"),
    ({"a": {"b": 1}, "b": {"a": 1}}, "system.route.a: the route never ends"),
    ({"a": {"b": 1}, "b": {"b": 1, "delivered": 0}}, "the route never ends"),
    ({"a": {"b": -1, "delivered": 2}, "b": {"delivered": 1}}, f"system.route.a.b.probability = -1.0: {FROM_0_TO_1}"),
    ({"a": {"b": "x"}, "b": {"delivered": 1}}, "system.route.a.b.probability = x: must be a number"),
    ({"c": {"delivered": 1}}, "system.route.c = c: unknown stage"),
    ({"a": {"b": {"probabilty": 1}}, "b": {"delivered": 1}}, "did you mean probability?"),
]  # fmt: skip


@pytest.mark.parametrize(("route", "said"), ROUTES)
def test_wrong_routes(route: dict[str, Any], said: str):
    with pytest.raises(InvalidInput) as caught:
        build_blueprint({"stages": {"a": {}, "b": {}}, "route": route})
    assert said in one_line(caught.value)


def test_an_empty_system():
    for data, said in (({}, "system.stages: a system needs at least one stage"), ({"stages": 1}, "system.stages = 1")):
        with pytest.raises(InvalidInput) as caught:
            build_blueprint(data)
        assert said in one_line(caught.value)


# -- queues that never settle --------------------------------------------------------------------------------


def test_an_unstable_queue_is_named_and_runs_only_if_told_so():
    changes = {"system.stages.packing.service.mean": 1.2, "system.horizon": {"warm_up": 0.0, "measured": 16.0}}
    said = refused(changes)
    assert said.startswith("system.stages.packing: unstable queue: staff pool 'packing'")
    assert "utilisation 1.500" in said
    assert "allow_unstable=true" in said
    allowed = checked(with_values({**changes, "allow_unstable": True}))
    orders = simulate(allowed.blueprint, allow_unstable=True)["orders"]
    assert not np.isnan(orders["delivered"]).any()
    with pytest.raises(InvalidInput, match=r"stages\.packing: unstable queue"):
        simulate(allowed.blueprint)


def test_an_intervention_that_overloads_a_pool_is_named():
    path = "scenarios.final_inspection.interventions.final_inspection.time"
    said = refused({path: 1.0}, scenario="final_inspection")
    assert said.startswith("scenarios.final_inspection.stages.final_inspection: unstable queue")
    assert "'inspectors'" in said


def test_unstable_only_with_rework_or_leave_is_no_reason_to_refuse():
    """The check is on the load by design; the run itself ends whatever comes on top."""
    changes = {"system.stage_defaults.error.p": 1.0, "system.stage_defaults.self_check": {"detection": 1.0}}
    config = with_values({**changes, "system.horizon": {"warm_up": 0.0, "measured": 8.0}})
    assert len(simulate(checked(config).blueprint)["orders"]) > 5


# -- surveys -------------------------------------------------------------------------------------------------

HEAD = "respondent,item,dimension,expectation,perception"
GOOD = "\n".join([HEAD, *(f"ann,{d},{d},5,3" for d in DIMENSIONS)])
FILES: list[tuple[bytes, dict[str, Any], str]] = [
    (b"", {}, "expectations.survey = {path}: is empty"),
    (b" \n \n", {}, "is empty"),
    (HEAD.encode(), {}, "holds a header but no answers"),
    (b"a,b\n1,2\n", {}, "expectations.survey = respondent: no such column; the file has: a, b"),
    (b"\xff\xfe\x00\x01", {}, "is not a CSV text"),
    (b'respondent,item\n"ann,2', {}, "expectations.survey = "),
    (f"{HEAD}\nann,1,reliability,9,9".encode(), {}, "no valid answer is left after cleaning"),
    (f"{HEAD}\nann,1,reliability,x,y".encode(), {}, "no valid answer is left after cleaning"),
    (f"{HEAD}\nann,1,reliability,5,5".encode(), {}, "responsiveness"),
    (GOOD.replace("empathy", "emphaty").encode(), {}, "expectations.survey = emphaty: unknown dimension of the survey"),
    (GOOD.encode(), {"mapping": {"trust": "reliability"}}, "expectations.mapping = trust: unknown dimension"),
    (GOOD.encode(), {"mapping": {"empathy": "empaty"}}, "did you mean empathy?"),
    (GOOD.encode(), {"mapping": {"empathy": None}}, "empathy"),
    (GOOD.encode(), {"mapping": [1]}, "expectations.mapping = [1]: must be a mapping"),
    (GOOD.encode(), {"scale": [5, 1]}, "expectations.scale = [5, 1]: the lowest answer must be below the highest"),
    (GOOD.encode(), {"scale": [1, "x"]}, "expectations.scale = (1, 'x'): must be two numbers"),
    (GOOD.encode(), {"scale": 5}, "expectations.scale = 5: must be a list"),
    (GOOD.encode(), {"scales": [1, 5]}, "did you mean scale?"),
    (GOOD.encode(), {"survey": 5}, "expectations.survey = 5: must be the path"),
]


@pytest.mark.parametrize(("content", "changes", "said"), FILES)
def test_wrong_surveys(content: bytes, changes: dict[str, Any], said: str, tmp_path: Path):
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    given_changes = {f"expectations.{key}": value for key, value in {"survey": str(path), **changes}.items()}
    shown = str(path) if len(str(path)) <= 80 else str(path)[:77] + "..."
    assert said.format(path=shown) in refused(given_changes)


def test_a_survey_that_is_not_there(tmp_path: Path):
    (tmp_path / "answers.csv").write_text(GOOD)
    said = refused({"expectations.survey": str(tmp_path / "anwsers.csv")})
    assert "no such file (did you mean answers.csv?)" in said
    assert "is a folder" in refused({"expectations.survey": str(tmp_path)})
    assert "expectations.survey = /nowhere.csv" in refused({"expectations.survey": "/nowhere.csv"})
    assert fault_of("experiment=survey").startswith("survey.file")


# -- a configuration is data ---------------------------------------------------------------------------------

PLACES = [
    "", "system", "system.stages.packing", "system.stages.packing.service", "system.segments.key_accounts",
    "system.costs", "system.horizon", "system.arrivals.interval", "scenarios.fail_safing",
    "scenarios.fail_safing.interventions.fail_safing", "expectations", "system.handoffs", "system.handoffs.border",
    "system.promise",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_configuration_cannot_name_code_to_run(place: str, tmp_path: Path):
    mark = tmp_path / "ran"
    path = f"{place}._target_" if place else "_target_"
    said = refused({path: "os.system", path.replace("_target_", "_args_"): [f"touch {mark}"]}, scenario="fail_safing")
    assert f"{path}: unknown parameter" in said or place == "system.handoffs.border"  # seen at the first handoff
    assert "_target_: unknown" in said
    assert not mark.exists()


FAIL_SAFING_KIND = "scenarios.fail_safing.interventions.fail_safing.kind"


@pytest.mark.parametrize("path", ["system.name", P, FAIL_SAFING_KIND, "engine", "base"])
def test_values_are_never_evaluated(path: str, tmp_path: Path):
    mark = tmp_path / "ran"
    code = f"__import__('pathlib').Path('{mark}').touch()"
    for value in (code, f"!!python/object/apply:os.system ['touch {mark}']", {"_target_": "os.system"}):
        if path == "system.name" and isinstance(value, str):
            assert settings_from(with_values({path: value})).system == value
        else:
            assert path in refused({path: value}, scenario="fail_safing")
    assert not mark.exists()


# -- fuzz: overrides -----------------------------------------------------------------------------------------


def paths_of(node: Any, above: str = "") -> list[str]:
    if not isinstance(node, dict) or not node:
        return [above]
    below = [path for key, value in node.items() for path in paths_of(value, f"{above}.{key}" if above else str(key))]
    return [above, *below] if above else below


@cache
def real_paths(system: str, scenario: str) -> list[str]:
    return paths_of({k: v for k, v in plain(system, scenario).items() if k != "experiment"})


TEXTS = [
    "", " ", "x", "é日本", "null", "serial", "stream", "gamma", "nan", "a" * 3000, "${now:%Y}", "${oc.env:HOME}",
    "${system}", "${base}", "${nothing}", "${a", "$", "???", "{_target_: os.system}", "\x00", "a\nb", "[", "{", "'",
    "delivered", "reliability",
]  # fmt: skip
NUMBERS = [0, 1, 2, -1, 0.5, 1e-3, 3, 1e3, True, False]
HUGE = [1e9, 1e300, -1e300, 10**400, NAN, INF, -INF, 1e-9, 2**31, 2**63, -(2**63)]
SHAPES: list[Any] = [
    None, [], {}, [1], [[]], [None], {"a": 1}, {"_target_": "os.system"}, {1: 2}, {"": 0}, [0, 1, 3],
    {"kind": "gamma", "mean": 1}, {"kind": "empirical", "values": [0, 1]}, {"p": 1},
    ["packing", "packing"], [["packing", "dispatch"]],
]  # fmt: skip
VALUE = st.sampled_from(TEXTS) | st.sampled_from(NUMBERS) | st.sampled_from(HUGE) | st.sampled_from(SHAPES)
MODEST = st.sampled_from(TEXTS) | st.sampled_from(NUMBERS) | st.sampled_from(SHAPES)


def expected_visits(s: Settings) -> float:
    b = s.blueprint
    people = sum(len(pool.members) for pool in b.pools.values()) + b.arrivals.customers
    return people + order_rate(b) * b.horizon.end * max(1.0, sum(visit_ratios(b).values()))


def survives(config: Any, run: bool) -> None:
    """Nothing but `InvalidInput` may come out; what is accepted and short also runs."""
    try:
        accepted = checked(config)
        if run and expected_visits(accepted) < 4000:
            for scenario in accepted.scenarios:
                entries = timeline(accepted.blueprint, scenario, accepted.seed, 0, FACTS)
                orders = simulate(entries, accepted.seed, 0, allow_unstable=True)["orders"]
                assert not np.isnan(orders["delivered"]).any()
    except InvalidInput as fault:
        one_line(fault)


@settings(FUZZ, max_examples=60)
@given(data=st.data())
def test_fuzzed_values_are_refused_or_run(data: st.DataObject):
    system = data.draw(st.sampled_from(["order_to_delivery", "help_desk", "ten_stage"]))
    scenario = data.draw(st.sampled_from(SCENARIOS))
    run = data.draw(st.booleans())
    count = data.draw(st.integers(1, 3))
    values = MODEST if run else VALUE
    changes = {data.draw(st.sampled_from(real_paths(system, scenario))): data.draw(values) for _ in range(count)}
    short = {"system.horizon.warm_up": 0.0, "system.horizon.measured": 6.0, "system.arrivals.customers": 20}
    if system != "order_to_delivery":
        del short["system.arrivals.customers"]
    try:
        config = with_values({**(short if run else {}), **changes}, system, scenario)
    except Exception:  # such a configuration cannot even be written down (a value inside a value)
        return
    survives(config, run)


@settings(FUZZ, max_examples=20)
@given(data=st.data())
def test_fuzzed_command_lines_are_refused_or_accepted(data: st.DataObject):
    path = data.draw(st.sampled_from(real_paths("order_to_delivery", "frontline_training")))
    written = st.sampled_from([str(value) for value in [*NUMBERS, *HUGE, *SHAPES]])
    value = data.draw(st.sampled_from(TEXTS) | written | st.text(max_size=5))
    mark = data.draw(st.sampled_from(["", "", "+", "++", "~"]))
    typo = data.draw(st.sampled_from(["", "", "x", ".x"]))
    try:
        config = compose_config(["scenario=[do_nothing,frontline_training]", f"{mark}{path}{typo}={value}"])
    except InvalidInput as fault:
        one_line(fault)
        return
    survives(config, run=False)


# -- fuzz: blueprints ----------------------------------------------------------------------------------------

TIME = st.one_of(
    st.builds(lambda m: {"kind": "exponential", "mean": m}, st.floats(0.01, 2.0)),
    st.builds(lambda m: {"kind": "deterministic", "mean": m}, st.sampled_from([0.25, 0.5, 1.0, 2.0])),
    st.builds(lambda k, m, cv: {"kind": k, "mean": m, "cv": cv}, st.sampled_from(["gamma", "lognormal"]),
              st.floats(0.01, 2.0), st.just(0.0) | st.floats(0.01, 3.0)),
    st.builds(lambda v: {"kind": "empirical", "values": [*v, 0.5]}, st.lists(st.floats(0.0, 3.0), max_size=4)),
)  # fmt: skip
SHARE = st.sampled_from([0.0, 0.1, 0.5, 1.0]) | st.floats(0.0, 1.0)
CHECK = st.builds(lambda d, a: {"detection": d, "false_alarm": a}, SHARE, st.sampled_from([0.0, 0.05, 0.3]))


@st.composite
def systems(draw: st.DrawFn) -> dict[str, Any]:
    n = draw(st.integers(1, 4))
    names = [f"s{i}" for i in range(n)]
    frailty = draw(st.sampled_from([0.0, 0.2]))
    common_p = draw(SHARE) if frailty else None  # a shared frailty needs one error rate
    stages: dict[str, Any] = {}
    for name in names:
        stages[name] = {
            "pool": draw(st.sampled_from(["red", "blue"])),
            "function": draw(st.sampled_from(["f", "g"])),
            "service": draw(TIME),
            "error": {
                "p": draw(SHARE) if common_p is None else common_p, "operator_share": draw(SHARE),
                "fail_safe": draw(SHARE), "visible_share": draw(SHARE),
            },
            "self_check": draw(CHECK), "incoming_check": draw(CHECK), "inspection": draw(CHECK),
            "special_cause": {"rate": draw(st.sampled_from([0.0, 0.1, 2.0]))},
            "extra_time": draw(st.sampled_from([0.0, 0.1])),
        }  # fmt: skip
        stages[name]["onstage"] = stages[name]["moment_of_truth"] = draw(st.booleans())
    route: Any = "serial"
    if draw(st.booleans()):
        route = {}
        for i, name in enumerate(names):
            back, on = draw(st.sampled_from(names)), [*names, "delivered"][i + 1]
            p = draw(st.sampled_from([0.0, 0.25, 0.6]))
            route[name] = {back: p, on: 1 - p} if back != on else {on: 1}
    pools = {
        name: {"size": draw(st.integers(1, 3)), "skill": draw(SHARE), "discretion": draw(SHARE)}
        for name in ("red", "blue")
        if name in {stage["pool"] for stage in stages.values()}
    }
    for crew in pools.values():
        if draw(st.booleans()):
            crew["off_line"] = [[float(draw(st.integers(0, 30))), float(draw(st.integers(0, 10)))]]
    handoff = {"retention": draw(SHARE), "corruption": draw(SHARE), "delay": draw(TIME)}
    handoff["batch"] = draw(st.integers(1, 4))
    shares = draw(st.sampled_from([[1.0], [0.5, 0.5], [0.2, 0.8]]))
    orders = {"orders": draw(st.integers(1, 3)), "reorder": draw(TIME)}
    arrivals: dict[str, Any] = {"process": "stream", "interval": draw(TIME), **orders}
    if draw(st.booleans()):
        arrivals = {"process": "population", "customers": draw(st.integers(1, 8)), "interval": draw(TIME)}
    arrivals["interval"]["mean"] = max(0.3, arrivals["interval"].get("mean", 0.3))
    return {
        "stages": stages, "pools": pools, "route": route, "handoffs": {"inside": handoff, "border": handoff},
        "segments": {f"c{i}": {"share": share, "priority": i, "complexity": 1 + i} for i, share in enumerate(shares)},
        "arrivals": arrivals, "layers": draw(st.sampled_from([[0], [0, 1], [0, 3], [0, 1, 3], []])),
        "switches": dict.fromkeys(draw(st.lists(st.sampled_from(sorted(MECHANISMS)), max_size=4)), draw(st.booleans())),
        "knock_on": {"knock_on": draw(st.sampled_from([0.0, 1.0, 5.0])),
                     "rule": draw(st.sampled_from(["latched", "markov"])),
                     "frailty": frailty},
        "rework": {"failure": draw(st.sampled_from([0.0, 0.3, 0.8])), "until_right": draw(st.booleans())},
        "horizon": {"warm_up": draw(st.sampled_from([0.0, 5.0])), "measured": draw(st.sampled_from([0.5, 12.0, 30.0])),
                    "grid": draw(st.sampled_from([0.0, 0.0, 0.25, 1.0]))},
    }  # fmt: skip


@settings(FUZZ, max_examples=30)
@given(data=systems(), seed=st.integers(0, 2**62 - 1))
def test_every_small_system_runs_to_its_end(data: dict[str, Any], seed: int):
    """Conservation: every order placed is delivered once, every visit and handoff belongs to one, times ascend."""
    journal = simulate(build_blueprint(data), seed, allow_unstable=True)
    orders, visits, handoffs, errors = (journal[table] for table in ("orders", "visits", "handoffs", "errors"))
    assert (orders["delivered"] >= orders["placed"]).all()
    assert np.isfinite(orders["delivered"]).all()
    assert (visits["arrived"] <= visits["began"]).all()
    assert (visits["began"] <= visits["ended"]).all()
    assert np.array_equal(np.bincount(visits["order"], minlength=len(orders)), orders["visits"])
    assert np.array_equal(np.bincount(errors["order"], minlength=len(orders)), orders["errors"])
    last = np.full(len(orders), -np.inf)
    np.maximum.at(last, visits["order"], visits["ended"])
    assert (last <= orders["delivered"]).all()
    assert (handoffs["arrived"] >= handoffs["left"]).all()
    busy = np.zeros(len(journal.plan.staff_names))
    for member in range(len(busy)):  # nobody is in two places
        own = np.sort(visits[visits["staff"] == member], order=["began", "ended"])
        assert (own["began"][1:] >= own["ended"][:-1] - 1e-9).all()
    grid = data["horizon"]["grid"]
    if grid:
        assert np.allclose(visits["ended"] / grid, np.round(visits["ended"] / grid), atol=1e-6)
    again = simulate(build_blueprint(data), seed, allow_unstable=True)
    assert again.to_bytes() == journal.to_bytes()


def test_study_refuses_what_it_cannot_know():
    known = checked(with_values({"replications": 1}))
    with pytest.raises(InvalidInput, match="engine = warp: unknown engine"):
        run_study(replace(known, engine="warp"), lambda journal: {})
