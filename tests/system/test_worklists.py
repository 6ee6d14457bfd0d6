"""The start page leads everybody to what waits for them."""

import re

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.staff import Staff

pytestmark = pytest.mark.system


def test_the_worklist_link_of_a_role_shows_the_runs_that_wait_for_it(product: Product, staff: Staff) -> None:
    panel = {"配件名称": "衣柜底板", "数量": 1, "原因": "缺件"}
    number = product.apply([panel], office="TJ", applicant="E1051")
    staff.start()
    staff.follow("配件审核员", "列表")
    expect(staff.page.get_by_role("link", name=f"{number} · 天津办事处 · 审核修正")).to_be_visible()
    shown = staff.page.get_by_role("link", name=re.compile(r"^PA-\d{4}-\d{6} · ")).all_inner_texts()
    assert shown
    assert all(name.endswith("审核修正") for name in shown), shown


def test_an_office_sees_its_own_cases(product: Product, staff: Staff) -> None:
    staff.start()
    staff.follow("杭州办事处", "待提货、待修改")
    links = staff.page.get_by_role("link", name=re.compile(r"^PA-\d{4}-\d{6} · "))
    links.first.wait_for()
    assert all("杭州办事处 · 催提" in name for name in links.all_inner_texts())
    staff.start()
    staff.follow("杭州办事处", "本办")
    links.first.wait_for()
    assert all("杭州办事处" in name for name in links.all_inner_texts())
