"""The refund table of DOMAIN-BRANCHES 5: each row played as a whole case, to the very sum."""

import pytest

from tests.flows.returns import CHAIRS, bring_back, bring_back_on, no_reason, out_of_stock, paid, sale
from tests.play import Play, cells


def test_quality_all(play: Play) -> None:
    """quality, all: 1500+60+90 = 1650."""
    case = bring_back(play)
    assert (play.finish(case), paid(play, case)) == ("refunded", [1650])
    assert (sale(play).settled, sale(play).refunded, sale(play).fee_refunded) == (2, 1500, 60)


def test_quality_one(play: Play) -> None:
    """quality, one: 750+30+90 = 870."""
    case = bring_back(play, 1)
    assert (play.finish(case), paid(play, case)) == ("refunded", [870])


def test_no_reason_all(play: Play) -> None:
    """no reason, all: 1500."""
    case = no_reason(play)
    assert (play.finish(case), paid(play, case)) == ("refunded", [1500])


def test_no_reason_one_loses_the_offer(play: Play) -> None:
    """no reason, one (the offer is lost): 1500−800 = 700."""
    case = no_reason(play, 1)
    assert (play.finish(case), paid(play, case)) == ("refunded", [700])


def test_the_offer_comes_back_with_the_last_of_the_goods(play: Play) -> None:
    first, second = no_reason(play, 1), no_reason(play, 1)
    assert (play.finish(first), play.finish(second)) == ("refunded", "refunded")
    assert (paid(play, first), paid(play, second)) == ([700], [800])
    assert (sale(play).settled, sale(play).refunded) == (2, 1500)


def test_no_reason_all_we_collect(play: Play) -> None:
    """no reason, all, we collect: 1500−90 = 1410."""
    case = no_reason(play)
    play.decide(case, "review-1", 上门取货="是", 预计运费=90)
    assert (play.finish(case), paid(play, case)) == ("refunded", [1410])


def test_no_reason_all_gift_kept(play: Play) -> None:
    """no reason, all, gift of 40 kept: 1460."""
    case = no_reason(play)
    play.decide(case, "review-1", 赠品留用=40)
    assert (play.finish(case), paid(play, case)) == ("refunded", [1460])


def test_a_part_paid_by_coupon_comes_back_in_kind(play: Play) -> None:
    """100 of it paid by coupon, no reason, all: 1400 + coupon."""
    play.run("UPDATE sales_record SET coupon = 100 WHERE order_no = 'SO20261020-0201'")
    case = no_reason(play)
    assert (play.finish(case), paid(play, case)) == ("refunded", [1400])
    (note,) = play.documents(case, "TK")
    assert (note.content["amount"], note.content["coupon"]) == ("1400.00", "100.00")


@pytest.mark.parametrize(("eligible", "sums", "ending"), [(True, [1500], "refunded"), (False, [], "refused")])
def test_a_claim_that_is_not_ours(play: Play, eligible: bool, sums: list[float], ending: str) -> None:
    """claim not ours, still eligible / not: 1500 / 0."""
    if not eligible:
        play.run("UPDATE sales_record SET channel = 'shop' WHERE order_no = 'SO20261020-0201'")
    case = bring_back(play)
    play.run_to(case, "reinspect-1")
    play.decide(case, "reinspect-1", 明细=cells("属质量问题", {1: 0}))
    assert (play.finish(case), paid(play, case)) == (ending, sums)
    assert sale(play).returned == (2 if sums else 0)


def test_exchange_quality(play: Play) -> None:
    """exchange, quality: 90."""
    case = bring_back(play, 1, 客户意愿="换货")
    assert (play.finish(case), paid(play, case)) == ("exchanged", [90])
    assert (sale(play).returned, str(sale(play).exchanged_on)) == (0, "2026-11-18")


def test_exchange_of_a_dearer_article(play: Play) -> None:
    """exchange, quality; article 150 dearer: customer owes 60 net."""
    out_of_stock(play)
    play.run("UPDATE part_price SET price = 900 WHERE part = 'TV-531'")
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="改换其他商品", 另换型号="TV-531")
    play.run_to(case, "difference-paid-1-1")
    assert play.items(case)["difference-paid-1-1"].brief == ["应收 owed: 尾款 **60.00 CNY**"]
    assert (play.finish(case), paid(play, case)) == ("exchanged", [])


def test_reduction(play: Play) -> None:
    """reduction 20 %, one: 150."""
    case = bring_back(play, 1, 客户意愿="折价")
    play.decide(case, "review-1", 折价比例=20)
    assert (play.finish(case), paid(play, case)) == ("reduced", [150])
    assert (sale(play).returned, sale(play).refunded) == (0, 150)


def test_not_shipped(play: Play) -> None:
    """not shipped: 1560."""
    play.run("UPDATE sales_record SET delivery_date = NULL, signing_date = NULL WHERE order_no = 'SO20261020-0201'")
    case = no_reason(play)
    assert (play.finish(case), paid(play, case)) == ("cancelled_before_shipment", [1560])


def test_no_reason_all_a_deduction_agreed(play: Play) -> None:
    """no reason, all, deduction of 200 agreed: 1300."""
    case = no_reason(play)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细=cells("完好数量", {1: 1}, 可再售数量=1), 拟扣金额=200)
    assert (play.finish(case), paid(play, case)) == ("refunded", [1300])


def test_what_was_reduced_is_not_given_back_again(play: Play) -> None:
    case = bring_back(play, 2, 客户意愿="折价")
    play.decide(case, "review-1", 折价比例=20)
    assert (play.finish(case), paid(play, case)) == ("reduced", [300])
    other = bring_back(play)
    assert (play.finish(other), paid(play, other)) == ("refunded", [1200 + 60 + 90])


def test_the_last_cent_goes_with_the_last_piece(play: Play) -> None:
    sums = list[float]()
    play.run("UPDATE sales_record SET price_paid = 100, coupon = 0, list_price = NULL WHERE order_no = :o", o=CHAIRS)
    for _ in range(3):
        case = bring_back_on(play, CHAIRS, 1)
        play.run("UPDATE sales_record SET quantity = 3 WHERE order_no = :o", o=CHAIRS)
        assert play.finish(case) == "refunded"
        sums += paid(play, case)
    assert (sums, sale(play, CHAIRS).refunded) == ([33.33 + 90, 33.34 + 90, 33.33 + 90], 100)
