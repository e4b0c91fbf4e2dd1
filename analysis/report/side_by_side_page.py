"""The report of several runs side by side. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.figures.forest import DIFFERENCES, forest, verdict
from analysis.figures.style import displayed, inline_svg, records, title_of
from analysis.measures import METRICS
from analysis.past_runs.side_by_side import PAIRED, Side, SideBySide
from analysis.report.numbers import MINUS, difference, with_interval
from analysis.report.page import Figure, Note, ReportPage, Section, Table, sentences
from analysis.report.study_table import SHORT

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

KEY_METRICS = (
    "service_quality", "gap", "failure_share", "lead_time_mean", "cost_per_right_order", "profit",
)  # fmt: skip
_MOST_SETTINGS = 60  # rows shown; results.json holds all
_PLAIN = str.maketrans({MINUS: "-", "\u202f": " ", "\u00a0": " ", "–": "-"})


def _shown(found: SideBySide) -> list[str]:
    """Key metrics that every run has."""
    having = [set(found.means[found.means["run"] == side.letter]["metric"]) for side in found.sides]
    return [name for name in KEY_METRICS if all(name in names for names in having)]


def side_by_side_figures(found: SideBySide) -> dict[str, Drawing]:
    """A forest plot of the differences of each further run to the first, where they share a scenario."""
    shown = [METRICS[name] for name in _shown(found)]
    if not found.common or not shown:
        return {}
    return {
        f"differences_{side.letter}": forest(
            _rows_of(found, side),
            shown,
            _in_both(found, side),
            DIFFERENCES._replace(better=f"better in run {side.letter}"),
        )
        for side in found.sides[1:]
    }


def _rows_of(found: SideBySide, side: Side) -> Any:
    return found.differences[found.differences["run"] == side.letter]


def _in_both(found: SideBySide, side: Side) -> list[str]:
    return [s for s in found.scenarios(found.sides[0]) if s in found.scenarios(side)]


def side_by_side_page(found: SideBySide, drawn: Mapping[str, Drawing]) -> ReportPage:
    """The page; `drawn` as from `side_by_side_figures`."""
    letters = [side.letter for side in found.sides]
    sections = [
        *(_differences(found, side, drawn) for side in found.sides[1:]),
        _means(found),
        _settings(found),
        _method(found),
    ]
    return ReportPage(
        title=f"{len(letters)} runs side by side",
        question=f"What differs between run {letters[0]} and {' and '.join(letters[1:])}, by how much, how sure is it?",
        answer=sentences([answer(found, side) for side in found.sides[1:]]),
        sections=tuple(sections),
        facts=tuple(
            (
                f"Run {s.letter}",
                f"{s.name}: {s.past.settings.experiment} of {title_of(s.past.settings.system)}, seed {s.seed}, "
                f"{s.replications} replications",
            )
            for s in found.sides
        ),
        warnings=tuple(warnings(found)),
    )


def answer(found: SideBySide, side: Side) -> str:
    """How many of the differences in key metrics exclude 0, and the settings' count."""
    first, shown = found.sides[0], _shown(found)
    rows = [r for r in records(_rows_of(found, side)) if r["metric"] in shown]
    if not rows:
        return f"Runs {first.letter} and {side.letter} have no scenario and key metric in common."
    if all(r["difference"] == 0 and r["difference_low"] == 0 and r["difference_high"] == 0 for r in rows):
        names = list(dict.fromkeys(str(r["scenario"]).replace("_", " ") for r in rows))
        common = f"the {len(names)} common scenarios" if len(names) > 1 else f"the one common scenario, {names[0]},"
        return (
            f"In every key metric of {common} run {side.letter} is exactly run {first.letter}, in every replication "
            "that both have."
        )
    clear = [r for r in rows if r["difference_low"] > 0 or r["difference_high"] < 0]
    text = (
        f"Run {side.letter} differs from run {first.letter} in {len(clear)} of {len(rows)} comparisons of key metrics "
        f"(intervals that exclude 0, {_how(found, side)})"
    )
    if lead := next((r for r in clear if r["metric"] == shown[0]), None):
        metric = METRICS[shown[0]]
        values = difference(*_change(lead), metric.unit, with_unit=True)
        text += f"; in {SHORT.get(metric.name, metric.label).lower()} of {title_of(lead['scenario'])} by {values}"
    return text + "."


def _change(row: Mapping[str, Any]) -> tuple[float, float, float]:
    return float(row["difference"]), float(row["difference_low"]), float(row["difference_high"])


def _how(found: SideBySide, side: Side) -> str:
    kinds = set(_rows_of(found, side)["interval"])
    return "paired by replication" if kinds == {PAIRED} else "Welch's, of independent runs"


def warnings(found: SideBySide) -> list[str]:
    """What a reader must know before comparing."""
    told = []
    having: dict[str, str] = {}
    for side in found.sides:
        for scenario in found.scenarios(side):
            having[scenario] = having.get(scenario, "") + side.letter
    apart = [f"{title_of(s)} ({', '.join(runs)})" for s, runs in having.items() if len(runs) < len(found.sides)]
    if apart:
        told.append(f"Scenarios that not every run has: {'; '.join(apart[:8])}{'; ...' if len(apart) > 8 else ''}.")
    if len({side.past.settings.system for side in found.sides}) > 1:
        told.append("The runs are of different systems: their differences are those between the systems.")
    return told


def _differences(found: SideBySide, side: Side, drawn: Mapping[str, Drawing]) -> Section:
    first, shown, name = found.sides[0], _shown(found), f"differences_{side.letter}"
    heading = f"Run {side.letter} less run {first.letter}"
    rows = {(str(r["scenario"]), str(r["metric"])): r for r in records(_rows_of(found, side))}

    def cell(scenario: str, metric: str) -> str:
        row = rows.get((scenario, metric))
        if row is None:
            return "–"
        change = _change(row)
        word = verdict(*change, METRICS[metric].better).word
        return {"better": "▲ ", "worse": "▼ "}.get(word, "") + difference(*change, METRICS[metric].unit)

    scenarios = _in_both(found, side)
    columns = ("Scenario", *(_column(m, of_change=True) for m in shown))
    table = Table(
        f"Differences, {_how(found, side)} [95 % interval]", columns,
        tuple((title_of(s), *(cell(s, m) for m in shown)) for s in scenarios),
    )  # fmt: skip
    if name not in drawn:
        return Section(heading, (), (table,))
    caption = f"{heading}: the same scenario in both, mean and 95 % interval, {_how(found, side)}."
    words = (
        f"A panel for each of {len(shown)} metrics, a row for each of {len(scenarios)} scenarios. {answer(found, side)}"
    )
    text = f"▲ better and ▼ worse in run {side.letter} where the interval excludes 0; no mark where it does not."
    return Section(
        heading, (text,), (), (Figure(inline_svg(drawn[name], name, caption, words), caption, words, table),)
    )


def _column(metric: str, *, of_change: bool = False) -> str:
    _, unit, change = displayed(METRICS[metric].unit)
    shown = change if of_change else unit
    return SHORT.get(metric, METRICS[metric].label) + (f", {shown}" if shown else "")


def _means(found: SideBySide) -> Section:
    shown = _shown(found)
    rows = []
    by = {(str(r["run"]), str(r["scenario"]), str(r["metric"])): r for r in records(found.means)}
    for scenario in dict.fromkeys(s for side in found.sides for s in found.scenarios(side)):
        for side in found.sides:
            if scenario not in found.scenarios(side):
                continue
            cells = []
            for metric in shown:
                row, factor = by.get((side.letter, scenario, metric)), displayed(METRICS[metric].unit)[0]
                ends = [factor * float(row[c]) for c in ("mean", "low", "high")] if row else []
                cells.append(with_interval(ends[0], ends[1], ends[2], sign=False) if row else "–")
            rows.append((title_of(scenario), side.letter, *cells))
    columns = ("Scenario", "Run", *(_column(m) for m in shown))
    table = Table("Means over replications [95 % interval]", columns, tuple(rows), "ll" + "r" * len(shown))
    return Section("Key metrics of every scenario in each run", (), (table,))


def _settings(found: SideBySide) -> Section:
    heading = "What the settings differ in"
    if not found.settings:
        return Section(heading, ("Nothing that results depend on.",))
    columns = ("Setting", *(f"Run {side.letter}" for side in found.sides))
    rows = tuple((row[0], *(value[:120] for value in row[1:])) for row in found.settings[:_MOST_SETTINGS])
    more = len(found.settings) - len(rows)
    texts = (f"{more} further settings differ; results.json lists them all.",) if more else ()
    return Section(heading, texts, (Table("Settings that are not the same", columns, rows, "l" * len(columns)),))


def _method(found: SideBySide) -> Section:
    texts = []
    for side in found.sides[1:]:
        first = found.sides[0]
        if set(_rows_of(found, side)["interval"]) == {PAIRED}:
            n = int(_rows_of(found, side)["n"].max())
            texts.append(
                f"Runs {first.letter} and {side.letter} have the same seed and with it the same named random numbers: "
                f"differences are taken within the {n} replications that both have, with Student's t at 95 %."
            )
        else:
            texts.append(
                f"Runs {first.letter} and {side.letter} have different seeds and are independent: differences of means "
                "have Welch's interval at 95 %."
            )
    notes = (
        Note(
            "Finding",
            "A difference is a finding, for these systems and parameters, where its interval excludes 0. Each interval "
            "stands alone and is not widened for the number of comparisons.",
        ),
        Note("Not claimed", "Which of several settings that differ at once made the difference."),
    )
    return Section("Method", tuple(texts), (), (), notes)


def summary(found: SideBySide) -> str:
    """For the terminal: a line per scenario with the differences of key metrics, run by run."""
    shown = _shown(found)[:4]
    lines = []
    for side in found.sides[1:]:
        rows = {(str(r["scenario"]), str(r["metric"])): r for r in records(_rows_of(found, side))}
        table = [[f"{side.letter} less {found.sides[0].letter}", *shown]]
        for scenario in _in_both(found, side):
            cells = [rows.get((scenario, metric)) for metric in shown]
            told = [difference(*_change(r), METRICS[m].unit) if r else "-" for m, r in zip(shown, cells, strict=True)]
            table.append([scenario, *told])
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        lines += ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table]
        lines.append(f"95 % intervals, {_how(found, side)}. {len(found.settings)} settings differ.")
    return "\n".join(line.translate(_PLAIN) for line in lines)
