"""SERVQUAL analysis of a cleaned survey: gaps with intervals, SQ and Cronbach's alpha.

Parasuraman, Zeithaml & Berry (1988), J. Retailing 64(1): gap = perception - expectation per item, averaged over the
items of a dimension. Cronbach (1951), Psychometrika 16: coefficient alpha. Respondents are the units of every interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.survey import Survey

Floats = npt.NDArray[np.float64]


class Gap(TypedDict):
    """A mean gap and its 95 % interval; no interval with fewer than two respondents."""

    gap: float
    ci: list[float | None]


class Means(Gap):
    """Means over units, their number, and SQ (%)."""

    expectation: float
    perception: float
    sq: float | None
    n: int


class Alphas(TypedDict):
    """Cronbach's alpha of the gaps and of either side; None where it is not defined."""

    alpha: float | None
    alpha_expectation: float | None
    alpha_perception: float | None


class Dimension(Means, Alphas):
    """The figures of one dimension."""


class Item(Means):
    """The figures of one item."""

    item: str
    dimension: str


class Weighted(Gap):
    """The dimensions' figures weighted by importance."""

    expectation: float
    perception: float
    sq: float | None
    weights: dict[str, float]


class Overall(Dimension):
    """The figures of all answers."""

    answers: int
    mean_of_dimensions: Gap
    weighted: Weighted | None


class Cleaned(TypedDict):
    """A `CleaningStep`."""

    check: str
    count: int
    action: str


class SurveyResults(TypedDict):
    """See `survey_results`."""

    respondents: int
    items: int
    dimensions: dict[str, Dimension]
    overall: Overall
    item_gaps: list[Item]
    cleaning: list[Cleaned]
    warnings: list[str]


def survey_results(survey: Survey) -> SurveyResults:
    """Everything the survey says, as plain numbers ready for JSON.

    Gaps are in points of the survey's scale, SQ in percent, `ci` is a 95 % t-interval of the gap over respondents
    (`[None, None]` with fewer than two), `n` counts respondents, `alpha` is that of the gap scores. A dimension's
    figures are means over respondents of their mean over its items; the overall figures are means over all answers.
    """
    answers = survey.answers.assign(gap=survey.answers["perception"] - survey.answers["expectation"])
    dimensions: dict[str, Dimension] = {
        str(name): {**_means(_per_respondent(group), survey.scale), **_alphas(group)}
        for name, group in answers.groupby("dimension", sort=False)
    }
    return {
        "respondents": int(answers["respondent"].nunique()),
        "items": int(answers["item"].nunique()),
        "dimensions": dimensions,
        "overall": _overall(answers, dimensions, survey),
        "item_gaps": [
            {"item": str(item), "dimension": str(group["dimension"].iloc[0]), **_means(group, survey.scale)}
            for item, group in answers.groupby("item", sort=False)
        ],
        "cleaning": [{"check": s.check, "count": s.count, "action": s.action} for s in survey.cleaning],
        "warnings": [*survey.warnings, *_alpha_warnings(answers)],
    }


def service_quality(expectation: float, perception: float, scale: tuple[float, float]) -> float | None:
    """SQ = 100 x perceived / desired in percent, of means mapped to [0, 1] by the scale's ends.

    A ratio needs a true zero, which a rating scale lacks; taking its lowest answer for zero is an assumption, and SQ
    depends on it (the gap does not). None where the mean expectation is the lowest answer.
    """
    low, high = scale
    desired, perceived = (expectation - low) / (high - low), (perception - low) / (high - low)
    return 100.0 * perceived / desired if desired > 0 else None


def cronbach_alpha(scores: Floats) -> float | None:
    """Coefficient alpha k/(k-1) (1 - sum of item variances / variance of totals) of scores (respondents, items).

    None when it is not defined: fewer than two items or respondents, or totals that do not vary.
    """
    respondents, k = scores.shape
    if k < 2 or respondents < 2:
        return None
    totals = scores.sum(axis=1)
    if np.ptp(totals) <= 1e-9 * np.abs(scores).max():  # equal but for rounding
        return None
    return float(k / (k - 1) * (1.0 - scores.var(axis=0, ddof=1).sum() / totals.var(ddof=1)))


def _per_respondent(answers: pd.DataFrame) -> pd.DataFrame:
    return answers.groupby("respondent", sort=False)[["expectation", "perception", "gap"]].mean()


def _means(units: pd.DataFrame, scale: tuple[float, float]) -> Means:
    """Means over units (one row per respondent) and the interval of their gap."""
    expectation, perception = float(units["expectation"].mean()), float(units["perception"].mean())
    gap = float(units["gap"].mean())
    return {
        "expectation": expectation,
        "perception": perception,
        "gap": gap,
        "ci": _interval(gap, units["gap"].to_numpy(dtype=float)),
        "sq": service_quality(expectation, perception, scale),
        "n": len(units),
    }


def _interval(centre: float, units: Floats) -> list[float | None]:
    """95 % t-interval around `centre`, its standard error that of the mean of `units`."""
    n = len(units)
    if n < 2:
        return [None, None]
    half = _t_quantile(n - 1) * float(units.std(ddof=1)) / math.sqrt(n)
    return [centre - half, centre + half]


@cache
def _t_quantile(freedom: int) -> float:
    from scipy import stats

    return float(stats.t.ppf(0.975, freedom))


def _overall(answers: pd.DataFrame, dimensions: Mapping[str, Dimension], survey: Survey) -> Overall:
    expectation, perception = float(answers["expectation"].mean()), float(answers["perception"].mean())
    gap = float(answers["gap"].mean())
    # Answers of one respondent belong together: the interval is that of a ratio estimator over respondents
    # (sum of gaps / number of answers), which is the plain t-interval when all answered the same number of items.
    totals = answers.groupby("respondent", sort=False)["gap"].agg(["sum", "size"])
    deviations = (totals["sum"] - gap * totals["size"]) / totals["size"].mean()
    plain = {name: 1.0 / len(dimensions) for name in dimensions}
    plain_gap, plain_ci = _weighted(answers, plain)
    result: Overall = {
        "expectation": expectation,
        "perception": perception,
        "gap": gap,
        "ci": _interval(gap, deviations.to_numpy(dtype=float)),
        "sq": service_quality(expectation, perception, survey.scale),
        "n": len(totals),
        "answers": len(answers),
        **_alphas(answers),
        "mean_of_dimensions": {"gap": plain_gap, "ci": plain_ci},
        "weighted": None,
    }
    if survey.weights is not None:
        weighted_gap, weighted_ci = _weighted(answers, survey.weights)
        expectation = sum(weight * dimensions[name]["expectation"] for name, weight in survey.weights.items())
        perception = sum(weight * dimensions[name]["perception"] for name, weight in survey.weights.items())
        sq = service_quality(expectation, perception, survey.scale)
        result["weighted"] = {
            "expectation": expectation,
            "perception": perception,
            "gap": weighted_gap,
            "ci": weighted_ci,
            "sq": sq,
            "weights": dict(survey.weights),
        }
    return result


def _weighted(answers: pd.DataFrame, weights: Mapping[str, float]) -> tuple[float, list[float | None]]:
    """Weighted SERVQUAL score, the sum of weight x dimension gap, and its interval over respondents.

    A respondent without a dimension adds nothing to its mean; the interval linearises the sum of means accordingly
    (with complete answers it is the t-interval of the respondents' own weighted scores).
    """
    scores = answers.groupby(["respondent", "dimension"], sort=False)["gap"].mean().unstack()
    gaps = scores.mean()
    share = pd.Series(dict(weights)).reindex(scores.columns)
    deviations = ((scores - gaps) / scores.notna().mean() * share).fillna(0.0).sum(axis=1)
    centre = float((gaps * share).sum())
    return centre, _interval(centre, deviations.to_numpy(dtype=float))


def _complete(answers: pd.DataFrame, side: str) -> Floats:
    """Scores (respondents, items) of those who answered every item."""
    return answers.pivot(index="respondent", columns="item", values=side).dropna().to_numpy(dtype=float)


def _alphas(answers: pd.DataFrame) -> Alphas:
    return {
        "alpha": cronbach_alpha(_complete(answers, "gap")),
        "alpha_expectation": cronbach_alpha(_complete(answers, "expectation")),
        "alpha_perception": cronbach_alpha(_complete(answers, "perception")),
    }


def _alpha_warnings(answers: pd.DataFrame) -> list[str]:
    """A sentence for each dimension whose alpha rests on fewer respondents than its means."""
    found = []
    for name, group in answers.groupby("dimension", sort=False):
        complete, everyone = len(_complete(group, "gap")), group["respondent"].nunique()
        if complete < everyone:
            found.append(
                f"Cronbach's alpha of {name} rests on the {complete} of {everyone} who answered all its items."
            )
    return found
