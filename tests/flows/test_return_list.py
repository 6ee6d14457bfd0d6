"""返件清单: one document over many repairs, from draft to received (DOMAIN 2; DOMAIN-BRANCHES 2)."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.problems import BadInput
from schemas.words import Role
from tasks.desk.pages import case_sheet
from tasks.desk.queries import case_view
from tasks.documents.printing import printed
from tests.books import books_balance
from tests.flows.repairs import Repairs, goods
from tests.flows.test_repair_return import kinds


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Repairs]:
    play = Repairs(db)
    yield play
    play.rest()
    books_balance(db)


def stood(play: Repairs, listed: int) -> str:
    return play.state(listed)


def test_a_list_takes_all_of_the_offices_repairs_that_wait_and_goes_from_draft_to_received(play: Repairs) -> None:
    """返件清单 (OFFICE): draft, sent, partly received, received."""
    cases = [play.reviewed(), play.reviewed(goods("P-PB-001", 1))]
    listed = play.draw_up()
    assert (stood(play, listed), play.items(listed)["list-1"].role) == ("制作返件清单", "OFFICE")
    play.decide(listed, "list-1")
    assert stood(play, listed) == "确认物流信息"
    play.decide(listed, "logistics")
    assert (stood(play, listed), play.items(listed)["receive-1"].role) == ("提货验货", "WAREHOUSE")
    play.decide(listed, "receive-1", 明细=[{"行号": 2, "实收数量": 1}])
    assert [row["行号"] for row in play.items(listed)["receive-2"].prefill["明细"]] == [1]
    play.decide(listed, "receive-2")
    assert play.case(listed).ending == "received"
    play.hear(*cases)
    assert [list(play.items(case)) for case in cases] == [["appraise-1"], ["appraise-1"]]
    assert kinds(play, listed) == {"transfer_out": -3, "transfer_in": 3}


def test_its_print_is_the_packing_list_with_the_packing_rules_and_all_columns(play: Repairs) -> None:
    """Packing rules on it (wooden case, plastic on six sides, separators); columns of 返修损坏备件清单 (S3 §3 1.5)."""
    case = play.reviewed(goods(旧件编号="OLD-1", 新件编号="NEW-1", 更换人="老王", 更换日期="2026-11-10"))
    listed = play.draw_up(case, package="A-7")
    play.decide(listed, "list-1")
    (document,) = play.documents(listed, "FJ")
    with play.db.connect() as connection:
        page = printed(connection, document.number)
    wanted = ["木箱", "六面塑料膜", "隔板", "OLD-1", "NEW-1", "老王", "2026-11-10", "掉漆", "A-7", "北京办事处"]
    assert [word for word in [*wanted, play.case(case).number, play.case(case).order_no] if word not in page] == []


def test_a_case_can_be_taken_off_until_the_list_is_sent(play: Repairs) -> None:
    stays, goes = play.reviewed(), play.reviewed(goods("P-PB-001", 1))
    listed = play.draw_up(stays, goes)
    play.decide(listed, "list-1", 清单处理="更改", 明细=[{"返修单号": play.case(goes).number, "箱号": "2"}])
    play.decide(listed, "list-2")
    play.hear(stays, goes)
    assert (list(play.items(stays)), list(play.items(goes))) == (["list-1"], ["shipped-1"])
    assert [row["package"] for row in play.documents(listed, "FJ")[0].content["lines"]] == ["2"]


def test_rows_left_out_when_it_is_sent_are_taken_off_and_none_can_be_added(play: Repairs) -> None:
    stays, goes = play.reviewed(), play.reviewed(goods("P-PB-001", 1))
    listed = play.draw_up(goes)
    both = [{"返修单号": play.case(case).number} for case in (stays, goes)]
    assert "更改" in play.refused(listed, "list-1", 明细=both)
    play.decide(listed, "list-1", 清单处理="更改", 明细=both)
    play.decide(listed, "list-2", 明细=both[1:])
    play.hear(stays, goes)
    assert (list(play.items(stays)), list(play.items(goes))) == (["list-1"], ["shipped-1"])


def test_a_list_can_be_cancelled_and_its_repairs_wait_for_another(play: Repairs) -> None:
    case = play.reviewed()
    listed = play.draw_up(case)
    play.decide(listed, "list-1", 清单处理="作废")
    assert play.case(listed).ending == "cancelled"
    play.ship(case)
    assert list(play.items(case)) == ["arrived-1"]


def test_a_list_with_another_offices_repair_is_refused(play: Repairs) -> None:
    case = play.reviewed()
    with pytest.raises(BadInput, match="本办事处"):
        play.draw_up(case, office="SH")
    listed = play.draw_up(case)
    foreign = play.reviewed(office="SH")
    rows = [{"返修单号": play.case(foreign).number}]
    assert "本办事处" in play.refused(listed, "list-1", 清单处理="更改", 明细=rows)


def test_a_list_that_was_sent_is_not_sent_again_nor_changed_nor_taken_back(play: Repairs) -> None:
    case = play.reviewed()
    listed = play.ship(case)
    for said in ("发出", "更改", "作废"):
        form = {"经办人工号": play.case(listed).applicant, "清单处理": said}
        assert "办理" in play.refused_form(listed, "list-1", form)
    assert "已发出" in str(play.withdraw(listed, play.holders(Role.SUPERVISOR)[0]).problems[0])


def test_what_one_list_has_taken_no_other_may_send(play: Repairs) -> None:
    case = play.reviewed()
    first, second = play.draw_up(case), play.draw_up(case)
    play.decide(first, "list-1")
    assert "待返" in play.refused(second, "list-1")
    play.decide(second, "list-1", 清单处理="作废")


def test_nothing_to_send_is_no_list(play: Repairs) -> None:
    with pytest.raises(BadInput, match="没有待返"):
        play.draw_up()
    unreviewed = play.apply_repair()
    with pytest.raises(BadInput, match="已审核"):
        play.draw_up(unreviewed)


def test_what_has_not_come_five_days_after_the_expected_date_is_traced_by_logistics(play: Repairs, today: Any) -> None:
    """Not arrived 5 wd after the expected date → LOGISTICS traces."""
    case = play.reviewed()
    listed = play.ship(case, 预计到货="2026-11-19")
    today.move_to("2026-11-26T17:29:00+08:00")
    assert not play.time_out(listed, "receive-1").accepted
    today.move_to("2026-11-26T17:31:00+08:00")
    assert play.time_out(listed, "receive-1").accepted
    assert play.items(listed)["trace-1"].role == "LOGISTICS"
    assert "预计到货" in play.refused(listed, "trace-1", 预计到货="")
    play.decide(listed, "trace-1", 预计到货="2026-12-01")
    assert list(play.items(listed)) == ["receive-2"]
    play.decide(listed, "receive-2")
    assert play.case(listed).ending == "received"


def test_what_comes_while_it_is_traced_is_received(play: Repairs, today: Any) -> None:
    listed = play.ship(play.reviewed(), 预计到货="2026-11-19")
    today.move_to("2026-11-26T17:31:00+08:00")
    play.time_out(listed, "receive-1")
    play.decide(listed, "receive-1-late")
    assert play.case(listed).ending == "received"


def test_lost_goods_are_decided_on_and_ordered_again(play: Repairs, today: Any) -> None:
    """Lost → an anomaly."""
    case = play.reviewed()
    listed = play.ship(case, 预计到货="2026-11-19")
    today.move_to("2026-11-26T17:31:00+08:00")
    play.time_out(listed, "receive-1")
    play.decide(listed, "trace-1", 查询结果="丢失")
    assert play.case(listed).ending == "lost"
    play.hear(case)
    (key,) = play.items(case)
    assert play.case(play.ordered(play.settle(case, key))).process == "PA"
    assert play.case(case).ending == "replaced"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"行号": 1, "实收数量": 3}, "at most"),
        ({"行号": 1, "实收数量": 1}, "缺少"),
        ({"行号": 1, "实收数量": 2, "到货状况": "运输损坏"}, "照片"),
        ({"行号": 9, "实收数量": 2}, "行号"),
    ],
    ids=["too many", "short without saying so", "damaged without photos", "no line of it"],
)
def test_a_wrong_receipt_is_refused(play: Repairs, row: dict[str, Any], expected: str) -> None:
    listed = play.ship(play.reviewed())
    assert expected in play.refused(listed, "receive-1", 明细=[row])


def test_a_receipt_or_an_expected_date_on_a_wrong_day_is_refused(play: Repairs) -> None:
    case = play.reviewed()
    listed = play.draw_up(case)
    play.decide(listed, "list-1")
    assert "今天" in play.refused(listed, "logistics", 预计到货="2026-11-17")
    play.decide(listed, "logistics")
    assert "今天" in play.refused(listed, "receive-1", 到货日期="2026-11-19")


def test_goods_on_the_road_are_nobodys_stock(play: Repairs) -> None:
    case = play.reviewed()
    play.ship(case)
    found = play.rows(
        "SELECT warehouse, on_hand FROM stock_balance WHERE part = 'P-PT-001' AND warehouse <> 'MAIN-GOOD'"
    )
    assert {row.warehouse: row.on_hand for row in found} == {"BJ-DAMAGED": 0}


# unannounced parcels (S3 §3 1.3 不允许私自返厂)


def test_an_unannounced_parcel_is_held_apart_until_its_office_files_and_is_then_received(play: Repairs) -> None:
    """Held apart in damaged; the OFFICE files within 5 wd."""
    held = play.parcel()
    assert kinds(play, held) == {"damaged_in": 2}
    item = play.items(held)["list-1"]
    assert (item.role, str(item.due_at)) == ("OFFICE", "2026-11-25 09:30:00+00:00")
    assert "补办" in play.refused(held, "list-1", 清单处理="作废")
    case = play.reviewed()
    play.decide(held, "list-1", 清单处理="更改", 明细=[{"返修单号": play.case(case).number}])
    play.decide(held, "list-2")
    assert kinds(play, held) == {"damaged_in": 0, "transfer_out": -2}
    play.decide(held, "receive-1")
    play.hear(case)
    assert list(play.items(case)) == ["appraise-1"]


def test_an_unannounced_parcel_for_which_nobody_files_goes_back(play: Repairs, today: Any) -> None:
    held = play.parcel()
    today.move_to("2026-11-25T17:31:00+08:00")
    assert play.time_out(held, "list-1").accepted
    assert play.items(held)["parcel-back"].role == "WAREHOUSE"
    play.decide(held, "parcel-back")
    assert play.case(held).ending == "sent_back"
    assert kinds(play, held) == {"damaged_in": 0}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"明细": []}, "包裹中"),
        ({"明细": [{"暂存配件": "P-XX", "暂存数量": 1}]}, "标准配件"),
        ({"申报人工号": "E1049"}, "仓管员"),
    ],
    ids=["empty", "unknown part", "not by the warehouse"],
)
def test_a_parcel_is_taken_in_by_the_warehouse_part_by_part(
    play: Repairs, wrong: dict[str, Any], expected: str
) -> None:
    with pytest.raises(BadInput, match=expected):
        play.parcel(**wrong)


def test_its_sheet_shows_which_repair_is_in_which_package_from_the_draft_on_and_what_has_come(play: Repairs) -> None:
    case = play.reviewed(goods(), goods("P-PB-001", 1))
    listed, shown = play.draw_up(case, package="A-7"), list[str]()
    for key in ("list-1", "logistics", "receive-1"):
        with play.db.connect() as connection:
            shown.append(case_sheet(case_view(connection, listed)))
        play.decide(listed, key, **({"明细": [{"行号": 1, "实收数量": 2}]} if key == "receive-1" else {}))
    with play.db.connect() as connection:
        page = case_sheet(case_view(connection, listed))
    row = f"| 1 | {play.case(case).number} | **餐桌面板(1.4米)** 白蜡木 25×800×1400mm 原木清漆 | 掉漆 | A-7 | 2 块 |"
    assert [f"{row}  |" in one for one in shown] == [True, True, True]
    assert f"{row} 2 |" in page
    assert "CNY" not in page
