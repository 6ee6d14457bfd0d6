"""Marks and origins stay what they were: a row or request that was taken before is known when it is sent again.

The literals were computed when a kind came, of PA's when sheet kinds were written out by hand; they never change.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine

from schemas.sheet_kinds import sheet_kind, sheet_kinds
from tasks.sheets.apply import origin_of
from tasks.sheets.forms import fill_in, forms_of, mark_rows
from tests.flows.specials import DOOR
from tests.tasks.sheets import call_rows, complaint_rows, corrective_rows, keeping_rows, repair_rows, return_rows
from tests.tasks.sheets.workbooks import rows_of

CASE, ORDER, CONTROL = {"单号": "PA-2026-000007"}, {"单号": "SO-2026-000007"}, {"单号": "CY-2026-000007"}
ROWS: dict[str, list[dict[str, Any]]] = {
    "review": [
        {"单号": "pa-2026-000007", "步骤": "review-1", "审核结论": "通过", "经办人工号": "E1001", "费用类别": "收费"}
        | {"行号": 1, "配件名称": "铰链(全盖110°)", "数量": "１,200.50", "单价": 12.5},
        CASE | {"行号": 2, "配件名称": "P-PB-001", "数量": 3, "单价": "1,008.80"},
    ],
    "resubmit": [
        CASE
        | {"步骤": "resubmit-1", "经办人工号": "E1049", "配件名称": "P-HW-001", "数量": 4, "原因": "质量问题"}
        | {"规格": "大", "颜色": "白", "备注": "急用"}
    ],
    "approval": [CASE | {"审批结论": "同意", "经办人工号": "E1040", "原因": ""}] * 2,
    "cycle": [CASE | {"经办人工号": "E1004", "行号": 1, "周期天数": 7.0}],
    "plan": [
        CASE
        | {"步骤": "plan-1", "经办人工号": "E1004", "行号": 1, "来源": "本厂生产", "生产单位": "板式车间"}
        | {"计划日期": "2026/5/20", "延期原因": "缺料"}
    ],
    "production": [
        CASE
        | {"日期": "11月5日", "流水号": " ２ ", "经办人工号": "E1007", "行号": 1}
        | {"完成数量": 3, "报废数量": 0, "异常说明": "开裂"}
    ],
    "goods-in": [
        CASE
        | {"步骤": "goods-in-1-1", "日期": date(2026, 11, 17), "经办人工号": "E1016", "行号": 1}
        | {"实收数量": 3, "差异原因": "少一件"}
    ],
    "goods-out": [
        CASE
        | {"日期": 20261105, "经办人工号": "E1016", "运输方式": "快递", "承运商": "中通快递", "运费": 86, "件数": 1}
        | {"运单号": 754000000001, "备注": "轻放"}
    ],
    "release": [CASE | {"放行结论": "先行放行", "经办人工号": "E1040", "原因": "客户急用"}],
    "pickup": [
        CASE
        | {"经办人工号": "E1049", "到货日期": date(2026, 11, 17), "核对结果": "短少", "行号": 1, "完好数量": 4}
        | {"照片编号": "P1", "说明": "少一件"}
    ],
    "check": [
        CASE | {"经办人工号": "E1049", "核对结果": "货单相符", "行号": 1, "完好数量": 4, "照片编号": "", "说明": ""}
    ],
    "anomaly-review": [CASE | {"步骤": "review", "初审结论": "同意", "异常类别": "延期", "经办人工号": "E1001"}],
    "responsibility": [
        CASE | {"责任方类别": "生产单位", "责任方": "PANEL", "异常费用": 120, "责任依据": "漏检", "经办人工号": "E1022"}
    ],
    "anomaly-plan": [
        CASE
        | {"处理办法": "让步接收", "货物去向": "留在原处", "折让金额": 50, "申报方同意": "客户同意"}
        | {"经办人工号": "E1004", "说明": ""}
    ],
    "anomaly-answer": [CASE | {"步骤": "confirm-1", "确认结论": "有异议", "原因": "非本车间", "经办人工号": "E1007"}],
    "special-review": [ORDER | {"经办人工号": "E1001", "初审结论": "退回办事处", "信用等级": "A级", "原因": "缺图号"}],
    "special-resubmit": [ORDER | {"步骤": "resubmit-1", "经办人工号": "E1049", "要求日期": "12月30日", **DOOR}],
    "makeability": [ORDER | {"经办人工号": "E1012", "生产结论": "改动后可生产", "原因": "加厚", **DOOR}],
    "changes-answer": [ORDER | {"经办人工号": "E1049", "改动意见": "同意", "原因": ""}],
    "proposal": [
        ORDER | {"经办人工号": "E1004", "行号": 1, "单价": "1,234.50", "周期天数": 15, "定金": 400, "预付款": 0}
    ],
    "quote-answer": [ORDER | {"经办人工号": "E1049", "答复": "同意报价", "签字日期": 20261118, "原因": ""}],
    "payments": [
        ORDER | {"经办人工号": "E1047", "款项": "定金", "金额": "５００", "付款日期": "2026/11/18", "凭证号": "YH-1"}
    ],
    "penalty-answer": [CONTROL | {"经办人工号": "E1032", "部门意见": "有异议", "原因": "机台故障"}],
    "penalty": [CONTROL | {"经办人工号": "E1042", "处罚结论": "减少", "减至金额": "１０.50", "原因": "机台故障"}],
    "give-back": [ORDER | {"经办人工号": "E1047", "金额": 2000.0, "付款日期": date(2026, 11, 18), "凭证号": "YH-2"}],
}
MARKS = {
    "review": ["90f5952d-31d1-5160-ade2-53237d918cf0", "018b72f3-812e-5a85-9c24-0ef01e1a001a"],
    "resubmit": ["d74c8337-ea78-5646-b89d-23db882ef27e"],
    "approval": ["9b2abbce-2cab-55ce-b8d6-2c53423464dd", "78cd2fa5-630d-5707-ba3e-539d7fb63440"],
    "cycle": ["ba8d8d8c-0869-5e96-abc6-fa01187e8921"],
    "plan": ["bb729233-11e0-5092-9e8f-ebb86640e110"],
    "production": ["6ff18500-8609-5e87-a168-59b5de7a7041"],
    "goods-in": ["acba77c9-2946-5b02-9268-c6357df1fb85"],
    "goods-out": ["a240e989-afc3-5d21-9841-4a55cf4cc0e3"],
    "release": ["7f22dee3-ce48-5c50-9f57-d2d571408fc3"],
    "pickup": ["c5bd288a-c9ba-591f-8dff-7890ec619d57"],
    "check": ["9bd01161-d03b-5e1f-8d67-b072167e161a"],
    "anomaly-review": ["47e56fb6-795c-5bac-a0bd-eceed9c09539"],
    "responsibility": ["17034d48-77a8-5bc6-8151-36d32daed675"],
    "anomaly-plan": ["5bd60d56-a1c5-5058-80d0-ef6bd71e2962"],
    "anomaly-answer": ["c3e0dfa0-748e-5ae4-ad9a-78b52ce67ad1"],
    "special-review": ["88c7cf37-5a18-54ff-bcc9-288a081bf0d2"],
    "special-resubmit": ["bfcc5dfd-6997-579d-ae5e-d2f48362c9c9"],
    "makeability": ["4be3efa3-7605-511c-8a9e-d1244d0360e8"],
    "changes-answer": ["5dc38f1f-c68a-5083-8953-d0631b573bad"],
    "proposal": ["6f5e1fd0-8b36-5f5a-b7b4-8910d41eadd8"],
    "quote-answer": ["e9923efe-1df9-51b2-a22f-44f7a6685752"],
    "payments": ["a6123a6b-6476-5273-872e-0681ff3127da"],
    "penalty-answer": ["2fdd7618-c14a-53b9-a199-e322544af3be"],
    "penalty": ["5b515a7b-89fd-5c3c-8893-02f1a40f5437"],
    "give-back": ["08322ddc-a69d-5d0c-8b70-20ee29eaeaef"],
}

for rows in (repair_rows, complaint_rows, return_rows, call_rows, corrective_rows, keeping_rows):
    ROWS |= {code: [rows.example(code)] for code in rows.MARKS}
    MARKS |= rows.MARKS


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        yield


def test_every_kind_of_decision_has_its_mark() -> None:
    assert {kind.code for kind in sheet_kinds().values() if kind.decides} <= set(MARKS)


@pytest.mark.parametrize("code", MARKS)
def test_a_row_that_was_taken_before_has_the_mark_that_it_had(code: str) -> None:
    kind = sheet_kind(code)
    rows = rows_of(kind, *ROWS[code])
    mark_rows(kind, rows)
    assert [str(row.mark) for row in rows] == MARKS[code]


def test_a_request_that_was_taken_before_has_the_origin_that_it_had() -> None:
    rows: list[dict[str, Any]] = [
        {"申报单号": "BJ-1", "办事处": "北京办事处", "申报人工号": "E1049", "订单号": "SO20260318-0042"}
        | {"紧急程度": "加急", "发现日期": "3月5日", "配件名称": "P-HW-001", "数量": 4, "原因": "质量问题"}
        | {"规格": "", "颜色": "白", "备注": "急用", "客户电话": 13800001343},
        {"申报单号": "BJ-1", "配件名称": "P-PB-001", "数量": "１,２００.5", "原因": "缺件"},
        {"申报单号": "BJ-2", "办事处": "BJ", "申报人工号": "E1049", "订单号": "SO20251023-0164"}
        | {"配件名称": "P-HW-001", "数量": 1, "原因": "缺件"},
    ]
    kind = sheet_kind("applications")
    forms = forms_of(kind, rows_of(kind, *rows))
    assert [origin_of(form.key, fill_in(kind, form, form.rows).data) for form in forms] == [
        "sheet:9c90d3dd994faff7af53cbac95bd87f1c3d5f80cfceb325c6188d337904771b2:BJ-1",
        "sheet:17d5776ed4c6a9d4e97c4597bc9c632eedb3d23fd5626e79400f807c2ebf9fdf:BJ-2",
    ]
