"""A database that one test after the other gets is as it was, whatever the one before did to it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, text

from schemas.tables import metadata
from tests.books import books_balance
from tests.databases import Server
from tests.play import Play

SPOILS = {
    "reference data": "UPDATE staff SET name = 'somebody'",
    "schema": "ALTER TABLE ledger ADD COLUMN more int",
    "a trigger less": "DROP TRIGGER never_changes ON ledger",
    "a lock": "SELECT pg_advisory_lock(7)",
}


@pytest.fixture
def lender(server: Server) -> Iterator[Server]:
    """Lend what nobody had before: a database that was lent for the last time would be thrown away amid a test."""
    own = replace(server, _idle=[])
    yield own
    own.close()


def whole(db: Engine) -> list[tuple[object, ...]]:
    """Give all that stands in a database, and what its sequences give next."""
    with db.connect() as connection:
        rows = [
            (name, row)
            for name in metadata.tables
            for row in connection.execute(text(f"SELECT t::text FROM {name} t ORDER BY 1")).scalars()
        ]
        sequences = connection.execute(text("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"))
        return [*rows, *map(tuple, sequences)]


def test_the_next_test_finds_nothing_of_the_one_before(lender: Server, template: str) -> None:
    with lender.lent(template) as db:
        before, url = whole(db), db.url
        event.listen(db, "before_cursor_execute", lambda *_: pytest.fail("the listener of another test"))
    with lender.lent(template) as db:
        assert (whole(db), db.url) == (before, url)
        play = Play(db)
        assert play.finish(play.apply(lines=3)) == "delivered"
        books_balance(db)
        assert whole(db) != before
    with lender.lent(template) as db:
        assert (whole(db), db.url) == (before, url)


def test_rows_that_the_template_has_come_back(lender: Server, template: str) -> None:
    with lender.lent(template) as db:
        before, url = whole(db), db.url
        with db.begin() as connection:
            connection.execute(text("DELETE FROM stock_balance"))
            connection.execute(text("UPDATE sales_record SET quantity = quantity + 1"))
    with lender.lent(template) as db:
        assert (whole(db), db.url) == (before, url)


@pytest.mark.parametrize("spoils", SPOILS.values(), ids=SPOILS)
def test_what_cannot_be_put_right_is_thrown_away(lender: Server, template: str, spoils: str) -> None:
    with lender.lent(template) as db:
        before, url = whole(db), db.url
        with db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(spoils))
    with lender.lent(template) as db:
        assert db.url != url
        assert whole(db) == before


def test_who_is_still_at_work_there_keeps_it(lender: Server, template: str) -> None:
    with lender.lent(template) as db:
        url, left = db.url, db.connect()
    with lender.lent(template) as db:
        assert db.url != url
    left.invalidate()
