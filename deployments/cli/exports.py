"""The command that gives what happened to other programs."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from deployments.cli.session import Force, Output, app, command
from deployments.cli.sheets import refuse_overwriting
from deployments.cli.values import wrong
from tasks.durable.process import PROCESSES
from tasks.exports.log import LogFormat, write_log


@command(app, processes=True)
def export(
    db: Engine,
    out: Annotated[Path, typer.Argument(metavar="FILE")],
    form: Annotated[LogFormat, typer.Option("--format", help="XES 1.0 or OCEL 2.0 (JSON)")],
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="起始日 first day, e.g. 2026-01-01")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="截止日（含）last day, included")],
    process: Annotated[str, typer.Option(help="只含此流程 of one process, e.g. PA")] = "",
    force: Force = False,
) -> Output:
    """导出 Write the event log for process-mining tools: who did what when, at which link; no contact data."""
    code, begins, ends = process.strip().upper(), _day("--from", first), _day("--to", last)
    if code and code not in PROCESSES:
        raise wrong("--process", process, f"应为 must be one of: {', '.join(sorted(PROCESSES))}")
    if ends < begins:
        raise wrong("--to", last, f"不能早于 must not be before {begins}")
    refuse_overwriting(out, force)
    if not out.parent.is_dir():
        raise wrong("文件 file", out.name, f"没有这个目录 there is no folder {out.parent}")
    written = write_log(db, form, begins, ends, code, out)
    return Output({"events": written, "file": str(out)}, [f"✓ {written} 个事件 events → {out}"])


def _day(option: str, typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise wrong(option, typed, "应为日期 must be a day, e.g. 2026-01-31") from None
