"""A return by mouse: requested, reviewed, sent back, inspected, signed, paid and confirmed by the bank's list."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.screenshots import RETURN
from tests.system.staff import Staff, fill

pytestmark = pytest.mark.system


def test_goods_come_back_and_are_paid_for_by_mouse(product: Product, staff: Staff) -> None:
    form = staff.apply_from("北京办事处", "退换货")
    for label, value in RETURN.items():
        fill(form, label, value)
    number = product.number_of(staff.submit(), 30)

    def decide(item: str, who: str, **fields: object) -> None:
        staff.decide(product.wait_at(number, item)["id"], who, **fields)

    decide("review-1", "E1025", 退换结论="同意")
    decide("special-1", "E1043", 审批结论="同意")
    decide("notice-1", "E1026", 通知日期="today")
    decide("sent-1", "E1049", 返货承运商="中通快递", 返货运单号="ZT1", 返货运费=0)
    decide("count-1-way", "E1016", 送达日期="today")
    decide("appraise-1", "E1012")
    decide("sign-1", "E1044", 审批结论="同意")
    decide("pay-1", "E1047")
    decide("bank-1-1", "E1048", 银行结果="已付", 入账日期="today", 银行流水号="YH-1")
    product.wait_closed(number)
    staff.open_case(number)
    expect(staff.page.locator("main").last).to_contain_text("已退款")
