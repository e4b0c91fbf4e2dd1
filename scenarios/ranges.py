"""How far what nobody knows well may lie from what a configuration says: ranges for sensitivity analysis.

The sheet of model.md section 6, each line with the path under which a configuration gives the value. `*` stands for
every name at that place. Nearly all ranges are assumptions (grade A): they say what a careful person would not rule
out, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scenarios.build import build
from sim.invalid import InvalidInput, require

_SHEET = "range A, model.md section 6"
_STAGES, _EXPECTATIONS = "system.stages.*", "system.segments.*.expectations"


@dataclass(frozen=True)
class ParameterRange:
    """A range for one quantity.

    `path` is that of the value in the configuration, or the name of a quantity that sets several values
    (`scenarios.parameters` knows these); `label` is for people, `source` says where the range comes from. `needs`:
    the mechanism (or layer: staff, perception, relationship) without which the quantity does nothing; `among`: the
    flag of the stages that it concerns.
    """

    path: str
    low: float
    high: float
    label: str = ""
    source: str = "given in the configuration"
    needs: str = ""
    among: str = ""

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            require(abs(value) < 1e300, name, value, "must be a finite number")
        require(self.low < self.high, "high", self.high, f"must be above low = {self.low:g}")


def _programme(kind: str, parameter: str) -> str:
    return f"scenarios.*.interventions.{kind}.{parameter}"


_LINES: tuple[tuple[Any, ...], ...] = (
    (f"{_STAGES}.error.operator_share", 0.06, 0.5, "Share of errors that skill acts on (psi)", _SHEET),
    ("system.knock_on.knock_on", 1.0, 10.0, "Knock-on of an undetected error (k)", _SHEET, "knock_on"),
    ("system.information.error_factor", 0.0, 4.0, "Errors from lost information (chi)", _SHEET, "information"),
    ("system.handoffs.border.retention", 0.80, 0.99, "Information kept at a border between functions (r)",
     "order of magnitude V (Bhabra et al. 2007), range A, model.md section 6", "information"),
    (f"{_STAGES}.error.visible_share", 0.0, 1.0, "Share of errors seen on the spot (v)", _SHEET,
     "visible_errors", "onstage"),
    ("system.perception.halo", 0.0, 0.6, "Halo of the worst dimension (h)", _SHEET, "halo"),
    ("system.perception.assimilation", 0.0, 0.4, "Pull of the expected on the perceived level (alpha)", _SHEET,
     "assimilation"),
    ("system.perception.loss_aversion", 1.0, 2.5, "Weight of a bad against a good surprise (LA)", _SHEET,
     "perception"),
    (f"{_EXPECTATIONS}.learning", 0.05, 0.60, "Learning of predicted levels (lam_W)",
     "direction V (Anderson, Fornell & Lehmann 1994), range A, model.md 2.1", "perception"),
    (f"{_EXPECTATIONS}.tolerance", 0.08, 0.30, "Zone of tolerance (Z0)", _SHEET, "perception"),
    ("system.relationship.retention_slope", 3.0, 25.0, "Slope of staying on satisfaction (b1)", _SHEET,
     "retention"),
    ("system.recovery.recovered_damage", 0.0, 1.0, "Damage made good by recovery (rho0)", _SHEET, "recovery"),
    ("system.pools.*.discretion", 0.0, 1.0, "Discretion of staff (delta)", _SHEET),
    ("system.load.speed_up", 0.0, 0.4, "Speeding up under load (s1)",
     "direction V (KC & Terwiesch 2009), range A, model.md 2.5", "load"),
    ("system.load.slow_down", 0.0, 3.0, "Slowing down after overwork (s2)",
     "direction V (KC & Terwiesch 2009), range A, model.md 2.5", "load"),
    ("system.load.tipping", 0.0, 0.5, "Errors past the tipping point of load (k_u)",
     "direction V (Kuntz, Mennicken & Scholtes 2015), range A, model.md 2.5", "load"),
    (_programme("process_redesign", "system_errors"), 0.3, 1.0, "System errors left after redesign (factor)",
     "reduction of 0 to 70 %: range A, model.md section 6"),
    (_programme("process_redesign", "success"), 0.2, 0.9, "Chance that a redesign succeeds", _SHEET),
    (_programme("employee_involvement", "idea_yield"), 0.0, 0.10, "Ideas per hour in a group", _SHEET,
     "participation"),
    (_programme("cross_functional_team", "coordination"), 0.02, 0.10, "Hours spent agreeing in teams (o_c)",
     _SHEET, "coordination"),
    ("system.costs.compensation", 10.0, 1000.0, "Compensation paid for a failure, cu", _SHEET),
    ("acquisition_to_care", 1.0, 10.0, "Cost of winning over cost of keeping a customer",
     "ratio quoted from 2:1 to 20:1 (V as a quotation), range A, model.md section 6", "acquisition"),
    ("system.relationship.discount", 0.05, 0.15, "Discount rate a year (d)", _SHEET, "relationship"),
    ("system.word_of_mouth.trial_slope", 0.0, 12.0, "Pull of what is promised on prospects (t1)", _SHEET,
     "acquisition"),
    ("utilisation", 0.55, 0.92, "Utilisation of the busiest pool by design", _SHEET),
    ("weight_of_reliability", 0.20, 0.50, "Weight of reliability, the others in proportion",
     "order V, sizes M (Zeithaml, Parasuraman & Berry 1990); range A, one direction in place of a Dirichlet",
     "perception"),
)  # fmt: skip

SHEET: tuple[ParameterRange, ...] = tuple(ParameterRange(*line) for line in _LINES)
"""Path, low, high, label, source, needs, among: a line each."""


def ranges_from(given: object, where: str) -> tuple[ParameterRange, ...]:
    """The user's own ranges, {path: {low:, high:, label:, source:}}. Raises `InvalidInput`."""
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise InvalidInput(where, given, "must be a mapping path -> {low:, high:}")
    known = {line.path: line for line in SHEET}
    found = []
    for path, values in given.items():
        allowed = "must be {low: NUMBER, high: NUMBER}"
        require(isinstance(values, dict) and {"low", "high"} <= set(values), f"{where}.{path}", values, allowed)
        line = known.get(str(path))
        said = {"label": line.label, "needs": line.needs, "among": line.among} if line else {}
        found.append(build(ParameterRange, {**said, **values, "path": str(path)}, f"{where}.{path}"))
    return tuple(found)
