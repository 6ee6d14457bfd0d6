"""Cases are found by whatever people have of them, parts by whatever they call them."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import time_machine

from tasks.lookups.cases import case_table
from tasks.lookups.parts import find_parts
from tasks.lookups.queries import find_cases
from tasks.people.queries import ALL, Seen
from tasks.people.rights import seen_by
from tests.play import Play, line

CUSTOMER = {"客户姓名": "钱 雨 桐", "客户电话": "13800009999", "客户地址": "松涛里9栋"}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        yield


def found(play: Play, typed: str, seen: Seen = ALL) -> list[str]:
    with play.db.connect() as connection:
        return [one.number for one in find_cases(connection, typed, seen)]


def seen_by_store(play: Play, store: str) -> Seen:
    with play.db.connect() as connection:
        return seen_by(connection, store)


@pytest.mark.parametrize(
    "typed",
    [
        *("1", "000001", "PA1", "pa-2026-000001", "2026-1", "ＰＡ-2026-000001"),
        *("wx-77a", "138 0000 9999", "+86 138-0000-9999", "１３８００００９９９９", "钱雨桐", "钱 雨桐"),
    ],
)
def test_a_case_is_found_by_what_people_have_of_it(play: Play, typed: str) -> None:
    case = play.apply([line("P-HW-001")], 订单号="WX-77A", **CUSTOMER)
    play.apply([line("P-HW-001")], 订单号="WX-77B", **CUSTOMER | {"客户姓名": "别人", "客户电话": "13700000000"})
    assert found(play, typed) == [play.case(case).number]


@pytest.mark.parametrize("typed", ["", " ", "2", "PA-2025-000001", "RR1", "1380000", "YD-8", "' OR 1=1 --"])
def test_nothing_else_is_found(play: Play, typed: str) -> None:
    play.apply([line("P-HW-001")], 订单号="WX-77A", **CUSTOMER)
    assert found(play, typed) == []


def test_an_office_finds_its_own_alone(play: Play) -> None:
    own = play.apply([line("P-HW-001")], office="BJ", 订单号="WX-1", **CUSTOMER)
    other = play.apply([line("P-HW-001")], office="TJ", 订单号="WX-2", **CUSTOMER)
    numbers = [play.case(case).number for case in (other, own)]
    assert found(play, "13800009999") == numbers
    assert found(play, "13800009999", Seen({"BJ"})) == numbers[1:]
    assert found(play, numbers[0], Seen({"BJ"})) == []


def test_a_store_finds_cases_about_orders_that_it_sold_alone(play: Play) -> None:
    """Whatever it types; one of another store, or of none, is answered as if it did not exist."""
    orders = ["SO20260318-0042", "SO20260608-0087", "WX-1"]
    play.run("UPDATE sales_record SET store = NULL")
    play.run("UPDATE sales_record SET store = 'ZM001' WHERE order_no = :order", order=orders[0])
    play.run("UPDATE sales_record SET store = 'ZM002' WHERE order_no = :order", order=orders[1])
    cases = [play.apply([line("P-HW-001")], 订单号=order, **CUSTOMER) for order in orders]
    numbers = [play.case(case).number for case in cases]
    own, other = (seen_by_store(play, code) for code in ("ZM001", "ZM002"))
    assert found(play, "13800009999", own) == found(play, "钱雨桐", own) == found(play, numbers[0], own) == numbers[:1]
    assert found(play, "13800009999", other) == found(play, orders[1], other) == numbers[1:2]
    assert [found(play, typed, own) for typed in (*numbers[1:], *orders[1:])] == [[], [], [], []]


def test_a_store_finds_a_shipment_of_its_own_alone(play: Play) -> None:
    case = play.apply([line("P-HW-001")], 订单号="SO20260318-0042")
    while not (key := next((key for key in play.items(case) if key.startswith("goods-out")), "")):
        play.decide(case, play.next_key(case))
    play.decide(case, key, 运单号="yd-7")
    play.run("UPDATE sales_record SET store = 'ZM001' WHERE order_no = 'SO20260318-0042'")
    assert found(play, "YD-7", seen_by_store(play, "ZM001")) == [play.case(case).number]
    assert found(play, "YD-7", seen_by_store(play, "ZM002")) == []


@pytest.mark.parametrize(
    "caller",
    [{"客户姓名": "随便", "客户电话": "139 0000 2017"}, {"客户姓名": "北京朝阳专卖店", "客户电话": "13700000000"}],
)
def test_a_store_finds_what_it_filed(play: Play, caller: dict[str, str]) -> None:
    """It is the caller, by its phone or its name, as its complaints of a survey are."""
    case = play.apply([line("P-HW-001")], 订单号="WX-1", **CUSTOMER | caller)
    assert found(play, "WX-1", seen_by_store(play, "ZM001")) == [play.case(case).number]
    assert found(play, "WX-1", seen_by_store(play, "ZM002")) == []


def test_a_store_without_a_phone_finds_no_case_without_a_phone(play: Play) -> None:
    play.run("UPDATE store SET phone = '' WHERE code = 'ZM001'")
    case = play.apply([line("P-HW-001")], 订单号="WX-1", **CUSTOMER)
    play.run("UPDATE service_case SET customer_phone = '' WHERE id = :id", id=case)
    assert found(play, "WX-1", seen_by_store(play, "ZM001")) == []


def test_it_says_where_the_case_stands_what_was_promised_what_came_and_went_and_how(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3), line("P-HW-001", 1)], 发货方式="分批")
    with play.db.connect() as connection:
        [begun] = find_cases(connection, play.case(case).number)
    stands = (begun.link, begun.holder, begun.promised, str(begun.goods_in), begun.tracking)
    assert stands == ("审核修正", "PARTS_REVIEWER", None, "", "")
    while not (key := next((key for key in play.items(case) if key.startswith("goods-out")), "")):
        play.decide(case, play.next_key(case))
    play.decide(case, key, 运单号="yd-7")
    with play.db.connect() as connection:
        [sent] = find_cases(connection, "YD-7")
    assert str(sent.goods_out) == "1/2 2026-11-18"
    play.finish(case)
    with play.db.connect() as connection:
        [done] = find_cases(connection, "yd-7")
        table = case_table([done])
    assert isinstance(done.promised, date)
    assert (done.ending, str(done.goods_out)) == ("delivered", "2026-11-18")
    assert table.as_records()[0]["state"] == "已交付 delivered"


def parts(play: Play, typed: str) -> dict[str, dict[str, object]]:
    with play.db.connect() as connection:
        return {str(one["code"]): dict(one) for one in find_parts(connection, typed).as_records()}


def test_a_part_is_found_by_code_name_or_category_with_the_price_in_force_today(play: Play) -> None:
    hinge = parts(play, "p-hw-001")["P-HW-001"]
    assert (hinge["name"], hinge["category"], hinge["price"]) == ("铰链(全盖110°)", "五金", Decimal("9.20"))
    with time_machine.travel("2026-06-30T10:00:00+08:00"):
        assert parts(play, "铰链（全盖")["P-HW-001"]["price"] == Decimal("8.50")
    assert {one["category"] for one in parts(play, "五金").values()} == {"五金"}


def test_where_no_name_has_it_the_nearest_are_told(play: Play) -> None:
    assert "柜门板(左)" in [one["name"] for one in parts(play, "柜门版（左）").values()]
    assert parts(play, " ") == parts(play, "qqqqqqqq") == {}


def test_what_is_discontinued_is_marked(play: Play) -> None:
    [gone, *_] = play.rows("SELECT code, discontinued_on FROM part WHERE discontinued_on IS NOT NULL")
    assert parts(play, gone.code)[gone.code]["state"] == f"{gone.discontinued_on} 停产 discontinued"
    assert parts(play, "P-HW-001")["P-HW-001"]["state"] == "在用 in use"
