"""The sheet kind `applications`: an office's workbook becomes cases, wrong applications go back with reasons.

An application is accepted whole or not at all; the others of the sheet go on. Its origin holds its content,
so the same application sent again (same file, renamed, in part, beside corrected ones) makes no second case.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from schemas.problems import BadInput, Problem
from schemas.states import Channel
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.engine import open_case
from tasks.sheets.cells import read_cell
from tasks.sheets.kinds import APPLICATIONS, EXAMPLE, CellType, SheetKind
from tasks.sheets.reader import SheetRow, columns_of, read_rows
from tasks.sheets.text import text_problems
from tasks.sheets.writer import write_rejects

LONGEST_KEY = 60
MOST_REASONS = 20  # in a cell of the reject sheet
_TWIN = re.compile(r"与第(\d+)行重复")
_TWIN_EN = re.compile(r"repeats row (\d+)")


@dataclass(frozen=True)
class SheetApplication:
    """The rows of one application as form data; `problems` tell of cells that could not be read."""

    row_key: str
    rows: list[int]
    data: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    sources: list[SheetRow] = field(default_factory=list, repr=False)

    @property
    def origin(self) -> str:
        """What makes it the same application when it is sent again: its content and the office's number."""
        content = json.dumps(self.data, sort_keys=True, ensure_ascii=False)
        return f"sheet:{hashlib.sha256(content.encode()).hexdigest()}:{self.row_key}"


class Accepted(NamedTuple):
    """An application that is a case; not `new` when an earlier sending made it."""

    row_key: str
    number: str
    new: bool


class Rejected(NamedTuple):
    """Rows of the sheet that go back, and why."""

    rows: list[int]
    problems: list[Problem]


@dataclass(frozen=True)
class SheetReport:
    """What became of a sheet; where something was rejected, `reject_sheet` or why there is none (`fault`)."""

    accepted: list[Accepted]
    rejected: list[Rejected]
    reject_sheet: Path | None = None
    fault: str = ""


def read_applications(path: Path) -> list[SheetApplication]:
    """Read an xlsx or csv of applications; BadInput where the file as a whole is wrong."""
    kind, today = APPLICATIONS, shanghai_day(clock.now())
    rows = [(_key(kind, row), row) for row in read_rows(path, kind)]
    groups: dict[tuple[str, int], list[SheetRow]] = {}
    for key, row in rows:
        if not key.startswith(EXAMPLE):
            groups.setdefault((key, 0 if key else row.no), []).append(row)  # a row without a key stands alone
    return [_application(kind, key, group, today) for (key, _), group in groups.items()]


def import_applications(db: Engine, path: Path) -> SheetReport:
    """Open a case for each right application; the wrong ones go to `<name>.rejected.xlsx` beside the file.

    The new cases are ready for their first leg; the caller advances them, or the watch does.
    """
    applications = read_applications(path)
    accepted: list[Accepted] = []
    refused: list[tuple[SheetApplication, list[Problem]]] = []
    for application in applications:
        try:
            accepted.append(_accept(db, application))
        except BadInput as wrong:
            refused.append((application, wrong.problems))
    report = SheetReport(accepted, [Rejected(one.rows, problems) for one, problems in refused])
    return _with_rejects(report, path, refused) if refused else report


def _accept(db: Engine, application: SheetApplication) -> Accepted:
    if application.problems:
        raise BadInput(application.problems)
    try:
        opened = open_case(db, "PA", application.data, application.origin, Channel.SHEET)
    except BadInput as wrong:
        raise BadInput([_in_sheet(problem, application.rows) for problem in wrong.problems]) from None
    return Accepted(application.row_key, opened.number, opened.new)


def _in_sheet(problem: Problem, rows: Sequence[int]) -> Problem:
    """Say where in the sheet a line's problem stands; what concerns the whole stands in its first row."""
    expected = _TWIN.sub(lambda m: f"与第{rows[int(m[1]) - 1]}行重复", problem.expected)
    expected = _TWIN_EN.sub(lambda m: f"repeats row {rows[int(m[1]) - 1]}", expected)
    name = problem.field.removeprefix(f"{APPLICATIONS.lines}.")
    return replace(problem, field=name, expected=expected, row=rows[max(problem.row, 1) - 1])


def _key(kind: SheetKind, row: SheetRow) -> str:
    try:
        return read_cell(row.cells.get(kind.key.heading), CellType.TEXT, date.min)
    except ValueError:
        return ""


def _application(kind: SheetKind, key: str, rows: list[SheetRow], today: date) -> SheetApplication:
    problems = [] if key else [_no_key(kind, rows[0])]
    problems += [Problem(kind.key.heading, key, why, rows[0].no) for why in text_problems(key, LONGEST_KEY)]
    data: dict[str, Any] = {kind.lines: [{} for _ in rows]}
    written: dict[str, int] = {}
    for row, line in zip(rows, data[kind.lines], strict=True):
        for heading, value, problem in _read(kind, row, today):
            if problem:
                problems.append(problem)
            elif kind.of_line(heading):
                line[heading] = value
            elif data.setdefault(heading, value) != value:
                first = written[heading]
                same = f"与第{first}行的“{data[heading]}”不一致 differs from row {first}"
                problems.append(Problem(heading, value, same, row.no))
            else:
                written.setdefault(heading, row.no)
    return SheetApplication(key, [row.no for row in rows], data, problems, rows)


def _read(kind: SheetKind, row: SheetRow, today: date) -> Iterator[tuple[str, str, Problem | None]]:
    """Give the filled cells of a row but its key: (heading, value, what is wrong with it)."""
    for heading, cell in row.cells.items():
        if heading == kind.key.heading:
            continue
        try:
            value = read_cell(cell, kind.type_of(heading), today)
        except ValueError as wrong:
            yield heading, "", Problem(heading, cell, str(wrong), row.no)
            continue
        if value:
            yield heading, value, None


def _no_key(kind: SheetKind, row: SheetRow) -> Problem:
    expected = "必填，不能是公式；合并的单元格请取消合并 is required, no formula; split merged cells"
    return Problem(kind.key.heading, row.cells.get(kind.key.heading) or "", expected, row.no)


def _with_rejects(
    report: SheetReport, path: Path, refused: Sequence[tuple[SheetApplication, list[Problem]]]
) -> SheetReport:
    """Write the reject sheet; a folder that does not take it undoes nothing that was accepted."""
    target = path.with_suffix(".rejected.xlsx")
    rows = sorted((pair for one in refused for pair in _reasons(*one)), key=lambda pair: pair[0].no)
    try:
        write_rejects(target, APPLICATIONS, columns_of((row for row, _ in rows), APPLICATIONS), rows)
    except BadInput as fault:
        return replace(report, fault=str(fault))
    return replace(report, reject_sheet=target)


def _reasons(application: SheetApplication, problems: Sequence[Problem]) -> Iterator[tuple[SheetRow, str]]:
    """Give each row of an application with its own reasons; the faultless ones go back with the others."""
    ordered = sorted(problems, key=lambda problem: problem.row)
    by_row = {no: list(found) for no, found in groupby(ordered, key=lambda problem: problem.row)}
    wrong = "、".join(str(no) for no in list(by_row)[:MOST_REASONS])
    others = f"同一申报单第 {wrong} 行有误，整份退回 goes back with the rest of its application"
    for row in application.sources:
        own = [str(replace(problem, row=0)) for problem in by_row.get(row.no, [])][:MOST_REASONS]
        yield row, "\n".join(own) or others
