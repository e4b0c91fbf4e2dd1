"""The claims laboratory: tries the claims of the founding texts, one after another, and reports a verdict on each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.claims.claim import Claim
from analysis.claims.laboratory import Bench, PointTrial, try_at_point
from analysis.claims.outcome import FINDING, Outcome, outcomes
from analysis.claims.ran import ran_of
from analysis.claims.registry import claims_of
from analysis.claims.robust import RobustTrial, try_over_space
from analysis.experiments.results import write_results
from analysis.past_runs.kept import Own, keep, restore
from analysis.past_runs.redraw import Past, write_redraw
from analysis.report.numbers import MINUS, with_interval
from analysis.run_folder import RunFolder, json_ready
from scenarios.build import build
from scenarios.compose import compose_config
from scenarios.config import Settings, settings_from
from scenarios.store import Store
from sim.blueprint.checks import one_of, whole
from sim.invalid import InvalidInput, require

_OWN = ("system", "scenarios", "base", "journal", "replications", "allow_unstable", "expectations")
_MOST_POINTS, _MOST_REPLICATIONS = 20_000, 1_000_000
_PLAIN = str.maketrans({MINUS: "-", "\u202f": " ", "\u00a0": " ", "–": "-", "≤": "<="})  # what terminals can show


@dataclass(frozen=True)
class ClaimsSettings:
    """The section `claims` of a configuration (conf/experiment/claims.yaml says what each setting means)."""

    level: str = "point"
    replications: int | None = None
    points: int = 256
    robust_replications: int | None = None
    store: str = "outputs/claims.sqlite"

    def __post_init__(self) -> None:
        one_of("point", "robust", level=self.level)
        whole(2, points=self.points)
        require(self.points <= _MOST_POINTS, "points", self.points, f"must be at most {_MOST_POINTS}")
        for name, least in (("replications", 2), ("robust_replications", 1)):
            value = getattr(self, name)
            allowed = f"must be a whole number from {least} to {_MOST_REPLICATIONS}, or null for each claim's own"
            require(value is None or least <= value <= _MOST_REPLICATIONS, name, value, allowed)
        require(self.store != "", "store", self.store, "must be the path of a file")


def check(settings: Settings) -> None:
    """Check the settings and the ids. Raises `InvalidInput`."""
    _asked(settings)


def _asked(settings: Settings) -> tuple[ClaimsSettings, tuple[Claim, ...]]:
    asked = build(ClaimsSettings, settings.claims, "claims")
    for key in _OWN:
        allowed = "every claim brings its own: leave it out"
        if key == "replications":
            allowed = "every claim brings its own number; another for all: claims.replications"
        value = settings.plain.get(key)
        shown = None if isinstance(value, dict) else value
        require(value == _default()[key], "scenario" if key == "scenarios" else key, shown, allowed)
    return asked, claims_of(settings.claim)


@cache
def _default() -> dict[str, Any]:
    return dict(settings_from(compose_config(["experiment=claims"])).plain)


def run(settings: Settings, folder: RunFolder) -> None:
    """Try the claims, write and print. After Ctrl-C what was finished is reported, and the store keeps the rest."""
    asked, claims = _asked(settings)
    trials: list[tuple[PointTrial, RobustTrial | None]] = []
    stopped = False
    try:
        with Store(Path(asked.store)) as store:
            bench = Bench(settings.seed, settings.engine, settings.execution, store)
            for claim in claims:
                try:
                    point = try_at_point(bench, claim, asked.replications)
                    trials.append((point, None))
                    if asked.level == "robust":
                        trials[-1] = (point, try_over_space(bench, claim, asked.points, asked.robust_replications))
                except KeyboardInterrupt:
                    stopped = True
                    break
    except InvalidInput as fault:
        if fault.where != "sweep.store":
            raise
        raise InvalidInput("claims.store", fault.value, fault.allowed.replace("sweep", "claims"), fault.hint) from None
    if not trials:
        raise KeyboardInterrupt
    found = outcomes(trials)
    early = f"Stopped early: {len(found)} of {len(claims)} claims were reached; the same command goes on."
    notes = [early] if stopped else []
    present(settings, folder, found, notes)


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    found, notes = restore(tuple[tuple[Outcome, ...], tuple[str, ...]], past.content, "content", {Claim: _CLAIM})
    present(past.settings, folder, found, notes)


# A claim holds functions: it is found again by its id.
_CLAIM = Own(lambda claim: claim.id, lambda name: claims_of((str(name),))[0])


def present(settings: Settings, folder: RunFolder, found: Sequence[Outcome], notes: Sequence[str]) -> None:
    """Write the tables and the report, and print."""
    write_redraw(folder, settings, keep((found, notes), {Claim: _CLAIM}))
    _write(settings, folder, found, notes)
    for line in (summary(found), *notes, f"Report: {folder.path / 'report.html'}"):
        print(line)


def _write(settings: Settings, folder: RunFolder, found: Sequence[Outcome], warnings: Sequence[str]) -> None:
    from analysis.figures.style import save
    from analysis.report.claims_page import claims_figures, claims_page
    from analysis.report.page import render

    figures = claims_figures(found)
    page = claims_page(found, seed=settings.seed, engine=settings.engine, warnings=warnings, figures=figures)
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)
    records = [outcome.record() for outcome in found]
    folder.write_text("claims.json", json.dumps(json_ready(records), indent=2, allow_nan=False) + "\n")
    folder.write_csv("claims.csv", _table(records))
    if any(outcome.robust for outcome in found):
        folder.write_csv("points.csv", _points(found))
    most = max(outcome.verdict.effect.n for outcome in found)
    no_scenarios = pd.DataFrame([])
    asked, ran = replace(settings, replications=most), ran_of(found, settings.seed, settings.engine)
    write_results(folder, asked, no_scenarios, most, {"claims": records}, ran=ran)


def _table(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row a claim, without what is nested."""
    rows = []
    for record in records:
        row = {key: value for key, value in record.items() if not isinstance(value, (list, dict))}
        for name in ("ci", "ci_adjusted", "null_ci"):
            row[f"{name}_low"], row[f"{name}_high"] = record[name]
        robust = record["robust"] or {}
        row["holds_share"] = robust.get("holds_share")
        rows.append({key: value for key, value in row.items() if key != "robust"})
    return pd.DataFrame(rows)


def _points(found: Sequence[Outcome]) -> pd.DataFrame:
    """Every point of every robust trial in long form: claim, point, parameter, value, and the effect there."""
    rows = [
        (o.claim.id, i + 1, name, value, o.robust.effect[i], o.robust.low[i], o.robust.high[i])
        for o in found if o.robust
        for i, point in enumerate(o.robust.points)
        for name, value in point.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["claim", "point", "parameter", "value", "effect", "low", "high"])


def summary(found: Sequence[Outcome]) -> str:
    """A short table for the terminal."""
    rows = [["claim", "effect [interval]", "at least", "verdict", "null", "standing", "over the space"]]
    for o in found:
        claim, verdict = o.claim, o.verdict
        bar = f"{o.bar.sesoi:g}" if claim.stated is None else f"{claim.stated:g} ± {claim.sesoi:g}"
        robust = "-" if o.robust is None else f"{o.robust.word} ({100 * o.robust.share:.0f} %)"
        cells = [
            f"{claim.id} {claim.statement}"[:58], with_interval(verdict.effect.mean, *verdict.effect.interval), bar,
            o.word, o.null_word, o.standing, robust,
        ]  # fmt: skip
        rows.append([cell.translate(_PLAIN) for cell in cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    findings = sum(o.standing == FINDING for o in found)
    tried = f"{len(found)} claim{'s' * (len(found) != 1)} tried; {findings} finding{'s' * (findings != 1)}"
    text.append(f"{tried}. Intervals are Holm-adjusted over the claims tried.")
    return "\n".join(text)
