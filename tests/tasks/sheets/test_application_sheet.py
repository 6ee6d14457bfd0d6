"""An office's sheet becomes cases once; what is wrong goes back with the reason, none of it half-applied."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import time_machine
from openpyxl import Workbook, load_workbook
from sqlalchemy import Engine, text

import flows.parts_application  # noqa: F401  registers process PA
from schemas.forms.fields import Register
from schemas.problems import BadInput, NotFound
from schemas.sheet_kinds import sheet_kind
from tasks.sheets import importing
from tasks.sheets.apply import origin_of
from tasks.sheets.forms import Filled, SheetForm, fill_in, forms_of
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became, RowOutcome
from tasks.sheets.queries import template_lists
from tasks.sheets.reader import read_tables
from tasks.sheets.report import SheetReport
from tasks.sheets.template import write_template
from tests.play import Play
from tests.tasks.sheets import workbooks as sheets
from tests.tasks.sheets.workbooks import became

APPLICATIONS = sheet_kind("applications")

HEADINGS = [column.heading for column in APPLICATIONS.columns]
GOOD = {
    "申报单号": "BJ-1",
    "办事处": "北京办事处",
    "申报人工号": "E1049",
    "订单号": "SO20260318-0042",
    "配件名称": "P-HW-001",
    "数量": 4,
    "原因": "质量问题",
}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "apps.xlsx"


def row(**cells: Any) -> dict[str, Any]:
    """A right row of an application, changed."""
    return GOOD | cells


def save(path: Path, *rows: dict[str, Any], headings: Sequence[str] = HEADINGS) -> Path:
    """Write a workbook as an office would."""
    book = Workbook()
    sheet: Any = book.active
    sheet.append(list(headings))
    for cells in rows:
        sheet.append([cells.get(heading) for heading in headings])
    book.save(path)
    return path


def cases(db: Engine) -> int:
    with db.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM service_case")).scalar_one())


def reasons(report: SheetReport) -> dict[int, str]:
    """What the reject sheet says, by the row that the file had."""
    assert report.reject_sheet is not None
    rows: Any = load_workbook(report.reject_sheet).active
    found = [dict(zip([c.value for c in rows[1]], [c.value for c in one], strict=True)) for one in rows.iter_rows(2)]
    return {one["原行号"]: one["退回原因"] for one in found}


def read_applications(path: Path) -> list[tuple[SheetForm, Filled]]:
    forms = forms_of(APPLICATIONS, read_tables(path, APPLICATIONS)[0].rows)
    return [(form, fill_in(APPLICATIONS, form, form.rows)) for form in forms]


def numbers(form: SheetForm) -> list[int]:
    return [row.no for row in form.rows]


def origin(path: Path) -> str:
    [(form, filled)] = read_applications(path)
    return origin_of(form.key, filled.data)


def send(db: Engine, path: Path) -> list[RowOutcome]:
    """Take a file through the engine without the checks."""
    return sheets.send(db, path, APPLICATIONS)


def refusal(db: Engine, path: Path, *rows: dict[str, Any]) -> str:
    """Send rows that are all wrong; gives the reasons."""
    found = send(db, save(path, *rows))
    assert {outcome.became for outcome in found} == {Became.REJECTED}
    assert cases(db) == 0
    return sheets.reasons(found)


# reading


def test_rows_of_one_number_are_one_application(path: Path) -> None:
    (first, filled), (second, _) = read_applications(
        save(
            path,
            row(发现日期="3月5日", 紧急程度="加急", 客户电话=13800001343),
            row(申报单号="BJ-2"),
            {"申报单号": "BJ-1", "配件名称": "P-PB-001", "数量": "１,２００.5", "原因": "缺件", "备注": "急用"},
        )
    )
    assert (first.key, numbers(first), filled.problems) == ("BJ-1", [2, 4], [])
    assert filled.data == {
        "办事处": "北京办事处",
        "申报人工号": "E1049",
        "订单号": "SO20260318-0042",
        "紧急程度": "加急",
        "发现日期": "2026-03-05",
        "客户电话": "13800001343",
        "备注": "急用",
        "明细": [
            {"配件名称": "P-HW-001", "数量": "4", "原因": "质量问题"},
            {"配件名称": "P-PB-001", "数量": "1200.5", "原因": "缺件"},
        ],
    }
    assert (second.key, numbers(second)) == ("BJ-2", [3])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_says_the_same_as_a_workbook(path: Path, encoding: str, delimiter: str) -> None:
    names = list(GOOD)
    lines = [delimiter.join(names), delimiter.join(str(GOOD[name]) for name in names)]
    path.with_suffix(".csv").write_text("\r\n".join(lines), encoding)
    assert origin(path.with_suffix(".csv")) == origin(save(path, row()))


def test_empty_and_example_rows_are_not_read(path: Path) -> None:
    assert [numbers(form) for form, _ in read_applications(save(path, row(申报单号="示例-001"), {}, row()))] == [[4]]


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ([h for h in HEADINGS if h not in ("数量", "原因")], "缺少列 missing columns 数量、原因"),
        ([*HEADINGS, "数量"], "重复的列 repeated columns 数量"),
        ([*HEADINGS, "价格"], "不认识的列 unknown columns 价格"),
    ],
)
def test_wrong_columns_are_named_in_one_line(path: Path, headings: list[str], expected: str) -> None:
    with pytest.raises(BadInput, match=expected) as wrong:
        read_applications(save(path, row(), headings=headings))
    assert str(wrong.value).count("\n") == 0


def test_optional_columns_may_be_missing(path: Path) -> None:
    [(_, filled)] = read_applications(save(path, row(), headings=list(GOOD)))
    assert filled.problems == []


def broken_files(folder: Path) -> dict[str, tuple[bytes, str]]:
    whole = save(folder / "whole.xlsx", row()).read_bytes()
    ole = bytes.fromhex("D0CF11E0A1B11AE1")
    return {
        "text.xlsx": (b"hello", "已损坏"),
        "nothing.xlsx": (b"", "已损坏"),
        "cut.xlsx": (whole[: len(whole) // 2], "已损坏"),
        "bent.xlsx": (whole[:1500] + b"\x00" * 400 + whole[1900:], "已损坏"),
        "locked.xlsx": (ole + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"), "密码"),
        "old.xls": (ole + b"\x00" * 600, "旧版"),
        "empty.csv": (b"\n\n", "空"),
        "latin.csv": (b"\xff\xff\xff,1\n", "编码"),
        "quote.csv": ('申报单号,"办事处'.encode(), "csv"),
    }


BROKEN = [
    "text.xlsx",
    "nothing.xlsx",
    "cut.xlsx",
    "bent.xlsx",
    "locked.xlsx",
    "old.xls",
    "empty.csv",
    "latin.csv",
    "quote.csv",
]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_clear_line(name: str, tmp_path: Path) -> None:
    content, expected = broken_files(tmp_path)[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=expected) as wrong:
        read_applications(tmp_path / name)
    assert name in str(wrong.value)
    assert str(wrong.value).count("\n") == 0


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.xlsx"):
        read_applications(tmp_path / "none.xlsx")


# importing


OTHER = {"申报单号": "BJ-2", "订单号": "SO20251023-0164"}


def test_right_applications_become_cases_and_wrong_ones_go_back(db: Engine, path: Path) -> None:
    rows = [
        row(),
        row(配件名称="P-PB-001"),
        row(**OTHER, 配件名称="金把手"),
        row(**OTHER, 数量=2.555),
        row(申报单号="BJ-3", 订单号="SO20250316-0093"),
    ]
    found = send(db, save(path, *rows))
    assert became(found) == ["+", "+", "-", "-", "+"]
    assert [outcome.number for outcome in found] == [
        "PA-2026-000001",
        "PA-2026-000001",
        "BJ-2",
        "BJ-2",
        "PA-2026-000002",
    ]
    assert found[3].reason == "数量: “2.555” — 最多 2 位小数 at most 2 decimals"
    assert "同一份的第 5 行有误，整份退回" in found[2].reason
    with db.connect() as connection:
        made = connection.execute(text("SELECT origin, step FROM service_case ORDER BY id")).all()
    assert [origin.split(":")[::2] for origin, _ in made] == [["sheet", "BJ-1"], ["sheet", "BJ-3"]]
    assert [step for _, step in made] == ["审核修正", "审核修正"]


def test_the_same_sheet_again_whole_renamed_or_in_part_makes_nothing_twice(db: Engine, path: Path) -> None:
    rows = [row(), row(**OTHER)]
    first = send(db, save(path, *rows))
    numbers = [outcome.number for outcome in first]
    renamed = Path(shutil.copy(path, path.with_name("again.xlsx")))
    for again in (send(db, path), send(db, renamed)):
        assert (became(again), [outcome.number for outcome in again]) == (["=", "="], numbers)
    part = send(db, save(path.with_name("part.xlsx"), rows[1]))
    assert (became(part), part[0].number) == (["="], numbers[1])
    assert cases(db) == 2


def test_the_reject_sheet_can_be_corrected_and_sent_as_it_is(db: Engine, path: Path) -> None:
    report = import_file(db, save(path, row(), row(**OTHER, 数量=-1)), APPLICATIONS)
    assert report.reject_sheet == path.with_suffix(".rejected.xlsx")
    assert list(reasons(report)) == [3]
    book = load_workbook(report.reject_sheet)
    sheet: Any = book.active
    sheet.cell(row=2, column=[cell.value for cell in sheet[1]].index("数量") + 1).value = 1
    book.save(report.reject_sheet)
    again = import_file(db, report.reject_sheet)
    assert again.counts == {Became.ACCEPTED: 1}
    assert again.reject_sheet is None
    assert cases(db) == 2


def test_a_corrected_file_sent_whole_keeps_what_was_accepted(db: Engine, path: Path) -> None:
    send(db, save(path, row(), row(**OTHER, 数量=0)))
    assert became(send(db, save(path, row(), row(**OTHER, 数量=1)))) == ["=", "+"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"配件名称": "金把手"}, "第2行 row 2, 配件名称 part: “金把手” — 不是标准配件名称"),
        ({"数量": 0}, "第2行 row 2, 数量: “0” — 应大于 must be greater than 0"),
        ({"数量": "四"}, "第2行 row 2, 数量: “四” — 应为数字"),
        ({"数量": "=2*2"}, "第2行 row 2, 数量: “=2*2” — 不能使用公式"),
        ({"数量": None}, "第2行 row 2, 数量: “” — 必填 is required"),
        ({"原因": "不喜欢"}, "第2行 row 2, 原因: “不喜欢” — 应为 expected one of: 质量问题 quality"),
        ({"发现日期": "2027-01-01"}, "第2行 row 2, 发现日期 found on: “2027-01-01” — 不能晚于今天"),
        ({"发现日期": "上周"}, "第2行 row 2, 发现日期: “上周” — 应为日期"),
        ({"办事处": "火星"}, "第2行 row 2, 办事处 office: “火星” — 没有这个办事处"),
        ({"申报人工号": "E1001"}, "第2行 row 2, 申报人工号 applicant"),
        ({"申报单号": None}, "第2行 row 2, 申报单号: “” — 必填"),
        ({"申报单号": "K" * 61}, "第2行 row 2, 申报单号"),
        ({"备注": "好" * 20_000}, "第2行 row 2, 备注"),
    ],
)
def test_a_wrong_cell_is_named_with_row_field_value_and_what_was_expected(
    db: Engine, path: Path, cells: dict[str, Any], expected: str
) -> None:
    assert expected in refusal(db, path, row(**cells))


def test_a_case_field_that_differs_between_rows_is_refused(db: Engine, path: Path) -> None:
    why = refusal(db, path, row(), row(配件名称="P-PB-001", 订单号="SO20251023-0164"))
    assert "第3行 row 3, 订单号: “SO20251023-0164” — 与第2行的“SO20260318-0042”不一致" in why


def test_a_twin_line_is_named_by_its_row_in_the_sheet(db: Engine, path: Path) -> None:
    why = refusal(db, path, {}, row(), row(配件名称="铰链(全盖110°)"))
    assert "第4行 row 4" in why
    assert "与第3行重复" in why
    assert "repeats row 3" in why


def test_control_characters_are_refused_and_can_be_written_back(db: Engine, path: Path) -> None:
    bad = GOOD | {"配件名称": "铰\x01链"}
    file = path.with_suffix(".csv")
    file.write_text(f"{','.join(bad)}\n{','.join(map(str, bad.values()))}\n", "utf-8")
    report = import_file(db, file)
    assert "控制字符" in report.rejected[0].reason
    assert report.reject_sheet is not None
    assert "铰�链" in [cell.value for cell in load_workbook(report.reject_sheet).active[2]]  # type: ignore[index]


def test_ten_thousand_lines_in_one_application_are_refused(db: Engine, path: Path) -> None:
    why = refusal(db, path, *[row(配件名称=f"P-{n}") for n in range(10_000)])
    assert "10000" in why
    assert "最多 5000 行，请分单申报" in why


def test_formulas_come_back_as_text(db: Engine, path: Path) -> None:
    report = import_file(db, save(path, row(备注="=HYPERLINK(1)", 规格="+1", 数量=-1)), APPLICATIONS)
    assert report.reject_sheet is not None
    cells = [cell for cells in load_workbook(report.reject_sheet).active.iter_rows() for cell in cells]  # type: ignore[union-attr]
    assert {cell.value for cell in cells} >= {"=HYPERLINK(1)", "+1"}
    assert {cell.data_type for cell in cells} <= {"s", "n"}


def test_what_was_accepted_stands_when_the_reject_sheet_cannot_be_written(
    db: Engine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    save(path, row(), row(**OTHER, 数量=0))
    monkeypatch.setattr(Path, "write_bytes", full)
    report = import_file(db, path, APPLICATIONS)
    assert report.counts == {Became.ACCEPTED: 1, Became.REJECTED: 1}
    assert report.reject_sheet is None
    assert "apps.rejected.xlsx" in report.fault


# the template


def test_the_template_offers_lists_and_its_example_is_a_right_application(db: Engine, path: Path) -> None:
    with db.connect() as connection:
        lists = template_lists(connection)
    write_template(path, APPLICATIONS, lists)
    assert read_applications(path) == []
    book = load_workbook(path)
    sheet = book["配件申报"]
    offered = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert set(offered) == {"B2", "E2", "G2", "I2", "M2"}  # 办事处 紧急程度 配件名称 原因 发货方式
    assert book["选项"].sheet_state == "hidden"
    column = offered["E2"].split("$")[1]
    assert [cell.value for cell in book["选项"][column]][:2] == ["普通", "加急"]
    assert "北京办事处" in lists[Register.OFFICE]
    assert "填写说明" in book.sheetnames
    sheet["A2"] = "BJ-7"
    book.save(path)
    assert became(send(db, path)) == ["+"]


def test_a_number_that_is_used_again_after_its_case_closed_is_never_dropped_silently(db: Engine, path: Path) -> None:
    [first] = send(db, save(path, row()))
    assert became(send(db, path)) == ["="]
    play = Play(db)
    [case] = play.rows("SELECT id FROM service_case")
    play.finish(case.id)
    found = send(db, path)
    assert became(found) == ["-"]
    assert f"此前已受理为 {first.number}，该单已结案" in sheets.reasons(found)
    assert became(send(db, save(path, row(申报单号="BJ-2")))) == ["+"]
    assert cases(db) == 2


def test_a_chunk_is_bounded_in_rows_too_and_no_application_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", 7)
    sizes = {"A": 3, "B": 4, "C": 1, "D": 9, "E": 2, "F": 1}
    rows = [row(申报单号=key) for key, size in sizes.items() for _ in range(size)]
    forms = forms_of(APPLICATIONS, sheets.rows_of(APPLICATIONS, *rows))
    chunks = [[form.key for form in chunk] for chunk in importing.form_chunks(forms)]
    assert chunks == [["A", "B"], ["C"], ["D"], ["E", "F"]]
