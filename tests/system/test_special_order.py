"""A special order by mouse: from its application to the contract by which it is made."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.screenshots import WISH
from tests.system.staff import Staff, fill

pytestmark = pytest.mark.system


def test_an_order_is_completed_offered_signed_paid_and_concluded_by_mouse(product: Product, staff: Staff) -> None:
    form = staff.apply_from("北京办事处", "特殊订货")
    for label, value in WISH.items():
        fill(form, label, value)
    number = product.number_of(staff.submit(), 30)

    def decide(item: str, who: str, **fields: object) -> None:
        staff.decide(product.wait_at(number, item)["id"], who, **fields)

    staff.open_run(product.wait_at(number, "review-1")["id"])
    expect(staff.resume()).to_contain_text("缺 missing: 要求日期")
    decide("review-1", "E1001", 初审结论="退回办事处", 原因="请补要求日期")
    decide("resubmit-1", "E1049", 要求日期="today")
    decide("review-2", "E1001", 初审结论="通过")
    decide("makeable", "E1012", 生产结论="可以生产")
    decide("proposal-1", "E1004", lines=[{"单价": 1000, "周期天数": 15}], 定金=200)
    decide("approve-offer-1-0", "E1002", 审批结论="同意")
    decide("offer-1", "E1049", 答复="同意报价", 签字日期="today")
    decide("deposit-1-1", "E1047", 付款日期="today", 凭证号="YH-0001")
    decide("contract", "E1040", 审批结论="同意")
    product.wait_at(number, "plan-1")
    staff.open_case(number)
    expect(staff.page.locator("main").last).to_contain_text("2,000.00 CNY")
