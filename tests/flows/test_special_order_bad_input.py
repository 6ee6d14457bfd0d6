"""Bad special orders get a message with row, field, value and expected, and leave nothing behind."""

from typing import Any

import pytest

from schemas.problems import BadInput
from schemas.words import Channel, Role
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tests.flows.specials import DOOR, form_of, offered, order
from tests.play import Play

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown part": (
        {"明细": [DOOR | {"品名": "飞机翅膀"}]},
        "第1行 row 1, 配件名称 part: “飞机翅膀” — 不是标准配件名称",
    ),
    "discontinued": ({"明细": [DOOR | {"品名": "P-HW-026"}]}, "已于 2025-09-30 停产"),
    "no quantity": ({"明细": [DOOR | {"数量": 0}]}, "明细.数量: “0” — 应大于 must be greater than 0"),
    "no lines": ({"明细": []}, "至少 1 行"),
    "extra field": ({"明细": [DOOR | {"单价": 5}]}, "没有这个字段，请删除"),
    "wanted yesterday": ({"要求日期": "2026-11-17"}, "要求日期 wanted on: “2026-11-17” — 不能早于今天 2026-11-18"),
    "unknown office": ({"办事处": "火星"}, "没有这个办事处"),
    "somebody of another office": ({"申报人工号": "E1058"}, "须为北京办事处的售后人员"),
    "unknown order without a customer": ({"订单号": "SO-0"}, "销售记录中没有此订单"),
    "too many lines": ({"明细": [DOOR] * 201}, "最多 200 行，请分单申报"),
}


@pytest.mark.parametrize(("changed", "expected"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_order_is_refused_and_leaves_nothing_behind(play: Play, changed: dict[str, Any], expected: str) -> None:
    with pytest.raises(BadInput) as refused:
        open_case(play.db, "SO", form_of(play, **changed), "cli:wrong", Channel.CLI)
    assert expected in str(refused.value)
    for table in ("service_case", "counter", "case_line"):
        assert play.rows(f"SELECT * FROM {table}") == []
    assert play.rows("SELECT * FROM part WHERE made_for IS NOT NULL") == []


@pytest.mark.parametrize("key", ["resubmit-1", "makeable"])
def test_an_order_is_completed_or_changed_in_no_more_lines_than_a_form_may_have(play: Play, key: str) -> None:
    case = order(play)
    if key == "resubmit-1":
        play.decide(case, "review-1", 初审结论="退回办事处", 原因="缺一行")
    said = {} if key == "resubmit-1" else {"生产结论": "改动后可生产", "原因": "分开做"}
    play.run_to(case, key)
    told = play.refused(case, key, 明细=[DOOR] * 201, **said)
    assert "明细 lines: “201” — 最多 200 行" in told
    play.decide(case, key, 明细=[DOOR] * 200, **said)


def test_an_order_of_a_sheet_keeps_its_many_lines_when_it_is_completed(play: Play) -> None:
    case = open_case(play.db, "SO", form_of(play, *[DOOR] * 201), "cli:many", Channel.SHEET).case_id
    advance(play.db, case)
    play.decide(case, "review-1", 初审结论="退回办事处", 原因="缺图号")
    assert "最多 201 行" in play.refused(case, "resubmit-1", 明细=[DOOR] * 202)
    play.decide(case, "resubmit-1")
    assert len(play.lines(case)) == 201


def test_an_item_of_another_special_order_cannot_be_ordered(play: Play) -> None:
    case = order(play)
    with pytest.raises(BadInput, match="不是标准配件名称或编码"):
        open_case(play.db, "SO", form_of(play, DOOR | {"品名": f"TZ{case}-1"}), "cli:other", Channel.CLI)


def test_a_proposal_prices_each_line_once_and_above_nothing(play: Play) -> None:
    case = order(play, DOOR, DOOR)
    play.run_to(case, "proposal-1")
    row = {"行号": 1, "单价": 10, "周期天数": 5}
    assert "缺少此行" in play.refused(case, "proposal-1", 明细=[row])
    assert "重复 is listed twice" in play.refused(case, "proposal-1", 明细=[row, row, row | {"行号": 2}])
    assert "应大于 0" in play.refused(case, "proposal-1", 明细=[row, {"行号": 2, "单价": 0, "周期天数": 5}])
    assert "应不大于" in play.refused(case, "proposal-1", 明细=[row, {"行号": 2, "单价": 1, "周期天数": 999}])


def test_consent_is_signed_on_a_day_between_the_offer_and_today(play: Play) -> None:
    case = offered(play, order(play))
    for day in ("2026-11-17", "2026-11-19"):
        assert "应在报价日 2026-11-18 与今天" in play.refused(case, "offer-1", 答复="同意报价", 签字日期=day)
    assert "不同意时必填" in play.refused(case, "offer-1", 答复="不同意报价")


def test_nobody_approves_an_own_order(play: Play) -> None:
    applicant = play.holders(Role.OFFICE, "BJ")[0]
    play.grant(applicant, Role.PARTS_REVIEWER)
    case = order(play)
    assert "不能审批" in play.refused(case, "review-1", staff=applicant, 初审结论="通过")
