"""Rows that name no step where a case waits for several forms of one kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from schemas.sheet_kinds import sheet_kind
from tests.play import Play, cells, line
from tests.tasks.sheets.workbooks import became, reasons, save, send

KINDS = ("goods-out", "pickup", "check", "approval", "anomaly-review")
GOODS_OUT, PICKUP, CHECK, APPROVAL, REVIEW = map(sheet_kind, KINDS)
DAY = "2026-11-18"
DOORS, TOPS, STOCK = line("P-PB-001", 3), line("P-PT-001", 2), line("P-HW-001", 4)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(f"{DAY}T10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sheet.xlsx"


def parcels(play: Play) -> int:
    """Bring two parcels of a case to their forms, side by side."""
    case = play.apply([STOCK, DOORS], 发货方式="分批")
    play.run_to(case, "plan-1")
    play.decide(case, "plan-1")
    play.decide(case, "produce-1-panel-1")
    play.decide(case, "goods-in-1-1")
    assert set(play.items(case)) == {"goods-out-1-1", "goods-out-2-1"}
    return case


def goods_out(play: Play, case: int, **more: object) -> dict[str, object]:
    """Fill in a row of the 出库流水账."""
    van = {"运输方式": "自有车辆", "承运商": "集团自有车队", "运费": 0, "件数": 1}
    row = {"单号": play.case(case).number, "日期": DAY, "流水号": 1, "经办人工号": "E1016"}
    return row | van | more


def test_of_two_parcels_a_row_that_names_a_line_of_one_is_that_one_s(play: Play, path: Path) -> None:
    case = parcels(play)
    assert became(send(play.db, save(path, GOODS_OUT, goods_out(play, case, 行号=2, 箱号="1")))) == ["+"]
    assert set(play.items(case)) == {"goods-out-1-1", "pickup-2"}


@pytest.mark.parametrize("lines", [{}, {"行号": 9, "箱号": "1"}], ids=["none", "another's"])
def test_of_two_parcels_a_row_that_does_not_say_which_is_asked_for_the_step(
    play: Play, path: Path, lines: dict[str, object]
) -> None:
    case = parcels(play)
    found = send(play.db, save(path, GOODS_OUT, goods_out(play, case, **lines)))
    assert became(found) == ["-"]
    assert "出库 goods-out-1-1、出库 goods-out-2-1" in reasons(found)
    assert "请写明步骤" in reasons(found)
    assert set(play.items(case)) == {"goods-out-1-1", "goods-out-2-1"}
    named = goods_out(play, case, 步骤="goods-out-2-1")
    assert became(send(play.db, save(path, GOODS_OUT, named))) == ["+"]
    assert set(play.items(case)) == {"goods-out-1-1", "pickup-2"}


def test_of_two_pickups_and_of_two_checks_the_lines_say_which(play: Play, path: Path) -> None:
    case = parcels(play)
    play.decide(case, "goods-out-1-1")
    play.decide(case, "goods-out-2-1")
    row = {"单号": play.case(case).number, "经办人工号": "E1049", "行号": 2, "核对结果": "短少", "完好数量": 3}
    unchecked = row | {"到货日期": DAY, "核对结果": "已提货未核对"}
    assert became(send(play.db, save(path, PICKUP, unchecked))) == ["+"]
    assert set(play.items(case)) == {"pickup-1", "check-2"}
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    assert became(send(play.db, save(path, CHECK, row | {"完好数量": 2}))) == ["+"]
    assert set(play.items(case)) == {"check-1", "anomaly-pickup-2-2"}


def test_of_two_approvals_a_decision_that_does_not_say_which_approves_nothing(play: Play, path: Path) -> None:
    case = parcels(play)
    dear = {"运输方式": "快递", "承运商": "顺丰速运", "运费": 300, "件数": 1}
    for key in ("goods-out-1-1", "goods-out-2-1"):
        play.decide(case, key, **dear)
    keys = {"freight-1-1", "freight-2-1"}
    assert set(play.items(case)) == keys
    row = {"单号": play.case(case).number, "经办人工号": "E1041", "审批结论": "同意"}
    found = send(play.db, save(path, APPROVAL, row))
    assert became(found) == ["-"]
    assert "请写明步骤" in reasons(found)
    assert set(play.items(case)) == keys
    assert became(send(play.db, save(path, APPROVAL, row | {"步骤": "freight-2-1"}))) == ["+"]
    assert "freight-1-1" in play.items(case)
    assert "freight-2-1" not in play.items(case)


def test_of_two_anomalies_each_is_a_case_of_its_own_so_that_nothing_is_mistaken(play: Play, path: Path) -> None:
    case = play.apply([DOORS, TOPS])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="基材缺货"))
    play.decide(case, "produce-1-paint-1", 明细=cells("完成数量", {2: 0}, 异常说明="漆面起泡"))
    first, second = (play.anomaly(case, key) for key in ("anomaly-1-1-1", "anomaly-1-2-2"))
    row = {"单号": play.case(second).number, "经办人工号": "E1001", "初审结论": "不同意", "原因": "明日到料"}
    assert became(send(play.db, save(path, REVIEW, row))) == ["+"]
    assert [play.case(child).ending for child in (first, second)] == [None, "rejected"]
