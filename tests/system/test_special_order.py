"""A special order by mouse: from its application to the contract by which it is made."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.staff import Staff, fill

pytestmark = pytest.mark.system

WISH = {
    "申报人工号": "E1049",
    "订单号": "SO20251023-0164",
    "品名": "定制衣柜门板(按尺寸)",
    "数量": 2,
    "图号": "DZ-0880",
    "尺寸": "800×600×18",
    "材质": "实木颗粒板",
    "颜色": "胡桃木",
}


def test_an_order_is_completed_offered_signed_paid_and_concluded_by_mouse(product: Product, staff: Staff) -> None:
    staff.start()
    staff.follow("北京办事处", "特殊订货")
    staff.page.get_by_role("button", name="Submit").wait_for()
    for label, value in WISH.items():
        fill(staff.page.locator("main").last, label, value)
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
