"""From a composed configuration to checked settings: the only place where DictConfig becomes dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from scenarios.build import build, convert
from scenarios.compose import compose_config
from scenarios.execution import Execution
from scenarios.scenario import Scenario, build_scenario
from scenarios.survey_settings import SurveySettings
from scenarios.system import build_blueprint
from sim.blueprint import DIMENSIONS, Blueprint
from sim.invalid import InvalidInput, require, require_known, unknown_name
from sim.simulate import ENGINES, JOURNALS

EXPERIMENTS = (
    "compare", "factorial", "starting_points", "output_checks", "ten_stage", "survey", "trace", "sweep", "decide",
    "diagnose", "claims", "compounding", "report", "teach", "animate",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Everything a study needs, checked. `plain` is the composed configuration as plain data (for the manifest)."""

    experiment: str
    system: str
    blueprint: Blueprint
    scenarios: tuple[Scenario, ...]
    base: str
    replications: int
    seed: int
    execution: Execution
    engine: str
    allow_unstable: bool
    journal: str = "full"
    survey: SurveySettings | None = None
    ten_stage: Mapping[str, Any] = field(default_factory=dict)
    trace: Mapping[str, Any] = field(default_factory=dict)
    factorial: Mapping[str, Any] = field(default_factory=dict)
    starting_points: Mapping[str, Any] = field(default_factory=dict)
    output_checks: Mapping[str, Any] = field(default_factory=dict)
    sweep: Mapping[str, Any] = field(default_factory=dict)
    decide: Mapping[str, Any] = field(default_factory=dict)
    diagnose: Mapping[str, Any] = field(default_factory=dict)
    claim: tuple[str, ...] | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    compounding: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    run: str | None = None
    teach: Mapping[str, Any] = field(default_factory=dict)
    animate: Mapping[str, Any] = field(default_factory=dict)
    plain: Mapping[str, Any] = field(default_factory=dict)

    @property
    def controls(self) -> tuple[str, ...]:
        """The negative controls among the scenarios."""
        return tuple(s.name for s in self.scenarios if s.is_control)


_KEYS = {
    "experiment", "system", "scenarios", "base", "replications", "seed", "n_jobs", "execution", "engine", "journal",
    "allow_unstable", "expectations", "survey", "ten_stage", "trace", "factorial", "starting_points", "output_checks",
    "sweep", "decide", "diagnose", "claim", "claims", "compounding",
    "report", "run", "teach", "animate",
}  # fmt: skip


def settings_from(config: DictConfig) -> Settings:
    """Checked settings from a composed configuration. Raises `InvalidInput` with the path of the first fault."""
    try:
        plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as fault:
        key = getattr(fault, "full_key", None) or "configuration"
        raise InvalidInput(str(key), None, str(fault).splitlines()[0]) from None
    assert isinstance(plain, dict)
    plain.pop("hydra", None)
    data: dict[str, Any] = {str(k): v for k, v in plain.items()}
    require_known("", data, _KEYS)
    experiment = data.get("experiment")
    if experiment not in EXPERIMENTS:
        raise unknown_name("experiment", experiment, EXPERIMENTS, "experiment")
    require(isinstance(data.get("system"), dict), "system", data.get("system"), "must be a mapping: choose system=NAME")
    blueprint = with_survey(build_blueprint(data["system"]), data.get("expectations"))
    scenarios = _scenarios(data.get("scenarios"))
    numbers = {name: _whole(data, name, low) for name, low in (("replications", 1), ("seed", 0))}
    engine = data.get("engine")
    if not isinstance(engine, str) or engine not in ENGINES:
        raise unknown_name("engine", engine, ENGINES, "engine")
    journal = data.get("journal", "full")
    if not isinstance(journal, str) or journal not in JOURNALS:
        raise unknown_name("journal", journal, JOURNALS, "kind of journal")
    base = str(data.get("base"))
    names = [s.name for s in scenarios]
    if base not in names:
        raise InvalidInput("base", base, f"must be one of the selected scenarios: {', '.join(names) or 'none'}")
    return Settings(
        experiment=str(experiment),
        system=str(blueprint.name),
        blueprint=blueprint,
        scenarios=scenarios,
        base=base,
        execution=_execution(data),
        engine=str(engine),
        journal=str(journal),
        allow_unstable=convert(bool, data.get("allow_unstable", False), "allow_unstable"),
        survey=_survey(data.get("survey")),
        ten_stage=_section(data, "ten_stage"),
        trace=_section(data, "trace"),
        factorial=_section(data, "factorial"),
        starting_points=_section(data, "starting_points"),
        output_checks=_section(data, "output_checks"),
        sweep=_section(data, "sweep"),
        decide=_section(data, "decide"),
        diagnose=_section(data, "diagnose"),
        claim=_claim(data.get("claim")),
        claims=_section(data, "claims"),
        compounding=_section(data, "compounding"),
        report=_section(data, "report"),
        run=_folder(data.get("run")),
        teach=_section(data, "teach"),
        animate=_section(data, "animate"),
        plain=data,
        **numbers,
    )


def _section(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name) or {}
    require(isinstance(value, Mapping), name, value, "must be a mapping of names to values")
    return dict(value)


def _folder(value: object) -> str | None:
    require(value is None or (isinstance(value, str) and value != ""), "run", value, "must be the folder of a run")
    return None if value is None else str(value)


def _claim(value: object) -> tuple[str, ...] | None:
    """Ids of the claims to try; None for all. One id may stand without brackets."""
    if value is None or isinstance(value, str):
        return None if value is None else (value,)
    listed = isinstance(value, (list, tuple)) and len(value) > 0
    require(listed, "claim", value, "must be a list of ids, e.g. claim=[C01,C03]; leave it out for all")
    assert isinstance(value, (list, tuple))
    return tuple(str(name) for name in value)


def _execution(data: Mapping[str, Any]) -> Execution:
    given = _section(data, "execution")
    require_known("execution", given, ("backend", "scheduler"))
    n_jobs = _whole(data, "n_jobs", -1)
    require(n_jobs != 0, "n_jobs", 0, "must be a number of workers, or -1 for one per core")
    return build(Execution, {**given, "n_jobs": n_jobs}, "execution")


_HIGHEST = {"replications": 1_000_000, "seed": 2**62 - 1, "n_jobs": 1024}


def _whole(data: Mapping[str, Any], name: str, low: int) -> int:
    value: int = convert(int, data.get(name), name)
    high = _HIGHEST[name]
    require(low <= value <= high, name, value, f"must be a whole number from {low} to {high}")
    return value


def _scenarios(data: object) -> tuple[Scenario, ...]:
    require(isinstance(data, Mapping) and len(data) > 0, "scenario", None, "select at least one: scenario=[do_nothing]")
    assert isinstance(data, Mapping)
    return tuple(build_scenario(str(name), values) for name, values in data.items())


def _survey(data: object) -> SurveySettings | None:
    if data is None:
        return None
    require(isinstance(data, Mapping), "survey", data, "must be a mapping: survey.file=PATH")
    assert isinstance(data, Mapping)
    require_known("survey", data, ["file", "scale", "columns", "wide", "weights", "drop_straight_lining"])
    require(
        isinstance(data.get("file"), str),
        "survey.file",
        data.get("file"),
        "give the path of the survey: survey.file=PATH",
    )
    require(
        isinstance(data.get("scale"), (list, tuple)), "survey.scale", data.get("scale"), "must be a list [low, high]"
    )
    given = {k: v for k, v in data.items() if v is not None}
    given["scale"] = tuple(given["scale"])
    return SurveySettings(**given)


def with_survey(blueprint: Blueprint, data: object) -> Blueprint:
    """The blueprint with every segment's desired expectations drawn from a survey, if one is named."""
    if data is None:
        return blueprint
    require(isinstance(data, Mapping), "expectations", data, "must be a mapping: expectations.survey=PATH")
    assert isinstance(data, Mapping)
    require_known("expectations", data, ["survey", "scale", "mapping"])
    path = data.get("survey")
    if path is None:
        return blueprint
    require(isinstance(path, str), "expectations.survey", path, "must be the path of a CSV file")
    scale = data.get("scale", (1, 5))
    require(isinstance(scale, (list, tuple)), "expectations.scale", scale, "must be a list [low, high]")
    mapping = data.get("mapping")
    require(mapping is None or isinstance(mapping, Mapping), "expectations.mapping", mapping, "must be a mapping")
    from scenarios.survey import desired_rows, read_survey  # pandas takes half a second

    try:
        survey = read_survey(SurveySettings(file=path, scale=tuple(scale)))
    except InvalidInput as fault:
        where = "scale" if fault.where == "survey.scale" else "survey"
        raise InvalidInput(f"expectations.{where}", fault.value, fault.allowed, fault.hint) from None
    rows = desired_rows(survey, DIMENSIONS, mapping)
    segments = {
        name: replace(s, expectations=replace(s.expectations, survey_rows=rows))
        for name, s in blueprint.segments.items()
    }
    return replace(blueprint, segments=segments)


def require_full_journal(settings: Settings) -> None:
    """Raise `InvalidInput` where an experiment that looks at single orders is to keep summaries only."""
    allowed = f"must be full: experiment={settings.experiment} looks at single orders"
    require(settings.journal == "full", "journal", settings.journal, allowed)


def load_blueprint(name: str, overrides: Sequence[str] = ()) -> Blueprint:
    """A shipped (or own) system of conf/system by name, with overrides as on the command line.

    Example: ``load_blueprint("ten_stage", ["system.stage_defaults.error.p=0.02"])``. Raises `InvalidInput`.
    """
    config = compose_config([f"system={name}", "scenario=[do_nothing]", *overrides])
    return settings_from(config).blueprint
