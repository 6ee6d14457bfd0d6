"""Run migrations on the connection that `schemas.migrations` opened; Alembic executes this file."""

from alembic import context
from sqlalchemy import func, select

from schemas.tables import metadata

LOCK = 7230401  # held to the end of the transaction: one process migrates, the others wait


def run() -> None:
    """Migrate in one transaction, whole or not at all."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, user_module_prefix="sa.")
    with context.begin_transaction():
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        context.run_migrations()


run()
