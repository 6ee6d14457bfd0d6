"""A form that only this test knows is a kind of sheet by one line above it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import pytest

from schemas import sheet_kinds as kinds
from schemas.expectations import expectations
from schemas.forms.base import Decision, Form, Request, form_schema
from schemas.forms.fields import Cell, Count, LineNo, Lines, Remark, label
from schemas.forms.sheets import SheetImport
from schemas.problems import NotFound
from tasks.checking.quiet import quiet
from tasks.sheets.apply import apply_forms
from tasks.sheets.forms import forms_of
from tasks.sheets.reader import read_tables
from tasks.sheets.template import write_template
from tests.tasks.sheets.workbooks import rows_of, save


class LineForm(Form):
    """A row of a form."""

    line_no: LineNo


@pytest.fixture
def toy() -> Iterator[tuple[kinds.SheetKind, kinds.SheetKind]]:
    """The kinds of a request and of a decision that no process of the house has."""

    class WishLine(LineForm):
        wished: Annotated[Count, label("愿望数量", "Wished"), Cell(3, "想要多少", given="原有数量")]

    @kinds.sheet("wish", "愿望单")
    class Wish(Request):
        text: Annotated[Remark, label("愿望", "Wish")]

    @kinds.sheet("grant", "愿望批复", signer=("圣诞老人", "E0001"))
    class Grant(Decision):
        lines: Lines[WishLine]

    yield kinds.sheet_kind("wish"), kinds.sheet_kind("grant")
    del kinds._KINDS["wish"], kinds._KINDS["grant"]


def test_columns_lists_and_sentences_follow_from_the_form(toy: tuple[kinds.SheetKind, kinds.SheetKind]) -> None:
    wish, grant = toy
    assert [c.heading for c in wish.columns] == ["申报单号", "办事处", "申报人工号", "紧急程度", "愿望"]
    assert [c.heading for c in grant.columns] == ["单号", "步骤", "经办人工号", "行号", "愿望数量"]
    assert [c.heading for c in grant.shown][:2] == ["配件", "原有数量"]
    assert grant.by_heading["经办人工号"].note == "圣诞老人的工号，例如 E0001"
    with quiet():
        told = [one.description for one in expectations(grant, grant.columns, date(2026, 11, 18))]
    assert any("愿望数量是不小于 0 的数" in sentence for sentence in told)
    assert list(kinds.sheet_kinds())[-2:] == ["wish", "grant"]
    assert form_schema(SheetImport)["properties"]["表种"]["enum"][-2:] == ["愿望单 wish", "愿望批复 grant"]


def test_its_template_and_its_rows_are_read(toy: tuple[kinds.SheetKind, kinds.SheetKind], tmp_path: Path) -> None:
    _, grant = toy
    write_template(tmp_path / "t.xlsx", grant, {})
    assert [(table.kind, table.rows) for table in read_tables(tmp_path / "t.xlsx")] == [(grant, [])]
    path = save(tmp_path / "s.xlsx", grant, {"单号": "wi-2026-000001", "经办人工号": "E1", "行号": 1, "愿望数量": 2})
    (row,) = read_tables(path)[0].rows
    assert (row.key, row.values["愿望数量"]) == ("WI-2026-000001", "2")


def test_a_request_that_no_process_takes_is_named(toy: tuple[kinds.SheetKind, kinds.SheetKind], db: object) -> None:
    wish, _ = toy
    with pytest.raises(NotFound, match="没有受理愿望单的流程"):
        apply_forms(db, wish, forms_of(wish, rows_of(wish, {"申报单号": "1", "办事处": "BJ"})))  # type: ignore[arg-type]
