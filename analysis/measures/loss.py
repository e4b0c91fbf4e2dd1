"""What a lead time away from its target loses: Taguchi's quadratic loss (model.md 2.9)."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def quadratic_loss(y: Array, target: float, limit: Array | float, loss_at_limit: float) -> Array:
    """Taguchi's loss k_T (y - target)^2 with k_T = loss_at_limit / limit^2 (cu; shape of y; model.md 2.9).

    `limit` is how far from the target the loss amounts to `loss_at_limit`. The mean is k_T (sigma^2 + (mu - target)^2).
    """
    return np.asarray(loss_at_limit / np.square(limit) * np.square(y - target))
