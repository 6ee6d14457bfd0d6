"""What anomalies make of a special order's money: nobody pays for what does not come, or before it may (DOMAIN-BRANCHES 6, 7)."""

import pytest
import time_machine

from tasks.durable.stage import advance
from tests.flows.anomalies import planned, reported
from tests.flows.specials import DOOR, SHELF, contract, offered, order
from tests.play import Play, cells

ACCEPTED = {"处理办法": "让步接收", "申报方同意": "客户同意"}
MADE = "produce-1-custom-1"


def settled(play: Play, case: int, quantity: int = 1, **plan: object) -> int:
    """Report so many of the first line by hand, and settle it; gives the anomaly's id."""
    child = reported(play, case, 数量=quantity)
    assert play.finish(planned(play, child, **plan)) == "settled"
    play.rest()
    return child


def doors_ready(play: Play) -> int:
    """Bring an order of two doors and a shelf, 3,000 in all, to where the doors are in stock and the shelf is made."""
    case = order(play, DOOR, SHELF)
    offered(play, case, 1000)
    play.run_to(case, MADE)
    play.decide(case, MADE, 明细=cells("完成数量", {1: 2}))
    play.decide(case, "goods-in-1-1")
    return case


def balance(play: Play, case: int) -> tuple[str, str]:
    """Give the key of the balance's item, and what it asks for."""
    (item,) = play.items(case).values()
    return item.step_key, item.brief[0].removeprefix("应收 owed: 尾款 ")


def sold(play: Play, case: int) -> list[tuple[int, int]]:
    """Give how many of each line were sold, and what was paid for them."""
    rows = play.rows("SELECT * FROM sales_record WHERE order_no = :no ORDER BY line_no", no=play.case(case).number)
    return [(row.quantity, row.price_paid) for row in rows]


@pytest.mark.parametrize(("plan", "owed"), [({}, "**3,000.00 CNY**"), (ACCEPTED, "**2,000.00 CNY**")])
def test_goods_that_stay_here_are_paid_for_once_if_ordered_again_else_not_at_all(
    play: Play, plan: dict[str, object], owed: str
) -> None:
    case = doors_ready(play)
    settled(play, case, **plan)
    play.run_to(case, "balance-1")
    assert balance(play, case) == ("balance-1", owed)
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out")[f"TZ{case}-1"] == -1


def test_what_is_accepted_as_missing_while_the_balance_is_awaited_is_not_asked_for_any_more(play: Play) -> None:
    case = doors_ready(play)
    play.run_to(case, "balance-1")
    settled(play, case, **ACCEPTED)
    assert balance(play, case) == ("balance-2", "**2,000.00 CNY**")
    assert play.finish(case) == "delivered"
    assert sold(play, case) == [(1, 1000), (1, 1000)]


def test_where_all_is_accepted_as_missing_while_the_balance_is_awaited_it_cannot_be_made(play: Play) -> None:
    case = contract(play)
    play.run_to(case, "balance-1")
    settled(play, case, 2, **ACCEPTED)
    assert list(play.items(case)) == ["give-back"]
    play.decide(case, "give-back")
    assert play.case(case).ending == "cannot_be_made"


def test_an_order_of_which_all_was_ordered_again_by_a_report_is_paid_for_and_gives_nothing_back(play: Play) -> None:
    case = contract(play)
    play.run_to(case, MADE)
    again = play.ordered(settled(play, case, 2))
    assert balance(play, case) == ("balance-1", "**2,000.00 CNY**")
    assert [play.finish(one) for one in (case, again)] == ["replaced", "delivered"]
    assert sold(play, case) == [(2, 5000)]


def test_what_is_accepted_at_a_reduced_price_costs_so_much_less(play: Play) -> None:
    case = contract(play)  # two doors at 2,500, of which 3,000 are paid
    play.run_to(case, "goods-in-1-1")
    play.decide(case, "goods-in-1-1")
    settled(play, case, **ACCEPTED, 折让金额=300, 货物去向="留在原处")
    assert balance(play, case)[1] == "**1,700.00 CNY**"


def test_what_the_order_itself_found_and_a_customer_accepts_costs_less_too(play: Play) -> None:
    case = contract(play)
    play.run_to(case, MADE)
    play.decide(case, MADE, 明细=[{"行号": 1, "完成数量": 2, "异常说明": "有划痕"}])
    child = planned(play, play.anomaly(case, "anomaly-1-1-1"), **ACCEPTED, 折让金额=300, 货物去向="留在原处")
    assert play.finish(child) == "settled"
    play.rest()
    play.run_to(case, "balance-1")
    assert balance(play, case)[1] == "**1,700.00 CNY**"


def test_what_was_ordered_again_does_not_leave_before_the_balance_is_paid(play: Play) -> None:
    case = contract(play)
    play.run_to(case, "goods-in-1-1")
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: 1}, 差异原因="破损"))
    key = next(key for key in play.items(case) if key.startswith("anomaly"))
    again = play.ordered(play.settle(case, key))
    play.run_to(again, f"together-{case}")
    assert balance(play, case) == ("balance-1", "**2,000.00 CNY**")
    assert play.finish(case) == "delivered"
    play.rest()
    assert play.finish(again) == "delivered"


UNPAID = "付清后才能发货 its goods leave once that is paid"


def test_what_a_report_by_hand_had_ordered_again_does_not_leave_unpaid_either(play: Play) -> None:
    case = contract(play)
    play.run_to(case, MADE)
    again = play.ordered(settled(play, case))
    assert [key for key in play.items(again) if key.startswith("release")] == ["release-early"]
    play.run_to(again, "goods-out-1-1")
    assert f"{play.case(case).number}” — {UNPAID}" in play.refused(again, "goods-out-1-1")
    release = next(key for key in play.items(again) if key.startswith("release"))
    assert UNPAID in play.refused(again, release)
    play.run_to(case, "goods-out-1-1")
    play.decide(again, "goods-out-1-1")
    assert [play.finish(one) for one in (case, again)] == ["delivered", "delivered"]


def test_after_the_ten_days_in_which_goods_wait_for_each_other_they_still_wait_for_the_balance(
    play: Play, today: time_machine.Traveller
) -> None:
    case = contract(play)
    play.run_to(case, "goods-in-1-1")
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: 1}, 差异原因="破损"))
    key = next(key for key in play.items(case) if key.startswith("anomaly"))
    again = play.ordered(play.settle(case, key))
    play.run_to(again, f"together-{case}")
    today.move_to(play.items(again)[f"together-{case}"].expires_at)
    assert play.time_out(again, f"together-{case}").accepted
    advance(play.db, again)
    assert UNPAID in play.refused(again, "goods-out-1-1")
    play.run_to(case, "goods-out-1-1")
    play.decide(again, "goods-out-1-1")


def test_what_was_ordered_again_of_an_order_that_is_withdrawn_is_withdrawn_with_it(play: Play) -> None:
    case = contract(play)
    play.run_to(case, MADE)
    again = play.ordered(settled(play, case))
    assert play.withdraw(case, "E1040").accepted
    play.rest()
    assert play.case(again).ending == "withdrawn"
    play.decide(case, "give-back")
