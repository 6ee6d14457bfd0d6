"""Special orders by sheet: from the application to the pickup, with what goes back."""

from pathlib import Path
from typing import Any

import pytest

from deployments.demo.sensible import sensible
from schemas.sheet_kinds import SheetKind, sheet_kind, sheet_kinds
from schemas.words import Role
from tasks.durable.stage import advance
from tasks.sheets.importing import import_file
from tasks.sheets.inbox import write_inbox
from tests.flows.specials import DOOR, SHELF, order
from tests.play import Play
from tests.tasks.sheets.workbooks import became, reasons, save, send, table_of

ORDERS = sheet_kind("special-orders")


def rows_of_order(play: Play, **changed: Any) -> list[dict[str, Any]]:
    form = play.form(0)
    whole = {name: form[name] for name in ("办事处", "申报人工号", "订单号")} | {"要求日期": "2026-12-30"}
    return [{"申报单号": "BJ-1", **whole, **line} | changed for line in (DOOR, SHELF)]


def kind_of(form: str) -> SheetKind:
    return next(kind for kind in sheet_kinds().values() if kind.form.__name__ == form.split(":")[-1])


def answer_by_sheet(play: Play, case: int, path: Path, **cells: Any) -> str:
    """Answer the next open item through its kind of sheet; gives the kind's title."""
    item = play.items(case)[play.next_key(case)]
    kind, name = kind_of(item.form), item.form.split(":")[-1]
    whole = {"单号": play.case(case).number, "步骤": item.step_key, "经办人工号": play.somebody(case, item)}
    whole |= {"日期": "2026-11-18"} if kind.dated else {}
    said = {field: value for field, value in (item.prefill | sensible(name, {})).items() if field != "明细"}
    rows = [whole | said | line | cells for line in item.prefill.get("明细") or [{}]]
    outcomes = send(play.db, save(path, kind, *rows))
    assert set(became(outcomes)) == {"+"}, reasons(outcomes)
    advance(play.db, case)
    return kind.title


def test_a_special_order_is_applied_for_and_answered_by_sheets_to_its_end(play: Play, tmp_path: Path) -> None:
    outcomes = send(play.db, save(tmp_path / "orders.xlsx", ORDERS, *rows_of_order(play)))
    assert became(outcomes) == ["+", "+"]
    (case,) = [row.id for row in play.rows("SELECT id FROM service_case")]
    titles = list[str]()
    while play.items(case):
        titles.append(answer_by_sheet(play, case, tmp_path / "answer.xlsx"))
    assert (play.case(case).ending, len(play.lines(case))) == ("delivered", 2)
    assert list(dict.fromkeys(titles)) == [
        "订货初审",
        "确认生产",
        "价格和周期",
        "审批",
        "报价答复",
        "收款登记",
        "计划确认",
        "车间生产日报",
        "入库流水账",
        "出库流水账",
        "提货确认",
    ]


def test_rows_that_are_wrong_go_back_with_the_reason(play: Play, tmp_path: Path) -> None:
    wrong = rows_of_order(play, 品名="飞机翅膀", 数量=0)
    report = import_file(play.db, save(tmp_path / "orders.xlsx", ORDERS, *wrong), ORDERS)
    assert play.rows("SELECT id FROM service_case") == []
    told = str(table_of(report.reject_sheet, ORDERS.title))
    assert "飞机翅膀" in told


@pytest.mark.parametrize(
    ("key", "role", "tab"),
    [
        ("review-1", Role.PARTS_REVIEWER, "订货初审"),
        ("makeable", Role.WORKSHOP, "确认生产"),
        ("proposal-1", Role.PLANNER, "价格和周期"),
        ("offer-1", Role.OFFICE, "报价答复"),
        ("deposit-1-1", Role.FINANCE, "收款登记"),
    ],
)
def test_what_waits_stands_in_its_roles_inbox_workbook(
    play: Play, tmp_path: Path, key: str, role: Role, tab: str
) -> None:
    case = order(play, DOOR, SHELF)
    play.run_to(case, key)
    write_inbox(play.db, role, tmp_path / "inbox.xlsx")
    rows = table_of(tmp_path / "inbox.xlsx", tab)
    assert {row["单号"] for row in rows} == {play.case(case).number}
    assert len(rows) == (2 if key in {"makeable", "proposal-1"} else 1)
