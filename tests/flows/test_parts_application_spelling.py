"""Duplicates, names and look-ups do not hang on spelling, by whatever door (DOMAIN 1.1)."""

from pathlib import Path

import pytest

from schemas.problems import BadInput
from schemas.sheet_kinds import sheet_kind
from tasks.lookups.queries import find_cases
from tasks.sheets.importing import import_file
from tests.play import Play, line
from tests.tasks.sheets.workbooks import save

CUSTOMER = {"客户姓名": "凌霄", "客户电话": "+86 138 0000 9999", "客户地址": "松涛里9栋"}


@pytest.mark.parametrize("order", ["wx-77a", "ＷＸ-77a", " WX -77A", "WX\u200b-77A", "WX-77\u00adA", "\ufeffWX-77A"])
def test_a_duplicate_does_not_pass_by_the_spelling_of_its_order(play: Play, order: str) -> None:
    play.apply([line("P-HW-001", 1)], 订单号="WX-77A", **CUSTOMER)
    with pytest.raises(BadInput, match="已申报"):
        play.apply([line("铰链（全盖110°）", 1)], 订单号=order, **CUSTOMER)


def test_a_sales_record_is_found_by_whatever_spelling(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)], 订单号="so20260318－0042")
    assert (play.case(case).order_no, play.case(case).model) == ("SO20260318-0042", "WD-401")


def test_a_part_and_an_office_are_known_by_whatever_brackets_width_and_case(play: Play) -> None:
    case = play.apply([line("柜门板（右）", 1), line("ｐ-pb-001", 1)], 办事处="bj")
    assert [row.part_name for row in play.lines(case)] == ["柜门板(右)", "柜门板(左)"]
    assert play.case(case).office == "BJ"


def test_what_is_not_known_is_answered_with_the_nearest(play: Play) -> None:
    with pytest.raises(BadInput) as refused:
        play.apply([line("柜门版(左)", 1)], 办事处="北京办事外")
    told = str(refused.value)
    assert "“柜门版(左)” — 不是标准配件名称或编码" in told
    assert "did you mean: 柜门板(左)" in told
    assert "did you mean: 北京办事处" in told


def test_a_reviewer_and_a_planner_are_answered_so_too(play: Play) -> None:
    case = play.apply([line("P-PB-001", 1)])
    (asked,) = play.items(case)["review-1"].prefill["明细"]
    assert "did you mean: 柜门板(左)" in play.refused(case, "review-1", 明细=[asked | {"配件名称": "柜门版（左）"}])
    (row,) = play.run_to(case, "plan-1").prefill["明细"]
    assert "did you mean: 板式车间" in play.refused(case, "plan-1", 明细=[row | {"生产单位": "板材车间"}])


@pytest.mark.parametrize("typed", ["wx-77a", "13800009999", "138 0000 9999", "+86 138-0000-9999", "ｐａ-2026-000001"])
def test_a_case_is_found_however_its_numbers_are_spelled(play: Play, typed: str) -> None:
    case = play.apply([line("P-HW-001", 1)], 订单号="WX-77A", **CUSTOMER)
    with play.db.connect() as connection:
        assert [one.number for one in find_cases(connection, typed)] == [play.case(case).number]


def test_a_sheet_is_answered_as_a_form_is(play: Play, tmp_path: Path) -> None:
    whole = {"办事处": "北京办事外", "申报人工号": "E1049", "订单号": "wx-77a", **CUSTOMER}
    good = {"申报单号": "2", **whole, "办事处": "bj", "配件名称": "柜门板（右）", "数量": 1, "原因": "缺件"}
    same = good | {"申报单号": "3", "订单号": "ＷＸ-77A"}
    rows = [{"申报单号": "1", **whole, "配件名称": "柜门板(左)", "数量": 1, "原因": "缺件"}, good, same]
    path = save(tmp_path / "申报.xlsx", sheet_kind("applications"), *rows)
    report = import_file(play.db, path)
    reasons = {row.no: "；".join(map(str, row.problems)) for row in report.rejected}
    assert "did you mean: 北京办事处" in reasons[2]
    assert "已申报（同订单同配件同原因）" in reasons[4]
    assert set(reasons) == {2, 4}


def test_a_line_of_an_order_comes_once_however_the_order_is_spelled(play: Play, tmp_path: Path) -> None:
    sold = {"行号": 1, "办事处": "BJ", "客户姓名": "凌霄", "客户电话": "138 0000 9999", "客户地址": "松涛里9栋"}
    sold |= {"型号": "BD-201", "品名": "床", "数量": 1, "实付金额": 10, "生产工厂": "一厂", "出厂日期": "2026-03-02"}
    sold |= {"渠道": "门店", "经办人工号": "E1001"}
    path = save(tmp_path / "销售.xlsx", sheet_kind("sales"), {"订单号": "so-9", **sold}, {"订单号": "ＳＯ-9", **sold})
    assert [row.no for row in import_file(play.db, path).rejected] == [2, 3]
    path = save(tmp_path / "销售2.xlsx", sheet_kind("sales"), {"订单号": "so-9", **sold})
    assert import_file(play.db, path).rejected == []
    kept = play.rows("SELECT order_no, customer_phone FROM sales_record WHERE order_no LIKE 'SO-9%'")
    assert [tuple(row) for row in kept] == [("SO-9", "13800009999")]
