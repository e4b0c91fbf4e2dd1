"""What a day, a week and a year are on the run's clock, and the cycle of opening hours."""

from __future__ import annotations

from dataclasses import dataclass

from sim.blueprint.checks import positive
from sim.invalid import require


@dataclass(frozen=True)
class Calendar:
    """Lengths in hours of the run's clock.

    The default is the working-hours clock of model.md (day 8, week 40, year 1 920 h), on which everybody is always at
    work. For real opening hours use the clock on the wall: `day: 24, week: 168, year: 8064` (48 weeks), and give
    staff shifts. Shifts and arrival profiles repeat every week, which begins at time 0.
    """

    day: float = 8.0
    week: float = 40.0
    year: float = 1920.0

    def __post_init__(self) -> None:
        positive(day=self.day, week=self.week, year=self.year)
        require(self.day <= self.week <= self.year, "week", self.week, "must lie between day and year")
        days = self.week / self.day
        require(abs(days - round(days)) < 1e-9, "week", self.week, "must be a whole number of days")
