"""The toy is decided by sheet from end to end: its gate is a tab of the inbox workbook, beside those of process 1."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from schemas.words import Channel, Role
from tasks.durable.stage import advance
from tasks.sheets.importing import import_file
from tasks.sheets.inbox import write_inbox
from tests.play import Play, books_balance, line
from tests.tasks.sheets.workbooks import fill_in, table_of
from tests.toy import opened, registered

TOYS, PARTS = "玩具核对", "审批"
SIGNED = {"经办人工号": "E1040"}


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def play(db: Engine) -> Iterator[Play]:
    play = Play(db)
    yield play
    books_balance(db)


def number(play: Play, case: int) -> str:
    return str(play.case(case).number)


def test_toys_and_applications_are_decided_in_one_workbook(play: Play, tmp_path: Path) -> None:
    granted, denied, undecided = (opened(play.db, 愿望=wish) for wish in ("木马", "飞机", "月亮"))
    parts = play.apply([line("P-PB-001", 30, "缺件")])
    play.run_to(parts, "approve-1-1")
    path = tmp_path / "待办.xlsx"
    assert write_inbox(play.db, Role.SUPERVISOR, path).items == {PARTS: 1, TOYS: 3}
    rows = table_of(path, TOYS)
    assert [row["单号"] for row in rows] == [number(play, case) for case in (granted, denied, undecided)]
    assert {(row["步骤"], row["核对结论"], row["经办人工号"]) for row in rows} == {("check-1", None, None)}

    fill_in(path, TOYS, {2: SIGNED | {"核对结论": "同意"}, 3: SIGNED | {"核对结论": "不同意", "原因": "太贵"}})
    fill_in(path, PARTS, {2: SIGNED | {"审批结论": "同意"}})
    report = import_file(play.db, path, docs=tmp_path)
    assert {became.name: many for became, many in report.counts.items()} == {"ACCEPTED": 3, "SKIPPED": 1}
    assert {table.kind.title for table in report.tables} == {PARTS, TOYS}
    assert (play.case(granted).ending, play.case(denied).ending, play.case(denied).ending_reason) == (
        "granted",
        "denied",
        "太贵",
    )
    assert list(play.items(undecided)) == ["check-1"]
    assert "approve-1-1" in play.keys(parts)
    taken = play.rows("SELECT actor, channel FROM ledger WHERE step_key IN ('check-1', 'approve-1-1')")
    assert {tuple(row) for row in taken} == {("E1040", Channel.SHEET.value)}

    again = import_file(play.db, path)
    assert {became.name: many for became, many in again.counts.items()} == {"UNCHANGED": 3, "SKIPPED": 1}


def test_a_wrong_answer_comes_back_and_the_corrected_reject_sheet_ends_the_toy_and_who_waits_for_it(
    play: Play, tmp_path: Path
) -> None:
    parent = opened(play.db, "TOW")
    [child] = play.rows("SELECT id FROM service_case WHERE parent_id = :case", case=parent)
    advance(play.db, child.id)
    path = tmp_path / "待办.xlsx"
    write_inbox(play.db, Role.SUPERVISOR, path)
    fill_in(path, TOYS, {2: {"核对结论": "同意", "经办人工号": "E1049"}})
    report = import_file(play.db, path)
    assert report.reject_sheet is not None
    [back] = table_of(report.reject_sheet, TOYS)
    assert "E1049" in back["退回原因"]
    assert list(play.items(child.id)) == ["check-1"]

    report = import_file(play.db, fill_in(report.reject_sheet, TOYS, {2: SIGNED}))
    assert report.rejected == []
    advance(play.db, parent)  # the letter has come
    assert (play.case(child.id).ending, play.case(parent).ending) == ("granted", "granted")
