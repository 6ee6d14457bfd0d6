"""Sentences of DOMAIN 3 and DOMAIN-BRANCHES 3 that no ending shows: what papers say, by when, who may."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.sheet_kinds import sheet_kind
from tests.flows.complaints import AGENT, Hotline
from tests.flows.test_complaint import PLANNED
from tests.flows.test_duty import plan, send

TERMS = {  # a gate, whose term is so many working days from today, and what is said there
    "coordinate": ("2026-11-19", {"品管判定": "是"}),
    "cause": ("2026-11-23", {}),
    "plan": ("2026-11-23", PLANNED),
    "release": ("2026-11-19", {}),
    "reply": ("2026-11-19", {}),
    "answer": ("2026-11-25", {}),
    "verify": ("2026-11-23", {}),
    "file": ("2026-11-20", {}),
    "callback": ("2026-11-23", {}),
}


@pytest.fixture
def play(db: Engine, today: Any) -> Iterator[Hotline]:
    play = Hotline(db)
    yield play
    play.rest()


def test_the_record_tells_who_called_about_what_and_the_timeline_who_solved_it_and_when(play: Hotline) -> None:
    """Caller, matter, product, expectation, who solved it and when (S1 1.3.4.1)."""
    case = play.call("咨询", 约定回复时间="2026-11-18 15:00", 录音编号="LY-7")
    (record,) = play.documents(case, "LD")
    told = {name: record.content[name] for name in ("kind", "way", "matter", "expectation", "callback", "recording")}
    assert list(told.values()) == ["咨询", "电话", "柜门开裂", "更换", "2026-11-18 15:00", "LY-7"]
    assert play.case(case).customer_name in record.content["customer"]
    assert (play.case(case).order_no, play.case(case).model != "") == ("SO20260318-0042", True)
    play.decide(case, "first-1", 接听结论="已答复", 答复内容="三包一年")
    (solved,) = [row for row in play.timeline(case) if row.step_key == "first-1"]
    assert (solved.actor, solved.output["answer"]) == (AGENT, "三包一年")
    assert str(solved.finished_at)[:16] == "2026-11-18 02:00"


def test_the_sheet_of_first_answers_tells_what_is_minor_important_and_major() -> None:
    """The definitions of minor, important and major (S0 4.1.3); an obvious error is major too (4.1.3.1a)."""
    told = "".join(sheet_kind("first-answer").hints)
    assert all(f"{grade}：" in told for grade in ("一般", "重要", "重大"))
    assert "实施有明显差错" in told


def test_terms_of_a_complaint_are_those_of_policy(play: Hotline) -> None:
    """Cause 3 wd, plan 3 wd, reply 1 wd, customer 5 wd, effect 3 wd, callback 3 wd; taking over, release, filing."""
    case, due = play.valid(), {}
    for prefix, (_, said) in TERMS.items():
        key = play.to(case, prefix)
        due[prefix] = str(play.items(case)[key].due_at)[:10]
        play.decide(case, key, **said)
    assert due == {prefix: day for prefix, (day, _) in TERMS.items()}
    assert play.case(case).ending == "settled"


def test_a_joint_review_has_three_working_days(play: Hotline) -> None:
    """Joint review: 3 wd."""
    case = play.planned()
    play.decide(case, "plan-1", 方案结论="责任有异议", 原因="物流损坏")
    assert str(play.items(case)["review-1"].due_at)[:10] == "2026-11-23"


def test_the_agent_on_duty_judges_the_unit_and_hands_the_sheet_on_at_once(play: Hotline) -> None:
    """The duty agent judges the unit and hands the 投诉处理单 on at once."""
    case = play.valid(来电时间="2026-11-17 18:30")
    assert [sheet.content["matter"] for sheet in play.documents(case, "TS")] == ["柜门开裂"]
    play.decide(case, "coordinate-1", AGENT, 品管判定="否", 责任单位="PANEL")
    assert (play.items(case)["plan-1"].role, play.items(case)["plan-1"].unit) == ("RESPONSIBLE_UNIT", "PANEL")


def test_the_reply_and_the_complaints_sheet_state_cause_trace_and_the_units_own_cause(play: Hotline) -> None:
    """The unit analyses causes too; the reply states cause, trace, conclusion (S3 §8 5.4, 5.6.1)."""
    case = play.valid()
    play.decide(case, "coordinate-1", 品管判定="是")
    play.decide(case, "cause-1", 原因分析="封边胶不足", 追溯="批次 1105")
    play.decide(case, "plan-1", 部门原因分析="漏涂胶", **PLANNED)
    play.said(case, "reply", 回复内容="更换门板")
    (confirmed,) = play.documents(case, "QR")
    stated = [confirmed.content[name] for name in ("cause", "trace", "reply")]
    assert stated == ["封边胶不足", "批次 1105", "更换门板"]
    sheet = play.documents(case, "TS")[-1].content
    assert [sheet[name] for name in ("cause", "trace", "unit_cause")] == ["封边胶不足", "批次 1105", "漏涂胶"]


@pytest.mark.parametrize(
    ("received", "hours"), [("2026-11-17 18:30", "18:00–19:00"), ("2026-11-15 10:00", "09:00–18:00")]
)
def test_what_came_on_duty_says_so_with_the_hours_of_that_day(play: Hotline, received: str, hours: str) -> None:
    """Duty 18–19 and weekends and holidays 9–18 (S1 1.3.1)."""
    assert f"值班 on duty {hours}" in "".join(play.items(play.call(来电时间=received))["first-1"].brief)


def test_nobody_is_asked_to_swap_more_than_three_times_a_month_either(play: Hotline) -> None:
    """At most 3 a person and month, whoever applies."""
    days = ["2026-11-19", "2026-11-20", "2026-11-23", "2026-11-24"]
    send(play, *((day, "晚班", "E1025", "") for day in days[:3]), (days[3], "晚班", "E1027", ""))
    for day in days[:3]:
        case = send(play, (day, "晚班", "E1026", ""), by="E1025")
        play.decide(case, "party", "E1026")
        play.decide(case, "swap")
    told = play.wrong(process="DR", **plan((days[3], "晚班", "E1026", ""), by="E1027"))
    assert "“E1026” — 本月已换班 3 次" in told
