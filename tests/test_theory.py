"""The model against closed forms. Numbers V1-V17 and V28 are those of the project's verification ladder.

Tolerance: 4 standard errors, estimated from independent orders (errors) or independent replications (waits).
`agrees` also demands that the estimate is precise enough to refuse a named wrong answer. Two devices make small
runs precise: scenarios share their draws, so a change is measured order by order, and a quantity with a known mean
serves as control variate (Lavenberg & Welch 1981). Exact statements are tested exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import PLENTY, chain, exponential, fixed, plain_rules, pool, rich_system, run, stream
from scipy import stats

from sim.blueprint import (
    DELIVERED,
    Arrivals,
    Blueprint,
    Check,
    Distribution,
    ErrorRate,
    Handoff,
    Horizon,
    Information,
    KnockOn,
    Rework,
    Segment,
    Stage,
)
from sim.journal import Journal
from sim.plan import compile_plan
from sim.tables import REWORK

pytestmark = pytest.mark.both_engines

SEED = 20_261
FOUR_SIGMA = 6.3e-5  # two-sided p-value of 4 standard errors
ORDERS = 20_000

N, P, Q = 10, 0.01, 0.99


# -- estimation ----------------------------------------------------------------------------------------------


def estimate(y: Any, *controls: tuple[Any, float]) -> tuple[float, float]:
    """Mean and standard error of independent values; controls are (values, known mean)."""
    y = np.asarray(y, float)
    design = np.column_stack([np.ones(len(y)), *(np.asarray(c, float) - mean for c, mean in controls)])
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ coefficients
    variance = residual @ residual / (len(y) - design.shape[1]) * np.linalg.pinv(design.T @ design)[0, 0]
    return float(coefficients[0]), math.sqrt(variance)


def agrees(what: str, y: Any, expected: float, *controls: tuple[Any, float], unlike: float) -> None:
    """The mean of `y` is within 4 standard errors of `expected` and farther than that from `unlike`."""
    mean, error = estimate(y, *controls)
    print(f"{what}: {mean:.7g} expected {expected:.7g} tolerance {4 * error:.2g} not {unlike:.7g}")
    assert abs(mean - expected) <= 4 * error, f"{what}: {mean} is not {expected} +- {4 * error}"
    assert abs(mean - unlike) > 4 * error, f"{what}: cannot tell {expected} from {unlike} (+- {4 * error})"


def fits(what: str, counts: Sequence[int], shares: Sequence[float]) -> None:
    """Chi-square test of a whole distribution; the last class takes what is left."""
    shares = [*shares, 1.0 - sum(shares)]
    counts = [*counts[: len(shares) - 1], sum(counts[len(shares) - 1 :])]
    p_value = stats.chisquare(counts, np.array(shares) * sum(counts)).pvalue
    print(f"{what}: chi-square p-value {p_value:.3g}")
    assert p_value > FOUR_SIGMA, what


# -- closed forms --------------------------------------------------------------------------------------------


def failure_share(p: Sequence[float]) -> float:
    """1 - prod(1 - p_i)."""
    return 1.0 - math.prod(1.0 - x for x in p)


def latched_pmf(n: int, p: float, k: float, m: int) -> float:
    """P(M = m) errors a job when every stage after the first error fails with kp."""
    q, r = 1 - p, min(1.0, k * p)
    if m == 0:
        return q**n
    ways = (
        q ** (i - 1) * p * math.comb(n - i, m - 1) * r ** (m - 1) * (1 - r) ** (n - i - m + 1)
        for i in range(1, n - m + 2)
    )
    return sum(ways)


def latched_mean(n: int, p: float, k: float) -> float:
    return k * p * n + (1 - k) * failure_share([p] * n)


def latched_variance(n: int, p: float, k: float) -> float:
    mean = latched_mean(n, p, k)
    return sum(m * m * latched_pmf(n, p, k, m) for m in range(n + 1)) - mean**2


def markov_mean(n: int, p: float, k: float) -> float:
    g = (k - 1) * p
    return p / (1 - g) * (n - g * (1 - g**n) / (1 - g))


def escape_share(n: int, p: float, k: float, d: float) -> float:
    """1 - G(1 - (1 - d)): at the end each error is caught with d; G is the generating function of M."""
    q, r, z = 1 - p, k * p, d
    b = 1 - r + r * z
    g = q**n + (n * p * z * q ** (n - 1) if math.isclose(b, q) else p * z * (b**n - q**n) / (b - q))
    return 1 - g


def beta_binomial_share(n: int, p: float, rho: float) -> float:
    a, b = p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho
    return 1 - math.exp(math.lgamma(b + n) + math.lgamma(a + b) - math.lgamma(b) - math.lgamma(a + b + n))


def latent_loss_share(n: int, p: float, k: float, h: float) -> float:
    """Handoffs lose information with h; from then on stages fail with kp (the loss itself is no error)."""
    q = 1 - p
    lost = sum((1 - h) ** (j - 1) * h * q**j * (1 - k * p) ** (n - j) for j in range(1, n))
    return 1 - (q**n * (1 - h) ** (n - 1) + lost)


def final_inspection_share(n: int, p: float, d: float, v: float) -> float:
    return failure_share([p * (v + (1 - v) * (1 - d))] * n)


def in_process_share(n: int, p: float, d: float) -> float:
    return failure_share([p * (1 - d)] * n)


def erlang_c(servers: int, load: float) -> float:
    """Probability of waiting in M/M/c at offered load a."""
    top = load**servers / math.factorial(servers) / (1 - load / servers)
    return top / (sum(load**k / math.factorial(k) for k in range(servers)) + top)


def waiting_time(servers: int, rate: float, service: float) -> float:
    """Wq of M/M/c."""
    return erlang_c(servers, rate * service) / (servers / service - rate)


def batch_wait(size: int, rate: float) -> tuple[float, float]:
    """Mean and variance of the wait of a random order for its batch."""
    return (size - 1) / (2 * rate), (size - 1) / (2 * rate**2) + (size**2 - 1) / (12 * rate**2)


@pytest.mark.parametrize(
    ("computed", "printed"),
    [
        (failure_share([P] * N), 0.0956179250),  # V1
        (failure_share([0.1, *[0.0] * 9]), 0.1),  # V2
        *((latched_pmf(N, P, 3, m), x) for m, x in enumerate((0.904382, 0.083479, 0.011184, 0.000905))),  # V3
        (latched_mean(N, P, 3), 0.1087642),
        (latched_variance(N, P, 3), 0.1253496),
        (markov_mean(N, P, 5), 0.1037326),  # V4
        (markov_mean(N, P, 20), 0.1205609),
        (escape_share(N, P, 1, 0.8), 0.0198210),  # V6
        (escape_share(N, P, 3, 0.8), 0.0211934),
        (escape_share(N, P, 10, 0.8), 0.0257705),
        (escape_share(N, P, 5, 0.5), 0.0529338),
        (beta_binomial_share(N, P, 0.1), 0.0678029),  # V7
        (latent_loss_share(N, P, 3, 0.05), 0.1297371),  # V8
        (final_inspection_share(N, P, 0.8, 0.5), 0.0584056),  # V9
        (in_process_share(N, P, 0.8), 0.0198210),
        (erlang_c(2, 1.5), 0.6428571),  # V10
        (waiting_time(2, 2.5, 0.6), 0.7714286),
        (N * (0.6 + waiting_time(2, 2.5, 0.6)), 13.7142857),
        (waiting_time(20, 25, 0.6), 0.0192515),  # V14
        (batch_wait(5, 2.5)[0], 0.8),  # V15
        (batch_wait(5, 2.5)[1], 0.64),
        (0.478**5, 0.024954),  # V16
        (waiting_time(1, 5, 1 / 8), 0.2083333),  # Ciw, "simulation practice"
        (waiting_time(4, 1 / 4, 10), 2.1323780),  # pydesrap_mms
    ],
)
@pytest.mark.no_engine
def test_reference_values(computed, printed):
    """The formulas used below give the values printed for them."""
    assert computed == pytest.approx(printed, abs=5.1e-7 if printed < 10 else 5e-8 * printed)


# -- errors --------------------------------------------------------------------------------------------------


def errors_of(orders: int, **parts: Any) -> Journal:
    """A chain in which nobody waits: one order an hour, ten stages of .01 h."""
    defaults: dict[str, Any] = {"service": 0.01, "arrivals": stream(1.0), "p": P, **plain_rules()}
    n = parts.pop("n", N)
    return run(chain(n, hours=orders + 0.5, **{**defaults, **parts}), SEED)


@cache
def base() -> np.ndarray:
    """Orders of the ten-stage chain with independent errors of 1 % a stage."""
    return errors_of(40_000)["orders"]


def plain_errors(n: int = ORDERS) -> tuple[np.ndarray, float]:
    """Errors per order of the plain chain, with the same draws: a control of known mean Np."""
    return base()["errors"][:n], N * P


def plain_failures(n: int = ORDERS) -> tuple[np.ndarray, float]:
    return base()["errors"][:n] > 0, failure_share([P] * N)


@cache
def screened(k: float, d: float) -> np.ndarray:
    """Latched knock-on with an inspection at the end of the last stage; rework always succeeds."""
    last = {N: {"inspection": Check(d)}}
    return errors_of(ORDERS, layers=(0, 1), stages=last, **plain_rules(knock_on=KnockOn(k)))["orders"]


def test_v1_failure_share():
    """1 - q^N, told apart from the sum Np = 10 % and from the printed 11 %."""
    orders = base()
    failed = orders["reached"] > 0
    agrees("V1 errors per order", orders["errors"], N * P, unlike=0.11)
    agrees("V1 share, plain", failed, failure_share([P] * N), unlike=0.11)
    agrees("V1 share", failed, failure_share([P] * N), plain_errors(len(orders)), unlike=0.10)
    fits("V1 errors", np.bincount(orders["errors"]), stats.binom.pmf(range(3), N, P))


def test_v1_every_stage_errs_alike_and_alone():
    """Each of ten stages errs in 1 of 100 visits, whatever the stage before did (10 stages, 9 pairs: 4.5 se)."""
    journal = errors_of(10_000, p=0.1)
    erred = np.zeros((10_000, N))
    erred[journal["errors"]["order"], journal["errors"]["stage"]] = 1
    assert np.abs(erred.mean(0) - 0.1).max() < 4.5 * math.sqrt(0.09 / 10_000)
    correlation = np.corrcoef(erred.T) - np.eye(N)
    assert np.abs(correlation).max() < 4.5 / math.sqrt(10_000)


def test_v2_unequal_stages():
    orders = errors_of(5_000, p=[0.1, *[0.0] * 9])["orders"]
    agrees("V2", orders["reached"] > 0, 0.1, unlike=failure_share([0.01] * 10) * 0.8)
    mixed = [0.02, 0.3, 0.0, 0.1]
    orders = errors_of(10_000, n=4, p=mixed)["orders"]
    agrees("V2 mixed", orders["reached"] > 0, failure_share(mixed), unlike=failure_share([sum(mixed) / 4] * 4))


def test_v3_latched_knock_on():
    """Whole distribution, mean and variance of the errors per job at k = 3."""
    errors = screened(3, 0.8)["errors"]
    fits("V3 pmf", np.bincount(errors), [latched_pmf(N, P, 3, m) for m in range(3)])
    mean = latched_mean(N, P, 3)
    agrees("V3 mean", errors, mean, plain_errors(), unlike=N * P)
    plain = ((base()["errors"][:ORDERS] - N * P) ** 2, N * P * Q)
    agrees("V3 variance", (errors - mean) ** 2, latched_variance(N, P, 3), plain, unlike=N * P * Q)


def test_v3_latched_knock_on_where_errors_are_frequent():
    """Four stages, p = .1, k = 4: every class of the distribution is well filled."""
    rules = plain_rules(knock_on=KnockOn(4.0))
    errors = errors_of(ORDERS, n=4, p=0.1, layers=(0, 1), **rules)["orders"]["errors"]
    fits("V3 pmf, k=4", np.bincount(errors), [latched_pmf(4, 0.1, 4, m) for m in range(4)])
    agrees("V3 mean, k=4", errors, latched_mean(4, 0.1, 4), unlike=markov_mean(4, 0.1, 4))


@pytest.mark.parametrize("k", [5.0, 20.0])
def test_v4_markov_knock_on(k):
    rules = plain_rules(knock_on=KnockOn(k, "markov"))
    orders = errors_of(ORDERS, layers=(0, 1), **rules)["orders"]
    agrees(f"V4 k={k:g}", orders["errors"], markov_mean(N, P, k), plain_errors(), plain_failures(), unlike=N * P)
    assert np.array_equal(orders["errors"] > 0, base()["errors"][:ORDERS] > 0)


@pytest.mark.parametrize(("k", "d"), [(3, 0.8), (10, 0.8), (5, 0.5)])
def test_v5_knock_on_leaves_the_share_as_it_was(k, d):
    """Not only the share: the very same orders have an error."""
    assert np.array_equal(screened(k, d)["errors"] > 0, base()["errors"][:ORDERS] > 0)


def test_v6_screened_escapes():
    """With screening k does matter: each value is told from k = 1."""
    for d in (0.8, 0.5):
        controls = (plain_errors(), plain_failures())
        share = escape_share(N, P, 1, d)
        agrees(f"V6 k=1 d={d}", screened(1, d)["reached"] > 0, share, *controls, unlike=failure_share([P] * N))
    for k, d in ((3, 0.8), (10, 0.8), (5, 0.5)):
        escaped = screened(k, d)["reached"] > 0
        without_knock_on = (screened(1, d)["reached"] > 0, escape_share(N, P, 1, d))
        controls = (without_knock_on, plain_errors(), plain_failures())
        agrees(f"V6 k={k} d={d}", escaped, escape_share(N, P, k, d), *controls, unlike=escape_share(N, P, 1, d))


def test_v6_early_detection_is_the_same_for_every_k():
    """Share 1 - (1 - p(1-d))^N: a caught error primes nobody, and the first miss alone decides whether one escapes."""
    n, p, d = 5, 0.1, 0.6
    check = {"self_check": Check(d)}
    for k in (1.0, 4.0):
        rules = plain_rules(knock_on=KnockOn(k))
        orders = errors_of(8_000, n=n, p=p, layers=(0, 1), every=check, **rules)["orders"]
        agrees(
            f"V6 self-check k={k:g}", orders["reached"] > 0, in_process_share(n, p, d), unlike=failure_share([p] * n)
        )


def test_v7_shared_frailty():
    """A positive correlation of errors within an order lowers the share of orders affected."""
    orders = errors_of(ORDERS, layers=(0, 1), **plain_rules(knock_on=KnockOn(1.0, frailty=0.1)))["orders"]
    share = beta_binomial_share(N, P, 0.1)
    agrees("V7 share", orders["reached"] > 0, share, unlike=failure_share([P] * N))
    agrees("V7 errors per order", orders["errors"], N * P, unlike=share)
    fits("V7 pmf", np.bincount(orders["errors"]), stats.betabinom.pmf(range(4), N, 0.09, 8.91))


def test_v8_lost_information_breeds_errors():
    """A handoff loses everything with h = .05; afterwards the error rate is p(1 + chi) = 3p."""
    rules = plain_rules(information=Information(2.0, 0.0, 0.0))
    orders = errors_of(ORDERS, layers=(0, 1), handoff=Handoff(corruption=0.05), **rules)["orders"]
    controls = (plain_failures(), plain_errors())
    agrees("V8", orders["reached"] > 0, latent_loss_share(N, P, 3, 0.05), *controls, unlike=failure_share([P] * N))
    lost = orders["information"] == 0
    agrees("V8 information lost", lost, 1 - 0.95**9, unlike=1 - 0.95**10)


def test_v9_final_inspection_against_in_process_control():
    """Half of the errors are seen in the stage itself: no inspector can catch those any more."""
    seen = ErrorRate(P, 0.0, visible_share=0.5)
    final = errors_of(ORDERS, p=seen, layers=(0, 1), stages={N: {"inspection": Check(0.8)}})["orders"]["reached"] > 0
    own = errors_of(ORDERS, p=seen, layers=(0, 1), every={"self_check": Check(0.8)})["orders"]["reached"] > 0
    controls = (plain_failures(), plain_errors())
    late, early = final_inspection_share(N, P, 0.8, 0.5), in_process_share(N, P, 0.8)
    agrees("V9 final inspection", final, late, *controls, unlike=early)
    agrees("V9 in process", own, early, *controls, unlike=late)
    agrees("V9 difference", final * 1.0 - own, late - early, *controls, unlike=0.0)


def test_v9_visible_share_precisely():
    """Four stages, p = .1: a tenth more or less of visible errors would show."""
    n, p, d, v = 4, 0.1, 0.8, 0.5
    seen = ErrorRate(p, 0.0, visible_share=v)
    orders = errors_of(ORDERS, n=n, p=seen, layers=(0, 1), stages={n: {"inspection": Check(d)}})["orders"]
    controls = ((orders["errors"], n * p), (orders["errors"] > 0, failure_share([p] * n)))
    expected, unlike = (final_inspection_share(n, p, d, share) for share in (v, 0.9 * v))
    agrees("V9 visible share", orders["reached"] > 0, expected, *controls, unlike=unlike)


def test_m12_imperfect_check_with_false_alarms_and_failing_rework():
    """p_eff = p[1 - d(1-b)] + (1-p) a b."""
    n, p, d, a, b = 4, 0.1, 0.6, 0.3, 0.4
    rules = plain_rules(rework=Rework(1.0, 0.0, b, False, 0.0))
    journal = errors_of(8_000, n=n, p=p, layers=(0, 1), every={"self_check": Check(d, a)}, **rules)
    orders = journal["orders"]
    effective = p * (1 - d * (1 - b)) + (1 - p) * a * b
    no_harm = failure_share([p * (1 - d * (1 - b))] * n)
    agrees("M12 share", orders["reached"] > 0, failure_share([effective] * n), unlike=no_harm)
    agrees("M12 reworks", orders["reworks"], n * (p * d + (1 - p) * a), unlike=n * p * d)


def test_m12_inspection_that_harms():
    """M11: no true detection at all; false alarms 10 %, harmful rework 50 %: p_eff = p + (1-p) a b."""
    n, p, a, b = 4, 0.05, 0.1, 0.5
    rules = plain_rules(rework=Rework(1.0, 0.0, b, False, 0.0))
    orders = errors_of(8_000, n=n, p=p, layers=(0, 1), every={"self_check": Check(0.0, a)}, **rules)["orders"]
    expected = failure_share([p + (1 - p) * a * b] * n)
    agrees("M11 share", orders["reached"] > 0, expected, unlike=failure_share([p] * n))


@pytest.mark.parametrize("i", [1, 3, 5])
def test_extra_cost_of_an_early_error(i):
    """A job clean before stage i that errs there has 1 + (k-1)(1 - q^(N-i)) errors more than one that does not."""
    n, p, k = 5, 0.1, 3.0
    rules = plain_rules(knock_on=KnockOn(k))

    def with_rate(rate: float) -> np.ndarray:
        rates = [p] * n
        rates[i - 1] = rate
        return errors_of(6_000, n=n, p=rates, layers=(0, 1), **rules)["orders"]["errors"]

    journal = errors_of(6_000, n=n, p=p, layers=(0, 1), **rules)
    clean = np.ones(6_000, bool)
    clean[journal["errors"]["order"][journal["errors"]["stage"] < i - 1]] = False
    extra = (with_rate(1.0) - with_rate(0.0))[clean]
    expected = 1 + (k - 1) * (1 - (1 - p) ** (n - i))
    if i == n:
        assert set(extra) == {1}
    else:
        agrees(f"early error at {i}", extra, expected, unlike=1 + (k - 1) * (1 - (1 - p) ** (n - i - 1)))


# -- queues --------------------------------------------------------------------------------------------------


def replicate(system: Blueprint, n: int, measure: Callable[[Journal], Any]) -> np.ndarray:
    """One row of measures for each of n independent replications."""
    plan = compile_plan(((0.0, system),))
    return np.array([measure(run(plan, SEED, r)) for r in range(n)], dtype=float)


def flow(journal: Journal) -> tuple[float, float, float]:
    """Mean wait, work and interval between placements of the measured orders."""
    orders = journal["orders"][journal.measured_orders()]
    return orders["waited"].mean(), orders["worked"].mean(), np.diff(orders["placed"]).mean()


def queue(
    rate: float, service: Distribution | float, members: int = 1, n: int = 1, orders: float = 2_500, warm: float = 300
) -> np.ndarray:
    """Replications (20) of a chain fed by a Poisson stream: rows of `flow`."""
    arrivals = stream(exponential(1 / rate))
    system = chain(n, service=service, members=members, arrivals=arrivals, hours=orders / rate, warm_up=warm / rate)
    return replicate(system, 20, flow)


def wait_agrees(what: str, rows: np.ndarray, expected: float, work: float, interval: float, unlike: float) -> None:
    """Mean waits of replications, with the service and arrival times as controls."""
    agrees(what, rows[:, 0], expected, (rows[:, 1], work), (rows[:, 2], interval), unlike=unlike)


def test_v10_two_servers_and_the_ten_stage_tandem():
    """M/M/2 at utilisation .75, Wq .7714 h a stage; by Jackson's theorem ten of them take 13.714 h."""
    arrivals = stream(exponential(0.4))
    system = chain(N, service=exponential(0.6), members=2, arrivals=arrivals, hours=700, warm_up=200)

    def measure(journal: Journal) -> list[float]:
        visits, orders = journal["visits"], journal["orders"]
        first, last = journal.measured_orders()[[0, -1]]
        of_interest = (visits["order"] >= first) & (visits["order"] <= last)
        waits = np.bincount(visits["stage"][of_interest], (visits["began"] - visits["arrived"])[of_interest], N)
        lead = (orders["delivered"] - orders["placed"])[first : last + 1].mean()
        return [lead, *flow(journal), *(waits / (last - first + 1))]

    rows = replicate(system, 24, measure)
    wait = waiting_time(2, 2.5, 0.6)
    controls = ((rows[:, 2], N * 0.6), (rows[:, 3], 0.4))
    fast_server = waiting_time(1, 2.5, 0.3)  # one server twice as fast has the same utilisation
    agrees("V10 lead time", rows[:, 0], N * (0.6 + wait), *controls, unlike=N * (0.6 + fast_server))
    agrees("V10 wait of all stages", rows[:, 1], N * wait, *controls, unlike=N * fast_server)
    for stage in range(N):
        agrees(f"V10 wait at stage {stage + 1}", rows[:, 4 + stage], wait, unlike=waiting_time(1, 1.25, 0.6))


def test_v10_one_stage_precisely():
    rows = queue(2.5, exponential(0.6), 2, orders=4_000)
    wait_agrees("V10 M/M/2", rows, waiting_time(2, 2.5, 0.6), 0.6, 0.4, unlike=waiting_time(1, 2.5, 0.3))


def test_v11_tandem_sojourn_distribution():
    """M/M/1 tandem: total time is Erlang(N, mu - lambda) (Reich 1957).

    Successive sojourns are correlated, so only every 24th order is kept: at utilisation .4 the relaxation time of
    M/M/1 is 1/(mu (1 - sqrt(rho))^2) = 7.4 service times, and 24 orders are 60 of them, e^-8 apart.
    """
    system = chain(3, service=exponential(1.0), arrivals=stream(exponential(2.5)), hours=120_000, warm_up=100)
    orders = run(system, SEED)["orders"]
    sojourn = (orders["delivered"] - orders["placed"])[40::24]
    assert abs(np.corrcoef(sojourn[1:], sojourn[:-1])[0, 1]) < 4 / math.sqrt(len(sojourn))
    p_value = stats.kstest(sojourn, stats.gamma(3, scale=1 / 0.6).cdf).pvalue
    print(f"V11: n {len(sojourn)} Kolmogorov-Smirnov p-value {p_value:.3g}")
    assert p_value > FOUR_SIGMA
    assert stats.kstest(sojourn, stats.gamma(3, scale=1 / 0.55).cdf).pvalue < FOUR_SIGMA


@pytest.mark.parametrize(
    ("service", "cv"),
    [
        (Distribution("lognormal", 1.0, 0.6), 0.6),
        (Distribution("gamma", 1.0, 0.6), 0.6),
        (fixed(1.0), 0.0),
        (exponential(1.0), 1.0),
    ],
    ids=["lognormal", "gamma", "deterministic", "exponential"],
)
def test_v12_pollaczek_khinchine(service, cv):
    """Wq = (1 + cv^2)/2 times that of M/M/1."""
    single = waiting_time(1, 0.7, 1.0)
    other = 1.0 if cv < 1 else 0.6
    expected, unlike = (1 + cv**2) / 2 * single, (1 + other**2) / 2 * single
    wait_agrees(f"V12 {service.kind}", queue(0.7, service), expected, 1.0, 1 / 0.7, unlike)


@pytest.mark.parametrize(
    "system", [chain(3, service=exponential(0.6), arrivals=stream(exponential(1.0)), hours=200), rich_system()]
)
def test_v13_littles_law_on_the_sample_path(system):
    """Over a drained run the integral of the number present equals the sum of the times spent, exactly.

    System: the number comes from placements and deliveries, the times from the parts of each order's lead time.
    Stages: the number comes from counting arrivals and departures in time order, the times from the visits.
    """
    journal = run(system, SEED)
    orders, visits = journal["orders"], journal["visits"]
    assert not np.isnan(orders["delivered"]).any()
    travel = np.zeros(len(orders))
    ordered = np.lexsort((visits["began"], visits["order"]))
    parts = visits[ordered]
    same = parts["order"][1:] == parts["order"][:-1]
    np.add.at(travel, parts["order"][1:][same], (parts["arrived"][1:] - parts["ended"][:-1])[same])
    spent = orders["waited"] + orders["worked"] + travel
    assert area(orders["placed"], orders["delivered"]) == pytest.approx(spent.sum(), rel=1e-12)
    end = orders["delivered"].max()
    for stage in range(len(journal.plan.stage_names)):
        at = visits[visits["stage"] == stage]
        rate, mean_time = len(at) / end, (at["ended"] - at["arrived"]).mean()
        assert area(at["arrived"], at["ended"]) / end == pytest.approx(rate * mean_time, rel=1e-12)
        assert area(at["arrived"], at["began"]) / end == pytest.approx(
            rate * (at["began"] - at["arrived"]).mean(), rel=1e-12, abs=1e-12
        )


def area(entered: np.ndarray, left: np.ndarray) -> float:
    """Integral over time of the number present, by running through the events in time order."""
    times = np.concatenate([entered, left])
    steps = np.concatenate([np.ones(len(entered)), -np.ones(len(left))])
    order = np.argsort(times, kind="stable")
    present = np.cumsum(steps[order])[:-1]
    return float(present @ np.diff(times[order]))


def test_v13_flow_balance():
    """What goes in comes out: every stage of a chain starts as many first visits as orders were placed."""
    journal = run(chain(3, service=exponential(0.6), arrivals=stream(exponential(1.0)), hours=300), SEED)
    orders, visits = journal["orders"], journal["visits"]
    assert np.bincount(visits["stage"]).tolist() == [len(orders)] * 3
    assert len(journal["handoffs"]) == 2 * len(orders)


def test_v14_pooled_against_split():
    """One pool of 20 against 10 of 2 at utilisation .75 (25 orders an hour)."""
    arrivals = stream(exponential(1 / 25))
    pooled = chain(1, service=exponential(0.6), members=20, arrivals=arrivals, hours=160, warm_up=20)
    rows = replicate(pooled, 16, flow)
    wait_agrees("V14 pooled", rows, waiting_time(20, 25, 0.6), 0.6, 1 / 25, unlike=waiting_time(19, 25, 0.6))
    names = [f"team{i}" for i in range(10)]
    stages = {"door": Stage("door", service=fixed(0.001), error=ErrorRate(0.0))}
    stages |= {name: Stage(name, service=exponential(0.6), error=ErrorRate(0.0)) for name in names}
    split = Blueprint(
        stages=stages,
        pools={"door": pool("d", PLENTY), **{name: pool(name, 2) for name in names}},
        segments={"all": Segment()},
        route={"door": dict.fromkeys(names, Handoff(0.1)), **{name: {DELIVERED: Handoff()} for name in names}},
        first="door",
        arrivals=arrivals,
        horizon=Horizon(20, 160),
        layers=(0,),
    )
    rows = replicate(split, 12, flow)
    wait_agrees("V14 split", rows, waiting_time(2, 2.5, 0.6), 0.601, 1 / 25, unlike=waiting_time(1, 1.25, 0.6))


def test_v15_waiting_for_the_batch():
    """Mean and variance of the wait; batches of Poisson orders are independent of each other."""
    size, rate = 5, 2.5
    system = chain(
        2,
        service=0.01,
        members=PLENTY,
        arrivals=stream(exponential(1 / rate)),
        hours=12_000,
        layers=(0, 1),
        handoff=[Handoff(batch=size), Handoff()],
    )
    visits = run(system, SEED)["visits"]
    first, second = (visits[visits["stage"] == s] for s in (0, 1))
    wait = second["arrived"][np.argsort(second["order"])] - first["ended"][np.argsort(first["order"])]
    batches = wait[: len(wait) // size * size].reshape(-1, size)
    mean, variance = batch_wait(size, rate)
    agrees("V15 mean", batches.mean(1), mean, unlike=size / (2 * rate))
    agrees("V15 variance", ((batches - mean) ** 2).mean(1), variance, unlike=(size - 1) / (2 * rate**2))


@pytest.mark.parametrize("retention", [0.478, 0.969, 0.998])
def test_v16_information_after_handoffs(retention):
    """I = r^H: the patient-handover figures 2.5, 85.5 and 99 % after five handoffs are r = .478, .969, .998."""
    system = chain(6, service=0.1, handoff=Handoff(retention=retention), layers=(0, 1), hours=50, **plain_rules())
    handoffs = run(system)["handoffs"]
    for passed in range(1, 6):
        left = handoffs["information"][handoffs["source"] == passed - 1]
        assert left == pytest.approx(retention**passed, abs=1e-12)


def test_v17_repeated_passes():
    """A visit is repeated with w: passes 1/(1-w), effective utilisation rho/(1-w); Jackson gives the time in system."""
    rate, again = 0.4, 0.3
    stage = Stage("p1", service=exponential(1.0), error=ErrorRate(0.0))
    system = Blueprint(
        stages={"s1": stage},
        pools={"p1": pool("p1_")},
        segments={"all": Segment()},
        route={"s1": {"s1": Handoff(again), DELIVERED: Handoff(1 - again)}},
        first="s1",
        arrivals=stream(exponential(1 / rate)),
        horizon=Horizon(300, 5_000),
        layers=(0,),
    )
    orders = run(system, SEED, 99)["orders"]
    agrees("V17 passes", orders["visits"], 1 / (1 - again), unlike=1 + again)
    fits("V17 passes are geometric", np.bincount(orders["visits"])[1:], [again**m * (1 - again) for m in range(6)])

    def measure(journal: Journal) -> tuple[float, float]:
        measured = journal["orders"][journal.measured_orders()]
        visits, (start, end) = journal["visits"], journal.window
        busy = np.clip(np.minimum(visits["ended"], end) - np.maximum(visits["began"], start), 0, None).sum()
        return busy / (end - start), (measured["delivered"] - measured["placed"]).mean()

    rows = replicate(system, 16, measure)
    load = rate / (1 - again)
    agrees("V17 utilisation", rows[:, 0], load, unlike=rate * (1 + again))
    agrees("V17 time in system", rows[:, 1], load / (1 - load) / rate, unlike=1 / (1 - rate))


def test_v17_rework_until_right():
    """Rework that fails with w and is repeated until it succeeds takes 1/(1-w) passes."""
    again = 0.3
    rules = plain_rules(rework=Rework(1.0, 0.0, again, True, 0.0))
    journal = errors_of(8_000, n=1, p=1.0, service=0.001, layers=(0, 1), every={"self_check": Check(1.0)}, **rules)
    reworks = journal["orders"]["reworks"]
    agrees("V17 reworks", reworks, 1 / (1 - again), unlike=1.0 + again)
    fits("V17 reworks are geometric", np.bincount(reworks)[1:], [again**m * (1 - again) for m in range(6)])
    assert not journal["orders"]["reached"].any()
    assert (journal["visits"]["kind"] == REWORK).sum() == reworks.sum()


def test_v28_priority_without_interruption():
    """Cobham: W_K = R0/(1 - rho_K), W_other = R0/((1 - rho_K)(1 - rho)); sum of rho_k W_k is conserved."""
    key, other = 0.3, 0.4

    def own(rate: float, priority: int) -> Segment:
        return Segment(priority=priority, arrivals=Arrivals("stream", exponential(1 / rate)))

    system = chain(
        1,
        service=exponential(1.0),
        segments={"key": own(key, 0), "other": own(other, 1)},
        hours=4_000,
        warm_up=300,
    )

    def measure(journal: Journal) -> list[float]:
        orders = journal["orders"][journal.measured_orders()]
        first = journal["customers"]["segment"][orders["customer"]] == 0
        span = journal.window[1] - journal.window[0]
        return [
            orders["waited"][first].mean(),
            orders["waited"][~first].mean(),
            orders["worked"].mean(),
            len(orders) / span,
        ]

    rows = replicate(system, 20, measure)
    load = key + other
    residual = load * 2.0 / 2  # lambda E[tau^2] / 2
    controls = ((rows[:, 2], 1.0), (rows[:, 3], load))
    fifo = residual / (1 - load)
    agrees("V28 key", rows[:, 0], residual / (1 - key), *controls, unlike=fifo)
    agrees("V28 other", rows[:, 1], residual / (1 - key) / (1 - load), *controls, unlike=fifo)
    conserved = key * rows[:, 0] + other * rows[:, 1]
    agrees("V28 conservation", conserved, load * fifo, *controls, unlike=load * residual / (1 - key))


def test_published_single_server():
    """Ciw's documentation: arrivals 5, service 8: Wq .20833 (simulated there: .2013)."""
    rows = queue(5.0, exponential(1 / 8), orders=4_000)
    wait_agrees("Ciw M/M/1", rows, 0.2083333, 1 / 8, 1 / 5, unlike=0.2083333 * 0.68)


def test_published_four_servers():
    """pydesrap_mms: interval 4, service 10, four servers: Wq 2.1324, Lq .5331, utilisation .625."""
    system = chain(
        1, service=exponential(10.0), members=4, arrivals=stream(exponential(4.0)), hours=12_000, warm_up=1_000
    )

    def measure(journal: Journal) -> list[float]:
        visits, (start, end) = journal["visits"], journal.window

        def inside(a: str, b: str) -> float:
            span = np.minimum(visits[b], end) - np.maximum(visits[a], start)
            return float(np.clip(span, 0, None).sum() / (end - start))

        return [*flow(journal), inside("began", "ended") / 4, inside("arrived", "began")]

    rows = replicate(system, 20, measure)
    controls = ((rows[:, 1], 10.0), (rows[:, 2], 4.0))
    agrees("M/M/4 wait", rows[:, 0], waiting_time(4, 0.25, 10), *controls, unlike=waiting_time(4, 0.25, 11))
    agrees("M/M/4 utilisation", rows[:, 3], 0.625, unlike=0.7)
    agrees("M/M/4 queue", rows[:, 4], waiting_time(4, 0.25, 10) / 4, *controls, unlike=0.5331 * 1.36)


def test_published_tandem():
    """KSL's tandem: interval 6, service 4 then 3: time in system 12 + 6 = 18."""
    rows = queue(1 / 6, [exponential(4.0), exponential(3.0)], n=2, orders=3_500)
    wait_agrees("KSL tandem, waits", rows, 18.0 - 7.0, 7.0, 6.0, unlike=0.68 * 11.0)
