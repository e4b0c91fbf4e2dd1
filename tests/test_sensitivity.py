"""Sensitivity: known indices, exact effects and thresholds, noise told apart, ranges on every system, real runs."""

from __future__ import annotations

import dataclasses
import json
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from analysis.compare import t_quantile
from analysis.report.page import ReportPage, render
from analysis.report.sensitivity_section import sensitivity_figures, sensitivity_sections
from analysis.sensitivity import (
    Contrast,
    Sensitivity,
    SensitivitySettings,
    analysed,
    answers,
    check,
    results_of,
    sensitivity_settings,
    study,
    tables_of,
)
from analysis.sensitivity.contrast import Place
from analysis.sensitivity.indices import share_out
from analysis.sensitivity.noise import noise_share, residual_variance
from analysis.sensitivity.one_at_a_time import Curve, along, grid_of
from analysis.sensitivity.reversal import Reversal, find_reversals
from analysis.sensitivity.screening import screen
from scenarios.compose import compose_config
from scenarios.config import Settings, settings_from
from scenarios.parameters import Parameter, Parameters, parameters_of
from scenarios.points import Base, base_of, built, configured
from scenarios.ranges import SHEET, ParameterRange
from scenarios.targets import Target
from sim.invalid import InvalidInput

Floats = npt.NDArray[np.float64]
CONTRAST = Contrast("new", "old", {"profit": 1.0}, "profit", "cu")
SMALL = SensitivitySettings(4, 5, 3, 8, 4, 4, 2, 8, 2)


def parameter(name: str, low: float = 0.0, high: float = 1.0, today: float | None = None) -> Parameter:
    return Parameter(ParameterRange(name, low, high), (Target(name),), today)


class Synthetic:
    """A function of the place plus, for each replication, a shift common to all places and noise of each place."""

    def __init__(
        self, function: Callable[[Place], float], shift: float = 0.0, noise: float = 0.0, seed: int = 1
    ) -> None:
        self.function, self.shift, self.noise, self.seed = function, shift, noise, seed
        self.labels: list[str] = []

    def __call__(self, places: Sequence[Place], replications: int, label: str) -> Floats:
        self.labels.append(label)
        common = self.shift * np.random.default_rng(self.seed).standard_normal(replications)
        return np.array([self.function(p) + common + self._own(p, replications) for p in places]).reshape(
            len(places), replications
        )

    def _own(self, place: Place, replications: int) -> Floats:
        if self.noise == 0.0:
            return np.zeros(replications)
        key = [self.seed, *(zlib.crc32(f"{n} {x:.9f}".encode()) for n, x in sorted(place.items()))]
        return self.noise * np.random.default_rng(key).standard_normal(replications)


def ishigami(place: Place) -> float:
    x, y, z = (place[name] for name in "abc")
    return math.sin(x) + 7.0 * math.sin(y) ** 2 + 0.1 * z**4 * math.sin(x)


# -- indices whose values are known ----------------------------------------------------------------------------


def test_the_indices_of_ishigamis_function():
    """S1 .3139, .4424, 0; ST .5576, .4424, .2437; the pair of first and third .2437 (Ishigami & Homma 1990)."""
    parameters = [parameter(name, -math.pi, math.pi) for name in "abc"]
    found = share_out(parameters, Synthetic(ishigami, shift=2.0), 512, 2, 5, 1.0)
    # The half-widths are 1.96 standard errors; three standard errors are allowed.
    assert np.all(np.abs(found.first - [0.3139, 0.4424, 0.0]) < 1.53 * found.first_half)
    assert np.all(np.abs(found.total - [0.5576, 0.4424, 0.2437]) < 1.53 * found.total_half)
    assert abs(found.second[0, 2] - 0.2437) < 1.53 * found.second_half[0, 2]
    assert found.first_half.max() < 0.15
    assert found.total_half.max() < 0.15
    assert found.noise < 1e-12  # a shift common to all points blurs nothing
    assert (found.blocks, found.sampled) == (512, 1024)


def test_combinations_count_as_turned_only_where_the_sign_is_clear():
    parameters = [parameter("a"), parameter("b")]
    exact = share_out(parameters, Synthetic(lambda p: p["a"] - 0.5), 64, 4, 3, 1.0)
    assert (exact.turned, exact.open) == (64, 0)  # Sobol' points: exactly half of 128 lie below one half
    # No sign turns, but a mean of four has the wrong sign with probability Phi(-.5 x 2 / 1) = .16: 20 of 128.
    noisy = share_out(parameters, Synthetic(lambda p: 0.5 + 1e-9 * p["a"], noise=1.0), 64, 4, 3, 1.0)
    assert noisy.turned <= 4  # clear of 0 on the wrong side: .3 % of a t-interval with 3 degrees of freedom
    assert noisy.open > 64


def test_elementary_effects_of_a_plane_are_its_slopes_times_the_ranges():
    parameters = [parameter("a", 2.0, 5.0), parameter("b", -1.0, 1.0), parameter("c", 0.0, 1.0)]
    found = screen(parameters, Synthetic(lambda p: 4.0 * p["a"] - 3.0 * p["b"], shift=1.0), 6, 4, 3, 0)
    assert found.mu_star == pytest.approx([12.0, 6.0, 0.0], abs=1e-12)
    assert found.mu == pytest.approx([12.0, -6.0, 0.0], abs=1e-12)
    assert found.sigma == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert found.floor == pytest.approx(0.0, abs=1e-6)
    assert found.ranking == ("a", "b", "c")


def test_a_parameter_that_does_nothing_is_not_told_from_noise():
    parameters = [parameter("a"), parameter("b"), parameter("idle")]
    response = Synthetic(lambda p: 4.0 * p["a"] + 2.0 * p["a"] * p["b"], shift=1.0, noise=0.5)
    shares = share_out(parameters, response, 256, 4, 3, 1.0)
    assert abs(shares.first[2]) < 1.53 * shares.first_half[2]
    # Noise of a point's mean counts into every total: a parameter that does nothing has just that.
    assert abs(shares.total[2] - shares.noise) < 1.53 * shares.total_half[2]
    points = np.array([[4 * a + 2 * a * b for a in np.linspace(0, 1, 200)] for b in np.linspace(0, 1, 200)])
    expected = 0.5**2 / 4 / (points.var() + 0.5**2 / 4)
    assert shares.noise == pytest.approx(expected, rel=0.15)  # 2 048 points: sd of either variance about 3 %
    effects = screen(parameters, response, 100, 4, 4, 3)
    se = effects.mu_star_half[2] / 1.96
    assert abs(effects.mu_star[2] - effects.floor) < 3.5 * se
    assert effects.mu_star[0] > 5 * effects.floor


def test_noise_is_what_neither_point_nor_replication_explains():
    rng = np.random.default_rng(8)
    points, luck = rng.normal(0, 3, (400, 1)), rng.normal(0, 9, (1, 10))
    values = points + luck + rng.normal(0, 2, (400, 10))
    assert residual_variance(values) == pytest.approx(4.0, rel=3 * math.sqrt(2 / (399 * 9)))
    assert noise_share(values) == pytest.approx(0.4 / (9 + 0.4), rel=0.3)  # sd of a variance of 400: 7 %
    assert math.isnan(noise_share(np.ones((5, 3))))
    gap = values.copy()
    gap[7, 3] = np.nan
    assert residual_variance(gap) == pytest.approx(residual_variance(np.delete(values, 7, axis=0)))


def test_trajectories_and_blocks_with_a_gap_are_left_out():
    parameters = [parameter("a"), parameter("b")]

    class Gappy(Synthetic):
        def __call__(self, places: Sequence[Place], replications: int, label: str) -> Floats:
            values = super().__call__(places, replications, label)
            values[4] = np.nan
            return values

    response = Gappy(lambda p: 4.0 * p["a"] - p["b"])
    assert screen(parameters, response, 5, 4, 2, 1).trajectories == 4
    assert screen(parameters, response, 5, 4, 2, 1).mu_star == pytest.approx([4.0, 1.0])
    assert share_out(parameters, response, 8, 2, 1, 1.0).blocks == 7


# -- where the decision turns ----------------------------------------------------------------------------------


def reversals(
    p: Parameter, response: Synthetic, bisections: int = 3, few: int = 8, many: int = 16
) -> tuple[Reversal, ...]:
    grid = along([p], [grid_of(p, 5)], response, few, "")
    today = response([{p.name: p.today if p.today is not None else 0.5}], few, "")[0]
    return find_reversals(grid, today, response, bisections, many)


def test_a_linear_contrast_turns_exactly_where_it_is_0():
    (found,) = reversals(parameter("a", 0.0, 3.0, 0.1), Synthetic(lambda p: 2.0 * (0.37 - p["a"])))
    assert found.threshold == pytest.approx(0.37, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((0.37, 0.37), abs=1e-12)
    assert (found.above, found.established, found.turns, found.sign) == (True, True, 1, -1)
    (below,) = reversals(parameter("a", 0.0, 3.0, 2.9), Synthetic(lambda p: 2.0 * (0.37 - p["a"])))
    assert (below.above, below.sign) == (False, 1)
    assert below.threshold == pytest.approx(0.37, abs=1e-12)


def test_the_interval_of_a_threshold_is_that_of_the_mean_where_luck_shifts_a_line():
    response = Synthetic(lambda p: p["a"] - 1.4, shift=0.2)
    (found,) = reversals(parameter("a", 0.0, 3.0, 0.1), response, many=16)
    shifts = response([{"a": 1.4}], 16, "")[0]
    half = float(t_quantile(np.array(15))) * shifts.std(ddof=1) / 4
    centre = 1.4 - shifts.mean()
    assert found.threshold == pytest.approx(centre, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half), abs=3.0 / 400)


def test_the_interval_covers_the_true_threshold_as_often_as_it_says():
    hits, tried = 0, 200
    for seed in range(tried):
        response = Synthetic(lambda p: math.tanh(2.0 * (p["a"] - 0.6)), shift=0.1, noise=0.15, seed=seed)
        (found,) = reversals(parameter("a", 0.0, 1.5, 0.0), response)
        hits += found.low <= 0.6 <= found.high
    assert hits / tried > 0.95 - 3 * math.sqrt(0.95 * 0.05 / tried)


def test_what_never_turns_and_what_only_noise_turns_is_not_told():
    assert reversals(parameter("a", today=0.5), Synthetic(lambda p: 1.0 + p["a"], shift=0.1)) == ()
    assert reversals(parameter("a", today=0.5), Synthetic(lambda p: max(0.0, p["a"] - 0.5))) == ()  # 0, then above
    noise = Synthetic(lambda p: 0.0, shift=1.0, noise=0.3, seed=4)
    assert reversals(parameter("a", today=0.5), noise) == ()  # nothing is clear, so no sign is worth a search


def test_of_several_crossings_the_nearest_to_today_is_told():
    wave = Synthetic(lambda p: math.cos(p["a"]))  # 0 at pi/2 and 3 pi/2
    (found,) = reversals(parameter("a", 0.0, 6.0, 5.5), wave, bisections=8)
    assert found.turns == 2
    assert found.threshold == pytest.approx(1.5 * math.pi, abs=1e-3)
    assert (found.above, found.sign) == (False, -1)
    (other,) = reversals(parameter("a", 0.0, 6.0, 0.5), wave, bisections=8)
    assert other.threshold == pytest.approx(0.5 * math.pi, abs=1e-3)


def test_interpolation_stays_within_replications():
    curve = Curve(parameter("a"), np.array([0.0, 1.0, 3.0]), np.array([[0.0, 10.0], [2.0, 20.0], [6.0, np.nan]]))
    between = curve.between(np.array([0.0, 0.5, 1.0, 2.0, 3.0]))
    assert between[:, 0] == pytest.approx([0.0, 1.0, 2.0, 4.0, 6.0])
    assert between[:3, 1] == pytest.approx([10.0, 15.0, 20.0])
    assert np.isnan(between[3:, 1]).all()


# -- the whole analysis ----------------------------------------------------------------------------------------


def found_of(response: Synthetic, today: Mapping[str, float], asked: SensitivitySettings = SMALL) -> Sensitivity:
    parameters = tuple(parameter(name, today=x) for name, x in today.items())
    return analysed(CONTRAST, Parameters(parameters, {"absent": "there is none"}), response, asked, 3)


def plane(place: Place) -> float:
    return 10.0 - 16.0 * place.get("a", 0.25) + 4.0 * place.get("b", 0.5) + 0.0 * place.get("c", 0.5)


def test_the_answers_say_what_turns_the_decision_and_what_does_not():
    found = found_of(Synthetic(plane, shift=0.1), {"a": 0.25, "b": 0.5, "c": 0.5})
    first, second, last = answers(found)
    assert first.startswith("As things are, new less old in profit is +8.")
    assert first.endswith("that speaks for new.")
    assert second.startswith("A: above 0.7")
    assert "old is the better of the two, not new" in second
    assert "2 strongest" in last
    assert found.indices is not None
    assert set(found.indices.names) == {"a", "b"}  # what does nothing was screened out
    assert found.pair is not None
    assert found.pair.values.shape == (5, 5, 4)
    quiet = found_of(Synthetic(lambda p: 5.0 + p.get("a", 0.5), shift=0.1), {"a": 0.5, "b": 0.5})
    assert "Of 2 parameters, each varied alone over its range, none turns it" in answers(quiet)[1]


def test_the_sign_of_lower_is_better():
    contrast = dataclasses.replace(CONTRAST, better="lower")
    found = dataclasses.replace(found_of(Synthetic(plane), {"a": 0.25, "b": 0.5}), contrast=contrast)
    assert answers(found)[0].endswith("that speaks for old.")
    assert "new is the better of the two, not old" in answers(found)[1]


def test_ctrl_c_keeps_what_is_finished():
    class Stopped(Synthetic):
        def __call__(self, places: Sequence[Place], replications: int, label: str) -> Floats:
            if label == self.stop:
                raise KeyboardInterrupt
            return super().__call__(places, replications, label)

        stop = "sensitivity: shares of variance"

    response = Stopped(plane)
    found = found_of(response, {"a": 0.25, "b": 0.5})
    assert found.interrupted
    assert found.screening is not None
    assert found.indices is None
    assert set(sensitivity_figures(found)) == {"sensitivity_tornado", "sensitivity_curves", "sensitivity_screening"}
    response.stop = "sensitivity: tornado"
    early = found_of(response, {"a": 0.25})
    assert answers(early)[-1] == "The search for what would turn it was stopped early."
    page_of(early)
    response.stop = "sensitivity: as things are"
    with pytest.raises(KeyboardInterrupt):
        found_of(response, {"a": 0.25})


def page_of(found: Sensitivity) -> str:
    return render(ReportPage("Sensitivity", "?", " ".join(answers(found)), sensitivity_sections(found)))


@pytest.mark.parametrize("level", [0.0, 7.0])
def test_a_contrast_that_never_varies_is_reported(level: float):
    found = found_of(Synthetic(lambda p: level), {"a": 0.5, "b": 0.5})
    assert found.indices is not None
    assert np.isnan(found.indices.total).all()
    assert found.pair is None
    page_of(found)
    json.dumps(results_of(found), allow_nan=False)


# -- ranges on the shipped systems -----------------------------------------------------------------------------

SYSTEMS = ("order_to_delivery", "help_desk", "professional_services", "ten_stage")


@cache
def settings_of(system: str, *words: str) -> Settings:
    return settings_from(compose_config([f"system={system}", "journal=summary", *words]))


def laid(settings: Settings, own: Sequence[ParameterRange] = ()) -> tuple[Base, Parameters]:
    base = base_of(settings, [{"scenario": s.name} for s in settings.scenarios])
    return base, parameters_of(base, settings.blueprint, settings.scenarios, own)


def leaves(value: object, path: str = "") -> dict[str, object]:
    if isinstance(value, Mapping):
        parts: Any = value.items()
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    else:
        return {path: value}
    return {k: v for name, part in parts for k, v in leaves(part, f"{path}.{name}").items()}


@pytest.mark.parametrize("system", SYSTEMS)
def test_todays_values_change_nothing_and_the_ends_of_a_range_do(system: str):
    settings = settings_of(system, "scenario=[do_nothing]")
    base, found = laid(settings)
    assert {p.name for p in found.chosen} | set(found.left_out) == {line.path for line in SHEET}
    as_it_is = leaves(dataclasses.asdict(settings.blueprint))
    for p in found.chosen:
        places = [{"scenario": "do_nothing", **p.values(x)} for x in (p.range.low, p.range.high)]
        low, high = (built(base, configured(base, place)).blueprint for place in places)
        assert low != high, p.name
        if p.today is not None:
            assert p.range.low <= p.today <= p.range.high
            today = built(base, configured(base, {"scenario": "do_nothing", **p.values(p.today)})).blueprint
            assert today == settings.blueprint or leaves(dataclasses.asdict(today)) == pytest.approx(as_it_is), p.name


def test_what_is_not_there_is_left_out_by_name():
    _, found = laid(settings_of("order_to_delivery", "scenario=[do_nothing,process_first]"))
    assert {p.name.split(".")[-2] for p in found.chosen if p.name.startswith("scenarios")} == {"process_redesign"}
    assert set(found.left_out) == {
        "scenarios.*.interventions.employee_involvement.idea_yield",
        "scenarios.*.interventions.cross_functional_team.coordination",
    }
    _, ten = laid(settings_of("ten_stage", "scenario=[do_nothing]"))
    assert ten.left_out["system.perception.halo"] == "'halo' is switched off in this system"


def test_own_ranges_replace_lines_of_the_sheet_and_keep_their_labels():
    asked = sensitivity_settings(
        True, {"system.knock_on.knock_on": {"low": 1, "high": 2}, "system.costs.wage": {"low": 20, "high": 30}}
    )
    assert asked is not None
    assert [r.low for r in asked.ranges] == [1.0, 20.0]
    assert asked.ranges[0].label == "Knock-on of an undetected error (k)"
    _, found = laid(settings_of("order_to_delivery", "scenario=[do_nothing]"), asked.ranges)
    names = [p.name for p in found.chosen]
    assert names.count("system.knock_on.knock_on") == 1
    assert found.chosen[-1].today == 25.0


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ({"system.knock_on.nock_on": (1, 2)}, "ranges.system.knock_on.nock_on = 1.0: unknown parameter; allowed"),
        ({"sytem.costs.wage": (1, 2)}, "decide.ranges.sytem.costs.wage = 1.0: unknown value to sweep over"),
        ({"system.stages.packin.error.p": (0, 1)}, "did you mean packing?"),
        ({"system.costs.*.wage": (1, 2)}, "decide.ranges.system.costs.*.wage: '*' stands for a name in system.stages"),
        ({"system.perception.halo": (0, 1.5)}, "decide.ranges.system.perception.halo = 1.5: "),
        ({"scenarios.*.interventions.hiring.skill": (0, 1)}, "no compared scenario has the intervention 'hiring'"),
        ({"scenarios.process_redesign.interventions.process_redesign.success": (0, 2)}, "success = 2.0: "),
    ],
)  # fmt: skip
def test_bad_ranges_are_told_in_one_line(ranges: dict[str, tuple[float, float]], said: str):
    asked = sensitivity_settings(True, {k: {"low": low, "high": high} for k, (low, high) in ranges.items()})
    settings = settings_of("order_to_delivery", "scenario=[do_nothing,process_redesign]")
    with pytest.raises(InvalidInput) as refused:
        check(settings, [s.name for s in settings.scenarios], asked)
    assert said in str(refused.value)
    assert str(refused.value).startswith("decide.ranges.")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "ranges", "said"),
    [
        (True, {"system.costs.wage": {"low": 3, "high": 3}}, "system.costs.wage.high = 3.0: must be above low = 3"),
        (True, {"system.costs.wage": {"low": 3}}, "decide.ranges.system.costs.wage = {'low': 3}: must be {low: NUMBER"),
        (True, {"system.costs.wage": {"low": 3, "hihg": 3}}, "must be {low: NUMBER, high: NUMBER}"),
        (True, [1, 2], "decide.ranges = [1, 2]: must be a mapping"),
        ({"sobol": 33}, None, "decide.sensitivity.sobol = 33: must be a power of two"),
        ({"trajectory": 8}, None, "did you mean trajectories?"),
        ({"levels": 5}, None, "decide.sensitivity.levels = 5: must be an even number"),
        ({"reversal_replications": 8}, None, "must be at least tornado_replications = 16"),
        ({"sheet": False}, None, "decide.sensitivity.sheet = False: leaves nothing to vary"),
        ("yes", None, "decide.sensitivity = yes: must be true, false or a mapping"),
    ],
)  # fmt: skip
def test_bad_settings_are_told_in_one_line(given: object, ranges: object, said: str):
    with pytest.raises(InvalidInput) as refused:
        sensitivity_settings(given, ranges)
    assert said in str(refused.value)


# -- real runs -------------------------------------------------------------------------------------------------

TINY = (
    "scenario=[do_nothing]", "system.horizon.warm_up=40", "system.horizon.measured=80", "engine=compiled", "seed=5",
    "system.costs.investment_life=96",
)  # fmt: skip
DEAR = "scenarios.dear.interventions.acquisition.per_week"


def real(n_jobs: int) -> Sensitivity:
    """A campaign that does nothing, at a price a week, against the same at 1 000 cu: the difference is exactly their
    prices' over two weeks, so the decision turns at 1 000. How future profit is discounted is nothing to it."""
    settings = settings_of("order_to_delivery", *TINY, f"n_jobs={n_jobs}")
    inline = {
        name: {"interventions": {"acquisition": {"factor": 1.0, "per_week": price}}}
        for name, price in (("dear", 400.0), ("cheap", 1000.0))
    }
    ranges = {
        DEAR: {"low": 0, "high": 3000}, "system.relationship.discount": {"low": 0.05, "high": 0.15},
        "system.information.error_factor": {"low": 0, "high": 4},
    }  # fmt: skip
    sizes = {"sheet": False, "tornado_replications": 2, "reversal_replications": 3, "trajectories": 2, "sobol": 4,
             "replications": 2, "strongest": 2, "bisections": 1}  # fmt: skip
    asked = sensitivity_settings(sizes, ranges)
    assert asked is not None
    check(settings, ["dear", "cheap"], asked, inline)
    contrast = Contrast("dear", "cheap", {"profit": 1.0}, "profit", "cu")
    return study(settings, contrast, asked, inline)


def test_real_runs_turn_where_the_money_says(capsys: pytest.CaptureFixture[str]):
    found = real(1)
    assert found.today == pytest.approx([1200.0] * 3)
    assert found.reversals is not None
    (reversal,) = found.reversals
    assert reversal.parameter.name == DEAR
    assert reversal.parameter.today == 400.0
    assert reversal.threshold == pytest.approx(1000.0, rel=1e-9)
    assert found.screening is not None
    assert found.screening.mu_star == pytest.approx([6000.0, 0.0, 0.0], abs=1e-6)
    assert found.indices is not None
    assert found.indices.total[1] == pytest.approx(0.0, abs=1e-12)
    text = page_of(found)
    assert "What would turn the decision" in text
    assert {f"{name}.csv" for name in ("sensitivity_parameters", "sensitivity_tornado", "sensitivity_reversals",
            "sensitivity_screening", "sensitivity_indices", "sensitivity_pairs")} == set(tables_of(found))  # fmt: skip
    plain = results_of(found)
    assert plain["reversals"][DEAR]["threshold"] == pytest.approx(1000.0, rel=1e-9)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain == results_of(real(2))  # whoever runs it
    assert capsys.readouterr() == ("", "")


def test_a_criterion_that_no_run_measures_is_told():
    settings = settings_of("order_to_delivery", *TINY, "n_jobs=1")
    asked = SensitivitySettings(
        2, 3, 1, 2, 2, 4, 2, 4, 2, sheet=False, ranges=(ParameterRange("system.costs.wage", 20, 30),)
    )
    inline = {"dear": {"interventions": {"acquisition": {}}}}
    with pytest.raises(InvalidInput, match="did you mean profit"):
        study(settings, Contrast("dear", "do_nothing", {"profits": 1.0}, "profit"), asked, inline)
    with pytest.raises(InvalidInput, match="two different"):
        study(settings, Contrast("do_nothing", "do_nothing", {"profit": 1.0}, "profit"), asked)


def test_runs_that_cannot_be_made_are_told():
    with pytest.raises(InvalidInput, match="no run of both could be made"):
        found_of(Synthetic(lambda p: math.nan), {"a": 0.5})
