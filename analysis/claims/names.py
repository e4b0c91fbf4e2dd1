"""Swing parameters as they read on a page; what is not listed reads well as it is."""

from __future__ import annotations

from types import MappingProxyType

MINUS = "\N{MINUS SIGN}"
_WORDS = MappingProxyType(
    {
        "absence_morale": "effect of morale on absence",
        "answer_noise": "noise of an answer",
        "answers": "answers to a survey",
        "assurance": "weight of assurance",
        "base_retention": "share of customers who stay a year",
        "border_delay": "delay at a border (h)",
        "border_retention": "information kept at a border",
        "breadth": "skill lost by breadth",
        "callback_delay": "delay of a call-back (h)",
        "check_time": "time of a check (h)",
        "clarification_time": "time of a call-back (h)",
        "compensation": "compensation for a failure (cu)",
        "constraint": "share of skill held back by the process",
        "coordination": "hours of agreeing, share",
        "cost_growth": "growth of repair cost by stage",
        "cost_ratio": "cost of getting to cost of care",
        "d_next": "detection by the next stage",
        "demand": "demand against the reference",
        "desired_level": "mean desired level",
        "desired_sd": "spread of desired levels",
        "drift": "drift of the desired level",
        "drop": "fall of the dimension made worse",
        "empathy_morale": "effect of morale on empathy",
        "empathy_weight": "weight of empathy",
        "error": "chance of an error at a stage",
        "error_factor": "effect of lost information on errors",
        "external_cost": "cost of a failure outside (cu)",
        "floor": "share of errors that no effort prevents",
        "front_share": "share of errors at the front line",
        "get_scale": "scale of returns to getting (cu a week)",
        "halo": "strength of the halo",
        "idea_yield": "ideas an hour",
        "importance": "weights from equal (0) to unequal (1)",
        "information_weight": "weight of information in internal quality",
        "inspector_alarm": "false alarms of the inspector",
        "inspector_detection": "detection by the inspector",
        "internal_on_morale": "effect of internal quality on morale",
        "involvement_on_morale": "effect of involvement on morale",
        "k": "knock-on factor",
        "keep_reach": "most that coaching can gain",
        "keep_scale": "scale of returns to keeping (cu a week)",
        "knock_on": "knock-on factor",
        "lag_weeks": "lag of the survey (weeks)",
        "lateness": "effect of lateness",
        "learning": "learning of predictions",
        "moments": "moments of truth",
        "operator_share": "share of errors made by operators",
        "pooled": "work shared by",
        "price": "price of the programme",
        "process_alarm": "false alarms of the process",
        "process_detection": "detection in the process",
        "promised_hours": "promised lead time (h)",
        "ratchet": "ratchet of the desired level",
        "redesigned": "work redesigned",
        "replacement": "replacement of customers",
        "retention_slope": "effect of regard on staying",
        "rule": "rule of staying",
        "satisfaction_learning": "learning of satisfaction",
        "slope": "effect of regard on staying",
        "slow_down": "slowing by overwork",
        "source": "source of errors",
        "special_rate": "rate of special causes (1/h)",
        "speed_up": "speed-up under load",
        "spread": "spread of service times",
        "team_hours": "hours of a trial",
        "teams": "number of teams",
        "tipping": "overload that tips over",
        "tolerance": "zone of tolerance",
        "trial_slope": "effect of promises on trial",
        "trial_success": "chance that a trial succeeds",
        "turnover": "turnover of staff a year",
        "turnover_morale": "effect of morale on turnover",
        "visible_share": "share of errors that customers see at once",
    }
)


def name_of(parameter: str) -> str:
    """`d_next` as "detection by the next stage", `base_level` as "base level"."""
    return _WORDS.get(parameter, parameter.replace("_", " "))


def value_of(value: object) -> str:
    """A value of a parameter: yes and no, numbers without idle digits, names as they are."""
    if isinstance(value, bool) or value in ("True", "False"):
        return "yes" if value in (True, "True") else "no"
    return f"{value:g}".replace("-", MINUS) if isinstance(value, (int, float)) else str(value)


def condition_in_words(condition: str) -> str:
    """A condition of a tree, "d_next ≤ 0.3" or "source is not input", with names and values as they read."""
    parameter, rest = condition.split(" ", 1)
    if rest.startswith("is "):
        negated = "not " if rest.startswith("is not ") else ""
        rest = f": {negated}{value_of(rest.removeprefix('is ').removeprefix('not '))}"
        return name_of(parameter) + rest
    return f"{name_of(parameter)} {rest.replace('-', MINUS)}"
