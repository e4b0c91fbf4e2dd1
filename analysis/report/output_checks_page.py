"""The report of the output checks: simulated correlations beside published ones, with what they can and cannot say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.figures.check_chart import check_chart
from analysis.figures.style import inline_svg, records, title_of
from analysis.output_checks import CHECKS, INSIDE, OVER_UNITS, UNTOLD, WITHIN_RUNS, WITHIN_UNITS, pearson
from analysis.report.numbers import number, signed, with_interval
from analysis.report.page import Figure, Note, ReportPage, Section, Table, sentences
from scenarios.units import OutputChecks
from sim.blueprint import Horizon

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_OUTPUTS = (
    "These are outputs: no parameter was set to bring them out, and none of the published figures is an input. A "
    "correlation is not a coefficient: it depends on how much the two things vary, on how they are measured, and on "
    "what else moves them."
)
_UNIT_LABELS = {
    "morale": ("Morale, level 0-1", 1.0),
    "turnover": ("Turnover, % a year", 100.0),
    "satisfaction": ("Customer satisfaction, level 0-1", 1.0),
    "revenue_per_paid_hour": ("Revenue, cu a paid hour", 1.0),
    "orders_per_worked_hour": ("Orders delivered a worked hour", 1.0),
    "utilisation": ("Utilisation (worked over paid hours), %", 100.0),
}


def output_checks_page(
    table: pd.DataFrame,
    units: pd.DataFrame,
    *,
    asked: OutputChecks,
    system: str,
    scenario: str,
    seed: int,
    runs: int,
    engine: str,
    horizon: Horizon,
    week: float,
    seats: int,
    warnings: Sequence[str] = (),
    figure: Drawing | None = None,
) -> ReportPage:
    """The page. `table` and `units` as of `analysis.output_checks`; `figure` as of `check_chart`; `week` in hours."""
    drawn = figure or check_chart(table)
    rows = records(table)
    return ReportPage(
        title=f"Output checks of {title_of(system)}",
        question="Do things go together in the simulated output as published studies found them to?",
        answer=answer(rows),
        sections=(
            _checks(rows, drawn),
            _verdicts(rows, asked),
            _why(rows),
            _units(units, asked),
            _method(asked, seed, runs, len(units), engine, horizon, week, seats),
        ),
        facts=(
            ("System", system), ("Scenario", scenario), ("Runs of the base", str(runs)), ("Units", str(len(units))),
            ("Weeks measured", number(horizon.measured / week, 0)), ("Seed", str(seed)), ("Engine", engine),
        ),
        warnings=tuple(warnings),
    )  # fmt: skip


def answer(rows: Sequence[dict[str, Any]]) -> str:
    """How many checks came out how; worded from the data."""
    words = list(dict.fromkeys(str(row["verdict"]) for row in rows))
    parts = []
    for word in sorted(words, key=lambda w: (w != INSIDE, w == UNTOLD)):
        named = [CHECKS[str(row["check"])].label for row in rows if row["verdict"] == word]
        lower = [label[0].lower() + label[1:] for label in named]
        parts.append(f"{word[0].upper()}{word[1:]}: {', '.join(lower)}.")
    return sentences([f"{len(rows)} correlations were compared.", *parts, "They are outputs and were not fitted."])


def published(row: Mapping[str, Any]) -> str:
    """A published value or range."""
    low, high = float(row["published_low"]), float(row["published_high"])
    return signed(low, 2) if low == high else f"{signed(low, 2)} to {signed(high, 2)}"


def simulated(row: Mapping[str, Any]) -> str:
    """A simulated correlation with its interval; a dash for none."""
    point, low, high = (float(row[c]) for c in ("correlation", "low", "high"))
    return with_interval(point, low, high) if math.isfinite(point) else number(None)


def _checks(rows: Sequence[dict[str, Any]], drawn: Drawing) -> Section:
    table = Table(
        "Correlations",
        ("Correlation of", "Over", "Number", "Simulated [95 % interval]", "Published", "Source, grade", "Verdict"),
        tuple(
            (
                CHECKS[str(row["check"])].label, str(row["over"]), str(row["n"]), simulated(row), published(row),
                f"{row['source']} ({row['grade']})", str(row["verdict"]),
            )
            for row in rows
        ),
        "llrrrll",
    )  # fmt: skip
    caption = "Simulated correlations with 95 % intervals, and the published values."
    words = (
        f"A row for each of {len(rows)} checks with the published value or range and the simulated correlation with "
        "its interval, on a scale from −1 to 1; lines part orders, seats and units. The values stand in the table."
    )
    svg = inline_svg(drawn, "checks", caption, words)
    return Section("The checks", (_OUTPUTS,), (table,), (Figure(svg, caption, words),))


def _verdicts(rows: Sequence[dict[str, Any]], asked: OutputChecks) -> Section:
    text = (
        f"The published value or range is widened by {number(asked.same_within, 2)} either way, for rounding and the "
        "spread between studies (an assumption). Inside: the simulated interval excludes 0 and reaches it. Same sign, "
        "weaker or stronger: it excludes 0 and lies on that side. Other sign: it lies beyond 0. Weaker, sign not told: "
        "it holds 0 and stops short of the published value. Cannot be told: it holds 0 and the published value, or "
        "there is no correlation because something does not vary."
    )
    grades = (
        "Grades: V verified in a public source, M from memory of the literature and not re-checked. V secondary: seen "
        "in a public source that quotes the study."
    )
    told = sum(row["verdict"] != UNTOLD for row in rows)
    note = Note(
        "Not claimed",
        f"That a correlation inside its range proves the model right, or one outside it wrong: {told} of {len(rows)} "
        "checks have a verdict, and each is one of many figures that the model puts out.",
    )
    return Section("How to read a verdict", (text, grades), (), (), (note,))


def _why(rows: Sequence[dict[str, Any]]) -> Section:
    """What makes the two sides of a comparison unlike, for the kinds of check that were made."""
    kinds = {str(row["over"]) for row in rows if math.isfinite(float(row["correlation"]))}
    notes = []
    if WITHIN_RUNS in kinds:
        notes.append(
            Note(
                "True by construction",
                "Satisfaction is an equation of performance and disconfirmation in this model, known without error "
                "of measurement. Answers in a survey have error, and satisfaction has causes that the model lacks: "
                "both weaken published correlations, so the simulated ones with performance and disconfirmation "
                "are strong whatever the parameters. Expectation works both ways: it lifts what is perceived "
                "(assimilation) and sets the mark that performance falls short of, so its correlation may be of either "
                "sign.",
            )
        )
    if WITHIN_UNITS in kinds:
        notes.append(
            Note(
                "Assumption",
                "Days of absence are few, so chance rules them: the correlation grows with the time over which they "
                "are counted, and with the spread of morale between people, which is an assumption of this check. "
                "Morale acts on absence, and absence may act back: work left undone becomes overload, which wears "
                "morale down. A correlation does not part the two.",
            )
        )
    if OVER_UNITS in kinds:
        notes.append(
            Note(
                "Assumption",
                "Units differ in nothing but morale and chance, and morale acts first: what acts back on it (overload, "
                "bad internal service) is in the model, what differs between real units (managers, sites, customers) "
                "is not. Correlations over units grow with the assumed spread of morale, with the size of a unit and "
                "with the time observed.",
            )
        )
        notes.append(
            Note(
                "Assumption",
                "Two readings of productivity are shown. Revenue a paid hour follows demand, which customers decide; "
                "an empty seat is not paid, so it raises it. Orders a worked hour follow skill, load and rework: where "
                "units with higher morale keep more customers and are busier (see their utilisation below), sustained "
                "load slows their people down and can turn the sign.",
            )
        )
    return Section("Why the two sides may differ", (), (), (), tuple(notes))


def _units(units: pd.DataFrame, asked: OutputChecks) -> Section:
    rows = []
    for column, (label, factor) in _UNIT_LABELS.items():
        values = factor * units[column].dropna()
        quantiles = values.quantile([0.05, 0.5, 0.95]) if len(values) else pd.Series([math.nan] * 3)
        cells = (values.mean() if len(values) else math.nan, values.std(), *quantiles)
        with_morale = signed(pearson(units[column], units["morale"]), 2) if column != "morale" else number(None)
        rows.append((label, *(number(float(v)) for v in cells), with_morale))
    columns = ("Per unit", "Mean", "Standard deviation", "5 %", "Median", "95 %", "Correlation with morale")
    table = Table("What units are like", columns, tuple(rows))
    text = (
        f"A unit is a firm of this system with its own random numbers. Its people's level of morale is the system's, "
        f"plus a draw for the unit (standard deviation {number(asked.sd_between_units, 2)}) and one for each seat "
        f"({number(asked.sd_between_people, 2)}), cut to 0 and 1. The figures of every unit stand in units.csv."
    )
    return Section("The units", (text,), (table,))


def _method(
    asked: OutputChecks, seed: int, runs: int, units: int, engine: str, horizon: Horizon, week: float, seats: int
) -> Section:
    text = (
        f"The base ran {runs} times and {units} units once each (seed {seed}, engine {engine}), every time with a "
        f"warm-up of {number(horizon.warm_up / week, 1)} weeks and {number(horizon.measured / week, 0)} weeks "
        "measured. No run of the base shares random numbers with a unit."
    )
    definitions = (
        "Orders within a run: over the orders placed in the measured time and delivered, satisfaction with perceived "
        "minus predicted level (disconfirmation), with the perceived level (performance) and with the predicted level "
        f"(expectation). Seats within a unit: over its {seats} seats, the share of paid hours absent with the morale "
        "at the end of the run. Units: morale is the mean over filled seats and weeks, turnover leavers a year and "
        "filled seat, customer satisfaction the mean of the orders delivered."
    )
    intervals = (
        "Intervals at 95 %: within runs and units Student's t over the runs or units, each with one correlation; over "
        "units Fisher's z. None is adjusted for the number of checks."
    )
    note = Note(
        "Not claimed",
        "That any firm would see these figures. Published effects come from other firms, measures and countries.",
    )
    return Section("Method and assumptions", (text, definitions, intervals), (), (), (note,))
