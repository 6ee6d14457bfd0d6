"""审核修正: approve, correct, send back, reject (DOMAIN 1.2)."""

from datetime import datetime
from decimal import Decimal

import pytest
import time_machine

from schemas.problems import BadInput
from schemas.words import Channel, Role
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tests.play import Play, line


def test_a_rejected_application_ends_and_may_be_sent_anew(play: Play) -> None:
    case = play.apply(lines=2)
    order = play.case(case).order_no
    with pytest.raises(BadInput, match=play.case(case).number):
        play.apply(lines=2, 订单号=order)

    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    row = play.case(case)
    assert (row.ending, row.ending_reason) == ("rejected", "不属于售后范围")
    assert not play.rows("SELECT 1 FROM outbox WHERE case_id = :case", case=case)

    again = play.apply(lines=2, 订单号=order)
    assert play.finish(again) == "delivered"


def test_an_application_sent_back_twice_is_numbered_and_then_approved(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    for turn, quantity in ((1, 5), (2, 6)):
        play.decide(case, f"review-{turn}", 审核结论="退回办事处", 原因="数量不对")
        item = play.items(case)[f"resubmit-{turn}"]
        assert (item.role, item.office, play.state(case)) == ("OFFICE", "BJ", "办事处申报")
        assert "数量不对" in item.brief[0]
        play.decide(case, f"resubmit-{turn}", 明细=[line("P-HW-001", quantity), line("P-PB-001", turn)])
    assert play.items(case)["review-3"].prefill["明细"][0]["数量"] == 6

    assert play.finish(case) == "delivered"
    asked = [key for key in play.keys(case) if key.startswith(("review", "resubmit", "replace", "record-review"))]
    assert asked == [
        "review-1",
        "resubmit-1",
        "replace-lines-1",
        "review-2",
        "resubmit-2",
        "replace-lines-2",
        "review-3",
        "record-review-3",
    ]
    assert play.moved(case, "delivery_out") == {"P-HW-001": -6, "P-PB-001": -2}
    assert not play.rows("SELECT 1 FROM line_correction WHERE case_id = :case", case=case)


def test_every_correction_is_counted_and_holds_from_then_on(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3, "缺件"), line("P-HW-002", 1)])
    assert [row["单价"] for row in play.items(case)["review-1"].prefill["明细"]] == [9.2, 298.0, 9.2]
    corrected = [
        {"行号": 1, "配件名称": "P-HW-003", "数量": 2, "单价": 9.2, "费用类别": "优惠"},
        {"行号": 2, "配件名称": "P-PB-001", "数量": 3, "单价": "250.00"},
    ]
    play.decide(case, "review-1", 明细=corrected)
    found = play.rows("SELECT line_no, field, before, after FROM line_correction ORDER BY line_no, field")
    assert [tuple(row) for row in found] == [
        (1, "fee", "free", "goodwill"),
        (1, "part", "P-HW-001", "P-HW-003"),
        (1, "price", "9.20", "8.80"),
        (1, "quantity", "4", "2"),
        (2, "price", "298.00", "250.00"),
    ]
    lines = [(row.part, row.part_name, row.quantity, row.price, row.fee) for row in play.lines(case)]
    assert lines == [
        ("P-HW-003", "铰链(内藏110°)", Decimal(2), Decimal("8.80"), "goodwill"),
        ("P-PB-001", "柜门板(左)", Decimal(3), Decimal("250.00"), "free"),
        ("P-HW-002", "铰链(半盖110°)", Decimal(1), Decimal("9.20"), "free"),
    ]
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-003": -2, "P-PB-001": -3, "P-HW-002": -1}


def test_a_corrected_part_takes_its_own_price_and_the_ladder_sees_it(play: Play) -> None:
    case = play.apply([line("P-HW-001", 3)])
    (asked,) = play.items(case)["review-1"].prefill["明细"]
    play.decide(case, "review-1", 明细=[asked | {"配件名称": "P-PB-001", "数量": 30}])
    assert [(row.part, row.price) for row in play.lines(case)] == [("P-PB-001", Decimal("298.00"))]
    assert "8,940.00 CNY" in play.items(case)["approve-1-1"].brief[-1]
    found = play.rows("SELECT field, before, after FROM line_correction ORDER BY field")
    assert ("price", "9.20", "298.00") in map(tuple, found), "the price is a correction too"
    assert play.finish(case) == "delivered"


def test_a_price_that_the_reviewer_typed_stays_with_a_corrected_part(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)])
    play.decide(case, "review-1", 明细=[{"行号": 1, "配件名称": "P-PB-001", "数量": 1, "单价": 150}])
    assert [(row.part, row.price) for row in play.lines(case)] == [("P-PB-001", Decimal("150.00"))]


def test_a_reviewer_may_swap_the_parts_of_two_lines(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-HW-002", 1)])
    swapped = [
        {"行号": 1, "配件名称": "P-HW-002", "数量": 4, "单价": 9.2},
        {"行号": 2, "配件名称": "P-HW-001", "数量": 1, "单价": 9.2},
    ]
    play.decide(case, "review-1", 明细=swapped)
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-001": -1, "P-HW-002": -4}


@pytest.mark.parametrize(
    ("reason", "order", "fee"),
    [
        ("质量问题", "SO20260318-0042", "免费(三包) free"),
        ("使用不当", "SO20260318-0042", "收费 charged"),
        ("运输损坏", "SO20260318-0042", "收费 charged"),
        ("质量问题", "SO20250316-0093", "收费 charged"),  # signed in April 2025
    ],
    ids=["in warranty", "misuse", "transport damage", "out of warranty"],
)
def test_the_fee_is_suggested_by_warranty(play: Play, reason: str, order: str, fee: str) -> None:
    case = play.apply([line("P-HW-001", 4, reason)], 订单号=order)
    assert [row["费用类别"] for row in play.items(case)["review-1"].prefill["明细"]] == [fee]


def test_each_line_has_a_fee_of_its_own(play: Play) -> None:
    order = "SO20260318-0042"
    case = play.apply([line("P-HW-001", 1), line("P-PB-001", 1, "使用不当")], 订单号=order)
    asked = play.items(case)["review-1"].prefill["明细"]
    assert [row["费用类别"] for row in asked] == ["免费(三包) free", "收费 charged"]
    play.decide(case, "review-1", 明细=[{**asked[0], "费用类别": ""}])
    assert [row.fee for row in play.lines(case)] == ["free", "charged"], "what is left empty or unlisted stays"


def test_the_fee_is_suggested_afresh_when_lines_come_again(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)], 订单号="SO20260318-0042")
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="原因不对")
    play.decide(case, "resubmit-1", 明细=[line("P-HW-001", 4, "使用不当")])
    (asked,) = play.items(case)["review-2"].prefill["明细"]
    assert asked["费用类别"] == "收费 charged"
    play.decide(case, "review-2")
    assert [row.fee for row in play.lines(case)] == ["charged"]
    assert not play.rows("SELECT 1 FROM line_correction")


def test_a_corrected_part_takes_the_fee_of_its_own_warranty(play: Play) -> None:
    months = "UPDATE policy SET value = '{\"PANEL\": 3}' WHERE key = 'warranty.months_by_category'"
    play.run(months)  # signed in the spring: hardware is under warranty, panels are not any more
    case = play.apply([line("P-HW-001", 1), line("P-HW-002", 1)], 订单号="SO20260318-0042")
    first, second = play.items(case)["review-1"].prefill["明细"]
    other = {"配件名称": "P-PB-001"}, {"配件名称": "P-PB-002", "费用类别": "优惠"}
    play.decide(case, "review-1", 明细=[first | other[0], second | other[1]])
    assert [row.fee for row in play.lines(case)] == ["charged", "goodwill"]
    found = play.rows("SELECT line_no, before, after FROM line_correction WHERE field = 'fee' ORDER BY line_no")
    assert [tuple(row) for row in found] == [(1, "free", "charged"), (2, "free", "goodwill")]


@pytest.mark.parametrize(
    ("sent", "due"),
    [("2026-11-18T10:00", "2026-11-19T10:00"), ("2026-11-20T15:00", "2026-11-23T15:00")],  # Friday → Monday
)
def test_a_review_is_due_24_hours_after_receipt_without_days_off(
    play: Play, today: time_machine.Traveller, sent: str, due: str
) -> None:
    today.move_to(f"{sent}:00+08:00")
    case = play.apply(lines=1)
    assert play.items(case)["review-1"].due_at == datetime.fromisoformat(f"{due}:00+08:00")


def test_the_review_counts_from_receipt_whenever_a_machine_comes_to_it(
    play: Play, today: time_machine.Traveller
) -> None:
    opened = open_case(play.db, "PA", play.form(1), "cli:late", Channel.CLI)
    today.move_to("2026-11-18T16:00:00+08:00")
    advance(play.db, opened.case_id)
    due = datetime.fromisoformat("2026-11-19T10:00:00+08:00")
    assert play.items(opened.case_id)["review-1"].due_at == due
    play.decide(opened.case_id, "review-1", 审核结论="退回办事处", 原因="数量不对")
    today.move_to("2026-11-20T15:00:00+08:00")
    play.decide(opened.case_id, "resubmit-1", 明细=[line("P-HW-001", 1)])
    due = datetime.fromisoformat("2026-11-23T15:00:00+08:00")
    assert play.items(opened.case_id)["review-2"].due_at == due


def test_what_was_received_before_we_came_to_it_counts_from_then(play: Play, today: time_machine.Traveller) -> None:
    received = datetime.fromisoformat("2026-11-17T16:00:00+08:00")
    opened = open_case(play.db, "PA", play.form(1), "run:1", Channel.PREFECT, opened_at=received)
    advance(play.db, opened.case_id)
    row = play.case(opened.case_id)
    assert (row.opened_at, row.channel) == (received, "prefect")
    assert play.items(opened.case_id)["review-1"].due_at == datetime.fromisoformat("2026-11-18T16:00:00+08:00")


def test_the_remark_of_a_resubmission_follows_the_first(play: Play) -> None:
    case = play.apply(lines=1, 备注="先打电话")
    assert play.items(case)["review-1"].brief[-1] == "备注: 先打电话"
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="数量不对")
    play.decide(case, "resubmit-1", 明细=[line("P-HW-001", 1)], 备注="只要一只")
    assert play.items(case)["review-2"].brief[-1] == "备注: 只要一只"
    assert [one.content["remark"] for one in play.documents(case, "SQ")] == ["先打电话", "只要一只"]


def test_an_applicant_who_is_a_reviewer_does_not_review_the_own_case(play: Play) -> None:
    play.grant("E1049", Role.PARTS_REVIEWER)
    case = play.apply(lines=1)
    assert "E1049 常北辰" in play.refused(case, "review-1", staff="E1049")
    play.decide(case, "review-1", staff="E1001")
    assert play.finish(case) == "delivered"


def test_where_the_applicant_is_the_only_reviewer_the_next_rung_reviews(play: Play) -> None:
    play.grant("E1049", Role.PARTS_REVIEWER)
    play.retire("E1001", "E1002", "E1003")
    case = play.apply([line("P-PB-001", 1)])
    assert play.items(case)["review-1"].role == "SUPERVISOR"
    assert "SUPERVISOR" in play.refused(case, "review-1", staff="E1049")
    priced = [{"行号": 1, "配件名称": "P-PB-001", "数量": 1, "单价": "10000.00"}]
    play.decide(case, "review-1", staff="E1040", 明细=priced)
    assert "plan-1" in play.items(case), "the supervisor's own authority covers the amount"
    assert play.finish(case) == "delivered"


def test_where_nobody_may_review_the_application_waits_for_the_manager(play: Play) -> None:
    play.retire("E1001", "E1002", "E1003", "E1040", "E1041", "E1042", "E1043", "E1046")
    case = play.apply(lines=1)
    assert play.items(case)["review-1"].role == "MANAGER"
    play.run("UPDATE staff SET active = true WHERE code IN ('E1040', 'E1043')")
    play.decide(case, "review-1", staff="E1043")
    assert play.finish(case) == "delivered"
