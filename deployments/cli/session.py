"""What every command stands on: the operations database of this installation, and errors in one line."""

import io
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import typer
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from deployments.database import connect
from deployments.helper import join
from deployments.local.postgres import running_database
from deployments.settings import Settings, UpError
from schemas.problems import AftersalesError
from tasks.durable.database import use

NO_TABLES = "42P01"  # undefined_table


class OneLineErrors(TyperGroup):
    """Commands whose errors are a clear line on stderr and exit code 1, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what it refuses is told as a person wants to read it."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal without Chinese shows ? instead of failing
        try:
            return super().invoke(ctx)
        except (AftersalesError, UpError) as error:
            lines = str(error).splitlines()
            typer.echo("✗ " + "\n  ".join(lines), err=True)
        except DBAPIError as error:
            typer.echo(f"✗ {database_trouble(error)}", err=True)
        raise typer.Exit(1)


def database_trouble(error: DBAPIError) -> str:
    """Say in one line what a database refused."""
    if getattr(error.orig, "sqlstate", None) == NO_TABLES:
        return "数据库尚未建表，请先运行 the database has no tables yet, run first: aftersales db upgrade"
    return f"数据库出错 the database failed: {' '.join(str(error.orig).split())}"


def installation() -> Settings:
    """Read the settings of this installation; UpError names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(["AFTERSALES", *(str(part).upper() for part in first["loc"])])
        raise UpError(f"环境变量有误 / {name} is wrong: {first['msg']}") from error


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """Hold the operations database and give its URL; the embedded server is joined or started for it."""
    with ExitStack() as stack:
        yield settings.database_url or stack.enter_context(running_database(settings)).ours


@contextmanager
def operations_database(settings: Settings | None = None) -> Iterator[Engine]:
    """Give an engine on the operations database for the time of the block."""
    with database_url(settings or installation()) as url:
        db = connect(url, threads=2)
        use(db, partial(join, url))
        try:
            yield db
        finally:
            db.dispose()
