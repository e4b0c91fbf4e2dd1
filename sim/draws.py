"""Named draws: every random number is a function of its name, so no generator state exists.

Generator: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
The *key* (63 bits) names who draws - a customer, a stage - and derives from seed, replication and that entity's
own name. The *counter* names what is drawn: place (stable id of a stage, 0 for none), occasion (order and
pass), purpose and detail. A purpose that is not used costs nothing and shifts nothing, so scenarios share their
common random numbers exactly, whatever is added or removed.
"""

from __future__ import annotations

import hashlib
import math

from sim.kernel import typed_kernel

_MASK = 0xFFFFFFFF
_PASSES = 4096  # passes of one order at one stage that get names of their own

# Purposes. Numbers are part of the definition of a run: never renumber, only add (or take a free one).
(
    KEY, ARRIVAL_GAP, FIRST_ORDER, REORDER_GAP, SERVICE, ERROR, _FREE_1, SEVERITY, SELF_CHECK, FALSE_ALARM,
    INCOMING_CHECK, INSPECTION, REWORK_TIME, REWORK_FAILURE, VISIBLE, CLARIFICATION, CALLBACK, HANDOFF_DELAY,
    CORRUPTION, ROUTE, SPECIAL_CAUSE, FRAILTY, DESIRED, SURVEY_ROW, SURFACING, COMPLAINT, ON_THE_SPOT,
    RECOVERY_OFFER, INSPECTION_ALARM, REWORK_TRAVEL, PROGRAMME, MANAGEMENT_SURVEY, _FREE_2, SUPPLY_TIME, SUPPLY_DEFECT,
    CHANGE, KNOW_PERSONAL, KNOW_SHARED, PATIENCE, STAY, TALK, HEAR, TRIAL, REFERRAL_DELAY, PROSPECT_GAP, PROSPECT_SHARE,
    TEAM, ABSENCE, TURNOVER, IDEA, IDEA_USED, BREAK, TRIAL_WORKS, CHOICE, OPINION, ANSWERS,
) = range(56)  # fmt: skip


def stable_id(name: str) -> int:
    """A 31-bit id of a name that does not depend on position or on other names."""
    return int.from_bytes(hashlib.blake2s(name.encode(), digest_size=4).digest(), "big") & 0x7FFFFFFF


@typed_kernel("int64, int64, int64, int64, int64, int64")
def philox4x32(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Ten rounds of Philox4x32 on 32-bit words held in 64-bit integers; returns four 32-bit words."""
    c0, c1, c2, c3 = int(c0) & _MASK, int(c1) & _MASK, int(c2) & _MASK, int(c3) & _MASK
    k0, k1 = int(k0) & _MASK, int(k1) & _MASK
    for _ in range(10):
        # The products may wrap as signed 64-bit numbers; the masked halves are right all the same.
        left = 0xD2511F53 * c0
        right = 0xCD9E8D57 * c2
        c0 = ((right >> 32) & _MASK) ^ c1 ^ k0
        c2 = ((left >> 32) & _MASK) ^ c3 ^ k1
        c1 = right & _MASK
        c3 = left & _MASK
        k0 = (k0 + 0x9E3779B9) & _MASK
        k1 = (k1 + 0xBB67AE85) & _MASK
    return c0, c1, c2, c3


@typed_kernel("int64, int64, int64")
def child_key(key, kind, number):  # type: ignore[no-untyped-def]
    """The 63-bit key of an entity named by its parent's key, its kind (a stable id) and its number."""
    high, low, _, _ = philox4x32(kind, number, KEY, 0, key, int(key) >> 32)
    return ((high & 0x7FFFFFFF) << 32) | low


def run_key(seed: int, replication: int) -> int:
    """The key that names a run: every other key of the run derives from it."""
    study = child_key(seed, stable_id("seed"), seed >> 31)
    return int(child_key(study, stable_id("replication"), replication))


@typed_kernel("int64, int64")
def occasion(order_number, visit_number):  # type: ignore[no-untyped-def]
    """The name of one pass: which order of the customer, which visit of that order at the stage."""
    return int(order_number) * _PASSES + int(visit_number) % _PASSES


@typed_kernel("int64, int64, int64, int64, int64")
def uniform(key, place, moment, purpose, detail):  # type: ignore[no-untyped-def]
    """The uniform number in the open interval (0, 1) that bears this name (52 random bits)."""
    high, low, _, _ = philox4x32(place, moment, purpose, detail, key, int(key) >> 32)
    return ((high >> 6) * 67108864.0 + (low >> 6) + 0.5) * 2.220446049250313e-16


@typed_kernel("float64")
def normal_quantile(p):  # type: ignore[no-untyped-def]
    """Standard normal quantile, relative accuracy about 1e-16 (Wichura 1988, algorithm AS 241, PPND16)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
                  + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
                + 1.3314166789178437745e2) * r + 3.3871328727963666080e0)  # fmt: skip
        bottom = (((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
                     + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
                   + 4.2313330701600911252e1) * r + 1.0)  # fmt: skip
        return q * top / bottom
    r = math.sqrt(-math.log(p if q < 0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
                  + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
                + 4.63033784615654529590e0) * r + 1.42343711074968357734e0)  # fmt: skip
        bottom = (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
                     + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
                   + 2.05319162663775882187e0) * r + 1.0)  # fmt: skip
    else:
        r -= 5.0
        top = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
                  + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
                + 5.46378491116411436990e0) * r + 6.65790464350110377720e0)  # fmt: skip
        bottom = (((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
                     + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
                   + 5.99832206555887937690e-1) * r + 1.0)  # fmt: skip
    return top / bottom if q >= 0 else -top / bottom


@typed_kernel("int64, int64, int64, int64, int64")
def exponential(key, place, moment, purpose, detail):  # type: ignore[no-untyped-def]
    """A unit-mean exponential number."""
    return -math.log(uniform(key, place, moment, purpose, detail))


@typed_kernel("int64, int64, int64, int64, int64, float64")
def gamma(key, place, moment, purpose, detail, shape):  # type: ignore[no-untyped-def]
    """A gamma number of the given shape and scale 1 (Marsaglia & Tsang 2000). Uses details from `detail` on."""
    boost = 1.0
    if shape < 1.0:
        boost = math.pow(uniform(key, place, moment, purpose, detail), 1.0 / shape)
        shape = shape + 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    for attempt in range(1000):
        x = normal_quantile(uniform(key, place, moment, purpose, detail + 1 + 2 * attempt))
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            u = uniform(key, place, moment, purpose, detail + 2 + 2 * attempt)
            if math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
                return boost * d * v
    return boost * d  # about one acceptance in 1.05 attempts: never reached


@typed_kernel("int64, int64, int64, int64, float64, float64")
def beta(key, place, moment, purpose, a, b):  # type: ignore[no-untyped-def]
    """A beta(a, b) number, as a ratio of two gamma numbers."""
    x = gamma(key, place, moment, purpose, 0, a)
    y = gamma(key, place, moment, purpose, 1 << 20, b)
    return x / (x + y) if x + y > 0.0 else 0.0
