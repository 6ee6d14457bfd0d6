"""How the demo's applications come in: a sheet, what came back of it put right, both again, and run forms."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from prefect import get_client
from sqlalchemy import Engine, select

from deployments.demo.plan import Story
from deployments.demo.screen import Screen
from deployments.demo.sheet import correct_sheet, missed_reasons, write_sheet
from schemas.sheet_kinds import sheet_kind
from schemas.tables import service_case
from schemas.words import Reason, Urgency
from tasks.sheets.importing import import_sheet
from tasks.sheets.outcome import GOES_WITH, Became

APPLICATIONS = sheet_kind("applications")


def send_sheets(db: Engine, folder: Path, stories: Sequence[Story], screen: Screen) -> tuple[dict[str, str], list[str]]:
    """Send the sheet until every application is a case; gives key → case number, and what went wrong."""
    first, again = folder / "配件申报.xlsx", folder / "配件申报-更正.xlsx"
    wrong = sum(1 for story in stories if story.slips)
    lines = write_sheet(db, first, stories)
    screen.stage(f"办事处发来申报表 an office's sheet: {len(stories)} 份 applications, {lines} 行 lines")
    report = import_sheet(db, first, APPLICATIONS)
    for row in report.rejected:
        if row.problems[0].field != GOES_WITH:
            screen.tell("退回 rejected", "", str(row.problems[0]))
    if report.reject_sheet is None:
        return {}, [f"没有退回表 there is no reject sheet: {report.fault}"]
    corrected = correct_sheet(report.reject_sheet, again, stories)
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
    missed = [f"退回原因缺少 a reason is missing: {one}" for one in missed_reasons(stories, report.rejected)]
    return numbers, [f"{what}: {got} ≠ {due}" for what, (got, due) in checks.items() if got != due] + missed


def _cases(db: Engine) -> dict[str, str]:
    """Find the cases that sheets made: the office's own number → case number."""
    with db.connect() as connection:
        rows = connection.execute(select(service_case.c.origin, service_case.c.number)).all()
    return {row.origin.split(":", 2)[2]: row.number for row in rows if row.origin.startswith("sheet:")}


def send_form(story: Story, deployment: UUID, screen: Screen) -> UUID:
    """Fill in the run form of the deployment, mistakes included; gives the run."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run_from_deployment(deployment, parameters={"申报单": run_form(story)})
    wrong = "（有误 with mistakes）" if story.slips else ""
    screen.tell("办事处", "", f"在界面填写申报单 fills in the run form{wrong}: {story.title}")
    return run.id


def run_form(story: Story) -> dict[str, object]:
    """Give the values of the run form as the office first writes them."""
    slips = {(slip.line, slip.heading): slip.written for slip in story.slips}
    return {
        "办事处": story.office,
        "申报人工号": slips.get((1, "申报人工号"), story.applicant),
        "订单号": story.order,
        "紧急程度": Urgency.parse(story.urgency).option,
        "明细": [
            {"配件名称": slips.get((no, "配件名称"), part), "数量": quantity, "原因": Reason.parse(reason).option}
            for no, (part, quantity, reason) in enumerate(story.lines, start=1)
        ],
    }
