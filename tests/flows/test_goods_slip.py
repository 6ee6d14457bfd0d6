"""Slips by hand: what comes in or leaves without a case of its own (DOMAIN, "Stock"; S3 §2, §3 1.2, 1.3)."""

import pytest

from schemas.problems import BadInput
from tests.flows.keeping import BJ, HINGE, KEEPER, MAIN, MAIN_BAD, OF_BJ, OF_SH, Keepers

PEOPLE = Keepers

OTHER_KEEPER = "E1017"


def used(play: Keepers, many: int = 5) -> tuple[int, str]:
    """Let hinges leave for own use; gives the case and its slip's number."""
    case = play.slip("自用领用", OF_SH, many)
    play.decide(case, "check", KEEPER)
    return case, str(play.documents(case, "CK")[0].number)


def test_a_small_purchase_is_counted_and_comes_in(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.slip()
    assert "最多 5" in play.refused(case, "check", KEEPER, 明细={1: {"实际数量": 6}})
    play.decide(case, "check", KEEPER, 明细={1: {"实际数量": 4}})
    assert (play.ending(case), play.stock(MAIN)) == ("booked", (before[0] + 4, before[1]))
    (slip,) = play.documents(case, "RK")
    assert (slip.content["category"], slip.content["supplier"], play.kinds(case)) == (
        "零星采购入库",
        "南城五金店",
        {"small_purchase_in": 4},
    )


def test_goods_leave_for_own_use_but_the_keeper_may_refuse_what_is_irregular(play: Keepers) -> None:
    """The WAREHOUSE may refuse irregular issues, with a reason (S3 §3 1.3)."""
    before, case = play.stock(MAIN), play.slip("自用领用", OF_SH)
    assert "不同意时必填" in play.refused(case, "check", KEEPER, 仓管意见="不同意")
    play.decide(case, "check", KEEPER, 仓管意见="不同意", 原因="无领用单")
    assert (play.ending(case), play.stock(MAIN), play.kinds(case)) == ("refused", before, {})
    case, _ = used(play)
    assert (play.ending(case), play.stock(MAIN), play.kinds(case)) == (
        "booked",
        (before[0] - 5, before[1]),
        {"own_use_out": -5},
    )


def test_nobody_issues_goods_for_the_own_use_and_other_offices_keepers_none_at_all(play: Keepers) -> None:
    case = play.slip("自用领用", KEEPER)
    assert "不能审批" in play.refused(case, "check", KEEPER)
    play.refused(case, "check", OF_BJ)
    play.decide(case, "check", OTHER_KEEPER)
    case = play.slip("零星采购入库", OF_BJ, 2, BJ)
    play.refused(case, "check", OF_SH)
    play.refused(case, "check", KEEPER)
    play.decide(case, "check", OF_BJ)
    assert play.stock(BJ) == (2, 0)
    with pytest.raises(BadInput, match="须为总部良品仓的仓管员"):
        play.slip("零星采购入库", OF_BJ)


def test_no_more_leaves_than_is_free(play: Keepers) -> None:
    on_hand, reserved = play.stock(MAIN)
    case = play.slip("自用领用", OF_SH, 5)
    play.transfer(many=int(on_hand - reserved) - 4)
    assert f"可用 4（在库 {on_hand:f}，已预留 {on_hand - 4:f}）" in play.refused(case, "check", KEEPER)
    play.decide(case, "check", KEEPER, 明细={1: {"实际数量": 4}})
    assert play.stock(MAIN)[0] == on_hand - 4


def test_leftovers_come_back_by_a_red_slip_of_own_use_once_and_no_more_than_left(play: Keepers) -> None:
    before = play.stock(MAIN)
    _, number = used(play)
    for wrong, why in (({"原出库单号": ""}, "自用出库单号"), ({"原出库单号": "CK-2026-999999"}, "没有这张")):
        with pytest.raises(BadInput, match=why):
            play.slip("余料退回", OF_SH, 2, **wrong)
    with pytest.raises(BadInput, match="该单出库 5"):
        play.slip("余料退回", OF_SH, 6, 原出库单号=number)
    with pytest.raises(BadInput, match="是 MAIN-GOOD 的出库单"):
        play.slip("余料退回", OF_BJ, 2, BJ, 原出库单号=number)
    case = play.slip("余料退回", OF_SH, 2, 原出库单号=number.lower())
    play.decide(case, "check", KEEPER)
    (red,) = play.documents(case, "CK")
    assert (red.content["red"], red.content["lines"][0]["quantity"]) == (True, "-2")
    assert (play.ending(case), play.stock(MAIN), play.kinds(case)) == (
        "booked",
        (before[0] - 3, before[1]),
        {"own_use_out": 2},
    )
    with pytest.raises(BadInput, match="已退回一次"):
        play.slip("余料退回", OF_SH, 1, 原出库单号=number)


def test_goods_before_their_papers_are_booked_provisionally_only_after_the_sender_was_asked(play: Keepers) -> None:
    with pytest.raises(BadInput, match="先询问发货方"):
        play.slip("暂估入库")
    before, case = play.stock(MAIN), play.provisional()
    assert play.stock(MAIN) == (before[0] + 5, before[1])
    (slip,) = play.documents(case, "RK")
    assert (slip.content["category"], slip.content["remark"]) == ("采购入库", "暂估")
    assert [one["role"] for one in play.items(case)["papers"].schedule] == ["WAREHOUSE", "SUPERVISOR", "MANAGER"]
    assert "不一致" in play.refused(case, "papers", KEEPER, 明细={1: {"单据数量": 4}})
    play.decide(case, "papers", KEEPER)
    assert (play.ending(case), len(play.documents(case, "RK"))) == ("matched", 1)


@pytest.mark.parametrize("many", [3, 8])
def test_papers_that_differ_correct_it_by_a_red_and_a_blue_slip(play: Keepers, many: int) -> None:
    before, case = play.stock(MAIN), play.provisional()
    assert "不一致" in play.refused(case, "papers", KEEPER, 核对意见="数量不符")
    play.decide(case, "papers", KEEPER, 核对意见="数量不符", 明细={1: {"单据数量": many}})
    assert (play.ending(case), play.stock(MAIN)) == ("corrected", (before[0] + many, before[1]))
    slips = [(one.content["red"], one.content["lines"][0]["quantity"]) for one in play.documents(case, "RK")]
    assert slips == [(False, "5"), (False, str(many)), (True, "-5")]


def test_refused_goods_leave_the_books_by_a_red_purchase_in_and_stand_apart(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.provisional()
    assert "拒收" in play.refused(case, "papers", KEEPER, 核对意见="拒收")
    play.decide(case, "papers", KEEPER, 核对意见="拒收", 原因="质量不合格")
    _, red = play.documents(case, "RK")
    assert (red.content["category"], red.content["red"], "单独存放" in red.content["remark"]) == (
        "采购入库",
        True,
        True,
    )
    assert (play.ending(case), play.stock(MAIN), play.kinds(case)["purchase_in"]) == ("not_accepted", before, 0)


def test_what_was_used_already_cannot_be_refused_any_more(play: Keepers) -> None:
    on_hand, reserved = play.stock(MAIN)
    case = play.provisional()
    play.transfer(many=int(on_hand - reserved) + 3)
    assert "可用 2" in play.refused(case, "papers", KEEPER, 核对意见="拒收", 原因="不合格")
    play.decide(case, "papers", KEEPER, 核对意见="数量不符", 明细={1: {"单据数量": 3}})
    assert play.ending(case) == "corrected"


def test_a_new_item_has_photos_then_a_code_then_its_slip(play: Keepers) -> None:
    """A new item: photos, code, then slip (S3 §2 2.2)."""
    item = {"明细": [{"物料": "静音铰链 新款", "数量": 5}]}
    with pytest.raises(BadInput, match="照片"):
        play.slip("新物料入库", **item)
    case = play.slip("新物料入库", 物料照片="P-9", **item)
    assert (list(play.items(case)), play.items(case)["code"].role) == (["code"], "PARTS_REVIEWER")
    assert "静音铰链" in "".join(play.items(case)["code"].brief)
    assert "配件" in play.refused(case, "code", "E1001", 明细=[{"行号": 1, "配件名称": "静音铰链 新款"}])
    play.decide(case, "code", "E1001", 明细=[{"行号": 1, "配件名称": HINGE}])
    play.decide(case, "check", KEEPER)
    assert (play.ending(case), play.kinds(case)) == ("booked", {"small_purchase_in": 5})


def test_other_items_are_standard_parts_each_once(play: Keepers) -> None:
    with pytest.raises(BadInput, match="标准配件"):
        play.slip(明细=[{"物料": "静音铰链 新款", "数量": 5}])
    with pytest.raises(BadInput, match="重复"):
        play.slip(明细=[{"物料": HINGE, "数量": 5}] * 2)


def test_it_is_taken_back_until_it_is_booked_and_never_after(play: Keepers) -> None:
    before = play.stock(MAIN)
    for kind, more in (("新物料入库", {"物料照片": "P-9"}), ("自用领用", {})):
        case = play.slip(kind, **more)
        assert play.withdraw(case, KEEPER).accepted
        assert (play.ending(case), play.stock(MAIN)) == ("withdrawn", before)
    case = play.provisional()
    for who in (KEEPER, play.leader()):
        assert "已记账" in str(play.withdraw(case, who).problems[0])


def test_nothing_counted_is_no_slip(play: Keepers) -> None:
    case = play.slip()
    play.decide(case, "check", KEEPER, 明细={1: {"实际数量": 0}})
    assert (play.ending(case), play.documents(case, "RK")) == ("refused", [])


def test_leftovers_that_two_bring_back_at_once_are_taken_once(play: Keepers) -> None:
    _, number = used(play)
    first, second = (play.slip("余料退回", OF_SH, 2, 原出库单号=number) for _ in range(2))
    play.decide(first, "check", KEEPER)
    assert "已退回一次" in play.refused(second, "check", KEEPER)
    play.decide(second, "check", KEEPER, 仓管意见="不同意", 原因="重复")


def test_what_is_bought_does_not_come_into_damaged_stock(play: Keepers) -> None:
    for kind in ("零星采购入库", "暂估入库", "新物料入库"):
        with pytest.raises(BadInput, match="入良品仓"):
            play.slip(kind, warehouse=MAIN_BAD, 询问发货方="李工", 物料照片="P-1")
