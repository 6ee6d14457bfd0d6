"""`aftersales demo`: twenty-two applications through the whole product without a person, each time in a fresh home.

By clicks: a sheet and two forms come in, staff of every role answer over Prefect's API, the worker is killed in
the middle. Through sheets: the same stories by workbooks alone. At the end every case must have ended as its story
says, stock and documents must balance, and both ways must have left the same.
"""

import logging
import os
import signal
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from sqlalchemy import Engine, func, select

from deployments.database import connect
from deployments.demo.clicks_door import ClicksDoor
from deployments.demo.end import End, differences, show_end
from deployments.demo.plan import BY_FORM, SHEET
from deployments.demo.player import Door, Item, Player
from deployments.demo.screen import Screen
from deployments.demo.sensible import ROLES
from deployments.demo.sheets_door import SheetsDoor
from deployments.local.postgres import running_database
from deployments.local.prefect_server import free_port
from deployments.local.serve import prepare
from deployments.local.up import Context, up
from deployments.settings import Settings
from flows import load
from schemas.problems import AftersalesError
from schemas.tables import lease, service_case
from tasks.outbox.dispatch import dispatch_due
from tasks.people.queries import people

STUCK_AFTER = 120.0  # seconds in which nothing happens
KILL_AFTER = 40  # answers
LEGS_TO_KILL = 2
HANDS = 12  # people who work at the same time
LOOK_EVERY = 0.25  # seconds between a look at one worklist and at the next
MOST_ROUNDS = 40
ONLY_BY_FORM = "draft"  # a sheet's application that is wrong is no draft: it comes back in the reject sheet


def main(sheets_only: bool = False) -> int:
    """Play the demo by clicks, then through sheets; 0 only if everything ended as it should, both times alike."""
    logging.getLogger("aftersales").setLevel(logging.ERROR)  # the screen tells of the killed worker
    os.environ.pop("AFTERSALES_ORDER_SYSTEM_URL", None)  # the embedded order system answers
    screen, ends, problems = Screen(), list[End](), list[str]()
    for way in (SheetsDemo,) if sheets_only else (ClicksDemo, SheetsDemo):
        with tempfile.TemporaryDirectory(prefix="aftersales-demo-", ignore_cleanup_errors=True) as home:
            demo = way(Path(home), screen)
            try:
                demo.run()
            except AftersalesError as error:
                demo.problems.append(str(error))
            except Exception as fault:  # noqa: BLE001  whatever broke is told, and nothing is left running
                screen.console.print_exception()
                demo.problems.append(f"演示中断 the demo broke: {fault!r}")
        problems += demo.problems
        if demo.end is None:
            problems.append("演示未完成 the demo did not finish")
            break
        ends.append(demo.end)
    problems += differences(ends)
    screen.verdict(problems, ways=len(ends))
    return 1 if problems else 0


class Demo:
    """One play from the first sheet to the audit; `problems` is what was not as it should be."""

    def __init__(self, home: Path, screen: Screen) -> None:
        self.home, self.screen = home, screen
        self.problems: list[str] = []
        self.end: End | None = None

    def run(self) -> None:
        """Start what it needs, play, and stop it."""
        raise NotImplementedError

    def player(self, db: Engine, door: Door) -> Player:
        """Give the one who plays all stories through a door."""
        load()
        with db.connect() as connection:
            return Player(door, (*SHEET, *BY_FORM), people(connection), self.screen.tell)

    def settings(self, port: int) -> Settings:
        """Give an installation of its own in the fresh home."""
        return Settings(home=self.home, port=port, database_url=None, prefect_database_url=None, fsync=False)

    def closed(self, db: Engine, player: Player) -> bool:
        """Say whether all cases are closed and, where they have a run, it shows that."""
        shown = service_case.c.run_id.is_(None) | (service_case.c.run_seq == service_case.c.seq)
        done = service_case.c.closed_at.is_not(None) & shown
        counts = select(func.count().filter(done), func.count()).select_from(service_case)
        with db.connect() as connection:
            closed, cases = connection.execute(counts).one()
        self.screen.progress(closed, len(player.stories), player.answers)
        return bool(closed == cases == len(player.stories))

    def finish(self, db: Engine, player: Player, apart: str = "") -> None:
        """Note what people found otherwise than planned and what never happened; show the end."""
        self.problems += player.faults + player.unsaid(apart)
        if not player.told_late:
            self.problems.append("同时提交的第二人未被告知 nobody was told that a colleague was faster")
        self.end = show_end(db, player.stories, self.screen)
        self.problems += self.end.problems


class SheetsDemo(Demo):
    """Everything that people do stands in workbooks; no Prefect is needed."""

    def run(self) -> None:
        """Start PostgreSQL, play, and stop it."""
        self.screen.stage("只用表格再办一遍 the same through sheets alone: starting PostgreSQL")
        with running_database(self.settings(4200)) as databases:
            prepare(databases.ours)
            db = connect(databases.ours)
            try:
                self.play(db)
            finally:
                db.dispose()

    def play(self, db: Engine) -> None:
        """Send the applications, let every role work through its workbooks round by round, look at the end."""
        door = SheetsDoor(db, self.home, self.screen)
        player = self.player(db, door)
        player.apply(door, [one.story for one in player.stories])
        self.screen.stage("各岗位用待办表办理 every role works through its inbox workbook")
        busy = True
        while busy and not player.faults and door.round < MOST_ROUNDS:
            door.round += 1
            busy = bool(dispatch_due(db).answered)  # the order system answers
            for role in ROLES:
                items = door.waiting(role)
                busy = busy or bool(items)
                while items and not player.faults:
                    player.play(items)
                    items = player.undone(door.back())
            self.closed(db, player)
        self.screen.stage(f"{door.round} 轮 rounds, {door.books} 份表 workbooks, {player.answers} 次办理 answers")
        self.problems += door.problems
        self.finish(db, player, apart=ONLY_BY_FORM)


class ClicksDemo(Demo):
    """A sheet and two forms come in, staff answer over Prefect's API; in the middle the worker is killed."""

    killed = False

    def run(self) -> None:
        """Start everything on a port of its own, play, and stop everything."""
        settings = self.settings(free_port())
        self.screen.stage(f"启动 starting PostgreSQL, Prefect, worker · {settings.ui_url}")
        up(settings, self.play, prepare)

    def play(self, context: Context) -> None:
        """Play it all; called beside the running product."""
        db = connect(context.databases.ours)
        over = threading.Event()
        try:
            with get_client(sync_client=True) as client:
                door = ClicksDoor(client, context.deployments, lambda: over.is_set() or context.stopping.is_set())
                player = self.player(db, door)
                sheets = SheetsDoor(db, self.home, self.screen)
                player.apply(sheets, SHEET)
                player.apply(door, BY_FORM)
                self.problems += sheets.problems
                self.screen.stage("各岗位开始办理 staff of every role begin to work")
                with ThreadPoolExecutor(HANDS, "hand") as hands:
                    try:
                        self._let_staff_work(context, db, player, door, hands)
                    finally:
                        over.set()
                if not context.stopping.is_set():
                    self._finish(db, player, client)
        finally:
            db.dispose()
            context.stopping.set()

    def _let_staff_work(
        self, context: Context, db: Engine, player: Player, door: Door, hands: ThreadPoolExecutor
    ) -> None:
        """Look at one worklist after the other until all cases have ended; in the middle, the worker is killed."""

        def answer(item: Item) -> None:
            try:
                player.play([item])
            except Exception as fault:  # noqa: BLE001  a fault of one hand is told at the end, the others go on
                player.faults.append(f"{item.case} {item.key}: {fault!r}")

        for role in cycle(ROLES):
            if context.stopping.wait(LOOK_EVERY) or self.closed(db, player):
                return
            if self.screen.idle > STUCK_AFTER:
                self.problems.append(f"{STUCK_AFTER:.0f} 秒没有进展 nothing has happened for so long")
                return
            if not self.killed and player.answers >= KILL_AFTER:
                self._kill_worker(context, db)
            for item in door.waiting(role):
                hands.submit(answer, item)

    def _kill_worker(self, context: Context, db: Engine) -> None:
        """Kill the worker in the middle of some legs; `up` starts it again, the watch takes over."""
        with db.connect() as connection:
            busy = select(service_case.c.number).join(lease, lease.c.case_id == service_case.c.id)
            numbers = sorted(connection.execute(busy).scalars())
        worker = context.children["worker"].process
        if len(numbers) < LEGS_TO_KILL or worker is None:
            return
        os.kill(worker.pid, signal.SIGKILL)
        self.killed = True
        shown = "、".join(number[-6:] for number in numbers)
        self.screen.stage(f"kill -9 工作进程 the worker, in the middle of {len(numbers)} 单 cases: {shown}")

    def _finish(self, db: Engine, player: Player, client: SyncPrefectClient) -> None:
        if not self.killed:
            self.problems.append("办理中未能杀掉工作进程 the worker was not killed in the middle of legs")
        self.finish(db, player)
        self.problems += wrong_runs(self.end.runs if self.end else {}, client)


def wrong_runs(runs: Mapping[UUID, str], client: SyncPrefectClient) -> list[str]:
    """Give the runs that do not show how their case ended."""
    shown = {run_id: client.read_flow_run(run_id) for run_id in runs}
    return [
        f"{run.name}: Prefect 显示 shows {run.state_name}, 应为 expected {runs[run_id]}"
        for run_id, run in shown.items()
        if run.state_name != runs[run_id]
    ]
