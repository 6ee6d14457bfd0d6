"""催提: pickup, the office's check, and what is done about what it finds (DOMAIN 1.11)."""

from datetime import date, datetime

import pytest
import time_machine

from tests.play import Play, cells, line

DAMAGED = {"核对结果": "损坏", "照片编号": "IMG-1", "说明": "边角破损"}


def sent(play: Play) -> int:
    """Bring a case to the pickup of 4 hinges from stock and 3 doors that were made."""
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)])
    play.run_to(case, "pickup-1")
    return case


def short(play: Play) -> int:
    """Bring a case to the anomaly of 2 doors that did not arrive in good order."""
    case = sent(play)
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 4, 2: 1}))
    (item,) = play.items(case).values()
    assert (item.step_key, item.role, play.state(case)) == ("anomaly-pickup-1-2", "SYSTEM", "催提")
    review = play.items(play.anomaly(case, "anomaly-pickup-1-2"))["review"]
    assert review.brief[0].endswith("第2行 **柜门板(左)** × 2 · 损坏(包装破损) damaged")
    assert review.brief[1:] == ["损坏 · 边角破损", "照片 photos IMG-1"]
    return case


def test_goods_in_order_end_the_case(play: Play, today: time_machine.Traveller) -> None:
    case = sent(play)
    today.move_to("2026-11-20T10:00:00+08:00")
    play.decide(case, "pickup-1", 到货日期="2026-11-19")
    row = play.case(case)
    assert (row.ending, row.ending_reason) == ("delivered", "")
    assert {line.picked_on for line in play.lines(case)} == {date(2026, 11, 19)}


def test_the_office_is_reminded_and_then_the_supervisor_told(play: Play) -> None:
    item = play.items(sent(play))["pickup-1"]
    assert (item.role, item.office) == ("OFFICE", "BJ")
    assert [(entry["kind"], entry["role"], entry["at"]) for entry in item.schedule] == [
        ("pickup-2", "OFFICE", "2026-11-20T01:00:00+00:00"),
        ("pickup-5", "OFFICE", "2026-11-25T01:00:00+00:00"),
        ("pickup-10", "OFFICE", "2026-12-02T01:00:00+00:00"),
        ("pickup-escalated", "SUPERVISOR", "2026-12-03T01:00:00+00:00"),
    ]


@pytest.mark.parametrize("found", ["短少", "损坏", "货不对单"], ids=["short", "damaged", "mismatch"])
def test_each_line_of_which_something_is_wrong_is_an_anomaly(play: Play, found: str) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-HW-002", 3), line("P-HW-003", 2)])
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果=found, 照片编号="IMG-1", 明细=cells("完好数量", {1: 3, 2: 0, 3: 2}))
    assert set(play.items(case)) == {"anomaly-pickup-1-1", "anomaly-pickup-1-2"}


def test_what_is_made_again_is_delivered_by_a_case_of_its_own(play: Play) -> None:
    case = sent(play)
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 3, 2: 1}))
    doors = play.ordered(play.settle(case, "anomaly-pickup-1-2"))
    hinge = play.ordered(play.settle(case, "anomaly-pickup-1-1"))
    assert play.case(case).ending == "delivered"
    assert [(o.line_no, o.turn, o.quantity) for o in play.orders(case)] == [(2, 1, 3)]
    assert [play.finish(again) for again in (doors, hinge)] == ["delivered", "delivered"]
    assert play.moved(doors, "delivery_out") == {"P-PB-001": -2}
    assert play.moved(hinge, "delivery_out") == {"P-HW-001": -1}
    assert [(o.quantity, o.made) for o in play.orders(doors)] == [(2, 2)]
    assert [len(play.documents(doors, kind)) for kind in ("RK", "CK", "FH", "ZX")] == [2, 1, 1, 1]


def test_each_line_keeps_the_day_of_its_pickup(play: Play, today: time_machine.Traveller) -> None:
    case = short(play)
    today.move_to("2026-11-20T10:00:00+08:00")
    again = play.ordered(play.settle(case, "anomaly-pickup-1-2"))
    assert play.finish(again) == "delivered"
    assert [row.picked_on for row in play.lines(case)] == [date(2026, 11, 18)] * 2
    assert [row.picked_on for row in play.lines(again)] == [date(2026, 11, 20)]


def test_a_case_of_which_everything_is_ordered_again_ends_replaced(play: Play) -> None:
    case = sent(play)
    before = play.stock("P-HW-001")
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 0, 2: 0}))
    play.settle(case, "anomaly-pickup-1-1")
    play.settle(case, "anomaly-pickup-1-2")
    assert play.case(case).ending == "replaced"
    assert play.stock("P-HW-001") == before, "what the office has stays there"
    assert not [slip for slip in play.documents(case, "CK") if slip.reverses]


def test_a_second_shipment_may_be_damaged_too(play: Play) -> None:
    again = play.ordered(play.settle(short(play), "anomaly-pickup-1-2"))
    play.run_to(again, "pickup-1")
    play.decide(again, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 1}))
    third = play.ordered(play.settle(again, "anomaly-pickup-1-1"))
    assert play.case(again).ending == "delivered"
    assert play.finish(third) == "delivered"
    assert play.moved(third, "delivery_out") == {"P-PB-001": -1}


def test_a_shortage_is_accepted(play: Play) -> None:
    case = short(play)
    play.settle(case, "anomaly-pickup-1-2", "让步接收", 申报方同意="客户自行修补")
    assert play.case(case).ending == "delivered"


def test_one_line_is_made_again_and_another_accepted_short(play: Play) -> None:
    case = sent(play)
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 0, 2: 1}))
    play.settle(case, "anomaly-pickup-1-1", "让步接收", 申报方同意="客户自购")
    again = play.ordered(play.settle(case, "anomaly-pickup-1-2"))
    assert play.case(case).ending == "delivered"
    assert play.finish(again) == "delivered"
    assert play.moved(again, "delivery_out") == {"P-PB-001": -2}


def test_a_replacement_that_cannot_be_made_leaves_what_was_delivered(play: Play) -> None:
    case = short(play)
    again = play.ordered(play.settle(case, "anomaly-pickup-1-2"))
    assert play.case(case).ending == "delivered"
    play.run_to(again, "produce-1-panel-1")
    play.decide(again, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="停产"))
    play.settle(again, "anomaly-1-1-1", "让步接收", 申报方同意="客户同意")
    assert play.case(again).ending == "replaced"
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4, "P-PB-001": -3}


def unchecked(play: Play, today: time_machine.Traveller) -> int:
    """Bring a case to the later check of goods that were picked up on Friday the 20th."""
    case = sent(play)
    today.move_to("2026-11-20T15:00:00+08:00")
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    item = play.items(case)["check-1"]
    assert item.due_at == item.expires_at == datetime.fromisoformat("2026-11-27T17:30:00+08:00")
    return case


def test_the_check_may_come_later(play: Play, today: time_machine.Traveller) -> None:
    case = unchecked(play, today)
    today.move_to("2026-11-27T17:00:00+08:00")
    play.decide(case, "check-1")
    row = play.case(case)
    assert (row.ending, row.ending_reason) == ("delivered", "")


def test_a_later_check_may_find_damage(play: Play, today: time_machine.Traveller) -> None:
    case = unchecked(play, today)
    play.decide(case, "check-1", **DAMAGED, 明细=cells("完好数量", {2: 1}))
    again = play.ordered(play.settle(case, "anomaly-pickup-1-2"))
    assert play.case(case).ending == "delivered"
    assert play.finish(again) == "delivered"
    assert play.moved(again, "delivery_out") == {"P-PB-001": -2}


def test_unchecked_after_five_working_days_the_loss_is_the_office_s(play: Play, today: time_machine.Traveller) -> None:
    case = unchecked(play, today)
    today.move_to("2026-11-27T17:29:59+08:00")
    early = play.time_out(case, "check-1")
    assert not early.accepted
    assert "尚未到期" in str(early.problems[0])
    assert play.state(case) == "催提"

    today.move_to("2026-11-27T17:30:00+08:00")
    assert play.time_out(case, "check-1").accepted
    row = play.case(case)
    assert row.ending == "delivered"
    assert "损失由办事处承担" in row.ending_reason
    assert {line.picked_on for line in play.lines(case)} == {date(2026, 11, 20)}
    ended = {row.step_key: (row.kind, row.actor) for row in play.timeline(case)}
    assert ended["check-1"] == ("timed_out", "SYSTEM")
    assert "SYSTEM 于 2026-11-27 17:30 办理" in play.refused_form(case, "check-1", {"经办人工号": "E1049"})


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "arrived before dispatch": ({"到货日期": "2026-11-17"}, "应在发货日 2026-11-18 与今天 2026-11-18 之间"),
    "arrived tomorrow": ({"到货日期": "2026-11-19"}, "应在发货日 2026-11-18 与今天 2026-11-18 之间"),
    "not a date": ({"到货日期": "昨天"}, "到货日期: “昨天” — 应为日期"),
    "in order but less": ({"明细": cells("完好数量", {1: 4, 2: 1})}, "货单相符” — 完好数量少于发货"),
    "damaged but all good": ({"核对结果": "损坏", "照片编号": "IMG-1"}, "请在明细中填写每行完好数量"),
    "no photos": (
        {"核对结果": "货不对单", "明细": cells("完好数量", {1: 4, 2: 1})},
        "照片编号 photos: “” — 损坏或货不对单须附照片编号",
    ),
    "more than was sent": ({"明细": cells("完好数量", {1: 5})}, "第1行 row 1, 完好数量 good: “5” — 发货 4"),
    "unknown line": ({"明细": cells("完好数量", {3: 5})}, "行号 line: “3” — 应为 must be one of 1, 2"),
    "unchecked but less": ({"核对结果": "已提货未核对", "明细": cells("完好数量", {2: 0})}, "完好数量少于发货"),
}


def test_a_wrong_confirmation_is_refused(play: Play, subtests: pytest.Subtests) -> None:
    case = sent(play)
    for name, (change, told) in WRONG.items():
        with subtests.test(name):
            assert told in play.refused(case, "pickup-1", **change)
    play.decide(case, "pickup-1")


def test_another_office_may_not_confirm(play: Play) -> None:
    case = sent(play)
    assert "BJ" in play.refused(case, "pickup-1", staff="E1052")
    play.decide(case, "pickup-1", staff="E1050")


# the check's term: it counts from the arrival, by whatever form (DOMAIN 1.11)


def test_a_shortage_needs_no_photos(play: Play) -> None:
    case = sent(play)
    play.decide(case, "pickup-1", 核对结果="短少", 明细=cells("完好数量", {1: 4, 2: 1}))
    assert list(play.items(case)) == ["anomaly-pickup-1-2"]


@pytest.mark.parametrize("found", ["短少", "损坏", "货不对单"], ids=["short", "damaged", "mismatch"])
def test_what_is_reported_after_the_check_s_term_is_refused_in_the_pickup_form_too(
    play: Play, today: time_machine.Traveller, found: str
) -> None:
    case = sent(play)
    said = DAMAGED | {"核对结果": found, "到货日期": "2026-11-19", "明细": cells("完好数量", {1: 4, 2: 1})}
    today.move_to("2026-11-26T17:30:00+08:00")
    told = play.refused(case, "pickup-1", **said)
    assert "2026-11-26 17:30 前核对，逾期损失由办事处承担" in told
    today.move_to("2026-11-29T23:00:00+08:00")
    assert "逾期损失由办事处承担" in play.refused(case, "pickup-1", **said)
    play.decide(case, "pickup-1", 到货日期="2026-11-19")
    assert play.case(case).ending == "delivered"


def test_a_second_before_the_end_of_the_term_damage_is_taken(play: Play, today: time_machine.Traveller) -> None:
    case = sent(play)
    today.move_to("2026-11-26T17:29:59+08:00")
    play.decide(case, "pickup-1", **DAMAGED, 到货日期="2026-11-19", 明细=cells("完好数量", {1: 4, 2: 1}))
    assert list(play.items(case)) == ["anomaly-pickup-1-2"]


def test_after_the_term_a_damage_in_the_check_s_form_is_refused(play: Play, today: time_machine.Traveller) -> None:
    case = unchecked(play, today)
    today.move_to("2026-11-29T23:00:00+08:00")
    told = play.refused(case, "check-1", **DAMAGED, 明细=cells("完好数量", {2: 1}))
    assert "已于 2026-11-27 17:30 到期，不再受理" in told


def test_logistics_may_tell_the_arrival_and_nothing_else(play: Play, today: time_machine.Traveller) -> None:
    case = sent(play)
    today.move_to("2026-11-24T10:00:00+08:00")
    assert "只有办事处可以核对" in play.refused(case, "pickup-1", staff="E1020", 到货日期="2026-11-20")
    play.decide(case, "pickup-1", staff="E1020", 到货日期="2026-11-20", 核对结果="已提货未核对")
    item = play.items(case)["check-1"]
    assert (item.role, item.due_at) == ("OFFICE", datetime.fromisoformat("2026-11-27T17:30:00+08:00"))


def test_an_office_that_never_answers_is_liable_after_the_supervisor_s_finding(
    play: Play, today: time_machine.Traveller
) -> None:
    case = sent(play)
    assert play.items(case)["pickup-1"].expires_at == datetime.fromisoformat("2026-12-03T17:30:00+08:00")
    today.move_to("2026-12-04T08:30:00+08:00")
    assert play.time_out(case, "pickup-1").accepted
    item = play.items(case)["pickup-1-late"]
    assert (item.role, item.also) == ("OFFICE", "SUPERVISOR")
    assert [entry["role"] for entry in item.schedule] == ["SUPERVISOR", "SUPERVISOR", "MANAGER"]
    finding = {"staff": "E1040", "核对结果": "已提货未核对"}
    told = play.refused(case, "pickup-1-late", **finding, 到货日期="2026-11-20")
    assert "核对期限自认定之日起算，请填今天 2026-12-04" in told
    assert "只有办事处可以核对" in play.refused(case, "pickup-1-late", staff="E1040")
    assert "BJ" in play.refused(case, "pickup-1-late", staff="E1052")
    play.decide(case, "pickup-1-late", **finding)
    due = datetime.fromisoformat("2026-12-11T17:30:00+08:00")
    assert play.items(case)["check-1"].expires_at == due, "the term counts from the finding"
    today.move_to(due)
    assert play.time_out(case, "check-1").accepted
    assert "损失由办事处承担" in play.case(case).ending_reason


def test_the_office_may_still_answer_when_the_reminders_are_used_up(play: Play, today: time_machine.Traveller) -> None:
    case = sent(play)
    today.move_to("2026-12-04T08:30:00+08:00")
    play.time_out(case, "pickup-1")
    play.decide(case, "pickup-1-late", 到货日期="2026-12-03")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("delivered", "")


def test_a_withdrawal_puts_back_what_nobody_saw_arrive_even_when_the_reminders_are_used_up(
    play: Play, today: time_machine.Traveller
) -> None:
    case = sent(play)
    today.move_to("2026-12-04T08:30:00+08:00")
    play.time_out(case, "pickup-1")
    assert play.withdraw(case, "E1040").accepted
    assert [bool(slip.reverses) for slip in play.documents(case, "CK")] == [False, True]
