"""A store is asked by a survey, answers on a phone, and its complaint waits at the hotline."""

import re

import pytest
from playwright.sync_api import expect

from deployments.local.locks import survey_links
from tests.system.product import Product, until
from tests.system.staff import Staff

pytestmark = pytest.mark.system

PHONE = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN", "has_touch": True}


def test_a_customer_fills_in_the_survey_on_a_phone_and_the_complaint_appears(product: Product, staff: Staff) -> None:
    wanted = {"调查对象": "专卖店", "起始日": "today", "截止日": "today"}
    staff.do_job("专项满意度调查", "已办理", 经办人工号="E1040", **wanted)
    said = staff.page.locator("main").last
    expect(said).to_contain_text("发出 sent 5")
    (number,) = re.findall(r"MY-\d{6}-\d+", said.inner_text())[:1]
    staff.do_job("问卷链接", "已列出", 经办人工号="E1025", 调查编号=number)
    expect(staff.page.locator("main").last.get_by_role("link", name=f"{number}.xlsx")).to_be_visible()
    (form,) = product.rows(
        "SELECT f.id FROM survey_form f JOIN survey s ON s.id = f.survey WHERE number = :n LIMIT 1", n=number
    )
    link = survey_links(product.settings).of(form.id)
    phone = staff.page.context.browser.new_context(**PHONE)  # type: ignore[union-attr]
    page = phone.new_page()
    page.goto(link)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing is cut off at phone width"
    page.get_by_role("group", name="总体评价").get_by_role("radio", name="基本满意").tap()
    service = page.get_by_role("group", name="服务")
    service.get_by_text("分项评价与说明").tap()
    service.get_by_role("radiogroup", name="人员态度").get_by_role("radio", name="不满意", exact=True).tap()
    service.get_by_label("服务 说明").fill("电话打了三次才有人接")
    page.get_by_role("button", name="提交").tap()
    expect(page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
    phone.close()
    found = "SELECT c.number FROM service_case c JOIN survey_answer a ON a.complaint = c.id WHERE a.form = :form"
    until(lambda: product.rows(found, form=form.id), 10, "no complaint")
    complaint = product.rows(found, form=form.id)[0].number
    product.wait_at(complaint, "first-1", 90)
    staff.open_waiting("客服专员", complaint)
    staff.open_case(complaint)
    expect(staff.page.locator("main").last).to_contain_text("e3 人员态度")
