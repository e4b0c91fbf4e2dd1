"""Every YAML of conf/ composes, builds and runs, and says the same as the functions it sets."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scenarios.compose import CONF, compose_config
from scenarios.config import EXPERIMENTS as KNOWN_EXPERIMENTS
from scenarios.config import Settings, load_blueprint, settings_from
from scenarios.interventions import find, known_interventions
from scenarios.scenario import Programme, Scenario, timeline
from scenarios.study import check_scenarios
from sim.blueprint import DIMENSIONS, Horizon
from sim.invalid import InvalidInput
from sim.plan_rows import margin
from sim.simulate import simulate
from sim.switches import MECHANISMS, apply_switches
from sim.traffic import on_shift, order_rate, utilisation, visit_ratios


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


SYSTEMS, SCENARIOS, EXPERIMENTS = names("system"), names("scenario"), names("experiment")
FACTS = {"delivered": 0.8, "lead_time_p80": 20.0}
REQUIRED = {  # the scenarios that the library must offer
    "batch_reduction", "communication_campaign", "continuous_improvement", "cross_functional_team", "do_nothing",
    "employee_involvement", "empowerment", "expectation_management", "fail_safing", "final_inspection",
    "frontline_training", "hiring", "in_process_control", "key_account_priority", "overpromising", "placebo",
    "process_redesign", "process_simplification", "supplier_partnership", "whole_chain_training",
    # beyond model.md section 4
    "acquisition", "case_owner", "postponement", "pressure", "shared_knowledge", "tampering",
}  # fmt: skip
COUNTERFACTUAL = {  # nobody's programme, so without a file of its own: what a diagnosis takes out
    "remove_absence", "remove_batching", "remove_handoff_delays", "remove_information_loss", "remove_load_effects",
    "remove_low_morale", "remove_operator_errors", "remove_over_promise", "remove_rework_failures",
    "remove_skill_gaps", "remove_special_causes", "remove_supplier_defects", "remove_supply_time",
    "remove_system_errors",
}  # fmt: skip
PROGRAMMES = {  # scenarios of several interventions, each as in the file of its name
    "training_with_redesign": ["frontline_training", "process_redesign"],
    "people_first": ["employee_involvement", "whole_chain_training", "empowerment"],
    "process_first": ["process_redesign", "fail_safing", "in_process_control"],
    "expectations_first": ["expectation_management", "key_account_priority"],
    "relationships_first": ["key_account_priority", "shared_knowledge", "case_owner", "supplier_partnership"],
    "everything": [
        "employee_involvement", "whole_chain_training", "process_redesign", "in_process_control",
        "expectation_management", "empowerment", "key_account_priority", "shared_knowledge", "supplier_partnership",
    ],
}  # fmt: skip


@cache
def everything_on(system: str) -> Settings:
    return settings_from(compose_config([f"system={system}", f"scenario=[{','.join(SCENARIOS)}]"]))


def scenario_of(name: str) -> Scenario:
    return next(s for s in everything_on("order_to_delivery").scenarios if s.name == name)


@cache
def composed(*overrides: str) -> Settings:
    return settings_from(compose_config(overrides))


def test_the_library_is_complete():
    assert set(SCENARIOS) >= REQUIRED | set(PROGRAMMES)
    assert {s.name for s in everything_on("order_to_delivery").scenarios if len(s.programmes) > 1} == set(PROGRAMMES)
    assert set(known_interventions()) == (REQUIRED - {"do_nothing"}) | COUNTERFACTUAL
    assert set(SYSTEMS) >= {"ten_stage", "order_to_delivery", "help_desk", "professional_services"}
    assert set(EXPERIMENTS) == set(KNOWN_EXPERIMENTS)


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_says_what_it_is(path: Path):
    """A comment at the head, and the evidence of a system's or scenario's numbers."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("# @package")]
    assert lines[0].startswith("# ")
    if path.parent.name == "system":
        assert "grade" in path.read_text() or "(A)" in path.read_text()
    if path.parent.name == "scenario":
        assert f"# @package scenarios.{path.stem}\n" in path.read_text()
        assert scenario_of(path.stem).description


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_builds(experiment: str, survey_file: str):
    needed = [f"survey.file={survey_file}"] if experiment == "survey" else []
    settings = settings_from(compose_config([f"experiment={experiment}", *needed]))
    assert settings.experiment == experiment
    assert settings.scenarios[0].name == settings.base == "do_nothing"
    check_scenarios(settings, FACTS)
    system = "ten_stage" if experiment in ("ten_stage", "compounding") else "order_to_delivery"
    assert settings.system == system


def test_the_main_job_is_the_default_and_compares_six_with_the_base():
    assert composed().experiment == "compare"
    assert [s.name for s in composed().scenarios] == [
        "do_nothing", "frontline_training", "process_redesign", "in_process_control", "final_inspection",
        "expectation_management", "empowerment",
    ]  # fmt: skip


# -- every system with every scenario ------------------------------------------------------------------------

NO_MOMENT, NO_BATCH = "covers no stage of this system", "no handoff in scope has a batch above 1"
NO_SUPPLIER, ONE_SEGMENT = "there is no supplier at arm's length", "all customers are of one segment"
NO_FORM, NO_PROSPECTS = "no stage configures orders", "has no prospects to multiply"
REFUSED = {
    ("ten_stage", "frontline_training"): NO_MOMENT,
    ("ten_stage", "empowerment"): NO_MOMENT,
    ("ten_stage", "training_with_redesign"): NO_MOMENT,
    ("ten_stage", "people_first"): NO_MOMENT,
    ("ten_stage", "everything"): NO_MOMENT,
    ("ten_stage", "batch_reduction"): NO_BATCH,
    ("ten_stage", "supplier_partnership"): NO_SUPPLIER,
    ("ten_stage", "key_account_priority"): ONE_SEGMENT,
    ("ten_stage", "expectations_first"): ONE_SEGMENT,
    ("ten_stage", "relationships_first"): ONE_SEGMENT,
    ("ten_stage", "postponement"): NO_FORM,
    ("ten_stage", "acquisition"): NO_PROSPECTS,
    ("professional_services", "batch_reduction"): NO_BATCH,
    ("help_desk", "batch_reduction"): NO_BATCH,
    ("help_desk", "supplier_partnership"): NO_SUPPLIER,
    ("help_desk", "relationships_first"): NO_SUPPLIER,
    ("help_desk", "everything"): NO_SUPPLIER,
    ("help_desk", "postponement"): NO_FORM,
    ("help_desk", "acquisition"): NO_PROSPECTS,
    ("help_desk", "process_simplification"): "no two neighbouring backstage stages",
    ("help_desk", "final_inspection"): "staff pool 'inspectors' (stages final_inspection) has utilisation 6.000",
}


def in_a_day(scenario: Scenario) -> Scenario:
    """The scenario with its effects setting in after an hour."""
    return replace(scenario, programmes=tuple(replace(p, delay=1.0) for p in scenario.programmes))


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_scenario_runs_on_every_system_or_says_why_not(system: str, scenario: str):
    settings = everything_on(system)
    chosen = next(s for s in settings.scenarios if s.name == scenario)
    hours = 240.0 if system == "professional_services" else 12.0  # for a dozen orders
    base = replace(settings.blueprint, horizon=Horizon(0.0, hours))
    tiny = replace(settings, blueprint=base, scenarios=(in_a_day(chosen),), base="other")
    if (system, scenario) in REFUSED:
        with pytest.raises(InvalidInput) as caught:
            check_scenarios(tiny, FACTS)
        message = str(caught.value)
        assert message.startswith(f"scenarios.{scenario}.")
        assert REFUSED[system, scenario] in message
        assert "\n" not in message
        return
    final = check_scenarios(tiny, FACTS)[scenario]
    assert (final == base) == (scenario in ("do_nothing", "placebo"))
    orders = simulate(timeline(base, tiny.scenarios[0], 1, 0, FACTS))["orders"]
    assert len(orders) > 5
    assert ((orders["delivered"] >= orders["placed"]) | (orders["abandoned"] >= orders["placed"])).all()
    check_scenarios(replace(settings, scenarios=(chosen,), base="other"), FACTS)  # over its full horizon, too


# -- the YAML and the function agree -------------------------------------------------------------------------

# Timing that a scenario sets on purpose; everything else in its YAML must be the function's own default.
TIMING = {f for f in Programme.__dataclass_fields__ if f not in ("name", "kind", "parameters")}
DELAYS = {
    "frontline_training": 80.0, "whole_chain_training": 80.0, "process_redesign": 320.0, "fail_safing": 80.0,
    "process_simplification": 160.0, "in_process_control": 40.0, "final_inspection": 40.0, "empowerment": 40.0,
    "hiring": 80.0, "cross_functional_team": 160.0, "employee_involvement": 40.0, "supplier_partnership": 160.0,
    "case_owner": 80.0, "shared_knowledge": 80.0, "postponement": 160.0,
}  # fmt: skip


ACROSS_FUNCTIONS = {
    "process_redesign", "whole_chain_training", "in_process_control", "fail_safing", "employee_involvement",
    "shared_knowledge",
}  # fmt: skip


@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS) - {"do_nothing"}))
def test_yaml_and_function_have_the_same_defaults(scenario: str):
    for programme in scenario_of(scenario).programmes:
        known = find(programme.kind, "").parameters
        assert dict(programme.parameters) == {name: default for name, (_, default) in known.items()}
        assert programme.delay == DELAYS.get(programme.kind, 0.0)
        assert programme.ramp == (600.0 if programme.kind == "hiring" else 0.0)
        assert programme.fade == (160.0 if programme.kind == "communication_campaign" else 0.0)
        resistance = 0.1 if programme.kind in ACROSS_FUNCTIONS else 0.0
        timing = {"delay": programme.delay, "ramp": programme.ramp, "fade": programme.fade}
        plain = Programme("x", "x", border_resistance=resistance, **timing)
        assert {t: getattr(programme, t) for t in TIMING} == {t: getattr(plain, t) for t in TIMING}


@pytest.mark.parametrize("name", PROGRAMMES)
def test_a_programme_is_its_members(name: str):
    members = [p for member in PROGRAMMES[name] for p in scenario_of(member).programmes]
    assert list(scenario_of(name).programmes) == members


def test_one_member_of_a_programme_may_be_set_apart():
    path = "scenarios.people_first.interventions.empowerment.hours"
    settings = composed("scenario=[do_nothing,empowerment,people_first]", f"{path}=4")
    programmes = [(s.name, p) for s in settings.scenarios for p in s.programmes if p.kind == "empowerment"]
    hours = {name: programme.parameters["hours"] for name, programme in programmes}
    assert hours == {"empowerment": 8.0, "people_first": 4.0}


# -- selecting and overriding --------------------------------------------------------------------------------


def test_scenarios_come_in_the_order_given():
    settings = composed("scenario=[placebo,do_nothing,hiring]", "base=do_nothing")
    assert [s.name for s in settings.scenarios] == ["placebo", "do_nothing", "hiring"]
    assert [s.name for s in composed("scenario=do_nothing").scenarios] == ["do_nothing"]


def test_the_command_line_wins_over_the_experiment():
    settings = composed("experiment=ten_stage", "system=help_desk", "replications=3")
    assert (settings.system, settings.replications) == ("help_desk", 3)


def test_one_override_changes_one_parameter_of_an_intervention():
    path = "scenarios.frontline_training.interventions.frontline_training"
    settings = composed("scenario=[do_nothing,frontline_training]", f"{path}.hours=8", f"{path}.ramp=40")
    (programme,) = settings.scenarios[1].programmes
    (usual,) = scenario_of("frontline_training").programmes
    assert programme == replace(usual, ramp=40.0, parameters={**usual.parameters, "hours": 8.0})
    away = check_scenarios(settings, {})["frontline_training"].pools["enquiry"].members["enquiry_1"].off_line
    assert [hours for _, hours in away] == [8.0]


def test_an_intervention_may_be_added_under_another_name():
    added = "{early:{kind:hiring},late:{kind:hiring,start:40,pool:packing}}"
    settings = composed("scenario=[do_nothing]", f"+scenarios.twice.interventions={added}")
    early, late = settings.scenarios[1].programmes
    assert (early.name, early.kind, late.start, late.parameters["pool"]) == ("early", "hiring", 40.0, "packing")


def test_one_override_changes_one_stage():
    """Also where the file leaves the parameter to the defaults of all stages."""
    base = load_blueprint("order_to_delivery")
    changed = load_blueprint("order_to_delivery", ["system.stages.packing.error.p=0.05"])
    packing = replace(base.stages["packing"], error=replace(base.stages["packing"].error, p=0.05))
    assert changed == replace(base, stages={**base.stages, "packing": packing})


def test_load_blueprint_is_the_system_by_name():
    assert load_blueprint("help_desk") == everything_on("help_desk").blueprint
    assert [everything_on(name).blueprint.name for name in SYSTEMS] == SYSTEMS
    assert load_blueprint("ten_stage", ["system.stage_defaults.error.p=0.02"]).stages["stage_07"].error.p == 0.02


def test_layers_and_switches_from_the_command_line():
    base = everything_on("order_to_delivery").blueprint
    flow = load_blueprint("order_to_delivery", ["system.layers=[0]"])
    assert apply_switches(flow) != apply_switches(base)
    assert all(s.self_check.detection == 0 for s in apply_switches(flow).stages.values())
    off = load_blueprint("order_to_delivery", ["system.switches={halo:false,batching:false}"])
    assert off == replace(base, switches={"halo": False, "batching": False})
    assert apply_switches(off).perception.halo == 0.0
    assert {w.batch for ways in apply_switches(off).route.values() for w in ways.values()} == {1}
    assert apply_switches(off).perception.assimilation == base.perception.assimilation
    assert {layer for layer, _ in MECHANISMS.values()} <= set(base.layers)


# -- expectations from a survey ------------------------------------------------------------------------------


def survey_csv(answers: dict[str, dict[str, float]]) -> str:
    rows = [f"{who},{d}1,{d},{x},3" for who, given in answers.items() for d, x in given.items()]
    return "\n".join(["respondent,item,dimension,expectation,perception", *rows]) + "\n"


@pytest.fixture
def survey_file(tmp_path: Path) -> str:
    path = tmp_path / "answers.csv"
    answers = {"ann": dict.fromkeys(DIMENSIONS, 5), "bob": dict(zip(DIMENSIONS, (5, 4, 3, 4, 2), strict=True))}
    path.write_text(survey_csv(answers))
    return str(path)


def test_a_survey_replaces_desired_levels_and_nothing_else(survey_file: str):
    base, changed = (load_blueprint("help_desk", given) for given in ([], [f"expectations.survey={survey_file}"]))
    rows = ((1.0, 1.0, 1.0, 1.0, 1.0), (1.0, 0.75, 0.5, 0.75, 0.25))  # (x - 1) / 4
    for name, segment in base.segments.items():
        assert changed.segments[name] == replace(segment, expectations=replace(segment.expectations, survey_rows=rows))
    assert replace(changed, segments=base.segments) == base


def test_customers_desire_what_respondents_said(survey_file: str):
    steady = "system.segment_defaults.expectations.ratchet=0"
    system = load_blueprint("help_desk", [f"expectations.survey={survey_file}", steady])
    journal = simulate(replace(system, horizon=Horizon(0.0, 8.0)))
    seen = {tuple(row) for row in journal["orders"]["desired"].tolist()}
    assert seen == {(1.0, 1.0, 1.0, 1.0, 1.0), (1.0, 0.75, 0.5, 0.75, 0.25)}


def test_other_scales_and_dimensions_are_mapped(tmp_path: Path):
    path = tmp_path / "own.csv"
    own = {"trust": 7, "speed": 4, "Assurance": 1, "EMPATHY": 4, "looks": 5.5, "price": 2}
    path.write_text(survey_csv({"ann": own}))
    mapping = "{trust:reliability,speed:responsiveness,looks:tangibles,price:null}"
    given = [f"expectations.survey={path}", "expectations.scale=[1,7]", f"expectations.mapping={mapping}"]
    segment = load_blueprint("help_desk", given).segments["premium"]
    assert segment.expectations.survey_rows == ((1.0, 0.5, 0.0, 0.5, 0.75),)


# -- what theory says of the shipped systems -----------------------------------------------------------------


def test_ten_stage_is_the_paper_s_example():
    system = load_blueprint("ten_stage")
    assert order_rate(system) == pytest.approx(2.5)
    assert visit_ratios(system) == pytest.approx(dict.fromkeys(system.stages, 1.0))
    assert utilisation(system) == pytest.approx(dict.fromkeys(system.pools, 0.75))
    assert {len(pool.members) for pool in system.pools.values()} == {2}
    right = 1.0
    for stage in apply_switches(system).stages.values():
        right *= 1.0 - stage.error.p
    assert 1.0 - right == pytest.approx(0.0956179250, abs=1e-10)
    rho, load = 0.75, 1.5  # Erlang C for two members: waiting 0.7714286 h a stage, lead time 13.7142857 h
    wait = load**2 / 2 / (1 - rho) / (1 + load + load**2 / 2 / (1 - rho)) * 0.6 / (2 * (1 - rho))
    assert (wait, 10 * (wait + 0.6)) == pytest.approx((0.7714286, 13.7142857), abs=1e-7)


def test_the_other_systems_are_as_busy_as_they_say():
    chain, desk, experts = (load_blueprint(n) for n in ("order_to_delivery", "help_desk", "professional_services"))
    assert utilisation(chain) == pytest.approx(dict.fromkeys(chain.pools, 0.75))
    assert order_rate(experts) == pytest.approx(60 / 480)
    assert all(0.72 <= value <= 0.76 for value in utilisation(experts).values())
    assert order_rate(desk) == pytest.approx(60.0)
    assert all(0.65 <= value <= 0.82 for value in utilisation(desk).values())
    # second = .4 + .1 third, third = .25 second: 0.4 / 0.975; all of these close with a call
    assert visit_ratios(desk) == pytest.approx(
        {"first_line": 1.0, "second_line": 0.4 / 0.975, "third_line": 0.1 / 0.975, "closing_call": 0.4}
    )


def test_the_money_of_the_reference_firm():
    """Average price 300 cu and margin 110 cu an order (model.md 2.10), half of the margin from key accounts."""
    firm = load_blueprint("order_to_delivery")
    shares = {name: s.share for name, s in firm.segments.items()}
    margins = {name: margin(firm, s) for name, s in firm.segments.items()}
    assert shares == {"key_accounts": 0.2, "businesses": 0.8}
    assert sum(s.share * s.price for s in firm.segments.values()) == pytest.approx(300.0)
    assert sum(shares[n] * margins[n] for n in shares) == pytest.approx(110.0)
    assert shares["key_accounts"] * margins["key_accounts"] == pytest.approx(55.0)


def test_the_help_desk_is_staffed_by_the_hour():
    """Agents at work in the first three hours of Monday and of Tuesday, in the middle and at the end of a day."""
    desk = load_blueprint("help_desk")
    agents = desk.pools["agents"]

    def at_work(hour: float) -> int:
        return sum(any(a <= hour < b for a, b in m.shifts) for m in agents.members.values())

    assert [at_work(h) for h in (0.5, 2.5, 5.5, 7.5, 8.5, 10.5, 39.5)] == [14, 18, 18, 14, 12, 16, 12]
    assert on_shift(desk, agents) == pytest.approx(8 + 8 * 0.75 + 2 * 0.2)
    profile = desk.arrivals.profile
    assert (len(profile), sum(profile) / len(profile)) == (40, pytest.approx(1.0))
    assert profile[2] == max(profile) == pytest.approx(1.3 * 1.2)


def test_composed_settings_are_plain(survey_file: str):
    """What goes into the manifest is data, with nothing of the composing library left in it."""

    def kinds(value: Any) -> set[type]:
        if isinstance(value, dict):
            return {dict}.union(*map(kinds, value.values()))
        if isinstance(value, list):
            return {list}.union(*map(kinds, value))
        return {type(value)}

    assert kinds(composed().plain) <= {dict, list, str, int, float, bool, type(None)}


def test_where_the_shipped_systems_are_inspected():
    """Before the last contact where all orders come from backstage; at delivery where most never go there."""
    final = {}
    for system in ("order_to_delivery", "help_desk"):
        settings = everything_on(system)
        chosen = next(s for s in settings.scenarios if s.name == "final_inspection")
        final[system] = timeline(settings.blueprint, chosen, 1, 0, FACTS)[-1][1]
        assert visit_ratios(final[system])["final_inspection"] == pytest.approx(1.0, abs=1e-12)
    firm, desk = final["order_to_delivery"].route, final["help_desk"].route
    assert (list(firm["dispatch"]), list(firm["final_inspection"])) == (["final_inspection"], ["delivery"])
    assert firm["final_inspection"]["delivery"].batch == 4
    assert list(desk["final_inspection"]) == ["delivered"]
    assert {s for s, ways in desk.items() if "final_inspection" in ways} == {"first_line", "closing_call"}
