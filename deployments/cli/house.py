"""The commands that keep the house: up, demo, processes, rules, recover, calendar import, db upgrade."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import httpx
import typer
from sqlalchemy import Engine

from deployments.cli.as_json import process_object, rule_object
from deployments.cli.output import links_table, rules_table, table
from deployments.cli.session import Json, Output, app, calendar_app, command, db_app, installation
from deployments.database import load_reference, migrate, url_text
from deployments.local.prefect_server import is_healthy, pointed_at
from flows import load
from schemas.problems import UpError
from tasks.cycle.publication import known_to
from tasks.durable.process import PROCESSES
from tasks.notices.digest import try_channels
from tasks.policies.rulebook import not_covered, policies_in_force, rulebook, rules_page
from tasks.reference.renew import load_channels, load_holidays


@app.command()
def up(samples: Annotated[bool, typer.Option(help="载入示例申报单 load sample applications")] = True) -> None:
    """启动全部服务 Serve everything on this machine until Ctrl-C."""
    import_module("deployments.local.serve").serve(installation(), samples)


@app.command()
def demo(
    sheets: Annotated[bool, typer.Option("--sheets", help="只演示用表格办理 only the way through sheets")] = False,
) -> None:
    """演示 Play the demo: the staff of every role at work, by clicks (a worker is killed) and through sheets."""
    raise typer.Exit(import_module("deployments.demo.main").main(sheets))


@app.command()
def processes(json: Json = False) -> None:
    """流程 List the processes: code, title, version, chain; of each link who is waited for, and how they end."""
    load()
    known = [PROCESSES[code] for code in sorted(PROCESSES)]
    rows = [(one.code, one.title, one.version, one.chain) for one in known]
    shown = [table("代码 Code", "流程 Process", "版本 Version", "环节 Chain", rows=rows), *map(links_table, known)]
    Output(list(map(process_object, known)), shown).tell(json)


@command(app)
def rules(
    db: Engine,
    text: Annotated[str, typer.Argument(help="编号、章节或内容的一部分 part of a rule's id, section or words")] = "",
    page: Annotated[Path | None, typer.Option(help="写成网页文档 write all of them as a page, in markdown")] = None,
) -> Output:
    """规则 List the rules that the product holds: source, policies in force, and the tests that show them."""
    with db.connect() as connection:
        values = policies_in_force(connection)
    every = rulebook()
    if page:
        page.write_text(rules_page(every, values), "utf-8")
        return Output({"page": str(page)}, [f"✓ 已写入 written: {page}"])
    known = [one for one in every if text.lower() in f"{one.id} {one.section} {one.rule}".lower()]
    shape = {"rules": [rule_object(one, values) for one in known], "not_covered": not_covered(every)}
    uncovered = "；".join(not_covered(every)) or "无 nothing"
    return Output(shape, [rules_table(known, values), f"尚未覆盖 not covered yet: {uncovered}"])


@command(app)
def recover(db: Engine) -> Output:
    """恢复 Park the runs of all open cases anew, e.g. after Prefect's database was deleted."""
    settings = installation()
    if not is_healthy(settings):
        raise UpError(f"Prefect 未运行 Prefect does not answer at {settings.api_url}: start `aftersales up`")
    with pointed_at(settings):
        load()  # Prefect is imported when it is pointed at our server
        from tasks.runs.watch import recover

        try:
            report = vars(recover(db))
        except httpx.HTTPError as error:
            raise UpError(f"Prefect 出错 Prefect failed: {' '.join(str(error).split())}") from error
    counts = ", ".join(f"{name} {count}" for name, count in report.items())
    return Output(report, [f"✓ 已恢复 recovered: {counts}"])


@command(calendar_app, name="import")
def import_calendar(
    db: Engine, file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: day,working,name,source")]
) -> Output:
    """日历 Load the holidays of a year that was published, or what a notice changed; terms behind them follow."""
    with db.begin() as connection:
        days = load_holidays(connection, file)
        known = known_to(connection)
    told = f"✓ 已载入 {days} 天，节假日公布到 {known} holidays are known up to {known}"
    return Output({"days": days, "known_to": known}, [told])


@command(db_app, machines=False)
def channels(
    db: Engine,
    file: Annotated[Path, typer.Argument(help="notice_channels.csv: role,office,way,address")],
    trial: Annotated[bool, typer.Option("--try", help="试发一条 send each channel a message")] = False,
) -> Output:
    """消息渠道 Say anew who hears of what a role is told, by e-mail, group robot or webhook (docs/notices.md)."""
    with db.begin() as connection:
        told = [f"✓ 消息渠道 {load_channels(connection, file)} 条，即刻生效 channels of notices, from now on"]
        if trial:
            told.append(f"✓ 试发 {try_channels(connection)} 条，见各渠道或客服主管收件箱 each channel gets a message")
    return Output(None, told)


@command(db_app, machines=False)
def upgrade(
    db: Engine,
    reference: Annotated[bool, typer.Option(help="空库载入基础数据 load reference data where there is none")] = True,
) -> Output:
    """升级 Bring the database to the newest schema."""
    migrate(url_text(db.url))
    told = ["✓ 数据库已是最新 the database has the newest schema"]
    if reference and load_reference(db):
        told.append("✓ 已载入基础数据 the reference data was loaded")
    return Output(None, told)
