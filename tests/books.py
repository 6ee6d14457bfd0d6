"""The books balance: after whatever a test did, every sentence about the database is true."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, text

from tasks.books.queries import ALWAYS, AT_REST, untrue


def books_balance(db: Engine) -> None:
    """Assert every sentence; a failure names the sentence and what contradicts it."""
    with db.connect() as connection:
        wrong = untrue_at_once(connection, ALWAYS | AT_REST)
    assert not wrong, "\n".join(f"not true: {sentence}: {found}" for sentence, found in wrong.items())


def untrue_at_once(connection: Connection, sentences: Mapping[str, str]) -> Mapping[str, object]:
    """Give what contradicts sentences; that nothing does is found by one question instead of one for each."""
    any_wrong = " OR ".join(f"EXISTS (\n{query}\n)" for query in sentences.values())
    return untrue(connection, sentences) if connection.scalar(text(f"SELECT {any_wrong}")) else {}
