"""Warranty cards by sheet: registered once, known when they come again, sent back where they are wrong."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.sheet_kinds import sheet_kind
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tests.play import Play
from tests.tasks.customers.test_cards import periods
from tests.tasks.sheets.test_sales_sheet import SALES, SOLD
from tests.tasks.sheets.workbooks import reasons, save

CARDS = sheet_kind("warranty-cards")
CARD: dict[str, Any] = {
    "保修卡号": "BX-1",
    "订单号": "SO20250106-0101",
    "行号": 1,
    "客户姓名": "钱雨桐",
    "客户电话": "13800001048",
    "客户地址": "晴川道144号",
    "寄回日期": date(2025, 2, 10),
    "经办人工号": "E1001",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "保修卡.xlsx"


def test_cards_are_registered_and_the_same_sheet_again_does_nothing(play: Play, path: Path) -> None:
    save(path, CARDS, CARD, CARD | {"保修卡号": "BX-2", "行号": 2})
    assert dict(import_file(play.db, path).counts) == {Became.ACCEPTED: 2}
    assert dict(import_file(play.db, path).counts) == {Became.UNCHANGED: 2}
    assert [row.card_no for row in play.rows("SELECT card_no FROM warranty_card ORDER BY card_no")] == ["BX-1", "BX-2"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"订单号": "SO20250106-0110"}, "did you mean: SO20250106-0101"),
        ({"签收日期": date(2025, 1, 20)}, "不能早于出厂日期"),
        ({"签收日期": date(2025, 2, 11)}, "寄回日期不早于签收日期"),
        ({"寄回日期": date(2126, 1, 1)}, "寄回日期不晚于今天"),
        ({"客户电话": ""}, "每行都有客户电话"),
        ({"经办人工号": "E9999"}, "经办人工号是在职员工"),
    ],
)
def test_a_wrong_card_goes_back_and_the_others_are_registered(
    play: Play, path: Path, wrong: dict[str, Any], why: str
) -> None:
    report = import_file(play.db, save(path, CARDS, CARD | wrong, CARD | {"保修卡号": "BX-2", "行号": 2}))
    assert dict(report.counts) == {Became.ACCEPTED: 1, Became.REJECTED: 1}
    assert why in reasons(report.rejected)
    assert [row.card_no for row in play.rows("SELECT card_no FROM warranty_card")] == ["BX-2"]


def test_a_corrected_sales_record_moves_the_warranty_of_its_card(play: Play, path: Path) -> None:
    import_file(play.db, save(path, SALES, SOLD))
    card = CARD | {"订单号": SOLD["订单号"], "寄回日期": date(2026, 4, 1)}
    import_file(play.db, save(path, CARDS, card))
    later = SOLD | {"签收日期": date(2026, 3, 20), "安装完成日期": date(2026, 3, 25), "确认": "是"}
    import_file(play.db, save(path, SALES, later))
    [found] = periods(play, SOLD["订单号"])
    assert (str(found["starts_on"]), str(found["ends_on"])) == ("2026-03-25", "2027-03-25")


def test_what_was_confirmed_as_custom_made_at_purchase_is_kept_and_must_be_custom_made(play: Play, path: Path) -> None:
    marked = SOLD | {"是否定制": "是", "定制确认": "是"}
    report = import_file(play.db, save(path, SALES, marked, marked | {"行号": 2, "是否定制": "否"}))
    assert dict(report.counts) == {Became.ACCEPTED: 1, Became.REJECTED: 1}
    assert "只有定制商品才有定制确认" in reasons(report.rejected)
    [kept] = play.rows("SELECT custom_confirmed FROM sales_record WHERE order_no = 'SO-NEW-1'")
    assert kept.custom_confirmed
