"""`aftersales demo`: cases of all processes through the whole product without a person, in a fresh home each time.

By clicks: forms come in, staff of every role answer over Prefect's API, the worker is killed in the middle. Through
sheets, in the same time: the same stories and many more by workbooks alone, for weeks of business time. At the end every
case must have ended as its story says, all endings must have occurred, the books must balance, and both ways must have
left the same.
"""

import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from rich.text import Text
from sqlalchemy import Engine, select

from deployments.cli.output import unseen_console
from deployments.database import prepare, reached
from deployments.demo.clicks_door import ClicksDoor
from deployments.demo.days import Days
from deployments.demo.end import End, doors_that_differ, endings_table, show_end
from deployments.demo.plan import BY_CLICK, BY_SHEET, DRAFT, Story
from deployments.demo.player import Player
from deployments.demo.screen import Screen
from deployments.demo.sheets_door import SheetsDoor
from deployments.local.postgres import running_database
from deployments.local.prefect_server import free_port
from deployments.local.up import Context, up
from deployments.loop import Loop, repeated
from deployments.settings import Settings
from schemas.problems import AftersalesError
from schemas.tables import lease, service_case

KILL_AFTER = 40  # answers
LEGS_TO_KILL = 2
KILL_EVERY = 0.25  # seconds between two looks whether it can be done
ENDS_WITHIN = 15.0  # seconds in which the sheets' PostgreSQL has stopped
CLICKS, SHEETS = "点击 clicks", "表格 sheets"


class Played(NamedTuple):
    """What came of playing one way, and what went wrong; no end where it broke."""

    end: End | None
    problems: list[str]


def main(sheets_only: bool = False) -> int:
    """Play the demo by clicks, beside it through sheets; 0 only if everything ended as it should, both times alike."""
    os.environ.pop("AFTERSALES_ORDER_SYSTEM_URL", None)  # the embedded order system answers
    screen = Screen()
    told = {SHEETS: played(through_sheets, screen)} if sheets_only else _both_ways(screen)
    ends = {name: one.end for name, one in told.items() if one.end}
    counted, missing = endings_table(ends)
    screen.console.print("\n结案统计 How many ended how", counted, sep="\n")
    problems = [problem for one in told.values() for problem in one.problems]
    problems += doors_that_differ(list(ends.values())) + (missing if len(ends) == len(told) else [])
    screen.verdict(problems, ways=len(ends))
    return 1 if problems else 0


def played(way: Callable[[Path, Screen], End], screen: Screen) -> Played:
    """Play in a fresh home; whatever breaks is told, and nothing is left running."""
    logging.getLogger("aftersales").setLevel(logging.ERROR)  # the screen tells of the killed worker
    with tempfile.TemporaryDirectory(prefix="aftersales-demo-", ignore_cleanup_errors=True) as home:
        try:
            end = way(Path(home), screen)
        except AftersalesError as error:
            return Played(None, [str(error), "演示未完成 the demo did not finish"])
        except Exception as fault:  # noqa: BLE001  whatever broke is told
            screen.console.print_exception()
            return Played(None, [f"演示中断 the demo broke: {fault!r}"])
        return Played(end, end.problems)


def _both_ways(screen: Screen) -> dict[str, Played]:
    """Play by clicks here and through sheets in a process of its own, whose clock runs ahead; that is shown after."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    beside = context.Process(target=_sheets_unseen, args=(theirs, screen.console.width))
    beside.start()
    theirs.close()
    try:
        clicks = played(by_clicks, screen)
        if clicks.end is None:
            return {CLICKS: clicks}
        through, shown = ours.recv()
    except EOFError:
        return {CLICKS: clicks, SHEETS: Played(None, ["表格演示中断 the demo through sheets broke off"])}
    finally:
        while beside.is_alive():
            beside.terminate()  # again where it was lost: Python drops what is raised in a finalizer
            beside.join(ENDS_WITHIN)
    screen.stage("同一时间只用表格再办了一遍 in the same time, all of it again through sheets alone:")
    screen.console.print(Text.from_ansi(shown), soft_wrap=True)
    return {CLICKS: clicks, SHEETS: through}


def _sheets_unseen(theirs: Connection, width: int) -> None:
    """Play through sheets while nobody looks; sends what came of it and what was to be seen, with its colours."""
    for told_to_all in (signal.SIGINT, signal.SIGHUP):
        signal.signal(told_to_all, signal.SIG_IGN)  # who plays by clicks hears it too, and says when to end
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.unraisablehook = lambda _: None  # half a workbook has nothing to say
    screen = Screen(unseen_console(width))
    with suppress(KeyboardInterrupt, BrokenPipeError):  # told to end; nobody waits for it any more
        theirs.send((played(through_sheets, screen), screen.console.export_text(styles=True)))


def fresh_installation(home: Path, port: int = 4200) -> Settings:
    """Give an installation of its own in a fresh home, whatever the environment says."""
    return Settings(home=home, port=port, database_url=None, prefect_database_url=None, fsync=False)


# through sheets


def through_sheets(home: Path, screen: Screen) -> End:
    """Start PostgreSQL and play; everything that people do stands in workbooks, and no Prefect is needed."""
    screen.stage("只用表格再办一遍 the same through sheets alone: starting PostgreSQL")
    with running_database(fresh_installation(home)) as databases:
        prepare(databases.ours)
        with reached(databases.ours) as db:
            return play_sheets(db, home, screen)


def play_sheets(db: Engine, home: Path, screen: Screen, stories: Sequence[Story] = BY_SHEET) -> End:
    """Send the applications, let every role work through its workbooks round by round, look at the end."""
    with Days().counted() as days:
        door = SheetsDoor(db, home, screen, days)
        player = Player(db, door, screen, stories)
        screen.stage("各岗位用待办表办理 every role works through its inbox workbook")
        player.work()
        screen.stage(f"{door.round} 轮 rounds, {door.books} 份表 workbooks, {player.answers} 次办理 answers")
        return show_end(player, apart=DRAFT)


# by clicks


def by_clicks(home: Path, screen: Screen) -> End:
    """Start everything on a port of its own and play: applications and answers over Prefect's API."""
    settings = fresh_installation(home, free_port())
    screen.stage(f"启动 starting PostgreSQL, Prefect, worker · {settings.ui_url}")
    with up(settings) as context, reached(context.databases.ours) as db, get_client(sync_client=True) as client:
        door = ClicksDoor(client, context.deployments, context.stopping)
        door.pause()
        screen.stage(f"办事处填表申报 offices fill in forms: {len(BY_CLICK)} 份 applications")
        player = Player(db, door, screen, BY_CLICK)
        screen.stage("各岗位开始办理 staff of every role begin to work")
        killed = threading.Event()
        with repeated(Loop("kill", KILL_EVERY, partial(_kill_worker, context, player, killed))):
            player.work()
        door.pause()
        if not killed.is_set():
            player.problems.append("办理中未能杀掉工作进程 the worker was not killed in the middle of legs")
        end = show_end(player)
        end.problems.extend(wrong_runs(end.runs, client))
        return end


def _kill_worker(context: Context, player: Player, killed: threading.Event) -> None:
    """Kill the worker once, in the middle of some legs; `up` starts it again, the watch takes over."""
    worker = context.children["worker"].process
    if killed.is_set() or player.answers < KILL_AFTER or worker is None:
        return
    with player.db.connect() as connection:
        busy = select(service_case.c.number).join(lease, lease.c.case_id == service_case.c.id)
        numbers = sorted(connection.execute(busy).scalars())
    if len(numbers) >= LEGS_TO_KILL:
        os.kill(worker.pid, signal.SIGKILL)
        killed.set()
        shown = "、".join(number[-6:] for number in numbers)
        player.screen.stage(f"kill -9 工作进程 the worker, in the middle of {len(numbers)} 单 cases: {shown}")


def wrong_runs(runs: Mapping[UUID, str], client: SyncPrefectClient) -> list[str]:
    """Give the runs that do not show how their case ended."""
    shown = {run_id: client.read_flow_run(run_id) for run_id in runs}
    return [
        f"{run.name}: Prefect 显示 shows {run.state_name}, 应为 expected {runs[run_id]}"
        for run_id, run in shown.items()
        if run.state_name != runs[run_id]
    ]
