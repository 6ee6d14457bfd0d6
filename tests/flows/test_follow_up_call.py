"""Follow-up calls: every ending, what becomes of what customers say (DOMAIN, "Scheduled work"; BRANCHES, "Calls")."""

from datetime import date, datetime, timedelta

import pytest
import time_machine

from schemas.forms.surveys import SurveyAbout
from schemas.words import Role
from tasks.customers.file import SECTIONS, find_customers
from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tasks.people.queries import ALL
from tasks.rounds.rules import Period
from tasks.surveys.sampling import send_survey
from tests.flows.calls import CALLER, Callers

PEOPLE = Callers


def test_a_filed_complaint_is_called_about_by_another_than_its_handler_and_closes_satisfied(play: Callers) -> None:
    """After a closed complaint: within 3 wd; by another person than the handler (S2 回访专员)."""
    case = play.planned()
    play.to(case, "file")
    play.decide(case, play.next_key(case), "E1030")
    (waits,) = play.items(case).values()
    assert (waits.role, waits.title) == ("SYSTEM", "结案回访")
    (listed,) = play.listed()
    call = play.call_about(case)
    item = play.items(call)["call-1"]
    assert (item.role, str(item.due_at)[:10], listed.said) == (
        "AGENT",
        "2026-11-23",
        f"**投诉结案** {play.case(case).number}",
    )
    assert play.case(call).parent_id == case
    play.decide(call, "call-1", 回访结果="满意")
    play.rest()
    assert (play.case(call).ending, play.case(case).ending) == ("satisfied", "settled")
    assert play.listed() == []


def test_an_unsatisfied_customer_of_a_filed_complaint_has_it_go_on_and_is_called_again(play: Callers) -> None:
    """Unsatisfied → for a filed complaint within 30 days: the same number, a new round, one level higher."""
    case = play.planned()
    play.to(case, "callback")
    play.listed()
    call = play.call_about(case)
    assert "反映事项" in play.refused(call, "call-1", 回访结果="不满意")
    play.decide(call, "call-1", 回访结果="不满意", 反映事项="仍响")
    play.rest()
    assert play.case(call).ending == "unsatisfied"
    key = play.to(case, "file")
    assert play.items(case)[key].role == "SUPERVISOR"
    assert play.rows("SELECT 1 FROM service_case WHERE process = 'CC' AND id <> :c", c=case) == []
    play.decide(case, key)
    (again,) = play.listed()
    assert "第 2 次" in again.said
    assert play.finish(play.call_about(case)) == "satisfied"
    play.rest()
    assert play.case(case).ending == "settled"


# attempts


def test_who_is_not_reached_is_tried_three_times_at_different_times(
    play: Callers, today: time_machine.Traveller
) -> None:
    """Up to 3 attempts at different times (D); ending: not reached. A filed complaint hears of it, and is settled."""
    case = play.planned()
    play.to(case, "callback")
    play.listed()
    call = play.call_about(case)
    play.decide(call, "call-1", 回访结果="未接通")
    assert "相隔 2 小时" in play.refused(call, "call-2", 回访结果="未接通")
    for turn in (2, 3):
        today.shift(timedelta(hours=2))
        play.decide(call, f"call-{turn}", 回访结果="未接通")
    play.rest()
    assert (play.case(call).ending, play.case(case).ending) == ("not_reached", "settled")
    tried = play.rows("SELECT result, staff FROM call_attempt WHERE case_id = :c ORDER BY called_at", c=call)
    assert [row.result for row in tried] == ["not_reached"] * 3


def test_a_postponed_call_is_due_when_the_customer_wished_and_is_no_end(
    play: Callers, today: time_machine.Traveller
) -> None:
    """Postponed is an attempt, not an end."""
    call = play.asked()
    assert "改约时" in play.refused(call, "call-1", 回访结果="改约", 改约时间="2026-11-17")
    play.decide(call, "call-1", 回访结果="改约", 改约时间="2026-11-20 15:00")
    assert play.items(call)["call-2"].due_at == datetime.fromisoformat("2026-11-20T15:00:00+08:00")
    today.move_to("2026-11-20T15:00:00+08:00")
    play.decide(call, "call-2")
    assert play.case(call).ending == "satisfied"


def test_whoever_refuses_gets_no_more_calls(play: Callers) -> None:
    """Refused: no more calls, neither by the list nor by hand."""
    call = play.asked()
    play.decide(call, "call-1", 回访结果="拒绝回访")
    assert play.case(call).ending == "refused"
    phone = play.case(call).customer_phone
    assert "已拒绝回访" in play.wrong(
        process="HF", 办事处="BJ", 申报人工号=CALLER, 客户电话=phone, 明细=[{"回访事由": "专项回访"}]
    )
    play.delivered(订单号="SO20260318-0042")
    assert play.listed() == []


@pytest.mark.parametrize("office", ["answers", "finds none", "is silent"])
def test_a_wrong_number_is_put_right_by_the_office_for_one_more_attempt(
    play: Callers, today: time_machine.Traveller, office: str
) -> None:
    """Wrong number: OFFICE corrects in 3 wd, one more attempt; its silence leaves it wrong."""
    call = play.asked()
    wrong = play.case(call).customer_phone
    play.decide(call, "call-1", 回访结果="号码有误")
    item = play.items(call)["number"]
    assert (item.role, item.office, str(item.due_at)[:10]) == ("OFFICE", "BJ", "2026-11-23")
    if office == "is silent":
        today.move_to("2026-12-04T09:00:00+08:00")
        watch_deadlines(play.db, clock.now())
    elif office == "finds none":
        assert "原因" in play.refused(call, "number", 已查到="否", 客户电话="")
        play.decide(call, "number", 已查到="否", 客户电话="", 原因="已搬迁")
    else:
        assert "不是电话号码" in play.refused(call, "number", 客户电话="不知道")
        assert "有误的号码" in play.refused(call, "number", 客户电话=wrong)
        play.decide(call, "number", 客户电话="13911112222")
        assert play.items(call)["call-2"].prefill["客户电话"] == "13911112222"
        (sold,) = play.rows("SELECT DISTINCT customer_phone FROM sales_record WHERE order_no = 'SO20260318-0042'")
        assert sold.customer_phone == "13911112222"
        today.shift(timedelta(hours=3))
        play.decide(call, "call-2", 回访结果="号码有误")
    assert play.case(call).ending == "wrong_number"


def test_after_a_corrected_number_there_is_one_attempt(play: Callers, today: time_machine.Traveller) -> None:
    call = play.asked()
    play.decide(call, "call-1", 回访结果="号码有误")
    play.decide(call, "number", 客户电话="13911112222")
    today.shift(timedelta(hours=3))
    play.decide(call, "call-2", 回访结果="未接通")
    assert play.case(call).ending == "not_reached"


def test_a_number_that_is_none_goes_to_the_office_before_anybody_dials(play: Callers) -> None:
    """Bad input of the issue: a phone number that is none on a call list."""
    case = play.delivered(订单号="T-1", 客户姓名="凌霄", 客户电话="没有电话", 客户地址="松涛里9栋")
    play.listed()
    call = play.call_about(case)
    assert play.items(call)["number"].prefill["客户电话"] == "没有电话"
    play.decide(call, "number", 客户电话="13911112222")
    assert play.finish(call) == "satisfied"
    assert "不是电话号码" in play.wrong(
        process="HF", 办事处="BJ", 申报人工号=CALLER, 客户姓名="凌霄", 客户电话="无", 明细=[{"回访事由": "专项回访"}]
    )


def test_only_a_supervisor_calls_a_call_off(play: Callers) -> None:
    call = play.asked()
    assert "客服主管" in str(play.withdraw(call, CALLER).problems[0])
    assert play.withdraw(call, "E1040").accepted
    assert play.case(call).ending == "withdrawn"


def test_a_complaint_does_not_wait_for_a_call_that_was_called_off(play: Callers) -> None:
    """Calling a call off says that its customer is not reached: the filed complaint is settled, and not called about again."""
    case = play.planned()
    play.to(case, "callback")
    play.listed()
    assert play.withdraw(play.call_about(case), "E1040").accepted
    play.rest()
    assert play.case(case).ending == "settled"
    assert play.listed() == []


def test_a_call_that_is_called_off_while_a_unit_is_asked_has_told_what_the_customer_said(play: Callers) -> None:
    case = play.planned()
    play.to(case, "callback")
    play.listed()
    call = play.call_about(case)
    play.decide(call, "call-1", 回访结果="满意", 反映事项="开门声", 转交单位="板式车间")
    assert play.withdraw(call, "E1040").accepted
    play.rest()
    assert [play.case(one).ending for one in (call, case)] == ["withdrawn", "settled"]


def test_the_customer_file_shows_calls_with_their_attempts(play: Callers, today: time_machine.Traveller) -> None:
    """The customer file: all calls of a customer, beside cases, surveys and messages."""
    call = play.asked()
    play.decide(call, "call-1", 回访结果="未接通")
    today.shift(timedelta(hours=3))
    play.decide(call, "call-2", 回访结果="满意")
    again = play.asked()
    phone, numbers = play.case(call).customer_phone, [play.case(one).number for one in (again, call, call)]
    with play.db.connect() as connection:
        [who] = find_customers(connection, phone)
        shown = SECTIONS["calls"].load(connection, who, ALL).as_records()
    assert [row["number"] for row in shown] == numbers
    assert [(str(row["result"]), row["staff"]) for row in shown[1:]] == [("not_reached", CALLER), ("satisfied", CALLER)]
    assert (shown[0]["called_at"], shown[0]["why"]) == ("", "专项回访")


def test_a_call_offers_the_survey_that_waits_and_takes_its_answer(play: Callers) -> None:
    """Answers on a call form, which also offers the survey (S3 §8 5.8.2): not satisfied, they open one complaint together."""
    case = play.delivered()
    today = date(2026, 11, 18)
    with play.db.begin() as connection:
        number, _ = send_survey(connection, SurveyAbout.PARTS, Period(today, today), "test")
    play.listed()
    call = play.call_about(case)
    assert f"{number}-001" in "".join(play.items(call)["call-1"].brief)
    assert "通话才有" in play.refused(call, "call-1", 回访结果="未接通", 客户总体评价="很满意")
    assert "没有这一题" in play.refused(call, "call-1", 回访结果="满意", 分项评价="z9 很满意")
    said = {"回访结果": "不满意", "反映事项": "门响", "客户总体评价": "不满意", "分项评价": "e1 不太满意"}
    play.decide(call, "call-1", **said)
    (kept,) = play.rows("SELECT * FROM survey_answer")
    assert (kept.door, kept.overall, kept.marks) == ("agent", "not", {"e1": "hardly"})
    assert kept.staff in play.agents()
    (complaint,) = play.rows("SELECT id FROM service_case WHERE process = 'CC'")
    assert kept.complaint == complaint.id
    again = play.asked(明细=[{"回访事由": "专项回访", "事由单号": play.case(case).number}])
    assert "survey" not in "".join(play.items(again)["call-1"].brief)
    assert "没有待答的问卷" in play.refused(again, "call-1", 回访结果="满意", 客户总体评价="很满意")


# what customers say


def test_who_is_unsatisfied_after_a_delivery_has_a_new_complaint(play: Callers) -> None:
    """After anything but a complaint: a new CC, classified normally."""
    case = play.delivered()
    play.listed()
    call = play.call_about(case)
    play.decide(call, "call-1", 回访结果="不满意", 反映事项="铰链又松")
    play.rest()
    (complaint,) = play.rows("SELECT id, origin, request FROM service_case WHERE process = 'CC'")
    assert (complaint.origin, complaint.request["about"]) == (f"after:{case}", play.case(case).number)
    assert "铰链又松" in complaint.request["matter"]
    assert list(play.items(complaint.id)) == ["first-1"]


def test_what_a_customer_says_goes_to_the_unit_the_same_day_and_is_answered(play: Callers) -> None:
    """Findings go to the units the same day, tracked (S1 1.4.3); who wishes for a reply gets one."""
    call = play.asked()
    assert "责任单位" in play.refused(call, "call-1", 回访结果="满意", 反映事项="说明书不清", 转交单位="没有这个单位")
    play.decide(call, "call-1", 反映事项="说明书不清", 转交单位="板式车间", 要求回复="是")
    (letter,) = play.documents(call, "LL")
    assert (letter.content["matter"], letter.content["production_unit"]) == ("说明书不清", "板式车间 PANEL")
    item = play.items(call)["unit"]
    assert (item.role, item.unit, str(item.due_at)[:10]) == ("RESPONSIBLE_UNIT", "PANEL", "2026-11-25")
    play.decide(call, "unit", 单位意见="采纳", 答复内容="下版改进")
    assert "下版改进" in "".join(play.items(call)["told"].brief)
    play.decide(call, "told")
    assert play.case(call).ending == "satisfied"


def test_one_call_merges_all_reasons_and_an_unsatisfied_customer_says_about_which(play: Callers) -> None:
    """One call a customer merges all its reasons; further ones are added to a call that waits."""
    order = {"订单号": "SO20260318-0042"}
    first, second = play.delivered(**order), play.delivered(**order)
    (listed,) = play.listed()
    call, numbers = play.call_about(first), [play.case(case).number for case in (first, second)]
    assert play.call_about(second) == call
    assert all(number in listed.said for number in numbers)
    third = play.delivered(**order)
    assert play.listed() == []
    assert play.call_about(third) == call
    assert play.keys(call)[-1] == "add-to-call-1"
    assert "应为" in play.refused(call, "call-1", 回访结果="不满意", 反映事项="又松")
    play.decide(call, "call-1", 回访结果="不满意", 反映事项="又松", 不满意单号=play.case(third).number)
    play.rest()
    (complaint,) = play.rows("SELECT origin FROM service_case WHERE process = 'CC'")
    assert complaint.origin == f"after:{third}"


def test_a_call_without_a_case_opens_a_complaint_too(play: Callers) -> None:
    call = play.asked()
    play.decide(call, "call-1", 回访结果="不满意", 反映事项="送货慢")
    play.rest()
    (complaint,) = play.rows("SELECT origin FROM service_case WHERE process = 'CC'")
    assert complaint.origin == f"after:{call}"


def test_terms_of_a_call_count_from_what_it_is_about(play: Callers, today: time_machine.Traveller) -> None:
    """Within 3 wd of a delivery, however late the list is made."""
    case = play.delivered()
    today.move_to("2026-11-25T09:00:00+08:00")
    play.listed()
    assert str(play.items(play.call_about(case))["call-1"].due_at)[:10] == "2026-11-23"


def test_bad_input_of_a_call_is_named(play: Callers) -> None:
    asked = {"process": "HF", "办事处": "BJ", "申报人工号": CALLER, "明细": [{"回访事由": "专项回访"}]}
    assert "订单号" in play.wrong(**asked, 订单号="SO-NONE", 客户电话="13911112222")
    assert "办事处" in play.wrong(**asked | {"办事处": "火星办事处"})
    assert "须为客服专员" in play.wrong(**asked | {"申报人工号": "E1016"}, 客户电话="13911112222")
    unknown = [{"回访事由": "专项回访", "事由单号": "PA-2026-009999"}]
    assert "事由单号" in play.wrong(**asked | {"明细": unknown}, 客户电话="13911112222")
    about = [{"回访事由": "售后完成", "事由单号": play.case(play.delivered()).number}]
    play.listed()
    assert "已列入回访" in play.wrong(**asked | {"明细": about}, 客户电话="13911112222")
    call = play.asked()
    assert "拨打时间" in play.refused(call, "call-1", 回访结果="满意", 拨打时间="2026-11-19 10:00")
    assert "不是电话号码" in play.refused(call, "call-1", 回访结果="满意", 客户电话="无")


def test_where_every_agent_handled_it_the_supervisor_calls(play: Callers) -> None:
    """By another person than the handler, whoever is left."""
    case = play.planned()
    play.to(case, "callback")
    handlers = {row.actor for row in play.rows("SELECT DISTINCT actor FROM ledger WHERE kind = 'decision'")}
    play.retire(*(set(play.agents()) - handlers))
    (listed,) = play.listed()
    call = play.call_about(case)
    assert (play.items(call)["call-1"].role, listed.agent in play.holders(Role.SUPERVISOR)) == ("SUPERVISOR", True)
    play.decide(call, "call-1", "E1041")
    assert play.case(call).ending == "satisfied"


def test_a_complaint_that_is_filed_while_its_call_waits_hears_of_that_call(
    play: Callers, today: time_machine.Traveller
) -> None:
    """No two callbacks of one complaint: what came up meanwhile is added to the call that waits."""
    case = play.planned()
    key = play.to(case, "file")
    today.move_to("2026-12-04T09:00:00+08:00")
    play.listed()
    call = play.call_about(case)
    play.decide(case, key)
    assert play.listed() == []
    assert play.call_about(case) == call
    play.decide(call, "call-1")
    play.rest()
    assert (play.case(call).ending, play.case(case).ending) == ("satisfied", "settled")


def test_numbers_that_were_wrong_twice_are_right_on_later_lists(play: Callers, today: time_machine.Traveller) -> None:
    """Data correction: a later list knows the last number, whichever stands in the case."""
    case = play.delivered(订单号="T-1", 客户姓名="凌霄", 客户电话="13900000001", 客户地址="松涛里9栋")
    for phone in ("13900000002", "13900000003"):
        call = play.asked(订单号="", 客户姓名="凌霄", 客户电话=f"1390000000{int(phone[-1]) - 1}")
        play.decide(call, "call-1", 回访结果="满意", 客户电话=phone)
    play.listed()
    assert play.case(play.call_about(case)).customer_phone == "13900000003"
