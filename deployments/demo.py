"""`aftersales demo`: twenty-two applications through the whole product without a person, on a home of its own.

A sheet and two forms come in, staff of every role answer over Prefect's API, the worker is killed in the middle;
at the end every case must have ended as its story says, and stock and documents must balance.
"""

import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from prefect import get_client
from sqlalchemy import Engine, func, select

from deployments.cli_output import case_parts, show
from deployments.database import connect
from deployments.demo_books import audit, figures
from deployments.demo_screen import Screen
from deployments.demo_sheet import correct_sheet, missed_reasons, write_sheet
from deployments.demo_staff import Progress, Staff
from deployments.demo_stories import BY_FORM, SHEET, Story
from deployments.serve import prepare
from deployments.services import load_processes
from deployments.settings import HOST, Settings, UpError
from deployments.up import Context, up
from schemas.problems import AftersalesError
from schemas.states import Ending
from schemas.tables import lease, service_case
from tasks.desk.queries import case_view
from tasks.durable.queries import case_id_by_number, people
from tasks.sheets.applications import SheetReport, import_applications

STUCK_AFTER = 120.0  # seconds in which nothing happens
KILL_AFTER = 40  # answers
LEGS_TO_KILL = 2
TOLD_ABOUT = "SY-01"  # the story whose case is shown at the end


def main() -> int:
    """Play the demo; 0 only if everything ended as it should."""
    logging.getLogger("aftersales").setLevel(logging.ERROR)  # the screen tells of the killed worker
    os.environ.pop("AFTERSALES_ORDER_SYSTEM_URL", None)  # the embedded order system answers
    screen = Screen()
    with tempfile.TemporaryDirectory(prefix="aftersales-demo-", ignore_cleanup_errors=True) as home:
        settings = Settings(
            home=Path(home), port=free_port(), database_url=None, prefect_database_url=None, fsync=False
        )
        demo = Demo(settings, screen)
        screen.stage(f"启动 starting PostgreSQL, Prefect, worker · {settings.ui_url}")
        try:
            up(settings, demo.play, prepare)
        except (UpError, AftersalesError) as error:
            demo.problems.append(str(error))
        except Exception as fault:  # noqa: BLE001  whatever broke is told, and nothing is left running
            screen.console.print_exception()
            demo.problems.append(f"演示中断 the demo broke: {fault!r}")
        finally:
            screen.close()
    screen.verdict(demo.problems if demo.finished else [*demo.problems, "演示未完成 the demo did not finish"])
    return 0 if demo.finished and not demo.problems else 1


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Demo:
    """One play from the first sheet to the audit; `problems` is what was not as it should be."""

    def __init__(self, settings: Settings, screen: Screen) -> None:
        self.settings, self.screen = settings, screen
        self.stories = [Progress(story) for story in (*SHEET, *BY_FORM)]
        self.problems: list[str] = []
        self.finished = False
        self.killed: list[str] = []

    def play(self, context: Context) -> None:
        """Play it all; called beside the running product."""
        load_processes()
        db = connect(context.databases.ours)
        self.screen.open()
        try:
            self._send_sheets(db)
            self._send_forms(context)
            self._let_staff_work(context, db)
            self.screen.close()
            if not context.stopping.is_set():
                self._show(db)
                self.finished = True
        finally:
            db.dispose()
            context.stopping.set()

    # applications come in

    def _send_sheets(self, db: Engine) -> None:
        """Send the sheet, then what came back put right, then both again."""
        first, again = self.settings.home / "配件申报.xlsx", self.settings.home / "配件申报-更正.xlsx"
        lines = write_sheet(first, SHEET)
        self.screen.stage(f"办事处发来申报表 an office's sheet: {len(SHEET)} 份 applications, {lines} 行 lines")
        report = import_applications(db, first)
        wrong = sum(1 for story in SHEET if story.slips)
        self._expect(len(report.accepted), len(SHEET) - wrong, "受理 accepted of the first sheet")
        self._expect(len(report.rejected), wrong, "退回 rejected of the first sheet")
        self.problems += [f"退回原因缺少 a reason is missing: {one}" for one in missed_reasons(SHEET, report.rejected)]
        for one in report.rejected:
            self.screen.tell("退回 rejected", "", str(one.problems[0]))
        if report.reject_sheet is None:
            self.problems.append(f"没有退回表 there is no reject sheet: {report.fault}")
            return
        corrected = correct_sheet(report.reject_sheet, again, SHEET)
        self.screen.stage(f"更正后再发 the reject sheet comes back put right: {corrected} 行 lines")
        second = import_applications(db, again)
        self._expect(len(second.accepted), wrong, "受理 accepted of the corrected sheet")
        self._number(report, second)
        repeated = [import_applications(db, path) for path in (first, again)]
        new = [one.number for each in repeated for one in each.accepted if one.new]
        self._expect(len(new), 0, "重复发送产生的单 cases made by sending both sheets again")
        self._expect(self._count(db)[1], len(SHEET), "表格受理的单 cases from sheets")
        self.screen.stage(f"两份表重发一遍，没有重复 both sheets sent again: still {self._count(db)[1]} 单 cases")

    def _number(self, *reports: SheetReport) -> None:
        numbers = {one.row_key: one.number for report in reports for one in report.accepted}
        for progress in self.stories:
            progress.number = numbers.get(progress.story.key, "")

    def _send_forms(self, context: Context) -> None:
        """Fill in the run form of the deployment, once with mistakes."""
        with get_client(sync_client=True) as client:
            for progress in self.stories[len(SHEET) :]:
                run = client.create_flow_run_from_deployment(
                    context.deployments["parts-application"], parameters={"申报单": run_form(progress.story)}
                )
                progress.run_id = run.id
                wrong = "（有误 with mistakes）" if progress.story.slips else ""
                self.screen.tell("办事处", "", f"在界面填写申报单 fills in the run form{wrong}: {progress.story.title}")

    # staff

    def _let_staff_work(self, context: Context, db: Engine) -> None:
        """Let everybody work until all cases have ended; in the middle, the worker is killed."""
        with db.connect() as connection:
            known = people(connection)
        over = threading.Event()
        staff = Staff(
            known, self.stories, context.deployments["withdraw"], self.screen.tell,
            stopping=lambda: over.is_set() or context.stopping.is_set(),
        )  # fmt: skip
        self.screen.stage("各岗位开始办理 staff of every role begin to work")
        work = threading.Thread(target=staff.work, daemon=True)
        work.start()
        try:
            while not (context.stopping.wait(0.5) or self._settled(db, staff)):
                if self.screen.idle > STUCK_AFTER:
                    self.problems.append(f"{STUCK_AFTER:.0f} 秒没有进展 nothing has happened for so many seconds")
                    break
                if not self.killed and staff.answers >= KILL_AFTER:
                    self._kill_worker(context, db)
        finally:
            over.set()
            work.join(10)
        if not context.stopping.is_set():
            self._judge(staff)

    def _judge(self, staff: Staff) -> None:
        """Note what people found otherwise than planned, and what never happened."""
        self.problems += staff.faults + staff.unsaid()
        if not self.killed:
            self.problems.append("未能在办理中杀掉工作进程 the worker was not killed while legs were under way")
        if not staff.told_late:
            self.problems.append("同时提交的第二人未被告知 nobody was told that a colleague was faster")

    def _kill_worker(self, context: Context, db: Engine) -> None:
        """Kill the worker in the middle of some legs; `up` starts it again, the watch takes the cases over."""
        with db.connect() as connection:
            busy = list(
                connection.execute(
                    select(service_case.c.number).join(lease, lease.c.case_id == service_case.c.id)
                ).scalars()
            )
        if len(busy) < LEGS_TO_KILL or context.worker is None or context.worker.process is None:
            return
        os.kill(context.worker.process.pid, signal.SIGKILL)
        self.killed = busy
        shown = "、".join(number[-6:] for number in sorted(busy))
        self.screen.stage(f"kill -9 工作进程 the worker, in the middle of {len(busy)} 单 cases: {shown}")

    def _settled(self, db: Engine, staff: Staff) -> bool:
        """Say whether all cases are closed and shown so."""
        shown, cases = self._count(db)
        self.screen.progress(shown, len(self.stories), staff.answers)
        return shown == cases == len(self.stories)

    def _count(self, db: Engine) -> tuple[int, int]:
        """Count the closed cases whose run shows that, and all cases."""
        done = service_case.c.closed_at.is_not(None) & (service_case.c.run_seq == service_case.c.seq)
        with db.connect() as connection:
            row = connection.execute(select(func.count().filter(done), func.count()).select_from(service_case)).one()
        return int(row[0]), int(row[1])

    # the end

    def _show(self, db: Engine) -> None:
        """Show endings, books and one case, and note what is wrong with them."""
        with db.connect() as connection:
            rows = connection.execute(select(service_case.c.number, service_case.c.ending, service_case.c.run_id)).all()
            found, counted = audit(connection), figures(connection)
            told = next(p.number for p in self.stories if p.story.key == TOLD_ABOUT)
            case_id = case_id_by_number(connection, told)
            view = case_view(connection, case_id) if case_id else None
        ended = {row.number: Ending(row.ending) if row.ending else None for row in rows}
        if view:
            show(*case_parts(view))
        self.screen.endings(self.stories, ended)
        self.screen.books(found, counted)
        self.problems += [f"账目不平 not true: {sentence}: {wrong}" for sentence, wrong in found.items() if wrong]
        for progress in self.stories:
            ending = ended.get(progress.number)
            if ending is not progress.story.ending:
                self.problems.append(f"{progress.story.key} {progress.number}: {ending} ≠ {progress.story.ending}")
        self.problems += wrong_runs([(row.number, row.run_id, ended[row.number]) for row in rows])

    def _expect(self, found: int, wanted: int, what: str) -> None:
        if found != wanted:
            self.problems.append(f"{what}: {found} ≠ {wanted}")


def run_form(story: Story) -> dict[str, object]:
    """Fill in the run form as the office first does, mistakes included."""
    slips = {(slip.line, slip.heading): slip.written for slip in story.slips}
    form: dict[str, object] = {
        "办事处": story.office,
        "申报人工号": slips.get((1, "申报人工号"), story.applicant),
        "订单号": story.order,
        "紧急程度": {"普通": "普通 normal", "加急": "加急 urgent"}[story.urgency],
        "明细": [
            {"配件名称": slips.get((no, "配件名称"), part), "数量": quantity, "原因": REASONS[reason]}
            for no, (part, quantity, reason) in enumerate(story.lines, start=1)
        ],
    }
    return form


REASONS = {"质量问题": "质量问题 quality", "运输损坏": "运输损坏 transport damage", "缺件": "缺件 missing"}


def wrong_runs(cases: Sequence[tuple[str, object, Ending | None]]) -> list[str]:
    """Give the cases whose Prefect run does not show how they ended."""
    wrong = []
    with get_client(sync_client=True) as client:
        for number, run_id, ending in cases:
            run = client.read_flow_run(run_id) if run_id else None  # type: ignore[arg-type]
            shown = run.state.name if run and run.state else "?"
            if ending is not None and shown != ending.zh:
                wrong.append(f"{number}: Prefect 显示 shows {shown}, {ending.zh} expected")
    return wrong
