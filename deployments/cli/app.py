"""`aftersales`: start the product, apply, see what waits, decide; for people and (`--json`) machines.

Exit code 0: done; 1: refused, or an error told in one line on stderr; 2: a command that was typed wrong.
"""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.session import OneLineErrors, database_url, installation, operations_database

app = typer.Typer(
    cls=OneLineErrors,
    help="售后流程 after-sales operations on Prefect",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="业务数据库 the operations database", no_args_is_help=True)
sheet_app = typer.Typer(help="表格 sheets", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(sheet_app, name="sheet")

Json = Annotated[bool, typer.Option("--json", help="供程序读取 for machines")]
Number = Annotated[str, typer.Argument(help="单号 case number, e.g. PA-2026-000123")]
Found = Annotated[str, typer.Argument(metavar="NUMBER", help="单号、订单号或客户电话 case, order or phone number")]
Staff = Annotated[str, typer.Option("--as", metavar="STAFF", help="经办人工号 staff number, e.g. E1001")]


@app.command()
def up(samples: Annotated[bool, typer.Option(help="载入示例申报单 load sample applications")] = True) -> None:
    """启动全部服务 Serve everything on this machine until Ctrl-C."""
    from deployments.local.serve import serve

    serve(installation(), samples)


@app.command()
def demo(
    sheets: Annotated[bool, typer.Option("--sheets", help="只演示用表格办理 only the way through sheets")] = False,
) -> None:
    """演示 Play the demo: the staff of every role at work, by clicks (a worker is killed) and through sheets."""
    raise typer.Exit(import_module("deployments.demo.main").main(sheets) or 0)


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="申报表 .xlsx .csv，或一份申报 .json .yaml")],
    origin: Annotated[str, typer.Option(help="同一来源只受理一次 the same origin is accepted once")] = "",
    json: Json = False,
) -> None:
    """申报 Send an application, or a sheet of them."""
    from deployments.cli.apply import apply_file

    with operations_database() as db:
        accepted = apply_file(db, file, origin, json)
    raise typer.Exit(0 if accepted else 1)


@app.command()
def inbox(
    role: Annotated[str, typer.Option(help="角色 e.g. PARTS_REVIEWER 或 or 配件审核员")] = "",
    xlsx: Annotated[Path | None, typer.Option(help="写成待办表 write it as a workbook")] = None,
    office: Annotated[str, typer.Option(help="待办表只含此办事处 of one office, e.g. BJ")] = "",
    unit: Annotated[str, typer.Option(help="待办表只含此生产单位 of one unit, e.g. PANEL")] = "",
    force: Annotated[bool, typer.Option(help="覆盖已有文件 overwrite")] = False,
    json: Json = False,
) -> None:
    """待办 List what waits, for one role or for all; or write it as a workbook to be decided and sent back."""
    from deployments.cli.desk import role_of, show_inbox

    with operations_database() as db:
        if xlsx is None:
            show_inbox(db, role, json)
        else:
            from deployments.cli.sheets import write_inbox_file

            write_inbox_file(db, role_of(role), xlsx, office, unit, force)


@app.command()
def case(number: Found, json: Json = False) -> None:
    """查单 Show a case: what, who, when, documents, and what is next."""
    from deployments.cli.desk import show_case

    with operations_database() as db:
        show_case(db, number, json)


@app.command()
def decide(
    number: Number,
    staff: Staff,
    answers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="字段=值 FIELD=VALUE",
            help="例如 e.g. 审核结论=通过 明细.1.数量=3（预填为底 over the pre-filled form）",
        ),
    ] = None,
    form: Annotated[Path | None, typer.Option(help="整份答复 the whole answer, .json or .yaml")] = None,
    step: Annotated[str, typer.Option(help="多项待办时指定 which step, where several wait")] = "",
    json: Json = False,
) -> None:
    """办理 Decide what a case waits for; without answers, tell the fields of its form."""
    from deployments.cli.desk import decide_case

    with operations_database() as db:
        accepted = decide_case(db, number, staff, answers or [], form, step, json)
    raise typer.Exit(0 if accepted else 1)


@app.command()
def withdraw(
    number: Number, staff: Staff, reason: Annotated[str, typer.Option(help="撤回原因 why")], json: Json = False
) -> None:
    """撤回 Take a case back; what was done for it is undone visibly."""
    from deployments.cli.desk import withdraw_case

    with operations_database() as db:
        accepted = withdraw_case(db, number, staff, reason, json)
    raise typer.Exit(0 if accepted else 1)


@app.command()
def recover(json: Json = False) -> None:
    """恢复 Park the runs of all open cases anew, e.g. after Prefect's database was deleted."""
    from deployments.cli.house import recover_runs

    settings = installation()
    with operations_database(settings) as db:
        recover_runs(db, settings, json)


@db_app.command()
def upgrade(
    reference: Annotated[bool, typer.Option(help="空库载入基础数据 load reference data where there is none")] = True,
) -> None:
    """升级 Bring the database to the newest schema."""
    from deployments.cli.house import upgrade_database

    with database_url(installation()) as url:
        upgrade_database(url, reference)


@sheet_app.command()
def template(
    kind: Annotated[str, typer.Argument(help="表的种类 e.g. applications")],
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx")],
    force: Annotated[bool, typer.Option(help="覆盖已有文件 overwrite")] = False,
) -> None:
    """模板 Write an empty sheet of a kind with lists, an example and notes."""
    from deployments.cli.sheets import write_template_file

    with operations_database() as db:
        write_template_file(db, kind, out, force)


@sheet_app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="工作簿或 csv a workbook or csv")],
    kind: Annotated[str, typer.Option(help="表的种类，空则自行辨认 recognised if empty")] = "",
    json: Json = False,
) -> None:
    """导入 Take in a sheet of applications, decisions, reports or sales records."""
    from deployments.cli.sheets import import_file

    with operations_database() as db:
        clean = import_file(db, file, kind, json)
    raise typer.Exit(0 if clean else 1)


if __name__ == "__main__":
    app()
