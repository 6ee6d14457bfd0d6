"""A stage for everything that happens at once."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event

from tests.books import books_balance
from tests.play import Play


@pytest.fixture
def play(db: Engine) -> Iterator[Play]:
    """A stage where nothing may fail: no fault on a case, no deadlock, and in the end the books balance."""
    failed: list[str] = []
    event.listen(db, "handle_error", lambda context: failed.append(getattr(context.original_exception, "sqlstate", "")))
    stage = Play(db)
    yield stage
    assert stage.rows("SELECT number, fault FROM service_case WHERE fault IS NOT NULL") == []
    assert "40P01" not in failed, "deadlock"
    books_balance(db)
