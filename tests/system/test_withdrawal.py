"""An office takes an application back; a wrong number changes nothing."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.staff import Staff, fill

pytestmark = pytest.mark.system


def test_the_applicant_takes_a_case_back_but_not_by_a_wrong_number(product: Product, staff: Staff) -> None:
    number = product.apply([{"配件名称": "衣柜顶板", "数量": 1, "原因": "缺件"}])
    _ask_back(staff, "PA-2026-999999")
    expect(staff.page.get_by_text("未受理").first).to_be_visible()
    staff.page.get_by_role("tab", name="Details").click()
    expect(staff.page.locator("body")).to_contain_text("没有单号为 PA-2026-999999 的单据")

    _ask_back(staff, number)
    expect(staff.page.get_by_text("已撤回").first).to_be_visible()
    run = product.wait_closed(number)
    assert (run["state_name"], run["name"]) == ("已撤回", f"{number} · 北京办事处 · 已撤回")


def _ask_back(staff: Staff, number: str) -> None:
    staff.start()
    staff.page.get_by_role("link", name="撤回申报").click()
    staff.page.get_by_role("button", name="Submit").wait_for()
    form = staff.page.locator("main").last
    fill(form, "单号", number)
    fill(form, "经办人工号", "E1049")
    fill(form, "撤回原因", "客户取消")
    staff.submit()
