"""Bad input gets a message with row, field, value and expected; nothing changes and the case goes on."""

from typing import Any
from uuid import uuid4

import pytest

from schemas.problems import BadInput
from schemas.words import Channel
from tasks.durable.opening import open_case
from tests.play import Play, line


def open_with(play: Play, form: dict[str, Any], channel: Channel = Channel.CLI) -> str:
    """Send an application that must be refused and leave nothing behind; gives the message."""
    before = count(play)
    with pytest.raises(BadInput) as refused:
        open_case(play.db, "PA", form, f"cli:{uuid4()}", channel)
    assert count(play) == before
    return str(refused.value)


def count(play: Play) -> list[Any]:
    """Count what an application makes; a number that was drawn counts too."""
    return [play.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("service_case", "case_line", "ledger")] + [
        tuple(row) for row in play.rows("SELECT * FROM counter")
    ]


WRONG_LINES: dict[str, tuple[dict[str, Any], str]] = {
    "no quantity": ({"数量": 0}, "第2行 row 2, 明细.数量: “0” — 应大于 must be greater than 0"),
    "negative": ({"数量": -1}, "第2行 row 2, 明细.数量: “-1” — 应大于 must be greater than 0"),
    "three decimals": ({"数量": "1.234"}, "第2行 row 2, 明细.数量: “1.234” — 最多 2 位小数 at most 2 decimals"),
    "three decimals as a number": (
        {"数量": 1.234},
        "第2行 row 2, 明细.数量: “1.234” — 最多 2 位小数 at most 2 decimals",
    ),
    "a word": ({"数量": "三"}, "第2行 row 2, 明细.数量: “三” — 应为数字 must be a number"),
    "not a number": ({"数量": "NaN"}, "第2行 row 2, 明细.数量: “NaN” — 应为数字 must be a number"),
    "infinite": ({"数量": float("inf")}, "第2行 row 2, 明细.数量: “inf” — 应为数字 must be a number"),
    "too large": ({"数量": 10**12}, "第2行 row 2, 明细.数量: “1000000000000” — 数字过大 the number is too large"),
    "empty quantity": ({"数量": ""}, "第2行 row 2, 明细.数量: “” — 应为数字 must be a number"),
    "null": ({"数量": None}, "第2行 row 2, 明细.数量: “None” — 应为数字 must be a number"),
    "unknown reason": ({"原因": "坏了"}, "第2行 row 2, 明细.原因: “坏了” — 应为 expected one of: 质量问题 quality"),
    "no part": ({"配件名称": ""}, "第2行 row 2, 明细.配件名称: “” — 必填 is required"),
    "unknown part": ({"配件名称": "飞机翅膀"}, "第2行 row 2, 配件名称 part: “飞机翅膀” — 不是标准配件名称或编码"),
    "discontinued": (
        {"配件名称": "P-HW-026"},
        "第2行 row 2, 配件名称 part: “P-HW-026” — 已于 2025-09-30 停产 was discontinued on",
    ),
    "twin line": ({"配件名称": "铰链(全盖110°)"}, "第2行 row 2, 配件名称 part: “铰链(全盖110°)” — 与第1行重复"),
    "long name": ({"配件名称": "门" * 81}, "最多 80 个字符 at most 80 characters"),
    "control character": ({"配件名称": "P-PB\x07-001"}, "含有控制字符 contains control characters U+0007"),
    "writing direction": (
        {"颜色": "白\u202e色"},
        "第2行 row 2, 明细.颜色: “白\\u202e色” — 含有控制字符 contains control characters U+202E",
    ),
    "20,000 characters": ({"规格": "长" * 20_000}, "第2行 row 2, 明细.规格: “长长"),
    "extra field": ({"单价": 5}, "第2行 row 2, 明细.单价: “5” — 没有这个字段，请删除"),
}


def test_a_wrong_line_is_named(play: Play, subtests: pytest.Subtests) -> None:
    form = play.form([line("P-HW-001", 1), line("P-PB-001", 2)])
    for name, (change, told) in WRONG_LINES.items():
        with subtests.test(name):
            good, bad = form["明细"]
            assert told in open_with(play, form | {"明细": [good, bad | change]})
    assert play.apply([line("P-HW-001", 1)], 订单号=form["订单号"])


WRONG_APPLICATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown office": ({"办事处": "XX"}, "办事处 office: “XX” — 没有这个办事处，请填编码或全称"),
    "no office": ({"办事处": ""}, "办事处: “” — 必填 is required"),
    "unknown staff": ({"申报人工号": "E9999"}, "申报人工号 applicant: “E9999” — 没有这位在职员工"),
    "staff of another office": (
        {"申报人工号": "E1052"},
        "申报人工号 applicant: “E1052 申月华” — 须为北京办事处的售后人员",
    ),
    "not of an office": (
        {"申报人工号": "E1001"},
        "申报人工号 applicant: “E1001 苏静怡” — 须为北京办事处的售后人员 must hold OFFICE at BJ",
    ),
    "left": ({"申报人工号": "E1068", "办事处": "SH"}, "申报人工号 applicant: “E1068” — 没有这位在职员工"),
    "unknown order": (
        {"订单号": "SO-0"},
        "订单号 order: “SO-0” — 销售记录中没有此订单；请核对，或填写客户姓名、电话、地址",
    ),
    "unknown urgency": ({"紧急程度": "火急"}, "紧急程度: “火急” — 应为 expected one of: 普通 normal / 加急 urgent"),
    "tomorrow": (
        {"发现日期": "2026-11-19"},
        "发现日期 found on: “2026-11-19” — 不能晚于今天 2026-11-18 must not be after today",
    ),
    "not a date": ({"发现日期": "18/11/2026"}, "发现日期: “18/11/2026” — 应为日期 must be a date such as"),
    "no such day": ({"发现日期": "2026-02-30"}, "发现日期: “2026-02-30” — 应为日期"),
    "20,000 characters": ({"备注": "说" * 20_000}, "最多 2000 个字符 at most 2000 characters"),
    "NUL": ({"备注": "完\x00毕"}, "备注: “完\\u0000毕” — 含有控制字符 contains control characters U+0000，请删除"),
    "escape": ({"客户电话": "138\x1b[31m"}, "客户电话: “138\\u001b[31m” — 含有控制字符"),
    "no lines": ({"明细": []}, "明细: “0 行 lines” — 至少 1 行 at least 1 line"),
    "lines as text": ({"明细": "P-HW-001"}, "明细: “P-HW-001” — 应为列表 must be a list"),
    "line as text": (
        {"明细": ["P-HW-001"]},
        "第1行 row 1, 明细: “P-HW-001” — 应为表单 must be a form with named fields",
    ),
    "extra field": ({"折扣": 1}, "折扣: “1” — 没有这个字段，请删除 is not a field of this form"),
}


def test_a_wrong_application_is_named(play: Play, subtests: pytest.Subtests) -> None:
    form = play.form(lines=1)
    for name, (change, told) in WRONG_APPLICATIONS.items():
        with subtests.test(name):
            assert told in open_with(play, form | change)


@pytest.mark.parametrize("missing", ["办事处", "申报人工号", "订单号", "明细"])
def test_a_missing_field_is_named(play: Play, missing: str) -> None:
    form = play.form(lines=1)
    del form[missing]
    assert open_with(play, form) == f"{missing}: “” — 必填 is required"


def test_all_problems_are_told_at_once(play: Play) -> None:
    form = play.form([line("飞机翅膀"), line("P-HW-001"), line("P-HW-001")], 办事处="XX", 发现日期="2027-01-01")
    assert [problem.split(":")[0] for problem in open_with(play, form).splitlines()] == [
        "办事处 office",
        "第1行 row 1, 配件名称 part",
        "第3行 row 3, 配件名称 part",
        "发现日期 found on",
    ]


def test_an_open_line_is_not_applied_for_again(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)])
    row = play.case(case)
    form = play.form([line("P-PB-001"), line("铰链(全盖110°)")], 订单号=row.order_no)
    told = f"第2行 row 2, 配件名称 part: “铰链(全盖110°)” — {row.number} 已申报"
    assert told in open_with(play, form)
    assert play.apply([line("P-HW-001", 1, "缺件")], 订单号=row.order_no), "another reason is another line"
    assert play.finish(case) == "delivered"
    assert play.apply([line("P-HW-001", 1)], 订单号=row.order_no)


@pytest.mark.parametrize(
    ("channel", "lines", "most"),
    [(Channel.PREFECT, 201, 200), (Channel.CLI, 10_000, 200), (Channel.SHEET, 10_000, 5000)],
)
def test_too_many_lines_are_refused(play: Play, channel: Channel, lines: int, most: int) -> None:
    form = play.form([line("P-HW-001")] * lines)
    told = open_with(play, form, channel)
    assert told == f"明细 lines: “{lines}” — 最多 {most} 行，请分单申报 at most {most} lines, split the application"


def test_people_s_ways_of_writing_are_understood(play: Play) -> None:
    lines = [
        {"配件名称": " p-hw-001 ", "数量": "1,200", "原因": "quality"},
        {"配件名称": "P-HW-002", "数量": "１２", "原因": "缺件 missing"},
        {"配件名称": "P-HW-003", "数量": 3.0, "原因": "质量问题"},
    ]
    case = play.apply(lines, 办事处="北京办事处")
    assert [(row.part, row.quantity) for row in play.lines(case)] == [
        ("P-HW-001", 1200),
        ("P-HW-002", 12),
        ("P-HW-003", 3),
    ]
    assert play.case(case).office == "BJ"


def test_a_comma_that_parts_no_thousands_is_refused_with_its_row_and_both_readings(play: Play) -> None:
    told = open_with(play, play.form([line("P-HW-001"), line("P-HW-002", "1,5")]), Channel.PREFECT)
    assert told.startswith("第2行 row 2, 明细.数量: “1,5” — ")
    assert "1.5 或 15" in told


def test_an_order_that_is_not_ours_needs_its_customer(play: Play) -> None:
    case = play.apply(lines=1, 订单号="X-1", 客户姓名="凌霄", 客户电话="13800009999", 客户地址="松涛里9栋")
    assert play.case(case).customer_name == "凌霄"
    assert play.finish(case) == "delivered"


# decisions


WRONG_DECISIONS: dict[str, tuple[dict[str, Any], str]] = {
    "empty form": ({}, "经办人工号: “” — 必填 is required\n审核结论: “” — 必填 is required"),
    "no verdict": ({"经办人工号": "E1001"}, "审核结论: “” — 必填 is required"),
    "nobody": ({"审核结论": "通过"}, "经办人工号: “” — 必填 is required"),
    "blank staff": ({"经办人工号": "", "审核结论": "通过"}, "经办人工号: “” — 必填 is required"),
    "blank verdict": (
        {"经办人工号": "E1001", "审核结论": ""},
        "审核结论: “” — 应为 expected one of: 通过 approve / 退回办事处",
    ),
    "extra field": ({"经办人工号": "E1001", "审核结论": "通过", "金额": 1}, "金额: “1” — 没有这个字段，请删除"),
    "unknown staff": ({"经办人工号": "E9999", "审核结论": "通过"}, "经办人工号 staff: “E9999” — 没有这位在职员工"),
    "left": ({"经办人工号": "E1068", "审核结论": "通过"}, "经办人工号 staff: “E1068” — 没有这位在职员工"),
    "without the role": (
        {"经办人工号": "E1004", "审核结论": "通过"},
        "“E1004 贺云峰” — 需要配件审核员的权限 must hold PARTS_REVIEWER",
    ),
    "the applicant": ({"经办人工号": "E1049", "审核结论": "通过"}, "“E1049 常北辰” — 需要配件审核员的权限"),
    "as the system": ({"经办人工号": "SYSTEM", "审核结论": "通过"}, "“SYSTEM” — 没有这位在职员工"),
    "NUL in the number": ({"经办人工号": "E\x00", "审核结论": "通过"}, "经办人工号: “E\\u0000” — 含有控制字符"),
    "half a character": ({"经办人工号": "E\ud800", "审核结论": "通过"}, "经办人工号: “E\\ud800” — 含有控制字符"),
    "NUL as verdict": ({"经办人工号": "E1001", "审核结论": "\x00"}, "审核结论: “\\u0000” — 应为 expected one of"),
    "NUL as a field": (
        {"经办人工号": "E1001", "审核结论": "通过", "\x00": "\x00"},
        "\\u0000: “\\u0000” — 没有这个字段",
    ),
    "two names": ({"经办人工号": "E1049", "staff": "E1001", "审核结论": "通过"}, "staff: “E1001” — 没有这个字段"),
    "refused without a reason": ({"经办人工号": "E1001", "审核结论": "驳回"}, "原因 reason: “” — 退回或驳回时必填"),
    "blank reason": (
        {"经办人工号": "E1001", "审核结论": "退回办事处", "原因": " "},
        "原因 reason: “” — 退回或驳回时必填",
    ),
    "NUL in the reason": (
        {"经办人工号": "E1001", "审核结论": "驳回", "原因": "不\x00行"},
        "原因: “不\\u0000行” — 含有控制字符",
    ),
    "20,000 characters": (
        {"经办人工号": "E1001", "审核结论": "驳回", "原因": "不" * 20_000},
        "最多 2000 个字符 at most 2000 characters",
    ),
}


def test_a_wrong_decision_changes_nothing(play: Play, subtests: pytest.Subtests) -> None:
    case = play.apply(lines=2)
    for name, (data, told) in WRONG_DECISIONS.items():
        with subtests.test(name):
            assert told in play.refused_form(case, "review-1", data)
    play.decide(case, "review-1")


WRONG_CORRECTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"配件名称": "飞机翅膀"}, "第1行 row 1, 配件名称 part: “飞机翅膀” — 不是标准配件名称或编码"),
    "discontinued": ({"配件名称": "P-HW-026"}, "第1行 row 1, 配件名称 part: “P-HW-026” — 已于 2025-09-30 停产"),
    "twin": ({"配件名称": "P-PB-001"}, "配件名称 part: “柜门板(左)” — 与 行号 line 1 重复"),
    "zero": ({"数量": 0}, "第1行 row 1, 明细.数量: “0” — 应大于 must be greater than 0"),
    "decimals": ({"数量": "0.001"}, "第1行 row 1, 明细.数量: “0.001” — 最多 2 位小数"),
    "negative price": ({"单价": -1}, "第1行 row 1, 明细.单价: “-1” — 应不小于 must be at least 0"),
    "no line": ({"行号": 9}, "第1行 row 1, 行号 line: “9” — 应为 must be one of 1, 2"),
    "line zero": ({"行号": 0}, "第1行 row 1, 明细.行号: “0” — 应不小于 must be at least 1"),
    "a word": ({"行号": "一"}, "第1行 row 1, 明细.行号: “一” — 应为整数 must be a whole number"),
}


def test_a_wrong_correction_changes_nothing(play: Play, subtests: pytest.Subtests) -> None:
    case = play.apply([line("P-HW-001", 1, "缺件"), line("P-PB-001", 1, "缺件")])
    right = {"行号": 1, "配件名称": "P-HW-001", "数量": 1, "单价": 9.2}
    for name, (change, told) in WRONG_CORRECTIONS.items():
        with subtests.test(name):
            assert told in play.refused(case, "review-1", 明细=[right | change])
    play.decide(case, "review-1", 明细=[right])


def test_a_correction_may_not_repeat_a_line_of_another_case(play: Play) -> None:
    other = play.apply([line("P-HW-001", 1)])
    row = play.case(other)
    case = play.apply([line("P-HW-002", 1)], 订单号=row.order_no)
    corrected = [{"行号": 1, "配件名称": "P-HW-001", "数量": 1, "单价": 9.2}]
    assert row.number in play.refused(case, "review-1", 明细=corrected)
    assert play.finish(case) == "delivered"


def test_a_wrong_resubmission_changes_nothing(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)])
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="补充")
    twice = [line("P-HW-001", 1), line("P-HW-001", 2)]
    assert "第2行 row 2, 配件名称 part: “P-HW-001” — 与第1行重复" in play.refused(case, "resubmit-1", 明细=twice)
    assert "至少 1 行" in play.refused(case, "resubmit-1", 明细=[])
    assert "OFFICE" in play.refused(case, "resubmit-1", staff="E1052")
    assert "最多 200 行" in play.refused(case, "resubmit-1", 明细=[line("P-HW-001")] * 201)
    assert play.finish(case) == "delivered"


def test_beyond_the_own_authority_the_next_rung_is_asked(play: Play) -> None:
    case = play.apply([line("P-PB-001", 10)])
    play.decide(case, "review-1", staff="E1001")
    assert play.items(case)["approve-1-1"].role == "SUPERVISOR"
    assert "SUPERVISOR" in play.refused(case, "approve-1-1", staff="E1002")
    assert play.finish(case) == "delivered"


def test_a_decided_gate_and_a_closed_case_are_not_decided_again(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)])
    approve = {"经办人工号": "E1001", "审核结论": "通过"}
    assert "这一步现在不需要办理" in play.refused_form(case, "plan-1", {"经办人工号": "E1004"})
    play.send(case, "review-1", approve)
    assert "已由 E1001 于 2026-11-18 10:00 办理" in play.refused_form(
        case, "review-1", approve | {"经办人工号": "E1002"}
    )
    play.finish(case)
    assert "本单已结案 the case is closed" in play.refused_form(case, "review-2", approve)
    assert "已由 E1001" in play.refused_form(case, "review-1", approve)
    refused = play.rows("SELECT actor, reason FROM decision WHERE NOT accepted ORDER BY id")
    assert [row.actor for row in refused] == ["E1004", "E1002", "E1001", "E1001"]
    assert all(row.reason for row in refused)


def test_a_gate_refuses_as_often_as_needed_and_counts(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)])
    for _ in range(3):
        play.refused_form(case, "review-1", {})
    item = play.items(case)["review-1"]
    assert item.refusals == 3
    assert "必填 is required" in item.refused_because
    play.decide(case, "review-1")
    assert play.finish(case) == "delivered"
