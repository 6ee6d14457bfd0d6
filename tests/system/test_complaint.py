"""A complaint by mouse: recorded, judged, planned, released, accepted, done, verified, filed, and called back."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.screenshots import CONTACT
from tests.system.staff import Staff, fill

pytestmark = pytest.mark.system


def test_a_complaint_is_followed_from_the_call_to_the_callback_by_mouse(product: Product, staff: Staff) -> None:
    form = staff.apply_from("北京办事处", "客户服务")
    for label, value in CONTACT.items():
        fill(form, label, value)
    number = product.number_of(staff.submit(), 30)

    def decide(item: str, who: str, **fields: object) -> None:
        staff.decide(product.wait_at(number, item)["id"], who, **fields)

    decide("first-1", "E1025", 接听结论="有效投诉", 严重程度="一般")
    decide("coordinate-1", "E1030", 品管判定="否", 责任单位="PANEL")
    decide("plan-1", "E1032", 方案结论="提出方案", 处理办法="说明致歉", 处理措施="更换门板", 措施期限="next month")
    decide("release-1", "E1040", 审批结论="同意")
    decide("reply-1", "E1030", 回复方式="电话", 回复内容="原因已说明")
    decide("answer-1", "E1030", 客户意见="满意", 确认书编号="QR-0001")
    decide("done-1-remedy", "E1032", 完成日期="today", 完成情况="已更换")
    decide("verify-1", "E1022", 检验结论="合格", 检验项目="开合")
    decide("effect-1", "E1025", 客户意见="满意")
    decide("file-1", "E1031", 结案摘要="已更换，客户满意")
    staff.do_job("回访名单", ends="已列出")
    (call,) = product.rows(
        "SELECT c.number, c.applicant FROM service_case c JOIN call_reason r ON r.case_id = c.id "
        "JOIN service_case s ON s.id = r.source WHERE s.number = :n",
        n=number,
    )
    staff.decide(product.wait_at(call.number, "call-1")["id"], call.applicant, 回访结果="满意")
    product.wait_closed(call.number)
    product.wait_closed(number)
    staff.open_case(number)
    expect(staff.page.locator("main").last).to_contain_text("已解决")
