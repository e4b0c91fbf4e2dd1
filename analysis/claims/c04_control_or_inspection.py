"""C04: control in the process beats final inspection in services (model.md 1.7, 3; claims E11, E12, E15).

Ten stages, as in the founding example, so that the neutral point is known exactly: with equal detection, nothing
visible, no knock-on and no false alarms both let the same share of orders through. Both can win: an inspector who sees
more than the people in the process, or does not stop ten times an order without cause, turns the verdict over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from analysis.claims.claim import Claim, Finding, Floats, Tried, Values
from analysis.claims.ratio import ratio_of_means
from scenarios.design import Range

STAGES, ORDERS_A_WEEK, WAGE = 10, 100.0, 25.0
BUDGET = 1000.0  # cu a week for every programme: the pay of one inspector
CHART = 0.0027 / 50  # h per visit: investigations of the chart's false alarms (scenarios.interventions.control)
DEVICES = ("stage_01", "stage_02", "stage_03")  # the worst three: all stages are equal here, so any three
DEVICE_COST, LIFE = 2500.0, 96.0  # cu a stage, weeks over which it is spread
PAF = ("cost_of_quality",)
NAMES = {
    "inspection": "final inspection",
    "in_process": "in-process control",
    "charts": "charts only",
    "fail_safe": "fail-safe devices at three stages",
}


def shares_let_through(p: float, detection: float, visible: float, stages: int = STAGES) -> tuple[float, float]:
    """Share of orders that fail under (final inspection, in-process control), each error found with chance `detection`
    and the share `visible` seen on the spot; without knock-on, false alarms and failed repairs (model.md 1.7)."""
    inspected = visible + (1.0 - visible) * (1.0 - detection)
    return 1.0 - (1.0 - p * inspected) ** stages, 1.0 - (1.0 - p * (1.0 - detection)) ** stages


def _through(visible: float) -> str:
    """Both at p = .01 and d = .8, in words."""
    final, in_process = shares_let_through(0.01, 0.8, visible)
    return f"{100 * final:.2f} % and {100 * in_process:.2f} %"


def arms(values: Values) -> Mapping[str, Values]:
    """Five arms on one system. Every programme costs `BUDGET` a week, its checking time included."""
    system = {
        "system.stage_defaults.error.visible_share": values["visible_share"],
        "system.knock_on.knock_on": values["knock_on"],
        "system.stage_defaults.special_cause": {"rate": values["special_rate"], "factor": 5.0, "mean_out": 80.0},
        "system.rework.failure": values["rework_failure"],
    }
    check = float(values["check_time"])
    looking = {
        "check_time": check,
        "per_week": BUDGET - STAGES * ORDERS_A_WEEK * WAGE * (check + CHART),
    }
    told = {
        "inspection": _told("inspection", "final_inspection")(
            detection=values["inspector_detection"], false_alarm=values["inspector_alarm"], time=STAGES * check
        ),
        "in_process": {
            **_told("in_process", "in_process_control")(self_check=values["process_detection"], **looking),
            "system.stage_defaults.self_check": {"false_alarm": values["process_alarm"]},
        },
        "charts": _told("charts", "in_process_control")(**looking),
        "fail_safe": {},
    }
    none = {"scenario": "do_nothing", **system}
    return {"none": none, **{name: {"scenario": name, **system, **more} for name, more in told.items()}}


def _told(scenario: str, intervention: str) -> Callable[..., Values]:
    """Parameters of an intervention as paths."""
    return lambda **given: {f"scenarios.{scenario}.interventions.{intervention}.{k}": v for k, v in given.items()}


def _relative(worse: Floats, better: Floats) -> Floats:
    """How much lower `better` is, as a share of the mean of `worse`; 0 where nothing fails."""
    return ratio_of_means(worse - better, worse)


def effect(tried: Tried) -> Finding:
    """Failures of in-process control against final inspection, and what every programme does and costs."""

    def per_order(arm: str, *metrics: str) -> Floats:
        total = np.sum([tried(arm, metric) for metric in metrics], axis=0)
        return np.asarray(total / tried(arm, "orders_completed"))

    failures = {arm: tried(arm, "failure_share") for arm in tried.arms}
    parts: dict[str, Floats] = {}
    for arm, name in NAMES.items():
        parts[f"failures cut by {name}, share of those without"] = _relative(failures["none"], failures[arm])
    against = _relative(failures["inspection"], failures["charts"])
    parts["failures cut by charts against final inspection, share"] = against
    for label, metrics in (("spent on", ("cost_prevention", "cost_appraisal")), ("quality cost with", PAF)):
        without = per_order("none", *metrics)
        for arm, name in NAMES.items():
            parts[f"{label} {name} against none, cu/order"] = per_order(arm, *metrics) - without
    through = ", ".join(f"{name} {100 * failures[arm].mean():.2f} %" for arm, name in NAMES.items())
    return Finding(
        _relative(failures["inspection"], failures["in_process"]),
        parts,
        (f"Orders that fail: without a programme {100 * failures['none'].mean():.2f} %, {through}.",),
    )


CLAIM = Claim(
    id="C04",
    statement="Control in the process lets fewer failures through to customers than final inspection of equal cost",
    quote="moving from emphasising final inspection to assessing whether critical work processes are in control",
    source="Christopher, Payne & Ballantyne 1991, working paper",
    design=(
        "Ten equal stages, with information, detection, rework and customers' perception on. No programme, final "
        "inspection, detection by every stage of its own errors, control charts only, fail-safe devices at three "
        "stages; each programme costs 1 000 cu a week, checking time included. 50 weeks measured."
    ),
    metric="failures cut by in-process control against final inspection",
    unit="share of the failures under final inspection",
    sesoi=0.10,
    rule="In-process control has failures at least 10 % lower than final inspection of equal cost.",
    reference=(
        "Without knock-on, false alarms and failed repairs: final 1 - (1 - p(v + (1 - v)(1 - d)))^N, in-process "
        "1 - (1 - p(1 - d))^N; at p = .01, N = 10, d = .8, v = .5: "
        f"{_through(0.5)}; equal at v = 0."
    ),
    structural=(
        "An inspector at the end cannot undo what the customer has seen already. At the reference point both detect .8 "
        f"and a quarter of the errors are visible: the closed form alone lets {_through(0.25)} through, 50 % less, "
        "five times what the claim needs. Where the two detect unequally, or the process raises false alarms, the "
        "verdict is open: that is for the swing space to say."
    ),
    by_construction=True,
    words=(
        "system=ten_stage",
        "scenario=[do_nothing]",
        "journal=summary",
        "system.layers=[0,1,3]",
        "system.horizon.measured=2000.0",
    ),
    reference_point={
        "visible_share": 0.25,
        "knock_on": 3.0,
        "special_rate": 0.002,
        "inspector_detection": 0.8,
        "process_detection": 0.8,
        "check_time": 0.01,
        "inspector_alarm": 0.02,
        "process_alarm": 0.002,
    },
    swing={
        "visible_share": Range(0.0, 1.0),
        "knock_on": Range(1.0, 10.0),
        "special_rate": Range(0.0, 0.01),
        "inspector_detection": Range(0.5, 0.95),
        "process_detection": Range(0.2, 0.95),
        "check_time": Range(0.003, 0.03),
        "inspector_alarm": Range(0.0, 0.05),
        "process_alarm": Range(0.0, 0.02),
    },
    switches={"rework_failure": 0.05},
    arms=arms,
    effect=effect,
    null={
        "visible_share": 0.0,
        "knock_on": 1.0,
        "special_rate": 0.0,
        "inspector_alarm": 0.0,
        "process_alarm": 0.0,
        "rework_failure": 0.0,
    },
    null_words="nothing visible to the customer, no knock-on, no special causes, no false alarms, no failed repairs",
    caveats=(
        "Visible share, special causes and knock-on are swept as ranges, where the specification lists levels. Control "
        "charts alone let more through than final inspection at the reference point (see the table).",
    ),
    scenarios={
        "inspection": {"interventions": {"final_inspection": {"delay": 0.0}}},
        "in_process": {
            "interventions": {
                "in_process_control": {"delay": 0.0, "incoming_check": 0.0, "mean_out": 80.0, "border_resistance": 0.0}
            }
        },
        "charts": {
            "interventions": {
                "in_process_control": {"delay": 0.0, "self_check": 0.0, "incoming_check": 0.0, "mean_out": 10.0}
            }
        },
        "fail_safe": {
            "interventions": {
                "fail_safing": {
                    "stages": list(DEVICES),
                    "cost_per_stage": DEVICE_COST,
                    "per_week": BUDGET - len(DEVICES) * DEVICE_COST / LIFE,
                }
            }
        },
    },
    replications=60,
    robust_replications=8,
)
