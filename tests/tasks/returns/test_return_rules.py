"""The rule table and the refund by themselves: days, moved ends, shares, offers (DOMAIN-BRANCHES 5)."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from schemas.forms.returns import Ground, ReturnLine, ReturnRequest, Wish
from tasks.cycle.rules import Calendar
from tasks.returns.refunds import exchanged, reckon, reduced, share
from tasks.returns.rules import burden_is_ours, held_rules
from tasks.returns.shapes import Found, SoldLine

POLICY = {
    "rf.factory_months": 3,
    "rf.defect_days": 7,
    "rf.no_reason_days": 7,
    "warranty.default_months": 12,
}.__getitem__
DAY_OFF = {date(2026, 10, 1): False, date(2026, 10, 2): False}
WORK = Calendar(DAY_OFF, time(8, 30), time(17, 30))


def sold(**about: Any) -> SoldLine:
    own: dict[str, Any] = {
        "line_no": 1, "model": "DK-553", "model_name": "书桌", "quantity": 2, "price_paid": 1500, "list_price": 1600,
        "coupon": 0, "delivery_fee": 60, "offer_from": 1500, "factory_date": date(2026, 5, 5),
        "delivery_date": date(2026, 9, 20), "signing_date": date(2026, 9, 21), "installation_date": None,
        "exchanged_on": None, "channel": "remote", "custom_confirmed": False, "settled": 0, "refunded": 0, "fee_refunded": 0,
        "offer_lost": 0, "repair_days": 0,
    }  # fmt: skip
    return SoldLine(**own | about)


def asked(ground: Ground = Ground.DEFECT, wish: Wish = Wish.RETURN, **more: Any) -> ReturnRequest:
    lines = [ReturnLine(line_no=1, quantity=1, found="开裂")]
    given = {"office": "BJ", "applicant": "E1049", "order_no": "SO", "photos": "P"} | more
    return ReturnRequest(wish=wish, ground=ground, lines=lines, **given)


def held(on: date, form: ReturnRequest | None = None, **about: Any) -> dict[str, date | None]:
    rules = held_rules(form or asked(), {1: sold(**about)}, on, POLICY, WORK)
    return {rule.code: rule.last for rule in rules}


def test_day_one_is_the_day_after_signing() -> None:
    assert held(date(2026, 9, 28)) == {
        "defect": date(2026, 9, 28),
        "later": date(2027, 9, 21),
        "remote": date(2026, 9, 28),
    }
    assert "defect" not in held(date(2026, 9, 29))


def test_a_last_day_of_rest_moves_on_for_the_law_but_never_for_our_own_terms() -> None:
    on = date(2026, 9, 26)
    assert held(on, signing_date=date(2026, 9, 24))["defect"] == date(2026, 10, 5)  # 1 October, holiday and weekend
    assert held(on, factory_date=date(2026, 7, 4))["factory"] == date(2026, 10, 4)  # a Sunday


def test_without_a_signing_date_it_is_not_begun() -> None:
    """No signing date: not started."""
    assert held(date(2027, 9, 1), signing_date=None) == {"unsigned": None}


def test_what_needs_installation_counts_from_its_completion_for_defects_only() -> None:
    about = {"installation_date": date(2026, 9, 25)}
    assert held(date(2026, 9, 30), **about) == {"defect": date(2026, 10, 5), "later": date(2027, 9, 25)}


def test_days_in_repair_do_not_count_for_defects() -> None:
    assert held(date(2026, 9, 29), repair_days=1)["defect"] == date(2026, 9, 29)
    assert "remote" not in held(date(2026, 9, 29), repair_days=1)


def test_the_factory_rule_wants_photos_and_widens_the_law() -> None:
    """S3's three months may widen the law, never narrow it."""
    on = date(2026, 8, 5)
    about = {"signing_date": date(2026, 5, 9), "factory_date": date(2026, 5, 5)}
    assert held(on, **about)["factory"] == on
    assert "factory" not in held(on, asked(photos=""), **about)
    late = date(2026, 9, 24)
    assert held(late, asked(photos=""))["defect"] == date(2026, 9, 28), "out of our own months, in the law's days"


def test_an_authority_may_have_found_it_unqualified() -> None:
    assert held(date(2030, 1, 1), asked(unqualified="质检2029-1")) == {"unqualified": None}


def test_without_reason_nothing_is_reduced() -> None:
    rules = held_rules(asked(Ground.NO_REASON), {1: sold()}, date(2026, 9, 22), POLICY, WORK)
    (remote,) = (rule for rule in rules if rule.code == "remote")
    assert remote.wishes == (Wish.RETURN, Wish.EXCHANGE)


@pytest.mark.parametrize(("on", "ours"), [(date(2027, 3, 21), True), (date(2027, 3, 22), False)])
def test_the_burden_of_proof(on: date, ours: bool) -> None:
    assert burden_is_ours([sold()], on, 6) is ours


def test_shares_come_to_the_whole() -> None:
    parts = [share(Decimal(100), Decimal(n), Decimal(1), Decimal(3)) for n in range(3)]
    assert (parts, sum(parts)) == ([Decimal("33.33"), Decimal("33.34"), Decimal("33.33")], 100)


def one(many: float = 1) -> dict[int, Decimal]:
    return {1: Decimal(many)}


def test_an_offer_is_an_orders_and_is_lost_where_too_little_is_kept() -> None:
    order = [
        sold(line_no=1, quantity=1, price_paid=750, list_price=800),
        sold(line_no=2, quantity=1, price_paid=750, list_price=800),
    ]
    assert reckon(order, {}, one()).amount == 700
    assert reckon(order, one(), {}).amount == 750 + 60, "not where the fault is ours"
    assert reckon([sold(offer_from=700)], {}, one()).amount == 750, "enough is kept"


def test_no_line_gives_back_more_than_its_price() -> None:
    reckoned = reckon([sold(refunded=1000)], one(2), {}, freight=Decimal(90))
    assert (reckoned.amount, reckoned.goods, reckoned.delivery) == (500 + 60 + 90, {1: 500}, {1: 60})
    assert reckon([sold()], {}, one(2), gift=Decimal(2000)).amount == 0


def test_deductions_are_taken_off_what_lines_give_back() -> None:
    order = [sold(line_no=1, offer_from=0), sold(line_no=2, offer_from=0, price_paid=300)]
    reckoned = reckon(order, {}, {1: Decimal(2), 2: Decimal(2)}, deduction=Decimal(1600))
    assert (reckoned.amount, reckoned.goods) == (200, {1: 0, 2: 200})


def test_an_exchange_and_a_reduction() -> None:
    order, freight = [sold()], {"freight": Decimal(90), "collected": False, "deduction": Decimal(0)}
    ours, plain = Found(ours=one()), Found(plain=one())
    assert exchanged(order, ours, Decimal(0), **freight).amount == 90
    assert exchanged(order, ours, Decimal(900), **freight).owed == 60
    assert exchanged(order, plain, Decimal(700), **freight).amount == 50
    assert reduced(order, one(), Decimal(20)).amount == 150
