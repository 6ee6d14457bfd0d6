"""Sly and clumsy colleagues at the warehouses: nothing is lost, counted twice, or younger than it is (DOMAIN, "Stock")."""

from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.answers import Answer, Turn
from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput
from schemas.words import Channel
from tasks.durable.stage import advance_chunk
from tasks.keeping.rounds import COUNTS, open_counts
from tasks.rounds.steps import do_rounds
from tests.flows.keeping import BJ, KEEPER, MAIN, OF_BJ, OF_SH, Keepers
from tests.flows.repairs import Repairs
from tests.tasks.durable.test_race import at_once, decides

PEOPLE = Keepers

SUPERVISOR, WHY = "E1040", {"差异说明": "漏登", "差异责任": "仓库", "处理建议": "调账"}
PAINT = "P-PT-016"  # lasts 540 days


def lots(play: Keepers, where: str = MAIN, part: str = PAINT) -> list[tuple[str, str, int]]:
    """Give what there is: the day it came in, its expiry, how many."""
    found = play.rows(
        "SELECT came_on, expires_on, on_hand FROM stock_lot WHERE (warehouse, part) = (:where, :part) AND on_hand > 0 "
        "ORDER BY expires_on, came_on",
        where=where, part=part,
    )  # fmt: skip
    return [(f"{row.came_on}", f"{row.expires_on}", int(row.on_hand)) for row in found]


def paint(many: int = 4, item: str = "配件名称") -> dict[str, Any]:
    return {"明细": [{item: PAINT, "数量": many}]}


@pytest.mark.parametrize("kind", ["零星采购入库", "自用领用"])
def test_only_leftovers_take_back_a_slip(play: Keepers, kind: str) -> None:
    """A slip's number on another request does not turn it into leftovers, unchecked."""
    play.decide(case := play.slip("自用领用", OF_SH, 5), "check", KEEPER)
    before, number = play.stock(MAIN)[0], play.documents(case, "CK")[0].number
    with pytest.raises(BadInput, match="余料退回"):
        play.slip(kind, "E1017", 9, 原出库单号=number)
    assert play.stock(MAIN)[0] == before


def test_goods_that_expire_keep_their_expiry_on_the_road(play: Keepers, today: time_machine.Traveller) -> None:
    (lot,) = lots(play)
    today.move_to("2026-12-08T10:00:00+08:00")
    play.decide(case := play.sent(**paint()), "in", OF_BJ, 明细={1: {"调入数量": 3, "其中损坏": 1, "差异情况": "碰坏"}})
    assert lots(play, BJ) == [("2026-12-08", lot[1], 2)]
    assert lots(play, "BJ-DAMAGED") == [("2026-12-08", lot[1], 1)]
    assert case


def test_leftovers_go_back_to_the_lot_they_were_of(play: Keepers, today: time_machine.Traveller) -> None:
    before = lots(play)
    play.decide(case := play.slip("自用领用", OF_SH, **paint(5, "物料")), "check", KEEPER)
    number = play.documents(case, "CK")[0].number
    today.move_to("2026-12-08T10:00:00+08:00")
    play.decide(play.slip("余料退回", OF_SH, **paint(5, "物料"), 原出库单号=number), "check", KEEPER)
    assert lots(play) == before


@pytest.mark.parametrize("many", [3, 8])
def test_papers_that_differ_make_goods_no_younger(play: Keepers, today: time_machine.Traveller, many: int) -> None:
    (before,) = lots(play)
    today.move_to("2026-11-19T10:00:00+08:00")
    play.decide(case := play.slip("暂估入库", 询问发货方="李工", **paint(5, "物料")), "check", KEEPER)
    (new,) = set(lots(play)) - {before}
    today.move_to("2026-12-08T10:00:00+08:00")
    play.decide(case, "papers", KEEPER, 核对意见="数量不符", 明细={1: {"单据数量": many}})
    assert lots(play) == [(*new[:2], many), before]


def test_an_office_without_a_keeper_does_not_stop_the_other_counts(play: Keepers) -> None:
    play.decide(play.sent(), "in")
    play.run("UPDATE staff SET active = false WHERE code IN (SELECT staff FROM staff_role WHERE office = 'BJ')")
    do_rounds(play.db, COUNTS, PeriodWanted(since=date(2026, 11, 1), until=date(2026, 11, 18)))
    open_counts(play.db, COUNTS, PeriodWanted(since=date(2026, 11, 1), until=date(2026, 11, 18)))
    opened = play.rows("SELECT request ->> 'warehouse' AS w FROM service_case WHERE process = 'SC' ORDER BY 1")
    assert [row.w for row in opened] == [BJ, MAIN]


def test_a_warehouse_with_goods_made_to_order_is_counted_and_these_may_be_transferred(play: Keepers) -> None:
    """Special orders and articles that came back stand in it under codes of their own."""
    play.run("INSERT INTO part SELECT 'TZ1-1', '异形柜门', category, specification, colour, uom, unit, NULL, NULL, 0, :made "
             "FROM part WHERE code = 'P-HW-001'", made=play.transfer())  # fmt: skip
    play.run(
        "INSERT INTO stock_movement (id, step_key, kind, warehouse, part, quantity, moved_at, came_on) VALUES "
        "(gen_random_uuid(), 'test', 'count_gain', 'MAIN-GOOD', 'TZ1-1', 2, '2026-11-18', '2026-11-18')"
    )
    play.run("INSERT INTO stock_balance VALUES ('MAIN-GOOD', 'TZ1-1', 2, 0)")
    play.run("INSERT INTO stock_lot VALUES ('MAIN-GOOD', 'TZ1-1', '2026-11-18', '9999-12-31', 2)")
    case = play.count(明细=[])
    assert "异形柜门" in [row["配件名称"] for row in play.items(case)["count-1"].prefill["明细"]]
    play.decide(case, "count-1", KEEPER)
    assert play.ending(case) == "agreed"
    play.decide(play.sent(明细=[{"配件名称": "tz1-1", "数量": 2}]), "in")
    assert play.stock(BJ, "TZ1-1") == (2, 0)


def test_an_office_without_a_damaged_warehouse_receives_damaged_goods(play: Keepers) -> None:
    """A clear refusal: the answer is not accepted, and the case not stuck."""
    play.run("DELETE FROM warehouse WHERE code = 'BJ-DAMAGED'")
    case = play.sent()
    damaged = {1: {"调入数量": 4, "其中损坏": 1, "差异情况": "碰坏"}}
    assert "残次品仓" in play.refused(case, "in", OF_BJ, 明细=damaged)
    play.run("INSERT INTO warehouse VALUES ('BJ-DAMAGED', '北京办事处残次品仓', 'damaged', 'BJ')")
    play.decide(case, "in", OF_BJ, 明细=damaged)
    assert play.stock("BJ-DAMAGED") == (1, 0)


def test_what_a_leg_moved_before_a_count_but_wrote_after_it_is_no_difference(
    play: Keepers, today: time_machine.Traveller
) -> None:
    """A slip whose transaction ends late has moved before the count: it is no loss, and not booked a second time."""
    other = play.slip("自用领用", OF_SH, 10)
    case, before = play.count(), play.stock(MAIN)
    today.move_to("2026-11-18T10:30:00+08:00")
    play.decide(case, "count-1", KEEPER, 明细={1: {"实盘数量": 1850, **WHY}})
    today.move_to("2026-11-18T10:29:00+08:00")
    play.decide(other, "check", KEEPER)
    today.move_to("2026-11-18T10:40:00+08:00")
    assert "重盘" in play.refused(case, "approve-1", SUPERVISOR)
    play.decide(case, "approve-1", SUPERVISOR, 审批结论="不同意", 原因="已记账")
    play.decide(case, "count-2", KEEPER)
    assert (play.ending(case), play.stock(MAIN)[0]) == ("agreed", before[0] - 10)


def ended(play: Keepers, case: int, keeper: str) -> str:
    """Say how a slip ends; one that came too late waits for its keeper again, who refuses it."""
    for key in play.items(case):
        play.decide(case, key, keeper, 仓管意见="不同意", 原因="没有了")
    return play.ending(case)


def test_leftovers_of_one_slip_handed_in_at_once_come_back_once(play: Keepers) -> None:
    play.decide(case := play.slip("自用领用", OF_SH, 5), "check", KEEPER)
    before, number = play.stock(MAIN)[0], play.documents(case, "CK")[0].number
    cases = [play.slip("余料退回", OF_SH, 4, 原出库单号=number) for _ in range(3)]
    replies = at_once(*(decides(play, one, "check", KEEPER) for one in cases))
    assert (any(reply.accepted for reply in replies), play.stock(MAIN)[0]) == (True, before + 4)
    assert sorted(ended(play, one, KEEPER) for one in cases) == ["booked", "refused", "refused"]


def test_the_last_goods_are_taken_once_by_whoever_asks_at_once(play: Keepers) -> None:
    play.decide(play.sent(many=3), "in")
    cases = [play.slip("自用领用", OF_SH, 2, BJ) for _ in range(3)]
    replies = at_once(*(decides(play, one, "check", OF_BJ) for one in cases))
    assert (any(reply.accepted for reply in replies), play.stock(BJ)) == (True, (1, 0))
    assert sorted(ended(play, one, OF_BJ) for one in cases) == ["booked", "refused", "refused"]


def twice_counted(play: Keepers, today: time_machine.Traveller) -> list[int]:
    """Have two hinges missed by two counts."""
    cases = [play.count() for _ in range(2)]
    for case in cases:
        play.decide(case, "count-1", KEEPER, 明细={1: {"实盘数量": 1858, **WHY}})
    today.move_to("2026-11-18T11:00:00+08:00")
    return cases


def test_two_counts_approved_at_once_adjust_once(play: Keepers, today: time_machine.Traveller) -> None:
    before, cases = play.stock(MAIN)[0], twice_counted(play, today)
    at_once(*(decides(play, case, "approve-1", SUPERVISOR) for case in cases))
    assert play.stock(MAIN)[0] == before - 2


def test_two_counts_approved_on_one_sheet_adjust_once(play: Keepers, today: time_machine.Traveller) -> None:
    before, cases = play.stock(MAIN)[0], twice_counted(play, today)
    given = [Answer("approve-1", play.answer(case, "approve-1", SUPERVISOR), Channel.SHEET) for case in cases]
    advance_chunk(play.db, [Turn(case, (answer,)) for case, answer in zip(cases, given, strict=True)])
    assert play.stock(MAIN)[0] == before - 2
    assert [play.case(case).ending for case in cases] == ["adjusted", None]


class Shop(Repairs, Keepers):
    """People who repair, and people who keep warehouses."""


def test_goods_of_a_customer_in_repair_are_nobody_elses(db: Engine, today: time_machine.Traveller) -> None:
    """Collected goods stand in the office until it hands them over, damaged ones apart until a list takes them (S3 §2)."""
    play = Shop(db)
    waits, of_customer = play.arrived(), {"配件名称": "P-PT-001", "数量": 1}
    play.run_to(waits, "handover-1")
    play.reviewed()
    assert (play.stock(BJ, "P-PT-001"), play.stock("BJ-DAMAGED", "P-PT-001")) == ((2, 0), (2, 0))
    for sender, receiver in ((BJ, "SH-GOOD"), ("BJ-DAMAGED", "SH-DAMAGED")):
        with pytest.raises(BadInput, match="可调 0（在库 2，已预留 2）"):
            play.transfer(sender, receiver, 明细=[of_customer])
    slip = play.slip("自用领用", OF_SH, 1, BJ, 明细=[{"物料": "P-PT-001", "数量": 1}])
    assert "可用 0" in play.refused(slip, "check", OF_BJ)
    play.withdraw(slip, OF_SH)
    assert play.finish(waits) == "repaired"
    handed = play.rows(
        "SELECT number FROM document WHERE case_id = :c AND content ->> 'category' = '自用出库'", c=waits
    )
    with pytest.raises(BadInput, match="没有这张自用出库单"):
        play.slip("余料退回", OF_SH, 1, BJ, 明细=[{"物料": "P-PT-001", "数量": 1}], 原出库单号=handed[0].number)
    assert play.stock(BJ, "P-PT-001") == (0, 0)
