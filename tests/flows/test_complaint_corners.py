"""Corners of complaints: what a sly or clumsy colleague or customer makes of them (DOMAIN 3; DOMAIN-BRANCHES 3)."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tests.books import books_balance
from tests.flows.complaints import ORDER, Hotline

PLANNED = {"处理办法": "说明致歉", "处理措施": "换门板", "措施期限": "2026-11-27"}
AUTHORITY = {"来电渠道": "消协/工商", "来件文号": "消协〔2026〕18号", "来件期限": "2026-12-10"}


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Hotline]:
    play = Hotline(db)
    yield play
    play.rest()
    books_balance(db)


def at(play: Hotline, today: Any, moment: str) -> None:
    """Let it be a moment, and the watch pass."""
    today.move_to(moment)
    watch_deadlines(play.db, clock.now())


# who releases


def test_a_plan_of_the_last_round_is_reviewed_before_the_general_manager(play: Hotline) -> None:
    """Unsatisfied: one level higher; GENERAL_MANAGER is the top: nobody's plan goes out unreleased there."""
    case = play.planned()
    for _ in range(3):
        play.to(case, "callback")
        play.said(case, "callback", 客户意见="不满意", 原因="仍不好")
    plan = play.to(case, "plan")
    play.decide(case, plan, **PLANNED)
    (item,) = [item for key, item in play.items(case).items() if not key.startswith("month")]
    assert (item.title, item.role) == ("会审", "GENERAL_MANAGER")
    assert play.finish(case) == "settled"


# the same matter


def test_the_numbers_that_are_asked_about_are_those_of_cases_that_may_be_named(play: Hotline) -> None:
    """Same matter, the agent confirms: an appended contact's number means the case it was appended to."""
    first = play.planned()
    second = play.call(同一事项="是")
    numbers = [play.case(case).number for case in (first, second)]
    asked = play.wrong()
    assert numbers[0] in asked
    assert numbers[1] not in asked
    third = play.call(同一事项=numbers[1])
    assert (play.case(third).ending, play.case(third).ending_reason) == ("appended", numbers[0])


def test_only_contacts_on_the_same_matter_make_it_major(play: Hotline) -> None:
    """The third recorded contact on the matter: what the agent said is another matter does not count."""
    first = play.planned()
    assert play.finish(first) == "settled"
    play.call(同一事项="否")
    again = play.valid(同一事项=play.case(first).number)
    assert "重大" not in play.documents(again, "TS")[0].content["severity"]
    assert "第 2 次" in "".join(play.items(again)["coordinate-1"].brief)


@pytest.mark.parametrize("first", [True, False])
def test_the_same_customer_is_known_by_phone_whether_or_not_the_order_was_named(play: Hotline, first: bool) -> None:
    """Same matter spelled otherwise: once by the order, once by the customer's name and phone alone."""
    (sale,) = play.rows("SELECT DISTINCT customer_name, customer_phone FROM sales_record WHERE order_no = :o", o=ORDER)
    caller = {"订单号": "", "订单行": 0, "客户姓名": sale.customer_name, "客户电话": f"+86 {sale.customer_phone}"}
    case = play.call(**({} if first else caller))
    assert play.case(case).number in play.wrong(**(caller if first else {}))


def test_the_same_part_is_known_by_its_code_and_by_its_name(play: Hotline) -> None:
    (part,) = play.rows("SELECT name FROM part WHERE code = 'P-PB-001' LIMIT 1")
    case = play.call(订单行=0, 配件="P-PB-001")
    assert play.case(case).number in play.wrong(订单行=0, 配件=part.name)
    assert play.case(case).number in play.wrong(订单行=0, 配件="p-pb-001")
    assert play.case(case).number in play.wrong(订单号=ORDER.lower(), 订单行=0)
    play.call(订单行=0, 配件="P-HW-001")


def test_any_contact_reopens_what_was_unreachable_an_enquiry_too(play: Hotline) -> None:
    """Closed *unreachable*, reopened by any contact within 90 days."""
    case = play.planned()
    play.to(case, "answer")
    for attempt in range(1, 6):
        play.decide(case, f"answer-{attempt}", 客户意见="未联系上")
    assert "contact-1" in play.items(case)
    call = play.call("咨询", 来电事项="处理得怎样了", 同一事项=play.case(case).number)
    assert play.case(call).ending == "appended"
    play.rest()
    assert "answer-6" in play.items(case)


# the month


def test_the_month_passes_while_nobody_takes_the_complaint_over(play: Hotline, today: Any) -> None:
    """A valid complaint unsolved one calendar month after receipt; the month's clock never pauses."""
    case = play.valid()
    at(play, today, "2026-12-18T09:59:59+08:00")
    assert ("raise-to-major", "MANAGER") not in play.told(case)
    at(play, today, "2026-12-18T10:00:01+08:00")
    assert ("raise-to-major", "MANAGER") in play.told(case)


def test_a_complaint_reopened_after_a_month_is_major(play: Hotline, today: Any) -> None:
    case = play.planned()
    play.to(case, "callback")
    at(play, today, "2026-12-18T17:00:00+08:00")
    assert ("raise-to-major", "MANAGER") not in play.told(case)
    play.said(case, "callback", 客户意见="不满意", 原因="又坏")
    watch_deadlines(play.db, clock.now())
    assert ("raise-to-major", "MANAGER") in play.told(case)


# silence


def test_who_cannot_be_reached_about_the_effect_is_not_written_down_as_satisfied(play: Hotline) -> None:
    """Close needs the customer's answer; customer silent: attempts, notice, closed unreachable."""
    case = play.planned()
    play.to(case, "effect")
    play.decide(case, "verify-1")
    for attempt in range(1, 6):
        play.decide(case, f"effect-{attempt}", 客户意见="未联系上")
    assert "contact-1" in play.items(case)
    assert not any(sheet.content.get("customer_says") for sheet in play.documents(case, "TS"))


def test_who_was_called_for_now_within_48_hours_is_called_again_when_that_was_promised(
    play: Hotline, today: Any
) -> None:
    """Contact within 48 hours, then SUPERVISOR: a contact in time is one."""
    case = play.call("报修")
    play.decide(case, "first-1", 接听结论="转办", 维修方式="责任人不在")
    play.decide(case, "first-2", 接听结论="暂复再约", 答复内容="师傅周一到岗", 约定时间="2026-11-23 10:00")
    at(play, today, "2026-11-20T10:00:01+08:00")
    assert play.items(case)["first-3"].role == "AGENT"


@pytest.mark.parametrize(("moment", "role"), [("2026-11-20T09:59:59", "AGENT"), ("2026-11-20T10:00:01", "SUPERVISOR")])
def test_the_48_hours_end_to_the_second(play: Hotline, today: Any, moment: str, role: str) -> None:
    case = play.call("报修")
    play.decide(case, "first-1", 接听结论="转办", 维修方式="责任人不在")
    at(play, today, f"{moment}+08:00")
    play.rest()
    assert {item.role for item in play.items(case).values()} == {role}


# special matters


@pytest.mark.parametrize("kind", ["报修", "咨询", "建议"])
@pytest.mark.parametrize("special", ["放弃保修", "特殊要求", "法律事务", "解除合同", "公共事件"])
def test_a_special_matter_is_not_hidden_in_an_enquiry(play: Hotline, kind: str, special: str) -> None:
    """What needs a leader's word is not answered and closed by an agent."""
    assert "投诉" in play.wrong(kind, 特别事项=special)


def test_the_reply_to_an_authority_is_due_by_its_deadline_from_the_start(play: Hotline) -> None:
    """Authority: file number, its deadline, the reply to it."""
    case = play.valid(**AUTHORITY)
    assert str(play.items(case)["authority-1"].due_at)[:10] == "2026-12-10"
    assert "消协〔2026〕18号" in "".join(play.items(case)["authority-1"].brief)
    play.to(case, "file")
    assert "authority-1" not in play.items(case)


@pytest.mark.parametrize(
    ("kind", "verdict", "ending"), [("投诉", "无效投诉", "invalid"), ("咨询", "已答复", "answered")]
)
def test_an_authority_gets_its_reply_however_it_ends(play: Hotline, kind: str, verdict: str, ending: str) -> None:
    case = play.call(kind, **AUTHORITY)
    play.decide(case, "first-1", 接听结论=verdict, 答复内容="属使用不当")
    if kind == "投诉":
        play.decide(case, "explained-1")
    assert play.case(case).ending is None
    play.decide(case, "authority-1", 回复方式="书面")
    assert play.case(case).ending == ending


def test_nobody_lower_overrules_the_manager_about_a_special_request(play: Hotline) -> None:
    """Special request (MANAGER): the customer's objection to that is not the SUPERVISOR's."""
    case = play.valid(特别事项="特殊要求")
    play.decide(case, "request-1", 审批结论="不同意", 原因="超出权限")
    play.decide(case, "explained-1", 客户意见="不满意", 原因="合同有约定")
    assert play.items(case)["ruling-1"].role == "GENERAL_MANAGER"


# dates, rounds


def test_a_plan_whose_date_passed_while_the_customer_thought_is_not_overdue_by_that(play: Hotline, today: Any) -> None:
    """A measure overdue → joint review: nobody is late who could not begin."""
    case = play.planned()
    play.decide(case, "plan-1", **PLANNED | {"措施期限": "2026-11-20"})
    play.to(case, "answer")
    at(play, today, "2026-11-24T09:00:00+08:00")
    play.decide(case, "answer-1")
    assert "done-1-remedy" in play.items(case)
    assert str(play.items(case)["done-1-remedy"].due_at)[:10] > "2026-11-24"


def test_a_unit_is_charged_for_its_fault_of_each_round(play: Hotline) -> None:
    case = play.planned()
    for turn in (1, 2):
        play.decide(case, play.to(case, "file"), 处罚金额=100 * turn, 处罚原因="漏检")
        play.said(case, "answer-fault")
        play.said(case, "penalty-fault", "E1043")
        if turn == 1:
            play.said(case, "callback", 客户意见="不满意", 原因="仍不好")
    assert play.finish(case) == "settled"
    charged = play.rows("SELECT amount FROM charge WHERE case_id = :c ORDER BY id", c=case)
    assert [row.amount for row in charged] == [100, 200]


@pytest.mark.parametrize("relief", ["退货", "换货"])
def test_a_plan_may_be_a_return_or_an_exchange_which_is_followed(play: Hotline, relief: str) -> None:
    case = play.planned()
    play.decide(case, "plan-1", **PLANNED | {"处理办法": relief, "件数": 1})
    play.to(case, "child")
    assert play.case(play.child(case, "child-1")).process == "RF"


# what people read


def test_nobody_reads_a_severity_that_nobody_has_judged(play: Hotline) -> None:
    case = play.call()
    assert "严重程度" not in "".join(play.items(case)["first-1"].brief)
    play.decide(case, "first-1", 接听结论="有效投诉", 严重程度="一般")
    assert "严重程度 severity: **一般**" in "".join(play.items(case)["coordinate-1"].brief)


def test_the_written_notice_says_by_when_to_answer_and_what_else_happens(play: Hotline) -> None:
    """Written notice 客户问题告知书, after 10 wd closed unreachable."""
    case = play.planned()
    play.to(case, "answer")
    for attempt in range(1, 5):
        play.decide(case, f"answer-{attempt}", 客户意见="未联系上")
    told = play.documents(case, "GZ")[0].content
    assert str(play.items(case)["answer-5"].due_at)[:10] in told["reply"]


def test_a_penalty_is_printed_as_money(play: Hotline) -> None:
    case = play.planned()
    play.decide(case, play.to(case, "file"), 处罚金额=200, 处罚原因="漏检")
    play.said(case, "answer-fault")
    play.said(case, "penalty-fault")
    printed = [play.documents(case, kind)[0].content["penalty"] for kind in ("YJ", "CF")]
    assert printed == ["200.00", "200.00"]
