"""The event log and a customer's journey where the clock is the one on the wall and customers give up."""

from __future__ import annotations

import numpy as np
import pytest
from living import living_system

from analysis.event_log import journey, timestamp
from sim.blueprint import Calendar
from sim.simulate import simulate


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (0.0, "2024-01-01T00:00:00"),
        (33.5, "2024-01-02T09:30:00"),
        (167.0, "2024-01-07T23:00:00"),
        (168.0, "2024-01-08T00:00:00"),
    ],
)
def test_hours_of_the_clock_on_the_wall(hour: float, expected: str):
    assert timestamp(hour, Calendar(24.0, 168.0, 8064.0)).isoformat() == expected


def test_a_journey_tells_of_an_order_given_up():
    journal = simulate(living_system(4.0), seed=3, allow_unstable=True)
    orders = journal["orders"]
    left = orders[~np.isnan(orders["abandoned"])][0]
    steps = journey(journal, int(left["customer"]))
    told = [step for step in steps if "given up" in str(step["event"])]
    assert told[0]["time"] == left["abandoned"]
    assert told[0]["event"] == f"order {left['number'] + 1} given up"
    assert f"after {left['abandoned'] - left['placed']:.2f} h" in str(told[0]["what"])
