"""Quotes, payment, repair and inspection, withdrawal of a repair return (DOMAIN 2; DOMAIN-BRANCHES 2)."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tests.books import books_balance
from tests.flows.complaints import Hotline
from tests.flows.repairs import Repairs
from tests.flows.test_repair_return import issued, kinds, notices


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Repairs]:
    play = Repairs(db)
    yield play
    play.rest()
    books_balance(db)


def quoted(play: Repairs) -> int:
    """Give a repair whose quote the customer has."""
    case = play.arrived(fee="收费")
    play.decide(case, "appraise-1", 主要部件损坏="是", 修理费=80)
    play.decide(case, "contact-1-1")
    return case


def lapsed(play: Repairs, today: Any) -> int:
    """Give a repair whose quote nobody answered in time."""
    case = quoted(play)
    today.move_to("2026-12-04T00:00:00+08:00")
    assert play.time_out(case, "quote-1-1").accepted
    return case


def failing(play: Repairs, times: int = 3) -> int:
    """Give a repair that failed its inspection so often."""
    case = play.arrived()
    for n in range(1, times + 1):
        play.run_to(case, f"inspect-1-{n}")
        play.decide(case, f"inspect-1-{n}", 检验结论="不合格", 原因="有色差")
    return case


# quotes


def test_a_charged_repair_waits_for_the_signed_consent_and_for_its_money(play: Repairs) -> None:
    """返回品信息反馈单 to the customer; 修理收费单 only after it came back signed with consent (S3 §8 5.1.1.1)."""
    case = quoted(play)
    (quote,) = play.documents(case, "FK")
    assert quote.content["lines"][0]["finding"] == "主要部件损坏"
    assert "SF" not in issued(play, case)
    assert "plan-1" not in play.items(case), "charged lines are planned only after the signed consent"
    assert "签字" in play.refused(case, "quote-1-1", 签字日期="")
    assert "报价日" in play.refused(case, "quote-1-1", 签字日期="2026-11-17")
    play.decide(case, "quote-1-1")
    assert "SF" in issued(play, case)
    play.run_to(case, "paid-1-1")
    assert "goods-out-1-1" not in play.items(case), "unpaid: the goods stay"
    assert "80" in play.refused(case, "paid-1-1", 金额=81)
    play.decide(case, "paid-1-1", 金额=30)
    assert "goods-out-1-1" not in play.items(case)
    play.decide(case, "paid-1-2")
    assert play.finish(case) == "repaired"


def test_unpaid_goods_stay_and_after_ten_working_days_the_supervisor_is_told(play: Repairs, today: Any) -> None:
    case = quoted(play)
    play.run_to(case, "paid-1-1")
    assert play.items(case)["paid-1-1"].role == "FINANCE"
    today.move_to("2026-12-02T18:00:00+08:00")
    assert {("paid-1-1", "FINANCE"), ("paid-1-1", "SUPERVISOR")} <= notices(play, case)


def test_the_workshop_prices_what_is_charged(play: Repairs) -> None:
    """Quote: WORKSHOP prices, AGENT contacts the customer (1 wd)."""
    case = play.arrived(fee="收费")
    assert "修理费" in play.refused(case, "appraise-1", 修理费=0)
    play.decide(case, "appraise-1", 修理费=120)
    item = play.items(case)["contact-1-1"]
    assert (item.role, "120.00" in "".join(item.brief)) == ("AGENT", True)
    assert str(item.due_at) == "2026-11-19 09:30:00+00:00"


def disputed(play: Repairs) -> tuple[int, int]:
    """Let a customer dispute the warranty of a repair; gives the repair and the complaint, which is judged valid."""
    case = play.arrived(fee="收费")
    play.decide(case, "appraise-1", 修理费=120)
    play.decide(case, "contact-1-1", 三包有异议="是", 说明="去年十二月才签收")
    assert list(play.items(case)) == ["dispute-1-1"], "the repair waits"
    play.rest()
    complaint = play.child(case, "dispute-1-1")
    play.decide(complaint, "first-1")
    play.decide(complaint, "coordinate-1", 品管判定="否")
    return case, complaint


@pytest.mark.parametrize("free", [True, False])
def test_a_warranty_that_the_customer_disputes_opens_a_complaint_and_the_repair_waits(
    play: Repairs, free: bool
) -> None:
    """The customer disputes the warranty → a linked complaint, the repair waits."""
    case, complaint = disputed(play)
    assert (play.case(complaint).process, play.case(complaint).parent_id) == ("CC", case)
    assert play.case(complaint).request["about"] == play.case(case).number
    play.decide(complaint, "plan-1", 处理办法="按三包免费" if free else "说明致歉")
    assert Hotline(play.db).finish(complaint) == "settled"
    play.rest()
    assert (play.lines(case)[0].fee == "free") is free
    assert ("quote-1-1" in play.items(case)) is not free, "where the warranty holds nothing is quoted"
    assert play.finish(case) == "repaired"
    assert ("SF" in issued(play, case)) is not free


def test_a_dispute_that_comes_to_nothing_leaves_the_quote(play: Repairs) -> None:
    case, complaint = disputed(play)
    assert play.withdraw(complaint, "E1025", "客户撤诉").accepted
    play.rest()
    assert "quote-1-1" in play.items(case)


def test_a_repair_that_is_withdrawn_takes_its_dispute_along(play: Repairs) -> None:
    case, complaint = disputed(play)
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert play.finish(case) == "withdrawn"
    play.rest()
    assert play.case(complaint).ending == "withdrawn"


@pytest.mark.parametrize("how", [{"fee": "收费"}, {}], ids=["out of warranty, no main component", "misuse"])
def test_out_of_warranty_without_a_main_component_and_misuse_are_quoted_too(play: Repairs, how: dict[str, Any]) -> None:
    case = play.arrived(**how)
    play.decide(case, "appraise-1", 主要部件损坏="否", 使用不当="否" if how else "是", 修理费=80)
    assert "contact-1-1" in play.items(case)


def test_a_refusal_may_be_oral_is_recorded_and_the_goods_go_back_unrepaired(play: Repairs) -> None:
    case = quoted(play)
    play.decide(case, "quote-1-1", 答复="不同意报价", 签字日期="", 原因="电话中拒绝")
    assert next(row.output["reason"] for row in play.timeline(case) if row.step_key == "quote-1-1") == "电话中拒绝"
    assert play.finish(case) == "returned_unrepaired"
    assert kinds(play, case) == {"damaged_in": 2, "delivery_out": -2, "return_to_stock": 2, "own_use_out": -2}
    (back,) = [row.content for row in play.documents(case, "CK") if row.content["red"]]
    assert (back["category"], back["lines"][0]["quantity"]) == ("退库", "-2"), "a red slip, quantity below 0 (S3 §2 5)"


def test_the_agent_is_reminded_on_days_five_and_ten_and_silence_returns_the_goods_unrepaired(
    play: Repairs, today: Any
) -> None:
    """Valid 15 days, reminders on day 5 and 10; silence = expired → returned unrepaired."""
    case = quoted(play)
    told = []
    for day in ("2026-11-23", "2026-11-30"):
        today.move_to(f"{day}T10:00:00+08:00")
        told.append({key for key, _ in notices(play, case)})
    found = play.rows("SELECT kind FROM notice WHERE case_id = :c AND step_key = 'quote-1-1'", c=case)
    assert {row.kind.partition(":")[0] for row in found} == {"reminder-5", "reminder-10"}
    today.move_to("2026-12-04T09:00:00+08:00")
    watch_deadlines(play.db, clock.now())
    assert "revive-1-1" in play.items(case)
    while "goods-out-1-1" in play.items(case):
        play.decide(case, "goods-out-1-1")
    assert "revive-1-1" not in play.items(case), "nothing revives a quote once the goods have left"
    assert play.finish(case) == "returned_unrepaired"


def test_consent_to_an_expired_quote_is_refused_and_before_dispatch_a_signed_one_revives_it(
    play: Repairs, today: Any
) -> None:
    case = lapsed(play, today)
    late = {"经办人工号": play.holders("AGENT")[0], "答复": "同意报价", "签字日期": "2026-12-03"}  # type: ignore[arg-type]
    assert "办理" in play.refused_form(case, "quote-1-1", late)
    assert "签字" in play.refused(case, "revive-1-1", 答复="不同意报价", 原因="不修")
    play.decide(case, "revive-1-1")
    assert "goods-out-1-1" not in play.items(case)
    assert play.finish(case) == "repaired"
    assert kinds(play, case)["repair_out"] == -2


def test_consent_revives_a_quote_while_the_freight_of_the_way_back_waits_for_approval(
    play: Repairs, today: Any
) -> None:
    case = lapsed(play, today)
    by_air = {"运输方式": "空运", "承运商": "航空货运代理", "运费": 500, "件数": 1}
    play.decide(case, "goods-out-1-1", **by_air)
    assert {"freight-1-1", "revive-1-1"} <= play.items(case).keys()
    play.decide(case, "revive-1-1")
    assert play.finish(case) == "repaired"


def test_a_higher_price_needs_a_new_quote(play: Repairs) -> None:
    case = quoted(play)
    play.run_to(case, "repair-1-1")
    assert "dearer" in play.refused(case, "repair-1-1", 维修结果="已修好", 修理费=90)
    assert "收费" in play.refused(case, "repair-1-1", 维修结果="须重新报价", 修理费=80)
    play.decide(case, "repair-1-1", 维修结果="须重新报价", 修理费=90)
    play.decide(case, "contact-1-2")
    play.decide(case, "quote-1-2")
    play.decide(case, "repair-1-2", 修理费=90)
    play.run_to(case, "paid-1-1")
    assert play.items(case)["paid-1-1"].prefill["金额"] == 90
    assert play.finish(case) == "repaired"


def test_a_higher_price_that_is_declined_returns_the_goods_unrepaired(play: Repairs) -> None:
    case = quoted(play)
    play.run_to(case, "repair-1-1")
    play.decide(case, "repair-1-1", 维修结果="须重新报价", 修理费=90)
    play.decide(case, "contact-1-2")
    play.decide(case, "quote-1-2", 答复="不同意报价", 原因="太贵")
    assert play.finish(case) == "returned_unrepaired"
    assert kinds(play, case)["damaged_in"] == 4, "taken in, and back from the repairer"


# repair and inspection


def test_a_failed_inspection_goes_back_to_repair_and_only_what_passed_comes_in(play: Repairs) -> None:
    case = failing(play, times=1)
    assert "repair-1-2" in play.items(case)
    assert "repaired_in" not in kinds(play, case)
    assert "有色差" in "".join(play.items(case)["repair-1-2"].brief)
    assert play.finish(case) == "repaired"
    assert len(play.documents(case, "JY")) == 2


def test_a_failure_says_why(play: Repairs) -> None:
    case = play.arrived()
    play.run_to(case, "inspect-1-1")
    assert "原因" in play.refused(case, "inspect-1-1", 检验结论="不合格")


def test_nobody_inspects_an_own_application(play: Repairs) -> None:
    case = play.arrived()
    play.run_to(case, "inspect-1-1")
    applicant = play.case(case).applicant
    play.run("INSERT INTO staff_role (staff, role) VALUES (:s, 'QUALITY')", s=applicant)
    assert "审批" in play.refused(case, "inspect-1-1", applicant)


def test_the_third_failed_inspection_is_the_supervisors_once_more(play: Repairs) -> None:
    case = failing(play)
    assert play.items(case)["ruling-1-3"].role == "SUPERVISOR"
    play.decide(case, "ruling-1-3", 裁定="再修一次")
    assert play.finish(case) == "repaired"


def test_the_third_failed_inspection_may_give_the_goods_to_another_repairer(play: Repairs) -> None:
    case = failing(play)
    assert "单位" in play.refused(case, "ruling-1-3", 裁定="换单位维修")
    assert "OUT9" in play.refused(case, "ruling-1-3", 裁定="换单位维修", 生产单位="OUT9")
    play.decide(case, "ruling-1-3", 裁定="换单位维修", 生产单位="OUT1")
    play.decide(case, "plan-1001")
    assert play.items(case)["repair-1-4"].unit == "OUT1"


def test_the_third_failed_inspection_may_scrap_the_goods_with_the_customers_consent(play: Repairs) -> None:
    case = failing(play)
    play.decide(case, "ruling-1-3", 裁定="报废")
    play.decide(case, "scrap-consent-1")
    play.decide(case, "scrap-1")
    assert play.case(case).ending == "scrapped"
    assert kinds(play, case) == {"damaged_in": 4, "repair_out": -2, "scrap_out": -2}


def test_what_cannot_be_repaired_goes_back_or_is_scrapped_with_consent(play: Repairs) -> None:
    """无法修复 found during repair: returned unrepaired (or scrap with consent)."""
    case = play.arrived()
    play.run_to(case, "repair-1-1")
    play.decide(case, "repair-1-1", 维修结果="无法修复")
    play.decide(case, "scrap-consent-1", 报废答复="不同意报废")
    assert play.finish(case) == "returned_unrepaired"


def test_a_count_that_is_short_is_decided_on_and_the_rest_is_delivered(play: Repairs) -> None:
    case = play.arrived()
    play.run_to(case, "goods-in-1")
    play.decide(case, "goods-in-1", 明细={1: {"实收数量": 1, "差异原因": "少一件"}})
    assert play.finish(case) == "repaired"
    assert kinds(play, case)["own_use_out"] == -1


# handing over


def test_goods_that_stay_at_the_office_ten_working_days_are_the_supervisors_matter(play: Repairs, today: Any) -> None:
    """End: after pickup the OFFICE hands the goods to the customer against signature (10 wd, then SUPERVISOR)."""
    case = play.arrived()
    play.run_to(case, "handover-1")
    assert "签收单" in play.refused(case, "handover-1", 签收单编号="")
    assert "交付日期" in play.refused(case, "handover-1", 交付日期="2026-11-17")
    today.move_to("2026-12-02T18:00:00+08:00")
    assert {("handover-1", "OFFICE"), ("handover-1", "SUPERVISOR")} <= notices(play, case)


def test_what_arrives_damaged_is_decided_on_and_the_rest_is_handed_over(play: Repairs) -> None:
    case = play.arrived()
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="P", 明细={1: {"完好数量": 1}})
    assert "anomaly-pickup-1" in play.items(case)
    assert play.finish(case) == "repaired"
    assert kinds(play, case)["own_use_out"] == -1


# withdrawal


def test_the_applicant_takes_a_repair_back_and_the_offices_books_show_it_in_red(play: Repairs) -> None:
    case = play.reviewed()
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert play.case(case).ending == "withdrawn"
    assert kinds(play, case) == {"damaged_in": 0}
    red = [row for row in play.documents(case, "RK") if row.content["red"]]
    assert [row.content["lines"][0]["quantity"] for row in red] == ["-2"]


@pytest.mark.parametrize("key", ["shipped-1", "appraise-1", "repair-1-1"])
def test_what_is_not_at_its_office_any_more_comes_back_unrepaired_when_a_repair_is_withdrawn(
    play: Repairs, key: str
) -> None:
    case = play.reviewed()
    listed = play.draw_up(case)
    play.decide(listed, "list-1")
    if key != "shipped-1":
        play.decide(listed, "logistics")
        play.decide(listed, "receive-1")
    play.hear(case)
    play.run_to(case, key)
    began = key == "repair-1-1"
    applicant, supervisor = play.case(case).applicant, play.holders("SUPERVISOR")[0]  # type: ignore[arg-type]
    assert play.withdraw(case, applicant).accepted is not began
    if began:
        assert play.withdraw(case, supervisor).accepted
    if key == "shipped-1":
        assert play.finish(listed) == "received"
        play.hear(case)
    assert not play.withdraw(case, supervisor).accepted, "it was taken back already"
    assert play.finish(case) == "withdrawn"
    assert kinds(play, case)["own_use_out"] == -2
    assert not play.rows("SELECT 1 FROM production_order WHERE state = 'open'")


def test_nobody_takes_back_what_is_repaired(play: Repairs) -> None:
    case = play.arrived()
    play.run_to(case, "goods-out-1-1")
    assert "已修好" in str(play.withdraw(case, play.holders("SUPERVISOR")[0]).problems[0])  # type: ignore[arg-type]
