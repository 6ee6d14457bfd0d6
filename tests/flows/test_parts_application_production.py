"""车间生产: reports of several units, scrap, anomalies (DOMAIN 1.6)."""

from datetime import datetime

import pytest

from tasks.control.watch import watch_cycles
from tests.flows.cycles import control_of
from tests.play import Play, cells, line


def parts_of_two_units(play: Play) -> int:
    """Bring a case to production: 3 doors by PANEL, 2 table tops by PAINT."""
    case = play.apply([line("P-PB-001", 3), line("P-PT-001", 2)])
    play.run_to(case, "produce-1-panel-1")
    return case


REPORTS = (("panel-1", {1: 1}), ("panel-2", {1: 2}), ("paint-1", {2: 1}), ("paint-2", {2: 1}))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1), (2, 3, 0, 1)])
def test_units_report_in_parts_and_in_any_order(play: Play, order: tuple[int, ...]) -> None:
    case = parts_of_two_units(play)
    for report in order:
        unit, made = REPORTS[report]
        play.decide(case, f"produce-1-{unit}", 明细=cells("完成数量", made))
    assert [item.role for item in play.items(case).values()] == ["WAREHOUSE"] * 4
    for key in reversed(list(play.items(case))):
        play.decide(case, key)
    assert [(order.made, order.state) for order in play.orders(case)] == [(3, "done"), (2, "done")]
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3, "P-PT-001": -2}
    assert len(play.documents(case, "RK")) == 4 + 1, "one slip a receipt, and the office's"
    assert len(play.documents(case, "CK")) == 1


def test_a_unit_reports_again_while_its_goods_are_counted(play: Play) -> None:
    case = parts_of_two_units(play)
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 1}))
    assert set(play.items(case)) == {"goods-in-1-1", "produce-1-panel-2", "produce-1-paint-1"}
    left = play.items(case)["produce-1-panel-2"]
    assert (left.unit, left.prefill["明细"][0]["完成数量"]) == ("PANEL", 2)
    play.decide(case, "produce-1-panel-2")
    play.decide(case, "goods-in-1-2")
    assert play.stock("P-PB-001") == (2, 2)
    play.decide(case, "goods-in-1-1")
    assert play.stock("P-PB-001") == (3, 3)
    assert play.finish(case) == "delivered"


def test_production_is_due_by_the_promised_date_and_the_unit_is_warned(play: Play) -> None:
    case = parts_of_two_units(play)
    item = play.items(case)["produce-1-panel-1"]
    assert item.due_at == datetime.fromisoformat("2026-11-27T17:30:00+08:00")
    assert item.schedule == [], "the control of its cycle reminds of it"
    assert watch_cycles(play.db) == []
    control = play.items(control_of(play, case))["progress-panel-1"]
    schedule = [(entry["kind"], entry["role"], entry["at"][:10]) for entry in control.schedule]
    assert schedule == [
        ("warning", "WORKSHOP", "2026-11-26"),
        ("overdue", "WORKSHOP", "2026-11-27"),
        ("overdue", "PLANNER", "2026-11-27"),
        ("over-3", "SUPERVISOR", "2026-12-02"),
        ("over-7", "MANAGER", "2026-12-08"),
    ]


def test_scrap_is_recorded_and_still_has_to_be_made(play: Play) -> None:
    case = parts_of_two_units(play)
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 2}, 报废数量=1))
    assert play.items(case)["produce-1-panel-2"].prefill["明细"][0]["完成数量"] == 1
    play.decide(case, "produce-1-panel-2", 明细=cells("报废数量", {1: 2}, 完成数量=0))
    (order, _) = play.orders(case)
    assert (order.made, order.scrapped, order.state) == (2, 3, "open")
    assert play.finish(case) == "delivered"
    assert [(order.made, order.scrapped) for order in play.orders(case)] == [(3, 3), (2, 0)]
    assert play.moved(case, "production_in") == {"P-PB-001": 3, "P-PT-001": 2}


WRONG = {
    "more than is left": (cells("完成数量", {1: 4}), "第1行 row 1, 完成数量 made: “4” — 最多 3"),
    "another unit's line": (cells("完成数量", {2: 1}), "行号 line: “2” — 应为 must be one of 1"),
    "a line twice": (cells("完成数量", {1: 1}) * 2, "“1” — 重复 is listed twice"),
    "nothing to report": (cells("完成数量", {1: 0}), "至少填写一项完成、报废或异常"),
    "negative": (cells("完成数量", {1: -1}), "第1行 row 1, 明细.完成数量: “-1” — 应不小于"),
}


def test_a_wrong_report_is_refused(play: Play, subtests: pytest.Subtests) -> None:
    case = parts_of_two_units(play)
    for name, (rows, told) in WRONG.items():
        with subtests.test(name):
            assert told in play.refused(case, "produce-1-panel-1", 明细=rows)
    play.decide(case, "produce-1-panel-1")


def test_another_unit_s_workshop_may_not_report(play: Play) -> None:
    case = parts_of_two_units(play)
    assert "WORKSHOP" in play.refused(case, "produce-1-panel-1", staff="E1009")


def anomaly(play: Play) -> int:
    """Bring a case to an anomaly: of 3 doors 1 is made, with 2 something is wrong."""
    case = parts_of_two_units(play)
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 1}, 异常说明="基材缺货"))
    assert play.items(case)["anomaly-1-1-1"].role == "SYSTEM"
    review = play.items(play.anomaly(case, "anomaly-1-1-1"))["review"]
    told = [f"{play.case(case).number} · 第1行 **柜门板(左)** × 2 · 质量问题 quality", "基材缺货"]
    assert (review.role, review.brief) == ("PARTS_REVIEWER", told)
    assert "produce-1-panel-2" not in play.items(case), "the line waits for the anomaly"
    assert "produce-1-paint-1" in play.items(case), "other lines do not"
    return case


def test_what_an_anomaly_has_made_again_comes_by_a_case_of_its_own(play: Play) -> None:
    case = anomaly(play)
    again = play.ordered(play.settle(case, "anomaly-1-1-1"))
    assert "produce-1-panel-2" not in play.items(case), "the line owes it no longer"
    assert play.finish(case) == "delivered"
    assert play.finish(again) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -1, "P-PT-001": -2}
    assert play.moved(again, "delivery_out") == {"P-PB-001": -2}
    assert [line.replaced for line in play.lines(case)] == [2, 0]


def test_an_anomaly_that_is_none_lets_the_line_be_made_on(play: Play) -> None:
    case = anomaly(play)
    play.deny(case, "anomaly-1-1-1")
    assert play.items(case)["produce-1-panel-2"].prefill["明细"][0]["完成数量"] == 2
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3, "P-PT-001": -2}


def test_an_anomaly_is_accepted_short(play: Play) -> None:
    case = anomaly(play)
    child = play.anomaly(case, "anomaly-1-1-1")
    play.run_to(child, "plan-1")
    assert "申报方同意 consent" in play.refused(child, "plan-1", 处理办法="让步接收", 申报方同意="")
    play.settle(case, "anomaly-1-1-1", "让步接收", 申报方同意="客户同意")
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -1, "P-PT-001": -2}
    assert [(o.quantity, o.made, o.state) for o in play.orders(case)] == [(1, 1, "done"), (2, 2, "done")]


def test_a_line_of_which_nothing_is_left_is_cancelled_and_the_rest_delivered(play: Play) -> None:
    case = parts_of_two_units(play)
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="停产"))
    play.settle(case, "anomaly-1-1-1", "让步接收", 申报方同意="改用其他")
    assert play.finish(case) == "delivered"
    assert [order.state for order in play.orders(case)] == ["cancelled", "done"]
    cancelled, made = ((row.made_on, row.in_on, row.out_on, row.picked_on) for row in play.lines(case))
    assert not any(cancelled)
    assert all(made)
    assert play.moved(case, "delivery_out") == {"P-PT-001": -2}


def test_a_case_of_which_nothing_is_left_ends_replaced(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="停产"))
    play.settle(case, "anomaly-1-1-1", "让步接收", 申报方同意="改用其他")
    assert play.case(case).ending == "replaced"
    assert [order.state for order in play.orders(case)] == ["cancelled"]


def test_a_case_whose_only_line_is_ordered_again_ends_replaced_and_its_work_is_undone(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="基材缺货"))
    again = play.ordered(play.settle(case, "anomaly-1-1-1"))
    assert play.case(case).ending == "replaced"
    assert {order.state for order in play.orders(case)} == {"cancelled"}
    sent = play.rows("SELECT kind FROM outbox WHERE case_id = :case ORDER BY id", case=case)
    assert [message.kind for message in sent] == ["place_order", "cancel_order"]
    assert play.finish(again) == "delivered"


def test_more_scrap_than_was_ordered_needs_to_be_explained(play: Play) -> None:
    case = play.apply([line("P-PB-001", 5)])
    play.run_to(case, "produce-1-panel-1")
    scrapped = {"行号": 1, "完成数量": 1, "报废数量": 3}
    told = play.refused(case, "produce-1-panel-1", 明细=[scrapped | {"报废数量": 99_999}])
    assert "报废数量 scrapped: “99999” — 累计报废超过订购的 5，请核对或填异常说明" in told
    play.decide(case, "produce-1-panel-1", 明细=[scrapped])
    assert "累计报废超过订购的 5" in play.refused(case, "produce-1-panel-2", 明细=[scrapped])
    play.decide(case, "produce-1-panel-2", 明细=[scrapped | {"报废数量": 2}])
    play.decide(case, "produce-1-panel-3", 明细=[scrapped | {"异常说明": "设备故障，整批报废"}])
    assert "anomaly-1-3-1" in {key for key in play.items(case) if key.startswith("anomaly")}
