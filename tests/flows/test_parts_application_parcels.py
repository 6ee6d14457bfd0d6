"""Whether goods leave together (齐套) or as they are ready (分批) (DOMAIN 1.1, 1.6)."""

import pytest

from tests.play import Play, cells, line

STOCK, DOORS, TOPS = line("P-HW-001", 4), line("P-PB-001", 3), line("P-PT-001", 2)  # on stock; by PANEL; by PAINT
APART = {"发货方式": "分批"}


def sent(play: Play, case: int) -> list[dict[str, str]]:
    """Give what each 出库单 of a case lists: part → quantity."""
    return [{row["part"]: row["quantity"] for row in slip.content["lines"]} for slip in play.documents(case, "CK")]


def test_by_default_goods_leave_together(play: Play) -> None:
    case = play.apply([STOCK, DOORS])
    play.run_to(case, "produce-1-panel-1")
    assert list(play.items(case)) == ["produce-1-panel-1"]
    assert play.finish(case) == "delivered"
    assert sent(play, case) == [{"P-HW-001": "4", "P-PB-001": "3"}]


def test_together_means_with_what_waits_for_an_anomaly(play: Play) -> None:
    case = play.apply([STOCK, DOORS])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {2: 1}, 异常说明="基材缺货"))
    play.decide(case, "goods-in-1-1")
    assert list(play.items(case)) == ["anomaly-1-1-2"]
    play.deny(case, "anomaly-1-1-2")
    assert play.finish(case) == "delivered"
    assert sent(play, case) == [{"P-HW-001": "4", "P-PB-001": "3"}]


def test_as_ready_lines_from_stock_do_not_wait_for_those_that_are_made(play: Play) -> None:
    case = play.apply([STOCK, DOORS, TOPS], **APART)
    play.run_to(case, "goods-out-1-1")
    assert set(play.items(case)) == {"goods-out-1-1", "plan-1"}
    assert not any("柜门板" in said for said in play.items(case)["goods-out-1-1"].brief)
    play.decide(case, "goods-out-1-1")
    play.decide(case, "plan-1")
    assert set(play.items(case)) == {"pickup-1", "produce-1-panel-1", "produce-1-paint-1"}
    play.decide(case, "pickup-1")
    play.decide(case, "produce-1-panel-1")
    play.decide(case, "goods-in-1-2")
    assert set(play.items(case)) == {"goods-out-2-1", "produce-1-paint-1"}
    assert play.finish(case) == "delivered"
    assert sent(play, case) == [{"P-HW-001": "4"}, {"P-PB-001": "3"}, {"P-PT-001": "2"}]


def test_as_ready_two_parcels_wait_side_by_side_and_each_takes_its_own(play: Play) -> None:
    case = play.apply([STOCK, DOORS], **APART)
    play.decide(case, "review-1")
    play.decide(case, "plan-1")
    play.decide(case, "produce-1-panel-1")
    play.decide(case, "goods-in-1-1")
    assert set(play.items(case)) == {"goods-out-1-1", "goods-out-2-1"}
    play.decide(case, "goods-out-2-1")
    assert sent(play, case) == [{"P-PB-001": "3"}]
    assert play.stock("P-HW-001")[1] == 4, "the other parcel's goods are still kept"
    assert play.finish(case) == "delivered"
    assert sent(play, case) == [{"P-PB-001": "3"}, {"P-HW-001": "4"}]


def test_as_ready_good_lines_go_on_while_another_waits_for_its_anomaly(play: Play) -> None:
    case = play.apply([DOORS, TOPS], **APART)
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="基材缺货"))
    play.decide(case, "produce-1-paint-1")
    play.decide(case, "goods-in-1-2")
    play.decide(case, "goods-out-1-1")
    assert set(play.items(case)) == {"anomaly-1-1-1", "pickup-1"}
    assert sent(play, case) == [{"P-PT-001": "2"}]
    play.deny(case, "anomaly-1-1-1")
    assert play.finish(case) == "delivered"
    assert sent(play, case) == [{"P-PT-001": "2"}, {"P-PB-001": "3"}]


def test_as_ready_what_arrived_damaged_is_ordered_again_while_the_rest_is_made(play: Play) -> None:
    case = play.apply([STOCK, DOORS], **APART)
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1")
    play.decide(case, "pickup-1", 核对结果="短少", 明细=cells("完好数量", {1: 3}))
    again = play.ordered(play.settle(case, "anomaly-pickup-1-1"))
    assert play.finish(case) == "delivered"
    assert play.finish(again) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4, "P-PB-001": -3}
    assert play.moved(again, "delivery_out") == {"P-HW-001": -1}


def test_as_ready_an_anomaly_of_what_was_sent_leaves_what_is_still_made_alone(play: Play) -> None:
    case = play.apply([STOCK, DOORS], **APART)
    play.decide(case, "review-1")
    play.decide(case, "goods-out-1-1")
    play.decide(case, "plan-1")
    play.decide(case, "pickup-1", 核对结果="短少", 明细=cells("完好数量", {1: 3}))
    assert set(play.items(case)) == {"anomaly-pickup-1-1", "produce-1-panel-1"}
    before = play.stock("P-HW-001")
    play.settle(case, "anomaly-pickup-1-1")
    assert list(play.items(case)) == ["produce-1-panel-1"]
    assert play.stock("P-HW-001") == before, "what the office has stays there"
    assert play.finish(case) == "delivered"


@pytest.mark.parametrize("collected", [False, True])
def test_as_ready_a_withdrawal_puts_back_the_parcels_that_are_on_the_road(play: Play, collected: bool) -> None:
    case = play.apply([STOCK, DOORS], **APART)
    before, _ = play.stock("P-HW-001")
    play.decide(case, "review-1")
    play.decide(case, "goods-out-1-1")
    if collected:
        play.decide(case, "pickup-1")
    assert play.withdraw(case, "E1040").accepted
    assert play.stock("P-HW-001") == (before - (4 if collected else 0), 0)


def test_as_ready_a_parcel_that_nobody_checked_is_the_office_s_loss_and_the_others_go_on(play: Play) -> None:
    case = play.apply([STOCK, DOORS], **APART)
    play.decide(case, "review-1")
    play.decide(case, "goods-out-1-1")
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    play.run("UPDATE work_item SET expires_at = opened_at WHERE step_key = 'check-1'")
    assert play.time_out(case, "check-1").accepted
    assert list(play.items(case)) == ["plan-1"]
    assert play.finish(case) == "delivered"
    assert "损失由办事处承担" in play.case(case).ending_reason
