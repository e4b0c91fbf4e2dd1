"""The report of a SERVQUAL survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.figures.style import inline_svg, title_of
from analysis.figures.survey_chart import survey_chart
from analysis.report.numbers import number, with_interval
from analysis.report.page import Figure, Note, ReportPage, Section, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def survey_figures(results: Mapping[str, Any], scale: tuple[float, float]) -> dict[str, Drawing]:
    """The figure of a survey by file name: `survey`."""
    return {"survey": survey_chart({**results["dimensions"], "overall": results["overall"]}, scale)}


def survey_page(
    results: Mapping[str, Any],
    *,
    source: str,
    scale: tuple[float, float],
    warnings: Sequence[str] = (),
    figures: Mapping[str, Drawing] | None = None,
) -> ReportPage:
    """The page of `analysis.servqual.survey_results`; `source` names the survey (its file). `figures` as from
    `survey_figures`."""
    drawn = figures or survey_figures(results, scale)
    low, high = scale
    return ReportPage(
        title=f"Service quality survey: {source}",
        question="Does the service reach what its customers expect, and where does it fall short?",
        answer=_answer(results),
        sections=(_dimensions(results, drawn), _items(results), _cleaning(results), _method(results, scale)),
        facts=(
            ("Respondents", str(results["respondents"])), ("Items", str(results["items"])),
            ("Scale", f"{low:g} to {high:g}"), ("Source", source),
        ),
        warnings=(*results["warnings"], *warnings),
    )  # fmt: skip


def _gap(group: Mapping[str, Any]) -> str:
    return with_interval(float(group["gap"]), *group["ci"])


def _answer(results: Mapping[str, Any]) -> str:
    overall, dimensions = results["overall"], results["dimensions"]
    low, high = overall["ci"]
    size = f"a gap of {_gap(overall)} scale points over {overall['n']} respondents"
    if low is None or low <= 0 <= high:
        first = f"Perception cannot be told apart from expectation overall: {size}."
    else:
        first = f"Overall, perception {'falls short of' if high < 0 else 'exceeds'} expectation: {size}."
    ranked = sorted(dimensions, key=lambda name: float(dimensions[name]["gap"]))
    if len(ranked) < 2:
        return first
    worst, best = ranked[0], ranked[-1]
    short = [n for n in ranked if dimensions[n]["ci"][1] is not None and dimensions[n]["ci"][1] < 0]
    return (
        f"{first} The lowest gap is that in {title_of(worst)} ({_gap(dimensions[worst])}), the highest that "
        f"in {title_of(best)} "
        f"({_gap(dimensions[best])}); {len(short)} of {len(ranked)} dimensions clearly fall short."
    )


def _row(name: str, group: Mapping[str, Any]) -> tuple[str, ...]:
    alphas = [number(group.get(key), 2) for key in ("alpha", "alpha_expectation", "alpha_perception")]
    levels = [number(float(group[side]), 2) for side in ("expectation", "perception")]
    return (title_of(name), *levels, _gap(group), number(group["sq"], 1), str(group["n"]), *alphas)


def _dimensions(results: Mapping[str, Any], drawn: Mapping[str, Drawing]) -> Section:
    rows = [_row(name, group) for name, group in results["dimensions"].items()]
    rows.append(_row("overall", results["overall"]))
    columns = (
        "Dimension", "Expectation", "Perception", "Gap [95 % interval]", "SQ, %", "Respondents", "Alpha of gaps",
        "of expectations", "of perceptions",
    )  # fmt: skip
    table = Table("Gaps by dimension", columns, tuple(rows))
    caption = "Left: mean expectation and perception. Right: their gap with its 95 % interval."
    words = f"{len(results['dimensions'])} dimensions and the overall mean. {_answer(results)}"
    figure = Figure(inline_svg(drawn["survey"], "survey", caption, words), caption, words)
    return Section("Gaps by dimension", _weighting(results), (table,), (figure,))


def _weighting(results: Mapping[str, Any]) -> tuple[str, ...]:
    overall = results["overall"]
    plain = overall.get("mean_of_dimensions")
    texts = [f"Unweighted mean of the dimensions' gaps: {_gap(plain)}."] if plain else []
    weighted = overall.get("weighted")
    if weighted:
        shares = ", ".join(f"{title_of(n)} {number(float(w), 2)}" for n, w in weighted["weights"].items())
        texts.append(f"Weighted by importance ({shares}): gap {_gap(weighted)}, SQ {number(weighted['sq'], 1)} %.")
    return tuple(texts)


def _items(results: Mapping[str, Any]) -> Section:
    rows = tuple(
        (
            title_of(i["item"]), title_of(i["dimension"]), number(float(i["expectation"]), 2),
            number(float(i["perception"]), 2), _gap(i), str(i["n"]),
        )
        for i in sorted(results["item_gaps"], key=lambda i: float(i["gap"]))
    )  # fmt: skip
    columns = ("Item", "Dimension", "Expectation", "Perception", "Gap [95 % interval]", "Answers")
    return Section("Gaps by item, lowest first", (), (Table("Items", columns, rows, "llrrrr"),))


def _cleaning(results: Mapping[str, Any]) -> Section:
    rows = tuple((str(s["check"]), str(s["count"]), str(s["action"])) for s in results["cleaning"])
    return Section("Cleaning of the data", (), (Table("Checks", ("Check", "Found", "What was done"), rows, "lrl"),))


def _method(results: Mapping[str, Any], scale: tuple[float, float]) -> Section:
    text = (
        "Gap = perception − expectation per item, averaged over the items of a dimension (Parasuraman, "
        "Zeithaml & Berry "
        "1988). Intervals are Student's t at 95 % with respondents as units. Alpha is Cronbach's (1951)."
    )
    notes = (
        Note(
            "Assumption",
            f"SQ = 100 × perception / expectation takes the lowest answer, {scale[0]:g}, for zero; a rating "
            "scale has no true zero, "
            "so SQ depends on that choice. The gap does not.",
        ),
        Note(
            "Not claimed",
            "That those who answered stand for all customers. Expectations asked together with perceptions "
            "tend to run high.",
        ),
    )
    return Section("Method", (text,), (), (), notes)
