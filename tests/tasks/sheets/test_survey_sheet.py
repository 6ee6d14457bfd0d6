"""Survey forms by sheet: kept once, known when they come again, sent back where they are wrong."""

from pathlib import Path
from typing import Any

import pytest

import flows.complaint  # noqa: F401  what an answer may open
from schemas.forms.surveys import Mark, SurveyDoor
from schemas.sheet_kinds import sheet_kind
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tasks.surveys.answers import keep_answer
from tasks.surveys.rules import Said
from tests.flows.complaints import Hotline
from tests.play import Play
from tests.tasks.sheets.workbooks import reasons, save
from tests.tasks.surveys.survey_cases import repaired
from tests.tasks.surveys.test_surveys import forms, send

ANSWERS = sheet_kind("survey-answers")
ROW: dict[str, Any] = {"问卷编号": "MY-202610-1-001", "经办人工号": "E1025", "客户总体评价": "基本满意"}


@pytest.fixture
def sent(play: Play, today: Any, tmp_path: Path) -> Path:
    repaired(play.db, 3)
    send(play.db)
    return tmp_path / "调查表.xlsx"


def test_forms_on_paper_are_kept_and_the_same_sheet_again_does_nothing(play: Play, sent: Path) -> None:
    save(
        sent,
        ANSWERS,
        ROW | {"分项评价": "e2 不满意"},
        ROW | {"问卷编号": "my-202610-1-002", "客户总体评价": ""} | {"建议或需求": "快些"},
    )
    assert dict(import_file(play.db, sent).counts) == {Became.ACCEPTED: 2}
    assert dict(import_file(play.db, sent).counts) == {Became.UNCHANGED: 2}
    kept = play.rows("SELECT overall, marks, remarks, door, staff, complaint FROM survey_answer ORDER BY complaint")
    assert [(row.overall, row.marks, row.remarks) for row in kept] == [
        ("basically", {"e2": "not"}, {}),
        (None, {}, {"f": "快些"}),
    ]
    assert {(row.door, row.staff) for row in kept} == {("sheet", "E1025")}
    assert [row.complaint is None for row in kept] == [False, True]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"客户总体评价": "5"}, "客户总体评价"),
        ({"经办人工号": "E9999"}, "经办人工号是在职员工"),
        ({"经办人工号": "E1016"}, "须为客服专员"),
        ({"问卷编号": "MY-202610-1-009"}, "没有这份问卷"),
        ({"分项评价": "a9 很满意"}, "没有这一题"),
        ({"客户总体评价": ""}, "至少评一项"),
    ],
)
def test_a_wrong_form_goes_back_and_the_others_are_kept(
    play: Play, sent: Path, wrong: dict[str, Any], why: str
) -> None:
    report = import_file(play.db, save(sent, ANSWERS, ROW | wrong, ROW | {"问卷编号": "MY-202610-1-002"}))
    assert dict(report.counts) == {Became.ACCEPTED: 1, Became.REJECTED: 1}
    assert why in reasons(report.rejected)


def test_what_the_customer_sent_in_before_stays(play: Play, sent: Path) -> None:
    keep_answer(play.db, forms(Hotline(play.db))[0].id, Said(Mark.VERY), SurveyDoor.PAGE)
    assert dict(import_file(play.db, save(sent, ANSWERS, ROW)).counts) == {Became.UNCHANGED: 1}
    assert [row.overall for row in play.rows("SELECT overall FROM survey_answer")] == ["very"]
