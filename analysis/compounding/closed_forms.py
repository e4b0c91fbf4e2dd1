"""Closed forms of compounding along a chain of stages (model.md 1.7): shares, errors per order, readings of "11 %"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
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


def mean_rate(rates: Sequence[float]) -> float:
    """The mean error rate of the stages; exactly their rate where all are equal."""
    return rates[0] if len(set(rates)) == 1 else math.fsum(rates) / len(rates)


def share_of(rates: Sequence[float]) -> float:
    """M0 and M6: share of orders with at least one error, independent stages with these error rates."""
    return share_affected(rates[0], len(rates)) if len(set(rates)) == 1 else 1.0 - math.prod(1 - p for p in rates)


def as_in_paper(rates: Sequence[float], stated: float) -> bool:
    """Whether these are the paper's own inputs: ten stages, one in a hundred at each, 11 % stated."""
    return list(rates) == [0.01] * 10 and stated == 0.11


def readings(rates: Sequence[float], stated: float) -> list[dict[str, Any]]:
    """Every reading of section 1.7: its formula, its value, and what it takes to read the stated figure.

    `value` is a share or errors per order at the inputs as stated; None where the reading needs a further parameter.
    `gives_11_percent`: the value rounds to the stated figure, to as many digits as that has. `with_parameter`: a
    further parameter, given in `note`, makes the reading come to the stated figure; false where none can. M4, M5, M7
    and M14 to M17 take every stage at the mean rate.
    """
    n, p, equal = len(rates), mean_rate(rates), len(set(rates)) == 1
    f, at_mean, total = share_of(rates), share_affected(p, n), n * p
    good, clean = 1 - f, 1 - stated
    percent = f"{100 * stated:g}"
    label, digits = f"{percent} %", max(0, -int(Decimal(percent).as_tuple().exponent))
    all_good = "(1-p)^n" if equal else "prod(1-p_i)"
    rows: list[dict[str, Any]] = []

    def reads(value: float) -> bool:
        return round(100 * value, digits) == round(100 * stated, digits)

    def reading(
        mechanism: str, formula: str, note: str, value: float | None = None, with_parameter: bool = False
    ) -> None:
        rows.append(
            {"id": f"M{len(rows)}", "mechanism": mechanism, "formula": formula, "value": value,
             "gives_11_percent": value is not None and reads(value), "with_parameter": with_parameter, "note": note}
        )  # fmt: skip

    def needing(mechanism: str, formula: str, what: str, value: float | None, fmt: str = ".4g", text: str = "") -> None:
        """A reading with one further parameter; its value None where the stated figure cannot be reached."""
        note = f"{label} cannot be reached" if value is None else f"{label} takes {what} = {value:{fmt}}"
        reading(mechanism, formula, text + note, with_parameter=value is not None)

    p_star = 1 - clean ** (1 / n)
    n_star = math.log(clean) / math.log(1 - p) if 0 < p < 1 and clean > 0 else None
    short = clean < good  # independent stages stay below the stated figure

    odds = 1 / good - 1 if good > 0 else None
    growth = (1 + p) ** n - 1 if equal else math.prod(1 + r for r in rates) - 1
    only = odds is not None and reads(odds) and not any(reads(v) for v in (f, total, growth))
    printed = as_in_paper(rates, stated)
    reading(
        "independent stages",
        f"1 - {all_good}",
        "the formula that the paper prints beside its figure" if printed else "no stage's error depends on another's",
        f,
    )
    reading(
        "plain sum (errors per order; upper bound of the share)",
        "n p" if equal else "sum p_i",
        "no dependence between stages can exceed it (Boole)",
        total,
    )
    reading(
        "failed attempts per good output",
        "(1-p)^-n - 1" if equal else "1/prod(1-p_i) - 1",
        f"the only common formula of the stated inputs that rounds to {label}"
        if only
        else "an output with an error is made again from the start",
        odds,
    )
    reading("compound growth", "(1+p)^n - 1" if equal else "prod(1+p_i) - 1", "a misreading of compounding", growth)
    if equal:
        needing(f"a {'larger' if p_star > p else 'smaller'} error rate", "1 - (1-p')^n", "p'", p_star, ".5g")
    else:
        needing("one error rate at every stage", "1 - (1-p')^n", "p'", p_star, ".5g")
    needing(f"{'fewer' if n_star is not None and n_star < n else 'more'} stages", "1 - (1-p)^n'", "n'", n_star, ".5g")
    most = min(1.0, total)
    reading(
        "unequal stages, same mean rate",
        "1 - prod(1-p_i)",
        f"between {100 * at_mean:.2f} % (equal) and {100 * most:.2f} % "
        f"({'all in one stage' if total <= 1 else 'one stage always errs'})",
        with_parameter=n > 1 and at_mean <= stated <= most,
    )
    frail = ", ".join(f"{100 * share_affected_frailty(p, n, r):.2f} % at correlation {r:g}" for r in (0.05, 0.1, 0.2))
    rho = _solve(lambda r: share_affected_frailty(p, n, r) - stated, 1e-6, 1 - 1e-6)
    takes = "" if rho is None else f"; {label} takes correlation {rho:.4g}"
    reading(
        "errors correlated within an order",
        "1 - B(a, b+n)/B(a, b)",
        f"lowers the share: {frail}{takes}",
        with_parameter=rho is not None,
    )
    loss = 1 - (clean / good) ** (1 / (n - 1)) if n > 1 and short else None
    needing("handoffs that err with chance h", f"1 - {all_good} (1-h)^(n-1)", "h", loss)
    needing("defective input with chance p0", f"1 - (1-p0) {all_good}", "p0", 1 - clean / good if short else None)
    repeated = _solve(lambda x: 1 - math.prod((1 - x) * (1 - r) / (1 - x * (1 - r)) for r in rates) - stated, 0.0, 0.99)
    passes = "1 - [(1-l)(1-p)/(1-l(1-p))]^n" if equal else "1 - prod[(1-l)(1-p_i)/(1-l(1-p_i))]"
    needing("stages repeated with chance l", passes, "l", repeated)
    harm = 1 - (clean / good) ** (1 / n) if short else None
    needing("false alarms (a) whose rework errs (b)", "p' = p + (1-p) a b", "a b", harm)
    if harm is not None:
        checked = f"{label} takes a b = {harm:.4g} where d = 0 (M11), more where d is above 0"
    elif equal and p > p_star:
        checked = f"{label} takes d (1-b) = {1 - p_star / p:.4g} where a = 0"
    else:
        scale = _solve(lambda x: 1 - math.prod(1 - x * r for r in rates) - stated, 0.0, 1.0)
        checked = (
            f"{label} cannot be reached" if scale is None else f"{label} takes d (1-b) = {1 - scale:.4g} where a = 0"
        )
    reading(
        "imperfect detection d, failing rework b",
        "p' = p[1 - d(1-b)] + (1-p) a b",
        checked,
        with_parameter="takes" in checked,
    )
    spoilt = math.log(clean) / math.log(good) - 1 if short and good < 1 and clean > 0 else None
    needing("an error spoils c other orders", "1 - (1-p)^(n(1+c))" if equal else "1 - prod(1-p_i)^(1+c)", "c", spoilt)
    raised = p_star > p > 0
    reading(
        "load or fatigue raises the mean rate",
        "as M4 with the mean of p",
        f"{label} takes {100 * (p_star / p - 1):.1f} % on the mean rate" if raised else f"{label} cannot be reached",
        with_parameter=raised,
    )
    latched = (stated - at_mean) / (total - at_mean) if n > 1 and total > at_mean else None
    if latched is not None and not 1 <= latched <= 1 / p:
        latched = None
    needing(
        "knock-on k, latched: errors per order", "k p n + (1-k) F", "k", latched,
        text=f"the share stays {100 * at_mean:.2f} % for every k; as errors per order, ",
    )  # fmt: skip
    markov = _solve(lambda k: errors_markov(p, n, k) - stated, 1.0, min(1 / p, 1 + 0.99 / p)) if p > 0 else None
    needing(
        "knock-on k, previous stage only: errors per order", "p/(1-g) [n - g(1-g^n)/(1-g)], g = (k-1)p", "k", markov,
        text="the share stays the same; as errors per order, ",
    )  # fmt: skip
    latent = {
        k: _solve(lambda h, k=k: share_latent_loss(p, n, k, h) - stated, 0.0, 1.0)  # type: ignore[misc]
        for k in (2.0, 3.0, 5.0)
    }
    reached = any(h is not None for h in latent.values())
    losses = "; ".join(
        f"k = {k:g}: " + ("not reached" if h is None else f"h = {100 * h:.2f} %") for k, h in latent.items()
    )
    reading(
        "invisible loss h at handoffs, later rate k p",
        "1 - sum of clean paths",
        f"{label} takes {losses}" if reached else f"{label} cannot be reached",
        with_parameter=reached,
    )
    return rows
