"""Report pages: structure, wording that follows the data, escaping, nothing loaded from anywhere."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.compare import compare
from analysis.gaps import gap_table
from analysis.measures import METRICS
from analysis.report import Figure, Note, ReportPage, Section, Table, render
from analysis.report.compare_answer import answer
from analysis.report.compare_page import compare_page
from analysis.report.numbers import difference, number, quantity, signed, with_interval
from analysis.report.study_table import Study
from analysis.report.survey_page import survey_page
from analysis.report.ten_stage_page import ten_stage_page
from analysis.report.trace_page import trace_page
from analysis.report.weekly_section import draw_series, effects_in_time, weekly_section
from analysis.starts import Start
from analysis.timeseries import WeeklySeries
from sim.blueprint import DELIVERED, DIMENSIONS, Blueprint, Handoff, Segment, StaffMember, StaffPool, Stage

VOID = {"meta", "link", "br", "img", "hr", "input"}
BAD = "<script>alert('x')</script> $a^2$ & \"b\""


class Page(HTMLParser):
    """Tags in order, text, and whether every element is closed in turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def check_structure(html: str) -> Page:
    """What holds for every page of ours."""
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert len(page.all("title")) >= 1
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}
    assert len(page.all("table")) == len(page.all("caption"))
    assert all("scope" in attrs for attrs in page.all("th"))
    for svg in page.all("svg"):
        assert svg["role"] == "img"
        assert svg["aria-labelledby"]
    folded = [attrs for attrs in page.all("details") if attrs.get("class") != "all"]  # but for the explorer's table
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(folded)
    scripts = [attrs for attrs in page.all("script") if attrs.get("type") != "application/json"]
    assert scripts == [{}]  # our own, inline; its hash is all that the policy allows (tests/test_report_page.py)
    assert not re.search(r"https?://|@import|url\((?!#)", html)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {attrs["href"] for attrs in page.all("a")}
    assert targets <= {f"#{i}" for i in ids}
    return page


def blueprint(names: tuple[str, ...] = ("take_order", "make", "deliver"), name: str = "workshop") -> Blueprint:
    stages = {
        n: Stage(pool="staff", onstage=i in (0, len(names) - 1), moment_of_truth=i == 0) for i, n in enumerate(names)
    }
    route = {n: {t: Handoff()} for n, t in zip(names, (*names[1:], DELIVERED), strict=True)}
    pool = StaffPool({"staff_1": StaffMember()})
    return Blueprint(stages, {"staff": pool}, {"all": Segment()}, route, names[0], name=name)


def kpis(effects: dict[str, tuple[float, float]], noise: float = 0.02, replications: int = 10) -> pd.DataFrame:
    """Per scenario its effect on service quality (points) and on cost per right order (cu)."""
    random = np.random.default_rng(4)
    rows: list[tuple[str, int, str, float]] = []
    for scenario, (quality, cost) in effects.items():
        for r in range(replications):
            shared, own = np.random.default_rng(r).normal(), random.normal(0, noise)
            values = {
                "service_quality": 80 + shared + quality + own,
                "gap": -0.18 + 0.01 * (quality + own),
                "failure_share": 0.06 - 0.01 * quality + 0.001 * own,
                "share_below_adequate": 0.2 - 0.02 * quality + 0.01 * own,
                "cost_per_right_order": 230 + cost + shared + own,
                "lead_time_mean": 17 + shared,
                "internal_service_quality": 93.0,
                "cost_operating": 190000.0,
                "cost_prevention": 0.0,
                "desired": 0.88, "adequate": 0.7, "perceived": 0.7 + 0.01 * quality,
                "gap1": 0.01, "gap2": 0.02, "gap3": 0.1, "gap_perception": 0.05, "gap4": 0.03, "gap5": -0.18,
            }  # fmt: skip
            for d in DIMENSIONS:
                perceived = 0.7 + 0.01 * quality
                values |= {f"desired_{d}": 0.88, f"adequate_{d}": 0.7, f"perceived_{d}": perceived}
                values[f"gap_{d}"] = perceived - 0.88
            rows += [(scenario, r, metric, float(value)) for metric, value in values.items()]
    return pd.DataFrame(rows, columns=["scenario", "replication", "metric", "value"])


def study(
    effects: dict[str, tuple[float, float]],
    system: Blueprint | None = None,
    drop: tuple[str, ...] = (),
    **settings: Any,
) -> ReportPage:
    system = system or blueprint()
    table = kpis(effects, settings.pop("noise", 0.02))
    table = table[~table["metric"].str.startswith(drop)] if drop else table
    base = next(iter(effects))
    stages = pd.DataFrame(
        [(s, n, m, 3.0 + i) for s in effects for i, n in enumerate(system.stages) for m in ("failures", "flow")],
        columns=["scenario", "stage", "metric", "value"],
    )
    return compare_page(
        blueprint=system, comparison=compare(table, base), gaps=gap_table(table, base), stages=stages, base=base,
        descriptions={s: f"what {s} does" for s in effects}, seed=7, replications=10, engine="simpy",
        **({"evidence": dict.fromkeys(effects, "sizes A")} | settings),
    )  # fmt: skip


EFFECTS = {"do_nothing": (0.0, 0.0), "process_redesign": (2.0, 3.0), "frontline_training": (1.0, -2.0)}


def claim(**changed: Any) -> dict[str, Any]:
    reading = {"id": "M2", "mechanism": "odds", "formula": "q^-N - 1", "value": 0.10573}
    reading |= {"gives_11_percent": True, "with_parameter": False, "note": ""}
    row = {"p": 0.01, "stages": 10, "n": 20000, "simulated": 0.0957, "low": 0.09, "high": 0.1, "closed_form": 0.0956}
    share = {"name": "latched", "share": 0.0956, "low": 0.09, "high": 0.1, "closed_form": 0.0956}
    return {
        "id": "C01", "stages": 10, "p": 0.01, "rates": [0.01] * 10, "stated": 0.11, "closed_form": 1 - 0.99**10,
        "verdict": "Refuted as printed.", "refuted": True, "program_agrees": True,
        "standard_errors_from_stated": -31.0, "standard_errors_from_closed_form": -0.1,
        "simulated": {"mean": 0.0956, "ci": [0.095, 0.0962], "n": 400000},
        "readings": [
            {**reading, "note": "rounds"}, {**reading, "id": "M0", "gives_11_percent": False},
            {**reading, "id": "M4", "value": None, "gives_11_percent": False, "with_parameter": True},
        ],
        "grid": [{**row, "z": 0.3}, {**row, "stages": 20, "z": -0.7}],
        "dependence": [{**share, "errors_per_order": 0.1088, "errors_closed_form": 0.10876}],
    } | changed  # fmt: skip


def survey(low: float | None = -0.95, high: float | None = -0.65) -> dict[str, Any]:
    means = {"expectation": 4.4, "perception": 3.6, "gap": -0.8, "ci": [low, high], "sq": 76.5, "n": 30}
    alphas = {"alpha": 0.8, "alpha_expectation": None, "alpha_perception": 0.7}
    return {
        "respondents": 30, "items": 2,
        "dimensions": {
            "reliability": {**means, **alphas},
            "empathy": {**means, **alphas, "gap": 0.1, "ci": [0.0, 0.2]},
        },
        "overall": {
            **means, **alphas, "answers": 60, "mean_of_dimensions": {"gap": -0.35, "ci": [low, high]},
            "weighted": {"gap": -0.4, "ci": [low, high], "sq": 80.0, "weights": {"reliability": 0.6, "empathy": 0.4}},
        },
        "item_gaps": [{"item": "on time", "dimension": "reliability", **means}],
        "cleaning": [{"check": "missing", "count": 2, "action": "left out"}], "warnings": ["Few answered."],
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------- compare


@pytest.fixture(scope="module")
def page() -> ReportPage:
    return study(EFFECTS, warnings=("Stage make: utilisation 1.02",))


def test_the_report_of_a_study_says_what_it_found(page: ReportPage) -> None:
    assert page.answer.startswith("Process redesign raises service quality most, from 80.")
    assert "an interval that excludes 0" in page.answer
    assert "is dearer by 3." in page.answer or "is dearer by 2.9" in page.answer
    assert "adequate falls from 20.0\u00a0% to 16.0\u00a0%" in page.answer
    html = render(page)
    seen = check_structure(html)
    for word in ("process redesign", "frontline_training", "what do_nothing does", "take order", "utilisation 1.02",
                 "sizes A", "▲ ", *DIMENSIONS):  # fmt: skip
        assert word in seen.text
    assert len(seen.all("figure")) == 3


def test_every_section_is_there(page: ReportPage) -> None:
    headings = [section.heading for section in page.sections]
    assert headings == [
        "Results", "What was compared", "What is a finding and what is built in",
        "Expected and perceived, by dimension",
        "The gap by scenario, and where it comes from", "Where errors start", "Money",
        "Any metric, any scenario", "Every main metric",
        "Every dimension of every scenario",
        "Method and assumptions",
    ]  # fmt: skip
    standings = {note.standing for section in page.sections for note in section.notes}
    assert standings >= {"Finding", "True by construction", "Assumption", "Not claimed"}


@pytest.mark.parametrize(
    ("effects", "noise", "words"),
    [
        ({"base": (0, 0), "a": (0.0, 1), "b": (0.01, 1)}, 0.5, "No scenario can be told apart from the base"),
        ({"base": (0, 0), "a": (0.0, 1)}, 0.5, "A cannot be told apart from the base in service quality"),
        ({"base": (0, 0), "a": (-2, 1), "b": (-1, 1)}, 0.02, "No scenario improves service quality: even b"),
        ({"base": (0, 0), "a": (0, 0)}, 0.0, "No scenario improves service quality; a leaves it exactly as it is."),
        ({"base": (0, 0), "cheap": (2, -4)}, 0.02, "an order delivered right is cheaper by "),
        ({"base": (0, 0)}, 0.02, "In base, service quality is 80."),
    ],
)
def test_the_answer_follows_the_data(effects: dict[str, tuple[float, float]], noise: float, words: str) -> None:
    table = kpis(effects, noise)
    assert words in answer(Study(compare(table, next(iter(effects))), next(iter(effects)), METRICS))


def test_a_negative_control_is_never_the_best() -> None:
    """What gains without improving anything is named as such, ranks last and carries no mark."""
    table = kpis({"base": (0, 0), "boast": (2, 1), "work": (1, 1)})
    found = Study(compare(table, "base"), "base", METRICS, ["boast"])
    assert found.ranked == ["work", "boast"]
    assert answer(found).startswith("Work raises service quality")
    assert "Boast, a negative control, gains more (+2.0" in answer(found)
    assert (found.mark("work", "service_quality"), found.mark("boast", "service_quality")) == ("▲ ", "")
    assert found.mark("boast", "cost_per_right_order") == "▼ "
    alone = Study(compare(kpis({"base": (0, 0), "boast": (2, 1)}), "base"), "base", METRICS, ["boast"])
    assert answer(alone).startswith("Only a negative control was compared: boast changes service quality by +2.0")
    only = Study(compare(table, "base"), "base", METRICS)
    assert (only.ranked, "negative control" in answer(only)) == (["boast", "work"], False)


def living_kpis(effects: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """`kpis` with money, customers and staff; profit is higher by 100 x the effect on quality."""
    table = kpis(effects)
    rows = []
    for (scenario, r), _ in table.groupby(["scenario", "replication"], sort=False):
        size = effects[str(scenario)][0]
        shared = float(np.random.default_rng(int(r)).normal())
        values = {
            "revenue": 1000.0, "cost_total": 700.0 - 100.0 * size - shared, "profit": 300.0 + 100.0 * size + shared,
            "cost_capacity": 90.0, "cost_market": 10.0, "cost_of_quality": 120.0, "cost_of_quality_share": 0.12,
            "retention": 0.8 + 0.01 * size + 0.001 * shared, "active_customers": 99.0, "customers_won": 5.0,
            "customers_lost": 6.0, "customers_lost_lateness": 6.0, "customers_lost_failure": 0.0,
            "customer_equity": 54321.0, "lifetime_value": 548.7, "lost_lifetime_value": 70.0,
            "morale": 0.6, "skill": 0.7, "absence": 0.031, "turnover": 0.2, "overtime": 0.0, "utilisation_mean": 0.8,
        }  # fmt: skip
        rows += [(scenario, r, metric, value) for metric, value in values.items()]
    return pd.concat([table, pd.DataFrame(rows, columns=table.columns)], ignore_index=True)


def weekly(names: list[str], weeks: int = 24) -> WeeklySeries:
    """Scenario i is better by i from week 6 i on; ten replications."""
    noise = np.random.default_rng(5).normal(0, 0.2, size=(len(names), 10, weeks))
    steps = np.stack([i * (np.arange(weeks) >= 6 * i) for i in range(len(names))])[:, None, :]
    quality = 80.0 + noise + steps
    return WeeklySeries(tuple(names), {"service_quality": quality, "profit": 900.0 + 50 * noise, "morale": noise})


def living_page(names: list[str] | None = None) -> ReportPage:
    chosen = names or list(EFFECTS)
    effects = {name: (float(i), 1.0) for i, name in enumerate(chosen)}
    table = living_kpis(effects)
    return compare_page(
        blueprint=blueprint(), comparison=compare(table, chosen[0]), gaps=gap_table(table, chosen[0]),
        stages=pd.DataFrame(columns=["scenario", "stage", "metric", "value"]), base=chosen[0], descriptions={},
        seed=1, replications=10, engine="simpy", series=weekly(chosen),
    )  # fmt: skip


def test_money_customers_staff_and_weeks_have_their_parts() -> None:
    page = living_page()
    sections = {section.heading: section for section in page.sections}
    money, result = sections["Money"].tables
    assert money.columns == ("Scenario", "Operating", "Prevention", "Capacity", "Market", "All")
    row = dict(zip(result.columns, result.rows[-1], strict=True))
    assert row["Profit"].startswith("▲ ")
    assert row["against the base"].startswith("+1")
    assert result.rows[0][result.columns.index("against the base")] == "base"
    customers, lost = sections["Customers who stay and go"].tables
    assert customers.rows[0][customers.columns.index("Retention a year, %")] == "80.0"
    assert lost.columns == ("Scenario", "Late order")  # reasons that nobody had are left out
    staff = sections["Staff"].tables[0]
    assert "Overtime, h" not in staff.columns
    assert staff.rows[0][staff.columns.index("Absence, %")] == "3.10"
    weeks = sections["Week by week"]
    assert weeks.tables[0].rows == (
        ("frontline training", "from week 12, for the better", "from week 12"),
        ("process redesign", "from week 6, for the better", "from week 6"),
    )
    assert "1 % are given a time within 24 weeks" in weeks.notes[0].text
    seen = check_structure(render(page))
    assert len(seen.all("figure")) == 4  # differences, gaps, weeks, blueprint
    assert "Operating profit of the week" in seen.text


def test_a_summary_names_no_place_where_errors_start() -> None:
    page = living_page()  # a study without measures of stages
    headings = [section.heading for section in page.sections]
    assert "The system" in headings
    assert "Where errors start" not in headings
    section = page.sections[headings.index("The system")]
    assert "summaries only" in section.paragraphs[0]
    assert "colour" not in section.figures[0].caption
    assert section.figures[0].data is not None
    assert section.figures[0].data.columns == ("Stage", "Function", "Staff pool (people)", "Seen by the customer")


def test_only_the_best_scenarios_are_drawn_by_week() -> None:
    names = [f"scenario_{i}" for i in range(8)]
    page = living_page(names)
    section = next(section for section in page.sections if section.heading == "Week by week")
    assert "The base and the best 4 scenarios are drawn" in section.paragraphs[0]
    assert "scenario 7" in section.figures[0].svg
    assert "scenario 3" not in section.figures[0].svg
    assert len(section.tables[0].rows) == 7


def test_programmes_that_scenarios_share_have_one_row() -> None:
    names = list(EFFECTS)
    study = Study(compare(kpis({name: (float(i), 0.0) for i, name in enumerate(names)}), names[0]), names[0], METRICS)
    shared = [Start(name, "training", 0.0, 2.0, 4.0) for name in names[1:]]
    starts = [*shared, Start(names[2], "redesign", 0.0, 8.0, 0.0), Start(names[1], "redesign", 1.0, 8.0, 0.0)]
    section = weekly_section(study, weekly(names), draw_series(study, weekly(names), starts), starts)
    assert section is not None
    table = section.tables[1]
    one, two = (name.replace("_", " ") for name in study.in_order[1:])
    programmes = {row[0]: row[1] for row in table.rows if row[0] == "training"}
    assert programmes == {"training": f"{one}, {two}"}
    assert len(table.rows) == 3  # the other programme starts at different times


def test_effects_in_time_are_plain_data() -> None:
    names = list(EFFECTS)
    table = Study(compare(kpis({name: (float(i), 0.0) for i, name in enumerate(names)}), names[0]), names[0], METRICS)
    found = effects_in_time(table, weekly(names))
    assert found[names[1]] == {
        "metric": "service_quality", "week": 6, "direction": "better", "improvement_week": 6,
    }  # fmt: skip
    assert effects_in_time(table, WeeklySeries()) == {}
    flat = WeeklySeries(tuple(names), {"service_quality": np.full((3, 10, 24), 80.0)})
    assert effects_in_time(table, flat)[names[2]]["week"] is None
    json.dumps(found)


def test_a_base_alone_makes_a_report() -> None:
    assert len(check_structure(render(study({"base": (0, 0)}))).all("figure")) == 2


def test_a_study_without_perception_is_judged_by_failures() -> None:
    perception = ("service_quality", "gap", "desired", "adequate", "perceived", "share_below")
    page = study(EFFECTS, drop=perception)
    assert "lowers the share of orders reaching the customer with an error most" in page.answer
    assert len(check_structure(render(page)).all("figure")) == 2


def test_one_replication_gives_no_intervals() -> None:
    table = kpis(EFFECTS, replications=1)
    page = compare_page(
        blueprint=blueprint(), comparison=compare(table, "do_nothing"), gaps=gap_table(table, "do_nothing"),
        stages=pd.DataFrame(columns=["scenario", "stage", "metric", "value"]), base="do_nothing", descriptions={},
        seed=1, replications=1, engine="simpy",
    )  # fmt: skip
    assert "nan" not in page.answer
    assert "Nothing can be concluded from one replication" in page.answer
    assert "includes 0" not in page.answer
    assert ">nan<" not in render(page)


def test_hostile_names_stay_text() -> None:
    system = blueprint((BAD, "make & pack", "$x$"), name=BAD)
    html = render(study({BAD: (0, 0), "b<b>": (1, 1)}, system, warnings=(BAD,)))
    check_structure(html)
    assert html.count("<script") == 2  # our own, and the explorer's data: never one of theirs
    assert "&lt;script&gt;" in html


def test_the_same_study_gives_the_same_bytes(page: ReportPage) -> None:
    assert render(study(EFFECTS, warnings=page.warnings)) == render(page)


# ---------------------------------------------------------------------------------------------------- other pages


def claim_page(**changed: Any) -> ReportPage:
    return ten_stage_page(claim(**changed), system="s", seed=1, replications=20, engine="simpy")


def test_the_page_of_the_claim_separates_arithmetic_from_simulation() -> None:
    page = claim_page()
    assert page.answer.startswith("No: the formula printed beside it gives 9.562\u00a0%, not 11\u00a0%.")
    assert "0.1 standard errors from the formula and 31.0 from 11\u00a0%." in page.answer
    assert "one in a hundred occasions" in page.question
    seen = check_structure(render(page))
    for word in (
        "Arithmetic (needs no simulation)", "Simulated", "Refuted as printed.", "only with the parameter in the note",
        "Of 3 readings, 1 gives it from the inputs as stated (M2 odds), 1 only with a further parameter, and 1 not",
    ):  # fmt: skip
        assert word in seen.text


def test_the_page_of_the_claim_could_have_said_otherwise() -> None:
    page = claim_page(refuted=False, standard_errors_from_stated=-3.46)
    assert page.answer.startswith("Not refuted: what was simulated lies 3.5 standard errors from 11\u00a0%")
    wrong = claim_page(refuted=False, program_agrees=False)
    assert wrong.answer.startswith("Undecided: the program disagrees with the closed form")


@pytest.mark.parametrize(
    ("changed", "formula", "asked"),
    [
        ({"p": 0.02, "rates": [0.02] * 10}, "1 − (1 − 0.02)^10 gives", "fail 2\u00a0% of the time affect 11"),
        ({"stated": 0.125}, "1 − (1 − 0.01)^10 gives 9.562\u00a0%, not 12.5\u00a0%", "affect 12.5\u00a0% of"),
        ({"rates": [0.1] + [0.0] * 9}, "over the unequal rates gives", "at unequal rates (mean 1\u00a0%)"),
    ],
)
def test_only_the_papers_inputs_are_called_the_papers(changed: dict[str, Any], formula: str, asked: str) -> None:
    page = claim_page(verdict="Refuted.", **changed)
    assert formula in page.answer
    assert asked in page.question
    text = check_structure(render(page)).text
    for word in ("paper", "print", "authors", "one in a hundred"):
        assert word not in text


def test_the_page_of_a_survey() -> None:
    page = survey_page(survey(), source="lab.csv", scale=(1, 5))
    assert page.answer.startswith("Overall, perception falls short of expectation: a gap of −0.80 [−0.95, −0.65]")
    assert "1 of 2 dimensions clearly fall short" in page.answer
    seen = check_structure(render(page))
    for word in ("reliability", "on time", "left out", "Few answered.", "Weighted by importance", "lab.csv"):
        assert word in seen.text
    alone = survey_page(survey(None, None), source=BAD, scale=(1, 7))
    check_structure(render(alone))
    assert "cannot be told apart" in alone.answer


def test_the_page_of_a_trace() -> None:
    journey = [
        {"time": 10.0, "event": "placed", "stage": "", "staff": "", "what": BAD},
        {"time": 12.5, "event": "visit_ends", "stage": "take_order", "staff": "anna", "what": "no error"},
    ]
    common = {"system": "workshop", "scenario": "do_nothing", "seed": 1, "replication": 0, "engine": "simpy"}
    page = trace_page(journey, order={"Lead time": "2.5 h"}, **common)  # type: ignore[arg-type]
    assert page.answer == "2 events were recorded."
    seen = check_structure(render(page))
    for word in ("visit ends", "take order", "anna", "Lead time"):
        assert word in seen.text
    check_structure(render(trace_page([], order={}, **common)))  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------- parts


def test_a_page_shows_every_part() -> None:
    table = Table("caption", ("a", "b"), (("1", "2"),))
    figure = Figure("<svg role='img' aria-labelledby='x'></svg>", "figure caption", "in words", table)
    part = Section("heading", ("paragraph",), (table,), (figure,), (Note("finding", "text"),))
    page = ReportPage("title", "question?", "answer.", (part,), (("seed", "1"),), ("warned",))
    seen = check_structure(render(page))
    for word in ("title", "question?", "answer.", "heading", "paragraph", "caption", "in words", "finding", "warned"):
        assert word in seen.text
    bare = dataclasses.replace(page, sections=(), facts=(), warnings=())
    assert "Read with care" not in render(bare)


def test_a_table_refuses_ragged_rows() -> None:
    with pytest.raises(ValueError, match="every row needs 2 cells"):
        Table("t", ("a", "b"), (("1",),))


def test_numbers_read_well() -> None:
    assert number(-1234567.0, 0) == "−1\u202f234\u202f567"
    assert number(None) == number(float("nan")) == "–"
    assert number(-0.0001, 2) == "0.00"
    assert number(0.0) == "0"
    assert signed(0.123) == "+0.123"
    assert signed(0.0001, 2) == "0.00"
    assert quantity(0.062, "share") == "6.20\u00a0%"
    assert with_interval(1.2345, 1.1, 1.4) == "+1.23 [1.10, 1.40]"
    assert with_interval(1.2345, None, None) == "+1.23"
    assert difference(0.02, 0.01, 0.03, "share", with_unit=True) == "+2.0 [1.0, 3.0] percentage points"
    assert difference(-3.0, -3.0, -3.0, "cu") == "−3.00 [−3.00, −3.00]"


def test_a_clear_improvement_leads_before_a_larger_unclear_one() -> None:
    table = pd.DataFrame(
        [
            (scenario, r, metric, value)
            for scenario, changes in {"base": (0, 0, 0), "sure": (1, 1.1, 0.9), "wild": (9, -6, 6)}.items()
            for r, change in enumerate(changes)
            for metric, value in (("service_quality", 80 + change), ("cost_per_right_order", 100 + change))
        ],
        columns=["scenario", "replication", "metric", "value"],
    )
    found = Study(compare(table, "base"), "base", METRICS)
    assert found.ranked == ["sure", "wild"]
    assert answer(found).startswith("Sure raises service quality most")


def test_the_ratio_of_means_leads_where_the_mean_of_ratios_misleads() -> None:
    rows = [
        (scenario, r, metric, value + shift + 0.01 * r)
        for scenario, shift in {"base": 0.0, "better": 1.0}.items()
        for r in range(3)
        for metric, value in (("service_quality", 130.0), ("service_quality_of_means", 95.0))
    ]
    table = pd.DataFrame(rows, columns=["scenario", "replication", "metric", "value"])
    found = Study(compare(table, "base"), "base", METRICS)
    assert found.lead == "service_quality_of_means"
    assert "service quality (ratio of means)" in answer(found)


def test_the_part_set_directly_is_told_from_the_rest() -> None:
    page = study(EFFECTS, direct={"frontline_training": ("assurance",)})
    section = next(s for s in page.sections if s.heading == "What is a finding and what is built in")
    cells = {row[0]: row for row in section.tables[0].rows}
    assert cells["frontline training"][2] == "assurance"
    assert cells["process redesign"][2:] == ("none", "–")
    assert "[" in cells["frontline training"][3]
