"""Repairs by sheet: applications, a list over many cases, its receipts, customers' answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.sheet_kinds import sheet_kind
from tests.books import books_balance
from tests.flows.repairs import Repairs
from tests.tasks.sheets.workbooks import became, reasons, save, send

TODAY = "2026-11-18"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(f"{TODAY}T10:00:00+08:00", tick=False):
        yield


def test_repairs_go_from_application_to_receipt_by_sheets(db: Engine, tmp_path: Path) -> None:
    play = Repairs(db)
    goods = {"办事处": "BJ", "申报人工号": "E1049", "配件名称": "P-PT-001", "数量": 1, "损坏原因": "掉漆", "体积": 0.2}
    rows = [
        goods | {"申报单号": "F-1", "订单号": "SO20260318-0042", "原因": "质量问题"},
        goods | {"申报单号": "F-2", "订单号": "SO20250316-0093", "原因": "质量问题"},
        goods | {"申报单号": "F-3", "订单号": "SO-NEVER", "原因": "质量问题"},
    ]
    found = send(db, save(tmp_path / "repairs.xlsx", sheet_kind("repairs"), *rows))
    assert became(found) == ["+", "+", "-"]
    assert "never sold" in reasons(found)
    cases = [row.id for row in play.rows("SELECT id FROM service_case WHERE process = 'RR' ORDER BY number")]
    for case in cases:
        play.decide(case, "review-1")

    numbers = [play.case(case).number for case in cases]
    listed = [
        {"申报单号": "L-1", "办事处": "BJ", "申报人工号": "E1049", "返修单号": number, "箱号": "7"}
        for number in numbers
    ]
    path = save(tmp_path / "list.xlsx", sheet_kind("return-lists"), *listed)
    assert became(send(db, path)) == ["+", "+"]
    assert became(send(db, path)) == ["=", "="], "sent again it is no second list"
    (sent,) = play.rows("SELECT id, number FROM service_case WHERE process = 'RL'")
    play.decide(sent.id, "list-1")
    play.decide(sent.id, "logistics")

    by = {"单号": sent.number, "日期": TODAY, "到货日期": TODAY, "经办人工号": "E1016"}
    arrived = [by | {"行号": no, "实收数量": 1} for no in (1, 2)]
    assert became(send(db, save(tmp_path / "receipt.xlsx", sheet_kind("return-receipts"), *arrived))) == ["+", "+"]
    play.rest()
    assert [list(play.items(case)) for case in cases] == [["appraise-1"], ["appraise-1"]]

    graded = [{"单号": number, "经办人工号": "E1009", "鉴定类别": "二类(可修)", "修理费": 60} for number in numbers]
    assert became(send(db, save(tmp_path / "graded.xlsx", sheet_kind("appraisal"), *graded))) == ["+", "+"]
    play.run_to(cases[1], "quote-1-1")
    answer = {"单号": numbers[1], "经办人工号": "E1025", "答复": "同意报价", "签字日期": TODAY}
    assert became(send(db, save(tmp_path / "answers.xlsx", sheet_kind("quote-answer"), answer))) == ["+"]
    assert list(play.items(cases[1])) == ["plan-1"]
    books_balance(db)
