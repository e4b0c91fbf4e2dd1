"""C05: is everything below 100 % of the desired level a failure? (model.md 2.1, 2.8, section 3; Zeithaml et al. 1993.)

Which rule customers stay by is put into the model, so where churn sets in is no finding. With a zone of tolerance of
one width for all, "smooth in CS - S" even *is* "smooth in CS - A" with another intercept (A = S - Z): no data tell the
two apart. What can be found out is how good each flag is at pointing to leavers in a given market, and whether a survey
could tell the rules apart where the zones of the two kinds of customers differ.

A flag is good where it cuts through the middle of the market, whatever the rule: with desired levels near what is
perceived, SQ < 100 does best even though customers stay by the adequate level. And a step at adequate is not seen as
one, because satisfaction moves on between the survey and the day a customer leaves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.claims.churn import ANSWERS, FLAGS, LEVELS, RULES, churn
from analysis.claims.claim import Claim, Condition, Finding, Floats, Tried, Values, joint
from analysis.claims.logistic import best_log_likelihood
from scenarios.design import Range

_REFERENCE: Values = {
    "rule": "adequate", "tolerance": 0.18, "desired_level": 0.88, "desired_sd": 0.05, "slope": 14.6,
    "satisfaction_learning": 0.3, "halo": 0.25,
}  # fmt: skip
_STAY = 1.386  # logit of .8
_APART = 0.10  # by which the zones of key accounts are narrower than those of the others, where rules are told apart
_CANDIDATES = np.arange(70.0, 111.0)  # points of SQ at which churn may bend
_RESAMPLES = 200
_SESOI = 0.02


def arms(values: Values) -> Mapping[str, Values]:
    """The market as it is; at the reference point also one world for each rule, with zones apart."""
    market = _market(values, str(values["rule"]), 0.0)
    if any(values[name] != value for name, value in _REFERENCE.items()) or not values["matters"]:
        return {"market": market}  # elsewhere the verdict needs no more
    return {"market": market, **{f"world {rule}": _market(values, rule, _APART) for rule in RULES}}


def _market(values: Values, rule: str, apart: float) -> Values:
    """A market that stays by a rule. Churn is set to be the same in all: half stay a year at the adequate level."""
    zone, matters = values["tolerance"], values["matters"]
    slope = values["slope"] if matters else 0.0
    base = slope * zone if rule == "desired" else 0.0
    return {
        "scenario": "do_nothing",
        "system.relationship.rule": rule,
        "system.relationship.retention_slope": slope,
        "system.relationship.retention_base": base if matters else _STAY,
        "system.relationship.satisfaction_learning": values["satisfaction_learning"],
        "system.segment_defaults.expectations.desired_mean": dict.fromkeys(
            ("reliability", "responsiveness", "assurance", "empathy", "tangibles"), values["desired_level"]
        ),
        "system.segment_defaults.expectations.desired_sd": values["desired_sd"],
        "system.segments.key_accounts.expectations.tolerance": max(0.0, zone - 0.8 * apart),
        "system.segments.businesses.expectations.tolerance": zone + 0.2 * apart,
        "system.perception.halo": values["halo"],
    }


def effect(tried: Tried) -> Finding:
    """AUC of the flag SQ < 100 less that of each rival (below adequate, below predicted): it has to beat both."""
    areas = {flag: tried("market", f"auc_{flag}") for flag in FLAGS}
    better = [
        Condition(f"against the flag below {rival}", areas["desired"] - areas[rival], _SESOI) for rival in FLAGS[1:]
    ]
    parts: dict[str, Floats] = {f"AUC of the flag below {flag}": value for flag, value in areas.items()}
    parts |= {f"Share of orders below {flag}": tried("market", f"below_{flag}") for flag in FLAGS}
    if len(tried.arms) == 1:
        return joint(better, _SESOI, parts)
    return joint(better, _SESOI, parts, (_bend(tried), *_power(tried)))


def _bend(tried: Tried) -> str:
    """Where churn bends in SQ: segmented logistic regression, interval by resampling replications."""
    orders, left = (
        np.stack([tried("market", f"{what}_sq_{level}") for level in LEVELS]) for what in ("orders", "left")
    )  # (levels, replications)
    kept = ~np.isnan(orders).any(axis=0)
    orders, left = orders[:, kept], left[:, kept]
    middles = np.array(LEVELS) + 0.5
    below = np.maximum(0.0, _CANDIDATES[:, None] - middles)
    level = np.broadcast_to((middles - 90.0) / 10.0, below.shape)
    x = np.stack([np.ones_like(below), level, below / 10.0], axis=-1)
    draws = np.random.default_rng(5)
    found = []
    for number in range(_RESAMPLES + 1):
        chosen = slice(None) if number == 0 else draws.integers(0, orders.shape[1], orders.shape[1])
        fit = best_log_likelihood(x, left[:, chosen].sum(axis=1), orders[:, chosen].sum(axis=1))
        found.append(float(_CANDIDATES[fit.argmax()]))
    low, high = np.quantile(found[1:], (0.025, 0.975))
    inside = "contains" if low <= 100.0 <= high else "does not contain"
    return (
        f"The best single breakpoint of churn in SQ is {found[0]:.0f} (95 % by resampling replications: {low:.0f} to "
        f"{high:.0f}): it {inside} 100."
    )


def _power(tried: Tried) -> tuple[str, ...]:
    """How often a survey names the rule that holds, by its size."""
    notes = []
    for rule in RULES:
        shares = [float(np.nanmean(tried(f"world {rule}", f"named_{rule}_{answers}"))) for answers in ANSWERS]
        words = ", ".join(f"{share:.0%} with {answers}" for share, answers in zip(shares, ANSWERS, strict=True))
        notes.append(f"Where customers stay by the rule '{rule}', a survey names it in {words} answers (chance: 33%).")
    return (*notes, "With zones of one width for all, 'adequate' and 'desired' fit every survey equally well.")


CLAIM = Claim(
    id="C05",
    statement="Anything below 100 % of desired is a failure",
    quote="anything less than 100% is to be construed as a service failure",
    source="Christopher, Payne & Ballantyne 1991",
    design="Nothing is done; orders differ by chance. After each order a customer is flagged if it lay below desired "
    "(SQ < 100), below adequate or below predicted; which flag points best to those who leave? Besides, three worlds "
    "in which customers stay by three rules (smooth in the distance to adequate, to desired, a step at adequate; same "
    "churn at the adequate level, zones of key accounts narrower by 0.10), seen through surveys of 100, 400 and 1 600 "
    "answers followed up for 24 weeks.",
    metric="Area under the curve against leaving: flag SQ < 100 less each of below adequate and below predicted",
    unit="AUC",
    sesoi=_SESOI,
    rule="The flag SQ < 100 points to leavers better than both others, by 0.02 or more (an assumption). The breakpoint "
    "of churn, which should lie at 100, is in the notes.",
    reference="With a zone of tolerance Z a step at adequate shows at SQ = 100 (1 - Z/S), about 80.",
    structural="By which rule customers stay is an input. Which flag does best follows from it and from where the "
    "orders lie; what a survey can tell apart is the only finding.",
    by_construction=True,
    words=("system=order_to_delivery", "journal=full", "system.horizon.warm_up=480", "system.horizon.measured=1920"),
    reference_point=_REFERENCE,
    swing={
        "rule": RULES,
        "tolerance": Range(0.08, 0.30),  # Z0
        "desired_level": Range(0.70, 0.95),
        "desired_sd": Range(0.02, 0.15),
        "slope": Range(3.0, 25.0),  # b1
        "satisfaction_learning": Range(0.1, 0.6),  # lam_C
        "halo": Range(0.0, 0.6),
    },
    arms=arms,
    effect=effect,
    null={"matters": False},
    null_words="staying has nothing to do with service",
    caveats=(
        "The specification's rule also asks that the breakpoint of churn include 100; here the flags decide and the "
        "breakpoint stands in the notes. The warm-up is 12 weeks, the window 48.",
        "A flag is good where it cuts through the middle of the market, whatever the rule: almost every order lies "
        "below desired at the reference point, so this flag hardly tells customers apart.",
    ),
    replications=30,
    robust_replications=6,
    switches={"matters": True},  # False: staying has nothing to do with service
    measure=churn,
)  # fmt: skip
