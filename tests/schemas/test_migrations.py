"""The migrations build exactly what schemas.tables says, and take it all away again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Connection, NullPool, create_engine, text

from deployments import database
from schemas import migrations
from schemas.problems import Unavailable
from schemas.tables import metadata

COLUMNS = """
    SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale,
           is_nullable, column_default, is_identity
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    ORDER BY table_name, column_name
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
    AND conname NOT LIKE 'alembic_version%' ORDER BY 1, 2
"""
INDEXES = """
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1, 2
"""
LEFT = """
    SELECT 'relation', relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'type', typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace
"""


@contextmanager
def open_connection(url: str) -> Iterator[Connection]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        yield connection


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with open_connection(url) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_downgrade_leaves_an_empty_schema(empty_database: str) -> None:
    migrations.migrate(empty_database)
    assert rows(empty_database, LEFT) != []
    migrations.downgrade(empty_database)
    assert rows(empty_database, LEFT) == []


def test_a_database_can_be_upgraded_again_after_a_downgrade(empty_database: str) -> None:
    migrations.migrate(empty_database)
    before = rows(empty_database, LEFT)
    migrations.downgrade(empty_database)
    migrations.migrate(empty_database)
    assert sorted(rows(empty_database, LEFT)) == sorted(before)


def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    database.migrate(empty_database)
    database.migrate(empty_database)
    assert rows(empty_database, "SELECT count(*) FROM alembic_version") == [(1,)]


def test_processes_that_migrate_and_load_at_once_do_it_once(empty_database: str) -> None:
    code = (
        "import sys; from deployments import database as d; d.migrate(sys.argv[1]); "
        "e = d.connect(sys.argv[1]); print(d.load_reference(e)); e.dispose()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, empty_database], stdout=subprocess.PIPE, env=environment
        )
        for _ in range(3)
    ]
    said = [process.communicate()[0].decode().strip() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert sorted(said) == ["False", "False", "True"]


def test_a_migration_that_fails_leaves_nothing_behind(empty_database: str) -> None:
    with open_connection(empty_database) as connection:
        connection.execute(text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'"))
        connection.commit()
    with pytest.raises(Unavailable, match="refuse"):
        database.migrate(empty_database)
    assert rows(empty_database, LEFT) == [("function", "refuse")]


def test_a_database_of_a_newer_program_is_refused_in_one_line(empty_database: str) -> None:
    database.migrate(empty_database)
    with open_connection(empty_database) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(Unavailable, match="9999") as refused:
        database.migrate(empty_database)
    assert "\n" not in str(refused.value)


def test_a_migration_can_be_drafted(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against an empty database, and where no revision is known: it makes all tables."""
    ours = migrations._config

    def elsewhere(connection: Connection) -> Config:
        config = ours(connection)
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(tmp_path))
        return config

    monkeypatch.setattr(migrations, "_config", elsewhere)
    migrations.revise(empty_database, "tables", "0001")
    drafted = (tmp_path / "0001_tables.py").read_text("utf-8")
    assert drafted.count("op.create_table(") == drafted.count("op.drop_table(") == len(metadata.tables)


def test_no_default_and_no_function_of_ours_asks_the_database_for_the_time(template: str) -> None:
    time = r"(now|_timestamp|timeofday)\s*\(|current_(date|time)|localtime"
    defaults = f"SELECT table_name, column_name FROM information_schema.columns WHERE column_default ~* '{time}'"
    functions = f"SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~* '{time}'"
    assert rows(template, f"{defaults} AND table_schema = 'public'") == []
    assert rows(template, functions) == []
