"""C07: does one bad aspect drag down the others, and does that mislead diagnosis? (model.md 2.2.3, section 3.)

One dimension is made worse at its source: the level of tangibles, the base of empathy, or the service skill that
assurance is judged by. Reliability and responsiveness have no level of their own in this model (they come out of errors
and waits), so they are not among the choices. Management asks `survey_answers` customers and names the dimension with
the largest mean shortfall, weighted by importance; at the reference point all five count the same.

The halo spares the worst dimension of each order and lowers all others, so it narrows the distance between the worst
and the next: a clear worst stays the worst, two that lie close can change places, and then no sample is large enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.claims.claim import Claim, Finding, Floats, Tried, Values
from analysis.claims.verdict import Bar, Estimate, estimate
from analysis.measures import measure as usual_measure
from analysis.measures.measured import Measured
from analysis.report.numbers import with_interval
from scenarios.design import Range
from sim.blueprint import DIMENSIONS
from sim.blueprint.customer import WEIGHTS
from sim.journal import Journal

FALL = 0.02  # of two other scores: what "drags down the whole" needs (level in [0, 1])
_SURVEYS = 200  # drawn from the orders of a run, to say how often a survey names each dimension
_SOURCE = {  # dimension -> (where its level is set, what is set there)
    "tangibles": ("system.perception.tangibles_level", 0.80),
    "empathy": ("system.perception.empathy_base", 0.70),
    "assurance": ("system.pool_defaults.service_skill", 0.75),
}


def with_surveys(journal: Journal) -> dict[str, float]:
    """The usual metrics, and `named_<dimension>`: the share of surveys whose largest weighted gap is there.

    Each of 200 surveys asks `management.survey_answers` of the measured orders, drawn with replacement. The draws
    belong to seed and replication, so that every arm asks the same places in the list.
    """
    orders = Measured(journal).orders
    gaps = orders["desired"] - orders["perceived"]
    segment = next(iter(journal.blueprint.segments.values()))
    weighted = gaps * np.array([segment.weights[d] for d in DIMENSIONS])
    answers = journal.blueprint.management.survey_answers
    places = np.random.default_rng([journal.seed, journal.replication, 7]).random((_SURVEYS, answers))
    means = weighted[(places * len(weighted)).astype(np.int64)].mean(axis=1)
    share = np.bincount(means.argmax(axis=1), minlength=len(DIMENSIONS)) / _SURVEYS
    return {**usual_measure(journal), **{f"named_{d}": float(s) for d, s in zip(DIMENSIONS, share, strict=True)}}


def arms(values: Values) -> Mapping[str, Values]:
    """One dimension as it is and made worse, with the halo and without; arms are named after the dimension."""
    worse = str(values["dimension"])
    path, level = _SOURCE[worse]
    weights = {d: 0.2 + float(values["importance"]) * (WEIGHTS[d] - 0.2) for d in DIMENSIONS}
    shared = {
        "scenario": "do_nothing",
        "system.management.survey_answers": values["answers"],
        "system.segment_defaults.weights": weights,
        "system.segment_defaults.expectations.desired_sd": values["desired_sd"],
        "system.segment_defaults.expectations.tolerance": values["tolerance"],
        "system.perception.assimilation": values["assimilation"],
    }
    halo, none = {"system.perception.halo": values["halo"]}, {"system.perception.halo": 0.0}
    lowered = {path: level - values["drop"]}
    return {
        "as it is": {**shared, **halo},
        f"{worse} worse": {**shared, **halo, **lowered},
        f"{worse} worse, no halo": {**shared, **none, **lowered},
    }


def effect(tried: Tried) -> Finding:
    """Share of surveys that name the worsened dimension without the halo, less that with it."""
    before, after, plain = tried.arms
    worse = after.removesuffix(" worse")
    named = f"named_{worse}"
    falls = {d: tried(before, f"perceived_{d}") - tried(after, f"perceived_{d}") for d in DIMENSIONS if d != worse}
    parts: dict[str, Floats] = {f"Fall of perceived {d}, delivered as before": fall for d, fall in falls.items()}
    parts[f"Fall of perceived {worse} (made worse)"] = tried(before, f"perceived_{worse}") - tried(
        after, f"perceived_{worse}"
    )
    parts["Share of surveys that name it, no halo"] = tried(plain, named)
    parts["Share of surveys that name it, halo"] = tried(after, named)
    second = second_largest(list(falls.values()))
    shown = with_interval(second.mean, second.low, second.high, sign=False)
    notes = [
        f"First part, drags down the whole: {Bar(FALL).word(second.low, second.high)}. The second largest of the falls "
        f"of the other four scores is {shown}; at least {FALL:g} is needed of two. That they fall at all is true by "
        "construction for any halo above 0 once the worst dimension lies below adequate.",
        "Second part, misleads diagnosis: the verdict of this page. The claim needs both parts.",
    ]
    if min(float(np.nanmin(tried(arm, named))) for arm in (plain, after)) == 1.0:
        notes.append(
            "At a ceiling: with the halo and without it every survey of every replication names the dimension that was "
            "made worse. Nothing better can be measured here; the verdict says that a clear worst stays the worst, and "
            "its interval is the exact binomial bound over replications."
        )
    return Finding(tried(plain, named) - tried(after, named), parts, tuple(notes))


def second_largest(falls: Sequence[Floats]) -> Estimate:
    """The second largest of several means, with an interval of at least 95 %.

    The second largest of the lower and of the upper bounds of simultaneous intervals (Bonferroni): where all means lie
    within theirs, so does the second largest of them.
    """
    from scipy.special import stdtrit

    found = [estimate(fall, float(stdtrit(max(1, len(fall) - 1), 1.0 - 0.025 / len(falls)))) for fall in falls]
    mean, low, high = (sorted(getattr(one, name) for one in found)[-2] for name in ("mean", "low", "high"))
    return Estimate(mean, low, high, min(one.n for one in found))


CLAIM = Claim(
    id="C07",
    statement="One bad aspect drags down perceived quality as a whole and misleads diagnosis",
    quote="perceptions have been influenced by negative experiences in one aspect of performance",
    source="Christopher, Payne & Ballantyne 1991",
    design="One dimension is delivered worse by 0.2. Its gap, and those of the others, are seen through 200 surveys of "
    "customers in each run, with the halo and without; how often is the dimension named that was made worse? "
    "Staff dynamics and relationship are off (layers 0, 1, 3), so that nothing else moves.",
    metric="Share of surveys that name the worsened dimension: without halo less with halo",
    unit="share",
    sesoi=0.10,
    rule="Misleads: the share falls by at least 10 points. Drags down the whole: at least two other scores fall by "
    "0.02 or more (in the notes: it follows from the equations).",
    reference="",
    structural="That the other scores fall once there is a halo follows from the equations; whether a survey then "
    "names the wrong dimension does not.",
    words=("system=order_to_delivery", "journal=full", "system.layers=[0,1,3]"),
    reference_point={
        "dimension": "tangibles", "drop": 0.2, "halo": 0.25, "answers": 200, "importance": 0.0, "desired_sd": 0.05,
        "tolerance": 0.18, "assimilation": 0.2,
    },
    swing={
        "dimension": ("tangibles", "empathy", "assurance"),
        "drop": Range(0.05, 0.3),
        "halo": Range(0.0, 0.6),
        "answers": (50, 200, 800),
        "importance": Range(0.0, 1.0),  # weights from equal (0) to those of the literature (1)
        "desired_sd": Range(0.02, 0.15),  # spread between customers, which is noise to a survey
        "tolerance": Range(0.08, 0.30),
        "assimilation": Range(0.0, 0.4),
    },
    arms=arms,
    effect=effect,
    null={"halo": 0.0},
    exact_null=True,
    null_words="no halo",
    limits=(-1.0, 1.0),
    caveats=(
        "Without the halo the two arms compared are one system, so the null is 0 by identity: it tests only that the "
        "same draws are used. Reliability and responsiveness have no level of their own in this model and are not "
        "among the dimensions made worse.",
        "The halo spares the worst dimension of each order and lowers all others: a clear worst stays the worst, two "
        "that lie close can change places, and then no sample is large enough.",
    ),
    replications=80,
    robust_replications=4,
    measure=with_surveys,
)  # fmt: skip
