"""Some weeks of the department, small enough for every run of the tests; the whole year is `make bench BENCH=year`."""

from datetime import date

import pytest
from sqlalchemy import Engine

from tasks.cycle.rules import at
from tests.year import truths
from tests.year.simulation import Year


def test_weeks_of_the_department_keep_every_deadline_and_every_book(db: Engine, subtests: pytest.Subtests) -> None:
    year = Year(db, date(2026, 3, 2), date(2026, 4, 24), cases=60)
    year.run()
    assert year.failed == []
    with db.connect() as connection:
        with subtests.test("every reminder was told in its time"):
            assert truths.untold(connection, year.rounds) == []
        with subtests.test("and none too early"):
            assert truths.told_early(connection) == []
        with subtests.test("a complaint older than a month is major"):
            assert truths.old_and_not_major(connection, at(year.last)) == []
        with subtests.test("the books are true"):
            assert truths.books(connection) == {}
