"""Claim C01 (model.md section 3): ten stages failing one in a hundred spoil 11 % of outputs.

Simulated with the discrete-event engine: a reference point (the configured system), the curve over the number of
stages at several error rates, and dependent errors. In Layer 0 nothing downstream acts on what is upstream, so the
first n stages of one long chain *are* the chain of n stages: one run gives the whole curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.compounding.closed_forms import (
    as_in_paper,
    errors_latched,
    mean_rate,
    readings,
    share_affected,
    share_affected_frailty,
    share_of,
)
from analysis.experiments.results import KPI_COLUMNS, write_results, write_tables
from analysis.past_runs.kept import keep, restore
from analysis.past_runs.redraw import Past, write_redraw
from analysis.run_folder import RunFolder
from analysis.stress_des.ran import Part, Ran
from analysis.stress_des.system import flat
from scenarios.build import build
from scenarios.config import Settings, require_full_journal
from scenarios.sweep import Point, sweep
from sim.blueprint import DELIVERED, Arrivals, Blueprint, Handoff, StaffPool, Stage
from sim.blueprint.checks import not_negative, positive, probability, whole
from sim.invalid import InvalidInput, require
from sim.simulate import Plan, simulate
from sim.simulate import check as check_timeline
from sim.switches import apply_switches
from sim.traffic import order_rate

LIMIT = 4.0  # standard errors beyond which a figure is refuted, or the program wrong


class Counts(TypedDict):
    """What a replication of a point counts; `affected[i]`: orders with an error in the first i + 1 stages."""

    orders: int
    affected: npt.NDArray[np.int64]
    errors: int
    lead_time: float  # h, of all orders together


@dataclass(frozen=True)
class Claim:
    """Settings of the claim: the stated figure, orders per point, and the grid."""

    stated: float = 0.11
    orders: int = 360_000
    grid_orders: int = 20_000
    stages: tuple[int, ...] = (1, 2, 5, 10, 11, 12, 20)
    p: tuple[float, ...] = (0.001, 0.01, 0.011586, 0.02)
    frailty: tuple[float, ...] = (0.05, 0.2)
    knock_on: float = 3.0

    def __post_init__(self) -> None:
        positive(stated=self.stated)
        probability(stated=self.stated)
        whole(1, orders=self.orders, grid_orders=self.grid_orders)
        not_negative(knock_on=self.knock_on)
        require(len(self.stages) > 0, "stages", None, "give at least one number of stages")
        require(len(self.p) > 0, "p", None, "give at least one error rate")
        for n in self.stages:
            whole(1, stages=n)
            require(n <= 100, "stages", n, "must be at most 100")
        for p in self.p:
            probability(p=p)
        for rho in self.frailty:
            require(0 < rho < 1, "frailty", rho, "must be a number above 0 and below 1")


def homogeneous_chain(system: Blueprint, p: float, n: int, orders: float) -> Blueprint:
    """A serial chain of n stages like the system's first one, with error rate p and time for `orders` orders."""
    template: Stage = system.stages[system.first]
    pool: StaffPool = system.pools[template.pool]
    names = [f"stage_{i + 1:02d}" for i in range(n)]
    stages = {name: replace(template, pool=name, error=replace(template.error, p=p)) for name in names}
    pools = {
        name: replace(pool, members={f"{name}_{i + 1}": m for i, m in enumerate(pool.members.values())})
        for name in names
    }
    route = {a: {b: Handoff()} for a, b in zip(names, [*names[1:], DELIVERED], strict=True)}
    chain = replace(system, stages=stages, pools=pools, route=route, first=names[0])
    return with_orders(chain, orders)


def with_orders(system: Blueprint, orders: float) -> Blueprint:
    """The system with a measured time in which about `orders` orders come."""
    hours = orders / order_rate(system)
    return replace(system, horizon=replace(system.horizon, measured=hours))


def run_cell(cells: Mapping[str, Plan], seed: int, engine: str, point: Point) -> dict[str, Any]:
    """Simulate one replication of one cell; counts by position of an order's first error."""
    name, replication = point
    journal = simulate(cells[name], seed, replication, engine, allow_unstable=True)
    chosen = journal.measured_orders()
    n_stages = len(journal.plan.stage_names)
    first = np.full(len(journal["orders"]), n_stages)
    np.minimum.at(first, journal["errors"]["order"], journal["errors"]["stage"])
    affected = np.bincount(first[chosen], minlength=n_stages + 1)[:n_stages].cumsum()
    lead_times = journal["orders"]["delivered"][chosen] - journal["orders"]["placed"][chosen]
    counts = Counts(
        orders=len(chosen),
        affected=affected,
        errors=int(journal["orders"]["errors"][chosen].sum()),
        lead_time=float(lead_times.sum()),
    )
    return {**counts}


def _pooled(results: Mapping[Point, Mapping[str, Any]], name: str) -> dict[str, Any]:
    parts = [r for (cell, _), r in results.items() if cell == name]
    return {key: sum(part[key] for part in parts) for key in ("orders", "affected", "errors", "lead_time")}


def share_interval(count: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); orders are independent in Layer 0."""
    z = 1.959963984540054  # scipy.stats has this interval too, but takes a second to import
    middle, half = count + z * z / 2, z * np.sqrt(count * (n - count) / n + z * z / 4)
    return float((middle - half) / (n + z * z)), float((middle + half) / (n + z * z))


def distance(count: int, n: int, expected: float) -> float:
    """How many standard errors (of the expected share) a count lies from an expected share."""
    error = np.sqrt(expected * (1 - expected) / n) if n and 0 < expected < 1 else 0.0
    gap = count / n - expected if n else 0.0
    if error == 0.0:
        return 0.0 if gap == 0.0 else float("inf")
    return float(gap / error)


def rates_of(system: Blueprint) -> list[float]:
    """The stages' error rates, in order."""
    return [stage.error.p for stage in system.stages.values()]


def cells_of(system: Blueprint, claim: Claim, replications: int) -> dict[str, Blueprint]:
    """The systems to simulate, by name of the point; orders are split over the replications."""
    reference = with_orders(system, claim.orders / replications)
    p, n = mean_rate(rates_of(system)), len(system.stages)
    each = claim.grid_orders / replications
    cells = {"reference": reference}
    longest = max(claim.stages)
    cells |= {f"p={value:g}": homogeneous_chain(system, value, longest, each) for value in claim.p}
    chain = homogeneous_chain(system, p, n, 2 * each)
    for rho in claim.frailty:
        cells[f"frailty={rho:g}"] = _with_mechanism(chain, "frailty", frailty=rho)
    cells[f"knock_on={claim.knock_on:g}"] = _with_mechanism(chain, "knock_on", knock_on=claim.knock_on)
    return cells


def _with_mechanism(system: Blueprint, mechanism: str, **values: float) -> Blueprint:
    """The system with one way in which errors depend on each other switched on."""
    switches = {**system.switches, mechanism: True}
    return replace(system, switches=switches, knock_on=replace(system.knock_on, **values))  # type: ignore[arg-type]


def require_serial(system: Blueprint) -> None:
    """Raise `InvalidInput` unless the system is a plain chain, for which the closed form holds."""
    ordered = [*system.stages, DELIVERED]
    serial = all(list(system.route[a]) == [b] for a, b in pairwise(ordered))
    require(
        serial and system.first == ordered[0], "system.route", None, "the claim needs a serial chain (route: serial)"
    )
    require(system.layers == (0,), "system.layers", list(system.layers), "the claim is about Layer 0: [0]")
    dependence = apply_switches(system).knock_on
    independent = dependence.knock_on == 1.0 and dependence.frailty == 0.0
    require(independent, "system.knock_on", None, "the claim needs independent errors: knock_on 1 and frailty 0")
    arrivals: Arrivals = system.arrivals
    require(arrivals.process == "stream", "system.arrivals.process", arrivals.process, "the claim needs a stream")


def check(settings: Settings) -> None:
    """Check the claim's settings and every system to simulate."""
    require_full_journal(settings)
    _prepared(settings)


def _prepared(settings: Settings) -> tuple[Claim, dict[str, Plan]]:
    claim = build(Claim, settings.ten_stage, "ten_stage")
    require_serial(settings.blueprint)
    plans = {}
    for name, cell in cells_of(settings.blueprint, claim, settings.replications).items():
        try:
            plans[name] = check_timeline(((0.0, cell),), settings.allow_unstable)
        except InvalidInput as fault:
            raise fault.under("system" if name == "reference" else f"ten_stage point {name}") from None
    return claim, plans


def run(settings: Settings, folder: RunFolder) -> None:
    """Simulate, judge, write and print the claim."""
    claim, cells = _prepared(settings)
    points = [(name, r) for r in range(settings.replications) for name in cells]
    runner = partial(run_cell, cells, settings.seed, settings.engine)
    results = sweep(runner, points, settings.execution, settings.experiment, settings.engine)
    if len(results) < len(points):
        raise KeyboardInterrupt
    for name in cells:
        key, value = ("orders", claim.orders) if name == "reference" else ("grid_orders", claim.grid_orders)
        placed = _pooled(results, name)["orders"] > 0
        require(placed, f"ten_stage.{key}", value, "so few that none was placed; give more")
    present(settings, folder, results)


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept."""
    results = restore(dict[Point, Counts], past.content, "content")
    _, cells = _prepared(past.settings)
    stages = {(name, r): len(p.stage_names) for r in range(past.settings.replications) for name, p in cells.items()}
    if {point: counts["affected"].size for point, counts in results.items()} != stages:
        raise past.refuse("its counts are of other points, replications or stages")
    present(past.settings, folder, results)


def present(settings: Settings, folder: RunFolder, results: Mapping[Point, Mapping[str, Any]]) -> None:
    """Judge, write and print."""
    claim, cells = _prepared(settings)
    write_redraw(folder, settings, keep(results))
    judged = judge(settings.blueprint, claim, results)
    _write(settings, folder, judged, _reference_kpis(settings.base, results), ran_of(settings, cells))
    _print(judged, folder)


def judge(system: Blueprint, claim: Claim, results: Mapping[Point, Mapping[str, Any]]) -> dict[str, Any]:
    """The claim's figures and verdict: C01's rule is a distance of 4 standard errors (model.md section 3)."""
    rates = rates_of(system)
    n, p, closed = len(rates), mean_rate(rates), share_of(rates)
    reference = _pooled(results, "reference")
    affected, orders = int(reference["affected"][-1]), int(reference["orders"])
    low, high = share_interval(affected, orders)
    from_closed = distance(affected, orders, closed)
    from_stated = _distance_observed(affected, orders, claim.stated)
    grid = _grid(claim, results)
    dependence = _dependence(system, claim, results)
    worst = max((from_closed, *(row["z"] for row in grid), *(row["z"] for row in dependence)), key=abs)
    agrees = abs(worst) <= LIMIT
    often = (
        f"on {100 * p:g} of 100 occasions" if len(set(rates)) == 1 else f"at unequal rates (mean {100 * p:g} of 100)"
    )
    return {
        "id": "C01",
        "statement": f"{n} stages that fail {often} affect {100 * claim.stated:g} % of outputs",
        "stated": claim.stated,
        "stages": n,
        "p": p,
        "rates": rates,
        "closed_form": closed,
        "simulated": {"mean": affected / orders, "ci": [low, high], "n": orders},
        "standard_errors_from_stated": from_stated,
        "standard_errors_from_closed_form": from_closed,
        "attempts_per_good_output": closed / (1 - closed) if closed < 1 else None,
        "errors_per_order": {"simulated": reference["errors"] / orders, "closed_form": sum(rates)},
        "lead_time_mean": reference["lead_time"] / orders,
        "program_agrees": agrees,
        "refuted": agrees and abs(from_stated) > LIMIT,
        "verdict": verdict(rates, claim.stated, affected / orders, (low, high), from_stated, worst),
        "readings": readings(rates, claim.stated),
        "grid": grid,
        "dependence": dependence,
    }  # fmt: skip


def _distance_observed(count: int, n: int, stated: float) -> float:
    """Distance of a stated share in standard errors of the observed one."""
    share = count / n
    error = float(np.sqrt(max(share * (1 - share), 1.0 / n) / n))
    return (share - stated) / error


def _grid(claim: Claim, results: Mapping[Point, Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for p in claim.p:
        pooled = _pooled(results, f"p={p:g}")
        for n in claim.stages:
            count, orders = int(pooled["affected"][n - 1]), int(pooled["orders"])
            low, high = share_interval(count, orders)
            closed = share_affected(p, n)
            rows.append(
                {"p": p, "stages": n, "n": orders, "simulated": count / orders, "low": low, "high": high,
                 "closed_form": closed, "z": distance(count, orders, closed)}
            )  # fmt: skip
    return rows


def _dependence(system: Blueprint, claim: Claim, results: Mapping[Point, Mapping[str, Any]]) -> list[dict[str, Any]]:
    p, n = mean_rate(rates_of(system)), len(system.stages)
    cells: list[tuple[str, str, float, float | None]] = [
        (f"frailty={rho:g}", f"shared frailty, correlation {rho:g}", share_affected_frailty(p, n, rho), n * p)
        for rho in claim.frailty
    ]
    k = claim.knock_on
    latched = errors_latched(p, n, k) if k * p <= 1 else None
    cells.append((f"knock_on={k:g}", f"latched knock-on, factor {k:g}", share_affected(p, n), latched))
    rows = []
    for cell, name, closed, errors in cells:
        pooled = _pooled(results, cell)
        count, orders = int(pooled["affected"][-1]), int(pooled["orders"])
        low, high = share_interval(count, orders)
        rows.append(
            {"name": name, "n": orders, "share": count / orders, "low": low, "high": high, "closed_form": closed,
             "errors_per_order": pooled["errors"] / orders, "errors_closed_form": errors,
             "z": distance(count, orders, closed)}
        )  # fmt: skip
    return rows


def verdict(
    rates: Sequence[float], stated: float, simulated: float, interval: tuple[float, float],
    from_stated: float, from_closed: float,
) -> str:  # fmt: skip
    """What is arithmetic, what was simulated, and what follows for the stated figure.

    `from_closed` is the distance, in standard errors, of the point that lies furthest from its closed form.
    """
    n, p, closed, equal = len(rates), mean_rate(rates), share_of(rates), len(set(rates)) == 1
    low, high = interval
    measured = f"{100 * simulated:.2f} % [{100 * low:.2f}, {100 * high:.2f}]"
    formula = f"1 - (1 - p)^n at p = {p:g}, n = {n}" if equal else f"1 - prod(1 - p_i), {n} stages of unequal rates,"
    found = f"Arithmetic: {formula} is {100 * closed:.2f} %. Simulated: {measured}"
    if abs(from_closed) > LIMIT:
        return (
            f"The program is wrong: a point is {abs(from_closed):.1f} standard errors from its closed form, so nothing "
            f"follows for the stated {100 * stated:g} %. {found}."
        )
    if abs(from_stated) <= LIMIT:
        return f"Not refuted. {found}, within {LIMIT:g} standard errors of the stated {100 * stated:g} %."
    printed = as_in_paper(rates, stated)
    text = (
        f"Refuted{' as printed' if printed else ''}. {found}, {abs(from_stated):.0f} standard errors from the stated "
        f"{100 * stated:g} %."
    )
    if closed > max(rates):
        one = "one stage's rate" if equal else "the mean rate"
        text += f" The mechanism holds: stage errors add up to {closed / p:.1f} times {one}."
    if printed:
        text += " (The paper prints 11 %; the formula it prints beside it gives 9.56 %.)"
    return text


def ran_of(settings: Settings, cells: Mapping[str, Plan]) -> Ran:
    """What ran, for the reporting checklist: the reference point, and chains of stages like its first."""
    blueprints = {name: plan.blueprints[-1] for name, plan in cells.items()}
    reference = blueprints.pop("reference")
    arms = [f"`{name}`: {len(b.stages)} stages like the first, p = {b.stages[b.first].error.p:g}; "
            f"{b.horizon.measured:g} h measured" for name, b in blueprints.items()]  # fmt: skip
    inputs = [*flat(settings.plain["system"], "system"), f"but measured: {reference.horizon.measured:g} h (4.2)"]
    runs = f"{settings.replications} replications of every arm"
    told = ("`reference`: the configured system", *arms)
    return Ran((Part(reference, tuple(inputs), told, runs, settings.journal, settings.allow_unstable),))


def _write(settings: Settings, folder: RunFolder, judged: dict[str, Any], kpis: pd.DataFrame, ran: Ran) -> None:
    from analysis.figures.style import save
    from analysis.report.page import render
    from analysis.report.ten_stage_page import ten_stage_figures, ten_stage_page

    figures = ten_stage_figures(judged)
    page = ten_stage_page(
        judged,
        system=settings.system,
        seed=settings.seed,
        replications=settings.replications,
        engine=settings.engine,
        figures=figures,
    )
    folder.write_text("report.html", render(page))
    for name, figure in figures.items():
        save(figure, folder.path / "figures", name)
    comparison, _ = write_tables(folder, kpis, settings.base)
    folder.write_csv("compounding.csv", pd.DataFrame(judged["grid"]))
    write_results(folder, settings, comparison, extra={"claim": judged}, ran=ran)


def _reference_kpis(base: str, results: Mapping[Point, Mapping[str, Any]]) -> pd.DataFrame:
    """The reference point, replication by replication, in the tidy form of every study."""
    rows = []
    for (cell, replication), part in results.items():
        orders = part["orders"]
        if cell == "reference" and orders:  # a short replication may have none
            rows.append((base, replication, "failure_share", part["affected"][-1] / orders))
            rows.append((base, replication, "errors_per_order", part["errors"] / orders))
            rows.append((base, replication, "lead_time_mean", part["lead_time"] / orders))
            rows.append((base, replication, "orders_completed", float(orders)))
    return pd.DataFrame(rows, columns=KPI_COLUMNS)


def _print(judged: Mapping[str, Any], folder: RunFolder) -> None:
    print(f"{'p':>9}{'stages':>8}{'simulated':>11}  95 % interval       closed form")
    for row in judged["grid"]:
        interval = f"[{row['low']:.4f}, {row['high']:.4f}]"
        print(f"{row['p']:>9g}{row['stages']:>8}{row['simulated']:>11.4f}  {interval:<20}{row['closed_form']:.4f}")
    low, high = judged["simulated"]["ci"]
    print(f"Reference: {judged['simulated']['mean']:.5f} [{low:.5f}, {high:.5f}] of {judged['simulated']['n']} orders")
    print(judged["verdict"])
    print(f"Report: {folder.path / 'report.html'}")
