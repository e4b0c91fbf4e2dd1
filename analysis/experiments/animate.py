"""A replay of one run for slides: a single HTML file with orders moving along the stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analysis.experiments.results import write_results
from analysis.replay.content import replay_content, replay_window
from analysis.replay.page import replay_page
from analysis.run_folder import RunFolder
from scenarios.build import build
from scenarios.config import Settings, require_full_journal
from scenarios.scenario import Scenario, timeline
from scenarios.study import PLACEHOLDERS, check_scenarios, pilot_facts, selected
from scenarios.sweep import compile_first
from sim.blueprint.checks import whole
from sim.invalid import require
from sim.simulate import simulate
from sim.traffic import order_rate

_MOST = 20_000  # orders; some 15 MB
_ROOM = 1.3  # measured time against the mean time in which the orders come


@dataclass(frozen=True)
class Animate:
    """How many orders to show, of which scenario and replication."""

    orders: int = 500
    scenario: str = "do_nothing"
    replication: int = 0

    def __post_init__(self) -> None:
        whole(1, orders=self.orders)
        require(self.orders <= _MOST, "orders", self.orders, f"must be at most {_MOST}")
        require(0 <= self.replication < 2**30, "replication", self.replication, "must be a whole number >= 0")


def check(settings: Settings) -> None:
    """Check what to show, and every scenario."""
    require_full_journal(settings)
    _chosen(settings)
    check_scenarios(settings, PLACEHOLDERS)


def _chosen(settings: Settings) -> tuple[Animate, Scenario]:
    asked = build(Animate, settings.animate, "animate")
    return asked, selected(settings, asked.scenario, "animate.scenario")


def run(settings: Settings, folder: RunFolder) -> None:
    """Simulate long enough for the orders asked for, write the replay, print where it is."""
    asked, scenario = _chosen(settings)
    system = settings.blueprint
    facts = pilot_facts(settings)
    compile_first(settings.engine)
    hours = max(system.horizon.measured, _ROOM * asked.orders / order_rate(system))
    system = replace(system, horizon=replace(system.horizon, measured=hours))
    entries = timeline(system, scenario, settings.seed, asked.replication, facts)
    journal = simulate(entries, settings.seed, asked.replication, settings.engine, settings.allow_unstable)
    since, until = replay_window(journal, asked.orders)
    content = replay_content(journal, since, until)
    name = system.name.replace("_", " ")
    subtitle = (
        f"{name}, scenario {scenario.name.replace('_', ' ')}, replication {asked.replication} of seed {settings.seed}: "
        f"{len(content['orders'])} orders delivered in {until - since:.0f} hours, as the simulation's journal has them."
    )
    page = replay_page(f"Replay of {name}", subtitle, content)
    folder.write_text("replay.html", page)
    extra = {"replay": {"since": since, "until": until, "orders": len(content["orders"]), "bytes": len(page.encode())}}
    import pandas as pd

    write_results(folder, settings, pd.DataFrame(), 1, extra)
    print(f"{len(content['orders'])} orders, {len(content['visits'])} visits, {len(page.encode()) / 1000:.0f} kB")
    print(f"Report: {folder.path / 'replay.html'}")
