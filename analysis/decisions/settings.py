"""What a decision study is asked: the section `decide` of a configuration, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.measures import METRICS, Metric
from scenarios.build import build
from sim.blueprint.checks import not_negative, one_of, positive, whole
from sim.invalid import require, require_known, unknown_name

STUDIES = ("terminating", "steady_state")
NET_BENEFIT = "net_benefit"
_SIZES = {  # least and most
    "most_replications": (5, 100_000), "resamples": (100, 100_000), "pilot_replications": (2, 1000),
    "pilot_weeks": (12, 2600),
}  # fmt: skip
_RELATIVE = {"cost_total": 0.005}  # share of the base's mean: half-width and margin where nothing is given (A)
_RELATIVE_OF_OTHERS = 0.02  # likewise; of total cost most is there whatever is done
_DEFAULT_INDIFFERENCE = {"service_quality": 0.25}  # points (A)


@dataclass(frozen=True)
class Distance:
    """A distance in a metric's own unit, or `relative`: as a share of the base's mean."""

    value: float
    relative: bool = False

    def of(self, level: float) -> float:
        """The distance in the metric's unit, where the base's mean is `level`."""
        return self.value * abs(level) if self.relative else self.value


@dataclass(frozen=True)
class Worths:
    """A grid of what a point of effect is worth (cu a week): `steps` values from `low` to `high`.

    `high` None: chosen from the data, far enough to see every change of the best scenario.
    """

    low: float = 0.0
    high: float | None = None
    steps: int = 41

    def __post_init__(self) -> None:
        not_negative(low=self.low)
        whole(2, steps=self.steps)
        require(self.steps <= 1001, "steps", self.steps, "must be at most 1001")
        if self.high is not None:
            require(self.high > self.low, "high", self.high, f"must be above low = {self.low:g}")


@dataclass(frozen=True)
class Decide:
    """The section `decide` (conf/experiment/decide.yaml says what each setting means)."""

    study: str = "terminating"
    criterion: str = "service_quality"
    indifference: float | None = None
    confidence: float = 0.95
    metrics: tuple[str, ...] = ("service_quality", "failure_share", "lead_time_mean", "cost_total", "profit")
    precision: Mapping[str, Any] = field(default_factory=dict)
    margins: Mapping[str, Any] = field(default_factory=dict)
    most_replications: int = 100
    effect: str = "service_quality"
    cost: str = "cost_total"
    worth: float | None = None
    worths: Worths = field(default_factory=Worths)
    resamples: int = 2000
    pilot_replications: int = 20
    pilot_weeks: int = 104
    sensitivity: Any = False
    ranges: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        one_of(*STUDIES, study=self.study)
        for name, value in (("criterion", self.criterion), ("effect", self.effect), ("cost", self.cost)):
            if value not in METRICS and not (name == "criterion" and value == NET_BENEFIT):
                known = [*METRICS, NET_BENEFIT] if name == "criterion" else METRICS
                raise unknown_name(name, value, known, "metric")
            if value in METRICS:
                allowed = "is neither good nor bad by itself: choose a metric that has a better direction"
                require(METRICS[value].better != "", name, value, allowed)
        require(METRICS[self.cost].unit.startswith("cu"), "cost", self.cost, "must be a metric in currency units (cu)")
        require(len(self.metrics) > 0, "metrics", None, "must name at least one metric")
        for name in self.metrics:
            if name not in METRICS:
                raise unknown_name("metrics", name, METRICS, "metric")
        require(len(set(self.metrics)) == len(self.metrics), "metrics", self.metrics, "names a metric twice")
        for section in ("precision", "margins"):
            given = getattr(self, section)
            require_known(section, given, self.watched, "metric: it must be the criterion or in decide.metrics;")
            for name, value in given.items():
                _distance(value, f"{section}.{name}")
        needed = "give the smallest difference that matters, in the criterion's unit"
        known_size = self.indifference is not None or self.criterion in _DEFAULT_INDIFFERENCE
        require(known_size, "indifference", None, needed)
        if self.indifference is not None:
            positive(indifference=self.indifference)
        allowed = "must lie above 0.5 and below 1"
        require(0.5 < self.confidence < 1.0, "confidence", self.confidence, allowed)
        worth_known = self.worth is not None or self.criterion != NET_BENEFIT
        require(worth_known, "worth", None, "give what a point of effect is worth (cu a week)")
        if self.worth is not None:
            not_negative(worth=self.worth)
        for name, (low, high) in _SIZES.items():
            whole(low, **{name: getattr(self, name)})
            require(getattr(self, name) <= high, name, getattr(self, name), f"must be at most {high}")

    @property
    def watched(self) -> tuple[str, ...]:
        """The metrics that are compared with the base: the criterion first, where it is a metric."""
        leading = () if self.criterion == NET_BENEFIT else (self.criterion,)
        return tuple(dict.fromkeys((*leading, *self.metrics)))

    @property
    def smallest(self) -> float:
        """The indifference zone: the smallest difference of the criterion that matters, in its unit."""
        return _DEFAULT_INDIFFERENCE[self.criterion] if self.indifference is None else self.indifference

    @property
    def criterion_metric(self) -> Metric:
        """The criterion with label, unit and direction."""
        if self.criterion == NET_BENEFIT:
            return Metric(NET_BENEFIT, "Net benefit", "cu a week", "higher", "cost")
        return METRICS[self.criterion]

    def precision_of(self, metric: str) -> Distance:
        """The half-width that the paired difference to the base is to have."""
        return self._distance_of(self.precision, metric)

    def margin_of(self, metric: str) -> Distance:
        """The difference that does not matter; where none is given, the half-width asked for."""
        return self._distance_of({**self.precision, **self.margins}, metric)

    def _distance_of(self, given: Mapping[str, Any], metric: str) -> Distance:
        if metric in given:
            return _distance(given[metric], metric)
        if metric == self.criterion:
            return Distance(self.smallest)
        return Distance(_RELATIVE.get(metric, _RELATIVE_OF_OTHERS), relative=True)


def decide_settings(section: Mapping[str, Any]) -> Decide:
    """The checked section `decide`. Raises `InvalidInput` with the path of the first fault."""
    return build(Decide, {name: value for name, value in section.items() if value is not None}, "decide")


def _distance(value: object, where: str) -> Distance:
    relative = isinstance(value, Mapping)
    if isinstance(value, Mapping):
        require_known(where, value, ("relative",))
        require("relative" in value, where, None, "give a number, or {relative: share of the base's mean}")
        value = value["relative"]
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 < value < 1e300
    require(good, where, value, "must be a number above 0, or {relative: share of the base's mean}")
    return Distance(float(value), relative)  # type: ignore[arg-type]
