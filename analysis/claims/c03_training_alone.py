"""C03: training the front line without redesigning the work adds cost, not value (model.md 2.5, 2.6, 3; S1).

Training moves the part psi of the error rate that skill acts on, and what the customer sees of skill (assurance);
redesign moves the other part. Both are in the model whatever the verdict; psi, the share of errors that the front line
makes, its price, and what assurance counts for decide which way it goes. Skill may also be held back by a bad process:
usable gain = gain x (1 - xi p_sys/p), with xi = 0 unless swept (xi is what would make training *need* redesign).

A surprise: training so dear that it overloads the line can raise net value. Customers who leave make room - at a
utilisation near .9 five in a hundred fewer shorten the lead time of all others by a quarter - and equity at the end
of the window counts those who stayed, and are better served. It is a property of a firm short of capacity, not of
training, and fades only over years; hence utilisation is swept as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.claims.claim import Claim, Finding, Floats, Tried, Values
from analysis.report.numbers import number
from scenarios.design import Range

FRONT = ("enquiry", "order_entry", "delivery", "after_sale")
BACK = ("credit_check", "pricing", "scheduling", "picking", "packing", "dispatch")
P_SUM = 0.1  # error rates of the ten stages together
HOURS_A_STAGE = 0.8  # of work on an order, per unit of utilisation: 0.6 h at .75
# Redesign as in the library with six projects in ten that succeed, on average: system errors, time, spread of time
ERRORS, TIME, SPREAD = 0.7, 0.97, 0.88
LIBRARY_PRICE = 80_000.0  # cu, hours included
GAIN, HOURS, FEE = 0.074, 16.0, 400.0  # of training: skill, h and cu per person (conf/scenario)
WEIGHTS = {"reliability": 0.32, "responsiveness": 0.22, "empathy": 0.16, "tangibles": 0.11}  # beside assurance
ONLY_SEEN = {"system.skill_effects.on_errors": 0.0, "system.skill_effects.on_time": 0.0}
REFERENCE: Values = {
    "operator_share": 0.2,
    "front_share": 0.4,
    "constraint": 0.0,
    "price": 1.0,
    "assurance": 0.19,
    "utilisation": 0.75,
    "redesigned": False,
}
_TRAINING = "scenarios.training.interventions.frontline_training"


def failure_share(p: float, trained: int, psi: float, cut: float, stages: int = 10) -> float:
    """Share of orders with an error where `trained` of the stages make `cut` fewer operator errors (model.md C03).

    Layer 0: F' = 1 - q^(N - f) (1 - p(1 - psi g))^f.
    """
    return 1.0 - (1.0 - p) ** (stages - trained) * (1.0 - p * (1.0 - psi * cut)) ** trained


def _failing(trained: int, psi: float, cut: float) -> str:
    return f"{100 * failure_share(0.01, trained, psi, cut):.3f} %"


def usable(psi: float, xi: float, redesigned: bool) -> float:
    """Share of a gain in skill that the process lets show: 1 - xi p_sys/p."""
    system = (1.0 - psi) * (ERRORS if redesigned else 1.0)
    return 1.0 - xi * system / (system + psi)


def arms(values: Values) -> Mapping[str, Values]:
    """With and without training; at the reference point also what redesign and the ways of training contribute."""
    weight, price = float(values["assurance"]), float(values["price"])
    rest = (1.0 - weight) / sum(WEIGHTS.values())
    weights = {"assurance": weight, **{d: w * rest for d, w in WEIGHTS.items()}}

    def arm(trained: bool, redesigned: bool, **seen: float) -> Values:
        usual = {"system.segment_defaults.weights": weights, **_work(values, redesigned), **seen}
        if not trained:
            return {"scenario": "do_nothing", **usual}
        shows = usable(float(values["operator_share"]), float(values["constraint"]), redesigned)
        return {
            "scenario": "training",
            **usual,
            f"{_TRAINING}.gain": float(values["gain"]) * shows,
            f"{_TRAINING}.hours": price * HOURS,
            f"{_TRAINING}.fee": price * FEE,
        }

    redesigned = bool(values["redesigned"])
    main = {"untrained": arm(False, redesigned), "trained": arm(True, redesigned)}
    if any(values[name] != usual for name, usual in REFERENCE.items()):
        return main
    return {
        **main,
        "redesigned": arm(False, True),
        "both": arm(True, True),
        "untrained, only seen": arm(False, False, **ONLY_SEEN),
        "trained, only seen": arm(True, False, **ONLY_SEEN),
    }


def _work(values: Values, redesigned: bool) -> Values:
    """Error rates, times and their spread, stage by stage."""
    psi, front = float(values["operator_share"]), float(values["front_share"])
    errors, time, spread = (ERRORS, TIME, SPREAD) if redesigned else (1.0, 1.0, 1.0)
    kept = psi + (1.0 - psi) * errors
    rates = {
        **{stage: P_SUM * front / len(FRONT) for stage in FRONT},
        **{stage: P_SUM * (1.0 - front) / len(BACK) for stage in BACK},
    }
    return {
        "system.stage_defaults.error.operator_share": psi / kept,
        **{f"system.stages.{stage}.error.p": p * kept for stage, p in rates.items()},
        "system.stage_defaults.service.mean": HOURS_A_STAGE * float(values["utilisation"]) * time,
        "system.stage_defaults.service.cv": 0.6 * spread,
    }


def effect(tried: Tried) -> Finding:
    """Net cost of training; at the reference point also what redesign adds to it, and the way it takes."""

    def gain(metric: str, arm: str = "trained", base: str = "untrained") -> Floats:
        return tried(arm, metric) - tried(base, metric)

    def value(arm: str = "trained", base: str = "untrained") -> Floats:
        return gain("profit", arm, base) + gain("customer_equity", arm, base)

    spent = gain("cost_prevention")
    parts = {
        "net value of training, cu": value(),
        "of it profit, cu": gain("profit"),
        "of it customer equity at the end, cu": gain("customer_equity"),
        "spent on training (prevention, hours included), cu": spent,
        "failures cut by training, share of orders": -gain("failure_share"),
        "service quality from training, points": gain("service_quality"),
    }
    if "both" not in tried.arms:
        return Finding(-value(), parts)
    redesign = value("redesigned")
    parts |= {
        "net value of training where skill is only seen (touches no errors, no pace), cu": value(
            "trained, only seen", "untrained, only seen"
        ),
        "net value of training where work is redesigned, cu": value("both", "redesigned"),
        "interaction: net value of training more with redesign than without, cu": value("both", "redesigned") - value(),
        "net value of redesign alone at equal spending, cu": redesign - spent,
        "failures cut by redesign, share of orders": -gain("failure_share", "redesigned"),
        "service quality from redesign, points": gain("service_quality", "redesigned"),
    }
    note = (
        f"Redesign alone is worth {number(redesign.mean(), 0)} cu before its cost. The library's asks "
        f"{number(LIBRARY_PRICE, 0)} cu, training {number(spent.mean(), 0)} cu."
    )
    return Finding(-value(), parts, (note,))


CLAIM = Claim(
    id="C03",
    statement="Training the front line without redesign adds cost, not value",
    quote="will add cost, not value, unless the design of work activities",
    source="Christopher, Payne & Ballantyne 1991, working paper",
    design=(
        "Training of the staff whom the customer meets x redesign of all stages, everything of the model on, 96 weeks "
        "measured. Net value: change of profit plus change of customer equity at the end. Redesign is in place from "
        "the beginning, as the library's on average over success and failure; at equal spending it is charged what "
        "training costs."
    ),
    metric="net cost of training (minus the change of profit and customer equity)",
    unit="cu",
    sesoi=3200.0,
    rule="Training alone costs at least 3 200 cu net: half of what is spent on it, or all that is paid in fees.",
    reference=(
        "Layer 0, ten stages of .01, four of them trained, psi = .2, operator errors cut by .3: "
        f"{_failing(0, 0.2, 0.3)} -> {_failing(4, 0.2, 0.3)}; all ten trained {_failing(10, 0.2, 0.3)}; system part "
        f"halved everywhere {_failing(10, 0.8, 0.5)}. Training breaks even at (F - F') x cost of a failure."
    ),
    words=(
        "system=order_to_delivery",
        "scenario=[do_nothing]",
        "journal=summary",
        "system.horizon.measured=3840.0",
    ),
    reference_point=REFERENCE,
    swing={
        "operator_share": Range(0.06, 0.8),
        "front_share": Range(0.2, 0.8),
        "constraint": Range(0.0, 1.0),
        "price": Range(0.25, 8.0, log=True),
        "assurance": Range(0.0, 0.4),
        "utilisation": Range(0.55, 0.85),
        "redesigned": (False, True),
    },
    switches={"gain": GAIN},
    arms=arms,
    effect=effect,
    null={"gain": 0.0, "price": 0.0},
    null_words="training without effect and without cost",
    caveats=(
        "Redesign is in place from the beginning instead of being introduced at equal spending; its cost is charged "
        "afterwards. The levels of the specification's design are swept as ranges.",
        "Training so dear that it overloads the line can raise net value: customers who leave make room, and those who "
        "stay are better served. That is a property of a firm short of capacity, not of training.",
    ),
    exact_null=True,
    scenarios={"training": {"interventions": {"frontline_training": {}}}},
    replications=36,
    robust_replications=5,
)
