"""The short form of pools, shifts and suppliers in a system's configuration."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.system import build_blueprint
from sim.blueprint import Blueprint, Distribution, Partnership, StaffMember, Supplier, Terms
from sim.invalid import InvalidInput
from sim.traffic import hours_a_week, on_shift

WALL = {"day": 24.0, "week": 168.0, "year": 8064.0}


def system(**parts: Any) -> Blueprint:
    return build_blueprint({"stages": {"desk": {"pool": "crew"}}, **parts})


def crew(pool: dict[str, Any], calendar: dict[str, float] | None = None) -> dict[str, StaffMember]:
    return dict(system(pools={"crew": pool}, calendar=calendar or WALL).pools["crew"].members)


def shifts(pool: dict[str, Any], calendar: dict[str, float] | None = None) -> dict[str, Any]:
    return {name: member.shifts for name, member in crew(pool, calendar).items()}


def test_pools_take_every_level():
    given = {
        "size": 2, "skill": 0.8, "service_skill": 0.7, "morale": 0.5, "morale_boost": 0.1, "entry_skill": 0.5,
        "entry_service_skill": 0.6, "discretion": 0.3, "involvement": 0.2, "participation": 1.0, "coordination": 0.05,
        "pressure": 0.1, "at_close": "stay",
    }  # fmt: skip
    pool = system(pools={"crew": given}).pools["crew"]
    levels = (0.3, 0.2, 1.0, 0.05, 0.1, "stay")
    assert (
        pool.discretion, pool.involvement, pool.participation, pool.coordination, pool.pressure, pool.at_close,
    ) == levels  # fmt: skip
    member = StaffMember(0.8, 0.7, morale=0.5, morale_boost=0.1, entry_skill=0.5, entry_service_skill=0.6)
    assert pool.members == {"crew_1": member, "crew_2": member}


def test_members_by_name_keep_the_levels_of_the_pool():
    members = crew({"skill": 0.6, "hours": [[8, 16]], "days": [1], "members": {"ann": {"skill": 0.9}, "bob": None}})
    assert {n: (m.skill, m.shifts) for n, m in members.items()} == {
        "ann": (0.9, ((8.0, 16.0),)), "bob": (0.6, ((8.0, 16.0),)),
    }  # fmt: skip
    own = shifts({"hours": [[8, 16]], "days": [1], "members": {"ann": {"days": [2]}, "bob": {"hours": [[9, 12]]}}})
    assert own == {"ann": ((32.0, 40.0),), "bob": ((9.0, 12.0),)}


def test_shifts_by_name():
    """Different staffing by hour and day: three at mornings, one at afternoons, two more on the first day."""
    pool = {
        "skill": 0.7,
        "shifts": {
            "early": {"size": 3, "hours": [[8, 12]], "days": [1, 2]},
            "late": {"hours": [[12, 16]], "days": [2, 1], "skill": 0.5},
            "monday": {"size": 2, "hours": [[8, 12], [13, 16]], "days": [1]},
            "weekend": {"hours": [[120, 128], [144, 152]]},
        },
    }
    members = crew(pool)
    assert list(members) == [
        "crew_early_1", "crew_early_2", "crew_early_3", "crew_late_1", "crew_monday_1", "crew_monday_2",
        "crew_weekend_1",
    ]  # fmt: skip
    assert members["crew_early_3"].shifts == ((8.0, 12.0), (32.0, 36.0))
    assert members["crew_late_1"].shifts == ((12.0, 16.0), (36.0, 40.0))
    assert members["crew_monday_2"].shifts == ((8.0, 12.0), (13.0, 16.0))
    assert members["crew_weekend_1"].shifts == ((120.0, 128.0), (144.0, 152.0))
    assert (members["crew_early_1"].skill, members["crew_late_1"].skill) == (0.7, 0.5)
    built = system(pools={"crew": pool}, calendar=WALL)
    assert sum(hours_a_week(built, m) for m in members.values()) == 3 * 8 + 8 + 2 * 7 + 16
    assert on_shift(built, built.pools["crew"]) == pytest.approx(62 / 168)


def test_nights_run_over_midnight_and_the_end_of_the_week():
    assert shifts({"hours": [[22, 30]], "days": [1, 7]})["crew_1"] == ((0.0, 6.0), (22.0, 30.0), (166.0, 168.0))
    assert shifts({"hours": [[160, 170]]})["crew_1"] == ((0.0, 2.0), (160.0, 168.0))


def test_periods_that_touch_are_one():
    """All the hours of the days of a working-hours clock: always at work."""
    clock = {"day": 8.0, "week": 40.0, "year": 1920.0}
    assert shifts({"hours": [[0, 8]], "days": [1, 2, 3, 4, 5]}, clock)["crew_1"] == ((0.0, 40.0),)
    assert shifts({"hours": [[4, 8], [0, 4]], "days": [1, 2, 4]}, clock)["crew_1"] == ((0.0, 16.0), (24.0, 32.0))


def test_shifts_may_be_listed_plainly():
    assert shifts({"size": 1, "shifts": [[8, 16], [32, 40]]})["crew_1"] == ((8.0, 16.0), (32.0, 40.0))


WRONG = [
    ({"shifts": {"early": {"size": 0}}}, "pools.crew.shifts.early.size = 0: must be a whole number from 1"),
    ({"shifts": {"early": {"sise": 1}}}, "pools.crew.shifts.early.sise: unknown"),
    ({"shifts": {"early": 3}}, "pools.crew.shifts.early = 3: must be a mapping"),
    ({"shifts": {}}, "pools.crew.shifts: a pool with shifts needs at least one"),
    ({"size": 2, "shifts": {"early": {}}}, "pools.crew.size = 2: every shift has a size of its own"),
    ({"members": {"ann": {}}, "shifts": {"early": {}}}, "pools.crew.shifts: give members by name, or shifts"),
    ({"days": [1]}, "pools.crew.members.crew_1.hours: days need hours"),
    ({"hours": []}, "hours: at least one period"),
    ({"hours": [[8, 16]], "days": []}, "days: at least one day"),
    ({"hours": [[8, 16]], "days": [0]}, "days = 0: must be a day of the week, 1 to 7"),
    ({"hours": [[8, 16]], "days": [8]}, "days = 8: must be a day of the week, 1 to 7"),
    ({"hours": [[8, 16]], "days": ["monday"]}, "days[0] = monday: must be a whole number"),
    ({"hours": [[8, 16]], "days": 3}, "days = 3: must be a list"),
    ({"hours": [8, 16]}, "hours[0] = 8: must be a list"),
    ({"hours": [[8, "x"]]}, "hours[0][1] = x: must be a number"),
    ({"hours": [[16, 8]]}, "hours = [16.0, 8.0]: a period is [start, end]"),
    ({"hours": [[24, 30]], "days": [1]}, "hours = [24.0, 30.0]: a period is [start, end], start from 0 to 24"),
    ({"hours": [[0, 60]], "days": [1]}, "hours = [0.0, 60.0]: a period is [start, end]"),
    ({"hours": [[8, 16], [12, 20]], "days": [1]}, "hours = [12.0, 20.0]: periods of the week overlap"),
    ({"hours": [[20, 30], [4, 8]], "days": [1, 2]}, "periods of the week overlap"),
    ({"hours": [[8, 16]], "shifts": [[1, 2]]}, "shifts = [[1, 2]]: give hours (and days), or shifts, not both"),
    ({"shifts": [[160, 170]]}, "shifts must end within the week (168 h)"),
    ({"at_close": "sleep"}, "pools.crew.at_close = sleep: allowed: leave, stay, suspend"),
    ({"coordination": 2}, "pools.crew.coordination = 2.0: must be a number from 0 to 0.9"),
    ({"morale_boost": -2}, "morale_boost = -2.0: must be a number from -1 to 1"),
]  # fmt: skip


@pytest.mark.parametrize(("pool", "said"), WRONG)
def test_what_is_wrong_with_a_pool(pool: dict[str, Any], said: str):
    with pytest.raises(InvalidInput) as caught:
        crew(pool)
    message = str(caught.value)
    assert said in message
    assert message.startswith("system.pools.crew")
    assert "\n" not in message


def test_the_hours_of_the_pool_do_not_hide_a_shift_s_own():
    """A shift that gives days only works the pool's hours on them."""
    own = shifts({"hours": [[8, 16]], "shifts": {"a": {"days": [1]}, "b": {"days": [2]}}})
    assert own == {"crew_a_1": ((8.0, 16.0),), "crew_b_1": ((32.0, 40.0),)}


# -- suppliers and teams -------------------------------------------------------------------------------------

LEAD = {"kind": "gamma", "mean": 3.0, "cv": 0.5}


def test_suppliers_by_name():
    stages = {"desk": {"supplier": "mill"}, "yard": {"supplier": "forge"}}
    given = {
        "mill": {"lead_time": LEAD, "defect": 0.1, "price": 12.0},
        "forge": {"terms": {"lead_time": LEAD}, "partnership": {"trust": 0.9, "fallback": {"price": 9.0}}},
    }
    built = system(stages=stages, suppliers=given).suppliers
    lead = Distribution("gamma", 3.0, 0.5)
    assert built["mill"] == Supplier(Terms(lead, 0.1, 12.0))
    assert built["forge"] == Supplier(Terms(lead), Partnership(trust=0.9, fallback=Terms(price=9.0)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mill": {"defekt": 0.1}}, "suppliers.mill.defekt: unknown"),
        ({"mill": {"defect": 2}}, "suppliers.mill.terms.defect = 2.0: must be a number from 0 to 1"),
        ({"mill": {"price": 1, "terms": {}}}, "suppliers.mill.terms: stands for price already"),
        ({"mill": 3}, "suppliers.mill = 3: must be a mapping"),
        ([1], "suppliers = [1]: must be a mapping"),
        ({"mil": {}}, "stages.desk.supplier = mill: unknown supplier"),
    ],
)
def test_what_is_wrong_with_suppliers(given: Any, said: str):
    with pytest.raises(InvalidInput) as caught:
        system(stages={"desk": {"supplier": "mill"}}, suppliers=given)
    assert said in str(caught.value)
    assert str(caught.value).startswith("system.")


def test_teams_share_a_stage():
    built = system(stages={"desk": {"teams": ["red", "blue"]}}, pools={"red": {"size": 2}, "blue": {}})
    assert built.stages["desk"].pools == ("red", "blue")
    assert built.stages["desk"].pool == "red"
    assert {name: len(pool.members) for name, pool in built.pools.items()} == {"red": 2, "blue": 1}
    for stages, said in (
        ({"desk": {"teams": ["red", "blue"], "pool": "green"}}, "stages.desk.pool = green: give a pool, or teams"),
        ({"desk": {"teams": ["red", "blu"]}}, "pools.blue = blue: unknown staff pool"),
        ({"desk": {"teams": ["red", "blue", "green"]}}, "stages.desk.pool = green: unknown staff pool"),
    ):
        with pytest.raises(InvalidInput) as caught:
            system(stages=stages, pools={"red": {}, "blue": {}})
        assert said in str(caught.value)
