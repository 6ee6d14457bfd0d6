"""What waits for a role goes out as a workbook and comes back decided."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from openpyxl import load_workbook

from schemas.words import Role
from tasks.sheets.inbox import write_inbox
from tests.play import LINES, Play, books_balance, line
from tests.tasks.sheets.workbooks import became, fill_in, reasons, send, table_of

PANEL = line("P-PB-001", 10, "缺件")


@pytest.fixture(autouse=True)
def today() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "待办.xlsx"


def at(play: Play, key: str, *lines: Any, **form: Any) -> int:
    case = play.apply(list(lines) or [PANEL], **form)
    play.run_to(case, key)
    return case


def test_a_reviewer_decides_an_inbox_workbook_and_sends_it_back(play: Play, path: Path) -> None:
    first, second, third = (at(play, "review-1", *LINES[:2]) for _ in range(3))
    written = write_inbox(play.db, Role.PARTS_REVIEWER, path)
    assert (written.items, written.left_out) == ({"审核修正": 3}, 0)
    rows = table_of(path, "审核修正")
    assert [row["单号"] for row in rows] == [play.case(case).number for case in (first, second, third) for _ in "12"]
    assert [(row["行号"], row["配件名称"], row["数量"]) for row in rows[:2]] == [
        (1, "铰链(全盖110°)", 4),
        (2, "柜门板(左)", 3),
    ]
    assert [row["费用类别"] for row in rows[:2]] == ["免费(三包)"] * 2
    assert {row["步骤"] for row in rows} == {"review-1"}
    assert all(row["审核结论"] is None and row["经办人工号"] is None for row in rows)
    assert became(send(play.db, path)) == ["."] * 6
    decided = {"审核结论": "通过", "经办人工号": "E1001"}
    fill_in(
        path, "审核修正", {2: decided | {"数量": 2}, 6: {"审核结论": "驳回", "原因": "过期"} | {"经办人工号": "E1001"}}
    )
    found = send(play.db, path)
    assert became(found) == ["+", "+", ".", ".", "+", "+"], reasons(found)
    assert play.lines(first)[0].quantity == 2
    assert "review-1" in play.items(second)
    assert play.state(third) == "closed"
    fill_in(path, "审核修正", {4: decided})
    assert became(send(play.db, path)) == ["=", "=", "+", "+", "=", "="]
    books_balance(play.db)


WORK = [
    (Role.WORKSHOP, "produce-1-panel-1", "车间生产日报", {"经办人工号": "E1007"}),
    (Role.WAREHOUSE, "goods-in-1-1", "入库流水账", {"经办人工号": "E1016"}),
    (
        Role.LOGISTICS,
        "goods-out-1-1",
        "出库流水账",
        {"经办人工号": "E1020", "运输方式": "自有车辆", "承运商": "集团自有车队", "运费": 0, "件数": 1},
    ),
    (Role.OFFICE, "pickup-1", "提货确认", {"经办人工号": "E1049", "到货日期": "2026-11-18", "核对结果": "货单相符"}),
]


@pytest.mark.parametrize(("role", "key", "tab", "cells"), WORK)
def test_what_was_pre_filled_is_right_once_it_is_signed(
    play: Play, path: Path, role: Role, key: str, tab: str, cells: dict[str, Any]
) -> None:
    case = at(play, key, PANEL)
    write_inbox(play.db, role, path)
    assert became(send(play.db, path)) == ["."]
    found = send(play.db, fill_in(path, tab, {2: cells}))
    assert became(found) == ["+"], reasons(found)
    assert key in play.keys(case)
    books_balance(play.db)


@pytest.mark.parametrize(
    ("key", "tab", "form"), [("cycle-1", "周期确认", {"urgency": "加急"}), ("plan-1", "计划确认", {})]
)
def test_a_planner_signs_what_was_suggested(play: Play, path: Path, key: str, tab: str, form: dict[str, str]) -> None:
    case = at(play, key, PANEL, line("P-PT-001", 4, "运输损坏"), **form)
    write_inbox(play.db, Role.PLANNER, path)
    assert [row["配件"] for row in table_of(path, tab)] == ["柜门板(左)", play.lines(case)[1].part_name]
    assert became(send(play.db, path)) == [".", "."]
    found = send(play.db, fill_in(path, tab, {2: {"经办人工号": "E1004"}}))
    assert became(found) == ["+", "+"], reasons(found)
    assert key in play.keys(case)


def test_a_tab_a_form_and_the_work_of_others_stays_away(play: Play, path: Path) -> None:
    at(play, "goods-out-1-1", LINES[0])
    at(play, "goods-in-1-1", PANEL)
    at(play, "review-1", PANEL)
    assert write_inbox(play.db, Role.WAREHOUSE, path).items == {"出库流水账": 1, "入库流水账": 1}
    assert load_workbook(path).sheetnames[:2] == ["入库流水账", "出库流水账"]
    assert write_inbox(play.db, Role.SUPERVISOR, path).items == {}
    assert "没有待办" in load_workbook(path).sheetnames


def test_an_inbox_may_be_narrowed_to_an_office_or_a_unit(play: Play, path: Path) -> None:
    cases = {office: at(play, "pickup-1", LINES[0], office=office) for office in ("BJ", "TJ")}
    write_inbox(play.db, Role.OFFICE, path, office="TJ")
    assert [row["单号"] for row in table_of(path, "提货确认")] == [play.case(cases["TJ"]).number]
    both = at(play, "produce-1-panel-1", PANEL, line("P-PT-001", 4, "运输损坏"))
    write_inbox(play.db, Role.WORKSHOP, path, unit="PAINT")
    assert [(row["单号"], row["行号"], row["待做数量"]) for row in table_of(path, "车间生产日报")] == [
        (play.case(both).number, 2, 4)
    ]


def test_what_is_overdue_is_red_and_what_is_only_shown_is_grey(
    play: Play, path: Path, today: time_machine.Traveller
) -> None:
    at(play, "review-1", PANEL)
    today.shift(3 * 86400)
    at(play, "review-1", PANEL)
    write_inbox(play.db, Role.PARTS_REVIEWER, path)
    sheet: Any = load_workbook(path)["审核修正"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    late, soon = (sheet.cell(row, columns["到期"]) for row in (2, 3))
    assert (late.font.color.rgb, soon.font.color.rgb) == ("00C00000", "00595959")
    assert sheet.cell(2, columns["单号"]).fill.fgColor.rgb == "00EDEDED"
    assert sheet.cell(2, columns["审核结论"]).fill.fill_type is None
    assert (sheet.freeze_panes, sheet.auto_filter.ref.split(":")[0]) == ("B2", "A1")
    offered = {str(rule.sqref).split(":")[0][:-1] for rule in sheet.data_validations.dataValidation}
    assert {sheet.cell(1, columns[name]).column_letter for name in ("审核结论", "费用类别", "配件名称")} == offered


def test_text_that_begins_like_a_formula_goes_out_as_text(play: Play, path: Path) -> None:
    name = '=HYPERLINK("http://x","y")'
    case = play.apply([PANEL], 客户姓名=name, 客户电话="1", 客户地址="x", 备注="+1")
    write_inbox(play.db, Role.PARTS_REVIEWER, path)
    sheet: Any = load_workbook(path)["审核修正"]
    cells = {cell.value: cell for cell in sheet[2]}
    assert cells[name].data_type == "s"
    assert not any(cell.data_type == "f" for tab in load_workbook(path) for row in tab.iter_rows() for cell in row)
    found = send(play.db, fill_in(path, "审核修正", {2: {"审核结论": "通过", "经办人工号": "E1001"}}))
    assert became(found) == ["+"], reasons(found)
    assert "review-1" in play.keys(case)
