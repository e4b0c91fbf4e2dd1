"""One replication in full: event log, tables, control charts, and the journey of one customer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.control_charts.chart import control_charts
from analysis.event_log import Step, event_log, journey, most_eventful_customer
from analysis.experiments.results import KPI_COLUMNS, write_results, write_tables
from analysis.journey_times import OrderJourney, order_journey
from analysis.lead_times import EDGES, LeadTimes, count_lead_times, lead_times
from analysis.measures import measure, stage_measures
from analysis.measures.measured import Measured
from analysis.past_runs.kept import keep, restore
from analysis.past_runs.redraw import Past, take_over, write_redraw
from analysis.report.control_section import control_section, counted
from analysis.report.page import Section
from analysis.run_folder import RunFolder
from scenarios.build import build
from scenarios.config import Settings, require_full_journal
from scenarios.scenario import Scenario, timeline
from scenarios.study import PLACEHOLDERS, check_scenarios, pilot_facts, selected
from scenarios.sweep import compile_first
from sim.blueprint import Blueprint
from sim.invalid import require
from sim.journal import Journal
from sim.simulate import check as check_timeline
from sim.simulate import simulate

EVENT_LOG = "event_log.csv"


@dataclass(frozen=True)
class Trace:
    """What to trace: one replication of one scenario, and the customer to follow (-1: the most eventful order's)."""

    scenario: str = "do_nothing"
    replication: int = 0
    customer: int = -1

    def __post_init__(self) -> None:
        require(0 <= self.replication < 2**30, "replication", self.replication, "must be a whole number >= 0")
        require(self.customer >= -1, "customer", self.customer, "must be the row of a customer, or -1")


def check(settings: Settings) -> None:
    """Check what to trace, and every scenario."""
    require_full_journal(settings)
    _chosen(settings)
    check_scenarios(settings, PLACEHOLDERS)


def _chosen(settings: Settings) -> tuple[Trace, Scenario]:
    trace = build(Trace, settings.trace, "trace")
    return trace, selected(settings, trace.scenario, "trace.scenario")


@dataclass(frozen=True)
class Traced:
    """What a report tells of the run, but for its event log.

    `facts`: what pilot runs measured on the base; `events`: how many the log has; `steps`, `way`, `order`: what
    happened to `customer`; `lead_times`: counted in bins, shape (bins,); `stages`: scenario, stage, metric, value;
    `charts`: as from `control_charts`.
    """

    facts: Mapping[str, float]
    events: int
    metrics: Mapping[str, float]
    customer: int
    steps: tuple[Step, ...]
    way: OrderJourney | None
    order: Mapping[str, str]
    lead_times: npt.NDArray[np.float64]
    stages: pd.DataFrame
    charts: pd.DataFrame


def run(settings: Settings, folder: RunFolder) -> None:
    """Simulate one replication, write its event log and report, print where they are."""
    trace, scenario = _chosen(settings)
    facts = pilot_facts(settings)
    check_scenarios(settings, facts)
    compile_first(settings.engine)
    system = timeline(settings.blueprint, scenario, settings.seed, trace.replication, facts)
    journal = simulate(system, settings.seed, trace.replication, settings.engine, settings.allow_unstable)
    customers = len(journal["customers"])
    allowed = f"must be the row of one of the {customers} customers"
    require(trace.customer < customers, "trace.customer", trace.customer, allowed)
    customer = most_eventful_customer(journal) if trace.customer < 0 else trace.customer
    log = event_log(journal)
    folder.write_csv(EVENT_LOG, log)
    present(settings, folder, _traced(journal, customer, trace.scenario, facts, len(log)))


def _traced(journal: Journal, customer: int, scenario: str, facts: Mapping[str, float], events: int) -> Traced:
    stages = [(scenario, n, m, v) for n, values in stage_measures(journal).items() for m, v in values.items()]
    return Traced(
        facts=facts,
        events=events,
        metrics=measure(journal),
        customer=customer,
        steps=tuple(journey(journal, customer)),
        way=order_journey(journal, customer),
        order=order_facts(journal, customer),
        lead_times=count_lead_times(Measured(journal).lead_times),
        stages=pd.DataFrame(stages, columns=["scenario", "stage", "metric", "value"]),
        charts=control_charts(journal),
    )


def redraw(past: Past, folder: RunFolder) -> None:
    """Write and print what a past run showed, from what it kept; its event log is taken over as it is."""
    traced = restore(Traced, past.content, "content")
    if traced.lead_times.shape != (len(EDGES) + 1,):
        raise past.refuse("its lead times are counted in other bins")
    take_over(past, folder, EVENT_LOG)
    present(past.settings, folder, traced)


def present(settings: Settings, folder: RunFolder, traced: Traced) -> None:
    """Write and print."""
    trace, scenario = _chosen(settings)
    system = timeline(settings.blueprint, scenario, settings.seed, trace.replication, traced.facts)
    blueprint = check_timeline(system, settings.allow_unstable).blueprints[-1]
    write_redraw(folder, settings, keep(traced))
    rows = [(trace.scenario, trace.replication, name, value) for name, value in traced.metrics.items()]
    comparison, _ = write_tables(folder, pd.DataFrame(rows, columns=KPI_COLUMNS), trace.scenario)
    folder.write_csv(
        "journey.csv", pd.DataFrame(list(traced.steps), columns=["time", "event", "stage", "staff", "what"])
    )
    folder.write_csv("control_charts.csv", traced.charts)
    control = _control_section(settings, folder, traced)
    _write_report(settings, trace, folder, blueprint, traced, control)
    extra = {"trace": {"customer": traced.customer, "events": traced.events}}
    write_results(folder, settings, comparison, 1, extra, base=trace.scenario)
    print(_journey_text(traced.customer, traced.steps))
    print(f"Control charts: {counted(traced.charts)}")
    if (folder.path / EVENT_LOG).exists():  # a past run may have lost it
        print(f"Event log: {folder.path / EVENT_LOG} ({traced.events} events)")
    print(f"Report: {folder.path / 'report.html'}")


def _journey_text(customer: int, steps: Sequence[Step]) -> str:
    lines = [f"Customer {customer}"]
    for step in steps[:60]:
        place = " at ".join(str(step[k]) for k in ("staff", "stage") if step[k])
        lines.append(f"{float(str(step['time'])):10.2f} h  {step['event']:<26} {place:<32} {step['what']}".rstrip())
    if len(steps) > 60:
        lines.append(f"... and {len(steps) - 60} more steps in journey.csv")
    return "\n".join(lines)


def _control_section(settings: Settings, folder: RunFolder, traced: Traced) -> Section:
    """The report's part on control charts; their figure is written where there is one to draw."""
    from analysis.figures.control_charts import control_charts as draw
    from analysis.figures.style import save

    if traced.charts.empty:
        return control_section(traced.charts, traced.metrics, None)
    horizon = settings.blueprint.horizon
    drawn = draw(traced.charts, (horizon.warm_up, horizon.end))
    save(drawn, folder.path / "figures", "control_charts")
    return control_section(traced.charts, traced.metrics, drawn)


def _write_report(
    settings: Settings,
    trace: Trace,
    folder: RunFolder,
    blueprint: Blueprint,
    traced: Traced,
    control: Section,
) -> None:
    from analysis.figures.blueprint_map import blueprint_map
    from analysis.figures.journey_chart import journey_chart
    from analysis.figures.lead_time_chart import lead_time_chart
    from analysis.figures.style import save
    from analysis.report.lead_time_section import lead_time_section
    from analysis.report.load_figure import load_figure, loads_of
    from analysis.report.page import render
    from analysis.report.trace_page import trace_page

    drawn = {"journey": journey_chart(traced.way)} if traced.way else {}
    leads = lead_times_of(traced, trace.scenario, blueprint.promise.lead_time)
    if leads:
        drawn["lead_times"] = lead_time_chart(leads)
    loads = loads_of(traced.stages, trace.scenario)
    queues = {name: load.queue for name, load in loads.items()}
    drawn["blueprint"] = blueprint_map(blueprint, queues, "orders that wait, on average", loads)
    shown = (load_figure(drawn["blueprint"], loads, "this run"),) if loads else ()
    parts = [
        lead_time_section(leads, drawn.get("lead_times"), "It is the distribution of this one run."),
        Section("The system in this run", (), (), shown) if shown else None,
        control,
    ]
    page = trace_page(
        traced.steps,
        way=traced.way,
        drawn=drawn.get("journey"),
        order=traced.order,
        system=settings.system,
        scenario=trace.scenario,
        seed=settings.seed,
        replication=trace.replication,
        engine=settings.engine,
        of_run=[part for part in parts if part is not None],
    )
    folder.write_text("report.html", render(page))
    for name, figure in drawn.items():
        save(figure, folder.path / "figures", name)


def lead_times_of(traced: Traced, scenario: str, promised: float) -> list[LeadTimes]:
    """The distribution of the run's lead times, `promised` in h; none where no measured order was delivered."""
    counts, late = traced.lead_times[np.newaxis], traced.metrics.get("late_share", math.nan)
    return [lead_times(scenario, counts, promised, late)] if counts.any() else []


def order_facts(journal: Journal, customer: int) -> dict[str, str]:
    """What to tell about a customer's orders, as texts."""
    orders = journal["orders"][journal["orders"]["customer"] == customer]
    facts = {"Customer": str(customer), "Orders": str(len(orders))}
    delivered = orders[~np.isnan(orders["delivered"])]
    if len(delivered) == 0:
        return facts
    times = delivered["delivered"] - delivered["placed"]
    facts["Lead time, mean"] = f"{times.mean():.2f} h (promised {delivered['promised'].mean():.2f} h)"
    facts["Waiting in queues, mean"] = f"{delivered['waited'].mean():.2f} h"
    facts["Errors made / reached the customer"] = f"{delivered['errors'].sum()} / {delivered['reached'].sum()}"
    if journal.plan.perception_on:
        desired, perceived = delivered["S"], delivered["P"]
        quality = 100 * perceived / desired if (desired > 0).all() else np.array([math.nan])
        facts["Perceived / desired, mean"] = f"{perceived.mean():.3f} / {desired.mean():.3f}"
        facts["Service quality by order"] = ", ".join(f"{value:.1f}" for value in quality[:20])
    return facts
