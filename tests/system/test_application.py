"""An office applies: from the start page, by mouse and keyboard, wrong at first."""

import pytest
from playwright.sync_api import expect

from tests.system.product import Product
from tests.system.staff import Staff, fill, keyboard, value_of

pytestmark = pytest.mark.system


def test_a_wrong_application_comes_back_with_all_that_was_typed_and_is_accepted_once_corrected(
    product: Product, staff: Staff
) -> None:
    form = staff.apply_from("北京办事处")
    assert value_of(form, "办事处") == "北京办事处"
    fill(form, "申报人工号", "E1049")
    fill(form, "订单号", "SO20251023-0164")
    fill(form, "紧急程度", "加急")
    fill(form, "配件名称", "柜门板(左)")
    fill(form, "数量", "2")
    fill(form, "原因", "运输损坏")
    form.get_by_role("button", name="Add item").press("Enter")
    keyboard(form, {"配件名称": "飞毯", "数量": "1.5", "原因": "缺件"}, row=1)
    fill(form, "备注", "客户周末在家")

    run_id = staff.submit()

    dialog = staff.resume()
    expect(dialog).to_contain_text("“飞毯” — 不是标准配件名称或编码")
    typed = {
        "办事处": "北京办事处",
        "申报人工号": "E1049",
        "订单号": "SO20251023-0164",
        "紧急程度": "加急 urgent",
        "备注": "客户周末在家",
    }
    assert {label: value_of(dialog, label) for label in typed} == typed
    lines = [[value_of(dialog, label, row) for label in ("配件名称", "数量", "原因")] for row in (0, 1)]
    assert lines == [["柜门板(左)", "2", "运输损坏 transport damage"], ["飞毯", "1.5", "缺件 missing"]]

    fill(dialog, "配件名称", "柜门板(右)", row=1)
    fill(dialog, "备注", "")
    staff.send(dialog)

    name = staff.page.get_by_text("北京办事处 · 加急放行").first
    name.wait_for()
    run = product.run(run_id)
    assert run is not None
    number = run["name"].partition(" · ")[0]
    assert run["name"] == f"{number} · 北京办事处 · 加急放行"
    assert number.startswith("PA-2026-")
    tags = {"配件申报", "办事处:北京办事处", "待办:客服主管", "加急"}
    assert tags <= set(run["tags"])
    request = product.rows("SELECT request FROM service_case WHERE number = :n", n=number)[0].request
    assert request["remark"] == "", "what was emptied in the draft must not come back"
