"""撤回: who may take a case back until when, and the visible undo (DOMAIN, "What every case has")."""

from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine

from schemas.sheet_kinds import sheet_kind
from schemas.words import Role
from tasks.desk.queries import case_view
from tasks.desk.timeline import timeline_rows
from tasks.durable.stage import advance
from tests.play import Play, cells, line
from tests.tasks.durable.chunks import told as told_of
from tests.tasks.sheets.workbooks import became, save, send

APPLICANT, COLLEAGUE, SUPERVISOR = "E1049", "E1050", "E1040"


def told(play: Play, case: int, staff: str, reason: str = "客户取消") -> str:
    """Ask for a withdrawal that must be refused and change nothing; gives the message."""
    before = play.snapshot(case)
    reply = play.withdraw(case, staff, reason)
    assert not reply.accepted
    assert play.snapshot(case) == before
    return "\n".join(map(str, reply.problems))


def assert_withdrawn(play: Play, case: int, staff: str) -> None:
    row = play.case(case)
    assert (row.ending, row.ending_reason) == ("withdrawn", f"客户取消 ({staff})")


@pytest.mark.parametrize("gate", ["review-1", "resubmit-1", "approve-1-1", "cycle-1", "plan-1"])
def test_the_applicant_may_withdraw_until_production_starts(play: Play, gate: str) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-GL-008", 3)])
    before, _ = play.stock("P-HW-001")
    if gate == "resubmit-1":
        play.decide(case, "review-1", 审核结论="退回办事处", 原因="补照片")
    play.run_to(case, gate)
    assert "只有申报人或客服主管可以撤回" in told(play, case, COLLEAGUE)
    assert play.withdraw(case, APPLICANT).accepted
    assert_withdrawn(play, case, APPLICANT)
    assert play.stock("P-HW-001") == (before, 0)
    assert play.rows("SELECT state FROM work_item WHERE step_key = :gate", gate=gate)[0].state == "withdrawn"


def test_a_withdrawn_application_may_be_sent_anew(play: Play) -> None:
    case = play.apply(lines=2)
    assert play.withdraw(case, APPLICANT).accepted
    assert play.finish(play.apply(lines=2, 订单号=play.case(case).order_no)) == "delivered"


def test_once_production_started_only_a_supervisor_may_withdraw(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)])
    before, _ = play.stock("P-HW-001")
    play.run_to(case, "produce-1-panel-1")
    assert "生产已开始，只有客服主管可以撤回" in told(play, case, APPLICANT)
    assert "生产已开始" in told(play, case, "E1043")

    assert play.withdraw(case, SUPERVISOR).accepted
    assert_withdrawn(play, case, SUPERVISOR)
    assert [order.state for order in play.orders(case)] == ["cancelled"]
    assert play.stock("P-HW-001") == (before, 0)
    sent = play.rows("SELECT kind FROM outbox WHERE case_id = :case ORDER BY id", case=case)
    assert [message.kind for message in sent] == ["place_order", "cancel_order"]
    undone = [row.step_key for row in play.timeline(case) if row.kind == "undo"]
    assert undone == ["undo-place-production-orders-1", "undo-reserve-stock-1", "undo-place-order"]


def test_what_was_received_stays_on_stock_free_for_others(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3), line("P-PT-001", 1)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 2}))
    play.decide(case, "goods-in-1-1")
    assert play.stock("P-PB-001") == (2, 2)
    assert play.withdraw(case, SUPERVISOR).accepted
    assert play.stock("P-PB-001") == (2, 0)
    assert [order.state for order in play.orders(case)] == ["cancelled", "cancelled"]
    items = play.rows("SELECT state FROM work_item WHERE case_id = :case AND closed_at IS NOT NULL", case=case)
    assert {item.state for item in items} == {"decided", "withdrawn", "dropped"}


def test_finished_production_orders_stay_done(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3), line("P-PT-001", 1)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1")
    assert play.withdraw(case, SUPERVISOR).accepted
    assert [order.state for order in play.orders(case)] == ["done", "cancelled"]
    play.decide(case, "goods-in-1-1-left")
    assert_withdrawn(play, case, SUPERVISOR)
    assert [order.state for order in play.orders(case)] == ["done", "cancelled"]


def made_but_not_counted(play: Play) -> int:
    """Bring a case of two units to where PANEL has made 2 of 3 doors, which nobody has counted; PAINT makes a top."""
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3), line("P-PT-001", 1)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {2: 2}))
    assert set(play.items(case)) == {"goods-in-1-1", "produce-1-panel-2", "produce-1-paint-1"}
    return case


def count_by_click(play: Play, case: int, _path: Path) -> None:
    """Answer the count on its form."""
    play.decide(case, "goods-in-1-1-left")


def count_by_sheet(play: Play, case: int, path: Path) -> None:
    """Answer the count by a row of the warehouse's sheet."""
    row = {"单号": play.case(case).number, "日期": "2026-11-18", "经办人工号": "E1016", "行号": 2, "实收数量": 2}
    kind = sheet_kind("goods-in")
    assert became(send(play.db, save(path / "counted.xlsx", kind, row))) == ["+"]


@pytest.mark.parametrize("count", [count_by_click, count_by_sheet])
def test_what_was_made_but_not_counted_is_counted_and_becomes_free_stock(
    play: Play, tmp_path: Path, count: Callable[[Play, int, Path], None]
) -> None:
    case = made_but_not_counted(play)
    before, _ = play.stock("P-HW-001")
    assert play.withdraw(case, SUPERVISOR).accepted
    (item,) = play.items(case).values()
    assert (item.step_key, item.role, item.title) == ("goods-in-1-1-left", "WAREHOUSE", "已撤回·待清点")
    assert item.brief == [
        "已撤回 withdrawn：客户取消 (E1040)，清点后即为现货 once counted it is free stock",
        "2. 柜门板(左): 报 reported 2",
    ]
    assert [order.state for order in play.orders(case)] == ["cancelled", "cancelled"]
    assert play.stock("P-HW-001") == (before, 0), "what was reserved does not wait for the count"
    assert play.stock("P-PB-001") == (0, 0), "nothing is on stock before it is counted"

    count(play, case, tmp_path)
    assert_withdrawn(play, case, SUPERVISOR)
    assert play.stock("P-PB-001") == (2, 0)
    (slip,) = play.documents(case, "RK")
    assert ([row["quantity"] for row in slip.content["lines"]], slip.content["red"]) == (["2"], False)
    assert play.finish(play.apply([line("P-PB-001", 2)])) == "delivered"
    assert play.stock("P-PB-001") == (0, 0), "another case had it"


@pytest.mark.parametrize("at", ["goods-in-1-1", "produce-1-paint-1"])
def test_it_is_counted_whatever_the_withdrawal_met_first(play: Play, at: str) -> None:
    case = made_but_not_counted(play)
    play.run("UPDATE work_item SET due_at = opened_at - interval '1 day' WHERE step_key = :at", at=at)
    assert play.withdraw(case, SUPERVISOR).accepted
    assert play.rows("SELECT step_key FROM work_item WHERE state = 'withdrawn'")[0].step_key == at
    assert play.finish(case) == "withdrawn"
    assert play.stock("P-PB-001") == (2, 0)


def test_a_withdrawn_case_that_waits_for_its_count_is_seen_so_and_asks_nothing_else(play: Play) -> None:
    case = made_but_not_counted(play)
    assert play.withdraw(case, SUPERVISOR).accepted
    with play.db.connect() as connection:
        view = case_view(connection, case)
    assert (view.case.step, view.case.link, view.case.ending) == ("已撤回·待清点", "出货入库", None)
    assert [item.role for item in view.items] == [Role.WAREHOUSE]
    told = [(row.title.partition("：")[2], row.what) for row in timeline_rows(view)]
    assert ("撤回 withdrawn", "客户取消") in told
    assert "不需要办理" in told_of(play.send(case, "produce-1-paint-1", {"经办人工号": "E1009"}).reply)


def test_a_case_that_only_waits_for_its_count_cannot_be_withdrawn_again(play: Play) -> None:
    case = made_but_not_counted(play)
    assert play.withdraw(case, SUPERVISOR).accepted
    for staff in (APPLICANT, SUPERVISOR):
        assert "已撤回或关闭，只待清点" in told(play, case, staff, "再次撤回")
    assert play.finish(case) == "withdrawn"
    assert play.stock("P-PB-001") == (2, 0)


def test_while_the_last_count_is_waited_for_the_office_may_apply_anew(play: Play) -> None:
    case = made_but_not_counted(play)
    assert play.withdraw(case, SUPERVISOR).accepted
    again = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)], 订单号=play.case(case).order_no)
    assert play.finish(case) == "withdrawn"
    assert play.finish(again) == "delivered"


def test_each_count_that_is_left_is_free_as_soon_as_it_is_in(play: Play) -> None:
    case = made_but_not_counted(play)
    play.decide(case, "produce-1-paint-1")
    assert play.withdraw(case, SUPERVISOR).accepted
    assert set(play.items(case)) == {"goods-in-1-1-left", "goods-in-1-2-left"}
    play.decide(case, "goods-in-1-2-left")
    assert play.stock("P-PT-001") == (1, 0)
    assert [order.state for order in play.orders(case)] == ["cancelled", "done"]
    play.decide(case, "goods-in-1-1-left")
    assert_withdrawn(play, case, SUPERVISOR)
    assert len(play.documents(case, "RK")) == 2


@pytest.mark.parametrize(("counted", "slips"), [(0, 0), (1, 1), (3, 1)])
def test_a_difference_of_what_is_left_is_recorded_and_nothing_is_made_again(
    play: Play, counted: int, slips: int
) -> None:
    case = made_but_not_counted(play)
    play.decide(case, "produce-1-panel-2")
    play.decide(case, "goods-in-1-2")
    assert play.withdraw(case, SUPERVISOR).accepted
    assert "数量不符须填差异原因" in play.refused(case, "goods-in-1-1-left", 明细=cells("实收数量", {2: counted}))
    play.decide(case, "goods-in-1-1-left", 明细=cells("实收数量", {2: counted}, 差异原因="清点不符"))
    assert_withdrawn(play, case, SUPERVISOR)
    assert play.stock("P-PB-001") == (1 + counted, 0)
    assert play.orders(case)[0].state == ("done" if counted > 2 else "cancelled")
    assert len(play.documents(case, "RK")) == 1 + slips


def test_goods_on_the_road_do_not_keep_what_is_left_from_being_counted(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)], 发货方式="分批")
    before, _ = play.stock("P-HW-001")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1")
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1")
    assert play.withdraw(case, SUPERVISOR).accepted
    assert list(play.items(case)) == ["goods-in-1-1-left"], "nobody is asked for the pickup"
    play.decide(case, "goods-in-1-1-left")
    assert_withdrawn(play, case, SUPERVISOR)
    assert (play.stock("P-HW-001"), play.stock("P-PB-001")) == ((before, 0), (3, 0))


def test_where_nothing_is_made_production_never_starts(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    before, _ = play.stock("P-HW-001")
    play.run_to(case, "goods-out-1-1")
    assert play.withdraw(case, APPLICANT).accepted
    assert_withdrawn(play, case, APPLICANT)
    assert play.stock("P-HW-001") == (before, 0)


def test_goods_that_have_left_are_called_back_by_a_supervisor_alone(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    before, _ = play.stock("P-HW-001")
    play.run_to(case, "pickup-1")
    assert "货已发出，只有客服主管可以撤回 the goods have left" in told(play, case, APPLICANT)
    assert play.withdraw(case, SUPERVISOR).accepted
    assert play.stock("P-HW-001") == (before, 0)
    assert [bool(slip.reverses) for slip in play.documents(case, "CK")] == [False, True]


def test_goods_on_the_way_come_back_by_a_red_slip(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)])
    before, _ = play.stock("P-HW-001")
    play.run_to(case, "pickup-1")
    assert play.stock("P-HW-001") == (before - 4, 0)
    assert "只有客服主管" in told(play, case, APPLICANT)
    assert play.withdraw(case, SUPERVISOR).accepted
    assert_withdrawn(play, case, SUPERVISOR)
    assert play.stock("P-HW-001") == (before, 0)
    assert play.stock("P-PB-001") == (3, 0)
    black, red = play.documents(case, "CK")
    assert (red.reverses, red.content["red"]) == (black.id, True)
    assert [row["quantity"] for row in red.content["lines"]] == ["-4", "-3"]
    assert [black.number, red.number] == ["CK-2026-000001", "CK-2026-000002"]

    following = play.apply([line("P-HW-001", 1)])
    play.finish(following)
    assert play.documents(following, "CK")[0].number == "CK-2026-000003"


def test_goods_that_left_early_come_back_too(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    before, _ = play.stock("P-HW-001")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "release-1-1")
    assert play.withdraw(case, SUPERVISOR).accepted
    assert play.stock("P-HW-001") == (before, 0)
    assert [bool(slip.reverses) for slip in play.documents(case, "CK")] == [False, True]


def test_goods_before_they_leave_are_only_released(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    before, _ = play.stock("P-HW-001")
    play.run_to(case, "goods-out-1-1")
    assert play.withdraw(case, SUPERVISOR).accepted
    assert play.stock("P-HW-001") == (before, 0)
    assert not play.documents(case, "CK")


def test_a_refused_freight_does_not_stop_a_withdrawal(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="空运", 承运商="国航", 运费=300, 件数=1)
    assert play.withdraw(case, SUPERVISOR).accepted
    assert_withdrawn(play, case, SUPERVISOR)


def test_goods_at_the_office_are_not_put_back(play: Play, today: time_machine.Traveller) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "pickup-1")
    left = play.stock("P-HW-001")
    today.move_to("2026-11-20T15:00:00+08:00")
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    assert play.withdraw(case, SUPERVISOR).accepted
    assert play.stock("P-HW-001") == left
    assert len(play.documents(case, "CK")) == 1


def damaged(play: Play) -> int:
    """Bring a case to the anomaly of a door that arrived damaged."""
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)])
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {2: 2}))
    return case


def test_an_anomaly_at_the_office_may_be_withdrawn(play: Play) -> None:
    case = damaged(play)
    left = play.stock("P-HW-001")
    assert "只有客服主管" in told(play, case, APPLICANT)
    assert play.withdraw(case, SUPERVISOR).accepted
    assert play.stock("P-HW-001") == left


def test_while_goods_are_ordered_again_the_applicant_may_not_withdraw_what_left(play: Play) -> None:
    case = damaged(play)
    child = play.anomaly(case, "anomaly-pickup-1-2")
    play.run_to(child, "plan-1")
    assert "只有客服主管" in told(play, case, APPLICANT)
    assert play.withdraw(case, SUPERVISOR).accepted
    advance(play.db, child)
    row = play.case(child)
    assert (row.ending, row.ending_reason.split(" ")[0]) == ("withdrawn", "来源单已撤回")


def test_a_replacement_on_the_way_comes_back_but_not_what_the_office_has(play: Play) -> None:
    case = damaged(play)
    again = play.ordered(play.settle(case, "anomaly-pickup-1-2"))
    assert play.case(case).ending == "delivered"
    play.run_to(again, "pickup-1")
    left = play.stock("P-HW-001")
    assert play.withdraw(again, SUPERVISOR).accepted
    assert play.stock("P-PB-001") == (1, 0)
    assert play.stock("P-HW-001") == left
    assert [bool(slip.reverses) for slip in play.documents(again, "CK")] == [False, True]


def test_a_closed_case_cannot_be_withdrawn(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.finish(case)
    assert "本单已结案 the case is closed" in told(play, case, SUPERVISOR)
    assert play.case(case).ending == "delivered"


def test_a_withdrawn_case_cannot_be_withdrawn_again(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    assert play.withdraw(case, APPLICANT).accepted
    assert "本单已结案" in told(play, case, SUPERVISOR)


@pytest.mark.parametrize(
    ("staff", "reason", "expected"),
    [
        (APPLICANT, "", "撤回原因: “” — 必填 is required"),
        (APPLICANT, "  ", "必填 is required"),
        (APPLICANT, "错\x00误", "控制字符"),
        (APPLICANT, "长" * 20_000, "个字符"),
        ("E9999", "客户取消", "“E9999” — 没有这位在职员工"),
        ("E1068", "客户取消", "没有这位在职员工"),
        ("", "客户取消", "经办人工号: “” — 必填 is required"),
        ("E1052", "客户取消", "只有申报人或客服主管可以撤回"),
    ],
    ids=["no reason", "blank", "control character", "too long", "unknown", "left", "nobody", "other office"],
)
def test_a_wrong_withdrawal_is_refused(play: Play, staff: str, reason: str, expected: str) -> None:
    case = play.apply([line("P-HW-001", 4)])
    assert expected in told(play, case, staff, reason)
    assert play.items(case)["review-1"].refusals == 0, "the gate's own count is for its own answers"
    play.decide(case, "review-1")
