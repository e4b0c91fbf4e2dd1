"""SERVQUAL surveys: cases worked by hand, real and published figures, and files that make no sense."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.servqual import cronbach_alpha, survey_results
from scenarios.survey import Survey, desired_rows, read_survey
from scenarios.survey_settings import COLUMNS, SurveySettings
from sim.blueprint.customer import DIMENSIONS, Expectations
from sim.invalid import InvalidInput

SURVEYS = Path(__file__).parents[1].parent / "shared" / "data" / "surveys"
HEADER = ",".join(COLUMNS)

# Two dimensions, three respondents: A has items a1 and a2, B has b1.
# gaps      a1  a2  b1   mean A
#   ann     -1  -1  -2     -1
#   bob      0  -2   0     -1
#   cyn      1   0  -1     .5
SMALL = f"""{HEADER}
ann,a1,A,5,4
ann,a2,A,4,3
ann,b1,B,5,3
bob,a1,A,4,4
bob,a2,A,5,3
bob,b1,B,2,2
cyn,a1,A,3,4
cyn,a2,A,3,3
cyn,b1,B,5,4
"""
WIDE_HEADER = "id,e1,p1,e2,p2,e3,p3"
WIDE = f"{WIDE_HEADER}\nann,5,4,4,3,5,3\nbob,4,4,5,3,2,2\ncyn,3,4,3,3,5,4\n"
MAPPING = {
    "respondent": "id",
    "a1": {"dimension": "A", "expectation": "e1", "perception": "p1"},
    "a2": {"dimension": "A", "expectation": "e2", "perception": "p2"},
    "b1": {"dimension": "B", "expectation": "e3", "perception": "p3"},
}
T2 = 0.95 * math.sqrt(2 / (1 - 0.95**2))  # closed form of the t quantile .975 with 2 degrees of freedom


def survey_of(folder: Path, text: str | bytes, **options: object) -> Survey:
    file = folder / "survey.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_survey(SurveySettings(str(file), **options))  # type: ignore[arg-type]


def counts(survey: Survey) -> dict[str, int]:
    return {step.check: step.count for step in survey.cleaning if step.count}


def fault(folder: Path, text: str | bytes, **options: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        survey_of(folder, text, **options)
    assert "\n" not in str(caught.value)
    return caught.value


def real(name: str) -> Path:
    file = SURVEYS / name
    if not file.exists():
        pytest.skip(f"{name} is not at hand")
    return file


# --- worked by hand ---------------------------------------------------------------------------------------------


def test_dimension_figures_by_hand(tmp_path: Path) -> None:
    result = survey_results(survey_of(tmp_path, SMALL))
    a = result["dimensions"]["A"]
    assert (a["expectation"], a["perception"], a["gap"], a["n"]) == (4.0, 3.5, -0.5, 3)
    half = T2 * math.sqrt(0.75) / math.sqrt(3)  # respondent gaps -1, -1, .5: variance .75
    assert a["ci"] == pytest.approx([-0.5 - half, -0.5 + half], abs=1e-12)
    assert a["sq"] == pytest.approx(100 * 2.5 / 3)  # (3.5 - 1) / (4 - 1): the scale's low end is its zero
    # gap scores: item variances 1 and 1, totals -2, -2, 1 with variance 3: alpha = 2 (1 - 2/3)
    assert a["alpha"] == pytest.approx(2 / 3)
    # expectations: variances 1 and 1, totals 9, 9, 6 with variance 3
    assert a["alpha_expectation"] == pytest.approx(2 / 3)
    assert a["alpha_perception"] is None  # a1 and a2 do not vary at all: totals 7, 7, 7
    b = result["dimensions"]["B"]
    assert (b["expectation"], b["perception"], b["gap"], b["alpha"]) == (4.0, 3.0, -1.0, None)


def test_overall_and_items_by_hand(tmp_path: Path) -> None:
    result = survey_results(survey_of(tmp_path, SMALL))
    overall = result["overall"]
    assert (result["respondents"], result["items"], overall["answers"]) == (3, 3, 9)
    assert (overall["expectation"], overall["perception"]) == (4.0, pytest.approx(30 / 9))
    assert overall["gap"] == pytest.approx(-6 / 9)
    half = T2 * np.std([-4 / 3, -2 / 3, 0], ddof=1) / math.sqrt(3)
    assert overall["ci"] == pytest.approx([-6 / 9 - half, -6 / 9 + half])
    assert overall["mean_of_dimensions"]["gap"] == pytest.approx(-0.75)
    assert overall["weighted"] is None
    a2 = result["item_gaps"][1]
    assert (a2["item"], a2["dimension"], a2["n"], a2["gap"]) == ("a2", "A", 3, -1.0)
    assert a2["ci"] == pytest.approx([-1 - T2 / math.sqrt(3), -1 + T2 / math.sqrt(3)])
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_importance_weights_weigh_the_dimension_gaps(tmp_path: Path) -> None:
    weighted = survey_results(survey_of(tmp_path, SMALL, weights={"B": 25, "A": 75}))["overall"]["weighted"]
    assert weighted["weights"] == {"A": 0.75, "B": 0.25}
    assert weighted["gap"] == pytest.approx(0.75 * -0.5 + 0.25 * -1.0)
    own = [0.75 * -1 + 0.25 * -2, 0.75 * -1, 0.75 * 0.5 + 0.25 * -1]
    half = T2 * np.std(own, ddof=1) / math.sqrt(3)
    assert weighted["ci"] == pytest.approx([weighted["gap"] - half, weighted["gap"] + half])
    assert weighted["sq"] == pytest.approx(100 * (0.75 * 2.5 + 0.25 * 2.0) / 3.0)


def test_respondents_are_the_units_when_answers_are_missing(tmp_path: Path) -> None:
    survey = survey_of(tmp_path, SMALL.replace("bob,a2,A,5,3\n", ""))
    result = survey_results(survey)
    assert counts(survey) == {"incomplete": 1}
    assert result["dimensions"]["A"]["gap"] == pytest.approx((-1 + 0 + 0.5) / 3)  # not -1/5, the mean over answers
    assert result["overall"]["gap"] == pytest.approx(-4 / 8)
    # ratio estimator: (sum of gaps + .5 x answers) / mean answers = (-4+1.5, 0+1, 0+1.5) / (8/3)
    half = T2 * np.std(np.array([-2.5, 1.0, 1.5]) * 3 / 8, ddof=1) / math.sqrt(3)
    assert result["overall"]["ci"] == pytest.approx([-0.5 - half, -0.5 + half])
    assert any("alpha of A rests on the 2 of 3" in line for line in result["warnings"])


def test_alpha_against_cronbachs_formula() -> None:
    scores = np.array([[2.0, 3, 4], [4, 4, 5], [1, 3, 2], [5, 5, 4]])
    # item variances 10/3, 11/12, 19/12; totals 9, 13, 6, 14 with variance 41/3
    assert cronbach_alpha(scores) == pytest.approx(1.5 * (1 - (40 + 11 + 19) / 12 / (41 / 3)))
    assert cronbach_alpha(np.array([[1.0, 1], [2, 2], [4, 4]])) == pytest.approx(1.0)
    assert cronbach_alpha(scores[:, :1]) is None
    assert cronbach_alpha(scores[:1]) is None
    assert cronbach_alpha(np.array([[0.1, 0.2], [0.2, 0.1], [0.3, 0.0]])) is None


def test_service_quality_depends_on_the_scale_and_the_gap_does_not(tmp_path: Path) -> None:
    one = survey_results(survey_of(tmp_path, SMALL))["overall"]
    zero = survey_results(survey_of(tmp_path, SMALL, scale=(0, 10)))["overall"]
    assert zero["gap"] == one["gap"]
    assert (one["sq"], zero["sq"]) == (pytest.approx(100 * 7 / 9), pytest.approx(100 * 10 / 12))
    worst = survey_results(survey_of(tmp_path, f"{HEADER}\nann,a,A,1,3\n"))
    assert worst["overall"]["sq"] is None
    assert worst["overall"]["ci"] == [None, None]
    assert any("lowest answer" in line for line in worst["warnings"])


# --- cleaning ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("ann,a1,A,1,1", "duplicate"),
        ("dan,a1,A,6,4", "out of scale"),
        ("dan,a1,A,4,0.99", "out of scale"),
        ("dan,a1,A,4,1e999", "out of scale"),
        ("dan,a1,A,,4", "missing"),
        ("dan,a1,A,4,NaN", "missing"),
        ("dan,a1,A,4", "missing"),
        ("dan,a1,A,four,4", "non-numeric"),
        ("dan,a1,A,4,1_0", "non-numeric"),
        (",a1,A,4,4", "unnamed"),
        ("dan,a1, ,4,4", "unnamed"),
    ],
)
def test_a_bad_pair_is_counted_once_and_changes_nothing(tmp_path: Path, line: str, check: str) -> None:
    clean = survey_of(tmp_path, SMALL)
    dirty = survey_of(tmp_path, SMALL + line + "\n")
    assert counts(clean) == {}
    assert clean.warnings == ()
    assert counts(dirty) == {check: 1}
    assert f"1 of 10 pairs of answers were dropped (1 {check})." in dirty.warnings
    pd.testing.assert_frame_equal(dirty.answers, clean.answers)


def test_first_usable_answer_is_kept_and_conflicts_are_told(tmp_path: Path) -> None:
    survey = survey_of(tmp_path, f"{HEADER}\nann,a,A,9,1\nann,a,A,5,3\nann,a,A,4,3\nann,a,A,5,3\n")
    assert survey.answers[["expectation", "perception"]].to_numpy().tolist() == [[5, 3]]
    assert counts(survey) == {"out of scale": 1, "duplicate": 2}
    assert any(line.startswith("1 repeated answers differ") for line in survey.warnings)
    assert any("smallest 1, largest 9" in line for line in survey.warnings)


def test_straight_lining_is_reported_and_dropped_only_on_demand(tmp_path: Path) -> None:
    text = SMALL + "dan,a1,A,5,1\ndan,a2,A,5,2\neve,a1,A,4,3\neve,b1,B,5,3\nfay,b1,B,5,5\n"
    kept = survey_of(tmp_path, text)
    expected = {"same expectation throughout": 1, "same perception throughout": 1, "incomplete": 3}
    assert counts(kept) == expected  # fay's single answer is no pattern
    assert "dan" in set(kept.answers["respondent"])
    dropped = survey_of(tmp_path, text, drop_straight_lining=True)
    assert counts(dropped) == expected | {"incomplete": 1}
    assert dropped.answers["respondent"].unique().tolist() == ["ann", "bob", "cyn", "fay"]


def test_a_dimension_that_loses_every_answer_is_told(tmp_path: Path) -> None:
    text = SMALL + "ann,c1,C,7,7\n"
    assert "Dimension C has no valid answer and is left out." in survey_of(tmp_path, text).warnings
    weights = {"A": 1, "B": 1, "C": 1}
    assert "no valid answer on this dimension" in str(fault(tmp_path, text, weights=weights))


# --- forms of file ----------------------------------------------------------------------------------------------


def test_long_and_wide_give_identical_results(tmp_path: Path) -> None:
    long = survey_of(tmp_path, SMALL)
    wide = survey_of(tmp_path, WIDE, wide=MAPPING)
    pd.testing.assert_frame_equal(wide.answers, long.answers)
    assert survey_results(wide) == survey_results(long)
    numbered = survey_of(tmp_path, WIDE, wide={name: MAPPING[name] for name in ("a1", "a2", "b1")})
    assert numbered.answers["respondent"].unique().tolist() == ["1", "2", "3"]
    assert survey_results(numbered) == survey_results(long)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SMALL,
        SMALL.replace("\n", "\r\n"),
        SMALL.replace(",", ";"),
        SMALL.replace(",", "\t"),
        SMALL.replace(",4,", ',"4.0",').replace("A", " A "),
        SMALL.replace(HEADER, HEADER.replace(",", " , ")) + "\n\n",
    ],
    ids=["byte order mark", "CRLF", "semicolons", "tabs", "quotes", "blanks"],
)
def test_the_same_table_in_other_clothes(tmp_path: Path, text: str) -> None:
    pd.testing.assert_frame_equal(survey_of(tmp_path, text).answers, survey_of(tmp_path, SMALL).answers)


def test_decimal_commas_between_semicolons(tmp_path: Path) -> None:
    text = HEADER.replace(",", ";") + "\n1,5;a;A;4,5;3,25\n"
    row = survey_of(tmp_path, text).answers.iloc[0]
    assert (row["expectation"], row["perception"]) == (4.5, 3.25)


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    text = SMALL.replace(HEADER, "who,item,dimension,Soll,Ist")
    columns = {"respondent": "who", "expectation": "Soll", "perception": "Ist"}
    renamed = survey_of(tmp_path, text, columns=columns)
    pd.testing.assert_frame_equal(renamed.answers, survey_of(tmp_path, SMALL).answers)


# --- desired expectations for the simulated customers -------------------------------------------------------------


def test_desired_rows_by_hand(tmp_path: Path) -> None:
    survey = survey_of(tmp_path, SMALL.replace("bob,b1,B,2,2\n", ""), scale=(1, 5))
    rows = desired_rows(survey, ("first", "second"), {"A": "second", "B": "first"})
    assert rows == ((1.0, 0.875), (1.0, 0.875), (1.0, 0.5))  # bob takes the survey's mean of B, (1 + 1) / 2
    assert desired_rows(survey, ("a", "b")) == ((0.875, 1.0), (0.875, 1.0), (0.5, 1.0))
    assert desired_rows(survey, ("both",), {"A": "both", "B": "both"})[0][0] == pytest.approx(11 / 12)
    assert desired_rows(survey, ("a",), {"B": None}) == ((0.875,), (0.875,), (0.5,))


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (None, ["A, B", "unknown dimension"]),
        ({"A": "reliability", "B": "tangible"}, ["expectations.mapping.B", "did you mean tangibles?"]),
        ({"A": "reliability", "Bee": "empathy"}, ["Bee", "unknown dimension of the survey"]),
        ({"A": "reliability", "B": "empathy"}, ["responsiveness, assurance, tangibles", "no answer"]),
    ],
)
def test_desired_rows_name_what_is_unknown_or_lacking(
    tmp_path: Path, mapping: dict[str, str | None] | None, words: list[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        desired_rows(survey_of(tmp_path, SMALL), mapping=mapping)
    assert all(word in str(caught.value) for word in words)


# --- bad input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["survey.file", "is empty"]),
        (" \n\n", ["is empty"]),
        (HEADER + "\n", ["header but no answers"]),
        (b"\x00\x01\x02", ["binary"]),
        (b"PK\x03\x04\xff\xfe", ["UTF-8", "export the spreadsheet as CSV"]),
        ("respondent,item\xfc\n".encode("latin-1"), ["UTF-8"]),
        (SMALL.replace("perception", "perceptions"), ["survey.columns.perception", "did you mean perceptions?"]),
        (SMALL.replace("dimension", "perception"), ["survey.columns.dimension", "no such column"]),
        (SMALL.replace("respondent", "item"), ["no such column"]),
        (f"{HEADER},item\n1,a,A,5,4,b\n", ["survey.columns.item", "more than once"]),
        (SMALL + "1,a,A,5,4,3,2,1\n", ["not a CSV table"]),
        (SMALL + 'x,"', ["not a CSV table"]),
        (SMALL + "ann,a1,B,5,4\n", ["= a1", "two dimensions: A and B"]),
        (f"{HEADER}\n1,a,A,9,4\n1,b,A,,4\n", ["no valid answer", "1 missing, 1 out of scale"]),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path: Path, text: str | bytes, words: list[str]) -> None:
    shown = str(fault(tmp_path, text))
    assert [word for word in words if word not in shown] == [], shown


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "survey.csv").write_text(SMALL)
    for file, words in [
        (str(tmp_path / "survy.csv"), "did you mean survey.csv?"),
        (str(tmp_path), "is a folder"),
        (str(tmp_path / ("x" * 5000)), "survey.file"),
        ("no\0such", "no such file"),
        (os.devnull, "not a regular file" if os.name == "posix" else "survey.file"),
        ("~nobody-of-this-name/survey.csv", "survey.file"),
    ]:
        with pytest.raises(InvalidInput) as caught:
            read_survey(SurveySettings(file))
        assert words in str(caught.value)
        assert caught.value.where == "survey.file"


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"file": "  "}, "survey.file"),
        ({"scale": (5, 1)}, "survey.scale"),
        ({"scale": (3, 3)}, "survey.scale"),
        ({"scale": (1, math.inf)}, "survey.scale"),
        ({"scale": (1, 10**400)}, "survey.scale"),
        ({"drop_straight_lining": "no"}, "survey.drop_straight_lining"),
        ({"scale": (1, 5, 7)}, "survey.scale"),
        ({"scale": ("1", 5)}, "survey.scale"),
        ({"columns": {"perceptoin": "p"}}, "survey.columns.perceptoin"),
        ({"columns": {"expectation": "perception"}}, "survey.columns"),
        ({"columns": {"item": None}}, "survey.columns.item"),
        ({"columns": {"item": "q"}, "wide": MAPPING}, "survey.columns"),
        ({"wide": {"respondent": "id"}}, "survey.wide"),
        ({"wide": {"a1": {"dimension": "A", "expectation": "e1"}}}, "survey.wide.a1.perception"),
        ({"wide": {"a1": "e1"}}, "survey.wide.a1"),
        ({"wide": {"a1": {"dimension": "A", "expectation": "e1", "perception": "e1"}}}, "survey.wide.a1"),
        ({"weights": {"A": -1.0}}, "survey.weights.A"),
        ({"weights": {"A": 0.0}}, "survey.weights"),
    ],
)
def test_bad_settings_name_their_place(options: dict[str, object], where: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        SurveySettings(**{"file": "survey.csv", **options})  # type: ignore[arg-type]
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": {"A": 1.0}}, ["= B", "needs a weight"]),
        ({"weights": {"A": 1.0, "B": 1.0, "C": 1.0}}, ["= C", "unknown dimension"]),
        ({"wide": {"a1": {"dimension": "A", "expectation": "respondents", "perception": "item"}}}, ["did you mean"]),
    ],
)
def test_settings_that_do_not_fit_the_file(tmp_path: Path, options: dict[str, object], words: list[str]) -> None:
    shown = str(fault(tmp_path, SMALL, **options))
    assert [word for word in words if word not in shown] == [], shown


# --- any content ------------------------------------------------------------------------------------------------

CELL = st.one_of(
    st.sampled_from(["1", "2", "3", "5", "5.0", "4,5", "", " ", "nan", "inf", "-1", "1e400", "A", "B", '"', "'", "\r"]),
    st.text(max_size=6),
    st.floats().map(str),
)
LINE = st.lists(CELL, max_size=7).map(",".join)
ITEM = st.sampled_from(["a,A", "b,A", "c,B", "d,C", "a1,A", '"e, f",C', "g"])
ANSWER = st.integers(1, 5).map(str) | st.sampled_from(["", "6", "1.5", "x"])
ROW = st.tuples(st.sampled_from("uvw"), ITEM, ANSWER, ANSWER).map(",".join)
WIDE_ROW = st.tuples(*[ANSWER] * 7).map(",".join)


def table(header: str, row: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(row, max_size=10).map(lambda lines: "\n".join([header, *lines]))


LONG_TABLE = st.tuples(st.one_of(table(HEADER, ROW), table(HEADER, ROW | LINE)), st.none())
WIDE_TABLE = st.tuples(st.one_of(table(WIDE_HEADER, WIDE_ROW), table(WIDE_HEADER, WIDE_ROW | LINE)), st.just(MAPPING))
ANY_TABLE = st.tuples(st.lists(LINE, max_size=6).map("\n".join), st.sampled_from([None, MAPPING]))
SCALE = st.one_of(
    st.just((1.0, 5.0)), st.tuples(st.floats(-10, 10), st.floats(1e-3, 10)).map(lambda ends: (ends[0], sum(ends)))
)


def analyse_or_refuse(folder: Path, content: bytes, **options: object) -> bool:
    """Whether the content was usable; whatever it holds, figures or one clear line come out."""
    try:
        survey = survey_of(folder, content, **options)
    except InvalidInput as refusal:
        shown = str(refusal)
    else:
        check_figures(survey)
        return True
    assert len(shown.splitlines()) == 1
    assert len(shown) < 1000
    return False


def check_figures(survey: Survey) -> None:
    assert not survey.answers.duplicated(["respondent", "item"]).any()
    given_answers = survey.answers[["expectation", "perception"]].to_numpy()
    assert survey.scale[0] <= given_answers.min() <= given_answers.max() <= survey.scale[1]
    result = survey_results(survey)
    json.dumps(result, allow_nan=False)
    everything = dict.fromkeys(result["dimensions"], "all")
    rows = desired_rows(survey, ("all",), everything)
    assert len(rows) == result["respondents"]
    assert all(0.0 <= value <= 1.0 for row in rows for value in row)


FUZZ = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    analyse_or_refuse(tmp_path, content)
    analyse_or_refuse(tmp_path, HEADER.encode() + b"\n1,a,A,5,4\n" + content)


@FUZZ
@given(LONG_TABLE | WIDE_TABLE | ANY_TABLE, SCALE, st.booleans())
def test_any_table_is_read_or_refused(
    tmp_path: Path, table: tuple[str, dict[str, object] | None], scale: tuple[float, float], drop: bool
) -> None:
    text, wide = table
    content = text.encode("utf-8", "surrogatepass")
    analyse_or_refuse(tmp_path, content, scale=scale, drop_straight_lining=drop, wide=wide)


@FUZZ
@given(
    st.lists(
        st.tuples(st.sampled_from("uvwxyz"), st.sampled_from(["a1", "a2", "b1", "b2"]), *[st.integers(1, 5)] * 2),
        min_size=1,
        max_size=20,
    )
)
def test_usable_answers_are_always_analysed(tmp_path: Path, rows: list[tuple[str, str, int, int]]) -> None:
    lines = [f"{who},{item},{item[0]},{expected},{perceived}" for who, item, expected, perceived in rows]
    assert analyse_or_refuse(tmp_path, "\n".join([HEADER, *lines]).encode())


# --- real and published surveys -----------------------------------------------------------------------------------


def test_computer_lab_survey_gives_the_known_figures() -> None:
    survey = read_survey(SurveySettings(str(real("servqual_lab.csv"))))
    result = survey_results(survey)
    assert (result["respondents"], result["items"], result["overall"]["answers"]) == (143, 22, 143 * 22)
    assert {name: round(figures["gap"], 4) for name, figures in result["dimensions"].items()} == {
        "tangibles": -0.5175,
        "reliability": -0.5210,
        "responsiveness": -0.4942,
        "assurance": -0.4598,
        "empathy": -0.3024,
    }
    assert round(result["overall"]["expectation"], 4) == 4.4517
    assert round(result["overall"]["perception"], 4) == 3.9863
    assert counts(survey) == {"same expectation throughout": 54, "same perception throughout": 17}
    sizes = pd.Series([item["dimension"] for item in result["item_gaps"]]).value_counts().to_dict()
    assert sizes == {"tangibles": 7, "reliability": 4, "assurance": 4, "empathy": 4, "responsiveness": 3}


def test_computer_lab_survey_feeds_simulated_customers() -> None:
    survey = read_survey(SurveySettings(str(real("servqual_lab.csv"))))
    rows = np.array(Expectations(survey_rows=desired_rows(survey)).survey_rows)
    assert rows.shape == (143, 5)
    figures = survey_results(survey)["dimensions"]
    means = [(figures[name]["expectation"] - 1) / 4 for name in DIMENSIONS]
    assert rows.mean(axis=0) == pytest.approx(means)


def published_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Recompute the gaps of published tables of means (or sums) and hold them against the printed ones.

    Adds `gap` = perception - expectation, `difference` = gap - gap_published,
    `rounding` = the largest difference that rounding alone can make (half a unit of the study's last printed digit
    for each of the three figures) and `consistent` = the difference is no larger.
    """
    gap = table["perception"] - table["expectation"]
    difference = gap - table["gap_published"]
    digits = table[["expectation", "perception", "gap_published"]].map(_decimals).max(axis=1)
    unit = 10.0 ** -digits.groupby(table["study"]).transform("max")
    rounding = 1.5 * unit
    consistent = difference.abs() <= rounding + 1e-9
    return table.assign(gap=gap, difference=difference, rounding=rounding, consistent=consistent)


def _decimals(value: float) -> int:
    """Printed decimals of a figure, up to six."""
    return next((digits for digits in range(6) if math.isclose(round(value, digits), value, abs_tol=1e-9)), 6)


def test_published_gaps_are_reproduced() -> None:
    table = published_gaps(pd.read_csv(real("published_servqual.csv")))
    sums = table["study"].str.startswith("MSM")
    assert sums.sum() == 8
    assert table.loc[sums, "difference"].abs().max() == pytest.approx(0.1)
    assert table.loc[~sums, "difference"].round(9).tolist() == [0.0, 0.0, -0.01]
    assert table["consistent"].all()


def test_a_misprinted_gap_is_told_from_rounding() -> None:
    rows = [("s", "one", 4.9, 4.0, -0.8), ("s", "two", 4.9, 4.0, -0.7), ("t", "one", 4.93, 4.05, -0.86)]
    columns = ["study", "dimension", "expectation", "perception", "gap_published"]
    table = published_gaps(pd.DataFrame(rows, columns=columns))
    assert table["gap"].tolist() == pytest.approx([-0.9, -0.9, -0.88])
    assert table["difference"].tolist() == pytest.approx([-0.1, -0.2, -0.02])
    assert table["rounding"].tolist() == pytest.approx([0.15, 0.15, 0.015])
    assert table["consistent"].tolist() == [True, False, False]
