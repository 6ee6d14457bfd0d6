"""The books balance: after whatever a test did, every sentence about the database is true."""

from sqlalchemy import Engine

from tasks.books.queries import ALWAYS, AT_REST, untrue


def books_balance(db: Engine) -> None:
    """Assert every sentence; a failure names the sentence and what contradicts it."""
    with db.connect() as connection:
        wrong = untrue(connection, ALWAYS | AT_REST)
    assert not wrong, "\n".join(f"not true: {sentence}: {found}" for sentence, found in wrong.items())
