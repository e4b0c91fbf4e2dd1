"""C12: happy employees = better customer service (model.md section 3).

Morale reaches the customer by three ways that can be closed one at a time: the empathy of whoever serves (2.2.1),
absence that leaves the others more work, and turnover that puts newcomers in their place (2.5). Complaints that depress
staff, the reverse way of the specification, have no counterpart in the model; what bad days do to morale is overload
and bad work from colleagues (2.5), so that is the reverse way that is opened and closed here.

What the runs say: the empathy path is almost twice its closed form, because empathy is often the worst dimension and
the halo spreads it; with the halo off they agree. In the quarter after a lift quality is *lower*: happier customers
stay and order more, and that loads the line (with layer 4 off the after-effect is above 0).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.claims.claim import Claim, Finding, Floats, Tried, Values
from analysis.claims.quarters import QUARTER, quarters, service_quality
from analysis.claims.ratio import ratio_of_means
from analysis.claims.verdict import estimate
from analysis.measures import measure as usual_measure
from analysis.report.numbers import with_interval
from scenarios.design import Range
from sim.blueprint import WEIGHTS
from sim.journal import Journal

SHOCK = 0.15
LAG = 4  # weeks by which one series is to lead the other
PATHS = {"empathy": "empathy_morale", "absence": "absence_morale", "turnover": "turnover_morale"}
_PLACES = {
    "empathy": "system.perception.empathy_morale",
    "absence": "system.attendance.absence_morale",
    "turnover": "system.attendance.turnover_morale",
}
_LONG = {  # a year with the shock in its third quarter, to see which of the two series leads
    "scenario": "shock_up",
    "system.horizon.measured": 4 * QUARTER,
    "scenarios.shock_up.interventions.shock.start": 2 * QUARTER,
    "scenarios.shock_up.interventions.end.start": 3 * QUARTER,
}


def _shock(size: float) -> Mapping[str, object]:
    """Morale moved by `size` for the first quarter after the warm-up, and by nothing else."""
    lift = {"kind": "communication_campaign", "cost": 0.0}
    return {
        "description": f"Morale {size:+.2f} for a quarter",
        "evidence": "a shock from outside, not a policy",
        "interventions": {"shock": {**lift, "boost": size}, "end": {**lift, "boost": -size, "start": QUARTER}},
    }


def measure(journal: Journal) -> dict[str, float]:
    """The usual metrics; `quality_q` (%) by quarter, from 1; `morale_leads`, see `cross_lag`."""
    values = usual_measure(journal)
    for number, weeks in enumerate(quarters(journal), start=1):
        values[f"quality_q{number}"] = service_quality(weeks)
    rows = journal["weeks"]
    rows = rows[rows["measured"] == 1]
    quality = np.array([service_quality(rows[i : i + 1]) for i in range(len(rows))])
    values["morale_leads"] = cross_lag(rows["morale"], quality, LAG)
    return values


def cross_lag(first: Floats, second: Floats, lag: int) -> float:
    """Correlation of `first` with `second` `lag` steps later, less that of `second` with `first` `lag` steps later.

    Above 0, the first leads. NaN where one of them does not vary.
    """
    return _correlation(first[:-lag], second[lag:]) - _correlation(second[:-lag], first[lag:])


def _correlation(x: Floats, y: Floats) -> float:
    if np.ptp(x) < 1e-12 or np.ptp(y) < 1e-12:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def arms(values: Values) -> dict[str, Values]:
    """Morale up and down, all ways open and one closed at a time; a year each with and without the way back."""
    weight = values["empathy_weight"]
    rest = (1.0 - weight) / (1.0 - WEIGHTS["empathy"])
    firm = {
        "system.arrivals.customers": round(480 * (1.0 + values["demand"])),
        "system.attendance.turnover": values["turnover"],
        "system.perception.halo": values["halo"],
        "system.perception.assimilation": values["assimilation"],
        "system.segment_defaults.weights": {d: weight if d == "empathy" else w * rest for d, w in WEIGHTS.items()},
        **{place: values[PATHS[path]] if values["open"] else 0.0 for path, place in _PLACES.items()},
    }
    up, down = {"scenario": "shock_up"}, {"scenario": "shock_down"}
    chosen: dict[str, Values] = {"up": {**firm, **up}, "down": {**firm, **down}}
    for path, place in _PLACES.items():
        chosen[f"up, no {path}"] = {**firm, place: 0.0, **up}
        chosen[f"down, no {path}"] = {**firm, place: 0.0, **down}
    no_way_back = {"system.morale.overload_on_morale": 0.0, "system.morale.internal_on_morale": 0.0}
    return {**chosen, "year": {**firm, **_LONG}, "year, no way back": {**firm, **no_way_back, **_LONG}}


def effect(tried: Tried) -> Finding:
    """Change of service quality (points) for a shock of .15 of morale, in the quarter of the shock."""

    def change(without: str = "", quarter: int = 1) -> Floats:
        metric = f"quality_q{quarter}"
        return (tried(f"up{without}", metric) - tried(f"down{without}", metric)) / 2.0

    whole = change()
    by_path = {path: whole - change(f", no {path}") for path in PATHS}
    leads, leads_alone = tried("year", "morale_leads"), tried("year, no way back", "morale_leads")
    note = "no change to share out"
    if np.nanmean(whole) != 0.0:
        of_whole = {path: estimate(100.0 * ratio_of_means(by_path[path], whole)) for path in PATHS}
        shares = ", ".join(
            f"{path} {with_interval(s.mean, s.low, s.high, sign=False)} %" for path, s in of_whole.items()
        )
        note = f"Shares of the paths (change lost when one is closed): {shares}"
    return Finding(
        whole,
        {
            **{f"change by way of {path} (points)": lost for path, lost in by_path.items()},
            "change that is left without empathy (points)": change(", no empathy"),
            "change in the quarter after the shock (points)": change(quarter=2),
            f"cross-lagged correlation over {LAG} weeks, above 0 = morale leads": leads,
            "the same with no way from work to morale": leads_alone,
        },
        (f"{note}.",),
    )


CLAIM = Claim(
    id="C12",
    statement="Happy employees = better customer service",
    quote="Happy employees = better customer service",
    source="Management text on customer culture (CC)",
    design=(
        "Morale of everybody .15 higher against .15 lower for a quarter, by a shock from outside; the same with one "
        "path closed at a time: empathy, absence, turnover. Half the difference in service quality of that quarter. In "
        "a year with a shock, which of the two series leads, with and without the way from work back to morale. 24 "
        "weeks after a warm-up of 8, the year 48 weeks: enough for a shock of 12."
    ),
    metric="service quality for .15 of morale",
    unit="points",
    sesoi=1.0,
    rule="Service quality changes by 1 point or more; whether morale leads is told beside it.",
    reference="Closed form of the empathy path alone, halo off and predictions at rest: 100 (1 - alpha) w_EMP e_m .15 "
    "/ S = 1.09 points. At unit level morale and customer satisfaction correlate .32 (Harter, Schmidt & Hayes 2002).",
    structural=(
        "Empathy rises with morale by equation (2.2.1), and the closed form of that path alone, 1.09 points, exceeds "
        "the 1 point that the claim needs. What the equations do not decide is what absence and turnover add, and "
        "which series leads; both stand in the table."
    ),
    by_construction=True,
    words=("scenario=do_nothing", "journal=summary", "allow_unstable=true", "system.horizon.warm_up=320.0",
           "system.horizon.measured=960.0"),
    reference_point={
        "empathy_morale": 0.5, "absence_morale": 0.6, "turnover_morale": 2.0, "turnover": 0.2, "empathy_weight": 0.16,
        "halo": 0.25, "assimilation": 0.2, "demand": 0.0,
    },
    swing={
        "empathy_morale": Range(0.0, 1.0),
        "absence_morale": Range(0.0, 1.2),
        "turnover_morale": Range(0.0, 4.0),
        "turnover": Range(0.05, 0.5),
        "empathy_weight": Range(0.05, 0.3),
        "halo": Range(0.0, 0.6),
        "assimilation": Range(0.0, 0.4),
        "demand": Range(-0.2, 0.1),
    },
    arms=arms,
    effect=effect,
    null={"open": False},
    exact_null=True,
    null_words="morale reaches the customer by no path",
    caveats=(
        "The specification's reverse way, complaints that depress staff, has no counterpart in the model. The way back "
        "that is opened and closed here is overload and bad work from colleagues.",
        "The empathy path is almost twice its closed form because empathy is often the worst dimension and the halo "
        "spreads it; with the halo off they agree. In the quarter after the lift quality is lower: happier customers "
        "stay and order more, and that loads the line. 24 weeks are measured (the year: 48) instead of 96.",
    ),
    switches={"open": True},
    scenarios={"shock_up": _shock(SHOCK), "shock_down": _shock(-SHOCK)},
    replications=40,
    robust_replications=6,
    measure=measure,
)  # fmt: skip
