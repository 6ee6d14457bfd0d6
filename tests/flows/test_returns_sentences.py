"""Sentences of DOMAIN 5 and DOMAIN-BRANCHES 5 that no ending shows: terms, amounts, what precedes what, the warranty."""

from datetime import timedelta
from typing import Any

import time_machine

from schemas.words import Role
from tests.flows.repairs import Repairs
from tests.flows.returns import ORDER, bring_back, in_stock, no_reason, out_of_stock, paid, sale
from tests.play import Play

TERMS = {  # a gate, whose term is so many working days from today
    "review-1": "2026-11-19",
    "notice-1": "2026-11-19",
    "appraise-1": "2026-11-20",
    "reinspect-1": "2026-11-20",
    "sign-1": "2026-11-19",
    "pay-1": "2026-11-19",
}


def warranty(play: Play, order: str) -> Any:
    """Give the first line of an application for a part of an order, with its warranty; nothing stays of it."""
    case = play.apply(1, 订单号=order)
    assert play.withdraw(case, play.case(case).applicant).accepted
    return play.lines(case)[0]


def test_terms_of_a_return_are_those_of_policy(play: Play) -> None:
    """Review 1 wd, 通知返货 1 wd, inspection 2 wd, the list 1 wd, payment 1 wd."""
    case, due = bring_back(play), {}
    for key in TERMS:
        play.run_to(case, key)
        due[key] = str(play.items(case)[key].due_at)[:10]
    assert due == TERMS


def test_the_ladder_of_an_exchange_climbs_by_the_new_goods_value(play: Play) -> None:
    """Ladder amount = refund + our freight, or the new goods' value."""
    play.run("UPDATE sales_record SET price_paid = 9000, offer_from = 0 WHERE order_no = :o", o=ORDER)
    case = bring_back(play, 客户意愿="换货")
    play.decide(case, "review-1")
    assert play.items(case)["approve-claim-1-1"].role == "SUPERVISOR"
    play.run("UPDATE sales_record SET price_paid = 1500, returned = 0 WHERE order_no = :o", o=ORDER)
    cheap = bring_back(play, 客户意愿="换货")
    play.decide(cheap, "review-1")
    assert "notice-1" in play.items(cheap)
    play.run("UPDATE sales_record SET returned = 2 WHERE order_no = :o", o=ORDER)


def test_without_a_fault_the_way_back_is_the_customers_and_the_new_goods_way_is_ours(play: Play) -> None:
    """No quality fault → the customer pays the one way back (S2 ④); re-sending an exchange is ours."""
    in_stock(play, "DK-553", 5)
    case = no_reason(play, 1, 客户意愿="换货")
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    play.decide(case, play.next_key(case), 返货运费=90)
    assert (play.finish(case), paid(play, case)) == ("exchanged", [])
    assert not play.rows("SELECT 1 FROM payment WHERE case_id = :c", c=case), "nor is anything owed for sending"


def test_a_dearer_article_leaves_only_once_the_difference_is_paid(play: Play) -> None:
    """Other article (difference paid before dispatch)."""
    out_of_stock(play)
    play.run("UPDATE part_price SET price = 900 WHERE part = 'TV-531'")
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="改换其他商品", 另换型号="TV-531")
    play.run_to(case, "difference-paid-1-1")
    assert "order-exchange-1-stock" not in play.keys(case)
    assert play.finish(case) == "exchanged"
    keys = play.keys(case)
    assert keys.index("difference-paid-1-1") < keys.index("order-exchange-1-stock")


def test_a_refund_in_progress_is_watched_every_day(play: Play) -> None:
    """Refund and dispute watch: daily 9:00, every refund in progress: holder reminded, SUPERVISOR told (S2)."""
    case = bring_back(play)
    play.run_to(case, "pay-1")
    daily = [(one["role"], one["at"][:16]) for one in play.items(case)["pay-1"].schedule if one["kind"] == "daily"]
    assert daily == [(role, "2026-11-19T01:00") for role in (Role.FINANCE, Role.SUPERVISOR)]  # 9:00 in Shanghai


def test_the_warranty_too_excludes_days_in_repair_and_starts_anew_with_an_exchange(
    play: Play, today: time_machine.Traveller
) -> None:
    """Repair days are excluded from the warranty; an exchange starts it anew (DOMAIN-BRANCHES 5)."""
    people = Repairs(play.db)
    repair = people.arrived()
    order = play.case(repair).order_no
    before = warranty(play, order)
    today.shift(timedelta(days=10))
    assert people.finish(repair) == "repaired"
    after = warranty(play, order)
    assert (after.warranty_start, after.warranty_end) == (
        before.warranty_start,
        before.warranty_end + timedelta(days=10),
    )
    play.run("UPDATE sales_record SET exchanged_on = '2026-11-28' WHERE order_no = :o", o=order)
    anew = warranty(play, order)
    assert str(anew.warranty_start) == "2026-11-28", "days in repair of what was exchanged do not count any more"
    assert (anew.warranty_end.month, anew.warranty_end.day) == (11, 28)


def test_what_a_cheaper_article_gave_back_is_not_given_back_again(play: Play) -> None:
    """Never more money than paid: the difference of an exchange is a part of the price too."""
    out_of_stock(play)
    play.run("UPDATE part_price SET price = 700 WHERE part = 'TV-531'")
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="改换其他商品", 另换型号="TV-531")
    assert (play.finish(case), paid(play, case), sale(play).refunded) == ("exchanged", [90 + 50], 50)
    again = bring_back(play)
    assert (play.finish(again), paid(play, again)) == ("refunded", [1450 + 60 + 90])
