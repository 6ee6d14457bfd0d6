"""The refund table of DOMAIN-BRANCHES 5: each row played as a whole case, by click and by sheet, to the very sum.

The rows of special orders (定金, 预付款) are played in test_special_order_money.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.flows.returns import CHAIRS, ORDER, bring_back, bring_back_on, no_reason, paid, request_by_sheet, sale
from tests.flows.test_special_order_sheets import answer_by_sheet
from tests.play import Play

NO_REASON = {"退换依据": "无理由"}
UNSHIPPED = "delivery_date = NULL, signing_date = NULL"


class Row(NamedTuple):
    """A row of the table: the request, what people say on the way, how it ends and what is paid; `sold`: another sale."""

    quantity: int
    asked: Mapping[str, Any]
    said: Mapping[str, Mapping[str, Any]]
    ending: str
    sums: list[float]
    sold: str = "channel = 'remote'"


TABLE = {
    "quality, all: 1500+60+90 = 1650": Row(2, {}, {}, "refunded", [1650]),
    "quality, one: 750+30+90 = 870": Row(1, {}, {}, "refunded", [870]),
    "no reason, all: 1500": Row(2, NO_REASON, {}, "refunded", [1500]),
    "no reason, one (the offer is lost): 1500−800 = 700": Row(1, NO_REASON, {}, "refunded", [700]),
    "no reason, all, we collect: 1500−90 = 1410": Row(
        2, NO_REASON, {"review-1": {"上门取货": "是", "预计运费": 90}}, "refunded", [1410]
    ),
    "no reason, all, gift of 40 kept: 1460": Row(2, NO_REASON, {"review-1": {"赠品留用": 40}}, "refunded", [1460]),
    "100 of it paid by coupon, no reason, all: 1400 + coupon": Row(
        2, NO_REASON, {}, "refunded", [1400], "coupon = 100"
    ),
    "claim not ours, still eligible: 1500": Row(2, {}, {"reinspect-1": {"属质量问题": 0}}, "refunded", [1500]),
    "claim not ours, not eligible: 0": Row(
        2, {}, {"reinspect-1": {"属质量问题": 0}}, "refused", [], "channel = 'shop'"
    ),
    "exchange, quality: 90": Row(1, {"客户意愿": "换货"}, {}, "exchanged", [90]),
    "exchange, article 150 dearer: customer owes 60 net": Row(
        1, {"客户意愿": "换货"}, {"choice-1": {"缺货选择": "改换其他商品", "另换型号": "TV-531"}}, "exchanged", []
    ),
    "reduction 20 %, one: 150": Row(1, {"客户意愿": "折价"}, {"review-1": {"折价比例": 20}}, "reduced", [150]),
    "not shipped: 1560": Row(2, NO_REASON, {}, "cancelled_before_shipment", [1560], UNSHIPPED),
    "no reason, all, deduction of 200 agreed: 1300": Row(
        2, NO_REASON, {"appraise-1": {"完好数量": 1, "可再售数量": 1, "拟扣金额": 200}}, "refunded", [1300]
    ),
}


def begin(play: Play, row: Row) -> None:
    play.run(f"UPDATE sales_record SET {row.sold} WHERE order_no = :order", order=ORDER)
    play.run("UPDATE part_price SET price = 900 WHERE part = 'TV-531'")


def ended(play: Play, case: int, row: Row) -> None:
    assert (play.case(case).ending, paid(play, case)) == (row.ending, row.sums)
    if "coupon" in row.sold:
        (note,) = play.documents(case, "TK")
        assert (note.content["refund"], note.content["coupon"]) == ("1400.00", "100.00")
    owed = play.rows("SELECT amount FROM payment WHERE case_id = :case", case=case)
    assert [float(one.amount) for one in owed] == ([60] if "choice-1" in row.said else [])


@pytest.mark.parametrize("name", TABLE)
def test_a_row_of_the_table_by_click(play: Play, name: str) -> None:
    row = TABLE[name]
    begin(play, row)
    case = bring_back(play, row.quantity, **row.asked)
    while waiting := play.items(case):
        key = play.next_key(case)
        said = row.said.get(key, {})
        if key.startswith(("reinspect", "appraise")) and said:
            lines = {name: many for name, many in said.items() if name.endswith(("数量", "问题"))}
            said = {name: value for name, value in said.items() if name not in lines} | {"明细": {1: lines}}
        if said:
            play.decide(case, key, **said)
        else:
            play.go_on(case, waiting)
    ended(play, case, row)


@pytest.mark.parametrize("name", TABLE)
def test_a_row_of_the_table_by_sheet(play: Play, tmp_path: Path, name: str) -> None:
    row = TABLE[name]
    begin(play, row)
    case = request_by_sheet(play, tmp_path / "returns.xlsx", row.quantity, **row.asked)
    while waiting := play.items(case):
        key = play.next_key(case)
        if waiting[key].role == "SYSTEM":
            play.go_on(case, waiting)  # the parts case by which an exchange is delivered has sheets of its own
        else:
            answer_by_sheet(play, case, tmp_path / "answer.xlsx", **row.said.get(key, {}))
    ended(play, case, row)


def test_what_is_settled_stands_in_the_sale(play: Play) -> None:
    case = bring_back(play)
    assert play.finish(case) == "refunded"
    assert (sale(play).settled, sale(play).refunded, sale(play).fee_refunded) == (2, 1500, 60)


def test_the_offer_comes_back_with_the_last_of_the_goods(play: Play) -> None:
    first, second = no_reason(play, 1), no_reason(play, 1)
    assert (play.finish(first), play.finish(second)) == ("refunded", "refunded")
    assert (paid(play, first), paid(play, second)) == ([700], [800])
    assert (sale(play).settled, sale(play).refunded) == (2, 1500)


def test_a_claim_that_was_refused_is_free_again(play: Play) -> None:
    play.run("UPDATE sales_record SET channel = 'shop' WHERE order_no = :order", order=ORDER)
    case = bring_back(play)
    play.run_to(case, "reinspect-1")
    play.decide(case, "reinspect-1", 明细={1: {"属质量问题": 0}})
    assert (play.finish(case), sale(play).returned) == ("refused", 0)


def test_an_exchange_and_a_reduction_leave_the_pieces_with_the_customer(play: Play) -> None:
    assert play.finish(bring_back(play, 1, 客户意愿="换货")) == "exchanged"
    assert (sale(play).returned, str(sale(play).exchanged_on)) == (0, "2026-11-18")
    case = bring_back(play, 2, 客户意愿="折价")
    play.decide(case, "review-1", 折价比例=20)
    assert (play.finish(case), paid(play, case)) == ("reduced", [300])
    assert (sale(play).returned, sale(play).refunded) == (0, 300)
    other = bring_back(play)
    assert (play.finish(other), paid(play, other)) == ("refunded", [1200 + 60 + 90]), "not given back again"


def test_the_last_cent_goes_with_the_last_piece(play: Play) -> None:
    sums = list[float]()
    play.run("UPDATE sales_record SET price_paid = 100, coupon = 0, quantity = 3 WHERE order_no = :o", o=CHAIRS)
    for _ in range(3):
        case = bring_back_on(play, CHAIRS, 1)
        assert play.finish(case) == "refunded"
        sums += paid(play, case)
    assert (sums, sale(play, CHAIRS).refunded) == ([33.33 + 90, 33.34 + 90, 33.33 + 90], 100)
