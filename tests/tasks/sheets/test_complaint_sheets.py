"""A hotline's day of records, a duty roster and a complaint's way by sheet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from schemas.sheet_kinds import sheet_kind
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tests.flows.complaints import AGENT, ORDER, Hotline
from tests.play import Play
from tests.tasks.sheets.workbooks import Cells, became, reasons, save, send

CONTACTS, DUTY, FIRST = sheet_kind("contacts"), sheet_kind("duty"), sheet_kind("first-answer")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel("2026-11-18T16:00:00+08:00", tick=False):
        yield


def row(key: str, kind: str, **more: object) -> Cells:
    said = {"申报单号": key, "办事处": "BJ", "申报人工号": AGENT, "来电类别": kind, "来电渠道": "电话"}
    return said | {"来电事项": "柜门开裂", "订单号": ORDER, "订单行": 1, "来电时间": "2026/11/18 9:05"} | more


def test_a_hotlines_day_of_records_is_one_sheet(play: Play, tmp_path: Path) -> None:
    """Sheets: a hotline's day of records."""
    day = [
        row("1", "投诉", 约定回复时间="2026-11-19 10:00"),
        row("2", "报修", 订单行=2),
        row("3", "咨询", 来电时间="2026-11-18 15:30"),
        row("4", "建议"),
        row("5", "投诉", 同一事项=""),
        row("6", "投诉", 订单行=3, 来电时间="2026-11-19 09:00"),
        row("7", "投诉", 订单行=4, 来电渠道="信鸽"),
    ]
    found = send(play.db, save(tmp_path / "day.xlsx", CONTACTS, *day))
    assert became(found) == ["+", "+", "+", "+", "-", "-", "-"]
    assert "请待其受理后再发" in reasons(found), "two calls about one matter in one sheet"
    assert "不能晚于现在" in reasons(found)
    assert "来电渠道" in reasons(found)
    opened = play.rows("SELECT opened_at FROM service_case WHERE number = 'CC-2026-000001'")
    assert str(opened[0].opened_at) == "2026-11-18 01:05:00+00:00"
    again = send(play.db, tmp_path / "day.xlsx")
    assert became(again)[:4] == ["="] * 4
    appended = send(play.db, save(tmp_path / "late.xlsx", CONTACTS, row("5", "投诉", 同一事项="是")))
    assert became(appended) == ["+"]
    Hotline(play.db).rest()
    assert [one.ending for one in play.rows("SELECT ending FROM service_case ORDER BY id DESC LIMIT 1")] == ["appended"]


def test_the_same_call_by_sheet_and_by_click_ends_alike(play: Play, tmp_path: Path) -> None:
    people = Hotline(play.db)
    case = people.call("咨询")
    said = {"单号": people.case(case).number, "接听结论": "已答复", "答复内容": "三包一年", "经办人工号": AGENT}
    assert became(send(play.db, save(tmp_path / "a.xlsx", FIRST, said))) == ["+"]
    assert people.case(case).ending == "answered"


def test_a_roster_is_a_sheet(play: Play, tmp_path: Path) -> None:
    """Data by sheet: the duty roster."""
    whole = {"申报单号": "R1", "办事处": "BJ", "申报人工号": "E1040"}
    rows = [
        whole | {"值班日期": "2026-11-21", "班次": "休息日班", "值班工号": AGENT},
        whole | {"值班日期": "2026-11-23", "班次": "晚班", "值班工号": "E1026", "代理工号": "E1027"},
    ]
    assert became(send(play.db, save(tmp_path / "r.xlsx", DUTY, *rows))) == ["+", "+"]
    assert play.rows("SELECT count(*) AS n FROM duty")[0].n == 2


def test_the_checks_name_row_field_value_and_what_was_expected(play: Play, tmp_path: Path) -> None:
    path = save(tmp_path / "x.xlsx", CONTACTS, row("1", "投诉", 相关单号="PA-2026-009999"), row("2", "电话"))
    report = import_file(play.db, path)
    assert report.counts[Became.REJECTED] == 2
    told = "\n".join(str(problem) for one in report.rejected for problem in one.problems)
    assert "第2行" in told
    assert "PA-2026-009999" in told
    assert "来电类别是" in told
