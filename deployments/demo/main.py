"""`aftersales demo`: twenty-two applications through the whole product without a person, each time in a fresh home.

By clicks: a sheet and two forms come in, staff of every role answer over Prefect's API, the worker is killed in
the middle. Through sheets: the same stories by workbooks alone. At the end every case must have ended as its story
says, stock and documents must balance, and both ways must have left the same.
"""

import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from prefect import get_client
from sqlalchemy import Engine, func, select

from deployments.database import connect
from deployments.demo.by_sheets import SheetDemo
from deployments.demo.end import End, differences, show_end
from deployments.demo.intake import send_form, send_sheets
from deployments.demo.progress import Progress, unsaid
from deployments.demo.screen import Screen
from deployments.demo.staff import Staff
from deployments.demo.stories import BY_FORM, SHEET
from deployments.local.serve import prepare
from deployments.local.up import Context, up
from deployments.settings import HOST, Settings, UpError
from flows import load
from schemas.problems import AftersalesError
from schemas.tables import lease, service_case
from schemas.words import Ending
from tasks.people.queries import people

STUCK_AFTER = 120.0  # seconds in which nothing happens
KILL_AFTER = 40  # answers
LEGS_TO_KILL = 2


def main(sheets_only: bool = False) -> int:
    """Play the demo by clicks, then through sheets; 0 only if everything ended as it should, both times alike."""
    logging.getLogger("aftersales").setLevel(logging.ERROR)  # the screen tells of the killed worker
    os.environ.pop("AFTERSALES_ORDER_SYSTEM_URL", None)  # the embedded order system answers
    screen, ends, problems = Screen(), list[End](), list[str]()
    for demo_of in (SheetDemo,) if sheets_only else (Demo, SheetDemo):
        with tempfile.TemporaryDirectory(prefix="aftersales-demo-", ignore_cleanup_errors=True) as home:
            demo = demo_of(Path(home), screen)
            problems += play(demo, screen)
        if demo.end is None:
            break
        ends.append(demo.end)
    problems += differences(ends)
    screen.verdict(problems, ways=len(ends))
    return 1 if problems else 0


def play(demo: "Demo | SheetDemo", screen: Screen) -> list[str]:
    """Play one way; gives what was not as it should be."""
    try:
        demo.run()
    except (UpError, AftersalesError) as error:
        demo.problems.append(str(error))
    except Exception as fault:  # noqa: BLE001  whatever broke is told, and nothing is left running
        screen.console.print_exception()
        demo.problems.append(f"演示中断 the demo broke: {fault!r}")
    finally:
        screen.close()
    unfinished = [] if demo.end else ["演示未完成 the demo did not finish"]
    return demo.problems + unfinished


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Demo:
    """One play from the first sheet to the audit; `problems` is what was not as it should be."""

    def __init__(self, home: Path, screen: Screen) -> None:
        self.home, self.screen = home, screen
        self.stories = [Progress(story) for story in (*SHEET, *BY_FORM)]
        self.problems: list[str] = []
        self.end: End | None = None
        self.killed: list[str] = []

    def run(self) -> None:
        """Start everything on a port of its own, play, and stop everything."""
        settings = Settings(home=self.home, port=free_port(), database_url=None, prefect_database_url=None, fsync=False)
        self.screen.stage(f"启动 starting PostgreSQL, Prefect, worker · {settings.ui_url}")
        up(settings, self.play, prepare)

    def play(self, context: Context) -> None:
        """Play it all; called beside the running product."""
        load()
        db = connect(context.databases.ours)
        self.screen.open()
        try:
            self._send(context, db)
            self._let_staff_work(context, db)
            self.screen.close()
            if not context.stopping.is_set():
                self._finish(db)
        finally:
            db.dispose()
            context.stopping.set()

    def _send(self, context: Context, db: Engine) -> None:
        numbers, wrong = send_sheets(db, self.home, SHEET, self.screen)
        self.problems += wrong
        for progress in self.stories:
            if progress.story in BY_FORM:
                deployment = context.deployments["parts-application"]
                progress.run_id = send_form(progress.story, deployment, self.screen)
            else:
                progress.number = numbers.get(progress.story.key, "")

    def _finish(self, db: Engine) -> None:
        self.end = show_end(db, self.stories, self.screen)
        self.problems += self.end.problems
        self.problems += wrong_runs(self.end.cases)

    # staff

    def _let_staff_work(self, context: Context, db: Engine) -> None:
        """Let everybody work until all cases have ended; in the middle, the worker is killed."""
        with db.connect() as connection:
            known = people(connection)
        over = threading.Event()
        staff = Staff(
            known,
            self.stories,
            context.deployments["withdraw"],
            self.screen.tell,
            stopping=lambda: over.is_set() or context.stopping.is_set(),
        )
        self.screen.stage("各岗位开始办理 staff of every role begin to work")
        work = threading.Thread(target=staff.work, daemon=True)
        work.start()
        try:
            while not (context.stopping.wait(0.5) or self._settled(db, staff)):
                if self.screen.idle > STUCK_AFTER:
                    self.problems.append(f"{STUCK_AFTER:.0f} 秒没有进展 nothing has happened for so long")
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
        self.problems += staff.faults + unsaid(self.stories)
        if not self.killed:
            self.problems.append("办理中未能杀掉工作进程 the worker was not killed in the middle of legs")
        if not staff.told_late:
            self.problems.append("同时提交的第二人未被告知 nobody was told that a colleague was faster")

    def _kill_worker(self, context: Context, db: Engine) -> None:
        """Kill the worker in the middle of some legs; `up` starts it again, the watch takes over."""
        with db.connect() as connection:
            busy = select(service_case.c.number).join(lease, lease.c.case_id == service_case.c.id)
            numbers = sorted(connection.execute(busy).scalars())
        if len(numbers) < LEGS_TO_KILL or context.worker is None or context.worker.process is None:
            return
        os.kill(context.worker.process.pid, signal.SIGKILL)
        self.killed = numbers
        shown = "、".join(number[-6:] for number in numbers)
        self.screen.stage(f"kill -9 工作进程 the worker, in the middle of {len(numbers)} 单 cases: {shown}")

    def _settled(self, db: Engine, staff: Staff) -> bool:
        """Say whether all cases are closed and their runs show it."""
        done = service_case.c.closed_at.is_not(None) & (service_case.c.run_seq == service_case.c.seq)
        counts = select(func.count().filter(done), func.count()).select_from(service_case)
        with db.connect() as connection:
            shown, cases = connection.execute(counts).one()
        self.screen.progress(shown, len(self.stories), staff.answers)
        return bool(shown == cases == len(self.stories))


def wrong_runs(cases: Mapping[str, tuple[UUID | None, Ending | None]]) -> list[str]:
    """Give the cases whose Prefect run does not show how they ended."""
    wrong = []
    with get_client(sync_client=True) as client:
        for number, (run_id, ending) in cases.items():
            run = client.read_flow_run(run_id) if run_id else None
            shown = run.state.name if run and run.state else None
            if ending is not None and shown != ending.zh:
                wrong.append(f"{number}: Prefect 显示 shows {shown}, 应为 expected {ending.zh}")
    return wrong
