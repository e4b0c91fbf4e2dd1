"""A chain of stages with everything that makes errors compound (model.md 1.7, 2.6): exact shares and closed forms.

`exact` follows the number of open errors on an order as a Markov chain from stage to stage. It holds for every
combination of the mechanisms; `closed_form` gives the formula where there is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from analysis.compounding.closed_forms import (
    errors_latched,
    errors_markov,
    share_affected_frailty,
    share_latent_loss,
    share_of,
)
from sim.blueprint.checks import not_negative, one_of, probability, within
from sim.invalid import require

Floats = npt.NDArray[np.float64]

MOST_STAGES = 100
_NODES = 64  # of the quadrature over an order's own error rate
_LITTLE = 0.001  # correlation below which another quadrature is used


@dataclass(frozen=True)
class Chain:
    """Stages in a row, each with a chance `p` of an error, and how errors depend on each other and are found.

    frailty : intra-class correlation of an order's own rate (beta-distributed), for equal rates only.
    knock_on, rule : factor k on the rate while an error is open (latched) or right after one (markov).
    handoff_loss, lost_factor : chance that a handoff loses the information, and the factor on all later rates then.
    self_check, next_check, inspection : chance that an error is found by its maker at once, by each later stage, at
        the end of the last stage.
    false_alarm, rework_failure : chance that a maker sees an error where none is (whose rework may do harm), and
        that a repair fails, unnoticed.
    """

    p: tuple[float, ...]
    frailty: float = 0.0
    knock_on: float = 1.0
    rule: str = "latched"
    handoff_loss: float = 0.0
    lost_factor: float = 1.0
    self_check: float = 0.0
    next_check: float = 0.0
    inspection: float = 0.0
    false_alarm: float = 0.0
    rework_failure: float = 0.0

    def __post_init__(self) -> None:
        require(0 < len(self.p) <= MOST_STAGES, "p", len(self.p), f"must be rates of 1 to {MOST_STAGES} stages")
        for rate in self.p:
            probability(p=rate)
        within(0.0, 0.99, frailty=self.frailty)
        within(0.0, 0.95, rework_failure=self.rework_failure)
        not_negative(knock_on=self.knock_on)
        require(self.lost_factor >= 1.0, "lost_factor", self.lost_factor, "must be at least 1")
        one_of("latched", "markov", rule=self.rule)
        probability(
            handoff_loss=self.handoff_loss,
            self_check=self.self_check,
            next_check=self.next_check,
            inspection=self.inspection,
            false_alarm=self.false_alarm,
        )
        require(self.frailty == 0.0 or self.equal, "frailty", self.frailty, "needs the same rate at every stage")

    @property
    def equal(self) -> bool:
        return len(set(self.p)) == 1

    @property
    def mean_rate(self) -> float:
        return self.p[0] if self.equal else math.fsum(self.p) / len(self.p)


@dataclass(frozen=True)
class Exact:
    """Share of orders in which an error was made, share delivered with one, and mean errors made per order."""

    affected: float
    reaching: float
    errors: float


@dataclass(frozen=True)
class Closed:
    """A closed form: its name, the share delivered with an error, and mean errors per order (None without one)."""

    name: str
    reaching: float
    errors: float | None


def effective_stages(share: float, p: float) -> float:
    """The number of independent stages with rate p that give this share: 1 - (1 - p)^n = share. NaN if none does."""
    if not (0.0 < p < 1.0 and 0.0 <= share < 1.0):
        return math.nan
    return math.log1p(-share) / math.log1p(-p)


def exact(chain: Chain) -> Exact:
    """Exact shares, by recursion over the stages in the order in which the model acts (2.6).

    A visit begins with the receiver's check, then the error is drawn (an error that was just found no longer breeds
    others), then comes the maker's own check, at the last stage the inspection of what is open, then the repairs.
    With a frailty the result is averaged over the beta distribution by Gauss-Jacobi quadrature.
    """
    rates, weights = _own_rates(chain)
    n, failing = len(chain.p), chain.rework_failure
    # axes: quadrature node, erred ever, erred at the last stage, information lost, open errors
    state = np.zeros((len(weights), 2, 2, 2, n + 1))
    state[:, 0, 0, 0, 0] = weights
    errors = 0.0
    factor = np.array([1.0, chain.lost_factor])
    for i in range(n):
        last = i == n - 1
        seen_at_end = chain.inspection * (1.0 - failing) if last else 0.0
        moves = _moves(n, chain.next_check if i > 0 else 0.0, failing, seen_at_end)
        primed = np.einsum("qeplo,otm->tqeplm", state, moves)  # t: whether an error is still open
        stays = (1.0 - chain.self_check) * (1.0 - seen_at_end) + chain.self_check * failing
        harm = chain.false_alarm * failing
        state = np.zeros_like(state)
        for t in range(2):
            for before in range(2):
                bred = before if chain.rule == "markov" else t
                rate = rates[:, i, None] * factor * (chain.knock_on if bred else 1.0)
                rate = np.minimum(1.0, rate)[:, None, :, None]
                part = primed[t][:, :, before]  # node, ever, lost, open
                erred, clean = part * rate, part * (1.0 - rate)
                errors += float(erred.sum() + clean.sum() * harm)
                made = erred.sum(axis=1)
                state[:, 1, 1] += made * (1.0 - stays)
                state[:, 1, 1, :, 1:] += made[..., :-1] * stays
                state[:, :, 0] += clean * (1.0 - harm)
                state[:, 1, 0, :, 1:] += clean.sum(axis=1)[..., :-1] * harm
        if not last:
            lost = state[:, :, :, 0] * chain.handoff_loss
            state[:, :, :, 0] -= lost
            state[:, :, :, 1] += lost
    return Exact(float(state[:, 1].sum()), float(state[..., 1:].sum()), errors)


def _own_rates(chain: Chain) -> tuple[Floats, Floats]:
    """Rates of shape (nodes, stages) that an order may have, and their weights."""
    if chain.frailty == 0.0 or not 0.0 < chain.p[0] < 1.0:
        return np.array([chain.p]), np.ones(1)
    from scipy.special import betaincinv, roots_jacobi, roots_legendre

    p, rho = chain.p[0], chain.frailty
    a, b = p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho
    if rho < _LITTLE:  # the weight of Gauss-Jacobi overflows; by quantiles, a narrow distribution is smooth
        nodes, weights = roots_legendre(_NODES)
        rate = betaincinv(a, b, (1.0 + nodes) / 2.0)
    else:
        with np.errstate(invalid="ignore"):  # an entry that it then replaces
            nodes, weights = roots_jacobi(_NODES, b - 1.0, a - 1.0)
        rate = (1.0 + nodes) / 2.0
    return np.repeat(rate[:, None], len(chain.p), axis=1), weights / weights.sum()


@lru_cache(maxsize=64)
def _moves(n: int, found: float, failing: float, seen_at_end: float) -> Floats:
    """Shape (open before, any open after the check, open after repairs): chances of a visit's checks and repairs."""
    moves = np.zeros((n + 1, 2, n + 1))
    for before in range(n + 1):
        for unseen in range(before + 1):
            chance = _binomial(before, unseen, 1.0 - found)
            if chance == 0.0:
                continue
            kept = [_binomial(unseen, m, 1.0 - seen_at_end) for m in range(unseen + 1)]
            failed = [_binomial(before - unseen, m, failing) for m in range(before - unseen + 1)]
            after = np.convolve(kept, failed)
            moves[before, int(unseen > 0), : len(after)] += chance * after
    return moves


def _binomial(n: int, m: int, p: float) -> float:
    return math.comb(n, m) * p**m * (1.0 - p) ** (n - m)


def closed_form(chain: Chain) -> Closed | None:
    """The closed form for the mechanisms that this chain has; None for a combination without one."""
    p, n, k, rates = chain.mean_rate, len(chain.p), chain.knock_on, chain.p
    works, harm = 1.0 - chain.rework_failure, chain.false_alarm * chain.rework_failure
    checks = bool(chain.self_check or chain.next_check or chain.inspection or harm)
    loses = chain.handoff_loss > 0 and chain.lost_factor > 1 and n > 1
    ways = {"frailty": chain.frailty > 0, "knock-on": k != 1, "loss": loses, "checks": checks}
    active = [name for name, on in ways.items() if on]
    if not active:
        return Closed("independent stages (M0, M6)", share_of(rates), math.fsum(rates))
    if active == ["frailty"]:
        return Closed("shared frailty (M7)", share_affected_frailty(p, n, chain.frailty), n * p)
    if active == ["knock-on"]:
        share, within_one = share_of(rates), k * max(rates) <= 1
        if chain.rule == "latched":
            return Closed("latched knock-on (M15)", share, k * sum(rates) + (1 - k) * share if within_one else None)
        return Closed("knock-on, Markov (M16)", share, errors_markov(p, n, k) if chain.equal and within_one else None)
    if active == ["loss"] and chain.equal and chain.lost_factor * p <= 1:
        h, f = chain.handoff_loss, chain.lost_factor
        errors = math.fsum(p * (1 + (f - 1) * (1 - (1 - h) ** i)) for i in range(n))
        return Closed("latent loss at handoffs (M17)", share_latent_loss(p, n, f, h), errors)
    if active == ["checks"]:
        return _checked(chain, works, harm)
    only_at_end = not (chain.self_check or chain.next_check or harm)
    if active == ["knock-on", "checks"] and only_at_end and chain.rule == "latched" and chain.equal and k * p <= 1:
        escape = 1.0 - generating(p, n, k, chain.inspection * works)
        return Closed("latched knock-on, screened at the end (1 - G(d))", escape, errors_latched(p, n, k))
    only_at_once = not (chain.next_check or chain.inspection or harm)
    if active == ["knock-on", "checks"] and only_at_once and chain.rule == "latched" and k * max(rates) <= 1:
        stays = [rate * (1 - chain.self_check * works) for rate in rates]
        clean = np.cumprod([1.0, *(1 - s for s in stays)])
        errors = math.fsum(rate * (1 + (k - 1) * (1 - c)) for rate, c in zip(rates, clean, strict=False))
        return Closed("latched knock-on, found at once: 1 - prod(1 - p_i s)", float(1 - clean[-1]), errors)
    return None


def _checked(chain: Chain, works: float, harm: float) -> Closed | None:
    """Independent errors that are looked for: each has its own chance to stay."""
    n, mixed = len(chain.p), bool(chain.next_check) or bool(chain.inspection)
    if (harm and mixed) or (chain.inspection and works < 1 and (chain.self_check or chain.next_check)):
        return None
    errors = math.fsum(p + (1 - p) * harm for p in chain.p)
    if harm:
        stays = [p * (1 - chain.self_check * works) + (1 - p) * harm for p in chain.p]
        return Closed("imperfect self-check with false alarms (M12)", 1 - math.prod(1 - s for s in stays), errors)
    own, later = 1 - chain.self_check * works, 1 - chain.next_check * works
    end = 1 - chain.inspection * works
    stays = [p * own * later ** (n - 1 - i) * end for i, p in enumerate(chain.p)]
    return Closed("imperfect detection, 1 - prod(1 - p_i s_i)", 1 - math.prod(1 - s for s in stays), errors)


def generating(p: float, n: int, k: float, z: float) -> float:
    """G(z) of the number of errors per order with latched knock-on (1.7), for k p <= 1.

    G(d) is the share of orders that come out clean when each error is found and repaired at the end with chance d.
    """
    q, r = 1.0 - p, k * p
    b = (1.0 - r) + r * z
    if abs(b - q) < 1e-12:
        return q**n + n * p * z * q ** (n - 1)
    return q**n + p * z * (b**n - q**n) / (b - q)
