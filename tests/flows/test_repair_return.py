"""Repair return: from the application to the customer's signature, and every other ending (DOMAIN 2)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.problems import BadInput
from tasks.desk.chain import Passage, chain, waits_of
from tasks.desk.pages import case_sheet
from tasks.desk.queries import case_view
from tasks.documents.printing import printed
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.notices.watch import watch_deadlines
from tests.books import books_balance
from tests.flows.cycles import control_of, recorded, sweep
from tests.flows.repairs import IN_WARRANTY, OUT_OF_WARRANTY, Repairs, goods

PART = "P-PT-001"


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Repairs]:
    play = Repairs(db)
    yield play
    play.rest()
    books_balance(db)


def kinds(play: Repairs, case: int) -> dict[str, Decimal]:
    """Give what movements of a case added up to, by kind."""
    found = play.rows("SELECT kind, sum(quantity) AS sum FROM stock_movement WHERE case_id = :c GROUP BY 1", c=case)
    return {row.kind: row.sum for row in found}


def issued(play: Repairs, case: int) -> list[str]:
    return sorted({row.kind for row in play.rows("SELECT kind FROM document WHERE case_id = :c", c=case)})


def notices(play: Repairs, case: int) -> set[tuple[str, str]]:
    watch_deadlines(play.db, clock.now())
    found = play.rows("SELECT step_key, role FROM notice WHERE case_id = :c", c=case)
    return {(row.step_key, row.role) for row in found}


# the way to the customer


def test_goods_under_warranty_are_listed_repaired_inspected_and_handed_to_the_customer(play: Repairs) -> None:
    """S3 §8 3.1.1 直到客户收到返修机; 返修品出库单."""
    case = play.arrived()
    play.run_to(case, "handover-1")
    assert play.case(case).ending is None, "only the customer's signature ends it"
    assert play.finish(case) == "repaired"
    assert kinds(play, case) == {
        "damaged_in": 2,
        "repair_out": -2,
        "repaired_in": 2,
        "delivery_out": -2,
        "transfer_in": 2,
        "own_use_out": -2,
    }
    assert issued(play, case) == ["CK", "FH", "FS", "FX", "JY", "RK", "WX", "ZX"]
    (note,) = play.documents(case, "FX")
    assert note.content["method"] == "自有车辆 own"
    assert (note.content["lines"][0]["quantity"], bool(note.content["customer"])) == ("2", True)


def test_the_printed_application_has_the_cause_and_the_parts_numbers_as_they_stand(play: Repairs) -> None:
    """返修损坏备件清单: 更换人, 更换日期, 新件编号, 旧件编号, 损坏原因 (S3 §3 1.5); reissued after corrections."""
    told = {"旧件编号": "J-1", "新件编号": "X-2", "更换人": "王五", "更换日期": "2026-11-10"}
    case = play.apply_repair(goods(**told), goods("P-PB-001", 1))
    play.decide(case, "review-1", 维修地点="本厂维修", 明细={1: {"数量": 1, "损坏原因": "开裂"}})
    names = ("cause", "old_no", "new_no", "replaced_by", "replaced_on")
    rows = [[line[name] for name in names] for one in play.documents(case, "FS") for line in one.content["lines"]]
    first, plain = ["掉漆", "J-1", "X-2", "王五", "2026-11-10"], ["掉漆", "", "", "", ""]
    assert rows == [first, plain, ["开裂", *first[1:]], plain]
    with play.db.connect() as connection:
        page = printed(connection, play.documents(case, "FS")[0].number)
    assert all(word in page for word in ("损坏原因", "旧件编号", "J-1"))


def test_a_repaired_case_has_passed_every_arrow_and_its_sheet_names_its_list(play: Repairs) -> None:
    case = play.arrived(rows=[{"行号": 1, "实收数量": 2, "到货状况": "与申报不符", "照片编号": "P"}])
    assert play.finish(case) == "repaired"
    (listed,) = play.rows("SELECT id, number FROM service_case WHERE process = 'RL'")
    with play.db.connect() as connection:
        repair, its_list = case_view(connection, case), case_view(connection, listed.id)
    assert {passage for _, passage in (*chain(repair), *chain(its_list))} == {Passage.DONE}
    assert listed.number in case_sheet(repair)
    assert "RR-2026-000001" in case_sheet(its_list)


def test_the_items_of_a_played_repair_wait_for_whom_its_chain_says(play: Repairs) -> None:
    case = play.arrived(rows=[{"行号": 1, "实收数量": 2, "到货状况": "与申报不符", "照片编号": "P"}])
    assert play.finish(case) == "repaired"
    found = play.rows("SELECT link, role FROM work_item WHERE case_id = :case AND role <> 'SYSTEM'", case=case)
    said = {(link, str(wait.role)) for link, wait in waits_of(PROCESSES["RR"]) if wait.role}
    by_the_list = {("制作返件清单", "OFFICE"), ("确认物流信息", "OFFICE")}
    assert said - {(row.link, row.role) for row in found} == by_the_list | {("办事处申报", "OFFICE")}


def test_the_promise_is_the_day_of_planning_and_the_repair_days_and_the_clock_runs_from_there(play: Repairs) -> None:
    """Clock: after 修正确认 the PLANNER plans: promised date = that day + repair days (7)."""
    case = play.arrived()
    play.run_to(case, "plan-1")
    assert play.items(case)["plan-1"].link == "修正确认"
    play.decide(case, "plan-1")
    (order,) = play.orders(case)
    assert (str(order.promised), play.lines(case)[0].promised) == ("2026-11-27", order.promised)


def test_warranty_is_computed_from_dates_and_kept_with_start_end_and_rule(play: Repairs) -> None:
    """Free repair within 12 months of signing; the case stores start, end and rule."""
    free = play.apply_repair(order=IN_WARRANTY)
    assert play.items(free)["review-1"].prefill["明细"][0]["费用类别"] == "免费(三包) free"
    (line,) = play.lines(free)
    assert (str(line.warranty_start), str(line.warranty_end)) == ("2026-04-04", "2027-04-04")
    assert "签收" in line.warranty_rule
    paid = play.apply_repair(order=OUT_OF_WARRANTY)
    assert play.items(paid)["review-1"].prefill["明细"][0]["费用类别"] == "收费 charged"


def test_lines_go_on_singly_as_they_arrive_each_receipt_on_its_own_day(play: Repairs, today: Any) -> None:
    """S3 §2 4.2 逐笔记录: each receipt is booked by its own day, its lines go on singly."""
    case = play.reviewed(goods(), goods("P-PB-001", 1))
    listed = play.ship(case)
    play.decide(listed, "receive-1", 明细=[{"行号": 1, "实收数量": 2}])
    play.hear(case)
    assert {"appraise-1", "arrived-2"} <= play.items(case).keys()
    today.move_to("2026-11-20T10:00:00+08:00")
    play.decide(listed, "receive-2", 到货日期="2026-11-19")
    assert play.case(listed).ending == "received"
    play.hear(case)
    assert play.finish(case) == "repaired"
    days = [row.content["lines"][0]["reason"][:10] for row in play.documents(listed, "RK")]
    assert days == ["2026-11-18", "2026-11-19"]


def test_goods_may_be_repaired_in_the_offices_paint_room_without_any_shipment(play: Repairs) -> None:
    """Place: the office's paint room 漆房 (S0; no shipment)."""
    case = play.reviewed(place="办事处漆房")
    assert {item.role for item in play.items(case).values()} == {"OFFICE"}
    assert play.finish(case) == "repaired"
    assert kinds(play, case) == {"damaged_in": 2, "repair_out": -2, "repaired_in": 2, "own_use_out": -2}
    assert not [key for key in play.keys(case) if key.startswith(("list", "goods-out", "pickup"))]


def test_an_outside_repairer_is_planned_and_reports(play: Repairs) -> None:
    """Place: outside repairer 商修 (S3 §3 1.5.1)."""
    case = play.arrived(place="商修")
    play.run_to(case, "repair-1-1")
    assert play.items(case)["repair-1-1"].unit == "OUT1"


def test_a_repair_is_controlled_from_its_plan_until_it_ends(play: Repairs, today: Any) -> None:
    """DOMAIN-BRANCHES 4: PA, RR and SO lines; the unit is reminded of what it promised."""
    case = play.arrived()
    play.run_to(case, "repair-1-1")
    assert str(play.items(case)["repair-1-1"].due_at) == "2026-11-27 09:30:00+00:00"
    told = sweep(play, today, "11-18T10:15") + sweep(play, today, "12-02T18:00")
    assert len([one for one in told if "CY-2026-000001" in one]) == 4
    control = control_of(play, case)
    assert {("paint-1-2026-11-18-7", role) for role in ("WORKSHOP", "PLANNER", "SUPERVISOR")} <= notices(play, control)
    assert play.finish(case) == "repaired"
    sweep(play, today, "12-02T18:15")
    (kept,) = recorded(play, control)
    assert (kept.made_in_time, kept.in_in_time, kept.out_in_time, kept.over) == (False, True, True, 3)


def test_what_was_repaired_at_the_office_left_with_its_customer(play: Repairs, today: Any) -> None:
    """DOMAIN-BRANCHES 4: only withdrawn lines leave the rates; what the paint room repairs is handed over, not sent."""
    case = play.reviewed(place="办事处漆房")
    play.run_to(case, "repair-1-1")
    sweep(play, today, "11-18T10:15")
    control = control_of(play, case)
    assert play.finish(case) == "repaired"
    sweep(play, today, "11-18T10:30")
    (kept,) = recorded(play, control)
    assert (kept.withdrawn, kept.made_in_time, kept.out_in_time) == (False, True, None)
    assert play.case(control).ending == "on_time"


def test_a_late_repair_costs_its_unit_by_the_estimated_price(play: Repairs, today: Any) -> None:
    """DOMAIN 4: 0.5 % of the line value a working day over; PA, RR and SO lines."""
    case = play.arrived()
    play.run_to(case, "repair-1-1")
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-30T10:00:00+08:00")  # one working day over
    assert play.finish(case) == "repaired"
    sweep(play, today, "12-01T09:00")
    (one,) = play.rows("SELECT * FROM penalty")
    (line,) = play.lines(case)
    assert (one.unit, one.amount) == ("PAINT", round(line.quantity * line.price * Decimal("0.005"), 2))


# review


def test_a_send_back_that_nobody_answers_in_ten_working_days_ends_rejected(play: Repairs, today: Any) -> None:
    case = play.apply_repair()
    play.decide(case, "review-1", 返修结论="退回办事处", 原因="照片不清")
    today.move_to("2026-12-01T10:00:00+08:00")
    assert not play.time_out(case, "resubmit-1").accepted
    today.move_to("2026-12-02T17:30:01+08:00")
    assert play.time_out(case, "resubmit-1").accepted
    assert (play.case(case).ending, "逾期" in play.case(case).ending_reason) == ("rejected", True)


def test_resubmitted_lines_keep_what_is_said_of_the_goods(play: Repairs) -> None:
    case = play.apply_repair(goods(旧件编号="OLD-1"))
    play.decide(case, "review-1", 返修结论="退回办事处", 原因="数量不对")
    (line,) = play.items(case)["resubmit-1"].prefill["明细"]
    assert (line["旧件编号"], line["损坏原因"]) == ("OLD-1", "掉漆")
    assert "政策" not in play.refused(case, "resubmit-1", 明细={1: {"损坏原因": "被猫抓"}})
    play.decide(case, "resubmit-1", 明细={1: {"数量": 1}})
    play.decide(case, "review-2", 维修地点="办事处漆房", 明细={1: {"损坏原因": "磕碰"}})
    goods_kept = next(row.output for row in play.timeline(case) if row.step_key == "collect-goods-1")
    assert (goods_kept["old_no"], goods_kept["cause"], goods_kept["quantity"]) == ("OLD-1", "磕碰", "1")


def test_a_review_says_where_the_goods_are_repaired_and_a_rejection_ends_it(play: Repairs) -> None:
    case = play.apply_repair()
    assert "维修地点" in play.refused(case, "review-1", 维修地点="")
    play.decide(case, "review-1", 返修结论="驳回", 原因="不属返修", 维修地点="")
    assert play.case(case).ending == "rejected"
    assert kinds(play, case) == {}


def test_the_ladder_climbs_by_the_estimated_fee_and_parts(play: Repairs) -> None:
    """Ladder amount of a repair: estimated fee + parts (D)."""
    case = play.apply_repair(goods(quantity=1))
    play.decide(case, "review-1", 明细={1: {"单价": 2500}})
    assert play.items(case)["approve-1-1"].role == "SUPERVISOR"


@pytest.mark.parametrize(
    ("line", "whole", "expected"),
    [
        ({}, {"订单号": "SO-NEVER", "客户姓名": "凌霄", "客户电话": "13800009999", "客户地址": "松涛里"}, "never sold"),
        ({"损坏原因": "被猫抓"}, {}, "开裂"),
        ({"配件名称": "没有的件"}, {}, "标准配件名称"),
        ({"数量": 0}, {}, "应大于"),
    ],
    ids=["never sold", "cause that is no code", "unknown part", "no quantity"],
)
def test_a_wrong_application_is_refused_with_the_reason(
    play: Repairs, line: dict[str, Any], whole: dict[str, Any], expected: str
) -> None:
    with pytest.raises(BadInput, match=expected):
        play.apply_repair(goods() | line, **whole)
    assert not play.rows("SELECT 1 FROM service_case")


# 30 days


def test_a_case_on_no_list_after_thirty_days_was_never_sent_back(play: Repairs, today: Any) -> None:
    case = play.reviewed()
    today.move_to("2026-12-19T00:00:00+08:00")
    assert play.time_out(case, "list-1").accepted
    assert play.case(case).ending == "never_sent_back"


def test_the_office_is_told_after_fifteen_days_or_at_once_when_three_cubic_metres_are_collected(
    play: Repairs, today: Any
) -> None:
    """返件清单 every 15 days or at once at 3 m³ (S3 §3 1.5)."""
    case = play.reviewed(goods(体积=2))
    assert str(play.items(case)["list-1"].due_at) == "2026-12-03 16:00:00+00:00"
    assert notices(play, case) == set()
    other = play.reviewed(goods("P-PB-001", 体积=1))
    assert play.items(other)["list-1"].due_at == clock.now()
    assert notices(play, other) == {("list-1", "OFFICE")}


# what was found


def test_what_differs_is_confirmed_by_the_office_and_silence_after_two_days_is_consent(
    play: Repairs, today: Any
) -> None:
    """修正确认: silence after 2 wd is consent; recorded with photo references."""
    case = play.arrived(rows=[{"行号": 1, "实收数量": 2, "到货状况": "运输损坏", "照片编号": "P-7"}])
    play.decide(case, "appraise-1")
    item = play.items(case)["confirm-1"]
    assert (item.role, item.link, "P-7" in "".join(item.brief)) == ("OFFICE", "修正确认", True)
    today.move_to("2026-11-20T17:31:00+08:00")
    assert play.time_out(case, "confirm-1").accepted
    assert "plan-1" in play.items(case)


def test_an_objection_goes_to_quality_who_decides_in_two_days(play: Repairs) -> None:
    case = play.arrived()
    assert "照片" in play.refused(case, "appraise-1", 与申报不符="是")
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)", 与申报不符="是", 照片编号="P")
    assert "原因" in play.refused(case, "confirm-1", 确认意见="有异议")
    play.decide(case, "confirm-1", 确认意见="有异议", 原因="可以修")
    assert play.items(case)["objection-1"].role == "QUALITY"
    play.decide(case, "objection-1", 裁定结论="采纳办事处意见", 鉴定类别="二类(可修)")
    assert "plan-1" in play.items(case), "QUALITY found that it is worth repairing"


def test_the_quantity_of_what_a_customer_sent_is_confirmed_with_the_customer(play: Repairs) -> None:
    """Goods that the customer sent: the quantity is confirmed with the customer (S3 §8 5.1.1)."""
    case = play.arrived(货主="客户(自行寄来)")
    play.decide(case, "appraise-1")
    assert "confirm-1" in play.items(case)


def test_nothing_is_appraised_before_it_is_received(play: Repairs) -> None:
    case = play.reviewed()
    play.ship(case)
    said = {"经办人工号": "E1009", "鉴定类别": "二类(可修)"}
    assert "不需要办理" in play.refused_form(case, "appraise-1", said)


def test_goods_that_are_short_are_decided_on_and_the_rest_is_repaired(play: Repairs) -> None:
    case = play.arrived(rows=[{"行号": 1, "实收数量": 1, "到货状况": "缺少"}])
    (key,) = [key for key in play.items(case) if key.startswith("anomaly")]
    assert play.case(play.ordered(play.settle(case, key))).process == "PA"
    assert play.finish(case) == "repaired"
    assert kinds(play, case)["own_use_out"] == -1


# scrap


def test_worthless_goods_of_a_customer_are_scrapped_with_consent_and_a_new_part_is_free_under_warranty(
    play: Repairs,
) -> None:
    """Class I → scrap, approved by the SUPERVISOR; then under warranty a linked PA."""
    case = play.arrived()
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)")
    assert play.items(case)["scrap-consent-1"].role == "AGENT"
    play.decide(case, "scrap-consent-1")
    assert play.items(case)["scrap-1"].role == "SUPERVISOR"
    play.decide(case, "scrap-1")
    assert play.case(case).ending == "scrapped"
    assert kinds(play, case) == {"damaged_in": 2, "scrap_out": -2}
    (child,) = play.rows("SELECT id, process FROM service_case WHERE parent_id = :c", c=case)
    play.hear(child.id)
    assert (child.process, play.lines(child.id)[0].quantity) == ("PA", 2)


def test_a_part_that_is_made_no_more_is_not_ordered_anew(play: Repairs) -> None:
    case = play.arrived()
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)")
    play.run("UPDATE part SET discontinued_on = '2026-11-01' WHERE code = 'P-PT-001'")
    play.decide(case, "scrap-consent-1")
    play.decide(case, "scrap-1")
    assert play.case(case).ending == "scrapped"
    assert not play.rows("SELECT 1 FROM service_case WHERE parent_id = :c", c=case)


@pytest.mark.parametrize(("answer", "children"), [("同意报废", 0), ("同意报废并购新件", 1)])
def test_out_of_warranty_a_new_part_is_quoted_with_the_consent_to_scrap(
    play: Repairs, answer: str, children: int
) -> None:
    case = play.arrived(fee="收费")
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)")
    assert "可购新件" in "".join(play.items(case)["scrap-consent-1"].brief)
    play.decide(case, "scrap-consent-1", 报废答复=answer)
    play.decide(case, "scrap-1")
    assert play.case(case).ending == "scrapped"
    assert len(play.rows("SELECT 1 FROM service_case WHERE parent_id = :c", c=case)) == children


@pytest.mark.parametrize("refused_by", ["customer", "silent customer", "supervisor"])
def test_what_may_not_be_scrapped_goes_back_unrepaired(play: Repairs, today: Any, refused_by: str) -> None:
    """Consent or scrap approval refused: returned unrepaired."""
    case = play.arrived()
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)")
    if refused_by == "silent customer":
        today.move_to("2026-12-04T00:00:00+08:00")
        assert play.time_out(case, "scrap-consent-1").accepted
    else:
        play.decide(case, "scrap-consent-1", 报废答复="不同意报废" if refused_by == "customer" else "同意报废")
    if refused_by == "supervisor":
        play.decide(case, "scrap-1", 审批结论="不同意", 原因="还可以修")
    assert play.finish(case) == "returned_unrepaired"
    assert kinds(play, case) == {"damaged_in": 2, "delivery_out": -2, "return_to_stock": 2, "own_use_out": -2}


def test_an_offices_own_goods_need_no_customer_to_be_scrapped(play: Repairs) -> None:
    case = play.arrived(货主="办事处")
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)")
    assert "scrap-1" in play.items(case)


def test_what_photos_prove_is_scrapped_at_the_office_without_shipment(play: Repairs) -> None:
    """Class I that photos prove: the SUPERVISOR approves scrap at the office, no shipment (S3 §2 3.3)."""
    case = play.apply_repair(货主="办事处")
    assert "照片" in play.refused(case, "review-1", 维修地点="凭照片就地报废")
    play.decide(case, "review-1", 维修地点="凭照片就地报废", 照片编号="P-1")
    play.decide(case, "scrap-1")
    assert play.case(case).ending == "scrapped"
    (moved,) = play.rows("SELECT warehouse FROM stock_movement WHERE kind = 'scrap_out' AND case_id = :c", c=case)
    assert moved.warehouse == "BJ-DAMAGED"


def test_scrapped_goods_are_not_repaired_again(play: Repairs) -> None:
    case = play.reviewed(goods(旧件编号="OLD-1"), place="凭照片就地报废", 货主="办事处")
    play.decide(case, "scrap-1")
    order = play.case(case).order_no
    with pytest.raises(BadInput, match="scrapped"):
        play.apply_repair(goods("P-PB-001", 旧件编号="OLD-1"), order=order)
    assert play.apply_repair(goods(旧件编号="OLD-2", reason="其他"), order=order)


def test_goods_that_were_repaired_three_times_are_scrapped_by_old_part_number_else_by_order_and_part(
    play: Repairs,
) -> None:
    """Too often counts completed repairs of one old part number, else of order + part, not failed inspections."""
    order = ""
    for _ in range(3):
        case = play.reviewed(goods(旧件编号="OLD-9"), place="办事处漆房", **({"order": order} if order else {}))
        order = play.case(case).order_no
        play.decide(case, play.run_to(case, "inspect-1-1").step_key, 检验结论="不合格", 原因="色差")
        assert play.finish(case) == "repaired"
    other = play.reviewed(goods(旧件编号="OLD-8"), place="办事处漆房", order=order)
    play.decide(other, "appraise-1")
    assert "plan-1" in play.items(other)
    again = play.reviewed(goods(旧件编号="OLD-9", reason="其他"), place="办事处漆房", order=order)
    play.decide(again, "appraise-1")
    assert "scrap-consent-1" in play.items(again)
