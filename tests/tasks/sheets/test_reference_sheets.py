"""Parts, prices, routes and policies by sheet: what is in force is never edited, only followed by a newer version."""

import json
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.sheet_kinds import sheet_kind
from tasks.reference.rules import shape_problem
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tasks.sheets.queries import template_lists
from tasks.sheets.template import write_template
from tests.play import Play
from tests.tasks.sheets.workbooks import reasons, save

DAY = date(2027, 1, 1)
SIGNED = {"生效日期": DAY, "变更依据": "2027年1月通知"}
PRICE = SIGNED | {"配件名称": "P-HW-001", "新单价": 9.5, "经办人工号": "E1001"}
ROUTE = SIGNED | {"办事处": "北京办事处", "新参考价": 2300, "经办人工号": "E1040"}
POLICY = SIGNED | {"政策代码": "rf.refund_days", "政策值": "5", "经办人工号": "E1040"}
PART = SIGNED | {"配件编码": "P-HW-900", "标准名称": "铰链(全盖175°)", "配件类别": "HARDWARE", "规格": "缓冲"}
PART |= {"颜色": "镍色", "计量单位": "只", "生产单位": "HW", "首次单价": 12, "经办人工号": "E1001"}
ALL = {"part-prices": PRICE, "route-prices": ROUTE, "policies": POLICY, "part-catalogue": PART}


@pytest.fixture
def path(tmp_path: Path, today: Any) -> Path:
    return tmp_path / "sheet.xlsx"


def sent(play: Play, path: Path, code: str, *rows: dict[str, Any]) -> tuple[dict[Became, int], str]:
    report = import_file(play.db, save(path, sheet_kind(code), *rows))
    return dict(report.counts), reasons(report.rejected)


def test_a_newer_version_follows_on_its_day_and_the_same_sheet_again_does_nothing(play: Play, path: Path) -> None:
    for code, row in ALL.items():
        assert sent(play, path, code, row) == ({Became.ACCEPTED: 1}, "")
        assert sent(play, path, code, row)[0] == {Became.UNCHANGED: 1}
    prices = play.rows(
        "SELECT price, valid_from, valid_to FROM part_price WHERE part = 'P-HW-001' ORDER BY 2 DESC LIMIT 2"
    )
    assert [tuple(row) for row in prices] == [(9.5, DAY, None), (Decimal("9.20"), date(2026, 7, 1), DAY - timedelta(1))]
    (route,) = play.rows("SELECT * FROM route_price WHERE office = 'BJ' AND valid_to IS NULL")
    assert (route.reference_price, route.valid_from, route.source) == (2300, DAY, "2027年1月通知 E1040")
    held = (
        "SELECT value FROM policy JOIN policy_version USING (version) WHERE key = 'rf.refund_days' ORDER BY valid_from"
    )
    values = play.rows(held)
    assert [row.value for row in values] == [7, 5]
    counts = play.rows("SELECT count(*) AS n FROM policy GROUP BY version")
    assert len({row.n for row in counts}) == 1, "a version holds all policies"
    assert play.rows("SELECT price FROM part_price WHERE part = 'P-HW-900'")[0].price == 12


@pytest.mark.parametrize(
    ("code", "wrong", "why"),
    [
        *((code, {"经办人工号": "E1047"}, "须为") for code in ALL),
        *(
            (code, {"生效日期": date(2026, 11, 18)}, "须晚于今天")
            for code in ("part-prices", "route-prices", "policies")
        ),
        ("part-prices", {"生效日期": date(2026, 7, 1)}, "须晚于今天"),
        ("part-prices", {"配件名称": "P-HW-0O1"}, "P-HW-001"),
        ("route-prices", {"办事处": "南极办事处"}, "办事处是已有的办事处"),
        ("policies", {"政策代码": "rf.refund_dayz"}, "did you mean: rf.refund_days"),
        ("policies", {"政策值": "七"}, "同类"),
        ("policies", {"政策值": "-1"}, "同类"),
        ("policies", {"政策值": "NaN"}, "同类"),
        *(("policies", {"政策值": huge}, "同类") for huge in ("1e400", "9" * 20, "5.0", "[" * 1900)),
        ("policies", {"政策代码": "penalty.cap", "政策值": "1e400"}, "0–1"),
        ("policies", {"政策代码": "work.start", "政策值": "17:30"}, "须早于下班"),
        ("policies", {"政策代码": "rr.paint_room", "政策值": "NOWHERE"}, "PAINT"),
        ("policies", {"政策代码": "settlement.budget", "政策值": '{"XX": 1}'}, "BJ"),
        *((code, {"生效日期": date(2099, 1, 1)}, "不能晚于") for code in ALL),
        ("part-catalogue", {"标准名称": "铰链(全盖110°)"}, "已是 P-HW-001"),
        ("part-catalogue", {"标准名称": "铰链（全盖110°）"}, "已是 P-HW-001"),
        ("part-catalogue", {"标准名称": "p-hw-001"}, "已是 P-HW-001"),
        ("part-catalogue", {"配件编码": "P-HW-001"}, "请另立新编码"),
        ("part-catalogue", {"配件编码": "p-hw-001"}, "请另立新编码"),
        ("part-catalogue", {"配件类别": "没有"}, "没有这个类别"),
        ("part-catalogue", {"停用日期": date(2026, 12, 1)}, "须晚于今天"),
    ],
)
def test_what_may_not_follow_goes_back_with_the_reason_and_changes_nothing(
    play: Play, path: Path, code: str, wrong: dict[str, Any], why: str
) -> None:
    before = state(play)
    counts, told = sent(play, path, code, ALL[code] | wrong)
    assert counts == {Became.REJECTED: 1}
    assert why in told
    assert state(play) == before


def state(play: Play) -> list[int]:
    tables = ("part", "part_price", "route_price", "policy", "policy_version")
    return [
        play.rows(f"SELECT hashtext(string_agg(t::text, '' ORDER BY t::text)) AS h FROM {name} t")[0].h
        for name in tables
    ]


@pytest.mark.parametrize("code", ["part-prices", "route-prices", "policies"])
def test_versions_do_not_overlap(play: Play, path: Path, code: str) -> None:
    value = next(name for name in ("新单价", "新参考价", "政策值") if name in ALL[code])
    sent(play, path, code, ALL[code])
    for day in (DAY, DAY - timedelta(days=20)):
        counts, told = sent(play, path, code, ALL[code] | {"生效日期": day, value: "6"})
        assert (counts, "重叠" in told) == ({Became.REJECTED: 1}, True)
    assert sent(play, path, code, ALL[code] | {"生效日期": date(2027, 2, 1), value: "6"})[0] == {Became.ACCEPTED: 1}


def test_a_policy_for_each_of_some_codes_is_filled_in_code_by_code(play: Play, path: Path) -> None:
    budget = POLICY | {"政策代码": "settlement.budget", "政策值": '{"BJ": 900}'}
    assert sent(play, path, "policies", budget)[0] == {Became.ACCEPTED: 1}
    more = budget | {"生效日期": date(2027, 2, 1), "政策值": '{"BJ": 900, "TJ": 800}'}
    assert sent(play, path, "policies", more)[0] == {Became.ACCEPTED: 1}


def test_a_clock_time_that_excel_took_for_one_is_one(play: Play, path: Path) -> None:
    early = POLICY | {"政策代码": "work.start", "政策值": time(8, 0)}
    assert sent(play, path, "policies", early)[0] == {Became.ACCEPTED: 1}


def test_rows_of_one_day_make_one_version_of_the_policies(play: Play, path: Path) -> None:
    other = POLICY | {"政策代码": "cc.hotline", "政策值": json.dumps(["08:00", "18:30"])}
    assert sent(play, path, "policies", POLICY, other)[0] == {Became.ACCEPTED: 2}
    (version,) = play.rows("SELECT * FROM policy_version WHERE valid_from = :d", d=DAY)
    assert version.note == "rf.refund_days: 2027年1月通知 E1040；cc.hotline: 2027年1月通知 E1040"


def test_a_part_is_discontinued_from_a_day_to_come(play: Play, path: Path) -> None:
    sent(play, path, "part-catalogue", PART)
    end = PART | {"停用日期": date(2027, 6, 1)}
    assert [sent(play, path, "part-catalogue", end)[0] for _ in range(2)] == [
        {Became.ACCEPTED: 1},
        {Became.UNCHANGED: 1},
    ]
    assert play.rows("SELECT discontinued_on FROM part WHERE code = 'P-HW-900'")[0].discontinued_on == date(2027, 6, 1)


@pytest.mark.parametrize("code", ALL)
def test_each_has_a_template_whose_example_is_not_read(play: Play, path: Path, code: str) -> None:
    with play.db.connect() as connection:
        write_template(path, sheet_kind(code), template_lists(connection))
    assert not import_file(play.db, path).counts


@pytest.mark.parametrize(
    ("now", "value", "right"),
    [
        (7, 5, True), (7, 5.5, False), (7, True, False), (7, "5", False), (0.1, 0.2, True),
        ("08:30", "08:00", True), ("08:30", "25:00", False), ("MANAGER", "SUPERVISOR", True), ("MANAGER", "boss", False),
        ({"a": "2000", "b": None}, {"a": "3000", "b": None}, True), ({"a": 1}, {"b": 1}, False),
        ([2, 5, 10], [3], True), ([2, 5], [], False), ([2], ["2"], False), (["a"], ["b", "c"], True),
    ],
)  # fmt: skip
def test_a_policys_value_has_the_shape_of_the_present_one(now: Any, value: Any, right: bool) -> None:
    assert (not shape_problem(now, value)) is right


@pytest.mark.parametrize(
    ("now", "value", "unit", "right"),
    [
        (0.8, 0, "share inside", False), (0.8, 0.9, "share inside", True), (0.8, 1.5, "share", False),
        (1, 0.95, "share", True), (15, 0, "minute", False), (["08:30", "18:00"], ["18:00", "08:30"], "time", False),
        (["08:30", "18:00"], ["08:00"], "time", False), ("2/3", "1/0", "fraction", False), ("2/3", "3/4", "fraction", True),
        ("ladder", "signatures", "rule", True), ("ladder", "promised_date", "rule", False),
        ("a", "b\x00", "text", False), ({"A": None, "B": "MANAGER"}, {"A": "boss", "B": "MANAGER"}, "role by grade", False),
        ({"A": None, "B": "MANAGER"}, {"A": "SUPERVISOR", "B": "MANAGER"}, "role by grade", True),
        ({"A": None, "B": "9"}, {"A": [], "B": "9"}, "CNY", False), ("2000", "1e999999", "CNY", False),
    ],
)  # fmt: skip
def test_a_policys_value_can_be_reckoned_with_in_its_unit(now: Any, value: Any, unit: str, right: bool) -> None:
    assert (not shape_problem(now, value, unit)) is right


def test_the_policies_as_supplied_are_such_values(play: Play) -> None:
    """What is in force can follow itself."""
    words = {"unit": ["PAINT", "OUT1"], "office": [], "category": []}
    rows = play.rows("SELECT key, value, unit FROM policy")
    assert not [(row.key, wrong) for row in rows if (wrong := shape_problem(row.value, row.value, row.unit, words))]
