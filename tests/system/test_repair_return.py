"""A repair by mouse: damaged goods are repaired in the office's paint room and handed to the customer."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.screenshots import REPAIR
from tests.system.staff import Staff, fill

pytestmark = pytest.mark.system


def test_goods_are_reviewed_appraised_planned_repaired_inspected_and_handed_over_by_mouse(
    product: Product, staff: Staff
) -> None:
    form = staff.apply_from("北京办事处", "配件返修")
    for label, value in REPAIR.items():
        fill(form, label, value)
    number = product.number_of(staff.submit(), 30)

    def decide(item: str, who: str, **fields: object) -> None:
        staff.decide(product.wait_at(number, item)["id"], who, **fields)

    decide("review-1", "E1001", 返修结论="通过", 维修地点="办事处漆房")
    decide("appraise-1", "E1049", 鉴定类别="二类")
    decide("plan-1", "E1004")
    decide("repair-1-1", "E1049", 维修结果="已修好", 维修内容="补漆", 修理费=0)
    decide("inspect-1-1", "E1022", 检验结论="合格", 检验项目="外观")
    decide("handover-1", "E1049", 交付日期="today", 签收单编号="QS-0001")
    product.wait_closed(number)
    staff.open_case(number)
    expect(staff.page.locator("main").last).to_contain_text("已修复交付")
