"""盘点: counted before a witness, reasons and approval before the books change (DOMAIN, "Stock"; S3 §3 1.4.1, §2 6)."""

import re
from typing import Any

import pytest
import time_machine

from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput
from schemas.words import Role
from tasks.documents.printing import printed
from tasks.keeping.queries import count_table
from tasks.keeping.rounds import COUNTS, open_counts
from tasks.rounds.steps import do_rounds
from tests.flows.keeping import BJ, HINGE, KEEPER, MAIN, OF_BJ, OF_SH, PLANNER, Keepers

PEOPLE = Keepers

WHY = {"差异说明": "漏登", "差异责任": "仓库", "处理建议": "调账"}
FINANCE, SUPERVISOR = "E1047", "E1040"


def counted(play: Keepers, case: int, by: int, key: str = "count-1", **more: Any) -> None:
    book = play.items(case)[key].prefill["明细"][0]["账面数量"]
    play.decide(case, key, KEEPER, 明细={1: {"实盘数量": book + by, **WHY, **more}})


def test_where_books_and_stock_agree_a_count_ends_at_once(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.count()
    play.decide(case, "count-1", KEEPER)
    assert (play.ending(case), play.stock(MAIN), play.kinds(case)) == ("agreed", before, {})
    (sheet,) = play.documents(case, "PD")
    assert [sheet.content["lines"][0][name] for name in ("part", "book", "quantity")] == [HINGE, "1860", "1860"]
    assert sheet.content["witness"].startswith(FINANCE)


def test_a_whole_warehouse_is_counted_part_by_part(play: Keepers) -> None:
    case = play.count(明细=[])
    listed = play.items(case)["count-1"].prefill["明细"]
    has = play.rows("SELECT part FROM stock_balance WHERE warehouse = :w AND on_hand > 0", w=MAIN)
    assert len(listed) == len(has) > 10
    assert "须都盘到" in play.refused(case, "count-1", KEEPER, 明细=listed[1:])
    play.decide(case, "count-1", KEEPER)
    assert play.ending(case) == "agreed"


def test_what_is_missing_needs_cause_responsibility_proposal_and_a_supervisor_and_is_a_count_loss(
    play: Keepers,
) -> None:
    before, case = play.stock(MAIN), play.count()
    for name in WHY:
        missing = {"实盘数量": 1858, **WHY, name: ""}
        assert name in play.refused(case, "count-1", KEEPER, 明细={1: missing})
    counted(play, case, -2)
    assert play.items(case)["approve-1"].role == "SUPERVISOR"
    assert play.stock(MAIN) == before  # the books have not changed
    play.decide(case, "approve-1", SUPERVISOR)
    assert (play.ending(case), play.stock(MAIN)) == ("adjusted", (before[0] - 2, before[1]))
    (slip,) = play.documents(case, "CK")
    assert (slip.content["category"], play.kinds(case)) == ("盘亏", {"count_loss": -2})


def test_what_is_found_too_much_is_a_count_gain_even_of_what_the_books_do_not_have(play: Keepers) -> None:
    case = play.count(OF_BJ, BJ)
    row = {"配件名称": HINGE, "实盘数量": 3, **WHY}
    play.decide(case, "count-1", OF_BJ, 明细=[row])
    play.decide(case, "approve-1", SUPERVISOR)
    assert (play.ending(case), play.stock(BJ), play.kinds(case)) == ("adjusted", (3, 0), {"count_gain": 3})


@pytest.mark.parametrize(("by", "role"), [(217, "SUPERVISOR"), (218, "MANAGER"), (-218, "MANAGER")])
def test_differences_above_the_policys_amount_are_the_managers(play: Keepers, by: int, role: str) -> None:
    """SUPERVISOR approves, above 2,000 CNY the MANAGER: 217 × 9.20 = 1,996.40, 218 × 9.20 = 2,005.60, either way."""
    case = play.count()
    counted(play, case, by)
    assert play.items(case)["approve-1"].role == role


def test_what_is_not_approved_is_counted_again_from_the_books_as_they_stand(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.count()
    counted(play, case, -5)
    play.decide(case, "approve-1", SUPERVISOR, 审批结论="不同意", 原因="请复盘二层")
    assert (play.stock(MAIN), "请复盘二层" in "".join(play.items(case)["count-2"].brief)) == (before, True)
    play.decide(case, "count-2", KEEPER)
    assert (play.ending(case), len(play.documents(case, "PD"))) == ("agreed", 2)


def test_what_moves_between_count_and_approval_is_no_difference(play: Keepers) -> None:
    """The count is compared with the book of its own moment; what left meanwhile has left."""
    case, before = play.count(), play.stock(MAIN)
    counted(play, case, -2)
    play.decide(other := play.sent(many=10), "in")
    assert play.ending(other) == "received"
    play.decide(case, "approve-1", SUPERVISOR)
    assert play.stock(MAIN) == (before[0] - 12, before[1])


def test_a_count_that_is_handed_in_later_says_when_it_was(play: Keepers, today: time_machine.Traveller) -> None:
    case = play.count()
    today.move_to("2026-11-18T14:00:00+08:00")
    play.decide(play.sent(many=10), "in")
    today.move_to("2026-11-18T15:00:00+08:00")
    assert "账面 1850" in play.refused(case, "count-1", KEEPER)
    assert "盘点时间" in play.refused(case, "count-1", KEEPER, 盘点时间="2026-11-18 16:00")
    assert "盘点时间" in play.refused(case, "count-1", KEEPER, 盘点时间="2026-11-17 16:00")
    play.decide(case, "count-1", KEEPER, 盘点时间="2026-11-18 11:00")
    assert play.ending(case) == "agreed"


def test_more_is_never_reserved_than_a_count_leaves(play: Keepers) -> None:
    """Reserved goods more than counted: the approval waits, with what to do; nothing falls below zero."""
    case = play.count()
    counted(play, case, -1859)
    held = play.transfer(many=4)
    why = play.refused(case, "approve-1", "E1043")
    assert "已预留 4，盘亏后为 1" in why
    assert play.withdraw(held, OF_BJ).accepted
    play.decide(case, "approve-1", "E1043")
    assert play.stock(MAIN) == (1, 0)


def test_stock_that_left_after_the_count_does_not_fall_below_zero(play: Keepers) -> None:
    case = play.count()
    counted(play, case, -1855)
    play.decide(play.sent(many=10), "in")
    assert "盘亏后为 -5" in play.refused(case, "approve-1", "E1043")
    play.decide(case, "approve-1", "E1043", 审批结论="不同意", 原因="重盘")
    play.decide(case, "count-2", KEEPER)
    assert play.ending(case) == "agreed"


def test_who_counted_witnessed_or_asked_does_not_approve(play: Keepers) -> None:
    case = play.count(SUPERVISOR)
    book = 1860
    assert "另一人" in play.refused(case, "count-1", KEEPER, 监盘人工号=KEEPER)
    assert "在职" in play.refused(case, "count-1", KEEPER, 监盘人工号="E9999")
    play.decide(case, "count-1", KEEPER, 监盘人工号="E1041", 明细={1: {"实盘数量": book - 1, **WHY}})
    for who in (SUPERVISOR, "E1041"):
        assert "不能审批" in play.refused(case, "approve-1", who)
    play.decide(case, "approve-1", "E1042")
    assert play.ending(case) == "adjusted"


def test_a_warehouse_is_counted_by_its_own_keeper(play: Keepers) -> None:
    with pytest.raises(BadInput, match="须为总部良品仓的仓管员、客服主管"):
        play.count(OF_BJ)
    with pytest.raises(BadInput, match="须为北京办事处良品仓的办事处售后"):
        play.count(KEEPER, BJ)
    case = play.count(OF_BJ, BJ)
    for who in (OF_SH, KEEPER, PLANNER):
        play.refused(case, "count-1", who)


def test_twice_or_unknown_parts_are_refused(play: Keepers) -> None:
    case = play.count()
    rows = [{"配件名称": HINGE, "实盘数量": 1860}] * 2
    assert "重复" in play.refused(case, "count-1", KEEPER, 明细=rows)
    assert "配件" in play.refused(case, "count-1", KEEPER, 明细=[rows[0], {"配件名称": "无此件", "实盘数量": 1}])
    with pytest.raises(BadInput, match="重复"):
        play.count(明细=[{"配件名称": HINGE}] * 2)


def test_a_count_is_taken_back_until_it_is_booked(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.count()
    assert play.withdraw(case, KEEPER).accepted
    case = play.count()
    counted(play, case, -3)
    assert play.withdraw(case, KEEPER).accepted
    assert (play.ending(case), play.stock(MAIN)) == ("withdrawn", before)
    assert "办理" in play.refused_form(case, "approve-1", {"经办人工号": SUPERVISOR, "审批结论": "同意"})


def test_on_the_fifteenth_books_are_reconciled_with_finance_and_offices_with_the_department(play: Keepers) -> None:
    case = play.count(盘点类别="对账")
    assert "财务" in play.refused(case, "count-1", KEEPER, 监盘人工号="E1017")
    play.decide(case, "count-1", KEEPER, 监盘人工号=FINANCE)
    case = play.count(OF_BJ, BJ, 盘点类别="对账")
    assert "仓管员或财务" in play.refused(
        case, "count-1", OF_BJ, 监盘人工号="E1050", 明细=[{"配件名称": HINGE, "实盘数量": 0}]
    )
    play.decide(case, "count-1", OF_BJ, 监盘人工号="E1017", 明细=[{"配件名称": HINGE, "实盘数量": 0}])
    assert play.ending(case) == "agreed"


def test_who_does_not_count_is_reminded_and_reported(play: Keepers) -> None:
    told = [one["role"] for one in play.items(play.count())["count-1"].schedule]
    assert told == ["WAREHOUSE", Role.SUPERVISOR, Role.MANAGER]


def test_what_two_counts_find_is_adjusted_once(play: Keepers, today: time_machine.Traveller) -> None:
    """Counted twice: who approves the second one is told to have it counted again."""
    before, cases = play.stock(MAIN), [play.count(), play.count()]
    for case in cases:
        counted(play, case, -2)
    today.move_to("2026-11-18T11:00:00+08:00")
    play.decide(cases[0], "approve-1", SUPERVISOR)
    assert play.case(cases[0]).number in play.refused(cases[1], "approve-1", SUPERVISOR)
    play.decide(cases[1], "approve-1", SUPERVISOR, 审批结论="不同意", 原因="已调账")
    play.decide(cases[1], "count-2", KEEPER)
    assert ([play.ending(case) for case in cases], play.stock(MAIN)[0]) == (["adjusted", "agreed"], before[0] - 2)


@pytest.mark.parametrize(("moved_at", "late"), [("09:59:59.999999", True), ("10:00:00", False), ("10:00:01", False)])
def test_a_slip_that_is_booked_late_for_before_the_count_has_it_counted_again(
    play: Keepers, moved_at: str, late: bool
) -> None:
    """What moved at the count's very moment may have been counted or not; what moved after it is no difference."""
    case = play.count()
    counted(play, case, -2)
    play.decide(other := play.sent(many=10), "in")
    earlier = f"UPDATE stock_movement SET moved_at = '2026-11-18T{moved_at}+08:00' WHERE case_id = {other}"
    play.run(f"SET LOCAL session_replication_role = replica; {earlier}")
    if late:
        assert "晚记账" in play.refused(case, "approve-1", SUPERVISOR)
    else:
        play.decide(case, "approve-1", SUPERVISOR)
        assert play.ending(case) == "adjusted"


def test_a_keeper_does_not_call_off_a_count_that_came_by_itself(play: Keepers) -> None:
    do_rounds(play.db, COUNTS, PeriodWanted())
    assert open_counts(play.db, COUNTS, PeriodWanted()) > 0
    (case, *_) = [row.id for row in play.rows("SELECT id FROM service_case WHERE process = 'SC'")]
    assert not play.withdraw(case, play.case(case).applicant).accepted
    assert play.withdraw(case, SUPERVISOR).accepted


def test_the_printed_sheet_says_by_how_much_books_and_stock_differ(play: Keepers) -> None:
    case = play.count()
    counted(play, case, -2)
    (sheet,) = play.documents(case, "PD")
    with play.db.connect() as connection:
        page = printed(connection, sheet.number)
        facts = dict(count_table(connection, case).facts)
    assert re.search(r"账面\sBook.*实盘\sCounted.*差异\sDifference.*>1860<.*>1858<.*>-2<", page, re.DOTALL)
    assert facts["仓库 Warehouse"] == "总部良品仓 MAIN-GOOD"
