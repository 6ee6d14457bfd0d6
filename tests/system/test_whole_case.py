"""A whole application by mouse, through all eleven steps, to the office's signature."""

import pytest
from playwright.sync_api import expect

import flows.parts_application  # noqa: F401  registers process PA
from tasks.durable.process import PROCESSES
from tests.system.product import PHONE, Product
from tests.system.staff import Staff

pytestmark = pytest.mark.system
PANEL = {"配件名称": "衣柜侧板(左)", "数量": 2, "原因": "质量问题"}
PEOPLE = ["苏静怡 E1001", "贺云峰 E1004", "梁永生 E1007", "熊建安 E1016", "柯志远 E1017", "申月华 E1052"]


def test_eleven_steps_by_mouse(product: Product, staff: Staff) -> None:
    number = product.apply([PANEL], office="SH", applicant="E1052")

    def decide(item: str, who: str, **fields: str) -> str:
        run = product.wait_at(number, item)
        staff.decide(str(run["id"]), who, **fields)
        return str(run["id"])

    decide("review-1", "E1001", 审核结论="通过")
    decide("plan-1", "E1004")
    decide("produce-1-panel-1", "E1007")
    decide("goods-in-1-1", "E1016")
    decide("goods-out-1-1", "E1017", 运输方式="自有车辆", 承运商="集团自有车队", 运费="0", 件数="1")
    run_id = decide("pickup-1", "E1052", 到货日期="today", 核对结果="货单相符")

    run = product.wait_closed(number)
    assert (run["id"], run["state_name"]) == (run_id, "已交付"), "one run shows a case from beginning to end"
    assert run["name"] == f"{number} · 上海办事处 · 已交付"
    assert {"已结案", "已交付"} <= set(run["tags"])
    staff.open_run(run_id)
    expect(staff.page.get_by_text("已交付").first).to_be_visible()

    staff.open_case(number)
    body = staff.page.locator("body")
    for link in PROCESSES["PA"].links:
        expect(staff.page.locator("svg").get_by_text(f"✓ {link}", exact=True).first).to_be_visible()
    # what was made comes into the warehouse, and what the office collected into its own
    for document, issued in {"配件申报单": 1, "入库单": 2, "出库单": 1, "发货单": 1, "装箱单": 1}.items():
        expect(staff.page.get_by_role("cell", name=document, exact=True)).to_have_count(issued)
    for who in PEOPLE:
        expect(body).to_contain_text(who)
    expect(body).not_to_contain_text(PHONE)
    expect(body).to_contain_text("138****9999")
