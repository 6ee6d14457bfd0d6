"""The reviewer decides: by the inbox, on a pre-filled form, after a colleague who had no right to."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.staff import Staff, fill, shown_lines, value_of

pytestmark = pytest.mark.system
TWO_LINES = [
    {"配件名称": "柜门板(左)", "数量": 2, "原因": "质量问题"},
    {"配件名称": "铰链(全盖110°)", "数量": 4, "原因": "缺件", "颜色": "黑色"},
]


def test_the_reviewer_corrects_a_price_in_the_prefilled_lines(product: Product, staff: Staff) -> None:
    number = product.apply(TWO_LINES, 备注="请与客户约定送货时间")
    staff.open_waiting("配件审核员", number)
    dialog = staff.resume()
    assert shown_lines(dialog, number) <= 8
    expect(dialog).to_contain_text("柜门板(左) × 2")
    expect(dialog).to_contain_text("请与客户约定送货时间")
    assert [value_of(dialog, "单价", row) for row in (0, 1)] == ["298", "9.2"]

    fill(dialog, "经办人工号", "E1001")
    fill(dialog, "审核结论", "通过")
    fill(dialog, "单价", "260.50", row=0)
    staff.send(dialog)

    product.wait_at(number, "plan-1")
    lines = product.lines(number)
    assert [(line.part, str(line.quantity), str(line.price)) for line in lines] == [
        ("P-PB-001", "2.00", "260.50"),
        ("P-HW-001", "4.00", "9.20"),
    ]
    assert lines[1].colour == "黑色"
    staff.open_case(number)
    expect(staff.page.locator("body")).to_contain_text("260.50")


def test_who_lacks_the_role_is_told_in_chinese_and_the_right_one_decides(product: Product, staff: Staff) -> None:
    number = product.apply(TWO_LINES)
    run_id = str(product.wait_at(number, "review-1")["id"])
    staff.decide(run_id, "E1016", 审核结论="通过", 原因="看过了")

    product.wait_at(number, "review-1", attempt=1)
    staff.open_run(run_id)
    dialog = staff.resume()
    expect(dialog).to_contain_text("需要配件审核员的权限")
    expect(dialog).to_contain_text("E1016")
    assert shown_lines(dialog, number) <= 8
    assert value_of(dialog, "单价") == "298"
    fill(dialog, "经办人工号", "E1002")
    fill(dialog, "审核结论", "通过")
    staff.send(dialog)

    product.wait_at(number, "plan-1")
    said = product.rows(
        "SELECT d.actor, d.accepted, d.channel FROM decision d JOIN service_case c ON c.id = d.case_id "
        "WHERE number = :n AND step_key = 'review-1' ORDER BY d.accepted",
        n=number,
    )
    assert [tuple(one) for one in said] == [("E1016", False, "prefect"), ("E1002", True, "prefect")]
    prices = [str(line.price) for line in product.lines(number)]
    assert prices == ["298.00", "9.20"], "what nobody touched must stay as it was shown"
