"""Claim C01 (model.md sections 1.7 and 3): ten stages that each fail once in a hundred spoil 11 % of output.

A claim about arithmetic: the formula printed beside the figure gives 9.56 %, and however errors depend on each other
the share cannot exceed the sum of the stages' chances, 10 %. What is simulated tests the program against these. The
whole curve, over lengths of the chain and error rates, and eighteen readings of the figure: experiment=ten_stage.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.claims.claim import Claim, Finding, Floats, Tried, Values
from analysis.compounding.closed_forms import errors_latched, share_affected, share_affected_frailty
from analysis.report.numbers import signed

_STAGES, _FRAILTY, _KNOCK_ON = 10, 0.2, 3.0


def arms(values: Values) -> Mapping[str, Values]:
    """Independent stages, a shared frailty, and errors that breed errors, all at the error rate `p`."""
    rate = {"system.stage_defaults.error.p": values["p"]}
    return {
        "independent": rate,
        "frailty": {**rate, "system.switches.frailty": True, "system.knock_on.frailty": _FRAILTY},
        "knock-on": {**rate, "system.switches.knock_on": True, "system.knock_on.knock_on": _KNOCK_ON},
    }


def effect(tried: Tried) -> Finding:
    """The share of orders with an error; beside it the same under dependence, and other quantities per order."""
    independent, frail, bred = (tried(arm, "failure_share") for arm in ("independent", "frailty", "knock-on"))
    errors = tried("knock-on", "errors_per_order")
    closed = share_affected(0.01, _STAGES)
    exact = (
        ("independent stages, share", independent, closed),
        (f"shared frailty {_FRAILTY:g}, share", frail, share_affected_frailty(0.01, _STAGES, _FRAILTY)),
        (f"latched knock-on {_KNOCK_ON:g}, share", bred, closed),
        (f"latched knock-on {_KNOCK_ON:g}, errors per order", errors, errors_latched(0.01, _STAGES, _KNOCK_ON)),
    )
    notes = [
        f"{name.capitalize()}: simulated {values.mean():.5f}, closed form at p = 0.01 {value:.5f}, "
        f"{signed(_apart(values, value), 1)} standard errors apart."
        for name, values, value in exact
        if values.any()
    ]
    if independent.any():
        notes.append(
            f"Failed attempts per good output come to {100 * closed / (1 - closed):.2f} %, which rounds to 11 %: a "
            "correct statement about another quantity. Whether it was meant is not known."
        )
    return Finding(independent, {name: values for name, values, _ in exact[1:]}, tuple(notes))


def _apart(values: Floats, exact: float) -> float:
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return float((values.mean() - exact) / error) if error > 0 else float("nan")


CLAIM = Claim(
    id="C01",
    statement="Ten stages failing 1 in 100 spoil 11 % of outputs",
    quote="occurs at each stage on one in a hundred occasions, then 11% of the final output will be affected",
    source="Christopher, Payne & Ballantyne 1991, working paper",
    design="Flow and errors alone (layer 0): ten stages, p = 0.01 at each, errors independent; beside it errors that "
    "share a frailty within an order (correlation 0.2), and errors that breed others (latched knock-on 3).",
    metric="orders with at least one error",
    unit="share",
    sesoi=0.005,
    rule="Supported if the share lies within half a percentage point of 11 % (it is printed to the nearest one), "
    "refuted if it does not by more than four standard errors.",
    reference="1 - 0.99^10 = 9.562 %; whatever the dependence between stages, at most their sum, 10 % (Boole).",
    structural="Arithmetic: the printed formula gives 9.562 %, and no dependence between ten stages that each fail "
    "once in a hundred can bring the share above 10 %. The mechanism, compounding, is real; the figure is not.",
    words=("system=ten_stage", "scenario=[do_nothing]", "journal=summary", "system.horizon.measured=2400"),
    reference_point={"p": 0.01},
    swing={},
    arms=arms,
    effect=effect,
    null={"p": 0.0},
    exact_null=True,
    null_words="no stage fails",
    caveats=(
        "The curve over lengths of the chain and error rates that the design asks for is run by experiment=ten_stage; "
        "here only ten stages at .01, and fewer orders than its million.",
    ),
    replications=60,
    stated=0.11,
    by_construction=True,
)
