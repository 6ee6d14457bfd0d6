"""What a return refuses, and that nothing is changed by it (DOMAIN 5; issue F, "Bad input gets")."""

import threading
from typing import Any

import pytest
import time_machine

from schemas.problems import BadInput
from tests.flows.returns import CHAIRS, ORDER, bring_back, form_of, no_reason, paid, sale
from tests.play import Play, open_to_gate


def refused(play: Play, **fields: Any) -> str:
    before = play.rows("SELECT s::text FROM sales_record s ORDER BY 1"), play.rows("SELECT * FROM counter")
    with pytest.raises(BadInput) as wrong:
        open_to_gate(play.db, form_of(play, **fields), "RF")
    assert (play.rows("SELECT s::text FROM sales_record s ORDER BY 1"), play.rows("SELECT * FROM counter")) == before
    assert play.rows("SELECT id FROM service_case") == []
    return str(wrong.value)


def line(quantity: float = 1, no: int = 1, found: str = "开裂") -> dict[str, Any]:
    return {"行号": no, "退换数量": quantity, "退换原因": found}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"订单号": "SO20200101-0001"}, "销售记录中没有此订单，不能退换"),
        ({"明细": [line(3)]}, "退换数量 quantity: “3” — 最多 2 at most: 售出 sold 2，已退或待退 back or claimed already 0"),
        ({"明细": [line(no=7)]}, "the order has no such line, must be one of 1"),
        ({"明细": [line(), line()]}, "重复 is listed twice"),
        ({"明细": []}, "至少 1 行"),
        ({"明细": [line(found="")]}, "必填"),
        ({"明细": [line(0)]}, "应大于 must be greater than 0"),
        ({"客户电话": "13900000000"}, "客户电话 phone: “13900000000” — 与销售记录不符"),
        ({"客户姓名": "别人"}, "不是此订单的客户"),
        ({"照片编号": ""}, "照片编号 photos: “” — 质量问题或折价时必填"),
        ({"退换依据": "无理由", "客户意愿": "折价", "照片编号": ""}, "质量问题或折价时必填"),
        ({"退换依据": "没有"}, "应为 expected one of"),
        ({"客户意愿": "更改订单", "改成": "蓝色"}, "已签收，不能再更改"),
        ({"客户意愿": "更改订单"}, "更改订单时必填"),
        ({"退款账号": "没有账号"}, "应为 12 至 19 位银行账号"),
        ({"退款账号": "12345"}, "应为 12 至 19 位银行账号"),
        ({"申报人工号": "E1016"}, "售后人员或客服专员"),
        ({"申报人工号": "E9999"}, "没有这位在职员工"),
        ({"办事处": "月球"}, "没有这个办事处"),
        ({"客户提出日期": "2026-11-19"}, "不能晚于今天 2026-11-18"),
        ({"原退换单号": "RF-2026-000009"}, "不是此订单逾期未返货的单"),
    ],
    ids=lambda one: str(one)[:40] if isinstance(one, str) else "",
)  # fmt: skip
def test_a_request_that_is_wrong_is_refused_and_nothing_is_changed(
    play: Play, fields: dict[str, Any], told: str
) -> None:
    """Goods never sold, more than delivered, by another customer; an account that is none."""
    assert told in refused(play, **fields)


def test_goods_come_back_once(play: Play) -> None:
    """Returned twice: never more than delivered minus already returned."""
    case = bring_back(play)
    assert play.finish(case) == "refunded"
    with pytest.raises(BadInput, match="最多 0 at most: 售出 sold 2，已退或待退 back or claimed already 2"):
        open_to_gate(play.db, form_of(play, 1), "RF")


@pytest.mark.parametrize(
    ("moment", "holds"), [("2026-11-23T23:59:00+08:00", True), ("2026-11-24T00:00:00+08:00", False)]
)
def test_a_request_one_minute_in_time_and_one_minute_late(
    play: Play, today: time_machine.Traveller, moment: str, holds: bool
) -> None:
    """Periods end at 24:00 Shanghai time of their last day."""
    today.move_to(moment)
    case = no_reason(play)
    if holds:
        play.decide(case, "review-1")
        assert "notice-1" in play.items(case)
    else:
        assert "没有可依据的规则" in play.refused(case, "review-1")
        play.decide(case, "review-1", 退换结论="不同意", 原因="超期")
        assert (play.case(case).ending, sale(play).returned) == ("refused", 0)


def test_a_request_made_in_time_may_be_recorded_later(play: Play, today: time_machine.Traveller) -> None:
    """The *request* must fall inside, the goods may follow."""
    today.move_to("2026-11-26T10:00:00+08:00")
    case = no_reason(play, 客户提出日期="2026-11-23")
    play.decide(case, "review-1")
    assert play.finish(case) == "refunded"


def test_custom_made_goods_that_were_confirmed_at_purchase_need_a_defect(play: Play) -> None:
    """Not for custom-made goods; refused only if marked and confirmed at purchase."""
    play.run("UPDATE sales_record SET custom_made = true WHERE order_no IN (:a, :b)", a=ORDER, b=CHAIRS)
    play.run("UPDATE sales_record SET custom_confirmed = true WHERE order_no = :a", a=ORDER)
    case = no_reason(play)
    assert "没有可依据的规则" in play.refused(case, "review-1")
    play.decide(case, "review-1", 依据更正="质量问题")
    play.decide(no_reason(play, 1, 订单号=CHAIRS), "review-1")


def test_a_payment_for_a_refused_refund_is_refused(play: Play) -> None:
    """A payment for a refused refund."""
    case = bring_back(play)
    play.decide(case, "review-1", 退换结论="不同意", 原因="人为")
    assert "本单已结案" in play.refused_form(case, "pay-1", {"经办人工号": "E1047"})
    assert paid(play, case) == []


def test_more_than_was_awaited_is_not_counted(play: Play) -> None:
    case = bring_back(play, 1)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    told = play.refused(case, "count-1-way", 明细={1: {"实返数量": 2}})
    assert "应为 1 至 1" in told
    assert "应为 must be one of 1" in play.refused(case, "count-1-way", 明细=[{"行号": 3, "实返数量": 1}])
    assert "应在 2026-11-18 与今天 2026-11-18 之间" in play.refused(case, "count-1-way", 送达日期="2026-11-17")


def test_the_database_itself_bounds_what_comes_back_and_what_is_paid(play: Play) -> None:
    """Guards: never more than delivered minus already returned; never more money than paid."""
    for change in ("returned = 3", "settled = 1", "refunded = 1500.01", "fee_refunded = 60.01"):
        with pytest.raises(Exception, match="ck_sales_record"):
            play.run(f"UPDATE sales_record SET {change} WHERE order_no = :o", o=ORDER)


def test_of_many_at_once_only_as_many_are_claimed_as_were_sold(play: Play) -> None:
    """Over-return guard under concurrency: 20 requests for a piece of 4 at once."""
    came, refused = list[int](), list[str]()

    def ask() -> None:
        try:
            came.append(open_to_gate(play.db, form_of(play, 1, 订单号=CHAIRS), "RF").case_id)
        except BadInput as wrong:
            refused.append(str(wrong))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(came), len(refused), sale(play, CHAIRS).returned) == (4, 16, 4)
    assert all("最多 0 at most" in told for told in refused)


def test_two_cases_settle_the_same_order_at_once_and_pay_no_more_than_was_paid(play: Play) -> None:
    """Over-refund guard under concurrency."""
    cases = [bring_back(play, 1, 订单号=CHAIRS) for _ in range(4)]
    for case in cases:
        play.run_to(case, "sign-1")
    threads = [threading.Thread(target=play.decide, args=(case, "sign-1")) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for case in cases:
        assert play.finish(case) == "refunded"
    assert (sale(play, CHAIRS).settled, sale(play, CHAIRS).refunded) == (4, 2128 - 100)
    assert sum(sum(paid(play, case)) for case in cases) == 2028 + 4 * 90
