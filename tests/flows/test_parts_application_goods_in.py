"""出货入库: counted before booked; differences go to an anomaly (DOMAIN 1.7, 1.8)."""

import pytest

from tests.play import Play, cells, line


def reported(play: Play, quantity: int = 5) -> int:
    """Bring a case to the count of the doors that were reported."""
    case = play.apply([line("P-PB-001", quantity)])
    play.run_to(case, "goods-in-1-1")
    return case


def counted(play: Play, quantity: int) -> int:
    """Bring a case to the anomaly of a count that differs from the 5 that were reported."""
    case = reported(play)
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: quantity}, 差异原因="搬运破损"))
    return case


def test_nothing_is_on_stock_before_it_is_counted(play: Play) -> None:
    case = reported(play)
    assert play.stock("P-PB-001") == (0, 0)
    assert not play.documents(case, "RK")
    play.decide(case, "goods-in-1-1")
    assert play.stock("P-PB-001") == (5, 5)
    (slip,) = play.documents(case, "RK")
    assert slip.number == "RK-2026-000001"
    (row,) = slip.content["lines"]
    assert row.items() >= {"line_no": 1, "part": "P-PB-001", "reported": "5", "quantity": "5", "reason": ""}.items()


WRONG = {
    "less without a reason": (
        cells("实收数量", {1: 4}),
        "第1行 row 1, 差异原因 reason: “4” — 报 5，数量不符须填差异原因",
    ),
    "more without a reason": (cells("实收数量", {1: 6}), "“6” — 报 5，数量不符须填差异原因"),
    "unknown line": (cells("实收数量", {2: 5}), "行号 line: “2” — 应为 must be one of 1"),
    "a line twice": (cells("实收数量", {1: 5}) * 2, "“1” — 重复 is listed twice"),
    "no line": ([], "至少 1 行 at least 1 line"),
    "too many decimals": (cells("实收数量", {1: "4.999"}), "最多 2 位小数"),
}


def test_a_wrong_count_is_refused(play: Play, subtests: pytest.Subtests) -> None:
    case = reported(play)
    for name, (rows, told) in WRONG.items():
        with subtests.test(name):
            assert told in play.refused(case, "goods-in-1-1", 明细=rows)
    play.decide(case, "goods-in-1-1")


def test_every_reported_line_is_counted(play: Play) -> None:
    case = play.apply([line("P-PB-001", 1), line("P-PB-002", 1)])
    play.run_to(case, "goods-in-1-1")
    assert "“2” — 未清点" in play.refused(case, "goods-in-1-1", 明细=cells("实收数量", {1: 1}))


def test_stock_rises_by_what_was_received(play: Play) -> None:
    case = counted(play, 3)
    assert play.stock("P-PB-001") == (3, 3)
    assert list(play.items(case)) == ["anomaly-1-2-1"]
    review = play.items(play.anomaly(case, "anomaly-1-2-1"))["review"]
    assert "× 2 · 缺件(单货不符) missing" in review.brief[0]
    assert review.brief[1:] == ["报 5 实收 3: 搬运破损"]
    assert play.documents(case, "RK")[0].content["lines"][0]["reason"] == "搬运破损"


def test_a_shortage_that_is_none_is_made_on(play: Play) -> None:
    case = counted(play, 3)
    play.deny(case, "anomaly-1-2-1")
    assert play.items(case)["produce-1-panel-2"].prefill["明细"][0]["完成数量"] == 2
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -5}
    assert [(o.quantity, o.made, o.state) for o in play.orders(case)] == [(5, 5, "done")]


def test_a_shortage_is_made_again(play: Play) -> None:
    case = counted(play, 3)
    again = play.ordered(play.settle(case, "anomaly-1-2-1"))
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3}
    assert [(o.quantity, o.made, o.state) for o in play.orders(case)] == [(3, 3, "done")]
    assert play.finish(again) == "delivered"
    assert play.moved(again, "delivery_out") == {"P-PB-001": -2}


def test_a_shortage_is_accepted(play: Play) -> None:
    case = counted(play, 3)
    play.settle(case, "anomaly-1-2-1", "让步接收", 申报方同意="客户同意")
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3}
    assert [(o.quantity, o.made, o.state) for o in play.orders(case)] == [(3, 3, "done")]


def test_nothing_received_and_accepted_so_ends_replaced(play: Play) -> None:
    case = counted(play, 0)
    assert play.stock("P-PB-001") == (0, 0)
    play.settle(case, "anomaly-1-2-1", "让步接收", 申报方同意="客户放弃")
    assert play.case(case).ending == "replaced"


def test_what_was_counted_too_many_stays_on_stock_for_others(play: Play) -> None:
    case = counted(play, 7)
    assert play.stock("P-PB-001") == (7, 5)
    child = play.anomaly(case, "anomaly-1-2-1")
    play.run_to(child, "plan-1")
    told = play.refused(child, "plan-1", 处理办法="重新制作")
    assert "没有短缺，不需重做 nothing is missing" in told
    play.settle(case, "anomaly-1-2-1", "让步接收", 申报方同意="多做两块")
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -5}
    assert play.stock("P-PB-001") == (2, 0)


def test_a_shortage_found_while_the_unit_goes_on_is_settled_beside_it(play: Play) -> None:
    case = play.apply([line("P-PB-001", 5)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 2}))
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: 1}, 差异原因="破损"))
    assert set(play.items(case)) == {"produce-1-panel-2", "anomaly-1-2-1"}
    play.settle(case, "anomaly-1-2-1", "让步接收", 申报方同意="客户同意")
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -4}
    assert [(o.quantity, o.made, o.state) for o in play.orders(case)] == [(4, 4, "done")]
