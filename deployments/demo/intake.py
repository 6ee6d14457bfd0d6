"""How the demo's applications come in by sheet: the template filled in, what came back put right, both again."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from deployments.demo.plan import Story
from deployments.demo.screen import Screen
from deployments.demo.workbook import StaffBook
from schemas.sheet_kinds import sheet_kind
from schemas.tables import service_case
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.importing import import_sheet
from tasks.sheets.outcome import GOES_WITH, Became
from tasks.sheets.queries import template_lists
from tasks.sheets.template import write_template

APPLICATIONS = sheet_kind("applications")
KEY = "申报单号"
OF_APPLICATION = ("办事处", "申报人工号", "订单号", "紧急程度", "发现日期")
FIRST_ROW = 3  # below the heading and the example


def send_sheets(db: Engine, folder: Path, stories: Sequence[Story], screen: Screen) -> tuple[dict[str, str], list[str]]:
    """Send the sheet until every application is a case; gives key → case number, and what went wrong."""
    first, again = folder / "配件申报.xlsx", folder / "配件申报-更正.xlsx"
    wrong = sum(1 for story in stories if story.slips)
    lines = _write_sheet(db, first, stories)
    screen.stage(f"办事处发来申报表 an office's sheet: {len(stories)} 份 applications, {lines} 行 lines")
    report = import_sheet(db, first, APPLICATIONS)
    reasons = [str(problem) for row in report.rejected for problem in row.problems if problem.field != GOES_WITH]
    for reason in reasons:
        screen.tell("退回 rejected", "", reason)
    if report.reject_sheet is None:
        return {}, [f"没有退回表 there is no reject sheet: {report.fault}"]
    corrected = _correct_sheet(report.reject_sheet, again, stories)
    screen.stage(f"更正后再发 the reject sheet comes back put right: {corrected} 行 lines")
    second = import_sheet(db, again, APPLICATIONS)
    (aside := folder / "重发").mkdir()  # where the reject sheet of the first one lies, it is not overwritten
    repeated = [import_sheet(db, path, APPLICATIONS, out=aside).counts[Became.ACCEPTED] for path in (first, again)]
    numbers = _cases(db)
    screen.stage(f"两份表重发一遍，没有重复 both sheets sent again: still {len(numbers)} 单 cases")
    checks = {
        "受理 accepted of the first sheet": (len(report.tables[0].numbers), len(stories) - wrong),
        "退回 rejected of the first sheet": (len({row.number for row in report.rejected}), wrong),
        "受理 accepted of the corrected sheet": (len(second.tables[0].numbers), wrong),
        "重发产生的单 cases made by sending both again": (sum(repeated), 0),
        "表格受理的单 cases from sheets": (len(numbers), len(stories)),
    }
    missed = [
        f"退回原因缺少 a reason is missing: {story.key} {slip.heading}: {slip.reason}"
        for story in stories
        for slip in story.slips
        if not any(slip.reason in reason for reason in reasons)
    ]
    return numbers, [f"{what}: {got} ≠ {due}" for what, (got, due) in checks.items() if got != due] + missed


def _cases(db: Engine) -> dict[str, str]:
    """Find the cases that sheets made: the office's own number → case number."""
    with db.connect() as connection:
        rows = connection.execute(select(service_case.c.origin, service_case.c.number)).all()
    return {row.origin.split(":", 2)[2]: row.number for row in rows if row.origin.startswith("sheet:")}


def _right_cells(story: Story, line: int) -> dict[str, object]:
    """Give the right cells of one row; what concerns the whole application stands in its first row."""
    cells: dict[str, object] = {
        KEY: story.key,
        **dict(zip(("配件名称", "数量", "原因"), story.lines[line - 1], strict=True)),
    }
    if line == 1:
        found = shanghai_day(clock.now()) - timedelta(days=2)
        whole = (story.office, story.applicant, story.order, story.urgency, f"{found.month}月{found.day}日")
        cells |= dict(zip(OF_APPLICATION, whole, strict=True))
    return cells


def _write_sheet(db: Engine, path: Path, stories: Sequence[Story]) -> int:
    """Fill in the template with the applications of all stories, mistakes included; gives the number of lines."""
    with db.connect() as connection:
        write_template(path, APPLICATIONS, template_lists(connection))
    tomorrow = f"{shanghai_day(clock.now()) + timedelta(days=1):%Y/%m/%d}"
    cells = [
        {heading: tomorrow if value == "tomorrow" else value for heading, value in own.items()}
        for story in stories
        for own in (_right_cells(story, no) | story.mistakes(no) for no in range(1, len(story.lines) + 1))
    ]
    book = StaffBook(path)
    book.write(APPLICATIONS, range(FIRST_ROW, FIRST_ROW + len(cells)), cells)
    book.save()
    return len(cells)


def _correct_sheet(rejects: Path, path: Path, stories: Sequence[Story]) -> int:
    """Put right what came back, in the reject sheet itself; gives the number of lines."""
    book, by_key = StaffBook(rejects), {story.key: story for story in stories}
    for (key, _), item in book.items.items():
        right = [_right_cells(by_key[key], no) for no in range(1, len(item.rows) + 1)]
        book.write(APPLICATIONS, item.rows, right)
    book.save(path)
    return sum(len(item.rows) for item in book.items.values())
