"""The compounding laboratory: a chain of stages by formula, recursion and simulation, and the inverse question.

What has no closed form still has an exact recursion (`analysis.compounding.chain`); the simulation tests both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import spread
from analysis.compounding.chain import MOST_STAGES, Chain, Closed, Exact, closed_form, effective_stages, exact
from analysis.compounding.inverse import Lever, levers
from analysis.experiments.results import KPI_COLUMNS, write_results, write_tables
from analysis.experiments.ten_stage import require_serial
from analysis.measures import measure
from analysis.past_runs.kept import Own, keep, restore
from analysis.past_runs.redraw import Past, write_redraw
from analysis.run_folder import RunFolder
from analysis.stress_des.ran import Ran, part_of
from analysis.stress_des.system import flat
from scenarios.arms import Arms
from scenarios.build import build
from scenarios.config import Settings
from scenarios.points import Base, base_of
from sim.blueprint.checks import probability, whole
from sim.invalid import require
from sim.journal import Journal
from sim.traffic import order_rate

LIMIT = 4.0  # standard errors within which simulation and theory have to agree
_METRICS = ("failure_share", "errors_per_order")
_CHAIN = {f.name for f in fields(Chain)} - {"p"}


@dataclass(frozen=True)
class CompoundingSettings:
    """The section `compounding` of a configuration (conf/experiment/compounding.yaml says what each setting means)."""

    stages: int | None = None
    p: Any = 0.01
    frailty: float = 0.0
    knock_on: float = 1.0
    rule: str = "latched"
    handoff_loss: float = 0.0
    lost_factor: float = 3.0
    self_check: float = 0.0
    next_check: float = 0.0
    inspection: float = 0.0
    false_alarm: float = 0.0
    rework_failure: float = 0.0
    stated: float = 0.11
    orders: int = 200_000
    check_orders: int = 100_000

    def __post_init__(self) -> None:
        whole(1, orders=self.orders, check_orders=self.check_orders)
        probability(stated=self.stated)
        require(0 < self.stated < 1, "stated", self.stated, "must be a share above 0 and below 1")
        if self.stages is not None:
            whole(1, stages=self.stages)
            require(self.stages <= MOST_STAGES, "stages", self.stages, f"must be at most {MOST_STAGES}")
        if isinstance(self.p, (list, tuple)):
            fits = self.stages in (None, len(self.p))
            require(
                fits, "p", len(self.p), f"has this many rates for {self.stages} stages; give one a stage, or a number"
            )
        for rate in self.p if isinstance(self.p, (list, tuple)) else (self.p,):
            number = isinstance(rate, (int, float)) and not isinstance(rate, bool)
            require(number, "p", rate, "must be a number, or a list of numbers")
            probability(p=float(rate))
        self.chain()

    def chain(self) -> Chain:
        """The chain that is asked for. Raises `InvalidInput`."""
        listed = isinstance(self.p, (list, tuple))
        rates = tuple(map(float, self.p)) if listed else (float(self.p),) * (self.stages or 10)
        given = {name: getattr(self, name) for name in _CHAIN}
        if self.handoff_loss == 0.0:
            given["lost_factor"] = 1.0  # nothing is lost
        return Chain(rates, **given)


@dataclass(frozen=True)
class Simulated:
    """Share delivered with an error and errors per order, shape (replications,) each."""

    reaching: np.ndarray[Any, np.dtype[np.float64]]
    errors: np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Answer:
    """A lever solved (or not), with what the simulation says at its value."""

    lever: Lever
    simulated: Simulated | None


@dataclass(frozen=True)
class Found:
    """Everything that the report tells. `curve`: (stages, this chain, independent stages) by exact recursion."""

    asked: CompoundingSettings
    chain: Chain
    exact: Exact
    closed: Closed | None
    simulated: Simulated
    curve: tuple[tuple[int, float, float], ...]
    answers: tuple[Answer, ...]

    @property
    def effective(self) -> float:
        """Independent stages at the mean rate that give the same share."""
        return effective_stages(self.exact.reaching, self.chain.mean_rate)

    @property
    def furthest(self) -> float:
        """The largest distance of a simulated figure from theory, in standard errors."""
        pairs = [(self.simulated.reaching, self.exact.reaching), (self.simulated.errors, self.exact.errors)]
        for answer in self.answers:
            if answer.simulated is not None and answer.lever.chain is not None:
                truth = exact(answer.lever.chain)
                pairs += [(answer.simulated.reaching, truth.reaching), (answer.simulated.errors, truth.errors)]
        return max((abs(distance(values, truth)) for values, truth in pairs), default=0.0)


def distance(values: np.ndarray[Any, np.dtype[np.float64]], truth: float) -> float:
    """How many standard errors the mean of replications lies from theory; 0 where they are the same."""
    s = spread(values)
    gap, error = float(s.mean) - truth, float(s.sd) / np.sqrt(int(s.n))
    if abs(gap) < 1e-12:
        return 0.0
    return gap / error if error > 0 else float("inf")


def check(settings: Settings) -> None:
    """Check the chain, and that the system is a plain one to build it on. Raises `InvalidInput`."""
    _asked(settings)


def _asked(settings: Settings) -> CompoundingSettings:
    asked = build(CompoundingSettings, settings.compounding, "compounding")
    require_serial(settings.blueprint)
    require(settings.replications > 1, "replications", settings.replications, "must be at least 2, for intervals")
    return asked


def run(settings: Settings, folder: RunFolder) -> None:
    """Work out, simulate, write and print."""
    present(settings, folder, compute(settings))


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    found = restore(Found, past.content, "content", _own(past.settings))
    simulated = [found.simulated, *(a.simulated for a in found.answers if a.simulated is not None)]
    for values in (part for s in simulated for part in (s.reaching, s.errors)):
        if values.shape != (past.settings.replications,):
            raise past.refuse("has other replications than its configuration asks for")
    present(past.settings, folder, found)


def _own(settings: Settings) -> dict[type, Own]:
    """The section `compounding` is not kept twice: it is in the configuration."""
    return {CompoundingSettings: Own(lambda asked: None, lambda data: _asked(settings))}


def present(settings: Settings, folder: RunFolder, found: Found) -> None:
    """Write and print."""
    write_redraw(folder, settings, keep(found, _own(settings)))
    _write(settings, folder, found)
    print(summary(found))
    print(f"Report: {folder.path / 'report.html'}")


def compute(settings: Settings) -> Found:
    """Theory and simulation of the chain and of every answer to the inverse question."""
    asked = _asked(settings)
    chain = asked.chain()
    solved = levers(chain, asked.stated, lost_factor=max(asked.lost_factor, 1.0 + 1e-9))
    chains = [chain, *(lever.chain for lever in solved if lever.chain is not None)]
    values = _simulated(settings, chains, [asked.orders, *[asked.check_orders] * (len(chains) - 1)])
    found = iter(values[1:])
    answers = tuple(Answer(lever, next(found) if lever.chain is not None else None) for lever in solved)
    return Found(asked, chain, exact(chain), closed_form(chain), values[0], _curve(chain), answers)


def _curve(chain: Chain) -> tuple[tuple[int, float, float], ...]:
    """Share by length: the first n stages of the chain, and the same stages with nothing but independent errors."""
    rows = [(0, 0.0, 0.0)]
    for n in range(1, len(chain.p) + 1):
        first = chain.p[:n]
        rows.append((n, exact(replace(chain, p=first)).reaching, exact(Chain(first)).reaching))
    return tuple(rows)


def measure_errors(journal: Journal) -> dict[str, float]:
    """Share of orders delivered with an error, and errors made per order."""
    found = measure(journal)
    return {name: found[name] for name in _METRICS if name in found}


def _simulated(settings: Settings, chains: Sequence[Chain], orders: Sequence[int]) -> list[Simulated]:
    """Runs of the chains, each `orders` long in all; equal chains with equal orders run once."""
    rate = order_rate(settings.blueprint)
    base = _base(settings)
    arms = [_arm(c, n / rate / settings.replications) for c, n in zip(chains, orders, strict=True)]
    runs = Arms(base, measure_errors, settings.execution).run(arms, settings.replications, settings.experiment)
    try:
        share, errors = (runs.of(metric) for metric in _METRICS)
    except KeyError:
        share = errors = np.full((len(arms), settings.replications), np.nan)
    short = np.isnan(share).any()
    require(not short, "compounding.check_orders", min(orders), "so few that none was placed in a run; give more")
    return [Simulated(s, e) for s, e in zip(share, errors, strict=True)]


def _base(settings: Settings) -> Base:
    """The configured system without its stages: every chain brings its own. Queues do not matter to errors."""
    base = base_of(settings, [{}])
    system = {**base.plain["system"], "stages": {}}
    return replace(base, plain={**base.plain, "system": system}, journal="summary", allow_unstable=True)


def _arm(chain: Chain, measured: float) -> dict[str, Any]:
    """A chain as values of the configuration."""
    stage: dict[str, Any] = {
        "self_check": {"detection": chain.self_check, "false_alarm": chain.false_alarm},
        "incoming_check": {"detection": chain.next_check},
    }
    stages: dict[str, Any] = {f"stage_{i + 1:02d}": {**stage, "error": {"p": p}} for i, p in enumerate(chain.p)}
    stages[f"stage_{len(chain.p):02d}"]["inspection"] = {"detection": chain.inspection}
    switches = {  # what has no effect is off: the reporting checklist tells what is on
        "knock_on": chain.knock_on != 1.0, "frailty": chain.frailty > 0.0, "information": chain.handoff_loss > 0.0,
        "detection": max(chain.self_check, chain.next_check, chain.inspection, chain.false_alarm) > 0.0,
        "inspection": chain.inspection > 0.0, "rework_failure": chain.rework_failure > 0.0,
    }  # fmt: skip
    return {
        "system.stages": stages,
        "system.switches": switches,
        "system.knock_on": {"knock_on": chain.knock_on, "rule": chain.rule, "frailty": chain.frailty},
        "system.handoffs": {"inside": {"corruption": chain.handoff_loss}},
        "system.information.error_factor": chain.lost_factor - 1.0,
        "system.rework": {"failure": chain.rework_failure, "travel_delay": 0.0},
        "system.horizon.measured": measured,
    }


def _write(settings: Settings, folder: RunFolder, found: Found) -> None:
    from analysis.figures.style import save
    from analysis.report.compounding_page import compounding_figures, compounding_page
    from analysis.report.page import render

    figures = compounding_figures(found)
    page = compounding_page(
        found, system=settings.system, seed=settings.seed, replications=settings.replications, engine=settings.engine,
        figures=figures,
    )  # fmt: skip
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)
    folder.write_csv("inverse.csv", pd.DataFrame([answer_record(a) for a in found.answers]))
    folder.write_csv("curve.csv", pd.DataFrame(found.curve, columns=["stages", "share", "independent"]))
    rows = [
        (settings.base, r, metric, float(value))
        for metric, values in zip(_METRICS, (found.simulated.reaching, found.simulated.errors), strict=True)
        for r, value in enumerate(values)
    ]
    comparison, _ = write_tables(folder, pd.DataFrame(rows, columns=KPI_COLUMNS), settings.base)
    write_results(folder, settings, comparison, extra={"compounding": record(found)}, ran=ran_of(settings, found))


def ran_of(settings: Settings, found: Found) -> Ran:
    """What ran, for the reporting checklist: the chain, and it again with each parameter at its answer."""
    rate = order_rate(settings.blueprint) * settings.replications
    own, of_answers = found.asked.orders / rate, found.asked.check_orders / rate
    runs = f"{settings.replications} replications of every arm"
    part = part_of(_base(settings), {"chain": _arm(found.chain, own)}, runs)
    given = ", ".join(flat({f.name: getattr(found.chain, f.name) for f in fields(Chain)}))
    told = [f"`chain`: {given}; {own:g} h measured"]
    told += [
        f"`chain`, changed in one thing, {lever.name}: {lever.symbol} = {lever.value:.6g} ({lever.note}); "
        f"{of_answers:g} h measured"
        for lever in (answer.lever for answer in found.answers) if lever.value is not None
    ]  # fmt: skip
    warm_up = "How long it is makes no difference: errors here do not depend on time, queues or staff."
    return Ran((replace(part, arms=tuple(told)),), warm_up=warm_up)


def record(found: Found) -> dict[str, Any]:
    """For results.json."""
    closed = found.closed
    return {
        "stages": len(found.chain.p),
        "rates": list(found.chain.p),
        "stated": found.asked.stated,
        "closed_form": None if closed is None else
        {"name": closed.name, "share": closed.reaching, "errors_per_order": closed.errors},
        "exact": {"affected": found.exact.affected, "share": found.exact.reaching,
                  "errors_per_order": found.exact.errors},
        "simulated": {
            "share": _told(found.simulated.reaching, found.exact.reaching),
            "errors_per_order": _told(found.simulated.errors, found.exact.errors),
        },
        "effective_stages": found.effective,
        "furthest_standard_errors": found.furthest,
        "program_agrees": bool(found.furthest <= LIMIT),
        "inverse": [answer_record(answer) for answer in found.answers],
    }  # fmt: skip


def _told(values: np.ndarray[Any, np.dtype[np.float64]], truth: float) -> dict[str, Any]:
    s = spread(values)
    return {"mean": float(s.mean), "ci": [float(s.low), float(s.high)], "n": int(s.n),
            "standard_errors_from_theory": distance(values, truth)}  # fmt: skip


def answer_record(answer: Answer) -> dict[str, Any]:
    """One answer to the inverse question, flat."""
    lever = answer.lever
    row: dict[str, Any] = {
        "lever": lever.name, "symbol": lever.symbol, "value": lever.value, "from": lever.low, "to": lever.high,
        "figure_at_from": lever.at_low, "figure_at_to": lever.at_high, "simulated": None, "low": None, "high": None,
        "theory": None, "standard_errors": None, "note": lever.note,
    }  # fmt: skip
    if answer.simulated is not None and lever.chain is not None:
        truth = exact(lever.chain)
        values = answer.simulated.errors if lever.errors else answer.simulated.reaching
        theory = truth.errors if lever.errors else truth.reaching
        s = spread(values)
        row |= {"simulated": float(s.mean), "low": float(s.low), "high": float(s.high), "theory": theory,
                "standard_errors": distance(values, theory)}  # fmt: skip
    return row


def summary(found: Found) -> str:
    """A short text for the terminal."""
    s = spread(found.simulated.reaching)
    closed = (
        "none for this combination" if found.closed is None else f"{found.closed.reaching:.6f} ({found.closed.name})"
    )
    lines = [
        f"{len(found.chain.p)} stages, mean rate {found.chain.mean_rate:g}: share delivered with an error",
        f"  closed form      {closed}",
        f"  exact recursion  {found.exact.reaching:.6f} ({found.exact.errors:.6f} errors made per order)",
        f"  simulated        {float(s.mean):.6f} [{float(s.low):.6f}, {float(s.high):.6f}], "
        f"{distance(found.simulated.reaching, found.exact.reaching):+.1f} standard errors from the recursion",
        f"  as many as       {found.effective:.2f} independent stages",
        f"What would have to be true for {100 * found.asked.stated:g} %, each alone:",
    ]
    for row in map(answer_record, found.answers):
        value = "cannot be reached" if row["value"] is None else f"{row['symbol']} = {row['value']:.4g}"
        checked = (
            ""
            if row["simulated"] is None
            else f"  simulated {row['simulated']:.4f} [{row['low']:.4f}, {row['high']:.4f}]"
        )
        lines.append(f"  {row['lever']:<36}{value:<20}{checked}".rstrip())
    lines.append(f"Furthest of all simulated figures from theory: {found.furthest:.1f} standard errors.")
    return "\n".join(lines)
