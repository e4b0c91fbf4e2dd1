"""Who leaves, and what could have been asked of them: what C05 keeps of a run (single orders are needed).

- Flags: an order below desired (SQ < 100), below adequate, below predicted. Each is judged by its area under the curve
  against leaving after that order, AUC = (1 + share of leavers flagged - share of stayers flagged) / 2.
- Counts of orders, and of customers who left after them, by points of SQ.
- Surveys of 100, 400 and 1600 answers, each from an order of the first half of the window: cumulative satisfaction CS,
  adequate and desired level, and whether the customer left within half the window. Three logistic models - in CS - A,
  in CS - S, in [CS < A] - are fitted to each, and the likeliest is named; equals share the naming.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.claims.logistic import best_log_likelihood
from analysis.measures.measured import Measured
from analysis.measures.metric import ratio
from sim.journal import Journal

Floats = npt.NDArray[np.float64]
Table = np.ndarray[Any, Any]

FLAGS = ("desired", "adequate", "predicted")
RULES = ("adequate", "desired", "step")
ANSWERS = (100, 400, 1600)
LEVELS = range(60, 120)  # points of SQ; what lies outside is counted at the ends
_SURVEYS = 5  # of each size, of a run
_SAME = 1e-6  # log-likelihoods that differ by less are equal


def churn(journal: Journal) -> dict[str, float]:
    """`auc_<flag>`, `orders_sq_<level>`, `left_sq_<level>`, `named_<rule>_<answers>` and shares, by name."""
    orders = Measured(journal).orders
    left = _leaving(journal, orders) <= 0.0
    flags = {name: orders["P"] < orders[level] for name, level in zip(FLAGS, ("S", "A", "W"), strict=True)}
    quality = np.clip((100.0 * orders["P"] / orders["S"]).astype(np.int64), LEVELS[0], LEVELS[-1]) - LEVELS[0]
    counts = np.bincount(quality, minlength=len(LEVELS)), np.bincount(quality[left], minlength=len(LEVELS))
    return {
        **{f"auc_{name}": area(flag, left) for name, flag in flags.items()},
        **{f"below_{name}": float(flag.mean()) for name, flag in flags.items()},
        "left": float(left.mean()),
        **{f"{what}_sq_{level}": float(count[i]) for what, count in zip(("orders", "left"), counts, strict=True)
           for i, level in enumerate(LEVELS)},
        **_named(journal, orders),
    }  # fmt: skip


def area(flag: Table, left: Table) -> float:
    """Area under the curve of a yes-or-no flag against leaving; NaN if nobody left, or everybody did."""
    caught, false = ratio(flag[left].sum(), left.sum()), ratio(flag[~left].sum(), (~left).sum())
    return 0.5 * (1.0 + caught - false)


def _leaving(journal: Journal, orders: Table) -> Floats:
    """Hours from the delivery of an order until its customer left; NaN if they stayed."""
    return np.asarray(journal["customers"]["left"][orders["customer"]] - orders["delivered"])


def cumulative_satisfaction(orders: Table, learning: float) -> Floats:
    """CS of the customer after each order, rebuilt from what they experienced: shape (orders,).

    CS starts at what they predict of their first order and closes the share `learning` of its distance to every
    satisfaction (model.md 2.8). `orders` are all of the run.
    """
    satisfaction = np.full(int(orders["customer"].max()) + 1, np.nan)
    after = np.full(len(orders), np.nan)
    for number in range(int(orders["number"].max()) + 1):
        rows = np.flatnonzero((orders["number"] == number) & ~np.isnan(orders["delivered"]))
        who = orders["customer"][rows]
        before = orders["W"][rows] if number == 0 else satisfaction[who]
        satisfaction[who] = before + learning * (orders["satisfaction"][rows] - before)
        after[rows] = satisfaction[who]
    return after


def _named(journal: Journal, measured: Table) -> dict[str, float]:
    """How often a survey of so many answers names each rule of staying."""
    start, end = journal.window
    half = (end - start) / 2.0
    every = journal["orders"]
    regard = cumulative_satisfaction(every, journal.blueprint.relationship.satisfaction_learning)
    rows = np.flatnonzero((every["placed"] >= start) & (every["delivered"] < start + half))
    asked, regard = every[rows], regard[rows]
    hours = _leaving(journal, asked)
    gone = (hours <= half).astype(float)  # NaN: no
    above = regard - asked["A"]
    drivers = np.stack([above, regard - asked["S"], np.where(above < 0.0, 1.0, 0.0)])  # in the order of RULES
    draws = np.random.default_rng([journal.seed, journal.replication, 5])
    values: dict[str, float] = {}
    for answers in ANSWERS:
        share = np.zeros(len(RULES))
        for _ in range(_SURVEYS):
            chosen = (draws.random(answers) * len(rows)).astype(np.int64)
            x = np.stack([np.ones((len(RULES), answers)), drivers[:, chosen]], axis=-1)
            fit = best_log_likelihood(x, gone[chosen], np.ones(answers))
            likeliest = fit >= fit.max() - _SAME
            share += likeliest / likeliest.sum()
        values |= {f"named_{rule}_{answers}": float(s) / _SURVEYS for rule, s in zip(RULES, share, strict=True)}
    return values
