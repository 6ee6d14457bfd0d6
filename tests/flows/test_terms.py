"""Each gate has its role and its term: the numbers of the rulebook are those of the policies, and they count (DOMAIN 1, 2, 7)."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
import time_machine

from deployments.deploy import read_deployments
from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tasks.unit.work import SHANGHAI
from tests.flows.repairs import Repairs
from tests.flows.specials import contract
from tests.play import Play, cells, line

AIR = {"运输方式": "空运", "承运商": "航空货运代理", "运费": 900, "件数": 1}
DEAR_EXPRESS = {"运输方式": "快递", "承运商": "中通快递", "运费": 201, "件数": 1}


PEOPLE = Repairs


def due(play: Play, case: int, key: str) -> str:
    """Say who must answer an item, and by when in Shanghai."""
    item = play.items(case)[key]
    return f"{item.role} {item.due_at.astimezone(SHANGHAI):%m-%d %H:%M}"


def at(play: Play, key: str, *lines: Any, **form: Any) -> int:
    """Apply for parts and bring the case to a gate, or as far as a first answer that says otherwise."""
    case = play.apply(list(lines) or [line("P-PB-001", 1)], **form)
    play.run_to(case, key)
    return case


def sent_back(play: Repairs) -> int:
    case = at(play, "review-1")
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="数量不对")
    return case


def dear(play: Repairs) -> int:
    case = at(play, "review-1")
    play.decide(case, "review-1", 明细=cells("单价", {1: 3000}, 配件名称="P-PB-001", 数量=1))
    return case


def freight(play: Repairs, how: dict[str, Any] = DEAR_EXPRESS) -> int:
    case = at(play, "goods-out-1-1", line("P-HW-001", 1))
    play.decide(case, "goods-out-1-1", **how)
    return case


def called_back(play: Repairs) -> int:
    case = at(play, "review-1", line("P-HW-001", 4), urgency="加急")
    play.decide(case, "release-early", 放行结论="先行放行")
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    play.decide(case, "goods-out-1-1")
    return case


OF_AN_APPLICATION: dict[str, tuple[Callable[[Repairs], int], str]] = {
    "resubmit-1": (sent_back, "OFFICE 11-25 17:30"),
    "approve-1-1": (dear, "SUPERVISOR 11-19 17:30"),
    "cycle-1": (lambda play: at(play, "cycle-1", line("P-GL-002", 5)), "PLANNER 11-19 17:30"),
    "plan-1": (lambda play: at(play, "plan-1"), "PLANNER 11-19 17:30"),
    "goods-in-1-1": (lambda play: at(play, "goods-in-1-1"), "WAREHOUSE 11-19 17:30"),
    "goods-out-1-1": (lambda play: at(play, "goods-out-1-1"), "WAREHOUSE 11-20 17:30"),
    "freight-1-1": (freight, "SUPERVISOR 11-19 17:30"),
}


@pytest.mark.parametrize("key", OF_AN_APPLICATION)
def test_each_gate_of_an_application_has_its_role_and_term(play: Repairs, key: str) -> None:
    brought, said = OF_AN_APPLICATION[key]
    assert due(play, brought(play), key) == said


def test_an_early_release_is_due_the_same_day(play: Repairs) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    assert due(play, case, "release-early") == "SUPERVISOR 11-18 17:30"


def test_what_left_early_is_to_be_back_in_time(play: Repairs) -> None:
    assert due(play, called_back(play), "recall-1") == "WAREHOUSE 12-02 17:30"


def test_a_freight_that_nobody_approves_in_a_working_day_is_the_managers(
    play: Repairs, today: time_machine.Traveller
) -> None:
    """Freight approval precedes dispatch; silent 1 wd → MANAGER (DOMAIN-BRANCHES, Stock and freight)."""
    case = freight(play)
    today.move_to("2026-11-19T17:29:00+08:00")
    watch_deadlines(play.db, clock.now())
    assert play.items(case)["freight-1-1"].role == "SUPERVISOR"
    today.move_to("2026-11-19T17:31:00+08:00")
    watch_deadlines(play.db, clock.now())
    assert due(play, case, "freight-1-1-late") == "MANAGER 11-20 17:30"
    assert not play.documents(case, "FH"), "it precedes dispatch"
    play.decide(case, "freight-1-1-late")
    assert play.finish(case) == "delivered"


def test_a_manager_who_is_silent_about_air_freight_stays_asked(play: Repairs, today: time_machine.Traveller) -> None:
    case = freight(play, AIR)
    today.move_to("2026-11-19T17:31:00+08:00")
    watch_deadlines(play.db, clock.now())
    assert due(play, case, "freight-1-1") == "MANAGER 11-19 17:30"


# repairs and their lists


def to(play: Repairs, key: str, appraised: dict[str, Any] | None = None) -> int:
    """Bring a repair to what comes after its appraisal."""
    case = play.arrived()
    if appraised is not None:
        play.decide(case, "appraise-1", **appraised)
    if key not in play.items(case):
        play.run_to(case, key)
    return case


def objected(play: Repairs) -> int:
    case = to(play, "confirm-1", {"与申报不符": "是", "照片编号": "P"})
    play.decide(case, "confirm-1", 确认意见="有异议", 原因="可以修")
    return case


def failed_three_times(play: Repairs) -> int:
    case = play.arrived()
    for n in (1, 2, 3):
        play.run_to(case, f"inspect-1-{n}")
        play.decide(case, f"inspect-1-{n}", 检验结论="不合格", 原因="有色差")
    return case


def sent(play: Repairs) -> int:
    case = play.reviewed()
    play.decide(play.draw_up(case), "list-1")
    play.hear(case)
    return case


def travelling(play: Repairs) -> int:
    case = play.reviewed()
    play.ship(case)
    return case


WORTHLESS = {"鉴定类别": "一类(不值得修)"}
OF_A_REPAIR: dict[str, tuple[Callable[[Repairs], int], str]] = {
    "shipped-1": (sent, "SYSTEM 11-20 17:30"),
    "arrived-1": (travelling, "SYSTEM 12-02 17:30"),
    "appraise-1": (lambda play: to(play, "appraise-1"), "WORKSHOP 11-25 17:30"),
    "confirm-1": (lambda play: to(play, "confirm-1", {"与申报不符": "是", "照片编号": "P"}), "OFFICE 11-20 17:30"),
    "objection-1": (objected, "QUALITY 11-20 17:30"),
    "scrap-consent-1": (lambda play: to(play, "scrap-consent-1", WORTHLESS), "AGENT 12-04 00:00"),
    "scrap-1": (lambda play: to(play, "scrap-1", WORTHLESS), "SUPERVISOR 11-19 17:30"),
    "plan-1": (lambda play: to(play, "plan-1"), "PLANNER 11-19 17:30"),
    "inspect-1-1": (lambda play: to(play, "inspect-1-1"), "QUALITY 11-19 17:30"),
    "ruling-1-3": (failed_three_times, "SUPERVISOR 11-19 17:30"),
}


@pytest.mark.parametrize("key", OF_A_REPAIR)
def test_each_gate_of_a_repair_has_its_role_and_term(play: Repairs, key: str) -> None:
    brought, said = OF_A_REPAIR[key]
    assert due(play, brought(play), key) == said


def test_each_gate_of_a_list_has_its_role_and_term(play: Repairs, today: time_machine.Traveller) -> None:
    listed = play.draw_up(play.reviewed())
    assert due(play, listed, "list-1") == "OFFICE 11-19 17:30"
    play.decide(listed, "list-1")
    assert due(play, listed, "logistics") == "OFFICE 11-20 17:30"
    play.decide(listed, "logistics", 预计到货="2026-11-19")
    assert due(play, listed, "receive-1") == "WAREHOUSE 11-26 17:30"
    today.move_to("2026-11-26T17:31:00+08:00")
    assert play.time_out(listed, "receive-1").accepted
    assert due(play, listed, "trace-1") == "LOGISTICS 11-30 17:30"


def test_a_parcel_for_which_nobody_files_is_on_its_way_back_within_two_days(
    play: Repairs, today: time_machine.Traveller
) -> None:
    held = play.parcel()
    today.move_to("2026-11-25T17:31:00+08:00")
    assert play.time_out(held, "list-1").accepted
    assert due(play, held, "parcel-back") == "WAREHOUSE 11-27 17:30"


# special orders


def test_a_payment_is_awaited_for_its_term_and_so_is_what_is_given_back(play: Repairs) -> None:
    case = contract(play, "B级")
    assert due(play, case, "deposit-1-1") == "FINANCE 12-02 17:30"
    play.run_to(case, "contract")
    assert due(play, case, "contract") == "SUPERVISOR 11-19 17:30"
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert due(play, case, "give-back") == "FINANCE 11-25 17:30"
    play.finish(case)


# the watch


def test_the_deadline_watch_runs_as_often_as_policy_says_in_working_time(play: Repairs) -> None:
    (watch,) = (one for one in read_deployments() if one.name == "deadline-watch")
    (schedule,) = watch.schedules
    minutes, hours, *days = schedule.cron.split()
    policies = {row.key: row.value for row in play.rows("SELECT key, value FROM policy")}
    begins, ends = (time.fromisoformat(policies[f"work.{end}"]) for end in ("start", "end"))
    assert (schedule.timezone, minutes) == ("Asia/Shanghai", f"*/{policies['watch.every_minutes']}")
    assert (hours, days) == (f"{begins.hour}-{ends.hour}", ["*", "*", "*"])
