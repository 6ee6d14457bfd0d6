"""A warranty card is registered and the customer's file opened, by mouse."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.screenshots import CARD
from tests.system.staff import Staff

pytestmark = pytest.mark.system


def test_a_card_is_registered_and_the_customers_file_found_by_phone(product: Product, staff: Staff) -> None:
    staff.do_job("保修卡登记", "已登记", **CARD)
    expect(staff.page.locator("main").last).to_contain_text("BX-2025-0417 已登记")
    staff.do_job("客户档案", "已查询", 经办人工号="E1049", 查找内容="138 0000 2195")
    page = staff.page.locator("main").last
    expect(page).to_contain_text("138****2195")
    expect(page).to_contain_text("北京办事处")
    expect(page).to_contain_text("BX-2025-0417")
    expect(page).not_to_contain_text("13800002195")
