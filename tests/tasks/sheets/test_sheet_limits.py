"""Files made to take all of the machine are refused at once: the limit is named, the value, and what to do."""

import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from schemas.problems import BadInput
from schemas.sheet_kinds import sheet_kind, sheet_kinds
from tasks.sheets import reader, worksheet
from tasks.sheets.reader import read_tables
from tests.tasks.sheets.workbooks import save

GOODS_IN = sheet_kind("goods-in")
ROW = {"单号": "PA-2026-000001", "日期": "2026-11-17", "经办人工号": "E1016", "行号": 1, "实收数量": 10}
SHEET, TYPES = "xl/worksheets/sheet1.xml", "[Content_Types].xml"
DAMAGED = "已损坏 is no workbook or is damaged"
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "日报.xlsx"


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as wrong:
        read_tables(path, GOODS_IN)
    assert len(str(wrong.value).splitlines()) == 1
    return str(wrong.value)


def with_rows(path: Path, rows: str) -> Path:
    """Write a workbook whose worksheet says this in XML."""
    Workbook().save(path)
    return changed(path, {SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'})


def changed(path: Path, parts: dict[str, str]) -> Path:
    """Put parts of a workbook in the place of others, or beside them."""
    with ZipFile(path) as plain:
        before = {name: plain.read(name) for name in plain.namelist()}
    with ZipFile(path, "w", ZIP_DEFLATED) as packed:
        for name, content in (before | parts).items():
            packed.writestr(name, content)
    return path


def part_of(path: Path, name: str) -> str:
    with ZipFile(path) as book:
        return book.read(name).decode()


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_the_widest_kind_is_far_from_the_limit() -> None:
    assert max(len([*kind.columns, *kind.shown]) for kind in sheet_kinds().values()) * 4 < worksheet.MOST_COLUMNS


def test_a_cell_far_to_the_right_costs_no_column_before_it(path: Path) -> None:
    told = refusal(with_rows(path, f'<row r="1">{cell("A1", "单号")}</row><row r="2">{cell("ZZZ2", "x")}</row>'))
    assert "第 2 行第 18278 列有内容，最多 256 列，请删去" in told
    assert path.stat().st_size < 10_000


def test_cells_that_are_only_formatted_are_no_columns(path: Path) -> None:
    heads = "".join(cell(f"{chr(65 + at)}1", heading) for at, heading in enumerate(ROW))
    values = "".join(cell(f"{chr(65 + at)}2", str(value)) for at, value in enumerate(ROW.values()))
    far = '<c r="XFD{0}" s="0"/>'
    with_rows(path, f'<row r="1">{heads}{far.format(1)}</row><row r="2">{values}{far.format(2)}</row>')
    (table,) = read_tables(path, GOODS_IN)
    assert [len(row.given) for row in table.rows] == [len(ROW)]


def test_a_csv_is_as_narrow_as_a_workbook(path: Path) -> None:
    csv = path.with_suffix(".csv")
    csv.write_text(",".join(ROW) + "," * 300 + "\n" + ",".join(map(str, ROW.values())))
    assert len(read_tables(csv, GOODS_IN)[0].rows) == 1
    csv.write_text(",".join(ROW) + ",x" * 20_000)
    assert "第 1 行第 20005 列有内容，最多 256 列" in refusal(csv)


@pytest.mark.parametrize("rows", ["<row>" + "<c/>" * 300_000, "<x/>" * 300_000], ids=["a row", "no row"])
def test_what_does_not_end_is_not_read_to_its_end(path: Path, monkeypatch: pytest.MonkeyPatch, rows: str) -> None:
    monkeypatch.setattr(worksheet, "MOST_ROW_BYTES", 1 << 20)
    with_rows(path, rows)
    assert path.stat().st_size < 10_000
    assert "a row is longer than 1 MB: split it" in refusal(path)


def test_empty_rows_are_counted_as_far_as_excel_has_them(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worksheet, "EXCEL_ROWS", 1000)
    assert "more than 1000 rows, empty ones counted" in refusal(with_rows(path, "<row/>" * 1001))


def test_what_comes_behind_the_rows_is_not_read(path: Path) -> None:
    rows = f'<row r="1">{"".join(cell(f"{chr(65 + at)}1", heading) for at, heading in enumerate(ROW))}</row>'
    with_rows(path, f"{rows}</sheetData><not closed")
    assert read_tables(path, GOODS_IN)[0].rows == []


@pytest.mark.parametrize(
    ("part", "limit", "told"),
    [("xl/sharedStrings.xml", "MOST_STRINGS", "不同文字 its texts"), (SHEET, "MOST_UNPACKED", "解压后 unpacked")],
)
def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(
    path: Path, monkeypatch: pytest.MonkeyPatch, part: str, limit: str, told: str
) -> None:
    monkeypatch.setattr(reader, limit, 1 << 20)
    save(path, GOODS_IN, ROW)
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()} | {part: b" " * (3 << 20)}
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    refused = refusal(path)
    assert f"{told}: 3 MB，最多 1 MB，请拆分 has 3 MB, at most 1 MB are read: split it" in refused


def test_a_tab_that_is_named_over_and_over_is_not_read_over_and_over(path: Path) -> None:
    book = part_of(save(path, GOODS_IN, ROW), "xl/workbook.xml")
    (tab,) = re.findall("<sheet [^>]*/>", book)
    changed(path, {"xl/workbook.xml": book.replace(tab, tab * 3)})
    assert DAMAGED in refusal(path)


def with_texts(path: Path, name: str) -> Path:
    """Write a workbook whose texts stand in a part of this name."""
    cells = "".join(f'<c r="{chr(65 + at)}1" t="s"><v>{at}</v></c>' for at in range(len(ROW)))
    with_rows(path, f'<row r="1">{cells}</row>')
    listed = f'<Override PartName="/{name}" ContentType="{MAIN_TYPE}.sharedStrings+xml"/></Types>'
    texts = "".join(f"<si><t>{heading}</t></si>" for heading in ROW)
    types = part_of(path, TYPES).replace("</Types>", listed)
    return changed(path, {TYPES: types, name: f'<sst xmlns="{MAIN}">{texts}</sst>'})


@pytest.mark.parametrize("name", ["xl/strings.bin", "xl/worksheets/strings.xml"])
def test_texts_that_are_not_measured_as_texts_are_not_read(path: Path, name: str) -> None:
    assert read_tables(with_texts(path, "xl/sharedStrings.xml"), GOODS_IN)[0].headings == list(ROW)
    assert DAMAGED in refusal(with_texts(path, name))


HEADS = "".join(cell(f"{chr(65 + at)}1", heading) for at, heading in enumerate(ROW))


@pytest.mark.parametrize(
    "rows",
    [
        f'<row r="2">{cell("A2", "一")}</row><row r="2">{cell("A2", "二")}</row>',
        f'<row r="3">{cell("A3", "一")}</row><row r="2">{cell("A2", "二")}</row>',
        f'<row r="99999999999999999999">{cell("A2", "一")}</row>',
        f'<row r="2">{cell("C2", "E1016")}{cell("A2", "一")}</row>',
        f'<row r="2">{cell("A2", "一")}{cell("A2", "二")}</row>',
    ],
    ids=["a row twice", "rows out of order", "a row far below", "cells out of order", "a cell twice"],
)
def test_nothing_is_read_from_a_place_where_it_does_not_stand(path: Path, rows: str) -> None:
    assert DAMAGED in refusal(with_rows(path, f'<row r="1">{HEADS}</row>{rows}'))


def test_a_sparse_file_of_30_gb_is_not_read(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(30 << 30)
    assert "30,720 MB，最多 50 MB，请拆分" in refusal(path)
