"""周期确认, 计划确认: who says how long, and what is promised (DOMAIN 1.4, 1.5, 4)."""

from datetime import date, datetime

import pytest
import time_machine

from tests.play import Play, cells, line


def test_a_line_without_a_standard_asks_the_planner(play: Play) -> None:
    case = play.apply([line("P-GL-003", 2), line("P-PB-001", 1)])
    item = play.run_to(case, "cycle-1")
    assert (item.role, [row["周期天数"] for row in item.prefill["明细"]]) == ("PLANNER", [1, 7])
    play.decide(case, "cycle-1", 明细=cells("周期天数", {1: 5, 2: 7}))
    play.decide(case, "plan-1")
    assert [row.promised for row in play.lines(case)] == [date(2026, 11, 25), date(2026, 11, 27)]
    assert play.finish(case) == "delivered"


def test_an_urgent_case_asks_the_planner_and_offers_the_urgent_days(play: Play) -> None:
    case = play.apply([line("P-PB-001", 1)], urgency="加急")
    item = play.run_to(case, "cycle-1")
    assert [row["周期天数"] for row in item.prefill["明细"]] == [5]
    play.decide(case, "cycle-1", 明细=cells("周期天数", {1: 4}))
    play.decide(case, "plan-1")
    assert [row.promised for row in play.lines(case)] == [date(2026, 11, 24)]
    assert play.finish(case) == "delivered"


def test_an_urgent_case_from_stock_needs_no_planner(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)], urgency="加急")
    play.run_to(case, "goods-out-1-1")
    assert play.finish(case) == "delivered"


def test_a_later_plan_needs_a_reason_and_does_not_move_the_promise(play: Play) -> None:
    case = play.apply([line("P-PB-001", 1), line("P-HW-024", 1)])
    play.run_to(case, "plan-1")
    later = cells("计划日期", {1: "2026-12-10"}, 来源="本厂生产", 生产单位="PANEL")
    later += cells("计划日期", {2: ""}, 来源="本厂生产", 生产单位="HW")
    assert "2026-11-27" in play.refused(case, "plan-1", 明细=later)
    play.decide(case, "plan-1", 明细=later, 延期原因="设备检修")
    lines = [(row.promised, row.planned, row.unit) for row in play.lines(case)]
    assert lines == [(date(2026, 11, 27), date(2026, 12, 10), "PANEL"), (date(2026, 11, 23), date(2026, 11, 23), "HW")]
    assert play.items(case)["produce-1-panel-1"].due_at == datetime.fromisoformat("2026-11-27T17:30:00+08:00")
    assert play.finish(case) == "delivered"


def test_an_earlier_plan_needs_no_reason(play: Play) -> None:
    case = play.apply([line("P-PB-001", 1)])
    play.run_to(case, "plan-1")
    play.decide(case, "plan-1", 明细=cells("计划日期", {1: "2026-11-20"}, 来源="本厂生产", 生产单位="板式车间"))
    (order,) = play.orders(case)
    assert (order.promised, order.planned, order.unit) == (date(2026, 11, 27), date(2026, 11, 20), "PANEL")
    assert play.finish(case) == "delivered"


@pytest.mark.parametrize(
    ("confirmed", "promised"),
    [
        # over the National Day week: Wed 30, Thu 8, Fri 9, Sat 10 (make-up), Mon 12, Tue 13, Wed 14
        ("2026-09-29T10:00", date(2026, 10, 14)),
        # over Spring Festival: Sat 14 (make-up), Tue 24 … Fri 27, Sat 28 (make-up), Mon 2
        ("2026-02-13T17:00", date(2026, 3, 2)),
        # 23:30 in Shanghai is still that day
        ("2026-11-18T23:30", date(2026, 11, 27)),
    ],
)
def test_the_promise_counts_china_s_working_days(
    play: Play, today: time_machine.Traveller, confirmed: str, promised: date
) -> None:
    today.move_to(f"{confirmed}:00+08:00")
    case = play.apply([line("P-PB-001", 1)], 订单号="SO20250702-0144")
    play.run_to(case, "produce-1-panel-1")
    assert [row.promised for row in play.lines(case)] == [promised]
    assert play.finish(case) == "delivered"


def test_the_promise_begins_with_the_confirmation_not_the_application(
    play: Play, today: time_machine.Traveller
) -> None:
    case = play.apply([line("P-PB-001", 1)])
    play.run_to(case, "plan-1")
    today.move_to("2026-11-20T16:00:00+08:00")
    play.decide(case, "plan-1")
    assert [row.promised for row in play.lines(case)] == [date(2026, 12, 1)]


def test_a_unit_with_a_longer_standard_of_its_own_gets_it(play: Play) -> None:
    case = play.apply([line("P-PT-001", 1)])
    play.run_to(case, "plan-1")
    play.decide(case, "plan-1", 明细=cells("生产单位", {1: "OUT1"}, 来源="外协", 计划日期=""))
    (order,) = play.orders(case)
    assert (order.unit, order.supply, order.promised) == ("OUT1", "outsourced", date(2026, 12, 4))
    assert play.finish(case) == "delivered"


def test_a_unit_with_a_shorter_standard_of_its_own_gets_it_too(play: Play) -> None:
    play.run("UPDATE cycle_standard SET days = 4 WHERE unit = 'OUT1' AND category = 'PAINTED'")
    case = play.apply([line("P-PT-001", 1)])
    play.run_to(case, "plan-1")
    play.decide(case, "plan-1", 明细=cells("生产单位", {1: "OUT1"}, 来源="外协", 计划日期=""))
    assert [order.promised for order in play.orders(case)] == [date(2026, 11, 24)]


def test_a_unit_without_a_standard_of_its_own_keeps_the_days_that_were_confirmed(play: Play) -> None:
    case = play.apply([line("P-GL-003", 1)])
    play.run_to(case, "cycle-1")
    play.decide(case, "cycle-1", 明细=cells("周期天数", {1: 4}))
    play.decide(case, "plan-1", 明细=cells("生产单位", {1: "PANEL"}, 来源="本厂生产", 计划日期=""))
    assert [order.promised for order in play.orders(case)] == [date(2026, 11, 24)]


def test_a_unit_is_planned_for_what_it_does(play: Play) -> None:
    case = play.apply([line("P-PB-001", 1)])
    play.run_to(case, "plan-1")
    for unit, supply, does in (("PANEL", "采购", "本厂生产"), ("OUT1", "本厂生产", "外协")):
        told = play.refused(case, "plan-1", 明细=cells("生产单位", {1: unit}, 来源=supply, 计划日期=""))
        assert f"第1行 row 1, 来源 supply: “{supply}”" in told
        assert f"只做{does}" in told
    play.decide(case, "plan-1")


def test_what_is_made_again_has_a_promise_of_its_own(play: Play, today: time_machine.Traveller) -> None:
    case = play.apply([line("P-PB-001", 5)])
    play.run_to(case, "produce-1-panel-1")
    today.move_to("2026-11-24T10:00:00+08:00")
    play.decide(case, "produce-1-panel-1")
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: 3}, 差异原因="破损"))
    today.move_to("2026-11-26T10:00:00+08:00")
    again = play.ordered(play.settle(case, "anomaly-1-2-1"))
    play.run_to(again, "produce-1-panel-1")
    made = play.items(again)["produce-1-panel-1"]
    assert (made.due_at.date(), made.brief[0][-10:]) == (date(2026, 12, 3), "2026-12-03"), "urgent: 5 working days"
    today.move_to("2026-12-03T10:00:00+08:00")
    play.run_to(case, "pickup-1")
    (kept,), (order,) = play.lines(case), play.orders(case)
    assert (kept.promised, kept.made_on, kept.in_on) == (date(2026, 11, 27), date(2026, 11, 24), date(2026, 11, 24))
    assert (order.promised, order.made_on, order.in_on) == (date(2026, 11, 27), date(2026, 11, 24), date(2026, 11, 24))


def test_what_is_sent_again_leaves_the_dates_of_the_first_delivery(play: Play, today: time_machine.Traveller) -> None:
    case = play.apply([line("P-PB-001", 5)])
    play.run_to(case, "pickup-1")
    first = play.lines(case)[0]
    today.move_to("2026-11-20T10:00:00+08:00")
    short = {"核对结果": "短少", "照片编号": "IMG-1", "明细": cells("完好数量", {1: 4})}
    play.decide(case, "pickup-1", 到货日期="2026-11-20", **short)
    today.move_to("2026-11-24T10:00:00+08:00")
    again = play.ordered(play.settle(case, "anomaly-pickup-1-1"))
    assert play.finish(again) == "delivered"
    (kept,), (new,) = play.lines(case), play.lines(again)
    assert (kept.promised, kept.planned, kept.made_on, kept.in_on, kept.out_on) == (
        first.promised, first.planned, first.made_on, first.in_on, first.out_on,
    )  # fmt: skip
    assert (kept.picked_on, new.picked_on) == (date(2026, 11, 20), date(2026, 11, 24))
    assert (kept.promised, new.promised) == (date(2026, 11, 27), date(2026, 12, 1))


PLAN = {"来源": "本厂生产", "生产单位": "PANEL", "计划日期": ""}


WRONG = {
    "unknown unit": (
        [{"行号": 1, **PLAN, "生产单位": "木工房"}, {"行号": 2, **PLAN}],
        "第1行 row 1, 生产单位 unit: “木工房” — 没有这个生产单位",
    ),
    "a line is missing": ([{"行号": 1, **PLAN}], "“2” — 缺少此行 is missing"),
    "a line twice": ([{"行号": no, **PLAN} for no in (1, 1, 2)], "“1” — 重复 is listed twice"),
    "unknown line": (
        [{"行号": no, **PLAN} for no in (1, 2, 7)],
        "第3行 row 3, 行号 line: “7” — 应为 must be one of 1, 2",
    ),
    "from stock": (  # which was reserved before: what is planned is made or bought
        [{"行号": 1, **PLAN, "来源": "现货"}, {"行号": 2, **PLAN}],
        "明细.来源: “现货” — 应为 expected one of: 本厂生产 workshop / 外协 outsourced / 采购 purchase",
    ),
    "in the past": (
        [{"行号": 1, **PLAN, "计划日期": "2026-11-17"}, {"行号": 2, **PLAN}],
        "“2026-11-17” — 不能早于今天",
    ),
}


def test_a_wrong_plan_is_refused(play: Play, subtests: pytest.Subtests) -> None:
    case = play.apply([line("P-PB-001", 1), line("P-PB-002", 1)])
    play.run_to(case, "plan-1")
    for name, (rows, told) in WRONG.items():
        with subtests.test(name):
            assert told in play.refused(case, "plan-1", 明细=rows)
    play.decide(case, "plan-1")


def test_a_wrong_cycle_is_refused(play: Play) -> None:
    case = play.apply([line("P-GL-003", 1), line("P-GL-005", 1)])
    play.run_to(case, "cycle-1")
    assert "第1行 row 1, 明细.周期天数: “0”" in play.refused(case, "cycle-1", 明细=cells("周期天数", {1: 0, 2: 3}))
    assert "缺少此行 is missing" in play.refused(case, "cycle-1", 明细=cells("周期天数", {1: 3}))
    assert play.items(case)["cycle-1"].refusals == 2
