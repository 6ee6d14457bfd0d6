"""The core: what it costs to replay a case with 40 recorded steps, and to import a process."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, event, select

from deployments import database
from deployments.local.postgres import running_database
from deployments.settings import Settings
from schemas.answers import Answer
from schemas.tables import work_item
from schemas.words import Channel
from tasks.durable.opening import open_case
from tasks.durable.process import PROCESSES
from tasks.durable.queries import load_files
from tasks.durable.replay import Replay
from tasks.durable.stage import Leg, advance
from tests.bench.figure import Figure

RUNS = 3


def run() -> list[Figure]:
    """Measure on the embedded PostgreSQL; medians of three runs."""
    with (
        tempfile.TemporaryDirectory(prefix="aft-", ignore_cleanup_errors=True) as home,
        running_database(Settings(home=Path(home), database_url=None, fsync=False)) as urls,
    ):
        database.migrate(urls.ours)
        db = database.connect(urls.ours)
        database.load_reference(db)
        figures = _replay(db)
        db.dispose()
    return [*figures, _import()]


def _replay(db: Engine) -> list[Figure]:
    __import__("flows.parts_application")
    short, long = _case(db, loops=0, order="SO-BENCH-1"), _case(db, loops=13, order="SO-BENCH-2")
    with db.connect() as connection:
        steps = len(load_files(connection, [long])[long].recorded)
    few, many = _queries(db, short), _queries(db, long)
    cpu = statistics.median(_replay_cpu_ms(db, long) for _ in range(RUNS))
    return [
        Figure("recorded_steps", steps, "≥ 40", steps >= 40),
        Figure("queries_short_case", few),
        Figure("queries_long_case", many, "as the short one", many == few),
        Figure("replay_cpu_ms", cpu, "< 5", cpu < 5),
    ]


def _case(db: Engine, loops: int, order: str) -> int:
    """Make a case that was sent back and resubmitted `loops` times and waits for review."""
    line = {"配件名称": "P-HW-001", "数量": 4, "原因": "质量问题"}
    customer = {"客户姓名": "测试", "客户电话": "13800000000", "客户地址": "北京市"}
    data = {"办事处": "BJ", "申报人工号": "E1049", "订单号": order, "明细": [line], **customer}
    case_id = open_case(db, "PA", data, f"bench:{order}", Channel.CLI).case_id
    advance(db, case_id)
    for turn in range(1, loops + 1):
        back = {"经办人工号": "E1001", "审核结论": "退回办事处", "原因": "请核对颜色"}
        advance(db, case_id, Answer(f"review-{turn}", back, Channel.CLI))
        advance(db, case_id, Answer(f"resubmit-{turn}", {"经办人工号": "E1049", "明细": [line]}, Channel.CLI))
    with db.connect() as connection:
        waiting = connection.execute(
            select(work_item.c.step_key).where(work_item.c.case_id == case_id, work_item.c.state == "open")
        ).scalar_one()
    assert waiting == f"review-{loops + 1}", waiting
    return case_id


def _queries(db: Engine, case_id: int) -> int:
    """Count the statements of one leg that finds nothing to do."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(db, "before_cursor_execute", note)
    advance(db, case_id)
    event.remove(db, "before_cursor_execute", note)
    return len(seen)


def _replay_cpu_ms(db: Engine, case_id: int, times: int = 50) -> float:
    """Measure the CPU of a replay besides its queries, in ms."""
    process = PROCESSES["PA"]
    with db.connect() as connection:
        files = [load_files(connection, [case_id])[case_id] for _ in range(times)]
    begun = time.process_time()
    for file in files:
        Replay(process, file, Leg(db), None).run()
    return (time.process_time() - begun) / times * 1000


def _import() -> Figure:
    ratio = _import_cpu("flows.parts_application") / _import_cpu("prefect")
    return Figure("import_cpu_by_prefect", ratio, "≤ 1.35", ratio <= 1.35)


def _import_cpu(module: str) -> float:
    """Measure the CPU of importing a module in a fresh process, bytecode compiled, in seconds."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    measured = []
    for _ in range(RUNS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True, env=env)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        measured.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(measured[1:])  # the first run compiles
