"""Warranty cards register customers and fix 三包; what cannot be is refused and changes nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import time_machine

import flows.repair_return  # noqa: F401  of which periods hear
from schemas.forms.sales import WarrantyCard, WarrantyWaiver
from schemas.problems import BadInput
from tasks.customers.cards import register_card, waive_warranty
from tasks.customers.file import customer_file, find_customers
from tests.play import Play, line
from tests.tasks.surveys.survey_cases import repaired

ORDER = "SO20250106-0101"  # of 天津: made 2025-01-21, signed 2025-01-30
CARD: dict[str, Any] = {
    "保修卡号": "BX-1",
    "订单号": " so20250106-0101 ",
    "行号": 1,
    "客户姓名": "钱 雨桐",
    "客户电话": "+86 138-0000-1048",
    "客户地址": "晴川道144号",
    "寄回日期": "2025-02-10",
    "经办人工号": "E1001",
}
KEPT = "SELECT * FROM sales_record", "SELECT * FROM warranty_card", "SELECT * FROM customer"


@pytest.fixture(autouse=True)
def today() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as traveller:
        yield traveller


def card(**told: Any) -> WarrantyCard:
    return WarrantyCard.model_validate(CARD | told)


def state(play: Play) -> list[list[tuple[Any, ...]]]:
    return [sorted(map(tuple, play.rows(query)), key=str) for query in KEPT]


def periods(play: Play, order: str = ORDER) -> list[dict[str, Any]]:
    """Give the periods of an order that its customer's file shows."""
    with play.db.connect() as connection:
        who, *_ = find_customers(connection, order)
        [shown] = [table for one, table in customer_file(connection, who).sections.items() if one.key == "warranty"]
    return [row for row in shown.as_records() if row["order_no"] == order]


def test_a_card_registers_the_customer_and_keeps_when_each_category_is_under_warranty(play: Play) -> None:
    assert register_card(play.db, card()).new
    [customer] = play.rows("SELECT name, phone, address FROM customer")
    assert tuple(customer) == ("钱雨桐", "13800001048", "晴川道144号")
    [kept] = play.rows("SELECT * FROM warranty_card")
    assert (kept.order_no, kept.line_no, kept.card_no) == (ORDER, 1, "BX-1")
    categories = [row.name for row in play.rows("SELECT name FROM part_category ORDER BY code")]
    [period] = periods(play)
    assert period["category"] == "、".join(categories)
    assert [str(period[name]) for name in ("starts_on", "ends_on", "rule")] == [
        *("2025-01-30", "2026-01-30", "签收日起 from signing，12 个月 months")
    ]


def test_the_same_card_again_says_so_and_changes_nothing(play: Play) -> None:
    register_card(play.db, card())
    before = state(play)
    again = register_card(play.db, card(客户地址="别处"))
    assert not again.new
    assert "已于 2026-11-18 由 E1001 登记" in again.said
    assert state(play) == before


def test_of_two_who_register_one_card_at_once_one_does(play: Play) -> None:
    with ThreadPoolExecutor(2) as people:
        became = list(people.map(lambda _: register_card(play.db, card()), range(2)))
    assert sorted(one.new for one in became) == [False, True]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"签收日期": "2025-01-20"}, "不能早于出厂日期 2025-01-21"),
        ({"签收日期": "2025-02-01"}, "销售记录为 2025-01-30"),
        ({"寄回日期": "2025-01-29"}, "不能早于签收 2025-01-30"),
        ({"安装完成日期": "2025-01-29"}, "不能早于签收 2025-01-30"),
        ({"寄回日期": "2026-11-19"}, "不能晚于今天 2026-11-18"),
        ({"订单号": "SO20250106-0110"}, f"did you mean: {ORDER}"),
        ({"行号": 9}, "只有第 1、2 行"),
        ({"经办人工号": "E9999"}, "没有这位在职员工"),
        ({"经办人工号": "E1049"}, "不是本办事处的订单"),
    ],
)
def test_a_card_that_cannot_be_is_refused_and_changes_nothing(play: Play, told: dict[str, Any], why: str) -> None:
    before = state(play)
    with pytest.raises(BadInput) as refused:
        register_card(play.db, card(**told))
    assert why in str(refused.value)
    assert state(play) == before


def test_a_line_has_one_card_and_a_card_one_line(play: Play) -> None:
    register_card(play.db, card())
    with pytest.raises(BadInput, match="本行已登记保修卡 BX-1"):
        register_card(play.db, card(保修卡号="BX-2"))
    with pytest.raises(BadInput, match=f"已登记在 {ORDER} 第 1 行"):
        register_card(play.db, card(行号=2))
    assert register_card(play.db, card(保修卡号="BX-2", 行号=2)).new
    assert len(play.rows("SELECT * FROM customer")) == 1


def unsigned(play: Play) -> Any:
    [sold, *_] = play.rows("SELECT * FROM sales_record WHERE signing_date IS NULL ORDER BY order_no")
    return sold


def test_what_a_card_tells_first_is_kept_in_the_sales_record_with_who_told_it(play: Play) -> None:
    sold = unsigned(play)
    told = {"签收日期": "2026-11-10", "安装完成日期": "2026-11-12", "寄回日期": "2026-11-15"}
    register_card(play.db, card(订单号=sold.order_no, 行号=sold.line_no, **told))
    [kept] = play.rows(
        "SELECT * FROM sales_record WHERE order_no = :o AND line_no = :l", o=sold.order_no, l=sold.line_no
    )
    assert (kept.signing_date, kept.installation_date) == (date(2026, 11, 10), date(2026, 11, 12))
    [change] = play.rows("SELECT staff, changes FROM sales_change")
    both = {"signing_date": ["", "2026-11-10"], "installation_date": ["", "2026-11-12"]}
    assert (change.staff, change.changes) == ("E1001", both)
    assert {str(row["starts_on"]) for row in periods(play, sold.order_no)} == {"2026-11-12"}


def test_without_a_signing_date_warranty_begins_a_month_after_the_factory_date(play: Play) -> None:
    sold = unsigned(play)
    register_card(play.db, card(订单号=sold.order_no, 行号=sold.line_no, 寄回日期="2026-11-15"))
    assert {"出厂日顺延 1 个月" in row["rule"] for row in periods(play, sold.order_no)} == {True}


def test_the_period_of_a_card_follows_when_a_repair_or_an_exchange_ends(play: Play) -> None:
    """Repair days are excluded, an exchange starts it anew, in the customer file too (LAW)."""
    register_card(play.db, card())
    repaired(play.db, 1)  # within nine days
    play.run("UPDATE service_case SET order_no = :order", order=ORDER)
    [period] = periods(play)
    assert (str(period["ends_on"]), "扣除维修 9 天" in period["rule"]) == ("2026-02-08", True)
    play.run("UPDATE sales_record SET exchanged_on = '2026-11-01' WHERE order_no = :o AND line_no = 1", o=ORDER)
    [period] = periods(play)
    assert (str(period["starts_on"]), period["state"]) == ("2026-11-01", "在保 valid")


def waiver(**told: Any) -> WarrantyWaiver:
    said = {"订单号": ORDER, "行号": 1, "原因": "客户自行改装", "经办人工号": "E1040"}
    return WarrantyWaiver.model_validate(said | told)


def test_a_waiver_ends_the_warranty_in_the_file_and_in_what_is_applied_for_later(play: Play) -> None:
    free = {"订单号": "SO20260318-0042"}
    before = play.apply([line("P-HW-001")], **free)
    register_card(play.db, card(**free, 寄回日期="2026-11-15"))
    assert "不再三包" in waive_warranty(play.db, waiver(**free))
    assert {str(row["ends_on"]) for row in periods(play, free["订单号"])} == {"2026-11-17"}
    after = play.apply([line("P-HW-002")], **free)
    suggested = [play.items(case)["review-1"].prefill["明细"][0]["费用类别"] for case in (before, after)]
    assert [one.split("(")[0].split(" ")[0] for one in suggested] == ["免费", "收费"]
    assert [play.lines(case)[0].warranty_end for case in (before, after)] == [date(2027, 4, 4), date(2026, 11, 17)]
    assert "此前已放弃" in waive_warranty(play.db, waiver(**free))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"经办人工号": "E1001"}, "需要客服主管的权限"),
        ({"订单号": "SO20250106-0110"}, "销售记录中没有此订单"),
        ({"行号": 3}, "只有第 1、2 行"),
    ],
)
def test_a_waiver_that_may_not_be_is_refused(play: Play, told: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        waive_warranty(play.db, waiver(**told))
    assert play.rows("SELECT * FROM warranty_waiver") == []
