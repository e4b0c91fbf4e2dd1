"""What the decision hangs on, as sections of a report: reversals, tornado, screening, shares of variance, a pair."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.style import displayed, inline_svg, title_of
from analysis.report.numbers import difference, number, with_interval
from analysis.report.page import Figure, Note, Section, Table
from analysis.report.sensitivity_charts import (
    BARS,
    OPEN,
    axis_label,
    by_swing,
    cells_of,
    labels_of,
    sensitivity_figures,
)
from analysis.sensitivity.answers import answers, plain_number, range_text, reversal_text, side, threshold_text
from analysis.sensitivity.indices import Indices
from analysis.sensitivity.screening import Screening
from analysis.sensitivity.study import Sensitivity

__all__ = ["sensitivity_figures", "sensitivity_sections"]

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_NOISY = 0.5  # share of noise from which the shares say little


def sensitivity_sections(found: Sensitivity, figures: Mapping[str, Drawing] | None = None) -> tuple[Section, ...]:
    """The sections. `figures` as from `sensitivity_figures` (drawn here if not given)."""
    drawn = sensitivity_figures(found) if figures is None else figures
    sections = [_turning(found, drawn)]
    if found.curves:
        sections.append(_tornado(found, drawn))
    if found.screening is not None:
        sections.append(_screening(found, found.screening, drawn))
    if found.indices is not None:
        sections.append(_shares(found, found.indices, drawn))
    sections.append(_ranges(found))
    return tuple(sections)


# -- what turns the decision -----------------------------------------------------------------------------------


def _turning(found: Sensitivity, drawn: Mapping[str, Drawing]) -> Section:
    tables: tuple[Table, ...] = ()
    if found.reversals:
        rows = tuple(
            (r.parameter.label, plain_number(r.parameter.today), range_text(r.parameter.range),
             f"{side(r)} {threshold_text(r)}", "yes" if r.established else "open", str(r.turns))
            for r in found.reversals
        )  # fmt: skip
        columns = ("Parameter", "Today", "Range", "Turns [95 % interval]", "Clear beyond it", "Sign changes")
        tables = (Table("Where the decision turns, each parameter varied alone", columns, rows, "lrrrlr"),)
    notes = [Note("Finding", text) for text in answers(found)]
    notes.append(
        Note("How", "The threshold is where the mean difference is 0; its interval holds every value at which the 95 % "
             f"interval of the difference includes 0 ({found.asked.reversal_replications} replications, paired). Clear "
             "beyond it: at some value beyond the threshold the interval lies wholly on the other side of 0. Each "
             f"interval stands on its own; {len(found.parameters)} parameters were tried: a few borderline ones may be "
             "chance.")
    )  # fmt: skip
    figures: tuple[Figure, ...] = ()
    if "sensitivity_curves" in drawn:
        caption = "The difference along the parameters that matter most, each varied alone (95 % intervals)"
        figures = (_figure(drawn, "sensitivity_curves", caption, _curves_in_words(found)),)
    return Section("What would turn the decision", (), tables, figures, tuple(notes))


def _curves_in_words(found: Sensitivity) -> str:
    shown = [reversal_text(r, found) for r in found.reversals or () if r.established]
    return " ".join(shown) or "No parameter turns the decision with a clear interval."


# -- one at a time ---------------------------------------------------------------------------------------------


def _tornado(found: Sensitivity, drawn: Mapping[str, Drawing]) -> Section:
    unit = found.contrast.unit
    rows = []
    for curve in by_swing(found):
        s, w = curve.spread, curve.swing
        ends = [difference(float(s.mean[i]), float(s.low[i]), float(s.high[i]), unit) for i in (0, -1)]
        swing = difference(float(w.mean), float(w.low), float(w.high), unit)
        p = curve.parameter
        rows.append((p.label, plain_number(p.range.low), ends[0], plain_number(p.range.high), ends[1], swing))
    columns = ("Parameter", "Low end", "Difference there", "High end", "Difference there", "High less low")
    table = Table(f"{axis_label(found)} [95 % interval]", columns, tuple(rows))
    clear = [c.parameter.label for c in by_swing(found) if float(c.swing.low) > 0 or float(c.swing.high) < 0]
    words = (
        f"{len(clear)} of {len(found.curves)} parameters change the difference over their range by an amount whose "
        f"interval excludes 0{': ' + '; '.join(clear[:5]) if clear else ''}{' and others' if len(clear) > 5 else ''}."
    )
    text = (
        f"The difference between {title_of(found.contrast.one)} and {title_of(found.contrast.other)} with each "
        "parameter at the low and the high end of its range and everything else as today, "
        f"{found.asked.tornado_replications} replications with common random numbers. {words}"
    )
    shown = f"the {BARS} widest of {len(rows)}" if len(rows) > BARS else "widest on top"
    caption = f"Every parameter at both ends of its range ({shown})"
    figure = _figure(drawn, "sensitivity_tornado", caption, words, table)
    return Section("One thing at a time", (text,), (), (figure,))


# -- screening and shares --------------------------------------------------------------------------------------


def _screening(found: Sensitivity, s: Screening, drawn: Mapping[str, Drawing]) -> Section:
    labels, factor = labels_of(found), displayed(found.contrast.unit)[0]
    place = {name: i for i, name in enumerate(s.names)}
    rows = []
    for name in s.ranking:
        i = place[name]
        mu, half = factor * float(s.mu_star[i]), factor * float(s.mu_star_half[i])
        size = with_interval(mu, max(0.0, mu - half), mu + half, sign=False)
        rows.append((labels[name], size, number(factor * float(s.mu[i])), number(factor * float(s.sigma[i]))))
    table = Table("Elementary effects", ("Parameter", "mu* [95 % interval]", "mu", "sigma"), tuple(rows))
    above = [name for name in s.ranking if s.mu_star[place[name]] - s.mu_star_half[place[name]] > s.floor]
    told = (
        f"For {len(above)} of {len(s.names)} parameters the interval lies above what replication noise alone would "
        f"show ({number(factor * s.floor)})."
    )
    text = (
        f"All parameters varied together along {s.trajectories} random paths (Morris), {s.replications} replications "
        "at every point: mu* is the mean size of what the whole range of a parameter does to the difference, sigma how "
        "much that depends on where the others stand (interaction, curvature, and noise). The dashed line is the mu* "
        "of a parameter that only changes which random events happen; it is an average over the design, so that "
        f"parameters which leave the random events alone can be told from 0 below it. {told}"
    )
    figures: tuple[Figure, ...] = ()
    if "sensitivity_screening" in drawn:
        figures = (_figure(drawn, "sensitivity_screening", "Screening: which parameters matter at all", told, table),)
    return Section("Everything at once: which parameters matter", (text,), (), figures)


def _shares(found: Sensitivity, i: Indices, drawn: Mapping[str, Drawing]) -> Section:
    labels = labels_of(found)

    def share(value: float, half: float) -> str:
        return with_interval(value, value - half, value + half, sign=False)

    order = np.argsort(-np.nan_to_num(i.total), kind="stable")
    rows = tuple(
        (labels[i.names[k]], share(i.first[k], i.first_half[k]), share(i.total[k], i.total_half[k])) for k in order
    )
    table = Table("Shares of variance [95 % interval]", ("Parameter", "Alone", "Total, with others"), rows)
    pairs = tuple(
        (labels[i.names[a]], labels[i.names[b]], share(i.second[a, b], i.second_half[a, b]))
        for a in range(len(i.names)) for b in range(a + 1, len(i.names))
    )  # fmt: skip
    second = Table("Pairs: beyond what both do alone [95 % interval]", ("One", "Other", "Share"), pairs, "llr")
    noise = "–" if math.isnan(i.noise) else f"{number(100.0 * i.noise, 1)} %"
    sure = [labels[i.names[k]] for k in order if i.total[k] - i.total_half[k] > 0]
    told = (
        f"The total share is clear of 0 for {', '.join(sure)}." if sure else
        "No total share is clear of 0 with so few blocks."
    )  # fmt: skip
    text = (
        f"The {len(i.names)} strongest parameters over their ranges (Sobol, {i.blocks} blocks, {i.replications} "
        f"replications at every point). Of the variance between points {noise} is replication noise, which counts into "
        f"the totals and into no share alone. {told} {_warning(i)}Estimates from so few points may fall below "
        "0 or above 1; what counts are the intervals. decide.sensitivity.sobol makes them narrower."
    )
    figures = []
    if "sensitivity_shares" in drawn:
        caption = "Shares of the variance of the difference (estimates beyond 0 and 1 are drawn at the edge)"
        figures.append(_figure(drawn, "sensitivity_shares", caption, told, table))
    if found.pair is not None and "sensitivity_pair" in drawn:
        figures.append(_pair(found, drawn))
    return Section("How much each of the strongest explains", (text,), (second,), tuple(figures))


def _warning(i: Indices) -> str:
    if i.noise > _NOISY:
        return "Most of what varies is noise: the shares say little. decide.sensitivity.replications lowers it. "
    return ""


def _pair(found: Sensitivity, drawn: Mapping[str, Drawing]) -> Figure:
    pair = found.pair
    assert pair is not None
    why = "the pair whose interaction is clear of 0" if pair.interacting else "the two with the largest total shares"
    s = pair.spread
    open_ = int(((s.low <= 0) & (s.high >= 0)).sum())
    words = (
        f"{axis_label(found)}, over {pair.across.label} (across) and {pair.up.label} (up). The mean is positive in "
        f"{int((s.mean > 0).sum())} of {s.mean.size} cells; in {open_} the interval includes 0."
    )
    columns = (f"{pair.up.label} (down), {pair.across.label} (across)", *map(plain_number, pair.x))
    rows = tuple((plain_number(v), *cells) for v, cells in zip(pair.y, cells_of(found), strict=True))
    table = Table(f"{axis_label(found)} ({OPEN} the 95 % interval includes 0)", columns, rows)
    caption = f"{axis_label(found)}, over {why} ({OPEN} the 95 % interval includes 0)"
    return _figure(drawn, "sensitivity_pair", caption, words, table)


# -- ranges ----------------------------------------------------------------------------------------------------


def _ranges(found: Sensitivity) -> Section:
    rows = tuple(
        (p.label, *map(plain_number, (p.range.low, p.today, p.range.high)), p.range.source, p.name)
        for p in found.parameters
    )
    columns = ("Parameter", "Low", "Today", "High", "Where the range comes from", "Name in the configuration")
    tables = [Table("Ranges", columns, rows, "lrrrll")]
    if found.left_out:
        tables.append(Table("Left out", ("Name", "Why"), tuple(found.left_out.items()), "ll"))
    text = (
        "Ranges are what a careful person would not rule out: nearly all are assumptions (A). Whatever a section above "
        "says holds for these ranges; a parameter with a wider range matters more. Own ranges: decide.ranges."
    )
    notes = (Note("Assumption", "Within a range every value counts the same, and parameters vary independently."),)
    return Section("The ranges", (text,), tuple(tables), (), notes)


def _figure(drawn: Mapping[str, Drawing], name: str, caption: str, words: str, table: Table | None = None) -> Figure:
    return Figure(inline_svg(drawn[name], name, caption, words), caption, words, table)
