"""A study (scenarios x replications) as it is kept for redrawing, and as it is made again from that."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_type_hints

from analysis.past_runs.kept import keep, restore
from analysis.past_runs.redraw import Past, read_kpis
from scenarios.config import Settings
from scenarios.study import Study, check_scenarios

_APART = ("kpis", "blueprints")  # the former is kpis.csv, the latter follow from the configuration


def keep_study(study: Study) -> dict[str, Any]:
    """Everything but the table of kpis.csv and the systems, as JSON."""
    return {f.name: keep(getattr(study, f.name)) for f in fields(study) if f.name not in _APART}


def study_again(past: Past, settings: Settings) -> Study:
    """The study of a past run whose scenarios are those of `settings`. Raises `InvalidInput` for what does not fit."""
    names = [f.name for f in fields(Study) if f.name not in _APART]
    content = past.content
    if not isinstance(content, dict) or sorted(content) != sorted(names):
        raise past.refuse("has other contents than this version keeps")
    hints = get_type_hints(Study)
    found = {name: restore(hints[name], content[name], name) for name in names}
    study = Study(read_kpis(past), blueprints=check_scenarios(settings, found["facts"]), **found)
    return _fitting(past, study)


def _fitting(past: Past, study: Study) -> Study:
    """Refuse where tables speak of other scenarios, or series have other shapes, than the configuration says."""
    names = list(study.blueprints)
    if list(dict.fromkeys(study.kpis["scenario"])) != names:
        raise past.refuse("kpis.csv has other scenarios than the configuration, or another order")
    if list(study.stages.columns) != ["scenario", "stage", "metric", "value"] and len(study.stages.columns):
        raise past.refuse("its stages must have scenario, stage, metric and value")
    finished = study.kpis["replication"].nunique()
    if study.finished != finished:
        raise past.refuse(f"has {finished} replications in kpis.csv where {study.finished} were finished")
    for series in (*study.weekly.values(), *study.counts.values()):
        if series.ndim != 3 or series.shape[:2] != (len(names), finished):
            raise past.refuse("a series has other scenarios or replications than kpis.csv")
    return replace(study, stages=study.stages if len(study.stages.columns) else study.stages.reindex(
        columns=["scenario", "stage", "metric", "value"]))  # fmt: skip
