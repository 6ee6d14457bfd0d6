"""Each kind of sheet is described once, by the form that it fills; a file is known by its tab or its headings."""

from pathlib import Path
from typing import Any, get_args

import pytest
from openpyxl import Workbook, load_workbook

from schemas.problems import BadInput, NotFound
from schemas.sheet_kinds import EXAMPLE, CellType, sheet_kind, sheet_kinds
from tasks.sheets import reader
from tasks.sheets.reader import read_tables
from tasks.sheets.template import write_template
from tests.tasks.sheets.workbooks import save

APPLICATIONS = sheet_kind("applications")


def test_a_kind_knows_its_columns_from_its_form() -> None:
    kinds = {column.heading: column.holds for column in APPLICATIONS.columns}
    assert kinds["数量"] is CellType.NUMBER
    assert kinds["发现日期"] is CellType.DAY
    assert kinds["原因"] is kinds["紧急程度"] is CellType.CHOICE
    assert kinds["客户电话"] is kinds["申报单号"] is CellType.TEXT
    assert APPLICATIONS.by_heading["紧急程度"].choices == ["普通", "加急"]
    required = [c.heading for c in APPLICATIONS.columns if c.required]
    assert required == ["申报单号", "办事处", "申报人工号", "订单号", "配件名称", "数量", "原因"]
    assert [c.heading for c in APPLICATIONS.columns if c.of_line] == ["配件名称", "数量", "原因", "规格", "颜色"]


@pytest.mark.parametrize("kind", sheet_kinds().values(), ids=list(sheet_kinds()))
def test_every_field_of_a_form_has_its_column_and_every_column_its_type(kind: Any) -> None:
    fields = {field.alias for field in kind.form.model_fields.values()} - {kind.lines}
    if kind.lines:
        (line_form,) = get_args(next(f for f in kind.form.model_fields.values() if f.alias == kind.lines).annotation)
        fields |= {field.alias for field in line_form.model_fields.values()}
    headings = {column.heading for column in kind.columns}
    assert fields - headings == set()
    assert {column.heading for column in kind.columns[1:] if column.field} - fields == set()
    assert {column.given for column in kind.shown} - {""} <= headings
    assert set(kind.undecided) <= headings
    assert str(kind.key.example).startswith(EXAMPLE)
    assert len({column.heading for column in (*kind.columns, *kind.shown)}) == len(kind.columns) + len(kind.shown)


@pytest.mark.parametrize("kind", sheet_kinds().values(), ids=list(sheet_kinds()))
def test_a_template_has_notes_lists_and_an_example_that_is_not_read(kind: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_template(path, kind, {})
    assert [(table.kind, table.rows) for table in read_tables(path)] == [(kind, [])]
    book = load_workbook(path)
    sheet: Any = book[kind.title]
    assert [cell.value for cell in sheet[1]] == [column.heading for column in kind.columns]
    assert all("必填：" in cell.comment.text or "选填：" in cell.comment.text for cell in sheet[1])
    letters = {cell.value: cell.column_letter for cell in sheet[1]}
    offered = {str(rule.sqref).split("2:")[0] for rule in sheet.data_validations.dataValidation}
    assert offered == {letters[c.heading] for c in kind.columns if c.choices}
    assert "填写说明" in book.sheetnames


@pytest.mark.parametrize("kind", sheet_kinds().values(), ids=list(sheet_kinds()))
def test_a_csv_is_known_by_its_headings(kind: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    given = [column.heading for column in kind.columns]
    path.write_text(",".join(given) + "\n" + ",".join("1" for _ in given), "gb18030")
    (table,) = read_tables(path)
    assert (table.kind, table.rows[0].no) == (kind, 2)


def refused(path: Path) -> str:
    with pytest.raises(BadInput) as wrong:
        read_tables(path)
    assert str(wrong.value).count("\n") == 0
    return str(wrong.value)


def test_a_table_of_no_kind_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["姓名", "电话"])
    book.save(path)
    assert "看不出是哪种表" in refused(path)


def test_too_many_rows_are_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_ROWS", 3)
    path = tmp_path / "x.xlsx"
    rows = [{"单号": f"PA-2026-{n:06d}"} for n in range(4)]
    assert len(read_tables(save(path, sheet_kind("review"), *rows[:3]))[0].rows) == 3
    assert "超过 3 行，请拆分" in refused(save(path, sheet_kind("review"), *rows))
    path.with_suffix(".csv").write_text("单号,审核结论,经办人工号\n" + "\n".join("1,2,3" for _ in rows), "utf-8")
    assert "超过 3 行，请拆分" in refused(path.with_suffix(".csv"))


def test_an_unknown_kind_lists_what_there_is() -> None:
    with pytest.raises(NotFound, match="applications"):
        sheet_kind("orders")
