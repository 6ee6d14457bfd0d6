"""What customers say goes to the unit, and what is below target is corrected (S3 §8 5.9, 5.10)."""

from typing import Any
from uuid import uuid4

import pytest

import flows.corrective_action  # noqa: F401  registers process JC
from schemas.problems import BadInput
from schemas.words import Channel
from tasks.durable import clock
from tasks.durable.opening import open_case
from tasks.notices.watch import watch_deadlines
from tests.play import Play, open_to_gate

SUPERVISOR, MANAGER, UNIT = "E1040", "E1043", "E1032"


def note(**fields: Any) -> dict[str, Any]:
    """Fill in what a unit is told."""
    told = {
        "办事处": "BJ",
        "申报人工号": SUPERVISOR,
        "责任单位": "板式车间",
        "通报事由": "满意率 60%",
        "要求整改": "是",
    }
    lines = [{"评价项目": "服务", "评价结果": "不满意 2"}]
    return told | {"整改期限": "2026-12-02", "明细": lines} | fields


def below(play: Play, **fields: Any) -> int:
    """Tell a unit that it is below target; gives the case."""
    return open_to_gate(play.db, note(**fields), "JC").case_id


def refused(play: Play, **fields: Any) -> str:
    with pytest.raises(BadInput) as wrong:
        open_case(play.db, "JC", note(**fields), f"cli:{uuid4()}", Channel.CLI)
    return str(wrong.value)


def test_a_unit_below_target_is_criticised_plans_does_it_and_is_verified_by_quality_and_agent(play: Play) -> None:
    """Below: 通报批评 and a date for 限期整改; corrective-action request to the unit, followed by QUALITY and AGENT."""
    case = below(play)
    (letter,) = play.documents(case, "LL")
    assert letter.content["production_unit"] == "板式车间 PANEL"
    assert "通报批评，限 2026-12-02 前整改" in letter.content["remark"]
    item = play.items(case)["plan-1"]
    assert (item.role, item.unit, str(item.due_at)[:10]) == ("RESPONSIBLE_UNIT", "PANEL", "2026-11-23")
    asked = list[tuple[str, str]]()
    while items := play.items(case):
        key = next(iter(items))
        asked.append((key, items[key].role))
        play.decide(case, key)
    assert asked == [
        ("plan-1", "RESPONSIBLE_UNIT"),
        ("review-1", "MANAGER"),
        ("done-1", "RESPONSIBLE_UNIT"),
        ("verify-quality-1", "QUALITY"),
        ("verify-agent-1", "AGENT"),
    ]
    assert play.case(case).ending == "improved"


def test_a_unit_at_target_is_commended(play: Play) -> None:
    case = below(play, 要求整改="否", 整改期限="")
    assert play.case(case).ending == "commended"
    assert "表彰" in play.documents(case, "LL")[0].content["remark"]
    assert any("commended" in row.text for row in play.rows("SELECT text FROM notice WHERE role = 'MANAGER'"))


@pytest.mark.parametrize("at", ["review-1", "verify-quality-1", "verify-agent-1"])
def test_what_does_not_help_is_planned_anew(play: Play, at: str) -> None:
    case = below(play)
    play.run_to(case, at)
    no = {"审批结论": "不同意", "原因": "不具体"} if at == "review-1" else {"检验结论": "不合格", "原因": "仍有投诉"}
    play.decide(case, at, **no)
    assert list(play.items(case)) == ["plan-2"]
    assert play.finish(case) == "improved"


def test_the_departments_own_is_corrected_by_the_supervisor(play: Play) -> None:
    case = below(play, 责任单位="")
    assert play.documents(case, "LL")[0].content["production_unit"] == "本部门 the department itself"
    assert play.items(case)["plan-1"].role == "SUPERVISOR"
    play.decide(case, "plan-1", "E1041")
    assert play.finish(case) == "improved"


def test_a_plan_is_done_by_the_day_that_was_set(play: Play) -> None:
    case = below(play)
    assert "应从今天到" in play.refused(case, "plan-1", 完成期限="2026-12-03")
    assert "应从今天到" in play.refused(case, "plan-1", 完成期限="2026-11-17")
    play.decide(case, "plan-1", 完成期限="2026-12-02")


def test_who_is_late_is_reminded_and_the_supervisor_hears_of_it(play: Play, today: Any) -> None:
    case = below(play)
    play.decide(case, "plan-1", 完成期限="2026-11-20")
    play.decide(case, "review-1")
    today.move_to("2026-11-26T18:00:00+08:00")
    watch_deadlines(play.db, clock.now())
    told = play.rows("SELECT role FROM notice WHERE case_id = :c AND step_key = 'done-1'", c=case)
    assert {row.role for row in told} == {"RESPONSIBLE_UNIT", "SUPERVISOR"}
    assert play.finish(case) == "improved"


def test_the_unit_does_not_verify_its_own_correction(play: Play) -> None:
    from schemas.words import Role

    play.grant(UNIT, Role.QUALITY)
    case = below(play)
    play.decide(case, "plan-1", UNIT)
    play.run_to(case, "verify-quality-1")
    assert "不能审批" in play.refused(case, "verify-quality-1", UNIT)


def test_a_supervisor_takes_it_back(play: Play) -> None:
    case = below(play)
    assert play.withdraw(case, SUPERVISOR).accepted
    assert play.case(case).ending == "withdrawn"


def test_bad_input_is_named_field_by_field(play: Play) -> None:
    assert "须为客服主管" in refused(play, 申报人工号="E1025")
    assert "没有这位在职员工" in refused(play, 申报人工号="E9999")
    assert "没有这个办事处" in refused(play, 办事处="火星")
    assert "must be a unit" in refused(play, 责任单位="板车间")
    assert "整改期限" in refused(play, 整改期限="")
    assert "整改期限" in refused(play, 整改期限="2026-11-17")
