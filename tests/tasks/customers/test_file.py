"""The customer file shows everything about a customer, to an office what is its own."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Connection

from schemas.problems import BadInput
from schemas.shapes import LineTable
from schemas.words import Role
from tasks.customers import queries
from tasks.customers.cards import register_card
from tasks.customers.file import SECTIONS, Customer, CustomerFile, customer_file, find_customers, section
from tasks.desk.links import Links
from tasks.desk.lookups import check_may_reach, choices, look_up
from tasks.desk.pages import look_up_page
from tasks.people.queries import ALL, Seen, people
from tasks.people.rights import seen_by
from tests import toy
from tests.play import Play, line
from tests.tasks.customers.test_cards import ORDER, card

PHONE = "13800001048"
ELSEWHERE = {"客户姓名": "钱雨桐", "客户电话": "13700002222", "客户地址": "长安街100号院8号楼"}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        yield


def customers(play: Play, typed: str, seen: Seen = ALL) -> list[Customer]:
    with play.db.connect() as connection:
        return find_customers(connection, typed, seen)


def file_of(play: Play, typed: str, seen: Seen = ALL) -> CustomerFile:
    [who] = customers(play, typed, seen)
    with play.db.connect() as connection:
        return customer_file(connection, who, seen)


def records(file: CustomerFile) -> dict[str, list[dict[str, Any]]]:
    return {one.key: table.as_records() for one, table in file.sections.items()}


@pytest.mark.parametrize(
    "typed", [PHONE, "+86 138 0000-1048", "１３８００００１０４８", "钱 雨桐", ORDER.lower(), f" {ORDER}"]
)
def test_a_customer_is_found_however_phone_name_and_order_are_typed(play: Play, typed: str) -> None:
    [who] = customers(play, typed)
    assert (who.phone, who.name, ORDER in who.orders) == (PHONE, "钱雨桐", True)


def test_the_file_has_sales_cards_warranty_and_cases_of_all_processes(play: Play) -> None:
    register_card(play.db, card())
    with toy.registered():
        wish = toy.opened(play.db)
        play.run("UPDATE service_case SET customer_phone = :phone WHERE id = :id", phone=PHONE, id=wish)
        number = play.case(play.apply([line("P-HW-001")], office="TJ", 订单号=ORDER)).number
        known = records(file_of(play, PHONE))
    assert {(row["order_no"], row["line_no"]) for row in known["sales"]} >= {(ORDER, 1), (ORDER, 2)}
    assert [row["card_no"] for row in known["cards"]] == ["BX-1"]
    [period] = known["warranty"]
    days = (str(period["starts_on"]), str(period["ends_on"]), period["state"])
    assert days == ("2025-01-30", "2026-01-30", "已过 over")
    assert "五金" in period["category"]
    assert {row["number"] for row in known["cases"]} == {number, "TOY-2026-000001"}


def test_a_trade_adds_a_section_of_its_own(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.customers.file.SECTIONS", dict(SECTIONS))

    @section("calls", "回访 Calls")
    def calls(_connection: Connection, customer: Customer, _seen: Seen) -> LineTable:
        return LineTable(("客户",), [(customer.name,)])

    assert records(file_of(play, PHONE))["calls"] == [{"客户": "钱雨桐"}]


def test_an_office_sees_its_own_customers_and_cases_alone(play: Play) -> None:
    ours = play.apply([line("P-HW-001")], office="TJ", 订单号=ORDER)
    play.apply([line("P-HW-002")], office="BJ", 订单号=ORDER)
    assert len(records(file_of(play, PHONE))["cases"]) == 2
    assert [row["number"] for row in records(file_of(play, PHONE, Seen({"TJ"})))["cases"]] == [play.case(ours).number]
    assert records(file_of(play, PHONE, Seen({"BJ"})))["sales"] == []
    assert customers(play, PHONE, Seen({"SH"})) == []


def test_a_store_sees_what_it_sold_to_a_customer_and_nothing_else(play: Play) -> None:
    """Not the other orders of that customer, nor what the department asked and told them."""
    register_card(play.db, card())
    play.run("UPDATE sales_record SET store = NULL")
    play.run("UPDATE sales_record SET store = 'ZM003' WHERE order_no = :order", order=ORDER)
    play.run("UPDATE sales_record SET customer_phone = :phone WHERE order_no = 'SO20260318-0042'", phone=PHONE)
    own, other = (play.apply([line("P-HW-001")], office="TJ", 订单号=no) for no in (ORDER, "SO20260318-0042"))
    with play.db.connect() as connection:
        store, elsewhere = seen_by(connection, "ZM003"), seen_by(connection, "ZM001")
    file = file_of(play, PHONE, store)
    known = records(file)
    assert list(known) == ["sales", "cards", "warranty", "cases"]
    assert {row["order_no"] for name in ("sales", "cards", "warranty") for row in known[name]} == {ORDER}
    assert [row["number"] for row in known["cases"]] == [play.case(own).number]
    assert list(file.customer.orders) == [ORDER]
    assert customers(play, play.case(other).order_no, store) == customers(play, PHONE, elsewhere) == []


def test_an_order_of_others_does_not_find_who_bought_it_though_a_card_tells_of_both(play: Play) -> None:
    """Or a store, and an office, would learn where else their customer bought."""
    other = "SO20260318-0042"
    play.run("UPDATE sales_record SET store = 'ZM003', office = 'TJ' WHERE order_no = :order", order=ORDER)
    play.run("UPDATE sales_record SET store = 'ZM001', office = 'BJ' WHERE order_no = :order", order=other)
    for number, order in enumerate((ORDER, other)):
        register_card(play.db, card(保修卡号=f"BX-{number}", 订单号=order, 寄回日期="2026-05-01"))
    with play.db.connect() as connection:
        store = seen_by(connection, "ZM003")
    [who] = customers(play, ORDER, store)
    assert (ORDER in who.orders, other in who.orders) == (True, False)
    assert customers(play, other, store) == customers(play, other, Seen({"TJ"})) == []


def test_who_has_no_phone_is_found_by_order_among_more_of_one_name_than_are_told(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "UPDATE sales_record SET customer_name = '同名', customer_phone = :phone WHERE order_no = :order"
    play.run(name, phone="", order=ORDER)
    play.run(name, phone=PHONE, order="SO20260318-0042")
    monkeypatch.setattr(queries, "MOST_TOLD", 1)
    [who] = customers(play, ORDER)
    assert (who.phone, who.orders) == ("", [ORDER])


def test_of_several_customers_of_one_name_an_order_finds_one(play: Play) -> None:
    play.apply([line("P-HW-001")], 订单号="WX-9", **ELSEWHERE)
    both = customers(play, "钱雨桐")
    assert {who.phone for who in both} == {PHONE, "13700002222"}
    assert {row["phone"] for row in choices(both).as_records()} == {"138****1048", "137****2222"}
    [one] = customers(play, "wx-9")
    assert (one.phone, list(one.offices)) == ("13700002222", ["北京办事处"])


def test_the_page_masks_contact_data_and_links_the_cases(play: Play) -> None:
    number = play.case(play.apply([line("P-HW-001")], 订单号="WX-9", **ELSEWHERE)).number
    with play.db.connect() as connection:
        asked = ("WX-9", "钱雨桐", number, "铰链", "查无此人")
        pages = [look_up_page(look_up(connection, typed, ALL), Links()) for typed in asked]
    one, several, case, hinges, nothing = pages
    assert f"[{number}](/v2/artifacts/key/case-{number.lower()})" in one
    assert "2222" in one
    assert "同名客户" in several
    assert number in case
    assert "P-HW-001" in hinges
    assert "没有找到" in nothing
    assert not any(secret in page for page in pages for secret in ("13700002222", "100号院8号楼", PHONE))


def test_contact_data_in_full_is_for_whoever_holds_a_form_that_shows_it(play: Play) -> None:
    case = play.apply([line("P-HW-001")], 订单号="WX-9", **ELSEWHERE)
    [who] = customers(play, "WX-9")

    def refused(staff: str) -> bool:
        with play.db.connect() as connection:
            try:
                check_may_reach(connection, people(connection)[staff], who)
            except BadInput:
                return True
        return False

    [warehouse, *_] = play.holders(Role.WAREHOUSE)
    assert (refused("E1001"), refused(warehouse), refused("E1049")) == (True, True, True)  # its reviewer need not call
    while not any(key.startswith("goods-out") for key in play.items(case)):
        play.decide(case, play.next_key(case))
    assert (refused("E1001"), refused(warehouse), refused("E1049")) == (True, False, True)
