"""Bring the operations database to a schema: up to the newest, back to nothing, or one revision further.

Alembic without an alembic.ini. A new revision is drafted against a database at the newest one by
`revise(url, "what changes", "0003")`, then read, completed and formatted.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, create_engine, text


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade to a revision in one transaction; several processes may try at once, one of them does it."""
    with _connection(url) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Go back to a revision; "base" leaves an empty schema. What its tables held is lost."""
    with _connection(url) as connection:
        command.downgrade(_config(connection), revision)
        if revision == "base":
            connection.execute(text("DROP TABLE alembic_version"))
            connection.commit()


def revise(url: str, message: str, revision: str) -> None:
    """Draft the revision that takes a database to the present tables; CHECKs and triggers are yours to add."""
    with _connection(url) as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=revision)


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "schemas:migrations")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool, connect_args={"application_name": "aftersales-migrate"})
    with engine.connect() as connection:
        yield connection
