"""Questions without a transaction around them."""

from sqlalchemy import Connection, Engine


def reading(db: Engine) -> Connection:
    """Give a connection on which each statement stands by itself, as any does where others commit meanwhile.

    Nothing begins, so nothing is rolled back at its end: with that a connection forgets the plans of all statements.
    """
    return db.connect().execution_options(isolation_level="AUTOCOMMIT")
