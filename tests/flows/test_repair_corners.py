"""Corners of a repair return: what a sly or clumsy colleague tries (DOMAIN 2; DOMAIN-BRANCHES 2)."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.problems import BadInput
from tasks.desk.pages import case_sheet
from tasks.desk.queries import case_view
from tasks.documents.printing import printed
from tests.books import books_balance
from tests.flows.anomalies import KEY, source
from tests.flows.anomalies import refused as report_refused
from tests.flows.cycles import control_of, recorded, sweep
from tests.flows.repairs import Repairs, goods
from tests.flows.test_repair_return import kinds
from tests.flows.test_repair_return_quotes import failing, quoted


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Repairs]:
    play = Repairs(db)
    yield play
    play.rest()
    books_balance(db)


# goods that were repaired or scrapped before


def mended(play: Repairs, old_no: str, order: str = "", **more: Any) -> str:
    """Have a piece repaired in the office's paint room; gives its order."""
    line = goods(旧件编号=old_no, **more)
    case = play.reviewed(line, place="办事处漆房", **({"order": order} if order else {}))
    assert play.finish(case) == "repaired"
    return str(play.case(case).order_no)


def test_completed_repairs_of_an_old_part_number_count_whatever_the_order_and_the_spelling(play: Repairs) -> None:
    for spelled in ("OLD-9", "old-9", "ＯＬＤ-9"):
        mended(play, spelled)
    again = play.reviewed(goods(旧件编号="Old-9 "), place="办事处漆房")
    play.decide(again, "appraise-1")
    assert "scrap-consent-1" in play.items(again)


def test_who_leaves_the_old_part_number_out_is_counted_by_order_and_part(play: Repairs) -> None:
    order = ""
    for old_no in ("OLD-1", "OLD-1", "OLD-1"):
        order = mended(play, old_no, order)
    again = play.reviewed(goods(), place="办事处漆房", order=order)
    play.decide(again, "appraise-1")
    assert "scrap-consent-1" in play.items(again)


@pytest.mark.parametrize("now", ["", "old-1"], ids=["left out", "spelled otherwise"])
def test_a_scrapped_piece_is_not_repaired_by_another_spelling_of_its_number_nor_without_it(
    play: Repairs, now: str
) -> None:
    case = play.reviewed(goods(旧件编号="OLD-1"), place="凭照片就地报废", 货主="办事处")
    play.decide(case, "scrap-1")
    with pytest.raises(BadInput, match="scrapped"):
        play.apply_repair(goods(旧件编号=now), order=str(play.case(case).order_no))


def test_a_scrapped_piece_is_not_repaired_under_another_order(play: Repairs) -> None:
    case = play.reviewed(goods(旧件编号="OLD-1"), place="凭照片就地报废", 货主="办事处")
    play.decide(case, "scrap-1")
    with pytest.raises(BadInput, match="scrapped"):
        play.apply_repair(goods(旧件编号="OLD-1"))


# appraisal and quote


def test_what_quality_finds_worth_repairing_is_priced_by_the_workshop_before_it_is_quoted(play: Repairs) -> None:
    """WORKSHOP prices; a repair of class II that the customer pays for is never quoted at nothing."""
    case = play.arrived(fee="收费")
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)", 修理费=0, 与申报不符="是", 照片编号="P")
    play.decide(case, "confirm-1", 确认意见="有异议", 原因="可以修")
    play.decide(case, "objection-1", 裁定结论="采纳办事处意见", 鉴定类别="二类(可修)")
    assert "contact-1-1" not in play.items(case)
    (item,) = play.items(case).values()
    assert item.role == "WORKSHOP"
    play.decide(case, item.step_key, 修理费=90)
    assert "90.00" in "".join(play.items(case)["contact-1-1"].brief)


def test_a_repair_that_costs_less_than_was_quoted_is_paid_at_its_fee(play: Repairs) -> None:
    case = quoted(play)
    play.run_to(case, "repair-1-1")
    play.decide(case, "repair-1-1", 修理费=60)
    play.run_to(case, "paid-1-1")
    assert play.items(case)["paid-1-1"].prefill["金额"] == 60
    assert play.finish(case) == "repaired"


# planning


def test_what_its_supplier_repairs_comes_in_as_repaired_and_not_as_bought(play: Repairs) -> None:
    case = play.arrived(goods("P-GL-001"))
    assert play.finish(case) == "repaired"
    assert play.orders(case)[0].unit == "GLS"
    assert kinds(play, case)["repaired_in"] == 2


def test_another_repairer_has_its_own_plan_promise_and_cycle(play: Repairs, today: Any) -> None:
    case = failing(play)
    play.decide(case, "ruling-1-3", 裁定="换单位维修", 生产单位="OUT1")
    plan = play.items(case)["plan-1001"]
    assert plan.prefill["明细"][0]["生产单位"] == "OUT1"
    play.decide(case, "plan-1001")
    first, second = play.orders(case)
    assert (first.unit, first.state, second.unit, second.state) == ("PAINT", "cancelled", "OUT1", "open")
    assert play.finish(case) == "repaired"
    assert [row.state for row in play.orders(case)] == ["cancelled", "done"]
    assert kinds(play, case)["repair_out"] == -2, "they went from one to the other"


def test_another_repairer_has_a_control_of_its_own_and_the_first_pays_no_penalty(play: Repairs, today: Any) -> None:
    case = failing(play)
    sweep(play, today, "11-18T10:15")
    play.decide(case, "ruling-1-3", 裁定="换单位维修", 生产单位="外协一厂(油漆件)")
    today.move_to("2026-12-07T10:00:00+08:00")
    play.decide(case, "plan-1001")
    sweep(play, today, "12-07T10:15")
    first, second = play.rows("SELECT id FROM service_case WHERE process = 'CY' ORDER BY id")
    today.move_to("2026-12-21T10:00:00+08:00")
    assert play.finish(case) == "repaired"
    sweep(play, today, "2027-01-04T09:00")
    kept = [recorded(play, one.id)[0] for one in (first, second)]
    told = [(row.unit, row.withdrawn, row.made_in_time) for row in kept]
    assert told == [("PAINT", True, None), ("OUT1", False, False)]
    assert {row.unit for row in play.rows("SELECT unit FROM penalty")} == {"OUT1"}


def test_what_the_paint_room_cannot_do_goes_by_a_list_to_another_repairer(play: Repairs) -> None:
    case = play.reviewed(place="办事处漆房")
    for n in (1, 2, 3):
        play.run_to(case, f"inspect-1-{n}")
        play.decide(case, f"inspect-1-{n}", 检验结论="不合格", 原因="有色差")
    play.decide(case, "ruling-1-3", 裁定="换单位维修", 生产单位="OUT1")
    listed = play.ship(case)
    assert play.finish(listed) == "received"
    play.hear(case)
    assert play.finish(case) == "repaired"
    assert kinds(play, case) == {
        "damaged_in": 4,
        "repair_out": -4,
        "repaired_in": 2,
        "delivery_out": -2,
        "transfer_in": 2,
        "own_use_out": -2,
    }


# lists


def test_a_list_that_was_sent_takes_goods_that_are_withdrawn_before_they_hear_of_it(play: Repairs) -> None:
    case = play.reviewed()
    listed = play.draw_up(case)
    play.decide(listed, "list-1")
    play.withdraw(case, str(play.case(case).applicant))
    assert play.finish(listed) == "received"
    play.hear(case)
    assert play.finish(case) == "withdrawn"


def test_a_receipt_before_the_goods_left_is_refused(play: Repairs, today: Any) -> None:
    listed = play.ship(play.reviewed())
    assert "发运" in play.refused(listed, "receive-1", 到货日期="2026-11-17")


def test_only_the_warehouse_counts_what_came_back(play: Repairs) -> None:
    listed = play.ship(play.reviewed())
    logistics = next(one for one in play.holders("LOGISTICS") if one not in play.holders("WAREHOUSE"))  # type: ignore[arg-type]
    assert "仓管员" in play.refused(listed, "receive-1", logistics)


def test_lost_goods_are_an_anomaly_that_names_the_carrier_and_its_number(play: Repairs, today: Any) -> None:
    case = play.reviewed()
    listed = play.ship(case, 预计到货="2026-11-19", 承运商="德邦物流", 运单号="DB-LOST")
    today.move_to("2026-11-26T17:31:00+08:00")
    play.time_out(listed, "receive-1")
    play.decide(listed, "trace-1", 查询结果="丢失")
    play.hear(case)
    child = play.anomaly(case, next(iter(play.items(case))))
    assert "德邦物流 DB-LOST" in play.case(child).request["found"]
    assert "丢失" in play.case(child).request["found"]


def test_a_list_sent_in_the_last_second_of_thirty_days_takes_its_goods(play: Repairs, today: Any) -> None:
    case = play.reviewed()
    listed = play.draw_up(case)
    today.move_to("2026-12-18T23:59:59+08:00")
    play.decide(listed, "list-1")
    today.move_to("2026-12-19T00:00:01+08:00")
    play.time_out(case, "list-1")
    play.hear(case)
    assert play.case(case).ending is None
    assert play.finish(listed) == "received"


def test_a_list_is_sent_a_second_too_late_for_goods_that_were_never_sent(play: Repairs, today: Any) -> None:
    case = play.reviewed()
    listed = play.draw_up(case)
    today.move_to("2026-12-19T00:00:00+08:00")
    assert "待返" in play.refused(listed, "list-1")
    assert play.time_out(case, "list-1").accepted
    play.decide(listed, "list-1", 清单处理="作废")


def test_changing_the_list_of_an_unannounced_parcel_gives_no_more_days(play: Repairs, today: Any) -> None:
    held = play.parcel()
    case = play.reviewed()
    today.move_to("2026-11-24T10:00:00+08:00")
    play.decide(held, "list-1", 清单处理="更改", 明细=[{"返修单号": play.case(case).number}])
    assert str(play.items(held)["list-2"].due_at) == "2026-11-25 09:30:00+00:00"
    play.decide(held, "list-2")


def test_a_parcel_that_the_warehouse_takes_back_leaves_the_books_in_red(play: Repairs) -> None:
    held = play.parcel()
    assert play.withdraw(held, str(play.case(held).applicant)).accepted
    assert kinds(play, held) == {"damaged_in": 0}


def test_what_of_a_parcel_nobody_filed_for_goes_back(play: Repairs) -> None:
    held = play.parcel(明细=[{"暂存配件": "P-PT-001", "暂存数量": 2}, {"暂存配件": "P-PB-001", "暂存数量": 1}])
    case = play.reviewed()
    play.decide(held, "list-1", 清单处理="更改", 明细=[{"返修单号": play.case(case).number}])
    play.decide(held, "list-2")
    play.decide(held, "receive-1")
    assert (list(play.items(held)), kinds(play, held)["damaged_in"]) == (["parcel-back"], 1)
    assert play.finish(held) == "received"
    assert kinds(play, held) == {"damaged_in": 0, "transfer_out": -2, "transfer_in": 2}


# withdrawal

TO_THE_LINK: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {  # gate → fee, what is said on the way
    "appraise-1": ("", {}),
    "confirm-1": ("", {"appraise-1": {"与申报不符": "是", "照片编号": "P"}}),
    "objection-1": (
        "",
        {"appraise-1": {"与申报不符": "是", "照片编号": "P"}, "confirm-1": {"确认意见": "有异议", "原因": "不是"}},
    ),
    "contact-1-1": ("收费", {}),
    "quote-1-1": ("收费", {}),
    "plan-1": ("", {}),
    "repair-1-1": ("", {}),
    "inspect-1-1": ("", {}),
    "ruling-1-3": ("", {f"inspect-1-{n}": {"检验结论": "不合格", "原因": "有色差"} for n in (1, 2, 3)}),
    "goods-in-1": ("", {}),
    "scrap-consent-1": ("", {"appraise-1": {"鉴定类别": "一类(不值得修)"}}),
    "scrap-1": ("", {"appraise-1": {"鉴定类别": "一类(不值得修)"}}),
}


@pytest.mark.parametrize(
    ("gate", "here"),
    [(gate, here) for gate in TO_THE_LINK for here in (False, True) if not (here and gate == "goods-in-1")],
)
def test_at_whatever_link_a_repair_is_taken_back_its_goods_end_where_they_came_from(
    play: Repairs, gate: str, here: bool
) -> None:
    fee, on_the_way = TO_THE_LINK[gate]
    case = play.reviewed(place="办事处漆房", fee=fee) if here else play.arrived(fee=fee)
    while gate not in play.items(case):
        key = play.next_key(case)
        play.decide(case, key, **on_the_way.get(key, {}))
    assert play.withdraw(case, "E1040").accepted
    assert play.finish(case) == "withdrawn"
    moved = kinds(play, case)
    assert sum(moved.values()) == 0, "what had left its office goes back to it, and to the customer"
    assert not play.rows("SELECT 1 FROM stock_balance WHERE warehouse LIKE '%DAMAGED' AND on_hand <> 0")


@pytest.mark.parametrize("sent", [False, True], ids=["drawn up", "sent"])
def test_a_repair_that_is_taken_back_leaves_its_list_which_goes_without_it(play: Repairs, sent: bool) -> None:
    stays, goes = play.reviewed(), play.reviewed(goods("P-PB-001", 1))
    listed = play.draw_up()
    if sent:
        play.decide(listed, "list-1")
    assert play.withdraw(goes, str(play.case(goes).applicant)).accepted
    if not sent:
        assert play.case(goes).number in play.refused(listed, "list-1")
        play.decide(listed, "list-1", 明细=[{"返修单号": play.case(stays).number}])
    assert play.finish(listed) == "received"
    play.hear(stays, goes)
    assert play.finish(stays) == "repaired"
    assert play.finish(goes) == "withdrawn"


# anomalies


def test_what_is_wrong_with_a_repair_is_said_on_its_own_forms(play: Repairs) -> None:
    """Else goods that stand in stock, and are reported by hand, would be counted twice."""
    case = play.arrived()
    play.run_to(case, "goods-out-1-1")
    assert "请在返修单的鉴定" in report_refused(play, case)


def in_house(play: Repairs) -> int:
    """Give the repair of what never left the house."""
    case = source(play)
    child = play.anomaly(case, KEY)
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="返修", 货物去向="留在原处")
    assert play.finish(child) == "settled"
    return play.ordered(child)


def test_damaged_goods_that_never_left_the_house_stay_when_their_repair_is_taken_back(play: Repairs) -> None:
    case = in_house(play)
    assert play.withdraw(case, "E1040").accepted
    assert play.case(case).ending == "withdrawn"
    assert kinds(play, case) == {"damaged_in": 2}


def test_what_never_left_the_house_and_is_neither_repaired_nor_scrapped_is_made_anew(play: Repairs) -> None:
    case = in_house(play)
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)")
    play.decide(case, "scrap-1", 审批结论="不同意", 原因="留作样品")
    assert play.case(case).ending == "returned_unrepaired"
    assert kinds(play, case) == {"damaged_in": 2}
    assert len(play.rows("SELECT 1 FROM service_case WHERE parent_id = :c AND process = 'PA'", c=case)) == 1


def test_the_reviewer_sees_that_a_customer_buys_a_new_part_for_one_that_was_misused(play: Repairs) -> None:
    case = play.arrived()
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)", 使用不当="是")
    play.decide(case, "scrap-consent-1", 报废答复="同意报废并购新件")
    play.decide(case, "scrap-1")
    (child,) = play.rows("SELECT id FROM service_case WHERE parent_id = :c", c=case)
    play.hear(child.id)
    assert "客户购新件" in "".join(play.items(child.id)["review-1"].brief)


# papers


def test_the_papers_of_a_repair_have_the_fields_that_the_rulebook_names(play: Repairs) -> None:
    """DOMAIN-BRANCHES, "Fields of forms": 返回品信息反馈单, 修理收费单, 维修服务报告, 检验报告."""
    case = quoted(play)
    play.decide(case, "quote-1-1")
    play.run_to(case, "repair-1-1")
    play.decide(case, "repair-1-1", 维修内容="打磨重喷", 所用配件="面漆")
    play.decide(case, "inspect-1-1", 检验项目="漆膜")
    wanted = {
        "FK": ["同意维修", "需维修", "返回", "修理费", "80", "主要部件损坏", "客户签字", "经办人", "有效期"],
        "SF": ["客户", "修理费", "80"],
        "WX": ["客户", "BC-551", "质量问题", "掉漆", "打磨重喷", "面漆", "修理费", "80", "已修好", "维修人"],
        "JY": ["漆膜", "合格", "检验员"],
    }
    with play.db.connect() as connection:
        pages = {kind: printed(connection, play.documents(case, kind)[0].number) for kind in wanted}
    assert [(kind, word) for kind, words in wanted.items() for word in words if word not in pages[kind]] == []


def test_a_repair_that_the_customer_does_not_pay_for_is_reported_as_free(play: Repairs) -> None:
    case = play.arrived()
    play.run_to(case, "repair-1-1")
    play.decide(case, "repair-1-1", 修理费=60)
    play.run_to(case, "goods-in-1")
    assert play.documents(case, "WX")[0].content["lines"][0]["fee"] == "免费(三包)"


def test_a_case_sheet_names_each_field_that_its_list_has_told(play: Repairs) -> None:
    case = play.arrived()
    play.decide(case, "appraise-1", 使用不当="是", 修理费=80)
    with play.db.connect() as connection:
        page = case_sheet(case_view(connection, case))
    assert "None" not in page
    assert [word for word in ("预计到货", "实收数量 2") if word not in page] == []
    assert "二类(可修) · 使用不当 · 修理费 80.00" in page, "a bare yes or no says nothing"


# clocks


def test_a_line_that_waits_for_its_customer_stops_no_other_lines_clock(play: Repairs, today: Any) -> None:
    """The clock stops while the case waits for the office or the customer: while the line does."""
    case = play.arrived(goods(), goods("P-PB-001", 1), fee="收费")
    for no in (1, 2):
        play.decide(case, f"appraise-{no}")
        play.decide(case, f"contact-{no}-1")
        play.decide(case, f"quote-{no}-1")
        play.decide(case, f"plan-{no}", 明细={no: {"生产单位": "PAINT"}})
    play.decide(case, "repair-1-1", 维修结果="须重新报价", 修理费=90)
    play.decide(case, "contact-1-2")
    sweep(play, today, "11-18T10:15")
    told = sweep(play, today, "11-27T18:00")
    assert [one for one in told if "CY-" in one], "the second line was due today"
    play.decide(case, "repair-2-1")
    play.decide(case, "inspect-2-1")
    today.move_to("2026-11-30T10:00:00+08:00")
    play.decide(case, "quote-1-2")
    assert play.finish(case) == "repaired"
    sweep(play, today, "12-02T18:15")
    kept = {row.line_no: row for row in recorded(play, control_of(play, case))}
    assert (kept[1].paused, kept[2].paused) == (8, 0)


def test_goods_that_come_from_the_list_are_counted_with_what_is_more_as_an_unannounced_parcel(play: Repairs) -> None:
    listed = play.ship(play.reviewed())
    assert "未申报" in play.refused(listed, "receive-1", 明细=[{"行号": 1, "实收数量": 3}])
