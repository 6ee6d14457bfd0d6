"""Decisions by sheet: every kind is accepted once, whatever is wrong goes back, nothing happens twice."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from openpyxl import load_workbook
from sqlalchemy import text

import flows.cycle_control  # noqa: F401  registers process CY
from schemas.sheet_kinds import sheet_kind, sheet_kinds
from tasks.control.watch import watch_cycles
from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tasks.sheets.queries import template_lists
from tasks.sheets.template import write_template
from tests.flows.specials import DOOR, changed, contract, order
from tests.play import LINES, Play, books_balance, line
from tests.tasks.sheets import call_rows, complaint_rows, corrective_rows, keeping_rows, repair_rows, return_rows
from tests.tasks.sheets.workbooks import Cells, became, fill_in, reasons, save, send
from tests.waiting import wait_until

PANEL = line("P-PB-001", 10, "缺件")  # not on stock
REVIEWER, WAREHOUSE = "E1001", "E1016"
TODAY = "2026-11-18"
HOLDS_ON = "SET idle_in_transaction_session_timeout = 0"
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(f"{TODAY}T10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sheet.xlsx"


def number(play: Play, case: int) -> str:
    return str(play.case(case).number)


def at(play: Play, key: str, *lines: Any, **form: Any) -> int:
    """Bring a case to a step."""
    case = play.apply(list(lines) or [PANEL], **form)
    play.run_to(case, key)
    return case


def unchecked(play: Play) -> int:
    case = at(play, "pickup-1", LINES[0])
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    return case


def counted(play: Play) -> int:
    """A case whose workshop reported three pieces of its one line."""
    case = at(play, "produce-1-panel-1", PANEL)
    play.decide(case, "produce-1-panel-1", 明细=[{"行号": 1, "完成数量": 3}])
    return case


def anomalous(play: Play) -> int:
    case = at(play, "produce-1-panel-1", PANEL)
    play.decide(case, "produce-1-panel-1", 明细=[{"行号": 1, "完成数量": 0, "异常说明": "缺板材"}])
    return play.anomaly(case, "anomaly-1-1-1")


def at_party(play: Play) -> int:
    """An anomaly for which a unit is responsible."""
    child = anomalous(play)
    play.run_to(child, "responsibility")
    play.decide(child, "responsibility", 责任方类别="生产单位", 责任方="PANEL")
    return child


def late(play: Play, key: str) -> int:
    """The control of a case whose unit was late in November: its opinion stands at a gate."""
    case = at(play, "produce-1-panel-1", PANEL)
    for moment in ("2026-11-18T10:00", "2026-11-30T10:00", "2026-12-01T09:00"):
        with time_machine.travel(f"{moment}:00+08:00", tick=False):
            if moment.startswith("2026-11-30"):
                play.decide(case, "produce-1-panel-1")
            watch_cycles(play.db)
            watch_deadlines(play.db, clock.now())
    control = int(play.rows("SELECT id FROM service_case WHERE parent_id = :case", case=case)[0].id)
    if key not in play.items(control):
        play.decide(control, "answer-panel-2026-11")
    return control


def sent_back(play: Play) -> int:
    case = at(play, "review-1", PANEL)
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="核对数量")
    return case


def special(play: Play, key: str) -> int:
    """Bring a special order to a step."""
    case = order(play)
    play.run_to(case, key)
    return case


def incomplete(play: Play) -> int:
    case = order(play, DOOR | {"图号": ""})
    play.decide(case, "review-1", 初审结论="退回办事处", 原因="缺图号")
    return case


def given_up(play: Play) -> int:
    """A special order that its customer has withdrawn after paying for it."""
    case = contract(play)
    play.run_to(case, "produce-1-custom-1")
    assert play.withdraw(case, "E1040").accepted
    return case


# how a case comes to the gate of each kind, the gate, and what the template's example must have instead
GATES: dict[str, tuple[Callable[[Play], int], str, Cells]] = {
    "review": (lambda play: at(play, "review-1", LINES[0]), "review-1", {}),
    "resubmit": (sent_back, "resubmit-1", {}),
    "approval": (lambda play: at(play, "approve-1-1", line("P-PB-001", 30)), "approve-1-1", {}),
    "cycle": (lambda play: at(play, "cycle-1", PANEL, urgency="加急"), "cycle-1", {}),
    "plan": (lambda play: at(play, "plan-1", PANEL), "plan-1", {}),
    "production": (lambda play: at(play, "produce-1-panel-1", PANEL), "produce-1-panel-1", {}),
    "goods-in": (counted, "goods-in-1-1", {}),
    "goods-out": (lambda play: at(play, "goods-out-1-1", LINES[0]), "goods-out-1-1", {}),
    "release": (lambda play: at(play, "goods-out-1-1", LINES[0], urgency="加急"), "release-1-1", {}),
    "pickup": (lambda play: at(play, "pickup-1", LINES[0]), "pickup-1", {"到货日期": TODAY}),
    "check": (unchecked, "check-1", {}),
    "anomaly-review": (anomalous, "review", {}),
    "responsibility": (anomalous, "responsibility", {}),
    "anomaly-plan": (anomalous, "plan-1", {}),
    "anomaly-answer": (at_party, "confirm-1", {}),
    "special-review": (lambda play: special(play, "review-1"), "review-1", {}),
    "special-resubmit": (incomplete, "resubmit-1", {"要求日期": "2026-12-30"}),
    "makeability": (lambda play: special(play, "makeable"), "makeable", {"数量": 2}),
    "changes-answer": (changed, "changes", {}),
    "proposal": (lambda play: special(play, "proposal-1"), "proposal-1", {}),
    "quote-answer": (lambda play: special(play, "offer-1"), "offer-1", {"签字日期": TODAY}),
    "payments": (lambda play: contract(play, 定金=500, 预付款=0), "deposit-1-1", {"付款日期": TODAY}),
    "give-back": (given_up, "give-back", {"付款日期": TODAY}),
    "penalty-answer": (lambda play: late(play, "answer-panel-2026-11"), "answer-panel-2026-11", {}),
    "penalty": (lambda play: late(play, "penalty-panel-2026-11"), "penalty-panel-2026-11", {}),
}
GATES |= repair_rows.GATES | complaint_rows.GATES | return_rows.GATES | call_rows.GATES | corrective_rows.GATES
GATES |= keeping_rows.GATES


def test_every_kind_of_decision_is_tried() -> None:
    assert {kind.code for kind in sheet_kinds().values() if kind.decides} == set(GATES)


@pytest.mark.parametrize("code", GATES)
def test_the_template_with_its_example_is_a_decision(code: str, play: Play, path: Path) -> None:
    bring, key, cells = GATES[code]
    kind, case = sheet_kind(code), bring(play)
    with play.db.connect() as connection:
        write_template(path, kind, template_lists(connection))
    assert send(play.db, path) == []
    if key not in play.items(case):
        play.run_to(case, key)
    fill_in(path, kind.title, {2: {"单号": number(play, case), **cells}})
    assert key in play.items(case)
    found = send(play.db, path)
    assert became(found) == ["+"], reasons(found)
    assert found[0].number == number(play, case)
    assert key in play.keys(case)
    again = send(play.db, path)
    assert became(again) == ["="], reasons(again)
    books_balance(play.db)


# many rows of one case


def report(play: Play, case: int, line_no: int, made: object, **more: Any) -> dict[str, Any]:
    return {"单号": number(play, case), "日期": TODAY, "经办人工号": "E1007", "行号": line_no, "完成数量": made, **more}


def count(play: Play, case: int, line_no: int, counted: object, **more: Any) -> dict[str, Any]:
    return {
        "单号": number(play, case),
        "日期": TODAY,
        "经办人工号": WAREHOUSE,
        "行号": line_no,
        "实收数量": counted,
        **more,
    }


PRODUCTION, GOODS_IN, REVIEW = sheet_kind("production"), sheet_kind("goods-in"), sheet_kind("review")


def test_five_partial_reports_of_one_case_in_one_sheet_are_five_answers(play: Play, path: Path) -> None:
    case = at(play, "produce-1-panel-1", PANEL)
    rows = [report(play, case, 1, made) for made in (2, 2, 2, 1, 3)]
    assert became(send(play.db, save(path, PRODUCTION, *rows))) == ["+"] * 5
    assert [order.made for order in play.orders(case)] == [10]
    assert sum(key.startswith("produce-1-panel") for key in play.keys(case)) == 5
    assert became(send(play.db, path)) == ["="] * 5
    assert sum(key.startswith("produce-1-panel") for key in play.keys(case)) == 5
    rows = [count(play, case, 1, made) for made in (2, 2, 2, 1, 3)]
    assert became(send(play.db, save(path, GOODS_IN, *rows))) == ["+"] * 5
    assert play.next_key(case) == "goods-out-1-1"
    books_balance(play.db)


def test_the_lines_of_one_form_stand_on_rows_of_their_own(play: Play, path: Path) -> None:
    case = at(play, "review-1", *LINES[:3])
    rows: list[Cells] = [
        {
            "审核结论": "通过",
            "经办人工号": REVIEWER,
            "费用类别": "收费",
            "行号": 1,
            "配件名称": "P-HW-001",
            "数量": 2,
            "单价": "1,008.80",
        },
        {"行号": 3, "配件名称": LINES[2]["配件名称"], "数量": "１", "单价": 7, "费用类别": "收费"},
    ]
    found = send(play.db, save(path, REVIEW, *({"单号": number(play, case), **row} for row in rows)))
    assert became(found) == ["+", "+"], reasons(found)
    lines = play.lines(case)
    assert [(row.quantity, row.price) for row in lines][::2] == [(2, Decimal("1008.80")), (1, 7)]
    assert [row.fee for row in lines] == ["charged", "free", "charged"]


def test_a_wrong_line_takes_the_whole_form_back(play: Play, path: Path) -> None:
    cases = [at(play, "review-1", *LINES[:2]) for _ in range(2)]
    sure = {"审核结论": "通过", "经办人工号": REVIEWER}
    rows = [
        {
            "单号": number(play, case),
            **(sure if no == 1 else {}),
            "行号": no,
            "配件名称": LINES[no - 1]["配件名称"],
            "数量": quantity,
            "单价": 1,
        }
        for case, no, quantity in [(cases[0], 1, 4), (cases[0], 2, "三只"), (cases[1], 1, 4), (cases[1], 2, 3)]
    ]
    found = send(play.db, save(path, REVIEW, *rows))
    assert became(found) == ["-", "-", "+", "+"]
    assert found[1].reason == "数量: “三只” — 应为数字 must be a number"
    assert "第 3 行有误，整份退回" in found[0].reason
    assert "review-1" in play.items(cases[0])


def test_what_belongs_to_the_whole_form_may_not_differ(play: Play, path: Path) -> None:
    case = at(play, "produce-1-panel-1", PANEL, line("P-PB-002", 1, "缺件"))
    rows = [report(play, case, 1, 1), report(play, case, 2, 1, 经办人工号="E1008")]
    found = send(play.db, save(path, PRODUCTION, *rows))
    assert became(found) == ["-", "-"]
    assert "第3行 row 3, 经办人工号: “E1008” — 与第2行的“E1007”不一致" in reasons(found)


# the same again


def test_a_sheet_sent_whole_renamed_or_in_part_does_nothing_twice(play: Play, path: Path) -> None:
    cases = [at(play, "produce-1-panel-1", PANEL) for _ in range(3)]
    rows = [report(play, case, 1, 2) for case in cases]
    assert became(send(play.db, save(path, PRODUCTION, *rows))) == ["+"] * 3
    assert became(send(play.db, Path(shutil.copy(path, path.with_name("again.xlsx"))))) == ["="] * 3
    assert became(send(play.db, save(path, PRODUCTION, rows[2], rows[0]))) == ["="] * 2
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    csv = path.with_suffix(".csv")
    csv.write_text("\n".join(lines), "gb18030")
    assert became(send(play.db, csv)) == ["="] * 3
    assert [order.made for case in cases for order in play.orders(case)] == [2, 2, 2]


def test_equal_reports_are_told_apart_by_day_and_serial(play: Play, path: Path) -> None:
    case = at(play, "produce-1-panel-1", PANEL)
    send(play.db, save(path, PRODUCTION, report(play, case, 1, 2)))
    others = [
        report(play, case, 1, 2, 日期="2026-11-17"),
        report(play, case, 1, 2, 流水号="2"),
        report(play, case, 1, "2.0", 流水号=" ２ "),
    ]
    found = send(play.db, save(path, PRODUCTION, report(play, case, 1, 2), *others))
    assert became(found) == ["=", "+", "+", "+"]
    assert became(send(play.db, path)) == ["="] * 4
    assert [order.made for order in play.orders(case)] == [8]


def test_what_is_new_of_a_sheet_that_grew_goes_on(play: Play, path: Path) -> None:
    case = at(play, "produce-1-panel-1", PANEL, line("P-PB-002", 1, "缺件"))
    rows = [report(play, case, 1, 2), report(play, case, 2, 1, 经办人工号=None)]
    assert became(send(play.db, save(path, PRODUCTION, rows[0]))) == ["+"]
    found = send(play.db, save(path, PRODUCTION, *rows))
    assert became(found) == ["=", "+"], reasons(found)
    assert [order.made for order in play.orders(case)] == [2, 1]


def test_an_equal_decision_of_a_later_turn_is_asked_which_it_is_and_never_dropped(play: Play, path: Path) -> None:
    case = at(play, "review-1", PANEL)
    back = {"单号": number(play, case), "审核结论": "退回办事处", "经办人工号": REVIEWER, "原因": "核对数量"}
    assert became(send(play.db, save(path, REVIEW, back))) == ["+"]
    assert became(send(play.db, path)) == ["="]  # nobody waits for a review: it can only be the same again
    play.decide(case, "resubmit-1")
    found = send(play.db, path)
    assert became(found) == ["-"]
    assert "此前已用于 review-1，本单现在等 review-2" in reasons(found)
    assert "review-2" in play.items(case)
    assert became(send(play.db, save(path, REVIEW, back | {"步骤": "review-2"}))) == ["+"]
    assert became(send(play.db, path)) == ["="]
    assert "resubmit-2" in play.items(case)


def test_a_form_that_was_taken_in_part_for_an_earlier_turn_goes_back_whole(play: Play, path: Path) -> None:
    case = at(play, "review-1", *LINES[:2])
    back = {"单号": number(play, case), "审核结论": "退回办事处", "经办人工号": REVIEWER, "原因": "核对数量"}
    assert became(send(play.db, save(path, REVIEW, back))) == ["+"]
    play.decide(case, "resubmit-1")
    more = {"单号": number(play, case), "行号": 2, "配件名称": LINES[1]["配件名称"], "数量": 1, "单价": 1}
    found = send(play.db, save(path, REVIEW, back, more))
    assert became(found) == ["-", "-"]
    assert "第 2 行有误，整份退回" in found[1].reason
    assert "review-2" in play.items(case)


def test_a_click_before_the_sheet_is_told(play: Play, path: Path) -> None:
    case = at(play, "review-1", PANEL)
    play.decide(case, "review-1", staff="E1002")
    row = {"单号": number(play, case), "步骤": "review-1", "审核结论": "通过", "经办人工号": REVIEWER}
    found = send(play.db, save(path, REVIEW, row))
    assert became(found) == ["-"]
    assert "已由 E1002 于 2026-11-18 10:00 办理" in reasons(found)


# what goes back, and what is left alone


def test_undecided_rows_of_an_inbox_are_skipped(play: Play, path: Path) -> None:
    case = at(play, "review-1", PANEL)
    open_row = {"单号": number(play, case), "步骤": "review-1", "行号": 1, "配件名称": "柜门板(左)"}
    open_row |= {"经办人工号": REVIEWER, "数量": 10, "单价": 5, "费用类别": "收费"}
    assert became(send(play.db, save(path, REVIEW, open_row))) == ["."]
    own = {**open_row, "步骤": None}  # nobody's inbox: the verdict is missing
    found = send(play.db, save(path, REVIEW, own))
    assert became(found) == ["-"]
    assert "第2行 row 2, 审核结论: “” — 必填" in reasons(found)
    assert "review-1" in play.items(case)


def test_unknown_closed_and_foreign_cases_go_back_and_the_others_go_on(play: Play, path: Path) -> None:
    pickup = sheet_kind("pickup")
    closed, foreign, good = (at(play, "pickup-1", LINES[0], office=office) for office in ("BJ", "TJ", "BJ"))
    play.finish(closed)
    arrived = {"到货日期": TODAY, "核对结果": "货单相符", "经办人工号": "E1049"}
    numbers = ["PA-2026-009999", number(play, closed), number(play, foreign), f" {number(play, good).lower()} "]
    found = send(play.db, save(path, pickup, *({"单号": one, **arrived} for one in numbers)))
    assert became(found) == ["-", "-", "-", "+"], reasons(found)
    told = reasons(found)
    assert "第2行 row 2, 单号: “PA-2026-009999” — 没有这个单号" in told
    assert "第3行 row 3, 单号: “PA-2026-000001” — 本单已于 2026-11-18 结案" in told
    assert "第4行 row 4, 经办人工号 staff: “E1049 常北辰” — 需要办事处售后（TJ）的权限" in told


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"经办人工号": "E1016"}, "第2行 row 2, 经办人工号 staff: “E1016 熊建安” — 需要售后车间（PANEL）的权限"),
        ({"经办人工号": "E9"}, "第2行 row 2, 经办人工号 staff: “E9” — 没有这位在职员工"),
        ({"完成数量": "=1+1"}, "第2行 row 2, 完成数量: “=1+1” — 不能使用公式"),
        ({"完成数量": 11}, "第2行 row 2, 完成数量 made: “11” — 最多 10"),
        ({"完成数量": -1}, "第2行 row 2, 完成数量: “-1” — 应不小于"),
        ({"行号": 7}, "第2行 row 2, 行号 line: “7” — 应为 must be one of 1"),
        ({"行号": 1.5}, "第2行 row 2, 行号: “1.5” — 应为整数"),
        ({"日期": "昨天"}, "第2行 row 2, 日期: “昨天” — 应为日期"),
        ({"日期": None}, "第2行 row 2, 日期: “” — 必填"),
        ({"单号": None}, "第2行 row 2, 单号: “” — 必填，不能是公式；合并的单元格请取消合并"),
        ({"单号": "=A1"}, "第2行 row 2, 单号: “=A1” — 不能使用公式"),
        ({"步骤": "review-1"}, "第2行 row 2, 待办 work item: “review-1” — 已由"),
        ({"异常说明": "好" * 2001}, "第2行 row 2, 异常说明"),
    ],
)
def test_a_wrong_row_says_what_is_wrong(play: Play, path: Path, cells: Cells, told: str) -> None:
    case = at(play, "produce-1-panel-1", PANEL)
    found = send(play.db, save(path, PRODUCTION, {**report(play, case, 1, 2), **cells}))
    assert became(found) == ["-"]
    assert told in reasons(found)
    assert play.orders(case)[0].made == 0
    books_balance(play.db)


@pytest.mark.parametrize("day", ["2026/11/5", "2026-11-5", "11月5日", "20261105", 46331, "２０２６．１１．５"])
def test_a_day_in_any_habit_is_the_same_row(play: Play, path: Path, day: object) -> None:
    case = at(play, "produce-1-panel-1", PANEL)
    send(play.db, save(path, PRODUCTION, report(play, case, 1, 2, 日期="2026-11-05")))
    assert became(send(play.db, save(path, PRODUCTION, report(play, case, 1, 2, 日期=day)))) == ["="]


def test_a_report_that_nobody_waits_for_names_its_sheet(play: Play, path: Path) -> None:
    case = at(play, "plan-1", PANEL)
    found = send(play.db, save(path, PRODUCTION, report(play, case, 1, 2)))
    assert became(found) == ["-"]
    assert "第2行 row 2, 待办 work item: “车间生产日报” — 这一步现在不需要办理" in reasons(found)


def test_merged_cells_are_asked_to_be_split(play: Play, path: Path) -> None:
    case = at(play, "produce-1-panel-1", PANEL)
    book = load_workbook(save(path, PRODUCTION, report(play, case, 1, 2), report(play, case, 1, 3)))
    sheet: Any = book.active
    sheet.merge_cells("A2:A3")
    book.save(path)
    found = send(play.db, path)
    assert became(found) == ["+", "-"]
    assert "合并的单元格请取消合并" in reasons(found)


def test_the_kind_is_known_by_the_headings_too(play: Play, path: Path) -> None:
    case = at(play, "produce-1-panel-1", PANEL)
    save(path, PRODUCTION, report(play, case, 1, 2))
    book = load_workbook(path)
    sheet: Any = book.active
    sheet.title = "Sheet1"
    book.save(path)
    assert became(send(play.db, path)) == ["+"]


def test_a_workbook_may_hold_several_kinds(play: Play, path: Path) -> None:
    made, out = at(play, "produce-1-panel-1", PANEL), at(play, "goods-out-1-1", LINES[0])
    save(path, PRODUCTION, report(play, made, 1, 2))
    book = load_workbook(path)
    cells = {
        "单号": number(play, out),
        "日期": TODAY,
        "经办人工号": WAREHOUSE,
        "运输方式": "自有车辆",
        "承运商": "集团自有车队",
        "运费": 0,
        "件数": 1,
    }
    journal: Any = book.create_sheet("出库流水账")
    journal.append(list(cells))
    journal.append(list(cells.values()))
    book.create_sheet("备忘").append(["随便写写"])
    book.save(path)
    found = send(play.db, path)
    assert became(found) == ["+", "+"], reasons(found)


def test_two_sheets_that_share_a_row_and_come_together_lose_nothing(play: Play, tmp_path: Path) -> None:
    case = at(play, "produce-1-panel-1", PANEL, line("P-PB-002", 1, "缺件"))
    shared, own = report(play, case, 1, 2), report(play, case, 2, 1, 经办人工号=None)
    sheets = [save(tmp_path / "a.xlsx", PRODUCTION, shared), save(tmp_path / "b.xlsx", PRODUCTION, shared, own)]
    with ThreadPoolExecutor(2) as senders, play.db.connect() as holder:
        holder.execute(text(HOLDS_ON))
        holder.execute(text("SELECT 1 FROM service_case WHERE id = :case FOR UPDATE"), {"case": case})
        sent = [senders.submit(send, play.db, sheet) for sheet in sheets]
        wait_until(lambda: len(play.rows(WAITING)), len(sheets))  # both have seen that their rows are new
        holder.rollback()
        found = [became(one.result()) for one in sent]
    assert found in ([["+"], ["=", "+"]], [["="], ["+", "+"]])
    assert [order.made for order in play.orders(case)] == [2, 1]
