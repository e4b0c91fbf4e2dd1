"""The report of a factorial: what each member of a programme does, and what members do to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.factorial import NONE, PLUS, joined, kind_of, subsets, whole_from
from analysis.figures.forest import EFFECTS as WORDING
from analysis.figures.forest import forest
from analysis.figures.style import inline_svg, title_of
from analysis.report.compare_answer import capital
from analysis.report.factorial_effects import Effects, name_of
from analysis.report.numbers import difference, number
from analysis.report.page import Figure, Note, ReportPage, Section, Table, sentences
from analysis.report.study_table import Study
from sim.blueprint import Horizon

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

TOLD = ("whole", "main", "pairwise", "synergy")  # kinds that the findings are told of


def factorial_figures(found: Effects) -> dict[str, Drawing]:
    """The figure by file name: `effects`, of members and pairs on the leading metric and on cost per right order."""
    names = [*found.members, *found.of("pairwise")]
    table = found.table[found.table["kind"].isin(("main", "pairwise"))]
    drawn = pd.DataFrame(
        {
            "scenario": [name_of(str(m)) for m in table["members"]],
            "metric": table["metric"],
            "difference": table["mean"],
            "difference_low": table["low"],
            "difference_high": table["high"],
        }
    )
    return {"effects": forest(drawn, [found.metrics[m] for m in _drawn(found)], [name_of(n) for n in names], WORDING)}


def factorial_page(
    found: Effects,
    *,
    scenario: str,
    kinds: Mapping[str, str],
    direct: Mapping[str, Sequence[str]],
    comparison: pd.DataFrame,
    system: str,
    seed: int,
    replications: int,
    engine: str,
    horizon: Horizon,
    warnings: Sequence[str] = (),
    figures: Mapping[str, Drawing] | None = None,
) -> ReportPage:
    """The page of a factorial. `figures` as from `factorial_figures` (drawn here if not given).

    `kinds` and `direct`: each member's kind of intervention, and the dimensions that it sets directly; `comparison`:
    every combination against `none`, as from `analysis.compare.compare`.
    """
    drawn = figures or factorial_figures(found)
    sections = (
        _programme(found, scenario, kinds, direct),
        _whole(found),
        _effects(found, drawn),
        _members(found),
        _findings(found, direct),
        _cells(found, comparison),
        _method(found, seed, replications, engine, horizon),
    )
    return ReportPage(
        title=f"{capital(title_of(scenario))}: its members apart and together",
        question=f"What does each of the {len(found.members)} members of {title_of(scenario)} do, and do they help or "
        "hinder each other?",
        answer=answer(found),
        sections=sections,
        facts=(
            ("System", system), ("Programme", scenario), ("Members", str(len(found.members))),
            ("Combinations", str(2 ** len(found.members))), ("Replications of each", str(replications)),
            ("Seed", str(seed)), ("Engine", engine),
        ),
        warnings=tuple(warnings),
    )  # fmt: skip


def answer(found: Effects) -> str:
    """The whole and the synergy on the leading metric and on cost per right order, worded from the data."""
    if not found.get(found.lead, "whole", found.full).certain:
        return "Nothing can be concluded from one replication: effects without intervals."
    parts = [_together(found, metric) for metric in _drawn(found)]
    pairs = found.of("pairwise")
    if len(pairs) > 1:
        clear = [p for p in pairs if _word(found, found.lead, "pairwise", p) in ("better", "worse", "changed")]
        which = f": {'; '.join(map(name_of, clear[:3]))}{' and others' if len(clear) > 3 else ''}" if clear else ""
        parts.append(
            f"For {len(clear)} of {len(pairs)} pairs the interval of the pairwise effect on "
            f"{found.label(found.lead).lower()} excludes 0{which}."
        )
    return sentences(parts)


def _drawn(found: Effects) -> list[str]:
    return [m for m in dict.fromkeys((found.lead, "cost_per_right_order")) if m in found.shown]


def _word(found: Effects, metric: str, kind: str, members: str) -> str:
    return found.get(metric, kind, members).word(found.metrics[metric].better)


def _change(found: Effects, metric: str, kind: str) -> str:
    e = found.get(metric, kind, found.full)
    return difference(e.mean, e.low, e.high, found.metrics[metric].unit, with_unit=True)


def _together(found: Effects, metric: str) -> str:
    """One metric: the whole, the sum of what each does alone, and what the distance between the two says."""
    word = _word(found, metric, "synergy", found.full)
    reading = {
        "better": "an interval that excludes 0: together they do better than the sum",
        "worse": "an interval that excludes 0: together they do worse than the sum",
        "changed": "an interval that excludes 0",
        "unclear": "an interval that includes 0, which says nothing either way",
        "no change": "exactly nothing",
    }[word]
    return (
        f"{found.label(metric)}: all members together change it by {_change(found, metric, 'whole')}, what each does "
        f"alone adds up to {_change(found, metric, 'sum_alone')}; the difference, the synergy, is "
        f"{_change(found, metric, 'synergy')}, {reading}."
    )


def _programme(found: Effects, scenario: str, kinds: Mapping[str, str], direct: Mapping[str, Sequence[str]]) -> Section:
    rows = tuple(
        (title_of(m), title_of(kinds[m]), ", ".join(map(title_of, direct.get(m, ()))) or "none", m)
        for m in found.members
    )
    columns = ("Member", "Kind of intervention", "Dimensions set directly", "Name in the configuration")
    text = (
        f"The members of {title_of(scenario)}, in the order in which they are applied. All {2 ** len(found.members)} "
        "combinations of them were run, with everything else as it is."
    )
    return Section("The programme and its members", (text,), (Table("Members", columns, rows, "llll"),))


def _whole(found: Effects) -> Section:
    kinds = [("whole", "Whole"), ("sum_alone", "Sum of alone"), ("synergy", "Synergy")]
    table = Table(
        "The whole programme against none [95 % interval]",
        ("Metric", *(head for _, head in kinds)),
        tuple((found.column(m), *(found.text(m, kind, found.full) for kind, _ in kinds)) for m in found.shown),
    )
    shares = [("share_main", "Single members"), ("share_pairwise", "Pairs")]
    if len(found.members) > 2:
        shares.append(("share_higher", "Three and more"))
    variance = Table(
        "Share of the variance between the combinations' means, % [95 % interval]",
        ("Metric", *(head for _, head in shares)),
        tuple((found.column(m), *(found.share(m, kind, found.full) for kind, _ in shares)) for m in found.shown),
    )
    text = (
        "Whole: all members against none. Sum of alone: what each does as the only member, added up. Synergy: the "
        "whole minus that sum. ▲ for the better and ▼ for the worse (◆ where neither is better) where the 95 % "
        "interval excludes 0; no mark where it includes 0, which says nothing either way."
    )
    care = (
        "A share is made of squares, so chance alone gives each effect some: read it beside the effects and their "
        "intervals. A dash stands where no main or pairwise effect has an interval that excludes 0, and there is "
        "nothing but chance to share out."
    )
    return Section("The whole and the sum of its members", (text, care), (table, variance))


def _effects(found: Effects, drawn: Mapping[str, Drawing]) -> Section:
    metrics = _drawn(found)
    caption = "Main effect of each member and pairwise effect of each pair, mean and 95 % interval over replications."
    words = (
        f"A panel for each of {len(metrics)} metrics, with the effects of the table above: first those of the "
        "members, then those of the pairs."
    )
    names = [("main", m) for m in found.members] + [("pairwise", p) for p in found.of("pairwise")]
    rows = tuple((name_of(n), *(found.text(m, kind, n) for m in found.shown)) for kind, n in names)
    table = Table("Effects [95 % interval]", ("Member or pair", *(found.column(m) for m in found.shown)), rows)
    text = (
        "Main effect of a member: the metric with it minus without it, averaged over all settings of the others. "
        "Pairwise effect of two: by how much the presence of the one changes the effect of the other, averaged over "
        "the settings of the rest; a positive one raises the metric beyond what the two add up to."
    )
    svg = inline_svg(drawn["effects"], "effects", caption, words)
    return Section("Effects of members and of pairs", (text,), (table,), (Figure(svg, caption, words),))


def _members(found: Effects) -> Section:
    columns = ("Member", "Alone", "Main", "Last", "First-order share, %", "Total share, %")
    tables = tuple(
        Table(
            f"Effects on {found.column(metric)} [95 % interval]",
            columns,
            tuple(
                (
                    title_of(m),
                    *(found.text(metric, kind, m) for kind in ("alone", "main", "last")),
                    *(found.share(metric, kind, m) for kind in ("index_first", "index_total")),
                )
                for m in found.members
            ),
        )
        for metric in found.shown
    )
    text = (
        "Alone: added to nothing. Main: averaged over the settings of the others. Last: added to all the others. "
        "First-order share: the part of the variance between the combinations' means that is the member's own; total "
        "share: with all effects that it has a part in, so total shares may add up to more than 100 %."
    )
    return Section("Each member", (text,), tables)


def _findings(found: Effects, direct: Mapping[str, Sequence[str]]) -> Section:
    notes: list[Note] = []
    counted = 0
    for metric in found.shown:
        rows = [(k, n) for k in TOLD for n in found.of(k) if not (k == "synergy" and len(found.members) == 2)]
        counted += len(rows)
        by_word: dict[str, list[str]] = {}
        for kind, name in rows:
            effect, told = found.get(metric, kind, name), name_of(name) if kind in ("main", "pairwise") else kind
            if not effect.certain:
                by_word.setdefault("uncertain", []).append(told)
            elif _word(found, metric, kind, name) == "unclear":
                by_word.setdefault("unclear", []).append(told)
            elif _word(found, metric, kind, name) == "no change":
                by_word.setdefault("nil", []).append(told)
            else:
                by_word.setdefault("clear", []).append(f"{told} {found.text(metric, kind, name)}")
        for word, standing, text in (
            ("clear", "Finding", "the interval excludes 0 for"),
            ("unclear", "Says nothing either way", "the interval includes 0 for"),
            ("nil", "Finding", "in this study exactly 0 for"),
            ("uncertain", "Says nothing either way", "one replication gives no interval for"),
        ):
            if word in by_word:
                notes.append(Note(standing, f"{found.column(metric)}: {text} {'; '.join(by_word[word])}."))
    set_by = [f"{title_of(m)} ({', '.join(map(title_of, d))})" for m, d in direct.items() if d]
    if set_by:
        notes.append(
            Note(
                "True by construction",
                f"Some members set a score of the model directly: {'; '.join(set_by)}. That part of their effect on "
                "service quality and the gap follows from the equations and their assumed sizes.",
            )
        )
    text = (
        "An effect is a finding, for this system and these parameters, where its interval excludes 0. An interval that "
        "includes 0 says nothing either way: neither that there is an effect nor that there is none. Each interval "
        f"stands alone, not adjusted for their number: of the {counted} told of here, about "
        f"{number(0.05 * counted, 1)} would exclude 0 if nothing had any effect."
    )
    return Section("What is a finding and what is not", (text,), (), (), tuple(notes))


def _cells(found: Effects, comparison: pd.DataFrame) -> Section:
    study = Study(comparison, NONE, found.metrics)
    names = sorted((joined(s) for s in subsets(found.members)), key=lambda n: 0 if n == NONE else n.count(PLUS) + 1)
    table = Table(
        "Means over replications of every combination",
        ("Combination", *(found.column(m, of_values=True) for m in found.shown)),
        tuple((title_of(n.replace(PLUS, " + ")), *(study.marked(n, m) for m in found.shown)) for n in names),
    )
    text = "▲ better and ▼ worse than none where the 95 % interval of the paired difference excludes 0."
    return Section("Every combination", (text,), (table,))


def identity_error(found: Effects) -> float:
    """Largest distance over the shown metrics between the whole and the sum that it equals, relative to its size."""
    worst = 0.0
    for metric in found.shown:
        named = [(kind_of(s), joined(s)) for s in subsets(found.members)]
        parts = np.array([found.get(metric, kind, name).mean if name != NONE else 0.0 for kind, name in named])
        whole = found.get(metric, "whole", found.full).mean
        size = max(abs(whole), float(np.abs(parts).max()))
        worst = max(worst, abs(float(whole_from(parts)) - whole) / size if size else 0.0)
    return worst


def _method(found: Effects, seed: int, replications: int, engine: str, horizon: Horizon) -> Section:
    runs = (
        f"Each of the {2 ** len(found.members)} combinations ran {replications} times (seed {seed}, engine {engine}) "
        f"with a warm-up of {number(horizon.warm_up, 0)} h; orders placed in the {number(horizon.measured, 0)} h after "
        "it were followed to delivery. Replication r of every combination uses the same named random numbers, those of "
        "a member's own success among them, so every effect is taken within replications."
    )
    intervals = (
        "Intervals of effects are Student's t at 95 % with replications as units; those of shares are t-intervals over "
        "the jackknife's pseudo-values, cut at 0 and 100 %, and approximate. None is widened for their number. "
        "effects.csv holds every metric and also the effects of three and more members."
    )
    odd = "the main effects" + (" plus a quarter of those of three members" if len(found.members) > 2 else "")
    odd += ", a sixteenth of those of five" if len(found.members) > 4 else ""
    error = identity_error(found)
    holds = "exactly" if error == 0 else f"to within a relative {error:.0e}"
    notes = (
        Note(
            "True by construction",
            f"The whole is the sum of {odd}; effects of even order cancel in it. Here it holds {holds}. Shares of the "
            "variance add up to 100 %."
            + (" With two members the synergy is their pairwise effect." if len(found.members) == 2 else ""),
        ),
        Note(
            "Assumption",
            "Effects add up on the scale of each metric. Two members that each halve the errors act independently, and "
            "yet have a pairwise effect on the share of failures: after the first there is less to halve. So a "
            "pairwise effect is a departure from adding up, not by itself proof of a mechanism between the two.",
        ),
        Note(
            "Assumption",
            "Every combination counts alike in main effects and shares: each member in or out with equal chance.",
        ),
        Note(
            "Not claimed",
            "That any firm would see these figures. An interval measures the randomness of the simulation, not the "
            "doubt about parameters.",
        ),
    )
    return Section("Method and assumptions", (runs, intervals), (), (), notes)
