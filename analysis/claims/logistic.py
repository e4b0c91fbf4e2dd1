"""Logistic regressions by the hundred: many small ones at once, where a library would fit one after another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 12  # of Newton's method; where a fit diverges (complete separation) the ridge holds it
_RIDGE = 1e-6


def best_log_likelihood(x: Floats, events: Floats, trials: Floats) -> Floats:
    """The largest log-likelihood of logit(chance) = x beta, for a batch of regressions.

    Shapes: `x` (..., n, k) with a column of ones if an intercept is wanted; `events` and `trials` broadcast to
    (..., n): counts of a binomial, or 0/1 and ones. Result (...). Binomial coefficients, the same for all x, are left
    out. Newton's method (McCullagh & Nelder 1989, Generalized Linear Models, 2.5).
    """
    beta = np.zeros((*x.shape[:-2], x.shape[-1]))
    ridge = _RIDGE * np.eye(x.shape[-1])
    for _ in range(_STEPS):
        p = _chance(x, beta)
        gradient = np.einsum("...nk,...n->...k", x, events - trials * p) - _RIDGE * beta
        hessian = np.einsum("...nk,...n,...nl->...kl", x, trials * p * (1.0 - p), x) + ridge
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        beta = beta + np.clip(step, -5.0, 5.0)
    p = np.clip(_chance(x, beta), 1e-12, 1.0 - 1e-12)
    return np.asarray((events * np.log(p) + (trials - events) * np.log1p(-p)).sum(axis=-1))


def _chance(x: Floats, beta: Floats) -> Floats:
    eta = np.clip(np.einsum("...nk,...k->...n", x, beta), -30.0, 30.0)
    return np.asarray(1.0 / (1.0 + np.exp(-eta)))
