"""How the demo's applications come in by sheet: the template filled in, what came back put right, both again."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, select

from deployments.demo.plan import Story
from deployments.demo.screen import Screen
from deployments.demo.workbook import Filled, StaffBook
from schemas.problems import AftersalesError
from schemas.sheet_kinds import sheet_kind
from schemas.tables import service_case
from tasks.sheets.importing import import_sheet
from tasks.sheets.outcome import GOES_WITH, Became
from tasks.sheets.queries import template_lists
from tasks.sheets.template import write_template

APPLICATIONS = sheet_kind("applications")
FIRST_ROW = 3  # below the heading and the example


def send_sheets(db: Engine, folder: Path, stories: Sequence[Story], screen: Screen) -> dict[str, str]:
    """Send the sheet until every application is a case; gives key → case number, or raises what went wrong."""
    first, again = folder / "配件申报.xlsx", folder / "配件申报-更正.xlsx"
    wrong = sum(1 for story in stories if story.slips)
    lines = _write_sheet(db, first, stories)
    screen.stage(f"办事处发来申报表 an office's sheet: {len(stories)} 份 applications, {lines} 行 lines")
    report = import_sheet(db, first, APPLICATIONS)
    reasons = [str(problem) for row in report.rejected for problem in row.problems if problem.field != GOES_WITH]
    for reason in reasons:
        screen.tell("退回 rejected", "", reason)
    if report.reject_sheet is None:
        raise AftersalesError(f"没有退回表 there is no reject sheet: {report.fault}")
    corrected = _correct_sheet(report.reject_sheet, again, stories)
    screen.stage(f"更正后再发 the reject sheet comes back put right: {corrected} 行 lines")
    second = import_sheet(db, again, APPLICATIONS)
    (aside := folder / "重发").mkdir()  # where the reject sheet of the first one lies, it is not overwritten
    repeated = [import_sheet(db, path, APPLICATIONS, out=aside).counts[Became.ACCEPTED] for path in (first, again)]
    with db.connect() as connection:
        made = connection.execute(select(service_case.c.origin, service_case.c.number)).all()
    numbers = {row.origin.split(":", 2)[2]: row.number for row in made}
    screen.stage(f"两份表重发一遍，没有重复 both sheets sent again: still {len(numbers)} 单 cases")
    checks = {
        "受理 accepted of the first sheet": (len(report.tables[0].numbers), len(stories) - wrong),
        "退回 rejected of the first sheet": (len({row.number for row in report.rejected}), wrong),
        "受理 accepted of the corrected sheet": (len(second.tables[0].numbers), wrong),
        "重发产生的单 cases made by sending both again": (sum(repeated), 0),
        "表格受理的单 cases from sheets": (len(numbers), len(stories)),
    }
    problems = [f"{what}: {got} ≠ {due}" for what, (got, due) in checks.items() if got != due]
    problems += [
        f"退回原因缺少 a reason is missing: {story.key} {slip.heading}: {slip.reason}"
        for story in stories
        for slip in story.slips
        if not any(slip.reason in reason for reason in reasons)
    ]
    if problems:
        raise AftersalesError("\n".join(problems))
    return numbers


def _write_sheet(db: Engine, path: Path, stories: Sequence[Story]) -> int:
    """Fill in the template with the applications of all stories, mistakes included; gives the number of lines."""
    with db.connect() as connection:
        write_template(path, APPLICATIONS, template_lists(connection))
    cells = [row for story in stories for row in _rows(story, first=True)]
    book = StaffBook(path)
    book.write(APPLICATIONS, range(FIRST_ROW, FIRST_ROW + len(cells)), cells)
    book.save()
    return len(cells)


def _correct_sheet(rejects: Path, path: Path, stories: Sequence[Story]) -> int:
    """Put right what came back, in the reject sheet itself; gives the number of lines."""
    book, right = StaffBook(rejects), {story.key: _rows(story) for story in stories}
    for (key, _), item in book.items.items():
        book.write(APPLICATIONS, item.rows, right[key])
    book.save(path)
    return sum(len(item.rows) for item in book.items.values())


def _rows(story: Story, first: bool = False) -> list[Filled]:
    return [{APPLICATIONS.key.heading: story.key, **row} for row in story.rows(first)]
