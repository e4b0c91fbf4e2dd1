"""Why are customers disappointed? The same customers without one cause after another, and who gets the credit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.diagnosis.causes import Cause, causes_of
from analysis.diagnosis.findings import Findings, findings
from analysis.diagnosis.study import FAILURES, Diagnosis, diagnose, planned
from analysis.experiments.results import write_results
from analysis.figures.style import records
from analysis.measures import METRICS
from analysis.past_runs.kept import Own, keep, restore
from analysis.past_runs.redraw import Past, write_redraw
from analysis.report.diagnose_results import cautions, cell, column
from analysis.report.numbers import MINUS
from analysis.run_folder import RunFolder
from analysis.stress_des.ran import Ran, part_of
from scenarios.config import Settings
from scenarios.points import base_of

_PLAIN = str.maketrans({MINUS: "-", "\u202f": " ", "\u00a0": " ", "–": "-"})  # what every terminal can show


def check(settings: Settings) -> None:
    """Check what is asked and that every cause can be taken out. Raises `InvalidInput`."""
    planned(settings)


def run(settings: Settings, folder: RunFolder) -> None:
    """Run the sets of causes, work out the shares, write and print."""
    present(settings, folder, diagnose(settings))


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    kept = restore(Diagnosis, past.content, "content", {Cause: _CAUSE})
    again = {cause.name: cause for cause in causes_of(past.settings.blueprint, kept.asked.by, kept.kept)}
    causes = tuple(replace(cause, counted=again[cause.name].counted) for cause in kept.causes)
    present(past.settings, folder, replace(kept, causes=causes))


def _not_counted(stage: str, error: str) -> bool:
    return False


# What a cause counts is a function: it is found again by the cause's name. Twigs count nothing.
_CAUSE = Own(
    lambda cause: [cause.name, cause.bone, sorted(cause.programmes)],
    lambda data: Cause(str(data[0]), str(data[1]), {str(name): {} for name in data[2]}, _not_counted),
)


def present(settings: Settings, folder: RunFolder, diagnosis: Diagnosis) -> None:
    """Work out the shares, write and print."""
    found = findings(diagnosis)
    write_redraw(folder, settings, keep(diagnosis, {Cause: _CAUSE}))
    folder.write_csv("diagnosis.csv", found.causes)
    folder.write_csv("fishbone.csv", found.twigs)
    folder.write_csv("interactions.csv", found.pairs)
    folder.write_csv("pareto.csv", found.pareto)
    _write_report(settings, folder, found)
    finished = found.diagnosis.finished
    extra = {"diagnosis": results_of(found)}
    write_results(folder, settings, pd.DataFrame(), finished, extra, ran=ran_of(settings, diagnosis))
    print(summary(found))
    for sentence in cautions(found):
        print(f"Warning: {sentence}")
    if finished < settings.replications:
        print(f"Stopped early: {finished} of {settings.replications} replications.")
    print(f"Report: {folder.path / 'report.html'}")


def ran_of(settings: Settings, d: Diagnosis) -> Ran:
    """What ran, for the reporting checklist: the scenario, and it once more without sets of causes."""
    arm = {"scenario": d.scenario}
    part = part_of(base_of(settings, [arm]), {d.scenario: arm}, f"{d.finished} replications of every arm")
    causes = [
        f"without {c.name}: {', '.join(name.removeprefix('diagnosis ') for name in c.programmes)}"
        for c in d.causes if c.programmes
    ]  # fmt: skip
    sets = f"{'sampled sets' if d.design.orders is not None else 'every set'} of causes taken out throughout, on top of"
    told = [f"`{d.scenario}` without sets of causes: {len(d.design.sets) - 1} arms, {sets} all else:", *causes]
    told += [f"without one element alone: {', '.join(twig.name for twig in d.twigs)}"] if d.twigs else []
    journal = f"{part.journal}; full where nothing is taken out"
    return Ran((replace(part, arms=(*part.arms, *told), journal=journal),))


def results_of(found: Findings) -> dict[str, Any]:
    """For results.json: {metric: {as_it_is, without_all, causes: {cause: {adds, share, alone, last, ...}}}}."""
    d = found.diagnosis
    metrics: dict[str, Any] = {}
    for level in records(found.levels):
        metrics[str(level["metric"])] = {
            "as_it_is": {"mean": level["mean"], "ci": [level["low"], level["high"]]},
            "without_all": {"mean": level["rest"], "ci": [level["rest_low"], level["rest_high"]]},
            "causes": {},
        }
    for row in records(found.causes):
        cells = {"adds": {"mean": row["adds"], "ci": [row["low"], row["high"]]}}
        named = [n for n in ("share", "alone", "last", "naive", "difference") if n in row]
        if row["metric"] != FAILURES:
            named = [n for n in named if n not in ("naive", "difference")]
        cells |= {n: {"mean": row[n], "ci": [row[f"{n}_low"], row[f"{n}_high"]]} for n in named}
        metrics[str(row["metric"])]["causes"][str(row["cause"])] = cells
    return {
        "scenario": d.scenario, "by": d.asked.by, "sampled": d.design.orders is not None, "runs": d.runs,
        "absent": list(d.absent), "kept_promise": dict(d.kept), "metrics": metrics,
    }  # fmt: skip


def _write_report(settings: Settings, folder: RunFolder, found: Findings) -> None:
    from analysis.figures.style import save
    from analysis.report.diagnose_page import diagnose_figures, diagnose_page
    from analysis.report.page import render

    figures = diagnose_figures(found)
    page = diagnose_page(
        found,
        system=settings.system,
        seed=settings.seed,
        engine=settings.engine,
        horizon=settings.blueprint.horizon,
        figures=figures,
    )
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)


def summary(found: Findings) -> str:
    """A short table for the terminal: what each cause adds to the metrics, with 95 % intervals."""
    shown = found.metrics[:3]
    by_cause = {(str(r["metric"]), str(r["cause"])): r for r in records(found.causes)}
    lead = {name: abs(by_cause[shown[0], name]["adds"]) for name in found.diagnosis.design.causes}
    names = sorted(lead, key=lambda name: -lead[name])
    rows = [[f"what adds to ({found.diagnosis.scenario})", *(column(m, METRICS) for m in shown)]]
    levels = {str(r["metric"]): r for r in records(found.levels)}
    rows.append(["as it is", *(cell(levels[m], "mean", m, METRICS, sign=False) for m in shown)])
    rows += [[name, *(cell(by_cause[m, name], "adds", m, METRICS) for m in shown)] for name in [*names, "all"]]
    rows = [[text.translate(_PLAIN) for text in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    text = ["  ".join(c.ljust(width) for c, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    text.append(
        "Shapley shares of what all causes together add; 95 % intervals, paired by replication, each on its own."
    )
    return "\n".join(text)
