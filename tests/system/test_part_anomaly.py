"""A part anomaly by mouse: an office reports what arrived broken; its line waits, and goes on."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product, until
from tests.system.screenshots import ANOMALY
from tests.system.staff import Staff, fill

pytestmark = pytest.mark.system


def test_what_is_wrong_is_reported_blamed_planned_approved_and_confirmed_by_mouse(
    product: Product, staff: Staff
) -> None:
    source = ANOMALY["来源单号"]
    form = staff.apply_from("杭州办事处", "配件异常处理")
    for label, value in ANOMALY.items():
        fill(form, label, value)
    number = product.number_of(staff.submit(), 30)
    until(lambda: related(staff, source, number), 60, lambda: staff.page.locator("main").last.inner_text())

    def decide(item: str, who: str, **fields: object) -> None:
        staff.decide(product.wait_at(number, item)["id"], who, **fields)

    decide("review", "E1001", 初审结论="同意")
    decide("responsibility", "E1022", 责任方类别="生产单位", 责任方="板式车间", 异常费用=80, 责任依据="封边开裂")
    decide("plan-1", "E1004", 处理办法="让步接收", 货物去向="留在原处", 申报方同意="客户同意", 折让金额=20)
    decide("approve-1-1", "E1040", 审批结论="同意")
    decide("confirm-1", "E1007", 确认结论="确认")
    product.wait_closed(number)
    staff.open_case(number)
    expect(staff.page.locator("main").last).to_contain_text("PANEL 80")


def related(staff: Staff, source: str, number: str) -> int:
    """Whether the source's sheet names the anomaly; its page follows a moment later."""
    staff.open_case(source)
    return staff.page.get_by_role("row", name=number).count()
