"""The command that gives what happened to other programs."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from deployments.cli.session import Force, Output, app, command
from deployments.cli.sheets import refuse_overwriting
from deployments.cli.values import FirstDay, LastDay, period_of, wrong
from tasks.durable.process import PROCESSES
from tasks.exports.log import LogFormat, write_log


@command(app, processes=True)
def export(
    db: Engine,
    out: Annotated[Path, typer.Argument(metavar="FILE")],
    form: Annotated[LogFormat, typer.Option("--format", help="XES 1.0 or OCEL 2.0 (JSON)")],
    first: FirstDay,
    last: LastDay,
    process: Annotated[str, typer.Option(help="只含此流程 of one process, e.g. PA")] = "",
    force: Force = False,
) -> Output:
    """导出 Write the event log for process-mining tools: who did what when, at which link; no contact data."""
    code, (begins, ends) = process.strip().upper(), period_of(first, last)
    if code and code not in PROCESSES:
        raise wrong("--process", process, f"应为 must be one of: {', '.join(sorted(PROCESSES))}")
    refuse_overwriting(out, force)
    if not out.parent.is_dir():
        raise wrong("文件 file", out.name, f"没有这个目录 there is no folder {out.parent}")
    written = write_log(db, form, begins, ends, code, out)
    return Output({"events": written, "file": str(out)}, [f"✓ {written} 个事件 events → {out}"])
