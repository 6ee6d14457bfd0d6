"""Follow-up calls as sly or clumsy people make them: dated back, twice, too early, two things at once."""

from datetime import timedelta

import pytest
import time_machine

from tasks.calls.rules import is_phone
from tests.flows.calls import CALLER, Callers

PEOPLE = Callers
OF_CALL = "SELECT result, called_at FROM call_attempt WHERE case_id = :c ORDER BY called_at"


def test_who_refuses_with_a_new_number_is_called_by_neither(play: Callers) -> None:
    """Refused: no more calls, by whichever number the house knows the customer."""
    play.delivered(订单号="T-1", 客户姓名="凌霄", 客户电话="13900000001", 客户地址="松涛里9栋")
    call = play.asked(订单号="", 客户姓名="凌霄", 客户电话="13900000001")
    play.decide(call, "call-1", 回访结果="拒绝回访", 客户电话="13900000002")
    assert play.case(call).ending == "refused"
    assert play.listed() == []
    again = {"process": "HF", "办事处": "BJ", "申报人工号": CALLER, "明细": [{"回访事由": "专项回访"}]}
    for phone in ("13900000001", "13900000002"):
        assert "已拒绝回访" in play.wrong(**again, 客户电话=phone)


def test_a_call_of_today_without_an_hour_is_one_of_today(play: Callers) -> None:
    """A day without a time is checked as it is kept."""
    call = play.asked(事由时间="2026-11-16")
    play.decide(call, "call-1", 回访结果="未接通", 拨打时间="2026-11-18")
    assert [str(row.called_at)[:10] for row in play.rows(OF_CALL, c=call)] == ["2026-11-18"]


def test_attempts_without_an_hour_are_apart_all_the_same(play: Callers) -> None:
    """Different times: what is kept of an attempt is later than the one before it."""
    call = play.asked(事由时间="2026-11-16")
    play.decide(call, "call-1", 回访结果="未接通", 拨打时间="2026-11-17 14:00")
    assert "相隔 2 小时" in play.refused(call, "call-2", 回访结果="未接通", 拨打时间="2026-11-17")


def test_nobody_was_called_before_there_was_a_reason(play: Callers) -> None:
    """A call that is dated back to before what it is about escapes the week's sample and report."""
    call = play.asked()
    assert "拨打时间" in play.refused(call, "call-1", 回访结果="未接通", 拨打时间="2025-11-18 10:00")


@pytest.mark.parametrize("phone", ["13------", "1-2-3-", "٣٤٥٦٧٨٩", "12345"])
def test_what_cannot_be_dialled_is_no_number(phone: str) -> None:
    assert not is_phone(phone)


@pytest.mark.parametrize("phone", ["13911112222", "+8613911112222", "010-6655-4433", "400-820-8820"])
def test_what_can_be_dialled_is_a_number(phone: str) -> None:
    assert is_phone(phone)


def test_an_agent_who_knows_the_right_number_asks_no_office_for_it(
    play: Callers, today: time_machine.Traveller
) -> None:
    """Wrong number, and the right one beside it: one more attempt at that, as if the office had found it."""
    call = play.asked()
    play.decide(call, "call-1", 回访结果="号码有误", 客户电话="13911113333")
    assert play.items(call)["call-2"].prefill["客户电话"] == "13911113333"
    today.shift(timedelta(hours=3))
    play.decide(call, "call-2", 回访结果="号码有误")
    assert play.case(call).ending == "wrong_number"


def test_a_customer_who_put_the_last_call_off_is_called_then(play: Callers, today: time_machine.Traveller) -> None:
    """Postponed is no end: what was promised is kept, though it was the third attempt."""
    call = play.asked()
    for turn in (1, 2):
        play.decide(call, f"call-{turn}", 回访结果="未接通")
        today.shift(timedelta(hours=3))
    play.decide(call, "call-3", 回访结果="改约", 改约时间="2026-11-20 15:00")
    assert play.case(call).ending is None
    today.move_to("2026-11-20T15:00:00+08:00")
    play.decide(call, "call-4", 回访结果="未接通")
    assert play.case(call).ending == "not_reached"


def test_the_same_reason_twice_on_one_request_is_one_reason(play: Callers) -> None:
    reason = {"回访事由": "售后完成", "事由单号": play.case(play.delivered()).number}
    call = play.asked(明细=[reason, reason])
    assert [row.line_no for row in play.rows("SELECT line_no FROM call_reason WHERE case_id = :c", c=call)] == [1]


def test_nobody_calls_about_a_complaint_as_filed_that_is_not(play: Callers) -> None:
    """Else the real callback would stand on no list any more, and the complaint would wait its thirty days out."""
    case = play.planned()
    key = play.to(case, "file")
    reason = {"回访事由": "投诉结案", "事由单号": play.case(case).number}
    asked = {"process": "HF", "办事处": "BJ", "申报人工号": CALLER, "客户电话": play.case(case).customer_phone}
    assert "尚未归档" in play.wrong(**asked, 明细=[reason])
    play.decide(case, key, "E1030")
    assert "尚未归档" in play.wrong(**asked, 明细=[reason | {"回访次数": 2}])
    assert play.finish(play.asked(明细=[reason])) == "satisfied"
    play.rest()
    assert (play.case(case).ending, play.listed()) == ("settled", [])
