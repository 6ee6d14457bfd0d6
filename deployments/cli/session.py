"""What every command stands on: its group, the operations database of this installation, errors in one line."""

import inspect
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Annotated, Any, NamedTuple

import typer
from pydantic import ValidationError
from pydantic_core import to_json
from pydantic_settings import SettingsError
from rich.console import RenderableType
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from deployments.cli.output import new_console
from deployments.database import reached
from deployments.local.postgres import running_database
from deployments.settings import Settings
from flows import load
from schemas.problems import AftersalesError, UpError

NO_TABLES = "42P01"  # undefined_table

Json = Annotated[bool, typer.Option("--json", help="供程序读取 for machines")]
Force = Annotated[bool, typer.Option(help="覆盖已有文件 overwrite")]


class OneLineErrors(TyperGroup):
    """Commands whose errors are a clear line on stderr and exit code 1, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what it refuses is told as a person wants to read it."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal without Chinese shows ? instead of failing
        try:
            return super().invoke(ctx)
        except AftersalesError as error:
            lines = str(error).splitlines()
            typer.echo("✗ " + "\n  ".join(lines), err=True)
        except DBAPIError as error:
            why = f"数据库出错 the database failed: {' '.join(str(error.orig).split())}"
            if getattr(error.orig, "sqlstate", None) == NO_TABLES:
                why = "数据库尚未建表，请先运行 the database has no tables yet, run first: aftersales db upgrade"
            typer.echo(f"✗ {why}", err=True)
        raise typer.Exit(1)


app = typer.Typer(
    cls=OneLineErrors,
    help="售后流程 after-sales operations on Prefect",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="业务数据库 the operations database", no_args_is_help=True)
calendar_app = typer.Typer(help="工作日历 the working calendar", no_args_is_help=True)
sheet_app = typer.Typer(help="表格 sheets", no_args_is_help=True)
history_app = typer.Typer(help="系统启用前的单据 cases from before the system", no_args_is_help=True)
report_app = typer.Typer(help="报表 reports", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(calendar_app, name="calendar")
app.add_typer(sheet_app, name="sheet")
app.add_typer(history_app, name="history")
app.add_typer(report_app, name="report")


class Output(NamedTuple):
    """What a command tells: machines (None: nothing), people, on stderr; what was not `done` is exit code 1."""

    shape: object
    parts: Sequence[RenderableType]
    errors: Sequence[str] = ()
    done: bool = True

    def tell(self, as_json: bool) -> None:
        """Tell it, and exit."""
        if as_json and self.shape is not None:
            print(to_json(self.shape, indent=2).decode())  # Decimal as string
        else:
            for line in self.errors:
                typer.echo(line, err=True)
            console = new_console()
            for part in self.parts:
                console.print(part)
        raise typer.Exit(0 if self.done else 1)


def command(
    group: typer.Typer, name: str | None = None, processes: bool = False, machines: bool = True
) -> Callable[[Any], Any]:
    """Make a function a command: its first parameter gets the database, and `--json` comes to the others.

    `processes` loads them first: Prefect takes a second to import, and what only lists goes without.
    """

    def register(work: Callable[..., Output]) -> Callable[..., Output]:
        @wraps(work)
        def run(json: bool = False, **options: Any) -> None:
            with operations_database() as db:
                if processes:
                    load()
                work(db, **options).tell(json)

        signature = inspect.signature(work)
        typed = list(signature.parameters.values())[1:]
        if machines:
            typed.append(inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json))
        run.__signature__ = signature.replace(parameters=typed)  # type: ignore[attr-defined]
        group.command(name)(run)
        return work

    return register


def installation() -> Settings:
    """Read the settings of this installation; UpError names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(["AFTERSALES", *(str(part).upper() for part in first["loc"])])
        raise UpError(f"环境变量有误 {name} is wrong: {first['msg']}") from error
    except SettingsError as error:
        raise UpError(f"环境变量应为 JSON 列表 a variable must be a JSON list: {error}") from error


@contextmanager
def operations_database(settings: Settings | None = None) -> Iterator[Engine]:
    """Give an engine on the operations database for the time of the block; the embedded server is joined for it."""
    settings = settings or installation()
    with ExitStack() as stack:
        url = settings.database_url or stack.enter_context(running_database(settings)).ours
        yield stack.enter_context(reached(url))
