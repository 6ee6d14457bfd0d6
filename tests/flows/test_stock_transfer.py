"""调拨: asked for, agreed to across offices, sent by one keeper, counted by the other (DOMAIN, "Stock"; S3 §2 4.1)."""

from uuid import uuid4

import pytest
import time_machine

from schemas.answers import Opened
from schemas.forms.transfers import TransferRequest
from schemas.problems import BadInput
from schemas.tables import warehouse
from schemas.words import Channel, Role
from tasks.desk.queries import inbox
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance
from tasks.notices.queries import take_unpassed
from tasks.notices.watch import watch_deadlines
from tests.flows.keeping import BJ, BJ_BAD, HINGE, KEEPER, MAIN, MAIN_BAD, OF_BJ, OF_SH, PLANNER, SH, Keepers

PEOPLE = Keepers


def test_a_transfer_is_held_agreed_to_sent_and_counted_and_one_note_pairs_out_and_in(play: Keepers) -> None:
    """On the road they belong to nobody's stock; out by a 调拨单, in by the receiver's own count."""
    before, reserved = play.stock(MAIN)
    case = play.transfer()
    assert play.stock(MAIN) == (before, reserved + 4)
    assert (play.items(case)["agree"].role, play.items(case)["agree"].link) == ("PLANNER", "计划审批")
    play.decide(case, "agree", PLANNER)
    assert play.items(case)["out"].role == "WAREHOUSE"
    play.decide(case, "out", KEEPER)
    assert (play.stock(MAIN), play.stock(BJ)) == ((before - 4, reserved), (0, 0))
    assert (play.items(case)["in"].role, play.items(case)["in"].office) == ("OFFICE", "BJ")
    play.decide(case, "in", OF_BJ)
    assert (play.ending(case), play.stock(BJ)) == ("received", (4, 0))
    (note,) = play.documents(case, "DB")
    assert note.content["warehouse"].startswith(MAIN)
    assert "北京办事处良品仓" in note.content["receiver"]
    assert note.content["category"] == "调拨出库、调拨入库"
    assert play.kinds(case) == {"transfer_out": -4, "transfer_in": 4}


def test_between_two_offices_each_keeper_confirms_what_is_the_own_warehouses(play: Keepers) -> None:
    """The sender confirms out, the receiver in: of other offices nobody may, and each sees it on the own list."""
    play.decide(case := play.sent(), "in")
    case = play.transfer(BJ, SH, OF_BJ, 3)
    play.decide(case, "agree", PLANNER)
    assert "（BJ）" in play.refused(case, "out", OF_SH)
    play.refused(case, "out", KEEPER)
    play.decide(case, "out", OF_BJ)
    play.refused(case, "in", OF_BJ)
    with play.db.connect() as connection:
        listed = {code: [item.case_id for item in inbox(connection, Role.OFFICE, 10, code)] for code in ("BJ", "SH")}
    assert listed == {"BJ": [], "SH": [case]}
    play.decide(case, "in", OF_SH)
    assert (play.stock(BJ), play.stock(SH)) == ((1, 0), (3, 0))


def test_within_an_office_nobody_else_needs_to_agree(play: Keepers) -> None:
    with play.db.begin() as connection:
        connection.execute(warehouse.insert().values(code="BJ-GOOD-2", name="北京二库", kind="good", office="BJ"))
    play.decide(play.sent(), "in")
    case = play.transfer(BJ, "北京二库")
    assert list(play.items(case)) == ["out"]
    assert play.finish(case) == "received"


def test_the_planner_refuses_with_a_reason_and_what_was_held_is_free_again(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.transfer()
    assert "原因" in play.refused(case, "agree", PLANNER, 审批结论="不同意")
    play.decide(case, "agree", PLANNER, 审批结论="不同意", 原因="另有用途")
    assert (play.ending(case), play.stock(MAIN)) == ("rejected", before)


def test_nobody_agrees_to_an_own_transfer(play: Keepers) -> None:
    case = play.transfer(applicant=PLANNER)
    assert "不能审批" in play.refused(case, "agree", PLANNER)
    play.decide(case, "agree", "E1005")


def test_good_and_damaged_goods_go_apart(play: Keepers) -> None:
    for sender, receiver in ((MAIN, BJ_BAD), (MAIN_BAD, BJ)):
        with pytest.raises(BadInput, match="分开"):
            play.transfer(sender, receiver)
    with pytest.raises(BadInput, match="同一仓库"):
        play.transfer(MAIN, "总部良品仓", KEEPER)


def test_who_keeps_neither_warehouse_asks_for_nothing(play: Keepers) -> None:
    with pytest.raises(BadInput, match="须为总部良品仓的仓管员"):
        play.transfer(applicant=OF_SH)
    with pytest.raises(BadInput, match="仓库所属"):
        play.transfer(办事处="SH")
    with pytest.raises(BadInput, match="没有这个仓库"):
        play.transfer(receiver="BJ-GODO")
    with pytest.raises(BadInput, match="重复"):
        play.transfer(明细=[{"配件名称": HINGE, "数量": 1}] * 2)


def test_no_more_is_asked_for_than_is_free_and_what_is_reserved_is_not(play: Keepers) -> None:
    on_hand, reserved = play.stock(MAIN)
    play.transfer(many=int(on_hand - reserved) - 1)
    with pytest.raises(BadInput, match=f"可调 1（在库 {on_hand:f}，已预留 {on_hand - 1}）"):
        play.transfer(many=2)


def test_less_may_leave_with_a_reason_and_the_rest_is_free_again(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.transfer()
    play.decide(case, "agree", PLANNER)
    assert "最多 4" in play.refused(case, "out", KEEPER, 明细={1: {"调出数量": 5}})
    assert "原因" in play.refused(case, "out", KEEPER, 明细={1: {"调出数量": 3}})
    play.decide(case, "out", KEEPER, 明细={1: {"调出数量": 3}}, 原因="一个有划痕")
    assert play.stock(MAIN) == (before[0] - 3, before[1])
    assert play.finish(case) == "received"
    assert play.stock(BJ) == (3, 0)


def test_nothing_leaves_and_the_transfer_ends(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.transfer()
    play.decide(case, "agree", PLANNER)
    play.decide(case, "out", KEEPER, 明细={1: {"调出数量": 0}}, 原因="盘点中")
    assert (play.ending(case), play.stock(MAIN), play.documents(case, "DB")) == ("not_sent", before, [])


def test_it_is_taken_back_until_it_has_left_and_never_after(play: Keepers) -> None:
    before, case = play.stock(MAIN), play.transfer()
    assert "只有" in str(play.withdraw(case, OF_SH).problems[0])
    assert play.withdraw(case, OF_BJ).accepted
    assert (play.ending(case), play.stock(MAIN)) == ("withdrawn", before)
    agreed = play.transfer()
    play.decide(agreed, "agree", PLANNER)
    assert play.withdraw(agreed, OF_BJ).accepted
    assert play.stock(MAIN) == before
    for who in (OF_BJ, play.leader()):
        assert "已调出" in str(play.withdraw(play.sent(), who).problems[0])


def test_what_is_missing_is_an_anomaly_whose_cost_somebody_bears(play: Keepers) -> None:
    """A difference → AN: responsibility, cost, the reporter's consent; nothing is ordered again of what nobody ordered."""
    case = play.sent()
    assert "差异情况" in play.refused(case, "in", OF_BJ, 明细={1: {"调入数量": 3}})
    assert "最多 4" in play.refused(case, "in", OF_BJ, 明细={1: {"调入数量": 5}})
    play.decide(case, "in", OF_BJ, 明细={1: {"调入数量": 3, "差异情况": "少一只"}})
    assert play.stock(BJ) == (3, 0)
    child = play.anomaly(case, "anomaly-1-1")
    play.run_to(child, "plan-1")
    for remedy in ("重新制作", "补发"):
        assert "另开调拨" in play.refused(child, "plan-1", 处理办法=remedy)
    assert "没有可退" in play.refused(child, "plan-1", 处理办法="退款")
    play.settle(case, "anomaly-1-1", "让步接收", 申报方同意="北京办事处同意")
    assert (play.ending(case), play.kinds(case)) == ("settled_short", {"transfer_out": -4, "transfer_in": 3})


def test_what_an_anomaly_finds_to_be_only_late_is_counted_when_it_comes(play: Keepers) -> None:
    case = play.sent()
    play.decide(case, "in", OF_BJ, 明细={1: {"调入数量": 0, "差异情况": "未到"}})
    play.deny(case, "anomaly-1-1")
    play.decide(case, "in-1-2", OF_BJ)
    assert (play.ending(case), play.stock(BJ)) == ("received", (4, 0))


def test_what_was_damaged_on_the_road_is_kept_apart(play: Keepers) -> None:
    case = play.sent()
    assert "不能多于" in play.refused(case, "in", OF_BJ, 明细={1: {"其中损坏": 5, "差异情况": "压坏"}})
    play.decide(case, "in", OF_BJ, 明细={1: {"其中损坏": 1, "差异情况": "压坏"}})
    assert (play.stock(BJ), play.stock(BJ_BAD)) == ((3, 0), (1, 0))
    play.settle(case, "anomaly-1-1", "让步接收", 申报方同意="同意")
    back = play.transfer(BJ_BAD, MAIN_BAD, many=1)
    play.decide(back, "agree", PLANNER)
    play.decide(back, "out", OF_BJ)
    assert "不再分损坏" in play.refused(back, "in", KEEPER, 明细={1: {"其中损坏": 1, "差异情况": "裂"}})
    play.decide(back, "in", KEEPER)
    assert (play.ending(case), play.stock(BJ_BAD), play.stock(MAIN_BAD)[0]) == ("settled_short", (0, 0), 1)


def test_who_does_not_confirm_is_reminded_and_reported(play: Keepers) -> None:
    case = play.transfer()
    play.decide(case, "agree", PLANNER)
    told = [(one["kind"], one["role"]) for one in play.items(case)["out"].schedule]
    assert [role for _, role in told] == ["WAREHOUSE", "SUPERVISOR", "MANAGER"]
    play.decide(case, "out")
    assert [one["role"] for one in play.items(case)["in"].schedule] == ["OFFICE", "SUPERVISOR", "MANAGER"]


def test_what_another_took_meanwhile_is_not_held(play: Keepers) -> None:
    """Of two that were asked for at once the second gets what is left; where that is nothing, it ends."""
    on_hand, reserved = play.stock(MAIN)
    free = int(on_hand - reserved)
    forms = [play.transfer_form(many=many) for many in (free - 1, 3, 2)]
    origins = [(f"cli:{uuid4()}", TransferRequest.model_validate(form)) for form in forms]
    opened = open_chunk(play.db, "ST", Channel.CLI, origins)
    cases = [one.case_id for one in opened if isinstance(one, Opened)]
    for case in cases:
        advance(play.db, case)
    assert play.stock(MAIN) == (on_hand, on_hand)
    assert [play.case(case).ending for case in cases] == [None, None, "rejected"]
    assert "× 1 " in play.items(cases[1])["agree"].brief[1]


def test_the_office_whose_turn_it_is_hears_that_it_is_late(play: Keepers, today: time_machine.Traveller) -> None:
    play.decide(play.sent(), "in")
    case = play.transfer(BJ, SH, OF_BJ, 3)
    play.decide(case, "agree", PLANNER)
    play.decide(case, "out", OF_BJ)
    today.move_to("2026-12-08T10:00:00+08:00")
    watch_deadlines(play.db, clock.now())
    with play.db.begin() as connection:
        told = take_unpassed(connection, clock.now())
    assert [one.office for one in told if one.role == Role.OFFICE] == ["SH"]
