"""Structure: teams against pools, what changes when staff are re-pooled, tampering, late changes, key accounts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import (
    chain,
    exponential,
    fixed,
    plain_rules,
    pool,
    population,
    rich_organisation,
    rows,
    run,
    stream,
)

from sim.blueprint import (
    Arrivals,
    Blueprint,
    Distribution,
    Handoff,
    Knowledge,
    Requirements,
    Segment,
    StaffMember,
)
from sim.draws import TEAM, uniform
from sim.journal import Journal
from sim.tables import REWORK

pytestmark = pytest.mark.both_engines

EMPATHY = 3
SEEN = {"onstage": True, "moment_of_truth": True}


def teams(count: int, size: int, n: int = 1, **parts: Any) -> Blueprint:
    """A chain all of whose stages are served by the same teams t0, t1, ..."""
    names = tuple(f"t{i}" for i in range(count))
    crews = {name: pool(f"{name}_", size) for name in names}
    return chain(n, every={"pool": "t0", "teams": names}, pools=crews, **parts)


def crew_of_visit(journal: Journal) -> np.ndarray:
    return journal.plan.rows("staff")["pool"][0][journal["visits"]["staff"]]


def person_of_visit(journal: Journal) -> np.ndarray:
    return journal["orders"]["customer"][journal["visits"]["order"]]


# -- teams ---------------------------------------------------------------------------------------------------


def test_customers_stay_with_their_team():
    """Over all stages and orders; which team it is comes from the customer's name alone; teams are equally large."""
    journal = run(teams(5, 2, n=3, service=0.5, arrivals=population(400, 60.0), hours=250.0, p=0.2))
    crew, person = crew_of_visit(journal), person_of_visit(journal)
    keys = journal["customers"]["key"]
    mine = np.array([int(5 * uniform(int(key), 0, 0, TEAM, 0)) for key in keys])
    assert (crew == mine[person]).all()
    assert len(journal["orders"]) > 1_300
    counts = np.bincount(mine, minlength=5)
    assert (np.abs(counts - 80) < 4 * math.sqrt(400 * 0.2 * 0.8)).all()


def test_teams_need_no_pool_beside_them():
    """`pool` is not asked for where `teams` are given."""
    system = teams(3, 1, service=0.5, arrivals=population(20, 5.0), hours=30.0)
    nameless = replace(system, stages={"s1": replace(system.stages["s1"], pool="")})
    assert run(nameless).to_bytes() == run(system).to_bytes()


def test_teams_work_side_by_side():
    """Two customers of one team wait for each other; two of different teams do not."""
    journal = run(teams(2, 1, service=2.0, arrivals=population(4, 1.0), hours=1.5))
    mine = [int(2 * uniform(int(key), 0, 0, TEAM, 0)) for key in journal["customers"]["key"]]
    assert len(set(mine)) == 2
    expected, free = [], [1.0, 1.0]
    for order, team in enumerate(mine):
        expected.append((order, f"t{team}_0", 1.0, free[team], free[team] + 2.0))
        free[team] += 2.0
    visits = rows(journal, "visits", "order", "staff", "arrived", "began", "ended")
    assert sorted(visits) == expected


def erlang_c_wait(servers: int, rate: float, mean: float) -> float:
    """Mean wait (h) of M/M/c, from the Erlang C formula."""
    load = rate * mean
    busy = load**servers / math.factorial(servers) / (1 - load / servers)
    total = sum(load**k / math.factorial(k) for k in range(servers))
    return busy / (total + busy) / (servers / mean - rate)


def test_v14_ten_teams_of_two():
    """20 members in one pool would wait .0193 h; customers of ten teams wait .771 h (25 orders an hour of .6 h)."""
    assert erlang_c_wait(20, 25.0, 0.6) == pytest.approx(0.0192515, abs=5e-8)
    assert erlang_c_wait(2, 2.5, 0.6) == pytest.approx(0.7714286, abs=5e-8)
    system = teams(10, 2, arrivals=stream(exponential(1 / 25)), service=exponential(0.6), hours=160.0, warm_up=20.0)
    means = []
    for replication in range(10):
        journal = run(system, 5, replication)
        means.append(journal["orders"]["waited"][journal.measured_orders()].mean())
    error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert abs(np.mean(means) - 0.7714286) < 4 * error
    assert error < 0.08


def test_repooling_in_mid_run_keeps_every_order():
    """Five teams become one pool at 40 and two teams at 80, under load: nothing is lost, doubled, or served twice."""
    parts: dict[str, Any] = {"service": exponential(0.9), "arrivals": stream(exponential(0.1)), "hours": 120.0}
    five = teams(5, 2, **parts)
    members = {name: m for crew in five.pools.values() for name, m in crew.members.items()}

    def split(count: int) -> Blueprint:
        names = [f"t{i}" for i in range(count)]
        crews = {n: replace(five.pools["t0"], members=dict(list(members.items())[i::count]))
                 for i, n in enumerate(names)}  # fmt: skip
        stages = {"s1": replace(five.stages["s1"], teams=tuple(names))}
        return replace(five, stages=stages, pools=crews)

    journal = run(((0.0, five), (40.0, split(1)), (80.0, split(2))))
    orders, visits = journal["orders"], journal["visits"]
    assert len(orders) > 1_000
    assert np.bincount(visits["order"]).tolist() == [1] * len(orders)
    assert not np.isnan(orders["delivered"]).any()
    team = np.array([uniform(int(key), 0, 0, TEAM, 0) for key in journal["customers"]["key"]])[person_of_visit(journal)]
    pools = journal.plan.rows("staff")["pool"]
    for epoch, (begin, end, count) in enumerate(((0, 40, 5), (40, 80, 1), (80, math.inf, 2))):
        now = (visits["began"] >= begin) & (visits["began"] < end)
        assert now.sum() > 300
        assert (pools[epoch][visits["staff"][now]] == (count * team[now]).astype(int)).all()
    # When ten members stand in one pool, the longest waiting order goes first, whatever its team was.
    pooled = visits[(visits["began"] >= 40) & (visits["began"] < 80)]
    assert (np.diff(pooled["arrived"]) >= 0).all()
    assert (visits["arrived"] < 40)[(visits["began"] > 40)].sum() > 5


def test_breaking_up_a_pool_is_a_change_of_plan_like_any_other():
    """From a pool of two to two teams of one at 2.5: each waiting order goes to the queue of its team, in order."""
    one = teams(1, 2, service=2.0, arrivals=stream(0.5), hours=3.2)
    names = list(one.pools["t0"].members)
    crews = {f"t{i}": replace(one.pools["t0"], members={name: StaffMember()}) for i, name in enumerate(names)}
    two = replace(one, stages={"s1": replace(one.stages["s1"], teams=("t0", "t1"))}, pools=crews)
    journal = run(((0.0, one), (2.25, two)))
    placed = 0.5 * np.arange(1, 7)
    mine = [int(2 * uniform(int(key), 0, 0, TEAM, 0)) for key in journal["customers"]["key"]]
    expected = [(0, names[0], 0.5, 2.5), (1, names[1], 1.0, 3.0)]
    free = [2.5, 3.0]
    for order in range(2, 6):
        begin = max(free[mine[order]], placed[order])
        expected.append((order, names[mine[order]], begin, begin + 2.0))
        free[mine[order]] = begin + 2.0
    assert sorted(rows(journal, "visits", "order", "staff", "began", "ended")) == expected


def test_v16_information_in_teams():
    """A team hands over within itself: .98 a time instead of .478 across five borders (.478^5 = .025)."""
    lost = chain(6, handoff=Handoff(retention=0.478), layers=(0, 1), arrivals=stream(10.0), **plain_rules())
    kept = teams(3, 2, n=6, handoff=Handoff(retention=0.98), layers=(0, 1), arrivals=stream(10.0), **plain_rules())
    for system, share in ((lost, 0.478), (kept, 0.98)):
        orders = run(system)["orders"]
        assert len(orders) == 9
        assert orders["information"] == pytest.approx(np.full(9, share**5), rel=1e-12)
    assert pytest.approx(0.024954, abs=5e-7) == 0.478**5


# -- tampering -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["gamma", "lognormal"])
def test_v27_tampering_doubles_the_variance(kind):
    """Deming's funnel, rule 2: y_n = x_n - (x_n-1 - target). The variance doubles, neighbours correlate by -1/2."""
    n = 4_000
    parts: dict[str, Any] = {"service": Distribution(kind, 0.5, 0.1), "arrivals": stream(1.0), "layers": (0, 1)}
    left, tampered = (
        run(chain(1, stages={1: {"tampering": on}}, hours=n + 0.5, **parts, **plain_rules()))["visits"]["hours"]
        for on in (False, True)
    )
    assert len(left) == n
    assert tampered[0] == left[0]
    assert tampered[1:] == pytest.approx(left[1:] - (left[:-1] - 0.5), abs=1e-9)
    for hours, variance, spread in ((left, 0.0025, 2.1), (tampered, 0.005, 3.2)):
        # Standard error of the variance: sqrt(2 sum of squared autocorrelations / n), for slightly heavy tails.
        assert abs(hours.var() - variance) < 4 * variance * math.sqrt(spread / n)
    correlation = np.corrcoef(tampered[1:], tampered[:-1])[0, 1]
    assert abs(correlation + 0.5) < 4 / math.sqrt(n)
    assert abs(tampered.mean() - 0.5) < 1e-3


# -- late changes and postponement ---------------------------------------------------------------------------


def changing(configured_at: int, rate: float, **parts: Any) -> Blueprint:
    """Four stages of an hour with 3 h on the way between them; the order gets its form at one of them."""
    stages = {configured_at: {"configures": True}}
    defaults: dict[str, Any] = {"handoff": Handoff(delay=fixed(3.0)), "layers": (0, 1), "stages": stages}
    return chain(4, **{**defaults, "requirements": Requirements(rate), **plain_rules(), **parts})


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_postponement_spares_rework(place):
    """Changes come at .05 an hour; those between configuration and the last stage's end are rework.

    The share is exp(-r t) - exp(-r T): t the age of the order at the end of configuration, T = 13 h at the last.
    """
    rate, n = 0.05, 3_000
    journal = run(changing(place, rate, members=2, arrivals=stream(10.0), hours=10.0 * n + 0.5))
    orders, visits = journal["orders"], journal["visits"]
    t = 1.0 + 4.0 * (place - 1)
    share = math.exp(-rate * t) - math.exp(-rate * 13.0)
    redone = orders["reworks"] > 0
    assert redone.sum() == 0 if place == 4 else abs(redone.sum() - n * share) < 4 * math.sqrt(n * share * (1 - share))
    assert orders["reworks"].max() <= 1
    assert set(visits["stage"][visits["kind"] == REWORK]) <= {place - 1}
    changed = 1 - math.exp(-rate * 13.0)
    assert abs(orders["changed"].sum() - n * changed) < 4 * math.sqrt(n * changed * (1 - changed))


def test_the_share_of_late_changes_is_one_minus_exp():
    """Configured at once (a thousandth of an hour), delivered after a delay d: 1 - exp(-rate d)."""
    rate, delay, n = 0.1, 8.0, 3_000
    system = chain(
        2, service=0.001, members=20, handoff=[Handoff(delay=fixed(delay)), Handoff()], layers=(0, 1),
        stages={1: {"configures": True}}, requirements=Requirements(rate), arrivals=stream(1.0), hours=n + 0.5,
        **plain_rules(),
    )  # fmt: skip
    redone = run(system)["orders"]["reworks"] > 0
    share = math.exp(-rate * 0.001) - math.exp(-rate * (delay + 0.002))
    assert share == pytest.approx(1 - math.exp(-rate * delay), abs=2e-4)
    assert abs(redone.sum() - n * share) < 4 * math.sqrt(n * share * (1 - share))


def test_no_change_no_rework():
    journal = run(changing(1, 0.0, arrivals=stream(10.0), hours=500.0))
    assert not journal["orders"]["reworks"].any()
    assert not journal["orders"]["changed"].any()


# -- key accounts --------------------------------------------------------------------------------------------


def test_key_accounts_are_known_by_whoever_serves():
    """Owned customers meet knowledge from the first order on; others are known to who met them last (K = .05)."""
    two = {name: Segment(share=0.5, owner=name == "key", arrivals=population(1, 30.0)) for name in ("key", "other")}
    system = chain(
        1, segments=two, service=0.5, members=1, stages={1: SEEN}, hours=95.0, layers=(0, 1, 2, 3),
        switches={"morale": False, "practice": False, "load": False, "absence": False, "turnover": False},
        pools={"p1": pool("m")}, knowledge=Knowledge(1.0, 0.0), **plain_rules(),
    )  # fmt: skip
    journal = run(system)
    moments = journal["moments"][journal["moments"]["stage"] == 0]
    owned = journal["customers"]["segment"][journal["orders"]["customer"][moments["order"]]] == 0
    assert moments["actual"][owned, EMPATHY] == pytest.approx([0.75, 0.75, 0.75], abs=1e-12)
    assert moments["actual"][~owned, EMPATHY] == pytest.approx([0.70, 0.75, 0.75], abs=1e-12)


def test_an_owner_changes_nothing_but_empathy():
    """With the relationship off: the same visits, handoffs and errors, and more empathy for the owned."""
    base = rich_organisation(200.0, layers=(0, 1, 2, 3), arrivals=Arrivals("population", exponential(30.0), 24))
    base = replace(base, improvement=replace(base.improvement, choose_by="error_log"))
    alone = replace(base, segments={name: replace(s, owner=False) for name, s in base.segments.items()})
    with_owner, without = run(base), run(alone)
    for table in ("visits", "handoffs", "errors", "members", "absences"):
        assert with_owner[table].tobytes() == without[table].tobytes(), table
    gain = with_owner["moments"]["actual"][:, EMPATHY] - without["moments"]["actual"][:, EMPATHY]
    gain = gain[~np.isnan(gain)]
    assert set(np.round(gain, 9)) == {0.0, 0.05}


# -- change of plan ------------------------------------------------------------------------------------------


def test_what_is_yet_to_come_changes_nothing_before_it():
    """Six stages, then three, then nine: until the last change the run is that of the first two, also for orders that
    were on their way through stages that are gone."""
    busy = {"service": exponential(1.0), "members": 2, "arrivals": stream(exponential(0.55))}
    systems = [chain(n, hours=90.0, **busy) for n in (6, 3, 9)]
    two = run(((0.0, systems[0]), (30.0, systems[1])))
    three = run(((0.0, systems[0]), (30.0, systems[1]), (60.0, systems[2])))
    name = two.plan.stage_names.index
    gone = [row["ended"] for row in two["visits"] if row["stage"] >= name("s4") and 30.0 < row["ended"] < 60.0]
    assert len(gone) > 3
    for one, other in zip(
        *([j["visits"][c][j["visits"]["ended"] < 60.0] for c in ("order", "stage", "arrived", "began", "ended")]
          for j in (two, three)),
        strict=True,
    ):  # fmt: skip
        assert one.tobytes() == other.tobytes()
    delivered = [j["orders"]["delivered"][j["orders"]["delivered"] < 60.0] for j in (two, three)]
    assert delivered[0].tobytes() == delivered[1].tobytes()
