"""The survey report counts by S3's formula, what came in time (S3 §8 5.8)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

import flows.complaint  # noqa: F401  what an answer may open
from schemas.forms.surveys import Mark, SurveyDoor
from tasks.reports.surveys import surveys
from tasks.rounds.rules import Period
from tasks.surveys.answers import keep_answer
from tasks.surveys.closing import close_surveys
from tasks.surveys.rules import Said
from tests.flows.complaints import Hotline
from tests.tasks.surveys.survey_cases import made_by, repaired
from tests.tasks.surveys.test_surveys import forms, send

DECEMBER = Period(date(2026, 12, 1), date(2026, 12, 31))


@pytest.fixture
def play(db: Engine, today: Any) -> Hotline:
    return Hotline(db)


def test_the_report_says_what_the_units_were_told(play: Hotline, today: Any) -> None:
    repaired(play.db, 12)
    made_by(play.db, "PANEL", "PAINT")
    send(play.db)
    panel = [form for form in forms(play) if form.unit == "PANEL"]
    for form, overall in zip(panel, [Mark.VERY] * 4 + [None], strict=False):
        keep_answer(play.db, form.id, Said(overall, {"e": Mark.RATHER}), SurveyDoor.PAGE)
    today.move_to("2026-12-05T09:00:00+08:00")
    keep_answer(play.db, panel[5].id, Said(Mark.VERY), SurveyDoor.PAGE)  # too late
    close_surveys(play.db)
    with play.db.connect() as connection:
        report = surveys.made(connection, DECEMBER)
    measured = {one.key: one.value for one in report.measures}
    assert (measured["rate"], measured["sent"], measured["returned"]) == (0.8, 12, 5)
    assert measured["response"] == 5 / 12
    assert next(one for one in report.measures if one.key == "rate").reached is True
    by = {section.key: section.rows for section in report.sections}
    assert by["surveys"][0]["number"] == "MY-202610-1"
    assert by["surveys"][0]["seed"]
    assert [(row["unit"], row["returned"], row["rate"]) for row in by["units"]] == [
        ("油漆车间", 0, None),
        ("板式车间", 5, 0.8),
    ]
    assert by["questions"] == [{"question": "e 服务", "very": 0, "rather": 5, "basically": 0, "hardly": 0, "not": 0}]
    assert [row["rate"] for row in by["trend"]] == [None] * 11 + [0.8]


def test_a_month_without_surveys_has_no_rate(play: Hotline) -> None:
    with play.db.connect() as connection:
        report = surveys.made(connection, Period(date(2026, 10, 1), date(2026, 10, 31)))
    assert [one.value for one in report.measures] == [None, None, None, None, 0, 0]
