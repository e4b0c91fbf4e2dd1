"""Composing conf/ with Hydra, and saying in one line what it refuses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from copy import deepcopy
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from sim.invalid import InvalidInput, unknown_name

CONF = Path(__file__).resolve().parent.parent / "conf"
GROUPS = ("system", "scenario", "experiment", "execution")

# Mappings whose keys are names that a configuration gives, not parameters: a wrong name there would make a new thing.
NAMED = ("system.stages", "system.segments", "system.suppliers", "scenarios")


def compose_config(overrides: Sequence[str]) -> DictConfig:
    """Compose conf/ with command-line overrides. Raises `InvalidInput` for anything that Hydra refuses.

    Composing takes a quarter of a second, so equal calls share one configuration, which cannot be changed.
    """
    return _composed(tuple(overrides), _last_change()).job


def record_composition(overrides: Sequence[str]) -> Path:
    """The folder that a run with these overrides goes to, made, with what was composed as Hydra keeps it, in .hydra/.

    What `hydra.main` does before a job, but for composing everything twice more. Raises `InvalidInput` as
    `compose_config` does, and OSError where the folder cannot be made.
    """
    from hydra.types import RunMode

    whole = deepcopy(_composed(tuple(overrides), _last_change()).whole)
    OmegaConf.clear_cache(whole)  # what time it is, for the folder's name
    OmegaConf.set_readonly(whole, False)
    OmegaConf.set_struct(whole, False)
    whole.hydra.mode = RunMode.RUN
    folder = Path(str(whole.hydra.run.dir))
    whole.hydra.runtime.output_dir = os.path.abspath(folder)
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / ".hydra"
    record.mkdir(exist_ok=True)
    OmegaConf.save(_without_hydra(whole), record / "config.yaml")
    OmegaConf.save(OmegaConf.masked_copy(whole, "hydra"), record / "hydra.yaml")
    OmegaConf.save(whole.hydra.overrides.task, record / "overrides.yaml")
    return folder.absolute()


def permit_new_parameters(overrides: Sequence[str]) -> list[str]:
    """The overrides, with "++" before those that set a parameter which no file mentions.

    Hydra refuses `system.stages.packing.error.p=0.05` unless a file spells that parameter out. Every parameter is
    checked after composing anyway, so it may be set - but not a new stage, segment or scenario by a slip of the pen.
    """
    if all(_path(override) in _top_level() for override in overrides):
        return list(overrides)
    try:
        return list(_composed(tuple(overrides), _last_change()).overrides)
    except InvalidInput:  # what several runs are made of (--multirun) cannot be composed, but looked up
        return _permitted_all(overrides)


class Composed(NamedTuple):
    """`overrides` as they can be used; the `whole` configuration, Hydra's own part included; that of the `job`."""

    overrides: tuple[str, ...]
    whole: DictConfig
    job: DictConfig


@lru_cache(maxsize=16)
def _composed(overrides: tuple[str, ...], changed: tuple[int, int]) -> Composed:
    """What these overrides compose to. `changed`: state of conf/, which the cache follows."""
    try:
        whole = _compose(overrides)
    except InvalidInput:
        permitted = tuple(_permitted_all(overrides))
        if permitted == overrides:
            raise
        overrides, whole = permitted, _compose(permitted)
    job = _without_hydra(whole)
    OmegaConf.set_readonly(job, True)
    return Composed(overrides, whole, job)


def _without_hydra(whole: DictConfig) -> DictConfig:
    return OmegaConf.masked_copy(whole, [str(key) for key in whole if key != "hydra"])


def _permitted_all(overrides: Sequence[str]) -> list[str]:
    groups = tuple(o for o in overrides if _path(o) in GROUPS and not o.startswith("~"))
    try:
        base = _plain(groups, _last_change())
    except InvalidInput:
        if any("," in o.partition("=")[2].split("[")[0] for o in groups):  # a sweep over groups (--multirun)
            base = _plain((), _last_change())
        else:
            raise
    return [_permitted(override, base) for override in overrides]


@lru_cache(maxsize=64)
def _plain(groups: tuple[str, ...], changed: tuple[int, int]) -> Any:
    """What these groups compose to, to look names up in."""
    return OmegaConf.to_container(_without_hydra(_compose(groups)), resolve=False)


def _last_change() -> tuple[int, int]:
    """Number of files in conf/, and when the youngest of them was written (ns)."""
    times = [path.stat().st_mtime_ns for path in CONF.rglob("*.yaml")]
    return len(times), max(times)


@cache
def _top_level() -> frozenset[str]:
    return frozenset([*GROUPS, *map(str, OmegaConf.load(CONF / "config.yaml"))])


def _permitted(override: str, base: Any) -> str:
    path = _path(override)
    if not path or override[:1] in "+~" or "=" not in override or path in GROUPS or path.startswith("hydra"):
        return override
    walked: list[str] = []
    node: Any = base
    for part in path.split("."):
        where = ".".join(walked)
        if not isinstance(node, dict):
            if node is None:
                break
            raise InvalidInput(path, None, f"'{where}' is a value and has no parts")
        if part not in node:
            if not walked or where in NAMED or where.endswith(".interventions"):
                raise _unknown(".".join([*walked, part]), part, node)
            break
        walked.append(part)
        node = node[part]
    else:
        return override
    return f"++{override}"


def _unknown(where: str, name: str, known: Iterable[str]) -> InvalidInput:
    fault = unknown_name(where, name, known)
    return InvalidInput(where, None, fault.allowed, fault.hint or f"write +{where}=... to add it")


def _path(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _compose(overrides: Sequence[str]) -> DictConfig:
    from hydra import compose, initialize_config_dir  # a third of a second, which a worker does not need
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), job_name="run", version_base="1.3"):
            return compose("config", overrides=list(overrides), return_hydra_config=True)
    except Exception as fault:  # Hydra, OmegaConf and YAML raise many kinds; whatever it is, the input is at fault
        refused = explain(fault, overrides)
    finally:
        GlobalHydra.instance().clear()
    raise refused  # here it does not drag Hydra's own along, which cannot be sent between processes


def explain(fault: Exception, overrides: Sequence[str]) -> InvalidInput:
    """What Hydra, OmegaConf or YAML refused, in one line, with the nearest valid name where a name was wrong."""
    for override in overrides:
        group, _, value = override.lstrip("+~").partition("=")
        if group in GROUPS:
            known = sorted(p.stem for p in (CONF / group).glob("*.yaml"))
            for name in filter(None, (part.strip(" '\"") for part in value.strip("[]").split(","))):
                if name not in known:
                    return unknown_name(group, name, known, group)
    text = " ".join(line.strip() for line in str(fault).splitlines() if line.strip()) or type(fault).__name__
    text = text.split(" Available options")[0].split(" See https")[0]
    where = next((_path(o) for o in overrides if _path(o) and _path(o) in text), "command line")
    return InvalidInput(where, None, text[:300])
