"""Take the pictures of docs/walkthrough.md and of the guides beside it anew: `.venv/bin/python -m tests.system.screenshots`."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Locator, Page

from deployments.cli.session import operations_database
from deployments.demo.days import Days, watch
from deployments.settings import PROJECT
from tests.flows.cycles import control_of, planned
from tests.play import Play
from tests.system.product import Product, running_product
from tests.system.staff import Staff, chromium, fill, log_in, sit_down

PICTURES = PROJECT / "docs" / "img"
MOST_BYTES = 250_000
APPLICATION = {"申报人工号": "E1049", "订单号": "SO20251023-0164", "备注": "客户周末在家"}

CARD = {
    "经办人工号": "E1001",
    "保修卡号": "BX-2025-0417",
    "订单号": "SO20251023-0164",
    "行号": "1",
    "客户姓名": "韦晓峰",
    "客户电话": "13800002195",
    "客户地址": "北京市海淀区枫林街154号榕溪苑15栋2单元2303室",
    "寄回日期": "today",
}

WISH = {
    "申报人工号": "E1049",
    "订单号": "SO20251023-0164",
    "品名": "定制衣柜门板(按尺寸)",
    "数量": 2,
    "图号": "DZ-0880",
    "尺寸": "800×600×18",
    "材质": "实木颗粒板",
    "颜色": "胡桃木",
}

RETURN = {
    "申报人工号": "E1049",
    "订单号": "SO20251023-0164",
    "客户意愿": "退货",
    "退换依据": "特批",
    "行号": "2",
    "退换数量": "1",
    "退换原因": "椅腿松动",
}
REPAIR = {
    "申报人工号": "E1049",
    "订单号": "SO20260318-0042",
    "配件名称": "餐椅后腿(左)",
    "数量": 2,
    "原因": "质量问题",
    "损坏原因": "掉漆",
}

CONTACT = {
    "申报人工号": "E1025",
    "来电类别": "投诉",
    "来电渠道": "电话",
    "来电事项": "柜门开裂",
    "客户期望": "更换门板",
    "订单号": "SO20260318-0042",
}

ANOMALY = {
    "申报人工号": "E1055",
    "来源单号": "PA-2026-000008",
    "行号": 1,
    "异常类别": "损坏",
    "数量": 1,
    "异常情况": "到货开裂",
    "照片编号": "IMG-0412",
}


def main() -> None:
    """Play a few steps in the real product and take a picture of each."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with running_product() as product, chromium() as browser:
        desk = sit_down(browser)
        log_in(desk, product)
        page = desk.new_page()
        staff = Staff(page, product.start_page)
        for take in (
            take_start_page,
            take_application,
            take_inbox_and_gate,
            take_case_sheet,
            take_customer_file,
            take_special_order,
            take_part_anomaly,
            take_repair_return,
            take_hotline,
            take_return,
        ):
            take(staff)
        take_cycle_control(product, staff)


def take_start_page(staff: Staff) -> None:
    """The page where everybody begins."""
    staff.start()
    shoot(staff.page, "start", 1000)


def take_application(staff: Staff) -> None:
    """The application form, filled in; then, with an unknown part, the draft that comes back."""
    form = staff.apply_from("北京办事处")
    for label, value in APPLICATION.items():
        fill(form, label, value)
    for label, value in {"配件名称": "柜门板左", "数量": "2", "原因": "运输损坏"}.items():
        fill(form, label, value)
    staff.page.mouse.move(0, 0)
    shoot(staff.page, "application", 2130)
    staff.submit()
    dialog = staff.resume()
    shoot(staff.page, "draft", 1000, dialog)
    fill(dialog, "配件名称", "柜门板(左)")
    staff.send(dialog)
    staff.page.get_by_text("北京办事处 · 审核修正").first.wait_for()


def take_inbox_and_gate(staff: Staff) -> None:
    """The reviewer's inbox, the way to the form, and the form."""
    staff.open_waiting("配件审核员", "PA-2026-000009", look=lambda: shoot(staff.page, "inbox", 700))
    staff.page.get_by_text("Suspended", exact=True).first.wait_for()
    staff.page.locator("button:has(svg.lucide-ellipsis-vertical)").first.click()
    staff.page.get_by_role("menuitem", name="Resume").hover()
    shoot(staff.page, "menu", 520)
    staff.page.get_by_role("menuitem", name="Resume").click()
    dialog = staff.page.get_by_role("dialog")
    dialog.get_by_role("textbox").first.wait_for()
    shoot(staff.page, "gate", 1400, dialog)


def take_case_sheet(staff: Staff) -> None:
    """The sheet of a case that waits for pickup."""
    staff.open_case("PA-2026-000008")
    heading = staff.page.get_by_role("heading", name="进度 Progress")
    shoot(staff.page, "case", 2400, heading.locator(".."))


def take_customer_file(staff: Staff) -> None:
    """Everything about a customer who sent a warranty card."""
    staff.do_job("保修卡登记", "已登记", **CARD)
    staff.do_job("客户档案", "已查询", 经办人工号="E1049", 查找内容="138 0000 2195")
    heading = staff.page.get_by_role("heading", name="销售记录 Sales")
    heading.wait_for()
    shoot(staff.page, "customer", 1500, heading.locator(".."))


def take_special_order(staff: Staff) -> None:
    """What an office fills in to have something made."""
    shoot_form(staff, "北京办事处", "特殊订货", WISH, "special-order", 1700)


def take_part_anomaly(staff: Staff) -> None:
    """What anybody fills in about a wrong part."""
    shoot_form(staff, "杭州办事处", "配件异常处理", ANOMALY, "part-anomaly", 1300)


def take_cycle_control(product: Product, staff: Staff) -> None:
    """The penalty opinion as the manager decides on it, and the sheet of the control that it came from."""
    number = late_control(product)
    staff.open_waiting("客户服务部经理", number)
    shoot(staff.page, "penalty", 1000, staff.resume())
    staff.open_case(number)
    shoot(staff.page, "cycle", 1250)


def late_control(product: Product) -> str:
    """Let a workshop have been late some months ago, and object; gives the control that waits for the manager."""
    with operations_database(product.settings) as db, Days().counted() as days:
        days.gone, play = timedelta(days=-90), Play(db)
        case = planned(play)
        watch(db)
        days.gone += timedelta(days=14)
        play.finish(case)
        control = control_of(play, case)
        while not any(key.startswith("answer") for key in play.items(control)):
            days.pass_on(db)
        play.decide(control, play.next_key(control), 部门意见="有异议", 原因="板材到货晚两天")
        return str(play.case(control).number)


def take_repair_return(staff: Staff) -> None:
    """What an office fills in to have something repaired."""
    shoot_form(staff, "北京办事处", "配件返修", REPAIR, "repair-return", 2100)


def take_hotline(staff: Staff) -> None:
    """What an agent fills in while a customer is on the phone."""
    shoot_form(staff, "北京办事处", "客户服务", CONTACT, "hotline", 2300)


def take_return(staff: Staff) -> None:
    """What an office fills in when a customer brings something back."""
    shoot_form(staff, "北京办事处", "退换货", RETURN, "returns", 2300)


def shoot_form(staff: Staff, office: str, title: str, values: Mapping[str, object], name: str, height: int) -> None:
    """Take a picture of an office's form, filled in."""
    form = staff.apply_from(office, title)
    for label, value in values.items():
        fill(form, label, value)
    staff.page.mouse.move(0, 0)
    shoot(staff.page, name, height)


def shoot(page: Page, name: str, height: int, of: Locator | None = None) -> Path:
    """Take a picture when the page is at rest."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.evaluate("document.querySelectorAll('*').forEach(part => { part.scrollTop = 0 })")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1200)  # drawings and fonts
    path = PICTURES / f"{name}.png"
    (of or page).screenshot(path=path)
    assert path.stat().st_size < MOST_BYTES, f"{path.name}: {path.stat().st_size} bytes"
    print(f"{path.relative_to(PROJECT)}  {path.stat().st_size:,} bytes")
    return path


if __name__ == "__main__":
    main()
