"""Lists that leaders read: the day's records, suggestions, the meeting's pack, as the timelines have them."""

from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.forms.contacts import ContactWay
from tasks.reports.complaints.daily import (
    LATE_ANSWER,
    NO_ANSWER,
    NO_RECORDING,
    OVERDUE,
    daily_calls,
    daily_report,
    findings,
)
from tasks.reports.complaints.queries import hotline
from tasks.reports.lists.meeting import meeting
from tasks.reports.lists.suggestions import suggestions
from tasks.reports.registry import About
from tasks.reports.shapes import Report
from tasks.rounds.rules import Period
from tests.flows.complaints import Hotline as People
from tests.tasks.reports.test_complaints import contact, counted, moment

TODAY = Period(date(2026, 11, 18), date(2026, 11, 18))


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> People:
    return People(db)


def rows(report: Report, section: str, *keys: str) -> list[tuple[Any, ...]]:
    found = next(one for one in report.sections if one.key == section)
    return [tuple(row[key] for key in keys) for row in found.rows]


def measures(report: Report) -> dict[str, float | None]:
    return {one.key: one.value for one in report.measures}


def test_a_record_is_checked_for_its_recording_its_answer_and_what_is_overdue() -> None:
    """Daily call record check by the handler (S1 1.2.3)."""
    right = contact(recording="R-1", answered=moment("11-02", 17))
    assert findings(right, counted()) == []
    assert findings(right._replace(recording="", way=ContactWay.VISIT), counted()) == []
    assert findings(contact(), counted()) == [NO_RECORDING, NO_ANSWER]
    assert findings(right._replace(answered=moment("11-02", 19), late=1), counted()) == [LATE_ANSWER, OVERDUE]


def test_the_days_check_lists_records_and_complaints(play: People, today: time_machine.Traveller) -> None:
    """List of complaints for the SUPERVISOR (S3 §12)."""
    asked = play.call("咨询", 录音编号="R-1")
    complaint = play.valid(同一事项="否")
    play.decide(asked, "first-1", 接听结论="已答复", 答复内容="三包一年")
    with play.db.connect() as connection:
        found, about = daily_calls.made(connection, TODAY), About("calls-day", daily_calls.title, TODAY)
        next_day = Period(date(2026, 11, 19), date(2026, 11, 19))
        today.move_to("2026-11-21T10:00:00+08:00")
        later = daily_calls.made(connection, Period(date(2026, 11, 20), date(2026, 11, 20)))
        assert daily_calls.made(connection, next_day).sections[0].rows == []
        last = Period(date(2026, 12, 18), date(2026, 12, 18))
        whole = [daily_report(hotline(connection, last, fell_due), about) for fell_due in (True, False)]
        by_then = [len(hotline(connection, last, fell_due).contacts) for fell_due in (True, False)]
    assert (whole[0] == whole[1], by_then) == (True, [2, 1]), "what only fell due concerns other reports"
    number = play.case(complaint).number
    assert rows(found, "checks", "number", "findings") == [(number, NO_RECORDING)]
    assert rows(found, "complaints", "number") == rows(found, "unsolved", "number") == [(number,)]
    assert measures(found) == {"contacts": 2, "complete": 0.5, "unsolved": 1}
    assert rows(later, "late", "number") == [(number,)], "its handler has not taken it over in time"


def test_suggestions_are_listed_with_the_units_answers_and_those_that_wait(
    play: People, today: time_machine.Traveller
) -> None:
    """Suggestion list 意见建议反馈表 to SUPERVISOR (S1 1.4.4): customer, suggestion, unit, answer, result."""
    first = play.call(
        "建议", 来电事项="说明书字太小，回电 13800009999", 订单号="", 订单行=0, 客户姓名="凌霄", 客户电话="13800009999"
    )
    play.decide(first, "first-1", 接听结论="转办", 责任单位="PANEL")
    play.decide(first, "unit-1", 单位意见="采纳", 答复内容="下版调整")
    play.decide(first, "told-1", 回复内容="已转告")
    second = play.call("建议", 来电事项="包装太大")
    play.call("咨询")
    today.move_to("2026-11-20T10:00:00+08:00")
    with play.db.connect() as connection:
        found = suggestions.made(connection, Period(date(2026, 11, 13), date(2026, 11, 19)))
        next_week = suggestions.made(connection, Period(date(2026, 11, 20), date(2026, 11, 26)))
    (listed, waiting) = rows(found, "suggestions", "number", "customer", "unit", "reply", "result")
    assert listed == (play.case(first).number, "凌**", "板式车间", "下版调整", "建议已采纳")
    assert waiting[0] == play.case(second).number
    assert waiting[3:] == ("", "")
    assert measures(found) == {"received": 2, "adopted": 1.0, "open": 1}
    assert "13800009999" not in str(found)
    assert rows(next_week, "suggestions", "number") == [(play.case(second).number,)]


def test_the_meetings_pack_has_tasks_cases_complaints_and_call_findings(
    play: People, today: time_machine.Traveller
) -> None:
    """Tuesday 10:00 meeting pack: open tasks, cases, call findings (S1 1.1)."""
    case = play.planned()
    play.said(case, "callback", 客户意见="不满意", 原因="又裂")
    parts = play.apply()
    today.move_to("2026-11-24T09:00:00+08:00")
    with play.db.connect() as connection:
        found = meeting.made(connection, Period(date(2026, 11, 17), date(2026, 11, 23)))
        before = meeting.made(connection, Period(date(2026, 11, 10), date(2026, 11, 16)))
    assert ("配件审核员", "审核修正", 1, 1) in rows(found, "tasks", "role", "title", "open", "overdue")
    waiting = play.rows("SELECT count(*) AS n FROM work_item WHERE closed_at IS NULL AND role <> 'SYSTEM'")
    assert sum(row[0] for row in rows(found, "tasks", "open")) == waiting[0].n
    assert rows(found, "cases", "process", "came", "closed", "open") == [
        ("CC 客户服务", 1, 0, 1),
        ("HF 客户回访", 1, 1, 0),
        ("PA 配件申报", 1, 0, 1),
    ]
    assert rows(found, "complaints", "number") == [(play.case(case).number,)]
    assert rows(found, "calls", "number", "unit", "reason") == [(play.case(case).number, "板式车间", "又裂")]
    assert [section.rows for section in before.sections] == [[]] * 4
    assert play.case(parts).number
