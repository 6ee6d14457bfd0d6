"""Settlement and the offices' objections as plain functions: what their pages say, and that they commit."""

import time_machine
from sqlalchemy import Engine

from flows.jobs.hotline_lists import call_check, meeting_pack, suggestion_list
from flows.jobs.house_reports import object_to_evaluation, rule_on_evaluation
from flows.jobs.settlement import confirm_settlement, object_to_settlement, rule_on_settlement, settle_month
from tests.play import Play


def test_a_month_is_settled_objected_to_ruled_on_and_confirmed(
    play: Play, shown: list[str], today: time_machine.Traveller
) -> None:
    assert play.finish(play.apply(1)) == "delivered"
    today.move_to("2026-12-03T09:00:00+08:00")
    assert [settle_month.fn(期间={}).name for _ in range(2)] == ["已完成", "无需办理"]
    assert "北京办事处 BJ" in shown[0]
    form = {"结算月份": "2026-11-30", "结算方": "BJ"}
    objection = form | {"原因": "数量不对", "经办人工号": "E1049"}
    assert [object_to_settlement.fn(异议单=objection).name for _ in range(2)] == ["已登记", "未受理"]
    ruling = form | {"裁定结论": "不同意", "原因": "有签收", "经办人工号": "E1040"}
    assert rule_on_settlement.fn(裁定单=ruling).name == "已裁定"
    confirmation = {"结算月份": "2026-11-30", "经办人工号": "E1047"}
    assert confirm_settlement.fn(确认单=confirmation).name == "未受理"
    assert "2026-12-10" in shown[-1]
    today.move_to("2026-12-11T09:00:00+08:00")
    assert confirm_settlement.fn(确认单=confirmation).name == "已确认"


def test_an_office_objects_to_its_evaluation_and_hears_what_was_decided(play: Play, shown: list[str]) -> None:
    case = play.apply(2)
    play.decide(case, "review-1", 明细={1: {"数量": 2}})
    form = {"单号": play.case(case).number, "评估行号": 1}
    objection = form | {"原因": "写得清楚", "经办人工号": "E1049"}
    assert [object_to_evaluation.fn(异议单=objection).name for _ in range(2)] == ["已登记", "未受理"]
    ruling = form | {"裁定结论": "同意", "经办人工号": "E1040"}
    assert [rule_on_evaluation.fn(裁定单=ruling).name for _ in range(2)] == ["已裁定", "未受理"]


def test_lists_are_shown_when_they_are_due(db: Engine, shown: list[str], today: time_machine.Traveller) -> None:
    for job in (call_check, meeting_pack, suggestion_list):
        assert [job.fn(期间={}).name for _ in range(2)] == ["已完成", "无需办理"]
    assert ["来电记录日检" in shown[0], "周例会材料" in shown[1], "意见建议反馈表" in shown[2]] == [True] * 3
