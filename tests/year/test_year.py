"""Some weeks of the department, small enough for every run of the tests; the whole year is `make bench BENCH=year`."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tasks.cycle.rules import at
from tests.year import truths
from tests.year.simulation import Year


def test_weeks_of_the_department_keep_every_deadline_and_every_book(
    db: Engine, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    year = Year(db, date(2026, 3, 16), date(2026, 4, 24), cases=40, home=tmp_path)
    year.run()
    assert year.failed == []
    found = truths.all_wrong(db, year.rounds, at(year.last))
    for sentence, wrong in found.items():
        with subtests.test(sentence):
            assert list(wrong) == []
