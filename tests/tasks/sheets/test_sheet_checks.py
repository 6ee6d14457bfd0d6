"""Great Expectations at work: what must be true of each sheet kind, what goes back and why, the page of a check."""

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine

from schemas.expectations import expectations
from schemas.forms.fields import Register
from schemas.sheet_kinds import SheetKind, sheet_kind, sheet_kinds
from tasks.sheets.cells import Fault, Formula
from tasks.sheets.checks import Checked, check_rows
from tasks.sheets.forms import all_rows
from tasks.sheets.outcome import Became
from tests.tasks.sheets.workbooks import rows_of

APPLICATIONS = sheet_kind("applications")

GOODS_IN, REVIEW = sheet_kind("goods-in"), sheet_kind("review")
KNOWN = {
    Register.CASE: {"PA-2026-000001", "PA-2026-000002"},
    Register.STAFF: {"E1016", "E1001"},
    Register.OFFICE: {"BJ"},
}
COUNTED: dict[str, Any] = {
    "单号": "PA-2026-000001",
    "步骤": None,
    "日期": datetime(2026, 11, 17),
    "流水号": None,
    "经办人工号": "E1016",
    "行号": 1,
    "实收数量": 4,
    "差异原因": None,
}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        yield


def check(kind: SheetKind, *rows: dict[str, Any]) -> Checked:
    return check_rows(kind, rows_of(kind, *rows), KNOWN)


def back(checked: Checked) -> dict[int, str]:
    return {o.no: o.reason for o in checked.outcomes if o.became is Became.REJECTED}


def going(checked: Checked) -> list[int]:
    return [row.no for row in all_rows(checked.accepted)]


def test_right_rows_go_on_and_every_sentence_is_told() -> None:
    checked = check(GOODS_IN, COUNTED, COUNTED | {"行号": 2, "日期": "11月17日", "实收数量": "1,200.5"})
    assert (going(checked), checked.outcomes) == ([2, 3], [])
    assert set(checked.findings.values()) == {0}
    told = "\n".join(checked.findings)
    for sentence in (
        "每行都有单号",
        "单号形如 PA-2026-000123",
        "单号是已有的单据",
        "日期不晚于今天（2026-11-18）",
        "经办人工号是在职员工",
        "行号是正整数",
        "实收数量是不小于 0 的数",
    ):
        assert sentence in told


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"单号": None}, "单号: “” — 要求 required: 每行都有单号"),
        ({"单号": "配件一"}, "单号: “配件一” — 要求 required: 单号形如 PA-2026-000123"),
        ({"单号": "PA-2026-000009"}, "单号: “PA-2026-000009” — 要求 required: 单号是已有的单据"),
        ({"日期": datetime(2026, 11, 19)}, "日期不晚于今天（2026-11-18）"),
        ({"日期": None}, "每行都有日期"),
        ({"日期": "昨天"}, "日期: “昨天” — 应为日期"),
        ({"经办人工号": "E9"}, "经办人工号: “E9” — 要求 required: 经办人工号是在职员工"),
        ({"行号": 0}, "行号: “0” — 要求 required: 行号是正整数"),
        ({"行号": 1.5}, "行号是正整数"),
        ({"实收数量": -3}, "实收数量: “-3” — 要求 required: 实收数量是不小于 0 的数，最多两位小数"),
        ({"实收数量": 1.125}, "最多两位小数"),
        ({"实收数量": "四"}, "实收数量: “四” — 应为数字"),
        ({"实收数量": None}, "每行都有实收数量"),
        ({"实收数量": Formula("=1+1")}, "不能使用公式"),
        ({"差异原因": Fault("#N/A")}, "单元格有错误"),
        ({"差异原因": "长" * 2001}, "差异原因不超过 2000 个字符"),
    ],
)
def test_a_wrong_row_goes_back_with_its_sentence_and_the_others_go_on(wrong: dict[str, Any], why: str) -> None:
    checked = check(GOODS_IN, COUNTED | {"单号": "PA-2026-000002"}, COUNTED | wrong)
    assert going(checked) == [2]
    assert list(back(checked)) == [3]
    assert why in back(checked)[3]
    assert sum(checked.findings.values()) >= 1


def test_each_cell_is_told_of_once() -> None:
    checked = check(GOODS_IN, COUNTED | {"单号": "x", "实收数量": "四", "经办人工号": "E9"})
    assert [line.split(":")[0] for line in back(checked)[2].splitlines()] == ["实收数量", "单号", "经办人工号"]


def test_a_form_with_a_wrong_row_goes_back_whole() -> None:
    checked = check(GOODS_IN, COUNTED, COUNTED | {"行号": 2, "实收数量": "四"}, COUNTED | {"单号": "PA-2026-000002"})
    assert going(checked) == [4]
    assert "第 3 行有误，整份退回" in back(checked)[2]


def test_what_belongs_to_the_whole_form_may_stand_in_one_of_its_rows() -> None:
    rows = COUNTED, COUNTED | {"行号": 2, "经办人工号": None}
    assert going(check(GOODS_IN, *rows)) == [2, 3]
    unsigned = [row | {"经办人工号": None} for row in rows]
    assert "每份都有经办人工号" in back(check(GOODS_IN, *unsigned))[2]


def test_what_belongs_to_the_whole_form_is_told_where_it_stands() -> None:
    told = back(check(GOODS_IN, COUNTED | {"行号": 2, "经办人工号": None}, COUNTED | {"经办人工号": "E9999"}))
    assert "经办人工号: “E9999” — 要求 required: 经办人工号是在职员工" in told[3]
    assert "同一份的第 3 行有误" in told[2]
    assert "经办人工号" not in told[2]


def test_what_was_not_decided_yet_is_left_out_before_the_checks() -> None:
    waiting = {"单号": "PA-2026-000001", "步骤": "review-1", "审核结论": None, "经办人工号": None}
    decided = waiting | {"单号": "PA-2026-000002", "审核结论": "通过", "经办人工号": "E1001"}
    checked = check(REVIEW, waiting, decided)
    assert going(checked) == [3]
    assert [outcome.became for outcome in checked.outcomes] == [Became.SKIPPED]


def test_words_of_a_list_are_taken_as_the_form_takes_them() -> None:
    signed = {"单号": "PA-2026-000001", "经办人工号": "E1001"}
    spelt = ("通过", "approve", "通过 approve")
    assert going(check(REVIEW, *(signed | {"审核结论": word} for word in spelt))) == [2, 3, 4]
    assert "审核结论是 通过、" in back(check(REVIEW, signed | {"审核结论": "同意吧"}))[2]


def test_numbers_of_the_sheet_name_the_rows() -> None:
    cells = {no: COUNTED | {"行号": no} for no in (7, 40, 1000)}
    cells[40]["实收数量"] = -1
    checked = check_rows(GOODS_IN, rows_of(GOODS_IN, *cells.values(), numbers=list(cells)), KNOWN)
    assert [outcome.no for outcome in checked.outcomes if outcome.problems[0].field == "实收数量"] == [40]


def test_an_application_may_leave_out_what_its_other_rows_say() -> None:
    whole = {
        "申报单号": "A-1",
        "办事处": "BJ",
        "申报人工号": "E1001",
        "订单号": "SO-1",
        "配件名称": "铰链",
        "数量": 4,
        "原因": "质量问题",
    }
    line = {
        "申报单号": "A-1",
        "办事处": None,
        "申报人工号": None,
        "订单号": None,
        "配件名称": "拉手",
        "数量": 0,
        "原因": "质量问题",
    }
    assert going(check(APPLICATIONS, whole, line | {"数量": 1})) == [2, 3]
    checked = check(APPLICATIONS, whole, line)
    assert "数量是大于 0 的数" in back(checked)[3]
    assert "整份退回" in back(checked)[2]


@pytest.mark.parametrize("kind", sheet_kinds().values(), ids=list(sheet_kinds()))
def test_every_kind_has_a_suite_of_sentences(kind: SheetKind) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        suite = expectations(kind, kind.columns, date(2026, 11, 18))
    sentences = [one.description for one in suite]
    assert len(set(sentences)) == len(sentences) > 3
    assert all(re.search("[\u4e00-\u9fff].* [a-z]", sentence) for sentence in sentences)
    assert f"每行都有{kind.key.heading}" in "\n".join(sentences)


def test_the_page_stands_alone_and_harms_nobody() -> None:
    page = check(GOODS_IN, COUNTED, COUNTED | {"实收数量": "<script>alert(1)</script>"}).page
    assert "实收数量是不小于 0 的数" in page
    assert "‹script›alert(1)‹/script›" in page
    assert not re.search(r"<script|https?://|<img|<link|<a\b", page)
