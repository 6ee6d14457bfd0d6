"""The reports on follow-up calls and call audits count what happened; an empty period divides by nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

import flows.call_audit  # noqa: F401  registers process HJ
from tasks.reports.call_scores import call_scores
from tasks.reports.calls import calls
from tasks.reports.shapes import Report
from tasks.rounds.rules import Period
from tests.flows.calls import Callers
from tests.flows.complaints import AGENT
from tests.play import open_to_gate

WEEK = Period(date(2026, 11, 16), date(2026, 11, 22))


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Callers:
    return Callers(db)


def made(play: Callers, kind: Any, period: Period = WEEK) -> Report:
    with play.db.connect() as connection:
        report: Report = kind.made(connection, period)
    return report


def figures(report: Report) -> dict[str, float | None]:
    return {measure.key: measure.value for measure in report.measures}


def test_calls_are_counted_by_agent_office_and_reason(play: Callers) -> None:
    """Weekly: due, made, reached, attempts, satisfaction, complaints opened, by agent and office (S4)."""
    said = (("满意", ""), ("满意", ""), ("不满意", "又松"), ("未接通", ""), ("拒绝回访", ""))
    for no, (result, matter) in enumerate(said):
        call = play.asked(客户电话=f"1391111000{no}", 申报人工号=AGENT if no % 2 else "E1026")
        play.decide(call, "call-1", 回访结果=result, 反映事项=matter)
    play.asked(客户电话="13911110009")
    complaint = play.planned(同一事项="否")
    play.to(complaint, "callback")
    play.decide(complaint, "callback-1", 客户意见="不满意", 原因="仍响")
    report = made(play, calls)
    expected = {"due": 7, "made": 6, "attempts": 6, "reach": 0.7143, "satisfaction": 0.5, "complaints": 2}
    assert figures(report) == expected
    agents, offices, whys = report.sections
    assert sum(int(str(row["due"])) for row in agents.rows) == 7
    assert [(row["due"], row["complaints"]) for row in offices.rows] == [(7, 2)]
    assert {row["name"]: row["due"] for row in whys.rows} == {"专项回访": 6, "投诉结案": 1}


def test_complaints_are_counted_of_the_call_whose_number_their_matter_begins_with(play: Callers) -> None:
    """In so many words: the number and a blank, nothing before it, nothing longer; each complaint, and each call apart."""
    first, second = (play.case(play.asked(客户电话=f"1391111000{no}")).number for no in (1, 2))
    matters = (
        f"{first} 又松",
        f"{first}  柜门 又松",
        f"{second} 又松",
        f"{first}",
        f"{first}0 又松",
        f"再报 {first} 又松",
    )
    for matter in matters:
        play.call(来电事项=matter, 同一事项="否")
    play.call("咨询", 来电事项=f"{first}，又松 又响", 同一事项="否")
    report = made(play, calls)
    assert figures(report)["complaints"] == 3
    assert [(row["due"], row["complaints"]) for row in report.sections[1].rows] == [(2, 3)]


def test_a_call_that_was_called_off_is_not_due(play: Callers) -> None:
    play.withdraw(play.asked(), "E1040")
    assert figures(made(play, calls))["due"] == 0


def test_audits_are_counted_by_agent_and_rule(play: Callers) -> None:
    """Monthly 奖罚评分表 (S2): scores and advice per agent and topic, forbidden answers 20 CNY each."""
    for greeting, forbidden in (("做到", 0), ("未做到", 2)):
        contact = play.case(play.call("咨询")).number  # a call is audited once
        form = {"办事处": "BJ", "申报人工号": "E1040", "通话单号": contact, "被查坐席": AGENT}
        audit = open_to_gate(play.db, form, "HJ").case_id
        play.decide(audit, "score", 问候规范=greeting, 禁语次数=forbidden, 改进建议="先问候" if forbidden else "")
        play.decide(audit, "answer", AGENT)
    report = made(play, call_scores, Period(date(2026, 11, 1), date(2026, 11, 30)))
    assert figures(report) == {"audits": 2, "kept": 0.9, "deduction": 40}
    agents, topics, advice = report.sections
    assert [(row["audits"], row["score"], row["deduction"]) for row in agents.rows] == [(2, 90.0, Decimal("40.00"))]
    assert {row["topic"]: row["rate"] for row in topics.rows}["问候规范 Greeting"] == 0.5
    assert [row["advice"] for row in advice.rows] == ["先问候"]


@pytest.mark.parametrize("kind", [calls, call_scores])
def test_an_empty_period_has_no_rates(play: Callers, kind: Any) -> None:
    report = made(play, kind)
    assert [measure.value or None for measure in report.measures] == [None] * len(report.measures)
    assert all(not section.rows for section in report.sections)
