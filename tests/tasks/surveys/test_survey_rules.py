"""How many are asked, what a rate is, what an answer must be (S3 §8 5.8; DOMAIN-BRANCHES, "Survey")."""

from decimal import Decimal
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.forms.surveys import Mark, SurveyAnswer
from tasks.surveys.rules import (
    SATISFIED,
    Said,
    complaint_of,
    rate_of,
    read_details,
    said_of,
    said_problems,
    sample_size,
)

OVERALL = st.lists(st.sampled_from([*Mark, None]), max_size=300)
QUESTIONS = {"a": "性能", "a1": "牢固", "f": "建议"}


@pytest.mark.parametrize(
    ("population", "asked"),
    [(0, 0), (1, 1), (19, 19), (20, 20), (200, 20), (201, 21), (500, 50), (2000, 200), (5000, 200)],
)
def test_ten_percent_at_least_twenty_at_most_two_hundred_fewer_than_twenty_are_all(population: int, asked: int) -> None:
    assert sample_size(population, Decimal("0.10"), 20, 200) == asked


@given(population=st.integers(0, 10_000), wanted=st.integers(1, 10_000))
def test_what_is_wanted_is_asked_but_never_more_than_there_are(population: int, wanted: int) -> None:
    assert sample_size(population, Decimal("0.10"), 20, 200, wanted) == min(population, wanted)


@given(overall=OVERALL, unsent=st.integers(0, 300))
def test_the_rate_is_the_satisfied_among_the_returned(overall: list[Mark | None], unsent: int) -> None:
    """Rate = forms of 基本满意 or better ÷ forms returned; one without an overall mark is in the denominator only."""
    rate = rate_of(len(overall) + unsent, overall, 0.95)
    good = [mark for mark in overall if mark and list(Mark).index(mark) <= 2]
    assert (rate.sent, rate.returned, rate.satisfied) == (len(overall) + unsent, len(overall), len(good))
    if not overall:
        assert (rate.rate, rate.low, rate.high, rate.reaches(Decimal(0))) == (None, None, None, None)
        return
    assert rate.rate == len(good) / len(overall)
    assert rate.low is not None
    assert rate.high is not None
    assert 0 <= rate.low <= rate.rate + 1e-12
    assert rate.rate - 1e-12 <= rate.high <= 1
    worse = rate_of(rate.sent + 1, [*overall, None], 0.95)
    assert worse.rate is not None
    assert worse.rate <= rate.rate


def test_the_interval_is_wilsons() -> None:
    """Figures of the literature: 8 of 10 at 95 % is 49.0–94.3 %."""
    rate = rate_of(20, [Mark.BASICALLY] * 8 + [None, Mark.HARDLY], 0.95)
    assert rate.low is not None
    assert rate.high is not None
    assert isclose(rate.low, 0.4902, abs_tol=5e-5)
    assert isclose(rate.high, 0.9433, abs_tol=5e-5)
    assert rate.said == "发出 20 回收 10 满意 8 · 满意率 80.00%（49.0%–94.3%）"


@pytest.mark.parametrize(("good", "reached"), [(8, True), (7, False), (9, True)])
def test_exactly_the_target_passes(good: int, reached: bool) -> None:
    rate = rate_of(10, [Mark.RATHER] * good + [Mark.NOT] * (10 - good), 0.95)
    assert rate.reaches(Decimal("0.80")) is reached


def test_satisfied_are_the_best_three_marks() -> None:
    assert [mark.zh for mark in Mark if mark in SATISFIED] == ["很满意", "比较满意", "基本满意"]


def test_not_satisfied_on_any_topic_question_or_overall_counts_and_hardly_does_not() -> None:
    assert Said(marks={"a": Mark.HARDLY}, overall=Mark.HARDLY).unsatisfied == []
    assert Said(marks={"a1": Mark.NOT}).unsatisfied == ["a1"]
    said = Said(marks={"a": Mark.NOT}, overall=Mark.NOT, remarks={"f": "请回电"}, wants_reply=True)
    assert said.unsatisfied == ["", "a"]
    assert complaint_of(said, QUESTIONS) == "不满意：总体评价、a 性能 · 客户要求回复 · 请回电"
    assert not Said(overall=Mark.VERY, marks={"a1": Mark.NOT}).satisfied


def test_details_are_read_as_people_write_them() -> None:
    marks, problems = read_details("a1 很满意；A2：不满意, b1:基本满意\nc1 not")
    assert problems == []
    assert {code: mark.zh for code, mark in marks.items()} == {
        "a1": "很满意",
        "a2": "不满意",
        "b1": "基本满意",
        "c1": "不满意",
    }
    for wrong in ("a1 非常好", "很满意", "a1 很满意；a1 不满意"):
        assert read_details(wrong)[1], wrong


def test_an_answer_that_says_nothing_or_marks_what_was_not_asked_is_refused() -> None:
    assert "至少评一项" in str(said_problems(Said(), QUESTIONS)[0])
    assert "没有这一题" in str(said_problems(Said(marks={"z9": Mark.NOT}), QUESTIONS)[0])
    assert "最多 500 字" in str(said_problems(Said(remarks={"": "长" * 501}), QUESTIONS)[0])
    assert said_problems(Said(remarks={"": "好"}), QUESTIONS) == []


def test_an_entered_form_says_the_same_as_the_page() -> None:
    form = SurveyAnswer(
        form_no="my-202610-1-007", staff="E1025", overall="基本满意", a="不满意", details="a1 很满意", f="多点颜色"
    )
    said, problems = said_of(form)
    assert (form.form_no, problems) == ("MY-202610-1-007", [])
    assert said == Said(Mark.BASICALLY, {"a": Mark.NOT, "a1": Mark.VERY}, {"f": "多点颜色"})
