"""Stock is kept in lots: near expiry first, then first in first out; what is taken back goes to the lots it was of."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from sqlalchemy.exc import IntegrityError

from schemas.forms.closing import LotsWanted
from schemas.problems import BadInput
from schemas.shapes import NEVER
from tasks.documents.printing import printed
from tasks.safety.lots import show_lots
from tasks.stock.rules import Lot, expiry, lots_said, take
from tests.play import OWN_VAN, Play, books_balance, line
from tests.tasks.books.test_books import contradicted
from tests.tasks.durable.test_race import at_once, decides

OLD, NEW, SOON = (Lot(NEVER, date(2026, 9, 1)), Lot(NEVER, date(2026, 10, 1)), Lot(date(2027, 1, 1), date(2026, 10, 2)))
HINGE, SUPERVISOR = "P-HW-001", "E1040"


@pytest.mark.parametrize(
    ("quantity", "taken", "short"),
    [
        (2, [(SOON, 2)], 0),
        (3, [(SOON, 3)], 0),
        (5, [(SOON, 3), (OLD, 2)], 0),
        ("8.5", [(SOON, 3), (OLD, 4), (NEW, "1.5")], 0),
        (13, [(SOON, 3), (OLD, 4), (NEW, 5)], 1),
        (0, [], 0),
    ],
)
def test_what_is_near_its_expiry_is_taken_first_then_what_came_first(
    quantity: Any, taken: list[tuple[Lot, Any]], short: int
) -> None:
    there = {NEW: Decimal(5), SOON: Decimal(3), OLD: Decimal(4)}
    assert take(there, Decimal(quantity)) == ([(lot, Decimal(many)) for lot, many in taken], short)


def test_a_lot_says_its_day_its_expiry_and_how_many_where_there_are_several() -> None:
    assert lots_said([(OLD, Decimal(-4))]) == "2026-09-01"
    assert (
        lots_said([(SOON, Decimal(-3)), (OLD, Decimal(-1))]) == "2026-10-02 有效期至 until 2027-01-01 ×3；2026-09-01 ×1"
    )
    assert (expiry(date(2026, 1, 1), 30), expiry(date(2026, 1, 1), None)) == (date(2026, 1, 31), NEVER)


def lots(play: Play, part: str = HINGE, where: str = "MAIN-GOOD") -> dict[str, int]:
    """Give what there is by the day it came in."""
    found = play.rows(
        "SELECT came_on, on_hand FROM stock_lot WHERE (warehouse, part) = (:where, :part) AND on_hand > 0 ORDER BY 1",
        where=where, part=part,
    )  # fmt: skip
    return {f"{row.came_on:%m-%d}": int(row.on_hand) for row in found}


@pytest.fixture
def two_lots(play: Play, today: time_machine.Traveller) -> Play:
    """3 hinges that came on 1 October, 1857 that came on the 15th."""
    play.run(
        "SET LOCAL session_replication_role = replica; "
        "UPDATE stock_movement SET came_on = '2026-10-15', moved_at = '2026-10-15'"
    )
    play.run("UPDATE stock_lot SET came_on = '2026-10-15'")
    older = "(id, step_key, kind, warehouse, part, quantity, moved_at, came_on)"
    for many, day in ((3, "2026-10-01"), (-3, "2026-10-15")):
        play.run(
            f"INSERT INTO stock_movement {older} "
            "VALUES (gen_random_uuid(), 'test', 'count_gain', 'MAIN-GOOD', :part, :many, '2026-10-15', :day)",
            part=HINGE, many=many, day=day,
        )  # fmt: skip
    play.run("UPDATE stock_lot SET on_hand = on_hand - 3 WHERE part = :part", part=HINGE)
    play.run("INSERT INTO stock_lot VALUES ('MAIN-GOOD', :part, '2026-10-01', '9999-12-31', 3)", part=HINGE)
    books_balance(play.db)
    return play


def test_goods_leave_by_lots_which_the_slip_names_and_come_back_to_them(
    two_lots: Play, today: time_machine.Traveller
) -> None:
    """First in first out (S3 §3 1.3); reversals go back to their lot."""
    case = two_lots.apply([line(HINGE, 4)])
    two_lots.run_to(case, "pickup-1")
    assert lots(two_lots) == {"10-15": 1856}
    (slip,) = two_lots.documents(case, "CK")
    assert slip.content["lines"][0]["lots"] == "2026-10-01 ×3；2026-10-15 ×1"
    with two_lots.db.connect() as connection:
        assert "2026-10-01 ×3；2026-10-15 ×1" in printed(connection, slip.number)
    today.move_to("2026-11-20T10:00:00+08:00")
    assert two_lots.withdraw(case, SUPERVISOR).accepted
    assert lots(two_lots) == {"10-01": 3, "10-15": 1857}, "not a lot of the day on which they came back"
    red = two_lots.documents(case, "CK")[1].content["lines"][0]
    assert (red["quantity"], red["lots"]) == ("-4", "2026-10-01 ×3；2026-10-15 ×1")
    books_balance(two_lots.db)


def test_what_others_took_meanwhile_is_taken_from_the_next_lot(two_lots: Play) -> None:
    for many in (2, 2, 2):
        two_lots.run_to(two_lots.apply([line(HINGE, many, "缺件" if many else "")]), "pickup-1")
        two_lots.run(
            "UPDATE service_case SET order_no = order_no || id; UPDATE case_line SET order_no = order_no || case_id"
        )
    assert lots(two_lots) == {"10-15": 1854}
    books_balance(two_lots.db)


def test_what_was_made_is_a_lot_of_the_day_it_came_in(two_lots: Play) -> None:
    case = two_lots.apply([line("P-PB-001", 3)])
    two_lots.run_to(case, "goods-out-1-1")
    assert lots(two_lots, "P-PB-001") == {"11-18": 3}
    two_lots.run_to(case, "pickup-1")
    assert lots(two_lots, "P-PB-001") == {}
    books_balance(two_lots.db)


def test_a_part_that_does_not_last_has_an_expiry(two_lots: Play) -> None:
    """Lots have an expiry where the part has one."""
    two_lots.run("UPDATE part SET shelf_days = 30 WHERE code = 'P-PB-001'")
    case = two_lots.apply([line("P-PB-001", 3)])
    two_lots.run_to(case, "goods-out-1-1")
    (slip,) = two_lots.documents(case, "RK")
    assert slip.content["lines"][0]["lots"] == "2026-11-18 有效期至 until 2026-12-18"


def test_no_lot_is_below_zero(play: Play) -> None:
    with pytest.raises(IntegrityError, match="ck_stock_lot_on_hand"):
        play.run("UPDATE stock_lot SET on_hand = -1")


@pytest.mark.parametrize(
    ("spoilt", "sentence"),
    [
        ("UPDATE stock_lot SET on_hand = on_hand + 1 WHERE part = 'P-HW-001'", ["库存", "批次"]),
        ("DELETE FROM stock_lot WHERE part = 'P-HW-001'", ["库存", "批次"]),
        ("UPDATE stock_lot SET came_on = '2026-01-01'", ["批次"]),
        ("UPDATE stock_movement SET expires_on = '2027-01-01'", ["批次"]),
    ],
)
def test_what_contradicts_the_lots_is_found(play: Play, spoilt: str, sentence: list[str]) -> None:
    assert [one.split(" = ")[0].split()[0] for one in contradicted(play, spoilt)] == sentence


def test_the_page_of_lots_tells_their_age_in_the_order_in_which_they_are_taken(two_lots: Play) -> None:
    page = show_lots(two_lots.db, LotsWanted(warehouse="main-good", part="铰链（全盖110°）"))
    told = [row for row in page.splitlines() if HINGE in row]
    assert ["| 2026-10-01 | 48 |  | 3 |" in told[0], "| 2026-10-15 | 34 |  | 1857 |" in told[1], len(told)] == [
        True,
        True,
        2,
    ]
    assert page.count("总部良品仓") == 2
    with pytest.raises(BadInput, match=r"仓库 warehouse: “火星”.*\n.*配件名称 part: “铰炼”"):
        show_lots(two_lots.db, LotsWanted(warehouse="火星", part="铰炼"))


def test_who_takes_from_one_lot_at_once_shares_it(two_lots: Play) -> None:
    cases = [two_lots.apply([line(HINGE, 3, reason)]) for reason in ("质量问题", "缺件", "运输损坏")]
    for case in cases:
        two_lots.run_to(case, "goods-out-1-1")
    replies = at_once(*(decides(two_lots, case, "goods-out-1-1", **OWN_VAN) for case in cases))
    assert all(reply.accepted for reply in replies), replies
    said = [two_lots.documents(case, "CK")[0].content["lines"][0]["lots"] for case in cases]
    assert sorted(said) == ["2026-10-01", "2026-10-15", "2026-10-15"]
    assert lots(two_lots) == {"10-15": 1851}
    books_balance(two_lots.db)
