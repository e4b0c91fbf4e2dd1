"""Closed forms of compounding along a chain of stages (model.md 1.7): shares, errors per order, readings of "11 %"."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def share_affected(p: float, n: int) -> float:
    """M0: share of orders with at least one error, n independent stages that err with chance p."""
    return 1.0 - (1.0 - p) ** n


def share_affected_frailty(p: float, n: int, rho: float) -> float:
    """M7: the same with a shared beta-distributed rate of mean p and intra-class correlation rho."""
    if rho <= 0 or p >= 1:
        return share_affected(p, n)
    a, b = p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho
    return 1.0 - math.exp(math.lgamma(b + n) - math.lgamma(b) + math.lgamma(a + b) - math.lgamma(a + b + n))


def errors_latched(p: float, n: int, k: float) -> float:
    """M15: mean errors per order when every stage after the first error errs with chance k p (k p <= 1)."""
    return k * p * n + (1 - k) * share_affected(p, n)


def errors_markov(p: float, n: int, k: float) -> float:
    """M16: mean errors per order when a stage errs with chance k p after a stage that erred."""
    g = (k - 1) * p
    if abs(g) < 1e-12:
        return n * p
    return p / (1 - g) * (n - g * (1 - g**n) / (1 - g))


def share_latent_loss(p: float, n: int, k: float, h: float) -> float:
    """M17: share affected when each handoff loses information with chance h, after which stages err with k p."""
    q, lost = 1 - p, 1 - min(1.0, k * p)
    clean = q**n * (1 - h) ** (n - 1)
    clean += sum((1 - h) ** (j - 1) * h * q**j * lost ** (n - j) for j in range(1, n))
    return 1 - clean


def _solve(function: Callable[[float], float], low: float, high: float) -> float | None:
    """The root of `function` between the bounds, or None where it has none there."""
    from scipy.optimize import brentq

    if function(low) * function(high) > 0:
        return None
    return float(brentq(function, low, high, xtol=1e-14))


def readings(p: float, n: int, stated: float) -> list[dict[str, Any]]:
    """Every reading of section 1.7: its formula, its value at (p, n), and what it takes to read the stated figure.

    `value` is a share or errors per order at the inputs as printed; None where the reading needs a further
    parameter, which `note` then gives. `gives_11_percent` says whether the value rounds to the stated figure in
    whole percent.
    """
    q, f = 1 - p, share_affected(p, n)
    clean = 1 - stated
    label = f"{100 * stated:g} %"

    def reading(number: int, mechanism: str, formula: str, value: float | None, note: str) -> dict[str, Any]:
        gives = value is not None and round(100 * value) == round(100 * stated)
        return {
            "id": f"M{number}",
            "mechanism": mechanism,
            "formula": formula,
            "value": value,
            "gives_11_percent": gives,
            "note": note,
        }

    def needs(what: str, value: float | None, fmt: str = ".4g") -> str:
        return f"{label} cannot be reached" if value is None else f"{label} takes {what} = {value:{fmt}}"

    p_star = 1 - clean ** (1 / n)
    n_star = math.log(clean) / math.log(q) if 0 < p < 1 else None
    h_error = 1 - (clean / q**n) ** (1 / (n - 1)) if n > 1 and clean < q**n else None
    passes = _solve(lambda x: 1 - ((1 - x) * q / (1 - x * q)) ** n - stated, 0.0, 0.99)
    factor = (stated - f) / (n * p - f) if n > 1 and p > 0 else None
    markov = _solve(lambda k: errors_markov(p, n, k) - stated, 1.0, 0.99 / p + 1) if p > 0 else None
    latent = [_solve(lambda h, k=k: share_latent_loss(p, n, k, h) - stated, 0.0, 1.0) for k in (2.0, 3.0, 5.0)]  # type: ignore[misc]
    latent_note = "; ".join(
        f"k = {k:g}: " + ("not reached" if h is None else f"h = {100 * h:.2f} %")
        for k, h in zip((2, 3, 5), latent, strict=True)
    )
    frail = ", ".join(f"{100 * share_affected_frailty(p, n, r):.2f} % at correlation {r:g}" for r in (0.05, 0.1, 0.2))
    return [
        reading(0, "independent stages", "1 - (1-p)^n", f, "the formula that the paper prints beside its figure"),
        reading(
            1,
            "plain sum (errors per order; upper bound of the share)",
            "n p",
            n * p,
            "no dependence between stages can exceed it (Boole)",
        ),
        reading(
            2,
            "failed attempts per good output",
            "(1-p)^-n - 1",
            q**-n - 1 if q > 0 else None,
            "the only common formula of the stated inputs that rounds to 11 %",
        ),
        reading(3, "compound growth", "(1+p)^n - 1", (1 + p) ** n - 1, "a misreading of compounding"),
        reading(4, "a larger error rate", "1 - (1-p')^n", None, needs("p'", p_star, ".5g")),
        reading(5, "more stages", "1 - (1-p)^n'", None, needs("n'", n_star, ".5g")),
        reading(
            6,
            "unequal stages, same mean rate",
            "1 - prod(1-p_i)",
            n * p,
            f"between {100 * f:.2f} % (equal) and {100 * n * p:.2f} % (all in one stage)",
        ),
        reading(7, "errors correlated within an order", "1 - B(a, b+n)/B(a, b)", None, f"lowers the share: {frail}"),
        reading(8, "handoffs that err with chance h", "1 - (1-p)^n (1-h)^(n-1)", None, needs("h", h_error)),
        reading(
            9,
            "defective input with chance p0",
            "1 - (1-p0)(1-p)^n",
            None,
            needs("p0", 1 - clean / q**n if clean < q**n else None),
        ),
        reading(10, "stages repeated with chance l", "1 - [(1-l)(1-p)/(1-l(1-p))]^n", None, needs("l", passes)),
        reading(
            11,
            "false alarms (a) whose rework errs (b)",
            "p' = p + (1-p) a b",
            None,
            needs("a b", (p_star - p) / (1 - p) if p_star > p else None),
        ),
        reading(
            12,
            "imperfect detection d, failing rework b",
            "p' = p[1 - d(1-b)] + (1-p) a b",
            None,
            "lower than independent stages unless a b is large (see M11)",
        ),
        reading(
            13,
            "an error spoils c other orders",
            "1 - (1-p)^(n(1+c))",
            None,
            needs("c", n_star / n - 1 if n_star and n_star > n else None),
        ),
        reading(
            14,
            "load or fatigue raises the mean rate",
            "as M4 with the mean of p",
            None,
            f"takes {100 * (p_star / p - 1):.1f} % on the mean rate" if p > 0 else "",
        ),
        reading(
            15,
            "knock-on k, latched: errors per order",
            "k p n + (1-k) F",
            None,
            f"the share stays {100 * f:.2f} % for every k; as errors per order, {needs('k', factor)}",
        ),
        reading(
            16,
            "knock-on k, previous stage only: errors per order",
            "p/(1-g) [n - g(1-g^n)/(1-g)], g = (k-1)p",
            None,
            f"the share stays the same; as errors per order, {needs('k', markov)}",
        ),
        reading(
            17,
            "invisible loss h at handoffs, later rate k p",
            "1 - sum of clean paths",
            None,
            f"{label} takes {latent_note}",
        ),
    ]
