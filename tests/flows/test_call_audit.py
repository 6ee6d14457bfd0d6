"""Call audits: a random sample with its seed, scored by the SUPERVISOR, whom the agent may object to (S2; S1 1.2)."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
import time_machine

import flows.call_audit  # noqa: F401  registers process HJ
from flows.jobs.call_sample import sample_calls as job
from schemas.forms.audits import CallScored
from schemas.forms.periods import PeriodWanted
from schemas.words import Channel, Role
from tasks.audits.queries import calls_of
from tasks.audits.rules import sample_size, score_of
from tasks.audits.sampling import CALL_AUDIT, drawn_by, open_audits
from tasks.durable import clock
from tasks.durable.opening import enter, open_chunk
from tasks.durable.process import PROCESSES
from tasks.notices.watch import watch_deadlines
from tasks.rounds.rules import Period
from tasks.rounds.steps import do_rounds
from tasks.unit.unit import Unit
from tests.flows.calls import Callers
from tests.flows.complaints import AGENT
from tests.flows.jobs.conftest import shown
from tests.play import open_to_gate

PEOPLE = Callers
__all__ = ["shown"]
SUPERVISOR = "E1040"


def audited(play: Callers, **fields: Any) -> int:
    """Have a call audited; gives the audit's id."""
    contact = play.call("咨询", 同一事项="否")
    form = {"办事处": "BJ", "申报人工号": SUPERVISOR, "通话单号": play.case(contact).number, "被查坐席": AGENT}
    return open_to_gate(play.db, form | {"通话录音": "LY-7"} | fields, "HJ").case_id


def test_a_call_is_scored_and_the_agent_agrees(play: Callers) -> None:
    """Scores by criteria S1 1.2.1–1.2.7; forbidden answers cost 20 CNY each."""
    case = audited(play)
    item = play.items(case)["score"]
    assert (item.role, str(item.due_at)[:10], item.prefill["通话录音"]) == ("SUPERVISOR", "2026-11-25", "LY-7")
    play.decide(case, "score", 问候规范="未做到", 禁语次数=2, 改进建议="先问候", 通话录音="LY-7")
    item = play.items(case)["answer"]
    assert (item.role, str(item.due_at)[:10]) == ("AGENT", "2026-11-23")
    assert {"未做到 not met: 问候规范", "建议 advice: 先问候"} <= set(item.brief)
    assert "本人" in play.refused(case, "answer", "E1026")
    play.decide(case, "answer", AGENT)
    (kept,) = play.rows(
        "SELECT agent, score, deduction, recording, greeting FROM call_audit WHERE case_id = :c", c=case
    )
    assert tuple(kept) == (AGENT, 80, 40, "LY-7", "not_met")
    assert play.case(case).ending == "scored"


def test_an_agent_who_says_nothing_for_three_days_agrees(play: Callers, today: time_machine.Traveller) -> None:
    """The agent may object within 3 wd (D); silence agrees."""
    case = audited(play)
    play.decide(case, "score")
    today.move_to("2026-11-24T09:00:00+08:00")
    watch_deadlines(play.db, clock.now())
    assert play.case(case).ending == "scored"


@pytest.mark.parametrize(("verdict", "ending", "counted"), [("同意", "overruled", 0), ("不同意", "scored", 1)])
def test_of_an_objection_the_manager_decides(play: Callers, verdict: str, ending: str, counted: int) -> None:
    case = audited(play)
    play.decide(case, "score", 禁语次数=1)
    assert "原因" in play.refused(case, "answer", AGENT, 坐席意见="评分异议")
    play.decide(case, "answer", AGENT, 坐席意见="评分异议", 原因="录音不是我的")
    item = play.items(case)["ruling"]
    assert (item.role, "录音不是我的" in "".join(item.brief)) == ("MANAGER", True)
    play.decide(case, "ruling", 审批结论=verdict, 原因="" if verdict == "同意" else "录音属实")
    assert play.case(case).ending == ending
    assert len(play.rows("SELECT 1 FROM call_audit WHERE case_id = :c", c=case)) == counted


def test_nobody_scores_an_own_call_and_no_call_without_its_recording(play: Callers) -> None:
    play.grant(AGENT, Role.SUPERVISOR)
    case = audited(play, 通话录音="")
    assert "不能审批" in play.refused(case, "score", AGENT)
    assert "通话录音" in play.refused(case, "score", SUPERVISOR, 通话录音="")


def test_bad_input_of_an_audit_is_named(play: Callers) -> None:
    asked = {"process": "HJ", "办事处": "BJ", "申报人工号": SUPERVISOR, "被查坐席": AGENT}
    assert "没有这个单号" in play.wrong(**asked, 通话单号="CC-2026-009999")
    parts = play.case(play.apply(1)).number
    assert "不是来电或回访" in play.wrong(**asked, 通话单号=parts)
    contact = play.case(play.call()).number
    assert "须为客服主管" in play.wrong(**asked | {"申报人工号": AGENT, "被查坐席": "E1026"}, 通话单号=contact)
    assert "自己的通话" in play.wrong(**asked | {"被查坐席": SUPERVISOR}, 通话单号=contact)
    assert "办事处" in play.wrong(**asked | {"办事处": "火星办事处"}, 通话单号=contact)
    assert play.withdraw(audited(play, 通话单号=contact), SUPERVISOR).accepted


def test_forbidden_answers_are_whole_and_cost_what_they_cost(play: Callers) -> None:
    case = audited(play)
    assert "禁语次数" in play.refused(case, "score", 禁语次数=1.5)


def test_a_call_of_the_future_is_not_audited(play: Callers) -> None:
    contact = play.case(play.call()).number
    asked = {"process": "HJ", "办事处": "BJ", "申报人工号": SUPERVISOR, "被查坐席": AGENT, "通话单号": contact}
    assert "通话时间" in play.wrong(**asked, 通话时间="2027-01-01 10:00")


def test_no_call_costs_an_agent_twice(play: Callers) -> None:
    """One call is audited once: its forbidden answers are deducted once."""
    case = audited(play)
    number = play.case(case).request["call"]
    again = {"process": "HJ", "办事处": "BJ", "申报人工号": SUPERVISOR, "被查坐席": AGENT, "通话单号": number}
    assert "已在稽核" in play.wrong(**again)
    play.withdraw(case, SUPERVISOR)
    audited(play, 通话单号=number)


def test_of_two_supervisors_who_audit_a_call_in_the_same_instant_one_is_refused(play: Callers) -> None:
    """By two doors at once, by a sheet in one chunk, however the call's hour is written."""
    contact = play.case(play.call("咨询", 同一事项="否"))
    form = {"办事处": "BJ", "申报人工号": SUPERVISOR, "通话单号": contact.number, "被查坐席": AGENT}
    other = form | {"申报人工号": "E1041", "通话时间": "2026-11-18 10:00"}
    with play.db.begin() as connection:  # the other one has not committed yet
        unit, request = Unit(connection, [], []), PROCESSES["HJ"].request
        facts, _ = PROCESSES["HJ"].accept(one := request.model_validate(other), unit, Channel.PREFECT)
        enter(
            unit,
            PROCESSES["HJ"],
            unit.new_case_ids(1)[0],
            one,
            facts,
            clock.now(),
            origin="run:2",
            channel=Channel.PREFECT,
        )
        unit.flush()
        with ThreadPoolExecutor(1) as beside:
            mine = beside.submit(open_chunk, play.db, "HJ", Channel.PREFECT, [("run:1", form)])
            time.sleep(0.3)
            connection.commit()
            (refused,) = mine.result()
    assert "已在稽核" in str(refused)
    (free,) = play.rows("SELECT id FROM service_case WHERE process = 'HJ'")
    play.withdraw(free.id, SUPERVISOR)
    opened = open_chunk(play.db, "HJ", Channel.SHEET, [("sheet:1", form), ("sheet:2", other)])
    assert [type(one).__name__ for one in opened] == ["Opened", "BadInput"]


# samples


@pytest.mark.parametrize(("calls", "size"), [(0, 0), (3, 3), (5, 5), (80, 5), (100, 5), (101, 6), (400, 20)])
def test_five_percent_are_audited_at_least_five_and_never_more_than_there_are(calls: int, size: int) -> None:
    """Weekly, 5 %, at least 5 (S2)."""
    assert sample_size(calls, Fraction("1/20"), 5) == size


def test_a_call_that_asked_for_nothing_has_no_score() -> None:
    said = dict.fromkeys(("rings", "greeting", "patience", "answered", "kept", "hung_up"), "not_asked_for")
    assert score_of(CallScored(staff=SUPERVISOR, **said)) is None  # type: ignore[arg-type]


def test_the_weeks_sample_is_drawn_once_with_its_seed_and_everybody_draws_the_same(
    play: Callers, today: time_machine.Traveller, shown: list[str]
) -> None:
    """A random sample with recorded seed, once however often the job is run; calls in which nobody spoke are none."""
    for line in range(1, 4):
        play.call("咨询", 订单行=line, 同一事项="否", 录音编号=f"LY-{line}")
    for result in ("满意", "拒绝回访", "满意", "未接通"):
        play.decide(play.asked(客户电话=f"1391111000{len(result)}"), "call-1", 回访结果=result)
    week = Period(date(2026, 11, 16), date(2026, 11, 22))
    with play.db.connect() as connection:
        calls = calls_of(connection, week)
    assert len(calls) == 6
    today.move_to("2026-11-23T09:10:00+08:00")
    assert job.fn().is_completed()
    assert "抽查 sampled **5**" in shown[-1]
    (kept,) = play.rows("SELECT * FROM call_sample")
    again = drawn_by(kept.seed, calls, 5)
    assert [one["call"] for one in kept.chosen] == [one.call for one in again]
    audits = play.rows("SELECT id FROM service_case WHERE process = 'HJ'")
    assert len(audits) == 5
    wanted = PeriodWanted(since=week.first, until=week.last)
    assert f"seed `{kept.seed}`" in do_rounds(play.db, CALL_AUDIT, wanted)[0][1]
    assert do_rounds(play.db, CALL_AUDIT, PeriodWanted()) == []
    open_audits(play.db)
    assert play.rows("SELECT id FROM service_case WHERE process = 'HJ'") == audits
    assert all("score" in play.items(audit.id) for audit in audits)
