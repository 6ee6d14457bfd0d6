"""The demo's applications: the template filled in with first mistakes, and the reject sheet put right."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Engine

from deployments.demo.plan import Story
from schemas.sheet_kinds import sheet_kind
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.outcome import RowOutcome
from tasks.sheets.queries import template_lists
from tasks.sheets.template import write_template

APPLICATIONS = sheet_kind("applications")

KEY, PART, QUANTITY, REASON, FOUND_ON = "申报单号", "配件名称", "数量", "原因", "发现日期"
OF_APPLICATION = ("办事处", "申报人工号", "订单号", "紧急程度", FOUND_ON)
FIRST_ROW = 3  # below the heading and the example


def right_cells(story: Story, line: int) -> dict[str, object]:
    """Give the right cells of one row; what concerns the whole application stands in its first row."""
    part, quantity, reason = story.lines[line - 1]
    cells: dict[str, object] = {KEY: story.key, PART: part, QUANTITY: quantity, REASON: reason}
    if line == 1:
        found = shanghai_day(clock.now()) - timedelta(days=2)
        whole = (story.office, story.applicant, story.order, story.urgency, f"{found.month}月{found.day}日")
        cells |= dict(zip(OF_APPLICATION, whole, strict=True))
    return cells


def written_cells(story: Story, line: int) -> dict[str, object]:
    """Give the cells of one row as the office first writes them, mistakes included."""
    tomorrow = f"{shanghai_day(clock.now()) + timedelta(days=1):%Y/%m/%d}"
    wrong = {slip.heading: slip.written for slip in story.slips if slip.line == line}
    return right_cells(story, line) | {h: tomorrow if v == "tomorrow" else v for h, v in wrong.items()}


def write_sheet(db: Engine, path: Path, stories: Sequence[Story]) -> int:
    """Fill in the template with the applications of all stories; gives the number of lines."""
    with db.connect() as connection:
        write_template(path, APPLICATIONS, template_lists(connection))
    book = load_workbook(path)
    sheet: Any = book[APPLICATIONS.title]
    columns = {cell.value: cell.column for cell in sheet[1]}
    rows = [written_cells(story, line) for story in stories for line in range(1, len(story.lines) + 1)]
    for no, cells in enumerate(rows, start=FIRST_ROW):
        for heading, value in cells.items():
            sheet.cell(no, columns[heading]).value = value
    book.save(path)
    return len(rows)


def correct_sheet(rejects: Path, path: Path, stories: Sequence[Story]) -> int:
    """Put right what came back, in the reject sheet itself; gives the number of lines."""
    by_key = {story.key: story for story in stories}
    book = load_workbook(rejects)
    sheet: Any = book.active
    columns = {cell.value: cell.column for cell in sheet[1]}
    lines: dict[str, int] = {}
    for row in range(2, sheet.max_row + 1):
        key = sheet.cell(row, columns[KEY]).value
        lines[key] = lines.get(key, 0) + 1
        for heading, value in right_cells(by_key[key], lines[key]).items():
            sheet.cell(row, columns[heading]).value = value
    book.save(path)
    return sum(lines.values())


def missed_reasons(stories: Sequence[Story], rejected: Sequence[RowOutcome]) -> list[str]:
    """Give the mistakes that did not come back with the reason that was expected."""
    told = "\n".join(str(problem) for one in rejected for problem in one.problems)
    return [f"{s.key} {slip.heading}: {slip.reason}" for s in stories for slip in s.slips if slip.reason not in told]
