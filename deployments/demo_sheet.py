"""The demo's workbook: an office's applications with their first mistakes, and the reject sheet put right."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from deployments.demo_plan import Story
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.applications import Rejected
from tasks.sheets.kinds import APPLICATIONS

KEY, PART, QUANTITY, REASON, FOUND_ON = "申报单号", "配件名称", "数量", "原因", "发现日期"
OF_APPLICATION = ("办事处", "申报人工号", "订单号", "紧急程度", FOUND_ON)
HEADINGS = (KEY, *OF_APPLICATION, PART, QUANTITY, REASON)


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


def write_sheet(path: Path, stories: Sequence[Story]) -> int:
    """Write the applications of all stories as one workbook; gives the number of lines."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = APPLICATIONS.title
    sheet.append(HEADINGS)
    rows = [written_cells(story, line) for story in stories for line in range(1, len(story.lines) + 1)]
    for cells in rows:
        sheet.append([cells.get(heading) for heading in HEADINGS])
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


def missed_reasons(stories: Sequence[Story], rejected: Sequence[Rejected]) -> list[str]:
    """Give the mistakes that did not come back with the reason that was expected."""
    told = "\n".join(str(problem) for one in rejected for problem in one.problems)
    return [
        f"{s.key} {slip.heading}: {slip.reason}"
        for s in stories
        for slip in s.slips
        if slip.reason not in told
    ]
